/*
 * 3 x 3 filters at stride 1 by Winograd's F(2 x 2, 3 x 3): four output pixels for 16 multiplications a
 * channel in place of 36. In integers it is exact: with the filter's transform doubled along both axes
 * every step is a whole number, and what comes out is four times the sum that the definition gives.
 * Values between may wrap around; only four times the sum has to fit 32 bits.
 *
 * The 16 positions of transformed patches are 16 matrix products over all patches (of 2 x 2 output
 * pixels each). Scratch: transformed patches [16][patches][channels], then sums [16][patches][8].
 */
#include "qconv.h"
#include "requantise.h"

#include "../memory.h"

#define POSITIONS 16
#define CENTRE 5        /* the position that adds alike to all four pixels: takes the bias */
#define MOST_PATCHES 48 /* at once */
#define PATCH_BYTES 262144

static size_t patches_across(const pleura_qconv_spec *s)
{
    return (s->out_width + 1) / 2;
}

static size_t patches_of(const pleura_qconv_spec *s)
{
    return (s->out_height + 1) / 2 * patches_across(s);
}

bool pleura_qconv_suits_winograd(const pleura_qconv_spec *s)
{
    if (s->framed || s->float_stride || s->groups > 1 || s->kernel[0] != 3 || s->kernel[1] != 3)
        return false;
    if (s->stride[0] != 1 || s->stride[1] != 1 || s->dilation[0] != 1 || s->dilation[1] != 1)
        return false;
    if (s->channels < 16 || s->out_channels < 16 || patches_of(s) < 24 ||
        patches_of(s) * 20 > (size_t)s->out_height * s->out_width * 9)
        return false;
    return 4 * pleura_qconv_largest_sum(s) <= INT32_MAX;
}

/* ---- Packing: 2G g (2G)' ---- */

static void transform_line(const int16_t from[3], size_t step, int16_t to[4], size_t to_step)
{
    int16_t a = from[0], b = from[step], c = from[2 * step];
    to[0] = (int16_t)(2 * a);
    to[to_step] = (int16_t)(a + b + c);
    to[2 * to_step] = (int16_t)(a - b + c);
    to[3 * to_step] = (int16_t)(2 * c);
}

static void transform_filter(const int8_t filter[9], int16_t out[POSITIONS])
{
    int16_t in[9], half[12]; /* half: 3 lines of 4 */
    for (int i = 0; i < 9; i++)
        in[i] = filter[i];
    for (int y = 0; y < 3; y++)
        transform_line(in + 3 * y, 1, half + 4 * y, 1);
    for (int x = 0; x < 4; x++)
        transform_line(half + x, 4, out + x, 4);
}

/* [block][position][depth / 2][TILE_COLUMNS][2] */
static bool pack_weights(pleura_qconv *conv)
{
    const pleura_qconv_spec *s = &conv->spec;
    size_t panel = conv->depth * TILE_COLUMNS;
    conv->weights = pleura_alloc_zero(conv->blocks * POSITIONS, panel * sizeof *conv->weights);
    if (!conv->weights)
        return false;
    for (size_t o = 0; o < s->out_channels; o++)
        for (size_t c = 0; c < s->channels; c++) {
            int16_t out[POSITIONS];
            transform_filter(s->weights + (o * s->channels + c) * 9, out);
            int16_t *to = conv->weights + o / TILE_COLUMNS * POSITIONS * panel;
            to += c / 2 * 2 * TILE_COLUMNS + o % TILE_COLUMNS * 2 + c % 2;
            for (size_t p = 0; p < POSITIONS; p++)
                to[p * panel] = out[p];
        }
    return true;
}

/* ---- Patches: B' d B ---- */

static void transform_pixels(const i16x8 d[4], i16x8 out[4])
{
    out[0] = i16x8_sub(d[0], d[2]);
    out[1] = i16x8_add(d[1], d[2]);
    out[2] = i16x8_sub(d[2], d[1]);
    out[3] = i16x8_sub(d[1], d[3]);
}

static void transform_patch(const int16_t *const pixels[16], size_t channels, int16_t *to,
                            size_t position_stride)
{
    for (size_t c = 0; c < channels; c += 8) {
        i16x8 half[4][4];
        for (int y = 0; y < 4; y++) {
            i16x8 d[4];
            for (int x = 0; x < 4; x++)
                d[x] = i16x8_load(pixels[4 * y + x] + c);
            transform_pixels(d, half[y]);
        }
        for (int x = 0; x < 4; x++) {
            i16x8 d[4] = {half[0][x], half[1][x], half[2][x], half[3][x]}, out[4];
            transform_pixels(d, out);
            for (int y = 0; y < 4; y++)
                i16x8_store(to + (size_t)(4 * y + x) * position_stride + c, out[y]);
        }
    }
}

static void transform_patches(const pleura_qconv *conv, const int16_t *input, size_t begin,
                              size_t end, int16_t *to)
{
    const pleura_qconv_spec *s = &conv->spec;
    size_t across = patches_across(s);
    for (size_t p = begin; p < end; p++, to += conv->depth) {
        const int16_t *pixels[16];
        size_t top = p / across * 2 - s->pad[0], left = p % across * 2 - s->pad[1];
        for (size_t i = 0; i < 16; i++) {
            size_t y = top + i / 4, x = left + i % 4; /* before the image they are large */
            bool inside = y < s->height && x < s->width;
            pixels[i] = inside ? input + y * conv->row_stride + x * conv->in_stride : conv->zeros;
        }
        transform_patch(pixels, conv->depth, to, conv->pixels_per_unit * conv->depth);
    }
}

