/* SPDX-License-Identifier: Apache-2.0 */
/* A call of a module is a set of its operations, each of which reads what another makes. Only
 * operations that depend on the network's input count; those that compute sizes and constants are
 * named last. Operations whose module is not known keep their own names; every name is made unique
 * by a number. */
#include "model/operations/modules.h"

#include <glib.h>
#include <string.h>

#include "base/error.h"

typedef struct namer {
    fvi_pool *pool;
    fvi_module_op *ops; /* [n] */
    int n;
    char *live;       /* [n] depends on the input */
    int *call;        /* [n] an operation of the same call; itself: its first */
    int *last;        /* [n] at a call's first operation: its last one */
    int *made_by;     /* by values: operation + 1, of those that are live; 0: none, -1: an input */
    GPtrArray *paths; /* of all modules, sorted */
    GHashTable *used; /* name -> the last number that was appended to it */
    int exhausted;
} namer;

/* ---- what holds what ------------------------------------------------------------------------ */

static gint compare_paths(gconstpointer a, gconstpointer b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Whether a module holds another one: whether a path begins with its own and a separator. */
static int holds_others(const namer *k, const fvi_module_op *m) {
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

/* Joins operation i with those of its module that make its inputs, and notes whether it is live. */
static void join_call(namer *k, int i) {
    const fvi_module_op *m = &k->ops[i];
    k->call[i] = i;
    for (int a = 0; a < m->n_in; a++) {
        const int made = m->in[a] < 0 ? 0 : k->made_by[m->in[a]], from = made - 1;
        if (!made) continue;
        k->live[i] = 1;
        if (from < 0 || !m->path || !k->ops[from].path) continue;
        if (strcmp(k->ops[from].path, m->path) != 0) continue;
        const int one = first_of_call(k, from), other = first_of_call(k, i);
        k->call[MAX(one, other)] = MIN(one, other);
    }
    for (int a = 0; a < m->n_out && k->live[i] && !m->counts_only; a++)
        if (m->out[a] >= 0) k->made_by[m->out[a]] = i + 1;
}

static void find_calls(namer *k) {
    for (int i = 0; i < k->n; i++) join_call(k, i);
    for (int i = 0; i < k->n; i++)
        if (k->live[i]) k->last[first_of_call(k, i)] = i;
}

/* ---- names ---------------------------------------------------------------------------------- */

/* Takes a name that nobody has: `name`, else name_1, name_2, ... NULL: no memory. */
static const char *take_name(namer *k, const char *name) {
    gpointer number;
    const char *own = fvi_pool_strdup(k->pool, name);
    if (own && g_hash_table_lookup_extended(k->used, name, NULL, &number)) {
        guint last = GPOINTER_TO_UINT(number);
        const char *stem = own;
        do own = fvi_pool_printf(k->pool, "%s_%u", stem, ++last);
        while (own && g_hash_table_contains(k->used, own));
        g_hash_table_insert(k->used, (gpointer)stem, GUINT_TO_POINTER(last));
    }
    if (own) g_hash_table_insert(k->used, (gpointer)own, GUINT_TO_POINTER(0));
    k->exhausted |= !own;
    return own;
}

static void name_op(namer *k, int i) {
    fvi_module_op *m = &k->ops[i];
    if (k->live[i] && k->last[first_of_call(k, i)] == i && !holds_others(k, m)) {
        m->name = take_name(k, m->path);
        return;
    }
    const char separator[2] = {m->separator, '\0'};
    char *text = g_strconcat(m->path, m->path[0] ? separator : "", m->part, NULL);
    m->name = take_name(k, text);
    g_free(text);
}

/* Operations that are live first, so that arithmetic of sizes takes no numbers from layers. */
static void name_all(namer *k) {
    for (int i = 0; i < k->n; i++)
        if (!k->ops[i].path && k->ops[i].own && k->ops[i].own[0])
            g_hash_table_insert(k->used, (gpointer)k->ops[i].own, GUINT_TO_POINTER(0));
    for (int live = 1; live >= 0; live--)
        for (int i = 0; i < k->n && !k->exhausted; i++)
            if (k->ops[i].path && k->live[i] == live) name_op(k, i);
}

fv_status fvi_modules_name(fvi_pool *pool, fvi_module_op *ops, int n, int n_values,
                           const int *inputs, int n_inputs, fv_error *err) {
    const gsize size = (gsize)n + 1;
    namer k = {.pool = pool,
               .ops = ops,
               .n = n,
               .live = g_new0(char, size),
               .call = g_new0(int, size),
               .last = g_new0(int, size),
               .made_by = g_new0(int, (gsize)n_values + 1),
               .paths = g_ptr_array_new(),
               .used = g_hash_table_new(g_str_hash, g_str_equal)};
    for (int i = 0; i < n; i++)
        if (ops[i].path) g_ptr_array_add(k.paths, (gpointer)ops[i].path);
    for (int i = 0; i < n_inputs; i++)
        if (inputs[i] >= 0) k.made_by[inputs[i]] = -1;
    if (k.paths->len) {
        g_ptr_array_sort(k.paths, compare_paths);
        find_calls(&k);
        name_all(&k);
    }
    g_free(k.live);
    g_free(k.call);
    g_free(k.last);
    g_free(k.made_by);
    g_ptr_array_unref(k.paths);
    g_hash_table_unref(k.used);
    return k.exhausted ? fvi_fail(err, FV_NOMEM, "no memory for the names of %d layers", n) : FV_OK;
}
