#include "check.h"

#include <emscripten.h>
#include <stddef.h>

static uint64_t digest;

EMSCRIPTEN_KEEPALIVE const char *check(void)
{
    return check_kernels(&digest);
}

EMSCRIPTEN_KEEPALIVE int check_digest(void)
{
    return digest == CHECK_DIGEST;
}
