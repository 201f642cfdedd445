/* ONNX (onnx.proto, IR version 3 and later) to a graph: the model and its ends. */
#include "../error.h"
#include "fold.h"
#include "onnx_scope.h"

#include <pb_decode.h>
#include <string.h>

#define OPSET_MIN 3
#define OPSET_MAX 24

static bool on_dimension(pb_istream_t *stream, const pb_field_t *field, void **argument)
{
    (void)field;
    onnx_TensorShapeProto_Dimension dimension = {0};
    if (!pb_decode(stream, onnx_TensorShapeProto_Dimension_fields, &dimension))
        return false;
    int64_t *item = pleura_list_add(*argument, sizeof *item);
    if (item) /* a symbol ("batch") has no number yet */
        *item = dimension.has_dim_value ? dimension.dim_value : -1;
    return item != NULL;
}

/* Adds the value of that name to a list; its index, or PLEURA_NONE. */
static uint32_t list_value(pleura_list *values, pleura_span name)
{
    uint32_t index = pleura_reader_value(values->reader, name.begin, name.length);
    uint32_t *item = index == PLEURA_NONE ? NULL : pleura_list_add(values, sizeof *item);
    return item ? (*item = index) : PLEURA_NONE;
}

static bool keep_input(pleura_reader *r, pleura_span name, int32_t type, const pleura_list *dims)
{
    pleura_graph *graph = r->graph;
    uint32_t index = list_value(r->inputs, name);
    if (index == PLEURA_NONE)
        return false;
    /* Older exporters list the initializers among the inputs, which come before or after this. */
    pleura_value *value = &graph->values[index];
    if (value->data)
        return true;
    if (!pleura_is_number_type(type) || dims->count > PLEURA_MAX_RANK) {
        pleura_fail(r->error, PLEURA_ERROR_SHAPE,
                    "ONNX: the input '%.80s' is no tensor of numbers of at most %d dimensions "
                    "(element type %d, %zu dimensions).",
                    value->name, PLEURA_MAX_RANK, (int)type, dims->count);
        return false;
    }
    value->type = (unsigned char)type;
    value->whole = !pleura_is_float_type(type);
    graph->reads_bytes = type == PLEURA_TYPE_UINT8;
    value->has_shape = true;
    value->rank = (int)dims->count;
    if (dims->count)
        memcpy(value->dims, dims->items, dims->count * sizeof *value->dims);
    return true;
}

typedef struct value_info_parts {
    onnx_ValueInfoProto proto;
    pleura_span name;
    pleura_list dims;
} value_info_parts;

static bool read_value_info(pleura_reader *r, pb_istream_t *stream, value_info_parts *parts)
{
    *parts = (value_info_parts){.dims.reader = r};
    parts->proto.name = pleura_want_span(r, &parts->name);
    parts->proto.type.tensor_type.shape.dim = pleura_want(on_dimension, &parts->dims);
    return pb_decode(stream, onnx_ValueInfoProto_fields, &parts->proto);
}

static bool on_input(pb_istream_t *stream, const pb_field_t *field, void **argument)
{
    (void)field;
    pleura_reader *r = *argument;
    value_info_parts parts;
    bool ok = read_value_info(r, stream, &parts);
    if (ok && parts.name.length) /* without one, no node can read it */
        ok = keep_input(r, parts.name, parts.proto.type.tensor_type.elem_type, &parts.dims);
    pleura_free(parts.dims.items);
    return ok;
}

static bool on_output(pb_istream_t *stream, const pb_field_t *field, void **argument)
{
    (void)field;
    pleura_reader *r = *argument;
    value_info_parts parts;
    bool ok = read_value_info(r, stream, &parts) && parts.name.length;
    pleura_free(parts.dims.items);
    return ok && list_value(r->outputs, parts.name) != PLEURA_NONE;
}

/* ---- The model ---- */

static bool on_opset(pb_istream_t *stream, const pb_field_t *field, void **argument)
{
    (void)field;
    pleura_reader *r = *argument;
    pleura_span domain = {0};
    onnx_OperatorSetIdProto opset = {.domain = pleura_want_span(r, &domain)};
    if (!pb_decode(stream, onnx_OperatorSetIdProto_fields, &opset))
        return false;
    if (pleura_is_onnx_domain(domain))
        r->graph->opset = opset.version;
    return true;
}

