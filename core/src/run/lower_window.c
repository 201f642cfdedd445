/* Nodes that slide a window over an image, and products with a constant matrix. */
#include "../error.h"
#include "../graph/window.h"
#include "lower.h"

#include <math.h>
#include <string.h>

/* ---- Convolution ---- */

typedef struct filter {
    int64_t out, in, height, width; /* ONNX: [out, in / groups, height, width] */
    bool depthwise;
} filter;

/* OIHW to XNNPACK's OHWI, or for depthwise HWO, each output channel times its folded scale. */
static void arrange(const filter *f, const float *from, const float *scale, float *to)
{
    int64_t area = f->height * f->width;
    for (int64_t o = 0; o < f->out; o++)
        for (int64_t i = 0; i < f->in; i++)
            for (int64_t k = 0; k < area; k++) {
                float weight = *from++ * (scale ? scale[o] : 1);
                to[f->depthwise ? k * f->out + o : (o * area + k) * f->in + i] = weight;
            }
}

static pleura_code lower_filter(pleura_lowering *l, const pleura_node *node, const filter *f,
                                uint32_t *id)
{
    const float *from = l->graph->values[node->inputs[1]].data;
    size_t count = (size_t)(f->out * f->in * f->height * f->width);
    float *weights = pleura_arena_alloc(l->scratch, count * sizeof *weights);
    if (!weights)
        return pleura_fail_memory(l->error, count * sizeof *weights, "a convolution's weights");
    arrange(f, from, node->channel_scale, weights);
    size_t o = (size_t)f->out, i = (size_t)f->in, h = (size_t)f->height, w = (size_t)f->width;
    pleura_dims dims =
        f->depthwise ? (pleura_dims){4, {1, h, w, o}} : (pleura_dims){4, {o, h, w, i}};
    return pleura_lower_constant(l, &dims, weights, id);
}

static pleura_code lower_bias(pleura_lowering *l, const pleura_node *node, int64_t channels,
                              uint32_t *id)
{
    const pleura_value *bias = pleura_node_constant(l->graph, node, 2, PLEURA_FLOAT);
    const float *data = node->channel_shift ? node->channel_shift : bias ? bias->data : NULL;
    *id = XNN_INVALID_VALUE_ID;
    pleura_dims dims = {1, {(size_t)channels}};
    return data ? pleura_lower_constant(l, &dims, data, id) : PLEURA_OK;
}

pleura_code pleura_lower_conv(pleura_lowering *l, const pleura_node *node)
{
    const pleura_value *weights = &l->graph->values[node->inputs[1]];
    const pleura_value *x = &l->graph->values[node->inputs[0]];
    uint32_t groups = (uint32_t)pleura_node_int(node, "group", 1);
    filter f = {weights->dims[0], weights->dims[1], weights->dims[2], weights->dims[3],
                groups > 1 && groups == (uint32_t)x->dims[1]};
    pleura_window w;
    uint32_t input, output, filter_id, bias_id;
    pleura_code code = pleura_window_resolve(l->graph, node, weights->dims + 2, &w, l->error);
    if (code == PLEURA_OK)
        code = pleura_lower_ends(l, node, PLEURA_NHWC, PLEURA_NHWC, &input, &output);
    if (code == PLEURA_OK)
        code = lower_filter(l, node, &f, &filter_id);
    if (code == PLEURA_OK)
        code = lower_bias(l, node, f.out, &bias_id);
    if (code != PLEURA_OK)
        return code;

    uint32_t top = (uint32_t)w.pad_begin[0], left = (uint32_t)w.pad_begin[1];
    uint32_t bottom = (uint32_t)w.pad_end[0], right = (uint32_t)w.pad_end[1];
    uint32_t kh = (uint32_t)w.kernel[0], kw = (uint32_t)w.kernel[1];
    uint32_t sh = (uint32_t)w.stride[0], sw = (uint32_t)w.stride[1];
    uint32_t dh = (uint32_t)w.dilation[0], dw = (uint32_t)w.dilation[1];
    enum xnn_status status =
        f.depthwise
            ? xnn_define_depthwise_convolution_2d(l->subgraph, top, right, bottom, left, kh, kw, sh,
                                                  sw, dh, dw, (uint32_t)f.out / groups, groups,
                                                  node->clamp_min, node->clamp_max, input,
                                                  filter_id, bias_id, output, 0)
            : xnn_define_convolution_2d(l->subgraph, top, right, bottom, left, kh, kw, sh, sw, dh,
                                        dw, groups, (size_t)f.in, (size_t)f.out / groups,
                                        node->clamp_min, node->clamp_max, input, filter_id, bias_id,
                                        output, 0);
    return pleura_lower_check(l, node, status);
}

