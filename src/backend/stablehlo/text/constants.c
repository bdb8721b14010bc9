/* SPDX-License-Identifier: Apache-2.0 */
/* constants: numbers written into a program, by their bits. */
#include "backend/stablehlo/text/constants.h"

#include <string.h>

#include "backend/stablehlo/text/write.h"

static int constant(fvi_hlo *h, fvi_hlo_type type, const fvi_shape *shape, const char *numbers) {
    const fvi_hlo_op op = {.name = "constant", .type = type, .shape = *shape};
    const int x = fvi_hlo_open(h, &op);
    g_string_append_printf(h->body, " {value = dense<%s> : ", numbers);
    fvi_hlo_write_type(h->body, type, shape);
    g_string_append_c(h->body, '}');
    return fvi_hlo_close(h, &op, x);
}

static int one_number(fvi_hlo *h, fvi_hlo_type type, const fvi_shape *shape, double x) {
    char text[32];
    const float f = (float)x;
    guint32 bits;
    memcpy(&bits, &f, sizeof bits);
    switch (type) {
    case FVI_HLO_BOOL: g_strlcpy(text, x != 0 ? "true" : "false", sizeof text); break;
    case FVI_HLO_F32: /* its bits: infinities and NaN too */
        g_snprintf(text, sizeof text, "0x%08X", bits);
        break;
    default: g_snprintf(text, sizeof text, "%" G_GINT64_FORMAT, (gint64)x);
    }
    return constant(h, type, shape, text);
}

int fvi_hlo_number(fvi_hlo *h, const fvi_shape *shape, double x) {
    return one_number(h, FVI_HLO_F32, shape, x);
}

int fvi_hlo_like(fvi_hlo *h, int x, double number) {
    const fvi_shape shape = fvi_hlo_shape(h, x);
    return one_number(h, fvi_hlo_type_of(h, x), &shape, number);
}

/* Words of 32 bits as hexadecimal digits, least significant byte first; an array of no elements
 * has its own form. */
static int many(fvi_hlo *h, fvi_hlo_type type, const fvi_shape *shape, const void *numbers) {
    const int64_t n = fvi_shape_count(shape);
    const guint8 *bytes = numbers;
    if (n == 1) {
        float f;
        int32_t i;
        memcpy(&f, numbers, sizeof f);
        memcpy(&i, numbers, sizeof i);
        return one_number(h, type, shape, type == FVI_HLO_F32 ? (double)f : i);
    }
    GString *text = g_string_new(n ? "\"0x" : NULL);
    for (int64_t i = 0; i < 4 * n; i++) g_string_append_printf(text, "%02X", bytes[i]);
    if (n) g_string_append_c(text, '"');
    const int x = constant(h, type, shape, text->str);
    g_string_free(text, TRUE);
    return x;
}

int fvi_hlo_floats(fvi_hlo *h, const fvi_shape *shape, const float *x) {
    return many(h, FVI_HLO_F32, shape, x);
}

int fvi_hlo_integers(fvi_hlo *h, const fvi_shape *shape, const int32_t *x) {
    return many(h, FVI_HLO_I32, shape, x);
}

int fvi_hlo_iota(fvi_hlo *h, const fvi_shape *shape, int axis) {
    const fvi_hlo_op op = {.name = "iota", .type = FVI_HLO_I32, .shape = *shape};
    const int x = fvi_hlo_open(h, &op);
    g_string_append_printf(h->body, " {iota_dimension = %d : i64}", axis);
    return fvi_hlo_close(h, &op, x);
}
