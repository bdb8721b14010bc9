/* SPDX-License-Identifier: Apache-2.0 */
/* Activations as oneDNN's "eltwise": those that oneDNN has with exactly our definition.
 *
 * Not used (our loops in unary.c compute them): SELU, CELU, softplus, softsign, hard sigmoid,
 * reciprocal, power and all others that oneDNN lacks, defines differently in v2 and v3, or computes
 * less precisely than f32 rounding; and clips whose lower bound is above the upper one, which
 * oneDNN refuses.
 *
 * Gradients: ReLU passes none at exactly 0; clip none at its bounds (clip_v2), as PyTorch's
 * hardtanh. The *_use_dst_for_bwd variants compute the same function and take the gradient from
 * its result, which is correct where the result shows on which side of each kink the source was.
 */
#include <float.h>
#include <math.h>

#include "backend/onednn/dnnl/dnnl_act_internal.h"
#include "backend/onednn/dnnl/dnnl_layout.h"
#include "backend/onednn/dnnl/dnnl_prim_internal.h"
#include "base/error.h"

typedef struct entry {
    dnnl_alg_kind_t alg, by_dst; /* 0: none */
} entry;

#define NONE ((dnnl_alg_kind_t)0)
// clang-format off
static const entry table[FVI_UNARY_COUNT] = {
    [FVI_RELU]       = {dnnl_eltwise_relu,      dnnl_eltwise_relu_use_dst_for_bwd},
    [FVI_LEAKY_RELU] = {dnnl_eltwise_relu,      dnnl_eltwise_relu_use_dst_for_bwd},
    [FVI_CLIP]       = {dnnl_eltwise_clip_v2,   dnnl_eltwise_clip_v2_use_dst_for_bwd},
    [FVI_SIGMOID]    = {dnnl_eltwise_logistic,  dnnl_eltwise_logistic_use_dst_for_bwd},
    [FVI_TANH]       = {dnnl_eltwise_tanh,      dnnl_eltwise_tanh_use_dst_for_bwd},
    [FVI_ELU]        = {dnnl_eltwise_elu,       dnnl_eltwise_elu_use_dst_for_bwd},
    [FVI_GELU]       = {dnnl_eltwise_gelu_erf,  NONE},
    [FVI_GELU_TANH]  = {dnnl_eltwise_gelu_tanh, NONE},
    [FVI_SWISH]      = {dnnl_eltwise_swish,     NONE},
    [FVI_MISH]       = {dnnl_eltwise_mish,      NONE},
    [FVI_EXP]        = {dnnl_eltwise_exp,       dnnl_eltwise_exp_use_dst_for_bwd},
    [FVI_SQRT]       = {dnnl_eltwise_sqrt,      dnnl_eltwise_sqrt_use_dst_for_bwd},
    [FVI_ABS]        = {dnnl_eltwise_abs,       NONE},
    [FVI_LINEAR]     = {dnnl_eltwise_linear,    NONE},
    [FVI_HARD_SWISH] = {dnnl_eltwise_hardswish, NONE},
};
// clang-format on

int fvi_act_algorithm(const fvi_act *a, int from_dst, dnnl_alg_kind_t *alg, float *alpha,
                      float *beta) {
    if ((unsigned)a->f >= FVI_UNARY_COUNT) return 0;
    *alg = from_dst ? table[a->f].by_dst : table[a->f].alg;
    if (*alg == NONE || isnan(a->p) || isnan(a->q)) return 0;
    if (a->f != FVI_CLIP && (isinf(a->p) || isinf(a->q))) return 0;
    *alpha = *beta = 0;
    switch (a->f) {
    case FVI_LEAKY_RELU:
    case FVI_ELU: *alpha = a->p; return !from_dst || a->p >= 0;
    case FVI_SWISH: *alpha = a->p; return 1;
    case FVI_CLIP:
        *alpha = fmaxf(a->p, -FLT_MAX); /* no bound on that side */
        *beta = fminf(a->q, FLT_MAX);
        return a->p <= a->q;
    case FVI_LINEAR:
        *alpha = a->p;
        *beta = a->q;
        return 1;
    case FVI_HARD_SWISH: /* x max(0, min(1, x/6 + 1/2)); v2 has these numbers built in */
        *alpha = 1.0f / 6;
        *beta = 0.5f;
        return 1;
    default: return 1;
    }
}

