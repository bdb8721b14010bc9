/* SPDX-License-Identifier: Apache-2.0 */
/* Reading nodes. Calls of functions are inlined: the nodes of the function get the call's name in
 * front (but for a signature's), arguments and the call itself forward what they stand for. A
 * condition (If) that is known is a call of the function of one branch. Inputs are "node",
 * "node:1", "^node" (run before); in functions "argument", "node:output:1".
 *
 * What it does not do: gradients of functions, functions that differ by attributes.
 * Source: graph.proto, node_def.proto, function.proto.
 */
#include "model/tensorflow/nodes/read.h"

#include <string.h>

#include "base/error.h"
#include "model/tensorflow/nodes/attr.h"
#include "model/tensorflow/nodes/known.h"

#define DEPTH_MAX 32 /* of calls within calls */

enum { NODE_NAME = 1, NODE_OP = 2, NODE_INPUT = 3, NODE_ATTR = 5 };
enum { GRAPH_NODE = 1, GRAPH_LIBRARY = 2 };
enum { FUNCTION_SIGNATURE = 1, FUNCTION_NODE = 3, FUNCTION_RET = 4 };
enum { SIGNATURE_NAME = 1, SIGNATURE_INPUT = 2, SIGNATURE_OUTPUT = 3 };

/* The graph itself, or a function that is called. */
typedef struct scope {
    const char *prefix;
    fvi_tf_bytes body; /* a GraphDef or a FunctionDef */
    GHashTable *names; /* of its nodes and arguments -> index + 1 */
    int depth;         /* 0: the graph */
} scope;

static fv_status nomem(fv_error *err) {
    return fvi_fail(err, FV_NOMEM, "no memory for the graph's nodes");
}

/* ---- nodes ---------------------------------------------------------------------------------- */

static fv_status add_node(fvi_tf_graph *g, const scope *s, const char *name, const fvi_tf_node *n,
                          fv_error *err) {
    fvi_tf_node own = *n;
    const int taken = s->depth && !*s->prefix && g_hash_table_contains(g->names, name);
    const char *prefix = taken ? "StatefulPartitionedCall/" : s->prefix;
    own.name = s->depth ? fvi_pool_printf(g->pool, "%s%s", prefix, name) : name;
    if (!own.name) return nomem(err);
    if (g->nodes->len >= g->max_nodes)
        return fvi_fail(err, FV_NOMEM,
                        "more than %lld nodes, with those of functions that are called (limit "
                        "max_nodes)",
                        (long long)g->max_nodes);
    if (g_hash_table_contains(s->names, name))
        return fvi_fail(err, FV_FORMAT, "two nodes are called \"%.100s\"", own.name);
    g_array_append_val(g->nodes, own);
    g_hash_table_insert(s->names, (void *)name, GINT_TO_POINTER(g->nodes->len));
    return FV_OK;
}

/* Whether a node's attributes can be read. */
static int has_sound_attrs(fvi_tf_bytes def) {
    fvi_wire w = fvi_tf_wire(def);
    fvi_wire_field f;
    int got;
    while ((got = fvi_wire_next(&w, &f)) > 0) {
        if (f.number != NODE_ATTR) continue;
        const fvi_tf_bytes entry = {f.bytes, f.size};
        if (f.type != FVI_WIRE_BYTES || !fvi_tf_is_sound(entry) ||
            !fvi_tf_is_sound(fvi_tf_part(entry, 2)))
            return 0;
    }
    return got == 0;
}

static fv_status read_node(fvi_tf_graph *g, const scope *s, fvi_tf_bytes def, fv_error *err) {
    const fvi_tf_bytes text = fvi_tf_part(def, NODE_NAME);
    const char *name = fvi_tf_text(g->pool, text);
    const char *op = fvi_tf_text(g->pool, fvi_tf_part(def, NODE_OP));
    if (!name || !op || !*name || !has_sound_attrs(def))
        return fvi_fail(err, FV_FORMAT,
                        "not a TensorFlow graph, or damaged: node %u has no name or operator, or "
                        "cannot be read",
                        g->nodes->len);
    const fvi_tf_node n = {.op = op, .def = def};
    return add_node(g, s, name, &n, err);
}

