/* Number by number: one tensor, or several with numpy's broadcasting. */
#include "plain_loops.h"
#include "plain_numbers.h"

#include <math.h>
#include <string.h>

/* The walk over the output, in the order of its memory. */
typedef struct walk {
    int rank; /* at least 1; the last axis is the innermost */
    int64_t dims[PLEURA_MAX_RANK];
    int64_t (*strides)[PLEURA_MAX_RANK]; /* of each input; 0 where it is broadcast */
} walk;

typedef struct elementwise {
    walk walk;
    size_t inputs;
    pleura_element element;
    const pleura_unary *unary;
    pleura_unary_float *real; /* what the node's attributes make of unary->real */
    float a, b;
    pleura_binary binary;
    bool where, mean;
} elementwise;

/* Joins axes that lie behind one another in every tensor, so that inner loops are long. */
static void merge_axes(walk *w, size_t inputs)
{
    int kept = 0;
    for (int i = 1; i < w->rank; i++) {
        bool joined = true;
        for (size_t k = 0; k < inputs; k++)
            joined = joined && w->strides[k][kept] == w->strides[k][i] * w->dims[i];
        if (!joined)
            kept++;
        w->dims[kept] = joined ? w->dims[kept] * w->dims[i] : w->dims[i];
        for (size_t k = 0; k < inputs; k++)
            w->strides[k][kept] = w->strides[k][i];
    }
    w->rank = kept + 1;
}

static bool make_walk(const pleura_plain_request *request, walk *w, size_t inputs)
{
    pleura_strided out = pleura_plain_tensor(request, PLEURA_OUTPUT);
    int order[PLEURA_MAX_RANK];
    pleura_plain_order(&out, order);
    w->strides = pleura_arena_alloc(request->arena, (inputs + 1) * sizeof *w->strides);
    if (!w->strides)
        return false;
    w->rank = 1;
    w->dims[0] = 1;
    int kept = 0; /* axes of 1 need no loop */
    for (int i = 0; i < out.rank; i++)
        if (out.dims[order[i]] != 1) {
            order[kept] = order[i];
            w->dims[kept] = out.dims[order[i]];
            w->rank = ++kept;
        }
    for (size_t k = 0; k < inputs; k++) {
        pleura_strided in = pleura_plain_tensor(request, k);
        for (int i = 0; i < kept; i++) {
            int axis = order[i] - (out.rank - in.rank);
            bool spread = axis < 0 || in.dims[axis] == 1;
            w->strides[k][i] = spread ? 0 : in.strides[axis];
        }
    }
    merge_axes(w, inputs);
    return true;
}

static void loop_real(const elementwise *e, const float *x, int64_t xs, const float *y, int64_t ys,
                      float *out, int64_t count)
{
    if (e->unary)
        for (int64_t i = 0; i < count; i++)
            out[i] = e->real(x[i * xs], e->a, e->b);
    else
        for (int64_t i = 0; i < count; i++)
            out[i] = e->binary.real(x[i * xs], y[i * ys]);
}

static void loop_integer(const elementwise *e, const int64_t *x, int64_t xs, const int64_t *y,
                         int64_t ys, int64_t *out, int64_t count)
{
    if (e->unary)
        for (int64_t i = 0; i < count; i++)
            out[i] = e->unary->integer(x[i * xs]);
    else
        for (int64_t i = 0; i < count; i++)
            out[i] = e->binary.integer(x[i * xs], y[i * ys]);
}

/* Where the innermost rows of an input begin, counted in elements. */
static int64_t row_offset(const walk *w, const int64_t *strides, int64_t row)
{
    int64_t offset = 0;
    for (int i = w->rank - 1; i-- > 0; row /= w->dims[i])
        offset += row % w->dims[i] * strides[i];
    return offset;
}

/* out = x op y, row by row; `x` or `y` may be the output itself, whose strides are its own. */
static void combine(const elementwise *e, const void *x, const int64_t *x_strides, const void *y,
                    const int64_t *y_strides, void *out, size_t out_count)
{
    const walk *w = &e->walk;
    const int last = w->rank - 1;
    int64_t length = w->dims[last], rows = length ? (int64_t)out_count / length : 0;
    for (int64_t row = 0; row < rows; row++) {
        int64_t xo = x_strides ? row_offset(w, x_strides, row) : row * length;
        int64_t yo = y_strides ? row_offset(w, y_strides, row) : row * length;
        int64_t xs = x_strides ? x_strides[last] : 1, ys = y_strides ? y_strides[last] : 1;
        if (e->element == PLEURA_FLOAT)
            loop_real(e, (const float *)x + xo, xs, (const float *)y + yo, ys,
                      (float *)out + row * length, length);
        else
            loop_integer(e, (const int64_t *)x + xo, xs, (const int64_t *)y + yo, ys,
                         (int64_t *)out + row * length, length);
    }
}

static void run_unary(const pleura_plain *plain)
{
    elementwise e = *(const elementwise *)plain->plan;
    if (plain->input_count > 1 && plain->inputs[1]) /* Clip's bounds */
        e.a = *(const float *)plain->inputs[1];
    if (plain->input_count > 2 && plain->inputs[2])
        e.b = *(const float *)plain->inputs[2];
    combine(&e, plain->inputs[0], e.walk.strides[0], plain->inputs[0], e.walk.strides[0],
            plain->output, plain->output_count);
}

