/* SPDX-License-Identifier: Apache-2.0 */
/* Gathering and scattering by index tensors, which are constants. Gathering becomes a GATHER of
 * rows by flat indices. Scattering on constants (shape arithmetic, masks) is done at once; at run
 * time it is a GATHER from input and updates one after the other, so that gradients go to both.
 * With a reduction it is one such GATHER of updates for the first update of each element, one for
 * the second, and so on. Duplicate indices of a scatter without reduction: the last one wins.
 * Source: ONNX operator specification (GatherElements-11/13, GatherND-11..13, ScatterND-11..18,
 * ScatterElements-11..18).
 */
#include <math.h>
#include <string.h>

#include "graph/const.h"
#include "model/onnx/attribute.h"
#include "model/onnx/operators.h"

/* Index j of an axis of n elements brought into range, or the site fails (then 0). */
static int64_t in_range(fvi_onnx_node *node, int64_t j, int64_t n) {
    if (j >= -n && j < n) return j < 0 ? j + n : j;
    fvi_onnx_fail_index(node, 1, j, n);
    return 0;
}

static fv_status need_constants(fvi_onnx_node *node, const fvi_const *c[3]) {
    static const char *const words[] = {"input", "indices", "updates"};
    for (int i = 0; i < 3; i++) {
        c[i] = fvi_onnx_fixed(node, i, words[i]);
        if (!c[i]) fvi_onnx_need(node, i);
    }
    return node->b->status;
}

/* Element that position i of `indices` names in x: its own position with the axis replaced. */
static int64_t element(fvi_onnx_node *node, const fvi_shape *x, const fvi_const *indices, int axis,
                       int64_t i) {
    int64_t stride[FVI_MAX_DIMS], at = 0, rest = i;
    fvi_shape_strides(x, stride);
    for (int k = x->ndim - 1; k >= 0; k--) {
        int64_t p = rest % indices->shape.dim[k];
        rest /= indices->shape.dim[k];
        if (k == axis) p = in_range(node, fvi_const_int(indices, i), x->dim[k]);
        at += p * stride[k];
    }
    return at;
}

static int fits_inside(fvi_onnx_node *node, const fvi_shape *x, const fvi_const *indices,
                       int axis) {
    int fits = x->ndim == indices->shape.ndim;
    for (int k = 0; fits && k < x->ndim; k++)
        fits = k == axis || indices->shape.dim[k] <= x->dim[k];
    if (!fits) fvi_build_fail(node->b, FV_SHAPE, "its indices do not fit its input");
    return fits;
}

/* x as rows of `run` elements, of which those that `rows` [n] names make up `out`. */
static int gather_rows(fvi_onnx_node *node, int x, int64_t run, int rows, const fvi_shape *out) {
    fvi_shape shape = fvi_build_shape(node->b, x), n = fvi_build_shape(node->b, rows);
    if (node->b->status) return -1;
    int64_t all = run ? fvi_shape_count(&shape) / run : 0;
    x = fvi_emit_reshape(node->b, x, &(fvi_shape){2, {all, run}});
    if (x < 0) return -1;
    fvi_node_attr a = {.axis = {0}};
    int v =
        fvi_emit(node->b, FVI_GATHER, &a, &(fvi_shape){2, {n.dim[0], run}}, 2, (int[]){x, rows});
    return fvi_emit_reshape(node->b, v, out);
}

fv_status fvi_lower_gather_elements(fvi_onnx_node *node) {
    int x = fvi_onnx_need(node, 0);
    const fvi_const *indices = fvi_onnx_fixed(node, 1, "indices");
    fvi_shape in = fvi_build_shape(node->b, x);
    if (!indices) return fvi_onnx_need(node, 1), node->b->status;
    int axis = fvi_build_axis(node->b, fvi_onnx_attr_int(node->proto, "axis", 0), in.ndim);
    if (node->b->status || !fits_inside(node, &in, indices, axis)) return node->b->status;
    uint8_t *data;
    int64_t n = fvi_shape_count(&indices->shape);
    int rows = fvi_emit_constant(node->b, FVI_I64, &(fvi_shape){1, {n}}, &data);
    fvi_build_charge(node->b, 8 * n);
    for (int64_t i = 0; rows >= 0 && i < n && !node->b->status; i++)
        fvi_put_int(FVI_I64, data, i, element(node, &in, indices, axis, i));
    return fvi_onnx_out(node, 0, gather_rows(node, x, 1, rows, &indices->shape));
}

