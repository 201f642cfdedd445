/* Operators that are written with others when they are read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "onnx_network.h"

#include "graph/functions.h"

#include <math.h>
#include <stdio.h>

enum { SIDE = 4, AREA = SIDE * SIDE, CHANNELS = 2 };

static const int64_t image_dims[] = {1, CHANNELS, SIDE, SIDE};

static void put_float_number(buffer *graph, const char *name, float number)
{
    put_tensor(graph, name, TYPE_FLOAT, 0, NULL, &number, sizeof number);
}

static void put_byte(buffer *graph, const char *name, int type, int number)
{
    unsigned char byte = (unsigned char)number;
    put_tensor(graph, name, type, 0, NULL, &byte, 1);
}

static void put_runtime_node(buffer *graph, const char *op, const char *inputs, const char *output)
{
    buffer node = make_node(op, inputs, output);
    put_text(&node, 7, PLEURA_RUNTIME_DOMAIN);
    put_message(graph, GRAPH_NODE, &node);
}

/* Weights of 3 channels from 2, one by one; scales by channel, zero points, biases of 32 bits. */
static const int8_t weights[3][2] = {{100, -50}, {7, 127}, {-128, 3}};
static const float weight_scales[3] = {0.01f, 0.02f, 0.005f};
static const int8_t weight_zeros[3] = {0, 3, -4};
static const int32_t biases[3] = {40, -1000, 0};

static buffer begin_graph(void)
{
    static const int64_t weight_dims[] = {3, 2, 1, 1}, matrix_dims[] = {3, 2}, three[] = {3};
    buffer graph = {0};
    put_value_info(&graph, GRAPH_INPUT, "image", 4, image_dims);
    put_tensor(&graph, "w", TYPE_INT8, 4, weight_dims, weights, sizeof weights);
    put_tensor(&graph, "matrix", TYPE_INT8, 2, matrix_dims, weights, sizeof weights);
    put_tensor(&graph, "ws", TYPE_FLOAT, 1, three, weight_scales, sizeof weight_scales);
    put_tensor(&graph, "wz", TYPE_INT8, 1, three, weight_zeros, sizeof weight_zeros);
    put_tensor(&graph, "none", TYPE_INT8, 1, three, (const int8_t[3]){0}, 3);
    put_tensor(&graph, "bias", TYPE_INT32, 1, three, biases, sizeof biases);
    put_float_number(&graph, "xs", 0.02f);
    put_byte(&graph, "xz", TYPE_UINT8, 100);
    put_float_number(&graph, "ys", 0.03f);
    put_byte(&graph, "yz", TYPE_UINT8, 120);
    return graph;
}

static buffer finish(buffer *graph, const char *output)
{
    put_value_info(graph, GRAPH_OUTPUT, output, 0, NULL);
    return make_model(13, graph);
}

/* Numbers from -2 to 2. */
static float pixel(size_t i)
{
    return (float)((i * 37 + 11) % 64) / 16 - 2;
}

/* Writes the file's answer to `answer` and frees the file. */
static size_t answer_of(buffer *file, float *answer, size_t room)
{
    pleura_network *network;
    pleura_error error;
    if (network_of(file, &network, &error) != PLEURA_OK)
        fail_msg("%s", error.message);
    const pleura_port *in = pleura_network_input(network, 0);
    for (size_t i = 0; i < in->count; i++)
        in->data[i] = pixel(i);
    assert_int_equal(pleura_network_run(network, &error), PLEURA_OK);
    const pleura_port *out = pleura_network_output(network, 0);
    size_t count = out->count;
    assert_true(count <= room);
    memcpy(answer, out->data, count * sizeof *answer);
    pleura_network_free(network);
    free(file->bytes);
    return count;
}

static float on_grid(float x, float scale, int zero)
{
    float stored = rintf(x / scale) + (float)zero;
    return fminf(fmaxf(stored, 0), 255);
}

