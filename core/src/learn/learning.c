/* A learning from its options to its last film. */
#include "state.h"

#include "../decide/named.h"
#include "../error.h"

#include <math.h>
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
