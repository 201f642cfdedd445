/*
 * Every allocation of the module, XNNPACK's and the C library's among them, asks JavaScript first
 * whether it shall fail: the linker's --wrap puts these in place of the allocator's functions.
 */
#include <emscripten.h>
#include <errno.h>
#include <stdlib.h>

EM_JS(int, refused, (void), { return Module["refused"](); })

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void *__real_memalign(size_t alignment, size_t size);
void __real_free(void *block);

static int live;

/* How many blocks there are. */
EMSCRIPTEN_KEEPALIVE int pleura_failing_live(void)
{
    return live;
}

static void *counted(void *block)
{
    live += block != NULL;
    return block;
}

void *__wrap_malloc(size_t size)
{
    return refused() ? NULL : counted(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
    return refused() ? NULL : counted(__real_calloc(count, size));
}

void *__wrap_realloc(void *block, size_t size)
{
    if (block == NULL)
        return __wrap_malloc(size);
    return refused() ? NULL : __real_realloc(block, size);
}

void *__wrap_memalign(size_t alignment, size_t size)
{
    return refused() ? NULL : counted(__real_memalign(alignment, size));
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return __wrap_memalign(alignment, size);
}

int __wrap_posix_memalign(void **block, size_t alignment, size_t size)
{
    *block = __wrap_memalign(alignment, size);
    return *block ? 0 : ENOMEM;
}

void __wrap_free(void *block)
{
    live -= block != NULL;
    __real_free(block);
}
