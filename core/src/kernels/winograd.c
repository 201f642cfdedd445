/*
 * 3 x 3 filters at stride 1 by Winograd's way: a patch of 2 x 2 pixels for 16 multiplications a channel
 * in place of 36, or of 4 x 4 for 36 in place of 144. In integers it is exact: with the filter's
 * transform scaled to whole numbers (run/winograd.h has the definition; the points here are 0, +-1,
 * infinity, and +-2 for the larger patch) what comes out is 4 or 576 times the sum of the definition.
 * All of it counts modulo 2^32, where 9 has an inverse: only 4 or 64 times the sum has to fit 32 bits.
 *
 * The n x n positions of transformed patches (n: 4 or 6) are as many matrix products over all patches.
 * Scratch: transformed patches [n x n][patches][channels], then sums [n x n][patches][8].
 */
#include "bytes.h"
#include "qconv.h"
#include "requantise.h"

#include "../memory.h"

#define INLINE static inline __attribute__((always_inline))
#define MOST 6          /* n of the larger patch */
#define MOST_PATCHES 48 /* at once */
#define PATCH_BYTES 262144

static size_t patches_across(const pleura_qconv_spec *s, size_t m)
{
    return (s->out_width + m - 1) / m;
}

static size_t patches_of(const pleura_qconv_spec *s, size_t m)
{
    return (s->out_height + m - 1) / m * patches_across(s, m);
}

/* Multiplications a channel. */
static size_t cost_of(const pleura_qconv_spec *s, size_t m)
{
    return patches_of(s, m) * (m + 2) * (m + 2);
}

size_t pleura_qconv_winograd_patch(const pleura_qconv_spec *s)
{
    if (s->framed || s->float_stride || s->groups > 1 || s->kernel[0] != 3 || s->kernel[1] != 3)
        return 0;
    if (s->stride[0] != 1 || s->stride[1] != 1 || s->dilation[0] != 1 || s->dilation[1] != 1)
        return 0;
    if (s->channels < 16 || s->out_channels < 16)
        return 0;
    int64_t sum = pleura_qconv_largest_sum(s);
    size_t plain = (size_t)s->out_height * s->out_width * 9;
#ifdef PLEURA_BYTES
    /* Bytes, untransformed, are multiplied two to four times as fast. */
    bool dear = 64 * sum > INT32_MAX || cost_of(s, 4) * 10 > plain * 3;
    if (pleura_qconv_takes_bytes(s) && (BYTES_ARE_QUICKEST || dear))
        return 0;
#endif
    if (64 * sum <= INT32_MAX && cost_of(s, 4) * 5 < plain * 2)
        return 4;
    bool pays = patches_of(s, 2) >= 24 && cost_of(s, 2) * 5 <= plain * 4;
    return 4 * sum <= INT32_MAX && pays ? 2 : 0;
}

/* ---- Packing: G g G', scaled to whole numbers ---- */

static void transform_line(size_t m, const int16_t *from, size_t step, int16_t *to, size_t to_step)
{
    int a = from[0], b = from[step], c = from[2 * step];
    int two[4] = {2 * a, a + b + c, a - b + c, 2 * c};
    int four[6] = {6 * a, a + b + c, a - b + c, a + 2 * b + 4 * c, a - 2 * b + 4 * c, 8 * c};
    for (size_t i = 0; i < m + 2; i++)
        to[i * to_step] = (int16_t)(m == 2 ? two[i] : four[i]);
}

static void transform_filter(size_t m, const int8_t filter[9], int16_t out[MOST * MOST])
{
    int16_t in[9], half[3 * MOST];
    for (int i = 0; i < 9; i++)
        in[i] = filter[i];
    for (size_t y = 0; y < 3; y++)
        transform_line(m, in + 3 * y, 1, half + y * (m + 2), 1);
    for (size_t x = 0; x < m + 2; x++)
        transform_line(m, half + x, m + 2, out + x, m + 2);
}

