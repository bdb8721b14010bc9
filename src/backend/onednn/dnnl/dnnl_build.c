/* SPDX-License-Identifier: Apache-2.0 */
/* Builders of the primitives without weights: reorder, add, binary, pooling, LRN, batch norm,
 * softmax. All use the layout their source already has; for pooling oneDNN chooses the layout of
 * the result.
 */
#include <string.h>

#include "backend/onednn/dnnl/dnnl_act_internal.h"
#include "backend/onednn/dnnl/dnnl_build.h"
#include "backend/onednn/dnnl/dnnl_layout.h"
#include "backend/onednn/dnnl/dnnl_prim_internal.h"
#include "base/error.h"

/* Makes the primitive of a descriptor, or fails with oneDNN's reason for not making one. */
static fv_status finish(fvi_dnnl_engine *b, dnnl_status_t ds, dnnl_primitive_desc_t pd,
                        int backward, const char *what, fvi_prim **out, fv_error *err) {
    if (ds) return fvi_dnnl_fail(err, ds, what);
    return fvi_prim_new(b, pd, backward, what, out, err);
}

static int is_empty(const fvi_shape *shape) { return fvi_shape_count(shape) <= 0; }

/* ---- reorder, copies of parts ---- */

static fv_status reorder(fvi_dnnl_engine *b, fvi_md from, fvi_md to, fvi_prim **out,
                         fv_error *err) {
    dnnl_primitive_attr_t attr = NULL;
    dnnl_primitive_desc_t pd = NULL;
    fv_status st = fvi_attr_new(NULL, &attr, err);
    if (st) return st;
    fvi_pd how = {b->engine, attr, NULL};
    dnnl_status_t ds = fvi_pd_reorder(&pd, &how, from, to);
    dnnl_primitive_attr_destroy(attr);
    return finish(b, ds, pd, 0, "reorder", out, err);
}

fv_status fvi_prim_reorder(fvi_dnnl_engine *b, fvi_buffer *from, fvi_buffer *to, fvi_prim **out,
                           fv_error *err) {
    fvi_layout *lf = NULL, *lt = NULL;
    fvi_prim *p = NULL;
    fv_status st;
    if (is_empty(&from->shape)) {
        st = fvi_prim_new_empty(b, &p, err);
    } else {
        st = fvi_layout_make(from->layout, &from->shape, &lf, err);
        if (!st) st = fvi_layout_make(to->layout, &to->shape, &lt, err);
        if (!st) st = reorder(b, fvi_layout_md(lf), fvi_layout_md(lt), &p, err);
    }
    fvi_layout_free(lf);
    fvi_layout_free(lt);
    if (st) return st;
    fvi_prim_attach(p, DNNL_ARG_FROM, from, FVI_READ, NULL);
    fvi_prim_attach(p, DNNL_ARG_TO, to, FVI_WRITE, NULL);
    *out = p;
    return FV_OK;
}

fv_status fvi_prim_copy_part(fvi_dnnl_engine *b, fvi_buffer *whole, fvi_buffer *part,
                             const int64_t *offset, int into, fvi_prim **out, fv_error *err) {
    fvi_layout *lw = NULL, *lp = NULL, *view = NULL;
    fvi_prim *p = NULL;
    fv_status st;
    if (is_empty(&part->shape)) {
        st = fvi_prim_new_empty(b, &p, err);
    } else {
        st = fvi_layout_make(whole->layout, &whole->shape, &lw, err);
        if (!st) st = fvi_layout_make(part->layout, &part->shape, &lp, err);
        dnnl_status_t ds =
            st ? dnnl_success : fvi_md_part(&view, fvi_layout_md(lw), &part->shape, offset);
        if (ds) st = fvi_dnnl_fail(err, ds, "a part of a tensor");
        fvi_md in = fvi_layout_md(view), alone = fvi_layout_md(lp);
        if (!st) st = into ? reorder(b, alone, in, &p, err) : reorder(b, in, alone, &p, err);
    }
    fvi_layout_free(lw);
    fvi_layout_free(lp);
    if (st) {
        fvi_layout_free(view);
        return st;
    }
    fvi_prim_attach(p, into ? DNNL_ARG_FROM : DNNL_ARG_TO, part, into ? FVI_READ : FVI_WRITE, NULL);
    fvi_prim_attach(p, into ? DNNL_ARG_TO : DNNL_ARG_FROM, whole, into ? FVI_WRITE : FVI_READ,
                    view);
    *out = p;
    return FV_OK;
}

