/* SPDX-License-Identifier: Apache-2.0 */
/* Operators that move, cut and join elements. Shapes are known when the graph is made: numbers that
 * follow from them are constants. Source: as layers.c. */
#include "graph/const.h"
#include "model/tflite/op.h"

/* An axis out of the options. */
static int axis_of(fvi_site *site, int64_t axis, int ndim) {
    return fvi_build_axis(site->b, axis, ndim);
}

/* The shape that x becomes: the one given as input 1 of RESHAPE, else the output's. */
static fvi_shape target(fvi_site *site) {
    const fvi_tflite_op *op = site->op->detail;
    fvi_shape to = op->out >= 0 ? op->file->tensors[op->out].shape : (fvi_shape){.ndim = -1};
    if (site->kind->param && site->n_in > 1)
        to.ndim = fvi_tflite_ints(site, 1, to.dim, FVI_MAX_DIMS);
    if (to.ndim < 0) fvi_build_fail(site->b, FV_FORMAT, "its output has no shape");
    return to;
}

/* Sets the free size, or else the number of samples where the network is given another one. */
static void fit(fvi_shape *to, int64_t count) {
    int64_t known = 1;
    int open = -1;
    for (int i = 0; i < to->ndim; i++) {
        if (to->dim[i] < 0)
            open = i;
        else if (fvi_mul(known, to->dim[i], &known) < 0)
            known = 0;
    }
    if (known < 1 || !to->ndim) return;
    if (open >= 0)
        to->dim[open] = count / known;
    else if (known != count && count % (known / to->dim[0]) == 0)
        to->dim[0] = count / (known / to->dim[0]);
}

/* RESHAPE (param 1), SQUEEZE and EXPAND_DIMS. */
void fvi_tflite_lower_reshape(fvi_site *site) {
    const int x = fvi_tflite_need(site, 0);
    const fvi_shape s = fvi_channels_shape(site, x);
    fvi_shape to = target(site);
    if (site->b->status) return;
    fit(&to, fvi_shape_count(&s));
    fvi_tflite_out(site, fvi_site_reshape(site, x, &to), 0);
}

void fvi_tflite_lower_shape(fvi_site *site) {
    const fvi_shape s = fvi_channels_shape(site, fvi_tflite_need(site, 0));
    int32_t *data;
    const int v = fvi_emit_constant(site->b, FVI_I32, &(fvi_shape){1, {s.ndim}}, &data);
    for (int i = 0; v >= 0 && i < s.ndim; i++) data[i] = (int32_t)s.dim[i];
    fvi_site_out(site, 0, v);
}

void fvi_tflite_lower_transpose(fvi_site *site) {
    const int x = fvi_tflite_need(site, 0), ndim = fvi_build_shape(site->b, x).ndim;
    int64_t given[FVI_MAX_DIMS];
    int perm[FVI_MAX_DIMS] = {0};
    unsigned seen = 0;
    const int n = fvi_tflite_ints(site, 1, given, FVI_MAX_DIMS);
    for (int i = 0; i < n && !site->b->status; i++) {
        perm[i] = axis_of(site, given[i], ndim);
        seen |= 1u << perm[i];
    }
    if (!site->b->status && (n != ndim || seen != (1u << ndim) - 1))
        fvi_build_fail(site->b, FV_FORMAT, "its order of %d axes is none of %d", n, ndim);
    if (!site->b->status) fvi_tflite_out(site, fvi_site_transpose(site, x, perm), 0);
}

/* All inputs. */
static int *all(fvi_site *site) {
    int *in = g_new(int, site->n_in + 1);
    for (int i = 0; i < site->n_in; i++) in[i] = fvi_tflite_need(site, i);
    return in;
}

void fvi_tflite_lower_concatenation(fvi_site *site) {
    int *in = all(site);
    const int64_t axis = fvi_tflite_option(site, 0, 4, 0);
    const int ndim = fvi_build_shape(site->b, site->n_in ? in[0] : -1).ndim;
    const int own = axis_of(site, axis, ndim);
    if (!site->b->status)
        fvi_tflite_out(site, fvi_site_concat(site, own, site->n_in, in),
                       fvi_tflite_option(site, 1, 1, 0));
    g_free(in);
}

/* x with one more axis of one element. */
static int widen(fvi_site *site, int x, int axis) {
    const fvi_shape s = fvi_channels_shape(site, x);
    fvi_shape to = {.ndim = s.ndim + 1};
    if (x < 0 || site->b->status) return -1;
    if (to.ndim > FVI_MAX_DIMS) {
        fvi_build_fail(site->b, FV_SHAPE, "it would have more than %d axes", FVI_MAX_DIMS);
        return -1;
    }
    for (int i = 0; i < to.ndim; i++) to.dim[i] = i == axis ? 1 : s.dim[i - (i > axis)];
    return fvi_site_reshape(site, x, &to);
}

