#include "cases.h"

#include "../read_file.h"

#include "graph/constant.h"
#include "graph/needed.h"
#include "graph/onnx_read.h"
#include "run/network.h"

#include <math.h>
#include <pb_decode.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ONNX's defaults (onnx/backend/test/case/test_case.py). */
#define RELATIVE 1e-3
#define ABSOLUTE 1e-7

#define MAX_TENSORS 24

typedef struct bytes {
    void *data;
    size_t size;
} bytes;

static bytes read_bytes(const char *path)
{
    bytes all = {NULL, 0};
    all.data = read_file(path, &all.size);
    return all;
}

/* Inputs or outputs of a data set: values of a graph that holds nothing else. */
typedef struct tensors {
    pleura_graph graph;
    bytes files[MAX_TENSORS];
    uint32_t values[MAX_TENSORS];
    size_t count;
} tensors;

static bool read_tensor(tensors *t, const char *path, pleura_error *error)
{
    bytes file = t->files[t->count] = read_bytes(path);
    if (!file.data)
        return false;
    pleura_reader reader = {.graph = &t->graph, .error = error};
    pleura_tensor_parts parts;
    t->graph.data_begin = file.data;
    t->graph.data_end = (char *)file.data + file.size;
    pb_istream_t stream = pb_istream_from_buffer((const pb_byte_t *)file.data, file.size);
    pleura_tensor_prepare(&reader, &parts);
    uint32_t index = PLEURA_NONE;
    if (pb_decode(&stream, onnx_TensorProto_fields, &parts.proto)) {
        parts.name = (pleura_span){0};
        index = pleura_tensor_keep(&reader, &parts);
    }
    pleura_tensor_release(&parts);
    if (index == PLEURA_NONE && error->code == PLEURA_OK)
        snprintf(error->message, sizeof error->message, "an element type that is no tensor's");
    t->values[t->count++] = index;
    return true;
}

static void read_tensors(tensors *t, const char *folder, const char *name, int set,
                         const char *kind, pleura_error *error)
{
    memset(t, 0, sizeof *t);
    char path[1000];
    while (t->count < MAX_TENSORS) {
        snprintf(path, sizeof path, "%s/%s/test_data_set_%d/%s_%zu.pb", folder, name, set, kind,
                 t->count);
        if (!read_tensor(t, path, error))
            break;
    }
}

static void free_tensors(tensors *t)
{
    for (size_t i = 0; i < t->count; i++)
        free(t->files[i].data);
    pleura_graph_free(&t->graph);
}

/* ---- Comparing ---- */

/* The test files hold bfloat16 as the integers of its bits. */
static double from_bits(int64_t upper)
{
    uint32_t bits = (uint32_t)upper << 16;
    float real;
    memcpy(&real, &bits, sizeof real);
    return (double)real;
}

static double *numbers(const pleura_value *value, bool bits)
{
    pleura_arena arena = {0};
    int64_t count = pleura_value_elements(value);
    double *all = malloc(((size_t)count + 1) * sizeof *all);
    const float *floats = pleura_is_real(value) ? pleura_constant_floats(value, &arena) : NULL;
    for (int64_t i = 0; i < count; i++)
        all[i] = floats ? (double)floats[i]
                 : bits ? from_bits(pleura_constant_int(value, i))
                        : (double)pleura_constant_int(value, i);
    pleura_arena_free(&arena);
    return all;
}

static bool same_number(double got, double wanted)
{
    if (isnan(wanted) || isinf(wanted))
        return isnan(wanted) ? isnan(got) : got == wanted;
    return fabs(got - wanted) <= ABSOLUTE + RELATIVE * fabs(wanted);
}

static case_outcome compare_as(const pleura_value *got, const pleura_value *wanted, size_t output,
                               bool whole, case_result *result)
{
    bool same = got->rank == wanted->rank;
    for (int i = 0; same && i < got->rank; i++)
        same = got->dims[i] == wanted->dims[i];
    if (!same) {
        snprintf(result->message, sizeof result->message,
                 "output %zu has another shape: rank %d, first %lld; wanted rank %d, first %lld",
                 output, got->rank, got->rank ? (long long)got->dims[0] : 1, wanted->rank,
                 wanted->rank ? (long long)wanted->dims[0] : 1);
        return CASE_FAILED;
    }
    const bool bits = !whole && pleura_is_real(got) && !pleura_is_real(wanted);
    double *x = numbers(got, false), *y = numbers(wanted, bits);
    for (int64_t i = 0; same && i < pleura_value_elements(wanted); i++) {
        same = same_number(x[i], y[i]);
        if (!same)
            snprintf(result->message, sizeof result->message,
                     "output %zu, element %lld: %.9g, wanted %.9g", output, (long long)i, x[i],
                     y[i]);
    }
    free(x);
    free(y);
    return same ? CASE_PASSED : CASE_FAILED;
}

