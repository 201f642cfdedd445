#include "constant.h"

#include "../error.h"

#include <math.h>
#include <string.h>

/* TensorProto.DataType, onnx.proto. */
enum {
    FLOAT = 1,
    UINT8,
    INT8,
    UINT16,
    INT16,
    INT32,
    INT64,
    BOOL = 9,
    FLOAT16 = 10,
    DOUBLE = 11,
    UINT32 = 12,
    UINT64 = 13
};

static size_t type_size(int32_t type)
{
    switch (type) {
    case UINT8:
    case INT8:
    case BOOL:
        return 1;
    case UINT16:
    case INT16:
    case FLOAT16:
        return 2;
    case FLOAT:
    case INT32:
    case UINT32:
        return 4;
    case INT64:
    case DOUBLE:
    case UINT64:
        return 8;
    default:
        return 0;
    }
}

static bool is_float(int32_t type)
{
    return type == FLOAT || type == FLOAT16 || type == DOUBLE;
}

/* IEEE 754 binary16: 1 sign, 5 exponent (bias 15), 10 fraction bits. */
static float half_to_float(uint16_t half)
{
    int exponent = half >> 10 & 31;
    int fraction = half & 1023;
    float magnitude;
    if (exponent == 0)
        magnitude = ldexpf((float)fraction, -24);
    else if (exponent == 31)
        magnitude = fraction ? NAN : INFINITY;
    else
        magnitude = ldexpf((float)(fraction + 1024), exponent - 25);
    return half & 0x8000 ? -magnitude : magnitude;
}

/* memcpy, since raw_data may start at any byte. */
#define AT(type, bytes, i) load_##type((const char *)(bytes) + (i) * sizeof(type))
#define LOADER(type)                                                                               \
    static type load_##type(const char *at)                                                        \
    {                                                                                              \
        type item;                                                                                 \
        memcpy(&item, at, sizeof item);                                                            \
        return item;                                                                               \
    }
LOADER(int8_t)
LOADER(uint8_t)
LOADER(int16_t)
LOADER(uint16_t)
LOADER(int32_t)
LOADER(uint32_t)
LOADER(int64_t)
LOADER(float)
LOADER(double)

static int64_t raw_int(int32_t type, const void *bytes, size_t i)
{
    switch (type) {
    case INT8:
        return AT(int8_t, bytes, i);
    case UINT8:
    case BOOL:
        return AT(uint8_t, bytes, i);
    case INT16:
        return AT(int16_t, bytes, i);
    case UINT16:
        return AT(uint16_t, bytes, i);
    case INT32:
        return AT(int32_t, bytes, i);
    case UINT32:
        return AT(uint32_t, bytes, i);
    default:
        return AT(int64_t, bytes, i);
    }
}

static float raw_float(int32_t type, const void *bytes, size_t i)
{
    switch (type) {
    case FLOAT16:
        return half_to_float(AT(uint16_t, bytes, i));
    case DOUBLE:
        return (float)AT(double, bytes, i);
    default:
        return AT(float, bytes, i);
    }
}

static float listed_float(const pleura_constant_source *source, size_t i)
{
    if (source->floats)
        return source->floats[i];
    if (source->doubles)
        return (float)source->doubles[i];
    return source->type == FLOAT16 ? half_to_float((uint16_t)source->ints[i]) : 0;
}

static int64_t listed_int(const pleura_constant_source *source, size_t i)
{
    /* Negative int32 arrive as 64-bit varints, already signed; uint8 and bool as they are. */
    return source->ints ? source->ints[i] : 0;
}

void *pleura_constant_storage(pleura_graph *graph, pleura_value *value)
{
    size_t size = value->element == PLEURA_FLOAT ? sizeof(float) : sizeof(int64_t);
    void *data = pleura_arena_alloc(&graph->arena, (size_t)pleura_value_elements(value) * size + 1);
    value->data = data;
    return data;
}

