/* What JavaScript asks of the checks (tests/node/integers.test.mjs, tests/browser/integers.test.mjs). */
#include "check.h"
#include "network.h"

#include "kernels/bytes.h"

#include <emscripten.h>
#include <stddef.h>

/* No header has them: JavaScript calls them. */
#define EXPORT(type, name)                                                                         \
    type name(void);                                                                               \
    EMSCRIPTEN_KEEPALIVE type name(void)

static uint64_t digest;
static integer_network network;

EXPORT(const char *, check)
{
    return check_kernels(&digest);
}

EXPORT(int, check_digest)
{
    return digest == CHECK_DIGEST;
}

/* Whether dense layers were computed in bytes, which the processor decides. */
EXPORT(bool, takes_bytes)
{
#ifdef __wasm_relaxed_simd__
    return pleura_qconv_takes_bytes(&(pleura_qconv_spec){.groups = 1});
#else
    return false;
#endif
}

EXPORT(const char *, run_network)
{
    const char *fault = integer_network_run(1, &network);
    return fault ? fault : network.all_integer ? NULL : "a layer is computed in floats";
}

EXPORT(const char *, network_sha256)
{
    return network.sha256;
}

EXPORT(const char *, network_wanted_sha256)
{
    return NETWORK_SHA256;
}

EXPORT(const void *, network_model)
{
    return network.model;
}

EXPORT(size_t, network_model_size)
{
    return network.model_size;
}

EXPORT(const float *, network_image)
{
    return network.image;
}

EXPORT(size_t, network_image_count)
{
    return network.image_count;
}

EXPORT(const float *, network_answers)
{
    return network.answers;
}

EXPORT(size_t, network_answer_count)
{
    return network.answer_count;
}
