/* SPDX-License-Identifier: Apache-2.0 */
/* strides, ksize, dilations, padding: lists of all axes in the order of data_format.
 * Source: common_shape_fns.cc, padding.cc. */
#include "model/tensorflow/operators/window.h"

#include "model/tensorflow/nodes/attr.h"

void fvi_tf_sizes(fvi_site *site, const char *name, const int64_t *all, int count, int n,
                  int64_t *out) {
    const int first = site->channels_last ? 1 : 2, channels = site->channels_last ? n + 1 : 1;
    if (site->b->status) return;
    if (count != n + 2)
        fvi_build_fail(site->b, FV_FORMAT, "its %s has %d numbers; %d are needed", name, count,
                       n + 2);
    else if (all[0] != 1 || all[channels] != 1)
        fvi_build_fail(site->b, FV_UNSUPPORTED,
                       "its %s is %" PRId64 " over samples and %" PRId64
                       " over channels; allowed: 1",
                       name, all[0], all[channels]);
    for (int i = 0; i < n && !site->b->status; i++) out[i] = all[first + i];
}

void fvi_tf_attr_sizes(fvi_site *site, const char *name, int n, int64_t *out) {
    int64_t all[FVI_MAX_DIMS];
    const int count = fvi_tf_attr_ints(fvi_tf_def(site), name, all, FVI_MAX_DIMS);
    for (int i = 0; i < n; i++) out[i] = 1;
    if (count > 0) fvi_tf_sizes(site, name, all, count, n, out);
}

static void explicit_padding(fvi_site *site, fvi_window *w) {
    int64_t pads[2 * FVI_MAX_DIMS] = {0};
    const int n = fvi_tf_attr_ints(fvi_tf_def(site), "explicit_paddings", pads, 2 * FVI_MAX_DIMS);
    const int first = site->channels_last ? 1 : 2, channels = site->channels_last ? w->n + 1 : 1;
    if (n != 2 * (w->n + 2)) {
        fvi_build_fail(site->b, FV_FORMAT, "its explicit_paddings has %d numbers; %d are needed", n,
                       2 * (w->n + 2));
        return;
    }
    if (pads[0] || pads[1] || pads[2 * channels] || pads[2 * channels + 1])
        fvi_build_fail(site->b, FV_UNSUPPORTED, "it pads samples or channels; allowed: 0");
    for (int i = 0; i < w->n; i++) {
        w->pad_lo[i] = pads[2 * (first + i)];
        w->pad_hi[i] = pads[2 * (first + i) + 1];
    }
}

fvi_padding fvi_tf_padding(fvi_site *site, fvi_window *w) {
    const fvi_tf_bytes text = fvi_tf_attr_text(fvi_tf_def(site), "padding");
    if (fvi_tf_is(text, "SAME")) return FVI_PADDING_SAME;
    if (fvi_tf_is(text, "VALID")) return FVI_PADDING_VALID;
    if (fvi_tf_is(text, "EXPLICIT"))
        explicit_padding(site, w);
    else
        fvi_tf_refuse(site, "padding", text, "SAME, VALID, EXPLICIT");
    return FVI_PADDING_EXPLICIT;
}
