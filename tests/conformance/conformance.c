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

#include "graph/functions.h"

#include <dirent.h>
#include <stdbool.h>
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
    {"other integers than those of 8", "type"},
    {"casts to text", "type"},
    {"is in training mode", "training"},
    {"an output that is not supported", "output"},
    {"nothing makes the output", "output"},
    {"empty dimension", "empty"},
    {"dimensions; at most 6", "rank"},
    {"slides over a tensor", "rank"},
    {"block_size", "blocks"},
    {"sequences that grow at their end", "sequences"},
    {"tensor 'node[0]' has 0 elements of data", "sequences"}, /* the case's own output */
    {"a graph of 0 nodes", "sequences"},               /* which a split alone leaves */
    /* no message but a case: means that count what ceil_mode adds behind the padding, which neither
     * PyTorch nor ONNX Runtime does */
    {"test_averagepool_3d_dilations_large_count_include_pad_is_1_ceil_mode_is_True", "disputed"},
    /* and casts to bfloat16 that cut off what ONNX says, and ONNX Runtime does, is rounded */
    {"test_cast_FLOAT_to_BFLOAT16", "disputed"},
    {"test_castlike_FLOAT_to_BFLOAT16", "disputed"},
    {"test_castlike_FLOAT_to_BFLOAT16_expanded", "disputed"},
    /* and products that leave the 8 bits, which ONNX says saturate, and these cases let wrap around */
    {"test_qlinearmatmul_2D_int8_float16", "disputed"},
    {"test_qlinearmatmul_2D_int8_float32", "disputed"},
    {"test_qlinearmatmul_3D_int8_float16", "disputed"},
    {"test_qlinearmatmul_3D_int8_float32", "disputed"},
};

/* Why a case is out of scope; NULL if it is not. */
static const char *rule_of(const char *name, const case_result *result)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (result->outcome == CASE_REFUSED
                ? strstr(result->message, rules[i].says) != NULL
                : result->outcome == CASE_FAILED && strcmp(name, rules[i].says) == 0)
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

/* ---- Counting by operator ---- */

enum { RUN, RUN_WITH_CONSTANTS, FOLDED, WAYS };

typedef struct row {
    char name[80];
    size_t passed[WAYS], outside[sizeof rules / sizeof *rules];
} row;

static row *rows;
static size_t row_count;

static row *row_of(const char *name)
{
    for (size_t i = 0; i < row_count; i++)
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    rows = realloc(rows, (row_count + 1) * sizeof *rows);
    row *made = &rows[row_count++];
    memset(made, 0, sizeof *made);
    snprintf(made->name, sizeof made->name, "%s", name);
    return made;
}

/* "ONNX: operator ai.onnx.ml::Binarizer 'name' ...": the second word after the colon. */
static void operator_in(const char *message, char *name, size_t size)
{
    const char *begin = strstr(message, "operator ");
    size_t length = begin ? strcspn(begin + 9, " ") : 0;
    snprintf(name, size, "%.*s", (int)length, begin ? begin + 9 : "");
}

static size_t rule_index(const char *rule)
{
    size_t i = 0;
    while (strcmp(rules[i].rule, rule) != 0)
        i++;
    return i;
}

static void count_case(const case_result *result, const char *rule)
{
    char name[80];
    snprintf(name, sizeof name, "%s",
             strchr(result->operators, '+') || !*result->operators ? "several nodes"
                                                                   : result->operators);
    if (rule && strcmp(rule, "operator") == 0)
        operator_in(result->message, name, sizeof name);
    row *r = row_of(name);
    if (rule)
        r->outside[rule_index(rule)]++;
    else
        r->passed[strcmp(result->how, "run") == 0      ? RUN
                  : strcmp(result->how, "folded") == 0 ? FOLDED
                                                       : RUN_WITH_CONSTANTS]++;
}

/* ---- docs/operators.md ---- */

static int by_row_name(const void *a, const void *b)
{
    return strcmp(((const row *)a)->name, ((const row *)b)->name);
}

static bool is_claimed(const row *r)
{
    return r->outside[rule_index("operator")] == 0;
}

static void print_claimed(void)
{
    puts("| operator | run | run with constants | folded | out of scope |\n|---|---|---|---|---|");
    for (size_t i = 0; i < row_count; i++) {
        const row *r = &rows[i];
        const char *comma = "";
        if (!is_claimed(r))
            continue;
        printf("| %s | %zu | %zu | %zu | ", r->name, r->passed[RUN], r->passed[RUN_WITH_CONSTANTS],
               r->passed[FOLDED]);
        for (size_t k = 0; k < sizeof rules / sizeof *rules; k++)
            if (r->outside[k]) {
                printf("%s%zu: %s", comma, r->outside[k], rules[k].rule);
                comma = ", ";
            }
        puts(" |");
    }
}

