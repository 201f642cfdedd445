#include "window.h"

#include "../error.h"

#include <string.h>

/* Larger than any image's side, small enough that sums of a few never overflow. */
#define MAX_EXTENT 100000

static pleura_code read_pair(const pleura_node *node, const char *name, int64_t otherwise,
                             int64_t minimum, int64_t *out, pleura_error *error)
{
    const pleura_attribute *attribute = pleura_node_attribute(node, name, 'I');
    pleura_node_label label;
    out[0] = out[1] = otherwise;
    if (!attribute)
        return PLEURA_OK;
    if (attribute->count != 2)
        return pleura_fail(error, PLEURA_ERROR_OPERATOR,
                           "ONNX: %s has %zu numbers in %s; two-dimensional windows have 2.",
                           pleura_node_describe(node, &label), attribute->count, name);
    for (int i = 0; i < 2; i++) {
        out[i] = attribute->ints[i];
        if (out[i] < minimum || out[i] > MAX_EXTENT)
            return pleura_fail(error, PLEURA_ERROR_SHAPE, "ONNX: %s has %lld in %s.",
                               pleura_node_describe(node, &label), (long long)out[i], name);
    }
    return PLEURA_OK;
}

static pleura_code read_pads(const pleura_node *node, pleura_window *window, pleura_error *error)
{
    const pleura_attribute *pads = pleura_node_attribute(node, "pads", 'I');
    pleura_node_label label;
    if (pads && pads->count != 4)
        return pleura_fail(error, PLEURA_ERROR_OPERATOR,
                           "ONNX: %s has %zu numbers in pads; "
                           "two-dimensional windows have 4.",
                           pleura_node_describe(node, &label), pads->count);
    for (int i = 0; i < 2; i++) {
        window->pad_begin[i] = (pads ? pads->ints[i] : 0) + node->extra_pads[i];
        window->pad_end[i] = (pads ? pads->ints[i + 2] : 0) + node->extra_pads[i + 2];
        if (window->pad_begin[i] < 0 || window->pad_end[i] < 0 ||
            window->pad_begin[i] > MAX_EXTENT || window->pad_end[i] > MAX_EXTENT)
            return pleura_fail(error, PLEURA_ERROR_OPERATOR,
                               "ONNX: %s has a padding below 0 or far above any image.",
                               pleura_node_describe(node, &label));
    }
    return PLEURA_OK;
}

/* ONNX's SAME: output = ceil(input / stride), the padding split evenly, the odd one to one side. */
static void pad_same(pleura_window *window, int i, int64_t input, int64_t extent, bool upper)
{
    int64_t output = (input + window->stride[i] - 1) / window->stride[i];
    int64_t total = (output - 1) * window->stride[i] + extent - input;
    if (total < 0)
        total = 0;
    window->pad_begin[i] = upper ? total / 2 : total - total / 2;
    window->pad_end[i] = total - window->pad_begin[i];
}

/* With ceil_mode a last window may start inside the input and hang over its end. */
static void pad_ceil(pleura_window *window, int i, int64_t input, int64_t extent)
{
    int64_t padded = input + window->pad_begin[i] + window->pad_end[i];
    if (padded < extent)
        return;
    int64_t stride = window->stride[i];
    int64_t output = (padded - extent + stride - 1) / stride + 1;
    if ((output - 1) * stride >= input + window->pad_begin[i])
        output--;
    int64_t reach = (output - 1) * stride + extent;
    if (reach > padded)
        window->pad_end[i] += reach - padded;
}

pleura_code pleura_window_resolve(const pleura_graph *graph, const pleura_node *node,
                                  const int64_t *kernel, pleura_window *window, pleura_error *error)
{
    const pleura_value *input = &graph->values[node->inputs[0]];
    pleura_node_label label;
    pleura_code code = read_pair(node, "kernel_shape", 0, 1, window->kernel, error);
    if (code == PLEURA_OK)
        code = read_pair(node, "strides", 1, 1, window->stride, error);
    if (code == PLEURA_OK)
        code = read_pair(node, "dilations", 1, 1, window->dilation, error);
    if (code == PLEURA_OK)
        code = read_pads(node, window, error);
    if (code != PLEURA_OK)
        return code;
    if (kernel)
        memcpy(window->kernel, kernel, sizeof window->kernel);

    const pleura_attribute *auto_pad = pleura_node_attribute(node, "auto_pad", 's');
    bool upper = auto_pad && strcmp(auto_pad->s, "SAME_UPPER") == 0;
    bool lower = auto_pad && strcmp(auto_pad->s, "SAME_LOWER") == 0;
    bool ceil_mode = pleura_node_int(node, "ceil_mode", 0) != 0;
    for (int i = 0; i < 2; i++) {
        int64_t size = input->dims[2 + i];
        int64_t extent = (window->kernel[i] - 1) * window->dilation[i] + 1;
        if (window->kernel[i] < 1 || window->kernel[i] > MAX_EXTENT)
            return pleura_fail(error, PLEURA_ERROR_SHAPE, "ONNX: %s has no usable kernel_shape.",
                               pleura_node_describe(node, &label));
        if (upper || lower)
            pad_same(window, i, size, extent, upper);
        else if (ceil_mode)
            pad_ceil(window, i, size, extent);
        int64_t room = size + window->pad_begin[i] + window->pad_end[i] - extent;
        if (room < 0)
            return pleura_fail(error, PLEURA_ERROR_SHAPE,
                               "ONNX: the window of %s (%lld) is larger than its padded input "
                               "(%lld).",
                               pleura_node_describe(node, &label), (long long)extent,
                               (long long)(room + extent));
        window->output[i] = room / window->stride[i] + 1;
    }
    return PLEURA_OK;
}
