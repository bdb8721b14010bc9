/* SPDX-License-Identifier: Apache-2.0 */
/* group norm: the channels of a sample in `groups` groups, each group made zero mean, unit
 * variance: h = (x - mean) r,  r = 1 / sqrt(variance + epsilon),  dst = h scale[c] + shift[c]
 * backward, with q = ddst scale[c] and means over the group:
 *   dx = r (q - mean(q) - h mean(q h)),  dscale[c] = sum of ddst h,  dshift[c] = sum of ddst
 * (instance norm: as many groups as channels). Sums are computed in double, first in parallel, each
 * over one channel of one sample, then over the channels of a group in order: the result depends
 * neither on the threads nor on the batch. */
#include <math.h>

#include "backend/onednn/kernels/strided_loops.h"
#include "backend/onednn/schedule/step.h"
#include "base/error.h"

typedef struct group_state {
    fvi_buffer *src, *scale, *shift, *ddst;
    fvi_buffer *stats;           /* [n][groups][2] mean and r, doubles, kept for backward */
    fvi_buffer *sums;            /* [n][c][2] sums of a plane, doubles */
    fvi_buffer *sums2;           /* the same, backward */
    int64_t n, c, groups, plane; /* plane: elements of one channel of one sample */
} group_state;

static fv_status plan(fvi_step *s, fv_error *err) {
    group_state *x = s->state = fvi_step_alloc(s, 1, sizeof *x);
    if (!x) return fvi_fail(err, FV_NOMEM, "no memory for a plan");
    const fvi_shape *in = fvi_step_shape(s, 0);
    x->n = in->dim[0];
    x->c = in->dim[1];
    x->groups = s->node->a.norm.groups;
    x->plane = fvi_shape_product(in, 2, in->ndim);
    if (x->groups < 1 || x->c % x->groups)
        return fvi_fail(err, FV_SHAPE, "%lld channels do not make %lld groups", (long long)x->c,
                        (long long)x->groups);
    for (int i = 1; i < 3; i++)
        if (fvi_shape_count(fvi_step_shape(s, i)) != x->c)
            return fvi_fail(err, FV_SHAPE, "%s of %lld numbers for %lld channels",
                            i == 1 ? "a scale" : "a shift",
                            (long long)fvi_shape_count(fvi_step_shape(s, i)), (long long)x->c);
    size_t bytes = (size_t)(x->n * x->groups) * 2 * sizeof(double);
    fv_status st = fvi_step_source(s, 0, NULL, &x->src, err);
    if (!st) st = fvi_step_source(s, 1, NULL, &x->scale, err);
    if (!st) st = fvi_step_source(s, 2, NULL, &x->shift, err);
    if (!st)
        st = s->backward ? fvi_step_saved_bytes(s, bytes, &x->stats, err)
                         : fvi_step_temp_bytes(s, bytes, &x->stats, err);
    bytes = (size_t)(x->n * x->c) * 2 * sizeof(double);
    if (!st) st = fvi_step_temp_bytes(s, bytes, &x->sums, err);
    return st ? st : fvi_step_make_dst(s, NULL, err);
}

/* Adds sums[..][which] over the channels of each group and divides by the group's size. */
static void group_means(const group_state *x, const double *sums, int which, double *mean) {
    int64_t each = x->c / x->groups;
    for (int64_t k = 0; k < x->n * x->groups; k++) {
        double a = 0;
        for (int64_t j = k * each; j < (k + 1) * each; j++) a += sums[2 * j + which];
        mean[2 * k + which] = a / (double)(each * x->plane);
    }
}

static double plane_sum(const float *src, int64_t n) {
    double a = 0;
#pragma omp simd reduction(+ : a)
    for (int64_t i = 0; i < n; i++) a += src[i];
    return a;
}

static double plane_square(const float *src, double mean, int64_t n) {
    double a = 0;
#pragma omp simd reduction(+ : a)
    for (int64_t i = 0; i < n; i++) a += (src[i] - mean) * (src[i] - mean);
    return a;
}

