/*
 * Quantised networks (QDQ): QuantizeLinear and DequantizeLinear around every layer say on which grid
 * its numbers lie. Here a pair of them becomes the grid of one value (graph.h), and goes:
 *
 *     Conv -> y -> QuantizeLinear -> DequantizeLinear -> z        Conv -> z on a grid
 *
 * Whoever computes with integers finds grids on a node's inputs, weights and output; computing with
 * floats and rounding to the output's grid gives what ONNX says, number by number. What does not fit
 * (a scale for each channel of an activation, integers that are read) stays as it is and is run.
 */
#include "../error.h"
#include "fold.h"
#include "passes.h"

static bool same_grid(const pleura_grid *a, const pleura_grid *b)
{
    return a && b && a->axis < 0 && b->axis < 0 && a->type == b->type &&
           a->scales[0] == b->scales[0] && a->zeros[0] == b->zeros[0];
}

/* Moving numbers about leaves them on their grid. */
static bool keeps_grid(const pleura_node *node)
{
    switch (node->op) {
    case PLEURA_OP_Flatten:
    case PLEURA_OP_MaxPool:
    case PLEURA_OP_Reshape:
    case PLEURA_OP_Slice:
    case PLEURA_OP_Split:
    case PLEURA_OP_Squeeze:
    case PLEURA_OP_Transpose:
    case PLEURA_OP_Unsqueeze:
        return node->part == 0 || node->op == PLEURA_OP_Split;
    default:
        return false;
    }
}

/* Other dimensions for the same numbers. */
static bool only_renames(const pleura_node *node)
{
    return node->op == PLEURA_OP_Flatten || node->op == PLEURA_OP_Reshape ||
           node->op == PLEURA_OP_Squeeze || node->op == PLEURA_OP_Unsqueeze;
}

/*
 * What the readers of each value make of it: on which grid they all take it to be, directly or moved.
 * `mixed` stands for readers that take the integers themselves, or that do not agree.
 */
static const pleura_grid mixed;

static void read_as(const pleura_grid **readings, uint32_t value, const pleura_grid *grid)
{
    if (!readings[value])
        readings[value] = grid;
    else if (!same_grid(readings[value], grid))
        readings[value] = &mixed;
}

static void find_readings(pleura_graph *graph, const pleura_grid **readings)
{
    for (size_t i = 0; i < graph->output_count; i++)
        readings[graph->outputs[i]] = &mixed;
    for (size_t n = graph->node_count; n-- > 0;) {
        const pleura_node *node = &graph->nodes[n];
        for (size_t i = 0; !node->dead && i < node->input_count; i++) {
            const pleura_grid *grid = NULL;
            if (node->inputs[i] == PLEURA_NONE)
                continue;
            if (i == 0 && node->op == PLEURA_OP_DequantizeLinear)
                grid = pleura_node_grid(graph, node);
            else if (i == 0 && keeps_grid(node))
                grid = readings[node->output];
            read_as(readings, node->inputs[i], grid ? grid : &mixed);
        }
    }
}

static void set_grid(pleura_value *value, const pleura_grid *grid)
{
    value->grid = grid;
    value->whole = false;
}

/* Forwards: where a QuantizeLinear's readers all undo it, its output is on its grid, and so is what
 * is moved from there; the nodes that undo it go. */
static void place_on_grids(pleura_graph *graph, const pleura_grid *const *readings)
{
    for (size_t n = 0; n < graph->node_count; n++) {
        pleura_node *node = &graph->nodes[n];
        if (node->dead)
            continue;
        pleura_value *output = &graph->values[node->output];
        const pleura_value *input = &graph->values[node->inputs[0]];
        if (node->op == PLEURA_OP_QuantizeLinear) {
            const pleura_grid *grid = pleura_node_grid(graph, node);
            if (!same_grid(grid, readings[node->output]))
                continue;
            set_grid(output, grid);
            node->op = PLEURA_OP_Identity;
            node->input_count = 1;
        } else if (keeps_grid(node) && input->grid && input->whole == false && output->whole) {
            set_grid(output, input->grid);
        } else if (node->op == PLEURA_OP_DequantizeLinear && input->grid && !input->data) {
            node->dead = true;
            pleura_replace_value(graph, node->output, node->inputs[0]);
        } else if (only_renames(node) && input->grid && input->grid->axis < 0 && !input->data) {
            output->grid = input->grid; /* real numbers are moved, and stay on it */
        }
    }
}

/* The node before a rounding rounds by itself, if nobody else reads its output unrounded. */
static void absorb_rounding(pleura_graph *graph, pleura_node *rounding)
{
    const pleura_grid *grid = graph->values[rounding->output].grid;
    pleura_node *producer = pleura_sole_producer(graph, rounding->inputs[0]);
    if (same_grid(graph->values[rounding->inputs[0]].grid, grid)) {
        rounding->dead = true;
        pleura_replace_value(graph, rounding->output, rounding->inputs[0]);
        graph->values[rounding->inputs[0]].users += graph->values[rounding->output].users - 1;
    } else if (producer && !graph->values[producer->output].grid) {
        pleura_absorb(graph, producer, rounding);
    }
}

pleura_code pleura_quantise(pleura_graph *graph, pleura_error *error)
{
    const pleura_grid **readings = pleura_alloc_zero(graph->value_count, sizeof *readings);
    if (!readings)
        return pleura_fail_memory(error, graph->value_count * sizeof *readings, "the grids");
    find_readings(graph, readings);
    place_on_grids(graph, readings);
    pleura_free(readings);
    pleura_count_users(graph);
    for (size_t n = 0; n < graph->node_count; n++) {
        pleura_node *node = &graph->nodes[n];
        if (!node->dead && node->op == PLEURA_OP_Identity && graph->values[node->output].grid)
            absorb_rounding(graph, node);
    }
    return PLEURA_OK;
}
