/* Which operators move numbers, and from where: the tables of each. */
#include "plain_move.h"

#include "constant.h"
#include "extents.h"
#include "fold.h"

#include <string.h>

static void fill_straight(pleura_move *move, int axis, int64_t start, int64_t step, int64_t stride)
{
    for (int64_t i = 0; i < move->dims[axis]; i++)
        move->tables[axis][i] = (int32_t)((start + i * step) * stride);
}

static void fill_transpose(const pleura_node *node, const pleura_strided *in, pleura_move *move)
{
    const pleura_attribute *perm = pleura_node_attribute(node, "perm", 'I');
    for (int i = 0; i < in->rank; i++) {
        int from = perm ? pleura_axis(perm->ints[i], in->rank) : in->rank - 1 - i;
        fill_straight(move, i, 0, 1, in->strides[from]);
    }
}

/* Expand and Tile: the input again and again. */
static void fill_repeats(const pleura_strided *in, int out_rank, pleura_move *move)
{
    for (int i = 0; i < out_rank; i++) {
        int axis = i - (out_rank - in->rank);
        for (int64_t k = 0; axis >= 0 && k < move->dims[i]; k++)
            move->tables[i][k] = (int32_t)(k % in->dims[axis] * in->strides[axis]);
    }
}

/* Where place `i` of a padded axis comes from, or -1. */
static int64_t padded_place(char mode, int64_t i, int64_t size)
{
    if (i >= 0 && i < size)
        return i;
    switch (mode) {
    case 'e': /* edge */
        return i < 0 ? 0 : size - 1;
    case 'w': /* wrap */
        return (i % size + size) % size;
    case 'r': { /* reflect, without repeating the edge */
        if (size == 1)
            return 0;
        int64_t period = 2 * (size - 1), at = (i % period + period) % period;
        return at < size ? at : period - at;
    }
    default:
        return -1;
    }
}

static pleura_code fill_pad(const pleura_plain_request *request, const pleura_strided *in,
                            pleura_move *move, pleura_error *error)
{
    const pleura_node *node = request->node;
    const pleura_attribute *mode = pleura_node_attribute(node, "mode", 's');
    const pleura_value *fill = node->input_count > 2 && node->inputs[2] != PLEURA_NONE
                                   ? &request->graph->values[node->inputs[2]]
                                   : NULL;
    int64_t before[PLEURA_MAX_RANK], after[PLEURA_MAX_RANK];
    pleura_code code = pleura_pads_resolve(request->graph, node, before, after, error);
    if (code != PLEURA_OK)
        return code;
    if (request->element == PLEURA_FLOAT)
        move->fill.real = !fill                           ? pleura_node_float(node, "value", 0)
                          : fill->element == PLEURA_FLOAT ? *(const float *)fill->data
                                                          : (float)pleura_constant_int(fill, 0);
    else
        move->fill.integer = fill ? pleura_constant_int(fill, 0) : 0;
    for (int i = 0; i < in->rank; i++)
        for (int64_t k = 0; k < move->dims[i]; k++) {
            int64_t from = padded_place(mode ? mode->s[0] : 'c', k - before[i], in->dims[i]);
            move->tables[i][k] = from < 0 ? PLEURA_NOWHERE : (int32_t)(from * in->strides[i]);
        }
    return PLEURA_OK;
}

static pleura_code fill_cut(const pleura_plain_request *request, const pleura_strided *in,
                            pleura_move *move, pleura_error *error)
{
    pleura_cut cut;
    pleura_code code = pleura_cut_resolve(request->graph, request->node, &cut, error);
    for (int i = 0; code == PLEURA_OK && i < in->rank; i++)
        fill_straight(move, i, cut.start[i], cut.step[i], in->strides[i]);
    return code;
}

