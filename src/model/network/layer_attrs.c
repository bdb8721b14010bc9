/* SPDX-License-Identifier: Apache-2.0 */
/* What a layer is configured by: keys as in the get_config of Keras' layers where Keras has them,
 * values as JSON. Padding is [top, bottom, left, right]; a convolution's `activation` is the
 * activation node that alone reads its output, "linear" where there is none. */
#include "model/network/layer_attrs.h"

#include <glib.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "model/json.h"

#define ATTRS_MAX 16

typedef struct attrs {
    const fvi_graph *g;
    const fvi_node *n;
    const fvi_node *sole_reader; /* of its output, or NULL */
    fvi_pool *pool;
    fv_attr list[ATTRS_MAX];
    int count;
    int exhausted;
} attrs;

static void add(attrs *a, const char *key, const char *json) {
    char *copy = fvi_pool_strdup(a->pool, json);
    if (!copy) a->exhausted = 1;
    if (a->count < ATTRS_MAX) a->list[a->count++] = (fv_attr){key, copy};
}

static void add_int(attrs *a, const char *key, int64_t v) {
    char text[32];
    g_snprintf(text, sizeof text, "%" G_GINT64_FORMAT, v);
    add(a, key, text);
}

static void add_bool(attrs *a, const char *key, int v) { add(a, key, v ? "true" : "false"); }

/* JSON has no infinities: null. The shortest text that reads back as the same float. */
static void add_real(attrs *a, const char *key, float v) {
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    for (int digits = 1; digits <= 9; digits++) {
        char format[8];
        g_snprintf(format, sizeof format, "%%.%dg", digits);
        g_ascii_formatd(text, sizeof text, format, v);
        if ((float)g_ascii_strtod(text, NULL) == v) break;
    }
    add(a, key, isfinite(v) ? text : "null");
}

static void add_text(attrs *a, const char *key, const char *v) {
    GString *s = g_string_new(NULL);
    fvi_json_quote(s, v);
    add(a, key, s->str);
    g_string_free(s, TRUE);
}

static void append_ints(GString *s, const int64_t *v, int n) {
    g_string_append_c(s, '[');
    for (int i = 0; i < n; i++)
        g_string_append_printf(s, "%s%" G_GINT64_FORMAT, i ? ", " : "", v[i]);
    g_string_append_c(s, ']');
}

static void add_ints(attrs *a, const char *key, const int64_t *v, int n) {
    GString *s = g_string_new(NULL);
    append_ints(s, v, n);
    add(a, key, s->str);
    g_string_free(s, TRUE);
}

/* The shape of what flows in; of several inputs, a list of shapes. */
static void add_input_shape(attrs *a) {
    GString *s = g_string_new(NULL);
    int count = 0;
    for (int i = 0; i < a->n->n_in; i++) {
        const fvi_value *v = a->n->in[i] >= 0 ? &a->g->values[a->n->in[i]] : NULL;
        if (!v || v->constant) continue;
        if (count++) g_string_append(s, ", ");
        append_ints(s, v->shape.dim, v->shape.ndim);
    }
    if (count > 1) {
        g_string_prepend_c(s, '[');
        g_string_append_c(s, ']');
    }
    if (count) add(a, "input_shape", s->str);
    g_string_free(s, TRUE);
}

static const fvi_shape *in_shape(const attrs *a, int i) { return &a->g->values[a->n->in[i]].shape; }

static const fvi_shape *out_shape(const attrs *a) { return &a->g->values[a->n->out].shape; }

static void add_padding(attrs *a, const char *key, const int64_t *lo, const int64_t *hi, int n) {
    int64_t v[2 * FVI_MAX_DIMS];
    for (int i = 0; i < n; i++) {
        int64_t *pair = &v[(ptrdiff_t)2 * i];
        pair[0] = lo[i];
        pair[1] = hi[i];
    }
    add_ints(a, key, v, 2 * n);
}

