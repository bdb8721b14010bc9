/* SPDX-License-Identifier: Apache-2.0 */
/* How the nodes of a graph carry affine maps of a picture's channels.
 *
 * Arithmetic with constants changes factors and offsets; a constant that varies where the entries
 * do not (a mean picture) counts with its mean. Movements of elements (reshaping, permutations,
 * slices, gathers, concatenations) choose among the entries. Padding, pooling, resizing and
 * rounding keep them: what comes out has the same scale, though other positions. So does clipping,
 * whose bounds are turned into those of x. A convolution of 1x1, or a matrix product, whose outputs
 * each read one channel, every channel once, is a permutation with factors.
 *
 * What it does not do: follow entries along an axis that a reshaping joins with a long one
 * ([3][224][224] as one axis), or sums of several channels.
 */
#include "model/input/affine.h"

#include <math.h>
#include <string.h>

#include "graph/const.h"

#define CONSTANT_MAX ((int64_t)1 << 22) /* elements that are averaged for one node */

/* ---- entries -------------------------------------------------------------------------------- */

/* The number of entries that such dims have; 0: too many. */
static int count_entries(int ndim, const int64_t *dim) {
    int64_t n = 1;
    for (int i = 0; i < ndim; i++) {
        if (dim[i] < 1 || dim[i] > FVI_AFFINE_MAX) return 0;
        n *= dim[i];
        if (n > FVI_AFFINE_MAX) return 0;
    }
    return (int)n;
}

/* The index along every axis of entry e. */
static void index_of(int ndim, const int64_t *dim, int64_t e, int64_t *index) {
    for (int i = ndim - 1; i >= 0; e /= dim[i--]) index[i] = e % dim[i];
}

/* The entry at an index of `ndim` axes, the last of which are those of a; axes of length 1 count
 * for every index. */
static int entry_at(const fvi_affine *a, int ndim, const int64_t *index) {
    int64_t e = 0;
    for (int i = 0; i < a->ndim; i++)
        e = e * a->dim[i] + (a->dim[i] == 1 ? 0 : index[ndim - a->ndim + i]);
    return (int)e;
}

/* Sets entry e to entry k of `from`; k -1: a number of its own. */
static void set_entry(fvi_affine *a, int e, const fvi_affine *from, int k) {
    a->source[e] = k < 0 ? -1 : from->source[k];
    a->factor[e] = k < 0 ? 0 : from->factor[k];
    a->offset[e] = k < 0 ? 0 : from->offset[k];
}

static int set_dims(fvi_affine *a, int ndim, const int64_t *dim) {
    a->n = count_entries(ndim, dim);
    if (!a->n) return 0;
    a->ndim = ndim;
    for (int i = 0; i < ndim; i++) a->dim[i] = dim[i];
    return 1;
}

/* `a` seen with those dims, to which it is broadcast. */
static int broadcast(const fvi_affine *a, int ndim, const int64_t *dim, fvi_affine *out) {
    int64_t index[FVI_MAX_DIMS];
    if (!set_dims(out, ndim, dim)) return 0;
    for (int e = 0; e < out->n; e++) {
        index_of(ndim, dim, e, index);
        set_entry(out, e, a, entry_at(a, ndim, index));
    }
    return 1;
}

int fvi_affine_start(const fvi_shape *x, int axis, fvi_affine *out) {
    int64_t dim[FVI_MAX_DIMS];
    for (int i = 0; i < x->ndim; i++) dim[i] = i == axis ? x->dim[i] : 1;
    if (!set_dims(out, x->ndim, dim)) return 0;
    out->low = -INFINITY, out->high = INFINITY;
    for (int k = 0; k < out->n; k++) out->source[k] = k, out->factor[k] = 1, out->offset[k] = 0;
    return 1;
}

/* ---- arithmetic ----------------------------------------------------------------------------- */

static void scale(fvi_affine *a, double factor, double offset) {
    for (int e = 0; e < a->n; e++) {
        a->factor[e] *= factor;
        a->offset[e] = a->offset[e] * factor + offset;
    }
}

