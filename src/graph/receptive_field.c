/* SPDX-License-Identifier: Apache-2.0 */
/* Receptive fields: which input pixels a node's output depends on, computed forward through the
 * graph.
 *
 * For each picture direction d (0 height, 1 width) a value has the set of its axes that run along
 * d, and an interval: its element at position p depends on the pixels p*jump + first .. p*jump +
 * last. A window op widens that interval by its kernel, a stride multiplies the jump; where
 * branches join, the interval covers both. If all positions are mixed (global pooling, a matrix
 * product, softmax or reduction along d, normalisation over positions) or the axes can no longer be
 * followed, the interval is `whole`, the picture. Results are clipped to the picture's size.
 * Method: Araujo, Norris, Sim, "Computing Receptive Fields of Convolutional Neural Networks", 2019.
 *
 * What it does not do: attention within windows (Swin): it counts as whole.
 */
#include <glib.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "graph/receptive_field.h"

#define PERIOD_MAX (1 << 20)

typedef struct interval {
    unsigned axes; /* bit i: axis i of the value runs along this direction */
    double jump, first, last;
    int whole;
} interval;

typedef struct field {
    int known; /* depends on the picture */
    interval d[2];
} field;

static void whole(interval *r) { r->whole = 1; }

static int single(unsigned bits) { return bits && !(bits & (bits - 1)); }

/* Widens `to` to cover r too; branches with different jumps have no common interval. */
static void interval_join(interval *to, const interval *r) {
    to->axes |= r->axes;
    if (r->whole || (!to->whole && fabs(to->jump - r->jump) > 1e-6)) whole(to);
    to->first = fmin(to->first, r->first);
    to->last = fmax(to->last, r->last);
}

static void field_join(field *to, const field *f) {
    if (!f->known) return;
    if (!to->known) {
        *to = *f;
        return;
    }
    for (int d = 0; d < 2; d++) interval_join(&to->d[d], &f->d[d]);
}

/* All positions along the axes in `bits` are mixed. */
static void mix(field *f, unsigned bits) {
    for (int d = 0; d < 2; d++)
        if (f->d[d].axes & bits) whole(&f->d[d]);
}

/* Bits of axes from `from` on. */
static unsigned from_axis(int from) { return ~0u << from; }

/* ---- windows -------------------------------------------------------------------------------- */

/* The element at p now depends on elements p*stride + lo .. p*stride + hi of the input. */
static void slide(interval *r, double lo, double hi, double stride) {
    r->first += lo * r->jump;
    r->last += hi * r->jump;
    r->jump *= stride;
}

static void slide_axis(field *f, int axis, double lo, double hi, double stride) {
    unsigned bit = 1u << axis;
    int shared = (f->d[0].axes & bit) && (f->d[1].axes & bit);
    for (int d = 0; d < 2; d++) {
        if (!(f->d[d].axes & bit)) continue;
        if (shared || !single(f->d[d].axes)) {
            if (lo != hi || stride != 1) whole(&f->d[d]);
        } else {
            slide(&f->d[d], lo, hi, stride);
        }
    }
}

static void through_window(field *f, const fvi_window *w, fvi_kind kind) {
    if (kind == FVI_CONV || kind == FVI_CONV_TRANSPOSE) mix(f, 2); /* all channels */
    if (w->global) mix(f, from_axis(2));
    for (int i = 0; i < w->n && !w->global; i++) {
        double span = (double)(w->kernel[i] - 1) * (double)w->dilation[i];
        double stride = (double)w->stride[i], lo = (double)w->pad_lo[i];
        if (kind == FVI_CONV_TRANSPOSE) { /* output q = p*stride - lo + k*dilation */
            double middle = (lo - span / 2) / stride, half = floor(span / stride) / 2;
            slide_axis(f, 2 + i, middle - half, middle + half, 1 / stride);
        } else {
            slide_axis(f, 2 + i, -lo, span - lo, stride);
        }
    }
}

