/* SPDX-License-Identifier: Apache-2.0 */
/* relu: the backward pass of ReLUs, leaky ReLUs and clips; redirected and guided too (relu.h).
 *
 * With a the activation's value (what comes out of it tells as much as what goes in), g the
 * gradient after it (which points up, as all of ours do), low and high its bounds, the gradient
 * before it is
 *
 *   low < a < high:  g       elsewhere: 0, of a leaky ReLU slope g
 *
 * to the bit what oneDNN makes of it: where a is no number, a ReLU passes g, a clip 0.
 *
 * Redirected: where that came out as zero over the whole sample, a <= low and g > 0, or a >= high
 * and g < 0:  g        elsewhere: 0, as it is. Source: Lucid, lucid/misc/redirected_relu_grad.py,
 * with signs for ascent; there a loss is descended. Only where a sample's elements are one dense
 * run; ops whose batch is not outermost are left out.
 *
 * Guided: the gradient before it is what it is where that is positive, else 0. Source:
 * Springenberg, Dosovitskiy, Brox and Riedmiller 2015, arXiv:1412.6806, for ReLU; taken over to
 * clips (ReLU6) and leaky ReLUs as it stands. Activations that are smooth, or made of several nodes
 * (PReLU, max with 0), pass their gradient unchanged.
 *
 * One loop over the memory as it lies; blocks filled up with zeros stay so. It is not oneDNN's
 * eltwise because that cannot be told about samples, nor write where it reads.
 */
#include "ops/relu.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "ops/loops.h"
#include "ops/program_private.h"

struct fvi_relu {
    int node_out; /* the value the activation makes */
    fvi_slopes slopes;
    fvi_place *value, *ddst, *dsrc;
    size_t size;    /* floats of one sample; 0: cannot be told apart */
    int left;       /* to another loop, unless the program is redirected */
    double seconds; /* while it is timed */
};

int fvi_relu_is(const fvi_act *act) {
    return act->f == FVI_RELU || act->f == FVI_CLIP || (act->f == FVI_LEAKY_RELU && act->p >= 0);
}

fvi_slopes fvi_relu_slopes(const fvi_act *act) {
    return (fvi_slopes){.low = act->f == FVI_CLIP ? act->p : 0,
                        .high = act->f == FVI_CLIP ? act->q : INFINITY,
                        .slope = act->f == FVI_LEAKY_RELU ? act->p : 0,
                        .unbounded = act->f != FVI_CLIP};
}

fv_status fvi_relu_plan(fvi_step *s, const fvi_act *act, fvi_place *value, fvi_place *ddst,
                        fvi_place *dsrc, fv_error *err) {
    const fvi_node *last = s->n_fused ? s->fused[s->n_fused - 1] : s->node;
    s->relu = fvi_step_alloc(s, 1, sizeof *s->relu);
    if (!s->relu) return fvi_fail(err, FV_NOMEM, "no memory for a plan");
    *s->relu = (fvi_relu){.node_out = last->out,
                          .slopes = fvi_relu_slopes(act),
                          .value = value,
                          .ddst = ddst,
                          .dsrc = dsrc};
    return FV_OK;
}

void fvi_relu_leave(fvi_step *s) { s->relu->left = 1; }

int fvi_relu_is_left(const fvi_relu *r) { return r->left; }

double fvi_relu_bytes(const fvi_relu *r) {
    double bytes = (double)r->value->bytes + (double)r->ddst->bytes;
    return r->dsrc == r->ddst ? bytes : bytes + (double)r->dsrc->bytes;
}

double fvi_relu_take_seconds(fvi_relu *r) {
    double seconds = r->seconds;
    r->seconds = 0;
    return seconds;
}

/* ---- samples -------------------------------------------------------------------------------- */

/* Whether the samples of a batch are consecutive parts of the value's first axis. */
static int is_outermost(const fvi_step *s, int64_t samples) {
    int axis = 0;
    int64_t outer = 1;
    const fvi_relu *r = s->relu;
    const fvi_shape *shape = &s->graph->values[r->node_out].shape;
    if (shape->ndim < 1 || shape->dim[0] % samples) return 0;
    fv_status st = fvi_graph_samples(s->graph, samples, r->node_out, &axis, &outer, NULL);
    if (st == FV_UNSUPPORTED) return shape->dim[0] == samples; /* taken at its word */
    return !st && axis == 0 && outer == 1;
}

/* Floats of one sample, if each is one dense run of memory; else 0. */
static size_t sample_size(const fvi_step *s, int64_t samples) {
    const fvi_place *p = s->relu->dsrc;
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
        if (s->relu) s->relu->size = sample_size(s, n);
    }
    p->redirect_samples = n;
}

/* ---- running -------------------------------------------------------------------------------- */

