/* SPDX-License-Identifier: Apache-2.0 */
/* row: rows of numbers, and where their numbers come from.
 *
 * One pass in the graph's order follows the numbers of a softmax or a sigmoid through the nodes
 * that keep them: those that move or choose elements (reshape, transpose, slice, gather, expand),
 * join them, clip them, or multiply all by one positive number; also where an added number is taken
 * off again, as a zero point is by dequantisation. Other arithmetic with constants (1 - p) makes
 * scores that are computed from probabilities; everything else ends the chain.
 * Integers are no scores. But where they are a row's places in order of size, or a row rounded,
 * that row has the scores.
 *
 * What it does not do: recognise a softmax that is written out as exponentials and a division.
 */
#include "graph/classes/row.h"

#include <glib.h>
#include <math.h>

#include "graph/channel_axis.h"
#include "graph/const.h"

/* Where a value's numbers come from; values and nodes by index, -1: none. */
typedef struct origin {
    fvi_row_made made;
    int end;            /* the softmax's or sigmoid's value */
    int exact;          /* each number is one of end's, in order, perhaps clipped or scaled */
    int plain;          /* the value itself, or the same numbers before they are scaled */
    double times, plus; /* the value's numbers are times * plain + plus */
    int computed; /* FVI_ROW_OF_SCORES: computed from these probabilities or their logarithms */
    int ranks;    /* node that put numbers in order of size */
    int rounds;   /* value of which this one is an increasing function of each number */
    int rounded;  /* that function rounds */
    int flat;     /* a row that was several before it was reshaped */
} origin;

struct fvi_rows {
    const fvi_graph *graph;
    int64_t samples;
    int *axes;  /* [n_values] of channels */
    origin *of; /* [n_values] */
};

static const origin nowhere = {
    .end = -1, .plain = -1, .times = 1, .computed = -1, .ranks = -1, .rounds = -1};

/* ---- shapes --------------------------------------------------------------------------------- */

/* Length of the row of each sample; 0: it is none. */
static int64_t row_length(const fvi_rows *r, int v) {
    const fvi_shape *s = &r->graph->values[v].shape;
    int axis = -1;
    if (s->ndim == 1) return s->dim[0] == r->samples ? 1 : s->dim[0];
    if (s->ndim < 2) return 0;
    for (int i = 1; i < s->ndim; i++) {
        if (s->dim[i] == 1) continue;
        if (axis >= 0) return 0;
        axis = i;
    }
    if (axis >= 0 && axis != r->axes[v]) return 0;
    return axis >= 0 ? s->dim[axis] : 1;
}

static int has_several(const fvi_rows *r, int v) {
    const fvi_shape *s = &r->graph->values[v].shape;
    return s->ndim > 1 && s->dim[0] > r->samples;
}

/* ---- nodes ---------------------------------------------------------------------------------- */

static int is_move(const fvi_node *n) { return n->kind == FVI_RESHAPE || n->kind == FVI_IDENTITY; }

/* The value before one that only moves its elements (reshape, identity); -1 where there is none. */
static int moved_from(const fvi_graph *g, int v) {
    const int producer = g->values[v].producer;
    if (producer < 0) return -1;
    const fvi_node *n = &g->nodes[producer];
    return is_move(n) ? n->in[0] : -1;
}

const fvi_node *fvi_graph_maker(const fvi_graph *g, int v) {
    while (moved_from(g, v) >= 0) v = moved_from(g, v);
    const int producer = g->values[v].producer;
    return producer >= 0 ? &g->nodes[producer] : NULL;
}

int fvi_node_is_sigmoid(const fvi_node *n) {
    return n->kind == FVI_UNARY &&
           (n->a.unary.f == FVI_SIGMOID || n->a.unary.f == FVI_HARD_SIGMOID);
}

/* Whether a BINARY computes with one number that is constant; it is put into *number. */
static int by_number(const fvi_graph *g, const fvi_node *n, int x, double *number) {
    const int other = n->in[0] == x ? n->in[1] : n->in[0];
    const fvi_const *c = g->values[other].constant;
    if (!c || fvi_shape_count(&c->shape) != 1) return 0;
    *number = fvi_const_at(c, 0);
    return 1;
}

