/* SPDX-License-Identifier: Apache-2.0 */
/* com.microsoft's Attention and MultiHeadAttention:
 *   Y = softmax(scale Q K' + mask + attention_bias) V
 * Attention makes Q, K and V of its input by one product with packed weights; MultiHeadAttention is
 * given them, apart or packed ([batch][length][heads][3][size]). The mask adds mask_filter_value to
 * keys that are padding, and hides the keys behind a query with `unidirectional`.
 *
 * What it does not do: rotary embeddings inside Attention, sequences packed without padding, a past
 * that shares its memory with the present, beams.
 * Source: docs/ContribOperators.md of ONNX Runtime.
 */
#include "model/onnx/operators/attention/attention.h"

#include "graph/const.h"
#include "model/onnx/attribute.h"
#include "model/onnx/operators.h"

/* What both operators have read of their inputs. */
typedef struct heads {
    fvi_onnx_node *node;
    fvi_builder *b;
    int64_t n;       /* num_heads */
    int q, k, v;     /* [batch][heads][length][size] */
    int64_t past;    /* keys before those of this call */
    int mask, added; /* inputs: mask or padding, attention_bias */
} heads;

static int64_t read_heads(fvi_onnx_node *node) {
    const int64_t n = fvi_onnx_attr_int(node->proto, "num_heads", 0);
    if (n < 1) fvi_build_fail(node->b, FV_FORMAT, "num_heads is %" PRId64 "; 1 or more", n);
    return n;
}

/* Fails where an input or attribute is there that means what is not computed. */
static void refuse_input(fvi_onnx_node *node, int i, const char *name) {
    if (fvi_onnx_in(node, i) >= 0)
        fvi_build_fail(node->b, FV_UNSUPPORTED, "its input %s is not supported", name);
}

static void refuse_attribute(fvi_onnx_node *node, const char *name) {
    const int64_t x = fvi_onnx_attr_int(node->proto, name, 0);
    if (x)
        fvi_build_fail(node->b, FV_UNSUPPORTED, "%s is %" PRId64 "; only 0 is supported", name, x);
}

/* ---- masks ---- */

/* The forms a mask can have. */
typedef enum mask_form {
    MASK_UNKNOWN,
    MASK_NONE,
    MASK_ENDS,    /* [batch] */
    MASK_RANGES,  /* [2 batch]: ends, then starts */
    MASK_KEYS,    /* [batch][keys] */
    MASK_QUERIES, /* [batch][queries][keys] */
    MASK_SQUARE   /* [batch][1][longest][longest] */
} mask_form;

static mask_form form_of(const fvi_shape *s, int64_t batch, int64_t queries, int64_t keys) {
    const fvi_shape forms[] = {[MASK_ENDS] = {1, {batch}},
                               [MASK_RANGES] = {1, {2 * batch}},
                               [MASK_KEYS] = {2, {batch, keys}},
                               [MASK_QUERIES] = {3, {batch, queries, keys}}};
    for (int i = MASK_ENDS; i <= MASK_QUERIES; i++)
        if (fvi_shape_equal(s, &forms[i])) return (mask_form)i;
    if (s->ndim == 2 && (s->dim[0] == batch || s->dim[0] == 1) && s->dim[1] == 1) return MASK_NONE;
    const int square = s->ndim == 4 && s->dim[2] == s->dim[3] && s->dim[3] >= keys;
    return square && s->dim[0] == batch && s->dim[1] == 1 ? MASK_SQUARE : MASK_UNKNOWN;
}

/* One call's sizes, and its mask. */
typedef struct sight {
    const fvi_const *mask; /* NULL: none */
    mask_form form;
    int64_t batch, queries, keys, past;
    int causal;
    double filter; /* mask_filter_value */
} sight;

static int is_padding(const sight *s, int64_t n, int64_t query, int64_t key) {
    const int64_t longest = s->form == MASK_SQUARE ? s->mask->shape.dim[3] : 0;
    switch (s->form) {
    case MASK_ENDS: return key >= fvi_const_int(s->mask, n);
    case MASK_RANGES:
        return key >= fvi_const_int(s->mask, n) || key < fvi_const_int(s->mask, s->batch + n);
    case MASK_KEYS: return fvi_const_int(s->mask, n * s->keys + key) <= 0;
    case MASK_QUERIES: return fvi_const_int(s->mask, (n * s->queries + query) * s->keys + key) <= 0;
    case MASK_SQUARE:
        return fvi_const_int(s->mask, (n * longest + s->past + query) * longest + key) <= 0;
    default: return 0;
    }
}

