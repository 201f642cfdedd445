/* IEEE 754 binary16: 1 sign, 5 exponent (bias 15), 10 fraction bits. */
#ifndef PLEURA_HALF_H
#define PLEURA_HALF_H

#include <stdint.h>

float pleura_half_to_float(uint16_t half);

/* The nearest number of that kind, of two the even one; infinite where it is too large. */
float pleura_half_round(float value);
/* The same for the upper half of a binary32. */
float pleura_bfloat_round(float value);

/* The nearest; of finite numbers that are too large, the largest. */
uint16_t pleura_half_of_float(float value);

#endif
