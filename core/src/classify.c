/* The whole line: image, gate, tensor, network, decision. */
#include "clock.h"
#include "decide/labels.h"
#include "decide/gate.h"
#include "error.h"
#include "image/tensor.h"
#include "memory.h"
#include "model/model.h"
#include "pleura/learn.h"

#include <math.h>

struct pleura_result {
    pleura_outcome outcome;
    pleura_reasons reasons;
    pleura_times times;
    float threshold;
    bool has_heatmap;
    pleura_heatmap heatmap;
    float *map;       /* its values, or NULL */
    float *embedding; /* or NULL */
    size_t embedding_count;
    size_t framings; /* behind the probabilities */
    float *outputs;  /* the network's, which follow the probabilities in memory */
    size_t count;    /* probabilities; 0 where the gate refused */
    float probabilities[];
};

pleura_code pleura_preprocess(const pleura_model *model, const pleura_image *image, float *tensor,
                              size_t count, pleura_error *error)
{
    if (!model || !image || !tensor)
        return pleura_fail(error, PLEURA_ERROR_ARGUMENT,
                           "pleura_preprocess: `model`, `image` or `tensor` is NULL.");
    return pleura_tensor_from_image(pleura_model_input_spec(model), image, tensor, count, error);
}

/* Preprocesses and runs one framing. */
static pleura_code run_network(pleura_model *model, const pleura_image *image, double cut,
                               pleura_result *result, float *outputs, pleura_error *error)
{
    pleura_input_spec spec = *pleura_model_input_spec(model);
    size_t count = pleura_model_input_count(model);
    spec.cut = cut;
    float *tensor = pleura_alloc(count * sizeof *tensor);
    if (!tensor)
        return pleura_fail_memory(error, count * sizeof *tensor, "the network's input");
    double start = pleura_clock_ms();
    pleura_code code = pleura_tensor_from_image(&spec, image, tensor, count, error);
    double middle = pleura_clock_ms();
    if (code == PLEURA_OK)
        code = pleura_run(model, tensor, count, outputs, pleura_model_label_count(model), error);
    result->times.preprocess += middle - start;
    result->times.network += pleura_clock_ms() - middle;
    pleura_free(tensor);
    return code;
}

/* From the features that the run left behind. */
static pleura_code make_heatmap(const pleura_model *model, const pleura_image *image,
                                pleura_result *result, pleura_error *error)
{
    const pleura_decision_spec *spec = pleura_model_decision_spec(model);
    const pleura_heatmap_head *head = pleura_model_heatmap_head(model);
    if (!head)
        return PLEURA_OK;
    size_t area = (size_t)head->width * head->height;
    result->map = pleura_alloc(area * sizeof *result->map);
    if (!result->map)
        return pleura_fail_memory(error, area * sizeof *result->map, "the heatmap");
    pleura_heatmap *map = &result->heatmap;
    map->answer = spec->finding != PLEURA_NO_ANSWER
                      ? spec->finding
                      : pleura_likeliest(result->probabilities, spec->label_count);
    map->width = head->width;
    map->height = head->height;
    map->values = result->map;
    pleura_code code =
        pleura_heatmap_make(head, spec, result->probabilities, map->answer, result->map, error);
    if (code != PLEURA_OK)
        return code;
    pleura_tensor_region(pleura_model_input_spec(model), image, &map->region);
    pleura_heatmap_zones(map->values, map->width, map->height, &map->region, map->zones);
    map->zone = (pleura_zone)pleura_likeliest(map->zones, PLEURA_ZONE_COUNT);
    result->has_heatmap = true;
    return PLEURA_OK;
}

static pleura_code keep_embedding(const pleura_model *model, pleura_result *result,
                                  pleura_error *error)
{
    size_t count = pleura_model_embedding_count(model);
    result->embedding = pleura_alloc(count * sizeof *result->embedding);
    if (!result->embedding)
        return pleura_fail_memory(error, count * sizeof *result->embedding, "the embedding");
    pleura_model_embedding(model, result->embedding);
    result->embedding_count = count;
    return PLEURA_OK;
}

