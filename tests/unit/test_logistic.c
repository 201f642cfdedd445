/* The regression against scikit-learn's on the same folds, and the folds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "fixture_logistic.h"
#include "learn/folds.h"
#include "learn/logistic.h"

#include <math.h>
#include <string.h>

extern size_t pleura_test_fail_at, pleura_test_allocations, pleura_test_live;

/* The agreement that is promised. */
#define PROMISED 1e-3

typedef struct setup {
    const double *expected; /* strengths x films x classes */
    size_t classes;
    bool weighted;
} setup;

static size_t fold_of(size_t film)
{
    return film / CLASSES % FOLDS;
}

/* Films of the first `classes` classes that are in the fold, or in the others. */
static size_t list_films(size_t classes, size_t fold, bool inside, uint32_t *films)
{
    size_t count = 0;
    for (uint32_t i = 0; i < FILMS; i++)
        if (i % CLASSES < classes && (fold_of(i) == fold) == inside)
            films[count++] = i;
    return count;
}

static pleura_directions directions_of(const float *x, size_t features, pleura_arena *arena)
{
    pleura_directions directions;
    assert_int_equal(pleura_directions_find(x, FILMS, features, arena, &directions, NULL),
                     PLEURA_OK);
    return directions;
}

static double worst_of(const setup *s, size_t strength, double largest_shift)
{
    float x[FILMS * FEATURES];
    uint32_t labels[FILMS], films[FILMS];
    double weights[FILMS], worst = 0;
    for (uint32_t i = 0; i < FILMS; i++) {
        labels[i] = i % CLASSES;
        weights[i] = 0.5 + (i % 4) / 2.0;
        for (size_t c = 0; c < FEATURES; c++)
            x[i * FEATURES + c] = films_x[i * FEATURES + c] + (float)(largest_shift * (double)c);
    }
    pleura_arena arena = {0};
    pleura_directions directions = directions_of(x, FEATURES, &arena);
    for (size_t fold = 0; fold < FOLDS; fold++) {
        double w[CLASSES * (FEATURES + 1)] = {0}, p[CLASSES];
        pleura_logistic problem = {.x = x,
                                   .features = FEATURES,
                                   .classes = s->classes,
                                   .films = films,
                                   .count = list_films(s->classes, fold, false, films),
                                   .labels = labels,
                                   .weights = s->weighted ? weights : NULL,
                                   .directions = &directions,
                                   .c = strengths[strength],
                                   .tolerance = 1e-12,
                                   .most_steps = 5000};
        assert_int_equal(pleura_logistic_fit(&problem, w, NULL, NULL), PLEURA_OK);
        size_t rows = pleura_logistic_rows(s->classes), of_classes = 0;
        for (uint32_t i = 0; i < FILMS; i++) {
            if (labels[i] >= s->classes)
                continue;
            size_t row = of_classes++;
            if (fold_of(i) != fold)
                continue;
            pleura_logistic_scores(w, rows, x + i * FEATURES, FEATURES, p);
            pleura_logistic_probabilities(p, s->classes, p);
            size_t all = FILMS / CLASSES * s->classes;
            for (size_t k = 0; k < s->classes; k++)
                worst =
                    fmax(worst, fabs(p[k] - s->expected[(strength * all + row) * s->classes + k]));
        }
    }
    pleura_arena_free(&arena);
    return worst;
}

static void equals_scikit_learn(void **state)
{
    (void)state;
    const setup setups[] = {{of_three, 3, false}, {of_two, 2, false}, {weighted, 3, true}};
    for (size_t i = 0; i < 3; i++)
        for (size_t strength = 0; strength < STRENGTHS; strength++) {
            double worst = worst_of(&setups[i], strength, 0);
            print_message("setup %zu, C %g: %.1e\n", i, strengths[strength], worst);
            assert_true(worst < PROMISED);
        }
}

