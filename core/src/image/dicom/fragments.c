/* Encapsulated pixel data: the fragments of the first frame (PS3.5, annex A.4). */
#include "frame.h"

#include "../../error.h"
#include "../../memory.h"

#include <string.h>

#define ITEM PLEURA_TAG(0xFFFE, 0xE000)

typedef struct fragment {
    const unsigned char *bytes;
    size_t size, offset; /* from the first fragment's item */
} fragment;

typedef struct reader {
    const unsigned char *bytes;
    size_t size, at, start;
    pleura_error *error;
} reader;

/* The next item: false at the end, or with a code in *code where it is cut short. */
static bool next(reader *r, fragment *f, pleura_code *code)
{
    pleura_dicom_element e;
    if (!pleura_dicom_read_header(r->bytes, r->size, r->at, (pleura_dicom_encoding){0}, &e) ||
        e.tag != ITEM)
        return false;
    size_t begin = (size_t)(e.value - r->bytes);
    if (e.length > r->size - begin) {
        *code = pleura_fail(r->error, PLEURA_ERROR_TRUNCATED,
                            "DICOM: a fragment of PixelData has %zu bytes, of which %zu are there.",
                            e.length, r->size - begin);
        return false;
    }
    *f = (fragment){.bytes = e.value, .size = e.length, .offset = r->at - r->start};
    r->at = begin + e.length;
    return true;
}

/* Whether a fragment begins a frame: a JPEG's or JPEG 2000's first marker. */
static bool begins_frame(const fragment *f)
{
    return f->size >= 3 && f->bytes[0] == 0xFF &&
           ((f->bytes[1] == 0xD8 && f->bytes[2] == 0xFF) ||
            (f->bytes[1] == 0x4F && f->bytes[2] == 0xFF));
}

typedef struct rule {
    bool only_first, stop_at_begin;
    size_t end; /* offset of the second frame; SIZE_MAX: not said */
} rule;

static size_t count_items(reader r)
{
    fragment f;
    pleura_code code = PLEURA_OK;
    size_t count = 0;
    pleura_error ignored = {0};
    r.error = &ignored;
    while (next(&r, &f, &code))
        count++;
    return count;
}

/* Where the first frame ends: by the offset table, else by what such files usually do. */
static rule choose_rule(const reader *r, const fragment *table, uint32_t frames, bool marked)
{
    rule chosen = {.end = SIZE_MAX};
    if (frames <= 1)
        return chosen;
    if (table->size >= 8) {
        chosen.end = pleura_read32(table->bytes + 4, false);
        return chosen;
    }
    chosen.only_first = !marked || count_items(*r) == frames;
    chosen.stop_at_begin = !chosen.only_first;
    return chosen;
}

static bool belongs(const rule *chosen, const fragment *f, size_t number)
{
    if (!number)
        return true;
    return !chosen->only_first && f->offset < chosen->end &&
           !(chosen->stop_at_begin && begins_frame(f));
}

/* Measures with `to` NULL, then copies. */
static pleura_code take(reader r, const rule *chosen, unsigned char *to, size_t *size,
                        size_t *count, const unsigned char **first)
{
    fragment f;
    pleura_code code = PLEURA_OK;
    for (*size = 0, *count = 0; next(&r, &f, &code) && belongs(chosen, &f, *count); ++*count) {
        if (!*count)
            *first = f.bytes;
        if (to && f.size)
            memcpy(to + *size, f.bytes, f.size);
        *size += f.size;
    }
    return code;
}

pleura_code pleura_dicom_gather(const pleura_dicom_attributes *a,
                                pleura_dicom_compression compression, const unsigned char **bytes,
                                size_t *size, unsigned char **owned, pleura_error *error)
{
    reader r = {.bytes = a->pixels.value, .size = a->pixels.length, .error = error};
    fragment table;
    pleura_code code = PLEURA_OK;
    size_t count = 0;
    *owned = NULL;
    if (!next(&r, &table, &code))
        return code != PLEURA_OK ? code
                                 : pleura_fail(error, PLEURA_ERROR_CORRUPT,
                                               "DICOM: compressed PixelData that begins with no "
                                               "item.");
    r.start = r.at;
    bool marked = compression >= PLEURA_COMPRESSION_JPEG;
    rule chosen = choose_rule(&r, &table, a->frames, marked);
    code = take(r, &chosen, NULL, size, &count, bytes);
    if (code != PLEURA_OK)
        return code;
    if (!*size)
        return pleura_fail(error, PLEURA_ERROR_TRUNCATED,
                           "DICOM: compressed PixelData holds no data.");
    if (count == 1)
        return PLEURA_OK;
    *owned = pleura_alloc(*size);
    if (!*owned)
        return pleura_fail_memory(error, *size, "the compressed frame");
    take(r, &chosen, *owned, size, &count, bytes);
    *bytes = *owned;
    return PLEURA_OK;
}
