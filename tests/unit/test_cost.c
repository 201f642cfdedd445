/*
 * What the shipped model costs, counted and not timed, so that a slow machine is no failure and a
 * lost fusion is one. The limits are what was counted when they were written, with a little room;
 * whoever raises one says why in the commit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../read_file.h"

#include "graph/graph.h"
#include "pleura/pleura.h"
#include "run/network.h"

#define MAX_MACS 300000000
#define MAX_STEPS 65
#define MAX_ARENA_BYTES 6300000
#define MAX_ALLOCATIONS 12 /* of one film, from bytes to result */

extern size_t pleura_test_allocations, pleura_test_live;

static void *shipped_model(size_t *size)
{
    void *onnx = read_file(PLEURA_ROOT "/models/child-pneumonia/model.onnx", size);
    assert_non_null(onnx);
    return onnx;
}

static void test_steps_and_memory(void **state)
{
    (void)state;
    size_t size, steps = 0;
    void *onnx = shipped_model(&size);
    pleura_error error = {0};
    pleura_graph graph = {0};
    pleura_network *network = NULL;
    assert_int_equal(pleura_onnx_read(onnx, size, &graph, &error), PLEURA_OK);
    assert_int_equal(pleura_graph_infer(&graph, &error), PLEURA_OK);
    assert_int_equal(pleura_graph_simplify(&graph, &error), PLEURA_OK);
    assert_int_equal(pleura_network_create(&graph, 1, &network, &error), PLEURA_OK);
    pleura_step_time step;
    for (const void *cursor = NULL; pleura_network_next_step(network, &cursor, &step);)
        steps++;
    print_message("%zu steps, %zu bytes of values\n", steps, pleura_network_memory(network));
    assert_in_range(steps, 1, MAX_STEPS);
    assert_in_range(pleura_network_memory(network), 1, MAX_ARENA_BYTES);
    pleura_network_free(network);
    pleura_graph_free(&graph);
    free(onnx);
}

static void test_multiplications(void **state)
{
    (void)state;
    size_t size;
    void *onnx = shipped_model(&size);
    pleura_error error = {0};
    pleura_model *model;
    assert_int_equal(pleura_model_load(onnx, size, NULL, &model, &error), PLEURA_OK);
    pleura_model_cost cost;
    pleura_model_get_cost(model, &cost);
    print_message("%lld multiply-adds\n", (long long)cost.macs);
    assert_in_range(cost.macs, 1, MAX_MACS);
    pleura_model_free(model);
    free(onnx);
}

static void classify(pleura_model *model, const void *film, size_t size)
{
    pleura_error error = {0};
    pleura_result *result;
    assert_int_equal(pleura_classify(model, film, size, NULL, &result, &error), PLEURA_OK);
    pleura_result_free(result);
}

static void test_allocations(void **state)
{
    (void)state;
    size_t size, film_size;
    void *onnx = shipped_model(&size);
    void *film = read_file(PLEURA_ROOT "/tests/fixtures/films/normal-1.jpg", &film_size);
    assert_non_null(film);
    pleura_error error = {0};
    pleura_model *model;
    assert_int_equal(pleura_model_load(onnx, size, NULL, &model, &error), PLEURA_OK);
    classify(model, film, film_size);
    size_t live = pleura_test_live, before = pleura_test_allocations;
    classify(model, film, film_size);
    size_t one = pleura_test_allocations - before;
    print_message("%zu allocations a film\n", one);
    assert_in_range(one, 1, MAX_ALLOCATIONS);
    for (int i = 0; i < 20; i++)
        classify(model, film, film_size);
    assert_int_equal(pleura_test_live, live);
    assert_int_equal(pleura_test_allocations - before, 21 * one);
    pleura_model_free(model);
    free(film);
    free(onnx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps_and_memory),
        cmocka_unit_test(test_multiplications),
        cmocka_unit_test(test_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
