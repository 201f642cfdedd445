/* Profiles: read, applied to a network, written into its file; and what is refused of hostile ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base64.h"
#include "json_read.h"
#include "model/profile.h"
#include "onnx_writer.h"

#include <math.h>
#include <stdio.h>

extern size_t pleura_test_fail_at, pleura_test_allocations, pleura_test_live;

/* ---- A small network of every kind of end ---- */

typedef enum end { GEMM, MATMUL_ADD, SOFTMAX, AVERAGES } end;

enum { SIDE = 8, FEATURES = 4, LABELS = 3 };

static buffer make_network(end kind)
{
    static const int64_t dims[] = {-1, 1, SIDE, SIDE}, w_dims[] = {FEATURES, 1, 3, 3};
    static const int64_t pads[] = {1, 1, 1, 1}, out[] = {-1, LABELS}, three = LABELS;
    static const int64_t fc_dims[] = {LABELS, FEATURES}, turned[] = {FEATURES, LABELS};
    float w[FEATURES * 9], fc[LABELS * FEATURES], bias[LABELS] = {0.25f, -0.5f, 0.125f};
    for (int i = 0; i < FEATURES * 9; i++)
        w[i] = (float)(i % 7 - 3) * 0.2f;
    for (int i = 0; i < LABELS * FEATURES; i++)
        fc[i] = (float)(i % 5 - 2) * 0.7f;
    buffer graph = {0};
    put_value_info(&graph, GRAPH_INPUT, "x", 4, dims);
    put_tensor(&graph, "w", TYPE_FLOAT, 4, w_dims, w, sizeof w);
    put_tensor(&graph, "fc", TYPE_FLOAT, 2, kind == MATMUL_ADD ? turned : fc_dims, fc, sizeof fc);
    put_tensor(&graph, "bias", TYPE_FLOAT, 1, &three, bias, sizeof bias);
    buffer conv = make_node("Conv", "x w", "conv");
    put_attribute_ints(&conv, "pads", 4, pads);
    put_message(&graph, GRAPH_NODE, &conv);
    put_node(&graph, "Relu", "conv", "relu");
    put_node(&graph, "GlobalAveragePool", "relu", "pool");
    put_node(&graph, "Flatten", "pool", "flat");
    if (kind == MATMUL_ADD) {
        put_node(&graph, "MatMul", "flat fc", "product");
        put_node(&graph, "Add", "bias product", "y");
    } else if (kind != AVERAGES) {
        buffer gemm = make_node("Gemm", "flat fc bias", kind == SOFTMAX ? "logits" : "y");
        put_attribute_int(&gemm, "transB", 1);
        put_message(&graph, GRAPH_NODE, &gemm);
        if (kind == SOFTMAX)
            put_node(&graph, "Softmax", "logits", "y");
    } else {
        put_node(&graph, "Identity", "flat", "y");
    }
    put_value_info(&graph, GRAPH_OUTPUT, "y", kind == AVERAGES ? 0 : 2, out);
    buffer model = make_model(13, &graph);
    if (kind == AVERAGES)
        return model;
    put_property(&model, "pleura.labels", "normal,bacterial,viral");
    put_property(&model, "pleura.groups", "ill=bacterial+viral");
    put_property(&model, "pleura.finding", "ill");
    put_property(&model, "pleura.version", "1");
    put_property(&model, "pleura.card", "of the model as it was");
    if (kind == SOFTMAX)
        put_property(&model, "pleura.activation", "none");
    return model;
}

static pleura_model *load(const buffer *onnx)
{
    pleura_model *model;
    pleura_error error = {0};
    if (pleura_model_load(onnx->bytes, onnx->size, NULL, &model, &error) != PLEURA_OK)
        fail_msg("%s", error.message);
    return model;
}

