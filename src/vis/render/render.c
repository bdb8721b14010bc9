/* SPDX-License-Identifier: Apache-2.0 */
/* render: a call of fv_render_many. Its units are read, its pictures made batch by batch (batch.c),
 * and handed over.
 *
 * A unit has no gradient only if it has none from several starts: other random numbers, and grey,
 * bright and dark pictures. Every start is a change of options, so the picture's metadata says how
 * it is made again. One evaluation tells whether a start has a gradient.
 */
#include "vis/render/render.h"

#include <glib.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/desc.h"
#include "base/error.h"
#include "model/network/lower.h"
#include "runtime/memory_budget.h"
#include "runtime/model_state.h"
#include "runtime/monitor.h"
#include "vis/recipe/recipe.h"
#include "vis/recipe/unused.h"
#include "vis/render/batch.h"
#include "vis/render/batch_size.h"
#include "vis/render/rendering.h"
#include "vis/update/gradient.h"

#define SIDE_MAX   32768 /* of a picture that grows from level to level */
#define NAME_BYTES 1024
#define MAX_BATCH  1024
#define BIAS       2.0f /* of bright pictures before a sigmoid, which makes 0.88 of it */

/* ---- other starts --------------------------------------------------------------------------- */

typedef struct other_start {
    const char *name;
    int seed;         /* added to the call's */
    float brightness; /* share of white; 0: as random as the recipe says */
} other_start;

static const other_start starts[] = {
    {"another seed", 1, 0},        {"another seed", 2, 0},      {"a grey picture", 0, 0.5f},
    {"a bright picture", 0, 0.9f}, {"a dark picture", 0, 0.1f},
};

/* Whether a start can be tried. */
static int applies(const other_start *s, const fvi_job *j, const fvi_settings *d) {
    if (!s->brightness) return 1;
    return fvi_network_input(j->model->network)->is_image && !d->start_is_set;
}

/* A brightness before the sigmoid where there is one: not all parametrisations can begin with it.
 */
static void begin_with(const other_start *s, fvi_settings *d) {
    d->seed += (uint64_t)s->seed;
    d->other_start = s->name;
    if (!s->brightness) return;
    if (d->param.output_activation == FVI_OUTPUT_SIGMOID && s->brightness != 0.5f) {
        d->param.bias = s->brightness > 0.5f ? BIAS : -BIAS;
        return;
    }
    d->start.kind = FVI_START_GREY;
    d->start.mean = d->param.low + (d->param.high - d->param.low) * s->brightness;
    d->start.sd = 0;
}

/* Whether the picture has a gradient before its first update. */
static fv_status has_gradient(fvi_job *j, int picture, int *has, fv_error *err) {
    fvi_batch b;
    fv_status st = fvi_batch_new(j, picture, 1, 1, &b, err);
    if (!st) st = fvi_batch_enter_level(&b, err);
    if (!st) fvi_batch_decode(&b);
    if (!st) st = fvi_batch_evaluate(&b, 0, 0, err);
    *has = !st && b.health[0].kind == FVI_GRADIENT_SOUND;
    fvi_batch_clear(&b);
    return st;
}

/* Makes the picture anew. *made stays where that has no gradient in the end. */
static fv_status make_again(fvi_job *j, int picture, fv_rendering **made, fv_error *err) {
    const fvi_unit *u = fvi_job_unit(j, picture);
    const fvi_schedule_settings *s = &u->setup->desc.schedule;
    fv_rendering *again = NULL;
    fvi_batch b;
    const int updates = s->levels * s->steps;
    j->total += updates < INT_MAX - j->total ? updates : INT_MAX - j->total;
    fv_status st = fvi_batch_new(j, picture, 1, 1, &b, err);
    if (!st) st = fvi_batch_run(&b, err);
    if (!st && b.p[0].alive)
        st = fvi_rendering_new(j->session, &b.p[0], u->name, j->stopped, &again, err);
    fvi_batch_clear(&b);
    if (!again) return st;
    again->batch = 1;
    fv_rendering_free(*made);
    *made = again;
    return FV_OK;
}

/* Makes a picture whose gradient vanished again from the first other start with a gradient; it
 * stays where there is none. Nothing is tried where the call begins with a picture, or joint terms
 * tie pictures together. A start with numbers that are not finite is no better. picture  its index
 * in the call made     its rendering, replaced */
