/* SPDX-License-Identifier: Apache-2.0 */
/* Regions: which elements of values a result depends on, from the last node back to the first.
 *
 * The region of a node's output is turned into one of each of its inputs: a slice moves it, a
 * concatenation cuts it to the operand's part, a product keeps its rows and columns, what is mixed
 * along an axis needs all of the axis. So the class token's classes need one token of the last
 * attention's queries and all of its keys; and one box of a detector needs the map of one scale.
 */
#include "graph/region.h"

#include <glib.h>

#include "graph/const.h"

static const fvi_shape *shape_of(const fvi_graph *g, int v) { return &g->values[v].shape; }

fvi_region fvi_region_whole(const fvi_shape *shape) {
    fvi_region r = {.needed = 1};
    for (int i = 0; i < shape->ndim; i++) r.hi[i] = shape->dim[i];
    return r;
}

void fvi_region_join(fvi_region *to, const fvi_region *r, int ndim) {
    if (!r->needed) return;
    if (!to->needed) {
        *to = *r;
        return;
    }
    for (int i = 0; i < ndim; i++) {
        to->lo[i] = MIN(to->lo[i], r->lo[i]);
        to->hi[i] = MAX(to->hi[i], r->hi[i]);
    }
}

/* ---- the rules of kinds.def (column `field`): *in is all of input k, and becomes the part of it
 * that the region *r of the output depends on ---- */

typedef void (*rule)(const fvi_graph *g, const fvi_node *n, const fvi_region *r, int k,
                     fvi_region *in);
#define RULE(name)                                                                               \
    static void region_##name(const fvi_graph *g, const fvi_node *n, const fvi_region *r, int k, \
                              fvi_region *in)
#define UNUSED() ((void)(g), (void)(n), (void)(r), (void)(k), (void)(in))

/* Axes from..to-1 are as in the output. */
static void keep(const fvi_region *r, int from, int to, fvi_region *in) {
    for (int i = from; i < to; i++) in->lo[i] = r->lo[i], in->hi[i] = r->hi[i];
}

/* Axis i of the input becomes lo..hi-1, as far as it has that. */
static void set(fvi_region *in, int i, int64_t lo, int64_t hi) {
    const int64_t size = in->hi[i];
    in->lo[i] = CLAMP(lo, 0, size);
    in->hi[i] = CLAMP(hi, 0, size);
    if (in->lo[i] >= in->hi[i]) in->needed = 0;
}

static int ndim_of(const fvi_graph *g, int v) { return shape_of(g, v)->ndim; }

RULE(grid_sample) { UNUSED(); }
RULE(recurrent) { UNUSED(); }
RULE(opaque) { UNUSED(); }

RULE(same) {
    UNUSED();
    if (!k) keep(r, 0, ndim_of(g, n->out), in);
}

RULE(lrn) {
    UNUSED();
    keep(r, 0, 1, in);
    keep(r, 2, ndim_of(g, n->out), in);
}

RULE(group_norm) {
    UNUSED();
    if (!k) keep(r, 0, 1, in);
}

RULE(layer_norm) {
    UNUSED();
    if (!k) keep(r, 0, n->a.norm.axis, in);
}

RULE(softmax) {
    UNUSED();
    keep(r, 0, n->a.softmax.axis, in);
    keep(r, n->a.softmax.axis + 1, ndim_of(g, n->out), in);
}

RULE(window) {
    const fvi_window *w = &n->a.window;
    UNUSED();
    if (k) return;
    keep(r, 0, n->kind == FVI_CONV || n->kind == FVI_CONV_TRANSPOSE ? 1 : 2, in);
    for (int i = 0; i < w->n && !w->global && n->kind != FVI_CONV_TRANSPOSE; i++) {
        const int64_t span = (w->kernel[i] - 1) * w->dilation[i];
        set(in, 2 + i, r->lo[2 + i] * w->stride[i] - w->pad_lo[i],
            (r->hi[2 + i] - 1) * w->stride[i] - w->pad_lo[i] + span + 1);
    }
}

