/* SPDX-License-Identifier: Apache-2.0 */
/* What a network's graph does to its own input: Keras' Rescaling and Normalization, MATLAB's mean
 * picture, wrappers that compute (x - mean) / std.
 *
 * Goes through the graph from the input, over all values that are affine maps of each of its
 * channels (affine.h), to the first node with weights that reads one of them. A channel's y = a x +
 * b is 0 at m = -b/a. The numbers say which x is meant: m beyond 2, or a below 1/32, fits bytes
 * only; a of 1/2 or more, or m in 0..1, fits 0..1. Where x is clipped, or quantised in so many
 * steps, the bounds say it.
 *
 * What it does not do: see scales that were multiplied into the first convolution's weights, or
 * normalisation by the picture's own mean.
 */
#include "model/input/own_steps.h"

#include <glib.h>
#include <math.h>

#define STEPS_MAX 64 /* nodes that are followed */

/* ---- the search ----------------------------------------------------------------------------- */

typedef struct search {
    const fvi_graph *g;
    fvi_affine **known;    /* [n_values]; NULL: no affine map of the channels */
    const char **node;     /* [n_values] the last that changed a number on the way; or NULL */
    const fvi_affine **in; /* of the node that is looked at */
} search;

/* The first input of the node that is known, or -1; the known ones are put into `in`. */
static int known_inputs(search *s, const fvi_node *n) {
    int first = -1;
    for (int i = n->n_in - 1; i >= 0; i--) {
        s->in[i] = n->in[i] < 0 ? NULL : s->known[n->in[i]];
        if (s->in[i]) first = n->in[i];
    }
    return first;
}

/* Whether the node only moves elements: what is said about the numbers names the one before. */
static int only_moves(const fvi_node *n) {
    return n->kind == FVI_TRANSPOSE || n->kind == FVI_RESHAPE;
}

static void put(const search *s, int value, fvi_own_steps *out) {
    const fvi_affine *a = s->known[value];
    out->n = a->n;
    out->node = s->node[value];
    out->low = a->low, out->high = a->high;
    for (int k = 0; k < a->n; k++) {
        out->source[k] = a->source[k];
        out->factor[k] = a->factor[k];
        out->offset[k] = a->offset[k];
    }
}

/* Follows the picture from `input`. The first node with weights that reads a known value says what
 * the network wants; without one the first node whose output is not known. */
static void follow(search *s, fvi_own_steps *out) {
    const fvi_graph *g = s->g;
    for (int i = 0, steps = 0; i < g->n_nodes; i++) {
        const fvi_node *n = &g->nodes[i];
        const int from = known_inputs(s, n);
        if (from < 0) continue;
        fvi_affine a;
        if (++steps > STEPS_MAX) {
            if (!out->n) put(s, from, out);
            return;
        }
        if (fvi_affine_over(g, n, s->in, &a)) {
            s->known[n->out] = g_memdup2(&a, sizeof a);
            s->node[n->out] = only_moves(n) ? s->node[from] : n->name;
            continue;
        }
        const int has_weights = fvi_node_has_weights(g, i);
        if (!out->n || has_weights) put(s, from, out);
        if (has_weights) return;
    }
}

void fvi_own_steps_find(const fvi_graph *g, const fv_input *in, fvi_own_steps *out) {
    *out = (fvi_own_steps){0};
    const int input = in->is_image && in->name ? fvi_graph_find(g, in->name) : -1;
    if (input < 0) return;
    const fvi_shape *x = &g->values[input].shape;
    const int axis = in->channels_last ? x->ndim - 1 : x->ndim - 3;
    fvi_affine a;
    if (axis < 0 || !fvi_affine_start(x, axis, &a)) return;
    int most = 1;
    for (int i = 0; i < g->n_nodes; i++) most = MAX(most, g->nodes[i].n_in);
    search s = {g, g_new0(fvi_affine *, g->n_values), g_new0(const char *, g->n_values),
                g_new0(const fvi_affine *, most)};
    s.known[input] = g_memdup2(&a, sizeof a);
    follow(&s, out);
    for (int v = 0; v < g->n_values; v++) g_free(s.known[v]);
    g_free(s.known);
    g_free(s.node);
    g_free(s.in);
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

/* What the bounds say to which the pixels are clipped. */
static fvi_wanted wanted_of_bounds(double low, double high) {
    if (near(high, 255, 2.55)) return near(low, 0, 2.55) || !isfinite(low) ? FVI_WANTED_BYTES : 0;
    if (!near(high, 1, 0.01)) return FVI_WANTED_OPEN;
    if (near(low, 0, 0.01)) return FVI_WANTED_UNIT;
    return near(low, -1, 0.01) ? FVI_WANTED_SIGNED : FVI_WANTED_OPEN;
}

/* Factor and offset of each channel of the input. Returns 0 where they say nothing. */
static int by_channel(const fvi_own_steps *s, int channels, double *a, double *b) {
    if (!s->n || channels < 1 || channels > FVI_OWN_CHANNELS) return 0;
    for (int k = s->n - 1; k >= 0; k--) {
        if (s->source[k] < 0) continue;
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
    if (!s->n) return FVI_WANTED_OPEN;
    const fvi_wanted bounded = wanted_of_bounds(s->low, s->high);
    if (!by_channel(s, channels, a, b)) return bounded;
    for (int c = 0; c < channels; c++) {
        zero[c] = -b[c] / a[c];
        factor += fabs(a[c]) / channels;
        middle += zero[c] / channels;
    }
    if (channels == 3 && is_renormalised(a, b)) {
        *order = FV_RGB;
        return FVI_WANTED_IMAGENET;
    }
    const fvi_wanted w = bounded ? bounded : wanted_of(factor, middle, a[0] > 0);
    const double white = w == FVI_WANTED_BYTES ? 255 : 1;
    if (channels == 3 && are_means(zero, white, 0)) *order = FV_RGB;
    if (channels == 3 && are_means(zero, white, 1)) *order = FV_BGR;
    return w;
}