/* Sorting the elements of one line of a constant, equal ones by index. */
typedef struct top_line {
    const fvi_const *x;
    int64_t base, step;
    int sign; /* 1: largest first; -1: smallest */
} top_line;

static int compare_top(const void *a, const void *b, void *user) {
    const top_line *line = user;
    const int64_t i = *(const int64_t *)a, k = *(const int64_t *)b;
    const double x = fvi_const_at(line->x, line->base + i * line->step);
    const double y = fvi_const_at(line->x, line->base + k * line->step);
    if (x != y && !(isnan(x) && isnan(y))) {
        if (isnan(x) || isnan(y)) return isnan(x) ? -line->sign : line->sign; /* as numpy sorts */
        return (x > y) == (line->sign > 0) ? -1 : 1;
    }
    return i < k ? -1 : i > k;
}

/* Writes the indices along the axis, and the rows of single elements, of the k first of each line.
 */
static void fill_top(fvi_onnx_node *node, top_line *line, const fvi_shape *out, int axis,
                     uint8_t *index, uint8_t *rows) {
    const int64_t n = line->x->shape.dim[axis], k = out->dim[axis];
    const int64_t inner = line->step, outer = fvi_shape_product(out, 0, axis);
    int64_t *order = g_try_new(int64_t, (gsize)n + 1);
    if (!order) fvi_build_nomem(node->b);
    for (int64_t l = 0; order && l < outer * inner; l++) {
        line->base = l / inner * n * inner + l % inner;
        for (int64_t i = 0; i < n; i++) order[i] = i;
        g_qsort_with_data(order, (gint)n, sizeof *order, compare_top, line);
        for (int64_t i = 0; i < k; i++) {
            const int64_t at = (l / inner * k + i) * inner + l % inner;
            fvi_put_int(FVI_I64, index, at, order[i]);
            fvi_put_int(FVI_I64, rows, at, line->base + order[i] * inner);
        }
    }
    g_free(order);
}

/* The indices are computed from the input's numbers; the values are gathered by them, so that
 * their gradient is that of the elements chosen. */
fv_status fvi_lower_top_k(fvi_onnx_node *node) {
    const int v = fvi_onnx_need(node, 0);
    const fvi_const *x = fvi_onnx_deciding(node, 0, "input");
    const fvi_const *count = fvi_onnx_fixed(node, 1, "k");
    const int64_t k = count && fvi_shape_count(&count->shape) == 1
                          ? fvi_const_int(count, 0)
                          : fvi_onnx_attr_int(node->proto, "k", -1);
    if (node->b->status) return node->b->status;
    fvi_shape out = x->shape;
    const int axis = fvi_build_axis(node->b, fvi_onnx_attr_int(node->proto, "axis", -1), out.ndim);
    if (node->b->status) return node->b->status;
    if (out.ndim < 1 || k < 0 || k > out.dim[axis] || out.dim[axis] > G_MAXINT)
        return fvi_build_fail(node->b, FV_SHAPE, "k is %" PRId64 "; the axis has %" PRId64, k,
                              out.ndim < 1 ? 1 : out.dim[axis]);
    top_line line = {.x = x,
                     .step = fvi_shape_product(&out, axis + 1, out.ndim),
                     .sign = fvi_onnx_attr_int(node->proto, "largest", 1) ? 1 : -1};
    out.dim[axis] = k;
    uint8_t *index, *rows;
    const int vi = fvi_emit_constant(node->b, FVI_I64, &out, &index);
    const int vr =
        fvi_emit_constant(node->b, FVI_I64, &(fvi_shape){1, {fvi_shape_count(&out)}}, &rows);
    if (node->b->status || !fvi_build_charge(node->b, 32 * fvi_shape_count(&x->shape)))
        return node->b->status;
    fill_top(node, &line, &out, axis, index, rows);
    fvi_onnx_out(node, 1, vi);
    return fvi_onnx_out(node, 0, gather_rows(node, v, 1, vr, &out));
}

/* Offset of the slice that row r of [.., depth] indices names, from axis `from` on. */
static int64_t slice_offset(fvi_onnx_node *node, const fvi_shape *x, const fvi_const *indices,
                            int from, int64_t depth, int64_t r) {
    int64_t stride[FVI_MAX_DIMS], at = 0;
    fvi_shape_strides(x, stride);
    for (int64_t k = 0; k < depth; k++)
        at += stride[from + k] *
              in_range(node, fvi_const_int(indices, r * depth + k), x->dim[from + k]);
    return at;
}

