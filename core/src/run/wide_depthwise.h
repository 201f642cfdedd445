/*
 * Depthwise convolutions with windows of more than 25 places (ConvNeXt's are 7 x 7). XNNPACK's kernels
 * end there, and it makes a matrix product of one column of each channel. This takes four channels at
 * once, and of a row four outputs, which share each weight that is read.
 */
#ifndef PLEURA_WIDE_DEPTHWISE_H
#define PLEURA_WIDE_DEPTHWISE_H

#include "lower.h"

/* The places beyond which XNNPACK has no depthwise kernel. */
#define PLEURA_WIDE_WINDOW 25

/* One image in NHWC; strides are floats from a pixel to the next. `channels` is a multiple of 4. */
typedef struct pleura_wide {
    size_t height, width, channels, in_stride;
    size_t out_height, out_width, out_stride;
    size_t kernel[2], step[2], dilation[2];
    size_t top, left;     /* padding */
    float low, high;      /* bounds of the output */
    const float *weights; /* of each four channels: 4 for each place of the window, and 4 biases */
} pleura_wide;

/* From ONNX's [channels][1][height][width], each channel times its scale; `scale` and `bias` may be
 * NULL. To channels times places + 1. */
void pleura_wide_pack(size_t channels, size_t places, const float *from, const float *scale,
                      const float *bias, float *to);

void pleura_wide_run(const pleura_wide *d, const float *from, float *to, pthreadpool_t threads);

/* A step of this kind has a pleura_wide for its context, all but strides and weights filled in. */
extern const pleura_step_kind pleura_wide_kind;

#endif
