/* Nodes that look along an axis: averages and softmax. */
#include "../error.h"
#include "../graph/fold.h"
#include "lower.h"

/* ---- Averages ---- */

typedef struct reduction {
    int64_t axes[PLEURA_MAX_RANK];
    size_t count;
} reduction;

static pleura_code build_mean(pleura_lowering *l, pleura_step *step)
{
    const pleura_dims *dims = &step->inputs[0]->dims;
    const reduction *r = step->context;
    size_t alignment, size; /* of a workspace that floats, being their own sums, can do without */
    enum xnn_status status =
        xnn_create_reduce_nd(xnn_reduce_mean, xnn_datatype_fp32, NULL, NULL, 0, &step->operator);
    if (status == xnn_status_success)
        status = xnn_reshape_reduce_nd(step->operator, r->count, r->axes, dims->rank, dims->size,
                                       &size, &alignment, l->threads);
    return pleura_lower_check(l, step, status);
}

static enum xnn_status bind_mean(pleura_step *step)
{
    return xnn_setup_reduce_nd(step->operator, NULL, pleura_step_input(step, 0),
                               pleura_step_output(step));
}

static const pleura_step_kind mean = {.name = "average", .build = build_mean, .bind = bind_mean};

pleura_code pleura_lower_reduce(pleura_lowering *l, const pleura_node *node)
{
    const pleura_value *x = &l->graph->values[node->inputs[0]];
    bool keep = node->op == PLEURA_OP_GlobalAveragePool || pleura_node_int(node, "keepdims", 1);
    bool reduced[PLEURA_MAX_RANK] = {false, false, true, true}; /* GlobalAveragePool */
    if (node->op == PLEURA_OP_ReduceMean)
        l->code = pleura_node_axes(l->graph, node, reduced, NULL, l->error);
    /* Averaging an image over height and width leaves [N, C], or [N, 1, 1, C] with kept dimensions,
     * so NHWC serves both; over the channels alone only where they are kept. */
    bool spatial = x->rank == 4 && !reduced[0] && !reduced[1] && reduced[2] && reduced[3];
    pleura_form form = spatial || (x->rank == 4 && keep) ? PLEURA_NHWC : PLEURA_PLAIN;
    pleura_tensor *from = pleura_lower_use(l, node->inputs[0], form);
    pleura_tensor *to = pleura_lower_make(l, node->output, keep ? form : PLEURA_PLAIN);
    reduction *r = pleura_lower_keep(l, sizeof *r);
    pleura_step *step = pleura_lower_step(l, node, &mean, from, NULL, to);
    if (!step)
        return l->code;
    for (int i = 0; i < x->rank; i++)
        if (reduced[i])
            r->axes[r->count++] = pleura_form_axis(i, form);
    step->context = r;
    return PLEURA_OK;
}

/* ---- Softmax ---- */

static pleura_code build_softmax(pleura_lowering *l, pleura_step *step)
{
    const pleura_tensor *x = step->inputs[0], *y = step->output;
    enum xnn_status status = xnn_create_softmax_nc_f32(0, &step->operator);
    if (status == xnn_status_success)
        status = xnn_reshape_softmax_nc_f32(step->operator, x->width, x->stride, y->stride, x->rows,
                                            l->threads);
    return pleura_lower_check(l, step, status);
}

static enum xnn_status bind_softmax(pleura_step *step)
{
    return xnn_setup_softmax_nc_f32(step->operator, pleura_step_input(step, 0),
                                    pleura_step_output(step));
}

static const pleura_step_kind softmax = {.name = "softmax",
                                         .strided_input = true,
                                         .strided_output = true,
                                         .build = build_softmax,
                                         .bind = bind_softmax};

/* XNNPACK normalises along the last dimension; the axis must be that one in some form. */
pleura_code pleura_lower_softmax(pleura_lowering *l, const pleura_node *node)
{
    const pleura_value *x = &l->graph->values[node->inputs[0]];
    pleura_node_label label;
    int axis = pleura_axis(pleura_node_int(node, "axis", l->graph->opset < 13 ? 1 : -1), x->rank);
    pleura_form form = x->rank == 4 && axis == 1 ? PLEURA_NHWC : PLEURA_PLAIN;
    /* Before operator set 13, everything from the axis on is one: the same if nothing follows. */
    int64_t behind = 1;
    for (int i = axis + 1; axis >= 0 && i < x->rank; i++)
        behind *= x->dims[i];
    bool last =
        axis == x->rank - 1 || (form == PLEURA_NHWC && (l->graph->opset >= 13 || behind == 1));
    if (axis < 0 || !last)
        return pleura_fail(l->error, PLEURA_ERROR_OPERATOR,
                           "ONNX: %s normalises along axis %d of %d; the last one, or the channels "
                           "of an image, are supported.",
                           pleura_node_describe(node, &label), axis, x->rank);
    pleura_tensor *from = pleura_lower_use(l, node->inputs[0], form);
    pleura_tensor *to = pleura_lower_make(l, node->output, form);
    pleura_lower_step(l, node, &softmax, from, NULL, to);
    return l->code;
}
