/* SPDX-License-Identifier: Apache-2.0 */
/* Operators that take parts and put parts together. Source: array_ops.cc, strided_slice_op.cc,
 * mirror_pad_op.cc. */
#include <string.h>

#include "graph/const.h"
#include "model/tensorflow/kinds.h"
#include "model/tensorflow/nodes/attr.h"

/* ---- joining -------------------------------------------------------------------------------- */

/* param 1: the axis comes last (ConcatV2), else first. */
void fvi_tf_concat(fvi_site *site) {
    const int last = site->kind->param, n = site->n_in - 1;
    if (n < 1) {
        fvi_build_fail(site->b, FV_FORMAT, "it has nothing to join");
        return;
    }
    const int *parts = site->in + (last ? 0 : 1);
    for (int i = 0; i <= n; i++) fvi_site_need(site, i);
    if (site->b->status) return;
    const int axis = fvi_tf_axis(site, last ? n : 0, fvi_build_shape(site->b, parts[0]).ndim);
    if (!site->b->status) fvi_site_out(site, 0, fvi_site_concat(site, axis, n, parts));
}

/* v, in the file's order, with a new axis of one element. */
static int widened(fvi_site *site, int v, int axis) {
    const fvi_shape in = fvi_build_shape(site->b, v);
    fvi_shape out = {.ndim = in.ndim + 1};
    for (int i = 0; i < out.ndim; i++) out.dim[i] = i == axis ? 1 : in.dim[i - (i > axis)];
    return fvi_emit_reshape(site->b, v, &out);
}

void fvi_tf_pack(fvi_site *site) {
    const int n = site->n_in, ndim = fvi_build_shape(site->b, fvi_site_need(site, 0)).ndim;
    if (site->b->status) return;
    if (ndim >= FVI_MAX_DIMS) {
        fvi_build_fail(site->b, FV_UNSUPPORTED, "its result has more than %d axes", FVI_MAX_DIMS);
        return;
    }
    const int axis =
        fvi_build_axis(site->b, fvi_tf_attr_int(fvi_tf_def(site), "axis", 0), ndim + 1);
    int *parts = g_new(int, n);
    for (int i = 0; i < n && !site->b->status; i++) {
        parts[i] = fvi_tf_plain(site, i);
        if (parts[i] >= 0 && fvi_build_shape(site->b, parts[i]).ndim != ndim)
            fvi_build_fail(site->b, FV_SHAPE, "its inputs have different numbers of axes");
        if (!site->b->status) parts[i] = widened(site, parts[i], axis);
    }
    if (!site->b->status) fvi_site_out(site, 0, fvi_emit_concat(site->b, axis, n, parts));
    g_free(parts);
}

/* ---- parting -------------------------------------------------------------------------------- */

/* Outputs that are read: part i is `sizes[i]` long. */
static void give_parts(fvi_site *site, int x, int axis, int n, const int64_t *sizes) {
    const int64_t size = fvi_channels_shape(site, x).dim[axis];
    int64_t start = 0;
    for (int i = 0; i < n && !site->b->status; i++) {
        if (sizes[i] < 0 || sizes[i] > size - start) {
            fvi_build_fail(site->b, FV_SHAPE, "part %d of %" PRId64 " does not fit into %" PRId64,
                           i, sizes[i], size);
            return;
        }
        if (i < site->n_out && fvi_site_wants(site, i))
            fvi_site_out(site, i, fvi_site_slice(site, x, axis, start, sizes[i], 1));
        start += sizes[i];
    }
    if (start != size && !site->b->status)
        fvi_build_fail(site->b, FV_SHAPE, "its parts leave %" PRId64 " of %" PRId64, size - start,
                       size);
}

#define PARTS_MAX 4096

