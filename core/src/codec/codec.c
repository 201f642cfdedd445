#include "codec.h"

#include "../error.h"
#include "../image/image.h"
#include "jpeg.h"

/* A progressive file costs a pass over the picture for each of its scans; 10 or so are usual. */
#define MAX_SCANS 64

static unsigned count_scans(const unsigned char *bytes, size_t size)
{
    unsigned scans = 0;
    for (size_t i = 0; i + 1 < size; i++)
        scans += bytes[i] == 0xFF && bytes[i + 1] == 0xDA;
    return scans;
}

static pleura_code decode_jpeg(const pleura_codec_job *job, pleura_error *error)
{
    pleura_jpeg_kind kind = {0};
    pleura_code code = pleura_jpeg_probe(job->bytes, job->size, &kind, error);
    if (code != PLEURA_OK)
        return code;
    if (count_scans(job->bytes, job->size) > MAX_SCANS)
        return pleura_fail(error, PLEURA_ERROR_UNSUPPORTED_IMAGE,
                           "DICOM: a JPEG of more than %d scans.", MAX_SCANS);
    if (!kind.dct)
        return pleura_jpeg_decode_16(job, error);
    if (kind.bits == 8)
        return pleura_jpeg_decode_8(job, error);
    if (kind.bits == 12)
        return pleura_jpeg_decode_12(job, error);
    return pleura_fail(error, PLEURA_ERROR_UNSUPPORTED_IMAGE,
                       "DICOM: a JPEG of %u bits; 8 and 12, or any up to 16 if it is lossless, are "
                       "read.",
                       kind.bits);
}

pleura_code pleura_codec_decode(const pleura_codec_job *job, pleura_error *error)
{
    switch (job->kind) {
    case PLEURA_CODEC_JPEG:
        return decode_jpeg(job, error);
    case PLEURA_CODEC_JPEG_LS:
        return pleura_jpeg_ls_decode(job, error);
    case PLEURA_CODEC_JPEG_2000:
        return pleura_jpeg_2000_decode(job, error);
    }
    return pleura_fail(error, PLEURA_ERROR_INTERNAL, "There is no codec %d.", (int)job->kind);
}
