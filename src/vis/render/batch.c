/* SPDX-License-Identifier: Apache-2.0 */
/* batch: the optimisation loop: at each level (a size), steps of decode, evaluate, update. All
 * pictures of a batch are optimised together, each with its own unit and its own random numbers,
 * so that a picture never depends on the others of its batch.
 */
#include "vis/render/batch.h"

#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/parallel.h"
#include "runtime/memory_budget.h"
#include "runtime/model_state.h"
#include "runtime/monitor.h"
#include "vis/objective/objective_graph.h"
#include "vis/optimize/lbfgs.h"
#include "vis/render/rendering.h"
#include "vis/update/stage_timer.h"

#define NAME_BYTES 1024

/* ---- making --------------------------------------------------------------------------------- */

fvi_unit *fvi_job_unit(const fvi_job *j, int i) { return &j->units[i / j->restarts]; }

int fvi_job_first(const fvi_job *j, int setup) {
    int first = 0;
    while (j->units[first].setup != &j->setups[setup]) first++;
    return first;
}

int fvi_units_alike(const fvi_job *j, const fvi_unit *a, const fvi_unit *b) {
    const fvi_objective *x = &a->objective, *y = &b->objective;
    if (a->setup != b->setup) return 0;
    if (fvi_device_has_updates(fvi_session_device(j->session))) return fvi_objectives_alike(x, y);
    return fvi_objectives_share_values(x, y) &&
           fvi_objective_is_joint(x) == fvi_objective_is_joint(y);
}

int fvi_batch_room(const fvi_job *j, int first) {
    const fvi_unit *u = fvi_job_unit(j, first);
    const int total = j->count * j->restarts, most = u->setup->desc.batch;
    int from = first, to = first + 1;
    if (fvi_objective_is_joint(&u->objective)) return 1;
    while (from > 0 && to - from < most && fvi_units_alike(j, u, fvi_job_unit(j, from - 1))) from--;
    while (to < total && to - from < most && fvi_units_alike(j, u, fvi_job_unit(j, to))) to++;
    return to - from;
}

fvi_fit fvi_batch_fit(const fvi_job *j, int first, int run, int group) {
    const fvi_unit *u = fvi_job_unit(j, first);
    const int *size = u->setup->size[u->setup->n_sizes - 1];
    return (fvi_fit){.session = j->session,
                     .model = j->model,
                     .objective = &u->objective,
                     .h = size[0],
                     .w = size[1],
                     .group = group,
                     .run = run,
                     .total = j->count * j->restarts};
}

fv_status fvi_batch_new(fvi_job *j, int first, int n, int group, fvi_batch *b, fv_error *err) {
    const fvi_setup *setup = fvi_job_unit(j, first)->setup;
    const fvi_settings *d = &setup->desc;
    const fvi_fit f = fvi_batch_fit(j, first, n, group);
    *b = (fvi_batch){.j = j, .setup = setup, .n = n, .group = group};
    b->p = calloc((size_t)n, sizeof *b->p);
    b->health = calloc((size_t)n, sizeof *b->health);
    b->values = calloc((size_t)n, sizeof *b->values);
    b->indices = calloc((size_t)n, sizeof *b->indices);
    if (!b->p || !b->health || !b->values || !b->indices)
        return fvi_fail(err, FV_NOMEM, "out of memory for %d pictures", n);
    for (int i = 0; i < n; i++) {
        const fvi_unit *u = fvi_job_unit(j, first + i);
        fvi_picture_init(&b->p[i], d, &u->objective, u->name, (first + i) % j->restarts, first + i);
    }
    fv_status st = fvi_fit_batch_bytes(d, &f, n, &b->bytes, err);
    if (!st) fvi_budget_hold(j->model, (int64_t)b->bytes);
    return st ? st : fvi_evaluator_new(j->session, d, b->p, n, group, &b->evaluator, err);
}

void fvi_batch_clear(fvi_batch *b) {
    fvi_budget_hold(b->j->model, -(int64_t)b->bytes);
    fvi_device_update_free(b->device);
    for (int i = 0; b->p && i < b->n; i++) fvi_picture_clear(&b->p[i]);
    fvi_evaluator_free(b->evaluator);
    free(b->indices);
    free(b->values);
    free(b->health);
    free(b->p);
}

