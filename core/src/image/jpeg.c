/* The walk over a JPEG's segments (ITU-T T.81, annex B). */
#include "image.h"

#include "../error.h"
#include "jpeg_scan.h"

#include <string.h>

/*
 * A progressive file may hold any number of scans, each of which costs a pass over the image: 10 or
 * so are usual. Without a limit a file of some kilobytes keeps a decoder busy for minutes. A
 * baseline file has each component in one scan, hence no more scans than components.
 */
#define MAX_SCANS PLEURA_JPEG_MAX_SCANS

typedef struct walk {
    const unsigned char *bytes;
    size_t size, at;
    const pleura_limits *limits;
    pleura_container *found;
    pleura_error *error;
    unsigned max_scans;
    bool in_scan;
    pleura_jpeg_scans whole;
} walk;

static size_t read16(const unsigned char *bytes)
{
    return (size_t)bytes[0] << 8 | bytes[1];
}

static pleura_code truncated(const walk *w)
{
    return pleura_fail(w->error, PLEURA_ERROR_TRUNCATED,
                       "JPEG: the file ends at byte %zu before the image does (no end-of-image "
                       "marker).",
                       w->size);
}

/* Moves past the next marker, over whatever stands before it, as every decoder does. */
static bool next_marker(walk *w, unsigned *marker)
{
    const unsigned char *end = w->bytes + w->size, *p = w->bytes + w->at;
    while (p < end && (p = memchr(p, 0xFF, (size_t)(end - p))) != NULL) {
        while (p < end && *p == 0xFF)
            p++;
        if (p < end && *p != 0) {
            *marker = *p;
            w->at = (size_t)(p + 1 - w->bytes);
            return true;
        }
    }
    return false;
}

static const char *unsupported_frame(unsigned marker)
{
    switch (marker) {
    case 0xC3:
        return "lossless";
    case 0xC5:
    case 0xC6:
    case 0xC7:
    case 0xDE: /* DHP */
        return "hierarchical";
    case 0xC9:
    case 0xCA:
    case 0xCB:
    case 0xCC: /* DAC */
    case 0xCD:
    case 0xCE:
    case 0xCF:
        return "arithmetic-coded";
    case 0xF7: /* the frame of ITU-T T.87 */
        return "JPEG-LS";
    default:
        return NULL;
    }
}

static pleura_code read_frame(walk *w, bool progressive, const unsigned char *frame, size_t length)
{
    if (length < 6 || length < 6 + 3 * (size_t)frame[5])
        return pleura_fail(w->error, PLEURA_ERROR_CORRUPT,
                           "JPEG: a frame header of %zu bytes is too short.", length);
    if (w->found->width)
        return pleura_fail(w->error, PLEURA_ERROR_CORRUPT, "JPEG: it has a second frame header.");
    uint32_t height = (uint32_t)read16(frame + 1), width = (uint32_t)read16(frame + 3);
    unsigned bits = frame[0], components = frame[5];
    if (bits != 8)
        return pleura_fail(w->error, PLEURA_ERROR_UNSUPPORTED_IMAGE,
                           "JPEG: samples of %u bits; 8 bits are read.", bits);
    if (components != 1 && components != 3)
        return pleura_fail(w->error, PLEURA_ERROR_UNSUPPORTED_IMAGE,
                           "JPEG: %u components%s; 1 (grey) or 3 (colour) are read.", components,
                           components == 4 ? " (CMYK or YCCK)" : "");
    if (!height && width)
        return pleura_fail(w->error, PLEURA_ERROR_UNSUPPORTED_IMAGE,
                           "JPEG: the height is given only after the first scan (DNL), which is "
                           "not read.");
    w->max_scans = progressive ? MAX_SCANS : components;
    w->found->format = "JPEG";
    w->found->width = width;
    w->found->height = height;
    w->found->bits = 8;
    pleura_code code = pleura_check_size("JPEG", width, height, w->limits, w->error);
    return code == PLEURA_OK
               ? pleura_jpeg_scans_frame(&w->whole, progressive, frame, length, w->error)
               : code;
}

static pleura_code begin_scan(walk *w, const unsigned char *data, size_t length)
{
    if (!w->found->width)
        return pleura_fail(w->error, PLEURA_ERROR_CORRUPT,
                           "JPEG: image data before any frame header.");
    if (w->found->scans == w->max_scans)
        return pleura_fail(w->error, PLEURA_ERROR_UNSUPPORTED_IMAGE,
                           "JPEG: more than %u scans, the most that is read of its kind.",
                           w->max_scans);
    w->in_scan = true;
    return pleura_jpeg_scans_begin(&w->whole, data, length, w->at, w->error);
}

/* At any marker but those inside scans. */
static pleura_code end_scan(walk *w)
{
    if (!w->in_scan)
        return PLEURA_OK;
    w->in_scan = false;
    w->found->scan_ends[w->found->scans++] = w->at - 2;
    return pleura_jpeg_scans_end(&w->whole, w->bytes, w->at - 2, w->error);
}

/* The first EXIF block; there may be other data in APP1. */
static void read_app1(walk *w, const unsigned char *data, size_t length)
{
    if (!w->found->orientation && length > 6 && memcmp(data, "Exif\0\0", 6) == 0)
        w->found->orientation = pleura_exif_orientation(data + 6, length - 6);
}

