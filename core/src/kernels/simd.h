/*
 * The 128-bit operations that the integer kernels are written in, three times: WebAssembly's fixed
 * SIMD, SSE2, and plain C (any other machine, or PLEURA_PORTABLE). The three give the same bits:
 * integers wrap, and the few float operations are single IEEE ones that nothing may contract
 * (-ffp-contract=off).
 *
 * i32x4_dot: the sums of neighbouring products, a[2i] * b[2i] + a[2i+1] * b[2i+1].
 * i16x8_splat_pair: two neighbouring values from memory, four times.
 * f32x4_clamp: `low` for NaN. f32x4_round: to the nearest integer, ties to even, for |x| < 2^22.
 */
#ifndef PLEURA_SIMD_H
#define PLEURA_SIMD_H

#include <stdint.h>
#include <string.h>

/* 1.5 * 2^23: a float of this size has no bits for a fraction, so that adding it rounds. */
#define SIMD_MAGIC 12582912.0f
#define SIMD_MAGIC_BITS 0x4b400000

#if defined(__wasm_simd128__) && !defined(PLEURA_PORTABLE)

#include <wasm_simd128.h>

typedef v128_t i16x8;
typedef v128_t i32x4;
typedef v128_t f32x4;

static inline i16x8 i16x8_load(const int16_t *from)
{
    return wasm_v128_load(from);
}

static inline void i16x8_store(int16_t *to, i16x8 v)
{
    wasm_v128_store(to, v);
}

static inline i16x8 i16x8_splat(int16_t value)
{
    return wasm_i16x8_splat(value);
}

static inline i16x8 i16x8_splat_pair(const int16_t *from)
{
    return wasm_v128_load32_splat(from);
}

static inline i16x8 i16x8_add(i16x8 a, i16x8 b)
{
    return wasm_i16x8_add(a, b);
}

static inline i16x8 i16x8_sub(i16x8 a, i16x8 b)
{
    return wasm_i16x8_sub(a, b);
}

static inline i16x8 i16x8_shift_left(i16x8 v, int bits)
{
    return wasm_i16x8_shl(v, (uint32_t)bits);
}

static inline i16x8 i16x8_max(i16x8 a, i16x8 b)
{
    return wasm_i16x8_max(a, b);
}

static inline i16x8 i16x8_min(i16x8 a, i16x8 b)
{
    return wasm_i16x8_min(a, b);
}

