/* Results beside labels, gathered film by film. */
#include "evaluation.h"

#include "decide/labels.h"
#include "model/model.h"

#include <string.h>

#define DEFAULT_DRAWS 2000
#define MAX_DRAWS 100000

pleura_code pleura_evaluation_create(const pleura_model *model,
                                     const pleura_evaluation_options *options,
                                     pleura_evaluation **out, pleura_error *error)
{
    if (out)
        *out = NULL;
    if (!model || !out)
        return pleura_fail(error, PLEURA_ERROR_ARGUMENT,
                           "pleura_evaluation_create: `model` or `evaluation` is NULL.");
    pleura_evaluation_options use = options ? *options : (pleura_evaluation_options){0};
    use.draws = use.draws ? use.draws : DEFAULT_DRAWS;
    if (use.draws > MAX_DRAWS || !(use.prevalence >= 0 && use.prevalence < 1))
        return pleura_fail(error, PLEURA_ERROR_ARGUMENT,
                           "An evaluation takes up to %d draws and a prevalence from 0 to 1.",
                           MAX_DRAWS);
    if (!pleura_model_finding(model))
        return pleura_fail(error, PLEURA_ERROR_ARGUMENT,
                           "The model names no finding, so that there is nothing to evaluate.");
    pleura_evaluation *made = pleura_alloc_zero(1, sizeof *made);
    if (!made)
        return pleura_fail_memory(error, sizeof *made, "the evaluation");
    made->model = model;
    made->options = use;
    made->threshold = use.has_threshold ? use.threshold : pleura_model_threshold(model);
    *out = made;
    return PLEURA_OK;
}

void pleura_evaluation_free(pleura_evaluation *evaluation)
{
    if (!evaluation)
        return;
    pleura_arena_free(&evaluation->arena);
    pleura_free(evaluation->films);
    pleura_free(evaluation);
}

/* ---- Adding ---- */

static void read_words(const pleura_decision_spec *spec, const char *words, pleura_judged *film)
{
    const size_t label = pleura_words_label(spec, words);
    film->label = label == PLEURA_NO_ANSWER ? PLEURA_UNKNOWN : (int)label;
    film->truth = PLEURA_UNKNOWN;
    if (label != PLEURA_NO_ANSWER)
        film->truth = pleura_label_is_finding(spec, label);
    else if (pleura_words_have(words, spec->answer_names[spec->finding]))
        film->truth = 1;
}

static pleura_code keep_result(pleura_evaluation *e, const pleura_result *result,
                               pleura_judged *film, pleura_error *error)
{
    const pleura_decision_spec *spec = pleura_model_decision_spec(e->model);
    film->called = PLEURA_UNKNOWN;
    film->failed = !result;
    if (!result)
        return PLEURA_OK;
    film->outcome = pleura_result_outcome(result);
    film->reasons = pleura_result_reasons(result);
    if (!pleura_result_probability_count(result))
        return PLEURA_OK;
    const float *given = pleura_result_probabilities(result);
    float *kept = pleura_arena_alloc(&e->arena, spec->label_count * sizeof *kept);
    if (!kept)
        return pleura_fail_memory(error, spec->label_count * sizeof *kept, "the evaluation");
    memcpy(kept, given, spec->label_count * sizeof *kept);
    film->called = (int)pleura_likeliest(given, spec->label_count);
    film->probabilities = kept;
    film->score = given[spec->finding];
    return PLEURA_OK;
}

static bool reserve(pleura_evaluation *e)
{
    if (e->count < e->room)
        return true;
    size_t room = e->room ? 2 * e->room : 64;
    pleura_judged *films = pleura_realloc(e->films, room * sizeof *films);
    if (!films)
        return false;
    e->films = films;
    e->room = room;
    return true;
}

pleura_code pleura_evaluation_add(pleura_evaluation *e, const pleura_result *result,
                                  const char *labels, const char *patient, const char *group,
                                  pleura_error *error)
{
    if (!e || !labels || e->figures)
        return pleura_fail(error, PLEURA_ERROR_ARGUMENT,
                           "pleura_evaluation_add: `evaluation` or `labels` is NULL, or the "
                           "evaluation is computed already.");
    pleura_judged film = {0};
    patient = patient ? patient : "";
    group = group ? group : "";
    film.patient = pleura_arena_text(&e->arena, patient, strlen(patient));
    film.group = pleura_arena_text(&e->arena, group, strlen(group));
    if (!film.patient || !film.group || !reserve(e))
        return pleura_fail_memory(error, sizeof film, "the evaluation");
    read_words(pleura_model_decision_spec(e->model), labels, &film);
    pleura_code code = keep_result(e, result, &film, error);
    if (code == PLEURA_OK)
        e->films[e->count++] = film;
    return code;
}
