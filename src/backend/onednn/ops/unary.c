/* SPDX-License-Identifier: Apache-2.0 */
/* unary: dst[i] = f(src[i]), for every f of fvi_unary; backward dsrc = ddst f'(src).
 *
 * By oneDNN's eltwise if it has f exactly (dnnl_act.c), in the source's layout, else by the loops
 * here; backward through ReLUs and clips by relu_backward.c. The loops run over the memory in any
 * layout, since order does not matter, except that a tensor in padded blocks is made plain first,
 * because the padding must stay zero.
 *
 * At kinks: ReLU's gradient is 0 at 0, leaky ReLU's its slope; clip, hard sigmoid and thresholded
 * ReLU pass none at their bounds; |x| and steps have gradient 0.
 */
#include "backend/onednn/dnnl/dnnl_ops.h"
#include "backend/onednn/kernels/relu_backward.h"
#include "backend/onednn/kernels/strided_loops.h"
#include "backend/onednn/kernels/vector_math.h"
#include "backend/onednn/schedule/schedule.h"
#include "backend/onednn/schedule/step.h"
#include "base/error.h"

#define VECTOR 16 /* numbers done together: the longest vector there is */

typedef struct unary_state {
    fvi_act act;
    int own[2]; /* by direction */
    int64_t n;
    fvi_buffer *src, *ddst;
} unary_state;

/* ---- planning ---- */

static fv_status plan(fvi_step *s, fv_error *err) {
    unary_state *x = s->state = fvi_step_alloc(s, 1, sizeof *x);
    if (!x) return fvi_fail(err, FV_NOMEM, "no memory for a plan");
    const fvi_shape *shape = fvi_step_shape(s, 0);
    const fvi_layout *layout = s->src[0] ? s->src[0]->layout : NULL;
    fvi_prim *p = NULL;
    x->act = (fvi_act){s->node->a.unary.f, s->node->a.unary.p, s->node->a.unary.q};
    x->n = fvi_shape_count(shape);
    x->own[0] = x->n == 0 || !fvi_act_forward(&x->act) ||
                fvi_step_unavailable(s, fvi_prim_eltwise(fvi_step_engine(s), &x->act, FVI_AHEAD,
                                                         shape, layout, &p, NULL));
    if (x->own[0] && !fvi_layout_is_dense(layout, shape)) layout = NULL;
    fv_status st = fvi_step_source(s, 0, layout, &x->src, err);
    if (!st) st = fvi_step_make_dst(s, layout, err);
    if (st || !p) {
        fvi_prim_free(p);
        return st;
    }
    fvi_prim_set(p, FVI_SRC, x->src);
    fvi_prim_set(p, FVI_DST, s->dst);
    if (fvi_layout_is_dense(layout, shape)) fvi_schedule_allow_inplace(s->schedule, s->dst, x->src);
    return fvi_step_add(s, p, err);
}

static fv_status add_backward(fvi_step *s, fvi_prim *p, fvi_role role, fvi_buffer *value,
                              fv_error *err) {
    const unary_state *x = s->state;
    if (!p) return FV_OK; /* by our loop */
    fvi_prim_set(p, role, value);
    fvi_prim_set(p, FVI_DIFF_DST, x->ddst);
    fvi_prim_set(p, FVI_DIFF_SRC, s->dsrc[0]);
    return fvi_step_add(s, p, err);
}

/* For a ReLU or clip (relu_backward.h). */
static fv_status plan_relu_backward(fvi_step *s, fv_error *err) {
    unary_state *x = s->state;
    fv_status st = FV_OK;
    fvi_buffer *value = s->dst;
    if (x->own[0]) st = fvi_step_source(s, 0, s->dst->layout, &value, err);
    if (!st) st = fvi_step_convert(s, s->ddst, s->dst->layout, &x->ddst, err);
    if (!st) st = fvi_step_make_dsrc(s, 0, s->dst->layout, err);
    if (st) return st;
    fvi_schedule_allow_inplace(s->schedule, s->dsrc[0], x->ddst);
    return fvi_relu_plan(s, &x->act, value, x->ddst, s->dsrc[0], err);
}

/* The gradient has dst's layout, and is computed from dst if possible, so that src can be
 * overwritten.
 */
