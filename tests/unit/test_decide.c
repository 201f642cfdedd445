/* Probabilities, groups, thresholds. Needs core/src to include. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "decide/decide.h"

#include <math.h>
#include <string.h>

static const char *const names[] = {"normal", "bacterial", "viral", "pneumonia"};
static const uint32_t ill[] = {1, 2};
static const pleura_group groups[] = {{ill, 2}};

static pleura_decision_spec spec_of(pleura_activation activation)
{
    return (pleura_decision_spec){.activation = activation,
                                  .temperature = 1,
                                  .label_count = 3,
                                  .group_count = 1,
                                  .groups = groups,
                                  .answer_names = names,
                                  .finding = 3,
                                  .threshold = 0.5f};
}

static void expect(const pleura_decision_spec *spec, const float *outputs, const double *wanted)
{
    float answers[4];
    assert_int_equal(pleura_decide_answers(spec, outputs, answers, NULL), PLEURA_OK);
    for (int i = 0; i < 4; i++)
        if (fabs((double)answers[i] - wanted[i]) > 1e-7)
            fail_msg("answer %d is %.9g, not %.9g", i, (double)answers[i], wanted[i]);
}

static void softmax(void **state)
{
    (void)state;
    pleura_decision_spec spec = spec_of(PLEURA_ACTIVATION_SOFTMAX);
    double sum = 1 + exp(1) + exp(-2);
    expect(&spec, (float[]){0, 1, -2},
           (double[]){1 / sum, exp(1) / sum, exp(-2) / sum, 1 - 1 / sum});
    spec.temperature = 2;
    sum = 1 + exp(.5) + exp(-1);
    expect(&spec, (float[]){0, 1, -2},
           (double[]){1 / sum, exp(.5) / sum, exp(-1) / sum, 1 - 1 / sum});
}

static void extreme_outputs(void **state)
{
    (void)state;
    pleura_decision_spec spec = spec_of(PLEURA_ACTIVATION_SOFTMAX);
    expect(&spec, (float[]){3e38f, -3e38f, 0}, (double[]){1, 0, 0, 0});
    expect(&spec, (float[]){-3e38f, 3e38f, 3e38f}, (double[]){0, .5, .5, 1});
    spec.activation = PLEURA_ACTIVATION_SIGMOID;
    expect(&spec, (float[]){3e38f, -3e38f, 0}, (double[]){1, 0, .5, .5});
}

static void sigmoid_and_its_group(void **state)
{
    (void)state;
    pleura_decision_spec spec = spec_of(PLEURA_ACTIVATION_SIGMOID);
    double one = 1 / (1 + exp(-1.0));
    expect(&spec, (float[]){1, 1, -1}, (double[]){one, one, 1 - one, 1});
    expect(&spec, (float[]){1, 1, 1}, (double[]){one, one, one, 1}); /* at most 1 */
}

static void outputs_that_are_probabilities(void **state)
{
    (void)state;
    pleura_decision_spec spec = spec_of(PLEURA_ACTIVATION_NONE);
    float answers[4];
    pleura_error error = {0};
    expect(&spec, (float[]){.25f, .5f, .25f}, (double[]){.25, .5, .25, .75});
    expect(&spec, (float[]){1.00001f, -.00001f, 0}, (double[]){1, 0, 0, 0});
    assert_int_equal(pleura_decide_answers(&spec, (float[]){5, 0, 0}, answers, &error),
                     PLEURA_ERROR_NETWORK);
    assert_non_null(strstr(error.message, "output 0 (normal) is 5"));
}

static void outputs_that_are_no_numbers(void **state)
{
    (void)state;
    pleura_decision_spec spec = spec_of(PLEURA_ACTIVATION_SOFTMAX);
    float answers[4];
    pleura_error error = {0};
    assert_int_equal(pleura_decide_answers(&spec, (float[]){0, NAN, 0}, answers, &error),
                     PLEURA_ERROR_NETWORK);
    assert_non_null(strstr(error.message, "output 1 (bacterial) is nan"));
    assert_int_equal(pleura_decide_answers(&spec, (float[]){0, 0, INFINITY}, answers, NULL),
                     PLEURA_ERROR_NETWORK);
}

static pleura_outcome outcome_of(float probability, float threshold, float margin,
                                 pleura_reasons *reasons)
{
    pleura_decision_spec spec = spec_of(PLEURA_ACTIVATION_NONE);
    spec.margin = margin;
    memset(reasons, 0, sizeof *reasons);
    return pleura_decide_outcome(&spec, (float[]){0, 0, 0, probability}, threshold, reasons);
}

static void thresholds(void **state)
{
    (void)state;
    pleura_reasons reasons;
    assert_int_equal(outcome_of(.49f, .5f, 0, &reasons), PLEURA_NO_FINDING);
    assert_int_equal(outcome_of(.5f, .5f, 0, &reasons), PLEURA_FINDING);
    assert_int_equal(outcome_of(0, 0, 0, &reasons), PLEURA_FINDING);
    assert_int_equal(outcome_of(1, 1, 0, &reasons), PLEURA_FINDING);
    assert_int_equal(reasons.set, 0);
}

static void margins(void **state)
{
    (void)state;
    pleura_reasons reasons;
    assert_int_equal(outcome_of(.52f, .5f, .05f, &reasons), PLEURA_CANNOT_SAY);
    assert_int_equal(reasons.set, PLEURA_REASON_NEAR_THRESHOLD);
    assert_string_equal(pleura_reasons_text(&reasons, PLEURA_REASON_NEAR_THRESHOLD),
                        "The probability of pneumonia, 0.52, is within 0.05 of the threshold, "
                        "0.5.");
    assert_false(pleura_reasons_refuse(&reasons));
    assert_int_equal(outcome_of(.56f, .5f, .05f, &reasons), PLEURA_FINDING);
    assert_int_equal(outcome_of(.44f, .5f, .05f, &reasons), PLEURA_NO_FINDING);
}

static void no_finding_defined(void **state)
{
    (void)state;
    pleura_decision_spec spec = spec_of(PLEURA_ACTIVATION_NONE);
    pleura_reasons reasons = {0};
    spec.finding = PLEURA_NO_ANSWER;
    assert_int_equal(pleura_decide_outcome(&spec, (float[]){0, 0, 0, 1}, NAN, &reasons),
                     PLEURA_CANNOT_SAY);
    assert_int_equal(reasons.set, PLEURA_REASON_NO_FINDING_DEFINED);
}

static void outcome_names(void **state)
{
    (void)state;
    assert_string_equal(pleura_outcome_name(PLEURA_CANNOT_SAY), "cannot_say");
    assert_string_equal(pleura_outcome_name(PLEURA_NO_FINDING), "no_finding");
    assert_string_equal(pleura_outcome_name(PLEURA_FINDING), "finding");
    assert_string_equal(pleura_outcome_name((pleura_outcome)9), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(softmax),
        cmocka_unit_test(extreme_outputs),
        cmocka_unit_test(sigmoid_and_its_group),
        cmocka_unit_test(outputs_that_are_probabilities),
        cmocka_unit_test(outputs_that_are_no_numbers),
        cmocka_unit_test(thresholds),
        cmocka_unit_test(margins),
        cmocka_unit_test(no_finding_defined),
        cmocka_unit_test(outcome_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
