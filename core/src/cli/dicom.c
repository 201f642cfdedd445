/* Answers as DICOM files. */
#define _POSIX_C_SOURCE 200809L
#include "cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static pleura_code fail(pleura_error *error, const char *path)
{
    if (error->code == PLEURA_OK) {
        error->code = PLEURA_ERROR_FILE;
        snprintf(error->message, sizeof error->message, "%s cannot be written: %s.", path,
                 strerror(errno));
    }
    return error->code;
}

/* Under another name first: who stops us half-way leaves no half file that looks whole. */
static bool write_whole(const char *path, const char *part, const void *bytes, size_t size)
{
    FILE *file = fopen(part, "wb");
    if (!file)
        return false;
    bool written = fwrite(bytes, 1, size, file) == size;
    if (fclose(file) == 0 && written && rename(part, path) == 0)
        return true;
    remove(part);
    return false;
}

/* Named by the UID: names of films may name patients. */
static pleura_code write_file(const char *folder, const char *kind, const char *uid,
                              const void *bytes, size_t size, pleura_error *error)
{
    size_t room = strlen(folder) + strlen(kind) + strlen(uid) + 16;
    char *path = malloc(2 * room);
    if (!path)
        return fail(error, folder);
    char *part = path + room;
    snprintf(path, room, "%s/%s-%s.dcm", folder, kind, uid);
    snprintf(part, room, "%s.part", path);
    pleura_code code = write_whole(path, part, bytes, size) ? PLEURA_OK : fail(error, path);
    free(path);
    return code;
}

pleura_code cli_dicom_write(const cli_options *options, const pleura_model *model,
                            const pleura_file *film, const pleura_result *result,
                            pleura_error *error)
{
    char when[16] = "";
    time_t now = time(NULL);
    struct tm local;
    pleura_export_options use = {.when = when, .identity = options->identity};
    pleura_export *made;
    if (!localtime_r(&now, &local) || !strftime(when, sizeof when, "%Y%m%d%H%M%S", &local))
        return fail(error, options->dicom_out);
    if (mkdir(options->dicom_out, 0777) != 0 && errno != EEXIST)
        return fail(error, options->dicom_out);
    pleura_code code =
        pleura_export_create(model, film->bytes, film->size, result, &use, &made, error);
    if (code != PLEURA_OK)
        return code;
    size_t size;
    const void *bytes = pleura_export_heatmap(made, &size);
    if (bytes)
        code = write_file(options->dicom_out, "heatmap", pleura_export_heatmap_uid(made), bytes,
                          size, error);
    if (code == PLEURA_OK) {
        bytes = pleura_export_report(made, &size);
        code = write_file(options->dicom_out, "sr", pleura_export_report_uid(made), bytes, size,
                          error);
    }
    pleura_export_free(made);
    return code;
}
