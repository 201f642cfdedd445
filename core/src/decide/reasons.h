/* The reasons of one result, each with its sentence. */
#ifndef PLEURA_DECIDE_REASONS_H
#define PLEURA_DECIDE_REASONS_H

#include "../error.h"

enum {
#define X(name, bit, text, refuses) PLEURA_REASON_INDEX_##name,
    PLEURA_REASONS(X)
#undef X
        PLEURA_REASON_COUNT
};

typedef struct pleura_reasons {
    unsigned set; /* a sum of pleura_reason */
    char text[PLEURA_REASON_COUNT][240];
} pleura_reasons;

PLEURA_PRINTF(3, 4)
void pleura_reasons_add(pleura_reasons *reasons, pleura_reason reason, const char *format, ...);

/* NULL if `reason` is not set. */
const char *pleura_reasons_text(const pleura_reasons *reasons, pleura_reason reason);

/* Whether one of them stops the network from being run. */
bool pleura_reasons_refuse(const pleura_reasons *reasons);

#endif
