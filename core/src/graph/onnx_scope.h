/*
 * Graphs inside a graph: the branches of an If, and a model's own functions (ModelProto.functions,
 * which PyTorch's newer exporter writes). Both are read into the one graph, their names kept apart:
 *
 * - A branch's nodes are nodes like others, but for the condition that they note (graph.h); shapes.c
 *   takes out those of the branch that is not taken once it knows, and refuses an If that it cannot
 *   decide from constants and shapes.
 * - A call of a function becomes the function's nodes, between copies (Identity) of what goes in and
 *   comes out.
 */
#ifndef PLEURA_ONNX_SCOPE_H
#define PLEURA_ONNX_SCOPE_H

#include "onnx_read.h"

/* A scope of names. In a function's, `call` gives what its attributes refer to. */
typedef struct pleura_scope {
    const struct pleura_scope *parent;
    uint32_t number;
    bool closed; /* what is outside cannot be read: a function's */
    const pleura_node *call;
    const struct pleura_scope *outer; /* the reader's before it; and where it was */
    pleura_place place;
} pleura_scope;

/* The value of that name as it is seen from the reader's scope; one that a node makes there. */
uint32_t pleura_scope_find(pleura_reader *r, const char *name, size_t length);
uint32_t pleura_scope_define(pleura_reader *r, const char *name, size_t length);

/* Reads both branches of an If, then the If itself. */
bool pleura_read_if(pleura_reader *r, pleura_node *node, const uint32_t *outputs, size_t count);

/* ---- The model's own functions ---- */

/* Keeps where the functions lie: before the graph is read. */
bool pleura_functions_locate(pleura_reader *r, const void *bytes, size_t size);

/* Whether the model brings a function of that name; then `*ok` says whether its call was read. */
bool pleura_function_call(pleura_reader *r, pleura_span domain, pleura_span name,
                          const pleura_node *call, const uint32_t *outputs, size_t count, bool *ok);

#endif
