/* Winograd's convolutions against plain loops in double precision, and the size of their error. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "onnx_writer.h"
#include "run/network.h"
#include "run/winograd.h"

#include <float.h>
#include <math.h>
#include <stdio.h>

static uint32_t seed;

static float *random_floats(size_t count)
{
    float *floats = malloc(count * sizeof *floats);
    for (size_t i = 0; i < count; i++) {
        seed = seed * 1664525u + 1013904223u; /* Numerical Recipes' generator */
        floats[i] = (float)(seed >> 8) / (float)(1 << 24) * 2 - 1;
    }
    return floats;
}

/* x -> 1 x 1 convolution to `in` channels -> 3 x 3 to `out`, joined with itself where `joined`, so
 * that both ends of the layer may be views -> y. */
typedef struct layer_case {
    const char *name;
    size_t tile; /* that is chosen for it */
    int64_t height, width, in, out, pads[4];
    bool bias, clip, joined, stored; /* stored: weights are int8, times a scale for each output */
} layer_case;

static const layer_case cases[] = {
    {"tile 2", 2, 8, 8, 64, 64, {1, 1, 1, 1}, true, false, false, false},
    {"tile 4", 4, 24, 24, 64, 64, {1, 1, 1, 1}, true, false, false, false},
    {"no padding", 4, 26, 30, 64, 64, {0, 0, 0, 0}, false, false, false, false},
    {"uneven padding", 4, 29, 31, 32, 64, {0, 2, 1, 0}, true, true, false, false},
    {"ragged edge", 4, 27, 33, 48, 36, {1, 1, 1, 1}, true, true, true, false},
    {"tile 2, ragged edge", 2, 9, 9, 128, 128, {1, 1, 1, 1}, false, true, true, false},
    {"several strips", 4, 60, 50, 64, 32, {1, 1, 1, 1}, true, true, true, false},
    {"int8 weights", 4, 24, 24, 64, 64, {1, 1, 1, 1}, true, false, false, true},
};

static int64_t out_size(int64_t size, const int64_t *pads, int axis)
{
    return size + pads[axis] + pads[axis + 2] - 2;
}

typedef struct data {
    float *x, *w1, *w, *bias;
} data;

#define SCALE(output) (0x1p-7f * (float)((output) % 5 + 1))

static size_t filters(const layer_case *c)
{
    return (size_t)(c->in * c->out) * 9;
}

/* The weights become whole numbers times their output's scale. */
static void round_weights(const layer_case *c, const data *d)
{
    for (size_t i = 0; i < filters(c); i++)
        d->w[i] = nearbyintf(d->w[i] * 100) * SCALE(i / (size_t)(c->in * 9));
}

static void put_stored(buffer *g, const layer_case *c, const data *d, const int64_t *dims)
{
    int8_t *whole = malloc(filters(c)), *zeros = calloc((size_t)c->out, 1);
    float *scales = malloc((size_t)c->out * sizeof *scales);
    for (size_t i = 0; i < filters(c); i++)
        whole[i] = (int8_t)(d->w[i] / SCALE(i / (size_t)(c->in * 9)));
    for (int64_t i = 0; i < c->out; i++)
        scales[i] = SCALE(i);
    put_tensor(g, "whole", TYPE_INT8, 4, dims, whole, filters(c));
    put_tensor(g, "scales", TYPE_FLOAT, 1, &c->out, scales, (size_t)c->out * 4);
    put_tensor(g, "zeros", TYPE_INT8, 1, &c->out, zeros, (size_t)c->out);
    buffer node = make_node("DequantizeLinear", "whole scales zeros", "w");
    put_attribute_int(&node, "axis", 0);
    put_message(g, GRAPH_NODE, &node);
    free(whole), free(zeros), free(scales);
}

static pleura_network *load(const layer_case *c, const data *d, unsigned threads)
{
    int64_t x_dims[] = {1, 3, c->height, c->width}, w1_dims[] = {c->in, 3, 1, 1};
    int64_t w_dims[] = {c->out, c->in, 3, 3};
    float bounds[] = {-0.5f, 4};
    buffer g = {0};
    put_value_info(&g, GRAPH_INPUT, "x", 4, x_dims);
    put_tensor(&g, "w1", TYPE_FLOAT, 4, w1_dims, d->w1, (size_t)c->in * 12);
    if (c->stored)
        put_stored(&g, c, d, w_dims);
    else
        put_tensor(&g, "w", TYPE_FLOAT, 4, w_dims, d->w, filters(c) * sizeof *d->w);
    put_tensor(&g, "b", TYPE_FLOAT, 1, &c->out, d->bias, (size_t)c->out * 4);
    put_tensor(&g, "low", TYPE_FLOAT, 0, NULL, &bounds[0], 4);
    put_tensor(&g, "high", TYPE_FLOAT, 0, NULL, &bounds[1], 4);
    put_node(&g, "Conv", "x w1", "wide");
    put_node(&g, "Concat", "wide wide", "twice");
    buffer conv = make_node("Conv", c->bias ? "wide w b" : "wide w", "conv");
    put_attribute_ints(&conv, "pads", 4, c->pads);
    put_message(&g, GRAPH_NODE, &conv);
    const char *last = "conv";
    if (c->clip) {
        put_node(&g, "Clip", "conv low high", "clip");
        last = "clip";
    }
    if (c->joined) {
        char inputs[32];
        snprintf(inputs, sizeof inputs, "%s %s", last, last);
        put_node(&g, "Concat", inputs, "joined");
        last = "joined";
    }
    put_value_info(&g, GRAPH_OUTPUT, last, 0, NULL);
    put_value_info(&g, GRAPH_OUTPUT, c->joined ? "twice" : "wide", 0, NULL);
    buffer file = make_model(13, &g);
    pleura_graph graph = {0};
    pleura_network *network;
    pleura_error error = {0};
    assert_int_equal(pleura_onnx_read(file.bytes, file.size, &graph, &error), PLEURA_OK);
    assert_int_equal(pleura_graph_infer(&graph, &error), PLEURA_OK);
    assert_int_equal(pleura_graph_simplify(&graph, &error), PLEURA_OK);
    if (pleura_network_create(&graph, threads, &network, &error) != PLEURA_OK)
        fail_msg("%s: %s", c->name, error.message);
    pleura_graph_free(&graph);
    free(file.bytes);
    return network;
}

