/* From out-of-fold answers to a threshold, figures, a verdict and a profile. */
#include "state.h"

#include "../error.h"
#include "../decide/metrics_json.h"

#include <string.h>

pleura_profile *pleura_learn_new_profile(const pleura_learning *l, pleura_profile_kind kind,
                                         pleura_error *error)
{
    pleura_profile *p = pleura_profile_new(error);
    if (!p)
        return NULL;
    p->kind = kind;
    p->features = l->base->features;
    p->outputs = l->base->outputs;
    memcpy(p->model_sha256, l->base->model_sha256, sizeof p->model_sha256);
    const char *texts[] = {l->base->model_name, l->base->model_version};
    bool good = true;
    for (int i = 0; i < 2; i++) {
        const char *copy =
            texts[i] ? pleura_arena_text(&p->arena, texts[i], strlen(texts[i])) : NULL;
        good &= !texts[i] || copy;
        *(i ? &p->model_version : &p->model_name) = copy;
    }
    if (!good)
        pleura_fail_memory(error, 256, "the profile");
    if (good && pleura_decision_copy(&l->decision, &p->arena, &p->decision, error) == PLEURA_OK)
        return p;
    pleura_profile_free(p);
    return NULL;
}

/* For each fold the threshold that the others would choose; for use, the one of all. */
static pleura_code set_thresholds(pleura_learning *l, pleura_error *error)
{
    pleura_aim aim = {l->options.target_sensitivity, l->options.prevalence};
    float threshold;
    for (uint32_t fold = 0; fold < l->folds; fold++) {
        pleura_code code = pleura_threshold_choose(&l->cases, l->after.scores, l->fold, fold, &aim,
                                                   &threshold, error);
        if (code != PLEURA_OK)
            return code;
        for (size_t i = 0; i < l->count; i++)
            if (l->fold[i] == fold)
                l->after.calls[i] = l->after.scores[i] >= threshold;
    }
    return pleura_threshold_choose(&l->cases, l->after.scores, l->fold, UINT32_MAX, &aim,
                                   &l->made->decision.threshold, error);
}

/* The figures that decide: two, so that a gain in either counts, each held to half of 5 %. */
static void judge(pleura_learning *l)
{
    bool adapts = l->options.task == PLEURA_ADAPT, aims = l->options.target_sensitivity > 0;
    const pleura_gain_bounds *first = &l->bounds[adapts ? PLEURA_FIGURE_AUC : PLEURA_FIGURE_BRIER];
    const pleura_gain_bounds *second =
        &l->bounds[adapts ? PLEURA_FIGURE_LABELS : PLEURA_FIGURE_BALANCED];
    if (!adapts && aims) /* another place on the curve was asked for, not a better one */
        second = first;
    l->verdict = PLEURA_NO_BETTER;
    if (first->low > 0 || second->low > 0)
        l->verdict = PLEURA_BETTER;
    if (first->high < 0 || second->high < 0)
        l->verdict = PLEURA_WORSE;
}

static pleura_code say_verdict(pleura_learning *l)
{
    bool adapts = l->options.task == PLEURA_ADAPT;
    const pleura_comparison *a = &l->figures[adapts ? PLEURA_FIGURE_AUC : PLEURA_FIGURE_BRIER];
    const pleura_comparison *b =
        &l->figures[adapts ? PLEURA_FIGURE_LABELS : PLEURA_FIGURE_BALANCED];
    const char *first = adapts ? "AUC" : "Brier score";
    const char *second = adapts ? "labels that are right" : "balanced accuracy";
    if (l->verdict == PLEURA_BETTER)
        return PLEURA_OK;
    bool worse = l->verdict == PLEURA_WORSE;
    l->verdict_note = l->note_count;
    pleura_number n[6];
    return pleura_learn_say(
        l, worse ? PLEURA_NOTE_WORSE : PLEURA_NOTE_NO_BETTER,
        "%s than %s: the gain in %s is %s (%s to %s), in %s %s (%s to %s).",
        worse ? "Worse" : "No better", l->comparable ? "before" : "chance", first,
        pleura_fixed_text(&n[0], a->gain.value, 4), pleura_fixed_text(&n[1], a->gain.low, 4),
        pleura_fixed_text(&n[2], a->gain.high, 4), second,
        pleura_fixed_text(&n[3], b->gain.value, 4), pleura_fixed_text(&n[4], b->gain.low, 4),
        pleura_fixed_text(&n[5], b->gain.high, 4));
}

