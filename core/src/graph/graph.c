#include "graph.h"

#include <stdio.h>
#include <string.h>

const char *pleura_operator_name(pleura_operator op)
{
    static const char *const names[] = {
#define X(name, minimum, maximum, family) #name,
        PLEURA_OPERATORS(X)
#undef X
    };
    return (unsigned)op < PLEURA_OP_COUNT ? names[op] : "?";
}

pleura_family pleura_operator_family(pleura_operator op)
{
    static const unsigned char families[] = {
#define X(name, minimum, maximum, family) PLEURA_##family,
        PLEURA_OPERATORS(X)
#undef X
    };
    return (unsigned)op < PLEURA_OP_COUNT ? (pleura_family)families[op] : PLEURA_OTHER;
}

bool pleura_batch_norm_trains(const pleura_graph *graph, const pleura_node *node)
{
    return graph->opset < 14 ? node->part_count > 1
                             : pleura_node_int(node, "training_mode", 0) != 0;
}

bool pleura_is_real(const pleura_value *value)
{
    return value->element == PLEURA_FLOAT || value->grid;
}

size_t pleura_element_size(pleura_element element)
{
    return element == PLEURA_FLOAT ? sizeof(float) : element == PLEURA_INT64 ? sizeof(int64_t) : 1;
}

void pleura_graph_free(pleura_graph *graph)
{
    pleura_free(graph->values);
    pleura_free(graph->nodes);
    pleura_free(graph->branches);
    pleura_free(graph->names);
    pleura_free(graph->properties);
    pleura_arena_free(&graph->arena);
    memset(graph, 0, sizeof *graph);
}

bool pleura_grow(void **array, size_t *capacity, size_t count, size_t size)
{
    if (count < *capacity)
        return true;
    size_t wanted = *capacity ? *capacity * 2 : 64;
    void *grown = pleura_realloc(*array, wanted * size);
    if (!grown)
        return false;
    *array = grown;
    *capacity = wanted;
    return true;
}

uint32_t pleura_graph_new_value(pleura_graph *graph, const char *name)
{
    void *array = graph->values;
    if (!pleura_grow(&array, &graph->value_capacity, graph->value_count, sizeof *graph->values))
        return PLEURA_NONE;
    graph->values = array;
    graph->values[graph->value_count] = (pleura_value){.name = name, .producer = PLEURA_NONE};
    return (uint32_t)graph->value_count++;
}

/* FNV-1a, 64 bits: offset basis and prime from Fowler, Noll, Vo (IETF draft-eastlake-fnv). */
static uint64_t hash_text(const char *text, size_t length)
{
    uint64_t hash = 14695981039346656037u;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)text[i]) * 1099511628211u;
    return hash;
}

static uint32_t *find_slot(const pleura_graph *graph, const char *name, size_t length)
{
    size_t mask = graph->name_capacity - 1;
    for (size_t at = hash_text(name, length) & mask;; at = (at + 1) & mask) {
        uint32_t *slot = &graph->names[at];
        if (*slot == PLEURA_NONE)
            return slot;
        const char *other = graph->values[*slot].name;
        if (strlen(other) == length && (!length || memcmp(other, name, length) == 0))
            return slot;
    }
}

/* Keeps the table at most half full: it is sized by the values, of which the named are a part. */
static bool grow_names(pleura_graph *graph)
{
    if (graph->name_capacity > 2 * (graph->value_count + 1))
        return true;
    size_t capacity = graph->name_capacity ? graph->name_capacity * 2 : 256;
    uint32_t *names = pleura_alloc(capacity * sizeof *names);
    if (!names)
        return false;
    memset(names, 0xff, capacity * sizeof *names);
    uint32_t *old = graph->names;
    size_t old_capacity = graph->name_capacity;
    graph->names = names;
    graph->name_capacity = capacity;
    for (size_t i = 0; i < old_capacity; i++)
        if (old[i] != PLEURA_NONE) {
            const char *name = graph->values[old[i]].name;
            *find_slot(graph, name, strlen(name)) = old[i];
        }
    pleura_free(old);
    return true;
}

