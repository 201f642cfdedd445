/* Class activation maps against plain formulas, and where a network's head is found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "decide/heatmap.h"
#include "graph/head.h"
#include "memory.h"
#include "onnx_writer.h"

#include <math.h>
#include <stdlib.h>

extern size_t pleura_test_fail_at, pleura_test_allocations;

enum { LABELS = 3, CHANNELS = 4, WIDTH = 5, HEIGHT = 3, AREA = WIDTH * HEIGHT };

static const uint32_t ill[] = {1, 2};
static const pleura_group groups[] = {{ill, 2}};
static const char *const names[] = {"normal", "bacterial", "viral", "ill"};

static pleura_decision_spec spec_of(pleura_activation activation)
{
    return (pleura_decision_spec){.activation = activation,
                                  .temperature = 0.8f,
                                  .label_count = LABELS,
                                  .group_count = 1,
                                  .groups = groups,
                                  .answer_names = names,
                                  .finding = 3};
}

static float random_float(unsigned *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (float)(*seed >> 8) / (float)(1u << 24) * 2 - 1;
}

typedef struct example {
    float weights[LABELS * CHANNELS], features[CHANNELS * AREA];
    pleura_heatmap_head head;
} example;

static void make_example(example *e, unsigned seed)
{
    for (size_t i = 0; i < LABELS * CHANNELS; i++)
        e->weights[i] = random_float(&seed) * 4;
    for (size_t i = 0; i < CHANNELS * AREA; i++)
        e->features[i] = fabsf(random_float(&seed));
    e->head = (pleura_heatmap_head){LABELS, CHANNELS, WIDTH, HEIGHT, e->weights, e->features};
}

/* The head's raw outputs when each feature is what `at` says: the mean, or one place's. */
static void outputs(const example *e, const double *at, float *out)
{
    for (size_t k = 0; k < LABELS; k++) {
        double sum = 0;
        for (size_t c = 0; c < CHANNELS; c++)
            sum += (double)e->weights[k * CHANNELS + c] * at[c];
        out[k] = (float)sum;
    }
}

static void means(const example *e, double *at)
{
    for (size_t c = 0; c < CHANNELS; c++) {
        at[c] = 0;
        for (size_t i = 0; i < AREA; i++)
            at[c] += (double)e->features[c * AREA + i] / AREA;
    }
}

/* In double, since differences of it are taken. */
static double log_odds(const pleura_decision_spec *spec, const example *e, const double *at,
                       size_t answer)
{
    double inside = 0, outside = 0;
    for (size_t k = 0; k < LABELS; k++) {
        double sum = 0;
        for (size_t c = 0; c < CHANNELS; c++)
            sum += (double)e->weights[k * CHANNELS + c] * at[c];
        sum /= (double)spec->temperature;
        if (spec->activation == PLEURA_ACTIVATION_SIGMOID && k == answer)
            return sum;
        *(k == answer || (answer == LABELS && k > 0) ? &inside : &outside) += exp(sum);
    }
    return log(inside / outside);
}

/* The evidence of a place is how the log-odds change, in the limit, when the mean moves towards it:
 * numerically, without the code's formula. */
static void is_the_derivative(pleura_activation activation, size_t answer, unsigned seed)
{
    example e;
    make_example(&e, seed);
    pleura_decision_spec spec = spec_of(activation);
    double mean[CHANNELS], moved[CHANNELS], evidence[AREA], most = PLEURA_HEATMAP_FULL;
    float answers[LABELS + 1], values[AREA];
    means(&e, mean);
    outputs(&e, mean, answers);
    pleura_decide_answers(&spec, answers, answers, NULL);
    assert_int_equal(pleura_heatmap_make(&e.head, &spec, answers, answer, values, NULL), PLEURA_OK);
    for (size_t i = 0; i < AREA; i++) {
        const double step = 1e-2;
        double change[2];
        for (int side = 0; side < 2; side++) {
            for (size_t c = 0; c < CHANNELS; c++)
                moved[c] = mean[c] + (side ? step : -step) * (double)e.features[c * AREA + i];
            change[side] = log_odds(&spec, &e, moved, answer);
        }
        evidence[i] = (change[1] - change[0]) / (2 * step);
        most = evidence[i] > most ? evidence[i] : most;
    }
    for (size_t i = 0; i < AREA; i++)
        assert_true(fabs((double)values[i] - fmax(0, evidence[i]) / most) < 2e-3);
}

