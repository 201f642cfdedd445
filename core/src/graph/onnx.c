/*
 * ONNX (onnx.proto, IR versions 3 to 13) to a graph, with nanopb. Every repeated, text or bytes
 * field arrives in a callback, so nothing is held that is not wanted; and since the stream is the
 * caller's buffer, a callback that sees bytes there may keep pointing at them: weights are not
 * copied unless their alignment or type asks for it.
 */
#include "../error.h"
#include "constant.h"

#include <math.h>
#include <onnx.pb.h>
#include <pb_decode.h>
#include <stdio.h>
#include <string.h>

#define OPSET_MIN 7
#define OPSET_MAX 21

typedef struct reader {
    pleura_graph *graph;
    pleura_error *error;
    struct list *inputs, *outputs; /* indices of values */
} reader;

/* Callbacks answer true or false; the reason for a false is in the error, or is nanopb's. */
static bool refuse_memory(reader *r)
{
    pleura_fail(r->error, PLEURA_ERROR_MEMORY, "Out of memory while reading the model.");
    return false;
}

/* ---- Bytes and text where they lie ---- */

typedef struct span {
    const char *begin;
    size_t length;
    const reader *reader;
} span;

static bool on_span(pb_istream_t *stream, const pb_field_t *field, void **argument)
{
    (void)field;
    span *out = *argument;
    const char *begin = stream->state;
    /* A damaged file may have a number where bytes belong; nanopb then shows a copy on its stack. */
    const pleura_graph *graph = out->reader->graph;
    if ((uintptr_t)begin < (uintptr_t)graph->data_begin ||
        (uintptr_t)begin > (uintptr_t)graph->data_end)
        return false;
    out->begin = begin;
    out->length = stream->bytes_left;
    return pb_read(stream, NULL, stream->bytes_left);
}

static pb_callback_t want_span(const reader *r, span *out)
{
    out->reader = r;
    return (pb_callback_t){.funcs.decode = on_span, .arg = out};
}

static pb_callback_t want(bool (*decode)(pb_istream_t *, const pb_field_t *, void **),
                          void *argument)
{
    return (pb_callback_t){.funcs.decode = decode, .arg = argument};
}

static const char *keep_text(reader *r, span text)
{
    const char *copy = pleura_arena_text(&r->graph->arena, text.begin, text.length);
    if (!copy)
        refuse_memory(r);
    return copy;
}

/* ---- Numbers of a list whose length is not known before: grown in the heap, kept in the arena ---- */

typedef struct list {
    void *items;
    size_t count, capacity;
    reader *reader;
} list;

static void *list_add(list *l, size_t size)
{
    if (!pleura_grow(&l->items, &l->capacity, l->count, size)) {
        refuse_memory(l->reader);
        return NULL;
    }
    return (char *)l->items + l->count++ * size;
}

static void *list_keep(list *l, size_t size)
{
    void *copy = pleura_arena_alloc(&l->reader->graph->arena, l->count * size + 1);
    if (!copy)
        refuse_memory(l->reader);
    else if (l->count)
        memcpy(copy, l->items, l->count * size);
    return copy;
}

static bool on_int(pb_istream_t *stream, const pb_field_t *field, void **argument)
{
    (void)field;
    uint64_t number;
    if (!pb_decode_varint(stream, &number))
        return false;
    int64_t *item = list_add(*argument, sizeof *item);
    if (item)
        *item = (int64_t)number;
    return item != NULL;
}

static bool on_float(pb_istream_t *stream, const pb_field_t *field, void **argument)
{
    (void)field;
    float number;
    if (!pb_decode_fixed32(stream, &number))
        return false;
    float *item = list_add(*argument, sizeof *item);
    if (item)
        *item = number;
    return item != NULL;
}

static bool on_double(pb_istream_t *stream, const pb_field_t *field, void **argument)
{
    (void)field;
    double number;
    if (!pb_decode_fixed64(stream, &number))
        return false;
    double *item = list_add(*argument, sizeof *item);
    if (item)
        *item = number;
    return item != NULL;
}

/* ---- Tensors ---- */

/* What one TensorProto brings; whichever of the data fields are present. */
typedef struct tensor_parts {
    onnx_TensorProto proto;
    span name, raw;
    list dims, ints, longs, floats, doubles;
    bool external; /* its data is in another file */
} tensor_parts;

static bool on_external(pb_istream_t *stream, const pb_field_t *field, void **argument)
{
    (void)field;
    *(bool *)*argument = true;
    return pb_read(stream, NULL, stream->bytes_left);
}

