#include "../error.h"
#include "constant.h"
#include "onnx_scope.h"

#include <pb_decode.h>
#include <string.h>

static bool on_external(pb_istream_t *stream, const pb_field_t *field, void **argument)
{
    (void)field;
    *(bool *)*argument = true;
    return pb_read(stream, NULL, stream->bytes_left);
}

void pleura_tensor_prepare(pleura_reader *r, pleura_tensor_parts *parts)
{
    memset(parts, 0, sizeof *parts);
    parts->dims.reader = parts->ints.reader = parts->longs.reader = r;
    parts->floats.reader = parts->doubles.reader = r;
    parts->proto.name = pleura_want_span(r, &parts->name);
    parts->proto.raw_data = pleura_want_span(r, &parts->raw);
    parts->proto.dims = pleura_want(pleura_on_int, &parts->dims);
    parts->proto.int32_data = pleura_want(pleura_on_int, &parts->ints);
    parts->proto.int64_data = pleura_want(pleura_on_int, &parts->longs);
    parts->proto.uint64_data = pleura_want(pleura_on_int, &parts->longs);
    parts->proto.float_data = pleura_want(pleura_on_float, &parts->floats);
    parts->proto.double_data = pleura_want(pleura_on_double, &parts->doubles);
    parts->proto.external_data = pleura_want(on_external, &parts->external);
}

void pleura_tensor_release(pleura_tensor_parts *parts)
{
    pleura_free(parts->dims.items);
    pleura_free(parts->ints.items);
    pleura_free(parts->longs.items);
    pleura_free(parts->floats.items);
    pleura_free(parts->doubles.items);
}

static pleura_constant_source constant_source(const pleura_tensor_parts *parts)
{
    pleura_constant_source source = {.type = parts->proto.data_type};
    if (parts->raw.begin) {
        source.bytes = parts->raw.begin;
        source.size = parts->raw.length;
    } else if (parts->floats.count) {
        source.floats = parts->floats.items;
        source.count = parts->floats.count;
    } else if (parts->doubles.count) {
        source.doubles = parts->doubles.items;
        source.count = parts->doubles.count;
    } else if (parts->longs.count) {
        source.ints = parts->longs.items;
        source.count = parts->longs.count;
    } else if (parts->ints.count) {
        source.ints = parts->ints.items;
        source.count = parts->ints.count;
    }
    return source;
}

uint32_t pleura_tensor_keep(pleura_reader *r, const pleura_tensor_parts *parts)
{
    pleura_span name = parts->name;
    uint32_t index = name.length ? pleura_scope_define(r, name.begin, name.length)
                                 : pleura_reader_value(r, "", 0);
    if (index == PLEURA_NONE)
        return PLEURA_NONE;
    pleura_value *value = &r->graph->values[index];
    if (value->data) {
        pleura_fail(r->error, PLEURA_ERROR_ONNX, "ONNX: two tensors are named '%.80s'.",
                    value->name);
        return PLEURA_NONE;
    }
    if (parts->external) {
        pleura_fail(r->error, PLEURA_ERROR_ONNX,
                    "ONNX: tensor '%.80s' keeps its data in another file; export the model as a "
                    "single file (PyTorch: external_data=False).",
                    value->name);
        return PLEURA_NONE;
    }
    pleura_constant_source source = constant_source(parts);
    pleura_code code = pleura_constant_make(r->graph, value, &source, parts->dims.items,
                                            parts->dims.count, r->error);
    return code == PLEURA_OK ? index : PLEURA_NONE;
}

/* Names of classes, which the answer is made without: refused where a node that it needs reads them. */
static bool keep_text(pleura_reader *r, const pleura_tensor_parts *parts)
{
    uint32_t index = pleura_scope_define(r, parts->name.begin, parts->name.length);
    if (index != PLEURA_NONE)
        r->graph->values[index].type = PLEURA_TYPE_TEXT;
    return index != PLEURA_NONE;
}

bool pleura_on_initializer(pb_istream_t *stream, const pb_field_t *field, void **argument)
{
    (void)field;
    pleura_reader *r = *argument;
    pleura_tensor_parts parts;
    pleura_tensor_prepare(r, &parts);
    bool ok = pb_decode(stream, onnx_TensorProto_fields, &parts.proto);
    if (ok && parts.name.length) /* without one, no node can read it */
        ok = parts.proto.data_type == PLEURA_TYPE_TEXT
                 ? keep_text(r, &parts)
                 : pleura_tensor_keep(r, &parts) != PLEURA_NONE;
    pleura_tensor_release(&parts);
    return ok;
}
