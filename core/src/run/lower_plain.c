/*
 * Nodes for which XNNPACK has no operator, or not in the way in which the node is used: the plain
 * loops of graph/plain.h as steps. And the rounding of quantised values that are computed in floats.
 */
#include "../graph/plain.h"

#include "../error.h"
#include "../graph/fold.h"
#include "../graph/window.h"
#include "lower.h"

#include <math.h>
#include <string.h>

/* ---- Which nodes these are ---- */

static bool is_real_constant(const pleura_graph *graph, const pleura_node *node, size_t input)
{
    const pleura_value *value = &graph->values[node->inputs[input]];
    return value->data && pleura_is_real(value);
}

#define LARGEST_WINDOW 1024

static bool is_plain_window(const pleura_graph *graph, const pleura_node *node)
{
    const pleura_value *x = &graph->values[node->inputs[0]];
    pleura_window w;
    const bool conv = node->op == PLEURA_OP_Conv;
    if (x->rank != 4 || node->part)
        return true;
    for (size_t i = 1; conv && i < node->input_count; i++)
        if (!is_real_constant(graph, node, i))
            return true;
    if (conv)
        return false;
    if (pleura_window_resolve(graph, node, NULL, &w, NULL) != PLEURA_OK)
        return true;
    /* XNNPACK pools windows of more than one place that leave none out, and keeps a pointer for each
     * place of each window. */
    return w.kernel[0] * w.kernel[1] == 1 || w.kernel[0] * w.kernel[1] > LARGEST_WINDOW ||
           w.stride[0] > w.kernel[0] || w.stride[1] > w.kernel[1] ||
           (node->op == PLEURA_OP_AveragePool && (w.dilation[0] != 1 || w.dilation[1] != 1));
}

/* Batches of matrices, number by number the same in both factors. */
static bool are_batches(const pleura_node *node, const pleura_value *a, const pleura_value *b)
{
    bool bounded = node->clamp_min != -HUGE_VALF || node->clamp_max != HUGE_VALF;
    bool same = node->op == PLEURA_OP_MatMul && !bounded && !a->data && !b->data &&
                a->rank == b->rank && a->rank >= 2;
    for (int i = 0; same && i < a->rank - 2; i++)
        same = a->dims[i] == b->dims[i];
    return same;
}

static bool is_plain_product(const pleura_graph *graph, const pleura_node *node)
{
    const pleura_value *a = &graph->values[node->inputs[0]], *b = &graph->values[node->inputs[1]];
    if (are_batches(node, a, b))
        return false;
    if (a->rank < 2 || b->rank != 2 || a->data || !is_real_constant(graph, node, 1) ||
        (node->op == PLEURA_OP_Gemm && pleura_node_int(node, "transA", 0)))
        return true;
    if (node->input_count < 3)
        return false;
    const pleura_value *c = &graph->values[node->inputs[2]], *out = &graph->values[node->output];
    int64_t count = pleura_value_elements(c), outputs = out->dims[out->rank - 1];
    return !is_real_constant(graph, node, 2) ||
           (count != 1 && (count != outputs || c->dims[c->rank - 1] != outputs));
}

static bool is_plain_pad(const pleura_graph *graph, const pleura_node *node)
{
    const pleura_attribute *mode = pleura_node_attribute(node, "mode", 's');
    const int64_t *pads;
    size_t count;
    bool plain = (mode && strcmp(mode->s, "constant") != 0) || node->input_count > 3 ||
                 (node->input_count > 2 && !pleura_node_constant(graph, node, 2, PLEURA_FLOAT)) ||
                 pleura_node_ints(graph, node, "pads", 1, &pads, &count, NULL) != PLEURA_OK;
    for (size_t i = 0; !plain && i < count; i++)
        plain = pads[i] < 0;
    return plain;
}

static bool is_plain_softmax(const pleura_graph *graph, const pleura_node *node)
{
    const pleura_value *x = &graph->values[node->inputs[0]];
    bool together = graph->opset < 13; /* everything from the axis on is one */
    int axis = pleura_axis(pleura_node_int(node, "axis", together ? 1 : -1), x->rank);
    int64_t behind = 1;
    for (int i = axis + 1; i < x->rank; i++)
        behind *= x->dims[i];
    return axis != x->rank - 1 && !(x->rank == 4 && axis == 1 && (!together || behind == 1));
}

