/*
 * What is done once at load so that less is done for each image:
 *   1. nodes that do nothing at inference (Identity, Dropout, Cast of floats) are bridged;
 *   2. an activation function that is written as several nodes becomes one (patterns.c);
 *   3. BatchNormalization becomes one scale and shift a channel, folded into a convolution before it;
 *   4. a zero Pad becomes padding of the convolution after it;
 *   5. Relu and Clip become bounds on the output of the node before them;
 *   6. QuantizeLinear and DequantizeLinear become grids on values (quantise.c);
 *   7. nodes whose output nobody reads are taken out.
 */
#include "passes.h"

#include "../error.h"
#include "extents.h"
#include "fold.h"

#include <math.h>
#include <string.h>

/* ---- What passes have in common ---- */

void pleura_count_users(pleura_graph *graph)
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

void pleura_replace_value(pleura_graph *graph, uint32_t from, uint32_t to)
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

pleura_node *pleura_producer(pleura_graph *graph, uint32_t value)
{
    if (value == PLEURA_NONE || graph->values[value].producer == PLEURA_NONE)
        return NULL;
    pleura_node *node = &graph->nodes[graph->values[value].producer];
    return node->dead ? NULL : node;
}

pleura_node *pleura_sole_producer(pleura_graph *graph, uint32_t value)
{
    return value != PLEURA_NONE && graph->values[value].users == 1 ? pleura_producer(graph, value)
                                                                   : NULL;
}

void pleura_absorb(pleura_graph *graph, pleura_node *producer, pleura_node *node)
{
    node->dead = true;
    graph->values[node->output].producer = (uint32_t)(producer - graph->nodes);
    producer->output = node->output;
}

/* ---- Nodes that do nothing ---- */

static bool does_nothing(const pleura_graph *graph, const pleura_node *node)
{
    bool cast = node->op == PLEURA_OP_Cast || node->op == PLEURA_OP_CastLike;
    if (cast && pleura_node_int(node, "exact", 0)) /* functions.c: they are whole numbers already */
        return true;
    if (cast && pleura_cast_type(graph, node) != PLEURA_TYPE_BOOL &&
        !pleura_cast_rounds(graph, node))
        return !graph->values[node->output].whole || graph->values[node->inputs[0]].whole;
    return node->op == PLEURA_OP_Identity || node->op == PLEURA_OP_Dropout;
}

static void bridge_idle(pleura_graph *graph)
{
    for (size_t n = 0; n < graph->node_count; n++) {
        pleura_node *node = &graph->nodes[n];
        if (node->dead || !does_nothing(graph, node))
            continue;
        node->dead = true;
        pleura_replace_value(graph, node->output, node->inputs[0]);
        pleura_value *image = &graph->values[node->inputs[0]];
        if (image->producer == PLEURA_NONE && !graph->values[node->output].whole)
            image->whole =
                false; /* bytes that are cast: whoever reads them may take them as floats */
    }
}

/* ---- Batch norm ---- */

/* y = scale * x + shift, from gamma, beta, mean, variance and epsilon (Ioffe and Szegedy 2015). */
static pleura_code make_affine(pleura_graph *graph, pleura_node *node, pleura_error *error)
{
    const pleura_value *const v = graph->values;
    const float *parameters[4];
    for (int i = 0; i < 4; i++) {
        parameters[i] = pleura_constant_floats(&v[node->inputs[i + 1]], &graph->arena);
        if (!parameters[i])
            return pleura_fail_memory(error, sizeof *parameters, "batch normalisation");
    }
    const float *gamma = parameters[0], *beta = parameters[1];
    const float *mean = parameters[2], *variance = parameters[3];
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
    const float *old = conv->channel_shift;
    if (!old && conv->input_count > 2)
        old = pleura_constant_floats(&graph->values[conv->inputs[2]], &graph->arena);
    float *scale = pleura_arena_alloc(&graph->arena, channels * sizeof *scale);
    float *shift = pleura_arena_alloc(&graph->arena, channels * sizeof *shift);
    if (!scale || !shift || (!old && conv->input_count > 2))
        return pleura_fail_memory(error, channels * sizeof *scale, "batch normalisation");
    for (size_t c = 0; c < channels; c++) {
        scale[c] = norm->channel_scale[c] * (conv->channel_scale ? conv->channel_scale[c] : 1);
        shift[c] = norm->channel_shift[c] + norm->channel_scale[c] * (old ? old[c] : 0);
    }
    conv->channel_scale = scale;
    conv->channel_shift = shift;
    pleura_absorb(graph, conv, norm);
    return PLEURA_OK;
}

