/* Numbers that stay in their order: under other dimensions, as another type, or behind one another. */
#include "plain_loops.h"

#include "../half.h"
#include "fold.h"

#include <math.h>
#include <string.h>

static void run_copy(const pleura_plain *plain)
{
    const size_t *item = plain->plan;
    if (plain->output_count && plain->output != plain->inputs[0])
        memcpy(plain->output, plain->inputs[0], plain->output_count * *item);
}

static void run_truncate(const pleura_plain *plain)
{
    for (size_t i = 0; i < plain->output_count; i++)
        ((float *)plain->output)[i] = truncf(((const float *)plain->inputs[0])[i]);
}

static void run_truth(const pleura_plain *plain)
{
    for (size_t i = 0; i < plain->output_count; i++)
        ((float *)plain->output)[i] = ((const float *)plain->inputs[0])[i] != 0;
}

static void run_half(const pleura_plain *plain)
{
    for (size_t i = 0; i < plain->output_count; i++)
        ((float *)plain->output)[i] = pleura_half_round(((const float *)plain->inputs[0])[i]);
}

static void run_bfloat(const pleura_plain *plain)
{
    for (size_t i = 0; i < plain->output_count; i++)
        ((float *)plain->output)[i] = pleura_bfloat_round(((const float *)plain->inputs[0])[i]);
}

pleura_code pleura_plain_copy(const pleura_plain_request *request, pleura_plain *plain,
                              pleura_error *error)
{
    size_t *item = pleura_plain_plan(request, plain, sizeof *item, run_copy, error);
    if (!item)
        return PLEURA_ERROR_MEMORY;
    *item = pleura_element_size(request->element);
    const pleura_value *values = request->graph->values;
    const pleura_node *node = request->node;
    bool to_whole = values[node->output].whole && !values[node->inputs[0]].whole;
    bool cast = node->op == PLEURA_OP_Cast || node->op == PLEURA_OP_CastLike;
    const int64_t type = cast ? pleura_cast_type(request->graph, node) : 0;
    if (type == PLEURA_TYPE_BOOL)
        plain->run = run_truth;
    else if (cast && pleura_cast_rounds(request->graph, node))
        plain->run = type == PLEURA_TYPE_FLOAT16 ? run_half : run_bfloat;
    else if (request->element == PLEURA_FLOAT && to_whole)
        plain->run = run_truncate;
    return PLEURA_OK;
}

/* ---- Concat: blocks one after another ---- */

typedef struct joining {
    int64_t blocks;
    size_t *sizes; /* of each input's block, in bytes */
} joining;

static void run_concat(const pleura_plain *plain)
{
    const joining *j = plain->plan;
    char *to = plain->output;
    for (int64_t b = 0; b < j->blocks; b++)
        for (size_t i = 0; i < plain->input_count; i++) {
            if (j->sizes[i])
                memcpy(to, (const char *)plain->inputs[i] + (size_t)b * j->sizes[i], j->sizes[i]);
            to += j->sizes[i];
        }
}

/* Inputs and output are all laid out in the same way. */
pleura_code pleura_plain_concat(const pleura_plain_request *request, pleura_plain *plain,
                                pleura_error *error)
{
    const pleura_node *node = request->node;
    joining *j = pleura_plain_plan(request, plain, sizeof *j, run_concat, error);
    if (!j)
        return PLEURA_ERROR_MEMORY;
    j->sizes = pleura_arena_alloc(request->arena, node->input_count * sizeof *j->sizes);
    if (!j->sizes)
        return pleura_fail_memory(error, node->input_count * sizeof *j->sizes, node->name);
    pleura_strided out = pleura_plain_tensor(request, PLEURA_OUTPUT);
    int axis = pleura_axis(pleura_node_int(node, "axis", 1), out.rank), order[PLEURA_MAX_RANK];
    pleura_plain_order(&out, order);
    j->blocks = 1;
    for (int i = 0; order[i] != axis; i++)
        j->blocks *= out.dims[order[i]];
    for (size_t i = 0; i < node->input_count; i++) {
        pleura_strided in = pleura_plain_tensor(request, i);
        j->sizes[i] =
            (size_t)(in.dims[axis] * out.strides[axis]) * pleura_element_size(request->element);
    }
    return PLEURA_OK;
}
