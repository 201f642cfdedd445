/* Evaluating at load what depends on constants and shapes alone, such as Shape-Gather-Concat chains. */
#ifndef PLEURA_FOLD_H
#define PLEURA_FOLD_H

#include "arguments.h"

/*
 * Makes the node's output a constant if its inputs' shapes, or attributes alone, decide it (Shape,
 * Constant, Range ...), and says whether. Where it cannot (or memory runs out), shapes.c says what is
 * wrong.
 */
bool pleura_fold(pleura_graph *graph, const pleura_node *node);

/* Counts a constant that is about to be made; false once they are too many, which refuse() says. */
bool pleura_fold_spend(pleura_graph *graph, const pleura_value *out);
pleura_code pleura_fold_refuse(const pleura_node *node, pleura_error *error);

/* Whether all inputs of the node are constants. */
bool pleura_reads_constants(const pleura_graph *graph, const pleura_node *node);

/* Computes a node of which that is true. Its output has its shape already. */
pleura_code pleura_fold_computed(pleura_graph *graph, const pleura_node *node, pleura_error *error);

/* Which type (PLEURA_TYPE_) a QuantizeLinear makes, or a DequantizeLinear reads. */
int64_t pleura_quantised_type(const pleura_graph *graph, const pleura_node *node);
/* As the type of a grid; false if activations lie on none of that type. */
bool pleura_grid_element(int64_t type, pleura_element *element);
/* The least and the largest integer of a grid's type. */
void pleura_grid_range(pleura_element type, float *low, float *high);
/* The grid that a QuantizeLinear or DequantizeLinear of 8 or 16 bits names; NULL if it is not
 * constant. */
const pleura_grid *pleura_node_grid(pleura_graph *graph, const pleura_node *node);
/* A DequantizeLinear of a constant; false if that is not what the node is. */
bool pleura_fold_dequantise(pleura_graph *graph, const pleura_node *node, pleura_value *out);

#endif
