/* SPDX-License-Identifier: Apache-2.0 */
/* com.microsoft's GroupQueryAttention and RotaryEmbedding.
 *
 * GroupQueryAttention: causal attention in which several heads of Q share one of K and V, with
 * rotary embeddings inside, a window of keys, softcap, and a logit of nobody ("sink") in the
 * softmax:
 *   Y = softmax(cap(scale R(Q) R(K)') + bias, sink) V
 * seqlens_k says how many keys each sample has, less one. Where there is a past, all samples must
 * fill it: its buffer is as long as the keys before.
 *
 * What it does not do: a past that some samples do not fill, quantised caches.
 * Source: docs/ContribOperators.md of ONNX Runtime.
 */
#include "graph/const.h"
#include "model/onnx/attribute.h"
#include "model/onnx/operators.h"
#include "model/onnx/operators/attention/attention.h"
#include "model/onnx/operators/attention/rotary.h"

/* ---- rotary embeddings ---- */

/* Where the tables of cosines and sines are, and how they are used. */
typedef struct rotary {
    int cosines, sines; /* inputs: tables [positions][half] */
    int64_t *at;        /* [batch][length] */
    int interleaved;
} rotary;

/* x [batch][length][heads][size] turned. */
static int turn(fvi_onnx_node *node, const rotary *r, int x) {
    const int c = fvi_onnx_need(node, r->cosines), s = fvi_onnx_need(node, r->sines);
    const fvi_shape sc = fvi_build_shape(node->b, c), ss = fvi_build_shape(node->b, s);
    const fvi_shape sx = fvi_build_shape(node->b, x);
    if (node->b->status) return -1;
    if (sc.ndim != 2 || !fvi_shape_equal(&sc, &ss) || sc.dim[1] < 1 || sc.dim[1] > sx.dim[3] / 2) {
        char text[2][FVI_SHAPE_TEXT];
        fvi_build_fail(node->b, FV_SHAPE,
                       "its cosines and sines are %s and %s for heads of %" PRId64
                       "; equal tables of at most half as many columns are needed",
                       fvi_shape_text(&sc, text[0]), fvi_shape_text(&ss, text[1]), sx.dim[3]);
        return -1;
    }
    const int turned_c = fvi_rotary_rows(node->b, c, sx.dim[0], sx.dim[1], r->at);
    const int turned_s = fvi_rotary_rows(node->b, s, sx.dim[0], sx.dim[1], r->at);
    return fvi_rotary_turn(node->b, x, turned_c, turned_s, r->interleaved);
}

/* Positions of [batch][length] steps: those of input i (one each, or the first), 0.. where there is
 * none; to be freed. NULL when failed. */
static int64_t *positions(fvi_onnx_node *node, int i, int64_t batch, int64_t length) {
    const fvi_const *c = fvi_onnx_fixed(node, i, "position_ids");
    const int64_t n = c ? fvi_shape_count(&c->shape) : 1;
    int64_t all;
    if (node->b->status) return NULL;
    if (fvi_mul(batch, length, &all) < 0 || (n != 1 && n != all)) {
        fvi_build_fail(node->b, FV_SHAPE,
                       "its position_ids are %" PRId64 "; allowed: 1 or %" PRId64 "x%" PRId64, n,
                       batch, length);
        return NULL;
    }
    if (!fvi_build_charge(node->b, all)) return NULL;
    int64_t *at = g_try_new(int64_t, (gsize)all + 1);
    if (!at) return fvi_build_nomem(node->b), NULL;
    for (int64_t k = 0; k < all; k++) {
        const int64_t first = c ? fvi_const_int(c, n == 1 ? 0 : k) : 0;
        const int64_t step = n == 1 ? k % length : 0;
        at[k] = first < 0 || first > INT32_MAX ? -1 : first + step; /* no table is so long */
    }
    return at;
}

/* The size of a head of RotaryEmbedding's input [batch][length][heads * size]: from num_heads, or
 * from the cosines, which are half as many, unless rotary_embedding_dim says that only a part is
 * turned. */
