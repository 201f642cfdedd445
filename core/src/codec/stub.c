/* No decoder is built in yet. */
#include "codec.h"

#include "../error.h"

pleura_code pleura_codec_decode(const pleura_codec_job *job, pleura_error *error)
{
    static const char *const names[] = {"", "JPEG (12-bit, lossless or in colour)", "JPEG-LS",
                                        "JPEG 2000"};
    return pleura_fail(error, PLEURA_ERROR_UNSUPPORTED_IMAGE,
                       "DICOM: samples compressed as %s are not read yet.", names[job->kind]);
}
