/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of one operand, and what passes its operand on. Source: nn_ops.cc, math_ops.cc. */
#include "model/tensorflow/kinds.h"
#include "model/tensorflow/nodes/attr.h"

static void out(fvi_site *site, fvi_unary f, float p, float q, int x) {
    fvi_site_out(site, 0, fvi_channels_unary(site, f, p, q, x));
}

/* param: a fvi_unary without parameters. */
void fvi_tf_unary(fvi_site *site) {
    out(site, (fvi_unary)site->kind->param, 0, 0, fvi_site_need(site, 0));
}

void fvi_tf_relu6(fvi_site *site) { out(site, FVI_CLIP, 0, 6, fvi_site_need(site, 0)); }

void fvi_tf_leaky_relu(fvi_site *site) {
    out(site, FVI_LEAKY_RELU, fvi_tf_attr_float(fvi_tf_def(site), "alpha", 0.2f), 0,
        fvi_site_need(site, 0));
}

void fvi_tf_elu(fvi_site *site) { out(site, FVI_ELU, 1, 0, fvi_site_need(site, 0)); }

void fvi_tf_selu(fvi_site *site) {
    out(site, FVI_SELU, 1.67326324f, 1.05070098f, fvi_site_need(site, 0));
}

/* param: twice the exponent. */
void fvi_tf_power(fvi_site *site) {
    out(site, FVI_POW, (float)site->kind->param / 2, 0, fvi_site_need(site, 0));
}

void fvi_tf_log1p(fvi_site *site) {
    const int v = fvi_channels_unary(site, FVI_LINEAR, 1, 1, fvi_site_need(site, 0));
    out(site, FVI_LOG, 0, 0, v);
}

void fvi_tf_expm1(fvi_site *site) {
    const int v = fvi_channels_unary(site, FVI_EXP, 0, 0, fvi_site_need(site, 0));
    out(site, FVI_LINEAR, 1, -1, v);
}

void fvi_tf_erfc(fvi_site *site) {
    const int v = fvi_channels_unary(site, FVI_ERF, 0, 0, fvi_site_need(site, 0));
    out(site, FVI_LINEAR, -1, 1, v);
}

void fvi_tf_is_inf(fvi_site *site) { out(site, FVI_IS_INF, 1, 1, fvi_site_need(site, 0)); }

/* Every input is the output of its number. */
void fvi_tf_same(fvi_site *site) {
    for (int i = 0; i < site->n_out; i++)
        if (i < site->n_in) fvi_site_out(site, i, fvi_site_need(site, i));
}

void fvi_tf_stop_gradient(fvi_site *site) {
    const int x = fvi_site_need(site, 0);
    fvi_site_out(site, 0, fvi_channels_like(site, fvi_emit_stop_gradient(site->b, x), x));
}

/* x, rounded to a type of half precision. */
static int half(fvi_site *site, int x, fvi_dtype t) {
    const fvi_shape shape = fvi_build_shape(site->b, x);
    const fvi_node_attr a = {.identity = {.half = t}};
    return fvi_emit(site->b, FVI_IDENTITY, &a, &shape, 1, &x);
}

void fvi_tf_cast(fvi_site *site) {
    const fvi_dtype t = fvi_tf_type_of(site, "DstT", 1);
    const int x = fvi_site_need(site, 0);
    if (site->b->status) return;
    const int is_half = (t == FVI_F16 || t == FVI_BF16) && !fvi_build_const(site->b, x);
    const int v = is_half ? half(site, x, t) : fvi_emit_cast(site->b, x, t);
    fvi_site_out(site, 0, fvi_channels_like(site, v, x));
}
