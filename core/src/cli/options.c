#include "cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool read_threshold(cli_options *options, const char *text)
{
    char *end;
    float value = strtof(text, &end);
    if (end == text || *end || !(value >= 0 && value <= 1)) {
        cli_complain("--threshold takes a number between 0 and 1, such as 0.5; not '%s'.", text);
        return false;
    }
    options->threshold = value;
    options->has_threshold = true;
    return true;
}

/* A whole number from 1 to `most`. */
static bool read_count(const char *name, const char *text, long most, unsigned *out)
{
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (end == text || *end || errno || value < 1 || value > most) {
        cli_complain("%s takes a number from 1 to %ld; not '%s'.", name, most, text);
        return false;
    }
    *out = (unsigned)value;
    return true;
}

/* A number above 0 and below `most`. */
static bool read_number(const char *name, const char *text, double most, double *out)
{
    char *end;
    *out = strtod(text, &end);
    if (end == text || *end || !(*out > 0 && *out < most)) {
        cli_complain("%s takes a number between 0 and %g, such as 0.5; not '%s'.", name, most,
                     text);
        return false;
    }
    return true;
}

/* Where an option that is a text goes; NULL for others. */
static const char **text_option(cli_options *options, const char *name)
{
    const struct {
        const char *name, **text;
    } texts[] = {
        {"--model", &options->model},
        {"--output", &options->output},
        {"--labels", &options->labels},
        {"--folder", &options->folder},
        {"--by", &options->by},
        {"--where", &options->where},
        {"--profile", &options->profile},
        {"--task", &options->task},
        {"--out", &options->out},
        {"--onnx", &options->onnx},
        {"--classes", &options->classes},
        {"--finding", &options->finding},
        {"--reference", &options->reference},
        {"--write-reference", &options->write_reference},
        {"--dicom-out", &options->dicom_out},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (strcmp(name, texts[i].name) == 0)
            return texts[i].text;
    return NULL;
}

/* The same of the options that are numbers; *good says whether the value is one. */
static bool read_numeric(cli_options *options, const char *name, const char *value, bool *good)
{
    if (strcmp(name, "--threshold") == 0)
        *good = read_threshold(options, value);
    else if (strcmp(name, "--prevalence") == 0)
        *good = read_number(name, value, 1, &options->prevalence);
    else if (strcmp(name, "--sensitivity") == 0)
        *good = read_number(name, value, 1, &options->sensitivity);
    else if (strcmp(name, "--c") == 0)
        *good = read_number(name, value, 1e12, &options->c);
    else if (strcmp(name, "--threads") == 0)
        *good = read_count(name, value, 256, &options->threads);
    else if (strcmp(name, "--draws") == 0)
        *good = read_count(name, value, 100000, &options->draws);
    else if (strcmp(name, "--folds") == 0)
        *good = read_count(name, value, PLEURA_LEARN_MAX_FOLDS, &options->folds);
    else
        return false;
    return true;
}

/* An option with a value: true if `name` is one; *good says whether the value is. */
static bool read_valued(cli_options *options, const char *name, const char *value, bool *good)
{
    static const char *const numeric[] = {"--threshold", "--prevalence", "--sensitivity", "--c",
                                          "--threads",   "--draws",      "--folds"};
    const char **text = text_option(options, name);
    bool known = text;
    for (size_t i = 0; i < sizeof numeric / sizeof numeric[0]; i++)
        known |= strcmp(name, numeric[i]) == 0;
    if (!known)
        return false;
    *good = value && *value;
    if (!*good)
        cli_complain("%s needs a value.", name);
    else if (text)
        *text = value;
    else
        read_numeric(options, name, value, good);
    return true;
}

static bool read_flag(cli_options *options, const char *name)
{
    if (strcmp(name, "--json") == 0)
        options->form = FORM_JSON;
    else if (strcmp(name, "--csv") == 0)
        options->form = FORM_CSV;
    else if (strcmp(name, "--heatmap") == 0)
        options->heatmap = true;
    else if (strcmp(name, "--identity") == 0)
        options->identity = true;
    else if (strcmp(name, "--resume") == 0)
        options->resume = true;
    else if (strcmp(name, "--grey") == 0)
        options->pixels = PIXELS_GREY;
    else if (strcmp(name, "--stored") == 0)
        options->pixels = PIXELS_STORED;
    else if (strcmp(name, "--accept-no-better") == 0)
        options->accept = true;
    else if (strcmp(name, "--temperature-only") == 0)
        options->temperature_only = true;
    else if (strcmp(name, "--from-zero") == 0)
        options->from_zero = true;
    else
        return false;
    return true;
}

/* One option, given as "--name value" or "--name=value"; *next may move over the value. */
static bool read_option(cli_options *options, int argc, char **argv, int *next)
{
    char name[24];
    const char *argument = argv[*next], *equals = strchr(argument, '=');
    size_t length = equals ? (size_t)(equals - argument) : strlen(argument);
    bool good = false;
    if (read_flag(options, argument))
        return true;
    snprintf(name, sizeof name, "%.*s", (int)(length < 100 ? length : 100), argument);
    const char *value = equals ? equals + 1 : *next + 1 < argc ? argv[*next + 1] : NULL;
    if (!read_valued(options, name, value, &good)) {
        cli_complain("there is no option '%s'; see pleura --help.", argument);
        return false;
    }
    if (!equals && value)
        ++*next;
    return good;
}

bool cli_options_read(cli_options *options, int argc, char **argv)
{
    bool only_inputs = false;
    options->inputs = calloc((size_t)argc + 1, sizeof *options->inputs);
    if (!options->inputs) {
        cli_complain("out of memory.");
        return false;
    }
    for (int i = 0; i < argc; i++) {
        bool option = !only_inputs && argv[i][0] == '-' && argv[i][1];
        if (option && strcmp(argv[i], "--") == 0)
            only_inputs = true;
        else if (!option)
            options->inputs[options->input_count++] = argv[i];
        else if (!read_option(options, argc, argv, &i))
            return false;
    }
    bool goes_on = strcmp(options->command, "classify") == 0 && options->form == FORM_JSON &&
                   options->output != NULL;
    if (options->resume && !goes_on)
        cli_complain("--resume is for classify with --json and --output FILE: it goes on in that "
                     "file.");
    return !options->resume || goes_on;
}

void cli_options_free(cli_options *options)
{
    free(options->inputs);
}
