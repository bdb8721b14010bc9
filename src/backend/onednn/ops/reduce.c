/* SPDX-License-Identifier: Apache-2.0 */
/* reduce: y = a reduction of x over some axes. Gradients, with g the gradient of y, broadcast to x:
 *
 *   mean g/n          sum g             max, min  g / (number of ties) where x == y, else 0
 *   l1   g sign(x)    l2  g x / y, 0 where y is 0       sum of squares  2 g x
 *   log of sum        g e^-y            log of sum of exponentials       g e^(x - y)
 *   product           g times the product of the others: with z zeros among them and p the
 *                     product of the rest, g p / x if z = 0; g p at the zero if z = 1; else 0
 *
 * All reductions, also those that backward needs (ties, zeros), accumulate in double (reduction.c).
 */
#include <math.h>

#include "backend/onednn/kernels/reduction.h"
#include "backend/onednn/kernels/strided_loops.h"
#include "backend/onednn/schedule/step.h"
#include "base/error.h"

typedef struct reduce_state {
    fvi_buffer *src, *ddst;
    fvi_buffer *pivot;    /* log-sum-exp: the largest x of each output, [outs] */
    fvi_buffer *dst;      /* y, for backward */
    fvi_buffer *extra[2]; /* reductions for backward: ties; or zeros and product of the rest */
    fvi_reduction reduction;
    int64_t wide[FVI_MAX_DIMS]; /* strides of y in x's index space */
} reduce_state;

static fv_status plan(fvi_step *s, fv_error *err) {
    reduce_state *x = s->state = fvi_step_alloc(s, 1, sizeof *x);
    if (!x) return fvi_fail(err, FV_NOMEM, "no memory for a plan");
    const fvi_shape *in = fvi_step_shape(s, 0);
    unsigned axes = s->node->a.reduce.axes;
    fvi_reduction_init(&x->reduction, in, axes);
    fvi_shape kept = *in;
    for (int i = 0; i < in->ndim; i++)
        if (axes >> i & 1) kept.dim[i] = 1;
    fvi_broadcast_strides(&kept, in, x->wide);
    fv_status st = fvi_step_source(s, 0, NULL, &x->src, err);
    if (!st && s->node->a.reduce.f == FVI_REDUCE_LOG_SUM_EXP)
        st = fvi_step_temp(s, fvi_step_out_shape(s), NULL, &x->pivot, err);
    return st ? st : fvi_step_make_dst(s, NULL, err);
}

static fvi_reduction_kind reduction_kind(fvi_reduce f) {
    switch (f) {
    case FVI_REDUCE_MAX: return FVI_REDUCTION_MAX;
    case FVI_REDUCE_MIN: return FVI_REDUCTION_MIN;
    case FVI_REDUCE_PROD: return FVI_REDUCTION_PROD;
    case FVI_REDUCE_L1: return FVI_REDUCTION_ABS;
    case FVI_REDUCE_L2:
    case FVI_REDUCE_SUM_SQUARE: return FVI_REDUCTION_SQUARE;
    case FVI_REDUCE_LOG_SUM_EXP: return FVI_REDUCTION_EXP;
    default: return FVI_REDUCTION_SUM;
    }
}

static fv_status forward(const fvi_step *s) {
    const reduce_state *x = s->state;
    const float *src = x->src->data;
    float *dst = s->dst->data, *pivot = x->pivot ? x->pivot->data : NULL;
    fvi_reduce f = s->node->a.reduce.f;
    fvi_reduction reduction = x->reduction;
    if (f == FVI_REDUCE_MEAN) reduction.scale = 1.0 / (double)reduction.each;
    if (f == FVI_REDUCE_L2) reduction.post = FVI_POST_SQRT;
    if (f == FVI_REDUCE_LOG_SUM || f == FVI_REDUCE_LOG_SUM_EXP) reduction.post = FVI_POST_LOG;
    if (pivot) fvi_reduction_run(&x->reduction, FVI_REDUCTION_MAX, src, NULL, pivot);
    fvi_reduction_run(&reduction, reduction_kind(f), src, pivot, dst);
    for (int64_t i = 0; pivot && i < reduction.outs; i++)
        if (!isinf(pivot[i])) dst[i] += pivot[i];
    return FV_OK;
}

