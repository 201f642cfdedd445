#include "network.h"

#include "../unit/onnx_writer.h"
#include "run/network.h"
#include "sha256.h"

#include <math.h>
#include <stdio.h>

static uint32_t seed;
static char message[1200];

static uint32_t pseudo(uint32_t below)
{
    seed = seed * 1664525u + 1013904223u;
    return (uint32_t)(((uint64_t)seed * below) >> 32);
}

/* ---- Writing QDQ ---- */

static void put_scalar(buffer *graph, const char *name, float scale, int zero, bool is_signed)
{
    char text[40];
    uint8_t byte = (uint8_t)zero;
    snprintf(text, sizeof text, "%s_s", name);
    put_tensor(graph, text, TYPE_FLOAT, 0, NULL, &scale, sizeof scale);
    snprintf(text, sizeof text, "%s_z", name);
    put_tensor(graph, text, is_signed ? TYPE_INT8 : TYPE_UINT8, 0, NULL, &byte, 1);
}

/* `from` rounded to a grid becomes `to`. */
static void put_grid(buffer *graph, const char *from, const char *to, float scale, int zero,
                     bool is_signed)
{
    char inputs[120], stored[40];
    put_scalar(graph, to, scale, zero, is_signed);
    snprintf(stored, sizeof stored, "%s_q", to);
    snprintf(inputs, sizeof inputs, "%s %s_s %s_z", from, to, to);
    put_node(graph, "QuantizeLinear", inputs, stored);
    snprintf(inputs, sizeof inputs, "%s %s_s %s_z", stored, to, to);
    put_node(graph, "DequantizeLinear", inputs, to);
}

/* Constant weights (int8, a scale for each output) and biases (int32) for `name`. */
static void put_weights(buffer *graph, const char *name, int rank, const int64_t *dims,
                        float in_scale)
{
    size_t outputs = (size_t)dims[0], count = 1;
    for (int i = 0; i < rank; i++)
        count *= (size_t)dims[i];
    int8_t *weights = calloc(count, 1);
    float *scales = calloc(outputs, sizeof *scales), *products = calloc(outputs, sizeof *products);
    int32_t *biases = calloc(outputs, sizeof *biases);
    for (size_t i = 0; i < count; i++)
        weights[i] = (int8_t)((int)pseudo(255) - 127);
    for (size_t o = 0; o < outputs; o++) {
        scales[o] = (float)(64 + pseudo(64)) / (8192 * sqrtf((float)(count / outputs)));
        products[o] = in_scale * scales[o];
        biases[o] = (int32_t)pseudo(4001) - 2000;
    }
    char text[40], inputs[120], output[40];
    struct {
        const char *kind;
        int type, rank;
        const void *data;
        size_t size;
    } tensors[] = {{"w", TYPE_INT8, rank, weights, count},
                   {"ws", TYPE_FLOAT, 1, scales, outputs * sizeof *scales},
                   {"b", TYPE_INT32, 1, biases, outputs * sizeof *biases},
                   {"bs", TYPE_FLOAT, 1, products, outputs * sizeof *products}};
    for (size_t i = 0; i < 4; i++) {
        snprintf(text, sizeof text, "%s_%s", name, tensors[i].kind);
        put_tensor(graph, text, tensors[i].type, tensors[i].rank, dims, tensors[i].data,
                   tensors[i].size);
    }
    const char *kinds[] = {"w", "b"};
    for (size_t i = 0; i < 2; i++) {
        snprintf(inputs, sizeof inputs, "%s_%s %s_%ss", name, kinds[i], name, kinds[i]);
        snprintf(output, sizeof output, "%s_%sd", name, kinds[i]);
        buffer node = make_node("DequantizeLinear", inputs, output);
        put_attribute_int(&node, "axis", 0);
        put_message(graph, GRAPH_NODE, &node);
    }
    free(weights);
    free(scales);
    free(products);
    free(biases);
}

typedef struct layer {
    const char *input, *output;
    int64_t in, out, kernel, stride, groups;
    float in_scale, scale;
    int zero;
    const char *activation; /* NULL, Relu */
} layer;

static void put_conv(buffer *graph, const layer *l)
{
    int64_t dims[4] = {l->out, l->in / l->groups, l->kernel, l->kernel}, pad = l->kernel / 2;
    int64_t pads[4] = {pad, pad, pad, pad}, strides[2] = {l->stride, l->stride};
    char inputs[120], sum[40], active[40];
    put_weights(graph, l->output, 4, dims, l->in_scale);
    snprintf(inputs, sizeof inputs, "%s %s_wd %s_bd", l->input, l->output, l->output);
    snprintf(sum, sizeof sum, "%s_sum", l->output);
    buffer node = make_node("Conv", inputs, sum);
    put_attribute_ints(&node, "pads", 4, pads);
    put_attribute_ints(&node, "strides", 2, strides);
    put_attribute_int(&node, "group", l->groups);
    put_message(graph, GRAPH_NODE, &node);
    snprintf(active, sizeof active, "%s_active", l->output);
    if (l->activation)
        put_node(graph, l->activation, sum, active);
    put_grid(graph, l->activation ? active : sum, l->output, l->scale, l->zero, true);
}

