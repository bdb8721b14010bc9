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
 *   guided          max_c |g_c(x)|, where ReLUs pass positive gradients only
 * (backend/onednn/kernels/relu_backward.c) Springenberg et al. 2015, arXiv:1412.6806
 *
 * If the number of points is given, the integral is computed by Gauss-Legendre quadrature. Else the
 * path is cut into pieces. Over a piece the integral of <g, x - x0> is known from the objective at
 * its ends; where the gradient in the middle misses that by more than PIECE_MISS, the piece is cut
 * in two, until all are good or MOST_RUNS gradients were computed. Paths need it: from black, most
 * networks change their mind within a few hundredths of it, at the dark end, and stay.
 * How far the whole sum misses f(x) - f(x0) is reported either way.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/random.h"
#include "base/tensor.h"
#include "inspect/attribution/attribute.h"
#include "inspect/attribution/baseline.h"

#define FIRST_PIECES 16
#define MOST_RUNS    1000  /* gradients */
#define PIECE_MISS   0.001 /* of f(x) - f(x0), of one piece */
#define GAP          0.01  /* the same of the whole */
#define TRIES        3

/* Makes the map and the parts from numbers in the layout of the network's input.
 *   sum  1: the sum of the channels; 0: the largest magnitude */
static fv_status make_map(const fvi_perturbation *p, const float *numbers, int sum,
                          fv_attribution *a, fv_error *err) {
    const fvi_shape shape = fvi_perturbation_map_shape(p);
    fvi_shape parts = {.ndim = 1 + shape.ndim, .dim = {p->channels}};
    memcpy(parts.dim + 1, shape.dim, (size_t)shape.ndim * sizeof *shape.dim);
    fv_status st = fvi_tensor_new(&parts, &a->parts, err);
    if (!st) st = fvi_tensor_new(&shape, &a->map, err);
    if (st) return st;
    for (int64_t i = 0; i < p->plane; i++) {
        double all = 0;
        for (int c = 0; c < p->channels; c++) {
            float v = numbers[fvi_perturbation_at(p, c, i)];
            a->parts->data[c * p->plane + i] = v;
            all = sum ? all + v : fmax(all, fabs((double)v));
        }
        a->map->data[i] = (float)all;
    }
    return FV_OK;
}

/* ---- one run -------------------------------------------------------------------------------- */

static fv_status run_once(fvi_perturbation *p, int flags, fv_attribution *a, fv_error *err) {
    p->total = 1;
    fv_status st = fvi_perturbation_run_picture(p, flags, err);
    a->value = p->values[0];
    return st;
}

static fv_status run_gradient(fvi_perturbation *p, const fv_attribute_desc *d, fv_attribution *a,
                              fv_error *err) {
    (void)d;
    fv_status st = run_once(p, FVI_EXEC_BACKWARD, a, err);
    return st ? st : make_map(p, p->dx, 0, a, err);
}

static fv_status run_guided(fvi_perturbation *p, const fv_attribute_desc *d, fv_attribution *a,
                            fv_error *err) {
    (void)d;
    fv_status st = run_once(p, FVI_EXEC_BACKWARD | FVI_EXEC_GUIDED, a, err);
    return st ? st : make_map(p, p->dx, 0, a, err);
}

static fv_status run_input_gradient(fvi_perturbation *p, const fv_attribute_desc *d,
                                    fv_attribution *a, fv_error *err) {
    (void)d;
    fv_status st = run_once(p, FVI_EXEC_BACKWARD, a, err);
    for (int64_t i = 0; !st && i < p->count; i++) p->dx[i] *= p->picture[i];
    return st ? st : make_map(p, p->dx, 1, a, err);
}

/* ---- SmoothGrad ----------------------------------------------------------------------------- */

/* Adds weight times the gradient of copy k to the sums. */
static void add_gradient(const fvi_perturbation *p, int k, double weight, double *sum) {
    const float *g = p->dx + k * p->count;
    for (int64_t i = 0; i < p->count; i++) sum[i] += weight * (double)g[i];
}

