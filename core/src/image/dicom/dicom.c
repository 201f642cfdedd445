#include "dicom.h"

#include "../../error.h"
#include "../../memory.h"
#include "../image.h"
#include "../resize.h"
#include "colour.h"
#include "file.h"
#include "frame.h"
#include "tones.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static bool is_palette(const pleura_dicom_attributes *a)
{
    return strcmp(a->photometric, "PALETTE COLOR") == 0;
}

/* ---- Cells to an image ---- */

static pleura_code from_grey(const pleura_dicom_frame *frame, pleura_dicom_record *record,
                             pleura_image *image, pleura_error *error)
{
    size_t count = (size_t)image->info.width * image->info.height;
    pleura_dicom_tones tones;
    pleura_code code =
        pleura_dicom_make_tones(&record->attributes, frame->cells, count, &tones, error);
    if (code != PLEURA_OK)
        return code;
    for (size_t i = 0; i < count; i++)
        image->samples[i] = tones.table[frame->cells[i]];
    pleura_free(tones.table);
    record->info.lowest = tones.lowest;
    record->info.highest = tones.highest;
    record->info.black = tones.black;
    record->info.white = tones.white;
    snprintf(record->mapping, sizeof record->mapping, "%s", tones.words);
    image->info.channels = 1;
    return PLEURA_OK;
}

static pleura_code from_palette(const pleura_dicom_frame *frame, pleura_dicom_record *record,
                                pleura_image *image, pleura_error *error)
{
    size_t size = (size_t)image->info.width * image->info.height * 3 * sizeof(uint16_t);
    uint16_t *rgb = pleura_alloc(size);
    if (!rgb)
        return pleura_fail_memory(error, size, "the colours");
    pleura_code code = pleura_dicom_from_palette(&record->attributes, frame->cells, rgb, error);
    image->info.channels = 3;
    if (code == PLEURA_OK)
        pleura_grey_from_16(image, rgb);
    pleura_free(rgb);
    snprintf(record->mapping, sizeof record->mapping, "palette to colour to luma");
    return code;
}

static pleura_code from_colour(pleura_dicom_frame *frame, pleura_dicom_record *record,
                               pleura_image *image)
{
    pleura_dicom_to_rgb(&record->attributes, frame);
    image->info.channels = 3;
    pleura_grey_from_16(image, frame->cells);
    snprintf(record->mapping, sizeof record->mapping, "%s to luma", record->attributes.photometric);
    return PLEURA_OK;
}

static pleura_code fill(pleura_dicom_frame *frame, pleura_dicom_record *record, pleura_image *image,
                        pleura_error *error)
{
    if (record->attributes.samples == 3)
        return from_colour(frame, record, image);
    if (is_palette(&record->attributes))
        return from_palette(frame, record, image, error);
    return from_grey(frame, record, image, error);
}

/* ---- Pixels that are not square ---- */

/* The picture with square pixels, enlarged along one axis; false if it is square as it is. */
static bool square_size(const pleura_dicom_attributes *a, uint32_t *width, uint32_t *height)
{
    double w = a->columns, h = a->rows;
    if (a->aspect > 1)
        h *= a->aspect;
    else
        w /= a->aspect;
    *width = (uint32_t)fmin(w + 0.5, UINT32_MAX);
    *height = (uint32_t)fmin(h + 0.5, UINT32_MAX);
    /* Spacings are measured, and differ in their last digit. */
    return fabs(a->aspect - 1) > 0.005;
}

static pleura_code make_square(const pleura_dicom_attributes *a, const pleura_limits *limits,
                               pleura_image **image, pleura_error *error)
{
    uint32_t width, height;
    if (!square_size(a, &width, &height))
        return PLEURA_OK;
    pleura_code code = pleura_check_size("DICOM with square pixels", width, height, limits, error);
    if (code != PLEURA_OK)
        return code;
    size_t count = (size_t)width * height;
    pleura_image *made = pleura_image_new(width, height);
    float *values = pleura_alloc(count * sizeof *values);
    if (!made || !values) {
        code = pleura_fail_memory(error, count * sizeof *values, "square pixels");
    } else {
        const pleura_grey_view from = pleura_grey_view_of(*image);
        const pleura_plane to = {values, width, height, width};
        code = pleura_resize(&from, &to, error);
    }
    if (code == PLEURA_OK) {
        // NOLINTBEGIN(clang-analyzer-core.NullDereference): without either, there is a fault
        for (size_t i = 0; i < count; i++)
            made->samples[i] = (uint16_t)(values[i] * 65535.0f + 0.5f);
        made->info = (*image)->info;
        // NOLINTEND(clang-analyzer-core.NullDereference)
        made->info.width = width;
        made->info.height = height;
        pleura_image_free(*image);
        *image = made;
    } else {
        pleura_image_free(made);
    }
    pleura_free(values);
    return code;
}

/* ---- The description ---- */

