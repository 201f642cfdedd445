#include "onnx_read.h"

#include "../error.h"

#include <pb_decode.h>
#include <stdio.h>
#include <string.h>

bool pleura_refuse_memory(pleura_reader *r)
{
    pleura_fail(r->error, PLEURA_ERROR_MEMORY, "Out of memory while reading the model.");
    return false;
}

bool pleura_span_is(pleura_span text, const char *other)
{
    return text.length == strlen(other) && memcmp(text.begin, other, text.length) == 0;
}

bool pleura_span_rest(const pb_istream_t *stream, const pleura_reader *r, pleura_span *out)
{
    const char *begin = stream->state;
    /* A damaged file may have a number where bytes belong; nanopb then shows a copy on its stack. */
    if ((uintptr_t)begin < (uintptr_t)r->graph->data_begin ||
        (uintptr_t)begin > (uintptr_t)r->graph->data_end)
        return false;
    *out = (pleura_span){begin, stream->bytes_left, r};
    return true;
}

static bool on_span(pb_istream_t *stream, const pb_field_t *field, void **argument)
{
    (void)field;
    pleura_span *out = *argument;
    return pleura_span_rest(stream, out->reader, out) && pb_read(stream, NULL, stream->bytes_left);
}

pb_callback_t pleura_want_span(const pleura_reader *r, pleura_span *out)
{
    out->reader = r;
    return (pb_callback_t){.funcs.decode = on_span, .arg = out};
}

pb_callback_t pleura_want(pleura_decoder *decode, void *argument)
{
    return (pb_callback_t){.funcs.decode = decode, .arg = argument};
}

const char *pleura_keep_text(pleura_reader *r, pleura_span text)
{
    const char *copy = pleura_arena_text(&r->graph->arena, text.begin, text.length);
    if (!copy)
        pleura_refuse_memory(r);
    return copy;
}

const char *pleura_keep_place(pleura_reader *r)
{
    char text[120];
    const pleura_list *outputs = r->place.outputs;
    const uint32_t first =
        outputs && outputs->count ? *(const uint32_t *)outputs->items : PLEURA_NONE;
    const bool known = first != PLEURA_NONE;
    int length = snprintf(text, sizeof text, "node[%u]%s%.80s", (unsigned)r->place.node,
                          known ? ", output " : "", known ? r->graph->values[first].name : "");
    return pleura_keep_text(r, (pleura_span){text, (size_t)length, r});
}

static uint32_t new_value(pleura_reader *r)
{
    const char *name = pleura_keep_place(r);
    return name ? pleura_graph_new_value(r->graph, name) : PLEURA_NONE;
}

uint32_t pleura_reader_value(pleura_reader *r, const char *name, size_t length)
{
    uint32_t index = length ? pleura_graph_value(r->graph, name, length) : new_value(r);
    if (index == PLEURA_NONE)
        pleura_refuse_memory(r);
    else if (r->graph->value_count > PLEURA_MAX_VALUES)
        pleura_fail(r->error, PLEURA_ERROR_MODEL_TOO_LARGE, "ONNX: more than %d tensors.",
                    PLEURA_MAX_VALUES);
    else
        return index;
    return PLEURA_NONE;
}

void *pleura_list_add(pleura_list *l, size_t size)
{
    if (!pleura_grow(&l->items, &l->capacity, l->count, size)) {
        pleura_refuse_memory(l->reader);
        return NULL;
    }
    return (char *)l->items + l->count++ * size;
}

void *pleura_list_keep(pleura_list *l, size_t size)
{
    void *copy = pleura_arena_alloc(&l->reader->graph->arena, l->count * size + 1);
    if (!copy)
        pleura_refuse_memory(l->reader);
    else if (l->count)
        memcpy(copy, l->items, l->count * size);
    return copy;
}

bool pleura_on_int(pb_istream_t *stream, const pb_field_t *field, void **argument)
{
    (void)field;
    uint64_t number;
    if (!pb_decode_varint(stream, &number))
        return false;
    int64_t *item = pleura_list_add(*argument, sizeof *item);
    if (item)
        *item = (int64_t)number;
    return item != NULL;
}

bool pleura_on_float(pb_istream_t *stream, const pb_field_t *field, void **argument)
{
    (void)field;
    float number;
    if (!pb_decode_fixed32(stream, &number))
        return false;
    float *item = pleura_list_add(*argument, sizeof *item);
    if (item)
        *item = number;
    return item != NULL;
}

bool pleura_on_double(pb_istream_t *stream, const pb_field_t *field, void **argument)
{
    (void)field;
    double number;
    if (!pb_decode_fixed64(stream, &number))
        return false;
    double *item = pleura_list_add(*argument, sizeof *item);
    if (item)
        *item = number;
    return item != NULL;
}
