/* DICOM: what is read in every encoding, exactly, and what is refused, with which code. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "dicom_writer.h"
#include "fixture_codecs.h"

#include "image/dicom/dataset.h"
#include "pleura/pleura.h"

#include <math.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

#define IMPLICIT "1.2.840.10008.1.2"
#define EXPLICIT "1.2.840.10008.1.2.1"
#define DEFLATED "1.2.840.10008.1.2.1.99"
#define BIG "1.2.840.10008.1.2.2"
#define RLE "1.2.840.10008.1.2.5"

/* ---- Helpers ---- */

static pleura_image *decoded(const dicom *d)
{
    pleura_error error = {0};
    pleura_image *image = NULL;
    if (pleura_image_decode(d->bytes, d->size, NULL, &image, &error) != PLEURA_OK)
        fail_msg("%s: %s", pleura_code_name(error.code), error.message);
    return image;
}

static void expect_greys(const dicom *d, const uint16_t *greys, size_t count)
{
    pleura_image *image = decoded(d);
    pleura_image_info info;
    pleura_image_get_info(image, &info);
    assert_string_equal(info.format, "DICOM");
    assert_non_null(info.dicom);
    assert_int_equal((size_t)info.width * info.height, count);
    for (size_t i = 0; i < count; i++)
        if (pleura_image_samples(image)[i] != greys[i])
            fail_msg("grey %zu is %u, not %u", i, pleura_image_samples(image)[i], greys[i]);
    pleura_image_free(image);
}

static void expect_refused(const dicom *d, pleura_code code, const char *words)
{
    pleura_error error = {0};
    pleura_image *image = (pleura_image *)&error;
    pleura_code found = pleura_image_decode(d->bytes, d->size, NULL, &image, &error);
    if (found != code || !strstr(error.message, words))
        fail_msg("%s: %s (expected %s: %s)", pleura_code_name(found), error.message,
                 pleura_code_name(code), words);
    assert_null(image);
}

/* ---- One picture in every encoding ---- */

static const layout four = {.columns = 2,
                            .rows = 2,
                            .samples = 1,
                            .allocated = 16,
                            .stored = 12,
                            .photometric = "MONOCHROME2"};
static const uint16_t four_values[] = {0, 1000, 2000, 4095};
static const uint16_t four_greys[] = {0, 16004, 32007, 65535};

static dicom four_in(const char *syntax)
{
    dicom d;
    dicom_begin(&d, syntax);
    dicom_layout(&d, &four);
    dicom_words(&d, 0x7FE00010, "OW", four_values, 4);
    return d;
}

static void uncompressed_encodings(void **state)
{
    (void)state;
    const char *const syntaxes[] = {IMPLICIT, EXPLICIT, BIG};
    for (size_t i = 0; i < COUNT(syntaxes); i++) {
        dicom d = four_in(syntaxes[i]);
        expect_greys(&d, four_greys, 4);
        /* Without its preamble; without meta group, too: then the first element tells. */
        dicom bare = d;
        bare.size = d.size - 128;
        memcpy(bare.bytes, d.bytes + 128, bare.size);
        expect_greys(&bare, four_greys, 4);
        size_t meta = 132 + 12 + 8 + strlen(syntaxes[i]) + strlen(syntaxes[i]) % 2;
        bare.size = d.size - meta;
        memcpy(bare.bytes, d.bytes + meta, bare.size);
        expect_greys(&bare, four_greys, 4);
    }
}

/* A stored block (RFC 1951, 3.2.4) is deflate enough. */
static void deflated(void **state)
{
    (void)state;
    dicom plain = four_in(EXPLICIT), d;
    size_t meta = 132 + 12 + 8 + 20, length = plain.size - meta;
    dicom_begin(&d, DEFLATED);
    dicom_bytes(&d, "\1", 1);
    dicom_16(&d, (unsigned)length);
    dicom_16(&d, (unsigned)~length & 0xFFFF);
    dicom_bytes(&d, plain.bytes + meta, length);
    expect_greys(&d, four_greys, 4);
    d.size -= 3;
    expect_refused(&d, PLEURA_ERROR_CORRUPT, "inflated");
}

/* The same of a frame by itself. */
static dicom deflated_frame(void)
{
    dicom d;
    dicom_begin(&d, "1.2.840.10008.1.2.8.1");
    dicom_layout(&d, &four);
    dicom_head(&d, 0x7FE00010, "OB", UNDEFINED);
    dicom_item(&d, NULL, 0);
    dicom_head(&d, 0xFFFEE000, "", 14);
    dicom_bytes(&d, "\1\10\0\367\377", 5);
    for (int i = 0; i < 4; i++)
        dicom_16(&d, four_values[i]);
    dicom_bytes(&d, "", 1);
    dicom_end_sequence(&d);
    return d;
}

static void deflated_frames(void **state)
{
    (void)state;
    dicom d = deflated_frame();
    expect_greys(&d, four_greys, 4);
}

static void rle_file(dicom *d, const layout *l, const unsigned char *packed, size_t size,
                     unsigned segments, const uint32_t *offsets)
{
    dicom_begin(d, RLE);
    dicom_layout(d, l);
    dicom_head(d, 0x7FE00010, "OB", UNDEFINED);
    dicom_item(d, NULL, 0);
    dicom_head(d, 0xFFFEE000, "", (uint32_t)(64 + size));
    dicom_32(d, segments);
    for (unsigned i = 0; i < 15; i++)
        dicom_32(d, i < segments ? offsets[i] : 0);
    dicom_bytes(d, packed, size);
    dicom_end_sequence(d);
}

static void rle(void **state)
{
    (void)state;
    /* High bytes 00 03 07 0F as they are; low bytes 00 E8 D0 FF, the last one as a run. */
    const unsigned char packed[] = {3, 0, 3, 7, 15, 128, 2, 0, 0xE8, 0xD0, 0xFF, 0xFF};
    const uint32_t offsets[] = {64, 70};
    dicom d;
    rle_file(&d, &four, packed, sizeof packed, 2, offsets);
    expect_greys(&d, four_greys, 4);
    rle_file(&d, &four, packed, sizeof packed - 2, 2, offsets);
    expect_refused(&d, PLEURA_ERROR_TRUNCATED, "segment 1 ends after 3 of 4");
    rle_file(&d, &four, packed, sizeof packed, 1, offsets);
    expect_refused(&d, PLEURA_ERROR_CORRUPT, "1 segments");
    rle_file(&d, &four, packed, sizeof packed, 2, (const uint32_t[]){64, 90});
    expect_refused(&d, PLEURA_ERROR_TRUNCATED, "reaches from byte 64 to 90");
    rle_file(&d, &four, packed, sizeof packed, 2, (const uint32_t[]){64, 4});
    expect_refused(&d, PLEURA_ERROR_CORRUPT, "reaches");
}

