/* What a classifier needs beyond a network: one image in, scores out. */
#include "../error.h"
#include "graph.h"

#define MAX_SIDE 16384
/* Of an input whose file leaves the size open, and says nothing else: that of most classifiers. */
#define USUAL_SIDE 224

/*
 * Names of the best classes are made from scores, and a classifier's answer is its scores: ArgMax and
 * TopK are left out, and what only moves their results.
 */
static void take_scores(pleura_graph *graph)
{
    uint32_t value = graph->outputs[0];
    for (uint32_t at; (at = graph->values[value].producer) != PLEURA_NONE;) {
        const pleura_node *node = &graph->nodes[at];
        switch (node->op) {
        case PLEURA_OP_ArgMax:
        case PLEURA_OP_TopK:
            graph->outputs[0] = node->inputs[0];
            return;
        case PLEURA_OP_Cast:
        case PLEURA_OP_Identity:
        case PLEURA_OP_Reshape:
        case PLEURA_OP_Squeeze:
        case PLEURA_OP_Unsqueeze:
            value = node->inputs[0];
            break;
        default:
            return;
        }
    }
}

/* What the first convolution of the image takes, in a file that does not say. */
static int64_t find_channels(const pleura_graph *graph, uint32_t image)
{
    for (size_t i = 0; i < graph->node_count; i++) {
        const pleura_node *node = &graph->nodes[i];
        if (node->op != PLEURA_OP_Conv || node->inputs[0] != image)
            continue;
        const pleura_value *weights = &graph->values[node->inputs[1]];
        return weights->data && weights->rank == 4
                   ? weights->dims[1] * pleura_node_int(node, "group", 1)
                   : -1;
    }
    return -1;
}

/* An open batch is 1; an open height or width is as the other, as the metadata say, or as usual. */
static void close_dimensions(pleura_graph *graph, pleura_value *input)
{
    int64_t *d = input->dims;
    bool last = d[1] != 1 && d[1] != 3 && (d[3] == 1 || d[3] == 3); /* channels */
    int64_t *height = &d[last ? 1 : 2], *width = &d[last ? 2 : 3];
    if (d[0] < 1)
        d[0] = 1;
    if (d[1] < 1 && !last)
        d[1] = find_channels(graph, graph->inputs[0]);
    if (*height >= 1 && *width >= 1)
        return;
    graph->size_assumed = graph->open_height == 0;
    if (*height < 1)
        *height = graph->open_height ? graph->open_height : *width >= 1 ? *width : USUAL_SIDE;
    if (*width < 1)
        *width = graph->open_width ? graph->open_width : *height;
}

pleura_code pleura_graph_require_image(pleura_graph *graph, pleura_error *error)
{
    const uint32_t *inputs = graph->inputs;
    if (graph->input_count == 0)
        return pleura_fail(error, PLEURA_ERROR_ONNX, "ONNX: the graph has no input.");
    if (graph->input_count > 1)
        return pleura_fail(error, PLEURA_ERROR_SHAPE,
                           "ONNX: two inputs ('%.80s' and '%.80s'); an image classifier has one.",
                           graph->values[inputs[0]].name, graph->values[inputs[1]].name);
    pleura_value *input = &graph->values[inputs[0]];
    if (!input->has_shape || input->rank != 4 || (input->whole && !graph->reads_bytes))
        return pleura_fail(error, PLEURA_ERROR_SHAPE,
                           "ONNX: the input '%.80s' is not an image of four dimensions, of floats "
                           "or bytes.",
                           input->name);
    close_dimensions(graph, input);
    for (int i = 1; i < 4; i++)
        if (input->dims[i] < 1 || input->dims[i] > MAX_SIDE)
            return pleura_fail(
                error, PLEURA_ERROR_SHAPE,
                "ONNX: dimension %d of the input '%.80s' is not fixed, or not from 1 to %d.", i,
                input->name, MAX_SIDE);
    if (input->dims[0] != 1)
        return pleura_fail(error, PLEURA_ERROR_SHAPE,
                           "ONNX: the model takes batches of %lld; export it for 1.",
                           (long long)input->dims[0]);
    take_scores(graph);
    return PLEURA_OK;
}
