/* SPDX-License-Identifier: Apache-2.0 */
/* Functions that move elements, or join values. Source: keras/src/ops/numpy.py;
 * tensorflow/python/ops/array_ops.py. */
#include <string.h>

#include "graph/const.h"
#include "model/keras/arguments.h"

/* At most one size is -1, and follows from the others. */
static void fill_open(fvi_site *site, const fvi_shape *from, fvi_shape *to) {
    int64_t known = 1;
    int open = -1, opens = 0;
    for (int i = 0; i < to->ndim; i++) {
        if (to->dim[i] == -1)
            open = i, opens++;
        else if (to->dim[i] < 0 || fvi_mul(known, to->dim[i], &known) < 0)
            known = 0;
    }
    if (opens > 1) fvi_build_fail(site->b, FV_UNSUPPORTED, "%d of its sizes are free", opens);
    if (opens == 1) to->dim[open] = known > 0 ? fvi_shape_count(from) / known : 0;
}

void fvi_keras_reshape_call(fvi_site *site) {
    const int x = fvi_keras_operand(site, "x", 1);
    const fvi_shape s = fvi_channels_shape(site, x);
    fvi_shape to = {0};
    to.ndim = fvi_keras_argument_ints(site, "shape", to.dim, FVI_MAX_DIMS);
    if (to.ndim < 0) fvi_build_fail(site->b, FV_FORMAT, "it has no shape");
    if (site->b->status) return;
    fill_open(site, &s, &to);
    fvi_site_out(site, 0, fvi_site_reshape(site, x, &to));
}

void fvi_keras_ravel(fvi_site *site) {
    const int x = fvi_keras_operand(site, "x", 1);
    const fvi_shape s = fvi_channels_shape(site, x);
    fvi_site_out(site, 0, fvi_site_reshape(site, x, &(fvi_shape){1, {fvi_shape_count(&s)}}));
}

/* Transposes by perm, which is checked. */
static void permute(fvi_site *site, int x, const int64_t *axes, int n) {
    const int ndim = fvi_build_shape(site->b, x).ndim;
    int perm[FVI_MAX_DIMS] = {0};
    unsigned seen = 0;
    if (n != ndim) fvi_build_fail(site->b, FV_FORMAT, "it orders %d axes of %d", n, ndim);
    for (int i = 0; i < n && !site->b->status; i++) {
        perm[i] = fvi_build_axis(site->b, axes[i], ndim);
        if (seen >> perm[i] & 1)
            fvi_build_fail(site->b, FV_FORMAT, "it names axis %d twice", perm[i]);
        seen |= 1u << perm[i];
    }
    if (!site->b->status) fvi_site_out(site, 0, fvi_site_transpose(site, x, perm));
}

void fvi_keras_transpose_call(fvi_site *site) {
    const int x = fvi_keras_operand(site, "x", 1), ndim = fvi_build_shape(site->b, x).ndim;
    int64_t axes[FVI_MAX_DIMS];
    int n = fvi_keras_argument_ints(site, "axes", axes, FVI_MAX_DIMS);
    if (n < 0)
        n = ndim;
    else if (!site->b->status)
        return permute(site, x, axes, n);
    for (int i = 0; i < n; i++) axes[i] = ndim - 1 - i;
    permute(site, x, axes, n);
}

void fvi_keras_swap_axes(fvi_site *site) {
    const int x = fvi_keras_operand(site, "x", 1), ndim = fvi_build_shape(site->b, x).ndim;
    const int a = fvi_build_axis(site->b, fvi_keras_argument_int(site, "from", 0), ndim);
    const int b = fvi_build_axis(site->b, fvi_keras_argument_int(site, "to", 0), ndim);
    int64_t axes[FVI_MAX_DIMS];
    for (int i = 0; i < ndim; i++) axes[i] = i == a ? b : i == b ? a : i;
    permute(site, x, axes, ndim);
}

