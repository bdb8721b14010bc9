/* SPDX-License-Identifier: Apache-2.0 */
/* pads: a padding that stands by itself becomes the padding of the convolutions and poolings that
 * read it, which costs nothing; PyTorch and TensorFlow write their paddings of unequal sides so.
 *
 * It can where the border's number is what the window takes its own padding for: 0 for
 * convolutions and for averages that count their padding, -infinity for the largest. And only as
 * long as every window still holds a place of the source, since some of oneDNN's kernels ask that.
 * A padding that was asked for, or that others read too, stays for them.
 */
#include <math.h>

#include "base/error.h"
#include "model/graph.h"

/* Whether the window takes its padding for cells of that value. */
static int same_value(const fvi_node *n, float value) {
    const fvi_window *w = &n->a.window;
    if (n->kind == FVI_CONV) return value == 0;
    if (n->kind == FVI_MAX_POOL) return value == -INFINITY && !w->global;
    if (n->kind != FVI_AVERAGE_POOL || w->global || value != 0) return 0;
    int padded = 0;
    for (int i = 0; i < w->n; i++) padded |= w->pad_lo[i] || w->pad_hi[i];
    return w->count_include_pad || !padded;
}

/* Whether the window can do the padding too. */
static int takes(const fvi_node *n, const fvi_node *pad) {
    const fvi_window *w = &n->a.window;
    const int64_t *lo = pad->a.pad.lo, *hi = pad->a.pad.hi;
    if (pad->a.pad.mode != FVI_PAD_CONSTANT || !same_value(n, pad->a.pad.value)) return 0;
    if (lo[0] || lo[1] || hi[0] || hi[1]) return 0;
    for (int i = 0; i < w->n; i++) {
        int64_t span = (w->kernel[i] - 1) * w->dilation[i];
        if (lo[i + 2] < 0 || hi[i + 2] < 0 || lo[i + 2] + w->pad_lo[i] > span ||
            hi[i + 2] + w->pad_hi[i] > span)
            return 0;
    }
    return 1;
}

static void take(fvi_node *n, const fvi_node *pad) {
    fvi_window *w = &n->a.window;
    for (int i = 0; i < w->n; i++) {
        w->pad_lo[i] += pad->a.pad.lo[i + 2];
        w->pad_hi[i] += pad->a.pad.hi[i + 2];
    }
    w->count_include_pad = n->kind == FVI_AVERAGE_POOL;
    n->in[0] = pad->in[0];
}

/* The padding that makes a node's first input, or NULL. */
static const fvi_node *pad_before(const fvi_graph *g, const fvi_node *n) {
    const int v = n->n_in > 0 ? n->in[0] : -1, k = v >= 0 ? g->values[v].producer : -1;
    return k >= 0 && g->nodes[k].kind == FVI_PAD ? &g->nodes[k] : NULL;
}

/* Takes out the paddings that nobody reads any more.
 *   read  [n_values] whether somebody reads the value */
static void drop_unread(fvi_graph *g, const char *read) {
    int kept = 0;
    for (int k = 0; k < g->n_nodes; k++) {
        const int out = g->nodes[k].out, is_left = g->nodes[k].kind != FVI_PAD || read[out];
        g->values[out].producer = is_left ? kept : -1;
        if (is_left) g->nodes[kept++] = g->nodes[k];
    }
    g->n_nodes = kept;
}

fv_status fvi_graph_fold_pads(fvi_graph *g, fv_error *err) {
    char *read = fvi_pool_array(g->pool, (size_t)g->n_values + 1, 1);
    if (!read) return fvi_fail(err, FV_NOMEM, "no memory for the graph");
    for (int i = 0; i < g->n_outputs; i++) read[g->outputs[i]] = 1;
    for (int k = g->n_nodes - 1; k >= 0; k--) {
        fvi_node *n = &g->nodes[k];
        for (const fvi_node *pad = pad_before(g, n); pad && takes(n, pad); pad = pad_before(g, n))
            take(n, pad);
        for (int i = 0; (n->kind != FVI_PAD || read[n->out]) && i < n->n_in; i++)
            if (n->in[i] >= 0) read[n->in[i]] = 1;
    }
    drop_unread(g, read);
    return FV_OK;
}
