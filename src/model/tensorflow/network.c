/* SPDX-License-Identifier: Apache-2.0 */
/* The list of operations: one a node that the outputs depend on, called as the node. Its first
 * output's value is called so too, the others "node:1".
 *
 * Inputs are placeholders, and what decodes pictures (which then are the input); of a SavedModel
 * those of its signature, by their names there. Outputs are what no node reads and what depends on
 * an input; of a SavedModel the signature's.
 */
#include "model/tensorflow/network.h"

#include <string.h>

#include "base/error.h"
#include "model/tensorflow/nodes/attr.h"
#include "model/tensorflow/nodes/order.h"
#include "model/tensorflow/nodes/read.h"
#include "model/tensorflow/nodes/tensor.h"
#include "model/tensorflow/saved/variables.h"
#include "model/tensorflow/use.h"

enum { SIGNATURE_INPUT = 1, SIGNATURE_OUTPUT = 2 };
enum { INFO_NAME = 1, INFO_SHAPE = 3 };

typedef struct maker {
    fvi_tf *t;
    fv_error *err;
    int *first;  /* by nodes: the value of its output 0, or -1 */
    int *counts; /* by nodes: outputs that are read, the first one always */
} maker;

static fv_status nomem(const maker *m) {
    return fvi_fail(m->err, FV_NOMEM, "no memory for the network");
}

static fvi_tf_node *node_at(const maker *m, int i) { return fvi_tf_node_at(&m->t->graph, i); }

static int one_of(const char *op, const char *const *list) {
    for (; *list; list++)
        if (!strcmp(op, *list)) return 1;
    return 0;
}

/* Nodes that are run for what they do, or that training needs. */
static int is_no_output(const char *op) {
    static const char *const ops[] = {"Assert",
                                      "NoOp",
                                      "Print",
                                      "PrintV2",
                                      "Const",
                                      "Placeholder",
                                      "SaveV2",
                                      "Save",
                                      "RestoreV2",
                                      "Restore",
                                      "ShardedFilename",
                                      "MergeV2Checkpoints",
                                      "VarHandleOp",
                                      "Variable",
                                      "VariableV2",
                                      "ReadVariableOp",
                                      "PlaceholderWithDefault",
                                      "IsVariableInitialized",
                                      "VarIsInitializedOp",
                                      NULL};
    return one_of(op, ops) || strstr(op, "Summary") || g_str_has_prefix(op, "Assign") ||
           g_str_has_suffix(op, "Assign") || strstr(op, "Apply");
}

/* Nodes that turn a file's bytes into a picture, in whose place the picture is given. */
static int is_decoder(const char *op) {
    static const char *const ops[] = {"DecodeJpeg", "DecodePng",   "DecodeGif",
                                      "DecodeBmp",  "DecodeImage", NULL};
    return one_of(op, ops);
}

static int is_placeholder(const char *op) {
    return !strcmp(op, "Placeholder") || !strcmp(op, "PlaceholderV2");
}

/* ---- outputs of a plain graph --------------------------------------------------------------- */

/* Marks the nodes that something reads. */
static void mark_read(const maker *m, uint8_t *read) {
    const fvi_tf_graph *g = &m->t->graph;
    for (int i = 0; i < (int)g->nodes->len; i++) {
        const fvi_tf_node *n = node_at(m, i);
        if (n->dead || n->forward || is_no_output(n->op)) continue;
        for (int k = 0; k < n->n_in; k++) {
            const fvi_tf_edge e = fvi_tf_input(g, n, k);
            if (e.node >= 0) read[e.node] = 1;
        }
    }
}

/* Marks those that depend on an input. */
static void mark_fed(const maker *m, const GArray *order, uint8_t *fed) {
    const fvi_tf_graph *g = &m->t->graph;
    for (guint i = 0; i < order->len; i++) {
        const int at = g_array_index(order, int, i);
        const fvi_tf_node *n = node_at(m, at);
        fed[at] = is_placeholder(n->op) || is_decoder(n->op);
        for (int k = 0; k < n->n_in && !fed[at]; k++) {
            const fvi_tf_edge e = fvi_tf_input(g, n, k);
            fed[at] = e.node >= 0 && fed[e.node];
        }
    }
}