/* ---- Bits ---- */

static dicom grey_file(const layout *l, const uint16_t *cells)
{
    dicom d;
    dicom_begin(&d, EXPLICIT);
    dicom_layout(&d, l);
    dicom_words(&d, 0x7FE00010, "OW", cells, l->columns * l->rows);
    return d;
}

/* The same picture whichever bits hold it, with an overlay in the others. */
static void bits_and_signs(void **state)
{
    (void)state;
    layout l = four;
    l.high_bit = 15;
    dicom d = grey_file(&l, (const uint16_t[]){0x0007, 1000 << 4 | 3, 2000 << 4, 0xFFFF});
    expect_greys(&d, four_greys, 4);
    l.high_bit = 0;
    d = grey_file(&l, (const uint16_t[]){0xF000, 1000 | 0x8000, 2000, 0x4FFF});
    expect_greys(&d, four_greys, 4);
    l.is_signed = true; /* 2,048 less */
    d = grey_file(&l, (const uint16_t[]){0x800, 0xBE8, 0xFD0, 0x7FF});
    expect_greys(&d, four_greys, 4);
    l.stored = 16; /* 12 bits of 16 look as 12 bits of 12 do */
    l.is_signed = false;
    d = grey_file(&l, four_values);
    expect_greys(&d, four_greys, 4);
    l.is_signed = true;
    d = grey_file(&l, four_values);
    expect_greys(&d, four_greys, 4);
}

static void bytes_of_either_order(void **state)
{
    (void)state;
    const layout l = {3, 1, 1, 8, 8, "MONOCHROME2", false, 0};
    const uint16_t greys[] = {257, 2 * 257, 255 * 257};
    dicom d;
    dicom_begin(&d, EXPLICIT);
    dicom_layout(&d, &l);
    dicom_head(&d, 0x7FE00010, "OB", 4);
    dicom_bytes(&d, "\1\2\377", 4);
    expect_greys(&d, greys, 3);
    dicom_begin(&d, BIG);
    dicom_layout(&d, &l);
    dicom_head(&d, 0x7FE00010, "OW", 4); /* words: each pair of bytes is swapped */
    dicom_bytes(&d, "\2\1\0\377", 4);
    expect_greys(&d, greys, 3);
}

/* ---- Tones ---- */

typedef struct extra {
    uint32_t tag;
    const char *vr, *text;
} extra;

/* `four` with more attributes, in the order of their tags behind the layout's. */
static dicom four_with(const char *photometric, const extra *extras, size_t count)
{
    layout l = four;
    l.photometric = photometric;
    dicom d;
    dicom_begin(&d, EXPLICIT);
    dicom_layout(&d, &l);
    for (size_t i = 0; i < count; i++)
        dicom_text(&d, extras[i].tag, extras[i].vr, extras[i].text);
    dicom_words(&d, 0x7FE00010, "OW", four_values, 4);
    return d;
}

static void windows(void **state)
{
    (void)state;
    /* PS3.3, C.11.2.1.2: (x - (c - .5)) / (w - 1) + .5 */
    const extra linear[] = {{0x00281050, "DS", "1500\\40"}, {0x00281051, "DS", " 2001\\400"}};
    dicom d = four_with("MONOCHROME2", linear, 2);
    expect_greys(&d, (const uint16_t[]){0, 16400, 49168, 65535}, 4);
    d = four_with("MONOCHROME1", linear, 2);
    expect_greys(&d, (const uint16_t[]){65535, 65535 - 16400, 65535 - 49168, 0}, 4);
    const extra exact[] = {{0x00281050, "DS", "1.5e3"},
                           {0x00281051, "DS", "2000"},
                           {0x00281056, "CS", "LINEAR_EXACT"}};
    d = four_with("MONOCHROME2", exact, 3);
    expect_greys(&d, (const uint16_t[]){0, 16384, 49151, 65535}, 4);
    const extra sigmoid[] = {
        {0x00281050, "DS", "1000"}, {0x00281051, "DS", "4000"}, {0x00281056, "CS", "SIGMOID"}};
    d = four_with("MONOCHROME2", sigmoid, 3);
    pleura_image *image = decoded(&d);
    const double values[] = {0, 1000, 2000, 4095};
    for (int i = 0; i < 4; i++)
        assert_true(fabs(pleura_image_samples(image)[i] -
                         65535 / (1 + exp(-4 * (values[i] - 1000) / 4000))) <= 0.5001);
    pleura_image_free(image);
    /* A window that no function allows is no window. */
    const extra none[] = {{0x00281050, "DS", "1500"}, {0x00281051, "DS", "0"}};
    d = four_with("MONOCHROME2", none, 2);
    expect_greys(&d, four_greys, 4);
    const extra words[] = {{0x00281050, "DS", "middle"}, {0x00281051, "DS", "400"}};
    d = four_with("MONOCHROME2", words, 2);
    expect_greys(&d, four_greys, 4);
}

static void rescaling(void **state)
{
    (void)state;
    const extra both[] = {{0x00281050, "DS", "2000.5"},
                          {0x00281051, "DS", "4001"},
                          {0x00281052, "DS", "-1000"},
                          {0x00281053, "DS", "2"}};
    dicom d = four_with("MONOCHROME2", both, 4);
    expect_greys(&d, (const uint16_t[]){0, 16384, 49151, 65535}, 4);
    const extra falling[] = {{0x00281052, "DS", "0"}, {0x00281053, "DS", "-1"}};
    d = four_with("MONOCHROME2", falling, 2);
    expect_greys(&d, (const uint16_t[]){65535, 65535 - 16004, 65535 - 32007, 0}, 4);
    /* Numbers without sense give a picture without sense, not a fault. */
    const extra huge[] = {{0x00281052, "DS", "-1e308"}, {0x00281053, "DS", "1e308"}};
    d = four_with("MONOCHROME2", huge, 2);
    pleura_image_free(decoded(&d));
}

