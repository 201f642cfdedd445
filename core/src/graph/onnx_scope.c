#include "onnx_scope.h"

#include "../error.h"

#include <math.h>
#include <pb_decode.h>
#include <stdio.h>
#include <string.h>

/* Graphs within graphs; PyTorch's functions call one another some four deep. */
#define MAX_DEPTH 12

/* ---- Names ---- */

/* The value of a name that belongs to a scope: "name (graph 3)", which no exporter writes. */
static uint32_t in_scope(pleura_reader *r, const pleura_scope *scope, const char *name,
                         size_t length, bool make)
{
    const char *end = memchr(name, '\0', length);
    length = end ? (size_t)(end - name) : length;
    char *own = pleura_alloc(length + 24);
    if (!own)
        return pleura_refuse_memory(r), PLEURA_NONE;
    memcpy(own, name, length);
    length += (size_t)snprintf(own + length, 24, " (graph %u)", (unsigned)scope->number);
    uint32_t index =
        make ? pleura_reader_value(r, own, length) : pleura_graph_find(r->graph, own, length);
    pleura_free(own);
    return index;
}

uint32_t pleura_scope_define(pleura_reader *r, const char *name, size_t length)
{
    return r->scope ? in_scope(r, r->scope, name, length, true)
                    : pleura_reader_value(r, name, length);
}

uint32_t pleura_scope_find(pleura_reader *r, const char *name, size_t length)
{
    for (const pleura_scope *scope = r->scope; scope; scope = scope->parent) {
        uint32_t index = in_scope(r, scope, name, length, !scope->parent && scope->closed);
        if (index != PLEURA_NONE || r->error->code != PLEURA_OK)
            return index;
    }
    return pleura_reader_value(r, name, length);
}

/* Of a function or a branch, before it is read. */
static bool count_bytes(pleura_reader *r, const pleura_node *node, size_t bytes)
{
    pleura_node_label label;
    r->nested_bytes += bytes;
    if (r->nested_bytes > PLEURA_MAX_NESTED_BYTES)
        pleura_fail(r->error, PLEURA_ERROR_MODEL_TOO_LARGE,
                    "ONNX: more than %d MB of graphs within graphs, with that of %s.",
                    (int)(PLEURA_MAX_NESTED_BYTES >> 20), pleura_node_describe(node, &label));
    return r->nested_bytes <= PLEURA_MAX_NESTED_BYTES;
}

/* Counted like nodes, so that a file of nothing but calls ends, too. */
static bool enter(pleura_reader *r, const pleura_node *node, pleura_scope *scope, bool closed)
{
    pleura_node_label label;
    if (r->depth >= MAX_DEPTH || r->scopes >= PLEURA_MAX_NODES) {
        pleura_fail(r->error, PLEURA_ERROR_MODEL_TOO_LARGE,
                    "ONNX: %s is a graph within more than %d others, or one of more than %d.",
                    pleura_node_describe(node, &label), MAX_DEPTH, PLEURA_MAX_NODES);
        return false;
    }
    *scope = (pleura_scope){.parent = closed ? NULL : r->scope,
                            .number = ++r->scopes,
                            .closed = closed,
                            .call = closed || !r->scope ? node : r->scope->call,
                            .outer = r->scope,
                            .place = r->place};
    r->scope = scope;
    r->place = (pleura_place){0};
    r->depth++;
    return true;
}

static void leave(pleura_reader *r)
{
    r->place = r->scope->place;
    r->scope = r->scope->outer;
    r->depth--;
}

static bool refuse_damaged(pleura_reader *r, const pleura_node *node)
{
    pleura_node_label label;
    if (r->error->code == PLEURA_OK)
        pleura_fail(r->error, PLEURA_ERROR_ONNX, "ONNX: the graph within %s is damaged.",
                    pleura_node_describe(node, &label));
    return false;
}

/* ---- If ---- */

static bool on_branch_output(pb_istream_t *stream, const pb_field_t *field, void **argument)
{
    (void)field;
    pleura_list *outputs = *argument;
    pleura_span name = {0};
    onnx_ValueInfoProto info = {.name = pleura_want_span(outputs->reader, &name)};
    if (!pb_decode(stream, onnx_ValueInfoProto_fields, &info) || !name.length)
        return false;
    uint32_t value = pleura_scope_find(outputs->reader, name.begin, name.length);
    uint32_t *item = value == PLEURA_NONE ? NULL : pleura_list_add(outputs, sizeof *item);
    if (item)
        *item = value;
    return item != NULL;
}

