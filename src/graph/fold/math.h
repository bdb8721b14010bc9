/* SPDX-License-Identifier: Apache-2.0 */
/* Folding of the ops that compute. */
#ifndef FVI_GRAPH_FOLD_MATH_H
#define FVI_GRAPH_FOLD_MATH_H

#include "graph/build/build.h"

/* fvi_constant_fold for functions, selection, reductions and products. */
int fvi_fold_math(fvi_builder *builder, fvi_kind kind, const fvi_node_attr *a,
                  const fvi_const *const *in, int n_in, const fvi_shape *shape, fvi_dtype t,
                  uint8_t *dst);

#endif
