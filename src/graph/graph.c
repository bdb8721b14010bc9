/* SPDX-License-Identifier: Apache-2.0 */
/* Lowered graphs: looking things up and freeing them. They are made by lower.c and changed only by
 * lift.c. */
#include "graph/graph.h"

#include <string.h>

/* See graph.h. */
int fvi_graph_find(const fvi_graph *g, const char *value_name) {
    for (int i = 0; i < g->n_values; i++)
        if (!strcmp(g->values[i].name, value_name)) return i;
    return -1;
}

/* The enum's word ("CONV_TRANSPOSE"), static. */
const char *fvi_kind_name(fvi_kind k) {
    static const char *const names[] = {
#define FVI_OP(NAME, file) #NAME,
#include "graph/kinds.def"
#undef FVI_OP
    };
    return (unsigned)k < FVI_KIND_COUNT ? names[k] : "?";
}

/* NULL allowed. */
void fvi_graph_free(fvi_graph *g) {
    if (g) fvi_pool_free(g->pool);
}
