/* Shape inference: from the input's shape, node by node, to the output's. Static shapes only. */
#include "shapes.h"

#include "../error.h"
#include "constant.h"
#include "fold.h"
#include "functions.h"
#include "needed.h"

#include <stdio.h>
#include <string.h>

pleura_code pleura_walk_refuse(const pleura_walk *w, const char *why)
{
    pleura_node_label label;
    const pleura_value *input = w->node->input_count ? pleura_walk_input(w, 0) : NULL;
    char shape[100] = "";
    size_t length = 0;
    for (int i = 0; input && i < input->rank && length < sizeof shape; i++)
        length += (size_t)snprintf(shape + length, sizeof shape - length, "%s%lld", i ? "x" : "",
                                   (long long)input->dims[i]);
    return pleura_fail(w->error, PLEURA_ERROR_SHAPE, "ONNX: %s %s (its input is [%s]).",
                       pleura_node_describe(w->node, &label), why, shape);
}

bool pleura_walk_has(const pleura_walk *w, size_t input)
{
    return input < w->node->input_count && w->node->inputs[input] != PLEURA_NONE;
}

const pleura_value *pleura_walk_input(const pleura_walk *w, size_t i)
{
    return &w->graph->values[w->node->inputs[i]];
}

pleura_code pleura_walk_set(const pleura_walk *w, int rank, const int64_t *dims)
{
    pleura_value *out = &w->graph->values[w->node->output];
    int64_t elements = 1;
    for (int i = 0; i < rank; i++) {
        if (dims[i] < (w->constant ? 0 : 1))
            return pleura_walk_refuse(w, "makes a tensor with an empty dimension");
        if (dims[i] > PLEURA_MAX_ELEMENTS || (elements *= dims[i]) > PLEURA_MAX_ELEMENTS)
            return pleura_walk_refuse(w, "makes a tensor that is too large");
        out->dims[i] = dims[i];
    }
    out->rank = rank;
    out->has_shape = true;
    return PLEURA_OK;
}

pleura_code pleura_walk_same(const pleura_walk *w)
{
    const pleura_value *first = pleura_walk_input(w, 0);
    return pleura_walk_set(w, first->rank, first->dims);
}

/* A mask would be needed of a Dropout that drops. */
static pleura_code infer_dropout(const pleura_walk *w)
{
    const pleura_value *training = pleura_node_constant(w->graph, w->node, 2, PLEURA_INT64);
    const pleura_value *ratio = pleura_node_constant(w->graph, w->node, 1, PLEURA_FLOAT);
    bool drops = !ratio || *(const float *)ratio->data != 0;
    if (drops && pleura_walk_has(w, 2) && (!training || *(const int64_t *)training->data))
        return pleura_walk_refuse(w, "is in training mode");
    return pleura_walk_same(w);
}

static pleura_code infer_cast(const pleura_walk *w)
{
    if (w->node->op == PLEURA_OP_Cast &&
        !pleura_is_number_type(pleura_cast_type(w->graph, w->node)))
        return pleura_walk_refuse(
            w, "casts to text, complex numbers, less than a byte, or to nothing");
    return pleura_walk_same(w);
}

