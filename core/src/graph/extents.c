#include "extents.h"

#include "../error.h"
#include "constant.h"
#include "fold.h"

#include <math.h>
#include <string.h>

static pleura_code refuse(const pleura_node *node, const char *why, pleura_error *error)
{
    pleura_node_label label;
    return pleura_fail(error, PLEURA_ERROR_SHAPE, "ONNX: %s %s.",
                       pleura_node_describe(node, &label), why);
}

/* ---- Slice and Split ---- */

static void cut_nothing(const pleura_value *x, pleura_cut *cut)
{
    for (int i = 0; i < x->rank; i++) {
        cut->start[i] = 0;
        cut->step[i] = 1;
        cut->count[i] = x->dims[i];
    }
}

static int64_t clamp_index(int64_t index, int64_t low, int64_t high)
{
    return index < low ? low : index > high ? high : index;
}

static void cut_axis(pleura_cut *cut, int axis, int64_t size, int64_t start, int64_t end,
                     int64_t step)
{
    start = start < 0 ? start + size : start;
    end = end < 0 ? end + size : end;
    start = clamp_index(start, 0, step > 0 ? size : size - 1);
    end = clamp_index(end, step > 0 ? 0 : -1, size);
    int64_t room = step > 0 ? end - start : start - end;
    /* Steps past any tensor's size are as good as that size, and their sums do not overflow. */
    step = clamp_index(step, -PLEURA_MAX_ELEMENTS, PLEURA_MAX_ELEMENTS);
    int64_t stride = step > 0 ? step : -step;
    cut->start[axis] = start;
    cut->step[axis] = step;
    cut->count[axis] = room > 0 ? (room + stride - 1) / stride : 0;
}

static pleura_code resolve_slice(const pleura_graph *graph, const pleura_node *node,
                                 pleura_cut *cut, pleura_error *error)
{
    static const char *const names[] = {"starts", "ends", "axes", "steps"};
    const pleura_value *x = &graph->values[node->inputs[0]];
    const int64_t *lists[4];
    size_t counts[4];
    for (size_t i = 0; i < 4; i++) {
        pleura_code code =
            pleura_node_ints(graph, node, names[i], i + 1, &lists[i], &counts[i], error);
        if (code != PLEURA_OK)
            return code;
    }
    bool fits = lists[0] && lists[1] && counts[1] == counts[0] && counts[0] <= PLEURA_MAX_RANK &&
                (!lists[2] || counts[2] == counts[0]) && (!lists[3] || counts[3] == counts[0]);
    if (!fits || (!lists[2] && counts[0] > (size_t)x->rank))
        return refuse(node, "has starts, ends, axes and steps that do not fit together", error);
    for (size_t i = 0; i < counts[0]; i++) {
        int axis = lists[2] ? pleura_axis(lists[2][i], x->rank) : (int)i;
        int64_t step = lists[3] ? lists[3][i] : 1;
        if (axis < 0 || step == 0)
            return refuse(node, "has a step of 0, or an axis that its input lacks", error);
        cut_axis(cut, axis, x->dims[axis], lists[0][i], lists[1][i], step);
    }
    return PLEURA_OK;
}

/* Sizes are listed, or as equal as can be, the last one smaller. */
static pleura_code resolve_split(const pleura_graph *graph, const pleura_node *node,
                                 pleura_cut *cut, pleura_error *error)
{
    const pleura_value *x = &graph->values[node->inputs[0]];
    const int64_t *sizes;
    size_t count;
    pleura_code code = pleura_node_ints(graph, node, "split", 1, &sizes, &count, error);
    if (code != PLEURA_OK)
        return code;
    int axis = pleura_axis(pleura_node_int(node, "axis", 0), x->rank);
    if (axis < 0 || (sizes && count != node->part_count))
        return refuse(node, "splits along an axis that its input lacks, or into other parts",
                      error);
    int64_t size = x->dims[axis], parts = node->part_count, each = (size + parts - 1) / parts;
    int64_t start = 0, length = 0;
    for (uint32_t i = 0; i <= node->part; i++) {
        start += length;
        int64_t left = size - start;
        length = sizes ? sizes[i] : each < left ? each : left;
        if (length < 0 || length > left)
            return refuse(node, "splits into more than there is", error);
    }
    cut->start[axis] = start;
    cut->count[axis] = length;
    return PLEURA_OK;
}