static void put_lut(dicom *d, uint32_t sequence, const uint16_t *descriptor, const uint16_t *table,
                    size_t count)
{
    dicom_head(d, sequence, "SQ", UNDEFINED);
    dicom_head(d, 0xFFFEE000, "", UNDEFINED);
    dicom_words(d, 0x00283002, "US", descriptor, 3);
    dicom_words(d, 0x00283006, "OW", table, count);
    dicom_head(d, 0xFFFEE00D, "", 0);
    dicom_end_sequence(d);
}

static void lookup_tables(void **state)
{
    (void)state;
    const layout l = {4, 1, 1, 8, 8, "MONOCHROME2", false, 0};
    const uint16_t pixels[] = {0x0100, 0xC803};
    for (int both = 0; both < 2; both++) {
        dicom d;
        dicom_begin(&d, EXPLICIT);
        dicom_layout(&d, &l);
        /* 0..3 become 3, 2, 1, 0 first, and 200 the last entry. */
        if (both)
            put_lut(&d, 0x00283000, (const uint16_t[]){4, 0, 16}, (const uint16_t[]){3, 2, 1, 0},
                    4);
        put_lut(&d, 0x00283010, (const uint16_t[]){3, 1, 12}, (const uint16_t[]){0, 4095, 1000}, 3);
        dicom_words(&d, 0x7FE00010, "OW", pixels, 2);
        const uint16_t one[] = {0, 0, 16004, 16004}, two[] = {16004, 65535, 0, 0};
        expect_greys(&d, both ? two : one, 4);
    }
    dicom d;
    dicom_begin(&d, EXPLICIT);
    dicom_layout(&d, &l);
    put_lut(&d, 0x00283010, (const uint16_t[]){4, 1, 12}, (const uint16_t[]){0, 4095, 1000}, 3);
    dicom_words(&d, 0x7FE00010, "OW", pixels, 2);
    expect_refused(&d, PLEURA_ERROR_CORRUPT, "the VOI LUT has 6 bytes");
}

static void padding_is_black(void **state)
{
    (void)state;
    layout l = four;
    l.photometric = "MONOCHROME1";
    dicom d;
    dicom_begin(&d, EXPLICIT);
    dicom_layout(&d, &l);
    dicom_us(&d, 0x00280120, 4095);
    dicom_us(&d, 0x00280121, 4000);
    dicom_words(&d, 0x7FE00010, "OW", (const uint16_t[]){0, 100, 200, 4050}, 4);
    /* The rest takes 8 bits. */
    expect_greys(&d, (const uint16_t[]){65535, 155 * 257, 55 * 257, 0}, 4);
}

/* Enhanced files keep window and rescaling in functional groups, of all frames or of each. */
static void functional_groups(void **state)
{
    (void)state;
    dicom d;
    dicom_begin(&d, EXPLICIT);
    dicom_layout(&d, &four);
    dicom_text(&d, 0x00280008, "IS", "2");
    dicom_head(&d, 0x52009230, "SQ", UNDEFINED);
    for (int frame = 0; frame < 2; frame++) {
        dicom_head(&d, 0xFFFEE000, "", UNDEFINED);
        dicom_head(&d, 0x00289132, "SQ", UNDEFINED);
        dicom_head(&d, 0xFFFEE000, "", UNDEFINED);
        dicom_text(&d, 0x00281050, "DS", frame ? "7" : "1500");
        dicom_text(&d, 0x00281051, "DS", frame ? "7" : "2001");
        dicom_head(&d, 0xFFFEE00D, "", 0);
        dicom_end_sequence(&d);
        dicom_head(&d, 0xFFFEE00D, "", 0);
    }
    dicom_end_sequence(&d);
    uint16_t two[8] = {0};
    memcpy(two, four_values, sizeof four_values);
    dicom_words(&d, 0x7FE00010, "OW", two, 8);
    expect_greys(&d, (const uint16_t[]){0, 16400, 49168, 65535}, 4);
    pleura_image *image = decoded(&d);
    pleura_image_info info;
    pleura_image_get_info(image, &info);
    assert_int_equal(info.dicom->frames, 2);
    pleura_image_free(image);
}

/* ---- Colour ---- */

static void expect_luma(const dicom *d, const double *greys, size_t count)
{
    pleura_image *image = decoded(d);
    for (size_t i = 0; i < count; i++)
        if (fabs(pleura_image_samples(image)[i] - greys[i] * 257) > 130)
            fail_msg("grey %zu is %.1f, not %.1f", i, pleura_image_samples(image)[i] / 257.0,
                     greys[i]);
    pleura_image_free(image);
}

static dicom colour_file(const char *photometric, unsigned planar, const void *pixels, size_t size)
{
    const layout l = {2, 1, 3, 8, 8, photometric, false, 0};
    dicom d;
    dicom_begin(&d, EXPLICIT);
    dicom_layout(&d, &l);
    dicom_us(&d, 0x00280006, planar);
    dicom_head(&d, 0x7FE00010, "OB", (uint32_t)size);
    dicom_bytes(&d, pixels, size);
    return d;
}

static void colours(void **state)
{
    (void)state;
    const double greys[] = {.299 * 200 + .587 * 100 + .114 * 50, 255};
    dicom d = colour_file("RGB", 0, "\310\144\62\377\377\377", 6);
    expect_luma(&d, greys, 2);
    d = colour_file("RGB", 1, "\310\377\144\377\62\377", 6);
    expect_luma(&d, greys, 2);
    d = colour_file("YBR_FULL", 0, "\100\200\200\300\200\200", 6);
    expect_luma(&d, (const double[]){64, 192}, 2);
    d = colour_file("YBR_FULL_422", 0, "\100\300\200\200", 4);
    expect_luma(&d, (const double[]){64, 192}, 2);
    d = colour_file("YBR_PARTIAL_420", 0, "\100\300\200\200", 4);
    expect_refused(&d, PLEURA_ERROR_UNSUPPORTED_IMAGE, "YBR_PARTIAL_420");
}

