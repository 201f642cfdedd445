/* Shapes of nodes that compute. */
#include "../error.h"
#include "fold.h"
#include "shapes.h"
#include "window.h"

#include <string.h>

/* Whether an input is left out, or has that many numbers. */
static bool fits(const pleura_walk *w, size_t input, int64_t count)
{
    return !pleura_walk_has(w, input) ||
           pleura_value_elements(pleura_walk_input(w, input)) == count;
}

pleura_code pleura_infer_conv(const pleura_walk *w)
{
    const pleura_value *x = pleura_walk_input(w, 0), *weights = pleura_walk_input(w, 1);
    const bool backwards = w->node->op == PLEURA_OP_ConvTranspose;
    int64_t groups = pleura_node_int(w->node, "group", 1);
    if (x->rank != weights->rank || x->rank < 3)
        return pleura_walk_refuse(w, "has weights of another number of dimensions than its input");
    /* [out, in / groups, ...], and backwards [in, out / groups, ...] */
    int64_t out = weights->dims[0], in = weights->dims[1];
    if (groups < 1 || groups > x->dims[1] || out < 1 || in < 1 || x->dims[1] % groups != 0 ||
        out % groups != 0 || (backwards ? out : in * groups) != x->dims[1] ||
        in > x->dims[1] * 65536)
        return pleura_walk_refuse(w, "has weights that do not fit its input's channels");
    int64_t channels = backwards ? in * groups : out;
    if (!fits(w, 2, channels))
        return pleura_walk_refuse(w, "has a bias that does not fit its weights");
    pleura_window window;
    pleura_code code =
        pleura_window_resolve(w->graph, w->node, weights->dims + 2, &window, w->error);
    if (code != PLEURA_OK)
        return code;
    int64_t dims[PLEURA_MAX_RANK] = {x->dims[0], channels};
    memcpy(dims + 2, window.output, (size_t)window.spatial * sizeof *dims);
    return pleura_walk_set(w, x->rank, dims);
}

pleura_code pleura_infer_pool(const pleura_walk *w)
{
    const pleura_value *x = pleura_walk_input(w, 0);
    pleura_window window;
    pleura_code code = pleura_window_resolve(w->graph, w->node, NULL, &window, w->error);
    if (code != PLEURA_OK)
        return code;
    for (int i = 0; i < window.spatial; i++) {
        int64_t extent = (window.kernel[i] - 1) * window.dilation[i];
        if (window.pad_begin[i] > extent || window.pad_end[i] > extent + window.ceil_pad[i])
            return pleura_walk_refuse(w, "pads by a whole window, in which there would be nothing");
    }
    int64_t dims[PLEURA_MAX_RANK] = {x->dims[0], x->dims[1]};
    memcpy(dims + 2, window.output, (size_t)window.spatial * sizeof *dims);
    return pleura_walk_set(w, x->rank, dims);
}

pleura_code pleura_infer_global_pool(const pleura_walk *w)
{
    const pleura_value *x = pleura_walk_input(w, 0);
    if (x->rank < 3)
        return pleura_walk_refuse(w, "has no dimensions to pool");
    int64_t dims[PLEURA_MAX_RANK] = {x->dims[0], x->dims[1], 1, 1, 1, 1};
    return pleura_walk_set(w, x->rank, dims);
}

pleura_code pleura_infer_batch_norm(const pleura_walk *w)
{
    const pleura_value *x = pleura_walk_input(w, 0);
    /* Its statistics are those of the batch: of one image, an instance normalisation. */
    if (pleura_batch_norm_trains(w->graph, w->node) && (x->rank < 3 || x->dims[0] != 1))
        return pleura_walk_refuse(w, "is in training mode");
    if (x->rank < 2)
        return pleura_walk_refuse(w, "has no channels to normalise");
    for (size_t i = 1; i < 5; i++)
        if (!fits(w, i, x->dims[1]))
            return pleura_walk_refuse(w, "has parameters that are not one number a channel");
    return pleura_walk_same(w);
}

pleura_code pleura_infer_group_norm(const pleura_walk *w)
{
    const pleura_value *x = pleura_walk_input(w, 0);
    if (x->rank < 3)
        return pleura_walk_refuse(w, "has no channels to normalise");
    bool grouped = w->node->op == PLEURA_OP_GroupNormalization;
    int64_t groups = grouped ? pleura_node_int(w->node, "num_groups", 1) : x->dims[1];
    for (size_t i = 1; i < 3; i++)
        if (!fits(w, i, x->dims[1]) && !fits(w, i, groups))
            return pleura_walk_refuse(w, "has a scale or bias that does not fit its channels");
    return pleura_walk_same(w);
}

