#include "wide_depthwise.h"

#include "v4.h"

#include <pthreadpool.h>

void pleura_wide_pack(size_t channels, size_t places, const float *from, const float *scale,
                      const float *bias, float *to)
{
    for (size_t c = 0; c < channels; c++) {
        float *at = to + c / 4 * (places + 1) * 4 + c % 4;
        for (size_t k = 0; k < places; k++)
            at[4 * k] = from[places * c + k] * (scale ? scale[c] : 1);
        at[4 * places] = bias ? bias[c] : 0;
    }
}

typedef struct image {
    const pleura_wide *layer;
    const float *from;
    float *to;
} image;

/* Four channels of one output row. */
typedef struct row {
    const pleura_wide *layer;
    const float *weights, *from; /* the image, at these channels */
    float *to;                   /* the output row, at these channels */
    size_t top;                  /* of the window in the image; wraps round above it */
    v4 bias, low, high;
} row;

static inline void put(const row *r, size_t x, v4 sum)
{
    v4_store(r->to + x * r->layer->out_stride, v4_bound(sum, r->low, r->high));
}

/* An output near an edge: columns outside the image wrap round to numbers past its width. */
static void edge(const row *r, size_t x)
{
    const pleura_wide *d = r->layer;
    const size_t left = x * d->step[1] - d->left;
    v4 sum = r->bias;
    for (size_t i = 0; i < d->kernel[0]; i++) {
        size_t y = r->top + i * d->dilation[0];
        for (size_t k = 0; y < d->height && k < d->kernel[1]; k++) {
            size_t at = left + k * d->dilation[1];
            if (at < d->width)
                sum = v4_multiply_add(v4_load(r->from + (y * d->width + at) * d->in_stride),
                                      v4_load(r->weights + 4 * (i * d->kernel[1] + k)), sum);
        }
    }
    put(r, x, sum);
}

/* Four outputs from `x` on, whose columns are all inside. */
static void inside(const row *given, size_t x)
{
    const row r = *given;
    const pleura_wide *d = r.layer;
    const size_t next = d->step[1] * d->in_stride, column = d->dilation[1] * d->in_stride;
    const size_t left = x * d->step[1] - d->left;
    v4 a = r.bias, b = a, c = a, e = a;
    for (size_t i = 0; i < d->kernel[0]; i++) {
        size_t y = r.top + i * d->dilation[0];
        if (y >= d->height)
            continue;
        const float *from = r.from + (y * d->width + left) * d->in_stride;
        const float *weights = r.weights + 4 * i * d->kernel[1];
        for (size_t k = 0; k < d->kernel[1]; k++, from += column, weights += 4) {
            v4 weight = v4_load(weights);
            a = v4_multiply_add(v4_load(from), weight, a);
            b = v4_multiply_add(v4_load(from + next), weight, b);
            c = v4_multiply_add(v4_load(from + 2 * next), weight, c);
            e = v4_multiply_add(v4_load(from + 3 * next), weight, e);
        }
    }
    put(&r, x, a);
    put(&r, x + 1, b);
    put(&r, x + 2, c);
    put(&r, x + 3, e);
}

static void run_stretch(const row *r, size_t begin, size_t end)
{
    const pleura_wide *d = r->layer;
    const size_t reach = (d->kernel[1] - 1) * d->dilation[1] + 1;
    size_t first = (d->left + d->step[1] - 1) / d->step[1];
    size_t past = d->width + d->left >= reach ? (d->width + d->left - reach) / d->step[1] + 1 : 0;
    first = first < begin ? begin : first;
    past = past > end ? end : past;
    size_t x = begin;
    for (; x < end && x < first; x++)
        edge(r, x);
    for (; x + 4 <= past; x += 4)
        inside(r, x);
    for (; x < end; x++)
        edge(r, x);
}

/* So many outputs of a row for all channels in turn: their inputs stay in a near cache. */
#define STRETCH 16

static void run_row(void *context, size_t y, size_t begin, size_t rows, size_t count)
{
    (void)rows; /* one */
    const image *m = context;
    const pleura_wide *d = m->layer;
    const size_t places = d->kernel[0] * d->kernel[1];
    for (size_t c = 0; c < d->channels; c += 4) {
        const float *weights = d->weights + c * (places + 1);
        const row r = {.layer = d,
                       .weights = weights,
                       .from = m->from + c,
                       .to = m->to + y * d->out_width * d->out_stride + c,
                       .top = y * d->step[0] - d->top,
                       .bias = v4_load(weights + 4 * places),
                       .low = v4_all(d->low),
                       .high = v4_all(d->high)};
        run_stretch(&r, begin, begin + count);
    }
}

void pleura_wide_run(const pleura_wide *d, const float *from, float *to, pthreadpool_t threads)
{
    image m = {d, from, to};
    pthreadpool_parallelize_2d_tile_2d(threads, run_row, &m, d->out_height, d->out_width, 1,
                                       STRETCH, 0);
}

/* ---- The step ---- */

static pleura_code build(pleura_lowering *l, pleura_step *step)
{
    const pleura_node *node = step->node;
    pleura_wide *d = step->context;
    const size_t places = d->kernel[0] * d->kernel[1];
    const float *filters = pleura_lower_floats(l, &l->graph->values[node->inputs[1]]);
    const float *bias = node->channel_shift || node->input_count < 3
                            ? node->channel_shift
                            : pleura_lower_floats(l, &l->graph->values[node->inputs[2]]);
    float *weights = pleura_lower_keep(l, d->channels * (places + 1) * sizeof *weights);
    if (l->code != PLEURA_OK)
        return l->code;
    pleura_wide_pack(d->channels, places, filters, node->channel_scale, bias, weights);
    d->weights = weights;
    d->in_stride = step->inputs[0]->stride;
    d->out_stride = step->output->stride;
    return PLEURA_OK;
}

static enum xnn_status run(const pleura_step *step, pthreadpool_t threads)
{
    pleura_wide_run(step->context, pleura_step_input(step, 0), pleura_step_output(step), threads);
    return xnn_status_success;
}

const pleura_step_kind pleura_wide_kind = {.name = "wide depthwise convolution",
                                           .strided_input = true,
                                           .strided_output = true,
                                           .build = build,
                                           .run = run};
