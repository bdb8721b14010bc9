/* SPDX-License-Identifier: Apache-2.0 */
/* softmax: exp(x - m) / sum of exp(x - m) over an axis, m its maximum; or the logarithm. */
#include "backend/stablehlo/ops/rules.h"
#include "backend/stablehlo/text/elementwise.h"
#include "backend/stablehlo/text/sums.h"

static unsigned axes_of(const fvi_emitter *e, const fvi_node *n) {
    const int axis = n->a.softmax.axis;
    return axis < fvi_emitter_out_shape(e, n).ndim ? 1U << axis : 0;
}

static int forward(fvi_emitter *e, const fvi_node *n) {
    fvi_hlo *h = e->h;
    const unsigned axes = axes_of(e, n);
    const int in = fvi_emitter_in(e, n, 0);
    const int x = fvi_hlo_sub(h, in, fvi_hlo_reduce(h, "maximum", in, axes, 1));
    const int power = fvi_hlo_unary(h, "exponential", x);
    const int sum = fvi_hlo_reduce(h, "add", power, axes, 1);
    return n->a.softmax.log ? fvi_hlo_sub(h, x, fvi_hlo_unary(h, "log", sum))
                            : fvi_hlo_div(h, power, sum);
}

static void backward(fvi_emitter *e, const fvi_node *n, int g) {
    fvi_hlo *h = e->h;
    const unsigned axes = axes_of(e, n);
    if (!fvi_emitter_wants(e, n, 0)) return;
    const int y = fvi_emitter_out(e, n);
    if (n->a.softmax.log) {
        const int sum = fvi_hlo_reduce(h, "add", g, axes, 1);
        g = fvi_hlo_sub(h, g, fvi_hlo_mul(h, fvi_hlo_unary(h, "exponential", y), sum));
    } else {
        const int sum = fvi_hlo_reduce(h, "add", fvi_hlo_mul(h, g, y), axes, 1);
        g = fvi_hlo_mul(h, y, fvi_hlo_sub(h, g, sum));
    }
    fvi_emitter_give(e, n, 0, g);
}

const fvi_emitter_rule fvi_emitter_rule_softmax = {forward, backward};