RULE(reduce) {
    UNUSED();
    for (int i = 0, from = 0; i < ndim_of(g, n->in[0]); i++) {
        const int reduced = n->a.reduce.axes >> i & 1;
        if (!reduced) in->lo[i] = r->lo[from], in->hi[i] = r->hi[from];
        from += !reduced || n->a.reduce.keepdims;
    }
}

/* Operands aligned at their last axes; an axis of 1 is broadcast. */
static void aligned(const fvi_graph *g, const fvi_node *n, const fvi_region *r, int k, int to,
                    fvi_region *in) {
    const int own = ndim_of(g, n->in[k]), shift = ndim_of(g, n->out) - own;
    for (int i = MAX(0, -shift); i < MIN(own, to - shift); i++)
        if (in->hi[i] > 1) in->lo[i] = r->lo[i + shift], in->hi[i] = r->hi[i + shift];
}

RULE(joined) {
    const int axis = n->a.axis.axis;
    if (n->kind != FVI_CONCAT) {
        aligned(g, n, r, k, ndim_of(g, n->out), in);
        return;
    }
    int64_t before = 0;
    for (int i = 0; i < k; i++) before += shape_of(g, n->in[i])->dim[axis];
    keep(r, 0, axis, in);
    keep(r, axis + 1, ndim_of(g, n->out), in);
    set(in, axis, r->lo[axis] - before, r->hi[axis] - before);
}

RULE(expand) { aligned(g, n, r, k, ndim_of(g, n->out), in); }

RULE(matmul) {
    const int ndim = ndim_of(g, n->out), own = ndim_of(g, n->in[k]);
    if (k > 1) return;
    aligned(g, n, r, k, ndim - 2, in);
    const int turned = k ? n->a.matmul.trans_b : n->a.matmul.trans_a;
    const int kept = own - 2 + (turned ? !k : k);
    in->lo[kept] = r->lo[ndim - 2 + k], in->hi[kept] = r->hi[ndim - 2 + k];
}

RULE(slice) {
    UNUSED();
    for (int i = 0; i < ndim_of(g, n->out); i++) {
        const int64_t a = n->a.slice.start[i] + r->lo[i] * n->a.slice.step[i];
        const int64_t b = n->a.slice.start[i] + (r->hi[i] - 1) * n->a.slice.step[i];
        set(in, i, MIN(a, b), MAX(a, b) + 1);
    }
}

RULE(pad) {
    UNUSED();
    if (n->a.pad.mode != FVI_PAD_CONSTANT) return;
    for (int i = 0; i < ndim_of(g, n->out); i++)
        set(in, i, r->lo[i] - n->a.pad.lo[i], r->hi[i] - n->a.pad.lo[i]);
}

RULE(resize) {
    UNUSED();
    for (int i = 0; i < ndim_of(g, n->out); i++)
        if (!n->a.resize.axis[i].entries) keep(r, i, i + 1, in);
}

RULE(transpose) {
    UNUSED();
    for (int i = 0; i < ndim_of(g, n->out); i++) {
        const int to = n->a.transpose.perm[i];
        in->lo[to] = r->lo[i], in->hi[to] = r->hi[i];
    }
}

RULE(gather) {
    const int at = n->a.axis.axis, more = ndim_of(g, n->in[1]) - 1;
    const fvi_const *index = g->values[n->in[1]].constant;
    if (k) return;
    keep(r, 0, at, in);
    for (int i = at + 1; i < ndim_of(g, n->in[0]); i++)
        in->lo[i] = r->lo[i + more], in->hi[i] = r->hi[i + more];
    if (!index) return;
    int64_t lo = INT64_MAX, hi = 0;
    for (int64_t i = 0; i < fvi_shape_count(&index->shape); i++) {
        int64_t x = fvi_const_int(index, i);
        if (x < 0) x += in->hi[at];
        lo = MIN(lo, x);
        hi = MAX(hi, x + 1);
    }
    set(in, at, lo, hi);
}