static void palette(void **state)
{
    (void)state;
    const layout l = {2, 1, 1, 8, 8, "PALETTE COLOR", false, 0};
    dicom d;
    dicom_begin(&d, EXPLICIT);
    dicom_layout(&d, &l);
    for (unsigned i = 0; i < 3; i++)
        dicom_words(&d, 0x00281101 + i, "US", (const uint16_t[]){2, 5, 16}, 3);
    for (unsigned i = 0; i < 3; i++)
        dicom_words(&d, 0x00281201 + i, "OW", (const uint16_t[]){257 * (50 + 50 * i), 65535}, 2);
    dicom_head(&d, 0x7FE00010, "OB", 2);
    dicom_bytes(&d, "\5\7", 2);
    expect_luma(&d, (const double[]){.299 * 50 + .587 * 100 + .114 * 150, 255}, 2);
}

/* ---- The data set ---- */

static void sequences_around(void **state)
{
    (void)state;
    dicom d;
    dicom_begin(&d, EXPLICIT);
    /* Pixel attributes of an icon must not be taken for the picture's. */
    dicom_head(&d, 0x00080096, "SQ", UNDEFINED);
    dicom_head(&d, 0xFFFEE000, "", UNDEFINED);
    dicom_us(&d, 0x00280010, 77);
    dicom_words(&d, 0x7FE00010, "OW", four_values, 4);
    dicom_head(&d, 0xFFFEE00D, "", 0);
    dicom_head(&d, 0xFFFEE000, "", 10);
    dicom_us(&d, 0x00280010, 78);
    dicom_end_sequence(&d);
    dicom_layout(&d, &four);
    /* An unknown sequence is implicit little endian inside. */
    dicom_head(&d, 0x00290010, "UN", UNDEFINED);
    d.implicit = true;
    dicom_head(&d, 0xFFFEE000, "", UNDEFINED);
    dicom_us(&d, 0x00280011, 99);
    dicom_head(&d, 0xFFFEE00D, "", 0);
    dicom_end_sequence(&d);
    d.implicit = false;
    dicom_words(&d, 0x7FE00010, "OW", four_values, 4);
    expect_greys(&d, four_greys, 4);
}

/* An icon's own pixels may be compressed: fragments, which are no elements, in an item without a length. */
static void compressed_icon(dicom *d, size_t fragment)
{
    dicom_begin(d, EXPLICIT);
    dicom_layout(d, &four);
    dicom_head(d, 0x00880200, "SQ", UNDEFINED);
    dicom_head(d, 0xFFFEE000, "", UNDEFINED);
    dicom_us(d, 0x00280010, 77);
    dicom_head(d, 0x7FE00010, "OB", UNDEFINED);
    dicom_item(d, "", 0);
    dicom_head(d, 0xFFFEE000, "", (uint32_t)fragment);
    dicom_bytes(d, "\xFF\xD8\xFF\xD9", 4);
}

static void icons_with_fragments(void **state)
{
    (void)state;
    dicom d;
    compressed_icon(&d, 4);
    dicom_end_sequence(&d);
    dicom_head(&d, 0xFFFEE00D, "", 0);
    dicom_end_sequence(&d);
    dicom_words(&d, 0x7FE00010, "OW", four_values, 4);
    expect_greys(&d, four_greys, 4);

    compressed_icon(&d, 4);
    expect_refused(&d, PLEURA_ERROR_TRUNCATED, "inside the element at byte");
    compressed_icon(&d, 5);
    dicom_end_sequence(&d);
    dicom_end_sequence(&d);
    expect_refused(&d, PLEURA_ERROR_CORRUPT, "no fragment where one is expected, but (DDFF,00E0)");
    compressed_icon(&d, 4000);
    dicom_end_sequence(&d);
    expect_refused(&d, PLEURA_ERROR_TRUNCATED, "inside the element at byte");
}

/* What the file says of its VRs, and what is there. */
static void vrs_against_their_word(void **state)
{
    (void)state;
    dicom d;
    dicom_begin(&d, IMPLICIT);
    d.implicit = false;
    dicom_layout(&d, &four);
    dicom_words(&d, 0x7FE00010, "OW", four_values, 4);
    expect_greys(&d, four_greys, 4);

    dicom_begin(&d, EXPLICIT);
    dicom_layout(&d, &four);
    dicom_head(&d, 0x00290010, "UN", UNDEFINED);
    dicom_head(&d, 0xFFFEE000, "", UNDEFINED);
    dicom_us(&d, 0x00280011, 99);
    dicom_head(&d, 0xFFFEE00D, "", 0);
    dicom_end_sequence(&d);
    dicom_words(&d, 0x7FE00010, "OW", four_values, 4);
    expect_greys(&d, four_greys, 4);
}

static void nested_too_deep(void **state)
{
    (void)state;
    for (int depth = PLEURA_DICOM_MAX_DEPTH; depth <= PLEURA_DICOM_MAX_DEPTH + 1; depth++) {
        dicom d;
        dicom_begin(&d, EXPLICIT);
        for (int i = 0; i < depth; i++) {
            dicom_head(&d, 0x00081111, "SQ", UNDEFINED);
            dicom_head(&d, 0xFFFEE000, "", UNDEFINED);
        }
        for (int i = 0; i < depth; i++) {
            dicom_head(&d, 0xFFFEE00D, "", 0);
            dicom_end_sequence(&d);
        }
        dicom_layout(&d, &four);
        dicom_words(&d, 0x7FE00010, "OW", four_values, 4);
        if (depth > PLEURA_DICOM_MAX_DEPTH)
            expect_refused(&d, PLEURA_ERROR_TOO_LARGE, "deeper than 16");
        else
            expect_greys(&d, four_greys, 4);
    }
}

/* Of 8 bytes each, in implicit little endian. */
static void too_many_elements(void **state)
{
    (void)state;
    static const unsigned char empty[] = {0x08, 0, 0x80, 0, 0, 0, 0, 0};
    const size_t count = PLEURA_DICOM_MAX_ELEMENTS + 1;
    dicom d;
    dicom_begin(&d, IMPLICIT);
    unsigned char *bytes = malloc(d.size + 8 * count);
    assert_non_null(bytes);
    memcpy(bytes, d.bytes, d.size);
    for (size_t i = 0; i < count; i++)
        memcpy(bytes + d.size + 8 * i, empty, 8);
    pleura_error error = {0};
    pleura_image *image;
    assert_int_equal(pleura_image_decode(bytes, d.size + 8 * count, NULL, &image, &error),
                     PLEURA_ERROR_TOO_LARGE);
    assert_string_equal(error.message, "DICOM: it has more than 1000000 elements.");
    free(bytes);
}

