#include "cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static pleura_code fail(pleura_error *error, pleura_code code, const char *sentence,
                        const char *detail)
{
    if (error->code == PLEURA_OK) {
        error->code = code;
        snprintf(error->message, sizeof error->message, "%s%s.", sentence, detail);
    }
    return code;
}

/* Room for at least one byte more. */
static bool grow(cli_bytes *bytes, size_t *room)
{
    size_t more = *room ? *room * 2 : 1 << 18;
    unsigned char *data = realloc(bytes->data, more);
    if (!data)
        return false;
    bytes->data = data;
    *room = more;
    return true;
}

/* Reads to the end without asking for the size first: pipes have none. */
static pleura_code read_all(FILE *file, size_t limit, cli_bytes *bytes, pleura_error *error)
{
    size_t room = 0;
    for (;;) {
        if (bytes->size == room && !grow(bytes, &room))
            return fail(error, PLEURA_ERROR_MEMORY, "Out of memory for the file", "");
        size_t count = fread(bytes->data + bytes->size, 1, room - bytes->size, file);
        bytes->size += count;
        if (bytes->size > limit)
            break;
        if (feof(file) || ferror(file) || !count)
            return ferror(file) ? fail(error, PLEURA_ERROR_FILE,
                                       "The file cannot be read: ", strerror(errno))
                                : PLEURA_OK;
    }
    char detail[64];
    snprintf(detail, sizeof detail, "%zu bytes, the most that is read", limit);
    return fail(error, PLEURA_ERROR_TOO_LARGE, "The file has more than ", detail);
}

pleura_code cli_bytes_read(const char *path, size_t limit, cli_bytes *bytes, pleura_error *error)
{
    *bytes = (cli_bytes){0};
    FILE *file = fopen(path, "rb");
    if (!file)
        return fail(error, PLEURA_ERROR_FILE, "The file cannot be opened: ", strerror(errno));
    setvbuf(file, NULL, _IONBF, 0);
    pleura_code code = read_all(file, limit, bytes, error);
    fclose(file);
    if (code != PLEURA_OK)
        cli_bytes_free(bytes);
    return code;
}

void cli_bytes_free(cli_bytes *bytes)
{
    free(bytes->data);
    *bytes = (cli_bytes){0};
}
