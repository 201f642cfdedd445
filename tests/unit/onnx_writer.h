/*
 * Writes small ONNX files for tests: protobuf's wire format by hand (varints and length-delimited
 * fields, protobuf encoding guide), with the field numbers of onnx.proto.
 */
#ifndef ONNX_WRITER_H
#define ONNX_WRITER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct buffer {
    unsigned char *bytes;
    size_t size, capacity;
} buffer;

static inline void put(buffer *b, const void *bytes, size_t size)
{
    if (b->size + size > b->capacity) {
        b->capacity = 2 * (b->size + size) + 256;
        b->bytes = realloc(b->bytes, b->capacity);
        if (!b->bytes)
            abort();
    }
    if (size)
        memcpy(b->bytes + b->size, bytes, size);
    b->size += size;
}

static inline void put_varint(buffer *b, uint64_t value)
{
    do {
        unsigned char byte = (unsigned char)((value & 127) | (value > 127 ? 128 : 0));
        put(b, &byte, 1);
        value >>= 7;
    } while (value);
}

static inline void put_int(buffer *b, int field, int64_t value)
{
    put_varint(b, (uint64_t)field << 3);
    put_varint(b, (uint64_t)value);
}

static inline void put_float(buffer *b, int field, float value)
{
    put_varint(b, (uint64_t)field << 3 | 5);
    put(b, &value, 4);
}

static inline void put_bytes(buffer *b, int field, const void *bytes, size_t size)
{
    put_varint(b, (uint64_t)field << 3 | 2);
    put_varint(b, size);
    put(b, bytes, size);
}

static inline void put_text(buffer *b, int field, const char *text)
{
    put_bytes(b, field, text, strlen(text));
}

/* Appends a finished message as a field and empties it. */
static inline void put_message(buffer *b, int field, buffer *message)
{
    put_bytes(b, field, message->bytes, message->size);
    free(message->bytes);
    *message = (buffer){0};
}

enum { GRAPH_NODE = 1, GRAPH_INITIALIZER = 5, GRAPH_INPUT = 11, GRAPH_OUTPUT = 12 };
enum { TYPE_FLOAT = 1, TYPE_UINT8 = 2, TYPE_INT8 = 3, TYPE_INT32 = 6, TYPE_INT64 = 7 };

static inline void put_typed_info(buffer *graph, int field, const char *name, int element, int rank,
                                  const int64_t *dims)
{
    buffer shape = {0}, tensor = {0}, type = {0}, info = {0};
    for (int i = 0; i < rank; i++) {
        buffer dim = {0};
        if (dims[i] < 0)
            put_text(&dim, 2, "batch");
        else
            put_int(&dim, 1, dims[i]);
        put_message(&shape, 1, &dim);
    }
    put_int(&tensor, 1, element);
    put_message(&tensor, 2, &shape);
    put_message(&type, 1, &tensor);
    put_text(&info, 1, name);
    put_message(&info, 2, &type);
    put_message(graph, field, &info);
}

static inline void put_value_info(buffer *graph, int field, const char *name, int rank,
                                  const int64_t *dims)
{
    put_typed_info(graph, field, name, TYPE_FLOAT, rank, dims);
}

/* As raw_data, which may start at any byte, or as typed elements. */
static inline void put_tensor(buffer *graph, const char *name, int type, int rank,
                              const int64_t *dims, const void *data, size_t size)
{
    buffer tensor = {0};
    for (int i = 0; i < rank; i++)
        put_int(&tensor, 1, dims[i]);
    put_int(&tensor, 2, type);
    put_text(&tensor, 8, name);
    put_bytes(&tensor, 9, data, size);
    put_message(graph, GRAPH_INITIALIZER, &tensor);
}

static inline void put_attribute_int(buffer *node, const char *name, int64_t value)
{
    buffer a = {0};
    put_text(&a, 1, name);
    put_int(&a, 3, value);
    put_int(&a, 20, 2);
    put_message(node, 5, &a);
}

static inline void put_attribute_float(buffer *node, const char *name, float value)
{
    buffer a = {0};
    put_text(&a, 1, name);
    put_float(&a, 2, value);
    put_int(&a, 20, 1);
    put_message(node, 5, &a);
}

static inline void put_attribute_text(buffer *node, const char *name, const char *value)
{
    buffer a = {0};
    put_text(&a, 1, name);
    put_text(&a, 4, value);
    put_int(&a, 20, 3);
    put_message(node, 5, &a);
}

static inline void put_attribute_ints(buffer *node, const char *name, int count,
                                      const int64_t *values)
{
    buffer a = {0};
    put_text(&a, 1, name);
    for (int i = 0; i < count; i++)
        put_int(&a, 8, values[i]);
    put_int(&a, 20, 7);
    put_message(node, 5, &a);
}

static inline void put_attribute_floats(buffer *node, const char *name, size_t count,
                                        const float *values)
{
    buffer a = {0};
    put_text(&a, 1, name);
    for (size_t i = 0; i < count; i++)
        put_float(&a, 7, values[i]);
    put_int(&a, 20, 6);
    put_message(node, 5, &a);
}

/* A node without attributes yet: add them, then put_message(graph, GRAPH_NODE, &node).
 * `inputs` are separated by spaces; "-" leaves one out. */
static inline buffer make_node(const char *op, const char *inputs, const char *output)
{
    buffer node = {0};
    while (*inputs) {
        size_t length = strcspn(inputs, " ");
        bool none = length == 1 && *inputs == '-';
        put_bytes(&node, 1, inputs, none ? 0 : length);
        inputs += length;
        inputs += *inputs == ' ';
    }
    put_text(&node, 2, output);
    put_text(&node, 3, output); /* the node is named after its output */
    put_text(&node, 4, op);
    return node;
}

static inline void put_node(buffer *graph, const char *op, const char *inputs, const char *output)
{
    buffer node = make_node(op, inputs, output);
    put_message(graph, GRAPH_NODE, &node);
}

static inline void put_property(buffer *model, const char *key, const char *value)
{
    buffer entry = {0};
    put_text(&entry, 1, key);
    put_text(&entry, 2, value);
    put_message(model, 14, &entry);
}

static inline buffer make_model(int64_t opset, buffer *graph)
{
    buffer model = {0}, set = {0};
    put_int(&model, 1, 8);
    put_text(&model, 2, "test");
    put_message(&model, 7, graph);
    put_int(&set, 2, opset);
    put_message(&model, 8, &set);
    return model;
}

#endif
