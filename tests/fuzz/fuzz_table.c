/*
 * Any bytes as a table of labels. A refusal is one sentence; a table that is read has as many cells
 * as it says, and its cells, written again between quotes, are read as they were.
 */
#include "cli/cli.h"

#include "check.h"

#include <stdarg.h>
#include <string.h>

static unsigned complaints;

/* In place of the command line's. */
void cli_complain(const char *format, ...)
{
    char sentence[256];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    CHECK(length > 1 && length < (int)sizeof sentence && sentence[length - 1] == '.');
    CHECK(!strpbrk(sentence, "\r\n"));
    complaints++;
}

static char *put_cell(char *to, const char *cell)
{
    *to++ = '"';
    for (; *cell; *to++ = *cell++)
        if (*cell == '"')
            *to++ = '"';
    *to++ = '"';
    return to;
}

static void check_again(const cli_table *table, size_t size)
{
    /* Two quotes and a separator a cell, and each byte may be a quote. */
    char *text = malloc(2 * size + 3 * table->cell_count + 1), *to = text;
    cli_table again;
    CHECK(text);
    for (size_t i = 0; i < table->cell_count; i++) {
        to = put_cell(to, table->cells[i]);
        *to++ = (i + 1) % table->columns ? ',' : '\n';
    }
    CHECK(cli_table_parse(&again, "t", text, (size_t)(to - text)));
    /* An empty line of one column is no row, quoted or not. */
    CHECK(again.columns == table->columns && again.rows == table->rows);
    for (size_t i = 0; i < table->cell_count; i++)
        CHECK(strcmp(again.cells[i], table->cells[i]) == 0);
    cli_table_free(&again);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    cli_table table;
    complaints = 0;
    bool read = cli_table_parse(&table, "t", bytes, size);
    CHECK(complaints == !read);
    if (!read) {
        CHECK(!table.cells && !table.text);
        return 0;
    }
    CHECK(table.columns && table.cell_count == table.columns * (table.rows + 1));
    for (size_t row = 0; row < table.rows; row++)
        for (size_t column = 0; column <= table.columns; column++)
            CHECK(cli_table_cell(&table, row, column));
    CHECK(cli_table_column(&table, table.cells[0]) == 0);
    check_again(&table, size);
    cli_table_free(&table);
    return 0;
}
