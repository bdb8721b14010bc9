/* SPDX-License-Identifier: Apache-2.0 */
/* Reductions of a plain tensor over some of its axes: sums, products, extremes and the like. */
#ifndef FVI_BACKEND_ONEDNN_KERNELS_REDUCTION_H
#define FVI_BACKEND_ONEDNN_KERNELS_REDUCTION_H

#include "base/shape.h"

/* What is accumulated; p is the pivot of the output the element belongs to. */
typedef enum fvi_reduction_kind {
    FVI_REDUCTION_SUM,
    FVI_REDUCTION_ABS,    /* sum of |x| */
    FVI_REDUCTION_SQUARE, /* sum of x^2 */
    FVI_REDUCTION_PROD,
    FVI_REDUCTION_MAX, /* NaN if any element is */
    FVI_REDUCTION_MIN,
    FVI_REDUCTION_EXP,     /* sum of e^(x - p) */
    FVI_REDUCTION_NONZERO, /* product of the elements that are not 0 */
    FVI_REDUCTION_ZEROS,   /* how many are 0 */
    FVI_REDUCTION_EQUALS,  /* how many are p */
    FVI_REDUCTION_COUNT
} fvi_reduction_kind;

/* Applied to the accumulated number, in double, before it is rounded to float. */
typedef enum fvi_reduction_post { FVI_POST_NONE, FVI_POST_SQRT, FVI_POST_LOG } fvi_reduction_post;

typedef struct fvi_reduction {
    double scale; /* before `post`; 1 unless changed */
    fvi_reduction_post post;
    /* kept and reduced axes, neighbours merged, outermost first, without the innermost axis `inner`
     * (reduced if inner_reduced) */
    int n_kept, n_reduced, inner_reduced;
    int64_t kept[FVI_MAX_DIMS], kept_stride[FVI_MAX_DIMS];
    int64_t reduced[FVI_MAX_DIMS], reduced_stride[FVI_MAX_DIMS];
    int64_t inner, outs, each; /* each: elements that make one output */
} fvi_reduction;

/* Prepares the reduction of a tensor of `shape` over the axes whose bits are set. */
void fvi_reduction_init(fvi_reduction *f, const fvi_shape *shape, unsigned axes);

/* Reduces src to dst [outs], accumulating in double, in an order that depends on the shape alone.
 *   pivot   [outs], or NULL for the kinds that have none; for EXP an infinite pivot is used as 0 */
void fvi_reduction_run(const fvi_reduction *f, fvi_reduction_kind kind, const float *src,
                       const float *pivot, float *dst);

/* dst of shape `to` = sum of src of shape `from` over the axes on which `to` was broadcast to
 * `from` (numpy's rule): the adjoint of broadcasting. */
void fvi_sum_to(const fvi_shape *from, const float *src, const fvi_shape *to, float *dst);

#endif
