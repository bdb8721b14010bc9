/* SPDX-License-Identifier: Apache-2.0 */
/* Layers in words: the kind and the one-line description of each node, as MATLAB's layer table has
 * them. Sizes of kernels are HEIGHTxWIDTHxCHANNELS, strides [down right], padding
 * [top bottom left right]; axes count from 0. */
#include "model/network/layer_words.h"

#include <glib.h>
#include <math.h>
#include <string.h>

#include "graph/const.h"
#include "model/network/quantised.h"

static const char *shape_text(const fvi_shape *s, char text[FVI_SHAPE_TEXT]) {
    return fvi_shape_text(s, text);
}

static const fvi_shape *shape_in(const fvi_graph *g, const fvi_node *n, int i) {
    return &g->values[n->in[i]].shape;
}

static const fvi_const *constant_in(const fvi_graph *g, const fvi_node *n, int i) {
    return i < n->n_in && n->in[i] >= 0 ? g->values[n->in[i]].constant : NULL;
}

/* "[1 2 3]" */
static void list(GString *s, const int64_t *v, int n) {
    g_string_append_c(s, '[');
    for (int i = 0; i < n; i++)
        g_string_append_printf(s, "%s%" G_GINT64_FORMAT, i ? " " : "", v[i]);
    g_string_append_c(s, ']');
}

/* "11x11" */
static void sizes(GString *s, const int64_t *v, int n) {
    for (int i = 0; i < n; i++)
        g_string_append_printf(s, "%s%" G_GINT64_FORMAT, i ? "x" : "", v[i]);
}

/* " with stride [..][, dilation factor [..],] and padding [..]" */
static void window(GString *s, const fvi_window *w, const char *padding) {
    int64_t pads[2 * FVI_MAX_SPATIAL];
    int dilated = 0;
    for (int i = 0; i < w->n; i++) {
        int64_t *pair = &pads[(ptrdiff_t)2 * i];
        pair[0] = w->pad_lo[i];
        pair[1] = w->pad_hi[i];
        dilated |= w->dilation[i] != 1;
    }
    g_string_append(s, " with stride ");
    list(s, w->stride, w->n);
    if (dilated) {
        g_string_append(s, ", dilation factor ");
        list(s, w->dilation, w->n);
        g_string_append_c(s, ',');
    }
    g_string_append_printf(s, " and %s ", padding);
    list(s, pads, 2 * w->n);
}

static void convolution(GString *s, const fvi_graph *g, const fvi_node *n) {
    const fvi_window *w = &n->a.window;
    const fvi_shape *k = shape_in(g, n, 1);
    int transposed = n->kind == FVI_CONV_TRANSPOSE;
    int64_t groups = w->groups > 1 ? w->groups : 1; /* conv: [oc][ic/g]; transposed: [ic][oc/g] */
    int64_t filters = transposed ? k->dim[1] : k->dim[0] / groups;
    int64_t depth = transposed ? k->dim[0] / groups : k->dim[1];
    if (groups > 1) g_string_append_printf(s, "%" G_GINT64_FORMAT " groups of ", groups);
    g_string_append_printf(s, "%" G_GINT64_FORMAT " ", filters);
    sizes(s, w->kernel, w->n);
    g_string_append_printf(s, "x%" G_GINT64_FORMAT "%s convolutions", depth,
                           transposed ? " transposed" : "");
    window(s, w, transposed ? "cropping" : "padding");
}

static void pooling(GString *s, const fvi_node *n) {
    const fvi_window *w = &n->a.window;
    const char *what = n->kind == FVI_MAX_POOL ? "max" : "average";
    if (w->global) {
        g_string_append_printf(s, "%d-D global %s pooling", w->n, what);
        return;
    }
    sizes(s, w->kernel, w->n);
    g_string_append_printf(s, " %s pooling", what);
    window(s, w, "padding");
}

/* A product with a constant matrix is what MATLAB calls a fully connected layer. */
static int is_fully_connected(const fvi_graph *g, const fvi_node *n) {
    return n->kind == FVI_MATMUL && constant_in(g, n, 1) && shape_in(g, n, 1)->ndim == 2;
}

static void matmul(GString *s, const fvi_graph *g, const fvi_node *n) {
    char a[FVI_SHAPE_TEXT], b[FVI_SHAPE_TEXT];
    const fvi_shape *w = shape_in(g, n, 1);
    if (is_fully_connected(g, n))
        g_string_append_printf(s, "%" G_GINT64_FORMAT " fully connected layer",
                               w->dim[n->a.matmul.trans_b ? 0 : 1]);
    else
        g_string_append_printf(s, "product of %s%s and %s%s", shape_text(shape_in(g, n, 0), a),
                               n->a.matmul.trans_a ? " transposed" : "", shape_text(w, b),
                               n->a.matmul.trans_b ? " transposed" : "");
}

