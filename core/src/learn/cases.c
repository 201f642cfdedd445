#include "cases.h"

#include "../decide/metrics.h"
#include "../error.h"

#include <math.h>

pleura_code pleura_answers_make(const pleura_cases *cases, size_t classes, pleura_arena *arena,
                                pleura_answers *answers, pleura_error *error)
{
    size_t size = cases->count * classes * sizeof(float);
    *answers = (pleura_answers){
        .classes = classes,
        .probabilities = pleura_arena_alloc(arena, size),
        .scores = pleura_arena_alloc(arena, cases->count * sizeof(float)),
        .calls = pleura_arena_alloc(arena, cases->count),
    };
    return answers->probabilities && answers->scores && answers->calls
               ? PLEURA_OK
               : pleura_fail_memory(error, size, "the answers");
}

float pleura_answers_score(const pleura_decision_spec *decision, const float *probabilities)
{
    double sum = 0;
    for (size_t k = 0; k < decision->label_count; k++)
        if (pleura_label_is_finding(decision, k))
            sum += (double)probabilities[k];
    return (float)fmin(sum, 1);
}

static void pick(const float *from, const size_t *names, size_t count, float *to)
{
    double sum = 0;
    for (size_t k = 0; k < count; k++)
        sum += (double)(to[k] = from[names ? names[k] : k]);
    for (size_t k = 0; names && k < count; k++)
        to[k] = sum > 0 ? (float)((double)to[k] / sum) : 1 / (float)count;
}

pleura_code pleura_answers_of(const pleura_profile *profile, const pleura_cases *cases,
                              const size_t *names, size_t score_of, pleura_answers *answers,
                              pleura_error *error)
{
    const pleura_decision_spec *decision = &profile->decision;
    float all[2 * PLEURA_PROFILE_MAX_LABELS];
    for (size_t i = 0; i < cases->count; i++) {
        const float *embedding = cases->embeddings + i * cases->width;
        pleura_profile_scores(profile, embedding, embedding + profile->features, all);
        pleura_code code = pleura_decide_answers(decision, all, all, error);
        if (code != PLEURA_OK)
            return code;
        pick(all, names, answers->classes, answers->probabilities + i * answers->classes);
        answers->scores[i] = all[score_of];
        answers->calls[i] = all[score_of] >= decision->threshold;
    }
    return PLEURA_OK;
}

void pleura_cases_weights(const pleura_cases *cases, double prevalence, double *weights)
{
    double ill = 0, all = (double)cases->count;
    for (size_t i = 0; i < cases->count; i++)
        ill += cases->truths[i];
    bool wanted = prevalence > 0 && ill > 0 && ill < all;
    for (size_t i = 0; i < cases->count; i++) {
        double share = cases->truths[i] ? prevalence : 1 - prevalence;
        weights[i] = wanted ? share * all / (cases->truths[i] ? ill : all - ill) : 1;
    }
}

/* ---- Choosing a threshold ---- */

/* How good a threshold is that calls these shares; NaN if it misses what was asked for. */
static double worth(const pleura_aim *aim, double sensitivity, double specificity)
{
    if (aim->sensitivity > 0)
        return sensitivity >= aim->sensitivity ? specificity : NAN;
    double ill = aim->prevalence > 0 ? aim->prevalence : 0.5;
    return ill * sensitivity + (1 - ill) * specificity;
}

/* Half-way between two neighbours of the sorted scores; of several that are as good, the one with the
 * most room around it. */
static float best_gap(const pleura_scored *films, size_t count, const pleura_aim *aim, size_t ill)
{
    double best = NAN, room = 0;
    size_t seen[2] = {0, 0};
    float threshold = 0;
    for (size_t i = 0; i < count; i++) {
        seen[films[i].positive]++;
        float score = films[i].score, next = i + 1 < count ? films[i + 1].score : 0;
        if (i + 1 < count && next == score)
            continue;
        double value =
            worth(aim, (double)seen[1] / (double)ill, 1 - (double)seen[0] / (double)(count - ill));
        double gap = (double)score - (double)next;
        if (isnan(value) || value < best || (value == best && gap <= room))
            continue;
        best = value;
        room = gap;
        threshold = (float)(((double)score + (double)next) / 2);
    }
    return threshold;
}

pleura_code pleura_threshold_choose(const pleura_cases *cases, const float *scores,
                                    const uint32_t *folds, uint32_t without, const pleura_aim *aim,
                                    float *threshold, pleura_error *error)
{
    pleura_scored *films = pleura_alloc_zero(cases->count, sizeof *films);
    size_t count = 0, ill = 0;
    if (!films)
        return pleura_fail_memory(error, cases->count * sizeof *films, "the threshold");
    for (size_t i = 0; i < cases->count; i++) {
        if (folds[i] == without)
            continue;
        films[count++] = (pleura_scored){scores[i], cases->truths[i], (uint32_t)i};
        ill += cases->truths[i];
    }
    pleura_metrics_sort(films, count);
    *threshold = best_gap(films, count, aim, ill);
    pleura_free(films);
    return PLEURA_OK;
}
