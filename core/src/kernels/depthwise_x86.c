/* Depthwise convolution (depthwise.h) in AVX-512's vectors, 32 channels to each. */
#include "depthwise.h"

#ifdef PLEURA_WIDE_TILES

#include <immintrin.h>

#define LANES PLEURA_DEPTHWISE_LANES
#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni")))

typedef __m512i v16;
typedef __m512i v32;
typedef __m512 vf;
typedef __mmask32 part;

#define splat_16 _mm512_set1_epi16
#define load_16 _mm512_loadu_si512
#define load_32 _mm512_loadu_si512
#define load_f _mm512_loadu_ps
#define load_part(from, here) _mm512_maskz_loadu_epi16(here, from)
#define store_part(to, v, here) _mm512_mask_storeu_epi16(to, here, v)
#define zip_low _mm512_unpacklo_epi16
#define zip_high _mm512_unpackhi_epi16
#define add_dot _mm512_dpwssd_epi32

static inline part part_of(size_t channels)
{
    return channels < 8 * LANES ? (1U << channels) - 1 : ~0U;
}

/* As requantise_sum; vcvtps2dq rounds to the nearest, ties to even. */
TARGET static inline v16 to_output(v32 low, v32 high, vf scale_low, vf scale_high, v16 least,
                                   v16 most)
{
    v32 l = _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_cvtepi32_ps(low), scale_low));
    v32 h = _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_cvtepi32_ps(high), scale_high));
    return _mm512_min_epi16(_mm512_max_epi16(_mm512_packs_epi32(l, h), least), most);
}

#include "depthwise_loops.h"

void pleura_depthwise_wide(const pleura_qconv *conv, const int16_t *input, void *output,
                           void *scratch, size_t row)
{
    run_row(conv, input, output, scratch, row);
}

void pleura_depthwise_wide_3(const pleura_qconv *conv, const int16_t *input, void *output,
                             void *scratch, size_t row)
{
    run_row_3(conv, input, output, scratch, row);
}

#endif
