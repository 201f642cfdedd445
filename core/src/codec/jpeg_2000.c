/* JPEG 2000 and its high-throughput kind, by OpenJPEG. */
#include "../error.h"
#include "../memory.h"
#include "jpeg.h"
#include "jpeg_2000_header.h"

#include <openjpeg.h>

#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/*
 * OpenJPEG does not get over an allocation that fails: it goes on without a tag tree and reads NULL, or
 * gives another picture. So the first one ends its work, and what it has taken, which is in a list,
 * is given back. deps/codecs.cmake puts these in place of its malloc and free.
 */
typedef struct block {
    struct block *next, **link; /* what points to it */
    _Alignas(16) unsigned char bytes[];
} block;

static _Thread_local struct {
    block *blocks;
    jmp_buf *escape;
} taken;

void *pleura_jpeg_2000_alloc(size_t size);
void *pleura_jpeg_2000_alloc_zero(size_t count, size_t size);
void *pleura_jpeg_2000_realloc(void *bytes, size_t size);
void pleura_jpeg_2000_free(void *bytes);

static block *block_of(void *bytes)
{
    return (block *)(void *)((unsigned char *)bytes - offsetof(block, bytes));
}

static size_t with_head(size_t size)
{
    if (size > SIZE_MAX - sizeof(block))
        longjmp(*taken.escape, 1);
    return sizeof(block) + size;
}

static void *held(block *b)
{
    if (!b)
        longjmp(*taken.escape, 1);
    b->next = taken.blocks;
    b->link = &taken.blocks;
    if (b->next)
        b->next->link = &b->next;
    taken.blocks = b;
    return b->bytes;
}

static void let_go(block *b)
{
    *b->link = b->next;
    if (b->next)
        b->next->link = b->link;
    pleura_free(b);
}

void *pleura_jpeg_2000_alloc(size_t size)
{
    return held(pleura_alloc(with_head(size)));
}

void *pleura_jpeg_2000_alloc_zero(size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size)
        longjmp(*taken.escape, 1);
    return held(pleura_alloc_zero(1, with_head(count * size)));
}

void *pleura_jpeg_2000_realloc(void *bytes, size_t size)
{
    if (!bytes)
        return pleura_jpeg_2000_alloc(size);
    block *b = pleura_realloc(block_of(bytes), with_head(size));
    if (!b)
        longjmp(*taken.escape, 1);
    *b->link = b; /* it may have moved */
    if (b->next)
        b->next->link = &b->next;
    return b->bytes;
}

void pleura_jpeg_2000_free(void *bytes)
{
    if (bytes)
        let_go(block_of(bytes));
}

typedef struct reader {
    const unsigned char *bytes;
    size_t size, at;
} reader;

static OPJ_SIZE_T read_bytes(void *to, OPJ_SIZE_T count, void *context)
{
    reader *r = context;
    size_t there = r->size - r->at;
    if (!there)
        return (OPJ_SIZE_T)-1;
    count = count < there ? count : there;
    memcpy(to, r->bytes + r->at, count);
    r->at += count;
    return count;
}

static OPJ_OFF_T skip_bytes(OPJ_OFF_T count, void *context)
{
    reader *r = context;
    if (count < 0 || (uint64_t)count > r->size - r->at)
        return -1;
    r->at += (size_t)count;
    return count;
}

static OPJ_BOOL seek_bytes(OPJ_OFF_T to, void *context)
{
    reader *r = context;
    if (to < 0 || (uint64_t)to > r->size)
        return OPJ_FALSE;
    r->at = (size_t)to;
    return OPJ_TRUE;
}

/* The first message that OpenJPEG gives: the others follow from it. */
static void keep_message(const char *message, void *context)
{
    char *words = context;
    if (words[0])
        return;
    snprintf(words, 200, "%s", message);
    words[strcspn(words, "\r\n")] = '\0';
}

static bool is_box(const pleura_codec_job *job)
{
    return job->size >= 8 && memcmp(job->bytes + 4, "jP  ", 4) == 0;
}

