/* Takes the labelled films in, and checks what can be learnt from them. */
#include "state.h"

#include "../decide/named.h"
#include "../error.h"
#include "folds.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MAX_DRAWS 100000
#define MAX_FLOATS ((size_t)1 << 28)

const char *pleura_learn_note_name(pleura_learn_note note)
{
    switch (note) {
#define X(name, number, text)                                                                      \
    case PLEURA_NOTE_##name:                                                                       \
        return text;
        PLEURA_LEARN_NOTES(X)
#undef X
    }
    return "unknown";
}

const char *pleura_verdict_name(pleura_verdict verdict)
{
    static const char *const names[] = {"no_better", "better", "worse"};
    return (unsigned)verdict < 3 ? names[verdict] : "unknown";
}

static pleura_code check_options(const pleura_learn_options *o, pleura_error *error)
{
    if (o->task != PLEURA_CALIBRATE && o->task != PLEURA_ADAPT)
        return pleura_fail(error, PLEURA_ERROR_ARGUMENT, "There is no such task as %d.",
                           (int)o->task);
    if (!(o->target_sensitivity >= 0 && o->target_sensitivity < 1) ||
        !(o->prevalence >= 0 && o->prevalence < 1))
        return pleura_fail(error, PLEURA_ERROR_ARGUMENT,
                           "Target sensitivity and prevalence are numbers from 0 to below 1.");
    if (o->folds == 1 || o->folds > PLEURA_LEARN_MAX_FOLDS || o->draws > MAX_DRAWS ||
        !(o->c >= 0 && o->c <= 1e12))
        return pleura_fail(error, PLEURA_ERROR_ARGUMENT,
                           "Learning takes 2 to %d folds, up to %d draws and a C from 0 to 1e12.",
                           PLEURA_LEARN_MAX_FOLDS, MAX_DRAWS);
    if (o->task == PLEURA_CALIBRATE && o->labels)
        return pleura_fail(error, PLEURA_ERROR_ARGUMENT,
                           "Calibration keeps the model's labels; other ones are for adapting.");
    return PLEURA_OK;
}

static bool keep_text(pleura_learning *l, const char **text)
{
    if (*text)
        *text = pleura_arena_text(&l->arena, *text, strlen(*text));
    return *text;
}

static pleura_code set_up(pleura_learning *l, const pleura_profile *base, pleura_error *error)
{
    pleura_learn_options *o = &l->options;
    o->folds = o->folds ? o->folds : PLEURA_LEARN_DEFAULT_FOLDS;
    o->draws = o->draws ? o->draws : PLEURA_LEARN_DEFAULT_DRAWS;
    if ((o->labels && !keep_text(l, &o->labels)) || (o->finding && !keep_text(l, &o->finding)))
        return pleura_fail_memory(error, 64, "the labels");
    pleura_code code = pleura_profile_copy(base, &l->base, error);
    if (code != PLEURA_OK)
        return code;
    l->width = l->base->features + l->base->outputs;
    if (l->base->kind != PLEURA_PROFILE_MODEL)
        return pleura_fail(error, PLEURA_ERROR_ARGUMENT,
                           "Learning starts from the model's own end, not from a profile that was "
                           "learnt.");
    if (o->task == PLEURA_ADAPT && !l->base->features)
        return pleura_fail(error, PLEURA_ERROR_NO_EMBEDDING,
                           "The network ends in no linear layer, so that there are no features to "
                           "adapt on; it can be calibrated.");
    code = pleura_learning_set_answers(l, error);
    if (code != PLEURA_OK || o->task == PLEURA_ADAPT)
        return code;
    l->decision.activation = l->base->decision.activation;
    l->decision.temperature = l->base->decision.temperature;
    return PLEURA_OK;
}

pleura_code pleura_learning_create(const pleura_profile *base, const pleura_learn_options *options,
                                   pleura_learning **out, pleura_error *error)
{
    if (out)
        *out = NULL;
    if (!base || !out)
        return pleura_fail(error, PLEURA_ERROR_ARGUMENT,
                           "pleura_learning_create: `base` or `learning` is NULL.");
    const pleura_learn_options use = options ? *options : (pleura_learn_options){0};
    pleura_code code = check_options(&use, error);
    if (code != PLEURA_OK)
        return code;
    pleura_learning *made = pleura_alloc_zero(1, sizeof *made);
    if (!made)
        return pleura_fail_memory(error, sizeof *made, "learning");
    made->options = use;
    code = set_up(made, base, error);
    if (code == PLEURA_OK)
        *out = made;
    else
        pleura_learning_free(made);
    return code;
}

