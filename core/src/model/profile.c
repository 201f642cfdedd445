#include "profile.h"

#include "../base64.h"
#include "../error.h"
#include "../json.h"
#include "../sha256.h"
#include "../text.h"

#include <math.h>
#include <string.h>

const char *pleura_profile_kind_name(pleura_profile_kind kind)
{
    static const char *const names[] = {"model", "calibrate", "adapt"};
    return names[kind];
}

bool pleura_label_is_valid(const char *name)
{
    size_t length = strlen(name), wrong;
    for (size_t at = 0, count; at < length; at += count) {
        count = pleura_utf8_length(name + at, length - at, &wrong);
        if (count == 0 || (unsigned char)name[at] < 0x20 || strchr("\x7F,;+=", name[at]))
            return false;
    }
    return length && length <= PLEURA_LABEL_MAX_BYTES;
}

pleura_profile *pleura_profile_new(pleura_error *error)
{
    pleura_profile *profile = pleura_alloc_zero(1, sizeof *profile);
    if (!profile)
        pleura_fail_memory(error, sizeof *profile, "the profile");
    return profile;
}

void pleura_profile_free(pleura_profile *profile)
{
    if (profile)
        pleura_arena_free(&profile->arena);
    pleura_free(profile);
}

const char *pleura_profile_sha256(const pleura_profile *profile)
{
    return profile->sha256;
}

const char *pleura_profile_model_sha256(const pleura_profile *profile)
{
    return profile->model_sha256;
}

static bool copy_group(const pleura_group *from, pleura_arena *arena, pleura_group *to)
{
    uint32_t *labels = pleura_arena_alloc(arena, from->count * sizeof *labels);
    if (!labels)
        return false;
    memcpy(labels, from->labels, from->count * sizeof *labels);
    *to = (pleura_group){labels, from->count};
    return true;
}

pleura_code pleura_decision_copy(const pleura_decision_spec *from, pleura_arena *arena,
                                 pleura_decision_spec *to, pleura_error *error)
{
    size_t answers = from->label_count + from->group_count;
    const char **names = pleura_arena_alloc(arena, answers * sizeof *names);
    pleura_group *groups = pleura_arena_alloc(arena, from->group_count * sizeof *groups);
    bool good = names && groups;
    for (size_t i = 0; good && i < answers; i++) {
        names[i] = pleura_arena_text(arena, from->answer_names[i], strlen(from->answer_names[i]));
        good = names[i] != NULL;
    }
    for (size_t g = 0; good && g < from->group_count; g++)
        good = copy_group(&from->groups[g], arena, &groups[g]);
    if (!good)
        return pleura_fail_memory(error, answers * sizeof *names, "labels");
    *to = *from;
    to->answer_names = names;
    to->groups = groups;
    to->gate = (pleura_gate_spec){0};
    to->framings = (pleura_framings){0};
    return PLEURA_OK;
}

float pleura_profile_logit(const pleura_profile *profile, float probability)
{
    const double least = 1e-7; /* as near as a float comes to 1 */
    double p = fmin(fmax((double)probability, least), 1 - least);
    bool softmax = profile->decision.activation == PLEURA_ACTIVATION_SOFTMAX;
    return (float)(softmax ? log(p) : log(p / (1 - p)));
}

static float refitted(const pleura_profile *p, float output, size_t k)
{
    float x = p->from_probabilities ? pleura_profile_logit(p, output) : output;
    return p->scale ? p->scale[k] * x + p->shift[k] : x;
}

void pleura_profile_scores(const pleura_profile *profile, const float *features,
                           const float *outputs, float *scores)
{
    for (size_t k = 0; k < profile->decision.label_count; k++) {
        if (profile->kind != PLEURA_PROFILE_ADAPT) {
            scores[k] = refitted(profile, outputs[k], k);
            continue;
        }
        const float *weights = profile->weights + k * profile->features;
        double sum = (double)profile->bias[k];
        for (size_t c = 0; c < profile->features; c++)
            sum += (double)weights[c] * (double)features[c];
        scores[k] = (float)sum;
    }
}

pleura_code pleura_profile_copy(const pleura_profile *profile, pleura_profile **copy,
                                pleura_error *error)
{
    size_t length = pleura_profile_json(profile, NULL, 0);
    char *text = pleura_alloc(length + 1);
    *copy = NULL;
    if (!text)
        return pleura_fail_memory(error, length + 1, "the profile");
    pleura_profile_json(profile, text, length + 1);
    pleura_code code = pleura_profile_read(text, length, copy, error);
    pleura_free(text);
    return code;
}

