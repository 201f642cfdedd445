/*
 * A network as data: values (tensors) and the nodes between them, in an order in which every node
 * follows what it reads. Made by onnx.c, completed by shapes.c, simplified by passes.c, read by run/.
 * Shapes here are always ONNX's (NCHW); the layout in memory is run/'s business.
 */
#ifndef PLEURA_GRAPH_H
#define PLEURA_GRAPH_H

#include "../memory.h"
#include "pleura/pleura.h"

/* XNNPACK's XNN_MAX_TENSOR_DIMS. */
#define PLEURA_MAX_RANK 6
#define PLEURA_NONE UINT32_MAX

/*
 * The largest torchvision classifier has about 1,200 nodes; ten times that is still parsed in
 * milliseconds, and bounds what a hostile file can make us do.
 */
#define PLEURA_MAX_NODES 20000
#define PLEURA_MAX_VALUES 100000
/* Elements of one tensor: 2^28 floats are 1 GiB, half of what the WebAssembly build may have. */
#define PLEURA_MAX_ELEMENTS ((int64_t)1 << 28)

/* Two element types are enough to run a float network and to fold the arithmetic on its shapes;
 * onnx.c converts every other type that it takes into one of them. */
typedef enum pleura_element { PLEURA_FLOAT, PLEURA_INT64 } pleura_element;

typedef struct pleura_value {
    const char *name;
    pleura_element element;
    bool has_shape;
    int rank;
    int64_t dims[PLEURA_MAX_RANK];
    const void
        *data; /* the elements of a constant, aligned for their type; NULL for an activation */
    uint32_t producer; /* index of its node, PLEURA_NONE for inputs and constants */
    uint32_t users;    /* how many node inputs read it, and 1 more for each output that it is */
} pleura_value;

/* Every operator that is understood: X(NAME, minimum inputs, maximum inputs). The name is ONNX's. */
#define PLEURA_OPERATORS(X)                                                                        \
    X(Add, 2, 2)                                                                                   \
    X(AveragePool, 1, 1)                                                                           \
    X(BatchNormalization, 5, 5)                                                                    \
    X(Cast, 1, 1)                                                                                  \
    X(Clip, 1, 3)                                                                                  \
    X(Concat, 1, PLEURA_NONE)                                                                      \
    X(Constant, 0, 0)                                                                              \
    X(ConstantOfShape, 1, 1)                                                                       \
    X(Conv, 2, 3)                                                                                  \
    X(Div, 2, 2)                                                                                   \
    X(Dropout, 1, 3)                                                                               \
    X(Flatten, 1, 1)                                                                               \
    X(Gather, 2, 2)                                                                                \
    X(Gemm, 2, 3)                                                                                  \
    X(GlobalAveragePool, 1, 1)                                                                     \
    X(HardSigmoid, 1, 1)                                                                           \
    X(HardSwish, 1, 1)                                                                             \
    X(Identity, 1, 1)                                                                              \
    X(LeakyRelu, 1, 1)                                                                             \
    X(MatMul, 2, 2)                                                                                \
    X(MaxPool, 1, 1)                                                                               \
    X(Mul, 2, 2)                                                                                   \
    X(Pad, 1, 4)                                                                                   \
    X(PRelu, 2, 2)                                                                                 \
    X(ReduceMean, 1, 2)                                                                            \
    X(Relu, 1, 1)                                                                                  \
    X(Reshape, 1, 2)                                                                               \
    X(Shape, 1, 1)                                                                                 \
    X(Sigmoid, 1, 1)                                                                               \
    X(Slice, 1, 5)                                                                                 \
    X(Softmax, 1, 1)                                                                               \
    X(Squeeze, 1, 2)                                                                               \
    X(Sub, 2, 2)                                                                                   \
    X(Tanh, 1, 1)                                                                                  \
    X(Transpose, 1, 1)                                                                             \
    X(Unsqueeze, 1, 2)

typedef enum pleura_operator {
#define X(name, minimum, maximum) PLEURA_OP_##name,
    PLEURA_OPERATORS(X)
#undef X
        PLEURA_OP_COUNT
} pleura_operator;

const char *pleura_operator_name(pleura_operator op);

