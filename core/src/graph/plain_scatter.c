/* ScatterND and ScatterElements: a copy of the input, of which some blocks, or numbers, are replaced, or
 * combined with what is there. */
#include "plain_loops.h"

#include "../error.h"
#include "constant.h"
#include "fold.h"
#include "plain_numbers.h"

#include <string.h>

typedef struct scatter {
    pleura_binary combine; /* without functions: replaced */
    pleura_element element;
    const int32_t *at; /* of each block, in elements */
    size_t blocks, length;
} scatter;

static void put_block(const scatter *s, void *to, const void *from)
{
    if (!s->combine.real)
        memcpy(to, from, s->length * pleura_element_size(s->element));
    else if (s->element == PLEURA_FLOAT)
        for (size_t i = 0; i < s->length; i++)
            ((float *)to)[i] = s->combine.real(((float *)to)[i], ((const float *)from)[i]);
    else
        for (size_t i = 0; i < s->length; i++)
            ((int64_t *)to)[i] = s->combine.integer(((int64_t *)to)[i], ((const int64_t *)from)[i]);
}

static void run_scatter(const pleura_plain *plain)
{
    const scatter *s = plain->plan;
    const size_t item = pleura_element_size(s->element);
    memcpy(plain->output, plain->inputs[0], plain->output_count * item);
    for (size_t i = 0; i < s->blocks; i++)
        put_block(s, (char *)plain->output + (size_t)s->at[i] * item,
                  (const char *)plain->inputs[2] + i * s->length * item);
}

static bool find_reduction(const pleura_node *node, pleura_binary *combine)
{
    static const struct {
        const char *name;
        pleura_operator op;
    } ways[] = {{"add", PLEURA_OP_Add},
                {"mul", PLEURA_OP_Mul},
                {"max", PLEURA_OP_Max},
                {"min", PLEURA_OP_Min}};
    const pleura_attribute *reduction = pleura_node_attribute(node, "reduction", 's');
    *combine = (pleura_binary){NULL, NULL};
    if (!reduction || strcmp(reduction->s, "none") == 0)
        return true;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        if (strcmp(reduction->s, ways[i].name) == 0)
            *combine = pleura_binaries[ways[i].op];
    return combine->real != NULL;
}

/* Where the blocks begin: each is named by indices along the input's first axes. */
static bool find_blocks(const pleura_strided *in, const pleura_value *indices, int depth,
                        int32_t *at, size_t blocks)
{
    for (size_t b = 0; b < blocks; b++)
        for (int i = 0; i < depth; i++) {
            int64_t index = pleura_constant_int(indices, (int64_t)b * depth + i);
            index = index < 0 ? index + in->dims[i] : index;
            if (index < 0 || index >= in->dims[i])
                return false;
            at[b] += (int32_t)(index * in->strides[i]);
        }
    return true;
}

/* Each number of the updates goes to its own place, but along one axis. */
static bool find_elements(const pleura_strided *in, const pleura_value *indices, int axis,
                          int32_t *at, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t rest = i;
        for (int d = in->rank; d-- > 0; rest /= (size_t)indices->dims[d]) {
            int64_t place = (int64_t)(rest % (size_t)indices->dims[d]);
            if (d == axis)
                place = pleura_constant_int(indices, (int64_t)i);
            place = place < 0 ? place + in->dims[d] : place;
            if (place < 0 || place >= in->dims[d])
                return false;
            at[i] += (int32_t)(place * in->strides[d]);
        }
    }
    return true;
}

pleura_code pleura_plain_scatter(const pleura_plain_request *request, pleura_plain *plain,
                                 pleura_error *error)
{
    const pleura_node *node = request->node;
    const pleura_value *values = request->graph->values, *indices = &values[node->inputs[1]];
    pleura_strided in = pleura_plain_tensor(request, 0);
    pleura_node_label label;
    scatter *s = pleura_plain_plan(request, plain, sizeof *s, run_scatter, error);
    if (!s)
        return PLEURA_ERROR_MEMORY;
    const bool single = node->op == PLEURA_OP_ScatterElements;
    const int axis = single ? pleura_axis(pleura_node_int(node, "axis", 0), in.rank) : 0;
    const int64_t depth = single ? 1 : indices->rank ? indices->dims[indices->rank - 1] : 0;
    if (!indices->data || pleura_is_real(indices) || depth < 1 || depth > in.rank || axis < 0 ||
        (single && indices->rank != in.rank) || !find_reduction(node, &s->combine))
        return pleura_fail(error, PLEURA_ERROR_OPERATOR,
                           "ONNX: %s takes its indices from a computed tensor, or reduces in "
                           "another way than add, mul, max and min.",
                           pleura_node_describe(node, &label));
    s->element = request->element;
    s->length = 1;
    for (int i = single ? in.rank : (int)depth; i < in.rank; i++)
        s->length *= (size_t)in.dims[i];
    s->blocks = (size_t)(pleura_value_elements(indices) / depth);
    int32_t *at = pleura_arena_alloc(request->arena, s->blocks * sizeof *at + 1);
    if (!at)
        return pleura_fail_memory(error, s->blocks * sizeof *at, node->name);
    s->at = at;
    int64_t updates = pleura_value_elements(&values[node->inputs[2]]);
    const bool inside = single ? find_elements(&in, indices, axis, at, s->blocks)
                               : find_blocks(&in, indices, (int)depth, at, s->blocks);
    if (!inside || (double)updates != (double)s->blocks * (double)s->length)
        return pleura_fail(error, PLEURA_ERROR_SHAPE,
                           "ONNX: %s has indices or updates that do not fit its input.",
                           pleura_node_describe(node, &label));
    return PLEURA_OK;
}
