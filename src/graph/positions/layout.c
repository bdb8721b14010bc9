/* SPDX-License-Identifier: Apache-2.0 */
/* Follows the positions of the picture through a graph.
 *
 * Every axis of a value is written as a mixed-radix number whose digits count rows, columns,
 * samples, or something else (channels, heads), after a number of elements that are no positions.
 * A convolution's map has one digit an axis; [n][tokens][channels] has rows and columns as two
 * digits of axis 1, after the class token that was concatenated before them; windows split rows
 * into windows and rows within. Reshapes regroup digits, transposes move them, products keep those
 * of the axes they keep, and what is summed over is gone. A cyclic shift, which files write as two
 * slices and a concatenation, is a start that is not 0.
 *
 * Element-wise operations of a map and a value that is not followed keep the map's positions: a
 * position embedding, or a residual branch that mixes positions.
 *
 * What it does not do: follow flips, gathers by position other than of patches side by side, or
 * several maps in one axis (a detector's scales, concatenated); there the positions are lost, never
 * guessed.
 */
#include "graph/positions/layout.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "graph/const.h"

static const fvi_shape *shape_of(const fvi_graph *g, int v) { return &g->values[v].shape; }

int fvi_axis_has(const fvi_axis_layout *a, fvi_direction direction) {
    for (int i = 0; i < a->n; i++)
        if (a->piece[i].direction == direction) return 1;
    return 0;
}

static int has_positions(const fvi_axis_layout *a) {
    return fvi_axis_has(a, FVI_ROWS) || fvi_axis_has(a, FVI_COLUMNS);
}

/* Whether an axis counts anything that is followed. */
static int is_followed(const fvi_axis_layout *a) {
    return has_positions(a) || fvi_axis_has(a, FVI_SAMPLES);
}

static fvi_axis_layout plain_axis(int64_t size) {
    return (fvi_axis_layout){.n = size != 1, .piece = {{FVI_NO_DIRECTION, size, 1}}};
}

static fvi_axis_layout counting(fvi_direction d, int64_t size) {
    return (fvi_axis_layout){.n = size != 1, .piece = {{d, size, 1}}};
}

static fvi_layout_frame whole_frame(int64_t cells, fvi_stretch over, fvi_stretch seen) {
    return (fvi_layout_frame){.extent = cells, .cells = cells, .over = over, .seen = seen};
}

fvi_stretch fvi_frame_stretch(const fvi_layout_frame *f, double from, double to) {
    const double cell = (f->over.high - f->over.low) / (double)f->cells;
    return (fvi_stretch){f->over.low + (from - (double)f->pad) * cell,
                         f->over.low + (to - (double)f->pad) * cell};
}

/* How many pieces of all axes count along d. */
static int pieces_along(const fvi_layout *l, int ndim, fvi_direction d) {
    int n = 0;
    for (int i = 0; i < ndim; i++)
        for (int k = 0; k < l->axis[i].n; k++) n += l->axis[i].piece[k].direction == d;
    return n;
}

/* Whether a value's axes count rows or columns. */
static int has_map(const fvi_layout *l, int ndim) {
    return l->known && pieces_along(l, ndim, FVI_ROWS) + pieces_along(l, ndim, FVI_COLUMNS) > 0;
}

/* The direction that an axis counts alone and with one piece, or NO_DIRECTION. */
static fvi_direction only_direction(const fvi_layout *l, int ndim, int axis) {
    const fvi_axis_layout *a = &l->axis[axis];
    if (a->n != 1 || a->before || a->after || a->piece[0].direction > FVI_COLUMNS)
        return FVI_NO_DIRECTION;
    const fvi_direction d = a->piece[0].direction;
    return pieces_along(l, ndim, d) == 1 ? d : FVI_NO_DIRECTION;
}

/* The smallest step along d; 0: no piece counts along it. */
static int64_t least_step(const fvi_layout *l, int ndim, fvi_direction d) {
    int64_t step = 0;
    for (int i = 0; i < ndim; i++)
        for (int k = 0; k < l->axis[i].n; k++)
            if (l->axis[i].piece[k].direction == d && (!step || l->axis[i].piece[k].step < step))
                step = l->axis[i].piece[k].step;
    return step;
}

/* Counts rows in the steps that all pieces and the frame have in common: what was every second row
 * of a map is each row of a smaller one. */
