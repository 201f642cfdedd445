/* classify MODEL.onnx FILM: one film's answer, as the line of JSON that `pleura classify` prints. */
#include <pleura/pleura.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    static char line[65536];
    pleura_error error = {.message = "usage: classify MODEL.onnx FILM"};
    pleura_model *model = NULL;
    pleura_result *result = NULL;
    if (argc == 3 && pleura_model_load_file(argv[1], NULL, &model, &error) == PLEURA_OK &&
        pleura_classify_file(model, argv[2], NULL, &result, &error) == PLEURA_OK)
        pleura_report_json(model, argv[2], result, NULL, line, sizeof line);
    fprintf(result ? stdout : stderr, "%s\n", result ? line : error.message);
    pleura_result_free(result);
    pleura_model_free(model);
    return *line ? 0 : 1;
}
