/* SPDX-License-Identifier: Apache-2.0 */
/* What a network's graph does to its own input: Keras' Rescaling and Normalization, MATLAB's mean
 * picture, wrappers that compute (x - mean) / std.
 *
 * Goes through the graph from the input. Of every value that is an affine map of each of the
 * input's channels, it keeps factor, offset and source of each channel; the first node that is
 * none ends the search. A channel's y = a x + b is 0 at m = -b/a. The numbers say which x is
 * meant: m beyond 2, or a below 1/32, fits bytes only; a of 1/2 or more, or m in 0..1, fits 0..1.
 *
 * What it does not do: see scales that were multiplied into the first convolution's weights, or
 * normalisation by the picture's own mean.
 */
#include "model/input/own_steps.h"

#include <glib.h>
#include <math.h>
#include <string.h>

#include "graph/const.h"

#define CONSTANT_MAX ((int64_t)1 << 22) /* elements that are averaged for one node */
#define STEPS_MAX    64                 /* nodes that are followed */

typedef struct state {
    int axis; /* of the channels */
    fvi_own_steps s;
} state;

/* ---- constants ------------------------------------------------------------------------------ */

/* The mean of a broadcast constant (or of its reciprocals) for each channel. */
static int means(const fvi_const *c, const fvi_shape *x, const state *at, int invert, double *out) {
    const int axis = at->axis - (x->ndim - c->shape.ndim), n = at->s.n;
    const int64_t count = fvi_shape_count(&c->shape);
    if (c->shape.ndim > x->ndim || count < 1 || count > CONSTANT_MAX) return 0;
    const int64_t own = axis < 0 ? 1 : c->shape.dim[axis];
    if (own != 1 && own != n) return 0;
    int64_t inner = 1;
    for (int i = axis < 0 ? c->shape.ndim : axis + 1; i < c->shape.ndim; i++)
        inner *= c->shape.dim[i];
    double sum[FVI_OWN_CHANNELS] = {0};
    for (int64_t i = 0; i < count; i++) {
        const double v = fvi_const_at(c, i);
        sum[own == 1 ? 0 : i / inner % own] += invert ? 1 / v : v;
    }
    for (int k = 0; k < n; k++) {
        out[k] = sum[own == 1 ? 0 : k] * (double)own / (double)count;
        if (!isfinite(out[k])) return 0;
    }
    return 1;
}

static void multiply(fvi_own_steps *s, const double *by) {
    for (int k = 0; k < s->n; k++) s->factor[k] *= by[k], s->offset[k] *= by[k];
}

static void add(fvi_own_steps *s, const double *what, double sign) {
    for (int k = 0; k < s->n; k++) s->offset[k] += sign * what[k];
}

static void negate(fvi_own_steps *s) {
    for (int k = 0; k < s->n; k++) s->factor[k] = -s->factor[k], s->offset[k] = -s->offset[k];
}

static void scale(fvi_own_steps *s, double factor, double offset) {
    for (int k = 0; k < s->n; k++) {
        s->factor[k] *= factor;
        s->offset[k] = s->offset[k] * factor + offset;
    }
}

/* ---- nodes: each returns 0 where it is no affine map of channels ---------------------------- */

static int is_arithmetic(fvi_binary f) {
    return f == FVI_ADD || f == FVI_SUB || f == FVI_MUL || f == FVI_DIV;
}

/* second: the running value is the operation's second operand. */
static int take_binary(const fvi_graph *g, const fvi_node *n, int second, const fvi_shape *x,
                       state *at) {
    const fvi_const *c = g->values[n->in[!second]].constant;
    const fvi_shape *out = &g->values[n->out].shape;
    const fvi_binary f = n->a.binary.f;
    double v[FVI_OWN_CHANNELS];
    if (!c || !is_arithmetic(f) || (f == FVI_DIV && second)) return 0;
    if (out->ndim != x->ndim || out->dim[at->axis] != at->s.n) return 0;
    if (!means(c, x, at, f == FVI_DIV, v)) return 0;
    if (f == FVI_MUL || f == FVI_DIV) {
        multiply(&at->s, v);
        return 1;
    }
    if (f == FVI_SUB && second) negate(&at->s);
    add(&at->s, v, f == FVI_SUB && !second ? -1 : 1);
    return 1;
}

static int take_unary(const fvi_node *n, state *at) {
    if (n->a.unary.f == FVI_LINEAR)
        scale(&at->s, n->a.unary.p, n->a.unary.q);
    else if (n->a.unary.f == FVI_NEG)
        negate(&at->s);
    else
        return n->a.unary.f == FVI_CLIP || n->a.unary.f == FVI_SATURATE;
    return 1;
}

