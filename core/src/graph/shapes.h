/* Between shapes.c, which walks the graph, and the files that infer single nodes. */
#ifndef PLEURA_SHAPES_H
#define PLEURA_SHAPES_H

#include "graph.h"

typedef struct pleura_walk {
    pleura_graph *graph;
    const pleura_node *node;
    pleura_error *error;
    bool constant; /* all inputs are constants: then an output may be empty */
} pleura_walk;

/* "Conv 'features.0' WHY (its input is [1x3x224x224])." */
pleura_code pleura_walk_refuse(const pleura_walk *w, const char *why);

const pleura_value *pleura_walk_input(const pleura_walk *w, size_t i);
bool pleura_walk_has(const pleura_walk *w, size_t input); /* not left out */

/* Gives the output its shape. */
pleura_code pleura_walk_set(const pleura_walk *w, int rank, const int64_t *dims);
pleura_code pleura_walk_same(const pleura_walk *w); /* that of the first input */

/* shapes_type.c: whether the output holds integers or truth values, and its PLEURA_TYPE_, which is
 * followed from the constants and the inputs that have one, through what keeps it. */
bool pleura_makes_whole(const pleura_walk *w);
int64_t pleura_type_made(const pleura_walk *w);

typedef pleura_code pleura_inference(const pleura_walk *w);
/* shapes_compute.c */
pleura_inference pleura_infer_conv, pleura_infer_pool, pleura_infer_global_pool,
    pleura_infer_batch_norm, pleura_infer_group_norm, pleura_infer_layer_norm, pleura_infer_softmax,
    pleura_infer_broadcast, pleura_infer_gemm, pleura_infer_matmul, pleura_infer_reduce,
    pleura_infer_extreme, pleura_infer_quantise, pleura_infer_lrn;
/* plain_line.c, and along which axis; -1: none that it has */
pleura_inference pleura_infer_line;
int pleura_line_axis(const pleura_graph *graph, const pleura_node *node);
/* einsum.c */
pleura_inference pleura_infer_einsum;
/* plain_sample.c */
pleura_inference pleura_infer_sample, pleura_infer_affine_grid;
/* shapes_move.c */
pleura_inference pleura_infer_concat, pleura_infer_cut, pleura_infer_depth, pleura_infer_expand,
    pleura_infer_flatten, pleura_infer_gather, pleura_infer_pick, pleura_infer_pad,
    pleura_infer_reshape, pleura_infer_resize, pleura_infer_squeeze, pleura_infer_tile,
    pleura_infer_transpose, pleura_infer_unsqueeze;

#endif
