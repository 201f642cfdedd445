#include "metrics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int by_score(const void *a, const void *b)
{
    const pleura_scored *left = a, *right = b;
    if (left->score != right->score)
        return left->score < right->score ? 1 : -1;
    return left->place < right->place ? -1 : left->place > right->place;
}

void pleura_metrics_sort(pleura_scored *films, size_t count)
{
    qsort(films, count, sizeof *films, by_score);
}

static double weight_of(const pleura_scored *film, const double *weights)
{
    return weights ? weights[film->place] : 1;
}

double pleura_metrics_auc(const pleura_scored *films, size_t count, const double *weights)
{
    double positive = 0, negative = 0, pairs = 0;
    for (size_t i = 0; i < count;) {
        double tied[2] = {0, 0};
        float score = films[i].score;
        for (; i < count && films[i].score == score; i++)
            tied[films[i].positive] += weight_of(&films[i], weights);
        pairs += tied[0] * (positive + tied[1] / 2);
        positive += tied[1];
        negative += tied[0];
    }
    return positive > 0 && negative > 0 ? pairs / (positive * negative) : NAN;
}

static double ratio(double part, double whole)
{
    return whole > 0 ? part / whole : NAN;
}

void pleura_metrics_rates(const pleura_scored *films, size_t count, const double *weights,
                          float threshold, pleura_rates *rates)
{
    double table[2][2] = {{0, 0}, {0, 0}}; /* label, call */
    for (size_t i = 0; i < count; i++)
        table[films[i].positive][films[i].score >= threshold] += weight_of(&films[i], weights);
    rates->sensitivity = ratio(table[1][1], table[1][0] + table[1][1]);
    rates->specificity = ratio(table[0][0], table[0][0] + table[0][1]);
    rates->precision = ratio(table[1][1], table[0][1] + table[1][1]);
    rates->accuracy =
        ratio(table[0][0] + table[1][1], table[0][0] + table[0][1] + table[1][0] + table[1][1]);
}

double pleura_metrics_calibration_error(const pleura_scored *films, size_t count,
                                        const double *weights)
{
    double gap[PLEURA_METRICS_BINS] = {0}, whole = 0, sum = 0;
    for (size_t i = 0; i < count; i++) {
        double weight = weight_of(&films[i], weights);
        int bin = (int)(films[i].score * PLEURA_METRICS_BINS);
        bin = bin < PLEURA_METRICS_BINS ? bin : PLEURA_METRICS_BINS - 1;
        gap[bin] += weight * ((double)films[i].score - films[i].positive);
        whole += weight;
    }
    for (int bin = 0; bin < PLEURA_METRICS_BINS; bin++)
        sum += fabs(gap[bin]);
    return ratio(sum, whole);
}

double pleura_metrics_brier(const pleura_scored *films, size_t count, const double *weights)
{
    double whole = 0, sum = 0;
    for (size_t i = 0; i < count; i++) {
        double weight = weight_of(&films[i], weights);
        double miss = (double)films[i].score - films[i].positive;
        sum += weight * miss * miss;
        whole += weight;
    }
    return ratio(sum, whole);
}

/* SplitMix64 (Steele et al. 2014): one multiplication chain a number, the same everywhere. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

void pleura_metrics_draw(uint64_t draw, size_t count, uint32_t *times)
{
    uint64_t state = draw * UINT64_C(0xd1342543de82ef95) + 1;
    memset(times, 0, count * sizeof *times);
    for (size_t i = 0; i < count; i++) /* 32 random bits scaled: the bias is under count / 2^32 */
        times[(next_random(&state) >> 32) * count >> 32]++;
}

static int by_value(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return left < right ? -1 : left > right;
}

double pleura_metrics_quantile(double *values, size_t count, double share)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (!isnan(values[i]))
            values[kept++] = values[i];
    for (size_t i = kept; i < count; i++)
        values[i] = NAN;
    if (kept == 0)
        return NAN;
    qsort(values, kept, sizeof *values, by_value);
    double at = share * (double)(kept - 1);
    size_t below = (size_t)at;
    size_t above = below + 1 < kept ? below + 1 : below;
    return values[below] + (at - (double)below) * (values[above] - values[below]);
}
