/* SPDX-License-Identifier: Apache-2.0 */
/* Reductions. The mean or maximum of a whole picture is a global pooling, which is faster. Indices
 * of extremes, a second output, are not computed. Source: native_functions.yaml of ATen. */
#include <math.h>

#include "graph/build/compose.h"
#include "graph/const.h"
#include "model/torch/aten.h"

/* "self" in the type "dtype", or that in which it is summed. */
static int summand(fvi_site *site, int sums) {
    int x = fvi_torch_need(site, "self");
    const fvi_dtype t = fvi_torch_dtype(site, "dtype");
    if (x >= 0 && t) x = fvi_emit_cast(site->b, x, t);
    if (x >= 0 && !t && sums && fvi_build_dtype(site->b, x) == FVI_BOOL)
        x = fvi_emit_cast(site->b, x, FVI_I64);
    return x;
}

static int keeps(fvi_site *site) { return fvi_torch_int(site, "keepdim", 0) != 0; }

/* param: the fvi_reduce. */
void fvi_aten_reduce(fvi_site *site) {
    const fvi_reduce f = (fvi_reduce)site->kind->param;
    const int x = summand(site, f == FVI_REDUCE_SUM || f == FVI_REDUCE_PROD);
    const fvi_shape s = fvi_build_shape(site->b, x);
    const unsigned axes = fvi_torch_axes(site, "dim", x);
    if (site->b->status) return;
    const int picture = s.ndim >= 4 && s.ndim <= FVI_MAX_SPATIAL + 2 &&
                        axes == ((1u << s.ndim) - 1) - 3 && fvi_shape_count(&s) > 0;
    const int pools = f == FVI_REDUCE_MEAN;
    if (picture && pools && !fvi_build_const(site->b, x))
        fvi_site_out(site, 0, fvi_site_global_pool(site, FVI_AVERAGE_POOL, x, keeps(site)));
    else
        fvi_site_out(site, 0, fvi_site_reduce(site, f, axes, keeps(site), x));
}

/* Of truth values: the maximum is "any", the minimum "all". */
void fvi_aten_reduce_truth(fvi_site *site) {
    const int x = fvi_torch_need(site, "self");
    const int truth = fvi_emit_cast(site->b, x, FVI_BOOL);
    const unsigned axes = fvi_torch_axes(site, "dim", x);
    if (!site->b->status)
        fvi_site_out(
            site, 0,
            fvi_site_reduce(site, (fvi_reduce)site->kind->param, axes, keeps(site), truth));
}

/* sum (x - mean)^2 / (n - correction); param 1: its root. Output 1 is the mean. */
void fvi_aten_variance(fvi_site *site) {
    fvi_builder *b = site->b;
    const int x = fvi_torch_need(site, "self");
    const fvi_shape s = fvi_build_shape(b, x);
    const unsigned axes = fvi_torch_axes(site, "dim", x);
    const double usual = fvi_torch_int(site, "unbiased", 1) ? 1 : 0;
    const double correction = fvi_torch_real(site, "correction", usual);
    int64_t n = 1;
    if (b->status) return;
    for (int i = 0; i < s.ndim; i++)
        if (axes >> i & 1) n *= s.dim[i];
    if (!((double)n > correction)) {
        fvi_build_fail(b, FV_SHAPE, "it has %" PRId64 " elements with a correction of %g", n,
                       correction);
        return;
    }
    const int mean = fvi_emit_reduce(b, FVI_REDUCE_MEAN, axes, 1, x);
    const int centred = fvi_emit_binary(b, FVI_SUB, x, mean);
    const int square = fvi_emit_binary(b, FVI_MUL, centred, centred);
    int v = fvi_emit_reduce(b, FVI_REDUCE_MEAN, axes, keeps(site), square);
    v = fvi_emit_unary(b, FVI_LINEAR, (float)((double)n / ((double)n - correction)), 0, v);
    if (site->kind->param) v = fvi_emit_unary(b, FVI_SQRT, 0, 0, v);
    fvi_site_out(site, 0, v);
    if (site->n_out < 2 || !fvi_site_wants(site, 1)) return;
    const fvi_shape out = fvi_build_shape(b, v);
    fvi_site_out(site, 1, fvi_emit_reshape(b, mean, &out));
}

/* log sum exp(x - max) + max */
void fvi_aten_logsumexp(fvi_site *site) {
    fvi_builder *b = site->b;
    const int x = fvi_torch_need(site, "self");
    const unsigned axes = fvi_torch_axes(site, "dim", x);
    if (b->status) return;
    const int most = fvi_emit_reduce(b, FVI_REDUCE_MAX, axes, 1, x);
    int v = fvi_emit_unary(b, FVI_EXP, 0, 0, fvi_emit_binary(b, FVI_SUB, x, most));
    v = fvi_emit_reduce(b, FVI_REDUCE_SUM, axes, keeps(site), v);
    v = fvi_emit_unary(b, FVI_LOG, 0, 0, v);
    const fvi_shape s = fvi_build_shape(b, v);
    fvi_site_out(site, 0, fvi_emit_binary(b, FVI_ADD, v, fvi_emit_reshape(b, most, &s)));
}

/* ---- sums so far ---------------------------------------------------------------------------- */

#define CUMULATED_MAX 4096 /* elements of an axis */

/* [n][n]: element (i, k) is 1 where input i is in sum k. */
static int triangle(fvi_site *site, int64_t n) {
    uint8_t *data;
    const int v = fvi_emit_constant(site->b, FVI_F32, &(fvi_shape){2, {n, n}}, &data);
    for (int64_t i = 0; v >= 0 && i < n * n; i++) fvi_put_int(FVI_F32, data, i, i / n <= i % n);
    return v;
}

/* [outer][n][inner] -> [outer][inner][n], times a triangle of ones, and back. */
static int cumulate(fvi_site *site, int x, int axis) {
    fvi_builder *b = site->b;
    const fvi_shape s = fvi_build_shape(b, x);
    const int64_t n = s.dim[axis], outer = fvi_shape_product(&s, 0, axis);
    const int64_t inner = fvi_shape_product(&s, axis + 1, s.ndim);
    int v = fvi_emit_reshape(b, x, &(fvi_shape){3, {outer, n, inner}});
    v = fvi_emit_transpose(b, v, (const int[]){0, 2, 1});
    v = fvi_emit_matmul(b, v, triangle(site, n), -1, &(fvi_node_attr){.matmul = {0, 0, 1}});
    v = fvi_emit_transpose(b, v, (const int[]){0, 2, 1});
    return fvi_emit_reshape(b, v, &s);
}

void fvi_aten_cumsum(fvi_site *site) {
    const int x = summand(site, 1), axis = fvi_torch_axis(site, "dim", 0, x);
    const fvi_shape s = fvi_build_shape(site->b, x);
    if (site->b->status) return;
    const fvi_dtype t = fvi_build_dtype(site->b, x);
    if (s.ndim && s.dim[axis] > CUMULATED_MAX)
        fvi_build_fail(site->b, FV_UNSUPPORTED,
                       "its axis has %" PRId64 " elements; at most %d are supported", s.dim[axis],
                       CUMULATED_MAX);
    const int real = fvi_emit_cast(site->b, x, FVI_F32);
    const int v = s.ndim && !site->b->status ? cumulate(site, real, axis) : real;
    if (!site->b->status) fvi_site_out(site, 0, fvi_emit_cast(site->b, v, t));
}
