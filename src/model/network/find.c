/* SPDX-License-Identifier: Apache-2.0 */
/* Finds layers, values and classes by name, and similar names where there is none.
 *
 * A name is tried exactly, then `#index`, then as an ending after a '/' or '.', which has to be
 * unique. Similar names are the nearest by fvi_text_distance, and those that begin as `h*` says.
 */
#include "model/network/find.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "model/network/network.h"
#include "model/network/network_internal.h"

#define NEAREST 3
#define SHOWN   5 /* of the names an ending fits */

/* ---- near misses ---------------------------------------------------------------------------- */

typedef struct nearest {
    const char *name[NEAREST];
    int distance[NEAREST], count;
} nearest;

/* Whether a name begins as `h*` or `h?` says. */
static int is_beginning(const char *typed, const char *name) {
    const size_t n = strcspn(typed, "*?");
    return n && typed[n] && !g_ascii_strncasecmp(typed, name, n);
}

static void nearest_add(nearest *n, const char *typed, const char *name) {
    int d = is_beginning(typed, name) ? 0 : fvi_text_distance(typed, name), at = n->count;
    if (d == G_MAXINT) return;
    for (int i = 0; i < n->count; i++)
        if (!strcmp(n->name[i], name)) return;
    while (at > 0 && n->distance[at - 1] > d) at--;
    if (at == NEAREST) return;
    if (n->count < NEAREST) n->count++;
    for (int i = n->count - 1; i > at; i--) {
        n->name[i] = n->name[i - 1];
        n->distance[i] = n->distance[i - 1];
    }
    n->name[at] = name;
    n->distance[at] = d;
}

/* ---- matches -------------------------------------------------------------------------------- */

/* Candidates that match a name: their indices and names. */
typedef struct matches {
    const char *typed;
    int exact, exact_source, exact_output; /* first of each, or -1 */
    int ending;                            /* first, or -1 */
    int n_endings;
    const char *fits[SHOWN];
} matches;

#define MATCHES(name) \
    { .typed = name, .exact = -1, .exact_source = -1, .exact_output = -1, .ending = -1 }

static int ends_with(const char *name, const char *ending) {
    size_t n = strlen(name), e = strlen(ending);
    return e && e < n && !strcmp(name + n - e, ending) &&
           (name[n - e - 1] == '/' || name[n - e - 1] == '.');
}

static void match_add(matches *m, int index, const char *name, int *exact) {
    if (!strcmp(name, m->typed) && *exact < 0) *exact = index;
    if (ends_with(name, m->typed) && (!m->n_endings || m->ending != index)) {
        if (m->n_endings < SHOWN) m->fits[m->n_endings] = name;
        m->n_endings++;
        m->ending = index;
    }
}

/* Appends `"a", "b" or "c"`. */
static void names_append(GString *s, const char *const *names, int n) {
    for (int i = 0; i < n; i++) {
        int longer = strlen(names[i]) > 80;
        g_string_append_printf(s, "%s\"%.80s%s\"",
                               !i           ? ""
                               : i == n - 1 ? " or "
                                            : ", ",
                               names[i], longer ? "..." : "");
    }
}

/* `list`: the command that lists what there is */
static fv_status not_found(const fvi_network *net, const matches *m, const nearest *near,
                           const char *what, const char *list, fv_error *err) {
    if (!m->typed[0] || m->typed[0] == ':')
        return fvi_fail(err, FV_NOTFOUND,
                        "%s: there is no %s \"%.80s\": its name is missing; `%s` "
                        "lists them",
                        net->name, what, m->typed, list);
    GString *s = g_string_new(NULL);
    if (m->n_endings > 1) {
        g_string_append_printf(s, "%s: \"%.80s\" fits %d %ss: ", net->name, m->typed, m->n_endings,
                               what);
        names_append(s, m->fits, MIN(m->n_endings, SHOWN));
        if (m->n_endings > SHOWN) g_string_append(s, ", ...");
    } else {
        g_string_append_printf(s, "%s: there is no %s \"%.80s\"", net->name, what, m->typed);
        if (near->count) g_string_append(s, "; did you mean ");
        names_append(s, near->name, near->count);
        if (near->count)
            g_string_append_c(s, '?');
        else
            g_string_append_printf(s, "; `%s` lists them", list);
    }
    fv_status st = fvi_fail(err, FV_NOTFOUND, "%s", s->str);
    g_string_free(s, TRUE);
    return st;
}

/* Reads "#12".  errors  NOTFOUND an index there is not */
static fv_status by_index(const fvi_network *net, const char *name, int *index, fv_error *err) {
    guint64 v;
    int n = net->graph->n_nodes;
    if (!g_ascii_string_to_unsigned(name + 1, 10, 0, G_MAXINT, &v, NULL) || v >= (guint64)n)
        return fvi_fail(err, FV_NOTFOUND, "%s: layer %.80s does not exist (#0..#%d)", net->name,
                        name, n - 1);
    *index = (int)v;
    return FV_OK;
}

