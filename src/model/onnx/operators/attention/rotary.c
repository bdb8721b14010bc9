/* SPDX-License-Identifier: Apache-2.0 */
/* RotaryEmbedding: pairs of numbers (x1, x2) of a head are turned by an angle of their position:
 *   (cos x1 - sin x2, sin x1 + cos x2)
 * x2 is half the turned part further, or, interleaved, the next number. What is beyond
 * rotary_embedding_dim stays.
 * Source: ONNX operator specification (RotaryEmbedding-23).
 */
#include "model/onnx/operators/attention/rotary.h"

#include "graph/const.h"
#include "model/onnx/attribute.h"
#include "model/onnx/operators.h"

int fvi_rotary_rows(fvi_builder *b, int table, int64_t batch, int64_t length, const int64_t *at) {
    const fvi_shape s = fvi_build_shape(b, table), rows = {2, {batch, length}};
    uint8_t *data;
    if (b->status) return -1;
    for (int64_t i = 0; i < batch * length; i++)
        if (at[i] < 0 || at[i] >= s.dim[0]) {
            fvi_build_fail(b, FV_SHAPE,
                           "position %" PRId64
                           " of a table of cosines or sines; allowed: 0..%" PRId64,
                           at[i], s.dim[0] - 1);
            return -1;
        }
    const int index = fvi_emit_constant(b, FVI_I64, &rows, &data);
    for (int64_t i = 0; index >= 0 && i < batch * length; i++) fvi_put_int(FVI_I64, data, i, at[i]);
    const int v = fvi_emit(b, FVI_GATHER, &(fvi_node_attr){.axis = {0}},
                           &(fvi_shape){3, {batch, length, s.dim[1]}}, 2, (int[]){table, index});
    return fvi_emit_reshape(b, v, &(fvi_shape){4, {batch, length, 1, s.dim[1]}});
}

int fvi_rotary_turn(fvi_builder *b, int x, int cosines, int sines, int interleaved) {
    const fvi_shape all = fvi_build_shape(b, x), c = fvi_build_shape(b, cosines);
    if (b->status) return -1;
    const int64_t half = c.dim[3], size = 2 * half;
    const int part = size < all.dim[3] ? fvi_emit_slice(b, x, 3, 0, size) : x;
    const fvi_shape s = fvi_build_shape(b, part);
    fvi_shape pairs = {5, {s.dim[0], s.dim[1], s.dim[2], 2, half}};
    if (interleaved) pairs.dim[3] = half, pairs.dim[4] = 2;
    const int axis = interleaved ? 4 : 3;
    const int split = fvi_emit_reshape(b, part, &pairs);
    fvi_shape one = s;
    one.dim[3] = half;
    const int x1 = fvi_emit_reshape(b, fvi_emit_slice(b, split, axis, 0, 1), &one);
    const int x2 = fvi_emit_reshape(b, fvi_emit_slice(b, split, axis, 1, 1), &one);
    int real = fvi_emit_binary(b, FVI_SUB, fvi_emit_binary(b, FVI_MUL, x1, cosines),
                               fvi_emit_binary(b, FVI_MUL, x2, sines));
    int imaginary = fvi_emit_binary(b, FVI_ADD, fvi_emit_binary(b, FVI_MUL, x1, sines),
                                    fvi_emit_binary(b, FVI_MUL, x2, cosines));
    pairs.dim[axis] = 1;
    real = fvi_emit_reshape(b, real, &pairs);
    imaginary = fvi_emit_reshape(b, imaginary, &pairs);
    const int v = fvi_emit_reshape(b, fvi_emit_concat(b, axis, 2, (int[]){real, imaginary}), &s);
    if (size >= all.dim[3]) return v;
    const int rest = fvi_emit_slice(b, x, 3, size, all.dim[3] - size);
    return fvi_emit_concat(b, 3, 2, (int[]){v, rest});
}

