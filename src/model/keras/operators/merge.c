/* SPDX-License-Identifier: Apache-2.0 */
/* Layers of several inputs. */
#include "model/keras/classes.h"

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