/* Eight of g, as an ordinary or guided backward pass passes them. */
FVI_INLINE void pass(const fvi_slopes *s, int guided, const fvi_eight *value, const fvi_eight *g,
                     fvi_eight *y) {
    const fvi_eight zero = {0};
    fvi_relu_pass(s, value, g, y);
    if (guided) *y = FVI_CHOOSE(*y > zero, *y, zero);
}

/* The same of a dead ReLU. */
FVI_INLINE void let_through(const fvi_slopes *s, int guided, const fvi_eight *value,
                            const fvi_eight *g, fvi_eight *y) {
    const fvi_eight zero = {0};
    const fvi_eight_ints up = (*value <= s->low) & (*g > zero);
    const fvi_eight_ints down = (*value >= s->high) & (*g < zero);
    pass(s, guided, value, g, y);
    *y = FVI_CHOOSE(up | down, *g, *y);
}

/* n numbers; all are read before they are written, so dsrc may be ddst. */
FVI_INLINE void pass_all(const fvi_slopes *s, int guided, int dead, const float *value,
                         const float *ddst, float *dsrc, int64_t n) {
    float v[8] = {0}, g[8] = {0};
    fvi_eight y;
    int64_t i = 0;
    for (; i + 8 <= n; i += 8) {
        if (dead)
            let_through(s, guided, (const fvi_eight *)(value + i), (const fvi_eight *)(ddst + i),
                        &y);
        else
            pass(s, guided, (const fvi_eight *)(value + i), (const fvi_eight *)(ddst + i), &y);
        *(fvi_eight *)(dsrc + i) = y;
    }
    if (i == n) return;
    memcpy(v, value + i, (size_t)(n - i) * sizeof *v);
    memcpy(g, ddst + i, (size_t)(n - i) * sizeof *g);
    if (dead)
        let_through(s, guided, (const fvi_eight *)v, (const fvi_eight *)g, &y);
    else
        pass(s, guided, (const fvi_eight *)v, (const fvi_eight *)g, &y);
    memcpy(dsrc + i, &y, (size_t)(n - i) * sizeof *dsrc);
}

FVI_WIDE static void pass_plain(fvi_slopes s, const float *value, const float *ddst, float *dsrc,
                                int64_t n) {
    pass_all(&s, 0, 0, value, ddst, dsrc, n);
}

FVI_WIDE static void pass_guided(fvi_slopes s, const float *value, const float *ddst, float *dsrc,
                                 int64_t n) {
    pass_all(&s, 1, 0, value, ddst, dsrc, n);
}

FVI_WIDE static void pass_dead(fvi_slopes s, int guided, const float *value, const float *ddst,
                               float *dsrc, int64_t n) {
    pass_all(&s, guided, 1, value, ddst, dsrc, n);
}

#define STRETCH 512

/* Whether nothing passes of the sample that begins at `offset`. */
static int is_dead(const fvi_relu *r, int guided, size_t offset) {
    const float *value = (const float *)r->value->data + offset;
    const float *ddst = (const float *)r->ddst->data + offset;
    float y[STRETCH];
    for (size_t from = 0; from < r->size; from += STRETCH) {
        const size_t n = r->size - from < STRETCH ? r->size - from : STRETCH;
        (guided ? pass_guided : pass_plain)(r->slopes, value + from, ddst + from, y, (int64_t)n);
        for (size_t i = 0; i < n; i++)
            if (!(y[i] == 0)) return 0;
    }
    return 1;
}

static void write_share(const fvi_relu *r, int guided, int dead, size_t offset, int64_t n) {
    int64_t from, to;
    fvi_thread_share(n, &from, &to);
    offset += (size_t)from;
    const float *value = (const float *)r->value->data + offset;
    const float *ddst = (const float *)r->ddst->data + offset;
    float *dsrc = (float *)r->dsrc->data + offset;
    if (dead)
        pass_dead(r->slopes, guided, value, ddst, dsrc, to - from);
    else
        (guided ? pass_guided : pass_plain)(r->slopes, value, ddst, dsrc, to - from);
}

static void write(const fvi_relu *r, int guided, int dead, size_t offset, size_t n) {
#pragma omp parallel if (n > FVI_PARALLEL_MIN)
    write_share(r, guided, dead, offset, (int64_t)n);
}

/* Sample by sample, each with all threads. */
static void write_samples(const fvi_relu *r, const fvi_program *p) {
    for (int64_t i = 0; i < p->redirect_samples; i++) {
        const size_t from = (size_t)i * r->size;
        write(r, p->guided, p->redirect[i] && is_dead(r, p->guided, from), from, r->size);
    }
}

void fvi_relu_run(const fvi_step *s) {
    fvi_relu *r = s->relu;
    const fvi_program *p = s->program;
    if (r->left && !p->redirect) return;
    double start = p->clock ? fvi_clock() : 0;
    if (p->redirect && r->size)
        write_samples(r, p);
    else
        write(r, p->guided, 0, 0, r->dsrc->bytes / sizeof(float));
    if (p->clock) r->seconds += fvi_clock() - start;
}
