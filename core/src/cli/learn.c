/* Labelled images in a CSV file: what the model's end makes of them when it is fitted to them. */
#include "cli.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct job {
    const cli_options *options;
    cli_labelled list;
    pleura_model *model;
    pleura_learning *learning;
    bool reference_is_the_models; /* it came with the model */
    pleura_error error;
} job;

static pleura_code add_row(void *context, const cli_labelled_row *row, pleura_error *error)
{
    job *work = context;
    size_t count = 0;
    const float *embedding = row->result ? pleura_result_embedding(row->result, &count) : NULL;
    return pleura_learning_add(work->learning, embedding, count, row->labels, row->patient, error);
}

/* ---- Writing ---- */

/* "-" for what is not defined: of labels that the model does not know there is no before. */
static void put_figure(char *text, size_t size, const pleura_figure *f, bool change)
{
    if (isnan(f->value))
        snprintf(text, size, "%7s", "-");
    else
        snprintf(text, size, change ? "%+7.4f (%+.4f to %+.4f)" : "%7.4f (%.4f to %.4f)", f->value,
                 f->low, f->high);
}

static void write_figure(cli_output *output, const pleura_comparison *c)
{
    char line[256], before[64], after[64], gain[64];
    put_figure(before, sizeof before, &c->before, false);
    put_figure(after, sizeof after, &c->after, false);
    put_figure(gain, sizeof gain, &c->gain, true);
    snprintf(line, sizeof line, "%-18s %-27s  %-27s  %s", c->name, before, after, gain);
    cli_output_words(output, line, strlen(line));
}

/* Whether there is a before: else the model does not know the labels. */
static bool knows_labels(const pleura_learning *learning)
{
    const pleura_comparison *figure;
    for (size_t i = 0; (figure = pleura_learning_figure(learning, i)); i++)
        if (isnan(figure->before.value))
            return false;
    return true;
}

static void write_table(const job *work, cli_output *output)
{
    char line[500];
    const pleura_comparison *figure;
    pleura_learn_note note;
    const char *text;
    fputs("Research tool, not a medical device: nothing here is a diagnosis.\n", stderr);
    snprintf(line, sizeof line, "%zu files, %zu of them failed; %s than %s, out of fold",
             work->list.files, work->list.failed,
             pleura_verdict_name(pleura_learning_verdict(work->learning)),
             knows_labels(work->learning) ? "before" : "chance");
    cli_output_words(output, line, strlen(line));
    snprintf(line, sizeof line, "%-18s %-27s  %-27s  %s", "", "before", "after", "gain");
    cli_output_words(output, line, strlen(line));
    for (size_t i = 0; (figure = pleura_learning_figure(work->learning, i)); i++)
        write_figure(output, figure);
    for (size_t i = 0; (figure = pleura_learning_reference_figure(work->learning, i)); i++) {
        if (i == 0) {
            snprintf(
                line, sizeof line, "on the reference films, which must not be forgotten%s:",
                work->reference_is_the_models
                    ? " (the model's threshold was chosen with them: before is a little too good)"
                    : "");
            cli_output_words(output, line, strlen(line));
        }
        write_figure(output, figure);
    }
    for (size_t i = 0; (text = pleura_learning_note(work->learning, i, &note)); i++) {
        snprintf(line, sizeof line, "%s: %s", pleura_learn_note_name(note), text);
        cli_output_words(output, line, strlen(line));
    }
}

static bool write_json(const job *work, cli_output *output)
{
    size_t length = pleura_learning_json(work->learning, NULL, 0);
    char *text = malloc(length + 1);
    if (!text) {
        cli_complain("out of memory.");
        return false;
    }
    pleura_learning_json(work->learning, text, length + 1);
    bool written = cli_output_line(output, text, length);
    free(text);
    return written;
}

static bool write_report(const job *work)
{
    cli_output output;
    bool written = true;
    if (!cli_output_open(&output, work->options))
        return false;
    if (work->options->form == FORM_JSON)
        written = write_json(work, &output);
    else
        write_table(work, &output);
    return cli_output_close(&output) && written;
}

static bool write_file(const char *path, const void *bytes, size_t size)
{
    cli_options to = {.output = path};
    cli_output output;
    if (!cli_output_open(&output, &to))
        return false;
    cli_output_bytes(&output, bytes, size);
    return cli_output_close(&output);
}

static bool write_profile(const pleura_profile *profile, const char *path)
{
    size_t length = pleura_profile_json(profile, NULL, 0);
    char *text = malloc(length + 1);
    if (!text) {
        cli_complain("out of memory.");
        return false;
    }
    pleura_profile_json(profile, text, length + 1);
    text[length] = '\n';
    bool written = write_file(path, text, length + 1);
    free(text);
    return written;
}

static bool write_onnx(job *work, const pleura_profile *profile)
{
    pleura_file onnx;
    size_t length = 0;
    unsigned char *bytes = NULL;
    if (!cli_model_bytes(work->options, &onnx))
        return false;
    pleura_code code =
        pleura_profile_onnx(profile, onnx.bytes, onnx.size, NULL, 0, &length, &work->error);
    if (code == PLEURA_OK && !(bytes = malloc(length)))
        cli_complain("out of memory.");
    if (bytes)
        code = pleura_profile_onnx(profile, onnx.bytes, onnx.size, bytes, length, &length,
                                   &work->error);
    if (code != PLEURA_OK)
        cli_complain("%s: %s", work->options->onnx, work->error.message);
    bool written = bytes && code == PLEURA_OK && write_file(work->options->onnx, bytes, length);
    free(bytes);
    pleura_file_free(&onnx);
    return written;
}

