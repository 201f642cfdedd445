/* Quantised convolutions: what can be one, and which of the kernels takes it. */
#include "bytes.h"
#include "qconv.h"
#include "simd.h"

#include "../error.h"
#include "../memory.h"

#include <stdlib.h>
#include <string.h>

#define SPREAD_OF_INPUT 255 /* from the least q - zero to the largest, 0 among them */
#define MOST_STEPS                                                                                 \
    (1 << 21) /* of the output, before its bounds: half of what requantise_sum can round */

#ifdef __wasm__
const float pleura_simd_magic = SIMD_MAGIC;
#endif
const int32_t pleura_qconv_ninth = 0x38e38e39;

/* Inputs reach as far as they can where all of one sign in the weights meet the same end. */
static int64_t largest_sum_of(const pleura_qconv_spec *spec, size_t channel)
{
    size_t filter = (size_t)spec->channels / spec->groups * spec->kernel[0] * spec->kernel[1];
    int64_t above = 0, below = 0;
    for (size_t i = channel * filter; i < (channel + 1) * filter; i++)
        *(spec->weights[i] > 0 ? &above : &below) += abs(spec->weights[i]);
    int64_t bias = spec->bias ? llabs((int64_t)spec->bias[channel]) : 0;
    return SPREAD_OF_INPUT * (above > below ? above : below) + bias;
}

int64_t pleura_qconv_largest_sum(const pleura_qconv_spec *spec)
{
    int64_t largest = 0;
    for (size_t o = 0; o < spec->out_channels; o++) {
        int64_t sum = largest_sum_of(spec, o);
        if (sum > largest)
            largest = sum;
    }
    return largest;
}

bool pleura_qconv_fits(const pleura_qconv_spec *spec)
{
    if ((uint64_t)spec->kernel[0] * spec->kernel[1] > PLEURA_Q_MAX_TAPS)
        return false;
    for (size_t o = 0; o < spec->out_channels; o++) {
        int64_t sum = largest_sum_of(spec, o);
        if (!(spec->scale[o] >= 0) || sum > INT32_MAX)
            return false;
        if (!spec->float_stride && !((double)sum * (double)spec->scale[o] < MOST_STEPS))
            return false;
    }
    return true;
}

bool pleura_qconv_may_frame(const pleura_qconv_spec *spec)
{
    return spec->groups == 1 && spec->channels <= 4 && spec->dilation[1] == 1;
}

static uint32_t border_after(const pleura_qconv_spec *s, int axis, uint32_t size, uint32_t out)
{
    uint32_t reach = (out - 1) * s->stride[axis] + (s->kernel[axis] - 1) * s->dilation[axis] + 1;
    return reach > s->pad[axis] + size ? reach - s->pad[axis] - size : 0;
}

pleura_qframe pleura_qconv_frame(const pleura_qconv_spec *s)
{
    return (pleura_qframe){.top = s->pad[0],
                           .left = s->pad[1],
                           .bottom = border_after(s, 0, s->height, s->out_height),
                           .right = border_after(s, 1, s->width, s->out_width),
                           .stride = s->channels};
}

bool pleura_qconv_make_columns(pleura_qconv *conv, size_t groups, size_t blocks)
{
    const pleura_qconv_spec *s = &conv->spec;
    size_t columns = s->out_channels / groups;
    conv->bias = pleura_alloc_zero(groups * blocks * TILE_COLUMNS, sizeof *conv->bias);
    conv->scale = pleura_alloc_zero(groups * blocks * TILE_COLUMNS, sizeof *conv->scale);
    if (!conv->bias || !conv->scale)
        return false;
    for (size_t o = 0; o < s->out_channels; o++) {
        size_t place = o / columns * blocks * TILE_COLUMNS + o % columns;
        conv->bias[place] = s->bias ? s->bias[o] : 0;
        conv->scale[place] = s->scale[o];
    }
    return true;
}

void pleura_qconv_cut(pleura_qconv *conv, size_t pixels, size_t blocks)
{
    size_t along = (pixels + conv->pixels_per_unit - 1) / conv->pixels_per_unit;
    size_t threads = conv->spec.threads ? conv->spec.threads : 1;
    size_t across = (threads + along - 1) / along;
    conv->blocks_per_unit = (blocks + across - 1) / across;
    conv->units = along * ((blocks + conv->blocks_per_unit - 1) / conv->blocks_per_unit);
}

static bool make_product(pleura_qconv *conv)
{
#ifdef PLEURA_BYTES
    if (pleura_qconv_takes_bytes(&conv->spec))
        return pleura_qconv_make_bytes(conv);
#endif
    return pleura_qconv_make_dense(conv);
}

pleura_code pleura_qconv_create(const pleura_qconv_spec *spec, pleura_qconv **out,
                                pleura_error *error)
{
    pleura_qconv *conv = pleura_alloc_zero(1, sizeof *conv);
    *out = NULL;
    if (!conv)
        return pleura_fail_memory(error, sizeof *conv, "a quantised layer");
    conv->spec = *spec;
    /* A filter may be `depth` channels long from any channel on. */
    size_t zeros = 2 * pleura_q_stride(spec->channels);
    conv->zeros = pleura_alloc_zero(zeros, sizeof *conv->zeros);
    bool depthwise = spec->groups == spec->channels && spec->out_channels == spec->channels &&
                     spec->channels > 1 && !spec->float_stride;
    conv->patch = depthwise ? 0 : pleura_qconv_winograd_patch(spec);
    bool made = conv->zeros && (depthwise     ? pleura_qconv_make_depthwise(conv)
                                : conv->patch ? pleura_qconv_make_winograd(conv)
                                              : make_product(conv));
    if (!made) {
        pleura_qconv_free(conv);
        return pleura_fail_memory(error,
                                  (size_t)spec->out_channels * spec->channels / spec->groups *
                                      spec->kernel[0] * spec->kernel[1] * sizeof(int16_t),
                                  "the weights of a quantised layer");
    }
    conv->spec.weights = NULL;
    conv->spec.bias = NULL;
    conv->spec.scale = NULL;
    *out = conv;
    return PLEURA_OK;
}

void pleura_qconv_free(pleura_qconv *conv)
{
    if (!conv)
        return;
    pleura_free(conv->weights);
    pleura_free(conv->bytes);
    pleura_free(conv->bias);
    pleura_free(conv->scale);
    pleura_free(conv->zeros);
    pleura_free(conv);
}

size_t pleura_qconv_units(const pleura_qconv *conv)
{
    return conv->units;
}

size_t pleura_qconv_scratch(const pleura_qconv *conv)
{
    return conv->scratch;
}

uint64_t pleura_qconv_cost(const pleura_qconv *conv)
{
    return conv->cost;
}

void pleura_qconv_run(const pleura_qconv *conv, const int16_t *input, void *output, void *scratch,
                      size_t unit)
{
    conv->run(conv, input, output, scratch, unit);
}
