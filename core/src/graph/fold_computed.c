/* Nodes of constants that compute, by the loops of plain.c. */
#include "fold.h"

#include "../error.h"
#include "constant.h"
#include "plain.h"

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
    if (node->op == PLEURA_OP_DequantizeLinear) /* what pleura_fold_dequantise() left */
        return PLEURA_FLOAT;
    if (node->op == PLEURA_OP_OneHot)
        return pleura_is_real(&graph->values[node->inputs[2]]) ? PLEURA_FLOAT : PLEURA_INT64;
    for (size_t i = 0; i < (all ? node->input_count : 1); i++)
        if (pleura_is_real(&graph->values[node->inputs[i]]))
            return PLEURA_FLOAT;
    return PLEURA_INT64;
}

static pleura_code fold_quantised(pleura_graph *graph, const float *stored, pleura_value *out,
                                  const pleura_grid *grid, pleura_error *error)
{
    const bool bytes = grid->type == PLEURA_INT8 || grid->type == PLEURA_UINT8;
    out->element = bytes ? grid->type : PLEURA_INT64;
    void *data = pleura_constant_storage(graph, out);
    int64_t count = pleura_value_elements(out);
    if (!data)
        return pleura_fail_memory(error, (size_t)count * pleura_element_size(out->element),
                                  out->name);
    for (int64_t i = 0; i < count; i++)
        if (bytes)
            ((uint8_t *)data)[i] = (uint8_t)(int)stored[i];
        else
            ((int64_t *)data)[i] = (int64_t)stored[i];
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
            ((int64_t *)data)[i] = pleura_whole_part(result[i]);
        else
            ((float *)data)[i] = result[i];
    return PLEURA_OK;
}

/* Steps that one node may take. */
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
    case PLEURA_OP_Einsum: /* of one number, at most every pair */
        return (double)pleura_value_elements(x) *
               (node->input_count > 1
                    ? (double)pleura_value_elements(&graph->values[node->inputs[1]])
                    : 1);
    case PLEURA_OP_Gemm:
    case PLEURA_OP_MatMul:
        return (double)x->dims[pleura_node_int(node, "transA", 0) ? 0 : x->rank - 1];
    case PLEURA_OP_AveragePool:
    case PLEURA_OP_LpPool:
    case PLEURA_OP_MaxPool:
        for (size_t i = 0; kernel && i < kernel->count; i++)
            steps *= (double)kernel->ints[i];
        return steps;
    case PLEURA_OP_GridSample: /* at most four taps an axis */
        return (double)(1 << 2 * (x->rank - 2));
    case PLEURA_OP_LRN:
        return (double)pleura_node_int(node, "size", 1);
    case PLEURA_OP_TopK:
        return (double)pleura_value_elements(x);
    default:
        return steps;
    }
}

static pleura_code check_effort(pleura_graph *graph, const pleura_node *node, pleura_error *error)
{
    const pleura_value *out = &graph->values[node->output];
    double steps = (double)pleura_value_elements(out) * steps_each(graph, node);
    return pleura_fold_spend(graph, out) && steps <= MAX_STEPS ? PLEURA_OK
                                                               : pleura_fold_refuse(node, error);
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
