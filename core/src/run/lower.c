#include "lower.h"

#include "../error.h"

#include <math.h>
#include <string.h>

/* ---- Values and their forms ---- */

bool pleura_input_is_nhwc(const pleura_value *input)
{
    bool first = input->dims[1] == 1 || input->dims[1] == 3;
    bool last = input->dims[3] == 1 || input->dims[3] == 3;
    return last && !first;
}

/* Where in NCHW each dimension of NHWC stands. */
static const int nhwc_of[4] = {0, 2, 3, 1};

pleura_dims pleura_value_dims(const pleura_value *value, pleura_form form)
{
    pleura_dims dims = {.rank = (size_t)value->rank};
    for (int i = 0; i < value->rank; i++)
        dims.size[i] = (size_t)value->dims[form == PLEURA_NHWC ? nhwc_of[i] : i];
    return dims;
}

pleura_code pleura_lower_check(pleura_lowering *l, const pleura_node *node, enum xnn_status status)
{
    pleura_node_label label;
    if (status == xnn_status_success)
        return PLEURA_OK;
    if (status == xnn_status_out_of_memory)
        return pleura_fail(l->error, PLEURA_ERROR_MEMORY, "Out of memory while preparing %s.",
                           node ? pleura_node_describe(node, &label) : "the network");
    return pleura_fail(l->error, PLEURA_ERROR_OPERATOR,
                       "%s is used in a way that XNNPACK does not run (status %d).",
                       node ? pleura_node_describe(node, &label) : "A tensor", (int)status);
}

static enum xnn_status define(pleura_lowering *l, const pleura_dims *dims, const void *data,
                              uint32_t external, uint32_t flags, uint32_t *id)
{
    return xnn_define_tensor_value(l->subgraph, xnn_datatype_fp32, dims->rank, dims->size, data,
                                   external, flags, id);
}

pleura_code pleura_lower_temporary(pleura_lowering *l, const pleura_dims *dims, uint32_t *id)
{
    return pleura_lower_check(l, NULL, define(l, dims, NULL, XNN_INVALID_VALUE_ID, 0, id));
}

pleura_code pleura_lower_constant(pleura_lowering *l, const pleura_dims *dims, const float *data,
                                  uint32_t *id)
{
    return pleura_lower_check(l, NULL, define(l, dims, data, XNN_INVALID_VALUE_ID, 0, id));
}

pleura_code pleura_lower_make(pleura_lowering *l, uint32_t value, pleura_form form, uint32_t *id)
{
    bool output = value == l->graph->outputs[0] && form == PLEURA_PLAIN;
    pleura_dims dims = pleura_value_dims(&l->graph->values[value], form);
    enum xnn_status status =
        define(l, &dims, NULL, output ? PLEURA_EXTERNAL_OUTPUT : XNN_INVALID_VALUE_ID,
               output ? XNN_VALUE_FLAG_EXTERNAL_OUTPUT : 0, id);
    l->ids[value][form] = *id;
    return pleura_lower_check(l, NULL, status);
}

static void permute_constant(const pleura_value *value, pleura_form form, float *to)
{
    const float *from = value->data;
    if (form == PLEURA_PLAIN) {
        memcpy(to, from, (size_t)pleura_value_elements(value) * sizeof *to);
        return;
    }
    const int64_t *d = value->dims;
    for (int64_t n = 0; n < d[0]; n++)
        for (int64_t c = 0; c < d[1]; c++)
            for (int64_t y = 0; y < d[2]; y++)
                for (int64_t x = 0; x < d[3]; x++)
                    to[((n * d[2] + y) * d[3] + x) * d[1] + c] = *from++;
}

static pleura_code use_constant(pleura_lowering *l, uint32_t index, pleura_form form)
{
    const pleura_value *value = &l->graph->values[index];
    if (value->element != PLEURA_FLOAT)
        return pleura_fail(l->error, PLEURA_ERROR_OPERATOR,
                           "ONNX: the integer constant '%.80s' is used in float arithmetic.",
                           value->name);
    /* XNNPACK may read (never use) XNN_EXTRA_BYTES past the end. */
    size_t size = (size_t)pleura_value_elements(value) * sizeof(float);
    float *copy = pleura_arena_alloc(l->keep, size + XNN_EXTRA_BYTES);
    if (!copy)
        return pleura_fail_memory(l->error, size, value->name);
    permute_constant(value, form, copy);
    pleura_dims dims = pleura_value_dims(value, form);
    return pleura_lower_constant(l, &dims, copy, &l->ids[index][form]);
}

static bool same_in_both_forms(const pleura_value *value)
{
    return value->dims[1] == 1 || value->dims[2] * value->dims[3] == 1;
}