/* The mean of a constant of that shape (or of its reciprocals) over the elements of each entry. */
static int means(const fvi_const *c, const fvi_shape *shape, int invert, const fvi_affine *a,
                 double *out) {
    const int64_t count = fvi_shape_count(shape);
    int64_t index[FVI_MAX_DIMS], hits[FVI_AFFINE_MAX] = {0};
    double sum[FVI_AFFINE_MAX] = {0};
    fvi_affine own = {.ndim = shape->ndim};
    if (shape->ndim > a->ndim || count < 1 || count > CONSTANT_MAX) return 0;
    for (int i = 0; i < shape->ndim; i++)
        own.dim[i] = a->dim[a->ndim - shape->ndim + i] == 1 ? 1 : shape->dim[i];
    for (int64_t i = 0; i < count; i++) {
        const double v = fvi_const_at(c, i);
        index_of(shape->ndim, shape->dim, i, index);
        const int e = entry_at(&own, shape->ndim, index);
        sum[e] += invert ? 1 / v : v;
        hits[e]++;
    }
    for (int e = 0; e < a->n; e++) {
        index_of(a->ndim, a->dim, e, index);
        const int k = entry_at(&own, a->ndim, index);
        out[e] = sum[k] / (double)hits[k];
        if (!isfinite(out[e])) return 0;
    }
    return 1;
}

/* `a` with an entry for each element along the axes that a constant makes longer, as far as these
 * are few: one grey channel from which three means are subtracted. */
static int lengthen(const fvi_affine *a, const fvi_shape *x, const fvi_shape *out,
                    fvi_affine *longer) {
    int64_t dim[FVI_MAX_DIMS];
    if (out->ndim < x->ndim) return 0;
    for (int i = 0; i < out->ndim; i++) {
        const int k = i - (out->ndim - x->ndim);
        dim[i] = k < 0 ? 1 : a->dim[k];
        const int64_t old = dim[i];
        if (k < 0 || x->dim[k] == out->dim[i]) continue;
        dim[i] = out->dim[i];
        if (!count_entries(i + 1, dim)) dim[i] = old;
    }
    return broadcast(a, out->ndim, dim, longer);
}

static void multiply(fvi_affine *a, const double *by) {
    for (int e = 0; e < a->n; e++) a->factor[e] *= by[e], a->offset[e] *= by[e];
}

static void add(fvi_affine *a, const double *what, double sign) {
    for (int e = 0; e < a->n; e++) a->offset[e] += sign * what[e];
}

/* a f v for each entry, or with `second` v f a. */
static void apply(fvi_affine *a, fvi_binary f, const double *v, int second) {
    if (f == FVI_SUB && second) scale(a, -1, 0);
    if (f == FVI_MUL || f == FVI_DIV)
        multiply(a, v);
    else
        add(a, v, f == FVI_SUB && !second ? -1 : 1);
}

/* The elements are clipped to low..high, and so is x where that means the same of every channel. */
static void clip(fvi_affine *a, double low, double high) {
    double x[2] = {0};
    for (int e = 0; e < a->n; e++) {
        if (a->source[e] < 0 || a->factor[e] == 0) return;
        const int turned = a->factor[e] < 0;
        const double ends[2] = {((turned ? high : low) - a->offset[e]) / a->factor[e],
                                ((turned ? low : high) - a->offset[e]) / a->factor[e]};
        for (int k = 0; k < 2; k++) {
            if (e && ends[k] != x[k] && !(fabs(ends[k] - x[k]) <= 1e-3 * fabs(x[k]))) return;
            x[k] = ends[k];
        }
    }
    if (x[0] > a->low) a->low = x[0];
    if (x[1] < a->high) a->high = x[1];
}

/* The smaller or the larger of each element and a number. */
static int over_bound(const fvi_const *c, fvi_binary f, const fvi_affine *a, fvi_affine *out) {
    if (fvi_shape_count(&c->shape) != 1) return 0;
    const double bound = fvi_const_at(c, 0);
    *out = *a;
    clip(out, f == FVI_MAX ? bound : -INFINITY, f == FVI_MIN ? bound : INFINITY);
    return 1;
}

