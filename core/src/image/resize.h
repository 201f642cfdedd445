/*
 * Resampling of grey images, each axis by itself. Shrinking takes the exact mean of the source area
 * that a target pixel covers: target i covers [i * s, (i + 1) * s), s = source / target, and pixels
 * at its ends count by the part that is covered. Enlarging is bilinear between pixel centres, the
 * border repeated. (Both are what PyTorch's and OpenCV's "area" and "linear" mean.)
 */
#ifndef PLEURA_IMAGE_RESIZE_H
#define PLEURA_IMAGE_RESIZE_H

#include "pleura/pleura.h"

typedef struct pleura_grey_view {
    const uint16_t *samples;
    uint32_t width, height;
    size_t stride;          /* samples from a row to the next */
    uint32_t beside, above; /* so many columns, rows of black stand at both its ends, too */
    bool in_bytes;          /* samples count as the nearest of 256 greys */
} pleura_grey_view;

/* All of an image, which must outlive it. */
pleura_grey_view pleura_grey_view_of(const pleura_image *image);

typedef struct pleura_plane {
    float *values;
    uint32_t width, height;
    size_t stride;
} pleura_plane;

/* Values 0..65,535 become 0..1. Sides are at least 1. */
pleura_code pleura_resize(const pleura_grey_view *source, const pleura_plane *target,
                          pleura_error *error);

#endif
