/* SPDX-License-Identifier: Apache-2.0 */
/* random: uniform or normal numbers of the streams in `key`, one a sample, as base/random.c gives
 * them. The key has no gradient. */
#include "base/random.h"
#include "backend/onednn/kernels/strided_loops.h"
#include "backend/onednn/schedule/step.h"
#include "base/error.h"

#define CHUNK 4096 /* uniform numbers made by one thread */

typedef struct random_state {
    fvi_buffer *key;
    int64_t n, each; /* streams; numbers of each */
} random_state;

static fv_status plan(fvi_step *s, fv_error *err) {
    random_state *x = s->state = fvi_step_alloc(s, 1, sizeof *x);
    if (!x) return fvi_fail(err, FV_NOMEM, "no memory for a plan");
    const fvi_shape *out = fvi_step_out_shape(s);
    x->n = out->dim[0];
    x->each = fvi_shape_product(out, 1, out->ndim);
    const fv_status st = fvi_step_source(s, 0, NULL, &x->key, err);
    return st ? st : fvi_step_make_dst(s, NULL, err);
}

/* Numbers from `first` on. */
static void uniforms(fvi_random r, int64_t first, int64_t n, float *out) {
    fvi_random_skip(&r, first);
    for (int64_t i = 0; i < n; i++) out[i] = fvi_random_uniform(&r);
}

static void all_uniforms(const fvi_random *r, int64_t first, int64_t n, float *out) {
#pragma omp parallel for schedule(static) if (n > FVI_PARALLEL_MIN)
    for (int64_t at = 0; at < n; at += CHUNK)
        uniforms(*r, first + at, n - at < CHUNK ? n - at : CHUNK, out + at);
}

static fv_status forward(const fvi_step *s) {
    const random_state *x = s->state;
    const int64_t first = s->node->a.random.first;
    const float *key = x->key->data;
    float *dst = s->dst->data;
    for (int64_t i = 0; i < x->n; i++, key += FVI_RANDOM_HALVES, dst += x->each) {
        fvi_random r = fvi_random_from_halves(key);
        if (s->node->a.random.f == FVI_RANDOM_UNIFORM) {
            all_uniforms(&r, first, x->each, dst);
            continue;
        }
        fvi_random_skip(&r, first);
        fvi_random_normals(&r, x->each, dst);
    }
    return FV_OK;
}

static fv_status plan_backward(fvi_step *s, fv_error *err) {
    return s->wanted[0] ? fvi_step_make_dsrc(s, 0, NULL, err) : FV_OK;
}

static fv_status backward(const fvi_step *s) {
    const random_state *x = s->state;
    if (s->wanted[0]) fvi_fill(s->dsrc[0]->data, x->n * FVI_RANDOM_HALVES, 0);
    return FV_OK;
}

const fvi_op fvi_op_random = {"Random", NULL, plan, plan_backward, forward, backward, NULL};