/* ---- what the caller sees ------------------------------------------------------------------- */

/* Names the units of a batch: "conv1:3", or "conv1:3 and 7 more". */
static void batch_text(const fvi_batch *b, char *text, size_t size) {
    const char *first = fvi_job_unit(b->j, b->p[0].index)->label;
    if (b->n == 1)
        g_strlcpy(text, first, size);
    else
        g_snprintf(text, (gulong)size, "%s and %d more", first, b->n - 1);
}

static fv_status cancelled(const fvi_job *j, fv_error *err) {
    return fvi_monitor_cancelled(j->done, j->total, "updates", err);
}

/* Reports the progress to the monitor, and acts on its answer. */
static fv_status report(fvi_batch *b, int step, fv_error *err) {
    fvi_job *j = b->j;
    char what[NAME_BYTES];
    double mean = 0;
    if (j->done < b->planned) j->done++; /* L-BFGS may evaluate several times an update */
    for (int i = 0; i < b->n; i++) {
        b->values[i] = b->p[i].value;
        b->indices[i] = b->p[i].index;
        mean += b->values[i] / b->n;
    }
    batch_text(b, what, sizeof what);
    fv_progress p = {.done = j->done,
                     .total = j->total,
                     .objective = mean,
                     .what = what,
                     .iteration = step + 1,
                     .level = b->level + 1,
                     .count = b->n,
                     .objectives = b->values,
                     .pictures = b->indices};
    const int answer = fvi_monitor_report(fvi_session_monitor(j->session), &p);
    if (answer == FV_MONITOR_STOP) j->stopped = 1;
    return answer == FV_MONITOR_CANCEL ? cancelled(j, err) : FV_OK;
}

/* Whether pictures are shown after so many updates: those that were evaluated last. */
static int is_shown(const fvi_batch *b, int done) {
    const fv_render_desc *d = b->j->call;
    return d->snapshot && d->snapshot_every >= 1 && done % d->snapshot_every == 0;
}

static fv_status snapshots(const fvi_batch *b, fv_error *err) {
    const fv_render_desc *d = b->j->call;
    if (!is_shown(b, b->done)) return FV_OK;
    for (int i = 0; i < b->n; i++) {
        fv_image *image = NULL;
        fv_status st = fvi_rendering_image(&b->p[i], &image, err);
        if (st) return st;
        d->snapshot(d->user, b->p[i].index, b->done, image);
        fv_image_free(image);
    }
    return FV_OK;
}

static void decode_one(void *user, int64_t i) {
    fvi_batch *b = user;
    fvi_picture_decode(&b->p[i], (uint32_t)b->done);
}

void fvi_batch_decode(fvi_batch *b) { fvi_side_by_side(b->n, decode_one, b); }

/* Whether ReLUs may be redirected at this update. */
static int redirecting(const fvi_batch *b) { return b->done < b->setup->desc.relu_redirect_steps; }

/* Brings the pictures as they were evaluated from the device. */
static fv_status bring_back(fvi_batch *b, fv_error *err) {
    const fv_status st = fvi_device_update_fetch(b->device, err);
    if (!st) fvi_batch_decode(b);
    return st;
}

/* Why pictures whose numbers on the device are not finite have such numbers: evaluates them here,
 * which explains it. */
static fv_status explain(fvi_batch *b, float progress, int redirect, fv_error *err) {
    fvi_gradient_health *here = g_new0(fvi_gradient_health, (gsize)b->n);
    fv_status st = bring_back(b, err);
    if (!st) st = fvi_evaluate(b->evaluator, (uint32_t)b->done, progress, redirect, here, err);
    g_free(here);
    return st;
}