/* Appends (fvi_tf_edge) what no node reads. */
static fv_status find_outputs(const maker *m, GArray *outputs) {
    const fvi_tf_graph *g = &m->t->graph;
    const int n = (int)g->nodes->len;
    uint8_t *read = g_new0(uint8_t, n + 1), *fed = g_new0(uint8_t, n + 1);
    int *all = g_new(int, n + 1), any = 0;
    GArray *order = g_array_new(FALSE, FALSE, sizeof(int));
    for (int i = 0; i < n; i++) all[i] = i;
    const fv_status st = fvi_tf_order(g, all, n, 1, order, m->err);
    if (!st) mark_read(m, read);
    if (!st) mark_fed(m, order, fed);
    for (int pass = 0; pass < 2 && !any && !st; pass++)
        for (int i = 0; i < g->n_own; i++) {
            const fvi_tf_node *node = node_at(m, i);
            const fvi_tf_edge e = fvi_tf_follow(g, (fvi_tf_edge){i, 0});
            if (node->dead || e.node < 0 || read[e.node] || is_no_output(node->op)) continue;
            if (!strcmp(node->op, "Switch") || (!pass && !fed[e.node])) continue;
            g_array_append_val(outputs, e);
            any = 1;
        }
    g_array_unref(order);
    g_free(all);
    g_free(fed);
    g_free(read);
    return st;
}

/* ---- values --------------------------------------------------------------------------------- */

static void count_output(const maker *m, fvi_tf_edge e) {
    if (e.node >= 0) m->counts[e.node] = MAX(m->counts[e.node], e.out + 1);
}

/* The value of an edge whose node was added; -1: none. */
static int value_of(const maker *m, fvi_tf_edge e) {
    return e.node >= 0 && m->first[e.node] >= 0 && e.out < m->counts[e.node]
               ? m->first[e.node] + e.out
               : -1;
}

/* Appends the values of a node's outputs. */
static int add_values(maker *m, int at, const char *name) {
    for (int i = 0; i < m->counts[at]; i++) {
        char *own = i ? g_strdup_printf("%s:%d", name, i) : g_strdup(name);
        const int v = fvi_op_list_value(m->t->file.list, own);
        g_free(own);
        if (v < 0) return 0;
        if (!i) m->first[at] = v;
    }
    return 1;
}

/* ---- inputs --------------------------------------------------------------------------------- */

static fv_status add_input(maker *m, int at, const char *name, const fvi_shape *shape) {
    const fvi_tf_node *n = node_at(m, at);
    const int picture = is_decoder(n->op);
    const int type = fvi_tf_dtype(fvi_tf_attr_type(n->def, "dtype", picture ? 4 : 1));
    fvi_shape own = *shape;
    if (picture) {
        const int64_t c = fvi_tf_attr_int(n->def, "channels", 0);
        own = (fvi_shape){3, {-1, -1, c == 1 || c == 3 || c == 4 ? c : 3}};
    }
    m->counts[at] = 1;
    m->first[at] = fvi_op_list_input(m->t->file.list, name, &own, type, 0);
    return m->first[at] < 0 ? nomem(m) : FV_OK;
}

static int is_input(const fvi_tf_node *n) {
    if (is_decoder(n->op)) return 1;
    return is_placeholder(n->op) && fvi_tf_dtype(fvi_tf_attr_type(n->def, "dtype", 1));
}

/* The file's inputs, as far as outputs depend on them, in the file's order. */
static fv_status add_graph_inputs(maker *m, const uint8_t *reached) {
    fv_status st = FV_OK;
    for (int i = 0; i < (int)m->t->graph.nodes->len && !st; i++) {
        const fvi_tf_node *n = node_at(m, i);
        fvi_shape shape;
        if (!reached[i] || !is_input(n)) continue;
        fvi_tf_shape(fvi_tf_part(fvi_tf_attr(n->def, "shape"), 7), &shape);
        st = add_input(m, i, n->name, &shape);
    }
    return st;
}

