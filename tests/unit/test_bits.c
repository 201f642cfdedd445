/*
 * The shipped network's answers to the bundled films, to the last bit: logits.csv is what models/train/bits.py wrote.
 * Node and browsers are held to the same list (tests/node/bits.test.mjs, tests/browser/integers.test.mjs).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../read_file.h"

#include "pleura/pleura.h"

#define FILMS PLEURA_ROOT "/tests/fixtures/films/"
#define LABELS 3
#define COUNT 12

typedef struct expected {
    char file[64];
    float logits[LABELS];
} expected;

static size_t read_list(expected *list, size_t room)
{
    FILE *file = fopen(FILMS "logits.csv", "r");
    assert_non_null(file);
    char line[200];
    size_t count = 0;
    assert_non_null(fgets(line, sizeof line, file));
    while (fgets(line, sizeof line, file)) {
        assert_in_range(count, 0, room - 1);
        char *at = strchr(line, ',');
        assert_non_null(at);
        snprintf(list[count].file, sizeof list[count].file, "%.*s", (int)(at - line), line);
        for (int i = 0; i < LABELS; i++)
            list[count].logits[i] = strtof(at + 1, &at);
        assert_int_equal(*at, '\n');
        count++;
    }
    fclose(file);
    return count;
}

static void run_film(pleura_model *model, const char *name, float *logits)
{
    char path[400];
    snprintf(path, sizeof path, FILMS "%s", name);
    size_t size, count = pleura_model_input_count(model);
    void *bytes = read_file(path, &size);
    assert_non_null(bytes);
    float *tensor = malloc(count * sizeof *tensor);
    assert_non_null(tensor);
    pleura_error error = {0};
    pleura_image *image;
    assert_int_equal(pleura_image_decode(bytes, size, NULL, &image, &error), PLEURA_OK);
    assert_int_equal(pleura_preprocess(model, image, tensor, count, &error), PLEURA_OK);
    assert_int_equal(pleura_run(model, tensor, count, logits, LABELS, &error), PLEURA_OK);
    pleura_image_free(image);
    free(tensor);
    free(bytes);
}

static void every_film_has_the_bits_of_the_list(void **state)
{
    (void)state;
    expected list[COUNT + 1];
    assert_int_equal(read_list(list, COUNT + 1), COUNT);
    size_t size;
    void *onnx = read_file(PLEURA_ROOT "/models/child-pneumonia/model.onnx", &size);
    assert_non_null(onnx);
    pleura_error error = {0};
    pleura_model *model;
    assert_int_equal(pleura_model_load(onnx, size, NULL, &model, &error), PLEURA_OK);
    for (size_t i = 0; i < COUNT; i++) {
        float logits[LABELS];
        run_film(model, list[i].file, logits);
        if (memcmp(logits, list[i].logits, sizeof logits) != 0)
            fail_msg("%s: %.9g %.9g %.9g", list[i].file, (double)logits[0], (double)logits[1],
                     (double)logits[2]);
    }
    pleura_model_free(model);
    free(onnx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_film_has_the_bits_of_the_list)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
