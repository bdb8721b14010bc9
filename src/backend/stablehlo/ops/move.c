/* SPDX-License-Identifier: Apache-2.0 */
/* move: nodes that only move numbers; backward moves them back. */
#include "backend/stablehlo/text/move.h"
#include "backend/stablehlo/ops/rules.h"
#include "backend/stablehlo/text/constants.h"
#include "backend/stablehlo/text/places.h"
#include "backend/stablehlo/text/sums.h"
#include "graph/fold/node_rules.h"

/* The gradient in another shape. */
static void give_reshaped(fvi_emitter *e, const fvi_node *n, int g) {
    const fvi_shape in = fvi_emitter_shape(e, n, 0);
    if (fvi_emitter_wants(e, n, 0)) fvi_emitter_give(e, n, 0, fvi_hlo_reshape(e->h, g, &in));
}

/* ---- the same, in another shape -------------------------------------------------------------- */

static int forward_same(fvi_emitter *e, const fvi_node *n) {
    const fvi_shape out = fvi_emitter_out_shape(e, n);
    return fvi_hlo_reshape(e->h, fvi_emitter_in(e, n, 0), &out);
}

const fvi_emitter_rule fvi_emitter_rule_identity = {forward_same, give_reshaped};
const fvi_emitter_rule fvi_emitter_rule_reshape = {forward_same, give_reshaped};

/* ---- repeated -------------------------------------------------------------------------------- */

static int forward_expand(fvi_emitter *e, const fvi_node *n) {
    const fvi_shape out = fvi_emitter_out_shape(e, n);
    return fvi_hlo_broadcast(e->h, fvi_emitter_in(e, n, 0), &out);
}

static void backward_expand(fvi_emitter *e, const fvi_node *n, int g) {
    const fvi_shape in = fvi_emitter_shape(e, n, 0);
    if (fvi_emitter_wants(e, n, 0)) fvi_emitter_give(e, n, 0, fvi_hlo_sum_to(e->h, g, &in));
}

const fvi_emitter_rule fvi_emitter_rule_expand = {forward_expand, backward_expand};

/* ---- axes exchanged -------------------------------------------------------------------------- */

static int forward_transpose(fvi_emitter *e, const fvi_node *n) {
    return fvi_hlo_transpose(e->h, fvi_emitter_in(e, n, 0), n->a.transpose.perm);
}

static void backward_transpose(fvi_emitter *e, const fvi_node *n, int g) {
    const int axes = fvi_emitter_out_shape(e, n).ndim;
    int back[FVI_MAX_DIMS];
    for (int i = 0; i < axes; i++) back[n->a.transpose.perm[i]] = i;
    if (fvi_emitter_wants(e, n, 0)) fvi_emitter_give(e, n, 0, fvi_hlo_transpose(e->h, g, back));
}

const fvi_emitter_rule fvi_emitter_rule_transpose = {forward_transpose, backward_transpose};

/* ---- joined ---------------------------------------------------------------------------------- */

static int forward_concat(fvi_emitter *e, const fvi_node *n) {
    int *parts = g_new(int, n->n_in);
    for (int i = 0; i < n->n_in; i++) parts[i] = fvi_emitter_in(e, n, i);
    const int y = fvi_hlo_concat(e->h, parts, n->n_in, n->a.axis.axis);
    g_free(parts);
    return y;
}

static void backward_concat(fvi_emitter *e, const fvi_node *n, int g) {
    const int axis = n->a.axis.axis;
    int64_t at = 0;
    for (int i = 0; i < n->n_in; i++) {
        const int64_t size = fvi_emitter_shape(e, n, i).dim[axis];
        if (fvi_emitter_wants(e, n, i))
            fvi_emitter_give(e, n, i, fvi_hlo_part(e->h, g, axis, at, at + size));
        at += size;
    }
}

const fvi_emitter_rule fvi_emitter_rule_concat = {forward_concat, backward_concat};

/* ---- a part ---------------------------------------------------------------------------------- */

/* A slice with positive steps, of which the axes in `turned` are then turned round. */
typedef struct part {
    int n;
    unsigned turned;
    int64_t from[FVI_MAX_DIMS], to[FVI_MAX_DIMS], step[FVI_MAX_DIMS];
} part;

