/* What nodes that cut, pad, split or scale mean by their attributes or constant inputs, in numbers:
 * for shapes.c and for the loops that then do it. */
#ifndef PLEURA_EXTENTS_H
#define PLEURA_EXTENTS_H

#include "graph.h"

/* Of each axis of the input: the first place that is kept, the step, and how many. */
typedef struct pleura_cut {
    int64_t start[PLEURA_MAX_RANK], step[PLEURA_MAX_RANK], count[PLEURA_MAX_RANK];
} pleura_cut;

/* Slice, or one part of a Split. */
pleura_code pleura_cut_resolve(const pleura_graph *graph, const pleura_node *node, pleura_cut *cut,
                               pleura_error *error);

/* Pad and CenterCropPad: how much comes before and after along each axis; below 0, how much goes. */
pleura_code pleura_pads_resolve(const pleura_graph *graph, const pleura_node *node, int64_t *before,
                                int64_t *after, pleura_error *error);

/* Resize and Upsample. */
typedef struct pleura_scaling {
    int64_t size[PLEURA_MAX_RANK]; /* of the output */
    double scale[PLEURA_MAX_RANK];
    double roi_begin[PLEURA_MAX_RANK], roi_end[PLEURA_MAX_RANK]; /* of tf_crop_and_resize */
} pleura_scaling;
pleura_code pleura_scaling_resolve(const pleura_graph *graph, const pleura_node *node,
                                   pleura_scaling *scaling, pleura_error *error);

#endif