/* Whether a node makes p x + q of x, p > 0. */
static int is_affine(const fvi_graph *g, const fvi_node *n, int x, double *p, double *q) {
    double by;
    *p = 1, *q = 0;
    if (n->kind == FVI_UNARY) {
        *p = n->a.unary.p, *q = n->a.unary.q;
        return n->a.unary.f == FVI_LINEAR && *p > 0;
    }
    if (n->kind != FVI_BINARY || !by_number(g, n, x, &by)) return 0;
    switch (n->a.binary.f) {
    case FVI_MUL: *p = by; break;
    case FVI_DIV: *p = n->in[0] == x ? 1 / by : 0; break;
    case FVI_ADD: *q = by; break;
    case FVI_SUB: *p = n->in[0] == x, *q = -by; break;
    default: return 0;
    }
    return *p > 0;
}

static int is_rounding(const fvi_node *n) {
    static const char rounding[FVI_UNARY_COUNT] = {
        [FVI_TRUNC] = 1, [FVI_ROUND] = 1, [FVI_FLOOR] = 1, [FVI_CEIL] = 1};
    return n->kind == FVI_UNARY && rounding[n->a.unary.f];
}

/* Whether a node is an increasing function of each number of x. */
static int is_increasing(const fvi_graph *g, const fvi_node *n, int x) {
    double p, q;
    if (is_move(n) || is_rounding(n) || is_affine(g, n, x, &p, &q)) return 1;
    if (n->kind == FVI_UNARY) return n->a.unary.f == FVI_CLIP || n->a.unary.f == FVI_SATURATE;
    return n->kind == FVI_BINARY && by_number(g, n, x, &p) &&
           (n->a.binary.f == FVI_MIN || n->a.binary.f == FVI_MAX);
}

/* ---- origins -------------------------------------------------------------------------------- */

/* The numbers of x, moved, chosen or clipped.  exact  all of them, in order */
static origin kept(const origin *of, int x, int out, int exact) {
    origin o = of[x];
    if (o.plain == x) o.plain = out;
    o.exact &= exact;
    return o;
}

/* What is computed from x by other arithmetic. */
static origin computed(const origin *of, int x) {
    origin o = nowhere;
    o.computed = of[x].computed >= 0 ? of[x].computed : of[x].end;
    return o;
}

/* p x + q: `plain` has the probabilities. */
static origin moved_by(const origin *of, int x, double p, double q) {
    origin o = of[x];
    if (o.made == FVI_ROW_OF_SCORES) return computed(of, x);
    o.times *= p;
    o.plus = o.plus * p + q;
    return o;
}

static origin made(fvi_row_made how, int out) {
    origin o = nowhere;
    o.made = how;
    o.end = o.plain = out;
    o.exact = 1;
    return o;
}

static origin of_unary(const fvi_graph *g, const fvi_node *n, const origin *of) {
    const int x = n->in[0];
    double p, q;
    if (is_affine(g, n, x, &p, &q)) return moved_by(of, x, p, q);
    if (fvi_node_is_sigmoid(n)) return made(FVI_ROW_OF_SIGMOID, n->out);
    if (n->a.unary.f == FVI_CLIP || n->a.unary.f == FVI_SATURATE) return kept(of, x, n->out, 1);
    if (n->a.unary.f != FVI_LOG || of[x].made != FVI_ROW_OF_SOFTMAX || of[x].plain != x)
        return computed(of, x);
    origin o = kept(of, x, n->out, 1);
    o.made = FVI_ROW_OF_SCORES;
    return o;
}

static origin of_binary(const fvi_graph *g, const fvi_node *n, const origin *of) {
    const int x = fvi_node_running_input(g, n);
    double p, q;
    if (x < 0) return nowhere;
    return is_affine(g, n, x, &p, &q) ? moved_by(of, x, p, q) : computed(of, x);
}

