#include "wire.h"

#include <string.h>

static bool take_varint(pleura_wire *from, uint64_t *value)
{
    *value = 0;
    for (unsigned shift = 0; shift < 64 && from->begin < from->end; shift += 7) {
        uint8_t byte = *from->begin++;
        *value |= (uint64_t)(byte & 127) << shift;
        if (byte < 128)
            return true;
    }
    return false;
}

bool pleura_wire_next(pleura_wire *message, pleura_wire_field *field, bool *bad)
{
    uint64_t key, size = 0;
    if (*bad || message->begin == message->end)
        return false;
    field->whole.begin = message->begin;
    *bad = !take_varint(message, &key);
    field->number = (uint32_t)(key >> 3);
    field->kind = (uint32_t)(key & 7);
    if (field->kind == 0)
        *bad |= !take_varint(message, &field->value);
    else if (field->kind == 2)
        *bad |= !take_varint(message, &size);
    else if (field->kind == 1 || field->kind == 5)
        size = field->kind == 1 ? 8 : 4;
    else
        *bad = true;
    *bad |= size > (size_t)(message->end - message->begin);
    if (*bad)
        return false;
    field->body.begin = message->begin;
    message->begin += size;
    field->body.end = field->whole.end = message->begin;
    return true;
}

bool pleura_wire_find(pleura_wire message, uint32_t number, pleura_wire *body)
{
    pleura_wire_field field;
    for (bool bad = false; pleura_wire_next(&message, &field, &bad);)
        if (field.number == number && field.kind == 2) {
            *body = field.body;
            return true;
        }
    return false;
}

bool pleura_wire_equal(pleura_wire a, pleura_wire b)
{
    size_t size = (size_t)(a.end - a.begin);
    return size == (size_t)(b.end - b.begin) && (!size || memcmp(a.begin, b.begin, size) == 0);
}

pleura_wire pleura_wire_text(const char *text)
{
    const uint8_t *begin = (const uint8_t *)text;
    return (pleura_wire){begin, begin + strlen(text)};
}

void pleura_wire_bytes(pleura_wire_out *out, const void *bytes, size_t size)
{
    if (size && out->length + size <= out->capacity)
        memcpy(out->buffer + out->length, bytes, size);
    out->length += size;
}

void pleura_wire_copy(pleura_wire_out *out, pleura_wire bytes)
{
    pleura_wire_bytes(out, bytes.begin, (size_t)(bytes.end - bytes.begin));
}

void pleura_wire_varint(pleura_wire_out *out, uint64_t value)
{
    do {
        uint8_t byte = (uint8_t)((value & 127) | (value > 127 ? 128 : 0));
        pleura_wire_bytes(out, &byte, 1);
        value >>= 7;
    } while (value);
}

void pleura_wire_number(pleura_wire_out *out, uint32_t field, uint64_t value)
{
    pleura_wire_varint(out, (uint64_t)field << 3);
    pleura_wire_varint(out, value);
}

void pleura_wire_head(pleura_wire_out *out, uint32_t field, size_t size)
{
    pleura_wire_varint(out, (uint64_t)field << 3 | 2);
    pleura_wire_varint(out, size);
}

void pleura_wire_string(pleura_wire_out *out, uint32_t field, const char *text)
{
    pleura_wire_head(out, field, strlen(text));
    pleura_wire_bytes(out, text, strlen(text));
}
