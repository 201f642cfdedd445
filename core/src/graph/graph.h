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
/* Bytes of branches and functions, counted each time that they are read: a call reads its function
 * anew. The functions of PyTorch's exports have some hundred bytes each, without weights. */
#define PLEURA_MAX_NESTED_BYTES ((size_t)1 << 26)
/* Tensors of all sequences: a SequenceInsert lists those before it anew. */
#define PLEURA_MAX_SEQUENCE_ITEMS 1000000
/* Elements of one tensor: 2^28 floats are 1 GiB, half of what the WebAssembly build may have. */
#define PLEURA_MAX_ELEMENTS ((int64_t)1 << 28)

/* TensorProto.DataType (onnx.proto): of numbers, those of whole bytes and real ones. */
enum {
    PLEURA_TYPE_FLOAT = 1,
    PLEURA_TYPE_UINT8,
    PLEURA_TYPE_INT8,
    PLEURA_TYPE_UINT16,
    PLEURA_TYPE_INT16,
    PLEURA_TYPE_INT32,
    PLEURA_TYPE_INT64,
    PLEURA_TYPE_TEXT,
    PLEURA_TYPE_BOOL,
    PLEURA_TYPE_FLOAT16,
    PLEURA_TYPE_DOUBLE,
    PLEURA_TYPE_UINT32,
    PLEURA_TYPE_UINT64,
    PLEURA_TYPE_BFLOAT16 = 16
};

/*
 * What a constant holds. Float and int64 are enough to run a network and to fold the arithmetic on
 * its shapes: the other types are converted when reading, but for the 8-bit ones of quantised
 * weights, which stay as small as they are. Activations are always PLEURA_FLOAT. The 16-bit ones are
 * types of grids only.
 */
typedef enum pleura_element {
    PLEURA_FLOAT,
    PLEURA_INT64,
    PLEURA_INT8,
    PLEURA_UINT8,
    PLEURA_INT16,
    PLEURA_UINT16
} pleura_element;

/*
 * A grid of numbers: real = (stored - zero) * scale, for every `stored` that the type holds.
 *
 * A constant on a grid holds the stored integers (quantised weights: INT8 or UINT8; biases, 32 bits
 * in the file: INT64); pleura_constant_floats gives the real numbers. An activation on a grid is
 * rounded to it by whichever node makes it (half to even, ends saturate, after the node's bounds),
 * one scale for all of it. Held as floats it has the real numbers, held as integers the stored ones:
 * both forms say the same, so a layer may be computed in either.
 */
typedef struct pleura_grid {
    pleura_element type;
    int axis;     /* scales and zeros count along this axis of the tensor; -1: one for all of it */
    size_t count; /* of scales, and of zeros */
    const float *scales;
    const int32_t *zeros;
} pleura_grid;

typedef struct pleura_value {
    const char *name;
    pleura_element element;
    unsigned char type; /* PLEURA_TYPE_: what the file makes of it, as far as that is followed */
    bool has_shape;
    bool whole; /* an activation of integers or truth values, which are held as floats, too */
    int rank;
    int64_t dims[PLEURA_MAX_RANK];
    const void
        *data; /* the elements of a constant, aligned for their type; NULL for an activation */
    const pleura_grid *grid; /* NULL: any numbers */
    uint32_t producer;       /* index of its node, PLEURA_NONE for inputs and constants */
    uint32_t users; /* how many node inputs read it, and 1 more for each output that it is */
} pleura_value;

/* How an operator's output follows from its inputs, for those that many have in common. */
typedef enum pleura_family {
    PLEURA_OTHER,
    PLEURA_UNARY,     /* number by number */
    PLEURA_BROADCAST, /* numbers of several tensors, with numpy's broadcasting */
    PLEURA_REDUCE,    /* along axes (an attribute or input 1), keepdims */
    PLEURA_SAME       /* of the input's shape, though not number by number */
} pleura_family;

/* Every operator that is understood: X(NAME, minimum inputs, maximum inputs, family). The name is
 * ONNX's. */
