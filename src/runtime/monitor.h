/* SPDX-License-Identifier: Apache-2.0 */
/* What long calls ask of a monitor; NULL is a monitor that says nothing. */
#ifndef FVI_RUNTIME_MONITOR_H
#define FVI_RUNTIME_MONITOR_H

#include "fovea/fovea.h"

/* Shows the caller where a call stands.
 *   returns  FV_MONITOR_GO, _STOP or _CANCEL: the callback's answer, or what fv_monitor_stop and
 *            _cancel ask for, whichever is more */
int fvi_monitor_report(const fv_monitor *m, const fv_progress *progress);

/* The same for calls that count work and know nothing more about it: `done` of `total`. */
int fvi_monitor_step(const fv_monitor *m, const char *what, int64_t done, int64_t total);

/* What was asked for from outside, without a report. */
int fvi_monitor_wish(const fv_monitor *m);

/* Tells one line. */
void fvi_monitor_note(const fv_monitor *m, const char *text);

/* FV_CANCELLED, saying where.  unit  "pictures" */
fv_status fvi_monitor_cancelled(int64_t done, int64_t total, const char *unit, fv_error *err);

#endif