static void print_others(void)
{
    const char *comma = "";
    for (size_t i = 0; i < row_count; i++)
        if (!is_claimed(&rows[i])) {
            printf("%s%s %zu", comma, rows[i].name, rows[i].outside[rule_index("operator")]);
            comma = ", ";
        }
    puts(".");
}

/* Those that are written with others, as far as no case has shown them. */
static void print_unshown(void)
{
    const char *comma = "";
    for (size_t i = 0; i < pleura_function_count; i++) {
        bool shown = false;
        for (size_t k = 0; k < row_count; k++)
            shown = shown || strcmp(rows[k].name, pleura_functions[i].name) == 0;
        if (!shown)
            printf("%s%s", comma, pleura_functions[i].name);
        comma = shown ? comma : ", ";
    }
    puts(".");
}

static void print_table(size_t passed, size_t outside)
{
    printf(
        "# Operators\n\n"
        "<!-- Made by tests/conformance/table.sh, from a run; a test fails when it is out of date. "
        "-->"
        "\n\n"
        "ONNX files of operator sets 3 to 24 are read. Below are the ONNX project's own backend "
        "tests\n"
        "(Debian's libonnx-testdata 1.17.0: node, pytorch-converted, pytorch-operator and simple), "
        "all\n"
        "%zu of them: **%zu pass, %zu are out of scope by a rule, none fails**, natively and in "
        "both\n"
        "WebAssembly tiers, within ONNX's own tolerance (relative 1e-3, absolute 1e-7).\n\n"
        "Every case that passes is also evaluated at load, with all its inputs as constants. How "
        "it is\n"
        "run besides: *run*: all inputs of real numbers are given at run time; *run with "
        "constants*:\n"
        "the first of them only, since the operator takes the others as constants; *folded*: at "
        "load\n"
        "alone, as its inputs are integers (shapes and the arithmetic on them), or as the operator "
        "is\n"
        "supported only where constants and shapes decide its output.\n\n"
        "The rules for what is out of scope, each a refusal of the engine with its sentence:\n"
        "*operator*: not claimed. *operator set*: older than 3 or newer than 24. *type*: text,\n"
        "complex numbers, sequences, optionals, 4- and 8-bit floats, 4-bit integers. *integers*:\n"
        "arithmetic that needs real numbers.\n"
        "*training*: a mode for training. *output*: a second output that is not computed. *empty*: "
        "a\n"
        "tensor without elements. *rank*: more than 6 dimensions, or a window over more than 3.\n"
        "*sequences*: of tensors, other than such as grow at their end and are concatenated, or that a\n"
        "tensor is split into.\n"
        "*blocks*: a scale for each block of an axis. *disputed*, no refusal, but another answer: "
        "a mean\n"
        "that counts padding should count what ceil_mode adds behind it, too, says a case of ONNX "
        "1.17;\n"
        "PyTorch and ONNX Runtime do not count it, nor do we; four of QLinearMatMul let a product "
        "that\n"
        "leaves the 8 bits wrap around, which ONNX's own text saturates; and three casts to "
        "bfloat16 cut\n"
        "off what its text, and ONNX Runtime, round to the nearest.\n\n",
        passed + outside, passed, outside);
    print_claimed();
    printf(
        "\nOperators that are read, but for which there are no cases, most of them ONNX Runtime's "
        "own\n(com.microsoft, where QuantizeLinear, DequantizeLinear and Gelu are read, too): ");
    print_unshown();
    printf("\nOperators that are not claimed, with their cases: ");
    print_others();
}

static void print_case(const char *name, const case_result *result, const char *rule)
{
    bool passed = result->outcome == CASE_PASSED;
    printf("%s\t%s\t%s\t%s\n",
           passed ? "pass"
           : rule ? "outside"
                  : "FAIL",
           name, result->operators,
           passed ? result->how
           : rule ? rule
                  : result->message);
}

int main(int argc, char **argv)
{
    size_t passed = 0, outside = 0, failed = 0;
    bool table = argc > 1 && strcmp(argv[1], "--table") == 0;
    for (int i = 1 + table; i < argc; i++) {
        size_t count;
        char **names = list_folder(argv[i], &count);
        for (size_t k = 0; k < count; k++) {
            case_result result = run_case(argv[i], names[k]);
            const char *rule = rule_of(names[k], &result);
            bool fails = result.outcome != CASE_PASSED && !rule;
            passed += result.outcome == CASE_PASSED;
            outside += rule != NULL;
            failed += fails;
            if (!fails)
                count_case(&result, rule);
            if (!table)
                print_case(names[k], &result, rule);
            free(names[k]);
        }
        free(names);
    }
    if (table && row_count) {
        qsort(rows, row_count, sizeof *rows, by_row_name);
        print_table(passed, outside);
    }
    free(rows);
    fprintf(stderr, "%zu passed, %zu out of scope, %zu failed\n", passed, outside, failed);
    return failed != 0 || passed == 0;
}