static fv_status read_nodes(fvi_tf_graph *g, const scope *s, fv_error *err) {
    const uint32_t field = s->depth ? FUNCTION_NODE : GRAPH_NODE;
    fvi_wire w = fvi_tf_wire(s->body);
    fvi_wire_field f;
    int got;
    fv_status st = FV_OK;
    while (!st && (got = fvi_wire_next(&w, &f)) > 0)
        if (f.number == field && f.type == FVI_WIRE_BYTES)
            st = read_node(g, s, (fvi_tf_bytes){f.bytes, f.size}, err);
    if (!st && got) st = fvi_fail(err, FV_FORMAT, "not a TensorFlow graph, or damaged, or cut off");
    return st;
}

/* ---- what nodes read ------------------------------------------------------------------------ */

/* Operators with several outputs of different names, in order. */
static const struct {
    const char *op, *outputs;
} several[] = {
    {"FusedBatchNorm", "y batch_mean batch_variance reserve_space_1 reserve_space_2"},
    {"FusedBatchNormV2", "y batch_mean batch_variance reserve_space_1 reserve_space_2"},
    {"FusedBatchNormV3",
     "y batch_mean batch_variance reserve_space_1 reserve_space_2 reserve_space_3"},
    {"Switch", "output_false output_true"},
    {"Merge", "output value_index"},
    {"TopK", "values indices"},
    {"TopKV2", "values indices"},
    {"Unique", "y idx"},
    {"MaxPoolWithArgmax", "output argmax"},
    {"RestoreV2", "tensors"},
};

static int word_index(const char *words, const char *word) {
    char **all = g_strsplit(words, " ", -1);
    int found = -1;
    for (int i = 0; all[i] && found < 0; i++)
        if (!strcmp(all[i], word)) found = i;
    g_strfreev(all);
    return found;
}

/* Number of a function's output of that name, or -1. */
static int function_output(fvi_tf_bytes function, const char *name) {
    fvi_wire w = fvi_tf_wire(fvi_tf_part(function, FUNCTION_SIGNATURE));
    fvi_wire_field f;
    for (int i = 0; fvi_wire_next(&w, &f) > 0;) {
        if (f.number != SIGNATURE_OUTPUT || f.type != FVI_WIRE_BYTES) continue;
        if (fvi_tf_is(fvi_tf_part((fvi_tf_bytes){f.bytes, f.size}, 1), name)) return i;
        i++;
    }
    return -1;
}

/* Where the outputs of that name of an operator begin. */
static int first_output(const fvi_tf_graph *g, const char *op, const char *name) {
    const fvi_tf_bytes *function = g_hash_table_lookup(g->functions, op);
    int at = -1;
    for (size_t i = 0; i < G_N_ELEMENTS(several) && at < 0; i++)
        if (!strcmp(several[i].op, op)) at = word_index(several[i].outputs, name);
    if (function) at = function_output(*function, name);
    return MAX(at, 0);
}

static int small_number(const char *text) {
    char *end = NULL;
    const guint64 v = g_ascii_strtoull(text, &end, 10);
    return *text && !*end && v < 1 << 20 ? (int)v : -1;
}

/* The edge that a text names in a scope; node -1: none. */
static fvi_tf_edge edge_of(const fvi_tf_graph *g, const scope *s, const char *text) {
    const fvi_tf_edge none = {-1, 0};
    char **parts = g_strsplit(text, ":", 3);
    fvi_tf_edge e = {GPOINTER_TO_INT(g_hash_table_lookup(s->names, parts[0] ? parts[0] : "")) - 1,
                     0};
    if (e.node >= 0 && parts[1] && s->depth)
        e.out = first_output(g, fvi_tf_node_at(g, e.node)->op, parts[1]) +
                (parts[2] ? small_number(parts[2]) : 0);
    else if (e.node >= 0 && parts[1])
        e.out = small_number(parts[1]);
    g_strfreev(parts);
    return e.out < 0 ? none : e;
}

/* Fills the inputs of node `at`. */
static fv_status read_inputs(fvi_tf_graph *g, const scope *s, int at, fv_error *err) {
    fvi_tf_node *n = fvi_tf_node_at(g, at);
    for (int pass = 0; pass < 2; pass++) { /* count, then fill */
        fvi_wire w = fvi_tf_wire(n->def);
        fvi_wire_field f;
        int plain = 0, control = 0;
        while (fvi_wire_next(&w, &f) > 0) {
            if (f.number != NODE_INPUT || f.type != FVI_WIRE_BYTES) continue;
            const int is_control = f.size && f.bytes[0] == '^';
            const int own = is_control ? n->n_in + control++ : plain++;
            if (!pass) continue;
            char *text = g_strndup((const char *)f.bytes + is_control, f.size - (size_t)is_control);
            n->in[own] = edge_of(g, s, text);
            const int found = n->in[own].node >= 0;
            if (!found)
                fvi_fail(err, FV_FORMAT,
                         "node \"%.100s\" reads \"%.100s\", which no node of the graph gives",
                         n->name, text);
            g_free(text);
            if (!found) return FV_FORMAT;
        }
        if (pass) continue;
        n->n_in = plain;
        n->n_control = control;
        n->in = fvi_pool_array(g->pool, (size_t)plain + (size_t)control + 1, sizeof *n->in);
        if (!n->in) return nomem(err);
    }
    return FV_OK;
}

