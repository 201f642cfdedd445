/* What ADAPT's fits have in common: the films' features as they are fitted, and room for coefficients. */
#ifndef PLEURA_LEARN_REFIT_H
#define PLEURA_LEARN_REFIT_H

#include "logistic.h"
#include "state.h"

/* At 1e-7, probabilities of 1,000 films were right to 6e-4 at worst, 5e-5 in the mean. */
#define PLEURA_REFIT_TOLERANCE 1e-7

typedef struct pleura_refit {
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
} pleura_refit;

/* Its arena is freed by the caller, also after an error. */
pleura_code pleura_refit_prepare(pleura_refit *w, pleura_error *error);

/* To the first `films` of w->list, from what `coefficients` holds on. */
pleura_code pleura_refit_fit(const pleura_refit *w, size_t films, double c, double tolerance,
                             double *coefficients, pleura_error *error);

/* Probabilities of a film that the fit did not see; its loss. */
double pleura_refit_answer(const pleura_refit *w, const double *coefficients, size_t film,
                           float *probabilities);

/* Fills w->list with the films of all other folds. */
size_t pleura_refit_others(const pleura_refit *w, uint32_t fold);

/* 10, 20, 40, ... films of each label, as long as a label has more. */
pleura_code pleura_curve_draw(pleura_refit *w, pleura_error *error);

#endif