static void describe(const pleura_dicom_file *file, pleura_dicom_record *record)
{
    const pleura_dicom_attributes *a = &record->attributes;
    pleura_dicom_info *info = &record->info;
    info->transfer_syntax = file->guessed ? "" : file->syntax->uid;
    info->encoding = file->syntax->name;
    info->modality = a->modality;
    info->body_part = a->body_part;
    info->view_position = a->view_position;
    info->patient_orientation = a->patient_orientation;
    info->photometric = a->photometric;
    info->age_years = a->age_years;
    info->rows = a->rows;
    info->columns = a->columns;
    info->frames = a->frames;
    info->samples = a->samples;
    info->bits_allocated = a->bits_allocated;
    info->bits_stored = a->bits_stored;
    info->high_bit = a->high_bit;
    info->is_signed = a->is_signed;
    info->pixel_aspect = a->aspect;
    info->mapping = record->mapping;
}

/* ---- A file ---- */

static pleura_code no_pixels(const pleura_dicom_attributes *a, pleura_error *error)
{
    return pleura_fail(error, PLEURA_ERROR_UNSUPPORTED_IMAGE,
                       a->other_pixels
                           ? "DICOM: pixels that are floating-point numbers are not read%s%s%s."
                           : "DICOM: there is no image in it%s%s%s.",
                       a->modality[0] ? " (modality " : "", a->modality, a->modality[0] ? ")" : "");
}

/* The attributes, checked, and the stored samples. */
static pleura_code read_file(const pleura_dicom_file *file, const pleura_limits *limits,
                             pleura_dicom_attributes *a, pleura_dicom_frame *frame,
                             pleura_error *error)
{
    *a = (pleura_dicom_attributes){0};
    pleura_code code =
        pleura_dicom_read_attributes(file->bytes, file->size, file->encoding, a, error);
    if (code == PLEURA_OK && !a->pixels.value)
        code = no_pixels(a, error);
    if (code == PLEURA_OK)
        code = pleura_dicom_check_layout(a, limits, error);
    if (code == PLEURA_OK)
        code = pleura_dicom_read_frame(file, a, frame, error);
    return code;
}

static pleura_code make_image(const pleura_dicom_file *file, pleura_dicom_record *record,
                              pleura_dicom_frame *frame, const pleura_limits *limits,
                              pleura_image **image, pleura_error *error)
{
    const pleura_dicom_attributes *a = &record->attributes;
    pleura_image *made = pleura_image_new(a->columns, a->rows);
    if (!made)
        return pleura_fail_memory(error, (size_t)a->columns * a->rows * 2, "the image");
    made->info.format = "DICOM";
    made->info.bits = a->bits_stored;
    made->info.channels = a->samples;
    describe(file, record);
    pleura_code code = fill(frame, record, made, error);
    if (code == PLEURA_OK)
        code = make_square(a, limits, &made, error);
    if (code != PLEURA_OK) {
        pleura_image_free(made);
        return code;
    }
    made->dicom = record;
    made->info.dicom = &record->info;
    *image = made;
    return PLEURA_OK;
}

pleura_code pleura_dicom_decode(const unsigned char *bytes, size_t size,
                                const pleura_limits *limits, pleura_image **image,
                                pleura_error *error)
{
    pleura_dicom_file file;
    pleura_dicom_frame frame = {0};
    pleura_dicom_record *record = pleura_alloc_zero(1, sizeof *record);
    if (!record)
        return pleura_fail_memory(error, sizeof *record, "the attributes");
    pleura_code code = pleura_dicom_open(bytes, size, limits, &file, error);
    if (code == PLEURA_OK)
        code = read_file(&file, limits, &record->attributes, &frame, error);
    if (code == PLEURA_OK)
        code = make_image(&file, record, &frame, limits, image, error);
    pleura_free(frame.cells);
    pleura_dicom_close(&file);
    if (code != PLEURA_OK)
        pleura_free(record);
    return code;
}

pleura_code pleura_dicom_stored(const void *bytes, size_t size, const pleura_limits *limits,
                                int32_t *values, size_t count, pleura_error *error)
{
    if (!bytes || !values)
        return pleura_fail(error, PLEURA_ERROR_ARGUMENT,
                           "pleura_dicom_stored: `bytes` or `values` is NULL.");
    pleura_limits used = pleura_limits_resolve(limits);
    pleura_dicom_attributes a;
    pleura_dicom_frame frame = {0};
    pleura_dicom_file file;
    pleura_code code = pleura_dicom_open(bytes, size, &used, &file, error);
    if (code == PLEURA_OK)
        code = read_file(&file, &used, &a, &frame, error);
    if (code == PLEURA_OK && count != (size_t)a.rows * a.columns * a.samples)
        code = pleura_fail(error, PLEURA_ERROR_SHAPE,
                           "DICOM: %u x %u x %u stored values, and room for %zu.", (unsigned)a.rows,
                           (unsigned)a.columns, (unsigned)a.samples, count);
    for (size_t i = 0; code == PLEURA_OK && i < count; i++)
        values[i] = pleura_dicom_stored_value(&a, frame.cells[i]);
    pleura_free(frame.cells);
    pleura_dicom_close(&file);
    return code;
}
