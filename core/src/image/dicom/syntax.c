#include "syntax.h"

#include <string.h>

#define NONE PLEURA_COMPRESSION_NONE
#define JPEG PLEURA_COMPRESSION_JPEG
#define J2K PLEURA_COMPRESSION_JPEG_2000
#define UNREAD PLEURA_COMPRESSION_UNREAD
#define LITTLE PLEURA_DICOM_EXPLICIT_LITTLE
#define IMPLICIT PLEURA_DICOM_IMPLICIT_LITTLE
#define BIG PLEURA_DICOM_EXPLICIT_BIG
#define DEFLATED PLEURA_DICOM_DEFLATED

static const pleura_dicom_syntax syntaxes[] = {
    {"1.2.840.10008.1.2", "implicit little endian", NONE, IMPLICIT},
    {"1.2.840.10008.1.2.1", "explicit little endian", NONE, LITTLE},
    {"1.2.840.10008.1.2.1.98", "encapsulated uncompressed", PLEURA_COMPRESSION_CAPSULE, LITTLE},
    {"1.2.840.10008.1.2.1.99", "deflated explicit little endian", NONE, DEFLATED},
    {"1.2.840.10008.1.2.2", "explicit big endian", NONE, BIG},
    {"1.2.840.113619.5.2", "GE's private big endian", NONE, PLEURA_DICOM_BIG_PIXELS},
    {"1.2.840.10008.1.2.5", "RLE", PLEURA_COMPRESSION_RLE, LITTLE},
    {"1.2.840.10008.1.2.8.1", "deflated frames", PLEURA_COMPRESSION_DEFLATE, LITTLE},
    {"1.2.840.10008.1.2.4.50", "JPEG baseline", JPEG, LITTLE},
    {"1.2.840.10008.1.2.4.51", "JPEG extended", JPEG, LITTLE},
    {"1.2.840.10008.1.2.4.53", "JPEG spectral selection", JPEG, LITTLE},
    {"1.2.840.10008.1.2.4.55", "JPEG full progression", JPEG, LITTLE},
    {"1.2.840.10008.1.2.4.57", "JPEG lossless", JPEG, LITTLE},
    {"1.2.840.10008.1.2.4.70", "JPEG lossless, first-order prediction", JPEG, LITTLE},
    {"1.2.840.10008.1.2.4.80", "JPEG-LS lossless", PLEURA_COMPRESSION_JPEG_LS, LITTLE},
    {"1.2.840.10008.1.2.4.81", "JPEG-LS near-lossless", PLEURA_COMPRESSION_JPEG_LS, LITTLE},
    {"1.2.840.10008.1.2.4.90", "JPEG 2000 lossless", J2K, LITTLE},
    {"1.2.840.10008.1.2.4.91", "JPEG 2000", J2K, LITTLE},
    {"1.2.840.10008.1.2.4.201", "high-throughput JPEG 2000 lossless", J2K, LITTLE},
    {"1.2.840.10008.1.2.4.202", "high-throughput JPEG 2000 lossless, RPCL", J2K, LITTLE},
    {"1.2.840.10008.1.2.4.203", "high-throughput JPEG 2000", J2K, LITTLE},
    {"1.2.840.10008.1.2.4.92", "JPEG 2000 part 2, lossless", UNREAD, LITTLE},
    {"1.2.840.10008.1.2.4.93", "JPEG 2000 part 2", UNREAD, LITTLE},
    {"1.2.840.10008.1.2.4.94", "JPIP referenced", UNREAD, LITTLE},
    {"1.2.840.10008.1.2.4.95", "JPIP referenced deflated", UNREAD, LITTLE},
    {"1.2.840.10008.1.2.4.100", "MPEG-2 video", UNREAD, LITTLE},
    {"1.2.840.10008.1.2.4.101", "MPEG-2 video", UNREAD, LITTLE},
    {"1.2.840.10008.1.2.4.102", "MPEG-4 video", UNREAD, LITTLE},
    {"1.2.840.10008.1.2.4.103", "MPEG-4 video", UNREAD, LITTLE},
    {"1.2.840.10008.1.2.4.107", "HEVC video", UNREAD, LITTLE},
    {"1.2.840.10008.1.2.4.108", "HEVC video", UNREAD, LITTLE},
    {"1.2.840.10008.1.2.4.110", "JPEG XL lossless", UNREAD, LITTLE},
    {"1.2.840.10008.1.2.4.111", "JPEG XL recompression of JPEG", UNREAD, LITTLE},
    {"1.2.840.10008.1.2.4.112", "JPEG XL", UNREAD, LITTLE},
};

const pleura_dicom_syntax *pleura_dicom_syntax_find(const char *uid)
{
    for (size_t i = 0; i < sizeof syntaxes / sizeof syntaxes[0]; i++)
        if (strcmp(syntaxes[i].uid, uid) == 0)
            return &syntaxes[i];
    return NULL;
}
