/* SPDX-License-Identifier: Apache-2.0 */
/* The table of operators, and what their handlers share. */
#include "model/tensorflow/kinds.h"

#include <string.h>

#include "graph/const.h"
#include "model/tensorflow/nodes/attr.h"
#include "model/tensorflow/nodes/tensor.h"

const fvi_op_kind fvi_tf_kinds[] = {
#define FVI_TF_OP(op, handler, param) {op, fvi_tf_##handler, param},
#include "model/tensorflow/kinds.def"
#undef FVI_TF_OP
    {0}};

fvi_tf_bytes fvi_tf_def(const fvi_site *site) { return ((const fvi_tf_op *)site->op->detail)->def; }

void fvi_tf_refuse(fvi_site *site, const char *name, fvi_tf_bytes value, const char *allowed) {
    fvi_build_fail(site->b, FV_UNSUPPORTED, "its %s is \"%.*s\"; allowed: %s", name,
                   (int)MIN(value.size, 40), value.bytes ? (const char *)value.bytes : "", allowed);
}

void fvi_tf_data_format(fvi_site *site) {
    const fvi_tf_bytes text = fvi_tf_attr_text(fvi_tf_def(site), "data_format");
    const int first = fvi_tf_is(text, "NCHW") || fvi_tf_is(text, "NCDHW");
    site->channels_last = !first;
    if (text.size && !first && !fvi_tf_is(text, "NHWC") && !fvi_tf_is(text, "NDHWC"))
        fvi_tf_refuse(site, "data_format", text, "NHWC, NCHW, NDHWC, NCDHW");
}

const fvi_const *fvi_tf_fixed(fvi_site *site, int i, const char *what) {
    const int v = fvi_site_need(site, i);
    const fvi_const *c = fvi_build_const(site->b, v);
    if (v >= 0 && !c)
        fvi_build_fail(site->b, FV_UNSUPPORTED,
                       "its %s (input %d) is computed from the network's input; allowed: constants",
                       what, i);
    return site->b->status ? NULL : c;
}

int fvi_tf_ints(fvi_site *site, int i, const char *what, int64_t *out, int max) {
    const fvi_const *c = fvi_tf_fixed(site, i, what);
    const int64_t n = c ? fvi_shape_count(&c->shape) : -1;
    if (!c) return -1;
    if (n < 0 || n > max) {
        fvi_build_fail(site->b, FV_UNSUPPORTED, "its %s has %" PRId64 " numbers; allowed: 0..%d",
                       what, n, max);
        return -1;
    }
    for (int64_t k = 0; k < n; k++) out[k] = fvi_const_int(c, k);
    return (int)n;
}

int64_t fvi_tf_single(fvi_site *site, int i, const char *what) {
    const fvi_const *c = fvi_tf_fixed(site, i, what);
    if (c && fvi_shape_count(&c->shape) == 1) return fvi_const_int(c, 0);
    if (c) fvi_build_fail(site->b, FV_SHAPE, "its %s is not one number", what);
    return 0;
}

int fvi_tf_axis(fvi_site *site, int i, int ndim) {
    const int64_t axis = fvi_tf_single(site, i, "axis");
    return site->b->status ? 0 : fvi_build_axis(site->b, axis, ndim);
}

int fvi_tf_plain(fvi_site *site, int i) {
    return fvi_channels_restore(site, fvi_site_need(site, i));
}

fvi_dtype fvi_tf_type_of(fvi_site *site, const char *name, int usual) {
    const int t = fvi_tf_attr_type(fvi_tf_def(site), name, usual);
    if (!fvi_tf_dtype(t))
        fvi_build_fail(site->b, FV_UNSUPPORTED,
                       "its %s is TensorFlow's type %d; allowed: numbers and truth values", name,
                       t);
    return (fvi_dtype)fvi_tf_dtype(t);
}

int fvi_tf_row(fvi_site *site, fvi_dtype t, int64_t n, const int64_t *x) {
    uint8_t *data;
    const int v = fvi_emit_constant(site->b, t, &(fvi_shape){1, {n}}, &data);
    for (int64_t i = 0; v >= 0 && i < n; i++) fvi_put_int(t, data, i, x[i]);
    return v;
}

int fvi_tf_reads_alone(const fvi_site *site, int i) {
    const fvi_graph_request *r = site->l->request;
    const int v = i < site->op->n_in ? site->op->in[i] : -1;
    if (v < 0 || fvi_tf_of(site->l->file)->readers[v] != 1) return 0;
    const char *name = fvi_op_list_name(site->l->list, v);
    for (int k = 0; k < r->n_wanted; k++)
        if (!strcmp(r->wanted[k], name)) return 0;
    return !fvi_binding_find(r->bindings, r->n_bindings, name);
}