static fv_status retry(fvi_job *j, int picture, fv_rendering **made, fv_error *err) {
    fvi_unit *u = fvi_job_unit(j, picture);
    fvi_setup *own = u->setup, other;
    fv_status st = FV_OK;
    if (own->desc.start.kind == FVI_START_IMAGE || fvi_objective_is_joint(&u->objective))
        return FV_OK;
    u->setup = &other;
    for (size_t i = 0; !st && !j->stopped && (*made)->dead && i < G_N_ELEMENTS(starts); i++) {
        int has = 0;
        if (!applies(&starts[i], j, &own->desc)) continue;
        other = *own;
        begin_with(&starts[i], &other.desc);
        st = has_gradient(j, picture, &has, err);
        if (has) st = make_again(j, picture, made, err);
        if (st == FV_NONFINITE || j->stopped) st = FV_OK;
    }
    u->setup = own;
    return st;
}

/* ---- pictures ------------------------------------------------------------------------------- */

/* Sizes of the levels: growing from the asked size (as MATLAB's reference, cut to whole pixels), or
 * shrinking towards it (as DeepDream, rounded). */
static fv_status set_sizes(fvi_setup *setup, fv_error *err) {
    const fvi_schedule_settings *s = &setup->desc.schedule;
    int h = setup->desc.height, w = setup->desc.width;
    const double most = fmax(h, w) * pow((double)s->level_scale, s->levels - 1);
    if (s->octave_order == FVI_OCTAVES_FROM_SIZE && s->levels > 1 && most > SIDE_MAX)
        return fvi_fail(err, FV_ARG,
                        "levels: after %d of %g the picture would be %.0f pixels long; allowed: "
                        "at most %d",
                        s->levels, (double)s->level_scale, most, SIDE_MAX);
    setup->n_sizes = s->levels;
    for (int i = 0; i < s->levels; i++) {
        int at = s->octave_order == FVI_OCTAVES_FROM_SIZE ? i : s->levels - 1 - i;
        setup->size[at][0] = h;
        setup->size[at][1] = w;
        double scale =
            s->octave_order == FVI_OCTAVES_FROM_SIZE ? s->level_scale : 1 / (double)s->level_scale;
        double half = s->octave_order == FVI_OCTAVES_FROM_SIZE ? 1e-6 : 0.5;
        h = MAX(1, (int)floor(h * scale + half));
        w = MAX(1, (int)floor(w * scale + half));
    }
    return FV_OK;
}

/* Shows the caller the pictures of a batch that is done; what it takes is no longer ours. */
static fv_status hand_out(const fvi_job *j, int first, int n, fv_error *err) {
    const fv_render_desc *d = j->call;
    fv_status st = FV_OK;
    for (int i = first; !st && !j->stopped && d->finished && i < first + n; i++) {
        int taken = 0;
        st = d->finished(d->user, i, j->made[i], &taken, err);
        if (taken) j->made[i] = NULL;
    }
    return st;
}

/* Makes pictures first..first + n - 1 side by side; those made are the job's, also on failure.
 *   vanished  [n] set where a gradient did */
static fv_status make_batch(fvi_job *j, int first, int n, int group, char *vanished,
                            fv_error *err) {
    fvi_batch b;
    fv_status st = fvi_batch_new(j, first, n, group, &b, err);
    if (!st) st = fvi_batch_run(&b, err);
    for (int i = 0; !st && fvi_batch_begun(&b) && i < n; i++) {
        fv_rendering **made = &j->made[first + i];
        vanished[i] = !b.p[i].alive && !b.p[i].broken;
        st = fvi_rendering_new(j->session, &b.p[i], fvi_job_unit(j, first + i)->name, j->stopped,
                               made, err);
        if (!st) (*made)->batch = n;
        j->begun += !st;
    }
    fvi_batch_clear(&b);
    return st;
}

