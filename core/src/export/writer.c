#include "writer.h"

#include "../memory.h"

#include <string.h>

void pleura_write_raw(pleura_writer *w, const void *bytes, size_t count)
{
    if (w->failed || !count)
        return;
    if (count > w->room - w->size) {
        size_t room = w->size + count > SIZE_MAX / 2 ? 0 : 2 * (w->size + count) + 1024;
        unsigned char *grown = room ? pleura_realloc(w->bytes, room) : NULL;
        if (!grown) {
            w->failed = true;
            return;
        }
        w->bytes = grown;
        w->room = room;
    }
    memcpy(w->bytes + w->size, bytes, count);
    w->size += count;
}

static void write16(pleura_writer *w, unsigned value)
{
    pleura_write_raw(w, (unsigned char[]){(unsigned char)value, (unsigned char)(value >> 8)}, 2);
}

static void write32(pleura_writer *w, uint32_t value)
{
    write16(w, value & 0xFFFF);
    write16(w, value >> 16);
}

static void write_tag(pleura_writer *w, uint32_t tag)
{
    write16(w, tag >> 16);
    write16(w, tag & 0xFFFF);
}

/* Values have even lengths: texts are filled up with a space, UIDs and bytes with a NUL. */
static void write_padded(pleura_writer *w, const char *vr, const void *value, size_t length)
{
    bool nul = strcmp(vr, "UI") == 0 || strcmp(vr, "OB") == 0;
    pleura_write_raw(w, value, length);
    pleura_write_raw(w, nul ? "" : " ", length % 2);
}

void pleura_write_value(pleura_writer *w, uint32_t tag, const char *vr, const void *value,
                        size_t length)
{
    write_tag(w, tag);
    pleura_write_raw(w, vr, 2);
    write16(w, (unsigned)(length + length % 2));
    write_padded(w, vr, value, length);
}

void pleura_write_text(pleura_writer *w, uint32_t tag, const char *vr, const char *text)
{
    pleura_write_value(w, tag, vr, text, strlen(text));
}

void pleura_write_us(pleura_writer *w, uint32_t tag, unsigned value)
{
    write_tag(w, tag);
    pleura_write_raw(w, "US", 2);
    write16(w, 2);
    write16(w, value);
}

static void write_long_head(pleura_writer *w, uint32_t tag, const char *vr, uint32_t length)
{
    write_tag(w, tag);
    pleura_write_raw(w, vr, 2);
    write16(w, 0);
    write32(w, length);
}

void pleura_write_long(pleura_writer *w, uint32_t tag, const char *vr, const void *value,
                       size_t length)
{
    write_long_head(w, tag, vr, (uint32_t)(length + length % 2));
    write_padded(w, vr, value, length);
}

#define UNDEFINED 0xFFFFFFFFu

static void write_delimiter(pleura_writer *w, unsigned element, uint32_t length)
{
    write_tag(w, PLEURA_TAG(0xFFFE, element));
    write32(w, length);
}

void pleura_write_sequence(pleura_writer *w, uint32_t tag)
{
    write_long_head(w, tag, "SQ", UNDEFINED);
}

void pleura_write_item(pleura_writer *w)
{
    write_delimiter(w, 0xE000, UNDEFINED);
}

void pleura_write_item_end(pleura_writer *w)
{
    write_delimiter(w, 0xE00D, 0);
}

void pleura_write_sequence_end(pleura_writer *w)
{
    write_delimiter(w, 0xE0DD, 0);
}

void pleura_write_empty_sequence(pleura_writer *w, uint32_t tag)
{
    write_long_head(w, tag, "SQ", 0);
}

void pleura_write_code(pleura_writer *w, uint32_t tag, const pleura_code_value *code)
{
    pleura_write_sequence(w, tag);
    pleura_write_item(w);
    pleura_write_text(w, PLEURA_TAG(0x0008, 0x0100), "SH", code->value);
    pleura_write_text(w, PLEURA_TAG(0x0008, 0x0102), "SH", code->scheme);
    pleura_write_text(w, PLEURA_TAG(0x0008, 0x0104), "LO", code->meaning);
    pleura_write_item_end(w);
    pleura_write_sequence_end(w);
}
