#include "plain_loops.h"

#include "constant.h"
#include "fold.h"

#include <math.h>
#include <string.h>

/* ---- Tensors in memory ---- */

pleura_strided pleura_plain_tensor(const pleura_plain_request *request, size_t which)
{
    const pleura_node *node = request->node;
    bool output = which == PLEURA_OUTPUT;
    const pleura_value *value =
        &request->graph->values[output ? node->output : node->inputs[which]];
    bool last = request->channels_last && value->rank == 4 &&
                request->channels_last[output ? node->input_count : which];
    static const int first_order[] = {0, 1, 2, 3, 4, 5}, last_order[] = {0, 2, 3, 1};
    const int *order = last ? last_order : first_order;
    pleura_strided tensor = {.rank = value->rank};
    int64_t stride = 1;
    for (int i = value->rank; i-- > 0;) {
        tensor.dims[order[i]] = value->dims[order[i]];
        tensor.strides[order[i]] = stride;
        stride *= value->dims[order[i]];
    }
    return tensor;
}

const int32_t *pleura_plain_offsets(const pleura_strided *tensor, const bool *mask, size_t *count,
                                    pleura_arena *arena)
{
    size_t total = 1;
    for (int i = 0; i < tensor->rank; i++)
        total *= mask[i] ? (size_t)tensor->dims[i] : 1;
    int32_t *offsets = pleura_arena_alloc(arena, total * sizeof *offsets + 1);
    size_t run = 1; /* how many places the axes behind this one have */
    for (int i = tensor->rank; offsets && total && i-- > 0;) {
        if (!mask[i])
            continue;
        for (size_t k = 0; k < total; k++)
            offsets[k] +=
                (int32_t)((int64_t)(k / run % (size_t)tensor->dims[i]) * tensor->strides[i]);
        run *= (size_t)tensor->dims[i];
    }
    *count = total;
    return offsets;
}

void pleura_plain_order(const pleura_strided *tensor, int *axes)
{
    for (int i = 0; i < tensor->rank; i++) {
        int at = i;
        for (; at > 0 && tensor->strides[axes[at - 1]] < tensor->strides[i]; at--)
            axes[at] = axes[at - 1];
        axes[at] = i;
    }
}

void *pleura_plain_plan(const pleura_plain_request *request, pleura_plain *plain, size_t size,
                        void (*run)(const pleura_plain *), pleura_error *error)
{
    void *plan = pleura_arena_alloc(request->arena, size);
    plain->plan = plan;
    plain->run = run;
    if (!plan)
        pleura_fail_memory(error, size, pleura_operator_name(request->node->op));
    return plan;
}

/* ---- Making a node ready ---- */

bool pleura_plain_takes_channels_last(pleura_operator op)
{
    switch (pleura_operator_family(op)) {
    case PLEURA_UNARY:
    case PLEURA_BROADCAST:
    case PLEURA_REDUCE:
        return true;
    default:
        break;
    }
    switch (op) {
    case PLEURA_OP_ArgMax:
    case PLEURA_OP_ArgMin:
    case PLEURA_OP_BatchNormalization:
    case PLEURA_OP_CenterCropPad:
    case PLEURA_OP_Concat:
    case PLEURA_OP_DepthToSpace:
    case PLEURA_OP_Expand:
    case PLEURA_OP_GlobalAveragePool:
    case PLEURA_OP_GlobalMaxPool:
    case PLEURA_OP_GroupNormalization:
    case PLEURA_OP_InstanceNormalization:
    case PLEURA_OP_LayerNormalization:
    case PLEURA_OP_LogSoftmax:
    case PLEURA_OP_LRN:
    case PLEURA_OP_Pad:
    case PLEURA_OP_Resize:
    case PLEURA_OP_Slice:
    case PLEURA_OP_Softmax:
    case PLEURA_OP_SpaceToDepth:
    case PLEURA_OP_Split:
    case PLEURA_OP_Tile:
    case PLEURA_OP_Transpose:
    case PLEURA_OP_Upsample:
        return true;
    default:
        return false;
    }
}

