/* SPDX-License-Identifier: Apache-2.0 */
/* Reading one ONNX node: its inputs, and its parameters wherever that opset keeps them. Everything
 * comes from a file, so everything is checked, and what is wrong is named with the node. */
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "base/error.h"
#include "graph/const.h"
#include "model/onnx/lowering.h"

/* The first failure stays. */
fv_status fvi_site_fail(fvi_site *s, fv_status status, const char *format, ...) {
    if (s->status) return s->status;
    va_list args;
    va_start(args, format);
    char *text = g_strdup_vprintf(format, args);
    va_end(args);
    s->status = fvi_fail(s->l->err, status, "%s \"%s\": %s", s->proto->op_type, s->label, text);
    g_free(text);
    return s->status;
}

fv_status fvi_site_nomem(fvi_site *s) {
    return fvi_site_fail(s, FV_NOMEM, "constants need more than %zu MiB (limit max_memory)",
                         fvi_limits_constants(s->l->limits) >> 20);
}

/* See lowering.h. */
int fvi_site_charge(fvi_site *s, int64_t elements) {
    int64_t most = fvi_limits_folds(s->l->limits);
    if (elements <= most - s->l->folded) {
        s->l->folded += elements;
        return s->status == FV_OK;
    }
    fvi_site_fail(s, FV_NOMEM,
                  "folding constants takes more than %" PRId64 " elements (limit max_work)", most);
    return 0;
}

/* -1 when absent. */
int fvi_site_in(fvi_site *s, int i) { return i >= 0 && i < s->n_in ? s->in[i] : -1; }

int fvi_site_need(fvi_site *s, int i) {
    int v = fvi_site_in(s, i);
    if (v < 0) fvi_site_fail(s, FV_FORMAT, "input %d is missing", i);
    return v;
}

int fvi_site_wants(const fvi_site *s, int i) {
    return i < s->n_out && s->proto->output[i][0] &&
           g_hash_table_contains(s->scope->needed, s->proto->output[i]);
}

static const fvi_draft *draft(const fvi_site *s, int v) {
    return &g_array_index(s->l->values, fvi_draft, v);
}

/* The empty shape for v -1. */
fvi_shape fvi_site_shape(const fvi_site *s, int v) {
    return v >= 0 ? draft(s, v)->v.shape : (fvi_shape){0};
}

fvi_dtype fvi_site_dtype(const fvi_site *s, int v) { return v >= 0 ? draft(s, v)->dtype : FVI_F32; }

const fvi_const *fvi_site_const(const fvi_site *s, int v) {
    return v >= 0 ? draft(s, v)->v.constant : NULL;
}

const fvi_const *fvi_site_fixed(fvi_site *s, int i, const char *what) {
    int v = fvi_site_in(s, i);
    if (v < 0 || s->status) return NULL;
    const fvi_const *c = fvi_site_const(s, v);
    if (!c)
        fvi_site_fail(s, FV_UNSUPPORTED, "its %s, \"%s\", must be a constant", what,
                      draft(s, v)->v.name);
    return c;
}

/* See lowering.h. */
int fvi_site_ints(fvi_site *s, const char *attr, int i, int64_t *out, int max) {
    const int64_t *ints = NULL;
    int n = attr ? fvi_onnx_attr_ints(s->proto, attr, &ints) : -1;
    const fvi_const *c = n < 0 ? fvi_site_fixed(s, i, attr) : NULL;
    if (s->status || (n < 0 && !c)) return -1;
    int64_t count = n >= 0 ? n : fvi_shape_count(&c->shape);
    if (count > max) {
        fvi_site_fail(s, FV_FORMAT, "%s has %" PRId64 " numbers; at most %d fit", attr, count, max);
        return -1;
    }
    for (int64_t k = 0; k < count; k++) out[k] = c ? fvi_const_int(c, k) : ints[k];
    return (int)count;
}

/* The first element when it has several. */
double fvi_site_real(fvi_site *s, const char *attr, int i, double otherwise) {
    if (fvi_onnx_attr(s->proto, attr)) return fvi_onnx_attr_float(s->proto, attr, (float)otherwise);
    const fvi_const *c = fvi_site_fixed(s, i, attr);
    return c && fvi_shape_count(&c->shape) > 0 ? fvi_const_at(c, 0) : otherwise;
}

/* See lowering.h. */
int fvi_site_axis(fvi_site *s, int64_t axis, int ndim) {
    if (axis >= -ndim && axis < ndim) return (int)(axis < 0 ? axis + ndim : axis);
    fvi_site_fail(s, FV_SHAPE, "axis %" PRId64 " does not exist in %d dimensions", axis, ndim);
    return 0;
}

/* See lowering.h. */
unsigned fvi_site_axes(fvi_site *s, int i, int ndim, int *absent) {
    int64_t axes[FVI_MAX_DIMS];
    unsigned set = 0;
    int n = fvi_site_ints(s, "axes", i, axes, FVI_MAX_DIMS);
    *absent = n < 1;
    for (int k = 0; k < n; k++) set |= 1u << fvi_site_axis(s, axes[k], ndim);
    return set;
}

/* See lowering.h. */
int fvi_site_choice(fvi_site *s, const char *attr, const char *const *choices) {
    for (int i = 0; choices[i]; i++)
        if (fvi_onnx_attr_is(s->proto, attr, choices[i], choices[0])) return i;
    char *list = g_strjoinv(", ", (char **)choices);
    fvi_site_fail(s, FV_FORMAT, "%s is none of %s", attr, list);
    g_free(list);
    return 0;
}

