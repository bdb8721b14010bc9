/* SPDX-License-Identifier: Apache-2.0 */
/* Layers that several formats have: convolutions, pooling, products, normalisation, and what moves
 * elements. Sizes come from files: windows, groups and channels are checked here. */
#include "model/operations/layers.h"

#include "graph/const.h"

/* Marks what an operation over moved values made. */
static int like(const fvi_site *site, int out, int in) { return fvi_channels_like(site, out, in); }

/* ---- convolutions --------------------------------------------------------------------------- */

static void check_range(fvi_site *site, const char *what, int64_t x, int64_t least) {
    if (x < least || x > FVI_WINDOW_MAX)
        fvi_build_fail(site->b, FV_SHAPE, "%s is %" PRId64 "; allowed: %" PRId64 "..%" PRId64, what,
                       x, least, FVI_WINDOW_MAX);
}

static void check_window(fvi_site *site, const fvi_window *w) {
    for (int i = 0; i < w->n; i++) {
        check_range(site, "the kernel", w->kernel[i], 1);
        check_range(site, "the stride", w->stride[i], 1);
        check_range(site, "the dilation", w->dilation[i], 1);
        check_range(site, "the padding", w->pad_lo[i], 0);
        check_range(site, "the padding", w->pad_hi[i], 0);
    }
}

/* Sets the padding of axis i of `in` elements and returns the number of positions. */
static int64_t positions(fvi_site *site, int64_t in, fvi_window *w, int i, fvi_padding padding,
                         int ceil_mode) {
    if (padding == FVI_PADDING_SAME) return fvi_window_same(in, w, i, 0);
    if (padding != FVI_PADDING_EXPLICIT) w->pad_lo[i] = w->pad_hi[i] = 0;
    if (padding == FVI_PADDING_CAUSAL) w->pad_lo[i] = (w->kernel[i] - 1) * w->dilation[i];
    return fvi_window_positions(site->b, in, w, i, ceil_mode);
}

/* Fails unless the groups divide the channels, and the weights are made for them. */
static void check_groups(fvi_site *site, int64_t in, const fvi_shape *w, int64_t groups,
                         int transposed) {
    const int64_t own = w->dim[transposed ? 0 : 1];
    const int64_t expected = transposed ? in : in / MAX(groups, 1);
    if (groups < 1 || in % groups || own != expected || (!transposed && w->dim[0] % groups))
        fvi_build_fail(site->b, FV_SHAPE,
                       "%" PRId64 " input channels in %" PRId64
                       " groups do not fit weights of %" PRId64 "x%" PRId64,
                       in, groups, w->dim[0], w->dim[1]);
}

/* Fails unless x and the weights have n axes besides two, and their channels fit. */
static void check_weights(fvi_site *site, const fvi_shape *x, const fvi_const *w,
                          const fvi_window *win, int transposed) {
    const fvi_shape none = {.ndim = -1}, *shape = w ? &w->shape : &none;
    char tx[FVI_SHAPE_TEXT], tw[FVI_SHAPE_TEXT];
    if (site->b->status) return;
    if (win->n >= 1 && win->n <= FVI_MAX_SPATIAL && x->ndim == win->n + 2 &&
        shape->ndim == x->ndim && fvi_shape_count(shape) > 0)
        check_groups(site, x->dim[1], shape, win->groups, transposed);
    else
        fvi_build_fail(site->b, FV_SHAPE, "its weights are %s and its input is %s",
                       fvi_shape_text(shape, tw), fvi_shape_text(x, tx));
}

static int emit_conv(fvi_site *site, fvi_kind kind, const fvi_window *win, const fvi_shape *out,
                     const int in[3]) {
    const fvi_const *bias = fvi_build_const(site->b, in[2]);
    const fvi_node_attr a = {.window = *win};
    if (site->b->status) return -1;
    if (in[2] >= 0 && (!bias || fvi_shape_count(&bias->shape) != out->dim[1])) {
        fvi_build_fail(site->b, FV_SHAPE,
                       "its bias has %" PRId64 " numbers for %" PRId64 " channels",
                       bias ? fvi_shape_count(&bias->shape) : 0, out->dim[1]);
        return -1;
    }
    return fvi_emit(site->b, kind, &a, out, bias ? 3 : 2, in);
}