/* ---- binary ---- */

static int binary_algorithm(fvi_binary f, dnnl_alg_kind_t *alg) {
    switch (f) {
    case FVI_ADD: *alg = dnnl_binary_add; return 1;
    case FVI_SUB: *alg = dnnl_binary_sub; return 1;
    case FVI_MUL: *alg = dnnl_binary_mul; return 1;
    case FVI_DIV: *alg = dnnl_binary_div; return 1;
    case FVI_MIN: *alg = dnnl_binary_min; return 1;
    case FVI_MAX: *alg = dnnl_binary_max; return 1;
    default: return 0;
    }
}

fv_status fvi_prim_binary(fvi_dnnl_engine *b, fvi_binary f, const fvi_act *act,
                          const fvi_shape *shape, const fvi_layout *layout, fvi_prim **out,
                          fv_error *err) {
    dnnl_alg_kind_t alg;
    if (!binary_algorithm(f, &alg)) return fvi_fail(err, FV_BACKEND, "binary: not oneDNN's");
    fvi_layout *l = NULL;
    dnnl_primitive_attr_t attr = NULL;
    dnnl_primitive_desc_t pd = NULL;
    fv_status st;
    /* Operands of one layout without padding need no axes. */
    if (fvi_layout_is_dense(layout, shape)) {
        fvi_shape flat = {.ndim = 1, .dim = {fvi_shape_count(shape)}};
        st = fvi_layout_make(NULL, &flat, &l, err);
    } else {
        st = fvi_layout_make(layout, shape, &l, err);
    }
    if (!st) st = fvi_attr_new(act, &attr, err);
    if (!st) {
        fvi_pd how = {b->engine, attr, NULL};
        fvi_md md = fvi_layout_md(l);
        dnnl_status_t ds = fvi_pd_binary(&pd, &how, alg, md, md, md);
        st = finish(b, ds, pd, 0, "binary", out, err);
    }
    if (attr) dnnl_primitive_attr_destroy(attr);
    fvi_layout_free(l);
    return st;
}

fv_status fvi_prim_add(fvi_dnnl_engine *b, fvi_buffer *x, fvi_buffer *y, fvi_buffer *to,
                       fvi_prim **out, fv_error *err) {
    fvi_prim *p = NULL;
    /* The padding of blocks is zero in both and stays zero, so all memory can be added. */
    fvi_shape flat = {.ndim = 1,
                      .dim = {(int64_t)(fvi_layout_bytes(x->layout, &x->shape) / sizeof(float))}};
    fv_status st = is_empty(&x->shape) ? fvi_prim_new_empty(b, &p, err)
                                       : fvi_prim_binary(b, FVI_ADD, NULL, &flat, NULL, &p, err);
    if (st) return st;
    fvi_prim_set(p, FVI_SRC, x);
    fvi_prim_set(p, FVI_SRC1, y);
    fvi_prim_set(p, FVI_DST, to);
    *out = p;
    return FV_OK;
}

/* ---- pooling ---- */

/* The padding after the end is computed from the sizes: it may be more than the model's padding
 * (ceil_mode), and is negative where no window reaches the end. */
static fvi_slide pool_slide(const fvi_pool_desc *d) {
    const fvi_window *w = d->window;
    fvi_slide s = {.stride = {0}};
    for (int i = 0; i < w->n; i++) {
        int64_t extent = (w->kernel[i] - 1) * w->dilation[i] + 1;
        int64_t in = d->src.dim[i + 2], o = d->dst.dim[i + 2];
        s.stride[i] = w->stride[i];
        s.kernel[i] = w->kernel[i];
        s.dilation[i] = w->dilation[i] - 1;
        s.pad_l[i] = w->pad_lo[i];
        s.pad_r[i] = (o - 1) * w->stride[i] + extent - in - w->pad_lo[i];
    }
    return s;
}

