/* SPDX-License-Identifier: Apache-2.0 */
/* sharing: batches one after the other; with several sessions, a thread each, which take the next
 * batch that nobody makes yet.
 *
 * Each thread works on a copy of the job, with units and settings of its own: pictures of one unit
 * may be in several batches. Its session reports to a monitor of its own, which adds up what all
 * have done and tells the caller's, one thread at a time. Pictures are handed out in order, so one
 * that is done waits for those before it.
 */
#include "vis/render/sharing.h"

#include <glib.h>
#include <limits.h>
#include <string.h>

#include "base/error.h"
#include "runtime/monitor.h"
#include "vis/render/batch_size.h"
#include "vis/render/making.h"

/* Shows the caller a picture that is done; what it takes is no longer ours. */
static fv_status hand_out(const fvi_job *j, int picture, fv_error *err) {
    const fv_render_desc *d = j->call;
    int taken = 0;
    if (!d->finished) return FV_OK;
    const fv_status st = d->finished(d->user, picture, j->made[picture], &taken, err);
    if (taken) j->made[picture] = NULL;
    return st;
}

static fv_status one_after_the_other(fvi_job *j, fv_error *err) {
    const int total = j->count * j->restarts;
    fv_status st = FV_OK;
    for (int i = 0; !st && i < total && !j->stopped;) {
        int group, n = fvi_batch_length(j, i, &group);
        st = fvi_make_pictures(j, i, &n, group, err);
        for (; n > 0 && !st && !j->stopped; n--) st = hand_out(j, i++, err);
    }
    return st;
}

/* ---- several sessions ----------------------------------------------------------------------- */

typedef struct sharer sharer;

/* What the threads share, under its lock. */
typedef struct shared {
    GMutex lock;
    fvi_job *j;              /* the call's */
    const fv_monitor *asked; /* the caller's */
    int next;                /* the first picture that nobody makes yet */
    int handed;              /* pictures that were handed out */
    char *done;              /* [pictures] */
    int answer;              /* the largest of the caller: FV_MONITOR_... */
    GHashTable *noted;       /* notes that were given */
    int failed;              /* the first picture of the batch whose error counts; INT_MAX: none */
    fv_status status;
    fv_error why;
    sharer *all; /* [n] */
    int n;
} shared;

struct sharer {
    shared *s;
    fvi_job job;
    fv_render_desc call;
    fv_monitor *monitor, *before; /* of the session: during the call, and before */
    int counted;                  /* updates it has told of */
    GThread *thread;
};

static int counted_updates(const shared *s) {
    int sum = 0;
    for (int i = 0; i < s->n; i++) sum += MIN(s->all[i].counted, INT_MAX - sum);
    return MIN(sum, s->j->total);
}

static int on_progress(void *user, const fv_progress *p) {
    sharer *w = user;
    shared *s = w->s;
    fv_progress all = *p;
    g_mutex_lock(&s->lock);
    w->counted = p->done;
    all.done = counted_updates(s);
    all.total = s->j->total;
    if (s->answer == FV_MONITOR_GO && s->failed == INT_MAX)
        s->answer = fvi_monitor_report(s->asked, &all);
    const int answer = s->failed < INT_MAX ? FV_MONITOR_CANCEL : s->answer;
    g_mutex_unlock(&s->lock);
    return answer;
}

static void on_note(void *user, const char *text) {
    shared *s = ((sharer *)user)->s;
    g_mutex_lock(&s->lock);
    if (g_hash_table_add(s->noted, g_strdup(text))) fvi_monitor_note(s->asked, text);
    g_mutex_unlock(&s->lock);
}

static void on_snapshot(void *user, int picture, int done, const fv_image *image) {
    shared *s = ((sharer *)user)->s;
    g_mutex_lock(&s->lock);
    s->j->call->snapshot(s->j->call->user, picture, done, image);
    g_mutex_unlock(&s->lock);
}

/* Notes an error, and has the other threads end. */
static void fail(shared *s, int picture, fv_status st, const fv_error *why) {
    const int secondary = st == FV_CANCELLED && s->failed < INT_MAX;
    if (secondary || picture >= s->failed) return;
    s->failed = picture;
    s->status = st;
    s->why = *why;
    for (int i = 0; i < s->n; i++) fv_monitor_cancel(s->all[i].monitor);
}

