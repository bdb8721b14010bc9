/* SPDX-License-Identifier: Apache-2.0 */
/* optimizer: first-order steps along a gradient g of parameters z; r is the rate, t = 1, 2, ... the
 * number of updates.
 *
 *   ASCENT    z += r g
 *   MOMENTUM  v = b1 v + g;                          z += r v
 *   ADAM      m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2
 *                                     z += r m/(1 - b1^t) / (sqrt(v/(1 - b2^t)) + e)
 *   ADAMW     the same, after z *= 1 - r d           (d: weight decay; elsewhere g -= d z)
 *   NADAM     as ADAM with m replaced by a look ahead; u_t = b1 (1 - 0.96^(0.004 t) / 2) and
 *             p_t = u_1 ... u_t:
 *             z += r ((1 - u_t)/(1 - p_t) g + u_(t+1)/(1 - p_(t+1)) m) / (sqrt(v/(1 - b2^t)) + e)
 *   RMSPROP   v = b2 v + (1 - b2) g^2;               z += r g / (sqrt(v) + e)
 *             or, with epsilon_under_root,           z += r g / sqrt(v + e)
 *
 * Signs, corrections and NAdam's decay are those of PyTorch 2 with maximize=True. The epsilon of
 * RMSprop is under the root in keras-vis and in Keras from 2.11 on, outside in PyTorch and in older
 * TensorFlow. What it does not do: AMSGrad, Nesterov momentum, centred RMSprop.
 * Sources: Kingma and Ba 2015; Dozat 2016; Loshchilov and Hutter 2019; torch.optim's documentation.
 */
#include "vis/optimize/optimizer.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/parallel.h"

#define NADAM_DECAY 0.004
#define NOTHING     1e-30f /* 0 / NOTHING is 0, where all gradients of an element were 0 */

struct fvi_optimizer {
    fvi_optimizer_settings desc;
    int64_t count;
    int64_t updates; /* made so far */
    double product;  /* NADAM: u_1 ... u_t */
    float *m, *v;    /* [count] first and second moments; NULL where the kind has none */
};

static int is_number_in(float x, double low, double high) { return x >= low && x <= high; }

static fv_status check(const fvi_optimizer_settings *d, fv_error *err) {
    if (d->kind == FVI_OPTIMIZER_LBFGS)
        return fvi_fail(err, FV_ARG, "L-BFGS asks for evaluations itself; it takes no steps");
    if (d->kind < FVI_OPTIMIZER_ASCENT || d->kind > FVI_OPTIMIZER_RMSPROP)
        return fvi_fail(err, FV_ARG, "optimizer is %d; allowed: %d..%d", (int)d->kind,
                        FVI_OPTIMIZER_ASCENT, FVI_OPTIMIZER_LBFGS);
    const struct {
        const char *name;
        float value;
        double low, high;
    } numbers[] = {{"rate", d->rate, 0, FLT_MAX},
                   {"rate-end", d->rate_end, 0, 1},
                   {"beta1", d->beta1, 0, 1 - FLT_EPSILON / 2},
                   {"beta2", d->beta2, 0, 1 - FLT_EPSILON / 2},
                   {"epsilon", d->epsilon, 0, FLT_MAX},
                   {"weight-decay", d->weight_decay, 0, FLT_MAX}};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (!is_number_in(numbers[i].value, numbers[i].low, numbers[i].high))
            return fvi_fail(err, FV_ARG, "%s is %g; allowed: %g..%g", numbers[i].name,
                            (double)numbers[i].value, numbers[i].low, numbers[i].high);
    return FV_OK;
}

fv_status fvi_optimizer_new(const fvi_optimizer_settings *desc, int64_t count, fvi_optimizer **out,
                            fv_error *err) {
    fv_status st = check(desc, err);
    if (st) return st;
    if (count < 1) return fvi_fail(err, FV_ARG, "there are no parameters to optimise");
    fvi_optimizer *o = calloc(1, sizeof *o);
    if (!o) return fvi_fail(err, FV_NOMEM, "no memory for an optimizer");
    *o = (fvi_optimizer){.desc = *desc, .count = count, .product = 1};
    int first = desc->kind != FVI_OPTIMIZER_ASCENT && desc->kind != FVI_OPTIMIZER_RMSPROP;
    int second = desc->kind != FVI_OPTIMIZER_ASCENT && desc->kind != FVI_OPTIMIZER_MOMENTUM;
    if (first) o->m = calloc((size_t)count, sizeof *o->m);
    if (second) o->v = calloc((size_t)count, sizeof *o->v);
    if ((first && !o->m) || (second && !o->v)) {
        fvi_optimizer_free(o);
        return fvi_fail(err, FV_NOMEM, "no memory for the moments of %lld parameters",
                        (long long)count);
    }
    *out = o;
    return FV_OK;
}

void fvi_optimizer_free(fvi_optimizer *o) {
    if (!o) return;
    free(o->m);
    free(o->v);
    free(o);
}

/* The rate at `progress`: along half a cosine from rate to rate * rate_end. */
static double rate_at(const fvi_optimizer_settings *d, float progress) {
    if (d->rate_end == 0) return d->rate; /* zero stands for no schedule */
    double p = progress >= 0 ? fmin(progress, 1) : 0;
    return d->rate * (d->rate_end + (1 - d->rate_end) * (1 + cos(M_PI * p)) / 2);
}

