/*
 * One of DCMTK's IJG libraries as a decoder. They are the same code compiled for samples of 8, 12 and
 * 16 bits (the last for lossless JPEG only), under other names: jpeg_8.c, jpeg_12.c and jpeg_16.c
 * define IJG_NAME and include their header, then this.
 */
#include "../error.h"
#include "../memory.h"
#include "jpeg.h"

#include <setjmp.h>
#include <string.h>

typedef struct failure {
    struct jpeg_error_mgr base;
    jmp_buf back;
    pleura_code code;
    char words[JMSG_LENGTH_MAX];
} failure;

static void give_up(j_common_ptr info)
{
    failure *f = (failure *)info->err;
    int message = info->err->msg_code;
    f->code = message == JERR_OUT_OF_MEMORY                            ? PLEURA_ERROR_MEMORY
              : message == JWRN_JPEG_EOF || message == JWRN_HIT_MARKER ? PLEURA_ERROR_TRUNCATED
                                                                       : PLEURA_ERROR_CORRUPT;
    info->err->format_message(info, f->words);
    longjmp(f->back, 1);
}

/* The library would go on and fill the picture up: what is missing or wrong ends it here. */
static void warn(j_common_ptr info, int level)
{
    int message = info->err->msg_code;
    if (level < 0 && message != JWRN_EXTRANEOUS_DATA && message != JWRN_ADOBE_XFORM &&
        message != JWRN_JFIF_MAJOR && message != JWRN_NOT_SEQUENTIAL)
        give_up(info);
}

static void say_nothing(j_common_ptr info)
{
    (void)info;
}

static void start(j_decompress_ptr info)
{
    (void)info;
}

static boolean no_more(j_decompress_ptr info)
{
    info->err->msg_code = JWRN_JPEG_EOF;
    give_up((j_common_ptr)info);
    return FALSE;
}

static void skip(j_decompress_ptr info, long count)
{
    struct jpeg_source_mgr *source = info->src;
    if (count > 0 && (size_t)count > source->bytes_in_buffer)
        no_more(info);
    if (count > 0) {
        source->next_input_byte += count;
        source->bytes_in_buffer -= (size_t)count;
    }
}

static pleura_code check_frame(j_decompress_ptr info, const pleura_codec_job *job,
                               pleura_error *error)
{
    if (info->image_width != job->width || info->image_height != job->height ||
        (unsigned)info->num_components != job->components)
        return pleura_fail(error, PLEURA_ERROR_CORRUPT,
                           "DICOM: %u x %u pixels of %u samples, and a JPEG of %u x %u of %d.",
                           (unsigned)job->width, (unsigned)job->height, job->components,
                           (unsigned)info->image_width, (unsigned)info->image_height,
                           info->num_components);
    return PLEURA_OK;
}

/* Whether the components are YCbCr: as the file's own markers say, or else the data set. */
static bool is_ybr(j_decompress_ptr info, const pleura_codec_job *job)
{
    if (info->process == JPROC_LOSSLESS)
        return job->rgb_wanted;
    if (info->saw_Adobe_marker)
        return info->Adobe_transform == 1;
    return info->saw_JFIF_marker || job->rgb_wanted;
}

static void choose_colours(j_decompress_ptr info, const pleura_codec_job *job)
{
    if (job->components == 1)
        return;
    bool ybr = is_ybr(info, job);
    info->jpeg_color_space = ybr ? JCS_YCbCr : JCS_UNKNOWN;
    info->out_color_space = ybr ? JCS_RGB : JCS_UNKNOWN;
}

static void read_rows(j_decompress_ptr info, const pleura_codec_job *job)
{
    size_t count = (size_t)job->width * job->components;
    JSAMPARRAY row =
        (*info->mem->alloc_sarray)((j_common_ptr)info, JPOOL_IMAGE, (JDIMENSION)count, 1);
    for (uint32_t y = 0; y < job->height; y++) {
        jpeg_read_scanlines(info, row, 1);
        for (size_t i = 0; i < count; i++)
            job->cells[y * count + i] = (uint16_t)GETJSAMPLE(row[0][i]);
    }
}

pleura_code IJG_NAME(const pleura_codec_job *job, pleura_error *error)
{
    struct jpeg_decompress_struct info;
    failure f;
    struct jpeg_source_mgr source = {.next_input_byte = job->bytes,
                                     .bytes_in_buffer = job->size,
                                     .init_source = start,
                                     .fill_input_buffer = no_more,
                                     .skip_input_data = skip,
                                     .resync_to_restart = jpeg_resync_to_restart,
                                     .term_source = start};
    memset(&info, 0, sizeof info);
    info.err = jpeg_std_error(&f.base);
    f.base.error_exit = give_up;
    f.base.emit_message = warn;
    f.base.output_message = say_nothing;
    if (setjmp(f.back)) {
        jpeg_destroy_decompress(&info);
        return pleura_fail(error, f.code, "DICOM: the JPEG data cannot be decoded (%s).", f.words);
    }
    jpeg_create_decompress(&info);
    info.src = &source;
    jpeg_read_header(&info, TRUE);
    pleura_code code = check_frame(&info, job, error);
    if (code == PLEURA_OK) {
        choose_colours(&info, job);
        jpeg_start_decompress(&info);
        read_rows(&info, job);
        jpeg_finish_decompress(&info);
    }
    jpeg_destroy_decompress(&info);
    return code;
}
