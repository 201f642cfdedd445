/* Which nodes compute in integers, and all of them but the convolutions. */
#include "integers.h"

#include "../graph/fold.h"
#include "../graph/window.h"

#include <math.h>
#include <pthreadpool.h>

/* ---- Values as steps ---- */

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

/* Of the value's own floats, or of those that a node rounds to make it. */
static pleura_tensor *round_to_steps(pleura_lowering *l, uint32_t source, uint32_t value,
                                     const pleura_qframe *frame, pleura_tensor *to)
{
    bool planes;
    pleura_tensor *from = pleura_use_floats(l, source, &planes);
    return convert(l, value, &quantise, from, planes, frame, to);
}

static pleura_qframe no_frame(const pleura_value *value)
{
    return (pleura_qframe){.stride = (uint32_t)pleura_q_stride((size_t)value->dims[1])};
}

pleura_tensor *pleura_use_steps(pleura_lowering *l, uint32_t value)
{
    pleura_tensor *there = l->tensors[value][PLEURA_STEPS];
    pleura_qframe frame = no_frame(&l->graph->values[value]);
    return there ? there : round_to_steps(l, value, value, &frame, pleura_make_steps(l, value));
}

pleura_tensor *pleura_make_framed(pleura_lowering *l, uint32_t index, const pleura_qframe *frame)
{
    const pleura_value *value = &l->graph->values[index];
    size_t height = frame->top + (size_t)value->dims[2] + frame->bottom;
    size_t width = frame->left + (size_t)value->dims[3] + frame->right;
    pleura_dims dims = {4, {1, height, width, frame->stride}};
    uint32_t source = l->graph->nodes[value->producer].inputs[0];
    return round_to_steps(l, source, index, frame, new_steps(l, &dims));
}

void pleura_lower_dequantised(pleura_lowering *l, uint32_t index)
{
    const pleura_value *value = &l->graph->values[index];
    pleura_form form = value->rank == 4 ? PLEURA_NHWC : PLEURA_PLAIN;
    pleura_qframe frame = no_frame(value);
    pleura_tensor *from = l->tensors[index][PLEURA_STEPS];
    convert(l, index, &dequantise, from, false, &frame, pleura_lower_make(l, index, form));
}

/* A QuantizeLinear after which all go on with the grid. */
static bool round_input(pleura_lowering *l, const pleura_node *node)
{
    pleura_steps steps;
    const pleura_value *output = &l->graph->values[node->output];
    if (!pleura_steps_made(l->graph, node, &steps) || output->grid == NULL ||
        l->graph->values[node->inputs[0]].data)
        return false;
    if (pleura_integer_frames(l, node->output))
        return true;
    pleura_qframe frame = no_frame(output);
    round_to_steps(l, node->inputs[0], node->output, &frame, pleura_make_steps(l, node->output));
    return true;
}

/* ---- Element by element ---- */

typedef struct pairing {
    float ratio[2];
    int16_t low, high;
} pairing;

#define CHUNK 4096 /* elements that a thread takes at once */

typedef struct spread {
    const pairing *p;
    const int16_t *a, *b;
    int16_t *output;
} spread;

static void add_chunk(void *context, size_t begin, size_t count)
{
    const spread *s = context;
    pleura_q_add(s->a + begin, s->b + begin, count, s->p->ratio[0], s->p->ratio[1], s->p->low,
                 s->p->high, s->output + begin);
}

static void rescale_chunk(void *context, size_t begin, size_t count)
{
    const spread *s = context;
    pleura_q_rescale(s->a + begin, count, s->p->ratio[0], s->p->low, s->p->high, s->output + begin);
}

static enum xnn_status run_elementwise(const pleura_step *step, pthreadpool_t threads)
{
    bool two = step->inputs[1];
    spread s = {.p = step->context,
                .a = pleura_step_input(step, 0),
                .b = two ? pleura_step_input(step, 1) : NULL,
                .output = pleura_step_output(step)};
    pthreadpool_parallelize_1d_tile_1d(threads, two ? add_chunk : rescale_chunk, &s,
                                       step->output->rows * step->output->width, CHUNK, 0);
    return xnn_status_success;
}

static const pleura_step_kind elementwise = {
    .name = "integer sum", .in_place = true, .run = run_elementwise};

static bool same_shape(const pleura_value *a, const pleura_value *b)
{
    bool same = a->rank == b->rank;
    for (int i = 0; same && i < a->rank; i++)
        same = a->dims[i] == b->dims[i];
    return same;
}

