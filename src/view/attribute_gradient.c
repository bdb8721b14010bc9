/* SPDX-License-Identifier: Apache-2.0 */
/* Attribution by gradients at the input. With x the network's input, f the objective, g its
 * gradient, c a channel:
 *
 *   gradient        max_c |g_c(x)|      Simonyan, Vedaldi and Zisserman 2014, arXiv:1312.6034
 *   input gradient  sum_c x_c g_c(x)    Shrikumar et al. 2016, arXiv:1605.01713
 *   SmoothGrad      max_c |mean over n of g_c(x + noise)|, noise normal with a deviation of
 *                   sd (max x - min x)  Smilkov et al. 2017, arXiv:1706.03825
 *   integrated      sum_c (x_c - x0_c) integral over t in 0..1 of g_c(x0 + t (x - x0))
 *                                       Sundararajan, Taly and Yan 2017, arXiv:1703.01365
 *   guided          max_c |g_c(x)|, where ReLUs pass positive gradients only (ops/redirect.c)
 *                                       Springenberg et al. 2015, arXiv:1412.6806
 *
 * The integral is taken by Gauss and Legendre's rule. By the fundamental theorem its map sums up to
 * f(x) - f(x0); how far it misses is reported, and, unless the number of points is given, they are
 * doubled until it is below 1 %.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/random.h"
#include "base/tensor.h"
#include "view/attribute.h"

#define FIRST_STEPS 50
#define MOST_STEPS  400
#define GAP         0.01

/* Makes the map, and the parts from numbers that lie as a network's input does.
 *   sum  1: the sum of the channels; 0: the largest magnitude */
static fv_status make_map(const fvi_probe *p, const float *numbers, int sum, fv_attribution *a,
                          fv_error *err) {
    fv_status st = fvi_tensor_new(&(fvi_shape){3, {p->channels, p->h, p->w}}, &a->parts, err);
    if (!st) st = fvi_tensor_new(&(fvi_shape){2, {p->h, p->w}}, &a->map, err);
    if (st) return st;
    for (int64_t i = 0; i < p->plane; i++) {
        double all = 0;
        for (int c = 0; c < p->channels; c++) {
            float v = numbers[fvi_probe_at(p, c, i)];
            a->parts->data[c * p->plane + i] = v;
            all = sum ? all + v : fmax(all, fabs((double)v));
        }
        a->map->data[i] = (float)all;
    }
    return FV_OK;
}

/* ---- one run -------------------------------------------------------------------------------- */

static fv_status run_once(fvi_probe *p, int flags, fv_attribution *a, fv_error *err) {
    p->total = 1;
    fv_status st = fvi_probe_run_picture(p, flags, err);
    a->value = p->values[0];
    return st;
}

static fv_status run_gradient(fvi_probe *p, const fv_attribute_desc *d, fv_attribution *a,
                              fv_error *err) {
    (void)d;
    fv_status st = run_once(p, FVI_PLAN_BACKWARD, a, err);
    return st ? st : make_map(p, p->dx, 0, a, err);
}

static fv_status run_guided(fvi_probe *p, const fv_attribute_desc *d, fv_attribution *a,
                            fv_error *err) {
    (void)d;
    fv_status st = run_once(p, FVI_PLAN_BACKWARD | FVI_PLAN_GUIDED, a, err);
    return st ? st : make_map(p, p->dx, 0, a, err);
}

static fv_status run_input_gradient(fvi_probe *p, const fv_attribute_desc *d, fv_attribution *a,
                                    fv_error *err) {
    (void)d;
    fv_status st = run_once(p, FVI_PLAN_BACKWARD, a, err);
    for (int64_t i = 0; !st && i < p->count; i++) p->dx[i] *= p->picture[i];
    return st ? st : make_map(p, p->dx, 1, a, err);
}

/* ---- SmoothGrad ----------------------------------------------------------------------------- */

