/* What stands behind a network's features (learn.h): the model's own end, or one that was learnt. */
#ifndef PLEURA_PROFILE_H
#define PLEURA_PROFILE_H

#include "../decide/decide.h"
#include "../memory.h"
#include "pleura/learn.h"

typedef enum pleura_profile_kind {
    PLEURA_PROFILE_MODEL,     /* as it is */
    PLEURA_PROFILE_CALIBRATE, /* scale and shift of the outputs */
    PLEURA_PROFILE_ADAPT      /* a last layer of its own */
} pleura_profile_kind;

struct pleura_profile {
    pleura_arena arena;
    pleura_profile_kind kind;
    char model_sha256[65];
    const char *model_name, *model_version; /* or NULL */
    size_t features, outputs;               /* of an embedding */
    pleura_decision_spec decision;          /* its gate is not the profile's */
    /* z = scale * x + shift, one of each for every output x; or both NULL. Where the network's outputs
     * are probabilities, x is their logarithm (of a single one, or of a sigmoid's: their log-odds). */
    const float *scale, *shift;
    bool from_probabilities;
    /* z = weights * features + bias. Of the model itself: what learning starts from; or both NULL. */
    const float *weights, *bias;
    const char *figures; /* JSON, or NULL */
    char sha256[65];     /* of the profile's JSON */
};

const char *pleura_profile_kind_name(pleura_profile_kind kind);

/* A profile for somebody to fill in, and then to seal: which gives it its SHA-256. */
pleura_profile *pleura_profile_new(pleura_error *error);
pleura_code pleura_profile_seal(pleura_profile *profile, pleura_error *error);

/* Labels, groups and names of a decision, copied into an arena. */
pleura_code pleura_decision_copy(const pleura_decision_spec *from, pleura_arena *arena,
                                 pleura_decision_spec *to, pleura_error *error);

/* A copy of its own. */
pleura_code pleura_profile_copy(const pleura_profile *profile, pleura_profile **copy,
                                pleura_error *error);

/* The profile's scores: decision.label_count of them, before the activation. `outputs` are the
 * network's own. */
void pleura_profile_scores(const pleura_profile *profile, const float *features,
                           const float *outputs, float *scores);

/* The logarithm of a probability, or its log-odds; kept finite at 0 and 1. */
float pleura_profile_logit(const pleura_profile *profile, float probability);

/* A name that a label or a group may have: what a model's metadata can hold. */
bool pleura_label_is_valid(const char *name);
#define PLEURA_LABEL_MAX_BYTES 64

#endif
