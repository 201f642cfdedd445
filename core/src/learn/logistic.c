#include "logistic.h"

#include "../error.h"
#include "../memory.h"
#include "products.h"

#include <math.h>
#include <string.h>

#define MEMORY 10 /* pairs of steps that L-BFGS remembers */

size_t pleura_logistic_rows(size_t classes)
{
    return classes == 2 ? 1 : classes;
}

void pleura_logistic_scores(const double *coefficients, size_t rows, const float *x,
                            size_t features, double *scores)
{
    const float *const same[PLEURA_ROWS] = {x, x, x, x};
    for (size_t k = 0; k < rows; k++) {
        double four[PLEURA_ROWS];
        const double *w = coefficients + k * (features + 1);
        pleura_dot_rows(same, w, features, four);
        scores[k] = four[0] + w[features];
    }
}

void pleura_logistic_probabilities(const double *scores, size_t classes, double *probabilities)
{
    if (classes == 2) {
        double odds = exp(-fabs(scores[0])), high = 1 / (1 + odds);
        double second = scores[0] >= 0 ? high : odds * high;
        probabilities[0] = scores[0] >= 0 ? odds * high : high;
        probabilities[1] = second;
        return;
    }
    double largest = scores[0], sum = 0;
    for (size_t k = 1; k < classes; k++)
        largest = fmax(largest, scores[k]);
    for (size_t k = 0; k < classes; k++)
        sum += probabilities[k] = exp(scores[k] - largest);
    for (size_t k = 0; k < classes; k++)
        probabilities[k] /= sum;
}

/* ---- The objective: C * losses / (C * weights) + |w|^2 / (2 C * weights), its gradient ---- */

typedef struct work {
    const pleura_logistic *p;
    size_t rows, size;           /* size: of the coefficients */
    double whole;                /* sum of weights */
    double penalty;              /* on half the squared length, beside a mean loss */
    double *scores;              /* PLEURA_ROWS x classes */
    double *spreads;             /* rows x films: how much a film's loss curves */
    pleura_curvature *curvature; /* of each row */
} work;

static double weight_of(const pleura_logistic *p, uint32_t film)
{
    return p->weights ? p->weights[film] : 1;
}

/* Turns a film's scores into what its gradient is multiplied by; its loss. */
static double residuals(const work *w, size_t index, double *scores)
{
    const pleura_logistic *p = w->p;
    uint32_t film = p->films[index], label = p->labels[film];
    double weight = weight_of(p, film), probabilities[PLEURA_PROFILE_MAX_LABELS];
    pleura_logistic_probabilities(scores, p->classes, probabilities);
    for (size_t k = 0; k < w->rows; k++) {
        size_t class = w->rows == 1 ? 1 : k;
        scores[k] = weight * (probabilities[class] - (class == label));
        w->spreads[k * p->count + index] =
            weight * probabilities[class] * (1 - probabilities[class]);
    }
    return -weight * log(fmax(probabilities[label], 1e-300));
}

static double add_films(const work *w, size_t first, const double *coefficients, double *gradient)
{
    const pleura_logistic *p = w->p;
    const float *x[PLEURA_ROWS];
    double loss = 0, four[PLEURA_ROWS];
    size_t have = p->count - first < PLEURA_ROWS ? p->count - first : PLEURA_ROWS,
           stride = p->features + 1;
    for (size_t r = 0; r < PLEURA_ROWS; r++)
        x[r] = p->x + (size_t)p->films[first + (r < have ? r : 0)] * p->features;
    for (size_t k = 0; k < w->rows; k++) {
        const double *row = coefficients + k * stride;
        pleura_dot_rows(x, row, p->features, four);
        for (size_t r = 0; r < have; r++)
            w->scores[r * p->classes + k] =
                four[r] + row[p->features] +
                (p->offsets ? p->offsets[p->films[first + r] * w->rows + k] : 0);
    }
    for (size_t r = 0; r < have; r++)
        loss += residuals(w, first + r, w->scores + r * p->classes);
    for (size_t k = 0; k < w->rows; k++) {
        for (size_t r = 0; r < PLEURA_ROWS; r++) {
            four[r] = r < have ? w->scores[r * p->classes + k] : 0;
            gradient[k * stride + p->features] += four[r];
        }
        pleura_add_rows(x, four, p->features, gradient + k * stride);
    }
    return loss;
}

static double objective(const work *w, const double *coefficients, double *gradient)
{
    const pleura_logistic *p = w->p;
    double loss = 0, squares = 0;
    memset(gradient, 0, w->size * sizeof *gradient);
    for (size_t first = 0; first < p->count; first += PLEURA_ROWS)
        loss += add_films(w, first, coefficients, gradient);
    for (size_t k = 0; k < w->rows; k++)
        for (size_t i = 0; i <= p->features; i++) {
            size_t at = k * (p->features + 1) + i;
            gradient[at] /= w->whole;
            if (i == p->features)
                continue;
            gradient[at] += w->penalty * coefficients[at];
            squares += coefficients[at] * coefficients[at];
        }
    return loss / w->whole + w->penalty * squares / 2;
}

/* ---- L-BFGS ---- */

typedef struct lbfgs {
    size_t size, kept, next; /* pairs: `kept` of them, the oldest at `next` once all are */
    double *moves, *turns;   /* MEMORY x size: steps, and how the gradient changed along them */
    double inverse[MEMORY];  /* 1 / (move . turn) */
} lbfgs;

