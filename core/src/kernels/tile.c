/* The inner loop of every dense layer. */
#include "qconv.h"
#include "requantise.h"
#include "tile_x86.h"

#define INLINE static inline __attribute__((always_inline))

typedef struct sums {
    i32x4 low[TILE_ROWS], high[TILE_ROWS];
} sums;

/* One pair of channels, and no more at once: a loop over several keeps more weights than there are
 * registers. The loop over rows has constant bounds and unrolls. */
INLINE void multiply(sums *s, size_t rows, const int16_t **a, const int16_t *w)
{
    i16x8 low = i16x8_load(w), high = i16x8_load(w + 8);
    for (size_t r = 0; r < rows; r++, a++) {
        i16x8 pair = i16x8_splat_pair(*a);
        s->low[r] = i32x4_add(s->low[r], i32x4_dot(pair, low));
        s->high[r] = i32x4_add(s->high[r], i32x4_dot(pair, high));
        *a += 2;
    }
}

INLINE sums sum(const pleura_tile *tile, const int16_t *const *pixels, size_t rows)
{
    sums s;
    for (size_t r = 0; r < rows; r++) {
        s.low[r] = i32x4_load(tile->bias);
        s.high[r] = i32x4_load(tile->bias + 4);
    }
    const int16_t *w = tile->weights;
    size_t depth = tile->depth, offset = tile->offset;
    for (size_t t = tile->taps; t > 0; t--, pixels += rows) {
        const int16_t *a[TILE_ROWS];
        for (size_t r = 0; r < rows; r++)
            a[r] = pixels[r] + offset;
        for (size_t d = depth / 2; d > 0; d--, w += 2 * TILE_COLUMNS)
            multiply(&s, rows, a, w);
    }
    return s;
}

INLINE void run(const pleura_tile *tile, const int16_t *const *pixels, size_t rows, int16_t *output,
                size_t stride)
{
    sums s = sum(tile, pixels, rows);
    f32x4 low = f32x4_load(tile->scale), high = f32x4_load(tile->scale + 4);
    i16x8 least = i16x8_splat(tile->low), most = i16x8_splat(tile->high);
    for (size_t r = 0; r < rows; r++)
        i16x8_store(output + r * stride,
                    requantise_sum(s.low[r], s.high[r], low, high, least, most));
}

INLINE void store(const pleura_tile *tile, const int16_t *const *pixels, size_t rows, int32_t *to)
{
    sums s = sum(tile, pixels, rows);
    for (size_t r = 0; r < rows; r++, to += TILE_COLUMNS) {
        i32x4_store(to, s.low[r]);
        i32x4_store(to + 4, s.high[r]);
    }
}

/* One copy of the loop for every number of rows that may be left. */
#define FOR_REST(rows, call)                                                                       \
    switch (rows) {                                                                                \
    case 1:                                                                                        \
        call(1);                                                                                   \
        break;                                                                                     \
    case 2:                                                                                        \
        call(2);                                                                                   \
        break;                                                                                     \
    case 3:                                                                                        \
        call(3);                                                                                   \
        break;                                                                                     \
    case 4:                                                                                        \
        call(4);                                                                                   \
        break;                                                                                     \
    case 5:                                                                                        \
        call(5);                                                                                   \
        break;                                                                                     \
    }

/* The copy of *given tells the compiler that storing outputs does not change it. */
void pleura_tile_run(const pleura_tile *given, size_t count, int16_t *output, size_t stride)
{
#ifdef PLEURA_WIDE_TILES
    if (pleura_tile_wide(given, count, output, stride, NULL))
        return;
#endif
    const pleura_tile tile = *given;
    const int16_t *const *pixels = tile.pixels;
#define RUN(rows) run(&tile, pixels, rows, output, stride)
    for (; count >= TILE_ROWS; count -= TILE_ROWS, output += TILE_ROWS * stride) {
        RUN(TILE_ROWS);
        pixels += tile.taps * TILE_ROWS;
    }
    FOR_REST(count, RUN)
}

void pleura_tile_sum(const pleura_tile *given, size_t count, int32_t *to)
{
#ifdef PLEURA_WIDE_TILES
    if (pleura_tile_wide(given, count, NULL, 0, to))
        return;
#endif
    const pleura_tile tile = *given;
    const int16_t *const *pixels = tile.pixels;
#define STORE(rows) store(&tile, pixels, rows, to)
    for (; count >= TILE_ROWS; count -= TILE_ROWS, to += TILE_ROWS * TILE_COLUMNS) {
        STORE(TILE_ROWS);
        pixels += tile.taps * TILE_ROWS;
    }
    FOR_REST(count, STORE)
}
