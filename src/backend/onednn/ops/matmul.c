/* SPDX-License-Identifier: Apache-2.0 */
/* matmul: dst = alpha a b + bias, over leading batch axes by numpy's rule, a and b perhaps stored
 * transposed.
 *
 * Two ways. A constant matrix b ("fully connected") is oneDNN's inner product: alpha is folded into
 * the cached weights, bias and activation into the primitive, and there is no gradient to b.
 * Everything else is oneDNN's matmul over plain memory, alpha and bias in a loop after it; with
 * A = a^(T), B = b^(T) as multiplied,
 *     dA = alpha ddst B^T        dB = alpha A^T ddst
 * each computed in the order in which it is stored, and summed over the batch axes along which its
 * operand was broadcast.
 */
#include <stdlib.h>
#include <string.h>

#include "backend/onednn/kernels/fused.h"
#include "backend/onednn/kernels/reduction.h"
#include "backend/onednn/kernels/strided_loops.h"
#include "base/error.h"
#include "graph/const.h"

typedef struct matmul_state {
    int constant; /* 1: the first way */
    int empty;    /* nothing to multiply: the result has no elements, or is bias alone */
    int64_t k, n;
    fvi_inner_desc inner; /* first way */
    fvi_act act;
    const fvi_prim *forward;
    fvi_shape a, b, dst; /* second way: the shapes given to oneDNN, as stored */
    fvi_buffer *bias;
    fvi_buffer *full[2]; /* gradients before they are summed over broadcast axes, or NULL */
} matmul_state;

static int is_fully_connected(const fvi_graph *g, const fvi_node *node) {
    const fvi_const *b = fvi_node_constant(g, node, 1);
    return b && b->shape.ndim >= 2 && fvi_shape_product(&b->shape, 0, b->shape.ndim - 2) == 1 &&
           !node->a.matmul.trans_a;
}

static int fuse(const fvi_step *s, const fvi_node *next) {
    return is_fully_connected(s->graph, s->node) && fvi_fuse_act(s, next);
}

/* ---- constant b ---- */

/* alpha b as [n][k]. */
static fv_status weights_fill(void *user, float *dst, fv_error *err) {
    const fvi_step *s = user;
    const matmul_state *x = s->state;
    const fvi_const *b = fvi_step_constant(s, 1);
    float alpha = s->node->a.matmul.alpha, *src = dst;
    int64_t n = x->n, k = x->k;
    if (!s->node->a.matmul.trans_b) {
        src = malloc((size_t)(n * k) * sizeof *src);
        if (!src) return fvi_fail(err, FV_NOMEM, "no memory for weights");
    }
    fvi_const_to_f32(b, src);
    if (src == dst) {
        for (int64_t i = 0; i < n * k; i++) dst[i] *= alpha;
        return FV_OK;
    }
    for (int64_t i0 = 0; i0 < n; i0 += 16) /* in strips that stay in the cache */
        for (int64_t j = 0; j < k; j++)
            for (int64_t i = i0; i < n && i < i0 + 16; i++) dst[i * k + j] = alpha * src[j * n + i];
    free(src);
    return FV_OK;
}

static fv_status get_weights(fvi_step *s, const fvi_prim *p, fvi_buffer **out, fv_error *err) {
    static const char transposed[1]; /* its address marks [k][n] weights in the key */
    const matmul_state *x = s->state;
    const fvi_const *b = fvi_step_constant(s, 1);
    fvi_shape shape = {.ndim = 2, .dim = {x->n, x->k}};
    float alpha = s->node->a.matmul.alpha;
    int trans = s->node->a.matmul.trans_b, as_is = trans && alpha == 1;
    fvi_weight_cache_key key = {.parts = {b->bytes, trans ? NULL : transposed}};
    memcpy(&key.variant, &alpha, sizeof key.variant);
    const fvi_weight_cache_item item = {
        .key = key,
        .shape = shape,
        .layout = fvi_prim_layout(p, FVI_WEIGHTS),
        .fill = as_is ? NULL : weights_fill,
        .user = as_is ? (void *)(uintptr_t)b : (void *)s,
    };
    return fvi_weight_cache_get(fvi_step_weights(s), fvi_step_engine(s), &item, out, err);
}