static void simplify_frame(fvi_layout *l, int ndim, fvi_direction d) {
    fvi_layout_frame *f = &l->frame[d];
    const int64_t unit = least_step(l, ndim, d);
    if (unit < 2 || f->extent % unit || f->cells % unit || f->pad % unit) return;
    fvi_layout simple = *l;
    for (int i = 0; i < ndim; i++)
        for (int k = 0; k < l->axis[i].n; k++) {
            fvi_layout_piece *p = &simple.axis[i].piece[k];
            if (p->direction != d) continue;
            if (p->step % unit) return;
            p->step /= unit;
        }
    *l = simple;
    f->extent /= unit;
    f->cells /= unit;
    f->pad /= unit;
    f->start /= unit;
}

/* An axis becomes a map's rows or columns of its own. */
static void begin_frame(fvi_layout *l, int axis, fvi_direction d, int64_t size, fvi_stretch over,
                        fvi_stretch seen) {
    l->axis[axis] = counting(d, size);
    l->frame[d] = whole_frame(size, over, seen);
}

/* The same, of a map that has none yet. */
static void begin_whole(fvi_layout *l, int axis, fvi_direction d, int64_t size) {
    begin_frame(l, axis, d, size, (fvi_stretch){0, 1}, (fvi_stretch){0, 1});
}

/* ---- joining operands ----------------------------------------------------------------------- */

/* Whether two frames count the same rows; starts may differ by less than a step (the even and the
 * odd rows of a map are one map of half the height). */
static int same_frame(const fvi_layout_frame *a, const fvi_layout_frame *b, int64_t step) {
    const int64_t apart = a->start > b->start ? a->start - b->start : b->start - a->start;
    return a->extent == b->extent && a->cells == b->cells && a->pad == b->pad && apart < step;
}

static int same_axis(const fvi_axis_layout *a, const fvi_axis_layout *b) {
    if (a->n != b->n || a->before != b->before || a->after != b->after) return 0;
    for (int i = 0; i < a->n; i++)
        if (a->piece[i].direction != b->piece[i].direction ||
            a->piece[i].size != b->piece[i].size || a->piece[i].step != b->piece[i].step)
            return 0;
    return 1;
}

/* Takes over the frames of b that a has none of. Returns 0 if they contradict each other. */
static int join_frames(fvi_layout *a, const fvi_layout *b, int ndim, int b_ndim) {
    for (int d = FVI_ROWS; d <= FVI_COLUMNS; d++) {
        const int64_t step = least_step(a, ndim, (fvi_direction)d);
        if (!least_step(b, b_ndim, (fvi_direction)d)) continue;
        if (!step)
            a->frame[d] = b->frame[d];
        else if (!same_frame(&a->frame[d], &b->frame[d], step))
            return 0;
        a->frame[d].seen.low = fmin(a->frame[d].seen.low, b->frame[d].seen.low);
        a->frame[d].seen.high = fmax(a->frame[d].seen.high, b->frame[d].seen.high);
    }
    a->picture |= b->picture;
    return 1;
}

/* Joins the layout of an operand to that of the result; axis i of the result is axis i - shift of
 * the operand. Axis `skip` is left alone. */
static int join(fvi_layout *r, const fvi_shape *out, const fvi_layout *x, const fvi_shape *own,
                int skip) {
    const int shift = out->ndim - own->ndim;
    if (!join_frames(r, x, out->ndim, own->ndim)) return 0;
    for (int i = shift > 0 ? shift : 0; i < out->ndim; i++) {
        const fvi_axis_layout *a = &x->axis[i - shift];
        if (i == skip || own->dim[i - shift] != out->dim[i] || !is_followed(a)) continue;
        if (!is_followed(&r->axis[i]))
            r->axis[i] = *a;
        else if (!same_axis(&r->axis[i], a))
            return 0;
    }
    return 1;
}

static void begin_join(fvi_layout *r, const fvi_shape *out) {
    *r = (fvi_layout){.known = 1};
    for (int i = 0; i < out->ndim; i++) r->axis[i] = plain_axis(out->dim[i]);
}

/* ---- the rules of kinds.def (column `field`): *l is the layout of input 0, and becomes the
 * output's ---- */

