/* Seeds for the targets that read images, most of them from what the unit tests use. */
#include "../unit/fixture_codecs.h"
#include "../unit/fixture_jpeg.h"
#include "../unit/png_writer.h"
#include "frame.h"
#include "seeds.h"

/* ---- Files that people have ---- */

static void jpegs(void)
{
    seed("jpeg", "grey", jpeg_grey, sizeof jpeg_grey);
    seed("jpeg", "colour", jpeg_colour, sizeof jpeg_colour);
    seed("jpeg", "progressive", jpeg_progressive, sizeof jpeg_progressive);
    seed("jpeg", "cmyk", jpeg_cmyk, sizeof jpeg_cmyk);
}

/* Every colour type and depth, 8 x 4 pixels, with a palette and transparency where they may be. */
static void pngs(void)
{
    static const struct {
        int bits, colour, channels;
    } kinds[] = {{1, 0, 1}, {2, 0, 1}, {4, 0, 1}, {8, 0, 1}, {16, 0, 1}, {8, 2, 3}, {16, 2, 3},
                 {1, 3, 1}, {4, 3, 1}, {8, 3, 1}, {8, 4, 2}, {16, 4, 2}, {8, 6, 4}, {16, 6, 4}};
    unsigned char rows[4 * 8 * 8], palette[48];
    for (size_t i = 0; i < sizeof rows; i++)
        rows[i] = (unsigned char)(i * 37);
    for (size_t i = 0; i < sizeof palette; i++)
        palette[i] = (unsigned char)(255 - 5 * i);
    for (size_t i = 0; i < COUNT(kinds); i++) {
        png p;
        char name[40];
        png_begin(&p, 8, 4, kinds[i].bits, kinds[i].colour);
        if (kinds[i].colour == 3)
            png_chunk(&p, "PLTE", palette, sizeof palette);
        if (kinds[i].colour < 4 && i % 2)
            png_chunk(&p, "tRNS", "\0\1\0\2\0\3", kinds[i].colour == 2 ? 6 : 2);
        png_data(&p, rows, 4, (size_t)kinds[i].bits * (size_t)kinds[i].channels);
        png_end(&p);
        snprintf(name, sizeof name, "colour%d-%d", kinds[i].colour, kinds[i].bits);
        seed("png", name, p.bytes, p.size);
    }
}

/* ---- DICOM ---- */

static const layout film = {24, 20, 1, 16, 12, "MONOCHROME2", false, 0};

static void put_tones(dicom *d)
{
    dicom_text(d, 0x00280030, "DS", "0.2\\0.1");
    dicom_us(d, 0x00280120, 4095);
    dicom_text(d, 0x00281050, "DS", "1500\\40");
    dicom_text(d, 0x00281051, "DS", "2001\\400");
    dicom_text(d, 0x00281052, "DS", "-1024");
    dicom_text(d, 0x00281053, "DS", "2");
    dicom_text(d, 0x00281056, "CS", "SIGMOID");
}

static void put_sequences(dicom *d)
{
    for (unsigned i = 0; i < 2; i++) {
        dicom_head(d, i ? 0x00283010 : 0x00283000, "SQ", UNDEFINED);
        dicom_head(d, 0xFFFEE000, "", UNDEFINED);
        dicom_words(d, 0x00283002, "US", (const uint16_t[]){3, 1, 12}, 3);
        dicom_words(d, 0x00283006, "OW", (const uint16_t[]){0, 4095, 1000}, 3);
        dicom_head(d, 0xFFFEE00D, "", 0);
        dicom_end_sequence(d);
    }
    dicom_head(d, 0x52009229, "SQ", UNDEFINED);
    dicom_head(d, 0xFFFEE000, "", 24);
    dicom_head(d, 0x00289132, "SQ", d->implicit ? 16 : 12);
    dicom_head(d, 0xFFFEE000, "", 8);
    dicom_us(d, 0x00281050, 7);
}

static void put_pixels(dicom *d)
{
    dicom_head(d, 0x7FE00010, "OW", 2 * film.columns * film.rows);
    for (unsigned i = 0; i < film.columns * film.rows; i++)
        dicom_16(d, i * 8 % 4096);
}

static size_t meta_size(const char *syntax)
{
    return 132 + 12 + 8 + strlen(syntax) + strlen(syntax) % 2;
}

static void data_sets(void)
{
    static const char *const syntaxes[] = {"1.2.840.10008.1.2.1", "1.2.840.10008.1.2",
                                           "1.2.840.10008.1.2.2"};
    static const unsigned char flags[] = {1, 0, 3}; /* as fuzz_walk.c has them */
    for (size_t i = 0; i < 2 * COUNT(syntaxes); i++) {
        static dicom d, set;
        char name[20];
        dicom_begin(&d, syntaxes[i / 2]);
        dicom_layout(&d, &film);
        if (i % 2)
            put_tones(&d);
        else
            put_sequences(&d);
        put_pixels(&d);
        snprintf(name, sizeof name, "set%zu", i);
        seed("dicom", name, d.bytes, d.size);
        size_t meta = meta_size(syntaxes[i / 2]);
        set = (dicom){0};
        dicom_bytes(&set, &flags[i / 2], 1);
        dicom_bytes(&set, d.bytes + meta, d.size - meta);
        seed("walk", name, set.bytes, set.size);
    }
}