static pleura_code read_segment(walk *w, unsigned marker)
{
    const char *kind = unsupported_frame(marker);
    if (kind)
        return pleura_fail(w->error, PLEURA_ERROR_UNSUPPORTED_IMAGE,
                           "JPEG: this is a %s one; baseline and progressive are read.", kind);
    if (w->size - w->at < 2)
        return truncated(w);
    size_t length = read16(w->bytes + w->at);
    if (length < 2)
        return pleura_fail(w->error, PLEURA_ERROR_CORRUPT,
                           "JPEG: the segment at byte %zu has a length of %zu.", w->at - 2, length);
    if (length > w->size - w->at)
        return truncated(w);
    const unsigned char *data = w->bytes + w->at + 2;
    w->at += length;
    if (marker >= 0xC0 && marker <= 0xC2)
        return read_frame(w, marker == 0xC2, data, length - 2);
    if (marker == 0xC4)
        return pleura_jpeg_scans_tables(&w->whole, data, length - 2, w->error);
    if (marker == 0xDD)
        pleura_jpeg_scans_interval(&w->whole, data, length - 2);
    if (marker == 0xE1)
        read_app1(w, data, length - 2);
    return marker == 0xDA ? begin_scan(w, data, length - 2) : PLEURA_OK;
}

/* Markers that stand alone: TEM and the restart markers inside a scan. */
static bool stands_alone(unsigned marker)
{
    return marker == 0x01 || (marker >= 0xD0 && marker <= 0xD7);
}

/*
 * Each block of 8 x 8 samples takes one bit at least, and of the blocks that the size asks for an
 * image has a quarter at least, whatever its subsampling. stb_image reads zeros past the end of the
 * data, so that without this some hundred bytes could ask for seconds of work.
 */
static pleura_code finish(const walk *w)
{
    if (!w->found->scans)
        return pleura_fail(w->error, PLEURA_ERROR_CORRUPT,
                           "JPEG: it ends at byte %zu without any image data.", w->at);
    uint64_t across = (w->found->width + 7) / 8, down = (w->found->height + 7) / 8;
    if (across * down / 4 > (uint64_t)w->size * 8)
        return pleura_fail(w->error, PLEURA_ERROR_TRUNCATED,
                           "JPEG: %zu bytes cannot hold %u x %u pixels.", w->size,
                           (unsigned)w->found->width, (unsigned)w->found->height);
    if (!pleura_jpeg_scans_all(&w->whole))
        return pleura_fail(w->error, PLEURA_ERROR_TRUNCATED,
                           "JPEG: it ends at byte %zu without all of its scans.", w->at);
    return PLEURA_OK;
}

pleura_code pleura_jpeg_probe(const unsigned char *bytes, size_t size, pleura_jpeg_kind *kind,
                              pleura_error *error)
{
    walk w = {.bytes = bytes, .size = size, .at = 2, .error = error};
    unsigned marker;
    if (size < 4 || bytes[0] != 0xFF || bytes[1] != 0xD8)
        return pleura_fail(error, PLEURA_ERROR_CORRUPT,
                           "JPEG: the data does not begin with a start-of-image marker.");
    while (next_marker(&w, &marker)) {
        if (stands_alone(marker))
            continue;
        size_t length = size - w.at < 2 ? 0 : read16(bytes + w.at);
        if (length < 2 || length > size - w.at)
            return truncated(&w);
        /* DHT, JPG and DAC stand among the frame headers' numbers. */
        bool frame = marker >= 0xC0 && marker <= 0xCF && marker % 4 != 0;
        if ((frame || marker == 0xC0) && length >= 8) {
            *kind = (pleura_jpeg_kind){
                .dct = marker <= 0xC2, .bits = bytes[w.at + 2], .components = bytes[w.at + 7]};
            return PLEURA_OK;
        }
        w.at += length;
    }
    return truncated(&w);
}

static pleura_code walk_all(walk *w)
{
    unsigned marker;
    pleura_code code = PLEURA_OK;
    while (code == PLEURA_OK && next_marker(w, &marker)) {
        if (stands_alone(marker)) {
            if (w->in_scan && marker != 0x01)
                code =
                    pleura_jpeg_scans_restart(&w->whole, w->bytes, w->at - 2, marker & 7, w->error);
            continue;
        }
        code = end_scan(w);
        if (code != PLEURA_OK)
            return code;
        if (marker == 0xD8)
            return pleura_fail(w->error, PLEURA_ERROR_CORRUPT,
                               "JPEG: a second image starts at byte %zu, inside the first.",
                               w->at - 2);
        if (marker == 0xD9)
            return finish(w);
        code = read_segment(w, marker);
    }
    return code == PLEURA_OK ? truncated(w) : code;
}

pleura_code pleura_jpeg_check(const unsigned char *bytes, size_t size, const pleura_limits *limits,
                              pleura_container *found, pleura_error *error)
{
    walk w = {
        .bytes = bytes, .size = size, .at = 2, .limits = limits, .found = found, .error = error};
    pleura_code code = walk_all(&w);
    pleura_jpeg_scans_free(&w.whole);
    return code;
}
