/* Every integer kernel against plain loops, for the unit test and for the WebAssembly modules. */
#ifndef CHECK_H
#define CHECK_H

#include <stdint.h>

/* The hash of everything that the checks compute, on every machine; it changes with the cases. */
#define CHECK_DIGEST 0x7297421171504898u

/* NULL, or a sentence about the first difference. */
const char *check_kernels(uint64_t *digest);

#endif