#define PLEURA_MANY PLEURA_NONE
/* clang-format off */
#define PLEURA_OPERATORS(X)                                                                        \
    X(Abs, 1, 1, UNARY)                                                                            \
    X(Add, 2, 2, BROADCAST)                                                                        \
    X(AffineGrid, 2, 2, OTHER)                                                                     \
    X(And, 2, 2, BROADCAST)                                                                        \
    X(ArgMax, 1, 1, OTHER)                                                                         \
    X(ArgMin, 1, 1, OTHER)                                                                         \
    X(Atan, 1, 1, UNARY)                                                                           \
    X(AveragePool, 1, 1, OTHER)                                                                    \
    X(BatchNormalization, 5, 5, OTHER)                                                             \
    X(Cast, 1, 1, OTHER)                                                                           \
    X(CastLike, 2, 2, OTHER)                                                                       \
    X(Ceil, 1, 1, UNARY)                                                                           \
    X(Celu, 1, 1, UNARY)                                                                           \
    X(CenterCropPad, 2, 2, OTHER)                                                                  \
    X(Clip, 1, 3, UNARY)                                                                           \
    X(Concat, 1, PLEURA_MANY, OTHER)                                                               \
    X(Constant, 0, 0, OTHER)                                                                       \
    X(ConstantOfShape, 1, 1, OTHER)                                                                \
    X(Conv, 2, 3, OTHER)                                                                           \
    X(ConvTranspose, 2, 3, OTHER)                                                                  \
    X(Cos, 1, 1, UNARY)                                                                            \
    X(CumSum, 2, 2, OTHER)                                                                         \
    X(DepthToSpace, 1, 1, OTHER)                                                                   \
    X(DequantizeLinear, 2, 3, OTHER)                                                               \
    X(Div, 2, 2, BROADCAST)                                                                        \
    X(Dropout, 1, 3, SAME)                                                                         \
    X(Einsum, 1, 2, OTHER)                                                                         \
    X(Elu, 1, 1, UNARY)                                                                            \
    X(Equal, 2, 2, BROADCAST)                                                                      \
    X(Erf, 1, 1, UNARY)                                                                            \
    X(Exp, 1, 1, UNARY)                                                                            \
    X(Expand, 2, 2, OTHER)                                                                         \
    X(EyeLike, 1, 1, OTHER)                                                                        \
    X(Flatten, 1, 1, OTHER)                                                                        \
    X(Floor, 1, 1, UNARY)                                                                          \
    X(Gather, 2, 2, OTHER)                                                                         \
    X(GatherElements, 2, 2, OTHER)                                                                 \
    X(GatherND, 2, 2, OTHER)                                                                       \
    X(Gelu, 1, 1, UNARY)                                                                           \
    X(Gemm, 2, 3, OTHER)                                                                           \
    X(GlobalAveragePool, 1, 1, OTHER)                                                              \
    X(GlobalMaxPool, 1, 1, OTHER)                                                                  \
    X(Greater, 2, 2, BROADCAST)                                                                    \
    X(GreaterOrEqual, 2, 2, BROADCAST)                                                             \
    X(GridSample, 2, 2, OTHER)                                                                     \
    X(GroupNormalization, 3, 3, SAME)                                                              \
    X(Hardmax, 1, 1, OTHER)                                                                        \
    X(HardSigmoid, 1, 1, UNARY)                                                                    \
    X(HardSwish, 1, 1, UNARY)                                                                      \
    X(Identity, 1, 1, SAME)                                                                        \
    X(If, 3, 3, OTHER)                                                                             \
    X(InstanceNormalization, 3, 3, SAME)                                                           \
    X(LayerNormalization, 2, 3, OTHER)                                                             \
    X(LeakyRelu, 1, 1, UNARY)                                                                      \
    X(Less, 2, 2, BROADCAST)                                                                       \
    X(LessOrEqual, 2, 2, BROADCAST)                                                                \
    X(Log, 1, 1, UNARY)                                                                            \
    X(LogSoftmax, 1, 1, SAME)                                                                      \
    X(LpPool, 1, 1, OTHER)                                                                         \
    X(LRN, 1, 1, SAME)                                                                             \
    X(MatMul, 2, 2, OTHER)                                                                         \
    X(Max, 1, PLEURA_MANY, BROADCAST)                                                              \
    X(MaxPool, 1, 1, OTHER)                                                                        \
    X(Mean, 1, PLEURA_MANY, BROADCAST)                                                             \
    X(Min, 1, PLEURA_MANY, BROADCAST)                                                              \
    X(Mish, 1, 1, UNARY)                                                                           \
    X(Mod, 2, 2, BROADCAST)                                                                        \
    X(Mul, 2, 2, BROADCAST)                                                                        \
    X(Neg, 1, 1, UNARY)                                                                            \
    X(NonZero, 1, 1, OTHER)                                                                        \
    X(Not, 1, 1, UNARY)                                                                            \
    X(OneHot, 3, 3, OTHER)                                                                         \
    X(Or, 2, 2, BROADCAST)                                                                         \
    X(Pad, 1, 4, OTHER)                                                                            \
    X(Pow, 2, 2, BROADCAST)                                                                        \
    X(PRelu, 2, 2, BROADCAST)                                                                      \
    X(QuantizeLinear, 2, 3, OTHER)                                                                 \
    X(Range, 3, 3, OTHER)                                                                          \
    X(Reciprocal, 1, 1, UNARY)                                                                     \
    X(ReduceL1, 1, 2, REDUCE)                                                                      \
    X(ReduceL2, 1, 2, REDUCE)                                                                      \
    X(ReduceLogSum, 1, 2, REDUCE)                                                                  \
    X(ReduceLogSumExp, 1, 2, REDUCE)                                                               \
    X(ReduceMax, 1, 2, REDUCE)                                                                     \
    X(ReduceMean, 1, 2, REDUCE)                                                                    \
    X(ReduceMin, 1, 2, REDUCE)                                                                     \
    X(ReduceProd, 1, 2, REDUCE)                                                                    \
    X(ReduceSum, 1, 2, REDUCE)                                                                     \
    X(ReduceSumSquare, 1, 2, REDUCE)                                                               \
    X(Relu, 1, 1, UNARY)                                                                           \
    X(Reshape, 1, 2, OTHER)                                                                        \
    X(Resize, 1, 4, OTHER)                                                                         \
    X(Round, 1, 1, UNARY)                                                                          \
    X(ScatterElements, 3, 3, SAME)                                                                 \
    X(ScatterND, 3, 3, SAME)                                                                       \
    X(Selu, 1, 1, UNARY)                                                                           \
    X(Shape, 1, 1, OTHER)                                                                          \
    X(Sigmoid, 1, 1, UNARY)                                                                        \
    X(Sign, 1, 1, UNARY)                                                                           \
    X(Sin, 1, 1, UNARY)                                                                            \
    X(Size, 1, 1, OTHER)                                                                           \
    X(Slice, 1, 5, OTHER)                                                                          \
    X(Softmax, 1, 1, SAME)                                                                         \
    X(Softplus, 1, 1, UNARY)                                                                       \
    X(Softsign, 1, 1, UNARY)                                                                       \
    X(SpaceToDepth, 1, 1, OTHER)                                                                   \
    X(Split, 1, 2, OTHER)                                                                          \
    X(SplitToSequence, 1, 3, OTHER)                                                                \
    X(Sqrt, 1, 1, UNARY)                                                                           \
    X(Squeeze, 1, 2, OTHER)                                                                        \
    X(Sub, 2, 2, BROADCAST)                                                                        \
    X(Sum, 1, PLEURA_MANY, BROADCAST)                                                              \
    X(Tanh, 1, 1, UNARY)                                                                           \
    X(ThresholdedRelu, 1, 1, UNARY)                                                                \
    X(Tile, 2, 2, OTHER)                                                                           \
    X(TopK, 1, 2, OTHER)                                                                           \
    X(Transpose, 1, 1, OTHER)                                                                      \
    X(Trilu, 1, 2, SAME)                                                                           \
    X(Unsqueeze, 1, 2, OTHER)                                                                      \
    X(Upsample, 1, 2, OTHER)                                                                       \
    X(Where, 3, 3, BROADCAST)                                                                      \
    X(Xor, 2, 2, BROADCAST)
