#include "products.h"

typedef double v2 __attribute__((vector_size(16), aligned(8), may_alias));
typedef float f2 __attribute__((vector_size(8), aligned(4), may_alias));

static v2 widened(const float *from)
{
    return __builtin_convertvector(*(const f2 *)from, v2);
}

void pleura_dot_rows(const float *const x[PLEURA_ROWS], const double *w, size_t count,
                     double out[PLEURA_ROWS])
{
    v2 sum[PLEURA_ROWS] = {{0, 0}, {0, 0}, {0, 0}, {0, 0}};
    size_t i = 0;
    for (; i + 2 <= count; i += 2) {
        v2 two = *(const v2 *)(w + i);
        for (int r = 0; r < PLEURA_ROWS; r++)
            sum[r] += two * widened(x[r] + i);
    }
    for (int r = 0; r < PLEURA_ROWS; r++) {
        out[r] = sum[r][0] + sum[r][1];
        if (i < count)
            out[r] += w[i] * (double)x[r][i];
    }
}

void pleura_add_rows(const float *const x[PLEURA_ROWS], const double by[PLEURA_ROWS], size_t count,
                     double *to)
{
    size_t i = 0;
    for (; i + 2 <= count; i += 2) {
        v2 sum = *(v2 *)(to + i);
        for (int r = 0; r < PLEURA_ROWS; r++)
            sum += by[r] * widened(x[r] + i);
        *(v2 *)(to + i) = sum;
    }
    for (; i < count; i++)
        for (int r = 0; r < PLEURA_ROWS; r++)
            to[i] += by[r] * (double)x[r][i];
}

double pleura_dot(const double *a, const double *b, size_t count)
{
    v2 sum = {0, 0};
    size_t i = 0;
    for (; i + 2 <= count; i += 2)
        sum += *(const v2 *)(a + i) * *(const v2 *)(b + i);
    return sum[0] + sum[1] + (i < count ? a[i] * b[i] : 0);
}

void pleura_add(const double *from, double by, size_t count, double *sum)
{
    for (size_t i = 0; i < count; i++)
        sum[i] += by * from[i];
}
