#include "cases.h"

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
