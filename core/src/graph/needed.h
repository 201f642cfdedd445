/* What the answer needs of a file: between classifier.c, shapes.c and needed.c. */
#ifndef PLEURA_NEEDED_H
#define PLEURA_NEEDED_H

#include "graph.h"

/* Of the outputs the first, and the one named `further` (or NULL); of the nodes those behind them, the
 * others are dead; of several inputs those that are read. */
void pleura_graph_keep_needed(pleura_graph *graph, const char *further);

/* Names the operator of a node that is PLEURA_OP_UNKNOWN, and those that are supported. */
pleura_code pleura_operator_refuse(const pleura_node *node, pleura_error *error);

#endif
