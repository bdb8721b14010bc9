/* SPDX-License-Identifier: Apache-2.0 */
/* making: makes pictures of a call side by side, as many as the device's memory has room for.
 *
 * A unit has no gradient only if it has none from several starts: other random numbers, and grey,
 * bright and dark pictures. Every start is a change of options, so the picture's metadata says how
 * it is made again. One evaluation tells whether a start has a gradient.
 */
#include "vis/render/making.h"

#include <glib.h>
#include <limits.h>
#include <stdlib.h>

#include "base/error.h"
#include "runtime/model_state.h"
#include "runtime/monitor.h"
#include "vis/render/batch_size.h"
#include "vis/render/rendering.h"

#define BIAS 2.0f /* of bright pictures before a sigmoid, which makes 0.88 of it */

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
 * tie pictures together. A start with numbers that are not finite is no better.
 *   picture  its index in the call
 *   made     its rendering, replaced */
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

int fvi_planned_updates(const fvi_job *j, int first) {
    int sum = 0, group;
    for (int i = first; i < j->count * j->restarts; i += fvi_batch_length(j, i, &group)) {
        const fvi_schedule_settings *s = &fvi_job_unit(j, i)->setup->desc.schedule;
        const int updates = s->levels * s->steps; /* at most 32 * 1,000,000 */
        sum += MIN(updates, INT_MAX - sum);       /* without overflow */
    }
    return sum;
}

/* Takes back a batch of n that did not fit the device's memory, and halves the batch from there on.
 * Its updates stay counted, so that progress does not fall.
 *   returns  the pictures of the smaller batch */
static int halve(fvi_job *j, int first, int n) {
    int group;
    for (int i = first; i < first + n; i++) {
        j->begun -= j->made[i] != NULL;
        fv_rendering_free(j->made[i]);
        j->made[i] = NULL;
    }
    fvi_session_drop_plans(j->session);
    fvi_job_unit(j, first)->setup->desc.batch = n / 2;
    const int planned = fvi_planned_updates(j, first);
    j->total = planned < INT_MAX - j->done ? j->done + planned : INT_MAX;
    return fvi_batch_length(j, first, &group);
}

/* make_batch; where an accelerator has too little memory for all pictures at once, of fewer.
 *   n  in and out */
static fv_status make_fitting(fvi_job *j, int first, int *n, int group, char *vanished,
                              fv_error *err) {
    const int asked = *n;
    fv_error why = {0}, last;
    fv_status st;
    for (;;) {
        fvi_session_insist(j->session, *n > group);
        st = make_batch(j, first, *n, group, vanished, &last);
        if (st != FV_NOMEM || *n <= group || !fv_session_accelerator(j->session)) break;
        if (*n == asked) why = last;
        *n = halve(j, first, *n);
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

fv_status fvi_make_pictures(fvi_job *j, int first, int *n, int group, fv_error *err) {
    char *vanished = g_new0(char, (gsize)*n); /* whose gradient did */
    fv_status st = make_fitting(j, first, n, group, vanished, err);
    for (int i = 0; !st && !j->stopped && i < *n; i++)
        if (vanished[i]) st = retry(j, first + i, &j->made[first + i], err);
    g_free(vanished);
    return st;
}
