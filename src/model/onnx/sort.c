/* SPDX-License-Identifier: Apache-2.0 */
/* Which node produces each value, which nodes use it, and an order of the nodes in which producers
 * come first.
 *
 * Files are nearly always sorted already; then their order stays. Else Kahn's algorithm: nodes
 * whose producers are all in the order go into a queue, in the file's order. What is left over at
 * the end is in a cycle or depends on one; going from producer to producer ends in the cycle. A
 * node that holds graphs (If, Loop) also uses what these take from outside.
 */
#include "model/onnx/sort.h"

#include <string.h>

#include "base/error.h"
#include "model/onnx/tensors/sparse.h"

typedef struct edge {
    int from, to;
} edge;

typedef struct sorter {
    const Onnx__GraphProto *graph;
    GHashTable *producers; /* value name -> node index + 1; 0 for inputs and initialisers */
    GArray *edges;
    int sorted;
    fv_error *err;
} sorter;

/* The values made inside the graphs around a node. */
typedef struct scope {
    GHashTable *made;
    const struct scope *outer;
} scope;

static fv_status add_producer(sorter *s, const char *value, int node, const char *what) {
    if (g_hash_table_contains(s->producers, value))
        return fvi_fail(s->err, FV_FORMAT,
                        "value \"%s\" is made twice, the second time by %s \"%s\"", value, what,
                        node < 0 ? value : s->graph->node[node]->name);
    g_hash_table_insert(s->producers, (gpointer)value, GINT_TO_POINTER(node + 1));
    return FV_OK;
}

/* Inputs, of different names. Up to IR version 3 every initialiser was also listed as one. */
static fv_status add_inputs(sorter *s) {
    const Onnx__GraphProto *g = s->graph;
    GHashTable *names = g_hash_table_new(g_str_hash, g_str_equal);
    fv_status st = FV_OK;
    for (size_t i = 0; i < g->n_input && !st; i++) {
        const char *name = g->input[i]->name;
        if (!name[0])
            st = fvi_fail(s->err, FV_FORMAT, "an input has no name");
        else if (!g_hash_table_add(names, (gpointer)name))
            st = fvi_fail(s->err, FV_FORMAT, "two inputs have the name \"%s\"", name);
        else if (!g_hash_table_contains(s->producers, name))
            st = add_producer(s, name, -1, "input");
    }
    g_hash_table_unref(names);
    return st;
}

static fv_status find_producers(sorter *s) {
    const Onnx__GraphProto *g = s->graph;
    fv_status st = FV_OK;
    for (size_t i = 0; i < g->n_initializer && !st; i++)
        st = add_producer(s, g->initializer[i]->name, -1, "initialiser");
    for (size_t i = 0; i < g->n_sparse_initializer && !st; i++)
        st = add_producer(s, fvi_onnx_sparse_name(g->sparse_initializer[i]), -1, "initialiser");
    if (!st) st = add_inputs(s);
    for (size_t i = 0; i < g->n_node && !st; i++)
        for (size_t k = 0; k < g->node[i]->n_output && !st; k++)
            if (g->node[i]->output[k][0])
                st = add_producer(s, g->node[i]->output[k], (int)i, "node");
    return st;
}

static int made_in(const scope *sc, const char *value) {
    for (; sc; sc = sc->outer)
        if (g_hash_table_contains(sc->made, value)) return 1;
    return 0;
}

/* Notes that the main graph's node `user` needs `value`, which `who` reads. */
static fv_status use(sorter *s, const scope *sc, const char *value, int user, const char *who) {
    gpointer producer;
    if (!value[0] || made_in(sc, value)) return FV_OK;
    if (!g_hash_table_lookup_extended(s->producers, value, NULL, &producer))
        return fvi_fail(s->err, FV_FORMAT, "node \"%s\" uses the value \"%s\", which nothing makes",
                        who, value);
    edge e = {GPOINTER_TO_INT(producer) - 1, user};
    if (e.from < 0) return FV_OK;
    if (e.from >= e.to) s->sorted = 0;
    g_array_append_val(s->edges, e);
    return FV_OK;
}

static fv_status uses_of_node(sorter *s, const scope *sc, const Onnx__NodeProto *n, int user);

static fv_status uses_of_graph(sorter *s, const scope *outer, const Onnx__GraphProto *g, int user) {
    scope sc = {g_hash_table_new(g_str_hash, g_str_equal), outer};
    fv_status st = FV_OK;
    for (size_t i = 0; i < g->n_input; i++) g_hash_table_add(sc.made, g->input[i]->name);
    for (size_t i = 0; i < g->n_initializer; i++)
        g_hash_table_add(sc.made, g->initializer[i]->name);
    for (size_t i = 0; i < g->n_node; i++)
        for (size_t k = 0; k < g->node[i]->n_output; k++)
            g_hash_table_add(sc.made, g->node[i]->output[k]);
    for (size_t i = 0; i < g->n_node && !st; i++) st = uses_of_node(s, &sc, g->node[i], user);
    for (size_t i = 0; i < g->n_output && !st; i++)
        st = use(s, &sc, g->output[i]->name, user, s->graph->node[user]->name);
    g_hash_table_unref(sc.made);
    return st;
}