static fv_status plan_backward(fvi_step *s, fv_error *err) {
    unary_state *x = s->state;
    const fvi_shape *shape = fvi_step_shape(s, 0);
    const fvi_layout *layout = s->dst->layout;
    fvi_buffer *value = s->dst;
    fvi_prim *p = NULL;
    if (!s->wanted[0]) return FV_OK;
    if (fvi_relu_is(&x->act)) return plan_relu_backward(s, err);
    int by_dst = !x->own[0] && fvi_act_backward_from_dst(&x->act);
    x->own[1] = x->own[0] || !fvi_act_backward(&x->act) ||
                fvi_prim_eltwise(fvi_step_engine(s), &x->act, by_dst ? FVI_BY_DST : FVI_BY_SRC,
                                 shape, layout, &p, NULL);
    if (x->own[1] && !fvi_layout_is_dense(layout, shape)) layout = NULL;
    fv_status st = FV_OK;
    if (x->own[1] || !by_dst) {
        st = fvi_step_source(s, 0, layout, &x->src, err);
        value = x->src;
    } else {
        fvi_step_touch(s, s->dst, FVI_READ);
    }
    if (!st) st = fvi_step_convert(s, s->ddst, layout, &x->ddst, err);
    if (!st) st = fvi_step_make_dsrc(s, 0, layout, err);
    if (st) {
        fvi_prim_free(p);
        return st;
    }
    return add_backward(s, p, by_dst ? FVI_DST : FVI_SRC, value, err);
}

/* ---- the functions ---- */

#define SQRT_1_2   0.70710678118654752f /* 1/sqrt(2) */
#define SQRT_2_PI  0.79788456080286536f /* sqrt(2/pi) */
#define SQRT_1_2PI 0.39894228040143268f /* 1/sqrt(2 pi) */
#define GELU_CUBIC 0.044715f

static inline float sigmoid(float x) {
    float e = expf(-fabsf(x));
    return x >= 0 ? 1 / (1 + e) : e / (1 + e);
}

static inline float softplus(float x) { return fmaxf(x, 0) + log1pf(expf(-fabsf(x))); }

static inline float gelu(float x) { return 0.5f * x * erfcf(-x * SQRT_1_2); }

static inline float gelu_slope(float x) {
    return 0.5f * erfcf(-x * SQRT_1_2) + x * SQRT_1_2PI * expf(-0.5f * x * x);
}

static inline float erf_slope(float x) { return 2 * SQRT_2_PI * SQRT_1_2 * expf(-x * x); }

static inline float softsign_slope(float x) {
    float y = 1 / (1 + fabsf(x));
    return y * y;
}

static inline float gelu_tanh(float x) {
    return 0.5f * x * (1 + tanhf(SQRT_2_PI * (x + GELU_CUBIC * x * x * x)));
}

static inline float gelu_tanh_slope(float x) {
    float t = tanhf(SQRT_2_PI * (x + GELU_CUBIC * x * x * x));
    return 0.5f * (1 + t) + 0.5f * x * (1 - t * t) * SQRT_2_PI * (1 + 3 * GELU_CUBIC * x * x);
}

static inline float mish_slope(float x) {
    float t = tanhf(softplus(x));
    return t + x * (1 - t * t) * sigmoid(x);
}

static inline float swish_slope(float x, float p) {
    float s = sigmoid(p * x);
    return s + p * x * s * (1 - s);
}

static inline float clip(float x, float lo, float hi) {
    float y = x < lo ? lo : x;
    return y > hi ? hi : y;
}

static inline float hard_swish_slope(float x) { return x < -3 ? 0 : x <= 3 ? x / 3 + 0.5f : 1; }

/* x^(k/4) */
FVI_INLINE float quarter_power(float x, int k) {
    const float root = sqrtf(x);
    const int n = k < 0 ? -k : k;
    float y = 1;
    for (int i = 0; i < n / 4; i++) y *= x;
    if (n & 2) y *= root;
    if (n & 1) y *= sqrtf(root);
    return k < 0 ? 1 / y : y;
}

