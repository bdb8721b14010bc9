/* SPDX-License-Identifier: Apache-2.0 */
/* How long each thing takes that a schedule does: every primitive by itself, and what an op does in
 * loops of its own. A schedule that is not profiled is not timed.
 */
#ifndef FVI_BACKEND_ONEDNN_PROFILE_H
#define FVI_BACKEND_ONEDNN_PROFILE_H

#include "backend/executable.h"
#include "backend/onednn/schedule/schedule.h"

typedef struct fvi_profile fvi_profile;

/* Lists what a finished schedule does, and times it from now on.
 *   schedule     borrowed; at most one profile a schedule at a time
 *   forward_end  entries before it are the forward pass
 *   errors       NOMEM
 */
fv_status fvi_profile_new(fvi_schedule *schedule, int forward_end, fvi_profile **out,
                          fv_error *err);
/* Ends the timing. */
void fvi_profile_free(fvi_profile *p);

int fvi_profile_count(const fvi_profile *p);
const fvi_timed_op *fvi_profile_op(const fvi_profile *p, int i);

/* Writes the seconds each took since the last call, and begins anew.  seconds  [count] */
void fvi_profile_take(fvi_profile *p, double *seconds);

#endif
