/*
 * The walk over a DICOM data set (PS3.5, section 7): element by element, sequences included, in any
 * uncompressed encoding. It allocates nothing and reads no byte twice.
 */
#ifndef PLEURA_IMAGE_DICOM_DATASET_H
#define PLEURA_IMAGE_DICOM_DATASET_H

#include "pleura/pleura.h"

/* Functional groups, the deepest that is read, take 3 levels; structured reports some 10. */
#define PLEURA_DICOM_MAX_DEPTH 16

/* An enhanced file of 4,000 frames has about 200,000 elements. */
#define PLEURA_DICOM_MAX_ELEMENTS 1000000

#define PLEURA_TAG(group, element) ((uint32_t)(group) << 16 | (element))
#define PLEURA_TAG_PIXEL_DATA PLEURA_TAG(0x7FE0, 0x0010)

typedef struct pleura_dicom_encoding {
    bool explicit_vr, big_endian;
} pleura_dicom_encoding;

/* Where an element stands: the sequences around it, outermost first, and the number of each item. */
typedef struct pleura_dicom_path {
    unsigned depth; /* 0: in the data set itself */
    uint32_t sequence[PLEURA_DICOM_MAX_DEPTH];
    uint32_t item[PLEURA_DICOM_MAX_DEPTH];
} pleura_dicom_path;

typedef struct pleura_dicom_element {
    uint32_t tag;
    char vr[3]; /* "" where the file does not say */
    bool big_endian;
    bool encapsulated; /* pixel data of undefined length: `value` begins with its first item */
    bool cut;          /* pixel data that the end of the file cuts short */
    size_t declared;   /* the length that the file states; `length` of it are there */
    const unsigned char *value;
    size_t length, at; /* `at`: of the element in the bytes */
} pleura_dicom_element;

typedef pleura_code pleura_dicom_visit(void *context, const pleura_dicom_path *path,
                                       const pleura_dicom_element *element, pleura_error *error);

/*
 * Visits every element that is no sequence, up to and with the pixel data, behind which nothing is
 * read. Sequences of a stated length are entered only where `enter` says so. Stops at the first code
 * that is not PLEURA_OK.
 */
typedef struct pleura_dicom_visitor {
    pleura_dicom_visit *visit;
    bool (*enter)(uint32_t tag);
    void *context;
} pleura_dicom_visitor;

pleura_code pleura_dicom_walk(const unsigned char *bytes, size_t size,
                              pleura_dicom_encoding encoding, const pleura_dicom_visitor *visitor,
                              pleura_error *error);

/* Reads one element's header at `at`, without looking at its value; false if it is cut short. */
bool pleura_dicom_read_header(const unsigned char *bytes, size_t size, size_t at,
                              pleura_dicom_encoding encoding, pleura_dicom_element *element);

/* Whether a VR that is known stands behind the first element's tag. */
bool pleura_dicom_names_vr(const unsigned char *bytes, size_t size);

/* The length field of sequences and pixel data whose end is a delimiter. */
#define PLEURA_DICOM_UNDEFINED ((size_t)0xFFFFFFFF)

uint16_t pleura_read16(const unsigned char *bytes, bool big_endian);
uint32_t pleura_read32(const unsigned char *bytes, bool big_endian);

#endif
