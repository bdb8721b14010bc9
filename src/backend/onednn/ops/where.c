/* SPDX-License-Identifier: Apache-2.0 */
/* where: dst = c != 0 ? a : b, all three broadcast to each other by numpy's rule. The gradient
 * goes to a where c is not 0 and to b where it is; the condition itself has none. The gradient of
 * an operand that was broadcast is summed from a temporary of the full shape. */
#include "backend/onednn/kernels/reduction.h"
#include "backend/onednn/kernels/strided_loops.h"
#include "backend/onednn/schedule/step.h"
#include "base/error.h"

typedef struct where_state {
    fvi_buffer *src[3];  /* condition, a, b; each of its own shape */
    fvi_buffer *ddst;    /* full shape */
    fvi_buffer *full[3]; /* the masked gradient of a broadcast operand, full shape, or NULL */
} where_state;

static fv_status plan(fvi_step *s, fv_error *err) {
    where_state *x = s->state = fvi_step_alloc(s, 1, sizeof *x);
    if (!x) return fvi_fail(err, FV_NOMEM, "no memory for a plan");
    for (int i = 0; i < 3; i++) {
        fv_status st = fvi_step_source(s, i, NULL, &x->src[i], err);
        if (st) return st;
    }
    return fvi_step_make_dst(s, NULL, err);
}

/* A row of an operand; step 0 repeats one number. */
typedef struct row {
    const float *at;
    int64_t step;
} row;

static inline void select_run(float *restrict dst, row c, row a, row b, int64_t n) {
#pragma omp simd
    for (int64_t i = 0; i < n; i++) {
        float x = a.at[i * a.step], y = b.at[i * b.step];
        dst[i] = c.at[i * c.step] != 0 ? x : y;
    }
}

/* The same, with the usual steps known to the compiler. */
static void select_row(float *dst, row c, row a, row b, int64_t n) {
    if (c.step == 1 && a.step == 1 && b.step == 1)
        select_run(dst, (row){c.at, 1}, (row){a.at, 1}, (row){b.at, 1}, n);
    else if (c.step == 1 && a.step == 1 && b.step == 0)
        select_run(dst, (row){c.at, 1}, (row){a.at, 1}, (row){b.at, 0}, n);
    else if (c.step == 1 && a.step == 0 && b.step == 1)
        select_run(dst, (row){c.at, 1}, (row){a.at, 0}, (row){b.at, 1}, n);
    else
        select_run(dst, c, a, b, n);
}

static fv_status forward(const fvi_step *s) {
    const where_state *x = s->state;
    const fvi_shape *out = &s->dst->shape;
    int64_t stride[4][FVI_MAX_DIMS];
    fvi_shape_strides(out, stride[0]);
    for (int i = 0; i < 3; i++) fvi_broadcast_strides(&x->src[i]->shape, out, stride[i + 1]);
    fvi_nest t;
    fvi_nest_init(&t, out, 4, (const int64_t(*)[FVI_MAX_DIMS])stride);
    float *dst = s->dst->data;
    const float *c = x->src[0]->data, *a = x->src[1]->data, *b = x->src[2]->data;
#pragma omp parallel if (t.total > FVI_PARALLEL_MIN)
    for (fvi_run r = fvi_nest_first(&t); r.left > 0; fvi_nest_next(&t, &r))
        select_row(dst + r.offset[0], (row){c + r.offset[1], t.inner_stride[1]},
                   (row){a + r.offset[2], t.inner_stride[2]},
                   (row){b + r.offset[3], t.inner_stride[3]}, r.n);
    return FV_OK;
}

static fv_status plan_backward(fvi_step *s, fv_error *err) {
    where_state *x = s->state;
    const fvi_shape *out = fvi_step_out_shape(s);
    fv_status st = fvi_step_source(s, 0, NULL, &x->src[0], err);
    if (!st) st = fvi_step_convert(s, s->ddst, NULL, &x->ddst, err);
    for (int i = 0; i < 3 && !st; i++) {
        if (!s->wanted[i]) continue;
        st = fvi_step_make_dsrc(s, i, NULL, err);
        if (!st && i > 0 && !fvi_shape_equal(fvi_step_shape(s, i), out))
            st = fvi_step_temp(s, out, NULL, &x->full[i], err);
    }
    return st;
}

/* dst (full shape) = ddst where the condition is `side`, else 0. */
static void masked(const where_state *x, int side, float *dst) {
    static const float zero = 0;
    const fvi_shape *out = &x->ddst->shape;
    int64_t stride[3][FVI_MAX_DIMS];
    fvi_shape_strides(out, stride[0]);
    fvi_broadcast_strides(&x->src[0]->shape, out, stride[1]);
    fvi_shape_strides(out, stride[2]);
    fvi_nest t;
    fvi_nest_init(&t, out, 3, (const int64_t(*)[FVI_MAX_DIMS])stride);
    const float *c = x->src[0]->data, *g = x->ddst->data;
#pragma omp parallel if (t.total > FVI_PARALLEL_MIN)
    for (fvi_run r = fvi_nest_first(&t); r.left > 0; fvi_nest_next(&t, &r)) {
        const row condition = {c + r.offset[1], t.inner_stride[1]};
        const row gradient = {g + r.offset[2], 1}, none = {&zero, 0};
        if (side)
            select_row(dst + r.offset[0], condition, gradient, none, r.n);
        else
            select_row(dst + r.offset[0], condition, none, gradient, r.n);
    }
}

static fv_status backward(const fvi_step *s) {
    const where_state *x = s->state;
    if (s->wanted[0]) {
        fvi_buffer *d = s->dsrc[0];
        fvi_fill(d->data, fvi_shape_product(&d->shape, 0, d->shape.ndim), 0);
    }
    for (int i = 1; i < 3; i++) {
        if (!s->wanted[i]) continue;
        fvi_buffer *d = s->dsrc[i], *full = x->full[i] ? x->full[i] : d;
        masked(x, i == 1, full->data);
        if (full != d) fvi_sum_to(&full->shape, full->data, &d->shape, d->data);
    }
    return FV_OK;
}

const fvi_op fvi_op_where = {"Where", NULL, plan, plan_backward, forward, backward, NULL};
