/* SPDX-License-Identifier: Apache-2.0 */
/* concat: dst = the sources, concatenated along one axis. Backward: dsrc[i] = its slice of ddst.
 *
 * The result has the blocked layout of the largest source if every source begins and ends on a
 * block. Each source is copied to its position by one reorder, from any layout. If the position is
 * one run of the result's memory (batch 1, or axis 0), its producer is asked to write there
 * instead, and nothing is copied. Likewise a slice of ddst that is one run is shared, not copied.
 */
#include "backend/onednn/dnnl/dnnl_ops.h"
#include "backend/onednn/schedule/step.h"
#include "base/error.h"

/* Whether layout l can be split between the sources: no block holds channels of two. */
static int can_cut(const fvi_step *s, const fvi_layout *l) {
    int axis = s->node->a.axis.axis;
    int64_t block = fvi_layout_cut(l, axis);
    for (int i = 0; block > 1 && i + 1 < s->n_in; i++)
        if (fvi_step_shape(s, i)->dim[axis] % block) return 0;
    return block > 0;
}

/* The layout of the result, yours to free: that of the largest source, or plain. */
static fvi_layout *choose(const fvi_step *s) {
    const fvi_buffer *largest = NULL;
    for (int i = 0; i < s->n_in; i++)
        if (s->src[i] && (!largest || s->src[i]->bytes > largest->bytes)) largest = s->src[i];
    if (!largest || !can_cut(s, largest->layout)) return NULL;
    return fvi_layout_like(largest->layout, fvi_step_out_shape(s));
}

/* Adds a copy between a source (or its gradient) and its part of the output. */
static fv_status add_copy(fvi_step *s, fvi_buffer *whole, fvi_buffer *part, int64_t at, int into,
                          fvi_prim **out, fv_error *err) {
    int64_t offset[FVI_MAX_DIMS] = {0};
    fvi_prim *p = NULL;
    offset[s->node->a.axis.axis] = at;
    fv_status st = fvi_prim_copy_part(fvi_step_engine(s), whole, part, offset, into, &p, err);
    if (st) return st;
    *out = p;
    return fvi_step_add(s, p, err);
}

static fv_status plan(fvi_step *s, fv_error *err) {
    int axis = s->node->a.axis.axis;
    fvi_layout *layout = choose(s);
    fv_status st = fvi_step_make_dst(s, layout, err);
    fvi_layout_free(layout);
    int64_t at = 0;
    for (int i = 0; i < s->n_in && !st; i++) {
        const fvi_shape *shape = fvi_step_shape(s, i);
        fvi_buffer *part;
        fvi_prim *p = NULL;
        st = fvi_step_source(s, i, s->src[i] ? s->src[i]->layout : NULL, &part, err);
        if (!st) st = add_copy(s, s->dst, part, at, 1, &p, err);
        if (st) break;
        int64_t offset =
            fvi_layout_part_offset(s->dst->layout, &s->dst->shape, part->layout, shape, axis, at);
        if (s->src[i] && part == s->src[i] && offset >= 0 && part->bytes)
            fvi_step_write_inside(s, part, (size_t)offset, p);
        at += shape->dim[axis];
    }
    return st;
}

/* The gradient of source i: the slice of g that begins at `at`, shared or copied. */
static fv_status plan_part(fvi_step *s, fvi_buffer *g, int i, int64_t at, fv_error *err) {
    const fvi_shape *shape = fvi_step_shape(s, i);
    fvi_layout *like = fvi_layout_like(g->layout, shape);
    fvi_prim *p = NULL;
    int64_t offset = -1;
    fv_status st;
    if (fvi_shape_count(shape) > 0)
        offset =
            fvi_layout_part_offset(g->layout, &g->shape, like, shape, s->node->a.axis.axis, at);
    if (offset >= 0) {
        st = fvi_step_share_dsrc(s, i, g, (size_t)offset, like, err);
    } else {
        st = fvi_step_make_dsrc(s, i, like, err);
        if (!st) st = add_copy(s, g, s->dsrc[i], at, 0, &p, err);
    }
    fvi_layout_free(like);
    return st;
}

static fv_status plan_backward(fvi_step *s, fv_error *err) {
    int64_t at = 0;
    const fvi_layout *layout = s->ddst->layout;
    fvi_buffer *g;
    if (!can_cut(s, layout)) layout = NULL;
    fv_status st = fvi_step_convert(s, s->ddst, layout, &g, err);
    for (int i = 0; i < s->n_in && !st; i++) {
        if (s->wanted[i]) st = plan_part(s, g, i, at, err);
        at += fvi_step_shape(s, i)->dim[s->node->a.axis.axis];
    }
    return st;
}

const fvi_op fvi_op_concat = {"Concat", NULL, plan, plan_backward, NULL, NULL, NULL};
