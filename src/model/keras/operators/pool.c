/* SPDX-License-Identifier: Apache-2.0 */
/* Pooling and resizing. Source: keras/src/layers/pooling, reshaping/up_sampling2d.py,
 * preprocessing/image_preprocessing/resizing.py. */
#include <string.h>

#include "model/keras/arguments.h"

/* param: the number of axes, negative: the average. Strides are the window's unless they are said.
 */
void fvi_keras_pool(fvi_site *site) {
    JsonObject *config = fvi_keras_of(site)->config;
    const int n = ABS(site->kind->param);
    fvi_window w = {.n = n};
    fvi_keras_data_format(site);
    for (int i = 0; i < n; i++) w.kernel[i] = 2, w.dilation[i] = 1;
    if (fvi_keras_member(config, "pool_size") && !fvi_keras_sizes(config, "pool_size", n, w.kernel))
        fvi_build_fail(site->b, FV_FORMAT, "its pool_size is no %d numbers", n);
    memcpy(w.stride, w.kernel, sizeof w.stride);
    if (fvi_keras_member(config, "strides") && !fvi_keras_sizes(config, "strides", n, w.stride))
        fvi_build_fail(site->b, FV_FORMAT, "its strides are no %d numbers", n);
    const fvi_kind kind = site->kind->param > 0 ? FVI_MAX_POOL : FVI_AVERAGE_POOL;
    fvi_site_out(site, 0,
                 fvi_site_pool(site, kind, fvi_site_need(site, 0), &w, fvi_keras_padding(site), 0));
}

/* param: the fvi_kind. */
void fvi_keras_global_pool(fvi_site *site) {
    fvi_keras_data_format(site);
    const int keepdims = fvi_keras_bool(fvi_keras_of(site)->config, "keepdims", 0);
    fvi_site_out(
        site, 0,
        fvi_site_global_pool(site, (fvi_kind)site->kind->param, fvi_site_need(site, 0), keepdims));
}

static int rule(fvi_site *site, const char *name, fvi_resize_rule *r) {
    *r = (fvi_resize_rule){.coordinates = FVI_HALF_PIXEL, .nearest = FVI_ROUND_FLOOR};
    r->cubic_a = -0.5;
    r->exclude_outside = 1;
    if (!strcmp(name, "nearest"))
        r->mode = FVI_RESIZE_NEAREST;
    else if (!strcmp(name, "bilinear"))
        r->mode = FVI_RESIZE_LINEAR;
    else if (!strcmp(name, "bicubic"))
        r->mode = FVI_RESIZE_CUBIC;
    else
        fvi_keras_refuse(site, "interpolation", name);
    if (r->mode == FVI_RESIZE_NEAREST) r->coordinates = FVI_TF_HALF_PIXEL_FOR_NN;
    return !site->b->status;
}

/* The sizes between samples and channels. */
static void spatial_sizes(const fvi_site *site, int x, int64_t *size) {
    const fvi_shape s = fvi_channels_shape(site, x);
    const int from = site->channels_last ? 1 : 2;
    for (int i = 0; i + 2 < s.ndim; i++) size[i] = s.dim[from + i];
}

/* param: the number of axes. */
void fvi_keras_up_sampling(fvi_site *site) {
    JsonObject *config = fvi_keras_of(site)->config;
    const int n = site->kind->param, x = fvi_site_need(site, 0);
    int64_t times[FVI_MAX_DIMS] = {2, 2, 2}, size[FVI_MAX_DIMS];
    fvi_resize_rule r;
    fvi_keras_data_format(site);
    if (fvi_keras_member(config, "size") && !fvi_keras_sizes(config, "size", n, times))
        fvi_build_fail(site->b, FV_FORMAT, "its size is no %d numbers", n);
    if (fvi_build_shape(site->b, x).ndim != n + 2)
        fvi_build_fail(site->b, FV_SHAPE, "its input has %d axes; %d are needed",
                       fvi_build_shape(site->b, x).ndim, n + 2);
    if (site->b->status || !rule(site, fvi_keras_text(config, "interpolation", "nearest"), &r))
        return;
    spatial_sizes(site, x, size);
    for (int i = 0; i < n; i++)
        if (times[i] < 1 || fvi_mul(size[i], times[i], &size[i]) < 0)
            fvi_build_fail(site->b, FV_SHAPE, "its size is %" PRId64 "; at least 1 is allowed",
                           times[i]);
    fvi_site_out(site, 0, fvi_site_resize(site, x, &r, size));
}

void fvi_keras_resizing(fvi_site *site) {
    JsonObject *config = fvi_keras_of(site)->config;
    const int x = fvi_site_need(site, 0);
    const int64_t size[] = {fvi_keras_int(config, "height", 0), fvi_keras_int(config, "width", 0)};
    fvi_resize_rule r;
    fvi_keras_data_format(site);
    if (fvi_keras_bool(config, "crop_to_aspect_ratio", 0))
        fvi_keras_refuse(site, "crop_to_aspect_ratio", "true");
    if (fvi_keras_bool(config, "pad_to_aspect_ratio", 0))
        fvi_keras_refuse(site, "pad_to_aspect_ratio", "true");
    if (!site->b->status && fvi_build_shape(site->b, x).ndim != 4)
        fvi_build_fail(site->b, FV_SHAPE, "its input has %d axes; 4 are needed",
                       fvi_build_shape(site->b, x).ndim);
    if (site->b->status || !rule(site, fvi_keras_text(config, "interpolation", "bilinear"), &r))
        return;
    fvi_site_out(site, 0, fvi_site_resize(site, x, &r, size));
}