static fv_status plan_backward(fvi_step *s, fv_error *err) {
    reduce_state *x = s->state;
    fvi_reduce f = s->node->a.reduce.f;
    int extras = f == FVI_REDUCE_PROD ? 2 : f == FVI_REDUCE_MAX || f == FVI_REDUCE_MIN;
    fv_status st = fvi_step_convert(s, s->ddst, NULL, &x->ddst, err);
    /* Mean and sum need only the gradient, so x and y may be overwritten. */
    if (!st && f != FVI_REDUCE_MEAN && f != FVI_REDUCE_SUM) {
        st = fvi_step_source(s, 0, NULL, &x->src, err);
        if (!st) st = fvi_step_convert(s, s->dst, NULL, &x->dst, err);
    }
    for (int i = 0; i < extras && !st; i++)
        st = fvi_step_temp(s, fvi_step_out_shape(s), NULL, &x->extra[i], err);
    return st ? st : fvi_step_make_dsrc(s, 0, NULL, err);
}

/* One run of the backward loop; y, g and the extras advance by `step` (0 or 1). */
typedef struct back_run {
    float *dx;
    const float *x, *y, *g, *e0, *e1;
    int64_t n;
    float inverse; /* 1 / elements of an output */
} back_run;

#define EACH(EXPR)                                                 \
    for (int64_t i = 0; i < r->n; i++) {                           \
        float x = r->x[i], y = r->y[i * step], g = r->g[i * step]; \
        (void)x, (void)y;                                          \
        r->dx[i] = (EXPR);                                         \
    }                                                              \
    break

static inline float prod_gradient(float x, float g, float zeros, float rest) {
    if (zeros == 0) return g * (rest / x);
    return zeros == 1 && x == 0 ? g * rest : 0;
}

static inline void back_step(fvi_reduce f, const back_run *r, const int64_t step) {
    switch (f) {
    case FVI_REDUCE_MEAN: EACH(g * r->inverse);
    case FVI_REDUCE_MAX:
    case FVI_REDUCE_MIN: EACH(x == y ? g / r->e0[i * step] : 0);
    case FVI_REDUCE_PROD: EACH(prod_gradient(x, g, r->e0[i * step], r->e1[i * step]));
    case FVI_REDUCE_L1: EACH(x > 0 ? g : x < 0 ? -g : 0);
    case FVI_REDUCE_L2: EACH(y > 0 ? g * (x / y) : 0);
    case FVI_REDUCE_SUM_SQUARE: EACH(2 * g * x);
    case FVI_REDUCE_LOG_SUM: EACH(g * expf(-y));
    case FVI_REDUCE_LOG_SUM_EXP: EACH(isinf(y) ? 0 : g * expf(x - y));
    default: EACH(g);
    }
}

static void back_all(const fvi_step *s, const reduce_state *x) {
    const fvi_buffer *p = s->dsrc[0];
    const float *g = x->ddst->data;
    float *dx = p->data;
    const float *src = x->dst ? x->src->data : dx, *y = x->dst ? x->dst->data : g;
    const float *e0 = x->extra[0] ? x->extra[0]->data : g;
    const float *e1 = x->extra[1] ? x->extra[1]->data : g;
    int64_t stride[2][FVI_MAX_DIMS];
    fvi_shape_strides(&p->shape, stride[0]);
    for (int i = 0; i < FVI_MAX_DIMS; i++) stride[1][i] = x->wide[i];
    fvi_nest t;
    fvi_nest_init(&t, &p->shape, 2, (const int64_t(*)[FVI_MAX_DIMS])stride);
    fvi_reduce f = s->node->a.reduce.f;
#pragma omp parallel if (t.total > FVI_PARALLEL_MIN)
    for (fvi_run r = fvi_nest_first(&t); r.left > 0; fvi_nest_next(&t, &r)) {
        int64_t a = r.offset[0], b = r.offset[1];
        back_run run = {dx + a, src + a, y + b, g + b,
                        e0 + b, e1 + b,  r.n,   1.0f / (float)x->reduction.each};
        if (t.inner_stride[1])
            back_step(f, &run, 1);
        else
            back_step(f, &run, 0);
    }
}

static fv_status backward(const fvi_step *s) {
    const reduce_state *x = s->state;
    if (s->node->a.reduce.f == FVI_REDUCE_PROD) {
        fvi_reduction_run(&x->reduction, FVI_REDUCTION_ZEROS, x->src->data, NULL,
                          x->extra[0]->data);
        fvi_reduction_run(&x->reduction, FVI_REDUCTION_NONZERO, x->src->data, NULL,
                          x->extra[1]->data);
    } else if (x->extra[0]) {
        fvi_reduction_run(&x->reduction, FVI_REDUCTION_EQUALS, x->src->data, x->dst->data,
                          x->extra[0]->data);
    }
    back_all(s, x);
    return FV_OK;
}

const fvi_op fvi_op_reduce = {"Reduce", NULL, plan, plan_backward, forward, backward, NULL};
