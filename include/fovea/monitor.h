/* SPDX-License-Identifier: Apache-2.0 */
/* fovea: monitors, which are told how far a long call is and can end it. Include fovea/fovea.h. */
#ifndef FOVEA_MONITOR_H
#define FOVEA_MONITOR_H

#include "fovea/core.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a progress callback returns. */
#define FV_MONITOR_GO 0
#define FV_MONITOR_STOP                                                          \
    1 /* end soon with what is there, marked unfinished; a call that has nothing \
         to give ends with FV_CANCELLED */
#define FV_MONITOR_CANCEL 2 /* end soon with FV_CANCELLED and outputs untouched */

/* How far a long call is. Pointers are borrowed for the callback. Fields from `iteration` on are of
 * rendering and dreams, and 0 or NULL elsewhere. */
typedef struct fv_progress {
    int done, total;          /* updates, samples, copies, photos, parts of loading; 0..total */
    double objective;         /* mean of the batch's objectives now */
    const char *what;         /* the batch's units: "conv1:0 and 7 more"; or NULL */
    int iteration, level;     /* update and level of this batch, counted from 1 */
    int count;                /* pictures of the batch */
    const double *objectives; /* [count] value of each one's objective */
    const int *pictures;      /* [count] their indices in `out` */
} fv_progress;

/* Is told how far the call is; called by the thread that made the call. It must not use the session
 * of the call.
 *   returns  FV_MONITOR_GO, FV_MONITOR_STOP or FV_MONITOR_CANCEL (any other number counts as that)
 */
typedef int (*fv_progress_fn)(void *user, const fv_progress *progress);

/* Takes a line for people that is no error: where NaN came from (FV_ON_NAN_KEEP). Called by the
 * thread that made the call; `text` is borrowed for the callback. */
typedef void (*fv_note_fn)(void *user, const char *text);

/* Makes a monitor. It is given to a session (fv_session_set_monitor), whose calls all report to it,
 * or to the loading of a model (fv_model_desc.monitor).
 *   progress, note  may be NULL
 *   user            handed to both
 *   out             yours to free with fv_monitor_free, after what it was given to
 *   errors          NOMEM
 */
FV_API fv_status fv_monitor_new(fv_progress_fn progress, fv_note_fn note, void *user,
                                fv_monitor **out, fv_error *err);
/* Frees a monitor. */
FV_API void fv_monitor_free(fv_monitor *monitor);

/* Ends the calls that report to a monitor as if `progress` returned FV_MONITOR_STOP, or
 * FV_MONITOR_CANCEL: the one that runs now, and all later ones until fv_monitor_reset. A stop does
 * not take back a cancel. Both return at once; the call ends a little later.
 *   threads  any, at any time; also in a signal handler */
FV_API void fv_monitor_stop(fv_monitor *monitor);
FV_API void fv_monitor_cancel(fv_monitor *monitor);

/* Takes back fv_monitor_stop and fv_monitor_cancel.  threads  any, at any time */
FV_API void fv_monitor_reset(fv_monitor *monitor);

#ifdef __cplusplus
}
#endif
#endif