/* Shape of GatherND's result; 0 when indices and input do not fit. */
static int gather_nd_shape(const fvi_shape *x, const fvi_shape *ix, int64_t batch, int64_t depth,
                           fvi_shape *out) {
    *out = (fvi_shape){0};
    if (batch < 0 || batch >= x->ndim || batch >= ix->ndim || depth < 1 ||
        depth > x->ndim - batch || ix->ndim - 1 + x->ndim - batch - depth > FVI_MAX_DIMS)
        return 0;
    for (int i = 0; i < ix->ndim - 1; i++) out->dim[out->ndim++] = ix->dim[i];
    for (int i = (int)(batch + depth); i < x->ndim; i++) out->dim[out->ndim++] = x->dim[i];
    return !memcmp(x->dim, ix->dim, (size_t)batch * sizeof *x->dim);
}

fv_status fvi_lower_gather_nd(fvi_onnx_node *node) {
    int v = fvi_onnx_need(node, 0);
    const fvi_const *indices = fvi_onnx_fixed(node, 1, "indices");
    if (!indices) return fvi_onnx_need(node, 1), node->b->status;
    fvi_shape x = fvi_build_shape(node->b, v), out;
    const fvi_shape *ix = &indices->shape;
    int64_t batch = fvi_onnx_attr_int(node->proto, "batch_dims", 0);
    int64_t depth = ix->ndim > 0 ? ix->dim[ix->ndim - 1] : 0;
    if (node->b->status) return node->b->status;
    if (!gather_nd_shape(&x, ix, batch, depth, &out))
        return fvi_build_fail(node->b, FV_SHAPE, "its indices do not fit its input");
    int64_t run = fvi_shape_product(&x, (int)(batch + depth), x.ndim);
    int64_t own = fvi_shape_product(&x, (int)batch, x.ndim);
    int64_t n = fvi_shape_product(ix, 0, ix->ndim - 1);
    int64_t share = fvi_shape_product(ix, (int)batch, ix->ndim - 1);
    uint8_t *data;
    int rows = fvi_emit_constant(node->b, FVI_I64, &(fvi_shape){1, {n}}, &data);
    fvi_build_charge(node->b, 8 * n);
    for (int64_t r = 0; rows >= 0 && run > 0 && r < n && !node->b->status; r++) {
        int64_t at = slice_offset(node, &x, indices, (int)batch, depth, r) + r / share * own;
        fvi_put_int(FVI_I64, data, r, at / run);
    }
    return fvi_onnx_out(node, 0, gather_rows(node, v, run, rows, &out));
}

enum { SET, ADD, MUL, MAX, MIN };

static int reduction(fvi_onnx_node *node) {
    return fvi_onnx_choice(node, "reduction",
                           (const char *const[]){"none", "add", "mul", "max", "min", NULL});
}

/* dst[at] = dst[at] (op) update[i] */
static void update(const fvi_const *dst, uint8_t *data, int64_t at, const fvi_const *u, int64_t i,
                   int op) {
    if (op == SET) {
        fvi_put_from(dst->dtype, data, at, u, i);
        return;
    }
    double a = fvi_const_at(dst, at), b = fvi_const_at(u, i);
    fvi_put_real(dst->dtype, data, at,
                 op == ADD   ? a + b
                 : op == MUL ? a * b
                 : op == MAX ? (a > b ? a : b)
                             : (a < b ? a : b));
}

/* A copy of the input to scatter into; its constant reads what was written. */
static int copy_input(fvi_onnx_node *node, const fvi_const *x, uint8_t **data) {
    int v = fvi_emit_constant(node->b, x->dtype, &x->shape, data);
    if (v >= 0 && fvi_shape_count(&x->shape) > 0)
        memcpy(*data, x->bytes, (size_t)fvi_shape_count(&x->shape) * fvi_dtype_size(x->dtype));
    return v;
}

/* A scatter at run time: update row j goes to row target[j] of x. */
typedef struct scatter_plan {
    int x, updates;           /* values */
    int64_t run, rows, n;     /* elements of a row, rows of x, rows of updates */
    int64_t *target, *repeat; /* [n]: its row, and how many updates of that row are before it */
    int64_t most;             /* updates of one row */
} scatter_plan;

#define SCATTER_MAX_REPEATS 64

static void plan_free(scatter_plan *p) {
    g_free(p->target);
    g_free(p->repeat);
}

