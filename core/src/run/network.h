/* A network that is ready to run: XNNPACK's runtime with its packed weights, and the buffers. */
#ifndef PLEURA_NETWORK_H
#define PLEURA_NETWORK_H

#include "../graph/graph.h"

typedef struct pleura_network pleura_network;

/* Lowers the graph and packs its weights; neither graph nor file is needed afterwards. */
pleura_code pleura_network_create(const pleura_graph *graph, unsigned threads,
                                  pleura_network **network, pleura_error *error);

/* Channels, height and width of the input, whichever of NCHW or NHWC the file has. */
void pleura_network_input(const pleura_network *network, uint32_t *channels, uint32_t *height,
                          uint32_t *width);
size_t pleura_network_output_count(const pleura_network *network);

/* `input`: channels x height x width floats, plane by plane; `output`: output_count floats. */
pleura_code pleura_network_run(pleura_network *network, const float *input, float *output,
                               pleura_error *error);

void pleura_network_free(pleura_network *network);

#endif
