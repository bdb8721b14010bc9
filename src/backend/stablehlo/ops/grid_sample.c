/* SPDX-License-Identifier: Apache-2.0 */
/* grid_sample: a picture read at the points of a grid. The rules are those of
 * backend/onednn/kernels/grid_cells.c: along each axis 1 (nearest), 2 (linear) or 4 (cubic) cells
 * with weights; cells outside count as 0, repeat the edge, or are mirrored. Here all points' cells
 * of one place in their windows are read together, as rows of the picture with its channels last.
 */
#include <math.h>

#include "backend/stablehlo/ops/rules.h"
#include "backend/stablehlo/text/constants.h"
#include "backend/stablehlo/text/elementwise.h"
#include "backend/stablehlo/text/move.h"
#include "backend/stablehlo/text/places.h"
#include "backend/stablehlo/text/sums.h"

#define TAPS  4 /* along an axis, at most */
#define CUBIC -0.75
#define FAR   1048576.0 /* farther outside than any picture is large */

/* Cells along one axis, a value of all points [n][points] each. */
typedef struct taps {
    int n;
    int index[TAPS];               /* i32, inside */
    int inside[TAPS];              /* truth value; -1: always */
    int weight[TAPS], slope[TAPS]; /* slope: of the weight by the grid's number */
} taps;

typedef struct sampler {
    fvi_hlo *h;
    const fvi_grid_sample *a;
    int axes;
    int64_t size[FVI_MAX_SPATIAL], n, points, channels, plane;
    int shared; /* one picture for all samples */
} sampler;

static int number(const sampler *s, int x, double c) { return fvi_hlo_like(s->h, x, c); }

static int greater(const sampler *s, int x, double c) {
    return fvi_hlo_compare_number(s->h, "GT", x, c);
}

static int less(const sampler *s, int x, double c) {
    return fvi_hlo_compare_number(s->h, "LT", x, c);
}

static int clamped(const sampler *s, int x, double lo, double hi) {
    return fvi_hlo_min(s->h, fvi_hlo_max(s->h, x, number(s, x, lo)), number(s, x, hi));
}

/* ---- coordinates ----------------------------------------------------------------------------- */

/* c mirrored at lo and hi until it is inside; *sign becomes the slope of that. */
static int mirror(const sampler *s, int c, double lo, double hi, int *sign) {
    fvi_hlo *h = s->h;
    const double range = hi - lo;
    if (range <= 0) {
        *sign = number(s, c, 0);
        return number(s, c, lo);
    }
    const int from = fvi_hlo_add_number(h, c, -lo);
    int r = fvi_hlo_binary(h, "remainder", fvi_hlo_unary(h, "abs", from), number(s, c, 2 * range));
    *sign = fvi_hlo_select(h, less(s, from, 0), number(s, c, -1), number(s, c, 1));
    const int beyond = greater(s, r, range);
    r = fvi_hlo_select(h, beyond, fvi_hlo_sub(h, number(s, r, 2 * range), r), r);
    *sign = fvi_hlo_select(h, beyond, fvi_hlo_unary(h, "negate", *sign), *sign);
    return fvi_hlo_add_number(h, r, lo);
}

/* Puts a coordinate inside, as the padding says; *slope (a value) is multiplied by the slope of
 * that. */
static int pad_coordinate(const sampler *s, int c, int64_t n, int *slope) {
    fvi_hlo *h = s->h;
    const double lo = s->a->unit == FVI_GRID_CORNERS ? 0 : -0.5, hi = (double)(n - 1) - lo;
    int sign = number(s, c, 1);
    if (s->a->padding == FVI_GRID_ZEROS) return c;
    if (s->a->padding == FVI_GRID_REFLECTION) c = mirror(s, c, lo, hi, &sign);
    const int outside = fvi_hlo_binary(h, "or", less(s, c, 0), greater(s, c, (double)(n - 1)));
    sign = fvi_hlo_select(h, outside, number(s, sign, 0), sign);
    *slope = fvi_hlo_mul(h, *slope, sign);
    return clamped(s, c, 0, (double)(n - 1));
}

