/* simd.h's operations in SSE2. */
#ifndef PLEURA_SIMD_SSE2_H
#define PLEURA_SIMD_SSE2_H

#include <emmintrin.h>

typedef __m128i i16x8;
typedef __m128i i32x4;
typedef __m128 f32x4;

static inline i16x8 i16x8_load(const int16_t *from)
{
    return _mm_loadu_si128((const __m128i *)from);
}

static inline void i16x8_store(int16_t *to, i16x8 v)
{
    _mm_storeu_si128((__m128i *)to, v);
}

static inline i16x8 i16x8_splat(int16_t value)
{
    return _mm_set1_epi16(value);
}

static inline i16x8 i16x8_splat_pair(const int16_t *from)
{
    int32_t pair;
    memcpy(&pair, from, sizeof pair);
    return _mm_set1_epi32(pair);
}

static inline i16x8 i16x8_add(i16x8 a, i16x8 b)
{
    return _mm_add_epi16(a, b);
}

static inline i16x8 i16x8_sub(i16x8 a, i16x8 b)
{
    return _mm_sub_epi16(a, b);
}

static inline i16x8 i16x8_shift_left(i16x8 v, int bits)
{
    return _mm_slli_epi16(v, bits);
}

static inline i16x8 i16x8_max(i16x8 a, i16x8 b)
{
    return _mm_max_epi16(a, b);
}

static inline i16x8 i16x8_min(i16x8 a, i16x8 b)
{
    return _mm_min_epi16(a, b);
}

static inline i16x8 i16x8_zip_low(i16x8 a, i16x8 b)
{
    return _mm_unpacklo_epi16(a, b);
}

static inline i16x8 i16x8_zip_high(i16x8 a, i16x8 b)
{
    return _mm_unpackhi_epi16(a, b);
}

static inline i32x4 i16x8_widen_low(i16x8 v)
{
    return _mm_srai_epi32(_mm_unpacklo_epi16(v, v), 16);
}

static inline i32x4 i16x8_widen_high(i16x8 v)
{
    return _mm_srai_epi32(_mm_unpackhi_epi16(v, v), 16);
}

static inline i16x8 i16x8_narrow(i32x4 low, i32x4 high)
{
    return _mm_packs_epi32(low, high);
}

static inline i32x4 i32x4_load(const int32_t *from)
{
    return _mm_loadu_si128((const __m128i *)from);
}

static inline void i32x4_store(int32_t *to, i32x4 v)
{
    _mm_storeu_si128((__m128i *)to, v);
}

static inline i32x4 i32x4_splat(int32_t value)
{
    return _mm_set1_epi32(value);
}

static inline i32x4 i32x4_add(i32x4 a, i32x4 b)
{
    return _mm_add_epi32(a, b);
}

static inline i32x4 i32x4_sub(i32x4 a, i32x4 b)
{
    return _mm_sub_epi32(a, b);
}

/* SSE2 multiplies every other one, to 64 bits. */
static inline i32x4 i32x4_mul(i32x4 a, i32x4 b)
{
    __m128i even = _mm_mul_epu32(a, b);
    __m128i odd = _mm_mul_epu32(_mm_srli_epi64(a, 32), _mm_srli_epi64(b, 32));
    return _mm_unpacklo_epi32(_mm_shuffle_epi32(even, 8), _mm_shuffle_epi32(odd, 8));
}

static inline i32x4 i32x4_shift_left(i32x4 v, int bits)
{
    return _mm_slli_epi32(v, bits);
}

static inline i32x4 i32x4_shift_right(i32x4 v, int bits)
{
    return _mm_srai_epi32(v, bits);
}

static inline i32x4 i32x4_dot(i16x8 a, i16x8 b)
{
    return _mm_madd_epi16(a, b);
}

static inline f32x4 f32x4_load(const float *from)
{
    return _mm_loadu_ps(from);
}

static inline void f32x4_store(float *to, f32x4 v)
{
    _mm_storeu_ps(to, v);
}

static inline f32x4 f32x4_splat(float value)
{
    return _mm_set1_ps(value);
}

static inline f32x4 f32x4_convert(i32x4 v)
{
    return _mm_cvtepi32_ps(v);
}

static inline f32x4 f32x4_add(f32x4 a, f32x4 b)
{
    return _mm_add_ps(a, b);
}

static inline f32x4 f32x4_mul(f32x4 a, f32x4 b)
{
    return _mm_mul_ps(a, b);
}

static inline f32x4 f32x4_div(f32x4 a, f32x4 b)
{
    return _mm_div_ps(a, b);
}

static inline f32x4 f32x4_clamp(f32x4 v, f32x4 low, f32x4 high)
{
    return _mm_min_ps(_mm_max_ps(v, low), high);
}

static inline i32x4 f32x4_round(f32x4 v)
{
    return _mm_sub_epi32(_mm_castps_si128(_mm_add_ps(v, _mm_set1_ps(SIMD_MAGIC))),
                         _mm_set1_epi32(SIMD_MAGIC_BITS));
}

#endif