/* The same on the device. */
static fv_status evaluate_there(fvi_batch *b, float progress, int redirect, fv_error *err) {
    if (fvi_monitor_request(fvi_session_monitor(b->j->session)) != FV_MONITOR_GO)
        return fvi_monitor_cancelled(0, b->n, "samples", err);
    fv_status st = fvi_device_update_evaluate(b->device, b->step, progress, (uint32_t)b->done,
                                              redirect, b->health, err);
    fvi_stage_timer(b->setup->desc.times, FV_STAGE_NETWORK);
    int broken = 0;
    for (int i = 0; i < b->n && !st; i++)
        broken |= b->health[i].kind == FVI_GRADIENT_BROKEN && !b->p[i].broken;
    return broken ? explain(b, progress, redirect, err) : st;
}

/* Says of an error about numbers which pictures, at which update. */
static fv_status with_batch(const fvi_batch *b, fv_status st, fv_error *err) {
    char what[NAME_BYTES];
    if (st != FV_NONFINITE) return st;
    batch_text(b, what, sizeof what);
    fvi_error_prefix(err, "%.100s, update %d", what, b->done + 1);
    return st;
}

fv_status fvi_batch_evaluate(fvi_batch *b, float progress, int redirect, fv_error *err) {
    fv_status st = b->device ? evaluate_there(b, progress, redirect, err)
                             : fvi_evaluate(b->evaluator, (uint32_t)b->done, progress, redirect,
                                            b->health, err);
    if (st == FV_CANCELLED) {
        b->j->stopped = fvi_monitor_request(fvi_session_monitor(b->j->session)) == FV_MONITOR_STOP;
        return cancelled(b->j, err);
    }
    return with_batch(b, st, err);
}

int fvi_batch_begun(const fvi_batch *b) { return b->done > 0 || b->p[0].steps > 0; }

static int is_sound(const fvi_batch *b, int i) {
    return b->health[i].kind == FVI_GRADIENT_SOUND && !b->p[i].broken;
}

/* After the first evaluation: marks pictures whose gradient vanished; if there are any, evaluates
 * again with their ReLUs redirected. */
static fv_status redirect_dead(fvi_batch *b, float progress, fv_error *err) {
    int dead = 0;
    for (int i = 0; i < b->n; i++) {
        b->p[i].alive = is_sound(b, i);
        b->p[i].redirected = b->health[i].kind == FVI_GRADIENT_VANISHED && redirecting(b);
        dead += b->p[i].redirected;
    }
    return dead ? fvi_batch_evaluate(b, progress, 1, err) : FV_OK;
}

/* Evaluates all pictures for an update. If the monitor stops it, the pictures keep the values of
 * the last update. */
static fv_status evaluate(fvi_batch *b, int step, fv_error *err) {
    int steps = b->setup->desc.schedule.steps, redirect = b->done > 0 && redirecting(b);
    float progress = steps > 1 ? (float)step / (float)(steps - 1) : 0;
    for (int i = 0; i < b->n; i++) b->values[i] = b->p[i].value;
    fv_status st = fvi_batch_evaluate(b, progress, redirect, err);
    if (!st && b->done == 0) {
        st = redirect_dead(b, progress, err);
        redirect = 1;
    }
    if (st && b->j->stopped) {
        for (int i = 0; i < b->n; i++) b->p[i].value = b->values[i];
        return FV_OK;
    }
    for (int i = 0; !st && i < b->n; i++) {
        if (is_sound(b, i) && !(redirect && b->p[i].redirected)) b->p[i].alive = 1;
        fvi_picture_check(&b->p[i], &b->health[i], fvi_evaluator_why(b->evaluator, i));
    }
    return st;
}

/* An update of all pictures of a batch. */
typedef struct stepping {
    fvi_batch *b;
    int step;
    fv_status status;
    fv_error *err;
} stepping;

static void step_one(void *user, int64_t i) {
    stepping *c = user;
    fv_error mine = {0};
    fv_status st = fvi_picture_step(&c->b->p[i], c->step, c->b->setup->desc.schedule.steps, &mine);
    if (!st) return;
#pragma omp critical
    {
        c->status = st;
        if (c->err) *c->err = mine;
    }
}

static fv_status step_all(fvi_batch *b, int step, fv_error *err) {
    if (b->device) return fvi_device_update_step(b->device, err);
    stepping c = {b, step, FV_OK, err};
    fvi_side_by_side(b->n, step_one, &c);
    return c.status;
}

