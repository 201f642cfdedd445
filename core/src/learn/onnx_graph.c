#include "onnx_graph.h"

#include "../error.h"

/* A name, and who has to do with it. */
typedef struct pleura_onnx_use {
    pleura_wire name;
    size_t readers; /* node inputs and graph outputs */
    size_t writer;  /* a node's index and 1; 0: none */
    bool constant;
} use;

static size_t hash_of(pleura_wire name)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (const uint8_t *at = name.begin; at < name.end; at++)
        hash = (hash ^ *at) * 16777619u;
    return hash;
}

/* The name's place, or the free one where it belongs. */
static use *place_of(const pleura_onnx_graph *g, pleura_wire name)
{
    size_t at = hash_of(name) % g->use_room;
    while (g->uses[at].name.begin && !pleura_wire_equal(g->uses[at].name, name))
        at = (at + 1) % g->use_room;
    return &g->uses[at];
}

static use *know(pleura_onnx_graph *g, pleura_wire name)
{
    use *found = place_of(g, name);
    found->name = name;
    return found;
}

static pleura_code damaged(pleura_error *error)
{
    return pleura_fail(error, PLEURA_ERROR_ONNX, "The model file is damaged.");
}

/* Everything that may bring a name: no more than that go into the table. */
static size_t count_names(pleura_wire graph, size_t *nodes, bool *bad)
{
    pleura_wire_field field, part;
    size_t names = 0;
    while (pleura_wire_next(&graph, &field, bad)) {
        if (field.number != ONNX_GRAPH_NODE || field.kind != 2) {
            names++;
            continue;
        }
        ++*nodes;
        while (pleura_wire_next(&field.body, &part, bad))
            names++;
    }
    return names;
}

static void add_node(pleura_onnx_graph *g, pleura_wire node, bool *bad)
{
    pleura_wire_field part;
    g->nodes[g->node_count++] = node;
    while (pleura_wire_next(&node, &part, bad)) {
        if (part.kind != 2)
            continue;
        if (part.number == ONNX_NODE_INPUT)
            know(g, part.body)->readers++;
        else if (part.number == ONNX_NODE_OUTPUT)
            know(g, part.body)->writer = g->node_count;
    }
}

/* ValueInfoProto: name, type { tensor_type { shape { dim, ... } } } */
static void add_output(pleura_onnx_graph *g, pleura_wire info)
{
    pleura_wire name, type, tensor, shape;
    if (!pleura_wire_find(info, ONNX_VALUE_NAME, &name))
        return;
    know(g, name)->readers++;
    if (g->output.begin)
        return;
    g->output = name;
    if (pleura_wire_find(info, 2, &type) && pleura_wire_find(type, 1, &tensor) &&
        pleura_wire_find(tensor, 2, &shape))
        pleura_wire_find(shape, 1, &g->batch);
}

static void add_field(pleura_onnx_graph *g, const pleura_wire_field *field, bool *bad)
{
    pleura_wire name;
    if (field->kind != 2)
        return;
    if (field->number == ONNX_GRAPH_NODE)
        add_node(g, field->body, bad);
    else if (field->number == ONNX_GRAPH_OUTPUT)
        add_output(g, field->body);
    else if (field->number == ONNX_GRAPH_INITIALIZER &&
             pleura_wire_find(field->body, ONNX_TENSOR_NAME, &name))
        know(g, name)->constant = true;
}

pleura_code pleura_onnx_graph_read(pleura_wire graph, pleura_onnx_graph *g, pleura_error *error)
{
    bool bad = false;
    size_t nodes = 0, names = count_names(graph, &nodes, &bad);
    *g = (pleura_onnx_graph){.graph = graph, .use_room = 2 * names + 16};
    if (bad)
        return damaged(error);
    g->nodes = pleura_arena_alloc(&g->arena, nodes * sizeof *g->nodes);
    g->dropped = pleura_arena_alloc(&g->arena, nodes * sizeof *g->dropped);
    g->uses = pleura_arena_alloc(&g->arena, g->use_room * sizeof *g->uses);
    if (!g->nodes || !g->dropped || !g->uses)
        return pleura_fail_memory(error, g->use_room * sizeof *g->uses, "the model's names");
    pleura_wire_field field;
    while (pleura_wire_next(&graph, &field, &bad))
        add_field(g, &field, &bad);
    return bad || !g->output.begin ? damaged(error) : PLEURA_OK;
}

void pleura_onnx_graph_free(pleura_onnx_graph *graph)
{
    pleura_arena_free(&graph->arena);
}

size_t pleura_onnx_producer(const pleura_onnx_graph *graph, pleura_wire name)
{
    return place_of(graph, name)->writer - 1;
}

bool pleura_onnx_is(const pleura_onnx_graph *graph, size_t node, const char *op)
{
    pleura_wire name;
    return pleura_wire_find(graph->nodes[node], ONNX_NODE_OPERATOR, &name) &&
           pleura_wire_equal(name, pleura_wire_text(op));
}

pleura_wire pleura_onnx_input(const pleura_onnx_graph *graph, size_t node, size_t place)
{
    pleura_wire message = graph->nodes[node];
    pleura_wire_field part;
    for (bool bad = false; pleura_wire_next(&message, &part, &bad);)
        if (part.number == ONNX_NODE_INPUT && part.kind == 2 && place-- == 0)
            return part.body;
    return (pleura_wire){0};
}

bool pleura_onnx_is_constant(const pleura_onnx_graph *graph, pleura_wire name)
{
    const use *found = place_of(graph, name);
    if (found->constant)
        return true;
    size_t node = found->writer - 1;
    if (node == SIZE_MAX)
        return false;
    return pleura_onnx_is(graph, node, "Constant") ||
           (pleura_onnx_is(graph, node, "DequantizeLinear") &&
            place_of(graph, pleura_onnx_input(graph, node, 0))->constant);
}

static bool is_read(const pleura_onnx_graph *g, pleura_wire node)
{
    pleura_wire_field part;
    for (bool bad = false; pleura_wire_next(&node, &part, &bad);)
        if (part.number == ONNX_NODE_OUTPUT && part.kind == 2 && place_of(g, part.body)->readers)
            return true;
    return false;
}

void pleura_onnx_cut(pleura_onnx_graph *g, pleura_wire kept)
{
    place_of(g, g->output)->readers--;
    place_of(g, kept)->readers++;
    /* Nodes stand behind what they read. */
    for (size_t i = g->node_count; i-- > 0;) {
        pleura_wire node = g->nodes[i];
        pleura_wire_field part;
        if (is_read(g, node))
            continue;
        g->dropped[i] = true;
        for (bool bad = false; pleura_wire_next(&node, &part, &bad);)
            if (part.number == ONNX_NODE_INPUT && part.kind == 2)
                place_of(g, part.body)->readers--;
    }
}

bool pleura_onnx_needed(const pleura_onnx_graph *graph, pleura_wire name)
{
    return place_of(graph, name)->readers > 0;
}

bool pleura_onnx_knows(const pleura_onnx_graph *graph, pleura_wire name)
{
    return place_of(graph, name)->name.begin != NULL;
}