static void clip_integers(const pleura_plain *plain)
{
    const int64_t *x = plain->inputs[0], *low = plain->input_count > 1 ? plain->inputs[1] : NULL,
                  *high = plain->input_count > 2 ? plain->inputs[2] : NULL;
    for (size_t i = 0; i < plain->output_count; i++) {
        int64_t number = low && x[i] < *low ? *low : x[i];
        ((int64_t *)plain->output)[i] = high && number > *high ? *high : number;
    }
}

static void run_broadcast(const pleura_plain *plain)
{
    const elementwise *e = plain->plan;
    const void *const *in = plain->inputs;
    int64_t(*strides)[PLEURA_MAX_RANK] = e->walk.strides;
    const size_t item = pleura_element_size(e->element);
    if (e->inputs == 1)
        memcpy(plain->output, in[0], plain->output_count * item);
    else
        combine(e, in[0], strides[0], in[1], strides[1], plain->output, plain->output_count);
    for (size_t k = 2; k < e->inputs; k++)
        combine(e, plain->output, NULL, in[k], strides[k], plain->output, plain->output_count);
    for (size_t i = 0; e->mean && i < plain->output_count; i++)
        ((float *)plain->output)[i] /= (float)e->inputs;
}

static bool is_true(const elementwise *e, const void *condition, int64_t at)
{
    return e->element == PLEURA_FLOAT ? ((const float *)condition)[at] != 0
                                      : ((const int64_t *)condition)[at] != 0;
}

static void run_where(const pleura_plain *plain)
{
    const elementwise *e = plain->plan;
    const walk *w = &e->walk;
    const size_t item = pleura_element_size(e->element);
    const int last = w->rank - 1;
    int64_t length = w->dims[last], rows = length ? (int64_t)plain->output_count / length : 0;
    char *out = plain->output;
    for (int64_t row = 0; row < rows; row++) {
        int64_t at[3];
        for (int k = 0; k < 3; k++)
            at[k] = row_offset(w, w->strides[k], row);
        for (int64_t i = 0; i < length; i++, out += item) {
            int k = is_true(e, plain->inputs[0], at[0] + i * w->strides[0][last]) ? 1 : 2;
            const char *from = plain->inputs[k];
            memcpy(out, from + (size_t)(at[k] + i * w->strides[k][last]) * item, item);
        }
    }
}

static elementwise *make(const pleura_plain_request *request, pleura_plain *plain, size_t inputs,
                         void (*run)(const pleura_plain *), pleura_error *error)
{
    elementwise *e = pleura_plain_plan(request, plain, sizeof *e, run, error);
    if (!e)
        return NULL;
    e->inputs = inputs;
    e->element = request->element;
    if (make_walk(request, &e->walk, inputs))
        return e;
    pleura_fail_memory(error, sizeof *e, request->node->name);
    return NULL;
}

static pleura_code refuse_element(const pleura_plain_request *request, pleura_error *error)
{
    pleura_node_label label;
    return pleura_fail(error, PLEURA_ERROR_OPERATOR, "ONNX: %s does not compute with integers.",
                       pleura_node_describe(request->node, &label));
}

pleura_code pleura_plain_unary(const pleura_plain_request *request, pleura_plain *plain,
                               pleura_error *error)
{
    const pleura_node *node = request->node;
    const pleura_unary *kind = &pleura_unaries[node->op];
    elementwise *e = make(request, plain, 1, run_unary, error);
    if (!e)
        return PLEURA_ERROR_MEMORY;
    if (request->element != PLEURA_FLOAT && !kind->integer)
        return refuse_element(request, error);
    const pleura_attribute *way = pleura_node_attribute(node, "approximate", 's');
    e->unary = kind;
    e->real = node->op == PLEURA_OP_Gelu && way && strcmp(way->s, "tanh") == 0 ? pleura_gelu_tanh
                                                                               : kind->real;
    e->a = kind->a ? pleura_node_float(node, kind->a, kind->a_default) : 0;
    e->b = kind->b ? pleura_node_float(node, kind->b, kind->b_default) : 0;
    if (request->element != PLEURA_FLOAT && node->op == PLEURA_OP_Clip)
        plain->run = clip_integers;
    return PLEURA_OK;
}

pleura_code pleura_plain_broadcast(const pleura_plain_request *request, pleura_plain *plain,
                                   pleura_error *error)
{
    const pleura_node *node = request->node;
    bool where = node->op == PLEURA_OP_Where;
    elementwise *e =
        make(request, plain, node->input_count, where ? run_where : run_broadcast, error);
    if (!e)
        return PLEURA_ERROR_MEMORY;
    e->binary = pleura_binaries[node->op];
    if (node->op == PLEURA_OP_Mod && pleura_node_int(node, "fmod", 0))
        e->binary = pleura_remainder;
    e->mean = node->op == PLEURA_OP_Mean;
    if (request->graph->values[node->output].whole && node->op == PLEURA_OP_Div)
        e->binary.real = pleura_divide_whole;
    if (request->element != PLEURA_FLOAT && !where && !e->binary.integer)
        return refuse_element(request, error);
    return PLEURA_OK;
}