static part part_of(const fvi_emitter *e, const fvi_node *n) {
    const fvi_shape out = fvi_emitter_out_shape(e, n);
    part p = {.n = out.ndim};
    for (int i = 0; i < p.n; i++) {
        const int64_t step = n->a.slice.step[i], first = n->a.slice.start[i];
        const int64_t last = first + (out.dim[i] - 1) * step;
        const int empty = out.dim[i] == 0;
        p.step[i] = empty ? 1 : step < 0 ? -step : step;
        p.from[i] = empty ? 0 : step < 0 ? last : first;
        p.to[i] = empty ? 0 : (step < 0 ? first : last) + 1;
        if (step < 0) p.turned |= 1U << i;
    }
    return p;
}

static int forward_slice(fvi_emitter *e, const fvi_node *n) {
    const part p = part_of(e, n);
    return fvi_hlo_reverse(e->h, fvi_hlo_slice(e->h, fvi_emitter_in(e, n, 0), p.from, p.to, p.step),
                           p.turned);
}

static void backward_slice(fvi_emitter *e, const fvi_node *n, int g) {
    const fvi_shape in = fvi_emitter_shape(e, n, 0), out = fvi_emitter_out_shape(e, n);
    const part p = part_of(e, n);
    int64_t hi[FVI_MAX_DIMS], gap[FVI_MAX_DIMS];
    if (!fvi_emitter_wants(e, n, 0) || !fvi_shape_count(&out)) return;
    for (int i = 0; i < p.n; i++) {
        hi[i] = in.dim[i] - p.to[i];
        gap[i] = p.step[i] - 1;
    }
    g = fvi_hlo_reverse(e->h, g, p.turned);
    fvi_emitter_give(e, n, 0, fvi_hlo_pad(e->h, g, p.from, hi, gap, 0));
}

const fvi_emitter_rule fvi_emitter_rule_slice = {forward_slice, backward_slice};

/* ---- a border -------------------------------------------------------------------------------- */

static const int64_t no_gap[FVI_MAX_DIMS];

/* Of which element of an axis each of the output's is a copy (i32). */
static int copied_from(fvi_emitter *e, const fvi_node *n, int axis) {
    const int64_t in = fvi_emitter_shape(e, n, 0).dim[axis];
    const int64_t out = fvi_emitter_out_shape(e, n).dim[axis];
    int32_t *at = g_new(int32_t, MAX(out, 1));
    for (int64_t i = 0; i < out; i++)
        at[i] = (int32_t)fvi_pad_source(n->a.pad.mode, i - n->a.pad.lo[axis], in);
    const int index = fvi_hlo_integers(e->h, &(fvi_shape){1, {out}}, at);
    g_free(at);
    return index;
}

static int is_padded(const fvi_node *n, int axis) {
    return n->a.pad.lo[axis] != 0 || n->a.pad.hi[axis] != 0;
}

static int forward_pad(fvi_emitter *e, const fvi_node *n) {
    int x = fvi_emitter_in(e, n, 0);
    if (n->a.pad.mode == FVI_PAD_CONSTANT)
        return fvi_hlo_pad(e->h, x, n->a.pad.lo, n->a.pad.hi, no_gap, n->a.pad.value);
    for (int i = 0; i < fvi_hlo_shape(e->h, x).ndim; i++)
        if (is_padded(n, i)) x = fvi_hlo_take(e->h, x, copied_from(e, n, i), i);
    return x;
}

static void backward_pad(fvi_emitter *e, const fvi_node *n, int g) {
    const fvi_shape in = fvi_emitter_shape(e, n, 0);
    int64_t lo[FVI_MAX_DIMS], hi[FVI_MAX_DIMS];
    if (!fvi_emitter_wants(e, n, 0)) return;
    for (int i = 0; i < in.ndim; i++) {
        lo[i] = -n->a.pad.lo[i];
        hi[i] = -n->a.pad.hi[i];
    }
    if (n->a.pad.mode == FVI_PAD_CONSTANT) {
        fvi_emitter_give(e, n, 0, fvi_hlo_pad(e->h, g, lo, hi, no_gap, 0));
        return;
    }
    for (int i = in.ndim - 1; i >= 0; i--) {
        if (!is_padded(n, i)) continue;
        fvi_shape before = fvi_hlo_shape(e->h, g);
        before.dim[i] = in.dim[i];
        g = fvi_hlo_put_back(e->h, g, copied_from(e, n, i), i, &before);
    }
    fvi_emitter_give(e, n, 0, g);
}

const fvi_emitter_rule fvi_emitter_rule_pad = {forward_pad, backward_pad};

/* ---- what is never run ----------------------------------------------------------------------- */

const fvi_emitter_rule fvi_emitter_rule_opaque = {NULL, NULL};