/* Answers on a made-up image, of labels and groups. */
static size_t answers(pleura_model *model, float *out)
{
    uint16_t grey[32 * 32];
    for (int i = 0; i < 32 * 32; i++)
        grey[i] = (uint16_t)((i * 7919) % 65536);
    pleura_image *image;
    pleura_result *result;
    pleura_error error = {0};
    assert_int_equal(pleura_image_from_grey16(grey, 32, 32, NULL, &image, NULL), PLEURA_OK);
    if (pleura_classify_image(model, image, &(pleura_classify_options){.embedding = true}, &result,
                              &error) != PLEURA_OK)
        fail_msg("%s", error.message);
    size_t count = pleura_result_probability_count(result), width;
    memcpy(out, pleura_result_probabilities(result), count * sizeof *out);
    assert_non_null(pleura_result_embedding(result, &width));
    assert_int_equal(width, pleura_model_embedding_count(model));
    pleura_result_free(result);
    pleura_image_free(image);
    return count;
}

/* A profile that is not the model's own end, completed from it. */
static pleura_profile *make_profile(const pleura_model *model, pleura_profile_kind kind)
{
    pleura_profile *p;
    assert_int_equal(pleura_model_profile(model, &p, NULL), PLEURA_OK);
    p->kind = kind;
    p->decision.threshold = 0.375f;
    p->decision.temperature = 1.25f;
    float *first = pleura_arena_alloc(&p->arena, 64 * sizeof(float)), *second = first + 32;
    assert_non_null(first);
    /* Of a softmax's logarithms the scores are known up to a constant, which a scale must not tell. */
    bool scales = p->decision.activation != PLEURA_ACTIVATION_NONE;
    for (int i = 0; i < 32; i++) {
        first[i] = kind == PLEURA_PROFILE_ADAPT ? (float)(i % 7 - 3) * 0.9f
                   : scales                     ? 1 + (float)(i % 2)
                                                : 1;
        second[i] = (float)(i % 3 - 1) * 0.6f;
    }
    if (kind == PLEURA_PROFILE_ADAPT) {
        p->weights = first;
        p->bias = second;
    } else {
        p->scale = first;
        p->shift = second;
        p->weights = p->bias = NULL;
        p->from_probabilities = p->decision.activation == PLEURA_ACTIVATION_NONE;
    }
    p->decision.activation = PLEURA_ACTIVATION_SOFTMAX;
    assert_int_equal(pleura_profile_seal(p, NULL), PLEURA_OK);
    return p;
}

static char *text_of(const pleura_profile *p, size_t *length)
{
    *length = pleura_profile_json(p, NULL, 0);
    char *text = malloc(*length + 1);
    assert_int_equal(pleura_profile_json(p, text, *length + 1), *length);
    return text;
}

/* ---- Reading ---- */

static void comes_back_as_it_was(void **state)
{
    (void)state;
    for (int kind = PLEURA_PROFILE_MODEL; kind <= PLEURA_PROFILE_ADAPT; kind++) {
        buffer onnx = make_network(GEMM);
        pleura_model *model = load(&onnx);
        pleura_profile *p = make_profile(model, (pleura_profile_kind)kind), *back;
        size_t length;
        char *text = text_of(p, &length);
        pleura_error error = {0};
        if (pleura_profile_read(text, length, &back, &error) != PLEURA_OK)
            fail_msg("%s", error.message);
        assert_string_equal(pleura_profile_sha256(p), pleura_profile_sha256(back));
        assert_string_equal(pleura_profile_model_sha256(back), pleura_model_sha256(model));
        assert_int_equal(back->decision.finding, 3);
        if (p->weights)
            assert_memory_equal(p->weights, back->weights, LABELS * FEATURES * sizeof(float));
        free(text);
        pleura_profile_free(p);
        pleura_profile_free(back);
        pleura_model_free(model);
        free(onnx.bytes);
    }
}

