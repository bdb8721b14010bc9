/* SPDX-License-Identifier: Apache-2.0 */
/* Attention and what goes with it, made of matrix products, softmax and element-wise nodes, so that
 * gradients come by themselves:
 *   Y = softmax(cap(scale Q K') + bias) V
 * The bias is 0 where a query may see a key and a large negative number where not; a query that may
 * see none gives 0. Fewer heads of K and V than of Q are repeated.
 * Source: ONNX operator specification (Attention-23..25, RotaryEmbedding-23, RMSNormalization-23).
 */
#include "model/onnx/operators/attention/attention.h"

#include <math.h>

#include "graph/const.h"
#include "model/onnx/attribute.h"
#include "model/onnx/operators.h"

/* ---- what several operators share ---- */

int fvi_attention_split(fvi_builder *b, int x, int64_t heads) {
    const fvi_shape s = fvi_build_shape(b, x);
    if (b->status) return -1;
    x = fvi_emit_reshape(b, x, &(fvi_shape){4, {s.dim[0], s.dim[1], heads, s.dim[2] / heads}});
    return fvi_emit_transpose(b, x, (int[]){0, 2, 1, 3});
}

int fvi_attention_merge(fvi_builder *b, int x) {
    const fvi_shape s = fvi_build_shape(b, x);
    if (b->status) return -1;
    x = fvi_emit_transpose(b, x, (int[]){0, 2, 1, 3});
    return fvi_emit_reshape(b, x, &(fvi_shape){3, {s.dim[0], s.dim[2], s.dim[1] * s.dim[3]}});
}

int fvi_attention_repeat(fvi_builder *b, int x, int64_t times) {
    const fvi_shape s = fvi_build_shape(b, x);
    if (times == 1 || b->status) return x;
    x = fvi_emit_reshape(b, x, &(fvi_shape){5, {s.dim[0], s.dim[1], 1, s.dim[2], s.dim[3]}});
    x = fvi_emit_expand(b, x, &(fvi_shape){5, {s.dim[0], s.dim[1], times, s.dim[2], s.dim[3]}});
    return fvi_emit_reshape(b, x,
                            &(fvi_shape){4, {s.dim[0], s.dim[1] * times, s.dim[2], s.dim[3]}});
}

int fvi_attention_past(fvi_onnx_node *node, int x, int before, int output) {
    if (before >= 0) x = fvi_emit_concat(node->b, 2, 2, (int[]){before, x});
    if (fvi_onnx_wants(node, output)) fvi_onnx_out(node, output, x);
    return x;
}

int fvi_attention_scores(fvi_builder *b, int q, int k, float scale) {
    return fvi_emit_matmul(b, q, k, -1, &(fvi_node_attr){.matmul = {0, 1, scale}});
}

int fvi_attention_cap(fvi_builder *b, int x, float cap) {
    if (!(cap > 0)) return x;
    x = fvi_emit_unary(b, FVI_LINEAR, 1 / cap, 0, x);
    return fvi_emit_unary(b, FVI_LINEAR, cap, 0, fvi_emit_unary(b, FVI_TANH, 0, 0, x));
}

int fvi_attention_softmax(fvi_builder *b, int x) {
    const fvi_shape s = fvi_build_shape(b, x);
    fvi_node_attr a = {.softmax = {s.ndim - 1, 0}};
    return b->status ? -1 : fvi_emit(b, FVI_SOFTMAX, &a, &s, 1, &x);
}

float fvi_attention_scale(fvi_onnx_node *node, int q) {
    const fvi_shape s = fvi_build_shape(node->b, q);
    const float usual = s.ndim == 4 && s.dim[3] > 0 ? (float)(1 / sqrt((double)s.dim[3])) : 1;
    return fvi_onnx_attr_float(node->proto, "scale", usual);
}

/* ---- Attention ---- */

enum { Q, K, V, MASK, PAST_K, PAST_V, LENGTHS };

typedef struct attention {
    fvi_onnx_node *node;
    fvi_builder *b;
    int flat;    /* Q, K, V and Y are [batch][length][heads * size] */
    int q, k, v; /* [batch][heads][length][size] */
    int64_t batch, queries, keys, past;
} attention;

/* Input i as [batch][heads][length][size]. */
static int with_heads(fvi_onnx_node *node, int i, const char *attr) {
    int x = fvi_onnx_need(node, i);
    fvi_shape s = fvi_build_shape(node->b, x);
    if (node->b->status || s.ndim == 4) return x;
    const int64_t heads = fvi_onnx_attr_int(node->proto, attr, 0);
    if (s.ndim != 3 || heads < 1 || s.dim[2] % heads) {
        char text[FVI_SHAPE_TEXT];
        fvi_build_fail(node->b, FV_SHAPE,
                       "its input %d is %s with %" PRId64 " heads (%s); batch x heads x length x "
                       "size, or batch x length x a multiple of the heads, is needed",
                       i, fvi_shape_text(&s, text), heads, attr);
        return -1;
    }
    return fvi_attention_split(node->b, x, heads);
}

