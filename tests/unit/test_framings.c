/*
 * Framings of a film: a network that answers with the film's mean, and a film of white in a black rim,
 * so that every framing's answer is known. Needs core/src to include.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "fixture_jpeg.h"
#include "model/profile.h"
#include "onnx_writer.h"

#include <math.h>

extern size_t pleura_test_fail_at, pleura_test_allocations, pleura_test_live;

/* ---- The network: ill by 10 (mean - 0.6), cropped (its gate) by 10 (mean - 0.9) ---- */

static buffer ungated(void)
{
    static const int64_t dims[] = {1, 1, 4, 4}, kernel[] = {1, 1, 1, 1}, two = 2, one = 1;
    static const int64_t fc_dims[] = {2, 1}, gate_dims[] = {1, 1};
    const float unit = 1, fc[] = {0, 10}, bias[] = {0, -6}, gate = 10, gate_bias = -9;
    buffer graph = {0};
    put_value_info(&graph, GRAPH_INPUT, "x", 4, dims);
    put_tensor(&graph, "w", TYPE_FLOAT, 4, kernel, &unit, sizeof unit);
    put_tensor(&graph, "fc", TYPE_FLOAT, 2, fc_dims, fc, sizeof fc);
    put_tensor(&graph, "bias", TYPE_FLOAT, 1, &two, bias, sizeof bias);
    put_tensor(&graph, "gate_fc", TYPE_FLOAT, 2, gate_dims, &gate, sizeof gate);
    put_tensor(&graph, "gate_bias", TYPE_FLOAT, 1, &one, &gate_bias, sizeof gate_bias);
    put_node(&graph, "Conv", "x w", "conv");
    put_node(&graph, "GlobalAveragePool", "conv", "pool");
    put_node(&graph, "Flatten", "pool", "flat");
    buffer last = make_node("Gemm", "flat fc bias", "y");
    put_attribute_int(&last, "transB", 1);
    put_message(&graph, GRAPH_NODE, &last);
    put_node(&graph, "Gemm", "flat gate_fc gate_bias", "gate");
    put_value_info(&graph, GRAPH_OUTPUT, "y", 0, NULL);
    put_value_info(&graph, GRAPH_OUTPUT, "gate", 0, NULL);
    buffer file = make_model(13, &graph);
    put_property(&file, "pleura.labels", "normal,ill");
    put_property(&file, "pleura.finding", "ill");
    return file;
}

/* A property that is NULL is left out. */
static buffer model_file(const char *framings, const char *range)
{
    buffer file = ungated();
    put_property(&file, "pleura.gate.output", "gate");
    put_property(&file, "pleura.gate.labels", "cropped");
    if (framings)
        put_property(&file, "pleura.framings", framings);
    if (range)
        put_property(&file, "pleura.framings.range", range);
    return file;
}

static pleura_model *load(buffer file)
{
    pleura_model *model;
    pleura_error error = {0};
    if (pleura_model_load(file.bytes, file.size, NULL, &model, &error) != PLEURA_OK)
        fail_msg("%s", error.message);
    free(file.bytes);
    return model;
}

/* Whole its mean is 256 / 400; without the rim 1; with two more pixels of black 256 / 576. */
enum { SIDE = 20, RIM = 2 };
#define WHOLE (256.0 / 400)
#define CUT 1.0
#define OUT (256.0 / 576)

static pleura_image *film(void)
{
    uint16_t grey[SIDE * SIDE] = {0};
    for (int y = RIM; y < SIDE - RIM; y++)
        for (int x = RIM; x < SIDE - RIM; x++)
            grey[y * SIDE + x] = 65535;
    pleura_image *image;
    assert_int_equal(pleura_image_from_grey16(grey, SIDE, SIDE, NULL, &image, NULL), PLEURA_OK);
    return image;
}

static pleura_result *classified(pleura_model *model, const pleura_classify_options *options)
{
    pleura_image *image = film();
    pleura_result *result;
    pleura_error error = {0};
    if (pleura_classify_image(model, image, options, &result, &error) != PLEURA_OK)
        fail_msg("%s", error.message);
    pleura_image_free(image);
    return result;
}

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static double ill(double mean)
{
    return 10 * mean - 6;
}

