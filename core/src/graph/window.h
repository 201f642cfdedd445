/* The sliding window of a convolution or pooling node: ONNX's attributes, resolved to numbers. */
#ifndef PLEURA_WINDOW_H
#define PLEURA_WINDOW_H

#include "graph.h"

#define PLEURA_MAX_SPATIAL 3

typedef struct pleura_window {
    int spatial;                        /* dimensions that it slides along; images: 2 */
    int64_t kernel[PLEURA_MAX_SPATIAL]; /* images: height, width; and so on */
    int64_t stride[PLEURA_MAX_SPATIAL], dilation[PLEURA_MAX_SPATIAL];
    /* Include what ceil_mode and folded Pads add. */
    int64_t pad_begin[PLEURA_MAX_SPATIAL], pad_end[PLEURA_MAX_SPATIAL];
    int64_t ceil_pad[PLEURA_MAX_SPATIAL]; /* of pad_end, what ceil_mode added */
    int64_t output[PLEURA_MAX_SPATIAL];
} pleura_window;

/*
 * The node's input has its channels first. `kernel` gives the kernel of a convolution (from its
 * weights); NULL means kernel_shape is read. auto_pad, pads, strides, dilations and ceil_mode as in
 * ONNX; for ConvTranspose also output_padding and output_shape, its pads cutting the output.
 */
pleura_code pleura_window_resolve(const pleura_graph *graph, const pleura_node *node,
                                  const int64_t *kernel, pleura_window *window,
                                  pleura_error *error);

#endif
