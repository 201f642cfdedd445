/* Sets of numbers that are normalised together: softmax, and layer, instance, group and batch norm. */
#include "plain_loops.h"

#include "fold.h"

#include <math.h>

typedef struct normalisation {
    const int32_t *in_sets, *out_sets;     /* where each set begins */
    const int32_t *in_places, *out_places; /* where its numbers lie from there on */
    size_t sets, count;
    float epsilon;
    bool logarithm; /* LogSoftmax */
    bool uncentred; /* LayerNormalization: without the mean, as functions.c asks */
    uint32_t part;  /* LayerNormalization: 0 the numbers, 1 the mean, 2 1 / deviation */
    /* Scale and shift of each number: (set / set_run) % set_period + place / place_run */
    size_t scale_places, scale_run, scale_sets, set_run;
    const int32_t *scale_at, *shift_at; /* LayerNormalization: of each place in a set */
} normalisation;

static normalisation *make(const pleura_plain_request *request, pleura_plain *plain,
                           const pleura_strided *in, const pleura_strided *out, const bool *mask,
                           void (*run)(const pleura_plain *), pleura_error *error)
{
    normalisation *n = pleura_plain_plan(request, plain, sizeof *n, run, error);
    if (!n)
        return NULL;
    bool others[PLEURA_MAX_RANK];
    for (int i = 0; i < in->rank; i++)
        others[i] = !mask[i];
    n->in_sets = pleura_plain_offsets(in, others, &n->sets, request->arena);
    n->out_sets = pleura_plain_offsets(out, others, &n->sets, request->arena);
    size_t fewer; /* of a set that is answered by one number */
    n->out_places = pleura_plain_offsets(out, mask, &fewer, request->arena);
    n->in_places = pleura_plain_offsets(in, mask, &n->count, request->arena);
    if (n->in_sets && n->out_sets && n->in_places && n->out_places)
        return n;
    pleura_fail_memory(error, plain->output_count * sizeof *n->in_sets, request->node->name);
    return NULL;
}

/* ---- Softmax ---- */

static void run_softmax(const pleura_plain *plain)
{
    const normalisation *n = plain->plan;
    for (size_t s = 0; s < n->sets; s++) {
        const float *x = (const float *)plain->inputs[0] + n->in_sets[s];
        float *y = (float *)plain->output + n->out_sets[s], largest = -HUGE_VALF;
        for (size_t i = 0; i < n->count; i++)
            largest = fmaxf(largest, x[n->in_places[i]]);
        double sum = 0;
        for (size_t i = 0; i < n->count; i++) {
            float shifted = x[n->in_places[i]] - largest, power = expf(shifted);
            y[n->out_places[i]] = n->logarithm ? shifted : power;
            sum += (double)power;
        }
        // The largest adds 1 to the sum, and of no numbers neither is used.
        // cppcheck-suppress invalidFunctionArg
        float scale = (float)(1 / sum), shift = (float)log(sum);
        for (size_t i = 0; i < n->count; i++) {
            float *number = &y[n->out_places[i]];
            *number = n->logarithm ? *number - shift : *number * scale;
        }
    }
}

pleura_code pleura_plain_softmax(const pleura_plain_request *request, pleura_plain *plain,
                                 pleura_error *error)
{
    const pleura_node *node = request->node;
    pleura_strided in = pleura_plain_tensor(request, 0);
    pleura_strided out = pleura_plain_tensor(request, PLEURA_OUTPUT);
    bool together = request->graph->opset < 13; /* everything from the axis on is one */
    int axis = pleura_axis(pleura_node_int(node, "axis", together ? 1 : -1), in.rank);
    bool mask[PLEURA_MAX_RANK] = {false};
    for (int i = axis; i < in.rank && axis >= 0; i++)
        mask[i] = together || i == axis;
    normalisation *n = make(request, plain, &in, &out, mask, run_softmax, error);
    if (!n)
        return PLEURA_ERROR_MEMORY;
    n->logarithm = node->op == PLEURA_OP_LogSoftmax;
    return PLEURA_OK;
}

/* ---- Layer, instance and group norm ---- */

static void run_normalise(const pleura_plain *plain)
{
    const normalisation *n = plain->plan;
    const float *scale = plain->inputs[1];
    const float *shift = plain->input_count > 2 ? plain->inputs[2] : NULL;
    for (size_t s = 0; s < n->sets; s++) {
        const float *x = (const float *)plain->inputs[0] + n->in_sets[s];
        float *y = (float *)plain->output + n->out_sets[s];
        double sum = 0, squares = 0;
        for (size_t i = 0; i < n->count; i++)
            sum += (double)x[n->in_places[i]];
        const double mean = n->uncentred ? 0 : sum / (double)n->count;
        for (size_t i = 0; i < n->count; i++) {
            double off = (double)x[n->in_places[i]] - mean;
            squares += off * off;
        }
        const double factor = 1 / sqrt(squares / (double)n->count + (double)n->epsilon);
        if (n->part) {
            *y = (float)(n->part == 1 ? mean : factor);
            continue;
        }
        size_t set = s / n->set_run % n->scale_sets * n->scale_places;
        for (size_t i = 0; i < n->count; i++) {
            size_t a = n->scale_at ? (size_t)n->scale_at[i] : set + i / n->scale_run;
            size_t b = n->shift_at ? (size_t)n->shift_at[i] : a;
            double normal = ((double)x[n->in_places[i]] - mean) * factor;
            y[n->out_places[i]] = (float)normal * scale[a] + (shift ? shift[b] : 0);
        }
    }
}

