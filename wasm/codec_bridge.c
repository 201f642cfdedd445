/*
 * The core's decoder of compressed DICOM frames, which here is another module with a memory of its
 * own: what hostile data does to a decoder stays in there. JavaScript copies the bytes over, the
 * samples back, and loads the module when a first film asks for it (src/codecs.ts).
 */
#include "codec/codec.h"

#include <emscripten.h>

/* A pleura_code; JavaScript describes a fault with pleura_wasm_describe(). */
EM_JS(int, call_codec,
      (int kind, const void *bytes, size_t size, uint32_t width, uint32_t height,
       unsigned components, int rgb_wanted, uint16_t *cells, pleura_error *error),
      {
          return Module["codec"](kind, bytes, size, width, height, components, rgb_wanted, cells,
                                 error);
      })

pleura_code pleura_codec_decode(const pleura_codec_job *job, pleura_error *error)
{
    return (pleura_code)call_codec((int)job->kind, job->bytes, job->size, job->width, job->height,
                                   job->components, job->rgb_wanted, job->cells, error);
}
