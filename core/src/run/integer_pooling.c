/* Maxima and means of windows, or of the whole image. */
#include "integers.h"

#include "../graph/arguments.h"
#include "../graph/window.h"

#include <pthreadpool.h>

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

bool pleura_integer_pooling(pleura_lowering *l, const pleura_node *node)
{
    const pleura_value *x = &l->graph->values[node->inputs[0]];
    bool whole = node->op != PLEURA_OP_AveragePool && node->op != PLEURA_OP_MaxPool;
    pleura_steps in, out;
    if (!pleura_steps_of(x, &in) || !pleura_steps_made(l->graph, node, &out) || x->rank != 4 ||
        node->part || (whole && !pleura_node_averages_image(l->graph, node)))
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
