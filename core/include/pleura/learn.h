/*
 * Learning on the spot: what a site's own labelled films say of the model, and a small profile that
 * fits it to them. The network stays as it is: only what stands behind its features is refitted.
 *
 *     pleura_model_profile(model, &base, &error);            // the model's own end, as it is
 *     pleura_learning_create(base, &options, &learning, &error);
 *     for each film: classify with options.embedding, then
 *         pleura_learning_add(learning, embedding, count, "viral_pneumonia", patient, &error);
 *     pleura_learning_compute(learning, &error);
 *     pleura_learning_json(learning, buffer, capacity);      // before and after, with intervals
 *     pleura_learning_take(learning, false, &profile, &error);
 *     pleura_model_apply(model, profile, &error);            // NULL: back to the model's own
 *
 * Two tasks. CALIBRATE keeps the ranking: a temperature and a shift (Platt 1999; Guo et al. 2017) are
 * fitted to the finding's probability, and a threshold is chosen. ADAPT fits a new last layer:
 * multinomial logistic regression on the features with an L2 penalty, which scikit-learn calls
 * LogisticRegression(C); the penalty is on the distance from the model's own layer where the labels
 * are the model's, and from 0 for labels that are new.
 *
 * Every figure is out of fold: each film is judged by a fit that saw no film of its patient, its
 * threshold and its penalty being chosen on the other folds. Everything is deterministic.
 *
 * It stays a research tool, and a profile is no validation: figures on a hundred films of one site
 * say little of the next.
 */
#ifndef PLEURA_LEARN_H
#define PLEURA_LEARN_H

#include "pleura.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- What films are reduced to ---------------------------------------------------------------- */

/*
 * An embedding: the features that the last linear layer reads (none, if the network does not end in
 * one), then the network's raw outputs. It belongs to one model file; a film is recognised from it no
 * more than from its answer, but it is a film's data all the same.
 */
size_t pleura_model_feature_count(const pleura_model *model);   /* 0: ADAPT is not possible */
size_t pleura_model_embedding_count(const pleura_model *model); /* features and outputs */

/* With pleura_classify_options.embedding; NULL where the gate refused the film. Lives as long as the
 * result; *count is pleura_model_embedding_count(). */
const float *pleura_result_embedding(const pleura_result *result, size_t *count);

/* ---- Profiles --------------------------------------------------------------------------------- */

/*
 * What replaces a model's end: labels, last layer or temperature and shift, threshold, with the
 * figures that it was made by. One JSON object, schema "pleura.profile/1" (docs/learn.md); it names
 * the model by SHA-256 and is of no use to another.
 */
typedef struct pleura_profile pleura_profile;

/* Limits of what is read, checked before memory is taken. 2^22 weights are 16 MiB. */
#define PLEURA_PROFILE_MAX_BYTES ((size_t)32 << 20)
#define PLEURA_PROFILE_MAX_LABELS 64
#define PLEURA_PROFILE_MAX_WEIGHTS ((size_t)1 << 22)

/* PLEURA_ERROR_PROFILE for anything that is no profile, or one that contradicts itself. */
pleura_code pleura_profile_read(const void *json, size_t size, pleura_profile **profile,
                                pleura_error *error);

/* Length and capacity as in pleura_report_json(). */
size_t pleura_profile_json(const pleura_profile *profile, char *buffer, size_t capacity);

/* SHA-256 of that JSON: names the profile in every result that it had a part in. */
const char *pleura_profile_sha256(const pleura_profile *profile);
const char *pleura_profile_model_sha256(const pleura_profile *profile);

void pleura_profile_free(pleura_profile *profile);

/* The model's own end as a profile, whatever is applied to the model: where learning starts from. */
pleura_code pleura_model_profile(const pleura_model *model, pleura_profile **profile,
                                 pleura_error *error);

/*
 * From now on the model answers with the profile's labels, probabilities and threshold; its gate, its
 * margin and its framings stay. NULL undoes that. The profile is not needed after the call.
 * PLEURA_ERROR_OTHER_MODEL: it was made for another model file.
 */
pleura_code pleura_model_apply(pleura_model *model, const pleura_profile *profile,
                               pleura_error *error);

/* The SHA-256 of the profile that is applied, or NULL. */
const char *pleura_model_applied(const pleura_model *model);

/*
 * The model file with its last layer replaced by the profile's, and its metadata with it: a complete
 * ONNX file that answers as the model with the profile does, in any engine. `onnx` is the file that
 * the profile names. *length is the file's size, whether or not it fits into `capacity` (0 measures).
 */
pleura_code pleura_profile_onnx(const pleura_profile *profile, const void *onnx, size_t size,
                                void *buffer, size_t capacity, size_t *length, pleura_error *error);

/* ---- Learning --------------------------------------------------------------------------------- */

typedef enum pleura_learn_task { PLEURA_CALIBRATE = 0, PLEURA_ADAPT = 1 } pleura_learn_task;

#define PLEURA_LEARN_MIN_FILMS 20    /* of each label, and with and without the finding */
#define PLEURA_LEARN_MAX_FILMS 50000 /* and at most 2^28 floats of embeddings */
#define PLEURA_LEARN_MAX_FOLDS 20

