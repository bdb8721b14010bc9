/* SPDX-License-Identifier: Apache-2.0 */
/* A monotonic clock. */
#ifndef FVI_BASE_CLOCK_H
#define FVI_BASE_CLOCK_H

#include <time.h>

/* Seconds since some moment in the past. */
static inline double fvi_clock(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

#endif
