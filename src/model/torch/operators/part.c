/* SPDX-License-Identifier: Apache-2.0 */
/* Taking parts, and putting parts together. Source: torch.Tensor, torch.nn.functional.pad. */
#include <string.h>

#include "graph/build/compose.h"
#include "graph/const.h"
#include "model/torch/aten.h"

#define PARTS_MAX 4096 /* that one operation is made of */

/* Elements start .. start + count - 1 of an axis; none: a tensor without elements. */
static int part(fvi_site *site, int x, int axis, int64_t start, int64_t count, int64_t step) {
    if (x < 0 || site->b->status) return -1;
    if (count < 1) return fvi_emit_slice(site->b, x, axis, 0, 0);
    return fvi_site_slice(site, x, axis, start, count, step);
}

/* v without that axis, which has one element. */
static int without(fvi_site *site, int v, int axis) {
    fvi_shape s = fvi_build_shape(site->b, v);
    if (v < 0) return -1;
    for (int i = axis; i + 1 < s.ndim; i++) s.dim[i] = s.dim[i + 1];
    s.ndim--;
    return fvi_emit_reshape(site->b, v, &s);
}

/* v with an axis of one element there. */
static int with_axis(fvi_site *site, int v, int axis) {
    fvi_shape s = fvi_build_shape(site->b, v);
    if (v < 0 || site->b->status) return -1;
    if (s.ndim >= FVI_MAX_DIMS) {
        fvi_build_fail(site->b, FV_UNSUPPORTED, "its result has more than %d axes", FVI_MAX_DIMS);
        return -1;
    }
    for (int i = s.ndim++; i > axis; i--) s.dim[i] = s.dim[i - 1];
    s.dim[axis] = 1;
    return fvi_emit_reshape(site->b, v, &s);
}

static int64_t size_of(const fvi_site *site, int x, int axis) {
    const fvi_shape s = fvi_build_shape(site->b, x);
    return axis < s.ndim ? s.dim[axis] : 0;
}

/* A place of an axis of n elements, negative ones from the end, brought into 0..n. */
static int64_t place(int64_t i, int64_t n) {
    if (i < 0) i = i < -n ? 0 : i + n;
    return MIN(i, n);
}

/* ---- slices --------------------------------------------------------------------------------- */

typedef struct range {
    int axis;
    int64_t size, start, count, step;
} range;

/* What "dim", "start", "end", "step" name of x. */
static int read_range(fvi_site *site, int x, range *r) {
    r->axis = fvi_torch_axis(site, "dim", 0, x);
    r->size = size_of(site, x, r->axis);
    r->start = place(fvi_torch_int(site, "start", 0), r->size);
    const int64_t end = place(fvi_torch_int(site, "end", INT64_MAX), r->size);
    r->step = fvi_torch_int(site, "step", 1);
    if (!site->b->status && r->step < 1)
        fvi_build_fail(site->b, FV_SHAPE, "its step is %" PRId64 "; 1 and more are allowed",
                       r->step);
    if (site->b->status) return 0;
    r->count = end > r->start ? (end - r->start - 1) / r->step + 1 : 0;
    return 1;
}

void fvi_aten_slice(fvi_site *site) {
    const int x = fvi_torch_need(site, "self");
    range r;
    if (read_range(site, x, &r))
        fvi_site_out(site, 0, part(site, x, r.axis, r.start, r.count, r.step));
}

/* The index "index" along "dim", in 0..size-1. */
static int64_t read_index(fvi_site *site, int x, int *axis) {
    *axis = fvi_torch_axis(site, "dim", 0, x);
    const int64_t i = fvi_torch_int(site, "index", 0), n = size_of(site, x, *axis);
    if (!site->b->status && (i < -n || i >= n))
        fvi_build_fail(site->b, FV_SHAPE, "index %" PRId64 " of %" PRId64, i, n);
    return i < 0 ? i + n : i;
}

