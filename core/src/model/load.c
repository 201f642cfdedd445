/* From the bytes of a file to a model: the graph, the network, and what the metadata says of them. */
#include "model.h"

#include "../error.h"
#include "../graph/head.h"
#include "../sha256.h"
#include "metadata.h"
#include "parts.h"

#include <string.h>

/* The graph goes once the network stands; its properties stay. */
static pleura_code keep_properties(pleura_model *model, const pleura_graph *graph,
                                   pleura_error *error)
{
    size_t count = graph->property_count;
    model->properties = pleura_arena_alloc(&model->arena, count * sizeof *model->properties);
    if (!model->properties)
        return pleura_fail_memory(error, count * sizeof *model->properties, "the metadata");
    for (size_t i = 0; i < count; i++) {
        const pleura_property *from = &graph->properties[i];
        pleura_property kept = {pleura_arena_text(&model->arena, from->key, strlen(from->key)),
                                pleura_arena_text(&model->arena, from->value, strlen(from->value))};
        if (!kept.key || !kept.value)
            return pleura_fail_memory(error, strlen(from->value), "the metadata");
        model->properties[i] = kept;
    }
    model->property_count = count;
    return PLEURA_OK;
}

/* The output that the metadata names for the gate must be there, with a number for each reason. */
static pleura_code find_gate(pleura_model *model, pleura_error *error)
{
    const pleura_gate_spec *gate = &model->decision.gate;
    if (!gate->output)
        return PLEURA_OK;
    size_t index = pleura_network_find_output(model->network, gate->output);
    if (index != SIZE_MAX)
        model->gate = pleura_network_output(model->network, index);
    if (!model->gate || !model->gate->data)
        return pleura_fail(error, PLEURA_ERROR_METADATA,
                           "Model metadata: pleura.gate.output is '%.80s'; the network computes no "
                           "output of that name.",
                           gate->output);
    if (model->gate->count != gate->count)
        return pleura_fail(error, PLEURA_ERROR_METADATA,
                           "Model metadata: pleura.gate.labels names %zu reasons; the output "
                           "'%.80s' has %zu numbers.",
                           gate->count, gate->output, model->gate->count);
    return PLEURA_OK;
}

/* Keeps the last layer, label by label: the graph goes. */
static pleura_code keep_linear(pleura_model *model, const pleura_graph_linear *from,
                               pleura_error *error)
{
    size_t count = from->labels * from->channels;
    float *weights = pleura_arena_alloc(&model->arena, count * sizeof *weights);
    float *bias = pleura_arena_alloc(&model->arena, from->labels * sizeof *bias);
    const float *matrix = pleura_constant_floats(from->weights, &model->arena);
    const float *added = from->bias ? pleura_constant_floats(from->bias, &model->arena) : NULL;
    if (!weights || !bias || !matrix || (from->bias && !added))
        return pleura_fail_memory(error, count * sizeof *weights, "the last layer's weights");
    for (size_t k = 0; k < from->labels; k++) {
        for (size_t c = 0; c < from->channels; c++)
            weights[k * from->channels + c] =
                from->scale *
                matrix[from->transposed ? c * from->labels + k : k * from->channels + c];
        bias[k] = added ? from->bias_scale * added[k] : 0;
    }
    model->linear = (pleura_linear){.labels = from->labels,
                                    .features = from->channels,
                                    .weights = weights,
                                    .bias = from->bias_known ? bias : NULL};
    return PLEURA_OK;
}

/* Inner values that are wanted after a run: their places among the outputs, or SIZE_MAX. */
typedef struct taps {
    size_t features, linear;
} taps;

static pleura_code tap_linear(pleura_model *model, pleura_graph *graph, size_t *tap,
                              pleura_error *error)
{
    pleura_graph_linear linear;
    if (!pleura_graph_find_linear(graph, &linear))
        return PLEURA_OK;
    if (!pleura_graph_add_output(graph, linear.input, tap))
        return pleura_fail_memory(error, graph->output_count * sizeof(uint32_t), "the outputs");
    return keep_linear(model, &linear, error);
}

/* Makes what heatmaps and learning are made from outputs, where the network has such an end. */
static pleura_code tap_inner(pleura_model *model, pleura_graph *graph, taps *at,
                             pleura_error *error)
{
    pleura_graph_head head;
    *at = (taps){SIZE_MAX, SIZE_MAX};
    bool averages = pleura_graph_find_head(graph, &head);
    pleura_code code = tap_linear(model, graph, &at->linear, error);
    if (code != PLEURA_OK || !averages)
        return code;
    const int64_t *dims = graph->values[head.features].dims;
    model->own_head = (pleura_heatmap_head){.labels = head.labels,
                                            .channels = head.channels,
                                            .width = (uint32_t)dims[3],
                                            .height = (uint32_t)dims[2],
                                            .weights = model->linear.weights};
    if (!pleura_graph_add_output(graph, head.features, &at->features))
        return pleura_fail_memory(error, graph->output_count * sizeof(uint32_t), "the outputs");
    return PLEURA_OK;
}

static const float *tapped(const pleura_model *model, size_t tap)
{
    const pleura_port *port = pleura_network_output(model->network, tap);
    return port ? port->data : NULL;
}

static void find_inner(pleura_model *model, const taps *at)
{
    size_t labels = model->own_decision.label_count;
    model->own_head.features = tapped(model, at->features);
    model->has_head = model->own_head.features && model->own_head.labels == labels;
    model->head = model->own_head;
    model->linear.data = tapped(model, at->linear);
    if (!model->linear.data || model->linear.labels != labels)
        model->linear = (pleura_linear){0};
}

