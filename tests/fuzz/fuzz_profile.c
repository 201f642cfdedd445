/*
 * libFuzzer over what learning reads from anywhere: profiles, reference films, and a model file that is
 * cut and pasted. The first byte chooses.
 */
#include "learn/onnx_graph.h"
#include "model/profile.h"
#include "pleura/learn.h"

#include "check.h"

#include <string.h>

/* What is read can be written, and is then read as the same. */
static void fuzz_profile(const uint8_t *bytes, size_t size)
{
    pleura_profile *profile, *again;
    pleura_error error = {0};
    if (pleura_profile_read(bytes, size, &profile, &error) != PLEURA_OK) {
        CHECK(!profile);
        check_refusal(error.code, &error);
        return;
    }
    size_t length = pleura_profile_json(profile, NULL, 0);
    char *text = malloc(length + 1);
    CHECK(text && pleura_profile_json(profile, text, length + 1) == length);
    CHECK(pleura_profile_read(text, length, &again, NULL) == PLEURA_OK);
    CHECK(strcmp(pleura_profile_sha256(profile), pleura_profile_sha256(again)) == 0);
    free(text);
    pleura_profile_free(profile);
    pleura_profile_free(again);
}

static const char base_json[] =
    "{\"schema\":\"pleura.profile/1\",\"task\":\"model\",\"model\":{\"sha256\":\""
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\",\"features\":1,\"outputs\":"
    "2},"
    "\"labels\":[\"a\",\"b\"],\"groups\":{},\"finding\":\"b\",\"activation\":\"softmax\","
    "\"temperature\":1,\"threshold\":0.5,\"margin\":0}";

static void fuzz_reference(const uint8_t *bytes, size_t size)
{
    pleura_profile *base;
    pleura_learning *learning;
    CHECK(pleura_profile_read(base_json, sizeof base_json - 1, &base, NULL) == PLEURA_OK);
    CHECK(pleura_learning_create(base, NULL, &learning, NULL) == PLEURA_OK);
    pleura_learning_reference(learning, bytes, size, NULL);
    pleura_learning_free(learning);
    pleura_profile_free(base);
}

static void fuzz_graph(const uint8_t *bytes, size_t size)
{
    pleura_onnx_graph graph;
    pleura_wire all = {bytes, bytes + size};
    if (pleura_onnx_graph_read(all, &graph, NULL) == PLEURA_OK) {
        pleura_onnx_cut(&graph, graph.output);
        CHECK(pleura_onnx_knows(&graph, graph.output));
    }
    pleura_onnx_graph_free(&graph);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size && bytes[0] == '{')
        fuzz_profile(bytes, size);
    else if (size && bytes[0] == 'P')
        fuzz_reference(bytes, size);
    else
        fuzz_graph(bytes, size);
    CHECK(pleura_test_live == 0);
    return 0;
}