static int take_batch_norm(const fvi_graph *g, const fvi_node *n, state *at) {
    const fvi_const *k = g->values[n->in[1]].constant, *b = g->values[n->in[2]].constant;
    if (!k || !b || at->axis != 1) return 0;
    if (fvi_shape_count(&k->shape) != at->s.n || fvi_shape_count(&b->shape) != at->s.n) return 0;
    for (int i = 0; i < at->s.n; i++) {
        const double factor = fvi_const_at(k, i);
        at->s.factor[i] *= factor;
        at->s.offset[i] = at->s.offset[i] * factor + fvi_const_at(b, i);
    }
    return 1;
}

/* Keeps of the channels those at index[0..n). */
static int choose(state *at, int64_t n, const int64_t *index) {
    const fvi_own_steps old = at->s;
    if (n < 1 || n > FVI_OWN_CHANNELS) return 0;
    for (int64_t k = 0; k < n; k++) {
        const int64_t from = index[k] < 0 ? index[k] + old.n : index[k];
        if (from < 0 || from >= old.n) return 0;
        at->s.source[k] = old.source[from];
        at->s.factor[k] = old.factor[from];
        at->s.offset[k] = old.offset[from];
    }
    at->s.n = (int)n;
    return 1;
}

static int take_slice(const fvi_graph *g, const fvi_node *n, state *at) {
    const int64_t count = g->values[n->out].shape.dim[at->axis];
    int64_t index[FVI_OWN_CHANNELS];
    if (count < 1 || count > FVI_OWN_CHANNELS) return 0;
    for (int64_t k = 0; k < count; k++)
        index[k] = n->a.slice.start[at->axis] + k * n->a.slice.step[at->axis];
    return choose(at, count, index);
}

static int take_gather(const fvi_graph *g, const fvi_node *n, state *at) {
    const fvi_const *c = g->values[n->in[1]].constant;
    if (!c || c->shape.ndim != 1 || c->shape.dim[0] > FVI_OWN_CHANNELS) return 0;
    if (n->a.axis.axis != at->axis) return 1;
    int64_t index[FVI_OWN_CHANNELS];
    for (int64_t k = 0; k < c->shape.dim[0]; k++) index[k] = fvi_const_int(c, k);
    return choose(at, c->shape.dim[0], index);
}

/* The channel axis stays one where as many numbers lie behind it as before. */
static int take_reshape(const fvi_shape *x, const fvi_shape *out, state *at) {
    int64_t behind = 1, other = 1;
    for (int i = at->axis + 1; i < x->ndim; i++) behind *= x->dim[i];
    for (int i = out->ndim - 1; i >= 0; other *= out->dim[i--])
        if (out->dim[i] == at->s.n && other == behind) {
            at->axis = i;
            return 1;
        }
    return 0;
}

static int take_transpose(const fvi_node *n, int ndim, state *at) {
    for (int i = 0; i < ndim; i++)
        if (n->a.transpose.perm[i] == at->axis) {
            at->axis = i;
            return 1;
        }
    return 0;
}

static int take_concat(const fvi_node *n, state *const *known, state *at) {
    for (int i = 0; i < n->n_in; i++)
        if (n->in[i] < 0 || !known[n->in[i]] || known[n->in[i]]->axis != at->axis) return 0;
    if (n->a.axis.axis != at->axis) return 1;
    for (int i = 1; i < n->n_in; i++) {
        const fvi_own_steps *more = &known[n->in[i]]->s;
        if (at->s.n + more->n > FVI_OWN_CHANNELS) return 0;
        for (int k = 0; k < more->n; k++, at->s.n++) {
            at->s.source[at->s.n] = more->source[k];
            at->s.factor[at->s.n] = more->factor[k];
            at->s.offset[at->s.n] = more->offset[k];
        }
    }
    return 1;
}

/* Moves `at`, which describes input i of the node, over the node. */
static int take(const fvi_graph *g, const fvi_node *n, int i, state *const *known, state *at) {
    const fvi_shape *x = &g->values[n->in[i]].shape, *out = &g->values[n->out].shape;
    switch (n->kind) {
    case FVI_BINARY: return take_binary(g, n, i, x, at);
    case FVI_UNARY: return take_unary(n, at);
    case FVI_BATCH_NORM: return take_batch_norm(g, n, at);
    case FVI_SLICE: return take_slice(g, n, at);
    case FVI_GATHER: return i == 0 && take_gather(g, n, at);
    case FVI_RESHAPE: return take_reshape(x, out, at);
    case FVI_TRANSPOSE: return take_transpose(n, x->ndim, at);
    case FVI_CONCAT: return i == 0 && take_concat(n, known, at);
    case FVI_IDENTITY:
    case FVI_PAD:
    case FVI_RESIZE: return x->ndim == out->ndim && out->dim[at->axis] == at->s.n;
    default: return 0;
    }
}

/* ---- the search ----------------------------------------------------------------------------- */

