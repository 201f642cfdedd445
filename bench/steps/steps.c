/*
 * Where a network's time goes: the least time of each of its steps over many runs. A step is short
 * enough to run undisturbed once in a while even on a busy machine, which a whole network is not.
 *   bench_steps MODEL.onnx [RUNS [THREADS]]
 */
#include "../../tests/read_file.h"
#include "clock.h"
#include "graph/graph.h"
#include "run/network.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pleura_code load(const char *path, unsigned threads, pleura_network **network,
                        pleura_error *error)
{
    size_t size = 0;
    void *bytes = read_file(path, &size);
    if (!bytes) {
        snprintf(error->message, sizeof error->message, "%s cannot be read.", path);
        return PLEURA_ERROR_ARGUMENT;
    }
    pleura_graph graph = {0};
    pleura_code code = pleura_onnx_read(bytes, size, &graph, error);
    if (code == PLEURA_OK)
        code = pleura_graph_require_image(&graph, error);
    if (code == PLEURA_OK)
        code = pleura_graph_infer(&graph, error);
    if (code == PLEURA_OK)
        code = pleura_graph_simplify(&graph, error);
    if (code == PLEURA_OK)
        code = pleura_network_create(&graph, threads, network, error);
    pleura_graph_free(&graph);
    free(bytes);
    return code;
}

/* The least time of each step; returns how many there are, or 0 if a run failed. */
static size_t measure(pleura_network *network, int runs, double **least, pleura_error *error)
{
    enum { WARMING = 3 }; /* browsers' engines compile hot code again */
    size_t count = 0;
    pleura_step_time step;
    for (const void *cursor = NULL; pleura_network_next_step(network, &cursor, &step);)
        count++;
    *least = malloc((count + 1) * sizeof **least);
    for (int run = 0; *least && run < WARMING + runs; run++) {
        pleura_network_profile(network);
        if (pleura_network_run(network, error) != PLEURA_OK)
            return 0;
        double *at = *least;
        for (const void *cursor = NULL; pleura_network_next_step(network, &cursor, &step); at++)
            if (run <= WARMING || step.ms < *at)
                *at = step.ms;
    }
    return *least ? count : 0;
}

static void print_steps(const pleura_network *network, const double *least)
{
    double sum = 0;
    size_t i = 0;
    pleura_step_time step;
    for (const void *cursor = NULL; pleura_network_next_step(network, &cursor, &step); i++) {
        printf("%9.3f ms  %-24s %7zu x %-5zu %s\n", least[i], step.kind, step.rows, step.width,
               step.node);
        sum += least[i];
    }
    printf("%9.3f ms  in %zu steps; %.2f MB of values\n", sum, i,
           (double)pleura_network_memory(network) / 1e6);
}

int main(int argc, char **argv)
{
    pleura_error error = {0};
    pleura_network *network = NULL;
    double *least = NULL;
    int runs = argc > 2 ? atoi(argv[2]) : 20;
    unsigned threads = argc > 3 ? (unsigned)atoi(argv[3]) : 1;
    if (argc < 2 || runs < 1 || threads < 1) {
        fputs("usage: bench_steps MODEL.onnx [RUNS [THREADS]]\n", stderr);
        return 2;
    }
    bool measured = load(argv[1], threads, &network, &error) == PLEURA_OK &&
                    measure(network, runs, &least, &error) > 0;
    if (measured)
        print_steps(network, least);
    else
        fprintf(stderr, "bench_steps: %s\n", error.message);
    free(least);
    pleura_network_free(network);
    return measured ? 0 : 1;
}