/* second: the running value is the operation's second operand. */
static int over_binary(const fvi_graph *g, const fvi_node *n, int second, const fvi_affine *a,
                       fvi_affine *out) {
    const fvi_const *c = g->values[n->in[!second]].constant;
    const fvi_binary f = n->a.binary.f;
    double v[FVI_AFFINE_MAX];
    if (c && (f == FVI_MIN || f == FVI_MAX)) return over_bound(c, f, a, out);
    if (!c || (f != FVI_ADD && f != FVI_SUB && f != FVI_MUL && f != FVI_DIV)) return 0;
    if (f == FVI_DIV && second) return 0;
    if (!lengthen(a, &g->values[n->in[second]].shape, &g->values[n->out].shape, out)) return 0;
    if (!means(c, &c->shape, f == FVI_DIV, out, v)) return 0;
    apply(out, f, v, second);
    return 1;
}

static int over_batch_norm(const fvi_graph *g, const fvi_node *n, const fvi_affine *a,
                           fvi_affine *out) {
    const fvi_const *k = g->values[n->in[1]].constant, *b = g->values[n->in[2]].constant;
    double v[FVI_AFFINE_MAX];
    if (!k || !b || a->ndim < 2) return 0;
    fvi_shape second = {.ndim = a->ndim - 1, .dim = {fvi_shape_count(&k->shape)}};
    for (int i = 1; i < second.ndim; i++) second.dim[i] = 1;
    *out = *a;
    if (!means(k, &second, 0, out, v)) return 0;
    multiply(out, v);
    if (!means(b, &second, 0, out, v)) return 0;
    add(out, v, 1);
    return 1;
}

/* Rounding too: whole numbers of a picture's scale are still of that scale. */
static int over_unary(const fvi_node *n, const fvi_affine *a, fvi_affine *out) {
    *out = *a;
    switch (n->a.unary.f) {
    case FVI_LINEAR: scale(out, n->a.unary.p, n->a.unary.q); return 1;
    case FVI_NEG: scale(out, -1, 0); return 1;
    case FVI_CLIP:
    case FVI_SATURATE: clip(out, n->a.unary.p, n->a.unary.q); return 1;
    case FVI_FLOOR:
    case FVI_CEIL:
    case FVI_ROUND:
    case FVI_TRUNC: return 1;
    default: return 0;
    }
}

/* ---- movements of elements ------------------------------------------------------------------ */

static int over_slice(const fvi_graph *g, const fvi_node *n, const fvi_affine *a, fvi_affine *out) {
    int64_t dim[FVI_MAX_DIMS], index[FVI_MAX_DIMS];
    for (int i = 0; i < a->ndim; i++) dim[i] = a->dim[i] == 1 ? 1 : g->values[n->out].shape.dim[i];
    if (!set_dims(out, a->ndim, dim)) return 0;
    for (int e = 0; e < out->n; e++) {
        index_of(a->ndim, dim, e, index);
        for (int i = 0; i < a->ndim; i++)
            index[i] = n->a.slice.start[i] + index[i] * n->a.slice.step[i];
        set_entry(out, e, a, entry_at(a, a->ndim, index));
    }
    return 1;
}

/* The axes of the indices, `more` + 1 of them, take the place of the one they choose from. */
static int gather_dims(const fvi_affine *a, const fvi_shape *to, int axis, int more, int64_t *dim) {
    for (int i = 0; i < to->ndim; i++) {
        const int is_index = i >= axis && i <= axis + more;
        dim[i] = !is_index ? a->dim[i < axis ? i : i - more] : a->dim[axis] == 1 ? 1 : to->dim[i];
    }
    return count_entries(to->ndim, dim);
}

static int over_gather(const fvi_graph *g, const fvi_node *n, const fvi_affine *a,
                       fvi_affine *out) {
    const fvi_const *c = g->values[n->in[1]].constant;
    const fvi_shape *to = &g->values[n->out].shape;
    const int axis = n->a.axis.axis, more = to->ndim - a->ndim;
    int64_t dim[FVI_MAX_DIMS], at[FVI_MAX_DIMS], old[FVI_MAX_DIMS];
    if (!c || c->shape.ndim != more + 1 || !gather_dims(a, to, axis, more, dim)) return 0;
    set_dims(out, to->ndim, dim);
    for (int e = 0; e < out->n; e++) {
        int64_t k = 0;
        index_of(to->ndim, dim, e, at);
        for (int i = axis; i <= axis + more; i++) k = k * dim[i] + at[i];
        for (int i = 0; i < a->ndim; i++) old[i] = at[i < axis ? i : i + more];
        if (a->dim[axis] > 1) {
            k = fvi_const_int(c, k);
            old[axis] = k < 0 ? k + a->dim[axis] : k;
            if (old[axis] < 0 || old[axis] >= a->dim[axis]) return 0;
        }
        set_entry(out, e, a, entry_at(a, a->ndim, old));
    }
    return 1;
}

