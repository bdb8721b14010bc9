/* SPDX-License-Identifier: Apache-2.0 */
/* convolve: plans convolutions, straight and transposed, forward and backward to their source.
 *
 * The primitive is made first, with every layout left to oneDNN; then source and weights are
 * converted to its layouts, and the result gets its layout. Backward needs no forward value except
 * the result, if an activation is fused. Steps without output elements compute nothing; their
 * gradient is zero.
 */
#include "backend/onednn/convolution/convolve.h"

#include "backend/onednn/convolution/depthwise.h"
#include "backend/onednn/convolution/winograd.h"
#include "backend/onednn/dnnl/dnnl_build.h"
#include "backend/onednn/kernels/fused.h"
#include "backend/onednn/kernels/strided_loops.h"
#include "base/error.h"

fv_status fvi_convolution_new(fvi_step *s, fvi_convolution **out, fv_error *err) {
    fvi_convolution *c = s->state = fvi_step_alloc(s, 1, sizeof *c);
    if (!c) return fvi_fail(err, FV_NOMEM, "no memory for a plan");
    c->desc.src = *fvi_step_shape(s, 0);
    c->desc.dst = *fvi_step_out_shape(s);
    c->desc.window = &s->node->a.window;
    if (s->n_fused && s->fused[0]->kind == FVI_BATCH_NORM) c->norm = s->fused[0];
    if (fvi_fused_act(s, &c->act)) c->desc.act = &c->act;
    c->empty = fvi_shape_count(&c->desc.dst) == 0;
    *out = c;
    return FV_OK;
}

fv_status fvi_convolution_plan(fvi_step *s, fv_error *err) {
    fvi_convolution *c = s->state;
    if (c->empty) return fvi_step_make_dst(s, NULL, err);
    if (fvi_winograd_suits(s, c)) return fvi_winograd_plan(s, c, 0, &c->winograd[0], err);
    fvi_buffer *src, *weights, *bias;
    fvi_prim *p = NULL;
    fv_status st = fvi_fused_bias(s, 2, c->norm, c->desc.dst.dim[1], &bias, err);
    c->desc.bias = !st && bias;
    if (!st) st = fvi_prim_conv(fvi_step_engine(s), &c->desc, &p, err);
    if (st) return st;
    c->forward = p;
    st = fvi_step_source(s, 0, fvi_prim_layout(p, FVI_SRC), &src, err);
    if (!st) st = c->weights(s, p, &weights, err);
    if (!st) st = fvi_step_make_dst(s, fvi_prim_layout(p, FVI_DST), err);
    if (st) {
        fvi_prim_free(p);
        return st;
    }
    fvi_prim_set(p, FVI_SRC, src);
    fvi_prim_set(p, FVI_WEIGHTS, weights);
    if (bias) fvi_prim_set(p, FVI_BIAS, bias);
    fvi_prim_set(p, FVI_DST, s->dst);
    return fvi_step_add(s, p, err);
}

/* The gradient before the activation, in primitive p's layout. Activations go backward in f32; for
 * a primitive that reads bf16 the result is rounded afterwards, in the same step. */
static fv_status gradient_for(fvi_step *s, const fvi_prim *p, fvi_buffer **out, fv_error *err) {
    const fvi_layout *want = fvi_prim_layout(p, FVI_DIFF_DST);
    const fvi_shape *shape = &s->ddst->shape;
    fvi_buffer *exact;
    fvi_prim *round = NULL;
    if (fvi_layout_is_f32(want)) return fvi_fused_ddst(s, want, out, err);
    fvi_layout *like = fvi_layout_like(want, shape); /* f32; NULL, plain, will do as well */
    fv_status st = fvi_fused_ddst(s, like, &exact, err);
    fvi_layout_free(like);
    if (!st) st = fvi_step_temp(s, shape, want, out, err);
    if (!st) st = fvi_prim_reorder(fvi_step_engine(s), exact, *out, &round, err);
    return st ? st : fvi_step_add(s, round, err);
}

fv_status fvi_convolution_plan_backward(fvi_step *s, fv_error *err) {
    fvi_convolution *c = s->state;
    fv_status st = fvi_refuse_gradients(s, 1, err);
    if (st || !s->wanted[0]) return st;
    if (c->empty) return fvi_step_make_dsrc(s, 0, NULL, err);
    if (c->winograd[0]) return fvi_winograd_plan(s, c, 1, &c->winograd[1], err);
    if (fvi_depthwise_suits(s, c)) return fvi_depthwise_plan(s, c, &c->depthwise, err);
    fvi_buffer *ddst, *weights;
    fvi_prim *p = NULL;
    fvi_conv_desc d = c->desc;
    d.backward = 1;
    d.forward = c->forward;
    st = fvi_prim_conv(fvi_step_engine(s), &d, &p, err);
    if (st) return st;
    st = gradient_for(s, p, &ddst, err);
    if (!st) st = c->weights(s, p, &weights, err);
    if (!st) st = fvi_step_make_dsrc(s, 0, fvi_prim_layout(p, FVI_DIFF_SRC), err);
    if (st) {
        fvi_prim_free(p);
        return st;
    }
    fvi_prim_set(p, FVI_DIFF_DST, ddst);
    fvi_prim_set(p, FVI_WEIGHTS, weights);
    fvi_prim_set(p, FVI_DIFF_SRC, s->dsrc[0]);
    return fvi_step_add(s, p, err);
}

fv_status fvi_convolution_forward(const fvi_step *s) {
    const fvi_convolution *c = s->state;
    if (c->winograd[0]) fvi_winograd_run(c->winograd[0]);
    return fvi_step_run(s, 0);
}

fv_status fvi_convolution_backward(const fvi_step *s) {
    const fvi_convolution *c = s->state;
    int64_t samples;
    fv_status st = fvi_step_run(s, FVI_BACKWARD);
    if (!st && c->winograd[1]) fvi_winograd_run(c->winograd[1]);
    if (!st && c->depthwise) fvi_depthwise_run(c->depthwise, !fvi_step_redirect(s, &samples));
    if (c->empty && s->wanted[0]) fvi_fill(s->dsrc[0]->data, fvi_shape_count(&c->desc.src), 0);
    return st;
}
