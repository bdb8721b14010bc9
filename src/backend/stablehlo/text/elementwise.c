/* SPDX-License-Identifier: Apache-2.0 */
/* elementwise: operations element by element, on operands that are broadcast first. */
#include "backend/stablehlo/text/elementwise.h"

#include "backend/stablehlo/text/constants.h"
#include "backend/stablehlo/text/move.h"
#include "backend/stablehlo/text/write.h"

int fvi_hlo_unary(fvi_hlo *h, const char *name, int x) {
    return fvi_hlo_write(h, &(fvi_hlo_op){.name = name,
                                          .operands = {x},
                                          .n = 1,
                                          .type = fvi_hlo_type_of(h, x),
                                          .shape = fvi_hlo_shape(h, x)});
}

/* Brings both operands to one shape, which is returned. */
static fvi_shape join(fvi_hlo *h, int *a, int *b) {
    const fvi_shape sa = fvi_hlo_shape(h, *a), sb = fvi_hlo_shape(h, *b);
    fvi_shape s = sa;
    if (fvi_shape_equal(&sa, &sb) || fvi_shape_broadcast(&sa, &sb, &s)) return s;
    *a = fvi_hlo_broadcast(h, *a, &s);
    *b = fvi_hlo_broadcast(h, *b, &s);
    return s;
}

int fvi_hlo_binary(fvi_hlo *h, const char *name, int a, int b) {
    const fvi_shape shape = join(h, &a, &b);
    return fvi_hlo_write(h, &(fvi_hlo_op){.name = name,
                                          .operands = {a, b},
                                          .n = 2,
                                          .type = fvi_hlo_type_of(h, a),
                                          .shape = shape});
}

int fvi_hlo_add(fvi_hlo *h, int a, int b) { return fvi_hlo_binary(h, "add", a, b); }
int fvi_hlo_sub(fvi_hlo *h, int a, int b) { return fvi_hlo_binary(h, "subtract", a, b); }
int fvi_hlo_mul(fvi_hlo *h, int a, int b) { return fvi_hlo_binary(h, "multiply", a, b); }
int fvi_hlo_div(fvi_hlo *h, int a, int b) { return fvi_hlo_binary(h, "divide", a, b); }
int fvi_hlo_max(fvi_hlo *h, int a, int b) { return fvi_hlo_binary(h, "maximum", a, b); }
int fvi_hlo_min(fvi_hlo *h, int a, int b) { return fvi_hlo_binary(h, "minimum", a, b); }

int fvi_hlo_add_number(fvi_hlo *h, int x, double number) {
    return fvi_hlo_add(h, x, fvi_hlo_like(h, x, number));
}

int fvi_hlo_mul_number(fvi_hlo *h, int x, double number) {
    return fvi_hlo_mul(h, x, fvi_hlo_like(h, x, number));
}

int fvi_hlo_compare(fvi_hlo *h, const char *direction, int a, int b) {
    const fvi_shape shape = join(h, &a, &b);
    const fvi_hlo_op op = {
        .name = "compare", .operands = {a, b}, .n = 2, .type = FVI_HLO_BOOL, .shape = shape};
    const int x = fvi_hlo_open(h, &op);
    g_string_append_printf(h->body, " {comparison_direction = #stablehlo<comparison_direction %s>}",
                           direction);
    return fvi_hlo_close(h, &op, x);
}

int fvi_hlo_compare_number(fvi_hlo *h, const char *direction, int x, double number) {
    return fvi_hlo_compare(h, direction, x, fvi_hlo_like(h, x, number));
}

int fvi_hlo_select(fvi_hlo *h, int condition, int a, int b) {
    join(h, &a, &b);
    join(h, &condition, &a);
    const fvi_shape shape = join(h, &a, &b);
    return fvi_hlo_write(h, &(fvi_hlo_op){.name = "select",
                                          .operands = {condition, a, b},
                                          .n = 3,
                                          .type = fvi_hlo_type_of(h, a),
                                          .shape = shape});
}

int fvi_hlo_where(fvi_hlo *h, int condition, int x) {
    return fvi_hlo_select(h, condition, x, fvi_hlo_like(h, x, 0));
}

int fvi_hlo_convert(fvi_hlo *h, fvi_hlo_type type, int x) {
    if (fvi_hlo_type_of(h, x) == type) return x;
    return fvi_hlo_write(h, &(fvi_hlo_op){.name = "convert",
                                          .operands = {x},
                                          .n = 1,
                                          .type = type,
                                          .shape = fvi_hlo_shape(h, x)});
}
