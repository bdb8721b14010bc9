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

void fvi_optimizer_moments(fvi_optimizer_kind kind, int has[FVI_OPTIMIZER_MOMENTS]) {
    has[0] = kind != FVI_OPTIMIZER_ASCENT && kind != FVI_OPTIMIZER_RMSPROP;
    has[1] = kind != FVI_OPTIMIZER_ASCENT && kind != FVI_OPTIMIZER_MOMENTUM;
}

fv_status fvi_optimizer_new(const fvi_optimizer_settings *desc, int64_t count, fvi_optimizer **out,
                            fv_error *err) {
    fv_status st = check(desc, err);
    if (st) return st;
    if (count < 1) return fvi_fail(err, FV_ARG, "there are no parameters to optimise");
    fvi_optimizer *o = calloc(1, sizeof *o);
    if (!o) return fvi_fail(err, FV_NOMEM, "no memory for an optimizer");
    *o = (fvi_optimizer){.desc = *desc, .count = count, .product = 1};
    int has[FVI_OPTIMIZER_MOMENTS];
    fvi_optimizer_moments(desc->kind, has);
    if (has[0]) o->m = calloc((size_t)count, sizeof *o->m);
    if (has[1]) o->v = calloc((size_t)count, sizeof *o->v);
    if ((has[0] && !o->m) || (has[1] && !o->v)) {
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

/* The constants that all updates have in common. */
static update constants_of(const fvi_optimizer_settings *d) {
    const int under = d->kind == FVI_OPTIMIZER_RMSPROP && d->epsilon_under_root;
    return (update){.decay = d->kind == FVI_OPTIMIZER_ADAMW ? 0 : d->weight_decay,
                    .b1 = d->beta1,
                    .b2 = d->beta2,
                    .inside = under ? d->epsilon : 0,
                    .outside = under ? NOTHING : fmaxf(d->epsilon, NOTHING)};
}

/* The constants of the next update, which counts as made. */
static update next_update(fvi_optimizer *o, float progress) {
    const fvi_optimizer_settings *d = &o->desc;
    update u = constants_of(d);
    o->updates++;
    u.rate = (float)rate_at(d, progress);
    if (d->kind == FVI_OPTIMIZER_ADAMW) u.shrink = u.rate * d->weight_decay;
    if (d->kind == FVI_OPTIMIZER_ADAM || d->kind == FVI_OPTIMIZER_ADAMW ||
        d->kind == FVI_OPTIMIZER_NADAM)
        correct_bias(o, (double)o->updates, &u);
    return u;
}

void fvi_optimizer_step(fvi_optimizer *o, const float *g, float progress, float *z) {
    if (!is_finite(g, o->count)) return;
    const update u = next_update(o, progress);
    void (*run)(piece, update) = step_adam;
    switch (o->desc.kind) {
    case FVI_OPTIMIZER_ASCENT: run = step_plain; break;
    case FVI_OPTIMIZER_MOMENTUM: run = step_momentum; break;
    case FVI_OPTIMIZER_RMSPROP: run = step_rmsprop; break;
    default: break;
    }
#pragma omp parallel if (o->count > FVI_PARALLEL_MIN)
    {
        int64_t i, to;
        fvi_thread_share(o->count, &i, &to);
        run((piece){to - i, g + i, o->m ? o->m + i : NULL, o->v ? o->v + i : NULL, z + i}, u);
    }
}

/* ---- in a graph ------------------------------------------------------------------------------ */

enum { RATE, SHRINK, ROOT, NOW, AHEAD };

void fvi_optimizer_numbers(fvi_optimizer *o, float progress, float numbers[FVI_OPTIMIZER_NUMBERS]) {
    const update u = next_update(o, progress);
    numbers[RATE] = u.rate;
    numbers[SHRINK] = u.shrink;
    numbers[ROOT] = u.root;
    numbers[NOW] = u.now;
    numbers[AHEAD] = u.ahead;
}

static int emit_times(fvi_builder *b, int x, double factor) {
    return fvi_emit_unary(b, FVI_LINEAR, (float)factor, 0, x);
}

/* x times number i of the update. */
static int emit_by(fvi_builder *b, int x, int numbers, int i) {
    return fvi_emit_binary(b, FVI_MUL, x, fvi_emit_slice(b, numbers, 0, i, 1));
}

/* share * before + rest * x */
static int emit_mean(fvi_builder *b, double share, int before, double rest, int x) {
    return fvi_emit_binary(b, FVI_ADD, emit_times(b, before, share), emit_times(b, x, rest));
}

/* ADAM, ADAMW and NADAM. */
static int emit_adam(fvi_builder *b, update u, int z, int d, int numbers, int moments[2]) {
    const int square = fvi_emit_binary(b, FVI_MUL, d, d);
    moments[0] = emit_mean(b, u.b1, moments[0], 1 - u.b1, d);
    moments[1] = emit_mean(b, u.b2, moments[1], 1 - u.b2, square);
    const int along = fvi_emit_binary(b, FVI_ADD, emit_by(b, d, numbers, NOW),
                                      emit_by(b, moments[0], numbers, AHEAD));
    const int root = emit_by(b, fvi_emit_unary(b, FVI_SQRT, 0, 0, moments[1]), numbers, ROOT);
    const int below = fvi_emit_unary(b, FVI_LINEAR, 1, u.outside, root);
    return fvi_emit_binary(b, FVI_ADD, z, fvi_emit_binary(b, FVI_DIV, along, below));
}

static int emit_rmsprop(fvi_builder *b, update u, int z, int d, int numbers, int moments[2]) {
    moments[1] = emit_mean(b, u.b2, moments[1], 1 - u.b2, fvi_emit_binary(b, FVI_MUL, d, d));
    const int inside = fvi_emit_unary(b, FVI_LINEAR, 1, u.inside, moments[1]);
    const int below =
        fvi_emit_unary(b, FVI_LINEAR, 1, u.outside, fvi_emit_unary(b, FVI_SQRT, 0, 0, inside));
    const int along = fvi_emit_binary(b, FVI_DIV, emit_by(b, d, numbers, RATE), below);
    return fvi_emit_binary(b, FVI_ADD, z, along);
}

int fvi_optimizer_emit(const fvi_optimizer_settings *d, fvi_builder *b, int z, int g, int numbers,
                       int moments[FVI_OPTIMIZER_MOMENTS]) {
    const update u = constants_of(d);
    if (d->kind == FVI_OPTIMIZER_ADAMW)
        z = fvi_emit_binary(b, FVI_SUB, z, emit_by(b, z, numbers, SHRINK));
    int along = u.decay != 0 ? fvi_emit_binary(b, FVI_SUB, g, emit_times(b, z, u.decay)) : g;
    switch (d->kind) {
    case FVI_OPTIMIZER_ADAM:
    case FVI_OPTIMIZER_ADAMW:
    case FVI_OPTIMIZER_NADAM: return emit_adam(b, u, z, along, numbers, moments);
    case FVI_OPTIMIZER_RMSPROP: return emit_rmsprop(b, u, z, along, numbers, moments);
    case FVI_OPTIMIZER_LBFGS:
        fvi_build_fail(b, FV_UNSUPPORTED, "L-BFGS has no form as a graph");
        return -1;
    default: break;
    }
    if (d->kind == FVI_OPTIMIZER_MOMENTUM)
        along = moments[0] = fvi_emit_binary(b, FVI_ADD, emit_times(b, moments[0], u.b1), along);
    return fvi_emit_binary(b, FVI_ADD, z, emit_by(b, along, numbers, RATE));
}
