/* Writes a seed model for fuzz_model: make_seeds FILE. Images have the fixtures for seeds. */
#include <stdbool.h>
#include <stdio.h>

#include "../unit/onnx_writer.h"

static buffer seed_model(void)
{
    static const int64_t dims[] = {-1, 1, 8, 8}, w_dims[] = {4, 1, 3, 3}, pads[] = {1, 1, 1, 1};
    static const int64_t four = 4, fc_dims[] = {3, 4}, pool[] = {2, 2};
    float w[36], fc[12], norm[4] = {1, 2, 0.5f, 1};
    for (int i = 0; i < 36; i++)
        w[i] = (float)(i % 5 - 2) * 0.1f;
    for (int i = 0; i < 12; i++)
        fc[i] = (float)(i % 4 - 1) * 0.5f;
    buffer graph = {0};
    put_value_info(&graph, GRAPH_INPUT, "x", 4, dims);
    put_tensor(&graph, "w", TYPE_FLOAT, 4, w_dims, w, sizeof w);
    put_tensor(&graph, "n", TYPE_FLOAT, 1, &four, norm, sizeof norm);
    put_tensor(&graph, "fc", TYPE_FLOAT, 2, fc_dims, fc, sizeof fc);
    buffer conv = make_node("Conv", "x w n", "conv");
    put_attribute_ints(&conv, "pads", 4, pads);
    put_message(&graph, GRAPH_NODE, &conv);
    put_node(&graph, "BatchNormalization", "conv n n n n", "norm");
    put_node(&graph, "Relu", "norm", "relu");
    buffer max = make_node("MaxPool", "relu", "max");
    put_attribute_ints(&max, "kernel_shape", 2, pool);
    put_message(&graph, GRAPH_NODE, &max);
    put_node(&graph, "Concat", "max max", "joined");
    put_node(&graph, "Add", "max max", "sum");
    put_node(&graph, "Mul", "joined joined", "unread");
    put_node(&graph, "GlobalAveragePool", "sum", "pool");
    put_node(&graph, "Flatten", "pool", "flat");
    buffer gemm = make_node("Gemm", "flat fc", "logits");
    put_attribute_int(&gemm, "transB", 1);
    put_message(&graph, GRAPH_NODE, &gemm);
    put_node(&graph, "Softmax", "logits", "y");
    put_value_info(&graph, GRAPH_OUTPUT, "y", 0, NULL);
    buffer model = make_model(13, &graph);
    put_property(&model, "pleura.labels", "a,b,c");
    put_property(&model, "pleura.groups", "d=a+b");
    put_property(&model, "pleura.finding", "d");
    put_property(&model, "pleura.activation", "none");
    put_property(&model, "pleura.threshold", "0.25");
    return model;
}

int main(int argc, char **argv)
{
    buffer model = seed_model();
    FILE *file = argc > 1 ? fopen(argv[1], "wb") : NULL;
    bool written = file && fwrite(model.bytes, 1, model.size, file) == model.size;
    written = file && fclose(file) == 0 && written;
    free(model.bytes);
    return written ? 0 : 1;
}
