/*
 * AffineGrid makes a grid, GridSample uses one: for each place of the output the grid names a place of the image, which may lie between its
 * pixels, or outside. A few of them along each axis ("taps") are taken, each with a weight.
 */
#include "plain_loops.h"

#include "arguments.h"

#include <math.h>
#include <string.h>

#define MOST_AXES (PLEURA_MAX_RANK - 2)
#define MOST_TAPS 4
#define FAR 1e9f /* of a coordinate: still an int64_t */

typedef enum sample_mode { NEAREST, LINEAR, CUBIC, OTHER_MODE } sample_mode;
typedef enum sample_border { ZEROS, BORDER, REFLECTION, OTHER_BORDER } sample_border;

typedef struct sample {
    sample_mode mode;
    sample_border border;
    bool corners; /* -1 and 1 are the middles of the outermost pixels, not their edges */
    int axes;
    int64_t sizes[MOST_AXES], batch, channels, pixels, places;
} sample;

typedef struct taps {
    size_t count;
    int64_t at[MOST_TAPS]; /* -1: nowhere */
    float weights[MOST_TAPS];
} taps;

/* ---- Along one axis ---- */

/* From -1 .. 1 to pixels. */
static float coordinate(const sample *s, float along, int64_t size)
{
    float pixels = (float)size;
    float x = s->corners ? (along + 1) / 2 * (pixels - 1) : ((along + 1) * pixels - 1) / 2;
    return x > -FAR ? x < FAR ? x : FAR : -FAR; /* not a number: outside, too */
}

/* Mirrored at the ends until it lies between them. */
static float reflect(const sample *s, float x, int64_t size)
{
    float low = s->corners ? 0 : -0.5f, length = (float)size - (s->corners ? 1 : 0);
    if (length <= 0)
        return 0;
    float past = x < low ? low - x : x - low - length;
    if (past <= 0)
        return x;
    float times = floorf(past / length), rest = past - times * length;
    bool from_low = (x < low) == (fmodf(times, 2) == 0);
    return from_low ? low + rest : low + length - rest;
}

static int64_t pixel_at(const sample *s, float x, int64_t size)
{
    const float last = (float)(size - 1);
    if (s->border == REFLECTION)
        x = reflect(s, x, size);
    else if (s->border == BORDER)
        x = x < 0 ? 0 : x > last ? last : x;
    return x < 0 || x > last ? -1 : (int64_t)x;
}

/* Keys 1981, with a = -0.75. */
static float cubic(float x)
{
    const float a = -0.75f;
    x = fabsf(x);
    if (x <= 1)
        return ((a + 2) * x - (a + 3)) * x * x + 1;
    return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
}

static taps find_taps(const sample *s, float along, int64_t size)
{
    float x = coordinate(s, along, size);
    if (s->mode == NEAREST)
        return (taps){1, {pixel_at(s, rintf(x), size)}, {1}};
    if (s->border == REFLECTION)
        x = reflect(s, x, size);
    taps t = {s->mode == CUBIC ? 4 : 2, {0}, {0}};
    float first = floorf(x) - (s->mode == CUBIC ? 1 : 0);
    for (size_t i = 0; i < t.count; i++) {
        float place = first + (float)i;
        t.at[i] = pixel_at(s, place, size);
        t.weights[i] = s->mode == CUBIC ? cubic(x - place) : 1 - fabsf(x - place);
    }
    return t;
}

/* ---- Over all ---- */

/* What the taps of all axes select of one channel. */
static float sum_taps(const sample *s, const taps *t, const float *image)
{
    size_t index[MOST_AXES] = {0}, last = (size_t)s->axes - 1;
    float sum = 0;
    for (;;) {
        int64_t at = 0;
        float weight = 1;
        bool inside = true;
        for (int i = 0; i < s->axes; i++) {
            int64_t place = t[i].at[index[i]];
            inside = inside && place >= 0;
            at = at * s->sizes[i] + place;
            weight *= t[i].weights[index[i]];
        }
        if (inside)
            sum += weight * image[at];
        size_t axis = last;
        while (++index[axis] == t[axis].count) {
            if (axis == 0)
                return sum;
            index[axis--] = 0;
        }
    }
}

static void run_sample(const pleura_plain *plain)
{
    const sample *s = plain->plan;
    const float *image = plain->inputs[0], *grid = plain->inputs[1];
    float *to = plain->output;
    for (int64_t b = 0; b < s->batch; b++, image += s->channels * s->pixels)
        for (int64_t p = 0; p < s->places; p++, grid += s->axes) {
            taps t[MOST_AXES];
            for (int i = 0; i < s->axes; i++) /* the grid names the last axis first */
                t[i] = find_taps(s, grid[s->axes - 1 - i], s->sizes[i]);
            for (int64_t c = 0; c < s->channels; c++)
                to[(b * s->channels + c) * s->places + p] = sum_taps(s, t, image + c * s->pixels);
        }
}

static int which(const pleura_node *node, const char *attribute, const char *const names[5])
{
    const pleura_attribute *a = pleura_node_attribute(node, attribute, 's');
    for (int i = 0; a && i < 5; i++)
        if (strcmp(a->s, names[i]) == 0)
            return i;
    return a ? -1 : 0;
}

static sample_mode mode_of(const pleura_node *node)
{
    static const char *const names[] = {"linear", "bilinear", "cubic", "bicubic", "nearest"};
    static const sample_mode modes[] = {LINEAR, LINEAR, CUBIC, CUBIC, NEAREST};
    int i = which(node, "mode", names);
    return i < 0 ? OTHER_MODE : modes[i];
}

