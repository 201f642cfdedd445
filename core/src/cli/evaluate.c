/* Labelled images in a CSV file: how well the model's answers agree with them. */
#include "cli.h"

#include <stdlib.h>
#include <string.h>

typedef struct job {
    const cli_options *options;
    cli_labelled list;
    pleura_model *model;
    pleura_evaluation *evaluation;
} job;

static pleura_code add_row(void *context, const cli_labelled_row *row, pleura_error *error)
{
    job *work = context;
    return pleura_evaluation_add(work->evaluation, row->result, row->labels, row->patient,
                                 row->group, error);
}

static void write_table(const job *work, cli_output *output)
{
    char line[256];
    const pleura_figure *figure;
    fputs("Research tool, not a medical device: nothing here is a diagnosis.\n", stderr);
    snprintf(line, sizeof line, "%zu files, %zu of them failed", work->list.files,
             work->list.failed);
    cli_output_line(output, line, strlen(line));
    for (size_t i = 0; (figure = pleura_evaluation_figure(work->evaluation, i)); i++) {
        snprintf(line, sizeof line, "%7.4f   %.4f to %.4f   %s", figure->value, figure->low,
                 figure->high, figure->name);
        cli_output_words(output, line, strlen(line));
    }
}

static bool write_json(const job *work, cli_output *output)
{
    size_t length = pleura_evaluation_json(work->evaluation, NULL, 0);
    char *text = malloc(length + 1);
    if (!text) {
        cli_complain("out of memory.");
        return false;
    }
    pleura_evaluation_json(work->evaluation, text, length + 1);
    bool written = cli_output_line(output, text, length);
    free(text);
    return written;
}

static int write(job *work)
{
    pleura_error error = {0};
    cli_output output;
    if (work->list.files == 0) {
        cli_complain("no row of %s to evaluate.", work->options->labels);
        return EXIT_USAGE;
    }
    if (pleura_evaluation_compute(work->evaluation, &error) != PLEURA_OK) {
        cli_complain("%s", error.message);
        return EXIT_BROKEN;
    }
    if (!cli_output_open(&output, work->options))
        return EXIT_BROKEN;
    bool written = true;
    if (work->options->form == FORM_JSON)
        written = write_json(work, &output);
    else
        write_table(work, &output);
    if (!cli_output_close(&output) || !written)
        return EXIT_BROKEN;
    return work->list.failed ? EXIT_SOME_FAILED : EXIT_ANSWERED;
}

static int evaluate(job *work)
{
    const cli_options *options = work->options;
    pleura_evaluation_options use = {.draws = options->draws,
                                     .prevalence = options->prevalence,
                                     .has_threshold = options->has_threshold,
                                     .threshold = options->threshold};
    pleura_error error = {0};
    work->model = cli_model_open(options);
    if (!work->model)
        return EXIT_BROKEN;
    if (pleura_evaluation_create(work->model, &use, &work->evaluation, &error) != PLEURA_OK) {
        cli_complain("%s", error.message);
        return EXIT_BROKEN;
    }
    cli_labelled_visitor visitor = {add_row, work};
    return cli_labelled_walk(&work->list, work->model, &visitor) ? write(work) : EXIT_BROKEN;
}

int cli_evaluate(const cli_options *options)
{
    job work = {.options = options};
    if (!options->labels || options->input_count) {
        cli_complain("evaluate needs --labels TABLE.csv, and no other file.");
        return EXIT_USAGE;
    }
    if (options->form == FORM_CSV) {
        cli_complain("evaluate writes a table or --json, not CSV.");
        return EXIT_USAGE;
    }
    if (!cli_labelled_open(&work.list, options))
        return EXIT_USAGE;
    int status = evaluate(&work);
    pleura_evaluation_free(work.evaluation);
    pleura_model_free(work.model);
    cli_labelled_close(&work.list);
    return status;
}
