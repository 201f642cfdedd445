/* A new last layer: the penalty chosen by cross-validation, and how much more films would bring. */
#include "state.h"

#include "../error.h"
#include "logistic.h"

#include <math.h>
#include <string.h>

/* Penalties in steps of sqrt(10), in units in which the features' mean square length is 1. */
#define FIRST_C 1e-3
#define LAST_C 1.1e4
/* At 1e-7, probabilities of 1,000 films were right to 6e-4 at worst, 5e-5 in the mean. */
#define FOLD_TOLERANCE 1e-7
#define LAST_TOLERANCE 1e-10
#define MOST_STEPS 2000

typedef struct work {
    pleura_learning *l;
    pleura_arena arena;
    size_t features, classes, rows, size; /* size: coefficients of a fit */
    float *x;                             /* centred, and of mean square length 1 */
    double *mean, length;                 /* what was taken off, and divided by */
    double *weights, *offsets;            /* offsets NULL: from zero */
    double *coefficients;                 /* folds x size */
    float *tried;                         /* path x films x classes: probabilities out of fold */
    double *losses;                       /* path x folds */
    double *films_of, whole;              /* weights: of each fold, and of all */
    uint32_t *list;                       /* films that train */
    pleura_directions directions;
} work;

/* ---- The problem ---- */

static void centre(work *w)
{
    const pleura_learning *l = w->l;
    double squares = 0, count = (double)l->count;
    for (size_t i = 0; i < l->count; i++)
        for (size_t c = 0; c < w->features; c++)
            w->mean[c] += (double)l->embeddings[i * l->width + c] / count;
    for (size_t i = 0; i < l->count; i++)
        for (size_t c = 0; c < w->features; c++) {
            double off = (double)l->embeddings[i * l->width + c] - w->mean[c];
            squares += off * off;
        }
    w->length = squares > 0 ? sqrt(squares / count) : 1;
    for (size_t i = 0; i < l->count; i++)
        for (size_t c = 0; c < w->features; c++)
            w->x[i * w->features + c] =
                (float)(((double)l->embeddings[i * l->width + c] - w->mean[c]) / w->length);
}

/* The model's own layer, row by row; as the model answers, so at its temperature. */
static double own_score(const pleura_learning *l, size_t label, const float *x)
{
    const pleura_profile *base = l->base;
    size_t row = l->base_answer[label];
    double sum = (double)base->bias[row];
    for (size_t c = 0; c < base->features; c++)
        sum += (double)base->weights[row * base->features + c] * (double)x[c];
    return sum / (double)base->decision.temperature;
}

static void set_offsets(work *w)
{
    const pleura_learning *l = w->l;
    for (size_t i = 0; i < l->count; i++) {
        const float *x = l->embeddings + i * l->width;
        for (size_t k = 0; k < w->rows; k++)
            w->offsets[i * w->rows + k] =
                w->rows == 1 ? own_score(l, 1, x) - own_score(l, 0, x) : own_score(l, k, x);
    }
}

