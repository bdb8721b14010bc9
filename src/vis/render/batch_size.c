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
#include "vis/update/stage_timer.h"

#define BATCH      8    /* where nothing is tried */
#define TRIAL_MOST 32   /* pictures in a batch that is tried */
#define TRIAL      0.03 /* share of a call's evaluations that may go into trying */
#define SAME       0.02 /* times that differ by less are the same */

int fvi_batch_length(const fvi_job *j, int from, int *group) {
    const fvi_unit *first = fvi_job_unit(j, from);
    const fvi_settings *d = &first->setup->desc;
    int total = j->count * j->restarts, joint = fvi_objective_is_joint(&first->objective);
    int step = joint ? j->restarts : 1, n = step;
    int most = d->optimizer.kind == FVI_OPTIMIZER_LBFGS ? 1 : d->batch;
    while (n + step <= most && from + n < total) {
        if (!fvi_units_alike(j, first, fvi_job_unit(j, from + n))) break;
        n += step;
    }
    *group = step;
    return n;
}

/* Pictures from `first` on that could share a batch. */
static int whole_run(fvi_job *j, int first) {
    fvi_settings *d = &fvi_job_unit(j, first)->setup->desc;
    const int asked = d->batch;
    int group;
    d->batch = INT_MAX;
    const int n = fvi_batch_length(j, first, &group);
    d->batch = asked;
    return n;
}

/* The longest of such runs that have the setup of picture `first`, the first one that has it. */
static int longest_run(fvi_job *j, int first) {
    const fvi_setup *setup = fvi_job_unit(j, first)->setup;
    int longest = 1;
    for (int i = first, n; i < j->count * j->restarts; i += n) {
        n = fvi_job_unit(j, i)->setup == setup ? whole_run(j, i) : 1;
        longest = MAX(longest, n);
    }
    return longest;
}

/* Seconds that one evaluation takes a picture in batches of so many, at the largest size: the
 * better of two after one that is not timed.
 *   first     picture the batches begin with
 *   gradient  of it by itself: made where it is NULL, else compared with
 *   same      whether it is that to the last bit */
static fv_status time_batch(fvi_job *j, int first, int size, float **gradient, int *same,
                            double *seconds, fv_error *err) {
    fvi_setup *setup = fvi_job_unit(j, first)->setup;
    fvi_batch b;
    int group;
    setup->desc.batch = size;
    const int n = fvi_batch_length(j, first, &group);
    double best = INFINITY;
    fv_status st = fvi_batch_new(j, first, n, group, &b, err);
    b.level = setup->n_sizes - 1;
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
static void try_batches(fvi_job *j, int first, int most) {
    fvi_settings *d = &fvi_job_unit(j, first)->setup->desc;
    const int run = whole_run(j, first);
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
        if (time_batch(j, first, size, &gradient, &same, &seconds, &ignored)) {
            fvi_session_drop_plans(j->session); /* they may fill a device's memory */
            break;
        }
        if (same && seconds < (1 - SAME) * best) chosen = size;
        if (size >= 4 && seconds > best) break;
        if (same) best = fmin(best, seconds);
        if (fvi_clock() - start > TRIAL / 2 * best * evaluations) break;
        if (size > 1) tried += 6 * size;
    }
    free(gradient);
    d->batch = chosen;
}

/* Brings batch and tile down to what fits the memory, for all pictures of a setup alike. */
static fv_status fit_all(fvi_job *j, fv_error *err) {
    const int total = j->count * j->restarts;
    fv_status st = FV_OK;
    for (int i = 0, group; !st && i < total && fvi_budget_is_limited(j->model);) {
        const int run = fvi_batch_length(j, i, &group);
        const fvi_fit f = fvi_batch_fit(j, i, run, group);
        st = fvi_fit_desc(&f, &fvi_job_unit(j, i)->setup->desc, err);
        i += run;
    }
    return st;
}

/* Chooses the batch of the setup that picture `first` is the first to have. For a device that makes
 * updates nothing is tried, since each size is a program to compile: it gets all that fit, in
 * batches that are as equal as can be. */
static void choose(fvi_job *j, int first) {
    fvi_settings *d = &fvi_job_unit(j, first)->setup->desc;
    const int most = d->batch;
    int group;
    if (fvi_device_has_updates(fvi_session_device(j->session))) {
        const int all = longest_run(j, first), batches = (all + most - 1) / most;
        d->batch = (all + batches - 1) / batches;
        return;
    }
    const int run = fvi_batch_length(j, first, &group);
    if (run > group && d->optimizer.kind != FVI_OPTIMIZER_LBFGS && group == 1 && !d->times)
        try_batches(j, first, most);
    else
        d->batch = MIN(most, BATCH);
}

fv_status fvi_batch_size_choose(fvi_job *j, fv_error *err) {
    const int asked = j->setups[0].desc.batch, pictures = j->count * j->restarts;
    const int sessions = 1 + (int)j->call->other_count; /* none is to be idle */
    const int share = (pictures + sessions - 1) / sessions;
    const int most = sessions > 1 ? MIN(TRIAL_MOST, share) : TRIAL_MOST;
    for (int i = 0; !asked && i < j->n_setups; i++)
        j->setups[i].desc.batch = pictures > 1 ? most : BATCH;
    fv_status st = fit_all(j, err);
    for (int i = 0; !st && !asked && i < j->n_setups; i++)
        choose(j, fvi_job_first(j, i) * j->restarts);
    return st;
}
