/*
 * Sequences of tensors that stand in the file as a straight line: PyTorch's scripting writes DenseNet's
 * concatenations so. They are lists of values while the file is read, and no part of the graph.
 */
#include "../error.h"
#include "functions.h"
#include "onnx_scope.h"

#include <math.h>
#include <string.h>

typedef struct sequence {
    uint32_t value; /* that its name stands for, which nothing makes */
    uint32_t *items;
    size_t count;
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
        "of nodes.",
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
        *kept = (sequence){value, items, before + count};
    return kept != NULL;
}

bool pleura_read_sequence(pleura_reader *r, const pleura_node *node, const uint32_t *outputs,
                          size_t count)
{
    const sequence *from = node->input_count ? find_sequence(r, node->inputs[0]) : NULL;
    if (count != 1 || outputs[0] == PLEURA_NONE)
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
