/* SPDX-License-Identifier: Apache-2.0 */
/* average_pool: dst = mean of src under the window: over the input cells in it, or, with
 * count_include_pad, over those and the cells of the padding (but never over cells beyond it).
 * A window without anything to count gives 0. pool.c says when these loops run instead of oneDNN's.
 */
#include <string.h>

#include "ops/loops.h"
#include "ops/pool.h"

/* How many cells of window o along one axis count. */
static int64_t counted(const fvi_pool_axis *a, int64_t o, int include_pad) {
    fvi_pool_axis padded = *a;
    int64_t from, to;
    if (include_pad) { /* the padding as if it were input */
        padded.in += a->lo + a->hi;
        padded.lo = 0;
    }
    fvi_pool_taps(&padded, o, &from, &to);
    return to - from;
}

/* The window (o): first and one-past-last taps, the plane's cell under tap 0, 1/count. */
typedef struct box {
    int64_t from[3], to[3], at[3];
    double weight;
} box;

static box box_of(const fvi_pooling *x, int64_t j) {
    int64_t o1 = x->axis[1].out, o2 = x->axis[2].out;
    int64_t o[3] = {j / o2 / o1, j / o2 % o1, j % o2}, n = 1;
    box b;
    for (int i = 0; i < 3; i++) {
        fvi_pool_taps(&x->axis[i], o[i], &b.from[i], &b.to[i]);
        b.at[i] = o[i] * x->axis[i].stride - x->axis[i].lo;
        n *= counted(&x->axis[i], o[i], x->desc.include_pad);
    }
    b.weight = n ? 1.0 / (double)n : 0;
    return b;
}

/* Cell of the plane under taps (a, b, c). */
static int64_t cell(const fvi_pooling *x, const box *w, int64_t a, int64_t b, int64_t c) {
    const fvi_pool_axis *ax = x->axis;
    return ((w->at[0] + a * ax[0].dilation) * ax[1].in + w->at[1] + b * ax[1].dilation) * ax[2].in +
           w->at[2] + c * ax[2].dilation;
}

static fv_status forward(const fvi_step *s) {
    const fvi_pooling *x = s->state;
    if (!x->own) return fvi_step_run(s, 0);
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
    const fvi_pooling *x = s->state;
    if (!x->own) return fvi_step_run(s, 1);
    if (!s->wanted[0]) return FV_OK;
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

static fv_status plan(fvi_step *s, fv_error *err) { return fvi_pooling_plan(s, 1, err); }

const fvi_op fvi_op_average_pool = {
    "AveragePool", NULL, plan, fvi_pooling_plan_backward, forward, backward, fvi_pooling_drop};
