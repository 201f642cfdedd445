/* Before and after on the same films, with paired bootstrap samples of patients (Efron 1979). */
#include "cases.h"

#include "../decide/metrics.h"
#include "../error.h"

#include <math.h>

static const char *const names[PLEURA_FIGURE_COUNT] = {
    "auc",      "sensitivity",    "specificity",       "balanced_accuracy",
    "accuracy", "label_accuracy", "calibration_error", "brier"};

enum { SIDES = 2, COUNT = PLEURA_FIGURE_COUNT };

typedef struct comparison {
    const pleura_cases *cases;
    const pleura_answers *side[SIDES]; /* before may be NULL */
    pleura_scored *sorted[SIDES];
    double prevalence;
    double *weights, *moved; /* of films: drawn; and at the prevalence */
    double *drawn;           /* COUNT x 3 x draws */
    uint32_t *times;
} comparison;

static double ratio(double part, double whole)
{
    return whole > 0 ? part / whole : NAN;
}

static double label_accuracy(const comparison *c, const pleura_answers *a)
{
    double right = 0, all = 0;
    for (size_t i = 0; i < c->cases->count; i++) {
        if (c->cases->labels[i] == PLEURA_NO_LABEL)
            continue;
        all += c->weights[i];
        if (pleura_likeliest(a->probabilities + i * a->classes, a->classes) == c->cases->labels[i])
            right += c->weights[i];
    }
    return ratio(right, all);
}

static void measure(const comparison *c, int side, double *values)
{
    const pleura_answers *a = c->side[side];
    const pleura_cases *cases = c->cases;
    double table[2][2] = {{0, 0}, {0, 0}}, right = 0, all = 0; /* truth, call */
    for (size_t i = 0; i < cases->count; i++) {
        table[cases->truths[i]][a->calls[i]] += c->weights[i];
        right += a->calls[i] == cases->truths[i] ? c->moved[i] : 0;
        all += c->moved[i];
    }
    double sensitivity = ratio(table[1][1], table[1][0] + table[1][1]);
    double specificity = ratio(table[0][0], table[0][0] + table[0][1]);
    values[PLEURA_FIGURE_AUC] = pleura_metrics_auc(c->sorted[side], cases->count, c->weights);
    values[PLEURA_FIGURE_SENSITIVITY] = sensitivity;
    values[PLEURA_FIGURE_SPECIFICITY] = specificity;
    values[PLEURA_FIGURE_BALANCED] = (sensitivity + specificity) / 2;
    values[PLEURA_FIGURE_ACCURACY] = ratio(right, all);
    values[PLEURA_FIGURE_LABELS] = label_accuracy(c, a);
    values[PLEURA_FIGURE_CALIBRATION] =
        pleura_metrics_calibration_error(c->sorted[side], cases->count, c->moved);
    values[PLEURA_FIGURE_BRIER] = pleura_metrics_brier(c->sorted[side], cases->count, c->moved);
}

/* Who knows nothing ranks at random and says the commonest label. */
static void measure_chance(const comparison *c, double *values)
{
    double by_label[PLEURA_PROFILE_MAX_LABELS] = {0}, all = 0, most = 0;
    for (size_t i = 0; i < COUNT; i++)
        values[i] = NAN;
    for (size_t i = 0; i < c->cases->count; i++)
        if (c->cases->labels[i] != PLEURA_NO_LABEL) {
            by_label[c->cases->labels[i]] += c->weights[i];
            all += c->weights[i];
        }
    for (size_t k = 0; k < c->side[1]->classes; k++)
        most = fmax(most, by_label[k]);
    values[PLEURA_FIGURE_AUC] = 0.5;
    values[PLEURA_FIGURE_LABELS] = ratio(most, all);
}

