/* What fuzz_frame.c and the seeds for it share: the families, and the head of an input. */
#ifndef PLEURA_FUZZ_FRAME_H
#define PLEURA_FUZZ_FRAME_H

#include "../unit/dicom_writer.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* An input's head, byte by byte; the pixel data follows. */
enum {
    FRAME_COLUMNS, /* less one */
    FRAME_ROWS,
    FRAME_FLAGS,
    FRAME_STORED, /* bits, less one */
    FRAME_SHIFT,  /* of the stored bits in the allocated ones */
    FRAME_PHOTOMETRIC,
    FRAME_SYNTAX,
    FRAME_SPLIT, /* where the second fragment begins, in parts of 256 */
    FRAME_HEAD
};

enum {
    FRAME_WIDE = 1, /* 16 bits allocated, else 8 */
    FRAME_COLOUR = 2,
    FRAME_SIGNED = 4,
    FRAME_PLANAR = 8,
    FRAME_TWO = 16, /* frames */
    FRAME_TABLE = 32
};

#define FAMILY_NATIVE 1
#define FAMILY_RLE 2
#define FAMILY_JPEG 3
#define FAMILY_JPEG_LS 4
#define FAMILY_JPEG_2000 5

#ifdef FAMILY
static const char *const frame_syntaxes[] = {
#if FAMILY == FAMILY_NATIVE
    "1.2.840.10008.1.2.1", "1.2.840.10008.1.2",    "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.98",
    "1.2.840.113619.5.2",  "1.2.840.10008.1.2.8.1"
#elif FAMILY == FAMILY_RLE
    "1.2.840.10008.1.2.5"
#elif FAMILY == FAMILY_JPEG
    "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.57",
    "1.2.840.10008.1.2.4.70"
#elif FAMILY == FAMILY_JPEG_LS
    "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81"
#elif FAMILY == FAMILY_JPEG_2000
    "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91", "1.2.840.10008.1.2.4.201"
#endif
};
#endif

#endif