static void read_operands(attention *a) {
    a->flat = fvi_build_shape(a->b, fvi_onnx_need(a->node, Q)).ndim == 3;
    a->q = with_heads(a->node, Q, "q_num_heads");
    a->k = with_heads(a->node, K, "kv_num_heads");
    a->v = with_heads(a->node, V, "kv_num_heads");
    if (a->b->status) return;
    const int before = fvi_onnx_in(a->node, PAST_K);
    const fvi_shape past = fvi_build_shape(a->b, before);
    if (before >= 0 && past.ndim == 4) a->past = past.dim[2];
    a->k = fvi_attention_past(a->node, a->k, before, 1);
    a->v = fvi_attention_past(a->node, a->v, fvi_onnx_in(a->node, PAST_V), 2);
    const fvi_shape q = fvi_build_shape(a->b, a->q), k = fvi_build_shape(a->b, a->k);
    const fvi_shape v = fvi_build_shape(a->b, a->v);
    if (a->b->status) return;
    if (k.dim[1] < 1 || q.dim[1] % k.dim[1] || v.dim[1] != k.dim[1] || v.dim[2] != k.dim[2]) {
        fvi_build_fail(a->b, FV_SHAPE,
                       "%" PRId64 " heads of Q, %" PRId64 " of K and %" PRId64
                       " of V do not fit, or K and V are of different lengths",
                       q.dim[1], k.dim[1], v.dim[1]);
        return;
    }
    a->batch = q.dim[0];
    a->queries = q.dim[2];
    a->keys = k.dim[2];
    a->k = fvi_attention_repeat(a->b, a->k, q.dim[1] / k.dim[1]);
    a->v = fvi_attention_repeat(a->b, a->v, q.dim[1] / k.dim[1]);
}

/* ---- the bias ---- */

/* Which keys a query may see, apart from the mask. */
typedef struct sight {
    int causal;
    int64_t left, right;      /* keys before and behind it; -1: all */
    const fvi_const *lengths; /* [batch] keys that there are; or NULL */
} sight;

static int sees(const attention *a, const sight *s, int64_t n, int64_t query, int64_t key) {
    const int64_t length = s->lengths ? fvi_const_int(s->lengths, n) : a->keys;
    int64_t at = query + a->past;
    if (s->lengths && fvi_onnx_in(a->node, PAST_K) < 0) at = query + length - a->queries;
    if (key >= length || (s->causal && key > at)) return 0;
    return (s->left < 0 || at - key <= s->left) && (s->right < 0 || key - at <= s->right);
}

/* [batch or 1][1][queries][keys]; -1: every query may see every key. */
static int sight_bias(const attention *a) {
    const Onnx__NodeProto *p = a->node->proto;
    const sight s = {fvi_onnx_attr_int(p, "is_causal", 0) != 0,
                     fvi_onnx_attr_int(p, "left_window_size", -1),
                     fvi_onnx_attr_int(p, "right_window_size", -1),
                     fvi_onnx_fixed(a->node, LENGTHS, "nonpad_kv_seqlen")};
    const int64_t samples = s.lengths ? a->batch : 1;
    uint8_t *data;
    if (a->b->status || (!s.causal && s.left < 0 && s.right < 0 && !s.lengths)) return -1;
    if (s.lengths && fvi_shape_count(&s.lengths->shape) != a->batch) {
        fvi_build_fail(a->b, FV_SHAPE,
                       "nonpad_kv_seqlen has %" PRId64 " numbers; %" PRId64 " are needed",
                       fvi_shape_count(&s.lengths->shape), a->batch);
        return -1;
    }
    const int v =
        fvi_emit_constant(a->b, FVI_F32, &(fvi_shape){4, {samples, 1, a->queries, a->keys}}, &data);
    int64_t i = 0;
    for (int64_t n = 0; v >= 0 && n < samples; n++)
        for (int64_t q = 0; q < a->queries; q++)
            for (int64_t k = 0; k < a->keys; k++)
                fvi_put_real(FVI_F32, data, i++, sees(a, &s, n, q, k) ? 0 : -INFINITY);
    return v;
}

/* The mask as a bias, as long as there are keys; -1: none. */
static int mask_bias(const attention *a) {
    int mask = fvi_onnx_in(a->node, MASK);
    if (mask < 0) return -1;
    if (fvi_build_shape(a->b, mask).ndim < 1) {
        fvi_build_fail(a->b, FV_SHAPE, "its mask has no axes; allowed: 2 to 4");
        return -1;
    }
    if (fvi_build_dtype(a->b, mask) == FVI_BOOL)
        mask = fvi_emit_where(a->b, mask, fvi_emit_scalar(a->b, FVI_F32, 0),
                              fvi_emit_scalar(a->b, FVI_F32, -INFINITY));
    fvi_shape s = fvi_build_shape(a->b, mask);
    if (a->b->status || s.ndim < 1 || s.dim[s.ndim - 1] >= a->keys) return mask;
    s.dim[s.ndim - 1] = a->keys - s.dim[s.ndim - 1];
    const int hidden = fvi_emit_scalar(a->b, fvi_build_dtype(a->b, mask), -INFINITY);
    const int rest = fvi_emit_expand(a->b, hidden, &s);
    return fvi_emit_concat(a->b, s.ndim - 1, 2, (int[]){mask, rest});
}

