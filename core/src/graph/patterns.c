/*
 * Functions that exporters write out as arithmetic:
 *   x * HardSigmoid(x), alpha 1/6 and beta 1/2            HardSwish
 *   x * clamp(x + 3, 0, 6) / 6                            HardSwish
 *   x * (1 + Erf(x / sqrt 2)) / 2                         Gelu
 *   (x - mean) / sqrt(mean of squares + epsilon)          LayerNormalization
 * Only the node that ends a pattern is rewritten; the others are left to bury_unread().
 */
#include "constant.h"
#include "passes.h"

#include <math.h>

static bool near(double a, double b)
{
    return fabs(a - b) <= 1e-3 * fabs(b);
}

/* Whether an input is one constant number, and which. */
static bool number_of(const pleura_graph *graph, const pleura_node *node, size_t input,
                      double *number)
{
    const pleura_value *value = pleura_node_constant(graph, node, input, PLEURA_FLOAT);
    if (!value || pleura_value_elements(value) != 1)
        return false;
    *number = (double)*(const float *)value->data;
    return true;
}

/* A node of that operator with one constant number among its two inputs: the other input, or
 * PLEURA_NONE. */
static uint32_t with_number(const pleura_graph *graph, const pleura_node *node, pleura_operator op,
                            double wanted)
{
    double number;
    if (!node || node->op != op || node->input_count != 2)
        return PLEURA_NONE;
    bool ordered = op == PLEURA_OP_Div || op == PLEURA_OP_Sub || op == PLEURA_OP_Pow;
    if (number_of(graph, node, 1, &number) && near(number, wanted))
        return node->inputs[0];
    if (!ordered && number_of(graph, node, 0, &number) && near(number, wanted))
        return node->inputs[1];
    return PLEURA_NONE;
}

static void become(pleura_node *node, pleura_operator op, uint32_t input)
{
    node->op = op;
    node->inputs[0] = input;
    node->input_count = 1;
    node->attribute_count = 0;
}

/* ---- HardSwish ---- */

/* Whether a value is clamp(x + 3, 0, 6), times 1/6 if `scaled`. */
static bool is_hard_gate(pleura_graph *graph, uint32_t value, uint32_t x, bool *scaled)
{
    const pleura_node *node = pleura_producer(graph, value);
    *scaled = false;
    if (!node)
        return false;
    if (node->op == PLEURA_OP_HardSigmoid) {
        *scaled = true;
        return node->inputs[0] == x &&
               near((double)pleura_node_float(node, "alpha", 0.2f), 1.0 / 6) &&
               near((double)pleura_node_float(node, "beta", 0.5f), 0.5);
    }
    uint32_t inner = with_number(graph, node, PLEURA_OP_Div, 6);
    if (inner == PLEURA_NONE)
        inner = with_number(graph, node, PLEURA_OP_Mul, 1.0 / 6);
    if (inner != PLEURA_NONE) {
        *scaled = true;
        node = pleura_producer(graph, inner);
    }
    if (!node || node->op != PLEURA_OP_Clip)
        return false;
    double low = (double)pleura_node_float(node, "min", 0),
           high = (double)pleura_node_float(node, "max", 6);
    if (node->input_count > 1 &&
        (!number_of(graph, node, 1, &low) || !number_of(graph, node, 2, &high)))
        return false;
    return low == 0 && high == 6 &&
           with_number(graph, pleura_producer(graph, node->inputs[0]), PLEURA_OP_Add, 3) == x;
}

static bool fuse_hard_swish(pleura_graph *graph, pleura_node *node)
{
    bool scaled;
    /* The division may come last: (x * gate) / 6. */
    uint32_t product = with_number(graph, node, PLEURA_OP_Div, 6);
    if (product == PLEURA_NONE)
        product = with_number(graph, node, PLEURA_OP_Mul, 1.0 / 6);
    const pleura_node *mul = product == PLEURA_NONE ? node : pleura_producer(graph, product);
    if (!mul || mul->op != PLEURA_OP_Mul || mul->input_count != 2)
        return false;
    for (int i = 0; i < 2; i++) {
        uint32_t x = mul->inputs[i], gate = mul->inputs[1 - i];
        if (is_hard_gate(graph, gate, x, &scaled) && scaled == (product == PLEURA_NONE)) {
            become(node, PLEURA_OP_HardSwish, x);
            return true;
        }
    }
    return false;
}

/* ---- Gelu ---- */

/* Whether a value is 1 + Erf(x / sqrt 2). */
static bool is_gelu_gate(pleura_graph *graph, uint32_t value, uint32_t x)
{
    uint32_t erf = with_number(graph, pleura_producer(graph, value), PLEURA_OP_Add, 1);
    const pleura_node *node = pleura_producer(graph, erf);
    if (!node || node->op != PLEURA_OP_Erf)
        return false;
    const pleura_node *inner = pleura_producer(graph, node->inputs[0]);
    return with_number(graph, inner, PLEURA_OP_Div, sqrt(2)) == x ||
           with_number(graph, inner, PLEURA_OP_Mul, sqrt(0.5)) == x;
}

