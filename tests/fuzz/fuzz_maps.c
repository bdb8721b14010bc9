/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes what is read off a graph about positions: which elements of a layer lie where over the
 * picture, which of them an objective depends on, which layer a class activation map is made of,
 * the recipe a unit gets by its receptive field; and maps, attributions and pictures made with it.
 *
 * Of a map, each cell has a position of its own inside the layer. All else is not judged: calls end
 * with a status, and every number they return can be read.
 */
#include <glib.h>
#include <stdlib.h>

#include "fuzz.h"
#include "graph/channel_axis.h"
#include "graph/positions/token_grid.h"
#include "runtime/model_state.h"

#define CELLS_MAX 4096

/* Elements of one sample along an axis. */
static int64_t sample_size(const fvi_axis_layout *a) {
    int64_t n = 1;
    for (int k = 0; k < a->n; k++)
        if (a->piece[k].direction != FVI_SAMPLES) n *= a->piece[k].size;
    return a->before + n + a->after;
}

static int64_t positions(const fvi_layout *l, int ndim, int channel) {
    int64_t n = 1;
    for (int i = 0; i < ndim; i++)
        if (i != channel) n *= sample_size(&l->axis[i]);
    return n;
}

static void check_map(const fvi_token_grid *t, int64_t n) {
    FUZZ_ASSERT(t->rows > 0 && t->columns > 0);
    if (n > CELLS_MAX) return;
    char *used = g_malloc0((gsize)n);
    for (int64_t y = 0; y < t->rows; y++)
        for (int64_t x = 0; x < t->columns; x++) {
            const int64_t p = fvi_token_grid_position(t, y, x);
            FUZZ_ASSERT(p >= 0 && p < n && !used[p]);
            used[p] = 1;
        }
    g_free(used);
}

static void grids(const fv_model *m) {
    const fvi_graph *g = fvi_network_graph(m->network);
    fvi_layout *layouts = NULL;
    fv_error err;
    if (fuzz_check(fvi_graph_layouts(g, fv_model_input(m), &layouts, &err), &err)) return;
    int *channel = g_new(int, (gsize)g->n_values + 1);
    fvi_graph_channel_axes(g, channel);
    for (int k = 0; k < g->n_nodes; k++) {
        const int v = g->nodes[k].out;
        char text[FVI_GRID_TEXT];
        fvi_token_grid t;
        fvi_token_grid_of(g, layouts, v, channel[v], &t);
        FUZZ_ASSERT(fvi_token_grid_text(&t, text)[0]);
        if (t.kind == FVI_GRID_MAP)
            check_map(&t, positions(&layouts[v], g->values[v].shape.ndim, channel[v]));
    }
    g_free(channel);
    free(layouts);
}

static void attribute(fv_session *s, const fv_tensor *x, const fv_objective *o, const char *layer) {
    fv_attribution *a = NULL;
    fv_error err;
    if (fuzz_check(
            fv_attribute(s, x, o,
                         FV_DESC(fv_attribute_desc, .method = FV_METHOD_GRADCAM, .layer = layer),
                         &a, &err),
            &err))
        return;
    FUZZ_ASSERT(a->layer && a->objective);
    fuzz_read(a->map);
    fuzz_read(a->cells);
    fv_attribution_free(a);
}

static void activations(fv_session *s, const fv_tensor *x, const char *layer) {
    const int64_t samples = x->ndim ? x->dim[0] : 1;
    fv_activations **all = g_new0(fv_activations *, (gsize)samples + 1);
    fv_image *drawn = NULL;
    fv_error err;
    if (samples <= 4 && !fuzz_check(fv_activations_run(s, x, &layer, 1, all, &err), &err) &&
        !fuzz_check(
            fv_activations_draw(all[0], FV_DESC(fv_activations_desc, .top = 1), NULL, &drawn, &err),
            &err))
        FUZZ_ASSERT(drawn);
    for (int64_t i = 0; i < samples; i++) fv_activations_free(all[i]);
    fv_image_free(drawn);
    g_free(all);
}

/* Two updates of a unit's own recipe, each of whose options has a text. */
static void render(fv_session *s, const fv_model *m, const fv_objective *o) {
    fv_recipe *any = NULL, *own = NULL;
    fv_rendering *r = NULL;
    fv_error err;
    char text[2048];
    if (fuzz_check(fv_recipe_new(m, NULL, &o, 1, &any, &err), &err)) return;
    if (!fuzz_check(fv_recipe_for(any, o, &own, &err), &err)) {
        for (int i = 0; i < fv_recipe_option_count(); i++)
            FUZZ_ASSERT(!fuzz_check(
                fv_recipe_get(own, fv_recipe_option_at(i)->name, text, sizeof text, &err), &err));
        fuzz_check(fv_recipe_set(own, "steps", "2", &err), &err);
        fuzz_check(fv_recipe_set(own, "size", "16", &err), &err);
        fuzz_check(fv_render_many(s, &o, 1, own, FV_DESC(fv_render_desc, .batch = 1), &r, &err),
                   &err);
    }
    fv_rendering_free(r);
    fv_recipe_free(own);
    fv_recipe_free(any);
}

static void look(const fv_model *m, const fv_tensor *x, const uint8_t *data, size_t size) {
    const int n = fv_model_layer_count(m);
    const char *layer = fv_model_layer(m, data[size / 2] % n)->name;
    const char *words[] = {"class:0", fv_model_layer(m, data[size / 3] % n)->name};
    fv_session *s = NULL;
    fv_error err;
    if (fuzz_check(fv_session_new(m, FV_DESC(fv_session_desc, .threads = 1), &s, &err), &err))
        return; /* nothing of it can be computed */
    attribute(s, x, NULL, NULL);
    activations(s, x, layer);
    for (int i = 0; i < 2; i++) {
        fv_objective *o = NULL;
        char *text = i ? g_strdup_printf("\"%s\":0", words[i]) : g_strdup(words[i]);
        if (!fuzz_check(fv_objective_new(m, text, NULL, 0, &o, &err), &err)) {
            attribute(s, x, o, i ? NULL : layer);
            if (i) render(s, m, o);
        }
        fv_objective_free(o);
        g_free(text);
    }
    fv_session_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fv_model *m = NULL;
    fv_error err;
    if (!size ||
        fuzz_check(fv_model_load(fuzz_file("net.onnx", data, size), &fuzz_small, &m, &err), &err))
        return 0;
    grids(m);
    fv_tensor *x = fuzz_input(m, data, size);
    if (x && fv_model_layer_count(m)) look(m, x, data, size);
    fv_tensor_free(x);
    fv_model_free(m);
    return 0;
}
