/*
 * What a learning holds: answers.c says what is learnt, learning.c takes the films in, compute.c checks
 * them and goes through the steps, calibrate.c and adapt.c fit, curve.c asks what fewer would bring,
 * report.c writes.
 */
#ifndef PLEURA_LEARN_STATE_H
#define PLEURA_LEARN_STATE_H

#include "../decide/metrics.h"
#include "cases.h"

#define PLEURA_LEARN_DEFAULT_FOLDS 5
#define PLEURA_LEARN_DEFAULT_DRAWS 1000
#define PLEURA_LEARN_CURVE_DRAWS 200
#define PLEURA_LEARN_MAX_CURVE 12
#define PLEURA_LEARN_MAX_PATH 16

/* A penalty that was tried: scikit-learn's C, and the mean loss of films out of fold. */
typedef struct pleura_tried {
    double c, loss;
} pleura_tried;

/* What as many films of each label, at most, would have brought. */
typedef struct pleura_curve_point {
    size_t films; /* that a fit learnt from, on average over the folds, rounded */
    size_t most_of_a_label;
    pleura_figure auc, label_accuracy;
} pleura_curve_point;

typedef struct pleura_note_text {
    pleura_learn_note note;
    const char *text;
} pleura_note_text;

/* Films kept for comparison, of reference.c. */
typedef struct pleura_reference {
    pleura_arena arena;
    pleura_cases cases;
    size_t label_count;
    const char **label_names;
    bool used; /* its labels are those learnt */
    pleura_answers before, after;
    pleura_comparison figures[PLEURA_FIGURE_COUNT];
    pleura_gain_bounds bounds[PLEURA_FIGURE_COUNT];
} pleura_reference;

struct pleura_learning {
    pleura_arena arena;
    pleura_profile *base;
    pleura_learn_options options;
    pleura_decision_spec decision;                               /* what shall be answered */
    bool comparable;                                             /* the model answers it already: */
    size_t base_answer[PLEURA_PROFILE_MAX_LABELS], base_finding; /* by these of its answers */
    bool has_start; /* ADAPT: the model's own layer has a row for each label */

    size_t count, room, width, left_out, unlabelled, nameless;
    float *embeddings;
    uint32_t *labels;
    uint8_t *truths;
    const char **patients;
    const char *unknown;         /* the first film's labels that are none of these; or NULL */
    pleura_reference *reference; /* or NULL */

    /* from pleura_learning_compute() on */
    bool computed;
    pleura_cases cases;
    unsigned folds;
    uint32_t *fold;
    size_t label_films[PLEURA_PROFILE_MAX_LABELS], label_patients[PLEURA_PROFILE_MAX_LABELS];
    pleura_answers before, after;
    pleura_scored *scratch; /* for the report: a film each */
    pleura_profile *made;
    double temperature, shift; /* CALIBRATE */
    double c;                  /* ADAPT */
    pleura_tried path[PLEURA_LEARN_MAX_PATH];
    size_t path_count;
    pleura_curve_point curve[PLEURA_LEARN_MAX_CURVE];
    size_t curve_count;
    pleura_comparison figures[PLEURA_FIGURE_COUNT];
    pleura_gain_bounds bounds[PLEURA_FIGURE_COUNT];
    pleura_verdict verdict;
    pleura_note_text notes[16];
    size_t note_count, verdict_note; /* which of them says that it is no better */
};

/* Fills what shall be answered from the options and the base. */
pleura_code pleura_learning_set_answers(pleura_learning *learning, pleura_error *error);

/* Both fill after.probabilities and after.scores out of fold, and make the profile of all films, but
 * for its threshold. */
pleura_code pleura_learn_calibrate(pleura_learning *learning, pleura_error *error);
pleura_code pleura_learn_adapt(pleura_learning *learning, pleura_error *error);

/* A profile for the learning's model and decision, for a task to complete. */
pleura_profile *pleura_learn_new_profile(const pleura_learning *learning, pleura_profile_kind kind,
                                         pleura_error *error);

/* A sentence of the report. */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
pleura_code
pleura_learn_say(pleura_learning *learning, pleura_learn_note note, const char *format, ...);

/* Threshold, calls, figures and notes of what a task has left. */
pleura_code pleura_learn_conclude(pleura_learning *learning, pleura_error *error);

/* What the profile does to the reference films, if they can tell. */
pleura_code pleura_reference_judge(pleura_learning *learning, pleura_error *error);
void pleura_reference_free(pleura_reference *reference);

#endif
