/*
 * The directions in which films differ most. The regression curves most along them, and by how much is
 * known before it is solved: L-BFGS, which begins with that, has little left to find out.
 */
#ifndef PLEURA_LEARN_DIRECTIONS_H
#define PLEURA_LEARN_DIRECTIONS_H

#include "pleura/learn.h"

#include "../memory.h"

#define PLEURA_DIRECTIONS 16 /* 32 and 48 saved no steps */

typedef struct pleura_directions {
    size_t count, features;
    double *axes;  /* count x features: orthonormal */
    double *along; /* films x (count + 1): each film along them, and 1 for the intercept */
    double rest;   /* the films' mean square along any other, at most */
} pleura_directions;

/* Of films whose features have a mean of 0. Memory is the arena's. */
pleura_code pleura_directions_find(const float *x, size_t films, size_t features,
                                   pleura_arena *arena, pleura_directions *directions,
                                   pleura_error *error);

/* How a row of the objective curves at some point: along the directions and the intercept as the films
 * say, each with what its loss curves by (`spreads`, of films[i]), elsewhere as `rest` says. */
typedef struct pleura_curvature {
    double factor[(PLEURA_DIRECTIONS + 1) * (PLEURA_DIRECTIONS + 1)]; /* Cholesky's */
    double others;
} pleura_curvature;

void pleura_curvature_find(const pleura_directions *directions, const uint32_t *films,
                           const double *spreads, size_t count, double whole, double penalty,
                           pleura_curvature *curvature);

/* Solves curvature * x = gradient, features and then the intercept, in place. */
void pleura_curvature_solve(const pleura_directions *directions, const pleura_curvature *curvature,
                            double *gradient);

#endif
