#include "half.h"

#include <math.h>
#include <string.h>

float pleura_half_to_float(uint16_t half)
{
    int exponent = half >> 10 & 31;
    int fraction = half & 1023;
    float magnitude;
    if (exponent == 0)
        magnitude = ldexpf((float)fraction, -24);
    else if (exponent == 31)
        magnitude = fraction ? NAN : INFINITY;
    else
        magnitude = ldexpf((float)(fraction + 1024), exponent - 25);
    return half & 0x8000 ? -magnitude : magnitude;
}

/* Without its last bits: carries run into the exponent, and so to infinity. */
static float drop_bits(float value, int count)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    if (isnan(value))
        return value;
    bits += (1u << (count - 1)) - 1 + (bits >> count & 1);
    bits &= ~0u << count;
    memcpy(&value, &bits, sizeof value);
    return value;
}

float pleura_bfloat_round(float value)
{
    return drop_bits(value, 16);
}

float pleura_half_round(float value)
{
    const float size = fabsf(value);
    if (size < 6.103515625e-05f) /* 2^-14: below it, steps of 2^-24, as those from 0.5 to 1 are */
        return copysignf(size + 0.5f - 0.5f, value);
    return size >= 65520 ? copysignf(INFINITY, value) : drop_bits(value, 13);
}

uint16_t pleura_half_of_float(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint32_t sign = bits >> 16 & 0x8000;
    double size = fabs((double)value);
    if (size >= 65520)
        return (uint16_t)(sign | 0x7BFF);
    if (size < 6.103515625e-05) /* 2^-14: below it, steps of 2^-24 */
        return (uint16_t)(sign | (uint32_t)(size * 16777216.0 + 0.5));
    bits = (bits & 0x7FFFFFFF) + 0x1000; /* half of what goes */
    return (uint16_t)(sign | ((bits >> 13) - (112u << 10)));
}
