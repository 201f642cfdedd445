/* What the types in a file decide: casts to 16 bits, grids of 16 bits, and what older operator sets and ONNX
 * Runtime's own operators mean by their attributes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "onnx_network.h"

#include <math.h>

enum { ROWS = 2, COLUMNS = 3, NUMBERS = ROWS * COLUMNS };
enum { TYPE_INT16 = 5, TYPE_TEXT = 8, TYPE_HALF = 10, TYPE_BFLOAT = 16 };

/* A batch of two rows of three numbers, which is called "x". */
static buffer begin_graph(void)
{
    static const int64_t dims[] = {ROWS, COLUMNS}, rows[] = {ROWS}, one[] = {1, 1};
    static const float half = 0.5f, pair[] = {10, 20};
    static const int16_t zero = -3;
    static const uint16_t like = 0x3C00; /* 1 */
    static const int64_t columns[] = {2, 0};
    buffer graph = {0};
    put_value_info(&graph, GRAPH_INPUT, "x", 2, dims);
    put_tensor(&graph, "half", TYPE_FLOAT, 0, NULL, &half, sizeof half);
    put_tensor(&graph, "pair", TYPE_FLOAT, 1, rows, pair, sizeof pair);
    put_tensor(&graph, "zero", TYPE_INT16, 0, NULL, &zero, sizeof zero);
    put_tensor(&graph, "like", TYPE_HALF, 0, NULL, &like, sizeof like);
    put_tensor(&graph, "column", TYPE_INT64, 2, one, columns, sizeof *columns);
    put_tensor(&graph, "update", TYPE_FLOAT, 2, one, pair, sizeof *pair);
    return graph;
}

static buffer finish(buffer *graph, int opset)
{
    put_value_info(graph, GRAPH_OUTPUT, "out", 0, NULL);
    return make_model(opset, graph);
}

/* Frees the file. */
static void assert_makes(buffer file, const float *numbers, size_t count, const float *wanted)
{
    pleura_network *network;
    pleura_error error;
    if (network_of(&file, &network, &error) != PLEURA_OK)
        fail_msg("%s", error.message);
    const pleura_port *in = pleura_network_input(network, 0);
    memcpy(in->data, numbers, in->count * sizeof *numbers);
    assert_int_equal(pleura_network_run(network, &error), PLEURA_OK);
    const pleura_port *out = pleura_network_output(network, 0);
    assert_int_equal(out->count, count);
    for (size_t i = 0; i < count; i++)
        if (!(out->data[i] == wanted[i]))
            fail_msg("number %zu: %.9g, not %.9g", i, (double)out->data[i], (double)wanted[i]);
    pleura_network_free(network);
    free(file.bytes);
}

static buffer cast_there_and_back(int64_t type)
{
    buffer graph = begin_graph(), node = make_node("Cast", "x", "narrow");
    put_attribute_int(&node, "to", type);
    put_message(&graph, GRAPH_NODE, &node);
    node = make_node("Cast", "narrow", "out");
    put_attribute_int(&node, "to", TYPE_FLOAT);
    put_message(&graph, GRAPH_NODE, &node);
    return finish(&graph, 13);
}

static void casts_round_to_16_bits(void **state)
{
    (void)state;
    /* Halfway cases to even; steps of 2^-24 near 0; past the largest by half a step, infinity. */
    const float numbers[] = {2049, 2051, -1.0f / 3, 1e-5f, 65519, -65520};
    const float halves[] = {2048, 2052, -0.333251953125f, 168 * 0x1p-24f, 65504, -INFINITY};
    assert_makes(cast_there_and_back(TYPE_HALF), numbers, NUMBERS, halves);
    const float others[] = {257, 259, -1.0f / 3, 0x1p-130f, 3.4e38f, 1e-5f};
    const float upper[] = {256, 260, -0.333984375f, 0x1p-130f, INFINITY, 0x1.5p-17f};
    assert_makes(cast_there_and_back(TYPE_BFLOAT), others, NUMBERS, upper);
    /* As another tensor is. */
    buffer graph = begin_graph();
    put_node(&graph, "CastLike", "x like", "out");
    assert_makes(finish(&graph, 15), numbers, NUMBERS, halves);
}