static pleura_plain_maker *maker_of(const pleura_graph *graph, const pleura_node *node)
{
    const pleura_operator op = node->op;
    switch (pleura_operator_family(op)) {
    case PLEURA_UNARY:
        return pleura_plain_unary;
    case PLEURA_BROADCAST:
        return pleura_plain_broadcast;
    case PLEURA_REDUCE:
        return pleura_plain_reduce;
    default:
        break;
    }
    switch (op) {
    case PLEURA_OP_AffineGrid:
        return pleura_plain_affine_grid;
    case PLEURA_OP_ArgMax:
    case PLEURA_OP_ArgMin:
        return pleura_plain_extreme;
    case PLEURA_OP_AveragePool:
    case PLEURA_OP_LpPool:
    case PLEURA_OP_MaxPool:
        return pleura_plain_pool;
    case PLEURA_OP_BatchNormalization:
        return pleura_batch_norm_trains(graph, node) ? pleura_plain_normalise : pleura_plain_affine;
    case PLEURA_OP_Concat:
        return pleura_plain_concat;
    case PLEURA_OP_Conv:
    case PLEURA_OP_ConvTranspose:
        return pleura_plain_conv;
    case PLEURA_OP_CumSum:
    case PLEURA_OP_Hardmax:
    case PLEURA_OP_TopK:
        return pleura_plain_line;
    case PLEURA_OP_DequantizeLinear:
    case PLEURA_OP_QuantizeLinear:
        return pleura_plain_quantise;
    case PLEURA_OP_Einsum:
        return pleura_plain_einsum;
    case PLEURA_OP_GatherElements:
    case PLEURA_OP_GatherND:
    case PLEURA_OP_OneHot:
    case PLEURA_OP_Trilu:
        return pleura_plain_pick;
    case PLEURA_OP_Gemm:
    case PLEURA_OP_MatMul:
        return pleura_plain_product;
    case PLEURA_OP_GlobalAveragePool:
    case PLEURA_OP_GlobalMaxPool:
        return pleura_plain_reduce;
    case PLEURA_OP_GridSample:
        return pleura_plain_sample;
    case PLEURA_OP_GroupNormalization:
    case PLEURA_OP_InstanceNormalization:
    case PLEURA_OP_LayerNormalization:
        return pleura_plain_normalise;
    case PLEURA_OP_LogSoftmax:
    case PLEURA_OP_Softmax:
        return pleura_plain_softmax;
    case PLEURA_OP_LRN:
        return pleura_plain_lrn;
    case PLEURA_OP_Resize:
    case PLEURA_OP_Upsample:
        return pleura_plain_resize;
    case PLEURA_OP_ScatterElements:
    case PLEURA_OP_ScatterND:
        return pleura_plain_scatter;
    case PLEURA_OP_Cast:
    case PLEURA_OP_CastLike:
    case PLEURA_OP_Dropout:
    case PLEURA_OP_Flatten:
    case PLEURA_OP_Identity:
    case PLEURA_OP_Reshape:
    case PLEURA_OP_Squeeze:
    case PLEURA_OP_Unsqueeze:
        return pleura_plain_copy;
    case PLEURA_OP_Gather:
        return pleura_plain_gather;
    case PLEURA_OP_CenterCropPad:
    case PLEURA_OP_DepthToSpace:
    case PLEURA_OP_Expand:
    case PLEURA_OP_Pad:
    case PLEURA_OP_Slice:
    case PLEURA_OP_SpaceToDepth:
    case PLEURA_OP_Split:
    case PLEURA_OP_Tile:
    case PLEURA_OP_Transpose:
        return pleura_plain_move;
    default:
        return NULL;
    }
}

/* The loops that there are for integers, too. */
static bool moves_integers(pleura_plain_maker *make)
{
    return make == pleura_plain_unary || make == pleura_plain_broadcast ||
           make == pleura_plain_move || make == pleura_plain_gather || make == pleura_plain_copy ||
           make == pleura_plain_concat || make == pleura_plain_reduce ||
           make == pleura_plain_scatter || make == pleura_plain_pick;
}

const void *pleura_plain_keep(const pleura_plain_request *request, const void *data, size_t size)
{
    if (!request->outlives || !data)
        return data;
    void *copy = pleura_arena_alloc(request->arena, size + 1);
    if (copy)
        memcpy(copy, data, size);
    return copy;
}

/* A constant in the element that is computed with: its own data, or a copy. */
static const void *constant_as(const pleura_value *value, const pleura_plain_request *request)
{
    const pleura_element element = request->element;
    int64_t count = pleura_value_elements(value);
    if (value->element == element)
        return pleura_plain_keep(request, value->data,
                                 (size_t)count * pleura_element_size(element));
    if (element == PLEURA_FLOAT)
        return pleura_constant_floats(value, request->arena);
    int64_t *copy = pleura_arena_alloc(request->arena, (size_t)count * sizeof *copy + 1);
    for (int64_t i = 0; copy && i < count; i++)
        copy[i] = pleura_constant_int(value, i);
    return copy;
}