static void evidence_is_what_moves_the_log_odds(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 20; seed++) {
        for (size_t answer = 0; answer < LABELS + 1; answer++)
            is_the_derivative(PLEURA_ACTIVATION_SOFTMAX, answer, seed);
        for (size_t answer = 0; answer < LABELS; answer++)
            is_the_derivative(PLEURA_ACTIVATION_SIGMOID, answer, seed);
    }
}

static void little_evidence_stays_dark(void **state)
{
    (void)state;
    example e;
    make_example(&e, 7);
    pleura_decision_spec spec = spec_of(PLEURA_ACTIVATION_SIGMOID);
    const float answers[] = {0.5f, 0.5f, 0.5f, 1};
    for (size_t i = 0; i < LABELS * CHANNELS; i++)
        e.weights[i] = 0.01f;
    float values[AREA];
    pleura_heatmap_make(&e.head, &spec, answers, 1, values, NULL);
    for (size_t i = 0; i < AREA; i++)
        assert_true(values[i] >= 0 && values[i] < 0.02f);
    for (size_t i = 0; i < LABELS * CHANNELS; i++)
        e.weights[i] = -1;
    pleura_heatmap_make(&e.head, &spec, answers, 1, values, NULL);
    for (size_t i = 0; i < AREA; i++)
        assert_true(values[i] == 0);
}

static void without_weights_the_channels_are_the_maps(void **state)
{
    (void)state;
    example e;
    make_example(&e, 3);
    e.head.channels = LABELS;
    e.head.weights = NULL;
    pleura_decision_spec spec = spec_of(PLEURA_ACTIVATION_SIGMOID);
    spec.temperature = 1;
    const float answers[] = {0.5f, 0.5f, 0.5f, 1};
    float values[AREA];
    pleura_heatmap_make(&e.head, &spec, answers, 2, values, NULL);
    for (size_t i = 0; i < AREA; i++)
        assert_true(fabsf(values[i] - e.features[2 * AREA + i] / (float)PLEURA_HEATMAP_FULL) <
                    1e-6f);
}

static void zones_are_the_patients(void **state)
{
    (void)state;
    float values[36] = {0}, shares[PLEURA_ZONE_COUNT];
    const pleura_region whole = {0, 0, 1, 1};
    pleura_heatmap_zones(values, 6, 6, &whole, shares);
    for (int zone = 0; zone < PLEURA_ZONE_COUNT; zone++)
        assert_true(shares[zone] == 0);
    values[5 * 6 + 0] = 0.75f; /* bottom left of the image: the patient's right */
    values[0 * 6 + 5] = 0.25f; /* top right: the patient's left */
    pleura_heatmap_zones(values, 6, 6, &whole, shares);
    assert_true(fabsf(shares[PLEURA_ZONE_RIGHT_LOWER] - 0.75f) < 1e-6f);
    assert_true(fabsf(shares[PLEURA_ZONE_LEFT_UPPER] - 0.25f) < 1e-6f);
    /* One cell for the whole film belongs to every zone alike. */
    values[0] = 1;
    pleura_heatmap_zones(values, 1, 1, &whole, shares);
    for (int zone = 0; zone < PLEURA_ZONE_COUNT; zone++)
        assert_true(fabsf(shares[zone] - 1.0f / 6) < 1e-6f);
    /* A map of the film's right half only, in the image: all of it is the patient's left. */
    const pleura_region half = {0.5f, 0, 0.5f, 1};
    pleura_heatmap_zones(values, 1, 1, &half, shares);
    assert_true(fabsf(shares[PLEURA_ZONE_LEFT_MIDDLE] - 1.0f / 3) < 1e-6f);
    assert_true(shares[PLEURA_ZONE_RIGHT_UPPER] == 0);
    assert_string_equal(pleura_zone_name(PLEURA_ZONE_RIGHT_LOWER), "right_lower");
    assert_string_equal(pleura_zone_name((pleura_zone)77), "unknown");
}

