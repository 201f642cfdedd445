/*
 * What the fuzz targets assert beyond not crashing. A refusal has a code and one sentence; the same
 * bytes give the same answer; when an allocation fails, there is an error or that same answer; and
 * nothing is leaked. An image has the size that it says, goes through the gate and the tensor, and
 * written as a PNG it reads back as itself.
 */
#ifndef PLEURA_FUZZ_CHECK_H
#define PLEURA_FUZZ_CHECK_H

#include "pleura/pleura.h"

#include <stdio.h>
#include <stdlib.h>

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* Small enough that no input is slow; the limits themselves are under test, too. */
extern const pleura_limits check_limits;

/* Counted by the library in test builds (core/src/memory.c). */
extern size_t pleura_test_fail_at, pleura_test_allocations, pleura_test_live;

void check_refusal(pleura_code code, const pleura_error *error);

/* Decodes with all of the above; NULL if it is refused. Free it with check_done(). */
pleura_image *check_decode(const uint8_t *bytes, size_t size);
void check_done(pleura_image *image);

/* The bytes, in one number. */
uint64_t check_hash(const void *bytes, size_t size);

#endif