void fvi_aten_select(fvi_site *site) {
    int axis;
    const int x = fvi_torch_need(site, "self");
    const int64_t i = read_index(site, x, &axis);
    fvi_site_out(site, 0, without(site, part(site, x, axis, i, 1, 1), axis));
}

void fvi_aten_narrow(fvi_site *site) {
    const int x = fvi_torch_need(site, "self"), axis = fvi_torch_axis(site, "dim", 0, x);
    const int64_t n = size_of(site, x, axis), length = fvi_torch_int(site, "length", 0);
    const int64_t start = place(fvi_torch_int(site, "start", 0), n);
    fvi_site_out(site, 0, part(site, x, axis, start, length, 1));
}

/* x with elements start, start + step, .. of an axis replaced by those of src. */
static void replace(fvi_site *site, int x, int src, const range *r) {
    const int64_t last = r->start + (r->count - 1) * r->step;
    if (r->count > PARTS_MAX / 2 && r->step > 1)
        fvi_build_fail(site->b, FV_UNSUPPORTED, "it replaces %" PRId64 " parts; at most %d",
                       r->count, PARTS_MAX / 2);
    if (x < 0 || src < 0 || site->b->status) return;
    if (r->count < 1) {
        fvi_site_out(site, 0, x);
        return;
    }
    fvi_shape s = fvi_build_shape(site->b, x);
    s.dim[r->axis] = r->count;
    src = fvi_emit_expand(site->b, fvi_emit_cast(site->b, src, fvi_build_dtype(site->b, x)), &s);
    int *parts = g_new(int, 2 * (r->step > 1 ? r->count : 1) + 2), n = 0;
    if (r->start) parts[n++] = part(site, x, r->axis, 0, r->start, 1);
    for (int64_t i = 0; i < r->count && r->step > 1; i++) {
        parts[n++] = part(site, src, r->axis, i, 1, 1);
        if (i + 1 < r->count)
            parts[n++] = part(site, x, r->axis, r->start + i * r->step + 1, r->step - 1, 1);
    }
    if (r->step == 1) parts[n++] = src;
    if (last + 1 < r->size) parts[n++] = part(site, x, r->axis, last + 1, r->size - last - 1, 1);
    if (!site->b->status) fvi_site_out(site, 0, fvi_site_concat(site, r->axis, n, parts));
    g_free(parts);
}

void fvi_aten_slice_scatter(fvi_site *site) {
    const int x = fvi_torch_need(site, "self"), src = fvi_torch_need(site, "src");
    range r;
    if (read_range(site, x, &r)) replace(site, x, src, &r);
}

void fvi_aten_select_scatter(fvi_site *site) {
    const int x = fvi_torch_need(site, "self");
    range r = {.count = 1, .step = 1};
    r.start = read_index(site, x, &r.axis);
    r.size = size_of(site, x, r.axis);
    const int src = with_axis(site, fvi_torch_need(site, "src"), r.axis);
    if (!site->b->status) replace(site, x, src, &r);
}

/* ---- splitting ------------------------------------------------------------------------------ */

/* Gives parts of `size` elements; the last one has what is left. */
static void split_evenly(fvi_site *site, int x, int axis, int64_t size) {
    const int64_t n = size_of(site, x, axis);
    if (!site->b->status && (size < 1 || (n + size - 1) / size != site->n_out))
        fvi_build_fail(site->b, FV_SHAPE,
                       "%" PRId64 " elements in parts of %" PRId64 " are no %d outputs", n, size,
                       site->n_out);
    for (int i = 0; i < site->n_out && !site->b->status; i++)
        if (fvi_site_wants(site, i))
            fvi_site_out(site, i, part(site, x, axis, i * size, MIN(size, n - i * size), 1));
}

