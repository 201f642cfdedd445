/* Loading models: metadata, refusals with their sentences, damaged files, failing allocations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "graph/graph.h"
#include "onnx_writer.h"
#include "pleura/pleura.h"

#include <math.h>
#include <stdio.h>

extern size_t pleura_test_fail_at, pleura_test_allocations, pleura_test_live;

/* A complete little classifier of three labels for 1 x 8 x 8 images. */
/* With the node that makes `output` yet to be added, if it is not "logits". */
static buffer classifier_graph_to(const char *output)
{
    static const int64_t dims[] = {-1, 1, 8, 8}, w_dims[] = {3, 1, 3, 3}, pads[] = {1, 1, 1, 1};
    static const int64_t channels = 3, fc_dims[] = {3, 3};
    float w[27], fc[9], b[3] = {0.1f, 0.2f, 0.3f};
    for (int i = 0; i < 27; i++)
        w[i] = (float)(i % 5 - 2) * 0.1f;
    for (int i = 0; i < 9; i++)
        fc[i] = (float)(i % 4 - 1) * 0.5f;
    buffer graph = {0};
    put_value_info(&graph, GRAPH_INPUT, "image", 4, dims);
    put_tensor(&graph, "w", TYPE_FLOAT, 4, w_dims, w, sizeof w);
    put_tensor(&graph, "b", TYPE_FLOAT, 1, &channels, b, sizeof b);
    put_tensor(&graph, "fc", TYPE_FLOAT, 2, fc_dims, fc, sizeof fc);
    buffer conv = make_node("Conv", "image w b", "conv");
    put_attribute_ints(&conv, "pads", 4, pads);
    put_message(&graph, GRAPH_NODE, &conv);
    put_node(&graph, "Relu", "conv", "relu");
    put_node(&graph, "GlobalAveragePool", "relu", "pool");
    put_node(&graph, "Flatten", "pool", "flat");
    put_node(&graph, "Gemm", "flat fc b", "logits");
    put_value_info(&graph, GRAPH_OUTPUT, output, 0, NULL);
    return graph;
}

static buffer classifier_graph(void)
{
    return classifier_graph_to("logits");
}

static buffer classifier(void)
{
    buffer graph = classifier_graph();
    buffer model = make_model(13, &graph);
    put_property(&model, "pleura.schema", "1");
    put_property(&model, "pleura.name", "tiny");
    put_property(&model, "pleura.labels", "normal,bacterial,viral");
    put_property(&model, "pleura.groups", "pneumonia=bacterial+viral");
    put_property(&model, "pleura.finding", "pneumonia");
    put_property(&model, "pleura.threshold", "4.25e-1");
    return model;
}

static pleura_code load(const buffer *file, pleura_model **model, pleura_error *error)
{
    *error = (pleura_error){0};
    return pleura_model_load(file->bytes, file->size, NULL, model, error);
}

static void says_what_the_file_says(void **state)
{
    (void)state;
    buffer file = classifier();
    pleura_model *model;
    pleura_error error;
    assert_int_equal(load(&file, &model, &error), PLEURA_OK);
    free(file.bytes);
    assert_int_equal(pleura_model_label_count(model), 3);
    assert_int_equal(pleura_model_answer_count(model), 4);
    assert_string_equal(pleura_model_answer_name(model, 1), "bacterial");
    assert_string_equal(pleura_model_answer_name(model, 3), "pneumonia");
    assert_null(pleura_model_answer_name(model, 4));
    assert_string_equal(pleura_model_finding(model), "pneumonia");
    assert_true(fabsf(pleura_model_threshold(model) - 0.425f) < 1e-7f);
    assert_string_equal(pleura_model_property(model, "pleura.name"), "tiny");
    assert_null(pleura_model_property(model, "pleura.nothing"));
    uint32_t channels, height, width;
    pleura_model_input(model, &channels, &height, &width);
    assert_int_equal(channels, 1);
    assert_int_equal(height, 8);
    assert_int_equal(width, 8);
    /* 3 x 8 x 8 outputs of 9 products each, and 3 x 3: Relu is folded and costs no node. */
    assert_non_null(strstr(pleura_model_info_json(model), "\"macs\":1737"));
    assert_null(strstr(pleura_model_info_json(model), "\"Relu\""));
    pleura_model_free(model);
}

