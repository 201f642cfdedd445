#include "winograd.h"

#include "v4.h"

#include <pthreadpool.h>
#include <string.h>

#define MOST 6 /* the largest n */

/* Powers of the points a and b of tiles of 4; a b = 1. */
static const float a = 2.0f / 3, a2 = 4.0f / 9, a3 = 8.0f / 27;
static const float b = 3.0f / 2, b2 = 9.0f / 4, b3 = 27.0f / 8;
static const float a2b2 = 97.0f / 36; /* a2 + b2 */

/* ---- One dimension of B' d, A' m and G g ---- */

static inline void input_2(const v4 *d, v4 *to)
{
    to[0] = d[0] - d[2];
    to[1] = d[2] + d[1];
    to[2] = d[2] - d[1];
    to[3] = d[3] - d[1];
}

static inline void input_4(const v4 *d, v4 *to)
{
    v4 even_a = d[4] - b2 * d[2], odd_a = a * (d[3] - b2 * d[1]);
    v4 even_b = d[4] - a2 * d[2], odd_b = b * (d[3] - a2 * d[1]);
    to[0] = d[0] - a2b2 * d[2] + d[4];
    to[1] = even_a + odd_a;
    to[2] = even_a - odd_a;
    to[3] = even_b + odd_b;
    to[4] = even_b - odd_b;
    to[5] = d[1] - a2b2 * d[3] + d[5];
}

static inline void output_2(const v4 *m, v4 *to)
{
    to[0] = m[0] + m[1] + m[2];
    to[1] = m[1] - m[2] + m[3];
}

static inline void output_4(const v4 *m, v4 *to)
{
    v4 even_a = m[1] + m[2], odd_a = m[1] - m[2], even_b = m[3] + m[4], odd_b = m[3] - m[4];
    to[0] = m[0] + even_a + even_b;
    to[1] = a * odd_a + b * odd_b;
    to[2] = a2 * even_a + b2 * even_b;
    to[3] = a3 * odd_a + b3 * odd_b + m[5];
}

static inline void filter_2(const v4 *g, v4 *to)
{
    v4 even = 0.5f * (g[0] + g[2]), odd = 0.5f * g[1];
    to[0] = g[0];
    to[1] = even + odd;
    to[2] = even - odd;
    to[3] = g[2];
}

/* A filter's value at a point, over the product of the point's distances to the others. */
static inline void filter_4(const v4 *g, v4 *to)
{
    const float at_a = 1 / (2 * a2 * (a2 - b2)), at_b = 1 / (2 * b2 * (b2 - a2));
    v4 even_a = at_a * (g[0] + a2 * g[2]), odd_a = at_a * a * g[1];
    v4 even_b = at_b * (g[0] + b2 * g[2]), odd_b = at_b * b * g[1];
    to[0] = g[0];
    to[1] = even_a + odd_a;
    to[2] = even_a - odd_a;
    to[3] = even_b + odd_b;
    to[4] = even_b - odd_b;
    to[5] = g[2];
}

/* ---- Weights: G g G' for each pair of channels, as n x n matrices [in x out] ---- */

typedef struct filters {
    const float *from, *scale; /* [out][in][3][3]; one factor for each output channel, or NULL */
    size_t in, out;
} filters;

/* The filters from one input channel to four output channels. */
static void filter_block(const filters *f, size_t m, size_t in, size_t out, float *to)
{
    void (*one)(const v4 *, v4 *) = m == 4 ? filter_4 : filter_2;
    size_t n = m + 2;
    v4 g[9], half[3][MOST], column[3], done[MOST];
    for (size_t lane = 0; lane < 4; lane++)
        for (size_t k = 0; k < 9; k++)
            g[k][lane] = f->from[((out + lane) * f->in + in) * 9 + k] *
                         (f->scale ? f->scale[out + lane] : 1);
    for (size_t j = 0; j < 3; j++) {
        for (size_t i = 0; i < 3; i++)
            column[i] = g[3 * i + j];
        one(column, half[j]);
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < 3; j++)
            column[j] = half[j][i];
        one(column, done);
        for (size_t j = 0; j < n; j++, to += f->in * f->out)
            v4_store(to, done[j]);
    }
}

static const float *transform_filters(pleura_lowering *l, const pleura_node *node, size_t m)
{
    const pleura_value *weights = &l->graph->values[node->inputs[1]];
    const filters f = {pleura_lower_floats(l, weights), node->channel_scale,
                       (size_t)weights->dims[1], (size_t)weights->dims[0]};
    if (l->code != PLEURA_OK)
        return NULL;
    float *to = pleura_lower_scratch(l, (m + 2) * (m + 2) * f.in * f.out * sizeof *to);
    for (size_t i = 0; to && i < f.in; i++)
        for (size_t o = 0; o < f.out; o += 4)
            filter_block(&f, m, i, o, to + i * f.out + o);
    return to;
}

