/* Evaluations of a handful of films, worked out by hand, with a stand-in for the model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "fixture_jpeg.h"
#include "model_double.h"

typedef struct film {
    float normal, bacterial, viral;
    const char *labels, *patient, *group;
} film;

/* Threshold .5: film 2 is missed, film 4 called wrongly. */
static const film films[] = {
    {0.125f, 0.75f, 0.125f, "pneumonia;bac\"terial, x", "a", "old"},
    {0.625f, 0.25f, 0.125f, "bac\"terial, x", "a", "old"},
    {0.875f, 0.125f, 0.0f, "normal", "b", "old"},
    {0.25f, 0.25f, 0.5f, "normal", "", "new"},
    {0.0f, 0.25f, 0.75f, "viral", "", "new"},
    {0.25f, 0.5f, 0.25f, "pneumonia", "", ""}, /* ill, but which? */
    {0.5f, 0.25f, 0.25f, "abnormal", "", ""},  /* none of ours; too near the threshold */
};
enum { FILMS = sizeof films / sizeof films[0] };

static pleura_code add(pleura_model *model, pleura_evaluation *evaluation, const film *one,
                       pleura_error *error)
{
    pleura_result *result;
    model->outputs[0] = one->normal;
    model->outputs[1] = one->bacterial;
    model->outputs[2] = one->viral;
    pleura_code code = pleura_classify(model, jpeg_grey, sizeof jpeg_grey, NULL, &result, error);
    if (code != PLEURA_OK)
        return code;
    code = pleura_evaluation_add(evaluation, result, one->labels, one->patient, one->group, error);
    pleura_result_free(result);
    return code;
}

/* With one file more that failed, and one that the gate refuses. */
static pleura_code evaluate(pleura_model *model, const pleura_evaluation_options *options,
                            pleura_evaluation **evaluation, pleura_error *error)
{
    pleura_code code = pleura_evaluation_create(model, options, evaluation, error);
    for (int i = 0; code == PLEURA_OK && i < FILMS; i++)
        code = add(model, *evaluation, &films[i], error);
    if (code == PLEURA_OK)
        code = pleura_evaluation_add(*evaluation, NULL, "normal", NULL, NULL, error);
    model->decision.limits.min_side = 1000;
    if (code == PLEURA_OK)
        code = add(model, *evaluation, &films[2], error);
    model->decision.limits.min_side = 8;
    return code == PLEURA_OK ? pleura_evaluation_compute(*evaluation, error) : code;
}

static double figure(const pleura_evaluation *evaluation, const char *name)
{
    const pleura_figure *found;
    for (size_t i = 0; (found = pleura_evaluation_figure(evaluation, i)); i++)
        if (strcmp(found->name, name) == 0)
            return found->value;
    fail_msg("no figure %s", name);
    return 0;
}

static bool near(double a, double b)
{
    return fabs(a - b) < 1e-6;
}

static void figures_by_hand(void **state)
{
    (void)state;
    pleura_model model = model_double();
    pleura_error error = {0};
    pleura_evaluation *e;
    if (evaluate(&model, NULL, &e, &error) != PLEURA_OK)
        fail_msg("%s", error.message);
    /* ill: .875 .375 1 .75; normal: .125 .75: of 8 pairs 6 won, 1 tied */
    assert_true(near(figure(e, "auc"), 6.5 / 8));
    assert_true(near(figure(e, "sensitivity"), 0.75));
    assert_true(near(figure(e, "specificity"), 0.5));
    assert_true(near(figure(e, "accuracy"), 4.0 / 6));
    assert_true(near(figure(e, "precision"), 0.75));
    assert_true(near(figure(e, "label_accuracy"), 3.0 / 5));
    assert_true(near(figure(e, "cannot_say"), 1.0 / 7)); /* the refused one, of the labelled */
    assert_true(near(figure(e, "auc bac\"terial, x : viral"), 1));
    assert_null(pleura_evaluation_figure(e, 100));
    pleura_evaluation_free(e);
}

static void at_another_prevalence(void **state)
{
    (void)state;
    pleura_model model = model_double();
    pleura_evaluation_options options = {.prevalence = 0.1, .draws = 10};
    pleura_evaluation *e;
    assert_int_equal(evaluate(&model, &options, &e, NULL), PLEURA_OK);
    assert_true(near(figure(e, "sensitivity"), 0.75));
    assert_true(near(figure(e, "precision"), 0.075 / (0.075 + 0.45)));
    double ill = (0.015625 + 0.390625 + 0 + 0.0625) / 4, well = (0.015625 + 0.5625) / 2;
    assert_true(near(figure(e, "brier"), 0.1 * ill + 0.9 * well));
    pleura_evaluation_free(e);
}

static void intervals_hold_the_value(void **state)
{
    (void)state;
    pleura_model model = model_double();
    pleura_evaluation *e;
    assert_int_equal(evaluate(&model, NULL, &e, NULL), PLEURA_OK);
    const pleura_figure *found;
    for (size_t i = 0; (found = pleura_evaluation_figure(e, i)); i++)
        assert_true(found->low <= found->value && found->value <= found->high);
    /* Four patients of six films: sensitivity rests on three of them, and some draw must miss. */
    assert_true(pleura_evaluation_figure(e, 0)->low < 0.75);
    pleura_evaluation_free(e);
}