/* dst = x^(k/4), or with a gradient times (k/4) x^(k/4 - 1). */
FVI_INLINE void power_loop(int k, const float *restrict src, const float *restrict ddst,
                           float *restrict dst, int64_t n) {
    if (!ddst)
        for (int64_t i = 0; i < n; i++) dst[i] = quarter_power(src[i], k);
    else
        for (int64_t i = 0; i < n; i++)
            dst[i] = ddst[i] * (0.25f * (float)k) * quarter_power(src[i], k - 4);
}

/* The powers that normalizations use, without powf(). Returns 0 if p is none of them. */
FVI_WIDE static int run_power(float p, const float *restrict src, const float *restrict ddst,
                              float *restrict dst, int64_t n) {
    if (p == 2)
        power_loop(8, src, ddst, dst, n);
    else if (p == 0.5f)
        power_loop(2, src, ddst, dst, n);
    else if (p == 0.75f)
        power_loop(3, src, ddst, dst, n);
    else if (p == -0.5f)
        power_loop(-2, src, ddst, dst, n);
    else
        return 0;
    return 1;
}

/* out = f(src), or with a gradient ddst f'(src), for n numbers, a multiple of VECTOR. There is no
 * scalar loop for a rest, because it may round differently: a result must not depend on the
 * number's position. */
FVI_WIDE static void run(const fvi_act *act, const float *restrict src, const float *restrict ddst,
                         float *restrict out, int64_t n) {
    const float p = act->p, q = act->q;
    if (act->f == FVI_POW && run_power(p, src, ddst, out, n)) return;
    (void)q;
#define LOOP(VALUE)                                                                                \
    for (int64_t b = 0; b < n; b += VECTOR) _Pragma("omp simd") for (int k = 0; k < VECTOR; k++) { \
            const float x = src[b + k];                                                            \
            (void)x;                                                                               \
            out[b + k] = VALUE;                                                                    \
        }
#define FVI_UNARY_FUNCTION(NAME, key, kind, text, P, Q, is_bool, value, F, SLOPE) \
    case FVI_##NAME:                                                              \
        if (!ddst) {                                                              \
            LOOP(F)                                                               \
        } else {                                                                  \
            LOOP(ddst[b + k] * (SLOPE))                                           \
        }                                                                         \
        return;
    switch (act->f) {
#include "graph/unary.def"
    case FVI_UNARY_COUNT: return;
    }
#undef FVI_UNARY_FUNCTION
#undef LOOP
}

/* This thread's share of n numbers; the last vector is padded with copies. */
static void run_share(const fvi_act *act, const float *src, const float *ddst, float *out,
                      int64_t n) {
    int64_t from, to;
    fvi_thread_share(n, &from, &to);
    const int64_t whole = (to - from) / VECTOR * VECTOR, rest = to - from - whole;
    float x[VECTOR], g[VECTOR], y[VECTOR];
    run(act, src + from, ddst ? ddst + from : NULL, out + from, whole);
    if (!rest) return;
    for (int k = 0; k < VECTOR; k++) {
        const int64_t i = from + whole + (k < rest ? k : 0);
        x[k] = src[i];
        g[k] = ddst ? ddst[i] : 0;
    }
    run(act, x, ddst ? g : NULL, y, VECTOR);
    for (int k = 0; k < rest; k++) out[from + whole + k] = y[k];
}

static fv_status forward(const fvi_step *s) {
    const unary_state *x = s->state;
    if (!x->own[0]) return fvi_step_run(s, 0);
    const float *src = x->src->data;
    float *dst = s->dst->data;
#pragma omp parallel if (x->n > FVI_PARALLEL_MIN)
    run_share(&x->act, src, NULL, dst, x->n);
    return FV_OK;
}

static fv_status backward(const fvi_step *s) {
    const unary_state *x = s->state;
    if (!x->own[1]) return fvi_step_run(s, 1);
    if (!s->wanted[0]) return FV_OK;
    const float *src = x->src->data, *ddst = x->ddst->data;
    float *dsrc = s->dsrc[0]->data;
#pragma omp parallel if (x->n > FVI_PARALLEL_MIN)
    run_share(&x->act, src, ddst, dsrc, x->n);
    return FV_OK;
}

const fvi_op fvi_op_unary = {"Unary", NULL, plan, plan_backward, forward, backward, NULL};