/* The scale of LayerNormalization is spread over the normalised axes as numpy would do it. */
static const int32_t *spread(const pleura_plain_request *request, size_t input, const bool *mask)
{
    pleura_strided in = pleura_plain_tensor(request, 0),
                   small = pleura_plain_tensor(request, input);
    pleura_strided wide = in;
    for (int i = 0; i < in.rank; i++) {
        int axis = i - (in.rank - small.rank);
        wide.strides[i] = axis < 0 || small.dims[axis] == 1 ? 0 : small.strides[axis];
    }
    size_t count;
    return pleura_plain_offsets(&wide, mask, &count, request->arena);
}

static pleura_code layer_norm(const pleura_plain_request *request, pleura_plain *plain,
                              pleura_error *error)
{
    const pleura_node *node = request->node;
    pleura_strided in = pleura_plain_tensor(request, 0);
    pleura_strided out = pleura_plain_tensor(request, PLEURA_OUTPUT);
    int axis = pleura_axis(pleura_node_int(node, "axis", -1), in.rank);
    bool mask[PLEURA_MAX_RANK];
    for (int i = 0; i < in.rank; i++)
        mask[i] = i >= axis;
    normalisation *n = make(request, plain, &in, &out, mask, run_normalise, error);
    if (!n)
        return PLEURA_ERROR_MEMORY;
    bool shifted = node->input_count > 2 && node->inputs[2] != PLEURA_NONE;
    n->part = node->part;
    n->uncentred = pleura_node_int(node, "uncentred", 0) != 0;
    n->scale_sets = n->set_run = n->scale_places = n->scale_run = 1;
    n->scale_at = spread(request, 1, mask);
    n->shift_at = shifted ? spread(request, 2, mask) : n->scale_at;
    if (!n->scale_at || !n->shift_at)
        return pleura_fail_memory(error, n->count * sizeof *n->scale_at, node->name);
    return PLEURA_OK;
}

/* Instance norm is group norm with a group for each channel. The channels of a group are cut out as
 * an axis of their own: [N, C, H, W] seen as [N, G, C / G, H, W]. */
static pleura_strided with_groups(pleura_strided tensor, int64_t groups)
{
    for (int i = tensor.rank; i > 2; i--) {
        tensor.dims[i] = tensor.dims[i - 1];
        tensor.strides[i] = tensor.strides[i - 1];
    }
    tensor.dims[2] = tensor.dims[1] / groups;
    tensor.strides[2] = tensor.strides[1];
    tensor.dims[1] = groups;
    tensor.strides[1] *= tensor.dims[2];
    tensor.rank++;
    return tensor;
}

static pleura_code group_norm(const pleura_plain_request *request, pleura_plain *plain,
                              pleura_error *error)
{
    const pleura_node *node = request->node;
    pleura_strided in = pleura_plain_tensor(request, 0);
    pleura_strided out = pleura_plain_tensor(request, PLEURA_OUTPUT);
    bool grouped = node->op == PLEURA_OP_GroupNormalization;
    int64_t groups = grouped ? pleura_node_int(node, "num_groups", 1) : in.dims[1];
    pleura_node_label label;
    if (in.rank >= PLEURA_MAX_RANK || groups < 1 || in.dims[1] % groups)
        return pleura_fail(error, PLEURA_ERROR_SHAPE,
                           "ONNX: %s has too many dimensions, or groups that do not divide its "
                           "channels.",
                           pleura_node_describe(node, &label));
    in = with_groups(in, groups);
    out = with_groups(out, groups);
    const bool mask[PLEURA_MAX_RANK] = {false, false, true, true, true, true};
    normalisation *n = make(request, plain, &in, &out, mask, run_normalise, error);
    if (!n)
        return PLEURA_ERROR_MEMORY;
    /* Operator set 18 had one scale a group; 21 has one a channel. */
    int64_t scales = pleura_value_elements(&request->graph->values[node->inputs[1]]);
    bool by_group = scales == groups;
    size_t area = 1;
    for (int i = 3; i < in.rank; i++)
        area *= (size_t)in.dims[i];
    n->set_run = 1;
    n->scale_sets = (size_t)groups;
    n->scale_places = by_group ? 1 : (size_t)in.dims[2];
    n->scale_run = by_group ? n->count : area;
    return PLEURA_OK;
}

