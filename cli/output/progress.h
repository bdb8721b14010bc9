/* SPDX-License-Identifier: Apache-2.0 */
/* How far a long call is, and Ctrl-C. */
#ifndef FOVEA_CLI_PROGRESS_H
#define FOVEA_CLI_PROGRESS_H

#include "command.h"

typedef struct cli_progress {
    const cli_args *args;
    const char *unit;     /* what is counted: "steps" */
    int on_signal;        /* what the callback returns once a signal came */
    int table;            /* a row for every update, in MATLAB's form */
    int64_t start, shown; /* microseconds of the monotonic clock */
    int terminal, tenths; /* whether stderr is a terminal; tenths of the work already reported */
    int done, total;
    int least;         /* work of fewer updates is not reported; 0 after the start */
    int counts_files;  /* cli_progress_next counts; the samples of each file's pass are not */
    char *what;        /* the batch whose table is open, or NULL */
    int running;       /* between start and stop */
    int frame, frames; /* of a film, of which each frame is a call of its own; 0: none */
} cli_progress;

/* From here on SIGINT and SIGTERM are noted instead of ending the program (the second one ends it
 * as ever). One at a time.
 *   unit       what is counted; a table of updates is drawn only for "steps"
 *   on_signal  the answer to the library after a signal: FV_MONITOR_STOP or FV_MONITOR_CANCEL */
void cli_progress_start(cli_progress *p, const cli_args *args, const char *unit, int on_signal);

/* The callback: an fv_progress_fn whose user is a cli_progress. Says nothing of calls that are made
 * before the start and after the stop. */
int cli_progress_step(void *user, const fv_progress *now);

/* Counts what the command itself does one after the other, files mostly: number `done`, from 0, of
 * `total` is next. Few are not reported, unless p->least says so.
 *   what     its name
 *   returns  whether a signal came: then nothing more is to be begun */
int cli_progress_next(cli_progress *p, const char *what, int done, int total);

/* Marks a picture that Ctrl-C left unfinished: "fovea.unfinished" is "3 of 40 files".
 *   errors  NOMEM */
fv_status cli_progress_mark(const cli_progress *p, fv_image *picture, fv_error *err);

/* Clears the line, so that something else can be printed; the next step writes it again. */
void cli_progress_clear(const cli_progress *p);

/* Clears the line, closes the table.  returns  seconds since the start */
double cli_progress_stop(cli_progress *p);

/* Whether a call ended because of a signal. */
int cli_progress_interrupted(fv_status st);

/* Which signal came since the start, or 0. */
int cli_progress_signal(void);

/* Ends the program by the signal that was noted, after saying what became of the results: "a.png
 * is not written". */
_Noreturn void cli_progress_die(const cli_progress *p, const char *what);

#endif
