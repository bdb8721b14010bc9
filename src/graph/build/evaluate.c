/* SPDX-License-Identifier: Apache-2.0 */
/* evaluate: numbers of run-time values while the graph is built.
 *
 * A graph has fixed shapes and no branches. Where an operator's result depends on the numbers of
 * its inputs in another way (which branch, how often, how many), the part of the graph before it is
 * run on the inputs at hand, and its result is a constant from there on. The graph then holds for
 * those inputs only. Its gradient does not go through such a constant: it is that of the branch
 * taken and of the elements chosen, as automatic differentiation has it.
 */
#include "graph/build/evaluate.h"

#include "base/error.h"
#include "graph/build/emit.h"
#include "graph/build/pack.h"
#include "graph/const.h"

#define EVALUATIONS_MAX 4096 /* of one graph: a loop decides anew at each turn */

/* Runs the part of the graph that v needs. */
static fv_status run_part(fvi_builder *b, int v, float *numbers) {
    fvi_pool *pool = fvi_pool_new(b->limits.constant_bytes);
    fvi_graph *g = pool ? fvi_pool_alloc(pool, sizeof *g) : NULL;
    if (!g) {
        fvi_pool_free(pool);
        return fvi_build_nomem(b);
    }
    g->pool = pool;
    fv_status st = fvi_build_pack(b, pool, &v, 1, g);
    const int opaque = st ? -1 : fvi_graph_opaque(g);
    if (opaque >= 0) {
        const fvi_opaque *o = &g->nodes[opaque].a.opaque;
        st = b->status = fvi_fail(b->err, o->status, "%s", o->why);
    } else if (!st) {
        st = b->status = b->runner->run(b->runner->user, g, numbers, b->err);
    }
    fvi_graph_free(g);
    return st;
}

int fvi_build_evaluate(fvi_builder *b, int v, const char *what) {
    if (b->status || v < 0 || fvi_build_const(b, v)) return v;
    gpointer known;
    if (g_hash_table_lookup_extended(b->evaluated, GINT_TO_POINTER(v), NULL, &known))
        return GPOINTER_TO_INT(known);
    const char *name = fvi_build_value(b, v)->v.name;
    if (!b->runner) {
        fvi_build_fail(
            b, FV_UNSUPPORTED,
            "its %s, \"%s\", must be a constant; it depends on the input's numbers, which "
            "only `run` and `gradient` go by: explain a layer before it, or name another "
            "output (--output-name)",
            what, name ? name : "?");
        return -1;
    }
    if (g_hash_table_size(b->evaluated) >= EVALUATIONS_MAX) {
        fvi_build_fail(b, FV_NOMEM, "more than %d values decide what is computed", EVALUATIONS_MAX);
        return -1;
    }
    const fvi_shape shape = fvi_build_shape(b, v);
    const fvi_dtype t = fvi_build_dtype(b, v);
    const int64_t count = fvi_shape_count(&shape);
    uint8_t *data = NULL;
    const int c = fvi_emit_constant(b, t, &shape, &data);
    float *numbers = c < 0 ? NULL : g_try_new(float, (gsize)count + 1);
    if (c >= 0 && !numbers) fvi_build_nomem(b);
    if (!b->status && !run_part(b, v, numbers)) {
        for (int64_t i = 0; i < count; i++) fvi_put_real(t, data, i, numbers[i]);
        fvi_build_value(b, c)->file_constant = 0;
        g_hash_table_insert(b->evaluated, GINT_TO_POINTER(v), GINT_TO_POINTER(c));
    }
    g_free(numbers);
    return b->status ? -1 : c;
}

void fvi_build_freeze(fvi_builder *b, int v, const char *what) {
    const char *name = fvi_build_value(b, v)->v.name;
    if (b->frozen || b->status) return;
    b->frozen = fvi_pool_printf(b->pool, "%s \"%s\": its %s, \"%s\", is computed from the input",
                                b->op->source_op, b->op->label, what, name ? name : "?");
    if (!b->frozen) fvi_build_nomem(b);
}
