/* A learning as JSON (docs/learn.md). */
#include "state.h"

#include "../decide/metrics_json.h"

#include <math.h>

#define DIGITS 7

/* A number that is null where it was not given. */
static void add_option(pleura_json *json, const char *key, double value)
{
    pleura_json_put_number(json, key, value > 0 ? value : NAN, DIGITS);
}

static void add_figures(pleura_json *json, const pleura_comparison *figures)
{
    pleura_json_put_open(json, "figures", '{');
    for (size_t f = 0; f < PLEURA_FIGURE_COUNT; f++) {
        pleura_json_put_open(json, figures[f].name, '{');
        pleura_json_put_figure(json, "before", &figures[f].before, DIGITS);
        pleura_json_put_figure(json, "after", &figures[f].after, DIGITS);
        pleura_json_put_figure(json, "gain", &figures[f].gain, DIGITS);
        pleura_json_close(json, '}');
    }
    pleura_json_close(json, '}');
}

static void add_labels(pleura_json *json, const pleura_learning *l)
{
    const pleura_decision_spec *d = &l->decision;
    pleura_json_put_open(json, "labels", '[');
    for (size_t k = 0; k < d->label_count; k++) {
        pleura_json_open(json, '{');
        pleura_json_put_text(json, "name", d->answer_names[k]);
        pleura_json_put_count(json, "films", l->label_films[k]);
        pleura_json_put_count(json, "patients", l->label_patients[k]);
        pleura_json_close(json, '}');
    }
    pleura_json_close(json, ']');
    pleura_json_put_text(json, "finding", d->answer_names[d->finding]);
}

static void add_setting(pleura_json *json, const pleura_learning *l)
{
    bool adapts = l->options.task == PLEURA_ADAPT;
    pleura_json_put_text(json, "task", adapts ? "adapt" : "calibrate");
    pleura_json_put_open(json, "model", '{');
    pleura_json_put_text(json, "name", l->base->model_name);
    pleura_json_put_text(json, "version", l->base->model_version);
    pleura_json_put_text(json, "sha256", l->base->model_sha256);
    pleura_json_close(json, '}');
    pleura_json_put_count(json, "films", l->count);
    pleura_json_put_count(json, "patients", l->cases.patient_count);
    pleura_json_put_count(json, "left_out", l->left_out);
    pleura_json_put_count(json, "unlabelled", l->unlabelled);
    add_labels(json, l);
    add_option(json, "target_sensitivity", l->options.target_sensitivity);
    add_option(json, "prevalence", l->options.prevalence);
    pleura_json_put_count(json, "folds", l->folds);
    pleura_json_put_count(json, "draws", l->options.draws);
}

static void add_verdict(pleura_json *json, const pleura_learning *l)
{
    pleura_json_put_text(json, "compared_with", l->comparable ? "model" : "chance");
    pleura_json_put_text(json, "verdict", pleura_verdict_name(l->verdict));
    pleura_json_put_open(json, "notes", '[');
    for (size_t i = 0; i < l->note_count; i++) {
        pleura_json_open(json, '{');
        pleura_json_put_text(json, "code", pleura_learn_note_name(l->notes[i].note));
        pleura_json_put_text(json, "message", l->notes[i].text);
        pleura_json_close(json, '}');
    }
    pleura_json_close(json, ']');
}

static void add_penalty(pleura_json *json, const pleura_learning *l)
{
    pleura_json_put_number(json, "c", l->c, DIGITS);
    pleura_json_put_text(json, "starts_from", l->has_start ? "model" : "zero");
    pleura_json_put_open(json, "penalties", '[');
    for (size_t i = 0; i < l->path_count; i++) {
        pleura_json_open(json, '{');
        pleura_json_put_number(json, "c", l->path[i].c, DIGITS);
        pleura_json_put_number(json, "loss", l->path[i].loss, DIGITS);
        pleura_json_close(json, '}');
    }
    pleura_json_close(json, ']');
    pleura_json_put_open(json, "curve", '[');
    for (size_t i = 0; i < l->curve_count; i++) {
        pleura_json_open(json, '{');
        pleura_json_put_count(json, "films", l->curve[i].films);
        pleura_json_put_figure(json, "auc", &l->curve[i].auc, DIGITS);
        pleura_json_put_figure(json, "label_accuracy", &l->curve[i].label_accuracy, DIGITS);
        pleura_json_close(json, '}');
    }
    pleura_json_close(json, ']');
}

static void add_fit(pleura_json *json, const pleura_learning *l)
{
    bool before = l->comparable && l->base->decision.finding == l->base_finding;
    pleura_json_put_open(json, "threshold", '{');
    pleura_json_put_number(json, "before", before ? (double)l->base->decision.threshold : NAN,
                           DIGITS);
    pleura_json_put_number(json, "after", (double)l->made->decision.threshold, DIGITS);
    pleura_json_close(json, '}');
    if (l->options.task == PLEURA_ADAPT) {
        add_penalty(json, l);
        return;
    }
    pleura_json_put_number(json, "temperature", l->temperature, DIGITS);
    pleura_json_put_number(json, "shift", l->shift, DIGITS);
}

