/* The learning curve: what fewer films would have brought, and so whether more would help. */
#include "refit.h"

#include <string.h>

/* Of the films in w->list, in an order that mixes the patients, the first `most` of each label. */
static size_t thin_out(const pleura_refit *w, size_t films, size_t most)
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

static pleura_code curve_point(const pleura_refit *w, size_t most, pleura_answers *answers,
                               pleura_curve_point *point, pleura_error *error)
{
    pleura_learning *l = w->l;
    size_t sum = 0;
    double c = l->c * w->length * w->length;
    for (uint32_t fold = 0; fold < l->folds; fold++) {
        double *coefficients = w->coefficients + fold * w->size; /* from fewer films on */
        size_t films = thin_out(w, pleura_refit_others(w, fold), most);
        sum += films;
        pleura_code code =
            pleura_refit_fit(w, films, c, PLEURA_REFIT_TOLERANCE, coefficients, error);
        if (code != PLEURA_OK)
            return code;
        for (size_t i = 0; i < l->count; i++) {
            float *to = answers->probabilities + i * w->classes;
            if (l->fold[i] != fold)
                continue;
            pleura_refit_answer(w, coefficients, i, to);
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

pleura_code pleura_curve_draw(pleura_refit *w, pleura_error *error)
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
