/* Convolutions and products with a matrix, in integers: from the graph to a kernel's description. */
#include "integers.h"

#include "../graph/window.h"

#include <math.h>
#include <pthreadpool.h>

/* ---- The layer in steps ---- */

static bool symmetric(const pleura_value *weights)
{
    const pleura_grid *grid = weights->grid;
    if (!grid || !weights->data)
        return false;
    int32_t zero = weights->element == PLEURA_UINT8 ? 128 : 0;
    for (size_t i = 0; i < grid->count; i++)
        if (grid->zeros[i] != zero)
            return false;
    return weights->element == PLEURA_INT8 || weights->element == PLEURA_UINT8;
}

/* Row after row of a matrix that is stored rows x columns, or the other way round; less its zero. */
static const int8_t *weights_of(pleura_lowering *l, const pleura_value *w, size_t rows,
                                size_t columns, bool transposed)
{
    const uint8_t *from = w->data;
    if (w->element == PLEURA_INT8 && !transposed)
        return w->data;
    uint8_t *to = pleura_lower_scratch(l, rows * columns), flip = w->element == PLEURA_UINT8;
    for (size_t r = 0; to && r < rows; r++)
        for (size_t c = 0; c < columns; c++) {
            uint8_t weight = from[transposed ? c * rows + r : r * columns + c];
            to[r * columns + c] = flip ? weight ^ 0x80 : weight;
        }
    return (const int8_t *)to;
}

/* In steps of input x weight: as it stands where it is on that grid, else the nearest. */
static bool bias_step(const pleura_value *bias, size_t index, float step, int32_t *out)
{
    size_t i = pleura_value_elements(bias) == 1 ? 0 : index;
    double real;
    if (bias->element == PLEURA_INT64 && bias->grid) {
        const pleura_grid *grid = bias->grid;
        size_t g = grid->count > 1 ? i : 0;
        int64_t stored = ((const int64_t *)bias->data)[i] - grid->zeros[g];
        real = fabsf(grid->scales[g] - step) <= 1e-6f * step
                   ? (double)stored
                   : (double)stored * (double)grid->scales[g] / (double)step;
    } else if (bias->element == PLEURA_FLOAT) {
        real = (double)((const float *)bias->data)[i] / (double)step;
    } else {
        return false;
    }
    if (!(fabs(real) < INT32_MAX))
        return false;
    *out = (int32_t)nearbyint(real);
    return true;
}

/* Scales and biases, once the rest of the spec is there. */
static bool columns_of(pleura_lowering *l, const pleura_node *node, float in_scale, float out_scale,
                       pleura_qconv_spec *spec)
{
    const pleura_grid *grid = l->graph->values[node->inputs[1]].grid;
    const pleura_value *bias = node->input_count > 2 && node->inputs[2] != PLEURA_NONE
                                   ? &l->graph->values[node->inputs[2]]
                                   : NULL;
    float *scale = pleura_lower_scratch(l, spec->out_channels * sizeof *scale);
    int32_t *steps = pleura_lower_scratch(l, spec->out_channels * sizeof *steps);
    if (!scale || !steps || (bias && !bias->data))
        return false;
    for (size_t o = 0; o < spec->out_channels; o++) {
        float step = in_scale * grid->scales[grid->count > 1 ? o : 0];
        if (node->channel_scale)
            step *= node->channel_scale[o];
        scale[o] = step / out_scale;
        steps[o] = 0; /* scratch holds what was there */
        if (node->channel_shift)
            steps[o] =
                (int32_t)fmaxf(-1e9f, fminf(1e9f, nearbyintf(node->channel_shift[o] / step)));
        else if (bias && !bias_step(bias, o, step, &steps[o]))
            return false;
    }
    spec->scale = scale;
    spec->bias = steps;
    return true;
}

