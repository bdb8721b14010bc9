/* SPDX-License-Identifier: Apache-2.0 */
/* relu_backward: the backward pass of ReLUs, leaky ReLUs and clips; redirected and guided too.
 *
 * With a the activation's output (its input would do as well), g the gradient after it (for ascent,
 * as all gradients here), low and high its bounds, the gradient before it is
 *
 *   low < a < high:  g       elsewhere: 0, for a leaky ReLU slope g
 *
 * the same bits as oneDNN's: where a is NaN, a ReLU passes g, a clip 0. The bounds of a quantiser's
 * clip (SATURATE) are those of its input, half a step outside its range.
 *
 * Redirected: if that is zero for the whole sample, the gradient is g where a <= low and g > 0, or
 * a >= high and g < 0, else 0. Source: Lucid, lucid/misc/redirected_relu_grad.py, with signs for
 * ascent instead of descent. Only for samples whose elements are one dense run; ops whose batch is
 * not outermost are left out.
 *
 * Guided: the ordinary gradient where it is positive, else 0. Source: Springenberg, Dosovitskiy,
 * Brox and Riedmiller 2015, arXiv:1412.6806, for ReLU; the same rule is used for clips (ReLU6) and
 * leaky ReLUs. Activations that are smooth, or made of several nodes (PReLU, max with 0), pass
 * their gradient unchanged.
 *
 * Only the side of the bounds on which a value is matters. For large values only that is kept from
 * forward to backward, one or two bits instead of 32, and the memory of the value itself is free
 * after its last forward use. 256 numbers are 8 words: bit k of word l is set if number 8 k + l is
 * at or below the lower bound; clips have 8 more words for the upper one. NaN counts as above a
 * clip's upper bound.
 *
 * One loop over the memory in any layout; padding zeros stay zero. oneDNN's eltwise is not used
 * because it knows no samples and cannot run in place.
 */
#include "backend/onednn/kernels/relu_backward.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "backend/onednn/kernels/strided_loops.h"
#include "base/clock.h"
#include "base/error.h"
#include "graph/batch.h"

#define KEPT_LEAST (4 << 20) /* bytes of a value of which only the sides are kept */
#define KEPT       32        /* vectors of eight whose sides are one vector of bits */

typedef struct relu {
    int node_out; /* the activation's output value */
    fvi_slopes slopes;
    fvi_buffer *value, *ddst, *dsrc;
    fvi_buffer *kept;  /* the sides of the values; NULL: the value itself is kept */
    size_t size;       /* floats of one sample; 0: samples are not contiguous */
    int skipped;       /* fused into another loop, except in redirected runs */
    double seconds[2]; /* forward and backward, while timed */
} relu;

static const fvi_step_hook hook; /* at the end of this file */

static relu *relu_of(const fvi_step *s) { return s->hook_state; }

int fvi_relu_is(const fvi_act *act) { return fvi_unary_is_relu(act->f, act->p); }

fv_status fvi_relu_plan(fvi_step *s, const fvi_act *act, fvi_buffer *value, fvi_buffer *ddst,
                        fvi_buffer *dsrc, fv_error *err) {
    const fvi_node *last = s->n_fused ? s->fused[s->n_fused - 1] : s->node;
    relu *r = fvi_step_alloc(s, 1, sizeof *r);
    if (!r) return fvi_fail(err, FV_NOMEM, "no memory for a plan");
    s->hook = &hook;
    s->hook_state = r;
    *r = (relu){.node_out = last->out,
                .slopes = fvi_relu_slopes(act->f, act->p, act->q),
                .value = value,
                .ddst = ddst,
                .dsrc = dsrc};
    return FV_OK;
}

int fvi_relu_is_planned(const fvi_step *s) { return s->hook == &hook; }

void fvi_relu_skip(fvi_step *s) { relu_of(s)->skipped = 1; }

/* Whether keeping the sides is enough: no other step reads this value backward, and a sample is a
 * whole number of vectors. */
static int sides_suffice(const fvi_step *s) {
    const relu *r = relu_of(s);
    const size_t n = r->value->bytes / sizeof(float);
    const fvi_shape *shape = &r->value->shape;
    return !r->skipped && r->value == s->dst &&
           (r->value->bytes >= KEPT_LEAST || fvi_step_every_method(s)) && shape->ndim > 0 &&
           shape->dim[0] > 0 && n % (8 * (size_t)shape->dim[0]) == 0;
}

FVI_INLINE int vectors_of_sides(const fvi_slopes *s) { return s->unbounded ? 1 : 2; }

/* Declares what is read backward: the value, or its sides. */
static fv_status declare(fvi_step *s, fv_error *err) {
    relu *r = relu_of(s);
    const size_t groups = (r->value->bytes / sizeof(fvi_f32x8) + KEPT - 1) / KEPT;
    s->planning = FVI_BACKWARD;
    if (!sides_suffice(s)) {
        fvi_step_touch(s, r->value, FVI_READ);
        return FV_OK;
    }
    s->planning = FVI_FORWARD;
    return fvi_step_saved_bytes(
        s, groups * (size_t)vectors_of_sides(&r->slopes) * sizeof(fvi_i32x8), &r->kept, err);
}