/* clang-format on */

typedef enum pleura_operator {
#define X(name, minimum, maximum, family) PLEURA_OP_##name,
    PLEURA_OPERATORS(X)
#undef X
        PLEURA_OP_COUNT,
    PLEURA_OP_UNKNOWN = PLEURA_OP_COUNT /* of the file; refused if the answer needs it */
} pleura_operator;

const char *pleura_operator_name(pleura_operator op);
pleura_family pleura_operator_family(pleura_operator op);

typedef struct pleura_attribute {
    const char *name;
    char kind; /* 'i', 'f', 's' (text), 'I' (ints), 'F' (floats), 't' (tensor), '?' (else), or
                 'g': `s` and `count` say where the attribute with its graph lies in the file */
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
    const char *name;     /* as in the file, or its place there: "node[3], output y" */
    const char *function; /* the operator in the file that was written with this one, or that is
                             unknown ("domain::name"); or NULL */
    uint32_t *inputs;     /* PLEURA_NONE where an optional one is left out */
    size_t input_count;
    uint32_t output;
    uint32_t part, part_count; /* which of the operator's outputs that is: each is a node here */
    uint32_t branch;           /* 0, or 1 + the index of the branch of an If that it is in */
    pleura_attribute *attributes;
    size_t attribute_count;
    bool dead; /* taken out by a pass */

    /* What passes.c folded in. */
    float clamp_min, clamp_max; /* applied to the output: -inf and +inf if nothing was folded */
    const float *channel_scale; /* Conv: multiplies the weights of each output channel; or NULL */
    const float *channel_shift; /* Conv, BatchNormalization: replaces the bias; or NULL */
    int64_t extra_pads[4];      /* Conv, pooling: top, left, bottom, right, from a Pad before it */
} pleura_node;

