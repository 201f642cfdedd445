/* DICOM files to images. */
#ifndef PLEURA_IMAGE_DICOM_DICOM_H
#define PLEURA_IMAGE_DICOM_DICOM_H

#include "attributes.h"

/* What an image keeps of its file: the public description and the texts that it points to. */
typedef struct pleura_dicom_record {
    pleura_dicom_info info;
    pleura_dicom_attributes attributes; /* its pointers into the file are not used any more */
    char mapping[400];
} pleura_dicom_record;

pleura_code pleura_dicom_decode(const unsigned char *bytes, size_t size,
                                const pleura_limits *limits, pleura_image **image,
                                pleura_error *error);

#endif
