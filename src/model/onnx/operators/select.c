/* SPDX-License-Identifier: Apache-2.0 */
/* Operators whose result is as long as the numbers have it: which elements are chosen is computed
 * from constants, or from the input's numbers where those are at hand. What is chosen is gathered,
 * so that its gradient is that of the elements; indices and counts are constants.
 *
 *   Compress           the slices whose condition is true
 *   Unique             each slice once: ordered, or as they first come; equal are NaNs too
 *   NonMaxSuppression  boxes by falling score, without those that overlap one before too much
 *
 * NonMaxSuppression compares (in f32, as ONNX Runtime does) the intersection over the union:
 *   iou = |a n b| / (|a| + |b| - |a n b|) > iou_threshold;   a score must be above score_threshold.
 * Source: ONNX operator specification (Compress-9/11, Unique-11, NonMaxSuppression-10/11).
 */
#include <math.h>

#include "graph/const.h"
#include "model/onnx/attribute.h"
#include "model/onnx/operators.h"

/* Slices of x along an axis; or all its elements. */
typedef struct slices {
    int x; /* the value, flat where all elements are meant */
    int axis;
    int64_t n;
    int64_t run; /* elements of a slice */
} slices;

/* Fills s for input 0; 0 when failed. */
static int slices_of(fvi_onnx_node *node, slices *s) {
    fvi_shape shape = fvi_build_shape(node->b, s->x = fvi_onnx_need(node, 0));
    if (node->b->status) return 0;
    const int64_t count = fvi_shape_count(&shape);
    s->axis = 0;
    if (!fvi_onnx_attr(node->proto, "axis"))
        s->x = fvi_emit_reshape(node->b, s->x, &(fvi_shape){1, {count}});
    else
        s->axis = fvi_build_axis(node->b, fvi_onnx_attr_int(node->proto, "axis", 0), shape.ndim);
    shape = fvi_build_shape(node->b, s->x);
    if (node->b->status) return 0;
    s->n = shape.dim[s->axis];
    s->run = s->n ? count / s->n : 0;
    return 1;
}

/* A constant of indices or counts. */
static int integers(fvi_onnx_node *node, const int64_t *x, int64_t n) {
    uint8_t *data;
    const int v = fvi_emit_constant(node->b, FVI_I64, &(fvi_shape){1, {n}}, &data);
    for (int64_t i = 0; v >= 0 && i < n; i++) fvi_put_int(FVI_I64, data, i, x[i]);
    return v;
}

static int gather_slices(fvi_onnx_node *node, const slices *s, const int64_t *which, int64_t n) {
    fvi_shape out = fvi_build_shape(node->b, s->x);
    const int rows = integers(node, which, n);
    if (node->b->status) return -1;
    const fvi_node_attr a = {.axis = {s->axis}};
    out.dim[s->axis] = n;
    return fvi_emit(node->b, FVI_GATHER, &a, &out, 2, (int[]){s->x, rows});
}

/* ---- Compress ------------------------------------------------------------------------------- */

fv_status fvi_lower_compress(fvi_onnx_node *node) {
    slices s;
    const fvi_const *condition = fvi_onnx_fixed(node, 1, "condition");
    if (!condition) return fvi_onnx_need(node, 1), node->b->status;
    if (!slices_of(node, &s)) return node->b->status;
    const int64_t most = MIN(s.n, fvi_shape_count(&condition->shape));
    int64_t *which = g_try_new(int64_t, (gsize)most + 1), n = 0;
    if (!which) return fvi_build_nomem(node->b);
    for (int64_t i = 0; i < most; i++)
        if (fvi_const_at(condition, i) != 0) which[n++] = i;
    fvi_onnx_out(node, 0, gather_slices(node, &s, which, n));
    g_free(which);
    return node->b->status;
}

/* ---- Unique --------------------------------------------------------------------------------- */

/* The slices of a constant, to be ordered. */
typedef struct sorting {
    const fvi_const *c;
    int64_t n, run, inner; /* inner: elements from one of a slice to the next along the axis */
} sorting;

static int compare_numbers(double a, double b) {
    if (isnan(a) || isnan(b)) return isnan(a) - isnan(b); /* last, and equal */
    return (a > b) - (a < b);
}

/* Slices i and k by their elements, one after the other. */
static int compare_slices(const sorting *s, int64_t i, int64_t k) {
    for (int64_t e = 0; e < s->run; e++) {
        const int64_t at = e / s->inner * s->n * s->inner + e % s->inner;
        const int c = compare_numbers(fvi_const_at(s->c, at + i * s->inner),
                                      fvi_const_at(s->c, at + k * s->inner));
        if (c) return c;
    }
    return 0;
}

static int compare_order(const void *a, const void *b, void *user) {
    const int64_t i = *(const int64_t *)a, k = *(const int64_t *)b;
    const int c = compare_slices(user, i, k);
    return c ? c : (i > k) - (i < k);
}

