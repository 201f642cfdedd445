/*
 * What a network does for one image: a list of steps over tensors that live in one block of memory.
 * A step is an operator of XNNPACK or a kernel of ours. A plan comes about in five passes:
 *
 *   declare  lower*.c   each node of the graph adds steps and tensors; nothing has an address yet
 *   place    place.c    copies whose two ends may share memory go: concatenation and slices are views
 *   build    plan.c     each step packs its weights, now that the strides of its tensors are known
 *   arrange  arrange.c  lifetimes, and from them an offset for every buffer
 *   bind     plan.c     each step is told its addresses
 *
 * after which it may run any number of times.
 */
#ifndef PLEURA_PLAN_H
#define PLEURA_PLAN_H

#include "../graph/graph.h"

#include <xnnpack.h>

/* Every buffer starts at a multiple of this: a cache line, and the widest vector. */
#define PLEURA_ALIGNMENT 64

typedef struct pleura_dims {
    size_t rank;
    size_t size[PLEURA_MAX_RANK];
} pleura_dims;

/*
 * A tensor is a matrix to the planner: `width` is its last dimension, `rows` all others. Rows follow
 * one another at `stride` elements. A view is a range of columns of another tensor (`within`), so
 * that its rows have gaps between them; or the same elements under other dimensions.
 */
typedef struct pleura_tensor {
    pleura_dims dims;
    size_t rows, width;
    size_t element_size;
    const void *data; /* of a constant, which is no part of the arena; else NULL */
    bool packed;      /* somebody needs its rows without gaps */
    bool kept;        /* the network's input or an output: lives from the first to the last step */

    struct pleura_tensor *within; /* the tensor whose memory this one shares, or NULL */
    size_t column;                /* where in its rows */
    struct pleura_tensor *next;   /* in the plan's list, in the order of declaration */

    /* From place.c: the tensor that owns the memory (itself, if not a view), and where in it. */
    struct pleura_tensor *buffer;
    size_t offset, stride; /* in elements */

    /* From arrange.c, for those that own memory. */
    size_t first, last; /* the steps between which something in it is alive */
    size_t size, at;    /* in bytes, from the arena's beginning */
} pleura_tensor;

typedef struct pleura_step pleura_step;
typedef struct pleura_lowering pleura_lowering;

/* What is common to all steps that do the same. */
typedef struct pleura_step_kind {
    const char *name;
    bool strided_input;  /* its inputs may be views with gaps between their rows */
    bool strided_output; /* its output may be one */
    bool in_place;       /* may write its output over its first input, being of the same shape */

    /* Makes the step's operator, or whatever it keeps in `context`; the tensors' strides are known. A
     * step that needs memory while it runs sets step->workspace to its size. */
    pleura_code (*build)(pleura_lowering *l, pleura_step *step);
    /* Hands the addresses to the operator. NULL for a kernel that asks for them as it runs. */
    enum xnn_status (*bind)(pleura_step *step);
    /* A kernel of ours. NULL: step->operator is run. */
    enum xnn_status (*run)(const pleura_step *step, pthreadpool_t threads);
    /* Frees what `build` left in `context`; NULL if that is in the plan's arena. */
    void (*release)(pleura_step *step);
} pleura_step_kind;

#define PLEURA_STEP_INPUTS 8

struct pleura_step {
    const pleura_step_kind *kind;
    const pleura_node *node; /* until the plan is built; NULL for a conversion between forms */
    const char *label;       /* of the node, for messages and profiles */
    pleura_tensor *inputs[PLEURA_STEP_INPUTS]; /* NULL where there are fewer */
    pleura_tensor *output;
    bool elided; /* by place.c: its two ends are one */

    xnn_operator_t operator;
    void *context;    /* of a kernel; in the plan's arena */
    size_t workspace; /* bytes */
    size_t scratch;   /* where they are, from the arena's beginning */
    double ms;        /* summed over the runs of a plan that is timed */
    const struct pleura_plan *plan;
    pleura_step *next;
};

typedef struct pleura_plan {
    pleura_arena keep; /* tensors, steps, constants, contexts */
    pleura_tensor *tensors, **tensors_end;
    pleura_step *steps, **steps_end;
    size_t step_count;
    char *memory;       /* the arena of all buffers, aligned */
    void *allocation;   /* what it was cut from */
    size_t memory_size; /* in bytes */
    bool timed;         /* whether runs measure their steps */
} pleura_plan;

/* ---- For kernels and for `bind`: addresses ---- */

/* The first element of the step's input or output. Elements of a row are neighbours; the next row is
 * tensor->stride elements on. */
const void *pleura_plan_address(const pleura_plan *plan, const pleura_tensor *tensor);
void *pleura_plan_writable(const pleura_plan *plan, const pleura_tensor *tensor);
const void *pleura_step_input(const pleura_step *step, size_t index);
void *pleura_step_output(const pleura_step *step);
void *pleura_step_workspace(const pleura_step *step);

/* ---- The passes ---- */

/* Adds a tensor or a step; NULL if memory ran out. A step's tensors are `packed` where its kind
 * cannot take gaps. */
pleura_tensor *pleura_plan_tensor(pleura_plan *plan, const pleura_dims *dims, size_t element_size);
pleura_step *pleura_plan_step(pleura_plan *plan, const pleura_step_kind *kind, pleura_tensor *first,
                              pleura_tensor *second, pleura_tensor *output);

/* The same memory, which must have no gaps then, as a matrix of rows that are `width` long. */
pleura_tensor *pleura_plan_flat(pleura_plan *plan, pleura_tensor *tensor, size_t width);
/* A new view of `width` columns of a tensor that is taken for a matrix of rows x columns. */
pleura_tensor *pleura_plan_view(pleura_plan *plan, pleura_tensor *within, size_t column,
                                size_t width);

/* The copies that place.c tries to do without are steps of this kind. */
extern const pleura_step_kind pleura_copy;

pleura_code pleura_plan_place(pleura_plan *plan, pleura_error *error);
pleura_code pleura_plan_arrange(pleura_plan *plan, pleura_error *error);

enum xnn_status pleura_plan_run(const pleura_plan *plan, pthreadpool_t threads);
void pleura_plan_free(pleura_plan *plan);

#endif