/* ---- calls ---------------------------------------------------------------------------------- */

static fv_status read_scope(fvi_tf_graph *g, const scope *s, fv_error *err);

/* The function that an attribute names, or NULL. */
static const fvi_tf_bytes *named_by(const fvi_tf_graph *g, const fvi_tf_node *n, const char *attr) {
    const char *name = fvi_tf_text(g->pool, fvi_tf_attr_function(n->def, attr));
    return name ? g_hash_table_lookup(g->functions, name) : NULL;
}

/* The function that a node calls, or NULL.
 *   first  the input that is its first argument */
static const fvi_tf_bytes *called(const fvi_tf_graph *g, const fvi_tf_node *n, int *first) {
    double condition;
    *first = 0;
    if (!strcmp(n->op, "PartitionedCall") || !strcmp(n->op, "StatefulPartitionedCall"))
        return named_by(g, n, "f");
    if (strcmp(n->op, "If") != 0 && strcmp(n->op, "StatelessIf") != 0)
        return g_hash_table_lookup(g->functions, n->op);
    if (!n->n_in || !fvi_tf_known(g, n->in[0], &condition)) return NULL;
    *first = 1;
    return named_by(g, n, condition != 0 ? "then_branch" : "else_branch");
}

/* Fields of that number of a function's signature. */
static int count_arguments(fvi_tf_bytes function, uint32_t number) {
    fvi_wire w = fvi_tf_wire(fvi_tf_part(function, FUNCTION_SIGNATURE));
    fvi_wire_field f;
    int n = 0;
    while (fvi_wire_next(&w, &f) > 0) n += f.number == number && f.type == FVI_WIRE_BYTES;
    return n;
}

/* Makes nodes that stand for what a function is called with. */
static fv_status add_arguments(fvi_tf_graph *g, const scope *s, int call, int first,
                               fv_error *err) {
    fvi_wire w = fvi_tf_wire(fvi_tf_part(s->body, FUNCTION_SIGNATURE));
    fvi_wire_field f;
    fv_status st = FV_OK;
    for (int i = first; !st && fvi_wire_next(&w, &f) > 0;) {
        if (f.number != SIGNATURE_INPUT || f.type != FVI_WIRE_BYTES) continue;
        const char *name = fvi_tf_text(g->pool, fvi_tf_part((fvi_tf_bytes){f.bytes, f.size}, 1));
        const fvi_tf_node *caller = fvi_tf_node_at(g, call);
        fvi_tf_edge *to = fvi_pool_alloc(g->pool, sizeof *to);
        if (!name) return fvi_fail(err, FV_FORMAT, "a function's argument has no name");
        if (!to) return nomem(err);
        if (i >= caller->n_in)
            return fvi_fail(err, FV_FORMAT, "node \"%.100s\" calls a function with %d of %d inputs",
                            caller->name, caller->n_in,
                            first + count_arguments(s->body, SIGNATURE_INPUT));
        *to = caller->in[i++];
        const fvi_tf_node n = {.op = "_Arg", .n_forward = 1, .forward = to};
        st = add_node(g, s, name, &n, err);
    }
    return st;
}

/* Lets the call's outputs be what the function returns. */
static fv_status add_returns(fvi_tf_graph *g, const scope *s, int call, fv_error *err) {
    const int n = count_arguments(s->body, SIGNATURE_OUTPUT);
    fvi_tf_edge *forward = fvi_pool_array(g->pool, (size_t)n + 1, sizeof *forward);
    fvi_wire w = fvi_tf_wire(fvi_tf_part(s->body, FUNCTION_SIGNATURE));
    fvi_wire_field f;
    if (!forward) return nomem(err);
    for (int i = 0; i < n && fvi_wire_next(&w, &f) > 0;) {
        if (f.number != SIGNATURE_OUTPUT || f.type != FVI_WIRE_BYTES) continue;
        const char *name = fvi_tf_text(g->pool, fvi_tf_part((fvi_tf_bytes){f.bytes, f.size}, 1));
        const char *from =
            name ? fvi_tf_text(g->pool, fvi_tf_entry(s->body, FUNCTION_RET, name)) : NULL;
        forward[i] = from ? edge_of(g, s, from) : (fvi_tf_edge){-1, 0};
        if (forward[i].node < 0)
            return fvi_fail(err, FV_FORMAT, "a function returns what no node of it gives");
        i++;
    }
    fvi_tf_node *caller = fvi_tf_node_at(g, call);
    caller->n_forward = n;
    caller->forward = forward;
    return FV_OK;
}

