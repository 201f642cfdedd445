/* From image to tensor: fits and normalisation. Needs core/src to include. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "image/tensor.h"

#include <math.h>

static pleura_image *image_of(const uint16_t *samples, uint32_t width, uint32_t height)
{
    pleura_image *image;
    assert_int_equal(pleura_image_from_grey16(samples, width, height, NULL, &image, NULL),
                     PLEURA_OK);
    return image;
}

static void expect(const pleura_input_spec *spec, const uint16_t *samples, uint32_t width,
                   uint32_t height, const float *wanted, size_t count)
{
    float tensor[64];
    pleura_image *image = image_of(samples, width, height);
    pleura_error error = {0};
    if (pleura_tensor_from_image(spec, image, tensor, count, &error) != PLEURA_OK)
        fail_msg("%s", error.message);
    for (size_t i = 0; i < count; i++)
        if (fabsf(tensor[i] - wanted[i]) > 1e-4f)
            fail_msg("value %zu is %g, not %g", i, (double)tensor[i], (double)wanted[i]);
    pleura_image_free(image);
}

static pleura_input_spec plain(uint32_t height, uint32_t width)
{
    return (pleura_input_spec){.channels = 1,
                               .height = height,
                               .width = width,
                               .range_high = 1,
                               .std = {1, 1, 1},
                               .std_floor = 1e-6f};
}

static void fixed_normalisation_by_channel(void **state)
{
    (void)state;
    pleura_input_spec spec = plain(1, 2);
    spec.channels = 3;
    for (int c = 0; c < 3; c++) {
        spec.mean[c] = 0.1f * (float)c;
        spec.std[c] = 0.5f * (float)(c + 1);
    }
    expect(&spec, (uint16_t[]){0, 65535}, 2, 1,
           (float[]){0, 2, -0.1f, 0.9f, -0.2f / 1.5f, 0.8f / 1.5f}, 6);
}

static void ranges(void **state)
{
    (void)state;
    pleura_input_spec spec = plain(1, 3);
    spec.range_high = 255;
    expect(&spec, (uint16_t[]){0, 257, 65535}, 3, 1, (float[]){0, 1, 255}, 3);
    spec.range_low = -1024;
    spec.range_high = 1024;
    expect(&spec, (uint16_t[]){0, 13107, 65535}, 3, 1, (float[]){-1024, -614.4f, 1024}, 3);
}

static void normalisation_per_image(void **state)
{
    (void)state;
    pleura_input_spec spec = plain(1, 4);
    spec.normalise = PLEURA_NORMALISE_PER_IMAGE;
    expect(&spec, (uint16_t[]){0, 0, 65535, 65535}, 4, 1, (float[]){-1, -1, 1, 1}, 4);
    spec.range_high = 255; /* undone by the normalisation */
    expect(&spec, (uint16_t[]){0, 0, 65535, 65535}, 4, 1, (float[]){-1, -1, 1, 1}, 4);
    expect(&spec, (uint16_t[]){7, 7, 7, 7}, 4, 1, (float[]){0, 0, 0, 0}, 4); /* the floor */
    spec.range_high = 1;
    spec.std_floor = 2;
    expect(&spec, (uint16_t[]){0, 0, 65535, 65535}, 4, 1, (float[]){-.25f, -.25f, .25f, .25f}, 4);
}

static void fits(void **state)
{
    (void)state;
    const uint16_t wide[] = {0, 65535, 65535, 0};
    pleura_input_spec spec = plain(1, 1);
    expect(&spec, wide, 4, 1, (float[]){0.5f}, 1);
    spec.fit = PLEURA_FIT_CROP;
    expect(&spec, wide, 2, 2, (float[]){0.5f}, 1);
    spec = plain(2, 2);
    spec.fit = PLEURA_FIT_CROP;
    expect(&spec, (uint16_t[]){0, 65535, 65535, 0, 0, 65535, 65535, 0}, 4, 2, (float[]){1, 1, 1, 1},
           4);
    expect(&spec, (uint16_t[]){0, 0, 65535, 65535, 65535, 65535, 0, 0}, 2, 4, (float[]){1, 1, 1, 1},
           4);
    spec = plain(4, 4);
    spec.fit = PLEURA_FIT_PAD;
    expect(&spec, (uint16_t[]){65535, 65535, 65535, 65535, 65535, 65535, 65535, 65535}, 4, 2,
           (float[]){0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0}, 16);
    expect(&spec, (uint16_t[]){65535, 65535, 65535, 65535, 65535, 65535, 65535, 65535}, 2, 4,
           (float[]){0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0}, 16);
}

