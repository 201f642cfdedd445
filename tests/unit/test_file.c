/* Films and models by their names: what is read, what is refused, and every failing allocation. */
#include "pleura/pleura.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FILM PLEURA_ROOT "/tests/fixtures/films/normal-1.jpg"
#define MODEL PLEURA_ROOT "/models/child-pneumonia/model.onnx"

extern size_t pleura_test_fail_at, pleura_test_allocations, pleura_test_live;

static void test_limit(void **state)
{
    (void)state;
    pleura_file file;
    pleura_error error = {0};
    assert_int_equal(pleura_file_read(FILM, SIZE_MAX, &file, NULL), PLEURA_OK);
    size_t size = file.size;
    assert_memory_equal(file.bytes, "\xff\xd8", 2);
    pleura_file_free(&file);
    assert_null(file.bytes);
    assert_int_equal(pleura_file_read(FILM, size, &file, NULL), PLEURA_OK);
    assert_int_equal(file.size, size);
    pleura_file_free(&file);
    assert_int_equal(pleura_file_read(FILM, size - 1, &file, &error), PLEURA_ERROR_TOO_LARGE);
    assert_null(file.bytes);
    char sentence[100];
    snprintf(sentence, sizeof sentence, "The file has more than %zu bytes, the most that is read.",
             size - 1);
    assert_string_equal(error.message, sentence);
    pleura_file_free(NULL);
}

/* A pipe tells no size, and gives its bytes bit by bit. */
static void test_pipe(void **state)
{
    (void)state;
    int ends[2];
    char name[40];
    assert_int_equal(pipe(ends), 0);
    snprintf(name, sizeof name, "/dev/fd/%d", ends[0]);
    assert_int_equal(write(ends[1], "two", 3), 3);
    assert_int_equal(write(ends[1], "parts", 5), 5);
    close(ends[1]);
    pleura_file file;
    assert_int_equal(pleura_file_read(name, 100, &file, NULL), PLEURA_OK);
    assert_int_equal(file.size, 8);
    assert_memory_equal(file.bytes, "twoparts", 8);
    pleura_file_free(&file);
    close(ends[0]);
}

static void test_refusals(void **state)
{
    (void)state;
    pleura_file file;
    pleura_model *model = (pleura_model *)1;
    pleura_result *result = (pleura_result *)1;
    const struct {
        const char *path, *says;
        pleura_code code;
    } cases[] = {
        {NULL, "`path` or `file` is NULL", PLEURA_ERROR_ARGUMENT},
        {"no-such-file", "cannot be opened: No such file", PLEURA_ERROR_FILE},
        {PLEURA_ROOT, "cannot be read: Is a directory", PLEURA_ERROR_FILE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        pleura_error errors[3] = {{0}, {0}, {0}};
        assert_int_equal(pleura_file_read(cases[i].path, 9, &file, &errors[0]), cases[i].code);
        assert_int_equal(pleura_model_load_file(cases[i].path, NULL, &model, &errors[1]),
                         cases[i].code);
        assert_int_equal(pleura_classify_file(NULL, cases[i].path, NULL, &result, &errors[2]),
                         cases[i].code);
        assert_null(model);
        assert_null(result);
        for (int k = 0; k < 3; k++)
            assert_non_null(strstr(errors[k].message, cases[i].says));
    }
    assert_int_equal(pleura_file_read(FILM, 9, NULL, NULL), PLEURA_ERROR_ARGUMENT);
    assert_int_equal(pleura_model_load_file(MODEL, NULL, NULL, NULL), PLEURA_ERROR_ARGUMENT);
    assert_int_equal(pleura_classify_file(NULL, FILM, NULL, &result, NULL), PLEURA_ERROR_ARGUMENT);
    assert_int_equal(pleura_model_load_file(FILM, NULL, &model, NULL), PLEURA_ERROR_ONNX);
}

/* By name as from memory; the caller's limit is the file's. */
static void test_answers(void **state)
{
    (void)state;
    pleura_model *model;
    pleura_result *named, *given;
    pleura_file film;
    assert_int_equal(pleura_model_load_file(MODEL, NULL, &model, NULL), PLEURA_OK);
    assert_int_equal(pleura_classify_file(model, FILM, NULL, &named, NULL), PLEURA_OK);
    assert_int_equal(pleura_file_read(FILM, PLEURA_DEFAULT_MAX_BYTES, &film, NULL), PLEURA_OK);
    assert_int_equal(pleura_classify(model, film.bytes, film.size, NULL, &given, NULL), PLEURA_OK);
    size_t count = pleura_result_probability_count(given);
    assert_true(count > 0 && count == pleura_result_probability_count(named));
    assert_memory_equal(pleura_result_probabilities(named), pleura_result_probabilities(given),
                        count * sizeof(float));
    pleura_result_free(named);
    pleura_result_free(given);
    const pleura_classify_options options = {.limits = {.max_bytes = film.size - 1}};
    assert_int_equal(pleura_classify_file(model, FILM, &options, &named, NULL),
                     PLEURA_ERROR_TOO_LARGE);
    pleura_file_free(&film);
    pleura_model_free(model);
}

static void test_allocations(void **state)
{
    (void)state;
    pleura_file file;
    size_t before = pleura_test_live;
    pleura_test_allocations = 0;
    assert_int_equal(pleura_file_read(MODEL, SIZE_MAX, &file, NULL), PLEURA_OK);
    size_t needed = pleura_test_allocations;
    pleura_file_free(&file);
    assert_true(needed > 1); /* it outgrows its first room */
    for (size_t i = 1; i <= needed; i++) {
        pleura_test_allocations = 0;
        pleura_test_fail_at = i;
        assert_int_equal(pleura_file_read(MODEL, SIZE_MAX, &file, NULL), PLEURA_ERROR_MEMORY);
        pleura_test_fail_at = 0;
        assert_null(file.bytes);
        assert_int_equal(pleura_test_live, before);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limit),       cmocka_unit_test(test_pipe),
        cmocka_unit_test(test_refusals),    cmocka_unit_test(test_answers),
        cmocka_unit_test(test_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
