/* The model's end: as an embedding, as a profile, and in exchange for another. */
#include "parts.h"

#include "../error.h"
#include "metadata.h"

#include <string.h>

pleura_code pleura_model_write_info(pleura_model *model, pleura_error *error)
{
    size_t length = pleura_info_json(&model->info, NULL, 0);
    char *text = pleura_alloc(length + 1);
    if (!text)
        return pleura_fail_memory(error, length, "the model's description");
    pleura_info_json(&model->info, text, length + 1);
    pleura_free(model->text);
    model->text = text;
    return PLEURA_OK;
}

/* ---- Embeddings ---- */

size_t pleura_model_feature_count(const pleura_model *model)
{
    return model->linear.features;
}

size_t pleura_model_embedding_count(const pleura_model *model)
{
    return model->linear.features + model->own_decision.label_count;
}

void pleura_model_embedding(const pleura_model *model, float *embedding)
{
    size_t features = model->linear.features;
    if (features)
        memcpy(embedding, model->linear.data, features * sizeof *embedding);
    memcpy(embedding + features, pleura_network_output(model->network, 0)->data,
           model->own_decision.label_count * sizeof *embedding);
}

void pleura_model_scores(const pleura_model *model, float *scores)
{
    const float *outputs = pleura_network_output(model->network, 0)->data;
    if (model->applied)
        pleura_profile_scores(model->applied, model->linear.data, outputs, scores);
    else
        memcpy(scores, outputs, model->decision.label_count * sizeof *scores);
}

/* ---- Profiles ---- */

/* NULL where the model has none; false where memory ran out. */
static bool copy_property(const pleura_model *model, const char *key, pleura_arena *arena,
                          const char **to)
{
    const char *value = pleura_model_property(model, key);
    *to = value ? pleura_arena_text(arena, value, strlen(value)) : NULL;
    return !value || *to;
}

static pleura_code fill_profile(const pleura_model *model, pleura_profile *p, pleura_error *error)
{
    const pleura_linear *linear = &model->linear;
    size_t labels = linear->labels, count = labels * linear->features;
    p->features = linear->features;
    p->outputs = model->own_decision.label_count;
    memcpy(p->model_sha256, model->sha256, sizeof p->model_sha256);
    if (!copy_property(model, "pleura.name", &p->arena, &p->model_name) ||
        !copy_property(model, "pleura.version", &p->arena, &p->model_version))
        return pleura_fail_memory(error, 64, "the profile");
    pleura_code code = pleura_decision_copy(&model->own_decision, &p->arena, &p->decision, error);
    if (code != PLEURA_OK || !linear->features || !linear->bias)
        return code;
    float *weights = pleura_arena_alloc(&p->arena, count * sizeof *weights);
    float *bias = pleura_arena_alloc(&p->arena, labels * sizeof *bias);
    if (!weights || !bias)
        return pleura_fail_memory(error, count * sizeof *weights, "the profile");
    memcpy(weights, linear->weights, count * sizeof *weights);
    memcpy(bias, linear->bias, labels * sizeof *bias);
    p->weights = weights;
    p->bias = bias;
    return PLEURA_OK;
}

static pleura_code check_size(const pleura_model *model, pleura_error *error)
{
    const pleura_decision_spec *d = &model->own_decision;
    if (d->label_count > PLEURA_PROFILE_MAX_LABELS || d->group_count > PLEURA_PROFILE_MAX_LABELS ||
        model->linear.features * d->label_count > PLEURA_PROFILE_MAX_WEIGHTS)
        return pleura_fail(error, PLEURA_ERROR_ARGUMENT,
                           "The model has %zu labels, %zu groups and %zu features; a profile holds "
                           "up to %d, %d and %zu weights.",
                           d->label_count, d->group_count, model->linear.features,
                           PLEURA_PROFILE_MAX_LABELS, PLEURA_PROFILE_MAX_LABELS,
                           PLEURA_PROFILE_MAX_WEIGHTS);
    for (size_t i = 0; i < d->label_count + d->group_count; i++)
        if (!pleura_label_is_valid(d->answer_names[i]))
            return pleura_fail(
                error, PLEURA_ERROR_ARGUMENT,
                "The model's label '%.80s' is longer than %d bytes or has characters "
                "that a profile's labels have not.",
                d->answer_names[i], PLEURA_LABEL_MAX_BYTES);
    return PLEURA_OK;
}

pleura_code pleura_model_profile(const pleura_model *model, pleura_profile **out,
                                 pleura_error *error)
{
    if (out)
        *out = NULL;
    if (!model || !out)
        return pleura_fail(error, PLEURA_ERROR_ARGUMENT,
                           "pleura_model_profile: `model` or `profile` is NULL.");
    pleura_code code = check_size(model, error);
    if (code != PLEURA_OK)
        return code;
    pleura_profile *profile = pleura_profile_new(error);
    if (!profile)
        return PLEURA_ERROR_MEMORY;
    code = fill_profile(model, profile, error);
    if (code == PLEURA_OK)
        code = pleura_profile_seal(profile, error);
    if (code == PLEURA_OK)
        *out = profile;
    else
        pleura_profile_free(profile);
    return code;
}

/* ---- Applying one ---- */

static pleura_code check_fit(const pleura_model *model, const pleura_profile *profile,
                             pleura_error *error)
{
    if (strcmp(profile->model_sha256, model->sha256) != 0)
        return pleura_fail(error, PLEURA_ERROR_OTHER_MODEL,
                           "The profile was made for another model file: for %.12s..., and this is "
                           "%.12s....",
                           profile->model_sha256, model->sha256);
    if (profile->outputs != model->own_decision.label_count ||
        (profile->features != model->linear.features && profile->kind == PLEURA_PROFILE_ADAPT))
        return pleura_fail(error, PLEURA_ERROR_PROFILE,
                           "Profile: it is for %zu features and %zu outputs; the model has %zu and "
                           "%zu.",
                           profile->features, profile->outputs, model->linear.features,
                           model->own_decision.label_count);
    return PLEURA_OK;
}

/* From here on the model answers as it says; NULL: as the file does. */
static void take_up(pleura_model *model, const pleura_profile *profile)
{
    model->decision = model->own_decision;
    model->head = model->own_head;
    model->info.profile = profile ? profile->sha256 : NULL;
    if (!profile)
        return;
    model->decision = profile->decision;
    model->decision.gate = model->own_decision.gate;
    model->decision.limits = model->own_decision.limits;
    model->decision.framings = model->own_decision.framings;
    if (profile->kind == PLEURA_PROFILE_ADAPT && model->own_head.weights) {
        model->head.weights = profile->weights;
        model->head.labels = profile->decision.label_count;
    }
}

pleura_code pleura_model_apply(pleura_model *model, const pleura_profile *profile,
                               pleura_error *error)
{
    if (!model)
        return pleura_fail(error, PLEURA_ERROR_ARGUMENT, "pleura_model_apply: `model` is NULL.");
    pleura_profile *copy = NULL, *before = model->applied;
    pleura_code code = profile ? check_fit(model, profile, error) : PLEURA_OK;
    if (code == PLEURA_OK && profile)
        code = pleura_profile_copy(profile, &copy, error);
    if (code != PLEURA_OK)
        return code;
    take_up(model, copy);
    code = pleura_model_write_info(model, error);
    if (code == PLEURA_OK) {
        model->applied = copy;
        pleura_profile_free(before);
    } else {
        take_up(model, before);
        pleura_profile_free(copy);
    }
    return code;
}

const char *pleura_model_applied(const pleura_model *model)
{
    return model->applied ? model->applied->sha256 : NULL;
}
