/* What an earlier run has written already: its rows are read, its unfinished last line is cut off. */
#define _POSIX_C_SOURCE 200809L
#include "cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char start[] = "{\"schema\":\"pleura.result/1\",\"file\":\"";
#define START (sizeof start - 1)

/* The name in a row as JSON writes it, between its quotes; false where the row begins otherwise. */
static bool name_length(const char *row, size_t length, size_t *name)
{
    if (length < START || memcmp(row, start, START) != 0)
        return false;
    size_t end = START;
    while (end < length && row[end] != '"')
        end += row[end] == '\\' ? 2 : 1;
    *name = end - START;
    return end < length;
}

static size_t hash(const char *name, size_t length)
{
    size_t sum = 1469598103u; /* FNV-1a */
    for (size_t i = 0; i < length; i++)
        sum = (sum ^ (unsigned char)name[i]) * 16777619u;
    return sum;
}

/* Where a name is, or where it would be: there is always an empty place. */
static cli_done_name *place(const cli_done *done, const char *name, size_t length)
{
    size_t at = hash(name, length) & (done->room - 1);
    while (done->names[at].text && (strlen(done->names[at].text) != length ||
                                    memcmp(done->names[at].text, name, length) != 0))
        at = (at + 1) & (done->room - 1);
    return &done->names[at];
}

static bool grow(cli_done *done)
{
    cli_done larger = *done;
    larger.room = done->room ? 2 * done->room : 1024;
    larger.names = calloc(larger.room, sizeof *larger.names);
    if (!larger.names)
        return false;
    for (size_t i = 0; i < done->room; i++)
        if (done->names[i].text)
            *place(&larger, done->names[i].text, strlen(done->names[i].text)) = done->names[i];
    free(done->names);
    *done = larger;
    return true;
}

static bool add(cli_done *done, const char *name, size_t length)
{
    if (2 * done->count >= done->room && !grow(done))
        return false;
    cli_done_name *at = place(done, name, length);
    if (!at->text) {
        at->text = strndup(name, length);
        if (!at->text)
            return false;
        done->count++;
    }
    at->rows++;
    return true;
}

static bool refuse(const char *path, size_t line, const char *why)
{
    cli_complain("line %zu of %s %s; nothing was changed.", line, path, why);
    return false;
}

/* One whole row, without its end. */
static bool take_row(cli_done *done, const char *path, size_t line, const char *row, size_t length,
                     const char *sha256)
{
    static const char failed[] = "\",\"outcome\":null,";
    size_t name;
    if (!name_length(row, length, &name))
        return refuse(path, line, "is no answer of pleura classify --json");
    if (!strstr(row + START + name, sha256))
        return refuse(path, line, "was answered by another model");
    if (!add(done, row + START, name)) {
        cli_complain("out of memory.");
        return false;
    }
    if (strncmp(row + START + name, failed, sizeof failed - 1) == 0)
        done->failed++;
    else
        done->answered++;
    return true;
}

/* A line without an end is what was being written when the earlier run was killed. */
static bool take_rest(const char *path, size_t line, const char *rest, size_t length, long whole)
{
    if (memcmp(rest, start, length < START ? length : START) != 0)
        return refuse(path, line, "is no answer of pleura classify --json");
    if (truncate(path, whole) == 0)
        return true;
    cli_complain("%s cannot be written: %s.", path, strerror(errno));
    return false;
}

static bool take_rows(cli_done *done, FILE *file, const char *path, const char *sha256)
{
    char *row = NULL;
    size_t room = 0, line = 1;
    ssize_t length;
    long whole = 0;
    bool good = true;
    while (good && (length = getline(&row, &room, file)) > 0) {
        if (row[length - 1] == '\n') {
            good = take_row(done, path, line++, row, (size_t)length - 1, sha256);
            whole += length;
        } else {
            good = take_rest(path, line, row, (size_t)length, whole);
        }
    }
    if (good && ferror(file)) {
        cli_complain("%s cannot be read: %s.", path, strerror(errno));
        good = false;
    }
    free(row);
    return good;
}

bool cli_done_read(cli_done *done, const char *path, const char *sha256)
{
    *done = (cli_done){0};
    FILE *file = fopen(path, "rb");
    if (!file && errno == ENOENT)
        return true; /* an earlier run that did not get so far */
    if (!file) {
        cli_complain("%s cannot be read: %s.", path, strerror(errno));
        return false;
    }
    bool good = take_rows(done, file, path, sha256);
    fclose(file);
    return good;
}

bool cli_done_take(cli_done *done, const char *path)
{
    char row[8192], *name = row;
    const pleura_error fault = {.code = PLEURA_ERROR_FILE};
    if (!done->count)
        return false;
    /* Written as a row would be, since that is what is compared. */
    size_t length = pleura_report_json(NULL, path, NULL, &fault, row, sizeof row);
    if (length >= sizeof row) {
        name = malloc(length + 1);
        if (!name)
            return false; /* a row twice is better than none */
        pleura_report_json(NULL, path, NULL, &fault, name, length + 1);
    }
    size_t of_name;
    bool found = name_length(name, length, &of_name);
    if (found) {
        cli_done_name *at = place(done, name + START, of_name);
        found = at->text && at->rows > 0;
        at->rows -= found;
    }
    if (name != row)
        free(name);
    return found;
}

void cli_done_free(cli_done *done)
{
    for (size_t i = 0; i < done->room; i++)
        free(done->names[i].text);
    free(done->names);
    *done = (cli_done){0};
}
