/* The sliding window of a convolution or pooling node: ONNX's attributes, resolved to numbers. */
#ifndef PLEURA_WINDOW_H
#define PLEURA_WINDOW_H

#include "graph.h"

typedef struct pleura_window {
    int64_t kernel[2], stride[2], dilation[2]; /* height, width */
    int64_t pad_begin[2], pad_end[2];          /* includes what ceil_mode and folded Pads add */
    int64_t output[2];
} pleura_window;

/*
 * `input` is the node's NCHW input. `kernel` gives the kernel of a convolution (from its weights);
 * NULL means kernel_shape is read. auto_pad, pads, strides, dilations and ceil_mode as in ONNX.
 */
pleura_code pleura_window_resolve(const pleura_graph *graph, const pleura_node *node,
                                  const int64_t *kernel, pleura_window *window,
                                  pleura_error *error);

#endif