static int is_clipped_relu(const fvi_node *n) {
    return n->kind == FVI_UNARY && n->a.unary.f == FVI_CLIP && n->a.unary.p == 0 &&
           n->a.unary.q < 1e30f;
}

static void unary(GString *s, const fvi_node *n) {
    double p = n->a.unary.p, q = n->a.unary.q;
    int clip = n->a.unary.f == FVI_CLIP;
    if (n->a.unary.f == FVI_LINEAR && q == 0) {
        g_string_append_printf(s, "scaling by %g", p);
    } else if (n->a.unary.f == FVI_LINEAR && p == 1) {
        g_string_append_printf(s, "offset of %g", q);
    } else if (is_clipped_relu(n)) {
        g_string_append_printf(s, "clipped ReLU with ceiling %g", q);
    } else if (clip && q >= 1e30) {
        g_string_append_printf(s, "clip from below at %g", p);
    } else if (clip && p <= -1e30) {
        g_string_append_printf(s, "clip from above at %g", q);
    } else if (n->a.unary.f == FVI_SWISH && p != 1) {
        g_string_append_printf(s, "swish with beta %g", p);
    } else if ((unsigned)n->a.unary.f < FVI_UNARY_COUNT) {
        const double v[2] = {p, q};
        int at = 0;
        for (const char *t = fvi_unary_info(n->a.unary.f)->text; *t; t++) {
            if (*t == '%') {
                g_string_append_printf(s, "%g", v[at++]);
                t++; /* the g */
            } else {
                g_string_append_c(s, *t);
            }
        }
    }
}

static void binary(GString *s, const fvi_graph *g, const fvi_node *n) {
    char text[FVI_SHAPE_TEXT];
    int with = constant_in(g, n, 1) ? 1 : constant_in(g, n, 0) ? 0 : -1;
    const fvi_const *c = with < 0 ? NULL : constant_in(g, n, with);
    if (n->a.binary.f == FVI_PRELU)
        g_string_append_printf(s, "PReLU with %" G_GINT64_FORMAT " slopes",
                               fvi_shape_count(shape_in(g, n, 1)));
    else if (!c)
        g_string_append_printf(s, "element-wise %s of 2 inputs",
                               fvi_binary_info(n->a.binary.f)->word);
    else if (fvi_shape_count(&c->shape) == 1)
        g_string_append_printf(s, "element-wise %s with the constant %g%s",
                               fvi_binary_info(n->a.binary.f)->word, fvi_const_at(c, 0),
                               with ? "" : " on the left");
    else
        g_string_append_printf(s, "element-wise %s with a %s constant%s",
                               fvi_binary_info(n->a.binary.f)->word, shape_text(&c->shape, text),
                               with ? "" : " on the left");
}

static void reduce(GString *s, const fvi_graph *g, const fvi_node *n) {
    int64_t axes[FVI_MAX_DIMS];
    int count = 0, ndim = shape_in(g, n, 0)->ndim;
    for (int i = 0; i < ndim; i++)
        if (n->a.reduce.axes & 1u << i) axes[count++] = i;
    g_string_append_printf(s, "%s over axes ", fvi_reduce_info(n->a.reduce.f)->word);
    list(s, axes, count);
}

static void slice(GString *s, const fvi_graph *g, const fvi_node *n) {
    const fvi_shape *x = shape_in(g, n, 0), *y = &g->values[n->out].shape;
    int parts = 0;
    g_string_append(s, "slice of");
    for (int i = 0; i < x->ndim; i++) {
        int64_t start = n->a.slice.start[i], step = n->a.slice.step[i];
        if (start == 0 && step == 1 && x->dim[i] == y->dim[i]) continue;
        g_string_append_printf(s,
                               "%s axis %d from %" G_GINT64_FORMAT " by %" G_GINT64_FORMAT
                               ", %" G_GINT64_FORMAT " elements",
                               parts++ ? " and" : "", i, start, step, y->dim[i]);
    }
    if (!parts) g_string_append(s, " everything");
}