static void structure_that_is_wrong(void **state)
{
    (void)state;
    dicom d;
    dicom_begin(&d, EXPLICIT);
    dicom_head(&d, 0x00081111, "SQ", UNDEFINED);
    dicom_us(&d, 0x00280010, 2);
    dicom_layout(&d, &four);
    expect_refused(&d, PLEURA_ERROR_CORRUPT, "no item");
    dicom_begin(&d, EXPLICIT);
    dicom_head(&d, 0x00283010, "SQ", 18);
    dicom_head(&d, 0xFFFEE000, "", 10);
    dicom_head(&d, 0x00283002, "US", 60);
    dicom_layout(&d, &four);
    expect_refused(&d, PLEURA_ERROR_CORRUPT, "longer than the item");
    dicom_begin(&d, EXPLICIT);
    dicom_head(&d, 0xFFFEE00D, "", 0);
    dicom_layout(&d, &four);
    expect_refused(&d, PLEURA_ERROR_CORRUPT, "delimits nothing");
}

static void cut_anywhere(void **state)
{
    (void)state;
    dicom whole = four_in(EXPLICIT);
    for (size_t size = 0; size < whole.size; size++) {
        pleura_error error = {0};
        pleura_image *image;
        unsigned char *copy = malloc(size + !size); /* so that a read past the end is seen */
        memcpy(copy, whole.bytes, size);
        assert_int_not_equal(pleura_image_decode(copy, size, NULL, &image, &error), PLEURA_OK);
        assert_true(error.message[0] != '\0');
        assert_null(image);
        free(copy);
    }
    whole.size--;
    expect_refused(&whole, PLEURA_ERROR_TRUNCATED, "PixelData has 7 bytes");
}

static void any_byte_changed(void **state)
{
    (void)state;
    const unsigned char values[] = {0, 1, 0x7F, 0x80, 0xFE, 0xFF};
    dicom whole = four_in(EXPLICIT);
    for (size_t at = 0; at < whole.size; at++)
        for (size_t v = 0; v < COUNT(values); v++) {
            dicom d = whole;
            d.bytes[at] = values[v];
            pleura_error error = {0};
            pleura_image *image;
            pleura_code code = pleura_image_decode(d.bytes, d.size, NULL, &image, &error);
            assert_int_equal(code, error.code);
            assert_true((code == PLEURA_OK) == (image != NULL));
            pleura_image_free(image);
        }
}

/* ---- Fragments ---- */

/* Frames of encapsulated samples, each in two fragments: the first frame is found with an offset
 * table and, of one frame, without. */
static void fragments(void **state)
{
    (void)state;
    unsigned char raw[8];
    for (int i = 0; i < 4; i++) {
        raw[2 * i] = (unsigned char)four_values[i];
        raw[2 * i + 1] = (unsigned char)(four_values[i] >> 8);
    }
    for (int frames = 1; frames <= 2; frames++) {
        dicom d;
        dicom_begin(&d, "1.2.840.10008.1.2.1.98");
        dicom_layout(&d, &four);
        dicom_text(&d, 0x00280008, "IS", frames == 1 ? "1" : "2");
        dicom_head(&d, 0x7FE00010, "OB", UNDEFINED);
        dicom_head(&d, 0xFFFEE000, "", frames == 1 ? 0 : 8);
        if (frames == 2) {
            dicom_32(&d, 0);
            dicom_32(&d, 24);
        }
        for (int i = 0; i < frames; i++) {
            dicom_item(&d, i ? "\1\2\3\4" : (const char *)raw, 4);
            dicom_item(&d, i ? "\1\2\3\4" : (const char *)raw + 4, 4);
        }
        dicom_end_sequence(&d);
        expect_greys(&d, four_greys, 4);
    }
}

/* ---- Compressed ---- */

typedef struct film {
    const char *syntax;
    const unsigned char *bytes;
    size_t size;
    int most; /* by which a stored value may differ */
} film;

#define FILM(SYNTAX, bytes, most)                                                                  \
    {                                                                                              \
        SYNTAX, bytes, sizeof(bytes), most                                                         \
    }

static const film films[] = {
    FILM(SYNTAX_JPEG_12, jpeg_12, 40),
    FILM(SYNTAX_JPEG_LOSSLESS, jpeg_lossless, 0),
    FILM(SYNTAX_JPEG_LOSSLESS_SV1, jpeg_lossless_sv1, 0),
    FILM(SYNTAX_JPEG_LS, jpeg_ls, 0),
    FILM(SYNTAX_JPEG_LS_NEAR, jpeg_ls_near, 2),
    FILM(SYNTAX_JPEG_2000, jpeg_2000, 0),
    FILM(SYNTAX_JPEG_2000_LOSSY, jpeg_2000_lossy, 12),
};

enum { FILM_WIDTH = 24, FILM_HEIGHT = 20 };

static dicom film_file(const film *f, unsigned rows, unsigned fragment_size)
{
    const layout l = {FILM_WIDTH, rows, 1, 16, 12, "MONOCHROME2", false, 0};
    dicom d;
    dicom_begin(&d, f->syntax);
    dicom_layout(&d, &l);
    dicom_head(&d, 0x7FE00010, "OB", UNDEFINED);
    dicom_item(&d, NULL, 0);
    for (size_t at = 0; at < f->size; at += fragment_size) {
        size_t rest = f->size - at;
        dicom_item(&d, f->bytes + at, rest < fragment_size ? rest : fragment_size);
    }
    dicom_end_sequence(&d);
    return d;
}

static void compressed(void **state)
{
    (void)state;
    static int32_t stored[FILM_WIDTH * FILM_HEIGHT];
    for (size_t i = 0; i < COUNT(films); i++)
        for (unsigned pieces = 0; pieces < 2; pieces++) {
            dicom d = film_file(&films[i], FILM_HEIGHT, pieces ? 100 : 1 << 15);
            pleura_error error = {0};
            if (pleura_dicom_stored(d.bytes, d.size, NULL, stored, COUNT(stored), &error))
                fail_msg("%s: %s", films[i].syntax, error.message);
            for (int p = 0; p < (int)COUNT(stored); p++) {
                int wanted = (p % FILM_WIDTH * 160 + p / FILM_WIDTH * 13) % 4096;
                if (abs(stored[p] - wanted) > films[i].most)
                    fail_msg("%s: value %d is %d, not %d", films[i].syntax, p, stored[p], wanted);
            }
        }
}

