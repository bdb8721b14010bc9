/* SPDX-License-Identifier: Apache-2.0 */
/* gather: elements of an axis at given places, and resizing, whose outputs are weighted sums of
 * elements of an axis. Indices that are numbers of the run may be outside: then NaN comes out, and
 * no gradient goes back. */
#include <math.h>

#include "backend/stablehlo/ops/rules.h"
#include "backend/stablehlo/text/constants.h"
#include "backend/stablehlo/text/elementwise.h"
#include "backend/stablehlo/text/move.h"
#include "backend/stablehlo/text/places.h"
#include "backend/stablehlo/text/products.h"
#include "graph/const.h"

/* ---- gather ---------------------------------------------------------------------------------- */

/* Constant indices, counted from 0. */
static int constant_index(fvi_emitter *e, const fvi_const *c, int64_t size) {
    const int64_t n = fvi_shape_count(&c->shape);
    int32_t *at = g_new(int32_t, MAX(n, 1));
    for (int64_t i = 0; i < n; i++) {
        const double v = fvi_const_at(c, i);
        at[i] = (int32_t)(v < 0 ? v + (double)size : v);
    }
    const int index = fvi_hlo_integers(e->h, &c->shape, at);
    g_free(at);
    return index;
}

/* Indices (i32, inside), and where they are inside by themselves (-1: everywhere). */
typedef struct places {
    int index, inside;
} places;

static places places_of(fvi_emitter *e, const fvi_node *n) {
    fvi_hlo *h = e->h;
    const double size = (double)fvi_emitter_shape(e, n, 0).dim[n->a.axis.axis];
    const fvi_const *c = fvi_emitter_constant(e, n, 1);
    if (c) return (places){constant_index(e, c, (int64_t)size), -1};
    const int v = fvi_emitter_in(e, n, 1);
    const int inside = fvi_hlo_binary(h, "and", fvi_hlo_compare_number(h, "GE", v, -size),
                                      fvi_hlo_compare_number(h, "LT", v, size));
    const int at = fvi_hlo_convert(h, FVI_HLO_I32, fvi_hlo_where(h, inside, v));
    const int counted = fvi_hlo_select(h, fvi_hlo_compare_number(h, "LT", at, 0),
                                       fvi_hlo_add_number(h, at, size), at);
    return (places){counted, inside};
}

/* A truth value for each index, broadcast to the output. */
static int everywhere(fvi_emitter *e, const fvi_node *n, int inside) {
    const fvi_shape out = fvi_emitter_out_shape(e, n);
    const int axes = fvi_hlo_shape(e->h, inside).ndim;
    int to[FVI_MAX_DIMS];
    for (int i = 0; i < axes; i++) to[i] = n->a.axis.axis + i;
    return fvi_hlo_spread(e->h, inside, &out, to);
}

static int forward_gather(fvi_emitter *e, const fvi_node *n) {
    fvi_hlo *h = e->h;
    const places p = places_of(e, n);
    const int y = fvi_hlo_take(h, fvi_emitter_in(e, n, 0), p.index, n->a.axis.axis);
    return p.inside < 0 ? y
                        : fvi_hlo_select(h, everywhere(e, n, p.inside), y, fvi_hlo_like(h, y, NAN));
}

static void backward_gather(fvi_emitter *e, const fvi_node *n, int g) {
    const fvi_shape in = fvi_emitter_shape(e, n, 0);
    if (!fvi_emitter_wants(e, n, 0)) return;
    const places p = places_of(e, n);
    if (p.inside >= 0) g = fvi_hlo_where(e->h, everywhere(e, n, p.inside), g);
    fvi_emitter_give(e, n, 0, fvi_hlo_put_back(e->h, g, p.index, n->a.axis.axis, &in));
}

const fvi_emitter_rule fvi_emitter_rule_gather = {forward_gather, backward_gather};

/* ---- resize ---------------------------------------------------------------------------------- */

/* The sparse matrix of an axis as a dense one, [out][in], and what stands for places outside
 * (index -1), [out]; outside NULL: not asked for. */
static int matrix_of(fvi_emitter *e, const fvi_node *n, int axis, int *outside) {
    const fvi_resize_kernel *k = &n->a.resize.axis[axis];
    const int64_t in = fvi_emitter_shape(e, n, 0).dim[axis];
    const int64_t out = fvi_emitter_out_shape(e, n).dim[axis];
    float *m = g_new0(float, MAX(in * out, 1)), *extra = g_new0(float, MAX(out, 1));
    int some = 0;
    for (int64_t o = 0; o < out; o++)
        for (int j = 0; j < k->entries; j++) {
            const int64_t at = o * k->entries + j;
            const int32_t i = k->index[at];
            if (i >= 0) m[o * in + i] += k->weight[at];
            if (i < 0 && k->weight[at] != 0) {
                extra[o] += k->weight[at] * n->a.resize.extrapolation;
                some = 1;
            }
        }
    const int matrix = fvi_hlo_floats(e->h, &(fvi_shape){2, {out, in}}, m);
    if (outside) *outside = some ? fvi_hlo_floats(e->h, &(fvi_shape){1, {out}}, extra) : -1;
    g_free(m);
    g_free(extra);
    return matrix;
}

/* The product of a matrix (its axis k) with an axis of x, which stays in its place. */
static int along_axis(fvi_hlo *h, int x, int axis, int matrix, int k) {
    const int axes = fvi_hlo_shape(h, x).ndim;
    int perm[FVI_MAX_DIMS];
    const int y = fvi_hlo_dot_f32(h, x, matrix, 0, axis, k); /* the new axis is the last */
    for (int i = 0; i < axes; i++) perm[i] = i < axis ? i : i == axis ? axes - 1 : i - 1;
    return axis == axes - 1 ? y : fvi_hlo_transpose(h, y, perm);
}

static int forward_resize(fvi_emitter *e, const fvi_node *n) {
    fvi_hlo *h = e->h;
    int x = fvi_emitter_in(e, n, 0);
    for (int i = 0; i < fvi_hlo_shape(h, x).ndim; i++) {
        int outside;
        if (!n->a.resize.axis[i].entries) continue;
        x = along_axis(h, x, i, matrix_of(e, n, i, &outside), 1);
        const fvi_shape s = fvi_hlo_shape(h, x);
        if (outside >= 0) x = fvi_hlo_add(h, x, fvi_hlo_along(h, outside, &s, i));
    }
    return x;
}

static void backward_resize(fvi_emitter *e, const fvi_node *n, int g) {
    if (!fvi_emitter_wants(e, n, 0)) return;
    for (int i = fvi_hlo_shape(e->h, g).ndim - 1; i >= 0; i--)
        if (n->a.resize.axis[i].entries) g = along_axis(e->h, g, i, matrix_of(e, n, i, NULL), 0);
    fvi_emitter_give(e, n, 0, g);
}

const fvi_emitter_rule fvi_emitter_rule_resize = {forward_resize, backward_resize};
