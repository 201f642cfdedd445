/* Nodes that slide a window over an image. */
#include "../error.h"
#include "../graph/window.h"
#include "depthwise.h"
#include "lower.h"
#include "wide_depthwise.h"
#include "winograd.h"

#include <math.h>
#include <string.h>

/* XNNPACK's order of a window's sides, and its type. */
typedef struct sides {
    uint32_t top, right, bottom, left, kh, kw, sh, sw, dh, dw;
} sides;

static sides sides_of(const pleura_window *w)
{
    return (sides){(uint32_t)w->pad_begin[0], (uint32_t)w->pad_end[1], (uint32_t)w->pad_end[0],
                   (uint32_t)w->pad_begin[1], (uint32_t)w->kernel[0],  (uint32_t)w->kernel[1],
                   (uint32_t)w->stride[0],    (uint32_t)w->stride[1],  (uint32_t)w->dilation[0],
                   (uint32_t)w->dilation[1]};
}

static pleura_code resolve(pleura_lowering *l, const pleura_node *node, const int64_t *kernel,
                           pleura_window *w)
{
    if (l->code == PLEURA_OK)
        l->code = pleura_window_resolve(l->graph, node, kernel, w, l->error);
    return l->code;
}

/* ---- Convolution ---- */

typedef struct filter {
    int64_t out, in, height, width; /* ONNX: [out, in / groups, height, width] */
    uint32_t groups;
    bool depthwise;
} filter;

static filter filter_of(const pleura_lowering *l, const pleura_node *node)
{
    const pleura_value *weights = &l->graph->values[node->inputs[1]];
    const pleura_value *x = &l->graph->values[node->inputs[0]];
    int64_t groups = pleura_node_int(node, "group", 1);
    return (filter){weights->dims[0], weights->dims[1], weights->dims[2],
                    weights->dims[3], (uint32_t)groups, groups > 1 && groups == x->dims[1]};
}

/* OIHW to XNNPACK's OHWI, or for depthwise HWO, each output channel times its folded scale. */
static void rearrange(const filter *f, const float *from, const float *scale, float *to)
{
    size_t out = (size_t)f->out, in = (size_t)f->in, area = (size_t)(f->height * f->width);
    for (size_t o = 0; o < out; o++, from += in * area) {
        float factor = scale ? scale[o] : 1;
        for (size_t k = 0; k < area; k++)
            if (f->depthwise)
                to[k * out + o] = from[k] * factor;
            else
                for (size_t i = 0; i < in; i++)
                    *to++ = from[i * area + k] * factor;
    }
}

/* That, if it is anything else than what the file has. */
static const float *arrange(pleura_lowering *l, const filter *f, const float *from,
                            const float *scale)
{
    if (!from || (f->height * f->width == 1 && !f->depthwise && !scale))
        return from;
    size_t count = (size_t)(f->out * f->in * f->height * f->width);
    float *weights = pleura_lower_scratch(l, count * sizeof *weights);
    if (weights)
        rearrange(f, from, scale, weights);
    return weights;
}

static const float *bias_of(pleura_lowering *l, const pleura_node *node)
{
    if (node->channel_shift || node->input_count < 3)
        return node->channel_shift;
    return pleura_lower_floats(l, &l->graph->values[node->inputs[2]]);
}

static pleura_code reshape_conv(pleura_lowering *l, pleura_step *step, enum xnn_status status)
{
    const size_t *d = step->inputs[0]->dims.size;
    size_t alignment, height, width;
    /* XNNPACK says success, and gives no operator, where it has no memory for the padding. */
    if (status == xnn_status_success && !step->operator)
        status = xnn_status_out_of_memory;
    if (status == xnn_status_success)
        status =
            xnn_reshape_convolution2d_nhwc_f32(step->operator, d[0], d[1], d[2], &step->workspace,
                                               &alignment, &height, &width, l->threads);
    return pleura_lower_check(l, step, status);
}