void fvi_tflite_lower_pack(fvi_site *site) {
    int *in = all(site);
    const int ndim = fvi_build_shape(site->b, site->n_in ? in[0] : -1).ndim;
    const int axis = axis_of(site, fvi_tflite_option(site, 1, 4, 0), ndim + 1);
    for (int i = 0; i < site->n_in; i++) in[i] = widen(site, in[i], axis);
    if (!site->b->status) fvi_tflite_out(site, fvi_site_concat(site, axis, site->n_in, in), 0);
    g_free(in);
}

void fvi_tflite_lower_unpack(fvi_site *site) {
    const int x = fvi_channels_restore(site, fvi_tflite_need(site, 0));
    const fvi_shape s = fvi_build_shape(site->b, x);
    const int axis = axis_of(site, fvi_tflite_option(site, 1, 4, 0), s.ndim);
    fvi_shape to = {.ndim = s.ndim - 1};
    if (site->b->status) return;
    for (int i = 0; i < to.ndim; i++) to.dim[i] = s.dim[i + (i >= axis)];
    for (int i = 0; i < site->n_out && !site->b->status; i++)
        fvi_site_out(site, i,
                     fvi_emit_reshape(site->b, fvi_site_slice(site, x, axis, i, 1, 1), &to));
}

#define PARTS_MAX 256

/* The sizes of the parts of an axis of n elements: equal ones, or those of an input, of which one
 * may be -1. Returns 0: it failed. */
static int part_sizes(fvi_site *site, int input, int64_t n, int64_t *sizes) {
    int64_t rest = n;
    if (input < 0) {
        if (site->n_out < 1 || site->n_out > PARTS_MAX || n % site->n_out)
            fvi_build_fail(site->b, FV_SHAPE, "%" PRId64 " elements in %d parts", n, site->n_out);
        for (int i = 0; i < site->n_out && !site->b->status; i++) sizes[i] = n / site->n_out;
        return !site->b->status;
    }
    const int count = fvi_tflite_ints(site, input, sizes, PARTS_MAX);
    if (count != site->n_out)
        fvi_build_fail(site->b, FV_FORMAT, "it has %d sizes for %d parts", count, site->n_out);
    for (int i = 0; i < count; i++) rest -= MAX(sizes[i], 0);
    for (int i = 0; i < count; i++)
        if (sizes[i] < 0) sizes[i] = rest;
    return !site->b->status;
}

/* SPLIT: axis, x; param 1, SPLIT_V: x, sizes, axis. */
void fvi_tflite_lower_split(fvi_site *site) {
    const int by_size = site->kind->param, x = fvi_tflite_need(site, by_size ? 0 : 1);
    const fvi_shape s = fvi_channels_shape(site, x);
    int64_t given[1], sizes[PARTS_MAX], from = 0;
    if (fvi_tflite_ints(site, by_size ? 2 : 0, given, 1) != 1) return;
    const int axis = axis_of(site, given[0], s.ndim);
    if (site->b->status || !part_sizes(site, by_size ? 1 : -1, s.dim[axis], sizes)) return;
    for (int i = 0; i < site->n_out && !site->b->status; i++) {
        fvi_site_out(site, i, fvi_site_slice(site, x, axis, from, sizes[i], 1));
        from += sizes[i];
    }
}

/* Beginnings and sizes; -1: to the end. */
void fvi_tflite_lower_slice(fvi_site *site) {
    int v = fvi_tflite_need(site, 0);
    const fvi_shape s = fvi_channels_shape(site, v);
    int64_t begin[FVI_MAX_DIMS], size[FVI_MAX_DIMS];
    const int n = fvi_tflite_ints(site, 1, begin, FVI_MAX_DIMS);
    if (fvi_tflite_ints(site, 2, size, FVI_MAX_DIMS) != n || n != s.ndim)
        fvi_build_fail(site->b, FV_FORMAT, "its beginnings and sizes are not %d each", s.ndim);
    for (int i = 0; i < n && !site->b->status; i++)
        v = fvi_site_slice(site, v, i, begin[i], size[i] < 0 ? s.dim[i] - begin[i] : size[i], 1);
    fvi_tflite_out(site, v, 0);
}

/* A strided slice, as in Python: ranges, and masks of axes. */
typedef struct strided {
    int n; /* axes that it names */
    int64_t begin[FVI_MAX_DIMS], end[FVI_MAX_DIMS], step[FVI_MAX_DIMS];
    int64_t no_begin, no_end; /* the beginning, the end, is left out */
    int64_t one;              /* one element is taken, and the axis goes */
} strided;