/* The pair of `age`, 0 for the latest. */
static size_t place_of(const lbfgs *m, size_t age)
{
    return (m->next + MEMORY - 1 - age) % MEMORY;
}

static void find_curvature(const work *w)
{
    for (size_t k = 0; k < w->rows; k++)
        pleura_curvature_find(w->p->directions, w->p->films, w->spreads + k * w->p->count,
                              w->p->count, w->whole, w->penalty, &w->curvature[k]);
}

/* direction = - (approximate inverse Hessian) * gradient */
static void find_direction(const work *w, const lbfgs *m, const double *gradient, double *direction)
{
    double by[MEMORY] = {0};
    for (size_t i = 0; i < m->size; i++)
        direction[i] = -gradient[i];
    for (size_t age = 0; age < m->kept; age++) {
        size_t at = place_of(m, age);
        const double *move = m->moves + at * m->size, *turn = m->turns + at * m->size;
        by[age] = m->inverse[at] * pleura_dot(move, direction, m->size);
        for (size_t i = 0; i < m->size; i++)
            direction[i] -= by[age] * turn[i];
    }
    for (size_t k = 0; k < w->rows; k++)
        pleura_curvature_solve(w->p->directions, &w->curvature[k],
                               direction + k * (w->p->features + 1));
    for (size_t age = m->kept; age-- > 0;) {
        size_t at = place_of(m, age);
        const double *move = m->moves + at * m->size, *turn = m->turns + at * m->size;
        double more = by[age] - m->inverse[at] * pleura_dot(turn, direction, m->size);
        for (size_t i = 0; i < m->size; i++)
            direction[i] += more * move[i];
    }
}

/* Keeps a pair that curves as a convex function must; rounding may spoil one near the end. */
static void remember(lbfgs *m, const double *from, const double *to, const double *before,
                     const double *after)
{
    double *move = m->moves + m->next * m->size, *turn = m->turns + m->next * m->size;
    for (size_t i = 0; i < m->size; i++) {
        move[i] = to[i] - from[i];
        turn[i] = after[i] - before[i];
    }
    double curve = pleura_dot(move, turn, m->size);
    if (!(curve > 1e-14 * pleura_dot(turn, turn, m->size)))
        return;
    m->inverse[m->next] = 1 / curve;
    m->next = (m->next + 1) % MEMORY;
    m->kept += m->kept < MEMORY;
}

typedef struct point {
    double *at, *gradient, value;
} point;

/* Halves the step until the objective falls enough (Armijo 1966); false if it does not any more. */
static bool search(const work *w, const point *from, const double *direction, double slope,
                   point *to)
{
    double step = 1;
    for (int tries = 0; slope < 0 && tries < 40; tries++) {
        for (size_t i = 0; i < w->size; i++)
            to->at[i] = from->at[i] + step * direction[i];
        to->value = objective(w, to->at, to->gradient);
        if (to->value <= from->value + 1e-4 * step * slope)
            return true;
        /* The lowest point of the parabola through what is known, within reason. */
        double lowest = -slope * step / (2 * ((to->value - from->value) / step - slope));
        step = lowest > 0.1 * step && lowest < 0.7 * step ? lowest : step / 2;
    }
    return false;
}

static unsigned minimise(const work *w, lbfgs *memory, point *here, point *there, double *direction)
{
    unsigned step = 0;
    here->value = objective(w, here->at, here->gradient);
    for (; step < w->p->most_steps; step++) {
        find_curvature(w);
        find_direction(w, memory, here->gradient, direction);
        double fall = -pleura_dot(here->gradient, direction, w->size);
        if (fall <= w->p->tolerance || !search(w, here, direction, -fall, there))
            break;
        remember(memory, here->at, there->at, here->gradient, there->gradient);
        point swapped = *here;
        *here = *there;
        *there = swapped;
    }
    return step;
}

pleura_code pleura_logistic_fit(const pleura_logistic *problem, double *coefficients,
                                unsigned *steps, pleura_error *error)
{
    work w = {.p = problem, .rows = pleura_logistic_rows(problem->classes)};
    w.size = w.rows * (problem->features + 1);
    for (size_t i = 0; i < problem->count; i++)
        w.whole += weight_of(problem, problem->films[i]);
    w.penalty = 1 / (problem->c * w.whole);
    size_t room =
        (2 * MEMORY + 5) * w.size + PLEURA_ROWS * problem->classes + w.rows * problem->count;
    double *all = pleura_alloc_zero(room, sizeof *all);
    w.curvature = pleura_alloc_zero(w.rows, sizeof *w.curvature);
    if (!all || !w.curvature) {
        pleura_free(all);
        pleura_free(w.curvature);
        return pleura_fail_memory(error, room * sizeof *all, "the regression");
    }
    lbfgs memory = {.size = w.size, .moves = all, .turns = all + MEMORY * w.size};
    double *rest = all + 2 * MEMORY * w.size;
    point here = {.at = rest, .gradient = rest + w.size};
    point there = {.at = rest + 2 * w.size, .gradient = rest + 3 * w.size};
    w.scores = rest + 5 * w.size;
    w.spreads = w.scores + PLEURA_ROWS * problem->classes;
    memcpy(here.at, coefficients, w.size * sizeof *coefficients);
    unsigned taken = minimise(&w, &memory, &here, &there, rest + 4 * w.size);
    memcpy(coefficients, here.at, w.size * sizeof *coefficients);
    pleura_free(all);
    pleura_free(w.curvature);
    if (steps)
        *steps = taken;
    return PLEURA_OK;
}
