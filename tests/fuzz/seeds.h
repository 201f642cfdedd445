/* Seed corpora, one folder a target. */
#ifndef PLEURA_FUZZ_SEEDS_H
#define PLEURA_FUZZ_SEEDS_H

#include <stddef.h>

/* Writes FOLDER/target/name, FOLDER being make_seeds's argument; ends the program if it cannot. */
void seed(const char *target, const char *name, const void *bytes, size_t size);

void seed_images(void);

#endif