pleura_code pleura_cut_resolve(const pleura_graph *graph, const pleura_node *node, pleura_cut *cut,
                               pleura_error *error)
{
    cut_nothing(&graph->values[node->inputs[0]], cut);
    return node->op == PLEURA_OP_Split ? resolve_split(graph, node, cut, error)
                                       : resolve_slice(graph, node, cut, error);
}

/* ---- Pad ---- */

/* As much on both sides; the odd one goes, or is cut, at the end. */
static pleura_code centre(const pleura_graph *graph, const pleura_node *node, int64_t *before,
                          int64_t *after, pleura_error *error)
{
    const pleura_value *x = &graph->values[node->inputs[0]];
    const pleura_attribute *axes = pleura_node_attribute(node, "axes", 'I');
    const int64_t *sizes;
    size_t count;
    pleura_code code = pleura_node_ints(graph, node, "shape", 1, &sizes, &count, error);
    if (code != PLEURA_OK)
        return code;
    if (!sizes || count != (axes ? axes->count : (size_t)x->rank))
        return refuse(node, "has a shape that does not fit its input", error);
    for (size_t i = 0; i < count; i++) {
        int axis = axes ? pleura_axis(axes->ints[i], x->rank) : (int)i;
        if (axis < 0 || sizes[i] < 0 || sizes[i] > PLEURA_MAX_ELEMENTS)
            return refuse(node, "has a shape that does not fit its input", error);
        before[axis] = (sizes[i] - x->dims[axis]) / 2;
        after[axis] = sizes[i] - x->dims[axis] - before[axis];
    }
    return PLEURA_OK;
}

pleura_code pleura_pads_resolve(const pleura_graph *graph, const pleura_node *node, int64_t *before,
                                int64_t *after, pleura_error *error)
{
    const pleura_value *x = &graph->values[node->inputs[0]];
    const int64_t *pads, *axes;
    size_t count, axis_count;
    for (int i = 0; i < x->rank; i++)
        before[i] = after[i] = 0;
    if (node->op == PLEURA_OP_CenterCropPad)
        return centre(graph, node, before, after, error);
    pleura_code code = pleura_node_ints(graph, node, "pads", 1, &pads, &count, error);
    if (code == PLEURA_OK)
        code = pleura_node_ints(graph, node, "axes", 3, &axes, &axis_count, error);
    if (code != PLEURA_OK)
        return code;
    size_t padded = axes ? axis_count : (size_t)x->rank;
    if (!pads || count != 2 * padded)
        return refuse(node, "has pads that do not fit its input", error);
    for (size_t i = 0; i < padded; i++) {
        int axis = axes ? pleura_axis(axes[i], x->rank) : (int)i;
        if (axis < 0 || pads[i] < -PLEURA_MAX_ELEMENTS || pads[i] > PLEURA_MAX_ELEMENTS ||
            pads[i + padded] < -PLEURA_MAX_ELEMENTS || pads[i + padded] > PLEURA_MAX_ELEMENTS)
            return refuse(node, "pads an axis that its input lacks, or by too much", error);
        before[axis] = pads[i];
        after[axis] = pads[i + padded];
    }
    return PLEURA_OK;
}

/* ---- Resize ---- */

static bool text_is(const pleura_node *node, const char *name, const char *wanted)
{
    const pleura_attribute *attribute = pleura_node_attribute(node, name, 's');
    return attribute && strcmp(attribute->s, wanted) == 0;
}