/* A data set in one stored block of deflate. */
static void deflated(void)
{
    static dicom d, set;
    const char *syntax = "1.2.840.10008.1.2.1";
    dicom_begin(&d, syntax);
    dicom_layout(&d, &film);
    put_tones(&d);
    put_pixels(&d);
    size_t meta = meta_size(syntax), length = d.size - meta;
    set = (dicom){0};
    dicom_bytes(&set, "\1", 1);
    dicom_16(&set, (unsigned)length);
    dicom_16(&set, (unsigned)~length & 0xFFFF);
    dicom_bytes(&set, d.bytes + meta, length);
    seed("deflated", "stored", set.bytes, set.size);
    /* "a" 258 times and more, in fixed codes, as any deflate writes it. */
    seed("deflated", "fixed", "\x4b\x1c\x05\xa3\x60\x14\x0c\x00", 8);
}

/* ---- Frames in DICOM ---- */

typedef struct head {
    unsigned char bytes[FRAME_HEAD];
} head;

static head film_head(const layout *l, unsigned photometric, unsigned syntax)
{
    head h = {{0}};
    h.bytes[FRAME_COLUMNS] = (unsigned char)(l->columns - 1);
    h.bytes[FRAME_ROWS] = (unsigned char)(l->rows - 1);
    h.bytes[FRAME_FLAGS] = (unsigned char)((l->allocated == 16 ? FRAME_WIDE : 0) |
                                           (l->samples == 3 ? FRAME_COLOUR : 0));
    h.bytes[FRAME_STORED] = (unsigned char)(l->stored - 1);
    h.bytes[FRAME_PHOTOMETRIC] = (unsigned char)photometric;
    h.bytes[FRAME_SYNTAX] = (unsigned char)syntax;
    return h;
}

static void frame(const char *target, const char *name, const head *h, const void *bytes,
                  size_t size)
{
    static dicom d;
    d = (dicom){0};
    dicom_bytes(&d, h->bytes, FRAME_HEAD);
    dicom_bytes(&d, bytes, size);
    seed(target, name, d.bytes, d.size);
}

static void native_frames(void)
{
    static unsigned char block[5 + 24 * 20 * 3 * 2], *const bytes = block + 5;
    for (size_t i = 0; i < sizeof block - 5; i++)
        bytes[i] = (unsigned char)(i * 29 % 251);
    for (unsigned i = 0; i < 24; i++) {
        layout l = film;
        char name[20];
        l.samples = i & 1 ? 3 : 1;
        l.allocated = i & 2 ? 8 : 16;
        l.stored = l.allocated - i % 3;
        head h = film_head(&l, i & 1 ? 3 + i / 4 : i / 4 % 3, i / 4);
        snprintf(name, sizeof name, "layout%u", i);
        size_t size = 24 * 20 * l.samples * l.allocated / 8;
        /* The last syntax is of deflated frames: a stored block (RFC 1951, 3.2.4). */
        unsigned char start[5] = {1, (unsigned char)size, (unsigned char)(size >> 8),
                                  (unsigned char)~size, (unsigned char)(~size >> 8)};
        memcpy(block, start, 5);
        bool deflated = i / 4 == 5;
        frame("native", name, &h, deflated ? block : bytes, size + (deflated ? 5 : 0));
    }
}

/* Segments of literal runs: high bytes, low bytes. */
static void rle_frames(void)
{
    static unsigned char bytes[64 + 2 * 496];
    for (unsigned segments = 1; segments <= 2; segments++) {
        layout l = film;
        size_t at = 64;
        memset(bytes, 0, sizeof bytes);
        bytes[0] = (unsigned char)segments;
        for (unsigned s = 0; s < segments; s++) {
            bytes[4 + 4 * s] = (unsigned char)at;
            bytes[5 + 4 * s] = (unsigned char)(at >> 8);
            for (unsigned i = 0; i < 4; i++) { /* 120 of 480 samples each */
                bytes[at++] = 119;
                for (unsigned k = 0; k < 120; k++)
                    bytes[at++] = (unsigned char)(k * (s + i + 1));
            }
        }
        l.allocated = l.stored = 8 * segments;
        head h = film_head(&l, 0, 0);
        frame("rle", segments == 1 ? "bytes" : "words", &h, bytes, at);
    }
}

static void coded_frames(void)
{
    const layout eight = {24, 16, 1, 8, 8, "", false, 0}, colour = {24, 16, 3, 8, 8, "", false, 0};
    head h = film_head(&film, 0, 1);
    frame("dicom_jpeg", "extended", &h, jpeg_12, sizeof jpeg_12);
    h = film_head(&film, 1, 2);
    frame("dicom_jpeg", "lossless", &h, jpeg_lossless, sizeof jpeg_lossless);
    h = film_head(&film, 0, 3);
    frame("dicom_jpeg", "first-order", &h, jpeg_lossless_sv1, sizeof jpeg_lossless_sv1);
    h = film_head(&eight, 0, 0);
    frame("dicom_jpeg", "baseline", &h, jpeg_grey, sizeof jpeg_grey);
    h = film_head(&colour, 4, 0);
    frame("dicom_jpeg", "colour", &h, jpeg_colour, sizeof jpeg_colour);
    frame("dicom_jpeg", "progressive", &h, jpeg_progressive, sizeof jpeg_progressive);
    h = film_head(&film, 0, 0);
    frame("jpeg_ls", "lossless", &h, jpeg_ls, sizeof jpeg_ls);
    frame("jpeg_2000", "lossless", &h, jpeg_2000, sizeof jpeg_2000);
    h = film_head(&film, 0, 1);
    frame("jpeg_ls", "near", &h, jpeg_ls_near, sizeof jpeg_ls_near);
    frame("jpeg_2000", "lossy", &h, jpeg_2000_lossy, sizeof jpeg_2000_lossy);
}

void seed_images(void)
{
    jpegs();
    pngs();
    data_sets();
    deflated();
    native_frames();
    rle_frames();
    coded_frames();
}
