/* SPDX-License-Identifier: Apache-2.0 */
/* Products of matrices. Source: matmul_op_impl.h, einsum_op_impl.h. */
#include "graph/build/einsum.h"
#include "model/tensorflow/kinds.h"
#include "model/tensorflow/nodes/attr.h"

void fvi_tf_matmul(fvi_site *site) {
    const fvi_tf_bytes def = fvi_tf_def(site);
    const int a = fvi_site_need(site, 0), b = fvi_site_need(site, 1);
    const int ta = fvi_tf_attr_bool(def, "transpose_a", 0) || fvi_tf_attr_bool(def, "adj_x", 0);
    const int tb = fvi_tf_attr_bool(def, "transpose_b", 0) || fvi_tf_attr_bool(def, "adj_y", 0);
    if (!site->b->status) fvi_site_out(site, 0, fvi_site_matmul(site, a, b, ta, tb, 1));
}

void fvi_tf_einsum(fvi_site *site) {
    const fvi_tf_bytes text = fvi_tf_attr_text(fvi_tf_def(site), "equation");
    int *in = g_new(int, site->n_in + 1);
    for (int i = 0; i < site->n_in; i++) in[i] = fvi_tf_plain(site, i);
    if (!site->b->status)
        fvi_site_out(site, 0,
                     fvi_emit_einsum(site->b, text.bytes ? (const char *)text.bytes : "", text.size,
                                     site->n_in, in));
    g_free(in);
}
