/* Numbers picked one by one from places that constants name: GatherElements, GatherND, OneHot, Trilu. And Gather
 * where the places are computed, as in a table of labels. */
#include "plain_loops.h"

#include "../error.h"
#include "constant.h"
#include "fold.h"

#include <string.h>

#define NOWHERE (-1)

typedef struct picking {
    size_t input, item;
    const int32_t *at; /* where each of the output comes from; NOWHERE is 0 */
} picking;

static void run_pick(const pleura_plain *plain)
{
    const picking *p = plain->plan;
    const char *from = plain->inputs[p->input];
    char *to = plain->output;
    for (size_t i = 0; i < plain->output_count; i++, to += p->item)
        if (p->at[i] == NOWHERE)
            memset(to, 0, p->item);
        else
            memcpy(to, from + (size_t)p->at[i] * p->item, p->item);
}

/* The places along each axis of output number `i`. */
static void unravel(const pleura_strided *out, size_t i, int64_t *places)
{
    for (int d = out->rank; d-- > 0; i /= (size_t)out->dims[d])
        places[d] = (int64_t)(i % (size_t)out->dims[d]);
}

/* An index of the node's constant, counted from the end where it is negative; -1 outside. */
static int64_t index_at(const pleura_value *indices, int64_t i, int64_t size)
{
    int64_t index = pleura_constant_int(indices, i);
    index = index < 0 ? index + size : index;
    return index >= 0 && index < size ? index : -1;
}

static bool find_elements(const pleura_node *node, const pleura_value *indices,
                          const pleura_strided *in, const pleura_strided *out, int32_t *at,
                          size_t count)
{
    const int axis = pleura_axis(pleura_node_int(node, "axis", 0), in->rank);
    for (size_t i = 0; i < count; i++) {
        int64_t places[PLEURA_MAX_RANK];
        unravel(out, i, places);
        places[axis] = index_at(indices, (int64_t)i, in->dims[axis]);
        if (places[axis] < 0)
            return false;
        for (int d = 0; d < in->rank; d++)
            at[i] += (int32_t)(places[d] * in->strides[d]);
    }
    return true;
}

/* Blocks: each is named by indices along the axes behind the batch's. */
static bool find_blocks(const pleura_node *node, const pleura_value *indices,
                        const pleura_strided *in, int32_t *at, size_t count)
{
    const int batch = (int)pleura_node_int(node, "batch_dims", 0);
    const int64_t depth = indices->dims[indices->rank - 1];
    int64_t length = 1, batches = 1;
    for (int i = batch + (int)depth; i < in->rank; i++)
        length *= in->dims[i];
    for (int i = 0; i < batch; i++)
        batches *= in->dims[i];
    const int64_t tuples = length ? (int64_t)count / length : 0;
    for (int64_t t = 0; t < tuples; t++) {
        int64_t begin = t / (tuples / batches) * (batch ? in->strides[batch - 1] : 0);
        for (int64_t k = 0; k < depth; k++) {
            int64_t index = index_at(indices, t * depth + k, in->dims[batch + k]);
            if (index < 0)
                return false;
            begin += index * in->strides[batch + k];
        }
        for (int64_t i = 0; i < length; i++)
            at[t * length + i] = (int32_t)(begin + i);
    }
    return true;
}

/* Input 2 has what is off and what is on. */
static void find_hot(const pleura_node *node, const pleura_value *indices,
                     const pleura_strided *out, int32_t *at, size_t count)
{
    const int axis = pleura_axis(pleura_node_int(node, "axis", -1), out->rank);
    int64_t behind = 1;
    for (int d = axis + 1; d < out->rank; d++)
        behind *= out->dims[d];
    for (size_t i = 0; i < count; i++) {
        int64_t k = (int64_t)i, place = k / behind % out->dims[axis];
        int64_t which = k / (behind * out->dims[axis]) * behind + k % behind;
        at[i] = index_at(indices, which, out->dims[axis]) == place;
    }
}