static int over_transpose(const fvi_node *n, const fvi_affine *a, fvi_affine *out) {
    int64_t dim[FVI_MAX_DIMS], index[FVI_MAX_DIMS], old[FVI_MAX_DIMS];
    for (int i = 0; i < a->ndim; i++) dim[i] = a->dim[n->a.transpose.perm[i]];
    if (!set_dims(out, a->ndim, dim)) return 0;
    for (int e = 0; e < out->n; e++) {
        index_of(a->ndim, dim, e, index);
        for (int i = 0; i < a->ndim; i++) old[n->a.transpose.perm[i]] = index[i];
        set_entry(out, e, a, entry_at(a, a->ndim, old));
    }
    return 1;
}

/* The entry of a value's element i, counted over all of it. */
static int entry_of_element(const fvi_affine *a, const fvi_shape *x, int64_t i) {
    int64_t index[FVI_MAX_DIMS];
    index_of(x->ndim, x->dim, i, index);
    return entry_at(a, x->ndim, index);
}

/* Elements `behind` apart differ, with a period of `period` of them. The axes of the output that
 * such steps lie on get entries. */
static int over_reshape(const fvi_affine *a, const fvi_shape *x, const fvi_shape *to,
                        fvi_affine *out) {
    int first = a->ndim, last = a->ndim;
    for (int i = 0; i < a->ndim; i++)
        if (a->dim[i] > 1) first = first < i ? first : i, last = i;
    int64_t dim[FVI_MAX_DIMS], index[FVI_MAX_DIMS], stride[FVI_MAX_DIMS];
    if (fvi_shape_count(to) < 1) return 0;
    for (int i = 0; i < to->ndim; i++) dim[i] = 1;
    fvi_shape_strides(to, stride);
    if (first < a->ndim) {
        const int64_t behind = fvi_shape_product(x, last + 1, x->ndim);
        const int64_t period = behind * fvi_shape_product(x, first, last + 1);
        int64_t covered = behind;
        for (int i = to->ndim - 1; i >= 0 && covered % period; i--) {
            const int64_t span = stride[i] * to->dim[i];
            if (behind % span == 0) continue; /* all along it the entry is one */
            if (behind % stride[i] != 0) return 0;
            dim[i] = to->dim[i];
            covered = span;
        }
        if (covered % period) return 0;
    }
    if (!set_dims(out, to->ndim, dim)) return 0;
    for (int e = 0; e < out->n; e++) {
        int64_t element = 0;
        index_of(to->ndim, dim, e, index);
        for (int i = 0; i < to->ndim; i++) element += index[i] * stride[i];
        set_entry(out, e, a, entry_of_element(a, x, element));
    }
    return 1;
}

static int same_entries(const fvi_affine *a, const fvi_affine *b) {
    const size_t n = (size_t)a->n;
    return a->n == b->n && !memcmp(a->dim, b->dim, sizeof *a->dim * (size_t)a->ndim) &&
           !memcmp(a->source, b->source, sizeof *a->source * n) &&
           !memcmp(a->factor, b->factor, sizeof *a->factor * n) &&
           !memcmp(a->offset, b->offset, sizeof *a->offset * n);
}

/* Entries along the axes of a concatenation's output: those of any part; along its own axis one a
 * position where the parts have several or differ. */
static void concat_dims(const fvi_affine *const *in, const fvi_node *n, const fvi_shape *to,
                        int64_t *dim) {
    const int axis = n->a.axis.axis;
    int differ = 0;
    for (int i = 0; i < to->ndim; i++) dim[i] = 1;
    for (int k = 0; k < n->n_in; k++) {
        if (!in[k]) continue;
        for (int i = 0; i < to->ndim; i++)
            if (in[k]->dim[i] > 1) dim[i] = to->dim[i];
    }
    for (int k = 1; k < n->n_in; k++)
        differ = differ || !in[k] || !in[0] || !same_entries(in[k], in[0]);
    if (differ) dim[axis] = to->dim[axis];
}