static void prepare_tensor(reader *r, tensor_parts *parts)
{
    memset(parts, 0, sizeof *parts);
    parts->dims.reader = parts->ints.reader = parts->longs.reader = r;
    parts->floats.reader = parts->doubles.reader = r;
    parts->proto.name = want_span(r, &parts->name);
    parts->proto.raw_data = want_span(r, &parts->raw);
    parts->proto.dims = want(on_int, &parts->dims);
    parts->proto.int32_data = want(on_int, &parts->ints);
    parts->proto.int64_data = want(on_int, &parts->longs);
    parts->proto.uint64_data = want(on_int, &parts->longs);
    parts->proto.float_data = want(on_float, &parts->floats);
    parts->proto.double_data = want(on_double, &parts->doubles);
    parts->proto.external_data = want(on_external, &parts->external);
}

static void release_tensor(tensor_parts *parts)
{
    pleura_free(parts->dims.items);
    pleura_free(parts->ints.items);
    pleura_free(parts->longs.items);
    pleura_free(parts->floats.items);
    pleura_free(parts->doubles.items);
}

static pleura_constant_source constant_source(const tensor_parts *parts)
{
    pleura_constant_source source = {.type = parts->proto.data_type};
    if (parts->raw.begin) {
        source.bytes = parts->raw.begin;
        source.size = parts->raw.length;
    } else if (parts->floats.count) {
        source.floats = parts->floats.items;
        source.count = parts->floats.count;
    } else if (parts->doubles.count) {
        source.doubles = parts->doubles.items;
        source.count = parts->doubles.count;
    } else if (parts->longs.count) {
        source.ints = parts->longs.items;
        source.count = parts->longs.count;
    } else if (parts->ints.count) {
        source.ints = parts->ints.items;
        source.count = parts->ints.count;
    }
    return source;
}

/* Turns the parts into a constant value; its index, or PLEURA_NONE with the error set. */
static uint32_t keep_tensor(reader *r, const tensor_parts *parts)
{
    span name = parts->name;
    uint32_t index = name.length ? pleura_graph_value(r->graph, name.begin, name.length)
                                 : pleura_graph_new_value(r->graph, "");
    if (index == PLEURA_NONE) {
        refuse_memory(r);
        return PLEURA_NONE;
    }
    pleura_value *value = &r->graph->values[index];
    if (parts->external) {
        pleura_fail(r->error, PLEURA_ERROR_ONNX,
                    "ONNX: tensor '%.80s' keeps its data in another file; export the model as a "
                    "single file.",
                    value->name);
        return PLEURA_NONE;
    }
    pleura_constant_source source = constant_source(parts);
    pleura_code code = pleura_constant_make(r->graph, value, &source, parts->dims.items,
                                            parts->dims.count, r->error);
    return code == PLEURA_OK ? index : PLEURA_NONE;
}

static bool on_initializer(pb_istream_t *stream, const pb_field_t *field, void **argument)
{
    (void)field;
    reader *r = *argument;
    tensor_parts parts;
    prepare_tensor(r, &parts);
    bool ok = pb_decode(stream, onnx_TensorProto_fields, &parts.proto) &&
              keep_tensor(r, &parts) != PLEURA_NONE;
    release_tensor(&parts);
    return ok;
}

/* ---- Attributes ---- */

typedef struct attribute_parts {
    onnx_AttributeProto proto;
    tensor_parts tensor;
    span name, text;
    list ints, floats;
} attribute_parts;

static bool fill_attribute(reader *r, attribute_parts *parts, pleura_attribute *out)
{
    const onnx_AttributeProto *proto = &parts->proto;
    out->name = keep_text(r, parts->name);
    if (!out->name)
        return false;
    out->kind = '?';
    switch ((int)proto->type) {
    case onnx_AttributeProto_AttributeType_INT:
        out->kind = 'i';
        out->i = proto->i;
        break;
    case onnx_AttributeProto_AttributeType_FLOAT:
        out->kind = 'f';
        out->f = proto->f;
        break;
    case onnx_AttributeProto_AttributeType_STRING:
        out->kind = 's';
        return (out->s = keep_text(r, parts->text)) != NULL;
    case onnx_AttributeProto_AttributeType_INTS:
        out->kind = 'I';
        out->count = parts->ints.count;
        return (out->ints = list_keep(&parts->ints, sizeof *out->ints)) != NULL;
    case onnx_AttributeProto_AttributeType_FLOATS:
        out->kind = 'F';
        out->count = parts->floats.count;
        return (out->floats = list_keep(&parts->floats, sizeof *out->floats)) != NULL;
    case onnx_AttributeProto_AttributeType_TENSOR:
        out->kind = 't';
        parts->tensor.proto =
            proto->t; /* nanopb filled the nested struct; its lists are in parts */
        parts->tensor.name = (span){0}; /* names inside attributes are not names of values */
        return (out->tensor = keep_tensor(r, &parts->tensor)) != PLEURA_NONE;
    default:
        break;
    }
    return true;
}

