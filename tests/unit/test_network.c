/* Small networks through the whole engine, against plain loops. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "graph/head.h"
#include "onnx_writer.h"
#include "pleura/pleura.h"
#include "run/network.h"

#include <math.h>
#include <stdio.h>

static uint32_t seed;

static float next_random(void)
{
    seed = seed * 1664525u + 1013904223u; /* Numerical Recipes' generator */
    return (float)(seed >> 8) / (float)(1 << 24) * 2 - 1;
}

static float *random_floats(size_t count)
{
    float *floats = malloc(count * sizeof *floats);
    for (size_t i = 0; i < count; i++)
        floats[i] = next_random();
    return floats;
}

/* Ends the graph with output `name`, loads it, runs it on `input` and returns the outputs. */
static float *run_graph(buffer *graph, int64_t opset, const char *output, const float *input,
                        size_t input_count, size_t *output_count)
{
    put_value_info(graph, GRAPH_OUTPUT, output, 0, NULL);
    buffer file = make_model(opset, graph);
    pleura_model *model;
    pleura_error error = {0};
    pleura_code code = pleura_model_load(file.bytes, file.size, NULL, &model, &error);
    if (code != PLEURA_OK)
        fail_msg("%s: %s", output, error.message);
    free(file.bytes); /* nothing may point into it any more */
    *output_count = pleura_model_label_count(model);
    float *result = malloc(*output_count * sizeof *result);
    code = pleura_run(model, input, input_count, result, *output_count, &error);
    if (code != PLEURA_OK)
        fail_msg("%s: %s", output, error.message);
    pleura_model_free(model);
    return result;
}

static void assert_close(const char *what, const float *got, const float *wanted, size_t count)
{
    double largest = 1e-6;
    for (size_t i = 0; i < count; i++)
        largest = fmax(largest, fabs((double)wanted[i]));
    for (size_t i = 0; i < count; i++)
        if (!(fabs((double)got[i] - (double)wanted[i]) <= 1e-5 * largest))
            fail_msg("%s: element %zu is %.8g, %.8g expected", what, i, (double)got[i],
                     (double)wanted[i]);
}

/* ---- Convolution in all its forms ---- */

typedef struct conv_case {
    const char *name;
    int64_t channels, height, width, outputs, groups;
    int64_t kernel[2], stride[2], dilation[2], pads[4];
    const char *auto_pad;
    bool bias, norm, relu;
} conv_case;

static const conv_case conv_cases[] = {
    {"1x1", 3, 7, 5, 8, 1, {1, 1}, {1, 1}, {1, 1}, {0}, NULL, true, false, false},
    {"3x3", 3, 9, 8, 4, 1, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}, NULL, true, true, true},
    {"stride", 1, 11, 10, 5, 1, {3, 3}, {2, 2}, {1, 1}, {1, 1, 1, 1}, NULL, false, true, true},
    {"asymmetric", 3, 10, 9, 4, 1, {3, 5}, {2, 1}, {1, 1}, {0, 1, 2, 3}, NULL, true, false, true},
    {"dilated", 3, 12, 12, 4, 1, {3, 3}, {1, 1}, {2, 3}, {2, 3, 2, 3}, NULL, true, false, false},
    {"depthwise", 3, 8, 9, 6, 3, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}, NULL, true, true, true},
    {"same upper", 3, 8, 7, 4, 1, {3, 3}, {2, 2}, {1, 1}, {0}, "SAME_UPPER", true, false, false},
    {"same lower", 3, 8, 7, 4, 1, {4, 2}, {2, 2}, {1, 1}, {0}, "SAME_LOWER", true, false, false},
    {"valid", 3, 8, 7, 4, 1, {3, 3}, {1, 1}, {1, 1}, {0}, "VALID", true, false, false},
};

static void same_pads(const conv_case *c, int i, int64_t size, int64_t pads[4])
{
    int64_t extent = (c->kernel[i] - 1) * c->dilation[i] + 1;
    int64_t out = (size + c->stride[i] - 1) / c->stride[i];
    int64_t total = (out - 1) * c->stride[i] + extent - size;
    total = total > 0 ? total : 0;
    bool upper = strcmp(c->auto_pad, "SAME_UPPER") == 0;
    pads[i] = upper ? total / 2 : total - total / 2;
    pads[2 + i] = total - pads[i];
}