/* [block][position][depth / 2][TILE_COLUMNS][2] */
static bool pack_weights(pleura_qconv *conv)
{
    const pleura_qconv_spec *s = &conv->spec;
    size_t positions = (conv->patch + 2) * (conv->patch + 2), panel = conv->depth * TILE_COLUMNS;
    conv->weights = pleura_alloc_zero(conv->blocks * positions, panel * sizeof *conv->weights);
    if (!conv->weights)
        return false;
    for (size_t o = 0; o < s->out_channels; o++)
        for (size_t c = 0; c < s->channels; c++) {
            int16_t out[MOST * MOST];
            transform_filter(conv->patch, s->weights + (o * s->channels + c) * 9, out);
            int16_t *to = conv->weights + o / TILE_COLUMNS * positions * panel;
            to += c / 2 * 2 * TILE_COLUMNS + o % TILE_COLUMNS * 2 + c % 2;
            for (size_t p = 0; p < positions; p++)
                to[p * panel] = out[p];
        }
    return true;
}

/* ---- Patches: B' d B ---- */

INLINE void transform_pixels(size_t m, const i16x8 *d, i16x8 *out)
{
    if (m == 2) {
        out[0] = i16x8_sub(d[0], d[2]);
        out[1] = i16x8_add(d[1], d[2]);
        out[2] = i16x8_sub(d[2], d[1]);
        out[3] = i16x8_sub(d[1], d[3]);
        return;
    }
    i16x8 four_1 = i16x8_shift_left(d[1], 2), four_2 = i16x8_shift_left(d[2], 2);
    i16x8 even = i16x8_sub(d[4], four_2), odd = i16x8_sub(d[3], four_1);
    out[1] = i16x8_add(even, odd);
    out[2] = i16x8_sub(even, odd);
    even = i16x8_sub(d[4], d[2]);
    odd = i16x8_shift_left(i16x8_sub(d[3], d[1]), 1);
    out[3] = i16x8_add(even, odd);
    out[4] = i16x8_sub(even, odd);
    out[0] = i16x8_add(i16x8_sub(i16x8_shift_left(d[0], 2), four_2), even);
    i16x8 five_3 = i16x8_add(i16x8_shift_left(d[3], 2), d[3]);
    out[5] = i16x8_add(i16x8_sub(four_1, five_3), d[5]);
}

INLINE void transform_patch(size_t m, const int16_t *const *pixels, size_t channels, int16_t *to,
                            size_t position_stride)
{
    size_t n = m + 2;
    for (size_t c = 0; c < channels; c += 8) {
        i16x8 half[MOST][MOST];
        for (size_t y = 0; y < n; y++) {
            i16x8 d[MOST];
            for (size_t x = 0; x < n; x++)
                // NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): all n x n are given
                d[x] = i16x8_load(pixels[n * y + x] + c);
            transform_pixels(m, d, half[y]);
        }
        for (size_t x = 0; x < n; x++) {
            i16x8 d[MOST], out[MOST];
            for (size_t y = 0; y < n; y++)
                d[y] = half[y][x];
            transform_pixels(m, d, out);
            for (size_t y = 0; y < n; y++)
                i16x8_store(to + (n * y + x) * position_stride + c, out[y]);
        }
    }
}

static void transform_patches(const pleura_qconv *conv, const int16_t *input, size_t begin,
                              size_t end, int16_t *to)
{
    const pleura_qconv_spec *s = &conv->spec;
    size_t m = conv->patch, n = m + 2, across = patches_across(s, m);
    for (size_t p = begin; p < end; p++, to += conv->depth) {
        const int16_t *pixels[MOST * MOST];
        size_t top = p / across * m - s->pad[0], left = p % across * m - s->pad[1];
        for (size_t i = 0; i < n * n; i++) {
            size_t y = top + i / n, x = left + i % n; /* before the image they are large */
            bool inside = y < s->height && x < s->width;
            pixels[i] = inside ? input + y * conv->row_stride + x * conv->in_stride : conv->zeros;
        }
        size_t stride = conv->pixels_per_unit * conv->depth;
        if (m == 2)
            transform_patch(2, pixels, conv->depth, to, stride);
        else
            transform_patch(4, pixels, conv->depth, to, stride);
    }
}

