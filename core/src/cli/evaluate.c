/* Labelled images in a CSV file: how well the model's answers agree with them. */
#include "cli.h"

#include <stdlib.h>
#include <string.h>

/* Names that a column may have, the first that is there counts; then NULL. */
static const char *const path_names[] = {"path", "file", NULL};
static const char *const label_names[] = {"labels", "label", NULL};
static const char *const patient_names[] = {"patient", "patient_id", NULL};

typedef struct job {
    const cli_options *options;
    cli_table table;
    size_t path, labels, patient, group, where; /* columns; past the last: not there */
    const char *wanted;                         /* what the column `where` must hold */
    pleura_model *model;
    pleura_evaluation *evaluation;
    size_t files, failed;
} job;

static size_t find_column(const cli_table *table, const char *const *names)
{
    size_t column = table->columns;
    for (; *names && column == table->columns; names++)
        column = cli_table_column(table, *names);
    return column;
}

/* The column of --by or --where; NULL means none was asked for. */
static bool find_named(const cli_table *table, const char *name, size_t *column)
{
    *column = name ? cli_table_column(table, name) : table->columns;
    if (name && *column == table->columns)
        cli_complain("%s has no column '%s'.", "the table", name);
    return !name || *column < table->columns;
}

static bool find_where(job *work)
{
    const char *where = work->options->where, *equals = where ? strchr(where, '=') : NULL;
    char name[128];
    work->where = work->table.columns;
    if (!where)
        return true;
    if (!equals || (size_t)(equals - where) >= sizeof name) {
        cli_complain("--where takes COLUMN=VALUE; not '%s'.", where);
        return false;
    }
    snprintf(name, sizeof name, "%.*s", (int)(equals - where), where);
    work->wanted = equals + 1;
    return find_named(&work->table, name, &work->where);
}

static bool find_columns(job *work)
{
    work->path = find_column(&work->table, path_names);
    work->labels = find_column(&work->table, label_names);
    work->patient = find_column(&work->table, patient_names);
    if (work->path == work->table.columns || work->labels == work->table.columns) {
        cli_complain("%s needs a column 'path' and a column 'labels'.", work->options->labels);
        return false;
    }
    return find_named(&work->table, work->options->by, &work->group) && find_where(work);
}

/* The image's path: from --folder, else from the folder of the table. */
static char *full_path(const job *work, const char *path)
{
    const char *folder = work->options->folder, *table = work->options->labels;
    const char *slash = strrchr(table, '/');
    size_t length = folder ? strlen(folder) : slash ? (size_t)(slash - table) : 1;
    const char *start = folder ? folder : slash ? table : ".";
    size_t size = length + strlen(path) + 2;
    char *full = malloc(size);
    if (full && path[0] == '/')
        snprintf(full, size, "%s", path);
    else if (full)
        snprintf(full, size, "%.*s/%s", (int)length, start, path);
    return full;
}

static pleura_result *classify(job *work, const char *path, pleura_error *error)
{
    cli_bytes image;
    pleura_result *result = NULL;
    pleura_classify_options use = {.has_threshold = work->options->has_threshold,
                                   .threshold = work->options->threshold};
    if (cli_bytes_read(path, PLEURA_DEFAULT_MAX_BYTES, &image, error) == PLEURA_OK)
        pleura_classify(work->model, image.data, image.size, &use, &result, error);
    cli_bytes_free(&image);
    return result;
}

static bool add_row(job *work, size_t row)
{
    const cli_table *table = &work->table;
    pleura_error fault = {0}, error = {0};
    char *path = full_path(work, cli_table_cell(table, row, work->path));
    if (!path) {
        cli_complain("out of memory.");
        return false;
    }
    pleura_result *result = classify(work, path, &fault);
    work->files++;
    if (!result) {
        work->failed++;
        cli_complain("%s: %s (%s)", path, fault.message, pleura_code_name(fault.code));
    }
    pleura_code code = pleura_evaluation_add(
        work->evaluation, result, cli_table_cell(table, row, work->labels),
        cli_table_cell(table, row, work->patient), cli_table_cell(table, row, work->group), &error);
    pleura_result_free(result);
    free(path);
    if (code != PLEURA_OK)
        cli_complain("%s", error.message);
    return code == PLEURA_OK;
}

static bool add_rows(job *work)
{
    for (size_t row = 0; row < work->table.rows; row++) {
        const char *value = cli_table_cell(&work->table, row, work->where);
        if ((!work->wanted || strcmp(value, work->wanted) == 0) && !add_row(work, row))
            return false;
    }
    return true;
}

static void write_table(const job *work, cli_output *output)
{
    char line[256];
    const pleura_figure *figure;
    fputs("Research tool, not a medical device: nothing here is a diagnosis.\n", stderr);
    snprintf(line, sizeof line, "%zu files, %zu of them failed", work->files, work->failed);
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
    if (work->files == 0) {
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
    return work->failed ? EXIT_SOME_FAILED : EXIT_ANSWERED;
}

static int evaluate(job *work)
{
    const cli_options *options = work->options;
    pleura_evaluation_options use = {.draws = options->draws,
                                     .prevalence = options->prevalence,
                                     .has_threshold = options->has_threshold,
                                     .threshold = options->threshold};
    pleura_error error = {0};
    if (!find_columns(work))
        return EXIT_USAGE;
    work->model = cli_model_open(options);
    if (!work->model)
        return EXIT_BROKEN;
    if (pleura_evaluation_create(work->model, &use, &work->evaluation, &error) != PLEURA_OK) {
        cli_complain("%s", error.message);
        return EXIT_BROKEN;
    }
    return add_rows(work) ? write(work) : EXIT_BROKEN;
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
    if (!cli_table_read(&work.table, options->labels))
        return EXIT_USAGE;
    int status = evaluate(&work);
    pleura_evaluation_free(work.evaluation);
    pleura_model_free(work.model);
    cli_table_free(&work.table);
    return status;
}