/* ---- reshaping ------------------------------------------------------------------------------ */

/* Axes of both shapes with equal products: [3][h*w] and [3][h][w]. */
typedef struct axis_group {
    int from, to; /* axes from..to-1 of the input */
    int out_from, out_to;
} axis_group;

/* The elements of a region along axes from..to-1, as one axis. */
static void flatten(const fvi_shape *s, const fvi_region *r, int from, int to, int64_t *lo,
                    int64_t *hi) {
    int64_t first = 0, last = 0;
    for (int i = from; i < to; i++) {
        first = first * s->dim[i] + r->lo[i];
        last = last * s->dim[i] + r->hi[i] - 1;
    }
    *lo = first;
    *hi = last + 1;
}

/* The region of elements lo..hi-1 of axes that were one. */
static void unflatten(const fvi_shape *s, int from, int to, int64_t lo, int64_t hi,
                      fvi_region *in) {
    for (int i = from; i < to; i++) {
        const int64_t inner = fvi_shape_product(s, i + 1, to);
        in->lo[i] = lo / inner;
        in->hi[i] = (hi - 1) / inner + 1;
        if (in->hi[i] - in->lo[i] > 1) return; /* all of the axes within */
        lo -= in->lo[i] * inner;
        hi -= in->lo[i] * inner;
    }
}

RULE(reshape) {
    const fvi_shape *a = shape_of(g, n->in[0]), *b = shape_of(g, n->out);
    (void)k;
    if (fvi_shape_count(b) < 1) return;
    for (int i = 0, j = 0; i < a->ndim || j < b->ndim;) {
        axis_group u = {i, i, j, j};
        int64_t pa = 1, pb = 1;
        do { /* sizes of 1 join the group before them */
            const int one = u.out_to < b->ndim && b->dim[u.out_to] == 1;
            if (u.to < a->ndim && (u.out_to == b->ndim || (pa <= pb && !(one && pa == pb))))
                pa *= a->dim[u.to++];
            else
                pb *= b->dim[u.out_to++];
        } while (pa != pb || (u.to < a->ndim && a->dim[u.to] == 1) ||
                 (u.out_to < b->ndim && b->dim[u.out_to] == 1));
        int64_t lo, hi;
        flatten(b, r, u.out_from, u.out_to, &lo, &hi);
        unflatten(a, u.from, u.to, lo, hi, in);
        i = u.to;
        j = u.out_to;
    }
}

static const rule rules[FVI_KIND_COUNT] = {
#define FVI_KIND(NAME, file, traits, fold, channels, batch, field, ...) \
    [FVI_##NAME] = region_##field,
#include "graph/kinds.def"
#undef FVI_KIND
};

fvi_region fvi_region_read(const fvi_graph *g, const fvi_region *regions, const fvi_node *n,
                           int i) {
    fvi_region in = fvi_region_whole(shape_of(g, n->in[i]));
    if (!regions[n->out].needed) return (fvi_region){0};
    if (ndim_of(g, n->in[i]) >= 0 && ndim_of(g, n->out) >= 0)
        rules[n->kind](g, n, &regions[n->out], i, &in);
    return in;
}

void fvi_graph_regions(const fvi_graph *g, fvi_region *regions) {
    for (int k = g->n_nodes - 1; k >= 0; k--) {
        const fvi_node *n = &g->nodes[k];
        if (!regions[n->out].needed) continue;
        for (int i = 0; i < n->n_in; i++) {
            if (n->in[i] < 0) continue;
            const fvi_region in = fvi_region_read(g, regions, n, i);
            fvi_region_join(&regions[n->in[i]], &in, ndim_of(g, n->in[i]));
        }
    }
}
