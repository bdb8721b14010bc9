/* SPDX-License-Identifier: Apache-2.0 */
/* Class activation maps. With A_k the map of a layer's channel k at the picture, g_k the
 * objective's gradient there, and sums and means over its positions:
 *
 *   Grad-CAM    relu(sum_k w_k A_k), w_k = mean g_k       Selvaraju et al. 2017, arXiv:1610.02391
 *   Grad-CAM++  w_k = sum a_k relu(g_k), a_k = g_k^2 / (2 g_k^2 + (sum A_k) g_k^3), 0 where the
 *               denominator is 0                          Chattopadhay et al. 2018,
 * arXiv:1710.11063
 *
 * (Grad-CAM++ is for exp of the objective, whose factor exp is the same everywhere and left out.)
 * The map is as large as the layer and is enlarged to the picture, bilinearly: to what it lies
 * over, where the network crops or pads the picture; what is cropped off gets 0. Of tokens the map
 * is their rows and columns (graph/positions/token_grid.h), without class tokens. Which layer,
 * where none is named: cam_layer.c.
 */
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/tensor.h"
#include "inspect/attribution/attribute.h"
#include "inspect/attribution/cam_layer.h"
#include "inspect/enlarge.h"

/* ---- the weights of channels ---------------------------------------------------------------- */

static double weight_mean(const float *y, const float *dy, int64_t n) {
    double sum = 0;
    (void)y;
    for (int64_t i = 0; i < n; i++) sum += dy[i];
    return sum / (double)n;
}

static double weight_plus(const float *y, const float *dy, int64_t n) {
    double total = 0, sum = 0;
    for (int64_t i = 0; i < n; i++) total += y[i];
    for (int64_t i = 0; i < n; i++) {
        const double g = dy[i], below = 2 * g * g + total * g * g * g;
        if (g > 0 && below != 0) sum += g * g / below * g;
    }
    return sum;
}

/* ---- the map -------------------------------------------------------------------------------- */

static fv_status run_cam(fvi_perturbation *p, const fv_attribute_desc *d,
                         double (*weight)(const float *, const float *, int64_t), fv_attribution *a,
                         fv_error *err) {
    fv_tensor *y = NULL, *dy = NULL;
    fvi_layer_maps maps;
    int index = 0;
    p->total = 1;
    fv_status st = fvi_cam_layer(p, d->layer, &index, err);
    if (st) return st;
    const fv_layer *layer = fvi_network_layer(fvi_session_network(p->session), index);
    a->layer = g_strdup(layer->name);
    st = fvi_perturbation_layer(p, layer->output, &maps, &y, &dy, err);
    if (st) return st;
    const fvi_shape shape = fvi_perturbation_map_shape(p);
    fvi_shape cells = {.ndim = shape.ndim};
    memcpy(cells.dim, y->dim + 1, (size_t)cells.ndim * sizeof *cells.dim);
    const int64_t n = fvi_shape_count(&cells);
    a->value = p->values[0];
    st = fvi_tensor_new(&cells, &a->cells, err);
    if (!st) st = fvi_tensor_new(&shape, &a->map, err);
    for (int64_t k = 0; !st && k < y->dim[0]; k++) {
        const float *map = y->data + k * n;
        const double w = weight(map, dy->data + k * n, n);
        for (int64_t i = 0; i < n; i++) a->cells->data[i] += (float)(w * map[i]);
    }
    for (int64_t i = 0; !st && i < n; i++)
        if (a->cells->data[i] < 0) a->cells->data[i] = 0;
    const fvi_grid from = fvi_grid_of(cells.dim, cells.ndim);
    const fvi_grid to = fvi_grid_of(shape.dim, shape.ndim);
    if (!st && p->in->is_image)
        fvi_enlarge_over(&maps.grid, a->cells->data, fvi_planes_of(1, to.h, to.w, a->map->data), 0);
    else if (!st)
        st = fvi_enlarge(from, a->cells->data, to, a->map->data, err);
    fv_tensor_free(y);
    fv_tensor_free(dy);
    return st;
}

static fv_status run_gradcam(fvi_perturbation *p, const fv_attribute_desc *d, fv_attribution *a,
                             fv_error *err) {
    return run_cam(p, d, weight_mean, a, err);
}

static fv_status run_gradcam_plus(fvi_perturbation *p, const fv_attribute_desc *d,
                                  fv_attribution *a, fv_error *err) {
    return run_cam(p, d, weight_plus, a, err);
}

const fvi_method fvi_method_gradcam = {
    .info = {.method = FV_METHOD_GRADCAM,
             .name = "gradcam",
             .title = "Grad-CAM",
             .summary = "a layer's channels weighted by their mean gradients",
             .options = "layer",
             .is_rectified = 1},
    .run = run_gradcam,
};
const fvi_method fvi_method_gradcam_plus = {
    .info = {.method = FV_METHOD_GRADCAM_PLUS,
             .name = "gradcam++",
             .title = "Grad-CAM++",
             .summary = "the same, each position's gradient weighted by its share",
             .options = "layer",
             .is_rectified = 1},
    .run = run_gradcam_plus,
};
