/* The nodes of an ONNX file by the names of what they read and write, and which are still needed when
 * its end is cut off. */
#ifndef PLEURA_LEARN_ONNX_GRAPH_H
#define PLEURA_LEARN_ONNX_GRAPH_H

#include "../memory.h"
#include "pleura/learn.h"
#include "wire.h"

/* Field numbers of onnx.proto. */
enum {
    ONNX_MODEL_GRAPH = 7,
    ONNX_MODEL_METADATA = 14,
    ONNX_GRAPH_NODE = 1,
    ONNX_GRAPH_INITIALIZER = 5,
    ONNX_GRAPH_INPUT = 11,
    ONNX_GRAPH_OUTPUT = 12,
    ONNX_GRAPH_VALUE_INFO = 13,
    ONNX_NODE_INPUT = 1,
    ONNX_NODE_OUTPUT = 2,
    ONNX_NODE_OPERATOR = 4,
    ONNX_NODE_ATTRIBUTE = 5,
    ONNX_TENSOR_NAME = 8,
    ONNX_VALUE_NAME = 1
};

typedef struct pleura_onnx_graph {
    pleura_arena arena;
    pleura_wire graph;  /* the message */
    pleura_wire *nodes; /* in the file's order */
    bool *dropped;
    size_t node_count;
    struct pleura_onnx_use *uses; /* a hash table by name */
    size_t use_room;
    pleura_wire output; /* the first output's name, */
    pleura_wire batch;  /* and the first dimension of its shape; begin NULL: not said */
} pleura_onnx_graph;

pleura_code pleura_onnx_graph_read(pleura_wire graph, pleura_onnx_graph *out, pleura_error *error);
void pleura_onnx_graph_free(pleura_onnx_graph *graph);

/* The node that writes a value; SIZE_MAX if none does. */
size_t pleura_onnx_producer(const pleura_onnx_graph *graph, pleura_wire name);
bool pleura_onnx_is(const pleura_onnx_graph *graph, size_t node, const char *op);
/* The node's input of that place; empty if it has none. */
pleura_wire pleura_onnx_input(const pleura_onnx_graph *graph, size_t node, size_t place);
bool pleura_onnx_is_constant(const pleura_onnx_graph *graph, pleura_wire name);

/* The first output goes and `kept` is read instead: drops the nodes that nothing needs any more. */
void pleura_onnx_cut(pleura_onnx_graph *graph, pleura_wire kept);
/* Whether a value of that name is still read, or is an output. */
bool pleura_onnx_needed(const pleura_onnx_graph *graph, pleura_wire name);
bool pleura_onnx_knows(const pleura_onnx_graph *graph, pleura_wire name);

#endif
