/*
 * Text appended to a caller's buffer, counted past its end as snprintf does, so that a first pass
 * without a buffer measures. And numbers that read the same in every locale.
 */
#ifndef PLEURA_TEXT_H
#define PLEURA_TEXT_H

#include <stddef.h>

typedef struct pleura_text {
    char *buffer; /* may be NULL with capacity 0 */
    size_t capacity, length;
} pleura_text;

void pleura_text_bytes(pleura_text *text, const char *bytes, size_t count);
void pleura_text_add(pleura_text *text, const char *string);

/* Ends the text with a NUL, cutting it where the buffer ends; returns the length of the whole. */
size_t pleura_text_end(pleura_text *text);

/* A buffer for pleura_number_text. */
typedef struct pleura_number {
    char text[40];
} pleura_number;

/* `value` with `digits` significant digits (1 to 17) and a decimal point, whatever setlocale()
 * says; returns out->text. */
const char *pleura_number_text(pleura_number *out, double value, int digits);

/* The same with `places` digits after the point (0 to 9), for sentences: 0.50 and not 0.5. */
const char *pleura_fixed_text(pleura_number *out, double value, int places);

/* [-]digits[.digits][e[+-]digits], moving *at behind it; NaN if there is no such number. */
double pleura_number_read(const char **at);

/* How many bytes the UTF-8 character at `bytes` has; 0 if there is none, and then *invalid says how
 * many bytes stand for one U+FFFD (the "maximal subpart" that browsers and Python replace). */
size_t pleura_utf8_length(const char *bytes, size_t count, size_t *invalid);

#endif
