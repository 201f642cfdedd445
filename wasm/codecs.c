/* What JavaScript may call of the module of decoders: one frame in, its samples out. */
#include "codec/codec.h"

#include <emscripten.h>
#include <stdlib.h>
#include <string.h>

/* Never NULL for 0 bytes: empty data is the decoders' to judge. */
EMSCRIPTEN_KEEPALIVE void *pleura_codecs_alloc(size_t size)
{
    return malloc(size > 0 ? size : 1);
}

EMSCRIPTEN_KEEPALIVE void pleura_codecs_free(void *block)
{
    free(block);
}

EMSCRIPTEN_KEEPALIVE pleura_error *pleura_codecs_error_new(void)
{
    return calloc(1, sizeof(pleura_error));
}

EMSCRIPTEN_KEEPALIVE const char *pleura_codecs_error_message(const pleura_error *error)
{
    return error->message;
}

/* `cells` has room for width x height x components samples of 16 bits. */
EMSCRIPTEN_KEEPALIVE int pleura_codecs_decode(int kind, const void *bytes, size_t size,
                                              uint32_t width, uint32_t height, unsigned components,
                                              int rgb_wanted, uint16_t *cells, pleura_error *error)
{
    const pleura_codec_job job = {.kind = (pleura_codec_kind)kind,
                                  .bytes = bytes,
                                  .size = size,
                                  .width = width,
                                  .height = height,
                                  .components = components,
                                  .rgb_wanted = rgb_wanted != 0,
                                  .cells = cells};
    memset(error, 0, sizeof *error);
    return (int)pleura_codec_decode(&job, error);
}
