/* A network that is ready to run: its plan with the packed weights, and its outputs. */
#ifndef PLEURA_NETWORK_H
#define PLEURA_NETWORK_H

#include "../graph/graph.h"

typedef struct pleura_network pleura_network;

/* Lowers the graph and packs its weights; neither graph nor file is needed afterwards. */
pleura_code pleura_network_create(const pleura_graph *graph, unsigned threads,
                                  pleura_network **network, pleura_error *error);

/*
 * What goes in and what comes out, in the graph's order: of outputs, the first is a classifier's
 * answer; others are those that the file has, and inner values that somebody asked for by
 * pleura_graph_add_output. Dimensions and elements are in ONNX's order.
 */
typedef struct pleura_port {
    const char *name;
    size_t rank, dims[PLEURA_MAX_RANK];
    size_t count; /* of elements */
    float *data;  /* of an input: to be filled before a run, which leaves it as it is; of an output:
                     valid until the next run, and NULL for a constant */
} pleura_port;

size_t pleura_network_input_count(const pleura_network *network);
const pleura_port *pleura_network_input(const pleura_network *network, size_t index);
size_t pleura_network_output_count(const pleura_network *network);
const pleura_port *pleura_network_output(const pleura_network *network, size_t index);
/* The index of the output of that name, or SIZE_MAX. */
size_t pleura_network_find_output(const pleura_network *network, const char *name);

pleura_code pleura_network_run(pleura_network *network, pleura_error *error);

/* ---- Where the time goes ---- */

typedef struct pleura_step_time {
    const char *node;   /* what it was lowered from: "Conv 'features.0'" */
    const char *kind;   /* what runs: "convolution" */
    size_t rows, width; /* of what it makes */
    double ms;          /* of all runs since pleura_network_profile */
} pleura_step_time;

/* From now on, measures every step. */
void pleura_network_profile(pleura_network *network);
/* Walks over the steps that run: *cursor is NULL before the first. False after the last. */
bool pleura_network_next_step(const pleura_network *network, const void **cursor,
                              pleura_step_time *step);
/* Bytes of the arena in which all values live while the network runs. */
size_t pleura_network_memory(const pleura_network *network);

void pleura_network_free(pleura_network *network);

#endif
