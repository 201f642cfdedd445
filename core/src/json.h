/*
 * Writing JSON (RFC 8259) into a caller's buffer. Commas are put by the writer:
 *
 *     pleura_json json = pleura_json_into(buffer, capacity);
 *     pleura_json_open(&json, '{');
 *     pleura_json_key(&json, "labels");
 *     pleura_json_open(&json, '[');
 *     pleura_json_text(&json, "normal");
 *     pleura_json_close(&json, ']');
 *     pleura_json_close(&json, '}');
 *     size_t length = pleura_json_end(&json);  // needs capacity length + 1; (NULL, 0) measures
 */
#ifndef PLEURA_JSON_H
#define PLEURA_JSON_H

#include "text.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct pleura_json {
    pleura_text out;
    bool comma; /* the next value or key follows another */
} pleura_json;

pleura_json pleura_json_into(char *buffer, size_t capacity);

void pleura_json_open(pleura_json *json, char bracket);  /* '{' or '[' */
void pleura_json_close(pleura_json *json, char bracket); /* '}' or ']' */
void pleura_json_key(pleura_json *json, const char *key);

void pleura_json_text(pleura_json *json, const char *text); /* NULL: null; bad UTF-8: U+FFFD */
void pleura_json_number(pleura_json *json, double value, int digits); /* not finite: null */
void pleura_json_integer(pleura_json *json, int64_t value);
void pleura_json_bool(pleura_json *json, bool value);
void pleura_json_null(pleura_json *json);

/* A key with its value. */
void pleura_json_put_open(pleura_json *json, const char *key, char bracket);
void pleura_json_put_text(pleura_json *json, const char *key, const char *text);
void pleura_json_put_number(pleura_json *json, const char *key, double value, int digits);
void pleura_json_put_integer(pleura_json *json, const char *key, int64_t value);
void pleura_json_put_count(pleura_json *json, const char *key, size_t value);
void pleura_json_put_bool(pleura_json *json, const char *key, bool value);

/* JSON that somebody else wrote, taken as one value without looking. */
void pleura_json_raw(pleura_json *json, const char *value, size_t length);

size_t pleura_json_end(pleura_json *json); /* adds the NUL; the whole length, as snprintf */

#endif
