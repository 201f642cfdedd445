/*
 * The loops of depthwise.h over vectors of LANES x 128 bits, each lane eight channels of its own. The file
 * that includes this has chosen the machine: v16, v32 and vf are its vectors, `part` says which channels
 * of a vector the image has, TARGET is what its functions are compiled for.
 */
#include "depthwise.h"

#define INLINE TARGET static inline __attribute__((always_inline))
#define CHANNELS ((size_t)8 * LANES)
#define SUMS ((size_t)4 * LANES) /* of a vector */
#define MAX_PAIRS ((PLEURA_Q_MAX_TAPS + 1) / 2)

/* One pixel of the output. */
INLINE void run_pixel(const pleura_qconv *conv, const int16_t *const *pixels, size_t pairs,
                      int16_t *output)
{
    const int16_t *w = conv->weights;
    v16 least = splat_16(conv->spec.low), most = splat_16(conv->spec.high);
    for (size_t c = 0; c < conv->in_stride; c += CHANNELS) {
        part here = part_of(conv->in_stride - c);
        v32 low = load_32(conv->bias + c), high = load_32(conv->bias + c + SUMS);
        for (size_t p = 0; p < pairs; p++, w += 2 * CHANNELS) {
            v16 a = load_part(pixels[2 * p] + c, here), b = load_part(pixels[2 * p + 1] + c, here);
            low = add_dot(low, zip_low(a, b), load_16(w));
            high = add_dot(high, zip_high(a, b), load_16(w + CHANNELS));
        }
        vf scale_low = load_f(conv->scale + c), scale_high = load_f(conv->scale + c + SUMS);
        store_part(output + c, to_output(low, high, scale_low, scale_high, least, most), here);
    }
}

TARGET static void run_row(const pleura_qconv *conv, const int16_t *input, void *rows,
                           void *scratch, size_t oy)
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
            inside = pleura_depthwise_point(conv, input, oy, ox, pixels);
        run_pixel(conv, pixels, pairs, output);
    }
}

/* ---- 3 x 3 ---- */

#define COLUMN_WEIGHTS (4 * CHANNELS) /* a column of the filter, for the pairs of a `column` */
#define STRETCH 28 /* outputs of a row: what they read for all channels stays in the first cache */

/* CHANNELS of a stretch of a row. */
typedef struct stretch {
    const int16_t *row[3]; /* the first pixel of each input row, at these channels */
    size_t next[3];        /* from a pixel to the next: 0 in a row of zeros */
    const int16_t *weights;
    size_t width, left, step; /* of the input; of the output's pixels in it */
    int16_t *to;              /* the first pixel of the output row, at these channels */
    size_t to_next;
    v32 bias[2];
    vf scale[2];
    v16 least, most;
    part here;
} stretch;

/* Three pixels above one another: the upper two interleaved, and the lowest with itself. */
typedef struct column {
    v16 upper[2], lowest[2];
} column;

typedef struct pixel {
    v32 sum[2];
} pixel;

/* The column under s->row, which then is the next. */
INLINE column read_column(stretch *s)
{
    v16 a = load_part(s->row[0], s->here), b = load_part(s->row[1], s->here),
        c = load_part(s->row[2], s->here);
    for (size_t i = 0; i < 3; i++)
        s->row[i] += s->next[i];
    return (column){{zip_low(a, b), zip_high(a, b)}, {zip_low(c, c), zip_high(c, c)}};
}

/* What a column adds to the output for which it is the filter's column `k`. */
INLINE pixel add_column(const stretch *s, const column *c, size_t k, pixel p)
{
    const int16_t *w = s->weights + k * COLUMN_WEIGHTS;
    for (size_t i = 0; i < 2; i++) {
        p.sum[i] = add_dot(p.sum[i], c->upper[i], load_16(w + CHANNELS * i));
        p.sum[i] = add_dot(p.sum[i], c->lowest[i], load_16(w + CHANNELS * (2 + i)));
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
    store_part(s->to, to_output(p.sum[0], p.sum[1], s->scale[0], s->scale[1], s->least, s->most),
               s->here);
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
TARGET static void run_edge(const stretch *given, size_t x)
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
TARGET static void run_inside_1(const stretch *given, size_t x, size_t end)
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

TARGET static void run_inside_2(const stretch *given, size_t x, size_t end)
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

TARGET static void run_stretch(const stretch *s, size_t begin, size_t end)
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

TARGET static void run_row_3(const pleura_qconv *conv, const int16_t *input, void *output,
                             void *scratch, size_t y)
{
    const pleura_qconv_spec *d = &conv->spec;
    stretch s = {.width = d->width,
                 .left = d->pad[1],
                 .step = d->stride[1],
                 .to_next = conv->in_stride,
                 .least = splat_16(d->low),
                 .most = splat_16(d->high)};
    (void)scratch;
    for (size_t x = 0; x < d->out_width; x += STRETCH) {
        size_t end = d->out_width - x < STRETCH ? d->out_width : x + STRETCH;
        for (size_t c = 0; c < conv->in_stride; c += CHANNELS) {
            for (size_t i = 0; i < 3; i++) {
                size_t row =
                    y * d->stride[0] + i - d->pad[0]; /* above the image: past any height */
                bool inside = row < d->height;
                s.row[i] = (inside ? input + row * conv->row_stride : conv->zeros) + c;
                s.next[i] = inside ? conv->in_stride : 0;
            }
            s.weights = conv->weights + c / CHANNELS * 3 * COLUMN_WEIGHTS;
            s.here = part_of(conv->in_stride - c);
            s.to = (int16_t *)output + y * d->out_width * conv->in_stride + c;
            for (size_t i = 0; i < 2; i++) {
                s.bias[i] = load_32(conv->bias + c + SUMS * i);
                s.scale[i] = load_f(conv->scale + c + SUMS * i);
            }
            run_stretch(&s, x, end);
        }
    }
}
