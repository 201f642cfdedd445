/*
 * Depthwise convolution: taps are taken in pairs, and the two pixels' channels interleaved, so that
 * i32x4_dot multiplies two taps of four channels. The commonest filter, 3 x 3, has a way of its own, on
 * which each column of three pixels is read and interleaved once for all outputs that it is part of.
 *
 * Where the processor has wider vectors they are several of 128 bits side by side, `lanes`, each with
 * eight channels of its own. So weights lie as [block of lanes][pair][half][lane][4 channels][2], with
 * the pairs of depthwise_loops.h for 3 x 3; biases and scales as [block of lanes][half][lane][4].
 */
#ifndef PLEURA_DEPTHWISE_H
#define PLEURA_DEPTHWISE_H

#include "qconv.h"
#include "tile_x86.h"

/* Pointers to the pixels under the filter; whether none of them is padding. */
bool pleura_depthwise_point(const pleura_qconv *conv, const int16_t *input, size_t oy, size_t ox,
                            const int16_t **pixels);

#ifdef PLEURA_WIDE_TILES
#define PLEURA_DEPTHWISE_LANES 4
/* A row of the output each; the second of 3 x 3. */
void pleura_depthwise_wide(const pleura_qconv *conv, const int16_t *input, void *output,
                           void *scratch, size_t row);
void pleura_depthwise_wide_3(const pleura_qconv *conv, const int16_t *input, void *output,
                             void *scratch, size_t row);
#endif

#endif
