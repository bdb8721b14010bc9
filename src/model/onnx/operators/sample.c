/* SPDX-License-Identifier: Apache-2.0 */
/* Operators that take and put parts whose places differ from sample to sample, and convolution at
 * moved places.
 *
 *   ReverseSequence  the first elements of each sample, as many as sequence_lens says, backward
 *   TensorScatter    an update that replaces a part of each sample of a cache
 *   CenterCropPad    axes cut or padded evenly
 *   DeformConv       each element of the window is read between the elements, at its place plus an
 *                    offset: one GRID_SAMPLE for each group of offsets, then a 1x1 convolution
 *
 * Source: ONNX operator specification (ReverseSequence-10, TensorScatter-24, CenterCropPad-18,
 * DeformConv-19/22).
 */
#include "graph/build/compose.h"
#include "graph/const.h"
#include "model/onnx/attribute.h"
#include "model/onnx/operators.h"
#include "model/onnx/operators/conv.h"

/* ---- one gather a sample ---- */

/* Sample n of x along an axis, which stays. */
static int sample_of(fvi_builder *b, int x, int axis, int64_t n) {
    return fvi_emit_slice(b, x, axis, n, 1);
}

/* The elements at[0..count-1] of x along an axis. */
static int take(fvi_builder *b, int x, int axis, const int64_t *at, int64_t count) {
    fvi_shape out = fvi_build_shape(b, x);
    uint8_t *data;
    if (b->status) return -1;
    out.dim[axis] = count;
    const int index = fvi_emit_constant(b, FVI_I64, &(fvi_shape){1, {count}}, &data);
    for (int64_t i = 0; index >= 0 && i < count; i++) fvi_put_int(FVI_I64, data, i, at[i]);
    return fvi_emit(b, FVI_GATHER, &(fvi_node_attr){.axis = {axis}}, &out, 2, (int[]){x, index});
}

/* Space for one number an element of the axis and one value a sample, to be freed; 0: failed. */
static int make_space(fvi_builder *b, int64_t samples, int64_t elements, int64_t **at, int **part) {
    int64_t work;
    *at = NULL;
    *part = NULL;
    if (fvi_mul(samples, elements, &work) < 0 || !fvi_build_charge(b, work)) {
        if (!b->status) fvi_build_nomem(b);
        return 0;
    }
    *at = g_try_new(int64_t, (gsize)elements + 1);
    *part = g_try_new(int, (gsize)samples + 1);
    if (!*at || !*part) fvi_build_nomem(b);
    return *at && *part;
}

fv_status fvi_lower_reverse_sequence(fvi_onnx_node *node) {
    fvi_builder *b = node->b;
    const int x = fvi_onnx_need(node, 0);
    const fvi_shape s = fvi_build_shape(b, x);
    fvi_onnx_need(node, 1);
    const fvi_const *lengths = fvi_onnx_fixed(node, 1, "sequence_lens");
    const int time = fvi_build_axis(b, fvi_onnx_attr_int(node->proto, "time_axis", 0), s.ndim);
    const int batch = fvi_build_axis(b, fvi_onnx_attr_int(node->proto, "batch_axis", 1), s.ndim);
    if (b->status) return b->status;
    if (time == batch || fvi_shape_count(&lengths->shape) != s.dim[batch] || !s.dim[batch])
        return fvi_build_fail(b, FV_SHAPE,
                              "it has %" PRId64 " lengths for %" PRId64
                              " samples, its time axis is %d and its batch axis %d",
                              fvi_shape_count(&lengths->shape), s.dim[batch], time, batch);
    int64_t *at;
    int *part;
    if (make_space(b, s.dim[batch], s.dim[time], &at, &part))
        for (int64_t n = 0; n < s.dim[batch] && !b->status; n++) {
            const int64_t length = fvi_const_int(lengths, n);
            if (length < 0 || length > s.dim[time])
                fvi_build_fail(b, FV_SHAPE,
                               "sequence_lens has %" PRId64 "; 0..%" PRId64 " is allowed", length,
                               s.dim[time]);
            for (int64_t i = 0; i < s.dim[time]; i++) at[i] = i < length ? length - 1 - i : i;
            part[n] = take(b, sample_of(b, x, batch, n), time, at, s.dim[time]);
        }
    const int v = b->status ? -1 : fvi_emit_concat(b, batch, (int)s.dim[batch], part);
    g_free(at);
    g_free(part);
    return fvi_onnx_out(node, 0, v);
}

