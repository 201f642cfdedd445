/* Shape inference: from the input's shape, node by node, to the output's. Static shapes only. */
#include "../error.h"
#include "fold.h"
#include "window.h"

#include <stdio.h>
#include <string.h>

typedef struct walk {
    pleura_graph *graph;
    const pleura_node *node;
    pleura_error *error;
} walk;

static pleura_code refuse(const walk *w, const char *why)
{
    pleura_node_label label;
    const pleura_value *input = w->node->input_count ? &w->graph->values[w->node->inputs[0]] : NULL;
    char shape[100] = "";
    size_t length = 0;
    for (int i = 0; input && i < input->rank && length < sizeof shape; i++)
        length += (size_t)snprintf(shape + length, sizeof shape - length, "%s%lld", i ? "x" : "",
                                   (long long)input->dims[i]);
    return pleura_fail(w->error, PLEURA_ERROR_SHAPE, "ONNX: %s %s (its input is [%s]).",
                       pleura_node_describe(w->node, &label), why, shape);
}

static const pleura_value *in(const walk *w, size_t i)
{
    return &w->graph->values[w->node->inputs[i]];
}

static pleura_code set(const walk *w, int rank, const int64_t *dims)
{
    pleura_value *out = &w->graph->values[w->node->output];
    int64_t elements = 1;
    for (int i = 0; i < rank; i++) {
        if (dims[i] < 1)
            return refuse(w, "makes a tensor with an empty dimension");
        if (dims[i] > PLEURA_MAX_ELEMENTS || (elements *= dims[i]) > PLEURA_MAX_ELEMENTS)
            return refuse(w, "makes a tensor that is too large");
        out->dims[i] = dims[i];
    }
    out->rank = rank;
    out->has_shape = true;
    return PLEURA_OK;
}

static pleura_code same_shape(const walk *w)
{
    return set(w, in(w, 0)->rank, in(w, 0)->dims);
}

static pleura_code conv(const walk *w)
{
    const pleura_value *x = in(w, 0), *weights = in(w, 1);
    int64_t groups = pleura_node_int(w->node, "group", 1);
    if (x->rank != 4 || weights->rank != 4)
        return refuse(w, "is not two-dimensional");
    if (!weights->data || weights->element != PLEURA_FLOAT)
        return refuse(w, "has weights that are no constant");
    if (groups < 1 || groups > x->dims[1] || weights->dims[1] < 1 ||
        weights->dims[1] > x->dims[1] || weights->dims[1] * groups != x->dims[1] ||
        weights->dims[0] < 1 || weights->dims[0] % groups != 0)
        return refuse(w, "has weights that do not fit its input's channels");
    if (w->node->input_count > 2 && w->node->inputs[2] != PLEURA_NONE) {
        const pleura_value *bias = pleura_node_constant(w->graph, w->node, 2, PLEURA_FLOAT);
        if (!bias || pleura_value_elements(bias) != weights->dims[0])
            return refuse(w, "has a bias that does not fit its weights");
    }
    pleura_window window;
    pleura_code code =
        pleura_window_resolve(w->graph, w->node, weights->dims + 2, &window, w->error);
    if (code != PLEURA_OK)
        return code;
    int64_t dims[] = {x->dims[0], weights->dims[0], window.output[0], window.output[1]};
    return set(w, 4, dims);
}

static pleura_code pool(const walk *w)
{
    const pleura_value *x = in(w, 0);
    if (x->rank != 4)
        return refuse(w, "is not two-dimensional");
    pleura_window window;
    pleura_code code = pleura_window_resolve(w->graph, w->node, NULL, &window, w->error);
    if (code != PLEURA_OK)
        return code;
    int64_t dims[] = {x->dims[0], x->dims[1], window.output[0], window.output[1]};
    return set(w, 4, dims);
}

static pleura_code global_pool(const walk *w)
{
    const pleura_value *x = in(w, 0);
    if (x->rank != 4)
        return refuse(w, "is not two-dimensional");
    int64_t dims[] = {x->dims[0], x->dims[1], 1, 1};
    return set(w, 4, dims);
}

