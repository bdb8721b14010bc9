/* SPDX-License-Identifier: Apache-2.0 */
/* norm: batch, group, layer and local response normalisation. */
#include "backend/stablehlo/ops/rules.h"
#include "backend/stablehlo/text/constants.h"
#include "backend/stablehlo/text/elementwise.h"
#include "backend/stablehlo/text/move.h"
#include "backend/stablehlo/text/sums.h"

/* ---- batch: the statistics are inside scale and shift ---------------------------------------- */

static int along_channels(fvi_emitter *e, const fvi_node *n, int i) {
    const fvi_shape s = fvi_emitter_out_shape(e, n);
    return fvi_hlo_along(e->h, fvi_emitter_in(e, n, i), &s, 1);
}

static int forward_batch(fvi_emitter *e, const fvi_node *n) {
    const int y = fvi_hlo_mul(e->h, fvi_emitter_in(e, n, 0), along_channels(e, n, 1));
    return fvi_hlo_add(e->h, y, along_channels(e, n, 2));
}

static void backward_batch(fvi_emitter *e, const fvi_node *n, int g) {
    if (fvi_emitter_wants(e, n, 0))
        fvi_emitter_give(e, n, 0, fvi_hlo_mul(e->h, g, along_channels(e, n, 1)));
}

const fvi_emitter_rule fvi_emitter_rule_batch_norm = {forward_batch, backward_batch};

/* ---- layers and groups ---------------------------------------------------------------------- */

/* Numbers in rows, each of which becomes zero mean and unit variance. */
typedef struct rows {
    fvi_shape flat; /* [rows][numbers of a row] */
    double epsilon;
} rows;

static int mean_of(fvi_hlo *h, int x) {
    const fvi_shape s = fvi_hlo_shape(h, x);
    const int sum = fvi_hlo_reduce(h, "add", x, 2, 1);
    return fvi_hlo_mul_number(h, sum, s.dim[1] ? 1.0 / (double)s.dim[1] : 0);
}

/* x in rows: (x - mean) r, and r = 1 / sqrt(variance + epsilon) of each row. */
static int normalised(fvi_hlo *h, const rows *p, int x, int *r) {
    x = fvi_hlo_reshape(h, x, &p->flat);
    x = fvi_hlo_sub(h, x, mean_of(h, x));
    const int variance = mean_of(h, fvi_hlo_mul(h, x, x));
    *r = fvi_hlo_unary(h, "rsqrt", fvi_hlo_add_number(h, variance, p->epsilon));
    return fvi_hlo_mul(h, x, *r);
}

/* The gradient at x, of q at the normalised numbers z, both in rows. */
static int normalised_back(fvi_hlo *h, int z, int r, int q) {
    const int across = fvi_hlo_mul(h, z, mean_of(h, fvi_hlo_mul(h, q, z)));
    return fvi_hlo_mul(h, fvi_hlo_sub(h, fvi_hlo_sub(h, q, mean_of(h, q)), across), r);
}

static rows rows_of(const fvi_emitter *e, const fvi_node *n) {
    const fvi_shape s = fvi_emitter_shape(e, n, 0);
    rows p = {.flat = {.ndim = 2}, .epsilon = n->a.norm.epsilon};
    const int layer = n->kind == FVI_LAYER_NORM;
    p.flat.dim[0] = layer ? fvi_shape_product(&s, 0, n->a.norm.axis) : s.dim[0] * n->a.norm.groups;
    p.flat.dim[1] = p.flat.dim[0] ? fvi_shape_count(&s) / p.flat.dim[0] : 0;
    return p;
}

/* Scale or shift (input i), broadcast to x: by channel, or over the axes from `axis` on. */
static int parameter(fvi_emitter *e, const fvi_node *n, int i) {
    const fvi_shape s = fvi_emitter_shape(e, n, 0);
    const int x = fvi_emitter_in(e, n, i);
    if (n->kind == FVI_GROUP_NORM) return fvi_hlo_along(e->h, x, &s, 1);
    const fvi_shape own = fvi_emitter_shape(e, n, i);
    fvi_shape row = {.ndim = s.ndim - n->a.norm.axis};
    for (int k = 0; k < row.ndim; k++) row.dim[k] = s.dim[n->a.norm.axis + k];
    if (fvi_shape_count(&own) == 1) row = (fvi_shape){.ndim = 0};
    return fvi_hlo_broadcast(e->h, fvi_hlo_reshape(e->h, x, &row), &s);
}

static int forward_rows(fvi_emitter *e, const fvi_node *n) {
    const fvi_shape s = fvi_emitter_shape(e, n, 0);
    const rows p = rows_of(e, n);
    int r, y = normalised(e->h, &p, fvi_emitter_in(e, n, 0), &r);
    y = fvi_hlo_reshape(e->h, y, &s);
    if (fvi_emitter_has(e, n, 1)) y = fvi_hlo_mul(e->h, y, parameter(e, n, 1));
    return fvi_emitter_has(e, n, 2) ? fvi_hlo_add(e->h, y, parameter(e, n, 2)) : y;
}

