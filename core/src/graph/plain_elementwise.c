/* Number by number: one tensor, or several with numpy's broadcasting. */
#include "plain_loops.h"

#include <math.h>
#include <string.h>

typedef float unary_float(float x, float a, float b);
typedef int64_t unary_int(int64_t x);
typedef float binary_float(float x, float y);
typedef int64_t binary_int(int64_t x, int64_t y);

/* ---- One number ---- */

#define UNARY(name, expression)                                                                    \
    static float name(float x, float a, float b)                                                   \
    {                                                                                              \
        (void)a;                                                                                   \
        (void)b;                                                                                   \
        return expression;                                                                         \
    }
UNARY(f_abs, fabsf(x))
UNARY(f_ceil, ceilf(x))
UNARY(f_celu, fmaxf(0, x) + fminf(0, a *expm1f(x / a)))
UNARY(f_clip, x<a ? a : x> b ? b : x)
UNARY(f_elu, x < 0 ? a * expm1f(x) : x)
UNARY(f_erf, erff(x))
UNARY(f_exp, expf(x))
UNARY(f_floor, floorf(x))
UNARY(f_gelu, x * 0.5f * (1 + erff(x * 0.70710678f)))
UNARY(f_gelu_tanh, x * 0.5f * (1 + tanhf(0.79788456f * (x + 0.044715f * x * x * x))))
UNARY(f_hard_sigmoid, fmaxf(0, fminf(1, a *x + b)))
UNARY(f_hard_swish, x *fmaxf(0, fminf(1, x / 6 + 0.5f)))
UNARY(f_leaky_relu, x < 0 ? a * x : x)
UNARY(f_log, logf(x))
UNARY(f_neg, -x)
UNARY(f_not, x == 0)
UNARY(f_reciprocal, 1 / x)
UNARY(f_relu, x > 0 ? x : 0)
UNARY(f_round, rintf(x)) /* half to even */
UNARY(f_selu, b *(x > 0 ? x : a * expm1f(x)))
UNARY(f_sigmoid, 1 / (1 + expf(-x)))
UNARY(f_sign, (float)((x > 0) - (x < 0)))
UNARY(f_softplus, fmaxf(x, 0) + log1pf(expf(-fabsf(x))))
UNARY(f_softsign, x / (1 + fabsf(x)))
UNARY(f_sqrt, sqrtf(x))
UNARY(f_tanh, tanhf(x))
UNARY(f_thresholded, x > a ? x : 0)
UNARY(f_mish, x *tanhf(f_softplus(x, 0, 0)))

static int64_t i_abs(int64_t x)
{
    return x < 0 ? (int64_t)(0 - (uint64_t)x) : x;
}
static int64_t i_neg(int64_t x)
{
    return (int64_t)(0 - (uint64_t)x);
}
static int64_t i_not(int64_t x)
{
    return x == 0;
}
static int64_t i_relu(int64_t x)
{
    return x > 0 ? x : 0;
}
static int64_t i_same(int64_t x)
{
    return x;
}
static int64_t i_sign(int64_t x)
{
    return (x > 0) - (x < 0);
}

typedef struct unary_kind {
    unary_float *real;
    unary_int *integer;
    const char *a, *b; /* names of its parameters */
    float a_default, b_default;
} unary_kind;

static const unary_kind unary_kinds[PLEURA_OP_COUNT] = {
    [PLEURA_OP_Abs] = {.real = f_abs, .integer = i_abs},
    [PLEURA_OP_Ceil] = {.real = f_ceil, .integer = i_same},
    [PLEURA_OP_Celu] = {f_celu, NULL, "alpha", NULL, 1, 0},
    [PLEURA_OP_Clip] = {f_clip, i_same, "min", "max", -HUGE_VALF, HUGE_VALF},
    [PLEURA_OP_Elu] = {f_elu, NULL, "alpha", NULL, 1, 0},
    [PLEURA_OP_Erf] = {.real = f_erf},
    [PLEURA_OP_Exp] = {.real = f_exp},
    [PLEURA_OP_Floor] = {.real = f_floor, .integer = i_same},
    [PLEURA_OP_Gelu] = {.real = f_gelu},
    [PLEURA_OP_HardSigmoid] = {f_hard_sigmoid, NULL, "alpha", "beta", 0.2f, 0.5f},
    [PLEURA_OP_HardSwish] = {.real = f_hard_swish},
    [PLEURA_OP_LeakyRelu] = {f_leaky_relu, NULL, "alpha", NULL, 0.01f, 0},
    [PLEURA_OP_Log] = {.real = f_log},
    [PLEURA_OP_Mish] = {.real = f_mish},
    [PLEURA_OP_Neg] = {.real = f_neg, .integer = i_neg},
    [PLEURA_OP_Not] = {.real = f_not, .integer = i_not},
    [PLEURA_OP_Reciprocal] = {.real = f_reciprocal},
    [PLEURA_OP_Relu] = {.real = f_relu, .integer = i_relu},
    [PLEURA_OP_Round] = {.real = f_round, .integer = i_same},
    [PLEURA_OP_Selu] = {f_selu, NULL, "alpha", "gamma", 1.67326319f, 1.05070102f},
    [PLEURA_OP_Sigmoid] = {.real = f_sigmoid},
    [PLEURA_OP_Sign] = {.real = f_sign, .integer = i_sign},
    [PLEURA_OP_Softplus] = {.real = f_softplus},
    [PLEURA_OP_Softsign] = {.real = f_softsign},
    [PLEURA_OP_Sqrt] = {.real = f_sqrt},
    [PLEURA_OP_Tanh] = {.real = f_tanh},
    [PLEURA_OP_ThresholdedRelu] = {f_thresholded, NULL, "alpha", NULL, 1, 0},
};

