/*
 * Einsum: every axis of one or two tensors has a label; the output has some of the labels, and is the
 * sum of the products over all others.
 */
#include "plain_loops.h"
#include "shapes.h"

#include <ctype.h>
#include <string.h>

#define MOST (3 * PLEURA_MAX_RANK) /* of two inputs and an output, before they are compared */

/* The labels: first those of the output, in its order, then those that are summed over. A letter is its
 * own label; the axes of an ellipsis are 1, 2, ... from the last one on, as broadcasting aligns them. */
typedef struct axes {
    int count, outputs;
    char label[MOST];
    bool read[MOST]; /* an input has it */
    int64_t size[MOST], strides[MOST][2];
} axes;

/* One input's labels, or the output's. */
typedef struct term {
    int count, dots; /* of them, those of the ellipsis */
    char label[PLEURA_MAX_RANK];
} term;

/* Reads to the next comma, arrow or end. `rank` is the tensor's; -1: the ellipsis has `dots` axes. */
static bool read_term(const char **text, int rank, int dots, term *t)
{
    const char *end = *text + strcspn(*text, ",-");
    int letters = 0;
    for (const char *c = *text; c < end; c++)
        letters += isalpha((unsigned char)*c) != 0;
    bool dotted = false;
    *t = (term){.dots = rank < 0 ? dots : rank - letters};
    for (const char *c = *text; c < end; c++) {
        if (*c == ' ')
            continue;
        if (strncmp(c, "...", 3) == 0 && !dotted && t->dots >= 0) {
            for (int i = t->dots; i > 0 && t->count < PLEURA_MAX_RANK; i--)
                t->label[t->count++] = (char)i;
            dotted = true;
            c += 2;
        } else if (isalpha((unsigned char)*c) && t->count < PLEURA_MAX_RANK) {
            t->label[t->count++] = *c;
        } else {
            return false;
        }
    }
    t->dots = dotted ? t->dots : 0;
    *text = end;
    return rank < 0 ? t->count == letters + t->dots : t->count == rank;
}

static int find(const axes *a, char label)
{
    for (int i = 0; i < a->count; i++)
        if (a->label[i] == label)
            return i;
    return -1;
}

static int add(axes *a, char label)
{
    int i = find(a, label);
    if (i >= 0)
        return i;
    a->label[a->count] = label;
    a->size[a->count] = 1;
    return a->count++;
}

/* Without an arrow: the ellipsis, and then each letter that occurs once, in the alphabet's order. */
static bool imply_output(const term *inputs, int count, term *out)
{
    int times[128] = {0};
    *out = (term){0};
    for (int i = 0; i < count; i++) {
        out->dots = inputs[i].dots > out->dots ? inputs[i].dots : out->dots;
        for (int k = 0; k < inputs[i].count; k++)
            times[(unsigned char)inputs[i].label[k]]++;
    }
    for (int i = out->dots; i > 0; i--)
        out->label[out->count++] = (char)i;
    for (int c = 'A'; c <= 'z'; c++) {
        if (times[c] != 1)
            continue;
        if (out->count == PLEURA_MAX_RANK)
            return false;
        out->label[out->count++] = (char)c;
    }
    return true;
}

static bool read_equation(const char *text, const pleura_strided *inputs, int count, term *terms,
                          term *out)
{
    int dots = 0;
    for (int i = 0; i < count; i++) {
        if (i && *text++ != ',')
            return false;
        if (!read_term(&text, inputs[i].rank, 0, &terms[i]))
            return false;
        dots = terms[i].dots > dots ? terms[i].dots : dots;
    }
    if (!*text)
        return imply_output(terms, count, out);
    if (strncmp(text, "->", 2) != 0)
        return false;
    text += 2;
    return read_term(&text, -1, dots, out) && !*text;
}

