/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of one tensor. Those of integers give real numbers, as in PyTorch, but for the ones
 * that keep whole numbers whole. Source: torch.nn.functional, native_functions.yaml of ATen. */
#include <math.h>
#include <string.h>

#include "graph/build/compose.h"
#include "graph/const.h"
#include "model/torch/aten.h"

/* The input "self" as real numbers. */
static int real_self(fvi_site *site) {
    const int x = fvi_torch_need(site, "self");
    if (x < 0 || !fvi_dtype_is_int(fvi_build_dtype(site->b, x))) return x;
    return fvi_emit_cast(site->b, x, FVI_F32);
}

static void give(fvi_site *site, fvi_unary f, double p, double q) {
    fvi_site_out(site, 0, fvi_emit_unary(site->b, f, (float)p, (float)q, real_self(site)));
}

/* param: the fvi_unary. */
void fvi_aten_unary(fvi_site *site) { give(site, (fvi_unary)site->kind->param, 0, 0); }

/* The same, of functions that keep integers. */
void fvi_aten_unary_same(fvi_site *site) {
    const int x = fvi_torch_need(site, "self");
    fvi_site_out(site, 0, fvi_emit_unary(site->b, (fvi_unary)site->kind->param, 0, 0, x));
}

void fvi_aten_bitwise_not(fvi_site *site) {
    const int x = fvi_torch_need(site, "self");
    if (x >= 0 && fvi_build_dtype(site->b, x) != FVI_BOOL)
        fvi_build_fail(site->b, FV_UNSUPPORTED, "its input is %s; allowed: bool",
                       fvi_dtype_name(fvi_build_dtype(site->b, x)));
    fvi_site_out(site, 0, fvi_emit_unary(site->b, FVI_NOT, 0, 0, x));
}

void fvi_aten_silu(fvi_site *site) { give(site, FVI_SWISH, 1, 0); }
void fvi_aten_rsqrt(fvi_site *site) { give(site, FVI_POW, -0.5, 0); }
void fvi_aten_relu6(fvi_site *site) { give(site, FVI_CLIP, 0, 6); }
void fvi_aten_hardsigmoid(fvi_site *site) { give(site, FVI_HARD_SIGMOID, 1.0 / 6, 0.5); }

void fvi_aten_square(fvi_site *site) {
    const int x = fvi_torch_need(site, "self");
    fvi_site_out(site, 0, fvi_emit_binary(site->b, FVI_MUL, x, x));
}

/* param: 2, 10: the base; 1: of 1 + x. */
void fvi_aten_logarithm(fvi_site *site) {
    int x = real_self(site);
    if (site->kind->param == 1) x = fvi_emit_unary(site->b, FVI_LINEAR, 1, 1, x);
    x = fvi_emit_unary(site->b, FVI_LOG, 0, 0, x);
    if (site->kind->param > 1)
        x = fvi_emit_unary(site->b, FVI_LINEAR, (float)(1 / log((double)site->kind->param)), 0, x);
    fvi_site_out(site, 0, x);
}

void fvi_aten_expm1(fvi_site *site) {
    const int x = fvi_emit_unary(site->b, FVI_EXP, 0, 0, real_self(site));
    fvi_site_out(site, 0, fvi_emit_unary(site->b, FVI_LINEAR, 1, -1, x));
}

void fvi_aten_leaky_relu(fvi_site *site) {
    give(site, FVI_LEAKY_RELU, fvi_torch_real(site, "negative_slope", 0.01), 0);
}

void fvi_aten_elu(fvi_site *site) {
    const double scale = fvi_torch_real(site, "scale", 1);
    if (fvi_torch_real(site, "input_scale", 1) != 1)
        fvi_torch_refuse(site, "input_scale", "another number", "1");
    give(site, scale == 1 ? FVI_ELU : FVI_SELU, fvi_torch_real(site, "alpha", 1), scale);
}

/* The constants of Klambauer et al. 2017, as in ATen's Activation.h. */
void fvi_aten_selu(fvi_site *site) {
    give(site, FVI_SELU, 1.6732632423543772848170429916717, 1.0507009873554804934193349852946);
}

void fvi_aten_celu(fvi_site *site) {
    const double alpha = fvi_torch_real(site, "alpha", 1);
    if (alpha == 0) fvi_torch_refuse(site, "alpha", "0", "another number");
    give(site, FVI_CELU, alpha, 0);
}

void fvi_aten_gelu(fvi_site *site) {
    const char *form = fvi_torch_text(site, "approximate", "none");
    const int by_tanh = !strcmp(form, "tanh");
    if (!by_tanh && strcmp(form, "none") != 0)
        fvi_torch_refuse(site, "approximate", form, "none, tanh");
    give(site, by_tanh ? FVI_GELU_TANH : FVI_GELU, 0, 0);
}

void fvi_aten_hardtanh(fvi_site *site) {
    give(site, FVI_CLIP, fvi_torch_real(site, "min_val", -1), fvi_torch_real(site, "max_val", 1));
}

