/* SPDX-License-Identifier: Apache-2.0 */
/* layer norm: over the axes from `axis` on, rows of m numbers, each row
 *   h = (x - mean) r,  r = 1 / sqrt(variance + epsilon),  dst = h scale + shift
 * backward, with q = ddst scale:
 *   dx = r (q - mean(q) - h mean(q h)),  dscale = sum of ddst h,  dshift = sum of ddst over rows
 * Mean and variance are summed in double, in two passes; each row is computed by one thread.
 * scale and shift have the row's size or one number, or are absent; a format's reader writes any
 * other broadcasting as nodes of its own. */
#include <math.h>

#include "backend/onednn/kernels/strided_loops.h"
#include "backend/onednn/schedule/step.h"
#include "base/error.h"

typedef struct norm_state {
    fvi_buffer *src, *scale, *shift, *ddst;
    fvi_buffer *stats; /* [rows][2] mean and r, kept for backward */
    int64_t rows, m;
    int64_t scale_step, shift_step; /* 1, or 0 for a single number */
} norm_state;

/* The buffer of an optional parameter; out stays NULL if it is absent. */
static fv_status parameter(fvi_step *s, int i, int64_t m, fvi_buffer **out, int64_t *step,
                           fv_error *err) {
    const fvi_shape *shape = i < s->n_in ? fvi_step_shape(s, i) : NULL;
    if (!shape) return FV_OK;
    int64_t n = fvi_shape_count(shape);
    if (n != m && n != 1)
        return fvi_fail(err, FV_SHAPE, "%s of %lld numbers for rows of %lld",
                        i == 1 ? "a scale" : "a shift", (long long)n, (long long)m);
    *step = n == m;
    return fvi_step_source(s, i, NULL, out, err);
}

static fv_status plan(fvi_step *s, fv_error *err) {
    norm_state *x = s->state = fvi_step_alloc(s, 1, sizeof *x);
    if (!x) return fvi_fail(err, FV_NOMEM, "no memory for a plan");
    const fvi_shape *in = fvi_step_shape(s, 0);
    int axis = s->node->a.norm.axis;
    x->rows = fvi_shape_product(in, 0, axis);
    x->m = fvi_shape_product(in, axis, in->ndim);
    fv_status st = fvi_step_source(s, 0, NULL, &x->src, err);
    if (!st) st = parameter(s, 1, x->m, &x->scale, &x->scale_step, err);
    if (!st) st = parameter(s, 2, x->m, &x->shift, &x->shift_step, err);
    size_t bytes = (size_t)x->rows * 2 * sizeof(float);
    if (!st)
        st = s->backward ? fvi_step_saved_bytes(s, bytes, &x->stats, err)
                         : fvi_step_temp_bytes(s, bytes, &x->stats, err);
    return st ? st : fvi_step_make_dst(s, NULL, err);
}

/* Mean and 1 / sqrt(variance + epsilon) of a row. */
static void row_stats(const float *src, int64_t m, double epsilon, float stats[2]) {
    double sum = 0, square = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < m; i++) sum += src[i];
    double mean = sum / (double)m;
#pragma omp simd reduction(+ : square)
    for (int64_t i = 0; i < m; i++) square += (src[i] - mean) * (src[i] - mean);
    stats[0] = (float)mean;
    stats[1] = (float)(1 / sqrt(square / (double)m + epsilon));
}

/* Scale and shift of a row, and the steps from element to element in them. */
typedef struct affine {
    const float *scale, *shift;
    int64_t scale_step, shift_step;
} affine;

static void row_forward(const float *restrict src, const float *stats, const affine *p,
                        float *restrict dst, int64_t m) {
    const float mean = stats[0], r = stats[1], *scale = p->scale, *shift = p->shift;
    const int64_t scale_step = p->scale_step, shift_step = p->shift_step;
    if (scale_step == 1 && shift_step == 1) {
#pragma omp simd
        for (int64_t i = 0; i < m; i++) dst[i] = (src[i] - mean) * r * scale[i] + shift[i];
    } else {
#pragma omp simd
        for (int64_t i = 0; i < m; i++)
            dst[i] = (src[i] - mean) * r * scale[i * scale_step] + shift[i * shift_step];
    }
}

