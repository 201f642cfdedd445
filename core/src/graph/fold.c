#include "fold.h"

#include "../error.h"
#include "constant.h"
#include "plain.h"

#include <math.h>
#include <string.h>

int pleura_axis(int64_t axis, int rank)
{
    if (axis < 0)
        axis += rank;
    return axis >= 0 && axis < rank ? (int)axis : -1;
}

pleura_code pleura_node_ints(const pleura_graph *graph, const pleura_node *node,
                             const char *attribute, size_t input, const int64_t **items,
                             size_t *count, pleura_error *error)
{
    const pleura_attribute *listed = pleura_node_attribute(node, attribute, 'I');
    *items = NULL;
    *count = 0;
    if (listed) {
        *items = listed->ints;
        *count = listed->count;
    } else if (input < node->input_count && node->inputs[input] != PLEURA_NONE) {
        const pleura_value *constant = pleura_node_constant(graph, node, input, PLEURA_INT64);
        pleura_node_label label;
        if (!constant)
            return pleura_fail(error, PLEURA_ERROR_OPERATOR,
                               "ONNX: %s takes its %s from a computed tensor; only constants are "
                               "supported there.",
                               pleura_node_describe(node, &label), attribute);
        *items = constant->data;
        *count = (size_t)pleura_value_elements(constant);
    }
    return PLEURA_OK;
}

pleura_code pleura_node_axes(const pleura_graph *graph, const pleura_node *node, bool *mask,
                             bool *given, pleura_error *error)
{
    const int rank = graph->values[node->inputs[0]].rank;
    const int64_t *axes;
    size_t count;
    pleura_node_label label;
    pleura_code code = pleura_node_ints(graph, node, "axes", 1, &axes, &count, error);
    if (code != PLEURA_OK)
        return code;
    bool listed = axes && count;
    bool all = !listed && !pleura_node_int(node, "noop_with_empty_axes", 0);
    for (int i = 0; i < PLEURA_MAX_RANK; i++)
        mask[i] = all && i < rank;
    for (size_t i = 0; i < count; i++) {
        int axis = pleura_axis(axes[i], rank);
        if (axis < 0)
            return pleura_fail(error, PLEURA_ERROR_SHAPE,
                               "ONNX: %s works on axis %lld of a tensor of %d dimensions.",
                               pleura_node_describe(node, &label), (long long)axes[i], rank);
        mask[axis] = true;
    }
    if (given)
        *given = listed;
    return PLEURA_OK;
}

static void *make_vector(pleura_graph *graph, pleura_value *out, pleura_element element, int rank,
                         int64_t count)
{
    out->element = element;
    out->rank = rank;
    out->dims[0] = count;
    out->has_shape = true;
    return pleura_constant_storage(graph, out);
}

static int64_t clamp_axis(int64_t axis, int rank)
{
    axis = axis < 0 ? axis + rank : axis;
    return axis < 0 ? 0 : axis > rank ? rank : axis;
}

static bool fold_shape(pleura_graph *graph, const pleura_node *node, pleura_value *out)
{
    const pleura_value *input = &graph->values[node->inputs[0]];
    int64_t start = pleura_node_int(node, "start", 0),
            end = pleura_node_int(node, "end", input->rank);
    start = clamp_axis(start, input->rank);
    end = clamp_axis(end, input->rank);
    end = end < start ? start : end;
    int64_t *data = make_vector(graph, out, PLEURA_INT64, 1, end - start);
    for (int64_t i = start; data && i < end; i++)
        data[i - start] = input->dims[i];
    return data != NULL;
}

