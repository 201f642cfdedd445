/* What is made of a graph before it is run: parts, folding, patterns, grids. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "onnx_network.h"

#include <math.h>
#include <stdio.h>

static const int64_t image_dims[] = {1, 2, 6, 6};

static buffer begin_graph(void)
{
    buffer graph = {0};
    put_value_info(&graph, GRAPH_INPUT, "image", 4, image_dims);
    return graph;
}

static void put_number(buffer *graph, const char *name, float number)
{
    put_tensor(graph, name, TYPE_FLOAT, 0, NULL, &number, sizeof number);
}

static pleura_code prepare(const buffer *file, pleura_graph *graph, pleura_error *error)
{
    *graph = (pleura_graph){0};
    *error = (pleura_error){0};
    pleura_code code = pleura_onnx_read(file->bytes, file->size, graph, error);
    if (code == PLEURA_OK)
        code = pleura_graph_infer(graph, error);
    return code == PLEURA_OK ? pleura_graph_simplify(graph, error) : code;
}

/* The file of a graph that ends in `output`, read and simplified. */
static buffer finish(buffer *graph, const char *output, pleura_graph *read)
{
    put_value_info(graph, GRAPH_OUTPUT, output, 0, NULL);
    buffer file = make_model(13, graph);
    pleura_error error;
    if (prepare(&file, read, &error) != PLEURA_OK)
        fail_msg("%s: %s", output, error.message);
    return file;
}

static size_t count(const pleura_graph *graph, pleura_operator op)
{
    size_t found = 0;
    for (size_t i = 0; i < graph->node_count; i++)
        found += !graph->nodes[i].dead && graph->nodes[i].op == op;
    return found;
}

static const pleura_node *find(const pleura_graph *graph, pleura_operator op)
{
    for (size_t i = 0; i < graph->node_count; i++)
        if (!graph->nodes[i].dead && graph->nodes[i].op == op)
            return &graph->nodes[i];
    fail_msg("no %s", pleura_operator_name(op));
    return NULL;
}

static void fill(float *numbers, size_t size)
{
    for (size_t i = 0; i < size; i++)
        numbers[i] = (float)((i * 37 + 11) % 64) / 16 - 2;
}

/* Runs the graph on numbers from -2 to 2 and returns a copy of its first output. */
static float *run(const pleura_graph *graph, float *input, size_t *size)
{
    pleura_network *network;
    pleura_error error = {0};
    if (pleura_network_create(graph, 1, &network, &error) != PLEURA_OK)
        fail_msg("%s", error.message);
    const pleura_port *in = pleura_network_input(network, 0);
    fill(in->data, in->count);
    memcpy(input, in->data, in->count * sizeof *input);
    assert_int_equal(pleura_network_run(network, &error), PLEURA_OK);
    const pleura_port *out = pleura_network_output(network, 0);
    float *copy = malloc(out->count * sizeof *copy);
    memcpy(copy, out->data, out->count * sizeof *copy);
    *size = out->count;
    pleura_network_free(network);
    return copy;
}

/* ---- Grids ---- */

static void put_pair(buffer *graph, const char *from, const char *between, const char *to,
                     const char *scale_and_zero)
{
    char inputs[100];
    snprintf(inputs, sizeof inputs, "%s %s", from, scale_and_zero);
    put_node(graph, "QuantizeLinear", inputs, between);
    snprintf(inputs, sizeof inputs, "%s %s", between, scale_and_zero);
    put_node(graph, "DequantizeLinear", inputs, to);
}

