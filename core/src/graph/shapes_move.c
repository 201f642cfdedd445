/* Shapes of nodes that move numbers. */
#include "../error.h"
#include "constant.h"
#include "extents.h"
#include "fold.h"
#include "shapes.h"

#include <string.h>

pleura_code pleura_infer_concat(const pleura_walk *w)
{
    const pleura_value *first = pleura_walk_input(w, 0);
    int axis = pleura_axis(pleura_node_int(w->node, "axis", 1), first->rank);
    if (axis < 0)
        return pleura_walk_refuse(w, "joins along an axis that its inputs do not have");
    int64_t dims[PLEURA_MAX_RANK];
    memcpy(dims, first->dims, sizeof dims);
    for (size_t i = 1; i < w->node->input_count; i++) {
        if (w->node->inputs[i] == PLEURA_NONE)
            return pleura_walk_refuse(w, "leaves an input out");
        const pleura_value *part = pleura_walk_input(w, i);
        for (int d = 0; d < first->rank; d++)
            if (part->rank != first->rank || (d != axis && part->dims[d] != first->dims[d]))
                return pleura_walk_refuse(w, "joins shapes that do not fit");
        dims[axis] += part->dims[axis];
    }
    return pleura_walk_set(w, first->rank, dims);
}

pleura_code pleura_infer_flatten(const pleura_walk *w)
{
    const pleura_value *x = pleura_walk_input(w, 0);
    int64_t axis = pleura_node_int(w->node, "axis", 1);
    axis = axis < 0 ? axis + x->rank : axis;
    if (axis < 0 || axis > x->rank)
        return pleura_walk_refuse(w, "flattens from an axis that its input does not have");
    int64_t dims[2] = {1, 1};
    for (int i = 0; i < x->rank; i++)
        dims[i < axis ? 0 : 1] *= x->dims[i];
    return pleura_walk_set(w, 2, dims);
}

pleura_code pleura_infer_reshape(const pleura_walk *w)
{
    const pleura_value *x = pleura_walk_input(w, 0);
    const int64_t *wanted;
    size_t rank;
    pleura_code code = pleura_node_ints(w->graph, w->node, "shape", 1, &wanted, &rank, w->error);
    if (code != PLEURA_OK)
        return code;
    if (!wanted || rank > PLEURA_MAX_RANK)
        return pleura_walk_refuse(w, "is given no shape, or one of too many dimensions");
    int64_t dims[PLEURA_MAX_RANK], known = 1;
    int free_axis = -1;
    bool zero_copies = pleura_node_int(w->node, "allowzero", 0) == 0;
    for (size_t i = 0; i < rank; i++) {
        dims[i] = wanted[i];
        if (dims[i] == 0 && zero_copies && (int)i < x->rank)
            dims[i] = x->dims[i];
        if (dims[i] == -1 && free_axis < 0) {
            free_axis = (int)i;
            continue;
        }
        if (dims[i] < 0 || dims[i] > PLEURA_MAX_ELEMENTS ||
            (known *= dims[i]) > PLEURA_MAX_ELEMENTS)
            return pleura_walk_refuse(w, "is given a shape that does not fit");
    }
    int64_t elements = pleura_value_elements(x);
    if (free_axis >= 0 && known == 0)
        return pleura_walk_refuse(w, "is given a shape that does not fit");
    if (free_axis >= 0)
        dims[free_axis] = elements / known;
    if (free_axis >= 0 ? elements % known != 0 : elements != known)
        return pleura_walk_refuse(w, "is given a shape of another number of elements");
    return pleura_walk_set(w, (int)rank, dims);
}

pleura_code pleura_infer_squeeze(const pleura_walk *w)
{
    const pleura_value *x = pleura_walk_input(w, 0);
    bool gone[PLEURA_MAX_RANK], listed;
    pleura_code code = pleura_node_axes(w->graph, w->node, gone, &listed, w->error);
    if (code != PLEURA_OK)
        return code;
    int64_t dims[PLEURA_MAX_RANK];
    int rank = 0;
    for (int i = 0; i < x->rank; i++) {
        if (listed && gone[i] && x->dims[i] != 1)
            return pleura_walk_refuse(w, "takes out an axis that is not of size 1");
        if (!gone[i] || x->dims[i] != 1)
            dims[rank++] = x->dims[i];
    }
    return pleura_walk_set(w, rank, dims);
}