void fvi_tf_split(fvi_site *site) {
    const int x = fvi_site_need(site, 1);
    const fvi_shape s = fvi_channels_shape(site, x);
    const int64_t n = fvi_tf_attr_int(fvi_tf_def(site), "num_split", site->n_out);
    const int axis = fvi_tf_axis(site, 0, s.ndim);
    if (site->b->status) return;
    if (n < 1 || n > PARTS_MAX || s.dim[axis] % n) {
        fvi_build_fail(site->b, FV_SHAPE, "%" PRId64 " elements in %" PRId64 " equal parts",
                       s.dim[axis], n);
        return;
    }
    int64_t *sizes = g_new(int64_t, n);
    for (int64_t i = 0; i < n; i++) sizes[i] = s.dim[axis] / n;
    give_parts(site, x, axis, (int)n, sizes);
    g_free(sizes);
}

/* value, sizes (one may be -1: what is left), axis */
void fvi_tf_split_v(fvi_site *site) {
    const int x = fvi_site_need(site, 0);
    const fvi_shape s = fvi_channels_shape(site, x);
    int64_t *sizes = g_new(int64_t, PARTS_MAX), left;
    const int n = fvi_tf_ints(site, 1, "size_splits", sizes, PARTS_MAX);
    const int axis = fvi_tf_axis(site, 2, s.ndim);
    left = site->b->status ? 0 : s.dim[axis];
    for (int i = 0; i < n; i++) left -= sizes[i] > 0 && sizes[i] <= left ? sizes[i] : 0;
    for (int i = 0; i < n; i++)
        if (sizes[i] == -1) {
            sizes[i] = left;
            left = 0;
        }
    if (!site->b->status) give_parts(site, x, axis, n, sizes);
    g_free(sizes);
}

void fvi_tf_unpack(fvi_site *site) {
    const int x = fvi_tf_plain(site, 0);
    const fvi_shape in = fvi_build_shape(site->b, x);
    const int axis = fvi_build_axis(site->b, fvi_tf_attr_int(fvi_tf_def(site), "axis", 0), in.ndim);
    fvi_shape out = {0};
    if (site->b->status || in.ndim < 1) return;
    for (int i = 0; i < in.ndim; i++)
        if (i != axis) out.dim[out.ndim++] = in.dim[i];
    for (int i = 0; i < site->n_out && i < in.dim[axis]; i++)
        if (fvi_site_wants(site, i))
            fvi_site_out(site, i,
                         fvi_emit_reshape(site->b, fvi_emit_slice(site->b, x, axis, i, 1), &out));
}

/* begin, size (-1: to the end) */
void fvi_tf_slice(fvi_site *site) {
    int x = fvi_site_need(site, 0);
    const fvi_shape in = fvi_channels_shape(site, x);
    int64_t begin[FVI_MAX_DIMS], size[FVI_MAX_DIMS];
    const int n = fvi_tf_ints(site, 1, "begin", begin, FVI_MAX_DIMS);
    const int m = fvi_tf_ints(site, 2, "size", size, FVI_MAX_DIMS);
    if (site->b->status) return;
    if (n != in.ndim || m != in.ndim)
        fvi_build_fail(site->b, FV_SHAPE, "its begin has %d numbers, its size %d; %d are needed", n,
                       m, in.ndim);
    for (int i = 0; i < in.ndim && !site->b->status; i++) {
        if (size[i] == -1) size[i] = in.dim[i] - begin[i];
        if (begin[i] < 0 || size[i] < 0 || size[i] > in.dim[i] || begin[i] > in.dim[i] - size[i])
            fvi_build_fail(site->b, FV_SHAPE,
                           "elements from %" PRId64 ", %" PRId64 " of them, of axis %d of %" PRId64,
                           begin[i], size[i], i, in.dim[i]);
        else if (size[i] != in.dim[i])
            x = fvi_channels_like(
                site, fvi_emit_slice(site->b, x, fvi_channels_axis(site, x, i), begin[i], size[i]),
                x);
    }
    if (!site->b->status) fvi_site_out(site, 0, x);
}

