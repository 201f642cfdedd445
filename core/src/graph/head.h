/* The end of a classifier that averages its features over the image and adds them up with weights. */
#ifndef PLEURA_GRAPH_HEAD_H
#define PLEURA_GRAPH_HEAD_H

#include "graph.h"

/* score[label] = sum over channels of weight[label][channel] * mean(feature[channel]) + bias */
typedef struct pleura_graph_head {
    uint32_t features; /* a value [1, channels, height, width] */
    size_t labels, channels;
    const float *weights; /* of the graph; NULL: the averages are the scores themselves */
    bool transposed;      /* weights[channel][label] */
    float scale;          /* multiplies the weights */
} pleura_graph_head;

/* Looks for it behind the first output of a simplified graph; a softmax or sigmoid may follow it. */
bool pleura_graph_find_head(const pleura_graph *graph, pleura_graph_head *head);

#endif