/* Mask and direction as a bias [batch or 1][1][queries][keys]; -1: none. */
static int sight_bias(heads *h, sight *s) {
    char text[FVI_SHAPE_TEXT];
    uint8_t *data;
    s->mask = fvi_onnx_fixed(h->node, h->mask, "mask");
    s->form = s->mask ? form_of(&s->mask->shape, s->batch, s->queries, s->keys) : MASK_NONE;
    if (h->b->status || (s->form == MASK_NONE && !s->causal)) return -1;
    if (s->form == MASK_UNKNOWN) {
        fvi_build_fail(h->b, FV_UNSUPPORTED,
                       "its mask is %s; allowed: %" PRId64 " or %" PRId64 " lengths, %" PRId64
                       "x%" PRId64 " or %" PRId64 "x%" PRId64 "x%" PRId64 " numbers",
                       fvi_shape_text(&s->mask->shape, text), s->batch, 2 * s->batch, s->batch,
                       s->keys, s->batch, s->queries, s->keys);
        return -1;
    }
    const fvi_shape shape = {4, {s->mask ? s->batch : 1, 1, s->queries, s->keys}};
    const int v = fvi_emit_constant(h->b, FVI_F32, &shape, &data);
    if (v < 0 || !fvi_build_charge(h->b, fvi_shape_count(&shape))) return -1;
    int64_t i = 0;
    for (int64_t n = 0; n < shape.dim[0]; n++)
        for (int64_t q = 0; q < s->queries; q++)
            for (int64_t k = 0; k < s->keys; k++) {
                const int hidden = s->causal && k > s->past + q;
                const double padding = is_padding(s, n, q, k) ? s->filter : 0;
                fvi_put_real(FVI_F32, data, i++, hidden ? FVI_HIDDEN_KEY : padding);
            }
    return v;
}

/* softmax(..) V as [batch][length][heads * size], output 0. */
static fv_status attend(heads *h) {
    const Onnx__NodeProto *p = h->node->proto;
    const fvi_shape q = fvi_build_shape(h->b, h->q), k = fvi_build_shape(h->b, h->k);
    const fvi_shape v = fvi_build_shape(h->b, h->v);
    if (h->b->status) return h->b->status;
    if (q.ndim != 4 || k.ndim != 4 || v.ndim != 4 || k.dim[0] != q.dim[0] || k.dim[1] != q.dim[1] ||
        k.dim[3] != q.dim[3] || v.dim[0] != q.dim[0] || v.dim[1] != q.dim[1] ||
        v.dim[2] != k.dim[2]) {
        char text[3][FVI_SHAPE_TEXT];
        return fvi_build_fail(h->b, FV_SHAPE,
                              "its Q, K and V are %s, %s and %s (batch x heads x length x size), "
                              "which do not fit",
                              fvi_shape_text(&q, text[0]), fvi_shape_text(&k, text[1]),
                              fvi_shape_text(&v, text[2]));
    }
    sight s = {.batch = q.dim[0],
               .queries = q.dim[2],
               .keys = k.dim[2],
               .past = h->past,
               .causal = fvi_onnx_attr_int(p, "unidirectional", 0) != 0,
               .filter = fvi_onnx_attr_float(p, "mask_filter_value", -10000)};
    int x = fvi_attention_scores(h->b, h->q, h->k, fvi_attention_scale(h->node, h->q));
    const int bias = sight_bias(h, &s), added = fvi_onnx_in(h->node, h->added);
    if (bias >= 0) x = fvi_emit_binary(h->b, FVI_ADD, x, bias);
    const fvi_shape scores = fvi_build_shape(h->b, x);
    if (added >= 0) x = fvi_emit_binary(h->b, FVI_ADD, x, added);
    const fvi_shape sum = fvi_build_shape(h->b, x);
    if (!h->b->status && !fvi_shape_equal(&scores, &sum))
        fvi_build_fail(h->b, FV_SHAPE, "its attention_bias is larger than its scores");
    const int y = fvi_emit_matmul(h->b, fvi_attention_softmax(h->b, x), h->v, -1,
                                  &(fvi_node_attr){.matmul = {0, 0, 1}});
    return fvi_onnx_out(h->node, 0, fvi_attention_merge(h->b, y));
}

/* ---- Attention ---- */