static float *plain_conv(const conv_case *c, const float *x, const float *w, const float *bias,
                         size_t *count)
{
    int64_t pads[4];
    memcpy(pads, c->pads, sizeof pads);
    if (c->auto_pad && strncmp(c->auto_pad, "SAME", 4) == 0) {
        same_pads(c, 0, c->height, pads);
        same_pads(c, 1, c->width, pads);
    }
    int64_t oh =
        (c->height + pads[0] + pads[2] - (c->kernel[0] - 1) * c->dilation[0] - 1) / c->stride[0] +
        1;
    int64_t ow =
        (c->width + pads[1] + pads[3] - (c->kernel[1] - 1) * c->dilation[1] - 1) / c->stride[1] + 1;
    int64_t per_group = c->channels / c->groups, out_per_group = c->outputs / c->groups;
    *count = (size_t)(c->outputs * oh * ow);
    float *y = malloc(*count * sizeof *y), *at = y;
    for (int64_t o = 0; o < c->outputs; o++)
        for (int64_t i = 0; i < oh; i++)
            for (int64_t j = 0; j < ow; j++) {
                double sum = bias ? (double)bias[o] : 0;
                for (int64_t k = 0; k < per_group; k++)
                    for (int64_t ky = 0; ky < c->kernel[0]; ky++)
                        for (int64_t kx = 0; kx < c->kernel[1]; kx++) {
                            int64_t yy = i * c->stride[0] + ky * c->dilation[0] - pads[0];
                            int64_t xx = j * c->stride[1] + kx * c->dilation[1] - pads[1];
                            if (yy < 0 || xx < 0 || yy >= c->height || xx >= c->width)
                                continue;
                            int64_t channel = o / out_per_group * per_group + k;
                            sum +=
                                (double)x[(channel * c->height + yy) * c->width + xx] *
                                (double)w[((o * per_group + k) * c->kernel[0] + ky) * c->kernel[1] +
                                          kx];
                        }
                *at++ = (float)sum;
            }
    return y;
}

static void apply_norm(float *y, size_t count, int64_t channels, const float *parameters)
{
    size_t area = count / (size_t)channels;
    for (size_t i = 0; i < count; i++) {
        size_t c = i / area, n = (size_t)channels;
        const float *gamma = parameters, *beta = gamma + n, *mean = beta + n, *variance = mean + n;
        y[i] = (y[i] - mean[c]) / sqrtf(variance[c] + 1e-3f) * gamma[c] + beta[c];
    }
}

static void put_norm(buffer *graph, const char *input, const char *output, int64_t channels,
                     const float *parameters)
{
    static const char *const names[] = {"gamma", "beta", "mean", "variance"};
    for (int i = 0; i < 4; i++)
        put_tensor(graph, names[i], TYPE_FLOAT, 1, &channels, parameters + i * channels,
                   (size_t)channels * 4);
    char inputs[64];
    snprintf(inputs, sizeof inputs, "%s gamma beta mean variance", input);
    buffer node = make_node("BatchNormalization", inputs, output);
    put_attribute_float(&node, "epsilon", 1e-3f);
    put_message(graph, GRAPH_NODE, &node);
}

static float *norm_parameters(int64_t channels)
{
    float *parameters = random_floats((size_t)channels * 4);
    for (int64_t i = 3 * channels; i < 4 * channels; i++)
        parameters[i] = parameters[i] * parameters[i] + 0.1f;
    return parameters;
}