static pleura_code check_image(const opj_image_t *image, const pleura_codec_job *job,
                               pleura_error *error)
{
    if (image->numcomps != job->components)
        return pleura_fail(error, PLEURA_ERROR_CORRUPT,
                           "DICOM: %u samples a pixel, and a JPEG 2000 image of %u components.",
                           job->components, (unsigned)image->numcomps);
    for (unsigned i = 0; i < job->components; i++) {
        const opj_image_comp_t *c = &image->comps[i];
        if (c->w != job->width || c->h != job->height || c->prec > 16)
            return pleura_fail(error, PLEURA_ERROR_CORRUPT,
                               "DICOM: %u x %u pixels, and a JPEG 2000 component of %u x %u of %u "
                               "bits.",
                               (unsigned)job->width, (unsigned)job->height, (unsigned)c->w,
                               (unsigned)c->h, (unsigned)c->prec);
    }
    return PLEURA_OK;
}

static void copy(const opj_image_t *image, const pleura_codec_job *job)
{
    size_t pixels = (size_t)job->width * job->height;
    for (unsigned c = 0; c < job->components; c++)
        for (size_t i = 0; i < pixels; i++)
            job->cells[i * job->components + c] = (uint16_t)image->comps[c].data[i];
}

static pleura_code decode(opj_codec_t *codec, opj_stream_t *stream, const pleura_codec_job *job,
                          const char *words, pleura_error *error)
{
    opj_image_t *image = NULL;
    opj_dparameters_t parameters;
    opj_set_default_decoder_parameters(&parameters);
    bool read = opj_setup_decoder(codec, &parameters) && opj_read_header(stream, codec, &image);
    pleura_code code = read ? check_image(image, job, error) : PLEURA_OK;
    if (code == PLEURA_OK && read)
        read = opj_decode(codec, stream, image) && opj_end_decompress(codec, stream);
    bool whole = code == PLEURA_OK && read;
    for (unsigned i = 0; whole && i < job->components; i++)
        whole = image->comps[i].data != NULL;
    if (whole)
        copy(image, job);
    else if (code == PLEURA_OK)
        code = pleura_fail(error, PLEURA_ERROR_CORRUPT,
                           "DICOM: the JPEG 2000 data cannot be decoded (%s).",
                           words[0] ? words : "no reason given");
    opj_image_destroy(image);
    return code;
}

static pleura_code decode_all(const pleura_codec_job *job, pleura_error *error)
{
    char words[200] = "";
    reader r = {.bytes = job->bytes, .size = job->size};
    pleura_code code;
    opj_codec_t *codec = opj_create_decompress(is_box(job) ? OPJ_CODEC_JP2 : OPJ_CODEC_J2K);
    opj_stream_t *stream = opj_stream_create(1 << 16, OPJ_TRUE);
    if (codec && stream) {
        opj_set_error_handler(codec, keep_message, words);
        opj_stream_set_user_data(stream, &r, NULL);
        opj_stream_set_user_data_length(stream, job->size);
        opj_stream_set_read_function(stream, read_bytes);
        opj_stream_set_skip_function(stream, skip_bytes);
        opj_stream_set_seek_function(stream, seek_bytes);
        code = decode(codec, stream, job, words, error);
    } else {
        code = pleura_fail(error, PLEURA_ERROR_MEMORY, "Out of memory for the JPEG 2000 decoder.");
    }
    opj_stream_destroy(stream);
    opj_destroy_codec(codec);
    return code;
}

pleura_code pleura_jpeg_2000_decode(const pleura_codec_job *job, pleura_error *error)
{
    pleura_code code = pleura_j2k_check(job, error);
    if (code != PLEURA_OK)
        return code;
    jmp_buf escape;
    taken.blocks = NULL;
    taken.escape = &escape;
    if (setjmp(escape) == 0)
        code = decode_all(job, error);
    else
        code = pleura_fail(error, PLEURA_ERROR_MEMORY, "Out of memory for the JPEG 2000 decoder.");
    while (taken.blocks)
        let_go(taken.blocks);
    taken.escape = NULL;
    return code;
}
