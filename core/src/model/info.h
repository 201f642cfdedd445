/* What `pleura info` shows, as JSON (docs/result-schema.md, "pleura.info/1"). */
#ifndef PLEURA_INFO_H
#define PLEURA_INFO_H

#include "../decide/decide.h"
#include "../graph/graph.h"
#include "../image/tensor.h"

/* Which operators are run how often, and what that costs. */
typedef struct pleura_census {
    size_t operators[PLEURA_OP_COUNT];
    pleura_model_cost cost;
} pleura_census;

/* Counts a simplified graph; file_bytes and nodes_in_file are the caller's to know. */
void pleura_census_take(const pleura_graph *graph, pleura_census *census);

typedef struct pleura_info {
    const char *producer; /* the program that wrote the file */
    int64_t opset;
    bool size_assumed; /* height and width, which the file leaves open */
    const pleura_census *census;
    const pleura_input_spec *input;
    const pleura_decision_spec *decision;
    const pleura_property *properties;
    size_t property_count;
    const char *sha256;
    bool has_heatmap;
    size_t features;     /* of an embedding (learn.h) */
    const char *profile; /* SHA-256 of the one that is applied, or NULL */
} pleura_info;

/* As snprintf: writes at most `capacity` bytes, returns the length of the whole. */
size_t pleura_info_json(const pleura_info *info, char *buffer, size_t capacity);

#endif
