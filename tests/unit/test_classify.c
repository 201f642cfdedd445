/* The whole line with a stand-in for the network. Needs core/src to include. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "fixture_jpeg.h"
#include "model_double.h"

static pleura_result *classified(pleura_model *model, const pleura_classify_options *options)
{
    pleura_error error = {0};
    pleura_result *result;
    if (pleura_classify(model, jpeg_grey, sizeof jpeg_grey, options, &result, &error) != PLEURA_OK)
        fail_msg("%s", error.message);
    assert_non_null(result);
    return result;
}

static const float head_features[3 * 4] = {1, 2, 3, 4, 0, 0, 8, 0, 0, 0, 0, 0};
static const pleura_heatmap_head double_head = {
    .labels = 3, .channels = 3, .width = 2, .height = 2, .features = head_features};

static void a_finding(void **state)
{
    (void)state;
    pleura_model model = model_double();
    pleura_result *result = classified(&model, NULL);
    assert_int_equal(pleura_result_outcome(result), PLEURA_FINDING);
    assert_int_equal(pleura_result_reasons(result), 0);
    assert_int_equal(pleura_result_probability_count(result), 4);
    const float *p = pleura_result_probabilities(result);
    assert_true(p[0] == 0.125f && p[1] == 0.25f && p[2] == 0.625f && p[3] == 0.875f);
    assert_true(pleura_result_threshold(result) == 0.5f);
    pleura_times times;
    pleura_result_times(result, &times);
    assert_true(times.decode >= 0 && times.preprocess >= 0 && times.network >= 0);
    assert_true(times.total + 1e-9 >= times.decode + times.preprocess + times.network);
    pleura_result_free(result);
}

static void the_callers_threshold(void **state)
{
    (void)state;
    pleura_model model = model_double();
    pleura_classify_options options = {.has_threshold = true, .threshold = 0.95f};
    pleura_result *result = classified(&model, &options);
    assert_int_equal(pleura_result_outcome(result), PLEURA_NO_FINDING);
    assert_true(pleura_result_threshold(result) == 0.95f);
    pleura_result_free(result);
    const float wrong[] = {-0.1f, 1.1f, NAN};
    for (int i = 0; i < 3; i++) {
        options.threshold = wrong[i];
        assert_int_equal(
            pleura_classify(&model, jpeg_grey, sizeof jpeg_grey, &options, &result, NULL),
            PLEURA_ERROR_ARGUMENT);
        assert_null(result);
    }
}

static void the_gate_stops_the_network(void **state)
{
    (void)state;
    pleura_model model = model_double();
    model.decision.limits.min_side = 17; /* the image has 24 x 16 */
    pleura_result *result = classified(&model, NULL);
    assert_int_equal(model.runs, 0);
    assert_int_equal(pleura_result_outcome(result), PLEURA_CANNOT_SAY);
    assert_int_equal(pleura_result_reasons(result), PLEURA_REASON_TOO_SMALL);
    assert_non_null(strstr(pleura_result_reason_text(result, PLEURA_REASON_TOO_SMALL), "24 x 16"));
    assert_null(pleura_result_reason_text(result, PLEURA_REASON_BLANK));
    assert_int_equal(pleura_result_probability_count(result), 0);
    pleura_result_free(result);
}

