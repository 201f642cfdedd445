/* Nodes that move, join or average elements without weights. */
#include "../error.h"
#include "../graph/fold.h"
#include "lower.h"

/* Where ONNX's axis stands in a form. */
static int form_axis(int axis, pleura_form form)
{
    static const int nchw_to_nhwc[4] = {0, 3, 1, 2};
    return form == PLEURA_NHWC ? nchw_to_nhwc[axis] : axis;
}

pleura_code pleura_lower_reshape(pleura_lowering *l, const pleura_node *node)
{
    const pleura_value *x = &l->graph->values[node->inputs[0]];
    /* A pooled image (1 x 1) reads the same in both forms: no transpose for it. */
    bool pooled = x->rank == 4 && x->dims[2] * x->dims[3] == 1;
    pleura_form form = pooled ? pleura_lower_present_form(l, node->inputs[0]) : PLEURA_PLAIN;
    uint32_t input, output;
    pleura_code code = pleura_lower_ends(l, node, form, PLEURA_PLAIN, &input, &output);
    if (code != PLEURA_OK)
        return code;
    pleura_dims dims = pleura_value_dims(&l->graph->values[node->output], PLEURA_PLAIN);
    return pleura_lower_check(
        l, node, xnn_define_static_reshape(l->subgraph, dims.rank, dims.size, input, output, 0));
}

static bool is_permutation(const pleura_attribute *perm, const int64_t *wanted)
{
    for (int i = 0; i < 4; i++)
        if (!perm || perm->count != 4 || perm->ints[i] != wanted[i])
            return false;
    return true;
}

/* NHWC to NCHW and back, which tf2onnx writes around everything, are only other names here. */
static bool renames(pleura_lowering *l, const pleura_node *node)
{
    static const int64_t to_nchw[4] = {0, 3, 1, 2}, to_nhwc[4] = {0, 2, 3, 1};
    const pleura_attribute *perm = pleura_node_attribute(node, "perm", 'I');
    uint32_t(*from) = l->ids[node->inputs[0]], (*to) = l->ids[node->output];
    if (node->output == l->graph->outputs[0])
        return false;
    if (is_permutation(perm, to_nchw) && from[PLEURA_PLAIN] != XNN_INVALID_VALUE_ID)
        to[PLEURA_NHWC] = from[PLEURA_PLAIN];
    else if (is_permutation(perm, to_nhwc) && from[PLEURA_NHWC] != XNN_INVALID_VALUE_ID)
        to[PLEURA_PLAIN] = from[PLEURA_NHWC];
    else
        return false;
    return true;
}

pleura_code pleura_lower_transpose(pleura_lowering *l, const pleura_node *node)
{
    if (renames(l, node))
        return PLEURA_OK;
    const pleura_value *x = &l->graph->values[node->inputs[0]];
    const pleura_attribute *perm = pleura_node_attribute(node, "perm", 'I');
    size_t order[PLEURA_MAX_RANK];
    for (int i = 0; i < x->rank; i++)
        order[i] = (size_t)(perm ? pleura_axis(perm->ints[i], x->rank) : x->rank - 1 - i);
    uint32_t input, output;
    pleura_code code = pleura_lower_ends(l, node, PLEURA_PLAIN, PLEURA_PLAIN, &input, &output);
    if (code != PLEURA_OK)
        return code;
    return pleura_lower_check(
        l, node,
        xnn_define_static_transpose(l->subgraph, (size_t)x->rank, order, input, output, 0));
}

static enum xnn_status concatenate(xnn_subgraph_t subgraph, int32_t axis, const uint32_t *in,
                                   size_t count, uint32_t output)
{
    switch (count) {
    case 1:
        return xnn_define_copy(subgraph, in[0], output, 0);
    case 2:
        return xnn_define_concatenate2(subgraph, axis, in[0], in[1], output, 0);
    case 3:
        return xnn_define_concatenate3(subgraph, axis, in[0], in[1], in[2], output, 0);
    case 4:
        return xnn_define_concatenate4(subgraph, axis, in[0], in[1], in[2], in[3], output, 0);
    default:
        return xnn_define_concatenate5(subgraph, axis, in[0], in[1], in[2], in[3], in[4], output,
                                       0);
    }
}