/* ---- Writing ---- */

#define DIGITS 9 /* a float comes back as it was */

static void add_numbers(pleura_json *json, const char *key, const float *values, size_t count)
{
    pleura_json_put_open(json, key, '[');
    for (size_t i = 0; i < count; i++)
        pleura_json_number(json, (double)values[i], DIGITS);
    pleura_json_close(json, ']');
}

static void add_model(pleura_json *json, const pleura_profile *p)
{
    pleura_json_put_open(json, "model", '{');
    pleura_json_put_text(json, "name", p->model_name);
    pleura_json_put_text(json, "version", p->model_version);
    pleura_json_put_text(json, "sha256", p->model_sha256);
    pleura_json_put_count(json, "features", p->features);
    pleura_json_put_count(json, "outputs", p->outputs);
    pleura_json_close(json, '}');
}

static void add_answers(pleura_json *json, const pleura_decision_spec *d)
{
    pleura_json_put_open(json, "labels", '[');
    for (size_t i = 0; i < d->label_count; i++)
        pleura_json_text(json, d->answer_names[i]);
    pleura_json_close(json, ']');
    pleura_json_put_open(json, "groups", '{');
    for (size_t g = 0; g < d->group_count; g++) {
        pleura_json_put_open(json, d->answer_names[d->label_count + g], '[');
        for (size_t i = 0; i < d->groups[g].count; i++)
            pleura_json_integer(json, d->groups[g].labels[i]);
        pleura_json_close(json, ']');
    }
    pleura_json_close(json, '}');
    pleura_json_key(json, "finding");
    bool finding = d->finding != PLEURA_NO_ANSWER;
    pleura_json_text(json, finding ? d->answer_names[d->finding] : NULL);
    static const char *const activations[] = {"softmax", "sigmoid", "none"};
    pleura_json_put_text(json, "activation", activations[d->activation]);
    pleura_json_put_number(json, "temperature", (double)d->temperature, DIGITS);
    pleura_json_put_number(json, "threshold", (double)d->threshold, DIGITS);
    pleura_json_put_number(json, "margin", (double)d->margin, DIGITS);
}

static void add_layer(pleura_json *json, const pleura_profile *p)
{
    size_t labels = p->decision.label_count;
    if (p->from_probabilities) {
        pleura_json_put_bool(json, "from_probabilities", true);
    }
    if (p->scale) {
        add_numbers(json, "scale", p->scale, p->outputs);
        add_numbers(json, "shift", p->shift, p->outputs);
    }
    if (!p->weights)
        return;
    pleura_json_key(json, "weights"); /* label by label */
    pleura_json_raw(json, "\"", 1);
    pleura_base64_add(&json->out, p->weights, labels * p->features);
    pleura_text_add(&json->out, "\"");
    add_numbers(json, "bias", p->bias, labels);
}

size_t pleura_profile_json(const pleura_profile *p, char *buffer, size_t capacity)
{
    pleura_json json = pleura_json_into(buffer, capacity);
    pleura_json_open(&json, '{');
    pleura_json_put_text(&json, "schema", "pleura.profile/1");
    pleura_json_put_text(
        &json, "limits",
        "Research tool, not a medical device. Fitted to the films of one site, and "
        "not validated on others.");
    pleura_json_put_text(&json, "task", pleura_profile_kind_name(p->kind));
    add_model(&json, p);
    add_answers(&json, &p->decision);
    add_layer(&json, p);
    pleura_json_key(&json, "figures");
    if (p->figures)
        pleura_json_raw(&json, p->figures, strlen(p->figures));
    else
        pleura_json_null(&json);
    pleura_json_close(&json, '}');
    return pleura_json_end(&json);
}

pleura_code pleura_profile_seal(pleura_profile *profile, pleura_error *error)
{
    size_t length = pleura_profile_json(profile, NULL, 0);
    char *text = pleura_alloc(length + 1);
    if (!text)
        return pleura_fail_memory(error, length + 1, "the profile");
    pleura_profile_json(profile, text, length + 1);
    pleura_sha256_hex(text, length, profile->sha256);
    pleura_free(text);
    return PLEURA_OK;
}
