/* Nodes that treat every element alike. */
#include "../error.h"
#include "lower.h"

#include <math.h>

/* ---- One input ---- */

typedef struct unary {
    enum xnn_unary_operator type;
    union xnn_unary_params params;
} unary;

static pleura_code build_unary(pleura_lowering *l, pleura_step *step)
{
    const pleura_tensor *x = step->inputs[0], *y = step->output;
    const unary *u = step->context;
    enum xnn_status status = xnn_create_unary_elementwise_nc(
        u->type, xnn_datatype_fp32, xnn_datatype_fp32, &u->params, NULL, NULL, 0, &step->operator);
    if (status == xnn_status_success)
        status = xnn_reshape_unary_elementwise_nc(step->operator, x->rows, x->width, x->stride,
                                                  y->stride, l->threads);
    return pleura_lower_check(l, step, status);
}

static enum xnn_status bind_unary(pleura_step *step)
{
    return xnn_setup_unary_elementwise_nc(step->operator, pleura_step_input(step, 0),
                                          pleura_step_output(step));
}

static const pleura_step_kind unary_kind = {.name = "unary",
                                            .strided_input = true,
                                            .strided_output = true,
                                            .in_place = true,
                                            .build = build_unary,
                                            .bind = bind_unary};

static void unary_step(pleura_lowering *l, const pleura_node *node, unary what, pleura_tensor *from,
                       pleura_tensor *to)
{
    unary *kept = pleura_lower_keep(l, sizeof *kept);
    pleura_step *step = pleura_lower_step(l, node, &unary_kind, from, NULL, to);
    if (step) {
        *kept = what;
        step->context = kept;
    }
}

static unary unary_of(const pleura_node *node)
{
    switch (node->op) {
    case PLEURA_OP_Sigmoid:
        return (unary){.type = xnn_unary_sigmoid};
    case PLEURA_OP_Tanh:
        return (unary){.type = xnn_unary_tanh};
    case PLEURA_OP_HardSwish:
        return (unary){.type = xnn_unary_hardswish};
    case PLEURA_OP_Gelu:
        return (unary){.type = xnn_unary_gelu};
    case PLEURA_OP_Elu:
        return (unary){xnn_unary_elu, {.elu.alpha = pleura_node_float(node, "alpha", 1)}};
    case PLEURA_OP_LeakyRelu:
        return (unary){xnn_unary_leaky_relu,
                       {.leaky_relu.negative_slope = pleura_node_float(node, "alpha", 0.01f)}};
    default: /* Relu, Clip */
        return (unary){xnn_unary_clamp, {.clamp = {node->clamp_min, node->clamp_max}}};
    }
}

/* ---- Two inputs ---- */

static pleura_code build_binary(pleura_lowering *l, pleura_step *step)
{
    const pleura_dims *a = &step->inputs[0]->dims, *b = &step->inputs[1]->dims;
    const enum xnn_binary_operator *type = step->context;
    enum xnn_status status = xnn_create_binary_elementwise_nd(*type, xnn_datatype_fp32, NULL, NULL,
                                                              NULL, 0, &step->operator);
    if (status == xnn_status_success)
        status = xnn_reshape_binary_elementwise_nd(step->operator, a->rank, a->size, b->rank,
                                                   b->size, l->threads);
    return pleura_lower_check(l, step, status);
}

static enum xnn_status bind_binary(pleura_step *step)
{
    return xnn_setup_binary_elementwise_nd(step->operator, pleura_step_input(step, 0),
                                           pleura_step_input(step, 1), pleura_step_output(step));
}

static const pleura_step_kind binary_kind = {
    .name = "binary", .in_place = true, .build = build_binary, .bind = bind_binary};

static void binary_step(pleura_lowering *l, const pleura_node *node, enum xnn_binary_operator type,
                        pleura_tensor *a, pleura_tensor *b, pleura_tensor *to)
{
    enum xnn_binary_operator *kept = pleura_lower_keep(l, sizeof *kept);
    pleura_step *step = pleura_lower_step(l, node, &binary_kind, a, b, to);
    if (step) {
        *kept = type;
        step->context = kept;
    }
}