/* x as a convolution takes it. */
static int spatial(fvi_site *site, int x) {
    return site->channels_last ? fvi_channels_move(site, x) : fvi_channels_restore(site, x);
}

/* What a convolution made of it, in the format's order. */
static int mark_spatial(const fvi_site *site, int v) {
    return site->channels_last ? fvi_channels_mark(site, v) : v;
}

/* A kernel of n spatial axes with those two axes before them. */
static int kernel_in_order(fvi_site *site, int v, int n, int first, int second) {
    int perm[FVI_MAX_DIMS] = {first, second};
    const int ndim = fvi_build_shape(site->b, v).ndim;
    if (v < 0 || site->b->status) return -1;
    if (!fvi_build_const(site->b, v))
        fvi_build_fail(site->b, FV_UNSUPPORTED,
                       "its kernel is computed from the network's input; allowed: constants");
    else if (ndim != n + 2)
        fvi_build_fail(site->b, FV_SHAPE, "its kernel has %d axes; %d are needed", ndim, n + 2);
    if (site->b->status) return -1;
    for (int i = 0; i < n; i++) perm[2 + i] = i;
    return fvi_site_permuted(site, v, perm);
}

int fvi_site_kernel(fvi_site *site, int v, int n) { return kernel_in_order(site, v, n, n + 1, n); }

int fvi_site_depthwise_kernel(fvi_site *site, int v, int n) {
    v = kernel_in_order(site, v, n, n, n + 1);
    fvi_shape s = fvi_build_shape(site->b, v);
    if (v < 0 || fvi_mul(s.dim[0], s.dim[1], &s.dim[0]) < 0) return -1;
    s.dim[1] = 1;
    return fvi_emit_reshape(site->b, v, &s);
}

/* Checks the weights of a convolution of x, and sets the window's kernel to theirs; NULL: failed.
 */
static const fvi_const *read_weights(fvi_site *site, int x, int w, fvi_window *win,
                                     int transposed) {
    const fvi_shape in = fvi_build_shape(site->b, x);
    const fvi_const *k = fvi_build_const(site->b, w);
    if (x < 0 || w < 0) return NULL;
    check_weights(site, &in, k, win, transposed);
    for (int i = 0; i < win->n && !site->b->status; i++) win->kernel[i] = k->shape.dim[2 + i];
    check_window(site, win);
    return site->b->status ? NULL : k;
}

int fvi_site_conv(fvi_site *site, int x, int w, int bias, const fvi_window *win,
                  fvi_padding padding) {
    fvi_window own = *win;
    x = spatial(site, x);
    const fvi_const *k = read_weights(site, x, w, &own, 0);
    const fvi_shape in = fvi_build_shape(site->b, x);
    fvi_shape out = in;
    if (!k) return -1;
    for (int i = 0; i < own.n && !site->b->status; i++)
        out.dim[2 + i] = positions(site, in.dim[2 + i], &own, i, padding, 0);
    if (site->b->status) return -1;
    out.dim[1] = k->shape.dim[0];
    return mark_spatial(site, emit_conv(site, FVI_CONV, &own, &out, (int[]){x, w, bias}));
}

/* Elements of axis i of a transposed convolution; SAME: a stride of them for each of the input. */
static int64_t transposed_size(fvi_site *site, int64_t in, fvi_window *w, int i,
                               fvi_padding padding, int64_t extra) {
    const int64_t extent = (w->kernel[i] - 1) * w->dilation[i] + 1;
    if (padding != FVI_PADDING_EXPLICIT) w->pad_lo[i] = w->pad_hi[i] = 0;
    if (padding == FVI_PADDING_SAME) {
        const int64_t total = MAX(extent - w->stride[i], 0);
        w->pad_lo[i] = total / 2;
        w->pad_hi[i] = total - total / 2;
        extra = MAX(w->stride[i] - extent, 0);
    } else if (padding == FVI_PADDING_VALID) {
        extra = MAX(w->stride[i] - extent, 0);
    }
    const int64_t out = (in - 1) * w->stride[i] + extent + extra - w->pad_lo[i] - w->pad_hi[i];
    if (out < 1)
        fvi_build_fail(site->b, FV_SHAPE, "spatial axis %d would get %" PRId64 " elements", i, out);
    return out;
}