/* One axis, or several of a list. */
void fvi_keras_move_axis(fvi_site *site) {
    const int x = fvi_keras_operand(site, "x", 1), ndim = fvi_build_shape(site->b, x).ndim;
    int64_t from[FVI_MAX_DIMS], to[FVI_MAX_DIMS], axes[FVI_MAX_DIMS];
    unsigned moved = 0, filled = 0;
    const int n = fvi_keras_argument_ints(site, "from", from, FVI_MAX_DIMS);
    if (n < 1 || fvi_keras_argument_ints(site, "to", to, FVI_MAX_DIMS) != n)
        fvi_build_fail(site->b, FV_FORMAT, "its source and destination do not fit");
    for (int i = 0; i < n && !site->b->status; i++) {
        const int a = fvi_build_axis(site->b, from[i], ndim);
        const int b = fvi_build_axis(site->b, to[i], ndim);
        axes[b] = a;
        moved |= 1u << a;
        filled |= 1u << b;
    }
    for (int a = 0, b = 0; a < ndim && !site->b->status; a++) {
        if (moved >> a & 1) continue;
        while (b < ndim && filled >> b & 1) b++;
        if (b >= ndim)
            fvi_build_fail(site->b, FV_FORMAT, "its axes are named twice");
        else
            axes[b++] = a;
    }
    if (!site->b->status) permute(site, x, axes, ndim);
}

void fvi_keras_expand_dims(fvi_site *site) {
    const int x = fvi_keras_operand(site, "x", 1);
    const fvi_shape s = fvi_channels_shape(site, x);
    int64_t axes[FVI_MAX_DIMS];
    const int n = fvi_keras_argument_ints(site, "axis", axes, FVI_MAX_DIMS - 1);
    if (n < 1 || s.ndim + n > FVI_MAX_DIMS)
        fvi_build_fail(site->b, FV_UNSUPPORTED, "it adds %d axes to %d", n, s.ndim);
    if (site->b->status) return;
    fvi_shape to = {.ndim = s.ndim + n};
    unsigned added = 0;
    for (int i = 0; i < n; i++) added |= 1u << fvi_build_axis(site->b, axes[i], to.ndim);
    for (int i = 0, k = 0; i < to.ndim; i++)
        to.dim[i] = added >> i & 1 || k >= s.ndim ? 1 : s.dim[k++];
    fvi_site_out(site, 0, fvi_site_reshape(site, x, &to));
}

void fvi_keras_squeeze(fvi_site *site) {
    const int x = fvi_keras_operand(site, "x", 1);
    const fvi_shape s = fvi_channels_shape(site, x);
    const int all = fvi_keras_argument(site, "axis") == NULL;
    const unsigned axes = fvi_keras_argument_axes(site, "axis", s.ndim);
    fvi_shape to = {0};
    for (int i = 0; i < s.ndim && !site->b->status; i++) {
        const int goes = axes >> i & 1 && (!all || s.dim[i] == 1);
        if (goes && s.dim[i] != 1)
            fvi_build_fail(site->b, FV_SHAPE, "axis %d has %" PRId64 " elements", i, s.dim[i]);
        if (!goes) to.dim[to.ndim++] = s.dim[i];
    }
    if (!site->b->status) fvi_site_out(site, 0, fvi_site_reshape(site, x, &to));
}

void fvi_keras_broadcast(fvi_site *site) {
    const int x = fvi_channels_restore(site, fvi_keras_operand(site, "x", 1));
    fvi_shape to = {0};
    to.ndim = fvi_keras_argument_ints(site, "shape", to.dim, FVI_MAX_DIMS);
    if (to.ndim < 1) fvi_build_fail(site->b, FV_FORMAT, "it has no shape");
    const fvi_shape s = fvi_build_shape(site->b, x);
    for (int i = 0; i < to.ndim; i++) /* the samples' size is not known to Keras */
        if (to.dim[i] == -1 && i + s.ndim >= to.ndim) to.dim[i] = s.dim[i + s.ndim - to.ndim];
    if (!site->b->status) fvi_site_out(site, 0, fvi_emit_expand(site->b, x, &to));
}

