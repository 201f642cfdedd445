#include "decide.h"

#include "../text.h"

#include <math.h>

const char *pleura_outcome_name(pleura_outcome outcome)
{
    switch (outcome) {
    case PLEURA_CANNOT_SAY:
        return "cannot_say";
    case PLEURA_NO_FINDING:
        return "no_finding";
    case PLEURA_FINDING:
        return "finding";
    }
    return "unknown";
}

/* With the largest output taken off first, no exponential can overflow. */
static void softmax(float *values, size_t count, double temperature)
{
    double largest = values[0], sum = 0;
    for (size_t i = 1; i < count; i++)
        largest = values[i] > largest ? values[i] : largest;
    for (size_t i = 0; i < count; i++)
        sum += exp((values[i] - largest) / temperature);
    for (size_t i = 0; i < count; i++)
        values[i] = (float)(exp((values[i] - largest) / temperature) / sum);
}

static void sigmoid(float *values, size_t count, double temperature)
{
    for (size_t i = 0; i < count; i++)
        values[i] = (float)(1 / (1 + exp(-values[i] / temperature)));
}

static pleura_code check_outputs(const pleura_decision_spec *spec, const float *outputs,
                                 pleura_error *error)
{
    pleura_number number;
    for (size_t i = 0; i < spec->label_count; i++) {
        if (!isfinite(outputs[i]))
            return pleura_fail(error, PLEURA_ERROR_NETWORK,
                               "The network's output %zu (%s) is %s, which is no number.", i,
                               spec->answer_names[i],
                               pleura_number_text(&number, (double)outputs[i], 6));
        /* A softmax in the network may miss 0 and 1 by its rounding. */
        bool outside = outputs[i] < -1e-4f || outputs[i] > 1.0001f;
        if (spec->activation == PLEURA_ACTIVATION_NONE && outside)
            return pleura_fail(error, PLEURA_ERROR_NETWORK,
                               "The network's output %zu (%s) is %s, which is no probability, and "
                               "the model names no activation.",
                               i, spec->answer_names[i],
                               pleura_number_text(&number, (double)outputs[i], 6));
    }
    return PLEURA_OK;
}

static float clamped(double probability)
{
    return probability < 0 ? 0.0f : probability > 1 ? 1.0f : (float)probability;
}

static void sum_groups(const pleura_decision_spec *spec, float *answers)
{
    for (size_t g = 0; g < spec->group_count; g++) {
        double sum = 0;
        for (size_t i = 0; i < spec->groups[g].count; i++)
            sum += answers[spec->groups[g].labels[i]];
        answers[spec->label_count + g] = clamped(sum);
    }
}

pleura_code pleura_decide_answers(const pleura_decision_spec *spec, const float *outputs,
                                  float *answers, pleura_error *error)
{
    pleura_code code = check_outputs(spec, outputs, error);
    if (code != PLEURA_OK)
        return code;
    for (size_t i = 0; i < spec->label_count; i++)
        answers[i] = outputs[i];
    if (spec->activation == PLEURA_ACTIVATION_SOFTMAX)
        softmax(answers, spec->label_count, (double)spec->temperature);
    else if (spec->activation == PLEURA_ACTIVATION_SIGMOID)
        sigmoid(answers, spec->label_count, (double)spec->temperature);
    for (size_t i = 0; i < spec->label_count; i++)
        answers[i] = clamped((double)answers[i]);
    sum_groups(spec, answers);
    return PLEURA_OK;
}

static void add_near(const pleura_decision_spec *spec, float probability, float threshold,
                     pleura_reasons *reasons)
{
    pleura_number p, t, m;
    pleura_reasons_add(reasons, PLEURA_REASON_NEAR_THRESHOLD,
                       "The probability of %s, %s, is within %s of the threshold, %s.",
                       spec->answer_names[spec->finding],
                       pleura_number_text(&p, (double)probability, 3),
                       pleura_number_text(&m, (double)spec->margin, 3),
                       pleura_number_text(&t, (double)threshold, 3));
}

pleura_outcome pleura_decide_outcome(const pleura_decision_spec *spec, const float *answers,
                                     float threshold, pleura_reasons *reasons)
{
    if (spec->finding == PLEURA_NO_ANSWER) {
        pleura_reasons_add(reasons, PLEURA_REASON_NO_FINDING_DEFINED,
                           "The model names no finding and no threshold, so that its probabilities "
                           "stand alone.");
        return PLEURA_CANNOT_SAY;
    }
    float probability = answers[spec->finding];
    if (fabsf(probability - threshold) < spec->margin) {
        add_near(spec, probability, threshold, reasons);
        return PLEURA_CANNOT_SAY;
    }
    return probability >= threshold ? PLEURA_FINDING : PLEURA_NO_FINDING;
}
