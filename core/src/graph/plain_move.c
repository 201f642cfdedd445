#include "plain_move.h"

#include "../half.h"
#include "constant.h"
#include "extents.h"
#include "fold.h"

#include <math.h>
#include <string.h>

/* ---- The loop ---- */

static void move_row(const pleura_move *move, const char *from, int64_t offset, bool nowhere,
                     char *to)
{
    const int32_t *table = move->tables[move->rank - 1];
    int64_t length = move->dims[move->rank - 1];
    for (int64_t i = 0; i < length; i++, to += move->item) {
        bool fill = nowhere || table[i] == PLEURA_NOWHERE;
        const char *at =
            fill ? (const char *)&move->fill : from + (size_t)(offset + table[i]) * move->item;
        if (move->item == sizeof(float))
            memcpy(to, at, sizeof(float)); /* a size that the compiler knows: one load and store */
        else
            memcpy(to, at, move->item);
    }
}

/* Whether the innermost axis reads numbers that lie one after another. */
static bool reads_runs(const pleura_move *move)
{
    const int32_t *table = move->tables[move->rank - 1];
    for (int64_t i = 0; i < move->dims[move->rank - 1]; i++)
        if (table[i] == PLEURA_NOWHERE || table[i] != table[0] + i)
            return false;
    return true;
}

static void run_move(const pleura_plain *plain)
{
    const pleura_move *move = plain->plan;
    const int last = move->rank - 1;
    const int64_t length = move->dims[last];
    const int64_t rows = length ? (int64_t)plain->output_count / length : 0;
    const bool runs = reads_runs(move);
    int64_t index[PLEURA_MAX_RANK] = {0};
    char *to = plain->output;
    for (int64_t row = 0; row < rows; row++, to += (size_t)length * move->item) {
        int64_t offset = move->base;
        bool nowhere = false;
        for (int i = 0; i < last; i++) {
            int32_t step = move->tables[i][index[i]];
            nowhere = nowhere || step == PLEURA_NOWHERE;
            offset += step;
        }
        const char *from = plain->inputs[0];
        if (runs && !nowhere)
            memcpy(to, from + (size_t)(offset + move->tables[last][0]) * move->item,
                   (size_t)length * move->item);
        else
            move_row(move, from, offset, nowhere, to);
        for (int i = last; i-- > 0 && ++index[i] == move->dims[i];)
            index[i] = 0;
    }
}

pleura_move *pleura_move_begin(const pleura_plain_request *request, pleura_plain *plain,
                               const pleura_strided *output, pleura_error *error)
{
    pleura_move *move = pleura_plain_plan(request, plain, sizeof *move, run_move, error);
    if (!move)
        return NULL;
    move->item = pleura_element_size(request->element);
    move->rank = output->rank ? output->rank : 1;
    move->dims[0] = 1;
    for (int i = 0; i < output->rank; i++)
        move->dims[i] = output->dims[i];
    for (int i = 0; i < move->rank; i++) {
        size_t size = (size_t)move->dims[i] * sizeof *move->tables[i];
        move->tables[i] = pleura_arena_alloc(request->arena, size + 1);
        if (!move->tables[i]) {
            pleura_fail_memory(error, size, request->node->name);
            return NULL;
        }
    }
    return move;
}

void pleura_move_end(pleura_move *move, const pleura_strided *output)
{
    pleura_move sorted = *move;
    int order[PLEURA_MAX_RANK];
    pleura_plain_order(output, order);
    for (int i = 0; i < output->rank; i++) {
        sorted.dims[i] = move->dims[order[i]];
        sorted.tables[i] = move->tables[order[i]];
    }
    *move = sorted;
}

/* ---- The tables of each operator ---- */

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

static pleura_code gather(const pleura_plain_request *request, pleura_plain *plain,
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

/* ---- Nodes that only rename dimensions, or types ---- */

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

static pleura_code copy(const pleura_plain_request *request, pleura_plain *plain,
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

/* ---- All of them ---- */

pleura_code pleura_plain_move(const pleura_plain_request *request, pleura_plain *plain,
                              pleura_error *error)
{
    const pleura_node *node = request->node;
    switch (node->op) {
    case PLEURA_OP_Cast:
    case PLEURA_OP_CastLike:
    case PLEURA_OP_Dropout:
    case PLEURA_OP_Flatten:
    case PLEURA_OP_Identity:
    case PLEURA_OP_Reshape:
    case PLEURA_OP_Squeeze:
    case PLEURA_OP_Unsqueeze:
        return copy(request, plain, error);
    case PLEURA_OP_Gather:
        return gather(request, plain, error);
    default:
        break;
    }
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