typedef void (*rule)(const fvi_graph *g, const fvi_node *n, const fvi_layout *value, fvi_layout *l);
#define RULE(name)                                                                            \
    static void layout_##name(const fvi_graph *g, const fvi_node *n, const fvi_layout *value, \
                              fvi_layout *l)
#define UNUSED() ((void)(g), (void)(n), (void)(value), (void)(l))

RULE(same) { UNUSED(); }
RULE(lrn) { UNUSED(); }
RULE(group_norm) { UNUSED(); }
RULE(layer_norm) { UNUSED(); }
RULE(softmax) { UNUSED(); }

RULE(opaque) {
    UNUSED();
    l->known = 0;
}

/* Rows and columns of a map of its own: 2 and 3 of [n][c][h][w]. */
static void begin_map(fvi_layout *l, const fvi_shape *out) {
    if (!l->known) begin_join(l, out);
    l->picture = 0;
    begin_whole(l, 2, FVI_ROWS, out->dim[2]);
    begin_whole(l, 3, FVI_COLUMNS, out->dim[3]);
}

/* Windows along an axis: window i is `span` elements from i*stride - before on. */
typedef struct sliding {
    double before, span, stride;
} sliding;

/* The elements of an axis that its `size` windows lie over, each the stride around its middle. If
 * that is less than a stride from the elements that are no padding, at both ends, it is them: as
 * many windows as fit lie over all of a map. `s` NULL: over all elements. */
static fvi_stretch slid_over(const fvi_layout_frame *f, const fvi_axis_layout *a, int64_t length,
                             int64_t size, const sliding *s) {
    fvi_stretch all = {0, (double)length}, by;
    const double step = a->n ? (double)a->piece[0].step : 1;
    if (!s) return all;
    by.low = (s->span - s->stride) / 2 - s->before;
    by.high = by.low + s->stride * (double)size;
    if (a->n == 1 && (double)length * step == (double)f->extent && !f->start) {
        all.low = (double)f->pad / step;
        all.high = all.low + (double)f->cells / step;
    }
    return fabs(by.low - all.low) < s->stride && fabs(by.high - all.high) < s->stride ? all : by;
}

/* A window slides along an axis; as many windows as elements keep their positions. */
static void slide(fvi_layout *l, const fvi_shape *in, const fvi_shape *out, int axis,
                  const sliding *s) {
    fvi_axis_layout *a = &l->axis[axis];
    if (in->dim[axis] == out->dim[axis]) return;
    const int rows = fvi_axis_has(a, FVI_ROWS), columns = fvi_axis_has(a, FVI_COLUMNS);
    const fvi_direction d = rows ? FVI_ROWS : FVI_COLUMNS;
    if (rows != columns && !fvi_axis_has(a, FVI_SAMPLES) && pieces_along(l, in->ndim, d) == a->n) {
        const fvi_layout_frame *f = &l->frame[d];
        const double step = (double)a->piece[a->n - 1].step, start = (double)f->start;
        const fvi_stretch by = slid_over(f, a, in->dim[axis], out->dim[axis], s);
        begin_frame(l, axis, d, out->dim[axis],
                    fvi_frame_stretch(f, start + by.low * step, start + by.high * step), f->seen);
    } else
        *a = plain_axis(out->dim[axis]);
}

RULE(window) {
    const fvi_shape *in = shape_of(g, n->in[0]), *out = shape_of(g, n->out);
    (void)value;
    if (l->known && in->ndim == out->ndim) {
        if (n->kind == FVI_CONV || n->kind == FVI_CONV_TRANSPOSE)
            l->axis[1] = plain_axis(out->dim[1]);
        for (int i = 2; i < out->ndim; i++) {
            const fvi_window *w = &n->a.window;
            const int of_positions = n->kind != FVI_CONV_TRANSPOSE && !w->global && i - 2 < w->n;
            sliding s = {0};
            if (of_positions)
                s = (sliding){(double)w->pad_lo[i - 2],
                              (double)((w->kernel[i - 2] - 1) * w->dilation[i - 2] + 1),
                              (double)w->stride[i - 2]};
            slide(l, in, out, i, of_positions ? &s : NULL);
        }
    }
    if (out->ndim == 4 && !has_map(l, out->ndim)) begin_map(l, out);
}

RULE(grid_sample) {
    UNUSED();
    l->known = 0;
    if (shape_of(g, n->out)->ndim == 4) begin_map(l, shape_of(g, n->out));
}

