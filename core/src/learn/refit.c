/* The films' features, centred and scaled, and the fits to some of them. */
#include "refit.h"

#include "../error.h"

#include <math.h>

#define MOST_STEPS 2000

static void centre(pleura_refit *w)
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

static void set_offsets(pleura_refit *w)
{
    const pleura_learning *l = w->l;
    for (size_t i = 0; i < l->count; i++) {
        const float *x = l->embeddings + i * l->width;
        for (size_t k = 0; k < w->rows; k++)
            w->offsets[i * w->rows + k] =
                w->rows == 1 ? own_score(l, 1, x) - own_score(l, 0, x) : own_score(l, k, x);
    }
}

pleura_code pleura_refit_prepare(pleura_refit *w, pleura_error *error)
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

pleura_code pleura_refit_fit(const pleura_refit *w, size_t films, double c, double tolerance,
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

double pleura_refit_answer(const pleura_refit *w, const double *coefficients, size_t film,
                           float *probabilities)
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

size_t pleura_refit_others(const pleura_refit *w, uint32_t fold)
{
    size_t count = 0;
    for (size_t i = 0; i < w->l->count; i++)
        if (w->l->fold[i] != fold)
            w->list[count++] = (uint32_t)i;
    return count;
}
