/* SPDX-License-Identifier: Apache-2.0 */
/* conv_transpose: every src[n][c][y] adds src * w[c][o][k] to dst[n][o][y stride + k dilation -
 * pad]; plus bias[o]. It is the adjoint of a convolution, and its gradient is one.
 *
 * oneDNN calls it deconvolution and takes weights [oc][ic][k..], groups outermost, so ONNX's
 * [ic][oc/g][k..] are transposed once, when they are cached. output_padding is part of the output's
 * size. What it does not do: run-time weights, gradients of weights.
 */
#include <stdlib.h>

#include "backend/onednn/convolution/convolve.h"
#include "backend/onednn/kernels/fused.h"
#include "base/error.h"
#include "graph/const.h"

enum { VARIANT_WEIGHTS = 1 };

/* ONNX [g][ic/g][oc/g][k] to oneDNN [g][oc/g][ic/g][k]. */
static fv_status weights_fill(void *user, float *dst, fv_error *err) {
    const fvi_step *s = user;
    const fvi_const *w = fvi_step_constant(s, 1);
    int64_t g = s->node->a.window.groups, ic = w->shape.dim[0] / g, oc = w->shape.dim[1];
    int64_t per = fvi_shape_product(&w->shape, 2, w->shape.ndim), count = g * ic * oc * per;
    float *src = malloc((size_t)count * sizeof *src);
    if (!src) return fvi_fail(err, FV_NOMEM, "no memory for weights");
    fvi_const_to_f32(w, src);
    for (int64_t j = 0; j < g * ic * oc; j++) {
        int64_t o = j % oc, i = j / oc % ic, h = j / oc / ic;
        float *to = dst + ((h * oc + o) * ic + i) * per;
        for (int64_t k = 0; k < per; k++) to[k] = src[j * per + k];
    }
    free(src);
    return FV_OK;
}

static fv_status get_weights(fvi_step *s, const fvi_prim *p, fvi_buffer **out, fv_error *err) {
    const fvi_convolution *c = s->state;
    fvi_weight_cache_key key = {.parts = {fvi_step_constant(s, 1)->bytes},
                                .variant = VARIANT_WEIGHTS};
    const fvi_weight_cache_item item = {
        .key = key,
        .shape = c->desc.weights,
        .layout = fvi_prim_layout(p, FVI_WEIGHTS),
        .fill = weights_fill,
        .user = s,
    };
    return fvi_weight_cache_get(fvi_step_weights(s), fvi_step_engine(s), &item, out, err);
}

static fv_status plan(fvi_step *s, fv_error *err) {
    fvi_convolution *c = NULL;
    if (!fvi_step_constant(s, 1))
        return fvi_fail(err, FV_UNSUPPORTED,
                        "layer \"%s\": a transposed convolution whose weights are computed",
                        s->node->name);
    fv_status st = fvi_convolution_new(s, &c, err);
    if (st) return st;
    const fvi_shape *w = fvi_step_shape(s, 1);
    int64_t g = s->node->a.window.groups, *dim = c->desc.weights.dim;
    int at = 0;
    if (g > 1) dim[at++] = g;
    dim[at++] = w->dim[1];
    dim[at++] = w->dim[0] / g;
    for (int i = 2; i < w->ndim; i++) dim[at++] = w->dim[i];
    c->desc.weights.ndim = at;
    c->desc.transposed = 1;
    c->weights = get_weights;
    return fvi_convolution_plan(s, err);
}

const fvi_op fvi_op_conv_transpose = {
    "ConvTranspose",          NULL, plan, fvi_convolution_plan_backward, NULL,
    fvi_convolution_backward, NULL};
