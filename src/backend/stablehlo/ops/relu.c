/* SPDX-License-Identifier: Apache-2.0 */
/* relu: with a the activation's output (of a quantiser's clip its input), g the gradient after it,
 * low and high its bounds, the gradient before it is g where low < a < high, for a leaky ReLU its
 * slope times g elsewhere, else 0. Guided: of that what is positive. Redirected, for the samples
 * that are told so and in which all of that is zero: g where a <= low and g > 0, or a >= high and
 * g < 0. Sources: as in backend/onednn/kernels/relu_backward.c. */
#include "backend/stablehlo/ops/relu.h"

#include "backend/stablehlo/text/constants.h"
#include "backend/stablehlo/text/elementwise.h"
#include "backend/stablehlo/text/move.h"
#include "backend/stablehlo/text/sums.h"

#include "graph/batch.h"
#include "graph/fold/node_rules.h"

int fvi_emitter_is_relu(const fvi_node *n) {
    return n->kind == FVI_UNARY && fvi_unary_is_relu(n->a.unary.f, n->a.unary.p);
}

/* Where the value is below and above its bounds. */
typedef struct sides {
    int low, high; /* truth values; high -1: it has no upper bound */
} sides;

static sides sides_of(fvi_emitter *e, const fvi_node *n, const fvi_slopes *s) {
    const int a = n->a.unary.f == FVI_SATURATE ? fvi_emitter_in(e, n, 0) : fvi_emitter_out(e, n);
    return (sides){fvi_hlo_compare_number(e->h, "LE", a, s->low),
                   s->unbounded ? -1 : fvi_hlo_compare_number(e->h, "GE", a, s->high)};
}

static int either(fvi_hlo *h, int a, int b) { return b < 0 ? a : fvi_hlo_binary(h, "or", a, b); }

/* Axes of one sample, if the samples are consecutive parts of the value's first axis; 0: no. */
static int samples_are_outermost(const fvi_emitter *e, int v, const fvi_shape *s) {
    int axis = 0;
    int64_t outer = 1;
    if (s->ndim < 1 || s->dim[0] % e->samples) return 0;
    const fv_status st = fvi_graph_batch_axis(e->g, e->samples, v, &axis, &outer, NULL);
    if (st) return s->dim[0] == e->samples; /* samples are mixed, or an update's inputs have none */
    return axis == 0 && outer == 1;
}

/* [samples] whether nothing passes and the sample is to be redirected, broadcast to the value. */
static int dead_samples(fvi_emitter *e, int passed, const fvi_shape *s) {
    fvi_hlo *h = e->h;
    const fvi_shape rows = {2, {e->samples, fvi_shape_count(s) / e->samples}};
    const int most = fvi_hlo_reduce(
        h, "maximum", fvi_hlo_reshape(h, fvi_hlo_unary(h, "abs", passed), &rows), 2, 0);
    const int dead = fvi_hlo_binary(h, "and", fvi_hlo_compare_number(h, "EQ", most, 0),
                                    fvi_hlo_compare_number(h, "NE", e->redirect, 0));
    return fvi_hlo_reshape(h, fvi_hlo_spread(h, dead, &rows, &(int){0}), s);
}

int fvi_emitter_relu_back(fvi_emitter *e, const fvi_node *n, int g) {
    fvi_hlo *h = e->h;
    const fvi_shape s = fvi_emitter_out_shape(e, n);
    const fvi_slopes slopes = fvi_relu_slopes(n->a.unary.f, n->a.unary.p, n->a.unary.q);
    const sides at = sides_of(e, n, &slopes);
    const int zero = fvi_hlo_like(h, g, 0);
    const int other = slopes.slope != 0 ? fvi_hlo_mul_number(h, g, slopes.slope) : zero;
    int passed = fvi_hlo_select(h, either(h, at.low, at.high), other, g);
    if (e->guided) passed = fvi_hlo_max(h, passed, zero);
    if (e->redirect < 0 || !samples_are_outermost(e, n->out, &s)) return passed;
    const int up = fvi_hlo_binary(h, "and", at.low, fvi_hlo_compare_number(h, "GT", g, 0));
    const int down =
        at.high < 0 ? -1 : fvi_hlo_binary(h, "and", at.high, fvi_hlo_compare_number(h, "LT", g, 0));
    const int back = fvi_hlo_where(h, either(h, up, down), g);
    return fvi_hlo_select(h, dead_samples(e, passed, &s), back, passed);
}
