/* SPDX-License-Identifier: Apache-2.0 */
/* softmax: dst = exp(src - m) / sum of exp(src - m) over one axis, m its maximum; or the logarithm
 * of that,  src - m - log(sum).
 * Backward:  dsrc = dst (ddst - sum of ddst dst);   log:  dsrc = ddst - exp(dst) sum of ddst.
 *
 * On plain memory as [outer][axis][inner]: oneDNN if it has fast code (forward, inner 1), else
 * loops over strips of `inner`, or along the axis if inner is 1; sums in double.
 */
#include "backend/onednn/dnnl/dnnl_ops.h"
#include "backend/onednn/kernels/strided_loops.h"
#include "backend/onednn/kernels/vector_math.h"
#include "backend/onednn/schedule/step.h"
#include "base/error.h"

#define STRIP 64
#define LANES 8 /* sums side by side along a row */

typedef struct softmax_state {
    int own[2]; /* by direction */
    int64_t outer, n, inner;
    fvi_buffer *src, *dst, *ddst;
} softmax_state;

static fvi_prim *fast_prim(fvi_step *s, const softmax_state *x, int backward) {
    const fvi_softmax_desc d = {
        .backward = backward,
        .log = s->node->a.softmax.log,
        .axis = 1,
        .shape = {.ndim = x->inner == 1 ? 2 : 3, .dim = {x->outer, x->n, x->inner}}};
    fvi_prim *p = NULL;
    if (fvi_shape_count(&d.shape) == 0 ||
        fvi_step_unavailable(s, fvi_prim_softmax(fvi_step_engine(s), &d, &p, NULL)))
        return NULL;
    if (!fvi_prim_is_slow(p)) return p;
    fvi_prim_free(p);
    return NULL;
}

static fv_status plan(fvi_step *s, fv_error *err) {
    softmax_state *x = s->state = fvi_step_alloc(s, 1, sizeof *x);
    if (!x) return fvi_fail(err, FV_NOMEM, "no memory for a plan");
    const fvi_shape *shape = fvi_step_shape(s, 0);
    int axis = s->node->a.softmax.axis;
    x->outer = fvi_shape_product(shape, 0, axis);
    x->n = axis < shape->ndim ? shape->dim[axis] : 1;
    x->inner =
        fvi_shape_product(shape, axis + 1 < shape->ndim ? axis + 1 : shape->ndim, shape->ndim);
    fv_status st = fvi_step_source(s, 0, NULL, &x->src, err);
    if (!st) st = fvi_step_make_dst(s, NULL, err);
    if (st) return st;
    fvi_prim *p = fast_prim(s, x, 0);
    x->own[0] = !p;
    if (!p) return FV_OK;
    fvi_prim_set(p, FVI_SRC, x->src);
    fvi_prim_set(p, FVI_DST, s->dst);
    return fvi_step_add(s, p, err);
}

static fv_status plan_backward(fvi_step *s, fv_error *err) {
    softmax_state *x = s->state;
    if (!s->wanted[0]) return FV_OK;
    fv_status st = fvi_step_convert(s, s->dst, NULL, &x->dst, err);
    if (!st) st = fvi_step_convert(s, s->ddst, NULL, &x->ddst, err);
    if (!st) st = fvi_step_make_dsrc(s, 0, NULL, err);
    if (st) return st;
    fvi_prim *p = fast_prim(s, x, 1);
    x->own[1] = !p;
    if (!p) return FV_OK;
    fvi_prim_set(p, FVI_DST, x->dst);
    fvi_prim_set(p, FVI_DIFF_DST, x->ddst);
    fvi_prim_set(p, FVI_DIFF_SRC, s->dsrc[0]);
    return fvi_step_add(s, p, err);
}

