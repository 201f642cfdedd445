/*
 * CSV as RFC 4180 has it: fields between commas, quoted where they hold commas, quotes or ends. Spreadsheets of countries
 * that write 0,5 put semicolons there, and others tabs.
 */
#include "cli.h"

#include <stdlib.h>
#include <string.h>

/* The text between quotes at *at, moved to `to`, and *at behind them; false if they do not close. */
static bool unquote(char **at, char *to)
{
    for (char *from = *at + 1; *from; *to++ = *from++)
        if (*from == '"' && *++from != '"') {
            *to = '\0';
            *at = from;
            return true;
        }
    return false;
}

/* Reads one field in place and moves *at behind it. *end is set to what ended it; a quote says that
 * one does not close, or that text follows one that did. */
static char *read_field(char **at, char separator, char *end)
{
    char *field = *at;
    bool quoted = *field == '"';
    *end = '"';
    if (quoted && !unquote(at, field))
        return field;
    const char stops[] = {separator, '\n', '\0'};
    char *stop = *at + strcspn(*at, stops);
    size_t rest = (size_t)(stop - *at);
    if (rest && *stop != separator && stop[-1] == '\r')
        rest--;
    if (!quoted || !rest)
        *end = *stop;
    if (!quoted)
        field[rest] = '\0';
    *at = stop + (*end != '\0');
    return field;
}

static bool keep_cell(cli_table *table, size_t *room, char *cell)
{
    if (table->cell_count == *room) {
        *room = *room ? 2 * *room : 1024;
        char **cells = realloc(table->cells, *room * sizeof *cells);
        if (!cells)
            return false;
        table->cells = cells;
    }
    table->cells[table->cell_count++] = cell;
    return true;
}

static bool refuse(const char *path, size_t row, const char *what)
{
    cli_complain("%s: row %zu %s.", path, row, what);
    return false;
}

/* A comma, unless the row of names has none, but one of the others. */
static char find_separator(const char *at)
{
    char found = ',';
    for (bool quoted = false; *at && (quoted || *at != '\n'); at++) {
        if (*at == '"')
            quoted = !quoted;
        else if (!quoted && *at == ',')
            return ',';
        else if (!quoted && found == ',' && (*at == ';' || *at == '\t'))
            found = *at;
    }
    return found;
}

/* All rows have as many cells as the first, which names the columns. */
static bool split(cli_table *table, const char *path, char *at)
{
    size_t room = 0, width = 0, row = 1;
    const char separator = find_separator(at);
    while (*at || width) { /* behind a last separator one cell is left */
        char end;
        if (!keep_cell(table, &room, read_field(&at, separator, &end)))
            return refuse(path, row, "does not fit into memory");
        if (end == '"')
            return refuse(path, row, "has a quote that is not closed, or text behind one that is");
        width++;
        if (end == separator)
            continue;
        if (row == 1)
            table->columns = width;
        else if (width == 1 && !table->cells[table->cell_count - 1][0])
            table->cell_count--; /* an empty line */
        else if (width != table->columns)
            return refuse(path, row, "has another number of cells than the first");
        width = 0;
        row++;
    }
    if (!table->columns)
        return refuse(path, 1, "is missing: it names the columns");
    table->rows = table->cell_count / table->columns - 1;
    return true;
}

bool cli_table_parse(cli_table *table, const char *path, const void *bytes, size_t size)
{
    *table = (cli_table){0};
    if (size && memchr(bytes, '\0', size)) {
        cli_complain("%s: it holds NUL bytes, so it is no CSV in UTF-8.", path);
        return false;
    }
    table->text = malloc(size + 1);
    if (!table->text) {
        cli_complain("%s: out of memory.", path);
        return false;
    }
    if (size)
        memcpy(table->text, bytes, size);
    table->text[size] = '\0';
    bool mark = size >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0;
    if (split(table, path, table->text + (mark ? 3 : 0)))
        return true;
    cli_table_free(table);
    return false;
}

bool cli_table_read(cli_table *table, const char *path)
{
    pleura_file file;
    pleura_error error = {0};
    *table = (cli_table){0};
    if (pleura_file_read(path, PLEURA_DEFAULT_MAX_BYTES, &file, &error) != PLEURA_OK) {
        cli_complain("%s: %s", path, error.message);
        return false;
    }
    bool read = cli_table_parse(table, path, file.bytes, file.size);
    pleura_file_free(&file);
    return read;
}

size_t cli_table_column(const cli_table *table, const char *name)
{
    size_t column = 0;
    while (column < table->columns && strcmp(table->cells[column], name) != 0)
        column++;
    return column;
}

const char *cli_table_cell(const cli_table *table, size_t row, size_t column)
{
    return column < table->columns ? table->cells[(row + 1) * table->columns + column] : "";
}

void cli_table_free(cli_table *table)
{
    free(table->text);
    free(table->cells);
    *table = (cli_table){0};
}