static void file_without_metadata_has_no_finding(void **state)
{
    (void)state;
    buffer graph = classifier_graph(), file = make_model(13, &graph);
    pleura_model *model;
    pleura_error error;
    assert_int_equal(load(&file, &model, &error), PLEURA_OK);
    assert_string_equal(pleura_model_answer_name(model, 2), "2");
    assert_null(pleura_model_finding(model));
    assert_true(isnan(pleura_model_threshold(model)));

    uint16_t samples[64 * 64];
    for (int i = 0; i < 64 * 64; i++)
        samples[i] = (uint16_t)(i * 16);
    pleura_image *image;
    pleura_result *result;
    assert_int_equal(pleura_image_from_grey16(samples, 64, 64, NULL, &image, &error), PLEURA_OK);
    assert_int_equal(pleura_classify_image(model, image, NULL, &result, &error), PLEURA_OK);
    assert_int_equal(pleura_result_outcome(result), PLEURA_CANNOT_SAY);
    assert_int_equal(pleura_result_reasons(result), PLEURA_REASON_NO_FINDING_DEFINED);
    assert_int_equal(pleura_result_probability_count(result), 3);
    pleura_result_free(result);
    pleura_image_free(image);
    pleura_model_free(model);
    free(file.bytes);
}

/* ---- What a file leaves open ---- */

/* The middle of a classifier whose image has these dimensions, and its last nodes from "logits" on. */
static buffer open_classifier(const int64_t dims[4])
{
    static const int64_t w_dims[] = {3, 3, 1, 1}, fc_dims[] = {3, 3};
    float w[9], fc[9];
    for (int i = 0; i < 9; i++)
        w[i] = fc[i] = (float)(i % 4 - 1) * 0.5f;
    buffer graph = {0};
    put_value_info(&graph, GRAPH_INPUT, "image", 4, dims);
    put_tensor(&graph, "w", TYPE_FLOAT, 4, w_dims, w, sizeof w);
    put_tensor(&graph, "fc", TYPE_FLOAT, 2, fc_dims, fc, sizeof fc);
    put_node(&graph, "Conv", "image w", "conv");
    put_node(&graph, "GlobalAveragePool", "conv", "pool");
    put_node(&graph, "Flatten", "pool", "flat");
    put_node(&graph, "MatMul", "flat fc", "logits");
    return graph;
}

static void assert_input(buffer *file, uint32_t height, uint32_t width, const char *says)
{
    pleura_model *model;
    pleura_error error;
    uint32_t channels, got_height, got_width;
    if (load(file, &model, &error) != PLEURA_OK)
        fail_msg("%s", error.message);
    pleura_model_input(model, &channels, &got_height, &got_width);
    assert_int_equal(channels, 3);
    assert_int_equal(got_height, height);
    assert_int_equal(got_width, width);
    assert_non_null(strstr(pleura_model_info_json(model), says));
    pleura_model_free(model);
    free(file->bytes);
}

static buffer open_file(int64_t channels, int64_t height, int64_t width)
{
    const int64_t dims[] = {-1, channels, height, width};
    buffer graph = open_classifier(dims);
    put_value_info(&graph, GRAPH_OUTPUT, "logits", 0, NULL);
    return make_model(13, &graph);
}

static void open_sizes_are_closed_and_it_is_said(void **state)
{
    (void)state;
    buffer file = open_file(3, -1, -1);
    assert_input(&file, 224, 224, "\"size_assumed\":true");
    file = open_file(-1, -1, -1); /* the convolution says how many channels */
    assert_input(&file, 224, 224, "\"size_assumed\":true");
    file = open_file(3, 40, -1);
    assert_input(&file, 40, 40, "\"size_assumed\":true");
    file = open_file(3, 40, 30);
    put_property(&file, "pleura.input.size", "99"); /* nothing is open */
    assert_input(&file, 40, 30, "\"size_assumed\":false");
    file = open_file(3, -1, -1);
    put_property(&file, "pleura.input.size", "64,48");
    assert_input(&file, 64, 48, "\"size_assumed\":false");
    static const char *const wrong[] = {"0", "64,48,3", "64x48", "16385", "1.5", ""};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        pleura_model *model;
        pleura_error error;
        file = open_file(3, -1, -1);
        put_property(&file, "pleura.input.size", wrong[i]);
        assert_int_equal(load(&file, &model, &error), PLEURA_ERROR_METADATA);
        assert_non_null(strstr(error.message, "pleura.input.size"));
        free(file.bytes);
    }
}

