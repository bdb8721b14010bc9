/* SPDX-License-Identifier: Apache-2.0 */
/* Emitters of what readers of several formats compose alike. As those of emit.h, each returns the
 * value it made, or -1 with builder->status set. */
#ifndef FVI_GRAPH_BUILD_COMPOSE_H
#define FVI_GRAPH_BUILD_COMPOSE_H

#include "graph/build/emit.h"

/* Pads the axes of x by lo and hi, [ndim]; negative numbers cut. */
int fvi_emit_pad(fvi_builder *b, int x, const int64_t *lo, const int64_t *hi, fvi_pad_mode mode,
                 float value);

/* How many of an axis' n elements a slice takes, with NumPy's meaning of its ends: from the end
 * where they are negative, and cut to what there is. An end that is left out is INT64_MAX, or with
 * a negative step INT64_MIN; a beginning 0, or INT64_MAX. step    not 0 *first  where it begins */
int64_t fvi_slice_range(int64_t n, int64_t start, int64_t end, int64_t step, int64_t *first);

/* Pools all axes of x [n][c][..] behind the second into one element.
 *   kind  FVI_MAX_POOL, FVI_AVERAGE_POOL */
int fvi_emit_global_pool(fvi_builder *b, fvi_kind kind, int x);

/* Batch normalisation of x [n][c].. with fixed statistics: one scale and one shift a channel,
 *   scale = gamma / sqrt(variance + epsilon),  shift = beta - mean * scale.
 *   gamma, beta  or NULL: 1, 0
 *   mean, variance  each has c numbers */
typedef struct fvi_statistics {
    const fvi_const *gamma, *beta, *mean, *variance;
    double epsilon;
} fvi_statistics;
int fvi_emit_batch_norm(fvi_builder *b, int x, const fvi_statistics *s);

/* Element-wise, with NumPy's broadcasting; where one operand is a constant number it is a function
 * of the other one, which is fused into the node before it. */
int fvi_emit_arith(fvi_builder *b, fvi_binary f, int x, int y);

/* The elements of x at `indices` along an axis (negative ones count from the end), the axes of the
 * indices in its place. */
int fvi_emit_gather(fvi_builder *b, int x, int indices, int64_t axis);

/* x [n|1][c][s..] read at the points of a grid [n|1][o..][axes of s]: [n][c][o..].
 *   back  -1: none; else [n|1][s..][axes], where the gradient at the result is read to give that at
 *         x (GRID_SAMPLE in kinds.def) */
int fvi_emit_grid_sample(fvi_builder *b, int x, int grid, int back, const fvi_grid_sample *how);

/* x with elements of that type: constants are converted; of run-time values, which are f32, real
 * ones are cut to whole numbers for an integer type, and compared with 0 for FVI_BOOL. */
int fvi_emit_cast(fvi_builder *b, int x, fvi_dtype t);
/* v within the range of an integer type of 8 or 16 bits, wrapped around as the processor does; v
 * itself where it is a constant, or the type another: f32 does not hold wider ranges exactly. */
int fvi_emit_wrapped(fvi_builder *b, int v, fvi_dtype t);

#endif
