/* Products of films' features with coefficients: two doubles at once, in the same order on every
 * machine. */
#ifndef PLEURA_LEARN_PRODUCTS_H
#define PLEURA_LEARN_PRODUCTS_H

#include <stddef.h>

enum { PLEURA_ROWS = 4 }; /* films at once, so that coefficients are loaded a quarter as often */

/* out[r] = x[r] . w */
void pleura_dot_rows(const float *const x[PLEURA_ROWS], const double *w, size_t count,
                     double out[PLEURA_ROWS]);

/* sum += by[0] * x[0] + by[1] * x[1] + ... */
void pleura_add_rows(const float *const x[PLEURA_ROWS], const double by[PLEURA_ROWS], size_t count,
                     double *sum);

double pleura_dot(const double *a, const double *b, size_t count);
void pleura_add(const double *from, double by, size_t count, double *sum); /* sum += by * from */

#endif
