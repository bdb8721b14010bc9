/* SPDX-License-Identifier: Apache-2.0 */
/* max_pool: dst = the largest src under the window; padding never counts, and a window without any
 * input cell gives 0. Backward adds each output's gradient to the cell of the maximum, the first
 * one of equals.
 *
 * oneDNN's code for this is slow with AVX2 (docs/performance.md). These loops run over the source
 * in its layout: `lanes` adjacent channels, as oneDNN's convolutions write them (8, 16, or all), or
 * one (plain).
 */
#include <string.h>

#include "backend/onednn/dnnl/dnnl_ops.h"
#include "backend/onednn/kernels/pool_window.h"
#include "backend/onednn/kernels/strided_loops.h"
#include "base/error.h"
#include "base/simd.h"

#define LANES 16 /* channels for which one thread scatters gradients together */

typedef struct max_pool {
    fvi_window window;
    fvi_pool_axis axis[3];
    int64_t planes, lanes;          /* memory is [planes][cells][lanes] */
    fvi_buffer *src, *where, *ddst; /* where: [planes][outputs][lanes] int32 cell, -1: nowhere */
} max_pool;

static int64_t cells_in(const max_pool *x) { return x->axis[0].in * x->axis[1].in * x->axis[2].in; }

static int64_t cells_out(const max_pool *x) {
    return x->axis[0].out * x->axis[1].out * x->axis[2].out;
}

/* ---- planning ---- */

static fv_status plan(fvi_step *s, fv_error *err) {
    max_pool *x = s->state = fvi_step_alloc(s, 1, sizeof *x);
    if (!x) return fvi_fail(err, FV_NOMEM, "no memory for a plan");
    const fvi_shape *shape = fvi_step_shape(s, 0), *out = fvi_step_out_shape(s);
    const fvi_layout *layout = s->src[0] ? s->src[0]->layout : NULL;
    fvi_layout *dst = NULL;
    int64_t padded;
    fvi_pool_axes(s, &x->window, x->axis);
    if (fvi_layout_channel_block(layout, shape, &x->lanes, &padded))
        dst = fvi_layout_like(layout, out);
    if (dst) {
        x->planes = shape->dim[0] * (padded / x->lanes);
    } else {
        layout = NULL;
        x->planes = shape->dim[0] * shape->dim[1];
        x->lanes = 1;
    }
    fv_status st = fvi_step_source(s, 0, layout, &x->src, err);
    if (!st) st = fvi_step_make_dst(s, dst, err);
    fvi_layout_free(dst);
    if (st || !s->backward) return st;
    size_t count = (size_t)(x->planes * cells_out(x) * x->lanes);
    return fvi_step_saved_bytes(s, count * sizeof(int32_t), &x->where, err);
}

static fv_status plan_backward(fvi_step *s, fv_error *err) {
    max_pool *x = s->state;
    if (!s->wanted[0]) return FV_OK;
    fv_status st = fvi_step_convert(s, s->ddst, s->dst->layout, &x->ddst, err);
    if (!st) fvi_step_touch(s, x->where, FVI_READ);
    return st ? st : fvi_step_make_dsrc(s, 0, x->src->layout, err);
}

/* ---- running ---- */

/* The cells under one window: kernel positions [from, to) on each axis, cell `at` under position 0.
 */
typedef struct box {
    int64_t from[3], to[3], at[3];
} box;

static inline void set_axis(box *w, const max_pool *x, int i, int64_t o) {
    fvi_pool_inside(&x->axis[i], o, &w->from[i], &w->to[i]);
    w->at[i] = o * x->axis[i].stride - x->axis[i].lo;
}

/* The maxima under a window so far. */
typedef struct best_of_eight {
    fvi_f32x8 value;
    fvi_i32x8 cell;
} best_of_eight;

typedef struct best_of_one {
    float value;
    int32_t cell;
} best_of_one;

/* Compares n cells from `cell` on, `step` apart; v is cell 0, cells are `lanes` floats apart. */
FVI_INLINE void row_of_eight(best_of_eight *b, const float *v, int64_t lanes, int64_t cell,
                             int64_t step, int64_t n) {
    for (int64_t k = 0; k < n; k++, cell += step) {
        fvi_f32x8 x = *(const fvi_f32x8 *)(v + cell * lanes);
        fvi_i32x8 larger = (b->cell < 0) | (x > b->value);
        b->value = FVI_SELECT(larger, x, b->value);
        b->cell = ((int32_t)cell & larger) | (b->cell & ~larger);
    }
}

