/*
 * Sequences of tensors that stand in the file as a straight line: PyTorch's scripting writes DenseNet's
 * concatenations so. They are lists of values while the file is read, and no part of the graph.
 */
#include "../error.h"
#include "arguments.h"
#include "functions.h"
#include "onnx_scope.h"

#include <math.h>
#include <string.h>

typedef struct sequence {
    uint32_t value; /* that its name stands for, which nothing makes */
    uint32_t *items;
    size_t count;
    const pleura_node *split; /* what makes its tensors, which are not listed then; or NULL */
} sequence;

static const sequence *find_sequence(const pleura_reader *r, uint32_t value)
{
    const sequence *all = r->sequences->items;
    for (size_t i = r->sequences->count; i-- > 0;)
        if (all[i].value == value)
            return &all[i];
    return NULL;
}

static bool refuse(pleura_reader *r, const pleura_node *node)
{
    pleura_node_label label;
    pleura_fail(
        r->error, PLEURA_ERROR_OPERATOR,
        "ONNX: %s is supported only for sequences that grow at their end, in a straight line "
        "of nodes, or that a tensor is split into.",
        pleura_node_describe(node, &label));
    return false;
}

/* One of `first` and then `more`. */
static bool keep_sequence(pleura_reader *r, const sequence *first, const uint32_t *more,
                          size_t count, uint32_t value)
{
    const size_t before = first ? first->count : 0;
    r->sequence_items += before + count;
    if (r->sequence_items > PLEURA_MAX_SEQUENCE_ITEMS || r->sequences->count >= PLEURA_MAX_NODES) {
        pleura_fail(r->error, PLEURA_ERROR_MODEL_TOO_LARGE,
                    "ONNX: more than %d sequences, or more than %d tensors in all of them.",
                    PLEURA_MAX_NODES, PLEURA_MAX_SEQUENCE_ITEMS);
        return false;
    }
    uint32_t *items = pleura_arena_alloc(&r->graph->arena, (before + count) * sizeof *items + 1);
    if (!items)
        return pleura_refuse_memory(r);
    if (before)
        memcpy(items, first->items, before * sizeof *items);
    if (count)
        memcpy(items + before, more, count * sizeof *items);
    sequence *kept = pleura_list_add(r->sequences, sizeof *kept);
    if (kept)
        *kept = (sequence){value, items, before + count, NULL};
    return kept != NULL;
}

/* Which pieces there are is not known yet. */
static bool keep_split(pleura_reader *r, const pleura_node *node, uint32_t value)
{
    pleura_node *split = pleura_arena_alloc(&r->graph->arena, sizeof *split);
    uint32_t *inputs = pleura_arena_alloc(&r->graph->arena, 2 * sizeof *inputs);
    if (!split || !inputs)
        return pleura_refuse_memory(r);
    if (node->input_count < 1 || node->input_count > 2 || node->inputs[0] == PLEURA_NONE)
        return refuse(r, node);
    if (!keep_sequence(r, NULL, NULL, 0, value))
        return false;
    inputs[0] = node->inputs[0];
    inputs[1] = node->input_count > 1 ? node->inputs[1] : PLEURA_NONE;
    *split = *node;
    split->inputs = inputs;
    ((sequence *)r->sequences->items)[r->sequences->count - 1].split = split;
    return true;
}

static bool add_piece(pleura_reader *r, const sequence *from, const pleura_node *call,
                      uint32_t output)
{
    pleura_node node = *from->split;
    uint32_t ends[3] = {node.inputs[0], node.inputs[1], call->inputs[1]};
    pleura_list inputs = {.items = ends, .count = 3, .reader = r};
    node.name = call->name;
    return pleura_reader_add(r, node, &inputs, &output, 1);
}

