/*
 * Depthwise convolution: taps are taken in pairs, and the two pixels' channels interleaved, so that
 * i32x4_dot multiplies two taps of four channels.
 */
#include "qconv.h"
#include "requantise.h"

#include "../memory.h"

#define INLINE static inline __attribute__((always_inline))
#define MAX_PAIRS ((PLEURA_Q_MAX_TAPS + 1) / 2)

/* One pixel of the output. Weights: [block of 8 channels][pair][8][2]. */
INLINE void run_pixel(const pleura_qconv *conv, const int16_t *const *pixels, size_t pairs,
                      int16_t *output)
{
    const int16_t *w = conv->weights;
    range limits = range_of(conv->spec.low, conv->spec.high);
    for (size_t c = 0; c < conv->in_stride; c += 8) {
        i32x4 low = i32x4_load(conv->bias + c), high = i32x4_load(conv->bias + c + 4);
        for (size_t p = 0; p < pairs; p++, w += 16) {
            i16x8 a = i16x8_load(pixels[2 * p] + c), b = i16x8_load(pixels[2 * p + 1] + c);
            low = i32x4_add(low, i32x4_dot(i16x8_zip_low(a, b), i16x8_load(w)));
            high = i32x4_add(high, i32x4_dot(i16x8_zip_high(a, b), i16x8_load(w + 8)));
        }
        i16x8_store(output + c, requantise(low, high, f32x4_load(conv->scale + c),
                                           f32x4_load(conv->scale + c + 4), limits));
    }
}

/* Pointers to the pixels under the filter; whether none of them is padding. */
static bool point(const pleura_qconv *conv, const int16_t *input, size_t oy, size_t ox,
                  const int16_t **pixels)
{
    const pleura_qconv_spec *s = &conv->spec;
    bool inside = true;
    for (size_t ky = 0; ky < s->kernel[0]; ky++) {
        size_t y = oy * s->stride[0] + ky * s->dilation[0] - s->pad[0];
        for (size_t kx = 0; kx < s->kernel[1]; kx++) {
            size_t x = ox * s->stride[1] + kx * s->dilation[1] - s->pad[1];
            bool here = y < s->height && x < s->width;
            *pixels++ = here ? input + y * conv->row_stride + x * conv->in_stride : conv->zeros;
            inside = inside && here;
        }
    }
    return inside;
}

static void run_row(const pleura_qconv *conv, const int16_t *input, void *rows, void *scratch,
                    size_t oy)
{
    const pleura_qconv_spec *s = &conv->spec;
    const int16_t *pixels[2 * MAX_PAIRS];
    size_t step = s->stride[1] * conv->in_stride, pairs = (conv->taps + 1) / 2;
    size_t left = s->pad[1], reach = (s->kernel[1] - 1) * (size_t)s->dilation[1];
    bool inside = false;
    (void)scratch;
    int16_t *output = (int16_t *)rows + oy * s->out_width * conv->in_stride;
    pixels[2 * pairs - 1] = conv->zeros; /* the partner of an odd last tap */
    for (size_t ox = 0; ox < s->out_width; ox++, output += conv->in_stride) {
        if (inside && ox * s->stride[1] + reach - left < s->width)
            for (size_t t = 0; t < conv->taps; t++)
                pixels[t] += step;
        else
            inside = point(conv, input, oy, ox, pixels);
        if (pairs == 5) /* 3 x 3 */
            run_pixel(conv, pixels, 5, output);
        else
            run_pixel(conv, pixels, pairs, output);
    }
}

static bool pack_weights(pleura_qconv *conv)
{
    const pleura_qconv_spec *s = &conv->spec;
    size_t taps = conv->taps, block = (taps + 1) / 2 * 16;
    conv->weights = pleura_alloc_zero(conv->blocks, block * sizeof *conv->weights);
    if (!conv->weights)
        return false;
    for (size_t c = 0; c < s->channels; c++)
        for (size_t t = 0; t < taps; t++)
            conv->weights[c / 8 * block + t / 2 * 16 + c % 8 * 2 + t % 2] =
                s->weights[c * taps + t];
    return true;
}

bool pleura_qconv_make_depthwise(pleura_qconv *conv)
{
    const pleura_qconv_spec *s = &conv->spec;
    conv->in_stride = pleura_q_stride(s->channels);
    conv->row_stride = conv->in_stride * s->width;
    conv->taps = (size_t)s->kernel[0] * s->kernel[1];
    conv->blocks = conv->in_stride / 8;
    conv->run = run_row;
    conv->units = s->out_height;
    conv->cost = (uint64_t)s->out_height * s->out_width * conv->in_stride * conv->taps;
    return pack_weights(conv) && pleura_qconv_make_columns(conv, 1, conv->blocks);
}