static void check_conv(const conv_case *c)
{
    int64_t in_dims[] = {-1, c->channels, c->height, c->width};
    int64_t w_dims[] = {c->outputs, c->channels / c->groups, c->kernel[0], c->kernel[1]};
    size_t in_count = (size_t)(c->channels * c->height * c->width);
    size_t w_count = (size_t)(w_dims[0] * w_dims[1] * w_dims[2] * w_dims[3]);
    float *x = random_floats(in_count), *w = random_floats(w_count);
    float *bias = random_floats((size_t)c->outputs), *norm = norm_parameters(c->outputs);

    buffer graph = {0};
    put_value_info(&graph, GRAPH_INPUT, "x", 4, in_dims);
    put_tensor(&graph, "w", TYPE_FLOAT, 4, w_dims, w, w_count * 4);
    put_tensor(&graph, "b", TYPE_FLOAT, 1, &c->outputs, bias, (size_t)c->outputs * 4);
    buffer node = make_node("Conv", c->bias ? "x w b" : "x w", "conv");
    put_attribute_int(&node, "group", c->groups);
    put_attribute_ints(&node, "strides", 2, c->stride);
    put_attribute_ints(&node, "dilations", 2, c->dilation);
    if (c->auto_pad)
        put_attribute_text(&node, "auto_pad", c->auto_pad);
    else
        put_attribute_ints(&node, "pads", 4, c->pads);
    put_message(&graph, GRAPH_NODE, &node);
    const char *last = "conv";
    if (c->norm) {
        put_norm(&graph, last, "norm", c->outputs, norm);
        last = "norm";
    }
    if (c->relu) {
        put_node(&graph, "Relu", last, "relu");
        last = "relu";
    }

    size_t count, wanted_count;
    float *got = run_graph(&graph, 13, last, x, in_count, &count);
    float *wanted = plain_conv(c, x, w, c->bias ? bias : NULL, &wanted_count);
    if (c->norm)
        apply_norm(wanted, wanted_count, c->outputs, norm);
    for (size_t i = 0; c->relu && i < wanted_count; i++)
        wanted[i] = wanted[i] > 0 ? wanted[i] : 0;
    assert_int_equal(count, wanted_count);
    assert_close(c->name, got, wanted, count);
    free(got), free(wanted), free(x), free(w), free(bias), free(norm);
}

static void convolutions_equal_plain_loops(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof conv_cases / sizeof *conv_cases; i++) {
        seed = (uint32_t)i + 1;
        check_conv(&conv_cases[i]);
    }
}

/* ---- Pooling ---- */

typedef struct pool_case {
    const char *name, *op;
    int64_t size[2], kernel[2], stride[2], pads[4];
    bool include_pad, ceil_mode;
} pool_case;

static const pool_case pool_cases[] = {
    {"max", "MaxPool", {8, 9}, {3, 3}, {2, 2}, {1, 1, 1, 1}, false, false},
    {"max ceil", "MaxPool", {8, 9}, {3, 3}, {2, 2}, {0, 0, 0, 0}, false, true},
    {"average", "AveragePool", {8, 9}, {2, 2}, {2, 2}, {0, 0, 0, 0}, false, false},
    {"average, padding left out",
     "AveragePool",
     {7, 9},
     {3, 3},
     {1, 2},
     {1, 1, 1, 1},
     false,
     false},
    {"average, padding counted", "AveragePool", {7, 9}, {3, 3}, {1, 2}, {1, 1, 1, 1}, true, false},
    {"average ceil, counted", "AveragePool", {8, 9}, {2, 2}, {3, 2}, {0, 0, 0, 0}, true, true},
    {"average ceil, padding counted",
     "AveragePool",
     {9, 10},
     {3, 4},
     {2, 3},
     {1, 0, 0, 1},
     true,
     true},
};

static void plain_pool(const pool_case *c, const float *x, int64_t channels, int64_t oh, int64_t ow,
                       float *y)
{
    bool max = strcmp(c->op, "MaxPool") == 0;
    for (int64_t n = 0; n < channels * oh * ow; n++) {
        int64_t channel = n / (oh * ow), i = n / ow % oh, j = n % ow;
        double sum = 0, largest = -HUGE_VAL;
        int taken = 0, padded = 0; /* what ceil_mode adds is never counted */
        for (int64_t ky = 0; ky < c->kernel[0]; ky++)
            for (int64_t kx = 0; kx < c->kernel[1]; kx++) {
                int64_t yy = i * c->stride[0] + ky - c->pads[0];
                int64_t xx = j * c->stride[1] + kx - c->pads[1];
                padded += yy < c->size[0] + c->pads[2] && xx < c->size[1] + c->pads[3];
                if (yy < 0 || xx < 0 || yy >= c->size[0] || xx >= c->size[1])
                    continue;
                double value = (double)x[(channel * c->size[0] + yy) * c->size[1] + xx];
                sum += value;
                largest = fmax(largest, value);
                taken++;
            }
        double area = c->include_pad ? padded : taken;
        y[n] = (float)(max ? largest : sum / area);
    }
}

