#include "plain.h"

#include <math.h>

int16_t plain_steps(float value, int16_t low, int16_t high)
{
    float rounded = nearbyintf(value); /* to the nearest, ties to even: C's default */
    if (!(rounded >= low))
        return low;
    return rounded > high ? high : (int16_t)rounded;
}

static int64_t plain_sum(const pleura_qconv_spec *s, const int16_t *input, uint32_t y, uint32_t x,
                         uint32_t o)
{
    uint32_t per_group = s->channels / s->groups;
    uint32_t group = o / (s->out_channels / s->groups);
    const int8_t *w = s->weights + (size_t)o * per_group * s->kernel[0] * s->kernel[1];
    int64_t sum = s->bias ? s->bias[o] : 0;
    for (uint32_t c = 0; c < per_group; c++)
        for (uint32_t ky = 0; ky < s->kernel[0]; ky++)
            for (uint32_t kx = 0; kx < s->kernel[1]; kx++, w++) {
                int64_t iy = (int64_t)y * s->stride[0] + ky * s->dilation[0] - s->pad[0];
                int64_t ix = (int64_t)x * s->stride[1] + kx * s->dilation[1] - s->pad[1];
                if (iy >= 0 && iy < s->height && ix >= 0 && ix < s->width)
                    sum += input[(iy * s->width + ix) * s->channels + group * per_group + c] * *w;
            }
    return sum;
}

void plain_conv(const pleura_qconv_spec *s, const int16_t *input, int16_t *output)
{
    for (uint32_t y = 0; y < s->out_height; y++)
        for (uint32_t x = 0; x < s->out_width; x++)
            for (uint32_t o = 0; o < s->out_channels; o++) {
                float sum = (float)plain_sum(s, input, y, x, o);
                *output++ = plain_steps(sum * s->scale[o], s->low, s->high);
            }
}

void plain_conv_to_floats(const pleura_qconv_spec *s, const int16_t *input, float *output)
{
    for (uint32_t y = 0; y < s->out_height; y++)
        for (uint32_t x = 0; x < s->out_width; x++)
            for (uint32_t o = 0; o < s->out_channels; o++)
                *output++ = (float)plain_sum(s, input, y, x, o) * s->scale[o];
}

static int16_t plain_window(const pleura_qpool *p, const int16_t *input, uint32_t y, uint32_t x,
                            uint32_t c)
{
    int32_t most = INT16_MIN, sum = 0, counted = 0;
    for (uint32_t ky = 0; ky < p->kernel[0]; ky++)
        for (uint32_t kx = 0; kx < p->kernel[1]; kx++) {
            int64_t iy = (int64_t)y * p->stride[0] + ky * p->dilation[0] - p->pad[0];
            int64_t ix = (int64_t)x * p->stride[1] + kx * p->dilation[1] - p->pad[1];
            bool inside = iy >= 0 && iy < p->height && ix >= 0 && ix < p->width;
            counted +=
                inside || (p->count_padding && iy < p->padded_height && ix < p->padded_width);
            if (!inside)
                continue;
            int16_t v = input[(iy * p->width + ix) * p->channels + c];
            sum += v;
            most = v > most ? v : most;
        }
    float ratio = p->average ? p->ratio / (float)counted : p->ratio;
    return plain_steps((float)(p->average ? sum : most) * ratio, p->low, p->high);
}

void plain_pool(const pleura_qpool *p, const int16_t *input, int16_t *output)
{
    for (uint32_t y = 0; y < p->out_height; y++)
        for (uint32_t x = 0; x < p->out_width; x++)
            for (uint32_t c = 0; c < p->channels; c++)
                *output++ = plain_window(p, input, y, x, c);
}
