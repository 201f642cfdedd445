/* Floats as text: their little-endian bytes in base64 (RFC 4648), a third longer than the bytes. */
#ifndef PLEURA_BASE64_H
#define PLEURA_BASE64_H

#include "text.h"

#include <stdbool.h>

void pleura_base64_add(pleura_text *text, const float *values, size_t count);

/* Whether the `length` characters are exactly `count` floats, all finite, which are then in `values`. */
bool pleura_base64_read(const char *at, size_t length, float *values, size_t count);

size_t pleura_base64_length(size_t count); /* of `count` floats */

#endif
