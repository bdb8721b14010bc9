/* SPDX-License-Identifier: Apache-2.0 */
/* Merges a padding node into the convolutions and poolings that read it, which pad at no cost.
 * PyTorch and TensorFlow export padding with unequal sides as such a node.
 *
 * Possible if the padding's value is the one the window assumes: 0 for convolutions and for
 * averages that count their padding, -infinity for max pooling; and if every window still covers an
 * element of the source, which some of oneDNN's kernels require.
 */
#include <math.h>

#include "graph/simplify/rules.h"

/* Whether the window treats its padding as cells of that value. */
static int same_value(const fvi_node *n, float value) {
    const fvi_window *w = &n->a.window;
    if (n->kind == FVI_CONV) return value == 0;
    if (n->kind == FVI_MAX_POOL) return value == -INFINITY && !w->global;
    if (n->kind != FVI_AVERAGE_POOL || w->global || value != 0) return 0;
    int padded = 0;
    for (int i = 0; i < w->n; i++) padded |= w->pad_lo[i] || w->pad_hi[i];
    return w->count_include_pad || !padded;
}

/* Whether the window can include the padding. */
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

int fvi_simplify_pad(fvi_graph *g, fvi_node *n, const int *readers) {
    const fvi_node *pad = n->n_in > 0 ? fvi_producer(g, n->in[0]) : NULL;
    (void)readers; /* other readers of the padding keep it */
    if (!pad || pad->kind != FVI_PAD || !takes(n, pad)) return 0;
    take(n, pad);
    return 1;
}
