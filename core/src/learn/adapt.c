/* A new last layer, its penalty chosen by cross-validation. */
#include "refit.h"

#include "../error.h"

#include <math.h>
#include <string.h>

/* Penalties in steps of sqrt(10), in units in which the features' mean square length is 1. */
#define FIRST_C 1e-3
#define LAST_C 1.1e4
#define LAST_TOLERANCE 1e-10

/* ---- The penalty ---- */

static float *tried_at(const pleura_refit *w, size_t step, size_t film)
{
    return w->tried + (step * w->l->count + film) * w->classes;
}

static pleura_code try_penalty(pleura_refit *w, double c, size_t step, pleura_error *error)
{
    pleura_learning *l = w->l;
    double all = 0;
    for (uint32_t fold = 0; fold < l->folds; fold++) {
        double *coefficients = w->coefficients + fold * w->size, *loss;
        size_t films = pleura_refit_others(w, fold);
        pleura_code code =
            pleura_refit_fit(w, films, c, PLEURA_REFIT_TOLERANCE, coefficients, error);
        if (code != PLEURA_OK)
            return code;
        loss = &w->losses[step * l->folds + fold];
        for (size_t i = 0; i < l->count; i++)
            if (l->fold[i] == fold)
                *loss += pleura_refit_answer(w, coefficients, i, tried_at(w, step, i));
        all += *loss;
    }
    l->path[step] = (pleura_tried){c / (w->length * w->length), all / w->whole};
    return PLEURA_OK;
}

/* From the strongest penalty to weaker ones, until two in a row were no better. */
static pleura_code try_penalties(pleura_refit *w, pleura_error *error)
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
static size_t choose_without(const pleura_refit *w, uint32_t fold)
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

static void take_answers(const pleura_refit *w)
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

/* ---- The layer ---- */

/* From what was fitted to centred features, a row of weights on the features as they are. */
static void set_row(const pleura_refit *w, size_t label, const double *fitted, double share,
                    float *weights, float *bias)
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

static pleura_code make_layer(const pleura_refit *w, pleura_error *error)
{
    pleura_learning *l = w->l;
    double *coefficients = w->coefficients; /* from all films but those of a fold on */
    size_t count = pleura_refit_others(w, UINT32_MAX);
    pleura_code code = pleura_refit_fit(w, count, l->c * w->length * w->length, LAST_TOLERANCE,
                                        coefficients, error);
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
    pleura_refit w = {.l = l};
    pleura_code code = pleura_refit_prepare(&w, error);
    if (code == PLEURA_OK)
        code = try_penalties(&w, error);
    if (code == PLEURA_OK)
        take_answers(&w);
    if (code == PLEURA_OK)
        code = pleura_curve_draw(&w, error);
    if (code == PLEURA_OK)
        code = make_layer(&w, error);
    pleura_arena_free(&w.arena);
    return code;
}