/* Constants first, which may stand behind the nodes that read them; then nodes; then outputs. */
static bool read_parts(pleura_reader *r, const pleura_attribute *graph, pleura_list *outputs)
{
    bool ok = true;
    for (int part = 0; ok && part < 3; part++) {
        onnx_AttributeProto proto = {0};
        if (part == 0)
            proto.g.initializer = pleura_want(pleura_on_initializer, r);
        else if (part == 1)
            proto.g.node = pleura_want(pleura_on_node, r);
        else
            proto.g.output = pleura_want(on_branch_output, outputs);
        pb_istream_t stream = pb_istream_from_buffer((const pb_byte_t *)graph->s, graph->count);
        ok = pb_decode(&stream, onnx_AttributeProto_fields, &proto);
    }
    return ok;
}

static bool read_branch(pleura_reader *r, const pleura_node *node, bool truth, pleura_list *outputs)
{
    pleura_graph *graph = r->graph;
    const pleura_attribute *branch =
        pleura_node_attribute(node, truth ? "then_branch" : "else_branch", 'g');
    const uint32_t outer_branch = r->branch;
    pleura_scope scope;
    void *branches = graph->branches;
    if (!branch)
        return refuse_damaged(r, node);
    if (!pleura_grow(&branches, &graph->branch_capacity, graph->branch_count,
                     sizeof *graph->branches))
        return pleura_refuse_memory(r);
    graph->branches = branches;
    if (!count_bytes(r, node, branch->count) || !enter(r, node, &scope, false))
        return false;
    graph->branches[graph->branch_count++] = (pleura_branch){node->inputs[0], truth, outer_branch};
    r->branch = (uint32_t)graph->branch_count;
    bool ok = read_parts(r, branch, outputs) || refuse_damaged(r, node);
    leave(r);
    r->branch = outer_branch;
    return ok;
}

static bool add_choices(pleura_reader *r, pleura_node node, const pleura_list *taken,
                        const pleura_list *other, const uint32_t *outputs, size_t count)
{
    bool ok = true;
    node.attribute_count = 0;
    for (size_t i = 0; ok && i < count; i++) {
        uint32_t ends[3] = {node.inputs[0], ((const uint32_t *)taken->items)[i],
                            ((const uint32_t *)other->items)[i]};
        pleura_list inputs = {.items = ends, .count = 3, .reader = r};
        ok = outputs[i] == PLEURA_NONE || pleura_reader_add(r, node, &inputs, &outputs[i], 1);
    }
    return ok;
}

bool pleura_read_if(pleura_reader *r, pleura_node *node, const uint32_t *outputs, size_t count)
{
    pleura_list taken = {.reader = r}, other = {.reader = r};
    bool ok = node->input_count == 1 && node->inputs[0] != PLEURA_NONE
                  ? read_branch(r, node, true, &taken) && read_branch(r, node, false, &other)
                  : refuse_damaged(r, node);
    if (ok)
        ok = taken.count == count && other.count == count
                 ? add_choices(r, *node, &taken, &other, outputs, count)
                 : refuse_damaged(r, node);
    pleura_free(taken.items);
    pleura_free(other.items);
    return ok;
}

/* ---- The model's own functions ---- */

typedef struct local_function {
    pleura_span domain, name, bytes;
} local_function;

static bool on_function(pb_istream_t *stream, const pb_field_t *field, void **argument)
{
    (void)field;
    pleura_reader *r = *argument;
    local_function found = {0};
    onnx_FunctionProto proto = {.name = pleura_want_span(r, &found.name),
                                .domain = pleura_want_span(r, &found.domain)};
    if (!pleura_span_rest(stream, r, &found.bytes) ||
        !pb_decode(stream, onnx_FunctionProto_fields, &proto))
        return false;
    /* Every node's name is looked for among them. */
    if (r->functions->count >= PLEURA_MAX_NODES) {
        pleura_fail(r->error, PLEURA_ERROR_MODEL_TOO_LARGE,
                    "ONNX: more than %d functions of the model's own.", PLEURA_MAX_NODES);
        return false;
    }
    local_function *item = pleura_list_add(r->functions, sizeof *item);
    if (item)
        *item = found;
    return item != NULL;
}

bool pleura_functions_locate(pleura_reader *r, const void *bytes, size_t size)
{
    onnx_ModelProto model = {.functions = pleura_want(on_function, r)};
    pb_istream_t stream = pb_istream_from_buffer(bytes, size);
    return pb_decode(&stream, onnx_ModelProto_fields, &model);
}

static bool same_span(pleura_span a, pleura_span b)
{
    return a.length == b.length && (!a.length || memcmp(a.begin, b.begin, a.length) == 0);
}

static const local_function *find_function(const pleura_reader *r, pleura_span domain,
                                           pleura_span name)
{
    const local_function *all = r->functions ? r->functions->items : NULL;
    for (size_t i = 0; all && i < r->functions->count; i++)
        if (same_span(all[i].domain, domain) && same_span(all[i].name, name))
            return &all[i];
    return NULL;
}

