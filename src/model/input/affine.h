/* SPDX-License-Identifier: Apache-2.0 */
/* A value whose every element is factor * (the picture in some channel) + offset. */
#ifndef FVI_MODEL_INPUT_AFFINE_H
#define FVI_MODEL_INPUT_AFFINE_H

#include "graph/graph.h"

#define FVI_AFFINE_MAX 64

/* The elements differ along a few axes only, of which `dim` has the value's length; along the
 * others it is 1. One entry for each of these elements, the last axis fastest:
 *   element = factor * x[source] + offset,  x the picture at some position, or its mean or maximum
 * over several; source -1: it does not depend on the picture. */
typedef struct fvi_affine {
    int ndim;
    int64_t dim[FVI_MAX_DIMS];
    int n; /* entries: the product of dim */
    int source[FVI_AFFINE_MAX];
    double factor[FVI_AFFINE_MAX], offset[FVI_AFFINE_MAX];
    double low, high; /* x is clipped to them; infinite where it is not, or not in one way */
} fvi_affine;

/* The picture itself: an entry for each channel. Returns 0 if there are too many.
 *   axis  of its channels */
int fvi_affine_start(const fvi_shape *x, int axis, fvi_affine *out);

/* The output of a node whose inputs are known.
 *   inputs  [n->n_in]; NULL: that input is none of them (a constant, or nothing known)
 * Returns 0 where the output has no such form, or one with too many entries. */
int fvi_affine_over(const fvi_graph *g, const fvi_node *n, const fvi_affine *const *inputs,
                    fvi_affine *out);

#endif
