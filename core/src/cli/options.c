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

static bool read_threads(cli_options *options, const char *text)
{
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (end == text || *end || errno || value < 1 || value > 256) {
        cli_complain("--threads takes a number from 1 to 256; not '%s'.", text);
        return false;
    }
    options->threads = (unsigned)value;
    return true;
}

/* An option with a value: true if `name` is one; *good says whether the value is. */
static bool read_valued(cli_options *options, const char *name, const char *value, bool *good)
{
    bool model = strcmp(name, "--model") == 0, output = strcmp(name, "--output") == 0;
    bool threshold = strcmp(name, "--threshold") == 0, threads = strcmp(name, "--threads") == 0;
    if (!model && !output && !threshold && !threads)
        return false;
    *good = true;
    if (!value || !*value) {
        cli_complain("%s needs a value.", name);
        *good = false;
    } else if (model) {
        options->model = value;
    } else if (output) {
        options->output = value;
    } else {
        *good = threshold ? read_threshold(options, value) : read_threads(options, value);
    }
    return true;
}

static bool read_flag(cli_options *options, const char *name)
{
    if (strcmp(name, "--json") == 0)
        options->form = FORM_JSON;
    else if (strcmp(name, "--csv") == 0)
        options->form = FORM_CSV;
    else
        return false;
    return true;
}

/* One option, given as "--name value" or "--name=value"; *next may move over the value. */
static bool read_option(cli_options *options, int argc, char **argv, int *next)
{
    char name[16];
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
    return true;
}

void cli_options_free(cli_options *options)
{
    free(options->inputs);
}
