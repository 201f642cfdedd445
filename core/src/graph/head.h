/* The end of a classifier that averages its features over the image and adds them up with weights. */
#ifndef PLEURA_GRAPH_HEAD_H
#define PLEURA_GRAPH_HEAD_H

#include "graph.h"

/* The last layer, if it is linear: score[label] = scale * sum over channels of
 * weight[label][channel] * input[channel] + bias_scale * bias[label] */
typedef struct pleura_graph_linear {
    uint32_t input; /* a value of `channels` elements; PLEURA_NONE: there is no such layer */
    size_t labels, channels;
    const pleura_value *weights, *bias; /* constants, maybe on grids; bias NULL: none is constant */
    bool transposed;                    /* weights[channel][label] */
    float scale, bias_scale;
    bool bias_known; /* or there is none */
} pleura_graph_linear;

/* Looks for it behind the first output of a simplified graph; a softmax or sigmoid may follow it. */
bool pleura_graph_find_linear(const pleura_graph *graph, pleura_graph_linear *linear);

/* score[label] = sum over channels of weight[label][channel] * mean(feature[channel]) + bias */
typedef struct pleura_graph_head {
    uint32_t features; /* a value [1, channels, height, width] */
    size_t labels, channels;
    const pleura_value *weights; /* NULL: the averages are the scores themselves */
    bool transposed;             /* weights[channel][label] */
    float scale;                 /* multiplies the weights */
} pleura_graph_head;

/* Where the linear layer, if there is one, reads the mean of an image. */
bool pleura_graph_find_head(const pleura_graph *graph, pleura_graph_head *head);

#endif
