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

static bool begins_jpeg(const unsigned char *bytes, size_t size)
{
    return size >= 3 && memcmp(bytes, "\xFF\xD8\xFF", 3) == 0;
}

static bool begins_jpeg_2000(const unsigned char *bytes, size_t size)
{
    return (size >= 3 && memcmp(bytes, "\xFF\x4F\xFF", 3) == 0) ||
           (size >= 8 && memcmp(bytes, "\0\0\0\x0CjP  ", 8) == 0);
}

static bool begins_frame(const fragment *f)
{
    return begins_jpeg(f->bytes, f->size) || begins_jpeg_2000(f->bytes, f->size);
}

/* Of a JPEG, whether it is one of JPEG-LS: its frame header says so. */
static bool is_jpeg_ls(const unsigned char *bytes, size_t size)
{
    for (size_t at = 2; at + 4 <= size && bytes[at] == 0xFF;) {
        unsigned marker = bytes[at + 1];
        if (marker == 0xF7 || (marker >= 0xC0 && marker <= 0xC3))
            return marker == 0xF7;
        at += marker == 0xFF ? 1 : 2 + ((size_t)bytes[at + 2] << 8 | bytes[at + 3]);
    }
    return false;
}

/* A header of RLE (PS3.5, G.5): a count, the first offset, which is known, and others up to it. */
static bool is_rle(const unsigned char *bytes, size_t size)
{
    if (size < 64)
        return false;
    uint32_t count = pleura_read32(bytes, false);
    if (!count || count > 15 || pleura_read32(bytes + 4, false) != 64)
        return false;
    for (size_t at = 4 + 4 * count; at < 64; at++)
        if (bytes[at])
            return false;
    return true;
}

pleura_dicom_compression pleura_dicom_look_inside(const unsigned char *bytes, size_t size,
                                                  pleura_dicom_compression said)
{
    if (said == PLEURA_COMPRESSION_CAPSULE || said == PLEURA_COMPRESSION_DEFLATE)
        return said;
    if (begins_jpeg_2000(bytes, size))
        return PLEURA_COMPRESSION_JPEG_2000;
    if (begins_jpeg(bytes, size))
        return is_jpeg_ls(bytes, size) ? PLEURA_COMPRESSION_JPEG_LS : PLEURA_COMPRESSION_JPEG;
    return is_rle(bytes, size) ? PLEURA_COMPRESSION_RLE : said;
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
static rule choose_rule(const reader *r, const fragment *table, uint32_t frames)
{
    rule chosen = {.end = SIZE_MAX};
    fragment f;
    pleura_code code = PLEURA_OK;
    reader ahead = *r;
    if (frames <= 1)
        return chosen;
    bool marked = next(&ahead, &f, &code) && begins_frame(&f);
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

pleura_code pleura_dicom_gather(const pleura_dicom_attributes *a, const unsigned char **bytes,
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
    /* Some files lack the table, which may be empty, but must be there. */
    if (begins_frame(&table)) {
        r.at = 0;
        table.size = 0;
    }
    r.start = r.at;
    rule chosen = choose_rule(&r, &table, a->frames);
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