static int64_t pooled(const pool_case *c, int i)
{
    int64_t room = c->size[i] + c->pads[i] + c->pads[i + 2] - c->kernel[i];
    return (room + (c->ceil_mode ? c->stride[i] - 1 : 0)) / c->stride[i] + 1;
}

static void pooling_equals_plain_loops(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof pool_cases / sizeof *pool_cases; k++) {
        const pool_case *c = &pool_cases[k];
        seed = (uint32_t)k + 100;
        int64_t dims[] = {1, 3, c->size[0], c->size[1]};
        size_t in_count = (size_t)(3 * c->size[0] * c->size[1]), count;
        float *x = random_floats(in_count);
        buffer graph = {0};
        put_value_info(&graph, GRAPH_INPUT, "x", 4, dims);
        buffer node = make_node(c->op, "x", "y");
        put_attribute_ints(&node, "kernel_shape", 2, c->kernel);
        put_attribute_ints(&node, "strides", 2, c->stride);
        put_attribute_ints(&node, "pads", 4, c->pads);
        put_attribute_int(&node, "ceil_mode", c->ceil_mode);
        if (c->include_pad)
            put_attribute_int(&node, "count_include_pad", 1);
        put_message(&graph, GRAPH_NODE, &node);
        float *got = run_graph(&graph, 13, "y", x, in_count, &count);
        int64_t oh = pooled(c, 0), ow = pooled(c, 1);
        assert_int_equal(count, 3 * oh * ow);
        float *wanted = malloc(count * sizeof *wanted);
        plain_pool(c, x, 3, oh, ow, wanted);
        assert_close(c->name, got, wanted, count);
        free(got), free(wanted), free(x);
    }
}

/* ---- A classifier's tail, with the layouts that it mixes ---- */

/* Flattening an image of more than one pixel keeps ONNX's NCHW order, whatever runs inside. */
static void flatten_keeps_channel_order(void **state)
{
    (void)state;
    seed = 7;
    int64_t dims[] = {1, 3, 2, 2}, w_dims[] = {4, 3, 1, 1}, fc_dims[] = {5, 16};
    float *x = random_floats(12), *w = random_floats(12), *fc = random_floats(80);
    buffer graph = {0};
    put_value_info(&graph, GRAPH_INPUT, "x", 4, dims);
    put_tensor(&graph, "w", TYPE_FLOAT, 4, w_dims, w, 48);
    put_tensor(&graph, "fc", TYPE_FLOAT, 2, fc_dims, fc, 320);
    put_node(&graph, "Conv", "x w", "conv");
    put_node(&graph, "Flatten", "conv", "flat");
    buffer gemm = make_node("Gemm", "flat fc", "y");
    put_attribute_int(&gemm, "transB", 1);
    put_attribute_float(&gemm, "alpha", 0.5f);
    put_message(&graph, GRAPH_NODE, &gemm);
    size_t count;
    float *got = run_graph(&graph, 13, "y", x, 12, &count), wanted[5];
    for (int o = 0; o < 5; o++) {
        double sum = 0;
        for (int c = 0; c < 4; c++)
            for (int p = 0; p < 4; p++)
                for (int k = 0; k < 3; k++)
                    sum += 0.5 * (double)fc[o * 16 + c * 4 + p] * (double)w[c * 3 + k] *
                           (double)x[k * 4 + p];
        wanted[o] = (float)sum;
    }
    assert_int_equal(count, 5);
    assert_close("flatten", got, wanted, 5);
    free(got), free(x), free(w), free(fc);
}

