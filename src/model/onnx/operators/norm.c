/* SPDX-License-Identifier: Apache-2.0 */
/* Normalisations and softmax.
 *
 * Batch normalisation in inference is one scale and one shift a channel:
 *   scale = gamma / sqrt(variance + epsilon),  shift = beta - mean * scale.
 * Layer normalisation keeps its parameters in its node when they are constants of the normalised
 * shape, else they are multiplied and added behind it. Lp and mean-variance normalisation are made
 * of reductions. Training modes are refused.
 * Source: ONNX operator specification (BatchNormalization-1..15, InstanceNormalization-1..22,
 * GroupNormalization-18/21, LayerNormalization-17, Softmax-1..13, LRN-1..13).
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "graph/const.h"
#include "model/onnx/lowering.h"

fv_status fvi_lower_lrn(fvi_site *s) {
    int x = fvi_site_need(s, 0);
    fvi_shape shape = fvi_site_shape(s, x);
    fvi_node_attr a = {.lrn = {fvi_onnx_attr_int(s->proto, "size", 0),
                               fvi_onnx_attr_float(s->proto, "alpha", 1e-4f),
                               fvi_onnx_attr_float(s->proto, "beta", 0.75f),
                               fvi_onnx_attr_float(s->proto, "bias", 1)}};
    if (!s->status && (a.lrn.size < 1 || a.lrn.size > FVI_WINDOW_MAX || shape.ndim < 2))
        return fvi_site_fail(s, FV_SHAPE,
                             "size is %" PRId64 " over %d dimensions; at least 1 and 2", a.lrn.size,
                             shape.ndim);
    return fvi_site_out(s, 0, s->status ? -1 : fvi_emit(s, FVI_LRN, &a, &shape, 1, &x));
}

/* Input i as a constant of exactly n numbers, or NULL with the site failed. */
static const fvi_const *channel_constant(fvi_site *s, int i, const char *what, int64_t n) {
    const fvi_const *c = fvi_site_fixed(s, i, what);
    if (!c) {
        fvi_site_need(s, i);
        return NULL;
    }
    if (fvi_shape_count(&c->shape) == n) return c;
    fvi_site_fail(s, FV_SHAPE, "its %s has %" PRId64 " numbers; %" PRId64 " are needed", what,
                  fvi_shape_count(&c->shape), n);
    return NULL;
}

fv_status fvi_lower_batch_norm(fvi_site *s) {
    int x = fvi_site_need(s, 0);
    fvi_shape shape = fvi_site_shape(s, x);
    if (s->status) return s->status;
    if (fvi_onnx_attr_int(s->proto, "training_mode", 0))
        return fvi_site_fail(s, FV_UNSUPPORTED, "training_mode=1 is not supported");
    if (!fvi_onnx_attr_int(s->proto, "spatial", 1) && s->l->opset < 9)
        return fvi_site_fail(s, FV_UNSUPPORTED, "spatial=0 is not supported");
    if (shape.ndim < 2) return fvi_site_fail(s, FV_SHAPE, "its input has no channel axis");
    int64_t c = shape.dim[1];
    double epsilon = fvi_onnx_attr_float(s->proto, "epsilon", 1e-5f);
    const fvi_const *gamma = channel_constant(s, 1, "scale", c);
    const fvi_const *beta = channel_constant(s, 2, "bias", c);
    const fvi_const *mean = channel_constant(s, 3, "mean", c);
    const fvi_const *variance = channel_constant(s, 4, "variance", c);
    uint8_t *scale, *shift;
    int vs = fvi_emit_constant(s, FVI_F32, &(fvi_shape){1, {c}}, &scale);
    int vb = fvi_emit_constant(s, FVI_F32, &(fvi_shape){1, {c}}, &shift);
    if (s->status) return s->status;
    for (int64_t i = 0; i < c; i++) {
        double k = fvi_const_at(gamma, i) / sqrt(fvi_const_at(variance, i) + epsilon);
        fvi_put_real(FVI_F32, scale, i, k);
        fvi_put_real(FVI_F32, shift, i, fvi_const_at(beta, i) - fvi_const_at(mean, i) * k);
    }
    return fvi_site_out(s, 0, fvi_emit(s, FVI_BATCH_NORM, NULL, &shape, 3, (int[]){x, vs, vb}));
}

