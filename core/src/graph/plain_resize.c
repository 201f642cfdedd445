/*
 * Resize and Upsample. Each axis is scaled by itself: every place of the output is a weighted sum of
 * a few places of the input ("taps"), whose weights depend on the mode. `nearest` has one tap.
 */
#include "plain_move.h"

#include "extents.h"
#include "fold.h"

#include <math.h>
#include <string.h>

typedef struct resize_way {
    char mode; /* 'n'earest, 'l'inear, 'c'ubic */
    const char *coordinates, *rounding;
    float cubic;
    bool exclude_outside, antialias;
} resize_way;

static const char *text_or(const pleura_node *node, const char *name, const char *otherwise)
{
    const pleura_attribute *attribute = pleura_node_attribute(node, name, 's');
    return attribute ? attribute->s : otherwise;
}

static resize_way read_way(const pleura_plain_request *request)
{
    const pleura_node *node = request->node;
    bool old = node->op == PLEURA_OP_Upsample || request->graph->opset < 11;
    return (resize_way){
        .mode = text_or(node, "mode", "nearest")[0],
        .coordinates =
            text_or(node, "coordinate_transformation_mode", old ? "asymmetric" : "half_pixel"),
        .rounding = text_or(node, "nearest_mode", old ? "floor" : "round_prefer_floor"),
        .cubic = pleura_node_float(node, "cubic_coeff_a", -0.75f),
        .exclude_outside = pleura_node_int(node, "exclude_outside", 0) != 0,
        .antialias = pleura_node_int(node, "antialias", 0) != 0,
    };
}

/* ---- Coordinates ---- */

typedef struct axis_scaling {
    int64_t in, out;
    double scale, roi_begin, roi_end;
} axis_scaling;

static double source(const resize_way *way, const axis_scaling *a, int64_t at)
{
    const char *c = way->coordinates;
    double x = (double)at, in = (double)a->in, out = (double)a->out;
    if (strcmp(c, "asymmetric") == 0)
        return x / a->scale;
    if (strcmp(c, "align_corners") == 0)
        return a->out == 1 ? 0 : x * (in - 1) / (a->scale * in - 1);
    if (strcmp(c, "pytorch_half_pixel") == 0 && a->out == 1)
        return 0;
    if (strcmp(c, "tf_half_pixel_for_nn") == 0)
        return (x + 0.5) / a->scale;
    if (strcmp(c, "tf_crop_and_resize") == 0)
        return a->out == 1 ? 0.5 * (a->roi_begin + a->roi_end) * (in - 1)
                           : a->roi_begin * (in - 1) +
                                 x * (a->roi_end - a->roi_begin) * (in - 1) / (out - 1);
    double middle = 0.5 * in, offset = 0;
    if (strcmp(c, "half_pixel_symmetric") == 0) /* as if the output had its exact length */
        offset = middle * (1 - out / (a->scale * in));
    return offset + (x + 0.5) / a->scale - 0.5;
}

static int64_t nearest_place(const resize_way *way, double x, int64_t size)
{
    double place = strcmp(way->rounding, "floor") == 0               ? floor(x)
                   : strcmp(way->rounding, "ceil") == 0              ? ceil(x)
                   : strcmp(way->rounding, "round_prefer_ceil") == 0 ? floor(x + 0.5)
                                                                     : ceil(x - 0.5);
    return place < 0 ? 0 : place > (double)(size - 1) ? size - 1 : (int64_t)place;
}

/* ---- Taps ---- */

/* Half the width of a mode's kernel, in input places, when it does not shrink. */
static double reach(const resize_way *way)
{
    return way->mode == 'c' ? 2 : 1;
}

