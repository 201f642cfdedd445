/* Grids (graph.h) as QuantizeLinear and DequantizeLinear name them, and constants that lie on one. */
#include "fold.h"

#include "constant.h"

#include <string.h>

/* A copy of the scales and zeros that a node gives; NULL if they are no constants that fit. */
static pleura_grid *read_grid(pleura_graph *graph, const pleura_node *node,
                              const pleura_value *input, pleura_element type)
{
    const pleura_value *scale = pleura_node_constant(graph, node, 1, PLEURA_FLOAT);
    const pleura_value *zero = node->input_count > 2 && node->inputs[2] != PLEURA_NONE
                                   ? &graph->values[node->inputs[2]]
                                   : NULL;
    if (!scale || scale->rank > 1 ||
        (zero && (!zero->data || pleura_is_real(zero) || zero->rank > 1)))
        return NULL;
    /* One scale may stand for all: MatMulInteger has none, but zero points. */
    const int64_t scales = pleura_value_elements(scale),
                  zeros_given = zero ? pleura_value_elements(zero) : scales;
    const int64_t count = scales > zeros_given ? scales : zeros_given;
    int axis = pleura_axis(pleura_node_int(node, "axis", 1), input->rank);
    bool by_axis = count > 1;
    if (count < 1 || (by_axis && (axis < 0 || input->dims[axis] != count)) ||
        (scales != count && scales != 1) || zeros_given != count)
        return NULL;
    pleura_grid *grid = pleura_arena_alloc(&graph->arena, sizeof *grid);
    int32_t *zeros = pleura_arena_alloc(&graph->arena, (size_t)count * sizeof *zeros);
    float *steps = pleura_arena_alloc(&graph->arena, (size_t)count * sizeof *steps);
    graph->out_of_memory = graph->out_of_memory || !grid || !zeros || !steps;
    if (!grid || !zeros || !steps)
        return NULL;
    for (int64_t i = 0; i < count; i++) {
        steps[i] = ((const float *)scale->data)[scales == 1 ? 0 : i];
        zeros[i] = zero ? (int32_t)pleura_constant_int(zero, i) : 0;
    }
    *grid = (pleura_grid){type, by_axis ? axis : -1, (size_t)count, steps, zeros};
    return grid;
}

int64_t pleura_quantised_type(const pleura_graph *graph, const pleura_node *node)
{
    if (node->input_count > 2 && node->inputs[2] != PLEURA_NONE)
        return graph->values[node->inputs[2]].type;
    if (node->op == PLEURA_OP_DequantizeLinear)
        return graph->values[node->inputs[0]].type;
    const int64_t type = pleura_node_int(node, "output_dtype", 0);
    return type ? type : PLEURA_TYPE_UINT8;
}

bool pleura_grid_element(int64_t type, pleura_element *element)
{
    switch (type) {
    case PLEURA_TYPE_INT8:
        return *element = PLEURA_INT8, true;
    case PLEURA_TYPE_UINT8:
        return *element = PLEURA_UINT8, true;
    case PLEURA_TYPE_INT16:
        return *element = PLEURA_INT16, true;
    case PLEURA_TYPE_UINT16:
        return *element = PLEURA_UINT16, true;
    default:
        return false;
    }
}

void pleura_grid_range(pleura_element type, float *low, float *high)
{
    const bool two_bytes = type == PLEURA_INT16 || type == PLEURA_UINT16;
    const float size = two_bytes ? 65536 : 256;
    *low = type == PLEURA_INT8 || type == PLEURA_INT16 ? -size / 2 : 0;
    *high = *low + size - 1;
}

const pleura_grid *pleura_node_grid(pleura_graph *graph, const pleura_node *node)
{
    pleura_element element;
    return pleura_grid_element(pleura_quantised_type(graph, node), &element)
               ? read_grid(graph, node, &graph->values[node->inputs[0]], element)
               : NULL;
}

/* The integers stay as they are, and get a meaning. */
bool pleura_fold_dequantise(pleura_graph *graph, const pleura_node *node, pleura_value *out)
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
