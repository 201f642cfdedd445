/*
 * Pleura: chest X-ray classification, the C core. This header is the manual.
 *
 *   bytes ──► image ──► gate ──► tensor ──► network ──► decision ──► report
 *
 *     pleura_model *model;
 *     pleura_result *result;
 *     pleura_error error = {0};
 *     if (pleura_model_load(onnx, onnx_size, NULL, &model, &error) != PLEURA_OK) ...error.message
 *     if (pleura_classify(model, jpeg, jpeg_size, NULL, &result, &error) != PLEURA_OK) ...
 *     ... pleura_result_outcome(result) ...
 *     pleura_result_free(result);
 *     pleura_model_free(model);
 *
 * It is a research tool, not a medical device: nothing that it returns is a diagnosis.
 *
 * Conventions
 * - A function that can fail returns a pleura_code and describes the fault in *error, which the
 *   caller owns and may pass as NULL. Start it as {0}: a fault once described is never overwritten,
 *   so the first cause survives. On failure every output pointer is set to NULL.
 * - Objects are made by ..._load, ..._decode or pleura_classify, belong to the caller, and are given
 *   back with the matching ..._free, which takes NULL too. Strings and arrays returned by getters
 *   belong to the object and live as long as it does.
 * - No global state of ours: any number of models at once, from any threads, as long as one model
 *   runs one call at a time. (XNNPACK keeps one immutable table of its kernels, made once.)
 * - The library never prints, aborts or exits.
 * - Text is UTF-8 and ends with a NUL. Sizes are in bytes; times in milliseconds.
 */
#ifndef PLEURA_H
#define PLEURA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PLEURA_VERSION "0.1.0"

/* The library's version, PLEURA_VERSION of the header it was built with. */
const char *pleura_version(void);

/* ---- Errors ----------------------------------------------------------------------------------- */

/*
 * One code for each distinct fault. The numbers and names are stable: they are the exit reasons of
 * the command line, `error.code` in every report, and `PleuraError.code` in JavaScript. X(NAME,
 * number, "name") makes the enum and pleura_code_name(); tests/node holds the TypeScript list to it.
 */
#define PLEURA_CODES(X)                                                                            \
    X(OK, 0, "ok")                                                                                 \
    /* the caller */                                                                               \
    X(ERROR_ARGUMENT, 1, "argument") /* NULL, or a value out of its range */                       \
    X(ERROR_MEMORY, 2, "memory")     /* an allocation failed */                                    \
    X(ERROR_FILE, 3, "file")         /* cannot be opened or read */                                \
    /* the image */                                                                                \
    X(ERROR_EMPTY, 10, "empty")                         /* no bytes at all */                      \
    X(ERROR_TOO_LARGE, 11, "too_large")                 /* more bytes or pixels than the limits */ \
    X(ERROR_FORMAT, 12, "format")                       /* not a format that is read here */       \
    X(ERROR_TRUNCATED, 13, "truncated")                 /* the file ends before the image does */  \
    X(ERROR_CORRUPT, 14, "corrupt")                     /* the file contradicts its own format */  \
    X(ERROR_UNSUPPORTED_IMAGE, 15, "unsupported_image") /* legal, but not read here */             \
    /* the model */                                                                                \
    X(ERROR_ONNX, 20, "onnx")                       /* not ONNX, or damaged */                     \
    X(ERROR_OPERATOR, 21, "operator")               /* an operator, or a use of it, not run here*/ \
    X(ERROR_SHAPE, 22, "shape")                     /* tensor shapes that do not fit */            \
    X(ERROR_METADATA, 23, "metadata")               /* a pleura.* property that is wrong */        \
    X(ERROR_MODEL_TOO_LARGE, 24, "model_too_large") /* nodes, tensors or bytes over the limits */  \
    /* us */                                                                                       \
    X(ERROR_NETWORK, 30, "network")   /* XNNPACK refused or failed */                              \
    X(ERROR_INTERNAL, 31, "internal") /* a fault of ours: please report it */                      \
    /* learning (learn.h) */                                                                       \
    X(ERROR_TOO_FEW_FILMS, 40, "too_few_films") /* to learn a label from */                        \
    X(ERROR_ONE_CLASS, 41, "one_class")         /* nothing to tell apart */                        \
    X(ERROR_NO_EMBEDDING, 42, "no_embedding")   /* the network ends in no linear layer */          \
    X(ERROR_PROFILE, 43, "profile")             /* no profile, or damaged */                       \
    X(ERROR_OTHER_MODEL, 44, "other_model")     /* made for another model file */                  \
    X(ERROR_NO_BETTER, 45, "no_better")         /* than before, and it was not accepted as such */

