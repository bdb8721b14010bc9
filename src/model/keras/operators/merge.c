/* SPDX-License-Identifier: Apache-2.0 */
/* Layers of several inputs, products and tables. */
#include <string.h>

#include "graph/build/einsum.h"
#include "model/keras/operators/activation.h"

/* All inputs joined by f. */
static int join(fvi_site *site, fvi_binary f) {
    int v = fvi_site_need(site, 0);
    for (int i = 1; i < site->n_in; i++)
        v = fvi_channels_binary(site, f, v, fvi_site_need(site, i));
    return v;
}

/* param: the fvi_binary. */
void fvi_keras_merge(fvi_site *site) {
    fvi_site_out(site, 0, join(site, (fvi_binary)site->kind->param));
}

void fvi_keras_average(fvi_site *site) {
    const int sum = join(site, FVI_ADD);
    const float share = site->n_in ? 1.0f / (float)site->n_in : 1;
    fvi_site_out(site, 0, fvi_channels_unary(site, FVI_LINEAR, share, 0, sum));
}

void fvi_keras_concatenate(fvi_site *site) {
    const int64_t axis = fvi_keras_int(fvi_keras_of(site)->config, "axis", -1);
    const int own = axis >= -FVI_MAX_DIMS && axis < FVI_MAX_DIMS ? (int)axis : FVI_MAX_DIMS;
    fvi_site_out(site, 0, fvi_site_concat(site, own, site->n_in, site->in));
}

/* InceptionResNetV2's: the first input and so much of the second. */
void fvi_keras_scaled_sum(fvi_site *site) {
    const double scale = fvi_keras_real(fvi_keras_of(site)->config, "scale", 1);
    const int x = fvi_site_need(site, 0), y = fvi_site_need(site, 1);
    const int part = fvi_channels_unary(site, FVI_LINEAR, (float)scale, 0, y);
    fvi_site_out(site, 0, fvi_channels_binary(site, FVI_ADD, x, part));
}

/* ---- products ------------------------------------------------------------------------------- */

/* An equation of letters: each axis has its own, the samples' and the summed axes' are shared. */
static void dot_equation(const fvi_shape *x, int ax, const fvi_shape *y, int ay, char *out) {
    char a[FVI_MAX_DIMS + 1] = "", b[FVI_MAX_DIMS + 1] = "", c[2 * FVI_MAX_DIMS + 1] = "n";
    int n = 1;
    for (int i = 0; i < x->ndim; i++) {
        a[i] = (char)(i == 0 ? 'n' : i == ax ? 'k' : 'A' + i);
        if (i && i != ax) c[n++] = a[i];
    }
    for (int i = 0; i < y->ndim; i++) {
        b[i] = (char)(i == 0 ? 'n' : i == ay ? 'k' : 'P' + i);
        if (i && i != ay) c[n++] = b[i];
    }
    g_snprintf(out, 6 * FVI_MAX_DIMS, "%s,%s->%s", a, b, c);
}

void fvi_keras_dot(fvi_site *site) {
    JsonObject *config = fvi_keras_of(site)->config;
    int v[] = {fvi_channels_restore(site, fvi_site_need(site, 0)),
               fvi_channels_restore(site, fvi_site_need(site, 1))};
    const fvi_shape x = fvi_build_shape(site->b, v[0]), y = fvi_build_shape(site->b, v[1]);
    int64_t axes[2] = {-1, -1};
    char equation[6 * FVI_MAX_DIMS];
    if (!fvi_keras_sizes(config, "axes", 2, axes))
        fvi_build_fail(site->b, FV_FORMAT, "its axes are no two numbers");
    if (site->b->status) return;
    const int ax = fvi_build_axis(site->b, axes[0], x.ndim);
    const int ay = fvi_build_axis(site->b, axes[1], y.ndim);
    if (!ax || !ay) fvi_build_fail(site->b, FV_UNSUPPORTED, "it sums over the samples");
    if (x.ndim + y.ndim - 3 > FVI_MAX_DIMS)
        fvi_build_fail(site->b, FV_UNSUPPORTED, "it makes too many axes");
    if (site->b->status) return;
    const double least = fvi_keras_of(site)->version < 3 ? 1e-12 : 1e-24;
    if (fvi_keras_bool(config, "normalize", 0)) {
        v[0] = fvi_keras_unit(site, v[0], 1u << ax, least);
        v[1] = fvi_keras_unit(site, v[1], 1u << ay, least);
    }
    dot_equation(&x, ax, &y, ay, equation);
    int out = fvi_emit_einsum(site->b, equation, strlen(equation), 2, v);
    if (x.ndim == 2 && y.ndim == 2)
        out = fvi_emit_reshape(site->b, out, &(fvi_shape){2, {x.dim[0], 1}});
    fvi_site_out(site, 0, out);
}

/* An equation of x and the kernel, and a bias that is broadcast. */
void fvi_keras_einsum_dense(fvi_site *site) {
    JsonObject *config = fvi_keras_of(site)->config;
    const char *equation = fvi_keras_text(config, "equation", "");
    const int v[] = {fvi_channels_restore(site, fvi_site_need(site, 0)),
                     fvi_keras_weight_value(site, "kernel", 1)};
    const int bias = fvi_keras_weight_value(site, "bias", 0);
    if (site->b->status) return;
    int out = fvi_emit_einsum(site->b, equation, strlen(equation), 2, v);
    if (bias >= 0) out = fvi_emit_binary(site->b, FVI_ADD, out, bias);
    fvi_site_out(site, 0, fvi_keras_activate(site, out, "activation"));
}

void fvi_keras_embedding(fvi_site *site) {
    const int table = fvi_keras_weight_value(site, "embeddings", 1);
    fvi_site_out(site, 0, fvi_site_gather(site, table, 0, fvi_site_need(site, 0)));
}

/* Steps that are to be left out are zeroed; who reads them is told by `masked`. */
void fvi_keras_masking(fvi_site *site) {
    const int x = fvi_site_need(site, 0), ndim = fvi_build_shape(site->b, x).ndim;
    const double value = fvi_keras_real(fvi_keras_of(site)->config, "mask_value", 0);
    if (x < 0) return;
    const int other = fvi_channels_unary(
        site, FVI_NOT, 0, 0,
        fvi_channels_binary(site, FVI_EQUAL, x, fvi_emit_scalar(site->b, FVI_F32, value)));
    const int any = fvi_site_reduce(site, FVI_REDUCE_MAX, 1u << (ndim - 1), 1, other);
    fvi_site_out(site, 0, fvi_channels_binary(site, FVI_MUL, x, any));
}