/* What stands behind the end of the picture counts, too: it is looked for, not decoded. */
static void too_many_scans(void **state)
{
    (void)state;
    unsigned char copy[4096];
    film f = films[0];
    assert_true(f.size + 2 * 64 <= sizeof copy);
    memcpy(copy, f.bytes, f.size);
    for (size_t i = 0; i < 64; i++)
        memcpy(copy + f.size + 2 * i, "\xFF\xDA", 2);
    f.bytes = copy;
    f.size += 2 * 64;
    dicom d = film_file(&f, FILM_HEIGHT, 1 << 15);
    expect_refused(&d, PLEURA_ERROR_UNSUPPORTED_IMAGE, "more than 64 scans");
}

/* Of more bits than the process has, for which the decoders' tables have no entry. */
static void differences_too_large(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        unsigned char copy[4096];
        film f = films[i];
        assert_true(f.size <= sizeof copy);
        memcpy(copy, f.bytes, f.size);
        unsigned char *table = copy;
        while (memcmp(table, "\xFF\xC4", 2) != 0)
            assert_true(++table < copy + f.size);
        table[4 + 17] = i ? 17 : 16; /* the first symbol of the first table, which is a DC one */
        f.bytes = copy;
        dicom d = film_file(&f, FILM_HEIGHT, 1 << 15);
        expect_refused(&d, PLEURA_ERROR_CORRUPT, i ? "more than 16 bits" : "more than 15 bits");
    }
}

/* Their sum became so large that CharLS's search for the next code's length never ended. */
static void errors_that_grow(void **state)
{
    (void)state;
    const film f = FILM(SYNTAX_JPEG_LS, jpeg_ls_growing, 0);
    const layout l = {1, 60, 1, 8, 2, "MONOCHROME2", false, 0};
    dicom d;
    dicom_begin(&d, f.syntax);
    dicom_layout(&d, &l);
    dicom_head(&d, 0x7FE00010, "OB", UNDEFINED);
    dicom_item(&d, NULL, 0);
    dicom_item(&d, f.bytes, f.size);
    dicom_end_sequence(&d);
    expect_refused(&d, PLEURA_ERROR_CORRUPT, "JPEG-LS data cannot be decoded");
}

/* A JPEG 2000 codestream of 4,096 x 4,096 pixels in one tile, as far as its coding style. */
typedef struct j2k {
    unsigned char bytes[256];
    size_t size;
} j2k;

static j2k j2k_begin(void)
{
    static const unsigned char size[] =
        "\xFF\x4F\xFF\x51\0\x29\0\0\0\0\x10\0\0\0\x10\0\0\0\0\0\0\0\0\0"
        "\0\0\x10\0\0\0\x10\0\0\0\0\0\0\0\0\0\0\1\xB\1\1";
    j2k j = {.size = sizeof size - 1};
    memcpy(j.bytes, size, j.size);
    return j;
}

/* COD, or COC of component 0 where `component`; block: the exponents less 2; precinct: of every
 * resolution, 0xFF for none given. */
static void j2k_style(j2k *j, bool component, unsigned layers, unsigned levels, unsigned block,
                      unsigned precinct)
{
    bool sized = precinct != 0xFF;
    unsigned char *p = j->bytes + j->size;
    size_t rest = 5 + (sized ? levels + 1 : 0), length = 2 + (component ? 2 : 5) + rest;
    memcpy(p, component ? "\xFF\x53\0" : "\xFF\x52\0", 3);
    p[3] = (unsigned char)length;
    p += 4;
    if (component)
        *p++ = 0;
    *p++ = sized;
    if (!component) {
        const unsigned char sg[] = {0, (unsigned char)(layers >> 8), (unsigned char)layers, 0};
        memcpy(p, sg, 4);
        p += 4;
    }
    const unsigned char sp[] = {(unsigned char)levels, (unsigned char)block, (unsigned char)block,
                                0, 1};
    memcpy(p, sp, 5);
    memset(p + 5, (int)precinct, rest - 5);
    j->size += 2 + length;
}

static void expect_j2k(const j2k *j, pleura_code code, const char *words)
{
    const layout l = {.columns = 4096,
                      .rows = 4096,
                      .samples = 1,
                      .allocated = 16,
                      .stored = 12,
                      .photometric = "MONOCHROME2"};
    dicom d;
    dicom_begin(&d, SYNTAX_JPEG_2000);
    dicom_layout(&d, &l);
    dicom_head(&d, 0x7FE00010, "OB", UNDEFINED);
    dicom_item(&d, NULL, 0);
    dicom_item(&d, j->bytes, j->size + j->size % 2);
    dicom_end_sequence(&d);
    expect_refused(&d, code, words);
}

