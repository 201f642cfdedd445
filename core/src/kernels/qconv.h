/* The parts of a quantised convolution, between the files that make and run it. */
#ifndef PLEURA_QCONV_H
#define PLEURA_QCONV_H

#include "kernels.h"

/* Rows (pixels) by columns (output channels) of the sums that a tile keeps in registers. V8 has 15 to
 * give: ten sums, a pair of pixels, two vectors of weights, a product. */
#ifdef __wasm__
#define TILE_ROWS 5
#define TILE_DEPTH 2 /* what a tile's depth is a multiple of */
#else
#define TILE_ROWS 6
#define TILE_DEPTH 4
#endif
#define TILE_COLUMNS 8

struct pleura_qconv {
    pleura_qconv_spec spec; /* without its pointers */
    void (*run)(const pleura_qconv *, const int16_t *, void *, void *, size_t unit);
    size_t units, scratch;
    uint64_t cost;

    int16_t *weights; /* packed */
    int8_t *bytes;    /* the same, of a layer that is computed in bytes */
    int32_t *bias;    /* by packed column */
    float *scale;
    int16_t *zeros; /* a pixel of padding */

    size_t in_stride, row_stride; /* of a pixel and a line of the input, in elements */
    size_t taps, depth;           /* filter positions, and how many channels each multiplies */
    size_t blocks;                /* of TILE_COLUMNS, in a group */
    size_t pixels_per_unit, blocks_per_unit; /* winograd: patches of pixels */
    size_t patch;                            /* winograd: how wide and high one is */
    bool in_a_row; /* bytes: what is multiplied lies pixel after pixel in the input */
};

/* Times 9 it is 1, modulo 2^32. In memory, as pleura_simd_magic is. */
extern const int32_t pleura_qconv_ninth;

/* They fill in conv, whose spec is still whole. NULL in a buffer that could not be had. */
bool pleura_qconv_make_dense(pleura_qconv *conv);
bool pleura_qconv_make_depthwise(pleura_qconv *conv);
bool pleura_qconv_make_winograd(pleura_qconv *conv);

/* The size of Winograd's patches that is shortest, 2 or 4; 0: the definition is, or they are not open. */
size_t pleura_qconv_winograd_patch(const pleura_qconv_spec *spec);

/* How the input lies: its strides, and the blocks of the output. */
void pleura_qconv_lay_out(pleura_qconv *conv);
/* Pointers to what is under the filter of one output pixel, `step` from each to the next. A framed image
 * has its padding, and one tap for a line of the filter. */
void pleura_qconv_point(const pleura_qconv *conv, const int16_t *input, size_t oy, size_t ox,
                        const int16_t **to, size_t step);

/* What a sum's magnitude can reach, whatever the input. */
int64_t pleura_qconv_largest_sum(const pleura_qconv_spec *spec);

/* Units of conv->pixels_per_unit; where few pixels and several threads are, cut across the blocks, too. */
void pleura_qconv_cut(pleura_qconv *conv, size_t pixels, size_t blocks);

/* Columns of bias and scale, `blocks` x TILE_COLUMNS for each of `groups`. */
bool pleura_qconv_make_columns(pleura_qconv *conv, size_t groups, size_t blocks);

/* The sums of TILE_COLUMNS output channels over any number of pixels, TILE_ROWS of them at a time. */
typedef struct pleura_tile {
    const int16_t *const
        *pixels;            /* for each so many pixels (the last may be fewer): [taps][rows] */
    size_t taps, depth;     /* depth: a multiple of TILE_DEPTH */
    size_t offset;          /* added to every pointer */
    const int16_t *weights; /* [taps][depth / 2][TILE_COLUMNS][2] */
    const int32_t *bias;
    const float *scale;
    int16_t low, high;
} pleura_tile;

/* `stride`: from a pixel's channels to the next pixel's. */
void pleura_tile_run(const pleura_tile *tile, size_t pixels, int16_t *output, size_t stride);
/* The sums as they are, `pixels` x TILE_COLUMNS. */
void pleura_tile_sum(const pleura_tile *tile, size_t pixels, int32_t *sums);

#endif