int fvi_site_conv_transpose(fvi_site *site, int x, int w, int bias, const fvi_window *win,
                            fvi_padding padding, const int64_t *extra) {
    fvi_window own = *win;
    x = spatial(site, x);
    const fvi_const *k = read_weights(site, x, w, &own, 1);
    const fvi_shape in = fvi_build_shape(site->b, x);
    fvi_shape out = in;
    if (!k || fvi_mul(k->shape.dim[1], own.groups, &out.dim[1]) < 0) return -1;
    for (int i = 0; i < own.n && !site->b->status; i++)
        out.dim[2 + i] =
            transposed_size(site, in.dim[2 + i], &own, i, padding, extra ? extra[i] : 0);
    if (site->b->status) return -1;
    return mark_spatial(site, emit_conv(site, FVI_CONV_TRANSPOSE, &own, &out, (int[]){x, w, bias}));
}

/* ---- pooling -------------------------------------------------------------------------------- */

int fvi_site_pool(fvi_site *site, fvi_kind kind, int x, const fvi_window *win, fvi_padding padding,
                  int ceil_mode) {
    x = spatial(site, x);
    fvi_shape out = fvi_build_shape(site->b, x);
    const fvi_shape in = out;
    fvi_node_attr a = {.window = *win};
    char text[FVI_SHAPE_TEXT];
    if (x < 0) return -1;
    if (in.ndim != win->n + 2)
        fvi_build_fail(site->b, FV_SHAPE, "it cannot pool %s over %d axes",
                       fvi_shape_text(&in, text), win->n);
    a.window.groups = 1;
    check_window(site, &a.window);
    for (int i = 0; i < win->n && !site->b->status; i++)
        out.dim[2 + i] = positions(site, in.dim[2 + i], &a.window, i, padding, ceil_mode);
    if (site->b->status) return -1;
    return mark_spatial(site, fvi_emit(site->b, kind, &a, &out, 1, &x));
}

int fvi_site_global_pool(fvi_site *site, fvi_kind kind, int x, int keepdims) {
    const int v = fvi_emit_global_pool(site->b, kind, spatial(site, x));
    const fvi_shape s = fvi_build_shape(site->b, v), flat = {2, {s.dim[0], s.dim[1]}};
    return keepdims ? mark_spatial(site, v) : fvi_emit_reshape(site->b, v, &flat);
}

/* ---- products ------------------------------------------------------------------------------- */

int fvi_site_matmul(fvi_site *site, int a, int b, int trans_a, int trans_b, float alpha) {
    a = fvi_channels_restore(site, a);
    b = fvi_channels_restore(site, b);
    const fvi_shape sa = fvi_build_shape(site->b, a), sb = fvi_build_shape(site->b, b);
    const fvi_node_attr attr = {.matmul = {trans_a, trans_b, alpha}};
    if (a < 0 || b < 0) return -1;
    if (sa.ndim < 2 || sb.ndim < 2)
        fvi_build_fail(site->b, FV_SHAPE, "its operands have %d and %d axes; 2 are needed", sa.ndim,
                       sb.ndim);
    return fvi_emit_matmul(site->b, a, b, -1, &attr);
}

