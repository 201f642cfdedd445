/* CSV as RFC 4180 has it: fields between commas, quoted where they hold commas, quotes or ends. */
#include "cli.h"

#include <stdlib.h>
#include <string.h>

/* Reads one field in place and moves *at behind it; *end is set to what ended it. */
static char *read_field(char **at, char *end)
{
    char *from = *at, *to = *at, *field = *at;
    bool quoted = *from == '"';
    from += quoted;
    while (*from) {
        if (quoted && *from == '"') {
            if (from[1] != '"') {
                quoted = false;
                from++;
                continue;
            }
            from++;
        } else if (!quoted && (*from == ',' || *from == '\n')) {
            break;
        }
        *to++ = *from++;
    }
    *end = *from;
    *at = from + (*from != '\0');
    if (to > field && *end != ',' && to[-1] == '\r')
        to--;
    *to = '\0';
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

/* All rows have as many cells as the first, which names the columns. */
static bool split(cli_table *table, const char *path, char *at)
{
    size_t room = 0, width = 0, row = 1;
    while (*at || width) { /* behind a last comma one cell is left */
        char end;
        if (!keep_cell(table, &room, read_field(&at, &end)))
            return refuse(path, row, "does not fit into memory");
        width++;
        if (end == ',')
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

bool cli_table_read(cli_table *table, const char *path)
{
    cli_bytes bytes;
    pleura_error error = {0};
    *table = (cli_table){0};
    if (cli_bytes_read(path, PLEURA_DEFAULT_MAX_BYTES, &bytes, &error) != PLEURA_OK) {
        cli_complain("%s: %s", path, error.message);
        return false;
    }
    table->text = malloc(bytes.size + 1);
    if (table->text) {
        memcpy(table->text, bytes.data ? bytes.data : (unsigned char *)"", bytes.size);
        table->text[bytes.size] = '\0';
    } else {
        cli_complain("%s: out of memory.", path);
    }
    bool mark = bytes.size >= 3 && memcmp(bytes.data, "\xEF\xBB\xBF", 3) == 0;
    cli_bytes_free(&bytes);
    if (table->text && split(table, path, table->text + (mark ? 3 : 0)))
        return true;
    cli_table_free(table);
    return false;
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
