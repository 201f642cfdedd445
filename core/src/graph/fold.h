/* Evaluating at load what depends on constants and shapes alone, such as Shape-Gather-Concat chains. */
#ifndef PLEURA_FOLD_H
#define PLEURA_FOLD_H

#include "graph.h"

/*
 * Makes the node's output a constant if that can be known now, and says whether. The inputs have
 * their shapes. Where it cannot (or memory runs out), shapes.c says what is wrong.
 */
bool pleura_fold(pleura_graph *graph, const pleura_node *node);

/* The integers that a node takes as attribute (older opsets) or as constant input (newer ones):
 * *items is NULL where it has neither. */
pleura_code pleura_node_ints(const pleura_graph *graph, const pleura_node *node,
                             const char *attribute, size_t input, const int64_t **items,
                             size_t *count, pleura_error *error);

/* The axes (an attribute, or input 1) of the node's first input, as a mask: PLEURA_MAX_RANK flags,
 * those past its rank false. *given says whether any are listed (NULL: not asked); without a list
 * the mask holds every axis. */
pleura_code pleura_node_axes(const pleura_graph *graph, const pleura_node *node, bool *mask,
                             bool *given, pleura_error *error);

/* Whether a TensorProto.DataType is one of the floats, which all become PLEURA_FLOAT. */
bool pleura_is_float_type(int64_t type);

/* An axis counted from the end if negative, or -1 if it is none of `rank`. */
int pleura_axis(int64_t axis, int rank);

#endif
