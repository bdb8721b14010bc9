/* SPDX-License-Identifier: Apache-2.0 */
/* Recurrent layers: SimpleRNN, GRU, LSTM, RNN of their cells, both directions of them, and cuDNN's.
 * Kernels are [in][gates h] and [h][gates h]; Keras' gates are h; z r h; i f c o, the graph's h;
 * z r h; i o f c. GRU's bias is [2][3 h] where the reset gate multiplies the product
 * (reset_after), else [3 h]; cuDNN's has both biases behind each other.
 * What is not done: masks, stacked cells. A stateful layer begins with zeros, as a loaded one does.
 * Source: keras/src/layers/rnn. */
#include <string.h>

#include "model/keras/operators/activation.h"
#include "model/operations/recurrent.h"

/* What a layer is made of. */
typedef struct layer {
    JsonObject *config, *cell;
    fvi_recurrent a;
    int gates, cudnn;
    int64_t h;
} layer;

static int cell_of(fvi_site *site, layer *l) {
    static const char *const cells[] = {"SimpleRNNCell", "GRUCell", "LSTMCell"};
    l->cell = l->config = fvi_keras_of(site)->config;
    l->a.cell = (fvi_cell)site->kind->param;
    if (l->a.cell != FVI_CELL_COUNT) return 1;
    JsonObject *cell = fvi_keras_object(l->config, "cell");
    const char *name = fvi_keras_text(cell, "class_name", "of its own");
    l->cell = fvi_keras_object(cell, "config");
    for (int i = 0; i < FVI_CELL_COUNT; i++)
        if (!strcmp(cells[i], name)) return l->a.cell = (fvi_cell)i, 1;
    fvi_keras_refuse(site, "cell", name);
    return 0;
}

static void read_function(fvi_site *site, layer *l, int i, const char *key, const char *usual) {
    JsonNode *node = fvi_keras_member(l->cell, key);
    const char *name = usual;
    if (node && fvi_keras_is_text(node) && !l->cudnn) name = json_node_get_string(node);
    if (node && !fvi_keras_is_text(node)) fvi_keras_refuse(site, key, "a layer or a function");
    fvi_keras_unary(site, name, &l->a.function[i].f, &l->a.function[i].p, &l->a.function[i].q);
}

static int read_layer(fvi_site *site, layer *l) {
    static const int gates[] = {1, 3, 4};
    if (!cell_of(site, l)) return 0;
    l->gates = gates[l->a.cell];
    l->cudnn = g_str_has_prefix(site->op->type, "CuDNN");
    l->h = fvi_keras_int(l->cell, "units", 0);
    const int old = fvi_keras_of(site)->version < 3;
    const char *gate = old ? "hard_sigmoid" : "sigmoid";
    if (l->a.cell == FVI_CELL_RNN) {
        read_function(site, l, 0, "activation", "tanh");
    } else {
        read_function(site, l, 0, "recurrent_activation", l->cudnn ? "sigmoid" : gate);
        read_function(site, l, 1, "activation", "tanh");
        l->a.function[2] = l->a.function[1];
    }
    l->a.linear_before_reset =
        l->a.cell == FVI_CELL_GRU && (l->cudnn || fvi_keras_bool(l->cell, "reset_after", !old));
    l->a.reverse = fvi_keras_bool(l->config, "go_backwards", 0) != fvi_keras_of(site)->backwards;
    if (fvi_keras_bool(l->config, "time_major", 0)) fvi_keras_refuse(site, "time_major", "true");
    if (fvi_keras_real(l->cell, "implementation", 0) < 0 || l->h < 1 || l->h > 1 << 20)
        fvi_build_fail(site->b, FV_SHAPE, "it has %" PRId64 " units", l->h);
    return !site->b->status;
}

