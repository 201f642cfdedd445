/* A loaded model: running it, asking it, letting it go. */
#include "model.h"

#include "../error.h"
#include "metadata.h"
#include "parts.h"

#include <math.h>
#include <string.h>

bool pleura_has_channels_last(const size_t *dims)
{
    bool first = dims[1] == 1 || dims[1] == 3;
    return !first && (dims[3] == 1 || dims[3] == 3);
}

/* The caller's planes, in the order that the network wants. */
static void fill_input(pleura_model *model, const float *planes)
{
    const pleura_port *input = pleura_network_input(model->network, 0);
    size_t channels = model->input.channels, area = input->count / channels;
    if (!pleura_has_channels_last(input->dims))
        memcpy(input->data, planes, input->count * sizeof *planes);
    else
        for (size_t c = 0; c < channels; c++)
            for (size_t i = 0; i < area; i++)
                input->data[i * channels + c] = planes[c * area + i];
    for (size_t i = 0; model->reads_bytes && i < input->count; i++)
        input->data[i] = rintf(fminf(fmaxf(input->data[i], 0), 255));
}

pleura_code pleura_run(pleura_model *model, const float *input, size_t input_count, float *output,
                       size_t output_count, pleura_error *error)
{
    if (!model || !input || !output)
        return pleura_fail(error, PLEURA_ERROR_ARGUMENT,
                           "pleura_run: `model`, `input` or `output` is NULL.");
    size_t wanted = pleura_model_input_count(model);
    if (input_count != wanted || output_count != model->decision.label_count)
        return pleura_fail(error, PLEURA_ERROR_ARGUMENT,
                           "pleura_run: %zu inputs and %zu outputs; the network has %zu and %zu.",
                           input_count, output_count, wanted, model->decision.label_count);
    fill_input(model, input);
    pleura_code code = pleura_network_run(model->network, error);
    if (code == PLEURA_OK)
        pleura_model_scores(model, output);
    return code;
}

void pleura_model_free(pleura_model *model)
{
    if (!model)
        return;
    pleura_network_free(model->network);
    pleura_profile_free(model->applied);
    pleura_free(model->text);
    pleura_arena_free(&model->arena);
    pleura_free(model);
}

size_t pleura_model_label_count(const pleura_model *model)
{
    return model->decision.label_count;
}

size_t pleura_model_answer_count(const pleura_model *model)
{
    return model->decision.label_count + model->decision.group_count;
}

const char *pleura_model_answer_name(const pleura_model *model, size_t index)
{
    return index < pleura_model_answer_count(model) ? model->decision.answer_names[index] : NULL;
}

const char *pleura_model_finding(const pleura_model *model)
{
    size_t finding = model->decision.finding;
    return finding == PLEURA_NO_ANSWER ? NULL : model->decision.answer_names[finding];
}

float pleura_model_threshold(const pleura_model *model)
{
    return model->decision.finding == PLEURA_NO_ANSWER ? NAN : model->decision.threshold;
}

const char *pleura_model_property(const pleura_model *model, const char *key)
{
    return pleura_property_find(model->properties, model->property_count, key);
}

void pleura_model_input(const pleura_model *model, uint32_t *channels, uint32_t *height,
                        uint32_t *width)
{
    *channels = model->input.channels;
    *height = model->input.height;
    *width = model->input.width;
}

size_t pleura_model_input_count(const pleura_model *model)
{
    return (size_t)model->input.channels * model->input.height * model->input.width;
}

const char *pleura_model_sha256(const pleura_model *model)
{
    return model->sha256;
}

void pleura_model_get_cost(const pleura_model *model, pleura_model_cost *cost)
{
    *cost = model->census.cost;
}

const char *pleura_model_operator(const pleura_model *model, size_t index, size_t *times)
{
    for (int op = 0; op < PLEURA_OP_COUNT; op++)
        if (model->census.operators[op] && index-- == 0) {
            *times = model->census.operators[op];
            return pleura_operator_name((pleura_operator)op);
        }
    return NULL;
}

const char *pleura_model_info_json(const pleura_model *model)
{
    return model->text;
}

const pleura_input_spec *pleura_model_input_spec(const pleura_model *model)
{
    return &model->input;
}

const pleura_decision_spec *pleura_model_decision_spec(const pleura_model *model)
{
    return &model->decision;
}

const float *pleura_model_gate_outputs(const pleura_model *model)
{
    return model->gate ? model->gate->data : NULL;
}

const pleura_heatmap_head *pleura_model_heatmap_head(const pleura_model *model)
{
    return model->has_head ? &model->head : NULL;
}

bool pleura_model_has_heatmap(const pleura_model *model)
{
    return model->has_head;
}