static void expect(pleura_model *model, size_t framings, double probability)
{
    pleura_result *result = classified(model, NULL);
    assert_int_equal(pleura_result_framings(result), framings);
    assert_int_equal(pleura_result_probability_count(result), 2);
    const float *p = pleura_result_probabilities(result);
    assert_float_equal(p[1], probability, 1e-6);
    assert_float_equal(p[0] + p[1], 1, 1e-6);
    assert_int_equal(pleura_result_outcome(result),
                     probability >= 0.5 ? PLEURA_FINDING : PLEURA_NO_FINDING);
    pleura_result_free(result);
}

static void expect_file(const char *framings, const char *range, size_t count, double probability)
{
    pleura_model *model = load(model_file(framings, range));
    expect(model, count, probability);
    pleura_model_free(model);
}

/* ---- What is answered ---- */

static void the_mean_of_the_outputs(void **state)
{
    (void)state;
    expect_file(NULL, NULL, 1, sigmoid(ill(WHOLE)));
    expect_file("0.1,-0.1", NULL, 3, sigmoid((ill(WHOLE) + ill(CUT) + ill(OUT)) / 3));
    expect_file("-0.1", NULL, 2, sigmoid((ill(WHOLE) + ill(OUT)) / 2)); /* it changes sides */
    expect_file("0.1,0.1,0.1", "0,1", 4, sigmoid((ill(WHOLE) + 3 * ill(CUT)) / 4));
}

/* The film's own probability is .599. */
static void only_within_the_range(void **state)
{
    (void)state;
    const double alone = sigmoid(ill(WHOLE)), all = sigmoid((ill(WHOLE) + ill(CUT) + ill(OUT)) / 3);
    expect_file("0.1,-0.1", "0.1,0.9", 3, all);
    expect_file("0.1,-0.1", "0.598,0.599", 3, all);
    expect_file("0.1,-0.1", "0,0.598", 1, alone);
    expect_file("0.1,-0.1", "0.599,1", 1, alone);
}

/* A probability is the film's, wherever its reader puts the threshold. */
static void the_threshold_changes_no_probability(void **state)
{
    (void)state;
    pleura_model *model = load(model_file("0.1,-0.1", "0.1,0.9"));
    for (int i = 0; i <= 20; i++) {
        pleura_classify_options options = {.has_threshold = true, .threshold = (float)i / 20};
        pleura_result *result = classified(model, &options);
        assert_int_equal(pleura_result_framings(result), 3);
        assert_float_equal(pleura_result_probabilities(result)[1],
                           sigmoid((ill(WHOLE) + ill(CUT) + ill(OUT)) / 3), 1e-6);
        pleura_result_free(result);
    }
    pleura_model_free(model);
}

/* The cropped film alone would be refused as cropped: 10 (1 - .9) is above 0. */
static void the_gate_sees_the_whole_film(void **state)
{
    (void)state;
    pleura_model *model = load(model_file("0.1", NULL));
    expect(model, 2, sigmoid((ill(WHOLE) + ill(CUT)) / 2));
    uint16_t grey[SIDE * SIDE];
    for (int i = 0; i < SIDE * SIDE; i++)
        grey[i] = i < 60 && i % 2 ? 0 : 65535; /* mean .925, and not blank */
    pleura_image *image;
    pleura_result *result;
    assert_int_equal(pleura_image_from_grey16(grey, SIDE, SIDE, NULL, &image, NULL), PLEURA_OK);
    assert_int_equal(pleura_classify_image(model, image, NULL, &result, NULL), PLEURA_OK);
    assert_int_equal(pleura_result_reasons(result), PLEURA_REASON_CROPPED);
    assert_int_equal(pleura_result_framings(result), 0);
    assert_int_equal(pleura_result_probability_count(result), 0);
    pleura_result_free(result);
    pleura_image_free(image);
    pleura_model_free(model);
}

static void heatmap_and_embedding_are_the_whole_films(void **state)
{
    (void)state;
    const pleura_classify_options options = {.heatmap = true, .embedding = true};
    pleura_model *plain = load(model_file(NULL, NULL)),
                 *framed = load(model_file("0.1,-0.1", NULL));
    pleura_result *one = classified(plain, &options), *three = classified(framed, &options);
    assert_int_equal(pleura_result_framings(one), 1);
    assert_int_equal(pleura_result_framings(three), 3);
    const pleura_heatmap *a = pleura_result_heatmap(one), *b = pleura_result_heatmap(three);
    assert_true(a && b && a->values[5] > 0);
    assert_memory_equal(a->values, b->values, 16 * sizeof *a->values);
    assert_memory_equal(a->zones, b->zones, sizeof a->zones);
    size_t count, same;
    const float *first = pleura_result_embedding(one, &count);
    const float *second = pleura_result_embedding(three, &same);
    assert_true(count == 3 && same == 3);
    assert_memory_equal(first, second, 3 * sizeof *first);
    assert_float_equal(first[0], WHOLE, 1e-6);
    assert_float_equal(first[2], ill(WHOLE), 1e-5);
    pleura_result_free(one);
    pleura_result_free(three);
    pleura_model_free(plain);
    pleura_model_free(framed);
}

