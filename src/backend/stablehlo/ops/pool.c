/* SPDX-License-Identifier: Apache-2.0 */
/* pool: largest and mean numbers under a window.
 *
 * A window without any cell gives 0. With ceil_mode the last windows reach beyond the padding:
 * the program's window has as much more padding as that takes, and for the mean cells there are not
 * counted. A dilated window's maxima have no operation for their gradient: the value is compared
 * with each of the window's cells in turn.
 */
#include <math.h>

#include "backend/stablehlo/ops/rules.h"
#include "backend/stablehlo/text/constants.h"
#include "backend/stablehlo/text/elementwise.h"
#include "backend/stablehlo/text/move.h"
#include "backend/stablehlo/text/sums.h"
#include "graph/fold/node_rules.h"

static fvi_window window_of(const fvi_emitter *e, const fvi_node *n) {
    const fvi_shape s = fvi_emitter_shape(e, n, 0);
    return fvi_pool_window(n, &s);
}

/* The window, with padding that gives exactly the output's size. */
static fvi_hlo_window fitted(const fvi_window *w, const fvi_shape *in, const fvi_shape *out) {
    fvi_hlo_window f = {.n = w->n};
    for (int i = 0; i < w->n; i++) {
        f.kernel[i] = w->kernel[i];
        f.stride[i] = w->stride[i];
        f.dilation[i] = w->dilation[i];
        f.gap[i] = 1;
        f.lo[i] = w->pad_lo[i];
        f.hi[i] = (out->dim[i + 2] - 1) * w->stride[i] + (w->kernel[i] - 1) * w->dilation[i] + 1 -
                  in->dim[i + 2] - w->pad_lo[i];
    }
    return f;
}

/* How many cells of an axis each of its windows counts: those of the input and, with padding, of
 * the padding that the file gives. */
static void count_cells(const fvi_window *w, int axis, int padding, int64_t in, int64_t out,
                        float *count) {
    const int64_t from = padding ? -w->pad_lo[axis] : 0;
    const int64_t to = in + (padding ? w->pad_hi[axis] : 0);
    for (int64_t o = 0; o < out; o++) {
        count[o] = 0;
        for (int64_t k = 0; k < w->kernel[axis]; k++) {
            const int64_t at = o * w->stride[axis] - w->pad_lo[axis] + k * w->dilation[axis];
            count[o] += at >= from && at < to;
        }
    }
}

/* One number an output of an axis, broadcast to the output's shape. */
static int counts_along(fvi_emitter *e, const fvi_node *n, const fvi_window *w, int axis,
                        int padding) {
    const fvi_shape in = fvi_emitter_shape(e, n, 0), out = fvi_emitter_out_shape(e, n);
    const int64_t size = out.dim[axis + 2];
    float *count = g_new(float, MAX(size, 1));
    count_cells(w, axis, padding, in.dim[axis + 2], size, count);
    const int row = fvi_hlo_floats(e->h, &(fvi_shape){1, {size}}, count);
    g_free(count);
    return fvi_hlo_along(e->h, row, &out, axis + 2);
}

static int counts(fvi_emitter *e, const fvi_node *n, const fvi_window *w, int padding) {
    int all = counts_along(e, n, w, 0, padding);
    for (int i = 1; i < w->n; i++) all = fvi_hlo_mul(e->h, all, counts_along(e, n, w, i, padding));
    return all;
}

static int is_empty(const fvi_emitter *e, const fvi_node *n) {
    const fvi_shape in = fvi_emitter_shape(e, n, 0), out = fvi_emitter_out_shape(e, n);
    return fvi_shape_count(&in) == 0 || fvi_shape_count(&out) == 0;
}

/* Zeros of a shape: what nothing gives, and the gradient of nothing. */
static int zeros(fvi_emitter *e, const fvi_shape *shape) { return fvi_hlo_number(e->h, shape, 0); }

/* ---- largest -------------------------------------------------------------------------------- */

static int forward_max(fvi_emitter *e, const fvi_node *n) {
    fvi_hlo *h = e->h;
    const fvi_shape in = fvi_emitter_shape(e, n, 0), out = fvi_emitter_out_shape(e, n);
    const fvi_window w = window_of(e, n);
    const fvi_hlo_window f = fitted(&w, &in, &out);
    if (is_empty(e, n)) return zeros(e, &out);
    const int y = fvi_hlo_reduce_window(h, "maximum", fvi_emitter_in(e, n, 0), &f);
    const int seen = fvi_hlo_compare_number(h, "GT", counts(e, n, &w, 0), 0);
    return fvi_hlo_where(h, seen, y);
}

static int is_dilated(const fvi_window *w) {
    for (int i = 0; i < w->n; i++)
        if (w->dilation[i] != 1 && w->kernel[i] > 1) return 1;
    return 0;
}

/* Cells [of the window's position k, last axis fastest] of the padded x, one for each output. */
static void cells_at(const fvi_hlo_window *f, const fvi_shape *out, int64_t k, int64_t *from,
                     int64_t *to, int64_t *step) {
    for (int i = 0; i < out->ndim; i++) {
        from[i] = 0;
        to[i] = out->dim[i];
        step[i] = 1;
    }
    for (int i = f->n - 1; i >= 0; i--) {
        const int a = out->ndim - f->n + i;
        from[a] = k % f->kernel[i] * f->dilation[i];
        to[a] = from[a] + (out->dim[a] - 1) * f->stride[i] + 1;
        step[a] = f->stride[i];
        k /= f->kernel[i];
    }
}