/* log(1 + exp(beta x)) / beta, which from beta x = threshold on is x but for less than 1e-8. */
void fvi_aten_softplus(fvi_site *site) {
    const double beta = fvi_torch_real(site, "beta", 1);
    const double threshold = fvi_torch_real(site, "threshold", 20);
    char text[32];
    if (beta == 0) fvi_torch_refuse(site, "beta", "0", "another number");
    if (threshold < 18)
        fvi_torch_refuse(site, "threshold", g_ascii_formatd(text, sizeof text, "%g", threshold),
                         "18 and more");
    int x = real_self(site);
    if (beta != 1) x = fvi_emit_unary(site->b, FVI_LINEAR, (float)beta, 0, x);
    x = fvi_emit_unary(site->b, FVI_SOFTPLUS, 0, 0, x);
    if (beta != 1) x = fvi_emit_unary(site->b, FVI_LINEAR, (float)(1 / beta), 0, x);
    fvi_site_out(site, 0, x);
}

/* -softplus(-x) */
void fvi_aten_log_sigmoid(fvi_site *site) {
    const int x = fvi_emit_unary(site->b, FVI_NEG, 0, 0, real_self(site));
    const int v = fvi_emit_unary(site->b, FVI_SOFTPLUS, 0, 0, x);
    fvi_site_out(site, 0, fvi_emit_unary(site->b, FVI_NEG, 0, 0, v));
}

/* x where it is above the threshold, else the value. */
void fvi_aten_threshold(fvi_site *site) {
    const int x = real_self(site);
    const int limit = fvi_emit_scalar(site->b, FVI_F32, fvi_torch_real(site, "threshold", 0));
    const int value = fvi_emit_scalar(site->b, FVI_F32, fvi_torch_real(site, "value", 0));
    fvi_site_out(
        site, 0,
        fvi_emit_where(site->b, fvi_emit_binary(site->b, FVI_GREATER, x, limit), x, value));
}

/* The first half of an axis, times the sigmoid of the second. */
void fvi_aten_glu(fvi_site *site) {
    const int x = fvi_torch_need(site, "self"), axis = fvi_torch_axis(site, "dim", -1, x);
    const fvi_shape s = fvi_build_shape(site->b, x);
    if (site->b->status) return;
    const int64_t half = s.ndim ? s.dim[axis] / 2 : 0;
    if (half < 1 || s.dim[axis] % 2) {
        fvi_build_fail(site->b, FV_SHAPE, "its axis %d has no two halves", axis);
        return;
    }
    const int gate =
        fvi_emit_unary(site->b, FVI_SIGMOID, 0, 0, fvi_emit_slice(site->b, x, axis, half, half));
    fvi_site_out(
        site, 0,
        fvi_emit_binary(site->b, FVI_MUL, fvi_emit_slice(site->b, x, axis, 0, half), gate));
}

/* A slope for all, or one a channel, on the second axis. */
void fvi_aten_prelu(fvi_site *site) {
    const int x = fvi_torch_need(site, "self");
    int w = fvi_torch_need(site, "weight");
    const fvi_shape s = fvi_build_shape(site->b, x), sw = fvi_build_shape(site->b, w);
    if (w >= 0 && sw.ndim == 1 && s.ndim > 2 && sw.dim[0] != 1) {
        fvi_shape wide = {.ndim = s.ndim - 1, .dim = {sw.dim[0]}};
        for (int i = 1; i < wide.ndim; i++) wide.dim[i] = 1;
        w = fvi_emit_reshape(site->b, w, &wide);
    }
    const int v = fvi_emit_binary(site->b, FVI_PRELU, x, w);
    const fvi_shape out = fvi_build_shape(site->b, v);
    if (v >= 0 && !fvi_shape_equal(&s, &out))
        fvi_build_fail(site->b, FV_SHAPE, "its weight is larger than its input");
    fvi_site_out(site, 0, v);
}

/* Where a bound is computed, or whole numbers are to stay whole, by maximum and minimum. */
void fvi_aten_clamp(fvi_site *site) {
    int x = fvi_torch_need(site, "self");
    const int lo = fvi_torch_operand(site, "min"), hi = fvi_torch_operand(site, "max");
    const int numbers = (lo < 0 || fvi_torch_is_number(site, "min")) &&
                        (hi < 0 || fvi_torch_is_number(site, "max"));
    if (x < 0 || site->b->status) return;
    if (numbers && !fvi_dtype_is_int(fvi_build_dtype(site->b, x))) {
        const double high = fvi_torch_real(site, "max", INFINITY);
        const double low = MIN(fvi_torch_real(site, "min", -INFINITY), high);
        give(site, FVI_CLIP, low, high);
        return;
    }
    if (lo >= 0) x = fvi_torch_binary(site, FVI_MAX, x, lo, numbers ? 2 : 0);
    if (hi >= 0) x = fvi_torch_binary(site, FVI_MIN, x, hi, numbers ? 2 : 0);
    fvi_site_out(site, 0, x);
}
