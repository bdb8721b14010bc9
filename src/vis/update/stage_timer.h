/* SPDX-License-Identifier: Apache-2.0 */
/* Times the stages of an update: fvi_stage_timer adds the time since the last call to a stage. */
#ifndef FVI_VIS_UPDATE_STAGE_TIMER_H
#define FVI_VIS_UPDATE_STAGE_TIMER_H

#include <omp.h>

#include "base/clock.h"
#include "fovea-private/stage.h"

/* Seconds of all updates so far. */
typedef struct fvi_stage_times {
    double seconds[FV_STAGE_COUNT];
    double mark; /* when the last part ended */
} fvi_stage_times;

/* Does nothing if `t` is NULL (times are not measured), and in all threads but the first; the
 * others do the same stage at the same time. */
static inline void fvi_stage_timer(fvi_stage_times *t, fv_stage part) {
    if (!t || omp_get_thread_num() != 0) return;
    double now = fvi_clock();
    t->seconds[part] += now - t->mark;
    t->mark = now;
}

#endif
