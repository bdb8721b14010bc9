/* SPDX-License-Identifier: Apache-2.0 */
/* lowered: a cache of a model's lowered graphs.
 *
 * Lowering reads the file's graph again and folds all shape arithmetic, which takes from a few
 * milliseconds to almost a second. The same graph tells whether a size can be run, what the
 * receptive field of a neuron is and how much memory a plan needs, and is what the plan is made of.
 * The KEPT most recently used graphs are kept; a graph that is still in use elsewhere outlives its
 * entry.
 *
 * What it does not do: derive the graph of one shape from that of another.
 */
#include "runtime/lowered.h"
#include "model/network/lower.h"

#include <glib.h>
#include <string.h>

#include "base/error.h"
#include "runtime/model_state.h"

#define KEPT 64 /* more than the sizes any recipe draws */

typedef struct lowered_entry {
    fvi_shape input;
    char **wanted;    /* NULL-terminated */
    fvi_graph *graph; /* NULL: lowering failed, with error `why` */
    fv_error why;
} lowered_entry;

struct fvi_lowered {
    GMutex lock;
    GPtrArray *entries; /* lowered_entry; the most recently used is the last */
};

static void entry_free(void *data) {
    lowered_entry *e = data;
    fvi_graph_free(e->graph);
    g_strfreev(e->wanted);
    g_free(e);
}

fvi_lowered *fvi_lowered_new(void) {
    fvi_lowered *l = g_try_new0(fvi_lowered, 1);
    if (!l) return NULL;
    g_mutex_init(&l->lock);
    l->entries = g_ptr_array_new_with_free_func(entry_free);
    return l;
}

void fvi_lowered_free(fvi_lowered *l) {
    if (!l) return;
    g_ptr_array_free(l->entries, TRUE);
    g_mutex_clear(&l->lock);
    g_free(l);
}

static int same_names(char *const *have, const char *const *wanted, int n) {
    for (int i = 0; i < n; i++)
        if (!have[i] || strcmp(have[i], wanted[i]) != 0) return 0;
    return have[n] == NULL;
}

/* The entry, moved to the end; NULL: there is none. */
static lowered_entry *find(fvi_lowered *l, const fvi_shape *input, const char *const *wanted,
                           int n) {
    for (guint i = l->entries->len; i-- > 0;) {
        lowered_entry *e = l->entries->pdata[i];
        if (!fvi_shape_equal(&e->input, input) || !same_names(e->wanted, wanted, n)) continue;
        g_ptr_array_steal_index(l->entries, i);
        g_ptr_array_add(l->entries, e);
        return e;
    }
    return NULL;
}

static fv_status add(fvi_lowered *l, const fvi_network *net, const fvi_shape *input,
                     const char *const *wanted, int n, lowered_entry **out, fv_error *err) {
    const fvi_binding binding = {.name = fvi_network_input(net)->name, .shape = *input};
    fvi_graph *graph = NULL;
    fv_error why = {0};
    const fv_status st = fvi_network_lower(net, &binding, 1, wanted, n, &graph, &why);
    if (st == FV_NOMEM) return fvi_fail(err, st, "%s", why.text);
    lowered_entry *e = g_new0(lowered_entry, 1);
    e->input = *input;
    e->wanted = g_new0(char *, (gsize)n + 1);
    for (int i = 0; i < n; i++) e->wanted[i] = g_strdup(wanted[i]);
    e->graph = graph;
    e->why = why;
    g_ptr_array_add(l->entries, e);
    if (l->entries->len > KEPT) g_ptr_array_remove_index(l->entries, 0);
    *out = e;
    return FV_OK;
}

fv_status fvi_model_lower(const fv_model *model, const fvi_shape *input, const char *const *wanted,
                          int n, fvi_graph **out, fv_error *err) {
    fvi_lowered *l = model->lowered;
    fv_status st = FV_OK;
    g_mutex_lock(&l->lock);
    lowered_entry *e = find(l, input, wanted, n);
    if (!e) st = add(l, model->network, input, wanted, n, &e, err);
    if (!st && e->graph)
        *out = fvi_graph_share(e->graph);
    else if (!st)
        st = fvi_fail(err, e->why.status, "%s", e->why.text);
    g_mutex_unlock(&l->lock);
    return st;
}

fv_status fvi_model_takes(const fv_model *model, const fvi_shape *input, const char *const *wanted,
                          int n, int *takes, fv_error *err) {
    fvi_graph *g = NULL;
    fv_error why = {0};
    const fv_status st = fvi_model_lower(model, input, wanted, n, &g, &why);
    if (st == FV_NOMEM) return fvi_fail(err, st, "%s", why.text);
    *takes = !st;
    if (!st) fvi_graph_free(g);
    return FV_OK;
}