/* ---- With a profile: its layer reads each framing's features, and the range is of its answer ---- */

static pleura_profile *half_as_steep(const pleura_model *model, float bias)
{
    pleura_profile *p;
    assert_int_equal(pleura_model_profile(model, &p, NULL), PLEURA_OK);
    float *numbers = pleura_arena_alloc(&p->arena, 4 * sizeof *numbers);
    assert_non_null(numbers);
    numbers[0] = numbers[2] = 0;
    numbers[1] = 5;
    numbers[3] = bias;
    p->kind = PLEURA_PROFILE_ADAPT;
    p->weights = numbers;
    p->bias = numbers + 2;
    assert_int_equal(pleura_profile_seal(p, NULL), PLEURA_OK);
    return p;
}

static void a_profile(void **state)
{
    (void)state;
    const double mean = (WHOLE + CUT + OUT) / 3;
    buffer file = model_file("0.1,-0.1", "0.1,0.9");
    pleura_model *model =
        load((buffer){memcpy(malloc(file.size), file.bytes, file.size), file.size, 0});
    pleura_profile *near = half_as_steep(model, -3), *far = half_as_steep(model, 0);
    pleura_error error = {0};
    if (pleura_model_apply(model, near, &error) != PLEURA_OK)
        fail_msg("%s", error.message);
    expect(model, 3, sigmoid(5 * mean - 3));
    assert_int_equal(pleura_model_apply(model, far, NULL), PLEURA_OK);
    expect(model, 1, sigmoid(5 * WHOLE)); /* .961 */
    assert_int_equal(pleura_model_apply(model, NULL, NULL), PLEURA_OK);
    expect(model, 3, sigmoid(10 * mean - 6));
    pleura_model_free(model);

    /* Its file answers in the same way. */
    size_t length;
    assert_int_equal(pleura_profile_onnx(near, file.bytes, file.size, NULL, 0, &length, NULL),
                     PLEURA_OK);
    buffer written = {malloc(length), length, length};
    assert_int_equal(
        pleura_profile_onnx(near, file.bytes, file.size, written.bytes, length, &length, NULL),
        PLEURA_OK);
    model = load(written);
    expect(model, 3, sigmoid(5 * mean - 3));
    pleura_model_free(model);
    pleura_profile_free(near);
    pleura_profile_free(far);
    free(file.bytes);
}

/* ---- What is said of it ---- */

static void expect_text(const char *framings, const char *range, const char *json, const char *row)
{
    char text[2000];
    pleura_model *model = load(model_file(framings, range));
    pleura_result *result = classified(model, NULL);
    pleura_report_json(model, "a.png", result, NULL, text, sizeof text);
    if (json ? !strstr(text, json) : strstr(text, "framings") != NULL)
        fail_msg("%s", text);
    pleura_report_csv_header(model, text, sizeof text);
    assert_true((strstr(text, ",ms,framings") != NULL) == (row != NULL));
    pleura_report_csv(model, "a.png", result, NULL, text, sizeof text);
    if (row && strcmp(text + strlen(text) - 2, row) != 0)
        fail_msg("%s", text);
    pleura_error fault = {.code = PLEURA_ERROR_FILE, .message = "gone"};
    pleura_report_json(model, "a.png", NULL, &fault, text, sizeof text);
    assert_null(strstr(text, "\"framings\""));
    pleura_report_csv(model, "a.png", NULL, &fault, text, sizeof text);
    assert_int_equal(text[strlen(text) - 1], ',');
    pleura_result_free(result);
    pleura_model_free(model);
}

static void reports(void **state)
{
    (void)state;
    expect_text(NULL, NULL, NULL, NULL);
    expect_text("0.1,-0.1", NULL, "\"framings\":3", ",3");
    expect_text("0.1,-0.1", "0,0.5", "\"framings\":1", ",1");
}

