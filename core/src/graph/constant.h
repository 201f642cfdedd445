/* Constants in the two element types that graphs hold: views into the file, or converted copies. */
#ifndef PLEURA_CONSTANT_H
#define PLEURA_CONSTANT_H

#include "graph.h"

/* Where a TensorProto's data came from: exactly one of these, or none for a tensor of 0 elements. */
typedef struct pleura_constant_source {
    int32_t type;      /* TensorProto.DataType */
    const void *bytes; /* raw_data, little-endian */
    size_t size;
    const float *floats;
    const double *doubles;
    const int64_t *ints; /* int32_data holds 8- and 16-bit types and the bits of fp16, too */
    size_t count;
} pleura_constant_source;

/* Makes `value` a constant; refuses types, ranks, and sizes that do not fit the dimensions. */
pleura_code pleura_constant_make(pleura_graph *graph, pleura_value *value,
                                 const pleura_constant_source *source, const int64_t *dims,
                                 size_t rank, pleura_error *error);

/* Says that tensors of that PLEURA_TYPE_ are not read. */
pleura_code pleura_constant_refuse_type(const pleura_value *value, int32_t type,
                                        pleura_error *error);

/* New storage in the graph's arena for a constant of value->dims, for the caller to fill. */
void *pleura_constant_storage(pleura_graph *graph, pleura_value *value);

/* One of a constant's stored numbers; of a float, its integer part. */
int64_t pleura_constant_int(const pleura_value *value, int64_t i);

/* Toward zero, as casts go; what does not fit becomes 0. */
int64_t pleura_whole_part(float x);

#endif