/* Adds weight[i] times the gradient of copy i to the sums, for n copies. */
static void add_gradients(const fvi_probe *p, int n, const double *weight, double *sum) {
    for (int k = 0; k < n; k++)
        for (int64_t i = 0; i < p->count; i++) sum[i] += weight[k] * p->dx[k * p->count + i];
}

/* One noisy copy; its noise is its own, whatever batch it is in. */
static void add_noise(const fvi_probe *p, uint64_t seed, int copy, float sd, float *x) {
    fvi_random r = fvi_random_stream(seed, 1 + (uint64_t)copy, 0, FVI_DRAW_NOISE);
    fvi_random_normals(&r, p->count, x);
    for (int64_t i = 0; i < p->count; i++) x[i] = p->picture[i] + sd * x[i];
}

static float range_of(const float *x, int64_t n) {
    float low = x[0], high = x[0];
    for (int64_t i = 1; i < n; i++) {
        low = fminf(low, x[i]);
        high = fmaxf(high, x[i]);
    }
    return high - low;
}

static fv_status run_smoothgrad(fvi_probe *p, const fv_attribute_desc *d, fv_attribution *a,
                                fv_error *err) {
    const float sd = d->sd * range_of(p->picture, p->count);
    double *sum = calloc((size_t)p->count, sizeof *sum),
           *ones = calloc((size_t)p->batch, sizeof *ones);
    fv_status st = sum && ones ? FV_OK : fvi_fail(err, FV_NOMEM, "out of memory");
    for (int i = 0; !st && i < p->batch; i++) ones[i] = 1;
    p->total = 1 + d->samples;
    if (!st) st = fvi_probe_run_picture(p, 0, err);
    if (!st) a->value = p->values[0];
    for (int done = 0; !st && done < d->samples && !(p->stopped && done); done += p->batch) {
        const int n = d->samples - done < p->batch ? d->samples - done : p->batch;
#pragma omp parallel for schedule(static)
        for (int k = 0; k < n; k++) add_noise(p, d->seed, done + k, sd, p->x + k * p->count);
        st = fvi_probe_run(p, n, FVI_PLAN_BACKWARD, err);
        if (st) break;
        add_gradients(p, n, ones, sum);
        a->steps += n;
    }
    for (int64_t i = 0; !st && i < p->count; i++) p->dx[i] = (float)(sum[i] / a->steps);
    if (!st) st = make_map(p, p->dx, 0, a, err);
    free(sum);
    free(ones);
    return st;
}

/* ---- integrated gradients ------------------------------------------------------------------- */

void fvi_gauss_legendre(int n, double *node, double *weight) {
    const double pi = 3.14159265358979323846;
    for (int i = 0; i < n; i++) {
        double x = cos(pi * (i + 0.75) / (n + 0.5)), slope = 1; /* close to the root; then Newton */
        for (int round = 0; round < 100; round++) {
            double p0 = 1, p1 = x; /* Legendre's polynomials of degree k - 1 and k, at x */
            for (int k = 2; k <= n; k++) {
                double p2 = ((2 * k - 1) * x * p1 - (k - 1) * p0) / k;
                p0 = p1;
                p1 = p2;
            }
            slope = n * (x * p1 - p0) / (x * x - 1);
            double step = p1 / slope;
            x -= step;
            if (fabs(step) < 1e-15) break;
        }
        node[i] = (1 - x) / 2;
        weight[i] = 1 / ((1 - x * x) * slope * slope);
    }
}

typedef struct path {
    const float *from; /* [count] the baseline */
    double *node, *weight, *sum;
} path;

/* The integral of the gradients, by so many points, into sum [count]. */
static fv_status integrate(fvi_probe *p, const path *w, int steps, fv_error *err) {
    fvi_gauss_legendre(steps, w->node, w->weight);
    memset(w->sum, 0, (size_t)p->count * sizeof *w->sum);
    for (int done = 0; done < steps; done += p->batch) {
        const int n = steps - done < p->batch ? steps - done : p->batch;
        for (int k = 0; k < n; k++) {
            float *x = p->x + k * p->count;
            const float t = (float)w->node[done + k];
            for (int64_t i = 0; i < p->count; i++)
                x[i] = w->from[i] + t * (p->picture[i] - w->from[i]);
        }
        fv_status st = fvi_probe_run(p, n, FVI_PLAN_BACKWARD, err);
        if (st) return st;
        if (p->stopped) return fvi_fail(err, FV_CANCELLED, "stopped before there was a map");
        add_gradients(p, n, w->weight + done, w->sum);
    }
    return FV_OK;
}