static pleura_code prepare(work *w, pleura_error *error)
{
    pleura_learning *l = w->l;
    size_t count = l->count, folds = l->folds;
    pleura_arena *a = &w->arena;
    w->features = l->base->features;
    w->classes = l->decision.label_count;
    w->rows = pleura_logistic_rows(w->classes);
    w->size = w->rows * (w->features + 1);
    size_t tried = PLEURA_LEARN_MAX_PATH * count * w->classes * sizeof *w->tried;
    w->x = pleura_arena_alloc(a, count * w->features * sizeof *w->x);
    w->mean = pleura_arena_alloc(a, w->features * sizeof *w->mean);
    w->weights = pleura_arena_alloc(a, count * sizeof *w->weights);
    w->coefficients = pleura_arena_alloc(a, folds * w->size * sizeof *w->coefficients);
    w->tried = pleura_arena_alloc(a, tried);
    w->losses = pleura_arena_alloc(a, PLEURA_LEARN_MAX_PATH * folds * sizeof *w->losses);
    w->films_of = pleura_arena_alloc(a, folds * sizeof *w->films_of);
    w->list = pleura_arena_alloc(a, 2 * count * sizeof *w->list); /* and room to thin it out */
    if (l->has_start)
        w->offsets = pleura_arena_alloc(a, count * w->rows * sizeof *w->offsets);
    if (!w->x || !w->mean || !w->weights || !w->coefficients || !w->tried || !w->losses ||
        !w->films_of || !w->list || (l->has_start && !w->offsets))
        return pleura_fail_memory(error, count * w->features * sizeof *w->x, "the features");
    centre(w);
    pleura_cases_weights(&l->cases, l->options.prevalence, w->weights);
    for (size_t i = 0; i < count; i++) {
        w->films_of[l->fold[i]] += w->weights[i];
        w->whole += w->weights[i];
    }
    if (w->offsets)
        set_offsets(w);
    return pleura_directions_find(w->x, count, w->features, a, &w->directions, error);
}

static pleura_code fit(const work *w, size_t films, double c, double tolerance,
                       double *coefficients, pleura_error *error)
{
    pleura_logistic problem = {.x = w->x,
                               .features = w->features,
                               .classes = w->classes,
                               .films = w->list,
                               .count = films,
                               .labels = w->l->labels,
                               .weights = w->weights,
                               .offsets = w->offsets,
                               .directions = &w->directions,
                               .c = c,
                               .tolerance = tolerance,
                               .most_steps = MOST_STEPS};
    return pleura_logistic_fit(&problem, coefficients, NULL, error);
}

/* Probabilities of a film that the fit did not see; its loss. */
static double answer(const work *w, const double *coefficients, size_t film, float *probabilities)
{
    double scores[PLEURA_PROFILE_MAX_LABELS];
    pleura_logistic_scores(coefficients, w->rows, w->x + film * w->features, w->features, scores);
    for (size_t k = 0; w->offsets && k < w->rows; k++)
        scores[k] += w->offsets[film * w->rows + k];
    pleura_logistic_probabilities(scores, w->classes, scores);
    for (size_t k = 0; k < w->classes; k++)
        probabilities[k] = (float)scores[k];
    return -w->weights[film] * log(fmax(scores[w->l->labels[film]], 1e-12));
}

static size_t list_others(const work *w, uint32_t fold)
{
    size_t count = 0;
    for (size_t i = 0; i < w->l->count; i++)
        if (w->l->fold[i] != fold)
            w->list[count++] = (uint32_t)i;
    return count;
}

/* ---- The penalty ---- */

static float *tried_at(const work *w, size_t step, size_t film)
{
    return w->tried + (step * w->l->count + film) * w->classes;
}

static pleura_code try_penalty(work *w, double c, size_t step, pleura_error *error)
{
    pleura_learning *l = w->l;
    double all = 0;
    for (uint32_t fold = 0; fold < l->folds; fold++) {
        double *coefficients = w->coefficients + fold * w->size, *loss;
        size_t films = list_others(w, fold);
        pleura_code code = fit(w, films, c, FOLD_TOLERANCE, coefficients, error);
        if (code != PLEURA_OK)
            return code;
        loss = &w->losses[step * l->folds + fold];
        for (size_t i = 0; i < l->count; i++)
            if (l->fold[i] == fold)
                *loss += answer(w, coefficients, i, tried_at(w, step, i));
        all += *loss;
    }
    l->path[step] = (pleura_tried){c / (w->length * w->length), all / w->whole};
    return PLEURA_OK;
}