/* The half may be at any of three places: (0.5 x) gate, x (0.5 gate), 0.5 (x gate). */
static bool fuse_gelu(pleura_graph *graph, pleura_node *node)
{
    if (node->op != PLEURA_OP_Mul || node->input_count != 2)
        return false;
    uint32_t product = with_number(graph, node, PLEURA_OP_Mul, 0.5);
    const pleura_node *mul = product == PLEURA_NONE ? node : pleura_producer(graph, product);
    if (!mul || mul->op != PLEURA_OP_Mul || mul->input_count != 2)
        return false;
    for (int i = 0; i < 2; i++) {
        uint32_t x = mul->inputs[i], gate = mul->inputs[1 - i];
        uint32_t half_x = with_number(graph, pleura_producer(graph, x), PLEURA_OP_Mul, 0.5);
        uint32_t half_gate = with_number(graph, pleura_producer(graph, gate), PLEURA_OP_Mul, 0.5);
        if (product != PLEURA_NONE
                ? !is_gelu_gate(graph, gate, x)
                : !(half_x != PLEURA_NONE && is_gelu_gate(graph, gate, half_x)) &&
                      !(half_gate != PLEURA_NONE && is_gelu_gate(graph, half_gate, x)))
            continue;
        become(node, PLEURA_OP_Gelu,
               product == PLEURA_NONE && half_x != PLEURA_NONE && is_gelu_gate(graph, gate, half_x)
                   ? half_x
                   : x);
        return true;
    }
    return false;
}

/* ---- Layer norm: d = x - mean(x); d / sqrt(mean(d d) + epsilon) ---- */

static bool is_last_mean(const pleura_graph *graph, const pleura_node *node)
{
    if (!node || node->op != PLEURA_OP_ReduceMean || !pleura_node_int(node, "keepdims", 1))
        return false;
    const pleura_attribute *axes = pleura_node_attribute(node, "axes", 'I');
    const pleura_value *listed = pleura_node_constant(graph, node, 1, PLEURA_INT64);
    int rank = graph->values[node->inputs[0]].rank;
    int64_t axis = axes && axes->count == 1                       ? axes->ints[0]
                   : listed && pleura_value_elements(listed) == 1 ? *(const int64_t *)listed->data
                                                                  : 0;
    return axis == -1 || axis == rank - 1;
}

static bool is_square(pleura_graph *graph, uint32_t value, uint32_t of)
{
    const pleura_node *node = pleura_producer(graph, value);
    if (!node)
        return false;
    return with_number(graph, node, PLEURA_OP_Pow, 2) == of ||
           (node->op == PLEURA_OP_Mul && node->inputs[0] == of && node->inputs[1] == of);
}

/* LayerNormalization has a scale, which is 1 here: whatever follows scales by itself. */
static uint32_t constant_one(pleura_graph *graph)
{
    float *one = pleura_arena_alloc(&graph->arena, sizeof *one);
    uint32_t index = one ? pleura_graph_new_value(graph, "a scale of 1") : PLEURA_NONE;
    if (index == PLEURA_NONE)
        return PLEURA_NONE;
    *one = 1;
    pleura_value *value = &graph->values[index];
    value->data = one;
    value->has_shape = true;
    value->rank = 1;
    value->dims[0] = 1;
    return index;
}

static bool fuse_layer_norm(pleura_graph *graph, pleura_node *node)
{
    if (node->op != PLEURA_OP_Div)
        return false;
    const uint32_t d = node->inputs[0];
    const pleura_node *minus = pleura_producer(graph, d);
    const pleura_node *root = pleura_producer(graph, node->inputs[1]);
    if (!minus || minus->op != PLEURA_OP_Sub || !root || root->op != PLEURA_OP_Sqrt)
        return false;
    const pleura_node *mean = pleura_producer(graph, minus->inputs[1]);
    const pleura_node *plus = pleura_producer(graph, root->inputs[0]);
    double epsilon = 0;
    if (!is_last_mean(graph, mean) || mean->inputs[0] != minus->inputs[0] || !plus ||
        plus->op != PLEURA_OP_Add || !number_of(graph, plus, 1, &epsilon))
        return false;
    const pleura_node *variance = pleura_producer(graph, plus->inputs[0]);
    if (!is_last_mean(graph, variance) || !is_square(graph, variance->inputs[0], d))
        return false;
    uint32_t one = constant_one(graph), x = minus->inputs[0];
    pleura_attribute *attribute = pleura_arena_alloc(&graph->arena, sizeof *attribute);
    graph->out_of_memory = graph->out_of_memory || one == PLEURA_NONE || !attribute;
    if (graph->out_of_memory)
        return false;
    *attribute = (pleura_attribute){.name = "epsilon", .kind = 'f', .f = (float)epsilon};
    node->op = PLEURA_OP_LayerNormalization;
    node->inputs[0] = x;
    node->inputs[1] = one;
    node->attributes = attribute;
    node->attribute_count = 1;
    return true;
}

void pleura_fuse_patterns(pleura_graph *graph)
{
    for (size_t n = 0; n < graph->node_count; n++) {
        pleura_node *node = &graph->nodes[n];
        if (node->dead ||
            !pleura_same_shape(&graph->values[node->inputs[0]], &graph->values[node->output]))
            continue;
        (void)(fuse_hard_swish(graph, node) || fuse_gelu(graph, node) ||
               fuse_layer_norm(graph, node));
    }
    pleura_count_users(graph);
}