/* ---- signatures ----------------------------------------------------------------------------- */

/* Calls `each` for the inputs or outputs of the signature: its name there, and the edge. */
static fv_status for_signature(maker *m, uint32_t field,
                               fv_status (*each)(maker *m, const char *key, fvi_tf_edge e,
                                                 fvi_tf_bytes info, void *user),
                               void *user) {
    fvi_wire w = fvi_tf_wire(m->t->signature);
    fvi_wire_field f;
    fv_status st = FV_OK;
    while (!st && fvi_wire_next(&w, &f) > 0) {
        if (f.number != field || f.type != FVI_WIRE_BYTES) continue;
        const fvi_tf_bytes entry = {f.bytes, f.size}, info = fvi_tf_part(entry, 2);
        const char *key = fvi_tf_text(m->t->file.list->pool, fvi_tf_part(entry, 1));
        const char *name = fvi_tf_text(m->t->file.list->pool, fvi_tf_part(info, INFO_NAME));
        const fvi_tf_edge e = key && name ? fvi_tf_named(&m->t->graph, name) : (fvi_tf_edge){-1, 0};
        if (e.node < 0)
            return fvi_fail(m->err, FV_FORMAT,
                            "its signature names \"%.100s\", which no node of the graph gives",
                            name ? name : "");
        st = each(m, key, e, info, user);
    }
    return st;
}

static fv_status add_signature_input(maker *m, const char *key, fvi_tf_edge e, fvi_tf_bytes info,
                                     void *user) {
    const int taken = g_hash_table_contains(m->t->graph.names, key);
    fvi_shape shape;
    (void)user;
    if (m->first[e.node] >= 0) return FV_OK;
    if (!is_input(node_at(m, e.node)) || e.out) return FV_OK; /* refused where it is read */
    fvi_tf_shape(fvi_tf_part(info, INFO_SHAPE), &shape);
    return add_input(m, e.node, taken ? node_at(m, e.node)->name : key, &shape);
}

static fv_status note_signature_output(maker *m, const char *key, fvi_tf_edge e, fvi_tf_bytes info,
                                       void *user) {
    (void)key;
    (void)info;
    e = fvi_tf_follow(&m->t->graph, e);
    if (e.node >= 0) g_array_append_val((GArray *)user, e);
    return e.node >= 0 ? FV_OK
                       : fvi_fail(m->err, FV_FORMAT, "its output \"%.100s\" is of no node", key);
}

/* An output under its name in the signature. */
static fv_status add_signature_output(maker *m, const char *key, fvi_tf_edge e, fvi_tf_bytes info,
                                      void *user) {
    fvi_op_list *l = m->t->file.list;
    const int from = value_of(m, fvi_tf_follow(&m->t->graph, e));
    const int v = fvi_op_list_find(l, key);
    (void)info;
    (void)user;
    if (from < 0) return FV_OK;
    int to = v == from ? from : fvi_op_list_value(l, key);
    fvi_tf_op *detail = fvi_pool_alloc(l->pool, sizeof *detail);
    const fvi_op op = {.type = "Identity",
                       .n_in = 1,
                       .in = (int *)&from,
                       .n_out = 1,
                       .out = &to,
                       .detail = detail};
    if (to < 0 || !detail || (to != from && !fvi_op_list_add(l, &op))) return nomem(m);
    fvi_op_list_output(l, to);
    return FV_OK;
}

/* ---- operations ----------------------------------------------------------------------------- */

static int is_variable(const char *op) {
    static const char *const ops[] = {"VarHandleOp", "VariableV2", "Variable", NULL};
    return one_of(op, ops);
}

