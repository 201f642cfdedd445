/* Maxima and averages of a sliding window. */
#include "kernels.h"
#include "requantise.h"

typedef struct span {
    size_t begin, end, step; /* what of the window lies in the image */
    size_t counted;          /* how many positions divide an average */
} span;

static span cover(const pleura_qpool *p, int axis, size_t out, size_t size, size_t padded)
{
    size_t step = p->dilation[axis], count = 0;
    ptrdiff_t first = (ptrdiff_t)(out * p->stride[axis]) - (ptrdiff_t)p->pad[axis];
    span s = {.begin = size, .end = 0, .step = step};
    for (size_t k = 0; k < p->kernel[axis]; k++) {
        ptrdiff_t at = first + (ptrdiff_t)(k * step);
        bool inside = at >= 0 && at < (ptrdiff_t)size;
        count += p->count_padding ? at < (ptrdiff_t)padded : inside;
        if (inside && (size_t)at < s.begin)
            s.begin = (size_t)at;
        if (inside)
            s.end = (size_t)at + 1;
    }
    s.counted = count;
    return s;
}

static i16x8 maximum(const int16_t *input, size_t line, size_t stride, span y, span x)
{
    i16x8 most = i16x8_splat(INT16_MIN);
    for (size_t i = y.begin; i < y.end; i += y.step)
        for (size_t j = x.begin; j < x.end; j += x.step)
            most = i16x8_max(most, i16x8_load(input + i * line + j * stride));
    return most;
}

static void sum(const int16_t *input, size_t line, size_t stride, span y, span x, i32x4 *low,
                i32x4 *high)
{
    *low = *high = i32x4_splat(0);
    for (size_t i = y.begin; i < y.end; i += y.step)
        for (size_t j = x.begin; j < x.end; j += x.step) {
            i16x8 v = i16x8_load(input + i * line + j * stride);
            *low = i32x4_add(*low, i16x8_widen_low(v));
            *high = i32x4_add(*high, i16x8_widen_high(v));
        }
}

static void average_pixel(const pleura_qpool *p, const int16_t *input, span y, span x,
                          int16_t *output)
{
    size_t stride = pleura_q_stride(p->channels);
    range limits = range_of(p->low, p->high);
    f32x4 scale = f32x4_splat(p->ratio / (float)(y.counted * x.counted));
    for (size_t c = 0; c < stride; c += 8) {
        i32x4 low, high;
        sum(input + c, p->width * stride, stride, y, x, &low, &high);
        i16x8_store(output + c, requantise(low, high, scale, scale, limits));
    }
}

static void maximum_pixel(const pleura_qpool *p, const int16_t *input, span y, span x,
                          int16_t *output)
{
    size_t stride = pleura_q_stride(p->channels);
    range limits = range_of(p->low, p->high);
    f32x4 scale = f32x4_splat(p->ratio);
    for (size_t c = 0; c < stride; c += 8) {
        i16x8 most = maximum(input + c, p->width * stride, stride, y, x);
        i16x8_store(output + c, requantise(i16x8_widen_low(most), i16x8_widen_high(most), scale,
                                           scale, limits));
    }
}

void pleura_qpool_row(const pleura_qpool *p, const int16_t *input, int16_t *output, size_t row)
{
    size_t stride = pleura_q_stride(p->channels);
    span y = cover(p, 0, row, p->height, p->padded_height);
    output += row * p->out_width * stride;
    for (size_t ox = 0; ox < p->out_width; ox++, output += stride) {
        span x = cover(p, 1, ox, p->width, p->padded_width);
        (p->average ? average_pixel : maximum_pixel)(p, input, y, x, output);
    }
}
