/* Films and models by their names; nothing else in the core opens a file. */
#include "error.h"
#include "memory.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define FIRST_ROOM ((size_t)1 << 18) /* most films fit into it, or into twice as much */

/* Room for at least one byte more. */
static pleura_code grow(pleura_file *file, size_t *room, pleura_error *error)
{
    size_t more = *room ? *room * 2 : FIRST_ROOM;
    unsigned char *bytes = pleura_realloc(file->bytes, more);
    if (!bytes)
        return pleura_fail_memory(error, more, "the file");
    file->bytes = bytes;
    *room = more;
    return PLEURA_OK;
}

/* Reads to the end without asking for the size first: pipes have none. */
static pleura_code read_all(FILE *from, size_t limit, pleura_file *file, pleura_error *error)
{
    size_t room = 0;
    for (;;) {
        if (file->size == room && grow(file, &room, error) != PLEURA_OK)
            return PLEURA_ERROR_MEMORY;
        size_t count = fread(file->bytes + file->size, 1, room - file->size, from);
        file->size += count;
        if (file->size > limit)
            return pleura_fail(error, PLEURA_ERROR_TOO_LARGE,
                               "The file has more than %zu bytes, the most that is read.", limit);
        if (ferror(from))
            return pleura_fail(error, PLEURA_ERROR_FILE, "The file cannot be read: %s.",
                               strerror(errno));
        if (feof(from) || !count)
            return PLEURA_OK;
    }
}

pleura_code pleura_file_read(const char *path, size_t limit, pleura_file *file, pleura_error *error)
{
    if (file)
        *file = (pleura_file){0};
    if (!path || !file)
        return pleura_fail(error, PLEURA_ERROR_ARGUMENT,
                           "pleura_file_read: `path` or `file` is NULL.");
    FILE *from = fopen(path, "rb");
    if (!from)
        return pleura_fail(error, PLEURA_ERROR_FILE, "The file cannot be opened: %s.",
                           strerror(errno));
    setvbuf(from, NULL, _IONBF, 0);
    pleura_code code = read_all(from, limit, file, error);
    fclose(from);
    if (code != PLEURA_OK)
        pleura_file_free(file);
    return code;
}

void pleura_file_free(pleura_file *file)
{
    if (!file)
        return;
    pleura_free(file->bytes);
    *file = (pleura_file){0};
}

pleura_code pleura_model_load_file(const char *path, const pleura_model_options *options,
                                   pleura_model **model, pleura_error *error)
{
    pleura_model_options used = options ? *options : (pleura_model_options){0};
    pleura_file file;
    if (model)
        *model = NULL;
    used.bytes_may_change = true;
    pleura_code code = pleura_file_read(path, PLEURA_MAX_MODEL_BYTES, &file, error);
    if (code == PLEURA_OK)
        code = pleura_model_load(file.bytes, file.size, &used, model, error);
    pleura_file_free(&file);
    return code;
}

pleura_code pleura_classify_file(pleura_model *model, const char *path,
                                 const pleura_classify_options *options, pleura_result **result,
                                 pleura_error *error)
{
    size_t limit = options ? options->limits.max_bytes : 0;
    pleura_file file;
    if (result)
        *result = NULL;
    pleura_code code =
        pleura_file_read(path, limit ? limit : PLEURA_DEFAULT_MAX_BYTES, &file, error);
    if (code == PLEURA_OK)
        code = pleura_classify(model, file.bytes, file.size, options, result, error);
    pleura_file_free(&file);
    return code;
}
