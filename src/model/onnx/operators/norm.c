/* SPDX-License-Identifier: Apache-2.0 */
/* Normalisations and softmax.
 *
 * Layer normalisation keeps its parameters in its node when they are constants of the normalised
 * shape, else they are multiplied and added behind it. Lp and mean-variance normalisation are made
 * of reductions, and so is batch normalisation in training mode:
 *   y = gamma * (x - mean) / sqrt(variance + epsilon) + beta,
 * with the mean and variance of the batch.
 * Source: ONNX operator specification (BatchNormalization-1..15, InstanceNormalization-1..22,
 * GroupNormalization-18/21, LayerNormalization-17, Softmax-1..13, LRN-1..13).
 */
#include "model/onnx/operators/norm.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "graph/build/compose.h"
#include "graph/const.h"
#include "model/onnx/attribute.h"
#include "model/onnx/operators.h"

fv_status fvi_lower_lrn(fvi_onnx_node *node) {
    int x = fvi_onnx_need(node, 0);
    fvi_shape shape = fvi_build_shape(node->b, x);
    fvi_node_attr a = {.lrn = {fvi_onnx_attr_int(node->proto, "size", 0),
                               fvi_onnx_attr_float(node->proto, "alpha", 1e-4f),
                               fvi_onnx_attr_float(node->proto, "beta", 0.75f),
                               fvi_onnx_attr_float(node->proto, "bias", 1)}};
    if (!node->b->status && (a.lrn.size < 1 || a.lrn.size > FVI_WINDOW_MAX || shape.ndim < 2))
        return fvi_build_fail(node->b, FV_SHAPE,
                              "size is %" PRId64 " over %d dimensions; at least 1 and 2",
                              a.lrn.size, shape.ndim);
    return fvi_onnx_out(node, 0,
                        node->b->status ? -1 : fvi_emit(node->b, FVI_LRN, &a, &shape, 1, &x));
}

/* Input i as a constant of exactly n numbers, or NULL with the site failed. */
static const fvi_const *channel_constant(fvi_onnx_node *node, int i, const char *what, int64_t n) {
    const fvi_const *c = fvi_onnx_fixed(node, i, what);
    if (!c) {
        fvi_onnx_need(node, i);
        return NULL;
    }
    if (fvi_shape_count(&c->shape) == n) return c;
    fvi_build_fail(node->b, FV_SHAPE, "its %s has %" PRId64 " numbers; %" PRId64 " are needed",
                   what, fvi_shape_count(&c->shape), n);
    return NULL;
}

/* Input i, of one number a channel, with the axes of x: 1, c, 1, .. */
static int along_channels(fvi_onnx_node *node, int i, const fvi_shape *x) {
    const int v = fvi_onnx_need(node, i);
    fvi_shape shape = {.ndim = x->ndim};
    for (int k = 0; k < x->ndim; k++) shape.dim[k] = k == 1 ? x->dim[1] : 1;
    return fvi_emit_reshape(node->b, v, &shape);
}

/* momentum * old + (1 - momentum) * now, for output i. */
static void running_statistic(fvi_onnx_node *node, int i, int old, int now) {
    if (!fvi_onnx_wants(node, i)) return;
    const float momentum = fvi_onnx_attr_float(node->proto, "momentum", 0.9f);
    const fvi_shape row = {1, {fvi_build_shape(node->b, now).dim[1]}};
    int a = fvi_emit_unary(node->b, FVI_LINEAR, momentum, 0, old);
    int b = fvi_emit_unary(node->b, FVI_LINEAR, 1 - momentum, 0, now);
    fvi_onnx_out(node, i, fvi_emit_reshape(node->b, fvi_emit_binary(node->b, FVI_ADD, a, b), &row));
}

