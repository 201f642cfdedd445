/* A DICOM file's outside: preamble, file meta information, deflation (PS3.10, section 7). */
#ifndef PLEURA_IMAGE_DICOM_FILE_H
#define PLEURA_IMAGE_DICOM_FILE_H

#include "attributes.h"
#include "syntax.h"

typedef struct pleura_dicom_file {
    const unsigned char *bytes; /* the data set */
    size_t size;
    unsigned char *inflated; /* holds it, if it was deflated */
    const pleura_dicom_syntax *syntax;
    bool guessed; /* no transfer syntax is named: told by the first element */
    pleura_dicom_encoding encoding;
} pleura_dicom_file;

/* By content: "DICM" at byte 128, or a first element as data sets without a preamble have it. */
bool pleura_dicom_detect(const unsigned char *bytes, size_t size);

/* Close with pleura_dicom_close, whatever the code. */
pleura_code pleura_dicom_open(const unsigned char *bytes, size_t size, const pleura_limits *limits,
                              pleura_dicom_file *file, pleura_error *error);
void pleura_dicom_close(pleura_dicom_file *file);

#endif
