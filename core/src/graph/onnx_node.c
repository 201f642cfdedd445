/* Nodes and their attributes. */
#include "../error.h"
#include "functions.h"
#include "onnx_scope.h"

#include <math.h>
#include <pb_decode.h>
#include <stdio.h>
#include <string.h>

typedef struct attribute_parts {
    onnx_AttributeProto proto;
    pleura_tensor_parts tensor;
    pleura_span all, name, text, refers; /* `refers`: to an attribute of the function's call */
    pleura_list ints, floats;
} attribute_parts;

static bool fill_attribute(pleura_reader *r, attribute_parts *parts, pleura_attribute *out)
{
    const onnx_AttributeProto *proto = &parts->proto;
    out->name = pleura_keep_text(r, parts->name);
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
        return (out->s = pleura_keep_text(r, parts->text)) != NULL;
    case onnx_AttributeProto_AttributeType_INTS:
        out->kind = 'I';
        out->count = parts->ints.count;
        return (out->ints = pleura_list_keep(&parts->ints, sizeof *out->ints)) != NULL;
    case onnx_AttributeProto_AttributeType_FLOATS:
        out->kind = 'F';
        out->count = parts->floats.count;
        return (out->floats = pleura_list_keep(&parts->floats, sizeof *out->floats)) != NULL;
    case onnx_AttributeProto_AttributeType_TENSOR:
        out->kind = 't';
        parts->tensor.proto =
            proto->t; /* nanopb filled the nested struct; its lists are in parts */
        parts->tensor.name = (pleura_span){0}; /* names inside attributes are not names of values */
        return (out->tensor = pleura_tensor_keep(r, &parts->tensor)) != PLEURA_NONE;
    case onnx_AttributeProto_AttributeType_GRAPH:
    case onnx_AttributeProto_AttributeType_GRAPHS:
        out->kind = 'g';
        out->s = parts->all.begin;
        out->count = parts->all.length;
        break;
    default:
        break;
    }
    return true;
}

/* The attribute of the call that one within a function refers to, if the call has it. */
static const pleura_attribute *find_referred(const pleura_reader *r, pleura_span name)
{
    const pleura_node *call = r->scope ? r->scope->call : NULL;
    for (size_t i = 0; call && i < call->attribute_count; i++)
        if (pleura_span_is(name, call->attributes[i].name))
            return &call->attributes[i];
    return NULL;
}

/* One that refers to another takes its value, and is missing if that is. */
static bool keep_attribute(pleura_reader *r, attribute_parts *parts, pleura_list *attributes)
{
    pleura_attribute filled = {0};
    const pleura_attribute *other = parts->refers.length ? find_referred(r, parts->refers) : NULL;
    if (parts->refers.length && !other)
        return true;
    if (!parts->refers.length && !fill_attribute(r, parts, &filled))
        return false;
    if (other) {
        filled = *other;
        filled.name = pleura_keep_text(r, parts->name);
    }
    pleura_attribute *item = filled.name ? pleura_list_add(attributes, sizeof *item) : NULL;
    if (item)
        *item = filled;
    return item != NULL;
}

bool pleura_on_attribute(pb_istream_t *stream, const pb_field_t *field, void **argument)
{
    (void)field;
    pleura_list *attributes = *argument;
    pleura_reader *r = attributes->reader;
    attribute_parts parts = {0};
    pleura_tensor_prepare(r, &parts.tensor);
    parts.ints.reader = parts.floats.reader = r;
    parts.proto.name = pleura_want_span(r, &parts.name);
    parts.proto.s = pleura_want_span(r, &parts.text);
    parts.proto.ref_attr_name = pleura_want_span(r, &parts.refers);
    parts.proto.ints = pleura_want(pleura_on_int, &parts.ints);
    parts.proto.floats = pleura_want(pleura_on_float, &parts.floats);
    parts.proto.t = parts.tensor.proto;

    bool ok = pleura_span_rest(stream, r, &parts.all) &&
              pb_decode(stream, onnx_AttributeProto_fields, &parts.proto) &&
              keep_attribute(r, &parts, attributes);
    pleura_free(parts.ints.items);
    pleura_free(parts.floats.items);
    pleura_tensor_release(&parts.tensor);
    return ok;
}

/* ---- Nodes ---- */