static pleura_code batch_norm(const walk *w)
{
    const pleura_value *x = in(w, 0);
    if (x->rank < 2)
        return refuse(w, "has no channels to normalise");
    for (size_t i = 1; i < 5; i++) {
        const pleura_value *parameter = pleura_node_constant(w->graph, w->node, i, PLEURA_FLOAT);
        if (!parameter || pleura_value_elements(parameter) != x->dims[1])
            return refuse(w, "has parameters that are no constants of one number a channel");
    }
    return same_shape(w);
}

static pleura_code broadcast(const walk *w)
{
    const pleura_value *a = in(w, 0), *b = in(w, 1);
    int rank = a->rank > b->rank ? a->rank : b->rank;
    int64_t dims[PLEURA_MAX_RANK];
    for (int i = 0; i < rank; i++) {
        int ai = i - (rank - a->rank), bi = i - (rank - b->rank);
        int64_t ad = ai < 0 ? 1 : a->dims[ai], bd = bi < 0 ? 1 : b->dims[bi];
        if (ad != bd && ad != 1 && bd != 1)
            return refuse(w, "joins two shapes that do not broadcast");
        dims[i] = ad == 1 ? bd : ad;
    }
    return set(w, rank, dims);
}

static pleura_code gemm(const walk *w)
{
    const pleura_value *a = in(w, 0), *b = in(w, 1);
    if (a->rank != 2 || b->rank != 2 || !b->data || pleura_node_int(w->node, "transA", 0))
        return refuse(w, "is not a product of a matrix with constant weights");
    bool transposed = pleura_node_int(w->node, "transB", 0) != 0;
    if (b->dims[transposed ? 1 : 0] != a->dims[1])
        return refuse(w, "has weights that do not fit its input");
    int64_t dims[] = {a->dims[0], b->dims[transposed ? 0 : 1]};
    if (w->node->input_count > 2 && w->node->inputs[2] != PLEURA_NONE) {
        const pleura_value *c = pleura_node_constant(w->graph, w->node, 2, PLEURA_FLOAT);
        int64_t n = c ? pleura_value_elements(c) : 0;
        if (!c || (n != 1 && n != dims[1]) || (n != 1 && c->dims[c->rank - 1] != n))
            return refuse(w, "has a bias that is no constant of one number an output");
    }
    return set(w, 2, dims);
}

static pleura_code matmul(const walk *w)
{
    const pleura_value *a = in(w, 0), *b = in(w, 1);
    if (a->rank < 2 || b->rank != 2 || !b->data)
        return refuse(w, "is not a product with a constant matrix");
    if (b->dims[0] != a->dims[a->rank - 1])
        return refuse(w, "has weights that do not fit its input");
    int64_t dims[PLEURA_MAX_RANK];
    memcpy(dims, a->dims, sizeof dims);
    dims[a->rank - 1] = b->dims[1];
    return set(w, a->rank, dims);
}

static pleura_code concat(const walk *w)
{
    const pleura_value *first = in(w, 0);
    int axis = pleura_axis(pleura_node_int(w->node, "axis", 1), first->rank);
    if (axis < 0)
        return refuse(w, "joins along an axis that its inputs do not have");
    int64_t dims[PLEURA_MAX_RANK];
    memcpy(dims, first->dims, sizeof dims);
    for (size_t i = 1; i < w->node->input_count; i++) {
        if (w->node->inputs[i] == PLEURA_NONE)
            return refuse(w, "leaves an input out");
        const pleura_value *part = in(w, i);
        for (int d = 0; d < first->rank; d++)
            if (part->rank != first->rank || (d != axis && part->dims[d] != first->dims[d]))
                return refuse(w, "joins shapes that do not fit");
        dims[axis] += part->dims[axis];
    }
    return set(w, first->rank, dims);
}

