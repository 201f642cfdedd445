#include "memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifdef PLEURA_TEST_ALLOCATION
/* Test builds only: the allocation numbered `fail_at` (from 1) fails; 0 lets all pass. */
size_t pleura_test_fail_at;
size_t pleura_test_allocations;
size_t pleura_test_live;

static int refused(void)
{
    return ++pleura_test_allocations == pleura_test_fail_at;
}

static void *counted(void *pointer)
{
    pleura_test_live += pointer != NULL;
    return pointer;
}
#else
#define refused() 0
#define counted(pointer) (pointer)
#endif

void *pleura_alloc(size_t size)
{
    return refused() ? NULL : counted(malloc(size ? size : 1));
}

void *pleura_alloc_zero(size_t count, size_t size)
{
    return refused() ? NULL : counted(calloc(count ? count : 1, size ? size : 1));
}

void *pleura_realloc(void *pointer, size_t size)
{
    if (!pointer)
        return pleura_alloc(size);
    return refused() ? NULL : realloc(pointer, size ? size : 1);
}

void pleura_free(void *pointer)
{
#ifdef PLEURA_TEST_ALLOCATION
    pleura_test_live -= pointer != NULL;
#endif
    free(pointer);
}

#define BLOCK_SIZE 65536

struct pleura_arena_block {
    struct pleura_arena_block *next;
    size_t used, size;
    _Alignas(16) unsigned char bytes[];
};

void *pleura_arena_alloc_raw(pleura_arena *arena, size_t size)
{
    if (size > SIZE_MAX / 2)
        return NULL;
    size = (size + 15) & ~(size_t)15;
    struct pleura_arena_block *block = arena->blocks;
    if (!block || block->size - block->used < size) {
        size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;
        block = pleura_alloc(sizeof *block + room);
        if (!block)
            return NULL;
        block->used = 0;
        block->size = room;
        /* A large piece has a block of its own, put behind the current one to keep that one's room. */
        if (size > BLOCK_SIZE && arena->blocks) {
            block->next = arena->blocks->next;
            arena->blocks->next = block;
        } else {
            block->next = arena->blocks;
            arena->blocks = block;
        }
    }
    void *piece = block->bytes + block->used;
    block->used += size;
    return piece;
}

void *pleura_arena_alloc(pleura_arena *arena, size_t size)
{
    void *piece = pleura_arena_alloc_raw(arena, size);
    return piece ? memset(piece, 0, size) : NULL;
}

char *pleura_arena_text(pleura_arena *arena, const char *text, size_t length)
{
    char *copy = length < SIZE_MAX ? pleura_arena_alloc(arena, length + 1) : NULL;
    if (copy && length)
        memcpy(copy, text, length);
    return copy;
}

void pleura_arena_free(pleura_arena *arena)
{
    while (arena->blocks) {
        struct pleura_arena_block *next = arena->blocks->next;
        pleura_free(arena->blocks);
        arena->blocks = next;
    }
}
