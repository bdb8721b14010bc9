/* SPDX-License-Identifier: Apache-2.0 */
/* pass: pictures -> network input, forward, objectives, backward, gradient at the pictures. Plans
 * come from the session; objectives are tied to each size's plan once.
 */
#include "vis/update/pass.h"
#include "model/network/lower.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/parallel.h"
#include "base/text.h"
#include "runtime/monitor.h"
#include "runtime/preprocess.h"
#include "vis/update/gradient.h"
#include "vis/update/receptive_crop.h"
#include "vis/update/stage_timer.h"

#define MAX_BOUNDS 64

/* The objectives tied to the plan of one size. */
typedef struct bound_set {
    int h, w;
    int64_t samples;
    fvi_bound **bound; /* [n] */
} bound_set;

/* The crop that the objectives need of pictures of one size. */
typedef struct crop_of_size {
    int h, w;
    fvi_receptive_crop crop;
} crop_of_size;

struct fvi_pass {
    fv_session *session;
    const fv_input *in;
    const fvi_objective **objectives; /* [n] */
    int n, group;
    float low, high;
    GArray *bounds; /* bound_set */
    GArray *crops;  /* crop_of_size */
    int samples;    /* there is room for */
    int64_t count;
    float *x, *dx;           /* [samples][count] the network's input and the gradient there */
    const fvi_bound **order; /* [samples] */
    fvi_stage_times *times;  /* or NULL */
    char **why;              /* [n] why it was not finite, or NULL */
};

fv_status fvi_pass_new(fv_session *session, const fvi_objective_list *objectives, int group,
                       float low, float high, fvi_pass **out, fv_error *err) {
    const int n = objectives->n;
    fvi_pass *p = calloc(1, sizeof *p);
    if (!p) return fvi_fail(err, FV_NOMEM, "out of memory");
    *p = (fvi_pass){.session = session,
                    .in = fvi_network_input(fvi_session_network(session)),
                    .n = n,
                    .group = group,
                    .low = low,
                    .high = high};
    p->bounds = g_array_new(FALSE, FALSE, sizeof(bound_set));
    p->crops = g_array_new(FALSE, FALSE, sizeof(crop_of_size));
    p->why = g_new0(char *, (gsize)n);
    p->objectives = g_new(const fvi_objective *, (gsize)n);
    memcpy(p->objectives, objectives->list, (size_t)n * sizeof *p->objectives);
    *out = p;
    return FV_OK;
}

void fvi_pass_time(fvi_pass *p, fvi_stage_times *times) { p->times = times; }

static void free_bounds(fvi_pass *p) {
    for (guint i = 0; i < p->bounds->len; i++) {
        bound_set *b = &g_array_index(p->bounds, bound_set, i);
        for (int k = 0; k < p->n; k++) fvi_bound_free(b->bound[k]);
        g_free(b->bound);
    }
    g_array_set_size(p->bounds, 0);
}

void fvi_pass_free(fvi_pass *p) {
    if (!p) return;
    free_bounds(p);
    g_array_free(p->bounds, TRUE);
    g_array_free(p->crops, TRUE);
    for (int i = 0; i < p->n; i++) g_free(p->why[i]);
    g_free(p->why);
    g_free(p->objectives);
    free(p->x);
    free(p->dx);
    free(p->order);
    free(p);
}

fv_status fvi_pass_reserve(fvi_pass *p, int samples, int64_t count, fv_error *err) {
    if (samples * count <= p->samples * p->count && samples <= p->samples) return FV_OK;
    free(p->x);
    free(p->dx);
    free(p->order);
    size_t values = (size_t)samples * (size_t)count;
    p->x = malloc(values * sizeof *p->x);
    p->dx = malloc(values * sizeof *p->dx);
    p->order = calloc((size_t)samples, sizeof *p->order);
    p->samples = p->x && p->dx && p->order ? samples : 0;
    p->count = count;
    char needed[FVI_MEMORY_TEXT_BYTES];
    return p->samples ? FV_OK
                      : fvi_fail(err, FV_NOMEM, "out of memory for %d inputs of %s", samples,
                                 fvi_memory_text((size_t)count * sizeof(float), needed));
}

const fv_input *fvi_pass_input(const fvi_pass *p) { return p->in; }

fvi_shape fvi_pass_shape(const fvi_pass *p, int64_t samples, int channels, int h, int w) {
    if (p->in->is_image)
        return fvi_network_input_shape(fvi_session_network(p->session), samples, h, w);
    fvi_shape s = {.ndim = p->in->ndim};
    for (int i = 0; i < s.ndim; i++)
        s.dim[i] = i == 0 ? samples : p->in->dim[i] > 0 ? p->in->dim[i] : 1;
    if (s.ndim == 2) s.dim[1] = (int64_t)channels * h * w;
    return s;
}

