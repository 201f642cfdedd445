/* What operators make of one number or of two, in floats and in integers. */
#ifndef PLEURA_PLAIN_NUMBERS_H
#define PLEURA_PLAIN_NUMBERS_H

#include "graph.h"

typedef float pleura_unary_float(float x, float a, float b);
typedef int64_t pleura_unary_int(int64_t x);
typedef float pleura_binary_float(float x, float y);
typedef int64_t pleura_binary_int(int64_t x, int64_t y);

typedef struct pleura_unary {
    pleura_unary_float *real;
    pleura_unary_int *integer;
    const char *a, *b; /* names of its parameters */
    float a_default, b_default;
} pleura_unary;

typedef struct pleura_binary {
    pleura_binary_float *real;
    pleura_binary_int *integer;
} pleura_binary;

/* By operator; without functions where it is none of these. */
extern const pleura_unary pleura_unaries[PLEURA_OP_COUNT];
extern const pleura_binary pleura_binaries[PLEURA_OP_COUNT];

extern const pleura_binary pleura_remainder; /* Mod with the dividend's sign, as C's % */

float pleura_gelu_tanh(float x, float a, float b); /* Gelu where it is approximate */
float pleura_divide_whole(float x, float y);       /* Div of integers that are held as floats */

#endif