/* Replaces the first `from`, and tries to read it. */
static pleura_code read_changed(const char *text, const char *from, const char *to,
                                pleura_error *error)
{
    const char *at = strstr(text, from);
    assert_non_null(at);
    size_t size = strlen(text) - strlen(from) + strlen(to);
    char *changed = malloc(size + 1);
    snprintf(changed, size + 1, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    pleura_profile *p;
    pleura_code code = pleura_profile_read(changed, size, &p, error);
    assert_true((code == PLEURA_OK) == (p != NULL));
    pleura_profile_free(p);
    free(changed);
    return code;
}

static void hostile_profiles_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
    } changes[] = {
        {"pleura.profile/1", "pleura.profile/2"},
        {"\"adapt\"", "\"adopt\""},
        {"\"features\":4", "\"features\":5"},
        {"\"features\":4", "\"features\":4294967300"},
        {"\"features\":4", "\"features\":-4"},
        {"\"features\":4", "\"features\":4.5"},
        {"\"features\":4", "\"features\":null"},
        {"\"outputs\":3", "\"outputs\":0"},
        {"\"labels\":[\"normal\",", "\"labels\":["},
        {"\"labels\":[\"normal\"", "\"labels\":[\"\""},
        {"\"labels\":[\"normal\"", "\"labels\":[\"viral\""},
        {"\"labels\":[\"normal\"", "\"labels\":[\"a,b\""},
        {"\"labels\":[\"normal\"", "\"labels\":[\"a\\u0000b\""},
        {"\"labels\":[\"normal\"", "\"labels\":[\"\\ud800\""},
        {"\"labels\":[", "\"labels\":{"},
        {"\"ill\":[1,2]", "\"ill\":[1,3]"},
        {"\"ill\":[1,2]", "\"ill\":[1,1]"},
        {"\"ill\":[1,2]", "\"ill\":[]"},
        {"\"ill\":[1,2]", "\"viral\":[1,2]"},
        {"\"finding\":\"ill\"", "\"finding\":\"well\""},
        {"\"finding\":\"ill\"", "\"finding\":3"},
        {"\"softmax\"", "\"argmax\""},
        {"\"temperature\":1.25", "\"temperature\":0"},
        {"\"temperature\":1.25", "\"temperature\":1e999"},
        {"\"threshold\":0.375", "\"threshold\":1.5"},
        {"\"margin\":0", "\"margin\":\"0\""},
        {"\"weights\":\"", "\"weights\":\"AAAA"},
        {"\"weights\":\"", "\"weights\":\"!"},
        {"\"weights\":", "\"weight\":"},
        {"\"bias\":[", "\"bias\":[0,"},
        {"\"bias\":[", "\"bias\":[[],"},
        {"\"sha256\":\"", "\"sha256\":\"0"},
    };
    buffer onnx = make_network(GEMM);
    pleura_model *model = load(&onnx);
    pleura_profile *p = make_profile(model, PLEURA_PROFILE_ADAPT);
    size_t length;
    char *text = text_of(p, &length);
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        pleura_error error = {0};
        if (read_changed(text, changes[i].from, changes[i].to, &error) != PLEURA_ERROR_PROFILE)
            fail_msg("%s -> %s", changes[i].from, changes[i].to);
        assert_true(strncmp(error.message, "Profile: ", 9) == 0);
    }
    assert_int_equal(read_changed(text, "\"ill\":[1,2]", "\"ill\" : [ 1,\n2 ]", NULL), PLEURA_OK);
    /* Cut anywhere, it is no JSON object any more. */
    pleura_profile *none;
    for (size_t cut = 0; cut < length; cut++)
        assert_int_equal(pleura_profile_read(text, cut, &none, NULL), PLEURA_ERROR_PROFILE);
    assert_int_equal(pleura_profile_read(text, length + 1, &none, NULL), PLEURA_ERROR_PROFILE);
    assert_int_equal(pleura_profile_read(NULL, 5, &none, NULL), PLEURA_ERROR_ARGUMENT);
    assert_int_equal(pleura_profile_read(text, PLEURA_PROFILE_MAX_BYTES + 1, &none, NULL),
                     PLEURA_ERROR_PROFILE);
    free(text);
    pleura_profile_free(p);
    pleura_model_free(model);
    free(onnx.bytes);
}

static void deep_json_does_not_use_up_the_stack(void **state)
{
    (void)state;
    static char deep[1 << 20];
    pleura_json_value value;
    memset(deep, '[', sizeof deep);
    assert_false(pleura_json_check(deep, sizeof deep, &value));
    memset(deep + sizeof deep / 2, ']', sizeof deep / 2);
    assert_false(pleura_json_check(deep, sizeof deep, &value));
    assert_true(pleura_json_check("[[[[[[{\"a\":[1]}]]]]]]", 21, &value));
    static char text[64];
    pleura_profile *none;
    int length = snprintf(text, sizeof text, "{\"schema\":%.*s1%.*s}", PLEURA_JSON_MAX_DEPTH + 1,
                          "[[[[[[[[[[[[[[[[", PLEURA_JSON_MAX_DEPTH + 1, "]]]]]]]]]]]]]]]]");
    assert_int_equal(pleura_profile_read(text, (size_t)length, &none, NULL), PLEURA_ERROR_PROFILE);
}