/* The numbers of a Const or a variable. */
static fv_status read_numbers(maker *m, int at, fvi_tf_op *detail) {
    const fvi_tf_node *n = node_at(m, at);
    const int variable = is_variable(n->op) && m->t->variables;
    if (!variable && strcmp(n->op, "Const") != 0) return FV_OK;
    fvi_pool *pool = m->t->file.list->pool;
    fvi_const *c = fvi_pool_alloc(pool, sizeof *c);
    const fvi_tf_bytes tensor = fvi_tf_part(fvi_tf_attr(n->def, "value"), 8);
    if (!c) return nomem(m);
    const fv_status st = variable ? fvi_tf_variable(m->t, at, c, &detail->problem, m->err)
                                  : fvi_tf_tensor(tensor, pool, m->t->file.limits.elements, c,
                                                  &detail->problem, m->err);
    if (st) fvi_error_prefix(m->err, "%s \"%.100s\"", n->op, n->name);
    if (!st && !detail->problem) detail->constant = c;
    return st;
}

/* The convolution between a BatchToSpaceND and its SpaceToBatchND, with nothing else there. */
static const fvi_tf_node *find_atrous(const maker *m, const fvi_tf_node *n, fvi_tf_node **before) {
    const fvi_tf_graph *g = &m->t->graph;
    const fvi_tf_edge e = fvi_tf_input(g, n, 0);
    fvi_tf_node *conv = e.node >= 0 ? node_at(m, e.node) : NULL;
    if (strcmp(n->op, "BatchToSpaceND") != 0 || !conv) return NULL;
    if (strcmp(conv->op, "Conv2D") != 0 && strcmp(conv->op, "DepthwiseConv2dNative") != 0)
        return NULL;
    const fvi_tf_edge s = fvi_tf_input(g, conv, 0);
    *before = s.node >= 0 ? node_at(m, s.node) : NULL;
    return *before && !strcmp((*before)->op, "SpaceToBatchND") ? conv : NULL;
}

/* Appends what a node reads. */
static void add_reads(const maker *m, const fvi_tf_node *n, GArray *in) {
    for (int i = 0; i < n->n_in; i++) {
        const int v = value_of(m, fvi_tf_input(&m->t->graph, n, i));
        g_array_append_val(in, v);
    }
}

static fv_status add_op(maker *m, int at) {
    fvi_op_list *l = m->t->file.list;
    const fvi_tf_node *n = node_at(m, at);
    fvi_tf_node *before = NULL;
    fvi_tf_op *detail = fvi_pool_alloc(l->pool, sizeof *detail);
    GArray *in = g_array_new(FALSE, FALSE, sizeof(int));
    fv_status st = detail && add_values(m, at, n->name) ? FV_OK : nomem(m);
    add_reads(m, n, in);
    if (detail) detail->def = n->def;
    if (!st) st = read_numbers(m, at, detail);
    if (!st && (detail->conv = find_atrous(m, n, &before))) {
        add_reads(m, before, in);       /* [3..5] */
        add_reads(m, detail->conv, in); /* [6..] */
    }
    int *out = g_new(int, m->counts[at]);
    for (int i = 0; i < m->counts[at]; i++) out[i] = m->first[at] + i;
    const fvi_op op = {.type = n->op,
                       .n_in = (int)in->len,
                       .in = (int *)(void *)in->data,
                       .n_out = m->counts[at],
                       .out = out,
                       .detail = detail};
    if (!st && !fvi_op_list_add(l, &op)) st = nomem(m);
    g_free(out);
    g_array_unref(in);
    return st;
}

/* ---- the list ------------------------------------------------------------------------------- */

#define OUTPUTS_MAX 4096 /* outputs of one node that are read */

static fv_status count_outputs(const maker *m, const GArray *order, const GArray *outputs) {
    const fvi_tf_graph *g = &m->t->graph;
    for (guint i = 0; i < order->len; i++) {
        const int at = g_array_index(order, int, i);
        const fvi_tf_node *n = node_at(m, at);
        m->counts[at] = MAX(m->counts[at], 1);
        for (int k = 0; k < n->n_in; k++) count_output(m, fvi_tf_input(g, n, k));
    }
    for (guint i = 0; i < outputs->len; i++)
        count_output(m, g_array_index(outputs, fvi_tf_edge, i));
    for (guint i = 0; i < order->len; i++) {
        const int at = g_array_index(order, int, i);
        if (m->counts[at] > OUTPUTS_MAX)
            return fvi_fail(m->err, FV_FORMAT,
                            "output %d of node \"%.100s\" is read; at most %d are allowed",
                            m->counts[at] - 1, node_at(m, at)->name, OUTPUTS_MAX);
    }
    return FV_OK;
}