static void read_strided(fvi_site *site, int ndim, strided *r) {
    r->n = fvi_tflite_ints(site, 1, r->begin, FVI_MAX_DIMS);
    r->no_begin = fvi_tflite_option(site, 0, 4, 0);
    r->no_end = fvi_tflite_option(site, 1, 4, 0);
    r->one = fvi_tflite_option(site, 4, 4, 0);
    if (fvi_tflite_ints(site, 2, r->end, FVI_MAX_DIMS) != r->n ||
        fvi_tflite_ints(site, 3, r->step, FVI_MAX_DIMS) != r->n || r->n > ndim)
        fvi_build_fail(site->b, FV_FORMAT, "its ranges are of other than %d axes", ndim);
    if (fvi_tflite_option(site, 2, 4, 0) || fvi_tflite_option(site, 3, 4, 0))
        fvi_build_fail(site->b, FV_UNSUPPORTED, "its ellipsis or new axis is not supported");
    for (int i = 0; i < r->n && !site->b->status; i++) {
        if (!r->step[i]) fvi_build_fail(site->b, FV_FORMAT, "its step is 0");
        if (!(r->one >> i & 1)) continue;
        r->step[i] = 1;
        r->end[i] = r->begin[i] + 1;
        r->no_begin &= ~(1 << i);
        r->no_end = r->begin[i] == -1 ? r->no_end | 1 << i : r->no_end & ~(1 << i);
    }
}

static int slice_axis(fvi_site *site, int v, int i, const strided *r) {
    if (v < 0 || site->b->status) return -1;
    const int64_t n = fvi_channels_shape(site, v).dim[i], step = r->step[i];
    const int64_t first = step > 0 ? 0 : INT64_MAX, last = step > 0 ? INT64_MAX : INT64_MIN;
    int64_t from;
    const int64_t count = fvi_slice_range(n, r->no_begin >> i & 1 ? first : r->begin[i],
                                          r->no_end >> i & 1 ? last : r->end[i], step, &from);
    return count == n && step == 1 ? v : fvi_site_slice(site, v, i, from, count, step);
}

void fvi_tflite_lower_strided_slice(fvi_site *site) {
    int v = fvi_tflite_need(site, 0);
    strided r = {0};
    fvi_shape to = {0};
    read_strided(site, fvi_build_shape(site->b, v).ndim, &r);
    for (int i = 0; i < r.n; i++) v = slice_axis(site, v, i, &r);
    const fvi_shape cut = fvi_channels_shape(site, v);
    for (int i = 0; i < cut.ndim; i++)
        if (i >= r.n || !(r.one >> i & 1)) to.dim[to.ndim++] = cut.dim[i];
    if (!site->b->status) fvi_tflite_out(site, fvi_site_reshape(site, v, &to), 0);
}

/* [axes][2] numbers; PADV2 has a value, MIRROR_PAD (param 1) repeats the edge or not. */
void fvi_tflite_lower_pad(fvi_site *site) {
    const int x = fvi_tflite_need(site, 0), ndim = fvi_build_shape(site->b, x).ndim;
    int64_t pads[2 * FVI_MAX_DIMS], lo[FVI_MAX_DIMS] = {0}, hi[FVI_MAX_DIMS] = {0};
    fvi_pad_mode mode = FVI_PAD_CONSTANT;
    float value = 0;
    if (fvi_tflite_ints(site, 1, pads, 2 * FVI_MAX_DIMS) != 2 * ndim)
        fvi_build_fail(site->b, FV_FORMAT, "its pads are not %d numbers", 2 * ndim);
    for (int i = 0; i < ndim && !site->b->status; i++) {
        lo[i] = pads[(ptrdiff_t)2 * i];
        hi[i] = pads[(ptrdiff_t)2 * i + 1];
    }
    if (site->kind->param) {
        mode = FVI_PAD_REFLECT;
        if (fvi_tflite_option(site, 0, 1, 0) == 1)
            fvi_build_fail(site->b, FV_UNSUPPORTED, "its mode SYMMETRIC is not supported");
    } else if (site->n_in > 2) {
        const fvi_const *c = fvi_build_const(site->b, fvi_tflite_need(site, 2));
        if (c && fvi_shape_count(&c->shape) > 0) value = (float)fvi_const_at(c, 0);
    }
    if (!site->b->status) fvi_tflite_out(site, fvi_site_pad(site, x, lo, hi, mode, value), 0);
}