/* Updates of all batches from picture `first` on, as they are chosen now. */
static int planned_updates(const fvi_job *j, int first) {
    int sum = 0, group;
    for (int i = first; i < j->count * j->restarts; i += fvi_batch_length(j, i, &group)) {
        const fvi_schedule_settings *s = &fvi_job_unit(j, i)->setup->desc.schedule;
        const int updates = s->levels * s->steps; /* at most 32 * 1,000,000 */
        sum += MIN(updates, INT_MAX - sum);       /* without overflow */
    }
    return sum;
}

/* Takes back a batch of n that did not fit the device's memory, and halves the batch from there on.
 *   done     updates before it
 *   returns  the pictures of the smaller batch */
static int halve(fvi_job *j, int first, int n, int done) {
    int group;
    for (int i = first; i < first + n; i++) {
        j->begun -= j->made[i] != NULL;
        fv_rendering_free(j->made[i]);
        j->made[i] = NULL;
    }
    fvi_session_drop_plans(j->session);
    fvi_job_unit(j, first)->setup->desc.batch = n / 2;
    j->done = done;
    const int planned = planned_updates(j, first);
    j->total = planned < INT_MAX - done ? done + planned : INT_MAX;
    return fvi_batch_length(j, first, &group);
}

/* make_batch; where an accelerator has too little memory for all pictures at once, of fewer.
 *   n  in and out */
static fv_status make_fitting(fvi_job *j, int first, int *n, int group, char *vanished,
                              fv_error *err) {
    const int asked = *n, done = j->done;
    fv_error why = {0}, last;
    fv_status st;
    for (;;) {
        fvi_session_insist(j->session, *n > group);
        st = make_batch(j, first, *n, group, vanished, &last);
        if (st != FV_NOMEM || *n <= group || !fv_session_accelerator(j->session)) break;
        if (*n == asked) why = last;
        *n = halve(j, first, *n, done);
    }
    fvi_session_insist(j->session, 0);
    if (st) return fvi_fail(err, st, "%s", last.text);
    if (*n < asked) {
        char *text = g_strdup_printf("%d pictures at once are too many for the device's memory: %d "
                                     "from here on (%s)",
                                     asked, *n, why.text);
        fvi_monitor_note(fvi_session_monitor(j->session), text);
        g_free(text);
    }
    return FV_OK;
}

/*   n  in: pictures to make; out: those made */
static fv_status render_batch(fvi_job *j, int first, int *n, int group, fv_error *err) {
    char *vanished = g_new0(char, (gsize)*n); /* whose gradient did */
    fv_status st = make_fitting(j, first, n, group, vanished, err);
    for (int i = 0; !st && !j->stopped && i < *n; i++)
        if (vanished[i]) st = retry(j, first + i, &j->made[first + i], err);
    g_free(vanished);
    return st ? st : hand_out(j, first, *n, err);
}

static fv_status render_all(fvi_job *j, fv_error *err) {
    int total = j->count * j->restarts, group;
    int64_t results = 0;
    fv_status st = FV_OK;
    for (int i = 0; !st && i < j->n_setups; i++) st = set_sizes(&j->setups[i], err);
    if (st) return st;
    fvi_session_insist(j->session, 1); /* a batch too large for the device is not chosen */
    st = fvi_batch_size_choose(j, err);
    fvi_session_insist(j->session, 0);
    for (int i = 0, n; i < total; i += n) {
        n = fvi_batch_length(j, i, &group);
        const fvi_fit f = fvi_batch_fit(j, i, n, group);
        results += (int64_t)n * (int64_t)fvi_fit_result_bytes(&fvi_job_unit(j, i)->setup->desc, &f);
    }
    j->total = planned_updates(j, 0);
    fvi_budget_hold(j->model, results);
    for (int i = 0; !st && i < total && !j->stopped;) {
        int n = fvi_batch_length(j, i, &group);
        st = render_batch(j, i, &n, group, err);
        i += n;
    }
    fvi_budget_hold(j->model, -results);
    return !st && !j->begun ? fvi_monitor_cancelled(0, j->total, "updates", err) : st;
}

