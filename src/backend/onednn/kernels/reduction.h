/* SPDX-License-Identifier: Apache-2.0 */
/* Folding a plain tensor over some of its axes: sums, products, largest values and the like. */
#ifndef FVI_BACKEND_ONEDNN_KERNELS_REDUCTION_H
#define FVI_BACKEND_ONEDNN_KERNELS_REDUCTION_H

#include "base/shape.h"

/* What is accumulated; p is the pivot of the output the element belongs to. */
typedef enum fvi_reduction_kind {
    FVI_REDUCTION_SUM,
    FVI_REDUCTION_ABS,    /* sum of |x| */
    FVI_REDUCTION_SQUARE, /* sum of x^2 */
    FVI_REDUCTION_PROD,
    FVI_REDUCTION_MAX, /* NaN if there is one */
    FVI_REDUCTION_MIN,
    FVI_REDUCTION_EXP,     /* sum of e^(x - p) */
    FVI_REDUCTION_NONZERO, /* product of what is not 0 */
    FVI_REDUCTION_ZEROS,   /* how many are 0 */
    FVI_REDUCTION_EQUALS,  /* how many are p */
    FVI_REDUCTION_COUNT
} fvi_reduction_kind;

/* What is done to the accumulated number, in double, before it becomes a float. */
typedef enum fvi_fold_post { FVI_POST_NONE, FVI_POST_SQRT, FVI_POST_LOG } fvi_fold_post;

typedef struct fvi_reduction {
    double scale; /* after folding, before `post`; 1 unless changed */
    fvi_fold_post post;
    /* kept and folded axes, neighbours merged, outermost first; the innermost axis of all is
     * `inner`, and belongs to one of them */
    int n_kept, n_folded, inner_folded;
    int64_t kept[FVI_MAX_DIMS], kept_stride[FVI_MAX_DIMS];
    int64_t folded[FVI_MAX_DIMS], folded_stride[FVI_MAX_DIMS];
    int64_t inner, outs, each; /* each: elements that make one output */
} fvi_reduction;

/* Prepares folding a tensor of `shape` over the axes whose bits are set. */
void fvi_reduction_init(fvi_reduction *f, const fvi_shape *shape, unsigned axes);

/* Folds src into dst [outs], accumulating in double, in an order that depends on the shape alone.
 *   pivot   [outs], or NULL for the kinds that have none; an infinite one counts as 0 for EXP */
void fvi_reduction_run(const fvi_reduction *f, fvi_reduction_kind kind, const float *src,
                       const float *pivot, float *dst);

/* dst of shape `to` = sum of src of shape `from` over the axes on which `to` was broadcast to
 * `from` (numpy's rule): the adjoint of broadcasting. */
void fvi_sum_to(const fvi_shape *from, const float *src, const fvi_shape *to, float *dst);

#endif