fv_status fvi_prim_average(fvi_dnnl_engine *b, const fvi_pool_desc *d, fvi_prim **out,
                           fv_error *err) {
    int backward = d->forward != NULL;
    fvi_layout *given = NULL, *any = NULL;
    dnnl_primitive_attr_t attr = NULL;
    dnnl_primitive_desc_t pd = NULL;
    fv_status st = fvi_layout_make(d->layout, backward ? &d->dst : &d->src, &given, err);
    if (!st) {
        dnnl_status_t ds = fvi_md_any(&any, backward ? &d->src : &d->dst, dnnl_f32);
        if (ds) st = fvi_dnnl_fail(err, ds, "pooling");
    }
    if (!st) st = fvi_attr_new(NULL, &attr, err);
    if (!st) {
        fvi_slide s = pool_slide(d);
        fvi_pd how = {b->engine, attr, d->forward ? d->forward->pd : NULL};
        dnnl_alg_kind_t alg =
            d->include_pad ? dnnl_pooling_avg_include_padding : dnnl_pooling_avg_exclude_padding;
        dnnl_prop_kind_t prop = backward ? dnnl_backward_data : dnnl_forward_training;
        fvi_md g = fvi_layout_md(given), a = fvi_layout_md(any);
        dnnl_status_t ds =
            fvi_pd_pool(&pd, &how, prop, alg, backward ? a : g, backward ? g : a, &s);
        st = finish(b, ds, pd, backward, "pooling", out, err);
    }
    if (attr) dnnl_primitive_attr_destroy(attr);
    fvi_layout_free(given);
    fvi_layout_free(any);
    return st;
}

/* ---- LRN, batch norm, softmax ---- */

fv_status fvi_prim_lrn(fvi_dnnl_engine *b, const fvi_lrn_desc *d, fvi_prim **out, fv_error *err) {
    fvi_layout *l = NULL;
    dnnl_primitive_attr_t attr = NULL;
    dnnl_primitive_desc_t pd = NULL;
    fv_status st = fvi_layout_make(d->layout, &d->shape, &l, err);
    if (!st) st = fvi_attr_new(NULL, &attr, err);
    if (!st) {
        fvi_pd how = {b->engine, attr, d->forward ? d->forward->pd : NULL};
        dnnl_prop_kind_t prop = d->backward   ? dnnl_backward_data
                                : d->training ? dnnl_forward_training
                                              : dnnl_forward_inference;
        dnnl_status_t ds = fvi_pd_lrn(&pd, &how, prop, fvi_layout_md(l), &d->lrn);
        st = finish(b, ds, pd, d->backward, "LRN", out, err);
    }
    if (attr) dnnl_primitive_attr_destroy(attr);
    fvi_layout_free(l);
    return st;
}

fv_status fvi_prim_batch_norm(fvi_dnnl_engine *b, const fvi_shape *shape, const fvi_layout *layout,
                              int relu, fvi_prim **out, fv_error *err) {
    fvi_layout *l = NULL;
    dnnl_primitive_attr_t attr = NULL;
    dnnl_primitive_desc_t pd = NULL;
    fv_status st = fvi_layout_make(layout, shape, &l, err);
    if (!st) st = fvi_attr_new(NULL, &attr, err);
    if (!st) {
        fvi_pd how = {b->engine, attr, NULL};
        unsigned flags = dnnl_use_global_stats | dnnl_use_scale | dnnl_use_shift;
        if (relu) flags |= dnnl_fuse_norm_relu;
        dnnl_status_t ds = fvi_pd_batch_norm(&pd, &how, fvi_layout_md(l), FVI_NORM_EPSILON, flags);
        st = finish(b, ds, pd, 0, "batch normalization", out, err);
    }
    if (attr) dnnl_primitive_attr_destroy(attr);
    fvi_layout_free(l);
    return st;
}

fv_status fvi_prim_softmax(fvi_dnnl_engine *b, const fvi_softmax_desc *d, fvi_prim **out,
                           fv_error *err) {
    fvi_layout *l = NULL;
    dnnl_primitive_attr_t attr = NULL;
    dnnl_primitive_desc_t forward = NULL, pd = NULL;
    fv_status st = fvi_layout_make(NULL, &d->shape, &l, err);
    if (!st) st = fvi_attr_new(NULL, &attr, err);
    if (!st) {
        fvi_pd how = {b->engine, attr, NULL};
        fvi_md md = fvi_layout_md(l);
        dnnl_status_t ds = fvi_pd_softmax(&forward, &how, md, d->axis, d->log, 0);
        if (!ds && d->backward) {
            how.hint = forward;
            ds = fvi_pd_softmax(&pd, &how, md, d->axis, d->log, 1);
        } else if (!ds) {
            pd = forward;
            forward = NULL;
        }
        st = finish(b, ds, pd, d->backward, "softmax", out, err);
    }
    if (forward) dnnl_primitive_desc_destroy(forward);
    if (attr) dnnl_primitive_attr_destroy(attr);
    fvi_layout_free(l);
    return st;
}
