/* SPDX-License-Identifier: Apache-2.0 */
/* strided_loops: iterating over strided tensors, run by run.
 *
 * Axes of size one are dropped; two neighbours merge if, for every operand, the outer stride is the
 * inner stride times the inner size. The innermost axis left is the run; a long one is split, so
 * that a flat tensor still has work for every thread. No arithmetic besides copying. */
#include "backend/onednn/kernels/strided_loops.h"

#include <string.h>

/* Most elements of a run: two or three runs of this size fit in the first-level cache. */
#define RUN_MAX 2048

/* Whether axis i of the shape may be merged into the innermost axis collected so far. */
static int merges(const fvi_nest *t, int64_t size, const int64_t stride[][FVI_MAX_DIMS], int i) {
    for (int k = 0; k < t->n_op; k++)
        if (stride[k][i] != t->stride[k][t->ndim - 1] * size) return 0;
    return 1;
}

void fvi_nest_init(fvi_nest *t, const fvi_shape *shape, int n_op,
                   const int64_t stride[][FVI_MAX_DIMS]) {
    memset(t, 0, sizeof *t);
    t->n_op = n_op;
    t->total = fvi_shape_product(shape, 0, shape->ndim);
    /* From the inside out: dim[0] is innermost until the order is reversed below. */
    for (int i = shape->ndim - 1; i >= 0; i--) {
        int64_t d = shape->dim[i];
        if (d == 1) continue;
        if (t->ndim > 0 && merges(t, t->dim[t->ndim - 1], stride, i)) {
            t->dim[t->ndim - 1] *= d;
            continue;
        }
        for (int k = 0; k < n_op; k++) t->stride[k][t->ndim] = stride[k][i];
        t->dim[t->ndim++] = d;
    }
    t->inner = t->ndim ? t->dim[0] : 1;
    for (int k = 0; k < n_op; k++) t->inner_stride[k] = t->ndim ? t->stride[k][0] : 1;
    if (t->ndim) t->ndim--;
    fvi_nest turned = *t;
    for (int i = 0; i < t->ndim; i++) {
        turned.dim[i] = t->dim[t->ndim - i];
        for (int k = 0; k < n_op; k++) turned.stride[k][i] = t->stride[k][t->ndim - i];
    }
    *t = turned;
    t->parts = (t->inner + RUN_MAX - 1) / RUN_MAX;
    if (t->parts < 1) t->parts = 1;
    t->part = (t->inner + t->parts - 1) / t->parts;
    t->runs = t->parts;
    for (int i = 0; i < t->ndim; i++) t->runs *= t->dim[i];
    if (t->total == 0) t->runs = 0;
}

/* Sets the offsets and the length of the run from its index and part. */
static void set_offsets(const fvi_nest *t, fvi_run *r) {
    int64_t at = r->part * t->part;
    r->n = t->inner - at < t->part ? t->inner - at : t->part;
    for (int k = 0; k < t->n_op; k++) r->offset[k] = r->base[k] + at * t->inner_stride[k];
}

fvi_run fvi_nest_first(const fvi_nest *t) {
    fvi_run r = {0};
    int64_t from, to;
    fvi_thread_share(t->runs, &from, &to);
    r.left = to - from;
    r.part = from % t->parts;
    from /= t->parts;
    for (int i = t->ndim - 1; i >= 0; i--) {
        if (t->dim[i] == 0) break; /* no runs at all */
        r.index[i] = from % t->dim[i];
        from /= t->dim[i];
        for (int k = 0; k < t->n_op; k++) r.base[k] += r.index[i] * t->stride[k][i];
    }
    set_offsets(t, &r);
    return r;
}

void fvi_nest_next(const fvi_nest *t, fvi_run *r) {
    r->left--;
    if (++r->part == t->parts) {
        r->part = 0;
        for (int i = t->ndim - 1; i >= 0; i--) {
            int64_t back = 0;
            if (++r->index[i] == t->dim[i]) {
                back = t->dim[i];
                r->index[i] = 0;
            }
            for (int k = 0; k < t->n_op; k++) r->base[k] += (1 - back) * t->stride[k][i];
            if (!back) break;
        }
    }
    set_offsets(t, r);
}

void fvi_broadcast_strides(const fvi_shape *in, const fvi_shape *out,
                           int64_t stride[FVI_MAX_DIMS]) {
    int64_t own[FVI_MAX_DIMS];
    fvi_shape_strides(in, own);
    int lead = out->ndim - in->ndim; /* axes of `out` that `in` does not have */
    for (int i = 0; i < out->ndim; i++) {
        int j = i - lead;
        stride[i] = j >= 0 && in->dim[j] != 1 ? own[j] : 0;
    }
}

/* dst[0..n) from src with a step. */
static void copy_run(float *restrict dst, int64_t dst_step, const float *restrict src,
                     int64_t src_step, int64_t n) {
    if (dst_step == 1 && src_step == 1) {
        memcpy(dst, src, (size_t)n * sizeof *dst);
    } else if (dst_step == 1 && src_step == 0) {
        float v = *src;
        for (int64_t i = 0; i < n; i++) dst[i] = v;
    } else if (dst_step == 1) {
        for (int64_t i = 0; i < n; i++) dst[i] = src[i * src_step];
    } else {
        for (int64_t i = 0; i < n; i++) dst[i * dst_step] = src[i * src_step];
    }
}

void fvi_copy_strided(const fvi_shape *shape, float *dst, const int64_t *dst_stride,
                      const float *src, const int64_t *src_stride) {
    int64_t strides[2][FVI_MAX_DIMS];
    memcpy(strides[0], dst_stride, sizeof strides[0]);
    memcpy(strides[1], src_stride, sizeof strides[1]);
    fvi_nest t;
    fvi_nest_init(&t, shape, 2, (const int64_t(*)[FVI_MAX_DIMS])strides);
#pragma omp parallel if (t.total > FVI_PARALLEL_MIN)
    for (fvi_run r = fvi_nest_first(&t); r.left > 0; fvi_nest_next(&t, &r))
        copy_run(dst + r.offset[0], t.inner_stride[0], src + r.offset[1], t.inner_stride[1], r.n);
}

void fvi_fill(float *dst, int64_t n, float value) {
#pragma omp parallel if (n > FVI_PARALLEL_MIN)
    {
        int64_t from, to;
        fvi_thread_share(n, &from, &to);
#pragma omp simd
        for (int64_t i = from; i < to; i++) dst[i] = value;
    }
}

void fvi_copy(float *dst, const float *src, int64_t n) {
#pragma omp parallel if (n > FVI_PARALLEL_MIN)
    {
        int64_t from, to;
        fvi_thread_share(n, &from, &to);
        if (to > from) memcpy(dst + from, src + from, (size_t)(to - from) * sizeof *dst);
    }
}