/* A cell's index, of a whole number which may be outside. */
static void set_index(const sampler *s, taps *t, int k, int at, int64_t n) {
    fvi_hlo *h = s->h;
    int ignored = number(s, at, 1);
    t->inside[k] = -1;
    if (s->a->mode != FVI_GRID_LINEAR) at = pad_coordinate(s, at, n, &ignored);
    t->inside[k] = fvi_hlo_binary(h, "and", fvi_hlo_compare_number(h, "GE", at, 0),
                                  fvi_hlo_compare_number(h, "LE", at, (double)(n - 1)));
    t->index[k] = fvi_hlo_convert(h, FVI_HLO_I32, fvi_hlo_where(h, t->inside[k], at));
}

/* The cubic weight of a cell at distance t, and its slope by t. */
static void cubic(const sampler *s, int t, int *weight, int *slope) {
    fvi_hlo *h = s->h;
    const double a = CUBIC;
    const int x = fvi_hlo_unary(h, "abs", t), sign = fvi_hlo_unary(h, "sign", t);
    const int near = fvi_hlo_compare_number(h, "LE", x, 1), mid = less(s, x, 2);
    /* ((a + 2) x - (a + 3)) x^2 + 1, and a (((x - 5) x + 8) x - 4) */
    const int w1 = fvi_hlo_add_number(
        h,
        fvi_hlo_mul(
            h, fvi_hlo_mul(h, fvi_hlo_add_number(h, fvi_hlo_mul_number(h, x, a + 2), -a - 3), x),
            x),
        1);
    const int inner = fvi_hlo_add_number(h, fvi_hlo_mul(h, fvi_hlo_add_number(h, x, -5), x), 8);
    const int w2 = fvi_hlo_mul_number(h, fvi_hlo_add_number(h, fvi_hlo_mul(h, inner, x), -4), a);
    *weight = fvi_hlo_select(h, near, w1, fvi_hlo_where(h, mid, w2));
    /* (3 (a + 2) x - 2 (a + 3)) x, and a ((3 x - 10) x + 8) */
    const int s1 = fvi_hlo_mul(
        h, fvi_hlo_add_number(h, fvi_hlo_mul_number(h, x, 3 * (a + 2)), -2 * (a + 3)), x);
    const int steep = fvi_hlo_add_number(h, fvi_hlo_mul_number(h, x, 3), -10);
    const int s2 = fvi_hlo_mul_number(h, fvi_hlo_add_number(h, fvi_hlo_mul(h, steep, x), 8), a);
    *slope = fvi_hlo_mul(h, sign, fvi_hlo_select(h, near, s1, fvi_hlo_where(h, mid, s2)));
}

/* ---- cells of an axis ------------------------------------------------------------------------ */

/* NaN reads NaN, and gives no gradient. */
static void mark_nan(const sampler *s, taps *t, int c) {
    const int is_number = fvi_hlo_compare(s->h, "EQ", c, c);
    for (int k = 0; k < t->n; k++) {
        t->weight[k] = fvi_hlo_select(s->h, is_number, t->weight[k], number(s, t->weight[k], NAN));
        t->slope[k] = fvi_hlo_where(s->h, is_number, t->slope[k]);
        if (t->inside[k] >= 0) /* it is read, so that NaN comes out */
            t->inside[k] = fvi_hlo_select(s->h, is_number, t->inside[k],
                                          fvi_hlo_unary(s->h, "not", is_number));
    }
}

/* The cell at the grid's number g along an axis of n, and the slope of that. */
static int coordinate(const sampler *s, int g, int64_t n, double *slope) {
    const int corners = s->a->unit == FVI_GRID_CORNERS;
    *slope = s->a->unit == FVI_GRID_INDEX ? 1 : (double)(corners ? n - 1 : n) / 2;
    if (s->a->unit == FVI_GRID_INDEX) return g;
    g = fvi_hlo_mul_number(s->h, fvi_hlo_add_number(s->h, g, 1), *slope);
    return fvi_hlo_add_number(s->h, g, corners ? 0 : -0.5);
}

