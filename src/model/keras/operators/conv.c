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

/* A weight as a convolution takes it. */
static int kernel(fvi_site *site, const char *name, int n) {
    return fvi_site_kernel(site, fvi_keras_weight_value(site, name, 1), n);
}

/* Fails where the configuration says another number than the weights have. */
static void check_number(fvi_site *site, const char *key, int64_t have) {
    const int64_t said = fvi_keras_int(fvi_keras_of(site)->config, key, have);
    if (!site->b->status && said != have)
        fvi_build_fail(site->b, FV_SHAPE, "its %s is %" PRId64 "; its weights are for %" PRId64,
                       key, said, have);
}

/* The same for a kernel over n axes, whose channels that `key` counts are an axis behind them. */
static void check_kernel(fvi_site *site, const char *name, int n, const char *key, int axis) {
    const fvi_const *w = fvi_keras_weight_numbers(site, name);
    JsonObject *config = fvi_keras_of(site)->config;
    int64_t size[FVI_MAX_SPATIAL];
    if (!w || w->shape.ndim != n + 2) return;
    check_number(site, key, w->shape.dim[n + axis]);
    if (!strcmp(name, "pointwise_kernel") || !fvi_keras_sizes(config, "kernel_size", n, size))
        return;
    for (int i = 0; i < n; i++)
        if (!site->b->status && size[i] != w->shape.dim[i])
            fvi_build_fail(site->b, FV_SHAPE,
                           "its kernel_size is %" PRId64
                           " along axis %d; its weights are for %" PRId64,
                           size[i], i, w->shape.dim[i]);
}

static void finish(fvi_site *site, int v) {
    fvi_site_out(site, 0, fvi_keras_activate(site, v, "activation"));
}

void fvi_keras_conv(fvi_site *site) {
    const int n = site->kind->param;
    fvi_keras_data_format(site);
    const fvi_window w = window(site, n);
    const int k = kernel(site, "kernel", n), bias = fvi_keras_weight_value(site, "bias", 0);
    check_kernel(site, "kernel", n, "filters", 1);
    finish(site, fvi_site_conv(site, fvi_site_need(site, 0), k, bias, &w, fvi_keras_padding(site)));
}

void fvi_keras_conv_transpose(fvi_site *site) {
    const int n = site->kind->param;
    int64_t extra[FVI_MAX_SPATIAL] = {0};
    JsonObject *config = fvi_keras_of(site)->config;
    fvi_keras_data_format(site);
    const fvi_window w = window(site, n);
    const fvi_padding padding = fvi_keras_padding(site);
    const int k = kernel(site, "kernel", n), bias = fvi_keras_weight_value(site, "bias", 0);
    check_kernel(site, "kernel", n, "filters", 0);
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
    check_kernel(site, name, n, "depth_multiplier", 1);
    const int k = fvi_site_depthwise_kernel(site, fvi_keras_weight_value(site, name, 1), n);
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
    const int k = kernel(site, "pointwise_kernel", n);
    check_kernel(site, "pointwise_kernel", n, "filters", 1);
    const int bias = fvi_keras_weight_value(site, "bias", 0);
    finish(site, fvi_site_conv(site, v, k, bias, &point, FVI_PADDING_VALID));
}

void fvi_keras_dense(fvi_site *site) {
    const int w = fvi_keras_weight_value(site, "kernel", 1);
    const int bias = fvi_keras_weight_value(site, "bias", 0);
    const fvi_const *numbers = fvi_keras_weight_numbers(site, "kernel");
    if (numbers && numbers->shape.ndim == 2) check_number(site, "units", numbers->shape.dim[1]);
    finish(site, fvi_site_dense(site, fvi_site_need(site, 0), w, bias, 0));
}
