#include "frame.h"

#include "../../codec/codec.h"
#include "../../error.h"
#include "../../memory.h"
#include "../image.h"

#include <math.h>
#include <string.h>

static bool colour(const pleura_dicom_attributes *a)
{
    return a->samples == 3;
}

static bool is(const pleura_dicom_attributes *a, const char *photometric)
{
    return strcmp(a->photometric, photometric) == 0;
}

static pleura_code check_photometric(const pleura_dicom_attributes *a, pleura_error *error)
{
    static const char *const ones[] = {"MONOCHROME1", "MONOCHROME2", "PALETTE COLOR"};
    static const char *const threes[] = {"RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT"};
    for (size_t i = 0; i < 3 && a->samples == 1; i++)
        if (is(a, ones[i]))
            return PLEURA_OK;
    for (size_t i = 0; i < 5 && a->samples == 3; i++)
        if (is(a, threes[i]))
            return PLEURA_OK;
    return pleura_fail(error, PLEURA_ERROR_UNSUPPORTED_IMAGE,
                       "DICOM: %u samples a pixel of photometric interpretation '%s'; MONOCHROME1, "
                       "MONOCHROME2, PALETTE COLOR, RGB, YBR_FULL, YBR_FULL_422, YBR_ICT and "
                       "YBR_RCT are read.",
                       (unsigned)a->samples, a->photometric);
}

static pleura_code check_bits(const pleura_dicom_attributes *a, pleura_error *error)
{
    if (a->bits_allocated != 8 && a->bits_allocated != 16)
        return pleura_fail(error, PLEURA_ERROR_UNSUPPORTED_IMAGE,
                           "DICOM: %u bits allocated for a sample; 8 and 16 are read.",
                           (unsigned)a->bits_allocated);
    if (!a->bits_stored || a->bits_stored > a->bits_allocated || a->high_bit >= a->bits_allocated ||
        a->high_bit + 1 < a->bits_stored)
        return pleura_fail(error, PLEURA_ERROR_CORRUPT,
                           "DICOM: %u bits stored up to bit %u do not fit in %u bits.",
                           (unsigned)a->bits_stored, (unsigned)a->high_bit,
                           (unsigned)a->bits_allocated);
    return PLEURA_OK;
}

pleura_code pleura_dicom_check_layout(pleura_dicom_attributes *a, const pleura_limits *limits,
                                      pleura_error *error)
{
    /* Where one of the two is missing it follows from the other (PS3.5, 8.1.1). */
    if (!a->has_bits_stored)
        a->bits_stored = a->has_high_bit ? a->high_bit + 1 : a->bits_allocated;
    if (!a->has_high_bit)
        a->high_bit = a->bits_stored - 1;
    /* Files from before 1993 name none, and are grey. */
    if (!a->photometric[0] && a->samples == 1)
        strcpy(a->photometric, "MONOCHROME2");
    pleura_code code = pleura_check_size("DICOM", a->columns, a->rows, limits, error);
    if (code == PLEURA_OK)
        code = check_bits(a, error);
    if (code == PLEURA_OK)
        code = check_photometric(a, error);
    return code;
}

/* ---- Uncompressed ---- */

typedef struct raw {
    const unsigned char *bytes;
    size_t size, count; /* in bytes; in samples */
    bool wide, pairs, big_endian, words;
} raw;

static uint16_t sample_at(const raw *r, size_t index)
{
    if (r->wide)
        return pleura_read16(r->bytes + 2 * index, r->big_endian);
    /* Single bytes that are stored as big-endian words of two. */
    return r->bytes[r->words ? index ^ 1 : index];
}

/* Two pixels share their colours: Y Y Cb Cr. */
static void spread_422(const raw *r, const pleura_dicom_attributes *a, uint16_t *cells)
{
    size_t pixels = (size_t)a->rows * a->columns;
    for (size_t i = 0; i < pixels; i++) {
        size_t pair = i / 2 * 4;
        cells[3 * i] = sample_at(r, pair + i % 2);
        cells[3 * i + 1] = sample_at(r, pair + 2);
        cells[3 * i + 2] = sample_at(r, pair + 3);
    }
}

static void copy_samples(const raw *r, const pleura_dicom_attributes *a, uint16_t *cells)
{
    size_t pixels = (size_t)a->rows * a->columns;
    if (a->samples == 1 || !a->planar) {
        for (size_t i = 0; i < pixels * a->samples; i++)
            cells[i] = sample_at(r, i);
        return;
    }
    for (size_t s = 0; s < a->samples; s++)
        for (size_t i = 0; i < pixels; i++)
            cells[i * a->samples + s] = sample_at(r, s * pixels + i);
}