/* A dense block: concat, batch norm that nothing absorbs, Relu; then a mean, and softmax. */
static void dense_block_equals_plain_loops(void **state)
{
    (void)state;
    seed = 8;
    int64_t dims[] = {1, 3, 4, 5}, channels = 18;
    float *x = random_floats(60), *norm = norm_parameters(channels), wanted[18];
    buffer graph = {0};
    put_value_info(&graph, GRAPH_INPUT, "x", 4, dims);
    put_node(&graph, "Concat", "x x x x x x", "joined"); /* six: more than XNNPACK joins at once */
    put_norm(&graph, "joined", "norm", channels, norm);
    put_node(&graph, "Relu", "norm", "relu");
    put_node(&graph, "GlobalAveragePool", "relu", "pool");
    put_node(&graph, "Flatten", "pool", "flat");
    put_node(&graph, "Softmax", "flat", "y");
    size_t count;
    float *got = run_graph(&graph, 11, "y", x, 60, &count);
    double total = 0;
    for (int c = 0; c < 18; c++) {
        double sum = 0;
        for (int p = 0; p < 20; p++) {
            double n = ((double)x[c % 3 * 20 + p] - (double)norm[36 + c]) /
                           sqrt((double)norm[54 + c] + 1e-3) * (double)norm[c] +
                       (double)norm[18 + c];
            sum += n > 0 ? n : 0;
        }
        total += exp(sum / 20);
        wanted[c] = (float)exp(sum / 20);
    }
    for (int c = 0; c < 18; c++)
        wanted[c] /= (float)total;
    assert_int_equal(count, 18);
    assert_close("dense block", got, wanted, 18);
    free(got), free(x), free(norm);
}

/* The batch is symbolic and the shape of the Reshape is computed, as PyTorch exports view(). */
static void computed_shapes_fold(void **state)
{
    (void)state;
    seed = 9;
    int64_t dims[] = {-1, 3, 4, 4}, zero = 0, minus = -1, one = 1;
    float *x = random_floats(48);
    buffer graph = {0};
    put_value_info(&graph, GRAPH_INPUT, "x", 4, dims);
    put_tensor(&graph, "zero", TYPE_INT64, 0, NULL, &zero, 8);
    put_tensor(&graph, "minus", TYPE_INT64, 1, &one, &minus, 8);
    int64_t axes = 0;
    put_tensor(&graph, "axes", TYPE_INT64, 1, &one, &axes, 8);
    put_node(&graph, "Shape", "x", "shape");
    put_node(&graph, "Gather", "shape zero", "batch");
    put_node(&graph, "Unsqueeze", "batch axes", "batch1");
    buffer concat = make_node("Concat", "batch1 minus", "wanted");
    put_attribute_int(&concat, "axis", 0);
    put_message(&graph, GRAPH_NODE, &concat);
    put_node(&graph, "Reshape", "x wanted", "flat");
    put_node(&graph, "Sigmoid", "flat", "y");
    size_t count;
    float *got = run_graph(&graph, 13, "y", x, 48, &count), wanted[48];
    for (int i = 0; i < 48; i++)
        wanted[i] = (float)(1 / (1 + exp(-(double)x[i])));
    assert_int_equal(count, 48);
    assert_close("computed shapes", got, wanted, 48);
    free(got), free(x);
}

/* tf2onnx: an NHWC input behind a Transpose, and constants of fewer dimensions. */
static void channels_last_and_broadcasts(void **state)
{
    (void)state;
    seed = 10;
    int64_t dims[] = {1, 2, 5, 3}, perm[] = {0, 3, 1, 2}, scale_dims[] = {3, 1, 1};
    float *x = random_floats(30), *scale = random_floats(3);
    buffer graph = {0};
    put_value_info(&graph, GRAPH_INPUT, "x", 4, dims);
    put_tensor(&graph, "scale", TYPE_FLOAT, 3, scale_dims, scale, 12);
    buffer node = make_node("Transpose", "x", "nchw");
    put_attribute_ints(&node, "perm", 4, perm);
    put_message(&graph, GRAPH_NODE, &node);
    put_node(&graph, "Mul", "nchw scale", "scaled");
    put_node(&graph, "Add", "scaled nchw", "sum");
    put_node(&graph, "Flatten", "sum", "y");
    size_t count;
    float *got = run_graph(&graph, 13, "y", x, 30, &count), wanted[30];
    for (int i = 0; i < 30; i++) /* pleura_run takes NCHW, whatever the file wants */
        wanted[i] = x[i] * scale[i / 10] + x[i];
    assert_int_equal(count, 30);
    assert_close("channels last", got, wanted, 30);
    free(got), free(x), free(scale);
}

/* ---- Several outputs ---- */

static float plain_dot(const float *a, size_t step, const float *b, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += (double)a[i * step] * (double)b[i];
    return (float)sum;
}