/* ---- The step ---- */

typedef struct layer {
    pleura_winograd_layer given;
    size_t columns, rows;      /* of tiles */
    size_t strip_rows, strip;  /* rows of tiles that are computed together, and their tiles */
    const float *zeros, *bias; /* of input and of output channels */
    float low, high;
} layer;

/* What one thread computes at once should stay in its second-level cache. */
#define CACHE_BYTES (256 * 1024)
/*
 * Several threads work on one strip together, and wait for one another three times in it. With strips
 * of the size for one thread that is 42 times in a layer of 56 x 56 x 64; so it is 6.
 */
#define TOGETHER 4

static void choose_strips(layer *y, size_t in, size_t out, pthreadpool_t threads)
{
    size_t count = pthreadpool_get_threads_count(threads);
    size_t bytes = count > 1 ? CACHE_BYTES * TOGETHER * count : CACHE_BYTES;
    size_t n = y->given.tile + 2, row = n * n * y->columns * (in + out) * sizeof(float);
    size_t most = bytes / row;
    most = most ? most : 1;
    size_t strips = (y->rows + most - 1) / most;
    y->strip_rows = (y->rows + strips - 1) / strips;
    y->strip = y->strip_rows * y->columns;
}

static const float *keep_bias(pleura_lowering *l, const pleura_node *node, size_t out)
{
    const float *from = node->channel_shift || node->input_count < 3
                            ? node->channel_shift
                            : pleura_lower_floats(l, &l->graph->values[node->inputs[2]]);
    float *bias = pleura_lower_keep(l, out * sizeof *bias);
    if (bias && from)
        memcpy(bias, from, out * sizeof *bias);
    return bias;
}

static pleura_code build(pleura_lowering *l, pleura_step *step)
{
    const pleura_tensor *x = step->inputs[0], *y = step->output;
    const pleura_winograd_layer *given = step->context;
    layer *made = pleura_lower_keep(l, sizeof *made);
    const float *weights = transform_filters(l, step->node, given->tile);
    const float *zeros = pleura_lower_keep(l, x->width * sizeof *zeros);
    const float *bias = keep_bias(l, step->node, y->width);
    if (l->code != PLEURA_OK)
        return l->code;
    *made = (layer){.given = *given,
                    .rows = (y->dims.size[1] + given->tile - 1) / given->tile,
                    .columns = (y->dims.size[2] + given->tile - 1) / given->tile,
                    .zeros = zeros,
                    .bias = bias,
                    .low = step->node->clamp_min,
                    .high = step->node->clamp_max};
    choose_strips(made, x->width, y->width, l->threads);
    step->context = made;
    size_t points = (given->tile + 2) * (given->tile + 2), size, alignment;
    step->workspace = points * made->strip * (x->width + y->width) * sizeof(float);
    enum xnn_status status = xnn_create_batch_matrix_multiply_nc_f32_const_weights(
        points, x->width, y->width, weights, 0, &step->operator);
    if (status == xnn_status_success)
        status = xnn_reshape_batch_matrix_multiply_nc_f32(step->operator, 1, &points, &points,
                                                          made->strip, x->width, y->width, &size,
                                                          &alignment, l->threads);
    return pleura_lower_check(l, step, status);
}

static float *products(const pleura_step *step)
{
    const layer *y = step->context;
    size_t n = y->given.tile + 2;
    return (float *)pleura_step_workspace(step) + n * n * y->strip * step->inputs[0]->width;
}

static enum xnn_status bind(pleura_step *step)
{
    return xnn_setup_batch_matrix_multiply_nc_f32(step->operator, NULL, pleura_step_workspace(step),
                                                  NULL, products(step));
}

/* ---- Running ---- */

typedef struct strip {
    const pleura_step *step;
    const layer *layer;
    const float *from;
    float *to, *inputs, *products;
    size_t first_row;
} strip;

/* Where each of the tile's n x n inputs is; padding is read from `zeros`. */
static void find_inputs(const strip *s, size_t tile, const float **at)
{
    const layer *y = s->layer;
    const pleura_tensor *x = s->step->inputs[0];
    size_t n = y->given.tile + 2, height = x->dims.size[1], width = x->dims.size[2];
    /* Above and left of the image, these wrap round to numbers past any height or width. */
    size_t top = (s->first_row + tile / y->columns) * y->given.tile - y->given.top;
    size_t left = tile % y->columns * y->given.tile - y->given.left;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            bool inside = top + i < height && left + j < width;
            *at++ = inside ? s->from + ((top + i) * width + left + j) * x->stride : y->zeros;
        }
}