static enum xnn_binary_operator binary_type(pleura_operator op)
{
    switch (op) {
    case PLEURA_OP_Add:
        return xnn_binary_add;
    case PLEURA_OP_Sub:
        return xnn_binary_subtract;
    case PLEURA_OP_Mul:
        return xnn_binary_multiply;
    case PLEURA_OP_Div:
        return xnn_binary_divide;
    default:
        return xnn_binary_prelu;
    }
}

/*
 * An operand in the form of the result. Broadcasting aligns trailing dimensions, which NHWC permutes,
 * so a constant of fewer dimensions is first given leading ones.
 */
static pleura_tensor *operand(pleura_lowering *l, uint32_t index, pleura_form form)
{
    const pleura_value *value = &l->graph->values[index];
    if (form == PLEURA_PLAIN || value->rank == 4)
        return pleura_lower_use(l, index, form);
    pleura_value wide = *value;
    wide.rank = 4;
    for (int i = 0; i < 4; i++) {
        int from = i - (4 - value->rank);
        wide.dims[i] = from < 0 ? 1 : value->dims[from];
    }
    return pleura_lower_value_constant(l, &wide, form);
}

static pleura_form binary_form(const pleura_lowering *l, const pleura_node *node)
{
    const pleura_value *values = l->graph->values;
    pleura_form form = values[node->output].rank == 4 ? PLEURA_NHWC : PLEURA_PLAIN;
    for (int i = 0; i < 2; i++) {
        const pleura_value *side = &values[node->inputs[i]];
        if (!side->data && side->rank != 4)
            form = PLEURA_PLAIN;
    }
    return form;
}

pleura_code pleura_lower_binary(pleura_lowering *l, const pleura_node *node)
{
    pleura_form form = binary_form(l, node);
    pleura_tensor *a = operand(l, node->inputs[0], form);
    pleura_tensor *b = operand(l, node->inputs[1], form);
    pleura_tensor *to = pleura_lower_make(l, node->output, form), *all = to;
    bool bounded = node->clamp_min != -HUGE_VALF || node->clamp_max != HUGE_VALF;
    if (to && bounded)
        all = pleura_lower_temporary(l, &to->dims);
    binary_step(l, node, binary_type(node->op), a, b, all);
    if (bounded) {
        unary clamp = {xnn_unary_clamp, {.clamp = {node->clamp_min, node->clamp_max}}};
        unary_step(l, node, clamp, all, to);
    }
    return l->code;
}

/* max(0, min(1, alpha x + beta)), ONNX's defaults being 0.2 and 0.5. */
static void hard_sigmoid(pleura_lowering *l, const pleura_node *node, pleura_tensor *x,
                         pleura_tensor *y)
{
    pleura_dims one = {1, {1}};
    float *factors = pleura_lower_keep(l, 2 * sizeof *factors + XNN_EXTRA_BYTES);
    if (!factors)
        return;
    factors[0] = pleura_node_float(node, "alpha", 0.2f);
    factors[1] = pleura_node_float(node, "beta", 0.5f);
    pleura_tensor *alpha = pleura_lower_constant(l, &one, &factors[0]);
    pleura_tensor *beta = pleura_lower_constant(l, &one, &factors[1]);
    pleura_tensor *scaled = pleura_lower_temporary(l, &x->dims);
    pleura_tensor *shifted = pleura_lower_temporary(l, &x->dims);
    binary_step(l, node, xnn_binary_multiply, x, alpha, scaled);
    binary_step(l, node, xnn_binary_add, scaled, beta, shifted);
    unary_step(l, node, (unary){xnn_unary_clamp, {.clamp = {0, 1}}}, shifted, y);
}

pleura_code pleura_lower_unary(pleura_lowering *l, const pleura_node *node)
{
    pleura_form form = pleura_lower_present_form(l, node->inputs[0]);
    pleura_tensor *x = pleura_lower_use(l, node->inputs[0], form);
    pleura_tensor *y = pleura_lower_make(l, node->output, form);
    if (x && y && node->op == PLEURA_OP_HardSigmoid)
        hard_sigmoid(l, node, x, y);
    else
        unary_step(l, node, unary_of(node), x, y);
    return l->code;
}