pleura_code pleura_plain_normalise(const pleura_plain_request *request, pleura_plain *plain,
                                   pleura_error *error)
{
    pleura_code code = request->node->op == PLEURA_OP_LayerNormalization
                           ? layer_norm(request, plain, error)
                           : group_norm(request, plain, error);
    if (code == PLEURA_OK)
        ((normalisation *)(uintptr_t)plain->plan)->epsilon =
            pleura_node_float(request->node, "epsilon", 1e-5f);
    return code;
}

/* ---- Batch norm: a scale and a shift a channel ---- */

typedef struct affine {
    int rank;
    pleura_strided in, out;
    const float *scale, *shift;
    const int32_t *in_places, *out_places;
    size_t channels, count;
    float epsilon;
} affine;

static void run_affine(const pleura_plain *plain)
{
    const affine *a = plain->plan;
    const float *const *parameters = (const float *const *)plain->inputs;
    for (size_t c = 0; c < a->channels; c++) {
        float scale, shift;
        if (a->scale) {
            scale = a->scale[c];
            shift = a->shift[c];
        } else {
            double factor =
                (double)parameters[1][c] / sqrt((double)parameters[4][c] + (double)a->epsilon);
            scale = (float)factor;
            shift = (float)((double)parameters[2][c] - (double)parameters[3][c] * factor);
        }
        const float *x = (const float *)plain->inputs[0] + (int64_t)c * a->in.strides[1];
        float *y = (float *)plain->output + (int64_t)c * a->out.strides[1];
        for (size_t i = 0; i < a->count; i++)
            y[a->out_places[i]] = x[a->in_places[i]] * scale + shift;
    }
}

pleura_code pleura_plain_affine(const pleura_plain_request *request, pleura_plain *plain,
                                pleura_error *error)
{
    const pleura_node *node = request->node;
    affine *a = pleura_plain_plan(request, plain, sizeof *a, run_affine, error);
    if (!a)
        return PLEURA_ERROR_MEMORY;
    a->in = pleura_plain_tensor(request, 0);
    a->out = pleura_plain_tensor(request, PLEURA_OUTPUT);
    a->channels = (size_t)a->in.dims[1];
    size_t size = a->channels * sizeof(float); /* where passes.c has made them */
    a->scale = pleura_plain_keep(request, node->channel_scale, size);
    a->shift = pleura_plain_keep(request, node->channel_shift, size);
    a->epsilon = pleura_node_float(node, "epsilon", 1e-5f);
    const bool mask[PLEURA_MAX_RANK] = {true, false, true, true, true, true};
    a->in_places = pleura_plain_offsets(&a->in, mask, &a->count, request->arena);
    a->out_places = pleura_plain_offsets(&a->out, mask, &a->count, request->arena);
    bool kept = !node->channel_scale || (a->scale && a->shift);
    return kept && a->in_places && a->out_places
               ? PLEURA_OK
               : pleura_fail_memory(error, a->count * 8, node->name);
}

/* ---- LRN: each number by the squares of its neighbours along the channels ---- */

typedef struct lrn {
    pleura_strided in, out;
    const int32_t *in_places, *out_places;
    size_t count;
    int64_t size;
    float alpha, beta, bias;
} lrn;

static void run_lrn(const pleura_plain *plain)
{
    const lrn *l = plain->plan;
    int64_t channels = l->in.dims[1], before = (l->size - 1) / 2, after = l->size - 1 - before;
    for (size_t i = 0; i < l->count; i++) {
        const float *x = (const float *)plain->inputs[0] + l->in_places[i];
        float *y = (float *)plain->output + l->out_places[i];
        for (int64_t c = 0; c < channels; c++) {
            int64_t first = c > before ? c - before : 0;
            int64_t last = c + after < channels ? c + after : channels - 1;
            float sum = 0;
            for (int64_t k = first; k <= last; k++) {
                float number = x[k * l->in.strides[1]];
                sum += number * number;
            }
            y[c * l->out.strides[1]] =
                x[c * l->in.strides[1]] / powf(l->bias + l->alpha / (float)l->size * sum, l->beta);
        }
    }
}

pleura_code pleura_plain_lrn(const pleura_plain_request *request, pleura_plain *plain,
                             pleura_error *error)
{
    const pleura_node *node = request->node;
    lrn *l = pleura_plain_plan(request, plain, sizeof *l, run_lrn, error);
    if (!l)
        return PLEURA_ERROR_MEMORY;
    l->in = pleura_plain_tensor(request, 0);
    l->out = pleura_plain_tensor(request, PLEURA_OUTPUT);
    l->size = pleura_node_int(node, "size", 1);
    l->alpha = pleura_node_float(node, "alpha", 0.0001f);
    l->beta = pleura_node_float(node, "beta", 0.75f);
    l->bias = pleura_node_float(node, "bias", 1);
    const bool mask[PLEURA_MAX_RANK] = {true, false, true, true, true, true};
    l->in_places = pleura_plain_offsets(&l->in, mask, &l->count, request->arena);
    l->out_places = pleura_plain_offsets(&l->out, mask, &l->count, request->arena);
    return l->in_places && l->out_places ? PLEURA_OK
                                         : pleura_fail_memory(error, l->count * 8, node->name);
}