static bool fold_constant(pleura_graph *graph, const pleura_node *node, pleura_value *out)
{
    const pleura_attribute *a;
    if ((a = pleura_node_attribute(node, "value", 't'))) {
        const pleura_value *tensor = &graph->values[a->tensor];
        out->element = tensor->element;
        out->rank = tensor->rank;
        memcpy(out->dims, tensor->dims, sizeof out->dims);
        out->data = tensor->data;
        out->has_shape = true;
        return true;
    }
    if ((a = pleura_node_attribute(node, "value_int", 'i'))) {
        int64_t *data = make_vector(graph, out, PLEURA_INT64, 0, 1);
        return data ? (*data = a->i, true) : false;
    }
    if ((a = pleura_node_attribute(node, "value_float", 'f'))) {
        float *data = make_vector(graph, out, PLEURA_FLOAT, 0, 1);
        return data ? (*data = a->f, true) : false;
    }
    bool ints = (a = pleura_node_attribute(node, "value_ints", 'I')) != NULL;
    if (!a && !(a = pleura_node_attribute(node, "value_floats", 'F')))
        return false;
    if (!make_vector(graph, out, ints ? PLEURA_INT64 : PLEURA_FLOAT, 1, (int64_t)a->count))
        return false;
    out->data = ints ? (const void *)a->ints : (const void *)a->floats;
    return true;
}

static bool fold_constant_of_shape(pleura_graph *graph, const pleura_node *node, pleura_value *out)
{
    const pleura_value *dims = pleura_node_constant(graph, node, 0, PLEURA_INT64);
    const pleura_attribute *fill = pleura_node_attribute(node, "value", 't');
    if (!dims || dims->rank != 1 || dims->dims[0] > PLEURA_MAX_RANK)
        return false;
    out->rank = (int)dims->dims[0];
    int64_t elements = 1;
    for (int i = 0; i < out->rank; i++) {
        out->dims[i] = ((const int64_t *)dims->data)[i];
        if (out->dims[i] < 0 || out->dims[i] > PLEURA_MAX_ELEMENTS ||
            (elements *= out->dims[i]) > PLEURA_MAX_ELEMENTS)
            return false;
    }
    const pleura_value *one = fill ? &graph->values[fill->tensor] : NULL;
    if (one && pleura_value_elements(one) != 1)
        return false;
    out->element = one ? one->element : PLEURA_FLOAT;
    out->has_shape = true;
    void *data = pleura_constant_storage(graph, out);
    if (!data)
        return false;
    size_t size = pleura_element_size(out->element);
    for (int64_t i = 0; one && i < elements; i++)
        memcpy((char *)data + (size_t)i * size, one->data, size);
    return true;
}

static double number_at(const pleura_value *value)
{
    return value->element == PLEURA_FLOAT ? (double)*(const float *)value->data
                                          : (double)pleura_constant_int(value, 0);
}

static bool fold_range(pleura_graph *graph, const pleura_node *node, pleura_value *out)
{
    const pleura_value *ends[3];
    for (int i = 0; i < 3; i++) {
        ends[i] = &graph->values[node->inputs[i]];
        if (!ends[i]->data || pleura_value_elements(ends[i]) != 1)
            return false;
    }
    double start = number_at(ends[0]), step = number_at(ends[2]);
    double count = ceil((number_at(ends[1]) - start) / step);
    if (step == 0 || !(count < (double)PLEURA_MAX_ELEMENTS))
        return false;
    int64_t length = count > 0 ? (int64_t)count : 0;
    if (!make_vector(graph, out, ends[0]->element == PLEURA_FLOAT ? PLEURA_FLOAT : PLEURA_INT64, 1,
                     length))
        return false;
    for (int64_t i = 0; i < length; i++) {
        double number = start + (double)i * step;
        if (out->element == PLEURA_FLOAT)
            ((float *)(uintptr_t)out->data)[i] = (float)number;
        else
            ((int64_t *)(uintptr_t)out->data)[i] = (int64_t)number;
    }
    return true;
}

