/* SPDX-License-Identifier: Apache-2.0 */
/* products: matrix products and convolutions, in the precision that is asked for. */
#include "backend/stablehlo/text/products.h"

#include "backend/stablehlo/text/elementwise.h"
#include "backend/stablehlo/text/write.h"

/* "precision_config = [..]}"; without it a device's default may be less than f32. */
static void close_config(fvi_hlo *h) {
    const char *name = h->precision == FV_PRECISION_BF16   ? "DEFAULT"
                       : h->precision == FV_PRECISION_TF32 ? "HIGH"
                                                           : "HIGHEST";
    g_string_append_printf(
        h->body, "precision_config = [#stablehlo<precision %s>, #stablehlo<precision %s>]}", name,
        name);
}

/* The type in which operands are multiplied. */
static fvi_hlo_type operand_type(fv_precision precision) {
    return precision == FV_PRECISION_BF16 ? FVI_HLO_BF16 : FVI_HLO_F32;
}

/* The axes of a result of dot behind the batch axes: all but k. */
static void append_rest(fvi_shape *to, const fvi_shape *s, int batch, int k) {
    for (int i = batch; i < s->ndim; i++)
        if (i != k) to->dim[to->ndim++] = s->dim[i];
}

int fvi_hlo_dot(fvi_hlo *h, int a, int b, int batch, int ka, int kb) {
    const fvi_shape sa = fvi_hlo_shape(h, a), sb = fvi_hlo_shape(h, b);
    const fvi_hlo_type type = operand_type(h->precision);
    a = fvi_hlo_convert(h, type, a);
    b = fvi_hlo_convert(h, type, b);
    fvi_hlo_op op = {.name = "dot_general", .operands = {a, b}, .n = 2, .type = FVI_HLO_F32};
    int64_t axes[FVI_MAX_DIMS];
    for (int i = 0; i < batch; i++) {
        axes[i] = i;
        op.shape.dim[op.shape.ndim++] = sa.dim[i];
    }
    append_rest(&op.shape, &sa, batch, ka);
    append_rest(&op.shape, &sb, batch, kb);
    const int y = fvi_hlo_open(h, &op);
    g_string_append(h->body, " {dot_dimension_numbers = #stablehlo.dot<lhs_batching_dimensions = ");
    fvi_hlo_write_list(h, axes, batch);
    g_string_append(h->body, ", rhs_batching_dimensions = ");
    fvi_hlo_write_list(h, axes, batch);
    g_string_append_printf(
        h->body, ", lhs_contracting_dimensions = [%d], rhs_contracting_dimensions = [%d]>, ", ka,
        kb);
    close_config(h);
    return fvi_hlo_close(h, &op, y);
}

int fvi_hlo_dot_f32(fvi_hlo *h, int a, int b, int batch, int ka, int kb) {
    const fv_precision own = h->precision;
    h->precision = FV_PRECISION_F32;
    const int y = fvi_hlo_dot(h, a, b, batch, ka, kb);
    h->precision = own;
    return y;
}

/* "[b, f, 0, 1]" */
static void write_axes(fvi_hlo *h, const char *first, int spatial) {
    g_string_append_printf(h->body, "[%s", first);
    for (int i = 0; i < spatial; i++) g_string_append_printf(h->body, ", %d", i);
    g_string_append_c(h->body, ']');
}

static void write_conv(fvi_hlo *h, const fvi_hlo_conv *c) {
    const fvi_hlo_window *w = &c->window;
    g_string_append(h->body, " {dimension_numbers = #stablehlo.conv<");
    write_axes(h, "b, f", w->n);
    g_string_append_c(h->body, 'x');
    write_axes(h, c->transposed ? "i, o" : "o, i", w->n);
    g_string_append(h->body, "->");
    write_axes(h, "b, f", w->n);
    g_string_append(h->body, ">, window_strides = ");
    fvi_hlo_write_array(h, w->stride, w->n);
    g_string_append(h->body, ", padding = dense<[");
    for (int i = 0; i < w->n; i++)
        g_string_append_printf(h->body, "%s[%" G_GINT64_FORMAT ", %" G_GINT64_FORMAT "]",
                               i ? ", " : "", (gint64)w->lo[i], (gint64)w->hi[i]);
    g_string_append_printf(h->body, "]> : tensor<%dx2xi64>, lhs_dilation = ", w->n);
    fvi_hlo_write_array(h, w->gap, w->n);
    g_string_append(h->body, ", rhs_dilation = ");
    fvi_hlo_write_array(h, w->dilation, w->n);
    g_string_append(h->body, ", window_reversal = array<i1: ");
    for (int i = 0; i < w->n; i++)
        g_string_append_printf(h->body, "%s%s", i ? ", " : "", c->transposed ? "true" : "false");
    g_string_append_printf(h->body,
                           ">, feature_group_count = %" G_GINT64_FORMAT
                           " : i64, batch_group_count = 1 : i64, ",
                           (gint64)c->groups);
    close_config(h);
}

int fvi_hlo_convolve(fvi_hlo *h, int x, int w, const fvi_hlo_conv *c) {
    const fvi_hlo_window *win = &c->window;
    fvi_shape s = fvi_hlo_shape(h, x);
    s.dim[1] = fvi_hlo_shape(h, w).dim[c->transposed ? 1 : 0];
    for (int i = 0; i < win->n; i++) {
        const int64_t size = (s.dim[2 + i] - 1) * win->gap[i] + 1 + win->lo[i] + win->hi[i];
        const int64_t reach = (win->kernel[i] - 1) * win->dilation[i] + 1;
        s.dim[2 + i] = size < reach ? 0 : (size - reach) / win->stride[i] + 1;
    }
    const fvi_hlo_type type = operand_type(h->precision);
    x = fvi_hlo_convert(h, type, x);
    w = fvi_hlo_convert(h, type, w);
    const fvi_hlo_op op = {
        .name = "convolution", .operands = {x, w}, .n = 2, .type = type, .shape = s};
    const int y = fvi_hlo_open(h, &op);
    write_conv(h, c);
    return fvi_hlo_convert(h, FVI_HLO_F32, fvi_hlo_close(h, &op, y));
}