/* Activations are rounded to grids of one scale. */
typedef struct kept_grid {
    pleura_grid grid;
    float scale;
    int32_t zero;
} kept_grid;

const pleura_grid *pleura_plain_keep_grid(const pleura_grid *grid, pleura_arena *arena)
{
    kept_grid *kept = pleura_arena_alloc(arena, sizeof *kept);
    if (!kept)
        return NULL;
    kept->scale = grid->scales[0];
    kept->zero = grid->zeros[0];
    kept->grid = (pleura_grid){grid->type, -1, 1, &kept->scale, &kept->zero};
    return &kept->grid;
}

static pleura_code bind_constants(const pleura_plain_request *request, pleura_plain *plain,
                                  pleura_error *error)
{
    const pleura_node *node = request->node;
    plain->input_count = node->input_count;
    plain->inputs =
        pleura_arena_alloc(request->arena, node->input_count * sizeof *plain->inputs + 1);
    if (!plain->inputs)
        return pleura_fail_memory(error, node->input_count * sizeof *plain->inputs, node->name);
    for (size_t i = 0; i < node->input_count; i++) {
        if (node->inputs[i] == PLEURA_NONE || !request->graph->values[node->inputs[i]].data)
            continue;
        const pleura_value *value = &request->graph->values[node->inputs[i]];
        plain->inputs[i] = constant_as(value, request);
        if (!plain->inputs[i])
            return pleura_fail_memory(error, (size_t)pleura_value_elements(value) * sizeof(float),
                                      value->name);
    }
    return PLEURA_OK;
}

pleura_code pleura_plain_prepare(const pleura_plain_request *request, pleura_plain *plain,
                                 pleura_error *error)
{
    const pleura_node *node = request->node;
    const pleura_value *output = &request->graph->values[node->output];
    pleura_plain_maker *make = maker_of(request->graph, node);
    pleura_node_label label;
    *plain = (pleura_plain){.output_count = (size_t)pleura_value_elements(output),
                            .minimum = node->clamp_min,
                            .maximum = node->clamp_max};
    if (output->grid && request->element == PLEURA_FLOAT) {
        plain->grid = pleura_plain_keep_grid(output->grid, request->arena);
        if (!plain->grid)
            return pleura_fail_memory(error, sizeof(kept_grid), node->name);
    }
    if (!make)
        return pleura_fail(error, PLEURA_ERROR_OPERATOR,
                           "ONNX: %s is supported only where constants and shapes decide its "
                           "output.",
                           pleura_node_describe(node, &label));
    if (request->element != PLEURA_FLOAT && !moves_integers(make))
        return pleura_fail(error, PLEURA_ERROR_OPERATOR, "ONNX: %s does not compute with integers.",
                           pleura_node_describe(node, &label));
    pleura_code code = bind_constants(request, plain, error);
    return code == PLEURA_OK ? make(request, plain, error) : code;
}

/* ---- Running it ---- */

void pleura_plain_bound(float *numbers, size_t count, float minimum, float maximum)
{
    for (size_t i = 0; i < count; i++) {
        float x = numbers[i] < minimum ? minimum : numbers[i];
        numbers[i] = x > maximum ? maximum : x;
    }
}

void pleura_plain_snap(float *numbers, size_t count, const pleura_grid *grid)
{
    float low, high;
    pleura_grid_range(grid->type, &low, &high);
    float scale = grid->scales[0], zero = (float)grid->zeros[0];
    for (size_t i = 0; i < count; i++) {
        float stored = rintf(numbers[i] / scale) + zero;
        stored = stored < low ? low : stored > high ? high : stored;
        numbers[i] = (stored - zero) * scale;
    }
}

void pleura_plain_run(const pleura_plain *plain)
{
    plain->run(plain);
    if (plain->minimum != -HUGE_VALF || plain->maximum != HUGE_VALF)
        pleura_plain_bound(plain->output, plain->output_count, plain->minimum, plain->maximum);
    if (plain->grid)
        pleura_plain_snap(plain->output, plain->output_count, plain->grid);
}