/* Puts g, one for each output, back to those cells of the padded x, and cuts the padding off. */
static int put_cells(fvi_emitter *e, int g, const fvi_hlo_window *f, const fvi_shape *in,
                     const int64_t *from) {
    const fvi_shape s = fvi_hlo_shape(e->h, g);
    int64_t lo[FVI_MAX_DIMS] = {0}, hi[FVI_MAX_DIMS] = {0}, gap[FVI_MAX_DIMS] = {0};
    for (int i = 0; i < f->n; i++) {
        const int a = s.ndim - f->n + i;
        gap[a] = f->stride[i] - 1;
        lo[a] = from[a] - f->lo[i];
        hi[a] = in->dim[a] - lo[a] - (s.dim[a] - 1) * f->stride[i] - 1;
    }
    return fvi_hlo_pad(e->h, g, lo, hi, gap, 0);
}

/* Position by position of the window: the first cell that is the maximum takes the gradient. */
static int dilated_back(fvi_emitter *e, const fvi_node *n, const fvi_hlo_window *f, int g) {
    fvi_hlo *h = e->h;
    const fvi_shape in = fvi_emitter_shape(e, n, 0), out = fvi_emitter_out_shape(e, n);
    int64_t lo[FVI_MAX_DIMS] = {0}, hi[FVI_MAX_DIMS] = {0}, gap[FVI_MAX_DIMS] = {0};
    int64_t from[FVI_MAX_DIMS], to[FVI_MAX_DIMS], step[FVI_MAX_DIMS], cells = 1;
    for (int i = 0; i < f->n; i++) {
        lo[in.ndim - f->n + i] = f->lo[i];
        hi[in.ndim - f->n + i] = f->hi[i];
        cells *= f->kernel[i];
    }
    const int x = fvi_hlo_pad(h, fvi_emitter_in(e, n, 0), lo, hi, gap, -INFINITY);
    const int y = fvi_hlo_reduce_window(h, "maximum", fvi_emitter_in(e, n, 0), f);
    int sum = -1;
    for (int64_t k = 0; k < cells; k++) {
        cells_at(f, &out, k, from, to, step);
        const int here = fvi_hlo_compare(h, "EQ", fvi_hlo_slice(h, x, from, to, step), y);
        const int part = put_cells(e, fvi_hlo_where(h, here, g), f, &in, from);
        g = fvi_hlo_select(h, here, fvi_hlo_like(h, g, 0), g);
        sum = sum < 0 ? part : fvi_hlo_add(h, sum, part);
    }
    return sum;
}

static void backward_max(fvi_emitter *e, const fvi_node *n, int g) {
    const fvi_shape in = fvi_emitter_shape(e, n, 0), out = fvi_emitter_out_shape(e, n);
    const fvi_window w = window_of(e, n);
    const fvi_hlo_window f = fitted(&w, &in, &out);
    if (!fvi_emitter_wants(e, n, 0)) return;
    if (is_empty(e, n)) return;
    /* a window without cells has nobody to give to; its padding must not take part */
    fvi_emitter_give(e, n, 0,
                     is_dilated(&w) ? dilated_back(e, n, &f, g)
                                    : fvi_hlo_max_back(e->h, fvi_emitter_in(e, n, 0), g, &f));
}

const fvi_emitter_rule fvi_emitter_rule_max_pool = {forward_max, backward_max};

/* ---- mean ----------------------------------------------------------------------------------- */

/* x times 1 / (cells counted), 0 where there are none. */
static int divided(fvi_emitter *e, const fvi_node *n, const fvi_window *w, int x) {
    const int count = counts(e, n, w, w->count_include_pad);
    const int one = fvi_hlo_like(e->h, count, 1);
    return fvi_hlo_div(e->h, x, fvi_hlo_max(e->h, count, one));
}

static int forward_average(fvi_emitter *e, const fvi_node *n) {
    const fvi_shape in = fvi_emitter_shape(e, n, 0), out = fvi_emitter_out_shape(e, n);
    const fvi_window w = window_of(e, n);
    const fvi_hlo_window f = fitted(&w, &in, &out);
    if (is_empty(e, n)) return zeros(e, &out);
    return divided(e, n, &w, fvi_hlo_reduce_window(e->h, "add", fvi_emitter_in(e, n, 0), &f));
}

/* The sum over all windows a cell is in: g with gaps under the window. */
static void backward_average(fvi_emitter *e, const fvi_node *n, int g) {
    const fvi_shape in = fvi_emitter_shape(e, n, 0), out = fvi_emitter_out_shape(e, n);
    const fvi_window w = window_of(e, n);
    fvi_hlo_window f = {.n = w.n};
    if (!fvi_emitter_wants(e, n, 0) || is_empty(e, n)) return;
    int64_t lo[FVI_MAX_DIMS] = {0}, hi[FVI_MAX_DIMS] = {0}, gap[FVI_MAX_DIMS] = {0};
    for (int i = 0; i < w.n; i++) {
        const int64_t reach = (w.kernel[i] - 1) * w.dilation[i];
        f.kernel[i] = w.kernel[i];
        f.dilation[i] = w.dilation[i];
        f.stride[i] = f.gap[i] = 1;
        gap[i + 2] = w.stride[i] - 1;
        lo[i + 2] = reach - w.pad_lo[i];
        hi[i + 2] = in.dim[i + 2] - 1 - (out.dim[i + 2] - 1) * w.stride[i] + w.pad_lo[i];
    }
    const int apart = fvi_hlo_pad(e->h, divided(e, n, &w, g), lo, hi, gap, 0);
    fvi_emitter_give(e, n, 0, fvi_hlo_reduce_window(e->h, "add", apart, &f));
}

const fvi_emitter_rule fvi_emitter_rule_average_pool = {forward_average, backward_average};
