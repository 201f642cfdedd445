/* Filling in a pleura_error: one place that formats, so that no fault is described twice. */
#ifndef PLEURA_ERROR_H
#define PLEURA_ERROR_H

#include "pleura/pleura.h"

#if defined(__GNUC__)
#define PLEURA_PRINTF(pattern, first) __attribute__((format(printf, pattern, first)))
#else
#define PLEURA_PRINTF(pattern, first)
#endif

/* Describes a fault, unless *error describes one already, and returns `code` for `return fail(...)`. */
PLEURA_PRINTF(3, 4)
pleura_code pleura_fail(pleura_error *error, pleura_code code, const char *format, ...);

/* The usual one for an allocation that failed. */
pleura_code pleura_fail_memory(pleura_error *error, size_t size, const char *what);

#endif
