/* The planner: random plans compute what they would if every value had memory of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "run/lower.h"

#include <stdlib.h>
#include <string.h>

static uint32_t seed;

static size_t below(size_t limit)
{
    seed = seed * 1664525u + 1013904223u; /* Numerical Recipes' generator */
    return (seed >> 8) % limit;
}

/* ---- Kernels that depend on every element of their inputs and on where it is ---- */

static float element(const pleura_tensor *t, const float *data, size_t index)
{
    size_t stride = t->data ? t->width : t->stride;
    return data[index / t->width * stride + index % t->width];
}

static float mix(float a, float b, size_t index)
{
    return a * 0.5f - b * 0.25f + (float)(index % 13);
}

static enum xnn_status run_mix(const pleura_step *step, pthreadpool_t threads)
{
    (void)threads;
    const pleura_tensor *a = step->inputs[0], *b = step->inputs[1], *y = step->output;
    const float *from_a = pleura_step_input(step, 0);
    const float *from_b = b ? pleura_step_input(step, 1) : NULL;
    float *to = pleura_step_output(step);
    size_t count_a = a->rows * a->width, count_b = b ? b->rows * b->width : 1;
    for (size_t i = 0; i < y->rows * y->width; i++)
        to[i / y->width * y->stride + i % y->width] =
            mix(element(a, from_a, i % count_a), b ? element(b, from_b, i % count_b) : 0, i);
    return xnn_status_success;
}

/* By which of strided_input, strided_output and in_place hold. */
static const pleura_step_kind kinds[8] = {
    {.name = "mix 0", .run = run_mix},
    {.name = "mix 1", .strided_input = true, .run = run_mix},
    {.name = "mix 2", .strided_output = true, .run = run_mix},
    {.name = "mix 3", .strided_input = true, .strided_output = true, .run = run_mix},
    {.name = "mix 4", .in_place = true, .run = run_mix},
    {.name = "mix 5", .in_place = true, .strided_input = true, .run = run_mix},
    {.name = "mix 6", .in_place = true, .strided_output = true, .run = run_mix},
    {.name = "mix 7",
     .in_place = true,
     .strided_input = true,
     .strided_output = true,
     .run = run_mix},
};

/* ---- A plan beside what its values should be ---- */

#define MAX_VALUES 64

typedef struct value {
    pleura_tensor *tensor;
    float *wanted;
} value;

typedef struct trial {
    pleura_plan plan;
    pleura_lowering l;
    pleura_error error;
    value values[MAX_VALUES];
    size_t count;
} trial;

static value *add(trial *t, pleura_dims dims)
{
    value *v = &t->values[t->count++];
    v->tensor = pleura_lower_temporary(&t->l, &dims);
    assert_non_null(v->tensor);
    v->wanted = calloc(v->tensor->rows * v->tensor->width, sizeof *v->wanted);
    return v;
}

static value *input(trial *t, size_t height, size_t width, size_t channels)
{
    value *v = add(t, (pleura_dims){4, {1, height, width, channels}});
    v->tensor->kept = v->tensor->packed = true;
    for (size_t i = 0; i < height * width * channels; i++)
        v->wanted[i] = (float)below(1000);
    return v;
}

static value *compute(trial *t, const pleura_step_kind *kind, const value *a, const value *b,
                      pleura_dims dims)
{
    value *y = add(t, dims);
    assert_non_null(
        pleura_lower_step(&t->l, NULL, kind, a->tensor, b ? b->tensor : NULL, y->tensor));
    size_t count_a = a->tensor->rows * a->tensor->width;
    size_t count_b = b ? b->tensor->rows * b->tensor->width : 1;
    for (size_t i = 0; i < y->tensor->rows * y->tensor->width; i++)
        y->wanted[i] = mix(a->wanted[i % count_a], b ? b->wanted[i % count_b] : 0, i);
    return y;
}

static value *join(trial *t, const value *const *parts, size_t count, size_t axis)
{
    pleura_dims dims = parts[0]->tensor->dims;
    dims.size[axis] = 0;
    for (size_t i = 0; i < count; i++)
        dims.size[axis] += parts[i]->tensor->dims.size[axis];
    value *y = add(t, dims);
    size_t outer = 1, start = 0, whole = dims.size[axis], inner = 1;
    for (size_t i = 0; i < axis; i++)
        outer *= dims.size[i];
    for (size_t i = axis + 1; i < dims.rank; i++)
        inner *= dims.size[i];
    for (size_t i = 0; i < count; i++) {
        size_t length = parts[i]->tensor->dims.size[axis];
        for (size_t o = 0; o < outer; o++)
            memcpy(y->wanted + (o * whole + start) * inner, parts[i]->wanted + o * length * inner,
                   length * inner * sizeof(float));
        pleura_lower_copy(&t->l, NULL, parts[i]->tensor,
                          pleura_lower_part(&t->l, y->tensor, axis, start, length));
        start += length;
    }
    return y;
}

