/* SPDX-License-Identifier: Apache-2.0 */
/* A monitor that another thread stops or cancels once a call has come so far. The call's own thread
 * waits for that one inside the progress callback, so that what it then does is certain. */
#ifndef TESTS_SUPPORT_INTERRUPT_H
#define TESTS_SUPPORT_INTERRUPT_H

#include <omp.h>
#include <pthread.h>
#include <stdlib.h>

#include "fovea/fovea.h"

typedef struct interrupt {
    fv_monitor *monitor;
    int wish, at;           /* FV_MONITOR_...; from so many `done` on */
    int calls, last, total; /* callbacks so far; what the last one was told */
    int falls;              /* callbacks whose `done` was less than before, or more than `total` */
    int threads;            /* OpenMP's, inside the last callback */
} interrupt;

static inline void *interrupt_from_thread(void *data) {
    const interrupt *i = data;
    if (i->wish == FV_MONITOR_STOP) fv_monitor_stop(i->monitor);
    if (i->wish == FV_MONITOR_CANCEL) fv_monitor_cancel(i->monitor);
    return NULL;
}

static inline int interrupt_look(void *user, const fv_progress *now) {
    interrupt *i = user;
    pthread_t other;
    i->falls += now->done < i->last || now->done > now->total;
    i->calls++;
    i->last = now->done;
    i->total = now->total;
    i->threads = omp_get_max_threads();
    if (now->done < i->at) return FV_MONITOR_GO;
    if (pthread_create(&other, NULL, interrupt_from_thread, i) || pthread_join(other, NULL))
        abort();
    return FV_MONITOR_GO;
}

/* Has the session's next calls interrupted; to be ended with interrupt_end. */
static inline void interrupt_begin(interrupt *i, fv_session *session, int wish, int at) {
    *i = (interrupt){.wish = wish, .at = at};
    if (fv_monitor_new(interrupt_look, NULL, i, &i->monitor, NULL) ||
        fv_session_set_monitor(session, i->monitor, NULL))
        abort();
}

static inline void interrupt_end(interrupt *i, fv_session *session) {
    fv_session_set_monitor(session, NULL, NULL);
    fv_monitor_free(i->monitor);
    i->monitor = NULL;
}

#endif
