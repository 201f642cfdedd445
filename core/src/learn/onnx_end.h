/* Between onnx_write.c and what it writes anew: the nodes and tensors of a profile (onnx_end.c), and its metadata (onnx_metadata.c). */
#ifndef PLEURA_LEARN_ONNX_END_H
#define PLEURA_LEARN_ONNX_END_H

#include "../model/profile.h"
#include "onnx_graph.h"

#define PLEURA_ONNX_SCORES "pleura_scores" /* the new output */

/* What stands in place of the file's end. */
typedef struct pleura_new_end {
    const pleura_profile *profile;
    pleura_onnx_graph graph;
    pleura_wire from; /* what the new end reads: the linear layer's input, or the scores */
    bool flat;        /* it may have more than two dimensions */
    bool scaled;      /* a scale is not 1 */
} pleura_new_end;

/* Each adds its fields to a GraphProto. */
void pleura_onnx_put_nodes(pleura_wire_out *out, const pleura_new_end *end);
void pleura_onnx_put_tensors(pleura_wire_out *out, const pleura_new_end *end);
void pleura_onnx_put_output(pleura_wire_out *out, const pleura_new_end *end);

/* Whether an entry of the metadata goes: what the profile says instead, and what was measured of the model as it was. */
bool pleura_onnx_is_replaced(pleura_wire entry);
/* Adds the profile's entries to a ModelProto. */
pleura_code pleura_onnx_put_metadata(pleura_wire_out *out, const pleura_profile *profile,
                                     pleura_error *error);

#endif