/* Takes the next batch.  returns  whether there is one */
static int take(sharer *w, int *first, int *n) {
    shared *s = w->s;
    int group;
    g_mutex_lock(&s->lock);
    const int more = s->answer == FV_MONITOR_GO && s->failed == INT_MAX &&
                     s->next < s->j->count * s->j->restarts;
    if (more) {
        *first = s->next;
        *n = fvi_batch_length(&w->job, *first, &group);
        s->next += *n;
    }
    g_mutex_unlock(&s->lock);
    return more;
}

/* Pictures first..first + n - 1 are made, or were not: hands out all that are due. */
static void finish(sharer *w, int first, int n, fv_status st, const fv_error *why) {
    shared *s = w->s;
    const int total = s->j->count * s->j->restarts;
    fv_error err = {0};
    g_mutex_lock(&s->lock);
    w->counted = w->job.done;
    if (st)
        fail(s, first, st, why);
    else
        memset(s->done + first, 1, (size_t)n);
    while (s->failed == INT_MAX && s->answer == FV_MONITOR_GO && s->handed < total &&
           s->done[s->handed]) {
        const fv_status refused = hand_out(s->j, s->handed, &err);
        if (refused) fail(s, s->handed, refused, &err);
        s->handed++;
    }
    g_mutex_unlock(&s->lock);
}

static gpointer work(gpointer data) {
    sharer *w = data;
    FVI_USE_THREADS(w->job.session);
    for (int first, n; take(w, &first, &n);) {
        fv_error err = {0};
        fv_status st = FV_OK;
        for (int at = first, some, group; !st && at < first + n && !w->job.stopped; at += some) {
            some = MIN(fvi_batch_length(&w->job, at, &group), first + n - at);
            st = fvi_make_pictures(&w->job, at, &some, group, &err);
        }
        finish(w, first, n, st, &err);
    }
    return NULL;
}

/* A copy of the job for a session, whose calls report to the shared monitor. */
static fv_status begin(shared *s, sharer *w, fv_session *session, fv_error *err) {
    const fvi_job *j = s->j;
    w->s = s;
    w->call = *j->call;
    w->call.snapshot = j->call->snapshot ? on_snapshot : NULL;
    w->call.finished = NULL;
    w->call.user = w;
    w->before = fvi_session_monitor(session);
    w->job = *j;
    w->job.session = session;
    w->job.call = &w->call;
    w->job.begun = 0;
    w->job.setups = g_memdup2(j->setups, (gsize)j->n_setups * sizeof *j->setups);
    w->job.units = g_memdup2(j->units, (gsize)j->count * sizeof *j->units);
    for (int i = 0; i < j->count; i++)
        w->job.units[i].setup = w->job.setups + (j->units[i].setup - j->setups);
    const fv_status st = fv_monitor_new(on_progress, on_note, w, &w->monitor, err);
    return st ? st : fv_session_set_monitor(session, w->monitor, err);
}

/* Waits for a thread, and takes over what it counted. */
static void end(shared *s, sharer *w) {
    if (w->thread) g_thread_join(w->thread);
    if (!w->s) return; /* not begun */
    (void)fv_session_set_monitor(w->job.session, w->before, NULL);
    fv_monitor_free(w->monitor);
    s->j->begun += w->job.begun;
    s->j->stopped |= w->job.stopped;
    g_free(w->job.setups);
    g_free(w->job.units);
}

static fv_status at_the_same_time(fvi_job *j, fv_error *err) {
    const int n = 1 + (int)j->call->other_count;
    shared s = {.j = j,
                .asked = fvi_session_monitor(j->session),
                .done = g_new0(char, (gsize)j->count *(gsize)j->restarts),
                .noted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
                .failed = INT_MAX,
                .all = g_new0(sharer, (gsize)n),
                .n = n};
    fv_status st = FV_OK;
    g_mutex_init(&s.lock);
    for (int i = 0; !st && i < n; i++)
        st = begin(&s, &s.all[i], i ? j->call->others[i - 1] : j->session, err);
    for (int i = 0; !st && i < n; i++)
        s.all[i].thread = g_thread_new("fovea-device", work, &s.all[i]);
    for (int i = 0; i < n; i++) end(&s, &s.all[i]);
    j->done = counted_updates(&s);
    if (!st && s.status == FV_CANCELLED)
        st = fvi_monitor_cancelled(j->done, j->total, "updates", err);
    else if (!st && s.status)
        st = fvi_fail(err, s.status, "%s", s.why.text);
    g_mutex_clear(&s.lock);
    g_hash_table_unref(s.noted);
    g_free(s.all);
    g_free(s.done);
    return st;
}

fv_status fvi_share_pictures(fvi_job *j, fv_error *err) {
    return j->call->other_count ? at_the_same_time(j, err) : one_after_the_other(j, err);
}