static pleura_code set_shape(pleura_value *value, const int64_t *dims, size_t rank,
                             pleura_error *error)
{
    if (rank > PLEURA_MAX_RANK)
        return pleura_fail(error, PLEURA_ERROR_SHAPE,
                           "ONNX: tensor '%.80s' has %zu dimensions; "
                           "at most %d are run.",
                           value->name, rank, PLEURA_MAX_RANK);
    int64_t elements = 1;
    for (size_t i = 0; i < rank; i++) {
        if (dims[i] < 0 || dims[i] > PLEURA_MAX_ELEMENTS)
            return pleura_fail(error, PLEURA_ERROR_SHAPE,
                               "ONNX: tensor '%.80s' has a dimension of %lld.", value->name,
                               (long long)dims[i]);
        elements *= dims[i];
        if (elements > PLEURA_MAX_ELEMENTS)
            return pleura_fail(error, PLEURA_ERROR_MODEL_TOO_LARGE,
                               "ONNX: tensor '%.80s' has more than %lld elements.", value->name,
                               (long long)PLEURA_MAX_ELEMENTS);
        value->dims[i] = dims[i];
    }
    value->rank = (int)rank;
    value->has_shape = true;
    return PLEURA_OK;
}

static pleura_code check_count(const pleura_value *value, const pleura_constant_source *source,
                               pleura_error *error)
{
    size_t item = type_size(source->type);
    if (item == 0)
        return pleura_fail(
            error, PLEURA_ERROR_OPERATOR,
            "ONNX: tensor '%.80s' is of element type %d; floats (16, 32, 64 bit) and "
            "integers are read here.",
            value->name, (int)source->type);
    size_t elements = (size_t)pleura_value_elements(value);
    size_t wanted = source->bytes ? elements * item : elements;
    size_t given = source->bytes ? source->size : source->count;
    bool right_list =
        source->bytes || elements == 0 ||
        (is_float(source->type) ? source->floats || source->doubles || source->type == FLOAT16
                                : source->ints != NULL);
    if (given != wanted || !right_list)
        return pleura_fail(error, PLEURA_ERROR_ONNX,
                           "ONNX: tensor '%.80s' has %zu %s of data, %zu expected from its shape.",
                           value->name, right_list ? given : 0,
                           source->bytes ? "bytes" : "elements", wanted);
    return PLEURA_OK;
}

static bool lies_ready(const pleura_constant_source *source)
{
    return (source->type == FLOAT && source->bytes && (uintptr_t)source->bytes % 4 == 0) ||
           (source->type == INT64 && source->bytes && (uintptr_t)source->bytes % 8 == 0);
}

pleura_code pleura_constant_make(pleura_graph *graph, pleura_value *value,
                                 const pleura_constant_source *source, const int64_t *dims,
                                 size_t rank, pleura_error *error)
{
    pleura_code code = set_shape(value, dims, rank, error);
    if (code == PLEURA_OK)
        code = check_count(value, source, error);
    if (code != PLEURA_OK)
        return code;
    value->element = is_float(source->type) ? PLEURA_FLOAT : PLEURA_INT64;
    if (lies_ready(source)) {
        value->data = source->bytes;
        return PLEURA_OK;
    }
    void *data = pleura_constant_storage(graph, value);
    if (!data)
        return pleura_fail_memory(error, (size_t)pleura_value_elements(value) * 4, value->name);
    size_t elements = (size_t)pleura_value_elements(value);
    if (value->element == PLEURA_FLOAT)
        for (size_t i = 0; i < elements; i++)
            ((float *)data)[i] =
                source->bytes ? raw_float(source->type, source->bytes, i) : listed_float(source, i);
    else
        for (size_t i = 0; i < elements; i++)
            ((int64_t *)data)[i] =
                source->bytes ? raw_int(source->type, source->bytes, i) : listed_int(source, i);
    return PLEURA_OK;
}