int fvi_site_dense(fvi_site *site, int x, int w, int bias, int transposed) {
    x = fvi_channels_restore(site, x);
    const fvi_shape s = fvi_build_shape(site->b, x), k = fvi_build_shape(site->b, w);
    const fvi_node_attr attr = {.matmul = {0, transposed, 1}};
    if (x < 0 || w < 0) return -1;
    if (s.ndim < 1 || k.ndim != 2)
        fvi_build_fail(site->b, FV_SHAPE,
                       "its weights have %d axes and its input %d; 2 and 1 or "
                       "more are needed",
                       k.ndim, s.ndim);
    if (s.ndim == 1) x = fvi_emit_reshape(site->b, x, &(fvi_shape){2, {1, s.dim[0]}});
    const int64_t n = k.dim[transposed ? 0 : 1];
    const fvi_shape sb = fvi_build_shape(site->b, bias);
    const int inside =
        bias >= 0 && fvi_build_const(site->b, bias) && sb.ndim == 1 && sb.dim[0] == n;
    int v = fvi_emit_matmul(site->b, x, w, inside ? bias : -1, &attr);
    if (bias >= 0 && !inside) v = fvi_emit_binary(site->b, FVI_ADD, v, bias);
    return s.ndim == 1 ? fvi_emit_reshape(site->b, v, &(fvi_shape){1, {n}}) : v;
}

/* ---- normalisation -------------------------------------------------------------------------- */

static void check_count(fvi_site *site, const fvi_const *c, const char *what, int64_t n) {
    if (c && fvi_shape_count(&c->shape) != n)
        fvi_build_fail(site->b, FV_SHAPE, "its %s has %" PRId64 " numbers; %" PRId64 " are needed",
                       what, fvi_shape_count(&c->shape), n);
}

/* x with that axis of the file's as its second, and how to put it back. */
static int axis_to_second(fvi_site *site, int x, int axis, int *perm) {
    x = fvi_channels_restore(site, x);
    const int ndim = fvi_build_shape(site->b, x).ndim;
    for (int i = 0; i < ndim; i++) perm[i] = i;
    perm[1] = axis;
    perm[axis] = 1;
    return fvi_emit_transpose(site->b, x, perm);
}

int fvi_site_batch_norm(fvi_site *site, int x, int axis, const fvi_statistics *s) {
    fvi_shape shape = fvi_channels_shape(site, x);
    int perm[FVI_MAX_DIMS];
    if (x < 0 || site->b->status) return -1;
    axis = fvi_build_axis(site->b, axis, shape.ndim);
    if (shape.ndim < 2 || axis < 1)
        fvi_build_fail(site->b, FV_SHAPE, "its axis %d of %d is no axis of channels", axis,
                       shape.ndim);
    if (site->b->status) return -1;
    check_count(site, s->gamma, "gamma", shape.dim[axis]);
    check_count(site, s->beta, "beta", shape.dim[axis]);
    check_count(site, s->mean, "mean", shape.dim[axis]);
    check_count(site, s->variance, "variance", shape.dim[axis]);
    if (site->b->status) return -1;
    if (site->channels_last && axis == shape.ndim - 1) x = fvi_channels_move(site, x);
    if (fvi_channels_axis(site, x, axis) == 1)
        return like(site, fvi_emit_batch_norm(site->b, x, s), x);
    const int v = fvi_emit_batch_norm(site->b, axis_to_second(site, x, axis, perm), s);
    return fvi_emit_transpose(site->b, v, perm);
}

/* Whether v is a constant of exactly the last sizes of x. */
static int fits(const fvi_site *site, int v, const fvi_shape *x, int axes) {
    const fvi_const *c = fvi_build_const(site->b, v);
    int same = c && c->shape.ndim == axes;
    for (int i = 0; same && i < axes; i++) same = c->shape.dim[i] == x->dim[x->ndim - axes + i];
    return same;
}

int fvi_site_layer_norm(fvi_site *site, int x, int axes, int scale, int shift, float epsilon) {
    x = fvi_channels_restore(site, x);
    const fvi_shape shape = fvi_build_shape(site->b, x);
    if (x < 0) return -1;
    if (axes < 1 || axes > shape.ndim)
        fvi_build_fail(site->b, FV_SHAPE, "it normalises %d of %d axes", axes, shape.ndim);
    if (site->b->status) return -1;
    const fvi_node_attr a = {.norm = {1, shape.ndim - axes, epsilon}};
    const int inside = fits(site, scale, &shape, axes);
    const int shift_inside = inside && fits(site, shift, &shape, axes);
    int v = fvi_emit(site->b, FVI_LAYER_NORM, &a, &shape, 3,
                     (int[]){x, inside ? scale : -1, shift_inside ? shift : -1});
    if (scale >= 0 && !inside) v = fvi_emit_binary(site->b, FVI_MUL, v, scale);
    return shift >= 0 && !shift_inside ? fvi_emit_binary(site->b, FVI_ADD, v, shift) : v;
}