static int over_concat(const fvi_graph *g, const fvi_node *n, const fvi_affine *const *in,
                       fvi_affine *out) {
    const fvi_shape *to = &g->values[n->out].shape;
    const int axis = n->a.axis.axis;
    int64_t dim[FVI_MAX_DIMS], index[FVI_MAX_DIMS];
    for (int k = 0; k < n->n_in; k++)
        if (n->in[k] < 0 || (!in[k] && !g->values[n->in[k]].constant)) return 0;
    concat_dims(in, n, to, dim);
    if (!set_dims(out, to->ndim, dim)) return 0;
    for (int k = 0; k < n->n_in; k++)
        if (in[k] && (in[k]->low != out->low || in[k]->high != out->high))
            out->low = -INFINITY, out->high = INFINITY;
    for (int e = 0; e < out->n; e++) {
        int part = 0;
        index_of(to->ndim, dim, e, index);
        for (; part + 1 < n->n_in; part++) {
            const int64_t length = g->values[n->in[part]].shape.dim[axis];
            if (index[axis] < length) break;
            index[axis] -= length;
        }
        const fvi_affine *p = in[part];
        set_entry(out, e, p, p ? entry_at(p, to->ndim, index) : -1);
    }
    return 1;
}

/* What is padded along an axis with entries does not depend on the picture. */
static int over_pad(const fvi_graph *g, const fvi_node *n, const fvi_affine *a, fvi_affine *out) {
    int64_t dim[FVI_MAX_DIMS], index[FVI_MAX_DIMS];
    for (int i = 0; i < a->ndim; i++) dim[i] = a->dim[i] == 1 ? 1 : g->values[n->out].shape.dim[i];
    if (!set_dims(out, a->ndim, dim)) return 0;
    for (int e = 0; e < out->n; e++) {
        int inside = 1;
        index_of(a->ndim, dim, e, index);
        for (int i = 0; i < a->ndim; i++) {
            if (a->dim[i] == 1) continue;
            index[i] -= n->a.pad.lo[i];
            inside = inside && index[i] >= 0 && index[i] < a->dim[i];
        }
        set_entry(out, e, a, inside ? entry_at(a, a->ndim, index) : -1);
    }
    return 1;
}

/* A node that works along axes `from`.. and keeps the scale: there must be no entries on those it
 * changes. */
static int over_positions(const fvi_graph *g, const fvi_node *n, const fvi_affine *a, int from,
                          fvi_affine *out) {
    const fvi_shape *to = &g->values[n->out].shape;
    if (to->ndim != a->ndim) return 0;
    for (int i = from; i < a->ndim; i++)
        if (a->dim[i] > 1 && (n->kind != FVI_RESIZE || n->a.resize.axis[i].entries)) return 0;
    *out = *a;
    return 1;
}

static int over_expand(const fvi_graph *g, const fvi_node *n, const fvi_affine *a,
                       fvi_affine *out) {
    int64_t dim[FVI_MAX_DIMS];
    const int ndim = g->values[n->out].shape.ndim, more = ndim - a->ndim;
    if (more < 0) return 0;
    for (int i = 0; i < ndim; i++) dim[i] = i < more ? 1 : a->dim[i - more];
    return broadcast(a, ndim, dim, out);
}

/* ---- products that mix no channels ---------------------------------------------------------- */

/* A matrix: the weight of channel i of the input for channel o of the output. */
typedef struct matrix {
    const fvi_const *w, *bias;
    double alpha;
    int64_t out, in, by_out, by_in; /* sizes, and how far apart their elements are */
    int64_t out_a_group;            /* channels of the output that read the same of the input */
} matrix;

/* Entries along `axis` after the matrix, where each output reads one channel and each is read. */
static int over_matrix(const matrix *m, int axis, const fvi_affine *a, fvi_affine *out) {
    const int64_t groups = m->out / m->out_a_group;
    uint64_t read = 0; /* a bit for each channel of the input */
    if (m->out != m->in * groups || m->out > 63 || m->out != a->dim[axis] || a->n != m->out)
        return 0;
    *out = *a;
    for (int64_t o = 0; o < m->out; o++) {
        int64_t one = -1;
        for (int64_t i = 0; i < m->in; i++) {
            if (fvi_const_at(m->w, o * m->by_out + i * m->by_in) == 0) continue;
            if (one >= 0) return 0;
            one = i;
        }
        if (one < 0) return 0;
        const double w = m->alpha * fvi_const_at(m->w, o * m->by_out + one * m->by_in);
        const int64_t from = one + o / m->out_a_group * m->in;
        const double b = !m->bias ? 0 : fvi_const_at(m->bias, o);
        read |= UINT64_C(1) << from;
        out->source[o] = a->source[from];
        out->factor[o] = w * a->factor[from];
        out->offset[o] = w * a->offset[from] + b;
    }
    return read == (UINT64_C(1) << m->out) - 1;
}

