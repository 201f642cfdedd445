#include "plain_numbers.h"

#include <math.h>

/* ---- One number ---- */

#define UNARY(name, expression)                                                                    \
    static float name(float x, float a, float b)                                                   \
    {                                                                                              \
        (void)a;                                                                                   \
        (void)b;                                                                                   \
        return expression;                                                                         \
    }
UNARY(f_abs, fabsf(x))
UNARY(f_atan, atanf(x))
UNARY(f_ceil, ceilf(x))
UNARY(f_celu, fmaxf(0, x) + fminf(0, a *expm1f(x / a)))
UNARY(f_clip, x<a ? a : x> b ? b : x)
UNARY(f_cos, cosf(x))
UNARY(f_elu, x < 0 ? a * expm1f(x) : x)
UNARY(f_erf, erff(x))
UNARY(f_exp, expf(x))
UNARY(f_floor, floorf(x))
UNARY(f_gelu, x * 0.5f * (1 + erff(x * 0.70710678f)))
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
UNARY(f_sin, sinf(x))
UNARY(f_softplus, fmaxf(x, 0) + log1pf(expf(-fabsf(x))))
UNARY(f_softsign, x / (1 + fabsf(x)))
UNARY(f_sqrt, sqrtf(x))
UNARY(f_tanh, tanhf(x))
UNARY(f_thresholded, x > a ? x : 0)
UNARY(f_mish, x *tanhf(f_softplus(x, 0, 0)))

float pleura_gelu_tanh(float x, float a, float b)
{
    (void)a;
    (void)b;
    return x * 0.5f * (1 + tanhf(0.79788456f * (x + 0.044715f * x * x * x)));
}

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

const pleura_unary pleura_unaries[PLEURA_OP_COUNT] = {
    [PLEURA_OP_Abs] = {.real = f_abs, .integer = i_abs},
    [PLEURA_OP_Atan] = {.real = f_atan},
    [PLEURA_OP_Ceil] = {.real = f_ceil, .integer = i_same},
    [PLEURA_OP_Celu] = {f_celu, NULL, "alpha", NULL, 1, 0},
    [PLEURA_OP_Clip] = {f_clip, i_same, "min", "max", -HUGE_VALF, HUGE_VALF},
    [PLEURA_OP_Cos] = {.real = f_cos},
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
    [PLEURA_OP_Sin] = {.real = f_sin},
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
BINARY(f_equal, x == y)
BINARY(f_greater, x > y)
BINARY(f_greater_equal, x >= y)
BINARY(f_less, x < y)
BINARY(f_less_equal, x <= y)
BINARY(f_max, x > y || isnan(x) ? x : y)
BINARY(f_min, x < y || isnan(x) ? x : y)
BINARY(f_mod, x - y * floorf(x / y))
BINARY(f_mul, x *y)
BINARY(f_or, x != 0 || y != 0)
BINARY(f_pow, powf(x, y))
BINARY(f_prelu, x < 0 ? x * y : x)
BINARY(f_sub, x - y)
BINARY(f_xor, (x != 0) != (y != 0))

static float f_remainder(float x, float y)
{
    return fmodf(x, y);
}

float pleura_divide_whole(float x, float y)
{
    return truncf(x / y);
}

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
INTEGER(i_remainder, y == 0 || y == -1 ? 0 : x % y)
INTEGER(i_mod, x - y * (y == 0 || y == -1 ? 0 : x / y - (x % y != 0 && (x < 0) != (y < 0))))
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

const pleura_binary pleura_binaries[PLEURA_OP_COUNT] = {
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
    [PLEURA_OP_Mod] = {f_mod, i_mod},
    [PLEURA_OP_Mul] = {f_mul, i_mul},
    [PLEURA_OP_Or] = {f_or, i_or},
    [PLEURA_OP_Pow] = {f_pow, i_pow},
    [PLEURA_OP_PRelu] = {f_prelu, i_prelu},
    [PLEURA_OP_Sub] = {f_sub, i_sub},
    [PLEURA_OP_Sum] = {f_add, i_add},
    [PLEURA_OP_Xor] = {f_xor, i_xor},
};

const pleura_binary pleura_remainder = {f_remainder, i_remainder};
