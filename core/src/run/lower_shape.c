/* Nodes that move or join elements. */
#include "../error.h"
#include "../graph/extents.h"
#include "../graph/fold.h"
#include "lower.h"

#include <string.h>

/* ---- What the nodes are made of ---- */

pleura_tensor *pleura_lower_part(pleura_lowering *l, pleura_tensor *whole, size_t axis,
                                 size_t start, size_t length)
{
    if (l->code != PLEURA_OK)
        return NULL;
    size_t inner = 1;
    for (size_t i = axis + 1; i < whole->dims.rank; i++)
        inner *= whole->dims.size[i];
    if (axis + 1 < whole->dims.rank) {
        size_t width = whole->dims.size[axis] * inner;
        whole = pleura_plan_flat(l->plan, whole, width);
        if (!whole)
            return pleura_lower_no_memory(l);
    }
    pleura_tensor *part = pleura_plan_view(l->plan, whole, start * inner, length * inner);
    return part ? part : pleura_lower_no_memory(l);
}

typedef struct permutation {
    size_t order[PLEURA_MAX_RANK];
} permutation;

static pleura_code build_permute(pleura_lowering *l, pleura_step *step)
{
    const pleura_dims *dims = &step->inputs[0]->dims;
    const permutation *p = step->context;
    enum xnn_status status = xnn_create_transpose_nd_x32(0, &step->operator);
    if (status == xnn_status_success)
        status = xnn_reshape_transpose_nd_x32(step->operator, dims->rank, dims->size, p->order,
                                              l->threads);
    return pleura_lower_check(l, step, status);
}

static enum xnn_status bind_permute(pleura_step *step)
{
    return xnn_setup_transpose_nd_x32(step->operator, pleura_step_input(step, 0),
                                      pleura_step_output(step));
}

static const pleura_step_kind permute = {
    .name = "transpose", .build = build_permute, .bind = bind_permute};

pleura_step *pleura_lower_permute(pleura_lowering *l, const pleura_node *node, pleura_tensor *from,
                                  const size_t *order, pleura_tensor *to)
{
    permutation *kept = pleura_lower_keep(l, sizeof *kept);
    pleura_step *step = pleura_lower_step(l, node, &permute, from, NULL, to);
    if (!step)
        return NULL;
    memcpy(kept->order, order, from->dims.rank * sizeof *order);
    step->context = kept;
    return step;
}

/* ---- Nodes ---- */

pleura_code pleura_lower_reshape(pleura_lowering *l, const pleura_node *node)
{
    const pleura_value *x = &l->graph->values[node->inputs[0]];
    /* A pooled image (1 x 1) reads the same in both forms: no transpose for it. */
    bool pooled = x->rank == 4 && x->dims[2] * x->dims[3] == 1;
    pleura_form form = pooled ? pleura_lower_present_form(l, node->inputs[0]) : PLEURA_PLAIN;
    pleura_tensor *from = pleura_lower_use(l, node->inputs[0], form);
    pleura_tensor *to = pleura_lower_make(l, node->output, PLEURA_PLAIN);
    pleura_lower_copy(l, node, from, to);
    return l->code;
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
    pleura_tensor **from = l->tensors[node->inputs[0]], **to = l->tensors[node->output];
    if (is_permutation(perm, to_nchw))
        to[PLEURA_NHWC] = from[PLEURA_PLAIN];
    else if (is_permutation(perm, to_nhwc))
        to[PLEURA_PLAIN] = from[PLEURA_NHWC];
    return to[PLEURA_NHWC] || to[PLEURA_PLAIN];
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
    pleura_tensor *from = pleura_lower_use(l, node->inputs[0], PLEURA_PLAIN);
    pleura_tensor *to = pleura_lower_make(l, node->output, PLEURA_PLAIN);
    pleura_lower_permute(l, node, from, order, to);
    return l->code;
}

pleura_code pleura_lower_concat(pleura_lowering *l, const pleura_node *node)
{
    const pleura_value *out = &l->graph->values[node->output];
    pleura_form form = out->rank == 4 ? PLEURA_NHWC : PLEURA_PLAIN;
    int onnx_axis = pleura_axis(pleura_node_int(node, "axis", 1), out->rank);
    size_t axis = (size_t)pleura_form_axis(onnx_axis, form), start = 0;
    /* First all inputs in this form: place.c knows a join by its copies' following one another. */
    for (size_t i = 0; i < node->input_count; i++)
        pleura_lower_use(l, node->inputs[i], form);
    pleura_tensor *whole = pleura_lower_make(l, node->output, form);
    for (size_t i = 0; l->code == PLEURA_OK && i < node->input_count; i++) {
        pleura_tensor *from = pleura_lower_use(l, node->inputs[i], form);
        size_t length = from->dims.size[axis];
        pleura_lower_copy(l, node, from, pleura_lower_part(l, whole, axis, start, length));
        start += length;
    }
    return l->code;
}

