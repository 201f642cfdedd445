/* Between passes.c and the passes that have files of their own. */
#ifndef PLEURA_PASSES_H
#define PLEURA_PASSES_H

#include "graph.h"

/* Counts value->users anew. */
void pleura_count_users(pleura_graph *graph);

/* Nodes whose output nobody reads are dead from now on, by the users as counted before. */
void pleura_bury_unread(pleura_graph *graph);

/* Whoever reads `from` reads `to` from now on. */
void pleura_replace_value(pleura_graph *graph, uint32_t from, uint32_t to);

/* The live node that makes a value, or NULL; the second only if this reader is its only one. */
pleura_node *pleura_producer(pleura_graph *graph, uint32_t value);
pleura_node *pleura_sole_producer(pleura_graph *graph, uint32_t value);

/* `node` goes, as the node before it does its work, too, and makes its output. */
void pleura_absorb(pleura_graph *graph, pleura_node *producer, pleura_node *node);

void pleura_fuse_patterns(pleura_graph *graph);                        /* patterns.c */
pleura_code pleura_quantise(pleura_graph *graph, pleura_error *error); /* quantise.c */

#endif
