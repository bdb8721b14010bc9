/* SPDX-License-Identifier: Apache-2.0 */
/* average_pool: dst = mean of src under the window, over the input cells in it or, with
 * count_include_pad, over those and the padding (but never over cells beyond the padding). A window
 * with no cell to count gives 0.
 *
 * oneDNN computes it in the layout the source already has. The loops here, over plain memory, are
 * used where
 *   - a window contains no input cell (dilation, or padding as wide as the kernel),
 *   - the padding counts, but the last windows extend beyond it (ceil_mode): oneDNN would divide by
 *     the whole kernel,
 *   - oneDNN refuses, or has only its reference code (dilation),
 *   - there is one channel, and the window slides along one axis that is not the innermost:
 *     oneDNN's fast code is vectorised over channels, average_axis.c over the inner axes. (PyTorch
 *     exports local response normalization that way.)
 */
#include <string.h>

#include "backend/onednn/dnnl/dnnl_ops.h"
#include "backend/onednn/kernels/average_axis.h"
#include "backend/onednn/kernels/strided_loops.h"
#include "base/error.h"

#define VECTOR 8

typedef struct average_pool {
    fvi_window window; /* the node's; sizes of a global one filled in */
    fvi_pool_desc desc;
    fvi_pool_axis axis[3];
    fvi_prim *forward;      /* the step's; NULL: our loops */
    fvi_prim *backward;     /* ours until plan_backward */
    fvi_buffer *src, *ddst; /* of our loops */
    int64_t planes;         /* n * c */
    int slides;             /* the axis for average_axis.c; -1: it is not used */
} average_pool;

/* ---- planning ---- */

/* Elements outside and inside one of the three axes, which are the last of src. */
static int64_t outer_of(const average_pool *x, int axis) {
    return fvi_shape_product(&x->desc.src, 0, x->desc.src.ndim - 3 + axis);
}

static int64_t inner_of(const average_pool *x, int axis) {
    return fvi_shape_product(&x->desc.src, x->desc.src.ndim - 2 + axis, x->desc.src.ndim);
}

/* Whether oneDNN would compute something else. */
static int needs_own(const average_pool *x) {
    if (fvi_shape_count(&x->desc.dst) == 0 || fvi_shape_count(&x->desc.src) == 0) return 1;
    for (int i = 0; i < 3; i++) {
        const fvi_pool_axis *a = &x->axis[i];
        int64_t end = (a->out - 1) * a->stride + (a->kernel - 1) * a->dilation + 1 - a->lo;
        if (x->desc.include_pad && end > a->in + a->hi) return 1;
        for (int64_t o = 0; o < a->out; o++) {
            int64_t from, to;
            fvi_pool_inside(a, o, &from, &to);
            if (from == to) return 1;
        }
    }
    return 0;
}

/* The axis along which the window slides, if it is the only one, there is one channel, and at least
 * a vector of elements inside that axis; else -1. */
static int sliding_axis(const average_pool *x) {
    int found = -1;
    for (int i = 0; i < 3; i++) {
        const fvi_pool_axis *a = &x->axis[i];
        if (a->kernel == 1 && a->stride == 1 && a->in == a->out && !a->lo) continue;
        if (found >= 0) return -1;
        found = i;
    }
    return found >= 0 && x->desc.src.dim[1] == 1 && inner_of(x, found) >= VECTOR ? found : -1;
}

/* Makes both primitives; 0 if one is unavailable or slow. */
static int build(fvi_step *s, average_pool *x) {
    fvi_dnnl_engine *b = fvi_step_engine(s);
    if (fvi_step_unavailable(s, fvi_prim_average(b, &x->desc, &x->forward, NULL))) return 0;
    int good = !fvi_prim_is_slow(x->forward);
    if (good && s->backward) {
        fvi_pool_desc d = x->desc;
        d.forward = x->forward;
        d.layout = fvi_prim_layout(x->forward, FVI_DST);
        good = !fvi_step_unavailable(s, fvi_prim_average(b, &d, &x->backward, NULL)) &&
               !fvi_prim_is_slow(x->backward);
    }
    if (good) return 1;
    fvi_prim_free(x->forward);
    fvi_prim_free(x->backward);
    x->forward = x->backward = NULL;
    return 0;
}

static fv_status plan(fvi_step *s, fv_error *err) {
    average_pool *x = s->state = fvi_step_alloc(s, 1, sizeof *x);
    if (!x) return fvi_fail(err, FV_NOMEM, "no memory for a plan");
    fvi_pool_axes(s, &x->window, x->axis);
    x->desc = (fvi_pool_desc){.include_pad = x->window.count_include_pad,
                              .src = *fvi_step_shape(s, 0),
                              .dst = *fvi_step_out_shape(s),
                              .window = &x->window,
                              .layout = s->src[0] ? s->src[0]->layout : NULL};
    x->planes = x->desc.src.dim[0] * x->desc.src.dim[1];
    x->slides = sliding_axis(x);
    int own = x->slides >= 0 || needs_own(x) || !build(s, x);
    fvi_prim *p = x->forward;
    fv_status st = fvi_step_source(s, 0, own ? NULL : x->desc.layout, &x->src, err);
    if (!st) st = fvi_step_make_dst(s, own ? NULL : fvi_prim_layout(p, FVI_DST), err);
    if (st || own) {
        fvi_prim_free(p);
        x->forward = NULL;
        return st;
    }
    fvi_prim_set(p, FVI_SRC, x->src);
    fvi_prim_set(p, FVI_DST, s->dst);
    return fvi_step_add(s, p, err);
}

