/* SPDX-License-Identifier: Apache-2.0 */
/* Normalisations of com.microsoft:
 *
 *   SimplifiedLayerNormalization      x / sqrt(mean(x^2) + epsilon) * scale
 *   SkipLayerNormalization            s = input + skip + bias;  LayerNormalization(s)
 *   SkipSimplifiedLayerNormalization  the same, simplified
 *   EmbedLayerNormalization           of word + position + segment embeddings
 *   GroupNorm, SkipGroupNorm          GroupNormalization, the channels last or second, then Swish
 *
 * Source: docs/ContribOperators.md of ONNX Runtime.
 */
#include "model/onnx/operators/norm.h"
#include "graph/const.h"
#include "model/onnx/attribute.h"
#include "model/onnx/operators.h"
#include "model/onnx/operators/conv.h"
#include "model/onnx/operators/move.h"

/* x / sqrt(mean(x^2) + epsilon) * scale over the axes from `axis` on: outputs 0 and `inverse`. */
static fv_status root_mean_square_norm(fvi_onnx_node *node, int x, int scale, int inverse,
                                       float epsilon) {
    const int ndim = fvi_build_shape(node->b, x).ndim;
    int axis = fvi_build_axis(node->b, fvi_onnx_attr_int(node->proto, "axis", -1), ndim);
    unsigned axes = 0;
    for (int i = axis; i < ndim; i++) axes |= 1u << i;
    if (node->b->status) return node->b->status;
    int v =
        fvi_emit_reduce(node->b, FVI_REDUCE_MEAN, axes, 1, fvi_emit_binary(node->b, FVI_MUL, x, x));
    v = fvi_emit_unary(node->b, FVI_SQRT, 0, 0, fvi_emit_unary(node->b, FVI_LINEAR, 1, epsilon, v));
    v = fvi_emit_unary(node->b, FVI_RECIPROCAL, 0, 0, v);
    int scaled = fvi_emit_binary(node->b, FVI_MUL, fvi_emit_binary(node->b, FVI_MUL, x, v), scale);
    fvi_onnx_out(node, 0, scaled);
    return fvi_onnx_out(node, inverse, v);
}

fv_status fvi_lower_simplified_norm(fvi_onnx_node *node) {
    const float epsilon = fvi_onnx_attr_float(node->proto, "epsilon", 1e-5f);
    return root_mean_square_norm(node, fvi_onnx_need(node, 0), fvi_onnx_need(node, 1), 1, epsilon);
}

/* param 1: simplified, with no input for a shift. The sum is output 3. */
fv_status fvi_lower_skip_norm(fvi_onnx_node *node) {
    const int simplified = node->op->param;
    int bias = fvi_onnx_in(node, simplified ? 3 : 4), scale = fvi_onnx_need(node, 2);
    int sum = fvi_emit_binary(node->b, FVI_ADD, fvi_onnx_need(node, 0), fvi_onnx_need(node, 1));
    fvi_shape in = fvi_build_shape(node->b, fvi_onnx_in(node, 0));
    if (bias >= 0) sum = fvi_emit_binary(node->b, FVI_ADD, sum, bias);
    fvi_shape out = fvi_build_shape(node->b, sum);
    if (!node->b->status && !fvi_shape_equal(&in, &out))
        fvi_build_fail(node->b, FV_SHAPE, "its skip or bias is larger than its input");
    if (node->b->status) return node->b->status;
    const float epsilon = fvi_onnx_attr_float(node->proto, "epsilon", 1e-12f);
    if (simplified)
        root_mean_square_norm(node, sum, scale, 2, epsilon);
    else
        fvi_onnx_out(node, 0, fvi_onnx_layer_norm(node, sum, scale, fvi_onnx_in(node, 3), epsilon));
    if (!simplified && !node->b->status) fvi_onnx_layer_statistics(node, sum, epsilon);
    return fvi_onnx_wants(node, 3) ? fvi_onnx_out(node, 3, sum) : node->b->status;
}