static fv_status add_inputs(maker *m, const GArray *order) {
    uint8_t *reached = g_new0(uint8_t, m->t->graph.nodes->len + 1);
    for (guint i = 0; i < order->len; i++) reached[g_array_index(order, int, i)] = 1;
    const fv_status st = m->t->signature.bytes
                             ? for_signature(m, SIGNATURE_INPUT, add_signature_input, NULL)
                             : add_graph_inputs(m, reached);
    g_free(reached);
    return st;
}

static fv_status add_outputs(maker *m, const GArray *outputs) {
    if (m->t->signature.bytes)
        return for_signature(m, SIGNATURE_OUTPUT, add_signature_output, NULL);
    for (guint i = 0; i < outputs->len; i++) {
        const int v = value_of(m, g_array_index(outputs, fvi_tf_edge, i));
        if (v >= 0) fvi_op_list_output(m->t->file.list, v);
    }
    return FV_OK;
}

/* Does not follow what an input is made of. */
static void cut_inputs(const maker *m) {
    for (int i = 0; i < (int)m->t->graph.nodes->len; i++) {
        fvi_tf_node *n = node_at(m, i);
        if (is_input(n)) n->n_in = 0;
    }
}

static fv_status make_list(maker *m, GArray *outputs, GArray *order) {
    fv_status st = m->t->signature.bytes
                       ? for_signature(m, SIGNATURE_OUTPUT, note_signature_output, outputs)
                       : find_outputs(m, outputs);
    int *roots = g_new(int, outputs->len + 1);
    for (guint i = 0; i < outputs->len; i++) roots[i] = g_array_index(outputs, fvi_tf_edge, i).node;
    if (!st) st = fvi_tf_order(&m->t->graph, roots, (int)outputs->len, 1, order, m->err);
    g_free(roots);
    if (!st) st = count_outputs(m, order, outputs);
    if (!st) st = add_inputs(m, order);
    for (guint i = 0; i < order->len && !st; i++) {
        const int at = g_array_index(order, int, i);
        if (m->first[at] < 0) st = add_op(m, at);
    }
    if (!st) st = add_outputs(m, outputs);
    return st;
}

static fv_status count_readers(fvi_tf *t, fv_error *err) {
    const fvi_op_list *l = t->file.list;
    t->readers = fvi_pool_array(l->pool, l->names->len + 1, sizeof *t->readers);
    if (!t->readers) return fvi_fail(err, FV_NOMEM, "no memory for the network");
    for (guint k = 0; k < l->ops->len; k++) {
        const fvi_op *op = &g_array_index(l->ops, fvi_op, k);
        for (int i = 0; i < op->n_in; i++)
            if (op->in[i] >= 0) t->readers[op->in[i]]++;
    }
    return FV_OK;
}

fv_status fvi_tf_make_list(fvi_tf *t, fv_error *err) {
    const guint n = t->graph.nodes->len + 1;
    maker m = {.t = t, .err = err, .first = g_new(int, n), .counts = g_new0(int, n)};
    GArray *outputs = g_array_new(FALSE, FALSE, sizeof(fvi_tf_edge));
    GArray *order = g_array_new(FALSE, FALSE, sizeof(int));
    for (guint i = 0; i < n; i++) m.first[i] = -1;
    cut_inputs(&m);
    fv_status st = make_list(&m, outputs, order);
    if (!st && !t->file.list->outputs->len)
        st = fvi_fail(err, FV_FORMAT, "the graph has no output: every node is read by another");
    fvi_op_list_finish(t->file.list);
    if (!st) fvi_tf_describe_inputs(t);
    if (!st) st = count_readers(t, err);
    g_array_unref(order);
    g_array_unref(outputs);
    g_free(m.counts);
    g_free(m.first);
    return st;
}
