/* SPDX-License-Identifier: Apache-2.0 */
/* recurrent: one direction of an RNN, GRU or LSTM layer, as a loop over time; the formulas are
 * those of backend/onednn/ops/recurrent.c. Backward, all states are computed again from the
 * beginning, then the gates of each step from the states before it, from the last step to the
 * first. */
#include <math.h>

#include "backend/stablehlo/ops/function.h"
#include "backend/stablehlo/ops/rules.h"
#include "backend/stablehlo/text/constants.h"
#include "backend/stablehlo/text/elementwise.h"
#include "backend/stablehlo/text/move.h"
#include "backend/stablehlo/text/places.h"
#include "backend/stablehlo/text/products.h"
#include "backend/stablehlo/text/sums.h"

enum { X, R, B, H0, C0, P, LENGTHS };

/* A layer's values in the program; -1: absent. */
typedef struct layer {
    fvi_hlo *h;
    const fvi_recurrent *a;
    int64_t t, n, units, gates;
    int x, r, b, h0, c0, p, lengths;
    int before_h, before_c, seeds; /* backward: [t][n][..] by time */
} layer;

/* [n][units], repeated where it is one for all; zeros where it is absent. */
static int state(fvi_emitter *e, const fvi_node *n, int i, const fvi_shape *shape) {
    return fvi_emitter_has(e, n, i) ? fvi_hlo_broadcast(e->h, fvi_emitter_in(e, n, i), shape)
                                    : fvi_hlo_number(e->h, shape, 0);
}

static layer layer_of(fvi_emitter *e, const fvi_node *n) {
    const fvi_shape x = fvi_emitter_shape(e, n, X);
    layer l = {.h = e->h, .a = &n->a.recurrent, .t = x.dim[0], .n = x.dim[1], .gates = x.dim[2]};
    l.units = fvi_emitter_shape(e, n, R).dim[1];
    const fvi_shape states = {2, {l.n, l.units}};
    l.x = fvi_emitter_in(e, n, X);
    l.r = fvi_emitter_in(e, n, R);
    l.b = fvi_emitter_has(e, n, B) ? fvi_emitter_in(e, n, B) : -1;
    l.h0 = state(e, n, H0, &states);
    l.c0 = state(e, n, C0, &states);
    l.p = fvi_emitter_has(e, n, P) ? fvi_emitter_in(e, n, P) : -1;
    l.lengths = fvi_emitter_has(e, n, LENGTHS) ? fvi_emitter_in(e, n, LENGTHS) : -1;
    return l;
}

/* ---- pieces of a step ------------------------------------------------------------------------ */

static int add(const layer *l, int a, int b) { return fvi_hlo_add(l->h, a, b); }
static int mul(const layer *l, int a, int b) { return fvi_hlo_mul(l->h, a, b); }

static int one_minus(const layer *l, int x) {
    return fvi_hlo_sub(l->h, fvi_hlo_like(l->h, x, 1), x);
}

/* Gate k of [n][gates]. */
static int gate(const layer *l, int x, int k) {
    return fvi_hlo_part(l->h, x, 1, k * l->units, (k + 1) * l->units);
}

/* state R^T, of the weights of `count` gates from `first` on: [n][count units]. */
static int weighted(const layer *l, int state, int first, int count) {
    const int r = fvi_hlo_part(l->h, l->r, 0, first * l->units, (first + count) * l->units);
    return fvi_hlo_dot(l->h, state, r, 0, 1, 1);
}

/* The transposed product: what reaches the state from gates. */
static int weighted_back(const layer *l, int gates, int first, int count) {
    const int r = fvi_hlo_part(l->h, l->r, 0, first * l->units, (first + count) * l->units);
    return fvi_hlo_dot(l->h, gates, r, 0, 1, 0);
}

/* Peephole k times cells; absent: nothing is added. */
static int with_peephole(const layer *l, int x, int k, int cells) {
    if (l->p < 0) return x;
    const int row = fvi_hlo_part(l->h, l->p, 0, k * l->units, (k + 1) * l->units);
    return add(l, x,
               mul(l, cells, fvi_hlo_broadcast(l->h, row, &(fvi_shape){2, {l->n, l->units}})));
}