/* One objective: its name, and with the regulariser's terms. */
static fv_status resolve_unit(const fvi_job *j, const fv_objective *objective, fvi_unit *u,
                              fv_error *err) {
    const fvi_network *net = j->model->network;
    const fvi_reduction reduction = u->setup->desc.reduction;
    const fv_objective *more = u->setup->desc.regularizer.objective;
    fvi_objective bare;
    char text[NAME_BYTES];
    fv_status st = fvi_objective_resolve(objective, NULL, net, reduction, &bare, err);
    if (st) return st;
    fvi_objective_text(&bare, text, sizeof text);
    u->label = fvi_objective_label(&bare);
    if (!(u->name = strdup(text)))
        st = fvi_fail(err, FV_NOMEM, "out of memory");
    else if (bare.n_values == 0)
        st = fvi_fail(err, FV_ARG, "objective \"%s\" asks nothing of the network", text);
    fvi_objective_clear(&bare);
    return st ? st : fvi_objective_resolve(objective, more, net, reduction, &u->objective, err);
}

static void hand_over(fvi_job *j, fv_rendering **out, fv_status st) {
    for (int i = 0; j->made && i < j->count * j->restarts; i++) {
        if (st)
            fv_rendering_free(j->made[i]);
        else
            out[i] = j->made[i];
    }
    for (int i = 0; j->units && i < j->count; i++) {
        fvi_objective_clear(&j->units[i].objective);
        free(j->units[i].name);
        g_free(j->units[i].label);
    }
    free(j->made);
    free(j->units);
    free(j->setups);
}

/* That the call can run as it is asked for.  restarts  of each of its objectives */
static fv_status check_call(const fvi_render_request *request, int restarts, fv_error *err) {
    const fv_render_desc *call = &request->desc;
    const int count = request->count;
    if (count < 1) return fvi_fail(err, FV_ARG, "%d objectives to render; at least 1", count);
    if (call->batch < 0 || call->batch > MAX_BATCH)
        return fvi_fail(err, FV_ARG, "batch is %d; allowed: 0 (chosen) to %d", call->batch,
                        MAX_BATCH);
    if (call->snapshot_every < 0)
        return fvi_fail(err, FV_ARG, "snapshot_every is %d; allowed: 0 (none) and more",
                        call->snapshot_every);
    if (count > INT_MAX / restarts)
        return fvi_fail(err, FV_ARG, "%d objectives from %d starts each are too many pictures",
                        count, restarts);
    return FV_OK;
}

/* That the network's input can be optimised. */
static fv_status check_input(const fvi_network *net, fv_error *err) {
    const fv_input *in = fvi_network_input(net);
    return in->is_image ? FV_OK : fvi_gradient_check_type(net, in->name, err);
}

/* Pictures of each objective. */
static int restarts_of(const fvi_render_request *request) {
    if (request->restarts) return request->restarts;
    return request->recipe ? request->recipe->settings.restarts : 1;
}

/* The job's setups and units, of the settings that the recipe has for each objective. */
static fv_status set_up(fvi_job *j, const fvi_render_request *request, const fvi_call_settings *c,
                        fv_error *err) {
    fv_status st = FV_OK;
    j->n_setups = c->n;
    j->setups = calloc((size_t)c->n, sizeof *j->setups);
    j->units = calloc((size_t)j->count, sizeof *j->units);
    j->made = calloc((size_t)j->count * (size_t)j->restarts, sizeof *j->made);
    if (!j->setups || !j->units || !j->made)
        return fvi_fail(err, FV_NOMEM, "out of memory for %d pictures", j->count * j->restarts);
    for (int i = 0; i < c->n; i++) {
        fvi_settings *d = &j->setups[i].desc;
        *d = c->list[i];
        d->restarts = j->restarts;
        d->batch = request->desc.batch;
        d->on_nan = fvi_session_on_nan(j->session);
        d->times = request->times;
    }
    for (int i = 0; !st && i < j->count; i++) {
        j->units[i].setup = &j->setups[c->of[i]];
        st = resolve_unit(j, request->objectives[i], &j->units[i], err);
    }
    return st;
}

/* The first unit with setup i. */
static fvi_unit *first_unit(const fvi_job *j, int i) {
    fvi_unit *u = j->units;
    while (u->setup != &j->setups[i]) u++;
    return u;
}

/* A device that makes updates compiles a program for each size: where transforms draw sizes, one
 * more brings them all to one, which the picture's options then say: to the network's own, if it
 * takes no other, else to what the picture has without its random scale, or where sides or margins
 * make that no square, to the picture's size. */