/* XNNPACK joins up to 5 at once; more are joined 5 and then 4 more at a time. */
pleura_code pleura_lower_concat(pleura_lowering *l, const pleura_node *node)
{
    const pleura_value *out = &l->graph->values[node->output];
    pleura_form form = out->rank == 4 ? PLEURA_NHWC : PLEURA_PLAIN;
    int onnx_axis = pleura_axis(pleura_node_int(node, "axis", 1), out->rank);
    int axis = form_axis(onnx_axis, form);
    pleura_dims dims = pleura_value_dims(out, form);
    dims.size[axis] = 0;
    uint32_t parts[5];
    size_t held = 0;
    for (size_t i = 0; i < node->input_count; i++) {
        pleura_code code = pleura_lower_use(l, node->inputs[i], form, &parts[held++]);
        dims.size[axis] += (size_t)l->graph->values[node->inputs[i]].dims[onnx_axis];
        bool last = i + 1 == node->input_count;
        if (code == PLEURA_OK && (last || held == 5)) {
            uint32_t joined;
            code = last ? pleura_lower_make(l, node->output, form, &joined)
                        : pleura_lower_temporary(l, &dims, &joined);
            if (code == PLEURA_OK)
                code = pleura_lower_check(l, node,
                                          concatenate(l->subgraph, axis, parts, held, joined));
            parts[0] = joined;
            held = 1;
        }
        if (code != PLEURA_OK)
            return code;
    }
    return PLEURA_OK;
}

pleura_code pleura_lower_pad(pleura_lowering *l, const pleura_node *node)
{
    const pleura_value *x = &l->graph->values[node->inputs[0]];
    pleura_form form = pleura_lower_present_form(l, node->inputs[0]);
    const pleura_value *fill = pleura_node_constant(l->graph, node, 2, PLEURA_FLOAT);
    float value = fill ? *(const float *)fill->data : pleura_node_float(node, "value", 0);
    const int64_t *pads;
    size_t count, before[PLEURA_MAX_RANK], after[PLEURA_MAX_RANK];
    uint32_t input, output;
    pleura_code code = pleura_node_ints(l->graph, node, "pads", 1, &pads, &count, l->error);
    if (code == PLEURA_OK)
        code = pleura_lower_ends(l, node, form, form, &input, &output);
    if (code != PLEURA_OK)
        return code;
    for (int i = 0; i < x->rank; i++) {
        before[form_axis(i, form)] = (size_t)pads[i];
        after[form_axis(i, form)] = (size_t)pads[i + x->rank];
    }
    return pleura_lower_check(
        l, node,
        xnn_define_static_constant_pad(l->subgraph, before, after, value, input, output, 0));
}

pleura_code pleura_lower_reduce(pleura_lowering *l, const pleura_node *node)
{
    const pleura_value *x = &l->graph->values[node->inputs[0]];
    bool keep = node->op == PLEURA_OP_GlobalAveragePool || pleura_node_int(node, "keepdims", 1);
    bool reduced[PLEURA_MAX_RANK] = {false, false, true, true}; /* GlobalAveragePool */
    pleura_code code = PLEURA_OK;
    if (node->op == PLEURA_OP_ReduceMean)
        code = pleura_node_axes(l->graph, node, reduced, NULL, l->error);
    if (code != PLEURA_OK)
        return code;
    /* Averaging an image over height and width leaves [N, C], or [N, 1, 1, C] with kept dimensions,
     * so NHWC serves both; over the channels alone only where they are kept. */
    bool spatial = x->rank == 4 && !reduced[0] && !reduced[1] && reduced[2] && reduced[3];
    pleura_form form = spatial || (x->rank == 4 && keep) ? PLEURA_NHWC : PLEURA_PLAIN;
    size_t axes[PLEURA_MAX_RANK], count = 0;
    for (int i = 0; i < x->rank; i++) {
        static const int nhwc[4] = {0, 2, 3, 1};
        if (reduced[form == PLEURA_NHWC ? nhwc[i] : i])
            axes[count++] = (size_t)i;
    }
    uint32_t input, output;
    code = pleura_lower_ends(l, node, form, keep ? form : PLEURA_PLAIN, &input, &output);
    if (code != PLEURA_OK)
        return code;
    return pleura_lower_check(l, node,
                              xnn_define_static_reduce(l->subgraph, xnn_reduce_mean, count, axes,
                                                       input, output,
                                                       keep ? XNN_FLAG_KEEP_DIMS : 0));
}

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
    uint32_t input, output;
    pleura_code code = pleura_lower_ends(l, node, form, form, &input, &output);
    return code == PLEURA_OK
               ? pleura_lower_check(l, node, xnn_define_softmax(l->subgraph, input, output, 0))
               : code;
}
