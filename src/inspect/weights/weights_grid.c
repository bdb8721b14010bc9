/* SPDX-License-Identifier: Apache-2.0 */
/* The layout of a layer's weights: outputs x inputs x height x width, with a stride for each.
 *
 *   convolution 2-D   [out][in][h][w]; 3-D: [out][in*depth][h][w]
 *   1-D convolution   [out][in][1][w]
 *   matrix product    [out][in][1][1]; where a row sees a picture [out][c][h][w], whose strides are
 *                     those of [c][h][w] or of [h][w][c]
 *   vectors           one output, [1][1][1][n]; other constants [rows][last axis][1][1]
 */
#include <limits.h>
#include <string.h>

#include "base/error.h"
#include "base/tensor.h"
#include "graph/input_origin.h"
#include "inspect/weights/weights_grid.h"
#include "runtime/model_state.h"

void fvi_weights_grid_clear(fvi_weights_grid *g) {
    fv_tensor_free(g->weights);
    g->weights = NULL;
}

/* Sets sizes, and the strides of a contiguous array of them. */
static void set_sizes(fvi_weights_grid *g, int64_t outputs, int64_t inputs, int64_t h, int64_t w) {
    g->outputs = (int)outputs;
    g->inputs = (int)inputs;
    g->height = (int)h;
    g->width = (int)w;
    g->stride[0] = inputs * h * w;
    g->stride[1] = h * w;
    g->stride[2] = w;
    g->stride[3] = 1;
}

/* Sets the number of colours, if the inputs are all channels of the picture. */
static void set_colours(fvi_weights_grid *g, const fv_input *in, int picture) {
    if (!picture || in->channels != g->inputs || (g->inputs != 1 && g->inputs != 3)) return;
    g->picture = g->inputs;
    g->bgr = g->inputs == 3 && in->channel_order == FV_BGR;
}

static void lay_convolution(fvi_weights_grid *g, const fv_input *in,
                            const fvi_input_origin *origin) {
    const fv_tensor *t = g->weights;
    const int n = t->ndim;
    if (n == 3) {
        set_sizes(g, t->dim[0], t->dim[1], 1, t->dim[2]);
        g->kind = t->dim[2] > 1 ? FVI_WEIGHTS_GRID_LINES : FVI_WEIGHTS_GRID_NUMBERS;
        return;
    }
    set_sizes(g, t->dim[0], n == 5 ? t->dim[1] * t->dim[2] : t->dim[1], t->dim[n - 2],
              t->dim[n - 1]);
    if (n == 4) set_colours(g, in, origin->picture);
    g->kind = g->height * (int64_t)g->width > 1 || g->picture ? FVI_WEIGHTS_GRID_KERNELS
                                                              : FVI_WEIGHTS_GRID_NUMBERS;
}

/* Whether a row of numbers is a picture of that many channels, height and width. */
static fv_status check_shape(const fvi_weights_grid *g, const fv_weights_desc *d, int64_t row,
                             fv_error *err) {
    const int64_t c = d->shape[0], h = d->shape[1], w = d->shape[2]; /* ints: h * w fits */
    int64_t all = 0;
    if (c > 0 && h > 0 && w > 0 && !fvi_mul(h * w, c, &all) && all == row) return FV_OK;
    const int64_t size[3] = {d->channels_last ? h : c, d->channels_last ? w : h,
                             d->channels_last ? c : w};
    return fvi_fail(err, FV_SHAPE,
                    "%s: layer \"%s\" has rows of %lld numbers; the shape %lldx%lldx%lld has %.0f",
                    fv_model_name(g->model), g->layer->name, (long long)row, (long long)size[0],
                    (long long)size[1], (long long)size[2], (double)c * (double)h * (double)w);
}

