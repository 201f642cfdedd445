/* The integer kernels against plain loops, bit for bit. Needs core/src to include. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "check.h"
#include "kernels/kernels.h"
#include "kernels/tile_x86.h"
#include "network.h"

static void check_all(void)
{
    uint64_t digest;
    const char *difference = check_kernels(&digest);
    if (difference)
        fail_msg("%s", difference);
    assert_int_equal(digest, CHECK_DIGEST);
}

static void test_same_as_plain_loops(void **state)
{
    (void)state;
    check_all();
#if defined(PLEURA_TEST_ALLOCATION) && defined(PLEURA_WIDE_TILES)
    pleura_test_no_vnni = true;
    check_all();
    pleura_test_narrow = true;
    check_all();
    pleura_test_no_vnni = pleura_test_narrow = false;
#endif
}

static void run_network(unsigned threads)
{
    integer_network network;
    const char *fault = integer_network_run(threads, &network);
    if (fault)
        fail_msg("%s", fault);
    assert_true(network.all_integer);
    assert_string_equal(network.sha256, NETWORK_SHA256);
    integer_network_free(&network);
}

static void test_network(void **state)
{
    (void)state;
    run_network(1);
    run_network(3);
}

static void test_bounds(void **state)
{
    (void)state;
    enum { CHANNELS = 65794 }; /* 255 x 128 x this is the first sum past int32 */
    static int8_t weights[CHANNELS];
    for (size_t i = 0; i < CHANNELS; i++)
        weights[i] = -128;
    int32_t bias = 0;
    float scale = 1e-4f;
    pleura_qconv_spec spec = {.height = 1,
                              .width = 1,
                              .channels = CHANNELS - 1,
                              .out_height = 1,
                              .out_width = 1,
                              .out_channels = 1,
                              .groups = 1,
                              .kernel = {1, 1},
                              .stride = {1, 1},
                              .dilation = {1, 1},
                              .weights = weights,
                              .bias = &bias,
                              .scale = &scale,
                              .low = -128,
                              .high = 127};
    assert_true(pleura_qconv_fits(&spec));
    spec.channels = CHANNELS;
    assert_false(pleura_qconv_fits(&spec));
    spec.channels = 1;
    bias = INT32_MIN;
    assert_false(pleura_qconv_fits(&spec));
    bias = 0;
    scale = 1.0f / 0.0f;
    assert_false(pleura_qconv_fits(&spec));
    scale = -1;
    assert_false(pleura_qconv_fits(&spec));
    scale = 64; /* 32,640 times this is not 2^21 yet */
    assert_true(pleura_qconv_fits(&spec));
    scale = 64.3f;
    assert_false(pleura_qconv_fits(&spec));
    scale = 1;
    spec.kernel[0] = PLEURA_Q_MAX_TAPS + 1;
    assert_false(pleura_qconv_fits(&spec));
}

#ifdef PLEURA_TEST_ALLOCATION
extern size_t pleura_test_fail_at, pleura_test_allocations, pleura_test_live;

static void create_with_failures(uint32_t groups)
{
    static const int8_t weights[64 * 64 * 9];
    float scale[64] = {0};
    pleura_qconv_spec spec = {.height = 8,
                              .width = 8,
                              .channels = 64,
                              .out_height = 8,
                              .out_width = 8,
                              .out_channels = 64,
                              .groups = groups,
                              .kernel = {3, 3},
                              .stride = {1, 1},
                              .dilation = {1, 1},
                              .pad = {1, 1},
                              .weights = weights,
                              .scale = scale};
    pleura_code code = PLEURA_ERROR_MEMORY;
    size_t before = pleura_test_live, at = 0;
    while (code != PLEURA_OK) {
        pleura_error error = {0};
        pleura_qconv *conv = NULL;
        pleura_test_allocations = 0;
        pleura_test_fail_at = ++at;
        code = pleura_qconv_create(&spec, &conv, &error);
        pleura_test_fail_at = 0;
        assert_int_equal(code, error.code);
        assert_true(code == PLEURA_OK || (code == PLEURA_ERROR_MEMORY && !conv));
        pleura_qconv_free(conv);
        assert_int_equal(pleura_test_live, before);
    }
    assert_true(at > 3);
}
#endif

static void test_failing_allocations(void **state)
{
    (void)state;
#ifdef PLEURA_TEST_ALLOCATION
    create_with_failures(1);
    create_with_failures(64);
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_as_plain_loops),
        cmocka_unit_test(test_network),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
