#include "export.h"

#include "../error.h"
#include "../memory.h"
#include "../sha256.h"

#include <string.h>

#define EXPLICIT_LITTLE "1.2.840.10008.1.2.1"
#define IMPLEMENTATION "2.25.334322272974490102806206059022725110185"

typedef struct file {
    pleura_writer whole; /* with preamble and meta information */
    pleura_identifiers own;
} file;

struct pleura_export {
    file report, heatmap; /* size 0: there is no heatmap */
};

/* ---- Part 10 ---- */

static void write_meta(pleura_writer *w, const char *sop_class, const char *instance)
{
    static const unsigned char preamble[128];
    pleura_writer meta = {0};
    pleura_write_long(&meta, PLEURA_TAG(0x0002, 0x0001), "OB", "\0\1", 2);
    pleura_write_text(&meta, PLEURA_TAG(0x0002, 0x0002), "UI", sop_class);
    pleura_write_text(&meta, PLEURA_TAG(0x0002, 0x0003), "UI", instance);
    pleura_write_text(&meta, PLEURA_TAG(0x0002, 0x0010), "UI", EXPLICIT_LITTLE);
    pleura_write_text(&meta, PLEURA_TAG(0x0002, 0x0012), "UI", IMPLEMENTATION);
    pleura_write_text(&meta, PLEURA_TAG(0x0002, 0x0013), "SH", "PLEURA " PLEURA_VERSION);
    pleura_write_raw(w, preamble, sizeof preamble);
    pleura_write_raw(w, "DICM", 4);
    const unsigned char length[] = {(unsigned char)meta.size, (unsigned char)(meta.size >> 8), 0,
                                    0};
    pleura_write_value(w, PLEURA_TAG(0x0002, 0x0000), "UL", length, sizeof length);
    pleura_write_raw(w, meta.bytes, meta.size);
    w->failed |= meta.failed;
    pleura_free(meta.bytes);
}

/* ---- A file, with the UIDs that follow from its content ---- */

typedef void write_function(pleura_writer *, const pleura_export_job *, const pleura_identifiers *);

static pleura_code identify(const pleura_export_job *job, write_function *write,
                            pleura_identifiers *own, pleura_error *error)
{
    char hex[65], series[80] = "series of ";
    pleura_writer content = {0};
    const pleura_identifiers none = {"2.25.0", "2.25.0"};
    write(&content, job, &none);
    if (content.failed) {
        pleura_free(content.bytes);
        return pleura_fail_memory(error, content.size, "a DICOM file");
    }
    pleura_sha256_hex(content.bytes, content.size, hex);
    pleura_free(content.bytes);
    pleura_uid_from_sha256(hex, own->instance);
    memcpy(series + 10, hex, sizeof hex);
    pleura_sha256_hex(series, strlen(series), hex);
    pleura_uid_from_sha256(hex, own->series);
    return PLEURA_OK;
}

static pleura_code make(const pleura_export_job *job, const char *sop_class, write_function *write,
                        file *made, pleura_error *error)
{
    pleura_code code = identify(job, write, &made->own, error);
    if (code != PLEURA_OK)
        return code;
    write_meta(&made->whole, sop_class, made->own.instance);
    write(&made->whole, job, &made->own);
    return made->whole.failed ? pleura_fail_memory(error, made->whole.size, "a DICOM file")
                              : PLEURA_OK;
}

/* ---- The two files ---- */

static pleura_code make_heatmap(const void *bytes, size_t size, pleura_export_job *job, file *made,
                                pleura_error *error)
{
    const pleura_heatmap *map = pleura_result_heatmap(job->result);
    pleura_picture picture = {0};
    pleura_image *film;
    if (!map)
        return PLEURA_OK;
    pleura_code code = pleura_image_decode(bytes, size, NULL, &film, error);
    if (code == PLEURA_OK)
        code =
            pleura_picture_make(film, pleura_source_shows_film(job->source), map, &picture, error);
    pleura_image_free(film);
    job->picture = &picture;
    if (code == PLEURA_OK)
        code = make(job, PLEURA_SECONDARY_CAPTURE, pleura_write_capture, made, error);
    pleura_free(picture.rgb);
    job->picture = NULL;
    job->heatmap = &made->own;
    return code;
}

/* Digits that are a date and a time of day. */
static bool is_moment(const char *when)
{
    if (strlen(when) != 14 || strspn(when, "0123456789") != 14)
        return false;
    int pairs[7];
    for (int i = 0; i < 7; i++)
        pairs[i] = 10 * (when[2 * i] - '0') + when[2 * i + 1] - '0';
    return pairs[2] >= 1 && pairs[2] <= 12 && pairs[3] >= 1 && pairs[3] <= 31 && pairs[4] < 24 &&
           pairs[5] < 60 && pairs[6] < 60;
}

static pleura_code check(const pleura_model *model, const void *bytes, const pleura_result *result,
                         const pleura_export_options *options, pleura_error *error)
{
    if (!model || !bytes || !result || !options || !options->when)
        return pleura_fail(error, PLEURA_ERROR_ARGUMENT,
                           "pleura_export_create: `model`, `bytes`, `result` or `when` is NULL.");
    if (!is_moment(options->when))
        return pleura_fail(error, PLEURA_ERROR_ARGUMENT,
                           "The moment of an export is 14 digits, YYYYMMDDhhmmss; not '%.20s'.",
                           options->when);
    return PLEURA_OK;
}

pleura_code pleura_export_create(const pleura_model *model, const void *bytes, size_t size,
                                 const pleura_result *result, const pleura_export_options *options,
                                 pleura_export **made, pleura_error *error)
{
    if (!made)
        return pleura_fail(error, PLEURA_ERROR_ARGUMENT, "pleura_export_create: `made` is NULL.");
    *made = NULL;
    pleura_code code = check(model, bytes, result, options, error);
    if (code != PLEURA_OK)
        return code;
    char date[9] = "", time[7] = "";
    memcpy(date, options->when, 8);
    memcpy(time, options->when + 8, 6);
    pleura_source source;
    pleura_export *fresh = pleura_alloc_zero(1, sizeof *fresh);
    if (!fresh)
        return pleura_fail_memory(error, sizeof *fresh, "the export");
    code = pleura_source_open(bytes, size, options->identity, &source, error);
    pleura_export_job job = {
        .model = model, .result = result, .source = &source, .date = date, .time = time};
    if (code == PLEURA_OK)
        code = make_heatmap(bytes, size, &job, &fresh->heatmap, error);
    if (code == PLEURA_OK)
        code = make(&job, PLEURA_COMPREHENSIVE_SR, pleura_write_report, &fresh->report, error);
    pleura_source_close(&source);
    if (code == PLEURA_OK)
        *made = fresh;
    else
        pleura_export_free(fresh);
    return code;
}

static const void *content(const file *f, size_t *size)
{
    *size = f->whole.size;
    return f->whole.bytes;
}

const void *pleura_export_report(const pleura_export *export, size_t *size)
{
    return content(&export->report, size);
}

const void *pleura_export_heatmap(const pleura_export *export, size_t *size)
{
    return content(&export->heatmap, size);
}

const char *pleura_export_report_uid(const pleura_export *export)
{
    return export->report.own.instance;
}

const char *pleura_export_heatmap_uid(const pleura_export *export)
{
    return export->heatmap.own.instance[0] ? export->heatmap.own.instance : NULL;
}

void pleura_export_free(pleura_export *export)
{
    if (export) {
        pleura_free(export->report.whole.bytes);
        pleura_free(export->heatmap.whole.bytes);
    }
    pleura_free(export);
}
