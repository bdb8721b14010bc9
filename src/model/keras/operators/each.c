/* SPDX-License-Identifier: Apache-2.0 */
/* TimeDistributed: each step through one layer. The list has three operations of it: steps become
 * samples, the layer (or the model), and samples become steps again. */
#include "model/keras/classes.h"

/* [n][t].. as [n t].. */
void fvi_keras_each(fvi_site *site) {
    const int x = fvi_site_need(site, 0);
    const fvi_shape s = fvi_channels_shape(site, x);
    fvi_shape to = {.ndim = s.ndim - 1};
    if (!site->b->status && s.ndim < 2)
        fvi_build_fail(site->b, FV_SHAPE, "its input has %d axes; at least 2 are needed", s.ndim);
    if (site->b->status) return;
    to.dim[0] = fvi_shape_product(&s, 0, 2);
    for (int i = 1; i < to.ndim; i++) to.dim[i] = s.dim[i + 1];
    fvi_site_out(site, 0, fvi_site_reshape(site, x, &to));
}

/* The layer's output, and what the first operation was given, whose steps it gets. */
void fvi_keras_each_back(fvi_site *site) {
    const int v = fvi_site_need(site, 0), x = fvi_site_need(site, 1);
    const fvi_shape own = fvi_channels_shape(site, v), whole = fvi_channels_shape(site, x);
    fvi_shape to = {.ndim = own.ndim + 1, .dim = {whole.dim[0], whole.dim[1]}};
    if (!site->b->status && (to.ndim > FVI_MAX_DIMS || own.ndim < 1))
        fvi_build_fail(site->b, FV_SHAPE, "its layer gives %d axes", own.ndim);
    if (site->b->status) return;
    for (int i = 2; i < to.ndim; i++) to.dim[i] = own.dim[i - 1];
    fvi_site_out(site, 0, fvi_site_reshape(site, v, &to));
}
