/* Networks of files that tests write (onnx_writer.h), refusals of them, and what a failing allocation makes of them. */
#ifndef ONNX_NETWORK_H
#define ONNX_NETWORK_H

#include "onnx_writer.h"

#include "graph/graph.h"
#include "run/network.h"

/* core/src/memory.c, as tests build it */
extern size_t pleura_test_fail_at, pleura_test_allocations, pleura_test_live;

static inline pleura_code network_of(const buffer *file, pleura_network **network,
                                     pleura_error *error)
{
    pleura_graph graph = {0};
    *error = (pleura_error){0};
    *network = NULL;
    pleura_code code = pleura_onnx_read(file->bytes, file->size, &graph, error);
    if (code == PLEURA_OK)
        code = pleura_graph_infer(&graph, error);
    if (code == PLEURA_OK)
        code = pleura_graph_simplify(&graph, error);
    if (code == PLEURA_OK)
        code = pleura_network_create(&graph, 1, network, error);
    pleura_graph_free(&graph);
    return code;
}

/* Frees the file. */
static inline void assert_file_refused(buffer *file, pleura_code code, const char *says)
{
    pleura_network *network;
    pleura_error error;
    assert_int_equal(network_of(file, &network, &error), code);
    assert_null(network);
    if (!strstr(error.message, says))
        fail_msg("\"%s\" should say \"%s\"", error.message, says);
    free(file->bytes);
}

/* Each allocation fails once: an error, and nothing is left. Frees the file. */
static inline void check_failing_allocations(buffer *file)
{
    const size_t live = pleura_test_live;
    for (size_t n = 1;; n++) {
        pleura_error error;
        pleura_network *network;
        pleura_test_allocations = 0;
        pleura_test_fail_at = n;
        pleura_code code = network_of(file, &network, &error);
        bool failed = pleura_test_allocations >= n;
        pleura_test_fail_at = 0;
        if (code != (failed ? PLEURA_ERROR_MEMORY : PLEURA_OK))
            fail_msg("allocation %zu: code %d, \"%s\"", n, (int)code, error.message);
        pleura_network_free(network);
        assert_int_equal(pleura_test_live, live);
        if (!failed)
            break;
    }
    free(file->bytes);
}

#endif