static fv_status plan_constant(fvi_step *s, fv_error *err) {
    matmul_state *x = s->state;
    fvi_buffer *src, *weights;
    fvi_prim *p = NULL;
    x->inner = (fvi_inner_desc){.rows = fvi_shape_count(fvi_step_shape(s, 0)) / x->k,
                                .k = x->k,
                                .n = x->n,
                                .bias = x->bias != NULL};
    if (fvi_fused_act(s, &x->act)) x->inner.act = &x->act;
    fv_status st = fvi_step_source(s, 0, NULL, &src, err);
    if (!st) st = fvi_prim_inner(fvi_step_engine(s), &x->inner, &p, err);
    if (st) return st;
    x->forward = p;
    st = get_weights(s, p, &weights, err);
    if (!st) st = fvi_step_make_dst(s, NULL, err);
    if (st) {
        fvi_prim_free(p);
        return st;
    }
    fvi_prim_set(p, FVI_SRC, src);
    fvi_prim_set(p, FVI_WEIGHTS, weights);
    if (x->bias) fvi_prim_set(p, FVI_BIAS, x->bias);
    fvi_prim_set(p, FVI_DST, s->dst);
    return fvi_step_add(s, p, err);
}

static fv_status plan_backward_constant(fvi_step *s, fv_error *err) {
    matmul_state *x = s->state;
    fvi_buffer *ddst, *weights;
    fvi_prim *p = NULL;
    fvi_inner_desc d = x->inner;
    d.backward = 1;
    d.forward = x->forward;
    fv_status st = fvi_prim_inner(fvi_step_engine(s), &d, &p, err);
    if (st) return st;
    st = fvi_fused_ddst(s, NULL, &ddst, err);
    if (!st) st = get_weights(s, p, &weights, err);
    if (!st) st = fvi_step_make_dsrc(s, 0, NULL, err);
    if (st) {
        fvi_prim_free(p);
        return st;
    }
    fvi_prim_set(p, FVI_DIFF_DST, ddst);
    fvi_prim_set(p, FVI_WEIGHTS, weights);
    fvi_prim_set(p, FVI_DIFF_SRC, s->dsrc[0]);
    return fvi_step_add(s, p, err);
}

/* ---- any b ---- */

/* Adds the primitive to = x y to the step. */
static fv_status add_product(fvi_step *s, fvi_matrix x, fvi_matrix y, fvi_matrix to,
                             fv_error *err) {
    fvi_prim *p = NULL;
    fv_status st = fvi_prim_matmul(fvi_step_engine(s), &x, &y, &to, &p, err);
    return st ? st : fvi_step_add(s, p, err);
}

/* Sets a, b and dst to the shapes that are stored; a product with a single matrix b is one over all
 * rows. */
static void set_shapes(const fvi_step *s, matmul_state *x) {
    x->a = *fvi_step_shape(s, 0);
    x->b = *fvi_step_shape(s, 1);
    x->dst = *fvi_step_out_shape(s);
    int last = x->b.ndim - 2;
    if (s->node->a.matmul.trans_a || fvi_shape_product(&x->b, 0, last) != 1) return;
    x->b = (fvi_shape){.ndim = 2, .dim = {x->b.dim[last], x->b.dim[last + 1]}};
    int64_t rows = fvi_shape_product(&x->a, 0, x->a.ndim - 1);
    x->a = (fvi_shape){.ndim = 2, .dim = {rows, x->k}};
    x->dst = (fvi_shape){.ndim = 2, .dim = {rows, x->n}};
}

static fv_status plan_any(fvi_step *s, fv_error *err) {
    matmul_state *x = s->state;
    fvi_buffer *a, *b;
    set_shapes(s, x);
    fv_status st = fvi_step_source(s, 0, NULL, &a, err);
    if (!st) st = fvi_step_source(s, 1, NULL, &b, err);
    if (!st) st = fvi_step_make_dst(s, NULL, err);
    if (st || x->empty) return st;
    return add_product(s, (fvi_matrix){a, &x->a, s->node->a.matmul.trans_a},
                       (fvi_matrix){b, &x->b, s->node->a.matmul.trans_b},
                       (fvi_matrix){s->dst, &x->dst, 0}, err);
}

/* The buffer an operand's gradient is computed in, and its shape there. */
static fv_status gradient_buffer(fvi_step *s, int i, fvi_buffer **to, fvi_shape *ts,
                                 fv_error *err) {
    matmul_state *x = s->state;
    const fvi_shape *own = i ? &x->b : &x->a;
    fv_status st = fvi_step_make_dsrc(s, i, NULL, err);
    if (st) return st;
    *ts = x->dst;
    for (int j = 1; j <= 2; j++) ts->dim[ts->ndim - j] = own->dim[own->ndim - j];
    *to = s->dsrc[i];
    if (fvi_shape_count(ts) == fvi_shape_count(own)) return FV_OK;
    st = fvi_step_temp(s, ts, NULL, &x->full[i], err);
    *to = x->full[i];
    return st;
}

