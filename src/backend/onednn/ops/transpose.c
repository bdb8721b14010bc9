/* SPDX-License-Identifier: Apache-2.0 */
/* transpose: dst[i0][i1].. = src with its axes in another order; backward is the inverse order.
 *
 * Axes of size one are dropped and axes that stay neighbours are merged, so NCHW <-> NHWC is three
 * axes and a window partition four. If the innermost axis stays innermost, rows are copied whole.
 * Otherwise the output's innermost axis and the source's innermost axis span planes, which are
 * transposed in tiles that fit in the first-level cache, four by four numbers in registers, for
 * every index of the other axes. */
#include "backend/onednn/kernels/strided_loops.h"
#include "backend/onednn/schedule/step.h"
#include "base/error.h"
#include "base/simd.h"

#define TILE 32

typedef struct order {
    int ndim; /* of the output, merged, outermost first */
    fvi_shape shape;
    int64_t to[FVI_MAX_DIMS]; /* strides in the output */
    int64_t at[FVI_MAX_DIMS]; /* strides in the source */
    int cross;                /* the axis along which the source is consecutive */
} order;

typedef struct transpose_state {
    fvi_buffer *src, *ddst;
    order forward, backward;
} transpose_state;

static order order_of(const fvi_shape *in, const int *perm) {
    order o = {0};
    int64_t stride[FVI_MAX_DIMS];
    fvi_shape_strides(in, stride);
    for (int i = 0; i < in->ndim; i++) {
        int64_t d = in->dim[perm[i]], st = stride[perm[i]];
        if (d == 1) continue;
        if (o.ndim && o.at[o.ndim - 1] == st * d) {
            o.shape.dim[o.ndim - 1] *= d;
            o.at[o.ndim - 1] = st;
        } else {
            o.shape.dim[o.ndim] = d;
            o.at[o.ndim++] = st;
        }
    }
    o.shape.ndim = o.ndim;
    fvi_shape_strides(&o.shape, o.to);
    for (int i = 0; i < o.ndim; i++)
        if (o.at[i] == 1) o.cross = i;
    return o;
}

/* dst[y][x] = src[x][y] for 4 x 4 numbers; rows of the output are `to` apart, of the source `at`.
 */
static inline void tile4(float *dst, int64_t to, const float *src, int64_t at) {
    fvi_f32x4 v[4];
    for (int i = 0; i < 4; i++) v[i] = *(const fvi_f32x4 *)(src + i * at);
    fvi_f32x4_transpose(v);
    for (int i = 0; i < 4; i++) *(fvi_f32x4 *)(dst + i * to) = v[i];
}

/* The same for h rows of w numbers, one by one, with the loop over y innermost. */
static inline void tile_tall(float *restrict dst, const int64_t to, const float *restrict src,
                             int64_t at, int64_t h, const int64_t w) {
    for (int64_t y = 0; y < h; y++)
        for (int64_t x = 0; x < w; x++) dst[y * to + x] = src[x * at + y];
}

static inline void tile_wide(float *restrict dst, int64_t to, const float *restrict src,
                             const int64_t at, const int64_t h, int64_t w) {
    for (int64_t y = 0; y < h; y++)
        for (int64_t x = 0; x < w; x++) dst[y * to + x] = src[x * at + y];
}

/* The same for any h and w; two or three interleaved channels are known to the compiler. */
static void tile(float *dst, int64_t to, const float *src, int64_t at, int64_t h, int64_t w) {
    if (w == 3 && to == 3) {
        tile_tall(dst, 3, src, at, h, 3);
    } else if (w == 2 && to == 2) {
        tile_tall(dst, 2, src, at, h, 2);
    } else if (h == 3 && at == 3) {
        tile_wide(dst, to, src, 3, 3, w);
    } else if (h == 2 && at == 2) {
        tile_wide(dst, to, src, 2, 2, w);
    } else {
        int64_t h4 = h & ~(int64_t)3, w4 = w & ~(int64_t)3;
        for (int64_t y = 0; y < h4; y += 4)
            for (int64_t x = 0; x < w4; x += 4) tile4(dst + y * to + x, to, src + x * at + y, at);
        tile_tall(dst + w4, to, src + w4 * at, at, h, w - w4);
        tile_wide(dst + h4 * to, to, src + h4, at, h - h4, w4);
    }
}