static bool on_property(pb_istream_t *stream, const pb_field_t *field, void **argument)
{
    (void)field;
    pleura_reader *r = *argument;
    pleura_graph *graph = r->graph;
    pleura_span key = {0}, value = {0};
    onnx_StringStringEntryProto entry = {.key = pleura_want_span(r, &key),
                                         .value = pleura_want_span(r, &value)};
    if (!pb_decode(stream, onnx_StringStringEntryProto_fields, &entry))
        return false;
    pleura_property property = {pleura_keep_text(r, key), pleura_keep_text(r, value)};
    if (!property.key || !property.value)
        return false;
    void *properties = graph->properties;
    if (!pleura_grow(&properties, &graph->property_capacity, graph->property_count,
                     sizeof property))
        return pleura_refuse_memory(r);
    graph->properties = properties;
    graph->properties[graph->property_count++] = property;
    return true;
}

/* The network's inputs are those graph inputs that neither a constant nor a node provides. */
static pleura_code keep_ends(pleura_reader *r)
{
    pleura_graph *graph = r->graph;
    const uint32_t *listed = r->inputs->items;
    graph->inputs = pleura_list_keep(r->inputs, sizeof *graph->inputs);
    graph->outputs = pleura_list_keep(r->outputs, sizeof *graph->outputs);
    if (!graph->inputs || !graph->outputs)
        return r->error->code;
    graph->output_count = r->outputs->count;
    for (size_t i = 0; i < r->inputs->count; i++) {
        const pleura_value *value = &graph->values[listed[i]];
        if (!value->data && value->producer == PLEURA_NONE)
            graph->inputs[graph->input_count++] = listed[i];
    }
    return PLEURA_OK;
}

static pleura_code check_model(pleura_reader *r)
{
    pleura_graph *graph = r->graph;
    if (graph->opset < OPSET_MIN || graph->opset > OPSET_MAX)
        return pleura_fail(r->error, PLEURA_ERROR_ONNX,
                           "ONNX: operator set %lld; %d to %d are read here.",
                           (long long)graph->opset, OPSET_MIN, OPSET_MAX);
    if (graph->node_count == 0 || graph->output_count == 0)
        return pleura_fail(r->error, PLEURA_ERROR_ONNX,
                           "ONNX: a graph of %zu nodes and %zu outputs is no classifier.",
                           graph->node_count, graph->output_count);
    return PLEURA_OK;
}

pleura_code pleura_onnx_read(const void *bytes, size_t size, pleura_graph *graph,
                             pleura_error *error)
{
    pleura_reader r = {.graph = graph, .error = error};
    pleura_list inputs = {.reader = &r}, outputs = {.reader = &r}, functions = {.reader = &r},
                sequences = {.reader = &r};
    r.inputs = &inputs;
    r.outputs = &outputs;
    r.functions = &functions;
    r.sequences = &sequences;
    pleura_span producer = {0};
    graph->data_begin = bytes;
    graph->data_end = (const char *)bytes + size;

    onnx_ModelProto model = {0};
    model.opset_import = pleura_want(on_opset, &r);
    model.metadata_props = pleura_want(on_property, &r);
    model.producer_name = pleura_want_span(&r, &producer);
    model.graph.node = pleura_want(pleura_on_node, &r);
    model.graph.initializer = pleura_want(pleura_on_initializer, &r);
    model.graph.input = pleura_want(on_input, &r);
    model.graph.output = pleura_want(on_output, &r);

    pb_istream_t stream = pb_istream_from_buffer(bytes, size);
    pleura_error none = {0};
    if (!error)
        r.error = &none;
    if (!pleura_functions_locate(&r, bytes, size) ||
        !pb_decode(&stream, onnx_ModelProto_fields, &model))
        pleura_fail(r.error, PLEURA_ERROR_ONNX,
                    "ONNX: not an ONNX model, or damaged: the parser stopped at byte %zu of %zu.",
                    size - stream.bytes_left, size);
    else if (keep_ends(&r) == PLEURA_OK &&
             (graph->producer = pleura_keep_text(&r, producer)) != NULL)
        check_model(&r);
    pleura_free(inputs.items);
    pleura_free(outputs.items);
    pleura_free(functions.items);
    pleura_free(sequences.items);
    return r.error->code;
}