static const float one = 1, zero = 0;

static fv_status forward(const fvi_step *s) {
    const norm_state *x = s->state;
    const float *src = x->src->data;
    float *dst = s->dst->data, *stats = x->stats->data;
    const affine p = {x->scale ? x->scale->data : &one, x->shift ? x->shift->data : &zero,
                      x->scale_step, x->shift_step};
    int64_t m = x->m;
#pragma omp parallel for schedule(static) if (x->rows * m > FVI_PARALLEL_MIN)
    for (int64_t k = 0; k < x->rows; k++) {
        row_stats(src + k * m, m, s->node->a.norm.epsilon, stats + 2 * k);
        row_forward(src + k * m, stats + 2 * k, &p, dst + k * m, m);
    }
    return FV_OK;
}

static fv_status plan_backward(fvi_step *s, fv_error *err) {
    norm_state *x = s->state;
    fv_status st = fvi_step_source(s, 0, NULL, &x->src, err);
    if (!st && x->scale) st = fvi_step_source(s, 1, NULL, &x->scale, err);
    if (!st) st = fvi_step_convert(s, s->ddst, NULL, &x->ddst, err);
    for (int i = 0; i < s->n_in && !st; i++)
        if (s->wanted[i]) st = fvi_step_make_dsrc(s, i, NULL, err);
    return st;
}

static void row_backward(const float *restrict src, const float *stats, const float *scale,
                         int64_t step, const float *restrict g, float *restrict dx, int64_t m) {
    double sum = 0, dot = 0;
    float mean = stats[0], r = stats[1];
#pragma omp simd reduction(+ : sum, dot)
    for (int64_t i = 0; i < m; i++) {
        float q = g[i] * scale[i * step];
        sum += q;
        dot += (double)q * ((src[i] - mean) * r);
    }
    float mq = (float)(sum / (double)m), mqh = (float)(dot / (double)m);
#pragma omp simd
    for (int64_t i = 0; i < m; i++)
        dx[i] = r * (g[i] * scale[i * step] - mq - (src[i] - mean) * r * mqh);
}

/* Gradients of scale and shift, where wanted: column by column over all rows. */
static void parameters_backward(const fvi_step *s, const norm_state *x) {
    const float *src = x->src->data, *g = x->ddst->data, *stats = x->stats->data;
    float *out[2] = {s->n_in > 1 && s->wanted[1] ? s->dsrc[1]->data : NULL,
                     s->n_in > 2 && s->wanted[2] ? s->dsrc[2]->data : NULL};
    int64_t step[2] = {x->scale_step, x->shift_step};
    double whole[2] = {0, 0};
    for (int64_t i = 0; (out[0] || out[1]) && i < x->m; i++) {
        double sum[2] = {0, 0};
        for (int64_t k = 0; k < x->rows; k++) {
            double d = g[k * x->m + i], mean = stats[2 * k];
            sum[0] += d * (src[k * x->m + i] - mean) * stats[2 * k + 1];
            sum[1] += d;
        }
        for (int j = 0; j < 2; j++) {
            whole[j] += sum[j];
            if (out[j] && step[j]) out[j][i] = (float)sum[j];
        }
    }
    for (int j = 0; j < 2; j++)
        if (out[j] && !step[j]) out[j][0] = (float)whole[j];
}

static fv_status backward(const fvi_step *s) {
    const norm_state *x = s->state;
    const float *src = x->src->data, *g = x->ddst->data, *stats = x->stats->data;
    const float *scale = x->scale ? x->scale->data : &one;
    int64_t m = x->m;
    if (s->wanted[0]) {
        float *dx = s->dsrc[0]->data;
#pragma omp parallel for schedule(static) if (x->rows * m > FVI_PARALLEL_MIN)
        for (int64_t k = 0; k < x->rows; k++)
            row_backward(src + k * m, stats + 2 * k, scale, x->scale_step, g + k * m, dx + k * m,
                         m);
    }
    parameters_backward(s, x);
    return FV_OK;
}

const fvi_op fvi_op_layer_norm = {
    "LayerNormalization", NULL, plan, plan_backward, forward, backward, NULL};