static bool is_plain_mean(const pleura_graph *graph, const pleura_node *node)
{
    bool reduced[PLEURA_MAX_RANK], any = false;
    if (pleura_node_axes(graph, node, reduced, NULL, NULL) != PLEURA_OK)
        return true;
    for (int i = 0; i < PLEURA_MAX_RANK; i++)
        any = any || reduced[i];
    return !any;
}

bool pleura_runs_plain(const pleura_graph *graph, const pleura_node *node)
{
    const pleura_value *x = &graph->values[node->inputs[0]];
    if (graph->values[node->output].whole || graph->values[node->output].rank == 0)
        return true;
    for (size_t i = 0; i < node->input_count; i++)
        if (node->inputs[i] != PLEURA_NONE && graph->values[node->inputs[i]].whole)
            return true;
    switch (node->op) {
    case PLEURA_OP_AveragePool:
    case PLEURA_OP_Conv:
    case PLEURA_OP_MaxPool:
        return is_plain_window(graph, node);
    case PLEURA_OP_Gemm:
    case PLEURA_OP_MatMul:
        return is_plain_product(graph, node);
    case PLEURA_OP_GlobalAveragePool:
        return x->rank != 4;
    case PLEURA_OP_BatchNormalization:
        return !node->channel_scale || x->rank != 4;
    case PLEURA_OP_Pad:
        return is_plain_pad(graph, node);
    case PLEURA_OP_ReduceMean:
        return is_plain_mean(graph, node);
    case PLEURA_OP_Softmax:
        return is_plain_softmax(graph, node);
    case PLEURA_OP_Gelu:
        return pleura_node_attribute(node, "approximate", 's') != NULL;
    case PLEURA_OP_Clip:
    case PLEURA_OP_Relu:
        return node->input_count > 1 || node->clamp_min >= node->clamp_max;
    case PLEURA_OP_Add:
    case PLEURA_OP_Concat:
    case PLEURA_OP_Div:
    case PLEURA_OP_Elu:
    case PLEURA_OP_Flatten:
    case PLEURA_OP_HardSigmoid:
    case PLEURA_OP_HardSwish:
    case PLEURA_OP_LeakyRelu:
    case PLEURA_OP_Mul:
    case PLEURA_OP_PRelu:
    case PLEURA_OP_Reshape:
    case PLEURA_OP_Sigmoid:
    case PLEURA_OP_Squeeze:
    case PLEURA_OP_Sub:
    case PLEURA_OP_Tanh:
    case PLEURA_OP_Transpose:
    case PLEURA_OP_Unsqueeze:
        return false;
    default:
        return true;
    }
}

/* ---- The step ---- */

typedef struct plain_step {
    pleura_plain plain;
    size_t which[PLEURA_STEP_INPUTS]; /* input of the node that each input of the step is */
    size_t count;
    bool *channels_last; /* of the node's inputs, then of its output */
} plain_step;

static pleura_code build_plain(pleura_lowering *l, pleura_step *step)
{
    plain_step *s = step->context;
    const pleura_plain_request request = {l->graph,         step->node, PLEURA_FLOAT,
                                          s->channels_last, true,       &l->plan->keep};
    return l->code = pleura_plain_prepare(&request, &s->plain, l->error);
}

static enum xnn_status bind_plain(pleura_step *step)
{
    plain_step *s = step->context;
    for (size_t i = 0; i < s->count; i++)
        s->plain.inputs[s->which[i]] = pleura_step_input(step, i);
    s->plain.output = pleura_step_output(step);
    return xnn_status_success;
}

static enum xnn_status run_plain(const pleura_step *step, pthreadpool_t threads)
{
    (void)threads;
    pleura_plain_run(&((const plain_step *)step->context)->plain);
    return xnn_status_success;
}

