/*
 * A stand-in for the model, so that what comes after the network can be tested on outputs that no
 * real network would give. A test that includes it defines every pleura_model_... that classify.c,
 * report.c and csv.c call; the linker then takes none of them from the library's archive.
 */
#ifndef PLEURA_TEST_MODEL_DOUBLE_H
#define PLEURA_TEST_MODEL_DOUBLE_H

#include "error.h"
#include "model/model.h"
#include "pleura/learn.h"

#include <math.h>
#include <string.h>

struct pleura_model {
    pleura_input_spec input;
    pleura_decision_spec decision;
    float outputs[3], gate[2];
    const pleura_heatmap_head *head; /* or NULL */
    pleura_code fails;               /* what pleura_run returns */
    size_t runs;
    const char *finding;
};

static const char *double_names[] = {"normal", "bac\"terial, x", "viral", "pneumonia"};
static const uint32_t double_ill[] = {1, 2};
static const pleura_group double_groups[] = {{double_ill, 2}};

static inline pleura_model model_double(void)
{
    return (pleura_model){
        .input = {.channels = 1, .height = 4, .width = 4, .range_high = 1, .std = {1, 1, 1}},
        .decision = {.activation = PLEURA_ACTIVATION_NONE,
                     .temperature = 1,
                     .label_count = 3,
                     .group_count = 1,
                     .groups = double_groups,
                     .answer_names = double_names,
                     .finding = 3,
                     .threshold = 0.5f,
                     .margin = 0.02f,
                     .limits = {.min_side = 8}},
        .outputs = {0.125f, 0.25f, 0.625f},
        .finding = "pneumonia",
    };
}

const pleura_input_spec *pleura_model_input_spec(const pleura_model *model)
{
    return &model->input;
}

const pleura_decision_spec *pleura_model_decision_spec(const pleura_model *model)
{
    return &model->decision;
}

const pleura_heatmap_head *pleura_model_heatmap_head(const pleura_model *model)
{
    return model->head;
}

const float *pleura_model_gate_outputs(const pleura_model *model)
{
    return model->gate;
}

size_t pleura_model_input_count(const pleura_model *model)
{
    return (size_t)model->input.channels * model->input.height * model->input.width;
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
    return model->decision.answer_names[index];
}

const char *pleura_model_finding(const pleura_model *model)
{
    return model->finding;
}

float pleura_model_threshold(const pleura_model *model)
{
    return model->decision.threshold;
}

const char *pleura_model_property(const pleura_model *model, const char *key)
{
    (void)model;
    return strcmp(key, "pleura.name") == 0 ? "double" : NULL;
}

const char *pleura_model_sha256(const pleura_model *model)
{
    (void)model;
    return "00ff";
}

const char *pleura_model_applied(const pleura_model *model)
{
    (void)model;
    return NULL;
}

size_t pleura_model_embedding_count(const pleura_model *model)
{
    return model->decision.label_count;
}

void pleura_model_embedding(const pleura_model *model, float *embedding)
{
    memcpy(embedding, model->outputs, sizeof model->outputs);
}

pleura_code pleura_run(pleura_model *model, const float *input, size_t input_count, float *output,
                       size_t output_count, pleura_error *error)
{
    (void)input;
    if (input_count != 16 || output_count != 3)
        return pleura_fail(error, PLEURA_ERROR_SHAPE, "Wrong counts.");
    if (model->fails)
        return pleura_fail(error, model->fails, "It failed.");
    model->runs++;
    memcpy(output, model->outputs, sizeof model->outputs);
    return PLEURA_OK;
}

#endif
