/* SPDX-License-Identifier: Apache-2.0 */
/* Attention: MultiHeadAttention and GroupQueryAttention with their projections, and the plain
 * layers Attention (dot, concat) and AdditiveAttention.
 *   softmax(q k' / sqrt(size of a head)) v
 * Kernels of projections are [in][heads][size] and [heads][size][out].
 * What is not done: masks that are given, sliding windows, gates, the scores as an output.
 * Source: keras/src/layers/attention. */
#include <math.h>
#include <string.h>

#include "graph/const.h"
#include "model/keras/arguments.h"

/* Scores of positions behind the query's own are this. */
#define NEVER (-1e9f)

/* ---- what all have in common ---------------------------------------------------------------- */

static void refuse_arguments(fvi_site *site) {
    static const char *const names[] = {"attention_mask", "mask", "query_mask", "value_mask",
                                        "key_mask"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (fvi_keras_layer_argument(site, -1, names[i]))
            fvi_keras_refuse(site, names[i], "of its call");
    fvi_keras_no_mask(site);
}

static int is_causal(const fvi_site *site) {
    JsonObject *kwargs = fvi_keras_of(site)->call.kwargs;
    return fvi_keras_bool(kwargs, "use_causal_mask", 0) ||
           fvi_keras_bool(fvi_keras_of(site)->config, "causal", 0);
}

/* Scores [..][t][s] with those of later positions left out. */
static int hide_later(fvi_site *site, int scores) {
    const fvi_shape shape = fvi_build_shape(site->b, scores);
    uint8_t *data;
    if (scores < 0 || site->b->status) return -1;
    const int64_t t = shape.dim[shape.ndim - 2], s = shape.dim[shape.ndim - 1];
    if (!fvi_build_charge(site->b, t * s)) return -1;
    const int mask = fvi_emit_constant(site->b, FVI_F32, &(fvi_shape){2, {t, s}}, &data);
    for (int64_t i = 0; i < t && mask >= 0; i++)
        for (int64_t k = i + 1; k < s; k++) fvi_put_real(FVI_F32, data, i * s + k, NEVER);
    return fvi_emit_binary(site->b, FVI_ADD, scores, mask);
}

static int softmax_last(fvi_site *site, int v) {
    const fvi_shape s = fvi_build_shape(site->b, v);
    const fvi_node_attr a = {.softmax = {s.ndim - 1, 0}};
    return v < 0 ? -1 : fvi_emit(site->b, FVI_SOFTMAX, &a, &s, 1, &v);
}

/* ---- with projections ----------------------------------------------------------------------- */

/* The weight of a part: "query_dense/kernel" in Keras' own files, "query/kernel" in HDF5 models. */
static int part_weight(fvi_site *site, const char *part, const char *hdf5, const char *name,
                       int needed) {
    char a[64], b[64];
    g_snprintf(a, sizeof a, "%s/%s", part, name);
    g_snprintf(b, sizeof b, "%s/%s", hdf5, name);
    if (fvi_keras_weight_numbers(site, a)) return fvi_keras_weight_value(site, a, 1);
    return fvi_keras_weight_value(site, b, needed);
}

/* x [n][t][in] as [n][heads][t][size]. */
static int project(fvi_site *site, int x, const char *part, const char *hdf5) {
    int w = part_weight(site, part, hdf5, "kernel", 1);
    int bias = part_weight(site, part, hdf5, "bias", 0);
    const fvi_shape k = fvi_build_shape(site->b, w), s = fvi_build_shape(site->b, x);
    if (w < 0 || x < 0) return -1;
    if (k.ndim != 3 || k.dim[0] != s.dim[2]) {
        fvi_build_fail(site->b, FV_SHAPE, "its %s kernel does not fit %" PRId64 " features", hdf5,
                       s.dim[2]);
        return -1;
    }
    const int64_t heads = k.dim[1], size = k.dim[2];
    w = fvi_emit_reshape(site->b, w, &(fvi_shape){2, {k.dim[0], heads * size}});
    if (bias >= 0) bias = fvi_emit_reshape(site->b, bias, &(fvi_shape){1, {heads * size}});
    int v = fvi_site_dense(site, x, w, bias, 0);
    v = fvi_emit_reshape(site->b, v, &(fvi_shape){4, {s.dim[0], s.dim[1], heads, size}});
    return fvi_emit_transpose(site->b, v, (int[]){0, 2, 1, 3});
}

/* Heads of keys and values repeated, so that there are as many as of the queries. */
static int repeat_heads(fvi_site *site, int v, int64_t heads) {
    const fvi_shape s = fvi_build_shape(site->b, v);
    if (v < 0 || s.dim[1] == heads) return v;
    if (s.dim[1] < 1 || heads % s.dim[1]) {
        fvi_build_fail(site->b, FV_SHAPE, "%" PRId64 " heads of queries share %" PRId64 " of keys",
                       heads, s.dim[1]);
        return -1;
    }
    const fvi_shape five = {5, {s.dim[0], s.dim[1], 1, s.dim[2], s.dim[3]}};
    const fvi_shape wide = {5, {s.dim[0], s.dim[1], heads / s.dim[1], s.dim[2], s.dim[3]}};
    v = fvi_emit_expand(site->b, fvi_emit_reshape(site->b, v, &five), &wide);
    return fvi_emit_reshape(site->b, v, &(fvi_shape){4, {s.dim[0], heads, s.dim[2], s.dim[3]}});
}

/* [n][heads][t][size] as [n][t][out]. */
static int project_back(fvi_site *site, int v) {
    int w = part_weight(site, "output_dense", "attention_output", "kernel", 1);
    int bias = part_weight(site, "output_dense", "attention_output", "bias", 0);
    const fvi_shape k = fvi_build_shape(site->b, w), s = fvi_build_shape(site->b, v);
    if (w < 0 || v < 0) return -1;
    if (k.ndim < 3 || k.dim[0] != s.dim[1] || k.dim[1] != s.dim[3]) {
        fvi_build_fail(site->b, FV_SHAPE, "its output kernel does not fit its heads");
        return -1;
    }
    const int64_t all = s.dim[1] * s.dim[3], out = fvi_shape_product(&k, 2, k.ndim);
    w = fvi_emit_reshape(site->b, w, &(fvi_shape){2, {all, out}});
    if (bias >= 0) bias = fvi_emit_reshape(site->b, bias, &(fvi_shape){1, {out}});
    v = fvi_emit_transpose(site->b, v, (int[]){0, 2, 1, 3});
    v = fvi_emit_reshape(site->b, v, &(fvi_shape){3, {s.dim[0], s.dim[2], all}});
    return fvi_site_dense(site, v, w, bias, 0);
}

static void check_config(fvi_site *site) {
    JsonObject *config = fvi_keras_of(site)->config;
    if (fvi_keras_bool(config, "use_gate", 0)) fvi_keras_refuse(site, "use_gate", "true");
    if (fvi_keras_member(config, "sliding_window"))
        fvi_keras_refuse(site, "sliding_window", "a number");
    if (fvi_keras_array(config, "output_shape") &&
        fvi_keras_length(fvi_keras_array(config, "output_shape")) > 1)
        fvi_keras_refuse(site, "output_shape", "of several axes");
}

/* The axes between samples and features as one; attention over some of them is refused. */
static int positions(fvi_site *site, int v) {
    v = fvi_channels_restore(site, v);
    const fvi_shape s = fvi_build_shape(site->b, v);
    JsonArray *axes = fvi_keras_array(fvi_keras_of(site)->config, "attention_axes");
    if (v < 0) return -1;
    if (s.ndim < 3 || (axes && fvi_keras_length(axes) != (guint)s.ndim - 2)) {
        fvi_build_fail(site->b, FV_UNSUPPORTED,
                       "it attends over %u of %d axes; allowed: all between samples and features",
                       fvi_keras_length(axes), s.ndim);
        return -1;
    }
    return fvi_emit_reshape(
        site->b, v,
        &(fvi_shape){3, {s.dim[0], fvi_shape_product(&s, 1, s.ndim - 1), s.dim[s.ndim - 1]}});
}

void fvi_keras_multi_head_attention(fvi_site *site) {
    const int query = fvi_keras_layer_operand(site, 0, "query", 1);
    const int value = fvi_keras_layer_operand(site, 1, "value", 1);
    int key = fvi_keras_layer_operand(site, 2, "key", 0);
    fvi_shape out = fvi_channels_shape(site, query);
    refuse_arguments(site);
    check_config(site);
    if (key < 0) key = value;
    const int q = project(site, positions(site, query), "query_dense", "query");
    int k = project(site, positions(site, key), "key_dense", "key");
    int v = project(site, positions(site, value), "value_dense", "value");
    const fvi_shape s = fvi_build_shape(site->b, q);
    if (site->b->status) return;
    k = repeat_heads(site, k, s.dim[1]);
    v = repeat_heads(site, v, s.dim[1]);
    const float scale = 1 / sqrtf((float)s.dim[3]);
    int scores = fvi_site_matmul(site, q, k, 0, 1, scale);
    if (is_causal(site)) scores = hide_later(site, scores);
    v = project_back(site, fvi_site_matmul(site, softmax_last(site, scores), v, 0, 0, 1));
    if (v < 0) return;
    out.dim[out.ndim - 1] = fvi_build_shape(site->b, v).dim[2];
    fvi_site_out(site, 0, fvi_emit_reshape(site->b, v, &out));
}

/* ---- without -------------------------------------------------------------------------------- */

/* sum over features of w tanh(scale (q + k)), [n][t][s]. w, scale: values or -1. */
static int additive_scores(fvi_site *site, int q, int k, int scale, int w) {
    const fvi_shape sq = fvi_build_shape(site->b, q), sk = fvi_build_shape(site->b, k);
    if (q < 0 || k < 0 || site->b->status) return -1;
    q = fvi_emit_reshape(site->b, q, &(fvi_shape){4, {sq.dim[0], sq.dim[1], 1, sq.dim[2]}});
    k = fvi_emit_reshape(site->b, k, &(fvi_shape){4, {sk.dim[0], 1, sk.dim[1], sk.dim[2]}});
    int v = fvi_emit_binary(site->b, FVI_ADD, q, k);
    if (scale >= 0) v = fvi_emit_binary(site->b, FVI_MUL, v, scale);
    v = fvi_emit_unary(site->b, FVI_TANH, 0, 0, v);
    if (w >= 0) v = fvi_emit_binary(site->b, FVI_MUL, v, w);
    return fvi_emit_reduce(site->b, FVI_REDUCE_SUM, 1u << 3, 0, v);
}

/* param: additive. The inputs are a list of query, value and perhaps key. */
void fvi_keras_attention(fvi_site *site) {
    JsonObject *config = fvi_keras_of(site)->config;
    const int q = fvi_channels_restore(site, fvi_site_need(site, 0));
    const int v = fvi_channels_restore(site, fvi_site_need(site, 1));
    const int k = site->n_in > 2 ? fvi_channels_restore(site, site->in[2]) : v;
    const int scale = fvi_keras_weight_value(site, "scale", 0);
    const char *mode = fvi_keras_text(config, "score_mode", "dot");
    int scores = -1;
    refuse_arguments(site);
    for (int i = 0; i < 3 && !site->b->status; i++)
        if (fvi_build_shape(site->b, (int[]){q, v, k}[i]).ndim != 3)
            fvi_build_fail(site->b, FV_UNSUPPORTED, "an input has %d axes; 3 are allowed",
                           fvi_build_shape(site->b, (int[]){q, v, k}[i]).ndim);
    if (site->b->status) return;
    if (site->kind->param) {
        scores = additive_scores(site, q, k, -1, scale);
    } else if (!strcmp(mode, "concat")) {
        scores = additive_scores(site, q, k, scale, -1);
        const int w = fvi_keras_weight_value(site, "concat_score_weight", 1);
        scores = fvi_emit_binary(site->b, FVI_MUL, scores, w);
    } else if (!strcmp(mode, "dot")) {
        scores = fvi_site_matmul(site, q, k, 0, 1, 1);
        if (scale >= 0) scores = fvi_emit_binary(site->b, FVI_MUL, scores, scale);
    } else {
        fvi_keras_refuse(site, "score_mode", mode);
    }
    if (is_causal(site)) scores = hide_later(site, scores);
    fvi_site_out(site, 0, fvi_site_matmul(site, softmax_last(site, scores), v, 0, 0, 1));
}
