/* SPDX-License-Identifier: Apache-2.0 */
/* The same elements in another shape or order, or repeated. Source: torch.Tensor. */
#include <string.h>

#include "model/torch/aten.h"

/* The list of sizes `name`, where one may be -1: what is left of `count` elements. */
static fvi_shape read_shape(fvi_site *site, const char *name, int64_t count) {
    fvi_shape s = {0};
    const int n = fvi_torch_ints(site, name, s.dim, FVI_MAX_DIMS);
    int64_t known = 1;
    int open = -1;
    s.ndim = MAX(n, 0);
    for (int i = 0; i < s.ndim; i++) {
        if (s.dim[i] == -1 && open < 0)
            open = i;
        else if (s.dim[i] < 0 || fvi_mul(known, s.dim[i], &known) < 0)
            fvi_build_fail(site->b, FV_SHAPE, "its \"%s\" has %" PRId64, name, s.dim[i]);
    }
    if (open >= 0) s.dim[open] = known > 0 ? count / known : 0;
    return s;
}

static int64_t count_of(const fvi_site *site, int x) {
    const fvi_shape s = fvi_build_shape(site->b, x);
    return fvi_shape_count(&s);
}

/* param 1: the sizes are called "shape". */
void fvi_aten_view(fvi_site *site) {
    const int x = fvi_torch_need(site, "self");
    const fvi_shape s = read_shape(site, site->kind->param ? "shape" : "size", count_of(site, x));
    fvi_site_out(site, 0, site->b->status ? -1 : fvi_emit_reshape(site->b, x, &s));
}

void fvi_aten_view_as(fvi_site *site) {
    const fvi_shape s = fvi_build_shape(site->b, fvi_torch_need(site, "other"));
    fvi_site_out(site, 0, fvi_emit_reshape(site->b, fvi_torch_need(site, "self"), &s));
}

/* Axes from..to of x become `n` axes of `sizes`. */
static int replace_axes(fvi_site *site, int x, int from, int to, const int64_t *sizes, int n) {
    const fvi_shape in = fvi_build_shape(site->b, x);
    fvi_shape s = {0};
    if (x < 0 || site->b->status) return -1;
    if (from > to || in.ndim - (to - from + 1) + n > FVI_MAX_DIMS) {
        fvi_build_fail(site->b, FV_SHAPE, "its axes %d to %d cannot become %d", from, to, n);
        return -1;
    }
    for (int i = 0; i < from; i++) s.dim[s.ndim++] = in.dim[i];
    for (int i = 0; i < n; i++) s.dim[s.ndim++] = sizes[i];
    for (int i = to + 1; i < in.ndim; i++) s.dim[s.ndim++] = in.dim[i];
    return fvi_emit_reshape(site->b, x, &s);
}

void fvi_aten_flatten(fvi_site *site) {
    const int x = fvi_torch_need(site, "self");
    const fvi_shape in = fvi_build_shape(site->b, x);
    const int from = fvi_torch_axis(site, "start_dim", 0, x);
    const int to = fvi_torch_axis(site, "end_dim", -1, x);
    if (site->b->status) return;
    const int64_t all = in.ndim && from <= to ? fvi_shape_product(&in, from, to + 1) : 1;
    fvi_site_out(site, 0,
                 in.ndim ? replace_axes(site, x, from, to, &all, 1)
                         : fvi_emit_reshape(site->b, x, &(fvi_shape){1, {1}}));
}

void fvi_aten_unflatten(fvi_site *site) {
    const int x = fvi_torch_need(site, "self"), axis = fvi_torch_axis(site, "dim", 0, x);
    if (site->b->status) return;
    const fvi_shape s = read_shape(site, "sizes", fvi_build_shape(site->b, x).dim[axis]);
    fvi_site_out(site, 0, replace_axes(site, x, axis, axis, s.dim, s.ndim));
}

/* ---- order ---------------------------------------------------------------------------------- */

void fvi_aten_permute(fvi_site *site) {
    const int x = fvi_torch_need(site, "self"), ndim = fvi_build_shape(site->b, x).ndim;
    int64_t dims[FVI_MAX_DIMS];
    int perm[FVI_MAX_DIMS];
    unsigned seen = 0;
    const int n = fvi_torch_ints(site, "dims", dims, FVI_MAX_DIMS);
    if (!site->b->status && n != ndim && !(n < 0 && !ndim))
        fvi_build_fail(site->b, FV_FORMAT, "its dims are %d; its input has %d axes", n, ndim);
    for (int i = 0; i < ndim && !site->b->status; i++) {
        perm[i] = fvi_build_axis(site->b, dims[i], ndim);
        if (seen >> perm[i] & 1)
            fvi_build_fail(site->b, FV_FORMAT, "its dims name axis %d twice", perm[i]);
        seen |= 1u << perm[i];
    }
    fvi_site_out(site, 0, site->b->status ? -1 : fvi_site_transpose(site, x, perm));
}

