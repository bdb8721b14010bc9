/* SPDX-License-Identifier: Apache-2.0 */
/* A plan for one run on given numbers: of a network whose graph depends on the numbers of its input
 * (a condition, a loop, the boxes that are kept), or from a value inside it on. */
#ifndef FVI_RUNTIME_ONCE_H
#define FVI_RUNTIME_ONCE_H

#include "runtime/session.h"

/* The numbers that a plan will be run on, and no others. */
typedef struct fvi_numbers {
    const fv_tensor *input; /* of the network's input */
    const char *at; /* a value inside the network, or another input, that is the plan's input
                       instead; NULL: the network's */
    const fv_tensor *at_numbers; /* its numbers */
} fvi_numbers;

/* fvi_session_plan for a run on those numbers alone: networks whose graph depends on numbers have a
 * plan then too, which is valid until the session's next call. */
fv_status fvi_session_plan_for(fv_session *s, const fvi_plan_key *key, const fvi_numbers *numbers,
                               fvi_executable **plan, int64_t *samples, fv_error *err);

/* Refuses to run a plan backward whose gradient would be wrong, because numbers that were computed
 * from the input are constants in it.  errors  UNSUPPORTED, naming them */
fv_status fvi_session_check_backward(const fv_session *s, const fvi_executable *plan,
                                     fv_error *err);

#endif