static void an_answer_without_the_image_is_refused(void **state)
{
    (void)state;
    static const int64_t dims[] = {1, 3, 8, 8};
    buffer graph = open_classifier(dims);
    put_node(&graph, "Relu", "fc", "constant");
    put_value_info(&graph, GRAPH_OUTPUT, "constant", 0, NULL);
    buffer file = make_model(13, &graph);
    pleura_model *model;
    pleura_error error;
    assert_int_equal(load(&file, &model, &error), PLEURA_ERROR_ONNX);
    assert_string_equal(error.message, "ONNX: the output 'constant' depends on no image.");
    free(file.bytes);
}

/* An image of bytes is one of whole numbers from 0 to 255, whatever is given. */
static void an_image_of_bytes(void **state)
{
    (void)state;
    static const int64_t dims[] = {1, 1, 2, 2}, w_dims[] = {4, 1, 1, 1};
    static const float weights[4] = {1, 2, -1, 0};
    buffer graph = {0}, cast = make_node("Cast", "image", "real");
    put_typed_info(&graph, GRAPH_INPUT, "image", TYPE_UINT8, 4, dims);
    put_tensor(&graph, "w", TYPE_FLOAT, 4, w_dims, weights, sizeof weights);
    put_attribute_int(&cast, "to", TYPE_FLOAT);
    put_message(&graph, GRAPH_NODE, &cast);
    put_node(&graph, "Conv", "real w", "conv");
    put_node(&graph, "GlobalMaxPool", "conv", "most");
    put_value_info(&graph, GRAPH_OUTPUT, "most", 0, NULL);
    buffer file = make_model(13, &graph);
    pleura_model *model;
    pleura_error error;
    if (load(&file, &model, &error) != PLEURA_OK)
        fail_msg("%s", error.message);
    const float input[4] = {-20, 7.4f, 99.6f, 300};
    float answer[4];
    assert_int_equal(pleura_run(model, input, 4, answer, 4, &error), PLEURA_OK);
    assert_float_equal(answer[0], 255, 1e-6);
    assert_float_equal(answer[1], 510, 1e-6);
    assert_float_equal(answer[2], 0, 1e-6);
    pleura_model_free(model);
    free(file.bytes);
}

/* A file that ends by naming the best classes answers with the scores before. */
static void the_answer_is_the_scores(void **state)
{
    (void)state;
    static const int64_t dims[] = {1, 3, 8, 8}, two[] = {2}, one[] = {1};
    buffer graph = open_classifier(dims);
    put_node(&graph, "Softmax", "logits", "scores");
    put_tensor(&graph, "two", TYPE_INT64, 1, one, two, sizeof two);
    buffer best = make_node("TopK", "scores two", "best");
    put_text(&best, 2, "which");
    put_message(&graph, GRAPH_NODE, &best);
    buffer cast = make_node("Cast", "which", "classes");
    put_attribute_int(&cast, "to", TYPE_INT32);
    put_message(&graph, GRAPH_NODE, &cast);
    put_value_info(&graph, GRAPH_OUTPUT, "classes", 0, NULL);
    buffer file = make_model(13, &graph);
    pleura_model *model;
    pleura_error error;
    if (load(&file, &model, &error) != PLEURA_OK)
        fail_msg("%s", error.message);
    float input[3 * 64] = {0}, scores[3];
    assert_int_equal(pleura_model_label_count(model), 3);
    assert_int_equal(pleura_run(model, input, 3 * 64, scores, 3, &error), PLEURA_OK);
    assert_float_equal(scores[0] + scores[1] + scores[2], 1, 1e-6);
    pleura_model_free(model);
    free(file.bytes);
}

