/* Between plain.c and the files of single loops. */
#ifndef PLEURA_PLAIN_LOOPS_H
#define PLEURA_PLAIN_LOOPS_H

#include "../error.h"
#include "plain.h"
#include "shapes.h"

/* A tensor's dimensions in ONNX's order, and how far apart in memory neighbours along each lie. */
typedef struct pleura_strided {
    int rank;
    int64_t dims[PLEURA_MAX_RANK], strides[PLEURA_MAX_RANK];
} pleura_strided;

#define PLEURA_OUTPUT SIZE_MAX
/* Of an input, or of PLEURA_OUTPUT, as the request lays it out. */
pleura_strided pleura_plain_tensor(const pleura_plain_request *request, size_t which);

/* Offsets of all places along the axes in `mask`, the last axis running fastest; NULL if memory ran
 * out. */
const int32_t *pleura_plain_offsets(const pleura_strided *tensor, const bool *mask, size_t *count,
                                    pleura_arena *arena);

/* The axes of a tensor in the order of its memory, outermost first. */
void pleura_plain_order(const pleura_strided *tensor, int *axes);

/* Room for a plan; sets plain->plan and plain->run. */
void *pleura_plain_plan(const pleura_plain_request *request, pleura_plain *plain, size_t size,
                        void (*run)(const pleura_plain *), pleura_error *error);

/* The graph's data, or a copy if it has to outlive the graph; NULL if memory ran out. */
const void *pleura_plain_keep(const pleura_plain_request *request, const void *data, size_t size);

typedef pleura_code pleura_plain_maker(const pleura_plain_request *request, pleura_plain *plain,
                                       pleura_error *error);
pleura_plain_maker pleura_plain_unary, pleura_plain_broadcast; /* plain_elementwise.c */
pleura_plain_maker pleura_plain_copy, pleura_plain_concat;     /* plain_copy.c */
pleura_plain_maker pleura_plain_move, pleura_plain_gather;     /* plain_rearrange.c */
pleura_plain_maker pleura_plain_reduce, pleura_plain_extreme;  /* plain_reduce.c */
pleura_plain_maker pleura_plain_softmax, pleura_plain_normalise, pleura_plain_affine,
    pleura_plain_lrn;                                             /* plain_normalise.c */
pleura_plain_maker pleura_plain_product;                          /* plain_product.c */
pleura_plain_maker pleura_plain_conv, pleura_plain_pool;          /* plain_window.c */
pleura_plain_maker pleura_plain_resize;                           /* plain_resize.c */
pleura_plain_maker pleura_plain_einsum;                           /* einsum.c */
pleura_plain_maker pleura_plain_pick, pleura_plain_look_up;       /* plain_pick.c */
pleura_plain_maker pleura_plain_line;                             /* plain_line.c */
pleura_plain_maker pleura_plain_sample, pleura_plain_affine_grid; /* plain_sample.c */
pleura_plain_maker pleura_plain_scatter;                          /* plain_scatter.c */
pleura_plain_maker pleura_plain_quantise;                         /* plain_quantise.c */

#endif