/* Labels without a layer, so that nothing else is wrong with it. */
static pleura_code read_labels(int count)
{
    static char text[4096];
    int at = snprintf(
        text, sizeof text,
        "{\"schema\":\"pleura.profile/1\",\"task\":\"model\",\"model\":{\"sha256\":\"%064d\","
        "\"features\":0,\"outputs\":%d},\"groups\":{},\"finding\":\"a0\","
        "\"activation\":\"softmax\",\"temperature\":1,\"threshold\":0.5,\"margin\":0,\"labels\":[",
        0, count);
    for (int i = 0; i < count; i++)
        at += snprintf(text + at, sizeof text - (size_t)at, "%s\"a%d\"", i ? "," : "", i);
    at += snprintf(text + at, sizeof text - (size_t)at, "]}");
    pleura_profile *profile;
    pleura_code code = pleura_profile_read(text, (size_t)at, &profile, NULL);
    pleura_profile_free(profile);
    return code;
}

static void too_many_labels(void **state)
{
    (void)state;
    assert_int_equal(read_labels(PLEURA_PROFILE_MAX_LABELS), PLEURA_OK);
    assert_int_equal(read_labels(PLEURA_PROFILE_MAX_LABELS + 1), PLEURA_ERROR_PROFILE);
}

static void json_is_rfc_8259s(void **state)
{
    (void)state;
    static const char *const good[] = {"{}",
                                       " [1, -2.5e+3 ,true]\n",
                                       "\"\\u00e9\\n\"",
                                       "-0",
                                       "{\"a\":{\"b\":null}}",
                                       "[\"\\\\\"]",
                                       "[false]",
                                       "0.5",
                                       "[[],{}]",
                                       "\"\xC3\xA9\xF0\x9F\x98\x80\""};
    static const char *const bad[] = {"",
                                      "{",
                                      "[1,]",
                                      "{\"a\"}",
                                      "01",
                                      "1.",
                                      "[1 2]",
                                      "\"\\x\"",
                                      "\"\t\"",
                                      "nul",
                                      "{1:2}",
                                      "\"\\u12g4\"",
                                      "[1]]",
                                      "+1",
                                      "\"abc",
                                      "{\"a\":1,}",
                                      "-",
                                      "1e",
                                      "'a'",
                                      "{\"a\":}",
                                      "\"\xFF\"",
                                      "{\"\xC3\":1}",
                                      "\"\xED\xA0\x80\""};
    pleura_json_value value;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        if (!pleura_json_check(good[i], strlen(good[i]), &value))
            fail_msg("%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (pleura_json_check(bad[i], strlen(bad[i]), &value))
            fail_msg("%s", bad[i]);
    pleura_arena arena = {0};
    bool failed = false;
    static const char text[] = "\"a\\ud83d\\ude00\\u00e9\\\"\"";
    assert_true(pleura_json_check(text, strlen(text), &value));
    assert_string_equal(pleura_json_string(value, 64, &arena, &failed),
                        "a\xF0\x9F\x98\x80\xC3\xA9\"");
    assert_null(pleura_json_string(value, 3, &arena, &failed));
    assert_false(failed);
    pleura_arena_free(&arena);
}

static void base64_of_any_length(void **state)
{
    (void)state;
    float values[20], back[20];
    char text[128];
    for (size_t count = 0; count < 20; count++) {
        for (size_t i = 0; i < count; i++)
            values[i] = (float)i * 1.25f - 7;
        pleura_text out = {text, sizeof text, 0};
        pleura_base64_add(&out, values, count);
        size_t length = pleura_text_end(&out);
        assert_int_equal(length, pleura_base64_length(count));
        assert_true(pleura_base64_read(text, length, back, count));
        assert_memory_equal(values, back, count * sizeof *values);
        for (size_t i = 0; i < length; i++) {
            char kept = text[i];
            text[i] = kept == '=' ? 'A' : '=';
            assert_false(pleura_base64_read(text, length, back, count));
            text[i] = kept;
        }
    }
    assert_false(pleura_base64_read("AACAfw==", 8, back, 1)); /* infinity */
}

/* ---- Applying ---- */

static void applied_and_taken_back(void **state)
{
    (void)state;
    buffer onnx = make_network(GEMM);
    pleura_model *model = load(&onnx);
    float before[8], with[8], after[8];
    answers(model, before);
    pleura_profile *p = make_profile(model, PLEURA_PROFILE_ADAPT);
    assert_null(pleura_model_applied(model));
    assert_int_equal(pleura_model_apply(model, p, NULL), PLEURA_OK);
    assert_string_equal(pleura_model_applied(model), pleura_profile_sha256(p));
    assert_non_null(strstr(pleura_model_info_json(model), pleura_profile_sha256(p)));
    assert_int_equal(answers(model, with), 4);
    assert_true(pleura_model_threshold(model) == 0.375f);
    assert_memory_not_equal(before, with, 4 * sizeof *before);
    /* Learning starts from the model itself, whatever is applied. */
    pleura_profile *own;
    assert_int_equal(pleura_model_profile(model, &own, NULL), PLEURA_OK);
    assert_int_equal(own->kind, PLEURA_PROFILE_MODEL);
    assert_true(own->decision.threshold == 0.5f && own->weights[0] != p->weights[0]);
    assert_int_equal(pleura_model_apply(model, NULL, NULL), PLEURA_OK);
    answers(model, after);
    assert_memory_equal(before, after, 4 * sizeof *before);
    assert_non_null(strstr(pleura_model_info_json(model), "\"profile\":null"));
    pleura_profile_free(own);
    pleura_profile_free(p);
    pleura_model_free(model);
    free(onnx.bytes);
}

/* The model's own layer, applied as if it had been learnt, answers as the network does. */
static void its_own_end_changes_nothing(void **state)
{
    (void)state;
    for (int kind = GEMM; kind <= SOFTMAX; kind++) {
        buffer onnx = make_network((end)kind);
        pleura_model *model = load(&onnx);
        float before[8], after[8];
        answers(model, before);
        pleura_profile *own;
        assert_int_equal(pleura_model_profile(model, &own, NULL), PLEURA_OK);
        assert_non_null(own->weights);
        own->kind = PLEURA_PROFILE_ADAPT;
        own->decision.activation = PLEURA_ACTIVATION_SOFTMAX;
        assert_int_equal(pleura_profile_seal(own, NULL), PLEURA_OK);
        assert_int_equal(pleura_model_apply(model, own, NULL), PLEURA_OK);
        answers(model, after);
        for (int i = 0; i < 4; i++)
            assert_true(fabsf(before[i] - after[i]) < 1e-6f);
        pleura_profile_free(own);
        pleura_model_free(model);
        free(onnx.bytes);
    }
}

static void another_models_profile_is_refused(void **state)
{
    (void)state;
    buffer onnx = make_network(GEMM), other = make_network(MATMUL_ADD);
    pleura_model *model = load(&onnx), *second = load(&other);
    pleura_profile *p = make_profile(model, PLEURA_PROFILE_ADAPT);
    pleura_error error = {0};
    size_t length;
    assert_int_equal(pleura_model_apply(second, p, &error), PLEURA_ERROR_OTHER_MODEL);
    assert_null(pleura_model_applied(second));
    assert_int_equal(pleura_profile_onnx(p, other.bytes, other.size, NULL, 0, &length, NULL),
                     PLEURA_ERROR_OTHER_MODEL);
    pleura_profile_free(p);
    pleura_model_free(model);
    pleura_model_free(second);
    free(onnx.bytes);
    free(other.bytes);
}

static void a_network_without_a_linear_end(void **state)
{
    (void)state;
    buffer onnx = make_network(AVERAGES);
    pleura_model *model = load(&onnx);
    pleura_profile *p;
    assert_int_equal(pleura_model_feature_count(model), 0);
    assert_int_equal(pleura_model_embedding_count(model), FEATURES);
    assert_int_equal(pleura_model_profile(model, &p, NULL), PLEURA_OK);
    assert_null(p->weights);
    pleura_profile_free(p);
    pleura_model_free(model);
    free(onnx.bytes);
}

/* ---- The file ---- */

static void the_file_answers_as_the_profile_does(void **state)
{
    (void)state;
    for (int kind = GEMM; kind <= SOFTMAX; kind++)
        for (int task = PLEURA_PROFILE_CALIBRATE; task <= PLEURA_PROFILE_ADAPT; task++) {
            buffer onnx = make_network((end)kind);
            pleura_model *model = load(&onnx);
            pleura_profile *p = make_profile(model, (pleura_profile_kind)task);
            float with[8], from_file[8];
            size_t length, again;
            pleura_error error = {0};
            assert_int_equal(pleura_model_apply(model, p, NULL), PLEURA_OK);
            size_t count = answers(model, with);
            if (pleura_profile_onnx(p, onnx.bytes, onnx.size, NULL, 0, &length, &error) !=
                PLEURA_OK)
                fail_msg("%d %d: %s", kind, task, error.message);
            buffer file = {.bytes = malloc(length), .size = length};
            assert_int_equal(
                pleura_profile_onnx(p, onnx.bytes, onnx.size, file.bytes, length, &again, NULL),
                PLEURA_OK);
            assert_int_equal(again, length);
            pleura_model *made = load(&file);
            assert_int_equal(answers(made, from_file), count);
            for (size_t i = 0; i < count; i++) {
                assert_true(fabsf(with[i] - from_file[i]) < 2e-6f);
                assert_string_equal(pleura_model_answer_name(model, i),
                                    pleura_model_answer_name(made, i));
            }
            assert_true(pleura_model_threshold(made) == 0.375f);
            assert_string_equal(pleura_model_property(made, "pleura.profile"),
                                pleura_profile_sha256(p));
            assert_string_equal(pleura_model_property(made, "pleura.profile_of"),
                                pleura_model_sha256(model));
            assert_null(pleura_model_property(made, "pleura.card"));
            pleura_model_free(made);
            pleura_model_free(model);
            pleura_profile_free(p);
            free(file.bytes);
            free(onnx.bytes);
        }
}

/* ---- Memory ---- */

static void any_allocation_may_fail(void **state)
{
    (void)state;
    buffer onnx = make_network(GEMM);
    pleura_model *model = load(&onnx);
    pleura_profile *p = make_profile(model, PLEURA_PROFILE_ADAPT);
    size_t length, size, live = pleura_test_live;
    char *text = text_of(p, &length);
    for (size_t fail_at = 1;; fail_at++) {
        pleura_profile *own = NULL, *back = NULL;
        pleura_error error = {0};
        pleura_test_allocations = 0;
        pleura_test_fail_at = fail_at;
        pleura_code code = pleura_model_profile(model, &own, &error);
        if (code == PLEURA_OK)
            code = pleura_profile_read(text, length, &back, &error);
        if (code == PLEURA_OK)
            code = pleura_profile_onnx(back, onnx.bytes, onnx.size, NULL, 0, &size, &error);
        if (code == PLEURA_OK)
            code = pleura_model_apply(model, back, &error);
        bool failed = pleura_test_allocations >= fail_at;
        pleura_test_fail_at = 0;
        if (code == PLEURA_OK)
            assert_int_equal(pleura_model_apply(model, NULL, NULL), PLEURA_OK);
        else
            assert_null(pleura_model_applied(model));
        pleura_profile_free(own);
        pleura_profile_free(back);
        assert_int_equal(pleura_test_live, live);
        assert_int_equal(code, failed ? PLEURA_ERROR_MEMORY : PLEURA_OK);
        if (!failed)
            break;
    }
    free(text);
    pleura_profile_free(p);
    pleura_model_free(model);
    free(onnx.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_back_as_it_was),
        cmocka_unit_test(hostile_profiles_are_refused),
        cmocka_unit_test(deep_json_does_not_use_up_the_stack),
        cmocka_unit_test(too_many_labels),
        cmocka_unit_test(json_is_rfc_8259s),
        cmocka_unit_test(base64_of_any_length),
        cmocka_unit_test(applied_and_taken_back),
        cmocka_unit_test(its_own_end_changes_nothing),
        cmocka_unit_test(another_models_profile_is_refused),
        cmocka_unit_test(a_network_without_a_linear_end),
        cmocka_unit_test(the_file_answers_as_the_profile_does),
        cmocka_unit_test(any_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
