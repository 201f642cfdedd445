/*
 * Reading JSON (RFC 8259) where it lies: a value is a part of the text. pleura_json_check() looks over
 * the whole text once; the other functions take values of a text that passed, and allocate only what
 * they copy.
 */
#ifndef PLEURA_JSON_READ_H
#define PLEURA_JSON_READ_H

#include "memory.h"

#include <stdbool.h>

/* Deeper than this nothing of ours is, and what nests without end must not use up the stack. */
#define PLEURA_JSON_MAX_DEPTH 12

typedef struct pleura_json_value {
    const char *begin, *end; /* begin NULL: there is none */
} pleura_json_value;

/* Whether the text is one JSON value and nothing else; *value is then that value. */
bool pleura_json_check(const char *text, size_t size, pleura_json_value *value);

bool pleura_json_is(pleura_json_value value, char kind); /* '{', '[', '"', '0' a number, 't', 'n' */

/* The first member of that name; none, where there is none or the value is no object. */
pleura_json_value pleura_json_member(pleura_json_value object, const char *key);

/* The parts of an array, or of an object (then *key is set as well): start with *at none, as long as it
 * is true. */
typedef struct pleura_json_part {
    pleura_json_value key, value;
    const char *next;
} pleura_json_part;
bool pleura_json_next(pleura_json_value container, pleura_json_part *part);
size_t pleura_json_count(pleura_json_value container);

/* A string without its escapes, at most `most` bytes; NULL if it is none, longer, holds a NUL or half a
 * surrogate pair, or *failed (memory). */
const char *pleura_json_string(pleura_json_value value, size_t most, pleura_arena *arena,
                               bool *failed);
bool pleura_json_equals(pleura_json_value value, const char *text); /* a string without escapes */

double pleura_json_double(pleura_json_value value); /* NaN: no number */

#endif