static fv_status plan_backward_any(fvi_step *s, fv_error *err) {
    matmul_state *x = s->state;
    int ta = s->node->a.matmul.trans_a, tb = s->node->a.matmul.trans_b;
    fvi_buffer *g, *a = NULL, *b = NULL, *to = NULL;
    fvi_shape ts;
    fv_status st = fvi_step_convert(s, s->ddst, NULL, &g, err);
    if (!st && s->wanted[0]) {
        st = fvi_step_source(s, 1, NULL, &b, err);
        if (!st) st = gradient_buffer(s, 0, &to, &ts, err);
        const fvi_matrix mb = {b, &x->b, ta ? tb : !tb}, mg = {g, &x->dst, ta};
        if (!st) st = add_product(s, ta ? mb : mg, ta ? mg : mb, (fvi_matrix){to, &ts, 0}, err);
    }
    if (!st && s->wanted[1]) {
        st = fvi_step_source(s, 0, NULL, &a, err);
        if (!st) st = gradient_buffer(s, 1, &to, &ts, err);
        const fvi_matrix ma = {a, &x->a, tb ? ta : !ta}, mg = {g, &x->dst, tb};
        if (!st) st = add_product(s, tb ? mg : ma, tb ? ma : mg, (fvi_matrix){to, &ts, 0}, err);
    }
    return st;
}

/* ---- both ---- */

static fv_status plan(fvi_step *s, fv_error *err) {
    matmul_state *x = s->state = fvi_step_alloc(s, 1, sizeof *x);
    if (!x) return fvi_fail(err, FV_NOMEM, "no memory for a plan");
    const fvi_shape *a = fvi_step_shape(s, 0), *out = fvi_step_out_shape(s);
    x->k = a->dim[a->ndim - (s->node->a.matmul.trans_a ? 2 : 1)];
    x->n = out->dim[out->ndim - 1];
    x->empty = fvi_shape_count(out) == 0 || x->k == 0;
    x->constant = !x->empty && is_fully_connected(s->graph, s->node);
    fv_status st =
        s->n_in > 2 && s->node->in[2] >= 0 ? fvi_step_source(s, 2, NULL, &x->bias, err) : FV_OK;
    if (st) return st;
    return x->constant ? plan_constant(s, err) : plan_any(s, err);
}

static fv_status plan_backward(fvi_step *s, fv_error *err) {
    const matmul_state *x = s->state;
    fv_status st = fvi_refuse_gradients(s, 2, err);
    if (st) return st;
    if (x->constant) return s->wanted[0] ? plan_backward_constant(s, err) : FV_OK;
    if (!x->empty) return plan_backward_any(s, err);
    for (int i = 0; i < 2 && !st; i++)
        if (s->wanted[i]) st = fvi_step_make_dsrc(s, i, NULL, err);
    return st;
}

/* d[0..n) *= alpha */
static void scale(float *d, int64_t n, float alpha) {
#pragma omp parallel for schedule(static) if (n > FVI_PARALLEL_MIN)
    for (int64_t i = 0; i < n; i++) d[i] *= alpha;
}

static fv_status forward(const fvi_step *s) {
    const matmul_state *x = s->state;
    fv_status st = fvi_step_run(s, 0);
    if (st || x->constant) return st;
    float alpha = s->node->a.matmul.alpha, *dst = s->dst->data;
    int64_t count = fvi_shape_count(&s->dst->shape);
    if (x->empty)
        fvi_fill(dst, count, 0);
    else if (alpha != 1)
        scale(dst, count, alpha);
    if (!x->bias || count == 0) return FV_OK;
    const float *bias = x->bias->data;
    int64_t n = x->n, rows = count / n;
#pragma omp parallel for schedule(static) if (count > FVI_PARALLEL_MIN)
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < n; j++) dst[i * n + j] += bias[j];
    return FV_OK;
}

static fv_status backward(const fvi_step *s) {
    const matmul_state *x = s->state;
    fv_status st = fvi_step_run(s, 1);
    if (st || x->constant) return st;
    float alpha = s->node->a.matmul.alpha;
    for (int i = 0; i < 2; i++) {
        if (!s->wanted[i]) continue;
        fvi_buffer *d = s->dsrc[i], *full = x->full[i] ? x->full[i] : d;
        int64_t count = fvi_shape_count(&full->shape);
        if (x->empty)
            fvi_fill(full->data, count, 0);
        else if (alpha != 1)
            scale(full->data, count, alpha);
        if (full != d) fvi_sum_to(&full->shape, full->data, &d->shape, d->data);
    }
    return FV_OK;
}

const fvi_op fvi_op_matmul = {"MatMul", fuse, plan, plan_backward, forward, backward, NULL};