static value *cut(trial *t, const value *x, size_t axis, size_t start, size_t length)
{
    pleura_dims dims = x->tensor->dims;
    size_t outer = 1, inner = 1, whole = dims.size[axis];
    for (size_t i = 0; i < axis; i++)
        outer *= dims.size[i];
    for (size_t i = axis + 1; i < dims.rank; i++)
        inner *= dims.size[i];
    dims.size[axis] = length;
    value *y = add(t, dims);
    for (size_t o = 0; o < outer; o++)
        memcpy(y->wanted + o * length * inner, x->wanted + (o * whole + start) * inner,
               length * inner * sizeof(float));
    pleura_lower_copy(&t->l, NULL, pleura_lower_part(&t->l, x->tensor, axis, start, length),
                      y->tensor);
    return y;
}

static value *reshape(trial *t, const value *x, pleura_dims dims)
{
    value *y = add(t, dims);
    memcpy(y->wanted, x->wanted, x->tensor->rows * x->tensor->width * sizeof(float));
    pleura_lower_copy(&t->l, NULL, x->tensor, y->tensor);
    return y;
}

static void begin(trial *t)
{
    memset(t, 0, sizeof *t);
    t->l.plan = &t->plan;
    t->l.error = &t->error;
}

static void assert_nothing_overlaps(const pleura_plan *plan)
{
    for (const pleura_tensor *a = plan->tensors; a; a = a->next)
        for (const pleura_tensor *b = a->next; b; b = b->next) {
            bool owners = a->buffer == a && b->buffer == b && a->size && b->size;
            bool together = a->first <= b->last && b->first <= a->last;
            bool overlap = a->at < b->at + b->size && b->at < a->at + a->size;
            assert_false(owners && together && overlap);
        }
}

/* Plans, runs twice (what the first run leaves behind must not matter), compares, and frees. */
static void check(trial *t)
{
    assert_int_equal(t->l.code, PLEURA_OK);
    assert_int_equal(pleura_plan_place(&t->plan, &t->error), PLEURA_OK);
    assert_int_equal(pleura_plan_arrange(&t->plan, &t->error), PLEURA_OK);
    assert_nothing_overlaps(&t->plan);
    for (int run = 0; run < 2; run++) {
        for (size_t i = 0; i < t->count; i++) {
            const value *v = &t->values[i];
            bool given = v->tensor->kept && i < 2;
            if (given)
                memcpy(pleura_plan_writable(&t->plan, v->tensor), v->wanted,
                       v->tensor->rows * v->tensor->width * sizeof(float));
        }
        assert_int_equal(pleura_plan_run(&t->plan, NULL), xnn_status_success);
    }
    for (size_t i = 0; i < t->count; i++) {
        const value *v = &t->values[i];
        const float *got = v->tensor->kept ? pleura_plan_address(&t->plan, v->tensor) : NULL;
        for (size_t k = 0; got && k < v->tensor->rows * v->tensor->width; k++)
            if (got[k] != v->wanted[k])
                fail_msg("value %zu, element %zu: %g, %g expected", i, k, (double)got[k],
                         (double)v->wanted[k]);
    }
}

static void end(trial *t)
{
    for (size_t i = 0; i < t->count; i++)
        free(t->values[i].wanted);
    pleura_plan_free(&t->plan);
}

static size_t copies(const pleura_plan *plan)
{
    size_t count = 0;
    for (const pleura_step *step = plan->steps; step; step = step->next)
        count += step->kind == &pleura_copy && !step->elided;
    return count;
}

static void keep(value *v)
{
    v->tensor->kept = v->tensor->packed = true;
}

/* ---- Random plans ---- */

static value *any(trial *t)
{
    size_t recent =
        t->count < 4 ? t->count : 4; /* lives are short that way, and memory used again */
    return &t->values[below(3) ? t->count - 1 - below(recent) : below(t->count)];
}

static bool same_dims(const pleura_dims *a, const pleura_dims *b)
{
    return a->rank == b->rank && memcmp(a->size, b->size, a->rank * sizeof *a->size) == 0;
}

static void add_computation(trial *t)
{
    const value *a = any(t), *b = any(t);
    pleura_dims dims = a->tensor->dims;
    size_t kind = below(8);
    if (kind < 4 && below(3) == 0)
        dims.size[dims.rank - 1] = 1 + below(6);
    compute(t, &kinds[kind], a, below(2) ? b : NULL, dims);
}

static void add_join(trial *t)
{
    const value *parts[4] = {any(t)};
    const pleura_dims *dims = &parts[0]->tensor->dims;
    size_t axis = below(2) ? dims->rank - 1 : below(dims->rank), count = 1;
    for (size_t i = 0; i < t->count && count < 4; i++) {
        pleura_dims other = t->values[i].tensor->dims;
        if (other.rank <= axis || below(3) == 0)
            continue;
        other.size[axis] = dims->size[axis];
        if (same_dims(&other, dims))
            parts[count++] = &t->values[i];
    }
    if (dims->size[axis] < 200)
        join(t, parts, count, axis);
}

static void add_cut(trial *t)
{
    const value *x = any(t);
    const pleura_dims *dims = &x->tensor->dims;
    size_t axis = below(2) ? dims->rank - 1 : below(dims->rank);
    size_t start = below(dims->size[axis]);
    cut(t, x, axis, start, 1 + below(dims->size[axis] - start));
}

