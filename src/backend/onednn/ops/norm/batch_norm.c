/* SPDX-License-Identifier: Apache-2.0 */
/* batch_norm: dst = src scale[c] + shift[c]; the running mean and variance are already inside scale
 * and shift. Backward: dsrc = ddst scale[c]. A ReLU after it is fused.
 *
 * oneDNN's batch normalization with mean 0 and variance + epsilon 1 is exactly this, in any layout;
 * backward is the same primitive with shift 0. If it has no fast code for a layout, a loop over
 * plain memory is used. Most of these nodes never run: conv.c folds them into its weights.
 */
#include "backend/onednn/kernels/fused.h"
#include "backend/onednn/kernels/strided_loops.h"
#include "base/error.h"
#include "graph/const.h"

#define BLOCK_MAX 16 /* channels in oneDNN's largest block */

typedef struct norm_state {
    int relu;
    int own[2]; /* by direction: our loop */
    fvi_buffer *src[2], *scale, *shift, *zeros, *variance;
} norm_state;

static int fuse(const fvi_step *s, const fvi_node *next) {
    return s->n_fused == 0 && next->kind == FVI_UNARY && next->a.unary.f == FVI_RELU;
}

/* One number a channel, padded to whole blocks, since oneDNN may read the padding in blocked
 * layouts.
 */
typedef struct per_channel {
    int64_t n, filled;
    const fvi_const *c; /* padded with 0; NULL: `value` */
    float value;        /* padded with itself */
} per_channel;

static fv_status fill(void *user, float *dst, fv_error *err) {
    const per_channel *x = user;
    (void)err;
    for (int64_t i = 0; i < x->filled; i++)
        dst[i] = !x->c ? x->value : i < x->n ? (float)fvi_const_at(x->c, i) : 0;
    return FV_OK;
}

/* The constant (or the number) as padded plain numbers, cached with the weights. */
static fv_status numbers(fvi_step *s, const fvi_const *c, float value, fvi_buffer **out,
                         fv_error *err) {
    static const char name[1];
    int64_t n = fvi_step_shape(s, 0)->dim[1], filled = (n + BLOCK_MAX - 1) / BLOCK_MAX * BLOCK_MAX;
    per_channel x = {n, filled, c, value};
    /* n is part of the key: 12 and 13 channels are padded to the same size */
    fvi_weight_cache_key key = {
        .parts = {c ? (const void *)c->bytes : name, value != 0 ? name : NULL}, .variant = (int)n};
    const fvi_shape shape = {.ndim = 1, .dim = {filled}};
    const fvi_weight_cache_item item = {
        .key = key,
        .shape = shape,
        .fill = fill,
        .user = &x,
    };
    return fvi_weight_cache_get(fvi_step_weights(s), fvi_step_engine(s), &item, out, err);
}

/* Scale or shift: input i. */
static fv_status operand(fvi_step *s, int i, fvi_buffer **out, fv_error *err) {
    const fvi_const *c = fvi_step_constant(s, i);
    return c ? numbers(s, c, 0, out, err) : fvi_step_source(s, i, NULL, out, err);
}

/* The primitive for a tensor in that layout, or NULL if there is no fast one. Plain memory is used
 * as [n][c][1][rest]. */
static fvi_prim *fast_prim(fvi_step *s, const fvi_layout *layout, int relu) {
    fvi_shape shape = *fvi_step_shape(s, 0);
    fvi_prim *p = NULL;
    if (!layout) {
        int64_t rest = fvi_shape_product(&shape, 2, shape.ndim);
        shape = (fvi_shape){.ndim = 4, .dim = {shape.dim[0], shape.dim[1], 1, rest}};
    }
    if (layout && !(fvi_step_constant(s, 1) && fvi_step_constant(s, 2))) return NULL;
    if (fvi_shape_count(&shape) == 0 ||
        fvi_step_unavailable(
            s, fvi_prim_batch_norm(fvi_step_engine(s), &shape, layout, relu, &p, NULL)))
        return NULL;
    if (!fvi_prim_is_slow(p)) return p;
    fvi_prim_free(p);
    return NULL;
}