static fv_status forward(const fvi_step *s) {
    const group_state *x = s->state;
    const float *src = x->src->data, *scale = x->scale->data, *shift = x->shift->data;
    float *dst = s->dst->data;
    double *stats = x->stats->data, *sums = x->sums->data;
    int64_t planes = x->n * x->c, m = x->plane, each = x->c / x->groups;
    int big = planes * m > FVI_PARALLEL_MIN;
#pragma omp parallel for schedule(static) if (big)
    for (int64_t j = 0; j < planes; j++) sums[2 * j] = plane_sum(src + j * m, m);
    group_means(x, sums, 0, stats);
#pragma omp parallel for schedule(static) if (big)
    for (int64_t j = 0; j < planes; j++)
        sums[2 * j + 1] = plane_square(src + j * m, stats[j / each * 2], m);
    group_means(x, sums, 1, stats);
    for (int64_t k = 0; k < x->n * x->groups; k++)
        stats[2 * k + 1] = 1 / sqrt(stats[2 * k + 1] + s->node->a.norm.epsilon);
#pragma omp parallel for schedule(static) if (big)
    for (int64_t j = 0; j < planes; j++) {
        const double *st = stats + j / each * 2;
        float mean = (float)st[0], a = (float)(st[1] * scale[j % x->c]), b = shift[j % x->c];
#pragma omp simd
        for (int64_t i = j * m; i < (j + 1) * m; i++) dst[i] = (src[i] - mean) * a + b;
    }
    return FV_OK;
}

static fv_status plan_backward(fvi_step *s, fv_error *err) {
    group_state *x = s->state;
    fv_status st = fvi_step_source(s, 0, NULL, &x->src, err);
    if (!st) st = fvi_step_source(s, 1, NULL, &x->scale, err);
    if (!st) st = fvi_step_convert(s, s->ddst, NULL, &x->ddst, err);
    if (!st)
        st = fvi_step_temp_bytes(s, (size_t)(x->n * (x->c + x->groups)) * 2 * sizeof(double),
                                 &x->sums2, err);
    for (int i = 0; i < s->n_in && !st; i++)
        if (s->wanted[i]) st = fvi_step_make_dsrc(s, i, NULL, err);
    return st;
}

/* sums[0] = sum of g, sums[1] = sum of g h over a plane. */
static void plane_products(const float *src, const float *g, const double *stats, int64_t n,
                           double *sums) {
    double a = 0, b = 0;
    float mean = (float)stats[0];
#pragma omp simd reduction(+ : a, b)
    for (int64_t i = 0; i < n; i++) {
        a += g[i];
        b += (double)g[i] * (src[i] - mean);
    }
    sums[0] = a;
    sums[1] = b * stats[1];
}

/* Sums over the batch of the planes' products, for the gradient of a scale or shift. */
static void parameter_backward(const group_state *x, const double *sums, int which, float *out) {
    for (int64_t c = 0; c < x->c; c++) {
        double a = 0;
        for (int64_t k = 0; k < x->n; k++) a += sums[2 * (k * x->c + c) + which];
        out[c] = (float)a;
    }
}

static fv_status backward(const fvi_step *s) {
    const group_state *x = s->state;
    const float *src = x->src->data, *scale = x->scale->data, *g = x->ddst->data;
    const double *stats = x->stats->data;
    int64_t planes = x->n * x->c, m = x->plane, each = x->c / x->groups;
    double *sums = x->sums2->data, *mean = sums + 2 * planes;
    int big = planes * m > FVI_PARALLEL_MIN;
#pragma omp parallel for schedule(static) if (big)
    for (int64_t j = 0; j < planes; j++)
        plane_products(src + j * m, g + j * m, stats + j / each * 2, m, sums + 2 * j);
    if (s->wanted[1]) parameter_backward(x, sums, 1, s->dsrc[1]->data);
    if (s->wanted[2]) parameter_backward(x, sums, 0, s->dsrc[2]->data);
    if (!s->wanted[0]) return FV_OK;
    for (int64_t j = 0; j < planes; j++) {
        sums[2 * j] *= scale[j % x->c];
        sums[2 * j + 1] *= scale[j % x->c];
    }
    group_means(x, sums, 0, mean);
    group_means(x, sums, 1, mean);
    float *dx = s->dsrc[0]->data;
#pragma omp parallel for schedule(static) if (big)
    for (int64_t j = 0; j < planes; j++) {
        int64_t k = j / each * 2;
        float mu = (float)stats[k], r = (float)stats[k + 1], q = r * scale[j % x->c];
        float mq = r * (float)mean[k], mqh = r * r * (float)mean[k + 1];
#pragma omp simd
        for (int64_t i = j * m; i < (j + 1) * m; i++) dx[i] = g[i] * q - mq - (src[i] - mu) * mqh;
    }
    return FV_OK;
}

const fvi_op fvi_op_group_norm = {
    "GroupNormalization", NULL, plan, plan_backward, forward, backward, NULL};
