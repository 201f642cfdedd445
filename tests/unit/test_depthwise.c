/* The depthwise kernels against plain loops, in every shape that they take. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "run/depthwise.h"
#include "run/wide_depthwise.h"

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

/* ---- Windows of any size ---- */

static double wide_output(const pleura_wide *d, const float *x, const float *w, size_t row,
                          size_t column, size_t c)
{
    double sum = 0;
    for (size_t k = 0; k < d->kernel[0] * d->kernel[1]; k++) {
        size_t i = k / d->kernel[1], j = k % d->kernel[1];
        long y = (long)(row * d->step[0] + i * d->dilation[0]) - (long)d->top;
        long at = (long)(column * d->step[1] + j * d->dilation[1]) - (long)d->left;
        if (y >= 0 && at >= 0 && y < (long)d->height && at < (long)d->width)
            sum += (double)x[((size_t)y * d->width + (size_t)at) * d->in_stride + c] *
                   (double)w[d->kernel[0] * d->kernel[1] * c + k];
    }
    return sum;
}

static void check_wide(pleura_wide d)
{
    const size_t places = d.kernel[0] * d.kernel[1], c = d.channels;
    const size_t pixels = d.height * d.width, out_pixels = d.out_height * d.out_width;
    float *x = random_floats(pixels * d.in_stride), *w = random_floats(places * c);
    float *scale = random_floats(c), *bias = random_floats(c);
    float *y = random_floats(out_pixels * d.out_stride);
    float *packed = malloc(c * (places + 1) * sizeof *packed);
    float beside = d.out_stride > c ? y[c] : 0;
    pleura_wide_pack(c, places, w, scale, bias, packed);
    d.weights = packed;
    pleura_wide_run(&d, x, y, NULL);
    for (size_t i = 0; i < out_pixels * c; i++) {
        size_t pixel = i / c, channel = i % c;
        double wanted = wide_output(&d, x, w, pixel / d.out_width, pixel % d.out_width, channel);
        wanted = wanted * (double)scale[channel] + (double)bias[channel];
        wanted = fmin(fmax(wanted, (double)d.low), (double)d.high);
        double got = (double)y[pixel * d.out_stride + channel];
        if (!(fabs(got - wanted) <= 1e-5))
            fail_msg("%zu x %zu x %zu, window %zu x %zu, step %zu, dilation %zu, padding %zu: "
                     "output %zu is %g, not %g",
                     d.height, d.width, c, d.kernel[0], d.kernel[1], d.step[1], d.dilation[1],
                     d.left, i, got, wanted);
    }
    if (d.out_stride > c)
        assert_true(y[c] == beside); /* nothing is written between the rows */
    free(x), free(w), free(scale), free(bias), free(y), free(packed);
}

static void wide_windows_equal_plain_loops(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 4, 7, 13, 30}, kernels[] = {7, 5, 13};
    for (size_t i = 0; i < 5 * 5 * 3 * 2 * 2 * 3; i++) {
        size_t height = sizes[i % 5], width = sizes[i / 5 % 5], kernel = kernels[i / 25 % 3];
        size_t step = 1 + i / 75 % 2, dilation = 1 + i / 150 % 2, channels = i % 3 ? 4 : 12;
        size_t reach = (kernel - 1) * dilation + 1, rows = (kernel + 1) * dilation + 1;
        size_t padding = i / 300 == 0 ? 0 : i / 300 == 1 ? reach / 2 : reach - 1;
        if (height + 2 * padding < rows || width + 2 * padding < reach)
            continue;
        seed = (uint32_t)i;
        check_wide((pleura_wide){.height = height,
                                 .width = width,
                                 .channels = channels,
                                 .in_stride = channels + i % 3,
                                 .out_height = (height + 2 * padding - rows) / step + 1,
                                 .out_width = (width + 2 * padding - reach) / step + 1,
                                 .out_stride = channels + i % 2,
                                 .kernel = {kernel + 2, kernel},
                                 .step = {step, step},
                                 .dilation = {dilation, dilation},
                                 .top = padding,
                                 .left = padding,
                                 .low = i % 5 ? -HUGE_VALF : -0.25f,
                                 .high = i % 4 ? HUGE_VALF : 0.5f});
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_shape_equals_plain_loops),
        cmocka_unit_test(wide_windows_equal_plain_loops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