/* A weight of that shape; its last axis' gates as the graph orders them. */
static int gates_of(fvi_site *site, const layer *l, int v) {
    const int64_t h = l->h;
    if (l->a.cell != FVI_CELL_LSTM || v < 0) return v;
    const int last = fvi_build_shape(site->b, v).ndim - 1;
    const int parts[] = {fvi_emit_slice(site->b, v, last, 0, h),
                         fvi_emit_slice(site->b, v, last, 3 * h, h),
                         fvi_emit_slice(site->b, v, last, h, 2 * h)};
    return fvi_emit_concat(site->b, last, 3, parts);
}

static int weight(fvi_site *site, const layer *l, const char *name, int64_t rows) {
    const int v = fvi_keras_weight_value(site, name, 1);
    const fvi_shape s = fvi_build_shape(site->b, v);
    if (v < 0) return -1;
    if (s.ndim == 2 && s.dim[1] == l->gates * l->h && s.dim[0] == rows) return gates_of(site, l, v);
    char text[FVI_SHAPE_TEXT];
    fvi_build_fail(site->b, FV_SHAPE, "its %s is %s; %" PRId64 "x%" PRId64 " is needed", name,
                   fvi_shape_text(&s, text), rows, l->gates * l->h);
    return -1;
}

/* Row i of a bias [2][n]. */
static int row(fvi_site *site, int v, int i, int64_t n) {
    return fvi_emit_reshape(site->b, fvi_emit_slice(site->b, v, 0, i, 1), &(fvi_shape){1, {n}});
}

/* The bias outside, and *inner what the reset gate multiplies; -1: none. */
static int bias(fvi_site *site, const layer *l, int *inner) {
    const int64_t all = l->gates * l->h;
    int v = fvi_keras_weight_value(site, "bias", 0);
    const fvi_shape s = fvi_build_shape(site->b, v);
    const int two = l->cudnn || l->a.linear_before_reset;
    *inner = -1;
    if (v < 0) return -1;
    if (fvi_shape_count(&s) != (two ? 2 : 1) * all) {
        fvi_build_fail(site->b, FV_SHAPE,
                       "its bias has %" PRId64 " numbers; %" PRId64 " are needed",
                       fvi_shape_count(&s), (two ? 2 : 1) * all);
        return -1;
    }
    if (!two) return gates_of(site, l, fvi_emit_reshape(site->b, v, &(fvi_shape){1, {all}}));
    v = fvi_emit_reshape(site->b, v, &(fvi_shape){2, {2, all}});
    const int in = row(site, v, 0, all), state = row(site, v, 1, all);
    if (!l->a.linear_before_reset)
        return gates_of(site, l, fvi_emit_binary(site->b, FVI_ADD, in, state));
    const int64_t before = all - l->h;
    *inner = fvi_emit_slice(site->b, state, 0, before, l->h);
    const int sum = fvi_emit_binary(site->b, FVI_ADD, fvi_emit_slice(site->b, in, 0, 0, before),
                                    fvi_emit_slice(site->b, state, 0, 0, before));
    return fvi_emit_concat(site->b, 0, 2,
                           (int[]){sum, fvi_emit_slice(site->b, in, 0, before, l->h)});
}

static int last_step(fvi_site *site, int v, int reverse) {
    const fvi_shape s = fvi_build_shape(site->b, v);
    v = fvi_emit_slice(site->b, v, 1, reverse ? 0 : s.dim[1] - 1, 1);
    return fvi_emit_reshape(site->b, v, &(fvi_shape){2, {s.dim[0], s.dim[2]}});
}

/* Outputs: the sequence or its last step, then the last states. */
static void give(fvi_site *site, const layer *l, int all) {
    const int64_t h = l->h;
    const int states = fvi_keras_bool(l->config, "return_state", 0);
    const int sequence = l->a.cells ? fvi_emit_slice(site->b, all, 2, 0, h) : all;
    const int last = last_step(site, all, l->a.reverse);
    if (site->b->status) return;
    const int64_t t = fvi_build_shape(site->b, all).dim[1];
    const int hidden = l->a.cells ? fvi_emit_slice(site->b, last, 1, 0, h) : last;
    if (!fvi_keras_bool(l->config, "return_sequences", 0))
        fvi_site_out(site, 0, hidden);
    else if (l->a.reverse && t > 1) /* in the order in which they were made */
        fvi_site_out(site, 0, fvi_site_slice(site, sequence, 1, t - 1, t, -1));
    else
        fvi_site_out(site, 0, sequence);
    if (!states) return;
    fvi_site_out(site, 1, hidden);
    if (l->a.cells) fvi_site_out(site, 2, fvi_emit_slice(site->b, last, 1, h, h));
}

