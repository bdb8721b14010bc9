/* SPDX-License-Identifier: Apache-2.0 */
/* Constants, variables, and what is computed from shapes alone: shapes are known when a graph is
 * lowered. Source: constant_op.cc, shape_ops.h, sequence_ops.cc, one_hot_op.h. */
#include <math.h>

#include "graph/const.h"
#include "model/tensorflow/kinds.h"
#include "model/tensorflow/nodes/attr.h"
#include "model/tensorflow/nodes/tensor.h"

void fvi_tf_constant(fvi_site *site) {
    const fvi_tf_op *op = site->op->detail;
    if (op->constant)
        fvi_site_out(site, 0, fvi_site_constant(site, op->constant));
    else
        fvi_build_fail(site->b, FV_UNSUPPORTED, "%s",
                       op->problem ? op->problem : "its numbers are not in the file");
}

/* What dropout that is off keeps: all. */
void fvi_tf_one(fvi_site *site) {
    const int is_test = fvi_tf_is(fvi_tf_part(fvi_tf_def(site), 2), "GreaterEqual");
    fvi_site_out(site, 0, fvi_emit_scalar(site->b, is_test ? FVI_BOOL : FVI_F32, 1));
}

/* A placeholder that is no input. */
void fvi_tf_no_input(fvi_site *site) {
    const int type = fvi_tf_attr_type(fvi_tf_def(site), "dtype", 1);
    fvi_build_fail(site->b, FV_UNSUPPORTED,
                   "its elements are of TensorFlow's type %d%s; allowed: numbers and truth values",
                   type, type == FVI_TF_STRING ? " (string)" : "");
}

static void give_shape(fvi_site *site, int i) {
    const fvi_shape s = fvi_channels_shape(site, fvi_site_need(site, i));
    const fvi_dtype t = fvi_tf_type_of(site, "out_type", 3);
    fvi_site_out(site, i, fvi_tf_row(site, t, s.ndim, s.dim));
}

void fvi_tf_shape_op(fvi_site *site) {
    for (int i = 0; i < site->n_in && i < site->n_out; i++) give_shape(site, i);
}

static void give_number(fvi_site *site, fvi_dtype t, int64_t x) {
    uint8_t *data;
    const int v = fvi_emit_constant(site->b, t, &(fvi_shape){0}, &data);
    if (v >= 0) fvi_put_int(t, data, 0, x);
    fvi_site_out(site, 0, v);
}

void fvi_tf_rank(fvi_site *site) {
    give_number(site, FVI_I32, fvi_build_shape(site->b, fvi_site_need(site, 0)).ndim);
}

void fvi_tf_size(fvi_site *site) {
    const fvi_shape s = fvi_build_shape(site->b, fvi_site_need(site, 0));
    give_number(site, fvi_tf_type_of(site, "out_type", 3), fvi_shape_count(&s));
}

/* A value `like` expanded to a shape that input i says. */
static int filled(fvi_site *site, int i, int value) {
    fvi_shape s = {0};
    s.ndim = fvi_tf_ints(site, i, "shape", s.dim, FVI_MAX_DIMS);
    if (s.ndim < 0 || site->b->status) return -1;
    if (fvi_shape_count(&s) < 0) {
        fvi_build_fail(site->b, FV_SHAPE, "its shape is negative or beyond 2^31 elements");
        return -1;
    }
    return fvi_emit_expand(site->b, value, &s);
}

void fvi_tf_fill(fvi_site *site) { fvi_site_out(site, 0, filled(site, 0, fvi_tf_plain(site, 1))); }

void fvi_tf_broadcast_to(fvi_site *site) {
    fvi_site_out(site, 0, filled(site, 1, fvi_tf_plain(site, 0)));
}

/* param: the number. */
void fvi_tf_like(fvi_site *site) {
    const int x = fvi_site_need(site, 0);
    const fvi_shape s = fvi_channels_shape(site, x);
    if (site->b->status) return;
    const int one = fvi_emit_scalar(site->b, fvi_build_dtype(site->b, x), site->kind->param);
    fvi_site_out(site, 0, fvi_emit_expand(site->b, one, &s));
}

/* The last two axes between the diagonals num_lower below and num_upper above the main one (below
 * 0: all of that side); 0 elsewhere. */
