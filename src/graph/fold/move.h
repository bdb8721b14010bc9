/* SPDX-License-Identifier: Apache-2.0 */
/* Folding of the ops that only move elements. */
#ifndef FVI_GRAPH_FOLD_MOVE_H
#define FVI_GRAPH_FOLD_MOVE_H

#include "graph/build/build.h"

/* fvi_constant_fold for the kinds that copy bytes of whatever type. */
int fvi_fold_move(fvi_builder *builder, fvi_kind kind, const fvi_node_attr *a,
                  const fvi_const *const *in, int n_in, const fvi_shape *shape, uint8_t *dst);

#endif
