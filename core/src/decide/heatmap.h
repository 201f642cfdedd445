/* Class activation maps (Zhou et al. 2016) of a network that ends in pooling and a linear layer. */
#ifndef PLEURA_DECIDE_HEATMAP_H
#define PLEURA_DECIDE_HEATMAP_H

#include "decide.h"

/* What a map is made from. */
typedef struct pleura_heatmap_head {
    size_t labels, channels;
    uint32_t width, height;
    const float *weights;  /* [label][channel]; NULL: channel k is label k's map */
    const float *features; /* [channel][height][width], of the image that was run last */
} pleura_heatmap_head;

/*
 * Fills values (width x height) and, from them, zone and share. The evidence of a place is what it
 * adds to the answer's log-odds (exact for one label of a sigmoid; for a softmax, and for groups, its
 * linear part at this image, in which each label counts by its share of the probability). Evidence
 * against the answer counts as none.
 *
 * Scale: 1 is the largest evidence of any place; but never less than that of a place which, were
 * the whole image like it, would make log-odds of PLEURA_HEATMAP_FULL: a film without evidence does
 * not light up.
 */
#define PLEURA_HEATMAP_FULL 4.0

pleura_code pleura_heatmap_make(const pleura_heatmap_head *head, const pleura_decision_spec *spec,
                                const float *answers, size_t answer, float *values,
                                pleura_error *error);

/* Sums what lies in each zone of the image, of which the map covers `region`; shares of the whole,
 * all 0 where there is no evidence. */
void pleura_heatmap_zones(const float *values, uint32_t width, uint32_t height,
                          const pleura_region *region, float shares[PLEURA_ZONE_COUNT]);

#endif