static void put_pool(buffer *graph, const char *op, const char *input, const char *output,
                     int64_t pad)
{
    int64_t kernel[2] = {3, 3}, strides[2] = {2, 2}, pads[4] = {pad, pad, pad, pad};
    buffer node = make_node(op, input, output);
    put_attribute_ints(&node, "kernel_shape", 2, kernel);
    put_attribute_ints(&node, "strides", 2, strides);
    put_attribute_ints(&node, "pads", 4, pads);
    put_message(graph, GRAPH_NODE, &node);
}

/* Each way through the kernels: framed, direct, Winograd's, depthwise, grouped, pooled, joined. */
static buffer write_network(void)
{
    static const int64_t image[4] = {1, 3, 61, 57}, answers[2] = {1, 19}, classes[2] = {19, 56};
    static const layer layers[] = {
        {"x", "c1", 3, 24, 3, 2, 1, 0.02f, 0.03f, -128, "Relu"},
        {"c1", "c2", 24, 24, 3, 1, 24, 0.03f, 0.04f, -3, NULL},
        {"c2", "c3", 24, 40, 1, 1, 1, 0.04f, 0.05f, -128, "Relu"},
        {"c3", "c4", 40, 40, 3, 1, 1, 0.05f, 0.06f, 5, NULL},
        {"m", "c5", 40, 24, 3, 1, 4, 0.05f, 0.07f, -20, NULL},
        {"m", "c6", 40, 32, 5, 2, 1, 0.05f, 0.05f, 0, NULL},
    };
    buffer g = {0};
    put_value_info(&g, GRAPH_INPUT, "image", 4, image);
    put_value_info(&g, GRAPH_OUTPUT, "answers", 2, answers);
    put_grid(&g, "image", "x", 0.02f, 7, true);
    for (size_t i = 0; i < 4; i++)
        put_conv(&g, &layers[i]);
    put_node(&g, "Add", "c3 c4", "sum");
    put_node(&g, "Relu", "sum", "positive");
    put_grid(&g, "positive", "a", 0.05f, -128, true);
    put_pool(&g, "MaxPool", "a", "largest", 1);
    put_grid(&g, "largest", "m", 0.05f, -128, true);
    put_conv(&g, &layers[4]);
    put_pool(&g, "AveragePool", "c5", "averages", 1);
    put_grid(&g, "averages", "v", 0.06f, 130, false);
    put_conv(&g, &layers[5]);
    buffer joined = make_node("Concat", "v c6", "both");
    put_attribute_int(&joined, "axis", 1);
    put_message(&g, GRAPH_NODE, &joined);
    put_grid(&g, "both", "j", 0.06f, 1, true);
    put_node(&g, "GlobalAveragePool", "j", "means");
    put_grid(&g, "means", "p", 0.02f, -10, true);
    put_node(&g, "Flatten", "p", "flat");
    put_weights(&g, "fc", 2, classes, 0.02f);
    buffer fc = make_node("Gemm", "flat fc_wd fc_bd", "answers");
    put_attribute_int(&fc, "transB", 1);
    put_message(&g, GRAPH_NODE, &fc);
    return make_model(17, &g);
}

/* ---- Running ---- */

static bool runs_in_integers(const pleura_network *network)
{
    const void *cursor = NULL;
    pleura_step_time step;
    while (pleura_network_next_step(network, &cursor, &step))
        if (!strstr(step.kind, "integer") && !strstr(step.kind, "quantise"))
            return false;
    return true;
}

static float *copy(const pleura_port *port, size_t *count)
{
    float *data = malloc(port->count * sizeof *data);
    memcpy(data, port->data, port->count * sizeof *data);
    *count = port->count;
    return data;
}

static pleura_code run(pleura_network *network, integer_network *out, pleura_error *error)
{
    const pleura_port *image = pleura_network_input(network, 0);
    const pleura_port *answers = pleura_network_output(network, 0);
    for (size_t i = 0; i < image->count; i++)
        image->data[i] = ((float)pseudo(1 << 16) - (1 << 15)) / (1 << 13);
    pleura_code code = pleura_network_run(network, error);
    pleura_sha256_hex(answers->data, answers->count * sizeof(float), out->sha256);
    out->all_integer = runs_in_integers(network);
    out->image = copy(image, &out->image_count);
    out->answers = copy(answers, &out->answer_count);
    return code;
}

const char *integer_network_run(unsigned threads, integer_network *out)
{
    pleura_error error = {0};
    pleura_graph graph = {0};
    pleura_network *network = NULL;
    seed = 1;
    buffer model = write_network();
    *out = (integer_network){.model = model.bytes, .model_size = model.size};
    pleura_code code = pleura_onnx_read(model.bytes, model.size, &graph, &error);
    if (code == PLEURA_OK)
        code = pleura_graph_infer(&graph, &error);
    if (code == PLEURA_OK)
        code = pleura_graph_simplify(&graph, &error);
    if (code == PLEURA_OK)
        code = pleura_network_create(&graph, threads, &network, &error);
    if (code == PLEURA_OK)
        code = run(network, out, &error);
    pleura_network_free(network);
    pleura_graph_free(&graph);
    snprintf(message, sizeof message, "%s", error.message);
    return code == PLEURA_OK ? NULL : message;
}

void integer_network_free(integer_network *network)
{
    free(network->model);
    free(network->image);
    free(network->answers);
}
