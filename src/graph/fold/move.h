/* SPDX-License-Identifier: Apache-2.0 */
/* Folding of the ops that only move elements. */
#ifndef FVI_GRAPH_FOLD_MOVE_H
#define FVI_GRAPH_FOLD_MOVE_H

#include "graph/fold/fold_node.h"

/* fvi_constant_fold for the kinds that copy bytes, of any type. */
void fvi_fold_slice(fvi_builder *builder, const fvi_fold_node *n, uint8_t *dst);
void fvi_fold_transpose(fvi_builder *builder, const fvi_fold_node *n, uint8_t *dst);
void fvi_fold_expand(fvi_builder *builder, const fvi_fold_node *n, uint8_t *dst);
void fvi_fold_pad(fvi_builder *builder, const fvi_fold_node *n, uint8_t *dst);
void fvi_fold_concat(fvi_builder *builder, const fvi_fold_node *n, uint8_t *dst);
void fvi_fold_gather(fvi_builder *builder, const fvi_fold_node *n, uint8_t *dst);

#endif
