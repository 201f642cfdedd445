/* Where scores become calls. */
#include "cases.h"

#include "../decide/metrics.h"
#include "../error.h"

#include <math.h>

/* The best place jumps from film to film, most of all where few films are near it; the mean over bootstrap
 * samples does not (bagging: Breiman 1996). models/train/thresholds.py shows what that is worth. */
#define DRAWS 200

typedef struct search {
    const pleura_cases *cases;
    pleura_aim aim;
    pleura_scored *films; /* the highest score first */
    size_t count;
    uint32_t *times; /* that each patient was drawn */
} search;

/* How good a threshold is that calls these shares; NaN if it misses what was asked for. */
static double worth(const pleura_aim *aim, double sensitivity, double specificity)
{
    if (aim->sensitivity > 0)
        return sensitivity >= aim->sensitivity ? specificity : NAN;
    double ill = aim->prevalence > 0 ? aim->prevalence : 0.5;
    return ill * sensitivity + (1 - ill) * specificity;
}

static double weight(const search *s, size_t film)
{
    return s->times[s->cases->patients[s->films[film].place]];
}

/* Half-way between two neighbours; of several that are as good, the one with the most room around it.
 * NaN where films of one kind alone were drawn. */
static double best_gap(const search *s)
{
    double best = NAN, room = 0, threshold = NAN, all[2] = {0, 0}, seen[2] = {0, 0};
    for (size_t i = 0; i < s->count; i++)
        all[s->films[i].positive] += weight(s, i);
    for (size_t i = 0, next; all[0] > 0 && all[1] > 0 && i < s->count; i = next) {
        seen[s->films[i].positive] += weight(s, i);
        for (next = i + 1; next < s->count && weight(s, next) == 0;)
            next++;
        double score = (double)s->films[i].score;
        double below = next < s->count ? (double)s->films[next].score : 0;
        if (weight(s, i) == 0 || (next < s->count && below == score))
            continue;
        double value = worth(&s->aim, seen[1] / all[1], 1 - seen[0] / all[0]);
        double gap = score - below;
        if (isnan(value) || value < best || (value == best && gap <= room))
            continue;
        best = value;
        room = gap;
        threshold = (score + below) / 2;
    }
    return threshold;
}

/* The mean of log-odds, which do not end at 0 and 1. */
static double bagged_gap(const search *s)
{
    double sum = 0, found = 0;
    for (unsigned draw = 0; draw < DRAWS; draw++) {
        pleura_metrics_draw(draw, s->cases->patient_count, s->times);
        double threshold = best_gap(s);
        if (isnan(threshold))
            continue;
        threshold = fmin(fmax(threshold, 1e-12), 1 - 1e-12);
        sum += log(threshold / (1 - threshold));
        found++;
    }
    return found > 0 ? 1 / (1 + exp(-sum / found)) : NAN;
}

pleura_code pleura_threshold_choose(const pleura_cases *cases, const float *scores,
                                    const uint32_t *folds, uint32_t without, const pleura_aim *aim,
                                    float *threshold, pleura_error *error)
{
    search s = {
        .cases = cases,
        .aim = *aim,
        .films = pleura_alloc_zero(cases->count, sizeof *s.films),
        .times = pleura_alloc_zero(cases->patient_count, sizeof *s.times),
    };
    if (!s.films || !s.times) {
        pleura_free(s.films);
        pleura_free(s.times);
        return pleura_fail_memory(error, cases->count * sizeof *s.films, "the threshold");
    }
    for (size_t i = 0; i < cases->count; i++)
        if (folds[i] != without)
            s.films[s.count++] = (pleura_scored){scores[i], cases->truths[i], (uint32_t)i};
    pleura_metrics_sort(s.films, s.count);
    double found = aim->sensitivity > 0 ? NAN : bagged_gap(&s);
    if (isnan(found)) { /* a sensitivity is one of these very films */
        for (size_t i = 0; i < cases->patient_count; i++)
            s.times[i] = 1;
        found = best_gap(&s);
    }
    *threshold = (float)found;
    pleura_free(s.films);
    pleura_free(s.times);
    return PLEURA_OK;
}