/* `w` columns of `n` numbers, `step` apart. */
static void forward_strip(const float *src, float *dst, int64_t n, int64_t step, int64_t w,
                          int log_too) {
    float most[STRIP];
    double sum[STRIP];
    for (int64_t i = 0; i < w; i++) {
        most[i] = src[i];
        sum[i] = 0;
    }
    for (int64_t j = 1; j < n; j++)
        for (int64_t i = 0; i < w; i++)
            if (src[j * step + i] > most[i]) most[i] = src[j * step + i];
    for (int64_t j = 0; j < n; j++)
        for (int64_t i = 0; i < w; i++) {
            float e = expf(src[j * step + i] - most[i]);
            sum[i] += e;
            if (!log_too) dst[j * step + i] = e;
        }
    for (int64_t i = 0; i < w; i++) sum[i] = log_too ? most[i] + log(sum[i]) : 1 / sum[i];
    for (int64_t j = 0; j < n; j++)
        for (int64_t i = 0; i < w; i++) {
            float *d = &dst[j * step + i];
            *d = (float)(log_too ? src[j * step + i] - sum[i] : *d * sum[i]);
        }
}

static void backward_strip(const float *dst, const float *ddst, float *dsrc, int64_t n,
                           int64_t step, int64_t w, int log_too) {
    double sum[STRIP] = {0};
    for (int64_t j = 0; j < n; j++)
        for (int64_t i = j * step; i < j * step + w; i++)
            sum[i - j * step] += log_too ? ddst[i] : (double)ddst[i] * dst[i];
    for (int64_t j = 0; j < n; j++)
        for (int64_t i = j * step; i < j * step + w; i++) {
            double t = sum[i - j * step];
            dsrc[i] = (float)(log_too ? ddst[i] - exp((double)dst[i]) * t : dst[i] * (ddst[i] - t));
        }
}

/* The same for one row of consecutive numbers. */
FVI_WIDE static void backward_row(const float *restrict dst, const float *restrict ddst,
                                  float *restrict dsrc, int64_t n, int log_too) {
    double lane[LANES] = {0}, sum = 0;
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int k = 0; k < LANES; k++) lane[k] += (double)ddst[i + k] * (log_too ? 1 : dst[i + k]);
    for (; i < n; i++) lane[0] += (double)ddst[i] * (log_too ? 1 : dst[i]);
    for (int k = 0; k < LANES; k++) sum += lane[k];
    if (log_too)
        for (i = 0; i < n; i++) dsrc[i] = (float)(ddst[i] - expf(dst[i]) * sum);
    else
        for (i = 0; i < n; i++) dsrc[i] = (float)(dst[i] * (ddst[i] - sum));
}

/* The offset of strip k of the tensor, and its width. */
static int64_t strip_at(const softmax_state *x, int64_t k, int64_t *width) {
    int64_t strips = (x->inner + STRIP - 1) / STRIP, from = k % strips * STRIP;
    *width = x->inner - from < STRIP ? x->inner - from : STRIP;
    return k / strips * x->n * x->inner + from;
}

static fv_status forward(const fvi_step *s) {
    const softmax_state *x = s->state;
    if (!x->own[0]) return fvi_step_run(s, 0);
    if (x->n == 0) return FV_OK;
    int64_t strips = x->outer * ((x->inner + STRIP - 1) / STRIP);
    const float *src = x->src->data;
    float *dst = s->dst->data;
#pragma omp parallel for schedule(static)
    for (int64_t k = 0; k < strips; k++) {
        int64_t w, at = strip_at(x, k, &w);
        forward_strip(src + at, dst + at, x->n, x->inner, w, s->node->a.softmax.log);
    }
    return FV_OK;
}

static fv_status backward(const fvi_step *s) {
    const softmax_state *x = s->state;
    if (!x->own[1]) return fvi_step_run(s, 1);
    if (!s->wanted[0] || x->n == 0) return FV_OK;
    int64_t strips = x->outer * ((x->inner + STRIP - 1) / STRIP);
    const float *dst = x->dst->data, *ddst = x->ddst->data;
    float *dsrc = s->dsrc[0]->data;
#pragma omp parallel for schedule(static)
    for (int64_t k = 0; k < strips; k++) {
        int64_t w, at = strip_at(x, k, &w);
        if (x->inner == 1)
            backward_row(dst + at, ddst + at, dsrc + at, x->n, s->node->a.softmax.log);
        else
            backward_strip(dst + at, ddst + at, dsrc + at, x->n, x->inner, w,
                           s->node->a.softmax.log);
    }
    return FV_OK;
}

const fvi_op fvi_op_softmax = {"Softmax", NULL, plan, plan_backward, forward, backward, NULL};
