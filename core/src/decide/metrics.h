/*
 * How well scores agree with labels: plain formulas over films in the order of their scores. Every
 * film has a weight, so that one sorting serves many bootstrap samples (a film drawn twice weighs 2)
 * and any prevalence.
 */
#ifndef PLEURA_DECIDE_METRICS_H
#define PLEURA_DECIDE_METRICS_H

#include "../error.h"

typedef struct pleura_scored {
    float score;    /* 0..1: the probability of the positive answer */
    bool positive;  /* the label */
    uint32_t place; /* of its weight; films may be a part of those that have weights */
} pleura_scored;

/* Into the order that the functions below need: the highest score first. */
void pleura_metrics_sort(pleura_scored *films, size_t count);

/* Figures that are not defined (no positive film, say) are NaN. */
typedef struct pleura_rates {
    double sensitivity, specificity, accuracy, precision;
} pleura_rates;

/* `weights` by place; NULL: each film counts once. */

/* Area under the ROC curve: the chance that a positive film outranks a negative one, ties half. */
double pleura_metrics_auc(const pleura_scored *films, size_t count, const double *weights);

/* Of calling a score at or above the threshold positive. */
void pleura_metrics_rates(const pleura_scored *films, size_t count, const double *weights,
                          float threshold, pleura_rates *rates);

/* Expected calibration error over ten bins of equal width (Naeini et al. 2015, for the positive
 * answer), and the mean squared error of the probability (Brier 1950). */
#define PLEURA_METRICS_BINS 10
double pleura_metrics_calibration_error(const pleura_scored *films, size_t count,
                                        const double *weights);
double pleura_metrics_brier(const pleura_scored *films, size_t count, const double *weights);

/* One bootstrap sample of `count` patients: times[i] says how often patient i was drawn. The same
 * `draw` gives the same sample on every machine. */
void pleura_metrics_draw(uint64_t draw, size_t count, uint32_t *times);

/* A quantile (0..1) of the values that are not NaN, linear between neighbours; NaN if there is none.
 * Sorts the values. */
double pleura_metrics_quantile(double *values, size_t count, double share);

#endif