static void assert_near(const float *got, const float *wanted, size_t count, double tolerance)
{
    for (size_t i = 0; i < count; i++)
        if (!(fabs((double)got[i] - (double)wanted[i]) <= tolerance))
            fail_msg("number %zu: %g, wanted %g", i, (double)got[i], (double)wanted[i]);
}

/* ---- Integers ---- */

/* Without biases, the weights' zero points are 0, too: then it is computed in integers. */
static void check_convolution(bool biased)
{
    buffer graph = begin_graph();
    put_node(&graph, "QuantizeLinear", "image xs xz", "stored");
    put_node(&graph, "QLinearConv",
             biased ? "stored xs xz w ws wz ys yz bias" : "stored xs xz w ws none ys yz", "y");
    put_node(&graph, "DequantizeLinear", "y ys yz", "out");
    buffer file = finish(&graph, "out");
    float got[3 * AREA], wanted[3 * AREA];
    assert_int_equal(answer_of(&file, got, 3 * AREA), 3 * AREA);
    for (size_t o = 0; o < 3; o++)
        for (size_t i = 0; i < AREA; i++) {
            int sum = biased ? biases[o] : 0;
            for (size_t c = 0; c < CHANNELS; c++)
                sum += ((int)on_grid(pixel(c * AREA + i), 0.02f, 100) - 100) *
                       (weights[o][c] - (biased ? weight_zeros[o] : 0));
            float real = (float)sum * 0.02f * weight_scales[o];
            wanted[o * AREA + i] = (on_grid(real, 0.03f, 120) - 120) * 0.03f;
        }
    assert_near(got, wanted, 3 * AREA, 1e-6);
}

static void quantised_convolution_counts_as_it_is_defined(void **state)
{
    (void)state;
    check_convolution(true);
    check_convolution(false);
}

/* Nor do sums that nobody rounds have anything added to them. */
static void sums_without_a_bias_are_sums(void **state)
{
    (void)state;
    buffer graph = begin_graph(), real = make_node("DequantizeLinear", "w ws none", "filters");
    put_attribute_int(&real, "axis", 0);
    put_message(&graph, GRAPH_NODE, &real);
    put_node(&graph, "QuantizeLinear", "image xs xz", "stored");
    put_node(&graph, "DequantizeLinear", "stored xs xz", "x");
    put_node(&graph, "Conv", "x filters", "out");
    buffer file = finish(&graph, "out");
    float got[3 * AREA], wanted[3 * AREA];
    assert_int_equal(answer_of(&file, got, 3 * AREA), 3 * AREA);
    for (size_t o = 0; o < 3; o++)
        for (size_t i = 0; i < AREA; i++) {
            int sum = 0;
            for (size_t c = 0; c < CHANNELS; c++)
                sum += ((int)on_grid(pixel(c * AREA + i), 0.02f, 100) - 100) * weights[o][c];
            wanted[o * AREA + i] = (float)sum * 0.02f * weight_scales[o];
        }
    assert_near(got, wanted, 3 * AREA, 1e-5);
}

static void quantised_layers_without_a_zero_point(void **state)
{
    (void)state;
    buffer graph = begin_graph();
    put_node(&graph, "QuantizeLinear", "image xs", "stored");
    put_runtime_node(&graph, "QLinearAdd", "stored xs - stored xs - ys -", "sum");
    put_runtime_node(&graph, "QLinearConcat", "ys - sum ys - stored xs -", "joined");
    put_node(&graph, "DequantizeLinear", "joined ys", "out");
    buffer file = finish(&graph, "out");
    float got[4 * AREA], wanted[4 * AREA];
    assert_int_equal(answer_of(&file, got, 4 * AREA), 4 * AREA);
    for (size_t i = 0; i < 2 * AREA; i++) {
        float x = on_grid(pixel(i), 0.02f, 0) * 0.02f;
        wanted[i] = on_grid(x + x, 0.03f, 0) * 0.03f;
        wanted[2 * AREA + i] = on_grid(x, 0.03f, 0) * 0.03f;
    }
    assert_near(got, wanted, 4 * AREA, 1e-6);
}

