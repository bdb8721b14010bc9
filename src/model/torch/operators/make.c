/* SPDX-License-Identifier: Apache-2.0 */
/* Tensors that a call makes of numbers, and filling. An "empty" tensor, which has any numbers, has
 * zeros. Source: torch.arange, torch.full and the like. */
#include <math.h>

#include "graph/build/compose.h"
#include "graph/const.h"
#include "model/torch/aten.h"

/* Whether the argument is a real number. */
static int is_real(const fvi_site *site, const char *name) {
    const fvi_torch_arg *a = fvi_torch_argument(site, name);
    return a && a->type == FVI_TORCH_REAL;
}

static fvi_dtype type_or(fvi_site *site, fvi_dtype otherwise) {
    const fvi_dtype t = fvi_torch_dtype(site, "dtype");
    return t ? t : otherwise;
}

/* n numbers start, start + step, ... */
static void sequence(fvi_site *site, double n, double start, double step, fvi_dtype t) {
    uint8_t *data;
    if (!(n >= 0 && n <= (double)FVI_CONSTANT_MAX_ELEMENTS)) {
        fvi_build_fail(site->b, FV_SHAPE, "it makes %g numbers", n);
        return;
    }
    const int64_t count = (int64_t)n;
    const int v = fvi_emit_constant(site->b, t, &(fvi_shape){1, {count}}, &data);
    for (int64_t i = 0; v >= 0 && i < count; i++)
        fvi_put_real(t, data, i, start + (double)i * step);
    fvi_site_out(site, 0, v);
}

void fvi_aten_arange(fvi_site *site) {
    const int real = is_real(site, "start") || is_real(site, "end") || is_real(site, "step");
    const double start = fvi_torch_real(site, "start", 0), end = fvi_torch_real(site, "end", 0);
    const double step = fvi_torch_real(site, "step", 1);
    const fvi_dtype t = type_or(site, real ? FVI_F32 : FVI_I64);
    if (step == 0 || (end - start) / step < 0)
        fvi_build_fail(site->b, FV_SHAPE, "its step is %g, from %g to %g", step, start, end);
    if (!site->b->status) sequence(site, ceil((end - start) / step), start, step, t);
}

void fvi_aten_linspace(fvi_site *site) {
    const double start = fvi_torch_real(site, "start", 0), end = fvi_torch_real(site, "end", 0);
    const int64_t n = fvi_torch_int(site, "steps", 100);
    const fvi_dtype t = type_or(site, FVI_F32);
    if (!site->b->status)
        sequence(site, (double)n, start, n > 1 ? (end - start) / (double)(n - 1) : 0, t);
}

/* ---- one number everywhere ------------------------------------------------------------------ */

/* The operand as a scalar of that type. */
static int filling(fvi_site *site, const char *name, double otherwise, fvi_dtype t) {
    int v = fvi_torch_operand(site, name);
    if (v < 0 && !site->b->status) v = fvi_emit_scalar(site->b, t, otherwise);
    const fvi_shape s = fvi_build_shape(site->b, v);
    if (s.ndim && fvi_shape_count(&s) == 1) v = fvi_emit_reshape(site->b, v, &(fvi_shape){0});
    return v < 0 ? -1 : fvi_emit_cast(site->b, v, t);
}

static void fill_shape(fvi_site *site, const fvi_shape *s, fvi_dtype t) {
    if (fvi_shape_count(s) < 0)
        fvi_build_fail(site->b, FV_SHAPE, "its size is negative or too large");
    const int v = site->b->status ? -1 : filling(site, "fill_value", site->kind->param, t);
    if (v >= 0) fvi_site_out(site, 0, fvi_emit_expand(site->b, v, s));
}

/* The type of a number that a call is filled with. */
static fvi_dtype type_of_filling(const fvi_site *site) {
    const fvi_torch_arg *a = fvi_torch_argument(site, "fill_value");
    if (!a || a->type == FVI_TORCH_REAL) return FVI_F32;
    return a->type == FVI_TORCH_BOOL ? FVI_BOOL : FVI_I64;
}

/* param: the number, where the call has none. */
void fvi_aten_full(fvi_site *site) {
    fvi_shape s = {0};
    s.ndim = MAX(fvi_torch_ints(site, "size", s.dim, FVI_MAX_DIMS), 0);
    const fvi_dtype t = type_or(site, type_of_filling(site));
    if (!site->b->status) fill_shape(site, &s, t);
}

/* The shape, where the call has none, and the type are those of "self". */
void fvi_aten_full_like(fvi_site *site) {
    const int x = fvi_torch_need(site, "self");
    fvi_shape s = fvi_build_shape(site->b, x);
    const int given = fvi_torch_ints(site, "size", s.dim, FVI_MAX_DIMS);
    if (fvi_torch_argument(site, "size")) s.ndim = MAX(given, 0);
    const fvi_dtype t = type_or(site, fvi_build_dtype(site->b, x));
    if (!site->b->status) fill_shape(site, &s, t);
}

void fvi_aten_scalar_tensor(fvi_site *site) {
    const fvi_dtype t = type_or(site, FVI_F32);
    if (!site->b->status) fvi_site_out(site, 0, filling(site, "s", 0, t));
}

void fvi_aten_eye(fvi_site *site) {
    const int64_t n = fvi_torch_int(site, "n", 0), m = fvi_torch_int(site, "m", n);
    const fvi_dtype t = type_or(site, FVI_F32);
    uint8_t *data;
    if (site->b->status) return;
    const int v = fvi_emit_constant(site->b, t, &(fvi_shape){2, {n, m}}, &data);
    for (int64_t i = 0; v >= 0 && i < MIN(n, m); i++) fvi_put_int(t, data, i * m + i, 1);
    fvi_site_out(site, 0, v);
}

/* "self" with one number, which may be computed, everywhere. */
void fvi_aten_fill(fvi_site *site) {
    const int x = fvi_torch_need(site, "self");
    const fvi_shape s = fvi_build_shape(site->b, x);
    const int v = x < 0 ? -1 : filling(site, "value", 0, fvi_build_dtype(site->b, x));
    if (v >= 0) fvi_site_out(site, 0, fvi_emit_expand(site->b, v, &s));
}

/* "self" with the numbers of "src". */
void fvi_aten_copy(fvi_site *site) {
    const int x = fvi_torch_need(site, "self"), src = fvi_torch_need(site, "src");
    const fvi_shape s = fvi_build_shape(site->b, x);
    if (x < 0 || src < 0) return;
    const int v = fvi_emit_cast(site->b, src, fvi_build_dtype(site->b, x));
    fvi_site_out(site, 0, fvi_emit_expand(site->b, v, &s));
}
