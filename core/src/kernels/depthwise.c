/*
 * Depthwise convolution: taps are taken in pairs, and the two pixels' channels interleaved, so that
 * i32x4_dot multiplies two taps of four channels. The commonest filter, 3 x 3, has a way of its own, on
 * which each column of three pixels is read and interleaved once for all outputs that it is part of.
 */
#include "qconv.h"
#include "requantise.h"

#include "../memory.h"

#define INLINE static inline __attribute__((always_inline))
#define MAX_PAIRS ((PLEURA_Q_MAX_TAPS + 1) / 2)

/* One pixel of the output. Weights: [block of 8 channels][pair][8][2]. */
INLINE void run_pixel(const pleura_qconv *conv, const int16_t *const *pixels, size_t pairs,
                      int16_t *output)
{
    const int16_t *w = conv->weights;
    i16x8 least = i16x8_splat(conv->spec.low), most = i16x8_splat(conv->spec.high);
    for (size_t c = 0; c < conv->in_stride; c += 8) {
        i32x4 low = i32x4_load(conv->bias + c), high = i32x4_load(conv->bias + c + 4);
        for (size_t p = 0; p < pairs; p++, w += 16) {
            i16x8 a = i16x8_load(pixels[2 * p] + c), b = i16x8_load(pixels[2 * p + 1] + c);
            low = i32x4_add(low, i32x4_dot(i16x8_zip_low(a, b), i16x8_load(w)));
            high = i32x4_add(high, i32x4_dot(i16x8_zip_high(a, b), i16x8_load(w + 8)));
        }
        i16x8_store(output + c, requantise_sum(low, high, f32x4_load(conv->scale + c),
                                               f32x4_load(conv->scale + c + 4), least, most));
    }
}

/* Pointers to the pixels under the filter; whether none of them is padding. */
static bool point(const pleura_qconv *conv, const int16_t *input, size_t oy, size_t ox,
                  const int16_t **pixels)
{
    const pleura_qconv_spec *s = &conv->spec;
    bool inside = true;
    for (size_t ky = 0; ky < s->kernel[0]; ky++) {
        size_t y = oy * s->stride[0] + ky * s->dilation[0] - s->pad[0];
        for (size_t kx = 0; kx < s->kernel[1]; kx++) {
            size_t x = ox * s->stride[1] + kx * s->dilation[1] - s->pad[1];
            bool here = y < s->height && x < s->width;
            *pixels++ = here ? input + y * conv->row_stride + x * conv->in_stride : conv->zeros;
            inside = inside && here;
        }
    }
    return inside;
}

static void run_row(const pleura_qconv *conv, const int16_t *input, void *rows, void *scratch,
                    size_t oy)
{
    const pleura_qconv_spec *s = &conv->spec;
    const int16_t *pixels[2 * MAX_PAIRS];
    size_t step = s->stride[1] * conv->in_stride, pairs = (conv->taps + 1) / 2;
    size_t left = s->pad[1], reach = (s->kernel[1] - 1) * (size_t)s->dilation[1];
    bool inside = false;
    (void)scratch;
    int16_t *output = (int16_t *)rows + oy * s->out_width * conv->in_stride;
    pixels[2 * pairs - 1] = conv->zeros; /* the partner of an odd last tap */
    for (size_t ox = 0; ox < s->out_width; ox++, output += conv->in_stride) {
        if (inside && ox * s->stride[1] + reach - left < s->width)
            for (size_t t = 0; t < conv->taps; t++)
                pixels[t] += step;
        else
            inside = point(conv, input, oy, ox, pixels);
        run_pixel(conv, pixels, pairs, output);
    }
}

/* ---- 3 x 3 ---- */

#define COLUMN_WEIGHTS 32 /* of 8 channels: a column of the filter, for the pairs of a `column` */
#define STRETCH 28 /* outputs of a row: what they read for all channels stays in the first cache */

/* Eight channels of a stretch of a row. */
typedef struct stretch {
    const int16_t *row[3]; /* the first pixel of each input row, at these channels */
    size_t next[3];        /* from a pixel to the next: 0 in a row of zeros */
    const int16_t *weights;
    size_t width, left, step; /* of the input; of the output's pixels in it */
    int16_t *to;              /* the first pixel of the output row, at these channels */
    size_t to_next;
    i32x4 bias[2];
    f32x4 scale[2];
    i16x8 least, most;
} stretch;

