/* Many numbers to one: sums, means, extremes, and where an extreme is. */
#include "plain_loops.h"

#include "fold.h"

#include <math.h>

typedef struct reduction {
    pleura_operator op;
    pleura_element element;
    const int32_t *from, *to; /* of each output number: its first input number, and its own place */
    const int32_t *places;    /* what it takes in, from the first one on */
    size_t outer, count;
    bool last; /* ArgMax, ArgMin: of equal ones the last */
} reduction;

static double reduce_row(pleura_operator op, const float *x, const int32_t *places, size_t count)
{
    bool most = op == PLEURA_OP_ReduceMax || op == PLEURA_OP_GlobalMaxPool ||
                op == PLEURA_OP_ReduceLogSumExp;
    double extreme = count && (most || op == PLEURA_OP_ReduceMin) ? (double)x[places[0]]
                     : most                                       ? -HUGE_VAL
                                                                  : HUGE_VAL;
    double sum = 0, product = 1;
    for (size_t i = 0; i < count; i++) {
        double number = (double)x[places[i]];
        switch (op) {
        case PLEURA_OP_ReduceL1:
            sum += fabs(number);
            break;
        case PLEURA_OP_ReduceL2:
        case PLEURA_OP_ReduceSumSquare:
            sum += number * number;
            break;
        case PLEURA_OP_ReduceMin:
            extreme = number < extreme ? number : extreme;
            break;
        case PLEURA_OP_ReduceProd:
            product *= number;
            break;
        default:
            if (most)
                extreme = number > extreme ? number : extreme;
            sum += number;
            break;
        }
    }
    switch (op) {
    case PLEURA_OP_GlobalAveragePool:
    case PLEURA_OP_ReduceMean:
        return sum / (double)count;
    case PLEURA_OP_ReduceL2:
        return sqrt(sum);
    case PLEURA_OP_ReduceLogSum:
        return log(sum);
    case PLEURA_OP_ReduceProd:
        return product;
    case PLEURA_OP_ReduceLogSumExp:
        sum = 0; /* with the largest taken out, so that nothing overflows */
        for (size_t i = 0; i < count; i++)
            sum += exp((double)x[places[i]] - extreme);
        return count ? log(sum) + extreme : -HUGE_VAL;
    default:
        return most || op == PLEURA_OP_ReduceMin ? extreme : sum;
    }
}

static void run_real(const pleura_plain *plain)
{
    const reduction *r = plain->plan;
    for (size_t i = 0; i < r->outer; i++)
        ((float *)plain->output)[r->to[i]] = (float)reduce_row(
            r->op, (const float *)plain->inputs[0] + r->from[i], r->places, r->count);
}

static void run_integer(const pleura_plain *plain)
{
    const reduction *r = plain->plan;
    for (size_t i = 0; i < r->outer; i++) {
        const int64_t *x = (const int64_t *)plain->inputs[0] + r->from[i];
        int64_t extreme = r->count ? x[r->places[0]] : 0;
        uint64_t sum = 0, product = 1;
        for (size_t k = 0; k < r->count; k++) {
            int64_t number = x[r->places[k]];
            sum += (uint64_t)number;
            product *= (uint64_t)number;
            if (r->op == PLEURA_OP_ReduceMax ? number > extreme : number < extreme)
                extreme = number;
        }
        ((int64_t *)plain->output)[r->to[i]] = r->op == PLEURA_OP_ReduceSum    ? (int64_t)sum
                                               : r->op == PLEURA_OP_ReduceProd ? (int64_t)product
                                                                               : extreme;
    }
}

/* Without kept dimensions the output has fewer axes: its strides, seen from the input's axes. */
static pleura_strided output_as_input(const pleura_plain_request *request, const pleura_strided *in,
                                      const bool *reduced)
{
    pleura_strided out = pleura_plain_tensor(request, PLEURA_OUTPUT), seen = *in;
    bool kept = out.rank == in->rank;
    for (int i = 0, at = 0; i < in->rank; i++) {
        seen.strides[i] = reduced[i] ? 0 : out.strides[kept ? i : at];
        at += !reduced[i];
    }
    return seen;
}

static reduction *make(const pleura_plain_request *request, pleura_plain *plain,
                       const bool *reduced, void (*run)(const pleura_plain *), pleura_error *error)
{
    reduction *r = pleura_plain_plan(request, plain, sizeof *r, run, error);
    if (!r)
        return NULL;
    pleura_strided in = pleura_plain_tensor(request, 0);
    pleura_strided out = output_as_input(request, &in, reduced);
    bool kept[PLEURA_MAX_RANK];
    for (int i = 0; i < in.rank; i++)
        kept[i] = !reduced[i];
    r->op = request->node->op;
    r->from = pleura_plain_offsets(&in, kept, &r->outer, request->arena);
    r->to = pleura_plain_offsets(&out, kept, &r->outer, request->arena);
    r->places = pleura_plain_offsets(&in, reduced, &r->count, request->arena);
    if (r->from && r->to && r->places)
        return r;
    pleura_fail_memory(error, plain->output_count * sizeof *r->from, request->node->name);
    return NULL;
}

pleura_code pleura_plain_reduce(const pleura_plain_request *request, pleura_plain *plain,
                                pleura_error *error)
{
    const pleura_node *node = request->node;
    bool reduced[PLEURA_MAX_RANK] = {false, false, true, true, true, true}; /* global pooling */
    pleura_code code = PLEURA_OK;
    if (pleura_operator_family(node->op) == PLEURA_REDUCE)
        code = pleura_node_axes(request->graph, node, reduced, NULL, error);
    if (code != PLEURA_OK)
        return code;
    bool integers = request->element != PLEURA_FLOAT;
    pleura_node_label label;
    if (integers && node->op != PLEURA_OP_ReduceSum && node->op != PLEURA_OP_ReduceProd &&
        node->op != PLEURA_OP_ReduceMax && node->op != PLEURA_OP_ReduceMin)
        return pleura_fail(error, PLEURA_ERROR_OPERATOR, "ONNX: %s does not compute with integers.",
                           pleura_node_describe(node, &label));
    return make(request, plain, reduced, integers ? run_integer : run_real, error)
               ? PLEURA_OK
               : PLEURA_ERROR_MEMORY;
}

static void run_extreme(const pleura_plain *plain)
{
    const reduction *r = plain->plan;
    for (size_t i = 0; i < r->outer; i++) {
        const float *x = (const float *)plain->inputs[0] + r->from[i];
        size_t best = 0;
        for (size_t k = 1; k < r->count; k++) {
            float number = x[r->places[k]], other = x[r->places[best]];
            bool better = r->op == PLEURA_OP_ArgMax ? number > other : number < other;
            if (better || (r->last && number == other))
                best = k;
        }
        ((float *)plain->output)[r->to[i]] = (float)best;
    }
}

pleura_code pleura_plain_extreme(const pleura_plain_request *request, pleura_plain *plain,
                                 pleura_error *error)
{
    const pleura_node *node = request->node;
    int rank = request->graph->values[node->inputs[0]].rank;
    int axis = pleura_axis(pleura_node_int(node, "axis", 0), rank);
    bool reduced[PLEURA_MAX_RANK] = {false};
    reduced[axis] = true;
    reduction *r = make(request, plain, reduced, run_extreme, error);
    if (!r)
        return PLEURA_ERROR_MEMORY;
    r->last = pleura_node_int(node, "select_last_index", 0) != 0;
    return PLEURA_OK;
}
