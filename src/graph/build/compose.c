/* SPDX-License-Identifier: Apache-2.0 */
/* Padding, pooling of everything, and batch normalisation with fixed statistics, with the checks
 * that they need in every format. Negative padding is a slice before the padding. */
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