RULE(resize) {
    const fvi_shape *in = shape_of(g, n->in[0]), *out = shape_of(g, n->out);
    int axis[FVI_MAX_DIMS], changed = 0;
    (void)value;
    for (int i = 0; i < out->ndim; i++)
        if (n->a.resize.axis[i].entries) axis[changed++] = i;
    if (has_map(l, out->ndim)) {
        for (int i = 0; i < changed; i++) slide(l, in, out, axis[i], NULL);
    } else if (changed == 2 && out->ndim == 4) {
        if (!l->known) begin_join(l, out);
        l->picture = 0;
        begin_whole(l, axis[0], FVI_ROWS, out->dim[axis[0]]);
        begin_whole(l, axis[1], FVI_COLUMNS, out->dim[axis[1]]);
    }
}

RULE(recurrent) {
    (void)value;
    for (int i = 1; i < shape_of(g, n->out)->ndim; i++)
        l->axis[i] = plain_axis(shape_of(g, n->out)->dim[i]);
}

RULE(transpose) {
    const fvi_layout from = *l;
    (void)value;
    for (int i = 0; i < shape_of(g, n->out)->ndim; i++)
        l->axis[i] = from.axis[n->a.transpose.perm[i]];
}

RULE(expand) {
    const fvi_layout from = *l;
    (void)value;
    begin_join(l, shape_of(g, n->out));
    l->known = join(l, shape_of(g, n->out), &from, shape_of(g, n->in[0]), -1);
}

RULE(reduce) {
    const fvi_layout from = *l;
    int to = 0;
    (void)value;
    for (int i = 0; i < shape_of(g, n->in[0])->ndim; i++) {
        const int reduced = n->a.reduce.axes >> i & 1;
        if (!reduced) l->axis[to++] = from.axis[i];
        if (reduced && n->a.reduce.keepdims) l->axis[to++] = plain_axis(1);
    }
}

/* Whether indices are the numbers 0 .. size-1, each once, of which their axes are the digits; then
 * step[i] is what axis i counts in. So files write patches that do not overlap (im2col). */
static int are_digits(const fvi_const *indices, int64_t size, int64_t step[FVI_MAX_DIMS]) {
    const int n = indices ? indices->shape.ndim : 0;
    int64_t stride = 1, unit = 1;
    if (n < 2 || fvi_shape_count(&indices->shape) != size) return 0;
    for (int i = n - 1; i >= 0; i--) {
        const int64_t dim = indices->shape.dim[i];
        step[i] = dim > 1 ? (int64_t)fvi_const_at(indices, stride) : 0;
        stride *= dim;
    }
    for (int i = 0; i < n; i++) /* from the least digit up */
        if (step[i] == unit && unit < size) {
            unit *= indices->shape.dim[i];
            i = -1;
        }
    for (int64_t k = 0; unit == size && k < size; k++) {
        int64_t left = k, sum = 0;
        for (int i = n - 1; i >= 0; i--) {
            sum += left % indices->shape.dim[i] * step[i];
            left /= indices->shape.dim[i];
        }
        if (fvi_const_at(indices, k) != (double)sum) return 0;
    }
    return unit == size;
}

RULE(gather) {
    const fvi_layout from = *l;
    const fvi_const *indices = g->values[n->in[1]].constant;
    const int at = n->a.axis.axis, more = shape_of(g, n->in[1])->ndim - 1;
    const fvi_shape *out = shape_of(g, n->out);
    const fvi_axis_layout *a = &from.axis[at];
    const fvi_layout_piece *p = &a->piece[0];
    int64_t step[FVI_MAX_DIMS];
    (void)value;
    const int splits = a->n == 1 && !a->before && !a->after && p->direction <= FVI_COLUMNS &&
                       are_digits(indices, p->size, step);
    for (int i = 0; i < out->ndim; i++) {
        const int own = i < at ? i : i - more;
        l->axis[i] = i >= at && i <= at + more ? plain_axis(out->dim[i]) : from.axis[own];
    }
    for (int i = 0; splits && i <= more; i++) {
        l->axis[at + i] = counting(p->direction, out->dim[at + i]);
        l->axis[at + i].piece[0].step = p->step * step[i];
    }
}

