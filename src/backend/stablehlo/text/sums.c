/* SPDX-License-Identifier: Apache-2.0 */
/* sums: reductions over axes and over windows. */
#include "backend/stablehlo/text/sums.h"

#include <math.h>
#include <string.h>

#include "backend/stablehlo/text/constants.h"
#include "backend/stablehlo/text/move.h"
#include "backend/stablehlo/text/write.h"

/* What a reduction begins with. */
static int neutral(fvi_hlo *h, const char *op) {
    const double x = !strcmp(op, "multiply")  ? 1
                     : !strcmp(op, "maximum") ? -INFINITY
                     : !strcmp(op, "minimum") ? INFINITY
                                              : 0;
    return fvi_hlo_number(h, &(fvi_shape){0}, x);
}

int fvi_hlo_reduce(fvi_hlo *h, const char *name, int x, unsigned axes, int keep) {
    const fvi_shape s = fvi_hlo_shape(h, x);
    fvi_shape kept = s, left = {0};
    int64_t over[FVI_MAX_DIMS];
    int n = 0;
    for (int i = 0; i < s.ndim; i++) {
        if (axes >> i & 1) {
            over[n++] = i;
            kept.dim[i] = 1;
        } else {
            left.dim[left.ndim++] = s.dim[i];
        }
    }
    if (!n) return x;
    const fvi_hlo_op op = {.name = "reduce",
                           .operands = {x, neutral(h, name)},
                           .n = 2,
                           .type = FVI_HLO_F32,
                           .shape = left};
    const int y = fvi_hlo_open(h, &op);
    fvi_hlo_write_scalar_function(h, name);
    g_string_append(h->body, " {dimensions = ");
    fvi_hlo_write_array(h, over, n);
    g_string_append_c(h->body, '}');
    fvi_hlo_close(h, &op, y);
    return keep ? fvi_hlo_reshape(h, y, &kept) : y;
}

int fvi_hlo_sum_to(fvi_hlo *h, int x, const fvi_shape *shape) {
    const fvi_shape s = fvi_hlo_shape(h, x);
    const int before = s.ndim - shape->ndim;
    unsigned axes = 0;
    for (int i = 0; i < s.ndim; i++)
        if (i < before || (shape->dim[i - before] == 1 && s.dim[i] != 1)) axes |= 1U << i;
    return fvi_hlo_reshape(h, fvi_hlo_reduce(h, "add", x, axes, 1), shape);
}

/* ---- windows -------------------------------------------------------------------------------- */

/* A window over all axes of a value. */
typedef struct full_window {
    int n;
    int64_t kernel[FVI_MAX_DIMS], stride[FVI_MAX_DIMS], dilation[FVI_MAX_DIMS], gap[FVI_MAX_DIMS];
    int64_t lo[FVI_MAX_DIMS], hi[FVI_MAX_DIMS];
} full_window;

static full_window fill(const fvi_shape *s, const fvi_hlo_window *w) {
    full_window f = {.n = s->ndim};
    for (int i = 0; i < s->ndim; i++) {
        const int k = i - (s->ndim - w->n);
        f.kernel[i] = k < 0 ? 1 : w->kernel[k];
        f.stride[i] = k < 0 ? 1 : w->stride[k];
        f.dilation[i] = k < 0 ? 1 : w->dilation[k];
        f.gap[i] = k < 0 ? 1 : w->gap[k];
        f.lo[i] = k < 0 ? 0 : w->lo[k];
        f.hi[i] = k < 0 ? 0 : w->hi[k];
    }
    return f;
}

static fvi_shape windows_of(const fvi_shape *s, const full_window *f) {
    fvi_shape out = *s;
    for (int i = 0; i < s->ndim; i++) {
        const int64_t size = (s->dim[i] - 1) * f->gap[i] + 1 + f->lo[i] + f->hi[i];
        const int64_t reach = (f->kernel[i] - 1) * f->dilation[i] + 1;
        out.dim[i] = size < reach ? 0 : (size - reach) / f->stride[i] + 1;
    }
    return out;
}

static void write_padding(fvi_hlo *h, const full_window *f) {
    g_string_append(h->body, ", padding = dense<[");
    for (int i = 0; i < f->n; i++)
        g_string_append_printf(h->body, "%s[%" G_GINT64_FORMAT ", %" G_GINT64_FORMAT "]",
                               i ? ", " : "", (gint64)f->lo[i], (gint64)f->hi[i]);
    g_string_append_printf(h->body, "]> : tensor<%dx2xi64>", f->n);
}

static void write_window(fvi_hlo *h, const full_window *f) {
    g_string_append(h->body, " {window_dimensions = ");
    fvi_hlo_write_array(h, f->kernel, f->n);
    g_string_append(h->body, ", window_strides = ");
    fvi_hlo_write_array(h, f->stride, f->n);
    write_padding(h, f);
}

int fvi_hlo_reduce_window(fvi_hlo *h, const char *name, int x, const fvi_hlo_window *w) {
    const fvi_shape s = fvi_hlo_shape(h, x);
    const full_window f = fill(&s, w);
    const fvi_hlo_op op = {.name = "reduce_window",
                           .operands = {x, neutral(h, name)},
                           .n = 2,
                           .type = FVI_HLO_F32,
                           .shape = windows_of(&s, &f)};
    const int y = fvi_hlo_open(h, &op);
    fvi_hlo_write_scalar_function(h, name);
    write_window(h, &f);
    g_string_append(h->body, ", base_dilations = ");
    fvi_hlo_write_array(h, f.gap, f.n);
    g_string_append(h->body, ", window_dilations = ");
    fvi_hlo_write_array(h, f.dilation, f.n);
    g_string_append_c(h->body, '}');
    return fvi_hlo_close(h, &op, y);
}

int fvi_hlo_max_back(fvi_hlo *h, int x, int g, const fvi_hlo_window *w) {
    const fvi_shape s = fvi_hlo_shape(h, x);
    const full_window f = fill(&s, w);
    const fvi_hlo_op op = {.name = "select_and_scatter",
                           .operands = {x, g, neutral(h, "add")},
                           .n = 3,
                           .type = FVI_HLO_F32,
                           .shape = s};
    const int y = fvi_hlo_open(h, &op);
    const int a = h->names++, b = h->names++, c = h->names++, d = h->names++, e = h->names++,
              sum = h->names++;
    g_string_append_printf(
        h->body,
        " ({\n^bb0(%%%d: tensor<f32>, %%%d: tensor<f32>):\n"
        "%%%d = \"stablehlo.compare\"(%%%d, %%%d) {comparison_direction = "
        "#stablehlo<comparison_direction GE>} : (tensor<f32>, tensor<f32>) -> tensor<i1>\n"
        "\"stablehlo.return\"(%%%d) : (tensor<i1>) -> ()\n}, {\n"
        "^bb0(%%%d: tensor<f32>, %%%d: tensor<f32>):\n"
        "%%%d = \"stablehlo.add\"(%%%d, %%%d) : (tensor<f32>, tensor<f32>) -> tensor<f32>\n"
        "\"stablehlo.return\"(%%%d) : (tensor<f32>) -> ()\n})",
        a, b, c, a, b, c, d, e, sum, d, e, sum);
    write_window(h, &f);
    g_string_append_c(h->body, '}');
    return fvi_hlo_close(h, &op, y);
}