/* What was asked for beside the answer. */
static pleura_code add_extras(const pleura_model *model, const pleura_image *image,
                              const pleura_classify_options *options, pleura_result *result,
                              pleura_error *error)
{
    pleura_code code = PLEURA_OK;
    if (options && options->embedding)
        code = keep_embedding(model, result, error);
    if (code == PLEURA_OK && options && options->heatmap)
        code = make_heatmap(model, image, result, error);
    return code;
}

/* Whether the whole film's answer is one that may change with the framing. */
static bool is_unsteady(const pleura_decision_spec *spec, const float *answers)
{
    const pleura_framings *framings = &spec->framings;
    return framings->count &&
           (spec->finding == PLEURA_NO_ANSWER ||
            (answers[spec->finding] >= framings->low && answers[spec->finding] <= framings->high));
}

/* The mean of the outputs over all framings decides; each one's stand in the probabilities' room first. */
static pleura_code judge_framings(pleura_model *model, const pleura_image *image,
                                  pleura_result *result, pleura_error *error)
{
    const pleura_decision_spec *spec = pleura_model_decision_spec(model);
    const pleura_framings *framings = &spec->framings;
    float *each = result->probabilities;
    result->framings += framings->count;
    for (size_t i = 0; i < framings->count; i++) {
        pleura_code code = run_network(model, image, framings->cuts[i], result, each, error);
        if (code != PLEURA_OK)
            return code;
        for (size_t k = 0; k < spec->label_count; k++)
            result->outputs[k] += each[k];
    }
    for (size_t k = 0; k < spec->label_count; k++)
        result->outputs[k] /= (float)result->framings;
    return pleura_decide_answers(spec, result->outputs, result->probabilities, error);
}

static pleura_code judge(pleura_model *model, const pleura_image *image,
                         const pleura_classify_options *options, pleura_result *result,
                         pleura_error *error)
{
    const pleura_decision_spec *spec = pleura_model_decision_spec(model);
    double start = pleura_clock_ms();
    pleura_gate(image, &spec->limits, &result->reasons);
    result->times.preprocess = pleura_clock_ms() - start;
    if (pleura_reasons_refuse(&result->reasons))
        return PLEURA_OK;
    pleura_code code = run_network(model, image, 0, result, result->outputs, error);
    if (code == PLEURA_OK && spec->gate.output)
        code = pleura_gate_network(&spec->gate, pleura_model_gate_outputs(model), &result->reasons,
                                   error);
    if (code == PLEURA_OK)
        code = pleura_decide_answers(spec, result->outputs, result->probabilities, error);
    if (code != PLEURA_OK || pleura_reasons_refuse(&result->reasons))
        return code;
    result->count = spec->label_count + spec->group_count;
    result->framings = 1;
    /* Made of this run's features, which the next one overwrites. */
    code = add_extras(model, image, options, result, error);
    if (code == PLEURA_OK && is_unsteady(spec, result->probabilities))
        code = judge_framings(model, image, result, error);
    if (code == PLEURA_OK)
        result->outcome =
            pleura_decide_outcome(spec, result->probabilities, result->threshold, &result->reasons);
    return code;
}

static pleura_code check_options(const pleura_classify_options *options, pleura_error *error)
{
    /* Written so that NaN fails. */
    if (options && options->has_threshold && !(options->threshold >= 0 && options->threshold <= 1))
        return pleura_fail(error, PLEURA_ERROR_ARGUMENT, "A threshold is between 0 and 1.");
    return PLEURA_OK;
}