/* How many columns Q, K and V have in the packed weights. */
static void read_sizes(heads *h, int64_t columns, int64_t size[3]) {
    const int n = fvi_onnx_ints(h->node, "qkv_hidden_sizes", -1, size, 3);
    if (n < 0)
        for (int i = 0; i < 3; i++) size[i] = columns / 3;
    else if (n != 3)
        fvi_build_fail(h->b, FV_FORMAT, "qkv_hidden_sizes has %d numbers; 3 are needed", n);
    int64_t left = columns;
    for (int i = 0; i < 3 && !h->b->status; i++) {
        if (size[i] < 1 || size[i] > left || size[i] % h->n)
            fvi_build_fail(h->b, FV_SHAPE,
                           "Q, K or V have %" PRId64 " of %" PRId64
                           " columns of the weights; a multiple of the %" PRId64 " heads is needed",
                           size[i], columns, h->n);
        left -= size[i];
    }
    if (!h->b->status && left)
        fvi_build_fail(h->b, FV_SHAPE, "%" PRId64 " columns of the weights are not used", left);
}

/* K or V of the past, [2][batch][heads][length][size], without its first axis. */
static int of_past(heads *h, int past, int which) {
    const fvi_shape s = fvi_build_shape(h->b, past);
    if (past < 0) return -1;
    if (!h->b->status && (s.ndim != 5 || s.dim[0] != 2))
        fvi_build_fail(h->b, FV_SHAPE, "its past has %d axes; 5, the first of 2, are needed",
                       s.ndim);
    const int v = fvi_emit_slice(h->b, past, 0, which, 1);
    return fvi_emit_reshape(h->b, v, &(fvi_shape){4, {s.dim[1], s.dim[2], s.dim[3], s.dim[4]}});
}

static int with_first_axis(fvi_builder *b, int v) {
    const fvi_shape s = fvi_build_shape(b, v);
    return fvi_emit_reshape(b, v, &(fvi_shape){5, {1, s.dim[0], s.dim[1], s.dim[2], s.dim[3]}});
}

/* Puts the past, input 4, in front of K and V; both together are output 1. */
static void add_past(heads *h) {
    const int past = fvi_onnx_in(h->node, 4), k = of_past(h, past, 0), v = of_past(h, past, 1);
    if (k >= 0) h->past = fvi_build_shape(h->b, k).dim[2];
    if (k >= 0) h->k = fvi_emit_concat(h->b, 2, 2, (int[]){k, h->k});
    if (v >= 0) h->v = fvi_emit_concat(h->b, 2, 2, (int[]){v, h->v});
    if (!fvi_onnx_wants(h->node, 1) || h->b->status) return;
    const int both[] = {with_first_axis(h->b, h->k), with_first_axis(h->b, h->v)};
    fvi_onnx_out(h->node, 1, fvi_emit_concat(h->b, 0, 2, both));
}

fv_status fvi_lower_microsoft_attention(fvi_onnx_node *node) {
    heads h = {.node = node, .b = node->b, .n = read_heads(node), .mask = 3, .added = 5};
    const int x = fvi_onnx_need(node, 0), w = fvi_onnx_need(node, 1), bias = fvi_onnx_in(node, 2);
    const fvi_shape sx = fvi_build_shape(node->b, x), sw = fvi_build_shape(node->b, w);
    int64_t size[3];
    refuse_input(node, 6, "past_sequence_length");
    refuse_attribute(node, "do_rotary");
    refuse_attribute(node, "past_present_share_buffer");
    if (!node->b->status && (sx.ndim != 3 || sw.ndim != 2))
        fvi_build_fail(node->b, FV_SHAPE, "its input and weights have %d and %d axes; 3 and 2",
                       sx.ndim, sw.ndim);
    if (node->b->status) return node->b->status;
    read_sizes(&h, sw.dim[1], size);
    int all = fvi_emit_matmul(node->b, x, w, -1, &(fvi_node_attr){.matmul = {0, 0, 1}});
    if (bias >= 0) all = fvi_emit_binary(node->b, FVI_ADD, all, bias);
    int64_t at = 0;
    int *const part[] = {&h.q, &h.k, &h.v};
    for (int i = 0; i < 3 && !node->b->status; i++) {
        const int v = fvi_emit_slice(node->b, all, 2, at, size[i]);
        *part[i] = fvi_attention_split(node->b, v, h.n);
        at += size[i];
    }
    add_past(&h);
    return attend(&h);
}

/* ---- MultiHeadAttention ---- */

enum { QUERY, KEY, VALUE, BIAS, PADDING, ADDED, PAST_K, PAST_V, PAST_LENGTH, BEAMS };

