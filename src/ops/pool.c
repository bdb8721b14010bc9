/* SPDX-License-Identifier: Apache-2.0 */
/* pool: plans pooling through oneDNN in the layout the source already has, where oneDNN computes
 * what the model means and has fast code for it; else over plain memory for the loops of max_pool.c
 * and average_pool.c. Those are needed when
 *   - a window holds no input cell at all (dilation, or padding as wide as the kernel),
 *   - an average counts the padding, but the last windows reach beyond it (ceil_mode): cells beyond
 *     the padding do not count, while oneDNN divides by the whole kernel,
 *   - oneDNN refuses, or has only its reference code (dilation).
 */
#include "ops/pool.h"

#include "base/error.h"
#include "ops/loops.h"

static void set_axes(fvi_pooling *x) {
    fvi_window *w = &x->window;
    for (int i = 0; i < w->n && w->global; i++) {
        w->kernel[i] = x->desc.src.dim[i + 2];
        w->stride[i] = w->dilation[i] = 1;
        w->pad_lo[i] = w->pad_hi[i] = 0;
    }
    for (int i = 0; i < 3; i++) {
        int k = i - (3 - w->n);
        x->axis[i] =
            k < 0 ? (fvi_pool_axis){1, 1, 1, 1, 1, 0, 0}
                  : (fvi_pool_axis){
                        x->desc.src.dim[k + 2], x->desc.dst.dim[k + 2], w->kernel[k], w->stride[k],
                        w->dilation[k],         w->pad_lo[k],           w->pad_hi[k]};
    }
    x->planes = x->desc.src.dim[0] * x->desc.src.dim[1];
}

/* Whether oneDNN would compute something else than meant, or nothing sensible. */
static int needs_own(const fvi_pooling *x) {
    if (fvi_shape_count(&x->desc.dst) == 0 || fvi_shape_count(&x->desc.src) == 0) return 1;
    for (int i = 0; i < 3; i++) {
        const fvi_pool_axis *a = &x->axis[i];
        int64_t end = (a->out - 1) * a->stride + (a->kernel - 1) * a->dilation + 1 - a->lo;
        if (x->desc.average && x->desc.include_pad && end > a->in + a->hi) return 1;
        for (int64_t o = 0; o < a->out; o++) {
            int64_t from, to;
            fvi_pool_taps(a, o, &from, &to);
            if (from == to) return 1;
        }
    }
    return 0;
}

/* Makes both primitives; 0 if one of them cannot be had or is slow. */
static int build(fvi_step *s, fvi_pooling *x) {
    fvi_backend *b = fvi_step_backend(s);
    if (fvi_prim_pool(b, &x->desc, &x->forward, NULL)) return 0;
    int good = !fvi_prim_is_slow(x->forward);
    if (good && s->backward) {
        fvi_pool_desc d = x->desc;
        d.backward = 1;
        d.forward = x->forward;
        d.layout = fvi_prim_layout(x->forward, FVI_DST);
        good = !fvi_prim_pool(b, &d, &x->backward, NULL) && !fvi_prim_is_slow(x->backward);
    }
    if (good) return 1;
    fvi_prim_free(x->forward);
    fvi_prim_free(x->backward);
    x->forward = x->backward = NULL;
    return 0;
}

static fv_status plan_own(fvi_step *s, fvi_pooling *x, fv_error *err) {
    x->own = 1;
    fv_status st = fvi_step_source(s, 0, NULL, &x->src, err);
    if (!st) st = fvi_step_make_dst(s, NULL, err);
    if (!st && s->backward && !x->desc.average) {
        size_t outputs = (size_t)fvi_shape_count(&x->desc.dst);
        st = fvi_step_saved_bytes(s, outputs * sizeof(int32_t), &x->saved, err);
    }
    return st;
}

fv_status fvi_pooling_plan(fvi_step *s, int average, fv_error *err) {
    fvi_pooling *x = s->state = fvi_step_alloc(s, 1, sizeof *x);
    if (!x) return fvi_fail(err, FV_NOMEM, "no memory for a plan");
    x->window = s->node->a.window;
    x->desc = (fvi_pool_desc){.average = average,
                              .include_pad = x->window.count_include_pad,
                              .training = s->backward,
                              .src = *fvi_step_shape(s, 0),
                              .dst = *fvi_step_out_shape(s),
                              .window = &x->window,
                              .layout = s->src[0] ? s->src[0]->layout : NULL};
    set_axes(x);
    if (needs_own(x) || !build(s, x)) return plan_own(s, x, err);
    fvi_prim *p = x->forward;
    fvi_place *src;
    size_t bytes = fvi_prim_bytes(p, FVI_WORKSPACE);
    fv_status st = fvi_step_source(s, 0, x->desc.layout, &src, err);
    if (!st) st = fvi_step_make_dst(s, fvi_prim_layout(p, FVI_DST), err);
    if (!st && bytes) st = fvi_step_saved_bytes(s, bytes, &x->saved, err);
    if (st) {
        fvi_prim_free(p);
        x->forward = NULL;
        return st;
    }
    fvi_prim_set(p, FVI_SRC, src);
    fvi_prim_set(p, FVI_DST, s->dst);
    if (x->saved) fvi_prim_set(p, FVI_WORKSPACE, x->saved);
    return fvi_step_add(s, p, err);
}

fv_status fvi_pooling_plan_backward(fvi_step *s, fv_error *err) {
    fvi_pooling *x = s->state;
    fv_status st;
    if (!s->wanted[0]) return FV_OK;
    if (x->own) {
        st = fvi_step_convert(s, s->ddst, NULL, &x->ddst, err);
        if (!st && x->saved) st = fvi_step_touch(s, x->saved, FVI_READ, err);
        return st ? st : fvi_step_make_dsrc(s, 0, NULL, err);
    }
    fvi_prim *p = x->backward;
    fvi_place *ddst;
    st = fvi_step_convert(s, s->ddst, fvi_prim_layout(p, FVI_DIFF_DST), &ddst, err);
    if (!st) st = fvi_step_make_dsrc(s, 0, fvi_prim_layout(p, FVI_DIFF_SRC), err);
    if (st) return st;
    x->backward = NULL; /* the step's from here */
    fvi_prim_set(p, FVI_DIFF_DST, ddst);
    fvi_prim_set(p, FVI_DIFF_SRC, s->dsrc[0]);
    if (x->saved) fvi_prim_set(p, FVI_WORKSPACE, x->saved);
    return fvi_step_add(s, p, err);
}

void fvi_pooling_drop(fvi_step *s) {
    fvi_pooling *x = s->state;
    if (x) fvi_prim_free(x->backward);
}