static const char *activation_name(const fvi_node *reader) {
    if (!reader) return "linear";
    if (reader->kind == FVI_UNARY) return fvi_unary_info(reader->a.unary.f)->key;
    if (reader->kind == FVI_SOFTMAX) return "softmax";
    if (reader->kind == FVI_BINARY && reader->a.binary.f == FVI_PRELU) return "prelu";
    return "linear";
}

static void add_activation(attrs *a) { add_text(a, "activation", activation_name(a->sole_reader)); }

static void add_use_bias(attrs *a) { add_bool(a, "use_bias", a->n->n_in > 2 && a->n->in[2] >= 0); }

static void config_convolution(attrs *a) {
    const fvi_window *w = &a->n->a.window;
    add_int(a, "filters", out_shape(a)->ndim > 1 ? out_shape(a)->dim[1] : 0);
    add_ints(a, "kernel_size", w->kernel, w->n);
    add_ints(a, "strides", w->stride, w->n);
    add_padding(a, "padding", w->pad_lo, w->pad_hi, w->n);
    add_ints(a, "dilation_rate", w->dilation, w->n);
    add_int(a, "groups", w->groups > 1 ? w->groups : 1);
    add_activation(a);
    add_use_bias(a);
}

static void config_pooling(attrs *a) {
    const fvi_window *w = &a->n->a.window;
    add_bool(a, "global", w->global);
    if (!w->global) {
        add_ints(a, "pool_size", w->kernel, w->n);
        add_ints(a, "strides", w->stride, w->n);
        add_padding(a, "padding", w->pad_lo, w->pad_hi, w->n);
        add_ints(a, "dilation_rate", w->dilation, w->n);
    }
    if (a->n->kind == FVI_AVERAGE_POOL && !w->global)
        add_bool(a, "count_include_pad", w->count_include_pad);
}

static void config_matmul(attrs *a) {
    add_int(a, "units", out_shape(a)->ndim ? out_shape(a)->dim[out_shape(a)->ndim - 1] : 1);
    add_bool(a, "transpose_a", a->n->a.matmul.trans_a);
    add_bool(a, "transpose_b", a->n->a.matmul.trans_b);
    add_real(a, "alpha", a->n->a.matmul.alpha);
    add_activation(a);
    add_use_bias(a);
}

static void config_unary(attrs *a) {
    const fvi_function_info *f = fvi_unary_info(a->n->a.unary.f);
    add_text(a, "function", f->key);
    if (f->parameter[0]) add_real(a, f->parameter[0], a->n->a.unary.p);
    if (f->parameter[1]) add_real(a, f->parameter[1], a->n->a.unary.q);
}

static void config_norm(attrs *a) {
    const fvi_shape *x = in_shape(a, 0);
    if (a->n->kind == FVI_LAYER_NORM) add_int(a, "axis", a->n->a.norm.axis);
    if (a->n->kind == FVI_GROUP_NORM) add_int(a, "groups", a->n->a.norm.groups);
    if (a->n->kind != FVI_LAYER_NORM) add_int(a, "channels", x->ndim > 1 ? x->dim[1] : 1);
    if (a->n->kind == FVI_BATCH_NORM)
        add_int(a, "axis", 1);
    else
        add_real(a, "epsilon", a->n->a.norm.epsilon);
}

static void config_reduce(attrs *a) {
    int64_t axes[FVI_MAX_DIMS];
    int n = 0;
    for (int i = 0; i < in_shape(a, 0)->ndim; i++)
        if (a->n->a.reduce.axes & 1u << i) axes[n++] = i;
    add_text(a, "function", fvi_reduce_info(a->n->a.reduce.f)->key);
    add_ints(a, "axis", axes, n);
    add_bool(a, "keepdims", a->n->a.reduce.keepdims);
}

static void config_lrn(attrs *a) {
    const fvi_node_attr *at = &a->n->a;
    add_int(a, "size", at->lrn.size);
    add_real(a, "alpha", at->lrn.alpha);
    add_real(a, "beta", at->lrn.beta);
    add_real(a, "bias", at->lrn.bias);
}

