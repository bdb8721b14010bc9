/* SPDX-License-Identifier: Apache-2.0 */
/* Convolutions and Dense. Kernels are [k..][in / groups][out]; a depthwise one is [k..][in][times],
 * a transposed one [k..][out][in]. */
#include "graph/const.h"
#include "model/keras/operators/activation.h"

/* The window of the configuration over n axes, kernel and padding left out. */
static fvi_window window(fvi_site *site, int n) {
    JsonObject *config = fvi_keras_of(site)->config;
    fvi_window w = {.n = n, .groups = fvi_keras_int(config, "groups", 1)};
    for (int i = 0; i < n; i++) w.kernel[i] = w.stride[i] = w.dilation[i] = 1;
    if (fvi_keras_member(config, "strides") && !fvi_keras_sizes(config, "strides", n, w.stride))
        fvi_build_fail(site->b, FV_FORMAT, "its strides are no %d numbers", n);
    if (fvi_keras_member(config, "dilation_rate") &&
        !fvi_keras_sizes(config, "dilation_rate", n, w.dilation))
        fvi_build_fail(site->b, FV_FORMAT, "its dilation_rate is no %d numbers", n);
    return w;
}

/* A kernel with its last two axes, swapped or not, before the others; -1 unless it has n more. */
static int kernel(fvi_site *site, const char *name, int n, int swap) {
    const int v = fvi_keras_weight_value(site, name, 1);
    const int ndim = fvi_build_shape(site->b, v).ndim;
    int perm[FVI_MAX_DIMS] = {swap ? n + 1 : n, swap ? n : n + 1};
    if (v < 0) return -1;
    if (ndim != n + 2) {
        fvi_build_fail(site->b, FV_SHAPE, "its %s has %d axes; %d are needed", name, ndim, n + 2);
        return -1;
    }
    for (int i = 0; i < n; i++) perm[2 + i] = i;
    return fvi_site_permuted(site, v, perm);
}

/* A depthwise kernel [in][times][k..] as [in times][1][k..]. */
static int one_a_group(fvi_site *site, int w) {
    fvi_shape s = fvi_build_shape(site->b, w);
    if (w < 0 || fvi_mul(s.dim[0], s.dim[1], &s.dim[0]) < 0) return -1;
    s.dim[1] = 1;
    return fvi_emit_reshape(site->b, w, &s);
}

static void finish(fvi_site *site, int v) {
    fvi_site_out(site, 0, fvi_keras_activate(site, v, "activation"));
}

void fvi_keras_conv(fvi_site *site) {
    const int n = site->kind->param;
    fvi_keras_data_format(site);
    const fvi_window w = window(site, n);
    const int k = kernel(site, "kernel", n, 1), bias = fvi_keras_weight_value(site, "bias", 0);
    finish(site, fvi_site_conv(site, fvi_site_need(site, 0), k, bias, &w, fvi_keras_padding(site)));
}

void fvi_keras_conv_transpose(fvi_site *site) {
    const int n = site->kind->param;
    int64_t extra[FVI_MAX_SPATIAL] = {0};
    JsonObject *config = fvi_keras_of(site)->config;
    fvi_keras_data_format(site);
    const fvi_window w = window(site, n);
    const fvi_padding padding = fvi_keras_padding(site);
    const int k = kernel(site, "kernel", n, 1), bias = fvi_keras_weight_value(site, "bias", 0);
    if (fvi_keras_member(config, "output_padding") &&
        !fvi_keras_sizes(config, "output_padding", n, extra))
        fvi_build_fail(site->b, FV_FORMAT, "its output_padding is no %d numbers", n);
    const int sized = fvi_keras_member(config, "output_padding") != NULL;
    finish(site, fvi_site_conv_transpose(site, fvi_site_need(site, 0), k, bias, &w, padding,
                                         sized ? extra : NULL));
}

/* The depthwise part of a layer. */
static int depthwise(fvi_site *site, int n, const char *name, int bias, const fvi_window *w) {
    fvi_window own = *w;
    const int x = fvi_site_need(site, 0);
    const fvi_shape in = fvi_build_shape(site->b, x);
    if (x < 0) return -1;
    own.groups = site->channels_last ? fvi_channels_shape(site, x).dim[MAX(in.ndim - 1, 0)]
                                     : fvi_channels_shape(site, x).dim[in.ndim > 1];
    const int k = one_a_group(site, kernel(site, name, n, 0));
    return fvi_site_conv(site, x, k, bias, &own, fvi_keras_padding(site));
}

void fvi_keras_depthwise(fvi_site *site) {
    const int n = site->kind->param;
    fvi_keras_data_format(site);
    const fvi_window w = window(site, n);
    const char *name = fvi_keras_weight_numbers(site, "kernel") ? "kernel" : "depthwise_kernel";
    finish(site, depthwise(site, n, name, fvi_keras_weight_value(site, "bias", 0), &w));
}

void fvi_keras_separable(fvi_site *site) {
    const int n = site->kind->param;
    fvi_keras_data_format(site);
    const fvi_window w = window(site, n);
    fvi_window point = {.n = n, .groups = 1};
    for (int i = 0; i < n; i++) point.stride[i] = point.dilation[i] = 1;
    const int v = depthwise(site, n, "depthwise_kernel", -1, &w);
    const int k = kernel(site, "pointwise_kernel", n, 1);
    const int bias = fvi_keras_weight_value(site, "bias", 0);
    finish(site, fvi_site_conv(site, v, k, bias, &point, FVI_PADDING_VALID));
}

void fvi_keras_dense(fvi_site *site) {
    const int w = fvi_keras_weight_value(site, "kernel", 1);
    const int bias = fvi_keras_weight_value(site, "bias", 0);
    finish(site, fvi_site_dense(site, fvi_site_need(site, 0), w, bias, 0));
}
