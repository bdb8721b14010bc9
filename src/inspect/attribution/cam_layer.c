/* SPDX-License-Identifier: Apache-2.0 */
/* Chooses the layer of a class activation map, by looking at the graph alone.
 *
 * Where none is named it is the last one whose values are maps over the picture
 * (graph/positions/token_grid.h) of which the objective depends on some cell (graph/region.h), and
 * that every path from the picture to the objective goes through, so that nothing the objective is
 * due to goes past it, with a layer of weights before it: in a convolutional network right before
 * global pooling or flattening. Where no map is on all paths it is the last one, with a note.
 * Behind the last attention of a transformer that reads its class token only that token is left;
 * the last maps before are the keys and values of attention. Of these it is what they are computed
 * from, which is the output of the block's first normalisation, as in pytorch-grad-cam's examples:
 * attention has no channels of its own. Of an objective that has maps itself it is its own layer.
 */
#include "inspect/attribution/cam_layer.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "graph/channel_axis.h"
#include "graph/positions/token_grid.h"
#include "model/network/find.h"
#include "runtime/monitor.h"

/* What is known of the graph. */
typedef struct survey {
    const fvi_graph *g;
    fvi_region *regions; /* [n_values] that the objective depends on */
    char *kind;          /* [n_nodes] of their outputs: fvi_grid_kind */
    char *map;     /* [n_nodes] whether they are maps of several rows and columns: 2, 1 of a map
                      that is not the picture's, 0 */
    char *reached; /* [n_nodes] of such a map the objective depends on a cell */
    char *split;   /* [n_nodes] maps that only attention reads, divided into heads */
    char *common;  /* [n_nodes] on every path from the picture to the objective */
    char *learned; /* [n_values] there is a layer of weights before it, or it is one: others are the
                      picture, rescaled, padded or in patches */
} survey;

static void survey_clear(survey *s) {
    free(s->regions);
    g_free(s->kind);
    g_free(s->map);
    g_free(s->reached);
    g_free(s->split);
    g_free(s->common);
    g_free(s->learned);
}

/* Whether a region of a map has one of its cells. */
static int has_cell(const fvi_graph *g, const fvi_layout *layouts, const fvi_region *r, int v) {
    for (int i = 0; i < g->values[v].shape.ndim; i++) {
        const fvi_axis_layout *a = &layouts[v].axis[i];
        if (!fvi_axis_has(a, FVI_ROWS) && !fvi_axis_has(a, FVI_COLUMNS)) continue;
        if (r->hi[i] <= a->before || r->lo[i] >= g->values[v].shape.dim[i] - a->after) return 0;
    }
    return r->needed;
}

/* Marks maps all of whose readers divide them into heads, or are such maps themselves. */
static void mark_split(survey *s) {
    const fvi_graph *g = s->g;
    char *whole = g_new0(char, (gsize)g->n_values + 1); /* another reader has it */
    char *divided = g_new0(char, (gsize)g->n_values + 1);
    for (int k = g->n_nodes - 1; k >= 0; k--) {
        const fvi_node *n = &g->nodes[k];
        const char kind = s->kind[k];
        s->split[k] = divided[n->out] && !whole[n->out];
        const int divides = kind == FVI_GRID_SPLIT || kind == FVI_GRID_PAIRS ||
                            (kind == FVI_GRID_MAP && s->split[k]);
        for (int i = 0; s->regions[n->out].needed && i < n->n_in; i++)
            if (n->in[i] >= 0) (divides ? divided : whole)[n->in[i]] = 1;
    }
    g_free(whole);
    g_free(divided);
}

/* Marks what layers of weights made. */
static void mark_learned(survey *s) {
    static const char of_weights[FVI_KIND_COUNT] = {[FVI_CONV] = 1,
                                                    [FVI_CONV_TRANSPOSE] = 1,
                                                    [FVI_MATMUL] = 1,
                                                    [FVI_RECURRENT] = 1,
                                                    [FVI_OPAQUE] = 1};
    for (int k = 0; k < s->g->n_nodes; k++) {
        const fvi_node *n = &s->g->nodes[k];
        s->learned[n->out] = of_weights[n->kind];
        for (int i = 0; i < n->n_in; i++)
            if (n->in[i] >= 0) s->learned[n->out] |= s->learned[n->in[i]];
    }
}

/* Whether input i of a node is read for more than the tokens beside a map whose cells others read:
 * the class token goes past the last attention, which is all that reads the cells. */
static int reads_cells(const survey *s, const fvi_layout *layouts, const fvi_node *n, int i) {
    const int made_by = s->g->values[n->in[i]].producer;
    const fvi_region r = fvi_region_read(s->g, s->regions, n, i);
    if (made_by < 0 || !s->reached[made_by]) return r.needed;
    return has_cell(s->g, layouts, &r, n->in[i]);
}

