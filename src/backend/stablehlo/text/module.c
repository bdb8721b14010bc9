/* SPDX-License-Identifier: Apache-2.0 */
/* module: the text around a program's operations. */
#include "backend/stablehlo/text/module.h"

#include "backend/stablehlo/text/write.h"

static void append_type(GString *to, const fvi_hlo *h, int x) {
    const fvi_hlo_value *v = fvi_hlo_value_of(h, x);
    fvi_hlo_write_type(to, v->type, &v->shape);
}

GString *fvi_hlo_module(const fvi_hlo *h, const int *results, int n_results) {
    GString *to = g_string_new("module @fovea {\nfunc.func public @main(");
    for (guint i = 0; i < h->arguments->len; i++) {
        const int x = g_array_index(h->arguments, int, i);
        g_string_append(to, i ? ", " : "");
        fvi_hlo_append_name(to, h, x);
        g_string_append(to, ": ");
        append_type(to, h, x);
    }
    g_string_append(to, ") -> (");
    for (int i = 0; i < n_results; i++) {
        g_string_append(to, i ? ", " : "");
        append_type(to, h, results[i]);
    }
    g_string_append(to, ") {\n");
    g_string_append_len(to, h->body->str, (gssize)h->body->len);
    g_string_append(to, "\"func.return\"(");
    for (int i = 0; i < n_results; i++) {
        g_string_append(to, i ? ", " : "");
        fvi_hlo_append_name(to, h, results[i]);
    }
    g_string_append(to, ") : (");
    for (int i = 0; i < n_results; i++) {
        g_string_append(to, i ? ", " : "");
        append_type(to, h, results[i]);
    }
    g_string_append(to, ") -> ()\n}\n}\n");
    return to;
}