static bool convolution_of(pleura_lowering *l, const pleura_node *node, pleura_qconv_spec *spec)
{
    const pleura_value *x = &l->graph->values[node->inputs[0]];
    const pleura_value *w = &l->graph->values[node->inputs[1]];
    pleura_window window;
    if (x->rank != 4 || w->rank != 4 || (w->grid->count > 1 && w->grid->axis != 0))
        return false;
    l->code = pleura_window_resolve(l->graph, node, w->dims + 2, &window, l->error);
    if (l->code != PLEURA_OK || window.pad_begin[0] < 0 || window.pad_begin[1] < 0)
        return false;
    spec->height = (uint32_t)x->dims[2];
    spec->width = (uint32_t)x->dims[3];
    spec->channels = (uint32_t)x->dims[1];
    spec->out_channels = (uint32_t)w->dims[0];
    spec->out_height = (uint32_t)window.output[0];
    spec->out_width = (uint32_t)window.output[1];
    spec->groups = (uint32_t)pleura_node_int(node, "group", 1);
    for (int i = 0; i < 2; i++) {
        spec->kernel[i] = (uint32_t)window.kernel[i];
        spec->stride[i] = (uint32_t)window.stride[i];
        spec->dilation[i] = (uint32_t)window.dilation[i];
        spec->pad[i] = (uint32_t)window.pad_begin[i];
    }
    size_t columns = (size_t)w->dims[1] * (size_t)w->dims[2] * (size_t)w->dims[3];
    spec->weights = weights_of(l, w, spec->out_channels, columns, false);
    return spec->weights != NULL;
}

/* A fully connected layer is a convolution of as many pixels as there are rows. */
static bool product_of(pleura_lowering *l, const pleura_node *node, pleura_qconv_spec *spec)
{
    const pleura_value *x = &l->graph->values[node->inputs[0]];
    const pleura_value *w = &l->graph->values[node->inputs[1]];
    bool gemm = node->op == PLEURA_OP_Gemm, rows_first = gemm && pleura_node_int(node, "transB", 0);
    int axis = rows_first ? 0 : 1;
    if (x->rank != 2 || w->rank != 2 || (w->grid->count > 1 && w->grid->axis != axis))
        return false;
    if (gemm && (pleura_node_int(node, "transA", 0) || pleura_node_float(node, "alpha", 1) != 1 ||
                 pleura_node_float(node, "beta", 1) != 1))
        return false;
    spec->height = spec->out_height = (uint32_t)x->dims[0];
    spec->width = spec->out_width = 1;
    spec->channels = (uint32_t)x->dims[1];
    spec->out_channels = (uint32_t)w->dims[axis];
    spec->groups = 1;
    for (int i = 0; i < 2; i++)
        spec->kernel[i] = spec->stride[i] = spec->dilation[i] = 1;
    spec->weights = weights_of(l, w, spec->out_channels, spec->channels, !rows_first);
    return spec->weights != NULL;
}

/* Sums that nobody rounds: a network's last layer, often. */
static bool makes_floats(const pleura_lowering *l, const pleura_node *node)
{
    return !l->graph->values[node->output].grid && node->clamp_min == -HUGE_VALF &&
           node->clamp_max == HUGE_VALF;
}

/* What of it is not in the plan lives in l->scratch. */
static bool spec_of(pleura_lowering *l, const pleura_node *node, pleura_qconv_spec *spec)
{
    pleura_steps in, out;
    *spec = (pleura_qconv_spec){0};
    if (!pleura_steps_of(&l->graph->values[node->inputs[0]], &in) ||
        !symmetric(&l->graph->values[node->inputs[1]]))
        return false;
    if (makes_floats(l, node))
        out.scale = out.low = out.high = 1; /* as it is, and no bounds */
    else if (!pleura_steps_made(l->graph, node, &out))
        return false;
    spec->in_low = in.low;
    spec->low = out.low;
    spec->high = out.high;
    spec->float_stride = makes_floats(l, node); /* what it is, build() will see */
    return (node->op == PLEURA_OP_Conv ? convolution_of : product_of)(l, node, spec) &&
           columns_of(l, node, in.scale, out.scale, spec) && pleura_qconv_fits(spec);
}