static void grids_of_16_bits_round(void **state)
{
    (void)state;
    const float numbers[] = {0.2f, 0.3f, -0.25f, 16385, -17000, 16384.2f};
    const float wanted[] = {0, 0.5f, 0, 16385, -16382.5f, 16384};
    for (int runtime = 0; runtime < 2; runtime++) { /* ONNX Runtime's, and operator set 21's */
        buffer graph = begin_graph();
        buffer q = make_node("QuantizeLinear", "x half zero", "q"),
               d = make_node("DequantizeLinear", "q half zero", "out");
        for (int i = 0; runtime && i < 2; i++)
            put_text(i ? &d : &q, 7, "com.microsoft");
        put_message(&graph, GRAPH_NODE, &q);
        put_message(&graph, GRAPH_NODE, &d);
        assert_makes(finish(&graph, runtime ? 13 : 21), numbers, NUMBERS, wanted);
    }
}

/* Before operator set 7 the second tensor begins at an axis that is named. */
static void old_sets_spread_from_an_axis(void **state)
{
    (void)state;
    const float numbers[] = {1, 2, 3, 4, 5, 6};
    buffer graph = begin_graph(), node = make_node("Add", "x pair", "out");
    put_attribute_int(&node, "broadcast", 1);
    put_attribute_int(&node, "axis", 0);
    put_message(&graph, GRAPH_NODE, &node);
    const float sums[] = {11, 12, 13, 24, 25, 26};
    assert_makes(finish(&graph, 6), numbers, NUMBERS, sums);

    const int64_t dims[] = {1, 2, 2, 2}, channels[] = {2};
    const float slopes[] = {0.5f, 2};
    const float signs[] = {-1, 1, -2, 2, -1, 1, -2, 2};
    const float bent[] = {-0.5f, 1, -1, 2, -2, 1, -4, 2}; /* by channel, not by column */
    graph = (buffer){0};
    put_value_info(&graph, GRAPH_INPUT, "x", 4, dims);
    put_tensor(&graph, "slopes", TYPE_FLOAT, 1, channels, slopes, sizeof slopes);
    put_node(&graph, "PRelu", "x slopes", "out");
    assert_makes(finish(&graph, 6), signs, 8, bent);

    graph = begin_graph();
    put_node(&graph, "ReduceSum", "x", "all");
    node = make_node("ReduceSum", "x", "rows");
    put_attribute_ints(&node, "axes", 1, (const int64_t[]){1});
    put_attribute_int(&node, "keepdims", 0);
    put_message(&graph, GRAPH_NODE, &node);
    node = make_node("Add", "x rows", "out");
    put_attribute_int(&node, "broadcast", 1);
    put_attribute_int(&node, "axis", 0);
    put_message(&graph, GRAPH_NODE, &node);
    buffer file = finish(&graph, 6);
    assert_file_refused(&file, PLEURA_ERROR_SHAPE, "spreads a computed tensor");
}

/* A convolution by 2, the sum with its input, and an activation. */
static buffer fused_convolution(const char *activation, size_t count, const float *parameters)
{
    static const int64_t dims[] = {1, 1, 2, 2}, one[] = {1, 1, 1, 1};
    static const float two = 2;
    buffer graph = {0}, node = make_node("FusedConv", "x weight - x", "out");
    put_value_info(&graph, GRAPH_INPUT, "x", 4, dims);
    put_tensor(&graph, "weight", TYPE_FLOAT, 4, one, &two, sizeof two);
    put_text(&node, 7, "com.microsoft");
    if (activation)
        put_attribute_text(&node, "activation", activation);
    if (count)
        put_attribute_floats(&node, "activation_params", count, parameters);
    put_message(&graph, GRAPH_NODE, &node);
    return finish(&graph, 13);
}

static void fused_convolutions_are_activated(void **state)
{
    (void)state;
    const float numbers[] = {-2, -1, 1, 2}, parameters[] = {-0.5f, 4};
    assert_makes(fused_convolution(NULL, 0, NULL), numbers, 4, (const float[]){-6, -3, 3, 6});
    assert_makes(fused_convolution("Relu", 0, NULL), numbers, 4, (const float[]){0, 0, 3, 6});
    assert_makes(fused_convolution("LeakyRelu", 1, parameters), numbers, 4,
                 (const float[]){3, 1.5f, 3, 6});
    assert_makes(fused_convolution("Clip", 2, parameters), numbers, 4,
                 (const float[]){-0.5f, -0.5f, 3, 4});
    buffer file = fused_convolution("Tanhh", 0, NULL);
    assert_file_refused(&file, PLEURA_ERROR_OPERATOR,
                        "FusedConv 'out' has the activation Tanhh, which is not supported there");
    file = fused_convolution("Relu", 1, parameters);
    assert_file_refused(&file, PLEURA_ERROR_OPERATOR, "has the activation Relu");
}

