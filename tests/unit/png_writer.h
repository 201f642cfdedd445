/*
 * PNGs for tests, made from samples: any colour type and depth, filter 0, not compressed (stored
 * deflate blocks), so that no encoder stands between a test and the bytes that it expects.
 */
#ifndef PLEURA_TEST_PNG_WRITER_H
#define PLEURA_TEST_PNG_WRITER_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct png {
    unsigned char bytes[8192];
    size_t size;
} png;

static inline void png_put32(png *p, uint32_t value)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        p->bytes[p->size++] = (unsigned char)(value >> shift);
}

/* Bit by bit, unlike the library's. */
static inline uint32_t png_crc(const unsigned char *bytes, size_t count)
{
    uint32_t crc = 0xFFFFFFFFu;
    for (size_t i = 0; i < count; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
    }
    return ~crc;
}

static inline void png_chunk(png *p, const char *type, const void *data, size_t length)
{
    png_put32(p, (uint32_t)length);
    size_t from = p->size;
    memcpy(p->bytes + p->size, type, 4);
    p->size += 4;
    if (length)
        memcpy(p->bytes + p->size, data, length);
    p->size += length;
    png_put32(p, png_crc(p->bytes + from, p->size - from));
}

static inline void png_begin(png *p, uint32_t width, uint32_t height, int bits, int colour)
{
    png header = {.size = 0};
    png_put32(&header, width);
    png_put32(&header, height);
    unsigned char rest[5] = {(unsigned char)bits, (unsigned char)colour, 0, 0, 0};
    memcpy(header.bytes + 8, rest, 5);
    memcpy(p->bytes, "\x89PNG\r\n\x1A\n", 8);
    p->size = 8;
    png_chunk(p, "IHDR", header.bytes, 13);
}

/* `rows` has `height` rows of `stride` packed bytes, without the filter byte. */
static inline void png_data(png *p, const unsigned char *rows, size_t height, size_t stride)
{
    unsigned char raw[4096] = {0}, zlib[4200] = {0x78, 0x01, 1};
    size_t count = 0;
    uint32_t a = 1, b = 0;
    for (size_t y = 0; y < height; y++) {
        raw[count++] = 0;
        memcpy(raw + count, rows + y * stride, stride);
        count += stride;
    }
    for (size_t i = 0; i < count; i++) {
        a = (a + raw[i]) % 65521;
        b = (b + a) % 65521;
    }
    zlib[3] = (unsigned char)count;
    zlib[4] = (unsigned char)(count >> 8);
    zlib[5] = (unsigned char)~count;
    zlib[6] = (unsigned char)(~count >> 8);
    memcpy(zlib + 7, raw, count);
    png end = {.size = 0};
    png_put32(&end, b << 16 | a);
    memcpy(zlib + 7 + count, end.bytes, 4);
    png_chunk(p, "IDAT", zlib, count + 11);
}

static inline void png_end(png *p)
{
    png_chunk(p, "IEND", NULL, 0);
}

static inline png png_make(uint32_t width, uint32_t height, int bits, int colour,
                           const unsigned char *rows, size_t stride)
{
    png p;
    png_begin(&p, width, height, bits, colour);
    png_data(&p, rows, height, stride);
    png_end(&p);
    return p;
}

#endif
