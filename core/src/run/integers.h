/*
 * Nodes that compute in integers. A value on a grid (graph.h) may exist in a third form: its steps
 * from the grid's zero, int16, NHWC, each pixel's channels padded (kernels/kernels.h). Being on the
 * grid it says the same as the floats, so that a node that must have floats can, and gives back.
 */
#ifndef PLEURA_INTEGERS_H
#define PLEURA_INTEGERS_H

#include "../kernels/kernels.h"
#include "lower.h"

/* One scale and one zero for all of a value. */
typedef struct pleura_steps {
    float scale;
    int16_t low, high; /* what the grid's type holds, less its zero */
} pleura_steps;

/* Whether the value is an activation on such a grid, one image or one row of numbers. */
bool pleura_steps_of(const pleura_value *value, pleura_steps *steps);
/* The same for what a node makes, between the node's bounds. */
bool pleura_steps_made(const pleura_graph *graph, const pleura_node *node, pleura_steps *steps);

/* The value as steps, made from floats if need be, and the tensor for the steps that a node makes. */
pleura_tensor *pleura_use_steps(pleura_lowering *l, uint32_t value);
pleura_tensor *pleura_make_steps(pleura_lowering *l, uint32_t value);
/* A float tensor of the value in the form that is at hand: NHWC, or planes. */
pleura_tensor *pleura_use_floats(pleura_lowering *l, uint32_t value, bool *planes);

/* Steps made of the value's own floats, or of those that a node rounds to make it: of `source`. */
pleura_tensor *pleura_round_to_steps(pleura_lowering *l, uint32_t source, uint32_t value,
                                     const pleura_qframe *frame, pleura_tensor *to);
pleura_qframe pleura_no_frame(const pleura_value *value);

/* Steps in a frame of zeros, for a first convolution. */
pleura_tensor *pleura_make_framed(pleura_lowering *l, uint32_t value, const pleura_qframe *frame);

/* All declare steps and say so, or leave the node to floats: false. Whether it succeeded: l->code. */
bool pleura_integer_convolution(pleura_lowering *l, const pleura_node *node);
bool pleura_integer_elementwise(pleura_lowering *l, const pleura_node *node);
bool pleura_integer_pooling(pleura_lowering *l, const pleura_node *node);
bool pleura_integer_concat(pleura_lowering *l, const pleura_node *node);
/* If the value is read by one convolution only, and that one wants it framed. */
bool pleura_integer_frames(pleura_lowering *l, uint32_t value);

#endif
