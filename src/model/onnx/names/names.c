/* SPDX-License-Identifier: Apache-2.0 */
/* The names of layers.
 *
 * A node that comes from a module of the training program (names/module.c) is named after it:
 *   a module that holds no other      the node that computes its output has the module's name,
 *                                     "layer1.0.conv1"; nodes before that add what they do,
 *                                     "mlp.0.matmul"
 *   a module called several times     "layer1.0.relu", "layer1.0.relu_1", ..., in order
 *   a module that holds others        its own operations: "layer1.0.add", "layer1.0.add_1"; those
 *                                     of the whole network stand without a module, "flatten"
 * A call is a set of nodes of one module, each of which reads what another makes. Only nodes that
 * depend on the network's input count; those that compute shapes and constants are named last.
 * Nodes without a module keep their own names, and every name is made unique by a number.
 *
 * These are the names of torchvision's feature extraction too, but for operations, which are called
 * as ONNX calls them.
 */
#include "model/onnx/names/names.h"

#include <string.h>

#include "base/error.h"
#include "model/onnx/names/module.h"

typedef struct namer {
    fvi_onnx *o;
    fvi_onnx_module *modules; /* [n_nodes] */
    char *live;               /* [n_nodes]: depends on the input */
    int *call;                /* [n_nodes]: the call's first node; itself when alone */
    int *last;                /* [n_nodes], at a call's first node: its last one */
    GPtrArray *paths;         /* of all modules, sorted */
    GHashTable *made_by;      /* value -> node + 1, of nodes that are live */
    GHashTable *used;         /* name -> the last number that was appended to it */
    int exhausted;
} namer;

const char *fvi_onnx_layer_name(const fvi_onnx *o, const Onnx__NodeProto *n) {
    const char *name = o->layer_names ? g_hash_table_lookup(o->layer_names, n) : NULL;
    return name ? name : n->name;
}

/* ---- what holds what ------------------------------------------------------------------------ */

