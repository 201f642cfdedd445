#include "arguments.h"

#include "../error.h"
#include "constant.h"

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

bool pleura_node_averages_image(const pleura_graph *graph, const pleura_node *node)
{
    bool axes[PLEURA_MAX_RANK];
    if (graph->values[node->inputs[0]].rank != 4)
        return false;
    return node->op == PLEURA_OP_GlobalAveragePool ||
           (node->op == PLEURA_OP_ReduceMean &&
            pleura_node_axes(graph, node, axes, NULL, NULL) == PLEURA_OK && !axes[0] && !axes[1] &&
            axes[2] && axes[3]);
}
