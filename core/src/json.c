#include "json.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

pleura_json pleura_json_into(char *buffer, size_t capacity)
{
    return (pleura_json){.out = {.buffer = buffer, .capacity = capacity}};
}

static void separate(pleura_json *json)
{
    if (json->comma)
        pleura_text_add(&json->out, ",");
    json->comma = true;
}

void pleura_json_open(pleura_json *json, char bracket)
{
    separate(json);
    pleura_text_bytes(&json->out, &bracket, 1);
    json->comma = false;
}

void pleura_json_close(pleura_json *json, char bracket)
{
    pleura_text_bytes(&json->out, &bracket, 1);
    json->comma = true;
}

static void escaped(pleura_json *json, unsigned char byte)
{
    char code[8];
    switch (byte) {
    case '"':
        pleura_text_add(&json->out, "\\\"");
        return;
    case '\\':
        pleura_text_add(&json->out, "\\\\");
        return;
    case '\n':
        pleura_text_add(&json->out, "\\n");
        return;
    case '\r':
        pleura_text_add(&json->out, "\\r");
        return;
    case '\t':
        pleura_text_add(&json->out, "\\t");
        return;
    default:
        snprintf(code, sizeof code, "\\u%04x", (unsigned)byte);
        pleura_text_add(&json->out, code);
    }
}

static void quoted(pleura_json *json, const char *text)
{
    size_t left = strlen(text);
    pleura_text_add(&json->out, "\"");
    while (left) {
        size_t invalid, length = pleura_utf8_length(text, left, &invalid);
        unsigned char byte = (unsigned char)*text;
        if (!length)
            pleura_text_add(&json->out, "\xEF\xBF\xBD");
        else if (byte < 0x20 || byte == 0x7F || byte == '"' || byte == '\\')
            escaped(json, byte);
        else
            pleura_text_bytes(&json->out, text, length);
        text += length ? length : invalid;
        left -= length ? length : invalid;
    }
    pleura_text_add(&json->out, "\"");
}

void pleura_json_key(pleura_json *json, const char *key)
{
    separate(json);
    quoted(json, key);
    pleura_text_add(&json->out, ":");
    json->comma = false;
}

void pleura_json_raw(pleura_json *json, const char *value, size_t length)
{
    separate(json);
    pleura_text_bytes(&json->out, value, length);
}

void pleura_json_text(pleura_json *json, const char *text)
{
    if (!text) {
        pleura_json_null(json);
        return;
    }
    separate(json);
    quoted(json, text);
}

void pleura_json_number(pleura_json *json, double value, int digits)
{
    pleura_number number;
    const char *text = isfinite(value) ? pleura_number_text(&number, value, digits) : "null";
    pleura_json_raw(json, text, strlen(text));
}

void pleura_json_integer(pleura_json *json, int64_t value)
{
    char text[24];
    int length = snprintf(text, sizeof text, "%" PRId64, value);
    pleura_json_raw(json, text, (size_t)length);
}

void pleura_json_bool(pleura_json *json, bool value)
{
    pleura_json_raw(json, value ? "true" : "false", value ? 4 : 5);
}

void pleura_json_null(pleura_json *json)
{
    pleura_json_raw(json, "null", 4);
}

void pleura_json_put_open(pleura_json *json, const char *key, char bracket)
{
    pleura_json_key(json, key);
    pleura_json_open(json, bracket);
}

void pleura_json_put_text(pleura_json *json, const char *key, const char *text)
{
    pleura_json_key(json, key);
    pleura_json_text(json, text);
}

void pleura_json_put_number(pleura_json *json, const char *key, double value, int digits)
{
    pleura_json_key(json, key);
    pleura_json_number(json, value, digits);
}

void pleura_json_put_integer(pleura_json *json, const char *key, int64_t value)
{
    pleura_json_key(json, key);
    pleura_json_integer(json, value);
}

void pleura_json_put_count(pleura_json *json, const char *key, size_t value)
{
    pleura_json_key(json, key);
    pleura_json_integer(json, (int64_t)value);
}

void pleura_json_put_bool(pleura_json *json, const char *key, bool value)
{
    pleura_json_key(json, key);
    pleura_json_bool(json, value);
}

size_t pleura_json_end(pleura_json *json)
{
    return pleura_text_end(&json->out);
}