static void split_by(fvi_site *site, int x, int axis, const fvi_torch_arg *sizes,
                     const char *name) {
    int64_t *size = g_new(int64_t, sizes->n + 1), at = 0;
    const int64_t n = size_of(site, x, axis);
    fvi_torch_ints(site, name, size, sizes->n);
    for (int i = 0; i < sizes->n && i < site->n_out && !site->b->status; i++) {
        if (size[i] < 0 || size[i] > n - at)
            fvi_build_fail(site->b, FV_SHAPE, "part %d of %" PRId64 " does not fit into %" PRId64,
                           i, size[i], n);
        else if (fvi_site_wants(site, i))
            fvi_site_out(site, i, part(site, x, axis, at, size[i], 1));
        at += size[i];
    }
    g_free(size);
}

/* param 1: "split_sizes". A number is the size of each part. */
void fvi_aten_split(fvi_site *site) {
    const char *name = site->kind->param ? "split_sizes" : "split_size";
    const int x = fvi_torch_need(site, "self"), axis = fvi_torch_axis(site, "dim", 0, x);
    const fvi_torch_arg *sizes = fvi_torch_argument(site, name);
    const int is_list = strstr(site->op->type, "sizes") != NULL;
    if (!sizes) fvi_build_fail(site->b, FV_FORMAT, "its \"%s\" is missing", name);
    if (site->b->status) return;
    if (is_list)
        split_by(site, x, axis, sizes, name);
    else
        split_evenly(site, x, axis, fvi_torch_int(site, name, 0));
}

void fvi_aten_chunk(fvi_site *site) {
    const int x = fvi_torch_need(site, "self"), axis = fvi_torch_axis(site, "dim", 0, x);
    const int64_t chunks = fvi_torch_int(site, "chunks", 1), n = size_of(site, x, axis);
    if (!site->b->status && (chunks < 1 || n < 1))
        fvi_build_fail(site->b, FV_SHAPE, "%" PRId64 " elements in %" PRId64 " chunks", n, chunks);
    if (!site->b->status) split_evenly(site, x, axis, (n - 1) / chunks + 1);
}

void fvi_aten_unbind(fvi_site *site) {
    const int x = fvi_torch_need(site, "self"), axis = fvi_torch_axis(site, "dim", 0, x);
    if (!site->b->status && size_of(site, x, axis) != site->n_out)
        fvi_build_fail(site->b, FV_SHAPE, "%" PRId64 " elements are no %d outputs",
                       size_of(site, x, axis), site->n_out);
    for (int i = 0; i < site->n_out && !site->b->status; i++)
        if (fvi_site_wants(site, i))
            fvi_site_out(site, i, without(site, part(site, x, axis, i, 1, 1), axis));
}

/* ---- joining -------------------------------------------------------------------------------- */

/* All in the type of their result. */
static void promote_all(fvi_site *site, int n, int *v) {
    for (int i = 1; i < n && !site->b->status; i++) {
        if (v[0] < 0 || v[i] < 0)
            fvi_build_fail(site->b, FV_FORMAT, "tensor %d is missing", v[0] < 0 ? 0 : i);
        else if (fvi_build_dtype(site->b, v[0]) != fvi_build_dtype(site->b, v[i]))
            fvi_torch_promote(site, &v[0], &v[i], 0);
    }
    for (int i = 1; i < n && !site->b->status; i++) /* the first has the widest type now */
        v[i] = fvi_emit_cast(site->b, v[i], fvi_build_dtype(site->b, v[0]));
}

/* A vector without elements joins with anything, for old times' sake. */
static int drop_empty(const fvi_site *site, int n, int *v) {
    int kept = 0;
    for (int i = 0; i < n; i++) {
        const fvi_shape s = fvi_build_shape(site->b, v[i]);
        if (!(s.ndim == 1 && s.dim[0] == 0) || n == 1) v[kept++] = v[i];
    }
    return kept;
}