/* Marks nodes that every path from the picture to the objective goes through. Nodes are in an order
 * in which each reads from those before: they are the ones that no edge of a path leads past. */
static void mark_common(survey *s, const fvi_layout *layouts, const fvi_objective *o) {
    const fvi_graph *g = s->g;
    char *from = g_new0(char, (gsize)g->n_values + 1); /* values on such paths */
    int *ends = g_new0(int, (gsize)g->n_values + 1);   /* the last node that reads one */
    int *past = g_new0(int, (gsize)g->n_nodes + 2);    /* edges that begin, less those that end */
    for (int i = 0; i < g->n_inputs; i++) from[g->inputs[i]] = 1;
    for (int k = 0; k < g->n_nodes; k++) {
        const fvi_node *n = &g->nodes[k];
        for (int i = 0; s->regions[n->out].needed && i < n->n_in; i++) {
            const int v = n->in[i];
            if (v < 0 || !from[v] || !reads_cells(s, layouts, n, i)) continue;
            from[n->out] = 1;
            ends[v] = k;
        }
    }
    for (int i = 0; i < o->n_values; i++) {
        const int v = fvi_graph_find(g, o->values[i]);
        if (v >= 0) ends[v] = g->n_nodes;
    }
    for (int v = 0; v < g->n_values; v++) {
        if (!from[v] || !ends[v]) continue;
        past[g->values[v].producer + 1]++;
        past[ends[v]]--;
    }
    for (int k = 0, open = 0; k < g->n_nodes; k++) {
        open += past[k];
        s->common[k] = from[g->nodes[k].out] && !open;
    }
    g_free(past);
    g_free(ends);
    g_free(from);
}

static fv_status make_survey(const fvi_perturbation *p, const fvi_graph *g, survey *s,
                             fv_error *err) {
    fvi_layout *layouts = NULL;
    *s = (survey){.g = g};
    fv_status st = fvi_graph_layouts(g, p->in, &layouts, err);
    if (!st) st = fvi_objective_regions(g, &p->objective, &s->regions, err);
    if (!st) {
        int *channel = g_new(int, (gsize)g->n_values + 1);
        s->kind = g_new0(char, (gsize)g->n_nodes + 1);
        s->map = g_new0(char, (gsize)g->n_nodes + 1);
        s->reached = g_new0(char, (gsize)g->n_nodes + 1);
        s->split = g_new0(char, (gsize)g->n_nodes + 1);
        s->common = g_new0(char, (gsize)g->n_nodes + 1);
        s->learned = g_new0(char, (gsize)g->n_values + 1);
        fvi_graph_channel_axes(g, channel);
        for (int k = 0; k < g->n_nodes; k++) {
            const int v = g->nodes[k].out;
            fvi_token_grid t;
            fvi_token_grid_of(g, layouts, v, channel[v], &t);
            s->kind[k] = (char)t.kind;
            s->map[k] = !fvi_token_grid_is_map(&t) ? 0 : t.of_picture ? 2 : 1;
            s->reached[k] = s->map[k] && has_cell(g, layouts, &s->regions[v], v);
        }
        g_free(channel);
        mark_split(s);
        mark_learned(s);
        mark_common(s, layouts, &p->objective);
    }
    free(layouts);
    return st;
}

/* The last learned map over the picture that is on all paths, else the last one; else the same over
 * another map; -1: there is none. */
static int last_map(const survey *s) {
    for (int least = 2; least >= 1; least--)
        for (int common = 1; common >= 0; common--)
            for (int k = s->g->n_nodes - 1; k >= 0; k--)
                if (s->reached[k] && s->learned[s->g->nodes[k].out] && s->map[k] >= least &&
                    s->common[k] >= common)
                    return k;
    return -1;
}

/* The node that makes the only input of a node that is no constant; -1. */
static int before(const fvi_graph *g, int node) {
    const fvi_node *n = node < 0 ? NULL : &g->nodes[node];
    int found = -1;
    for (int i = 0; n && i < n->n_in; i++) {
        if (n->in[i] < 0 || g->values[n->in[i]].constant) continue;
        if (found >= 0 || g->values[n->in[i]].producer < 0) return -1;
        found = g->values[n->in[i]].producer;
    }
    return found;
}

/* Whether a node only moves elements; with `some`: or takes some of them. */
static int moves(const fvi_node *n, int some) {
    return n->kind == FVI_RESHAPE || n->kind == FVI_TRANSPOSE || n->kind == FVI_IDENTITY ||
           (some && (n->kind == FVI_SLICE || n->kind == FVI_GATHER));
}

/* What the keys or values of attention at `node` are computed from by one product with weights;
 * `node` itself where there is no such thing. */