static int compare_first(const void *a, const void *b) {
    const int64_t i = *(const int64_t *)a, k = *(const int64_t *)b;
    return (i > k) - (i < k);
}

/* What Unique gives: [groups] the first slice and the number of each, [n] the group of a slice. */
typedef struct unique {
    int64_t *order, *first, *count, *group;
    int64_t groups;
} unique;

static int unique_new(unique *u, int64_t n) {
    int64_t **lists[] = {&u->order, &u->first, &u->count, &u->group};
    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) *lists[i] = g_try_new0(int64_t, (gsize)n + 1);
    return u->order && u->first && u->count && u->group;
}

static void unique_free(unique *u) {
    g_free(u->order);
    g_free(u->first);
    g_free(u->count);
    g_free(u->group);
}

/* The groups in order of their slices; `group` is in order of `order`. */
static void find_groups(const sorting *s, unique *u) {
    for (int64_t i = 0; i < s->n; i++) u->order[i] = i;
    g_qsort_with_data(u->order, (gint)s->n, sizeof *u->order, compare_order, (void *)s);
    for (int64_t i = 0; i < s->n; i++) {
        if (!i || compare_slices(s, u->order[i - 1], u->order[i]) != 0)
            u->first[u->groups++] = u->order[i];
        u->group[u->order[i]] = u->groups - 1;
    }
}

/* Numbers the groups by their first slices. */
static void order_by_first(const sorting *s, unique *u) {
    qsort(u->first, (size_t)u->groups, sizeof *u->first, compare_first);
    int64_t *number = u->count; /* of an old group, until they are counted */
    for (int64_t i = 0; i < u->groups; i++) number[u->group[u->first[i]]] = i;
    for (int64_t i = 0; i < s->n; i++) u->group[i] = number[u->group[i]];
    for (int64_t i = 0; i < u->groups; i++) number[i] = 0;
}

static fv_status unique_outputs(fvi_onnx_node *node, const slices *s, const unique *u) {
    if (fvi_onnx_wants(node, 1)) fvi_onnx_out(node, 1, integers(node, u->first, u->groups));
    if (fvi_onnx_wants(node, 2)) fvi_onnx_out(node, 2, integers(node, u->group, s->n));
    if (fvi_onnx_wants(node, 3)) fvi_onnx_out(node, 3, integers(node, u->count, u->groups));
    return fvi_onnx_out(node, 0, gather_slices(node, s, u->first, u->groups));
}

fv_status fvi_lower_unique(fvi_onnx_node *node) {
    slices s;
    unique u = {0};
    if (!slices_of(node, &s)) return node->b->status;
    const fvi_const *c = fvi_onnx_deciding(node, 0, "input");
    if (!c) return node->b->status;
    const fvi_shape shape = fvi_build_shape(node->b, s.x);
    const sorting by = {c, s.n, s.run, fvi_shape_product(&shape, s.axis + 1, shape.ndim)};
    if (s.n > G_MAXINT || !fvi_build_charge(node->b, 64 * fvi_shape_count(&shape)))
        return node->b->status ? node->b->status : fvi_build_nomem(node->b);
    if (unique_new(&u, s.n)) {
        find_groups(&by, &u);
        if (!fvi_onnx_attr_int(node->proto, "sorted", 1)) order_by_first(&by, &u);
        for (int64_t i = 0; i < s.n; i++) u.count[u.group[i]]++;
        unique_outputs(node, &s, &u);
    } else {
        fvi_build_nomem(node->b);
    }
    unique_free(&u);
    return node->b->status;
}

/* ---- NonMaxSuppression ---------------------------------------------------------------------- */

typedef struct box {
    float y0, x0, y1, x1;
} box;

/* Boxes and scores of one class of one picture, and the boxes kept of it. */
typedef struct suppression {
    const fvi_const *boxes, *scores; /* [pictures, n, 4], [pictures, classes, n] */
    int64_t n, classes, most;
    int centred; /* boxes are centre and size */
    float overlap;
    double least;     /* score */
    int64_t *order;   /* [n] */
    box *kept;        /* [n] */
    const double *by; /* [n] scores of the class at hand */
} suppression;

static int compare_scores(const void *a, const void *b, void *user) {
    const double *by = user;
    const int64_t i = *(const int64_t *)a, k = *(const int64_t *)b;
    if (by[i] != by[k]) return by[i] > by[k] ? -1 : 1;
    return (i > k) - (i < k);
}

static box read_box(const suppression *s, int64_t picture, int64_t i) {
    float v[4];
    for (int k = 0; k < 4; k++) v[k] = (float)fvi_const_at(s->boxes, (picture * s->n + i) * 4 + k);
    if (s->centred) /* x, y, width, height */
        return (box){v[1] - v[3] / 2, v[0] - v[2] / 2, v[1] + v[3] / 2, v[0] + v[2] / 2};
    return (box){fminf(v[0], v[2]), fminf(v[1], v[3]), fmaxf(v[0], v[2]), fmaxf(v[1], v[3])};
}

