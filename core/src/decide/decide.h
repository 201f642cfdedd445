/* From the network's raw outputs to probabilities and an outcome. */
#ifndef PLEURA_DECIDE_DECIDE_H
#define PLEURA_DECIDE_DECIDE_H

#include "gate.h"

typedef enum pleura_activation {
    PLEURA_ACTIVATION_SOFTMAX, /* one of the labels holds */
    PLEURA_ACTIVATION_SIGMOID, /* each label by itself */
    PLEURA_ACTIVATION_NONE     /* the outputs are probabilities already */
} pleura_activation;

typedef struct pleura_group {
    const uint32_t *labels; /* their indices */
    size_t count;
} pleura_group;

#define PLEURA_NO_ANSWER SIZE_MAX

/* Where the finding's probability lies within low..high (or there is no finding), the network runs for
 * these framings, too, and the mean of its outputs stands for them. */
#define PLEURA_MAX_FRAMINGS 8
typedef struct pleura_framings {
    size_t count;                     /* 0: the image as it is, alone */
    double cuts[PLEURA_MAX_FRAMINGS]; /* pleura_input_spec.cut of each */
    float low, high;
} pleura_framings;

/* Answers are the labels in the order of the outputs, then the groups. */
typedef struct pleura_decision_spec {
    pleura_activation activation;
    float temperature; /* outputs are divided by it before the activation; above 0 */
    size_t label_count, group_count;
    const pleura_group *groups;
    const char *const *answer_names; /* label_count + group_count */
    size_t finding;          /* the answer that the threshold is about, or PLEURA_NO_ANSWER */
    float threshold, margin; /* of its probability; margin 0 = no doubtful range */
    pleura_gate_limits limits;
    pleura_gate_spec gate; /* of the network; output NULL = none */
    pleura_framings framings;
} pleura_decision_spec;

/* `outputs` has label_count values, `answers` room for label_count + group_count; they may be the
 * same array. A group is the sum of its labels, at most 1. Fails on outputs that are not numbers, or
 * no probabilities where there is no activation. */
pleura_code pleura_decide_answers(const pleura_decision_spec *spec, const float *outputs,
                                  float *answers, pleura_error *error);

/* At or above `threshold`: the finding; nearer to it than the margin: cannot say, and why. */
pleura_outcome pleura_decide_outcome(const pleura_decision_spec *spec, const float *answers,
                                     float threshold, pleura_reasons *reasons);

#endif
