#include "plan.h"

#include "../clock.h"
#include "../error.h"

#include <pthreadpool.h>
#include <string.h>

pleura_tensor *pleura_plan_tensor(pleura_plan *plan, const pleura_dims *dims, size_t element_size)
{
    pleura_tensor *tensor = pleura_arena_alloc(&plan->keep, sizeof *tensor);
    if (!tensor)
        return NULL;
    tensor->dims = *dims;
    tensor->element_size = element_size;
    tensor->rows = tensor->width = 1;
    for (size_t i = 0; i + 1 < dims->rank; i++)
        tensor->rows *= dims->size[i];
    if (dims->rank)
        tensor->width = dims->size[dims->rank - 1];
    if (!plan->tensors_end)
        plan->tensors_end = &plan->tensors;
    *plan->tensors_end = tensor;
    plan->tensors_end = &tensor->next;
    return tensor;
}

pleura_tensor *pleura_plan_view(pleura_plan *plan, pleura_tensor *within, size_t column,
                                size_t width)
{
    pleura_dims dims = {2, {within->rows, width}};
    pleura_tensor *view = pleura_plan_tensor(plan, &dims, within->element_size);
    if (!view)
        return NULL;
    view->within = within;
    view->column = column;
    return view;
}

pleura_tensor *pleura_plan_flat(pleura_plan *plan, pleura_tensor *tensor, size_t width)
{
    pleura_dims dims = {2, {tensor->rows * tensor->width / width, width}};
    pleura_tensor *flat = pleura_plan_tensor(plan, &dims, tensor->element_size);
    if (!flat)
        return NULL;
    flat->within = tensor;
    tensor->packed = true;
    return flat;
}

pleura_step *pleura_plan_step(pleura_plan *plan, const pleura_step_kind *kind, pleura_tensor *first,
                              pleura_tensor *second, pleura_tensor *output)
{
    pleura_step *step = pleura_arena_alloc(&plan->keep, sizeof *step);
    if (!step)
        return NULL;
    step->kind = kind;
    step->plan = plan;
    step->inputs[0] = first;
    step->inputs[1] = second;
    step->output = output;
    for (size_t i = 0; i < PLEURA_STEP_INPUTS; i++)
        if (step->inputs[i] && !kind->strided_input)
            step->inputs[i]->packed = true;
    if (!kind->strided_output)
        output->packed = true;
    if (!plan->steps_end)
        plan->steps_end = &plan->steps;
    *plan->steps_end = step;
    plan->steps_end = &step->next;
    plan->step_count++;
    return step;
}

/* ---- Addresses ---- */

void *pleura_plan_writable(const pleura_plan *plan, const pleura_tensor *tensor)
{
    return plan->memory + tensor->buffer->at + tensor->offset * tensor->element_size;
}

const void *pleura_step_input(const pleura_step *step, size_t index)
{
    return pleura_plan_address(step->plan, step->inputs[index]);
}

const void *pleura_plan_address(const pleura_plan *plan, const pleura_tensor *tensor)
{
    return tensor->data ? tensor->data : pleura_plan_writable(plan, tensor);
}

void *pleura_step_output(const pleura_step *step)
{
    return pleura_plan_writable(step->plan, step->output);
}

void *pleura_step_workspace(const pleura_step *step)
{
    return step->plan->memory + step->scratch;
}

/* ---- Copies ---- */

typedef struct copying {
    const char *from;
    char *to;
    size_t from_stride, to_stride, bytes;
} copying;

static void copy_row(void *context, size_t row)
{
    const copying *c = context;
    memcpy(c->to + row * c->to_stride, c->from + row * c->from_stride, c->bytes);
}

/* If the two ends are different matrices, one of them is packed: it is cut like the other. */
static enum xnn_status run_copy(const pleura_step *step, pthreadpool_t threads)
{
    const pleura_tensor *from = step->inputs[0], *to = step->output;
    const pleura_tensor *cut = from->packed ? to : from;
    size_t size = from->element_size, width = cut->width * size;
    copying c = {.from = pleura_step_input(step, 0),
                 .to = pleura_step_output(step),
                 .from_stride = cut == from || from->rows == to->rows ? from->stride * size : width,
                 .to_stride = cut == to || from->rows == to->rows ? to->stride * size : width,
                 .bytes = width};
    pthreadpool_parallelize_1d(threads, copy_row, &c, cut->rows, 0);
    return xnn_status_success;
}

const pleura_step_kind pleura_copy = {
    .name = "copy", .strided_input = true, .strided_output = true, .run = run_copy};

/* ---- Running ---- */

static enum xnn_status run_step(const pleura_step *step, pthreadpool_t threads)
{
    return step->kind->run ? step->kind->run(step, threads)
                           : xnn_run_operator(step->operator, threads);
}

enum xnn_status pleura_plan_run(const pleura_plan *plan, pthreadpool_t threads)
{
    for (pleura_step *step = plan->steps; step; step = step->next) {
        if (step->elided)
            continue;
        double start = plan->timed ? pleura_clock_ms() : 0;
        enum xnn_status status = run_step(step, threads);
        if (status != xnn_status_success)
            return status;
        if (plan->timed)
            step->ms += pleura_clock_ms() - start;
    }
    return xnn_status_success;
}

void pleura_plan_free(pleura_plan *plan)
{
    for (pleura_step *step = plan->steps; step; step = step->next) {
        if (step->operator)
            xnn_delete_operator(step->operator);
        if (step->kind->release)
            step->kind->release(step);
    }
    pleura_free(plan->allocation);
    pleura_arena_free(&plan->keep);
    memset(plan, 0, sizeof *plan);
}