/* Element `which` of [batch][length][heads][packed][size], as [batch][length][heads * size]. */
static int unpacked(heads *h, int x, int which) {
    const fvi_shape s = fvi_build_shape(h->b, x);
    const int v = fvi_emit_slice(h->b, x, 3, which, 1);
    return fvi_emit_reshape(h->b, v, &(fvi_shape){3, {s.dim[0], s.dim[1], s.dim[2] * s.dim[4]}});
}

/* Whether input i is packed; fails where it is, but not of that many. */
static int is_packed(heads *h, int i, int64_t parts) {
    const fvi_shape s = fvi_build_shape(h->b, fvi_onnx_in(h->node, i));
    if (h->b->status || s.ndim != 5) return 0;
    if (s.dim[3] == parts && s.dim[2] == h->n) return 1;
    char text[FVI_SHAPE_TEXT];
    fvi_build_fail(h->b, FV_SHAPE,
                   "its input %d is %s; batch x length x %" PRId64 " heads x %" PRId64
                   " x size is needed",
                   i, fvi_shape_text(&s, text), h->n, parts);
    return 0;
}

/* Adds the biases of Q, K and V, one behind the other in input 3, to what has three axes. */
static void add_bias(heads *h, int *part[3]) {
    int64_t at = 0;
    const int bias = fvi_onnx_in(h->node, BIAS);
    if (bias < 0 || h->b->status) return;
    for (int i = 0; i < 3 && !h->b->status; i++) {
        const fvi_shape s = fvi_build_shape(h->b, *part[i]);
        const int64_t n = s.ndim == 4 ? s.dim[1] * s.dim[3] : s.dim[2];
        const int own = fvi_emit_slice(h->b, bias, 0, at, n);
        if (s.ndim == 3) *part[i] = fvi_emit_binary(h->b, FVI_ADD, *part[i], own);
        at += n;
    }
    const fvi_shape s = fvi_build_shape(h->b, bias);
    if (!h->b->status && (s.ndim != 1 || s.dim[0] != at))
        fvi_build_fail(h->b, FV_SHAPE, "its bias has not the %" PRId64 " numbers of Q, K and V",
                       at);
}

/* Q, K and V as they are given: [batch][length][heads * size], or K and V with heads already. */
static void read_qkv(heads *h) {
    int *part[] = {&h->q, &h->k, &h->v};
    h->q = fvi_onnx_need(h->node, QUERY);
    h->k = fvi_onnx_in(h->node, KEY);
    h->v = fvi_onnx_in(h->node, VALUE);
    if (is_packed(h, QUERY, 3)) {
        const int all = h->q;
        for (int i = 0; i < 3; i++) *part[i] = unpacked(h, all, i);
    } else if (is_packed(h, KEY, 2)) {
        const int all = h->k;
        h->k = unpacked(h, all, 0);
        h->v = unpacked(h, all, 1);
    } else {
        fvi_onnx_need(h->node, KEY);
        fvi_onnx_need(h->node, VALUE);
    }
    for (int i = 0; i < 3 && !h->b->status; i++) {
        const fvi_shape s = fvi_build_shape(h->b, *part[i]);
        char text[FVI_SHAPE_TEXT];
        if ((s.ndim == 3 && s.dim[2] % h->n == 0) || (i && s.ndim == 4)) continue;
        fvi_build_fail(h->b, FV_SHAPE,
                       "its input %d is %s; batch x length x a multiple of %" PRId64
                       " heads is needed",
                       i, fvi_shape_text(&s, text), h->n);
    }
    add_bias(h, part);
    for (int i = 0; i < 3 && !h->b->status; i++)
        if (fvi_build_shape(h->b, *part[i]).ndim == 3)
            *part[i] = fvi_attention_split(h->b, *part[i], h->n);
}

fv_status fvi_lower_multi_head_attention(fvi_onnx_node *node) {
    heads h = {.node = node, .b = node->b, .n = read_heads(node), .mask = PADDING, .added = ADDED};
    refuse_input(node, PAST_LENGTH, "past_sequence_length");
    refuse_input(node, BEAMS, "cache_indirection");
    if (node->b->status) return node->b->status;
    read_qkv(&h);
    const int past = fvi_onnx_in(node, PAST_K);
    const fvi_shape s = fvi_build_shape(node->b, past);
    if (past >= 0 && s.ndim == 4) h.past = s.dim[2];
    if (node->b->status) return node->b->status;
    h.k = fvi_attention_past(node, h.k, past, 1);
    h.v = fvi_attention_past(node, h.v, fvi_onnx_in(node, PAST_V), 2);
    return attend(&h);
}