pleura_code pleura_infer_unsqueeze(const pleura_walk *w)
{
    const pleura_value *x = pleura_walk_input(w, 0);
    const int64_t *axes;
    size_t count;
    pleura_code code = pleura_node_ints(w->graph, w->node, "axes", 1, &axes, &count, w->error);
    if (code != PLEURA_OK)
        return code;
    if (!axes || count + (size_t)x->rank > PLEURA_MAX_RANK)
        return pleura_walk_refuse(w, "makes too many dimensions, or is given no axes");
    int rank = x->rank + (int)count;
    int64_t dims[PLEURA_MAX_RANK] = {0};
    for (size_t i = 0; i < count; i++) {
        int axis = pleura_axis(axes[i], rank);
        if (axis < 0 || dims[axis])
            return pleura_walk_refuse(w, "adds an axis twice or outside its output");
        dims[axis] = 1;
    }
    for (int i = 0, from = 0; i < rank; i++)
        if (!dims[i])
            dims[i] = x->dims[from++];
    return pleura_walk_set(w, rank, dims);
}

/* FusedMatMul's: the first axis moves behind the batch's, then the last two trade places, or neither. */
static pleura_code arrange_matrices(const pleura_walk *w, int rank)
{
    const bool moved = rank > 1 && pleura_node_int(w->node, "moved", 0),
               swapped = rank > 1 && pleura_node_int(w->node, "swapped", 0);
    pleura_attribute *perm = pleura_arena_alloc(&w->graph->arena, sizeof *perm);
    int64_t *order = pleura_arena_alloc(&w->graph->arena, PLEURA_MAX_RANK * sizeof *order);
    if (!perm || !order)
        return pleura_fail_memory(w->error, sizeof *perm, "a transpose");
    for (int i = 0; i < rank; i++) {
        int from = swapped && i >= rank - 2 ? 2 * rank - 3 - i : i;
        order[i] = !moved || from == rank - 1 ? from : from == rank - 2 ? 0 : from + 1;
    }
    *perm = (pleura_attribute){.name = "perm", .kind = 'I', .ints = order, .count = (size_t)rank};
    pleura_node *node = &w->graph->nodes[w->node - w->graph->nodes];
    node->attributes = perm;
    node->attribute_count = 1;
    return PLEURA_OK;
}

pleura_code pleura_infer_transpose(const pleura_walk *w)
{
    const pleura_value *x = pleura_walk_input(w, 0);
    if (pleura_node_attribute(w->node, "swapped", 'i')) {
        pleura_code code = arrange_matrices(w, x->rank);
        if (code != PLEURA_OK)
            return code;
    }
    const pleura_attribute *perm = pleura_node_attribute(w->node, "perm", 'I');
    int64_t dims[PLEURA_MAX_RANK];
    bool seen[PLEURA_MAX_RANK] = {false};
    if (perm && perm->count != (size_t)x->rank)
        return pleura_walk_refuse(w, "permutes another number of axes than its input has");
    for (int i = 0; i < x->rank; i++) {
        int axis = perm ? pleura_axis(perm->ints[i], x->rank) : x->rank - 1 - i;
        if (axis < 0 || seen[axis])
            return pleura_walk_refuse(w, "has a perm that is no permutation");
        seen[axis] = true;
        dims[i] = x->dims[axis];
    }
    return pleura_walk_set(w, x->rank, dims);
}

pleura_code pleura_infer_cut(const pleura_walk *w)
{
    pleura_cut cut;
    pleura_code code = pleura_cut_resolve(w->graph, w->node, &cut, w->error);
    return code == PLEURA_OK ? pleura_walk_set(w, pleura_walk_input(w, 0)->rank, cut.count) : code;
}