static void the_networks_gate_hides_its_answer(void **state)
{
    (void)state;
    pleura_model model = model_double();
    model.decision.gate = (pleura_gate_spec){
        .output = "gate",
        .count = 2,
        .rules = {{PLEURA_REASON_NOT_CHEST, 0.5f}, {PLEURA_REASON_ADULT, 0.75f}}};
    model.gate[0] = -0.01f, model.gate[1] = 1.09f; /* 1 / (1 + exp(-1.0986)) is .75 */
    pleura_result *result = classified(&model, NULL);
    assert_int_equal(pleura_result_outcome(result), PLEURA_FINDING);
    assert_int_equal(pleura_result_probability_count(result), 4);
    pleura_result_free(result);

    model.gate[1] = 1.1f;
    result = classified(&model, NULL);
    assert_int_equal(pleura_result_outcome(result), PLEURA_CANNOT_SAY);
    assert_int_equal(pleura_result_reasons(result), PLEURA_REASON_ADULT);
    assert_int_equal(pleura_result_probability_count(result), 0);
    assert_string_equal(pleura_result_reason_text(result, PLEURA_REASON_ADULT),
                        "The film looks like an adult's, and the model is for children (0.750; "
                        "refused from 0.750 on).");
    pleura_result_free(result);

    model.gate[0] = 0;
    result = classified(&model, NULL);
    assert_int_equal(pleura_result_reasons(result), PLEURA_REASON_NOT_CHEST | PLEURA_REASON_ADULT);
    pleura_result_free(result);

    pleura_error error = {0};
    model.gate[0] = NAN;
    assert_int_equal(pleura_classify(&model, jpeg_grey, sizeof jpeg_grey, NULL, &result, &error),
                     PLEURA_ERROR_NETWORK);
    assert_string_equal(error.message,
                        "The gate's output 0 (not_chest) is nan, which is no number.");
}

static void near_the_threshold(void **state)
{
    (void)state;
    pleura_model model = model_double();
    model.outputs[2] = 0.24f;
    pleura_result *result = classified(&model, NULL);
    assert_int_equal(pleura_result_outcome(result), PLEURA_CANNOT_SAY);
    assert_int_equal(pleura_result_reasons(result), PLEURA_REASON_NEAR_THRESHOLD);
    assert_int_equal(pleura_result_probability_count(result), 4);
    pleura_result_free(result);
}

static void no_finding_defined(void **state)
{
    (void)state;
    pleura_model model = model_double();
    model.decision.finding = PLEURA_NO_ANSWER;
    pleura_result *result = classified(&model, NULL);
    assert_int_equal(pleura_result_outcome(result), PLEURA_CANNOT_SAY);
    assert_int_equal(pleura_result_reasons(result), PLEURA_REASON_NO_FINDING_DEFINED);
    assert_true(isnan(pleura_result_threshold(result)));
    assert_int_equal(pleura_result_probability_count(result), 4);
    pleura_result_free(result);
}

static void expect_fault(pleura_model *model, pleura_code code)
{
    pleura_error error = {0};
    pleura_result *result = (pleura_result *)&error;
    assert_int_equal(pleura_classify(model, jpeg_grey, sizeof jpeg_grey, NULL, &result, &error),
                     code);
    assert_null(result);
    assert_int_equal(error.code, code);
}

static void faults(void **state)
{
    (void)state;
    pleura_model model = model_double();
    model.outputs[1] = NAN;
    expect_fault(&model, PLEURA_ERROR_NETWORK);
    model = model_double();
    model.fails = PLEURA_ERROR_MEMORY;
    expect_fault(&model, PLEURA_ERROR_MEMORY);
    pleura_result *result;
    pleura_error error = {0};
    assert_int_equal(pleura_classify(&model, "hello", 5, NULL, &result, &error),
                     PLEURA_ERROR_FORMAT);
    assert_null(result);
    assert_int_equal(pleura_classify(NULL, "hello", 5, NULL, &result, NULL), PLEURA_ERROR_ARGUMENT);
    assert_int_equal(pleura_classify(&model, NULL, 5, NULL, &result, NULL), PLEURA_ERROR_ARGUMENT);
    assert_int_equal(pleura_classify_image(&model, NULL, NULL, &result, NULL),
                     PLEURA_ERROR_ARGUMENT);
    pleura_result_free(NULL);
}

/* A fault described before is kept: the first cause survives. */
static void the_first_fault_is_kept(void **state)
{
    (void)state;
    pleura_model model = model_double();
    pleura_error error = {.code = PLEURA_ERROR_FILE, .message = "before"};
    pleura_result *result;
    assert_int_equal(pleura_classify(&model, "hello", 5, NULL, &result, &error),
                     PLEURA_ERROR_FORMAT);
    assert_int_equal(error.code, PLEURA_ERROR_FILE);
    assert_string_equal(error.message, "before");
}

