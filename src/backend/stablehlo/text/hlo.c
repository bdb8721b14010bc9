/* SPDX-License-Identifier: Apache-2.0 */
/* hlo: the values of a program. */
#include "backend/stablehlo/text/hlo.h"

void fvi_hlo_begin(fvi_hlo *h, fv_precision precision) {
    *h = (fvi_hlo){g_string_new(NULL), g_array_new(FALSE, FALSE, sizeof(fvi_hlo_value)),
                   g_array_new(FALSE, FALSE, sizeof(int)), 0, precision};
}

void fvi_hlo_end(fvi_hlo *h) {
    if (!h->body) return;
    g_string_free(h->body, TRUE);
    g_array_unref(h->values);
    g_array_unref(h->arguments);
    h->body = NULL;
}

const fvi_hlo_value *fvi_hlo_value_of(const fvi_hlo *h, int x) {
    return &g_array_index(h->values, fvi_hlo_value, x);
}

fvi_shape fvi_hlo_shape(const fvi_hlo *h, int x) { return fvi_hlo_value_of(h, x)->shape; }

fvi_hlo_type fvi_hlo_type_of(const fvi_hlo *h, int x) { return fvi_hlo_value_of(h, x)->type; }

int fvi_hlo_new_part(fvi_hlo *h, fvi_hlo_type type, const fvi_shape *shape, int name, int part) {
    const fvi_hlo_value v = {type, *shape, name, part};
    g_array_append_val(h->values, v);
    return (int)h->values->len - 1;
}

int fvi_hlo_new(fvi_hlo *h, fvi_hlo_type type, const fvi_shape *shape) {
    return fvi_hlo_new_part(h, type, shape, h->names++, -1);
}

int fvi_hlo_argument(fvi_hlo *h, const fvi_shape *shape) {
    const int x = fvi_hlo_new(h, FVI_HLO_F32, shape);
    g_array_append_val(h->arguments, x);
    return x;
}
