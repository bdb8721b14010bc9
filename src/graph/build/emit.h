/* SPDX-License-Identifier: Apache-2.0 */
/* Making values and nodes in a builder: one emitter for each op that readers use. */
#ifndef FVI_GRAPH_BUILD_EMIT_H
#define FVI_GRAPH_BUILD_EMIT_H

#include "graph/build/build.h"

#define FVI_CONSTANT_MAX_ELEMENTS ((int64_t)1 << 28)

/* Each returns the value it made, or -1 with builder->status set. An input of -1 gives -1. */

/* Appends a node, or folds it when all its inputs are constants; returns its output value. */
int fvi_emit(fvi_builder *builder, fvi_kind kind, const fvi_node_attr *a, const fvi_shape *shape,
             int n_in, const int *in);
int fvi_emit_unary(fvi_builder *builder, fvi_unary f, float p, float q, int x);
/* x, through which no gradient goes back. */
int fvi_emit_stop_gradient(fvi_builder *builder, int x);
int fvi_emit_binary(fvi_builder *builder, fvi_binary f, int a, int b);
int fvi_emit_where(fvi_builder *builder, int condition, int a, int b);
/* Fails when the numbers of elements differ. */
int fvi_emit_reshape(fvi_builder *builder, int x, const fvi_shape *shape);
/* Fails unless x broadcasts to exactly that shape. */
int fvi_emit_expand(fvi_builder *builder, int x, const fvi_shape *shape);
/* perm is a permutation of x's axes. */
int fvi_emit_transpose(fvi_builder *builder, int x, const int *perm);
int fvi_emit_reduce(fvi_builder *builder, fvi_reduce f, unsigned axes, int keepdims, int x);
/* Elements start .. start+count-1 of one axis. */
int fvi_emit_slice(fvi_builder *builder, int x, int axis, int64_t start, int64_t count);
/* Sizes other than the axis' must be equal. Empty parts are left out. */
int fvi_emit_concat(fvi_builder *builder, int axis, int n, const int *in);
/* Half spectra x [..][h][w/2+1][2] as pictures [..][h][w] (INVERSE_FFT in kinds.def). */
int fvi_emit_inverse_fft(fvi_builder *builder, int x, int64_t w);
/* Random numbers of that shape, [n][..], from the streams of key [n][10] (RANDOM in kinds.def). */
int fvi_emit_random(fvi_builder *builder, int key, fvi_random_function f, int64_t first,
                    const fvi_shape *shape);
/* numpy's matmul of at least 2-D operands, a [.., m, k] (trans_a: [.., k, m]), b [.., k, n]; bias
 * -1: none. */
int fvi_emit_matmul(fvi_builder *builder, int a, int b, int bias, const fvi_node_attr *attr);
/* A new constant; *data: its zeroed elements, to be filled. */
int fvi_emit_constant(fvi_builder *builder, fvi_dtype t, const fvi_shape *shape, void *data);
/* Notes that v, a constant just made, is made of quantised numbers. */
void fvi_emit_quantised(fvi_builder *builder, int v);
int fvi_emit_scalar(fvi_builder *builder, fvi_dtype t, double x);
/* The same constant under another name. */
int fvi_emit_alias(fvi_builder *builder, const fvi_const *c, fvi_dtype t, int file_constant);
/* Names v; if it has a name already, a second constant or an IDENTITY of it. */
int fvi_emit_named(fvi_builder *builder, int v, const char *name);

#endif