static void pad(GString *s, const fvi_graph *g, const fvi_node *n) {
    static const char *const modes[] = {"constant", "reflection", "edge", "wrapping"};
    int ndim = shape_in(g, n, 0)->ndim, from = 0, zero = 0;
    int64_t v[2 * FVI_MAX_DIMS];
    while (from < ndim - 1 && !n->a.pad.lo[from] && !n->a.pad.hi[from] && from < 2) from++;
    for (int i = from; i < ndim; i++) {
        int64_t *pair = &v[(ptrdiff_t)2 * (i - from)];
        pair[0] = n->a.pad.lo[i];
        pair[1] = n->a.pad.hi[i];
    }
    zero = n->a.pad.mode == FVI_PAD_CONSTANT && n->a.pad.value == 0;
    g_string_append_printf(s, "%s padding ", zero ? "zero" : modes[n->a.pad.mode]);
    list(s, v, 2 * (ndim - from));
    if (from < 2 && ndim > from) g_string_append_printf(s, " of axes %d..%d", from, ndim - 1);
}

static int is_instance_norm(const fvi_graph *g, const fvi_node *n) {
    const fvi_shape *x = shape_in(g, n, 0);
    return x->ndim > 1 && n->a.norm.groups == x->dim[1];
}

static void norm(GString *s, const fvi_graph *g, const fvi_node *n) {
    const fvi_shape *x = shape_in(g, n, 0);
    if (n->kind == FVI_BATCH_NORM)
        g_string_append_printf(s, "batch normalization with %" G_GINT64_FORMAT " channels",
                               x->ndim > 1 ? x->dim[1] : 1);
    else if (n->kind == FVI_LAYER_NORM)
        g_string_append_printf(s, "layer normalization over %" G_GINT64_FORMAT " elements",
                               fvi_shape_product(x, n->a.norm.axis, x->ndim));
    else if (is_instance_norm(g, n))
        g_string_append_printf(s, "instance normalization with %" G_GINT64_FORMAT " channels",
                               x->dim[1]);
    else
        g_string_append_printf(s,
                               "group normalization with %" G_GINT64_FORMAT " channels in "
                               "%" G_GINT64_FORMAT " groups",
                               x->ndim > 1 ? x->dim[1] : 1, n->a.norm.groups);
}

static int is_depth(const fvi_graph *g, const fvi_node *n) {
    return n->a.axis.axis == 1 && g->values[n->out].shape.ndim >= 3;
}

static void concat(GString *s, const fvi_graph *g, const fvi_node *n) {
    if (is_depth(g, n))
        g_string_append_printf(s, "depth concatenation of %d inputs", n->n_in);
    else
        g_string_append_printf(s, "concatenation of %d inputs along axis %d", n->n_in,
                               n->a.axis.axis);
}

static void resize(GString *s, const fvi_graph *g, const fvi_node *n) {
    const fvi_shape *x = shape_in(g, n, 0), *y = &g->values[n->out].shape;
    int from = y->ndim;
    for (int i = y->ndim - 1; i >= 0; i--)
        if (x->dim[i] != y->dim[i] || n->a.resize.axis[i].entries) from = i;
    if (from > 2 && y->ndim == 4) from = 2;
    g_string_append(s, "resize to ");
    sizes(s, y->dim + from, y->ndim - from);
    if (from == y->ndim) g_string_append(s, "the same size");
}

static void to_shape(GString *s, const char *what, const fvi_graph *g, const fvi_node *n) {
    char text[FVI_SHAPE_TEXT];
    g_string_append_printf(s, "%s to %s", what, shape_text(&g->values[n->out].shape, text));
}

static void identity(GString *s, const fvi_node *n) {
    if (n->a.identity.dropout)
        g_string_append_printf(s, "%g%% dropout", round((double)n->a.identity.ratio * 1e4) / 100);
    else
        g_string_append(s, n->a.identity.half    ? "cast to half precision, not rounded"
                           : n->a.identity.stops ? "identity without a gradient"
                                                 : "identity");
}

/* ---- the rules of kinds.def: they append the description and return the kind ---- */

#define RULE(name) \
    static const char *words_##name(GString *s, const fvi_graph *g, const fvi_node *n)
#define UNUSED() ((void)s, (void)g, (void)n)

RULE(convolution) {
    convolution(s, g, n);
    if (n->kind == FVI_CONV_TRANSPOSE) return "transposed convolution";
    return n->a.window.groups > 1 ? "grouped convolution" : "convolution";
}

RULE(matmul) {
    matmul(s, g, n);
    return is_fully_connected(g, n) ? "fully connected" : "matrix product";
}

RULE(pooling) {
    UNUSED();
    pooling(s, n);
    if (n->kind == FVI_MAX_POOL) return n->a.window.global ? "global max pooling" : "max pooling";
    return n->a.window.global ? "global average pooling" : "average pooling";
}

RULE(lrn) {
    UNUSED();
    g_string_append_printf(
        s, "cross channel normalization with %" G_GINT64_FORMAT " channels per element",
        n->a.lrn.size);
    return "cross channel normalization";
}