/* param 1: along a new axis. */
void fvi_aten_cat(fvi_site *site) {
    int n, *v = fvi_torch_tensors(site, "tensors", &n);
    promote_all(site, n, v);
    if (!site->kind->param) n = drop_empty(site, n, v);
    if (n < 1) fvi_build_fail(site->b, FV_FORMAT, "it joins no tensors");
    const int ndim = n < 1 ? 0 : fvi_build_shape(site->b, v[0]).ndim + site->kind->param;
    const int axis = fvi_build_axis(site->b, fvi_torch_int(site, "dim", 0), MAX(ndim, 1));
    for (int i = 0; i < n && site->kind->param; i++) v[i] = with_axis(site, v[i], axis);
    if (!site->b->status) fvi_site_out(site, 0, fvi_site_concat(site, axis, n, v));
    g_free(v);
}

/* ---- moving --------------------------------------------------------------------------------- */

/* Element i of an axis of n is element (i - shift) mod n. */
static int roll_axis(fvi_site *site, int x, int axis, int64_t shift) {
    const int64_t n = size_of(site, x, axis);
    if (x < 0 || site->b->status || n < 1) return x;
    const int64_t s = (shift % n + n) % n;
    if (!s) return x;
    const int parts[] = {part(site, x, axis, n - s, s, 1), part(site, x, axis, 0, n - s, 1)};
    return site->b->status ? -1 : fvi_site_concat(site, axis, 2, parts);
}

void fvi_aten_roll(fvi_site *site) {
    int x = fvi_torch_need(site, "self");
    const fvi_shape s = fvi_build_shape(site->b, x);
    int64_t shifts[FVI_MAX_DIMS], dims[FVI_MAX_DIMS];
    const int n = fvi_torch_ints(site, "shifts", shifts, FVI_MAX_DIMS);
    const int n_dims = fvi_torch_ints(site, "dims", dims, FVI_MAX_DIMS);
    if (!site->b->status && (n < 1 || (n_dims > 0 && n_dims != n) || (n_dims < 1 && n != 1)))
        fvi_build_fail(site->b, FV_FORMAT, "its shifts and dims are not as many");
    if (site->b->status) return;
    if (n_dims < 1) { /* through all elements */
        x = fvi_emit_reshape(site->b, x, &(fvi_shape){1, {fvi_shape_count(&s)}});
        x = roll_axis(site, x, 0, shifts[0]);
        fvi_site_out(site, 0, fvi_emit_reshape(site->b, x, &s));
        return;
    }
    for (int i = 0; i < n && !site->b->status; i++)
        x = roll_axis(site, x, fvi_build_axis(site->b, dims[i], s.ndim), shifts[i]);
    fvi_site_out(site, 0, x);
}

void fvi_aten_flip(fvi_site *site) {
    int x = fvi_torch_need(site, "self");
    const int ndim = fvi_build_shape(site->b, x).ndim;
    const int none = fvi_torch_argument(site, "dims") && fvi_torch_argument(site, "dims")->n == 0;
    const unsigned axes = none ? 0 : fvi_torch_axes(site, "dims", x);
    for (int i = 0; i < ndim && !site->b->status; i++) {
        const int64_t n = size_of(site, x, i);
        if ((axes >> i & 1) && n > 1) x = fvi_site_slice(site, x, i, n - 1, n, -1);
    }
    fvi_site_out(site, 0, x);
}

/* ---- padding -------------------------------------------------------------------------------- */

static fvi_pad_mode read_mode(fvi_site *site) {
    static const char *const names[] = {"constant", "reflect", "replicate", "circular"};
    const char *mode = fvi_torch_text(site, "mode", names[0]);
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (!strcmp(names[i], mode)) return (fvi_pad_mode)i;
    fvi_torch_refuse(site, "mode", mode, "constant, reflect, replicate, circular");
    return FVI_PAD_CONSTANT;
}

/* Before and after the last axis, then the one before it, and so on. param: the mode; 0: as the
 * call says. */
