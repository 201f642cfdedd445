/* Sums, and numbers brought to another grid or between bounds, beside one another for a concatenation. */
#include "integers.h"

#include "../graph/arguments.h"

#include <pthreadpool.h>

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

/* A sum of two, or one brought to another grid or between bounds. */
bool pleura_integer_elementwise(pleura_lowering *l, const pleura_node *node)
{
    const pleura_value *output = &l->graph->values[node->output];
    pleura_steps in[2], out;
    size_t count = node->op == PLEURA_OP_Add ? 2 : 1;
    if (!pleura_steps_made(l->graph, node, &out) || (count == 1 && node->input_count > 1))
        return false;
    for (size_t i = 0; i < count; i++) {
        const pleura_value *input = &l->graph->values[node->inputs[i]];
        if (!pleura_steps_of(input, &in[i]) || !pleura_same_shape(input, output))
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

bool pleura_integer_concat(pleura_lowering *l, const pleura_node *node)
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