/* Where the piece begins and ends along an axis of that size; false if that is not known, or outside. */
static bool find_piece(const pleura_graph *graph, const pleura_node *node, int64_t size,
                       int64_t *begin, int64_t *end)
{
    const pleura_value *split = pleura_node_constant(graph, node, 1, PLEURA_INT64);
    const pleura_value *index = pleura_node_constant(graph, node, 2, PLEURA_INT64);
    const int64_t *sizes = split ? split->data : NULL;
    const bool listed = split && split->rank == 1;
    if (!index || pleura_value_elements(index) != 1 || (!split && node->inputs[1] != PLEURA_NONE) ||
        (split && split->rank > 1) || (split && !listed && *sizes < 1))
        return false;
    const int64_t each = split && !listed ? *sizes < size ? *sizes : size : 1;
    const int64_t count = listed ? split->dims[0] : (size + each - 1) / each;
    int64_t at = *(const int64_t *)index->data;
    at = at < 0 ? at + count : at;
    if (at < 0 || at >= count)
        return false;
    *begin = listed ? 0 : at * each;
    *end = *begin + each < size ? *begin + each : size;
    for (int64_t i = 0; listed && i <= at; i++) {
        *begin = i ? *end : 0;
        if (sizes[i] < 0 || sizes[i] > size - *begin)
            return false;
        *end = *begin + sizes[i];
    }
    return true;
}

pleura_code pleura_take_piece(pleura_graph *graph, pleura_node *node, pleura_error *error)
{
    static const char *const names[] = {"starts", "ends", "axes"};
    const pleura_value *x = &graph->values[node->inputs[0]];
    const int axis = pleura_axis(pleura_node_int(node, "axis", 0), x->rank);
    pleura_node_label label;
    pleura_attribute *attributes = pleura_arena_alloc(&graph->arena, 3 * sizeof *attributes);
    int64_t *ints = pleura_arena_alloc(&graph->arena, 3 * sizeof *ints);
    if (!attributes || !ints)
        return pleura_fail_memory(error, 3 * sizeof *attributes, "a sequence");
    if (axis < 0 || !find_piece(graph, node, x->dims[axis], &ints[0], &ints[1]))
        return pleura_fail(error, PLEURA_ERROR_SHAPE,
                           "ONNX: %s takes a piece that is not known before an image is, or that "
                           "is not there.",
                           pleura_node_describe(node, &label));
    if (node->inputs[1] == PLEURA_NONE && !pleura_node_int(node, "keepdims", 1)) {
        node->op = PLEURA_OP_Gather;
        node->inputs[1] = node->inputs[2];
        node->input_count = 2;
        return PLEURA_OK;
    }
    ints[2] = axis;
    for (size_t i = 0; i < 3; i++)
        attributes[i] =
            (pleura_attribute){.name = names[i], .kind = 'I', .ints = &ints[i], .count = 1};
    node->op = PLEURA_OP_Slice;
    node->attributes = attributes;
    node->attribute_count = 3;
    node->input_count = 1;
    return PLEURA_OK;
}

bool pleura_read_sequence(pleura_reader *r, const pleura_node *node, const uint32_t *outputs,
                          size_t count)
{
    const sequence *from = node->input_count ? find_sequence(r, node->inputs[0]) : NULL;
    if (count != 1 || outputs[0] == PLEURA_NONE)
        return refuse(r, node);
    if (node->op == PLEURA_OP_SplitToSequence)
        return keep_split(r, node, outputs[0]);
    if (strcmp(node->function, "SequenceAt") == 0)
        return from && from->split && node->input_count == 2 && node->inputs[1] != PLEURA_NONE
                   ? add_piece(r, from, node, outputs[0])
                   : refuse(r, node);
    if (from && from->split)
        return refuse(r, node);
    if (strcmp(node->function, "SequenceConstruct") == 0)
        return keep_sequence(r, NULL, node->inputs, node->input_count, outputs[0]);
    if (strcmp(node->function, "SequenceInsert") == 0)
        return from && node->input_count == 2
                   ? keep_sequence(r, from, node->inputs + 1, 1, outputs[0])
                   : refuse(r, node);
    if (!from || pleura_node_int(node, "new_axis", 0))
        return refuse(r, node);
    pleura_node join = *node; /* ConcatFromSequence */
    pleura_list inputs = {.items = from->items, .count = from->count, .reader = r};
    join.op = PLEURA_OP_Concat;
    return pleura_reader_add(r, join, &inputs, outputs, 1);
}