/* The cells of the grid's number g along an axis of n. */
static taps find_taps(const sampler *s, int g, int64_t n) {
    static const int taps_of[FVI_GRID_MODES] = {1, 2, 4, 1};
    fvi_hlo *h = s->h;
    const fvi_grid_mode mode = s->a->mode;
    taps t = {.n = taps_of[mode]};
    double slope;
    const int raw = coordinate(s, g, n, &slope);
    int c = fvi_hlo_where(h, fvi_hlo_compare(h, "EQ", raw, raw), clamped(s, raw, -FAR, FAR));
    int scale = number(s, c, slope);
    if (mode == FVI_GRID_NEAREST || mode == FVI_GRID_LINEAR) c = pad_coordinate(s, c, n, &scale);
    if (t.n == 1) {
        const char *round = mode == FVI_GRID_NEAREST ? "round_nearest_even" : "round_nearest_afz";
        set_index(s, &t, 0, fvi_hlo_unary(h, round, c), n);
        t.weight[0] = number(s, c, 1);
        t.slope[0] = number(s, c, 0);
    } else {
        const int first =
            fvi_hlo_add_number(h, fvi_hlo_unary(h, "floor", c), mode == FVI_GRID_CUBIC ? -1 : 0);
        for (int k = 0; k < t.n; k++) {
            const int at = fvi_hlo_add_number(h, first, k), off = fvi_hlo_sub(h, c, at);
            set_index(s, &t, k, at, n);
            if (mode == FVI_GRID_CUBIC) {
                cubic(s, off, &t.weight[k], &t.slope[k]);
            } else {
                t.weight[k] = fvi_hlo_sub(h, number(s, c, 1), fvi_hlo_unary(h, "abs", off));
                t.slope[k] = number(s, c, k ? 1 : -1);
            }
            t.slope[k] = fvi_hlo_mul(h, t.slope[k], scale);
        }
    }
    mark_nan(s, &t, raw);
    return t;
}

/* ---- the picture in rows, and all its cells -------------------------------------------------- */

/* Of a picture x that is read at a grid's points, of which `out` has one result each. */
static sampler sampler_of(fvi_hlo *h, const fvi_grid_sample *how, const fvi_shape *x,
                          const fvi_shape *grid, const fvi_shape *out) {
    sampler s = {.h = h, .a = how, .axes = x->ndim - 2};
    for (int i = 0; i < s.axes; i++) s.size[i] = x->dim[2 + i];
    s.n = x->dim[0] == 1 ? grid->dim[0] : x->dim[0];
    s.channels = x->dim[1];
    s.plane = fvi_shape_product(x, 2, x->ndim);
    s.points = fvi_shape_product(out, 2, out->ndim);
    s.shared = x->dim[0] == 1 && s.n != 1;
    return s;
}

/* [n][c][plane] as [n plane][c], and back. */
static int rows_of(const sampler *s, int x, int64_t n, int64_t plane) {
    static const int perm[] = {0, 2, 1};
    const fvi_shape flat = {3, {n, s->channels, plane}}, rows = {2, {n * plane, s->channels}};
    return fvi_hlo_reshape(s->h, fvi_hlo_transpose(s->h, fvi_hlo_reshape(s->h, x, &flat), perm),
                           &rows);
}

static int planes_of(const sampler *s, int rows, int64_t n, int64_t plane, const fvi_shape *shape) {
    static const int perm[] = {0, 2, 1};
    const fvi_shape apart = {3, {n, plane, s->channels}};
    return fvi_hlo_reshape(s->h, fvi_hlo_transpose(s->h, fvi_hlo_reshape(s->h, rows, &apart), perm),
                           shape);
}