static case_outcome compare(const pleura_value *got, const pleura_value *wanted, size_t output,
                            case_result *result)
{
    return compare_as(got, wanted, output, false, result);
}

/* ---- A model with data ---- */

/* Makes the model's input a constant. */
static void bind(pleura_value *input, const pleura_value *data)
{
    if (!input->whole && !pleura_is_real(data))
        for (int64_t i = 0; i < pleura_value_elements(data); i++) {
            /* in place: floats are no larger than what holds the integers */
            float real = (float)from_bits(((const int64_t *)data->data)[i]);
            memcpy((char *)(uintptr_t)data->data + (size_t)i * sizeof real, &real, sizeof real);
        }
    input->element = input->whole ? data->element : PLEURA_FLOAT;
    input->rank = data->rank;
    memcpy(input->dims, data->dims, sizeof input->dims);
    input->has_shape = true;
    input->whole = false;
    input->data = data->data;
}

/* A node's operator as the file names it. */
static const char *operator_of(const pleura_node *node)
{
    return node->function ? node->function : pleura_operator_name(node->op);
}

static void list_operators(const pleura_graph *graph, case_result *result)
{
    size_t length = 0;
    result->operators[0] = '\0';
    for (size_t i = 0; i < graph->node_count && length < sizeof result->operators; i++) {
        const char *op = operator_of(&graph->nodes[i]);
        bool seen = false;
        for (size_t k = 0; k < i && !seen; k++)
            seen = strcmp(op, operator_of(&graph->nodes[k])) == 0;
        if (!seen)
            length +=
                (size_t)snprintf(result->operators + length, sizeof result->operators - length,
                                 "%s%s", length ? "+" : "", op);
    }
}

static case_outcome refused(case_result *result, const pleura_error *error)
{
    snprintf(result->message, sizeof result->message, "%s", error->message);
    return CASE_REFUSED;
}

/* Everything is known at load: inference folds the whole model. */
static case_outcome run_folded(const bytes *model, const tensors *inputs, const tensors *outputs,
                               case_result *result)
{
    pleura_graph graph = {0};
    pleura_error error = {0};
    case_outcome outcome = CASE_PASSED;
    bool ok = pleura_onnx_read(model->data, model->size, &graph, &error) == PLEURA_OK;
    for (size_t i = 0; ok && i < graph.input_count && i < inputs->count; i++)
        bind(&graph.values[graph.inputs[i]], &inputs->graph.values[inputs->values[i]]);
    graph.input_count = 0;
    ok = ok && pleura_graph_infer(&graph, &error) == PLEURA_OK;
    if (!ok)
        outcome = refused(result, &error);
    for (size_t i = 0; ok && i < outputs->count && i < graph.output_count; i++) {
        const pleura_value *got = &graph.values[graph.outputs[i]];
        if (!got->data)
            snprintf(result->message, sizeof result->message, "output %zu was not folded", i);
        outcome = got->data ? compare(got, &outputs->graph.values[outputs->values[i]], i, result)
                            : CASE_FAILED;
        ok = outcome == CASE_PASSED;
    }
    pleura_graph_free(&graph);
    return outcome;
}

/* ---- The same by a network ---- */

/* The first `computed` inputs of real numbers are given when it runs, the others are constants. */
static void bind_some(pleura_graph *graph, const tensors *inputs, size_t computed, size_t *given)
{
    size_t kept = 0;
    for (size_t i = 0; i < graph->input_count && i < inputs->count; i++) {
        pleura_value *input = &graph->values[graph->inputs[i]];
        const pleura_value *data = &inputs->graph.values[inputs->values[i]];
        bind(input, data);
        if (kept == computed || data->element != PLEURA_FLOAT || pleura_value_elements(data) == 0)
            continue;
        input->data = NULL;
        given[kept] = i;
        graph->inputs[kept++] = graph->inputs[i];
    }
    graph->input_count = kept;
}

static case_outcome compare_network(pleura_network *network, const tensors *outputs,
                                    const bool *whole, case_result *result)
{
    case_outcome outcome = CASE_PASSED;
    for (size_t i = 0; outcome == CASE_PASSED && i < outputs->count; i++) {
        const pleura_port *port = pleura_network_output(network, i);
        if (!port || !port->data)
            continue; /* a constant, which folding has shown to be right */
        pleura_value got = {.element = PLEURA_FLOAT, .rank = (int)port->rank, .data = port->data};
        for (size_t d = 0; d < port->rank; d++)
            got.dims[d] = (int64_t)port->dims[d];
        outcome = compare_as(&got, &outputs->graph.values[outputs->values[i]], i, whole[i], result);
    }
    return outcome;
}

