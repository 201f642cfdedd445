/* The one file that knows stb_image. */
#include "image.h"

#include "../error.h"
#include "../memory.h"

#include <limits.h>
#include <string.h>

/*
 * New blocks are zeroed: where a damaged JPEG leaves samples undecoded, stb_image would hand out what
 * was in memory before, and the same file would not give the same answer twice.
 *
 * Every block of stb's carries how far it may grow. stb_image inflates PNG data without an upper
 * limit: some kilobytes that claim one pixel could unpack to gigabytes. Its first guess at the size
 * comes from the header, so some times that (interlaced rows are padded) is more than any honest
 * file needs. Blocks that begin as NULL gather the compressed bytes and are bounded by the file.
 */
typedef struct block {
    _Alignas(16) size_t limit;
} block;

#define MAX_INFLATION 4

/* stb_image does not always say that memory was what it lacked, nor knows why it got none. */
static _Thread_local bool out_of_memory, beyond_limit;

static void *sized(block *old, size_t size, size_t limit)
{
    if (size > limit || size > SIZE_MAX - sizeof(block)) {
        beyond_limit = true;
        return NULL;
    }
    block *made =
        old ? pleura_realloc(old, size + sizeof *made) : pleura_alloc_zero(1, size + sizeof *made);
    if (!made) {
        out_of_memory = true;
        return NULL;
    }
    made->limit = limit;
    return made + 1;
}

static void *stb_alloc(size_t size)
{
    return size < SIZE_MAX / 8 ? sized(NULL, size, MAX_INFLATION * size + 65536) : NULL;
}

static void *stb_grow(void *pointer, size_t size)
{
    block *old = pointer ? (block *)pointer - 1 : NULL;
    return sized(old, size, old ? old->limit : SIZE_MAX);
}

static void stb_free(void *pointer)
{
    if (pointer)
        pleura_free((block *)pointer - 1);
}

#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wcast-qual"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#endif
/*
 * Chroma of half the width to its whole: three parts of the near sample, one of the next. stb_image has these the
 * wrong way round in the last column but one. A macro with parameters renames its function where that is defined, and not
 * where it is chosen.
 */
static unsigned char *stbi__resample_row_h_2(unsigned char *out, unsigned char *near_row,
                                             unsigned char *far_row, int width, int times)
{
    (void)far_row;
    (void)times;
    for (int i = 0; i < width; i++) {
        int three = 3 * near_row[i] + 2;
        out[2 * i] = i ? (unsigned char)((three + near_row[i - 1]) >> 2) : near_row[0];
        out[2 * i + 1] =
            i + 1 < width ? (unsigned char)((three + near_row[i + 1]) >> 2) : near_row[i];
    }
    return out;
}
#define stbi__resample_row_h_2(out, near, far, width, times)                                       \
    stb_resample_row_h_2(out, near, far, width, times)

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_JPEG
#define STBI_ONLY_PNG
#define STBI_NO_STDIO
#define STBI_NO_HDR
#define STBI_NO_LINEAR
#define STBI_ASSERT(condition) ((void)0) /* the library never aborts */
#define STBI_MALLOC(size) stb_alloc(size)
#define STBI_REALLOC(pointer, size) stb_grow(pointer, size)
#define STBI_FREE(pointer) stb_free(pointer)
#include <stb_image.h>
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#pragma GCC diagnostic ignored "-Wunused-function" /* which GCC looks for at the file's end */
#endif

/* Forgets why it refused the file before, which it may say again. */
static void begin(void)
{
    stbi__g_failure_reason = "no reason given";
    out_of_memory = beyond_limit = false;
}

static pleura_code failed(const pleura_container *found, pleura_error *error)
{
    const char *reason = stbi_failure_reason();
    if (beyond_limit)
        return pleura_fail(error, PLEURA_ERROR_TOO_LARGE,
                           "%s: the data inflates to more than %d times what %u x %u pixels take.",
                           found->format, MAX_INFLATION, (unsigned)found->width,
                           (unsigned)found->height);
    if (out_of_memory || strcmp(reason, "outofmem") == 0)
        return pleura_fail(error, PLEURA_ERROR_MEMORY,
                           "%s: not enough memory to decode %u x %u pixels.", found->format,
                           (unsigned)found->width, (unsigned)found->height);
    if (strcmp(reason, "too large") == 0)
        return pleura_fail(error, PLEURA_ERROR_TOO_LARGE,
                           "%s: %u x %u pixels are more than the decoder takes.", found->format,
                           (unsigned)found->width, (unsigned)found->height);
    return pleura_fail(error, PLEURA_ERROR_CORRUPT,
                       "%s: the image data cannot be decoded (stb_image: %s).", found->format,
                       reason);
}

/* The output grows eightfold until it holds the data, so that the limit costs no memory by itself. */
pleura_code pleura_inflate(const unsigned char *bytes, size_t size, size_t limit,
                           unsigned char **out, size_t *out_size, pleura_error *error)
{
    limit = limit < INT_MAX ? limit : INT_MAX;
    for (size_t room = 65536 + 8 * (size < limit / 8 ? size : limit / 8);; room *= 8) {
        room = room < limit / 8 ? room : limit;
        *out = pleura_alloc(room);
        if (!*out)
            return pleura_fail_memory(error, room, "the inflated data");
        int length = stbi_zlib_decode_noheader_buffer((char *)*out, (int)room, (const char *)bytes,
                                                      (int)size);
        if (length >= 0) {
            *out_size = (size_t)length;
            return PLEURA_OK;
        }
        pleura_free(*out);
        *out = NULL;
        const char *reason = stbi_failure_reason();
        if (strcmp(reason, "output buffer limit") != 0)
            return pleura_fail(error, PLEURA_ERROR_CORRUPT,
                               "The deflated data cannot be inflated (stb_image: %s).", reason);
        if (room == limit)
            return pleura_fail(error, PLEURA_ERROR_TOO_LARGE,
                               "The deflated data has more than %zu bytes, the most that is read.",
                               limit);
    }
}

