/*
 * Protobuf's wire format (its encoding guide), as far as an ONNX file is cut and pasted: fields are
 * copied as bytes, and only those that name things are looked into.
 */
#ifndef PLEURA_LEARN_WIRE_H
#define PLEURA_LEARN_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct pleura_wire {
    const uint8_t *begin, *end;
} pleura_wire;

/* One field of a message: all of its bytes, and what it holds. */
typedef struct pleura_wire_field {
    uint32_t number, kind; /* kind 2: `body` are its bytes; 0: `value` */
    pleura_wire whole, body;
    uint64_t value;
} pleura_wire_field;

/* Takes a field off the message; false at its end, or where it is no message (*bad). */
bool pleura_wire_next(pleura_wire *message, pleura_wire_field *field, bool *bad);

/* The first field of that number that holds bytes; false if there is none. */
bool pleura_wire_find(pleura_wire message, uint32_t number, pleura_wire *body);

bool pleura_wire_equal(pleura_wire a, pleura_wire b);
pleura_wire pleura_wire_text(const char *text);

/* Into a caller's buffer, counted past its end. */
typedef struct pleura_wire_out {
    uint8_t *buffer;
    size_t capacity, length;
} pleura_wire_out;

void pleura_wire_bytes(pleura_wire_out *out, const void *bytes, size_t size);
void pleura_wire_copy(pleura_wire_out *out, pleura_wire bytes);
void pleura_wire_varint(pleura_wire_out *out, uint64_t value);
void pleura_wire_number(pleura_wire_out *out, uint32_t field, uint64_t value);
/* The start of a field whose `size` bytes follow. */
void pleura_wire_head(pleura_wire_out *out, uint32_t field, size_t size);
void pleura_wire_string(pleura_wire_out *out, uint32_t field, const char *text);

#endif