/* Where element i of an axis comes from: behind the cache's n elements the update's. */
static int64_t origin(int64_t i, int64_t first, int64_t count, int64_t n, int circular) {
    int64_t k = i - first;
    if (circular && k < 0) k += n;
    return k >= 0 && k < count ? n + k : i;
}

/* Fails unless cache and update differ along that axis only, where the update is no longer. */
static void check_update(fvi_builder *b, const fvi_shape *cache, const fvi_shape *update,
                         int axis) {
    fvi_shape same = *update;
    char text[2][FVI_SHAPE_TEXT];
    if (b->status) return;
    if (axis < same.ndim) same.dim[axis] = cache->dim[axis];
    if (axis > 0 && fvi_shape_equal(&same, cache) && update->dim[axis] <= cache->dim[axis] &&
        cache->dim[0] > 0)
        return;
    fvi_build_fail(b, FV_SHAPE,
                   "its cache is %s and its update %s along axis %d; equal sizes elsewhere, and an "
                   "axis behind the first, are needed",
                   fvi_shape_text(cache, text[0]), fvi_shape_text(update, text[1]), axis);
}

fv_status fvi_lower_tensor_scatter(fvi_onnx_node *node) {
    fvi_builder *b = node->b;
    const int cache = fvi_onnx_need(node, 0), update = fvi_onnx_need(node, 1);
    const fvi_shape s = fvi_build_shape(b, cache), u = fvi_build_shape(b, update);
    const fvi_const *first = fvi_onnx_fixed(node, 2, "write_indices");
    const int axis = fvi_build_axis(b, fvi_onnx_attr_int(node->proto, "axis", -2), s.ndim);
    const int circular =
        fvi_onnx_choice(node, "mode", (const char *const[]){"linear", "circular", NULL});
    check_update(b, &s, &u, axis);
    if (b->status) return b->status;
    if (first && fvi_shape_count(&first->shape) != s.dim[0])
        return fvi_build_fail(b, FV_SHAPE,
                              "write_indices has %" PRId64 " numbers; %" PRId64 " are needed",
                              fvi_shape_count(&first->shape), s.dim[0]);
    const int both = fvi_emit_concat(b, axis, 2, (int[]){cache, update});
    const int64_t n = s.dim[axis], most = circular ? n - 1 : n - u.dim[axis];
    int64_t *at;
    int *part;
    if (make_space(b, s.dim[0], n, &at, &part))
        for (int64_t k = 0; k < s.dim[0] && !b->status; k++) {
            const int64_t from = first ? fvi_const_int(first, k) : 0;
            if (from < 0 || from > most)
                fvi_build_fail(b, FV_SHAPE,
                               "write_indices has %" PRId64 "; 0..%" PRId64 " is allowed", from,
                               most);
            for (int64_t i = 0; i < n; i++) at[i] = origin(i, from, u.dim[axis], n, circular);
            part[k] = take(b, sample_of(b, both, 0, k), axis, at, n);
        }
    const int v = b->status ? -1 : fvi_emit_concat(b, 0, (int)s.dim[0], part);
    g_free(at);
    g_free(part);
    return fvi_onnx_out(node, 0, v);
}

/* ---- cut or padded evenly ---- */

fv_status fvi_lower_center_crop_pad(fvi_onnx_node *node) {
    fvi_builder *b = node->b;
    int x = fvi_onnx_need(node, 0);
    fvi_shape s = fvi_build_shape(b, x);
    int64_t size[FVI_MAX_DIMS], axes[FVI_MAX_DIMS];
    fvi_onnx_need(node, 1);
    const int n = fvi_onnx_ints(node, NULL, 1, size, FVI_MAX_DIMS);
    const int named = fvi_onnx_ints(node, "axes", -1, axes, FVI_MAX_DIMS);
    if (!b->status && n != (named < 0 ? s.ndim : named))
        fvi_build_fail(b, FV_FORMAT, "it has %d sizes for %d axes", n, named < 0 ? s.ndim : named);
    fvi_node_attr a = {0};
    int padded = 0;
    for (int i = 0; i < n && !b->status; i++) {
        const int axis = named < 0 ? i : fvi_build_axis(b, axes[i], s.ndim);
        const int64_t more = size[i] - s.dim[axis];
        if (size[i] < 0 || size[i] > FVI_MAX_ELEMENTS)
            fvi_build_fail(b, FV_SHAPE, "the size of axis %d is %" PRId64, axis, size[i]);
        else if (more < 0)
            x = fvi_emit_slice(b, x, axis, -more / 2, size[i]);
        else
            a.pad.lo[axis] = more / 2, a.pad.hi[axis] = more - more / 2, padded |= more > 0;
        s.dim[axis] = size[i];
    }
    if (padded && !b->status) x = fvi_emit(b, FVI_PAD, &a, &s, 1, &x);
    return fvi_onnx_out(node, 0, x);
}

