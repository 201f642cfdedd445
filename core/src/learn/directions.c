#include "directions.h"

#include "../error.h"
#include "products.h"

#include <math.h>
#include <string.h>

/* The curvature is estimated: more films or turns took longer than they saved. */
#define FILMS 256
#define TURNS 3
#define LEAST 1e-9 /* curvature, where every answer is certain */

static const float *film_at(const float *x, size_t films, size_t features, size_t place,
                            size_t used)
{
    return x + place * films / used * features;
}

/* to = mean of (film . axis) * film; films' mean square along the axis. */
static double pass(const float *x, size_t films, size_t features, const double *axis, double *to)
{
    size_t used = films < FILMS ? films : FILMS;
    double squares = 0, along[PLEURA_ROWS];
    const float *rows[PLEURA_ROWS];
    memset(to, 0, features * sizeof *to);
    for (size_t first = 0; first < used; first += PLEURA_ROWS) {
        size_t have = used - first < PLEURA_ROWS ? used - first : PLEURA_ROWS;
        for (size_t r = 0; r < PLEURA_ROWS; r++)
            rows[r] = film_at(x, films, features, first + (r < have ? r : 0), used);
        pleura_dot_rows(rows, axis, features, along);
        for (size_t r = 0; r < PLEURA_ROWS; r++) {
            along[r] = r < have ? along[r] / (double)used : 0;
            squares += along[r] * along[r] * (double)used;
        }
        pleura_add_rows(rows, along, features, to);
    }
    return squares;
}

/* Takes off what lies along the axes before it (twice: once leaves rounding), and makes its length 1;
 * false if nothing is left. */
static bool straighten(double *axes, size_t index, size_t features)
{
    double *axis = axes + index * features, before = pleura_dot(axis, axis, features);
    for (size_t other = 0; other < 2 * index; other++) {
        const double *earlier = axes + other % index * features;
        pleura_add(earlier, -pleura_dot(earlier, axis, features), features, axis);
    }
    double length = sqrt(pleura_dot(axis, axis, features));
    if (!(length > 1e-6 * sqrt(before)))
        return false;
    for (size_t i = 0; i < features; i++)
        axis[i] /= length;
    return true;
}

/* How many of them can be told apart: fewer where films are few. */
static size_t straighten_all(double *axes, size_t count, size_t features)
{
    for (size_t k = 0; k < count;)
        if (straighten(axes, k, features))
            k++;
        else if (k < --count)
            memcpy(axes + k * features, axes + count * features, features * sizeof *axes);
    return count;
}

static void set_along(const float *x, size_t films, pleura_directions *d)
{
    double four[PLEURA_ROWS];
    for (size_t i = 0; i < films; i++) {
        const float *film = x + i * d->features;
        const float *const same[PLEURA_ROWS] = {film, film, film, film};
        double *along = d->along + i * (d->count + 1);
        for (size_t k = 0; k < d->count; k++) {
            pleura_dot_rows(same, d->axes + k * d->features, d->features, four);
            along[k] = four[0];
        }
        along[d->count] = 1;
    }
}

pleura_code pleura_directions_find(const float *x, size_t films, size_t features,
                                   pleura_arena *arena, pleura_directions *d, pleura_error *error)
{
    size_t size = PLEURA_DIRECTIONS * features * sizeof(double);
    size_t used = films < FILMS ? films : FILMS, most = used < features ? used : features;
    double *axes = pleura_arena_alloc(arena, size), *turned = pleura_arena_alloc(arena, size);
    *d = (pleura_directions){.features = features};
    d->count = most < PLEURA_DIRECTIONS ? most : PLEURA_DIRECTIONS;
    d->along = pleura_arena_alloc(arena, films * (d->count + 1) * sizeof *d->along);
    if (!axes || !turned || !d->along)
        return pleura_fail_memory(error, size, "the directions");
    for (size_t i = 0; i < used; i++) {
        const float *film = film_at(x, films, features, i, used);
        for (size_t c = 0; c < features; c++)
            axes[i % d->count * features + c] += (double)film[c];
    }
    /* Subspace iteration, from sums of films. */
    for (unsigned turn = 0; turn <= TURNS; turn++) {
        d->count = straighten_all(axes, d->count, features);
        for (size_t k = 0; k < d->count; k++)
            d->rest = pass(x, films, features, axes + k * features, turned + k * features);
        d->axes = axes;
        axes = turned;
        turned = d->axes;
    }
    set_along(x, films, d);
    return PLEURA_OK;
}

/* Of a symmetric matrix, by its lower half. */
static void factorise(double *a, size_t size)
{
    for (size_t i = 0; i < size; i++)
        for (size_t j = 0; j <= i; j++) {
            double sum = a[i * size + j];
            for (size_t k = 0; k < j; k++)
                sum -= a[i * size + k] * a[j * size + k];
            a[i * size + j] = i == j ? sqrt(fmax(sum, LEAST)) : sum / a[j * size + j];
        }
}

void pleura_curvature_find(const pleura_directions *d, const uint32_t *films, const double *spreads,
                           size_t count, double whole, double penalty, pleura_curvature *c)
{
    size_t size = d->count + 1;
    double sum = 0;
    memset(c->factor, 0, size * size * sizeof *c->factor);
    for (size_t i = 0; i < count; i++) {
        const double *along = d->along + films[i] * size;
        sum += spreads[i];
        for (size_t j = 0; j < size; j++)
            pleura_add(along, spreads[i] * along[j], j + 1, c->factor + j * size);
    }
    for (size_t j = 0; j < size; j++) {
        for (size_t k = 0; k <= j; k++)
            c->factor[j * size + k] /= whole;
        c->factor[j * size + j] += j < d->count ? penalty : LEAST;
    }
    c->others = sum / whole * d->rest + penalty;
    factorise(c->factor, size);
}

void pleura_curvature_solve(const pleura_directions *d, const pleura_curvature *c, double *gradient)
{
    double along[PLEURA_DIRECTIONS + 1];
    size_t size = d->count + 1;
    for (size_t k = 0; k < d->count; k++) {
        const double *axis = d->axes + k * d->features;
        along[k] = pleura_dot(axis, gradient, d->features);
        pleura_add(axis, -along[k], d->features, gradient);
    }
    along[d->count] = gradient[d->features];
    for (size_t j = 0; j < size; j++) {
        for (size_t k = 0; k < j; k++)
            along[j] -= c->factor[j * size + k] * along[k];
        along[j] /= c->factor[j * size + j];
    }
    for (size_t j = size; j-- > 0;) {
        for (size_t k = j + 1; k < size; k++)
            along[j] -= c->factor[k * size + j] * along[k];
        along[j] /= c->factor[j * size + j];
    }
    for (size_t i = 0; i < d->features; i++)
        gradient[i] /= c->others;
    for (size_t k = 0; k < d->count; k++)
        pleura_add(d->axes + k * d->features, along[k], d->features, gradient);
    gradient[d->features] = along[d->count];
}