/* The file's second output, and the features that somebody asks for, beside the first. */
static void inner_values_are_outputs(void **state)
{
    (void)state;
    seed = 10;
    int64_t dims[] = {1, 3, 4, 5}, w_dims[] = {2, 3, 1, 1}, fc_dims[] = {4, 2};
    float *x = random_floats(60), *w = random_floats(6), *fc = random_floats(8);
    buffer file_graph = {0};
    put_value_info(&file_graph, GRAPH_INPUT, "x", 4, dims);
    put_tensor(&file_graph, "w", TYPE_FLOAT, 4, w_dims, w, 24);
    put_tensor(&file_graph, "fc", TYPE_FLOAT, 2, fc_dims, fc, 32);
    put_node(&file_graph, "Conv", "x w", "conv");
    put_node(&file_graph, "Relu", "conv", "relu");
    put_node(&file_graph, "GlobalAveragePool", "relu", "pool");
    put_node(&file_graph, "Flatten", "pool", "flat");
    put_node(&file_graph, "Identity", "flat", "embedding");
    buffer gemm = make_node("Gemm", "embedding fc", "y");
    put_attribute_int(&gemm, "transB", 1);
    put_message(&file_graph, GRAPH_NODE, &gemm);
    put_value_info(&file_graph, GRAPH_OUTPUT, "y", 0, NULL);
    put_value_info(&file_graph, GRAPH_OUTPUT, "embedding", 0, NULL);
    buffer file = make_model(13, &file_graph);

    pleura_graph graph = {0};
    pleura_network *network;
    pleura_graph_head head;
    size_t tapped;
    assert_int_equal(pleura_onnx_read(file.bytes, file.size, &graph, NULL), PLEURA_OK);
    assert_int_equal(pleura_graph_infer(&graph, NULL), PLEURA_OK);
    assert_int_equal(pleura_graph_simplify(&graph, NULL), PLEURA_OK);
    assert_true(pleura_graph_find_head(&graph, &head));
    assert_true(pleura_graph_add_output(&graph, head.features, &tapped));
    assert_int_equal(tapped, 2);
    assert_int_equal(pleura_network_create(&graph, 1, &network, NULL), PLEURA_OK);
    pleura_graph_free(&graph);
    free(file.bytes);
    assert_int_equal(pleura_network_input_count(network), 1);
    assert_int_equal(pleura_network_input(network, 0)->count, 60);
    memcpy(pleura_network_input(network, 0)->data, x, 60 * sizeof *x);
    assert_int_equal(pleura_network_run(network, NULL), PLEURA_OK);

    assert_int_equal(pleura_network_output_count(network), 3);
    assert_null(pleura_network_output(network, 3));
    assert_int_equal(pleura_network_find_output(network, "embedding"), 1);
    assert_int_equal(pleura_network_find_output(network, "relu"), 2);
    assert_true(pleura_network_find_output(network, "flat") == SIZE_MAX);
    const pleura_port *features = pleura_network_output(network, 2);
    assert_int_equal(features->rank, 4);
    assert_int_equal(features->dims[1], 2);
    assert_int_equal(features->dims[3], 5);
    float relu[40], embedding[2], y[4];
    for (size_t i = 0; i < 40; i++)
        relu[i] = fmaxf(0, plain_dot(x + i % 20, 20, w + i / 20 * 3, 3));
    for (size_t c = 0; c < 2; c++) {
        double sum = 0;
        for (size_t i = 0; i < 20; i++)
            sum += (double)relu[c * 20 + i];
        embedding[c] = (float)(sum / 20);
    }
    for (size_t i = 0; i < 4; i++)
        y[i] = plain_dot(embedding, 1, fc + 2 * i, 2);
    assert_int_equal(features->count, 40);
    assert_close("features", features->data, relu, 40);
    assert_close("embedding", pleura_network_output(network, 1)->data, embedding, 2);
    assert_close("answer", pleura_network_output(network, 0)->data, y, 4);
    pleura_network_free(network);
    free(x), free(w), free(fc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(convolutions_equal_plain_loops),
        cmocka_unit_test(pooling_equals_plain_loops),
        cmocka_unit_test(flatten_keeps_channel_order),
        cmocka_unit_test(dense_block_equals_plain_loops),
        cmocka_unit_test(computed_shapes_fold),
        cmocka_unit_test(channels_last_and_broadcasts),
        cmocka_unit_test(inner_values_are_outputs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