void fvi_aten_pad(fvi_site *site) {
    const int x = fvi_torch_need(site, "self"), ndim = fvi_build_shape(site->b, x).ndim;
    int64_t given[2 * FVI_MAX_DIMS], lo[FVI_MAX_DIMS] = {0}, hi[FVI_MAX_DIMS] = {0};
    const int fixed = site->kind->param;
    const fvi_pad_mode mode = fixed ? (fvi_pad_mode)fixed : read_mode(site);
    const int n = fvi_torch_ints(site, fixed ? "padding" : "pad", given, 2 * FVI_MAX_DIMS);
    const float value = (float)fvi_torch_real(site, "value", 0);
    if (!site->b->status && (n < 0 || n % 2 || n / 2 > ndim))
        fvi_build_fail(site->b, FV_FORMAT, "it has %d numbers of padding for %d axes", n, ndim);
    for (int i = 0; i < n / 2 && !site->b->status; i++) {
        lo[ndim - 1 - i] = given[2 * i];
        hi[ndim - 1 - i] = given[2 * i + 1];
    }
    fvi_site_out(site, 0, site->b->status ? -1 : fvi_site_pad(site, x, lo, hi, mode, value));
}

/* ---- windows -------------------------------------------------------------------------------- */

/* [.., n, ..] -> [.., windows, .., size]: windows of an axis, `step` apart. */
void fvi_aten_unfold(fvi_site *site) {
    const int x = fvi_torch_need(site, "self"), axis = fvi_torch_axis(site, "dimension", 0, x);
    const fvi_shape s = fvi_build_shape(site->b, x);
    const int64_t n = size_of(site, x, axis), size = fvi_torch_int(site, "size", 1);
    const int64_t step = fvi_torch_int(site, "step", 1);
    if (!site->b->status && (size < 1 || step < 1 || size > n || size > PARTS_MAX))
        fvi_build_fail(site->b, FV_SHAPE,
                       "it takes windows of %" PRId64 ", %" PRId64 " apart, of %" PRId64
                       " elements; allowed: 1..%d",
                       size, step, n, PARTS_MAX);
    if (site->b->status) return;
    int *parts = g_new(int, size);
    for (int64_t k = 0; k < size; k++)
        parts[k] = with_axis(site, part(site, x, axis, k, (n - size) / step + 1, step), s.ndim);
    if (!site->b->status) fvi_site_out(site, 0, fvi_site_concat(site, s.ndim, (int)size, parts));
    g_free(parts);
}

/* ---- triangles ------------------------------------------------------------------------------ */

/* The lower (param 1: upper) triangle of the last two axes, from a diagonal on; 0 elsewhere. */
void fvi_aten_triangle(fvi_site *site) {
    const int x = fvi_torch_need(site, "self"), upper = site->kind->param;
    const fvi_shape s = fvi_build_shape(site->b, x);
    const int64_t d = fvi_torch_int(site, "diagonal", 0);
    const int64_t k = CLAMP(d, -FVI_MAX_ELEMENTS, FVI_MAX_ELEMENTS);
    uint8_t *mask;
    if (x >= 0 && s.ndim < 2)
        fvi_build_fail(site->b, FV_SHAPE, "its input has %d axes; 2 and more are allowed", s.ndim);
    if (site->b->status) return;
    const int64_t h = s.dim[s.ndim - 2], w = s.dim[s.ndim - 1];
    const int m = fvi_emit_constant(site->b, FVI_BOOL, &(fvi_shape){2, {h, w}}, &mask);
    for (int64_t i = 0; m >= 0 && i < h * w; i++)
        mask[i] = upper ? i % w - i / w >= k : i % w - i / w <= k;
    const int zero = fvi_emit_scalar(site->b, fvi_build_dtype(site->b, x), 0);
    fvi_site_out(site, 0, fvi_emit_where(site->b, m, x, zero));
}
