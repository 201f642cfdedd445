/*
 * What is done once at load so that less is done for each image:
 *   1. nodes that do nothing at inference (Identity, Dropout, Cast of floats) are bridged;
 *   2. BatchNormalization becomes one scale and shift a channel, folded into a convolution before it;
 *   3. a zero Pad becomes padding of the convolution or pooling after it;
 *   4. Relu and Clip become bounds on the output of the node before them;
 *   5. nodes whose output nobody reads are taken out.
 */
#include "../error.h"
#include "fold.h"

#include <math.h>
#include <string.h>

static void count_users(pleura_graph *graph)
{
    for (size_t i = 0; i < graph->value_count; i++)
        graph->values[i].users = 0;
    for (size_t n = 0; n < graph->node_count; n++)
        for (size_t i = 0; !graph->nodes[n].dead && i < graph->nodes[n].input_count; i++)
            if (graph->nodes[n].inputs[i] != PLEURA_NONE)
                graph->values[graph->nodes[n].inputs[i]].users++;
    for (size_t i = 0; i < graph->output_count; i++)
        graph->values[graph->outputs[i]].users++;
}

static void replace_value(pleura_graph *graph, uint32_t from, uint32_t to)
{
    for (size_t n = 0; n < graph->node_count; n++)
        for (size_t i = 0; i < graph->nodes[n].input_count; i++)
            if (graph->nodes[n].inputs[i] == from)
                graph->nodes[n].inputs[i] = to;
    for (size_t i = 0; i < graph->output_count; i++)
        if (graph->outputs[i] == from) {
            graph->outputs[i] = to;
            graph->values[to].name = graph->values[from].name; /* by which it is asked for */
        }
}

/* The live node that makes a value, if this reader is its only one. */
static pleura_node *sole_producer(pleura_graph *graph, uint32_t value)
{
    const pleura_value *v = &graph->values[value];
    if (v->producer == PLEURA_NONE || v->users != 1)
        return NULL;
    pleura_node *node = &graph->nodes[v->producer];
    return node->dead ? NULL : node;
}

/* `node` is absorbed by the node before it, which now makes its output. */
static void absorb(pleura_graph *graph, pleura_node *producer, pleura_node *node)
{
    node->dead = true;
    graph->values[node->output].producer = (uint32_t)(producer - graph->nodes);
    producer->output = node->output;
}

static bool does_nothing(const pleura_node *node)
{
    return node->op == PLEURA_OP_Identity || node->op == PLEURA_OP_Dropout ||
           node->op == PLEURA_OP_Cast;
}

static void bridge_idle(pleura_graph *graph)
{
    for (size_t n = 0; n < graph->node_count; n++) {
        pleura_node *node = &graph->nodes[n];
        if (node->dead || !does_nothing(node))
            continue;
        node->dead = true;
        replace_value(graph, node->output, node->inputs[0]);
    }
}

/* y = scale * x + shift, from gamma, beta, mean, variance and epsilon (Ioffe and Szegedy 2015). */
static pleura_code make_affine(pleura_graph *graph, pleura_node *node, pleura_error *error)
{
    const pleura_value *const v = graph->values;
    const float *gamma = v[node->inputs[1]].data, *beta = v[node->inputs[2]].data;
    const float *mean = v[node->inputs[3]].data, *variance = v[node->inputs[4]].data;
    size_t channels = (size_t)v[node->inputs[0]].dims[1];
    double epsilon = pleura_node_float(node, "epsilon", 1e-5f);
    float *scale = pleura_arena_alloc(&graph->arena, channels * sizeof *scale);
    float *shift = pleura_arena_alloc(&graph->arena, channels * sizeof *shift);
    if (!scale || !shift)
        return pleura_fail_memory(error, channels * sizeof *scale, "batch normalisation");
    for (size_t c = 0; c < channels; c++) {
        double s = gamma[c] / sqrt(variance[c] + epsilon);
        scale[c] = (float)s;
        shift[c] = (float)(beta[c] - mean[c] * s);
    }
    node->channel_scale = scale;
    node->channel_shift = shift;
    return PLEURA_OK;
}

static bool is_unbounded(const pleura_node *node)
{
    return node->clamp_min == -HUGE_VALF && node->clamp_max == HUGE_VALF;
}

static pleura_code fold_into_conv(pleura_graph *graph, pleura_node *conv, pleura_node *norm,
                                  pleura_error *error)
{
    size_t channels = (size_t)graph->values[norm->inputs[0]].dims[1];
    const pleura_value *bias = pleura_node_constant(graph, conv, 2, PLEURA_FLOAT);
    const float *old = conv->channel_shift ? conv->channel_shift : bias ? bias->data : NULL;
    float *scale = pleura_arena_alloc(&graph->arena, channels * sizeof *scale);
    float *shift = pleura_arena_alloc(&graph->arena, channels * sizeof *shift);
    if (!scale || !shift)
        return pleura_fail_memory(error, channels * sizeof *scale, "batch normalisation");
    for (size_t c = 0; c < channels; c++) {
        scale[c] = norm->channel_scale[c] * (conv->channel_scale ? conv->channel_scale[c] : 1);
        shift[c] = norm->channel_shift[c] + norm->channel_scale[c] * (old ? old[c] : 0);
    }
    conv->channel_scale = scale;
    conv->channel_shift = shift;
    absorb(graph, conv, norm);
    return PLEURA_OK;
}