static fv_status uses_of_node(sorter *s, const scope *sc, const Onnx__NodeProto *n, int user) {
    fv_status st = FV_OK;
    const char *who = n->name[0] || !n->n_output ? n->name : n->output[0];
    for (size_t i = 0; i < n->n_input && !st; i++) st = use(s, sc, n->input[i], user, who);
    for (size_t i = 0; i < n->n_attribute && !st; i++)
        if (n->attribute[i]->g) st = uses_of_graph(s, sc, n->attribute[i]->g, user);
    return st;
}

static fv_status cycle_error(const sorter *s, const int *waiting) {
    size_t n = s->graph->n_node;
    int *producer = g_new0(int, n), at = 0;
    for (guint i = 0; i < s->edges->len; i++) {
        edge e = g_array_index(s->edges, edge, i);
        if (waiting[e.from] && waiting[e.to]) producer[e.to] = e.from;
    }
    while (!waiting[at]) at++;
    for (size_t i = 0; i < n; i++) at = producer[at]; /* by now in the cycle */
    const Onnx__NodeProto *node = s->graph->node[at];
    g_free(producer);
    return fvi_fail(s->err, FV_FORMAT, "the graph has a cycle: node \"%s\" (%s) depends on itself",
                    node->name[0] || !node->n_output ? node->name : node->output[0], node->op_type);
}

/* Kahn's algorithm; users of node i are user[first[i] .. first[i+1]-1]. */
static fv_status sort_nodes(const sorter *s, const Onnx__NodeProto **nodes) {
    int n = (int)s->graph->n_node, ordered = 0, ready = 0;
    int *waiting = g_new0(int, n + 1), *first = g_new0(int, n + 2), *queue = g_new0(int, n + 1);
    int *user = g_new0(int, s->edges->len + 1);
    const edge *e = (const edge *)(const void *)s->edges->data;
    for (guint i = 0; i < s->edges->len; i++) {
        waiting[e[i].to]++;
        first[e[i].from + 2]++;
    }
    for (int i = 2; i <= n; i++) first[i] += first[i - 1];
    for (guint i = 0; i < s->edges->len; i++) user[first[e[i].from + 1]++] = e[i].to;
    for (int i = 0; i < n; i++)
        if (!waiting[i]) queue[ready++] = i;
    for (; ordered < ready; ordered++) {
        int at = queue[ordered];
        nodes[ordered] = s->graph->node[at];
        for (int k = first[at]; k < first[at + 1]; k++)
            if (!--waiting[user[k]]) queue[ready++] = user[k];
    }
    fv_status st = ordered < n ? cycle_error(s, waiting) : FV_OK;
    g_free(waiting);
    g_free(first);
    g_free(queue);
    g_free(user);
    return st;
}

static fv_status check_outputs(const sorter *s) {
    for (size_t i = 0; i < s->graph->n_output; i++)
        if (!g_hash_table_contains(s->producers, s->graph->output[i]->name))
            return fvi_fail(s->err, FV_FORMAT, "nothing makes the output \"%s\"",
                            s->graph->output[i]->name);
    return FV_OK;
}

fv_status fvi_onnx_sort(fvi_onnx *o, fv_error *err) {
    const Onnx__GraphProto *g = o->proto->graph;
    if (g->n_node > INT32_MAX / 4) return fvi_fail(err, FV_NOMEM, "%zu nodes", g->n_node);
    sorter s = {.graph = g, .sorted = 1, .err = err};
    s.producers = g_hash_table_new(g_str_hash, g_str_equal);
    s.edges = g_array_new(FALSE, FALSE, sizeof(edge));
    fv_status st = find_producers(&s);
    for (size_t i = 0; i < g->n_node && !st; i++) st = uses_of_node(&s, NULL, g->node[i], (int)i);
    if (!st) st = check_outputs(&s);
    if (!st) {
        o->nodes = fvi_pool_array(o->pool, g->n_node + 1, sizeof *o->nodes);
        if (!o->nodes) st = fvi_fail(err, FV_NOMEM, "no memory for %zu nodes", g->n_node);
    }
    if (!st && s.sorted)
        for (size_t i = 0; i < g->n_node; i++) o->nodes[i] = g->node[i];
    else if (!st)
        st = sort_nodes(&s, o->nodes);
    o->n_nodes = st ? 0 : (int)g->n_node;
    g_array_unref(s.edges);
    g_hash_table_unref(s.producers);
    return st;
}
