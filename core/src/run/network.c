#include "network.h"

#include "../error.h"
#include "lower.h"

#include <pthreadpool.h>
#include <string.h>

struct pleura_network {
    pleura_plan plan;
    pthreadpool_t threads;
    pleura_port *inputs, *outputs; /* in the plan's memory */
    size_t input_count, output_count;
};

static pleura_code start(pleura_network *network, unsigned threads, pleura_error *error)
{
    enum xnn_status status = xnn_initialize(NULL);
    if (status != xnn_status_success)
        return pleura_fail(error, PLEURA_ERROR_NETWORK,
                           "XNNPACK does not start on this processor (status %d).", (int)status);
    network->threads = threads > 1 ? pthreadpool_create(threads) : NULL;
    if (threads > 1 && !network->threads)
        return pleura_fail(error, PLEURA_ERROR_MEMORY, "%u threads could not be started.", threads);
    return PLEURA_OK;
}

static pleura_port *describe(pleura_lowering *l, const uint32_t *values, size_t count)
{
    pleura_port *ports = pleura_lower_keep(l, count * sizeof *ports);
    for (size_t i = 0; ports && i < count; i++) {
        const pleura_value *value = &l->graph->values[values[i]];
        const pleura_tensor *tensor = value->data ? NULL : l->tensors[values[i]][PLEURA_PLAIN];
        char *name = pleura_lower_keep(l, strlen(value->name) + 1);
        if (!name)
            return NULL;
        strcpy(name, value->name);
        ports[i] = (pleura_port){.name = name, .count = (size_t)pleura_value_elements(value)};
        pleura_dims dims = pleura_value_dims(value, PLEURA_PLAIN);
        ports[i].rank = dims.rank;
        memcpy(ports[i].dims, dims.size, sizeof dims.size);
        if (tensor)
            ports[i].data = pleura_plan_writable(l->plan, tensor);
    }
    return ports;
}

static pleura_code describe_ends(pleura_network *network, pleura_lowering *l)
{
    network->input_count = l->graph->input_count;
    network->inputs = describe(l, l->graph->inputs, network->input_count);
    network->output_count = l->graph->output_count;
    network->outputs = describe(l, l->graph->outputs, network->output_count);
    return l->code;
}

static pleura_code lower(const pleura_graph *graph, pleura_network *network, pleura_error *error)
{
    pleura_lowering l = {
        .graph = graph, .plan = &network->plan, .threads = network->threads, .error = error};
    l.tensors = pleura_alloc_zero(graph->value_count, sizeof *l.tensors);
    if (!l.tensors)
        return pleura_fail_memory(error, graph->value_count * sizeof *l.tensors, "the network");
    pleura_code code = pleura_lower(&l);
    if (code == PLEURA_OK)
        code = describe_ends(network, &l);
    pleura_arena_free(&l.scratch);
    pleura_free(l.tensors);
    return code;
}

pleura_code pleura_network_create(const pleura_graph *graph, unsigned threads, pleura_network **out,
                                  pleura_error *error)
{
    *out = NULL;
    pleura_network *network = pleura_alloc_zero(1, sizeof *network);
    if (!network)
        return pleura_fail_memory(error, sizeof *network, "the network");
    pleura_code code = start(network, threads, error);
    if (code == PLEURA_OK)
        code = lower(graph, network, error);
    if (code == PLEURA_OK)
        *out = network;
    else
        pleura_network_free(network);
    return code;
}

size_t pleura_network_input_count(const pleura_network *network)
{
    return network->input_count;
}

const pleura_port *pleura_network_input(const pleura_network *network, size_t index)
{
    return index < network->input_count ? &network->inputs[index] : NULL;
}

size_t pleura_network_output_count(const pleura_network *network)
{
    return network->output_count;
}

const pleura_port *pleura_network_output(const pleura_network *network, size_t index)
{
    return index < network->output_count ? &network->outputs[index] : NULL;
}

size_t pleura_network_find_output(const pleura_network *network, const char *name)
{
    for (size_t i = 0; i < network->output_count; i++)
        if (strcmp(network->outputs[i].name, name) == 0)
            return i;
    return SIZE_MAX;
}

pleura_code pleura_network_run(pleura_network *network, pleura_error *error)
{
    enum xnn_status status = pleura_plan_run(&network->plan, network->threads);
    return status == xnn_status_success
               ? PLEURA_OK
               : pleura_fail(error, PLEURA_ERROR_NETWORK,
                             "XNNPACK failed while running the network (status %d).", (int)status);
}

void pleura_network_profile(pleura_network *network)
{
    network->plan.timed = true;
    for (pleura_step *step = network->plan.steps; step; step = step->next)
        step->ms = 0;
}

bool pleura_network_next_step(const pleura_network *network, const void **cursor,
                              pleura_step_time *out)
{
    const pleura_step *step = *cursor;
    do
        step = step ? step->next : network->plan.steps;
    while (step && step->elided);
    *cursor = step;
    if (step)
        *out = (pleura_step_time){step->label, step->kind->name, step->output->rows,
                                  step->output->width, step->ms};
    return step;
}

size_t pleura_network_memory(const pleura_network *network)
{
    return network->plan.memory_size;
}

void pleura_network_free(pleura_network *network)
{
    if (!network)
        return;
    pleura_plan_free(&network->plan);
    if (network->threads)
        pthreadpool_destroy(network->threads);
    pleura_free(network);
}