static pleura_code say_limits(pleura_learning *l)
{
    double aimed = l->options.target_sensitivity;
    double reached = l->figures[PLEURA_FIGURE_SENSITIVITY].after.value;
    pleura_number n[2];
    pleura_code code = PLEURA_OK;
    if (aimed > 0 && reached < aimed)
        code = pleura_learn_say(l, PLEURA_NOTE_TARGET_MISSED,
                                "Out of fold the sensitivity is %s, below the %s that was asked "
                                "for.",
                                pleura_fixed_text(&n[0], reached, 4),
                                pleura_fixed_text(&n[1], aimed, 4));
    bool edge = l->path_count > 1 && l->c >= l->path[l->path_count - 1].c;
    if (code == PLEURA_OK && edge)
        code = pleura_learn_say(l, PLEURA_NOTE_EDGE,
                                "The weakest penalty that was tried did best: C %s.",
                                pleura_number_text(&n[0], l->c, 3));
    if (code == PLEURA_OK && !(l->reference && l->reference->used))
        code = pleura_learn_say(
            l, PLEURA_NOTE_NO_REFERENCE,
            l->reference
                ? "The reference films have other labels than those learnt: what the model "
                  "forgets was not looked at."
                : "There were no reference films: what the model forgets was not looked "
                  "at.");
    return code;
}

/* ---- The profile's figures ---- */

#define DIGITS 5

static size_t write_figures(const pleura_learning *l, char *buffer, size_t capacity)
{
    pleura_json json = pleura_json_into(buffer, capacity);
    pleura_json_open(&json, '{');
    pleura_json_put_count(&json, "films", l->count);
    pleura_json_put_count(&json, "patients", l->cases.patient_count);
    pleura_json_put_text(&json, "verdict", pleura_verdict_name(l->verdict));
    pleura_json_put_open(&json, "notes", '[');
    for (size_t i = 0; i < l->note_count; i++)
        pleura_json_text(&json, pleura_learn_note_name(l->notes[i].note));
    pleura_json_close(&json, ']');
    for (size_t f = 0; f < PLEURA_FIGURE_COUNT; f++) {
        pleura_json_put_open(&json, l->figures[f].name, '{');
        pleura_json_put_figure(&json, "before", &l->figures[f].before, DIGITS);
        pleura_json_put_figure(&json, "after", &l->figures[f].after, DIGITS);
        pleura_json_close(&json, '}');
    }
    pleura_json_close(&json, '}');
    return pleura_json_end(&json);
}

static pleura_code finish_profile(pleura_learning *l, pleura_error *error)
{
    size_t length = write_figures(l, NULL, 0);
    char *text = pleura_arena_alloc(&l->made->arena, length + 1);
    if (!text)
        return pleura_fail_memory(error, length + 1, "the profile");
    write_figures(l, text, length + 1);
    l->made->figures = text;
    return pleura_profile_seal(l->made, error);
}

pleura_code pleura_learn_conclude(pleura_learning *l, pleura_error *error)
{
    pleura_code code = set_thresholds(l, error);
    if (code == PLEURA_OK)
        code =
            pleura_compare(&l->cases, l->comparable ? &l->before : NULL, &l->after,
                           l->options.prevalence, l->options.draws, l->figures, l->bounds, error);
    if (code != PLEURA_OK)
        return code;
    judge(l);
    code = say_verdict(l);
    if (code == PLEURA_OK && l->reference)
        code = pleura_reference_judge(l, error);
    if (code == PLEURA_OK)
        code = say_limits(l);
    return code == PLEURA_OK ? finish_profile(l, error) : code;
}

/* ---- Looking at it ---- */

pleura_verdict pleura_learning_verdict(const pleura_learning *l)
{
    return l->verdict;
}

const char *pleura_learning_note(const pleura_learning *l, size_t index, pleura_learn_note *note)
{
    if (index >= l->note_count)
        return NULL;
    *note = l->notes[index].note;
    return l->notes[index].text;
}

const pleura_comparison *pleura_learning_figure(const pleura_learning *l, size_t index)
{
    return l->made && index < PLEURA_FIGURE_COUNT ? &l->figures[index] : NULL;
}

pleura_code pleura_learning_take(const pleura_learning *l, bool accept, pleura_profile **profile,
                                 pleura_error *error)
{
    if (profile)
        *profile = NULL;
    if (!l || !profile || !l->made)
        return pleura_fail(error, PLEURA_ERROR_ARGUMENT,
                           "pleura_learning_take: `learning` or `profile` is NULL, or nothing was "
                           "learnt.");
    if (l->verdict != PLEURA_BETTER && !accept)
        return pleura_fail(error, PLEURA_ERROR_NO_BETTER, "%s", l->notes[l->verdict_note].text);
    return pleura_profile_copy(l->made, profile, error);
}
