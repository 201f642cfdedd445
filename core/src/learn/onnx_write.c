/* The model file with another end: nodes that nothing needs any more go, those of the profile come. */
#include "onnx_graph.h"

#include "../error.h"
#include "../model/profile.h"
#include "../sha256.h"
#include "../text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Names of ours in the file. */
#define SCORES "pleura_scores"
#define FLAT "pleura_features"
#define SCALED "pleura_scaled"
#define WEIGHTS "pleura_weights"
#define BIAS "pleura_bias"
#define SCALE "pleura_scale"
#define SHIFT "pleura_shift"

typedef struct job {
    const pleura_profile *profile;
    pleura_onnx_graph graph;
    pleura_wire from; /* what the new end reads: the linear layer's input, or the scores */
    bool flat;        /* it may have more than two dimensions */
    bool scaled;      /* a scale is not 1 */
} job;

/* ---- Where to cut ---- */

static bool is_any(const pleura_onnx_graph *g, size_t node, const char *const *ops)
{
    for (; *ops; ops++)
        if (pleura_onnx_is(g, node, *ops))
            return true;
    return false;
}

/* Past nodes that keep every number, however they round it. */
static pleura_wire skip(const pleura_onnx_graph *g, pleura_wire name)
{
    static const char *const ops[] = {"Flatten",  "Reshape", "Squeeze",        "Unsqueeze",
                                      "Identity", "Dropout", "QuantizeLinear", "DequantizeLinear",
                                      "ArgMax",   NULL};
    for (size_t steps = 0, node; steps <= g->node_count; steps++) {
        node = pleura_onnx_producer(g, name);
        if (node == SIZE_MAX || !is_any(g, node, ops))
            break;
        name = pleura_onnx_input(g, node, 0);
    }
    return name;
}

static pleura_code cut_layer(job *j, pleura_wire scores, pleura_error *error)
{
    pleura_onnx_graph *g = &j->graph;
    size_t node = pleura_onnx_producer(g, scores);
    if (node != SIZE_MAX && pleura_onnx_is(g, node, "Add")) {
        size_t other = pleura_onnx_is_constant(g, pleura_onnx_input(g, node, 0)) ? 1 : 0;
        node = pleura_onnx_producer(g, skip(g, pleura_onnx_input(g, node, other)));
    }
    static const char *const products[] = {"Gemm", "MatMul", NULL};
    if (node == SIZE_MAX || !is_any(g, node, products))
        return pleura_fail(error, PLEURA_ERROR_OPERATOR,
                           "The model file ends in no Gemm or MatMul that could be replaced.");
    j->flat = pleura_onnx_is(g, node, "MatMul");
    j->from = pleura_onnx_input(g, node, 0);
    return PLEURA_OK;
}

static pleura_code find_cut(job *j, pleura_error *error)
{
    static const char *const activations[] = {"Softmax", "Sigmoid", NULL};
    pleura_onnx_graph *g = &j->graph;
    pleura_wire scores = skip(g, g->output);
    size_t node = pleura_onnx_producer(g, scores);
    bool activated = node != SIZE_MAX && is_any(g, node, activations);
    if (activated)
        scores = skip(g, pleura_onnx_input(g, node, 0));
    if (j->profile->kind == PLEURA_PROFILE_ADAPT)
        return cut_layer(j, scores, error);
    if (activated != j->profile->from_probabilities)
        return pleura_fail(error, PLEURA_ERROR_OPERATOR,
                           "The model file's probabilities come from no Softmax or Sigmoid at its "
                           "end, so that they cannot be calibrated in it.");
    j->from = activated ? scores : g->output;
    for (size_t k = 0; k < j->profile->outputs; k++)
        j->scaled |= j->profile->scale[k] != 1;
    return PLEURA_OK;
}

/* ---- New parts ---- */

static void put_floats(pleura_wire_out *out, const float *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        const uint8_t little[4] = {(uint8_t)bits, (uint8_t)(bits >> 8), (uint8_t)(bits >> 16),
                                   (uint8_t)(bits >> 24)};
        pleura_wire_bytes(out, little, 4);
    }
}

/* TensorProto: dims, data_type FLOAT, name, raw_data; `rows` 0: of one dimension. */
static void put_tensor(pleura_wire_out *out, const char *name, const float *values, size_t rows,
                       size_t columns)
{
    size_t count = (rows ? rows : 1) * columns;
    for (int pass = 0; pass < 2; pass++) {
        pleura_wire_out measure = {0}, *to = pass ? out : &measure;
        if (rows)
            pleura_wire_number(to, 1, rows);
        pleura_wire_number(to, 1, columns);
        pleura_wire_number(to, 2, 1);
        pleura_wire_string(to, ONNX_TENSOR_NAME, name);
        pleura_wire_head(to, 9, 4 * count);
        if (!pass)
            pleura_wire_head(out, ONNX_GRAPH_INITIALIZER, measure.length + 4 * count);
    }
    put_floats(out, values, count);
}

