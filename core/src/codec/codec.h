/*
 * Decoders of compressed DICOM frames: libraries, behind one function. Natively they are linked; in
 * WebAssembly they are a module of their own, which wasm/codec_bridge.c calls, so that a page that
 * meets none of these files loads none of it.
 */
#ifndef PLEURA_CODEC_CODEC_H
#define PLEURA_CODEC_CODEC_H

#include "pleura/pleura.h"

typedef enum pleura_codec_kind {
    PLEURA_CODEC_JPEG = 1, /* baseline, extended of 12 bits, progressive, lossless */
    PLEURA_CODEC_JPEG_LS = 2,
    PLEURA_CODEC_JPEG_2000 = 3 /* and the high-throughput kind */
} pleura_codec_kind;

typedef struct pleura_codec_job {
    pleura_codec_kind kind;
    const unsigned char *bytes;
    size_t size;
    /* What the caller has made room for; data that says otherwise is refused. */
    uint32_t width, height;
    unsigned components; /* 1 or 3 */
    bool rgb_wanted;     /* JPEG: YCbCr, unless the file says otherwise, is made R, G and B */
    uint16_t *cells;     /* width x height x components, pixel by pixel; negatives as 2^16 - n */
} pleura_codec_job;

pleura_code pleura_codec_decode(const pleura_codec_job *job, pleura_error *error);

#endif
