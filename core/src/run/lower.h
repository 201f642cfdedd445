/*
 * Graph to XNNPACK subgraph. XNNPACK computes images as NHWC, ONNX means NCHW: here every value of
 * four dimensions may exist in two forms, PLAIN (the order of ONNX's dimensions) and NHWC, and a
 * node asks for the form that it wants. A form that is missing is made from the other by a transpose
 * (once), so that a chain of convolutions never leaves NHWC and nothing else has to know.
 */
#ifndef PLEURA_LOWER_H
#define PLEURA_LOWER_H

#include "../graph/graph.h"

#include <xnnpack.h>

typedef enum pleura_form { PLEURA_PLAIN, PLEURA_NHWC } pleura_form;

#define PLEURA_EXTERNAL_INPUT 0 /* ids of the subgraph's two external values */
#define PLEURA_EXTERNAL_OUTPUT 1

typedef struct pleura_lowering {
    const pleura_graph *graph;
    xnn_subgraph_t subgraph;
    uint32_t (*ids)[2];    /* of each graph value, by form; XNN_INVALID_VALUE_ID if not there yet */
    pleura_arena *keep;    /* constants that XNNPACK reads at every run */
    pleura_arena *scratch; /* weights, until they are packed */
    pleura_error *error;
} pleura_lowering;

pleura_code pleura_lower(pleura_lowering *l);

/* Whether the graph's input has its channels last, as tf2onnx may leave it. */
bool pleura_input_is_nhwc(const pleura_value *input);

/* ---- For the lowering of single nodes: lower.c, lower_window.c, lower_shape.c ---- */

typedef struct pleura_dims {
    size_t rank;
    size_t size[PLEURA_MAX_RANK];
} pleura_dims;

/* Dimensions of a value in a form; four dimensions are permuted for NHWC. */
pleura_dims pleura_value_dims(const pleura_value *value, pleura_form form);

/* The id of a value in that form, made if need be. Only values of rank 4 have NHWC. */
pleura_code pleura_lower_use(pleura_lowering *l, uint32_t value, pleura_form form, uint32_t *id);

/* A new id for what a node makes: external if it is the network's output in plain form. */
pleura_code pleura_lower_make(pleura_lowering *l, uint32_t value, pleura_form form, uint32_t *id);

/* The two above for a node's first input and its output. */
pleura_code pleura_lower_ends(pleura_lowering *l, const pleura_node *node, pleura_form input_form,
                              pleura_form output_form, uint32_t *input, uint32_t *output);

/* An id for something between that no value of the graph stands for. */
pleura_code pleura_lower_temporary(pleura_lowering *l, const pleura_dims *dims, uint32_t *id);

/* A float constant of these dimensions. `data` must live until it is packed (weights), or as long
 * as the runtime where XNNPACK does not pack it. */
pleura_code pleura_lower_constant(pleura_lowering *l, const pleura_dims *dims, const float *data,
                                  uint32_t *id);

/* The form that an elementwise node should work in: the one that its input has already. */
pleura_form pleura_lower_present_form(const pleura_lowering *l, uint32_t value);

/* Turns XNNPACK's refusal into a pleura_code that names the node. */
pleura_code pleura_lower_check(pleura_lowering *l, const pleura_node *node, enum xnn_status status);

pleura_code pleura_lower_conv(pleura_lowering *l, const pleura_node *node);
pleura_code pleura_lower_affine(pleura_lowering *l, const pleura_node *node);
pleura_code pleura_lower_pool(pleura_lowering *l, const pleura_node *node);
pleura_code pleura_lower_product(pleura_lowering *l, const pleura_node *node);

pleura_code pleura_lower_reshape(pleura_lowering *l, const pleura_node *node);
pleura_code pleura_lower_transpose(pleura_lowering *l, const pleura_node *node);
pleura_code pleura_lower_concat(pleura_lowering *l, const pleura_node *node);
pleura_code pleura_lower_pad(pleura_lowering *l, const pleura_node *node);
pleura_code pleura_lower_reduce(pleura_lowering *l, const pleura_node *node);
pleura_code pleura_lower_softmax(pleura_lowering *l, const pleura_node *node);

#endif
