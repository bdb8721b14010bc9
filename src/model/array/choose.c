/* SPDX-License-Identifier: Apache-2.0 */
/* What the formats of arrays share: which array of a file is meant, and the tensor it becomes. */
#include <string.h>

#include "base/error.h"
#include "base/tensor.h"
#include "model/array/array.h"

#define LISTED 8 /* names in a message */

/* "a, b, c and 5 more"; those of which a part is what was asked for come first. */
static char *list_names(const GPtrArray *names, const char *wanted) {
    GString *s = g_string_new(NULL);
    guint listed = 0;
    for (int alike = wanted && *wanted; alike >= 0; alike--)
        for (guint i = 0; i < names->len && listed < LISTED; i++) {
            const char *name = names->pdata[i];
            const int is_alike = wanted && *wanted && strstr(name, wanted) != NULL;
            if (is_alike != alike) continue;
            g_string_append_printf(s, "%s%.60s", listed++ ? ", " : "", name);
        }
    if (listed < names->len) g_string_append_printf(s, " and %u more", names->len - listed);
    return g_string_free(s, FALSE);
}

fv_status fvi_array_choose(const GPtrArray *names, const char *name, const char **out,
                           fv_error *err) {
    for (guint i = 0; name && i < names->len; i++)
        if (!strcmp(names->pdata[i], name)) {
            *out = names->pdata[i];
            return FV_OK;
        }
    if (!name && names->len == 1) {
        *out = names->pdata[0];
        return FV_OK;
    }
    if (!names->len) return fvi_fail(err, FV_NOTFOUND, "holds no array of numbers");
    char *list = list_names(names, name);
    const fv_status st =
        name ? fvi_fail(err, FV_NOTFOUND, "has no array \"%.80s\"; allowed: %s", name, list)
             : fvi_fail(err, FV_NOTFOUND,
                        "holds %u arrays; one is asked for as FILE:NAME, with "
                        "NAME one of %s",
                        names->len, list);
    g_free(list);
    return st;
}

fv_status fvi_array_make(const fvi_elements *type, const fvi_shape *shape, const uint8_t *bytes,
                         fv_tensor **out, fv_error *err) {
    fv_tensor *t = NULL;
    fv_status st = fvi_tensor_new(shape, &t, err);
    if (st) return st;
    const int64_t n = fv_tensor_count(t);
    st = fvi_elements_exact(fvi_elements_read(type, bytes, type->size, n, t->data), err);
    if (st)
        fv_tensor_free(t);
    else
        *out = t;
    return st;
}
