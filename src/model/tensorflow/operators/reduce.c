/* SPDX-License-Identifier: Apache-2.0 */
/* Reductions, sums along an axis, the place of the largest number. The mean over a picture's rows
 * and columns is a global average pooling. Source: reduction_ops.h, scan_ops.cc, argmax_op.cc. */
#include "graph/const.h"
#include "model/tensorflow/kinds.h"
#include "model/tensorflow/nodes/attr.h"

/* The axes that input 1 says, a bit each. */
static unsigned axes_of(fvi_site *site, int ndim) {
    int64_t axes[FVI_MAX_DIMS];
    unsigned set = 0;
    const int n = fvi_tf_ints(site, 1, "axes", axes, FVI_MAX_DIMS);
    for (int i = 0; i < n && !site->b->status; i++)
        set |= 1u << fvi_build_axis(site->b, axes[i], ndim);
    return set;
}

static int keeps(const fvi_site *site) {
    return fvi_tf_attr_bool(fvi_tf_def(site), "keep_dims", 0) ||
           fvi_tf_attr_bool(fvi_tf_def(site), "keepdims", 0);
}

/* param: the fvi_reduce. */
void fvi_tf_reduce(fvi_site *site) {
    const fvi_reduce f = (fvi_reduce)site->kind->param;
    const int x = fvi_site_need(site, 0);
    const fvi_shape s = fvi_build_shape(site->b, x);
    const unsigned axes = axes_of(site, s.ndim);
    if (site->b->status) return;
    if (!axes) {
        fvi_site_out(site, 0, x);
        return;
    }
    const unsigned picture = fvi_channels_moved(site, x) ? 6u : 12u;
    site->channels_last = fvi_channels_moved(site, x);
    if (f == FVI_REDUCE_MEAN && s.ndim == 4 && axes == picture && fvi_shape_count(&s) > 0 &&
        !fvi_build_const(site->b, x))
        fvi_site_out(site, 0, fvi_site_global_pool(site, FVI_AVERAGE_POOL, x, keeps(site)));
    else
        fvi_site_out(site, 0, fvi_site_reduce(site, f, axes, keeps(site), x));
}

/* All, Any (param): the least, the largest of truth values. */
void fvi_tf_all(fvi_site *site) {
    const int x = fvi_site_need(site, 0);
    const unsigned axes = axes_of(site, fvi_build_shape(site->b, x).ndim);
    if (site->b->status) return;
    fvi_site_out(site, 0,
                 axes ? fvi_site_reduce(site, (fvi_reduce)site->kind->param, axes, keeps(site), x)
                      : x);
}

/* [n][n]: element (i, k) is 1 where number i is in sum k. */
static int triangle(fvi_site *site, int64_t n, int exclusive, int reverse) {
    uint8_t *data;
    const int v = fvi_emit_constant(site->b, FVI_F32, &(fvi_shape){2, {n, n}}, &data);
    if (v < 0 || !fvi_build_charge(site->b, n * n)) return -1;
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = 0; k < n; k++)
            fvi_put_int(FVI_F32, data, i * n + k, i == k ? !exclusive : reverse ? i > k : i < k);
    return v;
}

/* A product with a triangle of ones along the axis. */
void fvi_tf_cumsum(fvi_site *site) {
    const int exclusive = fvi_tf_attr_bool(fvi_tf_def(site), "exclusive", 0);
    const int reverse = fvi_tf_attr_bool(fvi_tf_def(site), "reverse", 0);
    const int x = fvi_tf_plain(site, 0);
    const fvi_shape s = fvi_build_shape(site->b, x);
    const int axis = fvi_tf_axis(site, 1, s.ndim);
    if (site->b->status || s.ndim < 1) return;
    if (fvi_build_const(site->b, x) && fvi_dtype_is_int(fvi_build_dtype(site->b, x))) {
        fvi_build_fail(site->b, FV_UNSUPPORTED,
                       "its input is constant whole numbers; allowed: other numbers");
        return;
    }
    const int64_t n = s.dim[axis], outer = fvi_shape_product(&s, 0, axis);
    const int64_t inner = fvi_shape_product(&s, axis + 1, s.ndim);
    int v = fvi_emit_reshape(site->b, x, &(fvi_shape){3, {outer, n, inner}});
    v = fvi_emit_transpose(site->b, v, (const int[]){0, 2, 1});
    v = fvi_emit_reshape(site->b, v, &(fvi_shape){2, {outer * inner, n}});
    v = fvi_emit_matmul(site->b, v, triangle(site, n, exclusive, reverse), -1,
                        &(fvi_node_attr){.matmul = {0, 0, 1}});
    v = fvi_emit_reshape(site->b, v, &(fvi_shape){3, {outer, inner, n}});
    v = fvi_emit_transpose(site->b, v, (const int[]){0, 2, 1});
    fvi_site_out(site, 0, fvi_emit_reshape(site->b, v, &s));
}

/* Of constants; param 1: of the largest, -1: of the smallest. */
void fvi_tf_arg_extreme(fvi_site *site) {
    const fvi_const *c = fvi_tf_fixed(site, 0, "input");
    if (!c) return;
    const int axis = fvi_tf_axis(site, 1, c->shape.ndim);
    const fvi_dtype t = fvi_tf_type_of(site, "output_type", 9);
    fvi_shape out = {0};
    uint8_t *data;
    if (site->b->status || c->shape.ndim < 1) return;
    for (int i = 0; i < c->shape.ndim; i++)
        if (i != axis) out.dim[out.ndim++] = c->shape.dim[i];
    const int64_t n = c->shape.dim[axis];
    const int64_t inner = fvi_shape_product(&c->shape, axis + 1, c->shape.ndim);
    const int v = n > 0 ? fvi_emit_constant(site->b, t, &out, &data) : -1;
    if (v < 0 || !fvi_build_charge(site->b, fvi_shape_count(&c->shape))) return;
    for (int64_t i = 0; i < fvi_shape_count(&out); i++) {
        const int64_t base = i / inner * n * inner + i % inner;
        int64_t best = 0;
        for (int64_t k = 1; k < n; k++) {
            const double d =
                fvi_const_at(c, base + k * inner) - fvi_const_at(c, base + best * inner);
            if (d * site->kind->param > 0) best = k;
        }
        fvi_put_int(t, data, i, best);
    }
    fvi_site_out(site, 0, v);
}
