/* SPDX-License-Identifier: Apache-2.0 */
/* Functions element by element. Source: keras/src/ops/numpy.py, nn.py; tensorflow/python/ops. */
#include <math.h>
#include <string.h>

#include "graph/const.h"
#include "model/keras/operators/activation.h"

/* param: the fvi_binary. */
void fvi_keras_two(fvi_site *site) {
    const int x = fvi_keras_operand(site, "x", 1), y = fvi_keras_operand(site, "y", 1);
    if (!strcmp(fvi_keras_argument_text(site, "data_format", ""), "NCHW"))
        fvi_keras_refuse(site, "data_format", "NCHW");
    fvi_site_out(site, 0, fvi_channels_binary(site, (fvi_binary)site->kind->param, x, y));
}

/* "radd": y is the left operand. */
void fvi_keras_two_swapped(fvi_site *site) {
    const int x = fvi_keras_operand(site, "x", 1), y = fvi_keras_operand(site, "y", 1);
    fvi_site_out(site, 0, fvi_channels_binary(site, (fvi_binary)site->kind->param, y, x));
}

void fvi_keras_sum_list(fvi_site *site) {
    GArray *in = fvi_keras_operands(site, "x");
    int v = in->len ? g_array_index(in, int, 0) : -1;
    for (guint i = 1; i < in->len && v >= 0; i++)
        v = fvi_channels_binary(site, FVI_ADD, v, g_array_index(in, int, i));
    g_array_unref(in);
    fvi_site_out(site, 0, v);
}

void fvi_keras_where(fvi_site *site) {
    int v[] = {fvi_keras_operand(site, "condition", 1), fvi_keras_operand(site, "x", 1),
               fvi_keras_operand(site, "y", 1)};
    if (site->b->status) return;
    fvi_channels_align(site, 3, v, 1);
    int moved = 0;
    for (int i = 0; i < 3; i++) moved = moved || fvi_channels_moved(site, v[i]);
    const int out = fvi_emit_where(site->b, v[0], v[1], v[2]);
    fvi_site_out(site, 0, moved ? fvi_channels_mark(site, out) : out);
}

/* param: the fvi_unary. */
void fvi_keras_one(fvi_site *site) {
    const int x = fvi_keras_operand(site, "x", 1);
    fvi_site_out(site, 0, fvi_channels_unary(site, (fvi_unary)site->kind->param, 0, 0, x));
}

/* param: twice the exponent. */
void fvi_keras_half_power(fvi_site *site) {
    const float exponent = (float)site->kind->param / 2;
    const int x = fvi_keras_operand(site, "x", 1);
    fvi_site_out(site, 0, fvi_channels_unary(site, FVI_POW, exponent, 0, x));
}

void fvi_keras_log1p(fvi_site *site) {
    const int x = fvi_channels_unary(site, FVI_LINEAR, 1, 1, fvi_keras_operand(site, "x", 1));
    fvi_site_out(site, 0, fvi_channels_unary(site, FVI_LOG, 0, 0, x));
}

void fvi_keras_clip(fvi_site *site) {
    const int x = fvi_keras_operand(site, "x", 1);
    const int low = fvi_keras_operand(site, "low", 1), high = fvi_keras_operand(site, "high", 1);
    const fvi_shape sl = fvi_build_shape(site->b, low), sh = fvi_build_shape(site->b, high);
    const fvi_const *kl = fvi_build_const(site->b, low), *kh = fvi_build_const(site->b, high);
    if (site->b->status) return;
    if (!kl || !kh || fvi_shape_count(&sl) != 1 || fvi_shape_count(&sh) != 1) {
        const int v = fvi_channels_binary(site, FVI_MAX, x, low);
        fvi_site_out(site, 0, fvi_channels_binary(site, FVI_MIN, v, high));
        return;
    }
    fvi_site_out(site, 0,
                 fvi_channels_unary(site, FVI_CLIP, (float)fvi_const_at(kl, 0),
                                    (float)fvi_const_at(kh, 0), x));
}

/* Types of fewer digits than f32 are computed as f32. */
void fvi_keras_cast(fvi_site *site) {
    const int x = fvi_keras_operand(site, "x", 1);
    const char *type = fvi_keras_argument_text(site, "dtype", "float32");
    if (strstr(type, "float")) {
        fvi_site_out(site, 0, x);
    } else if (strstr(type, "int")) {
        fvi_site_out(site, 0, fvi_channels_unary(site, FVI_TRUNC, 0, 0, x));
    } else if (!strcmp(type, "bool")) {
        const int zero = fvi_channels_unary(site, FVI_NOT, 0, 0, x);
        fvi_site_out(site, 0, fvi_channels_unary(site, FVI_NOT, 0, 0, zero));
    } else {
        fvi_keras_refuse(site, "dtype", type);
    }
}

void fvi_keras_identity(fvi_site *site) { fvi_site_out(site, 0, fvi_keras_operand(site, "x", 1)); }

void fvi_keras_stop_gradient(fvi_site *site) {
    const int x = fvi_keras_operand(site, "x", 1);
    fvi_site_out(site, 0, fvi_channels_like(site, fvi_emit_stop_gradient(site->b, x), x));
}

/* ---- activations ---------------------------------------------------------------------------- */

/* The name after the last dot as keras.activations has it: "ops.HardSigmoid" as "hard_sigmoid". */
static void activation_name(const char *type, char *out, size_t size) {
    const char *from = strrchr(type, '.');
    size_t n = 0;
    for (const char *c = from ? from + 1 : type; *c && n + 2 < size; c++) {
        if (g_ascii_isupper(*c) && n) out[n++] = '_';
        out[n++] = g_ascii_tolower(*c);
    }
    out[n] = '\0';
}

void fvi_keras_activation_call(fvi_site *site) {
    char name[32];
    const int x = fvi_keras_operand(site, "x", 1);
    activation_name(site->op->type, name, sizeof name);
    /* tf.nn.gelu and its like are exact unless they say otherwise; keras.ops.gelu the other way */
    const int usual = g_str_has_prefix(site->op->type, "ops.");
    if (!strcmp(name, "gelu"))
        fvi_site_out(site, 0,
                     fvi_channels_unary(site,
                                        fvi_keras_argument_bool(site, "approximate", usual)
                                            ? FVI_GELU_TANH
                                            : FVI_GELU,
                                        0, 0, x));
    else
        fvi_site_out(
            site, 0,
            fvi_keras_function_of(site, name, fvi_keras_argument_real(site, "alpha", NAN), x));
}

/* param: whether its logarithm. */
void fvi_keras_softmax_call(fvi_site *site) {
    const int x = fvi_keras_operand(site, "x", 1);
    const int64_t axis = fvi_keras_argument_int(site, "axis", -1);
    const int own = axis >= -FVI_MAX_DIMS && axis < FVI_MAX_DIMS ? (int)axis : FVI_MAX_DIMS;
    fvi_site_out(site, 0, fvi_site_softmax(site, x, own, site->kind->param));
}
