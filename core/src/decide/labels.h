/* Which label: of the words that a person gives, of numbers, and whether it is the finding. */
#ifndef PLEURA_DECIDE_LABELS_H
#define PLEURA_DECIDE_LABELS_H

#include "decide.h"

/* Whether one of the words, separated by ';', is `name`. */
bool pleura_words_have(const char *words, const char *name);

/* The first label that is one of the words; PLEURA_NO_ANSWER if none is. */
size_t pleura_words_label(const pleura_decision_spec *spec, const char *words);

/* Whether a label is the finding, or one of its group's. */
bool pleura_label_is_finding(const pleura_decision_spec *spec, size_t label);

/* The place of the largest number, the first of several. */
size_t pleura_likeliest(const float *values, size_t count);

#endif