typedef enum pleura_code {
#define X(name, number, text) PLEURA_##name = number,
    PLEURA_CODES(X)
#undef X
} pleura_code;

/* The code's stable name, such as "truncated"; "unknown" for a number that is none. */
const char *pleura_code_name(pleura_code code);

typedef struct pleura_error {
    pleura_code code;
    char message[2000]; /* one sentence: what was wrong, where, with the figures */
} pleura_error;

/* ---- Images ----------------------------------------------------------------------------------- */

/*
 * What is refused before anything is allocated for it. The defaults hold the largest digital
 * radiography detectors (about 4,300 x 4,300) with room to spare, and keep the peak of a 16-bit
 * colour file under the 2 GiB that the WebAssembly build allows itself.
 */
#define PLEURA_DEFAULT_MAX_BYTES ((size_t)128 << 20) /* 134,217,728 */
#define PLEURA_DEFAULT_MAX_PIXELS 50000000
#define PLEURA_DEFAULT_MAX_SIDE 20000

typedef struct pleura_limits { /* 0 means the default */
    size_t max_bytes;          /* of the file */
    uint64_t max_pixels;       /* width x height */
    uint32_t max_side;         /* width or height */
} pleura_limits;

typedef struct pleura_image pleura_image;

/*
 * What a DICOM file says of its picture, and how its values became greys. Texts are never NULL, and
 * "" where the file does not say. Of several frames the first is taken.
 */
typedef struct pleura_dicom_info {
    const char *transfer_syntax; /* its UID; "" for a file without one, which is told by content */
    const char *encoding;        /* its name */
    const char *modality, *body_part, *view_position, *patient_orientation, *photometric;
    double age_years;               /* NaN where it is not said */
    uint32_t rows, columns, frames; /* as stored */
    unsigned samples, bits_allocated, bits_stored, high_bit;
    bool is_signed;
    double pixel_aspect; /* a pixel's height over its width; pictures are made square */
    /* Grey files: the stored values that occur, padding aside, and the values behind the modality
     * LUT that became 0 and 65,535. */
    int32_t lowest, highest;
    double black, white;
    const char *mapping; /* from stored values to greys, in words */
} pleura_dicom_info;

/* What the file was, kept for the gate and for people. */
typedef struct pleura_image_info {
    uint32_t width, height; /* pixels */
    const char *format;     /* "JPEG", "PNG", "DICOM", "samples" for pleura_image_from_grey16 */
    unsigned bits;          /* a sample's bits in the file: 1 to 16 */
    unsigned channels; /* in the file, as decoded: 1 grey, 2 grey + alpha, 3 colour, 4 + alpha */
    float chroma;      /* mean of (max - min of R, G, B) over the pixels, 0..1; 0 for grey */
    const pleura_dicom_info *dicom; /* lives as long as the image; NULL for other formats */
} pleura_image_info;

/*
 * Decodes a JPEG (baseline or progressive), PNG (any depth) or DICOM file to grey. The kind is
 * told by the first bytes, never by a name. Colour becomes luma (ITU-R BT.601: .299 R + .587 G +
 * .114 B); alpha is composed over black. `limits` NULL means the defaults. The bytes are not kept.
 * An EXIF orientation (JPEG, PNG) is applied: width and height are those of the upright picture.
 */
pleura_code pleura_image_decode(const void *bytes, size_t size, const pleura_limits *limits,
                                pleura_image **image, pleura_error *error);

/*
 * Takes width x height grey samples, row by row from the top left, 0 = black, 65,535 = white, for
 * callers that decode for themselves. The samples are copied.
 */
pleura_code pleura_image_from_grey16(const uint16_t *samples, uint32_t width, uint32_t height,
                                     const pleura_limits *limits, pleura_image **image,
                                     pleura_error *error);

void pleura_image_get_info(const pleura_image *image, pleura_image_info *info);

/* width x height grey samples, 0..65,535 (8-bit files are scaled by 257). Never NULL. */
const uint16_t *pleura_image_samples(const pleura_image *image);

