/* SPDX-License-Identifier: Apache-2.0 */
/* binary: dst = f(a, b), broadcast to each other by numpy's rule; backward, with g = ddst,
 *     add g, g     sub g, -g     mul g b, g a     div g/b, -g a/b^2     pow g b a^(b-1), g a^b ln a
 *     min, max: g to the chosen one, half to each of equals     prelu g (or g b), g min(a, 0)
 *     mod g, -g floor(a/b)     comparisons and logic: none (zeros)
 * each summed over the axes along which its operand was broadcast.
 *
 * Operands of equal shape go to oneDNN for the four operations, min and max, with an activation
 * after them (the end of a ResNet block). Everything else is computed by the loops here. They read
 * blocked memory as the plain tensor [n][c/block][y][x][block] that it is, to which the smaller
 * operand is broadcast in the same view; so a tensor in blocks of channels need not be made plain
 * to be scaled by a vector or a gate [n][c][1][1]. Channels that pad blocks are zeros in all
 * operands; functions that would not keep them zero (division, say) are computed on plain memory.
 */
#include <math.h>

#include "backend/onednn/kernels/fused.h"
#include "backend/onednn/kernels/reduction.h"
#include "backend/onednn/kernels/strided_loops.h"
#include "backend/onednn/schedule/schedule.h"
#include "backend/onednn/schedule/step.h"
#include "base/error.h"

typedef struct binary_state {
    int own;                  /* our loops */
    const fvi_layout *layout; /* of tensors of the result's shape; borrowed from a buffer */
    fvi_shape out, in[2];     /* in the view of the loops */
    int blocked[2];           /* the operand must be converted to `like`, not made plain */
    fvi_layout *like[2];      /* layouts of operands smaller than the result */
    fvi_buffer *src[2], *ddst;
    fvi_buffer *full[2]; /* gradients before summing, or NULL */
} binary_state;

static int is_onednn(fvi_binary f) { return f <= FVI_MAX; }

/* Whether f(0, 0) is 0, so that padding channels stay zero. */
static int keeps_zero(fvi_binary f) { return f <= FVI_MUL || f == FVI_PRELU; }

static int same_shape(const fvi_step *s, int i) {
    return fvi_shape_equal(fvi_step_shape(s, i), fvi_step_out_shape(s));
}

/* ---- views ---- */

/* Size of axis i of the result in operand `shape`, which may have fewer axes. */
static int64_t aligned(const fvi_shape *shape, int ndim, int i) {
    int k = i - (ndim - shape->ndim);
    return k < 0 ? 1 : shape->dim[k];
}

/* Views operand i as [n][c/block][..][block], if its memory has that layout or can be converted. */
static int view_blocked(const fvi_step *s, binary_state *x, int i, int64_t block, int64_t padded) {
    const fvi_shape *out = fvi_step_out_shape(s), *shape = fvi_step_shape(s, i);
    fvi_shape *v = &x->in[i];
    int64_t c = aligned(shape, out->ndim, 1), behind = 1;
    v->ndim = out->ndim + 1;
    for (int k = 0; k < out->ndim; k++) {
        v->dim[k] = aligned(shape, out->ndim, k);
        if (k > 1) behind *= v->dim[k];
    }
    v->dim[1] = c == 1 ? 1 : padded / block;
    v->dim[out->ndim] = c == 1 ? 1 : block;
    if (fvi_shape_equal(shape, out)) return 1;
    if (c == 1) /* x + 1 would change the padding */
        return padded == out->dim[1] || s->node->a.binary.f == FVI_MUL;
    if (behind == 1 && padded == c) return 1; /* plain memory has that layout */
    if (shape->ndim != out->ndim) return 0;
    x->blocked[i] = 1;
    x->like[i] = fvi_layout_like(x->layout, shape);
    return x->like[i] != NULL;
}

static void view_plain(const fvi_step *s, binary_state *x) {
    x->layout = NULL;
    x->out = *fvi_step_out_shape(s);
    for (int i = 0; i < 2; i++) {
        x->blocked[i] = 0;
        x->in[i] = *fvi_step_shape(s, i);
    }
}

/* Chooses the view of the loops. */
static void choose_view(const fvi_step *s, binary_state *x) {
    const fvi_shape *out = fvi_step_out_shape(s);
    int64_t block, padded;
    for (int i = 0; i < 2 && !x->layout; i++)
        if (s->src[i] && same_shape(s, i)) x->layout = s->src[i]->layout;
    if (fvi_layout_channel_block(x->layout, out, &block, &padded) && out->ndim < FVI_MAX_DIMS &&
        (padded == out->dim[1] || keeps_zero(s->node->a.binary.f))) {
        x->out = *out;
        x->out.ndim++;
        x->out.dim[1] = padded / block;
        x->out.dim[out->ndim] = block;
        if (view_blocked(s, x, 0, block, padded) && view_blocked(s, x, 1, block, padded)) return;
    }
    view_plain(s, x);
}

/* The layout operand i is wanted in. */
static const fvi_layout *layout_of(const fvi_step *s, const binary_state *x, int i) {
    if (same_shape(s, i)) return x->layout;
    return x->blocked[i] ? x->like[i] : NULL;
}

