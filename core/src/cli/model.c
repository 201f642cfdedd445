#define _POSIX_C_SOURCE 200809L
#include "cli.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MODEL "models/child-pneumonia/model.onnx"

/* The folder of this program, without the slash; false where the system does not tell. */
static bool own_folder(char *folder, size_t size)
{
    ssize_t length = readlink("/proc/self/exe", folder, size - 1);
    if (length <= 0)
        return false;
    folder[length] = '\0';
    char *slash = strrchr(folder, '/');
    if (slash)
        *slash = '\0';
    return slash != NULL;
}

/* In the source tree beside build/native/, or installed beside bin/. */
static const char *default_path(char *path, size_t size)
{
    static const char *const places[] = {"../..", "../share/pleura"};
    char folder[4096];
    const char *named = getenv("PLEURA_MODEL");
    if (named && *named)
        return named;
    if (!own_folder(folder, sizeof folder))
        return NULL;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        int length = snprintf(path, size, "%s/%s/" MODEL, folder, places[i]);
        if (length > 0 && (size_t)length < size && access(path, R_OK) == 0)
            return path;
    }
    return NULL;
}

pleura_model *cli_model_open(const cli_options *options)
{
    char place[8192];
    const char *path = options->model ? options->model : default_path(place, sizeof place);
    if (!path) {
        cli_complain("no model: give one with --model M.onnx, or name it in PLEURA_MODEL (" MODEL
                     " is not beside this program).");
        return NULL;
    }
    cli_bytes onnx;
    pleura_error error = {0};
    pleura_model *model = NULL;
    pleura_model_options use = {.threads = options->threads, .bytes_may_change = true};
    if (cli_bytes_read(path, PLEURA_MAX_MODEL_BYTES, &onnx, &error) == PLEURA_OK)
        pleura_model_load(onnx.data, onnx.size, &use, &model, &error);
    cli_bytes_free(&onnx);
    if (!model)
        cli_complain("the model %s cannot be used (%s): %s", path, pleura_code_name(error.code),
                     error.message);
    return model;
}
