/* SPDX-License-Identifier: Apache-2.0 */
/* Channels that a format keeps on the last axis: [n][y][x][c]. In the graph they are on the second,
 * [n][c][y][x], since that is what its operators take.
 *
 * Each value of the graph is in the file's order of axes, or moved: its last axis is its second. A
 * convolution moves what it reads, if it is not moved yet, and what is computed from moved values
 * element by element, or along axes that have a name, is moved too. Only what needs the file's
 * order (a reshape, a matrix product) moves it back. So a plain convolutional network has one
 * transposition, that of its input.
 *
 * Axes and shapes of handlers are the file's. For formats that have channels on the second axis
 * nothing is ever moved.
 */
#ifndef FVI_MODEL_OPERATIONS_CHANNELS_H
#define FVI_MODEL_OPERATIONS_CHANNELS_H

#include "model/operations/site.h"

/* Whether v is moved. */
int fvi_channels_moved(const fvi_site *site, int v);
/* Notes that v is moved; returns v. -1 allowed. */
int fvi_channels_mark(const fvi_site *site, int v);
/* Notes that `out` is moved if `in` is; returns `out`. -1 allowed. */
int fvi_channels_like(const fvi_site *site, int out, int in);
/* Forgets what is known of the current operation's values, which were undone. */
void fvi_channels_forget(const fvi_site *site);

/* Makes v output i of the operation, under its name. */
void fvi_site_out(fvi_site *site, int i, int v);

/* v moved, if it has three axes or more. */
int fvi_channels_move(fvi_site *site, int v);
/* v in the file's order. */
int fvi_channels_restore(fvi_site *site, int v);

/* Its shape in the file's order. */
fvi_shape fvi_channels_shape(const fvi_site *site, int v);
/* Where v has an axis of the file's, 0..ndim-1. */
int fvi_channels_axis(const fvi_site *site, int v, int axis);

/* Element-wise, with NumPy's broadcasting in the file's order. */
int fvi_channels_unary(fvi_site *site, fvi_unary f, float p, float q, int x);
int fvi_channels_binary(fvi_site *site, fvi_binary f, int a, int b);
/* Brings values that are to be combined into one order: moved if one of them is moved. With
 * `broadcast` those of fewer axes get leading ones, as far as that is needed. */
void fvi_channels_align(fvi_site *site, int n, int *v, int broadcast);

#endif
