/* SPDX-License-Identifier: Apache-2.0 */
/* Convolutions. Kernels are [k..][in / groups][out], those of each channel [k..][in][times], of
 * transposed ones [k..][out][in]. A dilated one may be written as a plain one between
 * SpaceToBatchND and BatchToSpaceND.
 * Source: conv_ops.cc, conv_grad_input_ops.h, spacetobatch_op.cc.
 */
#include <string.h>

#include "graph/const.h"
#include "model/tensorflow/nodes/attr.h"
#include "model/tensorflow/operators/batch.h"
#include "model/tensorflow/operators/window.h"

static int64_t channels_of(const fvi_site *site, int x) {
    const fvi_shape s = fvi_channels_shape(site, x);
    return s.ndim > 1 ? s.dim[site->channels_last ? s.ndim - 1 : 1] : 0;
}

/* The convolution of n axes of x by kernel w. */
static int convolve(fvi_site *site, int x, int w, int n, int each, fvi_window *win,
                    fvi_padding padding) {
    const fvi_shape s = fvi_build_shape(site->b, w);
    const int64_t c = channels_of(site, x), own = s.ndim == n + 2 ? s.dim[n] : 0;
    if (x < 0 || w < 0 || site->b->status) return -1;
    win->groups = each ? c : own > 0 && c % own == 0 ? c / own : 1;
    const int k = each ? fvi_site_depthwise_kernel(site, w, n) : fvi_site_kernel(site, w, n);
    return fvi_site_conv(site, x, k, -1, win, padding);
}

/* param: axes; negative: a kernel for each channel. */
void fvi_tf_conv(fvi_site *site) {
    const int each = site->kind->param < 0, n = each ? -site->kind->param : site->kind->param;
    fvi_window win = {.n = n};
    fvi_tf_data_format(site);
    fvi_tf_attr_sizes(site, "strides", n, win.stride);
    fvi_tf_attr_sizes(site, "dilations", n, win.dilation);
    const fvi_padding padding = fvi_tf_padding(site, &win);
    fvi_site_out(
        site, 0,
        convolve(site, fvi_site_need(site, 0), fvi_site_need(site, 1), n, each, &win, padding));
}

/* ---- transposed ----------------------------------------------------------------------------- */

/* Padding of axis i so that `in` elements become `out`; *extra: elements that are added then. */
static void fit(fvi_site *site, fvi_window *w, int i, int64_t in, int64_t out, fvi_padding padding,
                int64_t *extra) {
    const int64_t s = w->stride[i], extent = (w->kernel[i] - 1) * w->dilation[i] + 1;
    const int64_t full = (in - 1) * s + extent;
    const int64_t total = padding == FVI_PADDING_SAME ? MAX(full - out, 0) : 0;
    const int64_t positions =
        padding == FVI_PADDING_SAME ? (out + s - 1) / s : (out - extent + s) / s;
    if (padding != FVI_PADDING_EXPLICIT) {
        w->pad_lo[i] = total / 2;
        w->pad_hi[i] = total - total / 2;
    }
    *extra = out - (full - w->pad_lo[i] - w->pad_hi[i]);
    if (out < 1 || *extra < 0 || *extra >= s ||
        (padding != FVI_PADDING_EXPLICIT && positions != in))
        fvi_build_fail(site->b, FV_SHAPE,
                       "its output is to have %" PRId64 " elements on axis %d, where %" PRId64
                       " with stride %" PRId64 " do not make so many",
                       out, i, in, s);
}

/* Sizes of the output, which input 0 says: of all axes or of those between. */
static int output_sizes(fvi_site *site, int n, int64_t *out) {
    int64_t all[FVI_MAX_DIMS];
    const int count = fvi_tf_ints(site, 0, "output shape", all, FVI_MAX_DIMS);
    const int first = count == n ? 0 : site->channels_last ? 1 : 2;
    if (count >= 0 && count != n && count != n + 2)
        fvi_build_fail(site->b, FV_SHAPE, "its output shape has %d numbers; %d are needed", count,
                       n + 2);
    for (int i = 0; i < n && !site->b->status; i++) out[i] = all[first + i];
    for (int i = 0; i < n && !site->b->status; i++)
        if (out[i] < 1 || out[i] > FVI_WINDOW_MAX)
            fvi_build_fail(site->b, FV_SHAPE, "its output shape is %" PRId64 " on axis %d", out[i],
                           i);
    return !site->b->status;
}

