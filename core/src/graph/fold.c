#include "fold.h"

#include "../error.h"
#include "constant.h"

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
    for (int i = 0; i < PLEURA_MAX_RANK; i++)
        mask[i] = !axes && i < rank;
    for (size_t i = 0; i < count; i++) {
        int axis = pleura_axis(axes[i], rank);
        if (axis < 0)
            return pleura_fail(error, PLEURA_ERROR_SHAPE,
                               "ONNX: %s works on axis %lld of a tensor of %d dimensions.",
                               pleura_node_describe(node, &label), (long long)axes[i], rank);
        mask[axis] = true;
    }
    if (given)
        *given = axes != NULL;
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

static bool fold_shape(pleura_graph *graph, const pleura_node *node, pleura_value *out)
{
    const pleura_value *input = &graph->values[node->inputs[0]];
    int64_t start = pleura_node_int(node, "start", 0),
            end = pleura_node_int(node, "end", input->rank);
    start = start < 0 ? start + input->rank : start;
    end = end < 0 ? end + input->rank : end > input->rank ? input->rank : end;
    if (start < 0 || end < start)
        return false;
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
    size_t size = out->element == PLEURA_FLOAT ? sizeof(float) : sizeof(int64_t);
    for (int64_t i = 0; one && i < elements; i++)
        memcpy((char *)data + (size_t)i * size, one->data, size);
    return true;
}

/* Of a vector of integers, which is what shapes are; 0 rank indices give a scalar. */
static bool fold_gather(pleura_graph *graph, const pleura_node *node, pleura_value *out)
{
    const pleura_value *from = pleura_node_constant(graph, node, 0, PLEURA_INT64);
    const pleura_value *indices = pleura_node_constant(graph, node, 1, PLEURA_INT64);
    if (!from || !indices || from->rank != 1 || indices->rank > 1)
        return false;
    int64_t count = pleura_value_elements(indices);
    int64_t *data = make_vector(graph, out, PLEURA_INT64, indices->rank, count);
    for (int64_t i = 0; data && i < count; i++) {
        int64_t index = ((const int64_t *)indices->data)[i];
        index = index < 0 ? index + from->dims[0] : index;
        if (index < 0 || index >= from->dims[0])
            return false;
        data[i] = ((const int64_t *)from->data)[index];
    }
    return data != NULL;
}

static int64_t clamp_index(int64_t index, int64_t size)
{
    index = index < 0 ? index + size : index;
    return index < 0 ? 0 : index > size ? size : index;
}

static bool fold_slice(pleura_graph *graph, const pleura_node *node, pleura_value *out)
{
    const pleura_value *from = pleura_node_constant(graph, node, 0, PLEURA_INT64);
    const int64_t *starts, *ends, *steps;
    size_t start_count, end_count, step_count;
    if (!from || from->rank != 1 ||
        pleura_node_ints(graph, node, "starts", 1, &starts, &start_count, NULL) != PLEURA_OK ||
        pleura_node_ints(graph, node, "ends", 2, &ends, &end_count, NULL) != PLEURA_OK ||
        pleura_node_ints(graph, node, "steps", 4, &steps, &step_count, NULL) != PLEURA_OK ||
        start_count != 1 || end_count != 1 || (steps && (step_count != 1 || steps[0] != 1)))
        return false;
    int64_t begin = clamp_index(starts[0], from->dims[0]),
            end = clamp_index(ends[0], from->dims[0]);
    int64_t count = end > begin ? end - begin : 0;
    int64_t *data = make_vector(graph, out, PLEURA_INT64, 1, count);
    if (data && count)
        memcpy(data, (const int64_t *)from->data + begin, (size_t)count * sizeof *data);
    return data != NULL;
}

static bool fold_concat(pleura_graph *graph, const pleura_node *node, pleura_value *out)
{
    int64_t count = 0;
    for (size_t i = 0; i < node->input_count; i++) {
        const pleura_value *part = pleura_node_constant(graph, node, i, PLEURA_INT64);
        if (!part || part->rank != 1)
            return false;
        count += part->dims[0];
    }
    if (count > PLEURA_MAX_ELEMENTS)
        return false;
    int64_t *data = make_vector(graph, out, PLEURA_INT64, 1, count);
    for (size_t i = 0; data && i < node->input_count; i++) {
        const pleura_value *part = &graph->values[node->inputs[i]];
        if (part->dims[0])
            memcpy(data, part->data, (size_t)part->dims[0] * sizeof *data);
        data += part->dims[0];
    }
    return out->data != NULL;
}