fv_status fvi_network_find_layer(const fvi_network *net, const char *name, int *index,
                                 fv_error *err) {
    const fvi_graph *g = net->graph;
    matches m = MATCHES(name);
    if (!name) return fvi_fail(err, FV_ARG, "no layer named");
    for (int i = 0; i < g->n_nodes; i++) {
        match_add(&m, i, net->layers[i].name, &m.exact);
        match_add(&m, i, net->layers[i].source_name, &m.exact_source);
        match_add(&m, i, net->layers[i].output, &m.exact_output);
    }
    int found = m.exact >= 0          ? m.exact
                : m.exact_source >= 0 ? m.exact_source
                : m.exact_output >= 0 ? m.exact_output
                : m.n_endings == 1    ? m.ending
                                      : -1;
    if (found < 0 && name[0] == '#') return by_index(net, name, index, err);
    if (found >= 0) {
        *index = found;
        return FV_OK;
    }
    nearest near = {0};
    for (int i = 0; err && i < g->n_nodes; i++) {
        nearest_add(&near, name, net->layers[i].name);
        nearest_add(&near, name, net->layers[i].source_name);
        nearest_add(&near, name, net->layers[i].output);
    }
    return not_found(net, &m, &near, "layer", "fovea layers MODEL", err);
}

/* ---- values --------------------------------------------------------------------------------- */

/* Adds every value of the file and of the graph; index i of `names` is the match's index. */
static void add_values(const fvi_network *net, matches *m, GPtrArray *names, GHashTable *known) {
    const fvi_model_file *f = net->file;
    const fvi_graph *g = net->graph;
    int n;
    const fvi_model_input *in = f->reader->inputs(f, &n);
    for (int i = 0; i < n; i++) g_ptr_array_add(names, (gpointer)in[i].name);
    f->reader->values(f, names);
    for (guint i = 0; i < names->len; i++) g_hash_table_add(known, names->pdata[i]);
    for (int i = 0; i < g->n_nodes; i++) { /* values that lowering generated */
        const char *v = g->values[g->nodes[i].out].name;
        if (g_hash_table_add(known, (gpointer)v)) g_ptr_array_add(names, (gpointer)v);
    }
    for (guint i = 0; i < names->len; i++) match_add(m, (int)i, names->pdata[i], &m->exact);
}

/* The layer that is called `name` after its module, or -1: what people see and type comes before
 * the name of a value, which may be another layer's. */
static int named_by_module(const fvi_network *net, const char *name) {
    for (int i = 0; i < net->graph->n_nodes; i++) {
        const fv_layer *l = &net->layers[i];
        if (l->source_name[0] && strcmp(l->source_name, l->name) != 0 && !strcmp(l->name, name))
            return i;
    }
    return -1;
}

fv_status fvi_network_find_value(const fvi_network *net, const char *name, const char **value,
                                 fv_error *err) {
    if (!name) {
        if (net->output_wanted) return fvi_network_find_value(net, net->output_wanted, value, err);
        const char *output = net->file->reader->output(net->file);
        if (!output) return fvi_fail(err, FV_NOTFOUND, "%s has no output", net->name);
        *value = output;
        return FV_OK;
    }
    matches m = MATCHES(name);
    GPtrArray *names = g_ptr_array_new();
    GHashTable *known = g_hash_table_new(g_str_hash, g_str_equal);
    add_values(net, &m, names, known);
    const char *found = NULL;
    int layer = named_by_module(net, name);
    fv_status st = FV_OK;
    if (layer >= 0)
        found = net->layers[layer].output;
    else if (m.exact >= 0)
        found = names->pdata[m.exact];
    else if (!fvi_network_find_layer(net, name, &layer, NULL))
        found = net->layers[layer].output;
    else if (m.n_endings == 1)
        found = names->pdata[m.ending];
    else {
        nearest near = {0};
        for (int i = 0; i < net->graph->n_nodes; i++) nearest_add(&near, name, net->layers[i].name);
        for (guint i = 0; i < names->len; i++) nearest_add(&near, name, names->pdata[i]);
        st = name[0] == '#' ? by_index(net, name, &layer, err)
                            : not_found(net, &m, &near, "layer", "fovea layers MODEL", err);
    }
    g_hash_table_unref(known);
    g_ptr_array_unref(names);
    if (!st) *value = found;
    return st;
}

const char *fvi_network_value_layer(const fvi_network *net, const char *value) {
    for (int i = 0; i < net->graph->n_nodes; i++)
        if (!strcmp(net->layers[i].output, value)) return net->layers[i].name;
    return value;
}

/* ---- classes -------------------------------------------------------------------------------- */

fv_status fvi_network_find_class(const fvi_network *net, const char *name, int *index,
                                 fv_error *err) {
    const fvi_labels *l = net->input.labels;
    guint64 v;
    if (!name) return fvi_fail(err, FV_ARG, "no class named");
    if (!l) return fvi_fail(err, FV_NOTFOUND, "%s carries no class names", net->name);
    int other, found = fvi_labels_find(l, name, &other);
    if (other >= 0)
        return fvi_fail(err, FV_ARG,
                        "\"%.80s\" is the name of class %d, \"%.80s\", and of class %d, \"%.80s\"; "
                        "allowed: the number of one, as class:%d",
                        name, found, l->name[found], other, l->name[other], found);
    if (found < 0 && g_ascii_string_to_unsigned(name, 10, 0, (guint64)l->count - 1, &v, NULL))
        found = (int)v;
    if (found < 0) {
        matches m = MATCHES(name);
        nearest near = {0};
        for (int i = 0; i < l->count; i++) nearest_add(&near, name, l->name[i]);
        return not_found(net, &m, &near, "class", "fovea classes MODEL", err);
    }
    *index = found;
    return FV_OK;
}