/* At inference a Dropout keeps everything. */
static bool fold_mask(pleura_graph *graph, const pleura_node *node, pleura_value *out)
{
    const pleura_value *input = &graph->values[node->inputs[0]];
    out->rank = input->rank;
    memcpy(out->dims, input->dims, sizeof out->dims);
    out->element = PLEURA_INT64;
    out->has_shape = true;
    int64_t *data = pleura_constant_storage(graph, out);
    for (int64_t i = 0; data && i < pleura_value_elements(out); i++)
        data[i] = 1;
    return data != NULL;
}

/* Toward zero, as casts go; what does not fit becomes 0. */
static int64_t whole_part(float x)
{
    bool fits = x > -9.2e18f && x < 9.2e18f; /* false for NaN, too */
    return fits ? (int64_t)x : 0;
}

/* TensorProto.DataType BOOL. */
#define TRUTH 9

static bool fold_cast(pleura_graph *graph, const pleura_node *node, pleura_value *out)
{
    const pleura_value *input = &graph->values[node->inputs[0]];
    int64_t type = pleura_node_int(node, "to", 1);
    bool real = node->op == PLEURA_OP_CastLike ? pleura_is_real(&graph->values[node->inputs[1]])
                                               : pleura_is_float_type(type);
    if (!input->data || input->grid)
        return false;
    out->element = real ? PLEURA_FLOAT : PLEURA_INT64;
    out->rank = input->rank;
    out->has_shape = true;
    memcpy(out->dims, input->dims, sizeof out->dims);
    bool truth = node->op == PLEURA_OP_Cast && type == TRUTH;
    if (out->element == input->element && !truth) {
        out->data = input->data;
        return true;
    }
    void *data = pleura_constant_storage(graph, out);
    int64_t count = pleura_value_elements(input);
    for (int64_t i = 0; data && i < count; i++) {
        float number = input->element == PLEURA_FLOAT ? ((const float *)input->data)[i]
                                                      : (float)pleura_constant_int(input, i);
        if (real)
            ((float *)data)[i] = number;
        else if (truth)
            ((int64_t *)data)[i] = number != 0;
        else
            ((int64_t *)data)[i] =
                input->element == PLEURA_FLOAT ? whole_part(number) : pleura_constant_int(input, i);
    }
    return data != NULL;
}

/* ---- Quantised constants ---- */

/* A copy of the scales and zeros that a node gives; NULL if they are no constants that fit. */
static pleura_grid *read_grid(pleura_graph *graph, const pleura_node *node,
                              const pleura_value *input, pleura_element type)
{
    const pleura_value *scale = pleura_node_constant(graph, node, 1, PLEURA_FLOAT);
    const pleura_value *zero = node->input_count > 2 && node->inputs[2] != PLEURA_NONE
                                   ? &graph->values[node->inputs[2]]
                                   : NULL;
    int64_t count = scale ? pleura_value_elements(scale) : 0;
    int axis = pleura_axis(pleura_node_int(node, "axis", 1), input->rank);
    bool by_axis = scale && scale->rank == 1 && count > 1;
    if (!scale || count < 1 || (by_axis ? axis < 0 || input->dims[axis] != count : count != 1) ||
        (zero && (!zero->data || pleura_is_real(zero) || pleura_value_elements(zero) != count)))
        return NULL;
    pleura_grid *grid = pleura_arena_alloc(&graph->arena, sizeof *grid);
    int32_t *zeros = pleura_arena_alloc(&graph->arena, (size_t)count * sizeof *zeros);
    graph->out_of_memory = graph->out_of_memory || !grid || !zeros;
    if (!grid || !zeros)
        return NULL;
    for (int64_t i = 0; zero && i < count; i++)
        zeros[i] = (int32_t)pleura_constant_int(zero, i);
    *grid = (pleura_grid){type, by_axis ? axis : -1, (size_t)count, scale->data, zeros};
    return grid;
}

const pleura_grid *pleura_node_grid(pleura_graph *graph, const pleura_node *node)
{
    const pleura_value *zero = node->input_count > 2 && node->inputs[2] != PLEURA_NONE
                                   ? &graph->values[node->inputs[2]]
                                   : NULL;
    pleura_element type = zero ? zero->element : PLEURA_UINT8;
    if (type != PLEURA_INT8 && type != PLEURA_UINT8)
        return NULL;
    return read_grid(graph, node, &graph->values[node->inputs[0]], type);
}