static pleura_code build_conv(pleura_lowering *l, pleura_step *step)
{
    const pleura_node *node = step->node;
    filter f = filter_of(l, node);
    pleura_window w;
    const pleura_value *from = &l->graph->values[node->inputs[1]];
    if (resolve(l, node, from->dims + 2, &w) != PLEURA_OK)
        return l->code;
    const float *weights = arrange(l, &f, pleura_lower_floats(l, from), node->channel_scale);
    const float *bias = bias_of(l, node);
    if (l->code != PLEURA_OK)
        return l->code;
    sides s = sides_of(&w);
    size_t in = f.depthwise ? 1 : (size_t)f.in;
    return reshape_conv(l, step,
                        xnn_create_convolution2d_nhwc_f32(
                            s.top, s.right, s.bottom, s.left, s.kh, s.kw, s.sh, s.sw, s.dh, s.dw,
                            f.groups, in, (size_t)f.out / f.groups, step->inputs[0]->stride,
                            step->output->stride, weights, bias, node->clamp_min, node->clamp_max,
                            f.depthwise ? XNN_FLAG_DEPTHWISE_CONVOLUTION : 0, NULL, NULL,
                            &step->operator));
}

static enum xnn_status bind_conv(pleura_step *step)
{
    return xnn_setup_convolution2d_nhwc_f32(step->operator, pleura_step_workspace(step),
                                            pleura_step_input(step, 0), pleura_step_output(step));
}

static const pleura_step_kind conv = {.name = "convolution",
                                      .strided_input = true,
                                      .strided_output = true,
                                      .build = build_conv,
                                      .bind = bind_conv};

/* A layer that Winograd's algorithm makes faster. */
static bool lower_winograd(pleura_lowering *l, const pleura_node *node, const pleura_window *w,
                           pleura_tensor *x, pleura_tensor *y)
{
    filter f = filter_of(l, node);
    pleura_winograd_shape shape = {(size_t)w->output[0], (size_t)w->output[1], (size_t)f.in,
                                   (size_t)f.out};
    bool suits = f.groups == 1 && w->kernel[0] == 3 && w->kernel[1] == 3 && w->stride[0] == 1 &&
                 w->stride[1] == 1 && w->dilation[0] == 1 && w->dilation[1] == 1 &&
                 x->dims.size[0] == 1;
    size_t tile = suits ? pleura_winograd_tile(&shape) : 0;
    if (!tile)
        return false;
    pleura_winograd_layer *layer = pleura_lower_keep(l, sizeof *layer);
    pleura_step *step = pleura_lower_step(l, node, &pleura_winograd, x, NULL, y);
    if (step) {
        *layer = (pleura_winograd_layer){tile, (size_t)w->pad_begin[0], (size_t)w->pad_begin[1]};
        step->context = layer;
    }
    return true;
}

/* A depthwise layer that our kernel runs faster than XNNPACK's, in WebAssembly. */
static bool lower_depthwise(pleura_lowering *l, const pleura_node *node, const pleura_window *w,
                            pleura_tensor *x, pleura_tensor *y)
{
#ifdef __wasm__
    filter f = filter_of(l, node);
    if (!f.depthwise || f.out != f.groups || f.out % 4 || w->kernel[0] != 3 || w->kernel[1] != 3 ||
        w->stride[0] != w->stride[1] || w->stride[0] > 2 || w->dilation[0] != 1 ||
        w->dilation[1] != 1 || x->dims.size[0] != 1)
        return false;
    pleura_depthwise *layer = pleura_lower_keep(l, sizeof *layer);
    pleura_step *step = pleura_lower_step(l, node, &pleura_depthwise_kind, x, NULL, y);
    if (step) {
        *layer = (pleura_depthwise){.height = x->dims.size[1],
                                    .width = x->dims.size[2],
                                    .channels = x->width,
                                    .out_height = y->dims.size[1],
                                    .out_width = y->dims.size[2],
                                    .step = (size_t)w->stride[0],
                                    .top = (size_t)w->pad_begin[0],
                                    .left = (size_t)w->pad_begin[1],
                                    .low = node->clamp_min,
                                    .high = node->clamp_max};
        step->context = layer;
    }
    return true;
#else
    (void)l, (void)node, (void)w, (void)x, (void)y;
    return false;
#endif
}

