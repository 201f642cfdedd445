/*
 * Depthwise 3 x 3 convolutions for WebAssembly. XNNPACK's kernel there reads an input and a weight for
 * each multiplication, and reading is what it waits for. This one takes four channels along a row: their
 * nine weights stay in registers, and each column of three inputs is read once for the outputs that
 * need it. Natively XNNPACK has wider vectors and wins.
 */
#ifndef PLEURA_DEPTHWISE_H
#define PLEURA_DEPTHWISE_H

#include "lower.h"

/* One image in NHWC; strides are floats from a pixel to the next. `channels` is a multiple of 4. */
typedef struct pleura_depthwise {
    size_t height, width, channels, in_stride;
    size_t out_height, out_width, out_stride;
    size_t step;          /* of the window: 1 or 2 */
    size_t top, left;     /* padding */
    float low, high;      /* bounds of the output */
    const float *weights; /* of each four channels: 9 x 4 weights and 4 biases */
    const float *zeros;   /* `channels` of them, for rows outside the image */
} pleura_depthwise;

/* From ONNX's [channels][1][3][3], each channel times its scale; `scale` and `bias` may be NULL. */
void pleura_depthwise_pack(size_t channels, const float *from, const float *scale,
                           const float *bias, float *to);

void pleura_depthwise_run(const pleura_depthwise *d, const float *from, float *to,
                          pthreadpool_t threads);

/* A step of this kind has a pleura_depthwise for its context, all but weights and zeros filled in. */
extern const pleura_step_kind pleura_depthwise_kind;

#endif