/* The intercept is free: what is added to a feature of all films changes nothing. */
static void a_shift_changes_nothing(void **state)
{
    (void)state;
    const setup three = {of_three, 3, false};
    assert_true(worst_of(&three, 1, 3) < PROMISED);
}

/* With the scores of another fit as offsets and next to no strength, that fit's answers stay. */
static void offsets_are_added(void **state)
{
    (void)state;
    uint32_t labels[FILMS], films[FILMS];
    double offsets[FILMS * CLASSES], p[CLASSES], q[CLASSES];
    for (uint32_t i = 0; i < FILMS; i++) {
        labels[i] = i % CLASSES;
        films[i] = i;
    }
    pleura_arena arena = {0};
    pleura_directions directions = directions_of(films_x, FEATURES, &arena);
    double first[CLASSES * (FEATURES + 1)] = {0}, second[CLASSES * (FEATURES + 1)] = {0};
    pleura_logistic problem = {.x = films_x,
                               .features = FEATURES,
                               .classes = CLASSES,
                               .films = films,
                               .count = FILMS,
                               .labels = labels,
                               .directions = &directions,
                               .c = 1,
                               .tolerance = 1e-12,
                               .most_steps = 5000};
    assert_int_equal(pleura_logistic_fit(&problem, first, NULL, NULL), PLEURA_OK);
    for (size_t i = 0; i < FILMS; i++)
        pleura_logistic_scores(first, CLASSES, films_x + i * FEATURES, FEATURES,
                               offsets + i * CLASSES);
    problem.offsets = offsets;
    problem.c = 1e-9;
    assert_int_equal(pleura_logistic_fit(&problem, second, NULL, NULL), PLEURA_OK);
    for (size_t i = 0; i < FILMS; i++) {
        const float *x = films_x + i * FEATURES;
        pleura_logistic_scores(second, CLASSES, x, FEATURES, p);
        for (size_t k = 0; k < CLASSES; k++)
            p[k] += offsets[i * CLASSES + k];
        pleura_logistic_probabilities(p, CLASSES, p);
        pleura_logistic_probabilities(offsets + i * CLASSES, CLASSES, q);
        for (size_t k = 0; k < CLASSES; k++)
            assert_true(fabs(p[k] - q[k]) < 1e-4);
    }
    pleura_arena_free(&arena);
}

static void probabilities_of_large_scores(void **state)
{
    (void)state;
    double scores[] = {800, -800, 0}, p[3];
    pleura_logistic_probabilities(scores, 3, p);
    assert_true(p[0] == 1 && p[1] == 0 && p[2] == 0);
    scores[0] = -800;
    pleura_logistic_probabilities(scores, 2, p);
    assert_true(p[0] == 1 && p[1] == 0);
    scores[0] = 800;
    pleura_logistic_probabilities(scores, 2, p);
    assert_true(p[0] == 0 && p[1] == 1);
}

/* ---- Folds ---- */

enum { MANY = 300, PATIENTS = 110 };

static void make_folds(uint32_t *labels, uint32_t *patients, unsigned folds, uint32_t *fold)
{
    for (uint32_t i = 0; i < MANY; i++) {
        patients[i] = i < 40 ? 0 : i % PATIENTS; /* the first has many */
        labels[i] = patients[i] % 5 == 0 ? 0 : patients[i] % 5 < 3 ? 1 : 2;
    }
    assert_int_equal(pleura_folds_make(labels, patients, MANY, 3, PATIENTS, folds, fold, NULL),
                     PLEURA_OK);
}

static void no_patient_is_in_two_folds(void **state)
{
    (void)state;
    uint32_t labels[MANY], patients[MANY], fold[MANY], again[MANY];
    make_folds(labels, patients, 5, fold);
    make_folds(labels, patients, 5, again);
    assert_memory_equal(fold, again, sizeof fold);
    for (size_t i = 0; i < MANY; i++) {
        assert_true(fold[i] < 5);
        for (size_t k = 0; k < i; k++)
            assert_true(patients[i] != patients[k] || fold[i] == fold[k]);
    }
}