static bool read_value_name(pb_istream_t *stream, pleura_list *values,
                            uint32_t (*value_of)(pleura_reader *, const char *, size_t))
{
    uint32_t *item = pleura_list_add(values, sizeof *item);
    if (!item)
        return false;
    *item = PLEURA_NONE; /* an empty name leaves an optional input out */
    if (stream->bytes_left) {
        uint32_t index = value_of(values->reader, stream->state, stream->bytes_left);
        if (index == PLEURA_NONE)
            return false;
        *item = index;
    }
    return pb_read(stream, NULL, stream->bytes_left);
}

static bool on_input_name(pb_istream_t *stream, const pb_field_t *field, void **argument)
{
    (void)field;
    return read_value_name(stream, *argument, pleura_scope_find);
}

static bool on_output_name(pb_istream_t *stream, const pb_field_t *field, void **argument)
{
    (void)field;
    return read_value_name(stream, *argument, pleura_scope_define);
}

typedef struct node_parts {
    onnx_NodeProto proto;
    pleura_span name, op_type, domain;
    pleura_list inputs, outputs, attributes;
} node_parts;

bool pleura_is_onnx_domain(pleura_span domain)
{
    return domain.length == 0 || pleura_span_is(domain, "ai.onnx");
}

bool pleura_operator_find(pleura_span name, pleura_operator *op)
{
    for (int i = 0; i < PLEURA_OP_COUNT; i++)
        if (pleura_span_is(name, pleura_operator_name((pleura_operator)i))) {
            *op = (pleura_operator)i;
            return true;
        }
    return false;
}

/* ONNX Runtime writes these of ONNX's operators into its own domain, for integers of 16 bits or old
 * operator sets. */
static bool is_adopted(pleura_operator op)
{
    return op == PLEURA_OP_DequantizeLinear || op == PLEURA_OP_Gelu ||
           op == PLEURA_OP_QuantizeLinear;
}

static bool find_operator(const node_parts *parts, pleura_operator *op)
{
    return pleura_operator_find(parts->op_type, op) &&
           (pleura_is_onnx_domain(parts->domain) ||
            (pleura_span_is(parts->domain, PLEURA_RUNTIME_DOMAIN) && is_adopted(*op)));
}