/* ---- Products ---- */

static void multiply(const pleura_qconv *conv, const int16_t *patches, size_t count, size_t block,
                     int32_t *sums)
{
    static const int32_t none[TILE_COLUMNS];
    size_t positions = (conv->patch + 2) * (conv->patch + 2), room = conv->pixels_per_unit;
    const int16_t *pixels[MOST_PATCHES];
    for (size_t i = 0; i < count; i++)
        pixels[i] = patches + i * conv->depth;
    pleura_tile tile = {.pixels = pixels,
                        .taps = 1,
                        .depth = conv->depth,
                        .weights = conv->weights + block * positions * conv->depth * TILE_COLUMNS,
                        .bias = none};
    for (size_t p = 0; p < positions; p++) {
        pleura_tile_sum(&tile, count, sums);
        sums += room * TILE_COLUMNS;
        tile.offset += room * conv->depth;
        tile.weights += conv->depth * TILE_COLUMNS;
    }
}

/* ---- Outputs: A' t A ---- */

INLINE void gather_line(size_t m, const i32x4 *t, i32x4 *out)
{
    i32x4 sum = i32x4_add(t[1], t[2]), difference = i32x4_sub(t[1], t[2]);
    if (m == 2) {
        out[0] = i32x4_add(t[0], sum);
        out[1] = i32x4_sub(difference, t[3]);
        return;
    }
    i32x4 far_sum = i32x4_add(t[3], t[4]), far_difference = i32x4_sub(t[3], t[4]);
    sum = i32x4_shift_left(sum, 2);
    difference = i32x4_shift_left(difference, 2);
    i32x4 last = i32x4_add(t[5], i32x4_shift_left(t[5], 1));
    out[0] = i32x4_add(i32x4_sub(t[0], sum), far_sum);
    out[1] = i32x4_sub(i32x4_shift_left(far_difference, 1), difference);
    out[2] = i32x4_sub(i32x4_shift_left(far_sum, 2), sum);
    out[3] = i32x4_add(i32x4_sub(i32x4_shift_left(far_difference, 3), difference), last);
}

/* From what the products give to the definition's sum. */
INLINE i32x4 undo_scale(size_t m, i32x4 sum)
{
    if (m == 2)
        return i32x4_shift_right(sum, 2);
    return i32x4_shift_right(i32x4_mul(sum, i32x4_splat(pleura_qconv_ninth)), 6);
}

INLINE void gather_sums(size_t m, const int32_t *sums, size_t position_stride, i32x4 bias,
                        i32x4 out[4][4])
{
    size_t n = m + 2;
    i32x4 half[4][MOST];
    for (size_t x = 0; x < n; x++) {
        i32x4 t[MOST], column[4];
        for (size_t y = 0; y < n; y++)
            t[y] = i32x4_load(sums + (n * y + x) * position_stride);
        gather_line(m, t, column);
        for (size_t y = 0; y < m; y++)
            half[y][x] = column[y];
    }
    for (size_t y = 0; y < m; y++) {
        gather_line(m, half[y], out[y]);
        for (size_t x = 0; x < m; x++)
            out[y][x] = i32x4_add(undo_scale(m, out[y][x]), bias);
    }
}

