/* What is made of films and labels: figures with bootstrap intervals, rates of each group, reasons
 * counted. */
#include "evaluation.h"

#include "decide/named.h"
#include "error.h"
#include "model/model.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define MAX_PAIRED_LABELS 6 /* fifteen pairs; more would be a table nobody reads */

static pleura_question *new_question(pleura_evaluation *e)
{
    pleura_question *question = &e->questions[e->question_count];
    question->films = pleura_arena_alloc(&e->arena, e->count * sizeof *question->films);
    e->question_count += question->films != NULL;
    return question->films ? question : NULL;
}

static void put(pleura_question *question, float score, bool positive, size_t place)
{
    question->films[question->count++] = (pleura_scored){score, positive, (uint32_t)place};
}

static bool ask_finding(pleura_evaluation *e)
{
    pleura_question *question = new_question(e);
    if (!question)
        return false;
    snprintf(question->name, sizeof question->name, "auc");
    for (size_t i = 0; i < e->count; i++) {
        const pleura_judged *film = &e->films[i];
        if (film->truth != PLEURA_UNKNOWN && film->probabilities)
            put(question, film->score, film->truth == 1, i);
    }
    pleura_metrics_sort(question->films, question->count);
    e->labelled = question->count;
    return true;
}

/* Which of two labels, among the films of these two (Hand & Till 2001). */
static bool ask_pair(pleura_evaluation *e, int a, int b)
{
    pleura_question *question = new_question(e);
    if (!question)
        return false;
    snprintf(question->name, sizeof question->name, "auc %.50s : %.50s",
             pleura_model_answer_name(e->model, (size_t)a),
             pleura_model_answer_name(e->model, (size_t)b));
    for (size_t i = 0; i < e->count; i++) {
        const pleura_judged *film = &e->films[i];
        if (!film->probabilities || (film->label != a && film->label != b))
            continue;
        float left = film->probabilities[a], right = film->probabilities[b];
        put(question, left + right > 0 ? right / (left + right) : 0.5f, film->label == b, i);
    }
    pleura_metrics_sort(question->films, question->count);
    return true;
}

static bool ask(pleura_evaluation *e)
{
    int labels = (int)pleura_model_label_count(e->model);
    int paired = labels > 2 && labels <= MAX_PAIRED_LABELS ? labels : 0;
    size_t most = 1 + (size_t)(paired * (paired - 1) / 2);
    e->questions = pleura_arena_alloc(&e->arena, most * sizeof *e->questions);
    if (!e->questions || !ask_finding(e))
        return false;
    for (int a = 0; a < paired; a++)
        for (int b = a + 1; b < paired; b++)
            if (!ask_pair(e, a, b))
                return false;
    return true;
}

/* The films' weights, moved to the stated prevalence. */
static void at_prevalence(const pleura_evaluation *e, const double *weights, double *moved)
{
    const pleura_question *all = &e->questions[0];
    double sum[2] = {0, 0};
    for (size_t i = 0; i < all->count; i++)
        sum[all->films[i].positive] += weights[all->films[i].place];
    double share[2] = {1 - e->options.prevalence, e->options.prevalence};
    for (size_t i = 0; i < all->count; i++) {
        size_t place = all->films[i].place;
        int positive = all->films[i].positive;
        bool wanted = e->options.prevalence > 0 && sum[positive] > 0;
        moved[place] = weights[place] * (wanted ? share[positive] / sum[positive] : 1);
    }
}

/* Shares of films that are plain counts: the likeliest label is right; no answer was given. */
static void shares(const pleura_evaluation *e, const double *weights, double *right, double *silent)
{
    double known = 0, hits = 0, all = 0, none = 0;
    for (size_t i = 0; i < e->count; i++) {
        const pleura_judged *film = &e->films[i];
        if (film->failed || film->truth == PLEURA_UNKNOWN)
            continue;
        all += weights[i];
        none += film->outcome == PLEURA_CANNOT_SAY ? weights[i] : 0;
        if (film->label == PLEURA_UNKNOWN || film->called == PLEURA_UNKNOWN)
            continue;
        known += weights[i];
        hits += film->label == film->called ? weights[i] : 0;
    }
    *right = known > 0 ? hits / known : NAN;
    *silent = all > 0 ? none / all : NAN;
}