/* Two images: their rows are summed; `mixed`: over the batch, too. */
static buffer two_images(bool mixed)
{
    static const int64_t dims[] = {2, 1, 1, 3}, flat[] = {2, 3};
    buffer graph = {0}, node = make_node("ReduceSum", "rows", "out");
    put_value_info(&graph, GRAPH_INPUT, "x", 4, dims);
    put_tensor(&graph, "flat", TYPE_INT64, 1, (const int64_t[]){2}, flat, sizeof flat);
    put_node(&graph, "Reshape", "x flat", "rows"); /* which would not fit one image */
    if (!mixed)
        put_attribute_ints(&node, "axes", 1, (const int64_t[]){1});
    put_message(&graph, GRAPH_NODE, &node);
    return finish(&graph, 11);
}

static pleura_code load_images(const buffer *file, pleura_graph *graph, pleura_error *error)
{
    pleura_code code = pleura_onnx_read(file->bytes, file->size, graph, error);
    code = code == PLEURA_OK ? pleura_graph_require_image(graph, error) : code;
    return code == PLEURA_OK ? pleura_graph_infer(graph, error) : code;
}

static void batches_are_filled_with_copies(void **state)
{
    (void)state;
    buffer file = two_images(false);
    pleura_graph graph = {0};
    pleura_error error = {0};
    pleura_network *network = NULL;
    assert_int_equal(load_images(&file, &graph, &error), PLEURA_OK);
    assert_int_equal(pleura_graph_simplify(&graph, &error), PLEURA_OK);
    assert_int_equal(pleura_network_create(&graph, 1, &network, &error), PLEURA_OK);
    pleura_graph_free(&graph);
    const pleura_port *in = pleura_network_input(network, 0);
    assert_int_equal(in->count, 3); /* one image */
    memcpy(in->data, (const float[]){1, 2, 4}, 3 * sizeof(float));
    assert_int_equal(pleura_network_run(network, &error), PLEURA_OK);
    assert_int_equal(pleura_network_output(network, 0)->count, 1);
    assert_float_equal(pleura_network_output(network, 0)->data[0], 7, 0);
    assert_string_equal(pleura_network_output(network, 0)->name, "out");
    pleura_network_free(network);
    free(file.bytes);

    file = two_images(true); /* one answer for both */
    assert_int_equal(load_images(&file, &graph, &error), PLEURA_ERROR_SHAPE);
    assert_non_null(strstr(error.message, "its output 'out' is not one for each image"));
    pleura_graph_free(&graph);
    free(file.bytes);
}

/* ONNX Runtime's optimised files have these. */
static void fused_operators_are_written_out(void **state)
{
    (void)state;
    const float numbers[] = {3, 4, 0, 0, 0, 5};
    const int64_t three[] = {3};
    const float scale[] = {1, 2, 3};
    buffer graph = begin_graph(),
           node = make_node("SimplifiedLayerNormalization", "x scale", "out");
    put_tensor(&graph, "scale", TYPE_FLOAT, 1, three, scale, sizeof scale);
    put_attribute_float(&node, "epsilon", 0);
    put_message(&graph, GRAPH_NODE, &node);
    assert_makes(finish(&graph, 13), numbers, NUMBERS,
                 (const float[]){(float)(3 / sqrt(25.0 / 3)), (float)(4 / sqrt(25.0 / 3)) * 2, 0, 0,
                                 0, (float)(5 / sqrt(25.0 / 3)) * 3});

    graph = begin_graph(); /* x x', transposed again, halved */
    node = make_node("FusedMatMul", "x x", "square");
    put_text(&node, 7, "com.microsoft");
    put_attribute_int(&node, "transB", 1);
    put_attribute_float(&node, "alpha", 0.5f);
    put_message(&graph, GRAPH_NODE, &node);
    node = make_node("FusedMatMul", "x square", "out");
    put_text(&node, 7, "com.microsoft");
    put_attribute_int(&node, "transA", 1);
    put_message(&graph, GRAPH_NODE, &node);
    assert_makes(finish(&graph, 13), numbers, NUMBERS, (const float[]){37.5f, 0, 50, 0, 0, 62.5f});

    /* [2, 1, 3] as batches of [1, 2, 3], times its own transpose */
    const int64_t split[] = {2, 1, 3};
    graph = begin_graph();
    put_tensor(&graph, "split", TYPE_INT64, 1, three, split, sizeof split);
    put_node(&graph, "Reshape", "x split", "parts");
    node = make_node("FusedMatMul", "parts parts", "out");
    put_text(&node, 7, "com.microsoft");
    put_attribute_int(&node, "transBatchA", 1);
    put_attribute_int(&node, "transBatchB", 1);
    put_attribute_int(&node, "transB", 1);
    put_message(&graph, GRAPH_NODE, &node);
    assert_makes(finish(&graph, 13), numbers, 4, (const float[]){25, 0, 0, 25});
}

