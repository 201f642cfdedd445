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

/* A segment of Huffman tables (ITU-T T.81, B.2.4.2): whether its DC tables keep to `most` bits. */
static bool tables_are_sound(const unsigned char *p, size_t size, unsigned most)
{
    while (size >= 17) {
        size_t count = 0;
        for (int i = 1; i <= 16; i++)
            count += p[i];
        if (count > size - 17)
            return true; /* cut short: the library says so */
        for (size_t i = 0; i < count && p[0] < 16; i++)
            if (p[17 + i] > most)
                return false;
        p += 17 + count;
        size -= 17 + count;
    }
    return true;
}

/*
 * The lossless process has differences of 16 bits, others of 15. The IJG libraries let larger symbols
 * pass and read past the end of a table of 17 or 16.
 */
static bool symbols_are_sound(const unsigned char *bytes, size_t size, unsigned most)
{
    for (size_t at = 2; at + 4 <= size;) {
        unsigned marker = bytes[at + 1];
        if (bytes[at] != 0xFF || marker < 0xC0 || marker == 0xFF ||
            (marker >= 0xD0 && marker <= 0xD9)) {
            at++; /* in a scan, or fill bytes: on to the next marker */
            continue;
        }
        size_t length = (size_t)bytes[at + 2] << 8 | bytes[at + 3];
        if (length < 2 || length > size - at - 2)
            return true;
        if (marker == 0xC4 && !tables_are_sound(bytes + at + 4, length - 2, most))
            return false;
        at += 2 + length;
    }
    return true;
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
    unsigned most = kind.dct ? 15 : 16;
    if (!symbols_are_sound(job->bytes, job->size, most))
        return pleura_fail(
            error, PLEURA_ERROR_CORRUPT,
            "DICOM: the JPEG data has a Huffman table of differences of more than %u "
            "bits.",
            most);
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
