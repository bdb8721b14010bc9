/* SPDX-License-Identifier: Apache-2.0 */
/* Matrix products, Einstein sums and attention.
 * Source: torch.matmul, torch.addmm, torch.einsum, scaled_dot_product_attention. */
#include <math.h>
#include <string.h>

#include "graph/build/einsum.h"
#include "graph/const.h"
#include "model/torch/aten.h"

void fvi_aten_linear(fvi_site *site) {
    fvi_site_out(site, 0,
                 fvi_site_dense(site, fvi_torch_need(site, "input"), fvi_torch_need(site, "weight"),
                                fvi_torch_tensor(site, "bias"), 1));
}

static int scaled(fvi_site *site, int v, double k) {
    return k == 1 ? v : fvi_emit_unary(site->b, FVI_LINEAR, (float)k, 0, v);
}

/* beta self + alpha a b; param 1: of batches. */
void fvi_aten_addmm(fvi_site *site) {
    const int batch = site->kind->param, self = fvi_torch_need(site, "self");
    const int a = fvi_torch_need(site, batch ? "batch1" : "mat1");
    const int b = fvi_torch_need(site, batch ? "batch2" : "mat2");
    const double alpha = fvi_torch_real(site, "alpha", 1), beta = fvi_torch_real(site, "beta", 1);
    const fvi_shape s = fvi_build_shape(site->b, self), sb = fvi_build_shape(site->b, b);
    const int inside = alpha == 1 && beta == 1 && fvi_build_const(site->b, self) && s.ndim == 1 &&
                       sb.ndim == 2 && s.dim[0] == sb.dim[1];
    if (inside && fvi_build_shape(site->b, a).ndim == 2) {
        fvi_site_out(site, 0, fvi_site_dense(site, a, b, self, 0));
        return;
    }
    const int v = fvi_site_matmul(site, a, b, 0, 0, (float)alpha);
    fvi_site_out(site, 0,
                 beta == 0 ? v : fvi_emit_binary(site->b, FVI_ADD, scaled(site, self, beta), v));
}

/* v with an axis of one element at the front, or at the end. */
static int widened(fvi_site *site, int v, int front) {
    const fvi_shape s = fvi_build_shape(site->b, v);
    const fvi_shape wide = front ? (fvi_shape){2, {1, s.dim[0]}} : (fvi_shape){2, {s.dim[0], 1}};
    return s.ndim == 1 ? fvi_emit_reshape(site->b, v, &wide) : v;
}

/* NumPy's rules for vectors. param 0: mat2, 1: vec, 2: other. */
void fvi_aten_matmul(fvi_site *site) {
    static const char *const names[] = {"mat2", "vec", "other"};
    const int a = fvi_torch_need(site, "self");
    const int b = fvi_torch_need(site, names[site->kind->param]);
    const int from_left = fvi_build_shape(site->b, a).ndim == 1;
    const int from_right = fvi_build_shape(site->b, b).ndim == 1;
    int v = fvi_site_matmul(site, widened(site, a, 1), widened(site, b, 0), 0, 0, 1);
    fvi_shape s = fvi_build_shape(site->b, v);
    if (v < 0) return;
    if (from_right) s.ndim--;
    if (from_left) {
        s.dim[s.ndim - 2 + from_right] = s.dim[s.ndim - 1];
        s.ndim--;
        if (from_right) s.ndim = 0;
    }
    fvi_site_out(site, 0, fvi_emit_reshape(site->b, v, &s));
}

/* The sum of the products of two vectors; param 1: the second is called "other". */
void fvi_aten_dot(fvi_site *site) {
    const int a = fvi_torch_need(site, "self");
    const int b = fvi_torch_need(site, site->kind->param ? "other" : "tensor");
    const fvi_shape sa = fvi_build_shape(site->b, a), sb = fvi_build_shape(site->b, b);
    if (!site->b->status && (sa.ndim != 1 || !fvi_shape_equal(&sa, &sb)))
        fvi_build_fail(site->b, FV_SHAPE, "its inputs are no vectors of one length");
    if (site->b->status) return;
    fvi_site_out(
        site, 0,
        fvi_emit_reduce(site->b, FVI_REDUCE_SUM, 1, 0, fvi_emit_binary(site->b, FVI_MUL, a, b)));
}