static case_outcome run_network(const bytes *model, const tensors *inputs, const tensors *outputs,
                                size_t computed, case_result *result)
{
    pleura_graph graph = {0};
    pleura_error error = {0};
    pleura_network *network = NULL;
    size_t given[MAX_TENSORS];
    bool whole[MAX_TENSORS] = {false};
    bool ok = pleura_onnx_read(model->data, model->size, &graph, &error) == PLEURA_OK;
    if (ok)
        bind_some(&graph, inputs, computed, given);
    ok = ok && pleura_graph_infer(&graph, &error) == PLEURA_OK;
    for (size_t i = 0; ok && i < graph.output_count && i < MAX_TENSORS; i++)
        whole[i] = graph.values[graph.outputs[i]].whole;
    ok = ok && pleura_graph_simplify(&graph, &error) == PLEURA_OK &&
         pleura_network_create(&graph, 1, &network, &error) == PLEURA_OK;
    pleura_graph_free(&graph); /* nothing may point into it any more */
    for (size_t i = 0; ok && i < pleura_network_input_count(network); i++) {
        const pleura_port *port = pleura_network_input(network, i);
        const pleura_value *data = &inputs->graph.values[inputs->values[given[i]]];
        memcpy(port->data, data->data, port->count * sizeof(float));
    }
    ok = ok && pleura_network_run(network, &error) == PLEURA_OK;
    case_outcome outcome =
        ok ? compare_network(network, outputs, whole, result) : refused(result, &error);
    pleura_network_free(network);
    return outcome;
}

/* What has real inputs is run by a network, too, with as many of them as possible given at run time;
 * an operator that wants some of them constant says so. */
static case_outcome run_both(const bytes *model, const tensors *inputs, const tensors *outputs,
                             case_result *result)
{
    case_outcome outcome = run_folded(model, inputs, outputs, result);
    size_t real = 0;
    for (size_t i = 0; i < inputs->count; i++)
        real += inputs->graph.values[inputs->values[i]].element == PLEURA_FLOAT;
    if (outcome != CASE_PASSED)
        return outcome;
    if (!*result->how)
        result->how = "folded";
    for (size_t computed = real; computed > 0; computed--) {
        outcome = run_network(model, inputs, outputs, computed, result);
        if (outcome == CASE_PASSED)
            result->how = computed == real ? "run" : "run with constants";
        if (outcome != CASE_REFUSED)
            return outcome;
    }
    return CASE_PASSED;
}

static bool run_set(const bytes *model, const char *folder, const char *name, int set,
                    case_result *result)
{
    pleura_error error = {0};
    tensors inputs, outputs;
    read_tensors(&inputs, folder, name, set, "input", &error);
    read_tensors(&outputs, folder, name, set, "output", &error);
    bool any = outputs.count > 0;
    if (any)
        result->outcome =
            error.message[0] ? refused(result, &error) : run_both(model, &inputs, &outputs, result);
    free_tensors(&inputs);
    free_tensors(&outputs);
    return any && result->outcome == CASE_PASSED;
}

/* Whether the engine takes the file at all: of several reasons not to, an unknown operator is the first. */
static bool reads(const bytes *model, case_result *result)
{
    pleura_graph graph = {0};
    pleura_error error = {0};
    bool ok = pleura_onnx_read(model->data, model->size, &graph, &error) == PLEURA_OK;
    list_operators(&graph, result);
    for (size_t i = 0; i < graph.node_count; i++)
        if (graph.nodes[i].op == PLEURA_OP_UNKNOWN) {
            error = (pleura_error){0};
            ok = pleura_operator_refuse(&graph.nodes[i], &error) == PLEURA_OK;
            break;
        }
    if (!ok)
        result->outcome = refused(result, &error);
    pleura_graph_free(&graph);
    return ok;
}

case_result run_case(const char *folder, const char *name)
{
    case_result result = {.outcome = CASE_FAILED, .how = "", .message = "no data"};
    char path[1000];
    snprintf(path, sizeof path, "%s/%s/model.onnx", folder, name);
    bytes model = read_bytes(path);
    bool ok = model.data && reads(&model, &result);
    for (int set = 0; ok && run_set(&model, folder, name, set, &result); set++)
        continue;
    free(model.data);
    return result;
}
