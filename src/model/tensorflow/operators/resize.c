/* SPDX-License-Identifier: Apache-2.0 */
/* Resizing pictures. Without attributes TensorFlow lays the first elements on each other and
 * stretches (asymmetric); align_corners lays the last ones on each other too; half_pixel_centers
 * lays the pictures' edges on each other. Bicubic weights are those of a table of 1024 places.
 * Source: image_resizer_state.h, resize_nearest_neighbor_op.cc, resize_bicubic_op.cc. */
#include "graph/const.h"
#include "model/tensorflow/kinds.h"
#include "model/tensorflow/nodes/attr.h"

#define CUBIC_PLACES 1024

/* The two sizes that input 1 says; 0 when failed. */
static int read_size(fvi_site *site, int x, int64_t *size) {
    const int n = fvi_tf_ints(site, 1, "size", size, 2), ndim = fvi_build_shape(site->b, x).ndim;
    if (!site->b->status && (n != 2 || ndim != 4))
        fvi_build_fail(site->b, FV_SHAPE, "it resizes %d axes of %d; allowed: 2 of 4", n, ndim);
    for (int i = 0; i < 2 && !site->b->status; i++)
        if (size[i] < 1 || size[i] > FVI_WINDOW_MAX)
            fvi_build_fail(site->b, FV_SHAPE, "its size is %" PRId64 "; allowed: 1..%" PRId64,
                           size[i], FVI_WINDOW_MAX);
    return !site->b->status;
}

/* param: FVI_RESIZE_NEAREST, _LINEAR, _CUBIC */
void fvi_tf_resize(fvi_site *site) {
    const fvi_tf_bytes def = fvi_tf_def(site);
    const int align = fvi_tf_attr_bool(def, "align_corners", 0);
    const int half = fvi_tf_attr_bool(def, "half_pixel_centers", 0);
    const int nearest = site->kind->param == FVI_RESIZE_NEAREST;
    fvi_resize_rule r = {.mode = site->kind->param,
                         .coordinates = FVI_ASYMMETRIC,
                         .nearest = align ? FVI_ROUND_PREFER_CEIL : FVI_ROUND_FLOOR,
                         .cubic_a = half ? -0.5 : -0.75,
                         .exclude_outside = half,
                         .places = site->kind->param == FVI_RESIZE_CUBIC ? CUBIC_PLACES : 0};
    int64_t size[2];
    const int x = fvi_site_need(site, 0);
    if (align && half)
        fvi_build_fail(site->b, FV_FORMAT,
                       "its align_corners and half_pixel_centers are both true; allowed: one");
    if (align) r.coordinates = FVI_ALIGN_CORNERS;
    if (half) r.coordinates = nearest ? FVI_TF_HALF_PIXEL_FOR_NN : FVI_HALF_PIXEL;
    if (read_size(site, x, size)) fvi_site_out(site, 0, fvi_site_resize(site, x, &r, size));
}
