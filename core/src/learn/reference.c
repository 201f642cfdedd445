/*
 * Films to be remembered, as a file. Little-endian:
 *
 *     "PLEURAR1", 64 hexadecimal digits: the model's SHA-256
 *     u32 films, features, outputs, labels; the labels' names, each a u8 length and its bytes
 *     for each film: u8 label, u32 patient, features x 16-bit floats, outputs x 32-bit floats
 */
#include "state.h"

#include "../decide/named.h"
#include "../error.h"
#include "../half.h"
#include "../text.h"

#include <math.h>
#include <string.h>

#define MAGIC "PLEURAR1"
#define MAX_FEATURES 65536

/* ---- Writing ---- */

typedef struct writer {
    uint8_t *buffer;
    size_t capacity, length;
} writer;

static void put(writer *w, const void *bytes, size_t size)
{
    if (w->length + size <= w->capacity)
        memcpy(w->buffer + w->length, bytes, size);
    w->length += size;
}

static void put_number(writer *w, uint32_t value, size_t bytes)
{
    const uint8_t little[4] = {(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
                               (uint8_t)(value >> 24)};
    put(w, little, bytes);
}

static void put_film(writer *w, const pleura_learning *l, const uint32_t *patients, size_t film)
{
    const float *x = l->embeddings + film * l->width;
    put_number(w, l->labels[film], 1);
    put_number(w, patients[film], 4);
    for (size_t c = 0; c < l->base->features; c++)
        put_number(w, pleura_half_of_float(x[c]), 2);
    for (size_t k = l->base->features; k < l->width; k++) {
        uint32_t bits;
        memcpy(&bits, &x[k], sizeof bits);
        put_number(w, bits, 4);
    }
}

/* Numbers in place of the patients' names, which shall not be told: that of their first film. */
static bool hide_patients(const pleura_learning *l, uint32_t *numbers)
{
    pleura_named_film *names = pleura_alloc_zero(l->count, sizeof *names);
    if (!names)
        return false;
    for (size_t i = 0; i < l->count; i++)
        names[i] = (pleura_named_film){l->patients[i], i};
    pleura_named_sort(names, l->count);
    for (size_t i = 0, first = 0; i < l->count; i++) {
        bool same = names[i].name[0] && strcmp(names[first].name, names[i].name) == 0;
        first = same ? first : i;
        numbers[names[i].film] = (uint32_t)names[first].film;
    }
    pleura_free(names);
    return true;
}

pleura_code pleura_reference_write(const pleura_learning *l, void *buffer, size_t capacity,
                                   size_t *length, pleura_error *error)
{
    if (!l || !length || (!buffer && capacity))
        return pleura_fail(error, PLEURA_ERROR_ARGUMENT,
                           "pleura_reference_write: `learning`, `buffer` or `length` is NULL.");
    *length = 0;
    for (size_t i = 0; i < l->count; i++)
        if (l->labels[i] == PLEURA_NO_LABEL)
            return pleura_fail(error, PLEURA_ERROR_ARGUMENT,
                               "Reference films need a label each, and film %zu has the finding's "
                               "name alone.",
                               i);
    uint32_t *patients = pleura_alloc_zero(l->count, sizeof *patients);
    if (!patients || !hide_patients(l, patients)) {
        pleura_free(patients);
        return pleura_fail_memory(error, l->count * sizeof *patients, "the patients");
    }
    writer w = {.buffer = buffer, .capacity = capacity};
    put(&w, MAGIC, 8);
    put(&w, l->base->model_sha256, 64);
    put_number(&w, (uint32_t)l->count, 4);
    put_number(&w, (uint32_t)l->base->features, 4);
    put_number(&w, (uint32_t)l->base->outputs, 4);
    put_number(&w, (uint32_t)l->decision.label_count, 4);
    for (size_t k = 0; k < l->decision.label_count; k++) {
        const char *name = l->decision.answer_names[k];
        put_number(&w, (uint32_t)strlen(name), 1);
        put(&w, name, strlen(name));
    }
    for (size_t i = 0; i < l->count; i++)
        put_film(&w, l, patients, i);
    pleura_free(patients);
    *length = w.length;
    return PLEURA_OK;
}

/* ---- Reading ---- */

typedef struct reader {
    const uint8_t *at, *end;
    bool bad; /* it ended too soon */
} reader;

static const uint8_t *take(reader *r, size_t size)
{
    static const uint8_t nothing[64];
    const uint8_t *at = r->at;
    if ((size_t)(r->end - r->at) < size) {
        r->bad = true;
        return nothing;
    }
    r->at += size;
    return at;
}

static uint32_t take_number(reader *r, size_t bytes)
{
    const uint8_t *at = take(r, bytes);
    uint32_t value = 0;
    for (size_t i = 0; i < bytes; i++)
        value |= (uint32_t)at[i] << (8 * i);
    return value;
}

static pleura_code damaged(pleura_error *error, const char *what)
{
    return pleura_fail(error, PLEURA_ERROR_CORRUPT, "Reference films: %s.", what);
}

static pleura_code read_head(reader *r, const pleura_learning *l, pleura_reference *ref,
                             pleura_error *error)
{
    if (memcmp(take(r, 8), MAGIC, 8) != 0)
        return damaged(error, "it is no file of them");
    if (memcmp(take(r, 64), l->base->model_sha256, 64) != 0)
        return pleura_fail(error, PLEURA_ERROR_OTHER_MODEL,
                           "The reference films' embeddings are another model's.");
    size_t films = take_number(r, 4), features = take_number(r, 4), outputs = take_number(r, 4);
    ref->label_count = take_number(r, 4);
    if (r->bad || features != l->base->features || outputs != l->base->outputs ||
        ref->label_count == 0 || ref->label_count > PLEURA_PROFILE_MAX_LABELS)
        return damaged(error, "its counts are not the model's");
    ref->label_names = pleura_arena_alloc(&ref->arena, ref->label_count * sizeof *ref->label_names);
    if (!ref->label_names)
        return pleura_fail_memory(error, 64, "the reference films");
    for (size_t k = 0; k < ref->label_count; k++) {
        size_t length = take_number(r, 1);
        const char *name = length <= 64 ? (const char *)take(r, length) : NULL;
        ref->label_names[k] = name ? pleura_arena_text(&ref->arena, name, length) : "";
        if (!ref->label_names[k])
            return pleura_fail_memory(error, length, "the reference films");
        if (!pleura_label_is_valid(ref->label_names[k]))
            return damaged(error, "its labels are none");
    }
    size_t size = 5 + 2 * features + 4 * outputs, left = (size_t)(r->end - r->at);
    if (r->bad || films > PLEURA_LEARN_MAX_FILMS || left % size != 0 || left / size != films)
        return damaged(error, "it has not as many bytes as its films need");
    ref->cases = (pleura_cases){.count = films, .patient_count = films, .width = l->width};
    return PLEURA_OK;
}

static bool read_film(reader *r, size_t features, size_t width, size_t labels, size_t films,
                      float *x, uint32_t *label, uint32_t *patient)
{
    *label = take_number(r, 1);
    *patient = take_number(r, 4);
    for (size_t c = 0; c < features; c++)
        x[c] = pleura_half_to_float((uint16_t)take_number(r, 2));
    for (size_t k = features; k < width; k++) {
        uint32_t bits = take_number(r, 4);
        memcpy(&x[k], &bits, sizeof bits);
    }
    for (size_t k = 0; k < width; k++)
        if (!isfinite(x[k]))
            return false;
    return *label < labels && *patient < films;
}

static pleura_code read_films(reader *r, const pleura_learning *l, pleura_reference *ref,
                              pleura_error *error)
{
    size_t films = ref->cases.count, width = l->width;
    float *x = pleura_arena_alloc(&ref->arena, films * width * sizeof *x);
    uint32_t *labels = pleura_arena_alloc(&ref->arena, films * sizeof *labels);
    uint32_t *patients = pleura_arena_alloc(&ref->arena, films * sizeof *patients);
    uint8_t *truths = pleura_arena_alloc(&ref->arena, films);
    if (!x || !labels || !patients || !truths)
        return pleura_fail_memory(error, films * width * sizeof *x, "the reference films");
    for (size_t i = 0; i < films; i++)
        if (!read_film(r, l->base->features, width, ref->label_count, films, x + i * width,
                       &labels[i], &patients[i]))
            return damaged(error, "a film of it has a number that none may have");
    ref->cases.embeddings = x;
    ref->cases.labels = labels;
    ref->cases.patients = patients;
    ref->cases.truths = truths;
    /* Their labels by the learning's numbers; of no use where one has none. */
    ref->used = l->comparable && films > 0;
    for (size_t i = 0; i < films && ref->used; i++) {
        const char *name = ref->label_names[labels[i]];
        size_t label = 0;
        while (label < l->decision.label_count &&
               strcmp(l->decision.answer_names[label], name) != 0)
            label++;
        ref->used = label < l->decision.label_count;
        if (!ref->used)
            break;
        labels[i] = (uint32_t)label;
        truths[i] = pleura_label_is_finding(&l->decision, label);
    }
    return PLEURA_OK;
}

void pleura_reference_free(pleura_reference *reference)
{
    if (reference)
        pleura_arena_free(&reference->arena);
    pleura_free(reference);
}

pleura_code pleura_learning_reference(pleura_learning *l, const void *bytes, size_t size,
                                      pleura_error *error)
{
    if (!l || !bytes || l->computed || l->reference)
        return pleura_fail(error, PLEURA_ERROR_ARGUMENT,
                           "pleura_learning_reference: `learning` or `bytes` is NULL, or it has "
                           "reference films or is computed already.");
    pleura_reference *ref = pleura_alloc_zero(1, sizeof *ref);
    if (!ref)
        return pleura_fail_memory(error, sizeof *ref, "the reference films");
    reader r = {bytes, (const uint8_t *)bytes + size, false};
    pleura_code code = read_head(&r, l, ref, error);
    if (code == PLEURA_OK)
        code = read_films(&r, l, ref, error);
    if (code == PLEURA_OK)
        l->reference = ref;
    else
        pleura_reference_free(ref);
    return code;
}

/* ---- Judging ---- */

pleura_code pleura_reference_judge(pleura_learning *l, pleura_error *error)
{
    pleura_reference *ref = l->reference;
    size_t labels = l->decision.label_count;
    if (!ref->used)
        return PLEURA_OK;
    pleura_code code = pleura_answers_make(&ref->cases, labels, &ref->arena, &ref->before, error);
    if (code == PLEURA_OK)
        code = pleura_answers_make(&ref->cases, labels, &ref->arena, &ref->after, error);
    if (code == PLEURA_OK)
        code = pleura_answers_of(l->base, &ref->cases, l->options.labels ? l->base_answer : NULL,
                                 l->base_finding, &ref->before, error);
    if (code == PLEURA_OK)
        code =
            pleura_answers_of(l->made, &ref->cases, NULL, l->decision.finding, &ref->after, error);
    if (code == PLEURA_OK)
        code = pleura_compare(&ref->cases, &ref->before, &ref->after, 0, l->options.draws,
                              ref->figures, ref->bounds, error);
    if (code != PLEURA_OK)
        return code;
    const int decide[] = {PLEURA_FIGURE_AUC, PLEURA_FIGURE_LABELS};
    for (int i = 0; i < 2; i++) {
        const pleura_comparison *c = &ref->figures[decide[i]];
        pleura_number n[3];
        if (ref->bounds[decide[i]].high < 0)
            return pleura_learn_say(l, PLEURA_NOTE_FORGETS,
                                    "On the %zu reference films %s falls from %s to %s (by %s).",
                                    ref->cases.count, c->name,
                                    pleura_fixed_text(&n[0], c->before.value, 4),
                                    pleura_fixed_text(&n[1], c->after.value, 4),
                                    pleura_fixed_text(&n[2], -c->gain.value, 4));
    }
    return PLEURA_OK;
}

const pleura_comparison *pleura_learning_reference_figure(const pleura_learning *l, size_t index)
{
    bool judged = l && l->made && l->reference && l->reference->used;
    return judged && index < PLEURA_FIGURE_COUNT ? &l->reference->figures[index] : NULL;
}