/* ---- planning ---- */

static int is_fast(const fvi_step *s) {
    return same_shape(s, 0) && same_shape(s, 1) && is_onednn(s->node->a.binary.f);
}

static int fuse(const fvi_step *s, const fvi_node *next) {
    return is_fast(s) && fvi_fuse_act(s, next);
}

/* Whether oneDNN may compute it in that layout, into new memory or in place. oneDNN 2.6 with a
 * fused activation is wrong for padded blocks of channels that are shorter than its vectors; and,
 * in place, for blocked channels that do not fill the longest vectors (16 numbers). */
static int is_safe(const fvi_step *s, const fvi_layout *layout, int in_place) {
    const fvi_shape *out = fvi_step_out_shape(s);
    const int dense = fvi_layout_is_dense(layout, out);
    int64_t block, padded;
    fvi_act act;
    if (s->node->a.binary.f == FVI_DIV && !dense) return 0; /* 0/0 in the padding */
    if (!fvi_fused_act(s, &act)) return dense || !in_place;
    return dense && (!in_place || !fvi_layout_channel_block(layout, out, &block, &padded) ||
                     out->dim[1] % 16 == 0);
}

/* oneDNN's primitive for operands of one shape, or NULL; sets the layout they must have. */
static fvi_prim *fast_prim(fvi_step *s, binary_state *x) {
    const fvi_shape *out = fvi_step_out_shape(s);
    fvi_binary f = s->node->a.binary.f;
    fvi_prim *p = NULL;
    fvi_act act;
    if (!is_fast(s) || fvi_shape_count(out) == 0) return NULL;
    for (int i = 0; i < 2 && !x->layout; i++)
        if (s->src[i]) x->layout = s->src[i]->layout;
    if (is_safe(s, x->layout, 0) &&
        !fvi_step_unavailable(s, fvi_prim_binary(fvi_step_engine(s), f,
                                                 fvi_fused_act(s, &act) ? &act : NULL, out,
                                                 x->layout, &p, NULL)))
        return p;
    x->layout = NULL;
    return NULL;
}

/* Appends the activation of the loops' result. */
static fv_status add_act(fvi_step *s, const binary_state *x, fv_error *err) {
    fvi_act act;
    fvi_prim *p = NULL;
    const fvi_shape *out = fvi_step_out_shape(s);
    if (!fvi_fused_act(s, &act) || fvi_shape_count(out) == 0) return FV_OK;
    fv_status st = fvi_prim_eltwise(fvi_step_engine(s), &act, FVI_AHEAD, out, x->layout, &p, err);
    if (st) return st;
    fvi_prim_set(p, FVI_SRC, s->dst);
    fvi_prim_set(p, FVI_DST, s->dst);
    return fvi_step_add(s, p, err);
}

static fv_status plan(fvi_step *s, fv_error *err) {
    binary_state *x = s->state = fvi_step_alloc(s, 1, sizeof *x);
    if (!x) return fvi_fail(err, FV_NOMEM, "no memory for a plan");
    fvi_prim *p = fast_prim(s, x);
    x->own = !p;
    if (x->own) choose_view(s, x);
    fv_status st = fvi_step_source(s, 0, layout_of(s, x, 0), &x->src[0], err);
    if (!st) st = fvi_step_source(s, 1, layout_of(s, x, 1), &x->src[1], err);
    if (!st) st = fvi_step_make_dst(s, x->layout, err);
    if (!st && !p) st = add_act(s, x, err);
    if (st || !p) {
        fvi_prim_free(p);
        return st;
    }
    fvi_prim_set(p, FVI_SRC, x->src[0]);
    fvi_prim_set(p, FVI_SRC1, x->src[1]);
    fvi_prim_set(p, FVI_DST, s->dst);
    if (is_safe(s, x->layout, 1)) fvi_schedule_allow_inplace(s->schedule, s->dst, x->src[0]);
    return fvi_step_add(s, p, err);
}

/* Operand i's gradient is x->ddst itself. */
static int is_shared(const fvi_step *s, int i) {
    fvi_binary f = s->node->a.binary.f;
    return same_shape(s, i) && (f == FVI_ADD || (f == FVI_SUB && i == 0));
}

static fv_status plan_gradient(fvi_step *s, binary_state *x, int i, fv_error *err) {
    if (is_shared(s, i)) return fvi_step_share_dsrc(s, i, x->ddst, 0, x->ddst->layout, err);
    fv_status st = fvi_step_make_dsrc(s, i, layout_of(s, x, i), err);
    if (st || fvi_shape_equal(&x->in[i], &x->out)) return st;
    return fvi_step_temp(s, fvi_step_out_shape(s), x->layout, &x->full[i], err);
}