static void through_resize(field *f, const fvi_node *n, const fvi_shape *in, const fvi_shape *out) {
    for (int i = 0; i < in->ndim; i++) {
        int entries = n->a.resize.axis[i].entries;
        if (!entries || !out->dim[i]) continue;
        double ratio = (double)in->dim[i] / (double)out->dim[i];
        double middle = (ratio - 1) / 2, half = (entries - 1) / 2.0;
        slide_axis(f, i, middle - half, middle + half, ratio);
    }
}

static void through_slice(field *f, const fvi_node *n, int ndim) {
    for (int i = 0; i < ndim; i++) {
        double start = (double)n->a.slice.start[i], step = (double)n->a.slice.step[i];
        if (step < 0)
            mix(f, 1u << i);
        else
            slide_axis(f, i, start, start, step);
    }
}

/* ---- axes that move ------------------------------------------------------------------------- */

static void move_axes(field *f, unsigned (*to)(unsigned, const void *), const void *how) {
    for (int d = 0; d < 2; d++) f->d[d].axes = to(f->d[d].axes, how);
}

typedef struct perm {
    const int *p;
    int n;
} perm;

static unsigned transposed(unsigned bits, const void *how) {
    const perm *m = how;
    unsigned r = 0;
    for (int i = 0; i < m->n; i++)
        if (bits & 1u << m->p[i]) r |= 1u << i;
    return r;
}

/* Broadcasting aligns axes at the right end. */
static unsigned shifted(unsigned bits, const void *how) { return bits << *(const int *)how; }

typedef struct shapes {
    const fvi_shape *in, *out;
} shapes;

/* Groups of axes with equal products correspond: [3][h*w] and [3][h][w]. An axis of a group that
 * was split or merged may run along each of the axes that result. */
static unsigned reshaped(unsigned bits, const void *how) {
    const fvi_shape *a = ((const shapes *)how)->in, *b = ((const shapes *)how)->out;
    unsigned r = 0;
    int i = 0, k = 0;
    while (i < a->ndim || k < b->ndim) {
        int64_t pa = i < a->ndim ? a->dim[i] : 1, pb = k < b->ndim ? b->dim[k] : 1;
        unsigned ga = i < a->ndim ? 1u << i : 0, gb = k < b->ndim ? 1u << k : 0;
        i++, k++;
        while (pa != pb) {
            if (pa < pb && i < a->ndim)
                ga |= 1u << i, pa *= a->dim[i++];
            else if (pb < pa && k < b->ndim)
                gb |= 1u << k, pb *= b->dim[k++];
            else
                break; /* empty tensors */
        }
        if (bits & ga) r |= gb;
    }
    return r;
}

static unsigned without_axes(unsigned bits, const void *how) {
    unsigned gone = *(const unsigned *)how, r = 0;
    for (int i = 0, k = 0; i < FVI_MAX_DIMS; i++) {
        if (gone & 1u << i) continue;
        if (bits & 1u << i) r |= 1u << k;
        k++;
    }
    return r;
}

/* An axis is replaced by `n` axes, none of which runs along the picture. */
typedef struct replaced_axis {
    int axis, n;
} replaced_axis;

static unsigned with_axis_replaced(unsigned bits, const void *how) {
    const replaced_axis *g = how;
    unsigned low = bits & ((1u << g->axis) - 1), high = bits >> (g->axis + 1);
    return low | high << (g->axis + g->n);
}

static void through_reduce(field *f, const fvi_node *n) {
    unsigned axes = n->a.reduce.axes;
    mix(f, axes);
    if (!n->a.reduce.keepdims) move_axes(f, without_axes, &axes);
}

/* ---- matrix products ------------------------------------------------------------------------ */

/* One operand of a product: axis `contracted` is summed over, its other matrix axis becomes `to`.
 */