/* Two axes change places. param 0: dim0, dim1; 1: axis0, axis1; 2: 0 and 1; 3: the last two; 4: the
 * order of all axes is turned round. */
void fvi_aten_transpose(fvi_site *site) {
    static const char *const names[2][2] = {{"dim0", "dim1"}, {"axis0", "axis1"}};
    const int x = fvi_torch_need(site, "self"), ndim = fvi_build_shape(site->b, x).ndim;
    const int p = site->kind->param;
    int perm[FVI_MAX_DIMS], a = 0, b = 1;
    for (int i = 0; i < ndim; i++) perm[i] = p == 4 ? ndim - 1 - i : i;
    if (p < 2) {
        a = fvi_torch_axis(site, names[p][0], 0, x);
        b = fvi_torch_axis(site, names[p][1], 0, x);
    } else if (p == 3) {
        a = ndim - 2;
        b = ndim - 1;
    }
    if (site->b->status) return;
    if (p < 4 && ndim > 1) {
        perm[a] = b;
        perm[b] = a;
    }
    fvi_site_out(site, 0, fvi_site_transpose(site, x, perm));
}

void fvi_aten_movedim(fvi_site *site) {
    const int x = fvi_torch_need(site, "self"), ndim = fvi_build_shape(site->b, x).ndim;
    int64_t from[FVI_MAX_DIMS], to[FVI_MAX_DIMS];
    int perm[FVI_MAX_DIMS], at = 0;
    unsigned moved = 0, set = 0;
    const int n = fvi_torch_ints(site, "source", from, FVI_MAX_DIMS);
    if (fvi_torch_ints(site, "destination", to, FVI_MAX_DIMS) != n)
        fvi_build_fail(site->b, FV_FORMAT, "its source and destination are not as many");
    for (int i = 0; i < n && !site->b->status; i++) {
        const int a = fvi_build_axis(site->b, from[i], ndim),
                  b = fvi_build_axis(site->b, to[i], ndim);
        if (moved >> a & 1 || set >> b & 1)
            fvi_build_fail(site->b, FV_FORMAT, "it moves axis %d twice", a);
        moved |= 1u << a;
        set |= 1u << b;
        perm[b] = a;
    }
    for (int i = 0; i < ndim && !site->b->status; i++) {
        if (set >> i & 1) continue;
        while (moved >> at & 1) at++;
        perm[i] = at++;
    }
    fvi_site_out(site, 0, site->b->status ? -1 : fvi_site_transpose(site, x, perm));
}

/* ---- axes of one element -------------------------------------------------------------------- */

void fvi_aten_unsqueeze(fvi_site *site) {
    const int x = fvi_torch_need(site, "self");
    fvi_shape s = fvi_build_shape(site->b, x);
    const int64_t dim = fvi_torch_int(site, "dim", 0);
    if (site->b->status) return;
    if (s.ndim >= FVI_MAX_DIMS) {
        fvi_build_fail(site->b, FV_UNSUPPORTED, "its result has more than %d axes", FVI_MAX_DIMS);
        return;
    }
    const int axis = fvi_build_axis(site->b, dim, s.ndim + 1);
    for (int i = s.ndim++; i > axis; i--) s.dim[i] = s.dim[i - 1];
    s.dim[axis] = 1;
    fvi_site_out(site, 0, fvi_emit_reshape(site->b, x, &s));
}

/* Axes of another size stay. */
void fvi_aten_squeeze(fvi_site *site) {
    const int x = fvi_torch_need(site, "self");
    const fvi_shape in = fvi_build_shape(site->b, x);
    const unsigned axes = fvi_torch_axes(site, "dim", x);
    fvi_shape s = {0};
    for (int i = 0; i < in.ndim; i++)
        if (in.dim[i] != 1 || !(axes >> i & 1)) s.dim[s.ndim++] = in.dim[i];
    fvi_site_out(site, 0, site->b->status ? -1 : fvi_emit_reshape(site->b, x, &s));
}

/* ---- repeating ------------------------------------------------------------------------------ */

static void expand_to(fvi_site *site, int x, const fvi_shape *s) {
    fvi_site_out(site, 0, site->b->status ? -1 : fvi_emit_expand(site->b, x, s));
}