/* A gate's function number `which`, its argument clipped, and its slope. */
typedef struct gate_value {
    int y, slope;
} gate_value;

static gate_value function(const layer *l, int which, int x) {
    fvi_hlo *h = l->h;
    const fvi_unary f = l->a->function[which].f;
    const double p = l->a->function[which].p, q = l->a->function[which].q, bound = l->a->clip;
    int v = x;
    if (bound > 0 && which < 2)
        v = fvi_hlo_max(h, fvi_hlo_min(h, x, fvi_hlo_like(h, x, bound)),
                        fvi_hlo_like(h, x, -bound));
    gate_value g = {fvi_emitter_function(h, f, v, p, q), fvi_emitter_slope(h, f, v, p, q)};
    if (v != x) g.slope = fvi_hlo_where(h, fvi_hlo_compare(h, "EQ", v, x), g.slope);
    return g;
}

/* ---- one step -------------------------------------------------------------------------------- */

/* What a step computes, [n][units] each. */
typedef struct step_values {
    gate_value gate[4]; /* as in the file: RNN h; GRU z r h; LSTM i o f c */
    gate_value out;     /* LSTM: of the cells */
    int other;          /* GRU: r h before, or R h before + b */
    int h, c;
} step_values;

static step_values lstm_step(const layer *l, int x, int h, int c) {
    const int a = add(l, x, weighted(l, h, 0, 4));
    step_values s = {.other = -1};
    s.gate[0] = function(l, 0, with_peephole(l, gate(l, a, 0), 0, c));
    s.gate[2] = function(l, 0, with_peephole(l, gate(l, a, 2), 2, c));
    s.gate[3] = function(l, 1, gate(l, a, 3));
    if (l->a->input_forget) s.gate[2].y = one_minus(l, s.gate[0].y);
    s.c = add(l, mul(l, s.gate[2].y, c), mul(l, s.gate[0].y, s.gate[3].y));
    s.gate[1] = function(l, 0, with_peephole(l, gate(l, a, 1), 1, s.c));
    s.out = function(l, 2, s.c);
    s.h = mul(l, s.gate[1].y, s.out.y);
    return s;
}

static step_values gru_step(const layer *l, int x, int h) {
    const int zr = add(l, fvi_hlo_part(l->h, x, 1, 0, 2 * l->units), weighted(l, h, 0, 2));
    step_values s = {.c = -1};
    s.gate[0] = function(l, 0, gate(l, zr, 0));
    s.gate[1] = function(l, 0, gate(l, zr, 1));
    int m;
    if (l->a->linear_before_reset) {
        s.other = weighted(l, h, 2, 1);
        if (l->b >= 0)
            s.other =
                add(l, s.other, fvi_hlo_broadcast(l->h, l->b, &(fvi_shape){2, {l->n, l->units}}));
        m = mul(l, s.gate[1].y, s.other);
    } else {
        s.other = mul(l, s.gate[1].y, h);
        m = weighted(l, s.other, 2, 1);
    }
    s.gate[2] = function(l, 1, add(l, gate(l, x, 2), m));
    s.h = add(l, mul(l, one_minus(l, s.gate[0].y), s.gate[2].y), mul(l, s.gate[0].y, h));
    return s;
}

static step_values one_step(const layer *l, int x, int h, int c) {
    if (l->a->cell == FVI_CELL_LSTM) return lstm_step(l, x, h, c);
    if (l->a->cell == FVI_CELL_GRU) return gru_step(l, x, h);
    step_values s = {.other = -1, .c = -1};
    s.gate[0] = function(l, 0, add(l, x, weighted(l, h, 0, 1)));
    s.h = s.gate[0].y;
    return s;
}

/* Where the sequence has ended at time `at`: a truth value for [n][units]; -1: nowhere. */
static int ended(const layer *l, int at) {
    if (l->lengths < 0) return -1;
    const int now = fvi_hlo_convert(l->h, FVI_HLO_F32, at);
    const int over = fvi_hlo_compare(l->h, "GE", now, l->lengths);
    return fvi_hlo_spread(l->h, over, &(fvi_shape){2, {l->n, l->units}}, &(int){0});
}