/* AttributeProto: name, i, type INT */
static void put_attribute(pleura_wire_out *out, const char *name, uint64_t value)
{
    pleura_wire_out measure = {0};
    for (int pass = 0; pass < 2; pass++) {
        pleura_wire_out *to = pass ? out : &measure;
        if (pass)
            pleura_wire_head(out, ONNX_NODE_ATTRIBUTE, measure.length);
        pleura_wire_string(to, 1, name);
        pleura_wire_number(to, 3, value);
        pleura_wire_number(to, 20, 2);
    }
}

typedef struct new_node {
    const char *op, *output, *inputs[3]; /* an input NULL: what the cut left */
    size_t input_count;
    const char *attribute; /* or NULL */
} new_node;

static void put_node(pleura_wire_out *out, const job *j, const new_node *node)
{
    pleura_wire_out measure = {0};
    for (int pass = 0; pass < 2; pass++) {
        pleura_wire_out *to = pass ? out : &measure;
        if (pass)
            pleura_wire_head(out, ONNX_GRAPH_NODE, measure.length);
        for (size_t i = 0; i < node->input_count; i++) {
            pleura_wire name = node->inputs[i] ? pleura_wire_text(node->inputs[i]) : j->from;
            pleura_wire_head(to, ONNX_NODE_INPUT, (size_t)(name.end - name.begin));
            pleura_wire_copy(to, name);
        }
        pleura_wire_string(to, ONNX_NODE_OUTPUT, node->output);
        pleura_wire_string(to, 3, node->output);
        pleura_wire_string(to, ONNX_NODE_OPERATOR, node->op);
        if (node->attribute)
            put_attribute(to, node->attribute, 1);
    }
}

static void put_nodes(pleura_wire_out *out, const job *j)
{
    if (j->profile->kind == PLEURA_PROFILE_ADAPT) {
        if (j->flat)
            put_node(out, j, &(new_node){"Flatten", FLAT, {NULL}, 1, "axis"});
        put_node(out, j,
                 &(new_node){"Gemm", SCORES, {j->flat ? FLAT : NULL, WEIGHTS, BIAS}, 3, "transB"});
        return;
    }
    if (j->scaled)
        put_node(out, j, &(new_node){"Mul", SCALED, {NULL, SCALE}, 2, NULL});
    put_node(out, j, &(new_node){"Add", SCORES, {j->scaled ? SCALED : NULL, SHIFT}, 2, NULL});
}

static void put_tensors(pleura_wire_out *out, const job *j)
{
    const pleura_profile *p = j->profile;
    if (p->kind == PLEURA_PROFILE_ADAPT) {
        put_tensor(out, WEIGHTS, p->weights, p->decision.label_count, p->features);
        put_tensor(out, BIAS, p->bias, 0, p->decision.label_count);
        return;
    }
    if (j->scaled)
        put_tensor(out, SCALE, p->scale, 0, p->outputs);
    put_tensor(out, SHIFT, p->shift, 0, p->outputs);
}

/* ValueInfoProto of [batch, labels]; without a shape where the old one had none. */
static void put_output(pleura_wire_out *out, const job *j)
{
    uint8_t bytes[512];
    pleura_wire batch = j->graph.batch;
    size_t size = (size_t)(batch.end - batch.begin);
    pleura_wire_out shape = {bytes, sizeof bytes, 0}, tensor = {0}, type = {0}, info = {0};
    if (batch.begin && size < 400) {
        pleura_wire_out labels = {0};
        pleura_wire_head(&shape, 1, size);
        pleura_wire_copy(&shape, batch);
        pleura_wire_number(&labels, 1, j->profile->decision.label_count);
        pleura_wire_head(&shape, 1, labels.length);
        pleura_wire_number(&shape, 1, j->profile->decision.label_count);
    }
    for (int pass = 0; pass < 2; pass++) {
        pleura_wire_out *const to[] = {pass ? out : &info, pass ? out : &type,
                                       pass ? out : &tensor};
        if (!pass) { /* from the innermost, so that each knows its size */
            pleura_wire_number(to[2], 1, 1);
            if (shape.length) {
                pleura_wire_head(to[2], 2, shape.length);
                to[2]->length += shape.length;
            }
            pleura_wire_head(to[1], 1, tensor.length);
            type.length += tensor.length;
            pleura_wire_string(to[0], ONNX_VALUE_NAME, SCORES);
            pleura_wire_head(to[0], 2, type.length);
            info.length += type.length;
            continue;
        }
        pleura_wire_head(out, ONNX_GRAPH_OUTPUT, info.length);
        pleura_wire_string(out, ONNX_VALUE_NAME, SCORES);
        pleura_wire_head(out, 2, type.length);
        pleura_wire_head(out, 1, tensor.length);
        pleura_wire_number(out, 1, 1);
        if (shape.length) {
            pleura_wire_head(out, 2, shape.length);
            pleura_wire_bytes(out, bytes, shape.length);
        }
    }
}