static bool check_arity(pleura_reader *r, const pleura_node *node, size_t outputs)
{
    static const struct {
        uint32_t minimum, maximum;
    } arity[] = {
#define X(name, minimum, maximum, family) {minimum, maximum},
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

/* A graph inside another node than If (Loop, Scan) would be run by nothing here. */
static bool check_attributes(pleura_reader *r, const pleura_node *node)
{
    pleura_node_label label;
    for (size_t i = 0; i < node->attribute_count; i++)
        if (node->attributes[i].kind == 'g') {
            pleura_fail(r->error, PLEURA_ERROR_OPERATOR,
                        "ONNX: %s holds a graph of its own, which is not supported.",
                        pleura_node_describe(node, &label));
            return false;
        }
    return true;
}

static bool add_node(pleura_reader *r, const pleura_node *node)
{
    pleura_graph *graph = r->graph;
    pleura_node_label label;
    const pleura_value *output = node->output == PLEURA_NONE ? NULL : &graph->values[node->output];
    if (!output || output->producer != PLEURA_NONE || output->data) {
        pleura_fail(r->error, PLEURA_ERROR_ONNX,
                    "ONNX: the output of %s is unnamed or has two producers.",
                    pleura_node_describe(node, &label));
        return false;
    }
    if (graph->node_count >= PLEURA_MAX_NODES) {
        pleura_fail(r->error, PLEURA_ERROR_MODEL_TOO_LARGE, "ONNX: more than %d nodes.",
                    PLEURA_MAX_NODES);
        return false;
    }
    void *nodes = graph->nodes;
    if (!pleura_grow(&nodes, &graph->node_capacity, graph->node_count, sizeof *node))
        return pleura_refuse_memory(r);
    graph->nodes = nodes;
    graph->values[node->output].producer = (uint32_t)graph->node_count;
    graph->nodes[graph->node_count] = *node;
    graph->nodes[graph->node_count++].branch = r->branch;
    return true;
}

/* A pass may give one node other inputs than its sisters, so each has a list of its own. */
static bool add_part(pleura_reader *r, pleura_node node, pleura_list *inputs, size_t part,
                     uint32_t output)
{
    node.part = (uint32_t)part;
    node.output = output;
    node.inputs = pleura_list_keep(inputs, sizeof *node.inputs);
    return node.inputs && add_node(r, &node);
}

bool pleura_reader_add(pleura_reader *r, pleura_node node, pleura_list *inputs,
                       const uint32_t *outputs, size_t output_count)
{
    node.inputs = inputs->items;
    node.input_count = inputs->count;
    node.part_count = (uint32_t)output_count;
    /* Optional inputs that are left out at the end need not be there at all. */
    while (node.input_count && node.inputs[node.input_count - 1] == PLEURA_NONE)
        node.input_count--;
    if (!check_attributes(r, &node) || !check_arity(r, &node, output_count))
        return false;
    for (size_t i = 0; i < output_count; i++)
        if ((outputs[i] != PLEURA_NONE || output_count == 1) &&
            !add_part(r, node, inputs, i, outputs[i]))
            return false;
    return true;
}

/* It may be one that the answer does not need. */
static bool keep_unknown(pleura_reader *r, node_parts *parts, pleura_node node)
{
    char name[104]; /* the message that names it has a list to hold, too */
    const uint32_t *outputs = parts->outputs.items;
    int length = snprintf(name, sizeof name, "%.*s%s%.*s",
                          (int)(parts->domain.length > 40 ? 40 : parts->domain.length),
                          parts->domain.begin, parts->domain.length ? "::" : "",
                          (int)(parts->op_type.length > 60 ? 60 : parts->op_type.length),
                          parts->op_type.begin);
    node.op = PLEURA_OP_UNKNOWN;
    node.function = pleura_arena_text(&r->graph->arena, name, (size_t)length);
    if (!node.function)
        return pleura_refuse_memory(r);
    for (size_t i = 0; i < parts->outputs.count; i++)
        if (outputs[i] != PLEURA_NONE && !add_part(r, node, &parts->inputs, i, outputs[i]))
            return false;
    return true;
}

static bool keep_node(pleura_reader *r, node_parts *parts)
{
    pleura_node node = {.clamp_min = -HUGE_VALF, .clamp_max = HUGE_VALF};
    const uint32_t *outputs = parts->outputs.items;
    const size_t count = parts->outputs.count;
    node.name = parts->name.length ? pleura_keep_text(r, parts->name) : pleura_keep_place(r);
    node.attributes = pleura_list_keep(&parts->attributes, sizeof *node.attributes);
    if (!node.name || !node.attributes)
        return false;
    node.attribute_count = parts->attributes.count;
    node.inputs = parts->inputs.items;
    node.input_count = parts->inputs.count;
    bool ok = false;
    if (pleura_function_call(r, parts->domain, parts->op_type, &node, outputs, count, &ok))
        return ok;
    if (find_operator(parts, &node.op))
        return node.op == PLEURA_OP_If ? pleura_read_if(r, &node, outputs, count)
               : node.op == PLEURA_OP_SplitToSequence
                   ? pleura_read_sequence(r, &node, outputs, count)
                   : pleura_reader_add(r, node, &parts->inputs, outputs, count);
    const pleura_function *function = pleura_function_find(parts->domain, parts->op_type);
    if (!function)
        return keep_unknown(r, parts, node);
    node.function = function->name;
    return pleura_function_expand(r, function, &node, outputs, count);
}

bool pleura_on_node(pb_istream_t *stream, const pb_field_t *field, void **argument)
{
    (void)field;
    pleura_reader *r = *argument;
    node_parts parts = {.inputs.reader = r, .outputs.reader = r, .attributes.reader = r};
    r->place.outputs = &parts.outputs;
    parts.proto.name = pleura_want_span(r, &parts.name);
    parts.proto.op_type = pleura_want_span(r, &parts.op_type);
    parts.proto.domain = pleura_want_span(r, &parts.domain);
    parts.proto.input = pleura_want(on_input_name, &parts.inputs);
    parts.proto.output = pleura_want(on_output_name, &parts.outputs);
    parts.proto.attribute = pleura_want(pleura_on_attribute, &parts.attributes);
    bool ok = pb_decode(stream, onnx_NodeProto_fields, &parts.proto) && keep_node(r, &parts);
    r->place = (pleura_place){.node = r->place.node + 1};
    pleura_free(parts.inputs.items);
    pleura_free(parts.outputs.items);
    pleura_free(parts.attributes.items);
    return ok;
}
