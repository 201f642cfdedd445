/*
 * The 128-bit operations that the integer kernels are written in, three times: WebAssembly's fixed
 * SIMD, SSE2, and plain C (any other machine, or PLEURA_PORTABLE), each in a header of its own. The
 * three give the same bits: integers wrap, and the few float operations are single IEEE ones that
 * nothing may contract (-ffp-contract=off).
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
#include "simd_wasm.h"
#elif defined(__SSE2__) && !defined(PLEURA_PORTABLE)
#include "simd_sse2.h"
#else
#include "simd_plain.h"
#endif

#endif
