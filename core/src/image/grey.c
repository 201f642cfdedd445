/* Colour and alpha to grey. */
#include "image.h"

/*
 * BT.601 luma in parts of 65,536 (they sum to it, so that R = G = B = v gives v exactly). For
 * 16-bit samples the sum and its rounding stay under 2^32: 65,535 x 65,536 + 32,768.
 */
#define RED 19595u
#define GREEN 38470u
#define BLUE 7471u

static uint32_t luma(uint32_t r, uint32_t g, uint32_t b)
{
    return (RED * r + GREEN * g + BLUE * b + 32768u) >> 16;
}

static uint32_t over_black(uint32_t value, uint32_t alpha)
{
    return (value * alpha + 32767u) / 65535u;
}

static uint32_t spread(uint32_t r, uint32_t g, uint32_t b)
{
    uint32_t high = r > g ? r : g, low = r < g ? r : g;
    high = b > high ? b : high;
    low = b < low ? b : low;
    return high - low;
}

/* One body for both depths: `scale` brings a sample to 0..65,535. */
#define DEFINE_GREY(name, sample, scale)                                                           \
    void name(pleura_image *image, const sample *pixels)                                           \
    {                                                                                              \
        size_t count = (size_t)image->info.width * image->info.height;                             \
        unsigned channels = image->info.channels;                                                  \
        uint16_t *out = image->samples;                                                            \
        uint64_t chroma = 0;                                                                       \
        if (channels == 1)                                                                         \
            for (size_t i = 0; i < count; i++)                                                     \
                out[i] = (uint16_t)(pixels[i] * scale);                                            \
        else if (channels == 2)                                                                    \
            for (size_t i = 0; i < count; i++)                                                     \
                out[i] = (uint16_t)over_black(pixels[2 * i] * scale, pixels[2 * i + 1] * scale);   \
        else                                                                                       \
            for (size_t i = 0; i < count; i++) {                                                   \
                const sample *p = pixels + channels * i;                                           \
                uint32_t r = p[0] * scale, g = p[1] * scale, b = p[2] * scale;                     \
                uint32_t alpha = channels == 4 ? p[3] * scale : 65535u;                            \
                out[i] = (uint16_t)over_black(luma(r, g, b), alpha);                               \
                chroma += over_black(spread(r, g, b), alpha);                                      \
            }                                                                                      \
        image->info.chroma = (float)((double)chroma / 65535.0 / (double)count);                    \
    }

DEFINE_GREY(pleura_grey_from_8, uint8_t, 257u)
DEFINE_GREY(pleura_grey_from_16, uint16_t, 1u)
