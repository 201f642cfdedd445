#include "metadata.h"

#include "../error.h"
#include "../text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct source {
    const pleura_property *properties;
    size_t count;
    pleura_error *error;
} source;

const char *pleura_property_find(const pleura_property *properties, size_t count, const char *key)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(properties[i].key, key) == 0)
            return properties[i].value;
    return NULL;
}

static const char *find(const source *s, const char *key)
{
    return pleura_property_find(s->properties, s->count, key);
}

pleura_code pleura_metadata_refuse(const char *key, const char *text, const char *expected,
                                   pleura_error *error)
{
    return pleura_fail(error, PLEURA_ERROR_METADATA, "Model metadata: %s is '%.80s'; %s.", key,
                       text, expected);
}

static pleura_code refuse(const source *s, const char *key, const char *expected)
{
    return pleura_metadata_refuse(key, find(s, key), expected, s->error);
}

/* ---- Numbers ---- */

/* A number from minimum to maximum, or `otherwise` where the property is missing. */
static pleura_code number(const source *s, const char *key, double minimum, double maximum,
                          float otherwise, float *out)
{
    const char *text = find(s, key);
    *out = otherwise;
    if (!text)
        return PLEURA_OK;
    char expected[80];
    double value = pleura_number_read(&text);
    snprintf(expected, sizeof expected, "a number from %g to %g is expected", minimum, maximum);
    if (*text || !(value >= minimum && value <= maximum))
        return refuse(s, key, expected);
    *out = (float)value;
    return PLEURA_OK;
}

/* One number, or three separated by commas; one counts for all channels. */
static pleura_code per_channel(const source *s, const char *key, bool zero_allowed, float otherwise,
                               float out[3])
{
    const char *text = find(s, key);
    for (int i = 0; i < 3; i++)
        out[i] = otherwise;
    if (!text)
        return PLEURA_OK;
    int count = 0;
    bool right = true;
    while (right && count < 3) {
        double value = pleura_number_read(&text);
        right = isfinite(value) && (zero_allowed || value != 0);
        out[count++] = (float)value;
        if (*text != ',')
            break;
        text++;
    }
    if (!right || *text || count == 2)
        return refuse(s, key, "one number or three, separated by commas, are expected");
    if (count == 1)
        out[1] = out[2] = out[0];
    return PLEURA_OK;
}

/* The index of a property's value in a list of words; 0 where the property is missing. */
static pleura_code choice(const source *s, const char *key, const char *const *words, int *out)
{
    const char *text = find(s, key);
    char expected[160] = "expected is one of";
    *out = 0;
    for (int i = 0; text && words[i]; i++) {
        if (strcmp(text, words[i]) == 0) {
            *out = i;
            return PLEURA_OK;
        }
        size_t length = strlen(expected);
        snprintf(expected + length, sizeof expected - length, " %s", words[i]);
    }
    return text ? refuse(s, key, expected) : PLEURA_OK;
}

/* ---- Input ---- */

pleura_code pleura_metadata_input(const pleura_property *properties, size_t count, bool bytes,
                                  pleura_input_spec *input, pleura_error *error)
{
    static const char *const fits[] = {"squash", "crop", "pad", NULL};
    static const char *const modes[] = {"fixed", "image", NULL};
    static const char *const ranges[] = {"unit", "byte", "xrv", NULL};
    static const char *const depths[] = {"16", "8", NULL};
    static const float low[] = {0, 0, -1024}, high[] = {1, 255, 1024};
    source s = {properties, count, error};
    int fit, depth, mode, range;
    pleura_code code = choice(&s, "pleura.input.fit", fits, &fit);
    if (code == PLEURA_OK)
        code = choice(&s, "pleura.input.depth", depths, &depth);
    if (code == PLEURA_OK)
        code = choice(&s, "pleura.input.normalise", modes, &mode);
    if (code == PLEURA_OK)
        code = choice(&s, "pleura.input.range", ranges, &range);
    if (code == PLEURA_OK)
        code = per_channel(&s, "pleura.input.mean", true, 0, input->mean);
    if (code == PLEURA_OK)
        code = per_channel(&s, "pleura.input.std", false, 1, input->std);
    if (code == PLEURA_OK)
        code = number(&s, "pleura.input.std_floor", 1e-6, 1e6, 0.02f, &input->std_floor);
    if (code != PLEURA_OK)
        return code;
    input->fit = (pleura_fit)fit;
    input->in_bytes = depth == 1;
    input->normalise = (pleura_normalise)mode;
    if (bytes && !find(&s, "pleura.input.range"))
        range = 1;
    input->range_low = low[range];
    input->range_high = high[range];
    return PLEURA_OK;
}