static pleura_inference *inference_of(pleura_operator op)
{
    switch (pleura_operator_family(op)) {
    case PLEURA_UNARY:
        return pleura_walk_same;
    case PLEURA_BROADCAST:
        return pleura_infer_broadcast;
    case PLEURA_REDUCE:
        return pleura_infer_reduce;
    default:
        break;
    }
    switch (op) {
    case PLEURA_OP_AffineGrid:
        return pleura_infer_affine_grid;
    case PLEURA_OP_ArgMax:
    case PLEURA_OP_ArgMin:
        return pleura_infer_extreme;
    case PLEURA_OP_AveragePool:
    case PLEURA_OP_LpPool:
    case PLEURA_OP_MaxPool:
        return pleura_infer_pool;
    case PLEURA_OP_BatchNormalization:
        return pleura_infer_batch_norm;
    case PLEURA_OP_Cast:
    case PLEURA_OP_CastLike:
        return infer_cast;
    case PLEURA_OP_Identity:
    case PLEURA_OP_ScatterElements:
    case PLEURA_OP_ScatterND:
        return pleura_walk_same;
    case PLEURA_OP_Concat:
        return pleura_infer_concat;
    case PLEURA_OP_Conv:
    case PLEURA_OP_ConvTranspose:
        return pleura_infer_conv;
    case PLEURA_OP_CumSum:
    case PLEURA_OP_Hardmax:
    case PLEURA_OP_TopK:
        return pleura_infer_line;
    case PLEURA_OP_DepthToSpace:
    case PLEURA_OP_SpaceToDepth:
        return pleura_infer_depth;
    case PLEURA_OP_DequantizeLinear:
    case PLEURA_OP_QuantizeLinear:
        return pleura_infer_quantise;
    case PLEURA_OP_Dropout:
        return infer_dropout;
    case PLEURA_OP_Einsum:
        return pleura_infer_einsum;
    case PLEURA_OP_Expand:
        return pleura_infer_expand;
    case PLEURA_OP_Flatten:
        return pleura_infer_flatten;
    case PLEURA_OP_Gather:
        return pleura_infer_gather;
    case PLEURA_OP_GatherElements:
    case PLEURA_OP_GatherND:
    case PLEURA_OP_OneHot:
    case PLEURA_OP_Trilu:
        return pleura_infer_pick;
    case PLEURA_OP_Gemm:
        return pleura_infer_gemm;
    case PLEURA_OP_GlobalAveragePool:
    case PLEURA_OP_GlobalMaxPool:
        return pleura_infer_global_pool;
    case PLEURA_OP_GridSample:
        return pleura_infer_sample;
    case PLEURA_OP_GroupNormalization:
    case PLEURA_OP_InstanceNormalization:
        return pleura_infer_group_norm;
    case PLEURA_OP_LayerNormalization:
        return pleura_infer_layer_norm;
    case PLEURA_OP_LogSoftmax:
    case PLEURA_OP_Softmax:
        return pleura_infer_softmax;
    case PLEURA_OP_LRN:
        return pleura_infer_lrn;
    case PLEURA_OP_MatMul:
        return pleura_infer_matmul;
    case PLEURA_OP_CenterCropPad:
    case PLEURA_OP_Pad:
        return pleura_infer_pad;
    case PLEURA_OP_Reshape:
        return pleura_infer_reshape;
    case PLEURA_OP_Resize:
    case PLEURA_OP_Upsample:
        return pleura_infer_resize;
    case PLEURA_OP_Slice:
    case PLEURA_OP_Split:
        return pleura_infer_cut;
    case PLEURA_OP_Squeeze:
        return pleura_infer_squeeze;
    case PLEURA_OP_Tile:
        return pleura_infer_tile;
    case PLEURA_OP_Transpose:
        return pleura_infer_transpose;
    case PLEURA_OP_Unsqueeze:
        return pleura_infer_unsqueeze;
    default:
        return NULL;
    }
}

/* ---- The walk ---- */

/* Moves data of constants through nodes that only rename dimensions, now that the shape is known. */
static bool pass_constant_on(const pleura_walk *w)
{
    const pleura_value *input = pleura_walk_input(w, 0);
    pleura_value *output = &w->graph->values[w->node->output];
    switch (w->node->op) {
    case PLEURA_OP_Identity:
    case PLEURA_OP_Dropout:
    case PLEURA_OP_Flatten:
    case PLEURA_OP_Reshape:
    case PLEURA_OP_Squeeze:
    case PLEURA_OP_Unsqueeze:
        break;
    default:
        return false;
    }
    if (input->grid && input->grid->axis >= 0 && w->node->op != PLEURA_OP_Identity)
        return false; /* the axis may be another one, or gone */
    output->data = input->data;
    output->element = input->element;
    output->grid = input->grid;
    return input->data != NULL;
}

static pleura_code check_inputs(const pleura_walk *w)
{
    pleura_node_label label;
    bool all =
        pleura_operator_family(w->node->op) == PLEURA_BROADCAST || w->node->op == PLEURA_OP_Concat;
    for (size_t i = 0; i < w->node->input_count; i++) {
        if (w->node->inputs[i] == PLEURA_NONE && all)
            return pleura_walk_refuse(w, "leaves an input out");
        if (w->node->inputs[i] == PLEURA_NONE || pleura_walk_input(w, i)->has_shape)
            continue;
        if (pleura_walk_input(w, i)->type)
            return pleura_constant_refuse_type(pleura_walk_input(w, i),
                                               pleura_walk_input(w, i)->type, w->error);
        return pleura_fail(w->error, PLEURA_ERROR_ONNX,
                           "ONNX: %s reads '%.80s', which nothing before it makes, or which is "
                           "an output that is not supported.",
                           pleura_node_describe(w->node, &label), pleura_walk_input(w, i)->name);
    }
    return PLEURA_OK;
}

/* ---- Branches ---- */

/* Whether what a condition says is known, and what it is. */
static bool is_decided(const pleura_value *condition, bool *truth)
{
    if (!condition->data || pleura_value_elements(condition) != 1)
        return false;
    *truth = condition->element == PLEURA_FLOAT ? *(const float *)condition->data != 0
                                                : pleura_constant_int(condition, 0) != 0;
    return true;
}

/* Whether the node is in a branch that is not taken; `*decided` is false if that is not known. */
static bool is_passed_over(const pleura_graph *graph, const pleura_node *node, bool *decided)
{
    *decided = true;
    for (uint32_t at = node->branch; at; at = graph->branches[at - 1].around) {
        const pleura_branch *branch = &graph->branches[at - 1];
        bool truth;
        bool known = is_decided(&graph->values[branch->condition], &truth);
        if (known && truth != branch->truth)
            return true;
        *decided = *decided && known;
    }
    return false;
}