/* ---- Two numbers ---- */

#define BINARY(name, expression)                                                                   \
    static float name(float x, float y)                                                            \
    {                                                                                              \
        return expression;                                                                         \
    }
BINARY(f_add, x + y)
BINARY(f_and, x != 0 && y != 0)
BINARY(f_div, x / y)
BINARY(f_div_whole, truncf(x / y))
BINARY(f_equal, x == y)
BINARY(f_greater, x > y)
BINARY(f_greater_equal, x >= y)
BINARY(f_less, x < y)
BINARY(f_less_equal, x <= y)
BINARY(f_max, x > y || isnan(x) ? x : y)
BINARY(f_min, x < y || isnan(x) ? x : y)
BINARY(f_mul, x *y)
BINARY(f_or, x != 0 || y != 0)
BINARY(f_pow, powf(x, y))
BINARY(f_prelu, x < 0 ? x * y : x)
BINARY(f_sub, x - y)
BINARY(f_xor, (x != 0) != (y != 0))

/* Unsigned, so that a hostile product wraps; what it makes of a shape is checked there. */
#define INTEGER(name, expression)                                                                  \
    static int64_t name(int64_t x, int64_t y)                                                      \
    {                                                                                              \
        return expression;                                                                         \
    }
INTEGER(i_add, (int64_t)((uint64_t)x + (uint64_t)y))
INTEGER(i_and, x &&y)
INTEGER(i_div, y == 0 ? 0 : y == -1 ? i_neg(x) : x / y)
INTEGER(i_equal, x == y)
INTEGER(i_greater, x > y)
INTEGER(i_greater_equal, x >= y)
INTEGER(i_less, x < y)
INTEGER(i_less_equal, x <= y)
INTEGER(i_max, x > y ? x : y)
INTEGER(i_min, x < y ? x : y)
INTEGER(i_mul, (int64_t)((uint64_t)x *(uint64_t)y))
INTEGER(i_or, x || y)
INTEGER(i_prelu, x < 0 ? i_mul(x, y) : x)
INTEGER(i_sub, (int64_t)((uint64_t)x - (uint64_t)y))
INTEGER(i_xor, !x != !y)

static int64_t i_pow(int64_t x, int64_t y)
{
    if (y < 0)
        return x == 1 ? 1 : x == -1 ? (y % 2 ? -1 : 1) : 0;
    uint64_t power = 1, base = (uint64_t)x;
    for (; y; y >>= 1, base *= base)
        power *= y & 1 ? base : 1;
    return (int64_t)power;
}

typedef struct binary_kind {
    binary_float *real;
    binary_int *integer;
} binary_kind;

static const binary_kind binary_kinds[PLEURA_OP_COUNT] = {
    [PLEURA_OP_Add] = {f_add, i_add},
    [PLEURA_OP_And] = {f_and, i_and},
    [PLEURA_OP_Div] = {f_div, i_div},
    [PLEURA_OP_Equal] = {f_equal, i_equal},
    [PLEURA_OP_Greater] = {f_greater, i_greater},
    [PLEURA_OP_GreaterOrEqual] = {f_greater_equal, i_greater_equal},
    [PLEURA_OP_Less] = {f_less, i_less},
    [PLEURA_OP_LessOrEqual] = {f_less_equal, i_less_equal},
    [PLEURA_OP_Max] = {f_max, i_max},
    [PLEURA_OP_Mean] = {f_add, NULL},
    [PLEURA_OP_Min] = {f_min, i_min},
    [PLEURA_OP_Mul] = {f_mul, i_mul},
    [PLEURA_OP_Or] = {f_or, i_or},
    [PLEURA_OP_Pow] = {f_pow, i_pow},
    [PLEURA_OP_PRelu] = {f_prelu, i_prelu},
    [PLEURA_OP_Sub] = {f_sub, i_sub},
    [PLEURA_OP_Sum] = {f_add, i_add},
    [PLEURA_OP_Xor] = {f_xor, i_xor},
};

/* ---- The walk over the output, in the order of its memory ---- */

typedef struct walk {
    int rank; /* at least 1; the last axis is the innermost */
    int64_t dims[PLEURA_MAX_RANK];
    int64_t (*strides)[PLEURA_MAX_RANK]; /* of each input; 0 where it is broadcast */
} walk;

typedef struct elementwise {
    walk walk;
    size_t inputs;
    pleura_element element;
    const unary_kind *unary;
    unary_float *real; /* what the node's attributes make of unary->real */
    float a, b;
    binary_kind binary;
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
    const unary_kind *kind = &unary_kinds[node->op];
    elementwise *e = make(request, plain, 1, run_unary, error);
    if (!e)
        return PLEURA_ERROR_MEMORY;
    if (request->element != PLEURA_FLOAT && !kind->integer)
        return refuse_element(request, error);
    const pleura_attribute *way = pleura_node_attribute(node, "approximate", 's');
    e->unary = kind;
    e->real =
        node->op == PLEURA_OP_Gelu && way && strcmp(way->s, "tanh") == 0 ? f_gelu_tanh : kind->real;
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
    e->binary = binary_kinds[node->op];
    e->mean = node->op == PLEURA_OP_Mean;
    if (request->graph->values[node->output].whole && node->op == PLEURA_OP_Div)
        e->binary.real = f_div_whole;
    if (request->element != PLEURA_FLOAT && !where && !e->binary.integer)
        return refuse_element(request, error);
    return PLEURA_OK;
}
