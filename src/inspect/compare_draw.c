/* SPDX-License-Identifier: Apache-2.0 */
/* A comparison's pictures: what a sample looks like to the networks, and one channel's activations
 * on it in both, on one scale: grey from 0 where none is below zero, else blue and red about it.
 * A layer without maps has maps of one pixel, in which white could not be seen; positions that do
 * not lie over the picture (layer_maps.h) are a row.
 */
#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/tensor.h"
#include "draw/plot.h"
#include "inspect/compare.h"
#include "inspect/layer_maps.h"
#include "runtime/model_state.h"
#include "runtime/session.h"

#define PLOT 224

/* A network's input as a picture: pixel = (x / scale + mean) / range, in RGB. */
static fv_status decode(const fv_input *in, const fv_tensor *x, fv_image **out, fv_error *err) {
    const int h = (int)x->dim[in->channels_last ? 1 : 2],
              w = (int)x->dim[in->channels_last ? 2 : 3];
    const int64_t plane = (int64_t)h * w;
    fv_status st = fv_image_new(in->channels, h, w, out, err);
    for (int c = 0; c < in->channels && !st; c++) {
        const int to = in->channels == 3 && in->channel_order == FV_BGR ? 2 - c : c;
        const int k = MIN(c, 3);
        for (int64_t i = 0; i < plane; i++) {
            const float v = x->data[in->channels_last ? i * in->channels + c : c * plane + i];
            const float p = (v / in->scale[k] + in->mean[k]) / in->range;
            (*out)->data[to * plane + i] = isfinite(p) ? CLAMP(p, 0.0f, 1.0f) : 0.5f;
        }
    }
    return st;
}

/* The input as A has it: a picture, or bars. */
static fv_status draw_input(const fv_input *in, const fv_tensor *x, fv_image **out, fv_error *err) {
    if (in->is_image && x->ndim == 4 && (in->channels == 1 || in->channels == 3))
        return decode(in, x, out, err);
    const int64_t count = fv_tensor_count(x);
    float *bars = fvi_plot_finite(x->data, count);
    if (!bars) return fvi_fail(err, FV_NOMEM, "no memory for a plot of %lld", (long long)count);
    fv_status st = fv_plot_bars(bars, (int)MIN(count, G_MAXINT),
                                FV_DESC(fv_plot_desc, .width = PLOT, .height = PLOT), out, err);
    g_free(bars);
    return st;
}

/* Where the layer's maps are, for one sample of the input's size.
 *   is_map  0: its positions are drawn as a row */
static fv_status find_maps(const fv_comparison *c, int which, const fv_tensor *input,
                           fvi_layer_maps *m, int *is_map, fv_error *err) {
    const fvi_shape shape = fvi_tensor_shape(input);
    const fv_session *s = c->session[which];
    const fv_layer *l = fv_model_layer(c->model[which], c->layer[which]);
    fvi_graph *g = NULL;
    int64_t samples = 0;
    fv_status st = fvi_session_graph(s, &shape, &l->output, 1, &g, &samples, err);
    if (st) return st;
    st = fvi_layer_maps_find(fvi_session_network(s), g, g->outputs[0], 1, l->name, m, err);
    fvi_graph_free(g);
    *is_map = !st && m->grid.kind == FVI_GRID_MAP && m->extent.channels == c->channels;
    return st;
}

/* One channel of a layer. */
typedef struct channel_map {
    float *data; /* [height][width], malloc'ed */
    int height, width;
} channel_map;

/* One channel of a value of one sample. */
static fv_status take_map(const fv_comparison *c, int which, const fv_tensor *input,
                          const fv_tensor *v, int channel, channel_map *out, fv_error *err) {
    int64_t outer, inner;
    fvi_layer_maps m;
    int is_map = 0;
    fv_status st = fvi_comparison_sizes(c, v, 1, &outer, &inner, err);
    if (!st) st = find_maps(c, which, input, &m, &is_map, err);
    if (st) return st;
    const int64_t h = is_map ? m.grid.rows : 1, w = is_map ? m.grid.columns : outer * inner;
    if (h * w < 1 || h * w > 1 << 28)
        return fvi_fail(err, FV_SHAPE, "a map of %lld numbers cannot be drawn", (long long)(h * w));
    float *map = malloc((size_t)(h * w) * sizeof *map);
    if (!map) return fvi_fail(err, FV_NOMEM, "no memory for a map of %lld", (long long)(h * w));
    for (int64_t y = 0; y < h; y++)
        for (int64_t x = 0; x < w; x++) {
            const int64_t i = is_map ? fvi_token_grid_position(&m.grid, y, x) : x;
            map[y * w + x] = v->data[i / inner * c->channels * inner + channel * inner + i % inner];
        }
    *out = (channel_map){map, (int)h, (int)w};
    return FV_OK;
}

