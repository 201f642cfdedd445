#include "cli.h"

#include <string.h>

static const char help[] =
    "Pleura " PLEURA_VERSION
    ": classifies chest X-rays (DICOM, JPEG, PNG). Nothing leaves this machine.\n"
    "It is a research tool, not a medical device: nothing that it returns is a diagnosis.\n"
    "\n"
    "  pleura classify FILE...     classifies images; a folder stands for the images in it, and\n"
    "                              - for a list of paths on standard input, one a line\n"
    "  pleura evaluate --labels T.csv       compares answers with labels: AUC, rates, "
    "calibration,\n"
    "                              with 95 % intervals (columns path, labels; patient if known)\n"
    "  pleura learn --labels T.csv [--task adapt]  fits the model's end to your films, in numbers "
    "before\n"
    "                              and after; --out P.json keeps it as a profile\n"
    "  pleura info [M.onnx]        says what a model is\n"
    "  pleura inspect FILE...      says what was read from images, and how pixels became greys\n"
    "  pleura tensor FILE --output F.f32    writes the network's input for an image\n"
    "  pleura run F.f32 --output G.f32      runs the network alone\n"
    "                              (raw little-endian 32-bit floats, for comparisons)\n"
    "\n"
    "  --model M.onnx     the model; else PLEURA_MODEL, else the one that comes with Pleura\n"
    "  --profile P.json   the model with what was learnt; without it, it is as it was\n"
    "  --json             a line of JSON for each file (schema pleura.result/1)\n"
    "  --csv              a row of CSV for each file\n"
    "  --grey, --stored   inspect writes 16-bit greys, or a DICOM file's 32-bit stored values\n"
    "  --resume           with --json and --output: goes on where an earlier run was stopped\n"
    "  --threshold T      0 to 1, in place of the model's\n"
    "  --heatmap          with --json: where the evidence lies, if the model ends in pooling and "
    "a\n"
    "                     linear layer\n"
    "  --dicom-out DIR    classify: each answer as DICOM files too, an SR and its heatmap, in "
    "DIR;\n"
    "                     without the patient's name and the like, unless --identity is given\n"
    "  --threads N        threads for one image (1)\n"
    "  --folder DIR       evaluate: where the table's paths start (else beside the table)\n"
    "  --where COLUMN=VALUE, --by COLUMN    evaluate: only these rows; rates for each value too\n"
    "  --prevalence P     evaluate: share of ill films at which calibration is told\n"
    "  --draws N          evaluate: bootstrap samples of patients (2000)\n"
    "  --task calibrate|adapt     learn: temperature, shift and threshold; or a new last layer\n"
    "  --out P.json, --onnx M.onnx    learn: writes the profile; the model with it as a new file\n"
    "  --classes A,B,... --finding A  learn: labels of your own, and which the threshold is about\n"
    "  --sensitivity S    learn: the highest threshold that reaches it (else, with --prevalence, "
    "the\n"
    "                     one that errs least there)\n"
    "  --accept-no-better learn: writes what is no better than before, too\n"
    "  --reference R.bin, --write-reference R.bin    learn: films that must not be\n"
    "                     forgotten (else reference.bin beside the model, if it is there)\n"
    "  --folds N, --c C, --from-zero, --temperature-only    learn: see docs/learn.md\n"
    "  --output FILE      in place of standard output\n"
    "\n"
    "Exit status: 0 every file was answered, 1 some file failed (its row says why),\n"
    "2 wrong usage, 3 the model cannot be loaded or the output cannot be written, 4 nothing was "
    "learnt:\n"
    "too few films, or no better than before.\n";

static int print(const char *text)
{
    cli_output output;
    cli_options none = {0};
    cli_output_open(&output, &none);
    cli_output_bytes(&output, text, strlen(text));
    return cli_output_close(&output) ? EXIT_ANSWERED : EXIT_BROKEN;
}

static bool wants(int argc, char **argv, const char *flag)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], flag) == 0)
            return true;
    return false;
}

static int dispatch(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*command)(const cli_options *);
    } commands[] = {
        {"classify", cli_classify}, {"evaluate", cli_evaluate}, {"info", cli_info},
        {"inspect", cli_inspect},   {"learn", cli_learn},       {"tensor", cli_tensor},
        {"run", cli_run},
    };
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(argv[1], commands[i].name) != 0)
            continue;
        cli_options options = {.command = argv[1]};
        bool good = cli_options_read(&options, argc - 2, argv + 2);
        int status = good ? commands[i].command(&options) : EXIT_USAGE;
        cli_options_free(&options);
        return status;
    }
    cli_complain("there is no command '%s'; see pleura --help.", argv[1]);
    return EXIT_USAGE;
}

int main(int argc, char **argv)
{
    if (wants(argc, argv, "--help") || wants(argc, argv, "-h"))
        return print(help);
    if (wants(argc, argv, "--version"))
        return print("pleura " PLEURA_VERSION "\n");
    if (argc < 2) {
        fputs(help, stderr);
        return EXIT_USAGE;
    }
    return dispatch(argc, argv);
}
