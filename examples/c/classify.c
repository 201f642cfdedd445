/* classify MODEL.onnx FILM: one film's answer, as the line of JSON that `pleura classify` prints. */
#include <pleura/pleura.h>
#include <stdio.h>

static unsigned char bytes[PLEURA_DEFAULT_MAX_BYTES];
static char line[65536];

static size_t read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    return file ? fread(bytes, 1, sizeof bytes, file) : 0; /* no bytes: the library says so */
}

int main(int argc, char **argv)
{
    pleura_error error = {.message = "usage: classify MODEL.onnx FILM"};
    pleura_model *model = NULL;
    pleura_result *result = NULL;
    if (argc == 3)
        pleura_model_load(bytes, read_file(argv[1]), NULL, &model, &error);
    if (model)
        pleura_classify(model, bytes, read_file(argv[2]), NULL, &result, &error);
    if (result)
        pleura_report_json(model, argv[2], result, NULL, line, sizeof line);
    fprintf(result ? stdout : stderr, "%s\n", result ? line : error.message);
    pleura_result_free(result);
    pleura_model_free(model);
    return *line ? 0 : 1;
}
