/* SPDX-License-Identifier: Apache-2.0 */
/* reduction: dst[o] = post(scale * (x1 op x2 op ...)) over the elements that belong to output o.
 *
 * If the innermost axis is reduced, an output is computed from runs of consecutive elements, in
 * LANES parallel accumulators that are combined at the end; if it is kept, a block of neighbouring
 * outputs is accumulated together, row by row. In both cases the inner loop reads memory in order,
 * and the order of accumulation does not depend on threads. Each output is computed by one thread,
 * so a reduction to a scalar does not run in parallel. */
#include "backend/onednn/kernels/reduction.h"

#include <math.h>
#include <string.h>

#include "backend/onednn/kernels/strided_loops.h"

#define LANES 16
#define BLOCK 256

/* NAME, start value, accumulating element x (pivot p) into a, combining accumulators a and b */
// clang-format off
#define FOLDS(X)                                                       \
    X(SUM,     0,         a + x,                     a + b)            \
    X(ABS,     0,         a + fabs(x),               a + b)            \
    X(SQUARE,  0,         a + x * x,                 a + b)            \
    X(PROD,    1,         a * x,                     a * b)            \
    X(MAX,     -INFINITY, x > a || x != x ? x : a,   b > a || b != b ? b : a) \
    X(MIN,     INFINITY,  x < a || x != x ? x : a,   b < a || b != b ? b : a) \
    X(EXP,     0,         a + exp(x - p),            a + b)            \
    X(NONZERO, 1,         a * (x != 0 ? x : 1),      a * b)            \
    X(ZEROS,   0,         a + (x == 0),              a + b)            \
    X(EQUALS,  0,         a + (x == p),              a + b)
// clang-format on

/* row: src[i] is accumulated into acc[i], i < n.  run: src[0..n) into one accumulator, by lanes. */
#define DEFINE(NAME, START, STEP, COMBINE)                                             \
    static inline double step_##NAME(double a, double x, double p) {                   \
        (void)p;                                                                       \
        return STEP;                                                                   \
    }                                                                                  \
    static double combine_##NAME(double a, double b) { return COMBINE; }               \
    static void row_##NAME(double *restrict acc, const float *restrict src,            \
                           const double *restrict p, int64_t n) {                      \
        for (int64_t i = 0; i < n; i++) acc[i] = step_##NAME(acc[i], src[i], p[i]);    \
    }                                                                                  \
    static void run_##NAME(double *restrict lane, const float *restrict src, double p, \
                           int64_t n) {                                                \
        for (; n >= LANES; n -= LANES, src += LANES)                                   \
            for (int i = 0; i < LANES; i++) lane[i] = step_##NAME(lane[i], src[i], p); \
        for (int i = 0; i < n; i++) lane[i] = step_##NAME(lane[i], src[i], p);         \
    }
FOLDS(DEFINE)
#undef DEFINE

typedef struct kernel {
    double start;
    double (*combine)(double, double);
    void (*row)(double *, const float *, const double *, int64_t);
    void (*run)(double *, const float *, double, int64_t);
} kernel;

#define ENTRY(NAME, START, STEP, COMBINE) {START, combine_##NAME, row_##NAME, run_##NAME},
static const kernel kernels[FVI_REDUCTION_COUNT] = {FOLDS(ENTRY)};
#undef ENTRY

void fvi_reduction_init(fvi_reduction *f, const fvi_shape *shape, unsigned axes) {
    memset(f, 0, sizeof *f);
    f->scale = 1;
    f->outs = f->each = 1;
    f->inner = 1;
    int64_t size[FVI_MAX_DIMS], stride[FVI_MAX_DIMS];
    int is_reduced[FVI_MAX_DIMS], n = 0;
    fvi_shape_strides(shape, stride);
    for (int i = 0; i < shape->ndim; i++) {
        int reduced = axes >> i & 1;
        *(reduced ? &f->each : &f->outs) *= shape->dim[i];
        if (shape->dim[i] == 1) continue;
        if (n && is_reduced[n - 1] == reduced) {
            size[n - 1] *= shape->dim[i];
            stride[n - 1] = stride[i];
        } else {
            size[n] = shape->dim[i];
            stride[n] = stride[i];
            is_reduced[n++] = reduced;
        }
    }
    if (n) {
        f->inner = size[--n];
        f->inner_reduced = is_reduced[n];
    }
    for (int i = 0; i < n; i++) {
        int k = is_reduced[i] ? f->n_reduced++ : f->n_kept++;
        (is_reduced[i] ? f->reduced : f->kept)[k] = size[i];
        (is_reduced[i] ? f->reduced_stride : f->kept_stride)[k] = stride[i];
    }
}