/*
 * Whether pairs of pixels share their colours. Tools that decompress leave the name, and three samples
 * for each pixel.
 */
static bool shares_colours(const pleura_dicom_attributes *a, size_t size)
{
    if (!is(a, "YBR_FULL_422"))
        return false;
    double whole = 3.0 * a->rows * a->columns * (a->bits_allocated / 8.0) * a->frames;
    return (double)size != whole && (double)size != whole + fmod(whole, 2);
}

static raw describe_raw(const pleura_dicom_file *file, const pleura_dicom_attributes *a,
                        const unsigned char *bytes, size_t size)
{
    bool big = file->encoding.big_endian, ge = file->syntax->form == PLEURA_DICOM_BIG_PIXELS;
    bool pairs = shares_colours(a, size);
    return (raw){.bytes = bytes,
                 .size = size,
                 .count = (size_t)a->rows * a->columns * (pairs ? 2 : a->samples),
                 .wide = a->bits_allocated == 16,
                 .pairs = pairs,
                 .big_endian = big || ge,
                 .words = big && strcmp(a->pixels.vr, "OB") != 0};
}

static pleura_code check_raw(const raw *r, const pleura_dicom_attributes *a, pleura_error *error)
{
    if (r->pairs && a->columns % 2)
        return pleura_fail(error, PLEURA_ERROR_CORRUPT,
                           "DICOM: YBR_FULL_422 has pairs of pixels; rows of %u are odd.",
                           (unsigned)a->columns);
    size_t expected = r->count * (r->wide ? 2 : 1);
    if (r->words)
        expected += expected % 2;
    if (r->size >= expected)
        return PLEURA_OK;
    return pleura_fail(error, PLEURA_ERROR_TRUNCATED,
                       "DICOM: PixelData has %zu bytes; %u x %u pixels of %u x %u bits take %zu.",
                       r->size, (unsigned)a->columns, (unsigned)a->rows, (unsigned)a->samples,
                       (unsigned)a->bits_allocated, expected);
}

static pleura_code read_raw(const pleura_dicom_file *file, const pleura_dicom_attributes *a,
                            const unsigned char *bytes, size_t size, uint16_t *cells,
                            pleura_error *error)
{
    raw r = describe_raw(file, a, bytes, size);
    pleura_code code = check_raw(&r, a, error);
    if (code != PLEURA_OK)
        return code;
    if (r.pairs)
        spread_422(&r, a, cells);
    else
        copy_samples(&r, a, cells);
    return PLEURA_OK;
}

/* ---- Compressed ---- */

static pleura_code read_jpeg(const pleura_dicom_attributes *a, const unsigned char *bytes,
                             size_t size, pleura_dicom_frame *frame, pleura_error *error)
{
    pleura_jpeg_kind kind = {0};
    pleura_code code = pleura_jpeg_probe(bytes, size, &kind, error);
    if (code != PLEURA_OK)
        return code;
    /* What a plain JPEG could be needs no codec. */
    if (kind.dct && kind.bits == 8 && kind.components == 1 && a->samples == 1)
        return pleura_stb_jpeg_cells(bytes, size, a->columns, a->rows, frame->cells, error);
    bool transformed = strncmp(a->photometric, "YBR", 3) == 0;
    const pleura_codec_job job = {.kind = PLEURA_CODEC_JPEG,
                                  .bytes = bytes,
                                  .size = size,
                                  .width = a->columns,
                                  .height = a->rows,
                                  .components = a->samples,
                                  .rgb_wanted = transformed,
                                  .cells = frame->cells};
    frame->decoded_to_rgb = transformed;
    return pleura_codec_decode(&job, error);
}

/* JPEG 2000 says by itself whether values have signs: where the data set denies it, who is right? */
static pleura_code check_signs(const pleura_dicom_attributes *a, const uint16_t *cells,
                               pleura_error *error)
{
    size_t count = (size_t)a->rows * a->columns * a->samples;
    for (size_t i = 0; i < count && !a->is_signed && a->bits_stored < 16; i++)
        if (cells[i] & 0x8000)
            return pleura_fail(error, PLEURA_ERROR_CORRUPT,
                               "DICOM: values without a sign, and JPEG 2000 data that has negative "
                               "ones.");
    return PLEURA_OK;
}