/* 0 * x is 0 for every finite x and NaN for the others. */
FVI_WIDE static int piece_is_finite(const float *g, int64_t n) {
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < n; i++) sum += 0 * g[i];
    return sum == 0;
}

static int is_finite(const float *g, int64_t n) {
    int broken = 0;
#pragma omp parallel if (n > FVI_PARALLEL_MIN) reduction(+ : broken)
    {
        int64_t from, to;
        fvi_thread_share(n, &from, &to);
        broken += !piece_is_finite(g + from, to - from);
    }
    return !broken;
}

/* Constants of one update, the same for all parameters. */
typedef struct update {
    float rate, decay; /* of the step; added to the gradient */
    float shrink;      /* ADAMW: share that the parameters lose before */
    float b1, b2;
    float inside, outside; /* RMSPROP's epsilon under the root; what is added to the root */
    float root;            /* 1 / sqrt(bias correction of v) */
    float now, ahead;      /* what g and m are multiplied by in the step */
} update;

/* Some of the parameters: their gradient, moments (those the kind has) and themselves. */
typedef struct piece {
    int64_t n;
    const float *g;
    float *m, *v, *z;
} piece;

FVI_WIDE static void step_plain(piece p, update u) {
#pragma omp simd
    for (int64_t i = 0; i < p.n; i++) p.z[i] += u.rate * (p.g[i] - u.decay * p.z[i]);
}

FVI_WIDE static void step_momentum(piece p, update u) {
#pragma omp simd
    for (int64_t i = 0; i < p.n; i++) {
        p.m[i] = u.b1 * p.m[i] + (p.g[i] - u.decay * p.z[i]);
        p.z[i] += u.rate * p.m[i];
    }
}

FVI_WIDE static void step_rmsprop(piece p, update u) {
#pragma omp simd
    for (int64_t i = 0; i < p.n; i++) {
        float d = p.g[i] - u.decay * p.z[i];
        p.v[i] = u.b2 * p.v[i] + (1 - u.b2) * d * d;
        p.z[i] += u.rate * d / (sqrtf(p.v[i] + u.inside) + u.outside);
    }
}

/* ADAM, ADAMW and NADAM: they differ in `now` and `ahead`, and in where the decay goes. */
FVI_WIDE static void step_adam(piece p, update u) {
#pragma omp simd
    for (int64_t i = 0; i < p.n; i++) {
        float z = p.z[i] - u.shrink * p.z[i], d = p.g[i] - u.decay * z;
        float m = u.b1 * p.m[i] + (1 - u.b1) * d, v = u.b2 * p.v[i] + (1 - u.b2) * d * d;
        p.m[i] = m;
        p.v[i] = v;
        p.z[i] = z + (u.now * d + u.ahead * m) / (sqrtf(v) * u.root + u.outside);
    }
}

/* Fills in Adam's factors for update t. */
static void correct_bias(fvi_optimizer *o, double t, update *u) {
    const fvi_optimizer_settings *d = &o->desc;
    u->root = (float)(1 / sqrt(1 - pow(d->beta2, t)));
    if (d->kind != FVI_OPTIMIZER_NADAM) {
        u->ahead = (float)(u->rate / (1 - pow(d->beta1, t)));
        return;
    }
    double mu = d->beta1 * (1 - 0.5 * pow(0.96, t * NADAM_DECAY));
    double next = d->beta1 * (1 - 0.5 * pow(0.96, (t + 1) * NADAM_DECAY));
    o->product *= mu;
    u->now = (float)(u->rate * (1 - mu) / (1 - o->product));
    u->ahead = (float)(u->rate * next / (1 - o->product * next));
}

void fvi_optimizer_step(fvi_optimizer *o, const float *g, float progress, float *z) {
    const fvi_optimizer_settings *d = &o->desc;
    if (!is_finite(g, o->count)) return;
    o->updates++;
    update u = {.rate = (float)rate_at(d, progress),
                .decay = d->weight_decay,
                .b1 = d->beta1,
                .b2 = d->beta2};
    int under = d->kind == FVI_OPTIMIZER_RMSPROP && d->epsilon_under_root;
    u.inside = under ? d->epsilon : 0;
    u.outside = under ? NOTHING : fmaxf(d->epsilon, NOTHING);
    void (*run)(piece, update) = step_adam;
    if (d->kind == FVI_OPTIMIZER_ADAMW) {
        u.shrink = u.rate * u.decay;
        u.decay = 0;
    }
    switch (d->kind) {
    case FVI_OPTIMIZER_MOMENTUM: run = step_momentum; break;
    case FVI_OPTIMIZER_RMSPROP: run = step_rmsprop; break;
    case FVI_OPTIMIZER_ADAM:
    case FVI_OPTIMIZER_ADAMW:
    case FVI_OPTIMIZER_NADAM: correct_bias(o, (double)o->updates, &u); break;
    default: run = step_plain;
    }
#pragma omp parallel if (o->count > FVI_PARALLEL_MIN)
    {
        int64_t i, to;
        fvi_thread_share(o->count, &i, &to);
        run((piece){to - i, g + i, o->m ? o->m + i : NULL, o->v ? o->v + i : NULL, z + i}, u);
    }
}
