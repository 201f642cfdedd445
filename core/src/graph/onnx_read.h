/*
 * Reading ONNX with nanopb, in pieces: onnx_read.c (bytes and numbers), onnx_tensor.c, onnx_node.c
 * (nodes and their attributes), onnx.c (the model). Every repeated, text or bytes field arrives in a
 * callback, so nothing is held that is not wanted; and since the stream is the caller's buffer, a
 * callback that sees bytes there may keep pointing at them: weights are not copied unless their
 * alignment or type asks for it.
 *
 * Callbacks answer true or false; the reason for a false is in the error, or is nanopb's.
 */
#ifndef PLEURA_ONNX_READ_H
#define PLEURA_ONNX_READ_H

#include "graph.h"

#include <onnx.pb.h>

/* Which node is being read: what has no name in the file is called by it. */
typedef struct pleura_place {
    uint32_t node;                     /* its place in its graph's list */
    const struct pleura_list *outputs; /* of them those read so far; NULL before the first node */
} pleura_place;

typedef struct pleura_reader {
    pleura_graph *graph;
    pleura_error *error;
    struct pleura_list *inputs, *outputs; /* indices of values */
    struct pleura_list *functions;        /* the model's own: onnx_scope.h */
    struct pleura_list *sequences;        /* onnx_sequence.c */
    const struct pleura_scope *scope;     /* within a node's graph or a function; or NULL */
    uint32_t branch;                      /* of an If, that nodes are in: graph.h */
    uint32_t scopes, depth;
    pleura_place place;
    size_t nested_bytes, sequence_items; /* so far, of what graph.h allows */
} pleura_reader;

/* Says that memory ran out; false, for `return`. */
bool pleura_refuse_memory(pleura_reader *r);

/* Bytes or text where they lie in the file. */
typedef struct pleura_span {
    const char *begin;
    size_t length;
    const pleura_reader *reader;
} pleura_span;

/* Numbers of a list whose length is not known before: grown in the heap, kept in the arena. */
typedef struct pleura_list {
    void *items;
    size_t count, capacity;
    pleura_reader *reader;
} pleura_list;

typedef bool pleura_decoder(pb_istream_t *stream, const pb_field_t *field, void **argument);

pb_callback_t pleura_want(pleura_decoder *decode, void *argument);
pb_callback_t pleura_want_span(const pleura_reader *r, pleura_span *out);
/* What is left of a stream; false if that is not in the file. */
bool pleura_span_rest(const pb_istream_t *stream, const pleura_reader *r, pleura_span *out);
bool pleura_span_is(pleura_span text, const char *other);
const char *pleura_keep_text(pleura_reader *r, pleura_span text); /* NULL if memory ran out */
/* "node[3], output y": NULL if memory ran out. */
const char *pleura_keep_place(pleura_reader *r);

void *pleura_list_add(pleura_list *list, size_t size);  /* NULL if memory ran out */
void *pleura_list_keep(pleura_list *list, size_t size); /* the same */
pleura_decoder pleura_on_int, pleura_on_float, pleura_on_double;

/* What one TensorProto brings; whichever of the data fields are present. */
typedef struct pleura_tensor_parts {
    onnx_TensorProto proto;
    pleura_span name, raw;
    pleura_list dims, ints, longs, floats, doubles;
    bool external; /* its data is in another file */
} pleura_tensor_parts;

void pleura_tensor_prepare(pleura_reader *r, pleura_tensor_parts *parts);
void pleura_tensor_release(pleura_tensor_parts *parts);
/* Turns the parts into a constant value; its index, or PLEURA_NONE with the error set. */
uint32_t pleura_tensor_keep(pleura_reader *r, const pleura_tensor_parts *parts);

/* The value of that name, or a new one of this place; PLEURA_NONE with the error set, as when there
 * are more than PLEURA_MAX_VALUES. */
uint32_t pleura_reader_value(pleura_reader *r, const char *name, size_t length);

bool pleura_is_onnx_domain(pleura_span domain);
bool pleura_operator_find(pleura_span name, pleura_operator *op);

/* Adds a node for each output that is wanted; `inputs` are indices of values. */
bool pleura_reader_add(pleura_reader *r, pleura_node node, pleura_list *inputs,
                       const uint32_t *outputs, size_t output_count);

/* The callbacks for a graph's initializers and nodes, which have the reader as argument. */
pleura_decoder pleura_on_initializer, pleura_on_node;
/* Adds to a list of pleura_attribute. */
pleura_decoder pleura_on_attribute;

#endif
