#include "cli.h"

#include <string.h>

static bool line(cli_output *output, const char *name, const char *value)
{
    char text[1024];
    if (!value)
        return true;
    snprintf(text, sizeof text, "%-12s %s", name, value);
    return cli_output_words(output, text, strlen(text));
}

static void describe_cost(cli_output *output, const pleura_model *model)
{
    char text[200];
    pleura_model_cost cost;
    pleura_model_get_cost(model, &cost);
    snprintf(text, sizeof text, "%zu bytes", cost.file_bytes);
    line(output, "size", text);
    snprintf(text, sizeof text, "%.1f million multiply-adds an image, %zu nodes (%zu in the file)",
             (double)cost.macs / 1e6, cost.nodes_run, cost.nodes_in_file);
    line(output, "cost", text);
    const char *name;
    size_t times;
    for (size_t i = 0; (name = pleura_model_operator(model, i, &times)); i++) {
        snprintf(text, sizeof text, "%s x %zu", name, times);
        line(output, "operator", text);
    }
}

static void describe_answers(cli_output *output, const pleura_model *model)
{
    char text[64];
    size_t labels = pleura_model_label_count(model);
    for (size_t i = 0; i < pleura_model_answer_count(model); i++)
        line(output, i < labels ? "label" : "group", pleura_model_answer_name(model, i));
    line(output, "finding", pleura_model_finding(model));
    if (pleura_model_finding(model)) {
        snprintf(text, sizeof text, "%.6g", (double)pleura_model_threshold(model));
        line(output, "threshold", text);
    }
}

static void describe(cli_output *output, const pleura_model *model)
{
    char text[64];
    uint32_t channels, height, width;
    pleura_model_input(model, &channels, &height, &width);
    line(output, "name", pleura_model_property(model, "pleura.name"));
    line(output, "version", pleura_model_property(model, "pleura.version"));
    line(output, "sha256", pleura_model_sha256(model));
    snprintf(text, sizeof text, "%u x %u x %u (channels x height x width)", (unsigned)channels,
             (unsigned)height, (unsigned)width);
    line(output, "input", text);
    describe_cost(output, model);
    describe_answers(output, model);
    const char *card = pleura_model_property(model, "pleura.card");
    if (card)
        cli_output_line(output, "", 0);
    while (card && *card) {
        size_t length = strcspn(card, "\n");
        cli_output_words(output, card, length);
        card += length + (card[length] == '\n');
    }
}

int cli_info(const cli_options *options)
{
    cli_options use = *options;
    if (use.input_count > 1 || (use.input_count && use.model)) {
        cli_complain("info takes one model.");
        return EXIT_USAGE;
    }
    if (use.input_count)
        use.model = use.inputs[0];
    pleura_model *model = cli_model_open(&use);
    cli_output output;
    if (!model || !cli_output_open(&output, options)) {
        pleura_model_free(model);
        return EXIT_BROKEN;
    }
    const char *json = pleura_model_info_json(model);
    if (options->form == FORM_JSON)
        cli_output_line(&output, json, strlen(json));
    else
        describe(&output, model);
    bool written = cli_output_close(&output);
    pleura_model_free(model);
    return written ? EXIT_ANSWERED : EXIT_BROKEN;
}
