/*
 * What JavaScript may call. A thin face over pleura.h: it owns the text that it returns, and nothing
 * else. JavaScript never sees a struct's layout; it holds pointers and asks through these functions.
 *
 * A pointer to text stays good until the next call with the same session.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <emscripten.h>

#include "pleura/learn.h"
#include "pleura/pleura.h"

typedef struct text {
    char *bytes;
    size_t capacity;
} text;

typedef struct session {
    pleura_model *model;
    text json, csv, profile;
    float *embedding; /* of the last film that was asked for one, and its length; 0: none */
    size_t embedded;
} session;

/* ---- Memory ----------------------------------------------------------------------------------- */

/* Never NULL for 0 bytes: an empty file is the C library's to judge, not a failed allocation. */
EMSCRIPTEN_KEEPALIVE void *pleura_wasm_alloc(size_t size)
{
    return malloc(size > 0 ? size : 1);
}

EMSCRIPTEN_KEEPALIVE void pleura_wasm_free(void *block)
{
    free(block);
}

/* ---- Errors ----------------------------------------------------------------------------------- */

EMSCRIPTEN_KEEPALIVE pleura_error *pleura_wasm_error_new(void)
{
    return calloc(1, sizeof(pleura_error));
}

EMSCRIPTEN_KEEPALIVE void pleura_wasm_error_clear(pleura_error *error)
{
    memset(error, 0, sizeof *error);
}

EMSCRIPTEN_KEEPALIVE int pleura_wasm_error_code(const pleura_error *error)
{
    return error->code;
}

EMSCRIPTEN_KEEPALIVE const char *pleura_wasm_error_name(const pleura_error *error)
{
    return pleura_code_name(error->code);
}

EMSCRIPTEN_KEEPALIVE const char *pleura_wasm_error_message(const pleura_error *error)
{
    return error->message;
}

/* The first cause survives, as everywhere. `message` is cut to what fits. */
EMSCRIPTEN_KEEPALIVE void pleura_wasm_describe(pleura_error *error, int code, const char *message)
{
    if (error->code != PLEURA_OK)
        return;
    error->code = (pleura_code)code;
    strncpy(error->message, message, sizeof error->message - 1);
}

static void out_of_memory(pleura_error *error)
{
    static const char sentence[] = "There is no memory left for the report.";
    if (error->code != PLEURA_OK)
        return; /* the first cause survives */
    error->code = PLEURA_ERROR_MEMORY;
    memcpy(error->message, sentence, sizeof sentence);
}

/* ---- What the library is ---------------------------------------------------------------------- */

EMSCRIPTEN_KEEPALIVE const char *pleura_wasm_version(void)
{
    return pleura_version();
}

/* ---- A session: one model and its last report ------------------------------------------------- */

EMSCRIPTEN_KEEPALIVE void pleura_wasm_unload(session *self)
{
    if (self == NULL)
        return;
    pleura_model_free(self->model);
    free(self->json.bytes);
    free(self->csv.bytes);
    free(self->profile.bytes);
    free(self->embedding);
    free(self);
}

/* More than one thread needs the module that was built with them; the others count to one. The file's
 * bytes are changed. */
EMSCRIPTEN_KEEPALIVE session *pleura_wasm_load(void *onnx, size_t size, unsigned threads,
                                               const char *sha256, pleura_error *error)
{
    pleura_model_options options = {.threads = threads, .sha256 = sha256, .bytes_may_change = true};
    session *self = calloc(1, sizeof *self);
    if (self == NULL) {
        out_of_memory(error);
        return NULL;
    }
    if (pleura_model_load(onnx, size, &options, &self->model, error) != PLEURA_OK) {
        pleura_wasm_unload(self);
        return NULL;
    }
    return self;
}

EMSCRIPTEN_KEEPALIVE const char *pleura_wasm_info(const session *self)
{
    return pleura_model_info_json(self->model);
}

/* The network's input and its outputs, in floats. */
EMSCRIPTEN_KEEPALIVE size_t pleura_wasm_input_count(const session *self)
{
    return pleura_model_input_count(self->model);
}

EMSCRIPTEN_KEEPALIVE size_t pleura_wasm_output_count(const session *self)
{
    return pleura_model_label_count(self->model);
}

/* ---- Reports ---------------------------------------------------------------------------------- */