static int overlaps(const box *a, const box *b, float most) {
    const float h = fminf(a->y1, b->y1) - fmaxf(a->y0, b->y0);
    const float w = fminf(a->x1, b->x1) - fmaxf(a->x0, b->x0);
    const float area_a = (a->y1 - a->y0) * (a->x1 - a->x0);
    const float area_b = (b->y1 - b->y0) * (b->x1 - b->x0);
    if (!(h > 0) || !(w > 0) || area_a <= 0 || area_b <= 0) return 0;
    const float both = h * w, either = area_a + area_b - both;
    return either > 0 && both / either > most;
}

/* Appends [picture, class, box] of the boxes that are kept. */
static void suppress(fvi_onnx_node *node, const suppression *s, int64_t picture, int64_t class,
                     GArray *out) {
    int64_t n = 0, kept = 0;
    for (int64_t i = 0; i < s->n; i++)
        if (s->by[i] > s->least) s->order[n++] = i;
    g_qsort_with_data(s->order, (gint)n, sizeof *s->order, compare_scores, (void *)s->by);
    for (int64_t i = 0; i < n && kept < s->most; i++) {
        const box b = read_box(s, picture, s->order[i]);
        int free = 1;
        if (!fvi_build_charge(node->b, kept + 1)) return;
        for (int64_t k = 0; free && k < kept; k++) free = !overlaps(&b, &s->kept[k], s->overlap);
        if (!free) continue;
        s->kept[kept++] = b;
        const int64_t row[] = {picture, class, s->order[i]};
        g_array_append_vals(out, row, 3);
    }
}

/* Checks the shapes of boxes and scores; 0 when failed. */
static int fits(fvi_onnx_node *node, const fvi_shape *boxes, const fvi_shape *scores) {
    char a[FVI_SHAPE_TEXT], b[FVI_SHAPE_TEXT];
    if (boxes->ndim == 3 && scores->ndim == 3 && boxes->dim[2] == 4 &&
        boxes->dim[0] == scores->dim[0] && boxes->dim[1] == scores->dim[2] &&
        boxes->dim[1] <= G_MAXINT)
        return 1;
    fvi_build_fail(node->b, FV_SHAPE,
                   "its boxes are %s and its scores %s; allowed: NxBx4 and NxCxB",
                   fvi_shape_text(boxes, a), fvi_shape_text(scores, b));
    return 0;
}

/* All classes of all pictures. */
static void suppress_all(fvi_onnx_node *node, suppression *s, int64_t pictures, GArray *out) {
    double *by = g_try_new(double, (gsize)s->n + 1);
    s->order = g_try_new(int64_t, (gsize)s->n + 1);
    s->kept = g_try_new(box, (gsize)s->n + 1);
    s->by = by;
    if (!by || !s->order || !s->kept) fvi_build_nomem(node->b);
    for (int64_t p = 0; p < pictures; p++)
        for (int64_t c = 0; c < s->classes && fvi_build_charge(node->b, 32 * s->n + 1); c++) {
            for (int64_t i = 0; i < s->n; i++)
                by[i] = fvi_const_at(s->scores, (p * s->classes + c) * s->n + i);
            suppress(node, s, p, c, out);
        }
    g_free(by);
    g_free(s->order);
    g_free(s->kept);
}

fv_status fvi_lower_non_max_suppression(fvi_onnx_node *node) {
    suppression s = {.boxes = fvi_onnx_deciding(node, 0, "boxes"),
                     .scores = fvi_onnx_deciding(node, 1, "scores"),
                     .overlap = (float)fvi_onnx_real(node, "iou_threshold", 3, 0),
                     .least = fvi_onnx_real(node, "score_threshold", 4, -INFINITY)};
    const fvi_const *most = fvi_onnx_fixed(node, 2, "max_output_boxes_per_class");
    const int64_t centred = fvi_onnx_attr_int(node->proto, "center_point_box", 0);
    if (fvi_onnx_need(node, 0) < 0 || fvi_onnx_need(node, 1) < 0 || node->b->status)
        return node->b->status;
    if (centred < 0 || centred > 1)
        return fvi_build_fail(node->b, FV_FORMAT, "center_point_box is %" PRId64 "; allowed: 0, 1",
                              centred);
    if (!fits(node, &s.boxes->shape, &s.scores->shape)) return node->b->status;
    s.centred = (int)centred;
    s.n = s.boxes->shape.dim[1];
    s.classes = s.scores->shape.dim[1];
    s.most = most && fvi_shape_count(&most->shape) > 0 ? fvi_const_int(most, 0) : 0;
    GArray *rows = g_array_new(FALSE, FALSE, sizeof(int64_t));
    suppress_all(node, &s, s.boxes->shape.dim[0], rows);
    int v = integers(node, (const int64_t *)(const void *)rows->data, rows->len);
    v = fvi_emit_reshape(node->b, v, &(fvi_shape){2, {(int64_t)rows->len / 3, 3}});
    g_array_unref(rows);
    return fvi_onnx_out(node, 0, v);
}