/* A branch of an If: its nodes are run if the condition is `truth`, and the branch around it is. */
typedef struct pleura_branch {
    uint32_t condition; /* a value */
    bool truth;
    uint32_t around; /* like pleura_node.branch */
} pleura_branch;

typedef struct pleura_property {
    const char *key, *value;
} pleura_property;

typedef struct pleura_graph {
    pleura_arena arena;
    pleura_value *values;
    size_t value_count, value_capacity;
    pleura_node *nodes;
    size_t node_count, node_capacity;
    pleura_branch *branches;
    size_t branch_count, branch_capacity;
    uint32_t *names; /* hash table from a value's name to its index */
    size_t name_capacity;
    uint32_t *inputs, *outputs; /* in the file's order; inputs without the constants among them */
    size_t input_count, output_count;
    int64_t opset;
    const char *producer; /* the program that wrote the file */
    pleura_property *properties;
    size_t property_count, property_capacity;
    const char *further_output;      /* another than the first that is wanted, by name; or NULL */
    int64_t open_height, open_width; /* of an image whose file leaves them open; 0: not said */
    int64_t batch;                   /* images that the file wants at once; 0: one */
    bool reads_bytes;                /* the image is of integers from 0 to 255 */
    bool size_assumed;               /* the file leaves them open, and nothing says what they are */
    const void *data_begin, *data_end; /* the file, into which constants may point */
    bool data_may_change;              /* set before reading: they may be moved within it */
    int64_t folded;                    /* bytes that folding has made */
    bool folded_too_much;
    bool out_of_memory; /* set by what has no other way to say so; ends the step that it is in */
} pleura_graph;

