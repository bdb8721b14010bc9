/* SPDX-License-Identifier: Apache-2.0 */
/* conv: dst[n][o][y] = bias[o] + sum over c, k of w[o][c][k] src[n][c][y stride + k dilation -
 * pad], over 1 to 3 spatial axes, in groups; with a batch normalization folded into w and bias, and
 * a fused activation, if no value between is a target.
 *
 * oneDNN computes it, in layouts of its choice; weights are converted to them once for all plans.
 * Backward is convolution backward-data, with weights in the layout it chooses. There are no
 * gradients of weights. Run-time weights are used in plain layout.
 */
#include "backend/onednn/convolution/convolve.h"
#include "backend/onednn/kernels/fused.h"
#include "base/error.h"
#include "graph/const.h"

enum { VARIANT_WEIGHTS = 0 };

static int fuse(const fvi_step *s, const fvi_node *next) {
    if (next->kind == FVI_BATCH_NORM)
        return s->n_fused == 0 && fvi_node_constant(s->graph, s->node, 1) &&
               (s->n_in < 3 || s->node->in[2] < 0 || fvi_node_constant(s->graph, s->node, 2)) &&
               fvi_node_constant(s->graph, next, 1) && fvi_node_constant(s->graph, next, 2);
    return fvi_fuse_act(s, next);
}

/* [oc][ic/g][k..], with the groups as an axis of their own if there are several. */
static fvi_shape grouped(const fvi_shape *w, int64_t groups) {
    if (groups <= 1) return *w;
    fvi_shape g = {.ndim = w->ndim + 1, .dim = {groups, w->dim[0] / groups}};
    for (int i = 1; i < w->ndim; i++) g.dim[i + 1] = w->dim[i];
    return g;
}

typedef struct weights_source {
    const fvi_const *w, *scale;
} weights_source;

/* w[o] * scale[o] */
static fv_status weights_fill(void *user, float *dst, fv_error *err) {
    const weights_source *x = user;
    (void)err;
    fvi_const_to_f32(x->w, dst);
    int64_t oc = x->w->shape.dim[0], per = fvi_shape_product(&x->w->shape, 1, x->w->shape.ndim);
    for (int64_t o = 0; o < oc; o++) {
        double k = fvi_const_at(x->scale, o);
        for (int64_t i = 0; i < per; i++) dst[o * per + i] = (float)(k * dst[o * per + i]);
    }
    return FV_OK;
}

/* The weights in primitive p's layout. */
static fv_status get_weights(fvi_step *s, const fvi_prim *p, fvi_buffer **out, fv_error *err) {
    const fvi_convolution *c = s->state;
    weights_source x = {.w = fvi_step_constant(s, 1)};
    if (!x.w) return fvi_step_source(s, 1, NULL, out, err);
    if (c->norm) x.scale = fvi_node_constant(s->graph, c->norm, 1);
    fvi_weight_cache_key key = {.parts = {x.w->bytes, x.scale ? x.scale->bytes : NULL},
                                .variant = VARIANT_WEIGHTS};
    const fvi_weight_cache_item item = {
        .key = key,
        .shape = c->desc.weights,
        .layout = fvi_prim_layout(p, FVI_WEIGHTS),
        .fill = x.scale ? weights_fill : NULL,
        .user = x.scale ? (void *)&x : (void *)(uintptr_t)x.w,
    };
    return fvi_weight_cache_get(fvi_step_weights(s), fvi_step_engine(s), &item, out, err);
}

static fv_status plan(fvi_step *s, fv_error *err) {
    fvi_convolution *c = NULL;
    fv_status st = fvi_convolution_new(s, &c, err);
    if (st) return st;
    c->desc.weights = grouped(fvi_step_shape(s, 1), s->node->a.window.groups);
    c->desc.plain_weights = !fvi_step_constant(s, 1);
    c->weights = get_weights;
    return fvi_convolution_plan(s, err);
}

const fvi_op fvi_op_conv = {"Conv",
                            fuse,
                            plan,
                            fvi_convolution_plan_backward,
                            fvi_convolution_forward,
                            fvi_convolution_backward,
                            NULL};