static bool fold_arithmetic(pleura_graph *graph, const pleura_node *node, pleura_value *out)
{
    const pleura_value *a = pleura_node_constant(graph, node, 0, PLEURA_INT64);
    const pleura_value *b = pleura_node_constant(graph, node, 1, PLEURA_INT64);
    if (!a || !b || a->rank > 1 || b->rank > 1)
        return false;
    int64_t an = pleura_value_elements(a), bn = pleura_value_elements(b);
    if (an != bn && an != 1 && bn != 1)
        return false;
    int64_t count = an == 1 ? bn : an;
    int64_t *data =
        make_vector(graph, out, PLEURA_INT64, a->rank > b->rank ? a->rank : b->rank, count);
    for (int64_t i = 0; data && i < count; i++) {
        /* Unsigned, so that a hostile product wraps; what it makes of a shape is checked there. */
        uint64_t x = (uint64_t)((const int64_t *)a->data)[an == 1 ? 0 : i];
        uint64_t y = (uint64_t)((const int64_t *)b->data)[bn == 1 ? 0 : i];
        if (node->op == PLEURA_OP_Div && ((int64_t)y == 0 || (int64_t)y == -1))
            return false;
        data[i] = (int64_t)(node->op == PLEURA_OP_Add   ? x + y
                            : node->op == PLEURA_OP_Sub ? x - y
                            : node->op == PLEURA_OP_Mul ? x * y
                                                        : (uint64_t)((int64_t)x / (int64_t)y));
    }
    return data != NULL;
}

/* TensorProto.DataType of the floats; every other target of a Cast is an integer to us. */
bool pleura_is_float_type(int64_t type)
{
    return type == 1 || type == 10 || type == 11 || type == 16;
}

static bool fold_cast(pleura_graph *graph, const pleura_node *node, pleura_value *out)
{
    const pleura_value *input = &graph->values[node->inputs[0]];
    pleura_element to =
        pleura_is_float_type(pleura_node_int(node, "to", 1)) ? PLEURA_FLOAT : PLEURA_INT64;
    if (!input->data)
        return false;
    out->element = to;
    out->rank = input->rank;
    out->has_shape = true;
    memcpy(out->dims, input->dims, sizeof out->dims);
    if (to == input->element) {
        out->data = input->data;
        return true;
    }
    void *data = pleura_constant_storage(graph, out);
    int64_t count = pleura_value_elements(input);
    for (int64_t i = 0; data && i < count; i++) {
        if (to == PLEURA_FLOAT) {
            ((float *)data)[i] = (float)((const int64_t *)input->data)[i];
        } else {
            float x = ((const float *)input->data)[i];
            bool fits = x > -9.2e18f && x < 9.2e18f; /* false for NaN, too */
            ((int64_t *)data)[i] = fits ? (int64_t)x : 0;
        }
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
    case PLEURA_OP_Constant:
        done = fold_constant(graph, node, &out);
        break;
    case PLEURA_OP_ConstantOfShape:
        done = fold_constant_of_shape(graph, node, &out);
        break;
    case PLEURA_OP_Gather:
        done = fold_gather(graph, node, &out);
        break;
    case PLEURA_OP_Slice:
        done = fold_slice(graph, node, &out);
        break;
    case PLEURA_OP_Concat:
        done = fold_concat(graph, node, &out);
        break;
    case PLEURA_OP_Add:
    case PLEURA_OP_Sub:
    case PLEURA_OP_Mul:
    case PLEURA_OP_Div:
        done = fold_arithmetic(graph, node, &out);
        break;
    case PLEURA_OP_Cast:
        done = fold_cast(graph, node, &out);
        break;
    default:
        break;
    }
    if (done)
        graph->values[node->output] = out;
    return done;
}
