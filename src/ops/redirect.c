/* SPDX-License-Identifier: Apache-2.0 */
/* redirect: lets a gradient through ReLUs that are dead for a sample; guides gradients
 * (redirect.h).
 *
 * Redirected: with a the activation's value, g the gradient at it (which points up, as all of ours
 * do), and low and high its bounds: where the gradient before it came out as zero over the whole
 * sample, a <= low and g > 0, or a >= high and g < 0:   g        elsewhere: 0, as it is. Source:
 * Lucid, lucid/misc/redirected_relu_grad.py, with signs for ascent; there a loss is descended. Only
 * where a sample's elements are one dense run; ops whose batch is not outermost are left out.
 *
 * Guided: with f' the activation's slope, which is never negative here, the gradient before it is
 * f' g where that is positive, else 0. Source: Springenberg, Dosovitskiy, Brox and Riedmiller 2015,
 * arXiv:1412.6806, for ReLU; taken over to clips (ReLU6) and leaky ReLUs as it stands. Activations
 * that are smooth, or made of several nodes (PReLU, max with 0), pass their gradient unchanged.
 *
 * Both are done in place on what the backward pass wrote, so plans are the same with and without,
 * and blocks filled up with zeros stay so.
 */
#include "ops/redirect.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "ops/loops.h"
#include "ops/program_private.h"

struct fvi_redirect {
    int node_out; /* the value the activation makes */
    float low, high;
    fvi_place *value, *ddst, *dsrc;
    int after;   /* primitives of the backward phase */
    size_t size; /* floats of one sample; 0: cannot be told apart */
};

/* Whether the activation is one of ours to change. */
static int bounds(const fvi_act *act, float *low, float *high) {
    *low = act->f == FVI_CLIP ? act->p : 0;
    *high = act->f == FVI_CLIP ? act->q : INFINITY;
    return act->f == FVI_RELU || act->f == FVI_CLIP || (act->f == FVI_LEAKY_RELU && act->p >= 0);
}

fv_status fvi_redirect_offer(fvi_step *s, const fvi_act *act, fvi_place *value, fvi_place *ddst,
                             fvi_place *dsrc, fv_error *err) {
    float low, high;
    if (!bounds(act, &low, &high)) return FV_OK;
    const fvi_node *last = s->n_fused ? s->fused[s->n_fused - 1] : s->node;
    s->redirect = fvi_step_alloc(s, 1, sizeof *s->redirect);
    if (!s->redirect) return fvi_fail(err, FV_NOMEM, "no memory for a plan");
    *s->redirect = (fvi_redirect){.node_out = last->out,
                                  .low = low,
                                  .high = high,
                                  .value = value,
                                  .ddst = ddst,
                                  .dsrc = dsrc,
                                  .after = s->phase[1].n_prims};
    return FV_OK;
}

/* ---- samples -------------------------------------------------------------------------------- */

/* Whether the samples of a batch are consecutive parts of the value's first axis. */
static int is_outermost(const fvi_step *s, int64_t samples) {
    int axis = 0;
    int64_t outer = 1;
    const fvi_redirect *r = s->redirect;
    const fvi_shape *shape = &s->graph->values[r->node_out].shape;
    if (shape->ndim < 1 || shape->dim[0] % samples) return 0;
    fv_status st = fvi_graph_samples(s->graph, samples, r->node_out, &axis, &outer, NULL);
    if (st == FV_UNSUPPORTED) return shape->dim[0] == samples; /* taken at its word */
    return !st && axis == 0 && outer == 1;
}

/* Floats of one sample, if each is one dense run of memory; else 0. */
static size_t sample_size(const fvi_step *s, int64_t samples) {
    const fvi_place *p = s->redirect->dsrc;
    fvi_shape part = p->shape;
    if (samples == 1) return p->bytes / sizeof(float);
    if (!is_outermost(s, samples) || part.ndim < 1 || part.dim[0] % samples) return 0;
    part.dim[0] /= samples;
    fvi_layout *like = fvi_layout_like(p->layout, &part);
    int64_t offset = -1;
    if (like || !p->layout)
        offset = fvi_layout_part_offset(p->layout, &p->shape, like, &part, 0, part.dim[0]);
    fvi_layout_free(like);
    return offset > 0 && (size_t)offset * (size_t)samples == p->bytes
               ? (size_t)offset / sizeof(float)
               : 0;
}

static int any(const unsigned char *samples, int64_t n) {
    for (int64_t i = 0; i < n; i++)
        if (samples[i]) return 1;
    return 0;
}

/* See program.h. */
void fvi_program_redirect(fvi_program *p, const unsigned char *samples, int64_t n) {
    free(p->redirect);
    p->redirect = NULL;
    if (!samples || n < 1 || !any(samples, n)) return;
    p->redirect = malloc((size_t)n);
    if (!p->redirect) return;
    memcpy(p->redirect, samples, (size_t)n);
    for (guint i = 0; p->redirect_samples != n && i < p->steps->len; i++) {
        fvi_step *s = p->steps->pdata[i];
        if (s->redirect) s->redirect->size = sample_size(s, n);
    }
    p->redirect_samples = n;
}

/* ---- running -------------------------------------------------------------------------------- */

static int is_zero(const float *x, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (!(x[i] == 0)) return 0;
    return 1;
}

static void pass(const fvi_redirect *r, const float *value, const float *ddst, float *dsrc) {
    const float low = r->low, high = r->high;
#pragma omp simd
    for (size_t i = 0; i < r->size; i++) {
        int up = value[i] <= low && ddst[i] > 0, down = value[i] >= high && ddst[i] < 0;
        dsrc[i] = up || down ? ddst[i] : dsrc[i];
    }
}

/* Keeps the positive part of all that was passed, filling between blocks included. */
static void guide(const fvi_redirect *r) {
    const int64_t n = (int64_t)(r->dsrc->bytes / sizeof(float));
    float *dsrc = r->dsrc->data;
#pragma omp parallel for simd if (n > FVI_PARALLEL_MIN)
    for (int64_t i = 0; i < n; i++) dsrc[i] = dsrc[i] > 0 ? dsrc[i] : 0;
}

void fvi_redirect_run(const fvi_step *s, int primitives) {
    const fvi_redirect *r = s->redirect;
    const unsigned char *samples = s->program->redirect;
    if (!r || r->after != primitives) return;
    if (s->program->guided) guide(r);
    if (!samples || !r->size) return;
    const float *value = r->value->data, *ddst = r->ddst->data;
    float *dsrc = r->dsrc->data;
    int64_t n = s->program->redirect_samples;
#pragma omp parallel for schedule(dynamic) if (r->size * (size_t)n > FVI_PARALLEL_MIN)
    for (int64_t i = 0; i < n; i++) {
        size_t from = (size_t)i * r->size;
        if (samples[i] && is_zero(dsrc + from, r->size))
            pass(r, value + from, ddst + from, dsrc + from);
    }
}