static int is_active(const fvi_step *s, int direction) {
    const relu *r = relu_of(s);
    return direction == FVI_BACKWARD ? !r->skipped : r->kept != NULL;
}

static double bytes(const fvi_step *s, int direction) {
    const relu *r = relu_of(s);
    const double value = (double)r->value->bytes, kept = r->kept ? (double)r->kept->bytes : value;
    if (direction == FVI_FORWARD) return value + kept;
    return kept + (double)r->ddst->bytes + (r->dsrc == r->ddst ? 0 : (double)r->dsrc->bytes);
}

static double take_seconds(const fvi_step *s, int direction) {
    relu *r = relu_of(s);
    double seconds = r->seconds[direction];
    r->seconds[direction] = 0;
    return seconds;
}

/* ---- samples -------------------------------------------------------------------------------- */

/* Whether the samples of a batch are consecutive parts of the value's first axis. */
static int is_outermost(const fvi_step *s, int64_t samples) {
    int axis = 0;
    int64_t outer = 1;
    const relu *r = relu_of(s);
    const fvi_shape *shape = &s->graph->values[r->node_out].shape;
    if (shape->ndim < 1 || shape->dim[0] % samples) return 0;
    fv_status st = fvi_graph_batch_axis(s->graph, samples, r->node_out, &axis, &outer, NULL);
    if (st == FV_UNSUPPORTED) return shape->dim[0] == samples; /* assume so */
    return !st && axis == 0 && outer == 1;
}

/* Floats of one sample, if each is one dense run of memory; else 0. */
static size_t sample_size(const fvi_step *s, int64_t samples) {
    const fvi_buffer *p = relu_of(s)->dsrc;
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

static void set_samples(const fvi_step *s, int64_t n) { relu_of(s)->size = sample_size(s, n); }

/* ---- running -------------------------------------------------------------------------------- */

/* The bit of vector i in the words it shares with its neighbours. */
FVI_INLINE int32_t bit_of(int64_t i) { return (int32_t)(1u << i % KEPT); }

/* The sides of vector i. */
FVI_INLINE fvi_sides sides_kept(const fvi_slopes *s, const fvi_i32x8 *kept, int64_t i) {
    const fvi_i32x8 none = {0}, bit = none + bit_of(i);
    const fvi_i32x8 *at = kept + i / KEPT * vectors_of_sides(s);
    if (s->unbounded) return (fvi_sides){(at[0] & bit) != none, none};
    return (fvi_sides){(at[0] & bit) != none, (at[1] & bit) != none};
}

/* Eight numbers of the ordinary or guided gradient; for a dead ReLU, of the redirected one. */
FVI_INLINE void pass(const fvi_slopes *s, int guided, int dead, fvi_sides at, const fvi_f32x8 *g,
                     fvi_f32x8 *y) {
    const fvi_f32x8 zero = {0};
    const fvi_i32x8 up = at.low & (*g > zero), down = at.high & (*g < zero);
    fvi_f32x8 passed;
    fvi_relu_pass(s, at, g, &passed);
    if (guided) passed = FVI_SELECT(passed > zero, passed, zero);
    *y = dead ? FVI_SELECT(up | down, *g, passed) : passed;
}

/* A run of a value's numbers, or of their sides (then it begins at a multiple of eight), and their
 * gradients. Each is read before it is written, so dsrc may be ddst. */
typedef struct stretch {
    const float *value; /* or */
    const fvi_i32x8 *kept;
    int64_t from, n;
    const float *ddst;
    float *dsrc;
} stretch;

static stretch stretch_of(const relu *r, size_t from, size_t n) {
    return (stretch){.value = r->kept ? NULL : (const float *)r->value->data + from,
                     .kept = r->kept ? r->kept->data : NULL,
                     .from = (int64_t)from,
                     .n = (int64_t)n,
                     .ddst = (const float *)r->ddst->data + from,
                     .dsrc = (float *)r->dsrc->data + from};
}

FVI_INLINE void pass_stretch(const fvi_slopes *s, int guided, int dead, int kept,
                             const stretch *t) {
    float v[8] = {0}, g[8] = {0};
    fvi_f32x8 y;
    int64_t i = 0;
    for (; i + 8 <= t->n; i += 8) {
        const fvi_sides at = kept ? sides_kept(s, t->kept, (t->from + i) / 8)
                                  : fvi_relu_sides(s, (const fvi_f32x8 *)(t->value + i));
        pass(s, guided, dead, at, (const fvi_f32x8 *)(t->ddst + i), (fvi_f32x8 *)(t->dsrc + i));
    }
    if (i == t->n || kept) return;
    const size_t rest = (size_t)(t->n - i) * sizeof *v;
    memcpy(v, t->value + i, rest);
    memcpy(g, t->ddst + i, rest);
    pass(s, guided, dead, fvi_relu_sides(s, (const fvi_f32x8 *)v), (const fvi_f32x8 *)g, &y);
    memcpy(t->dsrc + i, &y, rest);
}

FVI_WIDE static void pass_values(fvi_slopes s, int guided, int dead, stretch t) {
    if (guided || dead)
        pass_stretch(&s, guided, dead, 0, &t);
    else
        pass_stretch(&s, 0, 0, 0, &t);
}

FVI_WIDE static void pass_kept(fvi_slopes s, int guided, int dead, stretch t) {
    if (guided || dead)
        pass_stretch(&s, guided, dead, 1, &t);
    else if (s.unbounded)
        pass_stretch(&(fvi_slopes){s.low, s.high, s.slope, 1}, 0, 0, 1, &t);
    else
        pass_stretch(&s, 0, 0, 1, &t);
}

/* Whether no gradient passes in the sample that begins at `offset`. */
static int is_dead(const relu *r, int guided, size_t offset) {
    enum { STRETCH = 512 };
    float y[STRETCH];
    for (size_t from = 0; from < r->size; from += STRETCH) {
        const size_t n = r->size - from < STRETCH ? r->size - from : STRETCH;
        stretch t = stretch_of(r, offset + from, n);
        t.dsrc = y;
        (r->kept ? pass_kept : pass_values)(r->slopes, guided, 0, t);
        for (size_t i = 0; i < n; i++)
            if (!(y[i] == 0)) return 0;
    }
    return 1;
}

/* Writes this thread's share, in whole vectors. */
static void write_share(const relu *r, int guided, int dead, size_t offset, size_t n) {
    int64_t from, to;
    fvi_thread_share((int64_t)(n + 7) / 8, &from, &to);
    const size_t first = 8 * (size_t)from, end = 8 * (size_t)to < n ? 8 * (size_t)to : n;
    if (from >= to) return;
    const stretch t = stretch_of(r, offset + first, end - first);
    (r->kept ? pass_kept : pass_values)(r->slopes, guided, dead, t);
}

static void write(const relu *r, int guided, int dead, size_t offset, size_t n) {
#pragma omp parallel if (n > FVI_PARALLEL_MIN)
    write_share(r, guided, dead, offset, n);
}

/* Writes sample by sample, each with all threads. */
static void write_samples(const relu *r, int guided, const unsigned char *redirect, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        const size_t from = (size_t)i * r->size;
        write(r, guided, redirect[i] && is_dead(r, guided, from), from, r->size);
    }
}

