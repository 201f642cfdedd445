/*
 * A model on raw numbers: run_model MODEL INPUTS OUTPUTS
 *
 * INPUTS holds one input after another, 32-bit floats in ONNX's order; OUTPUTS will hold the first
 * output of each. Built natively and for Node.
 */
#include "pleura/pleura.h"

#include "../read_file.h"

int main(int argc, char **argv)
{
    size_t size = 0, input_size = 0;
    void *onnx = argc == 4 ? read_file(argv[1], &size) : NULL;
    pleura_model *model = NULL;
    pleura_error error = {0};
    if (!onnx || pleura_model_load(onnx, size, NULL, &model, &error) != PLEURA_OK) {
        fprintf(stderr, "%s\n", onnx ? error.message : "usage: run_model MODEL INPUTS OUTPUTS");
        return 1;
    }
    free(onnx);
    float *inputs = read_file(argv[2], &input_size);
    size_t count = pleura_model_input_count(model), outputs = pleura_model_label_count(model);
    float *output = malloc(outputs * sizeof *output);
    FILE *to = fopen(argv[3], "wb");
    int status = !inputs || !output || !to;
    for (size_t i = 0; !status && (i + 1) * count * sizeof *inputs <= input_size; i++) {
        status = pleura_run(model, inputs + i * count, count, output, outputs, &error) != PLEURA_OK;
        if (!status)
            fwrite(output, sizeof *output, outputs, to);
    }
    if (to)
        fclose(to);
    if (status)
        fprintf(stderr, "%s\n", error.message);
    free(inputs);
    free(output);
    pleura_model_free(model);
    return status;
}
