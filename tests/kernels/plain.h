/* The kernels once more, as the definitions read: plain loops over NHWC without padding. */
#ifndef PLAIN_H
#define PLAIN_H

#include "kernels/kernels.h"

void plain_conv(const pleura_qconv_spec *spec, const int16_t *input, int16_t *output);
void plain_conv_to_floats(const pleura_qconv_spec *spec, const int16_t *input, float *output);
void plain_pool(const pleura_qpool *pool, const int16_t *input, int16_t *output);
int16_t plain_steps(float value, int16_t low, int16_t high);

#endif