/* From the strongest penalty to weaker ones, until two in a row were no better. */
static pleura_code try_penalties(work *w, pleura_error *error)
{
    pleura_learning *l = w->l;
    double given = l->options.c * w->length * w->length;
    double c = given > 0 ? given : FIRST_C;
    size_t best = 0;
    while (l->path_count < PLEURA_LEARN_MAX_PATH && c <= (given > 0 ? given : LAST_C)) {
        size_t step = l->path_count;
        pleura_code code = try_penalty(w, c, step, error);
        if (code != PLEURA_OK)
            return code;
        l->path_count++;
        best = l->path[step].loss < l->path[best].loss ? step : best;
        if (given > 0 || step >= best + 2)
            break;
        c *= sqrt(10);
    }
    l->c = l->path[best].c;
    return PLEURA_OK;
}

/* The best for the other folds: what a fold is judged by must not be chosen by it. */
static size_t choose_without(const work *w, uint32_t fold)
{
    size_t best = 0;
    double least = INFINITY;
    for (size_t step = 0; step < w->l->path_count; step++) {
        double loss = 0;
        for (uint32_t other = 0; other < w->l->folds; other++)
            if (other != fold)
                loss += w->losses[step * w->l->folds + other];
        if (loss < least) {
            least = loss;
            best = step;
        }
    }
    return best;
}

static void take_answers(const work *w)
{
    pleura_learning *l = w->l;
    size_t step[PLEURA_LEARN_MAX_FOLDS];
    for (uint32_t fold = 0; fold < l->folds; fold++)
        step[fold] = choose_without(w, fold);
    for (size_t i = 0; i < l->count; i++) {
        float *to = l->after.probabilities + i * w->classes;
        memcpy(to, tried_at(w, step[l->fold[i]], i), w->classes * sizeof *to);
        l->after.scores[i] = pleura_answers_score(&l->decision, to);
    }
}

/* ---- The learning curve ---- */

/* Of the films in w->list, in an order that mixes the patients, the first `most` of each label. */
static size_t thin_out(const work *w, size_t films, size_t most)
{
    size_t have[PLEURA_PROFILE_MAX_LABELS] = {0}, kept = 0, at = films / 2, step = 1;
    for (size_t s = films * 618 / 1000; s > 1; s--) { /* coprime to `films`: visits each once */
        size_t a = films, b = s;
        while (b) {
            size_t rest = a % b;
            a = b;
            b = rest;
        }
        if (a == 1) {
            step = s;
            break;
        }
    }
    uint32_t *mixed = w->list + w->l->count; /* the list has room for as many again */
    for (size_t i = 0; i < films; i++, at = (at + step) % films) {
        uint32_t film = w->list[at];
        if (have[w->l->labels[film]]++ < most)
            mixed[kept++] = film;
    }
    memcpy(w->list, mixed, kept * sizeof *mixed);
    return kept;
}

static pleura_code curve_point(const work *w, size_t most, pleura_answers *answers,
                               pleura_curve_point *point, pleura_error *error)
{
    pleura_learning *l = w->l;
    size_t sum = 0;
    double c = l->c * w->length * w->length;
    for (uint32_t fold = 0; fold < l->folds; fold++) {
        double *coefficients = w->coefficients + fold * w->size; /* from fewer films on */
        size_t films = thin_out(w, list_others(w, fold), most);
        sum += films;
        pleura_code code = fit(w, films, c, FOLD_TOLERANCE, coefficients, error);
        if (code != PLEURA_OK)
            return code;
        for (size_t i = 0; i < l->count; i++) {
            float *to = answers->probabilities + i * w->classes;
            if (l->fold[i] != fold)
                continue;
            answer(w, coefficients, i, to);
            answers->scores[i] = pleura_answers_score(&l->decision, to);
        }
    }
    pleura_comparison figures[PLEURA_FIGURE_COUNT];
    pleura_gain_bounds bounds[PLEURA_FIGURE_COUNT];
    pleura_code code = pleura_compare(&l->cases, NULL, answers, 0, PLEURA_LEARN_CURVE_DRAWS,
                                      figures, bounds, error);
    *point =
        (pleura_curve_point){(sum + l->folds / 2) / l->folds, most,
                             figures[PLEURA_FIGURE_AUC].after, figures[PLEURA_FIGURE_LABELS].after};
    return code;
}

