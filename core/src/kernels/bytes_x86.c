/* Products of bytes by AVX-512's VNNI, sixteen output channels to a register. */
#include "bytes.h"

#ifdef PLEURA_WIDE_TILES

#include <immintrin.h>
#include <string.h>

#define VNNI __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni")))
#define INLINE static inline __attribute__((always_inline))
#define BLOCKS 2 /* that a tile has, or one */

pleura_pixel_kind pleura_bytes_kind(void)
{
    return pleura_has_vnni() ? PLEURA_PIXELS_UNSIGNED : PLEURA_PIXELS_OTHER;
}

/* ---- Pixels as bytes ---- */

/* The first `count` of 32, or all. */
static __mmask32 some(size_t count)
{
    return count < 32 ? (1U << count) - 1 : ~0U;
}

VNNI INLINE void narrow(const int16_t *from, __mmask32 here, __m512i raised, uint8_t *to)
{
    __m512i values = _mm512_add_epi16(_mm512_maskz_loadu_epi16(here, from), raised);
    _mm256_mask_storeu_epi8(to, here, _mm512_cvtepi16_epi8(values));
}

VNNI static void narrow_row(const int16_t *from, size_t count, int16_t raise, uint8_t *to)
{
    __m512i raised = _mm512_set1_epi16(raise);
    for (; count >= 32; count -= 32, from += 32, to += 32)
        narrow(from, ~0U, raised, to);
    narrow(from, some(count), raised, to);
}

/* One tap of the filter at `count` pixels. */
typedef struct tap {
    const int16_t *from;
    size_t step, length; /* step: from pixel to pixel; length: the tap's own */
    uint8_t *to;
    size_t to_step;
} tap;

VNNI static void narrow_tap(tap t, size_t count, int16_t raise)
{
    __m512i raised = _mm512_set1_epi16(raise);
    for (size_t c = 0; c < t.length; c += 32) {
        __mmask32 here = some(t.length - c);
        for (size_t p = 0; p < count; p++)
            narrow(t.from + p * t.step + c, here, raised, t.to + p * t.to_step + c);
    }
}

static void fill_tap(tap t, size_t count, int16_t raise)
{
    for (size_t p = 0; p < count; p++)
        memset(t.to + p * t.to_step, raise, t.length);
}

/* How many of the outputs from `ox` on lie before the one whose column `x` is `edge` or more. */
static size_t before(ptrdiff_t edge, ptrdiff_t x, size_t stride, size_t count)
{
    size_t steps = edge > x ? ((size_t)(edge - x) + stride - 1) / stride : 0;
    return steps < count ? steps : count;
}

/* `count` pixels of a row. */
static void gather_line(const pleura_qconv *conv, const int16_t *input, size_t oy, size_t ox,
                        size_t count, uint8_t *to)
{
    const pleura_qconv_spec *s = &conv->spec;
    size_t wide = s->framed ? 1 : s->kernel[1];
    int16_t raise = pleura_bytes_raise(s);
    tap t = {.step = s->stride[1] * conv->in_stride,
             .length = (size_t)s->channels * (s->framed ? s->kernel[1] : 1),
             .to_step = conv->depth};
    for (size_t i = 0; i < conv->taps; i++) {
        ptrdiff_t y = (ptrdiff_t)(oy * s->stride[0] + i / wide * s->dilation[0]);
        ptrdiff_t x = (ptrdiff_t)(ox * s->stride[1] + i % wide * s->dilation[1]);
        size_t first = 0, past = count;
        if (!s->framed) {
            y -= s->pad[0];
            x -= s->pad[1];
            first = before(0, x, s->stride[1], count);
            past = before(s->width, x, s->stride[1], count);
            if (y < 0 || y >= (ptrdiff_t)s->height)
                first = past = count;
        }
        t.to = to + i * t.length;
        fill_tap(t, first, raise);
        if (first < past) {
            tap inside = t;
            inside.to += first * t.to_step;
            inside.from = input + y * (ptrdiff_t)conv->row_stride +
                          (x + (ptrdiff_t)(first * s->stride[1])) * (ptrdiff_t)conv->in_stride;
            narrow_tap(inside, past - first, raise);
        }
        t.to += past * t.to_step;
        fill_tap(t, count - past, raise);
    }
}

void pleura_bytes_gather(const pleura_qconv *conv, const int16_t *input, size_t begin, size_t end,
                         uint8_t *to)
{
    const pleura_qconv_spec *s = &conv->spec;
    if (conv->in_a_row) {
        narrow_row(input + begin * conv->depth, (end - begin) * conv->depth, pleura_bytes_raise(s),
                   to);
        return;
    }
    for (size_t count; begin < end; begin += count, to += count * conv->depth) {
        size_t left = s->out_width - begin % s->out_width;
        count = end - begin < left ? end - begin : left;
        gather_line(conv, input, begin / s->out_width, begin % s->out_width, count, to);
    }
}

/* ---- Tiles ---- */

/* What a tile needs of the layer. */
typedef struct columns {
    __m256i least, most;
    size_t depth, panel; /* panel: from a block's weights to the next block's */
    const int8_t *weights;
    const int32_t *bias;
    const float *scale;
    size_t stride;                           /* of the output, in elements */
    __mmask16 steps[BLOCKS], floats[BLOCKS]; /* channels that have a place in the output */
    bool to_floats;
} columns;

