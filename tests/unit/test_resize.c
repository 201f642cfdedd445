/* Resizing against the definition, written as two plain loops in double. Needs core/src to include. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "image/resize.h"

#include <math.h>
#include <stdlib.h>

/* How much of source pixel `x` the target pixel `i` takes. */
static double share(uint32_t i, uint32_t x, uint32_t source, uint32_t target)
{
    double s = (double)source / target;
    if (target <= source) {
        double begin = fmax(i * s, x), end = fmin((i + 1) * s, x + 1.0);
        return end > begin ? (end - begin) / s : 0;
    }
    double centre = fmin(fmax((i + 0.5) * s - 0.5, 0), source - 1.0);
    return fmax(0, 1 - fabs(centre - x));
}

static double reference(const pleura_grey_view *v, uint32_t i, uint32_t j, uint32_t width,
                        uint32_t height)
{
    double sum = 0;
    for (uint32_t y = 0; y < v->height; y++) {
        double down = share(j, y, v->height, height);
        for (uint32_t x = 0; down > 0 && x < v->width; x++)
            sum += down * share(i, x, v->width, width) * v->samples[y * v->stride + x];
    }
    return sum / 65535;
}

static uint32_t seed = 1;

static uint32_t pseudo(uint32_t below)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % below;
}

static void compare(uint32_t sw, uint32_t sh, uint32_t tw, uint32_t th)
{
    size_t stride = sw + pseudo(3), out_stride = tw + pseudo(3);
    uint16_t *samples = malloc(stride * sh * sizeof *samples);
    float *values = malloc(out_stride * th * sizeof *values);
    assert_true(samples && values);
    for (size_t i = 0; i < stride * sh; i++)
        samples[i] = (uint16_t)pseudo(65536);
    pleura_grey_view view = {samples, sw, sh, stride, 0, 0, false};
    pleura_plane plane = {values, tw, th, out_stride};
    assert_int_equal(pleura_resize(&view, &plane, NULL), PLEURA_OK);
    for (uint32_t y = 0; y < th; y++)
        for (uint32_t x = 0; x < tw; x++) {
            double wanted = reference(&view, x, y, tw, th);
            double difference = fabs(wanted - (double)values[y * out_stride + x]);
            if (difference > 1e-6)
                fail_msg("%ux%u to %ux%u at %u, %u: off by %g", (unsigned)sw, (unsigned)sh,
                         (unsigned)tw, (unsigned)th, (unsigned)x, (unsigned)y, difference);
        }
    free(samples);
    free(values);
}

static void chosen_sizes(void **state)
{
    (void)state;
    static const uint32_t sizes[][4] = {
        {1, 1, 1, 1},   {1, 1, 7, 5},   {1, 9, 3, 3},   {9, 1, 3, 3},     {1, 40, 1, 7},
        {40, 1, 7, 1},  {5, 5, 5, 5},   {6, 6, 3, 2},   {7, 7, 3, 2},     {3, 2, 7, 7},
        {10, 3, 3, 10}, {99, 98, 1, 1}, {2, 2, 1, 200}, {224, 223, 7, 7}, {300, 3, 299, 2},
    };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        compare(sizes[i][0], sizes[i][1], sizes[i][2], sizes[i][3]);
}

static void random_sizes(void **state)
{
    (void)state;
    for (int i = 0; i < 300; i++)
        compare(1 + pseudo(70), 1 + pseudo(70), 1 + pseudo(40), 1 + pseudo(40));
}

/* The same bits as of a picture that has the black rows and columns. */
static void compare_bordered(uint32_t w, uint32_t h, uint32_t x, uint32_t y, uint32_t tw,
                             uint32_t th)
{
    uint32_t all_w = w + 2 * x, all_h = h + 2 * y;
    uint16_t *whole = calloc((size_t)all_w * all_h, sizeof *whole), *inner = whole + y * all_w + x;
    float *wanted = malloc(2 * (size_t)tw * th * sizeof *wanted), *values = wanted + tw * th;
    assert_true(whole && wanted);
    for (uint32_t i = 0; i < w * h; i++)
        inner[i / w * all_w + i % w] = (uint16_t)(1 + pseudo(65535));
    pleura_grey_view all = {whole, all_w, all_h, all_w, 0, 0, false},
                         part = {inner, w, h, all_w, x, y, false};
    assert_int_equal(pleura_resize(&all, &(pleura_plane){wanted, tw, th, tw}, NULL), PLEURA_OK);
    assert_int_equal(pleura_resize(&part, &(pleura_plane){values, tw, th, tw}, NULL), PLEURA_OK);
    for (uint32_t i = 0; i < tw * th; i++)
        if (wanted[i] != values[i])
            fail_msg("%ux%u and %u, %u to %ux%u at %u: %g, not %g", (unsigned)w, (unsigned)h,
                     (unsigned)x, (unsigned)y, (unsigned)tw, (unsigned)th, (unsigned)i,
                     (double)values[i], (double)wanted[i]);
    free(whole);
    free(wanted);
}

static void a_border_of_black(void **state)
{
    (void)state;
    compare_bordered(20, 20, 2, 2, 4, 4);
    compare_bordered(1, 1, 3, 0, 5, 9);
    compare_bordered(2, 30, 1, 15, 1, 1);
    compare_bordered(3, 3, 1, 1, 5, 5);
    for (int i = 0; i < 500; i++)
        compare_bordered(1 + pseudo(50), 1 + pseudo(50), pseudo(30), pseudo(30), 1 + pseudo(40),
                         1 + pseudo(40));
}

/* Sums of thousands of samples still keep six digits. */
static void large_factor(void **state)
{
    (void)state;
    compare(3001, 2003, 2, 3);
}

/* White stays 1 and black 0 to the last bit that a float has. */
static void flat_images(void **state)
{
    (void)state;
    enum { W = 617, H = 411, T = 224 };
    uint16_t *samples = malloc(W * H * sizeof *samples);
    float *values = malloc(T * T * sizeof *values);
    assert_true(samples && values);
    for (int white = 0; white < 2; white++) {
        for (size_t i = 0; i < W * H; i++)
            samples[i] = white ? 65535 : 0;
        pleura_grey_view view = {samples, W, H, W, 0, 0, false};
        pleura_plane plane = {values, T, T, T};
        assert_int_equal(pleura_resize(&view, &plane, NULL), PLEURA_OK);
        for (size_t i = 0; i < T * T; i++)
            assert_true(fabs((double)values[i] - white) < 3e-7);
    }
    free(samples);
    free(values);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chosen_sizes),      cmocka_unit_test(random_sizes),
        cmocka_unit_test(a_border_of_black), cmocka_unit_test(large_factor),
        cmocka_unit_test(flat_images),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