static void no_memory(void **state)
{
    (void)state;
    example e;
    make_example(&e, 1);
    pleura_decision_spec spec = spec_of(PLEURA_ACTIVATION_SIGMOID);
    const float answers[] = {0.5f, 0.5f, 0.5f, 1};
    float values[AREA];
    pleura_test_allocations = 0;
    pleura_test_fail_at = 1;
    pleura_error error = {0};
    assert_int_equal(pleura_heatmap_make(&e.head, &spec, answers, 1, values, &error),
                     PLEURA_ERROR_MEMORY);
    pleura_test_fail_at = 0;
}

/* ---- The head of a network ---- */

static const float kernel[4] = {1, 2, 3, 4}, matrix[8] = {1, 2, 3, 4, 5, 6, 7, 8}, bias[2] = {1, 2};

/* A convolution to four channels, and what follows it as `end` writes it. */
static pleura_graph graph_with(void (*end)(buffer *), buffer *file)
{
    buffer made = {0};
    put_value_info(&made, GRAPH_INPUT, "x", 4, (int64_t[]){1, 1, 3, 5});
    put_tensor(&made, "k", TYPE_FLOAT, 4, (int64_t[]){4, 1, 1, 1}, kernel, sizeof kernel);
    put_tensor(&made, "b", TYPE_FLOAT, 1, (int64_t[]){2}, bias, sizeof bias);
    put_node(&made, "Conv", "x k", "conv");
    put_node(&made, "Relu", "conv", "features");
    end(&made);
    put_value_info(&made, GRAPH_OUTPUT, "y", 0, NULL);
    *file = make_model(13, &made);
    pleura_graph graph = {0};
    pleura_error error = {0};
    if (pleura_onnx_read(file->bytes, file->size, &graph, &error) != PLEURA_OK ||
        pleura_graph_infer(&graph, &error) != PLEURA_OK ||
        pleura_graph_simplify(&graph, &error) != PLEURA_OK)
        fail_msg("%s", error.message);
    return graph;
}

static void put_matrix(buffer *graph, int64_t rows, int64_t columns)
{
    put_tensor(graph, "w", TYPE_FLOAT, 2, (int64_t[]){rows, columns}, matrix, sizeof matrix);
}

static void gemm_as_torch_writes_it(buffer *graph)
{
    put_matrix(graph, 2, 4);
    put_node(graph, "GlobalAveragePool", "features", "pooled");
    put_node(graph, "Flatten", "pooled", "flat");
    buffer gemm = make_node("Gemm", "flat w b", "y");
    put_attribute_int(&gemm, "transB", 1);
    put_message(graph, GRAPH_NODE, &gemm);
}

static void gemm_in_eight_bits(buffer *graph)
{
    static const int8_t whole[8] = {2, 4, 6, 8, 5, 6, 7, 8}, none[2] = {0};
    static const float steps[2] = {0.5f, 1}, step = 0.1f;
    static const uint8_t zero = 0;
    put_tensor(graph, "whole", TYPE_INT8, 2, (int64_t[]){2, 4}, whole, sizeof whole);
    put_tensor(graph, "steps", TYPE_FLOAT, 1, (int64_t[]){2}, steps, sizeof steps);
    put_tensor(graph, "none", TYPE_INT8, 1, (int64_t[]){2}, none, sizeof none);
    put_tensor(graph, "step", TYPE_FLOAT, 0, NULL, &step, sizeof step);
    put_tensor(graph, "zero", TYPE_UINT8, 0, NULL, &zero, sizeof zero);
    buffer weights = make_node("DequantizeLinear", "whole steps none", "w");
    put_attribute_int(&weights, "axis", 0);
    put_message(graph, GRAPH_NODE, &weights);
    put_node(graph, "GlobalAveragePool", "features", "pooled");
    put_node(graph, "QuantizeLinear", "pooled step zero", "bytes");
    put_node(graph, "DequantizeLinear", "bytes step zero", "rounded");
    put_node(graph, "Flatten", "rounded", "flat");
    buffer gemm = make_node("Gemm", "flat w b", "y");
    put_attribute_int(&gemm, "transB", 1);
    put_message(graph, GRAPH_NODE, &gemm);
}