void pleura_image_free(pleura_image *image);

/* One line of JSON that says what was read and how it became greys: schema "pleura.image/1". Room and
 * length as in pleura_report_json. */
size_t pleura_image_json(const pleura_image *image, const char *file, char *buffer,
                         size_t capacity);

/* ---- Files ------------------------------------------------------------------------------------ */

/*
 * For callers whose films and models are files: PLEURA_ERROR_FILE says in the system's words why one
 * cannot be opened or read.
 */
typedef struct pleura_file {
    unsigned char *bytes; /* the caller's to give back, with pleura_file_free() */
    size_t size;
} pleura_file;

/* The whole file, or what comes out of a pipe; PLEURA_ERROR_TOO_LARGE if that has more than `limit`
 * bytes. */
pleura_code pleura_file_read(const char *path, size_t limit, pleura_file *file,
                             pleura_error *error);
void pleura_file_free(pleura_file *file);

/* ---- Models ----------------------------------------------------------------------------------- */

typedef struct pleura_model pleura_model;

/* A model file may be as large as half of what a 32-bit WebAssembly memory is allowed here. */
#define PLEURA_MAX_MODEL_BYTES ((size_t)1 << 30)

typedef struct pleura_model_options {
    /* 0 or 1: the calling thread alone. WebAssembly without threads ignores more. */
    unsigned threads;
    /* Of the file, 64 lower-case hexadecimal digits, where the caller has them from faster code than
     * ours; NULL: they are computed. They are believed. */
    const char *sha256;
    /* The file's bytes may be written to: a copy of its weights is saved, which most files have on no
     * alignment. They are of no use then. */
    bool bytes_may_change;
} pleura_model_options;

/*
 * Loads an image classifier: ONNX, opset 7 to 21, one float input [1 or N, 1 or 3, H, W], its first
 * output [1, labels]. What else makes it a classifier stands in the file's metadata_props under
 * "pleura." (docs/model-format.md); a file without them loads too: its labels are then "0", "1", ...,
 * it has no finding and its outcome is always PLEURA_CANNOT_SAY with PLEURA_REASON_NO_FINDING_DEFINED.
 * The bytes are not needed after the call.
 */
pleura_code pleura_model_load(const void *onnx, size_t size, const pleura_model_options *options,
                              pleura_model **model, pleura_error *error);

/* The same from a file, whose bytes are let go; `bytes_may_change` is of no account. */
pleura_code pleura_model_load_file(const char *path, const pleura_model_options *options,
                                   pleura_model **model, pleura_error *error);

void pleura_model_free(pleura_model *model);

/* Labels, in the order of the outputs, then the groups (such as "pneumonia"), which are their sums. */
size_t pleura_model_label_count(const pleura_model *model);  /* outputs of the network */
size_t pleura_model_answer_count(const pleura_model *model); /* labels and groups */
const char *pleura_model_answer_name(const pleura_model *model, size_t index);

/* The label or group that the threshold is about; NULL where the file names none. */
const char *pleura_model_finding(const pleura_model *model);
float pleura_model_threshold(const pleura_model *model); /* 0..1; NaN where there is none */

/* A metadata property by its full key ("pleura.card"), or NULL. */
const char *pleura_model_property(const pleura_model *model, const char *key);

/* The network's input: channels (1 or 3), height, width. */
void pleura_model_input(const pleura_model *model, uint32_t *channels, uint32_t *height,
                        uint32_t *width);

/* Their product: the floats that pleura_preprocess() fills and pleura_run() takes. */
size_t pleura_model_input_count(const pleura_model *model);

/* SHA-256 of the model file, 64 lower-case hexadecimal digits (FIPS 180-4). */
const char *pleura_model_sha256(const pleura_model *model);

/* What the network costs, as it is run: after folding, so with fewer nodes than the file has. */
typedef struct pleura_model_cost {
    size_t file_bytes;
    size_t nodes_in_file, nodes_run;
    int64_t macs; /* multiplications with additions of one image, in convolutions and products */
} pleura_model_cost;

void pleura_model_get_cost(const pleura_model *model, pleura_model_cost *cost);

/* How often each ONNX operator is run, for index 0, 1, ... in the order of their names: its name and
 * *times, or NULL behind the last. */