/* The taps of all axes, of the points in input k. */
static void all_taps(const sampler *s, fvi_emitter *e, const fvi_node *n, int k,
                     taps t[FVI_MAX_SPATIAL]) {
    const fvi_shape own = fvi_emitter_shape(e, n, k);
    const fvi_shape rows = {3, {own.dim[0], s->points, s->axes}};
    const fvi_shape full = {3, {s->n, s->points, s->axes}}, flat = {2, {s->n, s->points}};
    int grid = fvi_hlo_reshape(s->h, fvi_emitter_in(e, n, k), &rows);
    grid = fvi_hlo_broadcast(s->h, grid, &full);
    for (int a = 0; a < s->axes; a++) {
        const int last = s->axes - 1 - a;
        const int g = fvi_hlo_reshape(s->h, fvi_hlo_part(s->h, grid, 2, last, last + 1), &flat);
        t[a] = find_taps(s, g, s->size[a]);
    }
}

static int combinations(const sampler *s, const taps *t) {
    int all = 1;
    for (int a = 0; a < s->axes; a++) all *= t[a].n;
    return all;
}

/* Combination i of the taps: the row of each point's cell, [n points]; whether it is inside. */
static int cell_rows(const sampler *s, const taps *t, int i, int *inside) {
    fvi_hlo *h = s->h;
    const fvi_shape flat = {2, {s->n, s->points}}, list = {1, {s->n * s->points}};
    int at = -1;
    *inside = -1;
    int64_t step = 1;
    for (int a = s->axes - 1; a >= 0; a--) {
        const int k = i % t[a].n;
        i /= t[a].n;
        const int part = fvi_hlo_mul_number(h, t[a].index[k], (double)step);
        at = at < 0 ? part : fvi_hlo_add(h, at, part);
        *inside = *inside < 0 ? t[a].inside[k] : fvi_hlo_binary(h, "and", *inside, t[a].inside[k]);
        step *= s->size[a];
    }
    if (!s->shared)
        at = fvi_hlo_add(h, at, fvi_hlo_mul_number(h, fvi_hlo_iota(h, &flat, 0), (double)s->plane));
    return fvi_hlo_reshape(h, at, &list);
}

/* The product of its weights, with that of axis `by` replaced by the slope (-1: none), 0 outside;
 * as [n points][1]. */
static int cell_weight(const sampler *s, const taps *t, int i, int inside, int by) {
    fvi_hlo *h = s->h;
    const fvi_shape column = {2, {s->n * s->points, 1}};
    int w = -1;
    for (int a = s->axes - 1; a >= 0; a--) {
        const int k = i % t[a].n;
        const int f = a == by ? t[a].slope[k] : t[a].weight[k];
        i /= t[a].n;
        w = w < 0 ? f : fvi_hlo_mul(h, w, f);
    }
    return fvi_hlo_reshape(h, fvi_hlo_where(h, inside, w), &column);
}

/* ---- the node -------------------------------------------------------------------------------- */

static int is_empty(const sampler *s) { return !s->n || !s->points || !s->channels || !s->plane; }

static sampler sampler_of_node(const fvi_emitter *e, const fvi_node *n) {
    const fvi_shape x = fvi_emitter_shape(e, n, 0), grid = fvi_emitter_shape(e, n, 1);
    const fvi_shape out = fvi_emitter_out_shape(e, n);
    return sampler_of(e->h, &n->a.grid_sample, &x, &grid, &out);
}

/* x, in rows, at all points: [n points][c]. */
static int read_rows(const sampler *s, const taps *t, int x) {
    int y = -1;
    for (int i = 0; i < combinations(s, t); i++) {
        int inside;
        const int cells = fvi_hlo_take(s->h, x, cell_rows(s, t, i, &inside), 0);
        const int part = fvi_hlo_mul(s->h, cells, cell_weight(s, t, i, inside, -1));
        y = y < 0 ? part : fvi_hlo_add(s->h, y, part);
    }
    return y;
}

static int forward(fvi_emitter *e, const fvi_node *n) {
    const fvi_shape out = fvi_emitter_out_shape(e, n);
    const sampler s = sampler_of_node(e, n);
    taps t[FVI_MAX_SPATIAL];
    if (is_empty(&s)) return fvi_hlo_number(e->h, &out, 0);
    all_taps(&s, e, n, 1, t);
    const int x = rows_of(&s, fvi_emitter_in(e, n, 0), s.shared ? 1 : s.n, s.plane);
    return planes_of(&s, read_rows(&s, t, x), s.n, s.points, &out);
}

