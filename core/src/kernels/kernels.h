/*
 * Inference in integers, with the same bits on every machine.
 *
 * A quantised value is step * (q - zero). Here activations are kept as q - zero, in int16: padding is
 * then 0, no kernel ever sees a zero point, and nothing is widened in an inner loop. "low" and "high"
 * are the range of q less its zero point (-128 - zero .. 127 - zero, say), or less if an activation
 * function was folded in; they hold 0 unless such a function excludes it, and are at most 255
 * apart. Weights are int8 without a zero point, one step per output channel.
 *
 * Sums are exact (int32). They become the output's steps by one float multiplication, rounding to
 * the nearest, ties to even: single IEEE operations, so exact everywhere too.
 *
 * Layout: NHWC, each pixel's channels padded to a multiple of 8. What the padding holds does not
 * matter, but every buffer has PLEURA_Q_SLACK bytes after its end, which may be read.
 */
#ifndef PLEURA_KERNELS_H
#define PLEURA_KERNELS_H

#include "pleura/pleura.h"

#define PLEURA_Q_LANES 8
#define PLEURA_Q_SLACK 16 /* bytes; XNN_EXTRA_BYTES are as many */
/* Taps of a filter (height x width); more are refused, they would not fit the stack. */
#define PLEURA_Q_MAX_TAPS 512

static inline size_t pleura_q_stride(size_t channels)
{
    return (channels + PLEURA_Q_LANES - 1) / PLEURA_Q_LANES * PLEURA_Q_LANES;
}

/* ---- Convolution; a fully connected layer is one of 1 x 1 pixel ---- */

typedef struct pleura_qconv_spec {
    uint32_t height, width, channels;             /* of the input */
    uint32_t out_height, out_width, out_channels; /* of the output */
    uint32_t groups;
    uint32_t kernel[2], stride[2], dilation[2]; /* height, width */
    uint32_t pad[2];                            /* above and left; the rest follows */
    bool framed;           /* the input comes in the frame that pleura_qconv_frame describes */
    const int8_t *weights; /* ONNX's order: out, in / groups, height, width */
    const int32_t *bias;   /* in steps of input x weight; or NULL */
    const float *scale;    /* of each output channel: steps of the output per unit of the sum */
    int16_t in_low;        /* the least value that the input can have */
    int16_t low, high;     /* of the output */
    uint32_t threads;      /* which may share the work; 0: one */
    size_t float_stride;   /* if not 0, the output is float, its pixels so many elements apart: the
                              sums times `scale`, without bounds */
} pleura_qconv_spec;

/*
 * How an image with few channels is laid out for the network's first layer: without padding channels,
 * with a border of zeros instead.
 */
typedef struct pleura_qframe {
    uint32_t top, left, bottom, right; /* border */
    uint32_t stride;                   /* from a pixel to the next, in elements */
} pleura_qframe;

typedef struct pleura_qconv pleura_qconv;

/* Whether it can be computed in integers: no sum can overflow, not too many taps, sound scales, and no
 * sum so far outside the output's bounds that its steps could not be rounded. */
bool pleura_qconv_fits(const pleura_qconv_spec *spec);

/* Packs the weights; nothing of the spec is needed afterwards. The spec must fit. */
pleura_code pleura_qconv_create(const pleura_qconv_spec *spec, pleura_qconv **conv,
                                pleura_error *error);
void pleura_qconv_free(pleura_qconv *conv);

/* Whether pleura_qconv_spec.framed may be set. */
bool pleura_qconv_may_frame(const pleura_qconv_spec *spec);
pleura_qframe pleura_qconv_frame(const pleura_qconv_spec *spec);

/* The work is cut into units, which threads may share; each thread has its own scratch (bytes). */
size_t pleura_qconv_units(const pleura_qconv *conv);
size_t pleura_qconv_scratch(const pleura_qconv *conv);
void pleura_qconv_run(const pleura_qconv *conv, const int16_t *input, void *output, void *scratch,
                      size_t unit);

/* Multiplications that a run really does. */
uint64_t pleura_qconv_cost(const pleura_qconv *conv);

/* ---- Pooling ---- */

typedef struct pleura_qpool {
    uint32_t height, width, channels, out_height, out_width;
    uint32_t kernel[2], stride[2], dilation[2], pad[2];
    bool average;
    bool count_padding; /* average: divide by the whole window, or by what lies in the image */
    uint32_t padded_height, padded_width; /* count_padding: where the window ends to count */
    float ratio;                          /* the input's step in the output's steps */
    int16_t low, high;
} pleura_qpool;

/* One row of the output. */
void pleura_qpool_row(const pleura_qpool *pool, const int16_t *input, int16_t *output, size_t row);

/* ---- Element by element; `count` is a multiple of 8 ---- */

/* a and b times their ratios. */
void pleura_q_add(const int16_t *a, const int16_t *b, size_t count, float ratio_a, float ratio_b,
                  int16_t low, int16_t high, int16_t *output);

/* Other steps, or a narrower range. */
void pleura_q_rescale(const int16_t *input, size_t count, float ratio, int16_t low, int16_t high,
                      int16_t *output);

/* Channels of an image into a place among the channels of a wider one (Concat). */
void pleura_q_place(const int16_t *input, size_t pixels, size_t channels, float ratio, int16_t low,
                    int16_t high, int16_t *output, size_t output_channels, size_t offset);

/* ---- To and from floats, without padding ---- */

typedef struct pleura_qimage {
    const float *data;
    uint32_t height, width, channels;
    bool planes; /* NCHW; else NHWC */
} pleura_qimage;

/* As ONNX's QuantizeLinear; NaN becomes `low`. The frame's border is cleared. */
void pleura_q_quantise(const pleura_qimage *image, float step, int16_t low, int16_t high,
                       const pleura_qframe *frame, int16_t *output);

/* `output_stride`: from a pixel to the next, in elements. */
void pleura_q_dequantise(const int16_t *input, size_t pixels, size_t channels, float step,
                         float *output, size_t output_stride);

#endif