/* ---- EmbedLayerNormalization ---- */

enum { WORDS_AT, SEGMENTS_AT, WORDS, POSITIONS, SEGMENTS, GAMMA, BETA, MASK, POSITIONS_AT };

/* 0, 1, .. for each of `batch` rows. */
static int counting(fvi_onnx_node *node, int64_t length) {
    uint8_t *data;
    const int v = fvi_emit_constant(node->b, FVI_I64, &(fvi_shape){2, {1, length}}, &data);
    if (v < 0 || !fvi_build_charge(node->b, length)) return -1;
    for (int64_t i = 0; i < length; i++) fvi_put_int(FVI_I64, data, i, i);
    return v;
}

/* Output 1: how many steps of each sample the mask leaves; 0 without a mask. */
static void count_mask(fvi_onnx_node *node, const fvi_shape *ids) {
    if (!fvi_onnx_wants(node, 1) || node->b->status) return;
    const fvi_const *mask = fvi_onnx_fixed(node, MASK, "mask");
    uint8_t *data;
    if (mask && !fvi_shape_equal(&mask->shape, ids)) {
        char text[FVI_SHAPE_TEXT];
        fvi_build_fail(node->b, FV_SHAPE, "its mask is %s and has not the shape of its input",
                       fvi_shape_text(&mask->shape, text));
        return;
    }
    const int v = fvi_emit_constant(node->b, FVI_I32, &(fvi_shape){1, {ids->dim[0]}}, &data);
    if (v < 0 || !fvi_build_charge(node->b, fvi_shape_count(ids))) return;
    for (int64_t n = 0; mask && n < ids->dim[0]; n++) {
        int64_t count = 0;
        for (int64_t i = 0; i < ids->dim[1]; i++)
            count += fvi_const_int(mask, n * ids->dim[1] + i) == 1;
        fvi_put_int(FVI_I32, data, n, count);
    }
    fvi_onnx_out(node, 1, v);
}

fv_status fvi_lower_embed_layer_norm(fvi_onnx_node *node) {
    const int at = fvi_onnx_need(node, WORDS_AT), segments = fvi_onnx_in(node, SEGMENTS_AT);
    const fvi_shape ids = fvi_build_shape(node->b, at);
    int positions = fvi_onnx_in(node, POSITIONS_AT);
    if (!node->b->status && ids.ndim != 2)
        fvi_build_fail(node->b, FV_SHAPE, "its input_ids have %d axes; 2 are needed", ids.ndim);
    if (node->b->status) return node->b->status;
    if (positions < 0) positions = counting(node, ids.dim[1]);
    int v = fvi_onnx_gather(node, fvi_onnx_need(node, WORDS), at, 0);
    const fvi_shape words = fvi_build_shape(node->b, v);
    int w = fvi_onnx_gather(node, fvi_onnx_need(node, POSITIONS), positions, 0);
    v = fvi_emit_binary(node->b, FVI_ADD, v, w);
    if (segments >= 0) {
        w = fvi_onnx_gather(node, fvi_onnx_need(node, SEGMENTS), segments, 0);
        v = fvi_emit_binary(node->b, FVI_ADD, v, w);
    }
    const fvi_shape sum = fvi_build_shape(node->b, v);
    if (!node->b->status && (sum.ndim != 3 || !fvi_shape_equal(&sum, &words)))
        fvi_build_fail(node->b, FV_SHAPE,
                       "its embeddings of words, positions and segments do not "
                       "fit");
    if (node->b->status) return node->b->status;
    count_mask(node, &ids);
    if (fvi_onnx_wants(node, 2)) fvi_onnx_out(node, 2, v);
    const float epsilon = fvi_onnx_attr_float(node->proto, "epsilon", 1e-12f);
    const int gamma = fvi_onnx_need(node, GAMMA), beta = fvi_onnx_need(node, BETA);
    return fvi_onnx_out(node, 0, fvi_onnx_layer_norm(node, v, gamma, beta, epsilon));
}

/* ---- GroupNorm ---- */