static void what_has_no_meaning_is_refused(void **state)
{
    (void)state;
    buffer graph = begin_graph(), node = make_node("Cast", "x", "out");
    put_attribute_int(&node, "to", TYPE_TEXT);
    put_message(&graph, GRAPH_NODE, &node);
    buffer file = finish(&graph, 13);
    assert_file_refused(&file, PLEURA_ERROR_SHAPE, "Cast 'out' casts to text");
    graph = begin_graph();
    put_node(&graph, "Cast", "x", "out");
    file = finish(&graph, 13);
    assert_file_refused(&file, PLEURA_ERROR_SHAPE, "or to nothing");
    graph = begin_graph();
    put_node(&graph, "ScatterElements", "x column update", "out"); /* row 2 of 2 */
    file = finish(&graph, 18);
    assert_file_refused(&file, PLEURA_ERROR_SHAPE, "has indices or updates that do not fit");
    graph = begin_graph();
    put_node(&graph, "CenterCropPad", "x column", "out");
    file = finish(&graph, 18);
    assert_file_refused(&file, PLEURA_ERROR_SHAPE, "has a shape that does not fit its input");
}

static void a_batch_without_memory_is_an_error(void **state)
{
    (void)state;
    buffer file = two_images(false);
    const size_t live = pleura_test_live;
    bool failed = true;
    for (size_t n = 1; failed; n++) {
        pleura_graph graph = {0};
        pleura_error error = {0};
        pleura_test_allocations = 0;
        pleura_test_fail_at = n;
        const pleura_code code = load_images(&file, &graph, &error);
        failed = pleura_test_allocations >= n;
        pleura_test_fail_at = 0;
        assert_int_equal(code, failed ? PLEURA_ERROR_MEMORY : PLEURA_OK);
        pleura_graph_free(&graph);
        assert_int_equal(pleura_test_live, live);
    }
    free(file.bytes);
}

static void every_failing_allocation_is_an_error(void **state)
{
    (void)state;
    const float parameters[] = {0.5f};
    buffer file = fused_convolution("LeakyRelu", 1, parameters);
    check_failing_allocations(&file);
    file = cast_there_and_back(TYPE_HALF);
    check_failing_allocations(&file);
    buffer graph = begin_graph(), node = make_node("FusedMatMul", "x x", "out");
    put_text(&node, 7, "com.microsoft");
    put_attribute_int(&node, "transB", 1);
    put_message(&graph, GRAPH_NODE, &node);
    file = finish(&graph, 13);
    check_failing_allocations(&file);
    graph = begin_graph();
    node = make_node("ScatterElements", "x column update", "out");
    put_attribute_int(&node, "axis", 1);
    put_message(&graph, GRAPH_NODE, &node);
    file = finish(&graph, 18);
    check_failing_allocations(&file);
    graph = begin_graph();
    node = make_node("Add", "x pair", "out");
    put_attribute_int(&node, "axis", 0);
    put_message(&graph, GRAPH_NODE, &node);
    file = finish(&graph, 6);
    check_failing_allocations(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(casts_round_to_16_bits),
        cmocka_unit_test(grids_of_16_bits_round),
        cmocka_unit_test(old_sets_spread_from_an_axis),
        cmocka_unit_test(fused_convolutions_are_activated),
        cmocka_unit_test(batches_are_filled_with_copies),
        cmocka_unit_test(fused_operators_are_written_out),
        cmocka_unit_test(what_has_no_meaning_is_refused),
        cmocka_unit_test(a_batch_without_memory_is_an_error),
        cmocka_unit_test(every_failing_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