static void a_perfect_side_has_an_exact_bound(void **state)
{
    (void)state;
    pleura_model model = model_double();
    pleura_evaluation *e;
    assert_int_equal(pleura_evaluation_create(&model, NULL, &e, NULL), PLEURA_OK);
    for (int i = 0; i < 2; i++)
        assert_int_equal(add(&model, e, &films[2 * i], NULL), PLEURA_OK);
    assert_int_equal(pleura_evaluation_compute(e, NULL), PLEURA_OK);
    const pleura_figure *sensitivity = pleura_evaluation_figure(e, 0);
    assert_string_equal(sensitivity->name, "sensitivity");
    assert_true(sensitivity->value == 1 && near(sensitivity->low, 0.025)); /* one patient */
    pleura_evaluation_free(e);
}

static void json_to_the_letter(void **state)
{
    (void)state;
    static const char head[] =
        "{\"schema\":\"pleura.evaluation/1\",\"model\":{\"name\":\"double\",\"version\":null,"
        "\"sha256\":\"00ff\"},\"files\":9,\"failed\":1,\"scored\":6,\"patients\":7,"
        "\"threshold\":0.5,\"prevalence\":null,\"draws\":2000,\"figures\":{\"sensitivity\":[0.75,";
    static const char tail[] =
        "\"labels\":[\"normal\",\"bac\\\"terial, x\",\"viral\"],"
        "\"confusion\":[[1,0,1],[1,1,0],[0,0,1]],"
        "\"groups\":{\"new\":{\"films\":2,\"cannot_say\":0,\"auc\":1,\"sensitivity\":1,"
        "\"specificity\":0,\"accuracy\":0.5},"
        "\"old\":{\"films\":4,\"cannot_say\":1,\"auc\":1,\"sensitivity\":0.5,"
        "\"specificity\":1,\"accuracy\":0.6666667}},"
        "\"reasons\":{\"near_threshold\":1,\"too_small\":1},"
        "\"roc\":[[1,0.25,1],[0.875,0.5,1],[0.75,0.75,0.5],[0.375,1,0.5],[0.125,1,0]]}";
    pleura_model model = model_double();
    pleura_evaluation *e;
    assert_int_equal(evaluate(&model, NULL, &e, NULL), PLEURA_OK);
    char text[4096];
    size_t length = pleura_evaluation_json(e, NULL, 0);
    assert_true(length < sizeof text);
    assert_int_equal(pleura_evaluation_json(e, text, sizeof text), length);
    assert_int_equal(strlen(text), length);
    if (strncmp(text, head, strlen(head)) != 0 || strcmp(text + length - strlen(tail), tail) != 0)
        fail_msg("%s", text);
    pleura_evaluation_free(e);
}

static void wrong_use_is_refused(void **state)
{
    (void)state;
    pleura_model model = model_double();
    pleura_evaluation *e;
    assert_int_equal(pleura_evaluation_create(NULL, NULL, &e, NULL), PLEURA_ERROR_ARGUMENT);
    assert_int_equal(pleura_evaluation_create(&model, NULL, NULL, NULL), PLEURA_ERROR_ARGUMENT);
    const pleura_evaluation_options wrong[] = {
        {.prevalence = 1}, {.prevalence = -0.1}, {.prevalence = NAN}, {.draws = 1000000}};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pleura_evaluation_create(&model, &wrong[i], &e, NULL),
                         PLEURA_ERROR_ARGUMENT);
        assert_null(e);
    }
    model.finding = NULL;
    assert_int_equal(pleura_evaluation_create(&model, NULL, &e, NULL), PLEURA_ERROR_ARGUMENT);
    model.finding = "pneumonia";
    assert_int_equal(pleura_evaluation_create(&model, NULL, &e, NULL), PLEURA_OK);
    assert_int_equal(pleura_evaluation_add(e, NULL, NULL, "", "", NULL), PLEURA_ERROR_ARGUMENT);
    assert_int_equal(pleura_evaluation_compute(e, NULL), PLEURA_OK); /* of nothing */
    assert_true(isnan(figure(e, "auc")));
    assert_int_equal(pleura_evaluation_add(e, NULL, "", "", "", NULL), PLEURA_ERROR_ARGUMENT);
    assert_int_equal(pleura_evaluation_compute(e, NULL), PLEURA_ERROR_ARGUMENT);
    pleura_evaluation_free(e);
    pleura_evaluation_free(NULL);
}

extern size_t pleura_test_fail_at, pleura_test_allocations, pleura_test_live;

static void any_allocation_may_fail(void **state)
{
    (void)state;
    pleura_model model = model_double();
    pleura_evaluation_options options = {.draws = 5};
    size_t live = pleura_test_live;
    for (size_t fail_at = 1;; fail_at++) {
        pleura_evaluation *e = NULL;
        pleura_error error = {0};
        pleura_test_allocations = 0;
        pleura_test_fail_at = fail_at;
        pleura_code code = evaluate(&model, &options, &e, &error);
        bool failed = pleura_test_allocations >= fail_at;
        pleura_test_fail_at = 0;
        pleura_evaluation_free(e);
        assert_int_equal(pleura_test_live, live);
        assert_int_equal(code, failed ? PLEURA_ERROR_MEMORY : PLEURA_OK);
        if (!failed)
            return;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_by_hand),
        cmocka_unit_test(at_another_prevalence),
        cmocka_unit_test(intervals_hold_the_value),
        cmocka_unit_test(a_perfect_side_has_an_exact_bound),
        cmocka_unit_test(json_to_the_letter),
        cmocka_unit_test(wrong_use_is_refused),
        cmocka_unit_test(any_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
