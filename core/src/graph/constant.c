#include "constant.h"

#include "../error.h"
#include "../half.h"

#include <string.h>

static size_t type_size(int32_t type)
{
    switch (type) {
    case PLEURA_TYPE_UINT8:
    case PLEURA_TYPE_INT8:
    case PLEURA_TYPE_BOOL:
        return 1;
    case PLEURA_TYPE_UINT16:
    case PLEURA_TYPE_INT16:
    case PLEURA_TYPE_FLOAT16:
    case PLEURA_TYPE_BFLOAT16:
        return 2;
    case PLEURA_TYPE_FLOAT:
    case PLEURA_TYPE_INT32:
    case PLEURA_TYPE_UINT32:
        return 4;
    case PLEURA_TYPE_INT64:
    case PLEURA_TYPE_DOUBLE:
    case PLEURA_TYPE_UINT64:
        return 8;
    default:
        return 0;
    }
}

bool pleura_is_float_type(int64_t type)
{
    return type == PLEURA_TYPE_FLOAT || type == PLEURA_TYPE_FLOAT16 || type == PLEURA_TYPE_DOUBLE ||
           type == PLEURA_TYPE_BFLOAT16;
}

bool pleura_is_number_type(int64_t type)
{
    return type >= 0 && type <= PLEURA_TYPE_BFLOAT16 && type_size((int32_t)type);
}

static pleura_element element_of(int32_t type)
{
    return pleura_is_float_type(type)  ? PLEURA_FLOAT
           : type == PLEURA_TYPE_INT8  ? PLEURA_INT8
           : type == PLEURA_TYPE_UINT8 ? PLEURA_UINT8
                                       : PLEURA_INT64;
}

/* The upper half of a binary32. */
static float bfloat_to_float(uint16_t upper)
{
    uint32_t bits = (uint32_t)upper << 16;
    float number;
    memcpy(&number, &bits, sizeof number);
    return number;
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
    case PLEURA_TYPE_INT8:
        return AT(int8_t, bytes, i);
    case PLEURA_TYPE_UINT8:
    case PLEURA_TYPE_BOOL:
        return AT(uint8_t, bytes, i);
    case PLEURA_TYPE_INT16:
        return AT(int16_t, bytes, i);
    case PLEURA_TYPE_UINT16:
        return AT(uint16_t, bytes, i);
    case PLEURA_TYPE_INT32:
        return AT(int32_t, bytes, i);
    case PLEURA_TYPE_UINT32:
        return AT(uint32_t, bytes, i);
    default:
        return AT(int64_t, bytes, i);
    }
}

