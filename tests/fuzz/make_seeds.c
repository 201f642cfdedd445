/* Writes the seed corpora of the fuzz targets: make_seeds FOLDER. Nothing of them is in the
 * repository but what the unit tests use. */
#define _POSIX_C_SOURCE 200809L /* mkdir */
#include "seeds.h"

#include "../unit/onnx_writer.h"

#include "graph/graph.h"

#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>

static const char *folder;

void seed(const char *target, const char *name, const void *bytes, size_t size)
{
    char path[1000];
    snprintf(path, sizeof path, "%s/%s", folder, target);
    mkdir(path, 0777); /* it may be there */
    snprintf(path, sizeof path, "%s/%s/%s", folder, target, name);
    FILE *file = fopen(path, "wb");
    bool written = file && fwrite(bytes, 1, size, file) == size;
    written = file && fclose(file) == 0 && written;
    if (!written) {
        perror(path);
        exit(1);
    }
}

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
    put_property(&model, "pleura.framings", "0.1,-0.25");
    put_property(&model, "pleura.framings.range", "0,0.75");
    return model;
}

static void seed_tables(void)
{
    static const char *const tables[] = {
        "path,labels,patient\na.png,normal,1\r\nb.png,\"viral;bacterial\",2\n",
        "\xEF\xBB\xBF\"path\",\"the \"\"label\"\"\"\n\n\"a,\nb\",x", "path\n\"\"\na\n", ",,\n,,"};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        char name[20];
        snprintf(name, sizeof name, "table%zu", i);
        seed("table", name, tables[i], strlen(tables[i]));
    }
}

static void seed_profiles(void)
{
    static const char digits[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    /* One film of one feature and two outputs, for the model of fuzz_profile.c. */
    static const unsigned char film[] = {1, 0, 0,  0, 1, 0,   0,  0,   2, 0, 0,  0,
                                         2, 0, 0,  0, 1, 'a', 1,  'b', 1, 0, 0,  0,
                                         0, 0, 60, 0, 0, 128, 63, 0,   0, 0, 191};
    char text[2000];
    int length = snprintf(text, sizeof text,
                          "{\"schema\":\"pleura.profile/1\",\"limits\":\"a "
                          "seed\",\"task\":\"adapt\",\"model\":{\"name\":"
                          "\"seed\",\"version\":null,\"sha256\":\"%s\",\"features\":1,\"outputs\":"
                          "2},\"labels\":[\"none\","
                          "\"no\\u00e9dule\"],\"groups\":{\"any\":[0,1]},\"finding\":"
                          "\"no\\u00e9dule\",\"activation\":"
                          "\"softmax\",\"temperature\":1,\"threshold\":0.5,\"margin\":0.05,"
                          "\"weights\":\"AACAPwAAgL8=\","
                          "\"bias\":[0.25,-1e-3],\"figures\":{\"films\":40}}",
                          digits);
    seed("profile", "adapt", text, (size_t)length);
    length = snprintf(text, sizeof text, "PLEURAR1%s", digits);
    memcpy(text + length, film, sizeof film);
    seed("profile", "reference", text, (size_t)length + sizeof film);
}

/* Names of operators and of attributes, as libFuzzer's dictionaries have words. */
static void write_words(void)
{
    static const char *const words[] = {
#define X(name, least, most, family) #name,
        PLEURA_OPERATORS(X)
#undef X
            "alpha",
        "auto_pad",
        "axes",
        "axis",
        "beta",
        "ceil_mode",
        "count_include_pad",
        "dilations",
        "epsilon",
        "group",
        "keepdims",
        "kernel_shape",
        "mode",
        "output_shape",
        "pads",
        "perm",
        "SAME_LOWER",
        "SAME_UPPER",
        "strides",
        "to",
        "transA",
        "transB",
        "value",
        "pleura.labels",
        "pleura.groups",
        "pleura.finding",
        "pleura.activation",
        "pleura.threshold",
        "pleura.framings",
        "pleura.framings.range"};
    char path[1000];
    snprintf(path, sizeof path, "%s/onnx.words", folder);
    FILE *file = fopen(path, "w");
    for (size_t i = 0; file && i < sizeof words / sizeof *words; i++)
        fprintf(file, "\"%s\"\n", words[i]);
    if (!file || fclose(file) != 0) {
        perror(path);
        exit(1);
    }
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    folder = argv[1];
    mkdir(folder, 0777);
    buffer model = seed_model();
    seed("model", "network", model.bytes, model.size);
    seed("graph", "network", model.bytes, model.size);
    seed("profile", "network", model.bytes, model.size);
    free(model.bytes);
    seed_tables();
    seed_profiles();
    seed_images();
    write_words();
    return 0;
}