typedef struct pleura_attribute {
    const char *name;
    char
        kind; /* 'i', 'f', 's' (text), 'I' (ints), 'F' (floats), 't' (tensor), '?' (not read here) */
    int64_t i;
    float f;
    const char *s;
    size_t count;
    const int64_t *ints;
    const float *floats;
    uint32_t tensor; /* a value of the graph */
} pleura_attribute;

typedef struct pleura_node {
    pleura_operator op;
    const char *name; /* as in the file; "" if it has none */
    uint32_t *inputs; /* PLEURA_NONE where an optional one is left out */
    size_t input_count;
    uint32_t output; /* nodes with several outputs in use are refused by onnx.c */
    pleura_attribute *attributes;
    size_t attribute_count;
    bool dead; /* taken out by a pass */

    /* What passes.c folded in. */
    float clamp_min, clamp_max; /* applied to the output: -inf and +inf if nothing was folded */
    const float *channel_scale; /* Conv: multiplies the weights of each output channel; or NULL */
    const float *channel_shift; /* Conv, BatchNormalization: replaces the bias; or NULL */
    int64_t extra_pads[4];      /* Conv, pooling: top, left, bottom, right, from a Pad before it */
} pleura_node;

typedef struct pleura_property {
    const char *key, *value;
} pleura_property;

typedef struct pleura_graph {
    pleura_arena arena;
    pleura_value *values;
    size_t value_count, value_capacity;
    pleura_node *nodes;
    size_t node_count, node_capacity;
    uint32_t *names; /* hash table from a value's name to its index */
    size_t name_capacity;
    uint32_t *inputs, *outputs; /* in the file's order; inputs without the constants among them */
    size_t input_count, output_count;
    int64_t opset;
    const char *producer; /* the program that wrote the file */
    pleura_property *properties;
    size_t property_count, property_capacity;
    const void *data_begin, *data_end; /* the file, into which constants may point */
} pleura_graph;

void pleura_graph_free(pleura_graph *graph);

/* Makes room for one more element of `size` bytes; false if memory ran out. */
bool pleura_grow(void **array, size_t *capacity, size_t count, size_t size);

/* The value of that name, made if there is none yet; PLEURA_NONE if memory ran out. */
uint32_t pleura_graph_value(pleura_graph *graph, const char *name, size_t length);
/* A new value without a name in the file. */
uint32_t pleura_graph_new_value(pleura_graph *graph, const char *name);

/* Makes an inner value an output as well (once the graph is simplified, so that nothing of the
 * simplification is lost by it) and gives its index among the outputs; false if memory ran out. */
bool pleura_graph_add_output(pleura_graph *graph, uint32_t value, size_t *index);

/* The image that a classifier's last global average pooling reads: its features, from which class
 * activation maps are made. PLEURA_NONE if there is none. */
uint32_t pleura_graph_features(const pleura_graph *graph);

/* Product of the dimensions; 1 for a scalar. Only for values with a shape. */
int64_t pleura_value_elements(const pleura_value *value);

const pleura_attribute *pleura_node_attribute(const pleura_node *node, const char *name, char kind);
int64_t pleura_node_int(const pleura_node *node, const char *name, int64_t otherwise);
float pleura_node_float(const pleura_node *node, const char *name, float otherwise);

/* The constant behind an input, or NULL if the input is left out or is not constant. */
const pleura_value *pleura_node_constant(const pleura_graph *graph, const pleura_node *node,
                                         size_t input, pleura_element element);

/* "Conv 'features.0'": how messages name a node. Writes into a caller's buffer and returns it. */
typedef struct pleura_node_label {
    char text[120];
} pleura_node_label;
const char *pleura_node_describe(const pleura_node *node, pleura_node_label *label);

/* ---- The steps ---- */

/* Reads an ONNX file. Constants stay in `bytes` where their alignment allows. */
pleura_code pleura_onnx_read(const void *bytes, size_t size, pleura_graph *graph,
                             pleura_error *error);

/* Checks what a classifier needs beyond a network: one input, a float image in a batch of 1 (which
 * a symbolic batch becomes). Its first output is the answer. */
pleura_code pleura_graph_require_image(pleura_graph *graph, pleura_error *error);

/* Gives every value its shape, and folds whatever depends on constants and shapes alone. */
pleura_code pleura_graph_infer(pleura_graph *graph, pleura_error *error);

/* Takes out what inference does not need, and folds batch norm, padding and activations. */
pleura_code pleura_graph_simplify(pleura_graph *graph, pleura_error *error);

#endif