/* A sum of two, or one brought to another grid or between bounds. */
static bool lower_elementwise(pleura_lowering *l, const pleura_node *node)
{
    const pleura_value *output = &l->graph->values[node->output];
    pleura_steps in[2], out;
    size_t count = node->op == PLEURA_OP_Add ? 2 : 1;
    if (!pleura_steps_made(l->graph, node, &out) || (count == 1 && node->input_count > 1))
        return false;
    for (size_t i = 0; i < count; i++) {
        const pleura_value *input = &l->graph->values[node->inputs[i]];
        if (!pleura_steps_of(input, &in[i]) || !same_shape(input, output))
            return false;
    }
    pairing *p = pleura_lower_keep(l, sizeof *p);
    pleura_tensor *a = pleura_use_steps(l, node->inputs[0]);
    pleura_tensor *b = count > 1 ? pleura_use_steps(l, node->inputs[1]) : NULL;
    pleura_tensor *y = pleura_make_steps(l, node->output);
    pleura_step *step = pleura_lower_step(l, node, &elementwise, a, b, y);
    if (!step)
        return true;
    *p = (pairing){.low = out.low, .high = out.high};
    for (size_t i = 0; i < count; i++)
        p->ratio[i] = in[i].scale / out.scale;
    step->context = p;
    return true;
}

/* The same numbers in the same order, where only the channels are many. */
static bool lower_reshape(pleura_lowering *l, const pleura_node *node)
{
    const pleura_value *x = &l->graph->values[node->inputs[0]];
    const pleura_value *y = &l->graph->values[node->output];
    pleura_steps in, out;
    if (!pleura_steps_of(x, &in) || !pleura_steps_made(l->graph, node, &out) ||
        in.scale != out.scale || in.low != out.low || in.high != out.high || x->dims[0] != 1 ||
        y->dims[0] != 1 || x->dims[1] != y->dims[1] || pleura_value_elements(x) != x->dims[1])
        return false;
    pleura_tensor *from = pleura_use_steps(l, node->inputs[0]);
    pleura_lower_copy(l, node, from, pleura_make_steps(l, node->output));
    return true;
}

/* ---- Pooling ---- */

typedef struct pooling {
    const pleura_qpool *pool;
    const int16_t *input;
    int16_t *output;
} pooling;

static void pool_row(void *context, size_t row)
{
    const pooling *p = context;
    pleura_qpool_row(p->pool, p->input, p->output, row);
}

static enum xnn_status run_pool(const pleura_step *step, pthreadpool_t threads)
{
    pooling p = {step->context, pleura_step_input(step, 0), pleura_step_output(step)};
    pthreadpool_parallelize_1d(threads, pool_row, &p, p.pool->out_height, 0);
    return xnn_status_success;
}

static const pleura_step_kind pool_kind = {.name = "integer pooling", .run = run_pool};

static bool whole_image(const pleura_lowering *l, const pleura_node *node)
{
    bool reduced[PLEURA_MAX_RANK] = {false};
    if (node->op == PLEURA_OP_GlobalAveragePool)
        return true;
    return pleura_node_axes(l->graph, node, reduced, NULL, NULL) == PLEURA_OK && !reduced[0] &&
           !reduced[1] && reduced[2] && reduced[3];
}

static bool window_of(pleura_lowering *l, const pleura_node *node, pleura_qpool *pool)
{
    pleura_window w;
    for (int i = 0; i < 4; i++)
        if (node->extra_pads[i])
            return false;
    l->code = pleura_window_resolve(l->graph, node, NULL, &w, l->error);
    if (l->code != PLEURA_OK || w.pad_begin[0] < 0 || w.pad_begin[1] < 0)
        return false;
    pool->out_height = (uint32_t)w.output[0];
    pool->out_width = (uint32_t)w.output[1];
    pool->average = node->op == PLEURA_OP_AveragePool;
    pool->count_padding = pool->average && pleura_node_int(node, "count_include_pad", 0);
    pool->padded_height = (uint32_t)(pool->height + w.pad_end[0] - w.ceil_pad[0]);
    pool->padded_width = (uint32_t)(pool->width + w.pad_end[1] - w.ceil_pad[1]);
    for (int i = 0; i < 2; i++) {
        pool->kernel[i] = (uint32_t)w.kernel[i];
        pool->stride[i] = (uint32_t)w.stride[i];
        pool->dilation[i] = (uint32_t)w.dilation[i];
        pool->pad[i] = (uint32_t)w.pad_begin[i];
    }
    return true;
}