/* ---- DeformConv ---- */

typedef struct deform {
    fvi_onnx_node *node;
    fvi_builder *b;
    fvi_window w;
    fvi_shape x, out;     /* [n][c][h][w]; [n][..][oh][ow] */
    int64_t taps, groups; /* elements of the window; groups of offsets */
} deform;

/* Where the elements of the window lie without offsets, as a grid reads them: y, then x, in -1..1
 * over the picture. [1][taps][oh][ow][2] */
static int places(const deform *d) {
    uint8_t *data;
    const int64_t oh = d->out.dim[2], ow = d->out.dim[3];
    const fvi_shape shape = {5, {1, d->taps, oh, ow, 2}};
    const int v = fvi_emit_constant(d->b, FVI_F32, &shape, &data);
    if (v < 0 || !fvi_build_charge(d->b, fvi_shape_count(&shape))) return -1;
    for (int64_t i = 0; i < d->taps * oh * ow; i++) {
        const int64_t at[] = {i / ow % oh, i % ow};
        const int64_t tap[] = {i / (oh * ow) / d->w.kernel[1], i / (oh * ow) % d->w.kernel[1]};
        for (int k = 0; k < 2; k++) {
            const double p = (double)(at[k] * d->w.stride[k] - d->w.pad_lo[k]) +
                             (double)(tap[k] * d->w.dilation[k]);
            fvi_put_real(FVI_F32, data, 2 * i + k, (2 * p + 1) / (double)d->x.dim[2 + k] - 1);
        }
    }
    return v;
}

/* The grid of a group of offsets: [n][taps * oh][ow][2], x before y. */
static int grid_of(const deform *d, int offsets, int64_t group) {
    fvi_builder *b = d->b;
    const int64_t n = d->x.dim[0], oh = d->out.dim[2], ow = d->out.dim[3];
    uint8_t *data;
    int v = fvi_emit_slice(b, offsets, 1, group * 2 * d->taps, 2 * d->taps);
    v = fvi_emit_reshape(b, v, &(fvi_shape){5, {n, d->taps, 2, oh, ow}});
    v = fvi_emit_transpose(b, v, (int[]){0, 1, 3, 4, 2});
    const int scale = fvi_emit_constant(b, FVI_F32, &(fvi_shape){1, {2}}, &data);
    for (int k = 0; scale >= 0 && k < 2; k++)
        fvi_put_real(FVI_F32, data, k, 2 / (double)d->x.dim[2 + k]);
    v = fvi_emit_binary(b, FVI_ADD, fvi_emit_binary(b, FVI_MUL, v, scale), places(d));
    const int y = fvi_emit_slice(b, v, 4, 0, 1), x = fvi_emit_slice(b, v, 4, 1, 1);
    v = fvi_emit_concat(b, 4, 2, (int[]){x, y});
    return fvi_emit_reshape(b, v, &(fvi_shape){4, {n, d->taps * oh, ow, 2}});
}

/* What the window reads of the channels of a group of offsets: [n][channels * taps][oh][ow]. */
static int read_group(const deform *d, int offsets, int mask, int64_t group) {
    fvi_builder *b = d->b;
    const int64_t n = d->x.dim[0], oh = d->out.dim[2], ow = d->out.dim[3];
    const int64_t c = d->x.dim[1] / d->groups;
    const int x = fvi_emit_slice(b, fvi_onnx_in(d->node, 0), 1, group * c, c);
    const fvi_grid_sample how = {FVI_GRID_LINEAR, FVI_GRID_ZEROS, FVI_GRID_EDGES};
    int v = fvi_emit_grid_sample(b, x, grid_of(d, offsets, group), -1, &how);
    if (v < 0) return -1;
    if (mask >= 0) {
        int m = fvi_emit_slice(b, mask, 1, group * d->taps, d->taps);
        m = fvi_emit_reshape(b, m, &(fvi_shape){4, {n, 1, d->taps * oh, ow}});
        v = fvi_emit_binary(b, FVI_MUL, v, m);
    }
    return fvi_emit_reshape(b, v, &(fvi_shape){4, {n, c * d->taps, oh, ow}});
}

