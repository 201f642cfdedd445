/*
 * Graph to plan. XNNPACK computes images as NHWC, ONNX means NCHW: here every value of the graph may
 * exist in several forms, and a node asks for the one that it wants. A form that is missing is made
 * from one that is there by a conversion (once), so that a chain of convolutions never leaves NHWC
 * and nothing else has to know.
 *
 * To lower a new operator, write a kind (plan.h) and a function that declares a step of it:
 *
 *     static pleura_code build_softmax(pleura_lowering *l, pleura_step *step)
 *     {
 *         const pleura_tensor *x = step->inputs[0], *y = step->output;
 *         enum xnn_status status = xnn_create_softmax_nc_f32(0, &step->operator);
 *         if (status == xnn_status_success)
 *             status = xnn_reshape_softmax_nc_f32(step->operator, x->width, x->stride, y->stride,
 *                                                 x->rows, l->threads);
 *         return pleura_lower_check(l, step, status);
 *     }
 *     ... bind_softmax: return xnn_setup_softmax_nc_f32(step->operator, input, output);
 *     static const pleura_step_kind softmax = {.name = "softmax", .strided_input = true,
 *         .strided_output = true, .build = build_softmax, .bind = bind_softmax};
 *
 *     pleura_code pleura_lower_softmax(pleura_lowering *l, const pleura_node *node)
 *     {
 *         pleura_tensor *x = pleura_lower_use(l, node->inputs[0], PLEURA_NHWC);
 *         pleura_tensor *y = pleura_lower_make(l, node->output, PLEURA_NHWC);
 *         pleura_lower_step(l, node, &softmax, x, NULL, y);
 *         return l->code;
 *     }
 *
 * A kernel of ours has `run` in place of `bind`, and keeps in step->context what it needs. Functions
 * that give a pointer give NULL on failure and set l->code; they may be handed such a NULL.
 */
#ifndef PLEURA_LOWER_H
#define PLEURA_LOWER_H

#include "plan.h"

/* PLEURA_STEPS: integers.h. */
typedef enum pleura_form { PLEURA_PLAIN, PLEURA_NHWC, PLEURA_STEPS, PLEURA_FORM_COUNT } pleura_form;

struct pleura_lowering {
    const pleura_graph *graph;
    pleura_plan *plan;
    pleura_tensor *(*tensors)[PLEURA_FORM_COUNT]; /* of each graph value; NULL if not there yet */
    pleura_arena scratch; /* while a step is built: its weights, until they are packed */
    pthreadpool_t threads;
    pleura_code code; /* of the first failure */
    pleura_error *error;
};

/* All of it: declares, places, builds, arranges and binds. */
pleura_code pleura_lower(pleura_lowering *l);

/* ---- Declaring ---- */

/* Dimensions of a value in a form; four dimensions are permuted for NHWC. */
pleura_dims pleura_value_dims(const pleura_value *value, pleura_form form);
/* Where ONNX's axis stands in a form. */
int pleura_form_axis(int axis, pleura_form form);

/* The value in that form, made if need be. Only values of rank 4 have NHWC. */
pleura_tensor *pleura_lower_use(pleura_lowering *l, uint32_t value, pleura_form form);
/* The tensor for what a node makes. */
pleura_tensor *pleura_lower_make(pleura_lowering *l, uint32_t value, pleura_form form);
/* Something between that no value of the graph stands for. */
pleura_tensor *pleura_lower_temporary(pleura_lowering *l, const pleura_dims *dims);
/* A constant; `data` must live as long as the plan, with XNN_EXTRA_BYTES readable behind it. */
pleura_tensor *pleura_lower_constant(pleura_lowering *l, const pleura_dims *dims,
                                     const float *data);
/* A constant with the elements of a value, permuted for the form. */
pleura_tensor *pleura_lower_value_constant(pleura_lowering *l, const pleura_value *value,
                                           pleura_form form);
/* The form that an elementwise node should work in: the one that its input has already. */
pleura_form pleura_lower_present_form(const pleura_lowering *l, uint32_t value);