/* A size of -1 stays. */
void fvi_aten_expand(fvi_site *site) {
    const int x = fvi_torch_need(site, "self");
    const fvi_shape in = fvi_build_shape(site->b, x);
    fvi_shape s = {0};
    s.ndim = MAX(fvi_torch_ints(site, "size", s.dim, FVI_MAX_DIMS), 0);
    for (int i = 0; i < s.ndim && !site->b->status; i++) {
        const int own = i - s.ndim + in.ndim;
        if (s.dim[i] == -1 && own >= 0) s.dim[i] = in.dim[own];
        if (s.dim[i] < 0) fvi_build_fail(site->b, FV_SHAPE, "its size has %" PRId64, s.dim[i]);
    }
    expand_to(site, x, &s);
}

void fvi_aten_expand_as(fvi_site *site) {
    const fvi_shape s = fvi_build_shape(site->b, fvi_torch_need(site, "other"));
    expand_to(site, fvi_torch_need(site, "self"), &s);
}

/* Each part of x before axis i, `times` times; or with `each` every element. */
static int repeat_axis(fvi_site *site, int x, int i, int64_t times, int each) {
    fvi_shape s = fvi_build_shape(site->b, x);
    if (x < 0 || times == 1) return x;
    if (times < 1 || times > FVI_MAX_ELEMENTS) {
        fvi_build_fail(site->b, FV_SHAPE, "it repeats axis %d %" PRId64 " times", i, times);
        return -1;
    }
    const int64_t before = fvi_shape_product(&s, 0, i + each);
    const int64_t after = fvi_shape_product(&s, i + each, s.ndim);
    x = fvi_emit_reshape(site->b, x, &(fvi_shape){3, {before, 1, after}});
    x = fvi_emit_expand(site->b, x, &(fvi_shape){3, {before, times, after}});
    if (site->b->status || fvi_mul(s.dim[i], times, &s.dim[i]) < 0) return -1;
    return fvi_emit_reshape(site->b, x, &s);
}

/* param 1: "dims", of which there may be fewer than axes. */
void fvi_aten_repeat(fvi_site *site) {
    int x = fvi_torch_need(site, "self");
    int64_t times[FVI_MAX_DIMS], wide[FVI_MAX_DIMS];
    const char *name = site->kind->param ? "dims" : "repeats";
    const int n = fvi_torch_ints(site, name, times, FVI_MAX_DIMS);
    fvi_shape s = fvi_build_shape(site->b, x);
    if (site->b->status) return;
    const int more = MAX(n - s.ndim, 0), skip = MAX(s.ndim - n, 0);
    for (int i = 0; i < s.ndim; i++) wide[i] = s.dim[i];
    for (int i = 0; i < s.ndim + more; i++) s.dim[i] = i < more ? 1 : wide[i - more];
    s.ndim += more;
    x = fvi_emit_reshape(site->b, x, &s);
    for (int i = 0; i < n && !site->b->status; i++) x = repeat_axis(site, x, i + skip, times[i], 0);
    fvi_site_out(site, 0, x);
}

void fvi_aten_repeat_interleave(fvi_site *site) {
    int x = fvi_torch_need(site, "self");
    const int64_t times = fvi_torch_int(site, "repeats", 1);
    if (!fvi_torch_argument(site, "dim"))
        x = fvi_emit_reshape(site->b, x, &(fvi_shape){1, {count_of(site, x)}});
    const int axis = fvi_torch_axis(site, "dim", 0, x);
    if (!site->b->status) fvi_site_out(site, 0, repeat_axis(site, x, axis, times, 1));
}

/* ---- blocks --------------------------------------------------------------------------------- */

/* x [..][c][h][w] as [n][c][h][w]; 0: it has fewer axes than three. */
static int as_pictures(fvi_site *site, int *x, fvi_shape *s, fvi_shape *whole) {
    *whole = fvi_build_shape(site->b, *x);
    if (*x < 0) return 0;
    if (whole->ndim < 3) {
        fvi_build_fail(site->b, FV_SHAPE, "its input has %d axes; 3 and more are allowed",
                       whole->ndim);
        return 0;
    }
    const int n = whole->ndim - 3;
    *s = (fvi_shape){
        4, {fvi_shape_product(whole, 0, n), whole->dim[n], whole->dim[n + 1], whole->dim[n + 2]}};
    *x = fvi_emit_reshape(site->b, *x, s);
    return 1;
}

static void give_pictures(fvi_site *site, int v, fvi_shape whole, const int64_t chw[3]) {
    for (int i = 0; i < 3; i++) whole.dim[whole.ndim - 3 + i] = chw[i];
    fvi_site_out(site, 0, fvi_emit_reshape(site->b, v, &whole));
}

/* A factor that divides each of n numbers; 0: it does not, which is said. */
static int64_t factor(fvi_site *site, const char *name, int n, const int64_t *of, int squared) {
    const int64_t r = fvi_torch_int(site, name, 0);
    int fits = r >= 1 && r < 1 << 15;
    for (int i = 0; fits && i < n; i++) fits = of[i] % (squared ? r * r : r) == 0;
    if (!fits && !site->b->status)
        fvi_build_fail(site->b, FV_SHAPE,
                       "its \"%s\" is %" PRId64 ", which does not divide %" PRId64, name, r, of[0]);
    return site->b->status ? 0 : r;
}

