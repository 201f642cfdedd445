#define _POSIX_C_SOURCE 200809L
#include "cli.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

typedef struct name_list {
    char **items;
    size_t count, room;
} name_list;

static void names_free(name_list *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->items[i]);
    free(names->items);
}

static bool names_add(name_list *names, const char *name)
{
    if (names->count == names->room) {
        size_t room = names->room ? 2 * names->room : 64;
        char **items = realloc(names->items, room * sizeof *items);
        if (!items)
            return false;
        names->items = items;
        names->room = room;
    }
    char *copy = strdup(name);
    if (copy)
        names->items[names->count++] = copy;
    return copy != NULL;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool visit_fault(const cli_visitor *visitor, const char *path, const char *why)
{
    pleura_error fault = {.code = PLEURA_ERROR_FILE};
    snprintf(fault.message, sizeof fault.message, "The folder cannot be read: %s.", why);
    return visitor->visit(visitor->context, path, &fault);
}

/* DICOM files are named by numbers with points in them, so that what follows the last is no kind. */
static bool is_uid(const char *name)
{
    return name[strspn(name, "0123456789.")] == '\0';
}

/* In a folder only what may be an image is taken; a file named on the command line always is. */
static bool image_name(const char *name)
{
    const char *dot = strrchr(name, '.');
    if (strcasecmp(name, "DICOMDIR") == 0)
        return false;
    return !dot || is_uid(name) || strcasecmp(dot, ".dcm") == 0 || strcasecmp(dot, ".dicom") == 0 ||
           strcasecmp(dot, ".dic") == 0 || strcasecmp(dot, ".ima") == 0 ||
           strcasecmp(dot, ".jpg") == 0 || strcasecmp(dot, ".jpeg") == 0 ||
           strcasecmp(dot, ".png") == 0;
}

/* What is hidden stays so. */
static bool list_folder(const char *path, name_list *names)
{
    DIR *folder = opendir(path);
    if (!folder)
        return false;
    bool good = true;
    const struct dirent *entry;
    for (errno = 0; good && (entry = readdir(folder)) != NULL; errno = 0)
        if (entry->d_name[0] != '.')
            good = names_add(names, entry->d_name);
    good = good && errno == 0;
    int reason = errno ? errno : ENOMEM;
    closedir(folder);
    errno = reason;
    if (names->count)
        qsort(names->items, names->count, sizeof *names->items, by_bytes);
    return good;
}

static bool walk_folder(const char *path, const cli_visitor *visitor);

static bool walk_entry(const char *folder, const char *name, const cli_visitor *visitor)
{
    size_t size = strlen(folder) + strlen(name) + 2;
    char *path = malloc(size);
    if (!path)
        return visit_fault(visitor, folder, "out of memory");
    bool slash = folder[0] && folder[strlen(folder) - 1] == '/';
    snprintf(path, size, "%s%s%s", folder, slash ? "" : "/", name);
    struct stat link, file;
    bool go_on = true;
    /* Links to folders are not followed: they may lead in circles. */
    if (lstat(path, &link) == 0 && S_ISDIR(link.st_mode))
        go_on = walk_folder(path, visitor);
    else if (image_name(name) && (stat(path, &file) != 0 || S_ISREG(file.st_mode)))
        go_on = visitor->visit(visitor->context, path, NULL);
    free(path);
    return go_on;
}

static bool walk_folder(const char *path, const cli_visitor *visitor)
{
    name_list names = {0};
    bool go_on = list_folder(path, &names) || visit_fault(visitor, path, strerror(errno));
    for (size_t i = 0; go_on && i < names.count; i++)
        go_on = walk_entry(path, names.items[i], visitor);
    names_free(&names);
    return go_on;
}

static bool walk_path(const char *path, const cli_visitor *visitor)
{
    struct stat file;
    if (stat(path, &file) == 0 && S_ISDIR(file.st_mode))
        return walk_folder(path, visitor);
    return visitor->visit(visitor->context, path, NULL);
}

static bool walk_list(const cli_visitor *visitor)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    bool go_on = true;
    while (go_on && (length = getline(&line, &room, stdin)) >= 0) {
        while (length && (line[length - 1] == '\n' || line[length - 1] == '\r'))
            line[--length] = '\0';
        if (length)
            go_on = walk_path(line, visitor);
    }
    free(line);
    return go_on;
}

bool cli_inputs_walk(const cli_options *options, const cli_visitor *visitor)
{
    for (size_t i = 0; i < options->input_count; i++) {
        bool list = strcmp(options->inputs[i], "-") == 0;
        if (!(list ? walk_list(visitor) : walk_path(options->inputs[i], visitor)))
            return false;
    }
    return true;
}