static bool on_attribute(pb_istream_t *stream, const pb_field_t *field, void **argument)
{
    (void)field;
    list *attributes = *argument;
    reader *r = attributes->reader;
    attribute_parts parts = {0};
    prepare_tensor(r, &parts.tensor);
    parts.ints.reader = parts.floats.reader = r;
    parts.proto.name = want_span(r, &parts.name);
    parts.proto.s = want_span(r, &parts.text);
    parts.proto.ints = want(on_int, &parts.ints);
    parts.proto.floats = want(on_float, &parts.floats);
    parts.proto.t = parts.tensor.proto;

    pleura_attribute filled = {0};
    bool ok = pb_decode(stream, onnx_AttributeProto_fields, &parts.proto) &&
              fill_attribute(r, &parts, &filled);
    pleura_attribute *item = ok ? list_add(attributes, sizeof *item) : NULL;
    if (item)
        *item = filled;
    pleura_free(parts.ints.items);
    pleura_free(parts.floats.items);
    release_tensor(&parts.tensor);
    return item != NULL;
}

/* ---- Nodes ---- */

static bool on_value_name(pb_istream_t *stream, const pb_field_t *field, void **argument)
{
    (void)field;
    list *values = *argument;
    uint32_t *item = list_add(values, sizeof *item);
    if (!item)
        return false;
    *item = PLEURA_NONE; /* an empty name leaves an optional input out */
    if (stream->bytes_left) {
        uint32_t index =
            pleura_graph_value(values->reader->graph, stream->state, stream->bytes_left);
        if (index == PLEURA_NONE)
            return refuse_memory(values->reader);
        *item = index;
    }
    return pb_read(stream, NULL, stream->bytes_left);
}

typedef struct node_parts {
    onnx_NodeProto proto;
    span name, op_type, domain;
    list inputs, outputs, attributes;
} node_parts;

static bool same_text(span text, const char *other)
{
    return text.length == strlen(other) && memcmp(text.begin, other, text.length) == 0;
}

static bool is_onnx_domain(span domain)
{
    return domain.length == 0 || same_text(domain, "ai.onnx");
}

static bool refuse_operator(reader *r, const node_parts *parts)
{
    char known[700] = "";
    size_t length = 0;
    for (int op = 0; op < PLEURA_OP_COUNT && length < sizeof known; op++)
        length += (size_t)snprintf(known + length, sizeof known - length, "%s%s", op ? ", " : "",
                                   pleura_operator_name((pleura_operator)op));
    pleura_fail(r->error, PLEURA_ERROR_OPERATOR,
                "ONNX: operator %.*s%s%.*s of node '%.*s' is not supported; supported are %s.",
                (int)(parts->domain.length > 40 ? 40 : parts->domain.length), parts->domain.begin,
                parts->domain.length ? "::" : "",
                (int)(parts->op_type.length > 60 ? 60 : parts->op_type.length),
                parts->op_type.begin, (int)(parts->name.length > 80 ? 80 : parts->name.length),
                parts->name.begin, known);
    return false;
}

static bool find_operator(const node_parts *parts, pleura_operator *op)
{
    for (int i = 0; i < PLEURA_OP_COUNT; i++)
        if (same_text(parts->op_type, pleura_operator_name((pleura_operator)i))) {
            *op = (pleura_operator)i;
            return is_onnx_domain(parts->domain);
        }
    return false;
}

static bool check_arity(reader *r, const pleura_node *node, size_t outputs)
{
    static const struct {
        uint32_t minimum, maximum;
    } arity[] = {
#define X(name, minimum, maximum) {minimum, maximum},
        PLEURA_OPERATORS(X)
#undef X
    };
    pleura_node_label label;
    size_t n = node->input_count;
    bool missing = n < arity[node->op].minimum || n > arity[node->op].maximum;
    for (size_t i = 0; i < n && i < arity[node->op].minimum; i++)
        missing = missing || node->inputs[i] == PLEURA_NONE;
    if (missing || outputs == 0) {
        pleura_fail(r->error, PLEURA_ERROR_ONNX,
                    "ONNX: %s has %zu inputs and %zu outputs, which it "
                    "cannot have.",
                    pleura_node_describe(node, &label), n, outputs);
        return false;
    }
    return true;
}