/* Counts what a slice leaves out at either end as cropped off the picture. */
static void crop_frame(fvi_layout_frame *f, int64_t from, int64_t to, int64_t step) {
    const fvi_stretch s = fvi_frame_stretch(f, (double)from, (double)to);
    if (from >= f->pad + step) f->seen.low = fmax(f->seen.low, s.low);
    if (to <= f->pad + f->cells - step) f->seen.high = fmin(f->seen.high, s.high);
}

/* Part of an axis: its positions stay if all of them are in the part, or if it is one piece. */
static void slice_axis(fvi_layout *l, int ndim, int axis, int64_t start, int64_t step,
                       const int64_t size[2]) {
    fvi_axis_layout *a = &l->axis[axis];
    const fvi_direction d = only_direction(l, ndim, axis);
    if (d != FVI_NO_DIRECTION && step > 0) {
        fvi_layout_frame *f = &l->frame[d];
        f->start = (f->start + start * a->piece[0].step) % f->extent;
        a->piece[0].size = size[1];
        a->piece[0].step *= step;
        crop_frame(f, f->start, f->start + size[1] * a->piece[0].step, a->piece[0].step);
        if (f->start == f->pad && size[1] * a->piece[0].step == f->cells)
            *f = whole_frame(f->cells, f->over, f->seen);
    } else if (is_followed(a) && step == 1 && start <= a->before &&
               start + size[1] >= size[0] - a->after) {
        a->before -= start;
        a->after -= size[0] - start - size[1];
    } else {
        *a = plain_axis(size[1]);
    }
}

RULE(slice) {
    const fvi_shape *in = shape_of(g, n->in[0]), *out = shape_of(g, n->out);
    (void)value;
    for (int i = 0; i < in->ndim; i++)
        if (n->a.slice.start[i] || n->a.slice.step[i] != 1 || in->dim[i] != out->dim[i])
            slice_axis(l, in->ndim, i, n->a.slice.start[i], n->a.slice.step[i],
                       (const int64_t[2]){in->dim[i], out->dim[i]});
}

static void pad_axis(fvi_layout *l, int ndim, int axis, int64_t lo, int64_t hi, int64_t size) {
    fvi_axis_layout *a = &l->axis[axis];
    const fvi_direction d = only_direction(l, ndim, axis);
    const int64_t step = d == FVI_NO_DIRECTION ? 0 : a->piece[0].step;
    if (!is_followed(a)) {
        *a = plain_axis(size);
    } else if (step && !l->frame[d].start && a->piece[0].size * step == l->frame[d].extent) {
        l->frame[d].extent += (lo + hi) * step;
        l->frame[d].pad += lo * step;
        a->piece[0].size += lo + hi;
    } else {
        a->before += lo;
        a->after += hi;
    }
}

/* Negative padding is a slice. */
RULE(pad) {
    const fvi_shape *in = shape_of(g, n->in[0]), *out = shape_of(g, n->out);
    (void)value;
    for (int i = 0; i < in->ndim; i++) {
        const int64_t lo = n->a.pad.lo[i], hi = n->a.pad.hi[i];
        const int64_t cut = lo < 0 ? -lo : 0, left = in->dim[i] - cut - (hi < 0 ? -hi : 0);
        if (lo < 0 || hi < 0)
            slice_axis(l, in->ndim, i, cut, 1, (const int64_t[2]){in->dim[i], left});
        if (lo > 0 || hi > 0)
            pad_axis(l, in->ndim, i, lo > 0 ? lo : 0, hi > 0 ? hi : 0, out->dim[i]);
    }
}

/* ---- concatenation -------------------------------------------------------------------------- */

/* Whether axis a of a layout goes on where that of r ends: the halves of a cyclic shift. */
static int goes_on(const fvi_layout *r, const fvi_layout *x, int ndim, int axis) {
    const fvi_direction d = only_direction(r, ndim, axis);
    if (d == FVI_NO_DIRECTION || only_direction(x, ndim, axis) != d) return 0;
    const fvi_layout_piece *p = &r->axis[axis].piece[0], *q = &x->axis[axis].piece[0];
    const fvi_layout_frame *f = &r->frame[d], *h = &x->frame[d];
    return p->step == q->step && f->extent == h->extent && f->cells == h->cells &&
           f->pad == h->pad && (p->size + q->size) * p->step <= f->extent &&
           (f->start + p->size * p->step) % f->extent == h->start;
}

