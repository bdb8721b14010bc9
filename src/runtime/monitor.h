/* SPDX-License-Identifier: Apache-2.0 */
/* How long calls use a monitor; NULL is a monitor without callbacks or requests. */
#ifndef FVI_RUNTIME_MONITOR_H
#define FVI_RUNTIME_MONITOR_H

#include "fovea/fovea.h"

/* Reports progress to the caller.
 *   returns  FV_MONITOR_GO, _STOP or _CANCEL: the larger of the callback's answer and the request
 *            made by fv_monitor_stop or _cancel */
int fvi_monitor_report(const fv_monitor *m, const fv_progress *progress);

/* The same for calls that only count their work: `done` of `total`. */
int fvi_monitor_step(const fv_monitor *m, const char *what, int64_t done, int64_t total);

/* The request made by fv_monitor_stop or _cancel, without a report. */
int fvi_monitor_request(const fv_monitor *m);

/* Calls the note callback with one line. */
void fvi_monitor_note(const fv_monitor *m, const char *text);

/* FV_CANCELLED, saying where.  unit  "pictures" */
fv_status fvi_monitor_cancelled(int64_t done, int64_t total, const char *unit, fv_error *err);

#endif