static void find_triangle(const pleura_graph *graph, const pleura_node *node,
                          const pleura_strided *out, int32_t *at, size_t count)
{
    const pleura_value *diagonal = pleura_node_constant(graph, node, 1, PLEURA_INT64);
    const int64_t k = diagonal ? pleura_constant_int(diagonal, 0) : 0;
    const bool upper = pleura_node_int(node, "upper", 1) != 0;
    for (size_t i = 0; i < count; i++) {
        int64_t places[PLEURA_MAX_RANK];
        unravel(out, i, places);
        int64_t right = places[out->rank - 1] - places[out->rank - 2];
        at[i] = (upper ? right >= k : right <= k) ? (int32_t)i : NOWHERE;
    }
}

pleura_code pleura_plain_pick(const pleura_plain_request *request, pleura_plain *plain,
                              pleura_error *error)
{
    const pleura_node *node = request->node;
    const bool triangle = node->op == PLEURA_OP_Trilu;
    const pleura_value *indices =
        triangle ? NULL
                 : &request->graph->values[node->inputs[node->op == PLEURA_OP_OneHot ? 0 : 1]];
    const pleura_strided in = pleura_plain_tensor(request, 0),
                         out = pleura_plain_tensor(request, PLEURA_OUTPUT);
    pleura_node_label label;
    if (triangle ? node->input_count > 1 && !request->graph->values[node->inputs[1]].data
                 : !indices->data)
        return pleura_fail(error, PLEURA_ERROR_OPERATOR,
                           "ONNX: %s takes its indices from a computed tensor; only constants are "
                           "supported there.",
                           pleura_node_describe(node, &label));
    picking *p = pleura_plain_plan(request, plain, sizeof *p, run_pick, error);
    const size_t size = plain->output_count * sizeof *p->at;
    int32_t *at = p ? pleura_arena_alloc(request->arena, size + 1) : NULL;
    if (!at)
        return pleura_fail_memory(error, size, node->name);
    *p = (picking){node->op == PLEURA_OP_OneHot ? 2 : 0, pleura_element_size(request->element), at};
    bool inside = true;
    if (node->op == PLEURA_OP_GatherElements)
        inside = find_elements(node, indices, &in, &out, at, plain->output_count);
    else if (node->op == PLEURA_OP_GatherND)
        inside = find_blocks(node, indices, &in, at, plain->output_count);
    else if (node->op == PLEURA_OP_OneHot)
        find_hot(node, indices, &out, at, plain->output_count);
    else
        find_triangle(request->graph, node, &out, at, plain->output_count);
    return inside
               ? PLEURA_OK
               : pleura_fail(error, PLEURA_ERROR_SHAPE, "ONNX: %s reads past the end of its input.",
                             pleura_node_describe(node, &label));
}

/* ---- Gather by computed indices ---- */

typedef struct looking_up {
    size_t blocks, size, run; /* runs of `run` numbers stand `size` to a block */
    size_t count;             /* of indices */
} looking_up;

/* An index outside is brought to the end that it is beyond: there is no error while a network runs. */
static void run_look_up(const pleura_plain *plain)
{
    const looking_up *l = plain->plan;
    const float *from = plain->inputs[0], *indices = plain->inputs[1];
    float *to = plain->output;
    for (size_t b = 0; b < l->blocks; b++, from += l->size * l->run)
        for (size_t k = 0; k < l->count; k++, to += l->run) {
            int64_t index = pleura_whole_part(indices[k]), size = (int64_t)l->size;
            index = index < 0 ? index + size : index;
            index = index < 0 ? 0 : index >= size ? size - 1 : index;
            memcpy(to, from + (size_t)index * l->run, l->run * sizeof *to);
        }
}

pleura_code pleura_plain_look_up(const pleura_plain_request *request, pleura_plain *plain,
                                 pleura_error *error)
{
    const pleura_node *node = request->node;
    const pleura_strided in = pleura_plain_tensor(request, 0);
    const int axis = pleura_axis(pleura_node_int(node, "axis", 0), in.rank);
    looking_up *l = pleura_plain_plan(request, plain, sizeof *l, run_look_up, error);
    if (!l)
        return PLEURA_ERROR_MEMORY;
    l->count = (size_t)pleura_value_elements(&request->graph->values[node->inputs[1]]);
    l->size = (size_t)in.dims[axis];
    l->run = (size_t)in.strides[axis];
    l->blocks = plain->output_count / (l->count * l->run);
    return PLEURA_OK;
}
