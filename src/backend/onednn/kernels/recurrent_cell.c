/* SPDX-License-Identifier: Apache-2.0 */
/* recurrent_cell: the gates' functions with their slopes, and the products with the recurrent
 * weights, one a step of time. Products are so small that oneDNN's call would cost as much as its
 * work: here each row is a dot product, and rows (or, transposed, columns) are shared among
 * threads. Each number is summed by one thread in one order, whatever their number. */
#include "backend/onednn/kernels/recurrent_cell.h"

#include "backend/onednn/kernels/vector_math.h"
#include "base/parallel.h"

#define PARALLEL_MIN (1 << 17) /* multiply-adds */

static inline float sigmoid(float x) {
    float e = expf(-fabsf(x));
    return x >= 0 ? 1 / (1 + e) : e / (1 + e);
}

static inline float clip(float x, float lo, float hi) { return x < lo ? lo : x > hi ? hi : x; }

#define FUNCTION(NAME, value, gradient)                                            \
    case FVI_##NAME:                                                               \
        for (int64_t i = 0; i < n; i++) {                                          \
            const float v = clip(x[i], -bound, bound), inside = v == x[i] ? 1 : 0; \
            const float r = (value);                                               \
            slope[i] = inside * (gradient);                                        \
            y[i] = r;                                                              \
        }                                                                          \
        break

FVI_WIDE static void function(const fvi_recurrent *a, int which, const float *x, float *y,
                              float *slope, int64_t n) {
    const float p = a->function[which].p, q = a->function[which].q;
    const float bound = a->clip > 0 && which < 2 ? a->clip : INFINITY;
    switch (a->function[which].f) {
        FUNCTION(SIGMOID, sigmoid(v), r * sigmoid(-v));
        FUNCTION(TANH, tanhf(v), 1 - r * r);
        FUNCTION(RELU, v > 0 ? v : 0, v > 0 ? 1.0f : 0.0f);
        FUNCTION(LEAKY_RELU, v > 0 ? v : p * v, v > 0 ? 1 : p);
        FUNCTION(THRESHOLDED_RELU, v > p ? v : 0, v > p ? 1.0f : 0.0f);
        FUNCTION(HARD_SIGMOID, clip(p * v + q, 0, 1), r > 0 && r < 1 ? p : 0);
        FUNCTION(LINEAR, p * v + q, p);
        FUNCTION(ELU, v > 0 ? v : p * expm1f(v), v > 0 ? 1 : r + p);
        FUNCTION(SOFTSIGN, v / (1 + fabsf(v)), (1 - fabsf(r)) * (1 - fabsf(r)));
        FUNCTION(SOFTPLUS, fmaxf(v, 0) + log1pf(expf(-fabsf(v))), sigmoid(v));
    default:
        for (int64_t i = 0; i < n; i++) y[i] = slope[i] = NAN;
    }
}
#undef FUNCTION

void fvi_cell_function(const fvi_recurrent *a, int which, const float *x, float *y, float *slope,
                       int64_t n) {
    function(a, which, x, y, slope, n);
}

/* Rows first..last-1. */
FVI_WIDE static void rows(const fvi_cell_product *p, int64_t first, int64_t last) {
    for (int64_t k = first; k < last; k++) {
        const float *m = p->m + k * p->columns;
        for (int64_t j = 0; j < p->n; j++) {
            const float *from = p->from + j * p->from_step;
            float sum = 0;
#pragma omp simd reduction(+ : sum)
            for (int64_t i = 0; i < p->columns; i++) sum += m[i] * from[i];
            p->to[j * p->to_step + k] += sum;
        }
    }
}

/* Columns first..last-1. */
FVI_WIDE static void columns(const fvi_cell_product *p, int64_t first, int64_t last) {
    for (int64_t j = 0; j < p->n; j++) {
        const float *from = p->from + j * p->from_step;
        float *restrict to = p->to + j * p->to_step;
        for (int64_t k = 0; k < p->rows; k++) {
            const float *m = p->m + k * p->columns;
            const float f = from[k];
#pragma omp simd
            for (int64_t i = first; i < last; i++) to[i] += m[i] * f;
        }
    }
}

static int is_large(const fvi_cell_product *p) {
    return (double)p->rows * (double)p->columns * (double)p->n > PARALLEL_MIN;
}

void fvi_cell_multiply(const fvi_cell_product *p) {
    if (!is_large(p)) {
        rows(p, 0, p->rows);
        return;
    }
#pragma omp parallel
    {
        int64_t from, to;
        fvi_thread_share(p->rows, &from, &to);
        rows(p, from, to);
    }
}

void fvi_cell_multiply_transposed(const fvi_cell_product *p) {
    if (!is_large(p)) {
        columns(p, 0, p->columns);
        return;
    }
#pragma omp parallel
    {
        int64_t from, to;
        fvi_thread_share(p->columns, &from, &to);
        columns(p, from, to);
    }
}
