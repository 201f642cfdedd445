/* Whether an image may be judged at all: by its samples alone, then by what the network saw. */
#ifndef PLEURA_DECIDE_GATE_H
#define PLEURA_DECIDE_GATE_H

#include "reasons.h"

/*
 * The figures were set on 9,758 chest films (Kermany, RSNA, TB Pakistan), 27 untouched originals
 * and 18 pictures of other things.
 */

/* Sides as 1 : 4. The narrowest film of a child is 1 : 3.18; strips and banners go past 1 : 4. */
#define PLEURA_GATE_MAX_ASPECT 4.0

/* The share of the grey range that the middle 98 % of the pixels must span. Films: .26 and more
 * (one of .03 is blank to the eye); 12 bits left unscaled in 16 span at most .0625. */
#define PLEURA_GATE_MIN_CONTRAST 0.1

/* The mean of (max - min of R, G, B). Films stored in colour: under .001; an ultrasound with its
 * coloured screen: .046; the least coloured of 8 photographs: .11. */
#define PLEURA_GATE_MAX_CHROMA 0.08

/* What a model says of the images that it is for; 0: no limit. */
typedef struct pleura_gate_limits {
    uint32_t min_side; /* pixels */
    double max_age;    /* years, where a file says how old the patient is */
} pleura_gate_limits;

/* From this age on patients are adults, for a model that says that it is not for those. */
#define PLEURA_GATE_ADULT 18.0

/* Adds what speaks against judging the image; nothing if it passes. */
void pleura_gate(const pleura_image *image, const pleura_gate_limits *limits,
                 pleura_reasons *reasons);

/* Of those, what a DICOM file's attributes say: another modality or part of the body, from the side,
 * of somebody older. */
void pleura_gate_dicom(const pleura_dicom_info *dicom, const pleura_gate_limits *limits,
                       pleura_reasons *reasons);

/* A model may have a gate of its own: an output with one number for each reason to refuse. */
#define PLEURA_GATE_MAX_RULES 6

typedef struct pleura_gate_rule {
    pleura_reason reason;
    float threshold; /* of the probability, 0..1: at or above it the image is refused */
} pleura_gate_rule;

typedef struct pleura_gate_spec {
    const char *output; /* the graph's output that has the numbers, or NULL for no gate */
    size_t count;
    pleura_gate_rule rules[PLEURA_GATE_MAX_RULES];
} pleura_gate_spec;

/* The reason of that name, if a network may give it; 0 if not. */
unsigned pleura_gate_reason(const char *name, size_t length);

/* Adds what the network's `outputs` (logits, one for each rule) say against judging the image. Fails
 * if one is no number. */
pleura_code pleura_gate_network(const pleura_gate_spec *spec, const float *outputs,
                                pleura_reasons *reasons, pleura_error *error);

#endif