/* param: the fvi_reduce. The mean over the two axes of a picture is a global pooling. */
void fvi_tflite_lower_reduce(fvi_site *site) {
    const int x = fvi_tflite_need(site, 0), ndim = fvi_build_shape(site->b, x).ndim;
    const int keep = fvi_tflite_option(site, 0, 1, 0) != 0;
    int64_t given[FVI_MAX_DIMS];
    unsigned axes = 0;
    const int n = fvi_tflite_ints(site, 1, given, FVI_MAX_DIMS);
    for (int i = 0; i < n && !site->b->status; i++) axes |= 1u << axis_of(site, given[i], ndim);
    if (site->b->status) return;
    const int pools = site->kind->param == FVI_REDUCE_MEAN && ndim == 4 && axes == 6;
    fvi_tflite_out(site,
                   pools ? fvi_site_global_pool(site, FVI_AVERAGE_POOL, x, keep)
                         : fvi_site_reduce(site, (fvi_reduce)site->kind->param, axes, keep, x),
                   0);
}

void fvi_tflite_lower_gather(fvi_site *site) {
    const int x = fvi_tflite_need(site, 0), indices = fvi_tflite_need(site, 1);
    if (!site->b->status && fvi_tflite_option(site, 1, 4, 0))
        fvi_build_fail(site->b, FV_UNSUPPORTED, "its batch_dims are not supported");
    if (!site->b->status)
        fvi_tflite_out(site, fvi_site_gather(site, x, fvi_tflite_option(site, 0, 4, 0), indices),
                       0);
}

/* param 1: DEPTH_TO_SPACE. Channels are [y][x][c] of a block. */
void fvi_tflite_lower_blocks(fvi_site *site) {
    static const int to_space[] = {0, 1, 3, 2, 4, 5}, to_depth[] = {0, 1, 3, 2, 4, 5};
    int v = fvi_channels_restore(site, fvi_tflite_need(site, 0));
    const fvi_shape s = fvi_build_shape(site->b, v);
    const int64_t k = fvi_tflite_option(site, 0, 4, 1);
    if (site->b->status) return;
    const int fits =
        s.ndim == 4 && k >= 1 && k <= 4096 &&
        (site->kind->param ? s.dim[3] % (k * k) == 0 : s.dim[1] % k == 0 && s.dim[2] % k == 0);
    if (!fits) {
        char text[FVI_SHAPE_TEXT];
        fvi_build_fail(site->b, FV_SHAPE, "blocks of %" PRId64 " do not fit %s", k,
                       fvi_shape_text(&s, text));
        return;
    }
    const int64_t n = s.dim[0], h = s.dim[1], w = s.dim[2], c = s.dim[3];
    const fvi_shape apart = site->kind->param ? (fvi_shape){6, {n, h, w, k, k, c / (k * k)}}
                                              : (fvi_shape){6, {n, h / k, k, w / k, k, c}};
    const fvi_shape to = site->kind->param ? (fvi_shape){4, {n, h * k, w * k, c / (k * k)}}
                                           : (fvi_shape){4, {n, h / k, w / k, c * k * k}};
    v = fvi_emit_reshape(site->b, v, &apart);
    v = fvi_emit_transpose(site->b, v, site->kind->param ? to_space : to_depth);
    fvi_tflite_out(site, fvi_emit_reshape(site->b, v, &to), 0);
}

static void expand(fvi_site *site, int x, const fvi_shape *to) {
    fvi_tflite_out(site, fvi_emit_expand(site->b, fvi_channels_restore(site, x), to), 0);
}

void fvi_tflite_lower_broadcast(fvi_site *site) {
    const int x = fvi_tflite_need(site, 0);
    fvi_shape to = {0};
    to.ndim = fvi_tflite_ints(site, 1, to.dim, FVI_MAX_DIMS);
    if (!site->b->status) expand(site, x, &to);
}

/* Inputs: the shape, and one number for all of it. */
void fvi_tflite_lower_fill(fvi_site *site) {
    const int x = fvi_tflite_need(site, 1);
    fvi_shape to = {0};
    to.ndim = fvi_tflite_ints(site, 0, to.dim, FVI_MAX_DIMS);
    if (!site->b->status) expand(site, x, &to);
}

void fvi_tflite_lower_tile(fvi_site *site) {
    int v = fvi_tflite_need(site, 0);
    const int ndim = fvi_build_shape(site->b, v).ndim;
    int64_t times[FVI_MAX_DIMS];
    int parts[64];
    if (fvi_tflite_ints(site, 1, times, FVI_MAX_DIMS) != ndim)
        fvi_build_fail(site->b, FV_FORMAT, "it has other than %d numbers of tiles", ndim);
    for (int i = 0; i < ndim && !site->b->status; i++) {
        if (times[i] < 1 || times[i] > 64)
            fvi_build_fail(site->b, FV_UNSUPPORTED, "%" PRId64 " tiles; allowed: 1..64", times[i]);
        for (int k = 0; k < times[i] && !site->b->status; k++) parts[k] = v;
        if (!site->b->status && times[i] > 1) v = fvi_site_concat(site, i, (int)times[i], parts);
    }
    fvi_tflite_out(site, v, 0);
}