static pleura_code convert_form(pleura_lowering *l, uint32_t index, pleura_form to)
{
    static const size_t perms[2][4] = {{0, 3, 1, 2}, {0, 2, 3, 1}};
    const pleura_value *value = &l->graph->values[index];
    uint32_t from = l->ids[index][to == PLEURA_NHWC ? PLEURA_PLAIN : PLEURA_NHWC], id;
    pleura_code code = pleura_lower_make(l, index, to, &id);
    if (code != PLEURA_OK)
        return code;
    pleura_dims dims = pleura_value_dims(value, to);
    return pleura_lower_check(
        l, NULL,
        same_in_both_forms(value)
            ? xnn_define_static_reshape(l->subgraph, 4, dims.size, from, id, 0)
            : xnn_define_static_transpose(l->subgraph, 4, perms[to], from, id, 0));
}

pleura_code pleura_lower_use(pleura_lowering *l, uint32_t value, pleura_form form, uint32_t *id)
{
    pleura_code code = PLEURA_OK;
    if (l->ids[value][form] == XNN_INVALID_VALUE_ID)
        code = l->graph->values[value].data ? use_constant(l, value, form)
                                            : convert_form(l, value, form);
    *id = l->ids[value][form];
    return code;
}

pleura_code pleura_lower_ends(pleura_lowering *l, const pleura_node *node, pleura_form input_form,
                              pleura_form output_form, uint32_t *input, uint32_t *output)
{
    pleura_code code = pleura_lower_use(l, node->inputs[0], input_form, input);
    return code == PLEURA_OK ? pleura_lower_make(l, node->output, output_form, output) : code;
}

pleura_form pleura_lower_present_form(const pleura_lowering *l, uint32_t value)
{
    return l->ids[value][PLEURA_NHWC] != XNN_INVALID_VALUE_ID ? PLEURA_NHWC : PLEURA_PLAIN;
}

/* ---- Elementwise nodes ---- */

static pleura_code unary(pleura_lowering *l, const pleura_node *node, enum xnn_unary_operator type,
                         const union xnn_unary_params *params)
{
    pleura_form form = pleura_lower_present_form(l, node->inputs[0]);
    uint32_t input, output;
    pleura_code code = pleura_lower_ends(l, node, form, form, &input, &output);
    if (code != PLEURA_OK)
        return code;
    return pleura_lower_check(l, node,
                              xnn_define_unary(l->subgraph, type, params, input, output, 0));
}

static pleura_code clamp(pleura_lowering *l, const pleura_node *node)
{
    union xnn_unary_params params = {.clamp = {node->clamp_min, node->clamp_max}};
    return unary(l, node, xnn_unary_clamp, &params);
}

static pleura_code leaky_relu(pleura_lowering *l, const pleura_node *node)
{
    union xnn_unary_params params = {.leaky_relu.negative_slope =
                                         pleura_node_float(node, "alpha", 0.01f)};
    return unary(l, node, xnn_unary_leaky_relu, &params);
}

static pleura_code scalar(pleura_lowering *l, float value, size_t rank, uint32_t *id)
{
    float *data = pleura_arena_alloc(l->keep, sizeof *data + XNN_EXTRA_BYTES);
    if (!data)
        return pleura_fail_memory(l->error, sizeof *data, "a constant");
    *data = value;
    pleura_dims dims = {.rank = rank, .size = {1, 1, 1, 1, 1, 1}};
    return pleura_lower_constant(l, &dims, data, id);
}