/* The integers stay as they are, and get a meaning. */
static bool fold_dequantise(pleura_graph *graph, const pleura_node *node, pleura_value *out)
{
    const pleura_value *input = &graph->values[node->inputs[0]];
    if (!input->data || pleura_is_real(input))
        return false;
    pleura_grid *grid = read_grid(graph, node, input, input->element);
    if (!grid)
        return false;
    out->element = input->element;
    out->rank = input->rank;
    memcpy(out->dims, input->dims, sizeof out->dims);
    out->data = input->data;
    out->has_shape = true;
    out->grid = grid;
    return true;
}

bool pleura_fold(pleura_graph *graph, const pleura_node *node)
{
    pleura_value out = graph->values[node->output];
    bool done = false;
    switch (node->op) {
    case PLEURA_OP_Shape:
        done = fold_shape(graph, node, &out);
        break;
    case PLEURA_OP_Size: {
        int64_t *data = make_vector(graph, &out, PLEURA_INT64, 0, 1);
        done = data != NULL;
        if (data)
            *data = pleura_value_elements(&graph->values[node->inputs[0]]);
        break;
    }
    case PLEURA_OP_Constant:
        done = fold_constant(graph, node, &out);
        break;
    case PLEURA_OP_ConstantOfShape:
        done = fold_constant_of_shape(graph, node, &out);
        break;
    case PLEURA_OP_Range:
        done = fold_range(graph, node, &out);
        break;
    case PLEURA_OP_Cast:
    case PLEURA_OP_CastLike:
        done = fold_cast(graph, node, &out);
        break;
    case PLEURA_OP_Dropout:
        done = node->part == 1 && fold_mask(graph, node, &out);
        break;
    case PLEURA_OP_DequantizeLinear:
        done = fold_dequantise(graph, node, &out);
        break;
    default:
        break;
    }
    if (done)
        graph->values[node->output] = out;
    return done;
}

/* ---- Everything else, by the loops of plain.c ---- */

bool pleura_reads_constants(const pleura_graph *graph, const pleura_node *node)
{
    for (size_t i = 0; i < node->input_count; i++)
        if (node->inputs[i] != PLEURA_NONE && !graph->values[node->inputs[i]].data)
            return false;
    return node->input_count > 0;
}

/* Moving numbers asks what the moved ones are; computing asks all. */
static pleura_element computed_element(const pleura_graph *graph, const pleura_node *node)
{
    bool all = pleura_operator_family(node->op) == PLEURA_BROADCAST ||
               node->op == PLEURA_OP_Concat || node->op == PLEURA_OP_MatMul;
    if (node->op == PLEURA_OP_DequantizeLinear) /* what fold_dequantise() left */
        return PLEURA_FLOAT;
    for (size_t i = 0; i < (all ? node->input_count : 1); i++)
        if (pleura_is_real(&graph->values[node->inputs[i]]))
            return PLEURA_FLOAT;
    return PLEURA_INT64;
}

static pleura_code fold_quantised(pleura_graph *graph, const float *stored, pleura_value *out,
                                  const pleura_grid *grid, pleura_error *error)
{
    out->element = grid->type;
    uint8_t *data = pleura_constant_storage(graph, out);
    int64_t count = pleura_value_elements(out);
    if (!data)
        return pleura_fail_memory(error, (size_t)count, out->name);
    for (int64_t i = 0; i < count; i++)
        data[i] = (uint8_t)(int)stored[i];
    return PLEURA_OK;
}