/* Three pixels above one another: the upper two interleaved, and the lowest with itself. */
typedef struct column {
    i16x8 upper[2], lowest[2];
} column;

typedef struct pixel {
    i32x4 sum[2];
} pixel;

/* The column under s->row, which then is the next. */
INLINE column read_column(stretch *s)
{
    i16x8 a = i16x8_load(s->row[0]), b = i16x8_load(s->row[1]), c = i16x8_load(s->row[2]);
    for (size_t i = 0; i < 3; i++)
        s->row[i] += s->next[i];
    return (column){{i16x8_zip_low(a, b), i16x8_zip_high(a, b)},
                    {i16x8_zip_low(c, c), i16x8_zip_high(c, c)}};
}

/* What a column adds to the output for which it is the filter's column `k`. */
INLINE pixel add_column(const stretch *s, const column *c, size_t k, pixel p)
{
    const int16_t *w = s->weights + k * COLUMN_WEIGHTS;
    for (size_t i = 0; i < 2; i++) {
        i32x4 upper = i32x4_dot(c->upper[i], i16x8_load(w + 8 * i));
        i32x4 lowest = i32x4_dot(c->lowest[i], i16x8_load(w + 16 + 8 * i));
        p.sum[i] = i32x4_add(i32x4_add(p.sum[i], upper), lowest);
    }
    return p;
}

INLINE pixel begin_pixel(const stretch *s)
{
    return (pixel){{s->bias[0], s->bias[1]}};
}

/* At s->to, which then is where the next is to go. */
INLINE void put_pixel(stretch *s, pixel p)
{
    i16x8_store(s->to,
                requantise_sum(p.sum[0], p.sum[1], s->scale[0], s->scale[1], s->least, s->most));
    s->to += s->to_next;
}

/* The same stretch, seen from column `x` and output `to`. */
INLINE stretch from_column(const stretch *given, size_t x, size_t to)
{
    stretch s = *given;
    for (size_t i = 0; i < 3; i++)
        s.row[i] += x * s.next[i];
    s.to += to * s.to_next;
    return s;
}

/* Near an edge: columns outside the image wrap round to numbers past its width. */
static void run_edge(const stretch *given, size_t x)
{
    pixel p = begin_pixel(given);
    for (size_t k = 0; k < 3; k++) {
        size_t at = x * given->step + k - given->left;
        if (at >= given->width)
            continue;
        stretch s = from_column(given, at, x);
        column c = read_column(&s);
        p = add_column(&s, &c, k, p);
    }
    stretch s = from_column(given, 0, x);
    put_pixel(&s, p);
}

/* Outputs whose columns are all inside. The copy of *given tells the compiler that storing outputs does
 * not change it. */
static void run_inside_1(const stretch *given, size_t x, size_t end)
{
    stretch s = from_column(given, x - given->left, x);
    column c = read_column(&s);
    pixel last = add_column(&s, &c, 0, begin_pixel(&s));
    c = read_column(&s);
    last = add_column(&s, &c, 1, last);
    pixel next = add_column(&s, &c, 0, begin_pixel(&s));
    for (; x < end; x++) {
        c = read_column(&s);
        put_pixel(&s, add_column(&s, &c, 2, last));
        last = add_column(&s, &c, 1, next);
        next = add_column(&s, &c, 0, begin_pixel(&s));
    }
}

static void run_inside_2(const stretch *given, size_t x, size_t end)
{
    stretch s = from_column(given, 2 * x - given->left, x);
    column c = read_column(&s);
    pixel next = add_column(&s, &c, 0, begin_pixel(&s));
    for (; x < end; x++) {
        c = read_column(&s);
        next = add_column(&s, &c, 1, next);
        c = read_column(&s);
        put_pixel(&s, add_column(&s, &c, 2, next));
        next = add_column(&s, &c, 0, begin_pixel(&s));
    }
}

