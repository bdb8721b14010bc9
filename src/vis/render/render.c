/* SPDX-License-Identifier: Apache-2.0 */
/* render: the loop. Show, evaluate, climb, level by level; many pictures at a time, each with its
 * own unit and its own random numbers, so that what a picture looks like never depends on its
 * company.
 */
#include <glib.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/desc.h"
#include "base/error.h"
#include "base/parallel.h"
#include "runtime/model.h"
#include "vis/optimize/lbfgs.h"
#include "vis/recipe/recipe.h"
#include "vis/render/evaluate.h"
#include "vis/render/gradient.h"
#include "vis/render/memory_fit.h"
#include "vis/render/render.h"
#include "vis/render/rendering.h"
#include "vis/render/stage_timer.h"

#define SIDE_MAX   32768 /* of a picture at any level */
#define NAME_BYTES 1024
#define MAX_LEVELS 32
#define MAX_BATCH  1024
#define BATCH      8    /* where nothing is tried */
#define TRIAL_MOST 32   /* pictures in a batch that is tried */
#define TRIAL      0.03 /* share of a call's evaluations that may go into trying */
#define SAME       0.02 /* times that differ by less are the same */

/* An objective of the call. */
typedef struct unit {
    fvi_objective objective; /* with the regulariser's terms */
    char *name;              /* in one spelling, without them */
} unit;

/* The whole call. */
typedef struct job {
    const fv_model *model;
    fvi_settings *desc; /* of the recipe, for this call */
    const fv_render_desc *call;
    fv_session *session;
    unit *units; /* [count] */
    int count;
    fv_rendering **made;              /* [count * starts] */
    int n_sizes, size[MAX_LEVELS][2]; /* height, width of each level */
    int done, total, stopped;
} job;

/* Pictures made side by side. */
typedef struct batch {
    job *j;
    fvi_picture *p; /* [n] */
    int n, group;
    fvi_evaluator *evaluator;
    fvi_gradient_health *verdicts; /* [n] of the last evaluation */
    double *values;                /* [n] */
    int *places;                   /* [n] */
    int level, done;               /* level now; updates of all levels */
    size_t bytes;                  /* noted as held */
} batch;

/* Sizes of the levels: growing from the asked size (as MATLAB's reference, cut to whole pixels), or
 * shrinking towards it (as DeepDream, rounded). */
static fv_status set_sizes(job *j, fv_error *err) {
    const fvi_schedule_settings *s = &j->desc->schedule;
    int h = j->desc->height, w = j->desc->width;
    const double most = fmax(h, w) * pow((double)s->level_scale, s->levels - 1);
    if (s->octave_order == FVI_OCTAVES_FROM_SIZE && most > SIDE_MAX)
        return fvi_fail(err, FV_ARG,
                        "levels: after %d of %g the picture would be %.0f pixels long; at most %d",
                        s->levels, (double)s->level_scale, most, SIDE_MAX);
    j->n_sizes = s->levels;
    for (int i = 0; i < s->levels; i++) {
        int at = s->octave_order == FVI_OCTAVES_FROM_SIZE ? i : s->levels - 1 - i;
        j->size[at][0] = h;
        j->size[at][1] = w;
        double scale =
            s->octave_order == FVI_OCTAVES_FROM_SIZE ? s->level_scale : 1 / (double)s->level_scale;
        double half = s->octave_order == FVI_OCTAVES_FROM_SIZE ? 1e-6 : 0.5;
        h = MAX(1, (int)floor(h * scale + half));
        w = MAX(1, (int)floor(w * scale + half));
    }
    return FV_OK;
}

/* What a batch is busy with: "conv1:3", or "conv1:3 and 7 more". */
static void batch_text(const batch *b, char *text, size_t size) {
    const char *first = b->j->units[b->p[0].place / b->j->desc->restarts].name;
    if (b->n == 1)
        g_strlcpy(text, first, size);
    else
        g_snprintf(text, (gulong)size, "%s and %d more", first, b->n - 1);
}