/* ---- The step ---- */

static bool framed(const pleura_step *step)
{
    return step->inputs[0]->width != pleura_q_stride(step->inputs[0]->width);
}

static pleura_code build(pleura_lowering *l, pleura_step *step)
{
    pleura_qconv_spec spec;
    pleura_qconv *conv;
    if (!spec_of(l, step->node, &spec))
        return l->code;
    spec.framed = framed(step);
    spec.threads = (uint32_t)pthreadpool_get_threads_count(l->threads);
    spec.float_stride = makes_floats(l, step->node) ? step->output->stride : 0;
    l->code = pleura_qconv_create(&spec, &conv, l->error);
    step->context = conv;
    if (l->code == PLEURA_OK)
        step->workspace = pleura_qconv_scratch(conv) * spec.threads;
    return l->code;
}

static void release(pleura_step *step)
{
    pleura_qconv_free(step->context);
}

typedef struct running {
    const pleura_qconv *conv;
    const int16_t *input;
    int16_t *output;
    char *scratch;
} running;

static void run_unit(void *context, size_t thread, size_t unit)
{
    const running *r = context;
    pleura_qconv_run(r->conv, r->input, r->output,
                     r->scratch + thread * pleura_qconv_scratch(r->conv), unit);
}

static enum xnn_status run(const pleura_step *step, pthreadpool_t threads)
{
    running r = {step->context, pleura_step_input(step, 0), pleura_step_output(step),
                 pleura_step_workspace(step)};
    pthreadpool_parallelize_1d_with_thread(threads, run_unit, &r, pleura_qconv_units(r.conv), 0);
    return xnn_status_success;
}

static const pleura_step_kind convolution = {
    .name = "integer convolution", .build = build, .run = run, .release = release};

static const pleura_step_kind convolution_to_floats = {.name = "integer convolution to floats",
                                                       .strided_output = true,
                                                       .build = build,
                                                       .run = run,
                                                       .release = release};

/* ---- Declaring ---- */

/* Few channels, and rounded to their grid for nobody else: so they may as well come framed. */
static bool wants_frame(const pleura_lowering *l, const pleura_node *node,
                        const pleura_qconv_spec *spec)
{
    const pleura_value *x = &l->graph->values[node->inputs[0]];
    return x->users == 1 && x->producer != PLEURA_NONE &&
           l->graph->nodes[x->producer].op == PLEURA_OP_Identity && pleura_qconv_may_frame(spec);
}

bool pleura_integer_frames(pleura_lowering *l, uint32_t value)
{
    for (size_t i = 0; i < l->graph->node_count; i++) {
        const pleura_node *node = &l->graph->nodes[i];
        pleura_qconv_spec spec;
        if (!node->dead && node->op == PLEURA_OP_Conv && node->inputs[0] == value)
            return spec_of(l, node, &spec) && wants_frame(l, node, &spec);
    }
    return false;
}

bool pleura_integer_convolution(pleura_lowering *l, const pleura_node *node)
{
    pleura_qconv_spec spec;
    if (!spec_of(l, node, &spec))
        return l->code != PLEURA_OK;
    pleura_tensor *x;
    if (wants_frame(l, node, &spec)) {
        pleura_qframe frame = pleura_qconv_frame(&spec);
        x = pleura_make_framed(l, node->inputs[0], &frame);
    } else {
        x = pleura_use_steps(l, node->inputs[0]);
    }
    if (makes_floats(l, node)) {
        pleura_form form = node->op == PLEURA_OP_Conv ? PLEURA_NHWC : PLEURA_PLAIN;
        pleura_tensor *y = pleura_lower_make(l, node->output, form);
        pleura_lower_step(l, node, &convolution_to_floats, x, NULL, y);
    } else {
        pleura_lower_step(l, node, &convolution, x, NULL, pleura_make_steps(l, node->output));
    }
    return true;
}
