#include "depthwise.h"

#include "v4.h"

#include <pthreadpool.h>

#define PACKED 40 /* floats for four channels */

void pleura_depthwise_pack(size_t channels, const float *from, const float *scale,
                           const float *bias, float *to)
{
    for (size_t c = 0; c < channels; c++) {
        float *at = to + c / 4 * PACKED + c % 4;
        for (size_t k = 0; k < 9; k++)
            at[4 * k] = from[9 * c + k] * (scale ? scale[c] : 1);
        at[36] = bias ? bias[c] : 0;
    }
}

/* ---- Four channels of a stretch of a row ---- */

typedef struct stretch {
    const pleura_depthwise *layer;
    const float *row[3]; /* the first pixel of each input row, at these channels */
    size_t next[3];      /* from a pixel to the next: 0 in a row of zeros */
    float *to;           /* the first pixel of the output row, at these channels */
    size_t to_next;
    v4 weight[9], bias, low, high;
} stretch;

typedef struct column {
    v4 input[3];
} column;

/* The same stretch, seen from column `x` and output `to`. */
static inline stretch from_column(const stretch *given, size_t x, size_t to)
{
    stretch s = *given;
    for (size_t i = 0; i < 3; i++)
        s.row[i] += x * s.next[i];
    s.to += to * s.to_next;
    return s;
}

/* The column under s->row, which then is the next. */
static inline column read_column(stretch *s)
{
    column c = {{v4_load(s->row[0]), v4_load(s->row[1]), v4_load(s->row[2])}};
    for (size_t i = 0; i < 3; i++)
        s->row[i] += s->next[i];
    return c;
}

/* Adds what a column means to the output for which it is the window's column `k`. */
static inline v4 add_column(const stretch *s, column c, size_t k, v4 sum)
{
    for (size_t i = 0; i < 3; i++)
        sum = v4_multiply_add(c.input[i], s->weight[3 * i + k], sum);
    return sum;
}

/* At s->to, which then is where the next is to go. */
static inline void put(stretch *s, v4 sum)
{
    v4_store(s->to, v4_bound(sum, s->low, s->high));
    s->to += s->to_next;
}

/* An output near an edge: columns outside the image wrap round to numbers past its width. */
static void edge(const stretch *given, size_t x)
{
    v4 sum = given->bias;
    for (size_t k = 0; k < 3; k++) {
        size_t at = x * given->layer->step + k - given->layer->left;
        if (at >= given->layer->width)
            continue;
        stretch s = from_column(given, at, x);
        sum = add_column(&s, read_column(&s), k, sum);
    }
    stretch s = from_column(given, 0, x);
    put(&s, sum);
}

/* Outputs from `x` to `end`, whose columns are all inside; each column is read once. The copy of *given
 * tells the compiler that storing outputs does not change it. */
static void inside_1(const stretch *given, size_t x, size_t end)
{
    stretch s = from_column(given, x - given->layer->left, x);
    column c = read_column(&s);
    v4 last = add_column(&s, c, 0, s.bias);
    c = read_column(&s);
    last = add_column(&s, c, 1, last);
    v4 next = add_column(&s, c, 0, s.bias);
    for (; x < end; x++) {
        c = read_column(&s);
        put(&s, add_column(&s, c, 2, last));
        last = add_column(&s, c, 1, next);
        next = add_column(&s, c, 0, s.bias);
    }
}

static void inside_2(const stretch *given, size_t x, size_t end)
{
    stretch s = from_column(given, 2 * x - given->layer->left, x);
    v4 next = add_column(&s, read_column(&s), 0, s.bias);
    for (; x < end; x++) {
        v4 last = add_column(&s, read_column(&s), 1, next);
        column c = read_column(&s);
        put(&s, add_column(&s, c, 2, last));
        next = add_column(&s, c, 0, s.bias);
    }
}

static void run_stretch(const stretch *s, size_t begin, size_t end)
{
    const pleura_depthwise *d = s->layer;
    size_t first = (d->left + d->step - 1) / d->step;
    size_t past = d->width + d->left >= 3 ? (d->width + d->left - 3) / d->step + 1 : 0;
    first = first < begin ? begin : first;
    past = past > end ? end : past;
    if (first >= past)
        first = past = end;
    for (size_t x = begin; x < first; x++)
        edge(s, x);
    if (first < past)
        (d->step == 1 ? inside_1 : inside_2)(s, first, past);
    for (size_t x = past; x < end; x++)
        edge(s, x);
}

/* ---- The image ---- */

typedef struct image {
    const pleura_depthwise *layer;
    const float *from;
    float *to;
} image;

/* So many outputs of a row for all channels in turn: their inputs stay in the first-level cache. */
#define STRETCH 28

static void run_row(void *context, size_t y, size_t begin, size_t rows, size_t count)
{
    (void)rows; /* one */
    const image *m = context;
    const pleura_depthwise *d = m->layer;
    stretch s = {
        .layer = d, .to_next = d->out_stride, .low = v4_all(d->low), .high = v4_all(d->high)};
    for (size_t c = 0; c < d->channels; c += 4) {
        const float *packed = d->weights + c / 4 * PACKED;
        for (size_t k = 0; k < 9; k++)
            s.weight[k] = v4_load(packed + 4 * k);
        s.bias = v4_load(packed + 36);
        for (size_t i = 0; i < 3; i++) {
            size_t row = y * d->step + i - d->top; /* above the image: past any height */
            bool inside = row < d->height;
            s.row[i] = (inside ? m->from + row * d->width * d->in_stride : d->zeros) + c;
            s.next[i] = inside ? d->in_stride : 0;
        }
        s.to = m->to + y * d->out_width * d->out_stride + c;
        run_stretch(&s, begin, begin + count);
    }
}

void pleura_depthwise_run(const pleura_depthwise *d, const float *from, float *to,
                          pthreadpool_t threads)
{
    image m = {d, from, to};
    pthreadpool_parallelize_2d_tile_2d(threads, run_row, &m, d->out_height, d->out_width, 1,
                                       STRETCH, 0);
}

/* ---- The step ---- */

static pleura_code build(pleura_lowering *l, pleura_step *step)
{
    const pleura_node *node = step->node;
    pleura_depthwise *d = step->context;
    const float *filters = pleura_lower_floats(l, &l->graph->values[node->inputs[1]]);
    const float *bias = node->channel_shift || node->input_count < 3
                            ? node->channel_shift
                            : pleura_lower_floats(l, &l->graph->values[node->inputs[2]]);
    float *weights = pleura_lower_keep(l, d->channels / 4 * PACKED * sizeof *weights);
    d->zeros = pleura_lower_keep(l, d->channels * sizeof *d->zeros);
    if (l->code != PLEURA_OK)
        return l->code;
    pleura_depthwise_pack(d->channels, filters, node->channel_scale, bias, weights);
    d->weights = weights;
    d->in_stride = step->inputs[0]->stride;
    d->out_stride = step->output->stride;
    return PLEURA_OK;
}

static enum xnn_status run(const pleura_step *step, pthreadpool_t threads)
{
    pleura_depthwise_run(step->context, pleura_step_input(step, 0), pleura_step_output(step),
                         threads);
    return xnn_status_success;
}

const pleura_step_kind pleura_depthwise_kind = {.name = "depthwise convolution",
                                                .strided_input = true,
                                                .strided_output = true,
                                                .build = build,
                                                .run = run};