/* Tells the caller where the batch stands, and hears whether to go on. */
static fv_status report(batch *b, int step, fv_error *err) {
    job *j = b->j;
    char what[NAME_BYTES];
    double mean = 0;
    j->done++;
    if (!j->call->progress) return FV_OK;
    for (int i = 0; i < b->n; i++) {
        b->values[i] = b->p[i].value;
        b->places[i] = b->p[i].place;
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
                     .pictures = b->places};
    int wish = j->call->progress(j->call->user, &p);
    if (wish == FV_MONITOR_STOP) j->stopped = 1;
    return wish && wish != FV_MONITOR_STOP
               ? fvi_fail(err, FV_CANCELLED, "cancelled after %d of %d updates", j->done, j->total)
               : FV_OK;
}

static fv_status snapshots(const batch *b, fv_error *err) {
    const fv_render_desc *d = b->j->call;
    if (!d->snapshot || d->snapshot_every < 1 || b->done % d->snapshot_every) return FV_OK;
    for (int i = 0; i < b->n; i++) {
        fv_image *image = NULL;
        fv_status st = fvi_rendering_image(&b->p[i], &image, err);
        if (st) return st;
        d->snapshot(d->user, b->p[i].place, b->done, image);
        fv_image_free(image);
    }
    return FV_OK;
}

static void show(void *user, int64_t i) {
    batch *b = user;
    fvi_picture_decode(&b->p[i], (uint32_t)b->done);
}

static void show_all(batch *b) { fvi_side_by_side(b->n, show, b); }

/* Whether redirected ReLUs may still help at this update. */
static int redirecting(const batch *b) { return b->done < b->j->desc->relu_redirect_steps; }

/* Evaluates all pictures; what is not finite is told with where and when. */
static fv_status look(batch *b, float progress, int redirect, fv_error *err) {
    char what[NAME_BYTES];
    fv_status st =
        fvi_evaluate(b->evaluator, (uint32_t)b->done, progress, redirect, b->verdicts, err);
    if (st == FV_NONFINITE) {
        batch_text(b, what, sizeof what);
        fvi_error_prefix(err, "%.100s, update %d", what, b->done + 1);
    }
    return st;
}

static int is_sound(const batch *b, int i) {
    return b->verdicts[i].kind == FVI_GRADIENT_SOUND && !b->p[i].broken;
}

/* The first evaluation: pictures without any gradient are marked, and get a second one with their
 * ReLUs redirected. */
static fv_status cure_dead(batch *b, float progress, fv_error *err) {
    int sick = 0;
    for (int i = 0; i < b->n; i++) {
        b->p[i].alive = is_sound(b, i);
        b->p[i].redirected = b->verdicts[i].kind == FVI_GRADIENT_VANISHED && redirecting(b);
        sick += b->p[i].redirected;
    }
    return sick ? look(b, progress, 1, err) : FV_OK;
}

static fv_status evaluate(batch *b, int step, fv_error *err) {
    int steps = b->j->desc->schedule.steps, redirect = b->done > 0 && redirecting(b);
    float progress = steps > 1 ? (float)step / (float)(steps - 1) : 0;
    fv_status st = look(b, progress, redirect, err);
    if (!st && b->done == 0) {
        st = cure_dead(b, progress, err);
        redirect = 1;
    }
    for (int i = 0; !st && i < b->n; i++) {
        if (is_sound(b, i) && !(redirect && b->p[i].redirected)) b->p[i].alive = 1;
        fvi_picture_check(&b->p[i], &b->verdicts[i], fvi_evaluator_why(b->evaluator, i));
    }
    return st;
}

/* An update of all pictures of a batch. */
typedef struct climbing {
    batch *b;
    int step;
    fv_status status;
    fv_error *err;
} climbing;

static void climb_one(void *user, int64_t i) {
    climbing *c = user;
    fv_error mine = {0};
    fv_status st = fvi_picture_step(&c->b->p[i], c->step, c->b->j->desc->schedule.steps, &mine);
    if (!st) return;
#pragma omp critical
    {
        c->status = st;
        if (c->err) *c->err = mine;
    }
}