static bool make_room(text *self, size_t length)
{
    if (self->capacity > length)
        return true;
    char *grown = realloc(self->bytes, length + 1);
    if (grown == NULL)
        return false;
    self->bytes = grown;
    self->capacity = length + 1;
    return true;
}

static const char *report(session *self, const char *name, const pleura_result *result,
                          const pleura_error *fault, pleura_error *error)
{
    const pleura_model *model = self->model;
    if (!make_room(&self->json, pleura_report_json(model, name, result, fault, NULL, 0)) ||
        !make_room(&self->csv, pleura_report_csv(model, name, result, fault, NULL, 0))) {
        out_of_memory(error);
        return NULL;
    }
    pleura_report_json(model, name, result, fault, self->json.bytes, self->json.capacity);
    pleura_report_csv(model, name, result, fault, self->csv.bytes, self->csv.capacity);
    return self->json.bytes;
}

/* The result's embedding, if it has one, stays with the session. */
static bool keep_embedding(session *self, const pleura_result *result, pleura_error *error)
{
    size_t count;
    const float *embedding = pleura_result_embedding(result, &count);
    if (embedding == NULL)
        return true;
    if (self->embedding == NULL)
        self->embedding = malloc(count * sizeof *embedding);
    if (self->embedding == NULL) {
        out_of_memory(error);
        return false;
    }
    memcpy(self->embedding, embedding, count * sizeof *embedding);
    self->embedded = count;
    return true;
}

/*
 * Classifies one file and returns its JSON line, for a file that failed too: *error then says what
 * the line says. NULL only where there was no memory for the line. A NaN threshold is the model's.
 */
EMSCRIPTEN_KEEPALIVE const char *pleura_wasm_classify(session *self, const void *bytes, size_t size,
                                                      const char *name, float threshold,
                                                      bool heatmap, bool embedding,
                                                      pleura_error *error)
{
    pleura_classify_options options = {.heatmap = heatmap, .embedding = embedding};
    self->embedded = 0;
    options.has_threshold = !isnan(threshold);
    options.threshold = options.has_threshold ? threshold : 0;

    pleura_result *result = NULL;
    pleura_code code = pleura_classify(self->model, bytes, size, &options, &result, error);
    const char *line = code == PLEURA_OK ? report(self, name, result, NULL, error)
                                         : report(self, name, NULL, error, error);
    if (code == PLEURA_OK && !keep_embedding(self, result, error))
        line = NULL;
    pleura_result_free(result);
    return line;
}

/* The JSON line of a file that never reached the library (it could not be read, say). */
EMSCRIPTEN_KEEPALIVE const char *pleura_wasm_fault(session *self, const char *name, int code,
                                                   const char *message, pleura_error *error)
{
    pleura_error fault = {.code = (pleura_code)code};
    strncpy(fault.message, message, sizeof fault.message - 1);
    return report(self, name, NULL, &fault, error);
}

/* The last report again, as a CSV row. */
EMSCRIPTEN_KEEPALIVE const char *pleura_wasm_csv(const session *self)
{
    return self->csv.bytes != NULL ? self->csv.bytes : "";
}

EMSCRIPTEN_KEEPALIVE const char *pleura_wasm_csv_header(session *self, pleura_error *error)
{
    if (!make_room(&self->csv, pleura_report_csv_header(self->model, NULL, 0))) {
        out_of_memory(error);
        return NULL;
    }
    pleura_report_csv_header(self->model, self->csv.bytes, self->csv.capacity);
    return self->csv.bytes;
}

/* ---- Results as DICOM files ------------------------------------------------------------------- */

/* Classifies with a heatmap and makes both files; NULL after a fault. A NaN threshold is the model's. */
EMSCRIPTEN_KEEPALIVE pleura_export *pleura_wasm_export(session *self, const void *bytes, size_t size,
                                                       float threshold, const char *when,
                                                       bool identity, pleura_error *error)
{
    pleura_classify_options options = {.heatmap = true};
    options.has_threshold = !isnan(threshold);
    options.threshold = options.has_threshold ? threshold : 0;
    pleura_result *result = NULL;
    pleura_export *made = NULL;
    if (pleura_classify(self->model, bytes, size, &options, &result, error) == PLEURA_OK)
        pleura_export_create(self->model, bytes, size, result,
                             &(pleura_export_options){.when = when, .identity = identity}, &made,
                             error);
    pleura_result_free(result);
    return made;
}

