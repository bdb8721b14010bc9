/* SPDX-License-Identifier: Apache-2.0 */
/* Computing nodes whose inputs are constants. */
#ifndef FVI_GRAPH_FOLD_CONSTANT_FOLD_H
#define FVI_GRAPH_FOLD_CONSTANT_FOLD_H

#include "graph/build/build.h"

/* Whether a node of constants is to be computed at once. */
int fvi_fold_knows(fvi_kind kind, const fvi_node_attr *a, const fvi_const *first,
                   const fvi_shape *shape);
/* What fvi_constant_fold would count for fvi_build_charge. */
int64_t fvi_fold_work(fvi_kind kind, const fvi_node_attr *a, const fvi_const *const *in, int n_in,
                      const fvi_shape *shape);
/* Computes a node whose inputs are constants: dst [count of shape] of type t. Returns 1 when done,
 * 0 when this kind is not folded, or sets the builder's status. */
int fvi_constant_fold(fvi_builder *builder, fvi_kind kind, const fvi_node_attr *a,
                      const fvi_const *const *in, int n_in, const fvi_shape *shape, fvi_dtype t,
                      uint8_t *dst);

#endif