static pleura_code read_metadata(pleura_model *model, pleura_error *error)
{
    pleura_code code = pleura_metadata_input(model->properties, model->property_count,
                                             model->reads_bytes, &model->input, error);
    if (code != PLEURA_OK)
        return code;
    const size_t *dims = pleura_network_input(model->network, 0)->dims;
    bool last = pleura_has_channels_last(dims);
    model->input.channels = (uint32_t)dims[last ? 3 : 1];
    model->input.height = (uint32_t)dims[last ? 1 : 2];
    model->input.width = (uint32_t)dims[last ? 2 : 3];
    if (model->input.channels != 1 && model->input.channels != 3)
        return pleura_fail(error, PLEURA_ERROR_SHAPE,
                           "The network's input has %u channels; 1 or 3 are filled from an image.",
                           (unsigned)model->input.channels);
    if (!pleura_network_output(model->network, 0)->data)
        return pleura_fail(error, PLEURA_ERROR_ONNX,
                           "ONNX: the output '%.80s' depends on no image.",
                           pleura_network_output(model->network, 0)->name);
    code = pleura_metadata_decision(model->properties, model->property_count,
                                    pleura_network_output(model->network, 0)->count, &model->arena,
                                    &model->own_decision, error);
    if (code != PLEURA_OK)
        return code;
    return pleura_metadata_framings(model->properties, model->property_count, &model->input,
                                    &model->own_decision.framings, error);
}

static pleura_code describe(pleura_model *model, const pleura_graph *graph, pleura_error *error)
{
    pleura_census_take(graph, &model->census);
    const char *producer = graph->producer;
    if (producer && !(producer = pleura_arena_text(&model->arena, producer, strlen(producer))))
        return pleura_fail_memory(error, 16, "the model's description");
    model->info = (pleura_info){.producer = producer,
                                .opset = graph->opset,
                                .size_assumed = graph->size_assumed,
                                .census = &model->census,
                                .input = &model->input,
                                .decision = &model->decision,
                                .properties = model->properties,
                                .property_count = model->property_count,
                                .sha256 = model->sha256,
                                .has_heatmap = model->has_head,
                                .features = model->linear.features};
    return pleura_model_write_info(model, error);
}

static pleura_code build(pleura_model *model, const void *onnx, size_t size,
                         const pleura_model_options *options, pleura_error *error)
{
    pleura_graph graph = {.data_may_change = options->bytes_may_change};
    taps at;
    pleura_code code = pleura_onnx_read(onnx, size, &graph, error);
    model->census.cost.file_bytes = size;
    model->census.cost.nodes_in_file = graph.node_count;
    if (code == PLEURA_OK)
        code = keep_properties(model, &graph, error);
    if (code == PLEURA_OK)
        code = pleura_metadata_size(model->properties, model->property_count, &graph.open_height,
                                    &graph.open_width, error);
    graph.further_output =
        pleura_property_find(model->properties, model->property_count, "pleura.gate.output");
    if (code == PLEURA_OK)
        code = pleura_graph_require_image(&graph, error);
    if (code == PLEURA_OK)
        code = pleura_graph_infer(&graph, error);
    if (code == PLEURA_OK)
        code = pleura_graph_simplify(&graph, error);
    if (code == PLEURA_OK)
        code = tap_inner(model, &graph, &at, error);
    if (code == PLEURA_OK)
        code = pleura_network_create(&graph, options->threads, &model->network, error);
    model->reads_bytes = graph.reads_bytes;
    if (code == PLEURA_OK)
        code = read_metadata(model, error);
    model->decision = model->own_decision;
    if (code == PLEURA_OK)
        code = find_gate(model, error);
    if (code == PLEURA_OK) {
        find_inner(model, &at);
        code = describe(model, &graph, error);
    }
    pleura_graph_free(&graph);
    return code;
}

/* More threads than this never helped a network of our size, and a typo should not start a million. */
#define MAX_THREADS 256

static bool is_digest(const char *text)
{
    return strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

pleura_code pleura_model_load(const void *onnx, size_t size, const pleura_model_options *options,
                              pleura_model **out, pleura_error *error)
{
    if (out)
        *out = NULL;
    if (!out || (!onnx && size))
        return pleura_fail(error, PLEURA_ERROR_ARGUMENT,
                           "pleura_model_load: `onnx` or `model` is NULL.");
    if (size == 0)
        return pleura_fail(error, PLEURA_ERROR_EMPTY, "The model file is empty.");
    if (size > PLEURA_MAX_MODEL_BYTES)
        return pleura_fail(error, PLEURA_ERROR_MODEL_TOO_LARGE,
                           "The model has %zu bytes; at most %zu are read.", size,
                           PLEURA_MAX_MODEL_BYTES);
    pleura_model_options use = options ? *options : (pleura_model_options){0};
    if (use.threads == 0)
        use.threads = 1;
    if (use.threads > MAX_THREADS)
        return pleura_fail(error, PLEURA_ERROR_ARGUMENT, "%u threads; at most %d are started.",
                           use.threads, MAX_THREADS);
    if (use.sha256 && !is_digest(use.sha256))
        return pleura_fail(error, PLEURA_ERROR_ARGUMENT,
                           "pleura_model_load: `sha256` has not 64 lower-case hexadecimal digits.");
    pleura_model *model = pleura_alloc_zero(1, sizeof *model);
    if (!model)
        return pleura_fail_memory(error, sizeof *model, "the model");
    if (use.sha256)
        memcpy(model->sha256, use.sha256, sizeof model->sha256);
    else
        pleura_sha256_hex(onnx, size, model->sha256);
    pleura_code code = build(model, onnx, size, &use, error);
    if (code == PLEURA_OK)
        *out = model;
    else
        pleura_model_free(model);
    return code;
}