static void a_digest_that_is_known_is_not_computed(void **state)
{
    (void)state;
    buffer file = classifier();
    char known[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    pleura_model_options options = {.sha256 = known};
    pleura_model *model;
    pleura_error error = {0};
    assert_int_equal(pleura_model_load(file.bytes, file.size, &options, &model, &error), PLEURA_OK);
    assert_string_equal(pleura_model_sha256(model), known);
    assert_non_null(strstr(pleura_model_info_json(model), known));
    pleura_model_free(model);
    for (int i = 0; i < 2; i++) {
        known[63] = i == 0 ? 'F' : '\0';
        error = (pleura_error){0};
        assert_int_equal(pleura_model_load(file.bytes, file.size, &options, &model, &error),
                         PLEURA_ERROR_ARGUMENT);
        assert_null(model);
    }
    free(file.bytes);
}

static void two_models_at_once(void **state)
{
    (void)state;
    buffer a_file = classifier(), graph = classifier_graph(), b_file = make_model(13, &graph);
    put_property(&b_file, "pleura.labels", "x,y,z");
    pleura_model *a, *b;
    pleura_error error;
    assert_int_equal(load(&a_file, &a, &error), PLEURA_OK);
    assert_int_equal(load(&b_file, &b, &error), PLEURA_OK);
    float input[64], first[3], between[3], again[3];
    for (int i = 0; i < 64; i++)
        input[i] = (float)i / 64;
    assert_int_equal(pleura_run(a, input, 64, first, 3, &error), PLEURA_OK);
    assert_int_equal(pleura_run(b, input, 64, between, 3, &error), PLEURA_OK);
    pleura_model_free(b);
    assert_int_equal(pleura_run(a, input, 64, again, 3, &error), PLEURA_OK);
    assert_memory_equal(first, again, sizeof first);
    assert_memory_equal(first, between, sizeof first);
    pleura_model_free(a);
    free(a_file.bytes), free(b_file.bytes);
}

static void assert_refused(buffer *file, pleura_code code, const char *words)
{
    pleura_model *model = (pleura_model *)file;
    pleura_error error;
    if (load(file, &model, &error) != code)
        fail_msg("code %d (\"%s\") where \"%s\" is expected", error.code, error.message, words);
    assert_null(model);
    assert_int_equal(error.code, code);
    if (!strstr(error.message, words))
        fail_msg("\"%s\" does not say \"%s\"", error.message, words);
    free(file->bytes);
}

static void refuses_an_unknown_operator_by_name(void **state)
{
    (void)state;
    buffer graph = classifier_graph_to("fancy.0");
    put_node(&graph, "FancyLayer", "logits", "fancy.0");
    buffer file = make_model(13, &graph);
    assert_refused(&file, PLEURA_ERROR_OPERATOR,
                   "operator FancyLayer 'fancy.0' is not supported; supported are Abs, ");
    graph = classifier_graph_to("other");
    buffer node = make_node("Conv", "image w", "other");
    put_text(&node, 7, "com.example");
    put_message(&graph, GRAPH_NODE, &node);
    file = make_model(13, &graph);
    assert_refused(&file, PLEURA_ERROR_OPERATOR, "operator com.example::Conv 'other'");
    graph = classifier_graph_to("nameless");
    buffer unnamed = {0};
    put_text(&unnamed, 1, "logits");
    put_text(&unnamed, 2, "nameless");
    put_text(&unnamed, 4, "FancyLayer");
    put_message(&graph, GRAPH_NODE, &unnamed);
    file = make_model(13, &graph);
    assert_refused(&file, PLEURA_ERROR_OPERATOR, "operator FancyLayer 'node[5], output nameless'");
}

/* Nor are inputs, outputs and text that the answer is made without. */
static void what_is_not_needed_may_be_unknown(void **state)
{
    (void)state;
    static const int64_t one = 1;
    buffer graph = classifier_graph();
    put_value_info(&graph, GRAPH_INPUT, "phase", 1, &one);
    put_tensor(&graph, "names", PLEURA_TYPE_TEXT, 1, &one, "x", 1);
    put_node(&graph, "FancyLayer", "logits names", "fancy.0");
    put_node(&graph, "NonZero", "fancy.0", "places");
    put_value_info(&graph, GRAPH_OUTPUT, "places", 0, NULL);
    buffer file = make_model(13, &graph);
    pleura_model *model;
    pleura_error error;
    assert_int_equal(load(&file, &model, &error), PLEURA_OK);
    assert_int_equal(pleura_model_label_count(model), 3);
    pleura_model_free(model);
    free(file.bytes);
}

static void refuses_what_does_not_fit(void **state)
{
    (void)state;
    buffer empty = {0};
    assert_refused(&empty, PLEURA_ERROR_EMPTY, "empty");
    buffer text = {0};
    put(&text, "<!doctype html><title>404</title>", 33);
    assert_refused(&text, PLEURA_ERROR_ONNX, "not an ONNX model");

    buffer graph = classifier_graph(), file = make_model(99, &graph);
    assert_refused(&file, PLEURA_ERROR_ONNX, "operator set 99");

    int64_t wrong[] = {4, 4};
    float fc[16] = {0};
    graph = classifier_graph_to("more");
    put_tensor(&graph, "fc2", TYPE_FLOAT, 2, wrong, fc, sizeof fc);
    put_node(&graph, "MatMul", "logits fc2", "more");
    file = make_model(13, &graph);
    assert_refused(&file, PLEURA_ERROR_SHAPE, "MatMul 'more' multiplies matrices that do not fit");

    graph = classifier_graph();
    put_tensor(&graph, "short", TYPE_FLOAT, 2, wrong, fc, sizeof fc - 4);
    file = make_model(13, &graph);
    assert_refused(&file, PLEURA_ERROR_ONNX, "'short' has 60 bytes of data, 64 expected");

    int64_t huge[] = {1 << 20, 1 << 20};
    graph = classifier_graph();
    put_tensor(&graph, "huge", TYPE_FLOAT, 2, huge, fc, sizeof fc);
    file = make_model(13, &graph);
    assert_refused(&file, PLEURA_ERROR_MODEL_TOO_LARGE, "'huge' has more than");

    static const char *const equations[] = {
        "ij,jk->ik", "abcd,efgh->ijklmn", "abcd,efgh", "ab->abb", "a...->c...", "ab->", "ab,",
        "a1"};
    for (size_t i = 0; i < sizeof equations / sizeof *equations; i++) {
        graph = classifier_graph_to("more");
        put_tensor(&graph, "fc2", TYPE_FLOAT, 2, wrong, fc, sizeof fc);
        buffer node = make_node("Einsum",
                                i == 0  ? "logits fc2"
                                : i < 3 ? "image image"
                                        : "image",
                                "more");
        put_attribute_text(&node, "equation", equations[i]);
        put_message(&graph, GRAPH_NODE, &node);
        file = make_model(13, &graph);
        assert_refused(&file, PLEURA_ERROR_SHAPE,
                       "Einsum 'more' has an equation that does not fit");
    }

    const int64_t one_place[] = {1, 1}, outside = 4;
    graph = classifier_graph_to("more");
    put_tensor(&graph, "fc2", TYPE_FLOAT, 2, wrong, fc, sizeof fc);
    put_tensor(&graph, "at", TYPE_INT64, 2, one_place, &outside, sizeof outside);
    put_tensor(&graph, "row", TYPE_FLOAT, 2, (int64_t[]){1, 4}, fc, 16);
    put_node(&graph, "ScatterND", "fc2 at row", "more");
    file = make_model(13, &graph);
    assert_refused(&file, PLEURA_ERROR_SHAPE, "ScatterND 'more' has indices or updates");

    graph = classifier_graph_to("y");
    put_node(&graph, "Relu", "nowhere", "y");
    file = make_model(13, &graph);
    assert_refused(&file, PLEURA_ERROR_ONNX, "Relu 'y' reads 'nowhere'");
}

static void refuses_what_is_too_large(void **state)
{
    (void)state;
    pleura_error error = {0};
    pleura_model *model;
    assert_int_equal(pleura_model_load("", PLEURA_MAX_MODEL_BYTES + 1, NULL, &model, &error),
                     PLEURA_ERROR_MODEL_TOO_LARGE);

    buffer graph = classifier_graph();
    char from[32] = "logits", to[32];
    for (int i = 0; i <= PLEURA_MAX_NODES; i++) {
        snprintf(to, sizeof to, "n%d", i);
        put_node(&graph, "Relu", from, to);
        memcpy(from, to, sizeof to);
    }
    buffer file = make_model(13, &graph);
    assert_refused(&file, PLEURA_ERROR_MODEL_TOO_LARGE, "more than 20000 nodes");

    const float one = 1;
    const int64_t dims[] = {1, 1, 1, 1, 1, 1, 1};
    graph = classifier_graph();
    for (int i = 0; i <= PLEURA_MAX_VALUES; i++) {
        snprintf(to, sizeof to, "w%d", i);
        put_tensor(&graph, to, TYPE_FLOAT, 1, dims, &one, sizeof one);
    }
    file = make_model(13, &graph);
    assert_refused(&file, PLEURA_ERROR_MODEL_TOO_LARGE, "more than 100000 tensors");

    graph = classifier_graph();
    buffer node = {0};
    for (int i = 0; i <= PLEURA_MAX_VALUES; i++) {
        snprintf(to, sizeof to, "w%d", i);
        put_text(&node, 1, to);
    }
    put_message(&graph, GRAPH_NODE, &node);
    file = make_model(13, &graph);
    assert_refused(&file, PLEURA_ERROR_MODEL_TOO_LARGE, "more than 100000 tensors");

    graph = classifier_graph();
    put_tensor(&graph, "deep", TYPE_FLOAT, 7, dims, &one, sizeof one);
    file = make_model(13, &graph);
    assert_refused(&file, PLEURA_ERROR_SHAPE, "'deep' has 7 dimensions");
}

static void refuses_wrong_metadata(void **state)
{
    (void)state;
    static const struct {
        const char *key, *value, *words;
    } cases[] = {
        {"pleura.labels", "a,b", "names 2 labels; the network has 3 outputs"},
        {"pleura.labels", "a,b,a", "labels must have text and differ"},
        {"pleura.labels", "a,,b", "labels must have text and differ"},
        {"pleura.threshold", "0,5", "a number from 0 to 1"},
        {"pleura.threshold", "1.5", "a number from 0 to 1"},
        {"pleura.threshold", "nan", "a number from 0 to 1"},
        {"pleura.threshold", "", "a number from 0 to 1"},
        {"pleura.temperature", "0", "a number from 0.001 to 1000"},
        {"pleura.finding", "tuberculosis", "no label or group"},
        {"pleura.groups", "g=0+9", "name=label+label"},
        {"pleura.groups", "g=0+0", "name=label+label"},
        {"pleura.groups", "0=1+2", "names that no label has"},
        {"pleura.groups", "nonsense", "name=label+label"},
        {"pleura.activation", "relu", "softmax sigmoid none"},
        {"pleura.input.fit", "zoom", "squash crop pad"},
        {"pleura.input.depth", "12", "16 8"},
        {"pleura.input.std", "0", "one number or three"},
        {"pleura.input.mean", "1,2", "one number or three"},
        {"pleura.schema", "2", "reads schema 1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        buffer graph = classifier_graph(), file = make_model(13, &graph);
        put_property(&file, cases[i].key, cases[i].value);
        assert_refused(&file, PLEURA_ERROR_METADATA, cases[i].words);
    }
}

/* The little classifier with a second output of two numbers, "gate": always 2 and -2. */
static buffer gated(const char *output, const char *labels, const char *thresholds)
{
    static const int64_t dims[] = {2, 3}, two = 2;
    const float zero[6] = {0}, bias[] = {2, -2};
    buffer graph = classifier_graph();
    put_tensor(&graph, "gw", TYPE_FLOAT, 2, dims, zero, sizeof zero);
    put_tensor(&graph, "gb", TYPE_FLOAT, 1, &two, bias, sizeof bias);
    buffer node = make_node("Gemm", "flat gw gb", "gate");
    put_attribute_int(&node, "transB", 1);
    put_message(&graph, GRAPH_NODE, &node);
    put_value_info(&graph, GRAPH_OUTPUT, "gate", 0, NULL);
    buffer model = make_model(13, &graph);
    put_property(&model, "pleura.gate.output", output);
    if (labels)
        put_property(&model, "pleura.gate.labels", labels);
    if (thresholds)
        put_property(&model, "pleura.gate.thresholds", thresholds);
    return model;
}

static unsigned reasons_of(buffer file)
{
    pleura_error error;
    pleura_model *model;
    pleura_image *image;
    pleura_result *result;
    uint16_t samples[64];
    for (int i = 0; i < 64; i++)
        samples[i] = (uint16_t)(i * 1000);
    if (load(&file, &model, &error) != PLEURA_OK)
        fail_msg("%s", error.message);
    free(file.bytes);
    assert_int_equal(pleura_image_from_grey16(samples, 8, 8, NULL, &image, NULL), PLEURA_OK);
    assert_int_equal(pleura_classify_image(model, image, NULL, &result, NULL), PLEURA_OK);
    unsigned reasons = pleura_result_reasons(result);
    assert_int_equal(pleura_result_probability_count(result),
                     reasons & ~(unsigned)PLEURA_REASON_NO_FINDING_DEFINED ? 0 : 3);
    pleura_result_free(result);
    pleura_image_free(image);
    pleura_model_free(model);
    return reasons;
}

/* 1 / (1 + exp(-2)) is .881 */
static void the_gate_is_an_output_of_the_network(void **state)
{
    (void)state;
    assert_int_equal(reasons_of(gated("gate", "adult,not_chest", NULL)), PLEURA_REASON_ADULT);
    assert_int_equal(reasons_of(gated("gate", "not_chest,adult", "0.88,0.1")),
                     PLEURA_REASON_NOT_CHEST | PLEURA_REASON_ADULT);
    assert_int_equal(reasons_of(gated("gate", "not_chest,adult", "0.89,0.12")),
                     PLEURA_REASON_NO_FINDING_DEFINED);
}

static void refuses_a_gate_that_is_none(void **state)
{
    (void)state;
    static const struct {
        const char *output, *labels, *thresholds, *words;
    } cases[] = {
        {"door", "adult,lateral", NULL, "'door'; the network computes no output of that name"},
        {"gate", "adult", NULL, "names 1 reasons; the output 'gate' has 2 numbers"},
        {"gate", NULL, NULL, "pleura.gate.labels is missing"},
        {"gate", "adult,adult", NULL, "reasons that a network may give"},
        {"gate", "adult,blank", NULL, "reasons that a network may give"},
        {"gate", "adult,cat", NULL, "reasons that a network may give"},
        {"gate", "adult,", NULL, "reasons that a network may give"},
        {"gate", "", NULL, "reasons that a network may give"},
        {"gate", "adult,lateral", "0.5", "a number from 0 to 1 for each"},
        {"gate", "adult,lateral", "0.5,1.5", "a number from 0 to 1 for each"},
        {"gate", "adult,lateral", "0.5,0.5,0.5", "a number from 0 to 1 for each"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        buffer file = gated(cases[i].output, cases[i].labels, cases[i].thresholds);
        assert_refused(&file, PLEURA_ERROR_METADATA, cases[i].words);
    }
}

/* Whatever is cut off or flipped, the answer is a model or one described error: never a crash. */
static void damaged_files_are_refused_or_load(void **state)
{
    (void)state;
    buffer file = classifier();
    pleura_model *model;
    pleura_error error;
    for (size_t cut = 1; cut < file.size; cut++) {
        buffer part = {file.bytes, cut, cut};
        pleura_code code = load(&part, &model, &error);
        assert_int_equal(code, error.code);
        assert_true((code == PLEURA_OK) == (model != NULL));
        assert_true(code == PLEURA_OK || error.message[0] != '\0');
        pleura_model_free(model);
    }
    for (size_t at = 0; at < file.size; at++)
        for (int bit = 0; bit < 8; bit++) {
            file.bytes[at] ^= (unsigned char)(1 << bit);
            pleura_code code = load(&file, &model, &error);
            assert_int_equal(code, error.code);
            assert_true((code == PLEURA_OK) == (model != NULL));
            pleura_model_free(model);
            file.bytes[at] ^= (unsigned char)(1 << bit);
        }
    free(file.bytes);
}

static void every_failing_allocation_is_an_error(void **state)
{
    (void)state;
    buffer file = classifier();
    pleura_model *model;
    pleura_error error;
    size_t live = pleura_test_live;
    for (size_t n = 1;; n++) {
        pleura_test_allocations = 0;
        pleura_test_fail_at = n;
        pleura_code code = load(&file, &model, &error);
        bool failed = pleura_test_allocations >= n;
        pleura_test_fail_at = 0;
        if (failed) {
            assert_int_equal(code, PLEURA_ERROR_MEMORY);
            assert_null(model);
        } else {
            assert_int_equal(code, PLEURA_OK);
            pleura_model_free(model);
            assert_true(n > 10); /* the hook works */
            break;
        }
        assert_int_equal(pleura_test_live, live);
    }
    assert_int_equal(pleura_test_live, live);
    free(file.bytes);
}

/* Whatever alignment the file has, and whether or not it may be changed: the same answers. */
static void same_answers_from_any_alignment(void **state)
{
    (void)state;
    enum { OUT = 64, FILTER = 9 }; /* enough weights to be moved */
    static const int64_t dims[] = {-1, 1, 8, 8}, w_dims[] = {OUT, 1, 3, 3};
    float w[OUT * FILTER], image[64], wanted[OUT * 36], found[OUT * 36];
    for (int i = 0; i < OUT * FILTER; i++)
        w[i] = (float)(i % 37 - 18) * 0.1f;
    for (int i = 0; i < 64; i++)
        image[i] = (float)(i % 11) * 0.3f;
    buffer graph = {0};
    put_value_info(&graph, GRAPH_INPUT, "image", 4, dims);
    put_tensor(&graph, "w", TYPE_FLOAT, 4, w_dims, w, sizeof w);
    put_node(&graph, "Conv", "image w", "conv");
    put_node(&graph, "Flatten", "conv", "logits");
    put_value_info(&graph, GRAPH_OUTPUT, "logits", 0, NULL);
    buffer file = make_model(13, &graph);
    char *copy = malloc(file.size + 8);
    assert_non_null(copy);
    for (size_t shift = 0; shift < 8; shift++) {
        pleura_model_options options = {.bytes_may_change = shift > 0};
        pleura_model *model = NULL;
        pleura_error error = {0};
        memcpy(copy + shift, file.bytes, file.size);
        if (pleura_model_load(copy + shift, file.size, &options, &model, &error) != PLEURA_OK)
            fail_msg("%s", error.message);
        memset(copy, 0xff, file.size + 8); /* it is not needed any more */
        float *output = shift ? found : wanted;
        assert_int_equal(pleura_run(model, image, 64, output, OUT * 36, &error), PLEURA_OK);
        if (shift)
            assert_memory_equal(found, wanted, sizeof wanted);
        pleura_model_free(model);
    }
    free(copy);
    free(file.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_the_file_says),
        cmocka_unit_test(file_without_metadata_has_no_finding),
        cmocka_unit_test(open_sizes_are_closed_and_it_is_said),
        cmocka_unit_test(an_answer_without_the_image_is_refused),
        cmocka_unit_test(an_image_of_bytes),
        cmocka_unit_test(the_answer_is_the_scores),
        cmocka_unit_test(a_digest_that_is_known_is_not_computed),
        cmocka_unit_test(two_models_at_once),
        cmocka_unit_test(refuses_an_unknown_operator_by_name),
        cmocka_unit_test(what_is_not_needed_may_be_unknown),
        cmocka_unit_test(refuses_what_does_not_fit),
        cmocka_unit_test(refuses_what_is_too_large),
        cmocka_unit_test(refuses_wrong_metadata),
        cmocka_unit_test(the_gate_is_an_output_of_the_network),
        cmocka_unit_test(refuses_a_gate_that_is_none),
        cmocka_unit_test(same_answers_from_any_alignment),
        cmocka_unit_test(damaged_files_are_refused_or_load),
        cmocka_unit_test(every_failing_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