static int64_t head_size(fvi_onnx_node *node, const fvi_shape *x) {
    const int64_t n = fvi_onnx_attr_int(node->proto, "num_heads", 0);
    const int64_t part = fvi_onnx_attr_int(node->proto, "rotary_embedding_dim", 0);
    const fvi_shape c = fvi_build_shape(node->b, fvi_onnx_need(node, 2));
    if (node->b->status) return 0;
    if (part && !n)
        fvi_build_fail(node->b, FV_FORMAT, "num_heads is missing beside rotary_embedding_dim");
    const int64_t size = n > 0 ? x->dim[2] / n : c.ndim == 2 ? 2 * c.dim[1] : 0;
    if (n < 0 || size < 1 || x->dim[2] % size || (n && x->dim[2] % n))
        fvi_build_fail(node->b, FV_SHAPE,
                       "its input has %" PRId64 " numbers a step, which are not heads of %" PRId64,
                       x->dim[2], size);
    return size;
}

fv_status fvi_lower_microsoft_rotary(fvi_onnx_node *node) {
    int x = fvi_onnx_need(node, 0);
    const fvi_shape s = fvi_build_shape(node->b, x);
    if (node->b->status) return node->b->status;
    if (fvi_onnx_attr_int(node->proto, "is_packed_batching", 0))
        return fvi_build_fail(node->b, FV_UNSUPPORTED, "is_packed_batching is not supported");
    if (s.ndim != 3 && s.ndim != 4)
        return fvi_build_fail(node->b, FV_SHAPE, "its input has %d axes; 3 or 4 are needed",
                              s.ndim);
    if (s.ndim == 4) {
        x = fvi_emit_transpose(node->b, x, (int[]){0, 2, 1, 3});
    } else {
        const int64_t size = head_size(node, &s);
        if (node->b->status) return node->b->status;
        x = fvi_emit_reshape(node->b, x,
                             &(fvi_shape){4, {s.dim[0], s.dim[1], s.dim[2] / size, size}});
    }
    const fvi_shape full = fvi_build_shape(node->b, x);
    fvi_onnx_need(node, 1);
    rotary r = {2, 3, positions(node, 1, full.dim[0], full.dim[1]),
                fvi_onnx_attr_int(node->proto, "interleaved", 0) != 0};
    if (!r.at) return node->b->status;
    int v = turn(node, &r, x);
    g_free(r.at);
    if (s.ndim == 4) v = fvi_emit_transpose(node->b, v, (int[]){0, 2, 1, 3});
    return fvi_onnx_out(node, 0, fvi_emit_reshape(node->b, v, &s));
}

/* ---- GroupQueryAttention ---- */

enum {
    QUERY,
    KEY,
    VALUE,
    PAST_K,
    PAST_V,
    LENGTHS,
    TOTAL,
    COSINES,
    SINES,
    POSITIONS,
    ADDED,
    SINK,
    CACHE_SCALES
};

typedef struct grouped {
    fvi_onnx_node *node;
    fvi_builder *b;
    int64_t heads, shared; /* of Q; of K and V */
    int q, k, v;           /* [batch][length][heads][size], then [batch][heads][length][size] */
    int64_t batch, steps, past;
} grouped;

/* x [batch][length][heads * size] with an axis for its heads. */
static int with_heads(grouped *g, int x, int i, int64_t heads) {
    const fvi_shape s = fvi_build_shape(g->b, x);
    char text[FVI_SHAPE_TEXT];
    if (g->b->status) return -1;
    if (s.ndim != 3 || s.dim[2] % heads || s.dim[0] != g->batch || s.dim[1] != g->steps) {
        fvi_build_fail(g->b, FV_SHAPE,
                       "its input %d is %s; %" PRId64 " x %" PRId64 " x a multiple of %" PRId64
                       " heads is needed",
                       i, fvi_shape_text(&s, text), g->batch, g->steps, heads);
        return -1;
    }
    return fvi_emit_reshape(g->b, x,
                            &(fvi_shape){4, {s.dim[0], s.dim[1], heads, s.dim[2] / heads}});
}

