/* SPDX-License-Identifier: Apache-2.0 */
/* Padding, pooling of everything, batch normalisation with fixed statistics, arithmetic, gathering,
 * sampling and casts, with the checks that they need in every format. Negative padding is a slice
 * before the padding; one gathered index is a slice. */
#include "graph/build/compose.h"

#include <math.h>

#include "graph/const.h"

/* ---- padding -------------------------------------------------------------------------------- */

/* Cuts what negative pads take away; returns x without it. */
static int cut_negative(fvi_builder *b, int x, fvi_node_attr *a) {
    const fvi_shape in = fvi_build_shape(b, x);
    for (int i = 0; i < in.ndim && !b->status; i++) {
        const int64_t lo = MAX(-a->pad.lo[i], 0), hi = MAX(-a->pad.hi[i], 0);
        if (lo + hi > in.dim[i])
            fvi_build_fail(b, FV_SHAPE,
                           "axis %d of %" PRId64 " is padded by %" PRId64 " and %" PRId64, i,
                           in.dim[i], a->pad.lo[i], a->pad.hi[i]);
        else
            x = fvi_emit_slice(b, x, i, lo, in.dim[i] - lo - hi);
        if (lo) a->pad.lo[i] = 0;
        if (hi) a->pad.hi[i] = 0;
    }
    return x;
}

/* The largest padding of an axis of n elements. */
static int64_t largest_pad(fvi_pad_mode mode, int64_t n) {
    if (mode == FVI_PAD_REFLECT) return n > 0 ? n - 1 : 0;
    if (mode == FVI_PAD_WRAP || (mode == FVI_PAD_EDGE && n == 0)) return n;
    return FVI_MAX_ELEMENTS;
}

/* Checks the pads and copies them. */
static void read_pads(fvi_builder *b, int ndim, const int64_t *lo, const int64_t *hi,
                      fvi_node_attr *a) {
    const int64_t most = FVI_MAX_ELEMENTS;
    for (int i = 0; i < ndim && !b->status; i++) {
        a->pad.lo[i] = lo[i];
        a->pad.hi[i] = hi[i];
        if (lo[i] < -most || lo[i] > most || hi[i] < -most || hi[i] > most)
            fvi_build_fail(b, FV_SHAPE, "axis %d is padded by %" PRId64 " and %" PRId64, i, lo[i],
                           hi[i]);
    }
}

int fvi_emit_pad(fvi_builder *b, int x, const int64_t *lo, const int64_t *hi, fvi_pad_mode mode,
                 float value) {
    fvi_node_attr a = {.pad = {.mode = mode, .value = value}};
    int any = 0;
    read_pads(b, fvi_build_shape(b, x).ndim, lo, hi, &a);
    x = x < 0 || b->status ? -1 : cut_negative(b, x, &a);
    fvi_shape out = fvi_build_shape(b, x);
    for (int i = 0; i < out.ndim && !b->status; i++) {
        const int64_t n = out.dim[i], most = largest_pad(mode, n);
        if (a.pad.lo[i] > most || a.pad.hi[i] > most)
            fvi_build_fail(b, FV_SHAPE,
                           "axis %d of %" PRId64 " cannot be padded by %" PRId64 " and %" PRId64
                           " in this mode",
                           i, n, a.pad.lo[i], a.pad.hi[i]);
        out.dim[i] += a.pad.lo[i] + a.pad.hi[i];
        any |= a.pad.lo[i] || a.pad.hi[i];
    }
    if (b->status) return -1;
    return any ? fvi_emit(b, FVI_PAD, &a, &out, 1, &x) : x;
}

/* ---- slices --------------------------------------------------------------------------------- */

/* One end of a slice as an index, -1 being before the first. */
static int64_t slice_end(int64_t n, int64_t at, int64_t step) {
    if (at < 0) at = at < -n ? -1 : at + n;
    return step > 0 ? CLAMP(at, 0, n) : CLAMP(at, -1, n - 1);
}

int64_t fvi_slice_range(int64_t n, int64_t start, int64_t end, int64_t step, int64_t *first) {
    *first = slice_end(n, start, step);
    end = slice_end(n, end, step);
    const int64_t span = step > 0 ? end - *first : *first - end;
    if (span <= 0) return 0;
    if (step == INT64_MIN) return 1;
    return (span - 1) / (step > 0 ? step : -step) + 1;
}

/* ---- pooling -------------------------------------------------------------------------------- */