/* ---- RotaryEmbedding ---- */

/* Cosines or sines as [batch][length][1][half]; with positions, rows of a table. */
static int angles(fvi_onnx_node *node, int i, const fvi_shape *x, int64_t half) {
    int v = fvi_onnx_need(node, i);
    const fvi_const *at = fvi_onnx_fixed(node, 3, "position_ids");
    const fvi_shape s = fvi_build_shape(node->b, v), out = {3, {x->dim[0], x->dim[1], half}};
    char text[FVI_SHAPE_TEXT];
    if (node->b->status) return -1;
    if (s.ndim != (at ? 2 : 3) || s.dim[s.ndim - 1] != half ||
        (at &&
         (at->shape.ndim != 2 || at->shape.dim[0] != x->dim[0] || at->shape.dim[1] != x->dim[1]))) {
        fvi_build_fail(node->b, FV_SHAPE,
                       "its cosines or sines are %s; %" PRId64 " in the last axis, and a position "
                       "for every sample and step, are needed",
                       fvi_shape_text(&s, text), half);
        return -1;
    }
    if (!at) {
        v = fvi_emit_expand(node->b, v, &out);
        return fvi_emit_reshape(node->b, v, &(fvi_shape){4, {x->dim[0], x->dim[1], 1, half}});
    }
    const int64_t n = fvi_shape_count(&at->shape);
    int64_t *position = g_try_new(int64_t, (gsize)n + 1);
    if (!position) return fvi_build_nomem(node->b), -1;
    for (int64_t k = 0; k < n; k++) position[k] = fvi_const_int(at, k);
    v = fvi_rotary_rows(node->b, v, x->dim[0], x->dim[1], position);
    g_free(position);
    return v;
}

/* Input 0 as [batch][length][heads][size]. */
static int steps_first(fvi_onnx_node *node, const fvi_shape *s) {
    const int x = fvi_onnx_need(node, 0);
    if (node->b->status) return -1;
    if (s->ndim == 4) return fvi_emit_transpose(node->b, x, (int[]){0, 2, 1, 3});
    const int64_t heads = fvi_onnx_attr_int(node->proto, "num_heads", 0);
    if (s->ndim != 3 || heads < 1 || s->dim[2] % heads) {
        fvi_build_fail(node->b, FV_SHAPE,
                       "its input has %d axes for %" PRId64 " heads; 4, or 3 of which the last is "
                       "a multiple of num_heads, are needed",
                       s->ndim, heads);
        return -1;
    }
    return fvi_emit_reshape(node->b, x,
                            &(fvi_shape){4, {s->dim[0], s->dim[1], heads, s->dim[2] / heads}});
}

fv_status fvi_lower_rotary(fvi_onnx_node *node) {
    const fvi_shape s = fvi_build_shape(node->b, fvi_onnx_need(node, 0));
    int x = steps_first(node, &s);
    const fvi_shape full = fvi_build_shape(node->b, x);
    int64_t size = fvi_onnx_attr_int(node->proto, "rotary_embedding_dim", 0);
    if (node->b->status) return node->b->status;
    if (!size) size = full.dim[3];
    if (size < 2 || size % 2 || size > full.dim[3])
        return fvi_build_fail(node->b, FV_SHAPE,
                              "rotary_embedding_dim is %" PRId64 "; an even number, 2..%" PRId64
                              ", is needed",
                              size, full.dim[3]);
    const int cosines = angles(node, 1, &full, size / 2), sines = angles(node, 2, &full, size / 2);
    const int interleaved = fvi_onnx_attr_int(node->proto, "interleaved", 0) != 0;
    int v = fvi_rotary_turn(node->b, x, cosines, sines, interleaved);
    if (s.ndim == 4) v = fvi_emit_transpose(node->b, v, (int[]){0, 2, 1, 3});
    return fvi_onnx_out(node, 0, fvi_emit_reshape(node->b, v, &s));
}