static fv_status plan_backward(fvi_step *s, fv_error *err) {
    average_pool *x = s->state;
    fvi_prim *p = x->backward;
    if (!s->wanted[0]) return FV_OK;
    fv_status st =
        fvi_step_convert(s, s->ddst, p ? fvi_prim_layout(p, FVI_DIFF_DST) : NULL, &x->ddst, err);
    if (!st) st = fvi_step_make_dsrc(s, 0, p ? fvi_prim_layout(p, FVI_DIFF_SRC) : NULL, err);
    if (st || !p) return st;
    x->backward = NULL; /* the step's from here */
    fvi_prim_set(p, FVI_DIFF_DST, x->ddst);
    fvi_prim_set(p, FVI_DIFF_SRC, s->dsrc[0]);
    return fvi_step_add(s, p, err);
}

static void drop(fvi_step *s) {
    average_pool *x = s->state;
    if (x) fvi_prim_free(x->backward);
}

/* ---- our loops ---- */

/* A window: first and one-past-last kernel positions, the cell under position 0, 1/count. */
typedef struct box {
    int64_t from[3], to[3], at[3];
    double weight;
} box;

static box box_of(const average_pool *x, int64_t j) {
    int64_t o1 = x->axis[1].out, o2 = x->axis[2].out;
    int64_t o[3] = {j / o2 / o1, j / o2 % o1, j % o2}, n = 1;
    box b;
    for (int i = 0; i < 3; i++) {
        fvi_pool_inside(&x->axis[i], o[i], &b.from[i], &b.to[i]);
        b.at[i] = o[i] * x->axis[i].stride - x->axis[i].lo;
        n *= fvi_pool_counted(&x->axis[i], o[i], x->desc.include_pad);
    }
    b.weight = n ? 1.0 / (double)n : 0;
    return b;
}

/* Cell of the plane under kernel position (a, b, c). */
static int64_t cell(const average_pool *x, const box *w, int64_t a, int64_t b, int64_t c) {
    const fvi_pool_axis *ax = x->axis;
    return ((w->at[0] + a * ax[0].dilation) * ax[1].in + w->at[1] + b * ax[1].dilation) * ax[2].in +
           w->at[2] + c * ax[2].dilation;
}

static fv_status forward(const fvi_step *s) {
    const average_pool *x = s->state;
    if (x->forward) return fvi_step_run(s, 0);
    if (x->slides >= 0) {
        fvi_average_axis(&x->axis[x->slides], x->desc.include_pad, outer_of(x, x->slides),
                         inner_of(x, x->slides), x->src->data, s->dst->data);
        return FV_OK;
    }
    int64_t in = x->axis[0].in * x->axis[1].in * x->axis[2].in;
    int64_t out = x->axis[0].out * x->axis[1].out * x->axis[2].out;
    float *dst = s->dst->data;
#pragma omp parallel for schedule(static)
    for (int64_t p = 0; p < x->planes; p++) {
        const float *src = (const float *)x->src->data + p * in;
        for (int64_t j = 0; j < out; j++) {
            box w = box_of(x, j);
            double sum = 0;
            for (int64_t a = w.from[0]; a < w.to[0]; a++)
                for (int64_t b = w.from[1]; b < w.to[1]; b++)
                    for (int64_t c = w.from[2]; c < w.to[2]; c++) sum += src[cell(x, &w, a, b, c)];
            dst[p * out + j] = (float)(sum * w.weight);
        }
    }
    return FV_OK;
}

static fv_status backward(const fvi_step *s) {
    const average_pool *x = s->state;
    if (x->forward) return fvi_step_run(s, 1);
    if (!s->wanted[0]) return FV_OK;
    if (x->slides >= 0) {
        fvi_average_axis_adjoint(&x->axis[x->slides], x->desc.include_pad, outer_of(x, x->slides),
                                 inner_of(x, x->slides), x->ddst->data, s->dsrc[0]->data);
        return FV_OK;
    }
    int64_t in = x->axis[0].in * x->axis[1].in * x->axis[2].in;
    int64_t out = x->axis[0].out * x->axis[1].out * x->axis[2].out;
    const float *ddst = x->ddst->data;
#pragma omp parallel for schedule(static)
    for (int64_t p = 0; p < x->planes; p++) {
        float *dsrc = (float *)s->dsrc[0]->data + p * in;
        memset(dsrc, 0, (size_t)in * sizeof *dsrc);
        for (int64_t j = 0; j < out; j++) {
            box w = box_of(x, j);
            float g = (float)(ddst[p * out + j] * w.weight);
            for (int64_t a = w.from[0]; a < w.to[0]; a++)
                for (int64_t b = w.from[1]; b < w.to[1]; b++)
                    for (int64_t c = w.from[2]; c < w.to[2]; c++) dsrc[cell(x, &w, a, b, c)] += g;
        }
    }
    return FV_OK;
}

const fvi_op fvi_op_average_pool = {"AveragePool", NULL,     plan, plan_backward,
                                    forward,       backward, drop};
