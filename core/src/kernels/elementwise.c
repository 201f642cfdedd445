/* Sums and changes of scale, and the ways into integers and out of them. */
#include "kernels.h"
#include "requantise.h"
#include "tile_x86.h"

static f32x4 low_half(i16x8 v)
{
    return f32x4_convert(i16x8_widen_low(v));
}

static f32x4 high_half(i16x8 v)
{
    return f32x4_convert(i16x8_widen_high(v));
}

void pleura_q_add(const int16_t *a, const int16_t *b, size_t count, float ratio_a, float ratio_b,
                  int16_t low, int16_t high, int16_t *output)
{
#ifdef PLEURA_WIDE_TILES
    if (pleura_has_vnni()) {
        pleura_q_add_wide(a, b, count, ratio_a, ratio_b, low, high, output);
        return;
    }
#endif
    range limits = range_of(low, high);
    f32x4 ra = f32x4_splat(ratio_a), rb = f32x4_splat(ratio_b);
    for (size_t i = 0; i < count; i += 8) {
        i16x8 x = i16x8_load(a + i), y = i16x8_load(b + i);
        f32x4 l = f32x4_add(f32x4_mul(low_half(x), ra), f32x4_mul(low_half(y), rb));
        f32x4 h = f32x4_add(f32x4_mul(high_half(x), ra), f32x4_mul(high_half(y), rb));
        i16x8_store(output + i, i16x8_narrow(to_steps(l, limits), to_steps(h, limits)));
    }
}

static i16x8 rescale(i16x8 v, f32x4 ratio, range limits)
{
    return requantise(i16x8_widen_low(v), i16x8_widen_high(v), ratio, ratio, limits);
}

void pleura_q_rescale(const int16_t *input, size_t count, float ratio, int16_t low, int16_t high,
                      int16_t *output)
{
    range limits = range_of(low, high);
    f32x4 r = f32x4_splat(ratio);
    for (size_t i = 0; i < count; i += 8)
        i16x8_store(output + i, rescale(i16x8_load(input + i), r, limits));
}

void pleura_q_place(const int16_t *input, size_t pixels, size_t channels, float ratio, int16_t low,
                    int16_t high, int16_t *output, size_t output_channels, size_t offset)
{
    size_t from = pleura_q_stride(channels), to = pleura_q_stride(output_channels);
    range limits = range_of(low, high);
    f32x4 r = f32x4_splat(ratio);
    output += offset;
    for (size_t p = 0; p < pixels; p++, input += from, output += to)
        for (size_t c = 0; c < channels; c += 8) {
            size_t count = channels - c < 8 ? channels - c : 8;
            int16_t eight[8];
            i16x8_store(eight, rescale(i16x8_load(input + c), r, limits));
            memcpy(output + c, eight, count * sizeof *output);
        }
}

static i16x8 quantise_eight(const float *in, f32x4 step, range limits)
{
    return i16x8_narrow(to_steps(f32x4_div(f32x4_load(in), step), limits),
                        to_steps(f32x4_div(f32x4_load(in + 4), step), limits));
}

/* `count` neighbouring floats, to places that are `stride` apart. */
static void quantise_line(const float *from, size_t count, f32x4 step, range limits, int16_t *to,
                          size_t stride)
{
    int16_t out[8];
    for (; count >= 8; count -= 8, from += 8, to += 8 * stride) {
        i16x8 steps = quantise_eight(from, step, limits);
        // cppcheck-suppress legacyUninitvar ; it is written here
        i16x8_store(stride == 1 ? to : out, steps);
        for (size_t k = 0; stride != 1 && k < 8; k++)
            to[k * stride] = out[k];
    }
    float in[8] = {0};
    memcpy(in, from, count * sizeof *in);
    i16x8_store(out, quantise_eight(in, step, limits));
    for (size_t k = 0; k < count; k++)
        to[k * stride] = out[k];
}

void pleura_q_quantise(const pleura_qimage *image, float step, int16_t low, int16_t high,
                       const pleura_qframe *frame, int16_t *output)
{
    range limits = range_of(low, high);
    f32x4 divisor = f32x4_splat(step);
    size_t width = image->width, height = image->height, channels = image->channels;
    size_t line = (frame->left + width + frame->right) * frame->stride;
    if (frame->left || frame->right || frame->top || frame->bottom)
        memset(output, 0, (frame->top + height + frame->bottom) * line * sizeof *output);
    output += frame->top * line + frame->left * (size_t)frame->stride;
    for (size_t y = 0; y < height; y++, output += line) {
        const float *row = image->data + y * width * (image->planes ? 1 : channels);
        if (image->planes)
            for (size_t c = 0; c < channels; c++)
                quantise_line(row + c * height * width, width, divisor, limits, output + c,
                              frame->stride);
        else if (frame->stride == channels)
            quantise_line(row, width * channels, divisor, limits, output, 1);
        else
            for (size_t x = 0; x < width; x++)
                quantise_line(row + x * channels, channels, divisor, limits,
                              output + x * frame->stride, 1);
    }
}

void pleura_q_dequantise(const int16_t *input, size_t pixels, size_t channels, float step,
                         float *output, size_t output_stride)
{
    size_t stride = pleura_q_stride(channels);
    for (size_t p = 0; p < pixels; p++, input += stride, output += output_stride)
        for (size_t c = 0; c < channels; c++)
            output[c] = (float)input[c] * step;
}
