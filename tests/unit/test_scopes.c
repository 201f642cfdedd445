/* Graphs within a graph: the branches of an If, and a model's own functions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "onnx_network.h"

#include <stdio.h>

enum { NUMBERS = 4, FUNCTION = 25, NODE_DOMAIN = 7 };

static const int64_t image_dims[] = {1, NUMBERS};

static buffer begin_graph(void)
{
    buffer graph = {0};
    put_value_info(&graph, GRAPH_INPUT, "image", 2, image_dims);
    return graph;
}

static void put_number(buffer *graph, const char *name, float number)
{
    put_tensor(graph, name, TYPE_FLOAT, 0, NULL, &number, sizeof number);
}

static void put_whole(buffer *graph, const char *name, int64_t number)
{
    put_tensor(graph, name, TYPE_INT64, 0, NULL, &number, sizeof number);
}

static void put_branch(buffer *node, const char *name, buffer *branch)
{
    buffer a = {0};
    put_text(&a, 1, name);
    put_message(&a, 6, branch);
    put_int(&a, 20, 5);
    put_message(node, 5, &a);
}

/* A branch that adds `number` to "image"; both branches use the same names. */
static buffer adding(float number)
{
    buffer branch = {0};
    put_node(&branch, "Add", "image term", "sum");
    put_node(&branch, "Identity", "sum", "same");
    put_number(&branch, "term", number);
    put_value_info(&branch, GRAPH_OUTPUT, "same", 0, NULL);
    return branch;
}

static buffer choice(const char *condition, const char *output, buffer *taken, buffer *other)
{
    buffer node = make_node("If", condition, output);
    put_branch(&node, "then_branch", taken);
    put_branch(&node, "else_branch", other);
    return node;
}

/* "many" says whether the image has more than `least` numbers. */
static void put_condition(buffer *graph, int64_t least)
{
    put_node(graph, "Size", "image", "size");
    put_whole(graph, "least", least);
    put_node(graph, "Greater", "size least", "many");
}

static buffer finish(buffer *graph)
{
    put_value_info(graph, GRAPH_OUTPUT, "out", 0, NULL);
    return make_model(13, graph);
}

/* Runs the file on 1, 2, 3, 4, and frees it. */
static void assert_answers(buffer *file, float factor, float term)
{
    pleura_network *network;
    pleura_error error;
    if (network_of(file, &network, &error) != PLEURA_OK)
        fail_msg("%s", error.message);
    const pleura_port *in = pleura_network_input(network, 0);
    for (size_t i = 0; i < NUMBERS; i++)
        in->data[i] = (float)(i + 1);
    assert_int_equal(pleura_network_run(network, &error), PLEURA_OK);
    const pleura_port *out = pleura_network_output(network, 0);
    assert_int_equal(out->count, NUMBERS);
    for (size_t i = 0; i < NUMBERS; i++)
        assert_float_equal(out->data[i], (float)(i + 1) * factor + term, 1e-6);
    pleura_network_free(network);
    free(file->bytes);
}

/* ---- If ---- */

static buffer choosing(int64_t least)
{
    buffer graph = begin_graph(), taken = adding(10), other = adding(20);
    put_condition(&graph, least);
    buffer node = choice("many", "out", &taken, &other);
    put_message(&graph, GRAPH_NODE, &node);
    return finish(&graph);
}

static void the_branch_that_shapes_decide_is_taken(void **state)
{
    (void)state;
    buffer file = choosing(3);
    assert_answers(&file, 1, 10);
    file = choosing(5);
    assert_answers(&file, 1, 20);
}

/* The branch that is not taken need not even fit, nor a choice within it be decided. */
static void what_is_not_taken_is_not_looked_at(void **state)
{
    (void)state;
    buffer graph = begin_graph(), inner_taken = adding(1), inner_other = adding(2), taken = {0},
           other = adding(20);
    const int64_t seven[] = {7};
    const float numbers[7] = {0};
    put_condition(&graph, 5);
    put_tensor(&taken, "seven", TYPE_FLOAT, 1, seven, numbers, sizeof numbers);
    put_node(&taken, "Add", "image seven", "wrong");
    put_node(&taken, "Greater", "wrong seven", "unknown");
    buffer inner = choice("unknown", "chosen", &inner_taken, &inner_other);
    put_message(&taken, GRAPH_NODE, &inner);
    put_value_info(&taken, GRAPH_OUTPUT, "chosen", 0, NULL);
    buffer node = choice("many", "out", &taken, &other);
    put_message(&graph, GRAPH_NODE, &node);
    buffer file = finish(&graph);
    assert_answers(&file, 1, 20);
}

static void a_choice_that_depends_on_the_image_is_refused(void **state)
{
    (void)state;
    buffer graph = begin_graph(), taken = adding(10), other = adding(20);
    buffer sum = make_node("ReduceSum", "image", "sum");
    put_attribute_int(&sum, "keepdims", 0);
    put_message(&graph, GRAPH_NODE, &sum);
    put_number(&graph, "zero", 0);
    put_node(&graph, "Greater", "sum zero", "bright");
    buffer node = choice("bright", "out", &taken, &other);
    put_message(&graph, GRAPH_NODE, &node);
    buffer file = finish(&graph);
    assert_file_refused(&file, PLEURA_ERROR_OPERATOR, "condition depends on the image");
}

static void a_branch_of_other_outputs_is_refused(void **state)
{
    (void)state;
    buffer graph = begin_graph(), taken = adding(10), other = adding(20);
    put_value_info(&other, GRAPH_OUTPUT, "sum", 0, NULL);
    put_condition(&graph, 3);
    buffer node = choice("many", "out", &taken, &other);
    put_message(&graph, GRAPH_NODE, &node);
    buffer file = finish(&graph);
    assert_file_refused(&file, PLEURA_ERROR_ONNX, "the graph within If 'out' is damaged");
}