/* ---- Products and outputs: A' m A ---- */

static void multiply(const pleura_qconv *conv, const int16_t *patches, size_t count, size_t block,
                     int32_t *sums)
{
    static const int32_t none[TILE_COLUMNS];
    size_t panel = conv->depth * TILE_COLUMNS, room = conv->pixels_per_unit;
    for (size_t p = 0; p < POSITIONS; p++) {
        pleura_tile tile = {.taps = 1,
                            .depth = conv->depth,
                            .weights = conv->weights + (block * POSITIONS + p) * panel,
                            .bias = p == CENTRE ? conv->bias + block * TILE_COLUMNS : none};
        for (size_t i = 0; i < count; i += TILE_ROWS) {
            size_t rows = count - i < TILE_ROWS ? count - i : TILE_ROWS;
            const int16_t *pixels[TILE_ROWS];
            for (size_t r = 0; r < rows; r++)
                pixels[r] = patches + (p * room + i + r) * conv->depth;
            tile.pixels = pixels;
            pleura_tile_sum(&tile, rows, sums + (p * room + i) * TILE_COLUMNS);
        }
    }
}

static void gather_sums(const int32_t *sums, size_t position_stride, i32x4 out[2][2])
{
    i32x4 half[2][4];
    for (size_t x = 0; x < 4; x++) {
        i32x4 m[4];
        for (size_t y = 0; y < 4; y++)
            m[y] = i32x4_load(sums + (4 * y + x) * position_stride);
        half[0][x] = i32x4_add(i32x4_add(m[0], m[1]), m[2]);
        half[1][x] = i32x4_sub(i32x4_sub(m[1], m[2]), m[3]);
    }
    for (int y = 0; y < 2; y++) {
        out[y][0] = i32x4_add(i32x4_add(half[y][0], half[y][1]), half[y][2]);
        out[y][1] = i32x4_sub(i32x4_sub(half[y][1], half[y][2]), half[y][3]);
    }
}

static void put_patch(const pleura_qconv *conv, const int32_t *sums, size_t patch, size_t block,
                      int16_t *output)
{
    const pleura_qconv_spec *s = &conv->spec;
    size_t stride = pleura_q_stride(s->out_channels), across = patches_across(s);
    size_t top = patch / across * 2, left = patch % across * 2;
    const float *scale = conv->scale + block * TILE_COLUMNS;
    f32x4 scale_low = f32x4_load(scale), scale_high = f32x4_load(scale + 4);
    range limits = range_of(s->low, s->high);
    i32x4 low[2][2], high[2][2];
    gather_sums(sums, conv->pixels_per_unit * TILE_COLUMNS, low);
    gather_sums(sums + 4, conv->pixels_per_unit * TILE_COLUMNS, high);
    for (size_t y = 0; y < 2 && top + y < s->out_height; y++)
        for (size_t x = 0; x < 2 && left + x < s->out_width; x++)
            i16x8_store(output + ((top + y) * s->out_width + left + x) * stride +
                            block * TILE_COLUMNS,
                        requantise(low[y][x], high[y][x], scale_low, scale_high, limits));
}

static void run_winograd(const pleura_qconv *conv, const int16_t *input, void *output,
                         void *scratch, size_t unit)
{
    size_t patches = patches_of(&conv->spec), room = conv->pixels_per_unit;
    size_t across = (conv->blocks + conv->blocks_per_unit - 1) / conv->blocks_per_unit;
    size_t begin = unit / across * room, end = begin + room;
    size_t first = unit % across * conv->blocks_per_unit, last = first + conv->blocks_per_unit;
    int16_t *transformed = scratch;
    int32_t *sums = (int32_t *)(transformed + POSITIONS * room * conv->depth);
    if (end > patches)
        end = patches;
    if (last > conv->blocks)
        last = conv->blocks;
    transform_patches(conv, input, begin, end, transformed);
    for (size_t block = first; block < last; block++) {
        multiply(conv, transformed, end - begin, block, sums);
        for (size_t p = begin; p < end; p++)
            put_patch(conv, sums + (p - begin) * TILE_COLUMNS, p, block, output);
    }
}

/* As many patches as the second cache holds; a small image is cut across its output channels too. */
static void cut(pleura_qconv *conv)
{
    size_t patches = patches_of(&conv->spec);
    size_t most = PATCH_BYTES / (POSITIONS * conv->depth * sizeof(int16_t));
    if (most > MOST_PATCHES)
        most = MOST_PATCHES;
    if (most > patches)
        most = patches;
    conv->pixels_per_unit = (most + TILE_ROWS - 1) / TILE_ROWS * TILE_ROWS;
    size_t along = (patches + conv->pixels_per_unit - 1) / conv->pixels_per_unit;
    size_t across = along >= 4 ? 1 : (4 + along - 1) / along;
    conv->blocks_per_unit = (conv->blocks + across - 1) / across;
    conv->units = along * ((conv->blocks + conv->blocks_per_unit - 1) / conv->blocks_per_unit);
    conv->scratch = POSITIONS * conv->pixels_per_unit *
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
    conv->cost = (uint64_t)patches_of(s) * POSITIONS * conv->depth * conv->blocks * TILE_COLUMNS;
    if (!pack_weights(conv) || !pleura_qconv_make_columns(conv, 1, conv->blocks))
        return false;
    for (size_t i = 0; i < conv->blocks * TILE_COLUMNS; i++) { /* of four times the sums */
        conv->bias[i] *= 4;
        conv->scale[i] *= 0.25f;
    }
    return true;
}
