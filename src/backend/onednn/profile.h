/* SPDX-License-Identifier: Apache-2.0 */
/* How long each operation of a schedule takes: every primitive, and the loops that ops have of
 * their own. A schedule without a profile is not timed.
 */
#ifndef FVI_BACKEND_ONEDNN_PROFILE_H
#define FVI_BACKEND_ONEDNN_PROFILE_H

#include "backend/executable.h"
#include "backend/onednn/schedule/schedule.h"

typedef struct fvi_profile fvi_profile;

/* Lists the operations of a finished schedule, and times them from now on.
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

/* Writes the seconds each took since the last call, and starts at 0 again.  seconds  [count] */
void fvi_profile_take(fvi_profile *p, double *seconds);

#endif
