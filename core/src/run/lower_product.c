/* Gemm and MatMul: products with a constant matrix, and of two computed ones. */
#include "lower.h"

/* ---- With a constant matrix ---- */

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

/* ---- Of two computed tensors: as many products as the axes before the last two have places ---- */

static size_t batches_of(const pleura_dims *dims)
{
    size_t batches = 1;
    for (size_t i = 0; i + 2 < dims->rank; i++)
        batches *= dims->size[i];
    return batches;
}

static pleura_code build_products(pleura_lowering *l, pleura_step *step)
{
    const pleura_dims *a = &step->inputs[0]->dims, *b = &step->inputs[1]->dims;
    size_t batches = batches_of(a), alignment;
    enum xnn_status status = xnn_create_batch_matrix_multiply_nc_f32(0, &step->operator);
    if (status == xnn_status_success)
        status = xnn_reshape_batch_matrix_multiply_nc_f32(
            step->operator, 1, &batches, &batches, a->size[a->rank - 2], a->size[a->rank - 1],
            b->size[b->rank - 1], &step->workspace, &alignment, l->threads);
    return pleura_lower_check(l, step, status);
}

static enum xnn_status bind_products(pleura_step *step)
{
    return xnn_setup_batch_matrix_multiply_nc_f32(
        step->operator, pleura_step_workspace(step), pleura_step_input(step, 0),
        pleura_step_input(step, 1), pleura_step_output(step));
}

static const pleura_step_kind products = {
    .name = "matrix products", .build = build_products, .bind = bind_products};

pleura_code pleura_lower_product(pleura_lowering *l, const pleura_node *node)
{
    const bool computed = !l->graph->values[node->inputs[1]].data;
    pleura_tensor *second = computed ? pleura_lower_use(l, node->inputs[1], PLEURA_PLAIN) : NULL;
    pleura_tensor *x = pleura_lower_use(l, node->inputs[0], PLEURA_PLAIN);
    pleura_tensor *y = pleura_lower_make(l, node->output, PLEURA_PLAIN);
    pleura_lower_step(l, node, computed ? &products : &product, x, second, y);
    return l->code;
}