/* What is cut out of one grid and put on another is rounded to that. */
static void a_part_is_rounded_to_its_own_grid(void **state)
{
    (void)state;
    static const int64_t one[] = {1}, first[] = {1}, end[] = {2}, axis[] = {1};
    buffer graph = begin_graph();
    put_number(&graph, "fine", 0.0625f);
    put_number(&graph, "coarse", 0.5f);
    const int8_t zero = 0;
    put_tensor(&graph, "zero", TYPE_INT8, 0, NULL, &zero, 1);
    put_tensor(&graph, "first", TYPE_INT64, 1, one, first, sizeof first);
    put_tensor(&graph, "end", TYPE_INT64, 1, one, end, sizeof end);
    put_tensor(&graph, "axis", TYPE_INT64, 1, one, axis, sizeof axis);
    put_pair(&graph, "image", "a", "x", "fine zero");
    put_node(&graph, "Slice", "x first end axis", "part");
    put_pair(&graph, "part", "b", "y", "coarse zero");
    pleura_graph read;
    buffer file = finish(&graph, "y", &read);
    float input[72];
    size_t size;
    float *output = run(&read, input, &size);
    assert_int_equal(size, 36);
    for (size_t i = 0; i < size; i++)
        assert_float_equal(output[i], 0.5f * rintf(input[36 + i] / 0.5f), 1e-6);
    free(output);
    pleura_graph_free(&read);
    free(file.bytes);
}

/* A 1 x 1 convolution of 2 channels to 2, with Relu, on grids. */
static buffer quantised_graph(void)
{
    static const int64_t w_dims[] = {2, 2, 1, 1}, two = 2;
    const int8_t w[] = {100, -50, 25, 127}, w_zero[] = {0, 0}, x_zero = -8;
    const float w_scale[] = {0.01f, 0.02f};
    const uint8_t y_zero = 0;
    const int32_t bias[] = {40, -60}, bias_zero[] = {0, 0};
    const float bias_scale[] = {0.0005f, 0.001f};
    buffer graph = begin_graph();
    put_number(&graph, "xs", 0.05f);
    put_tensor(&graph, "xz", TYPE_INT8, 0, NULL, &x_zero, 1);
    put_number(&graph, "ys", 0.03f);
    put_tensor(&graph, "yz", TYPE_UINT8, 0, NULL, &y_zero, 1);
    put_tensor(&graph, "w", TYPE_INT8, 4, w_dims, w, sizeof w);
    put_tensor(&graph, "ws", TYPE_FLOAT, 1, &two, w_scale, sizeof w_scale);
    put_tensor(&graph, "wz", TYPE_INT8, 1, &two, w_zero, sizeof w_zero);
    put_tensor(&graph, "b", TYPE_INT32, 1, &two, bias, sizeof bias);
    put_tensor(&graph, "bs", TYPE_FLOAT, 1, &two, bias_scale, sizeof bias_scale);
    put_tensor(&graph, "bz", TYPE_INT32, 1, &two, bias_zero, sizeof bias_zero);
    put_pair(&graph, "image", "xq", "x", "xs xz");
    buffer weights = make_node("DequantizeLinear", "w ws wz", "wf");
    put_attribute_int(&weights, "axis", 0);
    put_message(&graph, GRAPH_NODE, &weights);
    buffer biases = make_node("DequantizeLinear", "b bs bz", "bf");
    put_attribute_int(&biases, "axis", 0);
    put_message(&graph, GRAPH_NODE, &biases);
    put_node(&graph, "Conv", "x wf bf", "conv");
    put_node(&graph, "Relu", "conv", "relu");
    put_pair(&graph, "relu", "yq", "y", "ys yz");
    return graph;
}