/* Side of a tile: longer where the other side is short. */
static int64_t tile_side(int64_t other) { return other < TILE / 4 ? 16 * TILE : TILE; }

/* Transposes the planes of axes (cross, last), tile by tile. */
static void run_planes(const order *o, const float *src, float *dst) {
    int last = o->ndim - 1, c = o->cross;
    fvi_shape rest = o->shape; /* the loop: both plane axes in steps of a tile */
    int64_t stride[2][FVI_MAX_DIMS], h = rest.dim[c], w = rest.dim[last];
    int64_t th = tile_side(w), tw = tile_side(h);
    rest.dim[c] = (h + th - 1) / th;
    rest.dim[last] = (w + tw - 1) / tw;
    int64_t units = fvi_shape_product(&rest, 0, rest.ndim);
    for (int i = 0; i < o->ndim; i++) {
        int64_t k = i == c ? th : i == last ? tw : 1;
        stride[0][i] = o->to[i] * k;
        stride[1][i] = o->at[i] * k;
    }
#pragma omp parallel if (fvi_shape_product(&o->shape, 0, o->ndim) > FVI_PARALLEL_MIN)
    {
        int64_t from, to, index[FVI_MAX_DIMS], left;
        fvi_thread_share(units, &from, &to);
        left = from;
        for (int i = last; i >= 0; left /= rest.dim[i--]) index[i] = left % rest.dim[i];
        for (int64_t u = from; u < to; u++) {
            int64_t a = 0, b = 0;
            for (int i = 0; i <= last; i++) {
                a += index[i] * stride[0][i];
                b += index[i] * stride[1][i];
            }
            int64_t y = h - index[c] * th, x = w - index[last] * tw;
            tile(dst + a, o->to[c], src + b, o->at[last], y < th ? y : th, x < tw ? x : tw);
            for (int i = last; i >= 0 && ++index[i] == rest.dim[i]; i--) index[i] = 0;
        }
    }
}

static void run_order(const order *o, const float *src, float *dst) {
    if (o->ndim == 0) {
        dst[0] = src[0];
    } else if (fvi_shape_product(&o->shape, 0, o->ndim) == 0) {
        return;
    } else if (o->at[o->ndim - 1] == 1) {
        fvi_copy_strided(&o->shape, dst, o->to, src, o->at);
    } else {
        run_planes(o, src, dst);
    }
}

static fv_status plan(fvi_step *s, fv_error *err) {
    transpose_state *x = s->state = fvi_step_alloc(s, 1, sizeof *x);
    if (!x) return fvi_fail(err, FV_NOMEM, "no memory for a plan");
    x->forward = order_of(fvi_step_shape(s, 0), s->node->a.transpose.perm);
    fv_status st = fvi_step_source(s, 0, NULL, &x->src, err);
    return st ? st : fvi_step_make_dst(s, NULL, err);
}

static fv_status forward(const fvi_step *s) {
    const transpose_state *x = s->state;
    run_order(&x->forward, x->src->data, s->dst->data);
    return FV_OK;
}

static fv_status plan_backward(fvi_step *s, fv_error *err) {
    transpose_state *x = s->state;
    const fvi_shape *out = fvi_step_out_shape(s);
    int inverse[FVI_MAX_DIMS] = {0};
    for (int i = 0; i < out->ndim; i++) inverse[s->node->a.transpose.perm[i]] = i;
    x->backward = order_of(out, inverse);
    fv_status st = fvi_step_convert(s, s->ddst, NULL, &x->ddst, err);
    return st ? st : fvi_step_make_dsrc(s, 0, NULL, err);
}

static fv_status backward(const fvi_step *s) {
    const transpose_state *x = s->state;
    run_order(&x->backward, x->ddst->data, s->dsrc[0]->data);
    return FV_OK;
}

const fvi_op fvi_op_transpose = {"Transpose", NULL, plan, plan_backward, forward, backward, NULL};