/* The gradient of a convolution to its input: out_backprop is what is convolved. */
void fvi_tf_conv_transpose(fvi_site *site) {
    const int n = site->kind->param;
    fvi_window win = {.n = n, .groups = 1};
    int64_t out[FVI_MAX_SPATIAL], extra[FVI_MAX_SPATIAL] = {0};
    fvi_tf_data_format(site);
    fvi_tf_attr_sizes(site, "strides", n, win.stride);
    fvi_tf_attr_sizes(site, "dilations", n, win.dilation);
    const fvi_padding padding = fvi_tf_padding(site, &win);
    const int x = fvi_site_need(site, 2), k = fvi_site_kernel(site, fvi_site_need(site, 1), n);
    const fvi_shape in = fvi_channels_shape(site, x), w = fvi_build_shape(site->b, k);
    if (!site->b->status && in.ndim != n + 2)
        fvi_build_fail(site->b, FV_SHAPE, "its input has %d axes; %d are needed", in.ndim, n + 2);
    if (site->b->status || !output_sizes(site, n, out)) return;
    for (int i = 0; i < n && !site->b->status; i++) {
        win.kernel[i] = w.dim[2 + i];
        if (win.kernel[i] < 1 || win.kernel[i] > FVI_WINDOW_MAX)
            fvi_build_fail(site->b, FV_SHAPE, "its kernel has %" PRId64 " elements on axis %d",
                           win.kernel[i], i);
        else
            fit(site, &win, i, in.dim[(site->channels_last ? 1 : 2) + i], out[i], padding,
                &extra[i]);
    }
    if (site->b->status) return;
    fvi_site_out(site, 0,
                 fvi_site_conv_transpose(site, x, k, -1, &win, FVI_PADDING_EXPLICIT, extra));
}

/* ---- dilated, in three nodes ---------------------------------------------------------------- */

/* Whether the convolution between is a plain one: no stride, no padding. */
static int is_plain(const fvi_tf_node *conv) {
    int64_t x[FVI_MAX_DIMS];
    static const char *const lists[] = {"strides", "dilations", NULL};
    for (const char *const *l = lists; *l; l++) {
        const int n = fvi_tf_attr_ints(conv->def, *l, x, FVI_MAX_DIMS);
        for (int i = 0; i < n && i < FVI_MAX_DIMS; i++)
            if (x[i] != 1) return 0;
    }
    const fvi_tf_bytes format = fvi_tf_attr_text(conv->def, "data_format");
    return fvi_tf_is(fvi_tf_attr_text(conv->def, "padding"), "VALID") &&
           (!format.size || fvi_tf_is(format, "NHWC"));
}

/* The window that the three make, from the blocks and sizes of both ends; 0: they make none. */
static int dilated_window(fvi_site *site, fvi_window *w) {
    int64_t block[3], crops[4], first[3], pads[4];
    if (!fvi_build_const(site->b, fvi_site_in(site, 1)) ||
        !fvi_build_const(site->b, fvi_site_in(site, 2)) ||
        !fvi_build_const(site->b, fvi_site_in(site, 4)) ||
        !fvi_build_const(site->b, fvi_site_in(site, 5)))
        return 0;
    if (fvi_tf_ints(site, 1, "block_shape", block, 3) != 2 ||
        fvi_tf_ints(site, 2, "crops", crops, 4) != 4 ||
        fvi_tf_ints(site, 4, "block_shape", first, 3) != 2 ||
        fvi_tf_ints(site, 5, "paddings", pads, 4) != 4)
        return 0;
    for (int i = 0; i < 2; i++) {
        const int64_t lo = pads[2 * i] - crops[2 * i], hi = pads[2 * i + 1] - crops[2 * i + 1];
        if (first[i] != block[i] || block[i] < 1 || lo < 0 || hi < 0) return 0;
        w->stride[i] = 1;
        w->dilation[i] = block[i];
        w->pad_lo[i] = lo;
        w->pad_hi[i] = hi;
    }
    return 1;
}

/* Inputs: its own three, those of SpaceToBatchND, those of the convolution. */
int fvi_tf_atrous(fvi_site *site) {
    const fvi_tf_node *conv = ((const fvi_tf_op *)site->op->detail)->conv;
    fvi_window win = {.n = 2};
    if (!conv || site->n_in != 8 || !is_plain(conv) || !dilated_window(site, &win)) return -1;
    if (site->b->status) return -1;
    site->operation.source_op = conv->op;
    const int each = strcmp(conv->op, "Conv2D") != 0;
    return convolve(site, fvi_site_in(site, 3), fvi_site_in(site, 7), 2, each, &win,
                    FVI_PADDING_EXPLICIT);
}