void pleura_learning_free(pleura_learning *l)
{
    if (!l)
        return;
    pleura_profile_free(l->base);
    pleura_profile_free(l->made);
    pleura_reference_free(l->reference);
    pleura_arena_free(&l->arena);
    pleura_free(l->embeddings);
    pleura_free(l->labels);
    pleura_free(l->truths);
    pleura_free(l->patients);
    pleura_free(l);
}

/* ---- Films ---- */

static bool grow(void *array, size_t room, size_t size)
{
    void **at = array, *grown = pleura_realloc(*at, room * size);
    if (grown)
        *at = grown;
    return grown != NULL;
}

static bool reserve(pleura_learning *l)
{
    if (l->count < l->room)
        return true;
    size_t room = l->room ? 2 * l->room : 64;
    if (!grow(&l->embeddings, room, l->width * sizeof *l->embeddings) ||
        !grow(&l->labels, room, sizeof *l->labels) || !grow(&l->truths, room, sizeof *l->truths) ||
        !grow(&l->patients, room, sizeof *l->patients))
        return false;
    l->room = room;
    return true;
}

/* The first word that is a label; or the finding's name alone. False: none of these. */
static bool read_words(const pleura_learning *l, const char *words, uint32_t *label, bool *truth)
{
    const pleura_decision_spec *d = &l->decision;
    const size_t found = pleura_words_label(d, words);
    *label = found == PLEURA_NO_ANSWER ? PLEURA_NO_LABEL : (uint32_t)found;
    *truth = *label == PLEURA_NO_LABEL || pleura_label_is_finding(d, *label);
    return *label != PLEURA_NO_LABEL || (l->options.task == PLEURA_CALIBRATE &&
                                         pleura_words_have(words, d->answer_names[d->finding]));
}

static pleura_code check_embedding(const pleura_learning *l, const float *embedding, size_t count,
                                   pleura_error *error)
{
    if (count != l->width)
        return pleura_fail(error, PLEURA_ERROR_ARGUMENT,
                           "The embedding has %zu numbers; the model's have %zu.", count, l->width);
    for (size_t i = 0; i < count; i++)
        if (!isfinite(embedding[i]))
            return pleura_fail(error, PLEURA_ERROR_ARGUMENT,
                               "The embedding's number %zu is not finite.", i);
    if (l->count >= PLEURA_LEARN_MAX_FILMS || (l->count + 1) * l->width > MAX_FLOATS)
        return pleura_fail(error, PLEURA_ERROR_TOO_LARGE,
                           "%zu films are as many as can be learnt from.", l->count);
    return PLEURA_OK;
}

pleura_code pleura_learning_add(pleura_learning *l, const float *embedding, size_t count,
                                const char *labels, const char *patient, pleura_error *error)
{
    uint32_t label;
    bool truth;
    if (!l || !labels || l->computed)
        return pleura_fail(error, PLEURA_ERROR_ARGUMENT,
                           "pleura_learning_add: `learning` or `labels` is NULL, or it is computed "
                           "already.");
    if (!read_words(l, labels, &label, &truth)) {
        if (!l->unknown)
            l->unknown = pleura_arena_text(&l->arena, labels, strlen(labels));
        l->unlabelled++;
        return l->unknown ? PLEURA_OK : pleura_fail_memory(error, strlen(labels), "a label");
    }
    if (!embedding) {
        l->left_out++;
        return PLEURA_OK;
    }
    pleura_code code = check_embedding(l, embedding, count, error);
    if (code != PLEURA_OK)
        return code;
    patient = patient ? patient : "";
    const char *name = pleura_arena_text(&l->arena, patient, strlen(patient));
    if (!name || !reserve(l))
        return pleura_fail_memory(error, l->width * sizeof *embedding, "a film");
    memcpy(l->embeddings + l->count * l->width, embedding, l->width * sizeof *embedding);
    l->labels[l->count] = label;
    l->truths[l->count] = truth;
    l->patients[l->count++] = name;
    l->nameless += !patient[0];
    return PLEURA_OK;
}

/* ---- Computing ---- */