/* One attribute of a window: n numbers in lo..FVI_WINDOW_MAX, `otherwise` when absent. */
static void window_numbers(fvi_site *s, const char *attr, int n, int64_t lo, int64_t otherwise,
                           int64_t *out) {
    const int64_t *ints = NULL;
    int count = fvi_onnx_attr_ints(s->proto, attr, &ints);
    if (count == 0) count = -1;
    if (count > 0 && count != n) {
        fvi_site_fail(s, FV_FORMAT, "%s has %d numbers; %d are needed", attr, count, n);
        return;
    }
    for (int i = 0; i < n; i++) {
        out[i] = count < 0 ? otherwise : ints[i];
        if (out[i] < lo || out[i] > FVI_WINDOW_MAX)
            fvi_site_fail(s, FV_SHAPE, "%s is %" PRId64 "; %" PRId64 "..%" PRId64 " is allowed",
                          attr, out[i], lo, FVI_WINDOW_MAX);
    }
}

/* Number of positions of a window along an axis of `in` elements, padding included in w. In
 * ceil_mode the last one may hang over the end, but must begin inside the input or before it. */
static int64_t window_positions(fvi_site *s, int64_t in, const fvi_window *w, int i,
                                int ceil_mode) {
    int64_t extent = (w->kernel[i] - 1) * w->dilation[i] + 1;
    int64_t room = in + w->pad_lo[i] + w->pad_hi[i] - extent, stride = w->stride[i];
    if (room < 0) {
        fvi_site_fail(s, FV_SHAPE,
                      "a window of %" PRId64 " does not fit into %" PRId64
                      " elements padded by %" PRId64 " and %" PRId64,
                      extent, in, w->pad_lo[i], w->pad_hi[i]);
        return 1;
    }
    int64_t out = (ceil_mode ? (room + stride - 1) / stride : room / stride) + 1;
    if (ceil_mode && (out - 1) * stride >= in + w->pad_lo[i]) out--;
    return out;
}

enum { NOTSET, SAME_UPPER, SAME_LOWER, VALID };

/* auto_pad SAME: as many positions as strides fit, the padding shared, the odd one at the end
 * (UPPER) or the beginning (LOWER). */
static int64_t window_same(int64_t in, fvi_window *w, int i, int lower) {
    int64_t out = (in + w->stride[i] - 1) / w->stride[i];
    int64_t extent = (w->kernel[i] - 1) * w->dilation[i] + 1;
    int64_t total = (out - 1) * w->stride[i] + extent - in;
    if (total < 0) total = 0;
    w->pad_lo[i] = lower ? total - total / 2 : total / 2;
    w->pad_hi[i] = total - w->pad_lo[i];
    return out;
}

/* Everything but the padding that auto_pad makes; 0 when failed. */
static int read_window(fvi_site *s, const int64_t *kernel, fvi_window *w, int n) {
    int64_t pads[2 * FVI_MAX_SPATIAL] = {0};
    int named = fvi_onnx_attr(s->proto, "kernel_shape") != NULL;
    if (!kernel && !named) fvi_site_fail(s, FV_FORMAT, "kernel_shape is missing");
    window_numbers(s, "strides", n, 1, 1, w->stride);
    window_numbers(s, "dilations", n, 1, 1, w->dilation);
    window_numbers(s, "kernel_shape", n, 1, 1, w->kernel);
    window_numbers(s, "pads", 2 * n, 0, 0, pads);
    for (int i = 0; i < n && !s->status; i++) {
        w->pad_lo[i] = pads[i];
        w->pad_hi[i] = pads[n + i];
        if (!kernel) continue;
        if (named && kernel[i] != w->kernel[i])
            fvi_site_fail(s, FV_SHAPE, "kernel_shape is %" PRId64 " but the weights have %" PRId64,
                          w->kernel[i], kernel[i]);
        w->kernel[i] = kernel[i];
        if (kernel[i] < 1 || kernel[i] > FVI_WINDOW_MAX)
            fvi_site_fail(s, FV_SHAPE, "its kernel is %" PRId64 "; 1..%" PRId64 " is allowed",
                          kernel[i], FVI_WINDOW_MAX);
    }
    return !s->status;
}

/* See lowering.h. */
void fvi_site_window(fvi_site *s, const fvi_shape *x, const int64_t *kernel, fvi_window *w,
                     int64_t *out) {
    int n = x->ndim - 2, ceil_mode = fvi_onnx_attr_int(s->proto, "ceil_mode", 0) != 0;
    *w = (fvi_window){.n = n, .groups = 1};
    if (n < 1 || n > FVI_MAX_SPATIAL) {
        char text[FVI_SHAPE_TEXT];
        fvi_site_fail(s, n < 1 ? FV_SHAPE : FV_UNSUPPORTED,
                      "its input is %s; 1 to %d axes after batch and channels are supported",
                      fvi_shape_text(x, text), FVI_MAX_SPATIAL);
        return;
    }
    int mode = fvi_site_choice(
        s, "auto_pad", (const char *const[]){"NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID", NULL});
    if (!read_window(s, kernel, w, n)) return;
    for (int i = 0; i < n; i++) {
        int64_t in = x->dim[2 + i];
        if (mode != NOTSET) w->pad_lo[i] = w->pad_hi[i] = 0;
        if (!out) continue;
        out[i] = mode == SAME_UPPER || mode == SAME_LOWER
                     ? window_same(in, w, i, mode == SAME_LOWER)
                     : window_positions(s, in, w, i, ceil_mode);
    }
}