void fvi_tf_band(fvi_site *site) {
    const int x = fvi_tf_plain(site, 0);
    const fvi_shape s = fvi_build_shape(site->b, x);
    int64_t lower = -1, upper = -1;
    uint8_t *mask;
    fvi_tf_ints(site, 1, "num_lower", &lower, 1);
    fvi_tf_ints(site, 2, "num_upper", &upper, 1);
    if (x >= 0 && s.ndim < 2)
        fvi_build_fail(site->b, FV_SHAPE, "its input has %d axes; 2 and more are allowed", s.ndim);
    if (site->b->status) return;
    const int64_t h = s.dim[s.ndim - 2], w = s.dim[s.ndim - 1];
    const int m = fvi_emit_constant(site->b, FVI_BOOL, &(fvi_shape){2, {h, w}}, &mask);
    for (int64_t i = 0; m >= 0 && i < h * w; i++) {
        const int64_t above = i % w - i / w;
        mask[i] = (lower < 0 || -above <= lower) && (upper < 0 || above <= upper);
    }
    const int zero = fvi_emit_scalar(site->b, fvi_build_dtype(site->b, x), 0);
    fvi_site_out(site, 0, fvi_emit_where(site->b, m, x, zero));
}

void fvi_tf_range(fvi_site *site) {
    static const char *const words[] = {"start", "limit", "delta"};
    const fvi_const *c[3];
    for (int i = 0; i < 3; i++) {
        c[i] = fvi_tf_fixed(site, i, words[i]);
        if (!c[i]) return;
        if (fvi_shape_count(&c[i]->shape) == 1) continue;
        fvi_build_fail(site->b, FV_SHAPE, "its %s is not one number", words[i]);
        return;
    }
    const double start = fvi_const_at(c[0], 0), step = fvi_const_at(c[2], 0);
    const double n = ceil((fvi_const_at(c[1], 0) - start) / step);
    if (!(n <= (double)FVI_CONSTANT_MAX_ELEMENTS)) {
        fvi_build_fail(site->b, FV_SHAPE, "it has no sound number of elements");
        return;
    }
    const int64_t count = n > 0 ? (int64_t)n : 0;
    const fvi_dtype t = c[0]->dtype;
    uint8_t *data;
    const int v = fvi_emit_constant(site->b, t, &(fvi_shape){1, {count}}, &data);
    for (int64_t i = 0; v >= 0 && i < count; i++)
        fvi_put_real(t, data, i, start + (double)i * step);
    fvi_site_out(site, 0, v);
}

/* indices, depth, on, off: a new axis of `depth` elements. */
void fvi_tf_one_hot(fvi_site *site) {
    const fvi_const *at = fvi_tf_fixed(site, 0, "indices");
    const int64_t depth = fvi_tf_single(site, 1, "depth");
    const fvi_const *on = fvi_tf_fixed(site, 2, "on_value"),
                    *off = fvi_tf_fixed(site, 3, "off_value");
    uint8_t *data;
    if (site->b->status) return;
    if (at->shape.ndim >= FVI_MAX_DIMS || depth < 0 || fvi_shape_count(&on->shape) != 1 ||
        fvi_shape_count(&off->shape) != 1) {
        fvi_build_fail(site->b, FV_SHAPE, "it needs indices, one depth and two numbers");
        return;
    }
    fvi_shape out = {.ndim = at->shape.ndim + 1};
    const int64_t given = fvi_tf_attr_int(fvi_tf_def(site), "axis", -1);
    const int axis = fvi_build_axis(site->b, given, out.ndim);
    for (int i = 0; i < out.ndim && !site->b->status; i++)
        out.dim[i] = i == axis ? depth : at->shape.dim[i < axis ? i : i - 1];
    const int v = fvi_emit_constant(site->b, on->dtype, &out, &data);
    if (v < 0) return;
    const int64_t inner = fvi_shape_product(&out, axis + 1, out.ndim),
                  n = fvi_shape_count(&at->shape);
    for (int64_t i = 0; i < n * depth; i++) fvi_put_from(on->dtype, data, i, off, 0);
    for (int64_t i = 0; i < n; i++) {
        const int64_t k = fvi_const_int(at, i);
        if (k >= 0 && k < depth)
            fvi_put_from(on->dtype, data, (i / inner * depth + k) * inner + i % inner, on, 0);
    }
    fvi_site_out(site, 0, v);
}

void fvi_tf_invert_permutation(fvi_site *site) {
    int64_t x[FVI_MAX_DIMS], inverse[FVI_MAX_DIMS] = {0};
    const int n = fvi_tf_ints(site, 0, "permutation", x, FVI_MAX_DIMS);
    for (int i = 0; i < n; i++) {
        if (x[i] < 0 || x[i] >= n) {
            fvi_build_fail(site->b, FV_FORMAT, "it is no permutation");
            return;
        }
        inverse[x[i]] = i;
    }
    if (n >= 0)
        fvi_site_out(site, 0,
                     fvi_tf_row(site, fvi_build_dtype(site->b, fvi_site_in(site, 0)), n, inverse));
}

void fvi_tf_random(fvi_site *site) {
    fvi_build_fail(site->b, FV_UNSUPPORTED,
                   "it makes random numbers; allowed: those of dropout that is off (save the graph "
                   "for inference)");
}