static bool keep_node(reader *r, node_parts *parts)
{
    pleura_graph *graph = r->graph;
    pleura_node node = {.clamp_min = -HUGE_VALF, .clamp_max = HUGE_VALF};
    if (!find_operator(parts, &node.op))
        return refuse_operator(r, parts);
    node.name = keep_text(r, parts->name);
    node.inputs = list_keep(&parts->inputs, sizeof *node.inputs);
    node.attributes = list_keep(&parts->attributes, sizeof *node.attributes);
    if (!node.name || !node.inputs || !node.attributes)
        return false;
    node.input_count = parts->inputs.count;
    node.attribute_count = parts->attributes.count;
    if (!check_arity(r, &node, parts->outputs.count))
        return false;

    const uint32_t *outputs = parts->outputs.items;
    node.output = outputs[0];
    pleura_node_label label;
    if (node.output == PLEURA_NONE || graph->values[node.output].producer != PLEURA_NONE ||
        graph->values[node.output].data) {
        pleura_fail(r->error, PLEURA_ERROR_ONNX,
                    "ONNX: the output of %s is unnamed or has two producers.",
                    pleura_node_describe(&node, &label));
        return false;
    }
    if (graph->node_count >= PLEURA_MAX_NODES || graph->value_count >= PLEURA_MAX_VALUES) {
        pleura_fail(r->error, PLEURA_ERROR_MODEL_TOO_LARGE,
                    "ONNX: more than %d nodes or %d tensors.", PLEURA_MAX_NODES, PLEURA_MAX_VALUES);
        return false;
    }
    void *nodes = graph->nodes;
    if (!pleura_grow(&nodes, &graph->node_capacity, graph->node_count, sizeof node))
        return refuse_memory(r);
    graph->nodes = nodes;
    graph->values[node.output].producer = (uint32_t)graph->node_count;
    graph->nodes[graph->node_count++] = node;
    return true;
}

static bool on_node(pb_istream_t *stream, const pb_field_t *field, void **argument)
{
    (void)field;
    reader *r = *argument;
    node_parts parts = {.inputs.reader = r, .outputs.reader = r, .attributes.reader = r};
    parts.proto.name = want_span(r, &parts.name);
    parts.proto.op_type = want_span(r, &parts.op_type);
    parts.proto.domain = want_span(r, &parts.domain);
    parts.proto.input = want(on_value_name, &parts.inputs);
    parts.proto.output = want(on_value_name, &parts.outputs);
    parts.proto.attribute = want(on_attribute, &parts.attributes);
    bool ok = pb_decode(stream, onnx_NodeProto_fields, &parts.proto) && keep_node(r, &parts);
    pleura_free(parts.inputs.items);
    pleura_free(parts.outputs.items);
    pleura_free(parts.attributes.items);
    return ok;
}

/* ---- Inputs and outputs of the graph ---- */

static bool on_dimension(pb_istream_t *stream, const pb_field_t *field, void **argument)
{
    (void)field;
    onnx_TensorShapeProto_Dimension dimension = {0};
    if (!pb_decode(stream, onnx_TensorShapeProto_Dimension_fields, &dimension))
        return false;
    int64_t *item = list_add(*argument, sizeof *item);
    if (item) /* a symbol ("batch") has no number yet */
        *item = dimension.has_dim_value ? dimension.dim_value : -1;
    return item != NULL;
}

/* Adds the value of that name to a list; its index, or PLEURA_NONE. */
static uint32_t list_value(list *values, span name)
{
    uint32_t index = pleura_graph_value(values->reader->graph, name.begin, name.length);
    uint32_t *item = index == PLEURA_NONE ? NULL : list_add(values, sizeof *item);
    if (item)
        return *item = index;
    refuse_memory(values->reader);
    return PLEURA_NONE;
}

static bool keep_input(reader *r, span name, int32_t type, const list *dims)
{
    pleura_graph *graph = r->graph;
    uint32_t index = list_value(r->inputs, name);
    if (index == PLEURA_NONE)
        return false;
    /* Older exporters list the initializers among the inputs, which come before or after this. */
    pleura_value *value = &graph->values[index];
    value->element = type == onnx_TensorProto_DataType_FLOAT ? PLEURA_FLOAT : PLEURA_INT64;
    if (value->data || dims->count > PLEURA_MAX_RANK)
        return true;
    value->has_shape = true;
    value->rank = (int)dims->count;
    if (dims->count)
        memcpy(value->dims, dims->items, dims->count * sizeof *value->dims);
    return true;
}

