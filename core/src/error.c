#include "error.h"

#include <stdarg.h>
#include <stdio.h>

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

pleura_code pleura_fail(pleura_error *error, pleura_code code, const char *format, ...)
{
    if (error && error->code == PLEURA_OK) {
        va_list arguments;
        va_start(arguments, format);
        error->code = code;
        vsnprintf(error->message, sizeof error->message, format, arguments);
        va_end(arguments);
    }
    return code;
}

pleura_code pleura_fail_memory(pleura_error *error, size_t size, const char *what)
{
    return pleura_fail(error, PLEURA_ERROR_MEMORY, "Out of memory: %zu bytes for %s.", size, what);
}
