/* SPDX-License-Identifier: Apache-2.0 */
/* unary: functions of one number, element by element. */
#include "backend/stablehlo/ops/function.h"
#include "backend/stablehlo/ops/relu.h"
#include "backend/stablehlo/ops/rules.h"
#include "backend/stablehlo/text/elementwise.h"

static int forward(fvi_emitter *e, const fvi_node *n) {
    const double p = n->a.unary.p, q = n->a.unary.q;
    return fvi_emitter_function(e->h, n->a.unary.f, fvi_emitter_in(e, n, 0), p, q);
}

static void backward(fvi_emitter *e, const fvi_node *n, int g) {
    if (!fvi_emitter_wants(e, n, 0)) return;
    if (fvi_emitter_is_relu(n)) {
        fvi_emitter_give(e, n, 0, fvi_emitter_relu_back(e, n, g));
        return;
    }
    const int x = fvi_emitter_in(e, n, 0);
    const int slope = fvi_emitter_slope(e->h, n->a.unary.f, x, n->a.unary.p, n->a.unary.q);
    if (slope >= 0) fvi_emitter_give(e, n, 0, fvi_hlo_mul(e->h, g, slope));
}

const fvi_emitter_rule fvi_emitter_rule_unary = {forward, backward};
