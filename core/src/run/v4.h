/* Four floats at once, on any processor that this is compiled for. */
#ifndef PLEURA_V4_H
#define PLEURA_V4_H

/* Rows of channels may begin at any float. */
typedef float v4 __attribute__((vector_size(16), aligned(4), may_alias));
typedef int v4i __attribute__((vector_size(16)));

static inline v4 v4_load(const float *from)
{
    return *(const v4 *)from;
}

static inline void v4_store(float *to, v4 x)
{
    *(v4 *)to = x;
}

static inline v4 v4_all(float x)
{
    return (v4){x, x, x, x};
}

static inline v4 v4_bound(v4 x, v4 low, v4 high)
{
    v4i below = x < low;
    x = (v4)((below & (v4i)low) | (~below & (v4i)x));
    v4i above = x > high;
    return (v4)((above & (v4i)high) | (~above & (v4i)x));
}

/* x * y + sum, rounded once where the processor can. */
static inline v4 v4_multiply_add(v4 x, v4 y, v4 sum)
{
#ifdef __wasm_relaxed_simd__
    return __builtin_wasm_relaxed_madd_f32x4(x, y, sum);
#else
    return x * y + sum;
#endif
}

#endif