/* Cut off or added at each edge: the share of the side, rounded as Python's round() does. */
static void framings(void **state)
{
    (void)state;
    pleura_input_spec spec = plain(1, 1);
    uint16_t row[25];
    for (int i = 0; i < 25; i++)
        row[i] = 65535;
    static const struct {
        uint32_t width;
        double cut;
        uint32_t cut_off, added;
    } cases[] = {{5, 0.1, 0, 0},   {6, 0.1, 1, 1},   {15, 0.1, 2, 2},  {25, 0.1, 2, 2},
                 {20, 0.05, 1, 1}, {10, 0.05, 0, 0}, {10, 0.15, 2, 2}, {6, 0.25, 2, 2},
                 {4, 0.49, 1, 2},  {3, 0.49, 1, 1},  {2, 0.49, 0, 1},  {2, 0.25, 0, 0},
                 {1, 0.49, 0, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t width = cases[i].width;
        spec.cut = cases[i].cut;
        row[0] = row[width - 1] = 0; /* black, which a cut takes away */
        float wanted = cases[i].cut_off ? 1 : width > 2 ? (float)(width - 2) / (float)width : 0;
        expect(&spec, row, width, 1, &wanted, 1);
        spec.cut = -cases[i].cut;
        row[0] = row[width - 1] = 65535;
        wanted = (float)width / (float)(width + 2 * cases[i].added);
        expect(&spec, row, width, 1, &wanted, 1);
    }
}

/* Mean and deviation are the framing's own: its black counts, what is cut off does not. */
static void a_framing_is_normalised_by_itself(void **state)
{
    (void)state;
    const uint16_t row[] = {0, 0, 65535, 13107, 13107, 65535, 0, 0};
    pleura_input_spec spec = plain(1, 4);
    spec.normalise = PLEURA_NORMALISE_PER_IMAGE;
    spec.cut = 0.25;
    expect(&spec, row, 8, 1, (float[]){1, -1, -1, 1}, 4);
    spec = plain(1, 16);
    spec.cut = -0.5 + 1e-9; /* 4 of 8 */
    expect(&spec, row, 8, 1, (float[]){0, 0, 0, 0, 0, 0, 1, 0.2f, 0.2f, 1, 0, 0, 0, 0, 0, 0}, 16);
    spec.normalise = PLEURA_NORMALISE_PER_IMAGE;
    const float mean = 2.4f / 16, std = sqrtf(2.08f / 16 - mean * mean);
    const float black = -mean / std, white = (1 - mean) / std, grey = (0.2f - mean) / std;
    expect(&spec, row, 8, 1,
           (float[]){black, black, black, black, black, black, white, grey, grey, white, black,
                     black, black, black, black, black},
           16);
}

/* A side never comes to nothing, however extreme the proportions. */
static void extreme_proportions(void **state)
{
    (void)state;
    static uint16_t strip[20000];
    float tensor[64];
    for (int fit = PLEURA_FIT_SQUASH; fit <= PLEURA_FIT_PAD; fit++)
        for (int upright = 0; upright < 2; upright++) {
            pleura_input_spec spec = plain(8, 8);
            spec.fit = (pleura_fit)fit;
            pleura_image *image = image_of(strip, upright ? 1 : 20000, upright ? 20000 : 1);
            assert_int_equal(pleura_tensor_from_image(&spec, image, tensor, 64, NULL), PLEURA_OK);
            for (int i = 0; i < 64; i++)
                assert_true(tensor[i] == 0);
            pleura_image_free(image);
        }
}

/* 8-bit greys v are v x 257; between them the nearest counts, and with all 16 bits each by itself. */
static void nearest_of_256_greys(void **state)
{
    (void)state;
    pleura_input_spec spec = plain(1, 6);
    spec.range_high = 65535;
    uint16_t samples[] = {0, 128, 129, 200 * 257 - 128, 200 * 257 + 128, 65535 - 129};
    expect(&spec, samples, 6, 1, (float[]){0, 128, 129, 51272, 51528, 65406}, 6);
    spec.in_bytes = true;
    expect(&spec, samples, 6, 1, (float[]){0, 0, 257, 51400, 51400, 65535 - 257}, 6);
    spec = plain(1, 1);
    spec.range_high = 65535;
    spec.in_bytes = true; /* first the greys, then their mean */
    expect(&spec, (uint16_t[]){0, 128, 0, 129}, 2, 2, (float[]){257 / 4.0f}, 1);
}

static void arguments(void **state)
{
    (void)state;
    pleura_input_spec spec = plain(2, 2);
    float tensor[12];
    pleura_image *image = image_of((uint16_t[]){1}, 1, 1);
    assert_int_equal(pleura_tensor_from_image(&spec, image, tensor, 12, NULL),
                     PLEURA_ERROR_ARGUMENT);
    assert_int_equal(pleura_tensor_from_image(&spec, NULL, tensor, 4, NULL), PLEURA_ERROR_ARGUMENT);
    spec.channels = 2;
    assert_int_equal(pleura_tensor_from_image(&spec, image, tensor, 8, NULL),
                     PLEURA_ERROR_ARGUMENT);
    pleura_image_free(image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fixed_normalisation_by_channel),
        cmocka_unit_test(ranges),
        cmocka_unit_test(normalisation_per_image),
        cmocka_unit_test(fits),
        cmocka_unit_test(framings),
        cmocka_unit_test(a_framing_is_normalised_by_itself),
        cmocka_unit_test(extreme_proportions),
        cmocka_unit_test(nearest_of_256_greys),
        cmocka_unit_test(arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