/* [c r r][h][w] -> [c][h r][w r] */
void fvi_aten_pixel_shuffle(fvi_site *site) {
    int x = fvi_torch_need(site, "self");
    fvi_shape s, whole;
    if (!as_pictures(site, &x, &s, &whole)) return;
    const int64_t r = factor(site, "upscale_factor", 1, &s.dim[1], 1);
    if (!r) return;
    const int64_t c = s.dim[1] / (r * r), h = s.dim[2], w = s.dim[3];
    int v = fvi_emit_reshape(site->b, x, &(fvi_shape){6, {s.dim[0], c, r, r, h, w}});
    v = fvi_emit_transpose(site->b, v, (const int[]){0, 1, 4, 2, 5, 3});
    give_pictures(site, v, whole, (const int64_t[]){c, h * r, w * r});
}

/* [c][h r][w r] -> [c r r][h][w] */
void fvi_aten_pixel_unshuffle(fvi_site *site) {
    int x = fvi_torch_need(site, "self");
    fvi_shape s, whole;
    if (!as_pictures(site, &x, &s, &whole)) return;
    const int64_t r = factor(site, "downscale_factor", 2, &s.dim[2], 0);
    if (!r) return;
    const int64_t c = s.dim[1], h = s.dim[2] / r, w = s.dim[3] / r;
    int v = fvi_emit_reshape(site->b, x, &(fvi_shape){6, {s.dim[0], c, h, r, w, r}});
    v = fvi_emit_transpose(site->b, v, (const int[]){0, 1, 3, 5, 2, 4});
    give_pictures(site, v, whole, (const int64_t[]){c * r * r, h, w});
}

/* Channels [g][c / g] become [c / g][g]. */
void fvi_aten_channel_shuffle(fvi_site *site) {
    const int x = fvi_torch_need(site, "self");
    const fvi_shape s = fvi_build_shape(site->b, x);
    if (x >= 0 && s.ndim < 3)
        fvi_build_fail(site->b, FV_SHAPE, "its input has %d axes; 3 and more are allowed", s.ndim);
    const int64_t g = site->b->status ? 0 : factor(site, "groups", 1, &s.dim[1], 0);
    if (!g) return;
    const int64_t rest = fvi_shape_product(&s, 2, s.ndim);
    int v = fvi_emit_reshape(site->b, x, &(fvi_shape){4, {s.dim[0], g, s.dim[1] / g, rest}});
    v = fvi_emit_transpose(site->b, v, (const int[]){0, 2, 1, 3});
    fvi_site_out(site, 0, fvi_emit_reshape(site->b, v, &s));
}

/* ---- grids ---------------------------------------------------------------------------------- */

/* Which axis vector i is along; indexing "xy": the first two change places. */
static int grid_axis(int i, int n, int swapped) { return swapped && n > 1 && i < 2 ? 1 - i : i; }

/* The shape that n vectors span. */
static fvi_shape spanned(fvi_site *site, const int *v, int n, int swapped) {
    fvi_shape all = {.ndim = MIN(n, FVI_MAX_DIMS)};
    if (n > FVI_MAX_DIMS) fvi_build_fail(site->b, FV_UNSUPPORTED, "it makes %d axes", n);
    for (int i = 0; i < n && !site->b->status; i++) {
        const fvi_shape s = fvi_build_shape(site->b, v[i]);
        if (v[i] < 0 || s.ndim > 1) fvi_build_fail(site->b, FV_SHAPE, "tensor %d is no vector", i);
        all.dim[grid_axis(i, n, swapped)] = s.ndim ? s.dim[0] : 1;
    }
    return all;
}

/* Each of n vectors along its own axis of n. */
void fvi_aten_meshgrid(fvi_site *site) {
    const char *indexing = fvi_torch_text(site, "indexing", "ij");
    const int swapped = !strcmp(indexing, "xy");
    int n, *v = fvi_torch_tensors(site, "tensors", &n);
    if (!swapped && strcmp(indexing, "ij") != 0)
        fvi_torch_refuse(site, "indexing", indexing, "ij, xy");
    const fvi_shape all = spanned(site, v, n, swapped);
    for (int i = 0; i < n && !site->b->status; i++) {
        fvi_shape own = {.ndim = n};
        for (int k = 0; k < n; k++) own.dim[k] = k == grid_axis(i, n, swapped) ? all.dim[k] : 1;
        fvi_site_out(site, i,
                     fvi_emit_expand(site->b, fvi_emit_reshape(site->b, v[i], &own), &all));
    }
    g_free(v);
}
