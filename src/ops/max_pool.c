/* SPDX-License-Identifier: Apache-2.0 */
/* max_pool: dst = the largest src under the window; padding never counts, and a window without any
 * input cell gives 0. Backward hands each output's gradient to the cell it came from, the first one
 * of equals. pool.c says when these loops run instead of oneDNN's.
 */
#include <string.h>

#include "ops/loops.h"
#include "ops/pool.h"

/* The largest value under window (o) of one plane, and where it is (-1: nowhere). */
static float largest(const fvi_pooling *x, const float *src, const int64_t o[3], int32_t *where) {
    int64_t from[3], to[3], at[3];
    float best = 0;
    *where = -1;
    for (int i = 0; i < 3; i++) {
        fvi_pool_taps(&x->axis[i], o[i], &from[i], &to[i]);
        at[i] = o[i] * x->axis[i].stride - x->axis[i].lo;
    }
    for (int64_t a = from[0]; a < to[0]; a++)
        for (int64_t b = from[1]; b < to[1]; b++) {
            int64_t row = ((at[0] + a * x->axis[0].dilation) * x->axis[1].in + at[1] +
                           b * x->axis[1].dilation) *
                          x->axis[2].in;
            for (int64_t c = from[2]; c < to[2]; c++) {
                int64_t i = row + at[2] + c * x->axis[2].dilation;
                if (*where >= 0 && !(src[i] > best)) continue;
                best = src[i];
                *where = (int32_t)i;
            }
        }
    return best;
}

static fv_status forward(const fvi_step *s) {
    const fvi_pooling *x = s->state;
    if (!x->own) return fvi_step_run(s, 0);
    int64_t in = x->axis[0].in * x->axis[1].in * x->axis[2].in;
    int64_t o1 = x->axis[1].out, o2 = x->axis[2].out, out = x->axis[0].out * o1 * o2;
    const float *src = x->src->data;
    float *dst = s->dst->data;
    int32_t *saved = x->saved ? x->saved->data : NULL;
#pragma omp parallel for schedule(static)
    for (int64_t p = 0; p < x->planes; p++)
        for (int64_t j = 0; j < out; j++) {
            int64_t o[3] = {j / o2 / o1, j / o2 % o1, j % o2};
            int32_t where;
            dst[p * out + j] = largest(x, src + p * in, o, &where);
            if (saved) saved[p * out + j] = where;
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
    const int32_t *saved = x->saved->data;
    float *dsrc = s->dsrc[0]->data;
#pragma omp parallel for schedule(static)
    for (int64_t p = 0; p < x->planes; p++) {
        memset(dsrc + p * in, 0, (size_t)in * sizeof *dsrc);
        for (int64_t j = p * out; j < (p + 1) * out; j++)
            if (saved[j] >= 0) dsrc[p * in + saved[j]] += ddst[j];
    }
    return FV_OK;
}

static fv_status plan(fvi_step *s, fv_error *err) { return fvi_pooling_plan(s, 0, err); }

const fvi_op fvi_op_max_pool = {
    "MaxPool", NULL, plan, fvi_pooling_plan_backward, forward, backward, fvi_pooling_drop};