static pleura_code flatten(const walk *w)
{
    const pleura_value *x = in(w, 0);
    int64_t axis = pleura_node_int(w->node, "axis", 1);
    axis = axis < 0 ? axis + x->rank : axis;
    if (axis < 0 || axis > x->rank)
        return refuse(w, "flattens from an axis that its input does not have");
    int64_t dims[2] = {1, 1};
    for (int i = 0; i < x->rank; i++)
        dims[i < axis ? 0 : 1] *= x->dims[i];
    return set(w, 2, dims);
}

static pleura_code reshape(const walk *w)
{
    const pleura_value *x = in(w, 0);
    const int64_t *wanted;
    size_t rank;
    pleura_code code = pleura_node_ints(w->graph, w->node, "shape", 1, &wanted, &rank, w->error);
    if (code != PLEURA_OK)
        return code;
    if (!wanted || rank > PLEURA_MAX_RANK)
        return refuse(w, "is given no shape, or one of too many dimensions");
    int64_t dims[PLEURA_MAX_RANK], known = 1;
    int free_axis = -1;
    bool zero_copies = pleura_node_int(w->node, "allowzero", 0) == 0;
    for (size_t i = 0; i < rank; i++) {
        dims[i] = wanted[i];
        if (dims[i] == 0 && zero_copies && (int)i < x->rank)
            dims[i] = x->dims[i];
        if (dims[i] == -1 && free_axis < 0) {
            free_axis = (int)i;
            continue;
        }
        if (dims[i] < 1 || dims[i] > PLEURA_MAX_ELEMENTS ||
            (known *= dims[i]) > PLEURA_MAX_ELEMENTS)
            return refuse(w, "is given a shape that does not fit");
    }
    int64_t elements = pleura_value_elements(x);
    if (free_axis >= 0)
        dims[free_axis] = elements / known;
    if (free_axis >= 0 ? elements % known != 0 : elements != known)
        return refuse(w, "is given a shape of another number of elements");
    return set(w, (int)rank, dims);
}

static pleura_code squeeze(const walk *w)
{
    const pleura_value *x = in(w, 0);
    bool gone[PLEURA_MAX_RANK], listed;
    pleura_code code = pleura_node_axes(w->graph, w->node, gone, &listed, w->error);
    if (code != PLEURA_OK)
        return code;
    int64_t dims[PLEURA_MAX_RANK];
    int rank = 0;
    for (int i = 0; i < x->rank; i++) {
        if (listed && gone[i] && x->dims[i] != 1)
            return refuse(w, "takes out an axis that is not of size 1");
        if (!gone[i] || x->dims[i] != 1)
            dims[rank++] = x->dims[i];
    }
    return set(w, rank, dims);
}

static pleura_code unsqueeze(const walk *w)
{
    const pleura_value *x = in(w, 0);
    const int64_t *axes;
    size_t count;
    pleura_code code = pleura_node_ints(w->graph, w->node, "axes", 1, &axes, &count, w->error);
    if (code != PLEURA_OK)
        return code;
    if (!axes || count + (size_t)x->rank > PLEURA_MAX_RANK)
        return refuse(w, "makes too many dimensions, or is given no axes");
    int rank = x->rank + (int)count;
    int64_t dims[PLEURA_MAX_RANK] = {0};
    for (size_t i = 0; i < count; i++) {
        int axis = pleura_axis(axes[i], rank);
        if (axis < 0 || dims[axis])
            return refuse(w, "adds an axis twice or outside its output");
        dims[axis] = 1;
    }
    for (int i = 0, from = 0; i < rank; i++)
        if (!dims[i])
            dims[i] = x->dims[from++];
    return set(w, rank, dims);
}

static pleura_code transpose(const walk *w)
{
    const pleura_value *x = in(w, 0);
    const pleura_attribute *perm = pleura_node_attribute(w->node, "perm", 'I');
    int64_t dims[PLEURA_MAX_RANK];
    bool seen[PLEURA_MAX_RANK] = {false};
    if (perm && perm->count != (size_t)x->rank)
        return refuse(w, "permutes another number of axes than its input has");
    for (int i = 0; i < x->rank; i++) {
        int axis = perm ? pleura_axis(perm->ints[i], x->rank) : x->rank - 1 - i;
        if (axis < 0 || seen[axis])
            return refuse(w, "has a perm that is no permutation");
        seen[axis] = true;
        dims[i] = x->dims[axis];
    }
    return set(w, x->rank, dims);
}