pleura_code pleura_infer_pad(const pleura_walk *w)
{
    const pleura_value *x = pleura_walk_input(w, 0);
    int64_t before[PLEURA_MAX_RANK], after[PLEURA_MAX_RANK], dims[PLEURA_MAX_RANK];
    pleura_code code = pleura_pads_resolve(w->graph, w->node, before, after, w->error);
    if (code != PLEURA_OK)
        return code;
    const pleura_attribute *mode = pleura_node_attribute(w->node, "mode", 's');
    if (mode && !strchr("cerw", mode->s[0]))
        return pleura_walk_refuse(w, "pads in an unknown mode");
    if (pleura_walk_has(w, 2) && !pleura_walk_input(w, 2)->data)
        return pleura_walk_refuse(w, "pads with a computed number");
    for (int i = 0; i < x->rank; i++)
        dims[i] = x->dims[i] + before[i] + after[i];
    return pleura_walk_set(w, x->rank, dims);
}

pleura_code pleura_infer_resize(const pleura_walk *w)
{
    pleura_scaling scaling;
    pleura_code code = pleura_scaling_resolve(w->graph, w->node, &scaling, w->error);
    return code == PLEURA_OK ? pleura_walk_set(w, pleura_walk_input(w, 0)->rank, scaling.size)
                             : code;
}

pleura_code pleura_infer_depth(const pleura_walk *w)
{
    const pleura_value *x = pleura_walk_input(w, 0);
    int64_t block = pleura_node_int(w->node, "blocksize", 0);
    if (x->rank != 4 || block < 1 || block > 1024)
        return pleura_walk_refuse(w, "is not two-dimensional, or has no usable blocksize");
    bool to_space = w->node->op == PLEURA_OP_DepthToSpace;
    if (to_space ? x->dims[1] % (block * block) : x->dims[2] % block || x->dims[3] % block)
        return pleura_walk_refuse(w, "has a blocksize that does not divide its input");
    int64_t dims[4] = {x->dims[0], x->dims[1] * block * block, x->dims[2] / block,
                       x->dims[3] / block};
    if (to_space) {
        dims[1] = x->dims[1] / (block * block);
        dims[2] = x->dims[2] * block;
        dims[3] = x->dims[3] * block;
    }
    return pleura_walk_set(w, 4, dims);
}

pleura_code pleura_infer_expand(const pleura_walk *w)
{
    const pleura_value *x = pleura_walk_input(w, 0);
    const int64_t *wanted;
    size_t count;
    pleura_code code = pleura_node_ints(w->graph, w->node, "shape", 1, &wanted, &count, w->error);
    if (code != PLEURA_OK)
        return code;
    if (!wanted || count > PLEURA_MAX_RANK)
        return pleura_walk_refuse(w, "is given no shape, or one of too many dimensions");
    int rank = x->rank > (int)count ? x->rank : (int)count;
    int64_t dims[PLEURA_MAX_RANK];
    for (int i = 0; i < rank; i++) {
        int a = i - (rank - x->rank), b = i - (rank - (int)count);
        int64_t old = a < 0 ? 1 : x->dims[a], new = b < 0 ? 1 : wanted[b];
        if (old != new && old != 1 && new != 1)
            return pleura_walk_refuse(w, "is given a shape to which its input does not spread");
        dims[i] = old == 1 ? new : old;
    }
    return pleura_walk_set(w, rank, dims);
}

pleura_code pleura_infer_tile(const pleura_walk *w)
{
    const pleura_value *x = pleura_walk_input(w, 0);
    const int64_t *times;
    size_t count;
    pleura_code code = pleura_node_ints(w->graph, w->node, "repeats", 1, &times, &count, w->error);
    if (code != PLEURA_OK)
        return code;
    if (!times || count != (size_t)x->rank)
        return pleura_walk_refuse(w, "has repeats that do not fit its input");
    int64_t dims[PLEURA_MAX_RANK];
    for (int i = 0; i < x->rank; i++) {
        if (times[i] < 0 || times[i] > PLEURA_MAX_ELEMENTS)
            return pleura_walk_refuse(w, "repeats too often");
        dims[i] = x->dims[i] * times[i];
    }
    return pleura_walk_set(w, x->rank, dims);
}