/* Whether the positions along an axis are still followed when x is appended to r. */
static int can_append(const fvi_layout *r, const fvi_layout *x, int ndim, int axis) {
    if (!x->known || !is_followed(&x->axis[axis]) || !is_followed(&r->axis[axis])) return 1;
    return goes_on(r, x, ndim, axis);
}

/* Appends x, of size[1] elements along an axis, to r, which has size[0]. */
static void append(fvi_layout *r, const fvi_layout *x, int axis, const int64_t size[2]) {
    fvi_axis_layout *a = &r->axis[axis];
    const int have = is_followed(a), more = x->known && is_followed(&x->axis[axis]);
    if (have && more) {
        a->piece[0].size += x->axis[axis].piece[0].size;
    } else if (more) {
        *a = x->axis[axis];
        a->before += size[0];
    } else if (have) {
        a->after += size[1];
    }
}

/* An operand of a concatenation; the second half of a shift with the first one's start. */
static fvi_layout operand_of(const fvi_layout *r, const fvi_layout *x, int ndim, int axis) {
    fvi_layout same = *x;
    if (goes_on(r, x, ndim, axis)) {
        const fvi_direction d = only_direction(x, ndim, axis);
        same.frame[d].start = r->frame[d].start;
    }
    return same;
}

static void concat(const fvi_graph *g, const fvi_node *n, const fvi_layout *value, fvi_layout *l) {
    const int axis = n->a.axis.axis;
    const fvi_shape *out = shape_of(g, n->out);
    int64_t size[2] = {0, 0};
    int keeps = 1, found = 0;
    begin_join(l, out);
    l->axis[axis] = plain_axis(1);
    for (int k = 0; k < n->n_in && l->known; k++) {
        const fvi_layout *x = &value[n->in[k]];
        size[0] += size[1];
        size[1] = shape_of(g, n->in[k])->dim[axis];
        keeps &= can_append(l, x, out->ndim, axis);
        if (!keeps) l->axis[axis] = plain_axis(1);
        if (x->known) {
            fvi_layout operand = operand_of(l, x, out->ndim, axis);
            if (!keeps) operand.axis[axis] = plain_axis(1);
            l->known = join(l, out, &operand, shape_of(g, n->in[k]), axis);
            found = 1;
        }
        if (keeps) append(l, x, axis, size);
    }
    l->known &= found;
    if (!is_followed(&l->axis[axis])) l->axis[axis] = plain_axis(out->dim[axis]);
}

RULE(joined) {
    const fvi_shape *out = shape_of(g, n->out);
    if (n->kind == FVI_CONCAT) {
        concat(g, n, value, l);
        return;
    }
    begin_join(l, out);
    int found = 0;
    for (int k = 0; k < n->n_in && l->known; k++) {
        if (n->in[k] < 0 || !value[n->in[k]].known) continue;
        found = 1;
        l->known = join(l, out, &value[n->in[k]], shape_of(g, n->in[k]), -1);
    }
    l->known &= found;
}

/* ---- matrix products ------------------------------------------------------------------------ */

RULE(matmul) {
    const fvi_shape *out = shape_of(g, n->out);
    const int last = out->ndim - 1;
    begin_join(l, out);
    int found = 0;
    for (int k = 0; k < 2 && l->known; k++) {
        fvi_layout x = value[n->in[k]];
        const fvi_shape *own = shape_of(g, n->in[k]);
        if (!x.known || own->ndim < 2) continue;
        found = 1;
        /* the operand's kept axis moves to the result's, the other one is summed over */
        const int turned = k ? n->a.matmul.trans_b : n->a.matmul.trans_a;
        const int kept = own->ndim - 2 + (turned ? !k : k);
        const fvi_axis_layout row = x.axis[kept];
        x.axis[own->ndim - 1] = x.axis[own->ndim - 2] = plain_axis(1);
        fvi_shape batch = *own, result = *out;
        x.axis[own->ndim - 2 + k] = row;
        batch.dim[own->ndim - 2 + k] = result.dim[last - 1 + k];
        batch.dim[own->ndim - 1 - k] = 1;
        const fvi_layout before = *l;
        if (join(l, &result, &x, &batch, -1)) continue;
        /* positions of two maps (queries of every second row): those of the rows are kept */
        *l = before;
        x.axis[own->ndim - 2 + k] = plain_axis(1);
        if (join(l, &result, &x, &batch, -1)) continue;
        /* windows of two maps, of which that of the keys is finer: the queries' are kept */
        *l = before;
        l->known = k;
    }
    l->known &= found;
}