/* Training mode: the mean and variance are those of the batch, and depend on x. */
static fv_status batch_norm_training(fvi_onnx_node *node, int x, const fvi_shape *shape) {
    unsigned axes = 0;
    for (int i = 0; i < shape->ndim; i++) axes |= i == 1 ? 0u : 1u << i;
    const int gamma = along_channels(node, 1, shape), beta = along_channels(node, 2, shape);
    const int old_mean = along_channels(node, 3, shape), old_var = along_channels(node, 4, shape);
    const int mean = fvi_emit_reduce(node->b, FVI_REDUCE_MEAN, axes, 1, x);
    const int centred = fvi_emit_binary(node->b, FVI_SUB, x, mean);
    const int square = fvi_emit_binary(node->b, FVI_MUL, centred, centred);
    const int variance = fvi_emit_reduce(node->b, FVI_REDUCE_MEAN, axes, 1, square);
    const float epsilon = fvi_onnx_attr_float(node->proto, "epsilon", 1e-5f);
    int v = fvi_emit_unary(node->b, FVI_LINEAR, 1, epsilon, variance);
    v = fvi_emit_binary(node->b, FVI_DIV, centred, fvi_emit_unary(node->b, FVI_SQRT, 0, 0, v));
    v = fvi_emit_binary(node->b, FVI_MUL, v, gamma);
    fvi_onnx_out(node, 0, fvi_emit_binary(node->b, FVI_ADD, v, beta));
    if (node->b->status) return node->b->status;
    running_statistic(node, 1, old_mean, mean);
    running_statistic(node, 2, old_var, variance);
    return node->b->status;
}

fv_status fvi_lower_batch_norm(fvi_onnx_node *node) {
    int x = fvi_onnx_need(node, 0);
    fvi_shape shape = fvi_build_shape(node->b, x);
    if (node->b->status) return node->b->status;
    if (!fvi_onnx_attr_int(node->proto, "spatial", 1) && node->l->opset < 9)
        return fvi_build_fail(node->b, FV_UNSUPPORTED, "spatial=0 is not supported");
    if (shape.ndim < 2) return fvi_build_fail(node->b, FV_SHAPE, "its input has no channel axis");
    if (fvi_onnx_attr_int(node->proto, "training_mode", 0))
        return batch_norm_training(node, x, &shape);
    const int64_t c = shape.dim[1];
    const fvi_statistics statistics = {.gamma = channel_constant(node, 1, "scale", c),
                                       .beta = channel_constant(node, 2, "bias", c),
                                       .mean = channel_constant(node, 3, "mean", c),
                                       .variance = channel_constant(node, 4, "variance", c),
                                       .epsilon =
                                           fvi_onnx_attr_float(node->proto, "epsilon", 1e-5f)};
    return fvi_onnx_out(node, 0, fvi_emit_batch_norm(node->b, x, &statistics));
}

/* Input i, one number a group or a channel, as f32 a channel. */
static int per_channel(fvi_onnx_node *node, int i, const char *what, int64_t channels,
                       int64_t groups) {
    int by_group = node->op->param == 0 && node->l->opset < 21;
    const fvi_const *c = channel_constant(node, i, what, by_group ? groups : channels);
    if (!c) return -1;
    if (!by_group && c->shape.ndim == 1) return fvi_onnx_in(node, i);
    uint8_t *data;
    int v = fvi_emit_constant(node->b, FVI_F32, &(fvi_shape){1, {channels}}, &data);
    int64_t share = by_group ? channels / groups : 1;
    for (int64_t k = 0; v >= 0 && k < channels; k++) fvi_put_from(FVI_F32, data, k, c, k / share);
    return v;
}

