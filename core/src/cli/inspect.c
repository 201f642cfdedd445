/* What was read from a file, and how its pixels became greys. */
#include "cli.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void line(cli_output *output, const char *name, const char *value)
{
    char text[600];
    snprintf(text, sizeof text, "%-20s %s", name, value && value[0] ? value : "-");
    cli_output_words(output, text, strlen(text));
}

static void describe_dicom(cli_output *output, const pleura_dicom_info *d)
{
    char text[200];
    snprintf(text, sizeof text, "%s (%s)", d->encoding,
             d->transfer_syntax[0] ? d->transfer_syntax : "not named: told by content");
    line(output, "transfer syntax", text);
    line(output, "modality", d->modality);
    line(output, "body part", d->body_part);
    line(output, "view position", d->view_position);
    line(output, "patient orientation", d->patient_orientation);
    snprintf(text, sizeof text, isfinite(d->age_years) ? "%.4g years" : "-", d->age_years);
    line(output, "patient age", text);
    snprintf(text, sizeof text, "%u columns x %u rows, %u sample%s a pixel, %u frame%s%s",
             (unsigned)d->columns, (unsigned)d->rows, d->samples, d->samples == 1 ? "" : "s",
             (unsigned)d->frames, d->frames == 1 ? "" : "s",
             d->frames == 1 ? "" : ", of which the first is taken");
    line(output, "stored", text);
    snprintf(text, sizeof text, "%u of %u, up to bit %u, %s", d->bits_stored, d->bits_allocated,
             d->high_bit, d->is_signed ? "signed" : "unsigned");
    line(output, "bits", text);
    line(output, "photometric", d->photometric);
    snprintf(text, sizeof text, "%.6g (height / width)", d->pixel_aspect);
    line(output, "pixel aspect", text);
    if (d->white != d->black) {
        snprintf(text, sizeof text, "%d to %d stored; %.7g becomes 0, %.7g becomes 65535",
                 (int)d->lowest, (int)d->highest, d->black, d->white);
        line(output, "values", text);
    }
    line(output, "mapping", d->mapping);
}

static void describe(cli_output *output, const char *path, const pleura_image *image)
{
    char text[200];
    pleura_image_info info;
    pleura_image_get_info(image, &info);
    line(output, "file", path);
    line(output, "format", info.format);
    snprintf(text, sizeof text, "%u x %u pixels", (unsigned)info.width, (unsigned)info.height);
    line(output, "picture", text);
    snprintf(text, sizeof text, "%u bits, %u channel%s, chroma %.4f", info.bits, info.channels,
             info.channels == 1 ? "" : "s", (double)info.chroma);
    line(output, "samples", text);
    if (info.dicom)
        describe_dicom(output, info.dicom);
}

static bool describe_json(cli_output *output, const char *path, const pleura_image *image)
{
    size_t length = pleura_image_json(image, path, NULL, 0);
    char *text = malloc(length + 1);
    if (!text) {
        cli_complain("out of memory.");
        return false;
    }
    pleura_image_json(image, path, text, length + 1);
    bool written = cli_output_line(output, text, length);
    free(text);
    return written;
}

/* Little endian, whatever the machine. */
static bool write_number(cli_output *output, int32_t value, size_t size)
{
    unsigned char bytes[4];
    for (size_t b = 0; b < size; b++)
        bytes[b] = (unsigned char)((uint32_t)value >> (8 * b));
    return cli_output_bytes(output, bytes, size);
}

static bool write_greys(cli_output *output, const pleura_image *image)
{
    pleura_image_info info;
    pleura_image_get_info(image, &info);
    const uint16_t *samples = pleura_image_samples(image);
    bool good = true;
    for (size_t i = 0; good && i < (size_t)info.width * info.height; i++)
        good = write_number(output, samples[i], 2);
    return good;
}

static pleura_code write_stored(cli_output *output, const pleura_file *file,
                                const pleura_image *image, pleura_error *error)
{
    pleura_image_info info;
    pleura_image_get_info(image, &info);
    if (!info.dicom) {
        error->code = PLEURA_ERROR_FORMAT;
        snprintf(error->message, sizeof error->message,
                 "Stored values are read from DICOM files only; this is a %s.", info.format);
        return error->code;
    }
    size_t count = (size_t)info.dicom->rows * info.dicom->columns * info.dicom->samples;
    int32_t *values = malloc(count * sizeof *values);
    if (!values) {
        error->code = PLEURA_ERROR_MEMORY;
        snprintf(error->message, sizeof error->message, "Out of memory for the stored values.");
        return error->code;
    }
    pleura_code code = pleura_dicom_stored(file->bytes, file->size, NULL, values, count, error);
    for (size_t i = 0; code == PLEURA_OK && i < count; i++)
        if (!write_number(output, values[i], 4))
            break;
    free(values);
    return code;
}

static pleura_code inspect(const cli_options *options, const char *path, cli_output *output,
                           pleura_error *error)
{
    pleura_file file;
    pleura_image *image = NULL;
    pleura_code code = pleura_file_read(path, PLEURA_DEFAULT_MAX_BYTES, &file, error);
    if (code == PLEURA_OK)
        code = pleura_image_decode(file.bytes, file.size, NULL, &image, error);
    if (code == PLEURA_OK && options->pixels == PIXELS_STORED)
        code = write_stored(output, &file, image, error);
    else if (code == PLEURA_OK && options->pixels == PIXELS_GREY)
        write_greys(output, image);
    else if (code == PLEURA_OK && options->form == FORM_JSON)
        describe_json(output, path, image);
    else if (code == PLEURA_OK)
        describe(output, path, image);
    pleura_image_free(image);
    pleura_file_free(&file);
    return code;
}

int cli_inspect(const cli_options *options)
{
    if (!options->input_count || (options->pixels && options->input_count > 1)) {
        cli_complain("inspect needs a file; for pixels, exactly one.");
        return EXIT_USAGE;
    }
    cli_output output;
    if (!cli_output_open(&output, options))
        return EXIT_BROKEN;
    int status = EXIT_ANSWERED;
    for (size_t i = 0; i < options->input_count; i++) {
        pleura_error error = {0};
        if (inspect(options, options->inputs[i], &output, &error) == PLEURA_OK)
            continue;
        cli_complain("%s: %s (%s)", options->inputs[i], error.message,
                     pleura_code_name(error.code));
        status = EXIT_SOME_FAILED;
    }
    return cli_output_close(&output) ? status : EXIT_BROKEN;
}