INLINE void put_patch(const pleura_qconv *conv, size_t m, const int32_t *sums, size_t patch,
                      size_t block, int16_t *output)
{
    const pleura_qconv_spec *s = &conv->spec;
    size_t stride = pleura_q_stride(s->out_channels), across = patches_across(s, m);
    size_t top = patch / across * m, left = patch % across * m;
    const float *scale = conv->scale + block * TILE_COLUMNS;
    const int32_t *bias = conv->bias + block * TILE_COLUMNS;
    i16x8 least = i16x8_splat(s->low), most = i16x8_splat(s->high);
    i32x4 low[4][4], high[4][4];
    gather_sums(m, sums, conv->pixels_per_unit * TILE_COLUMNS, i32x4_load(bias), low);
    gather_sums(m, sums + 4, conv->pixels_per_unit * TILE_COLUMNS, i32x4_load(bias + 4), high);
    output += (top * s->out_width + left) * stride + block * TILE_COLUMNS;
    for (size_t y = 0; y < m && top + y < s->out_height; y++)
        for (size_t x = 0; x < m && left + x < s->out_width; x++)
            i16x8_store(output + (y * s->out_width + x) * stride,
                        requantise_sum(low[y][x], high[y][x], f32x4_load(scale),
                                       f32x4_load(scale + 4), least, most));
}

static void put_patches(const pleura_qconv *conv, const int32_t *sums, size_t begin, size_t end,
                        size_t block, int16_t *output)
{
    for (size_t p = begin; p < end; p++, sums += TILE_COLUMNS)
        if (conv->patch == 2)
            put_patch(conv, 2, sums, p, block, output);
        else
            put_patch(conv, 4, sums, p, block, output);
}

static void run_winograd(const pleura_qconv *conv, const int16_t *input, void *output,
                         void *scratch, size_t unit)
{
    size_t patches = patches_of(&conv->spec, conv->patch), room = conv->pixels_per_unit;
    size_t positions = (conv->patch + 2) * (conv->patch + 2);
    size_t across = (conv->blocks + conv->blocks_per_unit - 1) / conv->blocks_per_unit;
    size_t begin = unit / across * room, end = begin + room;
    size_t first = unit % across * conv->blocks_per_unit, last = first + conv->blocks_per_unit;
    int16_t *transformed = scratch;
    int32_t *sums = (int32_t *)(transformed + positions * room * conv->depth);
    if (end > patches)
        end = patches;
    if (last > conv->blocks)
        last = conv->blocks;
    transform_patches(conv, input, begin, end, transformed);
    for (size_t block = first; block < last; block++) {
        multiply(conv, transformed, end - begin, block, sums);
        put_patches(conv, sums, begin, end, block, output);
    }
}

/* As many patches as the second cache holds; a small image is cut across its output channels too. */
static void cut(pleura_qconv *conv)
{
    size_t patches = patches_of(&conv->spec, conv->patch);
    size_t positions = (conv->patch + 2) * (conv->patch + 2);
    size_t most = PATCH_BYTES / (positions * conv->depth * sizeof(int16_t));
    if (most > MOST_PATCHES)
        most = MOST_PATCHES;
    if (most > patches)
        most = patches;
    conv->pixels_per_unit = (most / TILE_ROWS + (most % TILE_ROWS != 0)) * TILE_ROWS;
    if (conv->pixels_per_unit < TILE_ROWS)
        conv->pixels_per_unit = TILE_ROWS;
    pleura_qconv_cut(conv, patches, conv->blocks);
    conv->scratch = positions * conv->pixels_per_unit *
                    (conv->depth * sizeof(int16_t) + TILE_COLUMNS * sizeof(int32_t));
}

bool pleura_qconv_make_winograd(pleura_qconv *conv)
{
    const pleura_qconv_spec *s = &conv->spec;
    conv->in_stride = conv->depth = pleura_q_stride(s->channels);
    conv->row_stride = conv->in_stride * s->width;
    conv->blocks = (s->out_channels + TILE_COLUMNS - 1) / TILE_COLUMNS;
    conv->run = run_winograd;
    cut(conv);
    conv->cost = (uint64_t)cost_of(s, conv->patch) * conv->depth * conv->blocks * TILE_COLUMNS;
    return pack_weights(conv) && pleura_qconv_make_columns(conv, 1, conv->blocks);
}
