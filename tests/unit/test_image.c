/* Decoding: what is read, exactly, and what is refused, with which code. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "fixture_jpeg.h"
#include "png_writer.h"

#include "image/image.h"

#include <stdio.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* ---- Helpers ---- */

static pleura_image *decoded(const void *bytes, size_t size)
{
    pleura_error error = {0};
    pleura_image *image = NULL;
    if (pleura_image_decode(bytes, size, NULL, &image, &error) != PLEURA_OK)
        fail_msg("%s: %s", pleura_code_name(error.code), error.message);
    assert_int_equal(error.code, PLEURA_OK);
    return image;
}

static void expect(const void *bytes, size_t size, pleura_code code, const char *words)
{
    pleura_error error = {0};
    pleura_image *image = (pleura_image *)&error;
    assert_int_equal(pleura_image_decode(bytes, size, NULL, &image, &error), code);
    assert_null(image);
    assert_int_equal(error.code, code);
    if (!strstr(error.message, words))
        fail_msg("'%s' is not in: %s", words, error.message);
}

static void expect_png(const png *p, pleura_code code, const char *words)
{
    expect(p->bytes, p->size, code, words);
}

static void expect_samples(const png *p, const uint16_t *samples, size_t count, unsigned channels)
{
    pleura_image *image = decoded(p->bytes, p->size);
    pleura_image_info info;
    pleura_image_get_info(image, &info);
    assert_int_equal((size_t)info.width * info.height, count);
    assert_int_equal(info.channels, channels);
    assert_string_equal(info.format, "PNG");
    for (size_t i = 0; i < count; i++)
        assert_int_equal(pleura_image_samples(image)[i], samples[i]);
    pleura_image_free(image);
}

/* ---- PNG, read ---- */

static void grey_of_every_depth(void **state)
{
    (void)state;
    const unsigned char bits1[] = {0x50}, bits2[] = {0x1B}, bits4[] = {0x07, 0xF0};
    const unsigned char bits8[] = {0, 1, 128, 255}, bits16[] = {0, 0, 0, 1, 0x12, 0x34, 0xFF, 0xFF};
    png p = png_make(4, 1, 1, 0, bits1, 1);
    expect_samples(&p, (uint16_t[]){0, 65535, 0, 65535}, 4, 1);
    p = png_make(4, 1, 2, 0, bits2, 1);
    expect_samples(&p, (uint16_t[]){0, 21845, 43690, 65535}, 4, 1);
    p = png_make(3, 1, 4, 0, bits4, 2);
    expect_samples(&p, (uint16_t[]){0, 7 * 4369, 65535}, 3, 1);
    p = png_make(4, 1, 8, 0, bits8, 4);
    expect_samples(&p, (uint16_t[]){0, 257, 128 * 257, 65535}, 4, 1);
    p = png_make(4, 1, 16, 0, bits16, 8);
    expect_samples(&p, (uint16_t[]){0, 1, 0x1234, 65535}, 4, 1);
}

