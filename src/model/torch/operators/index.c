/* SPDX-License-Identifier: Apache-2.0 */
/* Selection by tensors of indices. Several of them are one index into the axes they belong to, made
 * one axis, by arithmetic. Indices that only the input's numbers tell work along one axis; truth
 * values as indices are not done. Source: torch.Tensor.__getitem__, gather, embedding. */
#include "graph/build/compose.h"
#include "graph/const.h"
#include "model/torch/aten.h"

void fvi_aten_embedding(fvi_site *site) {
    fvi_site_out(site, 0,
                 fvi_emit_gather(site->b, fvi_torch_need(site, "weight"),
                                 fvi_torch_need(site, "indices"), 0));
}

void fvi_aten_index_select(fvi_site *site) {
    const int x = fvi_torch_need(site, "self"), axis = fvi_torch_axis(site, "dim", 0, x);
    const int at = fvi_torch_need(site, "index");
    if (!site->b->status) fvi_site_out(site, 0, fvi_emit_gather(site->b, x, at, axis));
}

/* ---- one element for each index ------------------------------------------------------------- */

/* The element of x that position i of the indices names: its own position, but along the axis. */
static int64_t element(fvi_site *site, const fvi_shape *x, const fvi_const *at, int axis,
                       int64_t i) {
    int64_t stride[FVI_MAX_DIMS], sum = 0, rest = i;
    fvi_shape_strides(x, stride);
    for (int k = x->ndim - 1; k >= 0; k--) {
        int64_t p = rest % at->shape.dim[k];
        rest /= at->shape.dim[k];
        if (k == axis) p = fvi_const_int(at, i);
        if (p < 0 || p >= x->dim[k])
            fvi_build_fail(site->b, FV_SHAPE, "index %" PRId64 " of %" PRId64, p, x->dim[k]);
        sum += p * stride[k];
    }
    return sum;
}

void fvi_aten_gather(fvi_site *site) {
    int x = fvi_torch_need(site, "self");
    const int axis = fvi_torch_axis(site, "dim", 0, x);
    const fvi_const *at = fvi_torch_fixed(site, "index");
    const fvi_shape s = fvi_build_shape(site->b, x);
    uint8_t *data;
    fvi_torch_need(site, "index");
    if (site->b->status) return;
    if (at->shape.ndim != s.ndim) {
        fvi_build_fail(site->b, FV_SHAPE, "its index has %d axes and its input %d", at->shape.ndim,
                       s.ndim);
        return;
    }
    const int64_t n = fvi_shape_count(&at->shape);
    const int rows = fvi_emit_constant(site->b, FVI_I64, &(fvi_shape){1, {n}}, &data);
    for (int64_t i = 0; rows >= 0 && i < n && !site->b->status; i++)
        fvi_put_int(FVI_I64, data, i, element(site, &s, at, axis, i));
    x = fvi_emit_reshape(site->b, x, &(fvi_shape){1, {fvi_shape_count(&s)}});
    const fvi_shape out = at->shape;
    fvi_site_out(site, 0, fvi_emit_reshape(site->b, fvi_emit_gather(site->b, x, rows, 0), &out));
}

/* ---- x[:, i, j] ----------------------------------------------------------------------------- */

/* Constant indices of an axis of n elements, none of them negative; others as they are. */
static int from_start(fvi_site *site, int at, int64_t n) {
    fvi_builder *b = site->b;
    if (!fvi_build_const(b, at)) return at;
    const int zero = fvi_emit_scalar(b, FVI_I64, 0);
    at = fvi_emit_cast(b, at, FVI_I64);
    return fvi_emit_where(b, fvi_emit_binary(b, FVI_LESS, at, zero),
                          fvi_emit_binary(b, FVI_ADD, at, fvi_emit_scalar(b, FVI_I64, (double)n)),
                          at);
}

/* Axes of x that have indices come first..first+n-1; returns x so, and where `first` is: where they
 * are if they are neighbours, else at the front. */
static int bring_together(fvi_site *site, int x, const int *axes, int n, int *first) {
    const int ndim = fvi_build_shape(site->b, x).ndim;
    int perm[FVI_MAX_DIMS], at = 0;
    unsigned moved = 0;
    *first = axes[0];
    if (axes[n - 1] - axes[0] == n - 1) return x;
    *first = 0;
    for (int i = 0; i < n; i++) {
        perm[at++] = axes[i];
        moved |= 1u << axes[i];
    }
    for (int i = 0; i < ndim; i++)
        if (!(moved >> i & 1)) perm[at++] = i;
    return fvi_emit_transpose(site->b, x, perm);
}

/* One index for several axes: (i n1 + j) n2 + k. */
static int joined_index(fvi_site *site, const int *v, const int *axes, int n, const fvi_shape *s) {
    int all = -1;
    for (int i = 0; i < n && !site->b->status; i++) {
        const int own = from_start(site, v[axes[i]], s->dim[axes[i]]);
        const int size = fvi_emit_scalar(site->b, FVI_I64, (double)s->dim[axes[i]]);
        all =
            i ? fvi_emit_binary(site->b, FVI_ADD, fvi_emit_arith(site->b, FVI_MUL, all, size), own)
              : own;
    }
    return all;
}

static void by_several(fvi_site *site, int x, const int *v, const int *axes, int n) {
    const fvi_shape s = fvi_build_shape(site->b, x);
    int first;
    x = bring_together(site, x, axes, n, &first);
    const fvi_shape now = fvi_build_shape(site->b, x);
    fvi_shape flat = {0};
    if (x < 0) return;
    for (int i = 0; i < now.ndim; i++)
        if (i < first || i >= first + n)
            flat.dim[flat.ndim++] = now.dim[i];
        else if (i == first)
            flat.dim[flat.ndim++] = fvi_shape_product(&now, first, first + n);
    x = fvi_emit_reshape(site->b, x, &flat);
    fvi_site_out(site, 0, fvi_emit_gather(site->b, x, joined_index(site, v, axes, n, &s), first));
}

void fvi_aten_index(fvi_site *site) {
    const int x = fvi_torch_need(site, "self");
    int count, n = 0, axes[FVI_MAX_DIMS], *v = fvi_torch_tensors(site, "indices", &count);
    const fvi_shape s = fvi_build_shape(site->b, x);
    if (!site->b->status && count > s.ndim)
        fvi_build_fail(site->b, FV_SHAPE, "it has %d indices for %d axes", count, s.ndim);
    for (int i = 0; i < count && !site->b->status; i++) {
        if (v[i] < 0) continue;
        if (!fvi_dtype_is_int(fvi_build_dtype(site->b, v[i])) ||
            fvi_build_dtype(site->b, v[i]) == FVI_BOOL)
            fvi_build_fail(site->b, FV_UNSUPPORTED, "its index %d is %s; allowed: integers", i,
                           fvi_dtype_name(fvi_build_dtype(site->b, v[i])));
        axes[n++] = i;
    }
    if (!site->b->status && !n)
        fvi_site_out(site, 0, x);
    else if (!site->b->status)
        by_several(site, x, v, axes, n);
    g_free(v);
}
