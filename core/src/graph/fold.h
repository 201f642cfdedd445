/* Evaluating at load what depends on constants and shapes alone, such as Shape-Gather-Concat chains. */
#ifndef PLEURA_FOLD_H
#define PLEURA_FOLD_H

#include "graph.h"

/*
 * Makes the node's output a constant if its inputs' shapes, or attributes alone, decide it (Shape,
 * Constant, Range ...), and says whether. Where it cannot (or memory runs out), shapes.c says what is
 * wrong.
 */
bool pleura_fold(pleura_graph *graph, const pleura_node *node);

/* Whether all inputs of the node are constants. */
bool pleura_reads_constants(const pleura_graph *graph, const pleura_node *node);

/* Computes a node of which that is true. Its output has its shape already. */
pleura_code pleura_fold_computed(pleura_graph *graph, const pleura_node *node, pleura_error *error);

/* The grid that a QuantizeLinear or DequantizeLinear of 8 bits names; NULL if it is not constant. */
const pleura_grid *pleura_node_grid(pleura_graph *graph, const pleura_node *node);

/* The integers that a node takes as attribute (older opsets) or as constant input (newer ones):
 * *items is NULL where it has neither. */
pleura_code pleura_node_ints(const pleura_graph *graph, const pleura_node *node,
                             const char *attribute, size_t input, const int64_t **items,
                             size_t *count, pleura_error *error);

/* The axes (an attribute, or input 1) of the node's first input, as a mask: PLEURA_MAX_RANK flags,
 * those past its rank false. *given says whether any are listed (NULL: not asked); without a list
 * the mask holds every axis (or none: noop_with_empty_axes). */
pleura_code pleura_node_axes(const pleura_graph *graph, const pleura_node *node, bool *mask,
                             bool *given, pleura_error *error);

/* An axis counted from the end if negative, or -1 if it is none of `rank`. */
int pleura_axis(int64_t axis, int rank);

#endif