/* The channels of [C / (b b)] depths become b x b squares: DCR has the square's place outermost. */
static void fill_depth_to_space(const pleura_node *node, const pleura_strided *in,
                                pleura_move *move)
{
    const pleura_attribute *mode = pleura_node_attribute(node, "mode", 's');
    bool columns_last = mode && strcmp(mode->s, "CRD") == 0;
    int64_t b = pleura_node_int(node, "blocksize", 1), depths = move->dims[1];
    int64_t square = columns_last ? 1 : depths, depth = columns_last ? b * b : 1;
    fill_straight(move, 0, 0, 1, in->strides[0]);
    fill_straight(move, 1, 0, depth, in->strides[1]);
    for (int axis = 2; axis < 4; axis++)
        for (int64_t k = 0; k < move->dims[axis]; k++)
            move->tables[axis][k] =
                (int32_t)(k / b * in->strides[axis] +
                          k % b * (axis == 2 ? b : 1) * square * in->strides[1]);
}

static void fill_space_to_depth(const pleura_node *node, const pleura_strided *in,
                                pleura_move *move)
{
    int64_t b = pleura_node_int(node, "blocksize", 1), channels = in->dims[1];
    fill_straight(move, 0, 0, 1, in->strides[0]);
    fill_straight(move, 2, 0, b, in->strides[2]);
    fill_straight(move, 3, 0, b, in->strides[3]);
    for (int64_t k = 0; k < move->dims[1]; k++) {
        int64_t place = k / channels;
        move->tables[1][k] = (int32_t)(k % channels * in->strides[1] + place / b * in->strides[2] +
                                       place % b * in->strides[3]);
    }
}

pleura_code pleura_plain_gather(const pleura_plain_request *request, pleura_plain *plain,
                                pleura_error *error)
{
    const pleura_node *node = request->node;
    const pleura_value *indices = &request->graph->values[node->inputs[1]];
    pleura_strided in = pleura_plain_tensor(request, 0), out = in;
    pleura_node_label label;
    int axis = pleura_axis(pleura_node_int(node, "axis", 0), in.rank);
    if (!indices->data)
        return pleura_plain_look_up(request, plain, error);
    out.dims[axis] = pleura_value_elements(indices); /* as one axis, whatever their shape */
    int64_t stride = 1;
    for (int i = out.rank; i-- > 0; stride *= out.dims[i])
        out.strides[i] = stride;
    pleura_move *move = pleura_move_begin(request, plain, &out, error);
    if (!move)
        return PLEURA_ERROR_MEMORY;
    for (int i = 0; i < in.rank; i++)
        fill_straight(move, i, 0, 1, in.strides[i]);
    for (int64_t i = 0; i < out.dims[axis]; i++) {
        int64_t index = pleura_constant_int(indices, i);
        index = index < 0 ? index + in.dims[axis] : index;
        if (index < 0 || index >= in.dims[axis])
            return pleura_fail(error, PLEURA_ERROR_SHAPE,
                               "ONNX: %s reads past the end of its input.",
                               pleura_node_describe(node, &label));
        move->tables[axis][i] = (int32_t)(index * in.strides[axis]);
    }
    pleura_move_end(move, &out);
    return PLEURA_OK;
}

pleura_code pleura_plain_move(const pleura_plain_request *request, pleura_plain *plain,
                              pleura_error *error)
{
    const pleura_node *node = request->node;
    pleura_strided in = pleura_plain_tensor(request, 0);
    pleura_strided out = pleura_plain_tensor(request, PLEURA_OUTPUT);
    pleura_move *move = pleura_move_begin(request, plain, &out, error);
    pleura_code code = PLEURA_OK;
    if (!move)
        return PLEURA_ERROR_MEMORY;
    switch (node->op) {
    case PLEURA_OP_DepthToSpace:
        fill_depth_to_space(node, &in, move);
        break;
    case PLEURA_OP_Expand:
    case PLEURA_OP_Tile:
        fill_repeats(&in, out.rank, move);
        break;
    case PLEURA_OP_CenterCropPad:
    case PLEURA_OP_Pad:
        code = fill_pad(request, &in, move, error);
        break;
    case PLEURA_OP_Slice:
    case PLEURA_OP_Split:
        code = fill_cut(request, &in, move, error);
        break;
    case PLEURA_OP_SpaceToDepth:
        fill_space_to_depth(node, &in, move);
        break;
    default:
        fill_transpose(node, &in, move);
        break;
    }
    pleura_move_end(move, &out);
    return code;
}