int fvi_emit_global_pool(fvi_builder *b, fvi_kind kind, int x) {
    fvi_shape in = fvi_build_shape(b, x), out = in;
    if (x < 0 || b->status) return -1;
    int n = in.ndim - 2;
    if (n < 1 || n > FVI_MAX_SPATIAL || fvi_shape_count(&in) == 0) {
        char text[FVI_SHAPE_TEXT];
        fvi_build_fail(b, FV_SHAPE, "it cannot pool %s", fvi_shape_text(&in, text));
        return -1;
    }
    fvi_node_attr a = {.window = {.n = n, .groups = 1, .global = 1}};
    for (int i = 0; i < n; i++) {
        a.window.kernel[i] = in.dim[2 + i];
        a.window.stride[i] = a.window.dilation[i] = 1;
        out.dim[2 + i] = 1;
    }
    return fvi_emit(b, kind, &a, &out, 1, &x);
}

/* ---- batch normalisation -------------------------------------------------------------------- */

int fvi_emit_batch_norm(fvi_builder *b, int x, const fvi_statistics *s) {
    const fvi_shape shape = fvi_build_shape(b, x);
    if (x < 0 || b->status) return -1;
    const int64_t c = shape.dim[1];
    uint8_t *scale, *shift;
    const int vs = fvi_emit_constant(b, FVI_F32, &(fvi_shape){1, {c}}, &scale);
    const int vb = fvi_emit_constant(b, FVI_F32, &(fvi_shape){1, {c}}, &shift);
    for (int64_t i = 0; i < c && !b->status; i++) {
        const double gamma = s->gamma ? fvi_const_at(s->gamma, i) : 1;
        const double k = gamma / sqrt(fvi_const_at(s->variance, i) + s->epsilon);
        const double beta = s->beta ? fvi_const_at(s->beta, i) : 0;
        fvi_put_real(FVI_F32, scale, i, k);
        fvi_put_real(FVI_F32, shift, i, beta - fvi_const_at(s->mean, i) * k);
    }
    if (b->status) return -1;
    return fvi_emit(b, FVI_BATCH_NORM, NULL, &shape, 3, (int[]){x, vs, vb});
}

/* ---- arithmetic ----------------------------------------------------------------------------- */

/* Whether v is one constant number that leaves the rank of x alone. */
static int one_number(const fvi_builder *b, int v, int x, double *number) {
    const fvi_const *c = fvi_build_const(b, v);
    if (!c || fvi_build_const(b, x) || fvi_shape_count(&c->shape) != 1) return 0;
    *number = fvi_const_at(c, 0);
    return c->shape.ndim <= fvi_build_shape(b, x).ndim && isfinite(*number);
}

/* a (op) k and k (op) b as a function of one operand; -1 when there is none. */
static int emit_linear(fvi_builder *builder, fvi_binary f, int a, int b) {
    double k;
    if (one_number(builder, b, a, &k)) switch (f) {
        case FVI_ADD: return fvi_emit_unary(builder, FVI_LINEAR, 1, (float)k, a);
        case FVI_SUB: return fvi_emit_unary(builder, FVI_LINEAR, 1, (float)-k, a);
        case FVI_MUL: return fvi_emit_unary(builder, FVI_LINEAR, (float)k, 0, a);
        case FVI_DIV:
            if (k == 0 || !isfinite((float)(1 / k))) return -1;
            return fvi_emit_unary(builder, FVI_LINEAR, (float)(1 / k), 0, a);
        case FVI_POWER: return fvi_emit_unary(builder, FVI_POW, (float)k, 0, a);
        default: return -1;
        }
    if (one_number(builder, a, b, &k)) switch (f) {
        case FVI_ADD: return fvi_emit_unary(builder, FVI_LINEAR, 1, (float)k, b);
        case FVI_SUB: return fvi_emit_unary(builder, FVI_LINEAR, -1, (float)k, b);
        case FVI_MUL: return fvi_emit_unary(builder, FVI_LINEAR, (float)k, 0, b);
        default: return -1;
        }
    return -1;
}

int fvi_emit_arith(fvi_builder *b, fvi_binary f, int x, int y) {
    if (x < 0 || y < 0 || b->status) return -1;
    const int v = emit_linear(b, f, x, y);
    return v >= 0 || b->status ? v : fvi_emit_binary(b, f, x, y);
}

/* ---- gathering ------------------------------------------------------------------------------ */

/* The indices, checked to lie in -n..n-1; as they are when none is negative, else a copy. */
static int plain_indices(fvi_builder *b, int indices, const fvi_const *c, int64_t n) {
    int64_t count = fvi_shape_count(&c->shape);
    int negative = 0;
    if (!fvi_build_charge(b, count)) return -1;
    for (int64_t i = 0; i < count; i++) {
        int64_t at = fvi_const_int(c, i);
        if (at < -n || at >= n) {
            fvi_build_fail(b, FV_SHAPE, "it has index %" PRId64 " of %" PRId64 " elements", at, n);
            return -1;
        }
        negative |= at < 0;
    }
    if (!negative) return indices;
    uint8_t *data;
    int v = fvi_emit_constant(b, FVI_I64, &c->shape, &data);
    for (int64_t i = 0; v >= 0 && i < count; i++) {
        int64_t at = fvi_const_int(c, i);
        fvi_put_int(FVI_I64, data, i, at < 0 ? at + n : at);
    }
    return v;
}