/* What would take gigabytes is refused before it is made; what films have is left to the decoder. */
static void jpeg_2000_limits(void **state)
{
    (void)state;
    j2k j = j2k_begin();
    j2k_style(&j, false, 1, 5, 4, 0x00);
    expect_j2k(&j, PLEURA_ERROR_TOO_LARGE, "precincts; at most 65536");
    j = j2k_begin();
    j2k_style(&j, false, 1, 5, 0, 0xFF);
    expect_j2k(&j, PLEURA_ERROR_TOO_LARGE, "code-blocks; at most 262144");
    j = j2k_begin();
    j2k_style(&j, false, 65535, 5, 4, 0x77);
    expect_j2k(&j, PLEURA_ERROR_TOO_LARGE, "packets; at most 16777216");
    /* Each alone is harmless: the layers of one marker, the precincts of the other. */
    j = j2k_begin();
    j2k_style(&j, true, 0, 5, 4, 0x66);
    j2k_style(&j, false, 65535, 5, 4, 0xFF);
    expect_j2k(&j, PLEURA_ERROR_TOO_LARGE, "packets; at most 16777216");
    /* In the header of a tile-part, too. */
    j = j2k_begin();
    j2k_style(&j, false, 1, 5, 4, 0xFF);
    memcpy(j.bytes + j.size, "\xFF\x90\0\xA\0\0\0\0\0\0\0\1", 12);
    j.size += 12;
    j2k_style(&j, false, 1, 5, 4, 0x00);
    expect_j2k(&j, PLEURA_ERROR_TOO_LARGE, "precincts; at most 65536");
    /* Behind a marker that is none the decoder looks for the next at every second byte. */
    j = j2k_begin();
    memcpy(j.bytes + j.size, "\xFF\x30\0\x40", 4);
    j.size += 4;
    j2k_style(&j, false, 1, 5, 4, 0x00);
    expect_j2k(&j, PLEURA_ERROR_TOO_LARGE, "precincts; at most 65536");
    /* A tile-part's header that reaches over its end, which the next does not. */
    j = j2k_begin();
    j2k_style(&j, false, 1, 5, 4, 0xFF);
    memcpy(j.bytes + j.size, "\xFF\x90\0\xA\0\0\0\0\0\xC\0\1\xFF\x64\0\4\0\1\xFF\x93", 20);
    j.size += 20;
    expect_j2k(&j, PLEURA_ERROR_CORRUPT, "cannot be decoded");
    j2k_style(&j, false, 1, 5, 4, 0x00);
    expect_j2k(&j, PLEURA_ERROR_TOO_LARGE, "precincts; at most 65536");
    j = j2k_begin();
    j2k_style(&j, false, 12, 5, 3, 0x88);
    expect_j2k(&j, PLEURA_ERROR_CORRUPT, "cannot be decoded");
    j.bytes[j.size - 11] = 33;
    expect_j2k(&j, PLEURA_ERROR_CORRUPT, "coding style");
    j = j2k_begin();
    j2k_style(&j, false, 1, 5, 4, 0xFF);
    memcpy(j.bytes + 26, "\0\x10\0\0\0\x10", 6);
    expect_j2k(&j, PLEURA_ERROR_TOO_LARGE, "tiles of 16 x 16");
}

/* Data where a tile-part's header should begin sent the walk back to where it had been, for ever. */
static void jpeg_2000_without_a_header(void **state)
{
    (void)state;
    j2k j = j2k_begin();
    j2k_style(&j, false, 1, 5, 4, 0xFF);
    memcpy(j.bytes + j.size, "\xFF\x90\0\xA\0\0\0\0\0\xE\0\1\xFF\x93\xFF\x93\0\0", 18);
    j.size += 18;
    expect_j2k(&j, PLEURA_ERROR_CORRUPT, "cannot be decoded");
}

/* Never a picture that is partly there, nor one of another size; every byte may be wrong. */
static void compressed_and_damaged(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(films); i++) {
        film f = films[i];
        dicom d = film_file(&f, FILM_HEIGHT + 4, 1 << 15);
        expect_refused(&d, PLEURA_ERROR_CORRUPT, "20");
        unsigned char *copy = malloc(f.size);
        for (size_t size = 1; size < films[i].size - 2; size += 1 + size / 20) {
            pleura_image *image;
            f.size = size;
            d = film_file(&f, FILM_HEIGHT, 1 << 15);
            if (pleura_image_decode(d.bytes, d.size, NULL, &image, NULL) == PLEURA_OK)
                fail_msg("%s: %zu of %zu bytes were enough", f.syntax, size, films[i].size);
        }
        f = films[i];
        f.bytes = copy;
        for (size_t at = 0; at < f.size; at += 1 + at / 60) {
            memcpy(copy, films[i].bytes, f.size);
            copy[at] ^= 0x41;
            pleura_error error = {0};
            pleura_image *image;
            d = film_file(&f, FILM_HEIGHT, 1 << 15);
            pleura_code code = pleura_image_decode(d.bytes, d.size, NULL, &image, &error);
            assert_int_equal(code, error.code);
            assert_true((code == PLEURA_OK) == (image != NULL));
            pleura_image_free(image);
        }
        free(copy);
    }
}

/* ---- What is said, and refused ---- */

static void attributes(void **state)
{
    (void)state;
    dicom d;
    dicom_begin(&d, EXPLICIT);
    dicom_text(&d, 0x00101010, "AS", "018M");
    dicom_text(&d, 0x00180015, "CS", "CHEST");
    dicom_text(&d, 0x00185101, "CS", "PA");
    dicom_text(&d, 0x00200020, "CS", "L\\F");
    dicom_layout(&d, &four);
    dicom_words(&d, 0x7FE00010, "OW", four_values, 4);
    pleura_image *image = decoded(&d);
    pleura_image_info info;
    pleura_image_get_info(image, &info);
    assert_string_equal(info.dicom->modality, "DX");
    assert_string_equal(info.dicom->body_part, "CHEST");
    assert_string_equal(info.dicom->view_position, "PA");
    assert_string_equal(info.dicom->patient_orientation, "L\\F");
    assert_true(info.dicom->age_years == 1.5);
    assert_int_equal(info.dicom->lowest, 0);
    assert_int_equal(info.dicom->highest, 4095);
    char json[1024], again[1024];
    size_t length = pleura_image_json(image, "a.dcm", json, sizeof json);
    assert_int_equal(length, strlen(json));
    assert_int_equal(pleura_image_json(image, "a.dcm", again, 9), length);
    assert_non_null(strstr(json, "\"patient_orientation\":\"L\\\\F\",\"age_years\":1.5"));
    pleura_image_free(image);
    int32_t stored[4];
    assert_int_equal(pleura_dicom_stored(d.bytes, d.size, NULL, stored, 4, NULL), PLEURA_OK);
    assert_int_equal(stored[3], 4095);
    assert_int_equal(pleura_dicom_stored(d.bytes, d.size, NULL, stored, 3, NULL),
                     PLEURA_ERROR_SHAPE);
}

static void expect_twice_as_high(const dicom *d)
{
    pleura_image *image = decoded(d);
    pleura_image_info info;
    pleura_image_get_info(image, &info);
    assert_int_equal(info.width, 2);
    assert_int_equal(info.height, 4);
    assert_int_equal(pleura_image_samples(image)[0], four_greys[0]);
    assert_int_equal(pleura_image_samples(image)[7], four_greys[3]);
    pleura_image_free(image);
}

