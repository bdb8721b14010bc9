/* SPDX-License-Identifier: Apache-2.0 */
/* resize: every output position is a weighted sum of source positions, axis by axis (the node has
 * the weights: nearest, linear, cubic and antialiased resizing are all of this form). One pass an
 * axis: first the axes that shrink, outermost first, then those that grow, innermost first, to keep
 * the intermediate tensors small. Backward applies the transposed maps in reverse order. */
#include "backend/onednn/kernels/axis_map.h"
#include "backend/onednn/kernels/strided_loops.h"
#include "base/error.h"

typedef struct resize_pass {
    int64_t outer, inner;
    fvi_axis_map map, back;
    fvi_buffer *forward, *backward; /* what the pass writes; NULL: dst / dsrc */
} resize_pass;

typedef struct resize_state {
    fvi_buffer *src, *ddst;
    int n_pass;
    resize_pass pass[FVI_MAX_DIMS];
} resize_state;

/* Fills the axes to be resized, in the order of the passes; returns how many. */
static int pass_order(const fvi_step *s, int order[FVI_MAX_DIMS]) {
    const fvi_shape *in = fvi_step_shape(s, 0), *out = fvi_step_out_shape(s);
    const fvi_resize_kernel *axis = s->node->a.resize.axis;
    int n = 0;
    for (int i = 0; i < in->ndim; i++)
        if (axis[i].entries > 0 && out->dim[i] < in->dim[i]) order[n++] = i;
    for (int i = in->ndim - 1; i >= 0; i--)
        if (axis[i].entries > 0 && out->dim[i] >= in->dim[i]) order[n++] = i;
    return n;
}

static fv_status plan(fvi_step *s, fv_error *err) {
    resize_state *x = s->state = fvi_step_alloc(s, 1, sizeof *x);
    if (!x) return fvi_fail(err, FV_NOMEM, "no memory for a plan");
    fvi_shape now = *fvi_step_shape(s, 0);
    int order[FVI_MAX_DIMS];
    x->n_pass = pass_order(s, order);
    fv_status st = fvi_step_source(s, 0, NULL, &x->src, err);
    for (int k = 0; k < x->n_pass && !st; k++) {
        int i = order[k];
        resize_pass *p = &x->pass[k];
        const fvi_resize_kernel *t = &s->node->a.resize.axis[i];
        const fvi_axis_rows rows = {.rows = fvi_step_out_shape(s)->dim[i],
                                    .cols = now.dim[i],
                                    .entries = t->entries,
                                    .index = t->index,
                                    .weight = t->weight,
                                    .outside = s->node->a.resize.extrapolation};
        p->outer = fvi_shape_product(&now, 0, i);
        p->inner = fvi_shape_product(&now, i + 1, now.ndim);
        st = fvi_axis_map_new(s, &rows, &p->map, err);
        now.dim[i] = rows.rows;
        if (!st && k + 1 < x->n_pass) st = fvi_step_temp(s, &now, NULL, &p->forward, err);
    }
    return st ? st : fvi_step_make_dst(s, NULL, err);
}

static fv_status forward(const fvi_step *s) {
    const resize_state *x = s->state;
    const float *from = x->src->data;
    for (int k = 0; k < x->n_pass; k++) {
        const resize_pass *p = &x->pass[k];
        float *to = p->forward ? p->forward->data : s->dst->data;
        fvi_axis_map_apply(&p->map, p->outer, p->inner, from, to);
        from = to;
    }
    if (!x->n_pass)
        fvi_copy(s->dst->data, from, fvi_shape_product(&s->dst->shape, 0, s->dst->shape.ndim));
    return FV_OK;
}

static fv_status plan_backward(fvi_step *s, fv_error *err) {
    resize_state *x = s->state;
    fv_status st = fvi_step_convert(s, s->ddst, NULL, &x->ddst, err);
    for (int k = x->n_pass - 1; k >= 0 && !st; k--) {
        resize_pass *p = &x->pass[k];
        st = fvi_axis_map_transpose(s, &p->map, &p->back, err);
        fvi_shape flat = {1, {p->outer * p->map.cols * p->inner}};
        if (!st && k > 0) st = fvi_step_temp(s, &flat, NULL, &p->backward, err);
    }
    return st ? st : fvi_step_make_dsrc(s, 0, NULL, err);
}

static fv_status backward(const fvi_step *s) {
    const resize_state *x = s->state;
    fvi_buffer *dsrc = s->dsrc[0];
    const float *from = x->ddst->data;
    for (int k = x->n_pass - 1; k >= 0; k--) {
        const resize_pass *p = &x->pass[k];
        float *to = p->backward ? p->backward->data : dsrc->data;
        fvi_axis_map_apply(&p->back, p->outer, p->inner, from, to);
        from = to;
    }
    if (!x->n_pass)
        fvi_copy(dsrc->data, from, fvi_shape_product(&dsrc->shape, 0, dsrc->shape.ndim));
    return FV_OK;
}

const fvi_op fvi_op_resize = {"Resize", NULL, plan, plan_backward, forward, backward, NULL};
