/* SPDX-License-Identifier: Apache-2.0 */
/* given: inputs that carry their numbers with them. */
#include "graph/build/given.h"

void fvi_given_begin(fvi_given_list *l) { l->list = g_array_new(FALSE, FALSE, sizeof(fvi_given)); }

void fvi_given_end(fvi_given_list *l) {
    for (guint i = 0; l->list && i < l->list->len; i++)
        g_free(g_array_index(l->list, fvi_given, i).data);
    if (l->list) g_array_unref(l->list);
    l->list = NULL;
}

int fvi_given_input(fvi_given_list *l, fvi_builder *b, const fvi_shape *shape, fvi_given_when when,
                    float **data) {
    if (b->status) return -1;
    fvi_given g = {.when = when, .count = fvi_shape_count(shape)};
    const char *name = fvi_build_unique(b, "given");
    g.data = g_try_new0(float, (gsize)MAX(g.count, 1));
    if (!g.data || !name) {
        g_free(g.data);
        fvi_build_nomem(b);
        return -1;
    }
    g.value = fvi_build_input(b, name, shape);
    g_array_append_val(l->list, g);
    *data = g.data;
    return g.value;
}
