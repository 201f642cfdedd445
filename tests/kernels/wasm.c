/* What JavaScript asks of the checks (tests/node/integers.test.mjs, tests/browser/integers.test.mjs). */
#include "check.h"
#include "network.h"

#include <emscripten.h>
#include <stddef.h>

static uint64_t digest;
static integer_network network;

EMSCRIPTEN_KEEPALIVE const char *check(void)
{
    return check_kernels(&digest);
}

EMSCRIPTEN_KEEPALIVE int check_digest(void)
{
    return digest == CHECK_DIGEST;
}

EMSCRIPTEN_KEEPALIVE const char *run_network(void)
{
    const char *fault = integer_network_run(1, &network);
    return fault ? fault : network.all_integer ? NULL : "a layer is computed in floats";
}

EMSCRIPTEN_KEEPALIVE const char *network_sha256(void)
{
    return network.sha256;
}

EMSCRIPTEN_KEEPALIVE const char *network_wanted_sha256(void)
{
    return NETWORK_SHA256;
}

EMSCRIPTEN_KEEPALIVE const void *network_model(void)
{
    return network.model;
}

EMSCRIPTEN_KEEPALIVE size_t network_model_size(void)
{
    return network.model_size;
}

EMSCRIPTEN_KEEPALIVE const float *network_image(void)
{
    return network.image;
}

EMSCRIPTEN_KEEPALIVE size_t network_image_count(void)
{
    return network.image_count;
}

EMSCRIPTEN_KEEPALIVE const float *network_answers(void)
{
    return network.answers;
}

EMSCRIPTEN_KEEPALIVE size_t network_answer_count(void)
{
    return network.answer_count;
}
