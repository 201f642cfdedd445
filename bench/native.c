/*
 * One engine process of the native benchmark: bench/bench.mjs asks it line by line, so that our runs
 * and a peer's alternate and share the machine's noise.
 *   native MODEL.onnx [THREADS]
 *   > output       one pass of the network on a fixed input: prints its outputs
 *   > run N        times N more: prints the milliseconds of each
 *   > file PATH    times the whole line for an image: prints decode, preprocess, network, total
 */
#include "pleura/pleura.h"
#include "../tests/read_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now_ms(void)
{
    struct timespec t;
    timespec_get(&t, TIME_UTC);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static int stop(const char *what, const pleura_error *error)
{
    fprintf(stderr, "bench: %s: %s\n", what, error->message);
    return 1;
}

static pleura_code time_file(pleura_model *model, const char *path, pleura_error *error)
{
    size_t size = 0;
    void *bytes = read_file(path, &size);
    pleura_result *result;
    pleura_code code = pleura_classify(model, bytes, size, NULL, &result, error);
    if (code == PLEURA_OK) {
        pleura_times times;
        pleura_result_times(result, &times);
        printf("%.4f %.4f %.4f %.4f\n", times.decode, times.preprocess, times.network, times.total);
    }
    pleura_result_free(result);
    free(bytes);
    return code;
}

typedef struct buffers {
    float *input, *output;
    size_t input_count, output_count;
} buffers;

static buffers make_buffers(const pleura_model *model)
{
    buffers made = {.input_count = pleura_model_input_count(model),
                    .output_count = pleura_model_label_count(model)};
    made.input = malloc(made.input_count * sizeof *made.input);
    made.output = malloc(made.output_count * sizeof *made.output);
    for (size_t i = 0; i < made.input_count; i++) /* the peers are given the same */
        made.input[i] = (float)((int)(i * 37 % 61) - 30) / 16;
    return made;
}

static pleura_code run_network(pleura_model *model, const buffers *with, const char *line,
                               pleura_error *error)
{
    bool timed = strncmp(line, "run ", 4) == 0;
    for (int passes = timed ? atoi(line + 4) : 1; passes > 0; passes--) {
        double start = now_ms();
        pleura_code code = pleura_run(model, with->input, with->input_count, with->output,
                                      with->output_count, error);
        if (code != PLEURA_OK)
            return code;
        if (timed)
            printf("%.4f%c", now_ms() - start, passes > 1 ? ' ' : '\n');
    }
    for (size_t i = 0; !timed && i < with->output_count; i++)
        printf("%.9g%c", (double)with->output[i], i + 1 < with->output_count ? ' ' : '\n');
    return PLEURA_OK;
}

int main(int argc, char **argv)
{
    pleura_error error = {0};
    pleura_model_options options = {.threads = argc > 2 ? (unsigned)atoi(argv[2]) : 1};
    pleura_model *model;
    size_t size = 0;
    void *onnx = argc > 1 ? read_file(argv[1], &size) : NULL;
    double start = now_ms();
    if (pleura_model_load(onnx, size, &options, &model, &error) != PLEURA_OK)
        return stop("model", &error);
    free(onnx);
    printf("%.4f\n", now_ms() - start); /* what loading took */
    fflush(stdout);

    buffers passes = make_buffers(model);
    char line[4096];
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "file ", 5) == 0) {
            if (time_file(model, line + 5, &error) != PLEURA_OK)
                return stop(line + 5, &error);
        } else if (run_network(model, &passes, line, &error) != PLEURA_OK) {
            return stop("run", &error);
        }
        fflush(stdout);
    }
    free(passes.input);
    free(passes.output);
    pleura_model_free(model);
    return 0;
}
