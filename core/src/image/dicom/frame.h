/* The first frame's stored samples, whatever their compression. */
#ifndef PLEURA_IMAGE_DICOM_FRAME_H
#define PLEURA_IMAGE_DICOM_FRAME_H

#include "file.h"

typedef struct pleura_dicom_frame {
    uint16_t *cells;     /* rows x columns x samples, pixel by pixel, with all allocated bits */
    bool decoded_to_rgb; /* a codec has undone the colour transform */
} pleura_dicom_frame;

/* Checks what the attributes say of the layout, and the limits, before anything is allocated. */
pleura_code pleura_dicom_check_layout(pleura_dicom_attributes *a, const pleura_limits *limits,
                                      pleura_error *error);

/* For attributes that passed. The cells are the caller's, to give back with pleura_free. */
pleura_code pleura_dicom_read_frame(const pleura_dicom_file *file, const pleura_dicom_attributes *a,
                                    pleura_dicom_frame *frame, pleura_error *error);

/* The first frame's bytes out of encapsulated pixel data: *owned is NULL if they lie in one piece. */
pleura_code pleura_dicom_gather(const pleura_dicom_attributes *a, const unsigned char **bytes,
                                size_t *size, unsigned char **owned, pleura_error *error);

/* What a frame is, by its first bytes: files are re-packed, and not always renamed. */
pleura_dicom_compression pleura_dicom_look_inside(const unsigned char *bytes, size_t size,
                                                  pleura_dicom_compression said);

/* RLE (PS3.5, annex G): `cells` are set to the samples of `a`'s layout. */
pleura_code pleura_dicom_unpack_rle(const unsigned char *bytes, size_t size,
                                    const pleura_dicom_attributes *a, uint16_t *cells,
                                    pleura_error *error);

#endif
