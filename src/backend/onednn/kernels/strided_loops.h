/* SPDX-License-Identifier: Apache-2.0 */
/* Loops over strided tensors of up to 8 dims, shared by the ops' own loops.
 *
 * A nest iterates over a shape with up to four operands at once, each with its own strides (0 where
 * it is broadcast). Sizes of one are dropped and contiguous axes merged, which leaves runs along
 * the innermost axis; index arithmetic is done once a run:
 *
 *   fvi_nest t;
 *   fvi_nest_init(&t, &shape, 2, strides);
 *   #pragma omp parallel if (t.total > FVI_PARALLEL_MIN)
 *   for (fvi_run r = fvi_nest_first(&t); r.left > 0; fvi_nest_next(&t, &r))
 *       run(dst + r.offset[0], src + r.offset[1], r.n, t.inner_stride[1]);
 *
 * Each thread of the enclosing parallel region gets its own consecutive share of the runs.
 */
#ifndef FVI_BACKEND_ONEDNN_KERNELS_STRIDED_LOOPS_H
#define FVI_BACKEND_ONEDNN_KERNELS_STRIDED_LOOPS_H

#include "base/parallel.h"
#include "base/shape.h"

#define FVI_NEST_OPERANDS 4

typedef struct fvi_nest {
    int ndim, n_op;            /* outer axes; operands */
    int64_t total;             /* elements in total */
    int64_t dim[FVI_MAX_DIMS]; /* outer sizes */
    int64_t stride[FVI_NEST_OPERANDS][FVI_MAX_DIMS];
    int64_t inner, inner_stride[FVI_NEST_OPERANDS];
    int64_t part, parts; /* a long innermost axis is split into `parts` runs of `part` */
    int64_t runs;
} fvi_nest;

typedef struct fvi_run {
    int64_t offset[FVI_NEST_OPERANDS]; /* of the run's first element */
    int64_t n;                         /* elements of this run */
    int64_t left;                      /* runs left for this thread, including this one */
    int64_t index[FVI_MAX_DIMS], part, base[FVI_NEST_OPERANDS];
} fvi_run;

/* stride[k][i]: step of operand k along axis i of `shape`, in elements. */
void fvi_nest_init(fvi_nest *t, const fvi_shape *shape, int n_op,
                   const int64_t stride[][FVI_MAX_DIMS]);
/* This thread's first run; .left 0 if it has none. */
fvi_run fvi_nest_first(const fvi_nest *t);
void fvi_nest_next(const fvi_nest *t, fvi_run *r);

/* For each axis of `out`, the stride in a tensor of shape `in` that is broadcast to it by numpy's
 * rule: 0 along repeated axes. */
void fvi_broadcast_strides(const fvi_shape *in, const fvi_shape *out, int64_t stride[FVI_MAX_DIMS]);

/* dst[i] = src[i] over `shape`, each with its strides. */
void fvi_copy_strided(const fvi_shape *shape, float *dst, const int64_t *dst_stride,
                      const float *src, const int64_t *src_stride);
/* dst[0..n) = value, by all threads. */
void fvi_fill(float *dst, int64_t n, float value);
/* dst[0..n) = src[0..n), by all threads. */
void fvi_copy(float *dst, const float *src, int64_t n);

#endif