/* Q, K and V, which may all be in the first input. */
static void read_grouped(grouped *g) {
    const int all = fvi_onnx_need(g->node, QUERY);
    const fvi_shape s = fvi_build_shape(g->b, all);
    const Onnx__NodeProto *p = g->node->proto;
    g->heads = fvi_onnx_attr_int(p, "num_heads", 0);
    g->shared = fvi_onnx_attr_int(p, "kv_num_heads", 0);
    if (!g->b->status &&
        (g->heads < 1 || g->shared < 1 || g->heads % g->shared || g->heads > INT32_MAX))
        fvi_build_fail(g->b, FV_SHAPE,
                       "num_heads is %" PRId64 " and kv_num_heads %" PRId64
                       "; the second must divide the first",
                       g->heads, g->shared);
    if (!g->b->status && s.ndim != 3)
        fvi_build_fail(g->b, FV_SHAPE, "its input 0 has %d axes; 3 are needed", s.ndim);
    if (g->b->status) return;
    g->batch = s.dim[0];
    g->steps = s.dim[1];
    if (fvi_onnx_in(g->node, KEY) >= 0) {
        g->q = with_heads(g, all, QUERY, g->heads);
        g->k = with_heads(g, fvi_onnx_need(g->node, KEY), KEY, g->shared);
        g->v = with_heads(g, fvi_onnx_need(g->node, VALUE), VALUE, g->shared);
        return;
    }
    const int packed = with_heads(g, all, QUERY, g->heads + 2 * g->shared);
    g->q = fvi_emit_slice(g->b, packed, 2, 0, g->heads);
    g->k = fvi_emit_slice(g->b, packed, 2, g->heads, g->shared);
    g->v = fvi_emit_slice(g->b, packed, 2, g->heads + g->shared, g->shared);
}

/* Fails unless seqlens_k is one number a sample, and with a past as many as there are keys. */
static const fvi_const *read_lengths(grouped *g) {
    fvi_onnx_need(g->node, LENGTHS);
    const fvi_const *c = fvi_onnx_fixed(g->node, LENGTHS, "seqlens_k");
    const int64_t keys = g->past + g->steps;
    if (!c) return NULL;
    if (fvi_shape_count(&c->shape) != g->batch) {
        fvi_build_fail(g->b, FV_SHAPE, "seqlens_k has %" PRId64 " numbers; %" PRId64 " are needed",
                       fvi_shape_count(&c->shape), g->batch);
        return NULL;
    }
    for (int64_t n = 0; n < g->batch && !g->b->status; n++) {
        const int64_t last = fvi_const_int(c, n);
        if (last < (g->past ? keys - 1 : 0) || last >= keys)
            fvi_build_fail(g->b, g->past ? FV_UNSUPPORTED : FV_SHAPE,
                           "seqlens_k of sample %" PRId64 " is %" PRId64 "; %s%" PRId64
                           " is supported with %" PRId64 " keys before and %" PRId64 " new",
                           n, last, g->past ? "" : "0..", keys - 1, g->past, g->steps);
    }
    return c;
}

static void rotate(grouped *g) {
    const int64_t rotary_attr = fvi_onnx_attr_int(g->node->proto, "do_rotary", 0);
    if (!rotary_attr || g->b->status) return;
    const int given = fvi_onnx_in(g->node, POSITIONS) >= 0;
    rotary r = {COSINES, SINES, positions(g->node, POSITIONS, g->batch, g->steps),
                fvi_onnx_attr_int(g->node->proto, "rotary_interleaved", 0) != 0};
    if (!r.at) return;
    for (int64_t i = 0; i < g->batch * g->steps && !given; i++) r.at[i] += g->past;
    g->q = turn(g->node, &r, g->q);
    g->k = turn(g->node, &r, g->k);
    g_free(r.at);
}

/* [1][1][queries][keys]: 0 where a query sees a key. */
static int sight_bias(grouped *g) {
    const int64_t window = fvi_onnx_attr_int(g->node->proto, "local_window_size", -1);
    const fvi_shape shape = {4, {1, 1, g->steps, g->past + g->steps}};
    uint8_t *data;
    const int v = fvi_emit_constant(g->b, FVI_F32, &shape, &data);
    if (v < 0 || !fvi_build_charge(g->b, fvi_shape_count(&shape))) return -1;
    for (int64_t q = 0; q < shape.dim[2]; q++)
        for (int64_t k = 0; k < shape.dim[3]; k++) {
            const int64_t back = g->past + q - k;
            const int seen = back >= 0 && (window < 0 || back < window);
            fvi_put_real(FVI_F32, data, q * shape.dim[3] + k, seen ? 0 : FVI_HIDDEN_KEY);
        }
    return v;
}