static const pleura_step_kind plain_kind = {
    .name = "plain loops", .build = build_plain, .bind = bind_plain, .run = run_plain};

static pleura_form form_for(const pleura_lowering *l, const pleura_node *node)
{
    const pleura_value *values = l->graph->values;
    if (!pleura_plain_takes_channels_last(node->op) || values[node->output].rank != 4)
        return PLEURA_PLAIN;
    for (size_t i = 0; i < node->input_count; i++)
        if (node->inputs[i] != PLEURA_NONE && !values[node->inputs[i]].data &&
            values[node->inputs[i]].rank == 4)
            return pleura_lower_present_form(l, node->inputs[i]);
    return PLEURA_PLAIN;
}

pleura_code pleura_lower_plain(pleura_lowering *l, const pleura_node *node)
{
    const pleura_value *values = l->graph->values;
    const pleura_form form = form_for(l, node);
    plain_step *s = pleura_lower_keep(l, sizeof *s);
    bool *last = pleura_lower_keep(l, (node->input_count + 1) * sizeof *last);
    pleura_tensor *inputs[PLEURA_STEP_INPUTS] = {NULL};
    pleura_node_label label;
    if (!s || !last)
        return l->code;
    s->channels_last = last;
    for (size_t i = 0; i < node->input_count; i++) {
        if (node->inputs[i] == PLEURA_NONE || values[node->inputs[i]].data)
            continue;
        if (s->count == PLEURA_STEP_INPUTS)
            return l->code = pleura_fail(l->error, PLEURA_ERROR_OPERATOR,
                                         "ONNX: %s has more than %d computed inputs.",
                                         pleura_node_describe(node, &label), PLEURA_STEP_INPUTS);
        last[i] = form == PLEURA_NHWC && values[node->inputs[i]].rank == 4;
        s->which[s->count] = i;
        inputs[s->count] =
            pleura_lower_use(l, node->inputs[i], last[i] ? PLEURA_NHWC : PLEURA_PLAIN);
        if (!inputs[s->count++])
            return l->code;
    }
    last[node->input_count] = form == PLEURA_NHWC;
    pleura_tensor *output = pleura_lower_make(l, node->output, form);
    pleura_step *step = pleura_lower_step(l, node, &plain_kind, inputs[0], inputs[1], output);
    if (!step)
        return l->code;
    step->context = s;
    for (size_t i = 2; i < s->count; i++) {
        step->inputs[i] = inputs[i];
        inputs[i]->packed = true;
    }
    return l->code;
}

/* ---- Rounding to a grid ---- */

static enum xnn_status run_rounding(const pleura_step *step, pthreadpool_t threads)
{
    (void)threads;
    const pleura_tensor *x = step->inputs[0], *y = step->output;
    const float *from = pleura_step_input(step, 0);
    float *to = pleura_step_output(step);
    for (size_t row = 0; row < y->rows; row++) {
        if (to != from)
            memcpy(to + row * y->stride, from + row * x->stride, y->width * sizeof *to);
        pleura_plain_snap(to + row * y->stride, y->width, step->context);
    }
    return xnn_status_success;
}

static const pleura_step_kind rounding = {.name = "rounding",
                                          .strided_input = true,
                                          .strided_output = true,
                                          .in_place = true,
                                          .run = run_rounding};

pleura_code pleura_lower_rounding(pleura_lowering *l, const pleura_node *node)
{
    const pleura_grid *grid =
        pleura_plain_keep_grid(l->graph->values[node->output].grid, &l->plan->keep);
    if (!grid)
        return l->code = pleura_fail_memory(l->error, sizeof *grid, node->name);
    const pleura_form form = pleura_lower_present_form(l, node->output);
    pleura_tensor *from = pleura_lower_use(l, node->output, form);
    l->tensors[node->output][PLEURA_PLAIN] = l->tensors[node->output][PLEURA_NHWC] = NULL;
    pleura_tensor *to = pleura_lower_make(l, node->output, form);
    pleura_step *step = pleura_lower_step(l, node, &rounding, from, NULL, to);
    if (step)
        step->context = (void *)(uintptr_t)grid;
    return l->code;
}
