/*
 * Moving numbers without changing them. All such operators but Concat have one form: along each axis
 * of the output, a table says how far into the input every place reaches, and the sum over the axes
 * is where the number comes from.
 */
#ifndef PLEURA_PLAIN_MOVE_H
#define PLEURA_PLAIN_MOVE_H

#include "plain_loops.h"

#define PLEURA_NOWHERE INT32_MIN /* in a table: the number is `fill` */

typedef struct pleura_move {
    int rank; /* outermost axis first, in the order of the output's memory */
    int64_t dims[PLEURA_MAX_RANK];
    int32_t *tables[PLEURA_MAX_RANK];
    int32_t base;
    size_t item; /* bytes of one number */
    union {
        float real;
        int64_t integer;
    } fill;
} pleura_move;

/* A move whose tables (by axes of `output`, in ONNX's order) are still to be filled. */
pleura_move *pleura_move_begin(const pleura_plain_request *request, pleura_plain *plain,
                               const pleura_strided *output, pleura_error *error);
/* Puts the axes in the order of the output's memory. */
void pleura_move_end(pleura_move *move, const pleura_strided *output);

#endif