/* The sum of g over all that one number of a parameter was used for. */
static void give_parameter(fvi_emitter *e, const fvi_node *n, int i, int g) {
    const fvi_shape own = fvi_emitter_shape(e, n, i), s = fvi_hlo_shape(e->h, g);
    unsigned axes = 0;
    for (int k = 0; k < s.ndim; k++) {
        const int kept =
            n->kind == FVI_GROUP_NORM ? k == 1 : k >= n->a.norm.axis && fvi_shape_count(&own) != 1;
        if (!kept) axes |= 1U << k;
    }
    fvi_emitter_give(e, n, i, fvi_hlo_reshape(e->h, fvi_hlo_reduce(e->h, "add", g, axes, 0), &own));
}

static void backward_rows(fvi_emitter *e, const fvi_node *n, int g) {
    fvi_hlo *h = e->h;
    const fvi_shape s = fvi_emitter_shape(e, n, 0);
    const rows p = rows_of(e, n);
    if (fvi_emitter_wants(e, n, 2)) give_parameter(e, n, 2, g);
    if (!fvi_emitter_wants(e, n, 0) && !fvi_emitter_wants(e, n, 1)) return;
    int r;
    const int z = normalised(h, &p, fvi_emitter_in(e, n, 0), &r);
    if (fvi_emitter_wants(e, n, 1))
        give_parameter(e, n, 1, fvi_hlo_mul(h, g, fvi_hlo_reshape(h, z, &s)));
    if (!fvi_emitter_wants(e, n, 0)) return;
    const int q = fvi_emitter_has(e, n, 1) ? fvi_hlo_mul(h, g, parameter(e, n, 1)) : g;
    const int dx = normalised_back(h, z, r, fvi_hlo_reshape(h, q, &p.flat));
    fvi_emitter_give(e, n, 0, fvi_hlo_reshape(h, dx, &s));
}

const fvi_emitter_rule fvi_emitter_rule_group_norm = {forward_rows, backward_rows};
const fvi_emitter_rule fvi_emitter_rule_layer_norm = {forward_rows, backward_rows};

/* ---- local response ------------------------------------------------------------------------- */

/* The sum over `size` channels around each; turned: over those whose window holds it. */
static int sum_around(fvi_hlo *h, int x, int64_t size, int turned) {
    const int64_t before = (size - 1) / 2, after = size / 2;
    const fvi_shape s = fvi_hlo_shape(h, x);
    /* [n][c][rest], with the channels last but one: a window over two axes */
    const fvi_shape flat = {3, {s.dim[0], s.dim[1], fvi_shape_product(&s, 2, s.ndim)}};
    const fvi_hlo_window w = {.n = 2,
                              .kernel = {size, 1},
                              .stride = {1, 1},
                              .dilation = {1, 1},
                              .gap = {1, 1},
                              .lo = {turned ? after : before, 0},
                              .hi = {turned ? before : after, 0}};
    return fvi_hlo_reshape(h, fvi_hlo_reduce_window(h, "add", fvi_hlo_reshape(h, x, &flat), &w),
                           &s);
}

/* bias + alpha / size * sum of squares */
static int lrn_sum(fvi_emitter *e, const fvi_node *n, int x) {
    const fvi_lrn *a = &n->a.lrn;
    const int sum = sum_around(e->h, fvi_hlo_mul(e->h, x, x), a->size, 0);
    return fvi_hlo_add_number(
        e->h, fvi_hlo_mul_number(e->h, sum, (double)a->alpha / (double)a->size), a->bias);
}

static int lrn_power(fvi_emitter *e, const fvi_node *n, int sum) {
    return fvi_hlo_binary(e->h, "power", sum, fvi_hlo_like(e->h, sum, -(double)n->a.lrn.beta));
}

static int forward_lrn(fvi_emitter *e, const fvi_node *n) {
    const int x = fvi_emitter_in(e, n, 0);
    return fvi_hlo_mul(e->h, x, lrn_power(e, n, lrn_sum(e, n, x)));
}

/* dx = g s^-beta - 2 alpha beta / size x * sum over windows with x of g x s^(-beta - 1) */
static void backward_lrn(fvi_emitter *e, const fvi_node *n, int g) {
    fvi_hlo *h = e->h;
    const fvi_lrn *a = &n->a.lrn;
    if (!fvi_emitter_wants(e, n, 0)) return;
    const int x = fvi_emitter_in(e, n, 0), s = lrn_sum(e, n, x), power = lrn_power(e, n, s);
    const int own = fvi_hlo_mul(h, g, power);
    const int across = sum_around(h, fvi_hlo_div(h, fvi_hlo_mul(h, own, x), s), a->size, 1);
    const double k = 2 * (double)a->alpha * (double)a->beta / (double)a->size;
    fvi_emitter_give(e, n, 0,
                     fvi_hlo_sub(h, own, fvi_hlo_mul(h, fvi_hlo_mul_number(h, x, k), across)));
}

const fvi_emitter_rule fvi_emitter_rule_lrn = {forward_lrn, backward_lrn};