/* The gradient g, in rows, read at the points of `back`. */
static void give_turned_back(fvi_emitter *e, const fvi_node *n, int g) {
    const fvi_shape out = fvi_emitter_out_shape(e, n), points = fvi_emitter_shape(e, n, 2);
    const fvi_shape in = fvi_emitter_shape(e, n, 0);
    fvi_grid_sample how = n->a.grid_sample;
    how.padding = FVI_GRID_ZEROS;
    const sampler s = sampler_of(e->h, &how, &out, &points, &in);
    fvi_shape full = in;
    full.dim[0] = s.n;
    taps t[FVI_MAX_SPATIAL];
    all_taps(&s, e, n, 2, t);
    const int dx = planes_of(&s, read_rows(&s, t, g), s.n, s.points, &full);
    fvi_emitter_give(e, n, 0, fvi_hlo_sum_to(e->h, dx, &in));
}

static void give_picture(fvi_emitter *e, const fvi_node *n, const sampler *s, const taps *t,
                         int g) {
    const int64_t pictures = s->shared ? 1 : s->n;
    const fvi_shape rows = {2, {pictures * s->plane, s->channels}};
    const fvi_shape in = fvi_emitter_shape(e, n, 0);
    int dx = -1;
    for (int i = 0; i < combinations(s, t); i++) {
        int inside;
        const int at = cell_rows(s, t, i, &inside);
        const int share = fvi_hlo_mul(e->h, g, cell_weight(s, t, i, inside, -1));
        const int part = fvi_hlo_put_back(e->h, share, at, 0, &rows);
        dx = dx < 0 ? part : fvi_hlo_add(e->h, dx, part);
    }
    fvi_emitter_give(e, n, 0, planes_of(s, dx, pictures, s->plane, &in));
}

static void give_grid(fvi_emitter *e, const fvi_node *n, const sampler *s, const taps *t, int g) {
    fvi_hlo *h = e->h;
    const fvi_shape own = fvi_emitter_shape(e, n, 1), column = {3, {s->n, s->points, 1}};
    const int x = rows_of(s, fvi_emitter_in(e, n, 0), s->shared ? 1 : s->n, s->plane);
    int parts[FVI_MAX_SPATIAL];
    for (int by = 0; by < s->axes; by++) {
        int sum = -1;
        for (int i = 0; i < combinations(s, t); i++) {
            int inside;
            const int cells = fvi_hlo_take(h, x, cell_rows(s, t, i, &inside), 0);
            const int dot = fvi_hlo_reduce(h, "add", fvi_hlo_mul(h, cells, g), 2, 1);
            const int part = fvi_hlo_mul(h, dot, cell_weight(s, t, i, inside, by));
            sum = sum < 0 ? part : fvi_hlo_add(h, sum, part);
        }
        parts[s->axes - 1 - by] = fvi_hlo_reshape(h, sum, &column);
    }
    const int all = fvi_hlo_concat(h, parts, s->axes, 2);
    const fvi_shape rows = {3, {own.dim[0], s->points, s->axes}};
    fvi_emitter_give(e, n, 1, fvi_hlo_reshape(h, fvi_hlo_sum_to(h, all, &rows), &own));
}

static void backward(fvi_emitter *e, const fvi_node *n, int g) {
    const sampler s = sampler_of_node(e, n);
    const int turned = fvi_emitter_has(e, n, 2), wanted = fvi_emitter_wants(e, n, 0);
    taps t[FVI_MAX_SPATIAL];
    if (is_empty(&s)) return;
    g = rows_of(&s, g, s.n, s.points);
    if (wanted && turned) give_turned_back(e, n, g);
    if (turned && !fvi_emitter_wants(e, n, 1)) return;
    all_taps(&s, e, n, 1, t);
    if (wanted && !turned) give_picture(e, n, &s, t, g);
    if (fvi_emitter_wants(e, n, 1)) give_grid(e, n, &s, t, g);
}

const fvi_emitter_rule fvi_emitter_rule_grid_sample = {forward, backward};
