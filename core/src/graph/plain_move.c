/* The loop that moves numbers, with tables of where each comes from. */
#include "plain_move.h"

#include <string.h>

static void move_row(const pleura_move *move, const char *from, int64_t offset, bool nowhere,
                     char *to)
{
    const int32_t *table = move->tables[move->rank - 1];
    int64_t length = move->dims[move->rank - 1];
    for (int64_t i = 0; i < length; i++, to += move->item) {
        bool fill = nowhere || table[i] == PLEURA_NOWHERE;
        const char *at =
            fill ? (const char *)&move->fill : from + (size_t)(offset + table[i]) * move->item;
        if (move->item == sizeof(float))
            memcpy(to, at, sizeof(float)); /* a size that the compiler knows: one load and store */
        else
            memcpy(to, at, move->item);
    }
}

/* Whether the innermost axis reads numbers that lie one after another. */
static bool reads_runs(const pleura_move *move)
{
    const int32_t *table = move->tables[move->rank - 1];
    for (int64_t i = 0; i < move->dims[move->rank - 1]; i++)
        if (table[i] == PLEURA_NOWHERE || table[i] != table[0] + i)
            return false;
    return true;
}

static void run_move(const pleura_plain *plain)
{
    const pleura_move *move = plain->plan;
    const int last = move->rank - 1;
    const int64_t length = move->dims[last];
    const int64_t rows = length ? (int64_t)plain->output_count / length : 0;
    const bool runs = reads_runs(move);
    int64_t index[PLEURA_MAX_RANK] = {0};
    char *to = plain->output;
    for (int64_t row = 0; row < rows; row++, to += (size_t)length * move->item) {
        int64_t offset = move->base;
        bool nowhere = false;
        for (int i = 0; i < last; i++) {
            int32_t step = move->tables[i][index[i]];
            nowhere = nowhere || step == PLEURA_NOWHERE;
            offset += step;
        }
        const char *from = plain->inputs[0];
        if (runs && !nowhere)
            memcpy(to, from + (size_t)(offset + move->tables[last][0]) * move->item,
                   (size_t)length * move->item);
        else
            move_row(move, from, offset, nowhere, to);
        for (int i = last; i-- > 0 && ++index[i] == move->dims[i];)
            index[i] = 0;
    }
}

pleura_move *pleura_move_begin(const pleura_plain_request *request, pleura_plain *plain,
                               const pleura_strided *output, pleura_error *error)
{
    pleura_move *move = pleura_plain_plan(request, plain, sizeof *move, run_move, error);
    if (!move)
        return NULL;
    move->item = pleura_element_size(request->element);
    move->rank = output->rank ? output->rank : 1;
    move->dims[0] = 1;
    for (int i = 0; i < output->rank; i++)
        move->dims[i] = output->dims[i];
    for (int i = 0; i < move->rank; i++) {
        size_t size = (size_t)move->dims[i] * sizeof *move->tables[i];
        move->tables[i] = pleura_arena_alloc(request->arena, size + 1);
        if (!move->tables[i]) {
            pleura_fail_memory(error, size, request->node->name);
            return NULL;
        }
    }
    return move;
}

void pleura_move_end(pleura_move *move, const pleura_strided *output)
{
    pleura_move sorted = *move;
    int order[PLEURA_MAX_RANK];
    pleura_plain_order(output, order);
    for (int i = 0; i < output->rank; i++) {
        sorted.dims[i] = move->dims[order[i]];
        sorted.tables[i] = move->tables[order[i]];
    }
    *move = sorted;
}