static void quantised_layers_lie_on_grids(void **state)
{
    (void)state;
    buffer bytes = quantised_graph();
    pleura_graph graph;
    buffer file = finish(&bytes, "y", &graph);
    assert_int_equal(count(&graph, PLEURA_OP_QuantizeLinear), 0);
    assert_int_equal(count(&graph, PLEURA_OP_DequantizeLinear), 0);
    assert_int_equal(count(&graph, PLEURA_OP_Relu), 0);
    const pleura_node *conv = find(&graph, PLEURA_OP_Conv);
    const pleura_grid *in = graph.values[conv->inputs[0]].grid;
    const pleura_grid *out = graph.values[conv->output].grid;
    const pleura_value *weights = &graph.values[conv->inputs[1]];
    assert_non_null(in);
    assert_int_equal(in->type, PLEURA_INT8);
    assert_int_equal(in->zeros[0], -8);
    assert_int_equal(in->axis, -1);
    assert_non_null(out);
    assert_int_equal(out->type, PLEURA_UINT8);
    assert_true(conv->clamp_min == 0);
    assert_int_equal(weights->element, PLEURA_INT8); /* as small as in the file */
    assert_int_equal(weights->grid->count, 2);
    assert_int_equal(weights->grid->axis, 0);
    assert_non_null(graph.values[conv->inputs[2]].grid);
    assert_int_equal(find(&graph, PLEURA_OP_Identity)->output, conv->inputs[0]); /* the image */

    float input[72];
    size_t size;
    float *got = run(&graph, input, &size);
    static const double w[2][2] = {{1, -0.5}, {0.5, 2.54}}, b[2] = {0.02, -0.06};
    assert_int_equal(size, 72);
    for (size_t i = 0; i < 72; i++) {
        double sum = b[i / 36];
        for (int c = 0; c < 2; c++) {
            double q = (double)rintf(input[(size_t)c * 36 + i % 36] / 0.05f) - 8;
            sum += w[i / 36][c] * ((q < -128 ? -128 : q > 127 ? 127 : q) + 8) * 0.05;
        }
        double stored = rint(fmax(sum, 0) / 0.03);
        double wanted = (stored > 255 ? 255 : stored) * 0.03;
        /* a sum on the edge between two steps may fall to either side */
        double edge = fabs(fabs(sum / 0.03 - floor(sum / 0.03)) - 0.5);
        if (fabs((double)got[i] - wanted) > (edge < 1e-3 ? 0.0301 : 1e-5))
            fail_msg("element %zu: %g, %g expected", i, (double)got[i], wanted);
    }
    free(got);
    pleura_graph_free(&graph);
    free(file.bytes);
}

static void integers_that_are_read_stay_integers(void **state)
{
    (void)state;
    buffer bytes = begin_graph();
    const uint8_t zero = 100;
    put_number(&bytes, "s", 0.1f);
    put_tensor(&bytes, "z", TYPE_UINT8, 0, NULL, &zero, 1);
    put_node(&bytes, "QuantizeLinear", "image s z", "q");
    pleura_graph graph;
    buffer file = finish(&bytes, "q", &graph);
    assert_int_equal(count(&graph, PLEURA_OP_QuantizeLinear), 1);
    float input[72];
    size_t size;
    float *got = run(&graph, input, &size);
    for (size_t i = 0; i < size; i++)
        assert_true(got[i] == rintf(input[i] / 0.1f) + 100);
    free(got);
    pleura_graph_free(&graph);
    free(file.bytes);
}

/* ---- Patterns ---- */

static void hard_swish_is_found(void **state)
{
    (void)state;
    buffer bytes = begin_graph();
    put_number(&bytes, "zero", 0);
    put_number(&bytes, "three", 3);
    put_number(&bytes, "six", 6);
    put_node(&bytes, "Add", "image three", "a");
    put_node(&bytes, "Clip", "a zero six", "b");
    put_node(&bytes, "Mul", "image b", "c");
    put_node(&bytes, "Div", "c six", "y");
    pleura_graph graph;
    buffer file = finish(&bytes, "y", &graph);
    assert_int_equal(count(&graph, PLEURA_OP_HardSwish), 1);
    assert_int_equal(count(&graph, PLEURA_OP_Mul) + count(&graph, PLEURA_OP_Clip), 0);
    float input[72];
    size_t size;
    float *got = run(&graph, input, &size);
    for (size_t i = 0; i < size; i++) {
        float gate = fminf(fmaxf(input[i] + 3, 0), 6);
        assert_true(fabsf(got[i] - input[i] * gate / 6) < 1e-6f);
    }
    free(got);
    pleura_graph_free(&graph);
    free(file.bytes);
}

