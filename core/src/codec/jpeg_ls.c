/* JPEG-LS, by CharLS. */
#include "../error.h"
#include "../memory.h"
#include "jpeg.h"

#include <charls/charls.h>

#include <string.h>

static pleura_code failed(charls_jpegls_errc code, pleura_error *error)
{
    pleura_code ours = code == CHARLS_JPEGLS_ERRC_NOT_ENOUGH_MEMORY         ? PLEURA_ERROR_MEMORY
                       : code == CHARLS_JPEGLS_ERRC_SOURCE_BUFFER_TOO_SMALL ? PLEURA_ERROR_TRUNCATED
                                                                            : PLEURA_ERROR_CORRUPT;
    return pleura_fail(error, ours, "DICOM: the JPEG-LS data cannot be decoded (%s).",
                       charls_get_error_message(code));
}

static pleura_code check_frame(const charls_frame_info *info, const pleura_codec_job *job,
                               pleura_error *error)
{
    if (info->width != job->width || info->height != job->height ||
        (unsigned)info->component_count != job->components)
        return pleura_fail(error, PLEURA_ERROR_CORRUPT,
                           "DICOM: %u x %u pixels of %u samples, and a JPEG-LS image of %u x %u of "
                           "%d.",
                           (unsigned)job->width, (unsigned)job->height, job->components,
                           (unsigned)info->width, (unsigned)info->height, info->component_count);
    return PLEURA_OK;
}

/* Components stand apart, plane by plane, where the file does not interleave them. */
static void spread(const pleura_codec_job *job, const unsigned char *bytes, bool wide, bool planes)
{
    size_t pixels = (size_t)job->width * job->height, count = pixels * job->components;
    for (size_t i = 0; i < count; i++) {
        size_t from = planes ? i % job->components * pixels + i / job->components : i;
        job->cells[i] = wide ? ((const uint16_t *)(const void *)bytes)[from] : bytes[from];
    }
}

static pleura_code decode(charls_jpegls_decoder *decoder, const pleura_codec_job *job,
                          const unsigned char *data, size_t data_size, pleura_error *error)
{
    charls_frame_info info;
    charls_interleave_mode mode;
    size_t size;
    charls_jpegls_errc fault = charls_jpegls_decoder_set_source_buffer(decoder, data, data_size);
    if (!fault)
        fault = charls_jpegls_decoder_read_header(decoder);
    if (!fault)
        fault = charls_jpegls_decoder_get_frame_info(decoder, &info);
    if (!fault)
        fault = charls_jpegls_decoder_get_interleave_mode(decoder, &mode);
    if (fault)
        return failed(fault, error);
    pleura_code code = check_frame(&info, job, error);
    if (code != PLEURA_OK)
        return code;
    bool wide = info.bits_per_sample > 8;
    size = (size_t)job->width * job->height * job->components * (wide ? 2 : 1);
    unsigned char *bytes = pleura_alloc(size);
    if (!bytes)
        return pleura_fail_memory(error, size, "the JPEG-LS samples");
    fault = charls_jpegls_decoder_decode_to_buffer(decoder, bytes, size, 0);
    if (fault)
        code = failed(fault, error);
    else
        spread(job, bytes, wide, mode == CHARLS_INTERLEAVE_MODE_NONE);
    pleura_free(bytes);
    return code;
}

pleura_code pleura_jpeg_ls_decode(const pleura_codec_job *job, pleura_error *error)
{
    charls_jpegls_decoder *decoder = charls_jpegls_decoder_create();
    if (!decoder)
        return pleura_fail(error, PLEURA_ERROR_MEMORY, "Out of memory for the JPEG-LS decoder.");
    /* Where data ends in mid-scan without a marker, CharLS 2.4.2 reads on for ever: there is one. */
    unsigned char *data = pleura_alloc(job->size + 2);
    pleura_code code;
    if (data) {
        memcpy(data, job->bytes, job->size);
        memcpy(data + job->size, "\xFF\xD9", 2);
        code = decode(decoder, job, data, job->size + 2, error);
    } else {
        code = pleura_fail_memory(error, job->size + 2, "the JPEG-LS data");
    }
    pleura_free(data);
    charls_jpegls_decoder_destroy(decoder);
    return code;
}
