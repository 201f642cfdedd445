/*
 * Writes a DICOM data set (PS3.5, section 7) in explicit little endian, which every reader takes.
 * Elements are put in the order of their tags by the caller. A failed allocation is remembered, and
 * nothing is written after it: look once, at the end.
 */
#ifndef PLEURA_EXPORT_WRITER_H
#define PLEURA_EXPORT_WRITER_H

#include "../image/dicom/dataset.h"

typedef struct pleura_writer {
    unsigned char *bytes; /* the caller's, to give back with pleura_free */
    size_t size, room;
    bool failed;
} pleura_writer;

void pleura_write_raw(pleura_writer *w, const void *bytes, size_t count);

/* An element of one of the VRs whose lengths take 2 bytes; at most 65,534 bytes of value. */
void pleura_write_value(pleura_writer *w, uint32_t tag, const char *vr, const void *value,
                        size_t length);
void pleura_write_text(pleura_writer *w, uint32_t tag, const char *vr, const char *text);
void pleura_write_us(pleura_writer *w, uint32_t tag, unsigned value);

/* UT and OB, whose lengths take 4. */
void pleura_write_long(pleura_writer *w, uint32_t tag, const char *vr, const void *value,
                       size_t length);

/* A sequence of items, each with its own end: open, item, elements, item end, ..., close. */
void pleura_write_sequence(pleura_writer *w, uint32_t tag);
void pleura_write_item(pleura_writer *w);
void pleura_write_item_end(pleura_writer *w);
void pleura_write_sequence_end(pleura_writer *w);
void pleura_write_empty_sequence(pleura_writer *w, uint32_t tag);

/* A sequence of one coded concept (PS3.3, 8.8). */
typedef struct pleura_code_value {
    const char *value, *scheme, *meaning;
} pleura_code_value;

void pleura_write_code(pleura_writer *w, uint32_t tag, const pleura_code_value *code);

#endif