static void folds_have_even_shares_of_each_label(void **state)
{
    (void)state;
    uint32_t labels[MANY], patients[MANY], fold[MANY];
    size_t films[5][3] = {{0}}, all[3] = {0};
    make_folds(labels, patients, 5, fold);
    for (size_t i = 0; i < MANY; i++) {
        films[fold[i]][labels[i]]++;
        all[labels[i]]++;
    }
    for (size_t f = 0; f < 5; f++)
        for (size_t k = 1; k < 3; k++) /* label 0 is the large patient's */
            assert_true(fabs((double)films[f][k] - (double)all[k] / 5) <= 4);
}

static void any_allocation_may_fail(void **state)
{
    (void)state;
    uint32_t labels[2] = {0, 1}, films[2] = {0, 1}, fold[2];
    double w[FEATURES + 1] = {0};
    pleura_arena arena = {0};
    pleura_directions directions = directions_of(films_x, FEATURES, &arena);
    pleura_logistic problem = {.x = films_x,
                               .features = FEATURES,
                               .classes = 2,
                               .films = films,
                               .count = 2,
                               .labels = labels,
                               .directions = &directions,
                               .c = 1,
                               .tolerance = 1e-3,
                               .most_steps = 10};
    size_t live = pleura_test_live;
    for (size_t fail_at = 1; fail_at <= 4; fail_at++) {
        pleura_test_allocations = 0;
        pleura_test_fail_at = fail_at;
        pleura_code first = pleura_logistic_fit(&problem, w, NULL, NULL);
        pleura_code second = pleura_folds_make(labels, films, 2, 2, 2, 2, fold, NULL);
        pleura_test_fail_at = 0;
        assert_int_equal(first, fail_at <= 2 ? PLEURA_ERROR_MEMORY : PLEURA_OK);
        assert_int_equal(second, fail_at > 2 ? PLEURA_ERROR_MEMORY : PLEURA_OK);
        assert_int_equal(pleura_test_live, live);
    }
    pleura_arena_free(&arena);
    pleura_test_allocations = 0;
    pleura_test_fail_at = 1;
    pleura_code code = pleura_directions_find(films_x, FILMS, FEATURES, &arena, &directions, NULL);
    pleura_test_fail_at = 0;
    assert_int_equal(code, PLEURA_ERROR_MEMORY);
    pleura_arena_free(&arena);
}

/* The axes are at right angles, each of length 1, and stay apart where films leave fewer than asked for. */
static void directions_are_orthonormal(void **state)
{
    (void)state;
    pleura_arena arena = {0};
    float x[FILMS * FEATURES];
    for (size_t i = 0; i < FILMS; i++)
        for (size_t c = 0; c < FEATURES; c++)
            x[i * FEATURES + c] =
                (float)i * (c + 1 < FEATURES ? 1.0f : 2.0f) + (c == 0 && i % 3 == 0);
    const float *const sets[] = {films_x, x};
    const size_t expected[] = {FEATURES, 2};
    for (size_t set = 0; set < 2; set++) {
        pleura_directions d = directions_of(sets[set], FEATURES, &arena);
        assert_int_equal(d.count, expected[set]);
        for (size_t i = 0; i < d.count; i++)
            for (size_t k = 0; k <= i; k++) {
                double sum = 0;
                for (size_t c = 0; c < FEATURES; c++)
                    sum += d.axes[i * FEATURES + c] * d.axes[k * FEATURES + c];
                assert_true(fabs(sum - (i == k)) < 1e-12);
            }
        pleura_arena_free(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_scikit_learn),
        cmocka_unit_test(a_shift_changes_nothing),
        cmocka_unit_test(offsets_are_added),
        cmocka_unit_test(probabilities_of_large_scores),
        cmocka_unit_test(directions_are_orthonormal),
        cmocka_unit_test(no_patient_is_in_two_folds),
        cmocka_unit_test(folds_have_even_shares_of_each_label),
        cmocka_unit_test(any_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
