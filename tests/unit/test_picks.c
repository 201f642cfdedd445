/* Numbers picked one by one (GatherElements, GatherND, OneHot, Trilu) and line by line (TopK, Hardmax,
 * CumSum), beyond what ONNX's own cases try: what is refused, and what memory does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "onnx_network.h"

#include <math.h>

enum { ROWS = 2, COLUMNS = 3, NUMBERS = ROWS * COLUMNS };

static const int64_t image_dims[] = {ROWS, COLUMNS};

static buffer begin_graph(void)
{
    static const int64_t all_dims[] = {ROWS, COLUMNS}, pair_dims[] = {1, 2}, far_dims[] = {1, 1};
    static const int64_t columns[NUMBERS] = {2, 0, -1, 1, 1, 0}, pair[] = {1, -1}, far[] = {3},
                         two = 2, four = 4, one = 1;
    buffer graph = {0};
    put_value_info(&graph, GRAPH_INPUT, "image", 2, image_dims);
    put_tensor(&graph, "columns", TYPE_INT64, 2, all_dims, columns, sizeof columns);
    put_tensor(&graph, "pair", TYPE_INT64, 2, pair_dims, pair, sizeof pair);
    put_tensor(&graph, "far", TYPE_INT64, 2, far_dims, far, sizeof far);
    put_tensor(&graph, "one", TYPE_INT64, 0, NULL, &one, sizeof one);
    put_tensor(&graph, "two", TYPE_INT64, 0, NULL, &two, sizeof two);
    put_tensor(&graph, "four", TYPE_INT64, 0, NULL, &four, sizeof four);
    return graph;
}

static buffer finish(buffer *graph, buffer *node)
{
    put_message(graph, GRAPH_NODE, node);
    put_value_info(graph, GRAPH_OUTPUT, "out", 0, NULL);
    return make_model(13, graph);
}

/* Of 5 1 4 / 2 6 3. */
static void assert_makes(buffer *node, const float *wanted, size_t count)
{
    static const float numbers[NUMBERS] = {5, 1, 4, 2, 6, 3};
    buffer graph = begin_graph(), file = finish(&graph, node);
    pleura_network *network;
    pleura_error error;
    if (network_of(&file, &network, &error) != PLEURA_OK)
        fail_msg("%s", error.message);
    memcpy(pleura_network_input(network, 0)->data, numbers, sizeof numbers);
    assert_int_equal(pleura_network_run(network, &error), PLEURA_OK);
    const pleura_port *out = pleura_network_output(network, 0);
    assert_int_equal(out->count, count);
    for (size_t i = 0; i < count; i++)
        assert_float_equal(out->data[i], wanted[i], 1e-6);
    pleura_network_free(network);
    free(file.bytes);
}

static void assert_refused(buffer *node, pleura_code code, const char *says)
{
    buffer graph = begin_graph(), file = finish(&graph, node);
    assert_file_refused(&file, code, says);
}

static buffer along(const char *op, const char *inputs, int64_t axis)
{
    buffer node = make_node(op, inputs, "out");
    put_attribute_int(&node, "axis", axis);
    return node;
}

static void numbers_are_picked(void **state)
{
    (void)state;
    buffer node = along("GatherElements", "image columns", 1);
    assert_makes(&node, (const float[]){4, 5, 4, 6, 6, 2}, 6);
    node = make_node("GatherND", "image pair", "out");
    assert_makes(&node, (const float[]){3}, 1);
    node = make_node("Trilu", "image one", "out");
    assert_makes(&node, (const float[]){0, 1, 4, 0, 0, 3}, 6);
}

static void lines_are_gone_through(void **state)
{
    (void)state;
    buffer node = along("TopK", "image two", -1);
    assert_makes(&node, (const float[]){5, 4, 6, 3}, 4);
    node = along("Hardmax", "image", 0);
    assert_makes(&node, (const float[]){1, 0, 1, 0, 1, 0}, 6);
    node = make_node("CumSum", "image one", "out");
    put_attribute_int(&node, "reverse", 1);
    assert_makes(&node, (const float[]){10, 5, 4, 11, 9, 3}, 6);
}

/* Indices that are computed, counted from the end, and beyond both ends. */
static void tables_are_looked_up(void **state)
{
    (void)state;
    static const int64_t dims[] = {2, 2};
    static const float table[] = {10, 11, 20, 21};
    for (int along_rows = 0; along_rows < 2; along_rows++) {
        buffer graph = {0}, cast = make_node("Cast", "image", "places");
        put_value_info(&graph, GRAPH_INPUT, "image", 1, (const int64_t[]){4});
        put_tensor(&graph, "table", TYPE_FLOAT, 2, dims, table, sizeof table);
        put_attribute_int(&cast, "to", TYPE_INT64);
        put_message(&graph, GRAPH_NODE, &cast);
        buffer node = along("Gather", "table places", along_rows), file = finish(&graph, &node);
        pleura_network *network;
        pleura_error error;
        if (network_of(&file, &network, &error) != PLEURA_OK)
            fail_msg("%s", error.message);
        memcpy(pleura_network_input(network, 0)->data, (const float[]){1, -2, 7, -9},
               4 * sizeof(float));
        assert_int_equal(pleura_network_run(network, &error), PLEURA_OK);
        const pleura_port *out = pleura_network_output(network, 0);
        const float rows[] = {20, 21, 10, 11, 20, 21, 10, 11},
                    columns[] = {11, 10, 11, 10, 21, 20, 21, 20};
        assert_int_equal(out->count, 8);
        assert_memory_equal(out->data, along_rows ? columns : rows, sizeof rows);
        pleura_network_free(network);
        check_failing_allocations(&file);
    }
}

static void what_is_outside_is_refused(void **state)
{
    (void)state;
    buffer node = along("GatherElements", "image far", 1);
    assert_refused(&node, PLEURA_ERROR_SHAPE, "GatherElements 'out' reads past the end");
    node = along("GatherElements", "image columns", 2);
    assert_refused(&node, PLEURA_ERROR_SHAPE, "has indices that do not fit its input");
    node = make_node("GatherND", "image far", "out");
    assert_refused(&node, PLEURA_ERROR_SHAPE, "GatherND 'out' reads past the end");
    node = make_node("GatherND", "image columns", "out"); /* three indices of two axes */
    assert_refused(&node, PLEURA_ERROR_SHAPE, "has indices that do not fit its input");
    node = along("TopK", "image four", 1);
    assert_refused(&node, PLEURA_ERROR_SHAPE, "takes more numbers than there are");
    node = make_node("CumSum", "image two", "out");
    assert_refused(&node, PLEURA_ERROR_SHAPE, "works along an axis that its input lacks");
    node = along("GatherElements", "image image", 1);
    assert_refused(&node, PLEURA_ERROR_OPERATOR, "takes its indices from a computed tensor");
}

static void every_failing_allocation_is_an_error(void **state)
{
    (void)state;
    buffer graph = begin_graph(), node = along("GatherElements", "image columns", 1);
    buffer file = finish(&graph, &node);
    check_failing_allocations(&file);
    graph = begin_graph();
    node = along("TopK", "image two", -1);
    file = finish(&graph, &node);
    check_failing_allocations(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_picked),
        cmocka_unit_test(lines_are_gone_through),
        cmocka_unit_test(tables_are_looked_up),
        cmocka_unit_test(what_is_outside_is_refused),
        cmocka_unit_test(every_failing_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