/* param 1: InstanceNormalization, a group for every channel. */
fv_status fvi_lower_group_norm(fvi_onnx_node *node) {
    int x = fvi_onnx_need(node, 0);
    fvi_shape shape = fvi_build_shape(node->b, x);
    if (node->b->status) return node->b->status;
    if (shape.ndim < 2) return fvi_build_fail(node->b, FV_SHAPE, "its input has no channel axis");
    int64_t c = shape.dim[1], groups = c;
    if (!node->op->param) groups = fvi_onnx_attr_int(node->proto, "num_groups", 0);
    if (groups < 1 || c % groups)
        return fvi_build_fail(node->b, FV_SHAPE, "%" PRId64 " channels in %" PRId64 " groups", c,
                              groups);
    int scale = per_channel(node, 1, "scale", c, groups),
        shift = per_channel(node, 2, "bias", c, groups);
    fvi_node_attr a = {.norm = {groups, 1, fvi_onnx_attr_float(node->proto, "epsilon", 1e-5f)}};
    if (node->b->status) return node->b->status;
    return fvi_onnx_out(node, 0,
                        fvi_emit(node->b, FVI_GROUP_NORM, &a, &shape, 3, (int[]){x, scale, shift}));
}

/* A parameter that LAYER_NORM can take: a constant of exactly the normalised sizes. */
static int is_plain(fvi_onnx_node *node, int v, const fvi_shape *x, int axis) {
    const fvi_const *c = fvi_build_const(node->b, v);
    if (!c || c->shape.ndim != x->ndim - axis) return 0;
    return !memcmp(c->shape.dim, x->dim + axis, (size_t)c->shape.ndim * sizeof *x->dim);
}

void fvi_onnx_layer_statistics(fvi_onnx_node *node, int x, float epsilon) {
    if (!fvi_onnx_wants(node, 1) && !fvi_onnx_wants(node, 2)) return;
    const int ndim = fvi_build_shape(node->b, x).ndim;
    const int axis = fvi_build_axis(node->b, fvi_onnx_attr_int(node->proto, "axis", -1), ndim);
    unsigned axes = 0;
    for (int i = axis; i < ndim; i++) axes |= 1u << i;
    int mean = fvi_emit_reduce(node->b, FVI_REDUCE_MEAN, axes, 1, x);
    int centred = fvi_emit_binary(node->b, FVI_SUB, x, mean);
    int square = fvi_emit_binary(node->b, FVI_MUL, centred, centred);
    int variance = fvi_emit_reduce(node->b, FVI_REDUCE_MEAN, axes, 1, square);
    int deviation = fvi_emit_unary(node->b, FVI_SQRT, 0, 0,
                                   fvi_emit_unary(node->b, FVI_LINEAR, 1, epsilon, variance));
    fvi_onnx_out(node, 1, mean);
    fvi_onnx_out(node, 2, fvi_emit_unary(node->b, FVI_RECIPROCAL, 0, 0, deviation));
}

int fvi_onnx_layer_norm(fvi_onnx_node *node, int x, int scale, int shift, float epsilon) {
    fvi_shape shape = fvi_build_shape(node->b, x);
    if (node->b->status) return -1;
    int axis = fvi_build_axis(node->b, fvi_onnx_attr_int(node->proto, "axis", -1), shape.ndim);
    fvi_node_attr a = {.norm = {1, axis, epsilon}};
    int inside = is_plain(node, scale, &shape, axis);
    int shift_inside = shift >= 0 && inside && is_plain(node, shift, &shape, axis);
    int in[] = {x, inside ? scale : -1, shift_inside ? shift : -1};
    int v = node->b->status ? -1 : fvi_emit(node->b, FVI_LAYER_NORM, &a, &shape, 3, in);
    if (scale >= 0 && !inside) v = fvi_emit_binary(node->b, FVI_MUL, v, scale);
    return shift >= 0 && !shift_inside ? fvi_emit_binary(node->b, FVI_ADD, v, shift) : v;
}

fv_status fvi_lower_layer_norm(fvi_onnx_node *node) {
    const float epsilon = fvi_onnx_attr_float(node->proto, "epsilon", 1e-5f);
    const int x = fvi_onnx_need(node, 0), shift = fvi_onnx_in(node, 2);
    fvi_onnx_out(node, 0, fvi_onnx_layer_norm(node, x, fvi_onnx_in(node, 1), shift, epsilon));
    if (!node->b->status) fvi_onnx_layer_statistics(node, x, epsilon);
    return node->b->status;
}

