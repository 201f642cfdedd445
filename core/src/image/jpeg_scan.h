/*
 * Whether a JPEG's scans are whole. stb_image gives up at a restart marker that is missing, and reads
 * zeros where the data before one, or a progressive scan's, ends too early: a grey part of the picture
 * or coarse values, and no word. (Where a baseline scan ends too early is found when it is decoded: see
 * stb.c.)
 */
#ifndef PLEURA_IMAGE_JPEG_SCAN_H
#define PLEURA_IMAGE_JPEG_SCAN_H

#include "pleura/pleura.h"

typedef struct pleura_huffman {
    const unsigned char *counts, *symbols; /* of codes of 1 to 16 bits; NULL: not given */
} pleura_huffman;

/* What the segments so far have said. */
typedef struct pleura_jpeg_scans {
    uint32_t width, height, interval; /* interval: MCUs between restart markers, or 0 */
    bool progressive;
    unsigned components;
    struct {
        unsigned id, across, down; /* of its blocks in an MCU */
    } component[4];
    pleura_huffman dc[4], ac[4];
    /* the scan that is open */
    unsigned members;
    struct {
        unsigned component, dc, ac;
    } member[4];
    unsigned first, last;      /* its coefficients */
    unsigned high, low;        /* the bit above, and the lowest that it brings */
    size_t data;               /* where its entropy-coded data begin */
    size_t piece;              /* and its current restart interval */
    uint32_t pieces, expected; /* restart markers so far, and how many there must be */
    /* How many of the lowest bits of each component's coefficients are still to come; 255: all. */
    unsigned char missing[4][64];
    /* Of a progressive file's components, for each block: a bit for each coefficient that is not zero. */
    uint64_t *known[4];
} pleura_jpeg_scans;

/* `data`, `size`: of the segment, without its length. The frame's comes first. */
pleura_code pleura_jpeg_scans_frame(pleura_jpeg_scans *s, bool progressive,
                                    const unsigned char *data, size_t size, pleura_error *error);
pleura_code pleura_jpeg_scans_tables(pleura_jpeg_scans *s, const unsigned char *data, size_t size,
                                     pleura_error *error);
void pleura_jpeg_scans_interval(pleura_jpeg_scans *s, const unsigned char *data, size_t size);

/* A scan: its header, at each restart marker (0 to 7) and at its end. `at`: in `bytes`. */
pleura_code pleura_jpeg_scans_begin(pleura_jpeg_scans *s, const unsigned char *data, size_t size,
                                    size_t at, pleura_error *error);
pleura_code pleura_jpeg_scans_restart(pleura_jpeg_scans *s, const unsigned char *bytes, size_t at,
                                      unsigned number, pleura_error *error);
pleura_code pleura_jpeg_scans_end(pleura_jpeg_scans *s, const unsigned char *bytes, size_t at,
                                  pleura_error *error);

/* Whether the scans have brought every bit of every component. */
bool pleura_jpeg_scans_all(const pleura_jpeg_scans *s);

void pleura_jpeg_scans_free(pleura_jpeg_scans *s);

#endif
