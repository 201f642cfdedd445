/* The depthwise kernel against plain loops, in every shape that it takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "run/depthwise.h"

#include <math.h>
#include <stdlib.h>

static uint32_t seed;

static float *random_floats(size_t count)
{
    float *floats = malloc(count * sizeof *floats);
    for (size_t i = 0; i < count; i++) {
        seed = seed * 1664525u + 1013904223u; /* Numerical Recipes' generator */
        floats[i] = (float)(seed >> 8) / (float)(1 << 24) * 2 - 1;
    }
    return floats;
}

static double plain_output(const pleura_depthwise *d, const float *x, const float *w, size_t row,
                           size_t column, size_t c)
{
    double sum = 0;
    for (size_t k = 0; k < 9; k++) {
        long y = (long)(row * d->step + k / 3) - (long)d->top;
        long at = (long)(column * d->step + k % 3) - (long)d->left;
        if (y >= 0 && at >= 0 && y < (long)d->height && at < (long)d->width)
            sum += (double)x[((size_t)y * d->width + (size_t)at) * d->in_stride + c] *
                   (double)w[9 * c + k];
    }
    return sum;
}

static void check(pleura_depthwise d)
{
    size_t pixels = d.height * d.width, out_pixels = d.out_height * d.out_width, c = d.channels;
    float *x = random_floats(pixels * d.in_stride), *w = random_floats(9 * c);
    float *scale = random_floats(c), *bias = random_floats(c);
    float *y = random_floats(out_pixels * d.out_stride), *packed = malloc(c * 10 * sizeof *packed);
    float *zeros = calloc(c, sizeof *zeros);
    float beside = d.out_stride > c ? y[c] : 0;
    pleura_depthwise_pack(c, w, scale, bias, packed);
    d.weights = packed;
    d.zeros = zeros;
    pleura_depthwise_run(&d, x, y, NULL);
    for (size_t i = 0; i < out_pixels * c; i++) {
        size_t pixel = i / c, channel = i % c;
        double wanted = plain_output(&d, x, w, pixel / d.out_width, pixel % d.out_width, channel);
        wanted = wanted * (double)scale[channel] + (double)bias[channel];
        wanted = fmin(fmax(wanted, (double)d.low), (double)d.high);
        double got = (double)y[pixel * d.out_stride + channel];
        if (!(fabs(got - wanted) <= 2e-6))
            fail_msg("%zu x %zu x %zu, step %zu, padding %zu %zu: output %zu is %g, not %g",
                     d.height, d.width, c, d.step, d.top, d.left, i, got, wanted);
    }
    if (d.out_stride > c)
        assert_true(y[c] == beside); /* nothing is written between the rows */
    free(x), free(w), free(scale), free(bias), free(y), free(packed), free(zeros);
}

static void every_shape_equals_plain_loops(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 2, 3, 4, 7, 30, 61};
    for (size_t i = 0; i < 7 * 7 * 2 * 4 * 2; i++) {
        size_t height = sizes[i % 7], width = sizes[i / 7 % 7], step = 1 + i / 49 % 2;
        size_t begin = i / 98 % 2, after = i / 196 % 2, channels = i / 392 ? 12 : 4;
        if (height + begin + after < 3 || width + begin + after < 3)
            continue;
        seed = (uint32_t)i;
        check((pleura_depthwise){.height = height,
                                 .width = width,
                                 .channels = channels,
                                 .in_stride = channels + i % 3,
                                 .out_height = (height + begin + after - 3) / step + 1,
                                 .out_width = (width + begin + after - 3) / step + 1,
                                 .out_stride = channels + i % 2,
                                 .step = step,
                                 .top = begin,
                                 .left = begin,
                                 .low = i % 5 ? -HUGE_VALF : -0.25f,
                                 .high = i % 4 ? HUGE_VALF : 0.5f});
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_shape_equals_plain_loops)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
