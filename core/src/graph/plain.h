/*
 * Every operator that computes, as plain loops: what folding uses at load, what a network uses where
 * XNNPACK has nothing, and what tests compare XNNPACK with. Tensors may have their channels first
 * (ONNX's order) or last; most loops take any mix of both.
 */
#ifndef PLEURA_PLAIN_H
#define PLEURA_PLAIN_H

#include "graph.h"

/* A node made ready. */
typedef struct pleura_plain {
    void (*run)(const struct pleura_plain *plain);
    const void *plan;    /* what `run` knows; in the arena */
    const void **inputs; /* the constants are there already, the others are the caller's to set */
    size_t input_count;
    void *output;            /* the caller's to set */
    size_t output_count;     /* elements */
    float minimum, maximum;  /* bounds on the output, from a folded Relu or Clip */
    const pleura_grid *grid; /* to which the output is rounded, or NULL */
} pleura_plain;

typedef struct pleura_plain_request {
    const pleura_graph *graph;
    const pleura_node *node;
    pleura_element element;    /* FLOAT; or INT64, for folding integers */
    const bool *channels_last; /* of each input, then of the output; NULL: none is */
    bool outlives;             /* the graph: constants are copied */
    pleura_arena *arena;
} pleura_plain_request;

/* Whether the operator's loops take tensors of four dimensions with their channels last. */
bool pleura_plain_takes_channels_last(pleura_operator op);

/* Needs the shapes of the node's inputs and output. */
pleura_code pleura_plain_prepare(const pleura_plain_request *request, pleura_plain *plain,
                                 pleura_error *error);

void pleura_plain_run(const pleura_plain *plain);

/* A copy of an activation's grid. */
const pleura_grid *pleura_plain_keep_grid(const pleura_grid *grid, pleura_arena *arena);

/* The two last steps of a run, for other ways to make a node's output. */
void pleura_plain_bound(float *numbers, size_t count, float minimum, float maximum);
void pleura_plain_snap(float *numbers, size_t count, const pleura_grid *grid);

#endif
