/* What a classifier needs beyond a network: one image in, scores out. */
#include "../error.h"
#include "graph.h"
#include "needed.h"

#include <math.h>
#include <string.h>

#define MAX_SIDE 16384
/* Each image of a batch costs as much as one. */
#define MAX_BATCH 64
/* Of an input whose file leaves the size open, and says nothing else: that of most classifiers. */
#define USUAL_SIDE 224

static bool is_label(const pleura_value *value)
{
    return value->data || value->type == PLEURA_TYPE_TEXT;
}

/* What a node reads that only moves or names what is in it; PLEURA_NONE of others. */
static uint32_t behind(const pleura_graph *graph, const pleura_node *node)
{
    switch (node->op) {
    case PLEURA_OP_Gather:
        return is_label(&graph->values[node->inputs[0]]) ? node->inputs[1] : PLEURA_NONE;
    case PLEURA_OP_Cast:
    case PLEURA_OP_Identity:
    case PLEURA_OP_Reshape:
    case PLEURA_OP_Squeeze:
    case PLEURA_OP_Unsqueeze:
        return node->inputs[0];
    case PLEURA_OP_UNKNOWN:
        if (strcmp(node->function, "ai.onnx.ml::ArrayFeatureExtractor") == 0 &&
            node->input_count == 2)
            return node->inputs[1];
        return strcmp(node->function, "ai.onnx.ml::LabelEncoder") == 0 && node->input_count == 1
                   ? node->inputs[0]
                   : PLEURA_NONE;
    default:
        return PLEURA_NONE;
    }
}

static bool names_scores(const pleura_node *node)
{
    return node->op == PLEURA_OP_ArgMax || node->op == PLEURA_OP_TopK ||
           (node->op == PLEURA_OP_UNKNOWN && node->input_count == 1 &&
            strcmp(node->function, "ai.onnx.ml::ZipMap") == 0 && node->inputs[0] != PLEURA_NONE);
}

/*
 * Names of the best classes are made from scores, and a classifier's answer is its scores: ArgMax, TopK
 * and ZipMap are left out, and what follows them. Every node follows what it reads, or is refused later.
 */
static void take_scores(pleura_graph *graph)
{
    uint32_t value = graph->outputs[0], after = PLEURA_NONE;
    while (value != PLEURA_NONE && graph->values[value].producer < after) {
        after = graph->values[value].producer;
        const pleura_node *node = &graph->nodes[after];
        if (names_scores(node)) {
            graph->outputs[0] = node->inputs[0];
            return;
        }
        value = behind(graph, node);
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

static bool set_ints(pleura_graph *graph, pleura_attribute *attribute, const char *name,
                     const int64_t *ints, size_t count)
{
    int64_t *kept = pleura_arena_alloc(&graph->arena, count * sizeof *kept);
    if (kept)
        memcpy(kept, ints, count * sizeof *kept);
    *attribute = (pleura_attribute){.name = name, .kind = 'I', .ints = kept, .count = count};
    return kept != NULL;
}

/* A node from one value to another, without attributes yet; NULL if memory ran out. */
static pleura_node *add_node(pleura_graph *graph, pleura_operator op, uint32_t from, uint32_t to,
                             size_t attributes)
{
    void *nodes = graph->nodes;
    uint32_t *input = pleura_arena_alloc(&graph->arena, sizeof *input);
    pleura_attribute *list = pleura_arena_alloc(&graph->arena, attributes * sizeof *list);
    if (!input || !list ||
        !pleura_grow(&nodes, &graph->node_capacity, graph->node_count, sizeof *graph->nodes))
        return NULL;
    graph->nodes = nodes;
    *input = from;
    pleura_node *node = &graph->nodes[graph->node_count];
    *node = (pleura_node){.op = op,
                          .name = graph->values[to].name,
                          .inputs = input,
                          .input_count = 1,
                          .output = to,
                          .part_count = 1,
                          .attributes = list,
                          .attribute_count = attributes,
                          .clamp_min = -HUGE_VALF,
                          .clamp_max = HUGE_VALF};
    graph->values[to].producer = (uint32_t)graph->node_count++;
    return node;
}

/* The first node of all, which was the last. */
static void move_to_front(pleura_graph *graph)
{
    const size_t last = graph->node_count - 1;
    const pleura_node node = graph->nodes[last];
    memmove(graph->nodes + 1, graph->nodes, last * sizeof node);
    graph->nodes[0] = node;
    for (size_t i = 0; i < graph->value_count; i++) {
        uint32_t *producer = &graph->values[i].producer;
        if (*producer != PLEURA_NONE)
            *producer = *producer == last ? 0 : *producer + 1;
    }
}

/*
 * A file that was exported for several images at once is given copies of one, and its first answer is
 * taken: shapes in it may count on their number.
 */
static bool fill_batch(pleura_graph *graph)
{
    pleura_value *image = &graph->values[graph->inputs[0]];
    const int64_t dims[4] = {image->dims[0], image->dims[1], image->dims[2], image->dims[3]};
    image->dims[0] = 1;
    const uint32_t copies = pleura_graph_new_value(graph, "copies of the image"),
                   answer = pleura_graph_new_value(graph, graph->values[graph->outputs[0]].name);
    if (copies == PLEURA_NONE || answer == PLEURA_NONE)
        return false;
    for (size_t n = 0; n < graph->node_count; n++)
        for (size_t i = 0; i < graph->nodes[n].input_count; i++)
            if (graph->nodes[n].inputs[i] == graph->inputs[0])
                graph->nodes[n].inputs[i] = copies;
    pleura_node *node = add_node(graph, PLEURA_OP_Expand, graph->inputs[0], copies, 1);
    if (!node || !set_ints(graph, node->attributes, "shape", dims, 4))
        return false;
    move_to_front(graph);
    static const int64_t zero = 0, one = 1;
    node = add_node(graph, PLEURA_OP_Slice, graph->outputs[0], answer, 3);
    graph->outputs[0] = answer;
    graph->batch = dims[0];
    return node && set_ints(graph, node->attributes, "starts", &zero, 1) &&
           set_ints(graph, node->attributes + 1, "ends", &one, 1) &&
           set_ints(graph, node->attributes + 2, "axes", &zero, 1);
}

pleura_code pleura_graph_require_image(pleura_graph *graph, pleura_error *error)
{
    take_scores(graph);
    pleura_graph_keep_needed(graph, graph->further_output);
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
    if (input->dims[0] > MAX_BATCH)
        return pleura_fail(error, PLEURA_ERROR_SHAPE,
                           "ONNX: the model takes batches of %lld; export it for 1.",
                           (long long)input->dims[0]);
    if (input->dims[0] > 1 && !fill_batch(graph))
        return pleura_fail_memory(error, graph->node_count * sizeof *graph->nodes, "the batch");
    return PLEURA_OK;
}