/* x * clamp(x + 2, 0, 6) / 6 is no hard swish. */
static void almost_a_pattern_is_left_alone(void **state)
{
    (void)state;
    buffer bytes = begin_graph();
    put_number(&bytes, "zero", 0);
    put_number(&bytes, "two", 2);
    put_number(&bytes, "six", 6);
    put_node(&bytes, "Add", "image two", "a");
    put_node(&bytes, "Clip", "a zero six", "b");
    put_node(&bytes, "Mul", "image b", "c");
    put_node(&bytes, "Div", "c six", "y");
    pleura_graph graph;
    buffer file = finish(&bytes, "y", &graph);
    assert_int_equal(count(&graph, PLEURA_OP_HardSwish), 0);
    pleura_graph_free(&graph);
    free(file.bytes);
}

static void gelu_is_found(void **state)
{
    (void)state;
    buffer bytes = begin_graph();
    put_number(&bytes, "root", sqrtf(2));
    put_number(&bytes, "one", 1);
    put_number(&bytes, "half", 0.5f);
    put_node(&bytes, "Div", "image root", "a");
    put_node(&bytes, "Erf", "a", "b");
    put_node(&bytes, "Add", "b one", "c");
    put_node(&bytes, "Mul", "image c", "d");
    put_node(&bytes, "Mul", "d half", "y");
    pleura_graph graph;
    buffer file = finish(&bytes, "y", &graph);
    assert_int_equal(count(&graph, PLEURA_OP_Gelu), 1);
    assert_int_equal(count(&graph, PLEURA_OP_Erf), 0);
    float input[72];
    size_t size;
    float *got = run(&graph, input, &size);
    for (size_t i = 0; i < size; i++)
        assert_true(fabs((double)got[i] -
                         0.5 * (double)input[i] * (1 + erf((double)input[i] / sqrt(2)))) < 1e-5);
    free(got);
    pleura_graph_free(&graph);
    free(file.bytes);
}

/* ---- Several outputs of a node ---- */

static void parts_of_a_split_are_nodes(void **state)
{
    (void)state;
    buffer bytes = begin_graph();
    buffer split = make_node("Split", "image", "a");
    put_text(&split, 2, "b");
    put_attribute_int(&split, "axis", 3);
    put_message(&bytes, GRAPH_NODE, &split);
    put_node(&bytes, "Sub", "b a", "y");
    pleura_graph graph;
    buffer file = finish(&bytes, "y", &graph);
    assert_int_equal(count(&graph, PLEURA_OP_Split), 2);
    float input[72];
    size_t size;
    float *got = run(&graph, input, &size);
    assert_int_equal(size, 36);
    for (size_t i = 0; i < size; i++) {
        size_t row = i / 3, column = i % 3;
        assert_true(got[i] == input[row * 6 + column + 3] - input[row * 6 + column]);
    }
    free(got);
    pleura_graph_free(&graph);
    free(file.bytes);
}

/* ---- Refusals ---- */

static void assert_refused(buffer *graph, const char *output, const char *words)
{
    put_value_info(graph, GRAPH_OUTPUT, output, 0, NULL);
    buffer file = make_model(13, graph);
    pleura_graph read;
    pleura_error error;
    assert_int_not_equal(prepare(&file, &read, &error), PLEURA_OK);
    if (!strstr(error.message, words))
        fail_msg("\"%s\" does not say \"%s\"", error.message, words);
    pleura_graph_free(&read);
    free(file.bytes);
}

static void outputs_that_are_not_computed_are_refused(void **state)
{
    (void)state;
    static const int64_t two = 2;
    const float ones[] = {1, 1};
    buffer graph = begin_graph();
    put_tensor(&graph, "p", TYPE_FLOAT, 1, &two, ones, sizeof ones);
    buffer norm = make_node("BatchNormalization", "image p p p p", "a");
    put_text(&norm, 2, "mean");
    put_message(&graph, GRAPH_NODE, &norm);
    put_node(&graph, "Relu", "mean", "y");
    assert_refused(&graph, "y", "reads 'mean'");
}

static void graphs_in_nodes_are_refused(void **state)
{
    (void)state;
    buffer graph = begin_graph(), node = make_node("Identity", "image", "y"), attribute = {0};
    put_text(&attribute, 1, "body");
    put_int(&attribute, 20, 5); /* GRAPH */
    put_message(&node, 5, &attribute);
    put_message(&graph, GRAPH_NODE, &node);
    assert_refused(&graph, "y", "holds a graph of its own");
}

