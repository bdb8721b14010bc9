/* SPDX-License-Identifier: Apache-2.0 */
/* device_update: gives an update its numbers, runs it, and reads what came of it.
 *
 * A run computes every picture's next parameters along with its value. Which pictures go on is
 * known only after their values: where that differs from what was assumed (a picture has stopped,
 * or has met numbers that are not finite), the run is repeated with the same random choices before
 * it is accepted.
 */
#include "vis/update/device_update.h"

#include <glib.h>
#include <math.h>
#include <string.h>

#include "base/error.h"

struct fvi_device_update {
    fvi_update_site site;
    int numbered; /* the step for which the optimiser's numbers were made; -1 */
    fvi_update_graphs graphs;
    fvi_update *update;
    unsigned char *redirected, *was_broken; /* [samples]; [n] */
    float *results;                         /* [FVI_RESULTS][n] */
    float *room;                            /* [n][the most numbers of a state] */
};

static fvi_picture *picture(const fvi_device_update *u, int64_t i) {
    return fvi_update_picture(&u->site, (int)i);
}

/* ---- making ---------------------------------------------------------------------------------- */

/* Numbers of one picture in a state, and where the host has them; NULL: it has not. */
static float *host_state(const fvi_picture *p, fvi_update_state which, int64_t *count) {
    *count = which == FVI_STATE_BEST_VALUE ? 1 : which == FVI_STATE_ALPHA ? p->count : p->n_params;
    switch (which) {
    case FVI_STATE_PARAMS: return p->params;
    case FVI_STATE_GOOD: return p->good;
    case FVI_STATE_BEST: return p->best;
    case FVI_STATE_ALPHA: return p->alpha;
    default: return NULL;
    }
}

/* States begin as the pictures are, moments as zeros. */
static fv_status set_states(fvi_device_update *u, fv_error *err) {
    fv_status st = FV_OK;
    for (int k = 0; k < FVI_STATE_COUNT && !st; k++) {
        int64_t count;
        if (u->graphs.state[k] < 0) continue;
        for (int i = 0; i < u->site.n; i++) {
            const float *from = host_state(picture(u, i), (fvi_update_state)k, &count);
            float *to = u->room + i * count;
            for (int64_t j = 0; !from && j < count; j++)
                to[j] = k == FVI_STATE_BEST_VALUE ? -INFINITY : 0;
            if (from) memcpy(to, from, (size_t)count * sizeof *to);
        }
        st = fvi_update_set_state(u->update, u->graphs.state[k], u->room, err);
    }
    return st;
}

/* Gives one of the two lists' inputs their numbers.  first  the index of its first input */
static fv_status give(fvi_device_update *u, int list, fvi_given_when when, fv_error *err) {
    const GArray *inputs = u->graphs.given[list].list;
    const int first = list ? (int)u->graphs.given[0].list->len : 0;
    fv_status st = FV_OK;
    for (guint i = 0; i < inputs->len && !st; i++) {
        const fvi_given *g = &g_array_index(inputs, fvi_given, i);
        if (g->when == when) st = fvi_update_give(u->update, first + (int)i, g->data, err);
    }
    return st;
}

static fv_status make_update(fvi_device_update *u, fv_error *err) {
    fvi_update_graphs *g = &u->graphs;
    const fvi_update_desc desc = {.step = g->step,
                                  .rule = g->rule,
                                  .between = g->between,
                                  .between_at = g->between_at,
                                  .step_inputs = g->step_inputs,
                                  .rule_inputs = g->rule_inputs,
                                  .states = g->states,
                                  .given = (int)(g->given[0].list->len + g->given[1].list->len),
                                  .samples = g->samples};
    g->step = g->rule = g->between = NULL; /* the update's */
    fv_status st = fvi_update_new(fvi_session_device(u->site.session), &desc, &u->update, err);
    if (!st) st = set_states(u, err);
    for (int list = 0; list < 2 && !st; list++) st = give(u, list, FVI_GIVEN_ONCE, err);
    return st;
}

fv_status fvi_device_update_new(const fvi_update_site *site, fvi_device_update **out,
                                fv_error *err) {
    const int64_t most = MAX(site->pictures[0].n_params, site->pictures[0].count);
    if (!fvi_device_has_updates(fvi_session_device(site->session)))
        return fvi_fail(err, FV_UNSUPPORTED, "the device makes no updates");
    fvi_device_update *u = g_new0(fvi_device_update, 1);
    u->site = *site;
    u->numbered = -1;
    fv_status st = fvi_update_graphs_make(site, &u->graphs, err);
    u->results = g_new0(float, FVI_RESULTS *(gsize)site->n);
    u->was_broken = g_new0(unsigned char, (gsize)site->n);
    u->redirected = g_new0(unsigned char, (gsize)MAX(u->graphs.samples, 1));
    u->room = g_try_new(float, (gsize)(most * site->n));
    if (!st && !u->room) st = fvi_fail(err, FV_NOMEM, "no memory for %d pictures", site->n);
    if (!st) st = make_update(u, err);
    if (st)
        fvi_device_update_free(u);
    else
        *out = u;
    return st;
}

void fvi_device_update_free(fvi_device_update *u) {
    if (!u) return;
    fvi_update_free(u->update);
    fvi_update_graphs_clear(&u->graphs);
    g_free(u->redirected);
    g_free(u->was_broken);
    g_free(u->results);
    g_free(u->room);
    g_free(u);
}