/* Input i, one number a group or a channel, as f32 a channel. */
static int per_channel(fvi_site *s, int i, const char *what, int64_t channels, int64_t groups) {
    int by_group = s->op->param == 0 && s->l->opset < 21;
    const fvi_const *c = channel_constant(s, i, what, by_group ? groups : channels);
    if (!c) return -1;
    if (!by_group && c->shape.ndim == 1) return fvi_site_in(s, i);
    uint8_t *data;
    int v = fvi_emit_constant(s, FVI_F32, &(fvi_shape){1, {channels}}, &data);
    int64_t share = by_group ? channels / groups : 1;
    for (int64_t k = 0; v >= 0 && k < channels; k++) fvi_put_from(FVI_F32, data, k, c, k / share);
    return v;
}

/* param 1: InstanceNormalization, a group for every channel. */
fv_status fvi_lower_group_norm(fvi_site *s) {
    int x = fvi_site_need(s, 0);
    fvi_shape shape = fvi_site_shape(s, x);
    if (s->status) return s->status;
    if (shape.ndim < 2) return fvi_site_fail(s, FV_SHAPE, "its input has no channel axis");
    int64_t c = shape.dim[1], groups = c;
    if (!s->op->param) groups = fvi_onnx_attr_int(s->proto, "num_groups", 0);
    if (groups < 1 || c % groups)
        return fvi_site_fail(s, FV_SHAPE, "%" PRId64 " channels in %" PRId64 " groups", c, groups);
    int scale = per_channel(s, 1, "scale", c, groups), shift = per_channel(s, 2, "bias", c, groups);
    fvi_node_attr a = {.norm = {groups, 1, fvi_onnx_attr_float(s->proto, "epsilon", 1e-5f)}};
    if (s->status) return s->status;
    return fvi_site_out(s, 0, fvi_emit(s, FVI_GROUP_NORM, &a, &shape, 3, (int[]){x, scale, shift}));
}

/* A parameter that LAYER_NORM can take: a constant of exactly the normalised sizes. */
static int is_plain(fvi_site *s, int v, const fvi_shape *x, int axis) {
    const fvi_const *c = fvi_site_const(s, v);
    if (!c || c->shape.ndim != x->ndim - axis) return 0;
    return !memcmp(c->shape.dim, x->dim + axis, (size_t)c->shape.ndim * sizeof *x->dim);
}

/* Outputs 1 and 2, when somebody reads them: mean and 1/sqrt(variance + epsilon). */
static void layer_statistics(fvi_site *s, int x, unsigned axes, float epsilon) {
    if (!fvi_site_wants(s, 1) && !fvi_site_wants(s, 2)) return;
    int mean = fvi_emit_reduce(s, FVI_REDUCE_MEAN, axes, 1, x);
    int centred = fvi_emit_binary(s, FVI_SUB, x, mean);
    int square = fvi_emit_binary(s, FVI_MUL, centred, centred);
    int variance = fvi_emit_reduce(s, FVI_REDUCE_MEAN, axes, 1, square);
    int deviation =
        fvi_emit_unary(s, FVI_SQRT, 0, 0, fvi_emit_unary(s, FVI_LINEAR, 1, epsilon, variance));
    fvi_site_out(s, 1, mean);
    fvi_site_out(s, 2, fvi_emit_unary(s, FVI_RECIPROCAL, 0, 0, deviation));
}

fv_status fvi_lower_layer_norm(fvi_site *s) {
    int x = fvi_site_need(s, 0), scale = fvi_site_in(s, 1), shift = fvi_site_in(s, 2);
    fvi_shape shape = fvi_site_shape(s, x);
    if (s->status) return s->status;
    int axis = fvi_site_axis(s, fvi_onnx_attr_int(s->proto, "axis", -1), shape.ndim);
    float epsilon = fvi_onnx_attr_float(s->proto, "epsilon", 1e-5f);
    fvi_node_attr a = {.norm = {1, axis, epsilon}};
    int inside = is_plain(s, scale, &shape, axis);
    int shift_inside = shift >= 0 && inside && is_plain(s, shift, &shape, axis);
    int in[] = {x, inside ? scale : -1, shift_inside ? shift : -1};
    int v = s->status ? -1 : fvi_emit(s, FVI_LAYER_NORM, &a, &shape, 3, in);
    if (scale >= 0 && !inside) v = fvi_emit_binary(s, FVI_MUL, v, scale);
    if (shift >= 0 && !shift_inside) v = fvi_emit_binary(s, FVI_ADD, v, shift);
    fvi_site_out(s, 0, v);
    unsigned axes = 0;
    for (int i = axis; i < shape.ndim; i++) axes |= 1u << i;
    layer_statistics(s, x, axes, epsilon);
    return s->status;
}