static const void *exported(const pleura_export *made, bool heatmap, size_t *size)
{
    return heatmap ? pleura_export_heatmap(made, size) : pleura_export_report(made, size);
}

/* The heatmap, or else the report; 0 bytes: there is none. */
EMSCRIPTEN_KEEPALIVE const void *pleura_wasm_export_bytes(const pleura_export *made, bool heatmap)
{
    size_t size;
    return exported(made, heatmap, &size);
}

EMSCRIPTEN_KEEPALIVE size_t pleura_wasm_export_size(const pleura_export *made, bool heatmap)
{
    size_t size;
    exported(made, heatmap, &size);
    return size;
}

EMSCRIPTEN_KEEPALIVE void pleura_wasm_export_free(pleura_export *made)
{
    pleura_export_free(made);
}

/* ---- Learning: what the module that learns is given, and what it gives back -------------------- */

/* Of the film that was classified last; no numbers where it has none. */
EMSCRIPTEN_KEEPALIVE const float *pleura_wasm_embedding(const session *self)
{
    return self->embedding;
}

EMSCRIPTEN_KEEPALIVE size_t pleura_wasm_embedding_count(const session *self)
{
    return self->embedded;
}

/* The model's own end, as JSON. */
EMSCRIPTEN_KEEPALIVE const char *pleura_wasm_profile(session *self, pleura_error *error)
{
    pleura_profile *profile = NULL;
    if (pleura_model_profile(self->model, &profile, error) != PLEURA_OK)
        return NULL;
    bool room = make_room(&self->profile, pleura_profile_json(profile, NULL, 0));
    if (room)
        pleura_profile_json(profile, self->profile.bytes, self->profile.capacity);
    else
        out_of_memory(error);
    pleura_profile_free(profile);
    return room ? self->profile.bytes : NULL;
}

/* No bytes: back to the model's own end. */
EMSCRIPTEN_KEEPALIVE int pleura_wasm_apply(session *self, const char *json, size_t size,
                                           pleura_error *error)
{
    pleura_profile *profile = NULL;
    pleura_code code = PLEURA_OK;
    if (size > 0)
        code = pleura_profile_read(json, size, &profile, error);
    if (code == PLEURA_OK)
        code = pleura_model_apply(self->model, profile, error);
    pleura_profile_free(profile);
    return code;
}

/* ---- The film itself, for people to look at --------------------------------------------------- */

EMSCRIPTEN_KEEPALIVE pleura_image *pleura_wasm_decode(const void *bytes, size_t size,
                                                      pleura_error *error)
{
    pleura_image *image = NULL;
    pleura_image_decode(bytes, size, NULL, &image, error);
    return image;
}

EMSCRIPTEN_KEEPALIVE uint32_t pleura_wasm_image_width(const pleura_image *image)
{
    pleura_image_info info;
    pleura_image_get_info(image, &info);
    return info.width;
}

EMSCRIPTEN_KEEPALIVE uint32_t pleura_wasm_image_height(const pleura_image *image)
{
    pleura_image_info info;
    pleura_image_get_info(image, &info);
    return info.height;
}

EMSCRIPTEN_KEEPALIVE const uint16_t *pleura_wasm_image_samples(const pleura_image *image)
{
    return pleura_image_samples(image);
}

EMSCRIPTEN_KEEPALIVE void pleura_wasm_image_free(pleura_image *image)
{
    pleura_image_free(image);
}

/* ---- Steps by themselves, for oracles --------------------------------------------------------- */

/* Decodes and preprocesses into `tensor`, which has room for pleura_wasm_input_count() floats. */
EMSCRIPTEN_KEEPALIVE int pleura_wasm_preprocess(const session *self, const void *bytes, size_t size,
                                                float *tensor, size_t count, pleura_error *error)
{
    pleura_image *image = NULL;
    pleura_code code = pleura_image_decode(bytes, size, NULL, &image, error);
    if (code == PLEURA_OK)
        code = pleura_preprocess(self->model, image, tensor, count, error);
    pleura_image_free(image);
    return code;
}

EMSCRIPTEN_KEEPALIVE int pleura_wasm_run(session *self, const float *input, size_t input_count,
                                         float *output, size_t output_count, pleura_error *error)
{
    return pleura_run(self->model, input, input_count, output, output_count, error);
}