typedef struct value_info_parts {
    onnx_ValueInfoProto proto;
    span name;
    list dims;
} value_info_parts;

static bool read_value_info(reader *r, pb_istream_t *stream, value_info_parts *parts)
{
    *parts = (value_info_parts){.dims.reader = r};
    parts->proto.name = want_span(r, &parts->name);
    parts->proto.type.tensor_type.shape.dim = want(on_dimension, &parts->dims);
    return pb_decode(stream, onnx_ValueInfoProto_fields, &parts->proto);
}

static bool on_input(pb_istream_t *stream, const pb_field_t *field, void **argument)
{
    (void)field;
    reader *r = *argument;
    value_info_parts parts;
    bool ok = read_value_info(r, stream, &parts) &&
              keep_input(r, parts.name, parts.proto.type.tensor_type.elem_type, &parts.dims);
    pleura_free(parts.dims.items);
    return ok;
}

static bool on_output(pb_istream_t *stream, const pb_field_t *field, void **argument)
{
    (void)field;
    reader *r = *argument;
    value_info_parts parts;
    bool ok = read_value_info(r, stream, &parts);
    pleura_free(parts.dims.items);
    return ok && list_value(r->outputs, parts.name) != PLEURA_NONE;
}

/* ---- The model ---- */

static bool on_opset(pb_istream_t *stream, const pb_field_t *field, void **argument)
{
    (void)field;
    reader *r = *argument;
    span domain = {0};
    onnx_OperatorSetIdProto opset = {.domain = want_span(r, &domain)};
    if (!pb_decode(stream, onnx_OperatorSetIdProto_fields, &opset))
        return false;
    if (is_onnx_domain(domain))
        r->graph->opset = opset.version;
    return true;
}

static bool on_property(pb_istream_t *stream, const pb_field_t *field, void **argument)
{
    (void)field;
    reader *r = *argument;
    pleura_graph *graph = r->graph;
    span key = {0}, value = {0};
    onnx_StringStringEntryProto entry = {.key = want_span(r, &key), .value = want_span(r, &value)};
    if (!pb_decode(stream, onnx_StringStringEntryProto_fields, &entry))
        return false;
    pleura_property property = {keep_text(r, key), keep_text(r, value)};
    if (!property.key || !property.value)
        return false;
    void *properties = graph->properties;
    if (!pleura_grow(&properties, &graph->property_capacity, graph->property_count,
                     sizeof property))
        return refuse_memory(r);
    graph->properties = properties;
    graph->properties[graph->property_count++] = property;
    return true;
}

/* The network's inputs are those graph inputs that neither a constant nor a node provides. */
static pleura_code keep_ends(reader *r)
{
    pleura_graph *graph = r->graph;
    const uint32_t *listed = r->inputs->items;
    graph->inputs = list_keep(r->inputs, sizeof *graph->inputs);
    graph->outputs = list_keep(r->outputs, sizeof *graph->outputs);
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

static pleura_code check_model(reader *r)
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
    reader r = {.graph = graph, .error = error};
    list inputs = {.reader = &r}, outputs = {.reader = &r};
    r.inputs = &inputs;
    r.outputs = &outputs;
    span producer = {0};
    graph->data_begin = bytes;
    graph->data_end = (const char *)bytes + size;

    onnx_ModelProto model = {0};
    model.opset_import = want(on_opset, &r);
    model.metadata_props = want(on_property, &r);
    model.producer_name = want_span(&r, &producer);
    model.graph.node = want(on_node, &r);
    model.graph.initializer = want(on_initializer, &r);
    model.graph.input = want(on_input, &r);
    model.graph.output = want(on_output, &r);

    pb_istream_t stream = pb_istream_from_buffer(bytes, size);
    pleura_error none = {0};
    if (!error)
        r.error = &none;
    if (!pb_decode(&stream, onnx_ModelProto_fields, &model))
        pleura_fail(r.error, PLEURA_ERROR_ONNX,
                    "ONNX: not an ONNX model, or damaged: the parser stopped at byte %zu of %zu.",
                    size - stream.bytes_left, size);
    else if (keep_ends(&r) == PLEURA_OK && (graph->producer = keep_text(&r, producer)) != NULL)
        check_model(&r);
    pleura_free(inputs.items);
    pleura_free(outputs.items);
    return r.error->code;
}
