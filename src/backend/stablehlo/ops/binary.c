/* SPDX-License-Identifier: Apache-2.0 */
/* binary: functions of two numbers (binary.def), and selection, with broadcasting. */
#include <math.h>

#include "backend/stablehlo/ops/rules.h"
#include "backend/stablehlo/text/constants.h"
#include "backend/stablehlo/text/elementwise.h"
#include "backend/stablehlo/text/sums.h"

#define EXACT_MOST 16777216 /* whole numbers below it are f32 */

static int truth(fvi_hlo *h, int condition) { return fvi_hlo_convert(h, FVI_HLO_F32, condition); }

/* The remainder with the sign of b. */
static int floor_mod(fvi_hlo *h, int a, int b) {
    const int m = fvi_hlo_binary(h, "remainder", a, b);
    const int zero = fvi_hlo_like(h, m, 0);
    const int differ = fvi_hlo_compare(h, "NE", fvi_hlo_compare(h, "LT", m, zero),
                                       fvi_hlo_compare(h, "LT", fvi_hlo_add(h, b, zero), zero));
    const int wrong = fvi_hlo_binary(h, "and", differ, fvi_hlo_compare(h, "NE", m, zero));
    return fvi_hlo_select(h, wrong, fvi_hlo_add(h, m, b), m);
}

/* Bits of whole numbers; NaN where f32 does not hold one exactly. */
static int bits(fvi_hlo *h, const char *op, int a, int b) {
    const int y = fvi_hlo_binary(h, op, fvi_hlo_convert(h, FVI_HLO_I32, a),
                                 fvi_hlo_convert(h, FVI_HLO_I32, b));
    const int most = fvi_hlo_max(h, fvi_hlo_unary(h, "abs", a), fvi_hlo_unary(h, "abs", b));
    const int real = fvi_hlo_convert(h, FVI_HLO_F32, y);
    return fvi_hlo_select(h, fvi_hlo_compare_number(h, "LT", most, EXACT_MOST), real,
                          fvi_hlo_like(h, real, NAN));
}

static int logic(fvi_hlo *h, const char *op, int a, int b) {
    return truth(h, fvi_hlo_binary(h, op, fvi_hlo_compare_number(h, "NE", a, 0),
                                   fvi_hlo_compare_number(h, "NE", b, 0)));
}

static int function(fvi_hlo *h, fvi_binary f, int a, int b) {
    switch (f) {
    case FVI_ADD: return fvi_hlo_add(h, a, b);
    case FVI_SUB: return fvi_hlo_sub(h, a, b);
    case FVI_MUL: return fvi_hlo_mul(h, a, b);
    case FVI_DIV: return fvi_hlo_div(h, a, b);
    case FVI_MIN: return fvi_hlo_min(h, a, b);
    case FVI_MAX: return fvi_hlo_max(h, a, b);
    case FVI_POWER: return fvi_hlo_binary(h, "power", a, b);
    case FVI_PRELU:
        return fvi_hlo_select(h, fvi_hlo_compare_number(h, "GE", a, 0), a, fvi_hlo_mul(h, a, b));
    case FVI_MOD: return floor_mod(h, a, b);
    case FVI_FMOD: return fvi_hlo_binary(h, "remainder", a, b);
    case FVI_LESS: return truth(h, fvi_hlo_compare(h, "LT", a, b));
    case FVI_LESS_EQUAL: return truth(h, fvi_hlo_compare(h, "LE", a, b));
    case FVI_GREATER: return truth(h, fvi_hlo_compare(h, "GT", a, b));
    case FVI_GREATER_EQUAL: return truth(h, fvi_hlo_compare(h, "GE", a, b));
    case FVI_EQUAL: return truth(h, fvi_hlo_compare(h, "EQ", a, b));
    case FVI_AND: return logic(h, "and", a, b);
    case FVI_OR: return logic(h, "or", a, b);
    case FVI_XOR: return logic(h, "xor", a, b);
    case FVI_BIT_AND: return bits(h, "and", a, b);
    case FVI_BIT_OR: return bits(h, "or", a, b);
    case FVI_BIT_XOR: return bits(h, "xor", a, b);
    default: return -1;
    }
}

/* ---- gradients ------------------------------------------------------------------------------ */

/* 1 where a is the smaller (of min) or larger one, a half where both are equal. */
static int chosen(fvi_hlo *h, fvi_binary f, int a, int b) {
    const int half = fvi_hlo_mul_number(h, truth(h, fvi_hlo_compare(h, "EQ", a, b)), 0.5);
    const char *direction = f == FVI_MIN ? "LT" : "GT";
    return fvi_hlo_add(h, truth(h, fvi_hlo_compare(h, direction, a, b)), half);
}

/* b a^(b - 1); 0 where b is */
static int power_slope_a(fvi_hlo *h, int a, int b) {
    const int slope =
        fvi_hlo_mul(h, b, fvi_hlo_binary(h, "power", a, fvi_hlo_add_number(h, b, -1)));
    return fvi_hlo_where(h, fvi_hlo_compare_number(h, "NE", b, 0), slope);
}

