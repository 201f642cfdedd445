/* What was read from an image file, as a line of JSON (docs/result-schema.md). */
#include "json.h"
#include "pleura/pleura.h"

static void add_integer(pleura_json *json, const char *key, int64_t value)
{
    pleura_json_key(json, key);
    pleura_json_integer(json, value);
}

static void add_number(pleura_json *json, const char *key, double value)
{
    pleura_json_key(json, key);
    pleura_json_number(json, value, 7);
}

/* What the file does not say is null. */
static void add_text(pleura_json *json, const char *key, const char *value)
{
    pleura_json_key(json, key);
    pleura_json_text(json, value && value[0] ? value : NULL);
}

static void add_tones(pleura_json *json, const pleura_dicom_info *dicom)
{
    add_integer(json, "lowest", dicom->lowest);
    add_integer(json, "highest", dicom->highest);
    add_number(json, "black", dicom->black);
    add_number(json, "white", dicom->white);
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
    add_number(json, "age_years", dicom->age_years);
    add_text(json, "photometric", dicom->photometric);
    add_integer(json, "rows", dicom->rows);
    add_integer(json, "columns", dicom->columns);
    add_integer(json, "frames", dicom->frames);
    add_integer(json, "samples", dicom->samples);
    add_integer(json, "bits_allocated", dicom->bits_allocated);
    add_integer(json, "bits_stored", dicom->bits_stored);
    add_integer(json, "high_bit", dicom->high_bit);
    pleura_json_key(json, "signed");
    pleura_json_bool(json, dicom->is_signed);
    add_number(json, "pixel_aspect", dicom->pixel_aspect);
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
    pleura_json_key(&json, "schema");
    pleura_json_text(&json, "pleura.image/1");
    pleura_json_key(&json, "file");
    pleura_json_text(&json, file);
    add_text(&json, "format", info.format);
    add_integer(&json, "width", info.width);
    add_integer(&json, "height", info.height);
    add_integer(&json, "bits", info.bits);
    add_integer(&json, "channels", info.channels);
    add_number(&json, "chroma", (double)info.chroma);
    add_dicom(&json, info.dicom);
    pleura_json_close(&json, '}');
    return pleura_json_end(&json);
}