const char *pleura_model_operator(const pleura_model *model, size_t index, size_t *times);

/* Everything of `pleura info`, as one JSON object (docs/result-schema.md). */
const char *pleura_model_info_json(const pleura_model *model);

/* ---- Classification --------------------------------------------------------------------------- */

typedef enum pleura_outcome {
    PLEURA_CANNOT_SAY = 0, /* the reasons say why */
    PLEURA_NO_FINDING = 1, /* the finding's probability is below the threshold */
    PLEURA_FINDING = 2     /* it is at or above the threshold */
} pleura_outcome;

const char *pleura_outcome_name(pleura_outcome outcome); /* "cannot_say", "no_finding", "finding" */

/*
 * Why the outcome is what it is. X(NAME, bit, "name", refuses): with a reason that refuses there are
 * no probabilities, so that nobody misreads them. Bits 1 to 4 are told from the samples, before the
 * network is run; bits from 6 on by the network, where the model has a gate (docs/model-format.md).
 */
#define PLEURA_REASONS(X)                                                                          \
    X(NEAR_THRESHOLD, 0, "near_threshold", false)         /* within the model's margin of it */    \
    X(TOO_SMALL, 1, "too_small", true)                    /* a side under the model's min_side */  \
    X(BLANK, 2, "blank", true)                            /* next to no contrast */                \
    X(COLOUR, 3, "colour", true)                          /* coloured as no radiograph is */       \
    X(PROPORTIONS, 4, "proportions", true)                /* a strip, not a film */                \
    X(NO_FINDING_DEFINED, 5, "no_finding_defined", false) /* the model names no finding */         \
    X(NOT_CHEST, 6, "not_chest", true)                    /* not a chest X-ray at all */           \
    X(LATERAL, 7, "lateral", true)                        /* seen from the side */                 \
    X(INVERTED, 8, "inverted", true)                      /* bone dark, air light: invert it */    \
    X(ROTATED, 9, "rotated", true)                        /* on a side, upside down: turn it */    \
    X(CROPPED, 10, "cropped", true)                       /* most of the lungs are not in it */    \
    X(ADULT, 11, "adult", true) /* of an adult; the model is for children */

typedef enum pleura_reason {
#define X(name, bit, text, refuses) PLEURA_REASON_##name = 1 << bit,
    PLEURA_REASONS(X)
#undef X
} pleura_reason;

const char *pleura_reason_name(pleura_reason reason);

typedef struct pleura_result pleura_result;

typedef struct pleura_classify_options {
    pleura_limits limits;
    bool has_threshold; /* use `threshold` in place of the model's */
    float threshold;    /* 0..1 */
    bool heatmap;       /* make one, if the model can */
    bool embedding;     /* keep what learn.h learns from */
} pleura_classify_options;

/* Time of each step, milliseconds, from the C library's clock. */
typedef struct pleura_times {
    double decode, preprocess, network, total;
} pleura_times;

/* The whole line: decodes, asks the gate, runs the network, decides. `options` may be NULL. */
pleura_code pleura_classify(pleura_model *model, const void *bytes, size_t size,
                            const pleura_classify_options *options, pleura_result **result,
                            pleura_error *error);

/* The same from a file. */
pleura_code pleura_classify_file(pleura_model *model, const char *path,
                                 const pleura_classify_options *options, pleura_result **result,
                                 pleura_error *error);

/* The same from an image that is decoded already. */
pleura_code pleura_classify_image(pleura_model *model, const pleura_image *image,
                                  const pleura_classify_options *options, pleura_result **result,
                                  pleura_error *error);

void pleura_result_free(pleura_result *result);

pleura_outcome pleura_result_outcome(const pleura_result *result);
unsigned pleura_result_reasons(const pleura_result *result); /* a sum of pleura_reason */
/* One sentence for one reason of this result, with its figures; NULL if it is not one of them. */
const char *pleura_result_reason_text(const pleura_result *result, pleura_reason reason);

/* Probabilities in the order of pleura_model_answer_name(), 0..1; count 0 where the gate refused. */
size_t pleura_result_probability_count(const pleura_result *result);
const float *pleura_result_probabilities(const pleura_result *result);
/*
 * How many framings of the film they come from: 1, the whole film; more where the model's file says so
 * (`pleura.framings`, docs/model-format.md) and the film's own answer is not clear: the network then runs
 * for the film cut down and in more black, too, and the mean of its outputs is what counts, for a film
 * that changes sides with its framing is no clear one. 0 where there are none. The gate is asked about
 * the whole film alone, since a part of a film is cropped by intent; heatmaps and embeddings are the
 * whole film's.
 */
