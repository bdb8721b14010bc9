/* SPDX-License-Identifier: Apache-2.0 */
/* conv: convolutions, and transposed ones; each is the other's gradient at the input. */
#include "backend/stablehlo/ops/rules.h"
#include "backend/stablehlo/text/elementwise.h"
#include "backend/stablehlo/text/move.h"
#include "backend/stablehlo/text/products.h"

/* Weights [g a][b][k..] as [g b][a][k..]: those of the adjoint. */
static int swap_channels(fvi_emitter *e, int w, int64_t groups) {
    fvi_hlo *h = e->h;
    const fvi_shape s = fvi_hlo_shape(h, w);
    fvi_shape apart = {s.ndim + 1, {groups, s.dim[0] / groups, s.dim[1]}};
    fvi_shape joined = s;
    int perm[FVI_MAX_DIMS] = {0, 2, 1};
    for (int i = 2; i < s.ndim; i++) {
        apart.dim[i + 1] = s.dim[i];
        perm[i + 1] = i + 1;
    }
    joined.dim[0] = groups * s.dim[1];
    joined.dim[1] = s.dim[0] / groups;
    return fvi_hlo_reshape(h, fvi_hlo_transpose(h, fvi_hlo_reshape(h, w, &apart), perm), &joined);
}

/* y = x convolved: w [out][in / groups][k..]. */
static int straight(fvi_emitter *e, const fvi_window *w, int x, int weights) {
    fvi_hlo_conv c = {.window.n = w->n, .groups = w->groups};
    for (int i = 0; i < w->n; i++) {
        c.window.kernel[i] = w->kernel[i];
        c.window.stride[i] = w->stride[i];
        c.window.dilation[i] = w->dilation[i];
        c.window.lo[i] = w->pad_lo[i];
        c.window.hi[i] = w->pad_hi[i];
        c.window.gap[i] = 1;
    }
    return fvi_hlo_convolve(e->h, x, weights, &c);
}

/* The adjoint of straight, giving a shape: x with gaps, the kernel turned round. Where the last
 * windows did not reach the end, more zeros stand there. */
static int turned(fvi_emitter *e, const fvi_window *w, int x, int weights, const fvi_shape *out) {
    const fvi_shape s = fvi_hlo_shape(e->h, x);
    fvi_hlo_conv c = {.window.n = w->n, .groups = w->groups, .transposed = w->groups == 1};
    unsigned axes = 0;
    for (int i = 0; i < w->n; i++) {
        const int64_t reach = (w->kernel[i] - 1) * w->dilation[i];
        c.window.kernel[i] = w->kernel[i];
        c.window.stride[i] = 1;
        c.window.dilation[i] = w->dilation[i];
        c.window.gap[i] = w->stride[i];
        c.window.lo[i] = reach - w->pad_lo[i];
        c.window.hi[i] = out->dim[2 + i] - 1 - (s.dim[2 + i] - 1) * w->stride[i] + w->pad_lo[i];
        axes |= 1U << (2 + i);
    }
    if (!c.transposed) weights = fvi_hlo_reverse(e->h, swap_channels(e, weights, w->groups), axes);
    return fvi_hlo_convolve(e->h, x, weights, &c);
}

static int with_bias(fvi_emitter *e, const fvi_node *n, int y) {
    const fvi_shape s = fvi_emitter_out_shape(e, n);
    if (!fvi_emitter_has(e, n, 2)) return y;
    return fvi_hlo_add(e->h, y, fvi_hlo_along(e->h, fvi_emitter_in(e, n, 2), &s, 1));
}

static int forward(fvi_emitter *e, const fvi_node *n) {
    return with_bias(e, n,
                     straight(e, &n->a.window, fvi_emitter_in(e, n, 0), fvi_emitter_in(e, n, 1)));
}

static void backward(fvi_emitter *e, const fvi_node *n, int g) {
    const fvi_shape in = fvi_emitter_shape(e, n, 0);
    if (fvi_emitter_wants(e, n, 0))
        fvi_emitter_give(e, n, 0, turned(e, &n->a.window, g, fvi_emitter_in(e, n, 1), &in));
}

const fvi_emitter_rule fvi_emitter_rule_conv = {forward, backward};

static int forward_transposed(fvi_emitter *e, const fvi_node *n) {
    const fvi_shape out = fvi_emitter_out_shape(e, n);
    const int x = fvi_emitter_in(e, n, 0);
    return with_bias(e, n, turned(e, &n->a.window, x, fvi_emitter_in(e, n, 1), &out));
}

static void backward_transposed(fvi_emitter *e, const fvi_node *n, int g) {
    if (!fvi_emitter_wants(e, n, 0)) return;
    /* what the output has beyond the last window came from nowhere */
    const fvi_shape in = fvi_emitter_shape(e, n, 0), out = fvi_emitter_out_shape(e, n);
    fvi_window w = n->a.window;
    for (int i = 0; i < w.n; i++)
        w.pad_hi[i] = (in.dim[2 + i] - 1) * w.stride[i] + (w.kernel[i] - 1) * w.dilation[i] + 1 -
                      out.dim[2 + i] - w.pad_lo[i];
    fvi_emitter_give(e, n, 0, straight(e, &w, g, fvi_emitter_in(e, n, 1)));
}

const fvi_emitter_rule fvi_emitter_rule_conv_transpose = {forward_transposed, backward_transposed};
