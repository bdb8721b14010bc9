/* SPDX-License-Identifier: Apache-2.0 */
/* matmul: alpha a b + bias over batch axes that are broadcast; with A, B as multiplied,
 * dA = alpha g B^T and dB = alpha A^T g, summed over what was broadcast. */
#include "backend/stablehlo/ops/rules.h"
#include "backend/stablehlo/text/elementwise.h"
#include "backend/stablehlo/text/move.h"
#include "backend/stablehlo/text/products.h"
#include "backend/stablehlo/text/sums.h"

/* The axes before the matrices, in common. */
static fvi_shape batch_of(const fvi_emitter *e, const fvi_node *n) {
    fvi_shape s = fvi_emitter_out_shape(e, n);
    s.ndim -= 2;
    return s;
}

/* An operand with all batch axes, [batch..][rows][columns]. */
static int widened(fvi_emitter *e, const fvi_node *n, int x) {
    const fvi_shape own = fvi_hlo_shape(e->h, x);
    fvi_shape s = batch_of(e, n);
    s.dim[s.ndim++] = own.dim[own.ndim - 2];
    s.dim[s.ndim++] = own.dim[own.ndim - 1];
    return fvi_hlo_broadcast(e->h, x, &s);
}

static int times(fvi_emitter *e, int x, double alpha) {
    return alpha == 1 ? x : fvi_hlo_mul_number(e->h, x, alpha);
}

/* Whether b is one matrix for all of a's: its rows are then one long matrix. */
static int is_shared(const fvi_emitter *e, const fvi_node *n) {
    const fvi_shape b = fvi_emitter_shape(e, n, 1);
    return b.ndim == 2 && !n->a.matmul.trans_a;
}

static int forward(fvi_emitter *e, const fvi_node *n) {
    fvi_hlo *h = e->h;
    const fvi_shape out = fvi_emitter_out_shape(e, n);
    const int ta = n->a.matmul.trans_a, tb = n->a.matmul.trans_b;
    int a = fvi_emitter_in(e, n, 0), b = fvi_emitter_in(e, n, 1);
    int y;
    if (is_shared(e, n)) {
        y = fvi_hlo_dot(h, a, b, 0, fvi_hlo_shape(h, a).ndim - 1, tb ? 1 : 0);
    } else {
        const int batch = out.ndim - 2;
        a = widened(e, n, a);
        b = widened(e, n, b);
        y = fvi_hlo_dot(h, a, b, batch, ta ? batch : batch + 1, tb ? batch + 1 : batch);
    }
    y = times(e, fvi_hlo_reshape(h, y, &out), n->a.matmul.alpha);
    return fvi_emitter_has(e, n, 2) ? fvi_hlo_add(h, y, fvi_emitter_in(e, n, 2)) : y;
}

/* Gradient at an operand: one product, in the order in which the operand is stored. */
static void give(fvi_emitter *e, const fvi_node *n, int i, int first, int second, int k_first,
                 int k_second) {
    const fvi_shape s = fvi_emitter_shape(e, n, i);
    const int batch = batch_of(e, n).ndim;
    const int g = fvi_hlo_dot(e->h, first, second, batch, batch + k_first, batch + k_second);
    fvi_emitter_give(e, n, i, times(e, fvi_hlo_sum_to(e->h, g, &s), n->a.matmul.alpha));
}

/* g [m][n], A stored [m][k] or [k][m], B stored [k][n] or [n][k]. */
static void backward(fvi_emitter *e, const fvi_node *n, int g) {
    const int ta = n->a.matmul.trans_a, tb = n->a.matmul.trans_b;
    if (fvi_emitter_wants(e, n, 2)) {
        const fvi_shape s = fvi_emitter_shape(e, n, 2);
        fvi_emitter_give(e, n, 2, fvi_hlo_sum_to(e->h, g, &s));
    }
    if (fvi_emitter_wants(e, n, 0)) {
        const int b = widened(e, n, fvi_emitter_in(e, n, 1));
        if (ta)
            give(e, n, 0, b, g, tb ? 0 : 1, 1); /* [k][m] */
        else
            give(e, n, 0, g, b, 1, tb ? 0 : 1); /* [m][k] */
    }
    if (fvi_emitter_wants(e, n, 1)) {
        const int a = widened(e, n, fvi_emitter_in(e, n, 0));
        if (tb)
            give(e, n, 1, g, a, 0, ta ? 1 : 0); /* [n][k] */
        else
            give(e, n, 1, a, g, ta ? 1 : 0, 0); /* [k][n] */
    }
}

const fvi_emitter_rule fvi_emitter_rule_matmul = {forward, backward};