size_t pleura_result_framings(const pleura_result *result);
/* The one that was used; NaN without a finding. */
float pleura_result_threshold(const pleura_result *result);
void pleura_result_times(const pleura_result *result, pleura_times *times);

/* ---- Where the evidence lies ------------------------------------------------------------------ */

/*
 * A class activation map (Zhou et al. 2016): exact, and a part of the run that gave the answer, for
 * a network that ends in an average over the image and a linear layer. Other networks have none.
 */
bool pleura_model_has_heatmap(const pleura_model *model);

/* Thirds of the film's height, halves of its width. Right is the patient's right, as films are hung:
 * the left half of a frontal film. */
#define PLEURA_ZONES(X)                                                                            \
    X(RIGHT_UPPER, "right_upper")                                                                  \
    X(RIGHT_MIDDLE, "right_middle")                                                                \
    X(RIGHT_LOWER, "right_lower")                                                                  \
    X(LEFT_UPPER, "left_upper")                                                                    \
    X(LEFT_MIDDLE, "left_middle")                                                                  \
    X(LEFT_LOWER, "left_lower")

typedef enum pleura_zone {
#define X(name, text) PLEURA_ZONE_##name,
    PLEURA_ZONES(X)
#undef X
        PLEURA_ZONE_COUNT
} pleura_zone;

const char *pleura_zone_name(pleura_zone zone);

/* A part of the film, in shares of its width and height. */
typedef struct pleura_region {
    float left, top, width, height;
} pleura_region;

typedef struct pleura_heatmap {
    size_t answer; /* what it is evidence for: the finding, or without one the likeliest label */
    uint32_t width, height;
    /* Rows from the top left. A place's value is what it adds to the answer's log-odds, none where
     * it speaks against it. 1 is the most of any place, but never less than what, all over the film,
     * would make log-odds of 4 (98 %): a film without evidence stays dark. */
    const float *values;
    /* What it covers: the whole film, its middle (fit `crop`), or more (`pad`). */
    pleura_region region;
    /* The share of the evidence in each; all 0 where there is none. */
    float zones[PLEURA_ZONE_COUNT];
    pleura_zone zone; /* the one with most of it */
} pleura_heatmap;

/* NULL where none was asked for, the model has none, or there are no probabilities. */
const pleura_heatmap *pleura_result_heatmap(const pleura_result *result);

/* ---- Evaluation: how well the answers agree with labels --------------------------------------- */

/*
 *     pleura_evaluation_create(model, NULL, &evaluation, &error);
 *     for each film: pleura_evaluation_add(evaluation, result, "viral_pneumonia", patient, ...);
 *     pleura_evaluation_compute(evaluation, &error);
 *     pleura_evaluation_json(evaluation, buffer, capacity);
 */
typedef struct pleura_evaluation pleura_evaluation;

typedef struct pleura_evaluation_options {
    unsigned draws;     /* bootstrap samples for the intervals; 0: 2,000 */
    double prevalence;  /* at which precision and calibration are told; 0: that of the films */
    bool has_threshold; /* use `threshold` in place of the model's */
    float threshold;
} pleura_evaluation_options;

/* `options` may be NULL. The model must name a finding and outlive the evaluation. */
pleura_code pleura_evaluation_create(const pleura_model *model,
                                     const pleura_evaluation_options *options,
                                     pleura_evaluation **evaluation, pleura_error *error);

/*
 * Adds one file: its result, or NULL where it failed. `labels` are words separated by ';'. One that
 * is a label of the model counts for everything, the finding's name alone for the finding only; a
 * file with neither counts for outcomes and reasons, not for accuracy. `patient`: films of one
 * patient are drawn together (NULL or "": a film by itself). `group`: rates are told for each group
 * too (NULL or "": none). Nothing that is given needs to live on.
 */
pleura_code pleura_evaluation_add(pleura_evaluation *evaluation, const pleura_result *result,
                                  const char *labels, const char *patient, const char *group,
                                  pleura_error *error);

