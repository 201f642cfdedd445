/* Whether an image may be judged at all: what can be told from its samples alone. */
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

/* Adds what speaks against judging the image; nothing if it passes. */
void pleura_gate(const pleura_image *image, uint32_t min_side, pleura_reasons *reasons);

#endif