/* Sizes and strides of every label; false if the equation and the shapes do not go together. */
static bool resolve(const pleura_node *node, const pleura_strided *inputs, axes *a)
{
    const pleura_attribute *equation = pleura_node_attribute(node, "equation", 's');
    const int count = (int)node->input_count;
    term terms[2], out;
    int64_t sums = 1;
    *a = (axes){0};
    if (!equation || !read_equation(equation->s, inputs, count, terms, &out))
        return false;
    for (int i = 0; i < out.count; i++)
        if (add(a, out.label[i]) != i)
            return false; /* twice in the output */
    a->outputs = out.count;
    for (int i = 0; i < count; i++)
        for (int d = 0; d < inputs[i].rank; d++) {
            int at = add(a, terms[i].label[d]);
            int64_t size = inputs[i].dims[d];
            a->read[at] = true;
            if (size != 1 && a->size[at] != 1 && a->size[at] != size)
                return false;
            a->size[at] = size == 1 ? a->size[at] : size;
            a->strides[at][i] += size == 1 ? 0 : inputs[i].strides[d];
        }
    for (int i = 0; i < a->count; i++) {
        sums *= i < a->outputs ? 1 : a->size[i];
        if (!a->read[i] || sums > PLEURA_MAX_ELEMENTS)
            return false;
    }
    return a->count - a->outputs <= PLEURA_MAX_RANK;
}

pleura_code pleura_infer_einsum(const pleura_walk *w)
{
    pleura_strided inputs[2];
    const pleura_plain_request request = {.graph = w->graph, .node = w->node};
    axes a;
    for (size_t i = 0; i < w->node->input_count; i++)
        inputs[i] = pleura_plain_tensor(&request, i);
    if (!resolve(w->node, inputs, &a))
        return pleura_walk_refuse(w, "has an equation that does not fit its inputs");
    return pleura_walk_set(w, a.outputs, a.size);
}

/* ---- The loop: rows along the output's last axis ---- */

typedef struct einsum {
    size_t rows, sums;
    int64_t length, step[2];
    const int32_t *row_at[2], *sum_at[2]; /* of each input */
} einsum;

static void run_einsum(const pleura_plain *plain)
{
    const einsum *e = plain->plan;
    const bool two = plain->input_count > 1;
    float *to = plain->output;
    for (size_t row = 0; row < e->rows; row++)
        for (int64_t i = 0; i < e->length; i++) {
            const float *x = (const float *)plain->inputs[0] + e->row_at[0][row] + i * e->step[0];
            const float *y =
                two ? (const float *)plain->inputs[1] + e->row_at[1][row] + i * e->step[1] : NULL;
            float sum = 0;
            for (size_t k = 0; k < e->sums; k++)
                sum += x[e->sum_at[0][k]] * (two ? y[e->sum_at[1][k]] : 1);
            *to++ = sum;
        }
}

/* The offsets of one input along a range of labels. */
static const int32_t *offsets(const axes *a, int first, int end, int input, size_t *count,
                              pleura_arena *arena)
{
    pleura_strided walk = {.rank = end - first};
    bool all[PLEURA_MAX_RANK];
    for (int i = first; i < end; i++) {
        walk.dims[i - first] = a->size[i];
        walk.strides[i - first] = a->strides[i][input];
        all[i - first] = true;
    }
    return pleura_plain_offsets(&walk, all, count, arena);
}

pleura_code pleura_plain_einsum(const pleura_plain_request *request, pleura_plain *plain,
                                pleura_error *error)
{
    const pleura_node *node = request->node;
    einsum *e = pleura_plain_plan(request, plain, sizeof *e, run_einsum, error);
    pleura_strided inputs[2];
    axes a;
    if (!e)
        return PLEURA_ERROR_MEMORY;
    for (size_t i = 0; i < node->input_count; i++)
        inputs[i] = pleura_plain_tensor(request, i);
    if (!resolve(node, inputs, &a)) /* which shapes.c has asked */
        return pleura_fail(error, PLEURA_ERROR_SHAPE, "ONNX: an equation that fits no more.");
    const int last = a.outputs - 1;
    e->length = last < 0 ? 1 : a.size[last];
    for (int i = 0; i < (int)node->input_count; i++) {
        e->step[i] = last < 0 ? 0 : a.strides[last][i];
        e->row_at[i] = offsets(&a, 0, last < 0 ? 0 : last, i, &e->rows, request->arena);
        e->sum_at[i] = offsets(&a, a.outputs, a.count, i, &e->sums, request->arena);
        if (!e->row_at[i] || !e->sum_at[i])
            return pleura_fail_memory(error, plain->output_count * sizeof(int32_t), node->name);
    }
    return PLEURA_OK;
}