pleura_code pleura_learn_say(pleura_learning *l, pleura_learn_note note, const char *format, ...)
{
    char sentence[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    const char *text = pleura_arena_text(&l->arena, sentence, strlen(sentence));
    if (!text)
        return PLEURA_ERROR_MEMORY;
    l->notes[l->note_count++] = (pleura_note_text){note, text};
    return PLEURA_OK;
}

static pleura_code number_patients(pleura_learning *l, pleura_error *error)
{
    pleura_named_film *names = pleura_arena_alloc(&l->arena, l->count * sizeof *names);
    uint32_t *numbers = pleura_arena_alloc(&l->arena, l->count * sizeof *numbers);
    if (!names || !numbers)
        return pleura_fail_memory(error, l->count * sizeof *names, "the patients");
    for (size_t i = 0; i < l->count; i++)
        names[i] = (pleura_named_film){l->patients[i], i};
    size_t patients = pleura_named_number(names, l->count, numbers);
    l->cases = (pleura_cases){.count = l->count,
                              .patient_count = patients,
                              .width = l->width,
                              .embeddings = l->embeddings,
                              .labels = l->labels,
                              .truths = l->truths,
                              .patients = numbers};
    return PLEURA_OK;
}

/* Which films have which label, or which finding: classes of them. */
typedef struct classes {
    size_t count;
    const uint32_t *of; /* each film's */
    const char *names[PLEURA_PROFILE_MAX_LABELS];
} classes;

static pleura_code set_classes(pleura_learning *l, classes *c, pleura_error *error)
{
    const pleura_decision_spec *d = &l->decision;
    *c = (classes){.count = d->label_count, .of = l->labels};
    for (size_t k = 0; k < d->label_count; k++)
        c->names[k] = d->answer_names[k];
    if (l->options.task == PLEURA_ADAPT)
        return PLEURA_OK;
    uint32_t *truths = pleura_arena_alloc(&l->arena, l->count * sizeof *truths);
    if (!truths)
        return pleura_fail_memory(error, l->count * sizeof *truths, "the labels");
    for (size_t i = 0; i < l->count; i++)
        truths[i] = l->truths[i];
    *c = (classes){2, truths, {"no finding", d->answer_names[d->finding]}};
    return PLEURA_OK;
}

/* Films and patients of a class. */
static pleura_code count_class(pleura_learning *l, const classes *c, uint32_t class, size_t *films,
                               size_t *patients, pleura_error *error)
{
    uint8_t *seen = pleura_alloc_zero(l->cases.patient_count, 1);
    if (!seen)
        return pleura_fail_memory(error, l->cases.patient_count, "the patients");
    *films = *patients = 0;
    for (size_t i = 0; i < l->count; i++) {
        if (c->of[i] != class)
            continue;
        ++*films;
        *patients += seen[l->cases.patients[i]]++ == 0;
        seen[l->cases.patients[i]] = 1;
    }
    pleura_free(seen);
    return PLEURA_OK;
}

static pleura_code count_labels(pleura_learning *l, pleura_error *error)
{
    classes labels = {.count = l->decision.label_count, .of = l->labels};
    pleura_code code = PLEURA_OK;
    for (size_t k = 0; code == PLEURA_OK && k < labels.count; k++)
        code =
            count_class(l, &labels, (uint32_t)k, &l->label_films[k], &l->label_patients[k], error);
    return code;
}

/* Fewer than two labels are left: for want of labels, of films that can be judged, or of words that are known. */
static pleura_code refuse_one_class(const pleura_learning *l, pleura_error *error)
{
    if (l->count)
        return pleura_fail(
            error, PLEURA_ERROR_ONE_CLASS,
            "The films that can be learnt from (%zu) have one label: there is nothing to "
            "tell apart.%s%.80s%s",
            l->count, l->unknown ? " Others are not known, such as '" : "",
            l->unknown ? l->unknown : "", l->unknown ? "'." : "");
    if (l->unknown)
        return pleura_fail(error, PLEURA_ERROR_ONE_CLASS,
                           "No film has one of the labels, such as '%.80s': the first has '%.80s'.",
                           l->decision.answer_names[0], l->unknown);
    return pleura_fail(error, PLEURA_ERROR_ONE_CLASS,
                       "There is no film to learn from: %zu were named, and none could be judged.",
                       l->left_out);
}

/* Enough films of each class, of as many patients as there are folds; else fewer folds. */
static pleura_code check_films(pleura_learning *l, const classes *c, pleura_error *error)
{
    size_t films[PLEURA_PROFILE_MAX_LABELS], patients[PLEURA_PROFILE_MAX_LABELS], known = 0;
    size_t fewest = PLEURA_LEARN_MAX_FOLDS, which = 0;
    for (size_t k = 0; k < c->count; k++) {
        pleura_code code = count_class(l, c, (uint32_t)k, &films[k], &patients[k], error);
        if (code != PLEURA_OK)
            return code;
        known += films[k] > 0;
    }
    if (known < 2)
        return refuse_one_class(l, error);
    for (size_t k = 0; k < c->count; k++) {
        if (films[k] < PLEURA_LEARN_MIN_FILMS)
            return pleura_fail(error, PLEURA_ERROR_TOO_FEW_FILMS,
                               "'%.80s' has %zu films; at least %d of each label are needed.",
                               c->names[k], films[k], PLEURA_LEARN_MIN_FILMS);
        if (patients[k] < fewest) {
            fewest = patients[k];
            which = k;
        }
    }
    if (fewest < 2)
        return pleura_fail(
            error, PLEURA_ERROR_TOO_FEW_FILMS,
            "All films of '%.80s' are of one patient: what is learnt of it cannot be "
            "tried on another.",
            c->names[which]);
    l->folds = l->options.folds;
    if (fewest >= l->folds)
        return PLEURA_OK;
    l->folds = (unsigned)fewest;
    return pleura_learn_say(l, PLEURA_NOTE_FEW_PATIENTS,
                            "'%.80s' has films of %zu patients only, so that there are %u folds.",
                            c->names[which], fewest, l->folds);
}

static pleura_code say_what_came(pleura_learning *l)
{
    pleura_code code = PLEURA_OK;
    if (l->nameless == l->count)
        code = pleura_learn_say(l, PLEURA_NOTE_NO_PATIENTS,
                                "No film names its patient: films of one patient may be on both "
                                "sides of the cross-validation, which then says too much good.");
    else if (l->nameless)
        code = pleura_learn_say(l, PLEURA_NOTE_NO_PATIENTS,
                                "%zu of %zu films name no patient; each was taken for a patient of "
                                "its own.",
                                l->nameless, l->count);
    if (code == PLEURA_OK && l->left_out)
        code = pleura_learn_say(l, PLEURA_NOTE_LEFT_OUT,
                                "Left out: %zu of the films, which the gate refused or which could "
                                "not be read.",
                                l->left_out);
    if (code == PLEURA_OK && l->unlabelled)
        code = pleura_learn_say(l, PLEURA_NOTE_UNLABELLED,
                                "Left out: %zu of the films, whose label is none of those learnt, "
                                "such as '%.80s'.",
                                l->unlabelled, l->unknown);
    return code;
}

static pleura_code answer_before(pleura_learning *l, pleura_error *error)
{
    size_t labels = l->decision.label_count;
    pleura_code code = pleura_answers_make(&l->cases, labels, &l->arena, &l->after, error);
    if (code != PLEURA_OK || !l->comparable)
        return code;
    code = pleura_answers_make(&l->cases, labels, &l->arena, &l->before, error);
    bool same = !l->options.labels;
    return code == PLEURA_OK ? pleura_answers_of(l->base, &l->cases, same ? NULL : l->base_answer,
                                                 l->base_finding, &l->before, error)
                             : code;
}

static pleura_code compute(pleura_learning *l, pleura_error *error)
{
    classes c;
    pleura_code code = number_patients(l, error);
    if (code == PLEURA_OK)
        code = set_classes(l, &c, error);
    if (code == PLEURA_OK)
        code = check_films(l, &c, error);
    if (code == PLEURA_OK)
        code = count_labels(l, error);
    if (code != PLEURA_OK)
        return code;
    l->fold = pleura_arena_alloc(&l->arena, l->count * sizeof *l->fold);
    l->scratch = pleura_arena_alloc(&l->arena, l->count * sizeof *l->scratch);
    if (!l->fold || !l->scratch)
        return pleura_fail_memory(error, l->count * sizeof *l->scratch, "the folds");
    code = pleura_folds_make(c.of, l->cases.patients, l->count, c.count, l->cases.patient_count,
                             l->folds, l->fold, error);
    if (code == PLEURA_OK)
        code = say_what_came(l);
    if (code == PLEURA_OK)
        code = answer_before(l, error);
    if (code == PLEURA_OK)
        code = l->options.task == PLEURA_ADAPT ? pleura_learn_adapt(l, error)
                                               : pleura_learn_calibrate(l, error);
    return code == PLEURA_OK ? pleura_learn_conclude(l, error) : code;
}

pleura_code pleura_learning_compute(pleura_learning *l, pleura_error *error)
{
    if (!l || l->computed)
        return pleura_fail(error, PLEURA_ERROR_ARGUMENT,
                           "pleura_learning_compute: `learning` is NULL or computed already.");
    l->computed = true;
    pleura_code code = compute(l, error);
    if (code == PLEURA_ERROR_MEMORY)
        pleura_fail_memory(error, 400, "learning");
    if (code != PLEURA_OK) {
        pleura_profile_free(l->made);
        l->made = NULL;
    }
    return code;
}