static void folding_has_an_end(void **state)
{
    (void)state;
    static const int64_t dims[] = {2}, shape[] = {1024, 1024};
    buffer graph = begin_graph();
    put_tensor(&graph, "shape", TYPE_INT64, 1, dims, shape, sizeof shape);
    put_node(&graph, "ConstantOfShape", "shape", "big");
    put_node(&graph, "MatMul", "big big", "product"); /* 2^30 steps */
    put_node(&graph, "ReduceSum", "product", "s");
    put_node(&graph, "Add", "image s", "y");
    assert_refused(&graph, "y", "constants alone, and too much of it");
}

/* 2 GiB of integers each, which are refused before there is room for them. */
static void folding_has_an_end_in_memory(void **state)
{
    (void)state;
    static const int64_t one = 1, many = (int64_t)1 << 28, zero = 0;
    static const int64_t large[] = {1, 1, 16384, 16384};
    buffer graph = begin_graph(), node, attribute = {0}, tensor = {0};
    put_tensor(&graph, "shape", TYPE_INT64, 1, &one, &many, sizeof many);
    node = make_node("ConstantOfShape", "shape", "y");
    put_int(&tensor, 1, 1);
    put_int(&tensor, 2, TYPE_INT64);
    put_bytes(&tensor, 9, &one, sizeof one);
    put_text(&attribute, 1, "value");
    put_message(&attribute, 5, &tensor);
    put_int(&attribute, 20, 4);
    put_message(&node, 5, &attribute);
    put_message(&graph, GRAPH_NODE, &node);
    assert_refused(&graph, "y", "ConstantOfShape 'y' computes with constants alone");
    graph = begin_graph();
    put_tensor(&graph, "end", TYPE_INT64, 0, NULL, &(int64_t){many - 1}, sizeof many);
    put_tensor(&graph, "zero", TYPE_INT64, 0, NULL, &zero, sizeof zero);
    put_tensor(&graph, "one", TYPE_INT64, 0, NULL, &one, sizeof one);
    put_node(&graph, "Range", "zero end one", "y");
    assert_refused(&graph, "y", "Range 'y' computes with constants alone");
    graph = (buffer){0};
    put_value_info(&graph, GRAPH_INPUT, "image", 4, large);
    node = make_node("Dropout", "image", "kept");
    put_text(&node, 2, "y");
    put_message(&graph, GRAPH_NODE, &node);
    assert_refused(&graph, "y", "computes with constants alone");
}

/* ---- Memory ---- */

static void every_failing_allocation_is_an_error(void **state)
{
    (void)state;
    buffer bytes = quantised_graph();
    buffer split = make_node("Split", "y", "left");
    put_text(&split, 2, "right");
    put_attribute_int(&split, "axis", 1);
    put_message(&bytes, GRAPH_NODE, &split);
    put_node(&bytes, "Pow", "left right", "c");
    put_node(&bytes, "LogSoftmax", "c", "d");
    put_node(&bytes, "Softplus", "d", "e");
    put_node(&bytes, "ReduceMax", "e", "f");
    put_value_info(&bytes, GRAPH_OUTPUT, "f", 0, NULL);
    buffer file = make_model(13, &bytes);
    check_failing_allocations(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_part_is_rounded_to_its_own_grid),
        cmocka_unit_test(quantised_layers_lie_on_grids),
        cmocka_unit_test(integers_that_are_read_stay_integers),
        cmocka_unit_test(hard_swish_is_found),
        cmocka_unit_test(almost_a_pattern_is_left_alone),
        cmocka_unit_test(gelu_is_found),
        cmocka_unit_test(parts_of_a_split_are_nodes),
        cmocka_unit_test(outputs_that_are_not_computed_are_refused),
        cmocka_unit_test(graphs_in_nodes_are_refused),
        cmocka_unit_test(folding_has_an_end),
        cmocka_unit_test(folding_has_an_end_in_memory),
        cmocka_unit_test(every_failing_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