static void config_softmax(attrs *a) {
    add_int(a, "axis", a->n->a.softmax.axis);
    add_bool(a, "log", a->n->a.softmax.log);
}

static void config_binary(attrs *a) {
    add_text(a, "function", fvi_binary_info(a->n->a.binary.f)->key);
}

static void config_slice(attrs *a) {
    const int ndim = in_shape(a, 0)->ndim;
    add_ints(a, "start", a->n->a.slice.start, ndim);
    add_ints(a, "step", a->n->a.slice.step, ndim);
}

static void config_pad(attrs *a) {
    static const char *const modes[] = {"constant", "reflect", "edge", "wrap"};
    const fvi_node_attr *at = &a->n->a;
    add_padding(a, "padding", at->pad.lo, at->pad.hi, in_shape(a, 0)->ndim);
    add_text(a, "mode", modes[at->pad.mode]);
    add_real(a, "value", at->pad.value);
}

static void config_transpose(attrs *a) {
    const int ndim = in_shape(a, 0)->ndim;
    int64_t perm[FVI_MAX_DIMS];
    for (int i = 0; i < ndim; i++) perm[i] = a->n->a.transpose.perm[i];
    add_ints(a, "dims", perm, ndim);
}

static void config_axis(attrs *a) { add_int(a, "axis", a->n->a.axis.axis); }

static void config_target_shape(attrs *a) {
    add_ints(a, "target_shape", out_shape(a)->dim, out_shape(a)->ndim);
}

static void config_identity(attrs *a) {
    if (a->n->a.identity.dropout) add_real(a, "rate", a->n->a.identity.ratio);
}

static void config_grid_sample(attrs *a) {
    static const char *const modes[FVI_GRID_MODES] = {"nearest", "linear", "cubic", "nearest"};
    static const char *const paddings[] = {"zeros", "border", "reflection"};
    add_text(a, "mode", modes[a->n->a.grid_sample.mode]);
    add_text(a, "padding_mode", paddings[a->n->a.grid_sample.padding]);
    add_bool(a, "align_corners", a->n->a.grid_sample.unit == FVI_GRID_CORNERS);
}

static void config_recurrent(attrs *a) {
    const fvi_recurrent *r = &a->n->a.recurrent;
    add_int(a, "units", in_shape(a, 1)->dim[1]);
    add_bool(a, "go_backwards", r->reverse);
    add_text(a, "activation", fvi_unary_info(r->function[r->cell == FVI_CELL_RNN ? 0 : 1].f)->key);
    if (r->cell != FVI_CELL_RNN)
        add_text(a, "recurrent_activation", fvi_unary_info(r->function[0].f)->key);
    if (r->cell == FVI_CELL_GRU) add_bool(a, "reset_after", r->linear_before_reset);
    if (r->clip > 0) add_real(a, "clip", r->clip);
}

static void config_none(attrs *a) { (void)a; }

/* The rules of kinds.def. */
static void (*const rules[FVI_KIND_COUNT])(attrs *) = {
#define FVI_KIND(NAME, file, traits, fold, channels, batch, field, cost, words, config) \
    [FVI_##NAME] = config_##config,
#include "graph/kinds.def"
#undef FVI_KIND
};

fv_status fvi_layer_attrs(const fvi_graph *g, const fvi_node *n, const fvi_node *sole_reader,
                          fvi_pool *pool, fv_layer *out, fv_error *err) {
    attrs a = {.g = g, .n = n, .sole_reader = sole_reader, .pool = pool};
    add_input_shape(&a);
    rules[n->kind](&a);
    fv_attr *list = fvi_pool_array(pool, (size_t)a.count + 1, sizeof *list);
    if (!list || a.exhausted) return fvi_fail(err, FV_NOMEM, "no memory for the layer table");
    memcpy(list, a.list, (size_t)a.count * sizeof *list);
    out->attrs = list;
    out->attr_count = a.count;
    return FV_OK;
}