/* max(0, min(1, alpha x + beta)), ONNX's defaults being 0.2 and 0.5. */
static pleura_code hard_sigmoid(pleura_lowering *l, const pleura_node *node)
{
    pleura_form form = pleura_lower_present_form(l, node->inputs[0]);
    pleura_dims dims = pleura_value_dims(&l->graph->values[node->inputs[0]], form);
    const struct xnn_binary_params free_range = {-HUGE_VAL, HUGE_VAL}, unit = {0, 1};
    uint32_t input, output, scaled, alpha, beta;
    pleura_code code = pleura_lower_ends(l, node, form, form, &input, &output);
    if (code == PLEURA_OK)
        code = scalar(l, pleura_node_float(node, "alpha", 0.2f), dims.rank, &alpha);
    if (code == PLEURA_OK)
        code = scalar(l, pleura_node_float(node, "beta", 0.5f), dims.rank, &beta);
    if (code == PLEURA_OK)
        code = pleura_lower_temporary(l, &dims, &scaled);
    if (code == PLEURA_OK)
        code = pleura_lower_check(l, node,
                                  xnn_define_binary(l->subgraph, xnn_binary_multiply, &free_range,
                                                    input, alpha, scaled, 0));
    if (code == PLEURA_OK)
        code = pleura_lower_check(
            l, node,
            xnn_define_binary(l->subgraph, xnn_binary_add, &unit, scaled, beta, output, 0));
    return code;
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
 * so an operand of fewer dimensions is first given leading ones.
 */
static pleura_code operand(pleura_lowering *l, uint32_t index, pleura_form form, uint32_t *id)
{
    const pleura_value *value = &l->graph->values[index];
    if (form == PLEURA_PLAIN || value->rank == 4)
        return pleura_lower_use(l, index, form, id);
    pleura_value wide = {.name = value->name,
                         .element = value->element,
                         .rank = 4,
                         .dims = {1, 1, 1, 1},
                         .has_shape = true,
                         .data = value->data};
    for (int i = 0; i < value->rank; i++)
        wide.dims[4 - value->rank + i] = value->dims[i];
    size_t size = (size_t)pleura_value_elements(&wide) * sizeof(float);
    float *copy = pleura_arena_alloc(l->keep, size + XNN_EXTRA_BYTES);
    if (!copy)
        return pleura_fail_memory(l->error, size, value->name);
    permute_constant(&wide, form, copy);
    pleura_dims dims = pleura_value_dims(&wide, form);
    return pleura_lower_constant(l, &dims, copy, id);
}

static pleura_code binary(pleura_lowering *l, const pleura_node *node)
{
    const pleura_value *values = l->graph->values;
    pleura_form form = PLEURA_NHWC;
    for (int i = 0; i < 2; i++) {
        const pleura_value *side = &values[node->inputs[i]];
        if (side->element != PLEURA_FLOAT || (!side->data && side->rank != 4))
            form = PLEURA_PLAIN;
    }
    if (values[node->output].rank != 4)
        form = PLEURA_PLAIN;
    uint32_t a, b, output;
    pleura_code code = operand(l, node->inputs[0], form, &a);
    if (code == PLEURA_OK)
        code = operand(l, node->inputs[1], form, &b);
    if (code == PLEURA_OK)
        code = pleura_lower_make(l, node->output, form, &output);
    if (code != PLEURA_OK)
        return code;
    const struct xnn_binary_params params = {node->clamp_min, node->clamp_max};
    return pleura_lower_check(
        l, node, xnn_define_binary(l->subgraph, binary_type(node->op), &params, a, b, output, 0));
}

/* ---- The walk ---- */

static pleura_code lower_node(pleura_lowering *l, const pleura_node *node)
{
    switch (node->op) {
    case PLEURA_OP_Conv:
        return pleura_lower_conv(l, node);
    case PLEURA_OP_BatchNormalization:
        return pleura_lower_affine(l, node);
    case PLEURA_OP_MaxPool:
    case PLEURA_OP_AveragePool:
        return pleura_lower_pool(l, node);
    case PLEURA_OP_Gemm:
    case PLEURA_OP_MatMul:
        return pleura_lower_product(l, node);
    case PLEURA_OP_Add:
    case PLEURA_OP_Sub:
    case PLEURA_OP_Mul:
    case PLEURA_OP_Div:
    case PLEURA_OP_PRelu:
        return binary(l, node);
    case PLEURA_OP_Relu:
    case PLEURA_OP_Clip:
        return clamp(l, node);
    case PLEURA_OP_LeakyRelu:
        return leaky_relu(l, node);
    case PLEURA_OP_Sigmoid:
        return unary(l, node, xnn_unary_sigmoid, NULL);
    case PLEURA_OP_Tanh:
        return unary(l, node, xnn_unary_tanh, NULL);
    case PLEURA_OP_HardSwish:
        return unary(l, node, xnn_unary_hardswish, NULL);
    case PLEURA_OP_HardSigmoid:
        return hard_sigmoid(l, node);
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
    default: {
        pleura_node_label label;
        return pleura_fail(l->error, PLEURA_ERROR_INTERNAL, "%s has no lowering.",
                           pleura_node_describe(node, &label));
    }
    }
}

static pleura_code lower_input(pleura_lowering *l)
{
    const pleura_value *input = &l->graph->values[l->graph->inputs[0]];
    pleura_form form = pleura_input_is_nhwc(input) ? PLEURA_PLAIN : PLEURA_NHWC;
    pleura_dims dims = pleura_value_dims(input, form);
    return pleura_lower_check(l, NULL,
                              define(l, &dims, NULL, PLEURA_EXTERNAL_INPUT,
                                     XNN_VALUE_FLAG_EXTERNAL_INPUT,
                                     &l->ids[l->graph->inputs[0]][form]));
}

pleura_code pleura_lower(pleura_lowering *l)
{
    for (size_t i = 0; i < l->graph->value_count; i++)
        l->ids[i][PLEURA_PLAIN] = l->ids[i][PLEURA_NHWC] = XNN_INVALID_VALUE_ID;
    if (l->graph->values[l->graph->outputs[0]].producer == PLEURA_NONE)
        return pleura_fail(l->error, PLEURA_ERROR_ONNX,
                           "ONNX: the output '%.80s' depends on no "
                           "image.",
                           l->graph->values[l->graph->outputs[0]].name);
    pleura_code code = lower_input(l);
    for (size_t i = 0; code == PLEURA_OK && i < l->graph->node_count; i++)
        if (!l->graph->nodes[i].dead)
            code = lower_node(l, &l->graph->nodes[i]);
    uint32_t output; /* in plain form: as the last node makes it, or by one more transpose */
    return code == PLEURA_OK ? pleura_lower_use(l, l->graph->outputs[0], PLEURA_PLAIN, &output)
                             : code;
}
