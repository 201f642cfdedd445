/* simd.h's operations in WebAssembly's fixed SIMD. */
#ifndef PLEURA_SIMD_WASM_H
#define PLEURA_SIMD_WASM_H

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

#endif
