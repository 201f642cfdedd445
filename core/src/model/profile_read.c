/* Profiles come from anywhere: everything is checked, and sizes before memory is taken. */
#include "profile.h"

#include "../base64.h"
#include "../error.h"
#include "../json_read.h"

#include <math.h>
#include <string.h>

#define MAX_FIGURES 65536
#define MAX_FEATURES 65536

typedef struct reader {
    pleura_json_value root;
    pleura_profile *profile;
    pleura_error *error;
    bool no_memory;
} reader;

static pleura_code refuse(reader *r, const char *what)
{
    if (r->no_memory)
        return pleura_fail(r->error, PLEURA_ERROR_MEMORY, "Out of memory while reading a profile.");
    return pleura_fail(r->error, PLEURA_ERROR_PROFILE, "Profile: %s.", what);
}

static const char *text(reader *r, pleura_json_value value, size_t most)
{
    return pleura_json_string(value, most, &r->profile->arena, &r->no_memory);
}

/* A whole number from 0 to `most`; SIZE_MAX for anything else. */
static size_t whole(pleura_json_value value, size_t most)
{
    double number = pleura_json_double(value);
    return number >= 0 && number <= (double)most && number == floor(number) ? (size_t)number
                                                                            : SIZE_MAX;
}

static bool number(reader *r, const char *key, double low, double high, float *out)
{
    double value = pleura_json_double(pleura_json_member(r->root, key));
    *out = (float)value;
    return value >= low && value <= high;
}

static const float *numbers(reader *r, pleura_json_value array, size_t count)
{
    if (!pleura_json_is(array, '[') || pleura_json_count(array) != count)
        return NULL;
    float *values = pleura_arena_alloc(&r->profile->arena, count * sizeof *values), *to = values;
    r->no_memory |= !values;
    for (pleura_json_part part = {0}; values && pleura_json_next(array, &part);) {
        *to = (float)pleura_json_double(part.value);
        if (!isfinite(*to++))
            return NULL;
    }
    return values;
}

static int choice(pleura_json_value value, const char *const *words)
{
    for (int i = 0; words[i]; i++)
        if (pleura_json_equals(value, words[i]))
            return i;
    return -1;
}

static pleura_code read_model(reader *r)
{
    static const char *const kinds[] = {"model", "calibrate", "adapt", NULL};
    pleura_profile *p = r->profile;
    pleura_json_value model = pleura_json_member(r->root, "model");
    pleura_json_value sha256 = pleura_json_member(model, "sha256");
    if (!pleura_json_equals(pleura_json_member(r->root, "schema"), "pleura.profile/1"))
        return refuse(r, "its schema is not \"pleura.profile/1\"");
    int kind = choice(pleura_json_member(r->root, "task"), kinds);
    if (kind < 0)
        return refuse(r, "its task is not \"calibrate\" or \"adapt\"");
    p->kind = (pleura_profile_kind)kind;
    const char *digest = text(r, sha256, 64);
    if (!digest || strlen(digest) != 64 || strspn(digest, "0123456789abcdef") != 64)
        return refuse(r, "model.sha256 has not 64 lower-case hexadecimal digits");
    memcpy(p->model_sha256, digest, 65);
    p->model_name = text(r, pleura_json_member(model, "name"), 256);
    p->model_version = text(r, pleura_json_member(model, "version"), 256);
    p->features = whole(pleura_json_member(model, "features"), MAX_FEATURES);
    p->outputs = whole(pleura_json_member(model, "outputs"), PLEURA_PROFILE_MAX_LABELS);
    if (r->no_memory || p->features == SIZE_MAX || p->outputs == SIZE_MAX || p->outputs == 0)
        return refuse(r, "model.features or model.outputs is no number that a model has");
    return PLEURA_OK;
}

/* Not yet there among the names before it. */
static bool is_new(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return false;
    return true;
}

static bool read_names(reader *r, pleura_json_value list, bool keys, const char **names,
                       size_t *count)
{
    for (pleura_json_part part = {0}; pleura_json_next(list, &part);) {
        const char *name = text(r, keys ? part.key : part.value, PLEURA_LABEL_MAX_BYTES);
        if (!name || !pleura_label_is_valid(name) || !is_new(names, *count, name))
            return false;
        names[(*count)++] = name;
    }
    return true;
}

