/* What a node is told beside its tensors: axes and lists of integers, in any operator set's way. */
#ifndef PLEURA_ARGUMENTS_H
#define PLEURA_ARGUMENTS_H

#include "graph.h"

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

/* Whether the node gives the mean of an image over its height and width. */
bool pleura_node_averages_image(const pleura_graph *graph, const pleura_node *node);

/* An axis counted from the end if negative, or -1 if it is none of `rank`. */
int pleura_axis(int64_t axis, int rank);

#endif