/* ---- evaluating ------------------------------------------------------------------------------ */

/* The random choices of all samples. */
static void draw(const fvi_device_update *u, uint32_t evaluation, float progress) {
    const fvi_settings *d = u->site.desc;
    int h, w;
    for (int i = 0; i < u->graphs.samples; i++) {
        const fvi_picture *p = picture(u, i % u->site.n);
        const int copy = i / u->site.n;
        fvi_chain *chain = p->chain[copy];
        const fvi_draw_key key = {d->seed, p->key,
                                  evaluation * (uint32_t)d->schedule.copies + (uint32_t)copy,
                                  FVI_DRAW_TRANSFORM, progress};
        fvi_chain_draw(chain, &key, &h, &w);
        fvi_chain_fill(u->graphs.chain, chain, i);
    }
}

/* Those of the in-place transforms, and whose pictures are moved. */
static void draw_in_place(const fvi_device_update *u, uint32_t evaluation) {
    int h, w;
    for (int i = 0; i < u->site.n && u->graphs.moves; i++) {
        const fvi_picture *p = picture(u, i);
        const fvi_draw_key key = {u->site.desc->seed, p->key, evaluation, FVI_DRAW_IN_PLACE, 0};
        fvi_chain_draw(p->in_place, &key, &h, &w);
        fvi_chain_fill(u->graphs.in_place, p->in_place, i);
        u->graphs.moves[i] = !p->frozen;
    }
}

/* What the rule is given: the optimiser's numbers once a step, and who is assumed to go on. */
static void fill_rule(fvi_device_update *u, int step, float progress) {
    const fvi_regularizer_settings *r = &u->site.desc->regularizer;
    if (u->numbered != step)
        fvi_optimizer_numbers(picture(u, 0)->optimizer, progress, u->graphs.numbers);
    u->numbered = step;
    if (u->graphs.keep) *u->graphs.keep = (step + 1) % r->every == 0 ? 1 - r->decay : 1;
    for (int i = 0; i < u->site.n; i++) {
        const fvi_picture *p = picture(u, i);
        u->graphs.mode[i] = p->frozen || p->broken ? FVI_UPDATE_STAYS : FVI_UPDATE_MOVES;
        u->was_broken[i] = p->broken != 0;
    }
}

static void redirect(fvi_device_update *u, int on) {
    int any = 0;
    for (int i = 0; i < u->graphs.samples; i++) {
        u->redirected[i] = on && picture(u, i % u->site.n)->redirected;
        any |= u->redirected[i];
    }
    fvi_update_redirect(u->update, any ? u->redirected : NULL);
}

fv_status fvi_device_update_evaluate(fvi_device_update *u, int step, float progress,
                                     uint32_t evaluation, int on, fvi_gradient_health *health,
                                     fv_error *err) {
    draw(u, evaluation, progress);
    draw_in_place(u, evaluation);
    fill_rule(u, step, progress);
    redirect(u, on);
    fv_status st = FV_OK;
    for (int list = 0; list < 2 && !st; list++) st = give(u, list, FVI_GIVEN_EACH_UPDATE, err);
    if (!st) st = fvi_update_run(u->update, err);
    if (!st) st = fvi_update_read_result(u->update, 0, u->results, err);
    for (int i = 0; i < u->site.there && !st; i++) {
        const int n = u->site.n;
        const float *of = u->results + i;
        picture(u, i)->value = of[FVI_RESULT_VALUE * n];
        health[i] = fvi_gradient_health_known(of[FVI_RESULT_VALUE * n], of[FVI_RESULT_LARGEST * n],
                                              of[FVI_RESULT_NORM * n]);
    }
    return st;
}

/* ---- stepping -------------------------------------------------------------------------------- */

fv_status fvi_device_update_step(fvi_device_update *u, fv_error *err) {
    const int there = u->site.there;
    int changed = 0;
    for (int i = 0; i < there; i++) {
        fvi_picture *p = picture(u, i);
        fvi_update_mode mode = FVI_UPDATE_STAYS;
        if (fvi_picture_begin_step(p))
            mode = FVI_UPDATE_MOVES;
        else if (p->broken && !u->was_broken[i] && p->good)
            mode = FVI_UPDATE_GOES_BACK;
        changed |= u->graphs.mode[i] != (float)mode;
        u->graphs.mode[i] = (float)mode;
    }
    for (int i = there; i < u->site.n; i++) u->graphs.mode[i] = u->graphs.mode[there - 1];
    fv_status st = changed ? give(u, 1, FVI_GIVEN_EACH_UPDATE, err) : FV_OK;
    if (!st && changed) st = fvi_update_run(u->update, err);
    if (!st) fvi_update_accept(u->update);
    return st;
}

fv_status fvi_device_update_fetch(fvi_device_update *u, fv_error *err) {
    fv_status st = FV_OK;
    for (int k = 0; k < FVI_STATE_COUNT && !st; k++) {
        int64_t count;
        if (u->graphs.state[k] < 0 || !host_state(picture(u, 0), (fvi_update_state)k, &count))
            continue;
        st = fvi_update_read_state(u->update, u->graphs.state[k], u->room, err);
        for (int i = 0; i < u->site.there && !st; i++)
            memcpy(host_state(picture(u, i), (fvi_update_state)k, &count), u->room + i * count,
                   (size_t)count * sizeof *u->room);
    }
    return st;
}
