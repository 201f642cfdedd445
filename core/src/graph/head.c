#include "head.h"

#include "fold.h"
#include "window.h"

#include <math.h>

static const pleura_node *producer(const pleura_graph *graph, uint32_t value)
{
    for (size_t i = 0; i < graph->node_count; i++)
        if (!graph->nodes[i].dead && graph->nodes[i].output == value)
            return &graph->nodes[i];
    return NULL;
}

static bool is_bounded(const pleura_node *node)
{
    return node->clamp_min > -INFINITY || node->clamp_max < INFINITY;
}

/* Keeps every number and its place. */
static bool only_reshapes(const pleura_node *node)
{
    switch (node->op) {
    case PLEURA_OP_Flatten:
    case PLEURA_OP_Reshape:
    case PLEURA_OP_Squeeze:
    case PLEURA_OP_Unsqueeze:
    case PLEURA_OP_Identity:
    case PLEURA_OP_Dropout:
        return !is_bounded(node);
    default:
        return false;
    }
}

static const pleura_node *skip_reshapes(const pleura_graph *graph, const pleura_node *node)
{
    while (node && only_reshapes(node))
        node = producer(graph, node->inputs[0]);
    return node;
}

/* Numbers that the file has, as floats or on a grid. */
static const pleura_value *numbers(const pleura_graph *graph, const pleura_node *node, size_t input)
{
    if (input >= node->input_count || node->inputs[input] == PLEURA_NONE)
        return NULL;
    const pleura_value *value = &graph->values[node->inputs[input]];
    return value->data && (value->element == PLEURA_FLOAT || value->grid) ? value : NULL;
}

/* The weights of a product with a constant matrix of labels x channels, or the other way round. */
static bool take_weights(const pleura_graph *graph, const pleura_node *node, size_t labels,
                         pleura_graph_linear *linear)
{
    const pleura_value *weights = numbers(graph, node, 1);
    bool gemm = node->op == PLEURA_OP_Gemm;
    if (!weights || weights->rank != 2 || is_bounded(node) ||
        (gemm && pleura_node_int(node, "transA", 0)))
        return false;
    linear->transposed = !(gemm && pleura_node_int(node, "transB", 0));
    linear->scale = gemm ? pleura_node_float(node, "alpha", 1) : 1;
    linear->weights = weights;
    linear->labels = (size_t)weights->dims[linear->transposed ? 1 : 0];
    linear->channels = (size_t)weights->dims[linear->transposed ? 0 : 1];
    linear->input = node->inputs[0];
    return linear->labels == labels;
}

/* One number for each label, or the bias is not known. */
static void take_bias(const pleura_graph *graph, const pleura_node *node, size_t input, float scale,
                      pleura_graph_linear *linear)
{
    const pleura_value *bias = numbers(graph, node, input);
    if (!bias || (size_t)pleura_value_elements(bias) != linear->labels || linear->bias) {
        linear->bias_known = false;
        return;
    }
    linear->bias = bias;
    linear->bias_scale = scale;
}

/* Behind the activation. */
static const pleura_node *scores(const pleura_graph *graph)
{
    const pleura_node *node = skip_reshapes(graph, producer(graph, graph->outputs[0]));
    if (node && (node->op == PLEURA_OP_Softmax || node->op == PLEURA_OP_Sigmoid))
        node = skip_reshapes(graph, producer(graph, node->inputs[0]));
    return node;
}

/* Behind a bias that is added by itself, as to a MatMul; *bias is then its input, or else SIZE_MAX. */
static const pleura_node *behind_bias(const pleura_graph *graph, const pleura_node *node,
                                      size_t *bias)
{
    *bias = SIZE_MAX;
    if (!node || node->op != PLEURA_OP_Add || is_bounded(node))
        return node;
    size_t constant = numbers(graph, node, 1) ? 1 : 0;
    if (!numbers(graph, node, constant))
        return NULL;
    *bias = constant;
    return skip_reshapes(graph, producer(graph, node->inputs[1 - constant]));
}

static bool is_product(const pleura_node *node)
{
    return node && (node->op == PLEURA_OP_Gemm || node->op == PLEURA_OP_MatMul);
}

bool pleura_graph_find_linear(const pleura_graph *graph, pleura_graph_linear *linear)
{
    *linear = (pleura_graph_linear){.input = PLEURA_NONE, .scale = 1, .bias_known = true};
    size_t labels = (size_t)pleura_value_elements(&graph->values[graph->outputs[0]]), bias;
    const pleura_node *add = scores(graph), *node = behind_bias(graph, add, &bias);
    if (!is_product(node) || !take_weights(graph, node, labels, linear) ||
        (size_t)pleura_value_elements(&graph->values[linear->input]) != linear->channels) {
        linear->input = PLEURA_NONE;
        return false;
    }
    if (node->input_count > 2 && node->inputs[2] != PLEURA_NONE)
        take_bias(graph, node, 2, pleura_node_float(node, "beta", 1), linear);
    if (bias != SIZE_MAX)
        take_bias(graph, add, bias, 1, linear);
    return true;
}

/* What stands before the averages' layer: the linear one's input, or the averages themselves. */
static const pleura_node *behind_linear(const pleura_graph *graph, pleura_graph_head *head)
{
    pleura_graph_linear linear;
    size_t bias;
    if (!pleura_graph_find_linear(graph, &linear))
        return behind_bias(graph, scores(graph), &bias);
    head->labels = linear.labels;
    head->channels = linear.channels;
    head->weights = linear.weights;
    head->transposed = linear.transposed;
    head->scale = linear.scale;
    return producer(graph, linear.input);
}

/* Whether the one window of an AveragePool is the image: as Keras and older exporters write the mean. */
static bool covers_image(const pleura_graph *graph, const pleura_node *node)
{
    const pleura_value *image = &graph->values[node->inputs[0]];
    pleura_window w;
    if (node->op != PLEURA_OP_AveragePool ||
        pleura_window_resolve(graph, node, NULL, &w, NULL) != PLEURA_OK)
        return false;
    bool whole = true;
    for (int i = 0; i < 2; i++)
        whole = whole && w.kernel[i] == image->dims[2 + i] && w.output[i] == 1 &&
                w.dilation[i] == 1 && w.pad_begin[i] == 0 && w.pad_end[i] == 0;
    return whole;
}

/* The image whose mean over height and width the node gives; PLEURA_NONE if it gives another thing. */
static uint32_t averaged(const pleura_graph *graph, const pleura_node *node)
{
    if (!node || !node->input_count || is_bounded(node))
        return PLEURA_NONE;
    const pleura_value *image = &graph->values[node->inputs[0]];
    if (image->rank != 4 || image->data)
        return PLEURA_NONE;
    return pleura_node_averages_image(graph, node) || covers_image(graph, node) ? node->inputs[0]
                                                                                : PLEURA_NONE;
}

bool pleura_graph_find_head(const pleura_graph *graph, pleura_graph_head *head)
{
    *head = (pleura_graph_head){.features = PLEURA_NONE, .scale = 1};
    size_t labels = (size_t)pleura_value_elements(&graph->values[graph->outputs[0]]);
    const pleura_node *node = skip_reshapes(graph, behind_linear(graph, head));
    uint32_t features = averaged(graph, node);
    if (features == PLEURA_NONE)
        return false;
    size_t channels = (size_t)graph->values[features].dims[1];
    if (!head->weights) {
        head->labels = labels;
        head->channels = channels;
    }
    head->features = features;
    return head->channels == channels && head->labels == labels &&
           (head->weights || channels == labels);
}
