/* The "pleura." properties of an ONNX file (docs/model-format.md), checked and turned into specs. */
#ifndef PLEURA_METADATA_H
#define PLEURA_METADATA_H

#include "../decide/decide.h"
#include "../graph/graph.h"
#include "../image/tensor.h"

/* The value of a property, or NULL. */
const char *pleura_property_find(const pleura_property *properties, size_t count, const char *key);

/* "Model metadata: KEY is 'TEXT'; EXPECTED." */
pleura_code pleura_metadata_refuse(const char *key, const char *text, const char *expected,
                                   pleura_error *error);

/* Fills all of *input but channels, height and width. A file without properties gets defaults:
 * the whole image squashed, values 0..1 (0..255 where `bytes` are read), mean 0, standard deviation 1.
 */
pleura_code pleura_metadata_input(const pleura_property *properties, size_t count, bool bytes,
                                  pleura_input_spec *input, pleura_error *error);

/* The sides of an image whose file leaves them open; 0 where the metadata do not say. */
pleura_code pleura_metadata_size(const pleura_property *properties, size_t count, int64_t *height,
                                 int64_t *width, pleura_error *error);

/* Fills *decision for a network of `outputs` outputs; names and groups are kept in `arena`. */
pleura_code pleura_metadata_decision(const pleura_property *properties, size_t count,
                                     size_t outputs, pleura_arena *arena,
                                     pleura_decision_spec *decision, pleura_error *error);

/* Fills decision->framings, which only images that are squashed have. */
pleura_code pleura_metadata_framings(const pleura_property *properties, size_t count,
                                     const pleura_input_spec *input, pleura_framings *framings,
                                     pleura_error *error);

#endif
