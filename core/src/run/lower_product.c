/* Gemm and MatMul: products with a constant matrix. */
#include "lower.h"

/* Times alpha or beta: a copy, unless the factor is ONNX's default of 1. */
static const float *scaled(pleura_lowering *l, const float *from, size_t count, float factor)
{
    if (factor == 1)
        return from;
    float *copy = pleura_lower_scratch(l, count * sizeof *copy);
    for (size_t i = 0; copy && i < count; i++)
        copy[i] = from[i] * factor;
    return copy;
}

static const float *bias_of(pleura_lowering *l, const pleura_node *node, size_t outputs)
{
    float beta = pleura_node_float(node, "beta", 1);
    if (node->op != PLEURA_OP_Gemm || node->input_count < 3)
        return NULL;
    const pleura_value *c = &l->graph->values[node->inputs[2]];
    const float *numbers = pleura_lower_floats(l, c);
    if (!numbers || pleura_value_elements(c) != 1)
        return numbers ? scaled(l, numbers, outputs, beta) : NULL;
    float *filled = pleura_lower_scratch(l, outputs * sizeof *filled);
    for (size_t i = 0; filled && i < outputs; i++)
        filled[i] = *numbers * beta;
    return filled;
}

static pleura_code build_product(pleura_lowering *l, pleura_step *step)
{
    const pleura_node *node = step->node;
    const pleura_tensor *x = step->inputs[0], *y = step->output;
    const pleura_value *b = &l->graph->values[node->inputs[1]];
    bool gemm = node->op == PLEURA_OP_Gemm;
    bool outputs_first = gemm && pleura_node_int(node, "transB", 0);
    float alpha = gemm ? pleura_node_float(node, "alpha", 1) : 1;
    const float *numbers = pleura_lower_floats(l, b);
    if (!numbers)
        return l->code;
    const float *weights = scaled(l, numbers, (size_t)pleura_value_elements(b), alpha);
    const float *bias = bias_of(l, node, y->width);
    if (l->code != PLEURA_OK)
        return l->code;
    enum xnn_status status = xnn_create_fully_connected_nc_f32(
        x->width, y->width, x->stride, y->stride, weights, bias, node->clamp_min, node->clamp_max,
        outputs_first ? 0 : XNN_FLAG_TRANSPOSE_WEIGHTS, NULL, NULL, &step->operator);
    if (status == xnn_status_success)
        status = xnn_reshape_fully_connected_nc_f32(step->operator, x->rows, l->threads);
    return pleura_lower_check(l, step, status);
}

static enum xnn_status bind_product(pleura_step *step)
{
    return xnn_setup_fully_connected_nc_f32(step->operator, pleura_step_input(step, 0),
                                            pleura_step_output(step));
}

static const pleura_step_kind product = {.name = "matrix product",
                                         .strided_input = true,
                                         .strided_output = true,
                                         .build = build_product,
                                         .bind = bind_product};

pleura_code pleura_lower_product(pleura_lowering *l, const pleura_node *node)
{
    pleura_tensor *x = pleura_lower_use(l, node->inputs[0], PLEURA_PLAIN);
    pleura_tensor *y = pleura_lower_make(l, node->output, PLEURA_PLAIN);
    pleura_lower_step(l, node, &product, x, NULL, y);
    return l->code;
}
