/*
 * Copies that need not be made. Concatenation, slicing and reshaping are declared as copies; here
 * each is saved whose two ends can have one place, by making the one end a view of the other:
 *
 *   - what is joined is written straight into the joined tensor, with gaps between its rows;
 *   - what is joined already lies side by side in a larger tensor (DenseNet joins all that it made so
 *     far, again and again), so the joined tensor is a view of that;
 *   - what is cut out is read where it is;
 *   - the same elements under other dimensions are the same memory.
 *
 * The largest tensor that is joined or cut goes first: afterwards its place is final, and what lies
 * in it can be given one.
 */
#include "../error.h"
#include "plan.h"

#include <stdlib.h>

static pleura_tensor *owner(pleura_tensor *tensor)
{
    while (tensor->within)
        tensor = tensor->within;
    return tensor;
}

static size_t stride_of(const pleura_tensor *tensor)
{
    while (tensor->within && tensor->within->rows == tensor->rows)
        tensor = tensor->within;
    return tensor->width;
}

static size_t offset_of(const pleura_tensor *tensor)
{
    size_t offset = tensor->column;
    while ((tensor = tensor->within))
        offset += tensor->column;
    return offset;
}

static bool has_gaps(const pleura_tensor *tensor)
{
    return tensor->rows > 1 && stride_of(tensor) != tensor->width;
}

/* From now on, nothing that `tensor` lies in may get gaps. */
static void keep_packed(pleura_tensor *tensor)
{
    for (; tensor; tensor = tensor->within)
        tensor->packed = true;
}

/* Puts a tensor that has no place yet where another one is, of as many elements. */
static bool put(pleura_tensor *tensor, pleura_tensor *where)
{
    bool same_rows = tensor->rows == where->rows;
    if (tensor->within || tensor->data || where->data || owner(where) == tensor)
        return false;
    if (has_gaps(where) && (tensor->packed || !same_rows))
        return false;
    if (tensor->rows > 1 && (tensor->packed || !same_rows))
        keep_packed(where);
    tensor->within = where;
    tensor->column = 0;
    return true;
}

/* ---- Joins: consecutive copies into parts of one tensor ---- */

static bool is_join(const pleura_step *step)
{
    return step->output->within != NULL;
}

/* If the parts lie side by side in a larger tensor, makes the joined one a view of it. */
static bool join_is_there(pleura_step *first, size_t count)
{
    pleura_tensor *joined = first->output->within, *part = first->inputs[0], *around = part;
    size_t begin = offset_of(part), next = begin;
    if (joined->within || !part->within)
        return false;
    pleura_step *step = first;
    for (size_t i = 0; i < count; i++, step = step->next) {
        pleura_tensor *p = step->inputs[0];
        if (p->data || p->rows != joined->rows || owner(p) != owner(part) || offset_of(p) != next ||
            stride_of(p) != stride_of(part))
            return false;
        next += p->width;
    }
    while (around && around->rows == joined->rows &&
           offset_of(around) + around->width < begin + joined->width)
        around = around->within;
    bool gaps = joined->rows > 1 && stride_of(part) != joined->width;
    if (!around || around->rows != joined->rows || next - begin != joined->width ||
        owner(around) == joined || (gaps && joined->packed))
        return false;
    joined->within = around;
    joined->column = begin - offset_of(around);
    for (step = first; count-- > 0; step = step->next)
        step->elided = true;
    return true;
}

/* ---- Largest first ---- */

typedef struct copy_group {
    pleura_step *first;
    size_t count, elements, order;
} copy_group;

static int by_size(const void *a, const void *b)
{
    const copy_group *left = a, *right = b;
    if (left->elements != right->elements)
        return left->elements < right->elements ? 1 : -1;
    return left->order < right->order ? -1 : 1;
}

static size_t around(pleura_tensor *tensor)
{
    const pleura_tensor *all = owner(tensor);
    return all->rows * all->width;
}

static size_t collect(const pleura_plan *plan, copy_group *groups)
{
    size_t count = 0;
    for (pleura_step *step = plan->steps; step; step = step->next) {
        if (step->kind != &pleura_copy)
            continue;
        copy_group *last = count ? &groups[count - 1] : NULL;
        if (last && is_join(step) && is_join(last->first) &&
            step->output->within == last->first->output->within) {
            last->count++;
            continue;
        }
        size_t in = around(step->inputs[0]), out = around(step->output);
        groups[count] = (copy_group){step, 1, in > out ? in : out, count};
        count++;
    }
    return count;
}

static void place_group(copy_group *group)
{
    if (is_join(group->first) && join_is_there(group->first, group->count))
        return;
    pleura_step *step = group->first;
    for (size_t i = 0; i < group->count; i++, step = step->next)
        step->elided = put(step->inputs[0], step->output) || put(step->output, step->inputs[0]);
}

pleura_code pleura_plan_place(pleura_plan *plan, pleura_error *error)
{
    size_t size = plan->step_count * sizeof(copy_group);
    copy_group *groups = pleura_alloc(size);
    if (!groups)
        return pleura_fail_memory(error, size, "the network's plan");
    size_t count = collect(plan, groups);
    qsort(groups, count, sizeof *groups, by_size);
    for (size_t i = 0; i < count; i++)
        place_group(&groups[i]);
    pleura_free(groups);
    for (pleura_tensor *tensor = plan->tensors; tensor; tensor = tensor->next) {
        tensor->buffer = owner(tensor);
        tensor->stride = stride_of(tensor);
        tensor->offset = offset_of(tensor);
    }
    return PLEURA_OK;
}