enum {
    SENSITIVITY,
    SPECIFICITY,
    ACCURACY,
    BALANCED,
    PRECISION,
    LABELS,
    CALIBRATION,
    BRIER,
    SILENT
};
static const char *const plain_names[] = {"sensitivity",       "specificity", "accuracy",
                                          "balanced_accuracy", "precision",   "label_accuracy",
                                          "calibration_error", "brier",       "cannot_say"};
enum { PLAIN_COUNT = sizeof plain_names / sizeof plain_names[0] };

/* All figures for films of these weights: the plain ones, then each question's AUC. */
static void measure(const pleura_evaluation *e, const double *weights, double *moved,
                    double *values)
{
    const pleura_question *all = &e->questions[0];
    pleura_rates rates, then;
    at_prevalence(e, weights, moved);
    pleura_metrics_rates(all->films, all->count, weights, e->threshold, &rates);
    pleura_metrics_rates(all->films, all->count, moved, e->threshold, &then);
    values[SENSITIVITY] = rates.sensitivity;
    values[SPECIFICITY] = rates.specificity;
    values[ACCURACY] = rates.accuracy;
    values[BALANCED] = (rates.sensitivity + rates.specificity) / 2;
    values[PRECISION] = then.precision;
    values[CALIBRATION] = pleura_metrics_calibration_error(all->films, all->count, moved);
    values[BRIER] = pleura_metrics_brier(all->films, all->count, moved);
    shares(e, weights, &values[LABELS], &values[SILENT]);
    for (size_t i = 0; i < e->question_count; i++)
        values[PLAIN_COUNT + i] =
            pleura_metrics_auc(e->questions[i].films, e->questions[i].count, weights);
}

static bool number_patients(pleura_evaluation *e)
{
    pleura_named_film *names = pleura_arena_alloc(&e->arena, e->count * sizeof *names);
    uint32_t *numbers = pleura_arena_alloc(&e->arena, e->count * sizeof *numbers);
    if (!names || !numbers)
        return false;
    for (size_t i = 0; i < e->count; i++)
        names[i] = (pleura_named_film){e->films[i].patient, i};
    e->patients = pleura_named_number(names, e->count, numbers);
    for (size_t i = 0; i < e->count; i++)
        e->films[i].patient_number = numbers[i];
    return true;
}

/* Scratch of one computation. */
typedef struct scratch {
    double *weights, *moved, *values, *drawn;
    uint32_t *times;
} scratch;

static void draw_intervals(pleura_evaluation *e, scratch *s)
{
    size_t draws = e->options.draws, count = e->figure_count;
    for (size_t draw = 0; draw < draws; draw++) {
        pleura_metrics_draw(draw, e->patients, s->times);
        for (size_t i = 0; i < e->count; i++)
            s->weights[i] = s->times[e->films[i].patient_number];
        measure(e, s->weights, s->moved, s->values);
        for (size_t f = 0; f < count; f++)
            s->drawn[f * draws + draw] = s->values[f];
    }
    for (size_t f = 0; f < count; f++) {
        e->figures[f].low = pleura_metrics_quantile(&s->drawn[f * draws], draws, 0.025);
        e->figures[f].high = pleura_metrics_quantile(&s->drawn[f * draws], draws, 0.975);
    }
}

/* Where no film of a side was called wrong, no draw can be: the exact bound (Clopper & Pearson 1934)
 * for as many patients instead. */
static void widen(pleura_evaluation *e, scratch *s, pleura_figure *figure, int truth)
{
    size_t patients = 0;
    memset(s->times, 0, e->patients * sizeof *s->times);
    for (size_t i = 0; i < e->questions[0].count; i++) {
        const pleura_judged *film = &e->films[e->questions[0].films[i].place];
        patients += film->truth == truth && s->times[film->patient_number]++ == 0;
    }
    if (figure->low >= 1)
        figure->low = pow(0.025, 1 / (double)patients);
    if (figure->high <= 0)
        figure->high = 1 - pow(0.025, 1 / (double)patients);
}

static void compute_figures(pleura_evaluation *e, scratch *s)
{
    for (size_t i = 0; i < e->count; i++)
        s->weights[i] = 1;
    measure(e, s->weights, s->moved, s->values);
    for (size_t f = 0; f < e->figure_count; f++) {
        e->figures[f].name = f < PLAIN_COUNT ? plain_names[f] : e->questions[f - PLAIN_COUNT].name;
        e->figures[f].value = s->values[f];
    }
    draw_intervals(e, s);
    widen(e, s, &e->figures[SENSITIVITY], 1);
    widen(e, s, &e->figures[SPECIFICITY], 0);
}

