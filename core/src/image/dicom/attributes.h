/* What a DICOM data set says of its picture: the few attributes that are read. */
#ifndef PLEURA_IMAGE_DICOM_ATTRIBUTES_H
#define PLEURA_IMAGE_DICOM_ATTRIBUTES_H

#include "dataset.h"

/* A lookup table (PS3.3, C.11.1.1 and C.7.6.3.1.5), still in the file. */
typedef struct pleura_dicom_lut {
    const unsigned char *data; /* NULL: there is none */
    size_t length;
    uint16_t descriptor[3]; /* entries (0: 65,536), the first value mapped, bits of an entry */
    bool has_descriptor, big_endian;
} pleura_dicom_lut;

typedef enum pleura_dicom_voi {
    PLEURA_VOI_LINEAR,
    PLEURA_VOI_LINEAR_EXACT,
    PLEURA_VOI_SIGMOID
} pleura_dicom_voi;

typedef char pleura_dicom_text[68]; /* UI and CS values are 64 characters at most */

typedef struct pleura_dicom_attributes {
    pleura_dicom_text transfer_syntax, sop_class, modality, body_part, view_position;
    pleura_dicom_text patient_orientation, photometric, presentation_intent;
    double age_years; /* NaN where it is not said */
    uint32_t rows, columns, samples, planar, bits_allocated, bits_stored, high_bit;
    bool has_high_bit, has_bits_stored, is_signed;
    uint32_t frames;
    bool has_padding, has_padding_limit;
    uint16_t padding, padding_limit; /* as stored */
    bool has_slope, has_intercept, has_window;
    double slope, intercept, center, width;
    pleura_dicom_voi voi;
    double aspect; /* height of a pixel over its width; 1 where it is not said */
    pleura_dicom_lut modality_lut, voi_lut, palette[3];
    bool segmented_palette, other_pixels; /* float pixels, which are not read */
    pleura_dicom_element pixels;          /* value NULL: there are none */
} pleura_dicom_attributes;

/* Reads them from a data set; the pointers lead into `bytes`. */
pleura_code pleura_dicom_read_attributes(const unsigned char *bytes, size_t size,
                                         pleura_dicom_encoding encoding,
                                         pleura_dicom_attributes *attributes, pleura_error *error);

/* A text value without its padding. */
void pleura_dicom_read_text(const pleura_dicom_element *element, pleura_dicom_text text);

#endif
