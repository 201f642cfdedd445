/*
 * Multinomial logistic regression with an L2 penalty: what scikit-learn's LogisticRegression(C) minimises,
 *
 *     C * sum of weight * loss(film) + |coefficients|^2 / 2,     the intercepts not penalised,
 *
 * by L-BFGS (Nocedal 1980) in double precision, which begins with the curvature along the films' widest
 * directions. Two classes have one row of coefficients, the log-odds
 * of the second; more have one each.
 */
#ifndef PLEURA_LEARN_LOGISTIC_H
#define PLEURA_LEARN_LOGISTIC_H

#include "directions.h"

typedef struct pleura_logistic {
    const float *x; /* films x features; the same whatever constant is taken off a feature, but
                       quickest where its mean is 0 */
    size_t features, classes;
    const uint32_t *films; /* those that train, by their row in x */
    size_t count;
    const uint32_t *labels; /* of every row of x */
    const double *weights;  /* the same; NULL: 1 each */
    const double *offsets;  /* the same, rows() each: added to the scores; NULL: none */
    const pleura_directions *directions; /* of x: what makes it quick, and changes nothing else */
    double c;
    double
        tolerance; /* of what the mean loss can still fall by, as far as the curvature is known */
    unsigned most_steps;
} pleura_logistic;

size_t pleura_logistic_rows(size_t classes);

/* `coefficients`: rows() x (features + 1), the intercept last; where it starts and where it ends. */
pleura_code pleura_logistic_fit(const pleura_logistic *problem, double *coefficients,
                                unsigned *steps, pleura_error *error);

/* Scores of a film, rows() of them, without its offsets. */
void pleura_logistic_scores(const double *coefficients, size_t rows, const float *x,
                            size_t features, double *scores);

/* From rows() scores to the probabilities of the classes; they may be the same array. */
void pleura_logistic_probabilities(const double *scores, size_t classes, double *probabilities);

#endif
