/* Labelled films, and what somebody answers to them. */
#ifndef PLEURA_LEARN_CASES_H
#define PLEURA_LEARN_CASES_H

#include "../decide/labels.h"
#include "../model/profile.h"

#define PLEURA_NO_LABEL UINT32_MAX

typedef struct pleura_cases {
    size_t count, patient_count;
    size_t width;             /* of an embedding */
    const float *embeddings;  /* count x width */
    const uint32_t *labels;   /* of the decision's; or PLEURA_NO_LABEL */
    const uint8_t *truths;    /* whether the finding is there */
    const uint32_t *patients; /* 0 .. patient_count - 1 */
} pleura_cases;

typedef struct pleura_answers {
    size_t classes;
    float *probabilities; /* count x classes: of the labels */
    float *scores;        /* of the finding */
    uint8_t *calls;       /* at or above the threshold */
} pleura_answers;

/* Zeroed, in the arena. */
pleura_code pleura_answers_make(const pleura_cases *cases, size_t classes, pleura_arena *arena,
                                pleura_answers *answers, pleura_error *error);

/* The finding's probability from the labels'. */
float pleura_answers_score(const pleura_decision_spec *decision, const float *probabilities);

/* What a profile answers. `names`: for each of the answers' classes the profile's answer (a label or a
 * group), which are then brought to a sum of 1; NULL: its labels as they are. `score_of`: the
 * profile's answer that is the finding. */
pleura_code pleura_answers_of(const pleura_profile *profile, const pleura_cases *cases,
                              const size_t *names, size_t score_of, pleura_answers *answers,
                              pleura_error *error);

/* ---- Choosing a threshold ---- */

typedef struct pleura_aim {
    double sensitivity; /* 0: none asked for */
    double prevalence;  /* 0: sensitivity and specificity count the same */
} pleura_aim;

/* By the films whose fold is not `without` (UINT32_MAX: all): the highest that reaches the sensitivity; else the
 * mean of the best over bootstrap samples of patients. */
pleura_code pleura_threshold_choose(const pleura_cases *cases, const float *scores,
                                    const uint32_t *folds, uint32_t without, const pleura_aim *aim,
                                    float *threshold, pleura_error *error);

/* ---- Comparing ---- */

enum {
    PLEURA_FIGURE_AUC,
    PLEURA_FIGURE_SENSITIVITY,
    PLEURA_FIGURE_SPECIFICITY,
    PLEURA_FIGURE_BALANCED,
    PLEURA_FIGURE_ACCURACY,
    PLEURA_FIGURE_LABELS,
    PLEURA_FIGURE_CALIBRATION,
    PLEURA_FIGURE_BRIER,
    PLEURA_FIGURE_COUNT
};

/* Of two figures either may decide, so that each has half of the chance to be wrong. */
typedef struct pleura_gain_bounds {
    double low, high; /* 97.5 % interval of the gain */
} pleura_gain_bounds;

/* Fills PLEURA_FIGURE_COUNT of both. `before` NULL: chance is what it is compared with. */
pleura_code pleura_compare(const pleura_cases *cases, const pleura_answers *before,
                           const pleura_answers *after, double prevalence, unsigned draws,
                           pleura_comparison *figures, pleura_gain_bounds *bounds,
                           pleura_error *error);

/* Weights that bring the share of films with the finding to `prevalence` (0: 1 each), mean 1. */
void pleura_cases_weights(const pleura_cases *cases, double prevalence, double *weights);

#endif