static void run_stretch(const stretch *s, size_t begin, size_t end)
{
    size_t first = (s->left + s->step - 1) / s->step;
    size_t past = s->width + s->left >= 3 ? (s->width + s->left - 3) / s->step + 1 : 0;
    first = first < begin ? begin : first;
    past = past > end ? end : past;
    if (first >= past)
        first = past = end;
    for (size_t x = begin; x < first; x++)
        run_edge(s, x);
    if (first < past)
        (s->step == 1 ? run_inside_1 : run_inside_2)(s, first, past);
    for (size_t x = past; x < end; x++)
        run_edge(s, x);
}

static void run_row_3(const pleura_qconv *conv, const int16_t *input, void *output, void *scratch,
                      size_t y)
{
    const pleura_qconv_spec *d = &conv->spec;
    stretch s = {.width = d->width,
                 .left = d->pad[1],
                 .step = d->stride[1],
                 .to_next = conv->in_stride,
                 .least = i16x8_splat(d->low),
                 .most = i16x8_splat(d->high)};
    (void)scratch;
    for (size_t x = 0; x < d->out_width; x += STRETCH) {
        size_t end = d->out_width - x < STRETCH ? d->out_width : x + STRETCH;
        for (size_t c = 0; c < conv->in_stride; c += 8) {
            for (size_t i = 0; i < 3; i++) {
                size_t row =
                    y * d->stride[0] + i - d->pad[0]; /* above the image: past any height */
                bool inside = row < d->height;
                s.row[i] = (inside ? input + row * conv->row_stride : conv->zeros) + c;
                s.next[i] = inside ? conv->in_stride : 0;
            }
            s.weights = conv->weights + c / 8 * 3 * COLUMN_WEIGHTS;
            s.to = (int16_t *)output + y * d->out_width * conv->in_stride + c;
            for (size_t i = 0; i < 2; i++) {
                s.bias[i] = i32x4_load(conv->bias + c + 4 * i);
                s.scale[i] = f32x4_load(conv->scale + c + 4 * i);
            }
            run_stretch(&s, x, end);
        }
    }
}

/* ---- Packing ---- */

static bool is_common(const pleura_qconv_spec *s)
{
    return s->kernel[0] == 3 && s->kernel[1] == 3 && s->stride[0] == s->stride[1] &&
           s->stride[0] <= 2 && s->dilation[0] == 1 && s->dilation[1] == 1;
}

static int16_t *weights_of(pleura_qconv *conv, size_t block)
{
    return conv->weights = pleura_alloc_zero(conv->blocks, block * sizeof *conv->weights);
}

/* [block of 8 channels][column][upper pair, lowest and nothing][8][2] */
static bool pack_columns(pleura_qconv *conv)
{
    const pleura_qconv_spec *s = &conv->spec;
    int16_t *to = weights_of(conv, 3 * COLUMN_WEIGHTS);
    for (size_t c = 0; to && c < s->channels; c++)
        for (size_t k = 0; k < 9; k++)
            to[(c / 8 * 3 + k % 3) * COLUMN_WEIGHTS + k / 6 * 16 + c % 8 * 2 + k / 3 % 2] =
                s->weights[c * 9 + k];
    return to;
}

static bool pack_pairs(pleura_qconv *conv)
{
    const pleura_qconv_spec *s = &conv->spec;
    size_t taps = conv->taps, block = (taps + 1) / 2 * 16;
    int16_t *to = weights_of(conv, block);
    for (size_t c = 0; to && c < s->channels; c++)
        for (size_t t = 0; t < taps; t++)
            to[c / 8 * block + t / 2 * 16 + c % 8 * 2 + t % 2] = s->weights[c * taps + t];
    return to;
}

bool pleura_qconv_make_depthwise(pleura_qconv *conv)
{
    const pleura_qconv_spec *s = &conv->spec;
    conv->in_stride = pleura_q_stride(s->channels);
    conv->row_stride = conv->in_stride * s->width;
    conv->taps = (size_t)s->kernel[0] * s->kernel[1];
    conv->blocks = conv->in_stride / 8;
    conv->run = is_common(s) ? run_row_3 : run_row;
    conv->units = s->out_height;
    conv->cost = (uint64_t)s->out_height * s->out_width * conv->in_stride * conv->taps;
    return (is_common(s) ? pack_columns : pack_pairs)(conv) &&
           pleura_qconv_make_columns(conv, 1, conv->blocks);
}