/* A batch norm that nothing could absorb: a depthwise 1 x 1 convolution, one pass with its Relu. */
pleura_code pleura_lower_affine(pleura_lowering *l, const pleura_node *node)
{
    const pleura_value *x = &l->graph->values[node->inputs[0]];
    pleura_node_label label;
    if (x->rank != 4)
        return pleura_fail(l->error, PLEURA_ERROR_OPERATOR,
                           "ONNX: %s normalises a tensor of %d dimensions; images have 4.",
                           pleura_node_describe(node, &label), x->rank);
    size_t channels = (size_t)x->dims[1];
    pleura_dims scale_dims = {4, {1, 1, 1, channels}}, shift_dims = {1, {channels}};
    uint32_t input, output, scale, shift;
    pleura_code code = pleura_lower_ends(l, node, PLEURA_NHWC, PLEURA_NHWC, &input, &output);
    if (code == PLEURA_OK)
        code = pleura_lower_constant(l, &scale_dims, node->channel_scale, &scale);
    if (code == PLEURA_OK)
        code = pleura_lower_constant(l, &shift_dims, node->channel_shift, &shift);
    if (code != PLEURA_OK)
        return code;
    return pleura_lower_check(l, node,
                              xnn_define_depthwise_convolution_2d(l->subgraph, 0, 0, 0, 0, 1, 1, 1,
                                                                  1, 1, 1, 1, channels,
                                                                  node->clamp_min, node->clamp_max,
                                                                  input, scale, shift, output, 0));
}

/* ---- Pooling ---- */

/* XNNPACK's average leaves padding out; where ONNX counts it in, it is written as zeros first. */
static pleura_code pad_explicitly(pleura_lowering *l, const pleura_node *node, pleura_window *w,
                                  uint32_t *input)
{
    pleura_dims dims = pleura_value_dims(&l->graph->values[node->inputs[0]], PLEURA_NHWC);
    size_t before[4] = {0, (size_t)w->pad_begin[0], (size_t)w->pad_begin[1], 0};
    size_t after[4] = {0, (size_t)w->pad_end[0], (size_t)w->pad_end[1], 0};
    for (int i = 0; i < 4; i++)
        dims.size[i] += before[i] + after[i];
    uint32_t padded;
    pleura_code code = pleura_lower_temporary(l, &dims, &padded);
    if (code != PLEURA_OK)
        return code;
    enum xnn_status status =
        xnn_define_static_constant_pad(l->subgraph, before, after, 0, *input, padded, 0);
    memset(w->pad_begin, 0, sizeof w->pad_begin);
    memset(w->pad_end, 0, sizeof w->pad_end);
    *input = padded;
    return pleura_lower_check(l, node, status);
}

