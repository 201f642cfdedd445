/* The model file with another end: nodes that nothing needs any more go, those of the profile come. */
#include "onnx_end.h"

#include "../error.h"
#include "../sha256.h"

#include <string.h>

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

static pleura_code cut_layer(pleura_new_end *j, pleura_wire scores, pleura_error *error)
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

static pleura_code find_cut(pleura_new_end *j, pleura_error *error)
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

/* ---- The graph ---- */

/* Whether what a field names, where it names something, is still there. */
static bool stays(const pleura_new_end *j, const pleura_wire_field *field, size_t *node,
                  bool *first_output)
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

static void put_graph(pleura_wire_out *out, const pleura_new_end *j)
{
    pleura_wire message = j->graph.graph;
    pleura_wire_field field;
    size_t node = 0;
    bool first_output = true, bad = false;
    while (pleura_wire_next(&message, &field, &bad)) {
        if (field.number == ONNX_GRAPH_OUTPUT && first_output)
            pleura_onnx_put_output(out, j);
        if (stays(j, &field, &node, &first_output))
            pleura_wire_copy(out, field.whole);
    }
    pleura_onnx_put_nodes(out, j);
    pleura_onnx_put_tensors(out, j);
}

/* ---- The file ---- */

static pleura_code put_model(pleura_wire_out *out, pleura_wire model, const pleura_new_end *j,
                             pleura_error *error)
{
    pleura_wire_out measure = {0};
    pleura_wire_field field;
    put_graph(&measure, j);
    for (bool bad = false; pleura_wire_next(&model, &field, &bad);) {
        if (field.number == ONNX_MODEL_GRAPH && field.kind == 2) {
            pleura_wire_head(out, ONNX_MODEL_GRAPH, measure.length);
            put_graph(out, j);
        } else if (field.number != ONNX_MODEL_METADATA || !pleura_onnx_is_replaced(field.body)) {
            pleura_wire_copy(out, field.whole);
        }
    }
    return pleura_onnx_put_metadata(out, j->profile, error);
}

static pleura_code write_onnx(pleura_new_end *j, pleura_wire model, pleura_wire_out *out,
                              pleura_error *error)
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
    if (pleura_onnx_knows(&j->graph, pleura_wire_text(PLEURA_ONNX_SCORES)) &&
        pleura_onnx_needed(&j->graph, pleura_wire_text(PLEURA_ONNX_SCORES)))
        return pleura_fail(error, PLEURA_ERROR_ONNX,
                           "The model file has a value named " PLEURA_ONNX_SCORES " already.");
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
    pleura_new_end j = {.profile = profile};
    pleura_wire_out out = {buffer, capacity, 0};
    const uint8_t *begin = onnx;
    pleura_code code = write_onnx(&j, (pleura_wire){begin, begin + size}, &out, error);
    pleura_onnx_graph_free(&j.graph);
    if (code == PLEURA_OK)
        *length = out.length;
    return code;
}
