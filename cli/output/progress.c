/* SPDX-License-Identifier: Apache-2.0 */
/* How far a long call is: one line that is drawn over on a terminal (ten times a second), eleven
 * plain lines elsewhere and with TERM=dumb, with --verbose a table of all updates, with --quiet
 * nothing.
 *
 * Ctrl-C: the first signal is noted and the callback asks the library to stop, so that nothing is
 * left half done; then the program ends by that same signal, as a shell that runs it in a loop
 * expects (bash goes on with the loop if a program merely exits).
 */
#include "progress.h"

#include <glib.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "report.h"
#include "terminal.h"

#define FEW 16 /* files, each of which takes about as long as a network's forward pass */

static volatile sig_atomic_t caught; /* the only kind of variable that a handler may write */

static void note_signal(int number) { caught = number; }

void cli_progress_start(cli_progress *p, const cli_args *args, const char *unit, int on_signal) {
    *p = (cli_progress){.args = args,
                        .unit = unit,
                        .on_signal = on_signal,
                        .start = g_get_monotonic_time(),
                        .tenths = -1,
                        .running = 1};
    p->terminal = cli_terminal_redraws(STDERR_FILENO);
    p->table = args->verbose && !strcmp(unit, "steps");
    struct sigaction action = {0};
    action.sa_handler = note_signal;
    action.sa_flags = (int)SA_RESETHAND | SA_RESTART;
    caught = 0;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

/* "conv1:0 and 7 more  120/512 steps  23 %  8.3/s  0:47 left  objective 12.3". In a line of `width`
 * columns the objectives' names are cut first; 0: no limit. Caller frees. */
static char *line_of(const cli_progress *p, const fv_progress *now, int width) {
    double seconds = (double)(g_get_monotonic_time() - p->start) / 1e6;
    double rate = seconds > 0 ? now->done / seconds : 0;
    int left = rate > 0 ? (int)((now->total - now->done) / rate + 0.5) : 0;
    char *what = cli_clean(now->what ? now->what : "");
    GString *rest = g_string_new(NULL);
    g_string_printf(rest, "%d/%d %s  %d %%  %.1f/s  %d:%02d left", now->done, now->total, p->unit,
                    (int)(100.0 * now->done / now->total), rate, left / 60, left % 60);
    if (!strcmp(p->unit, "steps")) g_string_append_printf(rest, "  objective %.4g", now->objective);
    const int room = width - (int)rest->len - 2;
    char *name = !width ? g_strdup(what) : cli_text_cut(what, room > 3 ? room : 0);
    char *whole = g_strconcat(name, *name ? "  " : "", rest->str, NULL);
    char *line = width ? cli_text_cut(whole, width) : g_strdup(whole);
    g_free(whole);
    g_free(name);
    g_string_free(rest, TRUE);
    g_free(what);
    return line;
}

/* A terminal's last column stays free: some begin a new line when it is written. */
static void say(const cli_progress *p, const fv_progress *now, const char *before,
                const char *after) {
    const int width = cli_terminal_width(STDERR_FILENO);
    char *line = line_of(p, now, width > 1 ? width - 1 : 0);
    fprintf(stderr, "%s%s%s", before, line, after);
    fflush(stderr);
    g_free(line);
}

#define RULE "|==============================================|\n"

/* One row of the table in which MATLAB's deepDreamImage reports; a new batch gets a new table. */
static void put_row(cli_progress *p, const fv_progress *now) {
    const char *name = now->what ? now->what : "";
    if (!p->what || strcmp(p->what, name) != 0) {
        char *clean = cli_clean(name);
        if (p->what) fputs(RULE, stderr);
        fprintf(stderr, "%s\n" RULE, clean);
        fputs("|  Iteration  |  Activation  |  Pyramid Level  |\n"
              "|             |   Strength   |                 |\n" RULE,
              stderr);
        g_free(clean);
        g_free(p->what);
        p->what = g_strdup(name);
    }
    double value = now->objective, size = fabs(value);
    const char *form = size != 0 && (size < 0.1 || size > 1e8) ? "| %11d | %12.3g | %15d |\n"
                                                               : "| %11d | %12.2f | %15d |\n";
    fprintf(stderr, form, now->iteration, value, now->level);
    fflush(stderr);
}

/* Progress of one frame as progress of all. */
static fv_progress of_all_frames(const cli_progress *p, const fv_progress *now, char *what,
                                 size_t size) {
    fv_progress all = *now;
    all.done = p->frame * now->total + now->done;
    all.total = p->frames * now->total;
    g_snprintf(what, (gulong)size, "frame %d of %d", p->frame + 1, p->frames);
    all.what = what;
    return all;
}

/* Says how far it is, where it is time to. */
static void report(cli_progress *p, const fv_progress *now) {
    if (p->args->quiet || now->total <= 0 || now->total < p->least) return;
    const int64_t time = g_get_monotonic_time();
    const int tenths = (int)(10.0 * now->done / now->total);
    if (p->table) {
        put_row(p, now);
    } else if (p->terminal && (time - p->shown > 100000 || now->done == now->total)) {
        p->shown = time;
        say(p, now, "\r\x1b[K", "");
    } else if (!p->terminal && tenths > p->tenths) {
        p->tenths = tenths;
        say(p, now, "fovea: ", "\n");
    }
}

int cli_progress_step(void *user, const fv_progress *now) {
    cli_progress *p = user;
    fv_progress all;
    char what[64];
    if (!p->running) return FV_MONITOR_GO;
    if (p->counts_files && !now->what) return caught ? p->on_signal : FV_MONITOR_GO;
    if (p->frames) {
        all = of_all_frames(p, now, what, sizeof what);
        now = &all;
    }
    p->done = now->done;
    p->total = now->total;
    if (!caught) report(p, now);
    return caught ? p->on_signal : FV_MONITOR_GO;
}

int cli_progress_next(cli_progress *p, const char *what, int done, int total) {
    if (!p->least) p->least = FEW;
    p->counts_files = 1;
    return cli_progress_step(p, &(fv_progress){.what = what, .done = done, .total = total}) != 0;
}

void cli_progress_clear(const cli_progress *p) {
    if (p->running && p->terminal && p->shown) fputs("\r\x1b[K", stderr);
}

double cli_progress_stop(cli_progress *p) {
    p->running = 0;
    if (p->terminal && p->shown) fputs("\r\x1b[K", stderr);
    if (p->what) fputs(RULE, stderr);
    fflush(stderr);
    g_clear_pointer(&p->what, g_free);
    return (double)(g_get_monotonic_time() - p->start) / 1e6;
}

int cli_progress_interrupted(fv_status st) { return st == FV_CANCELLED && caught; }

int cli_progress_signal(void) { return caught; }

fv_status cli_progress_mark(const cli_progress *p, fv_image *picture, fv_error *err) {
    char text[64];
    g_snprintf(text, sizeof text, "%d of %d %s", p->done, p->total, p->unit);
    return fv_image_set_text(picture, "fovea.unfinished", text, err);
}

_Noreturn void cli_progress_die(const cli_progress *p, const char *what) {
    cli_fail("interrupted after %d of %d %s; %s", p->done, p->total, p->unit, what);
    fflush(stdout);
    signal(caught, SIG_DFL);
    raise(caught);
    _exit(128 + caught); /* the signal was blocked by who started the program */
}