static pleura_code fold_batch_norm(pleura_graph *graph, pleura_error *error)
{
    pleura_code code = PLEURA_OK;
    for (size_t n = 0; code == PLEURA_OK && n < graph->node_count; n++) {
        pleura_node *node = &graph->nodes[n];
        if (node->dead || node->op != PLEURA_OP_BatchNormalization)
            continue;
        code = make_affine(graph, node, error);
        node->input_count = 1; /* the parameters are in channel_scale and channel_shift now */
        pleura_node *conv = sole_producer(graph, node->inputs[0]);
        if (code == PLEURA_OK && conv && conv->op == PLEURA_OP_Conv && is_unbounded(conv))
            code = fold_into_conv(graph, conv, node, error);
    }
    return code;
}

static bool pads_with_zero(const pleura_graph *graph, const pleura_node *pad)
{
    const pleura_value *fill = pleura_node_constant(graph, pad, 2, PLEURA_FLOAT);
    float value = fill ? *(const float *)fill->data : pleura_node_float(pad, "value", 0);
    return value == 0;
}

static bool pads_itself(const pleura_node *node)
{
    const pleura_attribute *auto_pad = pleura_node_attribute(node, "auto_pad", 's');
    return auto_pad && strncmp(auto_pad->s, "SAME", 4) == 0;
}

static void fold_pads(pleura_graph *graph)
{
    for (size_t n = 0; n < graph->node_count; n++) {
        pleura_node *node = &graph->nodes[n];
        if (node->dead || node->op != PLEURA_OP_Conv)
            continue;
        pleura_node *pad = sole_producer(graph, node->inputs[0]);
        const int64_t *pads;
        size_t count;
        if (!pad || pad->op != PLEURA_OP_Pad || !pads_with_zero(graph, pad) || pads_itself(node) ||
            pleura_node_ints(graph, pad, "pads", 1, &pads, &count, NULL) != PLEURA_OK ||
            count != 8 || pads[0] || pads[1] || pads[4] || pads[5])
            continue;
        const int64_t extra[4] = {pads[2], pads[3], pads[6], pads[7]};
        memcpy(node->extra_pads, extra, sizeof extra);
        node->inputs[0] = pad->inputs[0];
        pad->dead = true;
    }
}

/* The bounds of a Relu or a Clip; false for anything else, or for bounds that are not constant. */
static bool clamp_bounds(const pleura_graph *graph, const pleura_node *node, float *low,
                         float *high)
{
    *low = 0;
    *high = HUGE_VALF;
    if (node->op == PLEURA_OP_Relu)
        return true;
    if (node->op != PLEURA_OP_Clip)
        return false;
    *low = pleura_node_float(node, "min", -HUGE_VALF);
    *high = pleura_node_float(node, "max", HUGE_VALF);
    float *bounds[] = {low, high};
    for (size_t i = 0; i < 2; i++) {
        if (node->input_count <= i + 1 || node->inputs[i + 1] == PLEURA_NONE)
            continue;
        const pleura_value *bound = pleura_node_constant(graph, node, i + 1, PLEURA_FLOAT);
        if (!bound || pleura_value_elements(bound) != 1)
            return false;
        *bounds[i] = *(const float *)bound->data;
    }
    return *low < *high;
}

static bool takes_bounds(const pleura_node *node)
{
    switch (node->op) {
    case PLEURA_OP_Add:
    case PLEURA_OP_AveragePool:
    case PLEURA_OP_BatchNormalization:
    case PLEURA_OP_Conv:
    case PLEURA_OP_Div:
    case PLEURA_OP_Gemm:
    case PLEURA_OP_MatMul:
    case PLEURA_OP_MaxPool:
    case PLEURA_OP_Mul:
    case PLEURA_OP_Sub:
        return is_unbounded(node);
    default:
        return false;
    }
}

static pleura_code fold_clamps(pleura_graph *graph, pleura_error *error)
{
    for (size_t n = 0; n < graph->node_count; n++) {
        pleura_node *node = &graph->nodes[n];
        float low, high;
        if (node->dead || (node->op != PLEURA_OP_Relu && node->op != PLEURA_OP_Clip))
            continue;
        pleura_node_label label;
        if (!clamp_bounds(graph, node, &low, &high))
            return pleura_fail(error, PLEURA_ERROR_OPERATOR,
                               "ONNX: %s has bounds that are computed, or that leave no room.",
                               pleura_node_describe(node, &label));
        pleura_node *producer = sole_producer(graph, node->inputs[0]);
        bool fold = producer && takes_bounds(producer);
        pleura_node *bounded = fold ? producer : node;
        bounded->clamp_min = low;
        bounded->clamp_max = high;
        if (fold)
            absorb(graph, producer, node);
        else
            node->input_count = 1;
    }
    return PLEURA_OK;
}

/* Backwards: a node lives if somebody after it that lives reads it. */
static void bury_unread(pleura_graph *graph)
{
    for (size_t n = graph->node_count; n-- > 0;) {
        pleura_node *node = &graph->nodes[n];
        if (node->dead || graph->values[node->output].users > 0)
            continue;
        node->dead = true;
        for (size_t i = 0; i < node->input_count; i++)
            if (node->inputs[i] != PLEURA_NONE)
                graph->values[node->inputs[i]].users--;
    }
}

pleura_code pleura_graph_simplify(pleura_graph *graph, pleura_error *error)
{
    bridge_idle(graph);
    count_users(graph);
    bury_unread(graph);
    pleura_code code = fold_batch_norm(graph, error);
    if (code == PLEURA_OK) {
        fold_pads(graph);
        code = fold_clamps(graph, error);
    }
    return code;
}