static void assert_winograd_runs(const pleura_network *network)
{
    const void *cursor = NULL;
    pleura_step_time step;
    bool found = false;
    while (pleura_network_next_step(network, &cursor, &step))
        found = found || strcmp(step.kind, pleura_winograd.name) == 0;
    assert_true(found);
}

/* One output, and the sum of the sizes of what was added up for it. */
static double plain_output(const layer_case *c, const data *d, const float *wide, int64_t o,
                           int64_t y, int64_t x, double *size)
{
    double sum = c->bias ? (double)d->bias[o] : 0;
    *size = fabs(sum);
    for (int64_t i = 0; i < c->in; i++)
        for (int64_t k = 0; k < 9; k++) {
            int64_t row = y + k / 3 - c->pads[0], column = x + k % 3 - c->pads[1];
            if (row < 0 || column < 0 || row >= c->height || column >= c->width)
                continue;
            double product = (double)wide[(i * c->height + row) * c->width + column] *
                             (double)d->w[(o * c->in + i) * 9 + k];
            sum += product;
            *size += fabs(product);
        }
    return c->clip ? fmin(fmax(sum, -0.5), 4) : sum;
}

/*
 * The error of a sum of products is at most a few units of rounding times the sum of their sizes. In
 * that measure, of the largest output, a tile of 2 must stay below 1 and a tile of 4 below 4: half a
 * millionth.
 */
static void check(const layer_case *c, unsigned threads)
{
    data d = {random_floats((size_t)(3 * c->height * c->width)), random_floats((size_t)c->in * 3),
              random_floats((size_t)(c->in * c->out) * 9), random_floats((size_t)c->out)};
    if (c->stored)
        round_weights(c, &d);
    int64_t height = out_size(c->height, c->pads, 0), width = out_size(c->width, c->pads, 1);
    pleura_winograd_shape shape = {(size_t)height, (size_t)width, (size_t)c->in, (size_t)c->out};
    assert_int_equal(pleura_winograd_tile(&shape), c->tile);
    pleura_network *network = load(c, &d, threads);
    assert_winograd_runs(network);
    const pleura_port *input = pleura_network_input(network, 0);
    memcpy(input->data, d.x, input->count * sizeof *d.x);
    assert_int_equal(pleura_network_run(network, NULL), PLEURA_OK);
    const pleura_port *got = pleura_network_output(network, 0);
    const float *wide = pleura_network_output(network, 1)->data;
    size_t area = (size_t)(height * width), count = (size_t)c->out * area;
    assert_int_equal(got->count, c->joined ? 2 * count : count);
    double worst = 0, largest = 0;
    for (size_t i = 0; i < count; i++) {
        double size,
            wanted = plain_output(c, &d, wide, (int64_t)(i / area), (int64_t)(i % area) / width,
                                  (int64_t)(i % area) % width, &size);
        worst = fmax(worst, fabs((double)got->data[i] - wanted));
        largest = fmax(largest, size);
        if (c->joined)
            assert_true(got->data[i] == got->data[i + count]);
    }
    worst /= largest * (double)FLT_EPSILON;
    if (!(worst < (c->tile == 2 ? 1 : 4)))
        fail_msg("%s: an error of %.2f units", c->name, worst);
    pleura_network_free(network);
    free(d.x), free(d.w1), free(d.w), free(d.bias);
}

static void layers_equal_plain_loops(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (unsigned threads = 1; threads <= 2; threads++) { /* whose strips differ */
            seed = (uint32_t)i + 1;
            check(&cases[i], threads);
        }
    }
}

/* Where tiles would be mostly padding, or channels do not fill a vector. */
static void small_and_odd_layers_stay_plain(void **state)
{
    (void)state;
    static const pleura_winograd_shape plain[] = {
        {1, 1, 512, 512}, {2, 1, 64, 64}, {112, 112, 3, 32}, {56, 56, 64, 30}, {56, 56, 1, 1}};
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        assert_int_equal(pleura_winograd_tile(&plain[i]), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layers_equal_plain_loops),
        cmocka_unit_test(small_and_odd_layers_stay_plain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
