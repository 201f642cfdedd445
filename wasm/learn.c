/*
 * What JavaScript may call of the module that learns: it has no network and no model, but the model's
 * end as a profile, and films as embeddings. Text and bytes that are returned stay good until the next
 * call that returns some.
 */
#include <stdlib.h>
#include <string.h>

#include <emscripten.h>

#include "pleura/learn.h"

static char *last;
static size_t last_length;

static char *make_room(size_t length, pleura_error *error)
{
    static const char sentence[] = "There is no memory left for what was learnt.";
    free(last);
    last = malloc(length + 1);
    last_length = length;
    if (last == NULL && error->code == PLEURA_OK) {
        error->code = PLEURA_ERROR_MEMORY;
        memcpy(error->message, sentence, sizeof sentence);
    }
    return last;
}

EMSCRIPTEN_KEEPALIVE void *pleura_learn_alloc(size_t size)
{
    return malloc(size > 0 ? size : 1);
}

EMSCRIPTEN_KEEPALIVE void pleura_learn_free(void *block)
{
    free(block);
}

EMSCRIPTEN_KEEPALIVE pleura_error *pleura_learn_error_new(void)
{
    return calloc(1, sizeof(pleura_error));
}

EMSCRIPTEN_KEEPALIVE const char *pleura_learn_error_name(const pleura_error *error)
{
    return pleura_code_name(error->code);
}

EMSCRIPTEN_KEEPALIVE const char *pleura_learn_error_message(const pleura_error *error)
{
    return error->message;
}

/* The notes and verdicts of learn.h, a line each: "kind name number". */
EMSCRIPTEN_KEEPALIVE const char *pleura_learn_enums(void)
{
#define NOTE(name, number, text) "note " text " " #number "\n"
    return PLEURA_LEARN_NOTES(NOTE);
#undef NOTE
}

/* Bytes of what was returned last. */
EMSCRIPTEN_KEEPALIVE size_t pleura_learn_length(void)
{
    return last_length;
}

/* Texts that are NULL are not given. */
EMSCRIPTEN_KEEPALIVE pleura_learning *
pleura_learn_begin(const char *base, size_t size, int task, const char *labels, const char *finding,
                   double sensitivity, double prevalence, unsigned folds, unsigned draws, double c,
                   int temperature_only, int from_zero, pleura_error *error)
{
    const pleura_learn_options options = {.task = (pleura_learn_task)task,
                                          .labels = labels,
                                          .finding = finding,
                                          .target_sensitivity = sensitivity,
                                          .prevalence = prevalence,
                                          .folds = folds,
                                          .draws = draws,
                                          .c = c,
                                          .temperature_only = temperature_only != 0,
                                          .from_zero = from_zero != 0};
    pleura_profile *profile = NULL;
    pleura_learning *learning = NULL;
    if (pleura_profile_read(base, size, &profile, error) == PLEURA_OK)
        pleura_learning_create(profile, &options, &learning, error);
    pleura_profile_free(profile);
    return learning;
}

EMSCRIPTEN_KEEPALIVE int pleura_learn_add(pleura_learning *self, const float *embedding,
                                          size_t count, const char *labels, const char *patient,
                                          pleura_error *error)
{
    return pleura_learning_add(self, embedding, count, labels, patient, error);
}

EMSCRIPTEN_KEEPALIVE int pleura_learn_reference(pleura_learning *self, const void *bytes,
                                                size_t size, pleura_error *error)
{
    return pleura_learning_reference(self, bytes, size, error);
}

EMSCRIPTEN_KEEPALIVE int pleura_learn_compute(pleura_learning *self, pleura_error *error)
{
    return pleura_learning_compute(self, error);
}

EMSCRIPTEN_KEEPALIVE const char *pleura_learn_report(const pleura_learning *self,
                                                     pleura_error *error)
{
    size_t length = pleura_learning_json(self, NULL, 0);
    if (make_room(length, error) == NULL)
        return NULL;
    pleura_learning_json(self, last, length + 1);
    return last;
}

EMSCRIPTEN_KEEPALIVE const char *pleura_learn_take(const pleura_learning *self, int accept,
                                                   pleura_error *error)
{
    pleura_profile *profile = NULL;
    if (pleura_learning_take(self, accept != 0, &profile, error) != PLEURA_OK)
        return NULL;
    size_t length = pleura_profile_json(profile, NULL, 0);
    if (make_room(length, error) != NULL)
        pleura_profile_json(profile, last, length + 1);
    pleura_profile_free(profile);
    return last;
}

EMSCRIPTEN_KEEPALIVE const void *pleura_learn_onnx(const char *profile_json, size_t profile_size,
                                                   const void *onnx, size_t size,
                                                   pleura_error *error)
{
    pleura_profile *profile = NULL;
    size_t length = 0;
    bool made = pleura_profile_read(profile_json, profile_size, &profile, error) == PLEURA_OK &&
                pleura_profile_onnx(profile, onnx, size, NULL, 0, &length, error) == PLEURA_OK &&
                make_room(length, error) != NULL &&
                pleura_profile_onnx(profile, onnx, size, last, length, &length, error) == PLEURA_OK;
    pleura_profile_free(profile);
    return made ? last : NULL;
}

EMSCRIPTEN_KEEPALIVE void pleura_learn_end(pleura_learning *self)
{
    pleura_learning_free(self);
}
