/* SPDX-License-Identifier: Apache-2.0 */
/* batch_size: pictures side by side make better use of the processor, up to a number that depends
 * on the network. A long call tries some sizes at its start; never one that changes the pictures.
 */
#include "vis/render/batch_size.h"

#include <glib.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/memory_budget.h"
#include "runtime/model_state.h"
#include "vis/render/batch.h"
#include "vis/render/stage_timer.h"

#define BATCH      8    /* where nothing is tried */
#define TRIAL_MOST 32   /* pictures in a batch that is tried */
#define TRIAL      0.03 /* share of a call's evaluations that may go into trying */
#define SAME       0.02 /* times that differ by less are the same */

static int same_values(const fvi_objective *a, const fvi_objective *b) {
    if (a->n_values != b->n_values) return 0;
    for (int i = 0; i < a->n_values; i++)
        if (strcmp(a->values[i], b->values[i]) != 0) return 0;
    return 1;
}

int fvi_batch_length(const fvi_job *j, int from, int *group) {
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
static int whole_run(fvi_job *j) {
    const int asked = j->desc->batch;
    int group;
    j->desc->batch = INT_MAX;
    const int n = fvi_batch_length(j, 0, &group);
    j->desc->batch = asked;
    return n;
}

/* Seconds that one evaluation takes a picture in batches of so many, at the largest size: the
 * better of two after one that is not timed.
 *   gradient  of the first picture by itself: made where it is NULL, else compared with
 *   same      whether it is that to the last bit */
static fv_status time_batch(fvi_job *j, int size, float **gradient, int *same, double *seconds,
                            fv_error *err) {
    fvi_batch b;
    int group;
    j->desc->batch = size;
    const int n = fvi_batch_length(j, 0, &group);
    double best = INFINITY;
    fv_status st = fvi_batch_new(j, 0, n, group, &b, err);
    b.level = j->n_sizes - 1;
    if (!st) st = fvi_batch_enter_level(&b, err);
    for (int i = 0; !st && i < 3; i++) {
        const double start = fvi_clock();
        fvi_batch_decode(&b);
        st = fvi_batch_evaluate(&b, 0, 0, err);
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
    fvi_batch_clear(&b);
    *seconds = best / n;
    return st;
}

/* Chooses the batch for a long call of many pictures: tries 1, 2, 4, ... while larger ones are
 * faster, and while the trial takes less than the share TRIAL of the whole call. Of equally fast
 * sizes it chooses the smallest. Sizes with a gradient that differs in any bit from that of one
 * picture alone are skipped, so that the pictures do not depend on the trial. Errors are ignored
 * here: they occur again in the call itself, which reports them. */
static void try_batches(fvi_job *j, int most, int run) {
    fvi_settings *d = j->desc;
    const double evaluations = (double)run * d->schedule.steps * d->schedule.levels;
    const double start = fvi_clock();
    float *gradient = NULL;
    double best = INFINITY, tried = 3 + 6; /* evaluations to try sizes 1 and 2 */
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
static fv_status fit_all(fvi_job *j, fv_error *err) {
    const int total = j->count * j->desc->restarts;
    fv_status st = FV_OK;
    for (int i = 0, group; !st && i < total && fvi_budget_is_limited(j->model);) {
        const int run = fvi_batch_length(j, i, &group);
        const fvi_fit f = fvi_batch_fit(j, i, run, group);
        st = fvi_fit_desc(&f, j->desc, err);
        i += run;
    }
    return st;
}

fv_status fvi_batch_size_choose(fvi_job *j, fv_error *err) {
    fvi_settings *d = j->desc;
    const int chosen = !d->batch;
    int group;
    if (chosen) d->batch = j->count * d->restarts > 1 ? TRIAL_MOST : BATCH;
    fv_status st = fit_all(j, err);
    const int run = fvi_batch_length(j, 0, &group), most = d->batch;
    if (st || !chosen) return st;
    if (run > group && d->optimizer.kind != FVI_OPTIMIZER_LBFGS && group == 1 && !d->times)
        try_batches(j, most, whole_run(j));
    else
        d->batch = MIN(most, BATCH);
    return FV_OK;
}
