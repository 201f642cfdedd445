/* One result as a line of JSON (docs/result-schema.md). */
#include "json.h"
#include "pleura/learn.h"

/* Enough to tell floats 1e-7 apart; a float has no more. */
#define PROBABILITY_DIGITS 7
#define TIME_DIGITS 4

static void add_probabilities(pleura_json *json, const pleura_model *model,
                              const pleura_result *result)
{
    pleura_json_key(json, "probabilities");
    size_t count = result ? pleura_result_probability_count(result) : 0;
    if (!count) {
        pleura_json_null(json);
        return;
    }
    const float *values = pleura_result_probabilities(result);
    pleura_json_open(json, '{');
    for (size_t i = 0; i < count; i++) {
        pleura_json_put_number(json, pleura_model_answer_name(model, i), (double)values[i],
                               PROBABILITY_DIGITS);
    }
    pleura_json_close(json, '}');
}

static void add_reason(pleura_json *json, const pleura_result *result, pleura_reason reason)
{
    const char *text = pleura_result_reason_text(result, reason);
    if (!text)
        return;
    pleura_json_open(json, '{');
    pleura_json_put_text(json, "code", pleura_reason_name(reason));
    pleura_json_put_text(json, "message", text);
    pleura_json_close(json, '}');
}

static void add_reasons(pleura_json *json, const pleura_result *result)
{
    pleura_json_put_open(json, "reasons", '[');
    if (result) {
#define X(name, bit, text, refuses) add_reason(json, result, PLEURA_REASON_##name);
        PLEURA_REASONS(X)
#undef X
    }
    pleura_json_close(json, ']');
}

static void add_error(pleura_json *json, const pleura_error *fault)
{
    pleura_json_put_open(json, "error", '{');
    pleura_json_put_text(json, "code", pleura_code_name(fault->code));
    pleura_json_put_text(json, "message", fault->message);
    pleura_json_close(json, '}');
}

static void add_model(pleura_json *json, const pleura_model *model)
{
    pleura_json_key(json, "model");
    if (!model) {
        pleura_json_null(json);
        return;
    }
    pleura_json_open(json, '{');
    pleura_json_put_text(json, "name", pleura_model_property(model, "pleura.name"));
    pleura_json_put_text(json, "version", pleura_model_property(model, "pleura.version"));
    pleura_json_put_text(json, "sha256", pleura_model_sha256(model));
    if (pleura_model_applied(model)) {
        pleura_json_put_text(json, "profile", pleura_model_applied(model));
    }
    pleura_json_close(json, '}');
}

static void add_time(pleura_json *json, const char *key, double ms)
{
    pleura_json_put_number(json, key, ms, TIME_DIGITS);
}

static void add_times(pleura_json *json, const pleura_result *result)
{
    if (!result) {
        pleura_json_key(json, "ms");
        pleura_json_null(json);
        pleura_json_key(json, "ms_steps");
        pleura_json_null(json);
        return;
    }
    pleura_times times;
    pleura_result_times(result, &times);
    add_time(json, "ms", times.total);
    pleura_json_put_open(json, "ms_steps", '{');
    add_time(json, "decode", times.decode);
    add_time(json, "preprocess", times.preprocess);
    add_time(json, "network", times.network);
    pleura_json_close(json, '}');
}

/* Three digits tell more than an eye sees. */
#define MAP_DIGITS 3

static void add_numbers(pleura_json *json, const char *key, const float *values, size_t count)
{
    pleura_json_put_open(json, key, '[');
    for (size_t i = 0; i < count; i++)
        pleura_json_number(json, (double)values[i], MAP_DIGITS);
    pleura_json_close(json, ']');
}

/* Only where one was asked for and made. */
static void add_heatmap(pleura_json *json, const pleura_model *model, const pleura_result *result)
{
    const pleura_heatmap *map = result ? pleura_result_heatmap(result) : NULL;
    if (!map)
        return;
    pleura_json_put_open(json, "heatmap", '{');
    pleura_json_put_text(json, "answer", pleura_model_answer_name(model, map->answer));
    bool any = map->zones[map->zone] > 0;
    pleura_json_put_text(json, "zone", any ? pleura_zone_name(map->zone) : NULL);
    pleura_json_put_open(json, "zones", '{');
    for (int zone = 0; zone < PLEURA_ZONE_COUNT; zone++) {
        pleura_json_put_number(json, pleura_zone_name((pleura_zone)zone), (double)map->zones[zone],
                               MAP_DIGITS);
    }
    pleura_json_close(json, '}');
    const float region[] = {map->region.left, map->region.top, map->region.width,
                            map->region.height};
    add_numbers(json, "region", region, 4);
    pleura_json_put_integer(json, "width", map->width);
    pleura_json_put_integer(json, "height", map->height);
    add_numbers(json, "values", map->values, (size_t)map->width * map->height);
    pleura_json_close(json, '}');
}

static void add_decision(pleura_json *json, const pleura_model *model, const pleura_result *result)
{
    pleura_json_put_text(json, "outcome",
                         result ? pleura_outcome_name(pleura_result_outcome(result)) : NULL);
    pleura_json_put_text(json, "finding", model ? pleura_model_finding(model) : NULL);
    add_probabilities(json, model, result);
    pleura_json_key(json, "threshold");
    if (result)
        pleura_json_number(json, (double)pleura_result_threshold(result), PROBABILITY_DIGITS);
    else
        pleura_json_null(json);
    if (result && pleura_model_property(model, "pleura.framings"))
        pleura_json_put_count(json, "framings", pleura_result_framings(result));
    add_reasons(json, result);
}

size_t pleura_report_json(const pleura_model *model, const char *file, const pleura_result *result,
                          const pleura_error *fault, char *buffer, size_t capacity)
{
    pleura_json json = pleura_json_into(buffer, capacity);
    pleura_json_open(&json, '{');
    pleura_json_put_text(&json, "schema", "pleura.result/1");
    pleura_json_put_text(&json, "file", file);
    add_decision(&json, model, fault ? NULL : result);
    add_heatmap(&json, model, fault ? NULL : result);
    if (fault)
        add_error(&json, fault);
    add_model(&json, model);
    add_times(&json, fault ? NULL : result);
    pleura_json_close(&json, '}');
    return pleura_json_end(&json);
}