/* ---- Cutting ---- */

bool pleura_lower_cut(pleura_lowering *l, const pleura_node *node)
{
    const pleura_value *x = &l->graph->values[node->inputs[0]];
    pleura_cut cut;
    int axis = -1;
    if ((node->op != PLEURA_OP_Slice && node->op != PLEURA_OP_Split) || x->rank == 0 ||
        l->code != PLEURA_OK || pleura_cut_resolve(l->graph, node, &cut, NULL) != PLEURA_OK)
        return false;
    for (int i = 0; i < x->rank; i++) {
        bool whole = cut.start[i] == 0 && cut.count[i] == x->dims[i];
        if (cut.step[i] != 1 || (!whole && axis >= 0))
            return false;
        axis = whole ? axis : i;
    }
    axis = axis < 0 ? 0 : axis;
    pleura_form form = pleura_lower_present_form(l, node->inputs[0]);
    pleura_tensor *from = pleura_lower_use(l, node->inputs[0], form);
    pleura_tensor *part = pleura_lower_part(l, from, (size_t)pleura_form_axis(axis, form),
                                            (size_t)cut.start[axis], (size_t)cut.count[axis]);
    pleura_lower_copy(l, node, part, pleura_lower_make(l, node->output, form));
    return true;
}

/* ---- Padding ---- */

typedef struct padding {
    size_t before[PLEURA_MAX_RANK], after[PLEURA_MAX_RANK];
    float value;
} padding;

static pleura_code build_pad(pleura_lowering *l, pleura_step *step)
{
    const pleura_dims *dims = &step->inputs[0]->dims;
    const padding *p = step->context;
    enum xnn_status status = xnn_create_constant_pad_nd_x32(&p->value, 0, &step->operator);
    if (status == xnn_status_success)
        status = xnn_reshape_constant_pad_nd_x32(step->operator, dims->rank, dims->size, p->before,
                                                 p->after, l->threads);
    return pleura_lower_check(l, step, status);
}

static enum xnn_status bind_pad(pleura_step *step)
{
    return xnn_setup_constant_pad_nd_x32(step->operator, pleura_step_input(step, 0),
                                         pleura_step_output(step));
}

static const pleura_step_kind pad = {.name = "padding", .build = build_pad, .bind = bind_pad};

static void pad_step(pleura_lowering *l, const pleura_node *node, padding how, pleura_tensor *from,
                     pleura_tensor *to)
{
    padding *kept = pleura_lower_keep(l, sizeof *kept);
    pleura_step *step = pleura_lower_step(l, node, &pad, from, NULL, to);
    if (step) {
        *kept = how;
        step->context = kept;
    }
}

pleura_tensor *pleura_lower_padded(pleura_lowering *l, const pleura_node *node, pleura_tensor *from,
                                   const size_t *before, const size_t *after, float value)
{
    if (l->code != PLEURA_OK)
        return NULL;
    padding how = {.value = value};
    pleura_dims dims = from->dims;
    for (size_t i = 0; i < dims.rank; i++) {
        how.before[i] = before[i];
        how.after[i] = after[i];
        dims.size[i] += before[i] + after[i];
    }
    pleura_tensor *to = pleura_lower_temporary(l, &dims);
    pad_step(l, node, how, from, to);
    return to;
}

pleura_code pleura_lower_pad(pleura_lowering *l, const pleura_node *node)
{
    const pleura_value *x = &l->graph->values[node->inputs[0]];
    pleura_form form = pleura_lower_present_form(l, node->inputs[0]);
    const pleura_value *fill = pleura_node_constant(l->graph, node, 2, PLEURA_FLOAT);
    padding how = {.value =
                       fill ? *(const float *)fill->data : pleura_node_float(node, "value", 0)};
    const int64_t *pads;
    size_t count;
    bool nothing = true; /* as older exports of PyTorch write before every average pooling */
    pleura_code code = pleura_node_ints(l->graph, node, "pads", 1, &pads, &count, l->error);
    if (code != PLEURA_OK)
        return code;
    for (int i = 0; i < x->rank; i++) {
        how.before[pleura_form_axis(i, form)] = (size_t)pads[i];
        how.after[pleura_form_axis(i, form)] = (size_t)pads[i + x->rank];
        nothing = nothing && !pads[i] && !pads[i + x->rank];
    }
    pleura_tensor *from = pleura_lower_use(l, node->inputs[0], form);
    pleura_tensor *to = pleura_lower_make(l, node->output, form);
    if (nothing)
        pleura_lower_copy(l, node, from, to);
    else
        pad_step(l, node, how, from, to);
    return l->code;
}