/* ---- The graph ---- */

/* Whether what a field names, where it names something, is still there. */
static bool stays(const job *j, const pleura_wire_field *field, size_t *node, bool *first_output)
{
    const pleura_onnx_graph *g = &j->graph;
    pleura_wire name;
    if (field->kind != 2)
        return true;
    switch (field->number) {
    case ONNX_GRAPH_NODE:
        return !g->dropped[(*node)++];
    case ONNX_GRAPH_INITIALIZER:
        return !pleura_wire_find(field->body, ONNX_TENSOR_NAME, &name) ||
               pleura_onnx_needed(g, name);
    case ONNX_GRAPH_INPUT: /* older exporters list the initializers here too */
        return !pleura_wire_find(field->body, ONNX_VALUE_NAME, &name) ||
               !pleura_onnx_is_constant(g, name) || pleura_onnx_needed(g, name);
    case ONNX_GRAPH_VALUE_INFO:
        return pleura_wire_find(field->body, ONNX_VALUE_NAME, &name) && pleura_onnx_needed(g, name);
    case ONNX_GRAPH_OUTPUT: {
        bool first = *first_output;
        *first_output = false;
        return !first;
    }
    default:
        return true;
    }
}

static void put_graph(pleura_wire_out *out, const job *j)
{
    pleura_wire message = j->graph.graph;
    pleura_wire_field field;
    size_t node = 0;
    bool first_output = true, bad = false;
    while (pleura_wire_next(&message, &field, &bad)) {
        if (field.number == ONNX_GRAPH_OUTPUT && first_output)
            put_output(out, j);
        if (stays(j, &field, &node, &first_output))
            pleura_wire_copy(out, field.whole);
    }
    put_nodes(out, j);
    put_tensors(out, j);
}

/* ---- The metadata ---- */

/* What the profile says instead, and what was measured of the model as it was. */
static bool is_replaced(pleura_wire entry)
{
    static const char *const keys[] = {"labels",  "groups",    "activation", "temperature",
                                       "finding", "threshold", "margin",     "operating_points",
                                       "metrics", "card",      "profile",    "profile_of",
                                       "version"};
    pleura_wire key;
    if (!pleura_wire_find(entry, 1, &key) || key.end - key.begin < 7 ||
        memcmp(key.begin, "pleura.", 7) != 0)
        return false;
    key.begin += 7;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (pleura_wire_equal(key, pleura_wire_text(keys[i])))
            return true;
    return false;
}

static void put_property(pleura_wire_out *out, const char *name, const char *value)
{
    char key[40];
    snprintf(key, sizeof key, "pleura.%s", name);
    for (int pass = 0; pass < 2; pass++) {
        pleura_wire_out measure = {0}, *to = pass ? out : &measure;
        pleura_wire_string(to, 1, key);
        pleura_wire_string(to, 2, value);
        if (!pass)
            pleura_wire_head(out, ONNX_MODEL_METADATA, measure.length);
    }
}

/* Labels and groups as docs/model-format.md has them. */
static void list_answers(const pleura_decision_spec *d, pleura_text *labels, pleura_text *groups)
{
    for (size_t k = 0; k < d->label_count; k++) {
        pleura_text_add(labels, k ? "," : "");
        pleura_text_add(labels, d->answer_names[k]);
    }
    for (size_t g = 0; g < d->group_count; g++) {
        pleura_text_add(groups, g ? ";" : "");
        pleura_text_add(groups, d->answer_names[d->label_count + g]);
        for (size_t i = 0; i < d->groups[g].count; i++) {
            pleura_text_add(groups, i ? "+" : "=");
            pleura_text_add(groups, d->answer_names[d->groups[g].labels[i]]);
        }
    }
    pleura_text_end(labels);
    pleura_text_end(groups);
}