static double kernel_at(const resize_way *way, double x)
{
    x = fabs(x);
    if (way->mode != 'c')
        return x < 1 ? 1 - x : 0;
    double a = (double)way->cubic; /* Keys 1981 */
    if (x <= 1)
        return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

typedef struct taps {
    size_t each;     /* taps of one place of the output */
    int32_t *places; /* of the input */
    float *weights;
    bool *outside; /* places that tf_crop_and_resize fills, or NULL */
} taps;

/* With antialias the kernel is as wide as the places that one of the output stands for. */
static double widening(const resize_way *way, const axis_scaling *a)
{
    return way->antialias && a->scale < 1 ? 1 / a->scale : 1;
}

static void fill_place(const resize_way *way, const axis_scaling *a, int64_t at, const taps *t)
{
    double x = source(way, a, at), wide = widening(way, a), total = 0;
    int64_t first = (int64_t)floor(x) - (int64_t)(t->each / 2) + 1;
    int32_t *places = t->places + (size_t)at * t->each;
    float *weights = t->weights + (size_t)at * t->each;
    for (size_t k = 0; k < t->each; k++) {
        int64_t place = first + (int64_t)k;
        bool inside = place >= 0 && place < a->in;
        double weight = kernel_at(way, ((double)place - x) / wide);
        if (way->exclude_outside && !inside)
            weight = 0;
        places[k] = (int32_t)(place < 0 ? 0 : place >= a->in ? a->in - 1 : place);
        weights[k] = (float)weight;
        total += weight;
    }
    for (size_t k = 0; k < t->each && total != 0; k++)
        weights[k] = (float)((double)weights[k] / total);
    if (t->outside)
        t->outside[at] = x < 0 || x > (double)(a->in - 1);
}

static bool make_taps(const resize_way *way, const axis_scaling *a, taps *t, pleura_arena *arena)
{
    t->each = 2 * (size_t)ceil(reach(way) * widening(way, a));
    size_t count = t->each * (size_t)a->out;
    t->places = pleura_arena_alloc(arena, count * sizeof *t->places);
    t->weights = pleura_arena_alloc(arena, count * sizeof *t->weights);
    if (strcmp(way->coordinates, "tf_crop_and_resize") == 0)
        t->outside = pleura_arena_alloc(arena, (size_t)a->out);
    if (!t->places || !t->weights)
        return false;
    for (int64_t at = 0; at < a->out; at++)
        fill_place(way, a, at, t);
    return true;
}

/* ---- Linear and cubic: one pass an axis ---- */

typedef struct pass {
    taps taps;
    int64_t outer, in, out, inner; /* in the order of the memory */
    float *result;                 /* NULL: the node's output */
} pass;

typedef struct resizing {
    size_t count;
    pass passes[PLEURA_MAX_RANK];
    float fill;
} resizing;

static void run_pass(const pass *p, float fill, const float *from, float *to)
{
    for (int64_t o = 0; o < p->outer; o++, from += p->in * p->inner)
        for (int64_t at = 0; at < p->out; at++, to += p->inner) {
            const int32_t *places = p->taps.places + (size_t)at * p->taps.each;
            const float *weights = p->taps.weights + (size_t)at * p->taps.each;
            bool filled = p->taps.outside && p->taps.outside[at];
            for (int64_t i = 0; i < p->inner; i++)
                to[i] = filled ? fill : 0;
            for (size_t k = 0; k < p->taps.each && !filled; k++)
                for (int64_t i = 0; i < p->inner; i++)
                    to[i] += weights[k] * from[places[k] * p->inner + i];
        }
}

static void run_resize(const pleura_plain *plain)
{
    const resizing *r = plain->plan;
    const float *from = plain->inputs[0];
    if (r->count == 0)
        memcpy(plain->output, from, plain->output_count * sizeof *from);
    for (size_t i = 0; i < r->count; i++) {
        float *to = r->passes[i].result ? r->passes[i].result : plain->output;
        run_pass(&r->passes[i], r->fill, from, to);
        from = to;
    }
}

static bool unscaled(const axis_scaling *a)
{
    // NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): one is filled for each axis
    return a->in == a->out && a->scale == 1 && a->roi_begin == 0 && a->roi_end == 1;
}

/* `dims` are the sizes in the order of the memory, which the passes change one by one. */
static bool add_pass(resizing *r, const resize_way *way, const axis_scaling *a, int at, int rank,
                     int64_t *dims, pleura_arena *arena)
{
    pass *p = &r->passes[r->count++];
    p->outer = p->inner = 1;
    for (int i = 0; i < rank; i++) {
        p->outer *= i < at ? dims[i] : 1;
        p->inner *= i > at ? dims[i] : 1;
    }
    p->in = a->in;
    p->out = dims[at] = a->out;
    return make_taps(way, a, &p->taps, arena);
}

static pleura_code make_passes(const pleura_plain_request *request, pleura_plain *plain,
                               const resize_way *way, const axis_scaling *axes, pleura_error *error)
{
    pleura_strided out = pleura_plain_tensor(request, PLEURA_OUTPUT);
    resizing *r = pleura_plain_plan(request, plain, sizeof *r, run_resize, error);
    int order[PLEURA_MAX_RANK];
    int64_t dims[PLEURA_MAX_RANK];
    bool ok = r != NULL;
    pleura_plain_order(&out, order);
    for (int i = 0; i < out.rank; i++)
        dims[i] = axes[order[i]].in;
    for (int i = 0; ok && i < out.rank; i++) {
        const axis_scaling *a = &axes[order[i]];
        if (unscaled(a))
            continue;
        ok = add_pass(r, way, a, i, out.rank, dims, request->arena);
        int64_t elements = 1;
        for (int d = 0; d < out.rank; d++)
            elements *= dims[d];
        if (ok) {
            float *result = pleura_arena_alloc(request->arena, (size_t)elements * sizeof *result);
            r->passes[r->count - 1].result = result;
            ok = result != NULL;
        }
    }
    if (!ok)
        return pleura_fail_memory(error, plain->output_count * sizeof(float), request->node->name);
    if (r->count)
        r->passes[r->count - 1].result = NULL;
    r->fill = pleura_node_float(request->node, "extrapolation_value", 0);
    return PLEURA_OK;
}

static pleura_code make_nearest(const pleura_plain_request *request, pleura_plain *plain,
                                const resize_way *way, const axis_scaling *axes,
                                pleura_error *error)
{
    pleura_strided in = pleura_plain_tensor(request, 0);
    pleura_strided out = pleura_plain_tensor(request, PLEURA_OUTPUT);
    pleura_move *move = pleura_move_begin(request, plain, &out, error);
    bool crops = strcmp(way->coordinates, "tf_crop_and_resize") == 0;
    if (!move)
        return PLEURA_ERROR_MEMORY;
    for (int i = 0; i < out.rank; i++)
        for (int64_t at = 0; at < out.dims[i]; at++) {
            double x = unscaled(&axes[i]) ? (double)at : source(way, &axes[i], at);
            bool outside = crops && (x < 0 || x > (double)(in.dims[i] - 1));
            int64_t place = nearest_place(way, x, in.dims[i]);
            move->tables[i][at] = outside ? PLEURA_NOWHERE : (int32_t)(place * in.strides[i]);
        }
    move->fill.real = pleura_node_float(request->node, "extrapolation_value", 0);
    pleura_move_end(move, &out);
    return PLEURA_OK;
}

pleura_code pleura_plain_resize(const pleura_plain_request *request, pleura_plain *plain,
                                pleura_error *error)
{
    pleura_scaling scaling;
    pleura_code code = pleura_scaling_resolve(request->graph, request->node, &scaling, error);
    if (code != PLEURA_OK)
        return code;
    pleura_strided in = pleura_plain_tensor(request, 0);
    const resize_way way = read_way(request);
    axis_scaling axes[PLEURA_MAX_RANK];
    for (int i = 0; i < in.rank; i++)
        axes[i] = (axis_scaling){in.dims[i], scaling.size[i], scaling.scale[i],
                                 scaling.roi_begin[i], scaling.roi_end[i]};
    return way.mode == 'n' ? make_nearest(request, plain, &way, axes, error)
                           : make_passes(request, plain, &way, axes, error);
}
