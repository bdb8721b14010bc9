/* SPDX-License-Identifier: Apache-2.0 */
/* Pooling and resizing. Source: keras/src/layers/pooling, reshaping/up_sampling2d.py,
 * preprocessing/image_preprocessing/resizing.py. */
#include <string.h>

#include "model/keras/classes.h"

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
