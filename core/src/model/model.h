/* A classifier: the network, and from its metadata how to feed it and how to read its answer. */
#ifndef PLEURA_MODEL_H
#define PLEURA_MODEL_H

#include "../decide/heatmap.h"
#include "../image/tensor.h"

const pleura_input_spec *pleura_model_input_spec(const pleura_model *model);
const pleura_decision_spec *pleura_model_decision_spec(const pleura_model *model);

/* What the network's own gate says of the image that was run last, a logit for each of the decision
 * spec's rules; NULL for a model without one. */
const float *pleura_model_gate_outputs(const pleura_model *model);

/* What a heatmap is made from, with the features of the image that was run last; NULL for a model
 * without one. */
const pleura_heatmap_head *pleura_model_heatmap_head(const pleura_model *model);

/* The embedding of the image that was run last: pleura_model_embedding_count() floats. */
void pleura_model_embedding(const pleura_model *model, float *embedding);

#endif