pleura_code pleura_metadata_size(const pleura_property *properties, size_t count, int64_t *height,
                                 int64_t *width, pleura_error *error)
{
    static const char key[] = "pleura.input.size";
    source s = {properties, count, error};
    const char *text = find(&s, key);
    *height = *width = 0;
    if (!text)
        return PLEURA_OK;
    double first = pleura_number_read(&text), second = first;
    if (*text == ',') {
        text++;
        second = pleura_number_read(&text);
    }
    if (*text || !(first >= 1 && first <= 16384 && second >= 1 && second <= 16384) ||
        first != floor(first) || second != floor(second))
        return refuse(&s, key,
                      "one whole number or two (height,width) from 1 to 16384 are expected");
    *height = (int64_t)first;
    *width = (int64_t)second;
    return PLEURA_OK;
}

/* ---- Labels and groups ---- */

#define MAX_LABELS 10000

static size_t count_char(const char *text, char c)
{
    size_t count = 0;
    for (; *text; text++)
        count += *text == c;
    return count;
}

/* The piece up to the separator or the end, copied; *at is moved behind the separator. */
static const char *next_piece(const char **at, char separator, pleura_arena *arena)
{
    const char *end = strchr(*at, separator);
    size_t length = end ? (size_t)(end - *at) : strlen(*at);
    const char *piece = pleura_arena_text(arena, *at, length);
    *at += length + (end != NULL);
    return piece;
}

static size_t find_name(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return PLEURA_NO_ANSWER;
}

static pleura_code read_labels(const source *s, size_t outputs, pleura_arena *arena,
                               const char **names)
{
    const char *text = find(s, "pleura.labels");
    if (text && count_char(text, ',') + 1 != outputs)
        return pleura_fail(s->error, PLEURA_ERROR_METADATA,
                           "Model metadata: pleura.labels names %zu labels; the network has %zu "
                           "outputs.",
                           count_char(text, ',') + 1, outputs);
    for (size_t i = 0; i < outputs; i++) {
        char number_text[24];
        snprintf(number_text, sizeof number_text, "%zu", i);
        names[i] = text ? next_piece(&text, ',', arena)
                        : pleura_arena_text(arena, number_text, strlen(number_text));
        if (!names[i])
            return pleura_fail_memory(s->error, sizeof number_text, "labels");
        if (!names[i][0] || find_name(names, i, names[i]) != PLEURA_NO_ANSWER)
            return refuse(s, "pleura.labels", "labels must have text and differ");
    }
    return PLEURA_OK;
}

/* "name=label+label": a group is the sum of its labels' probabilities. */
static pleura_code read_group(const source *s, const char *text, pleura_arena *arena,
                              const char **names, size_t labels, size_t before, pleura_group *group)
{
    static const char expected[] = "expected is name=label+label;name=label+label";
    if (!strchr(text, '='))
        return refuse(s, "pleura.groups", expected);
    const char *name = next_piece(&text, '=', arena);
    group->count = count_char(text, '+') + 1;
    uint32_t *members = pleura_arena_alloc(arena, group->count * sizeof *members);
    if (!name || !members)
        return pleura_fail_memory(s->error, group->count * sizeof *members, "label groups");
    for (size_t i = 0; i < group->count; i++) {
        const char *label = next_piece(&text, '+', arena);
        if (!label)
            return pleura_fail_memory(s->error, 16, "label groups");
        size_t index = find_name(names, labels, label);
        for (size_t k = 0; k < i && index != PLEURA_NO_ANSWER; k++)
            if (members[k] == index)
                index = PLEURA_NO_ANSWER;
        if (index == PLEURA_NO_ANSWER)
            return refuse(s, "pleura.groups", expected);
        members[i] = (uint32_t)index;
    }
    group->labels = members;
    if (!name[0] || find_name(names, before, name) != PLEURA_NO_ANSWER)
        return refuse(s, "pleura.groups", "groups need names that no label has");
    names[before] = name;
    return PLEURA_OK;
}

static pleura_code read_answers(const source *s, size_t outputs, pleura_arena *arena,
                                pleura_decision_spec *decision)
{
    const char *text = find(s, "pleura.groups");
    size_t groups_count = text && text[0] ? count_char(text, ';') + 1 : 0;
    const char **names = pleura_arena_alloc(arena, (outputs + groups_count) * sizeof *names);
    pleura_group *groups = pleura_arena_alloc(arena, groups_count * sizeof *groups);
    if (!names || !groups)
        return pleura_fail_memory(s->error, outputs * sizeof *names, "labels");
    pleura_code code = read_labels(s, outputs, arena, names);
    for (size_t i = 0; code == PLEURA_OK && i < groups_count; i++) {
        const char *piece = next_piece(&text, ';', arena);
        if (!piece)
            return pleura_fail_memory(s->error, 16, "label groups");
        code = read_group(s, piece, arena, names, outputs, outputs + i, &groups[i]);
    }
    decision->label_count = outputs;
    decision->group_count = groups_count;
    decision->groups = groups;
    decision->answer_names = names;
    return code;
}