static void set_operands(fvi_prim *p, const norm_state *x, fvi_buffer *src, fvi_buffer *shift,
                         fvi_buffer *dst) {
    fvi_prim_set(p, FVI_SRC, src);
    fvi_prim_set(p, FVI_MEAN, x->zeros);
    fvi_prim_set(p, FVI_VARIANCE, x->variance);
    fvi_prim_set(p, FVI_SCALE, x->scale);
    fvi_prim_set(p, FVI_SHIFT, shift);
    fvi_prim_set(p, FVI_DST, dst);
}

static fv_status plan(fvi_step *s, fv_error *err) {
    norm_state *x = s->state = fvi_step_alloc(s, 1, sizeof *x);
    if (!x) return fvi_fail(err, FV_NOMEM, "no memory for a plan");
    const fvi_layout *layout = s->src[0] ? s->src[0]->layout : NULL;
    x->relu = s->n_fused;
    fv_status st = operand(s, 1, &x->scale, err);
    if (!st) st = operand(s, 2, &x->shift, err);
    if (!st) st = numbers(s, NULL, 0, &x->zeros, err);
    if (!st) st = numbers(s, NULL, 1 - FVI_NORM_EPSILON, &x->variance, err);
    if (st) return st;
    fvi_prim *p = fast_prim(s, layout, x->relu);
    x->own[0] = !p;
    st = fvi_step_source(s, 0, p ? layout : NULL, &x->src[0], err);
    if (!st) st = fvi_step_make_dst(s, p ? layout : NULL, err);
    if (st || !p) {
        fvi_prim_free(p);
        return st;
    }
    set_operands(p, x, x->src[0], x->shift, s->dst);
    return fvi_step_add(s, p, err);
}

static fv_status plan_backward(fvi_step *s, fv_error *err) {
    norm_state *x = s->state;
    fv_status st = fvi_refuse_gradients(s, 1, err);
    if (st || !s->wanted[0]) return st;
    const fvi_layout *layout = s->ddst->layout;
    fvi_prim *p = fast_prim(s, layout, 0);
    if (!p) layout = NULL;
    x->own[1] = !p;
    st = fvi_fused_ddst(s, layout, &x->src[1], err);
    if (!st) st = operand(s, 1, &x->scale, err); /* this direction reads it too */
    if (!st) st = fvi_step_make_dsrc(s, 0, layout, err);
    if (st || !p) {
        fvi_prim_free(p);
        return st;
    }
    set_operands(p, x, x->src[1], x->zeros, s->dsrc[0]);
    return fvi_step_add(s, p, err);
}

/* dst = src scale + shift over plain memory, then perhaps a ReLU. */
static void own_loop(const norm_state *x, const fvi_buffer *from, const fvi_buffer *to,
                     const float *shift, int relu) {
    const fvi_shape *shape = &from->shape;
    int64_t c = shape->dim[1], n = shape->dim[0] * c;
    int64_t rest = fvi_shape_product(shape, 2, shape->ndim);
    const float *src = from->data, *scale = x->scale->data;
    float *dst = to->data, least = relu ? 0 : -__builtin_inff();
#pragma omp parallel for schedule(static) if (n * rest > FVI_PARALLEL_MIN)
    for (int64_t i = 0; i < n; i++) {
        float a = scale[i % c], b = shift ? shift[i % c] : 0;
        for (int64_t j = i * rest; j < (i + 1) * rest; j++) {
            float y = src[j] * a + b;
            dst[j] = y < least ? least : y;
        }
    }
}

static fv_status forward(const fvi_step *s) {
    const norm_state *x = s->state;
    fv_status st = fvi_step_run(s, 0);
    if (!st && x->own[0]) own_loop(x, x->src[0], s->dst, x->shift->data, x->relu);
    return st;
}

static fv_status backward(const fvi_step *s) {
    const norm_state *x = s->state;
    fv_status st = fvi_step_run(s, 1);
    if (!st && x->own[1] && s->wanted[0]) own_loop(x, x->src[1], s->dsrc[0], NULL, 0);
    return st;
}

const fvi_op fvi_op_batch_norm = {
    "BatchNormalization", fuse, plan, plan_backward, forward, backward, NULL};