static pleura_code put_answers(pleura_wire_out *out, const pleura_decision_spec *d,
                               pleura_error *error)
{
    pleura_text labels = {0}, groups = {0};
    list_answers(d, &labels, &groups);
    size_t room = labels.length + groups.length + 2;
    char *texts = pleura_alloc(room);
    if (!texts)
        return pleura_fail_memory(error, room, "the metadata");
    size_t first = labels.length + 1;
    labels = (pleura_text){texts, first, 0};
    groups = (pleura_text){texts + first, room - first, 0};
    list_answers(d, &labels, &groups);
    put_property(out, "labels", texts);
    if (d->group_count)
        put_property(out, "groups", texts + first);
    pleura_free(texts);
    return PLEURA_OK;
}

static pleura_code put_metadata(pleura_wire_out *out, const pleura_profile *p, pleura_error *error)
{
    static const char *const activations[] = {"softmax", "sigmoid", "none"};
    const pleura_decision_spec *d = &p->decision;
    pleura_number number;
    char version[320];
    snprintf(version, sizeof version, "%s%s%.12s", p->model_version ? p->model_version : "",
             p->model_version ? "+" : "", p->sha256);
    pleura_code code = put_answers(out, d, error);
    put_property(out, "activation", activations[d->activation]);
    put_property(out, "temperature", pleura_number_text(&number, (double)d->temperature, 9));
    if (d->finding != PLEURA_NO_ANSWER)
        put_property(out, "finding", d->answer_names[d->finding]);
    put_property(out, "threshold", pleura_number_text(&number, (double)d->threshold, 9));
    put_property(out, "margin", pleura_number_text(&number, (double)d->margin, 9));
    put_property(out, "version", version);
    put_property(out, "profile", p->sha256);
    put_property(out, "profile_of", p->model_sha256);
    return code;
}

/* ---- The file ---- */

static pleura_code put_model(pleura_wire_out *out, pleura_wire model, const job *j,
                             pleura_error *error)
{
    pleura_wire_out measure = {0};
    pleura_wire_field field;
    put_graph(&measure, j);
    for (bool bad = false; pleura_wire_next(&model, &field, &bad);) {
        if (field.number == ONNX_MODEL_GRAPH && field.kind == 2) {
            pleura_wire_head(out, ONNX_MODEL_GRAPH, measure.length);
            put_graph(out, j);
        } else if (field.number != ONNX_MODEL_METADATA || !is_replaced(field.body)) {
            pleura_wire_copy(out, field.whole);
        }
    }
    return put_metadata(out, j->profile, error);
}

static pleura_code write_onnx(job *j, pleura_wire model, pleura_wire_out *out, pleura_error *error)
{
    pleura_wire graph;
    if (!pleura_wire_find(model, ONNX_MODEL_GRAPH, &graph))
        return pleura_fail(error, PLEURA_ERROR_ONNX, "The model file is damaged.");
    pleura_code code = pleura_onnx_graph_read(graph, &j->graph, error);
    if (code == PLEURA_OK)
        code = find_cut(j, error);
    if (code != PLEURA_OK)
        return code;
    pleura_onnx_cut(&j->graph, j->from);
    if (pleura_onnx_knows(&j->graph, pleura_wire_text(SCORES)) &&
        pleura_onnx_needed(&j->graph, pleura_wire_text(SCORES)))
        return pleura_fail(error, PLEURA_ERROR_ONNX,
                           "The model file has a value named " SCORES " already.");
    return put_model(out, model, j, error);
}

pleura_code pleura_profile_onnx(const pleura_profile *profile, const void *onnx, size_t size,
                                void *buffer, size_t capacity, size_t *length, pleura_error *error)
{
    char sha256[65];
    if (!profile || !onnx || !length || (!buffer && capacity))
        return pleura_fail(error, PLEURA_ERROR_ARGUMENT,
                           "pleura_profile_onnx: `profile`, `onnx`, `buffer` or `length` is NULL.");
    *length = 0;
    if (profile->kind == PLEURA_PROFILE_MODEL)
        return pleura_fail(error, PLEURA_ERROR_ARGUMENT,
                           "The profile is the model's own end: there is nothing to replace.");
    pleura_sha256_hex(onnx, size, sha256);
    if (strcmp(sha256, profile->model_sha256) != 0)
        return pleura_fail(error, PLEURA_ERROR_OTHER_MODEL,
                           "The profile was made for another model file: for %.12s..., and this is "
                           "%.12s....",
                           profile->model_sha256, sha256);
    job j = {.profile = profile};
    pleura_wire_out out = {buffer, capacity, 0};
    const uint8_t *begin = onnx;
    pleura_code code = write_onnx(&j, (pleura_wire){begin, begin + size}, &out, error);
    pleura_onnx_graph_free(&j.graph);
    if (code == PLEURA_OK)
        *length = out.length;
    return code;
}
