/* SPDX-License-Identifier: Apache-2.0 */
/* What the handlers of TensorFlow Lite's operators share. Quantised activations are real numbers
 * that are cut to what the type holds, which is how such files write a ReLU, and not rounded. */
#include "model/tflite/op.h"

#include "graph/const.h"

static const fvi_tflite_op *op_of(const fvi_site *site) { return site->op->detail; }

const fvi_tflite_tensor *fvi_tflite_tensor_in(const fvi_site *site, int i) {
    const fvi_tflite_op *op = op_of(site);
    return i < op->n_in && op->in[i] >= 0 ? &op->file->tensors[op->in[i]] : NULL;
}

int fvi_tflite_in(fvi_site *site, int i) {
    const fvi_tflite_tensor *t = fvi_tflite_tensor_in(site, i);
    if (!t) return -1;
    if (t->problem)
        fvi_build_fail(site->b, FV_UNSUPPORTED, "its constant \"%s\" cannot be read: %s", t->name,
                       t->problem);
    return t->constant ? fvi_site_constant(site, t->constant) : fvi_site_in(site, i);
}

int fvi_tflite_need(fvi_site *site, int i) {
    const int v = fvi_tflite_in(site, i);
    if (v < 0) fvi_build_fail(site->b, FV_FORMAT, "input %d is missing", i);
    return v;
}

int fvi_tflite_ints(fvi_site *site, int i, int64_t *out, int max) {
    const int v = fvi_tflite_need(site, i);
    const fvi_const *c = fvi_build_const(site->b, v);
    if (site->b->status) return -1;
    const int64_t n = c ? fvi_shape_count(&c->shape) : 0;
    if (!c || n > max) {
        fvi_build_fail(site->b, FV_UNSUPPORTED,
                       c ? "input %d has more than %d numbers"
                         : "input %d depends on the network's input; it must be a constant (of at "
                           "most %d numbers)",
                       i, max);
        return -1;
    }
    for (int64_t k = 0; k < n; k++) out[k] = fvi_const_int(c, k);
    return (int)n;
}

int64_t fvi_tflite_option(const fvi_site *site, int field, int bytes, int64_t otherwise) {
    return fvi_flat_int(&op_of(site)->file->flat, op_of(site)->options, field, bytes, otherwise);
}

double fvi_tflite_real(const fvi_site *site, int field, double otherwise) {
    return fvi_flat_real(&op_of(site)->file->flat, op_of(site)->options, field, otherwise);
}

static int activate(fvi_site *site, int v, int64_t activation) {
    switch (activation) {
    case 0: return v;
    case 1: return fvi_channels_unary(site, FVI_RELU, 0, 0, v);
    case 2: return fvi_channels_unary(site, FVI_CLIP, -1, 1, v);
    case 3: return fvi_channels_unary(site, FVI_CLIP, 0, 6, v);
    case 4: return fvi_channels_unary(site, FVI_TANH, 0, 0, v);
    default:
        fvi_build_fail(site->b, FV_UNSUPPORTED, "its activation %" PRId64 " is not supported",
                       activation);
        return -1;
    }
}

void fvi_tflite_out(fvi_site *site, int v, int64_t activation) {
    const fvi_tflite_op *op = op_of(site);
    const fvi_quantum *q = op->out >= 0 ? &op->file->tensors[op->out].quantum : NULL;
    v = activate(site, v, activation);
    if (q && q->is_set && v >= 0 && !fvi_build_const(site->b, v))
        v = fvi_channels_unary(site, FVI_CLIP, (float)q->least, (float)q->most, v);
    fvi_site_out(site, 0, v);
}

void fvi_tflite_lower_not_computed(fvi_site *site) {
    fvi_build_fail(site->b, FV_UNSUPPORTED, "it is not computed here");
}