/* Whether a call of the graph itself has the name that nobody gave it: a signature's. TensorFlow's
 * own freezing (convert_variables_to_constants_v2) leaves it out of names too. */
static int is_unnamed(const scope *outer, const char *name) {
    return !outer->depth && g_str_has_prefix(name, "StatefulPartitionedCall") && !strchr(name, '/');
}

static fv_status inline_call(fvi_tf_graph *g, const scope *outer, int call, fv_error *err) {
    int first;
    const fvi_tf_bytes *function = called(g, fvi_tf_node_at(g, call), &first);
    if (!function) return FV_OK;
    if (outer->depth >= DEPTH_MAX)
        return fvi_fail(err, FV_UNSUPPORTED,
                        "functions call each other more than %d deep, at \"%.100s\"", DEPTH_MAX,
                        fvi_tf_node_at(g, call)->name);
    scope s = {.body = *function, .depth = outer->depth + 1};
    s.prefix = is_unnamed(outer, fvi_tf_node_at(g, call)->name)
                   ? ""
                   : fvi_pool_printf(g->pool, "%s/", fvi_tf_node_at(g, call)->name);
    if (!s.prefix) return nomem(err);
    s.names = g_hash_table_new(g_str_hash, g_str_equal);
    fv_status st = add_arguments(g, &s, call, first, err);
    if (!st) st = read_scope(g, &s, err);
    if (!st) st = add_returns(g, &s, call, err);
    g_hash_table_unref(s.names);
    return st;
}

/* Reads the nodes of a scope, then what they read, then what they call. */
static fv_status read_scope(fvi_tf_graph *g, const scope *s, fv_error *err) {
    const int first = (int)g->nodes->len;
    fv_status st = read_nodes(g, s, err);
    const int last = (int)g->nodes->len;
    for (int i = first; i < last && !st; i++) st = read_inputs(g, s, i, err);
    if (!s->depth) g->n_own = last;
    for (int i = first; i < last && !st; i++) st = inline_call(g, s, i, err);
    return st;
}

/* ---- the graph ------------------------------------------------------------------------------ */

static fv_status read_library(fvi_tf_graph *g, fvi_tf_bytes library, fv_error *err) {
    fvi_wire w = fvi_tf_wire(library);
    fvi_wire_field f;
    int64_t n = 0;
    while (fvi_wire_next(&w, &f) > 0) {
        if (f.number != 1 || f.type != FVI_WIRE_BYTES) continue;
        const fvi_tf_bytes function = {f.bytes, f.size};
        const char *name = fvi_tf_text(
            g->pool, fvi_tf_part(fvi_tf_part(function, FUNCTION_SIGNATURE), SIGNATURE_NAME));
        fvi_tf_bytes *own = fvi_pool_alloc(g->pool, sizeof *own);
        if (!own || n++ > g->max_nodes) return nomem(err);
        if (!name || !fvi_tf_is_sound(function))
            return fvi_fail(err, FV_FORMAT, "a function of the graph is damaged");
        *own = function;
        g_hash_table_insert(g->functions, (void *)name, own);
    }
    return FV_OK;
}

fv_status fvi_tf_graph_read(fvi_tf_graph *g, fvi_tf_bytes graph, fvi_pool *pool, int64_t max_nodes,
                            fv_error *err) {
    g->pool = pool;
    g->max_nodes = max_nodes;
    g->nodes = g_array_new(FALSE, TRUE, sizeof(fvi_tf_node));
    g->names = g_hash_table_new(g_str_hash, g_str_equal);
    g->functions = g_hash_table_new(g_str_hash, g_str_equal);
    const scope whole = {.prefix = "", .body = graph, .names = g->names};
    const fv_status st = read_library(g, fvi_tf_part(graph, GRAPH_LIBRARY), err);
    return st ? st : read_scope(g, &whole, err);
}

fvi_tf_edge fvi_tf_named(const fvi_tf_graph *g, const char *name) {
    const scope whole = {.prefix = "", .names = g->names};
    return edge_of(g, &whole, name);
}