fv_status fvi_pass_takes_size(const fvi_pass *p, int samples, int h, int w, int *takes,
                              fv_error *err) {
    *takes = 1;
    if (!p->in->is_image || (h == p->in->height && w == p->in->width)) return FV_OK;
    const fvi_objective *o = p->objectives[0];
    const fvi_shape shape = fvi_pass_shape(p, samples, p->in->channels, h, w);
    return fvi_session_takes(p->session, &shape, o->values, o->n_values, takes, err);
}

/* What the samples of one run have in common. */
typedef struct frame {
    const fvi_pass_samples *samples;
    int64_t count; /* numbers of a picture */
    fvi_receptive_crop crop;
    int64_t crop_count; /* of its crop */
} frame;

/* The objectives tied to a plan for `samples` samples. */
static fv_status find_bounds(fvi_pass *p, const frame *f, const fvi_executable *plan,
                             int64_t samples, fvi_bound ***out, fv_error *err) {
    const int h = f->samples->h, w = f->samples->w;
    for (guint i = 0; i < p->bounds->len; i++) {
        bound_set *b = &g_array_index(p->bounds, bound_set, i);
        if (b->h == h && b->w == w && b->samples == samples) {
            *out = b->bound;
            return FV_OK;
        }
    }
    if (p->bounds->len >= MAX_BOUNDS) free_bounds(p);
    bound_set b = {h, w, samples, g_new0(fvi_bound *, (gsize)p->n)};
    fv_status st = FV_OK;
    for (int i = 0; !st && i < p->n; i++)
        st = fvi_objective_bind(p->objectives[i], fvi_executable_graph(plan), samples,
                                f->crop.n_values ? f->crop.value : NULL, &b.bound[i], err);
    g_array_append_val(p->bounds, b);
    *out = b.bound;
    return st;
}

/* The crop that the objectives need of pictures of that size. */
static fv_status find_crop(fvi_pass *p, const fvi_pass_samples *a, fvi_receptive_crop *out,
                           fv_error *err) {
    for (guint i = 0; i < p->crops->len; i++) {
        const crop_of_size *known = &g_array_index(p->crops, crop_of_size, i);
        if (known->h != a->h || known->w != a->w) continue;
        *out = known->crop;
        return FV_OK;
    }
    crop_of_size found = {.h = a->h, .w = a->w};
    const fvi_shape shape = fvi_pass_shape(p, a->samples, a->channels, a->h, a->w);
    const fvi_objective_list objectives = {p->objectives, p->n};
    fv_status st =
        fvi_receptive_crop_find(p->session, &objectives, &shape, a->h, a->w, &found.crop, err);
    if (!st) g_array_append_val(p->crops, found);
    *out = found.crop;
    return st;
}

/* One picture -> the network's input; `room` is as large. */
static void encode(const fvi_pass *p, const frame *f, const float *t, float *room, float *x) {
    if (!p->in->is_image) {
        memcpy(x, t, (size_t)f->count * sizeof *x);
        return;
    }
    if (f->crop.n_values) {
        fvi_receptive_crop_cut(&f->crop, t, f->samples->channels, f->samples->h, f->samples->w,
                               room);
        t = room;
    }
    fvi_encode_range(p->in, t, p->low, p->high, f->crop.h, f->crop.w, x);
}

/* The gradient there -> the gradient at the picture; `room` is as large as dx. */
static void encode_adjoint(const fvi_pass *p, const frame *f, const float *dx, float *room,
                           float *dt) {
    if (!p->in->is_image) {
        memcpy(dt, dx, (size_t)f->count * sizeof *dt);
        return;
    }
    float *cropped = f->crop.n_values ? room : dt;
    fvi_encode_range_adjoint(p->in, dx, p->low, p->high, f->crop.h, f->crop.w, cropped);
    if (f->crop.n_values)
        fvi_receptive_crop_paste(&f->crop, cropped, f->samples->channels, f->samples->h,
                                 f->samples->w, dt);
}

/* Samples from `first` on of a run, on their way in or back. */
typedef struct samples_of {
    const fvi_pass *pass;
    const frame *frame;
    int first;
    const float *from; /* in */
    float *to;         /* back */
} samples_of;

static void encode_one(void *user, int64_t i) {
    const samples_of *s = user;
    const int64_t k = s->first + i, n = s->frame->crop_count;
    encode(s->pass, s->frame, s->from + k * s->frame->count, s->pass->dx + k * n,
           s->pass->x + k * n);
}

static void encode_one_adjoint(void *user, int64_t i) {
    const samples_of *s = user;
    const int64_t k = s->first + i, n = s->frame->crop_count;
    encode_adjoint(s->pass, s->frame, s->pass->dx + k * n, s->pass->x + k * n,
                   s->to + k * s->frame->count);
}