RULE(batch_norm) {
    norm(s, g, n);
    return "batch normalization";
}

RULE(group_norm) {
    norm(s, g, n);
    return is_instance_norm(g, n) ? "instance normalization" : "group normalization";
}

RULE(layer_norm) {
    norm(s, g, n);
    return "layer normalization";
}

RULE(softmax) {
    const char *kind = n->a.softmax.log ? "log softmax" : "softmax";
    UNUSED();
    g_string_append(s, kind);
    return kind;
}

RULE(unary) {
    UNUSED();
    unary(s, n);
    return is_clipped_relu(n) ? "clipped relu" : fvi_unary_info(n->a.unary.f)->word;
}

RULE(binary) {
    binary(s, g, n);
    return fvi_binary_info(n->a.binary.f)->word;
}

RULE(where) {
    UNUSED();
    g_string_append(s, "element-wise selection by a condition");
    return "selection";
}

RULE(reduce) {
    reduce(s, g, n);
    return fvi_reduce_info(n->a.reduce.f)->word;
}

RULE(concat) {
    concat(s, g, n);
    return is_depth(g, n) ? "depth concatenation" : "concatenation";
}

RULE(slice) {
    slice(s, g, n);
    return "slice";
}

RULE(pad) {
    pad(s, g, n);
    return "padding";
}

RULE(reshape) {
    to_shape(s, "reshape", g, n);
    return !strcmp(n->source_op, "Flatten") ? "flatten" : "reshape";
}

RULE(transpose) {
    g_string_append(s, "transposition with order [");
    for (int i = 0; i < g->values[n->out].shape.ndim; i++)
        g_string_append_printf(s, "%s%d", i ? " " : "", n->a.transpose.perm[i]);
    g_string_append_c(s, ']');
    return "transposition";
}

RULE(expand) {
    to_shape(s, "expansion", g, n);
    return "expansion";
}

RULE(resize) {
    resize(s, g, n);
    return "resize";
}

RULE(gather) {
    const fvi_const *table = constant_in(g, n, 0);
    if (table && table->shape.ndim == 2 && n->a.axis.axis == 0) {
        g_string_append_printf(
            s, "embedding of %" G_GINT64_FORMAT " entries in %" G_GINT64_FORMAT " numbers",
            table->shape.dim[0], table->shape.dim[1]);
        return "embedding";
    }
    g_string_append_printf(s, "selection of %" G_GINT64_FORMAT " indices along axis %d",
                           fvi_shape_count(shape_in(g, n, 1)), n->a.axis.axis);
    return "selection by index";
}

RULE(identity) {
    UNUSED();
    identity(s, n);
    return n->a.identity.dropout ? "dropout" : n->a.identity.half ? "cast" : "identity";
}

RULE(grid_sample) {
    static const char *const modes[FVI_GRID_MODES] = {"nearest", "linear", "cubic", "nearest"};
    UNUSED();
    g_string_append_printf(s, "sampling at the points of a grid, %s", modes[n->a.grid_sample.mode]);
    return "grid sampling";
}

RULE(recurrent) {
    static const char *const words[FVI_CELL_COUNT] = {"RNN", "GRU", "LSTM"};
    static const char *const kinds[FVI_CELL_COUNT] = {"recurrent", "gru", "lstm"};
    g_string_append_printf(s, "%s with %" G_GINT64_FORMAT " units%s", words[n->a.recurrent.cell],
                           shape_in(g, n, 1)->dim[1],
                           n->a.recurrent.reverse ? ", backward in time" : "");
    return kinds[n->a.recurrent.cell];
}

/* Of graphs that the library makes for itself; no file has such a layer. */
RULE(none) {
    UNUSED();
    g_string_append(s, fvi_kind_name(n->kind));
    return "internal";
}

RULE(opaque) {
    (void)g;
    g_string_append(s, n->a.opaque.why);
    return n->a.opaque.kind;
}

static const char *(*const rules[FVI_KIND_COUNT])(GString *, const fvi_graph *,
                                                  const fvi_node *) = {
#define FVI_KIND(NAME, file, traits, fold, channels, batch, field, cost, words, ...) \
    [FVI_##NAME] = words_##words,
#include "graph/kinds.def"
#undef FVI_KIND
};

const char *fvi_describe(const fvi_graph *g, const fvi_node *n, fvi_pool *pool, const char **kind) {
    GString *s = g_string_new(NULL);
    *kind = rules[n->kind](s, g, n);
    if (fvi_is_quantised(g, n)) g_string_append(s, ", quantised in the file");
    char *text = fvi_pool_strdup(pool, s->str);
    g_string_free(s, TRUE);
    return text;
}
