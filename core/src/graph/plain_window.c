/* Convolution and pooling over 1 to 3 dimensions, channels first. */
#include "plain_loops.h"

#include "window.h"

#include <math.h>
#include <string.h>

/* Of every window the same three dimensions: those that a tensor lacks are 1. */
typedef struct sliding {
    int64_t kernel[3], stride[3], dilation[3], pad[3], in[3], out[3];
    int64_t padded[3]; /* `in` with its padding, without what ceil_mode added */
    int64_t planes, area_in, area_out, area_kernel;
} sliding;

static pleura_code make_sliding(const pleura_plain_request *request, const int64_t *kernel,
                                sliding *s, pleura_error *error)
{
    pleura_window w;
    pleura_code code = pleura_window_resolve(request->graph, request->node, kernel, &w, error);
    if (code != PLEURA_OK)
        return code;
    pleura_strided in = pleura_plain_tensor(request, 0);
    for (int i = 0; i < 3; i++) {
        int from = i - (3 - w.spatial);
        s->kernel[i] = from < 0 ? 1 : w.kernel[from];
        s->stride[i] = from < 0 ? 1 : w.stride[from];
        s->dilation[i] = from < 0 ? 1 : w.dilation[from];
        s->pad[i] = from < 0 ? 0 : w.pad_begin[from];
        s->in[i] = from < 0 ? 1 : in.dims[2 + from];
        s->out[i] = from < 0 ? 1 : w.output[from];
        s->padded[i] =
            from < 0 ? 1 : s->in[i] + w.pad_begin[from] + w.pad_end[from] - w.ceil_pad[from];
    }
    s->planes = in.dims[0] * in.dims[1];
    s->area_in = s->in[0] * s->in[1] * s->in[2];
    s->area_out = s->out[0] * s->out[1] * s->out[2];
    s->area_kernel = s->kernel[0] * s->kernel[1] * s->kernel[2];
    return PLEURA_OK;
}

/* Where kernel place `k` of the window at output place `o` falls in the input, or -1 outside. */
static int64_t place(const sliding *s, int64_t o, int64_t k)
{
    int64_t offset = 0, o_run = s->area_out, k_run = s->area_kernel;
    for (int i = 0; i < 3; i++) {
        o_run /= s->out[i];
        k_run /= s->kernel[i];
        int64_t at = o / o_run % s->out[i] * s->stride[i] +
                     k / k_run % s->kernel[i] * s->dilation[i] - s->pad[i];
        if (at < 0 || at >= s->in[i])
            return -1;
        offset = offset * s->in[i] + at;
    }
    return offset;
}

/* How many places of the window at output place `o` fall in the padded input. */
static int64_t places_in_padded(const sliding *s, int64_t o)
{
    int64_t count = 1, o_run = s->area_out;
    for (int i = 0; i < 3; i++) {
        o_run /= s->out[i];
        int64_t room = s->padded[i] - o / o_run % s->out[i] * s->stride[i];
        int64_t inside = (room + s->dilation[i] - 1) / s->dilation[i];
        count *= inside < s->kernel[i] ? inside : s->kernel[i];
    }
    return count;
}

/* ---- Convolution ---- */

typedef struct convolution {
    sliding s;
    int64_t batch, groups, in_each, out_each; /* channels of a group */
    bool backwards;                           /* ConvTranspose */
    const float *scale, *shift;               /* folded batch norm, or NULL */
} convolution;

/* Adds a plane of the input through its kernel to a plane of the output. */
static void convolve_plane(const convolution *c, const float *x, const float *weights, float *y)
{
    const sliding *s = &c->s;
    for (int64_t k = 0; k < s->area_kernel; k++)
        for (int64_t o = 0; o < s->area_out; o++) {
            int64_t at = place(s, o, k);
            if (at >= 0)
                y[o] += weights[k] * x[at];
        }
}

/* The same with the roles of the planes swapped: `s` describes the window that would undo it. */
static void spread_plane(const convolution *c, const float *x, const float *weights, float *y)
{
    const sliding *s = &c->s;
    for (int64_t k = 0; k < s->area_kernel; k++)
        for (int64_t o = 0; o < s->area_out; o++) {
            int64_t at = place(s, o, k);
            if (at >= 0)
                y[at] += weights[k] * x[o];
        }
}