/* Input i as f32, one number a channel. */
static int per_channel(fvi_onnx_node *node, int i, const char *what, int64_t channels) {
    const fvi_const *c = fvi_onnx_fixed(node, i, what);
    fvi_onnx_need(node, i);
    if (!c || node->b->status) return -1;
    if (c->shape.ndim == 1 && c->shape.dim[0] == channels) return fvi_onnx_in(node, i);
    char text[FVI_SHAPE_TEXT];
    fvi_build_fail(node->b, FV_SHAPE, "its %s is %s; %" PRId64 " numbers are needed", what,
                   fvi_shape_text(&c->shape, text), channels);
    return -1;
}

/* x + skip + bias of SkipGroupNorm, its output 1; skip may be one vector of channels a sample. */
static int skip_sum(fvi_onnx_node *node, int x, int last) {
    const fvi_shape s = fvi_build_shape(node->b, x);
    int skip = fvi_onnx_need(node, 3), bias = fvi_onnx_in(node, 4);
    fvi_shape k = fvi_build_shape(node->b, skip);
    if (node->b->status) return -1;
    if (k.ndim == 2) {
        k = (fvi_shape){4, {k.dim[0], last ? 1 : k.dim[1], 1, last ? k.dim[1] : 1}};
        skip = fvi_emit_reshape(node->b, skip, &k);
    }
    int v = fvi_emit_binary(node->b, FVI_ADD, x, skip);
    if (bias >= 0 && !last)
        bias = fvi_emit_reshape(node->b, bias, &(fvi_shape){4, {1, s.dim[1], 1, 1}});
    if (bias >= 0) v = fvi_emit_binary(node->b, FVI_ADD, v, bias);
    const fvi_shape sum = fvi_build_shape(node->b, v);
    if (!node->b->status && !fvi_shape_equal(&sum, &s))
        fvi_build_fail(node->b, FV_SHAPE, "its skip or bias is larger than its input");
    if (fvi_onnx_wants(node, 1)) fvi_onnx_out(node, 1, v);
    return v;
}

/* param 1: SkipGroupNorm. */
fv_status fvi_lower_microsoft_group_norm(fvi_onnx_node *node) {
    int x = fvi_onnx_need(node, 0);
    const int last = fvi_onnx_attr_int(node->proto, "channels_last", 1) != 0;
    const int64_t groups = fvi_onnx_attr_int(node->proto, "groups", 0);
    const int64_t swish = fvi_onnx_attr_int(node->proto, "activation", 0);
    const fvi_shape in = fvi_build_shape(node->b, x);
    if (node->b->status) return node->b->status;
    if (in.ndim != 4)
        return fvi_build_fail(node->b, FV_SHAPE, "its input has %d axes; 4 are needed", in.ndim);
    const int64_t c = in.dim[last ? 3 : 1];
    if (groups < 1 || c % groups)
        return fvi_build_fail(node->b, FV_SHAPE, "%" PRId64 " channels in %" PRId64 " groups", c,
                              groups);
    if (swish != 0 && swish != 1)
        return fvi_build_fail(node->b, FV_FORMAT, "activation is %" PRId64 "; 0 or 1", swish);
    if (node->op->param) x = skip_sum(node, x, last);
    if (last) x = fvi_onnx_move_channels(node, x, 0);
    const int in3[] = {x, per_channel(node, 1, "gamma", c), per_channel(node, 2, "beta", c)};
    const fvi_shape shape = fvi_build_shape(node->b, x);
    fvi_node_attr a = {.norm = {groups, 1, fvi_onnx_attr_float(node->proto, "epsilon", 1e-5f)}};
    if (node->b->status) return node->b->status;
    int v = fvi_emit(node->b, FVI_GROUP_NORM, &a, &shape, 3, in3);
    if (swish) v = fvi_emit_unary(node->b, FVI_SWISH, 1, 0, v);
    return fvi_onnx_out(node, 0, last ? fvi_onnx_move_channels(node, v, 1) : v);
}