/* Sequences of tensors in a straight line, as PyTorch's scripting writes a dense block. */
static void sequences_are_concatenated(void **state)
{
    (void)state;
    buffer graph = begin_graph(), join = make_node("ConcatFromSequence", "two", "joined");
    put_node(&graph, "SequenceConstruct", "image", "one");
    put_node(&graph, "Neg", "image", "negative");
    put_node(&graph, "SequenceInsert", "one negative", "two");
    put_node(&graph, "SequenceInsert", "two image", "three"); /* "two" stays as it is */
    put_attribute_int(&join, "axis", 1);
    put_message(&graph, GRAPH_NODE, &join);
    buffer file = finish(&graph, "joined");
    float got[4 * AREA];
    assert_int_equal(answer_of(&file, got, 4 * AREA), 4 * AREA);
    for (size_t i = 0; i < 2 * AREA; i++) {
        assert_float_equal(got[i], pixel(i), 0);
        assert_float_equal(got[2 * AREA + i], -pixel(i), 0);
    }
}

/* With scale and zero point from the numbers themselves (ONNX: DynamicQuantizeLinear). */
static void grids_follow_from_the_numbers(void **state)
{
    (void)state;
    buffer graph = begin_graph();
    buffer node = make_node("DynamicQuantizeLinear", "image", "stored");
    put_text(&node, 2, "scale");
    put_text(&node, 2, "zero");
    put_message(&graph, GRAPH_NODE, &node);
    put_node(&graph, "ConvInteger", "stored w zero wz", "whole");
    buffer cast = make_node("Cast", "whole", "real");
    put_attribute_int(&cast, "to", 1);
    put_message(&graph, GRAPH_NODE, &cast);
    put_node(&graph, "Mul", "real scale", "out");
    buffer file = finish(&graph, "out");
    float got[3 * AREA], wanted[3 * AREA], low = 0, high = 0;
    assert_int_equal(answer_of(&file, got, 3 * AREA), 3 * AREA);
    for (size_t i = 0; i < 2 * AREA; i++) {
        low = fminf(low, pixel(i));
        high = fmaxf(high, pixel(i));
    }
    float scale = (high - low) / 255;
    int zero = (int)rintf(-low / scale);
    for (size_t o = 0; o < 3; o++)
        for (size_t i = 0; i < AREA; i++) {
            int sum = 0;
            for (size_t c = 0; c < CHANNELS; c++)
                sum += ((int)on_grid(pixel(c * AREA + i), scale, zero) - zero) *
                       (weights[o][c] - weight_zeros[o]);
            wanted[o * AREA + i] = (float)sum * scale;
        }
    assert_near(got, wanted, 3 * AREA, 1e-4);
}

/* ---- Refusals ---- */

static pleura_code read_and_infer(const buffer *file, pleura_graph *graph, pleura_error *error)
{
    pleura_code code = pleura_onnx_read(file->bytes, file->size, graph, error);
    return code == PLEURA_OK ? pleura_graph_infer(graph, error) : code;
}

static void assert_refused(buffer *graph, const char *output, pleura_code code, const char *says)
{
    buffer file = finish(graph, output);
    pleura_graph read = {0};
    pleura_error error = {0};
    assert_int_equal(read_and_infer(&file, &read, &error), code);
    if (!strstr(error.message, says))
        fail_msg("\"%s\" should say \"%s\"", error.message, says);
    pleura_graph_free(&read);
    free(file.bytes);
}

static void what_is_missing_is_refused(void **state)
{
    (void)state;
    buffer graph = begin_graph();
    put_node(&graph, "QLinearConv", "image xs xz w ws wz ys", "out");
    assert_refused(&graph, "out", PLEURA_ERROR_ONNX, "QLinearConv 'out' lacks its input 7.");
    graph = begin_graph();
    buffer node = make_node("QLinearGlobalAveragePool", "image xs xz ys yz", "out");
    put_attribute_int(&node, "channels_last", 1);
    put_text(&node, 7, PLEURA_RUNTIME_DOMAIN);
    put_message(&graph, GRAPH_NODE, &node);
    assert_refused(&graph, "out", PLEURA_ERROR_OPERATOR, "channels_last");
    graph = begin_graph();
    put_node(&graph, "SequenceConstruct", "image image", "pair");
    put_node(&graph, "SequenceInsert", "pair image xz", "out"); /* at a place */
    assert_refused(&graph, "out", PLEURA_ERROR_OPERATOR, "sequences that grow at their end");
    graph = begin_graph();
    put_node(&graph, "QLinearAdd", "image xs xz image xs xz ys yz", "out"); /* not ONNX's own */
    assert_refused(&graph, "out", PLEURA_ERROR_OPERATOR, "operator QLinearAdd 'out'");
}

