/*
 * What the answer needs of a file. Files say more than that: names of classes beside their scores,
 * features, inputs of the training, nodes that nothing reads. Whether an operator or a tensor that is
 * unknown here is in the way is therefore asked only of what is left.
 */
#include "needed.h"

#include "../error.h"
#include "../text.h"
#include "functions.h"
#include "passes.h"

#include <string.h>

static void keep_outputs(pleura_graph *graph, const char *further)
{
    size_t kept = 1;
    for (size_t i = 1; further && i < graph->output_count; i++)
        if (strcmp(graph->values[graph->outputs[i]].name, further) == 0)
            graph->outputs[kept++] = graph->outputs[i];
    graph->output_count = kept;
}

/* If there are several: of one that nothing reads the sentence is another. */
static void keep_inputs(pleura_graph *graph)
{
    size_t kept = 0;
    for (size_t i = 0; graph->input_count > 1 && i < graph->input_count; i++)
        if (graph->values[graph->inputs[i]].users)
            graph->inputs[kept++] = graph->inputs[i];
    graph->input_count = kept ? kept : graph->input_count;
}

void pleura_graph_keep_needed(pleura_graph *graph, const char *further)
{
    keep_outputs(graph, further);
    pleura_count_users(graph);
    pleura_bury_unread(graph);
    keep_inputs(graph);
}

pleura_code pleura_operator_refuse(const pleura_node *node, pleura_error *error)
{
    pleura_error none = {0};
    error = error ? error : &none;
    pleura_node_label label;
    pleura_fail(error, PLEURA_ERROR_OPERATOR, "ONNX: operator %s is not supported; supported are ",
                pleura_node_describe(node, &label));
    pleura_text text = {error->message, sizeof error->message, strlen(error->message)};
    for (int op = 0; op < PLEURA_OP_COUNT; op++) {
        pleura_text_add(&text, pleura_operator_name((pleura_operator)op));
        pleura_text_add(&text, ", ");
    }
    for (size_t i = 0; i < pleura_function_count; i++) {
        pleura_text_add(&text, i ? ", " : "");
        pleura_text_add(&text, pleura_functions[i].name);
    }
    pleura_text_add(&text, ".");
    pleura_text_end(&text);
    return error->code;
}
