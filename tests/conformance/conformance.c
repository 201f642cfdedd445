/*
 * The ONNX project's own backend tests: models of mostly one node, with inputs and outputs. Each case
 * ends as passed, out of scope by one of a few rules (the engine refuses it, and says why), or failed.
 *
 *   conformance FOLDER...            one line a case; status 1 if any failed
 *   conformance --table FOLDER...    docs/operators.md
 *
 * FOLDER holds the cases: folders with model.onnx and test_data_set_N/{input,output}_N.pb.
 */
#define _POSIX_C_SOURCE 200809L /* strdup, readdir */
#include "cases.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Why a case may be out of scope: what the engine's refusal says, and the rule behind it. */
static const struct {
    const char *says, *rule;
} rules[] = {
    {"is not supported; supported are", "operator"},
    {"holds a graph of its own", "operator"},
    {"operator set", "operator set"},
    {"element type", "type"},
    {"is no tensor of numbers", "type"},
    {"does not compute with integers", "integers"},
    {"other integers than 8-bit ones", "type"},
    {"is in training mode", "training"},
    {"an output that is not supported", "output"},
    {"nothing makes the output", "output"},
    {"empty dimension", "empty"},
    {"dimensions; at most 6", "rank"},
    {"slides over a tensor", "rank"},
    {"block_size", "blocks"},
};

static const char *rule_of(const char *message)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (strstr(message, rules[i].says))
            return rules[i].rule;
    return NULL;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static char **list_folder(const char *folder, size_t *count)
{
    DIR *directory = opendir(folder);
    char **names = NULL;
    *count = 0;
    for (struct dirent *entry; directory && (entry = readdir(directory));) {
        if (strncmp(entry->d_name, "test_", 5) != 0)
            continue;
        names = realloc(names, (*count + 1) * sizeof *names);
        names[(*count)++] = strdup(entry->d_name);
    }
    if (directory)
        closedir(directory);
    if (*count)
        qsort(names, *count, sizeof *names, by_name);
    return names;
}

int main(int argc, char **argv)
{
    size_t passed = 0, outside = 0, failed = 0;
    for (int i = 1; i < argc; i++) {
        size_t count;
        char **names = list_folder(argv[i], &count);
        for (size_t k = 0; k < count; k++) {
            case_result result = run_case(argv[i], names[k]);
            const char *rule = result.outcome == CASE_REFUSED ? rule_of(result.message) : NULL;
            if (result.outcome == CASE_PASSED) {
                passed++;
                printf("pass\t%s\t%s\t%s\n", names[k], result.operators, result.how);
            } else if (rule) {
                outside++;
                printf("outside\t%s\t%s\t%s\n", names[k], result.operators, rule);
            } else {
                failed++;
                printf("FAIL\t%s\t%s\t%s\n", names[k], result.operators, result.message);
            }
            free(names[k]);
        }
        free(names);
    }
    fprintf(stderr, "%zu passed, %zu out of scope, %zu failed\n", passed, outside, failed);
    return failed != 0 || passed == 0;
}
