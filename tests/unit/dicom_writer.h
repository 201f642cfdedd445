/* Writes DICOM files for tests: elements in any encoding, sequences, preamble and meta group. */
#ifndef PLEURA_TESTS_DICOM_WRITER_H
#define PLEURA_TESTS_DICOM_WRITER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct dicom {
    unsigned char bytes[1 << 16];
    size_t size;
    bool implicit, big;
} dicom;

#define UNDEFINED 0xFFFFFFFFu

static inline void dicom_bytes(dicom *d, const void *bytes, size_t count)
{
    if (count > sizeof d->bytes - d->size)
        abort();
    if (count)
        memcpy(d->bytes + d->size, bytes, count);
    d->size += count;
}

static inline void dicom_16(dicom *d, unsigned value)
{
    unsigned char low = (unsigned char)value, high = (unsigned char)(value >> 8);
    dicom_bytes(d, d->big ? (unsigned char[]){high, low} : (unsigned char[]){low, high}, 2);
}

static inline void dicom_32(dicom *d, uint32_t value)
{
    dicom_16(d, d->big ? value >> 16 : value & 0xFFFF);
    dicom_16(d, d->big ? value & 0xFFFF : value >> 16);
}

static inline void dicom_tag(dicom *d, uint32_t tag)
{
    dicom_16(d, tag >> 16);
    dicom_16(d, tag & 0xFFFF);
}

/* An element's head; the value follows. */
static inline void dicom_head(dicom *d, uint32_t tag, const char *vr, uint32_t length)
{
    dicom_tag(d, tag);
    if (d->implicit || tag >> 16 == 0xFFFE) {
        dicom_32(d, length);
        return;
    }
    dicom_bytes(d, vr, 2);
    if (strstr("OB OW SQ UN UT", vr)) {
        dicom_16(d, 0);
        dicom_32(d, length);
    } else {
        dicom_16(d, length);
    }
}

static inline void dicom_text(dicom *d, uint32_t tag, const char *vr, const char *text)
{
    size_t length = strlen(text);
    dicom_head(d, tag, vr, (uint32_t)(length + length % 2));
    dicom_bytes(d, text, length);
    dicom_bytes(d, strcmp(vr, "UI") == 0 ? "" : " ", length % 2);
}

static inline void dicom_us(dicom *d, uint32_t tag, unsigned value)
{
    dicom_head(d, tag, "US", 2);
    dicom_16(d, value);
}

static inline void dicom_words(dicom *d, uint32_t tag, const char *vr, const uint16_t *values,
                               size_t count)
{
    dicom_head(d, tag, vr, (uint32_t)(2 * count));
    for (size_t i = 0; i < count; i++)
        dicom_16(d, values[i]);
}

/* Preamble, "DICM" and the meta group, which is explicit little endian in any file. */
static inline void dicom_begin(dicom *d, const char *syntax)
{
    static const unsigned char preamble[128];
    *d = (dicom){0};
    dicom_bytes(d, preamble, sizeof preamble);
    dicom_bytes(d, "DICM", 4);
    size_t length = strlen(syntax);
    dicom_head(d, 0x00020000, "UL", 4);
    dicom_32(d, (uint32_t)(8 + length + length % 2));
    dicom_text(d, 0x00020010, "UI", syntax);
    d->implicit =
        strcmp(syntax, "1.2.840.10008.1.2") == 0 || strcmp(syntax, "1.2.840.113619.5.2") == 0;
    d->big = strcmp(syntax, "1.2.840.10008.1.2.2") == 0;
}

typedef struct layout {
    unsigned columns, rows, samples, allocated, stored;
    const char *photometric;
    bool is_signed;
    unsigned high_bit; /* 0: stored - 1 */
} layout;

static inline void dicom_layout(dicom *d, const layout *l)
{
    dicom_text(d, 0x00080060, "CS", "DX");
    dicom_us(d, 0x00280002, l->samples);
    dicom_text(d, 0x00280004, "CS", l->photometric);
    dicom_us(d, 0x00280010, l->rows);
    dicom_us(d, 0x00280011, l->columns);
    dicom_us(d, 0x00280100, l->allocated);
    dicom_us(d, 0x00280101, l->stored);
    dicom_us(d, 0x00280102, l->high_bit ? l->high_bit : l->stored - 1);
    dicom_us(d, 0x00280103, l->is_signed);
}

static inline void dicom_item(dicom *d, const void *bytes, size_t count)
{
    dicom_head(d, 0xFFFEE000, "", (uint32_t)count);
    dicom_bytes(d, bytes, count);
}

static inline void dicom_end_sequence(dicom *d)
{
    dicom_head(d, 0xFFFEE0DD, "", 0);
}

#endif