/* ---- Curves and tables: before, where there is one, and after ---- */

typedef void side_function(pleura_json *json, const pleura_learning *l, const pleura_answers *a);

static void add_sides(pleura_json *json, const char *key, const pleura_learning *l,
                      side_function *add)
{
    pleura_json_put_open(json, key, '{');
    pleura_json_key(json, "before");
    if (l->comparable)
        add(json, l, &l->before);
    else
        pleura_json_null(json);
    pleura_json_key(json, "after");
    add(json, l, &l->after);
    pleura_json_close(json, '}');
}

static void add_roc(pleura_json *json, const pleura_learning *l, const pleura_answers *a)
{
    pleura_scored *films = l->scratch;
    for (size_t i = 0; i < l->count; i++)
        films[i] = (pleura_scored){a->scores[i], l->truths[i], (uint32_t)i};
    pleura_metrics_sort(films, l->count);
    pleura_json_roc(json, films, l->count, DIGITS);
}

/* Ten bins of the probability: [mean probability, share with the finding, films]. */
static void add_reliability(pleura_json *json, const pleura_learning *l, const pleura_answers *a)
{
    double sum[PLEURA_METRICS_BINS] = {0}, ill[PLEURA_METRICS_BINS] = {0},
           count[PLEURA_METRICS_BINS] = {0};
    for (size_t i = 0; i < l->count; i++) {
        int bin = (int)(a->scores[i] * PLEURA_METRICS_BINS);
        bin = bin < PLEURA_METRICS_BINS ? bin : PLEURA_METRICS_BINS - 1;
        sum[bin] += (double)a->scores[i];
        ill[bin] += l->truths[i];
        count[bin]++;
    }
    pleura_json_open(json, '[');
    for (int bin = 0; bin < PLEURA_METRICS_BINS; bin++) {
        pleura_json_open(json, '[');
        pleura_json_number(json, count[bin] > 0 ? sum[bin] / count[bin] : NAN, DIGITS);
        pleura_json_number(json, count[bin] > 0 ? ill[bin] / count[bin] : NAN, DIGITS);
        pleura_json_number(json, count[bin], DIGITS);
        pleura_json_close(json, ']');
    }
    pleura_json_close(json, ']');
}

/* Rows: with the finding or not; columns: called so or not. */
static void add_calls(pleura_json *json, const pleura_learning *l, const pleura_answers *a)
{
    int64_t table[2][2] = {{0, 0}, {0, 0}};
    for (size_t i = 0; i < l->count; i++)
        table[l->truths[i]][a->calls[i]]++;
    pleura_json_open(json, '[');
    for (int truth = 0; truth < 2; truth++) {
        pleura_json_open(json, '[');
        pleura_json_integer(json, table[truth][0]);
        pleura_json_integer(json, table[truth][1]);
        pleura_json_close(json, ']');
    }
    pleura_json_close(json, ']');
}

/* Rows: label; columns: likeliest label. */
static void add_confusion(pleura_json *json, const pleura_learning *l, const pleura_answers *a)
{
    pleura_json_open(json, '[');
    for (size_t label = 0; label < a->classes; label++) {
        int64_t row[PLEURA_PROFILE_MAX_LABELS] = {0};
        for (size_t i = 0; i < l->count; i++) {
            const float *p = a->probabilities + i * a->classes;
            size_t best = pleura_likeliest(p, a->classes);
            row[best] += l->labels[i] == label;
        }
        pleura_json_open(json, '[');
        for (size_t k = 0; k < a->classes; k++)
            pleura_json_integer(json, row[k]);
        pleura_json_close(json, ']');
    }
    pleura_json_close(json, ']');
}

static void add_reference(pleura_json *json, const pleura_learning *l)
{
    pleura_json_key(json, "reference");
    if (!l->reference || !l->reference->used) {
        pleura_json_null(json);
        return;
    }
    pleura_json_open(json, '{');
    pleura_json_put_count(json, "films", l->reference->cases.count);
    add_figures(json, l->reference->figures);
    pleura_json_close(json, '}');
}

size_t pleura_learning_json(const pleura_learning *l, char *buffer, size_t capacity)
{
    pleura_json json = pleura_json_into(buffer, capacity);
    pleura_json_open(&json, '{');
    pleura_json_put_text(&json, "schema", "pleura.learning/1");
    add_setting(&json, l);
    if (l->made) {
        add_verdict(&json, l);
        add_fit(&json, l);
        add_figures(&json, l->figures);
        add_sides(&json, "roc", l, add_roc);
        add_sides(&json, "reliability", l, add_reliability);
        add_sides(&json, "calls", l, add_calls);
        add_sides(&json, "confusion", l, add_confusion);
        add_reference(&json, l);
    }
    pleura_json_close(&json, '}');
    return pleura_json_end(&json);
}