/* Several rows of one kind, one after the other. */
static origin of_concat(const fvi_node *n, const origin *of) {
    for (int i = 1; i < n->n_in; i++)
        if (of[n->in[i]].made != of[n->in[0]].made || of[n->in[i]].plain != n->in[i])
            return nowhere;
    return kept(of, n->in[0], n->out, n->n_in == 1);
}

/* Whether a node that chooses elements keeps all of them in order. */
static int chooses_all(const fvi_graph *g, const fvi_node *n) {
    const fvi_shape *from = &g->values[n->in[0]].shape, *to = &g->values[n->out].shape;
    if (fvi_shape_count(from) != fvi_shape_count(to)) return 0;
    if (n->kind == FVI_GATHER) return fvi_shape_count(&g->values[n->in[1]].shape) == 1;
    for (int i = 0; n->kind == FVI_SLICE && i < to->ndim; i++)
        if (n->a.slice.step[i] != 1 && to->dim[i] > 1) return 0;
    return 1;
}

static origin of_node(const fvi_graph *g, const fvi_node *n, const origin *of) {
    switch (n->kind) {
    case FVI_SOFTMAX:
        return made(n->a.softmax.log ? FVI_ROW_OF_SCORES : FVI_ROW_OF_SOFTMAX, n->out);
    case FVI_UNARY: return of_unary(g, n, of);
    case FVI_BINARY: return of_binary(g, n, of);
    case FVI_CONCAT: return of_concat(n, of);
    case FVI_RESHAPE:
    case FVI_IDENTITY:
    case FVI_TRANSPOSE: return kept(of, n->in[0], n->out, 1);
    case FVI_SLICE:
    case FVI_EXPAND: return kept(of, n->in[0], n->out, chooses_all(g, n));
    case FVI_GATHER:
        return fvi_node_running_input(g, n) == n->in[0]
                   ? kept(of, n->in[0], n->out, chooses_all(g, n))
                   : nowhere;
    default: return nowhere;
    }
}

/* The node that ranks the numbers of n's output, or that ranked them before they were moved. */
static int ranked_by(const fvi_rows *r, const fvi_node *n) {
    const int is_opaque = n->kind == FVI_OPAQUE;
    if (is_opaque && n->a.opaque.gives == FVI_OPAQUE_RANKED) return (int)(n - r->graph->nodes);
    const int moves = is_move(n) || (is_opaque && n->a.opaque.gives == FVI_OPAQUE_MOVED) ||
                      (n->kind == FVI_UNARY && n->a.unary.f == FVI_TRUNC);
    return moves ? r->of[n->in[0]].ranks : -1;
}

/* Adds what ranks or rounds, and whether a row was several. */
static void add_order(const fvi_rows *r, const fvi_node *n, origin *o) {
    const int x = n->n_in ? n->in[0] : -1, one = fvi_node_running_input(r->graph, n);
    o->ranks = o->rounds = -1;
    o->flat = o->rounded = 0;
    if (x < 0) return;
    o->ranks = ranked_by(r, n);
    if (one >= 0 && is_increasing(r->graph, n, one)) {
        o->rounds = r->of[one].rounds >= 0 ? r->of[one].rounds : one;
        o->rounded = r->of[one].rounded || is_rounding(n);
    }
    if (is_move(n) || n->kind == FVI_UNARY || n->kind == FVI_SOFTMAX)
        o->flat = r->of[x].flat || (row_length(r, n->out) && !row_length(r, x));
}

fvi_rows *fvi_rows_new(const fvi_graph *g, int64_t samples) {
    fvi_rows *r = g_new0(fvi_rows, 1);
    *r = (fvi_rows){g, samples, g_new(int, g->n_values + 1), g_new(origin, g->n_values + 1)};
    fvi_graph_channel_axes(g, r->axes);
    for (int v = 0; v < g->n_values; v++) r->of[v] = nowhere;
    for (int i = 0; i < g->n_nodes; i++) {
        const fvi_node *n = &g->nodes[i];
        origin o = of_node(g, n, r->of);
        add_order(r, n, &o);
        r->of[n->out] = o;
    }
    return r;
}

