/* SPDX-License-Identifier: Apache-2.0 */
/* bench_render: the time of a picture's updates, by stage.
 *
 * A picture is rendered as usual, with its stages timed (stage_timer.h), and the times are read
 * after each update. The first updates, which make plans and touch memory for the first time, are
 * left out. Later plans, for sizes drawn at random, affect the means, but hardly the medians. What
 * an accelerator is given and gives is counted over the same updates.
 */
#include <glib.h>
#include <stdlib.h>

#include "backend/device.h"
#include "base/clock.h"
#include "base/error.h"
#include "bench/bench.h"
#include "runtime/monitor.h"
#include "runtime/session.h"
#include "vis/recipe/recipe.h"
#include "vis/render/render.h"

#define WARM_UP     3
#define MAX_REPEATS 100000

typedef struct watch {
    fvi_stage_times times, before;
    const fvi_device *device;
    const fv_monitor *monitor; /* the caller's, or NULL */
    double start, first;       /* clock at the start, seconds until the first update was done */
    size_t to[2], from[2];     /* bytes copied before the updates that are measured, and after */
    int updates, most;
    double *took; /* [1 + FV_STAGE_COUNT][most] ms of each update: total, and of each stage */
} watch;

const char *fv_stage_name(fv_stage part) {
    static const char *const names[FV_STAGE_COUNT] = {
        "parametrisation", "transforms", "planning", "network", "objective", "optimiser", "other"};
    return (unsigned)part < FV_STAGE_COUNT ? names[part] : "?";
}

static int on_progress(void *user, const fv_progress *progress) {
    watch *w = user;
    (void)progress;
    int i = w->updates++ - WARM_UP;
    if (w->updates == 1) w->first = fvi_clock() - w->start;
    if (i < w->most) fvi_device_copied(w->device, &w->to[i >= 0], &w->from[i >= 0]);
    if (i >= 0 && i < w->most) {
        w->took[i] = 0;
        for (int k = 0; k < FV_STAGE_COUNT; k++) {
            double ms = 1e3 * (w->times.seconds[k] - w->before.seconds[k]);
            w->took[(size_t)(k + 1) * (size_t)w->most + (size_t)i] = ms;
            w->took[i] += ms;
        }
    }
    w->before = w->times;
    return 0;
}

static void on_note(void *user, const char *text) {
    fvi_monitor_note(((watch *)user)->monitor, text);
}

static double mean(const double *x, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) sum += x[i];
    return sum / n;
}

static void sum_up(watch *w, int n, fv_render_bench *r) {
    r->updates = n;
    r->mean_ms = mean(w->took, n);
    r->step_ms = fvi_median(w->took, n);
    r->first_ms = 1e3 * w->first;
    r->to_device = (double)(w->to[1] - w->to[0]) / n;
    r->from_device = (double)(w->from[1] - w->from[0]) / n;
    for (int k = 0; k < FV_STAGE_COUNT; k++) {
        double *column = w->took + (size_t)(k + 1) * (size_t)w->most;
        r->stage_mean_ms[k] = mean(column, n);
        r->stage_ms[k] = fvi_median(column, n);
    }
}

static fv_status watch_new(watch *w, int64_t updates, fv_error *err) {
    *w = (watch){.most = (int)updates};
    w->took = calloc((size_t)updates, (1 + FV_STAGE_COUNT) * sizeof *w->took);
    return w->took ? FV_OK : fvi_fail(err, FV_NOMEM, "out of memory for %d times", w->most);
}

/* Renders with timing, and discards the pictures.
 *   restarts  of the recipe: all of them are one batch */
static fv_status render_watched(fv_session *session, const fv_objective *objective,
                                const fv_recipe *recipe, int restarts, watch *w, fv_error *err) {
    const fvi_render_request request = {
        .objectives = &objective,
        .count = 1,
        .recipe = recipe,
        .desc = {.struct_size = sizeof(fv_render_desc), .batch = restarts},
        .times = &w->times};
    fv_monitor *monitor = NULL;
    fv_rendering **made = calloc((size_t)restarts, sizeof *made);
    if (!made) return fvi_fail(err, FV_NOMEM, "out of memory for %d pictures", restarts);
    fv_status st = fv_monitor_new(on_progress, on_note, w, &monitor, err);
    if (!st) st = fv_session_set_monitor(session, monitor, err);
    w->device = fvi_session_device(session);
    w->start = fvi_clock();
    if (!st) st = fvi_render(session, &request, made, err);
    fv_session_set_monitor(session, NULL, NULL);
    fv_monitor_free(monitor);
    for (int i = 0; i < restarts; i++) fv_rendering_free(made[i]);
    free(made);
    return st;
}

/* The recipe with the number of steps requested. */
static fv_status timed_recipe(const fv_model *model, const fv_objective *objective,
                              const fv_recipe *recipe, int steps, fv_recipe **out, fv_error *err) {
    char text[16];
    fv_recipe *r = NULL;
    fv_status st = recipe ? fv_recipe_copy(recipe, &r, err)
                          : fv_recipe_new(model, NULL, &objective, 1, &r, err);
    g_snprintf(text, sizeof text, "%d", steps);
    if (!st) st = fv_recipe_set(r, "steps", text, err);
    if (st)
        fv_recipe_free(r);
    else
        *out = r;
    return st;
}

fv_status fv_bench_render(const fv_model *model, const fv_objective *objective,
                          const fv_recipe *recipe, const fv_bench_desc *desc,
                          const fv_monitor *monitor, fv_render_bench *out, fv_error *err) {
    fv_status st = FVI_NOT_NULL(err, model, objective, out);
    if (st) return st;
    const fv_bench_desc d = desc ? *desc : (fv_bench_desc){0};
    if (d.repeats < 0 || d.repeats > MAX_REPEATS)
        return fvi_fail(err, FV_ARG, "repeats is %d; allowed: 0 (20) to %d", d.repeats,
                        MAX_REPEATS);
    const int steps = (d.repeats ? d.repeats : 20) + WARM_UP;
    fv_recipe *timed = NULL;
    fv_session *session = NULL;
    watch w = {0};
    st = timed_recipe(model, objective, recipe, steps, &timed, err);
    if (!st)
        st = fv_session_new(model,
                            FV_DESC(fv_session_desc, .threads = d.threads, .plugin = d.plugin,
                                    .device = d.device, .programs = d.programs),
                            &session, err);
    const int levels = st ? 0 : timed->settings.schedule.levels;
    const int restarts = st ? 0 : timed->settings.restarts;
    if (!st) st = watch_new(&w, (int64_t)steps * levels, err);
    w.monitor = monitor;
    if (!st) st = render_watched(session, objective, timed, restarts, &w, err);
    int n = w.updates - WARM_UP < w.most ? w.updates - WARM_UP : w.most;
    if (!st && n < 1) st = fvi_fail(err, FV_ARG, "there were no updates to be measured");
    if (!st) {
        fv_render_bench r = {.batch = restarts, .peak_rss_mb = fvi_peak_rss_mb()};
        sum_up(&w, n, &r);
        *out = r;
    }
    fv_session_free(session);
    fv_recipe_free(timed);
    free(w.took);
    return st;
}
