/* The forms of values: which there are, and those that are missing. */
#include "lower.h"

#include "../error.h"

#include <string.h>

int pleura_form_axis(int axis, pleura_form form)
{
    static const int nchw_to_nhwc[4] = {0, 3, 1, 2};
    return form == PLEURA_PLAIN ? axis : nchw_to_nhwc[axis];
}

pleura_dims pleura_value_dims(const pleura_value *value, pleura_form form)
{
    pleura_dims dims = {.rank = (size_t)value->rank};
    for (int i = 0; i < value->rank; i++)
        dims.size[pleura_form_axis(i, form)] = (size_t)value->dims[i];
    return dims;
}

static pleura_tensor *new_tensor(pleura_lowering *l, const pleura_dims *dims)
{
    if (l->code != PLEURA_OK)
        return NULL;
    uint64_t elements = 1;
    for (size_t i = 0; i < dims->rank && elements <= PLEURA_MAX_ELEMENTS; i++)
        elements *= dims->size[i];
    if (elements > PLEURA_MAX_ELEMENTS)
        return pleura_lower_no_memory(l);
    pleura_tensor *tensor = pleura_plan_tensor(l->plan, dims, sizeof(float));
    return tensor ? tensor : pleura_lower_no_memory(l);
}

pleura_tensor *pleura_lower_temporary(pleura_lowering *l, const pleura_dims *dims)
{
    return new_tensor(l, dims);
}

pleura_tensor *pleura_lower_constant(pleura_lowering *l, const pleura_dims *dims, const float *data)
{
    pleura_tensor *tensor = new_tensor(l, dims);
    if (tensor)
        tensor->data = data;
    return tensor;
}

pleura_tensor *pleura_lower_make(pleura_lowering *l, uint32_t value, pleura_form form)
{
    pleura_dims dims = pleura_value_dims(&l->graph->values[value], form);
    return l->tensors[value][form] = new_tensor(l, &dims);
}

static void permute_constant(const pleura_value *value, pleura_form form, float *to)
{
    const float *from = value->data;
    if (form == PLEURA_PLAIN) {
        memcpy(to, from, (size_t)pleura_value_elements(value) * sizeof *to);
        return;
    }
    const int64_t *d = value->dims;
    for (int64_t n = 0; n < d[0]; n++)
        for (int64_t c = 0; c < d[1]; c++)
            for (int64_t y = 0; y < d[2]; y++)
                for (int64_t x = 0; x < d[3]; x++)
                    to[((n * d[2] + y) * d[3] + x) * d[1] + c] = *from++;
}

pleura_tensor *pleura_lower_value_constant(pleura_lowering *l, const pleura_value *value,
                                           pleura_form form)
{
    size_t size = (size_t)pleura_value_elements(value) * sizeof(float);
    float *copy = pleura_lower_keep(l, size + XNN_EXTRA_BYTES);
    if (!copy)
        return NULL;
    pleura_arena expanded = {0};
    pleura_value real = *value;
    real.data = pleura_constant_floats(value, &expanded);
    if (real.data)
        permute_constant(&real, form, copy);
    pleura_arena_free(&expanded);
    if (!real.data)
        return pleura_lower_no_memory(l);
    pleura_dims dims = pleura_value_dims(value, form);
    return pleura_lower_constant(l, &dims, copy);
}

static bool same_in_both_forms(const pleura_value *value)
{
    return value->dims[1] == 1 || value->dims[2] * value->dims[3] == 1;
}

static void convert(pleura_lowering *l, uint32_t index, pleura_form to)
{
    static const size_t perms[2][4] = {{0, 3, 1, 2}, {0, 2, 3, 1}};
    pleura_tensor **forms = l->tensors[index];
    if (forms[PLEURA_STEPS] && !forms[PLEURA_PLAIN] && !forms[PLEURA_NHWC]) {
        pleura_lower_dequantised(l, index);
        if (l->code != PLEURA_OK || forms[to])
            return;
    }
    pleura_tensor *from = l->tensors[index][to == PLEURA_NHWC ? PLEURA_PLAIN : PLEURA_NHWC];
    if (!from) {
        l->code = pleura_fail(l->error, PLEURA_ERROR_ONNX, "ONNX: nothing computes '%.80s'.",
                              l->graph->values[index].name);
        return;
    }
    pleura_tensor *made = pleura_lower_make(l, index, to);
    if (same_in_both_forms(&l->graph->values[index]))
        pleura_lower_copy(l, NULL, from, made);
    else
        pleura_lower_permute(l, NULL, from, perms[to], made);
}

pleura_tensor *pleura_lower_use(pleura_lowering *l, uint32_t value, pleura_form form)
{
    pleura_tensor **tensor = &l->tensors[value][form];
    if (l->code != PLEURA_OK)
        return NULL;
    if (!*tensor && l->graph->values[value].data)
        *tensor = pleura_lower_value_constant(l, &l->graph->values[value], form);
    else if (!*tensor)
        convert(l, value, form);
    return l->code == PLEURA_OK ? *tensor : NULL;
}

pleura_form pleura_lower_present_form(const pleura_lowering *l, uint32_t value)
{
    return l->tensors[value][PLEURA_NHWC] ? PLEURA_NHWC : PLEURA_PLAIN;
}
