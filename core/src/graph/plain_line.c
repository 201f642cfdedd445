/* Along one axis, line by line: TopK, Hardmax, CumSum. */
#include "plain_loops.h"

#include "../error.h"
#include "constant.h"
#include "fold.h"

typedef struct lines {
    pleura_operator op;
    const int32_t *from, *to; /* where each line begins */
    size_t count;             /* of lines */
    size_t length, made;      /* of each, in the input and in the output */
    size_t step_in, step_out; /* between neighbours */
    bool least, indices;      /* TopK */
    bool exclusive, reverse;  /* CumSum */
} lines;

/* Whether number `a` comes before `b`; of equal ones the first. */
static bool precedes(const lines *l, const float *x, size_t a, size_t b)
{
    float p = x[a * l->step_in], q = x[b * l->step_in];
    return p == q ? a < b : l->least ? p < q : p > q;
}

/* One after the other, the next of those behind the last one. */
static void order(const lines *l, const float *x, float *y)
{
    size_t last = 0;
    for (size_t k = 0; k < l->made; k++) {
        size_t best = l->length;
        for (size_t i = 0; i < l->length; i++)
            if ((k == 0 || precedes(l, x, last, i)) &&
                (best == l->length || precedes(l, x, i, best)))
                best = i;
        best = best == l->length ? last : best; /* numbers that are none have no order */
        y[k * l->step_out] = l->indices ? (float)best : x[best * l->step_in];
        last = best;
    }
}

static void mark(const lines *l, const float *x, float *y)
{
    size_t best = 0;
    for (size_t i = 1; i < l->length; i++)
        best = x[i * l->step_in] > x[best * l->step_in] ? i : best;
    for (size_t i = 0; i < l->length; i++)
        y[i * l->step_out] = i == best;
}

static void accumulate(const lines *l, const float *x, float *y)
{
    double sum = 0;
    for (size_t k = 0; k < l->length; k++) {
        size_t i = l->reverse ? l->length - 1 - k : k;
        double number = (double)x[i * l->step_in];
        y[i * l->step_out] = (float)(l->exclusive ? sum : sum + number);
        sum += number;
    }
}

static void run_lines(const pleura_plain *plain)
{
    const lines *l = plain->plan;
    for (size_t i = 0; i < l->count; i++) {
        const float *x = (const float *)plain->inputs[0] + l->from[i];
        float *y = (float *)plain->output + l->to[i];
        if (l->op == PLEURA_OP_TopK)
            order(l, x, y);
        else if (l->op == PLEURA_OP_Hardmax)
            mark(l, x, y);
        else
            accumulate(l, x, y);
    }
}

/* Before operator set 13, what lies from Hardmax's axis on is one line. */
static void join_axes(pleura_strided *tensor, int axis)
{
    for (int i = axis + 1; i < tensor->rank; i++)
        tensor->dims[axis] *= tensor->dims[i];
    tensor->strides[axis] = 1;
    tensor->rank = axis + 1;
}

pleura_code pleura_plain_line(const pleura_plain_request *request, pleura_plain *plain,
                              pleura_error *error)
{
    const pleura_node *node = request->node;
    lines *l = pleura_plain_plan(request, plain, sizeof *l, run_lines, error);
    if (!l)
        return PLEURA_ERROR_MEMORY;
    const int axis = pleura_line_axis(request->graph, node);
    pleura_strided in = pleura_plain_tensor(request, 0),
                   out = pleura_plain_tensor(request, PLEURA_OUTPUT);
    if (node->op == PLEURA_OP_Hardmax && request->graph->opset < 13) {
        join_axes(&in, axis);
        join_axes(&out, axis);
    }
    bool others[PLEURA_MAX_RANK];
    for (int i = 0; i < in.rank; i++)
        others[i] = i != axis;
    *l = (lines){.op = node->op,
                 .from = pleura_plain_offsets(&in, others, &l->count, request->arena),
                 .length = (size_t)in.dims[axis],
                 .made = (size_t)out.dims[axis],
                 .step_in = (size_t)in.strides[axis],
                 .step_out = (size_t)out.strides[axis],
                 .least = pleura_node_int(node, "largest", 1) == 0,
                 .indices = node->part == 1,
                 .exclusive = pleura_node_int(node, "exclusive", 0) != 0,
                 .reverse = pleura_node_int(node, "reverse", 0) != 0};
    l->to = pleura_plain_offsets(&out, others, &l->count, request->arena);
    return l->from && l->to
               ? PLEURA_OK
               : pleura_fail_memory(error, plain->output_count * sizeof *l->to, node->name);
}

/* ---- Their shapes ---- */

int pleura_line_axis(const pleura_graph *graph, const pleura_node *node)
{
    const pleura_value *x = &graph->values[node->inputs[0]];
    int64_t axis =
        pleura_node_int(node, "axis", node->op == PLEURA_OP_Hardmax && graph->opset < 13 ? 1 : -1);
    const pleura_value *given =
        node->op == PLEURA_OP_CumSum ? pleura_node_constant(graph, node, 1, PLEURA_INT64) : NULL;
    if (node->op == PLEURA_OP_CumSum)
        axis = given && pleura_value_elements(given) == 1 ? pleura_constant_int(given, 0) : x->rank;
    return pleura_axis(axis, x->rank);
}

pleura_code pleura_infer_line(const pleura_walk *w)
{
    const pleura_value *x = pleura_walk_input(w, 0);
    const int axis = pleura_line_axis(w->graph, w->node);
    int64_t dims[PLEURA_MAX_RANK];
    if (axis < 0)
        return pleura_walk_refuse(w,
                                  "works along an axis that its input lacks, or that is computed");
    for (int i = 0; i < x->rank; i++)
        dims[i] = x->dims[i];
    if (w->node->op == PLEURA_OP_TopK) {
        const pleura_value *k = pleura_node_constant(w->graph, w->node, 1, PLEURA_INT64);
        dims[axis] = k && pleura_value_elements(k) == 1 ? pleura_constant_int(k, 0)
                                                        : pleura_node_int(w->node, "k", -1);
        if (dims[axis] < 0 || dims[axis] > x->dims[axis])
            return pleura_walk_refuse(w, "takes more numbers than there are, or computes how many");
    }
    return pleura_walk_set(w, x->rank, dims);
}