/* Fails unless input i is [n][groups * each][oh][ow]. */
static void check_places(const deform *d, int i, const char *what, int64_t each) {
    const int v = fvi_onnx_in(d->node, i);
    const fvi_shape s = fvi_build_shape(d->b, v);
    const fvi_shape wanted = {4, {d->x.dim[0], d->groups * each, d->out.dim[2], d->out.dim[3]}};
    char text[2][FVI_SHAPE_TEXT];
    if (v < 0 || d->b->status || fvi_shape_equal(&s, &wanted)) return;
    fvi_build_fail(d->b, FV_SHAPE, "its %s is %s; %s is needed", what, fvi_shape_text(&s, text[0]),
                   fvi_shape_text(&wanted, text[1]));
}

/* Reads sizes and window, and checks them. */
static void read_deform(deform *d, const fvi_shape *w) {
    if (d->x.ndim != 4 || w->ndim != 4) {
        fvi_build_fail(d->b, FV_UNSUPPORTED,
                       "its input and weights have %d and %d axes; 4 are supported", d->x.ndim,
                       w->ndim);
        return;
    }
    d->out = d->x;
    fvi_onnx_window(d->node, &d->x, w->dim + 2, &d->w, d->out.dim + 2);
    d->groups = fvi_onnx_attr_int(d->node->proto, "offset_group", 1);
    if (d->b->status) return;
    if (d->groups < 1 || d->x.dim[1] % d->groups || fvi_shape_count(&d->x) < 1)
        fvi_build_fail(d->b, FV_SHAPE, "%" PRId64 " channels in %" PRId64 " groups of offsets",
                       d->x.dim[1], d->groups);
    if (fvi_mul(d->w.kernel[0], d->w.kernel[1], &d->taps) < 0 || d->taps > INT32_MAX)
        fvi_build_fail(d->b, FV_SHAPE, "its kernel is too large");
    check_places(d, 2, "offset", 2 * d->taps);
    check_places(d, 4, "mask", d->taps);
}

/* A 1x1 convolution of what was read, with the weights [channels][in * taps][1][1]. */
static int convolve(const deform *d, const fvi_shape *w, int read) {
    fvi_builder *b = d->b;
    const int64_t groups = fvi_onnx_attr_int(d->node->proto, "group", 1), c = d->x.dim[1];
    const fvi_const *bias = fvi_onnx_fixed(d->node, 3, "bias");
    if (b->status) return -1;
    if (groups < 1 || c % groups || w->dim[1] != c / groups || w->dim[0] % groups) {
        fvi_build_fail(b, FV_SHAPE,
                       "%" PRId64 " input channels in %" PRId64
                       " groups do not fit weights of %" PRId64 "x%" PRId64,
                       c, groups, w->dim[0], w->dim[1]);
        return -1;
    }
    if (bias && (bias->shape.ndim != 1 || bias->shape.dim[0] != w->dim[0])) {
        fvi_build_fail(b, FV_SHAPE, "its bias has not the %" PRId64 " numbers of its channels",
                       w->dim[0]);
        return -1;
    }
    const fvi_shape flat = {4, {w->dim[0], w->dim[1] * d->taps, 1, 1}};
    const fvi_shape out = {4, {d->x.dim[0], w->dim[0], d->out.dim[2], d->out.dim[3]}};
    const fvi_node_attr a = {
        .window = {
            .n = 2, .kernel = {1, 1}, .stride = {1, 1}, .dilation = {1, 1}, .groups = groups}};
    const int in[] = {read, fvi_emit_reshape(b, fvi_onnx_in(d->node, 1), &flat),
                      fvi_onnx_in(d->node, 3)};
    return b->status ? -1 : fvi_emit(b, FVI_CONV, &a, &out, bias ? 3 : 2, in);
}

fv_status fvi_lower_deform_conv(fvi_onnx_node *node) {
    deform d = {.node = node, .b = node->b};
    d.x = fvi_build_shape(node->b, fvi_onnx_need(node, 0));
    const int offsets = fvi_onnx_need(node, 2), mask = fvi_onnx_in(node, 4);
    fvi_onnx_need(node, 1);
    const fvi_const *w = fvi_onnx_fixed(node, 1, "weights");
    if (node->b->status || !w) return node->b->status;
    const fvi_shape ws = w->shape;
    read_deform(&d, &ws);
    if (node->b->status) return node->b->status;
    int *part = g_try_new(int, (gsize)d.groups);
    if (!part) return fvi_build_nomem(node->b);
    for (int64_t k = 0; k < d.groups && !node->b->status; k++)
        part[k] = read_group(&d, offsets, mask, k);
    const int v = node->b->status ? -1 : fvi_emit_concat(node->b, 1, (int)d.groups, part);
    g_free(part);
    return fvi_onnx_out(node, 0, node->b->status ? -1 : convolve(&d, &ws, v));
}