static float raw_float(int32_t type, const void *bytes, size_t i)
{
    switch (type) {
    case PLEURA_TYPE_FLOAT16:
        return pleura_half_to_float(AT(uint16_t, bytes, i));
    case PLEURA_TYPE_BFLOAT16:
        return bfloat_to_float(AT(uint16_t, bytes, i));
    case PLEURA_TYPE_DOUBLE:
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
    uint16_t bits = source->ints ? (uint16_t)source->ints[i] : 0;
    return source->type == PLEURA_TYPE_FLOAT16 ? pleura_half_to_float(bits) : bfloat_to_float(bits);
}

static int64_t listed_int(const pleura_constant_source *source, size_t i)
{
    /* Negative int32 arrive as 64-bit varints, already signed; uint8 and bool as they are. */
    return source->ints ? source->ints[i] : 0;
}

void *pleura_constant_storage(pleura_graph *graph, pleura_value *value)
{
    size_t size = pleura_element_size(value->element);
    void *data = pleura_arena_alloc(&graph->arena, (size_t)pleura_value_elements(value) * size + 1);
    graph->out_of_memory = graph->out_of_memory || !data;
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

pleura_code pleura_constant_refuse_type(const pleura_value *value, int32_t type,
                                        pleura_error *error)
{
    return pleura_fail(error, PLEURA_ERROR_OPERATOR,
                       "ONNX: tensor '%.80s' is of element type %d; floats (16, 32, 64 bit) and "
                       "integers are read here.",
                       value->name, (int)type);
}

static pleura_code check_count(const pleura_value *value, const pleura_constant_source *source,
                               pleura_error *error)
{
    size_t item = type_size(source->type);
    if (item == 0)
        return pleura_constant_refuse_type(value, source->type, error);
    size_t elements = (size_t)pleura_value_elements(value);
    size_t wanted = source->bytes ? elements * item : elements;
    size_t given = source->bytes ? source->size : source->count;
    bool right_list =
        source->bytes || elements == 0 ||
        (pleura_is_float_type(source->type)
             ? source->floats || source->doubles || (source->ints && type_size(source->type) == 2)
             : source->ints != NULL);
    if (given != wanted || !right_list)
        return pleura_fail(error, PLEURA_ERROR_ONNX,
                           "ONNX: tensor '%.80s' has %zu %s of data, %zu expected from its shape.",
                           value->name, right_list ? given : 0,
                           source->bytes ? "bytes" : "elements", wanted);
    return PLEURA_OK;
}

/* Whether the file holds the numbers as a graph does. */
static bool stands_as_it_is(const pleura_constant_source *source)
{
    return source->bytes &&
           (source->type == PLEURA_TYPE_FLOAT || source->type == PLEURA_TYPE_INT64 ||
            source->type == PLEURA_TYPE_INT8 || source->type == PLEURA_TYPE_UINT8);
}

/*
 * The numbers where they lie, if that is on their alignment. Where the file may be written to, floats
 * are moved down by up to three bytes to be so: over the end of the field's tag and length, which have
 * been read, and are three bytes and more where there are 128 to come.
 */
static const void *in_place(const pleura_graph *graph, const pleura_constant_source *source)
{
    size_t off = (uintptr_t)source->bytes % type_size(source->type);
    if (off == 0)
        return source->bytes;
    if (!graph->data_may_change || source->type != PLEURA_TYPE_FLOAT || source->size < 128)
        return NULL;
    char *from = (char *)(uintptr_t)source->bytes;
    return memmove(from - off, from, source->size);
}

static void convert(const pleura_constant_source *source, pleura_element element, size_t count,
                    void *data)
{
    const void *bytes = source->bytes;
    for (size_t i = 0; i < count; i++) {
        if (element == PLEURA_FLOAT) {
            ((float *)data)[i] =
                bytes ? raw_float(source->type, bytes, i) : listed_float(source, i);
            continue;
        }
        int64_t number = bytes ? raw_int(source->type, bytes, i) : listed_int(source, i);
        if (element == PLEURA_INT64)
            ((int64_t *)data)[i] = number;
        else
            ((uint8_t *)data)[i] = (uint8_t)number;
    }
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
    value->element = element_of(source->type);
    value->type = (unsigned char)source->type;
    if (stands_as_it_is(source) && (value->data = in_place(graph, source)))
        return PLEURA_OK;
    size_t elements = (size_t)pleura_value_elements(value);
    void *data = pleura_constant_storage(graph, value);
    if (!data)
        return pleura_fail_memory(error, elements * pleura_element_size(value->element),
                                  value->name);
    if (stands_as_it_is(source))
        memcpy(data, source->bytes, source->size);
    else
        convert(source, value->element, elements, data);
    return PLEURA_OK;
}

int64_t pleura_constant_int(const pleura_value *value, int64_t i)
{
    switch (value->element) {
    case PLEURA_INT8:
        return ((const int8_t *)value->data)[i];
    case PLEURA_UINT8:
        return ((const uint8_t *)value->data)[i];
    case PLEURA_INT64:
        return ((const int64_t *)value->data)[i];
    default:
        return (int64_t)((const float *)value->data)[i];
    }
}

/* How many elements follow one another on the same place of an axis. */
static int64_t run_length(const pleura_value *value, int axis)
{
    int64_t length = 1;
    for (int i = axis + 1; i < value->rank; i++)
        length *= value->dims[i];
    return length;
}

const float *pleura_constant_floats(const pleura_value *value, pleura_arena *arena)
{
    if (value->element == PLEURA_FLOAT)
        return value->data;
    const pleura_grid *grid = value->grid;
    int64_t elements = pleura_value_elements(value);
    float *floats = pleura_arena_alloc(arena, (size_t)elements * sizeof *floats + 1);
    int64_t run = grid && grid->axis >= 0 ? run_length(value, grid->axis) : 1;
    for (int64_t i = 0; floats && i < elements; i++) {
        int64_t stored = pleura_constant_int(value, i);
        size_t g = grid && grid->axis >= 0 ? (size_t)(i / run) % grid->count : 0;
        floats[i] = grid ? (float)(stored - grid->zeros[g]) * grid->scales[g] : (float)stored;
    }
    return floats;
}

int64_t pleura_whole_part(float x)
{
    bool fits = x > -9.2e18f && x < 9.2e18f; /* false for NaN, too */
    return fits ? (int64_t)x : 0;
}