/* The value of largest magnitude; 0 where none is finite. *below: one is below zero. */
static float peak_of(const float *map, int64_t count, int *below) {
    float peak = 0;
    for (int64_t i = 0; i < count; i++) {
        if (!isfinite(map[i])) continue;
        if (fabsf(map[i]) > fabsf(peak)) peak = map[i];
        *below |= map[i] < 0;
    }
    return peak;
}

/* The scale on which both maps can be seen. */
static fv_paint_desc scale_of(const float peaks[2], int below, int64_t count) {
    const float most = fmaxf(fabsf(peaks[0]), fabsf(peaks[1])), m = most > 0 ? most : 1;
    if (below)
        return *FV_DESC(fv_paint_desc, .palette = FV_PALETTE_DIVERGING, .low = -m, .high = m);
    return *FV_DESC(fv_paint_desc, .palette = count == 1 ? FV_PALETTE_SEQUENTIAL : FV_PALETTE_GREY,
                    .high = m);
}

/* Runs both networks and paints the channel's maps. */
static fv_status draw_maps(fv_comparison *c, fv_tensor *const inputs[2], int channel,
                           float peaks[2], fv_image *out[2], fv_error *err) {
    fv_tensor *values[2] = {NULL, NULL};
    channel_map map[2] = {{0}, {0}};
    fv_status st = FV_OK;
    for (int m = 0; m < 2 && !st; m++) {
        st = fvi_comparison_run(c, m, inputs[m], &values[m], err);
        if (!st) st = take_map(c, m, inputs[m], values[m], channel, &map[m], err);
    }
    const int h = map[0].height, w = map[0].width;
    if (!st && (h != map[1].height || w != map[1].width))
        st = fvi_fail(err, FV_SHAPE, "the maps of A and B are %dx%d and %dx%d", h, w, map[1].height,
                      map[1].width);
    int below = 0;
    for (int m = 0; m < 2 && !st; m++) peaks[m] = peak_of(map[m].data, (int64_t)h * w, &below);
    const fv_paint_desc scale = scale_of(peaks, below, (int64_t)h * w);
    for (int m = 0; m < 2 && !st; m++) st = fv_paint(map[m].data, h, w, &scale, &out[m], err);
    for (int m = 0; m < 2; m++) {
        free(map[m].data);
        fv_tensor_free(values[m]);
    }
    return st;
}

/* Draws the input as A has it, and both maps. */
static fv_status draw_all(fv_comparison *c, fv_tensor *const inputs[2], int channel, float peaks[2],
                          fv_image *out[3], fv_error *err) {
    fv_image *made[3] = {NULL, NULL, NULL};
    float found[2] = {0, 0};
    fv_status st = draw_input(fv_model_input(c->model[0]), inputs[0], &made[0], err);
    if (!st) st = draw_maps(c, inputs, channel, found, made + 1, err);
    for (int i = 0; i < 3; i++)
        if (st)
            fv_image_free(made[i]);
        else
            out[i] = made[i];
    if (!st && peaks) memcpy(peaks, found, sizeof found);
    return st;
}

/* One sample that both networks take, as each of them does.  errors  ARG, SHAPE */
static fv_status check_sample(const fv_comparison *c, const fv_tensor *input, fv_tensor view[2],
                              fv_error *err) {
    fv_status st = FV_OK;
    for (int m = 0; m < 2 && !st; m++)
        st = fvi_check_input(fvi_session_network(c->session[m]), input, &view[m], err);
    if (!st && view[0].ndim && view[0].dim[0] != 1)
        st = fvi_fail(err, FV_SHAPE, "the input has %lld samples; one is drawn at a time",
                      (long long)view[0].dim[0]);
    return st;
}

fv_status fv_comparison_draw(fv_comparison *c, const fv_image *photo, const fv_tensor *input,
                             int channel, float peaks[2], fv_image *out[3], fv_error *err) {
    FVI_USE_THREADS(c ? c->session[0] : NULL);
    fv_status st = FVI_NOT_NULL_AS(err, "comparison, out", c, out);
    if (st) return st;
    if (!photo == !input)
        return fvi_fail(err, FV_ARG, "fv_comparison_draw: %s; one of the two is needed",
                        photo ? "a photo and an input are given"
                              : "neither a photo nor an input is given");
    if (channel < 0 || channel >= c->channels)
        return fvi_fail(err, FV_ARG, "%s: layer \"%s\" has %d channels; %d does not exist (0..%d)",
                        fv_model_name(c->model[0]), fv_model_layer(c->model[0], c->layer[0])->name,
                        c->channels, channel, c->channels - 1);
    fv_tensor *own[2] = {NULL, NULL};
    fv_tensor view[2];
    if (input) st = check_sample(c, input, view, err);
    for (int m = 0; m < 2 && photo && !st; m++)
        st = fv_input_from_image(c->model[m], photo, &own[m], err);
    if (!st)
        st = draw_all(c, photo ? own : (fv_tensor *const[]){&view[0], &view[1]}, channel, peaks,
                      out, err);
    for (int m = 0; m < 2; m++) fv_tensor_free(own[m]);
    return st;
}