/* ---- reshaping ------------------------------------------------------------------------------ */

/* A run of pieces, or an axis that can only be moved as a whole. */
typedef struct run_item {
    fvi_layout_piece piece;
    const fvi_axis_layout *whole; /* NULL: the piece */
    int64_t size;
} run_item;

/* Whether piece q is the less significant part of the number whose other digits p has. */
static int continues(const fvi_layout_piece *p, const fvi_layout_piece *q) {
    if (p->direction != q->direction) return 0;
    return p->direction == FVI_NO_DIRECTION || p->step == q->step * q->size;
}

/* Puts a piece behind others; returns how many there are then, -1: no room. */
static int put(fvi_layout_piece *piece, int n, int room, const fvi_layout_piece *p) {
    if (p->size == 1) return n;
    if (n && continues(&piece[n - 1], p)) {
        piece[n - 1].size *= p->size;
        piece[n - 1].step = p->step;
        return n;
    }
    if (n == room) return -1;
    piece[n] = *p;
    return n + 1;
}

#define ITEMS (FVI_MAX_DIMS * FVI_LAYOUT_PIECES)

/* The pieces of all axes in order; behind them an item of size 0. */
static void items_of(const fvi_layout *l, int ndim, run_item *item) {
    int n = 0;
    for (int i = 0; i < ndim; i++) {
        const fvi_axis_layout *a = &l->axis[i];
        int64_t size = a->before + a->after, product = 1;
        for (int k = 0; k < a->n; k++) product *= a->piece[k].size;
        if (size) {
            item[n++] = (run_item){.whole = a, .size = size + product};
            continue;
        }
        for (int k = 0; k < a->n; k++) {
            const fvi_layout_piece *p = &a->piece[k];
            if (p->size == 1) continue;
            if (n && !item[n - 1].whole && continues(&item[n - 1].piece, p)) {
                item[n - 1].piece.size *= p->size;
                item[n - 1].piece.step = p->step;
            } else {
                item[n++] = (run_item){.piece = *p};
            }
            item[n - 1].size = item[n - 1].piece.size;
        }
    }
    item[n].size = 0;
}

/* Takes the next axis of `size` elements off the items. Returns 0 if it would cut a number between
 * its digits. */
static int take_axis(run_item **next, int64_t size, fvi_axis_layout *out) {
    *out = (fvi_axis_layout){0};
    for (int64_t left = size; left > 1;) {
        run_item *it = *next;
        if (it->size < 2) return 0;
        if (it->whole) {
            if (left != size || it->size != size) return 0;
            *out = *it->whole;
            ++*next;
            return 1;
        }
        fvi_layout_piece p = it->piece;
        if (left % it->size == 0) {
            ++*next;
        } else if (it->size % left == 0) {
            p.size = left;
            p.step *= it->size / left;
            it->size /= left;
            it->piece.size = it->size;
        } else {
            return 0;
        }
        left /= p.size;
        out->n = put(out->piece, out->n, FVI_LAYOUT_PIECES, &p);
        if (out->n < 0) return 0;
    }
    return 1;
}

/* Whether an axis is a map's rows (columns), each split into as many as a piece without direction
 * counts. */
static int is_refined(const fvi_layout *l, int ndim, int axis, fvi_direction d) {
    const fvi_axis_layout *a = &l->axis[axis];
    const fvi_layout_frame *f = &l->frame[d];
    return a->n == 2 && !a->before && !a->after && a->piece[0].direction == d &&
           a->piece[1].direction == FVI_NO_DIRECTION && pieces_along(l, ndim, d) == 1 &&
           !f->start && a->piece[0].size * a->piece[0].step == f->extent && f->cells == f->extent;
}