/*
 * Where a scan's data ends too early stb_image reads zeros, and says nothing: the rest of the picture
 * becomes grey. So each scan is followed by ones, which no Huffman code may consist of (ITU-T T.81,
 * annex C): whoever decodes on into them meets a code that is none. A scan that is whole ends
 * before, and what stands behind it is passed over.
 */
#define GUARD 32

static unsigned char *guarded(const unsigned char *bytes, size_t size,
                              const pleura_container *found, size_t *guarded_size)
{
    *guarded_size = size + (size_t)found->scans * GUARD;
    unsigned char *copy = *guarded_size <= INT_MAX ? pleura_alloc(*guarded_size) : NULL;
    size_t from = 0, to = 0;
    if (!copy)
        return NULL;
    for (unsigned i = 0; i < found->scans; i++) {
        memcpy(copy + to, bytes + from, found->scan_ends[i] - from);
        to += found->scan_ends[i] - from;
        from = found->scan_ends[i];
        for (int k = 0; k < GUARD; k += 2)
            memcpy(copy + to + k, "\xFF\0", 2);
        to += GUARD;
    }
    memcpy(copy + to, bytes + from, size - from);
    return copy;
}

/* Samples of 8 bits; NULL with a fault described. `channels` 0: as many as the file has. */
static unsigned char *load_jpeg(const unsigned char *bytes, size_t size,
                                const pleura_container *found, int *width, int *height,
                                int *channels, int wanted, pleura_code *code, pleura_error *error)
{
    size_t guarded_size;
    unsigned char *copy = guarded(bytes, size, found, &guarded_size);
    if (!copy) {
        *code = pleura_fail_memory(error, guarded_size, "the JPEG data");
        return NULL;
    }
    begin();
    unsigned char *pixels =
        stbi_load_from_memory(copy, (int)guarded_size, width, height, channels, wanted);
    pleura_free(copy);
    *code = pixels ? PLEURA_OK : failed(found, error);
    return pixels;
}

pleura_code pleura_stb_jpeg_cells(const unsigned char *bytes, size_t size, uint32_t width,
                                  uint32_t height, uint16_t *cells, pleura_error *error)
{
    const pleura_limits limits = {
        .max_bytes = size, .max_pixels = (uint64_t)width * height, .max_side = UINT32_MAX};
    pleura_container found = {0};
    pleura_code code = pleura_jpeg_check(bytes, size, &limits, &found, error);
    if (code != PLEURA_OK)
        return code;
    if (found.width != width || found.height != height)
        return pleura_fail(error, PLEURA_ERROR_CORRUPT,
                           "DICOM: %u x %u pixels, and a JPEG of %u x %u.", (unsigned)width,
                           (unsigned)height, (unsigned)found.width, (unsigned)found.height);
    int w = 0, h = 0, channels = 0;
    unsigned char *pixels = load_jpeg(bytes, size, &found, &w, &h, &channels, 1, &code, error);
    if (!pixels)
        return code;
    for (size_t i = 0; i < (size_t)width * height; i++)
        cells[i] = pixels[i];
    stbi_image_free(pixels);
    return PLEURA_OK;
}

static pleura_image *new_image(const pleura_container *found, int channels)
{
    pleura_image *image = pleura_image_new(found->width, found->height);
    if (image) {
        image->info.format = found->format;
        image->info.bits = found->bits;
        image->info.channels = (unsigned)channels;
    }
    return image;
}

static void *load(const unsigned char *bytes, size_t size, const pleura_container *found,
                  int *width, int *height, int *channels, pleura_code *code, pleura_error *error)
{
    void *pixels;
    if (found->scans) {
        pixels = load_jpeg(bytes, size, found, width, height, channels, 0, code, error);
    } else {
        begin();
        pixels =
            found->bits == 16
                ? (void *)stbi_load_16_from_memory(bytes, (int)size, width, height, channels, 0)
                : stbi_load_from_memory(bytes, (int)size, width, height, channels, 0);
        *code = pixels ? PLEURA_OK : failed(found, error);
    }
    return pixels;
}

pleura_code pleura_stb_decode(const unsigned char *bytes, size_t size,
                              const pleura_container *found, pleura_image **image,
                              pleura_error *error)
{
    int width = 0, height = 0, channels = 0;
    pleura_code code;
    void *pixels = load(bytes, size, found, &width, &height, &channels, &code, error);
    if (!pixels)
        return code;
    if ((uint32_t)width != found->width || (uint32_t)height != found->height) {
        stbi_image_free(pixels);
        return pleura_fail(error, PLEURA_ERROR_INTERNAL,
                           "%s: %u x %u pixels in the header, %d x %d decoded.", found->format,
                           (unsigned)found->width, (unsigned)found->height, width, height);
    }
    *image = new_image(found, channels);
    if (*image && found->bits == 16)
        pleura_grey_from_16(*image, pixels);
    else if (*image)
        pleura_grey_from_8(*image, pixels);
    stbi_image_free(pixels);
    if (!*image)
        return pleura_fail_memory(error, (size_t)found->width * found->height * 2, "the image");
    code = pleura_image_turn(*image, found->orientation, error);
    if (code != PLEURA_OK) {
        pleura_image_free(*image);
        *image = NULL;
    }
    return code;
}