/* [.., depth] indices name a place along as many axes, behind the batch's. */
static pleura_code infer_gather_nd(const pleura_walk *w, const pleura_value *x,
                                   const pleura_value *indices)
{
    const int64_t batch = pleura_node_int(w->node, "batch_dims", 0);
    const int64_t depth = indices->rank ? indices->dims[indices->rank - 1] : 0;
    const bool fits = depth >= 1 && batch >= 0 && batch < indices->rank && batch + depth <= x->rank;
    const int64_t rank = fits ? indices->rank - 1 + x->rank - batch - depth : PLEURA_MAX_RANK + 1;
    int64_t dims[PLEURA_MAX_RANK];
    for (int i = 0; fits && i < batch; i++)
        if (indices->dims[i] != x->dims[i])
            return pleura_walk_refuse(w, "has batches that differ from its indices'");
    if (rank > PLEURA_MAX_RANK)
        return pleura_walk_refuse(w, "has indices that do not fit its input");
    for (int i = 0; i < rank; i++)
        dims[i] = i < indices->rank - 1 ? indices->dims[i]
                                        : x->dims[batch + depth + i - (indices->rank - 1)];
    return pleura_walk_set(w, (int)rank, dims);
}

/* The places of `indices`, and one more axis of `depth`. */
static pleura_code infer_one_hot(const pleura_walk *w, const pleura_value *indices)
{
    const pleura_value *depth = pleura_walk_input(w, 1), *values = pleura_walk_input(w, 2);
    const int rank = indices->rank + 1,
              axis = pleura_axis(pleura_node_int(w->node, "axis", -1), rank);
    if (!depth->data || pleura_value_elements(depth) != 1 || pleura_value_elements(values) != 2 ||
        axis < 0 || rank > PLEURA_MAX_RANK)
        return pleura_walk_refuse(w, "has a depth, values or an axis that it cannot have");
    int64_t dims[PLEURA_MAX_RANK];
    for (int i = 0; i < rank; i++)
        dims[i] = i == axis ? pleura_constant_int(depth, 0) : indices->dims[i - (i > axis)];
    return pleura_walk_set(w, rank, dims);
}

pleura_code pleura_infer_pick(const pleura_walk *w)
{
    const pleura_value *x = pleura_walk_input(w, 0);
    if (w->node->op == PLEURA_OP_Trilu)
        return x->rank < 2 ? pleura_walk_refuse(w, "has no matrix") : pleura_walk_same(w);
    if (w->node->op == PLEURA_OP_OneHot)
        return infer_one_hot(w, x);
    const pleura_value *indices = pleura_walk_input(w, 1);
    if (w->node->op == PLEURA_OP_GatherND)
        return infer_gather_nd(w, x, indices);
    const int axis = pleura_axis(pleura_node_int(w->node, "axis", 0), x->rank);
    bool fits = axis >= 0 && indices->rank == x->rank;
    for (int i = 0; fits && i < x->rank; i++)
        fits = i == axis || indices->dims[i] <= x->dims[i];
    if (!fits)
        return pleura_walk_refuse(w, "has indices that do not fit its input");
    return pleura_walk_set(w, indices->rank, indices->dims);
}

pleura_code pleura_infer_gather(const pleura_walk *w)
{
    const pleura_value *x = pleura_walk_input(w, 0), *indices = pleura_walk_input(w, 1);
    int axis = pleura_axis(pleura_node_int(w->node, "axis", 0), x->rank);
    int rank = x->rank - 1 + indices->rank;
    if (axis < 0 || rank > PLEURA_MAX_RANK)
        return pleura_walk_refuse(w, "reads along an axis that its input lacks, or makes too many");
    int64_t dims[PLEURA_MAX_RANK];
    for (int i = 0; i < rank; i++)
        dims[i] = i < axis                   ? x->dims[i]
                  : i < axis + indices->rank ? indices->dims[i - axis]
                                             : x->dims[i - indices->rank + 1];
    return pleura_walk_set(w, rank, dims);
}
