/* The walk over a PNG's chunks (W3C PNG, third edition, sections 5 and 11). */
#include "image.h"

#include "../error.h"

#define CHUNK(a, b, c, d)                                                                          \
    ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))

enum { GREY = 0, COLOUR = 2, PALETTE = 3, GREY_ALPHA = 4, COLOUR_ALPHA = 6 };

typedef struct walk {
    const unsigned char *bytes;
    size_t size;
    const pleura_limits *limits;
    pleura_container *found;
    pleura_error *error;
    unsigned colour;
    bool palette, image_data;
} walk;

typedef struct chunk {
    uint32_t type, length;
    const unsigned char *data; /* then the CRC; the type stands in the four bytes before */
    char name[5];
} chunk;

static uint32_t read32(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* CRC-32 (ISO 3309), four bits a step: a table of 16, quick enough for a check. */
static uint32_t crc32_of(const unsigned char *bytes, size_t count)
{
    static const uint32_t table[16] = {
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
        0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
        0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
    };
    uint32_t crc = 0xFFFFFFFF;
    for (size_t i = 0; i < count; i++) {
        crc ^= bytes[i];
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return ~crc;
}

static bool legal_depth(unsigned colour, unsigned bits)
{
    switch (colour) {
    case GREY:
        return bits == 1 || bits == 2 || bits == 4 || bits == 8 || bits == 16;
    case PALETTE:
        return bits == 1 || bits == 2 || bits == 4 || bits == 8;
    case COLOUR:
    case GREY_ALPHA:
    case COLOUR_ALPHA:
        return bits == 8 || bits == 16;
    default:
        return false;
    }
}

static pleura_code read_header(walk *w, const chunk *c)
{
    if (w->found->width)
        return pleura_fail(w->error, PLEURA_ERROR_CORRUPT, "PNG: it has a second header (IHDR).");
    if (c->length != 13)
        return pleura_fail(w->error, PLEURA_ERROR_CORRUPT,
                           "PNG: a header (IHDR) of %u bytes; it has 13.", (unsigned)c->length);
    const unsigned char *d = c->data;
    if (!legal_depth(d[9], d[8]))
        return pleura_fail(w->error, PLEURA_ERROR_CORRUPT,
                           "PNG: colour type %u with samples of %u bits is not defined.",
                           (unsigned)d[9], (unsigned)d[8]);
    if (d[10] || d[11] || d[12] > 1)
        return pleura_fail(w->error, PLEURA_ERROR_CORRUPT,
                           "PNG: compression %u, filter %u, interlace %u is not defined.",
                           (unsigned)d[10], (unsigned)d[11], (unsigned)d[12]);
    w->colour = d[9];
    *w->found = (pleura_container){
        .format = "PNG", .width = read32(d), .height = read32(d + 4), .bits = d[8]};
    return pleura_check_size("PNG", w->found->width, w->found->height, w->limits, w->error);
}

static pleura_code read_palette(walk *w, const chunk *c)
{
    if (!c->length || c->length % 3 || c->length > 768 || w->image_data)
        return pleura_fail(w->error, PLEURA_ERROR_CORRUPT, "PNG: a palette (PLTE) of %u bytes%s.",
                           (unsigned)c->length, w->image_data ? " after the image data" : "");
    w->palette = true;
    return PLEURA_OK;
}

static pleura_code read_data(walk *w, const chunk *c)
{
    if (w->colour == PALETTE && !w->palette)
        return pleura_fail(w->error, PLEURA_ERROR_CORRUPT,
                           "PNG: a paletted image without a palette (PLTE).");
    w->image_data |= c->length > 0;
    return PLEURA_OK;
}

static pleura_code read_chunk(walk *w, const chunk *c)
{
    bool critical = !(c->type & CHUNK(0x20, 0, 0, 0));
    /* Transparency and orientation are all of the others that change the picture. */
    bool exif = c->type == CHUNK('e', 'X', 'I', 'f');
    if ((critical || exif || c->type == CHUNK('t', 'R', 'N', 'S')) &&
        crc32_of(c->data - 4, (size_t)c->length + 4) != read32(c->data + c->length))
        return pleura_fail(w->error, PLEURA_ERROR_CORRUPT,
                           "PNG: the check sum (CRC) of the %s chunk at byte %zu is wrong.",
                           c->name, (size_t)(c->data - w->bytes) - 8);
    if (c->type == CHUNK('I', 'H', 'D', 'R'))
        return read_header(w, c);
    if (c->type == CHUNK('C', 'g', 'B', 'I'))
        return pleura_fail(w->error, PLEURA_ERROR_UNSUPPORTED_IMAGE,
                           "PNG: Apple's variant for apps (CgBI) is not read.");
    if (!w->found->width)
        return pleura_fail(w->error, PLEURA_ERROR_CORRUPT,
                           "PNG: the first chunk is %s, not the header (IHDR).", c->name);
    if (exif && !w->found->orientation)
        w->found->orientation = pleura_exif_orientation(c->data, c->length);
    if (c->type == CHUNK('P', 'L', 'T', 'E'))
        return read_palette(w, c);
    if (c->type == CHUNK('I', 'D', 'A', 'T'))
        return read_data(w, c);
    if (critical && c->type != CHUNK('I', 'E', 'N', 'D'))
        return pleura_fail(w->error, PLEURA_ERROR_UNSUPPORTED_IMAGE,
                           "PNG: the critical chunk %s is not known.", c->name);
    return PLEURA_OK;
}

static void name_chunk(chunk *c)
{
    for (int i = 0; i < 4; i++) {
        unsigned char letter = (unsigned char)(c->type >> (24 - 8 * i));
        bool printable = letter > 32 && letter < 127;
        c->name[i] = printable ? (char)letter : '?';
    }
    c->name[4] = '\0';
}

static pleura_code truncated(const walk *w, const char *what)
{
    return pleura_fail(w->error, PLEURA_ERROR_TRUNCATED,
                       "PNG: the file ends at byte %zu before the image does (%s).", w->size, what);
}

pleura_code pleura_png_check(const unsigned char *bytes, size_t size, const pleura_limits *limits,
                             pleura_container *found, pleura_error *error)
{
    walk w = {.bytes = bytes, .size = size, .limits = limits, .found = found, .error = error};
    for (size_t at = 8; size - at >= 12;) {
        chunk c = {
            .length = read32(bytes + at), .type = read32(bytes + at + 4), .data = bytes + at + 8};
        name_chunk(&c);
        if (c.length > 0x7FFFFFFF)
            return pleura_fail(error, PLEURA_ERROR_CORRUPT,
                               "PNG: the %s chunk at byte %zu has a length of %u.", c.name, at,
                               (unsigned)c.length);
        if (c.length > size - at - 12)
            return truncated(&w, "inside a chunk");
        pleura_code code = read_chunk(&w, &c);
        if (code != PLEURA_OK)
            return code;
        at += (size_t)c.length + 12;
        if (c.type == CHUNK('I', 'E', 'N', 'D'))
            return w.image_data ? PLEURA_OK
                                : pleura_fail(error, PLEURA_ERROR_CORRUPT,
                                              "PNG: it has no image data (IDAT).");
    }
    return truncated(&w, "no IEND chunk");
}
