#include "json_read.h"

#include "text.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

static const char *skip_space(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r'))
        at++;
    return at;
}

/* ---- Behind a value; NULL where there is none ---- */

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static const char *skip_escape(const char *at, const char *end)
{
    if (at == end)
        return NULL;
    if (*at != 'u')
        return strchr("\"\\/bfnrt", *at) && *at ? at + 1 : NULL;
    for (int i = 1; i <= 4; i++)
        if (end - at <= i || !is_hex(at[i]))
            return NULL;
    return at + 5;
}

/* Of a string: an escape, or one character of UTF-8 (RFC 8259, 8.1). */
static const char *skip_character(const char *at, const char *end)
{
    const unsigned char byte = (unsigned char)*at;
    size_t invalid, length = 1;
    if (byte == '\\')
        return skip_escape(at + 1, end);
    if (byte >= 0x80)
        length = pleura_utf8_length(at, (size_t)(end - at), &invalid);
    return byte < 0x20 || !length ? NULL : at + length;
}

static const char *skip_string(const char *at, const char *end)
{
    for (at++; at && at < end && *at != '"';)
        at = skip_character(at, end);
    return at && at < end ? at + 1 : NULL;
}

static const char *skip_digits(const char *at, const char *end)
{
    const char *from = at;
    while (at < end && *at >= '0' && *at <= '9')
        at++;
    return at > from ? at : NULL;
}

static const char *skip_number(const char *at, const char *end)
{
    at += *at == '-';
    const char *whole = at;
    at = skip_digits(at, end);
    if (!at || (*whole == '0' && at > whole + 1))
        return NULL;
    if (at < end && *at == '.' && !(at = skip_digits(at + 1, end)))
        return NULL;
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        at += at < end && (*at == '-' || *at == '+');
        at = skip_digits(at, end);
    }
    return at;
}

static const char *skip_word(const char *at, const char *end, const char *word)
{
    size_t length = strlen(word);
    return (size_t)(end - at) >= length && memcmp(at, word, length) == 0 ? at + length : NULL;
}

static const char *skip_value(const char *at, const char *end, int depth);

static const char *skip_container(const char *at, const char *end, int depth)
{
    char close = *at == '{' ? '}' : ']';
    at = skip_space(at + 1, end);
    if (at < end && *at == close)
        return at + 1;
    for (;;) {
        if (close == '}') {
            if (at == end || *at != '"' || !(at = skip_string(at, end)))
                return NULL;
            at = skip_space(at, end);
            if (at == end || *at++ != ':')
                return NULL;
            at = skip_space(at, end);
        }
        at = skip_value(at, end, depth);
        if (!at || (at = skip_space(at, end)) == end)
            return NULL;
        if (*at == close)
            return at + 1;
        if (*at != ',')
            return NULL;
        at = skip_space(at + 1, end);
    }
}

static const char *skip_value(const char *at, const char *end, int depth)
{
    if (at == end)
        return NULL;
    switch (*at) {
    case '{':
    case '[':
        return depth ? skip_container(at, end, depth - 1) : NULL;
    case '"':
        return skip_string(at, end);
    case 't':
        return skip_word(at, end, "true");
    case 'f':
        return skip_word(at, end, "false");
    case 'n':
        return skip_word(at, end, "null");
    default:
        return skip_number(at, end);
    }
}

bool pleura_json_check(const char *text, size_t size, pleura_json_value *value)
{
    const char *end = text + size, *begin = skip_space(text, end);
    const char *behind = skip_value(begin, end, PLEURA_JSON_MAX_DEPTH);
    bool good = behind && skip_space(behind, end) == end;
    *value = good ? (pleura_json_value){begin, behind} : (pleura_json_value){0};
    return good;
}

/* ---- Values of a text that passed ---- */

bool pleura_json_is(pleura_json_value value, char kind)
{
    if (!value.begin)
        return false;
    char first = *value.begin;
    if (kind == '0')
        return first == '-' || (first >= '0' && first <= '9');
    return first == kind || (kind == 't' && first == 'f');
}