/* Pixels twice as high as wide make a picture twice as high. */
static void pixels_that_are_not_square(void **state)
{
    (void)state;
    const extra aspects[] = {{0x00280034, "IS", "2\\1"},
                             {0x00280030, "DS", "0.2\\0.1"},
                             {0x00181164, "DS", "0.2\\0.1"},
                             {0x00182010, "DS", "0.2\\0.1"}};
    dicom d;
    for (size_t i = 0; i < COUNT(aspects); i++) {
        d = four_with("MONOCHROME2", aspects + i, 1);
        expect_twice_as_high(&d);
    }
    dicom_begin(&d, EXPLICIT);
    dicom_layout(&d, &four);
    dicom_head(&d, 0x52009229, "SQ", UNDEFINED);
    dicom_head(&d, 0xFFFEE000, "", UNDEFINED);
    dicom_head(&d, 0x00289110, "SQ", UNDEFINED);
    dicom_head(&d, 0xFFFEE000, "", UNDEFINED);
    dicom_text(&d, 0x00280030, "DS", "0.2\\0.1");
    dicom_head(&d, 0xFFFEE00D, "", 0);
    dicom_end_sequence(&d);
    dicom_head(&d, 0xFFFEE00D, "", 0);
    dicom_end_sequence(&d);
    dicom_words(&d, 0x7FE00010, "OW", four_values, 4);
    expect_twice_as_high(&d);
    const extra absurd[] = {{0x00280034, "IS", "999999\\1"}, {0x00280034, "IS", "1\\99999999999"}};
    for (size_t i = 0; i < COUNT(absurd); i++) {
        d = four_with("MONOCHROME2", absurd + i, 1);
        expect_refused(&d, PLEURA_ERROR_TOO_LARGE, "square pixels");
    }
}

static void refused_by_name(void **state)
{
    (void)state;
    dicom d;
    dicom_begin(&d, EXPLICIT);
    dicom_text(&d, 0x00080060, "CS", "SR");
    expect_refused(&d, PLEURA_ERROR_UNSUPPORTED_IMAGE, "no image in it (modality SR)");
    d = four_in("1.2.840.10008.1.2.4.102");
    expect_refused(&d, PLEURA_ERROR_UNSUPPORTED_IMAGE, "MPEG-4 video");
    d = four_in("1.2.3.4");
    expect_refused(&d, PLEURA_ERROR_UNSUPPORTED_IMAGE, "1.2.3.4 is not read");
    d = four_in(RLE);
    expect_refused(&d, PLEURA_ERROR_CORRUPT, "PixelData is not");
    layout l = four;
    l.allocated = 32;
    l.stored = 32;
    d = grey_file(&l, four_values);
    expect_refused(&d, PLEURA_ERROR_UNSUPPORTED_IMAGE, "32 bits allocated");
    l = four;
    l.stored = 17;
    d = grey_file(&l, four_values);
    expect_refused(&d, PLEURA_ERROR_CORRUPT, "17 bits stored");
    l = four;
    l.rows = 60000;
    d = grey_file(&four, four_values);
    dicom_begin(&d, EXPLICIT);
    dicom_layout(&d, &l);
    dicom_words(&d, 0x7FE00010, "OW", four_values, 4);
    expect_refused(&d, PLEURA_ERROR_TOO_LARGE, "60000");
    dicom_begin(&d, EXPLICIT);
    dicom_text(&d, 0x00020002, "UI", "1.2.840.10008.1.3.10");
    dicom_layout(&d, &four);
    expect_refused(&d, PLEURA_ERROR_FORMAT, "DICOMDIR");
}

#ifdef PLEURA_TEST_ALLOCATION
extern size_t pleura_test_fail_at, pleura_test_allocations, pleura_test_live;

/* `sparse`: of thousands of allocations only some, thinner as they go on. */
static void fail_each(const dicom *d, bool sparse)
{
    for (size_t at = 1;; at += 1 + (sparse ? at / 8 : 0)) {
        pleura_error error = {0};
        pleura_image *image;
        pleura_test_allocations = 0;
        pleura_test_fail_at = at;
        size_t live = pleura_test_live;
        pleura_code code = pleura_image_decode(d->bytes, d->size, NULL, &image, &error);
        pleura_test_fail_at = 0;
        pleura_image_free(image);
        assert_int_equal(pleura_test_live, live);
        if (code == PLEURA_OK) {
            assert_true(at > 3);
            return;
        }
        assert_int_equal(code, PLEURA_ERROR_MEMORY);
        assert_null(image);
    }
}

static void any_allocation_may_fail(void **state)
{
    (void)state;
    dicom d = four_in(EXPLICIT);
    fail_each(&d, false);
    const extra aspect[] = {{0x00280034, "IS", "2\\1"}};
    d = four_with("MONOCHROME2", aspect, 1);
    fail_each(&d, false);
    d = deflated_frame();
    fail_each(&d, false);
    d = colour_file("RGB", 0, "\310\144\62\377\377\377", 6);
    fail_each(&d, false);
    for (size_t i = 0; i < COUNT(films); i++) {
        d = film_file(&films[i], FILM_HEIGHT, 100);
        fail_each(&d, true);
    }
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(uncompressed_encodings),
        cmocka_unit_test(deflated),
        cmocka_unit_test(deflated_frames),
        cmocka_unit_test(rle),
        cmocka_unit_test(bits_and_signs),
        cmocka_unit_test(bytes_of_either_order),
        cmocka_unit_test(windows),
        cmocka_unit_test(rescaling),
        cmocka_unit_test(lookup_tables),
        cmocka_unit_test(padding_is_black),
        cmocka_unit_test(functional_groups),
        cmocka_unit_test(colours),
        cmocka_unit_test(palette),
        cmocka_unit_test(sequences_around),
        cmocka_unit_test(icons_with_fragments),
        cmocka_unit_test(vrs_against_their_word),
        cmocka_unit_test(nested_too_deep),
        cmocka_unit_test(structure_that_is_wrong),
        cmocka_unit_test(cut_anywhere),
        cmocka_unit_test(any_byte_changed),
        cmocka_unit_test(fragments),
        cmocka_unit_test(compressed),
        cmocka_unit_test(too_many_elements),
        cmocka_unit_test(too_many_scans),
        cmocka_unit_test(differences_too_large),
        cmocka_unit_test(errors_that_grow),
        cmocka_unit_test(jpeg_2000_limits),
        cmocka_unit_test(jpeg_2000_without_a_header),
        cmocka_unit_test(compressed_and_damaged),
        cmocka_unit_test(attributes),
        cmocka_unit_test(pixels_that_are_not_square),
        cmocka_unit_test(refused_by_name),
#ifdef PLEURA_TEST_ALLOCATION
        cmocka_unit_test(any_allocation_may_fail),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
