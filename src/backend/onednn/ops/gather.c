/* SPDX-License-Identifier: Apache-2.0 */
/* gather: dst[outer][k][inner] = src[outer][indices[k]][inner] along one axis; negative indices
 * count from the end. Backward sums the gradients of equal indices.
 *
 * Constant indices are a sparse matrix, checked while planning. Indices that are run-time numbers
 * (the words of a text) are read at each run; one that is outside of the axis gives NaN, which the
 * session reports, and takes no gradient. The indices themselves have the gradient 0. */
#include <math.h>
#include <string.h>

#include "backend/onednn/kernels/axis_map.h"
#include "backend/onednn/kernels/strided_loops.h"
#include "base/error.h"
#include "graph/const.h"

typedef struct gather_state {
    fvi_buffer *src, *ddst;
    int64_t outer, inner;
    int shared; /* one index and outer 1: a slice that shares the source's memory */
    fvi_axis_map map, back;
    fvi_buffer *indices; /* of run-time indices; else NULL */
    int64_t size, count; /* of the axis; of the indices */
} gather_state;

/* Reads and checks the indices.  out: [count], in the step's memory */
static fv_status read_indices(fvi_step *s, int64_t size, int64_t *count, int32_t **out,
                              fv_error *err) {
    const fvi_const *c = fvi_step_constant(s, 1);
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

/* ---- indices that are run-time numbers ---- */

static fv_status plan_variable(fvi_step *s, fv_error *err) {
    gather_state *x = s->state;
    x->count = fvi_shape_count(fvi_step_shape(s, 1));
    fv_status st = fvi_step_source(s, 0, NULL, &x->src, err);
    if (!st) st = fvi_step_source(s, 1, NULL, &x->indices, err);
    return st ? st : fvi_step_make_dst(s, NULL, err);
}

/* Index k, counted from 0; -1: there is no such element. */
static int64_t index_at(const gather_state *x, int64_t k) {
    const double v = ((const float *)x->indices->data)[k];
    if (!(v >= -(double)x->size && v < (double)x->size)) return -1;
    return (int64_t)v + (v < 0 ? x->size : 0);
}

static void forward_variable(const gather_state *x, float *dst) {
    const int64_t rows = x->outer * x->count, inner = x->inner;
    const float *src = x->src->data;
#pragma omp parallel for schedule(static) if (rows * inner > FVI_PARALLEL_MIN)
    for (int64_t r = 0; r < rows; r++) {
        const int64_t at = index_at(x, r % x->count);
        float *to = dst + r * inner;
        if (at < 0)
            fvi_fill(to, inner, NAN);
        else
            memcpy(to, src + (r / x->count * x->size + at) * inner, (size_t)inner * sizeof *to);
    }
}

static void backward_variable(const gather_state *x, float *dsrc) {
    const int64_t inner = x->inner;
    const float *ddst = x->ddst->data;
#pragma omp parallel for schedule(static) if (x->outer > 1)
    for (int64_t o = 0; o < x->outer; o++) {
        float *to = dsrc + o * x->size * inner;
        fvi_fill(to, x->size * inner, 0);
        for (int64_t k = 0; k < x->count; k++) {
            const int64_t at = index_at(x, k);
            const float *from = ddst + (o * x->count + k) * inner;
            for (int64_t i = 0; at >= 0 && i < inner; i++) to[at * inner + i] += from[i];
        }
    }
}

static fv_status plan_variable_backward(fvi_step *s, fv_error *err) {
    gather_state *x = s->state;
    fv_status st = fvi_step_source(s, 1, NULL, &x->indices, err);
    if (!st) st = fvi_step_convert(s, s->ddst, NULL, &x->ddst, err);
    for (int i = 0; i < 2 && !st; i++)
        if (s->wanted[i]) st = fvi_step_make_dsrc(s, i, NULL, err);
    return st;
}

/* ---- the op ---- */

static fv_status plan(fvi_step *s, fv_error *err) {
    gather_state *x = s->state = fvi_step_alloc(s, 1, sizeof *x);
    if (!x) return fvi_fail(err, FV_NOMEM, "no memory for a plan");
    const fvi_shape *in = fvi_step_shape(s, 0);
    int axis = s->node->a.axis.axis;
    int64_t count = 0;
    int32_t *index = NULL;
    x->outer = fvi_shape_product(in, 0, axis);
    x->inner = fvi_shape_product(in, axis + 1, in->ndim);
    x->size = in->dim[axis];
    if (!fvi_step_constant(s, 1)) return plan_variable(s, err);
    fv_status st = read_indices(s, in->dim[axis], &count, &index, err);
    if (!st) st = fvi_step_source(s, 0, NULL, &x->src, err);
    if (st) return st;
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
    if (x->indices)
        forward_variable(x, s->dst->data);
    else if (!x->shared)
        fvi_axis_map_apply(&x->map, x->outer, x->inner, x->src->data, s->dst->data);
    return FV_OK;
}

static fv_status plan_backward(fvi_step *s, fv_error *err) {
    gather_state *x = s->state;
    if (x->indices) return plan_variable_backward(s, err);
    fv_status st = fvi_axis_map_transpose(s, &x->map, &x->back, err);
    if (!st) st = fvi_step_convert(s, s->ddst, NULL, &x->ddst, err);
    return st ? st : fvi_step_make_dsrc(s, 0, NULL, err);
}

static fv_status backward(const fvi_step *s) {
    const gather_state *x = s->state;
    if (x->indices) {
        if (s->wanted[0]) backward_variable(x, s->dsrc[0]->data);
        if (s->wanted[1]) fvi_fill(s->dsrc[1]->data, x->count, 0);
        return FV_OK;
    }
    fvi_axis_map_apply(&x->back, x->outer, x->inner, x->ddst->data, s->dsrc[0]->data);
    return FV_OK;
}

const fvi_op fvi_op_gather = {"Gather", NULL, plan, plan_backward, forward, backward, NULL};
