/* Which films are held back together: parts with as even a share of each class as may be, and no
 * patient in two of them. */
#ifndef PLEURA_LEARN_FOLDS_H
#define PLEURA_LEARN_FOLDS_H

#include "pleura/learn.h"

/* `patients`: 0 .. patient_count - 1, of each film. Fills fold[film] with 0 .. folds - 1; the same films
 * give the same folds. */
pleura_code pleura_folds_make(const uint32_t *labels, const uint32_t *patients, size_t count,
                              size_t classes, size_t patient_count, unsigned folds, uint32_t *fold,
                              pleura_error *error);

#endif
