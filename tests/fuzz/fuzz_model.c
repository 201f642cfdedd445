/*
 * Any bytes as a model. Beyond not crashing: a refusal has a code and a sentence; a model that loads
 * describes itself, runs, and gives the same numbers twice.
 */
#include "pleura/pleura.h"

#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)

/* A mutated file may ask for a large network, legally; it is loaded, but not waited for. */
#define MOST_FLOATS 65536

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    pleura_model *model;
    pleura_error error = {0};
    if (pleura_model_load(bytes, size, NULL, &model, &error) != PLEURA_OK) {
        CHECK(!model && error.code != PLEURA_OK && error.message[0]);
        return 0;
    }
    CHECK(pleura_model_info_json(model)[0] == '{');
    size_t count = pleura_model_input_count(model), outputs = pleura_model_label_count(model);
    if (count <= MOST_FLOATS && outputs <= MOST_FLOATS) {
        float *input = calloc(count, sizeof *input);
        float *first = malloc(outputs * sizeof *first), *second = malloc(outputs * sizeof *second);
        CHECK(input && first && second);
        CHECK(pleura_run(model, input, count, first, outputs, NULL) == PLEURA_OK);
        CHECK(pleura_run(model, input, count, second, outputs, NULL) == PLEURA_OK);
        CHECK(memcmp(first, second, outputs * sizeof *first) == 0);
        free(input);
        free(first);
        free(second);
    }
    pleura_model_free(model);
    return 0;
}
