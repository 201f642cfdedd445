/* Checks what can be learnt from the films, and learns it: folds, the answers before, the task, the conclusion. */
#include "state.h"

#include "../decide/named.h"
#include "../error.h"
#include "folds.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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