/* param: the fvi_cell; FVI_CELL_COUNT: that of the configuration. */
void fvi_keras_recurrent(fvi_site *site) {
    layer l = {0};
    const int x = fvi_channels_restore(site, fvi_site_need(site, 0));
    const fvi_shape s = fvi_build_shape(site->b, x);
    fvi_keras_no_mask(site);
    if (fvi_keras_layer_argument(site, -1, "mask")) fvi_keras_refuse(site, "mask", "of its call");
    if (site->b->status || !read_layer(site, &l)) return;
    if (s.ndim != 3 || s.dim[1] < 1)
        fvi_build_fail(site->b, FV_SHAPE, "its input has %d axes; 3 are needed, with a step",
                       s.ndim);
    if (site->b->status) return;
    const int most = l.a.cell == FVI_CELL_LSTM ? 3 : 2;
    if (site->n_in != 1 && site->n_in != most)
        fvi_build_fail(site->b, FV_UNSUPPORTED, "it has %d inputs; allowed: 1, %d", site->n_in,
                       most);
    l.a.cells = l.a.cell == FVI_CELL_LSTM && fvi_site_wants(site, 2);
    fvi_recurrent_weights w = {.w = weight(site, &l, "kernel", s.dim[2]),
                               .r = weight(site, &l, "recurrent_kernel", l.h),
                               .h0 = fvi_site_in(site, 1),
                               .c0 = fvi_site_in(site, 2)};
    w.bias = bias(site, &l, &w.inner);
    if (!site->b->status) give(site, &l, fvi_site_recurrent(site, x, &l.a, &w));
}

/* ---- both directions ------------------------------------------------------------------------ */

static int merge(fvi_site *site, const char *mode, int a, int b) {
    if (!strcmp(mode, "concat")) return fvi_site_concat(site, -1, 2, (int[]){a, b});
    if (!strcmp(mode, "mul")) return fvi_channels_binary(site, FVI_MUL, a, b);
    const int sum = fvi_channels_binary(site, FVI_ADD, a, b);
    if (!strcmp(mode, "sum")) return sum;
    if (!strcmp(mode, "ave")) return fvi_channels_unary(site, FVI_LINEAR, 0.5f, 0, sum);
    fvi_keras_refuse(site, "merge_mode", mode);
    return -1;
}

/* The outputs of both layers, the forward one's first: a sequence's second begins at its end. */
void fvi_keras_both_ways(fvi_site *site) {
    JsonObject *config = fvi_keras_of(site)->config;
    JsonObject *inner = fvi_keras_object(fvi_keras_object(config, "layer"), "config");
    const int half = site->n_in / 2;
    const int a = fvi_site_need(site, 0);
    int b = fvi_site_need(site, half);
    const fvi_shape s = fvi_build_shape(site->b, b);
    if (site->b->status) return;
    if (fvi_keras_bool(inner, "return_sequences", 0) && s.ndim == 3 && s.dim[1] > 1)
        b = fvi_site_slice(site, b, 1, s.dim[1] - 1, s.dim[1], -1);
    const int none = config && json_object_has_member(config, "merge_mode") &&
                     !fvi_keras_member(config, "merge_mode");
    int out = 0;
    if (none) {
        fvi_site_out(site, out++, a);
        fvi_site_out(site, out++, b);
    } else {
        fvi_site_out(site, out++,
                     merge(site, fvi_keras_text(config, "merge_mode", "concat"), a, b));
    }
    for (int i = 1; i < half; i++) fvi_site_out(site, out++, site->in[i]);
    for (int i = 1; i < half; i++) fvi_site_out(site, out++, site->in[half + i]);
}