void fvi_rows_free(fvi_rows *r) {
    if (!r) return;
    g_free(r->axes);
    g_free(r->of);
    g_free(r);
}

/* ---- rows ----------------------------------------------------------------------------------- */

/* The row that v ranks or rounds; v itself where it does neither, or it is no row. */
static int row_before(const fvi_rows *r, int v, fvi_row *out) {
    const fvi_graph *g = r->graph;
    const origin *o = &r->of[v];
    if (o->ranks >= 0) {
        const int before = g->nodes[o->ranks].in[0];
        if (!row_length(r, before) || r->of[before].flat) return v;
        out->via = o->ranks;
        return before;
    }
    const int coarse = g->values[v].is_integer || o->rounded;
    if (!coarse || o->rounds < 0 || g->values[o->rounds].is_integer ||
        row_length(r, o->rounds) != row_length(r, v))
        return v;
    out->via = g->values[v].producer;
    return o->rounds;
}

static fvi_row_fault fault_of(const fvi_rows *r, int v) {
    if (r->of[v].ranks >= 0) return FVI_ROW_RANKED;
    if (r->graph->values[v].is_integer) return FVI_ROW_INTEGERS;
    if (!row_length(r, v)) return FVI_ROW_OTHER_SHAPE;
    return has_several(r, v) ? FVI_ROW_SEVERAL : FVI_ROW_FINE;
}

/* The logits before an end, named as a person knows them: as far back as the row keeps its form.
 * -1: they are no such row. */
static int logits_before(const fvi_rows *r, int end, int64_t length) {
    const fvi_graph *g = r->graph;
    int v = g->nodes[g->values[end].producer].in[0];
    if (row_length(r, v) != length) return -1;
    for (int before = moved_from(g, v); before >= 0; before = moved_from(g, v)) {
        if (g->values[before].producer < 0 || row_length(r, before) != length) break;
        v = before;
    }
    return v;
}

/* Whether numbers of an end may be a row of that length: a softmax is over at least so many. */
static int end_fits(const fvi_rows *r, int end, int exact, int64_t length) {
    const fvi_graph *g = r->graph;
    const fvi_node *n = &g->nodes[g->values[end].producer];
    if (n->kind != FVI_SOFTMAX) return 1;
    const int64_t over = g->values[end].shape.dim[n->a.softmax.axis];
    return length == 1 || (exact ? over == length : over >= length);
}

/* Whether a number is still added to the probabilities. */
static int is_shifted(const origin *o) { return fabs(o->plus) > 1e-6 * o->times; }

/* What made the numbers of v, and where they are as they were made. */
static void add_origin(const fvi_rows *r, int v, fvi_row *row) {
    const origin *o = &r->of[v];
    const int is_probability = o->made != FVI_ROW_OF_SCORES;
    row->made = o->made;
    if (is_probability && o->plain != v) {
        if (is_shifted(o) || row_length(r, o->plain) != row->length) {
            row->made = FVI_ROW_OF_SCORES;
            row->computed = o->end;
        } else {
            row->via = r->graph->values[v].producer;
            row->value = o->plain;
        }
    }
    if (o->exact && !is_shifted(o)) row->logits = logits_before(r, o->end, row->length);
    if (row->logits >= 0) row->end = o->end;
}

fvi_row_fault fvi_row_find(const fvi_rows *r, int v, fvi_row *out) {
    fvi_row row = {.value = v, .via = -1, .end = -1, .logits = -1, .computed = -1};
    v = row_before(r, v, &row);
    const fvi_row_fault fault = fault_of(r, v);
    if (fault) return fault;
    const origin *o = &r->of[v];
    row.value = v;
    row.length = row_length(r, v);
    row.computed = o->computed;
    if (o->end >= 0 && end_fits(r, o->end, o->exact, row.length)) add_origin(r, v, &row);
    *out = row;
    return FVI_ROW_FINE;
}