static inline void row_of_one(best_of_one *b, const float *v, int64_t lanes, int64_t cell,
                              int64_t step, int64_t n) {
    for (int64_t k = 0; k < n; k++, cell += step)
        if (b->cell < 0 || v[cell * lanes] > b->value)
            *b = (best_of_one){v[cell * lanes], (int32_t)cell};
}

FVI_INLINE void largest(const max_pool *x, const box *w, const float *src, best_of_eight *many,
                        best_of_one *one) {
    const fvi_pool_axis *a = x->axis;
    int64_t n = w->to[2] - w->from[2];
    for (int64_t i = w->from[0]; i < w->to[0]; i++)
        for (int64_t j = w->from[1]; j < w->to[1]; j++) {
            int64_t y = (w->at[0] + i * a[0].dilation) * a[1].in + w->at[1] + j * a[1].dilation;
            int64_t cell = y * a[2].in + w->at[2] + w->from[2] * a[2].dilation;
            if (many) row_of_eight(many, src, x->lanes, cell, a[2].dilation, n);
            if (one) row_of_one(one, src, x->lanes, cell, a[2].dilation, n);
        }
}

/* One row of outputs; dst and where begin at it. */
FVI_WIDE static void pool_row(const max_pool *x, const float *src, int64_t row, float *dst,
                              int32_t *where) {
    box w;
    set_axis(&w, x, 0, row / x->axis[1].out);
    set_axis(&w, x, 1, row % x->axis[1].out);
    for (int64_t o = 0; o < x->axis[2].out; o++) {
        set_axis(&w, x, 2, o);
        int64_t l = 0, i = o * x->lanes;
        for (; l + 8 <= x->lanes; l += 8) {
            best_of_eight b = {{0}, (fvi_i32x8){0} - 1};
            largest(x, &w, src + l, &b, NULL);
            *(fvi_f32x8 *)(dst + i + l) = b.value;
            if (where) *(fvi_i32x8 *)(where + i + l) = b.cell;
        }
        for (; l < x->lanes; l++) {
            best_of_one b = {0, -1};
            largest(x, &w, src + l, NULL, &b);
            dst[i + l] = b.value;
            if (where) where[i + l] = b.cell;
        }
    }
}

static fv_status forward(const fvi_step *s) {
    const max_pool *x = s->state;
    int64_t rows = x->axis[0].out * x->axis[1].out, width = x->axis[2].out * x->lanes;
    int64_t in = cells_in(x) * x->lanes;
    const float *src = x->src->data;
    float *dst = s->dst->data;
    int32_t *where = x->where ? x->where->data : NULL;
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < x->planes * rows; i++)
        pool_row(x, src + i / rows * in, i % rows, dst + i * width,
                 where ? where + i * width : NULL);
    return FV_OK;
}

/* The lanes [l, l + n) of one plane. */
static void scatter(const max_pool *x, int64_t n, const float *ddst, const int32_t *where,
                    float *dsrc) {
    int64_t in = cells_in(x), out = cells_out(x);
    for (int64_t i = 0; i < in; i++) memset(dsrc + i * x->lanes, 0, (size_t)n * sizeof *dsrc);
    for (int64_t i = 0; i < out; i++)
        for (int64_t l = 0; l < n; l++) {
            int64_t j = i * x->lanes + l;
            if (where[j] >= 0) dsrc[where[j] * x->lanes + l] += ddst[j];
        }
}

static fv_status backward(const fvi_step *s) {
    const max_pool *x = s->state;
    if (!s->wanted[0]) return FV_OK;
    int64_t groups = (x->lanes + LANES - 1) / LANES, in = cells_in(x), out = cells_out(x);
    const float *ddst = x->ddst->data;
    const int32_t *where = x->where->data;
    float *dsrc = s->dsrc[0]->data;
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < x->planes * groups; i++) {
        int64_t plane = i / groups, l = i % groups * LANES, n = x->lanes - l;
        int64_t from = plane * out * x->lanes + l;
        scatter(x, n < LANES ? n : LANES, ddst + from, where + from,
                dsrc + plane * in * x->lanes + l);
    }
    return FV_OK;
}

const fvi_op fvi_op_max_pool = {"MaxPool", NULL, plan, plan_backward, forward, backward, NULL};
