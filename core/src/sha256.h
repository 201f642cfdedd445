/* SHA-256 (FIPS 180-4), to name a model file beyond doubt. */
#ifndef PLEURA_SHA256_H
#define PLEURA_SHA256_H

#include <stddef.h>

/* 64 lower-case hexadecimal digits and the NUL. */
void pleura_sha256_hex(const void *bytes, size_t size, char hex[65]);

#endif