typedef struct pleura_learn_options {
    pleura_learn_task task;
    /* ADAPT: the labels, separated by commas; NULL: the model's. */
    const char *labels;
    /* The label or group that the threshold is about; NULL: the model's. Needed for labels that the
     * model's finding is not among. */
    const char *finding;
    double target_sensitivity; /* 0..1: the highest threshold that reaches it; 0: not asked for */
    double prevalence; /* 0..1, of the finding, at which probabilities shall hold and the threshold
                          errs least; 0: probabilities as among the films, threshold for the best
                          balanced accuracy; both thresholds are means over bootstrap samples */
    unsigned folds;    /* 2 to PLEURA_LEARN_MAX_FOLDS; 0: 5 */
    unsigned draws;    /* bootstrap samples of patients for the intervals, to 100,000; 0: 1,000 */
    double c;          /* ADAPT: scikit-learn's C, on the features as they are; 0: chosen */
    bool temperature_only; /* CALIBRATE: no shift */
    bool from_zero;        /* ADAPT: forget the model's own last layer */
} pleura_learn_options;

/*
 * What must be known of a result before it is used. X(NAME, number, "name"); the sentence with the
 * figures is in the report.
 */
#define PLEURA_LEARN_NOTES(X)                                                                      \
    X(NO_BETTER, 0, "no_better")       /* the interval of the gain includes none */                \
    X(WORSE, 1, "worse")               /* a figure is surely lower than before */                  \
    X(NO_PATIENTS, 2, "no_patients")   /* films of one patient may be on both sides */             \
    X(FEW_PATIENTS, 3, "few_patients") /* fewer folds than asked for, for lack of patients */      \
    X(LEFT_OUT, 4, "left_out")         /* films that the gate refused or that could not be read */ \
    X(UNLABELLED, 5, "unlabelled")     /* films whose label is none of these */                    \
    X(FORGETS, 6, "forgets")           /* surely worse on the reference films than before */       \
    X(NO_REFERENCE, 7, "no_reference") /* what is forgotten was not looked at */                   \
    X(EDGE, 8, "edge")                 /* the penalty chosen is the last one tried */              \
    X(TARGET_MISSED, 9, "target_missed") /* out of fold, below the sensitivity asked for */

typedef enum pleura_learn_note {
#define X(name, number, text) PLEURA_NOTE_##name = number,
    PLEURA_LEARN_NOTES(X)
#undef X
} pleura_learn_note;

const char *pleura_learn_note_name(pleura_learn_note note);

typedef enum pleura_verdict {
    PLEURA_NO_BETTER = 0, /* than before; or than chance, for labels that the model does not know */
    PLEURA_BETTER = 1,
    PLEURA_WORSE = 2
} pleura_verdict;

const char *pleura_verdict_name(pleura_verdict verdict); /* "no_better", "better", "worse" */

typedef struct pleura_learning pleura_learning;

/* `base`, from pleura_model_profile(), is not needed after the call; `options` may be NULL. */
pleura_code pleura_learning_create(const pleura_profile *base, const pleura_learn_options *options,
                                   pleura_learning **learning, pleura_error *error);

/*
 * Adds a film. `embedding` NULL: one that has none (refused or unreadable), which is only counted.
 * `labels` are words separated by ';', of which the first that is one of the labels counts; for
 * CALIBRATE the finding's name is enough. `patient` NULL or "": a patient of its own.
 */
pleura_code pleura_learning_add(pleura_learning *learning, const float *embedding, size_t count,
                                const char *labels, const char *patient, pleura_error *error);

/*
 * Films with known labels that the model must not forget: a file of pleura_reference_write(). Used
 * where its labels are those learnt; PLEURA_ERROR_OTHER_MODEL for another model's.
 */
pleura_code pleura_learning_reference(pleura_learning *learning, const void *bytes, size_t size,
                                      pleura_error *error);

/*
 * Call once, after the last film. PLEURA_ERROR_ONE_CLASS, PLEURA_ERROR_TOO_FEW_FILMS (of a label, or
 * all of one patient), PLEURA_ERROR_NO_EMBEDDING (ADAPT, but the network ends in no linear layer).
 */
pleura_code pleura_learning_compute(pleura_learning *learning, pleura_error *error);

pleura_verdict pleura_learning_verdict(const pleura_learning *learning);

/* For index 0, 1, ...: *note and its sentence; NULL behind the last. */
const char *pleura_learning_note(const pleura_learning *learning, size_t index,
                                 pleura_learn_note *note);

/*
 * A figure before and after with 95 % intervals, and what it gained, by paired draws of patients.
 * Names: auc, sensitivity, specificity, balanced_accuracy, accuracy, label_accuracy,
 * calibration_error, brier; NaN where a figure is not defined. NULL behind the last.
 */
typedef struct pleura_comparison {
    const char *name;
    pleura_figure before, after, gain;
} pleura_comparison;

const pleura_comparison *pleura_learning_figure(const pleura_learning *learning, size_t index);

/* The same on the reference films; always NULL where there are none, or none of the labels learnt. */
const pleura_comparison *pleura_learning_reference_figure(const pleura_learning *learning,
                                                          size_t index);

/* Everything, as one JSON object: schema "pleura.learning/1" (docs/learn.md). */
size_t pleura_learning_json(const pleura_learning *learning, char *buffer, size_t capacity);

/* The profile, fitted to all films. Unless `accept`, PLEURA_ERROR_NO_BETTER where the verdict is
 * not "better". */
pleura_code pleura_learning_take(const pleura_learning *learning, bool accept,
                                 pleura_profile **profile, pleura_error *error);

/*
 * The films that were added, as reference films for later: features in 16-bit floats, outputs in 32.
 * *length and capacity as in pleura_profile_onnx().
 */
pleura_code pleura_reference_write(const pleura_learning *learning, void *buffer, size_t capacity,
                                   size_t *length, pleura_error *error);

void pleura_learning_free(pleura_learning *learning);

#ifdef __cplusplus
}
#endif

#endif
