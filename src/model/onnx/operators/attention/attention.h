/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of attention that operators of several domains share. Q, K and V are
 * [batch][heads][length][size]. Each returns the value it made, or -1 with the builder's status
 * set. */
#ifndef FVI_MODEL_ONNX_OPERATORS_ATTENTION_ATTENTION_H
#define FVI_MODEL_ONNX_OPERATORS_ATTENTION_ATTENTION_H

#include "model/onnx/node.h"

#define FVI_HIDDEN_KEY -1e30f /* added to the score of a key that a query does not see */

/* [batch][length][heads * size] to [batch][heads][length][size], and back. The caller has checked
 * that the heads divide the last axis. */
int fvi_attention_split(fvi_builder *b, int x, int64_t heads);
int fvi_attention_merge(fvi_builder *b, int x);
/* Each head `times` times, one after the other. */
int fvi_attention_repeat(fvi_builder *b, int x, int64_t times);
/* K or V behind the values `before` (-1: none); it is that output where it is used. */
int fvi_attention_past(fvi_onnx_node *node, int x, int before, int output);
/* scale Q K' */
int fvi_attention_scores(fvi_builder *b, int q, int k, float scale);
/* cap tanh(x / cap); x where cap is 0 */
int fvi_attention_cap(fvi_builder *b, int x, float cap);
/* Softmax over the keys. */
int fvi_attention_softmax(fvi_builder *b, int x);
/* The attribute "scale", else 1 / sqrt(size of Q's heads). */
float fvi_attention_scale(fvi_onnx_node *node, int q);

#endif
