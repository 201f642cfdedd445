/* What `pleura info` shows, as JSON (docs/result-schema.md, "pleura.info/1"). */
#ifndef PLEURA_INFO_H
#define PLEURA_INFO_H

#include "../decide/decide.h"
#include "../graph/graph.h"
#include "../image/tensor.h"

typedef struct pleura_info {
    const pleura_graph *graph; /* after simplification */
    const pleura_input_spec *input;
    const pleura_decision_spec *decision;
    const pleura_property *properties;
    size_t property_count;
    const char *sha256;
    size_t file_size, nodes_in_file;
} pleura_info;

/* As snprintf: writes at most `capacity` bytes, returns the length of the whole. */
size_t pleura_info_json(const pleura_info *info, char *buffer, size_t capacity);

#endif
