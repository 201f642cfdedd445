/*
 * Any bytes as an ONNX graph, whatever it computes: read, inferred and folded, simplified, lowered
 * and run, as tests/conformance does with ONNX's own cases, which are the seeds.
 */
#include "run/network.h"

#include "check.h"

#include <string.h>

/* A mutated file may ask for a large network, legally; it is made, but not waited for. */
#define MOST_BYTES (1 << 20)

static pleura_code build(const uint8_t *bytes, size_t size, pleura_network **network,
                         pleura_error *error)
{
    pleura_graph graph = {0};
    *network = NULL;
    pleura_code code = pleura_onnx_read(bytes, size, &graph, error);
    if (code == PLEURA_OK)
        code = pleura_graph_infer(&graph, error);
    if (code == PLEURA_OK)
        code = pleura_graph_simplify(&graph, error);
    if (code == PLEURA_OK)
        code = pleura_network_create(&graph, 1, network, error);
    pleura_graph_free(&graph);
    return code;
}

static uint64_t run(pleura_network *network)
{
    for (size_t i = 0; i < pleura_network_input_count(network); i++) {
        const pleura_port *port = pleura_network_input(network, i);
        for (size_t k = 0; k < port->count; k++)
            port->data[k] = (float)(k % 7) - 3;
    }
    CHECK(pleura_network_run(network, NULL) == PLEURA_OK);
    uint64_t hash = 0;
    for (size_t i = 0; i < pleura_network_output_count(network); i++) {
        const pleura_port *port = pleura_network_output(network, i);
        if (port->data)
            hash = 31 * hash + check_hash(port->data, port->count * sizeof(float));
    }
    return hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    pleura_network *network;
    pleura_error error = {0};
    pleura_test_allocations = 0;
    pleura_code code = build(bytes, size, &network, &error);
    size_t allocations = pleura_test_allocations;
    CHECK(!network == (code != PLEURA_OK));
    if (code != PLEURA_OK)
        check_refusal(code, &error);
    else if (pleura_network_memory(network) <= MOST_BYTES)
        CHECK(run(network) == run(network));
    pleura_network_free(network);
    CHECK(pleura_test_live == 0);
    if (allocations) {
        error = (pleura_error){0};
        pleura_test_allocations = 0;
        pleura_test_fail_at = 1 + check_hash(bytes, size) % allocations;
        pleura_code again = build(bytes, size, &network, &error);
        pleura_test_fail_at = 0;
        CHECK(again == code || again == PLEURA_ERROR_MEMORY);
        CHECK(!network == (again != PLEURA_OK));
        pleura_network_free(network);
        CHECK(pleura_test_live == 0);
    }
    return 0;
}