/* A row of one number a channel: the file's, or `otherwise` in all. */
static int channel_row(fvi_site *site, const fvi_const *c, int64_t n, double otherwise) {
    uint8_t *data;
    if (c) return fvi_site_constant(site, c);
    const int v = fvi_emit_constant(site->b, FVI_F32, &(fvi_shape){1, {n}}, &data);
    for (int64_t i = 0; i < n && v >= 0; i++) fvi_put_real(FVI_F32, data, i, otherwise);
    return v;
}

int fvi_site_group_norm(fvi_site *site, int x, int64_t groups, const fvi_const *gamma,
                        const fvi_const *beta, float epsilon) {
    x = spatial(site, x);
    const fvi_shape s = fvi_build_shape(site->b, x);
    if (x < 0 || site->b->status) return -1;
    const int64_t n = s.ndim > 1 ? s.dim[1] : 0;
    if (groups == -1) groups = n;
    if (n < 1 || groups < 1 || n % groups)
        fvi_build_fail(site->b, FV_SHAPE, "%" PRId64 " channels in %" PRId64 " groups", n, groups);
    check_count(site, gamma, "gamma", n);
    check_count(site, beta, "beta", n);
    if (site->b->status) return -1;
    const fvi_node_attr a = {.norm = {.groups = groups, .axis = 1, .epsilon = epsilon}};
    const int in[] = {x, channel_row(site, gamma, n, 1), channel_row(site, beta, n, 0)};
    return mark_spatial(site, fvi_emit(site->b, FVI_GROUP_NORM, &a, &s, 3, in));
}

int fvi_site_softmax(fvi_site *site, int x, int axis, int logarithm) {
    const fvi_shape shape = fvi_build_shape(site->b, x);
    if (x < 0 || site->b->status) return -1;
    axis = fvi_build_axis(site->b, axis, shape.ndim);
    if (site->b->status || !shape.ndim) return x;
    const fvi_node_attr a = {.softmax = {fvi_channels_axis(site, x, axis), logarithm}};
    return like(site, fvi_emit(site->b, FVI_SOFTMAX, &a, &shape, 1, &x), x);
}

/* ---- what moves elements -------------------------------------------------------------------- */

int fvi_site_reshape(fvi_site *site, int x, const fvi_shape *shape) {
    const fvi_shape now = fvi_channels_shape(site, x);
    if (x < 0 || fvi_shape_equal(&now, shape)) return x;
    return fvi_emit_reshape(site->b, fvi_channels_restore(site, x), shape);
}

int fvi_site_transpose(fvi_site *site, int x, const int *perm) {
    return fvi_emit_transpose(site->b, fvi_channels_restore(site, x), perm);
}

int fvi_site_reduce(fvi_site *site, fvi_reduce f, unsigned axes, int keepdims, int x) {
    if (x < 0 || site->b->status) return -1;
    if ((axes & 1) && !keepdims) x = fvi_channels_restore(site, x); /* samples go */
    const int ndim = fvi_build_shape(site->b, x).ndim;
    unsigned own = 0;
    for (int i = 0; i < ndim; i++)
        if (axes >> i & 1) own |= 1u << fvi_channels_axis(site, x, i);
    const int v = fvi_emit_reduce(site->b, f, own, keepdims, x);
    const int has_channels = keepdims || !(axes >> (ndim - 1) & 1);
    return has_channels && fvi_build_shape(site->b, v).ndim > 2 ? like(site, v, x) : v;
}