int fvi_emit_gather(fvi_builder *b, int x, int indices, int64_t along) {
    fvi_shape in = fvi_build_shape(b, x), at = fvi_build_shape(b, indices), out = {0};
    int axis = fvi_build_axis(b, along, in.ndim);
    if (!b->status && (in.ndim == 0 || in.ndim - 1 + at.ndim > FVI_MAX_DIMS))
        fvi_build_fail(b, FV_UNSUPPORTED, "%d dimensions indexed by %d", in.ndim, at.ndim);
    if (b->status) return -1;
    for (int i = 0; i < axis; i++) out.dim[out.ndim++] = in.dim[i];
    for (int i = 0; i < at.ndim; i++) out.dim[out.ndim++] = at.dim[i];
    for (int i = axis + 1; i < in.ndim; i++) out.dim[out.ndim++] = in.dim[i];
    const fvi_const *c = fvi_build_const(b, indices);
    if (c) indices = plain_indices(b, indices, c, in.dim[axis]);
    if (b->status) return -1;
    if (c && fvi_shape_count(&c->shape) == 1) {
        int64_t first = fvi_const_int(fvi_build_const(b, indices), 0);
        return fvi_emit_reshape(b, fvi_emit_slice(b, x, axis, first, 1), &out);
    }
    fvi_node_attr a = {.axis = {axis}};
    return fvi_emit(b, FVI_GATHER, &a, &out, 2, (int[]){x, indices});
}

/* ---- sampling ------------------------------------------------------------------------------- */

int fvi_emit_grid_sample(fvi_builder *b, int x, int grid, int back, const fvi_grid_sample *how) {
    if (x < 0 || grid < 0 || b->status) return -1;
    const fvi_shape points = fvi_build_shape(b, grid);
    const fvi_node_attr a = {.grid_sample = *how};
    fvi_shape out = fvi_build_shape(b, x);
    if (out.dim[0] == 1) out.dim[0] = points.dim[0];
    for (int i = 2; i < out.ndim; i++) out.dim[i] = points.dim[i - 1];
    return fvi_emit(b, FVI_GRID_SAMPLE, &a, &out, back < 0 ? 2 : 3, (int[]){x, grid, back});
}

/* ---- casts ---------------------------------------------------------------------------------- */

static int cast_constant(fvi_builder *b, const fvi_const *c, fvi_dtype t) {
    uint8_t *data;
    const int v = fvi_emit_constant(b, t, &c->shape, &data);
    const int64_t n = fvi_shape_count(&c->shape);
    for (int64_t i = 0; v >= 0 && i < n; i++) fvi_put_from(t, data, i, c, i);
    return v;
}

int fvi_emit_cast(fvi_builder *b, int x, fvi_dtype t) {
    const fvi_const *c = fvi_build_const(b, x);
    const fvi_shape shape = fvi_build_shape(b, x);
    const fvi_dtype from = fvi_build_dtype(b, x);
    if (x < 0 || b->status) return -1;
    if (c) return c->dtype == t ? x : cast_constant(b, c, t);
    if (!fvi_dtype_is_int(t)) t = FVI_F32;
    if (from == t) return x;
    int v = x;
    if (t == FVI_BOOL)
        v = fvi_emit_unary(b, FVI_NOT, 0, 0, fvi_emit_unary(b, FVI_NOT, 0, 0, x));
    else if (fvi_dtype_is_int(t) && !fvi_dtype_is_int(from))
        v = fvi_emit_unary(b, FVI_TRUNC, 0, 0, x);
    else
        v = fvi_emit(b, FVI_IDENTITY, NULL, &shape, 1, &x);
    if (v >= 0) fvi_build_value(b, v)->dtype = t;
    return v;
}

int fvi_emit_wrapped(fvi_builder *b, int v, fvi_dtype t) {
    const int is_signed = t == FVI_I8 || t == FVI_I16;
    const double n = fvi_dtype_size(t) == 1 ? 256 : 65536, low = is_signed ? -n / 2 : 0;
    if (v < 0 || b->status || fvi_build_const(b, v)) return v;
    if (!is_signed && t != FVI_U8 && t != FVI_U16) return v;
    if (is_signed) v = fvi_emit_unary(b, FVI_LINEAR, 1, (float)-low, v);
    v = fvi_emit_binary(b, FVI_MOD, v, fvi_emit_scalar(b, FVI_I32, n));
    if (is_signed) v = fvi_emit_unary(b, FVI_LINEAR, 1, (float)low, v);
    if (v >= 0) fvi_build_value(b, v)->dtype = t;
    return v;
}