/* What comes out of a computation with floats, in the element that the output should have. */
static pleura_code keep_result(pleura_graph *graph, const pleura_node *node, const float *result,
                               pleura_value *out, pleura_error *error)
{
    if (node->op == PLEURA_OP_QuantizeLinear) {
        const pleura_grid *grid = pleura_node_grid(graph, node);
        if (grid)
            return fold_quantised(graph, result, out, grid, error);
    }
    int64_t count = pleura_value_elements(out);
    out->element = out->whole ? PLEURA_INT64 : PLEURA_FLOAT;
    void *data = pleura_constant_storage(graph, out);
    if (!data)
        return pleura_fail_memory(error, (size_t)count * sizeof(float), out->name);
    for (int64_t i = 0; i < count; i++)
        if (out->whole)
            ((int64_t *)data)[i] = whole_part(result[i]);
        else
            ((float *)data)[i] = result[i];
    return PLEURA_OK;
}

/* A hostile file should not make loading last for ever: numbers that all folding may make, and
 * steps that one node may take (torchvision's largest constant has 2^27 numbers). */
#define MAX_FOLDED ((int64_t)1 << 28)
#define MAX_STEPS ((double)(1 << 29))

/* How many numbers one of the output is made of, roughly. */
static double steps_each(const pleura_graph *graph, const pleura_node *node)
{
    const pleura_value *x = &graph->values[node->inputs[0]];
    const pleura_attribute *kernel = pleura_node_attribute(node, "kernel_shape", 'I');
    double steps = 1;
    switch (node->op) {
    case PLEURA_OP_Conv:
    case PLEURA_OP_ConvTranspose: {
        const pleura_value *weights = &graph->values[node->inputs[1]];
        return (double)pleura_value_elements(weights) / (double)weights->dims[0];
    }
    case PLEURA_OP_Gemm:
    case PLEURA_OP_MatMul:
        return (double)x->dims[pleura_node_int(node, "transA", 0) ? 0 : x->rank - 1];
    case PLEURA_OP_AveragePool:
    case PLEURA_OP_MaxPool:
        for (size_t i = 0; kernel && i < kernel->count; i++)
            steps *= (double)kernel->ints[i];
        return steps;
    case PLEURA_OP_LRN:
        return (double)pleura_node_int(node, "size", 1);
    default:
        return steps;
    }
}

static pleura_code check_effort(pleura_graph *graph, const pleura_node *node, pleura_error *error)
{
    const pleura_value *out = &graph->values[node->output];
    pleura_node_label label;
    double steps = (double)pleura_value_elements(out);
    graph->folded += pleura_value_elements(out);
    steps *= steps_each(graph, node);
    if (graph->folded > MAX_FOLDED || steps > MAX_STEPS)
        return pleura_fail(error, PLEURA_ERROR_MODEL_TOO_LARGE,
                           "ONNX: %s computes with constants alone, and too much of it.",
                           pleura_node_describe(node, &label));
    return PLEURA_OK;
}

pleura_code pleura_fold_computed(pleura_graph *graph, const pleura_node *node, pleura_error *error)
{
    pleura_value out = graph->values[node->output];
    pleura_arena scratch = {0};
    pleura_plain plain;
    pleura_element element = computed_element(graph, node);
    pleura_plain_request request = {graph, node, element, NULL, false, &scratch};
    pleura_code code = check_effort(graph, node, error);
    if (code == PLEURA_OK)
        code = pleura_plain_prepare(&request, &plain, error);
    if (code == PLEURA_OK) {
        size_t size = plain.output_count * pleura_element_size(element);
        out.element = element;
        plain.output = element == PLEURA_FLOAT ? pleura_arena_alloc(&scratch, size + 1)
                                               : pleura_constant_storage(graph, &out);
        if (!plain.output)
            code = pleura_fail_memory(error, size, out.name);
    }
    if (code == PLEURA_OK) {
        pleura_plain_run(&plain);
        if (element == PLEURA_FLOAT)
            code = keep_result(graph, node, plain.output, &out, error);
    }
    pleura_arena_free(&scratch);
    if (code == PLEURA_OK)
        graph->values[node->output] = out;
    return code;
}