/* An If becomes its branch's output. */
static bool choose(const pleura_graph *graph, pleura_node *node)
{
    bool truth;
    if (!is_decided(&graph->values[node->inputs[0]], &truth))
        return false;
    node->inputs[0] = node->inputs[truth ? 1 : 2];
    node->input_count = 1;
    node->op = PLEURA_OP_Identity;
    return true;
}

/* Of second and further outputs few are computed; the others nobody may read. */
static bool has_part(const pleura_node *node)
{
    switch (node->op) {
    case PLEURA_OP_Split:
        return true;
    case PLEURA_OP_LayerNormalization:
        return node->part < 3;
    case PLEURA_OP_Dropout:
    case PLEURA_OP_MaxPool:
    case PLEURA_OP_TopK:
        return node->part < 2;
    default:
        return node->part == 0;
    }
}

static pleura_code infer_node(pleura_walk *w)
{
    pleura_inference *infer = inference_of(w->node->op);
    if (!infer)
        return pleura_walk_refuse(w, "is supported only where it computes a shape from constants");
    w->constant = pleura_reads_constants(w->graph, w->node);
    pleura_code code = infer(w);
    pleura_value *output = &w->graph->values[w->node->output];
    if (code != PLEURA_OK)
        return code;
    output->element = PLEURA_FLOAT;
    output->type = (unsigned char)pleura_type_made(w);
    output->whole = pleura_makes_whole(w);
    if (w->constant && !pass_constant_on(w))
        code = pleura_fold_computed(w->graph, w->node, w->error);
    return code;
}

static pleura_code check_ends(const pleura_graph *graph, pleura_error *error)
{
    for (size_t i = 0; i < graph->input_count; i++) {
        const pleura_value *input = &graph->values[graph->inputs[i]];
        double elements = 1;
        for (int d = 0; d < input->rank; d++) {
            if (input->dims[d] < 1)
                return pleura_fail(error, PLEURA_ERROR_SHAPE,
                                   "ONNX: dimension %d of the input '%.80s' is not fixed.", d,
                                   input->name);
            elements *= (double)input->dims[d];
        }
        if (elements > (double)PLEURA_MAX_ELEMENTS)
            return pleura_fail(error, PLEURA_ERROR_MODEL_TOO_LARGE,
                               "ONNX: the input '%.80s' is too large.", input->name);
    }
    return PLEURA_OK;
}

/* Folds a node or gives its output a shape; or takes it out, where that is not needed. */
static pleura_code walk_node(pleura_graph *graph, pleura_node *node, pleura_error *error)
{
    pleura_walk w = {graph, node, error, false};
    pleura_node_label label;
    bool decided;
    node->dead = node->dead || is_passed_over(graph, node, &decided);
    if (node->dead)
        return PLEURA_OK;
    if (node->op == PLEURA_OP_UNKNOWN)
        return pleura_operator_refuse(node, error);
    node->dead = !has_part(node);
    if (node->dead)
        return PLEURA_OK;
    if (!decided || (node->op == PLEURA_OP_If && !choose(graph, node)))
        return pleura_fail(error, PLEURA_ERROR_OPERATOR,
                           "ONNX: %s is, or is within, an If whose condition depends on the image.",
                           pleura_node_describe(node, &label));
    pleura_code code = check_inputs(&w);
    if (code == PLEURA_OK && node->op == PLEURA_OP_SplitToSequence)
        code = pleura_take_piece(graph, node, error);
    if (code == PLEURA_OK && !pleura_fold(graph, node))
        code = graph->out_of_memory
                   ? pleura_fail(error, PLEURA_ERROR_MEMORY, "Out of memory while folding.")
               : graph->folded_too_much ? pleura_fold_refuse(node, error)
                                        : infer_node(&w);
    node->dead = code == PLEURA_OK && graph->values[node->output].data;
    return code;
}

/* A model for many images at once (classifier.c) must answer for each. */
static pleura_code check_batch(const pleura_graph *graph, pleura_error *error)
{
    const pleura_value *answer = &graph->values[graph->outputs[0]];
    const pleura_value *all = &graph->values[graph->nodes[answer->producer].inputs[0]];
    if (all->rank < 1 || all->dims[0] != graph->batch)
        return pleura_fail(
            error, PLEURA_ERROR_SHAPE,
            "ONNX: the model takes batches of %lld, and its output '%.80s' is not one for each "
            "image; export it for 1.",
            (long long)graph->batch, answer->name);
    return PLEURA_OK;
}

pleura_code pleura_graph_infer(pleura_graph *graph, pleura_error *error)
{
    pleura_code code = check_ends(graph, error);
    for (size_t i = 0; code == PLEURA_OK && i < graph->node_count; i++)
        code = walk_node(graph, &graph->nodes[i], error);
    if (code == PLEURA_OK && graph->batch)
        code = check_batch(graph, error);
    for (size_t i = 0; code == PLEURA_OK && i < graph->output_count; i++)
        if (!graph->values[graph->outputs[i]].has_shape)
            code = pleura_fail(error, PLEURA_ERROR_ONNX, "ONNX: nothing makes the output '%.80s'.",
                               graph->values[graph->outputs[i]].name);
    return code;
}
