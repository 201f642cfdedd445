/*
 * Any bytes as a DICOM file. Beyond the image: the stored values are as many as the description
 * says and keep to the bits that it names, and none of them is outside the range that it tells.
 */
#include "check.h"

static void check_stored(const uint8_t *bytes, size_t size, const pleura_dicom_info *dicom)
{
    size_t count = (size_t)dicom->rows * dicom->columns * dicom->samples;
    int32_t *values = malloc((count + 1) * sizeof *values);
    CHECK(values);
    pleura_error error = {0};
    CHECK(pleura_dicom_stored(bytes, size, &check_limits, values, count, &error) == PLEURA_OK);
    CHECK(pleura_dicom_stored(bytes, size, &check_limits, values, count + 1, &error) ==
          PLEURA_ERROR_SHAPE);
    check_refusal(PLEURA_ERROR_SHAPE, &error);
    int32_t span = (int32_t)1 << dicom->bits_stored;
    for (size_t i = 0; i < count; i++)
        CHECK(dicom->is_signed ? values[i] >= -span / 2 && values[i] < span / 2
                               : values[i] >= 0 && values[i] < span);
    free(values);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    pleura_image *image = check_decode(bytes, size);
    pleura_image_info info = {0};
    if (image)
        pleura_image_get_info(image, &info);
    if (info.dicom)
        check_stored(bytes, size, info.dicom);
    check_done(image);
    return 0;
}