/* The films of one group's name: first .. first + count in `order`. */
static bool measure_group(pleura_evaluation *e, const pleura_named_film *order, size_t count,
                          pleura_group_figures *group)
{
    pleura_scored *films = pleura_alloc(count * sizeof *films);
    size_t scored = 0;
    if (!films)
        return false;
    *group = (pleura_group_figures){.name = order[0].name};
    for (size_t i = 0; i < count; i++) {
        const pleura_judged *film = &e->films[order[i].film];
        group->films++;
        group->cannot_say += !film->failed && film->outcome == PLEURA_CANNOT_SAY;
        if (film->truth != PLEURA_UNKNOWN && film->probabilities)
            films[scored++] =
                (pleura_scored){film->score, film->truth == 1, (uint32_t)order[i].film};
    }
    pleura_metrics_sort(films, scored);
    group->auc = pleura_metrics_auc(films, scored, NULL);
    pleura_metrics_rates(films, scored, NULL, e->threshold, &group->rates);
    pleura_free(films);
    return true;
}

static bool compute_groups(pleura_evaluation *e)
{
    pleura_named_film *order = pleura_arena_alloc(&e->arena, e->count * sizeof *order);
    e->groups = pleura_arena_alloc(&e->arena, e->count * sizeof *e->groups);
    if (!order || !e->groups)
        return false;
    size_t named_count = 0;
    for (size_t i = 0; i < e->count; i++)
        if (e->films[i].group[0])
            order[named_count++] = (pleura_named_film){e->films[i].group, i};
    pleura_named_sort(order, named_count);
    for (size_t first = 0, next; first < named_count; first = next) {
        for (next = first + 1; next < named_count; next++)
            if (strcmp(order[next].name, order[first].name) != 0)
                break;
        if (!measure_group(e, &order[first], next - first, &e->groups[e->group_count]))
            return false;
        e->group_count++;
    }
    return true;
}

static void count_outcomes(pleura_evaluation *e)
{
    size_t labels = pleura_model_label_count(e->model);
    for (size_t i = 0; i < e->count; i++) {
        const pleura_judged *film = &e->films[i];
        e->failed += film->failed;
        for (size_t r = 0; r < PLEURA_REASON_COUNT; r++)
            e->refused[r] += film->reasons >> r & 1;
        if (film->label != PLEURA_UNKNOWN && film->called != PLEURA_UNKNOWN)
            e->confusion[(size_t)film->label * labels + (size_t)film->called]++;
    }
}

static bool compute(pleura_evaluation *e)
{
    size_t labels = pleura_model_label_count(e->model);
    e->confusion = pleura_arena_alloc(&e->arena, labels * labels * sizeof *e->confusion);
    if (!e->confusion || !ask(e) || !number_patients(e) || !compute_groups(e))
        return false;
    e->figure_count = PLAIN_COUNT + e->question_count;
    pleura_figure *figures = pleura_arena_alloc(&e->arena, e->figure_count * sizeof *figures);
    scratch s = {
        .weights = pleura_arena_alloc(&e->arena, e->count * sizeof(double)),
        .moved = pleura_arena_alloc(&e->arena, e->count * sizeof(double)),
        .values = pleura_arena_alloc(&e->arena, e->figure_count * sizeof(double)),
        .drawn = pleura_arena_alloc(&e->arena, e->figure_count * e->options.draws * sizeof(double)),
        .times = pleura_arena_alloc(&e->arena, e->patients * sizeof(uint32_t)),
    };
    if (!figures || !s.weights || !s.moved || !s.values || !s.drawn || !s.times)
        return false;
    e->figures = figures;
    compute_figures(e, &s);
    count_outcomes(e);
    return true;
}

pleura_code pleura_evaluation_compute(pleura_evaluation *e, pleura_error *error)
{
    if (!e || e->figures)
        return pleura_fail(error, PLEURA_ERROR_ARGUMENT,
                           "pleura_evaluation_compute: `evaluation` is NULL or computed already.");
    if (!compute(e))
        return pleura_fail_memory(error, e->count * sizeof(pleura_judged), "the evaluation");
    return PLEURA_OK;
}

const pleura_figure *pleura_evaluation_figure(const pleura_evaluation *e, size_t index)
{
    return e && index < e->figure_count ? &e->figures[index] : NULL;
}
