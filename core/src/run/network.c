#include "network.h"

#include "../error.h"
#include "lower.h"

#include <pthreadpool.h>
#include <string.h>

struct pleura_network {
    pleura_arena constants;
    xnn_runtime_t runtime;
    pthreadpool_t threads;
    float *input, *output;
    uint32_t channels, height, width;
    size_t output_count;
};

static pleura_code runtime_fault(enum xnn_status status, const char *doing, pleura_error *error)
{
    if (status == xnn_status_success)
        return PLEURA_OK;
    if (status == xnn_status_out_of_memory)
        return pleura_fail(error, PLEURA_ERROR_MEMORY, "Out of memory while %s.", doing);
    return pleura_fail(error, PLEURA_ERROR_NETWORK, "XNNPACK failed while %s (status %d).", doing,
                       (int)status);
}

static pleura_code lower_all(const pleura_graph *graph, pleura_network *network,
                             pleura_arena *scratch, xnn_subgraph_t subgraph, pleura_error *error)
{
    pleura_lowering l = {.graph = graph,
                         .subgraph = subgraph,
                         .keep = &network->constants,
                         .scratch = scratch,
                         .error = error};
    l.ids = pleura_alloc(graph->value_count * sizeof *l.ids);
    if (!l.ids)
        return pleura_fail_memory(error, graph->value_count * sizeof *l.ids, "the network");
    pleura_code code = pleura_lower(&l);
    pleura_free(l.ids);
    return code;
}

static pleura_code make_runtime(const pleura_graph *graph, pleura_network *network,
                                pleura_error *error)
{
    xnn_subgraph_t subgraph = NULL;
    pleura_arena scratch = {0};
    pleura_code code =
        runtime_fault(xnn_create_subgraph(2, 0, &subgraph), "starting the network", error);
    if (code == PLEURA_OK)
        code = lower_all(graph, network, &scratch, subgraph, error);
    if (code == PLEURA_OK)
        code =
            runtime_fault(xnn_create_runtime_v2(subgraph, network->threads, 0, &network->runtime),
                          "packing the weights", error);
    if (subgraph)
        xnn_delete_subgraph(subgraph);
    pleura_arena_free(&scratch);
    return code;
}

static pleura_code make_buffers(const pleura_graph *graph, pleura_network *network,
                                pleura_error *error)
{
    const pleura_value *input = &graph->values[graph->inputs[0]];
    bool nhwc = pleura_input_is_nhwc(input);
    network->channels = (uint32_t)input->dims[nhwc ? 3 : 1];
    network->height = (uint32_t)input->dims[nhwc ? 1 : 2];
    network->width = (uint32_t)input->dims[nhwc ? 2 : 3];
    network->output_count = (size_t)pleura_value_elements(&graph->values[graph->outputs[0]]);
    size_t input_size = (size_t)pleura_value_elements(input) * sizeof(float);
    size_t output_size = network->output_count * sizeof(float);
    network->input = pleura_alloc(input_size + XNN_EXTRA_BYTES);
    network->output = pleura_alloc(output_size + XNN_EXTRA_BYTES);
    if (!network->input || !network->output)
        return pleura_fail_memory(error, input_size + output_size, "the network's input");
    struct xnn_external_value ends[] = {{PLEURA_EXTERNAL_INPUT, network->input},
                                        {PLEURA_EXTERNAL_OUTPUT, network->output}};
    enum xnn_status status = xnn_reshape_runtime(network->runtime);
    if (status == xnn_status_success)
        status = xnn_setup_runtime_v2(network->runtime, 2, ends);
    return runtime_fault(status, "planning the network's memory", error);
}

pleura_code pleura_network_create(const pleura_graph *graph, unsigned threads, pleura_network **out,
                                  pleura_error *error)
{
    *out = NULL;
    pleura_network *network = pleura_alloc_zero(1, sizeof *network);
    if (!network)
        return pleura_fail_memory(error, sizeof *network, "the network");
    pleura_code code = runtime_fault(xnn_initialize(NULL), "looking at this processor", error);
    if (code == PLEURA_OK && threads > 1) {
        network->threads = pthreadpool_create(threads);
        if (!network->threads)
            code = pleura_fail(error, PLEURA_ERROR_MEMORY, "%u threads could not be started.",
                               threads);
    }
    if (code == PLEURA_OK)
        code = make_runtime(graph, network, error);
    if (code == PLEURA_OK)
        code = make_buffers(graph, network, error);
    if (code == PLEURA_OK)
        *out = network;
    else
        pleura_network_free(network);
    return code;
}

void pleura_network_input(const pleura_network *network, uint32_t *channels, uint32_t *height,
                          uint32_t *width)
{
    *channels = network->channels;
    *height = network->height;
    *width = network->width;
}

size_t pleura_network_output_count(const pleura_network *network)
{
    return network->output_count;
}

pleura_code pleura_network_run(pleura_network *network, const float *input, float *output,
                               pleura_error *error)
{
    size_t area = (size_t)network->height * network->width, channels = network->channels;
    for (size_t c = 0; c < channels; c++)
        for (size_t i = 0; i < area; i++)
            network->input[i * channels + c] = input[c * area + i];
    pleura_code code =
        runtime_fault(xnn_invoke_runtime(network->runtime), "running the network", error);
    if (code == PLEURA_OK)
        memcpy(output, network->output, network->output_count * sizeof *output);
    return code;
}

void pleura_network_free(pleura_network *network)
{
    if (!network)
        return;
    if (network->runtime)
        xnn_delete_runtime(network->runtime);
    if (network->threads)
        pthreadpool_destroy(network->threads);
    pleura_arena_free(&network->constants);
    pleura_free(network->input);
    pleura_free(network->output);
    pleura_free(network);
}
