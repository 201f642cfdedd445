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

/* --model, or the model of this installation; NULL after saying that there is none. */
static const char *find_path(const cli_options *options, char *place, size_t size)
{
    const char *path = options->model ? options->model : default_path(place, size);
    if (!path)
        cli_complain("no model: give one with --model M.onnx, or name it in PLEURA_MODEL (" MODEL
                     " is not beside this program).");
    return path;
}

bool cli_model_beside(const cli_options *options, const char *name, char *path, size_t size)
{
    char place[5000];
    const char *model = options->model ? options->model : default_path(place, sizeof place);
    const char *slash = model ? strrchr(model, '/') : NULL;
    int folder = slash ? (int)(slash - model) + 1 : 0;
    int length = model ? snprintf(path, size, "%.*s%s", folder, model, name) : -1;
    return length > 0 && (size_t)length < size && access(path, R_OK) == 0;
}

static bool apply_profile(pleura_model *model, const char *path)
{
    pleura_file json;
    pleura_error error = {0};
    pleura_profile *profile = NULL;
    pleura_code code = pleura_file_read(path, PLEURA_PROFILE_MAX_BYTES, &json, &error);
    if (code == PLEURA_OK)
        code = pleura_profile_read(json.bytes, json.size, &profile, &error);
    if (code == PLEURA_OK)
        code = pleura_model_apply(model, profile, &error);
    pleura_profile_free(profile);
    pleura_file_free(&json);
    if (code != PLEURA_OK)
        cli_complain("the profile %s cannot be used (%s): %s", path, pleura_code_name(code),
                     error.message);
    return code == PLEURA_OK;
}

pleura_model *cli_model_open(const cli_options *options)
{
    char place[8192];
    const char *path = find_path(options, place, sizeof place);
    if (!path)
        return NULL;
    pleura_error error = {0};
    pleura_model *model = NULL;
    pleura_model_options use = {.threads = options->threads};
    if (pleura_model_load_file(path, &use, &model, &error) != PLEURA_OK)
        cli_complain("the model %s cannot be used (%s): %s", path, pleura_code_name(error.code),
                     error.message);
    if (model && options->profile && !apply_profile(model, options->profile)) {
        pleura_model_free(model);
        return NULL;
    }
    return model;
}

bool cli_model_bytes(const cli_options *options, pleura_file *onnx)
{
    char place[8192];
    pleura_error error = {0};
    const char *path = find_path(options, place, sizeof place);
    if (!path || pleura_file_read(path, PLEURA_MAX_MODEL_BYTES, onnx, &error) == PLEURA_OK)
        return path;
    cli_complain("%s: %s", path, error.message);
    return false;
}