bool pleura_json_next(pleura_json_value container, pleura_json_part *part)
{
    const char *end = container.end;
    bool object = pleura_json_is(container, '{');
    if (!object && !pleura_json_is(container, '['))
        return false;
    const char *at = skip_space(part->next ? part->next : container.begin + 1, end);
    if (*at == ',')
        at = skip_space(at + 1, end);
    if (*at == (object ? '}' : ']'))
        return false;
    if (object) {
        part->key = (pleura_json_value){at, skip_string(at, end)};
        if (!part->key.end)
            return false;
        at = skip_space(part->key.end, end) + 1; /* the colon */
        at = skip_space(at, end);
    }
    part->value = (pleura_json_value){at, skip_value(at, end, PLEURA_JSON_MAX_DEPTH)};
    part->next = part->value.end;
    return true;
}

size_t pleura_json_count(pleura_json_value container)
{
    size_t count = 0;
    for (pleura_json_part part = {0}; pleura_json_next(container, &part);)
        count++;
    return count;
}

bool pleura_json_equals(pleura_json_value value, const char *text)
{
    size_t length = strlen(text);
    return pleura_json_is(value, '"') && (size_t)(value.end - value.begin) == length + 2 &&
           memcmp(value.begin + 1, text, length) == 0;
}

pleura_json_value pleura_json_member(pleura_json_value object, const char *key)
{
    if (pleura_json_is(object, '{'))
        for (pleura_json_part part = {0}; pleura_json_next(object, &part);)
            if (pleura_json_equals(part.key, key))
                return part.value;
    return (pleura_json_value){0};
}

static unsigned hex4(const char *at)
{
    unsigned value = 0;
    for (int i = 0; i < 4; i++) {
        unsigned digit = (unsigned char)at[i];
        value = value * 16 + (digit <= '9' ? digit - '0' : (digit | 32) - 'a' + 10);
    }
    return value;
}

static char *put_utf8(char *to, unsigned code)
{
    if (code < 0x80) {
        *to++ = (char)code;
        return to;
    }
    int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const unsigned lead[] = {0, 0xC0, 0xE0, 0xF0};
    *to++ = (char)(lead[more] | code >> (6 * more));
    while (more--)
        *to++ = (char)(0x80 | (code >> (6 * more) & 0x3F));
    return to;
}

/* What is behind a "\u"; *at moves behind it. 0 for what no text holds. */
static unsigned read_code(const char **at, const char *end)
{
    unsigned code = hex4(*at);
    *at += 4;
    if (code < 0xD800 || code > 0xDFFF)
        return code;
    if (code > 0xDBFF || end - *at < 6 || (*at)[0] != '\\' || (*at)[1] != 'u')
        return 0;
    unsigned low = hex4(*at + 2);
    *at += 6;
    return low >= 0xDC00 && low <= 0xDFFF ? 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00) : 0;
}

static char *put_escape(char *to, const char **at, const char *end)
{
    static const char from[] = "\"\\/bfnrt", means[] = "\"\\/\b\f\n\r\t";
    char kind = *(*at)++;
    if (kind == 'u') {
        unsigned code = read_code(at, end);
        return code ? put_utf8(to, code) : NULL;
    }
    *to++ = means[strchr(from, kind) - from];
    return to;
}

const char *pleura_json_string(pleura_json_value value, size_t most, pleura_arena *arena,
                               bool *failed)
{
    if (!pleura_json_is(value, '"'))
        return NULL;
    const char *at = value.begin + 1, *end = value.end - 1;
    if ((size_t)(end - at) > 6 * most)
        return NULL;
    char *copy = pleura_arena_alloc(arena, (size_t)(end - at) + 1), *to = copy;
    if (!copy) {
        *failed = true;
        return NULL;
    }
    while (to && at < end) {
        if (*at == '\\') {
            at++;
            to = put_escape(to, &at, end);
        } else {
            *to++ = *at++;
        }
    }
    return to && (size_t)(to - copy) <= most ? copy : NULL;
}

double pleura_json_double(pleura_json_value value)
{
    const char *at = value.begin;
    /* A text that passed ends a number with a character that no number has. */
    return pleura_json_is(value, '0') ? pleura_number_read(&at) : NAN;
}
