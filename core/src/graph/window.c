#include "window.h"

#include "../error.h"

#include <string.h>

/* Larger than any image's side, small enough that sums of a few never overflow. */
#define MAX_EXTENT 100000

static pleura_code read_list(const pleura_node *node, const char *name, int count,
                             int64_t otherwise, int64_t minimum, int64_t *out, pleura_error *error)
{
    const pleura_attribute *attribute = pleura_node_attribute(node, name, 'I');
    pleura_node_label label;
    for (int i = 0; i < count; i++)
        out[i] = otherwise;
    if (!attribute)
        return PLEURA_OK;
    if (attribute->count != (size_t)count)
        return pleura_fail(error, PLEURA_ERROR_OPERATOR,
                           "ONNX: %s has %zu numbers in %s; its window needs %d.",
                           pleura_node_describe(node, &label), attribute->count, name, count);
    for (int i = 0; i < count; i++) {
        out[i] = attribute->ints[i];
        if (out[i] < minimum || out[i] > MAX_EXTENT)
            return pleura_fail(error, PLEURA_ERROR_SHAPE, "ONNX: %s has %lld in %s.",
                               pleura_node_describe(node, &label), (long long)out[i], name);
    }
    return PLEURA_OK;
}

static bool pads_by(const pleura_node *node, const char *way)
{
    const pleura_attribute *auto_pad = pleura_node_attribute(node, "auto_pad", 's');
    return auto_pad && strcmp(auto_pad->s, way) == 0;
}

static pleura_code read_pads(const pleura_node *node, pleura_window *window, pleura_error *error)
{
    int64_t pads[2 * PLEURA_MAX_SPATIAL];
    pleura_code code = read_list(node, "pads", 2 * window->spatial, 0, 0, pads, error);
    bool none = pads_by(node, "VALID");
    for (int i = 0; i < window->spatial; i++) {
        bool folded = window->spatial == 2; /* a Pad before an image's window */
        window->pad_begin[i] = (none ? 0 : pads[i]) + (folded ? node->extra_pads[i] : 0);
        window->pad_end[i] =
            (none ? 0 : pads[i + window->spatial]) + (folded ? node->extra_pads[i + 2] : 0);
    }
    return code;
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
    if (reach > padded) {
        window->ceil_pad[i] = reach - padded;
        window->pad_end[i] += reach - padded;
    }
}

static pleura_code slide(const pleura_node *node, pleura_window *window, int i, int64_t size,
                         pleura_error *error)
{
    pleura_node_label label;
    int64_t extent = (window->kernel[i] - 1) * window->dilation[i] + 1;
    bool upper = pads_by(node, "SAME_UPPER");
    if (upper || pads_by(node, "SAME_LOWER"))
        pad_same(window, i, size, extent, upper);
    else if (pleura_node_int(node, "ceil_mode", 0))
        pad_ceil(window, i, size, extent);
    int64_t room = size + window->pad_begin[i] + window->pad_end[i] - extent;
    if (room < 0)
        return pleura_fail(error, PLEURA_ERROR_SHAPE,
                           "ONNX: the window of %s (%lld) is larger than its padded input (%lld).",
                           pleura_node_describe(node, &label), (long long)extent,
                           (long long)room + extent);
    window->output[i] = room / window->stride[i] + 1;
    return PLEURA_OK;
}

/* Backwards: each input number spreads over a window of the output. */
static pleura_code spread(const pleura_node *node, pleura_window *window, int i, int64_t size,
                          pleura_error *error)
{
    int64_t more[PLEURA_MAX_SPATIAL];
    pleura_node_label label;
    pleura_code code = read_list(node, "output_padding", window->spatial, 0, 0, more, error);
    if (code != PLEURA_OK)
        return code;
    int64_t extent = (window->kernel[i] - 1) * window->dilation[i] + 1;
    int64_t full = (size - 1) * window->stride[i] + extent + more[i];
    const pleura_attribute *shape = pleura_node_attribute(node, "output_shape", 'I');
    bool upper = pads_by(node, "SAME_UPPER"), same = upper || pads_by(node, "SAME_LOWER");
    if (same || (shape && shape->count == (size_t)window->spatial)) {
        int64_t wanted = shape ? shape->ints[i] : size * window->stride[i];
        int64_t total = wanted < full ? full - wanted : 0;
        window->pad_begin[i] = upper ? total / 2 : total - total / 2;
        window->pad_end[i] = total - window->pad_begin[i];
        window->output[i] = wanted;
    } else {
        window->output[i] = full - window->pad_begin[i] - window->pad_end[i];
    }
    if (window->output[i] < 1 || window->output[i] > full + MAX_EXTENT)
        return pleura_fail(error, PLEURA_ERROR_SHAPE, "ONNX: %s makes an empty output.",
                           pleura_node_describe(node, &label));
    return PLEURA_OK;
}

pleura_code pleura_window_resolve(const pleura_graph *graph, const pleura_node *node,
                                  const int64_t *kernel, pleura_window *window, pleura_error *error)
{
    const pleura_value *input = &graph->values[node->inputs[0]];
    pleura_node_label label;
    memset(window, 0, sizeof *window);
    const int spatial = window->spatial = input->rank - 2;
    if (spatial < 1 || spatial > PLEURA_MAX_SPATIAL)
        return pleura_fail(error, PLEURA_ERROR_SHAPE,
                           "ONNX: %s slides over a tensor of %d dimensions; 3 to %d are supported.",
                           pleura_node_describe(node, &label), input->rank, PLEURA_MAX_SPATIAL + 2);
    pleura_code code = read_list(node, "kernel_shape", spatial, 0, 1, window->kernel, error);
    if (code == PLEURA_OK)
        code = read_list(node, "strides", spatial, 1, 1, window->stride, error);
    if (code == PLEURA_OK)
        code = read_list(node, "dilations", spatial, 1, 1, window->dilation, error);
    if (code == PLEURA_OK)
        code = read_pads(node, window, error);
    for (int i = 0; code == PLEURA_OK && i < spatial; i++) {
        if (kernel)
            window->kernel[i] = kernel[i];
        if (window->kernel[i] < 1 || window->kernel[i] > MAX_EXTENT)
            return pleura_fail(error, PLEURA_ERROR_SHAPE, "ONNX: %s has no usable kernel_shape.",
                               pleura_node_describe(node, &label));
        code = node->op == PLEURA_OP_ConvTranspose
                   ? spread(node, window, i, input->dims[2 + i], error)
                   : slide(node, window, i, input->dims[2 + i], error);
    }
    return code;
}