static int kept(const layer *l, int over, int before, int after) {
    return over < 0 ? after : fvi_hlo_select(l->h, over, before, after);
}

/* The time of the i-th step; `back`: from the last step. */
static int time_of(const layer *l, int i, int back) {
    if (!l->a->reverse == !back) return i;
    return fvi_hlo_sub(l->h, fvi_hlo_integers(l->h, &(fvi_shape){0}, &(int32_t){(int32_t)l->t - 1}),
                       i);
}

/* ---- forward --------------------------------------------------------------------------------- */

/* state: h, c, all h [t][n][units], all c */
static void forward_step(fvi_hlo *h, void *user, int i, int *state) {
    const layer *l = user;
    const int at = time_of(l, i, 0), over = ended(l, at);
    const step_values s = one_step(l, fvi_hlo_row(h, l->x, at), state[0], state[1]);
    state[0] = kept(l, over, state[0], s.h);
    if (s.c >= 0) state[1] = kept(l, over, state[1], s.c);
    state[2] = fvi_hlo_set_row(h, state[2], at, state[0]);
    state[3] = fvi_hlo_set_row(h, state[3], at, state[1]);
}

/* All hidden states and all cells, [t][n][units] each. */
static void run_forward(layer *l, int out[2]) {
    const fvi_shape all = {3, {l->t, l->n, l->units}};
    int state[4] = {l->h0, l->c0, fvi_hlo_number(l->h, &all, 0), fvi_hlo_number(l->h, &all, 0)};
    fvi_hlo_repeat(l->h, l->t, state, 4, forward_step, l);
    out[0] = state[2];
    out[1] = state[3];
}

static int forward(fvi_emitter *e, const fvi_node *n) {
    layer l = layer_of(e, n);
    const fvi_shape out = fvi_emitter_out_shape(e, n);
    int all[2];
    if (!fvi_shape_count(&out)) return fvi_hlo_number(e->h, &out, 0);
    run_forward(&l, all);
    return l.a->cells ? fvi_hlo_concat(e->h, all, 2, 2) : all[0];
}

/* ---- backward -------------------------------------------------------------------------------- */

/* Gradients of a step: at its gates [n][gates], at the states before. */
typedef struct step_gradients {
    int gates, h, c;
} step_gradients;

/* [n][units] times peephole k; 0 where there is none. */
static int peephole_back(const layer *l, int g, int k) {
    return with_peephole(l, fvi_hlo_like(l->h, g, 0), k, g);
}

static step_gradients lstm_back(const layer *l, const step_values *s, int c_before, int dh,
                                int dc) {
    const gate_value *g = s->gate;
    int part[4];
    part[1] = mul(l, mul(l, dh, s->out.y), g[1].slope);
    int c = add(l, dc, mul(l, mul(l, dh, g[1].y), s->out.slope));
    c = add(l, c, peephole_back(l, part[1], 1));
    const int gain = l->a->input_forget ? fvi_hlo_sub(l->h, g[3].y, c_before) : g[3].y;
    part[0] = mul(l, mul(l, c, gain), g[0].slope);
    part[2] =
        l->a->input_forget ? fvi_hlo_like(l->h, c, 0) : mul(l, mul(l, c, c_before), g[2].slope);
    part[3] = mul(l, mul(l, c, g[0].y), g[3].slope);
    const int before = add(l, mul(l, c, g[2].y),
                           add(l, peephole_back(l, part[0], 0), peephole_back(l, part[2], 2)));
    const int gates = fvi_hlo_concat(l->h, part, 4, 1);
    return (step_gradients){gates, weighted_back(l, gates, 0, 4), before};
}

static step_gradients gru_back(const layer *l, const step_values *s, int h_before, int dh) {
    const gate_value *g = s->gate;
    int part[3];
    part[0] = mul(l, mul(l, dh, fvi_hlo_sub(l->h, h_before, g[2].y)), g[0].slope);
    part[2] = mul(l, mul(l, dh, one_minus(l, g[0].y)), g[2].slope);
    int before = mul(l, dh, g[0].y);
    if (l->a->linear_before_reset) {
        part[1] = mul(l, mul(l, part[2], s->other), g[1].slope);
        before = add(l, before, weighted_back(l, mul(l, part[2], g[1].y), 2, 1));
    } else {
        const int product = weighted_back(l, part[2], 2, 1);
        part[1] = mul(l, mul(l, product, h_before), g[1].slope);
        before = add(l, before, mul(l, product, g[1].y));
    }
    before = add(l, before, weighted_back(l, fvi_hlo_concat(l->h, part, 2, 1), 0, 2));
    return (step_gradients){fvi_hlo_concat(l->h, part, 3, 1), before, -1};
}