/* A depthwise layer for whose window XNNPACK has no kernel. */
static bool lower_wide(pleura_lowering *l, const pleura_node *node, const pleura_window *w,
                       pleura_tensor *x, pleura_tensor *y)
{
    filter f = filter_of(l, node);
    if (!f.depthwise || f.out != f.groups || f.out % 4 ||
        w->kernel[0] * w->kernel[1] <= PLEURA_WIDE_WINDOW || x->dims.size[0] != 1)
        return false;
    pleura_wide *layer = pleura_lower_keep(l, sizeof *layer);
    pleura_step *step = pleura_lower_step(l, node, &pleura_wide_kind, x, NULL, y);
    if (!step)
        return true;
    *layer = (pleura_wide){.height = x->dims.size[1],
                           .width = x->dims.size[2],
                           .channels = x->width,
                           .out_height = y->dims.size[1],
                           .out_width = y->dims.size[2],
                           .top = (size_t)w->pad_begin[0],
                           .left = (size_t)w->pad_begin[1],
                           .low = node->clamp_min,
                           .high = node->clamp_max};
    for (int i = 0; i < 2; i++) {
        layer->kernel[i] = (size_t)w->kernel[i];
        layer->step[i] = (size_t)w->stride[i];
        layer->dilation[i] = (size_t)w->dilation[i];
    }
    step->context = layer;
    return true;
}

pleura_code pleura_lower_conv(pleura_lowering *l, const pleura_node *node)
{
    pleura_window w;
    if (resolve(l, node, l->graph->values[node->inputs[1]].dims + 2, &w) != PLEURA_OK)
        return l->code;
    pleura_tensor *x = pleura_lower_use(l, node->inputs[0], PLEURA_NHWC);
    pleura_tensor *y = pleura_lower_make(l, node->output, PLEURA_NHWC);
    if (x && y && !lower_winograd(l, node, &w, x, y) && !lower_depthwise(l, node, &w, x, y) &&
        !lower_wide(l, node, &w, x, y))
        pleura_lower_step(l, node, &conv, x, NULL, y);
    return l->code;
}

/* A batch norm that nothing could absorb: a depthwise 1 x 1 convolution, one pass with its Relu. */
static pleura_code build_affine(pleura_lowering *l, pleura_step *step)
{
    const pleura_node *node = step->node;
    const pleura_tensor *x = step->inputs[0], *y = step->output;
    return reshape_conv(l, step,
                        xnn_create_convolution2d_nhwc_f32(
                            0, 0, 0, 0, 1, 1, 1, 1, 1, 1, (uint32_t)x->width, 1, 1, x->stride,
                            y->stride, node->channel_scale, node->channel_shift, node->clamp_min,
                            node->clamp_max, XNN_FLAG_DEPTHWISE_CONVOLUTION, NULL, NULL,
                            &step->operator));
}

static const pleura_step_kind affine = {.name = "scale and shift",
                                        .strided_input = true,
                                        .strided_output = true,
                                        .in_place = true,
                                        .build = build_affine,
                                        .bind = bind_conv};

pleura_code pleura_lower_affine(pleura_lowering *l, const pleura_node *node)
{
    const pleura_value *x = &l->graph->values[node->inputs[0]];
    pleura_node_label label;
    if (x->rank != 4)
        return pleura_fail(l->error, PLEURA_ERROR_OPERATOR,
                           "ONNX: %s normalises a tensor of %d dimensions; images have 4.",
                           pleura_node_describe(node, &label), x->rank);
    pleura_tensor *from = pleura_lower_use(l, node->inputs[0], PLEURA_NHWC);
    pleura_tensor *to = pleura_lower_make(l, node->output, PLEURA_NHWC);
    pleura_lower_step(l, node, &affine, from, NULL, to);
    return l->code;
}

/* ---- Pooling ---- */

/* XNNPACK's average leaves padding out; where ONNX counts it in, it is written as zeros first. What
 * ceil_mode adds is never counted. */
static bool counts_padding(const pleura_node *node, const pleura_window *w)
{
    return node->op == PLEURA_OP_AveragePool && pleura_node_int(node, "count_include_pad", 0) &&
           (w->pad_begin[0] || w->pad_begin[1] || w->pad_end[0] > w->ceil_pad[0] ||
            w->pad_end[1] > w->ceil_pad[1]);
}