static fv_status use_one_size(const fvi_job *j, const fvi_unit *u, fv_error *err) {
    fvi_settings *d = &u->setup->desc;
    fvi_transforms *t = &d->transforms;
    const int is_square = d->width == d->height && !d->display.margin;
    const int side = is_square ? fvi_transforms_usual_side(t, d->width) : 0;
    const fvi_shape shape = fvi_network_input_shape(j->model->network, 1, side ? side : d->height,
                                                    side ? side : d->width);
    int takes = 0;
    if (!fvi_device_has_updates(fvi_session_device(j->session)) ||
        !fvi_network_input(j->model->network)->is_image || !fvi_transforms_draw_size(t) ||
        t->count >= FVI_MAX_TRANSFORMS)
        return FV_OK;
    const fv_status st = fvi_session_takes(j->session, &shape, u->objective.values,
                                           u->objective.n_values, &takes, err);
    if (st) return st;
    const int to = takes ? side : 0;
    if (!to) d->view = takes ? FVI_VIEW_PICTURE : FVI_VIEW_MODEL;
    t->list[t->count++] = (fvi_transform){.kind = FVI_TRANSFORM_RESIZE, .v = {(float)to}};
    char *text =
        g_strdup_printf("on this device transforms that draw sizes end in resize(%d): each "
                        "size would be a program to compile",
                        to);
    fvi_monitor_note(fvi_session_monitor(j->session), text);
    g_free(text);
    return FV_OK;
}

/* Notes the options of the recipe that were set and have no effect. */
static void note_unused(const fv_session *session, const fv_recipe *recipe,
                        const fvi_call_settings *c) {
    if (!recipe) return;
    GPtrArray *texts = g_ptr_array_new_with_free_func(g_free);
    fvi_options_unused(c, recipe->set, texts);
    for (guint i = 0; i < texts->len; i++)
        fvi_monitor_note(fvi_session_monitor(session), texts->pdata[i]);
    g_ptr_array_free(texts, TRUE);
}

fv_status fvi_render(fv_session *session, const fvi_render_request *request, fv_rendering **out,
                     fv_error *err) {
    FVI_USE_THREADS(session);
    fvi_job j = {.model = fvi_session_model(session),
                 .session = session,
                 .call = &request->desc,
                 .count = request->count,
                 .restarts = restarts_of(request)};
    fvi_call_settings c = {0};
    fv_status st = check_call(request, j.restarts, err);
    if (!st) st = check_input(j.model->network, err);
    if (!st)
        st = fvi_recipe_settings(request->recipe, j.model, request->objectives, j.count, &c, err);
    if (!st) note_unused(session, request->recipe, &c);
    if (!st) st = set_up(&j, request, &c, err);
    for (int i = 0; !st && i < j.n_setups; i++) st = use_one_size(&j, first_unit(&j, i), err);
    if (!st && fvi_session_threads(session) > 1) /* for the texts */
        fvi_network_hash_early(j.model->network);
    if (!st) st = render_all(&j, err);
    hand_over(&j, out, st);
    fvi_call_settings_clear(&c);
    return st;
}

fv_status fv_render_many(fv_session *session, const fv_objective *const *objectives, int count,
                         const fv_recipe *recipe, const fv_render_desc *desc, fv_rendering **out,
                         fv_error *err) {
    fvi_render_request request = {.objectives = objectives, .count = count, .recipe = recipe};
    fv_status st = FVI_NOT_NULL(err, session, objectives, out);
    if (!st) st = FVI_DESC_READ(fv_render_desc, user, desc, &request.desc, err);
    return st ? st : fvi_render(session, &request, out, err);
}

fv_status fv_render(fv_session *session, const char *objective, const fv_recipe *recipe,
                    fv_image **out, fv_error *err) {
    fv_status st = FVI_NOT_NULL(err, session, objective, out);
    if (st) return st;
    fv_rendering *r = NULL;
    fv_objective *o = NULL;
    st = fv_objective_new(fvi_session_model(session), objective, NULL, 0, &o, err);
    const fvi_render_request request = {
        .objectives = (const fv_objective *const *)&o, .count = 1, .recipe = recipe, .restarts = 1};
    if (!st) st = fvi_render(session, &request, &r, err);
    fv_objective_free(o);
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