uint32_t pleura_graph_value(pleura_graph *graph, const char *name, size_t length)
{
    const char *end = length ? memchr(name, '\0', length) : NULL;
    length = end ? (size_t)(end - name) : length; /* names are C strings from here on */
    if (!grow_names(graph))
        return PLEURA_NONE;
    uint32_t *slot = find_slot(graph, name, length);
    if (*slot == PLEURA_NONE) {
        char *copy = pleura_arena_text(&graph->arena, name, length);
        if (copy)
            *slot = pleura_graph_new_value(graph, copy);
    }
    return *slot;
}

uint32_t pleura_graph_find(const pleura_graph *graph, const char *name, size_t length)
{
    return graph->name_capacity ? *find_slot(graph, name, length) : PLEURA_NONE;
}

bool pleura_graph_add_output(pleura_graph *graph, uint32_t value, size_t *index)
{
    for (*index = 0; *index < graph->output_count; ++*index)
        if (graph->outputs[*index] == value)
            return true;
    uint32_t *outputs =
        pleura_arena_alloc(&graph->arena, (graph->output_count + 1) * sizeof *outputs);
    if (!outputs)
        return false;
    memcpy(outputs, graph->outputs, graph->output_count * sizeof *outputs);
    outputs[graph->output_count++] = value;
    graph->outputs = outputs;
    graph->values[value].users++;
    return true;
}

int64_t pleura_value_elements(const pleura_value *value)
{
    int64_t product = 1;
    for (int i = 0; i < value->rank; i++)
        product *= value->dims[i];
    return product;
}

bool pleura_same_shape(const pleura_value *a, const pleura_value *b)
{
    bool same = a->rank == b->rank;
    for (int i = 0; same && i < a->rank; i++)
        same = a->dims[i] == b->dims[i];
    return same;
}

const pleura_attribute *pleura_node_attribute(const pleura_node *node, const char *name, char kind)
{
    for (size_t i = 0; i < node->attribute_count; i++)
        if (node->attributes[i].kind == kind && strcmp(node->attributes[i].name, name) == 0)
            return &node->attributes[i];
    return NULL;
}

int64_t pleura_node_int(const pleura_node *node, const char *name, int64_t otherwise)
{
    const pleura_attribute *attribute = pleura_node_attribute(node, name, 'i');
    return attribute ? attribute->i : otherwise;
}

float pleura_node_float(const pleura_node *node, const char *name, float otherwise)
{
    const pleura_attribute *attribute = pleura_node_attribute(node, name, 'f');
    return attribute ? attribute->f : otherwise;
}

const pleura_value *pleura_node_constant(const pleura_graph *graph, const pleura_node *node,
                                         size_t input, pleura_element element)
{
    if (input >= node->input_count || node->inputs[input] == PLEURA_NONE)
        return NULL;
    const pleura_value *value = &graph->values[node->inputs[input]];
    return value->data && value->element == element ? value : NULL;
}

int64_t pleura_cast_type(const pleura_graph *graph, const pleura_node *node)
{
    return node->op == PLEURA_OP_CastLike ? graph->values[node->inputs[1]].type
                                          : pleura_node_int(node, "to", 0);
}

bool pleura_cast_rounds(const pleura_graph *graph, const pleura_node *node)
{
    const int64_t type = pleura_cast_type(graph, node);
    return (type == PLEURA_TYPE_FLOAT16 || type == PLEURA_TYPE_BFLOAT16) &&
           graph->values[node->inputs[0]].type != type;
}

const char *pleura_node_describe(const pleura_node *node, pleura_node_label *label)
{
    const char *op = node->function ? node->function : pleura_operator_name(node->op);
    snprintf(label->text, sizeof label->text, "%.100s '%.80s'", op, node->name);
    return label->text;
}
