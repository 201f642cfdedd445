#include "info.h"

#include "../graph/window.h"
#include "../json.h"
#include "metadata.h"

#include <string.h>

/* Multiplications with additions, in convolutions and matrix products: what the field calls MACs. */
static int64_t node_macs(const pleura_graph *graph, const pleura_node *node)
{
    const pleura_value *out = &graph->values[node->output];
    if (node->op != PLEURA_OP_Conv && node->op != PLEURA_OP_Gemm && node->op != PLEURA_OP_MatMul)
        return 0;
    const pleura_value *weights = &graph->values[node->inputs[1]];
    int64_t outputs = node->op == PLEURA_OP_Conv ? out->dims[1] : out->dims[out->rank - 1];
    return pleura_value_elements(out) * (pleura_value_elements(weights) / outputs);
}

void pleura_census_take(const pleura_graph *graph, pleura_census *census)
{
    for (size_t i = 0; i < graph->node_count; i++) {
        const pleura_node *node = &graph->nodes[i];
        if (node->dead)
            continue;
        census->cost.nodes_run++;
        census->operators[node->op]++;
        census->cost.macs += node_macs(graph, node);
    }
}

static void add_operators(pleura_json *json, const pleura_census *census)
{
    pleura_json_put_integer(json, "macs", census->cost.macs);
    pleura_json_put_count(json, "nodes_in_file", census->cost.nodes_in_file);
    pleura_json_put_count(json, "nodes_run", census->cost.nodes_run);
    pleura_json_put_open(json, "operators", '{');
    for (int op = 0; op < PLEURA_OP_COUNT; op++)
        if (census->operators[op]) {
            pleura_json_put_count(json, pleura_operator_name((pleura_operator)op),
                                  census->operators[op]);
        }
    pleura_json_close(json, '}');
}

static void add_input(pleura_json *json, const pleura_input_spec *input, bool size_assumed)
{
    static const char *const fits[] = {"squash", "crop", "pad"};
    pleura_json_put_open(json, "input", '{');
    pleura_json_put_integer(json, "channels", input->channels);
    pleura_json_put_integer(json, "height", input->height);
    pleura_json_put_integer(json, "width", input->width);
    pleura_json_put_bool(json, "size_assumed", size_assumed);
    pleura_json_put_text(json, "fit", fits[input->fit]);
    pleura_json_put_text(json, "normalise",
                         input->normalise == PLEURA_NORMALISE_FIXED ? "fixed" : "image");
    pleura_json_close(json, '}');
}

static void add_answers(pleura_json *json, const pleura_decision_spec *decision)
{
    pleura_json_put_open(json, "labels", '[');
    for (size_t i = 0; i < decision->label_count; i++)
        pleura_json_text(json, decision->answer_names[i]);
    pleura_json_close(json, ']');
    pleura_json_put_open(json, "groups", '{');
    for (size_t g = 0; g < decision->group_count; g++) {
        pleura_json_put_open(json, decision->answer_names[decision->label_count + g], '[');
        for (size_t i = 0; i < decision->groups[g].count; i++)
            pleura_json_text(json, decision->answer_names[decision->groups[g].labels[i]]);
        pleura_json_close(json, ']');
    }
    pleura_json_close(json, '}');
    bool finding = decision->finding != PLEURA_NO_ANSWER;
    pleura_json_put_text(json, "finding",
                         finding ? decision->answer_names[decision->finding] : NULL);
    pleura_json_key(json, "threshold");
    if (finding)
        pleura_json_number(json, (double)decision->threshold, 7);
    else
        pleura_json_null(json);
    pleura_json_put_number(json, "margin", (double)decision->margin, 7);
}

static void add_file(pleura_json *json, const pleura_info *info)
{
    pleura_json_put_text(json, "sha256", info->sha256);
    pleura_json_put_count(json, "bytes", info->census->cost.file_bytes);
    pleura_json_put_text(json, "producer", info->producer);
    pleura_json_put_integer(json, "opset", info->opset);
}

size_t pleura_info_json(const pleura_info *info, char *buffer, size_t capacity)
{
    pleura_json json = pleura_json_into(buffer, capacity);
    pleura_json_open(&json, '{');
    pleura_json_put_text(&json, "schema", "pleura.info/1");
    pleura_json_put_text(
        &json, "name", pleura_property_find(info->properties, info->property_count, "pleura.name"));
    pleura_json_put_text(
        &json, "version",
        pleura_property_find(info->properties, info->property_count, "pleura.version"));
    add_file(&json, info);
    add_answers(&json, info->decision);
    pleura_json_put_bool(&json, "heatmap", info->has_heatmap);
    pleura_json_put_count(&json, "features", info->features);
    pleura_json_put_text(&json, "profile", info->profile);
    add_input(&json, info->input, info->size_assumed);
    add_operators(&json, info->census);
    pleura_json_put_open(&json, "properties", '{');
    for (size_t i = 0; i < info->property_count; i++) {
        pleura_json_put_text(&json, info->properties[i].key, info->properties[i].value);
    }
    pleura_json_close(&json, '}');
    pleura_json_close(&json, '}');
    return pleura_json_end(&json);
}
