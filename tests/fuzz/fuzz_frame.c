/*
 * A frame in a DICOM file of one family of transfer syntaxes, FAMILY_... of frame.h: the first bytes
 * choose the layout, the others are the pixel data, so that mutations reach the decoder and not the
 * data set around it. The values that come out, written without compression, give the same picture.
 */
#include "frame.h"
#include "../../core/src/image/dicom/frame.h"
#include "check.h"

static const char *const photometrics[] = {"MONOCHROME2", "MONOCHROME1", "PALETTE COLOR",
                                           "RGB",         "YBR_FULL",    "YBR_FULL_422",
                                           "YBR_ICT",     "YBR_RCT"};

static layout choose_layout(const uint8_t *head)
{
    unsigned allocated = head[FRAME_FLAGS] & FRAME_WIDE ? 16 : 8;
    unsigned stored = 1 + head[FRAME_STORED] % allocated;
    return (layout){.columns = 1 + head[FRAME_COLUMNS] % 64,
                    .rows = 1 + head[FRAME_ROWS] % 64,
                    .samples = head[FRAME_FLAGS] & FRAME_COLOUR ? 3 : 1,
                    .allocated = allocated,
                    .stored = stored,
                    .photometric = photometrics[head[FRAME_PHOTOMETRIC] % 8],
                    .is_signed = head[FRAME_FLAGS] & FRAME_SIGNED,
                    .high_bit = stored - 1 + head[FRAME_SHIFT] % (allocated - stored + 1)};
}

static void put_palette(dicom *d)
{
    for (unsigned i = 0; i < 3; i++)
        dicom_words(d, 0x00281101 + i, "US", (const uint16_t[]){3, 1, 16}, 3);
    for (unsigned i = 0; i < 3; i++)
        dicom_words(d, 0x00281201 + i, "OW", (const uint16_t[]){40000 * i, 1000, 65535}, 3);
}

static void put_rest(dicom *d, const layout *l, const uint8_t *head)
{
    dicom_us(d, 0x00280006, l->samples > 1 && (head[FRAME_FLAGS] & FRAME_PLANAR));
    dicom_text(d, 0x00280008, "IS", head[FRAME_FLAGS] & FRAME_TWO ? "2" : "1");
    if (strcmp(l->photometric, "PALETTE COLOR") == 0)
        put_palette(d);
}

/* In one fragment, or in two: behind an offset table where there are two frames. */
static void put_fragments(dicom *d, const uint8_t *head, const uint8_t *bytes, size_t size)
{
    size_t first = size * head[FRAME_SPLIT] / 256;
    bool table = head[FRAME_FLAGS] & FRAME_TABLE;
    dicom_head(d, 0x7FE00010, "OB", UNDEFINED);
    dicom_head(d, 0xFFFEE000, "", table ? 8 : 0);
    if (table) {
        dicom_32(d, 0);
        dicom_32(d, (uint32_t)first + 8);
    }
    if (first)
        dicom_item(d, bytes, first);
    dicom_item(d, bytes + first, size - first);
    dicom_end_sequence(d);
}

static dicom write_file(const layout *l, const uint8_t *head, const uint8_t *bytes, size_t size)
{
    dicom d;
    const char *syntax = frame_syntaxes[head[FRAME_SYNTAX] % COUNT(frame_syntaxes)];
    dicom_begin(&d, syntax);
    dicom_layout(&d, l);
    put_rest(&d, l, head);
    if (FAMILY != FAMILY_NATIVE || strcmp(syntax, "1.2.840.10008.1.2.1.98") == 0 ||
        strcmp(syntax, "1.2.840.10008.1.2.8.1") == 0) {
        put_fragments(&d, head, bytes, size);
    } else {
        dicom_head(&d, 0x7FE00010, l->allocated == 8 && !d.implicit && !d.big ? "OB" : "OW",
                   (uint32_t)(size - size % 2));
        dicom_bytes(&d, bytes, size - size % 2);
    }
    return d;
}

/* What is decoded: a frame is what its first bytes are, or else what the syntax says. */
static pleura_dicom_compression compression_of(const uint8_t *bytes, size_t size)
{
    static const pleura_dicom_compression said[] = {
        [FAMILY_NATIVE] = PLEURA_COMPRESSION_NONE,       [FAMILY_RLE] = PLEURA_COMPRESSION_RLE,
        [FAMILY_JPEG] = PLEURA_COMPRESSION_JPEG,         [FAMILY_JPEG_LS] = PLEURA_COMPRESSION_JPEG_LS,
        [FAMILY_JPEG_2000] = PLEURA_COMPRESSION_JPEG_2000};
    return FAMILY == FAMILY_NATIVE ? said[FAMILY]
                                   : pleura_dicom_look_inside(bytes, size, said[FAMILY]);
}

/* What the values are once they are stored: codecs undo the transform of colours. */
static const char *photometric_of_values(const char *photometric, pleura_dicom_compression made)
{
    if (strncmp(photometric, "YBR", 3) != 0)
        return photometric;
    if (made == PLEURA_COMPRESSION_JPEG)
        return "RGB";
    if (made == PLEURA_COMPRESSION_JPEG_2000 &&
        (strcmp(photometric, "YBR_ICT") == 0 || strcmp(photometric, "YBR_RCT") == 0))
        return "RGB";
    return "YBR_FULL";
}

static void check_natively(const dicom *d, layout l, pleura_dicom_compression made,
                           const pleura_image *image)
{
    static int32_t values[64 * 64 * 3];
    size_t count = (size_t)l.columns * l.rows * l.samples;
    CHECK(pleura_dicom_stored(d->bytes, d->size, &check_limits, values, count, NULL) == PLEURA_OK);
    dicom plain;
    l.photometric = photometric_of_values(l.photometric, made);
    l.high_bit = 0;
    dicom_begin(&plain, "1.2.840.10008.1.2.1");
    dicom_layout(&plain, &l);
    put_rest(&plain, &l, (const uint8_t[FRAME_HEAD]){0});
    size_t size = l.allocated == 8 ? count + count % 2 : 2 * count;
    dicom_head(&plain, 0x7FE00010, "OW", (uint32_t)size);
    for (size_t i = 0; i < count; i++) {
        unsigned value = (unsigned)values[i] & ((1u << l.stored) - 1);
        dicom_bytes(&plain, (uint8_t[]){(uint8_t)value, (uint8_t)(value >> 8)}, l.allocated / 8);
    }
    dicom_bytes(&plain, "", l.allocated == 8 ? count % 2 : 0);
    pleura_image *again;
    CHECK(pleura_image_decode(plain.bytes, plain.size, &check_limits, &again, NULL) == PLEURA_OK);
    CHECK(memcmp(pleura_image_samples(again), pleura_image_samples(image),
                 (size_t)l.columns * l.rows * sizeof(uint16_t)) == 0);
    pleura_image_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size < FRAME_HEAD || size > 60000)
        return 0;
    layout l = choose_layout(bytes);
    dicom d = write_file(&l, bytes, bytes + FRAME_HEAD, size - FRAME_HEAD);
    pleura_image *image = check_decode(d.bytes, d.size);
    pleura_image_info info;
    if (image) {
        pleura_image_get_info(image, &info);
        CHECK(info.width == l.columns && info.height == l.rows && info.bits == l.stored);
        check_natively(&d, l, compression_of(bytes + FRAME_HEAD, size - FRAME_HEAD), image);
    }
    check_done(image);
    return 0;
}