static pleura_code build_max(pleura_lowering *l, pleura_step *step)
{
    const pleura_tensor *x = step->inputs[0], *y = step->output;
    const pleura_node *node = step->node;
    pleura_window w;
    if (resolve(l, node, NULL, &w) != PLEURA_OK)
        return l->code;
    sides s = sides_of(&w);
    size_t height, width;
    enum xnn_status status = xnn_create_max_pooling2d_nhwc_f32(
        s.top, s.right, s.bottom, s.left, s.kh, s.kw, s.sh, s.sw, s.dh, s.dw, node->clamp_min,
        node->clamp_max, 0, &step->operator);
    if (status == xnn_status_success)
        status = xnn_reshape_max_pooling2d_nhwc_f32(
            step->operator, x->dims.size[0], x->dims.size[1], x->dims.size[2], x->width, x->stride,
            y->stride, &height, &width, l->threads);
    return pleura_lower_check(l, step, status);
}

static enum xnn_status bind_max(pleura_step *step)
{
    return xnn_setup_max_pooling2d_nhwc_f32(step->operator, pleura_step_input(step, 0),
                                            pleura_step_output(step));
}

static const pleura_step_kind max_pool = {.name = "max pooling",
                                          .strided_input = true,
                                          .strided_output = true,
                                          .build = build_max,
                                          .bind = bind_max};

static pleura_code build_average(pleura_lowering *l, pleura_step *step)
{
    const pleura_tensor *x = step->inputs[0], *y = step->output;
    const pleura_node *node = step->node;
    pleura_window w;
    if (resolve(l, node, NULL, &w) != PLEURA_OK)
        return l->code;
    if (w.dilation[0] != 1 || w.dilation[1] != 1)
        return pleura_lower_check(l, step, xnn_status_unsupported_parameter);
    sides s = sides_of(&w);
    if (counts_padding(node, &w)) { /* it is in the input already */
        s.top = s.left = 0;
        s.bottom = (uint32_t)w.ceil_pad[0];
        s.right = (uint32_t)w.ceil_pad[1];
    }
    size_t alignment, height, width;
    enum xnn_status status = xnn_create_average_pooling2d_nhwc_f32(
        s.top, s.right, s.bottom, s.left, s.kh, s.kw, s.sh, s.sw, node->clamp_min, node->clamp_max,
        0, &step->operator);
    if (status == xnn_status_success)
        status = xnn_reshape_average_pooling2d_nhwc_f32(
            step->operator, x->dims.size[0], x->dims.size[1], x->dims.size[2], x->width, x->stride,
            y->stride, &step->workspace, &alignment, &height, &width, l->threads);
    return pleura_lower_check(l, step, status);
}

static enum xnn_status bind_average(pleura_step *step)
{
    return xnn_setup_average_pooling2d_nhwc_f32(step->operator, pleura_step_workspace(step),
                                                pleura_step_input(step, 0),
                                                pleura_step_output(step));
}

static const pleura_step_kind average_pool = {.name = "average pooling",
                                              .strided_input = true,
                                              .strided_output = true,
                                              .build = build_average,
                                              .bind = bind_average};

pleura_code pleura_lower_pool(pleura_lowering *l, const pleura_node *node)
{
    pleura_window w;
    pleura_tensor *x = pleura_lower_use(l, node->inputs[0], PLEURA_NHWC);
    pleura_tensor *y = pleura_lower_make(l, node->output, PLEURA_NHWC);
    if (resolve(l, node, NULL, &w) != PLEURA_OK)
        return l->code;
    if (counts_padding(node, &w)) {
        size_t before[4] = {0, (size_t)w.pad_begin[0], (size_t)w.pad_begin[1], 0};
        size_t after[4] = {0, (size_t)(w.pad_end[0] - w.ceil_pad[0]),
                           (size_t)(w.pad_end[1] - w.ceil_pad[1]), 0};
        x = pleura_lower_padded(l, node, x, before, after, 0);
    }
    bool average = node->op == PLEURA_OP_AveragePool;
    pleura_lower_step(l, node, average ? &average_pool : &max_pool, x, NULL, y);
    return l->code;
}
