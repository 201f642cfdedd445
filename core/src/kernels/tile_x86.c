/*
 * A row of the tile's sums is one 256-bit register here. Integers wrap, so that adding in another order
 * changes no bit; the last step is the narrow tile's own.
 */
#include "tile_x86.h"

#ifdef PLEURA_WIDE_TILES

#include "requantise.h"

#include <immintrin.h>

#ifdef PLEURA_TEST_ALLOCATION
bool pleura_test_narrow, pleura_test_no_vnni;
#else
#define pleura_test_narrow false
#define pleura_test_no_vnni false
#endif

#define AVX2 __attribute__((target("avx2")))
#define VNNI __attribute__((target("avx2,avx512f,avx512vl,avx512vnni")))
#define INLINE static inline __attribute__((always_inline))

/* Two sets of sums, for even and odd pairs: vpdpwssd takes longer than it takes to start one. */
typedef struct wide {
    __m256i even[TILE_ROWS], odd[TILE_ROWS];
} wide;

AVX2 INLINE __m256i splat_pair(const int16_t *from)
{
    int32_t pair;
    memcpy(&pair, from, sizeof pair);
    return _mm256_set1_epi32(pair);
}

AVX2 INLINE __m256i add_dot_avx2(__m256i sum, __m256i a, __m256i b)
{
    return _mm256_add_epi32(sum, _mm256_madd_epi16(a, b));
}

VNNI INLINE __m256i add_dot_vnni(__m256i sum, __m256i a, __m256i b)
{
    return _mm256_dpwssd_epi32(sum, a, b);
}

AVX2 INLINE void put(const pleura_tile *tile, size_t rows, const wide *s, int16_t *output,
                     size_t stride, int32_t *sums)
{
    i16x8 least = i16x8_splat(tile->low), most = i16x8_splat(tile->high);
    for (size_t r = 0; r < rows; r++) {
        __m256i all = _mm256_add_epi32(s->even[r], s->odd[r]);
        __m128i low = _mm256_castsi256_si128(all), high = _mm256_extracti128_si256(all, 1);
        if (sums)
            _mm256_storeu_si256((__m256i *)(sums + r * TILE_COLUMNS), all);
        else
            i16x8_store(output + r * stride,
                        requantise_sum(low, high, f32x4_load(tile->scale),
                                       f32x4_load(tile->scale + 4), least, most));
    }
}

/* `rows` is constant where this is used, so that the loops over it unroll. */
#define DEFINE(name, TARGET, add_dot)                                                              \
    TARGET INLINE void name##_rows(const pleura_tile *tile, size_t rows, int16_t *output,          \
                                   size_t stride, int32_t *sums)                                   \
    {                                                                                              \
        wide s;                                                                                    \
        for (size_t r = 0; r < rows; r++) {                                                        \
            s.even[r] = _mm256_loadu_si256((const __m256i *)tile->bias);                           \
            s.odd[r] = _mm256_setzero_si256();                                                     \
        }                                                                                          \
        const int16_t *w = tile->weights, *const *pixels = tile->pixels;                           \
        for (size_t t = tile->taps; t > 0; t--, pixels += rows) {                                  \
            const int16_t *a[TILE_ROWS];                                                           \
            for (size_t r = 0; r < rows; r++)                                                      \
                a[r] = pixels[r] + tile->offset;                                                   \
            for (size_t d = 0; d < tile->depth; d += 4, w += 4 * TILE_COLUMNS) {                   \
                __m256i even = _mm256_loadu_si256((const __m256i *)w);                             \
                __m256i odd = _mm256_loadu_si256((const __m256i *)(w + 2 * TILE_COLUMNS));         \
                for (size_t r = 0; r < rows; r++) {                                                \
                    s.even[r] = add_dot(s.even[r], splat_pair(a[r] + d), even);                    \
                    s.odd[r] = add_dot(s.odd[r], splat_pair(a[r] + d + 2), odd);                   \
                }                                                                                  \
            }                                                                                      \
        }                                                                                          \
        put(tile, rows, &s, output, stride, sums);                                                 \
    }                                                                                              \
    TARGET static void name(const pleura_tile *tile, size_t rows, int16_t *output, size_t stride,  \
                            int32_t *sums)                                                         \
    {                                                                                              \
        if (rows == TILE_ROWS)                                                                     \
            name##_rows(tile, TILE_ROWS, output, stride, sums);                                    \
        else if (rows == 1)                                                                        \
            name##_rows(tile, 1, output, stride, sums);                                            \
        else if (rows == 2)                                                                        \
            name##_rows(tile, 2, output, stride, sums);                                            \
        else if (rows == 3)                                                                        \
            name##_rows(tile, 3, output, stride, sums);                                            \
        else if (rows == 4)                                                                        \
            name##_rows(tile, 4, output, stride, sums);                                            \
        else                                                                                       \
            name##_rows(tile, 5, output, stride, sums);                                            \
    }

DEFINE(run_avx2, AVX2, add_dot_avx2)
DEFINE(run_vnni, VNNI, add_dot_vnni)

bool pleura_has_vnni(void)
{
    return !pleura_test_narrow && !pleura_test_no_vnni && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni");
}

bool pleura_tile_wide(const pleura_tile *given, size_t count, int16_t *output, size_t stride,
                      int32_t *sums)
{
    if (pleura_test_narrow || !__builtin_cpu_supports("avx2"))
        return false;
    bool vnni = pleura_has_vnni();
    pleura_tile tile = *given;
    for (size_t done = 0; done < count; done += TILE_ROWS) {
        size_t rows = count - done < TILE_ROWS ? count - done : TILE_ROWS;
        int16_t *to = output ? output + done * stride : NULL;
        int32_t *sums_to = sums ? sums + done * TILE_COLUMNS : NULL;
        (vnni ? run_vnni : run_avx2)(&tile, rows, to, stride, sums_to);
        tile.pixels += tile.taps * TILE_ROWS;
    }
    return true;
}

#endif