/* Whether a tensor spreads over another's last axes as numpy would do it. */
static bool spreads(const pleura_value *small, const pleura_value *x, int first)
{
    for (int i = 0; i < small->rank; i++) {
        int axis = i + x->rank - small->rank;
        if (axis < 0 || (small->dims[i] != 1 && (axis < first || small->dims[i] != x->dims[axis])))
            return false;
    }
    return true;
}

pleura_code pleura_infer_layer_norm(const pleura_walk *w)
{
    const pleura_value *x = pleura_walk_input(w, 0);
    int axis = pleura_axis(pleura_node_int(w->node, "axis", -1), x->rank);
    if (axis < 0)
        return pleura_walk_refuse(w, "normalises along an axis that its input does not have");
    for (size_t i = 1; i < 3; i++)
        if (pleura_walk_has(w, i) && !spreads(pleura_walk_input(w, i), x, axis))
            return pleura_walk_refuse(w, "has a scale or bias that does not fit its input");
    int64_t dims[PLEURA_MAX_RANK];
    for (int i = 0; i < x->rank; i++)
        dims[i] = w->node->part && i >= axis ? 1 : x->dims[i];
    return pleura_walk_set(w, x->rank, dims);
}

pleura_code pleura_infer_softmax(const pleura_walk *w)
{
    int rank = pleura_walk_input(w, 0)->rank;
    int64_t axis = pleura_node_int(w->node, "axis", w->graph->opset < 13 ? 1 : -1);
    if (pleura_axis(axis, rank) < 0)
        return pleura_walk_refuse(w, "normalises along an axis that its input does not have");
    return pleura_walk_same(w);
}

pleura_code pleura_infer_lrn(const pleura_walk *w)
{
    int64_t size = pleura_node_int(w->node, "size", 0);
    if (pleura_walk_input(w, 0)->rank < 2 || size < 1 || size > 65536)
        return pleura_walk_refuse(w, "has no channels, or no usable size");
    return pleura_walk_same(w);
}

/*
 * Before operator set 7, the second tensor's first axis may stand for another one than numpy's: the one
 * that the node names, or for a PRelu the channels. A constant is then given the axes behind.
 */
static pleura_code spread_from_axis(const pleura_walk *w)
{
    const pleura_value *x = pleura_walk_input(w, 0), *other = pleura_walk_input(w, 1);
    const bool channels = w->node->op == PLEURA_OP_PRelu && other->rank == 1;
    const int64_t named = pleura_node_int(w->node, "axis", channels ? 1 : x->rank - other->rank);
    const int axis = pleura_axis(named, x->rank), behind = x->rank - axis - other->rank;
    if (axis < 0 || behind <= 0 || pleura_value_elements(other) == 1)
        return PLEURA_OK;
    if (!other->data)
        return pleura_walk_refuse(w,
                                  "spreads a computed tensor as operator set 6 did, not as numpy");
    const uint32_t made = pleura_graph_new_value(w->graph, other->name);
    if (made == PLEURA_NONE)
        return pleura_fail_memory(w->error, sizeof *other, other->name);
    pleura_value *wide = &w->graph->values[made];
    *wide = *pleura_walk_input(w, 1);
    for (int i = 0; i < behind; i++)
        wide->dims[wide->rank++] = 1;
    w->node->inputs[1] = made;
    return PLEURA_OK;
}

pleura_code pleura_infer_broadcast(const pleura_walk *w)
{
    if (w->graph->opset < 7 && w->node->input_count == 2) {
        pleura_code code = spread_from_axis(w);
        if (code != PLEURA_OK)
            return code;
    }
    int64_t dims[PLEURA_MAX_RANK];
    int rank = 0;
    for (size_t k = 0; k < w->node->input_count; k++)
        if (pleura_walk_input(w, k)->rank > rank)
            rank = pleura_walk_input(w, k)->rank;
    for (int i = 0; i < rank; i++) {
        dims[i] = 1;
        for (size_t k = 0; k < w->node->input_count; k++) {
            const pleura_value *x = pleura_walk_input(w, k);
            int axis = i - (rank - x->rank);
            int64_t size = axis < 0 ? 1 : x->dims[axis];
            if (size != dims[i] && size != 1 && dims[i] != 1)
                return pleura_walk_refuse(w, "joins shapes that do not broadcast");
            dims[i] = dims[i] == 1 ? size : dims[i];
        }
    }
    return pleura_walk_set(w, rank, dims);
}