/* ---- strided slices ------------------------------------------------------------------------- */

typedef struct strided {
    int64_t begin[FVI_MAX_DIMS], end[FVI_MAX_DIMS], step[FVI_MAX_DIMS];
    int n; /* entries of the three lists */
    int64_t begin_mask, end_mask, ellipsis, new_axis, shrink;
} strided;

static int read_strided(fvi_site *site, strided *s) {
    const fvi_tf_bytes def = fvi_tf_def(site);
    s->n = fvi_tf_ints(site, 1, "begin", s->begin, FVI_MAX_DIMS);
    const int ends = fvi_tf_ints(site, 2, "end", s->end, FVI_MAX_DIMS);
    const int steps = fvi_tf_ints(site, 3, "strides", s->step, FVI_MAX_DIMS);
    s->begin_mask = fvi_tf_attr_int(def, "begin_mask", 0);
    s->end_mask = fvi_tf_attr_int(def, "end_mask", 0);
    s->ellipsis = fvi_tf_attr_int(def, "ellipsis_mask", 0);
    s->new_axis = fvi_tf_attr_int(def, "new_axis_mask", 0);
    s->shrink = fvi_tf_attr_int(def, "shrink_axis_mask", 0);
    if (!site->b->status && (ends != s->n || steps != s->n))
        fvi_build_fail(site->b, FV_FORMAT, "begin, end and strides are not as many");
    return !site->b->status;
}

/* The one element that entry k takes of an axis that is left out then. */
static int64_t element_of(fvi_site *site, const strided *s, int k, int64_t n) {
    const int64_t at = s->begin[k] < 0 ? s->begin[k] + n : s->begin[k];
    if (s->begin[k] < -n || at < 0 || at >= n)
        fvi_build_fail(site->b, FV_SHAPE, "element %" PRId64 " of %" PRId64, s->begin[k], n);
    return at;
}

/* Entry k of the lists on an axis of n elements: how many it takes, from *first on. */
static int64_t range_of(fvi_site *site, const strided *s, int k, int64_t n, int64_t *first) {
    const int64_t step = s->step[k], begin = step > 0 ? 0 : INT64_MAX;
    const int64_t end = step > 0 ? INT64_MAX : INT64_MIN;
    if (step == 0 || step > FVI_MAX_ELEMENTS || step < -FVI_MAX_ELEMENTS)
        fvi_build_fail(site->b, FV_FORMAT, "its stride is %" PRId64, step);
    if (site->b->status) return 0;
    if (s->shrink >> k & 1) {
        *first = element_of(site, s, k, n);
        return 1;
    }
    return fvi_slice_range(n, s->begin_mask >> k & 1 ? begin : s->begin[k],
                           s->end_mask >> k & 1 ? end : s->end[k], step, first);
}

/* Axis `axis` of x cut as entry k says. */
static int cut(fvi_site *site, const strided *s, int k, int x, int axis) {
    const fvi_shape in = fvi_channels_shape(site, x);
    int64_t first = 0;
    const int64_t count = range_of(site, s, k, in.dim[axis], &first);
    const int64_t step = s->shrink >> k & 1 ? 1 : s->step[k];
    if (site->b->status || (count == in.dim[axis] && step == 1)) return x;
    if (count > 0) return fvi_site_slice(site, x, axis, first, count, count == 1 ? 1 : step);
    return fvi_channels_like(site,
                             fvi_emit_slice(site->b, x, fvi_channels_axis(site, x, axis), 0, 0), x);
}

