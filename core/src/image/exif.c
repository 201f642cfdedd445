/* EXIF orientation: read from its block, and undone. */
#include "image.h"

#include "../error.h"
#include "../memory.h"

#include <string.h>

typedef struct block {
    const unsigned char *bytes;
    size_t size;
    bool big;
} block;

static bool read16(const block *b, size_t at, unsigned *value)
{
    if (at > b->size || b->size - at < 2)
        return false;
    const unsigned char *p = b->bytes + at;
    *value = b->big ? (unsigned)p[0] << 8 | p[1] : (unsigned)p[1] << 8 | p[0];
    return true;
}

static bool read32(const block *b, size_t at, size_t *value)
{
    unsigned first, second;
    if (at > SIZE_MAX - 2 || !read16(b, at, &first) || !read16(b, at + 2, &second))
        return false;
    *value = b->big ? (size_t)first << 16 | second : (size_t)second << 16 | first;
    return true;
}

/* A short of its own, in the first directory: tag, type, count, value. */
unsigned pleura_exif_orientation(const unsigned char *exif, size_t size)
{
    block b = {exif, size, size >= 4 && memcmp(exif, "MM\0*", 4) == 0};
    size_t at, count_of_values;
    unsigned count, tag, type, value;
    if (!b.big && !(size >= 4 && memcmp(exif, "II*\0", 4) == 0))
        return 0;
    if (!read32(&b, 4, &at) || !read16(&b, at, &count))
        return 0;
    for (at += 2; count--; at += 12)
        if (!read16(&b, at, &tag))
            return 0;
        else if (tag == 0x0112)
            return read16(&b, at + 2, &type) && type == 3 && read32(&b, at + 4, &count_of_values) &&
                           count_of_values == 1 && read16(&b, at + 8, &value) && value >= 1 &&
                           value <= 8
                       ? value
                       : 0;
    return 0;
}

/* Where the stored picture has the sample that belongs at (x, y) of the upright one. */
static size_t source_of(unsigned orientation, size_t x, size_t y, size_t width, size_t height)
{
    size_t right = width - 1, bottom = height - 1;
    switch (orientation) {
    case 2:
        return y * width + (right - x);
    case 3:
        return (bottom - y) * width + (right - x);
    case 4:
        return (bottom - y) * width + x;
    case 5:
        return x * width + y;
    case 6:
        return (bottom - x) * width + y;
    case 7:
        return (bottom - x) * width + (right - y);
    case 8:
        return x * width + (right - y);
    default:
        return y * width + x;
    }
}

pleura_code pleura_image_turn(pleura_image *image, unsigned orientation, pleura_error *error)
{
    if (orientation <= PLEURA_UPRIGHT)
        return PLEURA_OK;
    size_t width = image->info.width, height = image->info.height;
    size_t across = orientation >= 5 ? height : width, down = orientation >= 5 ? width : height;
    uint16_t *turned = pleura_alloc(width * height * sizeof *turned);
    if (!turned)
        return pleura_fail_memory(error, width * height * sizeof *turned, "the turned image");
    for (size_t y = 0; y < down; y++)
        for (size_t x = 0; x < across; x++)
            turned[y * across + x] = image->samples[source_of(orientation, x, y, width, height)];
    pleura_free(image->samples);
    image->samples = turned;
    image->info.width = (uint32_t)across;
    image->info.height = (uint32_t)down;
    return PLEURA_OK;
}