static inline __attribute__((always_inline)) void input_tile(const strip *s, size_t tile, size_t m,
                                                             void (*one)(const v4 *, v4 *))
{
    size_t channels = s->step->inputs[0]->width, n = m + 2;
    size_t plane = s->layer->strip * channels;
    const float *at[MOST * MOST];
    find_inputs(s, tile, at);
    for (size_t c = 0; c < channels; c += 4) {
        v4 half[MOST][MOST], column[MOST], done[MOST];
        for (size_t j = 0; j < n; j++) {
            for (size_t i = 0; i < n; i++)
                // NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): all n x n are given
                column[i] = v4_load(at[i * n + j] + c);
            one(column, done);
            for (size_t i = 0; i < n; i++)
                half[i][j] = done[i];
        }
        float *to = s->inputs + tile * channels + c;
        for (size_t i = 0; i < n; i++) {
            one(half[i], done);
            for (size_t j = 0; j < n; j++, to += plane)
                v4_store(to, done[j]);
        }
    }
}

static inline __attribute__((always_inline)) void output_tile(const strip *s, size_t tile, size_t m,
                                                              void (*one)(const v4 *, v4 *))
{
    const layer *l = s->layer;
    const pleura_tensor *y = s->step->output;
    size_t channels = y->width, n = m + 2, plane = l->strip * channels;
    v4 low = v4_all(l->low), high = v4_all(l->high);
    size_t top = (s->first_row + tile / l->columns) * m, left = tile % l->columns * m;
    for (size_t c = 0; c < channels; c += 4) {
        v4 half[MOST][MOST], column[MOST], done[MOST];
        const float *from = s->products + tile * channels + c;
        for (size_t j = 0; j < n; j++) {
            for (size_t i = 0; i < n; i++)
                column[i] = v4_load(from + (i * n + j) * plane);
            one(column, done);
            for (size_t i = 0; i < m; i++)
                half[i][j] = done[i];
        }
        v4 bias = v4_load(l->bias + c);
        for (size_t i = 0; i < m && top + i < y->dims.size[1]; i++) {
            float *to = s->to + ((top + i) * y->dims.size[2] + left) * y->stride + c;
            one(half[i], done);
            for (size_t j = 0; j < m && left + j < y->dims.size[2]; j++, to += y->stride)
                v4_store(to, v4_bound(done[j] + bias, low, high));
        }
    }
}

static void input_tile_2(void *context, size_t tile)
{
    input_tile(context, tile, 2, input_2);
}

static void input_tile_4(void *context, size_t tile)
{
    input_tile(context, tile, 4, input_4);
}

static void output_tile_2(void *context, size_t tile)
{
    output_tile(context, tile, 2, output_2);
}

static void output_tile_4(void *context, size_t tile)
{
    output_tile(context, tile, 4, output_4);
}

static enum xnn_status run(const pleura_step *step, pthreadpool_t threads)
{
    const layer *y = step->context;
    bool four = y->given.tile == 4;
    strip s = {.step = step,
               .layer = y,
               .from = pleura_step_input(step, 0),
               .to = pleura_step_output(step),
               .inputs = pleura_step_workspace(step),
               .products = products(step)};
    for (; s.first_row < y->rows; s.first_row += y->strip_rows) {
        size_t rows = y->rows - s.first_row;
        size_t tiles = rows < y->strip_rows ? rows * y->columns : y->strip;
        pthreadpool_parallelize_1d(threads, four ? input_tile_4 : input_tile_2, &s, tiles, 0);
        enum xnn_status status = xnn_run_operator(step->operator, threads);
        if (status != xnn_status_success)
            return status;
        pthreadpool_parallelize_1d(threads, four ? output_tile_4 : output_tile_2, &s, tiles, 0);
    }
    return xnn_status_success;
}

const pleura_step_kind pleura_winograd = {.name = "winograd convolution",
                                          .strided_input = true,
                                          .strided_output = true,
                                          .build = build,
                                          .bind = bind,
                                          .run = run};

/* ---- When ---- */

/*
 * Costs in multiplications. A value that is transformed costs about 4; a weight comes from memory once
 * a run, which is as fast in WebAssembly as it is natively, where multiplications are faster.
 */
#ifdef __wasm__
#define WEIGHT_COST 9
#else
#define WEIGHT_COST 30
#endif

static double winograd_cost(const pleura_winograd_shape *s, size_t m)
{
    size_t n = m + 2, tiles = ((s->height + m - 1) / m) * ((s->width + m - 1) / m);
    double in = (double)s->in, out = (double)s->out;
    return (double)(n * n) *
           (in * out * (double)(tiles + WEIGHT_COST) + (double)tiles * (in + out) * 4);
}

size_t pleura_winograd_tile(const pleura_winograd_shape *s)
{
    double pixels = (double)(s->height * s->width);
    double plain = 9 * (double)(s->in * s->out) * (pixels + WEIGHT_COST);
    double two = winograd_cost(s, 2), four = winograd_cost(s, 4);
    if (s->in % 4 || s->out % 4 || (plain < two && plain < four))
        return 0;
    return two < four ? 2 : 4;
}