/* x cut by the lists; *out: the shape that the result then gets. */
static int cut_all(fvi_site *site, const strided *s, int x, const fvi_shape *in, fvi_shape *out) {
    int own = 0, axis = 0, gap = 0;
    for (int k = 0; k < s->n; k++) own += !((s->new_axis | s->ellipsis) >> k & 1);
    if (own > in->ndim) fvi_build_fail(site->b, FV_SHAPE, "it cuts %d of %d axes", own, in->ndim);
    for (int k = 0; k < s->n && !site->b->status; k++) {
        if (s->ellipsis >> k & 1 && !gap++) {
            for (int i = own; i < in->ndim; i++) out->dim[out->ndim++] = in->dim[axis++];
        } else if (out->ndim >= FVI_MAX_DIMS || s->ellipsis >> k & 1) {
            fvi_build_fail(site->b, FV_UNSUPPORTED, "its result has too many axes");
        } else if (s->new_axis >> k & 1) {
            out->dim[out->ndim++] = 1;
        } else {
            x = cut(site, s, k, x, axis);
            if (!(s->shrink >> k & 1) && x >= 0)
                out->dim[out->ndim++] = fvi_channels_shape(site, x).dim[axis];
            axis++;
        }
    }
    for (; axis < in->ndim && out->ndim < FVI_MAX_DIMS; axis++)
        out->dim[out->ndim++] = in->dim[axis];
    return x;
}

void fvi_tf_strided_slice(fvi_site *site) {
    const int x = fvi_site_need(site, 0);
    const fvi_shape in = fvi_channels_shape(site, x);
    fvi_shape out = {0};
    strided s = {0};
    if (site->b->status || !read_strided(site, &s)) return;
    const int v = cut_all(site, &s, x, &in, &out);
    if (!site->b->status) fvi_site_out(site, 0, fvi_site_reshape(site, v, &out));
}

/* ---- gathering ------------------------------------------------------------------------------ */

/* Fails where a constant index is negative, which counts from no end here. */
static int are_indices(fvi_site *site, int v) {
    const fvi_const *c = fvi_build_const(site->b, v);
    const int64_t n = c ? fvi_shape_count(&c->shape) : 0;
    if (v < 0 || !fvi_build_charge(site->b, n)) return 0;
    for (int64_t i = 0; i < n && !site->b->status; i++)
        if (fvi_const_int(c, i) < 0)
            fvi_build_fail(site->b, FV_SHAPE, "index %" PRId64 "; allowed: 0 and more",
                           fvi_const_int(c, i));
    return !site->b->status;
}

/* Gather, ResourceGather (param 0: axis 0), GatherV2 (param 1: input 2 says the axis). */
void fvi_tf_gather(fvi_site *site) {
    const int x = fvi_site_need(site, 0), indices = fvi_site_need(site, 1);
    const int64_t batch = fvi_tf_attr_int(fvi_tf_def(site), "batch_dims", 0);
    const int64_t axis = site->kind->param ? fvi_tf_single(site, 2, "axis") : 0;
    if (batch)
        fvi_build_fail(site->b, FV_UNSUPPORTED, "its batch_dims is %" PRId64 "; allowed: 0", batch);
    if (!are_indices(site, indices) || site->b->status) return;
    fvi_site_out(site, 0, fvi_site_gather(site, x, axis, indices));
}

/* ---- padding -------------------------------------------------------------------------------- */

/* Pads of all axes, from input 1; 0 when failed. */
static int read_pads(fvi_site *site, int ndim, int64_t *lo, int64_t *hi) {
    int64_t pads[2 * FVI_MAX_DIMS];
    const int n = fvi_tf_ints(site, 1, "paddings", pads, 2 * FVI_MAX_DIMS);
    if (n >= 0 && n != 2 * ndim)
        fvi_build_fail(site->b, FV_SHAPE, "%d paddings for %d axes; %d are needed", n, ndim,
                       2 * ndim);
    for (int i = 0; i < ndim && !site->b->status; i++) {
        lo[i] = pads[2 * i];
        hi[i] = pads[2 * i + 1];
        if (lo[i] < 0 || hi[i] < 0)
            fvi_build_fail(site->b, FV_SHAPE, "axis %d is padded by %" PRId64 " and %" PRId64, i,
                           lo[i], hi[i]);
    }
    return !site->b->status;
}

