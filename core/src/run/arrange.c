/*
 * Where every buffer is. Buffers whose lifetimes overlap must not overlap in memory; otherwise they
 * may. Finding the smallest arena is NP-hard; placing the largest first, each into the tightest gap
 * that is free while it lives, comes within a few per cent of the peak of what is alive.
 */
#include "../error.h"
#include "plan.h"

#include <stdlib.h>
#include <string.h>

/* ---- Lifetimes ---- */

static void touch(pleura_tensor *tensor, size_t step)
{
    pleura_tensor *buffer = tensor->buffer;
    if (tensor->data)
        return;
    if (!buffer->size) {
        buffer->size = buffer->rows * buffer->width * buffer->element_size;
        buffer->first = buffer->last = step;
    }
    if (step < buffer->first)
        buffer->first = step;
    if (step > buffer->last)
        buffer->last = step;
}

static void find_lifetimes(pleura_plan *plan)
{
    size_t index = 0;
    for (pleura_step *step = plan->steps; step; step = step->next, index++) {
        if (step->elided)
            continue;
        for (size_t i = 0; i < PLEURA_STEP_INPUTS; i++)
            if (step->inputs[i])
                touch(step->inputs[i], index);
        touch(step->output, index);
    }
    for (pleura_tensor *tensor = plan->tensors; tensor; tensor = tensor->next)
        if (tensor->kept) {
            touch(tensor, 0);
            touch(tensor, plan->step_count);
        }
}

static bool is_whole(const pleura_tensor *tensor)
{
    const pleura_tensor *buffer = tensor->buffer;
    return !tensor->data && tensor->offset == 0 && tensor->rows == buffer->rows &&
           tensor->width == buffer->width && tensor->element_size == buffer->element_size;
}

/* The buffer of a tensor, through those that were merged into others. */
static pleura_tensor *merged(const pleura_tensor *tensor)
{
    pleura_tensor *buffer = tensor->buffer;
    while (buffer->buffer != buffer)
        buffer = buffer->buffer;
    return buffer;
}

/* A step that may write over its first input does, where that input ends and the output begins. */
static void work_in_place(pleura_plan *plan)
{
    size_t index = 0;
    for (pleura_step *step = plan->steps; step; step = step->next, index++) {
        pleura_tensor *in = step->inputs[0], *out = step->output;
        if (step->elided || !step->kind->in_place || !is_whole(in) || !is_whole(out) ||
            in->rows != out->rows || in->width != out->width ||
            in->element_size != out->element_size)
            continue;
        pleura_tensor *over = merged(in), *gone = merged(out);
        bool aliased = false; /* another input is a part of what would be written over */
        for (size_t i = 1; i < PLEURA_STEP_INPUTS; i++) {
            const pleura_tensor *other = step->inputs[i];
            aliased = aliased || (other && other != in && merged(other) == over);
        }
        if (over == gone || aliased || over->last != index || gone->first != index)
            continue;
        over->last = gone->last;
        gone->buffer = over;
    }
    for (pleura_tensor *tensor = plan->tensors; tensor; tensor = tensor->next)
        tensor->buffer = merged(tensor);
}

/* ---- Offsets ---- */

typedef struct block {
    size_t first, last, size, at;
    size_t *result; /* where `at` is wanted */
} block;

static int largest_first(const void *a, const void *b)
{
    const block *left = a, *right = b;
    if (left->size != right->size)
        return left->size < right->size ? 1 : -1;
    return left->first < right->first ? -1 : left->first > right->first;
}

static size_t round_up(size_t size)
{
    return (size + PLEURA_ALIGNMENT - 1) / PLEURA_ALIGNMENT * PLEURA_ALIGNMENT;
}

static size_t collect(pleura_plan *plan, block *blocks)
{
    size_t count = 0, index = 0;
    for (pleura_tensor *tensor = plan->tensors; tensor; tensor = tensor->next)
        if (tensor->buffer == tensor && tensor->size)
            blocks[count++] =
                (block){tensor->first, tensor->last, round_up(tensor->size), 0, &tensor->at};
    for (pleura_step *step = plan->steps; step; step = step->next, index++)
        if (step->workspace && !step->elided)
            blocks[count++] = (block){index, index, round_up(step->workspace), 0, &step->scratch};
    return count;
}

/* `placed` is in the order of offsets. The tightest gap between those that live beside `b`. */
static size_t find_gap(const block *placed, size_t count, const block *b)
{
    size_t end = 0, best = SIZE_MAX, best_size = SIZE_MAX;
    for (size_t i = 0; i < count; i++) {
        const block *p = &placed[i];
        if (p->last < b->first || b->last < p->first)
            continue;
        size_t gap = p->at > end ? p->at - end : 0;
        if (gap >= b->size && gap < best_size) {
            best = end;
            best_size = gap;
        }
        if (p->at + p->size > end)
            end = p->at + p->size;
    }
    return best == SIZE_MAX ? end : best;
}

/* Gives every block its offset and returns the arena's size. */
static size_t place_blocks(block *blocks, size_t count, block *placed)
{
    size_t total = 0;
    qsort(blocks, count, sizeof *blocks, largest_first);
    for (size_t i = 0; i < count; i++) {
        block *b = &blocks[i];
        *b->result = b->at = find_gap(placed, i, b);
        if (b->size > SIZE_MAX / 2 - b->at)
            return SIZE_MAX / 2; /* which no allocator has */
        size_t before = i;
        while (before > 0 && placed[before - 1].at > b->at)
            before--;
        memmove(&placed[before + 1], &placed[before], (i - before) * sizeof *placed);
        placed[before] = *b;
        if (b->at + b->size > total)
            total = b->at + b->size;
    }
    return total;
}

static size_t count_blocks(const pleura_plan *plan)
{
    size_t count = plan->step_count;
    for (const pleura_tensor *tensor = plan->tensors; tensor; tensor = tensor->next)
        count++;
    return count;
}

pleura_code pleura_plan_arrange(pleura_plan *plan, pleura_error *error)
{
    find_lifetimes(plan);
    work_in_place(plan);
    size_t possible = count_blocks(plan);
    block *blocks = pleura_alloc_zero(2 * possible, sizeof *blocks);
    if (!blocks)
        return pleura_fail_memory(error, 2 * possible * sizeof *blocks, "the network's plan");
    plan->memory_size = place_blocks(blocks, collect(plan, blocks), blocks + possible);
    pleura_free(blocks);
    /* XNNPACK may read (never use) XNN_EXTRA_BYTES past the end of what it reads. */
    size_t size = plan->memory_size + PLEURA_ALIGNMENT + XNN_EXTRA_BYTES;
    plan->allocation = pleura_alloc_zero(size, 1);
    if (!plan->allocation)
        return pleura_fail_memory(error, size, "the network's values");
    plan->memory = (char *)plan->allocation + PLEURA_ALIGNMENT -
                   (uintptr_t)plan->allocation % PLEURA_ALIGNMENT;
    return PLEURA_OK;
}
