/*
 * Operators that are written with others when they are read: the 8-bit ones of ONNX Runtime's
 * "operator-oriented" files, and those that ONNX itself describes by others.
 */
#ifndef PLEURA_FUNCTIONS_H
#define PLEURA_FUNCTIONS_H

#include "onnx_read.h"

typedef struct pleura_function {
    const char *name, *domain; /* "" is ONNX's own */
    const char *body;          /* function_body.c says how it is written; NULL: onnx_sequence.c */
} pleura_function;

/* ONNX Runtime's own operators. */
#define PLEURA_RUNTIME_DOMAIN "com.microsoft"

extern const pleura_function pleura_functions[];
extern const size_t pleura_function_count;
/* NULL if there is none of that name. */
const pleura_function *pleura_function_find(pleura_span domain, pleura_span name);

/* Adds the nodes that `call` stands for; false with the error set. */
bool pleura_function_expand(pleura_reader *r, const pleura_function *function,
                            const pleura_node *call, const uint32_t *outputs, size_t output_count);

/* The operators of sequences. A SplitToSequence becomes a node for each SequenceAt, with its index as
 * input 2. */
bool pleura_read_sequence(pleura_reader *r, const pleura_node *node, const uint32_t *outputs,
                          size_t count);
/* Makes the Slice or Gather of such a node that gives that piece, now that shapes are known. */
pleura_code pleura_take_piece(pleura_graph *graph, pleura_node *node, pleura_error *error);

#endif