static void add_reshape(trial *t)
{
    const value *x = any(t);
    size_t rows = x->tensor->rows, width = x->tensor->width;
    pleura_dims dims = {2, {rows, width}};
    if (below(2) && width % 2 == 0)
        dims = (pleura_dims){3, {rows, 2, width / 2}};
    else if (below(2))
        dims = (pleura_dims){1, {rows * width}};
    reshape(t, x, dims);
}

static void random_plans_compute_their_values(void **state)
{
    (void)state;
    for (uint32_t round = 0; round < 3000; round++) {
        trial t;
        begin(&t);
        seed = round;
        input(&t, 1 + below(3), 1 + below(3), 1 + below(4));
        input(&t, 1 + below(3), 1 + below(3), 1 + below(4));
        size_t steps = 1 + below(MAX_VALUES - 3);
        for (size_t i = 0; i < steps; i++) {
            static void (*const choices[])(trial *) = {
                add_computation, add_computation, add_join, add_join, add_cut, add_reshape};
            choices[below(6)](&t);
        }
        for (size_t i = 2; i < t.count; i++)
            if (below(4) == 0)
                keep(&t.values[i]);
        keep(&t.values[t.count - 1]);
        check(&t);
        end(&t);
    }
}

/* ---- Plans whose copies are known ---- */

#define FREE (&kinds[3]) /* strides everywhere, not in place */

/* A dense block: each layer reads all that came before. */
static void a_dense_block_copies_nothing(void **state)
{
    (void)state;
    trial t;
    begin(&t);
    const value *parts[8] = {0};
    value *in = input(&t, 2, 3, 4);
    input(&t, 1, 1, 1);
    parts[0] = compute(&t, FREE, in, NULL, in->tensor->dims);
    value *joined = NULL;
    for (size_t i = 1; i < 8; i++) {
        pleura_dims dims = {4, {1, 2, 3, 3}};
        parts[i] = compute(&t, FREE, joined ? joined : parts[0], NULL, dims);
        joined = join(&t, parts, i + 1, 3);
    }
    value *out = compute(&t, FREE, joined, NULL, joined->tensor->dims);
    keep(out);
    check(&t);
    assert_int_equal(copies(&t.plan), 0);
    end(&t);
}

/* The channels of an image in two halves, one of them worked on, joined again. */
static void halves_are_views(void **state)
{
    (void)state;
    trial t;
    begin(&t);
    value *in = input(&t, 2, 2, 6);
    input(&t, 1, 1, 1);
    value *x = compute(&t, FREE, in, NULL, in->tensor->dims);
    value *left = cut(&t, x, 3, 0, 3), *right = cut(&t, x, 3, 3, 3);
    value *worked = compute(&t, FREE, right, NULL, right->tensor->dims);
    const value *parts[] = {left, worked};
    value *out = compute(&t, FREE, join(&t, parts, 2, 3), NULL, in->tensor->dims);
    keep(out);
    check(&t);
    assert_int_equal(copies(&t.plan), 1); /* `left` is where it was cut, and must move */
    end(&t);
}

static void what_cannot_take_gaps_is_copied(void **state)
{
    (void)state;
    trial t;
    begin(&t);
    value *in = input(&t, 2, 2, 6);
    input(&t, 1, 1, 1);
    value *a = compute(&t, &kinds[1], in, NULL, in->tensor->dims); /* no gaps in its output */
    value *b = compute(&t, FREE, in, NULL, in->tensor->dims);
    const value *parts[] = {a, b};
    value *joined = join(&t, parts, 2, 3);
    keep(compute(&t, FREE, joined, NULL, joined->tensor->dims));
    keep(compute(&t, &kinds[2], cut(&t, joined, 3, 1, 4), NULL, in->tensor->dims));
    check(&t);
    assert_int_equal(copies(&t.plan), 2);
    end(&t);
}

/* A chain of elementwise steps needs one buffer; of others, two. */
static void memory_is_used_again(void **state)
{
    (void)state;
    for (int in_place = 0; in_place < 2; in_place++) {
        trial t;
        begin(&t);
        value *x = input(&t, 16, 16, 4);
        input(&t, 1, 1, 1);
        size_t size = 16 * 16 * 4 * sizeof(float);
        for (int i = 0; i < 10; i++)
            x = compute(&t, &kinds[in_place ? 7 : 3], x, NULL, x->tensor->dims);
        keep(compute(&t, FREE, x, NULL, (pleura_dims){2, {1, 1}}));
        check(&t);
        assert_in_range(t.plan.memory_size, (2 + !in_place) * size,
                        (2 + !in_place) * size + 3 * PLEURA_ALIGNMENT);
        end(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_plans_compute_their_values),
        cmocka_unit_test(a_dense_block_copies_nothing),
        cmocka_unit_test(halves_are_views),
        cmocka_unit_test(what_cannot_take_gaps_is_copied),
        cmocka_unit_test(memory_is_used_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