static int all_frozen(const fvi_batch *b) {
    int frozen = 0;
    for (int i = 0; i < b->n; i++) frozen += b->p[i].frozen;
    return frozen == b->n;
}

/* L-BFGS requests evaluations itself; each counts as an update. */
typedef struct lbfgs_user {
    fvi_batch *b;
    fv_status status;
    fv_error *err;
    int step;
} lbfgs_user;

static double lbfgs_evaluate(void *user, const float *z, float *g, int *stop) {
    lbfgs_user *u = user;
    fvi_picture *p = &u->b->p[0];
    if (z != p->params) memcpy(p->params, z, (size_t)p->n_params * sizeof *z);
    fvi_stage_timer(p->desc->times, FV_STAGE_OPTIMIZER);
    fvi_picture_decode(p, 0);
    const double before = p->value;
    u->status = fvi_batch_evaluate(u->b, 0, 0, u->err);
    if (u->status && u->b->j->stopped) { /* the best so far stays */
        p->value = before;
        u->status = FV_OK;
        *stop = 1;
        return NAN;
    }
    if (u->status == FV_OK) {
        if (u->step == 0) p->first = p->value;
        p->alive |= is_sound(u->b, 0);
        fvi_picture_check(p, u->b->health, fvi_evaluator_why(u->b->evaluator, 0));
    }
    if (u->status == FV_OK && !p->broken) {
        fvi_stage_timer(p->desc->times, FV_STAGE_OPTIMIZER);
        fvi_param_adjoint(p->param, p->params, p->dpixels, g);
        fvi_stage_timer(p->desc->times, FV_STAGE_PARAM);
        u->status = report(u->b, u->step++, u->err);
        p->steps++;
    }
    *stop = u->status != FV_OK || u->b->j->stopped || p->broken;
    return p->broken ? NAN : p->value;
}

static fv_status run_lbfgs(fvi_batch *b, fv_error *err) {
    fvi_picture *p = &b->p[0];
    lbfgs_user u = {b, FV_OK, err, 0};
    float *z = malloc((size_t)p->n_params * sizeof *z);
    if (!z) return fvi_fail(err, FV_NOMEM, "out of memory");
    memcpy(z, p->params, (size_t)p->n_params * sizeof *z);
    fv_status st =
        fvi_lbfgs(p->n_params, b->setup->desc.schedule.steps, lbfgs_evaluate, &u, z, err);
    memcpy(p->params, z, (size_t)p->n_params * sizeof *z);
    free(z);
    return u.status ? u.status : st;
}

static fv_status run_level(fvi_batch *b, fv_error *err) {
    int steps = b->setup->desc.schedule.steps;
    fv_status st = FV_OK;
    for (int step = 0; !st && step < steps && !b->j->stopped && !all_frozen(b); step++) {
        b->step = step;
        if (!b->device) fvi_batch_decode(b);
        st = evaluate(b, step, err);
        if (b->j->stopped) break;
        if (!st && b->device && is_shown(b, b->done + 1)) st = bring_back(b, err);
        if (!st) st = step_all(b, step, err);
        b->done++;
        fvi_stage_timer(b->setup->desc.times, FV_STAGE_OPTIMIZER);
        if (!st) st = snapshots(b, err);
        if (!st) st = report(b, step, err);
        fvi_stage_timer(b->setup->desc.times, FV_STAGE_OTHER);
    }
    return st;
}

static int is_undecided(const fvi_picture *p) { return !p->alive && !p->broken; }

/* Evaluates once more, without redirected ReLUs, if pictures had no sound gradient without them so
 * far: they are alive if they have one now. The values of the others stay those of their last
 * update, as in a batch in which all are alive. */