static int write_results(job *work)
{
    const cli_options *options = work->options;
    pleura_profile *profile = NULL;
    bool good = true;
    if (!options->out && !options->onnx)
        return EXIT_ANSWERED;
    if (pleura_learning_take(work->learning, options->accept, &profile, &work->error) !=
        PLEURA_OK) {
        cli_complain("nothing was written (%s): %s --accept-no-better writes it all the same.",
                     pleura_code_name(work->error.code), work->error.message);
        return EXIT_NOT_LEARNT;
    }
    if (options->out)
        good = write_profile(profile, options->out);
    if (good && options->onnx)
        good = write_onnx(work, profile);
    pleura_profile_free(profile);
    return good ? EXIT_ANSWERED : EXIT_BROKEN;
}

/* ---- Reference films ---- */

/* Those that were named; else those that came with the model, unless they are another's. */
static bool read_reference(job *work)
{
    pleura_file file;
    char beside[5000];
    const char *named = work->options->reference, *path = named ? named : beside;
    if (!named && !cli_model_beside(work->options, "reference.bin", beside, sizeof beside))
        return true;
    pleura_code code = pleura_file_read(path, PLEURA_DEFAULT_MAX_BYTES, &file, &work->error);
    if (code == PLEURA_OK)
        code = pleura_learning_reference(work->learning, file.bytes, file.size, &work->error);
    pleura_file_free(&file);
    work->reference_is_the_models = !named && code == PLEURA_OK;
    if (code != PLEURA_OK)
        cli_complain("%s (%s): %s", path, pleura_code_name(code), work->error.message);
    return code == PLEURA_OK || (!named && code == PLEURA_ERROR_OTHER_MODEL);
}

static int write_reference(job *work)
{
    size_t length = 0;
    unsigned char *bytes = NULL;
    pleura_code code = pleura_reference_write(work->learning, NULL, 0, &length, &work->error);
    if (code == PLEURA_OK && (bytes = malloc(length)))
        code = pleura_reference_write(work->learning, bytes, length, &length, &work->error);
    if (!bytes)
        cli_complain("%s", code == PLEURA_OK ? "out of memory." : work->error.message);
    bool written = bytes && write_file(work->options->write_reference, bytes, length);
    free(bytes);
    return written ? work->list.failed ? EXIT_SOME_FAILED : EXIT_ANSWERED : EXIT_BROKEN;
}

/* ---- The command ---- */

static int compute(job *work)
{
    pleura_code code = pleura_learning_compute(work->learning, &work->error);
    if (code != PLEURA_OK) {
        cli_complain("nothing was learnt (%s): %s", pleura_code_name(code), work->error.message);
        return code == PLEURA_ERROR_MEMORY || code == PLEURA_ERROR_NETWORK ? EXIT_BROKEN
                                                                           : EXIT_NOT_LEARNT;
    }
    if (!write_report(work))
        return EXIT_BROKEN;
    int status = write_results(work);
    return status == EXIT_ANSWERED && work->list.failed ? EXIT_SOME_FAILED : status;
}

/* 0, and EXIT_... after saying what is wrong. */
static int start(job *work, pleura_learn_task task)
{
    const cli_options *options = work->options;
    pleura_profile *base = NULL;
    pleura_learn_options use = {.task = task,
                                .labels = options->classes,
                                .finding = options->finding,
                                .target_sensitivity = options->sensitivity,
                                .prevalence = options->prevalence,
                                .folds = options->folds,
                                .draws = options->draws,
                                .c = options->c,
                                .temperature_only = options->temperature_only,
                                .from_zero = options->from_zero};
    work->model = cli_model_open(options);
    if (!work->model)
        return EXIT_BROKEN;
    pleura_code code = pleura_model_profile(work->model, &base, &work->error);
    if (code == PLEURA_OK)
        code = pleura_learning_create(base, &use, &work->learning, &work->error);
    pleura_profile_free(base);
    if (code == PLEURA_OK)
        return EXIT_ANSWERED;
    cli_complain("%s (%s)", work->error.message, pleura_code_name(code));
    return code == PLEURA_ERROR_NO_EMBEDDING ? EXIT_NOT_LEARNT : EXIT_USAGE;
}

static int learn(job *work, pleura_learn_task task)
{
    cli_labelled_visitor visitor = {add_row, work};
    int status = start(work, task);
    if (status != EXIT_ANSWERED)
        return status;
    if (!work->options->write_reference && !read_reference(work))
        return EXIT_BROKEN;
    work->list.embedding = true;
    if (!cli_labelled_walk(&work->list, work->model, &visitor))
        return EXIT_BROKEN;
    return work->options->write_reference ? write_reference(work) : compute(work);
}

static bool read_task(const char *name, pleura_learn_task *task)
{
    *task = name && strcmp(name, "adapt") == 0 ? PLEURA_ADAPT : PLEURA_CALIBRATE;
    if (!name || *task == PLEURA_ADAPT || strcmp(name, "calibrate") == 0)
        return true;
    cli_complain("--task is calibrate or adapt; not '%s'.", name);
    return false;
}

int cli_learn(const cli_options *options)
{
    pleura_learn_task task;
    job work = {.options = options};
    if (!options->labels || options->input_count) {
        cli_complain("learn needs --labels TABLE.csv, and no other file.");
        return EXIT_USAGE;
    }
    if (options->form == FORM_CSV || options->profile) {
        cli_complain("learn writes a table or --json, and starts from the model itself, not from a "
                     "--profile.");
        return EXIT_USAGE;
    }
    if (!read_task(options->task, &task) || !cli_labelled_open(&work.list, options))
        return EXIT_USAGE;
    int status = learn(&work, task);
    pleura_learning_free(work.learning);
    pleura_model_free(work.model);
    cli_labelled_close(&work.list);
    return status;
}