static bool lower_pool(pleura_lowering *l, const pleura_node *node)
{
    const pleura_value *x = &l->graph->values[node->inputs[0]];
    bool whole = node->op != PLEURA_OP_AveragePool && node->op != PLEURA_OP_MaxPool;
    pleura_steps in, out;
    if (!pleura_steps_of(x, &in) || !pleura_steps_made(l->graph, node, &out) || x->rank != 4 ||
        node->part || (whole && !whole_image(l, node)))
        return false;
    pleura_qpool *pool = pleura_lower_keep(l, sizeof *pool);
    if (!pool)
        return true;
    uint32_t height = (uint32_t)x->dims[2], width = (uint32_t)x->dims[3];
    *pool = (pleura_qpool){.height = height,
                           .width = width,
                           .channels = (uint32_t)x->dims[1],
                           .out_height = 1,
                           .out_width = 1,
                           .kernel = {height, width},
                           .stride = {1, 1},
                           .dilation = {1, 1},
                           .average = true,
                           .ratio = in.scale / out.scale,
                           .low = out.low,
                           .high = out.high};
    if (!whole && !window_of(l, node, pool))
        return l->code != PLEURA_OK;
    pleura_tensor *from = pleura_use_steps(l, node->inputs[0]);
    pleura_step *step =
        pleura_lower_step(l, node, &pool_kind, from, NULL, pleura_make_steps(l, node->output));
    if (step)
        step->context = pool;
    return true;
}

/* ---- Concatenation of channels ---- */

typedef struct joining {
    size_t channels, all, offset;
    pairing pairing;
} joining;

static enum xnn_status run_join(const pleura_step *step, pthreadpool_t threads)
{
    const joining *j = step->context;
    (void)threads;
    pleura_q_place(pleura_step_input(step, 0), step->output->rows, j->channels, j->pairing.ratio[0],
                   j->pairing.low, j->pairing.high, pleura_step_output(step), j->all, j->offset);
    return xnn_status_success;
}

static const pleura_step_kind join = {.name = "integer concatenation", .run = run_join};

static bool lower_concat(pleura_lowering *l, const pleura_node *node)
{
    const pleura_value *y = &l->graph->values[node->output];
    pleura_steps in, out;
    if (!pleura_steps_made(l->graph, node, &out) ||
        pleura_axis(pleura_node_int(node, "axis", 1), y->rank) != 1)
        return false;
    for (size_t i = 0; i < node->input_count; i++)
        if (!pleura_steps_of(&l->graph->values[node->inputs[i]], &in))
            return false;
    pleura_tensor *to = NULL;
    size_t offset = 0;
    for (size_t i = 0; i < node->input_count; i++) {
        const pleura_value *x = &l->graph->values[node->inputs[i]];
        joining *j = pleura_lower_keep(l, sizeof *j);
        pleura_tensor *from = pleura_use_steps(l, node->inputs[i]);
        to = to ? to : pleura_make_steps(l, node->output);
        pleura_step *step = pleura_lower_step(l, node, &join, from, NULL, to);
        if (!step)
            return true;
        pleura_steps_of(x, &in);
        *j = (joining){(size_t)x->dims[1],
                       (size_t)y->dims[1],
                       offset,
                       {{in.scale / out.scale}, out.low, out.high}};
        step->context = j;
        offset += j->channels;
    }
    return true;
}

/* ---- The choice ---- */

bool pleura_lower_integers(pleura_lowering *l, const pleura_node *node)
{
    switch (node->op) {
    case PLEURA_OP_Conv:
    case PLEURA_OP_Gemm:
    case PLEURA_OP_MatMul:
        return pleura_integer_convolution(l, node);
    case PLEURA_OP_Identity:
        return round_input(l, node);
    case PLEURA_OP_Add:
    case PLEURA_OP_Clip:
    case PLEURA_OP_Relu:
        return lower_elementwise(l, node);
    case PLEURA_OP_AveragePool:
    case PLEURA_OP_GlobalAveragePool:
    case PLEURA_OP_MaxPool:
    case PLEURA_OP_ReduceMean:
        return lower_pool(l, node);
    case PLEURA_OP_Concat:
        return lower_concat(l, node);
    case PLEURA_OP_Flatten:
    case PLEURA_OP_Reshape:
    case PLEURA_OP_Squeeze:
    case PLEURA_OP_Unsqueeze:
        return lower_reshape(l, node);
    default:
        return false;
    }
}