static void through_operand(field *f, int ndim, int out_ndim, int contracted, int kept, int to) {
    if (ndim < 2) {
        mix(f, ~0u);
        return;
    }
    mix(f, 1u << contracted);
    for (int d = 0; d < 2; d++) {
        unsigned bits = f->d[d].axes, r = 0;
        for (int i = 0; i < ndim - 2; i++)
            if (bits & 1u << i) r |= 1u << (i + out_ndim - ndim);
        if (bits & 1u << kept) r |= 1u << to;
        f->d[d].axes = r;
    }
}

static field through_matmul(const fvi_graph *g, const fvi_node *n, const field *in) {
    int na = g->values[n->in[0]].shape.ndim, nb = g->values[n->in[1]].shape.ndim;
    int no = g->values[n->out].shape.ndim, ta = n->a.matmul.trans_a, tb = n->a.matmul.trans_b;
    field a = in[0], b = in[1];
    if (a.known) through_operand(&a, na, no, ta ? na - 2 : na - 1, ta ? na - 1 : na - 2, no - 2);
    if (b.known) through_operand(&b, nb, no, tb ? nb - 1 : nb - 2, tb ? nb - 2 : nb - 1, no - 1);
    if (a.known && b.known && (a.d[0].axes != b.d[0].axes || a.d[1].axes != b.d[1].axes))
        mix(&a, ~0u), mix(&b, ~0u); /* every position with every other: attention */
    field_join(&a, &b);
    return a;
}

/* ---- nodes ---------------------------------------------------------------------------------- */

/* Joins the inputs of an element-wise op, with their axes aligned by broadcasting. */
static field join_inputs(const fvi_graph *g, const fvi_node *n, const field *value) {
    field r = {0};
    int ndim = g->values[n->out].shape.ndim;
    for (int i = 0; i < n->n_in; i++) {
        if (n->in[i] < 0) continue;
        field f = value[n->in[i]];
        int by = ndim - g->values[n->in[i]].shape.ndim;
        if (f.known && by > 0) move_axes(&f, shifted, &by);
        field_join(&r, &f);
    }
    return r;
}

/* ---- the rules of kinds.def: *f is that of input 0, and becomes the output's ---- */

typedef void (*rule)(const fvi_graph *g, const fvi_node *n, const field *value, field *f);
#define RULE(name) \
    static void field_##name(const fvi_graph *g, const fvi_node *n, const field *value, field *f)
#define UNUSED(...) ((void)(g), (void)(n), (void)(value), (void)(f))

RULE(same) { UNUSED(); }

RULE(window) {
    UNUSED();
    through_window(f, &n->a.window, n->kind);
}

RULE(lrn) {
    const double half = (double)(n->a.lrn.size - 1) / 2;
    UNUSED();
    slide_axis(f, 1, -half, half, 1);
}

RULE(group_norm) {
    UNUSED();
    mix(f, from_axis(1));
}

RULE(layer_norm) {
    UNUSED();
    mix(f, from_axis(n->a.norm.axis));
}

RULE(softmax) {
    UNUSED();
    mix(f, 1u << n->a.softmax.axis);
}

RULE(reduce) {
    UNUSED();
    through_reduce(f, n);
}

RULE(matmul) { *f = through_matmul(g, n, (field[2]){value[n->in[0]], value[n->in[1]]}); }

RULE(joined) { *f = join_inputs(g, n, value); }

RULE(reshape) {
    UNUSED();
    move_axes(f, reshaped, &(shapes){&g->values[n->in[0]].shape, &g->values[n->out].shape});
}

RULE(transpose) {
    UNUSED();
    move_axes(f, transposed, &(perm){n->a.transpose.perm, g->values[n->in[0]].shape.ndim});
}

RULE(expand) {
    UNUSED();
    move_axes(f, shifted, &(int){g->values[n->out].shape.ndim - g->values[n->in[0]].shape.ndim});
}

RULE(resize) {
    UNUSED();
    through_resize(f, n, &g->values[n->in[0]].shape, &g->values[n->out].shape);
}

