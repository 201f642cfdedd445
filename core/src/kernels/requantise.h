/* From sums to the output's steps: what every kernel ends with. */
#ifndef PLEURA_REQUANTISE_H
#define PLEURA_REQUANTISE_H

#include "simd.h"

typedef struct range {
    f32x4 low, high;
} range;

static inline range range_of(int16_t low, int16_t high)
{
    return (range){f32x4_splat(low), f32x4_splat(high)};
}

/* Clamping to whole numbers before rounding is the same as after it, and keeps f32x4_round exact. */
static inline i32x4 to_steps(f32x4 value, range r)
{
    return f32x4_round(f32x4_clamp(value, r.low, r.high));
}

static inline i16x8 requantise(i32x4 low, i32x4 high, f32x4 scale_low, f32x4 scale_high, range r)
{
    return i16x8_narrow(to_steps(f32x4_mul(f32x4_convert(low), scale_low), r),
                        to_steps(f32x4_mul(f32x4_convert(high), scale_high), r));
}

/* The same for what a layer sums up, which its maker has seen to be far from 2^22 steps: bounding eight
 * whole numbers at once is less work than bounding four twice. */
static inline i16x8 requantise_sum(i32x4 low, i32x4 high, f32x4 scale_low, f32x4 scale_high,
                                   i16x8 least, i16x8 most)
{
    i16x8 steps = i16x8_narrow(f32x4_round(f32x4_mul(f32x4_convert(low), scale_low)),
                               f32x4_round(f32x4_mul(f32x4_convert(high), scale_high)));
    return i16x8_min(i16x8_max(steps, least), most);
}

#endif
