/* Figures as JSON: what reports of evaluations and of learning share. */
#ifndef PLEURA_DECIDE_METRICS_JSON_H
#define PLEURA_DECIDE_METRICS_JSON_H

#include "../json.h"
#include "metrics.h"

/* [value, low, high] */
void pleura_json_put_figure(pleura_json *json, const char *key, const pleura_figure *figure,
                            int digits);

/* An array of up to 100 points of the ROC curve, at scores evenly spaced by rank: [threshold,
 * sensitivity, specificity]. The films are sorted. */
void pleura_json_roc(pleura_json *json, const pleura_scored *films, size_t count, int digits);

#endif
