/* SPDX-License-Identifier: Apache-2.0 */
/* How far a long call is, and Ctrl-C. */
#ifndef FOVEA_CLI_PROGRESS_H
#define FOVEA_CLI_PROGRESS_H

#include "command.h"

typedef struct cli_progress {
    const cli_args *args;
    int64_t start, shown; /* microseconds of the monotonic clock */
    int terminal, tenths; /* stderr is one; tenths of the work already told */
    int done, total;
} cli_progress;

/* From here on SIGINT and SIGTERM are noted instead of ending the program (the second one ends it
 * as ever). One at a time. */
void cli_progress_start(cli_progress *p, const cli_args *args);

/* The callback: an fv_progress_fn whose user is a cli_progress. */
int cli_progress_step(void *user, const fv_progress *now);

/* Clears the line.  returns  seconds since the start */
double cli_progress_stop(cli_progress *p);

/* Which signal came since the start, or 0. */
int cli_progress_signal(void);

/* Ends the program by the signal that was noted, after saying that `what` was not written. */
void cli_progress_die(const cli_progress *p, const char *what);

#endif
