#include "cli.h"

#include <errno.h>
#include <string.h>

bool cli_output_open(cli_output *output, const cli_options *options)
{
    *output = (cli_output){.file = stdout, .name = "standard output"};
    if (!options->output)
        return true;
    output->name = options->output;
    output->file = fopen(options->output, options->resume ? "ab" : "wb");
    if (!output->file)
        cli_complain("%s cannot be written: %s.", output->name, strerror(errno));
    return output->file != NULL;
}

static bool failed(cli_output *output)
{
    /* A reader that has gone (`| head`) has what it wanted. */
    if (!output->failed && errno != EPIPE)
        cli_complain("%s cannot be written: %s.", output->name, strerror(errno));
    output->failed = true;
    return false;
}

bool cli_output_bytes(cli_output *output, const void *data, size_t size)
{
    if (output->failed)
        return false;
    return fwrite(data, 1, size, output->file) == size || failed(output);
}

bool cli_output_line(cli_output *output, const char *text, size_t length)
{
    return cli_output_bytes(output, text, length) && cli_output_bytes(output, "\n", 1) &&
           (fflush(output->file) == 0 || failed(output));
}

bool cli_output_words(cli_output *output, const char *text, size_t length)
{
    bool written = true;
    for (size_t i = 0; written && i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        bool control = (byte < 32 && byte != '\t') || byte == 127;
        written = cli_output_bytes(output, control ? "?" : &text[i], 1);
    }
    return written && cli_output_line(output, "", 0);
}

bool cli_output_close(cli_output *output)
{
    /* A full disk may show only here. */
    if (output->file == stdout ? fflush(stdout) != 0 : fclose(output->file) != 0)
        failed(output);
    return !output->failed;
}

bool cli_output_floats(cli_output *output, const float *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        unsigned char little[4] = {(unsigned char)bits, (unsigned char)(bits >> 8),
                                   (unsigned char)(bits >> 16), (unsigned char)(bits >> 24)};
        if (!cli_output_bytes(output, little, sizeof little))
            return false;
    }
    return true;
}