void fvi_aten_einsum(fvi_site *site) {
    const char *equation = fvi_torch_text(site, "equation", "");
    int n, *v = fvi_torch_tensors(site, "tensors", &n);
    if (!site->b->status)
        fvi_site_out(site, 0, fvi_emit_einsum(site->b, equation, strlen(equation), n, v));
    g_free(v);
}

/* ---- attention ------------------------------------------------------------------------------ */

/* [l][s]: 0 where a position sees the other one, else -infinity. */
static int causal_mask(fvi_site *site, int64_t l, int64_t s) {
    uint8_t *data;
    const int v = fvi_emit_constant(site->b, FVI_F32, &(fvi_shape){2, {l, s}}, &data);
    for (int64_t i = 0; v >= 0 && i < l * s; i++)
        fvi_put_real(FVI_F32, data, i, i % s > i / s ? -INFINITY : 0);
    return v;
}

/* The heads of x, before the last two axes, `times` each. */
static int repeat_heads(fvi_site *site, int x, int64_t times) {
    const fvi_shape s = fvi_build_shape(site->b, x);
    if (x < 0 || times == 1) return x;
    if (s.ndim != 4) return fvi_build_fail(site->b, FV_SHAPE, "its keys have %d axes", s.ndim), -1;
    fvi_shape wide = {5, {s.dim[0], s.dim[1], 1, s.dim[2], s.dim[3]}};
    x = fvi_emit_reshape(site->b, x, &wide);
    wide.dim[2] = times;
    x = fvi_emit_expand(site->b, x, &wide);
    return fvi_emit_reshape(site->b, x,
                            &(fvi_shape){4, {s.dim[0], s.dim[1] * times, s.dim[2], s.dim[3]}});
}

static int masked(fvi_site *site, int scores) {
    const int mask = fvi_torch_tensor(site, "attn_mask");
    const fvi_shape s = fvi_build_shape(site->b, scores);
    if (scores < 0) return -1;
    if (fvi_torch_int(site, "is_causal", 0))
        scores = fvi_emit_binary(site->b, FVI_ADD, scores,
                                 causal_mask(site, s.dim[s.ndim - 2], s.dim[s.ndim - 1]));
    if (mask < 0) return scores;
    if (fvi_build_dtype(site->b, mask) != FVI_BOOL)
        return fvi_emit_binary(site->b, FVI_ADD, scores, mask);
    return fvi_emit_where(site->b, mask, scores, fvi_emit_scalar(site->b, FVI_F32, -INFINITY));
}

/* softmax(scale q k' + mask) v */
void fvi_aten_attention(fvi_site *site) {
    const int q = fvi_torch_need(site, "query");
    int k = fvi_torch_need(site, "key"), v = fvi_torch_need(site, "value");
    const fvi_shape sq = fvi_build_shape(site->b, q), sk = fvi_build_shape(site->b, k);
    if (site->b->status) return;
    if (sq.ndim < 2 || sk.ndim < 2 || sq.dim[sq.ndim - 1] < 1) {
        fvi_build_fail(site->b, FV_SHAPE, "its query has %d axes and its key %d", sq.ndim, sk.ndim);
        return;
    }
    if (fvi_torch_real(site, "dropout_p", 0) > 0)
        fvi_torch_refuse(site, "dropout_p", "above 0", "0: export the module after .eval()");
    if (fvi_torch_int(site, "enable_gqa", 0) && sq.ndim == 4 && sk.ndim == 4 && sk.dim[1] > 0) {
        k = repeat_heads(site, k, sq.dim[1] / sk.dim[1]);
        v = repeat_heads(site, v, sq.dim[1] / sk.dim[1]);
    }
    const double scale = fvi_torch_real(site, "scale", 1 / sqrt((double)sq.dim[sq.ndim - 1]));
    const int scores = masked(site, fvi_site_matmul(site, q, k, 0, 1, (float)scale));
    const int weights = fvi_site_softmax(site, scores, -1, 0);
    fvi_site_out(site, 0, fvi_site_matmul(site, weights, v, 0, 0, 1));
}