RULE(slice) {
    UNUSED();
    through_slice(f, n, g->values[n->in[0]].shape.ndim);
}

RULE(gather) {
    UNUSED();
    replaced_axis r = {n->a.axis.axis, g->values[n->in[1]].shape.ndim};
    move_axes(f, with_axis_replaced, &r);
}

RULE(pad) {
    UNUSED();
    for (int i = 0; i < g->values[n->in[0]].shape.ndim; i++)
        slide_axis(f, i, -(double)n->a.pad.lo[i], -(double)n->a.pad.lo[i], 1);
}

RULE(grid_sample) {
    UNUSED();
    if (!f->known) *f = value[n->in[1]];
    mix(f, ~0u);
}

RULE(recurrent) {
    UNUSED();
    mix(f, 1u | 4u);
}

RULE(opaque) {
    UNUSED();
    *f = (field){0};
}

static const rule rules[FVI_KIND_COUNT] = {
#define FVI_KIND(NAME, file, traits, fold, channels, batch, field, ...) \
    [FVI_##NAME] = field_##field,
#include "graph/kinds.def"
#undef FVI_KIND
};

static field through_node(const fvi_graph *g, const fvi_node *n, const field *value) {
    field f = value[n->in[0]];
    if (f.known || fvi_kind_has(n->kind, FVI_SEVERAL)) rules[n->kind](g, n, value, &f);
    return f;
}

static int64_t pixels(const interval *r, int64_t size) {
    double n = round(r->last - r->first + 1);
    return r->whole || n >= (double)size ? size : n < 1 ? 1 : (int64_t)n;
}

/* The fields of all values, [n_values]; free with g_free. NULL when out of memory. */
static field *trace(const fvi_graph *g, int input, const int axis[2]) {
    field *value = g_try_new0(field, (gsize)g->n_values + 1);
    if (!value) return NULL;
    value[input].known = 1;
    for (int d = 0; d < 2; d++) value[input].d[d] = (interval){.axes = 1u << axis[d], .jump = 1};
    for (int i = 0; i < g->n_nodes; i++) {
        const fvi_node *n = &g->nodes[i];
        if (n->n_in > 0 && n->in[0] >= 0) value[n->out] = through_node(g, n, value);
    }
    return value;
}

fv_status fvi_graph_receptive_sizes(const fvi_graph *g, int input, int axis_y, int axis_x,
                                    int64_t (*out)[2], fv_error *err) {
    const int axis[2] = {axis_y, axis_x};
    field *value = trace(g, input, axis);
    if (!value) return fvi_fail(err, FV_NOMEM, "no memory for %d receptive fields", g->n_values);
    for (int i = 0; i < g->n_nodes; i++) {
        const field *f = &value[g->nodes[i].out];
        for (int d = 0; d < 2; d++)
            out[i][d] = f->known ? pixels(&f->d[d], g->values[input].shape.dim[axis[d]]) : 0;
    }
    g_free(value);
    return FV_OK;
}

/* The first of the picture's two spatial axes in an input of pictures, or -1. */
static int picture_axis(const fvi_graph *g, const fv_input *in, int *input) {
    *input = in->is_image ? fvi_graph_find(g, in->name) : -1;
    if (*input < 0 || g->values[*input].shape.ndim != 4) return -1;
    return in->channels_last ? 1 : 2;
}

/* The only axis in a set, or -1. */
static int axis_of(unsigned axes) {
    int axis = 0;
    if (!single(axes)) return -1;
    while (!(axes & 1u << axis)) axis++;
    return axis;
}

/* Whether a node combines its input with constants that differ by position in the picture (position
 * embeddings, coordinates): a crop of the picture would be combined with those of other positions.
 */
static int depends_on_position(const fvi_graph *g, const fvi_node *n, const field *value) {
    const fvi_shape *out = &g->values[n->out].shape;
    if (n->kind != FVI_BINARY && n->kind != FVI_WHERE && n->kind != FVI_CONCAT) return 0;
    const unsigned axes = value[n->out].d[0].axes | value[n->out].d[1].axes;
    for (int i = 0; i < n->n_in && value[n->out].known; i++) {
        if (n->in[i] < 0 || value[n->in[i]].known) continue;
        const fvi_shape *own = &g->values[n->in[i]].shape;
        for (int k = 0; k < own->ndim; k++)
            if (own->dim[k] > 1 && axes >> (k + out->ndim - own->ndim) & 1) return 1;
    }
    return 0;
}

/* Whether the interval of a node's result is exact to the pixel, also for a crop of the picture.
 * For resizing and transposed convolutions only its middle is known, slices may begin at a fraction
 * of the size, and reshaping may merge other axes with those of the picture. */
static int is_exact(const fvi_graph *g, const fvi_node *n, const field *value) {
    const field *from = &value[n->in[0]], *to = &value[n->out];
    const fvi_shape *in = &g->values[n->in[0]].shape, *out = &g->values[n->out].shape;
    if (n->kind == FVI_CONV_TRANSPOSE) return 0;
    for (int d = 0; d < 2; d++) {
        if (!from->known || from->d[d].whole) continue;
        const int before = axis_of(from->d[d].axes), after = axis_of(to->d[d].axes);
        if (n->kind == FVI_RESIZE && (before < 0 || n->a.resize.axis[before].entries)) return 0;
        if (n->kind == FVI_SLICE && (before < 0 || n->a.slice.start[before])) return 0;
        if (n->kind == FVI_RESHAPE &&
            (before < 0 || after < 0 || in->dim[before] != out->dim[after]))
            return 0;
    }
    return 1;
}

/* The longest jump of all values, if all others divide it; else 0. */
static double common_jump(const fvi_graph *g, const field *value) {
    double longest = 1;
    int divides = 1;
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < 2 * g->n_values; i++) {
            const interval *r = &value[i / 2].d[i % 2];
            if (!value[i / 2].known || r->whole) continue;
            if (!pass) longest = fmax(longest, r->jump);
            if (pass && (r->jump < 1 || fmod(longest, r->jump) != 0)) divides = 0;
        }
    return divides && longest == floor(longest) && longest < PERIOD_MAX ? longest : 0;
}