static sample_border border_of(const pleura_node *node)
{
    static const char *const names[] = {"zeros", "border", "reflection", "", ""};
    static const sample_border borders[] = {ZEROS, BORDER, REFLECTION, OTHER_BORDER, OTHER_BORDER};
    int i = which(node, "padding_mode", names);
    return i < 0 ? OTHER_BORDER : borders[i];
}

/* As many places as the grid has, which names each along the input's axes. */
pleura_code pleura_infer_sample(const pleura_walk *w)
{
    const pleura_value *x = pleura_walk_input(w, 0), *grid = pleura_walk_input(w, 1);
    const int rank = x->rank;
    if (rank < 3 || grid->rank != rank || grid->dims[0] != x->dims[0] ||
        grid->dims[rank - 1] != rank - 2)
        return pleura_walk_refuse(w, "has a grid that does not fit its input");
    int64_t dims[PLEURA_MAX_RANK] = {x->dims[0], x->dims[1]};
    for (int i = 2; i < rank; i++)
        dims[i] = grid->dims[i - 1];
    return pleura_walk_set(w, rank, dims);
}

pleura_code pleura_plain_sample(const pleura_plain_request *request, pleura_plain *plain,
                                pleura_error *error)
{
    const pleura_node *node = request->node;
    pleura_strided in = pleura_plain_tensor(request, 0), grid = pleura_plain_tensor(request, 1);
    sample *s = pleura_plain_plan(request, plain, sizeof *s, run_sample, error);
    if (!s)
        return PLEURA_ERROR_MEMORY;
    *s = (sample){.mode = mode_of(node),
                  .border = border_of(node),
                  .corners = pleura_node_int(node, "align_corners", 0) != 0,
                  .axes = in.rank - 2,
                  .batch = in.dims[0],
                  .channels = in.dims[1],
                  .pixels = 1,
                  .places = 1};
    pleura_node_label label;
    if (s->mode == OTHER_MODE || s->border == OTHER_BORDER)
        return pleura_fail(error, PLEURA_ERROR_OPERATOR,
                           "ONNX: %s has a mode other than linear, cubic and nearest, or a padding "
                           "other than zeros, border and reflection.",
                           pleura_node_describe(node, &label));
    for (int i = 0; i < s->axes; i++) {
        s->sizes[i] = in.dims[i + 2];
        s->pixels *= in.dims[i + 2];
        s->places *= grid.dims[i + 1];
    }
    return PLEURA_OK;
}

/* ---- AffineGrid ---- */

typedef struct affine {
    bool corners;
    int axes;
    int64_t batch, sizes[MOST_AXES], places;
} affine;

/* From pixels to -1 .. 1. */
static float middle_of(const affine *g, int64_t pixel, int64_t size)
{
    if (!g->corners)
        return (float)(2 * pixel + 1) / (float)size - 1;
    return size > 1 ? (float)(2 * pixel) / (float)(size - 1) - 1 : 0;
}

/* A matrix of an image times the coordinates of each place, and 1. */
static void run_affine(const pleura_plain *plain)
{
    const affine *g = plain->plan;
    const float *matrix = plain->inputs[0];
    float *to = plain->output;
    for (int64_t b = 0; b < g->batch; b++, matrix += g->axes * (g->axes + 1))
        for (int64_t p = 0; p < g->places; p++, to += g->axes) {
            int64_t rest = p;
            for (int row = 0; row < g->axes; row++)
                to[row] = matrix[row * (g->axes + 1) + g->axes];
            for (int i = g->axes; i-- > 0; rest /= g->sizes[i]) {
                float at = middle_of(g, rest % g->sizes[i], g->sizes[i]);
                for (int row = 0; row < g->axes; row++)
                    to[row] += at * matrix[row * (g->axes + 1) + g->axes - 1 - i];
            }
        }
}

/* Of an image whose shape is an input. */
pleura_code pleura_infer_affine_grid(const pleura_walk *w)
{
    const pleura_value *x = pleura_walk_input(w, 0);
    const int64_t *size;
    size_t count;
    pleura_code code = pleura_node_ints(w->graph, w->node, "size", 1, &size, &count, w->error);
    if (code != PLEURA_OK)
        return code;
    const int axes = (int)count - 2;
    if (!size || (count != 4 && count != 5) || x->rank != 3 || x->dims[0] != size[0] ||
        x->dims[1] != axes || x->dims[2] != axes + 1)
        return pleura_walk_refuse(w, "has a size that does not fit its matrices");
    int64_t dims[PLEURA_MAX_RANK] = {size[0]};
    for (int i = 0; i < axes; i++)
        dims[i + 1] = size[i + 2];
    dims[axes + 1] = axes;
    return pleura_walk_set(w, axes + 2, dims);
}

pleura_code pleura_plain_affine_grid(const pleura_plain_request *request, pleura_plain *plain,
                                     pleura_error *error)
{
    pleura_strided out = pleura_plain_tensor(request, PLEURA_OUTPUT);
    affine *g = pleura_plain_plan(request, plain, sizeof *g, run_affine, error);
    if (!g)
        return PLEURA_ERROR_MEMORY;
    *g = (affine){.corners = pleura_node_int(request->node, "align_corners", 0) != 0,
                  .axes = out.rank - 2,
                  .batch = out.dims[0],
                  .places = 1};
    for (int i = 0; i < g->axes; i++) {
        g->sizes[i] = out.dims[i + 1];
        g->places *= out.dims[i + 1];
    }
    return PLEURA_OK;
}
