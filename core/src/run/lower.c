/* The walk: from nodes to steps, and from steps to a plan that can run. */
#include "lower.h"

#include "../error.h"

static pleura_code build(pleura_lowering *l)
{
    for (pleura_step *step = l->plan->steps; l->code == PLEURA_OK && step; step = step->next) {
        if (step->kind->build && !step->elided)
            l->code = step->kind->build(l, step);
        pleura_arena_free(&l->scratch);
    }
    return l->code;
}

static pleura_code bind(pleura_lowering *l)
{
    for (pleura_step *step = l->plan->steps; l->code == PLEURA_OK && step; step = step->next) {
        if (step->kind->bind && !step->elided)
            pleura_lower_check(l, step, step->kind->bind(step));
        step->node = NULL; /* the graph goes */
    }
    return l->code;
}

static pleura_code lower_computation(pleura_lowering *l, const pleura_node *node)
{
    switch (node->op) {
    case PLEURA_OP_Conv:
        return pleura_lower_conv(l, node);
    case PLEURA_OP_BatchNormalization:
        return pleura_lower_affine(l, node);
    case PLEURA_OP_AveragePool:
    case PLEURA_OP_MaxPool:
        return pleura_lower_pool(l, node);
    case PLEURA_OP_Gemm:
    case PLEURA_OP_MatMul:
        return pleura_lower_product(l, node);
    case PLEURA_OP_Add:
    case PLEURA_OP_Sub:
    case PLEURA_OP_Mul:
    case PLEURA_OP_Div:
    case PLEURA_OP_PRelu:
        return pleura_lower_binary(l, node);
    case PLEURA_OP_Relu:
    case PLEURA_OP_Clip:
    case PLEURA_OP_Elu:
    case PLEURA_OP_Gelu:
    case PLEURA_OP_LeakyRelu:
    case PLEURA_OP_Sigmoid:
    case PLEURA_OP_Tanh:
    case PLEURA_OP_HardSwish:
    case PLEURA_OP_HardSigmoid:
        return pleura_lower_unary(l, node);
    case PLEURA_OP_GlobalAveragePool:
    case PLEURA_OP_ReduceMean:
        return pleura_lower_reduce(l, node);
    case PLEURA_OP_Concat:
        return pleura_lower_concat(l, node);
    case PLEURA_OP_Flatten:
    case PLEURA_OP_Reshape:
    case PLEURA_OP_Squeeze:
    case PLEURA_OP_Unsqueeze:
        return pleura_lower_reshape(l, node);
    case PLEURA_OP_Transpose:
        return pleura_lower_transpose(l, node);
    case PLEURA_OP_Pad:
        return pleura_lower_pad(l, node);
    case PLEURA_OP_Softmax:
        return pleura_lower_softmax(l, node);
    default:
        return pleura_lower_plain(l, node);
    }
}

/* The numbers of Identity, MaxPool and the like stay on their grid by themselves. */
static bool leaves_grid(const pleura_graph *graph, const pleura_node *node)
{
    return graph->values[node->output].grid &&
           graph->values[node->output].grid != graph->values[node->inputs[0]].grid;
}

static pleura_code lower_node(pleura_lowering *l, const pleura_node *node)
{
    if (pleura_lower_integers(l, node))
        return l->code;
    const bool cut = pleura_lower_cut(l, node);
    if (!cut && pleura_runs_plain(l->graph, node)) /* which rounds, too */
        return pleura_lower_plain(l, node);
    pleura_code code = cut ? l->code : lower_computation(l, node);
    if (code == PLEURA_OK && leaves_grid(l->graph, node))
        code = pleura_lower_rounding(l, node);
    return code;
}

static void keep(pleura_tensor *tensor)
{
    if (tensor)
        tensor->kept = tensor->packed = true;
}

static pleura_code declare(pleura_lowering *l)
{
    const pleura_graph *graph = l->graph;
    for (size_t i = 0; i < graph->input_count; i++)
        keep(pleura_lower_make(l, graph->inputs[i], PLEURA_PLAIN));
    for (size_t i = 0; l->code == PLEURA_OK && i < graph->node_count; i++)
        if (!graph->nodes[i].dead)
            l->code = lower_node(l, &graph->nodes[i]);
    for (size_t i = 0; i < graph->output_count; i++)
        if (!graph->values[graph->outputs[i]].data)
            keep(pleura_lower_use(l, graph->outputs[i], PLEURA_PLAIN));
    return l->code;
}

pleura_code pleura_lower(pleura_lowering *l)
{
    const pleura_value *answer = &l->graph->values[l->graph->outputs[0]];
    if (answer->producer == PLEURA_NONE)
        return pleura_fail(l->error, PLEURA_ERROR_ONNX,
                           "ONNX: the output '%.80s' depends on no image.", answer->name);
    if (declare(l) == PLEURA_OK)
        l->code = pleura_plan_place(l->plan, l->error);
    if (l->code == PLEURA_OK && build(l) == PLEURA_OK)
        l->code = pleura_plan_arrange(l->plan, l->error);
    return l->code == PLEURA_OK ? bind(l) : l->code;
}
