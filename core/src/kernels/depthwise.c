/* Depthwise convolution (depthwise.h): packing, and the loops in simd.h's vectors. */
#include "depthwise.h"
#include "requantise.h"

#include "../memory.h"

bool pleura_depthwise_point(const pleura_qconv *conv, const int16_t *input, size_t oy, size_t ox,
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

#define LANES 1
#define TARGET

typedef i16x8 v16;
typedef i32x4 v32;
typedef f32x4 vf;
typedef char part; /* all of them, always */

#define part_of(channels) 0
#define splat_16 i16x8_splat
#define load_16 i16x8_load
#define load_32 i32x4_load
#define load_f f32x4_load
#define load_part(from, here) ((void)(here), i16x8_load(from))
#define store_part(to, v, here) i16x8_store(to, v)
#define zip_low i16x8_zip_low
#define zip_high i16x8_zip_high
#define add_dot(sum, a, b) i32x4_add(sum, i32x4_dot(a, b))
#define to_output requantise_sum

#include "depthwise_loops.h"

/* ---- Packing ---- */

static bool is_common(const pleura_qconv_spec *s)
{
    return s->kernel[0] == 3 && s->kernel[1] == 3 && s->stride[0] == s->stride[1] &&
           s->stride[0] <= 2 && s->dilation[0] == 1 && s->dilation[1] == 1;
}

/* Where four channels of a block begin, its halves one after the other. */
static size_t place_in_block(size_t channel, size_t lanes)
{
    return (channel % 8 / 4 * lanes + channel % (8 * lanes) / 8) * 4;
}

/* Taps are [pair][2]. */
static size_t tap_of(const pleura_qconv_spec *s, size_t ky, size_t kx)
{
    if (is_common(s))
        return kx * 4 + ky;
    return ky * s->kernel[1] + kx;
}

static bool pack_weights(pleura_qconv *conv, size_t lanes)
{
    const pleura_qconv_spec *s = &conv->spec;
    size_t pairs = is_common(s) ? 6 : (conv->taps + 1) / 2, row = 16 * lanes;
    conv->weights = pleura_alloc_zero(conv->blocks, pairs * row * sizeof *conv->weights);
    for (size_t c = 0; conv->weights && c < s->channels; c++)
        for (size_t t = 0; t < conv->taps; t++) {
            size_t tap = tap_of(s, t / s->kernel[1], t % s->kernel[1]);
            size_t at = (c / (8 * lanes) * pairs + tap / 2) * row;
            at += place_in_block(c, lanes) * 2 + c % 4 * 2 + tap % 2;
            conv->weights[at] = s->weights[c * conv->taps + t];
        }
    return conv->weights;
}

static bool pack_columns(pleura_qconv *conv, size_t lanes)
{
    const pleura_qconv_spec *s = &conv->spec;
    conv->bias = pleura_alloc_zero(conv->blocks * lanes * 8, sizeof *conv->bias);
    conv->scale = pleura_alloc_zero(conv->blocks * lanes * 8, sizeof *conv->scale);
    if (!conv->bias || !conv->scale)
        return false;
    for (size_t c = 0; c < s->channels; c++) {
        size_t at = c / (8 * lanes) * 8 * lanes + place_in_block(c, lanes) + c % 4;
        conv->bias[at] = s->bias ? s->bias[c] : 0;
        conv->scale[at] = s->scale[c];
    }
    return true;
}

/* How many lanes are taken at once, and the way for them. */
static size_t choose(pleura_qconv *conv)
{
    bool common = is_common(&conv->spec);
#ifdef PLEURA_WIDE_TILES
    if (pleura_has_vnni()) {
        conv->run = common ? pleura_depthwise_wide_3 : pleura_depthwise_wide;
        return PLEURA_DEPTHWISE_LANES;
    }
#endif
    conv->run = common ? run_row_3 : run_row;
    return LANES;
}

bool pleura_qconv_make_depthwise(pleura_qconv *conv)
{
    const pleura_qconv_spec *s = &conv->spec;
    size_t lanes = choose(conv);
    conv->in_stride = pleura_q_stride(s->channels);
    conv->row_stride = conv->in_stride * s->width;
    conv->taps = (size_t)s->kernel[0] * s->kernel[1];
    conv->blocks = (s->channels + 8 * lanes - 1) / (8 * lanes);
    conv->units = s->out_height;
    conv->cost = (uint64_t)s->out_height * s->out_width * conv->in_stride * conv->taps;
    return pack_weights(conv, lanes) && pack_columns(conv, lanes);
}