static void before_backward(const fvi_step *s) {
    relu *r = relu_of(s);
    int64_t samples;
    const unsigned char *redirect = fvi_step_redirect(s, &samples);
    const int guided = fvi_step_is_guided(s), timed = fvi_step_is_timed(s);
    if (r->skipped && !redirect) return;
    double start = timed ? fvi_clock() : 0;
    if (redirect && r->size)
        write_samples(r, guided, redirect, samples);
    else
        write(r, guided, 0, 0, r->dsrc->bytes / sizeof(float));
    if (timed) r->seconds[FVI_BACKWARD] += fvi_clock() - start;
}

/* Stores the sides of vectors [from, to) of n; `from` is a multiple of KEPT. */
FVI_WIDE static void keep_sides(fvi_slopes s, const float *value, int64_t from, int64_t to,
                                fvi_i32x8 *kept) {
    for (int64_t i = from; i < to;) {
        fvi_i32x8 low = {0}, high = {0};
        const int64_t end = i + KEPT < to ? i + KEPT : to;
        fvi_i32x8 *at = kept + i / KEPT * vectors_of_sides(&s);
        for (; i < end; i++) {
            const fvi_i32x8 bit = (fvi_i32x8){0} + bit_of(i);
            const fvi_sides v = fvi_relu_sides(&s, (const fvi_f32x8 *)(value + 8 * i));
            low |= v.low & bit;
            high |= v.high & bit;
        }
        at[0] = low;
        if (!s.unbounded) at[1] = high;
    }
}

static void keep_share(const relu *r, int64_t vectors) {
    int64_t from, to;
    fvi_thread_share((vectors + KEPT - 1) / KEPT, &from, &to);
    to = to * KEPT < vectors ? to * KEPT : vectors;
    keep_sides(r->slopes, r->value->data, from * KEPT, to, r->kept->data);
}

/* Stores the sides of a large value. */
static void after_forward(const fvi_step *s) {
    relu *r = relu_of(s);
    if (!r->kept) return;
    double start = fvi_step_is_timed(s) ? fvi_clock() : 0;
#pragma omp parallel
    keep_share(r, (int64_t)(r->value->bytes / sizeof(fvi_f32x8)));
    if (fvi_step_is_timed(s)) r->seconds[FVI_FORWARD] += fvi_clock() - start;
}

static const fvi_step_hook hook = {
    .declare = declare,
    .after_forward = after_forward,
    .before_backward = before_backward,
    .set_samples = set_samples,
    .is_active = is_active,
    .bytes = bytes,
    .take_seconds = take_seconds,
};