/* Softmax over the keys and a logit of nobody: of each head (input 11), or 0 with smooth_softmax.
 */
static int weights(grouped *g, int x) {
    int sink = fvi_onnx_in(g->node, SINK);
    if (sink < 0 && fvi_onnx_attr_int(g->node->proto, "smooth_softmax", 0) <= 0)
        return fvi_attention_softmax(g->b, x);
    const fvi_shape s = fvi_build_shape(g->b, x);
    if (g->b->status) return -1;
    const fvi_shape one = {4, {s.dim[0], s.dim[1], s.dim[2], 1}};
    sink = sink < 0 ? fvi_emit_scalar(g->b, FVI_F32, 0)
                    : fvi_emit_reshape(g->b, sink, &(fvi_shape){4, {1, g->heads, 1, 1}});
    sink = fvi_emit_expand(g->b, sink, &one);
    x = fvi_attention_softmax(g->b, fvi_emit_concat(g->b, 3, 2, (int[]){x, sink}));
    return fvi_emit_slice(g->b, x, 3, 0, s.dim[3]);
}

/* The keys and values with the past before them, as outputs 1 and 2, and once for each head of Q.
 */
static void add_past(grouped *g) {
    g->q = fvi_emit_transpose(g->b, g->q, (int[]){0, 2, 1, 3});
    g->k = fvi_emit_transpose(g->b, g->k, (int[]){0, 2, 1, 3});
    g->v = fvi_emit_transpose(g->b, g->v, (int[]){0, 2, 1, 3});
    const int pk = g->past ? fvi_onnx_in(g->node, PAST_K) : -1;
    const int pv = g->past ? fvi_onnx_need(g->node, PAST_V) : -1;
    if (g->b->status) return;
    g->k = fvi_attention_past(g->node, g->k, pk, 1);
    g->v = fvi_attention_past(g->node, g->v, pv, 2);
    g->k = fvi_attention_repeat(g->b, g->k, g->heads / g->shared);
    g->v = fvi_attention_repeat(g->b, g->v, g->heads / g->shared);
}

fv_status fvi_lower_group_query_attention(fvi_onnx_node *node) {
    grouped g = {.node = node, .b = node->b};
    const fvi_shape past = fvi_build_shape(node->b, fvi_onnx_in(node, PAST_K));
    if (past.ndim == 4) g.past = past.dim[2];
    for (int i = CACHE_SCALES; i < node->n_in; i++)
        if (fvi_onnx_in(node, i) >= 0)
            fvi_build_fail(node->b, FV_UNSUPPORTED, "its input %d is not supported", i);
    read_grouped(&g);
    if (node->b->status || !read_lengths(&g)) return node->b->status;
    rotate(&g);
    if (node->b->status) return node->b->status;
    add_past(&g);
    if (node->b->status) return node->b->status;
    int x = fvi_attention_scores(node->b, g.q, g.k, fvi_attention_scale(node, g.q));
    x = fvi_attention_cap(node->b, x, fvi_onnx_attr_float(node->proto, "softcap", 0));
    const fvi_shape scores = fvi_build_shape(node->b, x);
    x = fvi_emit_binary(node->b, FVI_ADD, x, sight_bias(&g));
    const int added = fvi_onnx_in(node, ADDED);
    if (added >= 0) x = fvi_emit_binary(node->b, FVI_ADD, x, added);
    const fvi_shape sum = fvi_build_shape(node->b, x);
    if (!node->b->status && !fvi_shape_equal(&scores, &sum))
        fvi_build_fail(node->b, FV_SHAPE, "its attention_bias is larger than its scores");
    const int y =
        fvi_emit_matmul(node->b, weights(&g, x), g.v, -1, &(fvi_node_attr){.matmul = {0, 0, 1}});
    return fvi_onnx_out(node, 0, fvi_attention_merge(node->b, y));
}