int fvi_site_concat(fvi_site *site, int axis, int n, const int *in) {
    int v = -1;
    if (n < 1 || site->b->status) return -1;
    int *parts = g_new(int, n);
    for (int i = 0; i < n; i++) parts[i] = in[i];
    fvi_channels_align(site, n, parts, 0);
    const int ndim = fvi_build_shape(site->b, parts[0]).ndim;
    axis = fvi_build_axis(site->b, axis, ndim);
    for (int i = 0; i < n; i++)
        if (parts[i] < 0 || fvi_build_shape(site->b, parts[i]).ndim != ndim)
            fvi_build_fail(site->b, FV_SHAPE, "its inputs have different numbers of axes");
    if (!site->b->status)
        v = like(site, fvi_emit_concat(site->b, fvi_channels_axis(site, parts[0], axis), n, parts),
                 parts[0]);
    g_free(parts);
    return v;
}

int fvi_site_slice(fvi_site *site, int x, int axis, int64_t start, int64_t count, int64_t step) {
    fvi_shape shape = fvi_build_shape(site->b, x);
    fvi_node_attr a = {0};
    if (x < 0 || site->b->status) return -1;
    const int own = fvi_channels_axis(site, x, axis);
    const int64_t size = shape.dim[own], last = start + (count - 1) * step;
    if (count < 1 || !step || start < 0 || start >= size || last < 0 || last >= size) {
        fvi_build_fail(site->b, FV_SHAPE,
                       "elements %" PRId64 "..%" PRId64 " of axis %d, which has %" PRId64, start,
                       last, axis, size);
        return -1;
    }
    if (step == 1) return like(site, fvi_emit_slice(site->b, x, own, start, count), x);
    for (int i = 0; i < shape.ndim; i++) a.slice.step[i] = 1;
    a.slice.start[own] = start;
    a.slice.step[own] = step;
    shape.dim[own] = count;
    return like(site, fvi_emit(site->b, FVI_SLICE, &a, &shape, 1, &x), x);
}

int fvi_site_gather(fvi_site *site, int x, int64_t axis, int indices) {
    const int v = fvi_channels_restore(site, x), at = fvi_channels_restore(site, indices);
    return v < 0 || at < 0 ? -1 : fvi_emit_gather(site->b, v, at, axis);
}

int fvi_site_pad(fvi_site *site, int x, const int64_t *lo, const int64_t *hi, fvi_pad_mode mode,
                 float value) {
    int64_t own_lo[FVI_MAX_DIMS] = {0}, own_hi[FVI_MAX_DIMS] = {0};
    const int ndim = fvi_build_shape(site->b, x).ndim;
    for (int i = 0; i < ndim; i++) {
        own_lo[fvi_channels_axis(site, x, i)] = lo[i];
        own_hi[fvi_channels_axis(site, x, i)] = hi[i];
    }
    return like(site, fvi_emit_pad(site->b, x, own_lo, own_hi, mode, value), x);
}

int fvi_site_resize(fvi_site *site, int x, const fvi_resize_rule *rule, const int64_t *size) {
    static const double whole[2] = {0, 1};
    x = spatial(site, x);
    const fvi_shape in = fvi_build_shape(site->b, x);
    fvi_shape out = in;
    fvi_node_attr a = {0};
    int any = 0;
    if (x < 0 || site->b->status) return -1;
    for (int i = 2; i < in.ndim; i++) out.dim[i] = size[i - 2];
    if (in.ndim < 3 || fvi_shape_count(&out) < 1 || fvi_shape_count(&in) < 1) {
        char ti[FVI_SHAPE_TEXT], to[FVI_SHAPE_TEXT];
        fvi_build_fail(site->b, FV_SHAPE, "%s cannot be resized to %s", fvi_shape_text(&in, ti),
                       fvi_shape_text(&out, to));
    }
    for (int i = 2; i < in.ndim && !site->b->status; i++) {
        if (in.dim[i] == out.dim[i]) continue;
        any = 1;
        fvi_resize_kernel_fill(site->b, rule, in.dim[i], out.dim[i],
                               (double)out.dim[i] / (double)in.dim[i], whole, &a.resize.axis[i]);
    }
    if (site->b->status) return -1;
    return mark_spatial(site, any ? fvi_emit(site->b, FVI_RESIZE, &a, &out, 1, &x) : x);
}
