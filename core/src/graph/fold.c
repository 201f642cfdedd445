#include "fold.h"

#include "../error.h"
#include "../half.h"
#include "constant.h"

#include <math.h>
#include <string.h>

/* A hostile file should not make loading last for ever, nor fill the memory: bytes that all folding
 * may make (torchvision's largest constant has 2^27 floats). */
#define MAX_FOLDED ((int64_t)1 << 30)

bool pleura_fold_spend(pleura_graph *graph, const pleura_value *out)
{
    int64_t elements = pleura_value_elements(out),
            size = (int64_t)pleura_element_size(out->element);
    bool left = elements <= (MAX_FOLDED - graph->folded) / size;
    graph->folded = left ? graph->folded + elements * size : MAX_FOLDED;
    graph->folded_too_much = graph->folded_too_much || !left;
    return left;
}

pleura_code pleura_fold_refuse(const pleura_node *node, pleura_error *error)
{
    pleura_node_label label;
    return pleura_fail(error, PLEURA_ERROR_MODEL_TOO_LARGE,
                       "ONNX: %s computes with constants alone, and too much of it.",
                       pleura_node_describe(node, &label));
}

/* Room for the output; NULL if it is too much or memory runs out, which the graph then says. */
static void *make_room(pleura_graph *graph, pleura_value *out)
{
    return pleura_fold_spend(graph, out) ? pleura_constant_storage(graph, out) : NULL;
}

static void *make_vector(pleura_graph *graph, pleura_value *out, pleura_element element, int rank,
                         int64_t count)
{
    out->element = element;
    out->rank = rank;
    out->dims[0] = count;
    out->has_shape = true;
    return make_room(graph, out);
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
        out->type = tensor->type;
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
    void *data = make_room(graph, out);
    if (!data)
        return false;
    size_t size = pleura_element_size(out->element);
    for (int64_t i = 0; one && i < elements; i++)
        memcpy((char *)data + (size_t)i * size, one->data, size);
    return true;
}

static bool is_set(const pleura_value *value, int64_t i)
{
    return value->element == PLEURA_FLOAT ? ((const float *)value->data)[i] != 0
                                          : pleura_constant_int(value, i) != 0;
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

/* The indices of what is not zero, axis by axis. */
static bool fold_nonzero(pleura_graph *graph, const pleura_node *node, pleura_value *out)
{
    const pleura_value *x = &graph->values[node->inputs[0]];
    int64_t count = x->data ? pleura_value_elements(x) : 0, found = 0;
    if (!x->data || x->grid || x->rank < 1)
        return false;
    for (int64_t i = 0; i < count; i++)
        found += is_set(x, i);
    out->element = PLEURA_INT64;
    out->rank = 2;
    out->dims[0] = x->rank;
    out->dims[1] = found;
    out->has_shape = true;
    int64_t *data = make_room(graph, out), at = 0;
    for (int64_t i = 0; data && i < count; i++) {
        int64_t rest = i;
        for (int d = x->rank; is_set(x, i) && d-- > 0; rest /= x->dims[d])
            data[d * found + at] = rest % x->dims[d];
        at += is_set(x, i);
    }
    return data != NULL;
}

/* Ones on a diagonal of a matrix of the input's shape. */
static bool fold_eye(pleura_graph *graph, const pleura_node *node, pleura_value *out)
{
    const pleura_value *x = &graph->values[node->inputs[0]];
    const int64_t k = pleura_node_int(node, "k", 0), type = pleura_node_int(node, "dtype", 0);
    if (x->rank != 2)
        return false;
    bool real = type ? pleura_is_float_type(type) : x->data ? pleura_is_real(x) : !x->whole;
    out->element = real ? PLEURA_FLOAT : PLEURA_INT64;
    out->rank = 2;
    memcpy(out->dims, x->dims, sizeof out->dims);
    out->has_shape = true;
    void *data = make_room(graph, out);
    for (int64_t i = 0; data && i < x->dims[0]; i++) {
        int64_t at = i * x->dims[1] + i + k;
        if (i + k < 0 || i + k >= x->dims[1])
            continue;
        if (real)
            ((float *)data)[at] = 1;
        else
            ((int64_t *)data)[at] = 1;
    }
    return data != NULL;
}

/* At inference a Dropout keeps everything. */
static bool fold_mask(pleura_graph *graph, const pleura_node *node, pleura_value *out)
{
    const pleura_value *input = &graph->values[node->inputs[0]];
    out->rank = input->rank;
    memcpy(out->dims, input->dims, sizeof out->dims);
    out->element = PLEURA_INT64;
    out->has_shape = true;
    int64_t *data = make_room(graph, out);
    for (int64_t i = 0; data && i < pleura_value_elements(out); i++)
        data[i] = 1;
    return data != NULL;
}

/* What is left of an integer in a type of fewer bits. */
static int64_t narrow(int64_t number, int64_t type)
{
    switch (type) {
    case PLEURA_TYPE_UINT8:
        return (uint8_t)number;
    case PLEURA_TYPE_INT8:
        return (int8_t)number;
    case PLEURA_TYPE_UINT16:
        return (uint16_t)number;
    case PLEURA_TYPE_INT16:
        return (int16_t)number;
    case PLEURA_TYPE_INT32:
        return (int32_t)number;
    case PLEURA_TYPE_UINT32:
        return (uint32_t)number;
    case PLEURA_TYPE_BOOL:
        return number != 0;
    default:
        return number;
    }
}

static float round_to(float number, int64_t type)
{
    return type == PLEURA_TYPE_FLOAT16    ? pleura_half_round(number)
           : type == PLEURA_TYPE_BFLOAT16 ? pleura_bfloat_round(number)
                                          : number;
}

static bool fold_cast(pleura_graph *graph, const pleura_node *node, pleura_value *out)
{
    const pleura_value *input = &graph->values[node->inputs[0]];
    const int64_t type = pleura_cast_type(graph, node);
    bool real = node->op == PLEURA_OP_CastLike ? pleura_is_real(&graph->values[node->inputs[1]])
                                               : pleura_is_float_type(type);
    if (!input->data || input->grid || (node->op == PLEURA_OP_Cast && !pleura_is_number_type(type)))
        return false;
    out->element = real ? PLEURA_FLOAT : PLEURA_INT64;
    out->type = (unsigned char)type;
    out->rank = input->rank;
    out->has_shape = true;
    memcpy(out->dims, input->dims, sizeof out->dims);
    if (out->element == input->element && input->type == type) {
        out->data = input->data;
        return true;
    }
    void *data = make_room(graph, out);
    int64_t count = pleura_value_elements(input);
    for (int64_t i = 0; data && i < count; i++) {
        bool from_real = input->element == PLEURA_FLOAT;
        float number =
            from_real ? ((const float *)input->data)[i] : (float)pleura_constant_int(input, i);
        if (real)
            ((float *)data)[i] = round_to(number, type);
        else if (type == PLEURA_TYPE_BOOL)
            ((int64_t *)data)[i] = number != 0;
        else
            ((int64_t *)data)[i] =
                narrow(from_real ? pleura_whole_part(number) : pleura_constant_int(input, i), type);
    }
    return data != NULL;
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
    case PLEURA_OP_EyeLike:
        done = fold_eye(graph, node, &out);
        break;
    case PLEURA_OP_NonZero:
        done = fold_nonzero(graph, node, &out);
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
        done = pleura_fold_dequantise(graph, node, &out);
        break;
    default:
        break;
    }
    if (done)
        graph->values[node->output] = out;
    return done;
}
