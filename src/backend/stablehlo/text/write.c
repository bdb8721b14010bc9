/* SPDX-License-Identifier: Apache-2.0 */
/* write: names, types and lists of numbers, and operations in general. */
#include "backend/stablehlo/text/write.h"

#include <string.h>

void fvi_hlo_append_name(GString *to, const fvi_hlo *h, int x) {
    const fvi_hlo_value *v = fvi_hlo_value_of(h, x);
    if (v->part < 0)
        g_string_append_printf(to, "%%%d", v->name);
    else
        g_string_append_printf(to, "%%%d#%d", v->name, v->part);
}

void fvi_hlo_write_name(fvi_hlo *h, int x) { fvi_hlo_append_name(h->body, h, x); }

void fvi_hlo_write_type(GString *to, fvi_hlo_type type, const fvi_shape *shape) {
    static const char *const names[] = {"f32", "i32", "i1", "bf16", "ui32", "ui64", "complex<f32>"};
    g_string_append(to, "tensor<");
    for (int i = 0; i < shape->ndim; i++)
        g_string_append_printf(to, "%" G_GINT64_FORMAT "x", (gint64)shape->dim[i]);
    g_string_append_printf(to, "%s>", names[type]);
}

static void write_numbers(fvi_hlo *h, const int64_t *x, int n) {
    for (int i = 0; i < n; i++)
        g_string_append_printf(h->body, "%s%" G_GINT64_FORMAT, i ? ", " : "", (gint64)x[i]);
}

void fvi_hlo_write_array(fvi_hlo *h, const int64_t *x, int n) {
    g_string_append(h->body, n ? "array<i64: " : "array<i64");
    write_numbers(h, x, n);
    g_string_append_c(h->body, '>');
}

void fvi_hlo_write_list(fvi_hlo *h, const int64_t *x, int n) {
    g_string_append_c(h->body, '[');
    write_numbers(h, x, n);
    g_string_append_c(h->body, ']');
}

int fvi_hlo_open(fvi_hlo *h, const fvi_hlo_op *op) {
    const int x = fvi_hlo_new(h, op->type, &op->shape);
    fvi_hlo_write_name(h, x);
    g_string_append_printf(h->body, " = \"%s%s\"(", strchr(op->name, '.') ? "" : "stablehlo.",
                           op->name);
    for (int i = 0; i < op->n; i++) {
        g_string_append(h->body, i ? ", " : "");
        fvi_hlo_write_name(h, op->operands[i]);
    }
    g_string_append_c(h->body, ')');
    return x;
}

int fvi_hlo_close(fvi_hlo *h, const fvi_hlo_op *op, int value) {
    g_string_append(h->body, " : (");
    for (int i = 0; i < op->n; i++) {
        const fvi_hlo_value *v = fvi_hlo_value_of(h, op->operands[i]);
        g_string_append(h->body, i ? ", " : "");
        fvi_hlo_write_type(h->body, v->type, &v->shape);
    }
    g_string_append(h->body, ") -> ");
    fvi_hlo_write_type(h->body, op->type, &op->shape);
    g_string_append_c(h->body, '\n');
    return value;
}

int fvi_hlo_write(fvi_hlo *h, const fvi_hlo_op *op) {
    return fvi_hlo_close(h, op, fvi_hlo_open(h, op));
}

void fvi_hlo_write_scalar_function(fvi_hlo *h, const char *op) {
    const int a = h->names++, b = h->names++, y = h->names++;
    g_string_append_printf(h->body,
                           " ({\n^bb0(%%%d: tensor<f32>, %%%d: tensor<f32>):\n"
                           "%%%d = \"stablehlo.%s\"(%%%d, %%%d) : (tensor<f32>, tensor<f32>) -> "
                           "tensor<f32>\n\"stablehlo.return\"(%%%d) : (tensor<f32>) -> ()\n})",
                           a, b, y, op, a, b, y);
}
