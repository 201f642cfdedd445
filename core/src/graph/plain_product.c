/* Gemm and MatMul. */
#include "plain_loops.h"

#include <string.h>

typedef struct product {
    int64_t m, n, k;
    size_t batches;
    const int32_t *a_at, *b_at; /* where each batch's matrices begin */
    int64_t a_row, a_column, b_row, b_column;
    float alpha, beta;
    int64_t c_row, c_column; /* Gemm's third input, spread; or no third input */
} product;

static void multiply(const product *p, const float *a, const float *b, float *out)
{
    for (int64_t i = 0; i < p->m; i++) {
        float *row = out + i * p->n;
        if (p->b_column == 1) { /* rows of b lie ready: add them up */
            for (int64_t j = 0; j < p->n; j++)
                row[j] = 0;
            for (int64_t k = 0; k < p->k; k++) {
                float factor = a[i * p->a_row + k * p->a_column];
                const float *from = b + k * p->b_row;
                for (int64_t j = 0; j < p->n; j++)
                    row[j] += factor * from[j];
            }
            continue;
        }
        for (int64_t j = 0; j < p->n; j++) {
            float sum = 0;
            for (int64_t k = 0; k < p->k; k++)
                sum += a[i * p->a_row + k * p->a_column] * b[k * p->b_row + j * p->b_column];
            row[j] = sum;
        }
    }
}

static void run_product(const pleura_plain *plain)
{
    const product *p = plain->plan;
    const float *c = plain->input_count > 2 ? plain->inputs[2] : NULL;
    float *out = plain->output;
    for (size_t batch = 0; batch < p->batches; batch++, out += p->m * p->n) {
        multiply(p, (const float *)plain->inputs[0] + p->a_at[batch],
                 (const float *)plain->inputs[1] + p->b_at[batch], out);
        for (int64_t i = 0; i < p->m; i++)
            for (int64_t j = 0; j < p->n; j++) {
                float bias = c ? p->beta * c[i * p->c_row + j * p->c_column] : 0;
                out[i * p->n + j] = p->alpha * out[i * p->n + j] + bias;
            }
    }
}

static void arrange_gemm(const pleura_plain_request *request, product *p)
{
    const pleura_node *node = request->node;
    pleura_strided a = pleura_plain_tensor(request, 0), b = pleura_plain_tensor(request, 1);
    int ta = pleura_node_int(node, "transA", 0) != 0, tb = pleura_node_int(node, "transB", 0) != 0;
    p->m = a.dims[ta];
    p->k = a.dims[!ta];
    p->n = b.dims[!tb];
    p->a_row = a.strides[ta];
    p->a_column = a.strides[!ta];
    p->b_row = b.strides[tb];
    p->b_column = b.strides[!tb];
    p->alpha = pleura_node_float(node, "alpha", 1);
    p->beta = pleura_node_float(node, "beta", 1);
    if (node->input_count > 2) {
        pleura_strided c = pleura_plain_tensor(request, 2);
        int rows = c.rank - 2, columns = c.rank - 1;
        p->c_row = rows >= 0 && c.dims[rows] != 1 ? c.strides[rows] : 0;
        p->c_column = columns >= 0 && c.dims[columns] != 1 ? c.strides[columns] : 0;
    }
}

/* numpy's rules: a vector is a row on the left and a column on the right; the axes before the last
 * two are batches, which broadcast. */
static void arrange_matmul(const pleura_plain_request *request, product *p, pleura_strided *a,
                           pleura_strided *b)
{
    *a = pleura_plain_tensor(request, 0);
    *b = pleura_plain_tensor(request, 1);
    p->k = a->dims[a->rank - 1];
    p->m = a->rank > 1 ? a->dims[a->rank - 2] : 1;
    p->n = b->rank > 1 ? b->dims[b->rank - 1] : 1;
    p->a_column = 1;
    p->a_row = p->k;
    p->b_column = 1;
    p->b_row = p->n;
    p->alpha = p->beta = 1;
}

static const int32_t *batch_starts(const pleura_strided *matrix, int rank, const int64_t *dims,
                                   size_t *count, pleura_arena *arena)
{
    pleura_strided batches = {.rank = rank};
    bool all[PLEURA_MAX_RANK];
    for (int i = 0; i < rank; i++) {
        int axis = i - (rank - (matrix->rank - 2));
        batches.dims[i] = dims[i];
        batches.strides[i] = axis < 0 || matrix->dims[axis] == 1 ? 0 : matrix->strides[axis];
        all[i] = true;
    }
    return pleura_plain_offsets(&batches, all, count, arena);
}

pleura_code pleura_plain_product(const pleura_plain_request *request, pleura_plain *plain,
                                 pleura_error *error)
{
    const pleura_node *node = request->node;
    product *p = pleura_plain_plan(request, plain, sizeof *p, run_product, error);
    if (!p)
        return PLEURA_ERROR_MEMORY;
    pleura_strided a = {.rank = 2}, b = {.rank = 2};
    int rank = 0;
    const pleura_value *out = &request->graph->values[node->output];
    if (node->op == PLEURA_OP_Gemm) {
        arrange_gemm(request, p);
    } else {
        arrange_matmul(request, p, &a, &b);
        int deepest = a.rank > b.rank ? a.rank : b.rank;
        rank = deepest > 2 ? deepest - 2 : 0; /* of the output, which begins with the batches */
    }
    p->a_at = batch_starts(&a, rank, out->dims, &p->batches, request->arena);
    p->b_at = batch_starts(&b, rank, out->dims, &p->batches, request->arena);
    return p->a_at && p->b_at ? PLEURA_OK : pleura_fail_memory(error, p->batches * 8, node->name);
}