/* Call once, after the last film. */
pleura_code pleura_evaluation_compute(pleura_evaluation *evaluation, pleura_error *error);

/* A figure and its 95 % interval (percentiles over draws of patients). NaN: not defined here. */
typedef struct pleura_figure {
    const char *name;
    double value, low, high;
} pleura_figure;

/* For index 0, 1, ...; NULL behind the last. */
const pleura_figure *pleura_evaluation_figure(const pleura_evaluation *evaluation, size_t index);

/* Everything, as one JSON object: schema "pleura.evaluation/1" (docs/evaluation.md). Length and
 * capacity as in pleura_report_json(). */
size_t pleura_evaluation_json(const pleura_evaluation *evaluation, char *buffer, size_t capacity);

void pleura_evaluation_free(pleura_evaluation *evaluation);

/* ---- Steps by themselves, for oracles and benchmarks ------------------------------------------ */

/*
 * The network's input for an image: channels x height x width floats (NCHW), resized (area average
 * when shrinking, bilinear when enlarging) and normalised as the model's metadata says. `tensor` has
 * room for `count` floats, which must be exactly that product.
 */
pleura_code pleura_preprocess(const pleura_model *model, const pleura_image *image, float *tensor,
                              size_t count, pleura_error *error);

/* Runs the network alone: `input` as above, `output` the label_count raw outputs (logits). */
pleura_code pleura_run(pleura_model *model, const float *input, size_t input_count, float *output,
                       size_t output_count, pleura_error *error);

/* The stored values of a DICOM file's first frame, before any lookup table: rows x columns x samples
 * of them, pixel by pixel, which `count` must be. */
pleura_code pleura_dicom_stored(const void *bytes, size_t size, const pleura_limits *limits,
                                int32_t *values, size_t count, pleura_error *error);

/* ---- Reports ---------------------------------------------------------------------------------- */

/*
 * One line of JSON for one file, without the line's end: schema "pleura.result/1"
 * (docs/result-schema.md). Give either `result` or, for a file that failed, `fault`; `model` may be
 * NULL with a fault. Writes at most `capacity` bytes with the NUL and returns the length that the
 * whole line has (as snprintf does), so a first call with capacity 0 measures it.
 */
size_t pleura_report_json(const pleura_model *model, const char *file, const pleura_result *result,
                          const pleura_error *fault, char *buffer, size_t capacity);

/* The same as a CSV row (RFC 4180, without the line's end); the header names the columns, which
 * depend on the model's answers. */
size_t pleura_report_csv_header(const pleura_model *model, char *buffer, size_t capacity);
size_t pleura_report_csv(const pleura_model *model, const char *file, const pleura_result *result,
                         const pleura_error *fault, char *buffer, size_t capacity);

/* ---- Results as DICOM ------------------------------------------------------------------------- */

/*
 * Two files for an archive: the answer as a Comprehensive SR document, and the heatmap over its film
 * as a Secondary Capture image. Both say that they are research results. They refer to the film and
 * stay in its study; nothing else of the film's file is taken over unless `identity` asks for it
 * (docs/dicom.md lists what is). UIDs follow from the content: the same film, model, options and
 * moment give the same files to the byte, anything else other UIDs.
 */
typedef struct pleura_export pleura_export;

typedef struct pleura_export_options {
    const char *when; /* the moment, YYYYMMDDhhmmss in local time: it stands in the files */
    bool identity;    /* copy what names the patient and the study, for an archive that needs it */
} pleura_export_options;

/* `bytes`: the film's file that `result` came from (any format that is read). */
pleura_code pleura_export_create(const pleura_model *model, const void *bytes, size_t size,
                                 const pleura_result *result, const pleura_export_options *options,
                                 pleura_export **made, pleura_error *error);

/* The files, *size bytes each, which live as long as the export. The heatmap is NULL where the result
 * has none. */
const void *pleura_export_report(const pleura_export *made, size_t *size);
const void *pleura_export_heatmap(const pleura_export *made, size_t *size);

/* Their SOP Instance UIDs. */
const char *pleura_export_report_uid(const pleura_export *made);
const char *pleura_export_heatmap_uid(const pleura_export *made); /* NULL: no heatmap */

void pleura_export_free(pleura_export *made);

#ifdef __cplusplus
}
#endif

#endif