static bool read_group(reader *r, pleura_json_value list, size_t labels, pleura_group *group)
{
    size_t count = pleura_json_is(list, '[') ? pleura_json_count(list) : 0;
    if (count == 0 || count > labels)
        return false;
    uint32_t *members = pleura_arena_alloc(&r->profile->arena, count * sizeof *members);
    r->no_memory |= !members;
    *group = (pleura_group){members, 0};
    for (pleura_json_part part = {0}; members && pleura_json_next(list, &part);) {
        size_t label = whole(part.value, labels - 1);
        for (size_t i = 0; i < group->count; i++)
            if (label == members[i])
                return false;
        if (label == SIZE_MAX)
            return false;
        members[group->count++] = (uint32_t)label;
    }
    return members != NULL;
}

static pleura_code read_answers(reader *r)
{
    static const char wrong[] = "labels, or groups of their numbers, are missing or wrong";
    pleura_decision_spec *d = &r->profile->decision;
    pleura_json_value labels = pleura_json_member(r->root, "labels");
    pleura_json_value groups = pleura_json_member(r->root, "groups"), finding;
    size_t label_count = pleura_json_is(labels, '[') ? pleura_json_count(labels) : 0;
    size_t group_count = pleura_json_is(groups, '{') ? pleura_json_count(groups) : 0, known = 0;
    if (label_count == 0 || label_count > PLEURA_PROFILE_MAX_LABELS ||
        group_count > PLEURA_PROFILE_MAX_LABELS)
        return refuse(r, wrong);
    pleura_arena *arena = &r->profile->arena;
    const char **names = pleura_arena_alloc(arena, (label_count + group_count) * sizeof *names);
    pleura_group *made = pleura_arena_alloc(arena, group_count * sizeof *made);
    r->no_memory |= !names || !made;
    if (r->no_memory || !read_names(r, labels, false, names, &known) ||
        !read_names(r, groups, true, names, &known))
        return refuse(r, wrong);
    d->label_count = label_count;
    d->answer_names = names;
    d->groups = made;
    for (pleura_json_part part = {0}; pleura_json_next(groups, &part);)
        if (!read_group(r, part.value, label_count, &made[d->group_count++]))
            return refuse(r, wrong);
    finding = pleura_json_member(r->root, "finding");
    d->finding = PLEURA_NO_ANSWER;
    if (pleura_json_is(finding, 'n'))
        return PLEURA_OK;
    const char *name = text(r, finding, PLEURA_LABEL_MAX_BYTES);
    for (size_t i = 0; name && i < known; i++)
        if (strcmp(names[i], name) == 0)
            d->finding = i;
    return d->finding == PLEURA_NO_ANSWER ? refuse(r, "its finding is none of its labels or groups")
                                          : PLEURA_OK;
}

static pleura_code read_decision(reader *r)
{
    static const char *const activations[] = {"softmax", "sigmoid", "none", NULL};
    pleura_decision_spec *d = &r->profile->decision;
    pleura_code code = read_answers(r);
    if (code != PLEURA_OK)
        return code;
    int activation = choice(pleura_json_member(r->root, "activation"), activations);
    if (activation < 0 || !number(r, "temperature", 1e-3, 1e3, &d->temperature) ||
        !number(r, "threshold", 0, 1, &d->threshold) || !number(r, "margin", 0, 0.5, &d->margin))
        return refuse(r, "activation, temperature, threshold or margin is missing or out of range");
    d->activation = (pleura_activation)activation;
    return PLEURA_OK;
}