static void matmul_with_bias_and_softmax(buffer *graph)
{
    put_matrix(graph, 4, 2);
    buffer mean = make_node("ReduceMean", "features", "pooled");
    put_attribute_ints(&mean, "axes", 2, (int64_t[]){2, 3});
    put_attribute_int(&mean, "keepdims", 0);
    put_message(graph, GRAPH_NODE, &mean);
    put_node(graph, "MatMul", "pooled w", "product");
    put_node(graph, "Add", "product b", "logits");
    put_node(graph, "Softmax", "logits", "y");
}

static void pooling_alone(buffer *graph)
{
    put_node(graph, "GlobalAveragePool", "features", "pooled");
    put_node(graph, "Flatten", "pooled", "y");
}

static void average_of(buffer *graph, const char *from, int64_t height)
{
    put_matrix(graph, 4, 2);
    buffer average = make_node("AveragePool", from, "pooled");
    put_attribute_ints(&average, "kernel_shape", 2, (int64_t[]){height, 5});
    put_attribute_ints(&average, "strides", 2, (int64_t[]){height, 5});
    put_message(graph, GRAPH_NODE, &average);
    put_node(graph, "Flatten", "pooled", "flat");
    put_node(graph, "MatMul", "flat w", "y");
}

static void window_as_large_as_the_image(buffer *graph)
{
    average_of(graph, "features", 3);
}

static void window_without_the_last_line(buffer *graph)
{
    average_of(graph, "features", 2);
}

static void two_layers(buffer *graph)
{
    static const float square[16] = {1};
    put_matrix(graph, 4, 2);
    put_tensor(graph, "v", TYPE_FLOAT, 2, (int64_t[]){4, 4}, square, sizeof square);
    put_node(graph, "GlobalAveragePool", "features", "pooled");
    put_node(graph, "Flatten", "pooled", "flat");
    put_node(graph, "MatMul", "flat v", "hidden");
    put_node(graph, "Relu", "hidden", "relu");
    put_node(graph, "MatMul", "relu w", "y");
}

static void no_pooling(buffer *graph)
{
    static const float wide[120] = {1};
    put_tensor(graph, "w", TYPE_FLOAT, 2, (int64_t[]){60, 2}, wide, sizeof wide);
    put_node(graph, "Flatten", "features", "flat");
    put_node(graph, "MatMul", "flat w", "y");
}

static void finds_heads(void **state)
{
    (void)state;
    const struct {
        void (*end)(buffer *);
        bool found, transposed;
        size_t labels;
    } cases[] = {
        {gemm_as_torch_writes_it, true, false, 2},
        {gemm_in_eight_bits, true, false, 2},
        {matmul_with_bias_and_softmax, true, true, 2},
        {pooling_alone, true, false, 4},
        {window_as_large_as_the_image, true, true, 2},
        {window_without_the_last_line, false, false, 0},
        {two_layers, false, false, 0},
        {no_pooling, false, false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        buffer file;
        pleura_graph_head head;
        pleura_graph graph = graph_with(cases[i].end, &file);
        assert_int_equal(pleura_graph_find_head(&graph, &head), cases[i].found);
        if (cases[i].found) {
            assert_int_equal(head.labels, cases[i].labels);
            assert_int_equal(head.channels, 4);
            assert_int_equal(head.transposed, cases[i].transposed);
            assert_int_equal(graph.values[head.features].dims[3], 5);
            assert_true(!head.weights == (cases[i].end == pooling_alone));
            const float *weights =
                head.weights ? pleura_constant_floats(head.weights, &graph.arena) : matrix;
            assert_memory_equal(weights, matrix, sizeof matrix);
        }
        pleura_graph_free(&graph);
        free(file.bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(evidence_is_what_moves_the_log_odds),
        cmocka_unit_test(little_evidence_stays_dark),
        cmocka_unit_test(without_weights_the_channels_are_the_maps),
        cmocka_unit_test(zones_are_the_patients),
        cmocka_unit_test(no_memory),
        cmocka_unit_test(finds_heads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