static fv_status climb_all(batch *b, int step, fv_error *err) {
    climbing c = {b, step, FV_OK, err};
    fvi_side_by_side(b->n, climb_one, &c);
    return c.status;
}

static int all_frozen(const batch *b) {
    int frozen = 0;
    for (int i = 0; i < b->n; i++) frozen += b->p[i].frozen;
    return frozen == b->n;
}

/* L-BFGS asks for evaluations itself; every one counts as an update's evaluation. */
typedef struct lbfgs_user {
    batch *b;
    fv_status status;
    fv_error *err;
    int step;
} lbfgs_user;

static double lbfgs_evaluate(void *user, const float *z, float *g, int *stop) {
    lbfgs_user *u = user;
    fvi_picture *p = &u->b->p[0];
    if (z != p->z) memcpy(p->z, z, (size_t)p->numbers * sizeof *z);
    fvi_stage_timer(p->desc->times, FV_STAGE_OPTIMIZER);
    fvi_picture_decode(p, 0);
    u->status = look(u->b, 0, 0, u->err);
    if (u->status == FV_OK) {
        if (u->step == 0) p->first = p->value;
        p->alive |= is_sound(u->b, 0);
        fvi_picture_check(p, u->b->verdicts, fvi_evaluator_why(u->b->evaluator, 0));
    }
    if (u->status == FV_OK && !p->broken) {
        fvi_stage_timer(p->desc->times, FV_STAGE_OPTIMIZER);
        fvi_param_adjoint(p->param, p->z, p->dpixels, g);
        fvi_stage_timer(p->desc->times, FV_STAGE_PARAM);
        u->status = report(u->b, u->step++, u->err);
        p->steps++;
    }
    *stop = u->status != FV_OK || u->b->j->stopped || p->broken;
    return p->broken ? NAN : p->value;
}

static fv_status climb_lbfgs(batch *b, fv_error *err) {
    fvi_picture *p = &b->p[0];
    lbfgs_user u = {b, FV_OK, err, 0};
    float *z = malloc((size_t)p->numbers * sizeof *z);
    if (!z) return fvi_fail(err, FV_NOMEM, "out of memory");
    memcpy(z, p->z, (size_t)p->numbers * sizeof *z);
    fv_status st = fvi_lbfgs(p->numbers, b->j->desc->schedule.steps, lbfgs_evaluate, &u, z, err);
    memcpy(p->z, z, (size_t)p->numbers * sizeof *z);
    free(z);
    return u.status ? u.status : st;
}

static fv_status climb_level(batch *b, fv_error *err) {
    int steps = b->j->desc->schedule.steps;
    fv_status st = FV_OK;
    for (int step = 0; !st && step < steps && !b->j->stopped && !all_frozen(b); step++) {
        show_all(b);
        st = evaluate(b, step, err);
        if (!st) st = climb_all(b, step, err);
        b->done++;
        fvi_stage_timer(b->j->desc->times, FV_STAGE_OPTIMIZER);
        if (!st) st = snapshots(b, err);
        if (!st) st = report(b, step, err);
        fvi_stage_timer(b->j->desc->times, FV_STAGE_OTHER);
    }
    return st;
}

/* Whether units that were redirected to the end have a gradient of their own now. */
static fv_status look_again(batch *b, fv_error *err) {
    int unsure = 0;
    for (int i = 0; i < b->n; i++) unsure += !b->p[i].alive && !b->p[i].broken;
    if (!unsure) return FV_OK;
    fv_status st = look(b, 1, 0, err);
    for (int i = 0; !st && i < b->n; i++) b->p[i].alive |= is_sound(b, i);
    return st;
}

