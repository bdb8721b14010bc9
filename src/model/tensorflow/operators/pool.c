/* SPDX-License-Identifier: Apache-2.0 */
/* Pooling. Averages leave padding out. Source: maxpooling_op.cc, avgpooling_op.cc. */
#include "model/tensorflow/nodes/attr.h"
#include "model/tensorflow/operators/window.h"

/* Sizes that MaxPoolV2 has as an input. */
static void input_sizes(fvi_site *site, int i, const char *name, int n, int64_t *out) {
    int64_t all[FVI_MAX_DIMS];
    const int count = fvi_tf_ints(site, i, name, all, FVI_MAX_DIMS);
    fvi_tf_sizes(site, name, all, count, n, out);
}

/* param: axes; negative: the average of them. */
void fvi_tf_pool(fvi_site *site) {
    const int average = site->kind->param < 0;
    const int n = average ? -site->kind->param : site->kind->param;
    fvi_window w = {.n = n, .groups = 1};
    fvi_tf_data_format(site);
    fvi_tf_attr_sizes(site, "ksize", n, w.kernel);
    fvi_tf_attr_sizes(site, "strides", n, w.stride);
    if (site->n_in == 3) {
        input_sizes(site, 1, "ksize", n, w.kernel);
        input_sizes(site, 2, "strides", n, w.stride);
    }
    for (int i = 0; i < n; i++) w.dilation[i] = 1;
    const fvi_padding padding = fvi_tf_padding(site, &w);
    if (site->b->status) return;
    fvi_site_out(site, 0,
                 fvi_site_pool(site, average ? FVI_AVERAGE_POOL : FVI_MAX_POOL,
                               fvi_site_need(site, 0), &w, padding, 0));
}
