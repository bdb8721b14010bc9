/* SPDX-License-Identifier: Apache-2.0 */
/* Folding of the ops that compute. */
#ifndef FVI_GRAPH_FOLD_MATH_H
#define FVI_GRAPH_FOLD_MATH_H

#include "graph/fold/fold_node.h"

/* fvi_constant_fold for functions, selection, reductions and products. */
void fvi_fold_unary(fvi_builder *builder, const fvi_fold_node *n, uint8_t *dst);
void fvi_fold_binary(fvi_builder *builder, const fvi_fold_node *n, uint8_t *dst);
void fvi_fold_where(fvi_builder *builder, const fvi_fold_node *n, uint8_t *dst);
void fvi_fold_reduce(fvi_builder *builder, const fvi_fold_node *n, uint8_t *dst);
void fvi_fold_matmul(fvi_builder *builder, const fvi_fold_node *n, uint8_t *dst);
void fvi_fold_batch_norm(fvi_builder *builder, const fvi_fold_node *n, uint8_t *dst);

#endif
