/* An evaluation as JSON (docs/evaluation.md). */
#include "evaluation.h"

#include "decide/metrics_json.h"
#include "pleura/learn.h"

#include <math.h>

#define DIGITS 7

static void add_model(pleura_json *json, const pleura_model *model)
{
    static const char *const keys[] = {"pleura.name", "pleura.version"};
    pleura_json_put_open(json, "model", '{');
    for (int i = 0; i < 2; i++) {
        pleura_json_put_text(json, keys[i] + 7, pleura_model_property(model, keys[i]));
    }
    pleura_json_put_text(json, "sha256", pleura_model_sha256(model));
    if (pleura_model_applied(model)) {
        pleura_json_put_text(json, "profile", pleura_model_applied(model));
    }
    pleura_json_close(json, '}');
}

static void add_figures(pleura_json *json, const pleura_evaluation *e)
{
    pleura_json_put_open(json, "figures", '{');
    for (size_t i = 0; i < e->figure_count; i++) {
        const pleura_figure *figure = &e->figures[i];
        pleura_json_put_figure(json, figure->name, figure, DIGITS);
    }
    pleura_json_close(json, '}');
}

static void add_confusion(pleura_json *json, const pleura_evaluation *e)
{
    size_t labels = pleura_model_label_count(e->model);
    pleura_json_put_open(json, "labels", '[');
    for (size_t i = 0; i < labels; i++)
        pleura_json_text(json, pleura_model_answer_name(e->model, i));
    pleura_json_close(json, ']');
    pleura_json_put_open(json, "confusion", '[');
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
    pleura_json_put_open(json, "groups", '{');
    for (size_t i = 0; i < e->group_count; i++) {
        const pleura_group_figures *group = &e->groups[i];
        pleura_json_put_open(json, group->name, '{');
        pleura_json_put_count(json, "films", group->films);
        pleura_json_put_count(json, "cannot_say", group->cannot_say);
        pleura_json_put_number(json, "auc", group->auc, DIGITS);
        pleura_json_put_number(json, "sensitivity", group->rates.sensitivity, DIGITS);
        pleura_json_put_number(json, "specificity", group->rates.specificity, DIGITS);
        pleura_json_put_number(json, "accuracy", group->rates.accuracy, DIGITS);
        pleura_json_close(json, '}');
    }
    pleura_json_close(json, '}');
}

static void add_reasons(pleura_json *json, const pleura_evaluation *e)
{
    pleura_json_put_open(json, "reasons", '{');
    for (size_t r = 0; r < PLEURA_REASON_COUNT; r++)
        if (e->refused[r])
            pleura_json_put_count(json, pleura_reason_name((pleura_reason)(1u << r)),
                                  e->refused[r]);
    pleura_json_close(json, '}');
}

size_t pleura_evaluation_json(const pleura_evaluation *e, char *buffer, size_t capacity)
{
    pleura_json json = pleura_json_into(buffer, capacity);
    pleura_json_open(&json, '{');
    pleura_json_put_text(&json, "schema", "pleura.evaluation/1");
    add_model(&json, e->model);
    pleura_json_put_count(&json, "files", e->count);
    pleura_json_put_count(&json, "failed", e->failed);
    pleura_json_put_count(&json, "scored", e->labelled);
    pleura_json_put_count(&json, "patients", e->patients);
    pleura_json_put_number(&json, "threshold", (double)e->threshold, DIGITS);
    pleura_json_put_number(&json, "prevalence",
                           e->options.prevalence > 0 ? e->options.prevalence : NAN, DIGITS);
    pleura_json_put_count(&json, "draws", e->options.draws);
    add_figures(&json, e);
    add_confusion(&json, e);
    add_groups(&json, e);
    add_reasons(&json, e);
    pleura_json_key(&json, "roc");
    pleura_json_roc(&json, e->questions[0].films, e->questions[0].count, DIGITS);
    pleura_json_close(&json, '}');
    return pleura_json_end(&json);
}