static pleura_code read_weights(reader *r, pleura_json_value weights)
{
    pleura_profile *p = r->profile;
    size_t count = p->decision.label_count * p->features;
    size_t length = (size_t)(weights.end - weights.begin);
    if (!pleura_json_is(weights, '"') || count == 0 || count > PLEURA_PROFILE_MAX_WEIGHTS ||
        length != pleura_base64_length(count) + 2)
        return refuse(r, "its weights are not as many as labels x features");
    float *values = pleura_arena_alloc(&p->arena, count * sizeof *values);
    r->no_memory |= !values;
    if (!values || !pleura_base64_read(weights.begin + 1, length - 2, values, count))
        return refuse(r, "its weights are no base64 of finite 32-bit floats");
    p->weights = values;
    p->bias = numbers(r, pleura_json_member(r->root, "bias"), p->decision.label_count);
    return p->bias ? PLEURA_OK : refuse(r, "its bias has not a number for each label");
}

static pleura_code read_layer(reader *r)
{
    pleura_profile *p = r->profile;
    pleura_json_value scale = pleura_json_member(r->root, "scale");
    pleura_json_value weights = pleura_json_member(r->root, "weights");
    pleura_json_value from = pleura_json_member(r->root, "from_probabilities");
    p->from_probabilities = pleura_json_is(from, 't') && *from.begin == 't';
    if (p->from_probabilities && p->decision.activation == PLEURA_ACTIVATION_NONE)
        return refuse(r, "from_probabilities needs an activation");
    if (scale.begin) {
        p->scale = numbers(r, scale, p->outputs);
        p->shift = numbers(r, pleura_json_member(r->root, "shift"), p->outputs);
        if (!p->scale || !p->shift)
            return refuse(r, "scale or shift has not a finite number for each output");
    }
    if (p->kind == PLEURA_PROFILE_CALIBRATE && !p->scale)
        return refuse(r, "a calibration without scale and shift");
    if (p->kind != PLEURA_PROFILE_ADAPT && p->decision.label_count != p->outputs)
        return refuse(r, "it has not a label for each output");
    if (!weights.begin)
        return p->kind == PLEURA_PROFILE_ADAPT ? refuse(r, "weights are missing") : PLEURA_OK;
    return read_weights(r, weights);
}

static pleura_code read_figures(reader *r)
{
    pleura_json_value figures = pleura_json_member(r->root, "figures");
    size_t length = (size_t)(figures.end - figures.begin);
    if (!pleura_json_is(figures, '{'))
        return PLEURA_OK;
    if (length > MAX_FIGURES)
        return refuse(r, "its figures are longer than 64 KiB");
    r->profile->figures = pleura_arena_text(&r->profile->arena, figures.begin, length);
    r->no_memory |= !r->profile->figures;
    return r->no_memory ? refuse(r, "") : PLEURA_OK;
}

static pleura_code read_profile(reader *r, const char *json, size_t size)
{
    /* A member that NUL ends early would be another text for C. */
    if (memchr(json, 0, size) || !pleura_json_check(json, size, &r->root) ||
        !pleura_json_is(r->root, '{'))
        return refuse(r, "it is no JSON object");
    pleura_code code = read_model(r);
    if (code == PLEURA_OK)
        code = read_decision(r);
    if (code == PLEURA_OK)
        code = read_layer(r);
    if (code == PLEURA_OK)
        code = read_figures(r);
    return code == PLEURA_OK ? pleura_profile_seal(r->profile, r->error) : code;
}

pleura_code pleura_profile_read(const void *json, size_t size, pleura_profile **out,
                                pleura_error *error)
{
    if (out)
        *out = NULL;
    if (!out || (!json && size))
        return pleura_fail(error, PLEURA_ERROR_ARGUMENT,
                           "pleura_profile_read: `json` or `profile` is NULL.");
    if (size > PLEURA_PROFILE_MAX_BYTES)
        return pleura_fail(error, PLEURA_ERROR_PROFILE,
                           "Profile: it has %zu bytes; at most %zu are read.", size,
                           PLEURA_PROFILE_MAX_BYTES);
    reader r = {.profile = pleura_profile_new(error), .error = error};
    if (!r.profile)
        return PLEURA_ERROR_MEMORY;
    pleura_code code = read_profile(&r, size ? json : "", size);
    if (code == PLEURA_OK)
        *out = r.profile;
    else
        pleura_profile_free(r.profile);
    return code;
}