/* The DICOM report of a small JPEG holds their number as a coded one. */
static void dicom_report(void **state)
{
    (void)state;
    const pleura_export_options options = {.when = "20260102030405"};
    for (int framings = 1; framings <= 3; framings += 2) {
        pleura_model *model = load(model_file(framings > 1 ? "0.1,-0.1" : NULL, NULL));
        pleura_result *result;
        pleura_export *made;
        size_t size;
        assert_int_equal(pleura_classify(model, jpeg_grey, sizeof jpeg_grey, NULL, &result, NULL),
                         PLEURA_OK);
        assert_int_equal(pleura_result_framings(result), framings);
        assert_int_equal(
            pleura_export_create(model, jpeg_grey, sizeof jpeg_grey, result, &options, &made, NULL),
            PLEURA_OK);
        const char *file = pleura_export_report(made, &size);
        bool told = false;
        for (size_t i = 0; i + 8 <= size; i++)
            told |= memcmp(file + i, "framings", 8) == 0;
        assert_int_equal(told, framings > 1);
        pleura_export_free(made);
        pleura_result_free(result);
        pleura_model_free(model);
    }
}

/* ---- What is refused ---- */

static void wrong_metadata(void **state)
{
    (void)state;
    static const char cuts[] = "numbers between -0.5 and 0.5", ends[] = "two numbers from 0 to 1";
    static const struct {
        const char *framings, *range, *words;
    } cases[] = {
        {"", NULL, cuts},
        {"0", NULL, cuts},
        {"0.1,", NULL, cuts},
        {",0.1", NULL, cuts},
        {"0.1 -0.1", NULL, cuts},
        {"0.5", NULL, cuts},
        {"-0.5", NULL, cuts},
        {"0.1,nan", NULL, cuts},
        {"crop", NULL, cuts},
        {"1e-400", NULL, cuts},
        {".1,.1,.1,.1,.1,.1,.1,.1,.1", NULL, cuts},
        {"0.1", "", ends},
        {"0.1", "0.1", ends},
        {"0.1", "0.9,0.1", ends},
        {"0.1", "0.1,0.9,1", ends},
        {"0.1", "-0.1,0.9", ends},
        {"0.1", "0.1,1.1", ends},
        {"0.1", "nan,0.9", ends},
        {"0.1", "0.1,nan", ends},
        {NULL, "0.1,0.9", "pleura.framings is missing"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        buffer file = model_file(cases[i].framings, cases[i].range);
        pleura_model *model;
        pleura_error error = {0};
        if (pleura_model_load(file.bytes, file.size, NULL, &model, &error) !=
                PLEURA_ERROR_METADATA ||
            !strstr(error.message, cases[i].words))
            fail_msg("case %zu: \"%s\"", i, error.message);
        assert_null(model);
        free(file.bytes);
    }
    for (int fit = 0; fit < 2; fit++) {
        buffer file = model_file("0.1", NULL);
        pleura_model *model;
        pleura_error error = {0};
        put_property(&file, "pleura.input.fit", fit ? "crop" : "pad");
        assert_int_equal(pleura_model_load(file.bytes, file.size, NULL, &model, &error),
                         PLEURA_ERROR_METADATA);
        assert_string_equal(error.message, "Model metadata: pleura.framings is '0.1'; only "
                                           "pleura.input.fit squash has framings.");
        free(file.bytes);
    }
}

static void any_allocation_may_fail(void **state)
{
    (void)state;
    pleura_model *model = load(model_file("0.1,-0.1", NULL));
    pleura_image *image = film();
    const pleura_classify_options options = {.heatmap = true, .embedding = true};
    size_t live = pleura_test_live, at = 1;
    for (pleura_code code = PLEURA_ERROR_MEMORY; code != PLEURA_OK; at++) {
        pleura_result *result;
        pleura_test_allocations = 0;
        pleura_test_fail_at = at;
        code = pleura_classify_image(model, image, &options, &result, NULL);
        pleura_test_fail_at = 0;
        assert_true(code == PLEURA_OK || (code == PLEURA_ERROR_MEMORY && !result));
        pleura_result_free(result);
        assert_int_equal(pleura_test_live, live);
    }
    assert_true(at > 8); /* a tensor and its resizing for each of three framings, and the result */
    pleura_image_free(image);
    pleura_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_mean_of_the_outputs),
        cmocka_unit_test(only_within_the_range),
        cmocka_unit_test(the_threshold_changes_no_probability),
        cmocka_unit_test(the_gate_sees_the_whole_film),
        cmocka_unit_test(heatmap_and_embedding_are_the_whole_films),
        cmocka_unit_test(a_profile),
        cmocka_unit_test(reports),
        cmocka_unit_test(dicom_report),
        cmocka_unit_test(wrong_metadata),
        cmocka_unit_test(any_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