/* The constant bias of a node with one number for each of `count` channels; 0: it has another. */
static int bias_of(const fvi_graph *g, const fvi_node *n, int64_t count, const fvi_const **bias) {
    *bias = NULL;
    if (n->n_in < 3 || n->in[2] < 0) return 1;
    *bias = g->values[n->in[2]].constant;
    return *bias && fvi_shape_count(&(*bias)->shape) == count;
}

static int over_conv(const fvi_graph *g, const fvi_node *n, const fvi_affine *a, fvi_affine *out) {
    const fvi_const *w = g->values[n->in[1]].constant;
    const fvi_window *v = &n->a.window;
    for (int i = 0; i < v->n; i++)
        if (v->kernel[i] != 1 || v->pad_lo[i] || v->pad_hi[i]) return 0;
    if (!w || a->ndim < 2 || w->shape.ndim < 2 || v->groups < 1) return 0;
    matrix m = {.w = w, .alpha = 1, .out = w->shape.dim[0], .in = w->shape.dim[1]};
    if (m.in < 1 || m.out % v->groups || m.out < v->groups) return 0;
    m.by_out = m.in, m.by_in = 1, m.out_a_group = m.out / v->groups;
    return bias_of(g, n, m.out, &m.bias) && over_matrix(&m, 1, a, out);
}

static int over_matmul(const fvi_graph *g, const fvi_node *n, const fvi_affine *a,
                       fvi_affine *out) {
    const fvi_const *w = g->values[n->in[1]].constant;
    if (!w || w->shape.ndim != 2 || a->ndim < 2 || n->a.matmul.trans_a) return 0;
    const int turned = n->a.matmul.trans_b;
    matrix m = {.w = w, .alpha = n->a.matmul.alpha};
    m.out = w->shape.dim[!turned], m.in = w->shape.dim[turned];
    m.by_out = turned ? m.in : 1, m.by_in = turned ? 1 : m.out, m.out_a_group = m.out;
    return m.out > 0 && bias_of(g, n, m.out, &m.bias) && over_matrix(&m, a->ndim - 1, a, out);
}

/* ---- any node ------------------------------------------------------------------------------- */

int fvi_affine_over(const fvi_graph *g, const fvi_node *n, const fvi_affine *const *inputs,
                    fvi_affine *out) {
    int i = 0;
    while (i + 1 < n->n_in && !inputs[i]) i++;
    const fvi_affine *a = inputs[i];
    if (!a || g->values[n->out].shape.ndim < 0) return 0;
    if (i > 0 && n->kind != FVI_BINARY && n->kind != FVI_CONCAT) return 0;
    out->low = a->low, out->high = a->high;
    switch (n->kind) {
    case FVI_BINARY: return over_binary(g, n, i, a, out);
    case FVI_UNARY: return over_unary(n, a, out);
    case FVI_BATCH_NORM: return over_batch_norm(g, n, a, out);
    case FVI_SLICE: return over_slice(g, n, a, out);
    case FVI_GATHER: return over_gather(g, n, a, out);
    case FVI_TRANSPOSE: return over_transpose(n, a, out);
    case FVI_RESHAPE:
        return over_reshape(a, &g->values[n->in[0]].shape, &g->values[n->out].shape, out);
    case FVI_CONCAT: return over_concat(g, n, inputs, out);
    case FVI_PAD: return over_pad(g, n, a, out);
    case FVI_EXPAND: return over_expand(g, n, a, out);
    case FVI_CONV: return over_conv(g, n, a, out);
    case FVI_MATMUL: return over_matmul(g, n, a, out);
    case FVI_MAX_POOL:
    case FVI_AVERAGE_POOL: return over_positions(g, n, a, 2, out);
    case FVI_RESIZE: return over_positions(g, n, a, 0, out);
    case FVI_IDENTITY: *out = *a; return 1;
    default: return 0;
    }
}
