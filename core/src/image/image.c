#include "image.h"

#include "../error.h"
#include "../memory.h"

#include <string.h>

pleura_limits pleura_limits_resolve(const pleura_limits *limits)
{
    pleura_limits used = limits ? *limits : (pleura_limits){0};
    if (!used.max_bytes)
        used.max_bytes = PLEURA_DEFAULT_MAX_BYTES;
    if (!used.max_pixels)
        used.max_pixels = PLEURA_DEFAULT_MAX_PIXELS;
    if (!used.max_side)
        used.max_side = PLEURA_DEFAULT_MAX_SIDE;
    return used;
}

pleura_code pleura_check_size(const char *format, uint32_t width, uint32_t height,
                              const pleura_limits *limits, pleura_error *error)
{
    if (!width || !height)
        return pleura_fail(error, PLEURA_ERROR_CORRUPT, "%s: a size of %u x %u pixels.", format,
                           (unsigned)width, (unsigned)height);
    uint32_t side = width > height ? width : height;
    if (side > limits->max_side)
        return pleura_fail(error, PLEURA_ERROR_TOO_LARGE,
                           "%s: %u x %u pixels; a side may have at most %u.", format,
                           (unsigned)width, (unsigned)height, (unsigned)limits->max_side);
    if ((uint64_t)width * height > limits->max_pixels ||
        (uint64_t)width * height > SIZE_MAX / sizeof(uint16_t))
        return pleura_fail(error, PLEURA_ERROR_TOO_LARGE,
                           "%s: %u x %u = %llu pixels; at most %llu are read.", format,
                           (unsigned)width, (unsigned)height, (unsigned long long)width * height,
                           (unsigned long long)limits->max_pixels);
    return PLEURA_OK;
}

pleura_image *pleura_image_new(uint32_t width, uint32_t height)
{
    pleura_image *image = pleura_alloc_zero(1, sizeof *image);
    if (!image)
        return NULL;
    image->samples = pleura_alloc((size_t)width * height * sizeof *image->samples);
    if (!image->samples) {
        pleura_free(image);
        return NULL;
    }
    image->info.width = width;
    image->info.height = height;
    return image;
}

pleura_code pleura_image_from_grey16(const uint16_t *samples, uint32_t width, uint32_t height,
                                     const pleura_limits *limits, pleura_image **image,
                                     pleura_error *error)
{
    if (image)
        *image = NULL;
    if (!samples || !image)
        return pleura_fail(error, PLEURA_ERROR_ARGUMENT,
                           "pleura_image_from_grey16: `samples` or `image` is NULL.");
    pleura_limits used = pleura_limits_resolve(limits);
    pleura_code code = pleura_check_size("Image", width, height, &used, error);
    if (code != PLEURA_OK)
        return code;
    size_t size = (size_t)width * height * sizeof *samples;
    pleura_image *made = pleura_image_new(width, height);
    if (!made)
        return pleura_fail_memory(error, size, "the image");
    memcpy(made->samples, samples, size);
    made->info.format = "samples";
    made->info.bits = 16;
    made->info.channels = 1;
    *image = made;
    return PLEURA_OK;
}

void pleura_image_get_info(const pleura_image *image, pleura_image_info *info)
{
    *info = image->info;
}

const uint16_t *pleura_image_samples(const pleura_image *image)
{
    return image->samples;
}

void pleura_image_free(pleura_image *image)
{
    if (!image)
        return;
    pleura_free(image->dicom);
    pleura_free(image->samples);
    pleura_free(image);
}