static pleura_code read_codec(const pleura_dicom_attributes *a, pleura_codec_kind kind,
                              const unsigned char *bytes, size_t size, pleura_dicom_frame *frame,
                              pleura_error *error)
{
    const pleura_codec_job job = {.kind = kind,
                                  .bytes = bytes,
                                  .size = size,
                                  .width = a->columns,
                                  .height = a->rows,
                                  .components = a->samples,
                                  .cells = frame->cells};
    /* JPEG 2000 undoes its own transform of colours. */
    frame->decoded_to_rgb =
        kind == PLEURA_CODEC_JPEG_2000 && (is(a, "YBR_ICT") || is(a, "YBR_RCT"));
    pleura_code code = pleura_codec_decode(&job, error);
    if (code == PLEURA_OK && kind == PLEURA_CODEC_JPEG_2000)
        code = check_signs(a, frame->cells, error);
    return code;
}

static pleura_code read_deflated(const pleura_dicom_file *file, const pleura_dicom_attributes *a,
                                 const unsigned char *bytes, size_t size, uint16_t *cells,
                                 pleura_error *error)
{
    /* Rows are checked, and the samples have their cells: this is no more than the file may ask for. */
    size_t limit = (size_t)a->rows * a->columns * a->samples * 2 + 1;
    unsigned char *inflated = NULL;
    size_t inflated_size = 0;
    pleura_code code = pleura_inflate(bytes, size, limit, &inflated, &inflated_size, error);
    if (code == PLEURA_OK)
        code = read_raw(file, a, inflated, inflated_size, cells, error);
    pleura_free(inflated);
    return code;
}

static pleura_code read_encapsulated(const pleura_dicom_file *file,
                                     const pleura_dicom_attributes *a, pleura_dicom_frame *frame,
                                     pleura_error *error)
{
    const unsigned char *bytes;
    unsigned char *owned;
    size_t size;
    pleura_code code = pleura_dicom_gather(a, &bytes, &size, &owned, error);
    if (code != PLEURA_OK)
        return code;
    switch (pleura_dicom_look_inside(bytes, size, file->syntax->compression)) {
    case PLEURA_COMPRESSION_DEFLATE:
        code = read_deflated(file, a, bytes, size, frame->cells, error);
        break;
    case PLEURA_COMPRESSION_RLE:
        code = pleura_dicom_unpack_rle(bytes, size, a, frame->cells, error);
        break;
    case PLEURA_COMPRESSION_JPEG:
        code = read_jpeg(a, bytes, size, frame, error);
        break;
    case PLEURA_COMPRESSION_JPEG_LS:
        code = read_codec(a, PLEURA_CODEC_JPEG_LS, bytes, size, frame, error);
        break;
    case PLEURA_COMPRESSION_JPEG_2000:
        code = read_codec(a, PLEURA_CODEC_JPEG_2000, bytes, size, frame, error);
        break;
    default:
        code = read_raw(file, a, bytes, size, frame->cells, error);
    }
    pleura_free(owned);
    return code;
}

static pleura_code check_form(const pleura_dicom_file *file, const pleura_dicom_attributes *a,
                              pleura_error *error)
{
    bool compressed = file->syntax->compression > PLEURA_COMPRESSION_CAPSULE;
    if (compressed && !a->pixels.encapsulated)
        return pleura_fail(error, PLEURA_ERROR_CORRUPT,
                           "DICOM: the transfer syntax (%s) is compressed, but PixelData is not.",
                           file->syntax->name);
    if (a->pixels.encapsulated)
        return PLEURA_OK;
    raw r = describe_raw(file, a, a->pixels.value, a->pixels.length);
    return check_raw(&r, a, error);
}

pleura_code pleura_dicom_read_frame(const pleura_dicom_file *file, const pleura_dicom_attributes *a,
                                    pleura_dicom_frame *frame, pleura_error *error)
{
    size_t count = (size_t)a->rows * a->columns * (colour(a) ? 3 : 1);
    *frame = (pleura_dicom_frame){0};
    pleura_code code = check_form(file, a, error);
    if (code != PLEURA_OK)
        return code;
    /* Zeroed: RLE puts samples together byte by byte. */
    frame->cells = pleura_alloc_zero(count, sizeof *frame->cells);
    if (!frame->cells)
        return pleura_fail_memory(error, count * sizeof *frame->cells, "the stored samples");
    code = a->pixels.encapsulated
               ? read_encapsulated(file, a, frame, error)
               : read_raw(file, a, a->pixels.value, a->pixels.length, frame->cells, error);
    if (code != PLEURA_OK) {
        pleura_free(frame->cells);
        frame->cells = NULL;
    }
    return code;
}
