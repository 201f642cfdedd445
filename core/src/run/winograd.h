/*
 * 3 x 3 convolutions of stride 1 with fewer multiplications (Winograd 1980; Lavin and Gray 2015).
 *
 * A tile of m x m outputs is a product of polynomials, which costs one multiplication for each of its
 * n x n values at n = m + 2 points, in place of 9 for each output: 16 for 4 outputs, 36 for 16. So
 *
 *     y = A' ((G g G') . (B' d B)) A        g: a filter, d: n x n inputs, .: element by element
 *
 * where the sum over input channels makes the middle n x n matrix products [tiles x in] [in x out],
 * which XNNPACK computes. With m = 2 the points are 0, +-1 and infinity; with m = 4 they are 0, +-2/3,
 * +-3/2 and infinity, whose powers stay nearer to 1 than those of the usual 0, +-1, +-2, and lose less
 * to rounding. tests/unit/test_winograd.c bounds the error.
 */
#ifndef PLEURA_WINOGRAD_H
#define PLEURA_WINOGRAD_H

#include "lower.h"

typedef struct pleura_winograd_shape {
    size_t height, width, in, out; /* of the output image, and the channels */
} pleura_winograd_shape;

/* The tile size m that makes such a layer fastest: 2 or 4, or 0 where a plain convolution is. */
size_t pleura_winograd_tile(const pleura_winograd_shape *shape);

/* The context of a step of kind pleura_winograd; the rest is made when the step is built. */
typedef struct pleura_winograd_layer {
    size_t tile;      /* m */
    size_t top, left; /* padding */
} pleura_winograd_layer;

extern const pleura_step_kind pleura_winograd;

#endif