/* Fills run, rows, and room for the n targets; 0 when failed. */
static int plan_rows(fvi_onnx_node *node, scatter_plan *p, int64_t run, int64_t n) {
    const fvi_shape shape = fvi_build_shape(node->b, p->x);
    p->run = run;
    p->n = n;
    p->rows = run ? fvi_shape_count(&shape) / run : 0;
    if (node->b->status || !fvi_build_charge(node->b, 8 * n + 2 * p->rows)) return 0;
    p->target = g_try_new0(int64_t, (gsize)n + 1);
    p->repeat = g_try_new0(int64_t, (gsize)n + 1);
    if (!p->target || !p->repeat) fvi_build_nomem(node->b);
    return !node->b->status;
}

/* Counts the updates of each row. */
static void plan_repeats(fvi_onnx_node *node, scatter_plan *p) {
    int64_t *hits = g_try_new0(int64_t, (gsize)p->rows + 1);
    if (!hits) fvi_build_nomem(node->b);
    for (int64_t j = 0; hits && j < p->n; j++) {
        p->repeat[j] = hits[p->target[j]]++;
        if (p->repeat[j] >= p->most) p->most = p->repeat[j] + 1;
    }
    g_free(hits);
}

/* The rows of `first`, of which there are `base`, and then of the updates, by target: the row of
 * `first` itself, or 0, where no update of this repeat (-1: the last one) goes. */
static int gather_updates(fvi_onnx_node *node, const scatter_plan *p, int first, int64_t base,
                          int64_t repeat) {
    const int parts[] = {fvi_emit_reshape(node->b, first, &(fvi_shape){2, {base, p->run}}),
                         fvi_emit_reshape(node->b, p->updates, &(fvi_shape){2, {p->n, p->run}})};
    uint8_t *data;
    const fvi_shape out = fvi_build_shape(node->b, p->x);
    const int all = fvi_emit_concat(node->b, 0, 2, parts);
    const int rows = fvi_emit_constant(node->b, FVI_I64, &(fvi_shape){1, {p->rows}}, &data);
    if (node->b->status || !fvi_build_charge(node->b, p->rows + p->n)) return -1;
    for (int64_t i = 0; i < p->rows; i++) fvi_put_int(FVI_I64, data, i, repeat < 0 ? i : 0);
    for (int64_t j = 0; j < p->n; j++)
        if (repeat < 0 || p->repeat[j] == repeat)
            fvi_put_int(FVI_I64, data, p->target[j], base + j);
    return gather_rows(node, all, p->run, rows, &out);
}

static fv_status emit_scatter(fvi_onnx_node *node, scatter_plan *p, int op) {
    static const fvi_binary functions[] = {FVI_ADD, FVI_ADD, FVI_MUL, FVI_MAX, FVI_MIN};
    const double neutral[] = {0, 0, 1, -INFINITY, INFINITY};
    const fvi_dtype type = fvi_build_dtype(node->b, p->x);
    int v = p->x;
    if (node->b->status) return node->b->status;
    if (op == SET) {
        if (p->n > 0 && p->run > 0) v = gather_updates(node, p, p->x, p->rows, -1);
    } else {
        plan_repeats(node, p);
        if (p->most > SCATTER_MAX_REPEATS)
            return fvi_build_fail(node->b, FV_UNSUPPORTED,
                                  "%" PRId64 " updates of one element; at most %d at run time",
                                  p->most, SCATTER_MAX_REPEATS);
        int one = fvi_emit_expand(node->b, fvi_emit_scalar(node->b, FVI_F32, neutral[op]),
                                  &(fvi_shape){2, {1, p->run}});
        for (int64_t r = 0; r < p->most && p->run > 0; r++)
            v = fvi_emit_binary(node->b, functions[op], v, gather_updates(node, p, one, 1, r));
    }
    return fvi_onnx_out_as(node, 0, v, fvi_dtype_is_int(type) ? type : FVI_F32);
}

/* Whether input and updates are constants. */
static int is_constant(fvi_onnx_node *node) {
    return fvi_build_const(node->b, fvi_onnx_need(node, 0)) &&
           fvi_build_const(node->b, fvi_onnx_need(node, 2));
}