fv_status fvi_graph_total_stride(const fvi_graph *g, const fv_input *in, int64_t *out,
                                 fv_error *err) {
    int input, y = picture_axis(g, in, &input);
    *out = 0;
    if (y < 0) return FV_OK;
    field *value = trace(g, input, (const int[2]){y, y + 1});
    if (!value) return fvi_fail(err, FV_NOMEM, "no memory for %d receptive fields", g->n_values);
    *out = (int64_t)common_jump(g, value);
    for (int i = 0; i < g->n_nodes; i++)
        if (g->nodes[i].n_in > 0 && g->nodes[i].in[0] >= 0 &&
            (depends_on_position(g, &g->nodes[i], value) || !is_exact(g, &g->nodes[i], value)))
            *out = 0;
    g_free(value);
    return FV_OK;
}

fv_status fvi_graph_receptive_field(const fvi_graph *g, const fv_input *in, int v,
                                    fvi_receptive_field out[2], fv_error *err) {
    int input, y = picture_axis(g, in, &input);
    const int axis[2] = {y, y + 1};
    out[0] = out[1] = (fvi_receptive_field){.axis = -1};
    if (y < 0) return FV_OK;
    field *fields = trace(g, input, axis);
    if (!fields) return fvi_fail(err, FV_NOMEM, "no memory for %d receptive fields", g->n_values);
    for (int d = 0; d < 2 && fields[v].known; d++) {
        const interval *r = &fields[v].d[d];
        if (!r->whole) out[d] = (fvi_receptive_field){axis_of(r->axes), r->jump, r->first, r->last};
    }
    g_free(fields);
    return FV_OK;
}