int fvi_act_forward(const fvi_act *a) {
    dnnl_alg_kind_t alg;
    float alpha, beta;
    return fvi_act_algorithm(a, 0, &alg, &alpha, &beta);
}

int fvi_act_backward(const fvi_act *a) { return fvi_act_forward(a); }

int fvi_act_backward_from_dst(const fvi_act *a) {
    dnnl_alg_kind_t alg;
    float alpha, beta;
    return fvi_act_algorithm(a, 1, &alg, &alpha, &beta);
}

fv_status fvi_attr_new(const fvi_act *act, dnnl_primitive_attr_t *out, fv_error *err) {
    dnnl_primitive_attr_t attr = NULL;
    dnnl_post_ops_t ops = NULL;
    dnnl_status_t st = dnnl_primitive_attr_create(&attr);
    if (!st) st = dnnl_primitive_attr_set_scratchpad_mode(attr, dnnl_scratchpad_mode_user);
    if (!st && act) {
        dnnl_alg_kind_t alg;
        float alpha, beta;
        if (!fvi_act_algorithm(act, 0, &alg, &alpha, &beta)) st = dnnl_unimplemented;
        if (!st) st = dnnl_post_ops_create(&ops);
#if DNNL_VERSION_MAJOR >= 3
        if (!st) st = dnnl_post_ops_append_eltwise(ops, alg, alpha, beta);
#else
        if (!st) st = dnnl_post_ops_append_eltwise(ops, 1.0f, alg, alpha, beta);
#endif
        if (!st) st = dnnl_primitive_attr_set_post_ops(attr, ops);
        if (ops) dnnl_post_ops_destroy(ops);
    }
    if (st) {
        if (attr) dnnl_primitive_attr_destroy(attr);
        return fvi_dnnl_fail(err, st, "setting up a primitive");
    }
    *out = attr;
    return FV_OK;
}

fv_status fvi_prim_eltwise(fvi_dnnl_engine *b, const fvi_act *a, fvi_way way,
                           const fvi_shape *shape, const fvi_layout *layout, fvi_prim **out,
                           fv_error *err) {
    dnnl_alg_kind_t alg;
    float alpha, beta;
    if (!fvi_act_algorithm(a, way == FVI_BY_DST, &alg, &alpha, &beta))
        return fvi_fail(err, FV_BACKEND, "activation: oneDNN has no such function");
    fvi_layout *l = NULL;
    dnnl_primitive_attr_t attr = NULL;
    dnnl_primitive_desc_t forward = NULL, pd = NULL;
    fv_status st = FV_OK;
    /* Without padding between elements the shape does not matter. */
    if (fvi_layout_is_dense(layout, shape)) {
        fvi_shape flat = {.ndim = 1, .dim = {fvi_shape_count(shape)}};
        st = fvi_layout_make(NULL, &flat, &l, err);
    } else {
        st = fvi_layout_make(layout, shape, &l, err);
    }
    if (!st) st = fvi_attr_new(NULL, &attr, err);
    if (st) goto done;
    fvi_pd how = {.engine = b->engine, .attr = attr};
    fvi_md md = fvi_layout_md(l);
    dnnl_prop_kind_t prop = way == FVI_AHEAD ? dnnl_forward_inference : dnnl_forward_training;
    dnnl_status_t ds = fvi_pd_eltwise(&forward, &how, prop, alg, md, alpha, beta);
    if (!ds && way != FVI_AHEAD) {
        how.hint = forward;
        ds = fvi_pd_eltwise(&pd, &how, dnnl_backward_data, alg, md, alpha, beta);
    } else if (!ds) {
        pd = forward;
        forward = NULL;
    }
    st = ds ? fvi_dnnl_fail(err, ds, "activation")
            : fvi_prim_new(b, pd, way != FVI_AHEAD, "activation", out, err);
done:
    if (forward) dnnl_primitive_desc_destroy(forward);
    if (attr) dnnl_primitive_attr_destroy(attr);
    fvi_layout_free(l);
    return st;
}
