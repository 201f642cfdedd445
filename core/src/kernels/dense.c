/*
 * Convolution as products of pixels with weights. Every output pixel has a pointer to the input pixel
 * under each tap of its filter (to zeros where that is padding), so that nothing is copied.
 */
#include "qconv.h"

#include "../memory.h"

#include <string.h>

#define MAX_POINTERS 3072 /* on the stack: 24 KB */
#define BLOCK_BYTES 98304 /* of input that a block of pixels may read: part of the second cache */

/* ---- Packing ---- */

/* A framed image is one tap per line of the filter, with the line's pixels as its channels. */
static void shape_taps(pleura_qconv *conv)
{
    const pleura_qconv_spec *s = &conv->spec;
    size_t depth = s->channels / s->groups, granule = 8;
    conv->taps = (size_t)s->kernel[0] * s->kernel[1];
    if (s->framed) {
        depth *= s->kernel[1];
        conv->taps = s->kernel[0];
    }
    if (s->framed || s->groups > 1)
        granule = TILE_DEPTH;
    conv->depth = (depth + granule - 1) / granule * granule;
}

static void pack_column(const pleura_qconv *conv, const int8_t *from, int16_t *to)
{
    const pleura_qconv_spec *s = &conv->spec;
    size_t channels = s->channels / s->groups, area = (size_t)s->kernel[0] * s->kernel[1];
    for (size_t t = 0; t < area; t++)
        for (size_t c = 0; c < channels; c++) {
            size_t tap = s->framed ? t / s->kernel[1] : t;
            size_t place = s->framed ? t % s->kernel[1] * channels + c : c;
            size_t pair = (tap * conv->depth + place) / 2;
            to[pair * 2 * TILE_COLUMNS + place % 2] = from[c * area + t];
        }
}

static bool pack_weights(pleura_qconv *conv)
{
    const pleura_qconv_spec *s = &conv->spec;
    size_t block = conv->taps * conv->depth * TILE_COLUMNS, columns = s->out_channels / s->groups;
    size_t filter = (size_t)s->channels / s->groups * s->kernel[0] * s->kernel[1];
    conv->weights = pleura_alloc_zero(s->groups * conv->blocks, block * sizeof *conv->weights);
    if (!conv->weights)
        return false;
    for (size_t o = 0; o < s->out_channels; o++) {
        size_t group = o / columns, column = o % columns;
        int16_t *to = conv->weights + (group * conv->blocks + column / TILE_COLUMNS) * block;
        pack_column(conv, s->weights + o * filter, to + column % TILE_COLUMNS * 2);
    }
    return true;
}

/* ---- Running ---- */

void pleura_qconv_point(const pleura_qconv *conv, const int16_t *input, size_t oy, size_t ox,
                        const int16_t **to, size_t step)
{
    const pleura_qconv_spec *s = &conv->spec;
    size_t wide = s->framed ? 1 : s->kernel[1];
    size_t top = oy * s->stride[0], left = ox * s->stride[1];
    if (!s->framed) { /* unsigned: what lies before the image is large, too */
        top -= s->pad[0];
        left -= s->pad[1];
    }
    for (size_t ky = 0; ky < s->kernel[0]; ky++) {
        size_t y = top + ky * s->dilation[0];
        for (size_t kx = 0; kx < wide; kx++, to += step) {
            size_t x = left + kx * s->dilation[1];
            bool inside = s->framed || (y < s->height && x < s->width);
            *to = inside ? input + y * conv->row_stride + x * conv->in_stride : conv->zeros;
        }
    }
}

/* Tile after tile of pointers, [tap][row] in each. */
static void point(const pleura_qconv *conv, const int16_t *input, size_t begin, size_t end,
                  const int16_t **pointers)
{
    size_t oy = begin / conv->spec.out_width, ox = begin % conv->spec.out_width;
    for (size_t p = begin; p < end; p += TILE_ROWS) {
        size_t rows = end - p < TILE_ROWS ? end - p : TILE_ROWS;
        for (size_t r = 0; r < rows; r++) {
            pleura_qconv_point(conv, input, oy, ox, pointers + r, rows);
            if (++ox == conv->spec.out_width) {
                ox = 0;
                oy++;
            }
        }
        pointers += conv->taps * TILE_ROWS;
    }
}

/* The last block of a group may be narrower than a tile, and its neighbours' channels stand behind. */
static void run_narrow(const pleura_tile *tile, size_t rows, int16_t *output, size_t stride,
                       size_t count)
{
    int16_t whole[TILE_ROWS][TILE_COLUMNS];
    pleura_tile_run(tile, rows, whole[0], TILE_COLUMNS);
    for (size_t r = 0; r < rows; r++)
        memcpy(output + r * stride, whole[r], count * sizeof *output);
}