/* Whether all inputs from the second on are constants. */
static bool has_constants(const pleura_graph *graph, const pleura_node *node)
{
    for (size_t i = 1; i < node->input_count; i++)
        if (node->inputs[i] == PLEURA_NONE || !graph->values[node->inputs[i]].data)
            return false;
    return true;
}

static pleura_code fold_batch_norm(pleura_graph *graph, pleura_error *error)
{
    pleura_code code = PLEURA_OK;
    for (size_t n = 0; code == PLEURA_OK && n < graph->node_count; n++) {
        pleura_node *node = &graph->nodes[n];
        if (node->dead || node->op != PLEURA_OP_BatchNormalization || !has_constants(graph, node) ||
            pleura_batch_norm_trains(graph, node))
            continue;
        code = make_affine(graph, node, error);
        node->input_count = 1; /* the parameters are in channel_scale and channel_shift now */
        pleura_node *conv = pleura_sole_producer(graph, node->inputs[0]);
        if (code == PLEURA_OK && conv && conv->op == PLEURA_OP_Conv && is_unbounded(conv) &&
            has_constants(graph, conv))
            code = fold_into_conv(graph, conv, node, error);
    }
    return code;
}

/* ---- Padding ---- */

static bool pads_with_zero(const pleura_graph *graph, const pleura_node *pad)
{
    const pleura_attribute *mode = pleura_node_attribute(pad, "mode", 's');
    const pleura_value *fill = pleura_node_constant(graph, pad, 2, PLEURA_FLOAT);
    bool other = !fill && pad->input_count > 2 && pad->inputs[2] != PLEURA_NONE;
    float value = fill ? *(const float *)fill->data : pleura_node_float(pad, "value", 0);
    return value == 0 && !other && (!mode || strcmp(mode->s, "constant") == 0);
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
        pleura_node *pad = pleura_sole_producer(graph, node->inputs[0]);
        int64_t before[PLEURA_MAX_RANK], after[PLEURA_MAX_RANK];
        if (!pad || pad->op != PLEURA_OP_Pad || graph->values[pad->output].rank != 4 ||
            !pads_with_zero(graph, pad) || pads_itself(node) ||
            pleura_pads_resolve(graph, pad, before, after, NULL) != PLEURA_OK || before[0] ||
            before[1] || after[0] || after[1] || before[2] < 0 || before[3] < 0 || after[2] < 0 ||
            after[3] < 0)
            continue;
        const int64_t extra[4] = {before[2], before[3], after[2], after[3]};
        memcpy(node->extra_pads, extra, sizeof extra);
        node->inputs[0] = pad->inputs[0];
        pad->dead = true;
    }
}

/* ---- Relu and Clip ---- */

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

static void fold_clamps(pleura_graph *graph)
{
    for (size_t n = 0; n < graph->node_count; n++) {
        pleura_node *node = &graph->nodes[n];
        float low, high;
        if (node->dead || !clamp_bounds(graph, node, &low, &high))
            continue;
        pleura_node *producer = pleura_sole_producer(graph, node->inputs[0]);
        bool fold = producer && takes_bounds(producer);
        pleura_node *bounded = fold ? producer : node;
        bounded->clamp_min = low;
        bounded->clamp_max = high;
        if (fold)
            pleura_absorb(graph, producer, node);
        else
            node->input_count = 1;
    }
}

/* ---- What nobody reads ---- */

/* Backwards: a node lives if somebody after it that lives reads it. */
void pleura_bury_unread(pleura_graph *graph)
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
    pleura_count_users(graph);
    pleura_bury_unread(graph);
    pleura_fuse_patterns(graph);
    pleura_code code = fold_batch_norm(graph, error);
    if (code == PLEURA_OK) {
        fold_pads(graph);
        fold_clamps(graph);
        code = pleura_quantise(graph, error);
    }
    pleura_count_users(graph);
    pleura_bury_unread(graph);
    if (code == PLEURA_OK && graph->out_of_memory)
        code = pleura_fail(error, PLEURA_ERROR_MEMORY, "Out of memory while simplifying.");
    return code;
}