/* ---- The network's own gate ---- */

static pleura_code read_gate_labels(const source *s, pleura_gate_spec *gate)
{
    const char *text = find(s, "pleura.gate.labels");
    while (text && *text) {
        size_t length = strcspn(text, ",");
        unsigned reason = pleura_gate_reason(text, length);
        for (size_t i = 0; i < gate->count; i++)
            if ((unsigned)gate->rules[i].reason == reason)
                reason = 0;
        if (!reason || gate->count == PLEURA_GATE_MAX_RULES)
            break;
        gate->rules[gate->count++].reason = (pleura_reason)reason;
        text += length;
        if (*text == ',' && text[1])
            text++;
    }
    if (gate->count == 0 || *text)
        return text ? refuse(s, "pleura.gate.labels",
                             "expected are reasons that a network may give, each once")
                    : pleura_fail(s->error, PLEURA_ERROR_METADATA,
                                  "Model metadata: pleura.gate.labels is missing, but there is "
                                  "pleura.gate.output.");
    return PLEURA_OK;
}

static pleura_code read_gate_thresholds(const source *s, pleura_gate_spec *gate)
{
    const char *text = find(s, "pleura.gate.thresholds");
    for (size_t i = 0; i < gate->count; i++)
        gate->rules[i].threshold = 0.5f;
    for (size_t i = 0; text && i < gate->count; i++) {
        double value = pleura_number_read(&text);
        char end = i + 1 < gate->count ? ',' : '\0';
        if (!(value >= 0 && value <= 1) || *text != end)
            return refuse(s, "pleura.gate.thresholds",
                          "a number from 0 to 1 for each of pleura.gate.labels is expected");
        gate->rules[i].threshold = (float)value;
        text += end != '\0';
    }
    return PLEURA_OK;
}

static pleura_code read_gate(const source *s, pleura_gate_spec *gate)
{
    *gate = (pleura_gate_spec){.output = find(s, "pleura.gate.output")};
    if (!gate->output)
        return PLEURA_OK;
    pleura_code code = read_gate_labels(s, gate);
    return code == PLEURA_OK ? read_gate_thresholds(s, gate) : code;
}

/* The age limit of a model whose own gate looks for adults; 0 for others. */
static float refuses_adults(const pleura_gate_spec *gate)
{
    for (size_t i = 0; gate->output && i < gate->count; i++)
        if (gate->rules[i].reason == PLEURA_REASON_ADULT)
            return (float)PLEURA_GATE_ADULT;
    return 0;
}

pleura_code pleura_metadata_decision(const pleura_property *properties, size_t count,
                                     size_t outputs, pleura_arena *arena,
                                     pleura_decision_spec *decision, pleura_error *error)
{
    static const char *const activations[] = {"softmax", "sigmoid", "none", NULL};
    source s = {properties, count, error};
    if (outputs < 1 || outputs > MAX_LABELS)
        return pleura_fail(error, PLEURA_ERROR_SHAPE,
                           "The network has %zu outputs; a classifier has from 1 to %d.", outputs,
                           MAX_LABELS);
    const char *schema = find(&s, "pleura.schema");
    if (schema && strcmp(schema, "1") != 0)
        return refuse(&s, "pleura.schema", "this version reads schema 1");
    int activation;
    float side, age;
    pleura_code code = read_answers(&s, outputs, arena, decision);
    if (code == PLEURA_OK)
        code = choice(&s, "pleura.activation", activations, &activation);
    if (code == PLEURA_OK)
        code = number(&s, "pleura.temperature", 1e-3, 1e3, 1, &decision->temperature);
    if (code == PLEURA_OK)
        code = number(&s, "pleura.threshold", 0, 1, 0.5f, &decision->threshold);
    if (code == PLEURA_OK)
        code = number(&s, "pleura.margin", 0, 0.5, 0, &decision->margin);
    if (code == PLEURA_OK)
        code = number(&s, "pleura.gate.min_side", 0, PLEURA_DEFAULT_MAX_SIDE, 0, &side);
    if (code == PLEURA_OK)
        code = read_gate(&s, &decision->gate);
    if (code == PLEURA_OK)
        code = number(&s, "pleura.gate.max_age", 0, 200, refuses_adults(&decision->gate), &age);
    if (code != PLEURA_OK)
        return code;
    decision->activation = (pleura_activation)activation;
    decision->limits = (pleura_gate_limits){.min_side = (uint32_t)side, .max_age = (double)age};

    const char *finding = find(&s, "pleura.finding");
    decision->finding = finding ? find_name(decision->answer_names,
                                            decision->label_count + decision->group_count, finding)
                                : PLEURA_NO_ANSWER;
    if (finding && decision->finding == PLEURA_NO_ANSWER)
        return refuse(&s, "pleura.finding", "no label or group has that name");
    return PLEURA_OK;
}