/* x / ||x||_p along one axis. */
fv_status fvi_lower_lp_norm(fvi_onnx_node *node) {
    int x = fvi_onnx_need(node, 0);
    int64_t p = fvi_onnx_attr_int(node->proto, "p", 2);
    if (p != 1 && p != 2) return fvi_build_fail(node->b, FV_FORMAT, "p is %" PRId64 "; 1 or 2", p);
    int axis = fvi_build_axis(node->b, fvi_onnx_attr_int(node->proto, "axis", -1),
                              fvi_build_shape(node->b, x).ndim);
    int norm = fvi_emit_reduce(node->b, p == 1 ? FVI_REDUCE_L1 : FVI_REDUCE_L2, 1u << axis, 1, x);
    norm = fvi_emit_unary(node->b, FVI_CLIP, FLT_MIN, INFINITY, norm); /* 0 / 0 is to be 0 */
    return fvi_onnx_out(node, 0, fvi_emit_binary(node->b, FVI_DIV, x, norm));
}

/* (x - mean) / (deviation + 1e-9) over the axes, 0 2 3 when none are named. */
fv_status fvi_lower_mean_variance_norm(fvi_onnx_node *node) {
    int x = fvi_onnx_need(node, 0), ndim = fvi_build_shape(node->b, x).ndim, absent;
    unsigned axes = fvi_onnx_axes(node, -1, ndim, &absent);
    if (absent) axes = 1u | 4u | 8u;
    if (!node->b->status && axes >> ndim)
        return fvi_build_fail(node->b, FV_SHAPE, "axes 0 2 3 of %d", ndim);
    int mean = fvi_emit_reduce(node->b, FVI_REDUCE_MEAN, axes, 1, x);
    int centred = fvi_emit_binary(node->b, FVI_SUB, x, mean);
    int square = fvi_emit_binary(node->b, FVI_MUL, centred, centred);
    int deviation = fvi_emit_unary(node->b, FVI_SQRT, 0, 0,
                                   fvi_emit_reduce(node->b, FVI_REDUCE_MEAN, axes, 1, square));
    deviation = fvi_emit_unary(node->b, FVI_LINEAR, 1, 1e-9f, deviation);
    return fvi_onnx_out(node, 0, fvi_emit_binary(node->b, FVI_DIV, centred, deviation));
}

int fvi_onnx_softmax(fvi_onnx_node *node, int x, int flattens, int logarithm) {
    fvi_shape shape = fvi_build_shape(node->b, x), flat = shape;
    if (node->b->status) return -1;
    if (shape.ndim == 0) shape = flat = (fvi_shape){1, {1}};
    int64_t given = fvi_onnx_attr_int(node->proto, "axis", flattens ? 1 : -1);
    int axis =
        flattens && given == shape.ndim ? shape.ndim : fvi_build_axis(node->b, given, shape.ndim);
    if (flattens &&
        fvi_shape_product(&shape, axis < shape.ndim ? axis + 1 : axis, shape.ndim) != 1) {
        flat = (fvi_shape){
            2, {fvi_shape_product(&shape, 0, axis), fvi_shape_product(&shape, axis, shape.ndim)}};
        axis = 1;
    }
    if (axis == flat.ndim) flat.dim[flat.ndim++] = 1;
    fvi_node_attr a = {.softmax = {axis, logarithm}};
    int v = fvi_emit_reshape(node->b, x, &flat);
    v = v < 0 ? -1 : fvi_emit(node->b, FVI_SOFTMAX, &a, &flat, 1, &v);
    shape = fvi_build_shape(node->b, x);
    return fvi_emit_reshape(node->b, v, &shape);
}

/* param 1: the logarithm. */
fv_status fvi_lower_softmax(fvi_onnx_node *node) {
    const int x = fvi_onnx_need(node, 0);
    return fvi_onnx_out(node, 0, fvi_onnx_softmax(node, x, node->l->opset < 13, node->op->param));
}