static void preprocessing_alone(void **state)
{
    (void)state;
    pleura_model model = model_double();
    uint16_t white[64];
    float tensor[16];
    memset(white, 0xFF, sizeof white);
    pleura_image *image;
    assert_int_equal(pleura_image_from_grey16(white, 8, 8, NULL, &image, NULL), PLEURA_OK);
    assert_int_equal(pleura_preprocess(&model, image, tensor, 16, NULL), PLEURA_OK);
    for (int i = 0; i < 16; i++)
        assert_true(fabsf(tensor[i] - 1) < 1e-6f);
    assert_int_equal(pleura_preprocess(&model, image, tensor, 15, NULL), PLEURA_ERROR_ARGUMENT);
    assert_int_equal(pleura_preprocess(NULL, image, tensor, 16, NULL), PLEURA_ERROR_ARGUMENT);
    pleura_image_free(image);
}

#ifdef PLEURA_TEST_ALLOCATION

extern size_t pleura_test_fail_at, pleura_test_allocations, pleura_test_live;

static void any_allocation_may_fail(void **state)
{
    (void)state;
    pleura_model model = model_double();
    model.head = &double_head;
    pleura_classify_options options = {.heatmap = true};
    for (size_t at = 1;; at++) {
        pleura_error error = {0};
        pleura_result *result;
        size_t live = pleura_test_live;
        pleura_test_allocations = 0;
        pleura_test_fail_at = at;
        pleura_code code =
            pleura_classify(&model, jpeg_grey, sizeof jpeg_grey, &options, &result, &error);
        pleura_test_fail_at = 0;
        if (code == PLEURA_OK) {
            pleura_result_free(result);
            assert_int_equal(pleura_test_live, live);
            assert_true(at > 5);
            return;
        }
        assert_int_equal(code, PLEURA_ERROR_MEMORY);
        assert_null(result);
        assert_int_equal(pleura_test_live, live);
    }
}
#endif

static void a_heatmap_where_it_is_asked_for(void **state)
{
    (void)state;
    pleura_model model = model_double();
    pleura_classify_options options = {.heatmap = true};
    pleura_result *result = classified(&model, &options);
    assert_null(pleura_result_heatmap(result)); /* the model has none */
    pleura_result_free(result);

    model.head = &double_head;
    result = classified(&model, NULL);
    assert_null(pleura_result_heatmap(result));
    pleura_result_free(result);

    result = classified(&model, &options);
    const pleura_heatmap *map = pleura_result_heatmap(result);
    assert_non_null(map);
    assert_int_equal(map->answer, 3);
    assert_true(map->width == 2 && map->height == 2);
    /* Label 1 counts by its share of the group, .25 / .875: its one feature of 8 gives 2.29 of 4. */
    assert_true(map->values[0] == 0 && fabsf(map->values[2] - 2.285714f / 4) < 1e-5f);
    assert_true(map->region.width == 1 && map->region.left == 0);
    assert_int_equal(map->zone, PLEURA_ZONE_RIGHT_LOWER);
    float sum = 0;
    for (int zone = 0; zone < PLEURA_ZONE_COUNT; zone++)
        sum += map->zones[zone];
    assert_true(fabsf(sum - 1) < 1e-6f);
    pleura_result_free(result);

    model.decision.finding = PLEURA_NO_ANSWER; /* the likeliest label */
    result = classified(&model, &options);
    assert_int_equal(pleura_result_heatmap(result)->answer, 2);
    pleura_result_free(result);

    model.decision.limits.min_side = 100; /* refused: no probabilities, no map */
    result = classified(&model, &options);
    assert_null(pleura_result_heatmap(result));
    pleura_result_free(result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_finding),
        cmocka_unit_test(the_callers_threshold),
        cmocka_unit_test(the_gate_stops_the_network),
        cmocka_unit_test(the_networks_gate_hides_its_answer),
        cmocka_unit_test(near_the_threshold),
        cmocka_unit_test(no_finding_defined),
        cmocka_unit_test(faults),
        cmocka_unit_test(the_first_fault_is_kept),
        cmocka_unit_test(preprocessing_alone),
#ifdef PLEURA_TEST_ALLOCATION
        cmocka_unit_test(any_allocation_may_fail),
        cmocka_unit_test(a_heatmap_where_it_is_asked_for),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
