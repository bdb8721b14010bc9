/* SPDX-License-Identifier: Apache-2.0 */
/* Normalisations and softmax. Source: fused_batch_norm_op.cc, batch_norm_op.cc, lrn_op.cc,
 * softmax_op.cc. */
#include <math.h>

#include "graph/const.h"
#include "model/tensorflow/kinds.h"
#include "model/tensorflow/nodes/attr.h"

/* Input i: one number a channel of x. */
static const fvi_const *per_channel(fvi_site *site, int i, const char *what, int64_t channels) {
    const fvi_const *c = fvi_tf_fixed(site, i, what);
    if (c && fvi_shape_count(&c->shape) != channels)
        fvi_build_fail(site->b, FV_SHAPE, "its %s has %" PRId64 " numbers for %" PRId64 " channels",
                       what, fvi_shape_count(&c->shape), channels);
    return c;
}

static int64_t channels_of(const fvi_site *site, int x, int axis) {
    const fvi_shape s = fvi_channels_shape(site, x);
    return axis >= 0 && axis < s.ndim ? s.dim[axis] : -1;
}

void fvi_tf_fused_batch_norm(fvi_site *site) {
    const int x = fvi_site_need(site, 0), ndim = fvi_build_shape(site->b, x).ndim;
    fvi_tf_data_format(site);
    const int axis = site->channels_last ? ndim - 1 : 1;
    const int64_t n = channels_of(site, x, axis);
    if (fvi_tf_attr_bool(fvi_tf_def(site), "is_training", 1))
        fvi_build_fail(site->b, FV_UNSUPPORTED,
                       "its is_training is true: it normalises by what it is given; allowed: "
                       "false (save the graph for inference)");
    const fvi_statistics s = {.gamma = per_channel(site, 1, "scale", n),
                              .beta = per_channel(site, 2, "offset", n),
                              .mean = per_channel(site, 3, "mean", n),
                              .variance = per_channel(site, 4, "variance", n),
                              .epsilon = fvi_tf_attr_float(fvi_tf_def(site), "epsilon", 1e-4f)};
    if (site->b->status) return;
    fvi_site_out(site, 0, fvi_site_batch_norm(site, x, axis, &s));
}

/* x, mean, variance, beta, gamma */
void fvi_tf_old_batch_norm(fvi_site *site) {
    const fvi_tf_bytes def = fvi_tf_def(site);
    const int x = fvi_site_need(site, 0), axis = fvi_build_shape(site->b, x).ndim - 1;
    const int64_t n = channels_of(site, x, axis);
    const fvi_statistics s = {.gamma = fvi_tf_attr_bool(def, "scale_after_normalization", 0)
                                           ? per_channel(site, 4, "gamma", n)
                                           : NULL,
                              .beta = per_channel(site, 3, "beta", n),
                              .mean = per_channel(site, 1, "mean", n),
                              .variance = per_channel(site, 2, "variance", n),
                              .epsilon = fvi_tf_attr_float(def, "variance_epsilon", 0)};
    if (site->b->status) return;
    fvi_site_out(site, 0, fvi_site_batch_norm(site, x, axis, &s));
}

/* x (bias + alpha sum)^-beta over depth_radius channels to both sides. */
void fvi_tf_lrn(fvi_site *site) {
    const fvi_tf_bytes def = fvi_tf_def(site);
    const int64_t radius = fvi_tf_attr_int(def, "depth_radius", 5);
    const int x = fvi_channels_move(site, fvi_site_need(site, 0));
    const fvi_shape shape = fvi_build_shape(site->b, x);
    if (!site->b->status && (shape.ndim != 4 || radius < 0 || radius > FVI_WINDOW_MAX))
        fvi_build_fail(site->b, FV_SHAPE,
                       "its depth_radius is %" PRId64 " over %d axes; allowed: 0.. over 4", radius,
                       shape.ndim);
    if (site->b->status) return;
    const int64_t size = 2 * radius + 1;
    const fvi_node_attr a = {.lrn = {.size = size,
                                     .alpha = fvi_tf_attr_float(def, "alpha", 1) * (float)size,
                                     .beta = fvi_tf_attr_float(def, "beta", 0.5f),
                                     .bias = fvi_tf_attr_float(def, "bias", 1)}};
    fvi_site_out(site, 0, fvi_channels_mark(site, fvi_emit(site->b, FVI_LRN, &a, &shape, 1, &x)));
}

/* param 1: its logarithm. */
void fvi_tf_softmax(fvi_site *site) {
    fvi_site_out(site, 0, fvi_site_softmax(site, fvi_site_need(site, 0), -1, site->kind->param));
}