/* The scales that "not_larger" and "not_smaller" make of sizes: one for all listed axes. */
static void keep_aspect(const pleura_node *node, const pleura_value *x, const bool *listed,
                        pleura_scaling *scaling)
{
    bool smaller = text_is(node, "keep_aspect_ratio_policy", "not_larger");
    if (!smaller && !text_is(node, "keep_aspect_ratio_policy", "not_smaller"))
        return;
    double chosen = 0;
    for (int i = 0; i < x->rank; i++) {
        double scale = scaling->scale[i];
        if (listed[i] && (chosen == 0 || (smaller ? scale < chosen : scale > chosen)))
            chosen = scale;
    }
    for (int i = 0; i < x->rank; i++)
        if (listed[i]) {
            scaling->scale[i] = chosen;
            scaling->size[i] = (int64_t)floor(chosen * (double)x->dims[i] + 0.5);
        }
}

static bool read_scale(const float *scales, const int64_t *sizes, size_t i, int64_t size,
                       double *scale, int64_t *out)
{
    *scale = scales ? (double)scales[i] : (double)sizes[i] / (double)size;
    double length = scales ? floor((double)scales[i] * (double)size) : (double)sizes[i];
    if (!(length >= 1) || length > (double)PLEURA_MAX_ELEMENTS)
        return false;
    *out = (int64_t)length;
    return true;
}

pleura_code pleura_scaling_resolve(const pleura_graph *graph, const pleura_node *node,
                                   pleura_scaling *scaling, pleura_error *error)
{
    const pleura_value *x = &graph->values[node->inputs[0]];
    /* Upsample, and Resize before operator set 11, have scales as input 1, or as an attribute. */
    size_t at = node->op == PLEURA_OP_Upsample || graph->opset < 11 ? 1 : 2;
    const pleura_value *scale_input = pleura_node_constant(graph, node, at, PLEURA_FLOAT);
    const pleura_attribute *scale_list = pleura_node_attribute(node, "scales", 'F');
    const pleura_attribute *axes = pleura_node_attribute(node, "axes", 'I');
    size_t scale_count = scale_list    ? scale_list->count
                         : scale_input ? (size_t)pleura_value_elements(scale_input)
                                       : 0;
    const float *scales = scale_count == 0 ? NULL
                          : scale_list     ? scale_list->floats
                                           : scale_input->data;
    const int64_t *sizes;
    size_t size_count;
    pleura_code code = pleura_node_ints(graph, node, "sizes", 3, &sizes, &size_count, error);
    if (code != PLEURA_OK)
        return code;
    size_t count = axes ? axes->count : (size_t)x->rank;
    if (scales ? scale_count != count : size_count != count)
        return refuse(node, "is given no constant scales or sizes that fit its input", error);

    const pleura_value *roi = pleura_node_constant(graph, node, 1, PLEURA_FLOAT);
    if (text_is(node, "coordinate_transformation_mode", "tf_crop_and_resize") && !roi)
        return refuse(node, "crops by a computed tensor; only constants are supported there",
                      error);
    bool crop = at == 2 && roi && (size_t)pleura_value_elements(roi) == 2 * count;
    bool listed[PLEURA_MAX_RANK] = {false};
    for (int i = 0; i < x->rank; i++) {
        scaling->size[i] = x->dims[i];
        scaling->scale[i] = 1;
        scaling->roi_begin[i] = 0;
        scaling->roi_end[i] = 1;
    }
    for (size_t i = 0; i < count; i++) {
        int axis = axes ? pleura_axis(axes->ints[i], x->rank) : (int)i;
        if (axis < 0 || !read_scale(scales, sizes, i, x->dims[axis], &scaling->scale[axis],
                                    &scaling->size[axis]))
            return refuse(node, "scales an axis that its input lacks, or to nothing", error);
        listed[axis] = true;
        if (crop) {
            scaling->roi_begin[axis] = (double)((const float *)roi->data)[i];
            scaling->roi_end[axis] = (double)((const float *)roi->data)[i + count];
            if (scales && text_is(node, "coordinate_transformation_mode", "tf_crop_and_resize"))
                scaling->size[axis] = (int64_t)floor(
                    (double)x->dims[axis] * (scaling->roi_end[axis] - scaling->roi_begin[axis]) *
                    scaling->scale[axis]);
        }
    }
    if (!scales)
        keep_aspect(node, x, listed, scaling);
    return PLEURA_OK;
}