static int bias(const attention *a) {
    const int mask = mask_bias(a), seen = sight_bias(a);
    if (mask < 0 || seen < 0) return mask < 0 ? seen : mask;
    return fvi_emit_binary(a->b, FVI_ADD, mask, seen);
}

static int any(const fvi_const *c) {
    for (int64_t i = 0; i < fvi_shape_count(&c->shape); i++)
        if (fvi_const_at(c, i) != 0) return 1;
    return 0;
}

/* p, with 0 in the rows of queries that see no key. */
static int without_blind(fvi_builder *b, int p, int bias) {
    const int ndim = fvi_build_shape(b, bias).ndim;
    if (bias < 0 || b->status) return p;
    const int best = fvi_emit_reduce(b, FVI_REDUCE_MAX, 1u << (ndim - 1), 1, bias);
    const int blind =
        fvi_emit_binary(b, FVI_LESS_EQUAL, best, fvi_emit_scalar(b, FVI_F32, FVI_HIDDEN_KEY));
    const fvi_const *c = fvi_build_const(b, blind);
    if (b->status || (c && !any(c))) return p;
    return fvi_emit_where(b, blind, fvi_emit_scalar(b, FVI_F32, 0), p);
}

/* ---- the operators ---- */

fv_status fvi_lower_attention(fvi_onnx_node *node) {
    attention a = {.node = node, .b = node->b};
    read_operands(&a);
    if (node->b->status) return node->b->status;
    const float scale = fvi_attention_scale(node, a.q);
    int stage[4]; /* what qk_matmul_output_mode names */
    stage[0] = fvi_attention_scores(node->b, a.q, a.k, scale);
    stage[1] = fvi_attention_cap(node->b, stage[0], fvi_onnx_attr_float(node->proto, "softcap", 0));
    int seen = bias(&a), x = stage[2] = stage[1];
    if (seen >= 0) {
        stage[2] = fvi_emit_binary(node->b, FVI_ADD, stage[1], seen);
        seen = fvi_emit_unary(node->b, FVI_CLIP, FVI_HIDDEN_KEY, INFINITY, seen);
        x = fvi_emit_binary(node->b, FVI_ADD, stage[1], seen);
    }
    stage[3] = without_blind(node->b, fvi_attention_softmax(node->b, x), seen);
    int y = fvi_emit_matmul(node->b, stage[3], a.v, -1, &(fvi_node_attr){.matmul = {0, 0, 1}});
    if (a.flat) y = fvi_attention_merge(node->b, y);
    const int64_t mode = fvi_onnx_attr_int(node->proto, "qk_matmul_output_mode", 0);
    if (fvi_onnx_wants(node, 3) && (mode < 0 || mode > 3))
        fvi_build_fail(node->b, FV_FORMAT, "qk_matmul_output_mode is %" PRId64 "; 0..3", mode);
    else if (fvi_onnx_wants(node, 3))
        fvi_onnx_out(node, 3, stage[mode]);
    return fvi_onnx_out(node, 0, y);
}

/* x / sqrt(mean of x^2 + epsilon) * scale, the mean over the axes from `axis` on. */
fv_status fvi_lower_rms_norm(fvi_onnx_node *node) {
    const int x = fvi_onnx_need(node, 0), scale = fvi_onnx_need(node, 1);
    const fvi_shape s = fvi_build_shape(node->b, x);
    if (node->b->status) return node->b->status;
    const int axis = fvi_build_axis(node->b, fvi_onnx_attr_int(node->proto, "axis", -1), s.ndim);
    unsigned axes = 0;
    for (int i = axis; i < s.ndim; i++) axes |= 1u << i;
    const float epsilon = fvi_onnx_attr_float(node->proto, "epsilon", 1e-5f);
    int m =
        fvi_emit_reduce(node->b, FVI_REDUCE_MEAN, axes, 1, fvi_emit_binary(node->b, FVI_MUL, x, x));
    m = fvi_emit_unary(node->b, FVI_SQRT, 0, 0, fvi_emit_unary(node->b, FVI_LINEAR, 1, epsilon, m));
    const int v = fvi_emit_binary(node->b, FVI_DIV, x, m);
    return fvi_onnx_out(node, 0, fvi_emit_binary(node->b, FVI_MUL, v, scale));
}
