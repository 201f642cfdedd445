/* Values as steps: which may be, the tensors for them, and the ways from floats and back. */
#include "integers.h"

#include <math.h>

bool pleura_steps_of(const pleura_value *value, pleura_steps *steps)
{
    const pleura_grid *grid = value->grid;
    if (!grid || value->data || grid->count != 1 || value->element != PLEURA_FLOAT)
        return false;
    if ((value->rank != 4 && value->rank != 2) || (value->rank == 4 && value->dims[0] != 1))
        return false;
    if (grid->type != PLEURA_INT8 && grid->type != PLEURA_UINT8)
        return false;
    int32_t least = grid->type == PLEURA_INT8 ? -128 : 0, zero = grid->zeros[0];
    if (zero < least || zero > least + 255 || !isnormal(grid->scales[0]) || grid->scales[0] < 0)
        return false;
    *steps =
        (pleura_steps){grid->scales[0], (int16_t)(least - zero), (int16_t)(least + 255 - zero)};
    return true;
}

static int16_t bound(float real, const pleura_steps *steps)
{
    float step = nearbyintf(real / steps->scale);
    return step < steps->low ? steps->low : step > steps->high ? steps->high : (int16_t)step;
}

bool pleura_steps_made(const pleura_graph *graph, const pleura_node *node, pleura_steps *steps)
{
    pleura_steps grid;
    if (!pleura_steps_of(&graph->values[node->output], &grid) || isnan(node->clamp_min) ||
        isnan(node->clamp_max))
        return false;
    *steps =
        (pleura_steps){grid.scale, bound(node->clamp_min, &grid), bound(node->clamp_max, &grid)};
    return steps->low <= steps->high;
}

static pleura_tensor *new_steps(pleura_lowering *l, pleura_dims *dims)
{
    pleura_tensor *tensor = pleura_lower_temporary(l, dims);
    if (tensor)
        tensor->element_size = sizeof(int16_t);
    return tensor;
}

pleura_tensor *pleura_make_steps(pleura_lowering *l, uint32_t index)
{
    const pleura_value *value = &l->graph->values[index];
    pleura_form form = value->rank == 4 ? PLEURA_NHWC : PLEURA_PLAIN;
    pleura_dims dims = pleura_value_dims(value, form);
    dims.size[dims.rank - 1] = pleura_q_stride(dims.size[dims.rank - 1]);
    return l->tensors[index][PLEURA_STEPS] = new_steps(l, &dims);
}

/* ---- From floats and back ---- */

typedef struct rounding {
    pleura_qimage image; /* without its data */
    pleura_qframe frame;
    pleura_steps steps;
} rounding;

static enum xnn_status run_quantise(const pleura_step *step, pthreadpool_t threads)
{
    const rounding *r = step->context;
    pleura_qimage image = r->image;
    (void)threads;
    image.data = pleura_step_input(step, 0);
    pleura_q_quantise(&image, r->steps.scale, r->steps.low, r->steps.high, &r->frame,
                      pleura_step_output(step));
    return xnn_status_success;
}

static const pleura_step_kind quantise = {.name = "quantise", .run = run_quantise};

static enum xnn_status run_dequantise(const pleura_step *step, pthreadpool_t threads)
{
    const rounding *r = step->context;
    const pleura_tensor *y = step->output;
    (void)threads;
    pleura_q_dequantise(pleura_step_input(step, 0), y->rows, y->width, r->steps.scale,
                        pleura_step_output(step), y->stride);
    return xnn_status_success;
}

static const pleura_step_kind dequantise = {
    .name = "dequantise", .strided_output = true, .run = run_dequantise};

/* A step between the floats of a value and its steps. */
static pleura_tensor *convert(pleura_lowering *l, uint32_t index, const pleura_step_kind *kind,
                              pleura_tensor *from, bool planes, const pleura_qframe *frame,
                              pleura_tensor *to)
{
    const pleura_value *value = &l->graph->values[index];
    rounding *r = pleura_lower_keep(l, sizeof *r);
    pleura_step *step = pleura_lower_step(l, NULL, kind, from, NULL, to);
    if (!r || !step)
        return NULL;
    pleura_steps_of(value, &r->steps);
    bool image = value->rank == 4;
    r->image = (pleura_qimage){.height = (uint32_t)(image ? value->dims[2] : value->dims[0]),
                               .width = (uint32_t)(image ? value->dims[3] : 1),
                               .channels = (uint32_t)value->dims[1],
                               .planes = planes};
    r->frame = *frame;
    step->context = r;
    return to;
}

pleura_tensor *pleura_use_floats(pleura_lowering *l, uint32_t value, bool *planes)
{
    pleura_form form = pleura_lower_present_form(l, value);
    *planes = form == PLEURA_PLAIN && l->graph->values[value].rank == 4;
    return pleura_lower_use(l, value, form);
}

pleura_tensor *pleura_round_to_steps(pleura_lowering *l, uint32_t source, uint32_t value,
                                     const pleura_qframe *frame, pleura_tensor *to)
{
    bool planes;
    pleura_tensor *from = pleura_use_floats(l, source, &planes);
    return convert(l, value, &quantise, from, planes, frame, to);
}

pleura_qframe pleura_no_frame(const pleura_value *value)
{
    return (pleura_qframe){.stride = (uint32_t)pleura_q_stride((size_t)value->dims[1])};
}

pleura_tensor *pleura_use_steps(pleura_lowering *l, uint32_t value)
{
    pleura_tensor *there = l->tensors[value][PLEURA_STEPS];
    pleura_qframe frame = pleura_no_frame(&l->graph->values[value]);
    return there ? there
                 : pleura_round_to_steps(l, value, value, &frame, pleura_make_steps(l, value));
}

pleura_tensor *pleura_make_framed(pleura_lowering *l, uint32_t index, const pleura_qframe *frame)
{
    const pleura_value *value = &l->graph->values[index];
    size_t height = frame->top + (size_t)value->dims[2] + frame->bottom;
    size_t width = frame->left + (size_t)value->dims[3] + frame->right;
    pleura_dims dims = {4, {1, height, width, frame->stride}};
    uint32_t source = l->graph->nodes[value->producer].inputs[0];
    return pleura_round_to_steps(l, source, index, frame, new_steps(l, &dims));
}

void pleura_lower_dequantised(pleura_lowering *l, uint32_t index)
{
    const pleura_value *value = &l->graph->values[index];
    pleura_form form = value->rank == 4 ? PLEURA_NHWC : PLEURA_PLAIN;
    pleura_qframe frame = pleura_no_frame(value);
    pleura_tensor *from = l->tensors[index][PLEURA_STEPS];
    convert(l, index, &dequantise, from, false, &frame, pleura_lower_make(l, index, form));
}
