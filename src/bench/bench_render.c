/* SPDX-License-Identifier: Apache-2.0 */
/* bench_render: where the time of a picture's updates goes, part by part.
 *
 * A picture is rendered as always, with its parts timed (laps.h), and the times are read after each
 * update. The first updates, which make plans and touch memory for the first time, are left out;
 * later plans, for sizes that come up by chance, are in the means and hardly in the medians.
 */
#include <glib.h>
#include <stdlib.h>

#include "base/error.h"
#include "bench/bench.h"
#include "vis/render/stage_timer.h"

#define WARM_UP     3
#define MAX_REPEATS 100000

typedef struct watch {
    fv_render_times times, before;
    int seen, most;
    double *took; /* [1 + FV_STAGE_COUNT][most] ms of each update: in all, and of each part */
} watch;

const char *fv_stage_name(fv_stage part) {
    static const char *const names[FV_STAGE_COUNT] = {
        "parametrisation", "transforms", "planning", "network", "objective", "optimiser", "other"};
    return (unsigned)part < FV_STAGE_COUNT ? names[part] : "?";
}

static int look(void *user, const fv_progress *progress) {
    watch *w = user;
    (void)progress;
    int i = w->seen++ - WARM_UP;
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

static double mean(const double *x, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) sum += x[i];
    return sum / n;
}

static void sum_up(watch *w, int n, fv_render_bench *r) {
    r->updates = n;
    r->mean_ms = mean(w->took, n);
    r->step_ms = fvi_median(w->took, n);
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

/* The render itself, watched; the pictures are thrown away. `d` is resolved. */
static fv_status render_watched(const fv_model *model, const char *objective, fv_render_desc *d,
                                watch *w, fv_error *err) {
    fv_rendering **made = calloc((size_t)d->restarts, sizeof *made);
    if (!made) return fvi_fail(err, FV_NOMEM, "out of memory for %d pictures", d->restarts);
    d->times = &w->times;
    d->progress = look;
    d->user = w;
    d->snapshot = NULL;
    d->batch = d->restarts; /* so all of them are one batch */
    fv_status st = fv_render_many(model, &objective, 1, d, made, err);
    for (int i = 0; i < d->restarts; i++) fv_rendering_free(made[i]);
    free(made);
    return st;
}

/* See render.h. */
fv_status fv_bench_render(const fv_model *model, const char *objective, const fv_render_desc *desc,
                          int repeats, fv_render_bench *out, fv_error *err) {
    fv_status st = FVI_NOT_NULL(err, model, objective, out);
    if (st) return st;
    if (repeats < 0 || repeats > MAX_REPEATS)
        return fvi_fail(err, FV_ARG, "repeats is %d; allowed are 0 (20) to %d", repeats,
                        MAX_REPEATS);
    fv_render_desc d = desc ? *desc : (fv_render_desc){0};
    watch w = {0};
    d.schedule.steps = (repeats ? repeats : 20) + WARM_UP;
    if (!*d.recipe) g_strlcpy(d.recipe, fv_recipe_default(model, objective), sizeof d.recipe);
    st = fv_render_desc_resolve(model, &d, &d, err);
    if (!st) st = watch_new(&w, (int64_t)d.schedule.steps * d.schedule.levels, err);
    if (!st) st = render_watched(model, objective, &d, &w, err);
    int n = w.seen - WARM_UP < w.most ? w.seen - WARM_UP : w.most;
    if (!st && n < 1) st = fvi_fail(err, FV_ARG, "there were no updates to be measured");
    if (!st) {
        fv_render_bench r = {.batch = d.restarts, .peak_rss_mb = fvi_peak_rss_mb()};
        sum_up(&w, n, &r);
        *out = r;
    }
    free(w.took);
    return st;
}