/* Adds a step; `second` may be NULL. `node` may be NULL: then a conversion. */
pleura_step *pleura_lower_step(pleura_lowering *l, const pleura_node *node,
                               const pleura_step_kind *kind, pleura_tensor *first,
                               pleura_tensor *second, pleura_tensor *output);
/* The same elements in the same order under other dimensions: free where both have no gaps. */
pleura_step *pleura_lower_copy(pleura_lowering *l, const pleura_node *node, pleura_tensor *from,
                               pleura_tensor *to);
/* A transpose: dimension i of `to` is dimension order[i] of `from`. */
pleura_step *pleura_lower_permute(pleura_lowering *l, const pleura_node *node, pleura_tensor *from,
                                  const size_t *order, pleura_tensor *to);
/* A padded copy: `value` before and after each dimension. */
pleura_tensor *pleura_lower_padded(pleura_lowering *l, const pleura_node *node, pleura_tensor *from,
                                   const size_t *before, const size_t *after, float value);
/* `length` elements along an axis of the tensor (in its form's order), from `start`. Writing a part
 * of a concatenation, or reading a slice, is a copy to or from it, which place.c will save if it
 * can. */
pleura_tensor *pleura_lower_part(pleura_lowering *l, pleura_tensor *whole, size_t axis,
                                 size_t start, size_t length);

/* ---- Building ---- */

/* Says that memory ran out; NULL, for `return`. */
void *pleura_lower_no_memory(pleura_lowering *l);
/* Memory for a kernel's context, as long as the plan lives; zeroed. */
void *pleura_lower_keep(pleura_lowering *l, size_t size);
/* Memory until the step is built; not zeroed. */
void *pleura_lower_scratch(pleura_lowering *l, size_t size);
/* A constant's numbers, until the step is built. */
const float *pleura_lower_floats(pleura_lowering *l, const pleura_value *value);
/* Turns XNNPACK's refusal into a code and a sentence that names the node. */
pleura_code pleura_lower_check(pleura_lowering *l, const pleura_step *step, enum xnn_status status);

/* ---- By node ---- */

pleura_code pleura_lower_conv(pleura_lowering *l, const pleura_node *node);
pleura_code pleura_lower_affine(pleura_lowering *l, const pleura_node *node);
pleura_code pleura_lower_pool(pleura_lowering *l, const pleura_node *node);
pleura_code pleura_lower_product(pleura_lowering *l, const pleura_node *node);
pleura_code pleura_lower_unary(pleura_lowering *l, const pleura_node *node);
pleura_code pleura_lower_binary(pleura_lowering *l, const pleura_node *node);
pleura_code pleura_lower_reshape(pleura_lowering *l, const pleura_node *node);
pleura_code pleura_lower_transpose(pleura_lowering *l, const pleura_node *node);
pleura_code pleura_lower_concat(pleura_lowering *l, const pleura_node *node);
pleura_code pleura_lower_pad(pleura_lowering *l, const pleura_node *node);
pleura_code pleura_lower_reduce(pleura_lowering *l, const pleura_node *node);
pleura_code pleura_lower_softmax(pleura_lowering *l, const pleura_node *node);

/* A Slice or Split that leaves one part of one axis, which may be read where it is. False if the node
 * is none. */
bool pleura_lower_cut(pleura_lowering *l, const pleura_node *node);

/* Whether XNNPACK has no operator for the node, or none that takes it as it is; and then its loops. */
bool pleura_runs_plain(const pleura_graph *graph, const pleura_node *node);
pleura_code pleura_lower_plain(pleura_lowering *l, const pleura_node *node);

/* Rounds what the node has made to the grid of its output. */
pleura_code pleura_lower_rounding(pleura_lowering *l, const pleura_node *node);

/* Declares a node in integers, if that can be: lower_integers.c, integers.h. Its failures are in l->code. */
bool pleura_lower_integers(pleura_lowering *l, const pleura_node *node);
/* Floats of a value that exists in integers only. */
void pleura_lower_dequantised(pleura_lowering *l, uint32_t value);

#endif
