#define _POSIX_C_SOURCE 200809L
#include "cli.h"

#include <stdlib.h>
#include <unistd.h>

typedef struct batch {
    const cli_options *options;
    pleura_model *model;
    cli_output output;
    cli_done done;
    size_t answered, failed;
    bool begun; /* the head is written: not before there is a row, for an empty list has none */
    char *line; /* reused from row to row */
    size_t room;
    bool progress;
} batch;

typedef size_t report_function(const pleura_model *, const char *, const pleura_result *,
                               const pleura_error *, char *, size_t);

/* Makes room for a line of `length` and its NUL. */
static bool reserve(batch *job, size_t length)
{
    if (length < job->room)
        return true;
    char *line = realloc(job->line, length + 256);
    if (!line) {
        cli_complain("out of memory.");
        job->output.failed = true;
        return false;
    }
    job->line = line;
    job->room = length + 256;
    return true;
}

static bool write_report(batch *job, report_function *report, const char *path,
                         const pleura_result *result, const pleura_error *fault)
{
    size_t length = report(job->model, path, result, fault, job->line, job->room);
    if (length >= job->room) {
        if (!reserve(job, length))
            return false;
        report(job->model, path, result, fault, job->line, job->room);
    }
    return cli_output_line(&job->output, job->line, length);
}

static bool write_row(batch *job, const char *path, const pleura_result *result,
                      const pleura_error *fault)
{
    switch (job->options->form) {
    case FORM_JSON:
        return write_report(job, pleura_report_json, path, result, fault);
    case FORM_CSV:
        return write_report(job, pleura_report_csv, path, result, fault);
    default:
        return cli_people_row(&job->output, job->model, path, result, fault);
    }
}

static pleura_code answer(batch *job, const char *path, pleura_result **result, pleura_error *error)
{
    pleura_file image;
    pleura_classify_options use = {.has_threshold = job->options->has_threshold,
                                   .threshold = job->options->threshold,
                                   .heatmap = job->options->heatmap || job->options->dicom_out};
    *result = NULL;
    pleura_code code = pleura_file_read(path, PLEURA_DEFAULT_MAX_BYTES, &image, error);
    if (code == PLEURA_OK)
        code = pleura_classify(job->model, image.bytes, image.size, &use, result, error);
    if (code == PLEURA_OK && job->options->dicom_out)
        code = cli_dicom_write(job->options, job->model, &image, *result, error);
    if (code != PLEURA_OK) {
        pleura_result_free(*result);
        *result = NULL;
    }
    pleura_file_free(&image);
    return code;
}

static void show_progress(const batch *job)
{
    if (job->progress)
        fprintf(stderr, "\r%zu answered, %zu failed ", job->answered, job->failed);
}

static void write_head(batch *job)
{
    job->begun = true;
    if (job->options->form == FORM_PEOPLE) {
        cli_people_head(&job->output, job->model, job->options);
    } else if (job->options->form == FORM_CSV) {
        size_t length = pleura_report_csv_header(job->model, NULL, 0);
        if (reserve(job, length)) {
            pleura_report_csv_header(job->model, job->line, job->room);
            cli_output_line(&job->output, job->line, length);
        }
    }
}

static bool visit(void *context, const char *path, const pleura_error *fault)
{
    batch *job = context;
    if (cli_done_take(&job->done, path))
        return true;
    pleura_error error = {0};
    pleura_result *result = NULL;
    if (fault)
        error = *fault;
    else
        answer(job, path, &result, &error);
    if (result)
        job->answered++;
    else
        job->failed++;
    if (!job->begun)
        write_head(job);
    bool go_on = write_row(job, path, result, result ? NULL : &error);
    pleura_result_free(result);
    show_progress(job);
    return go_on;
}

static int finish(batch *job)
{
    if (job->progress && job->answered + job->failed)
        fputc('\n', stderr);
    bool written = cli_output_close(&job->output);
    free(job->line);
    cli_done_free(&job->done);
    pleura_model_free(job->model);
    if (!written)
        return EXIT_BROKEN;
    if (job->answered + job->failed == 0) {
        cli_complain("no image to classify: the folder or the list is empty.");
        return EXIT_USAGE;
    }
    return job->failed ? EXIT_SOME_FAILED : EXIT_ANSWERED;
}

/* Reads what an earlier run has written, and opens the output behind it. */
static bool begin(batch *job)
{
    const char *sha256 = pleura_model_sha256(job->model);
    if (job->options->resume && !cli_done_read(&job->done, job->options->output, sha256))
        return false;
    job->answered = job->done.answered;
    job->failed = job->done.failed;
    return cli_output_open(&job->output, job->options);
}

int cli_classify(const cli_options *options)
{
    if (!options->input_count) {
        cli_complain("classify needs a file, a folder, or - for a list on standard input.");
        return EXIT_USAGE;
    }
    batch job = {.options = options, .model = cli_model_open(options)};
    if (!job.model)
        return EXIT_BROKEN;
    if (!begin(&job)) {
        cli_done_free(&job.done);
        pleura_model_free(job.model);
        return EXIT_BROKEN;
    }
    job.progress = isatty(STDERR_FILENO) && (options->output || !isatty(STDOUT_FILENO));
    cli_inputs_walk(options, &(cli_visitor){visit, &job});
    return finish(&job);
}
