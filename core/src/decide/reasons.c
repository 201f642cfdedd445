#include "reasons.h"

#include <stdarg.h>
#include <stdio.h>

/* PLEURA_REASON_COUNT for a value that is no reason. */
static size_t index_of(pleura_reason reason)
{
    switch (reason) {
#define X(name, bit, text, refuses)                                                                \
    case PLEURA_REASON_##name:                                                                     \
        return PLEURA_REASON_INDEX_##name;
        PLEURA_REASONS(X)
#undef X
    }
    return PLEURA_REASON_COUNT;
}

const char *pleura_reason_name(pleura_reason reason)
{
    static const char *const names[PLEURA_REASON_COUNT + 1] = {
#define X(name, bit, text, refuses) text,
        PLEURA_REASONS(X)
#undef X
            "unknown",
    };
    return names[index_of(reason)];
}

void pleura_reasons_add(pleura_reasons *reasons, pleura_reason reason, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    size_t i = index_of(reason);
    if (i < PLEURA_REASON_COUNT) {
        reasons->set |= (unsigned)reason;
        vsnprintf(reasons->text[i], sizeof reasons->text[i], format, arguments);
    }
    va_end(arguments);
}

const char *pleura_reasons_text(const pleura_reasons *reasons, pleura_reason reason)
{
    size_t i = index_of(reason);
    return i < PLEURA_REASON_COUNT && (reasons->set & (unsigned)reason) ? reasons->text[i] : NULL;
}

bool pleura_reasons_refuse(const pleura_reasons *reasons)
{
    const unsigned refusing = 0
#define X(name, bit, text, refuses) | ((refuses) ? 1u << (bit) : 0u)
        PLEURA_REASONS(X)
#undef X
        ;
    return (reasons->set & refusing) != 0;
}
