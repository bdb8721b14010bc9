/* SPDX-License-Identifier: Apache-2.0 */
/* fused: an activation that is part of a convolution or matrix product, backward through it, and
 * biases with a batch normalization folded in.
 *
 * Forward, the activation is a post-op of the primitive, so the value before it is never stored.
 * Its gradient is therefore computed from the output:  d(before) = f'(f^-1(dst)) ddst, which oneDNN
 * has as
 * *_use_dst_for_bwd; activations without that are not fused into a step that needs a gradient.
 */
#include "backend/onednn/kernels/fused.h"

#include <stdlib.h>

#include "backend/onednn/kernels/relu_backward.h"
#include "backend/onednn/schedule/schedule.h"
#include "base/error.h"
#include "graph/const.h"

enum { VARIANT_BIAS = 100 };

static fvi_act act_of(const fvi_node *n) {
    return (fvi_act){.f = n->a.unary.f, .p = n->a.unary.p, .q = n->a.unary.q};
}

int fvi_fused_act(const fvi_step *s, fvi_act *act) {
    const fvi_node *last = s->n_fused ? s->fused[s->n_fused - 1] : NULL;
    if (!last || last->kind != FVI_UNARY) return 0;
    *act = act_of(last);
    return 1;
}

int fvi_fuse_act(const fvi_step *s, const fvi_node *next) {
    fvi_act act;
    if (next->kind != FVI_UNARY || s->n_fused == FVI_MAX_FUSED || fvi_fused_act(s, &act)) return 0;
    act = act_of(next);
    return fvi_act_forward(&act) && (!s->backward || fvi_act_backward_from_dst(&act));
}

fv_status fvi_fused_ddst(fvi_step *s, const fvi_layout *want, fvi_buffer **out, fv_error *err) {
    fvi_act act;
    fvi_buffer *dst, *ddst, *before;
    fvi_prim *p = NULL;
    fv_status st = fvi_step_convert(s, s->ddst, want, &ddst, err);
    if (st) return st;
    if (!fvi_fused_act(s, &act)) {
        *out = ddst;
        return FV_OK;
    }
    st = fvi_schedule_convert(s->schedule, s->dst, want, &dst, err);
    if (st) return st;
    if (s->backward_fused_by_consumer) { /* in place, and only if the reader did not
                                            (fvi_fused_mask_producer) */
        *out = ddst;
        st = fvi_relu_plan(s, &act, dst, ddst, ddst, err);
        if (!st) fvi_relu_skip(s);
        return st;
    }
    st = fvi_step_temp(s, &ddst->shape, want, &before, err);
    if (st) return st;
    *out = before;
    if (fvi_relu_is(&act) || fvi_layout_is_dense(want, &ddst->shape))
        fvi_schedule_allow_inplace(s->schedule, before, ddst);
    if (fvi_relu_is(&act)) return fvi_relu_plan(s, &act, dst, ddst, before, err);
    fvi_step_touch(s, dst, FVI_READ);
    st = fvi_prim_eltwise(fvi_step_engine(s), &act, FVI_BY_DST, &ddst->shape, want, &p, err);
    if (st) return st;
    fvi_prim_set(p, FVI_DST, dst);
    fvi_prim_set(p, FVI_DIFF_DST, ddst);
    fvi_prim_set(p, FVI_DIFF_SRC, before);
    return fvi_step_add(s, p, err);
}

int fvi_fused_mask_producer(fvi_step *s, const fvi_layout *layout, fvi_act *act) {
    fvi_step *m = s->producer;
    if (!m || fvi_step_is_guided(s) || !fvi_fused_act(m, act) || !fvi_relu_is(act) ||
        !fvi_layout_equal(m->dst->layout, layout, &m->dst->shape))
        return 0;
    m->backward_fused_by_consumer = 1;
    return 1;
}

const fvi_const *fvi_node_constant(const fvi_graph *g, const fvi_node *n, int i) {
    return i < n->n_in && n->in[i] >= 0 ? g->values[n->in[i]].constant : NULL;
}

typedef struct bias_source {
    const fvi_const *bias, *scale, *shift; /* any may be NULL */
    int64_t n;
} bias_source;

static fv_status bias_fill(void *user, float *dst, fv_error *err) {
    const bias_source *b = user;
    (void)err;
    for (int64_t i = 0; i < b->n; i++) {
        double x = b->bias ? fvi_const_at(b->bias, i) : 0;
        if (b->scale) x *= fvi_const_at(b->scale, i);
        if (b->shift) x += fvi_const_at(b->shift, i);
        dst[i] = (float)x;
    }
    return FV_OK;
}

fv_status fvi_fused_bias(fvi_step *s, int i, const fvi_node *norm, int64_t n, fvi_buffer **out,
                         fv_error *err) {
    fvi_shape shape = {.ndim = 1, .dim = {n}};
    bias_source b = {.bias = fvi_step_constant(s, i), .n = n};
    *out = NULL;
    if (i < s->n_in && s->src[i]) return fvi_step_source(s, i, NULL, out, err);
    if (norm) {
        b.scale = fvi_node_constant(s->graph, norm, 1);
        b.shift = fvi_node_constant(s->graph, norm, 2);
    } else if (!b.bias) {
        return FV_OK;
    } else {
        return fvi_step_source(s, i, NULL, out, err);
    }
    fvi_weight_cache_key key = {
        .parts = {b.bias ? b.bias->bytes : NULL, b.scale->bytes, b.shift->bytes},
        .variant = VARIANT_BIAS};
    const fvi_weight_cache_item item = {
        .key = key,
        .shape = shape,
        .fill = bias_fill,
        .user = &b,
    };
    return fvi_weight_cache_get(fvi_step_weights(s), fvi_step_engine(s), &item, out, err);
}

fv_status fvi_refuse_gradients(const fvi_step *s, int from, fv_error *err) {
    for (int i = from; i < s->n_in; i++)
        if (s->wanted[i])
            return fvi_fail(err, FV_UNSUPPORTED,
                            "layer \"%s\" (%s): its input %d is computed at run time; gradients "
                            "are given to input 0 only",
                            s->node->name, s->node->source_op ? s->node->source_op : s->op->name,
                            i);
    return FV_OK;
}