void pleura_graph_free(pleura_graph *graph);

/* Makes room for one more element of `size` bytes; false if memory ran out. */
bool pleura_grow(void **array, size_t *capacity, size_t count, size_t size);

/* The value of that name, made if there is none yet; PLEURA_NONE if memory ran out. */
uint32_t pleura_graph_value(pleura_graph *graph, const char *name, size_t length);
/* The same without making it: PLEURA_NONE if there is none. */
uint32_t pleura_graph_find(const pleura_graph *graph, const char *name, size_t length);
/* A new value without a name in the file. */
uint32_t pleura_graph_new_value(pleura_graph *graph, const char *name);

/* Makes an inner value an output as well (once the graph is simplified, so that nothing of the
 * simplification is lost by it) and gives its index among the outputs; false if memory ran out. */
bool pleura_graph_add_output(pleura_graph *graph, uint32_t value, size_t *index);

/* Product of the dimensions; 1 for a scalar. Only for values with a shape. */
int64_t pleura_value_elements(const pleura_value *value);
bool pleura_same_shape(const pleura_value *a, const pleura_value *b);

const pleura_attribute *pleura_node_attribute(const pleura_node *node, const char *name, char kind);
int64_t pleura_node_int(const pleura_node *node, const char *name, int64_t otherwise);
float pleura_node_float(const pleura_node *node, const char *name, float otherwise);

/* The constant behind an input, or NULL if the input is left out or is not constant. */
const pleura_value *pleura_node_constant(const pleura_graph *graph, const pleura_node *node,
                                         size_t input, pleura_element element);

/* Whether a PLEURA_TYPE_ is one of the floats, which all become PLEURA_FLOAT. */
bool pleura_is_float_type(int64_t type);
/* Or of integers or truth values; false for text, complex numbers and less than a byte. */
bool pleura_is_number_type(int64_t type);
/* Which type a Cast or a CastLike makes. */
int64_t pleura_cast_type(const pleura_graph *graph, const pleura_node *node);
/* Whether it rounds: to 16 bits. */
bool pleura_cast_rounds(const pleura_graph *graph, const pleura_node *node);
/* Whether it normalises by the batch's own statistics: before operator set 14, if it has outputs for them. */
bool pleura_batch_norm_trains(const pleura_graph *graph, const pleura_node *node);
/* Whether the numbers are real ones: floats, or integers on a grid. */
bool pleura_is_real(const pleura_value *value);

size_t pleura_element_size(pleura_element element);

/* A constant's numbers as floats, whatever it holds: its own data, or a copy in `arena`; NULL if
 * memory ran out. */
const float *pleura_constant_floats(const pleura_value *value, pleura_arena *arena);

/* "Conv 'features.0'": how messages name a node. Writes into a caller's buffer and returns it. */
typedef struct pleura_node_label {
    char text[192];
} pleura_node_label;
const char *pleura_node_describe(const pleura_node *node, pleura_node_label *label);

/* ---- The steps ---- */

/* Reads an ONNX file. Constants stay in `bytes` where their alignment allows, or the graph's
 * data_may_change. */
pleura_code pleura_onnx_read(const void *bytes, size_t size, pleura_graph *graph,
                             pleura_error *error);

/* Leaves what a classifier's answer needs (needed.h), and checks what that must be: one input, an image of floats or bytes in a batch of 1 (which
 * a symbolic batch becomes; a larger one is filled with copies; symbolic sides are open_height and open_width, or 224). Its first output
 * is the answer: the scores before an ArgMax or TopK, if the file ends with one. */
pleura_code pleura_graph_require_image(pleura_graph *graph, pleura_error *error);

/* Gives every value its shape, and folds whatever depends on constants and shapes alone. */
pleura_code pleura_graph_infer(pleura_graph *graph, pleura_error *error);

/* Takes out what inference does not need, and folds batch norm, padding and activations. */
pleura_code pleura_graph_simplify(pleura_graph *graph, pleura_error *error);

#endif