static fv_status plan_backward(fvi_step *s, fv_error *err) {
    binary_state *x = s->state;
    fv_status st = FV_OK;
    int computed = 0;
    fvi_layout *layout[2] = {x->like[0], x->like[1]}; /* replaced below */
    x->layout = NULL;
    x->like[0] = x->like[1] = NULL;
    choose_view(s, x);
    fvi_layout_free(layout[0]);
    fvi_layout_free(layout[1]);
    for (int i = 0; i < 2; i++) computed |= s->wanted[i] && !is_shared(s, i);
    for (int i = 0; i < 2 && computed && !st; i++)
        st = fvi_step_source(s, i, layout_of(s, x, i), &x->src[i], err);
    if (!st) st = fvi_fused_ddst(s, computed ? x->layout : s->ddst->layout, &x->ddst, err);
    for (int i = 0; i < 2 && !st; i++)
        if (s->wanted[i]) st = plan_gradient(s, x, i, err);
    return st;
}

static void drop(fvi_step *s) {
    binary_state *x = s->state;
    for (int i = 0; x && i < 2; i++) fvi_layout_free(x->like[i]);
}

/* ---- the functions ---- */

static inline float mod_floor(float a, float b) {
    float r = fmodf(a, b);
    return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

static inline float power_slope_b(float a, float b) {
    return a == 0 && b >= 0 ? 0 : powf(a, b) * logf(a);
}

/* Weight of the gradient for min and max: 1 for the chosen operand, 1/2 if both are equal. */
static inline float chosen(int yes, int equal) { return yes ? 1.0f : equal ? 0.5f : 0.0f; }

/* Whether f32 holds a, b and what is made of their bits exactly. */
static inline int has_bits(float a, float b) { return fabsf(a) < 16777216 && fabsf(b) < 16777216; }

/* One run of n elements. which 0: the result; 1, 2: the gradient at a, b. as, bs: 0 or 1 in the
 * usual cases, then known to the compiler. */
typedef struct run {
    float *to;
    const float *a, *b, *g;
    int64_t as, bs, n;
} run;

#define LOOP(VALUE)                                          \
    _Pragma("omp simd") for (int64_t i = 0; i < r->n; i++) { \
        const float a = r->a[i * as], b = r->b[i * bs];      \
        const float g = which ? r->g[i] : 0;                 \
        (void)a, (void)b, (void)g;                           \
        to[i] = VALUE;                                       \
    }
#define FVI_BINARY_FUNCTION(NAME, key, word, is_bool, value, F, DA, DB) \
    case FVI_##NAME:                                                    \
        if (which == 0) {                                               \
            LOOP(F)                                                     \
        } else if (which == 1) {                                        \
            LOOP(DA)                                                    \
        } else {                                                        \
            LOOP(DB)                                                    \
        }                                                               \
        return;

static inline __attribute__((always_inline)) void run_steps(fvi_binary f, int which, const run *r,
                                                            int64_t as, int64_t bs) {
    float *restrict to = r->to;
    switch (f) {
#include "graph/binary.def"
    case FVI_BINARY_COUNT: return;
    }
}

static void run_one(fvi_binary f, int which, const run *r) {
    if (r->as == 1 && r->bs == 1)
        run_steps(f, which, r, 1, 1);
    else if (r->as == 1 && r->bs == 0)
        run_steps(f, which, r, 1, 0);
    else
        run_steps(f, which, r, r->as, r->bs);
}

/* The result, or a gradient of the full shape, over all runs. */
static void apply(const fvi_step *s, int which, float *to) {
    const binary_state *x = s->state;
    fvi_binary f = s->node->a.binary.f;
    int64_t stride[4][FVI_MAX_DIMS];
    fvi_shape_strides(&x->out, stride[0]);
    fvi_broadcast_strides(&x->in[0], &x->out, stride[1]);
    fvi_broadcast_strides(&x->in[1], &x->out, stride[2]);
    fvi_shape_strides(&x->out, stride[3]);
    fvi_nest t;
    fvi_nest_init(&t, &x->out, 4, (const int64_t(*)[FVI_MAX_DIMS])stride);
    const float *a = x->src[0]->data, *b = x->src[1]->data, *g = which ? x->ddst->data : to;
#pragma omp parallel if (t.total > FVI_PARALLEL_MIN)
    for (fvi_run r = fvi_nest_first(&t); r.left > 0; fvi_nest_next(&t, &r)) {
        run one = {to + r.offset[0],
                   a + r.offset[1],
                   b + r.offset[2],
                   g + r.offset[3],
                   t.inner_stride[1],
                   t.inner_stride[2],
                   r.n};
        run_one(f, which, &one);
    }
}

static fv_status forward(const fvi_step *s) {
    const binary_state *x = s->state;
    if (x->own) apply(s, 0, s->dst->data);
    return fvi_step_run(s, 0);
}

static fv_status backward(const fvi_step *s) {
    const binary_state *x = s->state;
    fv_status st = fvi_step_run(s, 1);
    for (int i = 0; i < 2; i++) {
        if (!s->wanted[i] || is_shared(s, i)) continue;
        fvi_buffer *d = s->dsrc[i], *full = x->full[i] ? x->full[i] : d;
        apply(s, 1 + i, full->data);
        if (full != d) fvi_sum_to(&x->out, full->data, &x->in[i], d->data);
    }
    return st;
}

const fvi_op fvi_op_binary = {"Binary", fuse, plan, plan_backward, forward, backward, drop};