static void run_floats(const pleura_tile *tile, size_t rows, float *output, size_t stride,
                       size_t count)
{
    int32_t sums[TILE_ROWS * TILE_COLUMNS];
    pleura_tile_sum(tile, rows, sums);
    for (size_t r = 0; r < rows; r++, output += stride)
        for (size_t c = 0; c < TILE_COLUMNS && c < count; c++)
            output[c] = (float)sums[r * TILE_COLUMNS + c] * tile->scale[c];
}

static void run_block(const pleura_qconv *conv, const int16_t *const *pointers, size_t group,
                      size_t block, size_t begin, size_t end, void *output)
{
    const pleura_qconv_spec *s = &conv->spec;
    size_t packed = group * conv->blocks + block, columns = s->out_channels / s->groups;
    size_t stride = pleura_q_stride(s->out_channels);
    size_t channel = group * columns + block * TILE_COLUMNS;
    size_t count = columns - block * TILE_COLUMNS;
    pleura_tile tile = {.pixels = pointers,
                        .taps = conv->taps,
                        .depth = conv->depth,
                        .offset = group * (s->channels / s->groups),
                        .weights = conv->weights + packed * conv->taps * conv->depth * TILE_COLUMNS,
                        .bias = conv->bias + packed * TILE_COLUMNS,
                        .scale = conv->scale + packed * TILE_COLUMNS,
                        .low = s->low,
                        .high = s->high};
    if (!s->float_stride && (s->groups == 1 || count >= TILE_COLUMNS)) {
        pleura_tile_run(&tile, end - begin, (int16_t *)output + begin * stride + channel, stride);
        return;
    }
    for (size_t p = begin; p < end; p += TILE_ROWS, tile.pixels += conv->taps * TILE_ROWS) {
        size_t rows = end - p < TILE_ROWS ? end - p : TILE_ROWS;
        if (s->float_stride)
            run_floats(&tile, rows, (float *)output + p * s->float_stride + channel,
                       s->float_stride, count);
        else
            run_narrow(&tile, rows, (int16_t *)output + p * stride + channel, stride, count);
    }
}

static void run_dense(const pleura_qconv *conv, const int16_t *input, void *output, void *scratch,
                      size_t unit)
{
    const pleura_qconv_spec *s = &conv->spec;
    size_t pixels = (size_t)s->out_height * s->out_width, blocks = s->groups * conv->blocks;
    size_t across = (blocks + conv->blocks_per_unit - 1) / conv->blocks_per_unit;
    size_t begin = unit / across * conv->pixels_per_unit, end = begin + conv->pixels_per_unit;
    size_t first = unit % across * conv->blocks_per_unit, last = first + conv->blocks_per_unit;
    const int16_t *pointers[MAX_POINTERS];
    (void)scratch;
    if (end > pixels)
        end = pixels;
    if (last > blocks)
        last = blocks;
    point(conv, input, begin, end, pointers);
    for (size_t b = first; b < last; b++)
        run_block(conv, pointers, b / conv->blocks, b % conv->blocks, begin, end, output);
}

/* Blocks of pixels that the second cache holds with what they read; a small image is cut across its
 * output channels too, for threads. */
static void cut(pleura_qconv *conv)
{
    const pleura_qconv_spec *s = &conv->spec;
    size_t pixels = (size_t)s->out_height * s->out_width, blocks = s->groups * conv->blocks;
    size_t down = s->stride[0] < 64 ? s->stride[0] : 64,
           right = s->stride[1] < 64 ? s->stride[1] : 64;
    size_t reads =
        conv->in_stride * sizeof(int16_t) * down * right + 1; /* strides may be anything */
    size_t most = BLOCK_BYTES / reads, room = MAX_POINTERS / conv->taps;
    if (most > room)
        most = room;
    if (most > pixels)
        most = pixels;
    most = (most + TILE_ROWS - 1) / TILE_ROWS * TILE_ROWS;
    if (most > room)
        most -= TILE_ROWS;
    conv->pixels_per_unit = most > TILE_ROWS ? most : TILE_ROWS;
    pleura_qconv_cut(conv, pixels, blocks);
}

void pleura_qconv_lay_out(pleura_qconv *conv)
{
    const pleura_qconv_spec *s = &conv->spec;
    conv->blocks = (s->out_channels / s->groups + TILE_COLUMNS - 1) / TILE_COLUMNS;
    conv->in_stride = pleura_q_stride(s->channels);
    conv->row_stride = conv->in_stride * s->width;
    if (s->framed) {
        pleura_qframe frame = pleura_qconv_frame(s);
        conv->in_stride = frame.stride;
        conv->row_stride = (size_t)frame.stride * (frame.left + s->width + frame.right);
    }
}

bool pleura_qconv_make_dense(pleura_qconv *conv)
{
    const pleura_qconv_spec *s = &conv->spec;
    shape_taps(conv);
    pleura_qconv_lay_out(conv);
    conv->run = run_dense;
    cut(conv);
    conv->cost = (uint64_t)s->out_height * s->out_width * s->groups * conv->blocks * TILE_COLUMNS *
                 conv->taps * conv->depth;
    return pack_weights(conv) && pleura_qconv_make_columns(conv, s->groups, conv->blocks);
}