static pleura_code reduce_mean(const walk *w)
{
    const pleura_value *x = in(w, 0);
    bool reduced[PLEURA_MAX_RANK];
    pleura_code code = pleura_node_axes(w->graph, w->node, reduced, NULL, w->error);
    if (code != PLEURA_OK)
        return code;
    bool keep = pleura_node_int(w->node, "keepdims", 1) != 0;
    int64_t dims[PLEURA_MAX_RANK];
    int rank = 0;
    for (int i = 0; i < x->rank; i++)
        if (!reduced[i] || keep)
            dims[rank++] = reduced[i] ? 1 : x->dims[i];
    return set(w, rank, dims);
}

static pleura_code pad(const walk *w)
{
    const pleura_value *x = in(w, 0);
    const int64_t *pads;
    size_t count;
    pleura_code code = pleura_node_ints(w->graph, w->node, "pads", 1, &pads, &count, w->error);
    if (code != PLEURA_OK)
        return code;
    const pleura_attribute *mode = pleura_node_attribute(w->node, "mode", 's');
    if (mode && strcmp(mode->s, "constant") != 0)
        return refuse(w, "pads with something else than a constant");
    if (!pads || count != 2 * (size_t)x->rank || w->node->input_count > 3)
        return refuse(w, "has pads that do not fit its input");
    int64_t dims[PLEURA_MAX_RANK];
    for (int i = 0; i < x->rank; i++) {
        int64_t before = pads[i], after = pads[i + x->rank];
        if (before < 0 || after < 0 || before > PLEURA_MAX_ELEMENTS || after > PLEURA_MAX_ELEMENTS)
            return refuse(w, "has pads below 0 or too large");
        dims[i] = x->dims[i] + before + after;
    }
    return set(w, x->rank, dims);
}

/* Between float types, which are all one to us; a cast of activations to integers is not run. */
static pleura_code cast(const walk *w)
{
    int64_t to = pleura_node_int(w->node, "to", 1);
    return pleura_is_float_type(to) ? same_shape(w) : refuse(w, "makes integers of activations");
}

static pleura_code infer_node(const walk *w)
{
    switch (w->node->op) {
    case PLEURA_OP_Conv:
        return conv(w);
    case PLEURA_OP_MaxPool:
    case PLEURA_OP_AveragePool:
        return pool(w);
    case PLEURA_OP_GlobalAveragePool:
        return global_pool(w);
    case PLEURA_OP_BatchNormalization:
        return batch_norm(w);
    case PLEURA_OP_Add:
    case PLEURA_OP_Sub:
    case PLEURA_OP_Mul:
    case PLEURA_OP_Div:
    case PLEURA_OP_PRelu:
        return broadcast(w);
    case PLEURA_OP_Gemm:
        return gemm(w);
    case PLEURA_OP_MatMul:
        return matmul(w);
    case PLEURA_OP_Concat:
        return concat(w);
    case PLEURA_OP_Flatten:
        return flatten(w);
    case PLEURA_OP_Reshape:
        return reshape(w);
    case PLEURA_OP_Squeeze:
        return squeeze(w);
    case PLEURA_OP_Unsqueeze:
        return unsqueeze(w);
    case PLEURA_OP_Transpose:
        return transpose(w);
    case PLEURA_OP_ReduceMean:
        return reduce_mean(w);
    case PLEURA_OP_Pad:
        return pad(w);
    case PLEURA_OP_Cast:
        return cast(w);
    case PLEURA_OP_Clip:
    case PLEURA_OP_Dropout:
    case PLEURA_OP_HardSigmoid:
    case PLEURA_OP_HardSwish:
    case PLEURA_OP_Identity:
    case PLEURA_OP_LeakyRelu:
    case PLEURA_OP_Relu:
    case PLEURA_OP_Sigmoid:
    case PLEURA_OP_Softmax:
    case PLEURA_OP_Tanh:
        return same_shape(w);
    default:
        return refuse(w, "is supported only where it computes a shape from constants");
    }
}

