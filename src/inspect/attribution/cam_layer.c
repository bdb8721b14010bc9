/* SPDX-License-Identifier: Apache-2.0 */
/* Chooses the layer of a class activation map.
 *
 * Where none is named it is the last one that the objective depends on whose values are maps over
 * the picture (graph/positions/token_grid.h): it stands right before global pooling or flattening.
 * Of an objective that has such maps itself it is its own layer.
 */
#include "inspect/attribution/cam_layer.h"

#include <glib.h>
#include <stdlib.h>

#include "base/error.h"
#include "graph/channel_axis.h"
#include "graph/positions/token_grid.h"
#include "model/network/find.h"

/* The last of the nodes marked in `needed`, by their values, that has maps over the picture; -1. */
static int last_map(const fvi_graph *g, const fvi_layout *layouts, const int *channel,
                    const char *needed) {
    for (int k = g->n_nodes - 1; k >= 0; k--) {
        const int v = g->nodes[k].out;
        fvi_token_grid t;
        if (!needed[v]) continue;
        fvi_token_grid_of(g, layouts, v, channel[v], &t);
        if (fvi_token_grid_is_map(&t)) return k;
    }
    return -1;
}

static fv_status choose(const fvi_perturbation *p, int *out, fv_error *err) {
    const fvi_network *net = fvi_session_network(p->session);
    const fvi_graph *g = fvi_network_graph(net);
    int *channel = g_new(int, (gsize)g->n_values + 1);
    fvi_layout *layouts = NULL;
    char *needed = NULL;
    fv_status st = fvi_graph_layouts(g, p->in, &layouts, err);
    if (!st) st = fvi_objective_needs(g, &p->objective, &needed, err);
    if (!st) {
        fvi_graph_channel_axes(g, channel);
        *out = last_map(g, layouts, channel, needed);
        if (*out < 0)
            st = fvi_fail(err, FV_SHAPE,
                          "%s: no layer before the objective has maps over the picture",
                          fvi_network_name(net));
    }
    free(needed);
    free(layouts);
    g_free(channel);
    return st;
}

fv_status fvi_cam_layer(const fvi_perturbation *p, const char *name, int *out, fv_error *err) {
    if (!name) return choose(p, out, err);
    return fvi_network_find_layer(fvi_session_network(p->session), name, out, err);
}
