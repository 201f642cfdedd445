/* The command line: what its files share. It uses the public header alone, as any program would. */
#ifndef PLEURA_CLI_H
#define PLEURA_CLI_H

#include "pleura/learn.h"
#include "pleura/pleura.h"

#include <stdio.h>

/* Exit statuses. */
enum {
    EXIT_ANSWERED = 0,
    EXIT_SOME_FAILED = 1, /* a file could not be judged: its row says why */
    EXIT_USAGE = 2,       /* nothing was done */
    EXIT_BROKEN = 3,      /* no model, or nowhere to write: nothing more could be done */
    EXIT_NOT_LEARNT = 4   /* too few films, or what was learnt is no better: nothing was written */
};

typedef enum cli_form { FORM_PEOPLE, FORM_JSON, FORM_CSV } cli_form;

/* ---- options.c ---- */

/* What `inspect` writes: a description, the greys that the network sees, or DICOM's stored values. */
typedef enum cli_pixels { PIXELS_NONE, PIXELS_GREY, PIXELS_STORED } cli_pixels;

typedef struct cli_options {
    const char *command;
    const char **inputs;
    size_t input_count;
    const char *model;  /* NULL: the default */
    const char *output; /* NULL: standard output */
    cli_form form;
    cli_pixels pixels;
    bool has_threshold;
    float threshold;
    bool heatmap;
    const char *dicom_out; /* NULL: not given */
    bool identity;
    bool resume; /* what `output` has rows of is not done again */
    unsigned threads;
    const char *profile; /* NULL: the model as it is */
    /* of `evaluate` and `learn` */
    const char *labels, *folder, *by, *where; /* NULL: not given */
    double prevalence;                        /* 0: not given */
    unsigned draws;                           /* 0: not given */
    /* of `learn`; NULL and 0: not given */
    const char *task, *out, *onnx, *classes, *finding, *reference, *write_reference;
    double sensitivity, c;
    unsigned folds;
    bool accept, temperature_only, from_zero;
} cli_options;

/* Reads argv after the command's name. False after saying what is wrong. */
bool cli_options_read(cli_options *options, int argc, char **argv);
void cli_options_free(cli_options *options);

/* ---- complain.c ---- */

#if defined(__GNUC__)
__attribute__((format(printf, 1, 2)))
#endif
/* "pleura: " and the sentence to standard error. */
void cli_complain(const char *format, ...);

/* ---- inputs.c ---- */

typedef struct cli_visitor {
    /* False stops the walk. `fault` is NULL, or why `path` could not be looked at. */
    bool (*visit)(void *context, const char *path, const pleura_error *fault);
    void *context;
} cli_visitor;

/* Calls the visitor for each file: those given, those in folders given, and with "-" those listed
 * on standard input, one a line. False if the visitor stopped it. */
bool cli_inputs_walk(const cli_options *options, const cli_visitor *visitor);

/* ---- output.c ---- */

typedef struct cli_output {
    FILE *file;
    const char *name;
    bool failed; /* said once */
} cli_output;

bool cli_output_open(cli_output *output, const cli_options *options);
bool cli_output_line(cli_output *output, const char *text, size_t length); /* and flushes */
/* A line with somebody else's words in it, which must not steer the terminal. */
bool cli_output_words(cli_output *output, const char *text, size_t length);
bool cli_output_bytes(cli_output *output, const void *data, size_t size);
bool cli_output_close(cli_output *output); /* false if anything of it was not written */

/* Floats as raw little-endian bytes. */
bool cli_output_floats(cli_output *output, const float *values, size_t count);

/* ---- resume.c ---- */

typedef struct cli_done_name {
    char *text;  /* as JSON writes it; NULL: an empty place */
    size_t rows; /* a list may name a file twice */
} cli_done_name;

/* The rows that an earlier run has written. */
typedef struct cli_done {
    cli_done_name *names; /* by their hash; `room` is a power of two */
    size_t room, count;
    size_t answered, failed;
} cli_done;

/* Reads the rows of an output file and cuts off a last line that was not finished. False after saying
 * what is wrong: rows of another model (by its SHA-256), or a file that is something else. */
bool cli_done_read(cli_done *done, const char *path, const char *sha256);
bool cli_done_take(cli_done *done, const char *path); /* was there a row left for this file? */
void cli_done_free(cli_done *done);

/* ---- model.c ---- */

/* Loads --model, or the model of this installation, and applies --profile. NULL after saying what is
 * wrong. */
pleura_model *cli_model_open(const cli_options *options);

/* The model's file, once more. False after saying what is wrong. */
bool cli_model_bytes(const cli_options *options, pleura_file *onnx);

/* The path of a file in the model's folder; false if it has none of this name. */
bool cli_model_beside(const cli_options *options, const char *name, char *path, size_t size);

/* ---- table.c ---- */

/* A CSV file whose first row names its columns. */
typedef struct cli_table {
    size_t columns, rows; /* rows: without the first */
    char **cells;
    size_t cell_count;
    char *text;
} cli_table;

/* False after saying what is wrong with the file, or with the bytes of a file of that name. */
bool cli_table_read(cli_table *table, const char *path);
bool cli_table_parse(cli_table *table, const char *path, const void *bytes, size_t size);
size_t cli_table_column(const cli_table *table, const char *name); /* `columns` if there is none */
const char *cli_table_cell(const cli_table *table, size_t row, size_t column); /* or "" */
void cli_table_free(cli_table *table);

/* ---- labelled.c ---- */

/* The images that --labels lists, with --where, --by and --folder. */
typedef struct cli_labelled {
    const cli_options *options;
    bool embedding; /* wanted */
    cli_table table;
    size_t path, labels, patient, group, where; /* columns; past the last: not there */
    const char *wanted;                         /* what the column `where` must hold */
    size_t files, failed;
} cli_labelled;

typedef struct cli_labelled_row {
    const pleura_result *result; /* NULL: it failed, and that was said */
    const char *labels, *patient, *group;
} cli_labelled_row;

typedef struct cli_labelled_visitor {
    pleura_code (*visit)(void *context, const cli_labelled_row *row, pleura_error *error);
    void *context;
} cli_labelled_visitor;

/* False after saying what is wrong. */
bool cli_labelled_open(cli_labelled *list, const cli_options *options);
bool cli_labelled_walk(cli_labelled *list, pleura_model *model,
                       const cli_labelled_visitor *visitor);
void cli_labelled_close(cli_labelled *list);

/* ---- people.c: rows to look at ---- */

void cli_people_head(cli_output *output, const pleura_model *model, const cli_options *options);
bool cli_people_row(cli_output *output, const pleura_model *model, const char *path,
                    const pleura_result *result, const pleura_error *fault);

/* ---- dicom.c ---- */

/* The result as DICOM files in --dicom-out, sr-UID.dcm and heatmap-UID.dcm. */
pleura_code cli_dicom_write(const cli_options *options, const pleura_model *model,
                            const pleura_file *film, const pleura_result *result,
                            pleura_error *error);

/* ---- the commands ---- */

int cli_classify(const cli_options *options);
int cli_evaluate(const cli_options *options);
int cli_info(const cli_options *options);
int cli_inspect(const cli_options *options);
int cli_learn(const cli_options *options);
int cli_tensor(const cli_options *options);
int cli_run(const cli_options *options);

#endif
