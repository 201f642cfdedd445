/* What a model is made of; shared by load.c, which makes it, model.c, and learned.c, which changes its end. */
#ifndef PLEURA_MODEL_PARTS_H
#define PLEURA_MODEL_PARTS_H

#include "../run/network.h"
#include "info.h"
#include "model.h"
#include "profile.h"

/* The network's last layer, where it is linear. */
typedef struct pleura_linear {
    size_t labels, features; /* features 0: it is not */
    const float *weights;    /* [label][feature] */
    const float *bias;       /* NULL: not known */
    const float *data;       /* what it read in the last run */
} pleura_linear;

struct pleura_model {
    pleura_arena arena; /* everything that the file said and that is still wanted */
    pleura_network *network;
    pleura_property *properties;
    size_t property_count;
    pleura_input_spec input;
    pleura_decision_spec own_decision, decision; /* the file's; and with the profile's end */
    const pleura_port *gate;                     /* the network's output, or NULL */
    bool reads_bytes; /* the network's input is rounded to integers from 0 to 255 */
    bool has_head;
    pleura_heatmap_head own_head, head;
    pleura_linear linear;
    pleura_profile *applied; /* or NULL */
    pleura_census census;
    char sha256[65];
    pleura_info info;
    char *text; /* its JSON */
};

/* (Re)writes the JSON of pleura_model_info_json(). */
pleura_code pleura_model_write_info(pleura_model *model, pleura_error *error);

/* Whether the network reads its image so, as tf2onnx may leave it. */
bool pleura_has_channels_last(const size_t *dims);

/* What the last run came to, through the profile if there is one. */
void pleura_model_scores(const pleura_model *model, float *scores);

#endif