/* Offset of the index-th element over the given axes. */
static int64_t offset_of(int64_t index, int n, const int64_t *dim, const int64_t *stride) {
    int64_t at = 0;
    for (int i = n - 1; i >= 0; i--) {
        at += index % dim[i] * stride[i];
        index /= dim[i];
    }
    return at;
}

/* The next offset over the reduced axes, or -1 after the last. */
static int64_t next_offset(const fvi_reduction *f, int64_t *index, int64_t at) {
    for (int i = f->n_reduced - 1; i >= 0; i--) {
        at += f->reduced_stride[i];
        if (++index[i] < f->reduced[i]) return at;
        at -= f->reduced[i] * f->reduced_stride[i];
        index[i] = 0;
    }
    return -1;
}

static float finish(const fvi_reduction *f, double a) {
    a *= f->scale;
    if (f->post == FVI_POST_SQRT) a = sqrt(a);
    if (f->post == FVI_POST_LOG) a = log(a);
    return (float)a;
}

static double pivot_of(fvi_reduction_kind kind, const float *pivot, int64_t o) {
    if (!pivot) return 0;
    return kind == FVI_REDUCTION_EXP && isinf(pivot[o]) ? 0 : pivot[o];
}

/* Outputs [from, to), when the innermost axis is reduced. */
static void reduce_runs(const fvi_reduction *f, fvi_reduction_kind kind, const float *src,
                        const float *pivot, float *dst, int64_t from, int64_t to) {
    const kernel *k = &kernels[kind];
    for (int64_t o = from; o < to; o++) {
        const float *base = src + offset_of(o, f->n_kept, f->kept, f->kept_stride);
        double lane[LANES], p = pivot_of(kind, pivot, o);
        for (int i = 0; i < LANES; i++) lane[i] = k->start;
        int64_t index[FVI_MAX_DIMS] = {0};
        for (int64_t at = 0; at >= 0; at = next_offset(f, index, at))
            k->run(lane, base + at, p, f->inner);
        double a = lane[0];
        for (int i = 1; i < LANES; i++) a = k->combine(a, lane[i]);
        dst[o] = finish(f, a);
    }
}

/* Blocks [from, to) of outputs, when the innermost axis is kept. */
static void reduce_rows(const fvi_reduction *f, fvi_reduction_kind kind, const float *src,
                        const float *pivot, float *dst, int64_t from, int64_t to) {
    const kernel *k = &kernels[kind];
    int64_t blocks = (f->inner + BLOCK - 1) / BLOCK;
    for (int64_t b = from; b < to; b++) {
        int64_t outer = b / blocks, x = b % blocks * BLOCK;
        int64_t n = f->inner - x < BLOCK ? f->inner - x : BLOCK, o = outer * f->inner + x;
        const float *base = src + offset_of(outer, f->n_kept, f->kept, f->kept_stride) + x;
        double acc[BLOCK], p[BLOCK];
        for (int i = 0; i < n; i++) {
            acc[i] = k->start;
            p[i] = pivot_of(kind, pivot, o + i);
        }
        int64_t index[FVI_MAX_DIMS] = {0};
        for (int64_t at = 0; at >= 0; at = next_offset(f, index, at)) k->row(acc, base + at, p, n);
        for (int i = 0; i < n; i++) dst[o + i] = finish(f, acc[i]);
    }
}

void fvi_reduction_run(const fvi_reduction *f, fvi_reduction_kind kind, const float *src,
                       const float *pivot, float *dst) {
    if (f->each == 0) {
        fvi_fill(dst, f->outs, finish(f, kernels[kind].start));
        return;
    }
    if (f->outs == 0) return;
    int64_t units =
        f->inner_reduced ? f->outs : f->outs / f->inner * ((f->inner + BLOCK - 1) / BLOCK);
#pragma omp parallel if (f->outs * f->each > FVI_PARALLEL_MIN && units > 1)
    {
        int64_t from, to;
        fvi_thread_share(units, &from, &to);
        (f->inner_reduced ? reduce_runs : reduce_rows)(f, kind, src, pivot, dst, from, to);
    }
}

void fvi_sum_to(const fvi_shape *from, const float *src, const fvi_shape *to, float *dst) {
    int64_t stride[FVI_MAX_DIMS];
    fvi_broadcast_strides(to, from, stride);
    unsigned axes = 0;
    for (int i = 0; i < from->ndim; i++)
        if (stride[i] == 0 && from->dim[i] != 1) axes |= 1u << i;
    fvi_reduction f;
    fvi_reduction_init(&f, from, axes);
    fvi_reduction_run(&f, FVI_REDUCTION_SUM, src, NULL, dst);
}