/* ---- Functions ---- */

static void put_function_node(buffer *function, const char *op, const char *inputs,
                              const char *output)
{
    buffer node = make_node(op, inputs, output);
    put_message(function, 7, &node);
}

/* mine::scale(x) = factor x + 3, where factor is an attribute, and 2 if left out. */
static buffer make_scale(void)
{
    buffer function = {0}, constant = make_node("Constant", "", "by"),
           three = make_node("Constant", "", "three"), refers = {0}, factor = {0};
    put_text(&function, 1, "scale");
    put_text(&function, 4, "x");
    put_text(&function, 5, "y");
    put_text(&refers, 1, "value_float");
    put_int(&refers, 20, 1);
    put_text(&refers, 21, "factor");
    put_message(&constant, 5, &refers);
    put_message(&function, 7, &constant);
    put_attribute_float(&three, "value_float", 3);
    put_message(&function, 7, &three);
    put_function_node(&function, "Mul", "x by", "product");
    put_function_node(&function, "Add", "product three", "y");
    put_text(&function, 10, "mine");
    put_text(&factor, 1, "factor");
    put_float(&factor, 2, 2);
    put_int(&factor, 20, 1);
    put_message(&function, 11, &factor);
    return function;
}

static void put_call(buffer *graph, int field, const char *name, const char *input,
                     const char *output, float factor)
{
    buffer node = make_node(name, input, output);
    put_text(&node, NODE_DOMAIN, "mine");
    if (factor != 0)
        put_attribute_float(&node, "factor", factor);
    put_message(graph, field, &node);
}

/* Twice, with and without the attribute: 10 (2 x + 3) + 3. */
static buffer calling(void)
{
    buffer graph = begin_graph(), function = make_scale();
    put_call(&graph, GRAPH_NODE, "scale", "image", "x", 0);
    put_call(&graph, GRAPH_NODE, "scale", "x", "out", 10);
    buffer file = finish(&graph);
    put_message(&file, FUNCTION, &function);
    return file;
}

static void functions_of_the_model_are_called(void **state)
{
    (void)state;
    buffer file = calling();
    assert_answers(&file, 20, 33);
}

static void a_function_that_calls_itself_is_refused(void **state)
{
    (void)state;
    buffer graph = begin_graph(), function = {0};
    put_call(&graph, GRAPH_NODE, "again", "image", "out", 0);
    put_text(&function, 1, "again");
    put_text(&function, 4, "x");
    put_text(&function, 5, "y");
    put_call(&function, 7, "again", "x", "y", 0);
    put_text(&function, 10, "mine");
    buffer file = finish(&graph);
    put_message(&file, FUNCTION, &function);
    assert_file_refused(&file, PLEURA_ERROR_MODEL_TOO_LARGE, "within more than 12 others");
}

/* A small file could have a large function read for every call. */
static void functions_are_limited(void **state)
{
    (void)state;
    buffer graph = begin_graph(), function = make_scale();
    char name[16] = "image";
    for (int i = 0; i < 65; i++) {
        char next[16];
        snprintf(next, sizeof next, "x%d", i);
        put_call(&graph, GRAPH_NODE, "scale", name, next, 0);
        strcpy(name, next);
    }
    buffer file = finish(&graph);
    char *words = calloc(1, 1 << 20);
    put_bytes(&function, 8, words, 1 << 20); /* doc_string */
    free(words);
    put_message(&file, FUNCTION, &function);
    assert_file_refused(&file, PLEURA_ERROR_MODEL_TOO_LARGE, "64 MB of graphs within graphs");

    graph = begin_graph();
    put_node(&graph, "Identity", "image", "out");
    file = finish(&graph);
    for (int i = 0; i <= PLEURA_MAX_NODES; i++) {
        function = make_scale();
        put_message(&file, FUNCTION, &function);
    }
    assert_file_refused(&file, PLEURA_ERROR_MODEL_TOO_LARGE, "more than 20000 functions");
}

/* What is outside a function is not seen within it. */
static void a_function_reads_nothing_but_its_inputs(void **state)
{
    (void)state;
    buffer graph = begin_graph(), function = {0};
    put_call(&graph, GRAPH_NODE, "peek", "image", "out", 0);
    put_text(&function, 1, "peek");
    put_text(&function, 4, "x");
    put_text(&function, 5, "y");
    put_function_node(&function, "Add", "x image", "y");
    put_text(&function, 10, "mine");
    buffer file = finish(&graph);
    put_message(&file, FUNCTION, &function);
    assert_file_refused(&file, PLEURA_ERROR_ONNX, "which nothing before it makes");
}

static void every_failing_allocation_is_an_error(void **state)
{
    (void)state;
    buffer file = choosing(3);
    check_failing_allocations(&file);
    file = calling();
    check_failing_allocations(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_branch_that_shapes_decide_is_taken),
        cmocka_unit_test(what_is_not_taken_is_not_looked_at),
        cmocka_unit_test(a_choice_that_depends_on_the_image_is_refused),
        cmocka_unit_test(a_branch_of_other_outputs_is_refused),
        cmocka_unit_test(functions_of_the_model_are_called),
        cmocka_unit_test(a_function_that_calls_itself_is_refused),
        cmocka_unit_test(functions_are_limited),
        cmocka_unit_test(a_function_reads_nothing_but_its_inputs),
        cmocka_unit_test(every_failing_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