/* The sides' values and the gain, at the present weights. */
static void measure_all(const comparison *c, double values[3][COUNT])
{
    const pleura_cases *cases = c->cases;
    double sum[2] = {0, 0};
    for (size_t i = 0; i < cases->count; i++)
        sum[cases->truths[i]] += c->weights[i];
    for (size_t i = 0; i < cases->count; i++) {
        int ill = cases->truths[i];
        bool moves = c->prevalence > 0 && sum[ill] > 0;
        double share = ill ? c->prevalence : 1 - c->prevalence;
        c->moved[i] = c->weights[i] * (moves ? share / sum[ill] : 1);
    }
    if (c->side[0])
        measure(c, 0, values[0]);
    else
        measure_chance(c, values[0]);
    measure(c, 1, values[1]);
    for (size_t f = 0; f < COUNT; f++) { /* of errors, less is more */
        bool error = f == PLEURA_FIGURE_CALIBRATION || f == PLEURA_FIGURE_BRIER;
        values[2][f] = error ? values[0][f] - values[1][f] : values[1][f] - values[0][f];
    }
}

static void set_interval(double *drawn, unsigned draws, pleura_figure *figure)
{
    figure->low = pleura_metrics_quantile(drawn, draws, 0.025);
    figure->high = pleura_metrics_quantile(drawn, draws, 0.975);
}

static void fill(const comparison *c, unsigned draws, pleura_comparison *figures,
                 pleura_gain_bounds *bounds)
{
    double values[3][COUNT];
    for (unsigned draw = 0; draw < draws; draw++) {
        pleura_metrics_draw(draw, c->cases->patient_count, c->times);
        for (size_t i = 0; i < c->cases->count; i++)
            c->weights[i] = c->times[c->cases->patients[i]];
        measure_all(c, values);
        for (size_t f = 0; f < COUNT; f++)
            for (size_t s = 0; s < 3; s++)
                c->drawn[(f * 3 + s) * draws + draw] = values[s][f];
    }
    for (size_t i = 0; i < c->cases->count; i++)
        c->weights[i] = 1;
    measure_all(c, values);
    for (size_t f = 0; f < COUNT; f++) {
        double *drawn = &c->drawn[f * 3 * draws];
        pleura_figure *const three[] = {&figures[f].before, &figures[f].after, &figures[f].gain};
        figures[f].name = names[f];
        for (size_t s = 0; s < 3; s++) {
            three[s]->name = names[f];
            three[s]->value = values[s][f];
            set_interval(drawn + s * draws, draws, three[s]);
        }
        bounds[f].low = pleura_metrics_quantile(drawn + 2 * draws, draws, 0.0125);
        bounds[f].high = pleura_metrics_quantile(drawn + 2 * draws, draws, 0.9875);
    }
}

static void sort_side(comparison *c, int side)
{
    for (size_t i = 0; c->side[side] && i < c->cases->count; i++)
        c->sorted[side][i] =
            (pleura_scored){c->side[side]->scores[i], c->cases->truths[i], (uint32_t)i};
    if (c->side[side])
        pleura_metrics_sort(c->sorted[side], c->cases->count);
}

pleura_code pleura_compare(const pleura_cases *cases, const pleura_answers *before,
                           const pleura_answers *after, double prevalence, unsigned draws,
                           pleura_comparison *figures, pleura_gain_bounds *bounds,
                           pleura_error *error)
{
    pleura_arena arena = {0};
    size_t count = cases->count, size = (size_t)COUNT * 3 * draws * sizeof(double);
    comparison c = {
        .cases = cases,
        .side = {before, after},
        .sorted = {pleura_arena_alloc(&arena, count * sizeof(pleura_scored)),
                   pleura_arena_alloc(&arena, count * sizeof(pleura_scored))},
        .prevalence = prevalence,
        .weights = pleura_arena_alloc(&arena, count * sizeof(double)),
        .moved = pleura_arena_alloc(&arena, count * sizeof(double)),
        .drawn = pleura_arena_alloc(&arena, size),
        .times = pleura_arena_alloc(&arena, cases->patient_count * sizeof(uint32_t)),
    };
    bool good = c.sorted[0] && c.sorted[1] && c.weights && c.moved && c.drawn && c.times;
    if (good) {
        sort_side(&c, 0);
        sort_side(&c, 1);
        fill(&c, draws, figures, bounds);
    }
    pleura_arena_free(&arena);
    return good ? PLEURA_OK : pleura_fail_memory(error, size, "the comparison");
}