/* state: gradients at h and at c, at x [t][n][gates] */
static void backward_step(fvi_hlo *h, void *user, int i, int *state) {
    const layer *l = user;
    const int at = time_of(l, i, 1), over = ended(l, at), seed = fvi_hlo_row(h, l->seeds, at);
    const int h_before = fvi_hlo_row(h, l->before_h, at);
    const int c_before = fvi_hlo_row(h, l->before_c, at);
    const step_values s = one_step(l, fvi_hlo_row(h, l->x, at), h_before, c_before);
    const int dh = add(l, state[0], gate(l, seed, 0));
    const int dc = l->a->cells ? add(l, state[1], gate(l, seed, 1)) : state[1];
    step_gradients g;
    if (l->a->cell == FVI_CELL_LSTM) {
        g = lstm_back(l, &s, c_before, dh, dc);
    } else if (l->a->cell == FVI_CELL_GRU) {
        g = gru_back(l, &s, h_before, dh);
    } else {
        g.gates = mul(l, dh, s.gate[0].slope);
        g.h = weighted_back(l, g.gates, 0, 1);
        g.c = -1;
    }
    state[0] = kept(l, over, dh, g.h);
    state[1] = g.c < 0 ? dc : kept(l, over, dc, g.c);
    if (over >= 0) {
        const int once = fvi_hlo_part(h, over, 1, 0, 1);
        g.gates = fvi_hlo_select(h, once, fvi_hlo_like(h, g.gates, 0), g.gates);
    }
    state[2] = fvi_hlo_set_row(h, state[2], at, g.gates);
}

/* States [t][n][units] as they were before each step. */
static int moved_on(const layer *l, int all, int first) {
    const fvi_shape row = {3, {1, l->n, l->units}};
    const int begin = fvi_hlo_reshape(l->h, first, &row);
    const int rest = l->a->reverse ? fvi_hlo_part(l->h, all, 0, 1, l->t)
                                   : fvi_hlo_part(l->h, all, 0, 0, l->t - 1);
    if (l->t == 1) return begin;
    return l->a->reverse ? fvi_hlo_concat(l->h, (int[]){rest, begin}, 2, 0)
                         : fvi_hlo_concat(l->h, (int[]){begin, rest}, 2, 0);
}

static void give_state(fvi_emitter *e, const fvi_node *n, int i, int gradient) {
    const fvi_shape s = fvi_emitter_shape(e, n, i);
    fvi_emitter_give(e, n, i, fvi_hlo_sum_to(e->h, gradient, &s));
}

static void backward(fvi_emitter *e, const fvi_node *n, int g) {
    fvi_hlo *h = e->h;
    const fvi_shape out = fvi_emitter_out_shape(e, n);
    if (!fvi_shape_count(&out)) return;
    layer l = layer_of(e, n);
    int all[2];
    run_forward(&l, all);
    l.before_h = moved_on(&l, all[0], l.h0);
    l.before_c = moved_on(&l, all[1], l.c0);
    l.seeds = g;
    const int none = fvi_hlo_number(h, &(fvi_shape){2, {l.n, l.units}}, 0);
    const fvi_shape in = fvi_emitter_shape(e, n, X);
    int state[3] = {none, none, fvi_hlo_number(h, &in, 0)};
    fvi_hlo_repeat(h, l.t, state, 3, backward_step, &l);
    if (fvi_emitter_wants(e, n, X)) fvi_emitter_give(e, n, X, state[2]);
    if (fvi_emitter_wants(e, n, H0)) give_state(e, n, H0, state[0]);
    if (fvi_emitter_wants(e, n, C0)) give_state(e, n, C0, state[1]);
}

const fvi_emitter_rule fvi_emitter_rule_recurrent = {forward, backward};
