/* SPDX-License-Identifier: Apache-2.0 */
/* lrn: dst[c] = src[c] s[c]^-beta,  s[c] = bias + alpha/size * sum of src[j]^2 over the `size`
 * channels j from c - floor((size-1)/2) to c + ceil((size-1)/2)  (ONNX; Krizhevsky et al. 2012).
 *
 * Backward:  dsrc[j] = ddst[j] s[j]^-beta
 *                    - 2 alpha beta / size * src[j] * sum of ddst[c] src[c] s[c]^(-beta-1)
 * over the channels c whose window holds j.
 *
 * oneDNN computes odd sizes for which it has fast code (size 5, beta 3/4); its window for even
 * sizes differs, so those and all others are computed here, over plain memory, with sums in double.
 */
#include <math.h>

#include "backend/onednn/dnnl/dnnl_ops.h"
#include "backend/onednn/kernels/strided_loops.h"
#include "backend/onednn/schedule/step.h"
#include "base/error.h"

#define STRIP 32 /* positions done together */

typedef struct lrn_state {
    int own;
    fvi_prim *backward; /* ours until plan_backward */
    fvi_buffer *src, *saved, *ddst;
    int64_t n, c, rest;
} lrn_state;

static int build(fvi_step *s, lrn_state *x, fvi_prim **forward) {
    fvi_dnnl_engine *b = fvi_step_engine(s);
    const fvi_shape *shape = fvi_step_shape(s, 0);
    fvi_lrn_desc d = {.training = s->backward,
                      .shape = *shape,
                      .layout = s->src[0] ? s->src[0]->layout : NULL,
                      .lrn = s->node->a.lrn};
    if (d.lrn.size % 2 == 0 || shape->ndim != 4 || fvi_shape_count(shape) == 0) return 0;
    if (fvi_step_unavailable(s, fvi_prim_lrn(b, &d, forward, NULL))) return 0;
    int good = !fvi_prim_is_slow(*forward);
    if (good && s->backward) {
        d.backward = 1;
        d.forward = *forward;
        good = !fvi_step_unavailable(s, fvi_prim_lrn(b, &d, &x->backward, NULL)) &&
               !fvi_prim_is_slow(x->backward);
    }
    if (good) return 1;
    fvi_prim_free(*forward);
    fvi_prim_free(x->backward);
    x->backward = *forward = NULL;
    return 0;
}

static fv_status plan(fvi_step *s, fv_error *err) {
    lrn_state *x = s->state = fvi_step_alloc(s, 1, sizeof *x);
    if (!x) return fvi_fail(err, FV_NOMEM, "no memory for a plan");
    const fvi_shape *shape = fvi_step_shape(s, 0);
    fvi_prim *p = NULL;
    x->n = shape->dim[0];
    x->c = shape->dim[1];
    x->rest = fvi_shape_product(shape, 2, shape->ndim);
    x->own = !build(s, x, &p);
    const fvi_layout *layout = p && s->src[0] ? s->src[0]->layout : NULL;
    size_t bytes = p ? fvi_prim_bytes(p, FVI_WORKSPACE) : 0;
    fv_status st = fvi_step_source(s, 0, layout, &x->src, err);
    if (!st) st = fvi_step_make_dst(s, layout, err);
    if (!st && bytes) st = fvi_step_saved_bytes(s, bytes, &x->saved, err);
    if (st || !p) {
        fvi_prim_free(p);
        return st;
    }
    fvi_prim_set(p, FVI_SRC, x->src);
    fvi_prim_set(p, FVI_DST, s->dst);
    if (x->saved) fvi_prim_set(p, FVI_WORKSPACE, x->saved);
    return fvi_step_add(s, p, err);
}

static fv_status plan_backward(fvi_step *s, fv_error *err) {
    lrn_state *x = s->state;
    if (!s->wanted[0]) return FV_OK;
    fv_status st = fvi_step_source(s, 0, x->src->layout, &x->src, err);
    if (!st) st = fvi_step_convert(s, s->ddst, x->src->layout, &x->ddst, err);
    if (!st) st = fvi_step_make_dsrc(s, 0, x->src->layout, err);
    if (st || x->own) return st;
    fvi_prim *p = x->backward;
    x->backward = NULL; /* the step's from here */
    fvi_prim_set(p, FVI_SRC, x->src);
    fvi_prim_set(p, FVI_DIFF_DST, x->ddst);
    fvi_prim_set(p, FVI_DIFF_SRC, s->dsrc[0]);
    if (x->saved) fvi_prim_set(p, FVI_WORKSPACE, x->saved);
    return fvi_step_add(s, p, err);
}

