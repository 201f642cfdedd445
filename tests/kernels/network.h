/* A quantised network with every kind of layer that runs in integers. */
#ifndef NETWORK_H
#define NETWORK_H

#include <stdbool.h>
#include <stddef.h>

/* SHA-256 of its outputs, on every machine; it changes with the network. */
#define NETWORK_SHA256 "a093622363ecd93b9a176b79721b3134ba6d61a477918e170639df51446da98b"

typedef struct integer_network {
    unsigned char *model; /* an ONNX file */
    float *image, *answers;
    size_t model_size, image_count, answer_count;
    char sha256[65];  /* of the answers */
    bool all_integer; /* nothing but the steps from floats to integers was computed in floats */
} integer_network;

/* Makes it and runs it: NULL, or what went wrong. */
const char *integer_network_run(unsigned threads, integer_network *out);
void integer_network_free(integer_network *network);

#endif
