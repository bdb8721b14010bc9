/* SPDX-License-Identifier: Apache-2.0 */
/* layer_maps: a layer's maps over the picture, as the graph says (graph/positions/token_grid.h),
 * and what is said where it has none.
 */
#include "inspect/layer_maps.h"

#include <glib.h>
#include <stdlib.h>

#include "base/error.h"
#include "graph/channel_axis.h"
#include "model/network/find.h"

fv_status fvi_layer_maps_find(const fvi_network *net, const fvi_graph *g, int v, int64_t samples,
                              const char *name, fvi_layer_maps *out, fv_error *err) {
    fv_status st = fvi_extent_find(g, v, samples, name, &out->extent, &out->sample, err);
    return st ? st
              : fvi_token_grid_find(g, fvi_network_input(net), v, out->sample.channel, &out->grid,
                                    err);
}

void fvi_layer_maps_copy(const fvi_layer_maps *m, int over_picture, int64_t n, int64_t plane,
                         const float *x, float *out) {
    const int64_t w = over_picture ? m->grid.columns : 1;
    for (int64_t p = 0; p < plane; p++) {
        const int64_t position = over_picture ? fvi_token_grid_position(&m->grid, p / w, p % w) : p;
        for (int64_t c = 0; c < m->extent.channels; c++)
            out[c * plane + p] = x[fvi_extent_at(&m->extent, n, c, position)];
    }
}

/* The layer with maps that is the fewest layers away, rather one before; -1: there is none. */
static int nearest(const fvi_network *net, int layer) {
    const fvi_graph *g = fvi_network_graph(net);
    int found = -1;
    fvi_layout *layouts = NULL;
    int *channel = g_new(int, (gsize)g->n_values + 1);
    fvi_graph_channel_axes(g, channel);
    if (!fvi_graph_layouts(g, fvi_network_input(net), &layouts, NULL))
        for (int d = 1; found < 0 && d < g->n_nodes; d++)
            for (int side = -1; found < 0 && side <= 1; side += 2) {
                const int k = layer + side * d;
                fvi_token_grid t = {0};
                if (k < 0 || k >= g->n_nodes) continue;
                fvi_token_grid_of(g, layouts, g->nodes[k].out, channel[g->nodes[k].out], &t);
                if (fvi_token_grid_is_map(&t)) found = k;
            }
    free(layouts);
    g_free(channel);
    return found;
}

fv_status fvi_layer_maps_refuse(const fvi_network *net, const char *name, const fvi_layer_maps *m,
                                fv_error *err) {
    char text[FVI_SHAPE_TEXT], why[FVI_GRID_TEXT], near[160] = "";
    int layer = -1;
    if (!fvi_network_find_layer(net, name, &layer, NULL)) {
        const int k = nearest(net, layer);
        name = fvi_network_layer(net, layer)->name;
        if (k >= 0)
            g_snprintf(near, sizeof near, "; the nearest layer with maps is \"%.100s\"",
                       fvi_network_layer(net, k)->name);
    }
    return fvi_fail(err, FV_SHAPE, "layer \"%.120s\" is %s, no maps over the picture: %s%s", name,
                    fvi_shape_text(&m->sample.shape, text), fvi_token_grid_text(&m->grid, why),
                    near);
}
