/* Films in the order of a name, their patient's or a group's, and numbers for the names. */
#ifndef PLEURA_NAMED_H
#define PLEURA_NAMED_H

#include <stddef.h>
#include <stdint.h>

typedef struct pleura_named_film {
    const char *name;
    size_t film;
} pleura_named_film;

/* By name, byte for byte; those of one name by film. */
void pleura_named_sort(pleura_named_film *films, size_t count);

/*
 * Sorts, and gives the films of one name one number, from 0 on; a film without a name has one for
 * itself. `numbers` are by film. Returns how many numbers there are.
 */
size_t pleura_named_number(pleura_named_film *films, size_t count, uint32_t *numbers);

#endif
