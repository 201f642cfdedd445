/* Transfer syntaxes (PS3.5, annex A; PS3.6, table A-1). */
#ifndef PLEURA_IMAGE_DICOM_SYNTAX_H
#define PLEURA_IMAGE_DICOM_SYNTAX_H

#include "dataset.h"

typedef enum pleura_dicom_compression {
    PLEURA_COMPRESSION_NONE,
    PLEURA_COMPRESSION_CAPSULE, /* none, but in fragments */
    PLEURA_COMPRESSION_DEFLATE,
    PLEURA_COMPRESSION_RLE,
    PLEURA_COMPRESSION_JPEG, /* any process: the frame's own header says which */
    PLEURA_COMPRESSION_JPEG_LS,
    PLEURA_COMPRESSION_JPEG_2000,
    PLEURA_COMPRESSION_UNREAD /* known by name, not read here */
} pleura_dicom_compression;

typedef enum pleura_dicom_form {
    PLEURA_DICOM_EXPLICIT_LITTLE,
    PLEURA_DICOM_IMPLICIT_LITTLE,
    PLEURA_DICOM_EXPLICIT_BIG,
    PLEURA_DICOM_BIG_PIXELS, /* implicit little endian, but for the pixel data */
    PLEURA_DICOM_DEFLATED    /* explicit little endian */
} pleura_dicom_form;

typedef struct pleura_dicom_syntax {
    const char *uid, *name;
    pleura_dicom_compression compression;
    pleura_dicom_form form;
} pleura_dicom_syntax;

const pleura_dicom_syntax *pleura_dicom_syntax_find(const char *uid); /* NULL: not known */

#endif
