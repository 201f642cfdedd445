/* What was read from an image file, as a line of JSON (docs/result-schema.md). */
#include "json.h"
#include "pleura/pleura.h"

#define DIGITS 7

/* What the file does not say is null. */
static void add_text(pleura_json *json, const char *key, const char *value)
{
    pleura_json_put_text(json, key, value && value[0] ? value : NULL);
}

static void add_tones(pleura_json *json, const pleura_dicom_info *dicom)
{
    pleura_json_put_integer(json, "lowest", dicom->lowest);
    pleura_json_put_integer(json, "highest", dicom->highest);
    pleura_json_put_number(json, "black", dicom->black, DIGITS);
    pleura_json_put_number(json, "white", dicom->white, DIGITS);
}

static void add_dicom(pleura_json *json, const pleura_dicom_info *dicom)
{
    pleura_json_key(json, "dicom");
    if (!dicom) {
        pleura_json_null(json);
        return;
    }
    pleura_json_open(json, '{');
    add_text(json, "transfer_syntax", dicom->transfer_syntax);
    add_text(json, "encoding", dicom->encoding);
    add_text(json, "modality", dicom->modality);
    add_text(json, "body_part", dicom->body_part);
    add_text(json, "view_position", dicom->view_position);
    add_text(json, "patient_orientation", dicom->patient_orientation);
    pleura_json_put_number(json, "age_years", dicom->age_years, DIGITS);
    add_text(json, "photometric", dicom->photometric);
    pleura_json_put_integer(json, "rows", dicom->rows);
    pleura_json_put_integer(json, "columns", dicom->columns);
    pleura_json_put_integer(json, "frames", dicom->frames);
    pleura_json_put_integer(json, "samples", dicom->samples);
    pleura_json_put_integer(json, "bits_allocated", dicom->bits_allocated);
    pleura_json_put_integer(json, "bits_stored", dicom->bits_stored);
    pleura_json_put_integer(json, "high_bit", dicom->high_bit);
    pleura_json_put_bool(json, "signed", dicom->is_signed);
    pleura_json_put_number(json, "pixel_aspect", dicom->pixel_aspect, DIGITS);
    if (dicom->white != dicom->black)
        add_tones(json, dicom);
    add_text(json, "mapping", dicom->mapping);
    pleura_json_close(json, '}');
}

size_t pleura_image_json(const pleura_image *image, const char *file, char *buffer, size_t capacity)
{
    pleura_image_info info;
    pleura_image_get_info(image, &info);
    pleura_json json = pleura_json_into(buffer, capacity);
    pleura_json_open(&json, '{');
    pleura_json_put_text(&json, "schema", "pleura.image/1");
    pleura_json_put_text(&json, "file", file);
    add_text(&json, "format", info.format);
    pleura_json_put_integer(&json, "width", info.width);
    pleura_json_put_integer(&json, "height", info.height);
    pleura_json_put_integer(&json, "bits", info.bits);
    pleura_json_put_integer(&json, "channels", info.channels);
    pleura_json_put_number(&json, "chroma", (double)info.chroma, DIGITS);
    add_dicom(&json, info.dicom);
    pleura_json_close(&json, '}');
    return pleura_json_end(&json);
}
