#include "jpeg_2000_header.h"

#include "../error.h"

#include <string.h>

/* Markers (ITU-T T.800, annex A). */
enum { COD = 0xFF52, COC = 0xFF53, SOT = 0xFF90, SOD = 0xFF93, EOC = 0xFFD9 };

typedef struct stream {
    const unsigned char *bytes;
    size_t size;
    const pleura_codec_job *job;
    uint32_t tile_width, tile_height; /* of its largest tile */
    /* The most that markers so far have asked for, in whatever order. */
    uint32_t layers;
    uint64_t places; /* precincts of the resolution with most of them, times resolutions */
    pleura_error *error;
} stream;

static uint32_t read16(const unsigned char *p)
{
    return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t read32(const unsigned char *p)
{
    return read16(p) << 16 | read16(p + 2);
}

/* ---- The size ---- */

static pleura_code check_size(stream *s)
{
    const pleura_codec_job *job = s->job;
    const unsigned char *p = s->bytes;
    if (s->size < 49 || memcmp(p, "\xFF\x4F\xFF\x51", 4) != 0)
        return pleura_fail(s->error, PLEURA_ERROR_CORRUPT,
                           "DICOM: the JPEG 2000 data does not begin with its size.");
    uint32_t right = read32(p + 8), bottom = read32(p + 12), left = read32(p + 16);
    uint32_t top = read32(p + 20), tile_width = read32(p + 24), tile_height = read32(p + 28);
    if (right < left || bottom < top || right - left != job->width || bottom - top != job->height)
        return pleura_fail(s->error, PLEURA_ERROR_CORRUPT,
                           "DICOM: %u x %u pixels, and a JPEG 2000 image of %u x %u.",
                           (unsigned)job->width, (unsigned)job->height, (unsigned)(right - left),
                           (unsigned)(bottom - top));
    uint64_t across = tile_width ? job->width / tile_width + 2 : PLEURA_J2K_MAX_TILES + 1;
    uint64_t down = tile_height ? job->height / tile_height + 2 : PLEURA_J2K_MAX_TILES + 1;
    if (across * down > PLEURA_J2K_MAX_TILES)
        return pleura_fail(
            s->error, PLEURA_ERROR_TOO_LARGE,
            "DICOM: a JPEG 2000 image in tiles of %u x %u; at most %d tiles are read.",
            (unsigned)tile_width, (unsigned)tile_height, PLEURA_J2K_MAX_TILES);
    s->tile_width = tile_width < job->width ? tile_width : job->width;
    s->tile_height = tile_height < job->height ? tile_height : job->height;
    return PLEURA_OK;
}

/* ---- How a tile is cut up ---- */

/* In parts of 2^exponent that begin anywhere: one more than there must be. */
static uint64_t parts(uint32_t side, unsigned exponent)
{
    return (((uint64_t)side + ((uint64_t)1 << exponent) - 1) >> exponent) + 1;
}

static uint32_t halved(uint32_t side, unsigned times)
{
    return (uint32_t)(((uint64_t)side + ((uint64_t)1 << times) - 1) >> times);
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static pleura_code too_many(const stream *s, const char *what, uint64_t count, int most)
{
    return pleura_fail(s->error, PLEURA_ERROR_TOO_LARGE,
                       "DICOM: a JPEG 2000 tile of %llu %s; at most %d are read.",
                       (unsigned long long)count, what, most);
}

/* `style`: whether precincts have sizes, and the decomposition: levels, the exponents of a block's
 * sides less 2, two bytes, and a precinct's exponents for each resolution. */
static pleura_code check_style(stream *s, bool sized, const unsigned char *style, size_t size)
{
    if (size < 5 || style[0] > 32 || style[1] > 8 || style[2] > 8 ||
        (sized && size < 6 + (size_t)style[0]))
        return pleura_fail(s->error, PLEURA_ERROR_CORRUPT,
                           "DICOM: the JPEG 2000 data has a coding style that is damaged.");
    uint64_t precincts = 0, blocks = 0, most = 1;
    for (unsigned r = 0; r <= style[0]; r++) {
        unsigned px = sized ? style[5 + r] & 15 : 15, py = sized ? style[5 + r] >> 4 : 15;
        uint32_t width = halved(s->tile_width, style[0] - r);
        uint32_t height = halved(s->tile_height, style[0] - r);
        uint64_t here = parts(width, px) * parts(height, py);
        unsigned half = r > 0; /* three bands of half the size, but for the lowest resolution */
        uint64_t across =
            parts(halved(width, half), least(style[1] + 2u, px > half ? px - half : 0));
        uint64_t down =
            parts(halved(height, half), least(style[2] + 2u, py > half ? py - half : 0));
        precincts += here;
        blocks += (half ? 3 : 1) * across * down;
        most = here > most ? here : most;
    }
    precincts *= s->job->components;
    blocks *= s->job->components;
    most *= style[0] + 1u;
    s->places = most > s->places ? most : s->places;
    uint64_t packets = s->places * s->job->components * (s->layers + 1);
    if (precincts > PLEURA_J2K_MAX_PRECINCTS)
        return too_many(s, "precincts", precincts, PLEURA_J2K_MAX_PRECINCTS);
    if (blocks > PLEURA_J2K_MAX_BLOCKS)
        return too_many(s, "code-blocks", blocks, PLEURA_J2K_MAX_BLOCKS);
    if (packets > PLEURA_J2K_MAX_PACKETS)
        return too_many(s, "packets", packets, PLEURA_J2K_MAX_PACKETS);
    return PLEURA_OK;
}

static pleura_code check_segment(stream *s, uint32_t marker, const unsigned char *p, size_t size)
{
    if (marker == COD && size >= 5) {
        uint32_t layers = read16(p + 2);
        s->layers = layers > s->layers ? layers : s->layers;
        return check_style(s, p[0] & 1, p + 5, size - 5);
    }
    /* Images of more than 256 components, whose numbers take two bytes, are not read. */
    if (marker == COC && size >= 2)
        return check_style(s, p[1] & 1, p + 2, size - 2);
    return PLEURA_OK;
}

/* ---- The walk: the main header, and each tile-part's ---- */

/* Whether OpenJPEG takes it for the head of a segment; behind others it goes on word by word. */
static bool begins_segment(uint32_t marker)
{
    static const unsigned char known[] = {0x50, 0x51, 0x52, 0x53, 0x55, 0x57, 0x58, 0x59,
                                          0x5C, 0x5D, 0x5E, 0x5F, 0x60, 0x61, 0x63, 0x64,
                                          0x74, 0x75, 0x77, 0x78, 0x90, 0x91};
    return marker >> 8 == 0xFF && memchr(known, (int)(marker & 0xFF), sizeof known) != NULL;
}

static pleura_code walk(stream *s)
{
    pleura_code code = PLEURA_OK;
    size_t at = 2, end = 0; /* of the tile-part that `at` is in */
    while (code == PLEURA_OK && s->size - at >= 4) {
        uint32_t marker = read16(s->bytes + at);
        size_t length = read16(s->bytes + at + 2);
        if (marker == SOD) {
            if (!end)
                return PLEURA_OK;             /* to the end of the data */
            at = end > at + 2 ? end : at + 2; /* a header may reach over its tile-part's end */
            continue;
        }
        if (marker != EOC && !begins_segment(marker)) {
            at += 2;
            continue;
        }
        if (marker == EOC || length < 2 || length > s->size - at - 2)
            return PLEURA_OK; /* what is wrong with it OpenJPEG says */
        if (marker == SOT && length >= 10) {
            uint32_t whole = read32(s->bytes + at + 6);
            end = whole && whole <= s->size - at ? at + whole : 0;
            if (end && end < at + 2 + length)
                return PLEURA_OK;
        }
        code = check_segment(s, marker, s->bytes + at + 4, length - 2);
        at += 2 + length;
    }
    return code;
}

/* In boxes (annex I) the codestream is one of them. */
static bool find_codestream(stream *s)
{
    if (s->size < 8 || memcmp(s->bytes + 4, "jP  ", 4) != 0)
        return true;
    while (s->size >= 8) {
        uint64_t length = read32(s->bytes);
        size_t head = 8;
        if (length == 1 && s->size >= 16) {
            length = (uint64_t)read32(s->bytes + 8) << 32 | read32(s->bytes + 12);
            head = 16;
        }
        if (length == 0)
            length = s->size; /* to the end */
        if (length < head || length > s->size)
            return false;
        if (memcmp(s->bytes + 4, "jp2c", 4) == 0) {
            s->bytes += head;
            s->size = (size_t)length - head;
            return true;
        }
        s->bytes += length;
        s->size -= (size_t)length;
    }
    return false;
}

pleura_code pleura_j2k_check(const pleura_codec_job *job, pleura_error *error)
{
    stream s = {.bytes = job->bytes, .size = job->size, .job = job, .error = error};
    if (!find_codestream(&s))
        return pleura_fail(error, PLEURA_ERROR_CORRUPT,
                           "DICOM: the JPEG 2000 data has no codestream in its boxes.");
    pleura_code code = check_size(&s);
    return code == PLEURA_OK ? walk(&s) : code;
}