void fvi_keras_center_crop(fvi_site *site) {
    JsonObject *config = fvi_keras_of(site)->config;
    int v = fvi_site_need(site, 0);
    const int64_t size[] = {fvi_keras_int(config, "height", 0), fvi_keras_int(config, "width", 0)};
    fvi_keras_data_format(site);
    const fvi_shape s = fvi_channels_shape(site, v);
    const int first = s.ndim - 3 + !site->channels_last;
    if (!site->b->status && (s.ndim < 3 || s.ndim > 4))
        fvi_build_fail(site->b, FV_SHAPE, "its input has %d axes; 4 are needed", s.ndim);
    for (int i = 0; i < 2 && !site->b->status; i++) {
        const int64_t n = s.dim[first + i];
        if (size[i] < 1 || size[i] > n)
            fvi_build_fail(site->b, FV_UNSUPPORTED,
                           "it cuts %" PRId64 " of %" PRId64 " elements; Keras resizes smaller "
                           "pictures, which is not done here",
                           size[i], n);
        else
            v = fvi_site_slice(site, v, first + i, (n - size[i]) / 2, size[i], 1);
    }
    fvi_site_out(site, 0, v);
}

/* ---- functions ------------------------------------------------------------------------------ */

static void check_format(fvi_site *site) {
    const char *format = fvi_keras_argument_text(site, "data_format", "channels_last");
    if (strcmp(format, "channels_last") != 0 && strcmp(format, "NHWC") != 0)
        fvi_keras_refuse(site, "data_format", format);
}

void fvi_keras_resize_call(fvi_site *site) {
    static const char *const flags[] = {"antialias", "crop_to_aspect_ratio", "pad_to_aspect_ratio",
                                        "preserve_aspect_ratio"};
    const int x = fvi_keras_operand(site, "x", 1);
    int64_t size[FVI_MAX_DIMS];
    fvi_resize_rule r;
    for (size_t i = 0; i < G_N_ELEMENTS(flags); i++)
        if (fvi_keras_argument_bool(site, flags[i], 0)) fvi_keras_refuse(site, flags[i], "true");
    check_format(site);
    if (fvi_keras_argument_ints(site, "size", size, FVI_MAX_DIMS) != 2)
        fvi_build_fail(site->b, FV_FORMAT, "its size is no two numbers");
    if (!site->b->status && fvi_build_shape(site->b, x).ndim != 4)
        fvi_build_fail(site->b, FV_SHAPE, "its input has %d axes; 4 are needed",
                       fvi_build_shape(site->b, x).ndim);
    if (site->b->status || !rule(site, fvi_keras_argument_text(site, "method", "bilinear"), &r))
        return;
    fvi_site_out(site, 0, fvi_site_resize(site, x, &r, size));
}

/* The sizes between samples and channels, which TensorFlow may write with them. */
static int window_sizes(fvi_site *site, const char *name, int n, int64_t *out) {
    int64_t all[FVI_MAX_DIMS];
    const int k = fvi_keras_argument_ints(site, name, all, FVI_MAX_DIMS);
    if (k < 0) return 0;
    if (k != 1 && k != n && !(k == n + 2 && all[0] == 1 && all[n + 1] == 1))
        fvi_build_fail(site->b, FV_UNSUPPORTED, "its %s has %d numbers", name, k);
    for (int i = 0; i < n; i++) out[i] = all[k == 1 ? 0 : k == n ? i : i + 1];
    return 1;
}

/* param: the fvi_kind. */
void fvi_keras_pool_call(fvi_site *site) {
    const int x = fvi_keras_operand(site, "x", 1);
    const int n = fvi_build_shape(site->b, x).ndim - 2;
    char *padding = g_ascii_strdown(fvi_keras_argument_text(site, "padding", "valid"), -1);
    fvi_window w = {.n = n};
    check_format(site);
    if (!site->b->status && (n < 1 || n > FVI_MAX_SPATIAL))
        fvi_build_fail(site->b, FV_SHAPE, "its input has %d axes", n + 2);
    for (int i = 0; i < n && !site->b->status; i++) w.dilation[i] = 1;
    if (!site->b->status && !window_sizes(site, "kernel", n, w.kernel))
        fvi_build_fail(site->b, FV_FORMAT, "it has no window");
    memcpy(w.stride, w.kernel, sizeof w.stride);
    if (!site->b->status) window_sizes(site, "strides", n, w.stride);
    if (strcmp(padding, "same") != 0 && strcmp(padding, "valid") != 0)
        fvi_keras_refuse(site, "padding", padding);
    const int same = !strcmp(padding, "same");
    g_free(padding);
    if (!site->b->status)
        fvi_site_out(site, 0,
                     fvi_site_pool(site, (fvi_kind)site->kind->param, x, &w,
                                   same ? FVI_PADDING_SAME : FVI_PADDING_VALID, 0));
}
