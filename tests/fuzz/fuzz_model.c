/*
 * Any bytes as a model. Beyond not crashing: a refusal has a code and a sentence; a model that loads
 * describes itself, runs, and gives the same numbers twice.
 */
#include "check.h"

#include <string.h>

/* A mutated file may ask for a large network, legally; it is loaded, but not waited for. */
#define MOST_FLOATS 65536

/* A picture of many greys, whole and in what framings the file names. */
static void check_answer(pleura_model *model)
{
    uint16_t grey[12 * 10];
    pleura_image *image;
    pleura_result *result;
    pleura_error error = {0};
    for (int i = 0; i < 12 * 10; i++)
        grey[i] = (uint16_t)(i * 7919);
    CHECK(pleura_image_from_grey16(grey, 12, 10, NULL, &image, NULL) == PLEURA_OK);
    pleura_code code = pleura_classify_image(model, image, NULL, &result, &error);
    CHECK(!result == (code != PLEURA_OK));
    if (code == PLEURA_OK)
        CHECK(!pleura_result_framings(result) == !pleura_result_probability_count(result));
    else
        check_refusal(code, &error);
    pleura_result_free(result);
    pleura_image_free(image);
}

static void check_run(pleura_model *model)
{
    size_t count = pleura_model_input_count(model), outputs = pleura_model_label_count(model);
    if (count > MOST_FLOATS || outputs > MOST_FLOATS)
        return;
    float *input = calloc(count, sizeof *input);
    float *first = malloc(outputs * sizeof *first), *second = malloc(outputs * sizeof *second);
    CHECK(input && first && second);
    CHECK(pleura_run(model, input, count, first, outputs, NULL) == PLEURA_OK);
    CHECK(pleura_run(model, input, count, second, outputs, NULL) == PLEURA_OK);
    CHECK(memcmp(first, second, outputs * sizeof *first) == 0);
    check_answer(model);
    free(input);
    free(first);
    free(second);
}

/* As before, or with the allocation numbered `fail_at` failing. */
static void check_again(const uint8_t *bytes, size_t size, pleura_code code, size_t fail_at)
{
    pleura_model *model;
    pleura_error error = {0};
    pleura_test_allocations = 0;
    pleura_test_fail_at = fail_at;
    pleura_code again = pleura_model_load(bytes, size, NULL, &model, &error);
    pleura_test_fail_at = 0;
    if (again != code && again != PLEURA_ERROR_MEMORY)
        fprintf(stderr, "%s: %s\n", pleura_code_name(again), error.message);
    CHECK(again == code || again == PLEURA_ERROR_MEMORY);
    CHECK(!model == (again != PLEURA_OK));
    if (again != PLEURA_OK)
        check_refusal(again, &error);
    pleura_model_free(model);
    CHECK(pleura_test_live == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    pleura_model *model;
    pleura_error error = {0};
    pleura_test_allocations = 0;
    pleura_code code = pleura_model_load(bytes, size, NULL, &model, &error);
    size_t allocations = pleura_test_allocations;
    if (code == PLEURA_OK) {
        CHECK(pleura_model_info_json(model)[0] == '{');
        check_run(model);
    } else {
        CHECK(!model);
        check_refusal(code, &error);
    }
    pleura_model_free(model);
    CHECK(pleura_test_live == 0);
    if (allocations)
        check_again(bytes, size, code, 1 + check_hash(bytes, size) % allocations);
    return 0;
}
