/* Which nodes compute in integers. */
#include "integers.h"

/* A QuantizeLinear after which all go on with the grid. */
static bool round_input(pleura_lowering *l, const pleura_node *node)
{
    pleura_steps steps;
    const pleura_value *output = &l->graph->values[node->output];
    if (!pleura_steps_made(l->graph, node, &steps) || output->grid == NULL ||
        l->graph->values[node->inputs[0]].data)
        return false;
    if (pleura_integer_frames(l, node->output))
        return true;
    pleura_qframe frame = pleura_no_frame(output);
    pleura_round_to_steps(l, node->inputs[0], node->output, &frame,
                          pleura_make_steps(l, node->output));
    return true;
}

/* The same numbers in the same order, where only the channels are many. */
static bool lower_reshape(pleura_lowering *l, const pleura_node *node)
{
    const pleura_value *x = &l->graph->values[node->inputs[0]];
    const pleura_value *y = &l->graph->values[node->output];
    pleura_steps in, out;
    if (!pleura_steps_of(x, &in) || !pleura_steps_made(l->graph, node, &out) ||
        in.scale != out.scale || in.low != out.low || in.high != out.high || x->dims[0] != 1 ||
        y->dims[0] != 1 || x->dims[1] != y->dims[1] || pleura_value_elements(x) != x->dims[1])
        return false;
    pleura_tensor *from = pleura_use_steps(l, node->inputs[0]);
    pleura_lower_copy(l, node, from, pleura_make_steps(l, node->output));
    return true;
}

bool pleura_lower_integers(pleura_lowering *l, const pleura_node *node)
{
    switch (node->op) {
    case PLEURA_OP_Conv:
    case PLEURA_OP_Gemm:
    case PLEURA_OP_MatMul:
        return pleura_integer_convolution(l, node);
    case PLEURA_OP_Identity:
        return round_input(l, node);
    case PLEURA_OP_Add:
    case PLEURA_OP_Clip:
    case PLEURA_OP_Relu:
        return pleura_integer_elementwise(l, node);
    case PLEURA_OP_AveragePool:
    case PLEURA_OP_GlobalAveragePool:
    case PLEURA_OP_MaxPool:
    case PLEURA_OP_ReduceMean:
        return pleura_integer_pooling(l, node);
    case PLEURA_OP_Concat:
        return pleura_integer_concat(l, node);
    case PLEURA_OP_Flatten:
    case PLEURA_OP_Reshape:
    case PLEURA_OP_Squeeze:
    case PLEURA_OP_Unsqueeze:
        return lower_reshape(l, node);
    default:
        return false;
    }
}