/* Sizes are known, and so is what is computed of them. */
void fvi_keras_shape_of(fvi_site *site) {
    const fvi_shape s = fvi_channels_shape(site, fvi_keras_operand(site, "x", 1));
    uint8_t *data;
    if (site->b->status) return;
    const int v = fvi_emit_constant(site->b, FVI_I64, &(fvi_shape){1, {s.ndim}}, &data);
    for (int i = 0; i < s.ndim && v >= 0; i++) fvi_put_int(FVI_I64, data, i, s.dim[i]);
    fvi_site_out(site, 0, v);
}

static int axis_argument(fvi_site *site, int64_t usual) {
    const int64_t axis = fvi_keras_argument_int(site, "axis", usual);
    return axis >= -FVI_MAX_DIMS && axis < FVI_MAX_DIMS ? (int)axis : FVI_MAX_DIMS;
}

void fvi_keras_concat_call(fvi_site *site) {
    GArray *in = fvi_keras_operands(site, "x");
    fvi_site_out(site, 0,
                 fvi_site_concat(site, axis_argument(site, 0), (int)in->len,
                                 (const int *)(const void *)in->data));
    g_array_unref(in);
}

void fvi_keras_stack(fvi_site *site) {
    GArray *in = fvi_keras_operands(site, "x");
    int axis = axis_argument(site, 0);
    for (guint i = 0; i < in->len && !site->b->status; i++) {
        const int v = g_array_index(in, int, i);
        const fvi_shape s = fvi_channels_shape(site, v);
        fvi_shape to = {.ndim = s.ndim + 1};
        if (to.ndim > FVI_MAX_DIMS) fvi_build_fail(site->b, FV_UNSUPPORTED, "too many axes");
        if (!i) axis = fvi_build_axis(site->b, axis, to.ndim);
        if (site->b->status) break;
        for (int k = 0; k < to.ndim; k++) to.dim[k] = k == axis ? 1 : s.dim[k - (k > axis)];
        g_array_index(in, int, i) = fvi_emit_reshape(site->b, fvi_channels_restore(site, v), &to);
    }
    fvi_site_out(site, 0,
                 fvi_site_concat(site, axis, (int)in->len, (const int *)(const void *)in->data));
    g_array_unref(in);
}

/* Blocks of pixels as channels, or (param) back: the channel is (y, x, c), c the fastest. */
void fvi_keras_depth_to_space(fvi_site *site) {
    const int x = fvi_keras_operand(site, "x", 1);
    const fvi_shape s = fvi_channels_shape(site, x);
    const int64_t k = fvi_keras_argument_int(site, "size", 0);
    const char *format = fvi_keras_argument_text(site, "data_format", "NHWC");
    if (strcmp(format, "NHWC") != 0) fvi_keras_refuse(site, "data_format", format);
    if (site->b->status) return;
    const int back = site->kind->param;
    const int fits = s.ndim == 4 && k >= 1 && k <= 4096 &&
                     (back ? s.dim[3] % (k * k) == 0 : s.dim[1] % k == 0 && s.dim[2] % k == 0);
    if (!fits) {
        fvi_build_fail(site->b, FV_SHAPE, "its blocks of %" PRId64 " do not fit its input", k);
        return;
    }
    const fvi_shape six =
        back ? (fvi_shape){6, {s.dim[0], s.dim[1], s.dim[2], k, k, s.dim[3] / (k * k)}}
             : (fvi_shape){6, {s.dim[0], s.dim[1] / k, k, s.dim[2] / k, k, s.dim[3]}};
    const fvi_shape to =
        back ? (fvi_shape){4, {s.dim[0], s.dim[1] * k, s.dim[2] * k, s.dim[3] / (k * k)}}
             : (fvi_shape){4, {s.dim[0], s.dim[1] / k, s.dim[2] / k, s.dim[3] * k * k}};
    int v = fvi_site_reshape(site, x, &six);
    v = fvi_emit_transpose(site->b, v, (int[]){0, 1, 3, 2, 4, 5});
    fvi_site_out(site, 0, fvi_emit_reshape(site->b, v, &to));
}