/* One strip of positions of one sample: all channels of it, `rest` apart. */
typedef struct strip {
    int64_t at, width;
} strip;

static strip strip_of(const lrn_state *x, int64_t i) {
    int64_t strips = (x->rest + STRIP - 1) / STRIP, from = i % strips * STRIP;
    strip p = {i / strips * x->c * x->rest + from, x->rest - from};
    if (p.width > STRIP) p.width = STRIP;
    return p;
}

static int64_t clamp(int64_t i, int64_t least, int64_t most) {
    return i < least ? least : i > most ? most : i;
}

/* s[c] at every position of the strip; src points at its channel 0. */
static void sums(const fvi_step *st, const lrn_state *x, const float *src, int64_t c, int64_t width,
                 double s[STRIP]) {
    int64_t size = st->node->a.lrn.size, from = clamp(c - (size - 1) / 2, 0, x->c);
    int64_t to = clamp(c + size / 2 + 1, 0, x->c);
    double a = (double)st->node->a.lrn.alpha / (double)size;
    for (int64_t i = 0; i < width; i++) s[i] = 0;
    for (int64_t j = from; j < to; j++)
        for (int64_t i = 0; i < width; i++)
            s[i] += (double)src[j * x->rest + i] * src[j * x->rest + i];
    for (int64_t i = 0; i < width; i++) s[i] = st->node->a.lrn.bias + a * s[i];
}

static fv_status forward(const fvi_step *st) {
    const lrn_state *x = st->state;
    if (!x->own) return fvi_step_run(st, 0);
    int64_t strips = x->n * ((x->rest + STRIP - 1) / STRIP);
    double beta = st->node->a.lrn.beta;
#pragma omp parallel for schedule(static)
    for (int64_t k = 0; k < strips; k++) {
        strip p = strip_of(x, k);
        const float *src = (const float *)x->src->data + p.at;
        float *dst = (float *)st->dst->data + p.at;
        double s[STRIP];
        for (int64_t c = 0; c < x->c; c++) {
            sums(st, x, src, c, p.width, s);
            for (int64_t i = c * x->rest; i < c * x->rest + p.width; i++)
                dst[i] = (float)(src[i] * pow(s[i - c * x->rest], -beta));
        }
    }
    return FV_OK;
}

/* Adds every channel's own term, and its term to all channels in its window. */
static void backward_strip(const fvi_step *st, const lrn_state *x, strip p) {
    const float *src = (const float *)x->src->data + p.at, *g = (const float *)x->ddst->data + p.at;
    float *dsrc = (float *)st->dsrc[0]->data + p.at;
    int64_t size = st->node->a.lrn.size, rest = x->rest;
    double beta = st->node->a.lrn.beta, s[STRIP];
    double k = 2 * (double)st->node->a.lrn.alpha * beta / (double)size;
    for (int64_t c = 0; c < x->c; c++)
        for (int64_t i = 0; i < p.width; i++) dsrc[c * rest + i] = 0;
    for (int64_t c = 0; c < x->c; c++) {
        int64_t from = clamp(c - (size - 1) / 2, 0, x->c), to = clamp(c + size / 2 + 1, 0, x->c);
        sums(st, x, src, c, p.width, s);
        for (int64_t i = 0; i < p.width; i++) {
            int64_t at = c * rest + i;
            double power = pow(s[i], -beta);
            dsrc[at] += (float)(g[at] * power);
            s[i] = k * g[at] * src[at] * power / s[i];
        }
        for (int64_t j = from; j < to; j++)
            for (int64_t i = 0; i < p.width; i++)
                dsrc[j * rest + i] -= (float)(src[j * rest + i] * s[i]);
    }
}

static fv_status backward(const fvi_step *st) {
    const lrn_state *x = st->state;
    if (!x->own) return fvi_step_run(st, 1);
    if (!st->wanted[0]) return FV_OK;
    int64_t strips = x->n * ((x->rest + STRIP - 1) / STRIP);
#pragma omp parallel for schedule(static)
    for (int64_t k = 0; k < strips; k++) backward_strip(st, x, strip_of(x, k));
    return FV_OK;
}

static void drop(fvi_step *s) {
    lrn_state *x = s->state;
    if (x) fvi_prim_free(x->backward);
}

const fvi_op fvi_op_lrn = {"LRN", NULL, plan, plan_backward, forward, backward, drop};
