/* Sums in AVX-512's vectors. */
#include "tile_x86.h"

#ifdef PLEURA_WIDE_TILES

#include <immintrin.h>

#define WIDE __attribute__((target("avx512f,avx512bw,avx512vl")))

WIDE static inline __m512 sixteen(const int16_t *from, __mmask16 here)
{
    return _mm512_cvtepi32_ps(_mm512_cvtepi16_epi32(_mm256_maskz_loadu_epi16(here, from)));
}

WIDE void pleura_q_add_wide(const int16_t *a, const int16_t *b, size_t count, float ratio_a,
                            float ratio_b, int16_t low, int16_t high, int16_t *output)
{
    __m512 ra = _mm512_set1_ps(ratio_a), rb = _mm512_set1_ps(ratio_b);
    __m512 least = _mm512_set1_ps(low), most = _mm512_set1_ps(high);
    for (size_t i = 0; i < count; i += 16) {
        __mmask16 here = count - i < 16 ? 0xff : 0xffff;
        __m512 sum = _mm512_add_ps(_mm512_mul_ps(sixteen(a + i, here), ra),
                                   _mm512_mul_ps(sixteen(b + i, here), rb));
        __m512i steps = _mm512_cvtps_epi32(_mm512_min_ps(_mm512_max_ps(sum, least), most));
        _mm256_mask_storeu_epi16(output + i, here, _mm512_cvtepi32_epi16(steps));
    }
}

#endif