static fv_status enter_level(batch *b, fv_error *err) {
    const job *j = b->j;
    const fvi_settings *d = j->desc;
    const fv_input *in = fvi_network_input(j->model->network);
    const int *size = j->size[b->level], *last = j->size[j->n_sizes - 1];
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

static fv_status climb(batch *b, fv_error *err) {
    const fvi_settings *d = b->j->desc;
    int planned = b->j->done + d->schedule.levels * d->schedule.steps;
    fv_status st = FV_OK;
    for (b->level = 0; !st && b->level < b->j->n_sizes && !b->j->stopped; b->level++) {
        st = enter_level(b, err);
        if (d->times) d->times->mark = fvi_clock();
        if (!st)
            st = d->optimizer.kind == FVI_OPTIMIZER_LBFGS ? climb_lbfgs(b, err)
                                                          : climb_level(b, err);
        for (int i = 0; !st && i < b->n; i++) fvi_picture_settle(&b->p[i]);
    }
    if (!st && !b->j->stopped) {
        st = look_again(b, err);
        b->j->done = planned; /* pictures that stopped early count as done */
    }
    return st;
}

/* Shows the caller the pictures of a batch that is done; what it takes is no longer ours. */
static fv_status hand_out(const job *j, int first, int n, fv_error *err) {
    const fv_render_desc *d = j->call;
    fv_status st = FV_OK;
    for (int i = first; !st && !j->stopped && d->finished && i < first + n; i++) {
        int taken = 0;
        st = d->finished(d->user, i, j->made[i], &taken, err);
        if (taken) j->made[i] = NULL;
    }
    return st;
}

/* What pictures `first`... are, for counting their memory. */
static fvi_fit fit_of(const job *j, int first, int run, int group) {
    return (fvi_fit){.session = j->session,
                     .model = j->model,
                     .objective = &j->units[first / j->desc->restarts].objective,
                     .h = j->size[j->n_sizes - 1][0],
                     .w = j->size[j->n_sizes - 1][1],
                     .group = group,
                     .run = run,
                     .total = j->count * j->desc->restarts};
}

/* Pictures first..first + n - 1, none at a level yet. To be freed, also on failure. */
static fv_status batch_new(job *j, int first, int n, int group, batch *b, fv_error *err) {
    const fvi_settings *d = j->desc;
    const fvi_fit f = fit_of(j, first, n, group);
    *b = (batch){.j = j, .n = n, .group = group};
    b->p = calloc((size_t)n, sizeof *b->p);
    b->verdicts = calloc((size_t)n, sizeof *b->verdicts);
    b->values = calloc((size_t)n, sizeof *b->values);
    b->places = calloc((size_t)n, sizeof *b->places);
    if (!b->p || !b->verdicts || !b->values || !b->places)
        return fvi_fail(err, FV_NOMEM, "out of memory for %d pictures", n);
    for (int i = 0; i < n; i++) {
        const unit *u = &j->units[(first + i) / d->restarts];
        fvi_picture_init(&b->p[i], d, &u->objective, u->name, (first + i) % d->restarts, first + i);
    }
    fv_status st = fvi_fit_batch_bytes(d, &f, n, &b->bytes, err);
    if (!st) fvi_budget_hold(j->model, (int64_t)b->bytes);
    return st ? st : fvi_evaluator_new(j->session, d, b->p, n, group, &b->evaluator, err);
}

static void batch_clear(batch *b) {
    fvi_budget_hold(b->j->model, -(int64_t)b->bytes);
    for (int i = 0; b->p && i < b->n; i++) fvi_picture_clear(&b->p[i]);
    fvi_evaluator_free(b->evaluator);
    free(b->places);
    free(b->values);
    free(b->verdicts);
    free(b->p);
}

static fv_status render_batch(job *j, int first, int n, int group, fv_error *err) {
    batch b;
    fv_status st = batch_new(j, first, n, group, &b, err);
    if (!st) st = climb(&b, err);
    for (int i = 0; !st && i < n; i++) {
        fv_rendering **made = &j->made[first + i];
        st = fvi_rendering_new(j->model, &b.p[i], j->units[(first + i) / j->desc->restarts].name,
                               j->stopped, made, err);
        if (!st) (*made)->batch = n;
    }
    if (!st) st = hand_out(j, first, n, err);
    batch_clear(&b);
    return st;
}

static int same_values(const fvi_objective *a, const fvi_objective *b) {
    if (a->n_values != b->n_values) return 0;
    for (int i = 0; i < a->n_values; i++)
        if (strcmp(a->values[i], b->values[i]) != 0) return 0;
    return 1;
}

/* How many pictures from `from` on share a batch: those of the same values, and of joint objectives
 * only whole ones. */
static int run_length(const job *j, int from, int *group) {
    const fvi_settings *d = j->desc;
    const fvi_objective *first = &j->units[from / d->restarts].objective;
    int total = j->count * d->restarts, joint = fvi_objective_is_joint(first);
    int step = joint ? d->restarts : 1, n = step;
    int most = d->optimizer.kind == FVI_OPTIMIZER_LBFGS ? 1 : d->batch;
    while (n + step <= most && from + n < total) {
        const fvi_objective *next = &j->units[(from + n) / d->restarts].objective;
        if (!same_values(first, next) || fvi_objective_is_joint(next) != joint) break;
        n += step;
    }
    *group = step;
    return n;
}

/* Pictures from the first on that could share a batch. */
static int whole_run(job *j) {
    const int asked = j->desc->batch;
    int group;
    j->desc->batch = INT_MAX;
    const int n = run_length(j, 0, &group);
    j->desc->batch = asked;
    return n;
}

/* Seconds that one evaluation takes a picture in batches of so many, at the largest size: the
 * better of two after one that is not timed.
 *   gradient  of the first picture by itself: made where it is NULL, else compared with
 *   same      whether it is that to the last bit */
static fv_status time_batch(job *j, int size, float **gradient, int *same, double *seconds,
                            fv_error *err) {
    batch b;
    int group;
    j->desc->batch = size;
    const int n = run_length(j, 0, &group);
    double best = INFINITY;
    fv_status st = batch_new(j, 0, n, group, &b, err);
    b.level = j->n_sizes - 1;
    if (!st) st = enter_level(&b, err);
    for (int i = 0; !st && i < 3; i++) {
        const double start = fvi_clock();
        show_all(&b);
        st = look(&b, 0, 0, err);
        if (i) best = fmin(best, fvi_clock() - start);
    }
    if (!st) {
        const size_t bytes = (size_t)b.p[0].count * sizeof(float);
        *same = *gradient && !memcmp(*gradient, b.p[0].dpixels, bytes);
        if (!*gradient && (*gradient = malloc(bytes)) != NULL) {
            memcpy(*gradient, b.p[0].dpixels, bytes);
            *same = 1;
        }
    }
    batch_clear(&b);
    *seconds = best / n;
    return st;
}

/* Chooses the batch for a long call of many pictures: 1, 2, 4, ... are tried while they get better,
 * and while trying takes less than TRIAL of what the pictures will. Of equally good ones the
 * smallest is taken. A size whose gradient is not that of one picture alone, to the last bit, is
 * passed over: so the same call makes the same pictures whatever the trial says. What goes wrong
 * here goes wrong again where it is told. */
static void try_batches(job *j, int most, int run) {
    fvi_settings *d = j->desc;
    const double evaluations = (double)run * d->schedule.steps * d->schedule.levels;
    const double start = fvi_clock();
    float *gradient = NULL;
    double best = INFINITY, tried = 3 + 6; /* what 1 and 2 take */
    int chosen = tried <= TRIAL * evaluations ? 1 : MIN(most, BATCH);
    for (int size = 1; tried <= TRIAL * evaluations && size <= MIN(most, MIN(run, TRIAL_MOST));
         size *= 2) {
        double seconds = 0;
        int same = 0;
        fv_error ignored;
        if (time_batch(j, size, &gradient, &same, &seconds, &ignored)) break;
        if (same && seconds < (1 - SAME) * best) chosen = size;
        if (size >= 4 && seconds > best) break;
        if (same) best = fmin(best, seconds);
        if (fvi_clock() - start > TRIAL / 2 * best * evaluations) break;
        if (size > 1) tried += 6 * size;
    }
    free(gradient);
    d->batch = chosen;
}

/* Brings batch and tile down to what fits the memory, for all pictures alike. */
static fv_status fit_all(job *j, fv_error *err) {
    const int total = j->count * j->desc->restarts;
    fv_status st = FV_OK;
    for (int i = 0, group; !st && i < total && fvi_budget_is_limited(j->model);) {
        const int run = run_length(j, i, &group);
        const fvi_fit f = fit_of(j, i, run, group);
        st = fvi_fit_desc(&f, j->desc, err);
        i += run;
    }
    return st;
}

/* Settles the batch: what is asked for, or what a trial finds best, within the memory. */
static fv_status settle_batch(job *j, fv_error *err) {
    fvi_settings *d = j->desc;
    const int chosen = !d->batch;
    int group;
    if (chosen) d->batch = j->count * d->restarts > 1 ? TRIAL_MOST : BATCH;
    fv_status st = fit_all(j, err);
    const int run = run_length(j, 0, &group), most = d->batch;
    if (st || !chosen) return st;
    if (run > group && d->optimizer.kind != FVI_OPTIMIZER_LBFGS && group == 1 && !d->times)
        try_batches(j, most, whole_run(j));
    else
        d->batch = MIN(most, BATCH);
    return FV_OK;
}

static fv_status render_all(job *j, fv_error *err) {
    const fvi_settings *d = j->desc;
    int total = j->count * d->restarts, group;
    const fv_session_desc how = {.threads = j->call->threads, .on_nan = d->on_nan};
    const int updates = d->schedule.levels * d->schedule.steps; /* at most 32 * 1,000,000 */
    fv_status st = set_sizes(j, err);
    if (st) return st;
    st = fv_session_new(j->model, &how, &j->session, err);
    FVI_USE_THREADS(j->session);
    if (!st) st = settle_batch(j, err);
    const fvi_fit f = fit_of(j, 0, total, 1);
    const int64_t results = (int64_t)total * (int64_t)fvi_fit_result_bytes(d, &f);
    fvi_budget_hold(j->model, results);
    for (int i = 0; i < total; i += run_length(j, i, &group))
        j->total += MIN(updates, INT_MAX - j->total); /* of more nobody waits for the end */
    for (int i = 0; !st && i < total && !j->stopped;) {
        int n = run_length(j, i, &group);
        st = render_batch(j, i, n, group, err);
        i += n;
    }
    fv_session_free(j->session);
    fvi_budget_hold(j->model, -results);
    return st;
}

static fv_status parse_units(job *j, const char *const *objectives, fv_error *err) {
    const fvi_network *net = j->model->network;
    const char *more = *j->desc->regularizer.terms ? j->desc->regularizer.terms : NULL;
    fv_status st = FV_OK;
    for (int i = 0; !st && i < j->count; i++) {
        char text[NAME_BYTES];
        fvi_objective bare = {0};
        st = fvi_objective_parse(net, objectives[i], NULL, j->desc->reduction, &bare, err);
        if (!st) fvi_objective_text(&bare, text, sizeof text);
        if (!st && !(j->units[i].name = strdup(text)))
            st = fvi_fail(err, FV_NOMEM, "out of memory");
        if (!st && bare.n_values == 0)
            st = fvi_fail(err, FV_ARG, "objective \"%s\" asks nothing of the network", text);
        fvi_objective_clear(&bare);
        if (!st)
            st = fvi_objective_parse(net, objectives[i], more, j->desc->reduction,
                                     &j->units[i].objective, err);
    }
    return st;
}

static void hand_over(job *j, fv_rendering **out, fv_status st) {
    for (int i = 0; j->made && i < j->count * j->desc->restarts; i++) {
        if (st)
            fv_rendering_free(j->made[i]);
        else
            out[i] = j->made[i];
    }
    for (int i = 0; j->units && i < j->count; i++) {
        fvi_objective_clear(&j->units[i].objective);
        free(j->units[i].name);
    }
    free(j->made);
    free(j->units);
}

/* How the call runs, and what the recipe says for these units.
 *   owner  as fvi_recipe_settings */
static fv_status prepare(const fv_model *model, const char *const *objectives, int count,
                         const fv_recipe *recipe, const fv_render_desc *call, fvi_settings *d,
                         fv_recipe **owner, fv_error *err) {
    if (count < 1) return fvi_fail(err, FV_ARG, "%d objectives to render; at least 1", count);
    if (call->batch < 0 || call->batch > MAX_BATCH)
        return fvi_fail(err, FV_ARG, "batch is %d; allowed are 0 (chosen) to %d", call->batch,
                        MAX_BATCH);
    if ((int)call->on_nan < 0 || call->on_nan > FV_ON_NAN_KEEP)
        return fvi_fail(err, FV_ARG, "on_nan is %d; allowed are 0 to %d", (int)call->on_nan,
                        FV_ON_NAN_KEEP);
    if (call->snapshot_every < 0)
        return fvi_fail(err, FV_ARG, "snapshot_every is %d; allowed are 0 (none) and more",
                        call->snapshot_every);
    fv_status st = fvi_recipe_settings(recipe, model, objectives, count, d, owner, err);
    if (st) return st;
    d->batch = call->batch;
    d->on_nan = call->on_nan ? call->on_nan : FV_ON_NAN_STOP;
    if (count > INT_MAX / d->restarts)
        st = fvi_fail(err, FV_ARG, "%d objectives from %d starts each are too many pictures", count,
                      d->restarts);
    return st;
}

fv_status fvi_render_timed(const fv_model *model, const char *const *objectives, int count,
                           const fv_recipe *recipe, const fv_render_desc *desc,
                           fvi_stage_times *times, fv_rendering **out, fv_error *err) {
    fv_recipe *owner = NULL;
    fvi_settings d;
    fv_status st = prepare(model, objectives, count, recipe, desc, &d, &owner, err);
    job j = {.model = model, .desc = &d, .call = desc, .count = count};
    if (st) {
        fv_recipe_free(owner);
        return st;
    }
    d.times = times;
    j.units = calloc((size_t)count, sizeof *j.units);
    j.made = calloc((size_t)count * (size_t)d.restarts, sizeof *j.made);
    if (!j.units || !j.made)
        st = fvi_fail(err, FV_NOMEM, "out of memory for %d pictures", count * d.restarts);
    if (!st) st = parse_units(&j, objectives, err);
    if (!st && desc->threads != 1) fvi_network_hash_early(model->network); /* for the texts */
    if (!st) st = render_all(&j, err);
    hand_over(&j, out, st);
    fv_recipe_free(owner);
    return st;
}

fv_status fv_render_many(const fv_model *model, const char *const *objectives, int count,
                         const fv_recipe *recipe, const fv_render_desc *desc, fv_rendering **out,
                         fv_error *err) {
    fv_render_desc call;
    fv_status st = FVI_NOT_NULL(err, model, objectives, out);
    if (!st) st = FVI_DESC_READ(fv_render_desc, user, desc, &call, err);
    return st ? st : fvi_render_timed(model, objectives, count, recipe, &call, NULL, out, err);
}

fv_status fv_render(const fv_model *model, const char *objective, const fv_recipe *recipe,
                    fv_image **out, fv_error *err) {
    const fv_render_desc call = {.struct_size = sizeof call};
    fv_rendering *r = NULL;
    fv_recipe *one = NULL;
    fv_status st = FVI_NOT_NULL(err, model, objective, out);
    if (!st)
        st = recipe ? fv_recipe_copy(recipe, &one, err)
                    : fv_recipe_new(model, NULL, &objective, 1, &one, err);
    if (!st) st = fv_recipe_set(one, "restarts", "1", err);
    if (!st) st = fvi_render_timed(model, &objective, 1, one, &call, NULL, &r, err);
    fv_recipe_free(one);
    if (st) return st;
    if (r->dead) {
        st = fvi_fail(err, FV_NOTFOUND, "\"%.200s\" is dead: %.250s", r->objective, r->why);
    } else {
        *out = r->image;
        r->image = NULL;
    }
    fv_rendering_free(r);
    return st;
}