/* Samples first..first + n of `from` -> p->x; p->dx of these is overwritten. */
static void encode_piece(const fvi_pass *p, const frame *f, const float *from, int first,
                         int64_t n) {
    fvi_side_by_side(n, encode_one, &(samples_of){p, f, first, from, NULL});
}

/* Runs the photos of a piece of the batch, and keeps their activations. */
static fv_status remember(const fvi_pass *p, const frame *f, fvi_executable *plan,
                          fvi_bound **bound, int first, int64_t at_once, fv_error *err) {
    const float *targets[FVI_MAX_VALUES];
    encode_piece(p, f, f->samples->photo, first, at_once);
    fv_status st = fvi_executable_set_input(plan, 0, p->x + first * f->crop_count, err);
    if (!st) st = fvi_executable_forward(plan, err);
    for (int v = 0; !st && v < p->objectives[0]->n_values; v++)
        st = fvi_executable_view_target(plan, v, &targets[v], err);
    for (int64_t i = 0; !st && i < at_once; i++)
        st = fvi_bound_remember(bound[(first + i) % p->n], i, targets, err);
    return st;
}

const char *fvi_pass_why(const fvi_pass *p, int i) { return p->why[i % p->n]; }

/* Checks that the samples of a piece are finite, the first of which is sample `first` of the run.
 * The reason is searched for only once for each objective and kept, since the search takes as long
 * as many runs. */
static fv_status check_piece(fvi_pass *p, const fvi_gradient_run *piece, int first, fv_error *err) {
    fv_status st = FV_OK;
    for (int64_t k = 0; !st && k < piece->samples; k++) {
        char **said = &p->why[(first + k) % p->n];
        fv_error why;
        if (*said || !fvi_gradient_check(p->session, piece, k, &why)) continue;
        *said = g_strdup(why.text);
        st = fvi_session_nonfinite(p->session, &why, err);
    }
    return st;
}

/* Samples first..first + at_once - 1, which is as many as the plan runs. */
static fv_status run_piece(fvi_pass *p, const frame *f, fvi_executable *plan, int first,
                           int64_t at_once, fv_error *err) {
    const fvi_pass_samples *a = f->samples;
    const fvi_gradient_run piece = {.plan = plan,
                                    .bound = p->order + first,
                                    .samples = at_once,
                                    .group = p->group,
                                    .x = p->x + first * f->crop_count,
                                    .values = a->values + first,
                                    .dx = p->dx + first * f->crop_count,
                                    .times = p->times};
    fvi_stage_timer(p->times, FV_STAGE_NETWORK);
    encode_piece(p, f, a->t, first, at_once);
    fvi_stage_timer(p->times, FV_STAGE_TRANSFORM);
    fvi_executable_redirect(plan, a->redirect ? a->redirect + first : NULL, at_once);
    fv_status st = fvi_gradient(&piece, err);
    if (!st) st = check_piece(p, &piece, first, err);
    fvi_executable_redirect(plan, NULL, at_once); /* the plan is the session's */
    return st;
}

fv_status fvi_pass_run(fvi_pass *p, const fvi_pass_samples *a, fv_error *err) {
    const fvi_objective *o = p->objectives[0];
    const int samples = a->samples;
    frame f = {.samples = a, .count = (int64_t)a->channels * a->h * a->w};
    int64_t at_once = 0;
    fvi_executable *plan = NULL;
    fvi_bound **bound = NULL;
    fv_status st = find_crop(p, a, &f.crop, err);
    if (st) return st;
    f.crop_count = (int64_t)a->channels * f.crop.h * f.crop.w;
    const fvi_plan_key key = {fvi_pass_shape(p, samples, a->channels, f.crop.h, f.crop.w),
                              o->values, o->n_values, FVI_EXEC_BACKWARD};
    st = fvi_session_plan(p->session, &key, &plan, &at_once, err);
    if (st) return st;
    if (at_once != samples && p->group > 1)
        return fvi_fail(err, FV_UNSUPPORTED,
                        "the network's batch is fixed at %d: pictures cannot be tied together",
                        (int)at_once);
    st = find_bounds(p, &f, plan, at_once, &bound, err);
    if (st) return st;
    fvi_stage_timer(p->times, FV_STAGE_PLAN);
    for (int i = 0; i < samples; i++) p->order[i] = bound[i % p->n];
    for (int i = 0; !st && i < samples; i += (int)at_once) {
        if (fvi_monitor_request(fvi_session_monitor(p->session)) != FV_MONITOR_GO)
            return fvi_monitor_cancelled(i, samples, "samples", err);
        if (a->photo) st = remember(p, &f, plan, bound, i, at_once, err);
        if (!st) st = run_piece(p, &f, plan, i, at_once, err);
    }
    fvi_side_by_side(samples, encode_one_adjoint, &(samples_of){p, &f, 0, NULL, a->t});
    return st;
}
