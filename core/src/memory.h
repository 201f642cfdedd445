/*
 * Every allocation of the core goes through here, so that tests can make any of them fail
 * (PLEURA_TEST_ALLOCATION) and so that alignment is in one place.
 */
#ifndef PLEURA_MEMORY_H
#define PLEURA_MEMORY_H

#include <stddef.h>

void *pleura_alloc(size_t size);                    /* malloc */
void *pleura_alloc_zero(size_t count, size_t size); /* calloc: checks the product */
void *pleura_realloc(void *pointer, size_t size);
void pleura_free(void *pointer);

/* An arena: many small pieces with one lifetime, 16-byte aligned, given back together. */
typedef struct pleura_arena {
    struct pleura_arena_block *blocks;
} pleura_arena;

void *pleura_arena_alloc(pleura_arena *arena, size_t size);     /* zeroed; NULL if it fails */
void *pleura_arena_alloc_raw(pleura_arena *arena, size_t size); /* with whatever was there */
char *pleura_arena_text(pleura_arena *arena, const char *text, size_t length); /* adds the NUL */
void pleura_arena_free(pleura_arena *arena);

#endif
