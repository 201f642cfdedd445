/* The steps by themselves, for oracles: an image to the network's input, an input to its output. */
#include "cli.h"

#include <stdlib.h>
#include <string.h>

static int say(const char *path, const pleura_error *error)
{
    cli_complain("%s: %s (%s)", path, error->message, pleura_code_name(error->code));
    return EXIT_SOME_FAILED;
}

static int write_floats(const cli_options *options, const float *values, size_t count)
{
    cli_output output;
    if (!cli_output_open(&output, options))
        return EXIT_BROKEN;
    cli_output_floats(&output, values, count);
    return cli_output_close(&output) ? EXIT_ANSWERED : EXIT_BROKEN;
}

static pleura_code read_tensor(const pleura_model *model, const char *path, float *tensor,
                               size_t count, pleura_error *error)
{
    pleura_file file;
    pleura_image *image = NULL;
    pleura_code code = pleura_file_read(path, PLEURA_DEFAULT_MAX_BYTES, &file, error);
    if (code == PLEURA_OK)
        code = pleura_image_decode(file.bytes, file.size, NULL, &image, error);
    if (code == PLEURA_OK)
        code = pleura_preprocess(model, image, tensor, count, error);
    pleura_image_free(image);
    pleura_file_free(&file);
    return code;
}

static pleura_code read_floats(const char *path, float *values, size_t count, pleura_error *error)
{
    pleura_file file;
    pleura_code code = pleura_file_read(path, 4 * count, &file, error);
    if (code == PLEURA_OK && file.size != 4 * count) {
        code = error->code = PLEURA_ERROR_SHAPE;
        snprintf(error->message, sizeof error->message,
                 "The tensor has %zu bytes; the model's input has %zu.", file.size, 4 * count);
    }
    for (size_t i = 0; code == PLEURA_OK && i < count; i++) {
        const unsigned char *b = file.bytes + 4 * i;
        uint32_t bits =
            (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
        memcpy(&values[i], &bits, sizeof bits);
    }
    pleura_file_free(&file);
    return code;
}

static bool one_input(const cli_options *options)
{
    if (options->input_count == 1 && options->output)
        return true;
    cli_complain("%s takes one file and --output F.f32.", options->command);
    return false;
}

int cli_tensor(const cli_options *options)
{
    if (!one_input(options))
        return EXIT_USAGE;
    pleura_model *model = cli_model_open(options);
    if (!model)
        return EXIT_BROKEN;
    pleura_error error = {0};
    size_t count = pleura_model_input_count(model);
    float *tensor = calloc(count, sizeof *tensor);
    int status = EXIT_BROKEN;
    if (!tensor)
        cli_complain("out of memory.");
    else if (read_tensor(model, options->inputs[0], tensor, count, &error) != PLEURA_OK)
        status = say(options->inputs[0], &error);
    else
        status = write_floats(options, tensor, count);
    free(tensor);
    pleura_model_free(model);
    return status;
}

int cli_run(const cli_options *options)
{
    if (!one_input(options))
        return EXIT_USAGE;
    pleura_model *model = cli_model_open(options);
    if (!model)
        return EXIT_BROKEN;
    pleura_error error = {0};
    size_t inputs = pleura_model_input_count(model), outputs = pleura_model_label_count(model);
    float *values = calloc(inputs + outputs, sizeof *values);
    int status = EXIT_BROKEN;
    if (!values)
        cli_complain("out of memory.");
    else if (read_floats(options->inputs[0], values, inputs, &error) != PLEURA_OK ||
             pleura_run(model, values, inputs, values + inputs, outputs, &error) != PLEURA_OK)
        status = say(options->inputs[0], &error);
    else
        status = write_floats(options, values + inputs, outputs);
    free(values);
    pleura_model_free(model);
    return status;
}