static fv_status check_alive(fvi_batch *b, fv_error *err) {
    int undecided = 0;
    for (int i = 0; i < b->n; i++) undecided += is_undecided(&b->p[i]);
    if (!undecided) return FV_OK;
    for (int i = 0; i < b->n; i++) b->values[i] = b->p[i].value;
    fv_status st = fvi_batch_evaluate(b, 1, 0, err);
    for (int i = 0; i < b->n; i++)
        if (!is_undecided(&b->p[i])) b->p[i].value = b->values[i];
    for (int i = 0; !st && i < b->n; i++) b->p[i].alive |= is_sound(b, i);
    return b->j->stopped ? FV_OK : st;
}

fv_status fvi_batch_enter_level(fvi_batch *b, fv_error *err) {
    const fvi_setup *setup = b->setup;
    const fvi_settings *d = &setup->desc;
    const fv_input *in = fvi_network_input(b->j->model->network);
    const int *size = setup->size[b->level], *last = setup->size[setup->n_sizes - 1];
    const fvi_chain_frame frame = fvi_picture_frame(d, in, size[0], size[1]);
    const fvi_chain_frame full = fvi_picture_frame(d, in, last[0], last[1]);
    fv_status st = FV_OK;
    for (int i = 0; !st && i < b->n; i++) {
        b->p[i].margin[0] = fvi_picture_margin(d, size[0]);
        b->p[i].margin[1] = fvi_picture_margin(d, size[1]);
        st = fvi_picture_level(&b->p[i], &frame, full.h, full.w, err);
    }
    return st ? st : fvi_evaluator_level(b->evaluator, err);
}

static int is_lbfgs(const fvi_batch *b) {
    return b->setup->desc.optimizer.kind == FVI_OPTIMIZER_LBFGS;
}

/* Moves the pictures to the device, if it can make their updates. */
static fv_status enter_device(fvi_batch *b, fv_error *err) {
    fvi_job *j = b->j;
    const fvi_update_site site = {.session = j->session,
                                  .desc = &b->setup->desc,
                                  .pictures = b->p,
                                  .there = b->n,
                                  .group = b->group,
                                  .n = MAX(b->n, fvi_batch_room(j, b->p[0].index)),
                                  .pass = fvi_evaluator_pass(b->evaluator)};
    fv_error why;
    if (!fvi_device_has_updates(fvi_session_device(j->session))) return FV_OK;
    const fv_status st = is_lbfgs(b)
                             ? fvi_fail(&why, FV_UNSUPPORTED, "L-BFGS has no form as a graph")
                             : fvi_device_update_new(&site, &b->device, &why);
    const int is_left = st == FV_UNSUPPORTED || /* to the processor */
                        (st == FV_BACKEND && fvi_session_or_processor(j->session));
    if (st && !is_left) {
        if (err) *err = why;
        return with_batch(b, st, err);
    }
    if (st && !j->noted) {
        char *text =
            g_strdup_printf("the network runs on the device, the rest of each update on the "
                            "processor: %s",
                            why.text);
        fvi_monitor_note(fvi_session_monitor(j->session), text);
        g_free(text);
        j->noted = 1;
    }
    return FV_OK;
}

/* Moves them back. */
static fv_status leave_device(fvi_batch *b, fv_error *err) {
    const fv_status st = b->device ? fvi_device_update_fetch(b->device, err) : FV_OK;
    fvi_device_update_free(b->device);
    b->device = NULL;
    return st;
}

fv_status fvi_batch_run(fvi_batch *b, fv_error *err) {
    const fvi_settings *d = &b->setup->desc;
    b->planned = b->j->done + d->schedule.levels * d->schedule.steps;
    fv_status st = FV_OK;
    for (b->level = 0; !st && b->level < b->setup->n_sizes && !b->j->stopped; b->level++) {
        st = fvi_batch_enter_level(b, err);
        if (!st) st = enter_device(b, err);
        if (d->times) d->times->mark = fvi_clock();
        if (!st) st = is_lbfgs(b) ? run_lbfgs(b, err) : run_level(b, err);
        if (!st) st = leave_device(b, err);
        for (int i = 0; !st && i < b->n; i++) fvi_picture_finish(&b->p[i]);
    }
    if (!st && !b->j->stopped) {
        st = check_alive(b, err);
        b->j->done = b->planned; /* pictures that stopped early count as done */
    }
    return st;
}
