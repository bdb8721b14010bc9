/* SPDX-License-Identifier: Apache-2.0 */
/* How far a long call is: one line that is drawn over on a terminal (ten times a second), with
 * --verbose eleven plain lines elsewhere, with --quiet nothing.
 *
 * Ctrl-C: the first signal is noted and the callback asks the library to stop, so that nothing is
 * left half done; then the program ends by that same signal, as a shell that runs it in a loop
 * expects (bash goes on with the loop if a program merely exits).
 */
#include "progress.h"

#include <glib.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "report.h"

static volatile sig_atomic_t caught; /* a handler can reach nothing else */

static void note_signal(int number) { caught = number; }

void cli_progress_start(cli_progress *p, const cli_args *args) {
    *p = (cli_progress){.args = args, .start = g_get_monotonic_time(), .tenths = -1};
    p->terminal = isatty(STDERR_FILENO);
    struct sigaction action = {0};
    action.sa_handler = note_signal;
    action.sa_flags = (int)SA_RESETHAND | SA_RESTART;
    caught = 0;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

/* "conv1:0-7  120/512 steps  23 %  8.3/s  0:47 left  objective 12.3" */
static void say(const cli_progress *p, const fv_progress *now, const char *before,
                const char *after) {
    double seconds = (double)(g_get_monotonic_time() - p->start) / 1e6;
    double rate = seconds > 0 ? now->done / seconds : 0;
    int left = rate > 0 ? (int)((now->total - now->done) / rate + 0.5) : 0;
    char *what = cli_clean(now->what ? now->what : "");
    fprintf(stderr, "%s%s  %d/%d steps  %d %%  %.1f/s  %d:%02d left  objective %.4g%s", before,
            what, now->done, now->total, (int)(100.0 * now->done / now->total), rate, left / 60,
            left % 60, now->objective, after);
    fflush(stderr);
    g_free(what);
}

int cli_progress_step(void *user, const fv_progress *now) {
    cli_progress *p = user;
    p->done = now->done;
    p->total = now->total;
    if (caught) return 1;
    if (p->args->quiet || now->total <= 0) return 0;
    int64_t time = g_get_monotonic_time();
    int tenths = (int)(10.0 * now->done / now->total);
    if (p->terminal && (time - p->shown > 100000 || now->done == now->total)) {
        p->shown = time;
        say(p, now, "\r\x1b[K", "");
    } else if (!p->terminal && p->args->verbose && tenths > p->tenths) {
        p->tenths = tenths;
        say(p, now, "fovea: ", "\n");
    }
    return 0;
}

double cli_progress_stop(cli_progress *p) {
    if (p->terminal && p->shown) fputs("\r\x1b[K", stderr);
    return (double)(g_get_monotonic_time() - p->start) / 1e6;
}

int cli_progress_signal(void) { return caught; }

void cli_progress_die(const cli_progress *p, const char *what) {
    cli_fail("interrupted after %d of %d steps; %s is not written", p->done, p->total, what);
    signal(caught, SIG_DFL);
    raise(caught);
}