static void info_of_a_file(void **state)
{
    (void)state;
    const unsigned char rows[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    png p = png_make(2, 1, 16, 2, rows, 12);
    pleura_image *image = decoded(p.bytes, p.size);
    pleura_image_info info;
    pleura_image_get_info(image, &info);
    assert_int_equal(info.width, 2);
    assert_int_equal(info.height, 1);
    assert_int_equal(info.bits, 16);
    assert_int_equal(info.channels, 3);
    pleura_image_free(image);
}

/* Grey stored as colour gives the same samples to the bit, and no chroma. */
static void equal_colours_are_grey(void **state)
{
    (void)state;
    unsigned char rows[3 * 256];
    uint16_t samples[256];
    for (unsigned v = 0; v < 256; v++) {
        memset(rows + 3 * v, (int)v, 3);
        samples[v] = (uint16_t)(257 * v);
    }
    png p = png_make(256, 1, 8, 2, rows, sizeof rows);
    expect_samples(&p, samples, 256, 3);
    pleura_image *image = decoded(p.bytes, p.size);
    pleura_image_info info;
    pleura_image_get_info(image, &info);
    assert_true(info.chroma == 0);
    pleura_image_free(image);
}

static void colour_becomes_luma(void **state)
{
    (void)state;
    const unsigned char rows[] = {255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255};
    png p = png_make(4, 1, 8, 2, rows, 12);
    pleura_image *image = decoded(p.bytes, p.size);
    const double exact[] = {.299 * 65535, .587 * 65535, .114 * 65535, 65535};
    for (size_t i = 0; i < 4; i++)
        assert_true(pleura_image_samples(image)[i] - exact[i] < 1.5 &&
                    exact[i] - pleura_image_samples(image)[i] < 1.5);
    pleura_image_info info;
    pleura_image_get_info(image, &info);
    assert_true(info.chroma > .7499f && info.chroma < .7501f);
    pleura_image_free(image);
}

static void alpha_is_over_black(void **state)
{
    (void)state;
    const unsigned char grey8[] = {255, 255, 255, 0, 200, 128};
    const unsigned char grey16[] = {0xFF, 0xFF, 0x80, 0x00, 0x12, 0x34, 0xFF, 0xFF};
    const unsigned char colour[] = {255, 0, 0, 0, 255, 255, 255, 51};
    png p = png_make(3, 1, 8, 4, grey8, 6);
    expect_samples(&p, (uint16_t[]){65535, 0, (200 * 128 * 257 + 127) / 255}, 3, 2);
    p = png_make(2, 1, 16, 4, grey16, 8);
    expect_samples(&p, (uint16_t[]){0x8000, 0x1234}, 2, 2);
    p = png_make(2, 1, 8, 6, colour, 8);
    expect_samples(&p, (uint16_t[]){0, 13107}, 2, 4);
    pleura_image *image = decoded(p.bytes, p.size);
    pleura_image_info info;
    pleura_image_get_info(image, &info);
    assert_true(info.chroma == 0); /* what cannot be seen has no colour */
    pleura_image_free(image);
}

static void palettes(void **state)
{
    (void)state;
    const unsigned char palette[] = {0, 0, 0, 128, 128, 128, 255, 255, 255}, row[] = {0x18};
    png p;
    png_begin(&p, 3, 1, 2, 3);
    png_chunk(&p, "PLTE", palette, 9);
    png_data(&p, row, 1, 1);
    png_end(&p);
    expect_samples(&p, (uint16_t[]){0, 128 * 257, 65535}, 3, 3);

    png_begin(&p, 3, 1, 2, 3);
    png_chunk(&p, "PLTE", palette, 9);
    png_chunk(&p, "tRNS", "\xFF\xFF\x33", 3);
    png_data(&p, row, 1, 1);
    png_end(&p);
    expect_samples(&p, (uint16_t[]){0, 128 * 257, 13107}, 3, 4);
}

static void dirty_the_stack(unsigned char byte)
{
    volatile unsigned char bytes[16384];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = byte;
}

/* Pixels of an entry that the palette lacks are black, as in libpng, and not what lies in memory. */
static void palette_that_is_too_short(void **state)
{
    (void)state;
    const unsigned char palette[] = {255, 255, 255}, row[] = {0, 1, 2, 255};
    png p;
    png_begin(&p, 4, 1, 8, 3);
    png_chunk(&p, "PLTE", palette, 3);
    png_data(&p, row, 1, 4);
    png_end(&p);
    for (int byte = 0; byte < 256; byte += 85) {
        dirty_the_stack((unsigned char)byte);
        expect_samples(&p, (uint16_t[]){65535, 0, 0, 0}, 4, 3);
    }
}

static void data_in_pieces_and_strange_chunks(void **state)
{
    (void)state;
    const unsigned char rows[] = {1, 2};
    png whole = png_make(2, 1, 8, 0, rows, 2), p;
    png_begin(&p, 2, 1, 8, 0);
    png_chunk(&p, "tEXt", "Comment\0hello", 13);
    size_t at = 8 + 25;
    for (size_t i = 0; i < 14; i++) /* a chunk for each of the 14 bytes */
        png_chunk(&p, "IDAT", whole.bytes + at + 8 + i, 1);
    png_chunk(&p, "zzZz", "?", 1);
    png_end(&p);
    memcpy(p.bytes + p.size, "rubbish", 7);
    p.size += 7;
    expect_samples(&p, (uint16_t[]){257, 514}, 2, 1);
}

/* ---- PNG, refused ---- */

static void png_headers(void **state)
{
    (void)state;
    static const struct {
        uint32_t width, height;
        int bits, colour;
        pleura_code code;
        const char *words;
    } cases[] = {
        {30000, 30000, 8, 0, PLEURA_ERROR_TOO_LARGE, "30000 x 30000"},
        {20000, 20000, 16, 6, PLEURA_ERROR_TOO_LARGE, "400000000 pixels"},
        {0x7FFFFFFF, 0x7FFFFFFF, 8, 2, PLEURA_ERROR_TOO_LARGE, "2147483647"},
        {0xFFFFFFFF, 1, 8, 2, PLEURA_ERROR_TOO_LARGE, "at most 20000"},
        {0, 5, 8, 0, PLEURA_ERROR_CORRUPT, "0 x 5"},
        {5, 0, 8, 0, PLEURA_ERROR_CORRUPT, "5 x 0"},
        {5, 5, 16, 3, PLEURA_ERROR_CORRUPT, "colour type 3"},
        {5, 5, 3, 0, PLEURA_ERROR_CORRUPT, "3 bits"},
        {5, 5, 4, 2, PLEURA_ERROR_CORRUPT, "colour type 2"},
        {5, 5, 8, 5, PLEURA_ERROR_CORRUPT, "colour type 5"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        png p;
        png_begin(&p, cases[i].width, cases[i].height, cases[i].bits, cases[i].colour);
        png_end(&p);
        expect_png(&p, cases[i].code, cases[i].words);
    }
}

static void png_structure(void **state)
{
    (void)state;
    const unsigned char rows[] = {1, 2};
    png p;
    png_begin(&p, 2, 1, 8, 0);
    png_end(&p);
    expect_png(&p, PLEURA_ERROR_CORRUPT, "no image data");

    png_begin(&p, 2, 1, 8, 3);
    png_data(&p, rows, 1, 2);
    png_end(&p);
    expect_png(&p, PLEURA_ERROR_CORRUPT, "without a palette");

    png_begin(&p, 2, 1, 8, 0);
    png_chunk(&p, "ABCD", NULL, 0);
    png_data(&p, rows, 1, 2);
    png_end(&p);
    expect_png(&p, PLEURA_ERROR_UNSUPPORTED_IMAGE, "ABCD");

    memcpy(p.bytes, "\x89PNG\r\n\x1A\n", 8);
    p.size = 8;
    png_data(&p, rows, 1, 2);
    expect_png(&p, PLEURA_ERROR_CORRUPT, "IDAT, not the header");

    png_begin(&p, 2, 9, 8, 0); /* nine rows, one given */
    png_data(&p, rows, 1, 2);
    png_end(&p);
    expect_png(&p, PLEURA_ERROR_CORRUPT, "cannot be decoded");
}

static void png_check_sums(void **state)
{
    (void)state;
    const unsigned char rows[] = {1, 2};
    png p = png_make(2, 1, 8, 0, rows, 2);
    p.bytes[8 + 25 + 8 + 7]++; /* in the IDAT chunk */
    expect_png(&p, PLEURA_ERROR_CORRUPT, "CRC) of the IDAT chunk at byte 33");
    p.bytes[8 + 25 + 8 + 7]--;
    p.bytes[8 + 8 + 3]++; /* the width */
    expect_png(&p, PLEURA_ERROR_CORRUPT, "CRC) of the IHDR chunk");
}

static void png_cut_anywhere(void **state)
{
    (void)state;
    const unsigned char rows[] = {1, 2, 3, 4};
    png p = png_make(2, 2, 8, 0, rows, 2);
    for (size_t size = 1; size < p.size; size++) {
        unsigned char *copy = malloc(size); /* so that a sanitizer sees a read past it */
        assert_non_null(copy);
        memcpy(copy, p.bytes, size);
        expect(copy, size, PLEURA_ERROR_TRUNCATED, "ends");
        free(copy);
    }
}

/* Claims one pixel and inflates to 64 MB: refused before memory is spent. */
static void png_that_inflates(void **state)
{
    (void)state;
    const size_t count = 1100 * 65540;
    unsigned char *big = malloc(count + 100);
    assert_non_null(big);
    unsigned char *at = big + 8 + 25 + 8;
    *at++ = 0x78;
    *at++ = 0x01;
    for (int i = 0; i < 1000; i++) { /* stored blocks of 65,535 zeros */
        memcpy(at, i == 999 ? "\1\xFF\xFF\0\0" : "\0\xFF\xFF\0\0", 5);
        memset(at + 5, 0, 65535);
        at += 5 + 65535;
    }
    memset(at, 0, 4);
    at += 4;
    png head;
    png_begin(&head, 1, 1, 8, 0);
    size_t length = (size_t)(at - (big + 8 + 25 + 8));
    png_put32(&head, (uint32_t)length);
    memcpy(head.bytes + head.size, "IDAT", 4);
    memcpy(big, head.bytes, head.size + 4);
    png tail = {.size = 0};
    png_put32(&tail, png_crc(big + 8 + 25 + 4, length + 4));
    png_end(&tail);
    memcpy(at, tail.bytes, tail.size);
    expect(big, (size_t)(at - big) + tail.size, PLEURA_ERROR_TOO_LARGE,
           "PNG: the data inflates to more than 4 times what 1 x 1 pixels take.");
    free(big);
}

/* ---- JPEG ---- */

static void expect_gradient(const unsigned char *bytes, size_t size, unsigned channels, bool colour)
{
    pleura_image *image = decoded(bytes, size);
    pleura_image_info info;
    pleura_image_get_info(image, &info);
    assert_int_equal(info.width, 24);
    assert_int_equal(info.height, 16);
    assert_int_equal(info.bits, 8);
    assert_int_equal(info.channels, channels);
    assert_string_equal(info.format, "JPEG");
    for (size_t i = 0; i < 24 * 16; i++) {
        double g = 10.0 * (double)(i % 24) + (double)(i / 24);
        double exact = colour ? .299 * (255 - g) + .587 * g + .114 * 128 : g;
        double difference = pleura_image_samples(image)[i] / 257.0 - exact;
        if (difference > 8 || difference < -8)
            fail_msg("sample %zu is off by %g", i, difference);
    }
    assert_true(colour == (info.chroma > 0.1f));
    pleura_image_free(image);
}

static void jpegs_that_are_read(void **state)
{
    (void)state;
    expect_gradient(jpeg_grey, sizeof jpeg_grey, 1, false);
    expect_gradient(jpeg_colour, sizeof jpeg_colour, 3, true);
    expect_gradient(jpeg_progressive, sizeof jpeg_progressive, 3, true);
    expect_gradient(jpeg_restart, sizeof jpeg_restart, 1, false);
}

/* The start-of-frame marker's second byte in jpeg_grey. */
static size_t frame_of(const unsigned char *bytes, size_t size)
{
    for (size_t i = 2; i + 1 < size; i++)
        if (bytes[i] == 0xFF && (bytes[i + 1] & 0xFC) == 0xC0)
            return i + 1;
    fail_msg("no frame");
    return 0;
}

static void jpegs_refused_by_name(void **state)
{
    (void)state;
    static const struct {
        size_t at; /* from the marker's second byte */
        unsigned char byte;
        pleura_code code;
        const char *words;
    } cases[] = {
        {0, 0xC3, PLEURA_ERROR_UNSUPPORTED_IMAGE, "lossless"},
        {0, 0xC5, PLEURA_ERROR_UNSUPPORTED_IMAGE, "hierarchical"},
        {0, 0xC9, PLEURA_ERROR_UNSUPPORTED_IMAGE, "arithmetic"},
        {0, 0xF7, PLEURA_ERROR_UNSUPPORTED_IMAGE, "JPEG-LS"},
        {3, 12, PLEURA_ERROR_UNSUPPORTED_IMAGE, "12 bits"},
        {4, 0xFF, PLEURA_ERROR_TOO_LARGE, "24 x 65296"},
        {7, 0, PLEURA_ERROR_CORRUPT, "0 x 16"},
        {8, 2, PLEURA_ERROR_CORRUPT, "too short"},
        {2, 4, PLEURA_ERROR_CORRUPT, "too short"},
        {2, 1, PLEURA_ERROR_CORRUPT, "length of 1"},
        {2, 0xFF, PLEURA_ERROR_TRUNCATED, "no end-of-image marker"},
    };
    size_t frame = frame_of(jpeg_grey, sizeof jpeg_grey);
    for (size_t i = 0; i < COUNT(cases); i++) {
        unsigned char copy[sizeof jpeg_grey];
        memcpy(copy, jpeg_grey, sizeof copy);
        copy[frame + cases[i].at] = cases[i].byte;
        if (cases[i].byte == 0xFF && cases[i].at == 2)
            copy[frame + 1] = 0xFF;
        expect(copy, sizeof copy, cases[i].code, cases[i].words);
    }
    expect(jpeg_cmyk, sizeof jpeg_cmyk, PLEURA_ERROR_UNSUPPORTED_IMAGE, "CMYK");
    unsigned char copy[sizeof jpeg_grey];
    memcpy(copy, jpeg_grey, sizeof copy);
    copy[frame + 4] = copy[frame + 5] = 0; /* a height of 0 */
    expect(copy, sizeof copy, PLEURA_ERROR_UNSUPPORTED_IMAGE, "DNL");
}

static void cut_everywhere(const unsigned char *bytes, size_t size)
{
    for (size_t kept = 1; kept < size; kept++) {
        unsigned char *copy = malloc(kept);
        assert_non_null(copy);
        memcpy(copy, bytes, kept);
        expect(copy, kept, PLEURA_ERROR_TRUNCATED, "ends");
        free(copy);
    }
}

static void jpeg_cut_anywhere(void **state)
{
    (void)state;
    cut_everywhere(jpeg_grey, sizeof jpeg_grey);
    cut_everywhere(jpeg_colour, sizeof jpeg_colour);
    cut_everywhere(jpeg_progressive, sizeof jpeg_progressive);
}

/* Cut inside its scans, but with an end-of-image marker behind it: what is decoded is the whole
 * picture, or nothing. */
static void ended_early(const unsigned char *bytes, size_t size)
{
    pleura_image *whole = decoded(bytes, size);
    size_t at = 0, refused = 0;
    while (memcmp(bytes + at, "\xFF\xDA", 2) != 0)
        at++;
    for (at += 2 + bytes[at + 3]; at < size - 2; at++) {
        unsigned char copy[1024];
        pleura_image *image;
        memcpy(copy, bytes, at);
        memcpy(copy + at, "\xFF\xD9", 2);
        if (pleura_image_decode(copy, at + 2, NULL, &image, NULL) != PLEURA_OK)
            refused++;
        else if (memcmp(pleura_image_samples(image), pleura_image_samples(whole), 24 * 16 * 2) != 0)
            fail_msg("%zu of %zu bytes make another picture", at, size);
        pleura_image_free(image);
    }
    assert_true(refused > 10);
    pleura_image_free(whole);
}

static void jpeg_that_ends_early(void **state)
{
    (void)state;
    ended_early(jpeg_grey, sizeof jpeg_grey);
    ended_early(jpeg_colour, sizeof jpeg_colour);
    ended_early(jpeg_restart, sizeof jpeg_restart);
    ended_early(jpeg_progressive, sizeof jpeg_progressive);
}

/* Where a marker of this second byte stands, after `from`. */
static size_t marker_in(const unsigned char *bytes, size_t from, unsigned char second)
{
    while (bytes[from] != 0xFF || bytes[from + 1] != second)
        from++;
    return from;
}

static void jpeg_restart_markers(void **state)
{
    (void)state;
    unsigned char copy[sizeof jpeg_restart];
    size_t first = marker_in(jpeg_restart, 2, 0xD0);
    memcpy(copy, jpeg_restart, sizeof copy);
    copy[first + 1] = 0xD3;
    expect(copy, sizeof copy, PLEURA_ERROR_CORRUPT, "restart marker 3");
    /* An interval that lost its last two bytes. */
    memcpy(copy, jpeg_restart, sizeof copy);
    memmove(copy + first - 2, copy + first, sizeof copy - first);
    expect(copy, sizeof copy - 2, PLEURA_ERROR_TRUNCATED, "restart interval");
    /* Markers in a file that says that it has none. */
    memcpy(copy, jpeg_restart, sizeof copy);
    size_t interval = marker_in(jpeg_restart, 2, 0xDD);
    copy[interval + 5] = 0;
    expect(copy, sizeof copy, PLEURA_ERROR_CORRUPT, "not the one expected");
}

/* ---- Progressive scans ---- */

typedef struct scan {
    size_t header, data, end; /* from where to where; `end` is the next marker */
} scan;

static unsigned scans_of(const unsigned char *bytes, size_t size, scan *scans)
{
    unsigned count = 0;
    for (size_t at = 2; at + 1 < size;) {
        size_t end = at + 2;
        if (bytes[at + 1] != 0xD9)
            end += (size_t)bytes[at + 2] << 8 | bytes[at + 3];
        if (bytes[at + 1] == 0xDA) {
            scans[count] = (scan){.header = at, .data = end};
            while (bytes[end] != 0xFF || !bytes[end + 1])
                end++;
            scans[count++].end = end;
        }
        at = end;
    }
    return count;
}

static size_t without(const unsigned char *bytes, size_t size, size_t from, size_t to,
                      unsigned char *copy)
{
    memcpy(copy, bytes, from);
    memcpy(copy + from, bytes + to, size - to);
    return size - (to - from);
}

static void jpeg_without_its_last_scan(void **state)
{
    (void)state;
    scan scans[PLEURA_JPEG_MAX_SCANS];
    unsigned count = scans_of(jpeg_progressive, sizeof jpeg_progressive, scans);
    unsigned char copy[sizeof jpeg_progressive];
    size_t size = without(jpeg_progressive, sizeof jpeg_progressive, scans[count - 1].header,
                          scans[count - 1].end, copy);
    expect(copy, size, PLEURA_ERROR_TRUNCATED, "without all of its scans");
}

/* A scan whose bits go on where those of one that is missing ended: decoders read on and say nothing. */
static void jpeg_without_a_scan_between(void **state)
{
    (void)state;
    scan scans[PLEURA_JPEG_MAX_SCANS];
    unsigned count = scans_of(jpeg_progressive, sizeof jpeg_progressive, scans);
    unsigned char copy[2 * sizeof jpeg_progressive];
    assert_int_equal(count, 10);
    /* What brings coefficients for the first time: refinements follow. */
    for (unsigned i = 0; i < 4; i++) {
        size_t size =
            without(jpeg_progressive, sizeof jpeg_progressive, scans[i].header, scans[i].end, copy);
        expect(copy, size, PLEURA_ERROR_CORRUPT, "a progressive scan that is not the next one");
    }
    for (unsigned i = 0; i < count; i++) {
        size_t length = scans[i].end - scans[i].header;
        memcpy(copy, jpeg_progressive, scans[i].end);
        memcpy(copy + scans[i].end, jpeg_progressive + scans[i].header,
               sizeof jpeg_progressive - scans[i].header);
        expect(copy, sizeof jpeg_progressive + length, PLEURA_ERROR_CORRUPT,
               "a progressive scan that is not the next one");
    }
}

/* Each scan cut by any number of bytes, with the others whole: also of refinements, where no code is wrong. */
static void jpeg_scans_that_end_early(void **state)
{
    (void)state;
    scan scans[PLEURA_JPEG_MAX_SCANS];
    unsigned count = scans_of(jpeg_progressive, sizeof jpeg_progressive, scans), refused = 0;
    pleura_image *whole = decoded(jpeg_progressive, sizeof jpeg_progressive);
    for (unsigned i = 0; i < count; i++)
        for (size_t kept = scans[i].data; kept < scans[i].end; kept++) {
            unsigned char copy[sizeof jpeg_progressive];
            size_t size =
                without(jpeg_progressive, sizeof jpeg_progressive, kept, scans[i].end, copy);
            pleura_image *image;
            if (pleura_image_decode(copy, size, NULL, &image, NULL) != PLEURA_OK)
                refused++;
            else if (memcmp(pleura_image_samples(image), pleura_image_samples(whole),
                            24 * 16 * 2) != 0)
                fail_msg("scan %u, cut at %zu of %zu, makes another picture", i, kept,
                         scans[i].end);
            pleura_image_free(image);
        }
    assert_true(refused > 60);
    pleura_image_free(whole);
}

/* ---- EXIF orientation ---- */

/* The corners of the upright picture, as EXIF 2.3 (4.6.4) has them: where the stored picture's first
 * row begins, and where it ends. */
enum { TOP_LEFT, TOP_RIGHT, BOTTOM_LEFT, BOTTOM_RIGHT };
static const unsigned char corners[9][2] = {
    {TOP_LEFT, TOP_RIGHT},       {TOP_LEFT, TOP_RIGHT},       {TOP_RIGHT, TOP_LEFT},
    {BOTTOM_RIGHT, BOTTOM_LEFT}, {BOTTOM_LEFT, BOTTOM_RIGHT}, {TOP_LEFT, BOTTOM_LEFT},
    {TOP_RIGHT, BOTTOM_RIGHT},   {BOTTOM_RIGHT, TOP_RIGHT},   {BOTTOM_LEFT, TOP_LEFT}};

static uint16_t corner(const pleura_image *image, unsigned which)
{
    pleura_image_info info;
    pleura_image_get_info(image, &info);
    size_t row = which >= BOTTOM_LEFT ? info.height - 1 : 0;
    return pleura_image_samples(image)[row * info.width + (which % 2 ? info.width - 1 : 0)];
}

static size_t exif_block(unsigned char *to, bool big, unsigned orientation)
{
    static const unsigned char bigs[] = "MM\0*\0\0\0\x8\0\1\1\x12\0\3\0\0\0\1\0\0\0\0\0\0\0\0";
    static const unsigned char littles[] = "II*\0\x8\0\0\0\1\0\x12\1\3\0\1\0\0\0\0\0\0\0\0\0\0\0";
    memcpy(to, big ? bigs : littles, 26);
    to[big ? 19 : 18] = (unsigned char)orientation;
    return 26;
}

/* jpeg_grey, 24 x 16 pixels, with `exif` in an APP1 segment. */
static size_t with_exif(unsigned char *to, const unsigned char *exif, size_t size)
{
    memcpy(to, "\xFF\xD8\xFF\xE1\0", 5);
    to[5] = (unsigned char)(2 + 6 + size);
    memcpy(to + 6, "Exif\0\0", 6);
    memcpy(to + 12, exif, size);
    memcpy(to + 12 + size, jpeg_grey + 2, sizeof jpeg_grey - 2);
    return 12 + size + sizeof jpeg_grey - 2;
}

static void expect_turned(const unsigned char *bytes, size_t size, unsigned orientation,
                          const pleura_image *upright)
{
    pleura_image *image = decoded(bytes, size);
    pleura_image_info info, before;
    pleura_image_get_info(image, &info);
    pleura_image_get_info(upright, &before);
    assert_int_equal(info.width, orientation >= 5 ? before.height : before.width);
    assert_int_equal(info.height, orientation >= 5 ? before.width : before.height);
    assert_int_equal(corner(image, corners[orientation][0]), corner(upright, TOP_LEFT));
    assert_int_equal(corner(image, corners[orientation][1]), corner(upright, TOP_RIGHT));
    pleura_image_free(image);
}

static void jpegs_are_turned_upright(void **state)
{
    (void)state;
    pleura_image *upright = decoded(jpeg_grey, sizeof jpeg_grey);
    unsigned char exif[64], bytes[sizeof jpeg_grey + 64];
    for (unsigned big = 0; big < 2; big++)
        for (unsigned orientation = 1; orientation <= 8; orientation++) {
            size_t size = with_exif(bytes, exif, exif_block(exif, big, orientation));
            expect_turned(bytes, size, orientation, upright);
        }
    /* What is none, and blocks that are cut anywhere, turn nothing. */
    size_t whole = exif_block(exif, true, 9);
    expect_turned(bytes, with_exif(bytes, exif, whole), 1, upright);
    exif_block(exif, true, 6);
    for (size_t size = 0; size < 20; size++)
        expect_turned(bytes, with_exif(bytes, exif, size), 1, upright);
    memset(exif + 4, 0xFF, 4); /* a directory far outside */
    expect_turned(bytes, with_exif(bytes, exif, whole), 1, upright);
    pleura_image_free(upright);
}

static void pngs_are_turned_upright(void **state)
{
    (void)state;
    const unsigned char rows[] = {10, 20, 30, 40, 50, 60};
    const uint16_t stored[] = {2570, 5140, 7710, 10280, 12850, 15420};
    pleura_image *upright;
    assert_int_equal(pleura_image_from_grey16(stored, 3, 2, NULL, &upright, NULL), PLEURA_OK);
    unsigned char exif[64];
    for (unsigned orientation = 1; orientation <= 8; orientation++) {
        png p;
        png_begin(&p, 3, 2, 8, 0);
        png_chunk(&p, "eXIf", exif, exif_block(exif, true, orientation));
        png_data(&p, rows, 2, 3);
        png_chunk(&p, "IEND", NULL, 0);
        expect_turned(p.bytes, p.size, orientation, upright);
    }
    pleura_image_free(upright);
}

static void jpeg_without_data(void **state)
{
    (void)state;
    expect("\xFF\xD8\xFF\xD9", 4, PLEURA_ERROR_CORRUPT, "without any image data");
    expect("\xFF\xD8\xFF\xDA\0\2\xFF\xD9", 8, PLEURA_ERROR_CORRUPT, "before any frame");
    expect("\xFF\xD8\xFF\xD8\xFF\xD9", 6, PLEURA_ERROR_CORRUPT, "second image");
}

/* jpeg_grey with its one scan repeated: a way to keep a decoder busy with a small file. */
static void jpeg_of_two_scans(void **state)
{
    (void)state;
    scan scans[PLEURA_JPEG_MAX_SCANS];
    assert_int_equal(scans_of(jpeg_grey, sizeof jpeg_grey, scans), 1);
    unsigned char copy[2 * sizeof jpeg_grey];
    memcpy(copy, jpeg_grey, scans->end);
    memcpy(copy + scans->end, jpeg_grey + scans->header, sizeof jpeg_grey - scans->header);
    expect(copy, scans->end + sizeof jpeg_grey - scans->header, PLEURA_ERROR_UNSUPPORTED_IMAGE,
           "more than 1 scans");
}

/* Grey of 24 x 16 in a scan for the means and one for every other coefficient, all of them zero: a code of one bit
 * for each of the six blocks. */
static void jpeg_of_many_scans(void **state)
{
    (void)state;
    static const unsigned char frame[] = "\xFF\xC2\0\x0B\x08\0\x10\0\x18\1\1\x11\0";
    static const unsigned char table[20] = "\xFF\xC4\0\x14\0\1"; /* and its one symbol, 0 */
    unsigned char copy[1024];
    size_t start = (size_t)(frame_of(jpeg_grey, sizeof jpeg_grey) - 1), at = start;
    memcpy(copy, jpeg_grey, start);
    memcpy(copy + at, frame, 13);
    at += 13;
    for (unsigned char kind = 0; kind <= 0x10; kind += 0x10, at += 22) {
        memcpy(copy + at, table, 20);
        memset(copy + at + 20, 0, 2);
        copy[at + 4] = kind;
    }
    for (unsigned char k = 0; k < 64; k++, at += 11) {
        memcpy(copy + at, "\xFF\xDA\0\x08\1\1\0\0\0\0\x03", 11);
        copy[at + 7] = copy[at + 8] = k;
    }
    memcpy(copy + at, "\xFF\xD9", 2);
    expect(copy, at + 2, PLEURA_ERROR_UNSUPPORTED_IMAGE, "more than 32 scans");
    /* As many as are allowed, of which the last has the rest. */
    at -= 32 * 11;
    copy[at - 11 + 8] = 63;
    memcpy(copy + at, "\xFF\xD9", 2);
    pleura_image_free(decoded(copy, at + 2));
}

static void jpeg_too_short_for_its_size(void **state)
{
    (void)state;
    unsigned char copy[sizeof jpeg_grey];
    memcpy(copy, jpeg_grey, sizeof copy);
    memcpy(copy + frame_of(copy, sizeof copy) + 4, "\x1B\x58\x1B\x58", 4);
    expect(copy, sizeof copy, PLEURA_ERROR_TRUNCATED, "cannot hold 7000 x 7000 pixels");
}

/* Whatever one byte is changed to, there is an image or a described fault. */
static void any_byte_changed(void **state)
{
    (void)state;
    unsigned char copy[sizeof jpeg_progressive];
    for (size_t at = 2; at < sizeof copy; at++)
        for (unsigned change = 1; change < 256; change += 37) {
            memcpy(copy, jpeg_progressive, sizeof copy);
            copy[at] ^= (unsigned char)change;
            pleura_error error = {0};
            pleura_image *image;
            pleura_code code = pleura_image_decode(copy, sizeof copy, NULL, &image, &error);
            assert_true((code == PLEURA_OK) == (image != NULL));
            assert_int_equal(code, error.code);
            assert_true(code == PLEURA_OK || error.message[0]);
            pleura_image_free(image);
        }
}

/* ---- Other things ---- */

static void other_kinds_are_named(void **state)
{
    (void)state;
    expect("GIF89a..", 8, PLEURA_ERROR_FORMAT, "a GIF");
    expect("BM......", 8, PLEURA_ERROR_FORMAT, "a BMP");
    expect("II*\0....", 8, PLEURA_ERROR_FORMAT, "a TIFF");
    expect("RIFF\1\1\1\1WEBPVP8 ", 16, PLEURA_ERROR_FORMAT, "a WebP");
    expect("%PDF-1.7", 8, PLEURA_ERROR_FORMAT, "This is a PDF, not a DICOM file, JPEG or PNG.");
    expect("PK\3\4....", 8, PLEURA_ERROR_FORMAT, "ZIP");
    expect("\0\0\0\x18"
           "ftypheic",
           12, PLEURA_ERROR_FORMAT, "HEIC");
    expect("  <!DOCTYPE html>", 17, PLEURA_ERROR_FORMAT, "web page");
    expect("<svg xmlns=''/>", 15, PLEURA_ERROR_FORMAT, "XML or SVG");
    expect("just a note", 11, PLEURA_ERROR_FORMAT, "text file");
    expect("\1\2\3", 3, PLEURA_ERROR_FORMAT, "01 02 03 00");
    expect("\x89PNG\n\x1A\n....", 11, PLEURA_ERROR_FORMAT, "signature is damaged");
    expect("", 0, PLEURA_ERROR_EMPTY, "empty");
}

static void arguments(void **state)
{
    (void)state;
    pleura_image *image;
    pleura_error error = {0};
    assert_int_equal(pleura_image_decode(NULL, 5, NULL, &image, &error), PLEURA_ERROR_ARGUMENT);
    assert_null(image);
    assert_int_equal(pleura_image_decode("x", 1, NULL, NULL, NULL), PLEURA_ERROR_ARGUMENT);
    pleura_image_free(NULL);
}

static void limits_of_the_caller(void **state)
{
    (void)state;
    pleura_image *image;
    const pleura_limits limits[] = {{.max_bytes = 100}, {.max_pixels = 300}, {.max_side = 20}};
    for (size_t i = 0; i < COUNT(limits); i++)
        assert_int_equal(pleura_image_decode(jpeg_grey, sizeof jpeg_grey, &limits[i], &image, NULL),
                         PLEURA_ERROR_TOO_LARGE);
    const pleura_limits enough = {sizeof jpeg_grey, 24 * 16, 24};
    assert_int_equal(pleura_image_decode(jpeg_grey, sizeof jpeg_grey, &enough, &image, NULL),
                     PLEURA_OK);
    pleura_image_free(image);
}

static void samples_of_the_caller(void **state)
{
    (void)state;
    uint16_t samples[] = {1, 2, 3, 4, 5, 6};
    pleura_image *image;
    assert_int_equal(pleura_image_from_grey16(samples, 3, 2, NULL, &image, NULL), PLEURA_OK);
    samples[0] = 9; /* they were copied */
    assert_int_equal(pleura_image_samples(image)[0], 1);
    assert_int_equal(pleura_image_samples(image)[5], 6);
    pleura_image_free(image);
    assert_int_equal(pleura_image_from_grey16(samples, 0, 2, NULL, &image, NULL),
                     PLEURA_ERROR_CORRUPT);
    assert_int_equal(pleura_image_from_grey16(samples, 1, 20001, NULL, &image, NULL),
                     PLEURA_ERROR_TOO_LARGE);
    assert_int_equal(pleura_image_from_grey16(NULL, 1, 1, NULL, &image, NULL),
                     PLEURA_ERROR_ARGUMENT);
}

#ifdef PLEURA_TEST_ALLOCATION
extern size_t pleura_test_fail_at, pleura_test_allocations, pleura_test_live;

static void fail_each(const void *bytes, size_t size)
{
    png bad;
    png_begin(&bad, 4, 4, 8, 0);
    png_chunk(&bad, "IDAT", "no deflate", 10);
    png_end(&bad);
    for (size_t at = 1;; at++) {
        pleura_error error = {0};
        pleura_image *image;
        /* A fault of another file before it, which must not be told again. */
        assert_int_equal(pleura_image_decode(bad.bytes, bad.size, NULL, &image, NULL),
                         PLEURA_ERROR_CORRUPT);
        pleura_test_allocations = 0;
        pleura_test_fail_at = at;
        size_t live = pleura_test_live;
        pleura_code code = pleura_image_decode(bytes, size, NULL, &image, &error);
        pleura_test_fail_at = 0;
        pleura_image_free(image);
        assert_int_equal(pleura_test_live, live);
        if (code == PLEURA_OK) {
            assert_true(at > 2);
            return;
        }
        assert_int_equal(code, PLEURA_ERROR_MEMORY);
        assert_null(image);
    }
}

static void any_allocation_may_fail(void **state)
{
    (void)state;
    const unsigned char rows[32] = {0};
    fail_each(jpeg_grey, sizeof jpeg_grey);
    fail_each(jpeg_colour, sizeof jpeg_colour);
    fail_each(jpeg_progressive, sizeof jpeg_progressive);
    png p = png_make(2, 2, 8, 0, rows, 2);
    fail_each(p.bytes, p.size);
    p = png_make(2, 2, 16, 6, rows, 16);
    fail_each(p.bytes, p.size);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grey_of_every_depth),
        cmocka_unit_test(info_of_a_file),
        cmocka_unit_test(equal_colours_are_grey),
        cmocka_unit_test(colour_becomes_luma),
        cmocka_unit_test(alpha_is_over_black),
        cmocka_unit_test(palettes),
        cmocka_unit_test(palette_that_is_too_short),
        cmocka_unit_test(data_in_pieces_and_strange_chunks),
        cmocka_unit_test(png_headers),
        cmocka_unit_test(png_structure),
        cmocka_unit_test(png_check_sums),
        cmocka_unit_test(png_cut_anywhere),
        cmocka_unit_test(png_that_inflates),
        cmocka_unit_test(jpegs_that_are_read),
        cmocka_unit_test(jpegs_refused_by_name),
        cmocka_unit_test(jpeg_cut_anywhere),
        cmocka_unit_test(jpeg_that_ends_early),
        cmocka_unit_test(jpeg_restart_markers),
        cmocka_unit_test(jpeg_without_its_last_scan),
        cmocka_unit_test(jpeg_without_a_scan_between),
        cmocka_unit_test(jpeg_scans_that_end_early),
        cmocka_unit_test(jpegs_are_turned_upright),
        cmocka_unit_test(pngs_are_turned_upright),
        cmocka_unit_test(jpeg_without_data),
        cmocka_unit_test(jpeg_of_two_scans),
        cmocka_unit_test(jpeg_of_many_scans),
        cmocka_unit_test(jpeg_too_short_for_its_size),
        cmocka_unit_test(any_byte_changed),
        cmocka_unit_test(other_kinds_are_named),
        cmocka_unit_test(arguments),
        cmocka_unit_test(limits_of_the_caller),
        cmocka_unit_test(samples_of_the_caller),
#ifdef PLEURA_TEST_ALLOCATION
        cmocka_unit_test(any_allocation_may_fail),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
