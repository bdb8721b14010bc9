/* SPDX-License-Identifier: Apache-2.0 */
/* Each value knows the one it is a view of. All values of one storage are in one list, which a
 * change goes through. */
#include "model/torch/alias.h"

#include <string.h>

#include "base/error.h"
#include "model/torch/aten.h"

#define DEPTH_MAX   64                 /* of views of views that are changed */
#define VISITED_MAX ((int64_t)1 << 26) /* values of changed storages */

typedef struct state {
    int now;   /* the value that stands for this one; itself */
    int stale; /* its numbers are not known any more */
    int base;  /* what it is a view of; -1 */
    int root;  /* the first value of its storage */
    fvi_torch_view view;
} state;

struct fvi_torch_aliases {
    GHashTable *states; /* value + 1 -> state *; none: it shares nothing */
    GHashTable *groups; /* root + 1 -> GArray of int: all values of the storage */
    fvi_torch_scatter *scatter;
    void *user;
    int64_t visited;
};

static void free_state(gpointer s) {
    g_free((void *)((state *)s)->view.in);
    g_free(s);
}

static void free_group(gpointer group) { g_array_unref(group); }

fvi_torch_aliases *fvi_torch_aliases_new(fvi_torch_scatter *scatter, void *user) {
    fvi_torch_aliases *a = g_new0(fvi_torch_aliases, 1);
    a->states = g_hash_table_new_full(NULL, NULL, NULL, free_state);
    a->groups = g_hash_table_new_full(NULL, NULL, NULL, free_group);
    a->scatter = scatter;
    a->user = user;
    return a;
}

void fvi_torch_aliases_free(fvi_torch_aliases *a) {
    if (!a) return;
    g_hash_table_unref(a->states);
    g_hash_table_unref(a->groups);
    g_free(a);
}

static state *find(const fvi_torch_aliases *a, int v) {
    return g_hash_table_lookup(a->states, GINT_TO_POINTER(v + 1));
}

int fvi_torch_alias_now(const fvi_torch_aliases *a, int v) {
    const state *s = find(a, v);
    while (s && s->now != v) s = find(a, v = s->now);
    return v;
}

int fvi_torch_alias_is_stale(const fvi_torch_aliases *a, int v) {
    const state *s = find(a, v);
    return s && s->stale;
}

static GArray *group_of(fvi_torch_aliases *a, int root) {
    GArray *g = g_hash_table_lookup(a->groups, GINT_TO_POINTER(root + 1));
    if (g) return g;
    g = g_array_new(FALSE, FALSE, sizeof(int));
    g_hash_table_insert(a->groups, GINT_TO_POINTER(root + 1), g);
    return g;
}

/* Notes v as a value of the storage of `root`. */
static state *add(fvi_torch_aliases *a, int v, int root) {
    state *s = g_new0(state, 1);
    *s = (state){.now = v, .base = -1, .root = root};
    g_hash_table_insert(a->states, GINT_TO_POINTER(v + 1), s);
    g_array_append_val(group_of(a, root), v);
    return s;
}

static state *find_or_add(fvi_torch_aliases *a, int v) {
    state *s = find(a, v);
    return s ? s : add(a, v, v);
}

/* Makes s such a view, of `base`. */
static void set_view(state *s, const fvi_torch_view *view, int base) {
    int *in = g_new(int, view->n_in + 1);
    memcpy(in, view->in, (size_t)view->n_in * sizeof *in);
    in[0] = s->base = base;
    s->view = (fvi_torch_view){view->call, view->n_in, in, view->scatter};
}

static void add_views(fvi_torch_aliases *a, const char *type, const fvi_torch_view *call, int n_out,
                      const int *out) {
    const fvi_torch_view view = {call->call, call->n_in, call->in, fvi_torch_scatter_of(type)};
    const int root = find_or_add(a, call->in[0])->root;
    for (int i = 0; i < n_out; i++) set_view(add(a, out[i], root), &view, call->in[0]);
}

/* v was changed and is `made` now: so is what it is a view of, as far as that can be said. */
static fv_status change(fvi_torch_aliases *a, int v, int made, fv_error *err) {
    const int root = find_or_add(a, v)->root;
    GArray *group = group_of(a, root);
    a->visited += group->len;
    if (a->visited > VISITED_MAX)
        return fvi_fail(err, FV_UNSUPPORTED, "too many of its tensors are changed in place");
    for (guint i = 0; i < group->len; i++) {
        state *s = find(a, g_array_index(group, int, i));
        s->stale = s->now == g_array_index(group, int, i);
    }
    for (int depth = 0; depth < DEPTH_MAX; depth++) {
        state *s = find(a, v), *n = find(a, made);
        if (!n) n = add(a, made, root);
        s->stale = 0;
        s->now = made;
        if (s->base < 0 || !s->view.scatter) break; /* what it is a view of stays stale */
        if (*s->view.scatter) {
            const int whole = a->scatter(a->user, &s->view, s->base, made);
            if (whole < 0) return fvi_fail(err, FV_NOMEM, "no memory for the network");
            set_view(n, &s->view, whole);
            made = whole;
        }
        v = s->base;
    }
    return FV_OK;
}

fv_status fvi_torch_alias_note(fvi_torch_aliases *a, const char *type, int in_place,
                               const fvi_torch_view *call, int n_out, const int *out,
                               fv_error *err) {
    if (!call->n_in || !n_out) return FV_OK;
    if (in_place) return change(a, call->in[0], out[0], err);
    if (fvi_torch_is_view(type)) add_views(a, type, call, n_out, out);
    return FV_OK;
}