static pleura_result *new_result(const pleura_model *model, const pleura_classify_options *options,
                                 pleura_error *error)
{
    const pleura_decision_spec *spec = pleura_model_decision_spec(model);
    size_t answers = spec->label_count + spec->group_count;
    size_t size = sizeof(pleura_result) + (answers + spec->label_count) * sizeof(float);
    pleura_result *result = pleura_alloc_zero(1, size);
    if (!result) {
        pleura_fail_memory(error, size, "the result");
        return NULL;
    }
    result->outputs = result->probabilities + answers;
    if (spec->finding == PLEURA_NO_ANSWER)
        result->threshold = NAN;
    else
        result->threshold =
            options && options->has_threshold ? options->threshold : spec->threshold;
    return result;
}

pleura_code pleura_classify_image(pleura_model *model, const pleura_image *image,
                                  const pleura_classify_options *options, pleura_result **result,
                                  pleura_error *error)
{
    if (result)
        *result = NULL;
    if (!model || !image || !result)
        return pleura_fail(error, PLEURA_ERROR_ARGUMENT,
                           "pleura_classify_image: `model`, `image` or `result` is NULL.");
    pleura_code code = check_options(options, error);
    if (code != PLEURA_OK)
        return code;
    double start = pleura_clock_ms();
    pleura_result *made = new_result(model, options, error);
    if (!made)
        return PLEURA_ERROR_MEMORY;
    code = judge(model, image, options, made, error);
    made->times.total = pleura_clock_ms() - start;
    if (code == PLEURA_OK)
        *result = made;
    else
        pleura_result_free(made);
    return code;
}

pleura_code pleura_classify(pleura_model *model, const void *bytes, size_t size,
                            const pleura_classify_options *options, pleura_result **result,
                            pleura_error *error)
{
    if (result)
        *result = NULL;
    if (!model || !result)
        return pleura_fail(error, PLEURA_ERROR_ARGUMENT,
                           "pleura_classify: `model` or `result` is NULL.");
    pleura_image *image;
    double start = pleura_clock_ms();
    pleura_code code =
        pleura_image_decode(bytes, size, options ? &options->limits : NULL, &image, error);
    if (code != PLEURA_OK)
        return code;
    double decoded = pleura_clock_ms();
    code = pleura_classify_image(model, image, options, result, error);
    pleura_image_free(image);
    if (code == PLEURA_OK) { // NOLINTNEXTLINE(clang-analyzer-core.NullDereference): OK has one
        (*result)->times.decode = decoded - start;
        (*result)->times.total = pleura_clock_ms() - start;
    }
    return code;
}

void pleura_result_free(pleura_result *result)
{
    if (result) {
        pleura_free(result->map);
        pleura_free(result->embedding);
    }
    pleura_free(result);
}

pleura_outcome pleura_result_outcome(const pleura_result *result)
{
    return result->outcome;
}

unsigned pleura_result_reasons(const pleura_result *result)
{
    return result->reasons.set;
}

const char *pleura_result_reason_text(const pleura_result *result, pleura_reason reason)
{
    return pleura_reasons_text(&result->reasons, reason);
}

size_t pleura_result_probability_count(const pleura_result *result)
{
    return result->count;
}

const float *pleura_result_probabilities(const pleura_result *result)
{
    return result->probabilities;
}

size_t pleura_result_framings(const pleura_result *result)
{
    return result->framings;
}

float pleura_result_threshold(const pleura_result *result)
{
    return result->threshold;
}

void pleura_result_times(const pleura_result *result, pleura_times *times)
{
    *times = result->times;
}

const pleura_heatmap *pleura_result_heatmap(const pleura_result *result)
{
    return result->has_heatmap ? &result->heatmap : NULL;
}

const float *pleura_result_embedding(const pleura_result *result, size_t *count)
{
    *count = result->embedding_count;
    return result->embedding;
}

const char *pleura_zone_name(pleura_zone zone)
{
    static const char *const names[PLEURA_ZONE_COUNT + 1] = {
#define X(name, text) text,
        PLEURA_ZONES(X)
#undef X
            "unknown",
    };
    return names[(size_t)zone < PLEURA_ZONE_COUNT ? (size_t)zone : PLEURA_ZONE_COUNT];
}
