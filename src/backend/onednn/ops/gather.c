/* SPDX-License-Identifier: Apache-2.0 */
/* gather: dst[outer][k][inner] = src[outer][indices[k]][inner] along one axis, for constant indices
 * (negative ones count from the end). Backward sums the gradients of equal indices. */
#include "backend/onednn/kernels/axis_map.h"
#include "backend/onednn/kernels/strided_loops.h"
#include "base/error.h"
#include "graph/const.h"

typedef struct gather_state {
    fvi_buffer *src, *ddst;
    int64_t outer, inner;
    int shared; /* one index and outer 1: a slice that shares the source's memory */
    fvi_axis_map map, back;
} gather_state;

/* Reads and checks the indices.  out: [count], in the step's memory */
static fv_status read_indices(fvi_step *s, int64_t size, int64_t *count, int32_t **out,
                              fv_error *err) {
    const fvi_const *c = fvi_step_constant(s, 1);
    if (!c)
        return fvi_fail(err, FV_UNSUPPORTED,
                        "its indices are computed while running; they must be constant");
    int64_t n = *count = fvi_shape_count(&c->shape);
    int32_t *index = *out = fvi_step_alloc(s, (size_t)n + 1, sizeof *index);
    if (!index) return fvi_fail(err, FV_NOMEM, "no memory for a plan");
    for (int64_t k = 0; k < n; k++) {
        double v = fvi_const_at(c, k);
        if (!(v >= -(double)size && v < (double)size))
            return fvi_fail(err, FV_SHAPE, "index %.0f of an axis of %lld", v, (long long)size);
        index[k] = (int32_t)(v < 0 ? v + (double)size : v);
    }
    return FV_OK;
}

static fv_status plan(fvi_step *s, fv_error *err) {
    gather_state *x = s->state = fvi_step_alloc(s, 1, sizeof *x);
    if (!x) return fvi_fail(err, FV_NOMEM, "no memory for a plan");
    const fvi_shape *in = fvi_step_shape(s, 0);
    int axis = s->node->a.axis.axis;
    int64_t count = 0;
    int32_t *index = NULL;
    fv_status st = read_indices(s, in->dim[axis], &count, &index, err);
    if (!st) st = fvi_step_source(s, 0, NULL, &x->src, err);
    if (st) return st;
    x->outer = fvi_shape_product(in, 0, axis);
    x->inner = fvi_shape_product(in, axis + 1, in->ndim);
    x->shared = count == 1 && x->outer == 1 && x->inner > 0;
    const fvi_axis_rows rows = {.rows = count, .cols = in->dim[axis], .entries = 1, .index = index};
    st = fvi_axis_map_new(s, &rows, &x->map, err);
    if (st) return st;
    if (!x->shared) return fvi_step_make_dst(s, NULL, err);
    size_t at = (size_t)(index[0] * x->inner) * sizeof(float);
    return fvi_step_share_dst(s, x->src, at, NULL, err);
}

static fv_status forward(const fvi_step *s) {
    const gather_state *x = s->state;
    if (!x->shared) fvi_axis_map_apply(&x->map, x->outer, x->inner, x->src->data, s->dst->data);
    return FV_OK;
}

static fv_status plan_backward(fvi_step *s, fv_error *err) {
    gather_state *x = s->state;
    fv_status st = fvi_axis_map_transpose(s, &x->map, &x->back, err);
    if (!st) st = fvi_step_convert(s, s->ddst, NULL, &x->ddst, err);
    return st ? st : fvi_step_make_dsrc(s, 0, NULL, err);
}

static fv_status backward(const fvi_step *s) {
    const gather_state *x = s->state;
    fvi_axis_map_apply(&x->back, x->outer, x->inner, x->ddst->data, s->dsrc[0]->data);
    return FV_OK;
}

const fvi_op fvi_op_gather = {"Gather", NULL, plan, plan_backward, forward, backward, NULL};
