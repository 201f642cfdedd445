#include "folds.h"

#include "../error.h"
#include "../memory.h"

#include <stdlib.h>

/* A patient's films, and when it is its turn: those with many first, for whom room is hardest to find;
 * others in an order that has nothing to do with that of the table. */
typedef struct turn {
    uint32_t patient, films, shuffled;
} turn;

static int by_turn(const void *a, const void *b)
{
    const turn *left = a, *right = b;
    if (left->films != right->films)
        return left->films > right->films ? -1 : 1;
    if (left->shuffled != right->shuffled)
        return left->shuffled < right->shuffled ? -1 : 1;
    return left->patient < right->patient ? -1 : left->patient > right->patient;
}

/* Wang's integer hash (2007). */
static uint32_t shuffled(uint32_t x)
{
    x = (x ^ 61) ^ (x >> 16);
    x *= 9;
    x ^= x >> 4;
    x *= 0x27d4eb2d;
    return x ^ (x >> 15);
}

typedef struct tally {
    size_t classes;
    unsigned folds;
    const uint32_t *all; /* films of each class */
    uint32_t *by_patient, *by_fold;
    turn *turns;
} tally;

/* How uneven the classes would lie if a patient's films came to a fold: what it adds to the sum of
 * squared shares, and a little for its size, which decides where classes do not. */
static double cost(const tally *t, const uint32_t *films, unsigned fold)
{
    double sum = 0, size = 0;
    for (size_t k = 0; k < t->classes; k++) {
        double have = t->by_fold[fold * t->classes + k], more = films[k];
        size += have;
        if (more > 0)
            sum += (2 * have * more + more * more) / ((double)t->all[k] * t->all[k]);
    }
    return sum + 1e-9 * size;
}

static unsigned best_fold(const tally *t, const uint32_t *films)
{
    unsigned best = 0;
    for (unsigned fold = 1; fold < t->folds; fold++)
        if (cost(t, films, fold) < cost(t, films, best))
            best = fold;
    return best;
}

/* Leaves in turns[i].films of patient i which fold it is in. */
static void assign(tally *t, size_t patient_count, uint32_t *fold_of)
{
    qsort(t->turns, patient_count, sizeof *t->turns, by_turn);
    for (size_t i = 0; i < patient_count; i++) {
        uint32_t patient = t->turns[i].patient;
        const uint32_t *films = t->by_patient + patient * t->classes;
        unsigned fold = best_fold(t, films);
        for (size_t k = 0; k < t->classes; k++)
            t->by_fold[fold * t->classes + k] += films[k];
        fold_of[patient] = fold;
    }
}

pleura_code pleura_folds_make(const uint32_t *labels, const uint32_t *patients, size_t count,
                              size_t classes, size_t patient_count, unsigned folds, uint32_t *fold,
                              pleura_error *error)
{
    size_t room = (patient_count + folds + 1) * classes + patient_count;
    uint32_t *all = pleura_alloc_zero(room, sizeof *all);
    turn *turns = pleura_alloc_zero(patient_count, sizeof *turns);
    if (!all || !turns) {
        pleura_free(all);
        pleura_free(turns);
        return pleura_fail_memory(error, room * sizeof *all, "the folds");
    }
    tally t = {.classes = classes, .folds = folds, .all = all, .turns = turns};
    t.by_fold = all + classes;
    t.by_patient = t.by_fold + folds * classes;
    uint32_t *fold_of = t.by_patient + patient_count * classes;
    for (size_t i = 0; i < patient_count; i++)
        turns[i] = (turn){(uint32_t)i, 0, shuffled((uint32_t)i)};
    for (size_t i = 0; i < count; i++) {
        all[labels[i]]++;
        t.by_patient[patients[i] * classes + labels[i]]++;
        turns[patients[i]].films++;
    }
    assign(&t, patient_count, fold_of);
    for (size_t i = 0; i < count; i++)
        fold[i] = fold_of[patients[i]];
    pleura_free(all);
    pleura_free(turns);
    return PLEURA_OK;
}