static bool on_name(pb_istream_t *stream, const pb_field_t *field, void **argument)
{
    (void)field;
    pleura_list *names = *argument;
    pleura_span *item = pleura_list_add(names, sizeof *item);
    return item && pleura_span_rest(stream, names->reader, item) &&
           pb_read(stream, NULL, stream->bytes_left);
}

typedef struct definition {
    pleura_list inputs, outputs; /* names */
    pleura_list attributes;      /* the call's, and what the function has in their place */
} definition;

static bool read_definition(const local_function *function, definition *d)
{
    onnx_FunctionProto proto = {.input = pleura_want(on_name, &d->inputs),
                                .output = pleura_want(on_name, &d->outputs),
                                .attribute_proto =
                                    pleura_want(pleura_on_attribute, &d->attributes)};
    pb_istream_t stream =
        pb_istream_from_buffer((const pb_byte_t *)function->bytes.begin, function->bytes.length);
    return pb_decode(&stream, onnx_FunctionProto_fields, &proto);
}

static bool add_copy(pleura_reader *r, const pleura_node *call, uint32_t from, uint32_t to)
{
    pleura_node node = {.op = PLEURA_OP_Identity,
                        .name = call->name,
                        .clamp_min = -HUGE_VALF,
                        .clamp_max = HUGE_VALF};
    pleura_list inputs = {.items = &from, .count = 1, .reader = r};
    return to != PLEURA_NONE && pleura_reader_add(r, node, &inputs, &to, 1);
}

static bool read_nodes(pleura_reader *r, const local_function *function)
{
    onnx_FunctionProto proto = {.node = pleura_want(pleura_on_node, r)};
    pb_istream_t stream =
        pb_istream_from_buffer((const pb_byte_t *)function->bytes.begin, function->bytes.length);
    return pb_decode(&stream, onnx_FunctionProto_fields, &proto);
}

/* What goes in, the nodes, what comes out. */
static bool expand(pleura_reader *r, const local_function *function, const definition *d,
                   const pleura_node *call, const uint32_t *outputs, size_t count)
{
    const pleura_span *in = d->inputs.items, *out = d->outputs.items;
    bool ok = call->input_count <= d->inputs.count && count <= d->outputs.count;
    for (size_t i = 0; ok && i < call->input_count; i++)
        ok = call->inputs[i] == PLEURA_NONE ||
             add_copy(r, call, call->inputs[i], pleura_scope_define(r, in[i].begin, in[i].length));
    ok = ok && read_nodes(r, function);
    for (size_t i = 0; ok && i < count; i++) {
        uint32_t from = outputs[i] == PLEURA_NONE
                            ? PLEURA_NONE
                            : pleura_scope_find(r, out[i].begin, out[i].length);
        ok = outputs[i] == PLEURA_NONE ||
             (from != PLEURA_NONE && add_copy(r, call, from, outputs[i]));
    }
    return ok || refuse_damaged(r, call);
}

static bool call_function(pleura_reader *r, const local_function *function, const pleura_node *call,
                          const uint32_t *outputs, size_t count)
{
    const bool may_change = r->graph->data_may_change;
    definition d = {.inputs.reader = r, .outputs.reader = r, .attributes.reader = r};
    pleura_scope scope;
    pleura_node within = *call;
    bool ok = true;
    for (size_t i = 0; ok && i < call->attribute_count; i++) {
        pleura_attribute *item = pleura_list_add(&d.attributes, sizeof *item);
        ok = item != NULL;
        if (ok)
            *item = call->attributes[i];
    }
    /* The next call reads the function's tensors again. */
    r->graph->data_may_change = false;
    ok = ok && count_bytes(r, call, function->bytes.length) &&
         (read_definition(function, &d) || refuse_damaged(r, call));
    within.attributes = d.attributes.items;
    within.attribute_count = d.attributes.count;
    if (ok && enter(r, &within, &scope, true)) {
        ok = expand(r, function, &d, &within, outputs, count);
        leave(r);
    } else {
        ok = false;
    }
    r->graph->data_may_change = may_change;
    pleura_free(d.inputs.items);
    pleura_free(d.outputs.items);
    pleura_free(d.attributes.items);
    return ok;
}

bool pleura_function_call(pleura_reader *r, pleura_span domain, pleura_span name,
                          const pleura_node *call, const uint32_t *outputs, size_t count, bool *ok)
{
    const local_function *function = find_function(r, domain, name);
    pleura_node named = *call;
    if (!function)
        return false;
    named.function = pleura_keep_text(r, name);
    *ok = named.function && call_function(r, function, &named, outputs, count);
    return true;
}