static fv_status scatter_nd_run_time(fvi_onnx_node *node) {
    scatter_plan p = {.x = node->in[0], .updates = node->in[2]};
    const fvi_const *ix = fvi_onnx_fixed(node, 1, "indices");
    const fvi_shape x = fvi_build_shape(node->b, p.x), u = fvi_build_shape(node->b, p.updates);
    if (!ix) return fvi_onnx_need(node, 1), node->b->status;
    const int64_t depth = ix->shape.ndim > 0 ? ix->shape.dim[ix->shape.ndim - 1] : 0;
    if (depth < 1 || depth > x.ndim)
        return fvi_build_fail(node->b, FV_SHAPE, "its indices do not fit its input");
    const int64_t run = fvi_shape_product(&x, (int)depth, x.ndim);
    const int64_t n = fvi_shape_product(&ix->shape, 0, ix->shape.ndim - 1);
    int64_t total;
    if (fvi_mul(n, run, &total) < 0 || fvi_shape_count(&u) != total)
        return fvi_build_fail(node->b, FV_SHAPE, "its updates do not fit its indices");
    const int op = reduction(node);
    if (plan_rows(node, &p, run, n))
        for (int64_t r = 0; run > 0 && r < n && !node->b->status; r++)
            p.target[r] = slice_offset(node, &x, ix, 0, depth, r) / run;
    emit_scatter(node, &p, op);
    plan_free(&p);
    return node->b->status;
}

static fv_status scatter_elements_run_time(fvi_onnx_node *node) {
    scatter_plan p = {.x = node->in[0], .updates = node->in[2]};
    const fvi_const *ix = fvi_onnx_fixed(node, 1, "indices");
    const fvi_shape x = fvi_build_shape(node->b, p.x), u = fvi_build_shape(node->b, p.updates);
    if (!ix) return fvi_onnx_need(node, 1), node->b->status;
    const int axis = fvi_build_axis(node->b, fvi_onnx_attr_int(node->proto, "axis", 0), x.ndim);
    if (node->b->status || !fits_inside(node, &x, ix, axis)) return node->b->status;
    if (!fvi_shape_equal(&ix->shape, &u))
        return fvi_build_fail(node->b, FV_SHAPE, "its updates do not fit its indices");
    const int op = reduction(node);
    if (plan_rows(node, &p, 1, fvi_shape_count(&u)))
        for (int64_t i = 0; i < p.n && !node->b->status; i++)
            p.target[i] = element(node, &x, ix, axis, i);
    emit_scatter(node, &p, op);
    plan_free(&p);
    return node->b->status;
}

fv_status fvi_lower_scatter_nd(fvi_onnx_node *node) {
    const fvi_const *c[3];
    if (!is_constant(node)) return node->b->status ? node->b->status : scatter_nd_run_time(node);
    if (need_constants(node, c)) return node->b->status;
    const fvi_shape *x = &c[0]->shape, *ix = &c[1]->shape;
    int64_t depth = ix->ndim > 0 ? ix->dim[ix->ndim - 1] : 0;
    if (depth < 1 || depth > x->ndim)
        return fvi_build_fail(node->b, FV_SHAPE, "its indices do not fit its input");
    int64_t run = fvi_shape_product(x, (int)depth, x->ndim), total;
    int64_t rows = fvi_shape_product(ix, 0, ix->ndim - 1);
    if (fvi_mul(rows, run, &total) < 0 || fvi_shape_count(&c[2]->shape) != total)
        return fvi_build_fail(node->b, FV_SHAPE, "its updates do not fit its indices");
    uint8_t *data;
    int op = reduction(node), v = copy_input(node, c[0], &data);
    fvi_build_charge(node->b, 4 * total + 8 * rows);
    for (int64_t r = 0; v >= 0 && r < rows && !node->b->status; r++) {
        int64_t at = slice_offset(node, x, c[1], 0, depth, r);
        for (int64_t k = 0; k < run && !node->b->status; k++)
            update(fvi_build_const(node->b, v), data, at + k, c[2], r * run + k, op);
    }
    return fvi_onnx_out(node, 0, v);
}

fv_status fvi_lower_scatter_elements(fvi_onnx_node *node) {
    const fvi_const *c[3];
    if (!is_constant(node))
        return node->b->status ? node->b->status : scatter_elements_run_time(node);
    if (need_constants(node, c)) return node->b->status;
    int axis = fvi_build_axis(node->b, fvi_onnx_attr_int(node->proto, "axis", 0), c[0]->shape.ndim);
    if (node->b->status || !fits_inside(node, &c[0]->shape, c[1], axis)) return node->b->status;
    if (!fvi_shape_equal(&c[1]->shape, &c[2]->shape))
        return fvi_build_fail(node->b, FV_SHAPE, "its updates do not fit its indices");
    uint8_t *data;
    int op = reduction(node), v = copy_input(node, c[0], &data);
    int64_t n = fvi_shape_count(&c[1]->shape);
    fvi_build_charge(node->b, 8 * n);
    for (int64_t i = 0; v >= 0 && i < n && !node->b->status; i++)
        update(fvi_build_const(node->b, v), data, element(node, &c[0]->shape, c[1], axis, i), c[2],
               i, op);
    return fvi_onnx_out(node, 0, v);
}
