/* Colour pixels to red, green and blue of 16 bits. */
#ifndef PLEURA_IMAGE_DICOM_COLOUR_H
#define PLEURA_IMAGE_DICOM_COLOUR_H

#include "frame.h"

/* In place; for images of three samples. */
void pleura_dicom_to_rgb(const pleura_dicom_attributes *a, pleura_dicom_frame *frame);

/* For PALETTE COLOR: three times as many cells, in `rgb`. */
pleura_code pleura_dicom_from_palette(const pleura_dicom_attributes *a, const uint16_t *cells,
                                      uint16_t *rgb, pleura_error *error);

#endif