/* One noisy copy; its noise is its own, whatever batch it is in. */
static void add_noise(const fvi_perturbation *p, uint64_t seed, int copy, float sd, float *x) {
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

/* The gradients of all copies, added up; a->steps of them. */
static fv_status run_copies(fvi_perturbation *p, const fv_attribute_desc *d, double *sum,
                            fv_attribution *a, fv_error *err) {
    const float sd = d->sd * range_of(p->picture, p->count);
    p->total = 1 + d->samples;
    fv_status st = fvi_perturbation_run_picture(p, 0, err);
    a->value = p->values[0];
    while (!st && a->steps < d->samples && !(p->stopped && a->steps)) {
        const int left = d->samples - a->steps, n = left < p->batch ? left : p->batch;
#pragma omp parallel for schedule(static)
        for (int k = 0; k < n; k++) add_noise(p, d->seed, a->steps + k, sd, p->x + k * p->count);
        st = fvi_perturbation_run(p, n, FVI_EXEC_BACKWARD, err);
        for (int k = 0; !st && k < n; k++) add_gradient(p, k, 1, sum);
        a->steps += n;
    }
    return st;
}

static fv_status run_smoothgrad(fvi_perturbation *p, const fv_attribute_desc *d, fv_attribution *a,
                                fv_error *err) {
    double *sum = calloc((size_t)p->count, sizeof *sum);
    fv_status st = sum ? run_copies(p, d, sum, a, err) : fvi_fail(err, FV_NOMEM, "out of memory");
    for (int64_t i = 0; !st && i < p->count; i++) p->dx[i] = (float)(sum[i] / a->steps);
    if (!st) st = make_map(p, p->dx, 0, a, err);
    free(sum);
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

/* Sets x to the point of the path at t, 0..1. */
static void path_point(const fvi_perturbation *p, const path *w, double t, float *x) {
    for (int64_t i = 0; i < p->count; i++)
        x[i] = w->from[i] + (float)t * (p->picture[i] - w->from[i]);
}

/* The integral of the gradients, by so many points, into sum [count]. */
static fv_status integrate(fvi_perturbation *p, const path *w, int steps, fv_error *err) {
    fvi_gauss_legendre(steps, w->node, w->weight);
    memset(w->sum, 0, (size_t)p->count * sizeof *w->sum);
    for (int done = 0; done < steps; done += p->batch) {
        const int n = steps - done < p->batch ? steps - done : p->batch;
        for (int k = 0; k < n; k++) path_point(p, w, w->node[done + k], p->x + k * p->count);
        fv_status st = fvi_perturbation_run(p, n, FVI_EXEC_BACKWARD, err);
        if (st) return st;
        if (p->stopped) return fvi_fail(err, FV_CANCELLED, "stopped before there was a map");
        for (int k = 0; k < n; k++) add_gradient(p, k, w->weight[done + k], w->sum);
    }
    return FV_OK;
}

/* How far the map's sum is from the objective's difference, as a share of it. */
static double gap_of(const fvi_perturbation *p, const path *w, double difference) {
    double sum = 0;
    for (int64_t i = 0; i < p->count; i++)
        sum += w->sum[i] * ((double)p->picture[i] - (double)w->from[i]);
    if (difference == 0) return sum == 0 ? 0 : INFINITY;
    return fabs(sum - difference) / fabs(difference);
}

/* A piece of the path, and the objective at its ends. */
typedef struct piece {
    double a, b, at_a, at_b;
} piece;

typedef struct pieces {
    piece *now, *next; /* [MOST_RUNS + 2] of this level, of the one below */
    int n_now, n_next;
    int runs;    /* gradients computed */
    double miss; /* PIECE_MISS, or what is left of it */
} pieces;

/* The first pieces: equal ones, with the objective at their ends. */
static fv_status cut(fvi_perturbation *p, const path *w, pieces *all, fv_attribution *a,
                     fv_error *err) {
    double value[FIRST_PIECES + 1];
    p->total = FIRST_PIECES + 1 + 2 * FIRST_PIECES;
    for (int done = 0; done <= FIRST_PIECES; done += p->batch) {
        const int n = FIRST_PIECES + 1 - done < p->batch ? FIRST_PIECES + 1 - done : p->batch;
        for (int k = 0; k < n; k++)
            path_point(p, w, (double)(done + k) / FIRST_PIECES, p->x + k * p->count);
        fv_status st = fvi_perturbation_run(p, n, 0, err);
        if (st) return st;
        memcpy(value + done, p->values, (size_t)n * sizeof *value);
    }
    for (int k = 0; k < FIRST_PIECES; k++)
        all->now[all->n_now++] =
            (piece){(double)k / FIRST_PIECES, (k + 1.0) / FIRST_PIECES, value[k], value[k + 1]};
    a->baseline = value[0];
    a->value = value[FIRST_PIECES];
    return FV_OK;
}

/* Takes piece q, whose middle is copy k of the last run: adds it to the sum, or cuts it in two.
 *   waiting  pieces of this level that are still to be run */
static void take(const fvi_perturbation *p, const path *w, pieces *all, const piece *q, int k,
                 int waiting, fv_attribution *a) {
    const float *g = p->dx + k * p->count;
    const double value = p->values[k];
    double along = 0;
    for (int64_t i = 0; i < p->count; i++)
        along += (double)g[i] * ((double)p->picture[i] - (double)w->from[i]);
    const double width = q->b - q->a, miss = fabs(width * along - (q->at_b - q->at_a));
    const int room = all->runs + waiting + all->n_next + 2 <= MOST_RUNS;
    if (miss > all->miss * fabs(a->value - a->baseline) && room) {
        const double middle = 0.5 * (q->a + q->b);
        all->next[all->n_next++] = (piece){q->a, middle, q->at_a, value};
        all->next[all->n_next++] = (piece){middle, q->b, value, q->at_b};
        return;
    }
    add_gradient(p, k, width, w->sum);
    a->steps++;
}

/* The integral, by as many pieces as it takes. */
static fv_status integrate_pieces(fvi_perturbation *p, const path *w, pieces *all,
                                  fv_attribution *a, fv_error *err) {
    fv_status st = cut(p, w, all, a, err);
    while (!st && all->n_now) {
        all->n_next = 0;
        for (int done = 0; !st && done < all->n_now; done += p->batch) {
            const int n = all->n_now - done < p->batch ? all->n_now - done : p->batch;
            p->total = p->done + all->n_now - done + all->n_next;
            for (int k = 0; k < n; k++)
                path_point(p, w, 0.5 * (all->now[done + k].a + all->now[done + k].b),
                           p->x + k * p->count);
            st = fvi_perturbation_run(p, n, FVI_EXEC_BACKWARD, err);
            if (!st && p->stopped)
                st = fvi_fail(err, FV_CANCELLED, "stopped before there was a map");
            all->runs += n;
            for (int k = 0; !st && k < n; k++)
                take(p, w, all, &all->now[done + k], k, all->n_now - done - n, a);
        }
        piece *swap = all->now;
        all->now = all->next;
        all->next = swap;
        all->n_now = all->n_next;
    }
    return st;
}

/* The same, again with better pieces if they add up badly. */
static fv_status integrate_freely(fvi_perturbation *p, const path *w, fv_attribution *a,
                                  fv_error *err) {
    pieces all = {.now = calloc(MOST_RUNS + 2, sizeof(piece)),
                  .next = calloc(MOST_RUNS + 2, sizeof(piece)),
                  .miss = PIECE_MISS};
    fv_status st = all.now && all.next ? FV_OK : fvi_fail(err, FV_NOMEM, "out of memory");
    for (int i = 0; !st && i < TRIES; i++) {
        if (i) all.miss /= 4;
        memset(w->sum, 0, (size_t)p->count * sizeof *w->sum);
        a->steps = 0;
        st = integrate_pieces(p, w, &all, a, err);
        if (!st && gap_of(p, w, a->value - a->baseline) < GAP) break;
    }
    free(all.now);
    free(all.next);
    return st;
}

/* The integral by a given number of points. */
static fv_status integrate_by(fvi_perturbation *p, const path *w, int steps, fv_attribution *a,
                              fv_error *err) {
    p->total = 2 + steps;
    fv_status st = fvi_perturbation_run_picture(p, 0, err);
    a->value = p->values[0];
    memcpy(p->x, w->from, (size_t)p->count * sizeof *p->x);
    if (!st) st = fvi_perturbation_run(p, 1, 0, err);
    a->baseline = p->values[0];
    a->steps = steps;
    return st ? st : integrate(p, w, steps, err);
}

static fv_status run_integrated(fvi_perturbation *p, const fv_attribute_desc *d, fv_attribution *a,
                                fv_error *err) {
    const size_t most = (size_t)(d->steps ? d->steps : 1);
    float *from = malloc((size_t)p->count * sizeof *from);
    path w = {.from = from,
              .node = calloc(most, sizeof *w.node),
              .weight = calloc(most, sizeof *w.weight),
              .sum = calloc((size_t)p->count, sizeof *w.sum)};
    fv_status st = FV_OK;
    if (!from || !w.node || !w.weight || !w.sum) st = fvi_fail(err, FV_NOMEM, "out of memory");
    if (!st) st = fvi_baseline_fill(p, d->baseline, d->baseline_input, d->seed, from, err);
    if (!st)
        st = d->steps ? integrate_by(p, &w, d->steps, a, err) : integrate_freely(p, &w, a, err);
    if (!st) a->gap = gap_of(p, &w, a->value - a->baseline);
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

const fvi_method fvi_method_gradient = {
    .info = {.method = FV_METHOD_GRADIENT,
             .name = "gradient",
             .title = "Gradient",
             .summary = "magnitude of the gradient, the largest of the channels",
             .options = "",
             .is_fine = 1,
             .is_gradient = 1,
             .has_parts = 1},
    .run = run_gradient,
};
const fvi_method fvi_method_input_gradient = {
    .info = {.method = FV_METHOD_INPUT_GRADIENT,
             .name = "input-gradient",
             .title = "Input x gradient",
             .summary = "input times gradient, summed over the channels",
             .options = "",
             .is_signed = 1,
             .is_fine = 1,
             .is_gradient = 1,
             .has_parts = 1},
    .run = run_input_gradient,
};
const fvi_method fvi_method_smoothgrad = {
    .info = {.method = FV_METHOD_SMOOTHGRAD,
             .name = "smoothgrad",
             .title = "SmoothGrad",
             .summary = "the gradient's mean over noisy copies of the picture",
             .options = "samples sd seed",
             .steps = "copies",
             .is_fine = 1,
             .is_gradient = 1,
             .has_parts = 1},
    .run = run_smoothgrad,
};
const fvi_method fvi_method_integrated = {
    .info = {.method = FV_METHOD_INTEGRATED,
             .name = "integrated",
             .title = "Integrated gradients",
             .summary = "gradients integrated from a baseline to the picture",
             .options = "steps baseline",
             .steps = "points",
             .baseline = FV_BASELINE_BLACK,
             .is_signed = 1,
             .is_fine = 1,
             .is_gradient = 1,
             .is_complete = 1,
             .has_parts = 1},
    .run = run_integrated,
};
const fvi_method fvi_method_guided = {
    .info = {.method = FV_METHOD_GUIDED,
             .name = "guided",
             .title = "Guided backprop",
             .summary = "the gradient, of which ReLUs pass positive numbers only",
             .options = "",
             .is_fine = 1,
             .has_parts = 1},
    .run = run_guided,
};