static gint compare_paths(gconstpointer a, gconstpointer b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Whether a module holds another one: whether a path begins with its own and a separator. */
static int holds_others(const namer *k, const fvi_onnx_module *m) {
    if (!m->path[0]) return 1;
    char *prefix = g_strdup_printf("%s%c", m->path, m->separator);
    guint low = 0, high = k->paths->len;
    while (low < high) {
        const guint middle = low + (high - low) / 2;
        if (strcmp(k->paths->pdata[middle], prefix) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    const int found = low < k->paths->len && g_str_has_prefix(k->paths->pdata[low], prefix);
    g_free(prefix);
    return found;
}

/* ---- calls ---------------------------------------------------------------------------------- */

static int first_of_call(const namer *k, int i) {
    while (k->call[i] != i) i = k->call[i] = k->call[k->call[i]];
    return i;
}

/* Joins node i with the nodes of its module that make its inputs, and notes whether it is live. */
static void join_call(namer *k, int i) {
    const Onnx__NodeProto *n = k->o->nodes[i];
    const fvi_onnx_module *m = &k->modules[i];
    k->call[i] = i;
    for (size_t a = 0; a < n->n_input; a++) {
        gpointer made;
        if (!g_hash_table_lookup_extended(k->made_by, n->input[a], NULL, &made)) continue;
        const int from = GPOINTER_TO_INT(made) - 1;
        k->live[i] = 1;
        if (from < 0 || !m->path || !k->modules[from].path) continue;
        if (strcmp(k->modules[from].path, m->path) != 0) continue;
        const int one = first_of_call(k, from), other = first_of_call(k, i);
        k->call[MAX(one, other)] = MIN(one, other);
    }
    const int counts = !strcmp(n->op_type, "Shape") || !strcmp(n->op_type, "Size");
    if (!k->live[i] || counts) return;
    for (size_t a = 0; a < n->n_output; a++)
        g_hash_table_insert(k->made_by, n->output[a], GINT_TO_POINTER(i + 1));
}

static void find_calls(namer *k) {
    const fvi_onnx *o = k->o;
    for (int i = 0; i < o->n_inputs; i++)
        g_hash_table_insert(k->made_by, (gpointer)o->inputs[i].name, GINT_TO_POINTER(0));
    for (int i = 0; i < o->n_nodes; i++) join_call(k, i);
    for (int i = 0; i < o->n_nodes; i++)
        if (k->live[i]) k->last[first_of_call(k, i)] = i;
}

/* ---- names ---------------------------------------------------------------------------------- */

/* Takes a name that nobody has: `name`, else name_1, name_2, ... NULL: no memory. */
static const char *take_name(namer *k, const char *name) {
    gpointer number;
    const char *own = fvi_pool_strdup(k->o->pool, name);
    if (own && g_hash_table_lookup_extended(k->used, name, NULL, &number)) {
        guint last = GPOINTER_TO_UINT(number);
        const char *stem = own;
        do own = fvi_pool_printf(k->o->pool, "%s_%u", stem, ++last);
        while (own && g_hash_table_contains(k->used, own));
        g_hash_table_insert(k->used, (gpointer)stem, GUINT_TO_POINTER(last));
    }
    if (own) g_hash_table_insert(k->used, (gpointer)own, GUINT_TO_POINTER(0));
    k->exhausted |= !own;
    return own;
}

static void name_node(namer *k, int i) {
    const fvi_onnx_module *m = &k->modules[i];
    const char *name;
    if (k->live[i] && k->last[first_of_call(k, i)] == i && !holds_others(k, m)) {
        name = take_name(k, m->path);
    } else {
        const char separator[2] = {m->separator, '\0'};
        char *text = g_strconcat(m->path, m->path[0] ? separator : "", m->part, NULL);
        name = take_name(k, text);
        g_free(text);
    }
    if (name) g_hash_table_insert(k->o->layer_names, (gpointer)k->o->nodes[i], (gpointer)name);
}

/* Nodes that are live first, so that shape arithmetic takes no numbers from layers. */
static void name_all(namer *k) {
    const fvi_onnx *o = k->o;
    for (int i = 0; i < o->n_nodes; i++)
        if (!k->modules[i].path && o->nodes[i]->name[0])
            g_hash_table_insert(k->used, o->nodes[i]->name, GUINT_TO_POINTER(0));
    for (int live = 1; live >= 0; live--)
        for (int i = 0; i < o->n_nodes && !k->exhausted; i++)
            if (k->modules[i].path && k->live[i] == live) name_node(k, i);
}

fv_status fvi_onnx_name_layers(fvi_onnx *o, fv_error *err) {
    const gsize n = (gsize)o->n_nodes;
    namer k = {.o = o,
               .modules = g_new0(fvi_onnx_module, n + 1),
               .live = g_new0(char, n + 1),
               .call = g_new0(int, n + 1),
               .last = g_new0(int, n + 1),
               .paths = g_ptr_array_new(),
               .made_by = g_hash_table_new(g_str_hash, g_str_equal),
               .used = g_hash_table_new(g_str_hash, g_str_equal)};
    for (gsize i = 0; i < n; i++) {
        k.modules[i] = fvi_onnx_module_of(o, o->nodes[i]);
        if (k.modules[i].path) g_ptr_array_add(k.paths, k.modules[i].path);
    }
    if (k.paths->len) {
        o->layer_names = g_hash_table_new(NULL, NULL);
        g_ptr_array_sort(k.paths, compare_paths);
        find_calls(&k);
        name_all(&k);
    }
    for (gsize i = 0; i < n; i++) fvi_onnx_module_clear(&k.modules[i]);
    g_free(k.modules);
    g_free(k.live);
    g_free(k.call);
    g_free(k.last);
    g_ptr_array_unref(k.paths);
    g_hash_table_unref(k.made_by);
    g_hash_table_unref(k.used);
    return k.exhausted ? fvi_fail(err, FV_NOMEM, "no memory for the names of %zu layers", n)
                       : FV_OK;
}