static int before_projection(const survey *s, int node) {
    const fvi_graph *g = s->g;
    int k = node;
    while (k >= 0 && (g->nodes[k].kind == FVI_BINARY || moves(&g->nodes[k], 1))) k = before(g, k);
    if (k < 0 || (g->nodes[k].kind != FVI_MATMUL && g->nodes[k].kind != FVI_CONV)) return node;
    k = before(g, k);
    while (k >= 0 && moves(&g->nodes[k], 0) && before(g, k) >= 0 && s->reached[before(g, k)])
        k = before(g, k);
    return k >= 0 && s->reached[k] ? k : node;
}

static fv_status choose(const fvi_perturbation *p, const survey *s, int *out, fv_error *err) {
    const int last = last_map(s);
    if (last < 0)
        return fvi_fail(err, FV_SHAPE,
                        "%s: no layer before the objective has maps over the picture",
                        fvi_network_name(fvi_session_network(p->session)));
    *out = s->split[last] ? before_projection(s, last) : last;
    return FV_OK;
}

/* Says that the objective is due to more than the layer that was chosen shows. */
static void note_paths(const fvi_perturbation *p, const survey *s, int layer) {
    if (s->common[layer]) return;
    char *text = g_strdup_printf("Grad-CAM: paths from the picture to the objective go past every "
                                 "layer with maps; \"%s\" is "
                                 "the last of them; option layer chooses another",
                                 fvi_network_layer(fvi_session_network(p->session), layer)->name);
    fvi_monitor_note(fvi_session_monitor(p->session), text);
    g_free(text);
}

/* That the objective depends on a cell of a layer's maps; else they would be zero. */
static fv_status check(const fvi_perturbation *p, const survey *s, int layer, fv_error *err) {
    const fvi_network *net = fvi_session_network(p->session);
    int usual;
    if (s->reached[layer] || !s->map[layer]) return FV_OK;
    if (choose(p, s, &usual, NULL)) return FV_OK;
    return fvi_fail(err, FV_SHAPE,
                    "the objective does not depend on the maps of layer \"%.100s\"%s; the default "
                    "layer is \"%.100s\"",
                    fvi_network_layer(net, layer)->name,
                    s->regions[s->g->nodes[layer].out].needed ? ", only on the tokens beside them"
                                                              : "",
                    fvi_network_layer(net, usual)->name);
}

/* The last layer that the objective depends on with as many axes of positions as a signal or a
 * volume has, more than one position along each. */
static fv_status choose_grid(const fvi_perturbation *p, int *out, fv_error *err) {
    const fvi_network *net = fvi_session_network(p->session);
    const fvi_graph *g = fvi_network_graph(net);
    fvi_region *regions = NULL;
    fv_status st = fvi_objective_regions(g, &p->objective, &regions, err);
    if (st) return st;
    int *channel = g_new(int, (gsize)g->n_values + 1), found = -1;
    fvi_graph_channel_axes(g, channel);
    for (int k = g->n_nodes - 1; k >= 0 && found < 0 && p->in->kind != FV_INPUT_ROW; k--) {
        const int v = g->nodes[k].out;
        const fvi_shape *s = &g->values[v].shape;
        int large = 0;
        for (int i = 1; i < s->ndim; i++) large += i != channel[v] && s->dim[i] > 1;
        if (regions[v].needed && s->ndim == p->space + 2 && channel[v] > 0 && large == p->space)
            found = k;
    }
    g_free(channel);
    free(regions);
    if (found < 0) {
        char *methods = fvi_perturbation_other_methods();
        st = fvi_fail(
            err, FV_SHAPE,
            "%s: no layer before the objective has maps over the input \"%s\"; --method %s "
            "need none",
            fvi_network_name(net), p->in->name, methods);
        g_free(methods);
        return st;
    }
    *out = found;
    return FV_OK;
}

/* The node that computes the value of that name, which is what a layer gives: behind its activation
 * where it has one. */
static fv_status find_named(const fvi_network *net, const char *name, int *out, fv_error *err) {
    const fvi_graph *g = fvi_network_graph(net);
    const char *value;
    if (!fvi_network_find_value(net, name, &value, NULL))
        for (int i = 0; i < g->n_nodes; i++)
            if (!strcmp(g->values[g->nodes[i].out].name, value)) return *out = i, FV_OK;
    return fvi_network_find_layer(net, name, out, err);
}

fv_status fvi_cam_layer(const fvi_perturbation *p, const char *name, int *out, fv_error *err) {
    const fvi_network *net = fvi_session_network(p->session);
    survey s;
    if (!p->in->is_image)
        return name ? find_named(net, name, out, err) : choose_grid(p, out, err);
    fv_status st = make_survey(p, fvi_network_graph(net), &s, err);
    if (!st && name) st = find_named(net, name, out, err);
    if (!st) st = name ? check(p, &s, *out, err) : choose(p, &s, out, err);
    if (!st && !name) note_paths(p, &s, *out);
    survey_clear(&s);
    return st;
}
