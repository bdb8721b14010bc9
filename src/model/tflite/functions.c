/* SPDX-License-Identifier: Apache-2.0 */
/* Element-wise operators. Source: as layers.c. */
#include "graph/const.h"
#include "model/tflite/op.h"

/* param: the fvi_binary; with an activation. */
void fvi_tflite_lower_binary(fvi_site *site) {
    const int a = fvi_tflite_need(site, 0), b = fvi_tflite_need(site, 1);
    fvi_tflite_out(site, fvi_channels_binary(site, (fvi_binary)site->kind->param, a, b),
                   fvi_tflite_option(site, 0, 1, 0));
}

/* The same without one. */
void fvi_tflite_lower_plain_binary(fvi_site *site) {
    const int a = fvi_tflite_need(site, 0), b = fvi_tflite_need(site, 1);
    fvi_tflite_out(site, fvi_channels_binary(site, (fvi_binary)site->kind->param, a, b), 0);
}

void fvi_tflite_lower_squared_difference(fvi_site *site) {
    const int a = fvi_tflite_need(site, 0), b = fvi_tflite_need(site, 1);
    const int v = fvi_channels_binary(site, FVI_SUB, a, b);
    fvi_tflite_out(site, fvi_channels_binary(site, FVI_MUL, v, v), 0);
}

void fvi_tflite_lower_add_n(fvi_site *site) {
    int v = fvi_tflite_need(site, 0);
    for (int i = 1; i < site->n_in; i++)
        v = fvi_channels_binary(site, FVI_ADD, v, fvi_tflite_need(site, i));
    fvi_tflite_out(site, v, 0);
}

static void unary(fvi_site *site, fvi_unary f, float p, float q) {
    fvi_tflite_out(site, fvi_channels_unary(site, f, p, q, fvi_tflite_need(site, 0)), 0);
}

/* param: the fvi_unary. */
void fvi_tflite_lower_unary(fvi_site *site) { unary(site, (fvi_unary)site->kind->param, 0, 0); }

/* param 0: 0..6, 1: -1..1 */
void fvi_tflite_lower_clip(fvi_site *site) {
    unary(site, FVI_CLIP, site->kind->param ? -1 : 0, site->kind->param ? 1 : 6);
}

void fvi_tflite_lower_leaky_relu(fvi_site *site) {
    unary(site, FVI_LEAKY_RELU, (float)fvi_tflite_real(site, 0, 0), 0);
}

void fvi_tflite_lower_elu(fvi_site *site) { unary(site, FVI_ELU, 1, 0); }

void fvi_tflite_lower_gelu(fvi_site *site) {
    unary(site, fvi_tflite_option(site, 0, 1, 0) ? FVI_GELU_TANH : FVI_GELU, 0, 0);
}

void fvi_tflite_lower_rsqrt(fvi_site *site) { unary(site, FVI_POW, -0.5f, 0); }

void fvi_tflite_lower_square(fvi_site *site) {
    const int x = fvi_tflite_need(site, 0);
    fvi_tflite_out(site, fvi_channels_binary(site, FVI_MUL, x, x), 0);
}

/* DEQUANTIZE and QUANTIZE: values are real numbers already. */
void fvi_tflite_lower_same(fvi_site *site) { fvi_tflite_out(site, fvi_tflite_need(site, 0), 0); }

/* To whole numbers the fraction is cut off; to real ones nothing changes. */
void fvi_tflite_lower_cast(fvi_site *site) {
    const fvi_tflite_op *op = site->op->detail;
    const fvi_tflite_tensor *from = fvi_tflite_tensor_in(site, 0);
    const fvi_dtype to = op->out >= 0 ? op->file->tensors[op->out].type : FVI_F32;
    const int x = fvi_tflite_need(site, 0);
    const int cuts = fvi_dtype_is_int(to) && from && !fvi_dtype_is_int(from->type);
    fvi_tflite_out(site, cuts ? fvi_channels_unary(site, FVI_TRUNC, 0, 0, x) : x, 0);
}

void fvi_tflite_lower_select(fvi_site *site) {
    int v[] = {fvi_tflite_need(site, 0), fvi_tflite_need(site, 1), fvi_tflite_need(site, 2)};
    if (site->b->status) return;
    fvi_channels_align(site, 3, v, 1);
    const int out = fvi_emit_where(site->b, v[0], v[1], v[2]);
    const int moved = fvi_channels_moved(site, v[0]) || fvi_channels_moved(site, v[1]) ||
                      fvi_channels_moved(site, v[2]);
    fvi_tflite_out(site, moved ? fvi_channels_mark(site, out) : out, 0);
}
