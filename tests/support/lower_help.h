/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of lowering share: a built model lowered, and its values looked at. Each test file
 * uses a part of it. */
#ifndef FVI_TESTS_MODEL_LOWER_HELP_H
#define FVI_TESTS_MODEL_LOWER_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "builder.h"
#include "graph/build/constant_cache.h"
#include "support/onnx_file.h"

/* A model on its way: built, opened, lowered. */
typedef struct trial {
    builder *b;
    fvi_onnx *onnx;
    fvi_constant_cache *cache;
    fvi_graph *graph;
    fv_error err;
} trial;

static inline trial trial_new(int opset) { return (trial){.b = builder_new(opset)}; }

static inline void trial_free(trial *t) {
    fvi_graph_free(t->graph);
    onnx_close(t->onnx);
    fvi_constant_cache_free(t->cache);
    builder_free(t->b);
}

/* Lowers what `wanted` names (NULL: the outputs), the input "x" bound to `shape` (NULL: as is). */
static inline fv_status trial_lower(trial *t, const char *wanted, const fvi_shape *shape) {
    fvi_binding bound = {"x", shape ? *shape : (fvi_shape){0}, NULL, 0, {0}};
    if (!t->onnx) {
        fv_status st = onnx_open(builder_save(t->b, "net.onnx"), &t->onnx, &t->err);
        if (st) return st;
        t->cache = fvi_constant_cache_new((size_t)1 << 30);
    }
    fvi_graph_free(t->graph);
    t->graph = NULL;
    const fvi_graph_request request = {&bound, shape != NULL, &wanted, wanted != NULL, 0, NULL};
    return fvi_model_file_lower(&t->onnx->file, t->cache, &request, &t->graph, &t->err);
}

static inline const fvi_value *trial_value(const trial *t, const char *name) {
    int v = fvi_graph_find(t->graph, name);
    if (v < 0) fail_msg("no value %s", name);
    return &t->graph->values[v];
}

/* The node that makes a value. */
static inline const fvi_node *trial_node(const trial *t, const char *value) {
    const fvi_value *v = trial_value(t, value);
    if (v->producer < 0) fail_msg("%s is made by no node", value);
    return &t->graph->nodes[v->producer];
}

static inline void assert_shape(const trial *t, const char *value, const char *expected) {
    char text[FVI_SHAPE_TEXT];
    assert_string_equal(fvi_shape_text(&trial_value(t, value)->shape, text), expected);
}

/* Every node has a name of its own, inputs that exist before it, and an output that says so. */
static inline void assert_sound(const fvi_graph *g) {
    for (int i = 0; i < g->n_nodes; i++) {
        const fvi_node *n = &g->nodes[i];
        assert_int_equal(g->values[n->out].producer, i);
        for (int k = 0; k < n->n_in; k++)
            if (n->in[k] >= 0) assert_true(g->values[n->in[k]].producer < i);
        for (int j = 0; j < i; j++) assert_string_not_equal(n->name, g->nodes[j].name);
    }
    for (int v = 0; v < g->n_values; v++)
        for (int u = 0; u < v; u++) assert_string_not_equal(g->values[v].name, g->values[u].name);
}

#endif