static void run_conv(const pleura_plain *plain)
{
    const convolution *c = plain->plan;
    const sliding *s = &c->s;
    const float *x = plain->inputs[0], *w = plain->inputs[1];
    const float *bias = plain->input_count > 2 ? plain->inputs[2] : NULL;
    int64_t inputs = c->groups * c->in_each, outputs = c->groups * c->out_each;
    int64_t from_area = c->backwards ? s->area_out : s->area_in;
    int64_t to_area = c->backwards ? s->area_in : s->area_out;
    for (int64_t n = 0; n < c->batch; n++)
        for (int64_t o = 0; o < outputs; o++) {
            float *y = (float *)plain->output + (n * outputs + o) * to_area;
            memset(y, 0, (size_t)to_area * sizeof *y);
            int64_t group = o / c->out_each;
            for (int64_t i = 0; i < c->in_each; i++) {
                const float *plane = x + (n * inputs + group * c->in_each + i) * from_area;
                /* [out, in / groups, ...], and backwards [in, out / groups, ...] */
                int64_t kernel = c->backwards
                                     ? (group * c->in_each + i) * c->out_each + o % c->out_each
                                     : o * c->in_each + i;
                (c->backwards ? spread_plane : convolve_plane)(c, plane,
                                                               w + kernel * s->area_kernel, y);
            }
            float scale = c->scale ? c->scale[o] : 1;
            float shift = c->shift ? c->shift[o] : bias ? bias[o] : 0;
            for (int64_t i = 0; i < to_area; i++)
                y[i] = y[i] * scale + shift;
        }
}

pleura_code pleura_plain_conv(const pleura_plain_request *request, pleura_plain *plain,
                              pleura_error *error)
{
    const pleura_node *node = request->node;
    convolution *c = pleura_plain_plan(request, plain, sizeof *c, run_conv, error);
    if (!c)
        return PLEURA_ERROR_MEMORY;
    pleura_strided x = pleura_plain_tensor(request, 0), w = pleura_plain_tensor(request, 1);
    pleura_code code = make_sliding(request, w.dims + 2, &c->s, error);
    c->batch = x.dims[0];
    c->groups = pleura_node_int(node, "group", 1);
    c->in_each = x.dims[1] / c->groups;
    c->backwards = node->op == PLEURA_OP_ConvTranspose;
    c->out_each = c->backwards ? w.dims[1] : w.dims[0] / c->groups;
    size_t size = (size_t)(c->groups * c->out_each) * sizeof(float);
    c->scale = pleura_plain_keep(request, node->channel_scale, size);
    c->shift = pleura_plain_keep(request, node->channel_shift, size);
    if (node->channel_scale && (!c->scale || !c->shift))
        return pleura_fail_memory(error, size, node->name);
    if (c->backwards) { /* the window slides over the output, and what it makes is the input */
        sliding swapped = c->s;
        memcpy(swapped.in, c->s.out, sizeof swapped.in);
        memcpy(swapped.out, c->s.in, sizeof swapped.out);
        swapped.area_in = c->s.area_out;
        swapped.area_out = c->s.area_in;
        c->s = swapped;
    }
    return code;
}

/* ---- Pooling ---- */

typedef struct pooling {
    sliding s;
    bool average, count_pads, column_major;
    int64_t power; /* LpPool: of the norm; else 0 */
    uint32_t part; /* MaxPool: 1 gives the place of the maximum */
} pooling;

static int64_t place_number(const pooling *p, int64_t plane, int64_t at)
{
    const sliding *s = &p->s;
    if (!p->column_major)
        return plane * s->area_in + at;
    int64_t depth = at / (s->in[1] * s->in[2]), row = at / s->in[2] % s->in[1];
    return plane * s->area_in + (at % s->in[2] * s->in[1] + row) * s->in[0] + depth;
}

static void run_pool(const pleura_plain *plain)
{
    const pooling *p = plain->plan;
    const sliding *s = &p->s;
    for (int64_t plane = 0; plane < s->planes; plane++) {
        const float *x = (const float *)plain->inputs[0] + plane * s->area_in;
        float *y = (float *)plain->output + plane * s->area_out;
        for (int64_t o = 0; o < s->area_out; o++) {
            double sum = 0;
            float largest = -HUGE_VALF;
            int64_t count = 0, best = 0;
            for (int64_t k = 0; k < s->area_kernel; k++) {
                int64_t at = place(s, o, k);
                if (at < 0)
                    continue;
                sum += p->power ? pow(fabs((double)x[at]), (double)p->power) : (double)x[at];
                if (count++ == 0 || x[at] > largest) {
                    largest = x[at];
                    best = at;
                }
            }
            if (p->count_pads)
                count = places_in_padded(s, o);
            y[o] = p->power       ? (float)pow(sum, 1 / (double)p->power)
                   : p->average   ? (float)(sum / (double)count)
                   : p->part == 1 ? (float)place_number(p, plane, best)
                                  : largest;
        }
    }
}

pleura_code pleura_plain_pool(const pleura_plain_request *request, pleura_plain *plain,
                              pleura_error *error)
{
    const pleura_node *node = request->node;
    pooling *p = pleura_plain_plan(request, plain, sizeof *p, run_pool, error);
    if (!p)
        return PLEURA_ERROR_MEMORY;
    p->average = node->op == PLEURA_OP_AveragePool;
    p->power = node->op == PLEURA_OP_LpPool ? pleura_node_int(node, "p", 2) : 0;
    p->count_pads = pleura_node_int(node, "count_include_pad", 0) != 0;
    p->column_major = pleura_node_int(node, "storage_order", 0) != 0;
    p->part = node->part;
    return make_sliding(request, NULL, &p->s, error);
}