static state *start(const fvi_graph *g, const fv_input *in, int input) {
    const fvi_shape *x = &g->values[input].shape;
    const int axis = in->channels_last ? x->ndim - 1 : x->ndim - 3;
    if (axis < 0 || x->dim[axis] < 1 || x->dim[axis] > FVI_OWN_CHANNELS) return NULL;
    state *at = g_new0(state, 1);
    at->axis = axis;
    at->s.n = (int)x->dim[axis];
    for (int k = 0; k < at->s.n; k++) at->s.source[k] = k, at->s.factor[k] = 1;
    return at;
}

/* The first input of the node that is known, or -1. */
static int known_input(const fvi_node *n, state *const *known) {
    for (int i = 0; i < n->n_in; i++)
        if (n->in[i] >= 0 && known[n->in[i]]) return i;
    return -1;
}

void fvi_own_steps_find(const fvi_graph *g, const fv_input *in, fvi_own_steps *out) {
    *out = (fvi_own_steps){0};
    const int input = in->is_image && in->name ? fvi_graph_find(g, in->name) : -1;
    if (input < 0) return;
    state **known = g_new0(state *, g->n_values);
    known[input] = start(g, in, input);
    for (int i = 0, steps = 0; known[input] && i < g->n_nodes; i++) {
        const fvi_node *n = &g->nodes[i];
        const int from = known_input(n, known);
        if (from < 0) continue;
        state at = *known[n->in[from]];
        if (++steps > STEPS_MAX || g->values[n->out].shape.ndim < 0 ||
            !take(g, n, from, known, &at)) {
            *out = known[n->in[from]]->s;
            break;
        }
        if (n->kind != FVI_TRANSPOSE && n->kind != FVI_RESHAPE) at.s.node = n->name;
        known[n->out] = g_memdup2(&at, sizeof at);
    }
    for (int v = 0; v < g->n_values; v++) g_free(known[v]);
    g_free(known);
}

/* ---- what the numbers say ------------------------------------------------------------------- */

static const double mean_rgb[3] = {0.485, 0.456, 0.406}, std_rgb[3] = {0.229, 0.224, 0.225};

static int near(double a, double b, double tolerance) { return fabs(a - b) <= tolerance; }

/* Whether the channels' zeros are ImageNet's means in that order. */
static int are_means(const double *zero, double white, int reversed) {
    for (int c = 0; c < 3; c++)
        if (!near(zero[c] / white, mean_rgb[reversed ? 2 - c : c], 0.02)) return 0;
    return 1;
}

/* torchvision's Inception and GoogLeNet: from ImageNet's normalisation to -1..1. */
static int is_renormalised(const double *a, const double *b) {
    for (int c = 0; c < 3; c++)
        if (!near(a[c], std_rgb[c] / 0.5, 1e-3) || !near(b[c], (mean_rgb[c] - 0.5) / 0.5, 1e-3))
            return 0;
    return 1;
}

/* What the mean factor and the mean zero of the channels say. */
static fvi_wanted wanted_of(double factor, double zero, int positive) {
    if (near(zero, -1, 0.01) && positive) return FVI_WANTED_SIGNED;
    if (fabs(zero) > 2 || factor <= 1.0 / 32) return FVI_WANTED_BYTES;
    const int is_scale = fabs(zero) < 1e-6 && factor > 1.6;
    return zero >= 0.2 || is_scale ? FVI_WANTED_UNIT : FVI_WANTED_OPEN;
}

/* Factor and offset of each channel of the input. Returns 0 where they say nothing. */
static int by_channel(const fvi_own_steps *s, int channels, double *a, double *b) {
    if (!s->n || channels < 1 || channels > FVI_OWN_CHANNELS) return 0;
    for (int k = s->n - 1; k >= 0; k--) {
        a[s->source[k]] = s->factor[k];
        b[s->source[k]] = s->offset[k];
    }
    int changes = 0;
    for (int c = 0; c < channels; c++) {
        if (a[c] == 0 || !isfinite(a[c]) || !isfinite(b[c])) return 0;
        changes = changes || a[c] != 1 || b[c] != 0;
    }
    return changes;
}

fvi_wanted fvi_own_steps_judge(const fvi_own_steps *s, int channels, int *order) {
    double a[FVI_OWN_CHANNELS] = {0}, b[FVI_OWN_CHANNELS] = {0}, zero[FVI_OWN_CHANNELS];
    double factor = 0, middle = 0;
    *order = 0;
    if (!by_channel(s, channels, a, b)) return FVI_WANTED_OPEN;
    for (int c = 0; c < channels; c++) {
        zero[c] = -b[c] / a[c];
        factor += fabs(a[c]) / channels;
        middle += zero[c] / channels;
    }
    if (channels == 3 && is_renormalised(a, b)) {
        *order = FV_RGB;
        return FVI_WANTED_IMAGENET;
    }
    const fvi_wanted w = wanted_of(factor, middle, a[0] > 0);
    const double white = w == FVI_WANTED_BYTES ? 255 : 1;
    if (channels == 3 && are_means(zero, white, 0)) *order = FV_RGB;
    if (channels == 3 && are_means(zero, white, 1)) *order = FV_BGR;
    return w;
}
