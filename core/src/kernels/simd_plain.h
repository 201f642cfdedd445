/* simd.h's operations in plain C, one number after another. */
#ifndef PLEURA_SIMD_PLAIN_H
#define PLEURA_SIMD_PLAIN_H

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