/* Rows of a matrix product looked at as [c][h][w] or [h][w][c], if there is a shape for them. */
static fv_status lay_rows(fvi_weights_grid *g, const fv_weights_desc *d,
                          const fvi_input_origin *origin, fv_error *err) {
    const int64_t row = g->weights->dim[1];
    const int given = d->shape[0] || d->shape[1] || d->shape[2];
    const fvi_input_origin asked = {0, d->shape[0], d->shape[1], d->shape[2],
                                    d->channels_last != 0};
    const fvi_input_origin *map = given ? &asked : origin;
    const int64_t c = map->channels, h = map->height, w = map->width;
    set_sizes(g, g->weights->dim[0], row, 1, 1);
    g->kind = FVI_WEIGHTS_GRID_NUMBERS;
    fv_status st = given ? check_shape(g, d, row, err) : FV_OK;
    if (st) return st;
    g->found = !given && h * w > 1 && c * h * w == row;
    if (!given && !g->found) return FV_OK;
    set_sizes(g, g->weights->dim[0], c, h, w);
    g->channels_last = map->channels_last;
    if (g->channels_last) {
        g->stride[1] = 1;
        g->stride[2] = w * c;
        g->stride[3] = c;
    }
    g->kind = FVI_WEIGHTS_GRID_KERNELS;
    if (origin->picture)
        set_colours(g, fv_model_input(g->model), 1);
    else if (given && (c == 1 || c == 3))
        g->picture = (int)c;
    return FV_OK;
}

/* Weights that are no units': a vector, or the numbers of the last axis row by row. */
static void lay_plain(fvi_weights_grid *g) {
    const fv_tensor *t = g->weights;
    const int64_t count = fv_tensor_count(t), last = t->ndim ? t->dim[t->ndim - 1] : 1;
    for (int i = 0; i < t->ndim; i++)
        if (t->dim[i] == count) { /* all other axes are 1 */
            set_sizes(g, 1, 1, 1, count);
            g->kind = FVI_WEIGHTS_GRID_LINES;
            return;
        }
    if (!t->ndim)
        set_sizes(g, 1, 1, 1, 1);
    else
        set_sizes(g, count / last, last, 1, 1);
    g->kind = FVI_WEIGHTS_GRID_NUMBERS;
}

/* Sizes that an int holds, and a shape only where there are rows. */
static fv_status check(const fvi_weights_grid *g, const fv_weights_desc *d, int product,
                       fv_error *err) {
    for (int i = 0; i < g->weights->ndim; i++)
        if (g->weights->dim[i] > INT_MAX)
            return fvi_fail(err, FV_SHAPE, "%s: layer \"%s\" has %lld weights in a row; at most %d",
                            fv_model_name(g->model), g->layer->name, (long long)g->weights->dim[i],
                            INT_MAX);
    if (product || (!d->shape[0] && !d->shape[1] && !d->shape[2])) return FV_OK;
    return fvi_fail(err, FV_SHAPE,
                    "%s: layer \"%s\" is a %s; a shape is for the rows of a matrix product",
                    fv_model_name(g->model), g->layer->name, g->layer->kind);
}

fv_status fvi_weights_grid_read(const fv_model *model, int layer, const fv_weights_desc *desc,
                                fvi_weights_grid *out, fv_error *err) {
    fvi_weights_grid g = {.model = model};
    fv_status st = fv_model_weights(model, layer, &g.weights, NULL, err);
    if (st) return st;
    g.layer = fv_model_layer(model, layer);
    const fvi_kind kind = fvi_network_graph(model->network)->nodes[layer].kind;
    const int product = kind == FVI_MATMUL && g.weights->ndim == 2;
    const int convolution = kind == FVI_CONV || kind == FVI_CONV_TRANSPOSE;
    fvi_input_origin origin = {0};
    st = check(&g, desc, product, err);
    if (!st && (product || kind == FVI_CONV))
        fvi_input_origin_find(fvi_network_graph(model->network), fvi_network_input(model->network),
                              layer, &origin);
    if (!st && product)
        st = lay_rows(&g, desc, &origin, err);
    else if (!st && convolution)
        lay_convolution(&g, fv_model_input(model), &origin);
    else if (!st)
        lay_plain(&g);
    if (st)
        fvi_weights_grid_clear(&g);
    else
        *out = g;
    return st;
}
