/* The formulas of metrics.c against plain loops, and against figures worked out in numpy. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "decide/metrics.h"

#include <math.h>
#include <stdlib.h>

enum { FILMS = 200 };

static unsigned next(unsigned *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* Scores on a grid of 32, so that many are tied. */
static void make(pleura_scored films[FILMS], double weights[FILMS])
{
    unsigned state = 7;
    for (uint32_t i = 0; i < FILMS; i++) {
        bool positive = next(&state) % 3 != 0;
        float score = (float)(next(&state) % 25 + (positive ? 8u : 0u)) / 32;
        films[i] = (pleura_scored){score, positive, i};
        weights[i] = next(&state) % 4;
    }
}

static double plain_auc(const pleura_scored *films, const double *weights)
{
    double good = 0, all = 0;
    for (int i = 0; i < FILMS; i++)
        for (int k = 0; k < FILMS; k++) {
            if (!films[i].positive || films[k].positive)
                continue;
            double weight = weights ? weights[films[i].place] * weights[films[k].place] : 1;
            all += weight;
            good += films[i].score > films[k].score    ? weight
                    : films[i].score == films[k].score ? weight / 2
                                                       : 0;
        }
    return good / all;
}

static void auc_counts_pairs(void **state)
{
    (void)state;
    pleura_scored films[FILMS];
    double weights[FILMS];
    make(films, weights);
    pleura_metrics_sort(films, FILMS);
    for (int i = 1; i < FILMS; i++)
        assert_true(films[i - 1].score >= films[i].score);
    assert_true(fabs(pleura_metrics_auc(films, FILMS, NULL) - plain_auc(films, NULL)) < 1e-12);
    assert_true(fabs(pleura_metrics_auc(films, FILMS, weights) - plain_auc(films, weights)) <
                1e-12);
}

static void auc_without_one_side(void **state)
{
    (void)state;
    pleura_scored films[] = {{0.9f, true, 0}, {0.1f, true, 1}};
    assert_true(isnan(pleura_metrics_auc(films, 2, NULL)));
    assert_true(isnan(pleura_metrics_auc(films, 0, NULL)));
    double weights[] = {1, 0};
    films[1].positive = false;
    assert_true(pleura_metrics_auc(films, 2, NULL) == 1);
    assert_true(isnan(pleura_metrics_auc(films, 2, weights)));
}

/* The same six films as in models/train/test_metrics.py. */
static const pleura_scored six[] = {{1.0f, true, 0},  {0.75f, true, 1}, {0.75f, false, 2},
                                    {0.5f, false, 3}, {0.25f, true, 4}, {0.125f, false, 5}};

static void six_films_by_hand(void **state)
{
    (void)state;
    pleura_rates rates;
    pleura_metrics_rates(six, 6, NULL, 0.75f, &rates);
    assert_true(rates.sensitivity == 2.0 / 3 && rates.specificity == 2.0 / 3);
    assert_true(rates.accuracy == 4.0 / 6 && rates.precision == 2.0 / 3);
    assert_true(fabs(pleura_metrics_auc(six, 6, NULL) - 6.5 / 9) < 1e-12);
    /* bins: 1.0 {0}, .75 {-.25 + .75}, .5 {.5}, .25 {-.75}, .125 {.125} */
    assert_true(fabs(pleura_metrics_calibration_error(six, 6, NULL) - 1.875 / 6) < 1e-7);
    assert_true(fabs(pleura_metrics_brier(six, 6, NULL) -
                     (0.0625 + 0.5625 + 0.25 + 0.5625 + 0.015625) / 6) < 1e-7);
    double weights[] = {1, 0, 0, 2, 0, 2};
    pleura_metrics_rates(six, 6, weights, 0.5f, &rates);
    assert_true(rates.sensitivity == 1 && rates.specificity == 0.5 && rates.accuracy == 0.6);
    assert_true(fabs(pleura_metrics_brier(six, 6, weights) - (0.5 + 0.03125) / 5) < 1e-7);
    pleura_metrics_rates(six, 0, NULL, 0.5f, &rates);
    assert_true(isnan(rates.sensitivity) && isnan(rates.accuracy) && isnan(rates.precision));
}

static void draws_are_samples_of_patients(void **state)
{
    (void)state;
    enum { PATIENTS = 50, DRAWS = 400 };
    uint32_t times[PATIENTS], again[PATIENTS];
    double mean[PATIENTS] = {0}, absent = 0;
    for (uint64_t draw = 0; draw < DRAWS; draw++) {
        uint32_t sum = 0;
        pleura_metrics_draw(draw, PATIENTS, times);
        for (int i = 0; i < PATIENTS; i++) {
            sum += times[i];
            mean[i] += times[i] / (double)DRAWS;
            absent += times[i] == 0;
        }
        assert_int_equal(sum, PATIENTS);
    }
    for (int i = 0; i < PATIENTS; i++) /* the mean's deviation is 1 / sqrt(400) */
        assert_true(fabs(mean[i] - 1) < 0.25);
    /* (1 - 1 / 50) ^ 50 of the patients are not drawn: .364 */
    assert_true(fabs(absent / (DRAWS * PATIENTS) - 0.364) < 0.02);
    pleura_metrics_draw(3, PATIENTS, times);
    pleura_metrics_draw(3, PATIENTS, again);
    assert_memory_equal(times, again, sizeof times);
    pleura_metrics_draw(4, PATIENTS, again);
    assert_memory_not_equal(times, again, sizeof times);
}

static void quantiles_as_numpy_has_them(void **state)
{
    (void)state;
    double values[] = {NAN, 7, 1, 3, NAN, 4}; /* numpy.nanquantile(v, [0, .1, .5, .9, 1]) */
    const double shares[] = {0, 0.1, 0.5, 0.9, 1}, wanted[] = {1, 1.6, 3.5, 6.1, 7};
    for (int i = 0; i < 5; i++)
        assert_true(fabs(pleura_metrics_quantile(values, 6, shares[i]) - wanted[i]) < 1e-12);
    double none[] = {NAN};
    assert_true(isnan(pleura_metrics_quantile(none, 1, 0.5)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(auc_counts_pairs),
        cmocka_unit_test(auc_without_one_side),
        cmocka_unit_test(six_films_by_hand),
        cmocka_unit_test(draws_are_samples_of_patients),
        cmocka_unit_test(quantiles_as_numpy_has_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