void fvi_tf_pad(fvi_site *site) {
    const int x = fvi_site_need(site, 0);
    int64_t lo[FVI_MAX_DIMS] = {0}, hi[FVI_MAX_DIMS] = {0};
    const fvi_const *value = site->n_in > 2 ? fvi_tf_fixed(site, 2, "constant_values") : NULL;
    if (!read_pads(site, fvi_build_shape(site->b, x).ndim, lo, hi)) return;
    if (value && fvi_shape_count(&value->shape) != 1) {
        fvi_build_fail(site->b, FV_SHAPE, "its constant_values is not one number");
        return;
    }
    fvi_site_out(
        site, 0,
        fvi_site_pad(site, x, lo, hi, FVI_PAD_CONSTANT, value ? (float)fvi_const_at(value, 0) : 0));
}

/* The first or last n elements of an axis, the other way round. */
static int mirrored(fvi_site *site, int x, int axis, int64_t n, int at_end) {
    const int64_t size = fvi_channels_shape(site, x).dim[axis];
    return fvi_site_slice(site, x, axis, at_end ? size - 1 : n - 1, n, n > 1 ? -1 : 1);
}

/* SYMMETRIC: the elements at the edge are repeated too. */
static int symmetric(fvi_site *site, int x, const int64_t *lo, const int64_t *hi) {
    const int ndim = fvi_build_shape(site->b, x).ndim;
    for (int i = 0; i < ndim && !site->b->status; i++) {
        const int64_t size = fvi_channels_shape(site, x).dim[i];
        int parts[3], n = 0;
        if (lo[i] > size || hi[i] > size) {
            fvi_build_fail(site->b, FV_SHAPE,
                           "axis %d of %" PRId64 " is padded by %" PRId64 " and %" PRId64, i, size,
                           lo[i], hi[i]);
            return -1;
        }
        if (lo[i]) parts[n++] = mirrored(site, x, i, lo[i], 0);
        parts[n++] = x;
        if (hi[i]) parts[n++] = mirrored(site, x, i, hi[i], 1);
        if (n > 1) x = fvi_site_concat(site, i, n, parts);
    }
    return x;
}

void fvi_tf_mirror_pad(fvi_site *site) {
    const fvi_tf_bytes mode = fvi_tf_attr_text(fvi_tf_def(site), "mode");
    const int x = fvi_site_need(site, 0);
    int64_t lo[FVI_MAX_DIMS] = {0}, hi[FVI_MAX_DIMS] = {0};
    if (!read_pads(site, fvi_build_shape(site->b, x).ndim, lo, hi)) return;
    if (fvi_tf_is(mode, "REFLECT"))
        fvi_site_out(site, 0, fvi_site_pad(site, x, lo, hi, FVI_PAD_REFLECT, 0));
    else if (fvi_tf_is(mode, "SYMMETRIC"))
        fvi_site_out(site, 0, symmetric(site, x, lo, hi));
    else
        fvi_tf_refuse(site, "mode", mode, "REFLECT, SYMMETRIC");
}

void fvi_tf_reverse(fvi_site *site) {
    int x = fvi_site_need(site, 0);
    const fvi_shape s = fvi_channels_shape(site, x);
    int64_t axes[FVI_MAX_DIMS];
    const int n = fvi_tf_ints(site, 1, "axis", axes, FVI_MAX_DIMS);
    for (int i = 0; i < n && !site->b->status; i++) {
        const int axis = fvi_build_axis(site->b, axes[i], s.ndim);
        if (site->b->status || s.dim[axis] < 2) continue;
        x = fvi_site_slice(site, x, axis, s.dim[axis] - 1, s.dim[axis], -1);
    }
    if (n >= 0) fvi_site_out(site, 0, x);
}