/* a^b log a; 0 where a is and b is not negative */
static int power_slope_b(fvi_hlo *h, int a, int b) {
    const int slope = fvi_hlo_mul(h, fvi_hlo_binary(h, "power", a, b), fvi_hlo_unary(h, "log", a));
    const int none = fvi_hlo_binary(h, "and", fvi_hlo_compare_number(h, "EQ", a, 0),
                                    fvi_hlo_compare_number(h, "GE", b, 0));
    return fvi_hlo_select(h, none, fvi_hlo_like(h, slope, 0), slope);
}

/* Minus the whole part of a / b. */
static int minus_whole(fvi_hlo *h, fvi_binary f, int a, int b) {
    const int q = fvi_hlo_div(h, a, b);
    const int down = fvi_hlo_unary(h, "floor", q);
    if (f == FVI_MOD) return fvi_hlo_unary(h, "negate", down);
    const int up = fvi_hlo_unary(h, "ceil", q);
    return fvi_hlo_unary(h, "negate",
                         fvi_hlo_select(h, fvi_hlo_compare_number(h, "GT", q, 0), down, up));
}

/* The gradient at a; -1: none. */
static int slope_a(fvi_hlo *h, fvi_binary f, int a, int b, int g) {
    switch (f) {
    case FVI_ADD:
    case FVI_SUB:
    case FVI_MOD:
    case FVI_FMOD: return g;
    case FVI_MUL: return fvi_hlo_mul(h, g, b);
    case FVI_DIV: return fvi_hlo_div(h, g, b);
    case FVI_MIN:
    case FVI_MAX: return fvi_hlo_mul(h, g, chosen(h, f, a, b));
    case FVI_POWER: return fvi_hlo_mul(h, g, power_slope_a(h, a, b));
    case FVI_PRELU:
        return fvi_hlo_select(h, fvi_hlo_compare_number(h, "GT", a, 0), g, fvi_hlo_mul(h, g, b));
    default: return -1;
    }
}

static int slope_b(fvi_hlo *h, fvi_binary f, int a, int b, int g) {
    switch (f) {
    case FVI_ADD: return g;
    case FVI_SUB: return fvi_hlo_unary(h, "negate", g);
    case FVI_MUL: return fvi_hlo_mul(h, g, a);
    case FVI_DIV:
        return fvi_hlo_unary(h, "negate",
                             fvi_hlo_div(h, fvi_hlo_div(h, fvi_hlo_mul(h, g, a), b), b));
    case FVI_MIN:
    case FVI_MAX: return fvi_hlo_mul(h, g, chosen(h, f, b, a));
    case FVI_POWER: return fvi_hlo_mul(h, g, power_slope_b(h, a, b));
    case FVI_PRELU:
        return fvi_hlo_where(h, fvi_hlo_compare_number(h, "LT", a, 0), fvi_hlo_mul(h, g, a));
    case FVI_MOD:
    case FVI_FMOD: return fvi_hlo_mul(h, g, minus_whole(h, f, a, b));
    default: return -1;
    }
}

static void give(fvi_emitter *e, const fvi_node *n, int i, int gradient) {
    const fvi_shape s = fvi_emitter_shape(e, n, i);
    if (gradient >= 0) fvi_emitter_give(e, n, i, fvi_hlo_sum_to(e->h, gradient, &s));
}

/* Whether a gradient is of its operands' values at all, which else need not be kept. */
static int reads_operands(fvi_binary f, int i) {
    return !(f == FVI_ADD || f == FVI_SUB || (i == 0 && (f == FVI_MOD || f == FVI_FMOD)));
}

static void backward(fvi_emitter *e, const fvi_node *n, int g) {
    const fvi_binary f = n->a.binary.f;
    if (fvi_binary_info(f)->is_bool) return;
    for (int i = 0; i < 2; i++) {
        if (!fvi_emitter_wants(e, n, i)) continue;
        int a = g, b = g; /* not looked at */
        if (reads_operands(f, i)) {
            const int both = f != FVI_MUL && !(f == FVI_DIV && i == 0);
            if (both || i == 1) a = fvi_emitter_in(e, n, 0);
            if (both || i == 0) b = fvi_emitter_in(e, n, 1);
        }
        give(e, n, i, i ? slope_b(e->h, f, a, b, g) : slope_a(e->h, f, a, b, g));
    }
}

static int forward(fvi_emitter *e, const fvi_node *n) {
    return function(e->h, n->a.binary.f, fvi_emitter_in(e, n, 0), fvi_emitter_in(e, n, 1));
}

const fvi_emitter_rule fvi_emitter_rule_binary = {forward, backward};

/* ---- selection ------------------------------------------------------------------------------ */

static int condition(fvi_emitter *e, const fvi_node *n) {
    return fvi_hlo_compare_number(e->h, "NE", fvi_emitter_in(e, n, 0), 0);
}

static int forward_where(fvi_emitter *e, const fvi_node *n) {
    return fvi_hlo_select(e->h, condition(e, n), fvi_emitter_in(e, n, 1), fvi_emitter_in(e, n, 2));
}

static void backward_where(fvi_emitter *e, const fvi_node *n, int g) {
    const int zero = fvi_hlo_like(e->h, g, 0);
    if (fvi_emitter_wants(e, n, 1)) give(e, n, 1, fvi_hlo_select(e->h, condition(e, n), g, zero));
    if (fvi_emitter_wants(e, n, 2)) give(e, n, 2, fvi_hlo_select(e->h, condition(e, n), zero, g));
}

const fvi_emitter_rule fvi_emitter_rule_where = {forward_where, backward_where};
