#include "lower.h"

#include "../error.h"

#include <string.h>

/* ---- Values and their forms ---- */

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

static void *out_of_memory(pleura_lowering *l)
{
    l->code =
        pleura_fail(l->error, PLEURA_ERROR_MEMORY, "Out of memory while planning the network.");
    return NULL;
}

static pleura_tensor *new_tensor(pleura_lowering *l, const pleura_dims *dims)
{
    if (l->code != PLEURA_OK)
        return NULL;
    uint64_t elements = 1;
    for (size_t i = 0; i < dims->rank && elements <= PLEURA_MAX_ELEMENTS; i++)
        elements *= dims->size[i];
    if (elements > PLEURA_MAX_ELEMENTS)
        return out_of_memory(l);
    pleura_tensor *tensor = pleura_plan_tensor(l->plan, dims, sizeof(float));
    return tensor ? tensor : out_of_memory(l);
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
        return out_of_memory(l);
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

/* ---- Steps ---- */

static const char *keep_label(pleura_lowering *l, const pleura_node *node)
{
    pleura_node_label label;
    const char *text = node ? pleura_node_describe(node, &label) : "conversion of layout";
    return pleura_arena_text(&l->plan->keep, text, strlen(text));
}

pleura_step *pleura_lower_step(pleura_lowering *l, const pleura_node *node,
                               const pleura_step_kind *kind, pleura_tensor *first,
                               pleura_tensor *second, pleura_tensor *output)
{
    if (l->code != PLEURA_OK)
        return NULL;
    pleura_step *step = pleura_plan_step(l->plan, kind, first, second, output);
    const char *label = keep_label(l, node);
    if (!step || !label)
        return out_of_memory(l);
    step->node = node;
    step->label = label;
    return step;
}

pleura_step *pleura_lower_copy(pleura_lowering *l, const pleura_node *node, pleura_tensor *from,
                               pleura_tensor *to)
{
    if (l->code == PLEURA_OK && from->rows != to->rows) {
        from->packed = from->packed || !from->within;
        to->packed = to->packed || !to->within;
    }
    return pleura_lower_step(l, node, &pleura_copy, from, NULL, to);
}

pleura_tensor *pleura_lower_part(pleura_lowering *l, pleura_tensor *whole, size_t axis,
                                 size_t start, size_t length)
{
    if (l->code != PLEURA_OK)
        return NULL;
    size_t inner = 1;
    for (size_t i = axis + 1; i < whole->dims.rank; i++)
        inner *= whole->dims.size[i];
    if (axis + 1 < whole->dims.rank) {
        size_t width = whole->dims.size[axis] * inner;
        whole = pleura_plan_flat(l->plan, whole, width);
        if (!whole)
            return out_of_memory(l);
    }
    pleura_tensor *part = pleura_plan_view(l->plan, whole, start * inner, length * inner);
    return part ? part : out_of_memory(l);
}

typedef struct permutation {
    size_t order[PLEURA_MAX_RANK];
} permutation;

static pleura_code build_permute(pleura_lowering *l, pleura_step *step)
{
    const pleura_dims *dims = &step->inputs[0]->dims;
    const permutation *p = step->context;
    enum xnn_status status = xnn_create_transpose_nd_x32(0, &step->operator);
    if (status == xnn_status_success)
        status = xnn_reshape_transpose_nd_x32(step->operator, dims->rank, dims->size, p->order,
                                              l->threads);
    return pleura_lower_check(l, step, status);
}

static enum xnn_status bind_permute(pleura_step *step)
{
    return xnn_setup_transpose_nd_x32(step->operator, pleura_step_input(step, 0),
                                      pleura_step_output(step));
}

static const pleura_step_kind permute = {
    .name = "transpose", .build = build_permute, .bind = bind_permute};

pleura_step *pleura_lower_permute(pleura_lowering *l, const pleura_node *node, pleura_tensor *from,
                                  const size_t *order, pleura_tensor *to)
{
    permutation *kept = pleura_lower_keep(l, sizeof *kept);
    pleura_step *step = pleura_lower_step(l, node, &permute, from, NULL, to);
    if (!step)
        return NULL;
    memcpy(kept->order, order, from->dims.rank * sizeof *order);
    step->context = kept;
    return step;
}

/* ---- Building ---- */

void *pleura_lower_keep(pleura_lowering *l, size_t size)
{
    if (l->code != PLEURA_OK)
        return NULL;
    void *kept = pleura_arena_alloc(&l->plan->keep, size);
    return kept ? kept : out_of_memory(l);
}

void *pleura_lower_scratch(pleura_lowering *l, size_t size)
{
    if (l->code != PLEURA_OK)
        return NULL;
    void *scratch = pleura_arena_alloc_raw(&l->scratch, size);
    return scratch ? scratch : out_of_memory(l);
}

const float *pleura_lower_floats(pleura_lowering *l, const pleura_value *value)
{
    if (l->code != PLEURA_OK)
        return NULL;
    const float *floats = pleura_constant_floats(value, &l->scratch);
    return floats ? floats : out_of_memory(l);
}

pleura_code pleura_lower_check(pleura_lowering *l, const pleura_step *step, enum xnn_status status)
{
    if (l->code != PLEURA_OK || status == xnn_status_success)
        return l->code;
    if (status == xnn_status_out_of_memory)
        return l->code = pleura_fail(l->error, PLEURA_ERROR_MEMORY,
                                     "Out of memory while preparing %s.", step->label);
    return l->code = pleura_fail(l->error, PLEURA_ERROR_OPERATOR,
                                 "%s is used in a way that XNNPACK does not run (status %d).",
                                 step->label, (int)status);
}

static pleura_code build(pleura_lowering *l)
{
    for (pleura_step *step = l->plan->steps; l->code == PLEURA_OK && step; step = step->next) {
        if (step->kind->build && !step->elided)
            l->code = step->kind->build(l, step);
        pleura_arena_free(&l->scratch);
    }
    return l->code;
}

static pleura_code bind(pleura_lowering *l)
{
    for (pleura_step *step = l->plan->steps; l->code == PLEURA_OK && step; step = step->next) {
        if (step->kind->bind && !step->elided)
            pleura_lower_check(l, step, step->kind->bind(step));
        step->node = NULL; /* the graph goes */
    }
    return l->code;
}

/* ---- The walk ---- */

static pleura_code lower_computation(pleura_lowering *l, const pleura_node *node)
{
    switch (node->op) {
    case PLEURA_OP_Conv:
        return pleura_lower_conv(l, node);
    case PLEURA_OP_BatchNormalization:
        return pleura_lower_affine(l, node);
    case PLEURA_OP_AveragePool:
    case PLEURA_OP_MaxPool:
        return pleura_lower_pool(l, node);
    case PLEURA_OP_Gemm:
    case PLEURA_OP_MatMul:
        return pleura_lower_product(l, node);
    case PLEURA_OP_Add:
    case PLEURA_OP_Sub:
    case PLEURA_OP_Mul:
    case PLEURA_OP_Div:
    case PLEURA_OP_PRelu:
        return pleura_lower_binary(l, node);
    case PLEURA_OP_Relu:
    case PLEURA_OP_Clip:
    case PLEURA_OP_Elu:
    case PLEURA_OP_Gelu:
    case PLEURA_OP_LeakyRelu:
    case PLEURA_OP_Sigmoid:
    case PLEURA_OP_Tanh:
    case PLEURA_OP_HardSwish:
    case PLEURA_OP_HardSigmoid:
        return pleura_lower_unary(l, node);
    case PLEURA_OP_GlobalAveragePool:
    case PLEURA_OP_ReduceMean:
        return pleura_lower_reduce(l, node);
    case PLEURA_OP_Concat:
        return pleura_lower_concat(l, node);
    case PLEURA_OP_Flatten:
    case PLEURA_OP_Reshape:
    case PLEURA_OP_Squeeze:
    case PLEURA_OP_Unsqueeze:
        return pleura_lower_reshape(l, node);
    case PLEURA_OP_Transpose:
        return pleura_lower_transpose(l, node);
    case PLEURA_OP_Pad:
        return pleura_lower_pad(l, node);
    case PLEURA_OP_Softmax:
        return pleura_lower_softmax(l, node);
    default:
        return pleura_lower_plain(l, node);
    }
}

/* The numbers of Identity, MaxPool and the like stay on their grid by themselves. */
static bool leaves_grid(const pleura_graph *graph, const pleura_node *node)
{
    return graph->values[node->output].grid &&
           graph->values[node->output].grid != graph->values[node->inputs[0]].grid;
}

static pleura_code lower_node(pleura_lowering *l, const pleura_node *node)
{
    if (pleura_lower_integers(l, node))
        return l->code;
    const bool cut = pleura_lower_cut(l, node);
    if (!cut && pleura_runs_plain(l->graph, node)) /* which rounds, too */
        return pleura_lower_plain(l, node);
    pleura_code code = cut ? l->code : lower_computation(l, node);
    if (code == PLEURA_OK && leaves_grid(l->graph, node))
        code = pleura_lower_rounding(l, node);
    return code;
}

static void keep(pleura_tensor *tensor)
{
    if (tensor)
        tensor->kept = tensor->packed = true;
}

static pleura_code declare(pleura_lowering *l)
{
    const pleura_graph *graph = l->graph;
    for (size_t i = 0; i < graph->input_count; i++)
        keep(pleura_lower_make(l, graph->inputs[i], PLEURA_PLAIN));
    for (size_t i = 0; l->code == PLEURA_OK && i < graph->node_count; i++)
        if (!graph->nodes[i].dead)
            l->code = lower_node(l, &graph->nodes[i]);
    for (size_t i = 0; i < graph->output_count; i++)
        if (!graph->values[graph->outputs[i]].data)
            keep(pleura_lower_use(l, graph->outputs[i], PLEURA_PLAIN));
    return l->code;
}

pleura_code pleura_lower(pleura_lowering *l)
{
    const pleura_value *answer = &l->graph->values[l->graph->outputs[0]];
    if (answer->producer == PLEURA_NONE)
        return pleura_fail(l->error, PLEURA_ERROR_ONNX,
                           "ONNX: the output '%.80s' depends on no image.", answer->name);
    if (declare(l) == PLEURA_OK)
        l->code = pleura_plan_place(l->plan, l->error);
    if (l->code == PLEURA_OK && build(l) == PLEURA_OK)
        l->code = pleura_plan_arrange(l->plan, l->error);
    return l->code == PLEURA_OK ? bind(l) : l->code;
}