static inline i16x8 i16x8_zip_low(i16x8 a, i16x8 b)
{
    return wasm_i16x8_shuffle(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
}

static inline i16x8 i16x8_zip_high(i16x8 a, i16x8 b)
{
    return wasm_i16x8_shuffle(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
}

static inline i32x4 i16x8_widen_low(i16x8 v)
{
    return wasm_i32x4_extend_low_i16x8(v);
}

static inline i32x4 i16x8_widen_high(i16x8 v)
{
    return wasm_i32x4_extend_high_i16x8(v);
}

static inline i16x8 i16x8_narrow(i32x4 low, i32x4 high)
{
    return wasm_i16x8_narrow_i32x4(low, high);
}

static inline i32x4 i32x4_load(const int32_t *from)
{
    return wasm_v128_load(from);
}

static inline void i32x4_store(int32_t *to, i32x4 v)
{
    wasm_v128_store(to, v);
}

static inline i32x4 i32x4_splat(int32_t value)
{
    return wasm_i32x4_splat(value);
}

static inline i32x4 i32x4_add(i32x4 a, i32x4 b)
{
    return wasm_i32x4_add(a, b);
}

static inline i32x4 i32x4_sub(i32x4 a, i32x4 b)
{
    return wasm_i32x4_sub(a, b);
}

static inline i32x4 i32x4_mul(i32x4 a, i32x4 b)
{
    return wasm_i32x4_mul(a, b);
}

static inline i32x4 i32x4_shift_left(i32x4 v, int bits)
{
    return wasm_i32x4_shl(v, (uint32_t)bits);
}

static inline i32x4 i32x4_shift_right(i32x4 v, int bits)
{
    return wasm_i32x4_shr(v, (uint32_t)bits);
}

static inline i32x4 i32x4_dot(i16x8 a, i16x8 b)
{
    return wasm_i32x4_dot_i16x8(a, b);
}

static inline f32x4 f32x4_load(const float *from)
{
    return wasm_v128_load(from);
}

static inline void f32x4_store(float *to, f32x4 v)
{
    wasm_v128_store(to, v);
}

static inline f32x4 f32x4_splat(float value)
{
    return wasm_f32x4_splat(value);
}

static inline f32x4 f32x4_convert(i32x4 v)
{
    return wasm_f32x4_convert_i32x4(v);
}

static inline f32x4 f32x4_add(f32x4 a, f32x4 b)
{
    return wasm_f32x4_add(a, b);
}

static inline f32x4 f32x4_mul(f32x4 a, f32x4 b)
{
    return wasm_f32x4_mul(a, b);
}

static inline f32x4 f32x4_div(f32x4 a, f32x4 b)
{
    return wasm_f32x4_div(a, b);
}

static inline f32x4 f32x4_clamp(f32x4 v, f32x4 low, f32x4 high)
{
    return wasm_f32x4_pmin(high, wasm_f32x4_pmax(low, v));
}

/* From memory: V8 makes a constant anew wherever it is used, with three instructions. */
extern const float pleura_simd_magic;

static inline i32x4 f32x4_round(f32x4 v)
{
    v128_t magic = wasm_v128_load32_splat(&pleura_simd_magic);
    return wasm_i32x4_sub(wasm_f32x4_add(v, magic), magic);
}

#elif defined(__SSE2__) && !defined(PLEURA_PORTABLE)

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

#else

typedef struct i16x8 {
    int16_t at[8];
} i16x8;

typedef struct i32x4 {
    int32_t at[4];
} i32x4;

typedef struct f32x4 {
    float at[4];
} f32x4;

static inline i16x8 i16x8_load(const int16_t *from)
{
    i16x8 v;
    memcpy(&v, from, sizeof v);
    return v;
}

static inline void i16x8_store(int16_t *to, i16x8 v)
{
    memcpy(to, &v, sizeof v);
}

static inline i16x8 i16x8_splat(int16_t value)
{
    i16x8 v;
    for (int i = 0; i < 8; i++)
        v.at[i] = value;
    return v;
}

static inline i16x8 i16x8_splat_pair(const int16_t *from)
{
    i16x8 v;
    for (int i = 0; i < 8; i++)
        v.at[i] = from[i & 1];
    return v;
}

static inline i16x8 i16x8_add(i16x8 a, i16x8 b)
{
    for (int i = 0; i < 8; i++)
        a.at[i] = (int16_t)(a.at[i] + b.at[i]);
    return a;
}

static inline i16x8 i16x8_sub(i16x8 a, i16x8 b)
{
    for (int i = 0; i < 8; i++)
        a.at[i] = (int16_t)(a.at[i] - b.at[i]);
    return a;
}

static inline i16x8 i16x8_shift_left(i16x8 v, int bits)
{
    for (int i = 0; i < 8; i++)
        v.at[i] = (int16_t)(uint16_t)((uint32_t)(uint16_t)v.at[i] << bits);
    return v;
}

static inline i16x8 i16x8_max(i16x8 a, i16x8 b)
{
    for (int i = 0; i < 8; i++)
        a.at[i] = a.at[i] > b.at[i] ? a.at[i] : b.at[i];
    return a;
}

static inline i16x8 i16x8_min(i16x8 a, i16x8 b)
{
    for (int i = 0; i < 8; i++)
        a.at[i] = a.at[i] < b.at[i] ? a.at[i] : b.at[i];
    return a;
}

static inline i16x8 i16x8_zip_low(i16x8 a, i16x8 b)
{
    i16x8 v;
    for (int i = 0; i < 8; i++)
        v.at[i] = (i & 1 ? b : a).at[i / 2];
    return v;
}

static inline i16x8 i16x8_zip_high(i16x8 a, i16x8 b)
{
    i16x8 v;
    for (int i = 0; i < 8; i++)
        v.at[i] = (i & 1 ? b : a).at[4 + i / 2];
    return v;
}

static inline i32x4 i16x8_widen_low(i16x8 v)
{
    i32x4 wide;
    for (int i = 0; i < 4; i++)
        wide.at[i] = v.at[i];
    return wide;
}

static inline i32x4 i16x8_widen_high(i16x8 v)
{
    i32x4 wide;
    for (int i = 0; i < 4; i++)
        wide.at[i] = v.at[4 + i];
    return wide;
}

static inline i16x8 i16x8_narrow(i32x4 low, i32x4 high)
{
    i16x8 v;
    for (int i = 0; i < 8; i++) {
        int32_t x = i < 4 ? low.at[i] : high.at[i - 4];
        v.at[i] = (int16_t)(x < INT16_MIN ? INT16_MIN : x > INT16_MAX ? INT16_MAX : x);
    }
    return v;
}

static inline i32x4 i32x4_load(const int32_t *from)
{
    i32x4 v;
    memcpy(&v, from, sizeof v);
    return v;
}

static inline void i32x4_store(int32_t *to, i32x4 v)
{
    memcpy(to, &v, sizeof v);
}

static inline i32x4 i32x4_splat(int32_t value)
{
    return (i32x4){{value, value, value, value}};
}

static inline i32x4 i32x4_add(i32x4 a, i32x4 b)
{
    for (int i = 0; i < 4; i++)
        a.at[i] = (int32_t)((uint32_t)a.at[i] + (uint32_t)b.at[i]);
    return a;
}

static inline i32x4 i32x4_sub(i32x4 a, i32x4 b)
{
    for (int i = 0; i < 4; i++)
        a.at[i] = (int32_t)((uint32_t)a.at[i] - (uint32_t)b.at[i]);
    return a;
}

static inline i32x4 i32x4_mul(i32x4 a, i32x4 b)
{
    for (int i = 0; i < 4; i++)
        a.at[i] = (int32_t)((uint32_t)a.at[i] * (uint32_t)b.at[i]);
    return a;
}

static inline i32x4 i32x4_shift_left(i32x4 v, int bits)
{
    for (int i = 0; i < 4; i++)
        v.at[i] = (int32_t)((uint32_t)v.at[i] << bits);
    return v;
}

static inline i32x4 i32x4_shift_right(i32x4 v, int bits)
{
    for (int i = 0; i < 4; i++) /* of a negative number: as every compiler of ours does it */
        v.at[i] = v.at[i] >> bits;
    return v;
}

static inline i32x4 i32x4_dot(i16x8 a, i16x8 b)
{
    i32x4 v;
    for (int i = 0; i < 4; i++)
        v.at[i] = (int32_t)((uint32_t)(a.at[2 * i] * b.at[2 * i]) +
                            (uint32_t)(a.at[2 * i + 1] * b.at[2 * i + 1]));
    return v;
}

static inline f32x4 f32x4_load(const float *from)
{
    f32x4 v;
    memcpy(&v, from, sizeof v);
    return v;
}

static inline void f32x4_store(float *to, f32x4 v)
{
    memcpy(to, &v, sizeof v);
}

static inline f32x4 f32x4_splat(float value)
{
    return (f32x4){{value, value, value, value}};
}

static inline f32x4 f32x4_convert(i32x4 v)
{
    f32x4 f;
    for (int i = 0; i < 4; i++)
        f.at[i] = (float)v.at[i];
    return f;
}

static inline f32x4 f32x4_add(f32x4 a, f32x4 b)
{
    for (int i = 0; i < 4; i++)
        a.at[i] += b.at[i];
    return a;
}

static inline f32x4 f32x4_mul(f32x4 a, f32x4 b)
{
    for (int i = 0; i < 4; i++)
        a.at[i] *= b.at[i];
    return a;
}

static inline f32x4 f32x4_div(f32x4 a, f32x4 b)
{
    for (int i = 0; i < 4; i++)
        a.at[i] /= b.at[i];
    return a;
}

static inline f32x4 f32x4_clamp(f32x4 v, f32x4 low, f32x4 high)
{
    for (int i = 0; i < 4; i++) {
        float x = v.at[i] > low.at[i] ? v.at[i] : low.at[i];
        v.at[i] = x < high.at[i] ? x : high.at[i];
    }
    return v;
}

static inline i32x4 f32x4_round(f32x4 v)
{
    i32x4 bits;
    for (int i = 0; i < 4; i++) {
        float x = v.at[i] + SIMD_MAGIC;
        memcpy(&bits.at[i], &x, sizeof x);
        bits.at[i] -= SIMD_MAGIC_BITS;
    }
    return bits;
}

#endif

#endif
