/* SPDX-License-Identifier: Apache-2.0 */
/* pad: the source with a border before and after each axis; a negative border crops.
 *
 * Constant: the border is one number, the rest one strided copy; backward is the reverse copy.
 * Reflect, edge and wrap copy the border from the source: a map along each padded axis
 * (axis_map.h), one axis after another; backward applies the transposed maps in reverse order, so
 * that a pixel that was mirrored into the border also gathers the gradient from there. */
#include "backend/onednn/kernels/axis_map.h"
#include "backend/onednn/kernels/strided_loops.h"
#include "base/error.h"
#include "graph/fold/node_rules.h"

typedef struct pad_pass {
    int64_t outer, inner;
    fvi_axis_map map, back;
    fvi_buffer *forward, *backward; /* what the pass writes, if not dst / dsrc */
} pad_pass;

typedef struct pad_state {
    fvi_buffer *src, *ddst;
    fvi_shape common;            /* constant: the part that source and output share ... */
    int64_t in_start, out_start; /* ... where it begins in each */
    int n_pass;
    pad_pass pass[FVI_MAX_DIMS];
} pad_state;

static void plan_constant(const fvi_step *s, pad_state *x) {
    const fvi_shape *in = fvi_step_shape(s, 0), *out = fvi_step_out_shape(s);
    int64_t is[FVI_MAX_DIMS], os[FVI_MAX_DIMS];
    fvi_shape_strides(in, is);
    fvi_shape_strides(out, os);
    x->common = *in;
    for (int i = 0; i < in->ndim; i++) {
        int64_t lo = s->node->a.pad.lo[i], hi = s->node->a.pad.hi[i];
        int64_t n = in->dim[i] + (lo < 0 ? lo : 0) + (hi < 0 ? hi : 0);
        x->common.dim[i] = n > 0 ? n : 0;
        if (lo > 0) x->out_start += lo * os[i];
        if (lo < 0) x->in_start -= lo * is[i];
    }
}

/* One pass for each padded axis; `now` changes axis by axis from the source's shape to the
 * output's. */
static fv_status plan_passes(fvi_step *s, pad_state *x, fv_error *err) {
    const fvi_shape *out = fvi_step_out_shape(s);
    const fvi_shape *in = fvi_step_shape(s, 0);
    const int64_t *before = s->node->a.pad.lo;
    fvi_shape now = *in;
    int last = in->ndim - 1; /* the last padded axis: its pass writes dst */
    while (last >= 0 && before[last] == 0 && in->dim[last] == out->dim[last]) last--;
    for (int i = 0; i <= last; i++) {
        int64_t lo = before[i], n = now.dim[i], m = out->dim[i];
        if (lo == 0 && n == m) continue;
        if (n == 0 && m > 0)
            return fvi_fail(err, FV_SHAPE, "an axis of size 0 has nothing to pad with");
        pad_pass *p = &x->pass[x->n_pass++];
        int32_t *index = fvi_step_alloc(s, (size_t)m + 1, sizeof *index);
        if (!index) return fvi_fail(err, FV_NOMEM, "no memory for a plan");
        for (int64_t k = 0; k < m; k++)
            index[k] = (int32_t)fvi_pad_source(s->node->a.pad.mode, k - lo, n);
        const fvi_axis_rows rows = {.rows = m, .cols = n, .entries = 1, .index = index};
        fv_status st = fvi_axis_map_new(s, &rows, &p->map, err);
        if (st) return st;
        p->outer = fvi_shape_product(&now, 0, i);
        p->inner = fvi_shape_product(&now, i + 1, now.ndim);
        now.dim[i] = m;
        if (i < last) st = fvi_step_temp(s, &now, NULL, &p->forward, err);
        if (st) return st;
    }
    return FV_OK;
}

static fv_status plan(fvi_step *s, fv_error *err) {
    pad_state *x = s->state = fvi_step_alloc(s, 1, sizeof *x);
    if (!x) return fvi_fail(err, FV_NOMEM, "no memory for a plan");
    fv_status st = fvi_step_source(s, 0, NULL, &x->src, err);
    if (st) return st;
    if (s->node->a.pad.mode == FVI_PAD_CONSTANT)
        plan_constant(s, x);
    else
        st = plan_passes(s, x, err);
    return st ? st : fvi_step_make_dst(s, NULL, err);
}

static int64_t count_of(const fvi_buffer *p) {
    return fvi_shape_product(&p->shape, 0, p->shape.ndim);
}

/* Copies the common part from one buffer to another. */
static void copy_common(const pad_state *x, fvi_buffer *to, int64_t to_start,
                        const fvi_buffer *from, int64_t from_start) {
    int64_t ts[FVI_MAX_DIMS], fs[FVI_MAX_DIMS];
    fvi_shape_strides(&to->shape, ts);
    fvi_shape_strides(&from->shape, fs);
    if (fvi_shape_product(&x->common, 0, x->common.ndim) > 0)
        fvi_copy_strided(&x->common, (float *)to->data + to_start, ts,
                         (const float *)from->data + from_start, fs);
}

static fv_status forward(const fvi_step *s) {
    const pad_state *x = s->state;
    if (s->node->a.pad.mode == FVI_PAD_CONSTANT) {
        fvi_fill(s->dst->data, count_of(s->dst), s->node->a.pad.value);
        copy_common(x, s->dst, x->out_start, x->src, x->in_start);
        return FV_OK;
    }
    const float *from = x->src->data;
    for (int i = 0; i < x->n_pass; i++) {
        const pad_pass *p = &x->pass[i];
        float *to = p->forward ? p->forward->data : s->dst->data;
        fvi_axis_map_apply(&p->map, p->outer, p->inner, from, to);
        from = to;
    }
    if (!x->n_pass) fvi_copy(s->dst->data, from, count_of(s->dst));
    return FV_OK;
}

static fv_status plan_backward(fvi_step *s, fv_error *err) {
    pad_state *x = s->state;
    fv_status st = fvi_step_convert(s, s->ddst, NULL, &x->ddst, err);
    for (int i = x->n_pass - 1; i >= 0 && !st; i--) {
        pad_pass *p = &x->pass[i];
        st = fvi_axis_map_transpose(s, &p->map, &p->back, err);
        fvi_shape flat = {1, {p->outer * p->map.cols * p->inner}};
        if (!st && i > 0) st = fvi_step_temp(s, &flat, NULL, &p->backward, err);
    }
    return st ? st : fvi_step_make_dsrc(s, 0, NULL, err);
}

static fv_status backward(const fvi_step *s) {
    const pad_state *x = s->state;
    fvi_buffer *dsrc = s->dsrc[0];
    if (s->node->a.pad.mode == FVI_PAD_CONSTANT) {
        fvi_fill(dsrc->data, count_of(dsrc), 0);
        copy_common(x, dsrc, x->in_start, x->ddst, x->out_start);
        return FV_OK;
    }
    const float *from = x->ddst->data;
    for (int i = x->n_pass - 1; i >= 0; i--) {
        const pad_pass *p = &x->pass[i];
        float *to = p->backward ? p->backward->data : dsrc->data;
        fvi_axis_map_apply(&p->back, p->outer, p->inner, from, to);
        from = to;
    }
    if (!x->n_pass) fvi_copy(dsrc->data, from, count_of(dsrc));
    return FV_OK;
}

const fvi_op fvi_op_pad = {"Pad", NULL, plan, plan_backward, forward, backward, NULL};
