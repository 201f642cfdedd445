/* An evaluation as JSON (docs/evaluation.md). */
#include "evaluation.h"

#include "json.h"
#include "pleura/learn.h"

#include <math.h>

#define DIGITS 7
#define ROC_POINTS 100

static void add_number(pleura_json *json, const char *key, double value)
{
    pleura_json_key(json, key);
    pleura_json_number(json, value, DIGITS);
}

static void add_count(pleura_json *json, const char *key, size_t value)
{
    pleura_json_key(json, key);
    pleura_json_integer(json, (int64_t)value);
}

static void add_model(pleura_json *json, const pleura_model *model)
{
    static const char *const keys[] = {"pleura.name", "pleura.version"};
    pleura_json_key(json, "model");
    pleura_json_open(json, '{');
    for (int i = 0; i < 2; i++) {
        pleura_json_key(json, keys[i] + 7);
        pleura_json_text(json, pleura_model_property(model, keys[i]));
    }
    pleura_json_key(json, "sha256");
    pleura_json_text(json, pleura_model_sha256(model));
    if (pleura_model_applied(model)) {
        pleura_json_key(json, "profile");
        pleura_json_text(json, pleura_model_applied(model));
    }
    pleura_json_close(json, '}');
}

static void add_figures(pleura_json *json, const pleura_evaluation *e)
{
    pleura_json_key(json, "figures");
    pleura_json_open(json, '{');
    for (size_t i = 0; i < e->figure_count; i++) {
        const pleura_figure *figure = &e->figures[i];
        pleura_json_key(json, figure->name);
        pleura_json_open(json, '[');
        pleura_json_number(json, figure->value, DIGITS);
        pleura_json_number(json, figure->low, DIGITS);
        pleura_json_number(json, figure->high, DIGITS);
        pleura_json_close(json, ']');
    }
    pleura_json_close(json, '}');
}

static void add_confusion(pleura_json *json, const pleura_evaluation *e)
{
    size_t labels = pleura_model_label_count(e->model);
    pleura_json_key(json, "labels");
    pleura_json_open(json, '[');
    for (size_t i = 0; i < labels; i++)
        pleura_json_text(json, pleura_model_answer_name(e->model, i));
    pleura_json_close(json, ']');
    pleura_json_key(json, "confusion");
    pleura_json_open(json, '[');
    for (size_t i = 0; i < labels; i++) {
        pleura_json_open(json, '[');
        for (size_t k = 0; k < labels; k++)
            pleura_json_integer(json, (int64_t)e->confusion[i * labels + k]);
        pleura_json_close(json, ']');
    }
    pleura_json_close(json, ']');
}

static void add_groups(pleura_json *json, const pleura_evaluation *e)
{
    pleura_json_key(json, "groups");
    pleura_json_open(json, '{');
    for (size_t i = 0; i < e->group_count; i++) {
        const pleura_group_figures *group = &e->groups[i];
        pleura_json_key(json, group->name);
        pleura_json_open(json, '{');
        add_count(json, "films", group->films);
        add_count(json, "cannot_say", group->cannot_say);
        add_number(json, "auc", group->auc);
        add_number(json, "sensitivity", group->rates.sensitivity);
        add_number(json, "specificity", group->rates.specificity);
        add_number(json, "accuracy", group->rates.accuracy);
        pleura_json_close(json, '}');
    }
    pleura_json_close(json, '}');
}

static void add_reasons(pleura_json *json, const pleura_evaluation *e)
{
    pleura_json_key(json, "reasons");
    pleura_json_open(json, '{');
    for (size_t r = 0; r < PLEURA_REASON_COUNT; r++)
        if (e->refused[r])
            add_count(json, pleura_reason_name((pleura_reason)(1u << r)), e->refused[r]);
    pleura_json_close(json, '}');
}

/* Points of the ROC curve, at scores evenly spaced by rank: [threshold, sensitivity, specificity]. */
static void add_roc(pleura_json *json, const pleura_evaluation *e)
{
    const pleura_question *all = &e->questions[0];
    size_t points = all->count < ROC_POINTS ? all->count : ROC_POINTS;
    float before = NAN;
    pleura_json_key(json, "roc");
    pleura_json_open(json, '[');
    for (size_t i = 0; i < points; i++) {
        pleura_rates rates;
        float threshold = all->films[i * (all->count - 1) / (points > 1 ? points - 1 : 1)].score;
        if (threshold == before)
            continue;
        before = threshold;
        pleura_metrics_rates(all->films, all->count, NULL, threshold, &rates);
        pleura_json_open(json, '[');
        pleura_json_number(json, (double)threshold, DIGITS);
        pleura_json_number(json, rates.sensitivity, DIGITS);
        pleura_json_number(json, rates.specificity, DIGITS);
        pleura_json_close(json, ']');
    }
    pleura_json_close(json, ']');
}

size_t pleura_evaluation_json(const pleura_evaluation *e, char *buffer, size_t capacity)
{
    pleura_json json = pleura_json_into(buffer, capacity);
    pleura_json_open(&json, '{');
    pleura_json_key(&json, "schema");
    pleura_json_text(&json, "pleura.evaluation/1");
    add_model(&json, e->model);
    add_count(&json, "files", e->count);
    add_count(&json, "failed", e->failed);
    add_count(&json, "scored", e->labelled);
    add_count(&json, "patients", e->patients);
    add_number(&json, "threshold", (double)e->threshold);
    add_number(&json, "prevalence", e->options.prevalence > 0 ? e->options.prevalence : NAN);
    add_count(&json, "draws", e->options.draws);
    add_figures(&json, e);
    add_confusion(&json, e);
    add_groups(&json, e);
    add_reasons(&json, e);
    add_roc(&json, e);
    pleura_json_close(&json, '}');
    return pleura_json_end(&json);
}
