/* SPDX-License-Identifier: Apache-2.0 */
/* monitor: the caller's callbacks, and a request to stop that other threads and signal handlers may
 * set.
 *
 * The request is one lock-free atomic number that only grows until it is reset, so that it can be
 * set in a signal handler. Calls read it when they report progress.
 */
#include "runtime/monitor.h"

#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/error.h"

struct fv_monitor {
    fv_progress_fn progress;
    fv_note_fn note;
    void *user;
    atomic_int request; /* FV_MONITOR_... */
};

_Static_assert(ATOMIC_INT_LOCK_FREE == 2, "fv_monitor_stop is for signal handlers");

fv_status fv_monitor_new(fv_progress_fn progress, fv_note_fn note, void *user, fv_monitor **out,
                         fv_error *err) {
    fv_status st = FVI_NOT_NULL(err, out);
    if (st) return st;
    fv_monitor *m = calloc(1, sizeof *m);
    if (!m) return fvi_fail(err, FV_NOMEM, "out of memory while making a monitor");
    m->progress = progress;
    m->note = note;
    m->user = user;
    atomic_init(&m->request, FV_MONITOR_GO);
    *out = m;
    return FV_OK;
}

void fv_monitor_free(fv_monitor *m) { free(m); }

static void raise_request(fv_monitor *m, int request) {
    int now = m ? atomic_load(&m->request) : request;
    while (now < request && !atomic_compare_exchange_weak(&m->request, &now, request)) continue;
}

void fv_monitor_stop(fv_monitor *m) { raise_request(m, FV_MONITOR_STOP); }
void fv_monitor_cancel(fv_monitor *m) { raise_request(m, FV_MONITOR_CANCEL); }

void fv_monitor_reset(fv_monitor *m) {
    if (m) atomic_store(&m->request, FV_MONITOR_GO);
}

int fvi_monitor_request(const fv_monitor *m) {
    return m ? atomic_load(&m->request) : FV_MONITOR_GO;
}

int fvi_monitor_report(const fv_monitor *m, const fv_progress *progress) {
    int answer = m && m->progress ? m->progress(m->user, progress) : FV_MONITOR_GO;
    if (answer != FV_MONITOR_GO && answer != FV_MONITOR_STOP) answer = FV_MONITOR_CANCEL;
    const int request = fvi_monitor_request(m);
    return request > answer ? request : answer;
}

int fvi_monitor_step(const fv_monitor *m, const char *what, int64_t done, int64_t total) {
    if (!m) return FV_MONITOR_GO;
    const fv_progress p = {.done = done < INT_MAX ? (int)done : INT_MAX,
                           .total = total < INT_MAX ? (int)total : INT_MAX,
                           .what = what};
    return fvi_monitor_report(m, &p);
}

void fvi_monitor_note(const fv_monitor *m, const char *text) {
    if (m && m->note) m->note(m->user, text);
}

fv_status fvi_monitor_cancelled(int64_t done, int64_t total, const char *unit, fv_error *err) {
    return fvi_fail(err, FV_CANCELLED, "cancelled after %lld of %lld %s", (long long)done,
                    (long long)total, unit);
}
