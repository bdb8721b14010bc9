/* SPDX-License-Identifier: Apache-2.0 */
/* render: a call of fv_render_many. Its units are read, its pictures made batch by batch
 * (making.c), and handed over.
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
#include "vis/render/making.h"
#include "vis/render/sharing.h"
#include "vis/update/gradient.h"

#define SIDE_MAX   32768 /* of a picture that grows from level to level */
#define NAME_BYTES 1024
#define MAX_BATCH  1024
#define MAX_OTHERS 255 /* sessions besides the first */

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
    j->total = fvi_planned_updates(j, 0);
    fvi_budget_hold(j->model, results);
    if (!st) st = fvi_share_pictures(j, err);
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

/* That the others of a call's sessions can share its pictures. */
static fv_status check_sessions(const fv_session *session, const fv_render_desc *call,
                                fv_error *err) {
    if (call->other_count < 0 || call->other_count > MAX_OTHERS)
        return fvi_fail(err, FV_ARG, "other_count is %lld; allowed: 0 to %d",
                        (long long)call->other_count, MAX_OTHERS);
    if (call->other_count && !call->others)
        return fvi_fail(err, FV_ARG, "others must not be NULL where other_count is %d",
                        (int)call->other_count);
    for (int i = 0; i < call->other_count; i++) {
        const fv_session *other = call->others[i];
        if (!other || fvi_session_model(other) != fvi_session_model(session))
            return fvi_fail(err, FV_ARG, "others[%d] is %s; allowed: sessions of the same model", i,
                            other ? "of another model" : "NULL");
        int twice = other == session;
        for (int k = 0; k < i; k++) twice |= call->others[k] == other;
        if (twice) return fvi_fail(err, FV_ARG, "others[%d] is there twice", i);
    }
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
        g_strdup_printf("on this device transforms that draw sizes end in resize(%d)%s: each "
                        "size would be a program to compile",
                        to,
                        to      ? ""
                        : takes ? ", the picture's size"
                                : ", the network's size");
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
    if (!st) st = check_sessions(session, &request->desc, err);
    if (!st) st = check_input(j.model->network, err);
    if (!st)
        st = fvi_recipe_settings(request->recipe, j.model, request->objectives, j.count, &c, err);
    if (!st) note_unused(session, request->recipe, &c);
    if (!st) st = set_up(&j, request, &c, err);
    for (int i = 0; !st && i < j.n_setups; i++)
        st = use_one_size(&j, &j.units[fvi_job_first(&j, i)], err);
    if (!st && (fvi_session_threads(session) > 1 || request->desc.other_count)) /* for the texts */
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