VNNI INLINE void put(const columns *c, size_t block, __m512i sum, void *output, size_t row)
{
    size_t place = row * c->stride + block * BYTE_COLUMNS;
    __m512 value =
        _mm512_mul_ps(_mm512_cvtepi32_ps(sum), _mm512_loadu_ps(c->scale + block * BYTE_COLUMNS));
    if (c->to_floats) {
        _mm512_mask_storeu_ps((float *)output + place, c->floats[block], value);
        return;
    }
    __m256i steps = _mm512_cvtsepi32_epi16(_mm512_cvtps_epi32(value));
    steps = _mm256_min_epi16(_mm256_max_epi16(steps, c->least), c->most);
    _mm256_mask_storeu_epi16((int16_t *)output + place, c->steps[block], steps);
}

/* `rows` and `blocks` are constant where this is used, so that the loops over them unroll. */
VNNI INLINE void run_tile(const columns *c, const uint8_t *pixels, size_t rows, size_t blocks,
                          void *output)
{
    __m512i sums[BYTE_ROWS][BLOCKS];
    for (size_t r = 0; r < rows; r++)
        for (size_t b = 0; b < blocks; b++)
            sums[r][b] = _mm512_loadu_si512(c->bias + b * BYTE_COLUMNS);
    const int8_t *weights = c->weights;
    for (size_t d = 0; d < c->depth; d += 4, weights += 4 * BYTE_COLUMNS) {
        __m512i w[BLOCKS];
        for (size_t b = 0; b < blocks; b++)
            w[b] = _mm512_loadu_si512(weights + b * c->panel);
        for (size_t r = 0; r < rows; r++) {
            int32_t four;
            memcpy(&four, pixels + r * c->depth + d, sizeof four);
            for (size_t b = 0; b < blocks; b++)
                sums[r][b] = _mm512_dpbusd_epi32(sums[r][b], _mm512_set1_epi32(four), w[b]);
        }
    }
    for (size_t r = 0; r < rows; r++)
        for (size_t b = 0; b < blocks; b++)
            put(c, b, sums[r][b], output, r);
}

typedef void (*tile)(const columns *c, const uint8_t *pixels, void *output);

#define DEFINE(rows)                                                                               \
    VNNI static void one_by_##rows(const columns *c, const uint8_t *pixels, void *output)          \
    {                                                                                              \
        run_tile(c, pixels, rows, 1, output);                                                      \
    }                                                                                              \
    VNNI static void two_by_##rows(const columns *c, const uint8_t *pixels, void *output)          \
    {                                                                                              \
        run_tile(c, pixels, rows, BLOCKS, output);                                                 \
    }

DEFINE(1)
DEFINE(2)
DEFINE(3)
DEFINE(4)
DEFINE(5)
DEFINE(6)
DEFINE(7)
DEFINE(8)

static const tile tiles[BLOCKS][BYTE_ROWS] = {
    {one_by_1, one_by_2, one_by_3, one_by_4, one_by_5, one_by_6, one_by_7, one_by_8},
    {two_by_1, two_by_2, two_by_3, two_by_4, two_by_5, two_by_6, two_by_7, two_by_8}};

static __mmask16 first_of(size_t count)
{
    return (__mmask16)(count < BYTE_COLUMNS ? (1U << count) - 1 : 0xffff);
}

/* As many tiles as there must be, and all about as high. */
static void run_blocks(const columns *c, const uint8_t *pixels, size_t count, size_t blocks,
                       char *output, size_t element)
{
    for (size_t left = (count + BYTE_ROWS - 1) / BYTE_ROWS; left > 0; left--) {
        size_t rows = count / left;
        tiles[blocks - 1][rows - 1](c, pixels, output);
        pixels += rows * c->depth;
        output += rows * c->stride * element;
        count -= rows;
    }
}

VNNI void pleura_bytes_run(const pleura_qconv *conv, const uint8_t *pixels, size_t first,
                           size_t last, size_t begin, size_t count, void *output)
{
    const pleura_qconv_spec *s = &conv->spec;
    columns c = {.depth = conv->depth,
                 .panel = conv->depth * BYTE_COLUMNS,
                 .least = _mm256_set1_epi16(s->low),
                 .most = _mm256_set1_epi16(s->high),
                 .to_floats = s->float_stride > 0,
                 .stride = s->float_stride ? s->float_stride : pleura_q_stride(s->out_channels)};
    size_t element = c.to_floats ? sizeof(float) : sizeof(int16_t);
    for (size_t block = first, blocks; block < last; block += blocks) {
        size_t channel = block * BYTE_COLUMNS;
        blocks = last - block < BLOCKS ? last - block : BLOCKS;
        c.weights = conv->bytes + block * c.panel;
        c.bias = conv->bias + channel;
        c.scale = conv->scale + channel;
        for (size_t b = 0; b < blocks; b++, channel += BYTE_COLUMNS) {
            c.steps[b] = first_of(pleura_q_stride(s->out_channels) - channel);
            c.floats[b] = first_of(s->out_channels - channel);
        }
        run_blocks(&c, pixels, count, blocks,
                   (char *)output + (begin * c.stride + block * BYTE_COLUMNS) * element, element);
    }
}

#endif