/* Depth to space: channels become rows and columns within those of a map. */
static void refine(fvi_layout *l, const fvi_shape *out) {
    for (int i = 0; i + 1 < out->ndim; i++)
        if (is_refined(l, out->ndim, i, FVI_ROWS) && is_refined(l, out->ndim, i + 1, FVI_COLUMNS)) {
            for (int d = FVI_ROWS; d <= FVI_COLUMNS; d++)
                begin_frame(l, i + d, (fvi_direction)d, out->dim[i + d], l->frame[d].over,
                            l->frame[d].seen);
        }
}

RULE(reshape) {
    const fvi_layout from = *l;
    const fvi_shape *in = shape_of(g, n->in[0]), *out = shape_of(g, n->out);
    run_item item[ITEMS + 1] = {{.size = 0}}, *next = item;
    (void)value;
    items_of(&from, in->ndim, item);
    for (int i = 0; i < out->ndim && l->known; i++)
        l->known = take_axis(&next, out->dim[i], &l->axis[i]);
    if (l->known) refine(l, out);
}

static const rule rules[FVI_KIND_COUNT] = {
#define FVI_KIND(NAME, file, traits, fold, channels, batch, field, ...) \
    [FVI_##NAME] = layout_##field,
#include "graph/kinds.def"
#undef FVI_KIND
};

/* ---- the graph ------------------------------------------------------------------------------ */

/* The layout of the picture itself. */
static void seed(const fvi_graph *g, const fv_input *in, fvi_layout *value) {
    const int v = in->is_image ? fvi_graph_find(g, in->name) : -1;
    const fvi_shape *s = v < 0 ? NULL : shape_of(g, v);
    if (!s || (s->ndim != 4 && s->ndim != 3)) return;
    const int rows = in->channels_last ? s->ndim - 3 : s->ndim - 2;
    begin_join(&value[v], s);
    value[v].picture = 1;
    if (rows > 0 && (s->ndim == 4 || in->channels == 1))
        value[v].axis[0] = counting(FVI_SAMPLES, s->dim[0]);
    begin_whole(&value[v], rows, FVI_ROWS, s->dim[rows]);
    begin_whole(&value[v], rows + 1, FVI_COLUMNS, s->dim[rows + 1]);
}

/* Whether a node slides windows over rows and columns of its first input. */
static int has_windows(const fvi_graph *g, const fvi_node *n) {
    const int window = n->kind == FVI_CONV || n->kind == FVI_CONV_TRANSPOSE ||
                       n->kind == FVI_MAX_POOL || n->kind == FVI_AVERAGE_POOL;
    return window && n->in[0] >= 0 && shape_of(g, n->in[0])->ndim == 4;
}

/* The values that windows slide over: what is no map of the picture then is one of its own. */
static char *find_maps(const fvi_graph *g) {
    char *maps = calloc((size_t)g->n_values + 1, 1);
    for (int k = 0; maps && k < g->n_nodes; k++)
        if (has_windows(g, &g->nodes[k])) maps[g->nodes[k].in[0]] = 1;
    return maps;
}

static void follow(const fvi_graph *g, const fvi_node *n, const char *maps, fvi_layout *value) {
    const fvi_shape *out = shape_of(g, n->out);
    fvi_layout *l = &value[n->out];
    if (n->n_in < 1 || n->in[0] < 0 || fvi_shape_count(out) < 1) return;
    *l = value[n->in[0]];
    const int begins = n->kind == FVI_RESIZE || n->kind == FVI_GRID_SAMPLE || has_windows(g, n);
    if (l->known || begins || fvi_kind_has(n->kind, FVI_SEVERAL)) rules[n->kind](g, n, value, l);
    for (int d = FVI_ROWS; l->known && d <= FVI_COLUMNS; d++)
        simplify_frame(l, out->ndim, (fvi_direction)d);
    if (maps[n->out] && !has_map(l, out->ndim)) begin_map(l, out);
}

fv_status fvi_graph_layouts(const fvi_graph *g, const fv_input *in, fvi_layout **out,
                            fv_error *err) {
    fvi_layout *value = calloc((size_t)g->n_values + 1, sizeof *value);
    char *maps = find_maps(g);
    if (value && maps) {
        seed(g, in, value);
        for (int k = 0; k < g->n_nodes; k++) follow(g, &g->nodes[k], maps, value);
        *out = value;
    } else {
        free(value);
    }
    free(maps);
    return value && maps
               ? FV_OK
               : fvi_fail(err, FV_NOMEM, "no memory for the positions of %d values", g->n_values);
}
