/* SPDX-License-Identifier: Apache-2.0 */
/* Layers that several formats have, over values of either order of axes (channels.h). Axes and
 * shapes are the file's. Each returns the value it made, -1 when it failed; inputs of -1 give -1.
 */
#ifndef FVI_MODEL_OPERATIONS_LAYERS_H
#define FVI_MODEL_OPERATIONS_LAYERS_H

#include "graph/build/compose.h"
#include "graph/build/resize_kernel.h"
#include "model/operations/channels.h"

/* How a window's padding is told. */
typedef enum fvi_padding {
    FVI_PADDING_EXPLICIT, /* by pad_lo and pad_hi */
    FVI_PADDING_VALID,    /* none */
    FVI_PADDING_SAME,     /* as many positions as strides fit, an odd element at the end */
    FVI_PADDING_CAUSAL    /* all of it before: a position sees none after it */
} fvi_padding;

/* A kernel of a format that keeps channels last, with its n spatial axes behind the two others:
 * [k..][in][out] as [out][in][k..], or depthwise [k..][in][times] as [in times][1][k..].
 *   v  its value, a constant; -1 is allowed
 *   errors  UNSUPPORTED no constant; SHAPE not n + 2 axes */
int fvi_site_kernel(fvi_site *site, int v, int n);
int fvi_site_depthwise_kernel(fvi_site *site, int v, int n);

/* A convolution over the axes between samples and channels (or behind the channels, of formats that
 * have them second).
 *   x     moved here, if the format keeps channels last
 *   w     a constant [out][in / groups][kernel..], transposed: [in][out / groups][kernel..]
 *   bias  a constant [out], or -1
 *   win   n, stride, dilation, groups, and the padding where it is explicit; the rest is set here
 *   extra  transposed: elements added at the end of each axis, or NULL */
int fvi_site_conv(fvi_site *site, int x, int w, int bias, const fvi_window *win,
                  fvi_padding padding);
int fvi_site_conv_transpose(fvi_site *site, int x, int w, int bias, const fvi_window *win,
                            fvi_padding padding, const int64_t *extra);
/* FVI_MAX_POOL, FVI_AVERAGE_POOL.
 *   win   n, kernel, stride, dilation, count_include_pad, and the padding where it is explicit */
int fvi_site_pool(fvi_site *site, fvi_kind kind, int x, const fvi_window *win, fvi_padding padding,
                  int ceil_mode);
/* The whole picture; without keepdims [n][c]. */
int fvi_site_global_pool(fvi_site *site, fvi_kind kind, int x, int keepdims);

/* x times w [in][out], or with `transposed` [out][in], over the last axis.
 *   bias  [out], or -1 */
int fvi_site_dense(fvi_site *site, int x, int w, int bias, int transposed);
/* NumPy's product of two values of at least two axes. */
int fvi_site_matmul(fvi_site *site, int a, int b, int trans_a, int trans_b, float alpha);

/* Batch normalisation with fixed statistics, of one number an element of the axis. */
int fvi_site_batch_norm(fvi_site *site, int x, int axis, const fvi_statistics *s);
/* Over the last `axes` axes.
 *   scale, shift  values, or -1 */
int fvi_site_layer_norm(fvi_site *site, int x, int axes, int scale, int shift, float epsilon);
/* Over groups of channels; groups -1: each by itself.
 *   gamma, beta  one number a channel, or NULL: 1, 0 */
int fvi_site_group_norm(fvi_site *site, int x, int64_t groups, const fvi_const *gamma,
                        const fvi_const *beta, float epsilon);
int fvi_site_softmax(fvi_site *site, int x, int axis, int logarithm);

int fvi_site_reshape(fvi_site *site, int x, const fvi_shape *shape);
int fvi_site_transpose(fvi_site *site, int x, const int *perm);
/* bit i of axes: axis i */
int fvi_site_reduce(fvi_site *site, fvi_reduce f, unsigned axes, int keepdims, int x);
int fvi_site_concat(fvi_site *site, int axis, int n, const int *in);
/* Elements start, start + step, ...: count of them; step may be negative. */
int fvi_site_slice(fvi_site *site, int x, int axis, int64_t start, int64_t count, int64_t step);
/* The slices along an axis that the indices choose, in the place of the axis. */
int fvi_site_gather(fvi_site *site, int x, int64_t axis, int indices);
/* By axes; negative numbers cut. */
int fvi_site_pad(fvi_site *site, int x, const int64_t *lo, const int64_t *hi, fvi_pad_mode mode,
                 float value);
/* The axes between samples and channels become `size` long, [axes - 2]. */
int fvi_site_resize(fvi_site *site, int x, const fvi_resize_rule *rule, const int64_t *size);

#endif
