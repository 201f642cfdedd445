#include "colour.h"

#include "../../error.h"
#include "tones.h"

#include <string.h>

static uint16_t clamped(double value)
{
    return (uint16_t)(value < 0 ? 0 : value > 65535 ? 65535 : value + 0.5);
}

/* ITU-R BT.601, as YBR_FULL says (PS3.3, C.7.6.3.1.2), with 32,768 as the zero of the colours. */
static void ybr_to_rgb(uint16_t *pixel)
{
    double y = pixel[0], cb = pixel[1] - 32896.0, cr = pixel[2] - 32896.0;
    pixel[0] = clamped(y + 1.402 * cr);
    pixel[1] = clamped(y - 0.344136 * cb - 0.714136 * cr);
    pixel[2] = clamped(y + 1.772 * cb);
}

void pleura_dicom_to_rgb(const pleura_dicom_attributes *a, pleura_dicom_frame *frame)
{
    size_t pixels = (size_t)a->rows * a->columns;
    double scale = 65535.0 / (double)((1u << a->bits_stored) - 1);
    bool ybr = strncmp(a->photometric, "YBR", 3) == 0 && !frame->decoded_to_rgb;
    pleura_dicom_attributes unsigned_samples = *a;
    unsigned_samples.is_signed = false;
    for (size_t i = 0; i < 3 * pixels; i++)
        frame->cells[i] =
            clamped(pleura_dicom_stored_value(&unsigned_samples, frame->cells[i]) * scale);
    for (size_t i = 0; ybr && i < pixels; i++)
        ybr_to_rgb(frame->cells + 3 * i);
}

static pleura_code check_palette(const pleura_dicom_attributes *a, pleura_error *error)
{
    static const char *const names[] = {"red palette", "green palette", "blue palette"};
    if (a->segmented_palette && !a->palette[0].data)
        return pleura_fail(error, PLEURA_ERROR_UNSUPPORTED_IMAGE,
                           "DICOM: a palette in segments is not read.");
    for (int i = 0; i < 3; i++) {
        if (!a->palette[i].data)
            return pleura_fail(error, PLEURA_ERROR_CORRUPT, "DICOM: PALETTE COLOR without a %s.",
                               names[i]);
        pleura_code code = pleura_dicom_check_lut(&a->palette[i], names[i], error);
        if (code != PLEURA_OK)
            return code;
    }
    return PLEURA_OK;
}

pleura_code pleura_dicom_from_palette(const pleura_dicom_attributes *a, const uint16_t *cells,
                                      uint16_t *rgb, pleura_error *error)
{
    pleura_code code = check_palette(a, error);
    if (code != PLEURA_OK)
        return code;
    size_t pixels = (size_t)a->rows * a->columns;
    for (size_t s = 0; s < 3; s++) {
        const pleura_dicom_lut *lut = &a->palette[s];
        int32_t first = a->is_signed ? (int16_t)lut->descriptor[1] : lut->descriptor[1];
        double scale = 65535.0 / pleura_dicom_lut_range(lut);
        for (size_t i = 0; i < pixels; i++)
            rgb[3 * i + s] = clamped(
                pleura_dicom_lut_entry(lut, first, pleura_dicom_stored_value(a, cells[i])) * scale);
    }
    return PLEURA_OK;
}
