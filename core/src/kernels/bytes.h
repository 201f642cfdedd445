/* Dense layers in bytes: what bytes.c has of each machine's way (bytes_relaxed, bytes_x86). */
#ifndef PLEURA_BYTES_H
#define PLEURA_BYTES_H

#include "qconv.h"
#include "tile_x86.h"

/* Rows (pixels) of a tile, and columns (output channels) of a block. */
#if defined(__wasm_relaxed_simd__)
#define PLEURA_BYTES 1
#define BYTE_ROWS TILE_ROWS
#define BYTE_COLUMNS TILE_COLUMNS
#define BYTES_ARE_QUICKEST false /* than Winograd's way, whatever it saves */
#elif defined(PLEURA_WIDE_TILES)
#define PLEURA_BYTES 1
#define BYTE_ROWS 8
#define BYTE_COLUMNS 16
#define BYTES_ARE_QUICKEST true
#endif

#ifdef PLEURA_BYTES

/* As what a product of bytes takes a pixel of eight bits; its weights have a sign. */
typedef enum pleura_pixel_kind {
    PLEURA_PIXELS_UNKNOWN,
    PLEURA_PIXELS_OTHER, /* not exactly, or there is no such product */
    PLEURA_PIXELS_UNSIGNED,
    PLEURA_PIXELS_SIGNED
} pleura_pixel_kind;

pleura_pixel_kind pleura_bytes_kind(void);

/* Whether the processor multiplies bytes, and the layer is such a product; then it may be made so. */
bool pleura_qconv_takes_bytes(const pleura_qconv_spec *spec);
bool pleura_qconv_make_bytes(pleura_qconv *conv);

/* What is added to q - zero for a byte without a sign, and is taken off for one with it. */
#define PLEURA_BYTES_MIDDLE 128
static inline int16_t pleura_bytes_raise(const pleura_qconv_spec *spec)
{
    return spec->in_low < 0 ? (int16_t)-spec->in_low : 0;
}

/* What is under the filter at each output pixel, tap after tap, as such bytes: conv->depth of them. In a
 * row they are taken as they lie, with channels that are none: their weights are 0. */
void pleura_bytes_gather(const pleura_qconv *conv, const int16_t *input, size_t begin, size_t end,
                         uint8_t *to);

/* Blocks `first` to `last` of the output, for `count` such pixels from `begin` on. */
void pleura_bytes_run(const pleura_qconv *conv, const uint8_t *pixels, size_t first, size_t last,
                      size_t begin, size_t count, void *output);

#endif
#endif