pleura_code pleura_lower_pool(pleura_lowering *l, const pleura_node *node)
{
    pleura_window w;
    uint32_t input, output;
    pleura_code code = pleura_window_resolve(l->graph, node, NULL, &w, l->error);
    if (code == PLEURA_OK)
        code = pleura_lower_ends(l, node, PLEURA_NHWC, PLEURA_NHWC, &input, &output);
    bool average = node->op == PLEURA_OP_AveragePool;
    bool padded = w.pad_begin[0] || w.pad_begin[1] || w.pad_end[0] || w.pad_end[1];
    if (code == PLEURA_OK && average && padded && pleura_node_int(node, "count_include_pad", 0))
        code = pad_explicitly(l, node, &w, &input);
    if (code != PLEURA_OK)
        return code;
    uint32_t top = (uint32_t)w.pad_begin[0], left = (uint32_t)w.pad_begin[1];
    uint32_t bottom = (uint32_t)w.pad_end[0], right = (uint32_t)w.pad_end[1];
    uint32_t kh = (uint32_t)w.kernel[0], kw = (uint32_t)w.kernel[1];
    uint32_t sh = (uint32_t)w.stride[0], sw = (uint32_t)w.stride[1];
    if (average && (w.dilation[0] != 1 || w.dilation[1] != 1))
        return pleura_lower_check(l, node, xnn_status_unsupported_parameter);
    return pleura_lower_check(
        l, node,
        average
            ? xnn_define_average_pooling_2d(l->subgraph, top, right, bottom, left, kh, kw, sh, sw,
                                            node->clamp_min, node->clamp_max, input, output, 0)
            : xnn_define_max_pooling_2d(l->subgraph, top, right, bottom, left, kh, kw, sh, sw,
                                        (uint32_t)w.dilation[0], (uint32_t)w.dilation[1],
                                        node->clamp_min, node->clamp_max, input, output, 0));
}

/* ---- Gemm and MatMul ---- */

/* Times alpha or beta: a copy, unless the factor is ONNX's default of 1. */
static const float *scaled(pleura_lowering *l, const float *from, size_t count, float factor)
{
    if (factor == 1)
        return from;
    float *copy = pleura_arena_alloc(l->scratch, count * sizeof *copy);
    for (size_t i = 0; copy && i < count; i++)
        copy[i] = from[i] * factor;
    return copy;
}

static const float *product_bias(pleura_lowering *l, const pleura_node *node, size_t outputs)
{
    const pleura_value *c = pleura_node_constant(l->graph, node, 2, PLEURA_FLOAT);
    float beta = pleura_node_float(node, "beta", 1);
    if (pleura_value_elements(c) != 1)
        return scaled(l, c->data, outputs, beta);
    float *filled = pleura_arena_alloc(l->scratch, outputs * sizeof *filled);
    for (size_t i = 0; filled && i < outputs; i++)
        filled[i] = *(const float *)c->data * beta;
    return filled;
}

pleura_code pleura_lower_product(pleura_lowering *l, const pleura_node *node)
{
    const pleura_value *b = &l->graph->values[node->inputs[1]];
    const pleura_value *out = &l->graph->values[node->output];
    bool gemm = node->op == PLEURA_OP_Gemm;
    bool outputs_first = gemm && pleura_node_int(node, "transB", 0);
    size_t outputs = (size_t)out->dims[out->rank - 1];
    float alpha = gemm ? pleura_node_float(node, "alpha", 1) : 1;

    pleura_dims weight_dims = pleura_value_dims(b, PLEURA_PLAIN), bias_dims = {1, {outputs}};
    const float *weights = scaled(l, b->data, (size_t)pleura_value_elements(b), alpha);
    bool has_bias = gemm && pleura_node_constant(l->graph, node, 2, PLEURA_FLOAT);
    const float *bias = has_bias ? product_bias(l, node, outputs) : NULL;
    if (!weights || (has_bias && !bias))
        return pleura_fail_memory(l->error, weight_dims.size[0] * outputs, "a matrix product");

    uint32_t input, output, weight_id, bias_id = XNN_INVALID_VALUE_ID;
    pleura_code code = pleura_lower_ends(l, node, PLEURA_PLAIN, PLEURA_PLAIN, &input, &output);
    if (code == PLEURA_OK)
        code = pleura_lower_constant(l, &weight_dims, weights, &weight_id);
    if (code == PLEURA_OK && has_bias)
        code = pleura_lower_constant(l, &bias_dims, bias, &bias_id);
    if (code != PLEURA_OK)
        return code;
    uint32_t flags = outputs_first ? 0 : XNN_FLAG_TRANSPOSE_WEIGHTS;
    return pleura_lower_check(l, node,
                              xnn_define_fully_connected(l->subgraph, node->clamp_min,
                                                         node->clamp_max, input, weight_id, bias_id,
                                                         output, flags));
}
