/* Labelled images in a CSV file, row by row: what `evaluate` and `learn` start from. */
#include "cli.h"

#include <stdlib.h>
#include <string.h>

/* Names that a column may have, the first that is there counts; then NULL. */
static const char *const path_names[] = {"path", "file", NULL};
static const char *const label_names[] = {"labels", "label", NULL};
static const char *const patient_names[] = {"patient", "patient_id", NULL};

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

static bool find_where(cli_labelled *list)
{
    const char *where = list->options->where, *equals = where ? strchr(where, '=') : NULL;
    char name[128];
    list->where = list->table.columns;
    if (!where)
        return true;
    if (!equals || (size_t)(equals - where) >= sizeof name) {
        cli_complain("--where takes COLUMN=VALUE; not '%s'.", where);
        return false;
    }
    snprintf(name, sizeof name, "%.*s", (int)(equals - where), where);
    list->wanted = equals + 1;
    return find_named(&list->table, name, &list->where);
}

static bool find_columns(cli_labelled *list)
{
    list->path = find_column(&list->table, path_names);
    list->labels = find_column(&list->table, label_names);
    list->patient = find_column(&list->table, patient_names);
    if (list->path == list->table.columns || list->labels == list->table.columns) {
        cli_complain("%s needs a column 'path' and a column 'labels'.", list->options->labels);
        return false;
    }
    return find_named(&list->table, list->options->by, &list->group) && find_where(list);
}

bool cli_labelled_open(cli_labelled *list, const cli_options *options)
{
    *list = (cli_labelled){.options = options};
    if (!cli_table_read(&list->table, options->labels))
        return false;
    if (find_columns(list))
        return true;
    cli_labelled_close(list);
    return false;
}

void cli_labelled_close(cli_labelled *list)
{
    cli_table_free(&list->table);
}

/* The image's path: from --folder, else from the folder of the table. */
static char *full_path(const cli_labelled *list, const char *path)
{
    const char *folder = list->options->folder, *table = list->options->labels;
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

static pleura_result *classify(const cli_labelled *list, pleura_model *model, const char *path,
                               pleura_error *error)
{
    pleura_result *result = NULL;
    pleura_classify_options use = {.has_threshold = list->options->has_threshold,
                                   .threshold = list->options->threshold,
                                   .embedding = list->embedding};
    pleura_classify_file(model, path, &use, &result, error);
    return result;
}

static bool visit_row(cli_labelled *list, pleura_model *model, size_t row,
                      const cli_labelled_visitor *visitor)
{
    const cli_table *table = &list->table;
    pleura_error fault = {0}, error = {0};
    char *path = full_path(list, cli_table_cell(table, row, list->path));
    if (!path) {
        cli_complain("out of memory.");
        return false;
    }
    pleura_result *result = classify(list, model, path, &fault);
    list->files++;
    if (!result) {
        list->failed++;
        cli_complain("%s: %s (%s)", path, fault.message, pleura_code_name(fault.code));
    }
    cli_labelled_row said = {.result = result,
                             .labels = cli_table_cell(table, row, list->labels),
                             .patient = cli_table_cell(table, row, list->patient),
                             .group = cli_table_cell(table, row, list->group)};
    pleura_code code = visitor->visit(visitor->context, &said, &error);
    pleura_result_free(result);
    free(path);
    if (code != PLEURA_OK)
        cli_complain("%s", error.message);
    return code == PLEURA_OK;
}

bool cli_labelled_walk(cli_labelled *list, pleura_model *model, const cli_labelled_visitor *visitor)
{
    for (size_t row = 0; row < list->table.rows; row++) {
        const char *value = cli_table_cell(&list->table, row, list->where);
        if ((!list->wanted || strcmp(value, list->wanted) == 0) &&
            !visit_row(list, model, row, visitor))
            return false;
    }
    return true;
}
