/* The new end as messages: nodes, tensors, the output. */
#include "onnx_end.h"

#include <string.h>

/* Names of ours in the file. */
#define FLAT "pleura_features"
#define SCALED "pleura_scaled"
#define WEIGHTS "pleura_weights"
#define BIAS "pleura_bias"
#define SCALE "pleura_scale"
#define SHIFT "pleura_shift"

static void put_floats(pleura_wire_out *out, const float *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        const uint8_t little[4] = {(uint8_t)bits, (uint8_t)(bits >> 8), (uint8_t)(bits >> 16),
                                   (uint8_t)(bits >> 24)};
        pleura_wire_bytes(out, little, 4);
    }
}

/* TensorProto: dims, data_type FLOAT, name, raw_data; `rows` 0: of one dimension. */
static void put_tensor(pleura_wire_out *out, const char *name, const float *values, size_t rows,
                       size_t columns)
{
    size_t count = (rows ? rows : 1) * columns;
    for (int pass = 0; pass < 2; pass++) {
        pleura_wire_out measure = {0}, *to = pass ? out : &measure;
        if (rows)
            pleura_wire_number(to, 1, rows);
        pleura_wire_number(to, 1, columns);
        pleura_wire_number(to, 2, 1);
        pleura_wire_string(to, ONNX_TENSOR_NAME, name);
        pleura_wire_head(to, 9, 4 * count);
        if (!pass)
            pleura_wire_head(out, ONNX_GRAPH_INITIALIZER, measure.length + 4 * count);
    }
    put_floats(out, values, count);
}

/* AttributeProto: name, i, type INT */
static void put_attribute(pleura_wire_out *out, const char *name, uint64_t value)
{
    pleura_wire_out measure = {0};
    for (int pass = 0; pass < 2; pass++) {
        pleura_wire_out *to = pass ? out : &measure;
        if (pass)
            pleura_wire_head(out, ONNX_NODE_ATTRIBUTE, measure.length);
        pleura_wire_string(to, 1, name);
        pleura_wire_number(to, 3, value);
        pleura_wire_number(to, 20, 2);
    }
}

typedef struct new_node {
    const char *op, *output, *inputs[3]; /* an input NULL: what the cut left */
    size_t input_count;
    const char *attribute; /* or NULL */
} new_node;

static void put_node(pleura_wire_out *out, const pleura_new_end *j, const new_node *node)
{
    pleura_wire_out measure = {0};
    for (int pass = 0; pass < 2; pass++) {
        pleura_wire_out *to = pass ? out : &measure;
        if (pass)
            pleura_wire_head(out, ONNX_GRAPH_NODE, measure.length);
        for (size_t i = 0; i < node->input_count; i++) {
            pleura_wire name = node->inputs[i] ? pleura_wire_text(node->inputs[i]) : j->from;
            pleura_wire_head(to, ONNX_NODE_INPUT, (size_t)(name.end - name.begin));
            pleura_wire_copy(to, name);
        }
        pleura_wire_string(to, ONNX_NODE_OUTPUT, node->output);
        pleura_wire_string(to, 3, node->output);
        pleura_wire_string(to, ONNX_NODE_OPERATOR, node->op);
        if (node->attribute)
            put_attribute(to, node->attribute, 1);
    }
}

void pleura_onnx_put_nodes(pleura_wire_out *out, const pleura_new_end *j)
{
    if (j->profile->kind == PLEURA_PROFILE_ADAPT) {
        if (j->flat)
            put_node(out, j, &(new_node){"Flatten", FLAT, {NULL}, 1, "axis"});
        put_node(
            out, j,
            &(new_node){
                "Gemm", PLEURA_ONNX_SCORES, {j->flat ? FLAT : NULL, WEIGHTS, BIAS}, 3, "transB"});
        return;
    }
    if (j->scaled)
        put_node(out, j, &(new_node){"Mul", SCALED, {NULL, SCALE}, 2, NULL});
    put_node(out, j,
             &(new_node){"Add", PLEURA_ONNX_SCORES, {j->scaled ? SCALED : NULL, SHIFT}, 2, NULL});
}

void pleura_onnx_put_tensors(pleura_wire_out *out, const pleura_new_end *j)
{
    const pleura_profile *p = j->profile;
    if (p->kind == PLEURA_PROFILE_ADAPT) {
        put_tensor(out, WEIGHTS, p->weights, p->decision.label_count, p->features);
        put_tensor(out, BIAS, p->bias, 0, p->decision.label_count);
        return;
    }
    if (j->scaled)
        put_tensor(out, SCALE, p->scale, 0, p->outputs);
    put_tensor(out, SHIFT, p->shift, 0, p->outputs);
}

/* ValueInfoProto of [batch, labels]; without a shape where the old one had none. */
void pleura_onnx_put_output(pleura_wire_out *out, const pleura_new_end *j)
{
    uint8_t bytes[512];
    pleura_wire batch = j->graph.batch;
    size_t size = (size_t)(batch.end - batch.begin);
    pleura_wire_out shape = {bytes, sizeof bytes, 0}, tensor = {0}, type = {0}, info = {0};
    if (batch.begin && size < 400) {
        pleura_wire_out labels = {0};
        pleura_wire_head(&shape, 1, size);
        pleura_wire_copy(&shape, batch);
        pleura_wire_number(&labels, 1, j->profile->decision.label_count);
        pleura_wire_head(&shape, 1, labels.length);
        pleura_wire_number(&shape, 1, j->profile->decision.label_count);
    }
    for (int pass = 0; pass < 2; pass++) {
        pleura_wire_out *const to[] = {pass ? out : &info, pass ? out : &type,
                                       pass ? out : &tensor};
        if (!pass) { /* from the innermost, so that each knows its size */
            pleura_wire_number(to[2], 1, 1);
            if (shape.length) {
                pleura_wire_head(to[2], 2, shape.length);
                to[2]->length += shape.length;
            }
            pleura_wire_head(to[1], 1, tensor.length);
            type.length += tensor.length;
            pleura_wire_string(to[0], ONNX_VALUE_NAME, PLEURA_ONNX_SCORES);
            pleura_wire_head(to[0], 2, type.length);
            info.length += type.length;
            continue;
        }
        pleura_wire_head(out, ONNX_GRAPH_OUTPUT, info.length);
        pleura_wire_string(out, ONNX_VALUE_NAME, PLEURA_ONNX_SCORES);
        pleura_wire_head(out, 2, type.length);
        pleura_wire_head(out, 1, tensor.length);
        pleura_wire_number(out, 1, 1);
        if (shape.length) {
            pleura_wire_head(out, 2, shape.length);
            pleura_wire_bytes(out, bytes, shape.length);
        }
    }
}