pleura_code pleura_infer_gemm(const pleura_walk *w)
{
    const pleura_value *a = pleura_walk_input(w, 0), *b = pleura_walk_input(w, 1);
    if (a->rank != 2 || b->rank != 2)
        return pleura_walk_refuse(w, "is not a product of two matrices");
    int ta = pleura_node_int(w->node, "transA", 0) != 0;
    int tb = pleura_node_int(w->node, "transB", 0) != 0;
    if (b->dims[tb] != a->dims[!ta])
        return pleura_walk_refuse(w, "multiplies matrices that do not fit");
    int64_t dims[] = {a->dims[ta], b->dims[!tb]};
    const pleura_value *c = pleura_walk_has(w, 2) ? pleura_walk_input(w, 2) : NULL;
    for (int i = 0; c && i < c->rank; i++) {
        int axis = i + 2 - c->rank;
        if (axis < 0 || (c->dims[i] != 1 && c->dims[i] != dims[axis]))
            return pleura_walk_refuse(w, "adds something that does not fit its product");
    }
    return pleura_walk_set(w, 2, dims);
}

pleura_code pleura_infer_matmul(const pleura_walk *w)
{
    const pleura_value *a = pleura_walk_input(w, 0), *b = pleura_walk_input(w, 1);
    if (a->rank < 1 || b->rank < 1)
        return pleura_walk_refuse(w, "multiplies a single number");
    int64_t k = b->dims[b->rank > 1 ? b->rank - 2 : 0];
    if (k != a->dims[a->rank - 1])
        return pleura_walk_refuse(w, "multiplies matrices that do not fit");
    int64_t dims[PLEURA_MAX_RANK];
    int batches = (a->rank > b->rank ? a->rank : b->rank) - 2, rank = 0;
    for (int i = 0; i < batches; i++) {
        int ai = i - (batches - (a->rank - 2)), bi = i - (batches - (b->rank - 2));
        int64_t x = ai < 0 ? 1 : a->dims[ai], y = bi < 0 ? 1 : b->dims[bi];
        if (x != y && x != 1 && y != 1)
            return pleura_walk_refuse(w, "joins batches that do not broadcast");
        dims[rank++] = x == 1 ? y : x;
    }
    if (a->rank > 1)
        dims[rank++] = a->dims[a->rank - 2];
    if (b->rank > 1)
        dims[rank++] = b->dims[b->rank - 1];
    return pleura_walk_set(w, rank, dims);
}

pleura_code pleura_infer_reduce(const pleura_walk *w)
{
    const pleura_value *x = pleura_walk_input(w, 0);
    bool reduced[PLEURA_MAX_RANK];
    pleura_code code = pleura_node_axes(w->graph, w->node, reduced, NULL, w->error);
    if (code != PLEURA_OK)
        return code;
    bool keep = pleura_node_int(w->node, "keepdims", 1) != 0;
    int64_t dims[PLEURA_MAX_RANK];
    int rank = 0;
    for (int i = 0; i < x->rank; i++)
        if (!reduced[i] || keep)
            dims[rank++] = reduced[i] ? 1 : x->dims[i];
    return pleura_walk_set(w, rank, dims);
}

pleura_code pleura_infer_extreme(const pleura_walk *w)
{
    const pleura_value *x = pleura_walk_input(w, 0);
    int axis = pleura_axis(pleura_node_int(w->node, "axis", 0), x->rank), rank = 0;
    if (axis < 0)
        return pleura_walk_refuse(w, "looks along an axis that its input does not have");
    bool keep = pleura_node_int(w->node, "keepdims", 1) != 0;
    int64_t dims[PLEURA_MAX_RANK];
    for (int i = 0; i < x->rank; i++)
        if (i != axis || keep)
            dims[rank++] = i == axis ? 1 : x->dims[i];
    return pleura_walk_set(w, rank, dims);
}

pleura_code pleura_infer_quantise(const pleura_walk *w)
{
    const pleura_value *x = pleura_walk_input(w, 0), *scale = pleura_walk_input(w, 1);
    const pleura_value *zero = pleura_walk_has(w, 2) ? pleura_walk_input(w, 2) : NULL;
    int64_t count = pleura_value_elements(scale);
    int axis = pleura_axis(pleura_node_int(w->node, "axis", 1), x->rank);
    if (pleura_node_int(w->node, "block_size", 0))
        return pleura_walk_refuse(w, "has a block_size, which is not supported");
    if (scale->rank > 1 || (count != 1 && (axis < 0 || x->dims[axis] != count)) ||
        (zero && pleura_value_elements(zero) != count))
        return pleura_walk_refuse(w, "has scales and zero points that are not one number, or one "
                                     "for each place on an axis");
    pleura_element type;
    if (w->node->op == PLEURA_OP_QuantizeLinear &&
        (!pleura_grid_element(pleura_quantised_type(w->graph, w->node), &type) ||
         (zero && (!zero->data || pleura_is_real(zero)))))
        return pleura_walk_refuse(w, "makes other integers than those of 8 and 16 bits, or has a "
                                     "computed zero point");
    return pleura_walk_same(w);
}