static void sequences_are_limited(void **state)
{
    (void)state;
    buffer graph = begin_graph();
    char name[16] = "s0", next[16];
    put_node(&graph, "SequenceConstruct", "image", name);
    for (int i = 1; i < 1500; i++) {
        char inputs[32];
        snprintf(inputs, sizeof inputs, "%s image", name);
        snprintf(next, sizeof next, "s%d", i);
        put_node(&graph, "SequenceInsert", inputs, next);
        memcpy(name, next, sizeof name);
    }
    put_node(&graph, "ConcatFromSequence", name, "out");
    assert_refused(&graph, "out", PLEURA_ERROR_MODEL_TOO_LARGE, "1000000 tensors in all of them");
}

/* An attribute that should be an integer, and is no number at all. */
static void no_axis_is_made_of_what_is_none(void **state)
{
    (void)state;
    buffer graph = begin_graph(), node = make_node("LpNormalization", "image", "out");
    put_attribute_float(&node, "axis", NAN);
    put_message(&graph, GRAPH_NODE, &node);
    buffer file = finish(&graph, "out");
    assert_file_refused(&file, PLEURA_ERROR_SHAPE, "axis");
}

/* A refusal lists every operator, and has room for all of them. */
static void the_list_of_operators_is_whole(void **state)
{
    (void)state;
    buffer graph = begin_graph(), longest = {0};
    char name[100];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    longest = make_node(name, "image", name);
    put_text(&longest, 7, name);
    put_message(&graph, GRAPH_NODE, &longest);
    buffer file = finish(&graph, name);
    pleura_graph read = {0};
    pleura_error error = {0};
    assert_int_equal(read_and_infer(&file, &read, &error), PLEURA_ERROR_OPERATOR);
    assert_non_null(strstr(error.message, ", Xor, Acos, Acosh, "));
    for (size_t i = 0; i < pleura_function_count; i++)
        assert_non_null(strstr(error.message, pleura_functions[i].name));
    assert_int_equal(error.message[strlen(error.message) - 1], '.');
    pleura_graph_free(&read);
    free(file.bytes);
}

static void every_failing_allocation_is_an_error(void **state)
{
    (void)state;
    buffer graph = begin_graph();
    put_node(&graph, "QuantizeLinear", "image xs xz", "stored");
    put_node(&graph, "QLinearConv", "stored xs xz w ws wz ys yz bias", "y");
    put_runtime_node(&graph, "QLinearConcat", "ys yz y ys yz stored xs xz", "joined");
    put_node(&graph, "SequenceConstruct", "joined", "one");
    buffer join = make_node("ConcatFromSequence", "one", "out");
    put_attribute_int(&join, "axis", 1);
    put_message(&graph, GRAPH_NODE, &join);
    buffer file = finish(&graph, "out");
    check_failing_allocations(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantised_convolution_counts_as_it_is_defined),
        cmocka_unit_test(sums_without_a_bias_are_sums),
        cmocka_unit_test(quantised_layers_without_a_zero_point),
        cmocka_unit_test(sequences_are_concatenated),
        cmocka_unit_test(sequences_are_limited),
        cmocka_unit_test(no_axis_is_made_of_what_is_none),
        cmocka_unit_test(grids_follow_from_the_numbers),
        cmocka_unit_test(what_is_missing_is_refused),
        cmocka_unit_test(the_list_of_operators_is_whole),
        cmocka_unit_test(every_failing_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