/* Moves data of constants through nodes that only rename dimensions, now that the shape is known. */
static void pass_constant_on(const walk *w)
{
    const pleura_value *input = in(w, 0);
    switch (w->node->op) {
    case PLEURA_OP_Identity:
    case PLEURA_OP_Dropout:
    case PLEURA_OP_Flatten:
    case PLEURA_OP_Reshape:
    case PLEURA_OP_Squeeze:
    case PLEURA_OP_Unsqueeze:
        w->graph->values[w->node->output].data = input->data;
        break;
    default:
        break;
    }
}

static pleura_code check_inputs(const walk *w)
{
    pleura_node_label label;
    for (size_t i = 0; i < w->node->input_count; i++) {
        if (w->node->inputs[i] == PLEURA_NONE)
            continue;
        const pleura_value *value = in(w, i);
        if (!value->has_shape)
            return pleura_fail(w->error, PLEURA_ERROR_ONNX,
                               "ONNX: %s reads '%.80s', which nothing before it makes.",
                               pleura_node_describe(w->node, &label), value->name);
        if (value->element != PLEURA_FLOAT && !value->data)
            return pleura_fail(w->error, PLEURA_ERROR_OPERATOR,
                               "ONNX: %s computes with integers ('%.80s').",
                               pleura_node_describe(w->node, &label), value->name);
    }
    return PLEURA_OK;
}

pleura_code pleura_graph_require_image(pleura_graph *graph, pleura_error *error)
{
    const uint32_t *inputs = graph->inputs;
    if (graph->input_count == 0)
        return pleura_fail(error, PLEURA_ERROR_ONNX, "ONNX: the graph has no input.");
    if (graph->input_count > 1)
        return pleura_fail(error, PLEURA_ERROR_SHAPE,
                           "ONNX: two inputs ('%.80s' and '%.80s'); an image classifier has one.",
                           graph->values[inputs[0]].name, graph->values[inputs[1]].name);
    pleura_value *input = &graph->values[inputs[0]];
    if (input->rank != 4 || input->element != PLEURA_FLOAT)
        return pleura_fail(error, PLEURA_ERROR_SHAPE,
                           "ONNX: the input '%.80s' is not a float image of four dimensions.",
                           input->name);
    if (input->dims[0] < 1) /* a symbolic batch */
        input->dims[0] = 1;
    for (int i = 1; i < 4; i++)
        if (input->dims[i] < 1 || input->dims[i] > 16384)
            return pleura_fail(
                error, PLEURA_ERROR_SHAPE,
                "ONNX: dimension %d of the input '%.80s' is not fixed, or not from 1 "
                "to 16384.",
                i, input->name);
    if (input->dims[0] != 1)
        return pleura_fail(error, PLEURA_ERROR_SHAPE,
                           "ONNX: the model takes batches of %lld; export it for 1.",
                           (long long)input->dims[0]);
    return PLEURA_OK;
}

pleura_code pleura_graph_infer(pleura_graph *graph, pleura_error *error)
{
    pleura_code code = PLEURA_OK;
    for (size_t i = 0; code == PLEURA_OK && i < graph->node_count; i++) {
        walk w = {graph, &graph->nodes[i], error};
        code = check_inputs(&w);
        if (code != PLEURA_OK)
            break;
        if (!pleura_fold(graph, w.node)) {
            code = infer_node(&w);
            if (code == PLEURA_OK) {
                graph->values[w.node->output].element = in(&w, 0)->element;
                pass_constant_on(&w);
            }
        }
        if (graph->values[w.node->output].data)
            graph->nodes[i].dead = true;
    }
    for (size_t i = 0; code == PLEURA_OK && i < graph->output_count; i++)
        if (!graph->values[graph->outputs[i]].has_shape)
            code = pleura_fail(error, PLEURA_ERROR_ONNX, "ONNX: nothing makes the output '%.80s'.",
                               graph->values[graph->outputs[i]].name);
    return code;
}
