/* SPDX-License-Identifier: Apache-2.0 */
/* Rotary embeddings that operators of several domains share. Each returns the value it made, or -1
 * with the builder's status set. */
#ifndef FVI_MODEL_ONNX_OPERATORS_ATTENTION_ROTARY_H
#define FVI_MODEL_ONNX_OPERATORS_ATTENTION_ROTARY_H

#include "model/onnx/node.h"

/* Rows of a table [rows][half] at the positions at [batch][length], as [batch][length][1][half];
 * fails where a position is outside. */
int fvi_rotary_rows(fvi_builder *b, int table, int64_t batch, int64_t length, const int64_t *at);
/* x [batch][length][heads][size] with the first 2 * half numbers of each head turned; cosines,
 * sines [batch or 1][length][1][half], 2 * half <= size. */
int fvi_rotary_turn(fvi_builder *b, int x, int cosines, int sines, int interleaved);

#endif