/* How far the map's sum is from the objective's difference, as a share of it. */
static double gap_of(const fvi_probe *p, const path *w, double difference) {
    double sum = 0;
    for (int64_t i = 0; i < p->count; i++)
        sum += w->sum[i] * ((double)p->picture[i] - (double)w->from[i]);
    if (difference == 0) return sum == 0 ? 0 : INFINITY;
    return fabs(sum - difference) / fabs(difference);
}

static fv_status integrate_until(fvi_probe *p, const path *w, const fv_attribute_desc *d,
                                 fv_attribution *a, fv_error *err) {
    memcpy(p->x, p->picture, (size_t)p->count * sizeof *p->x);
    p->total = 2 + (d->steps ? d->steps : FIRST_STEPS);
    fv_status st = fvi_probe_run(p, 1, 0, err);
    a->value = p->values[0];
    memcpy(p->x, w->from, (size_t)p->count * sizeof *p->x);
    if (!st) st = fvi_probe_run(p, 1, 0, err);
    a->baseline = p->values[0];
    for (a->steps = d->steps ? d->steps : FIRST_STEPS; !st; a->steps *= 2) {
        p->total = p->done + a->steps;
        st = integrate(p, w, a->steps, err);
        if (st) break;
        a->gap = gap_of(p, w, a->value - a->baseline);
        if (d->steps || a->gap < GAP || a->steps >= MOST_STEPS) break;
    }
    return st;
}

static fv_status run_integrated(fvi_probe *p, const fv_attribute_desc *d, fv_attribution *a,
                                fv_error *err) {
    const size_t most = (size_t)(d->steps ? d->steps : MOST_STEPS);
    float *from = malloc((size_t)p->count * sizeof *from);
    path w = {.from = from,
              .node = calloc(most, sizeof *w.node),
              .weight = calloc(most, sizeof *w.weight),
              .sum = calloc((size_t)p->count, sizeof *w.sum)};
    fv_status st = FV_OK;
    if (!from || !w.node || !w.weight || !w.sum) st = fvi_fail(err, FV_NOMEM, "out of memory");
    if (!st) st = fvi_baseline_fill(p, d->baseline, d->baseline_input, d->seed, from, err);
    if (!st) st = integrate_until(p, &w, d, a, err);
    for (int64_t i = 0; !st && i < p->count; i++)
        p->dx[i] = (float)(w.sum[i] * ((double)p->picture[i] - (double)from[i]));
    if (!st) st = make_map(p, p->dx, 1, a, err);
    free(from);
    free(w.node);
    free(w.weight);
    free(w.sum);
    return st;
}

/* ---- the methods ---------------------------------------------------------------------------- */

const fvi_method fvi_method_gradient = {{FV_METHOD_GRADIENT, "gradient", "Gradient", 0, 1},
                                        run_gradient};
const fvi_method fvi_method_input_gradient = {
    {FV_METHOD_INPUT_GRADIENT, "input-gradient", "Input x gradient", 1, 1}, run_input_gradient};
const fvi_method fvi_method_smoothgrad = {{FV_METHOD_SMOOTHGRAD, "smoothgrad", "SmoothGrad", 0, 1},
                                          run_smoothgrad};
const fvi_method fvi_method_integrated = {
    {FV_METHOD_INTEGRATED, "integrated", "Integrated gradients", 1, 1}, run_integrated};
const fvi_method fvi_method_guided = {{FV_METHOD_GUIDED, "guided", "Guided backpropagation", 0, 1},
                                      run_guided};
