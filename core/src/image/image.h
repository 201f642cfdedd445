/* The image object and the limits, for the files of this room. */
#ifndef PLEURA_IMAGE_IMAGE_H
#define PLEURA_IMAGE_IMAGE_H

#include "pleura/pleura.h"

struct pleura_image {
    pleura_image_info info;
    uint16_t *samples;                 /* grey, row by row */
    struct pleura_dicom_record *dicom; /* what info.dicom lies in, or NULL */
};

/* How a picture is to be turned (EXIF 2.3, 4.6.4): which of its sides are the top and the left. */
#define PLEURA_UPRIGHT 1 /* of 1 to 8 */

/* The most scans that a progressive JPEG may have here (jpeg.c). */
#define PLEURA_JPEG_MAX_SCANS 32

/* What the walk over a file's container found, before anything is decoded. */
typedef struct pleura_container {
    const char *format;     /* "JPEG" or "PNG" */
    uint32_t width, height; /* as stored */
    unsigned bits;
    unsigned orientation; /* 0: not said */
    unsigned scans;
    size_t
        scan_ends[PLEURA_JPEG_MAX_SCANS]; /* of a JPEG: where the marker behind each scan stands */
} pleura_container;

/* The orientation in an EXIF block ("II" or "MM" and so on); 0 where it says none. */
unsigned pleura_exif_orientation(const unsigned char *exif, size_t size);

/* Turns the picture upright. On failure it is as before. */
pleura_code pleura_image_turn(pleura_image *image, unsigned orientation, pleura_error *error);

/* The caller's limits with the defaults in place of zeros; `limits` may be NULL. */
pleura_limits pleura_limits_resolve(const pleura_limits *limits);

/* Refuses sides of zero and images over the limits; `format` begins the sentence. */
pleura_code pleura_check_size(const char *format, uint32_t width, uint32_t height,
                              const pleura_limits *limits, pleura_error *error);

/* Walks over the whole file: every length stays inside it, the kind is one that is read here, the size
 * is within the limits, the end is there. Nothing is allocated before that, and only for progressive
 * JPEGs. */
pleura_code pleura_jpeg_check(const unsigned char *bytes, size_t size, const pleura_limits *limits,
                              pleura_container *found, pleura_error *error);
pleura_code pleura_png_check(const unsigned char *bytes, size_t size, const pleura_limits *limits,
                             pleura_container *found, pleura_error *error);

/* An image with room for its samples, which are not set yet; NULL if memory is short. */
pleura_image *pleura_image_new(uint32_t width, uint32_t height);

/* Decodes a file that passed its check. */
pleura_code pleura_stb_decode(const unsigned char *bytes, size_t size,
                              const pleura_container *found, pleura_image **image,
                              pleura_error *error);

/* What a JPEG's frame header says, wherever it stands. */
typedef struct pleura_jpeg_kind {
    bool dct; /* baseline, extended or progressive; else lossless or something that is not read */
    unsigned bits, components;
} pleura_jpeg_kind;

pleura_code pleura_jpeg_probe(const unsigned char *bytes, size_t size, pleura_jpeg_kind *kind,
                              pleura_error *error);

/* A grey JPEG of 8 bits that must have this size, to one cell a sample. */
pleura_code pleura_stb_jpeg_cells(const unsigned char *bytes, size_t size, uint32_t width,
                                  uint32_t height, uint16_t *cells, pleura_error *error);

/* Raw deflate (RFC 1951) of at most `limit` bytes; *out is to be given back with pleura_free. */
pleura_code pleura_inflate(const unsigned char *bytes, size_t size, size_t limit,
                           unsigned char **out, size_t *out_size, pleura_error *error);

/* To grey: `pixels` has info.width x info.height pixels of info.channels samples, interleaved, of
 * 8 or 16 bits. Sets image->samples and info.chroma. */
void pleura_grey_from_8(pleura_image *image, const uint8_t *pixels);
void pleura_grey_from_16(pleura_image *image, const uint16_t *pixels);

#endif