/* 10, 20, 40, ... films of each label, as long as a label has more. */
static pleura_code draw_curve(work *w, pleura_error *error)
{
    pleura_learning *l = w->l;
    pleura_answers answers;
    size_t largest = 0;
    pleura_code code = pleura_answers_make(&l->cases, w->classes, &w->arena, &answers, error);
    for (size_t k = 0; k < w->classes; k++)
        largest = l->label_films[k] > largest ? l->label_films[k] : largest;
    memset(w->coefficients, 0, l->folds * w->size * sizeof *w->coefficients);
    size_t usable = largest - largest / l->folds; /* what a fit has of it */
    for (size_t most = 10; code == PLEURA_OK && l->curve_count < PLEURA_LEARN_MAX_CURVE;
         most *= 2) {
        bool last = most >= usable;
        code =
            curve_point(w, last ? usable + 1 : most, &answers, &l->curve[l->curve_count++], error);
        if (last)
            break;
    }
    return code;
}

/* ---- The layer ---- */

/* From what was fitted to centred features, a row of weights on the features as they are. */
static void set_row(const work *w, size_t label, const double *fitted, double share, float *weights,
                    float *bias)
{
    const pleura_learning *l = w->l;
    const pleura_profile *base = l->base;
    const float *own = l->has_start ? base->weights + l->base_answer[label] * base->features : NULL;
    double temperature = (double)base->decision.temperature;
    double sum = share * fitted[w->features];
    for (size_t c = 0; c < w->features; c++) {
        double weight = share * fitted[c] / w->length;
        sum -= weight * w->mean[c];
        weights[c] = (float)(weight + (own ? (double)own[c] / temperature : 0));
    }
    *bias = (float)(sum + (own ? (double)base->bias[l->base_answer[label]] / temperature : 0));
}

static pleura_code make_layer(const work *w, pleura_error *error)
{
    pleura_learning *l = w->l;
    double *coefficients = w->coefficients; /* from all films but those of a fold on */
    size_t count = list_others(w, UINT32_MAX);
    pleura_code code =
        fit(w, count, l->c * w->length * w->length, LAST_TOLERANCE, coefficients, error);
    if (code != PLEURA_OK)
        return code;
    l->made = pleura_learn_new_profile(l, PLEURA_PROFILE_ADAPT, error);
    if (!l->made)
        return PLEURA_ERROR_MEMORY;
    size_t size = w->classes * w->features * sizeof(float);
    float *weights = pleura_arena_alloc(&l->made->arena, size);
    float *bias = pleura_arena_alloc(&l->made->arena, w->classes * sizeof *bias);
    if (!weights || !bias)
        return pleura_fail_memory(error, size, "the last layer");
    for (size_t k = 0; k < w->classes; k++) {
        /* Of two labels the one row is their difference. */
        double share = w->rows > 1 ? 1 : k ? 0.5 : -0.5;
        const double *row = coefficients + (w->rows > 1 ? k : 0) * (w->features + 1);
        set_row(w, k, row, share, weights + k * w->features, &bias[k]);
    }
    l->made->weights = weights;
    l->made->bias = bias;
    return PLEURA_OK;
}

pleura_code pleura_learn_adapt(pleura_learning *l, pleura_error *error)
{
    work w = {.l = l};
    pleura_code code = prepare(&w, error);
    if (code == PLEURA_OK)
        code = try_penalties(&w, error);
    if (code == PLEURA_OK)
        take_answers(&w);
    if (code == PLEURA_OK)
        code = draw_curve(&w, error);
    if (code == PLEURA_OK)
        code = make_layer(&w, error);
    pleura_arena_free(&w.arena);
    return code;
}
