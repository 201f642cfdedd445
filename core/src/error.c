#include "error.h"

#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *pleura_version(void)
{
    return PLEURA_VERSION;
}

const char *pleura_code_name(pleura_code code)
{
    switch (code) {
#define X(name, number, text)                                                                      \
    case PLEURA_##name:                                                                            \
        return text;
        PLEURA_CODES(X)
#undef X
    }
    return "unknown";
}

/*
 * Names out of files stand in sentences: what is no text becomes '?', so that it is UTF-8 and steers
 * no terminal. A sentence that did not fit ends with dots.
 */
static void tidy(char *message, size_t capacity, size_t length)
{
    if (length >= capacity) {
        length = capacity - 1;
        memcpy(message + length - 3, "...", 3);
    }
    for (size_t at = 0, count, invalid; at < length; at += count) {
        count = pleura_utf8_length(message + at, length - at, &invalid);
        unsigned char first = (unsigned char)message[at];
        /* Control characters, those of two bytes too (U+0080 to U+009F). */
        bool control = first < ' ' || first == 127 ||
                       (first == 0xC2 && count == 2 && (unsigned char)message[at + 1] < 0xA0);
        if (count && !control)
            continue;
        count = count ? count : invalid;
        memset(message + at, '?', count);
    }
}

pleura_code pleura_fail(pleura_error *error, pleura_code code, const char *format, ...)
{
    if (error && error->code == PLEURA_OK) {
        va_list arguments;
        va_start(arguments, format);
        error->code = code;
        int length = vsnprintf(error->message, sizeof error->message, format, arguments);
        va_end(arguments);
        tidy(error->message, sizeof error->message, length > 0 ? (size_t)length : 0);
    }
    return code;
}

pleura_code pleura_fail_memory(pleura_error *error, size_t size, const char *what)
{
    return pleura_fail(error, PLEURA_ERROR_MEMORY, "Out of memory: %zu bytes for %s.", size, what);
}