/* x / ||x||_p along one axis. */
fv_status fvi_lower_lp_norm(fvi_site *s) {
    int x = fvi_site_need(s, 0);
    int64_t p = fvi_onnx_attr_int(s->proto, "p", 2);
    if (p != 1 && p != 2) return fvi_site_fail(s, FV_FORMAT, "p is %" PRId64 "; 1 or 2", p);
    int axis = fvi_site_axis(s, fvi_onnx_attr_int(s->proto, "axis", -1), fvi_site_shape(s, x).ndim);
    int norm = fvi_emit_reduce(s, p == 1 ? FVI_REDUCE_L1 : FVI_REDUCE_L2, 1u << axis, 1, x);
    norm = fvi_emit_unary(s, FVI_CLIP, FLT_MIN, INFINITY, norm); /* 0 / 0 is to be 0 */
    return fvi_site_out(s, 0, fvi_emit_binary(s, FVI_DIV, x, norm));
}

/* (x - mean) / (deviation + 1e-9) over the axes, 0 2 3 when none are named. */
fv_status fvi_lower_mean_variance_norm(fvi_site *s) {
    int x = fvi_site_need(s, 0), ndim = fvi_site_shape(s, x).ndim, absent;
    unsigned axes = fvi_site_axes(s, -1, ndim, &absent);
    if (absent) axes = 1u | 4u | 8u;
    if (!s->status && axes >> ndim) return fvi_site_fail(s, FV_SHAPE, "axes 0 2 3 of %d", ndim);
    int mean = fvi_emit_reduce(s, FVI_REDUCE_MEAN, axes, 1, x);
    int centred = fvi_emit_binary(s, FVI_SUB, x, mean);
    int square = fvi_emit_binary(s, FVI_MUL, centred, centred);
    int deviation =
        fvi_emit_unary(s, FVI_SQRT, 0, 0, fvi_emit_reduce(s, FVI_REDUCE_MEAN, axes, 1, square));
    deviation = fvi_emit_unary(s, FVI_LINEAR, 1, 1e-9f, deviation);
    return fvi_site_out(s, 0, fvi_emit_binary(s, FVI_DIV, centred, deviation));
}

/* param 1: the logarithm. Before opset 13 everything from the axis on is one axis. */
fv_status fvi_lower_softmax(fvi_site *s) {
    int x = fvi_site_need(s, 0), flattens = s->l->opset < 13;
    fvi_shape shape = fvi_site_shape(s, x), flat = shape;
    if (s->status) return s->status;
    if (shape.ndim == 0) shape = flat = (fvi_shape){1, {1}};
    int64_t given = fvi_onnx_attr_int(s->proto, "axis", flattens ? 1 : -1);
    int axis = flattens && given == shape.ndim ? shape.ndim : fvi_site_axis(s, given, shape.ndim);
    if (flattens &&
        fvi_shape_product(&shape, axis < shape.ndim ? axis + 1 : axis, shape.ndim) != 1) {
        flat = (fvi_shape){
            2, {fvi_shape_product(&shape, 0, axis), fvi_shape_product(&shape, axis, shape.ndim)}};
        axis = 1;
    }
    if (axis == flat.ndim) flat.dim[flat.ndim++] = 1;
    fvi_node_attr a = {.softmax = {axis, s->op->param}};
    int v = fvi_emit_reshape(s, x, &flat);
    v = v < 0 ? -1 : fvi_emit(s, FVI_SOFTMAX, &a, &flat, 1, &v);
    shape = fvi_site_shape(s, x);
    return fvi_site_out(s, 0, fvi_emit_reshape(s, v, &shape));
}
